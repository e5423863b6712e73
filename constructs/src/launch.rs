//! What tasks are paid as: on demand, or on Spot beside a base on demand.

use crate::l1::ecs::service::{CapacityProviderStrategyItem, ForceNewDeployment};
use crate::scope::Scope;
use crate::value::Value;

/// What a service's tasks are paid as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Launch {
    /// On demand.
    Fargate,
    /// `base` tasks on demand, and the others shared between on demand and Spot, which AWS may take back with two
    /// minutes' notice.
    ///
    /// Source: [Amazon ECS clusters for Fargate workloads][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
    Spot {
        /// Tasks that are always on demand, at most 100,000. ECS does not fall back to on demand when there is no
        /// Spot capacity: without a base a service can be left with no task at all.
        base: u32,
        /// The share of the others on Spot, 1 to 1000: with 9, and 1 on demand, nine in ten.
        weight: u16,
        /// The share of the others on demand, at most 1000; with 0 all of them are on Spot.
        on_demand_weight: u16,
    },
}

impl Launch {
    /// `base` tasks are always on demand; of the others nine in ten are on Spot.
    pub fn spot(base: u32) -> Launch {
        Launch::Spot { base, weight: 9, on_demand_weight: 1 }
    }

    pub(crate) fn check(self, s: &mut Scope<'_>) {
        let Launch::Spot { base, weight, on_demand_weight } = self else { return };
        if base > 100_000 || !(1..=1000).contains(&weight) || on_demand_weight > 1000 {
            let message =
                format!("a base of {base} and weights of {on_demand_weight} and {weight} cannot be");
            s.error("DC121", message)
                .property("launch")
                .hint("a base is at most 100000, the weight of Spot 1 to 1000, that of on demand 0 to 1000");
        }
        if base == 0 {
            s.warn("DC122", "no task is sure to be on demand: AWS may take all of them back at once")
                .property("launch.base")
                .hint("give it a base of at least 1");
        }
    }

    /// `LaunchType` or `CapacityProviderStrategy`, which exclude each other.
    pub(crate) fn properties(self) -> (Option<Value<String>>, Option<Vec<CapacityProviderStrategyItem>>) {
        let item = |provider: &str, base: Option<u32>, weight: u16| CapacityProviderStrategyItem {
            capacity_provider: Some(provider.into()),
            base: base.map(Value::from),
            weight: Some(weight.into()),
        };
        match self {
            Launch::Fargate => (Some("FARGATE".into()), None),
            Launch::Spot { base, weight, on_demand_weight } => {
                let on_demand = item("FARGATE", Some(base), on_demand_weight);
                (None, Some(vec![on_demand, item("FARGATE_SPOT", None, weight)]))
            }
        }
    }

    /// ECS takes another strategy for a service that runs only together with a new deployment.
    ///
    /// Source: [UpdateService][aws], `capacityProviderStrategy`.
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
    pub(crate) fn force_new_deployment(self) -> Option<ForceNewDeployment> {
        let Launch::Spot { base, weight, on_demand_weight } = self else { return None };
        Some(ForceNewDeployment {
            enable_force_new_deployment: Some(true.into()),
            // The same strategy forces nothing.
            force_new_deployment_nonce: Some(format!("{base}-{on_demand_weight}-{weight}").into()),
        })
    }
}
