//! What runs in both environments: services, their addresses, the certificates of the load balancers.

use cloud::Timestamp;

use super::report::Row;
use super::seen::{Health, Seen, Side};
use crate::commands::events_text::date;
use crate::commands::status::view::Service;

pub(super) fn rows(seen: &Seen, now: Timestamp) -> Vec<Row> {
    let (primary, standby) = (&seen.primary, &seen.standby);
    let mut rows: Vec<Row> = primary.services().map(|(_, one)| service(one, primary, standby)).collect();
    for side in [primary, standby] {
        for stack in &side.status.stacks {
            let name = format!("of {} in {}", stack.name, side.environment);
            rows.extend(stack.services.unknown().map(|why| Row::new("services", name).unknown(why)));
        }
    }
    rows.extend(primary.health.iter().map(|one| health(one, primary, standby)));
    rows.extend(certificates(primary, standby, now));
    rows
}

/// How many targets are healthy, of how many; `None` without a load balancer.
fn healthy(service: &Service) -> Option<(usize, usize)> {
    let groups = service.targets.known().filter(|groups| !groups.is_empty())?;
    // Targets that are taken away are no sign of trouble.
    let here = groups.iter().flat_map(|group| &group.targets).filter(|target| target.state != "draining");
    let states: Vec<bool> = here.map(|target| target.state == "healthy").collect();
    Some((states.iter().filter(|healthy| **healthy).count(), states.len()))
}

fn counts(service: &Service) -> String {
    let count = &service.count;
    let targets = match (healthy(service), service.targets.unknown()) {
        (Some((healthy, all)), _) => format!(", {healthy} of {all} targets healthy"),
        (None, Some(_)) => ", targets not known".to_owned(),
        (None, None) => String::new(),
    };
    format!("{} of {} running{targets}", count.running, count.desired)
}

fn service(own: &Service, primary: &Side, standby: &Side) -> Row {
    let other = standby.service(&own.name);
    let row = Row::new("services", &own.name);
    let unseen = || if standby.services_unknown().is_some() { "not known" } else { "none" }.to_owned();
    let row = row.facts(counts(own), other.map_or_else(unseen, counts));
    let Some(other) = other else {
        if let Some(why) = standby.services_unknown() {
            return row.unknown(services_of(standby, why));
        }
        return row.missing("there is no such service", standby.command("deploy --all"));
    };
    for (side, service) in [(primary, own), (standby, other)] {
        let count = &service.count;
        let status = side.command(&format!("status {}", service.name));
        let there = &side.environment;
        if count.desired == 0 {
            let next = side.command(&format!("scale {} 1", service.name));
            return row.differs(format!("no task is wanted in {there}"), next);
        }
        if count.running < count.desired || service.status != "ACTIVE" {
            return row.differs(format!("not all tasks run in {there}"), status);
        }
        if healthy(service).is_some_and(|(healthy, all)| healthy < all || all == 0) {
            return row.differs(format!("not all targets are healthy in {there}"), status);
        }
    }
    match own.targets.unknown().or(other.targets.unknown()) {
        Some(why) => row.unknown(why),
        None => row,
    }
}

/// Why nothing is said of a service that was not found.
pub(super) fn services_of(side: &Side, why: &str) -> String {
    format!("not all services of {} are known: {why}", side.environment)
}

/// Why nothing is said of something that no template was found to have.
pub(super) fn templates_of(side: &Side, why: &str) -> String {
    format!("not all templates of {} could be read: {why}", side.environment)
}

/// The same address, asked at the load balancers of both.
fn health(own: &Health, primary: &Side, standby: &Side) -> Row {
    let other = standby.health.iter().find(|other| other.output == own.output);
    let words = |health: Option<&Health>| match health.map(|health| health.answer.known()) {
        None => "no address".to_owned(),
        Some(None) => "not known".to_owned(),
        Some(Some(answer)) => match answer.status {
            Some(status) => format!("answers {status} after {} ms", answer.took.as_millis()),
            None => "does not answer".to_owned(),
        },
    };
    let row = Row::new("health", &own.output).facts(words(Some(own)), words(other));
    let Some(other) = other else {
        return row.missing("the standby has no such address", standby.command("deploy --all"));
    };
    for (side, health) in [(primary, own), (standby, other)] {
        let Some(answer) = health.answer.known() else {
            return row.unknown(health.answer.unknown().unwrap_or_default());
        };
        if !answer.is_well() {
            let said = match (answer.status, &answer.failure) {
                (Some(status), _) => format!("{status} is no success"),
                (None, Some(failure)) => failure.clone(),
                (None, None) => "no answer".to_owned(),
            };
            return row.differs(format!("{}: {said}", side.environment), side.command("status"));
        }
    }
    row
}

/// The certificates of both, if either has one.
fn certificates(primary: &Side, standby: &Side, now: Timestamp) -> Option<Row> {
    if primary.certificates.is_empty() && standby.certificates.is_empty() {
        // Without a template it is not known either whether there should be one.
        let unread = [primary, standby].into_iter().find_map(|side| Some((side, side.unread_template()?)));
        let row = Row::new("certificates", "of the listeners");
        return unread.map(|(side, why)| row.unknown(templates_of(side, why)));
    }
    let row = Row::new("certificates", "of the listeners");
    let row = row.facts(certificate_words(primary), certificate_words(standby));
    for side in [primary, standby] {
        let deploy = side.command("deploy --all");
        if side.certificates.is_empty() {
            if let Some(why) = side.unread_template() {
                return Some(row.unknown(templates_of(side, why)));
            }
            return Some(row.missing(format!("no listener of {} has one", side.environment), deploy));
        }
        for (arn, certificate) in &side.certificates {
            let certificate = match certificate.known() {
                None => return Some(row.unknown(certificate.unknown().unwrap_or_default())),
                Some(None) => return Some(row.missing(format!("{arn} is not there"), deploy)),
                Some(Some(certificate)) => certificate,
            };
            let expired = certificate.expires.is_some_and(|expires| expires < now);
            if certificate.status != "ISSUED" || expired {
                let state = if expired { "expired" } else { certificate.status.as_str() };
                let next =
                    format!("aws acm describe-certificate --region {} --certificate-arn {arn}", side.region);
                return Some(row.differs(format!("{arn} is {state}"), next));
            }
        }
    }
    Some(row)
}

fn certificate_words(side: &Side) -> String {
    let known = side.certificates.iter().filter_map(|(_, one)| one.known()?.as_ref());
    let known: Vec<_> = known.collect();
    let first = known.iter().filter_map(|one| one.expires).min();
    let until = first.map(|first| format!(" until {}", date(first))).unwrap_or_default();
    match (known.as_slice(), side.certificates.len()) {
        ([], 0) if side.unread_template().is_none() => "none".to_owned(),
        ([], _) => "not known".to_owned(),
        ([one], _) => format!("{}{until}", one.status),
        (several, _) => format!("{} certificates, the first{until}", several.len()),
    }
}
