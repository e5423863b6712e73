//! What is deployed in both environments: stacks, images, secrets.

use std::collections::{BTreeMap, BTreeSet};

use cloud::secrets::StoredSecret;
use template::{Action, Change, Changes, Resource, Template, diff};

use super::report::Row;
use super::running::services_of;
use super::seen::{Seen, SeenImage, SeenSecret, SeenStack, Side, Stored};
use crate::commands::events_text::date;
use crate::commands::status::text::{SHORT, is_steady};
use crate::commands::status::view::{Image, RunningImage, Service};

/// How many names are told before only their number is.
const NAMED: usize = 4;

pub(super) fn rows(seen: &Seen) -> Vec<Row> {
    let mut rows = vec![regions(seen)];
    let (primary, standby) = (&seen.primary, &seen.standby);
    let only_there = standby.stacks.iter().filter(|stack| primary.stack(&stack.id).is_none());
    let ids = primary.stacks.iter().chain(only_there).map(|stack| &stack.id);
    rows.extend(ids.map(|id| stack(id, primary, standby)));
    for (stack, service) in primary.services() {
        for image in service.images.known().into_iter().flatten() {
            rows.push(running_image(stack, service, image, seen));
        }
        rows.extend(service.images.unknown().map(|why| Row::new("images", &service.name).unknown(why)));
    }
    rows.extend(standby.images.iter().map(|image| stored_image(image, seen)));
    rows.extend(primary.secrets.iter().map(|one| secret(one, primary, standby)));
    rows
}

/// A second region that is the first one fails with it.
fn regions(seen: &Seen) -> Row {
    let (primary, standby) = (&seen.primary, &seen.standby);
    let row = Row::new("regions", "region").facts(&primary.region, &standby.region);
    if primary.region != standby.region {
        return row;
    }
    let next = standby.command("config explain region");
    row.differs("the two fail together: give the standby a `region` of its own", next)
}

fn stack(id: &str, primary: &Side, standby: &Side) -> Row {
    let state = |stack: Option<&SeenStack>| match stack {
        None => "none, by its settings".to_owned(),
        Some(SeenStack { state: None, .. }) => "not deployed".to_owned(),
        Some(SeenStack { state: Some(state), .. }) => state.clone(),
    };
    let (own, other) = (primary.stack(id), standby.stack(id));
    let row = Row::new("stacks", id).facts(state(own), state(other));
    let (Some(own), Some(other)) = (own, other) else { return row };
    let both = [(primary, own), (standby, other)];
    if let Some((side, _)) = both.iter().find(|(_, stack)| stack.state.is_none()) {
        let why = format!("not deployed in {}", side.environment);
        return row.missing(why, side.command(&format!("deploy {id}")));
    }
    let shaky = both.iter().find(|(_, stack)| stack.state.as_deref().is_some_and(|state| !is_steady(state)));
    if let Some((side, stack)) = shaky {
        let runs = stack.state.as_deref().is_some_and(|state| state.ends_with("_IN_PROGRESS"));
        let why = if runs { "it is being changed" } else { "the last operation on it failed" };
        let command = if runs { "watch" } else { "diagnose" };
        return row
            .differs(format!("{why} in {}", side.environment), side.command(&format!("{command} {id}")));
    }
    if let Some(why) = own.deployed.unknown().or(other.deployed.unknown()) {
        return row.unknown(format!("the templates could not be compared: {why}"));
    }
    match (own.deployed.known(), other.deployed.known()) {
        (Some(Some(first)), Some(Some(second))) => {
            compared(row, id, (first, own, primary), (second, other, standby))
        }
        _ => row.unknown("AWS tells no template"),
    }
}

type Deployed<'a> = (&'a Template, &'a SeenStack, &'a Side);

