//! The load balancer, and which port leads where.

use constructs::{Alb, FargateService, Listener, Scope, Vpc, port};

use crate::plan::Plan;

/// The load balancer, without a listener.
pub(super) fn load_balancer(s: &mut Scope<'_>, plan: &Plan, vpc: &Vpc) -> Alb {
    Alb::named("Alb")
        .vpc(vpc)
        .name(format!("{}-alb", plan.name))
        .deletion_protection(plan.front_door.deletion_protection)
        .build(s)
}

/// Port 80 (or 443, to which 80 then redirects) for the backend, and one more for the AI and machine-learning
/// service.
pub(super) fn listen(
    s: &mut Scope<'_>,
    plan: &Plan,
    alb: &Alb,
    backend: &FargateService,
    ai_ml: &FargateService,
) {
    match &plan.front_door.certificate {
        None => {
            alb.listen(s, Listener::http(port!(80)).forward(backend));
            alb.listen(s, Listener::http(plan.front_door.ai_ml_port).forward(ai_ml));
        }
        Some(certificate) => {
            alb.listen(s, Listener::http(port!(80)).redirect_to_https());
            alb.listen(s, Listener::https(port!(443), certificate.clone()).forward(backend));
            alb.listen(s, Listener::https(plan.front_door.ai_ml_port, certificate.clone()).forward(ai_ml));
        }
    }
}
