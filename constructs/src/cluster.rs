//! ECS clusters: where services run and what is measured of them.

use bon::bon;

use crate::exec::Exec;
use crate::l1::ecs;
use crate::resource::{Arn, Handle};
use crate::scope::Scope;
use crate::value::Value;

/// What CloudWatch Container Insights records of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insights {
    /// Metrics down to the container, so that one sick task can be seen.
    Enhanced,
    /// Metrics of the cluster, its services and tasks.
    Enabled,
    /// Nothing beyond ECS's own metrics.
    Disabled,
}

impl Insights {
    fn setting(self) -> &'static str {
        match self {
            Insights::Enhanced => "enhanced",
            Insights::Enabled => "enabled",
            Insights::Disabled => "disabled",
        }
    }
}

/// An `AWS::ECS::Cluster` for Fargate, on demand and Spot.
#[derive(Debug, Clone, Copy)]
pub struct Cluster {
    /// The cluster itself, for what this construct has no word for.
    pub resource: Handle<ecs::Cluster>,
}

#[bon]
impl Cluster {
    /// Starts the cluster `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name, for example `docuthinker-cluster`. Default: a name that CloudFormation makes.
        #[builder(into)]
        cluster_name: Option<Value<String>>,
        /// What Container Insights records. Default: enhanced, since a failing task cannot be told from its
        /// healthy neighbours otherwise.
        #[builder(default = Insights::Enhanced)]
        insights: Insights,
        /// Where sessions of ECS Exec are recorded. Default: where each container writes its output.
        exec: Option<&Exec>,
    ) -> Cluster {
        let properties = ecs::Cluster {
            cluster_name,
            cluster_settings: Some(vec![ecs::cluster::ClusterSettings {
                name: Some("containerInsights".into()),
                value: Some(insights.setting().into()),
            }]),
            configuration: exec.map(Exec::configuration),
            // A service can only use a capacity provider that its cluster lists.
            capacity_providers: Some(["FARGATE", "FARGATE_SPOT"].into()),
            ..Default::default()
        };
        Cluster { resource: s.add(id, properties) }
    }
}

impl Cluster {
    /// The cluster's name.
    #[must_use]
    pub fn name(self) -> Value<ecs::ClusterName> {
        self.resource.reference()
    }

    /// The cluster's ARN.
    #[must_use]
    pub fn arn(self) -> Value<Arn<ecs::Cluster>> {
        self.resource.arn()
    }
}
