//! What makes the subnets of a VPC unfit: all of it at once.

use std::collections::{BTreeMap, BTreeSet};

use cloud::VpcNetwork;

use super::super::text::with_lines;
use super::{NOT_TOLD, Named, Row, Use};
use crate::problem::{Problem, count, suggestion};

/// A tier: what it is called, the option that names its subnets, and what takes one subnet of each zone in it.
///
/// Sources: [CreateLoadBalancer][elb], [creating mount targets][efs].
///
/// [elb]: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
/// [efs]: https://docs.aws.amazon.com/efs/latest/ug/manage-fs-access-create-delete-mount-targets.html
struct Tier {
    name: &'static str,
    option: &'static str,
    user: &'static str,
    taken: Use,
}

const PUBLIC: Tier =
    Tier { name: "public", option: "--public", user: "the load balancer", taken: Use::Public };
const PRIVATE: Tier =
    Tier { name: "private", option: "--private", user: "the file system", taken: Use::Private };

pub(super) fn problems(
    network: &VpcNetwork,
    rows: &[Row<'_>],
    named: &Named,
    needs_private: bool,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (tier, names, needed) in
        [(PUBLIC, &named.public, true), (PRIVATE, &named.private, needs_private || !named.private.is_empty())]
    {
        let strangers = strangers(network, rows, names);
        // What a name with a mistake in it would have been is not known.
        let whole = strangers.is_empty();
        problems.extend(strangers);
        problems.extend(crowded(network, rows, &tier));
        if needed && whole {
            problems.extend(few(network, rows, &tier, names));
        }
    }
    problems.extend(in_both(named));
    problems.extend(without_ipv4(rows));
    problems
}

/// Names of subnets that the VPC does not have.
fn strangers(network: &VpcNetwork, rows: &[Row<'_>], names: &[String]) -> Vec<Problem> {
    let known = rows.iter().map(|row| row.subnet.id.as_str());
    let strange = names.iter().filter(|name| !known.clone().any(|id| id == *name));
    let problem = |name: &String| {
        let message = format!("{} has no subnet {name}", network.vpc.id);
        Problem::error("import/unknown-subnet", message).maybe_hint(suggestion(name, known.clone()))
    };
    strange.map(problem).collect()
}

fn in_both(named: &Named) -> Option<Problem> {
    let public: BTreeSet<&String> = named.public.iter().collect();
    let both: Vec<&str> = named.private.iter().filter(|id| public.contains(id)).map(String::as_str).collect();
    let message = format!("{} cannot be both public and private", both.join(", "));
    (!both.is_empty()).then(|| Problem::error("import/both-tiers", message).hint("name each subnet once"))
}

/// Tasks, load balancer and file system have IPv4 addresses here.
fn without_ipv4(rows: &[Row<'_>]) -> Vec<Problem> {
    let taken = rows.iter().filter(|row| !matches!(row.taken, Use::Nothing(_)) && row.subnet.ipv6_only);
    let problem = |row: &Row<'_>| {
        let message = format!("{} has no IPv4 addresses, which tasks need here", row.subnet.id);
        Problem::error("import/ipv6-only", message).hint("name another subnet of its zone")
    };
    taken.map(problem).collect()
}

/// Zones in which a tier has several subnets.
fn crowded(network: &VpcNetwork, rows: &[Row<'_>], tier: &Tier) -> Vec<Problem> {
    let mut by_zone: BTreeMap<&str, Vec<&Row<'_>>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.taken == tier.taken) {
        by_zone.entry(row.zone()).or_default().push(row);
    }
    let problem = |(zone, rows): (&str, Vec<&Row<'_>>)| {
        let ids: Vec<&str> = rows.iter().map(|row| row.subnet.id.as_str()).collect();
        let message = format!(
            "{} are all {} in {zone}, but {} takes one subnet of each zone",
            ids.join(", "),
            tier.name,
            tier.user
        );
        let message = with_lines(&message, rows.iter().map(|row| told(row)));
        let problem = Problem::error("import/same-zone", message);
        problem.hint(format!("choose one of each zone: {}", command(network, tier)))
    };
    by_zone.into_iter().filter(|(_, rows)| rows.len() > 1).map(problem).collect()
}

/// A tier in fewer than two zones.
fn few(network: &VpcNetwork, rows: &[Row<'_>], tier: &Tier, names: &[String]) -> Option<Problem> {
    let own: Vec<&Row<'_>> = rows.iter().filter(|row| row.taken == tier.taken).collect();
    let zones: BTreeSet<&str> = own.iter().map(|row| row.zone()).collect();
    if zones.len() >= 2 {
        return None;
    }
    let there = match zones.first() {
        None => format!("{} has none", network.vpc.id),
        Some(zone) => format!("{} has them in {zone} only", network.vpc.id),
    };
    let message = format!("{} subnets are needed in two zones, and {there}", tier.name);
    let untold: Vec<&Row<'_>> = rows.iter().filter(|row| row.taken == Use::Nothing(NOT_TOLD)).collect();
    let shown = if untold.is_empty() { rows.iter().collect() } else { untold.clone() };
    let message = with_lines(&message, shown.into_iter().map(told));
    let problem = Problem::error("import/zones", message);
    Some(problem.hint(hint(network, tier, &untold, names)))
}

fn hint(network: &VpcNetwork, tier: &Tier, untold: &[&Row<'_>], names: &[String]) -> String {
    let command = command(network, tier);
    if !untold.is_empty() {
        let subnets = count(untold.len(), "subnet");
        return format!("nothing tells the tier of {subnets}: say which are {}, {command}", tier.name);
    }
    match tier.taken {
        Use::Private if names.is_empty() => {
            format!("set `network.mode` to public, or say which subnets are private: {command}")
        }
        _ => format!("name subnets of two zones: {command}"),
    }
}

fn command(network: &VpcNetwork, tier: &Tier) -> String {
    format!("`docuthinker import vpc {} {} SUBNET,SUBNET`", network.vpc.id, tier.option)
}

fn told(row: &Row<'_>) -> String {
    format!("{}, {}: {}", row.subnet.id, row.about(), row.evidence())
}
