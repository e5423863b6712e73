//! The network of the stack, or the one that exists.

use constructs::{Key, RemovalPolicy, Scope, Vpc};

use crate::plan::{NetworkPlan, Plan};

pub(super) fn network(s: &mut Scope<'_>, plan: &Plan, key: Option<Key>) -> Vpc {
    let (cidr, tiers, zones, nat, endpoints, flow_logs) = match &plan.network {
        NetworkPlan::Existing(vpc) => return vpc.clone(),
        NetworkPlan::Own { cidr, tiers, zones, nat, endpoints, flow_logs } => {
            (cidr, tiers, zones, nat, endpoints, flow_logs)
        }
    };
    let vpc = Vpc::named("Vpc")
        .cidr(*cidr)
        .tiers(tiers.iter().cloned())
        .zones(zones.iter().copied())
        .nat(*nat)
        .name(format!("{}-vpc", plan.name))
        .build(s);
    vpc.add_s3_endpoint(s, "S3Endpoint");
    if !endpoints.is_empty() {
        vpc.add_interface_endpoints(s, "Endpoints", endpoints.iter().copied());
    }
    if *flow_logs {
        // Traffic records are for looking back, not for keeping: they go with the network.
        vpc.add_flow_log(s, "FlowLog", plan.watch.retention, RemovalPolicy::Delete, key);
    }
    vpc
}
