//! Settings of logs, alarms, the dashboard, the budget and backups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// Days that events are kept; CloudWatch offers 1, 3, 5, 7, 14, 30, 60, 90 and some more.
    pub retention_days: u32,
}

impl Default for LogSettings {
    fn default() -> LogSettings {
        LogSettings { retention_days: 30 }
    }
}

/// Alarms, the dashboard, the budget and backups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WatchSettings {}
