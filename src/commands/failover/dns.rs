//! The name that both regions share: its records, where it leads now, and how long it takes to lead elsewhere.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Serialize;

use super::declared::{DnsCheck, FailoverRecord};
use super::report::Row;
use super::running::{services_of, templates_of};
use super::seen::{Seen, Side};
use crate::commands::status::view::Told;

/// How long an answer is kept that leads to a load balancer by an alias: 60 seconds, whatever is wanted.
///
/// Source: [Route 53 FAQs][aws], "Do I need to adjust the TTL for my records in order to use DNS Failover?"
///
/// [aws]: https://aws.amazon.com/route53/faqs/
const ALIAS_TTL: u64 = 60;

/// How long it takes until autoscaling has brought up more tasks. Nobody measured it: three minutes until its alarm, which
/// looks at three values of a minute each, and two until a task has started and is healthy.
const SCALE_UP: u64 = 300;

/// Where the name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LeadsTo {
    Primary,
    Standby,
    Elsewhere,
    Unknown,
}

/// How long callers wait once the primary does not answer any more. All in seconds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Takeover {
    /// The name, if both share one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// Where it leads now.
    pub(super) leads_to: LeadsTo,
    /// Until Route 53 has noticed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detection_seconds: Option<u64>,
    /// Until whoever has asked before asks again.
    pub(super) dns_seconds: u64,
    /// Until as many tasks run as in the primary; 0 if they do already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scale_up_seconds: Option<u64>,
    /// All of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) total_seconds: Option<u64>,
    /// Whether it is known that nobody takes over where there is no total; not only unknown after how long.
    #[serde(skip)]
    pub(super) never: bool,
    /// Where the numbers come from, or why there are none.
    pub(super) basis: String,
}

fn of_role<'a>(side: &'a Side, role: &str) -> Option<&'a FailoverRecord> {
    side.records.iter().find(|record| record.role == role)
}

pub(super) fn rows(seen: &Seen) -> Vec<Row> {
    let (primary, standby) = (&seen.primary, &seen.standby);
    let names: BTreeSet<&str> =
        primary.records.iter().chain(&standby.records).map(|record| record.name.as_str()).collect();
    if names.is_empty() {
        let why = "callers stay with a region that failed: give both environments `domain` and `failover`";
        let row = Row::new("dns", "failover records").facts(none(primary), none(standby));
        let mut unread =
            [primary, standby].into_iter().filter_map(|side| Some((side, side.unread_template()?)));
        if let Some((side, why)) = unread.next() {
            return vec![row.unknown(templates_of(side, why))];
        }
        return vec![row.missing(why, primary.command("config explain failover"))];
    }
    let mut rows = Vec::new();
    for name in names {
        let pair = [(primary, "PRIMARY"), (standby, "SECONDARY")]
            .map(|(side, role)| (side, role, side.records.iter().find(|record| record.name == name)));
        rows.push(record(name, pair));
    }
    rows.push(health_check(primary, standby));
    rows.extend(seen.domain.as_ref().map(|domain| answer(&domain.name, seen)));
    rows
}

type Half<'a> = (&'a Side, &'static str, Option<&'a FailoverRecord>);

