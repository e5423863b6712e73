//! Resources that take minutes, and how long none of them can be done: meanwhile there is nothing to ask about often.

use std::collections::BTreeMap;
use std::time::Duration;

use super::progress::ResourceEvent;

/// The kinds of resources that a deployment waits for, what is done to them, and how many seconds that takes at least.
///
/// No promise of AWS's: a load balancer takes two to three minutes, a NAT gateway nearly two, a service as long as its
/// first health checks. Where one is done earlier, that is told by [`Pace::idle`](super::patience::Pace) later.
const LEAST: [(&str, &str, u64); 12] = [
    ("AWS::CloudFront::Distribution", "CREATE", 120),
    ("AWS::CloudFront::Distribution", "UPDATE", 60),
    ("AWS::EC2::NatGateway", "CREATE", 75),
    ("AWS::ECS::Service", "CREATE", 45),
    ("AWS::ECS::Service", "UPDATE", 45),
    ("AWS::EFS::MountTarget", "CREATE", 60),
    ("AWS::ElastiCache::ReplicationGroup", "CREATE", 180),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "CREATE", 90),
    ("AWS::OpenSearchService::Domain", "CREATE", 300),
    ("AWS::RDS::DBCluster", "CREATE", 45),
    ("AWS::RDS::DBInstance", "CREATE", 180),
    ("AWS::RDS::DBInstance", "DELETE", 60),
];

/// Since when each of the resources that are in progress is.
#[derive(Debug, Clone, Default)]
pub(super) struct Running(BTreeMap<(String, String), (Duration, Option<u64>)>);

impl Running {
    /// Takes in what AWS told at `elapsed`.
    pub(super) fn saw(&mut self, event: &ResourceEvent, elapsed: Duration) {
        let key = (event.stack_id.clone(), event.logical_id.clone());
        match event.status.strip_suffix("_IN_PROGRESS") {
            Some(verb) => {
                self.0.entry(key).or_insert_with(|| (elapsed, least(&event.resource_type, verb)));
            }
            None => drop(self.0.remove(&key)),
        }
    }

    /// How long it takes until the first of them can be done; nothing if that may be at any moment.
    pub(super) fn idle(&self, elapsed: Duration) -> Duration {
        let left = self.0.values().map(|(since, least)| {
            let done = *since + Duration::from_secs(least.unwrap_or_default());
            done.saturating_sub(elapsed)
        });
        left.min().unwrap_or_default()
    }
}

fn least(kind: &str, verb: &str) -> Option<u64> {
    LEAST.iter().find(|known| (known.0, known.1) == (kind, verb)).map(|known| known.2)
}

#[cfg(test)]
mod tests {
    use super::super::fake::event;
    use super::*;

    fn of(id: &str, kind: &str, status: &str) -> ResourceEvent {
        ResourceEvent { resource_type: kind.to_owned(), ..event(0, id, status, "") }
    }

    const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";

    #[test]
    fn nothing_is_done_before_the_quickest_of_what_runs_can_be() {
        let seconds = Duration::from_secs;
        let mut running = Running::default();
        assert_eq!(running.idle(seconds(0)), seconds(0), "nothing has begun");
        running.saw(&of("Balancer", BALANCER, "CREATE_IN_PROGRESS"), seconds(10));
        running.saw(&of("Balancer", BALANCER, "CREATE_IN_PROGRESS"), seconds(20));
        running.saw(&of("Service", "AWS::ECS::Service", "UPDATE_IN_PROGRESS"), seconds(70));
        assert_eq!(running.idle(seconds(70)), seconds(30));
        assert_eq!(running.idle(seconds(500)), seconds(0));
        running.saw(&of("Role", "AWS::IAM::Role", "CREATE_IN_PROGRESS"), seconds(71));
        assert_eq!(running.idle(seconds(71)), seconds(0), "a role may be done at any moment");
        running.saw(&of("Role", "AWS::IAM::Role", "CREATE_COMPLETE"), seconds(80));
        assert_eq!(running.idle(seconds(80)), seconds(20));
    }

    #[test]
    fn the_stack_itself_and_what_rolls_back_may_end_at_any_moment() {
        let seconds = Duration::from_secs;
        let mut running = Running::default();
        running.saw(&of("Service", "AWS::ECS::Service", "CREATE_IN_PROGRESS"), seconds(0));
        running.saw(&of("Service", "AWS::ECS::Service", "CREATE_FAILED"), seconds(1));
        running.saw(&of("Service", "AWS::ECS::Service", "DELETE_IN_PROGRESS"), seconds(2));
        assert_eq!(running.idle(seconds(2)), seconds(0));
    }
}
