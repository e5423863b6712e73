//! Networks in a template: VPCs, subnets, routes, security groups.

pub(super) mod cidr;
