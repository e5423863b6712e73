//! The stack `DocuThinkerDns`: this region's half of a name that two regions share.

use constructs::{Alb, DnsHealthCheck, Scope, Stack};

use crate::docuthinker::front_door::records;
use crate::plan::Plan;

/// What the stack is built from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The settings, understood.
    pub plan: Plan,
    /// The load balancer of this region.
    pub alb: Alb,
}

/// The stack `DocuThinkerDns`.
///
/// It stands apart from `DocuThinkerStack`, so that a region can be built and tried before callers are sent to it,
/// and taken out of the name without being taken down.
#[derive(Debug, Clone)]
pub struct Dns {
    /// What tells Route 53 whether callers reach this region.
    pub health_check: DnsHealthCheck,
}

impl Stack for Dns {
    type Settings = Inputs;

    fn build(s: &mut Scope<'_>, inputs: &Inputs) -> Dns {
        let Inputs { plan, alb } = inputs;
        let path = &plan.backend.health_check.path;
        let health_check = DnsHealthCheck::named("HealthCheck").of(alb).path(path).build(s);
        records(s, plan, alb, Some(health_check));
        Dns { health_check }
    }
}