/// The two records of a name: there, with their roles, each leading to the load balancer of its own region.
fn record(name: &str, pair: [Half<'_>; 2]) -> Row {
    let words =
        |(side, _, record): &Half<'_>| record.map_or_else(|| none(side), |record| record.role.clone());
    let row = Row::new("dns", name).facts(words(&pair[0]), words(&pair[1]));
    for (side, role, record) in pair {
        let Some(record) = record else {
            if let Some(why) = side.unread_template() {
                return row.unknown(templates_of(side, why));
            }
            let setting = role.to_lowercase();
            let next = side.command(&format!("deploy --all --set failover={setting}"));
            return row.missing(format!("{} has no {role} record of it", side.environment), next);
        };
        let deploy = side.command(&format!("deploy {}", record.stack));
        let balancer = side.balancer();
        let zone = balancer.map(|balancer| balancer.hosted_zone.as_str());
        let target = balancer.map(|balancer| balancer.dns_name.as_str());
        let why = if record.role != role {
            format!("the record of {} is not {role}", side.environment)
        } else if !record.evaluates {
            format!("the record of {} does not evaluate the health of its target", side.environment)
        } else if differs(record.zone.as_deref(), zone) {
            format!("the record of {} names the hosted zone of another region", side.environment)
        } else if differs(record.target.as_deref().map(bare), target.map(bare)) {
            format!("the record of {} leads to another load balancer", side.environment)
        } else {
            continue;
        };
        return row.differs(why, deploy);
    }
    let unknown = pair.iter().find(|(side, _, record)| {
        side.balancer().is_none() || record.is_none_or(|one| one.zone.is_none() || one.target.is_none())
    });
    match unknown {
        Some((side, ..)) => row.unknown(format!(
            "the load balancer of {} or its record's target is not known",
            side.environment
        )),
        None => row.note("each leads to the load balancer of its region, whose health counts"),
    }
}

fn differs<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

/// A name in DNS without what makes no difference.
fn bare(name: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_prefix("dualstack.").map_or(name.clone(), str::to_owned)
}

/// What is told of something that no template was found to have.
fn none(side: &Side) -> String {
    if side.unread_template().is_some() { "not known" } else { "none" }.to_owned()
}

fn health_check(primary: &Side, standby: &Side) -> Row {
    let of = |side: &Side| side.records.iter().find_map(|record| record.check);
    let words = |side: &Side, check: Option<DnsCheck>| match check {
        Some(DnsCheck { interval, threshold }) => format!("every {interval} s, {threshold} failures count"),
        None => none(side),
    };
    let (own, other) = (of(primary), of(standby));
    let row = Row::new("dns", "health check").facts(words(primary, own), words(standby, other));
    for (side, check) in [(primary, own), (standby, other)] {
        if check.is_none() {
            if let Some(why) = side.unread_template() {
                return row.unknown(templates_of(side, why));
            }
            let why = format!("nothing tells Route 53 whether callers reach {}", side.environment);
            return row.missing(why, side.command("deploy --all"));
        }
    }
    row
}

/// Where the name leads, by the addresses that it has in common with the load balancers.
pub(super) fn leads_to(seen: &Seen) -> LeadsTo {
    let Some(found) = seen.domain.as_ref().and_then(|domain| domain.addresses.known()) else {
        return LeadsTo::Unknown;
    };
    let of = |side: &Side| side.balancers.iter().find_map(|one| one.addresses.known().cloned());
    let shares = |addresses: &Option<BTreeSet<IpAddr>>| {
        addresses.as_ref().map(|addresses| !addresses.is_disjoint(found))
    };
    match (shares(&of(&seen.primary)), shares(&of(&seen.standby))) {
        (Some(true), _) => LeadsTo::Primary,
        (_, Some(true)) => LeadsTo::Standby,
        (Some(false), Some(false)) => LeadsTo::Elsewhere,
        _ => LeadsTo::Unknown,
    }
}

fn answer(name: &str, seen: &Seen) -> Row {
    let row = Row::new("dns", format!("{name} now"));
    let Seen { primary, standby, domain } = seen;
    match leads_to(seen) {
        LeadsTo::Primary => row.note(format!("leads to the load balancer of {}", primary.environment)),
        LeadsTo::Standby => {
            let why = format!(
                "leads to the load balancer of {}: DNS has failed over, or {} was never healthy",
                standby.environment, primary.environment
            );
            row.differs(why, primary.command("status"))
        }
        LeadsTo::Elsewhere => {
            let why = "leads to neither load balancer: to what stands before them, or to another record";
            row.differs(why, deploy_record(primary))
        }
        LeadsTo::Unknown => unanswered(row, domain.as_ref().map(|domain| &domain.addresses), seen),
    }
}

/// The command that makes the records of this side what they should be.
fn deploy_record(side: &Side) -> String {
    let stack = side.records.first().map_or("--all", |record| record.stack.as_str());
    side.command(&format!("deploy {stack}"))
}

/// No name at all can be looked up here, or only this one cannot.
fn unanswered(row: Row, addresses: Option<&Told<BTreeSet<IpAddr>>>, seen: &Seen) -> Row {
    let balancers = || seen.primary.balancers.iter().chain(&seen.standby.balancers);
    let others = balancers().any(|one| one.addresses.known().is_some());
    match addresses.and_then(Told::unknown) {
        Some(why) if others => {
            let next = deploy_record(&seen.primary);
            row.missing(format!("the name has no address, and those of load balancers do: {why}"), next)
        }
        Some(why) => row.unknown(format!("names cannot be looked up here: {why}")),
        None => row.unknown("the addresses of the load balancers are not known"),
    }
}

/// How long callers would wait.
pub(super) fn takeover(seen: &Seen) -> Takeover {
    let (primary, standby) = (&seen.primary, &seen.standby);
    let check = of_role(primary, "PRIMARY").and_then(|record| record.check);
    let detection = check.map(|check| check.interval * check.threshold);
    let (scale_up, tasks) = scale_up(primary, standby);
    let seconds = scale_up.seconds();
    let fails_over = of_role(standby, "SECONDARY").is_some();
    let total = match (detection, seconds) {
        (Some(detection), Some(seconds)) if fails_over => Some(detection + ALIAS_TTL + seconds),
        _ => None,
    };
    let side = if fails_over { primary } else { standby };
    let unread = side.unread_template().filter(|_| !fails_over || check.is_none());
    let never = unread.is_none() && (!fails_over || check.is_none() || scale_up == ScaleUp::Never);
    let basis = match (check, unread) {
        (_, Some(why)) => templates_of(side, why),
        _ if !fails_over => {
            "no SECONDARY record: callers stay with what failed until somebody changes DNS".to_owned()
        }
        (None, None) => "no health check at the PRIMARY record: nobody notices".to_owned(),
        (Some(DnsCheck { interval, threshold }), None) => format!(
            "{threshold} x {interval} s until the health check has failed, {ALIAS_TTL} s in which DNS answers are kept, {tasks}; \
             it goes back by itself as soon as the primary answers"
        ),
    };
    Takeover {
        name: seen.domain.as_ref().map(|domain| domain.name.clone()),
        leads_to: leads_to(seen),
        detection_seconds: detection,
        dns_seconds: ALIAS_TTL,
        scale_up_seconds: seconds,
        total_seconds: total,
        never,
        basis,
    }
}

/// When as many tasks run as callers need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScaleUp {
    After(u64),
    Never,
    Unknown,
}

