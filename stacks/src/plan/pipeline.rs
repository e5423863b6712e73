//! The pipeline that tests, builds and deploys, understood.

use crate::settings::Settings;

use super::Reader;

/// The pipeline that tests, builds and deploys, understood.
#[derive(Debug, Clone)]
pub struct PipelinePlan {}

impl Reader<'_> {
    #[expect(clippy::unused_self, reason = "nothing can be set yet")]
    pub(super) fn pipeline(&mut self, settings: &Settings) -> Option<PipelinePlan> {
        settings.pipeline.as_ref().map(|_| PipelinePlan {})
    }
}
