//! Logs and what is watched, understood.

use constructs::{Retention, retention};

use crate::settings::Settings;

use super::Reader;

/// Logs and what is watched, understood.
#[derive(Debug, Clone)]
pub struct WatchPlan {
    /// How long logs are kept.
    pub retention: Retention,
}

impl Reader<'_> {
    pub(super) fn watch(&mut self, settings: &Settings) -> WatchPlan {
        let days = settings.logs.retention_days;
        WatchPlan { retention: self.unit("logs.retention_days", Retention::new(days), retention!(30)) }
    }
}
