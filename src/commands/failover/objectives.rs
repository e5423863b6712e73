//! What can be said against the targets: how long it takes until callers are served again, and how much data is lost.

use serde::Serialize;

use super::declared::{Backup, Ground, Store, Zones, ground, stores};
use super::dns::Takeover;
use super::running::services_of;
use super::seen::{Seen, Side};
use crate::aws::time_text;
use crate::commands::status::view::Service;
use crate::problem::count;

const MINUTE: u64 = 60;

/// How long replication of EFS lags behind for most file systems.
///
/// Source: [Replicating EFS file systems][aws] in the EFS user guide.
///
/// [aws]: https://docs.aws.amazon.com/efs/latest/ug/efs-replication.html
const REPLICATION: u64 = 15 * MINUTE;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Measure {
    /// The recovery time objective.
    Rto,
    /// The recovery point objective.
    Rpo,
}

impl Measure {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Measure::Rto => "RTO",
            Measure::Rpo => "RPO",
        }
    }
}

/// Whether a target is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Met,
    Missed,
    Unknown,
}

/// A target, and what can be said of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Objective {
    /// What fails.
    pub(super) scenario: &'static str,
    pub(super) measure: Measure,
    /// The target: below so many seconds; 0 for nothing at all.
    pub(super) target_seconds: u64,
    /// What it is, if a number can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seconds: Option<u64>,
    pub(super) verdict: Verdict,
    /// Where the number comes from, or why there is none.
    pub(super) basis: String,
}

/// What is known: a number with its source, that the target cannot be met, or why nothing can be said.
enum Finding {
    Seconds(u64, String),
    Never(String),
    Unknown(String),
}

impl Objective {
    fn new(scenario: &'static str, measure: Measure, target_seconds: u64, finding: Finding) -> Objective {
        let (seconds, verdict, basis) = match finding {
            Finding::Seconds(0, basis) => (Some(0), Verdict::Met, basis),
            Finding::Seconds(seconds, basis) if seconds < target_seconds => {
                (Some(seconds), Verdict::Met, basis)
            }
            Finding::Seconds(seconds, basis) => (Some(seconds), Verdict::Missed, basis),
            Finding::Never(basis) => (None, Verdict::Missed, basis),
            Finding::Unknown(basis) => (None, Verdict::Unknown, basis),
        };
        Objective { scenario, measure, target_seconds, seconds, verdict, basis }
    }
}

/// The four failures, each with its two targets.
pub(super) fn objectives(seen: &Seen, takeover: &Takeover) -> Vec<Objective> {
    use Measure::{Rpo, Rto};
    let data = Data::of(&seen.primary);
    vec![
        Objective::new("task failure", Rto, MINUTE, one_task(&seen.primary)),
        Objective::new("task failure", Rpo, 0, data.without_a_task()),
        Objective::new("AZ failure", Rto, 2 * MINUTE, one_zone(&seen.primary)),
        Objective::new("AZ failure", Rpo, 0, data.without_a_zone()),
        Objective::new("region failure", Rto, 15 * MINUTE, region(takeover)),
        Objective::new("region failure", Rpo, 5 * MINUTE, data.without_the_region()),
        Objective::new("redeploy from backup", Rto, 60 * MINUTE, redeployed(seen)),
        Objective::new("redeploy from backup", Rpo, 15 * MINUTE, data.of_backups()),
    ]
}

/// The services of an environment, each with what it stands on.
fn grounds(side: &Side) -> Vec<(&Service, Ground)> {
    let services = side.services().map(|(stack, service)| {
        let ground = side.template(stack).map(|template| ground(template, &service.logical_id));
        (service, ground.unwrap_or_default())
    });
    services.collect()
}

/// Why nothing can be said of all services.
fn not_all(side: &Side, services: &[(&Service, Ground)]) -> Option<String> {
    if let Some(why) = side.services_unknown() {
        return Some(services_of(side, why));
    }
    services.is_empty().then(|| "no service is known".to_owned())
}

/// A task that ends is taken out at once and replaced; one that hangs gets calls until its load balancer has noticed.
fn one_task(primary: &Side) -> Finding {
    let services = grounds(primary);
    if let Some(why) = not_all(primary, &services) {
        return Finding::Unknown(why);
    }
    let alone = names(&services, |service, _| service.count.running < 2);
    if !alone.is_empty() {
        let why = format!(
            "fewer than two tasks of {alone} run: callers wait until another has started, which is not measured"
        );
        return Finding::Unknown(why);
    }
    slowest_check(&services, "a task that ends is taken out at once, one that hangs after")
}

