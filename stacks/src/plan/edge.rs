//! CloudFront before the load balancer, understood.

use crate::settings::Settings;

use super::Reader;

/// CloudFront before the load balancer, understood.
#[derive(Debug, Clone)]
pub struct EdgePlan {}

impl Reader<'_> {
    #[expect(clippy::unused_self, reason = "nothing can be set yet")]
    pub(super) fn edge(&mut self, settings: &Settings) -> Option<EdgePlan> {
        settings.edge.as_ref().map(|_| EdgePlan {})
    }
}