impl ScaleUp {
    const fn seconds(self) -> Option<u64> {
        match self {
            ScaleUp::After(seconds) => Some(seconds),
            ScaleUp::Never | ScaleUp::Unknown => None,
        }
    }
}

/// Until as many tasks run as callers need, with the reason.
fn scale_up(primary: &Side, standby: &Side) -> (ScaleUp, String) {
    let mut smaller = Vec::new();
    let mut unknown = primary.services_unknown().map(|why| services_of(primary, why));
    for (_, service) in primary.services() {
        let Some(other) = standby.service(&service.name) else {
            if let Some(why) = standby.services_unknown() {
                unknown = Some(services_of(standby, why));
                continue;
            }
            return (ScaleUp::Never, format!("no {} in {}", service.name, standby.environment));
        };
        let (own, there) = (service.count.desired, other.count.desired);
        if there == 0 {
            return (ScaleUp::Never, format!("no task of {} in {}", service.name, standby.environment));
        }
        if there < own {
            smaller.push(format!("{} from {there} to {own} tasks", service.name));
        }
    }
    if let Some(why) = unknown {
        return (ScaleUp::Unknown, why);
    }
    match (smaller.is_empty(), primary.services().next().is_some()) {
        (true, true) => (ScaleUp::After(0), "as many tasks as in the primary".to_owned()),
        (true, false) => (ScaleUp::Unknown, "no service is known".to_owned()),
        (false, _) => (
            ScaleUp::After(SCALE_UP),
            format!("{SCALE_UP} s for scaling {} (assumed, not measured)", smaller.join(", ")),
        ),
    }
}
