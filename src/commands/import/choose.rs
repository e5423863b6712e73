//! Which subnets are taken, and for what: a pure function of what was looked up and what was named.

mod refuse;
mod warn;

use cloud::{Evidence, Subnet, Tier, VpcNetwork};
use serde_json::{Value, json};

use crate::problem::Problem;

/// The subnets that somebody named by tier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) public: Vec<String>,
    pub(super) private: Vec<String>,
}

/// What a subnet is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Use {
    Public,
    Private,
    /// For nothing, for this reason.
    Nothing(&'static str),
}

/// A subnet, what tells its tier, and what it is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) subnet: &'a Subnet,
    pub(super) evidence: &'a Evidence,
    pub(super) taken: Use,
}

/// What is taken of a VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice<'a> {
    /// All subnets, by zone and id.
    pub(super) rows: Vec<Row<'a>>,
    pub(super) warnings: Vec<Problem>,
}

/// Why a subnet whose tier nothing tells is left out.
const NOT_TOLD: &str = "nothing tells its tier";

impl Row<'_> {
    pub(super) fn zone(&self) -> &str {
        self.subnet.zone.as_deref().unwrap_or("an unknown zone")
    }

    /// Zone, block and name: how people know it.
    pub(super) fn about(&self) -> String {
        let known = [Some(self.zone()), self.subnet.block.as_deref(), self.subnet.name.as_deref()];
        known.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// What tells its tier; where nothing does, also whether it gives public addresses, which is no proof.
    pub(super) fn evidence(&self) -> String {
        let hint = match (self.evidence.tier(), self.subnet.maps_public_addresses) {
            (Tier::Unknown, Some(true)) => "; it gives public addresses",
            (Tier::Unknown, Some(false)) => "; it gives no public addresses",
            _ => "",
        };
        format!("{}{hint}", self.evidence)
    }
}

impl<'a> Choice<'a> {
    /// The ids of the subnets that are taken for this.
    pub(super) fn ids(&self, taken: &Use) -> Vec<&'a str> {
        let of = self.rows.iter().filter(|row| row.taken == *taken);
        of.map(|row| row.subnet.id.as_str()).collect()
    }

    /// The value of `network.existing`.
    pub(super) fn settings(&self, vpc: &str) -> Value {
        json!({
            "vpc_id": vpc,
            "public_subnets": self.ids(&Use::Public),
            "private_subnets": self.ids(&Use::Private),
        })
    }
}

/// Takes the subnets of each tier, or says everything that is in the way.
pub(super) fn choose<'a>(
    network: &'a VpcNetwork,
    named: &Named,
    needs_private: bool,
) -> Result<Choice<'a>, Vec<Problem>> {
    let row = |(subnet, evidence): &'a (Subnet, Evidence)| Row {
        subnet,
        evidence,
        taken: taken(subnet, evidence, named, needs_private),
    };
    let mut rows: Vec<Row<'_>> = network.subnets.iter().map(row).collect();
    leave_isolated_ones(&mut rows, named);
    let problems = refuse::problems(network, &rows, named, needs_private);
    if !problems.is_empty() {
        return Err(problems);
    }
    let warnings = warn::warnings(network, &rows, named);
    Ok(Choice { rows, warnings })
}

/// Who names the subnets of a tier names all of them.
fn taken(subnet: &Subnet, evidence: &Evidence, named: &Named, needs_private: bool) -> Use {
    let is_in = |names: &[String]| names.contains(&subnet.id);
    if is_in(&named.public) {
        return Use::Public;
    }
    if is_in(&named.private) {
        return Use::Private;
    }
    match evidence.tier() {
        _ if subnet.ipv6_only => Use::Nothing("it has no IPv4 addresses"),
        _ if !is_in_an_availability_zone(subnet) => Use::Nothing("it is in no Availability Zone"),
        Tier::Public if named.public.is_empty() => Use::Public,
        Tier::Private { .. } if !named.private.is_empty() => Use::Nothing("others are named"),
        Tier::Private { .. } if needs_private => Use::Private,
        Tier::Private { .. } => Use::Nothing("`network.mode` is public"),
        Tier::Public => Use::Nothing("others are named"),
        Tier::Unknown => Use::Nothing(NOT_TOLD),
    }
}

/// Whether its zone is named after its region, with a letter: `us-east-1a`. Local Zones (`us-east-1-bos-1a`) and Wavelength
/// Zones (`us-east-1-wl1-bos-wlz-1`) are not, and take neither tasks on Fargate nor a load balancer that is in other zones too.
///
/// Sources: [Regions and zones][zones], [CreateLoadBalancer][elb].
///
/// [zones]: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
/// [elb]: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
fn is_in_an_availability_zone(subnet: &Subnet) -> bool {
    let Some(zone) = &subnet.zone else { return true };
    let region = zone.trim_end_matches(|c: char| c.is_ascii_lowercase());
    // A region has one number, at its end.
    let numbers = region.split('-').filter(|part| part.contains(|c: char| c.is_ascii_digit()));
    region.len() < zone.len() && numbers.count() == 1
}

/// Subnets without a way out are for databases where others have one; tasks go to those.
fn leave_isolated_ones(rows: &mut [Row<'_>], named: &Named) {
    let isolated = |row: &Row<'_>| row.evidence.tier() == Tier::Private { way_out: false };
    let has_a_way_out = rows.iter().any(|row| row.taken == Use::Private && !isolated(row));
    if !named.private.is_empty() || !has_a_way_out {
        return;
    }
    for row in rows.iter_mut().filter(|row| row.taken == Use::Private) {
        if isolated(row) {
            row.taken = Use::Nothing("it has no way out, and others have");
        }
    }
}

#[cfg(test)]
mod tests;