/// Whether the two differ only as their settings make them differ: by what the code makes of both.
fn compared(
    row: Row,
    id: &str,
    (first, own, primary): Deployed<'_>,
    (second, other, standby): Deployed<'_>,
) -> Row {
    let (deployed, wanted) = (diff(first, second), diff(&own.wanted, &other.wanted));
    let (deployed, wanted) = (differences(&deployed), differences(&wanted));
    let ids: BTreeSet<&str> = deployed.keys().chain(wanted.keys()).copied().collect();
    let odd: Vec<&str> = ids.into_iter().filter(|id| deployed.get(id) != wanted.get(id)).collect();
    if odd.is_empty() {
        return row.note(match deployed.len() {
            0 => "the same template".to_owned(),
            1 => "1 resource differs, as the settings say".to_owned(),
            number => format!("{number} resources differ, as the settings say"),
        });
    }
    // Both are as they should be to each other once each is what the code makes of it.
    let behind = diff(second, &other.wanted);
    let side = if differences(&behind).is_empty() { primary } else { standby };
    let more = odd.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let verb = if odd.len() == 1 { "differs" } else { "differ" };
    let names = odd.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let why = format!("{names}{more} {verb} otherwise than the settings say");
    row.differs(why, side.command(&format!("deploy {id}")))
}

/// The resources that are different by themselves, and how.
fn differences(changes: &Changes) -> BTreeMap<&str, (Action, &[Change])> {
    let own = changes.resources.iter().filter(|one| one.action != Action::Changed || !one.changes.is_empty());
    own.map(|one| (one.id.as_str(), (one.action, one.changes.as_slice()))).collect()
}

fn digests(image: &Image) -> BTreeSet<&str> {
    image.running.iter().filter_map(RunningImage::known_digest).collect()
}

fn short(digest: &str) -> &str {
    digest.get(..SHORT).unwrap_or(digest)
}

/// What of a container runs in both.
fn running_image(stack: &str, service: &Service, image: &Image, seen: &Seen) -> Row {
    let Seen { primary, standby, .. } = seen;
    let name = if service.name == image.container {
        service.name.clone()
    } else {
        format!("{} {}", service.name, image.container)
    };
    let row = Row::new("images", name);
    let there = standby.service(&service.name);
    let other =
        there.and_then(|there| there.images.known()?.iter().find(|other| other.container == image.container));
    let words = |digests: &BTreeSet<&str>| match digests.len() {
        0 => "none runs".to_owned(),
        _ => digests.iter().map(|digest| short(digest)).collect::<Vec<_>>().join(", "),
    };
    let (own, others) = (digests(image), other.map(digests).unwrap_or_default());
    let unseen = there.is_none() && standby.services_unknown().is_some();
    let row = row.facts(words(&own), if unseen { "not known".to_owned() } else { words(&others) });
    let deploy = |side: &Side| {
        let id = primary.stacks.iter().find(|one| one.name == stack).map_or(stack, |one| one.id.as_str());
        side.command(&format!("deploy {id}"))
    };
    if let Some(why) = there.and_then(|there| there.images.unknown()) {
        return row.unknown(why);
    }
    if there.is_none()
        && let Some(why) = standby.services_unknown()
    {
        return row.unknown(services_of(standby, why));
    }
    match (own.is_empty(), others.is_empty()) {
        (_, true) if there.is_none() => row.missing("there is no such service", deploy(standby)),
        (true, _) => row.unknown(format!("no task of {} tells a digest", primary.environment)),
        (_, true) => row.unknown(format!("no task of {} tells a digest", standby.environment)),
        _ if own == others => row,
        _ => row.differs("another image runs there", deploy(standby)),
    }
}