/// The other zone serves as soon as the load balancer sends no more calls into the one that failed.
fn one_zone(primary: &Side) -> Finding {
    let services = grounds(primary);
    let narrow = names(&services, |_, ground| ground.zones.is_some_and(|zones| zones < 2));
    if !narrow.is_empty() {
        return Finding::Never(format!("{narrow}: subnets in one zone only"));
    }
    if let Some(why) = not_all(primary, &services) {
        return Finding::Unknown(why);
    }
    let unknown = names(&services, |_, ground| ground.zones.is_none());
    if !unknown.is_empty() {
        return Finding::Unknown(format!("{unknown}: the template does not tell the zones of its subnets"));
    }
    let alone = names(&services, |service, _| service.count.running < 2);
    if !alone.is_empty() {
        let why = format!("fewer than two tasks of {alone} run, perhaps in the zone that fails");
        return Finding::Unknown(why);
    }
    slowest_check(&services, "tasks in two zones or more; those that fail get no calls after")
}

fn slowest_check(services: &[(&Service, Ground)], text: &str) -> Finding {
    let checks = services.iter().filter_map(|(service, ground)| Some((service, ground.checks?)));
    match checks.max_by_key(|(_, (interval, times))| interval * times) {
        Some((service, (interval, times))) => Finding::Seconds(
            interval * times,
            format!("{text} {times} checks of {interval} s ({})", service.name),
        ),
        None => Finding::Unknown("no load balancer checks the services".to_owned()),
    }
}

