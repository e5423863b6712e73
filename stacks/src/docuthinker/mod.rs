//! The stack `DocuThinkerStack`: network, front door, cluster and the two services.

mod data;
pub(crate) mod front_door;
mod network;
mod services;

use constructs::{Alb, Cluster, FargateService, Scope, Stack, aws, sub};

use crate::foundation::Foundation;
use crate::plan::Plan;

use front_door::{addresses, listen, load_balancer};
use network::network;
use services::{Place, ai_ml, backend};

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
        let vpc = network(s, plan);
        let cluster = Cluster::named("Cluster")
            .cluster_name(format!("{}-cluster", plan.name))
            .insights(plan.insights)
            .build(s);
        let alb = load_balancer(s, plan, &vpc);
        let place = Place { plan, vpc: &vpc, cluster };
        let backend = backend(s, &place, foundation);
        let ai_ml = ai_ml(s, &place, foundation);
        listen(s, plan, &alb, &backend, &ai_ml);
        addresses(s, plan, &alb);
        outputs(s, cluster);
        DocuThinker { backend, ai_ml, alb }
    }
}

fn outputs(s: &mut Scope<'_>, cluster: Cluster) {
    let export = sub!("{}:ClusterName", aws::stack_name());
    s.exported_output("ClusterName", cluster.name(), "Name of the ECS cluster", export);
}
