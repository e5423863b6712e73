//! The stack `DocuThinkerStack`: network, front door, cluster and the two services.

mod data;
mod front_door;
mod network;
mod services;

use constructs::{Alb, Cluster, FargateService, Port, Scope, Stack, aws, sub};

use crate::exceptions;
use crate::foundation::Foundation;
use crate::plan::Plan;

use front_door::{listen, load_balancer};
use network::network;
use services::{Place, ai_ml, backend, exec};

/// What the stack is built from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The settings, understood.
    pub plan: Plan,
    /// Where images and secrets come from.
    pub foundation: Foundation,
}

/// The stack `DocuThinkerStack`.
#[derive(Debug, Clone)]
pub struct DocuThinker {
    /// Node.js and Express.
    pub backend: FargateService,
    /// Python and FastAPI.
    pub ai_ml: FargateService,
}

impl Stack for DocuThinker {
    type Settings = Inputs;

    fn build(s: &mut Scope<'_>, inputs: &Inputs) -> DocuThinker {
        let Inputs { plan, foundation } = inputs;
        let vpc = network(s, plan, foundation.key);
        let exec = exec(s, plan, foundation.key);
        let cluster = Cluster::named("Cluster")
            .cluster_name(format!("{}-cluster", plan.name))
            .insights(plan.cluster.insights)
            .maybe_exec(exec.as_ref())
            .build(s);
        let alb = load_balancer(s, plan, &vpc);
        let place = Place { plan, vpc: &vpc, cluster, exec: exec.as_ref(), key: foundation.key };
        let backend = backend(s, &place, foundation);
        let ai_ml = ai_ml(s, &place, foundation);
        listen(s, plan, &alb, &backend, &ai_ml);
        outputs(s, plan, &alb, cluster);
        exceptions::accept(s);
        DocuThinker { backend, ai_ml }
    }
}

fn outputs(s: &mut Scope<'_>, plan: &Plan, alb: &Alb, cluster: Cluster) {
    let scheme = if plan.front_door.certificate.is_some() { "https" } else { "http" };
    let ai_ml_port: Port = plan.front_door.ai_ml_port;
    s.output("BackendURL", sub!("{}://{}", scheme, alb.dns_name()), "Address of the backend");
    s.output(
        "AIMLURL",
        sub!("{}://{}:{}", scheme, alb.dns_name(), ai_ml_port.number()),
        "Address of the AI and machine-learning service",
    );
    let export = sub!("{}:ClusterName", aws::stack_name());
    s.exported_output("ClusterName", cluster.name(), "Name of the ECS cluster", export);
}
