//! The VPCs that there are.

use std::collections::BTreeSet;

use cloud::{Connection, Subnet, Vpc};
use serde::Serialize;
use serde_json::json;

use crate::aws::Aws;
use crate::problem::{Result, count};
use crate::session::Session;

/// A VPC as programs see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    id: &'a str,
    block: Option<&'a str>,
    name: Option<&'a str>,
    default_block: bool,
    subnets: usize,
    zones: BTreeSet<&'a str>,
}

impl<'a> Row<'a> {
    fn of(vpc: &'a Vpc, subnets: &'a [Subnet]) -> Row<'a> {
        let own: Vec<&Subnet> = subnets.iter().filter(|subnet| subnet.vpc == vpc.id).collect();
        Row {
            id: &vpc.id,
            block: vpc.block.as_deref(),
            name: vpc.name.as_deref(),
            default_block: vpc.has_the_default_block(),
            subnets: own.len(),
            zones: own.iter().filter_map(|subnet| subnet.zone.as_deref()).collect(),
        }
    }

    fn line(&self) -> String {
        let name = self.name.map(|name| format!(" {name}")).unwrap_or_default();
        let block = self.block.map(|block| format!(", {block}")).unwrap_or_default();
        let default = if self.default_block { " (the block of default VPCs)" } else { "" };
        let zones: Vec<&str> = self.zones.iter().copied().collect();
        let zones = if zones.is_empty() { String::new() } else { format!(" in {}", zones.join(", ")) };
        format!("{}{name}{block}{default}: {}{zones}", self.id, count(self.subnets, "subnet"))
    }
}

/// Each VPC in a line.
pub(super) fn lines(vpcs: &[Vpc], subnets: &[Subnet]) -> Vec<String> {
    vpcs.iter().map(|vpc| Row::of(vpc, subnets).line()).collect()
}

pub(super) fn run(connection: &Connection, aws: &Aws, session: &mut Session<'_>) -> Result<()> {
    let (vpcs, subnets) = aws.look(cloud::vpcs(connection))?;
    let region = &connection.identity().region;
    if session.printer.json() {
        let rows: Vec<Row<'_>> = vpcs.iter().map(|vpc| Row::of(vpc, &subnets)).collect();
        return session.printer.result_json(&json!({ "region": region, "vpcs": rows }));
    }
    let text: String = lines(&vpcs, &subnets).into_iter().flat_map(|line| [line, "\n".to_owned()]).collect();
    session.printer.result_in_lines(&text)?;
    session.printer.status(&match vpcs.first() {
        None => format!("there is no VPC in {region}"),
        Some(vpc) => format!("next: docuthinker import vpc {}", vpc.id),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // R252
    #[test]
    fn a_vpc_is_told_with_its_zones_and_the_block_that_a_default_vpc_has() {
        let vpc = |id: &str, block: &str, name: Option<&str>| Vpc {
            id: id.to_owned(),
            block: Some(block.to_owned()),
            name: name.map(str::to_owned),
            dns_support: None,
            dns_hostnames: None,
        };
        let subnet = |zone: &str| Subnet {
            id: format!("subnet-{zone}"),
            vpc: "vpc-1".to_owned(),
            zone: Some(zone.to_owned()),
            block: None,
            name: None,
            maps_public_addresses: None,
            ipv6_only: false,
        };
        let vpcs = [vpc("vpc-1", "10.0.0.0/16", Some("shop")), vpc("vpc-2", "172.31.0.0/16", None)];
        let told = lines(&vpcs, &["us-east-1b", "us-east-1a", "us-east-1b"].map(subnet));
        assert_eq!(
            told,
            [
                "vpc-1 shop, 10.0.0.0/16: 3 subnets in us-east-1a, us-east-1b",
                "vpc-2, 172.31.0.0/16 (the block of default VPCs): no subnets",
            ]
        );
    }
}