fn names(services: &[(&Service, Ground)], wanted: impl Fn(&Service, &Ground) -> bool) -> String {
    let wanted = services.iter().filter(|(service, ground)| wanted(service, ground));
    wanted.map(|(service, _)| service.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn region(takeover: &Takeover) -> Finding {
    let basis = takeover.basis.clone();
    match takeover.total_seconds {
        Some(total) => Finding::Seconds(total, basis),
        None if takeover.never => Finding::Never(basis),
        None => Finding::Unknown(basis),
    }
}

/// How long it took to make the stacks, by the history of the environment that tells of all of them.
fn redeployed(seen: &Seen) -> Finding {
    let made = [&seen.primary, &seen.standby].into_iter().find_map(|side| {
        let times: Option<Vec<u64>> = side.status.stacks.iter().map(creation).collect();
        let times = times.filter(|times| !times.is_empty() && times.len() == side.stacks.len())?;
        Some((side, times))
    });
    let Some((side, times)) = made else {
        let why = "the last operations do not tell how long all stacks took to be made; a deployment to an empty \
                   environment would measure it";
        return Finding::Unknown(why.to_owned());
    };
    let basis = format!(
        "making {} of {} took this long, one after the other; restoring data comes on top and is not measured",
        count(times.len(), "stack"),
        side.environment
    );
    Finding::Seconds(times.iter().sum(), basis)
}

fn creation(stack: &crate::commands::status::view::Stack) -> Option<u64> {
    let operations = stack.deployments.known()?;
    let created = operations
        .iter()
        .find(|one| one.kind.starts_with("CREATE") && one.outcome == cloud::Outcome::Succeeded)?;
    u64::try_from((created.ended?.0 - created.began.0) / 1000).ok()
}

/// What keeps data: in the stacks, and outside of them.
struct Data {
    stores: Vec<Store>,
    /// The variables by which services reach databases that are not the stacks'.
    outside: Vec<String>,
    /// Whether all templates are known.
    complete: bool,
}

impl Data {
    fn of(primary: &Side) -> Data {
        let variables = primary.secrets.iter().flat_map(|secret| &secret.variables);
        let variables = variables.map(|(_, variable)| variable);
        let mut outside: Vec<String> = variables.filter(|name| is_address(name)).cloned().collect();
        outside.sort();
        outside.dedup();
        Data {
            stores: primary.templates().flat_map(stores).collect(),
            outside,
            complete: primary.unread_template().is_none(),
        }
    }

    fn stores_that(&self, wanted: impl Fn(&Store) -> bool) -> String {
        let stores = self.stores.iter().filter(|store| wanted(store));
        stores.map(|store| store.what.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// What the databases outside are called, for sentences that end with why nothing is known of them.
    fn outside(&self) -> Option<String> {
        let names = self.outside.join(", ");
        (!names.is_empty()).then(|| format!("databases behind {names}: external, ask their providers"))
    }

    fn without_a_task(&self) -> Finding {
        if !self.complete {
            return Finding::Unknown("not all templates could be read".to_owned());
        }
        Finding::Seconds(0, "tasks keep nothing: data is in file systems and databases".to_owned())
    }

    fn without_a_zone(&self) -> Finding {
        let lost = self.stores_that(|store| store.zones == Zones::One);
        let behind = self.stores_that(|store| store.zones == Zones::Behind);
        let unclear = self.stores_that(|store| store.zones == Zones::Unknown);
        if !self.complete {
            Finding::Unknown("not all templates could be read".to_owned())
        } else if !lost.is_empty() {
            Finding::Never(format!("{lost}: in one zone only"))
        } else if !behind.is_empty() {
            Finding::Unknown(format!("{behind}: copies within the region lag behind by an unknown time"))
        } else if !unclear.is_empty() {
            Finding::Unknown(format!("{unclear}: whether all of it is in several zones is not known"))
        } else {
            let stores = self.stores_that(|_| true);
            let stores = if stores.is_empty() { "the stacks keep no data".to_owned() } else { stores };
            Finding::Seconds(0, format!("{stores}: kept in several zones; what is external is not in them"))
        }
    }

    /// What the standby does not have when the region is gone.
    fn without_the_region(&self) -> Finding {
        let uncopied = self.stores_that(|store| store.replicated == Some(false));
        let unclear = self.stores_that(|store| store.replicated.is_none());
        let mut why = Vec::new();
        if !self.complete {
            why.push("not all templates could be read".to_owned());
        }
        if !uncopied.is_empty() {
            why.push(format!("{uncopied}: not replicated to another region"));
        }
        if !unclear.is_empty() {
            why.push(format!("{unclear}: whether another region has a copy is not known"));
        }
        why.extend(self.outside());
        if !why.is_empty() {
            return Finding::Unknown(why.join("; "));
        }
        if self.stores.is_empty() {
            return Finding::Seconds(0, "the stacks keep no data".to_owned());
        }
        let stores = self.stores_that(|_| true);
        Finding::Seconds(
            REPLICATION,
            format!("{stores}: replication lags behind by up to 15 minutes, says AWS"),
        )
    }

    /// How old the newest backup may be.
    fn of_backups(&self) -> Finding {
        let never = self.stores_that(|store| store.backup == Backup::Never);
        let unclear = self.stores_that(|store| store.backup == Backup::Sometimes);
        let unknown = self.stores_that(|store| store.backup == Backup::Unknown);
        let is_kept = |store: &Store| !matches!(store.backup, Backup::Never | Backup::Unknown);
        let here = self.stores_that(|store| is_kept(store) && !store.copied);
        let every = |store: &Store| match store.backup {
            Backup::Every(seconds) => Some((seconds, store.what.clone())),
            Backup::Never | Backup::Sometimes | Backup::Unknown => None,
        };
        let oldest = self.stores.iter().filter_map(every).max();
        let mut why = Vec::new();
        if !self.complete {
            why.push("not all templates could be read".to_owned());
        }
        if !never.is_empty() {
            why.push(format!("{never}: no backup"));
        }
        if !unclear.is_empty() {
            why.push(format!("{unclear}: backed up by a schedule that is not understood"));
        }
        if !unknown.is_empty() {
            why.push(format!("{unknown}: whether and when it is backed up is not known"));
        }
        // Also where another store misses the target already.
        let others = why.iter().fold(String::new(), |all, why| all + "; " + why);
        why.extend(self.outside());
        let place =
            if here.is_empty() { String::new() } else { format!("; {here}: backups stay in the region") };
        match oldest {
            // One store that misses the target is enough, whatever the others do.
            Some((seconds, what)) if seconds >= 15 * MINUTE || why.is_empty() => {
                let time = time_text(std::time::Duration::from_secs(seconds));
                Finding::Seconds(seconds, format!("{what}: a backup every {time}{place}{others}"))
            }
            _ if !why.is_empty() => Finding::Unknown(format!("{}{place}", why.join("; "))),
            _ => Finding::Seconds(0, "the stacks keep no data".to_owned()),
        }
    }
}

/// Whether a variable holds where a database is.
fn is_address(variable: &str) -> bool {
    ["_URI", "_URL", "_DSN"].iter().any(|end| variable.ends_with(end))
}