/// Whether what the primary runs could be started in the standby's region.
fn stored_image(image: &SeenImage, seen: &Seen) -> Row {
    let SeenImage { container, repository, made_by, digest, found } = image;
    let Seen { primary, standby, .. } = seen;
    let name = format!("{container} in ECR");
    let row = Row::new("images", name);
    let Some(found) = found.known() else { return row.unknown(found.unknown().unwrap_or_default()) };
    let there = match found {
        Stored::There => "there",
        Stored::NoImage | Stored::NoRepository => "not there",
    };
    let row = row.facts(short(digest), there);
    match found {
        Stored::There => row,
        Stored::NoImage => row.missing(
            format!("{repository} has no such image in {}", standby.region),
            primary.command(&format!("images copy {container}={digest} --to-env {}", standby.environment)),
        ),
        Stored::NoRepository => row.missing(
            format!("there is no repository {repository} in {}", standby.region),
            standby.command(&format!("deploy {made_by}")),
        ),
    }
}

/// A secret of the primary, and the standby's that is called so or is read into the same variable.
fn secret(one: &SeenSecret, primary: &Side, standby: &Side) -> Row {
    let row = Row::new("secrets", &one.name);
    let same_name = standby.secrets.iter().find(|other| other.name == one.name);
    let same_use = || {
        let shared = |other: &&SeenSecret| one.variables.iter().any(|used| other.variables.contains(used));
        standby.secrets.iter().find(shared)
    };
    let other = same_name.or_else(same_use);
    let words = |secret: Option<&SeenSecret>| match secret.map(|secret| secret.stored.known()) {
        None | Some(Some(None)) => "none".to_owned(),
        Some(None) => "not known".to_owned(),
        Some(Some(Some(stored))) => value_words(stored),
    };
    let row = row.facts(words(Some(one)), words(other));
    let Some(other) = other else {
        return row.missing("no secret is called so or used so there", makes_secrets(standby));
    };
    for (side, secret) in [(primary, one), (standby, other)] {
        let put = || side.command(&format!("secrets put {}", secret.name));
        match secret.stored.known() {
            None => return row.unknown(secret.stored.unknown().unwrap_or_default()),
            Some(None) => {
                let why = format!("there is none in {}", side.environment);
                return row.missing(why, makes_secrets(side));
            }
            Some(Some(stored)) if stored.deleted => {
                let region = &side.region;
                let next = format!(
                    "aws secretsmanager restore-secret --region {region} --secret-id {}",
                    secret.name
                );
                return row.missing(format!("it is scheduled for deletion in {}", side.environment), next);
            }
            Some(Some(stored)) if stored.version_id.is_none() => {
                return row.missing(format!("it has no value in {}", side.environment), put());
            }
            Some(Some(_)) => {}
        }
    }
    let stored = |secret: &SeenSecret| secret.stored.known().cloned().flatten();
    let (Some(own), Some(there)) = (stored(one), stored(other)) else { return row };
    if own.version_id == there.version_id {
        return row.note("the same version");
    }
    let (Some(own_age), Some(age_there)) = (own.changed, there.changed) else {
        return row.note("which value is older is not known");
    };
    if age_there < own_age {
        let next = standby.command(&format!("secrets put {}", other.name));
        return row.differs("the value there is older", next);
    }
    row.note("whether the values are the same is not looked at")
}

/// The command that makes the secrets of an environment; the one that tells of them if all stacks with secrets are there.
fn makes_secrets(side: &Side) -> String {
    let is_secret = |resource: &Resource| resource.type_name == "AWS::SecretsManager::Secret";
    let makes = |stack: &&SeenStack| stack.state.is_none() && stack.wanted.resources.values().any(is_secret);
    let missing = side.stacks.iter().find(makes);
    missing
        .map_or_else(|| side.command("secrets check"), |stack| side.command(&format!("deploy {}", stack.id)))
}

fn value_words(stored: &StoredSecret) -> String {
    match (&stored.version_id, stored.changed) {
        _ if stored.deleted => "to be deleted".to_owned(),
        (None, _) => "no value".to_owned(),
        (Some(_), None) => "of unknown age".to_owned(),
        (Some(_), Some(changed)) => format!("since {}", date(changed)),
    }
}
