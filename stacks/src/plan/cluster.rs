//! The cluster, understood.

use constructs::{Insights, Tracing};

use crate::settings::{Endpoint, InsightsMode, NatMode, NetworkMode, Settings, TracingMode};

use super::Reader;

/// The cluster, understood.
#[derive(Debug, Clone)]
pub struct ClusterPlan {
    /// What Container Insights records.
    pub insights: Insights,
    /// Whether people can run commands in the containers.
    pub exec: bool,
    /// What takes the services' traces.
    pub tracing: Option<Tracing>,
}

impl Reader<'_> {
    pub(super) fn cluster(&mut self, settings: &Settings) -> ClusterPlan {
        self.exec(settings);
        self.tracing(settings);
        ClusterPlan {
            insights: match settings.cluster.insights {
                InsightsMode::Enhanced => Insights::Enhanced,
                InsightsMode::Enabled => Insights::Enabled,
                InsightsMode::Disabled => Insights::Disabled,
            },
            exec: settings.cluster.exec,
            tracing: match settings.cluster.tracing {
                TracingMode::None => None,
                TracingMode::Adot => Some(Tracing::Adot),
                TracingMode::Xray => Some(Tracing::XrayDaemon),
            },
        }
    }

    /// The agent in a container calls Systems Manager.
    fn exec(&mut self, settings: &Settings) {
        let network = &settings.network;
        let wrong = settings.cluster.exec
            && is_closed(settings)
            && !network.interface_endpoints.contains(&Endpoint::SsmMessages);
        let message = "`cluster.exec` is on, but with `network.nat` none its sessions reach no container";
        let hint = "add ssm_messages to `network.interface_endpoints`, or switch `cluster.exec` off";
        self.refuse_if(wrong, "cluster.exec", message, hint);
    }

    /// The collectors are pulled from public registries and call X-Ray; there are endpoints for neither.
    fn tracing(&mut self, settings: &Settings) {
        let wrong = settings.cluster.tracing != TracingMode::None && is_closed(settings);
        let message = "`cluster.tracing` is on, but with `network.nat` none its image cannot be pulled";
        let hint = "choose another way out than none, or switch `cluster.tracing` off";
        self.refuse_if(wrong, "cluster.tracing", message, hint);
    }
}

/// Whether tasks have no way to the internet.
fn is_closed(settings: &Settings) -> bool {
    let network = &settings.network;
    network.existing.is_none() && network.mode == NetworkMode::Private && network.nat == NatMode::None
}
