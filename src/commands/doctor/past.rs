//! Whether a service can go back: a repository keeps only so many images.

use std::collections::{BTreeMap, BTreeSet};

use cloud::preflight::{self, Check, Need, State};
use cloud::{Connection, ServiceRef};

use crate::aws::{self, Row};
use crate::commands::estate::short;
use crate::commands::rollback;

/// How many deployments are looked at.
const MOST: usize = 10;

/// A row for each service of a deployed stack that has earlier deployments with images in ECR.
pub(super) async fn rows(connection: &Connection, stack: &str) -> Vec<Row> {
    let inventory = match cloud::inventory(connection, stack).await {
        Ok(Some(inventory)) => inventory,
        Ok(None) => return Vec::new(),
        Err(error) => {
            let what = format!("whether the services of {stack} can go back");
            return vec![Row::of(Check::unknown(what, error.to_string()))];
        }
    };
    let services = inventory.services();
    let questions = services.iter().map(|service| row(connection, service, &inventory.stack.stack_id));
    aws::together(questions).await.into_iter().flatten().map(Row::of).collect()
}

async fn row(connection: &Connection, service: &ServiceRef, stack: &str) -> Option<Check> {
    let name = short(&service.logical_id);
    let known = match cloud::deployments(connection, service, stack, MOST).await {
        Ok(known) => known,
        Err(error) => {
            return Some(Check::unknown(format!("whether {name} can go back"), error.to_string()));
        }
    };
    let mut images: BTreeMap<String, (Need, BTreeSet<i32>)> = BTreeMap::new();
    for deployment in known.deployments.iter().filter(|one| one.number < known.current) {
        for need in deployment.images.iter().filter_map(rollback::need) {
            let image = images.entry(need.uri.clone()).or_insert((Need::Image(need), BTreeSet::new()));
            image.1.insert(deployment.number);
        }
    }
    let needs: Vec<Need> = images.values().map(|(need, _)| need.clone()).collect();
    let checks = preflight::check(connection, &needs).await;
    if let Some(unknown) = checks.iter().find(|check| check.state == State::Unknown) {
        let reason = unknown.reason.clone().unwrap_or_default();
        return Some(Check::unknown(format!("the images of earlier deployments of {name}"), reason));
    }
    let with = |missing: bool| -> BTreeSet<i32> {
        let looked = images.values().zip(&checks);
        let chosen = looked.filter(|(_, check)| (check.state == State::Missing) == missing);
        chosen.flat_map(|((_, numbers), _)| numbers.iter().copied()).collect()
    };
    let gone = with(true);
    let there = with(false).difference(&gone).copied().collect();
    judged(&name, &there, &gone)
}

fn judged(name: &str, there: &BTreeSet<i32>, gone: &BTreeSet<i32>) -> Option<Check> {
    let told = |numbers: &BTreeSet<i32>| {
        let numbers: Vec<String> = numbers.iter().rev().map(|number| format!("v{number}")).collect();
        numbers.join(", ")
    };
    match (there.is_empty(), gone.is_empty()) {
        (true, true) => None,
        (false, true) => {
            Some(Check::ok(format!("{name} can go back to {}: the images are there", told(there))))
        }
        (none, false) => {
            let still =
                if none { "to no earlier deployment".to_owned() } else { format!("only to {}", told(there)) };
            Some(Check::warning(
                format!("{name} can go back {still}: the images of {} are gone", told(gone)),
                "set `images.keep` in docuthinker.yaml to as many as one may want to go back to; what is gone is built and \
                 pushed again from its commit",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_service_can_go_back_to_is_told() {
        let judge = |there: &[i32], gone: &[i32]| {
            judged("web", &there.iter().copied().collect(), &gone.iter().copied().collect())
        };
        assert_eq!(judge(&[], &[]), None);
        let told = |there: &[i32], gone: &[i32]| judge(there, gone).map(|check| (check.state, check.what));
        let ok = (State::Ok, "web can go back to v3, v2: the images are there".to_owned());
        assert_eq!(told(&[2, 3], &[]), Some(ok));
        let only = (State::Warning, "web can go back only to v3: the images of v2, v1 are gone".to_owned());
        assert_eq!(told(&[3], &[1, 2]), Some(only));
        let none = (
            State::Warning,
            "web can go back to no earlier deployment: the images of v1 are gone".to_owned(),
        );
        assert_eq!(told(&[], &[1]), Some(none));
    }
}
