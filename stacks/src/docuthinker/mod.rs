//! The stack `DocuThinkerStack`: network, front door, cluster and the two services.

mod data;
pub(crate) mod front_door;
mod network;
mod services;
mod watch;

use constructs::{Alb, Cluster, FargateService, Scope, Stack, aws, sub};

use crate::exceptions;
use crate::foundation::Foundation;
use crate::plan::Plan;

use data::databases;
use front_door::{addresses, listen, load_balancer};
use network::network;
use services::{Place, ai_ml, backend, exec};
use watch::{Watched, WatchedService, watch};

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
    /// What callers reach both through.
    pub alb: Alb,
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
        let alb = load_balancer(s, plan, &vpc, foundation.key);
        let place = Place { plan, vpc: &vpc, cluster, key: foundation.key, exec: exec.as_ref() };
        let backend = backend(s, &place, foundation);
        let ai_ml = ai_ml(s, &place, foundation);
        listen(s, plan, &alb, &backend, &ai_ml);
        databases(s, &place, &backend, &ai_ml);
        let services = [
            WatchedService::new("Backend", "backend", &plan.backend, &backend),
            WatchedService::new("AiMl", "ai-ml", &plan.ai_ml, &ai_ml),
        ];
        watch(s, plan, &Watched { alb: &alb, cluster, services, topic: foundation.topic });
        addresses(s, plan, &alb);
        outputs(s, cluster);
        exceptions::accept(s);
        DocuThinker { backend, ai_ml, alb }
    }
}

fn outputs(s: &mut Scope<'_>, cluster: Cluster) {
    let export = sub!("{}:ClusterName", aws::stack_name());
    s.exported_output("ClusterName", cluster.name(), "Name of the ECS cluster", export);
}
