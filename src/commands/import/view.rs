//! What was found, for programs.

use cloud::{Tier, VpcNetwork};
use serde_json::{Value, json};

use super::choose::{Choice, Row, Use};
use super::vpc::NEXT;
use super::write::Written;
use crate::config::Config;

/// A VPC with its subnets, and the settings that they are.
pub(super) fn view(
    network: &VpcNetwork,
    choice: &Choice<'_>,
    config: &Config,
    written: Option<&Written>,
) -> Value {
    let vpc = &network.vpc;
    json!({
        "environment": config.environment,
        "vpc": {
            "id": vpc.id,
            "block": vpc.block,
            "name": vpc.name,
            "defaultBlock": vpc.has_the_default_block(),
            "dnsSupport": vpc.dns_support,
            "dnsHostnames": vpc.dns_hostnames,
        },
        "subnets": choice.rows.iter().map(row).collect::<Vec<_>>(),
        "settings": choice.settings(&vpc.id),
        "written": written.map(Written::view),
        "warnings": choice.warnings,
        "next": NEXT,
    })
}

fn row(row: &Row<'_>) -> Value {
    let (tier, way_out) = match row.evidence.tier() {
        Tier::Public => ("public", Some(true)),
        Tier::Private { way_out } => ("private", Some(way_out)),
        Tier::Unknown => ("unknown", None),
    };
    let (taken, why_not) = match row.taken {
        Use::Public => (Some("public"), None),
        Use::Private => (Some("private"), None),
        Use::Nothing(why) => (None, Some(why)),
    };
    let followed = row.evidence.followed();
    json!({
        "id": row.subnet.id,
        "zone": row.subnet.zone,
        "block": row.subnet.block,
        "name": row.subnet.name,
        "mapsPublicAddresses": row.subnet.maps_public_addresses,
        "tier": tier,
        "wayOut": way_out,
        "routeTable": followed.map(|(table, _)| table),
        "leadsTo": followed.and_then(|(_, lead)| lead.target()),
        "evidence": row.evidence(),
        "taken": taken,
        "whyNot": why_not,
    })
}
