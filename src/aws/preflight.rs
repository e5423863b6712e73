//! What a stack needs to find in AWS, looked at before it is deployed.

use std::collections::{BTreeMap, BTreeSet};

use cloud::preflight::{self, Added, Around, Check, ImageNeed, Need, SecretNeed, State};
use cloud::{Cancel, Connection};
use constructs::SynthesizedStack;
use serde::Serialize;
use template::Template;
use template::requirements::{self, Known, Needed, Place, Requirement, Version};

use super::own::Own;
use crate::problem::{Problem, count};

/// A stack that is to be deployed.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<'a> {
    pub(crate) name: &'a str,
    pub(crate) template: &'a Template,
    /// The values that are given for its parameters.
    pub(crate) parameters: &'a BTreeMap<String, String>,
    /// Where its resources come from, if it is one of the project's.
    pub(crate) synthesized: Option<&'a SynthesizedStack>,
    /// The names of secrets that are made before it and need not be there yet. None if its turn has come: what other
    /// stacks make for it is there then.
    pub(crate) made_before: Option<&'a BTreeSet<String>>,
    /// What of the project our own commands take care of.
    pub(crate) own: &'a Own,
}

/// One thing that was looked at, and where it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    #[serde(flatten)]
    pub(crate) check: Check,
    /// Constructs with their source lines, or resources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) places: Vec<String>,
}

/// All that was looked at for one stack.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// What the stack needs.
    pub(crate) rows: Vec<Row>,
    /// The stack's status, if there is one.
    pub(crate) status: Option<String>,
    /// Exports that the template imports and that are not there.
    pub(crate) not_exported: Vec<String>,
    /// What it makes that an account may have only so many of; nothing if the stack still has things that are deleted before,
    /// since these would count twice.
    pub(crate) added: Added,
}

/// Everything that stands in the way of deploying the stack, all at once; errors if it would fail. Nothing is changed.
///
/// Call it when the stack's turn comes, after the stacks that it depends on: what these make is there then. With the
/// emulator nothing is looked at, since no image, secret or certificate of it is real. Whoever wants to stop does not
/// wait for it: the engine, which is called next, stops at once.
pub(crate) async fn preflight(connection: &Connection, ahead: Ahead<'_>, cancel: &Cancel) -> Vec<Problem> {
    if connection.is_local() {
        return Vec::new();
    }
    let looked = tokio::select! {
        looked = look(connection, ahead) => looked,
        () = cancel.cancelled() => return Vec::new(),
    };
    let mut looked = match looked {
        Ok(looked) => looked,
        Err(reason) => {
            let message = format!("could not look at what {} needs: {reason}", ahead.name);
            return vec![Problem::warning("preflight/unknown", message)];
        }
    };
    // What is refused anyhow need not wait for more.
    if !looked.refuses() {
        let quotas = tokio::select! {
            quotas = preflight::quotas(connection, &looked.added) => quotas,
            () = cancel.cancelled() => return Vec::new(),
        };
        // Who deploys need not be allowed to ask for quotas, and AWS says itself what it has no room for.
        let missing = quotas.into_iter().filter(|check| check.state == State::Missing);
        looked.rows.extend(missing.map(Row::of));
    }
    problems(ahead.name, &looked)
}

impl Looked {
    /// Whether something is missing without which a deployment would fail.
    fn refuses(&self) -> bool {
        !self.not_exported.is_empty() || self.rows.iter().any(|row| row.check.state == State::Missing)
    }
}

impl Row {
    /// A row that has no place in the project.
    pub(crate) fn of(check: Check) -> Row {
        Row { check, places: Vec::new() }
    }
}

/// Looks at everything that the stack needs, or tells why nothing can be looked at.
pub(crate) async fn look(connection: &Connection, ahead: Ahead<'_>) -> Result<Looked, String> {
    let who = connection.identity();
    let known = Known {
        region: &who.region,
        account: &who.account,
        stack: ahead.name,
        parameters: ahead.parameters,
        ..Known::default()
    };
    let known = ahead.made_before.map_or(known, |made_before| Known { made_before, ..known });
    let imports = requirements::imports(ahead.template, &known);
    let around = preflight::around(connection, ahead.name, !imports.is_empty());
    let around = around.await.map_err(|error| error.to_string())?;
    let known =
        Known { kept: &around.parameters, exports: &around.exports, deployed: &around.resources, ..known };
    let required = requirements::requirements(ahead.template, &known);
    let room = async {
        if around.status.is_some() {
            return None;
        }
        Some(preflight::room_for_a_stack(connection).await)
    };
    let mut needs = Vec::new();
    let mut is_asked = Vec::new();
    for need in required.iter().map(need) {
        is_asked.push(need.is_some());
        needs.extend(need);
    }
    let (checks, room) = tokio::join!(preflight::check(connection, &needs), room);
    let left = left_over(connection, ahead.name, &around, &checks).await;
    let mut checks = checks.into_iter();
    let rows = required.iter().zip(is_asked).map(|(one, is_asked)| {
        let check = if is_asked { checks.next() } else { None };
        let check = check.unwrap_or_else(|| push_first(one));
        row(one, not_of_others(check, one, &left), &around, ahead)
    });
    let room = room.map(Row::of);
    let requirements::Added { types, fargate_units } = requirements::added(ahead.template, &known);
    Ok(Looked {
        added: unless_left(around.status.as_deref(), Added { types, fargate_units }),
        rows: room.into_iter().chain(rows).collect(),
        not_exported: not_exported(imports, &around),
        status: around.status.clone(),
    })
}

/// Whether a stack in this state may still have things that are deleted before it is made anew.
fn leaves(status: Option<&str>) -> bool {
    matches!(status, Some("CREATE_FAILED" | "ROLLBACK_FAILED" | "DELETE_FAILED"))
}

/// What a deployment adds, of which nothing may be there already. What is left over still counts as used, and makes room.
fn unless_left(status: Option<&str>, added: Added) -> Added {
    if leaves(status) { Added::default() } else { added }
}

/// The names or ids of what a stack still has whose creation or deletion failed. It is deleted before the stack is made
/// anew. Nobody is asked where nothing is missing.
///
/// Source: [Stack status codes][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
async fn left_over(
    connection: &Connection,
    stack: &str,
    around: &Around,
    checks: &[Check],
) -> BTreeSet<String> {
    if !leaves(around.status.as_deref()) || checks.iter().all(|check| check.state != State::Missing) {
        return BTreeSet::new();
    }
    // Without an answer, names are what they were said to be.
    let resources = cloud::resources_of(connection, stack).await.unwrap_or_default();
    resources.into_iter().filter_map(|resource| resource.physical_id).collect()
}

/// A name that is taken by what the stack itself left is no reason to refuse. Only a warning is left of it: a resource
/// that could not be made because its name was taken may be listed under that name too.
fn not_of_others(check: Check, requirement: &Requirement, left: &BTreeSet<String>) -> Check {
    match &requirement.needed {
        Needed::FreeName { type_name, name } if check.state == State::Missing && left.contains(name) => {
            Check::warning(
                format!(
                    "the {type_name} {name} is left from the stack itself, and deleted before it is made anew"
                ),
                "if it is another stack's or nobody's, choose another name",
            )
        }
        _ => check,
    }
}

fn not_exported(imports: BTreeSet<String>, around: &Around) -> Vec<String> {
    imports.into_iter().filter(|name| !around.exports.contains_key(name)).collect()
}

/// What AWS is to be asked; an image that cannot be there needs no question.
fn need(requirement: &Requirement) -> Option<Need> {
    Some(match requirement.needed.clone() {
        Needed::Image(image) => {
            let (tag, digest) = match image.version {
                Version::Tag(tag) => (Some(tag), None),
                Version::Digest(digest) => (None, Some(digest)),
            };
            Need::Image(ImageNeed {
                uri: image.uri,
                registry: image.registry,
                region: image.region,
                repository: image.repository,
                tag,
                digest,
                architecture: image.architecture,
            })
        }
        Needed::ImageInNewRepository { .. } => return None,
        Needed::Secret(secret) => Need::Secret(SecretNeed {
            id: secret.id,
            region: secret.region,
            keys: secret.keys,
            stage: secret.stage,
            version: secret.version,
        }),
        Needed::Certificate { arn, region } => Need::Certificate { arn, region },
        Needed::HostedZone { id } => Need::HostedZone { id },
        Needed::Vpc { id } => Need::Vpc { id },
        Needed::Subnet { id, vpc } => Need::Subnet { id, vpc },
        Needed::FreeName { type_name, name } => Need::FreeName { type_name, name },
    })
}

fn push_first(requirement: &Requirement) -> Check {
    let Needed::ImageInNewRepository { repository, image } = &requirement.needed else {
        return Check::unknown("something the stack needs", "it was not looked at");
    };
    Check::missing(
        format!(
            "the image {image} cannot be there when its tasks start: the same stack makes its repository"
        ),
        format!(
            "make `{repository}` first, in a stack of its own or with `DesiredCount: 0`, push the image, then deploy"
        ),
    )
}

fn row(requirement: &Requirement, mut check: Check, around: &Around, ahead: Ahead<'_>) -> Row {
    if check.state == State::Missing
        && let Needed::FreeName { type_name, name } = &requirement.needed
        && let Some((id, _)) = around.resources.iter().find(|(_, known)| *known == name)
    {
        check = Check::missing(
            format!(
                "the stack itself has the {type_name} {name} already, as `{id}`: it cannot be made a second time"
            ),
            format!("keep the logical id `{id}`, or choose another name"),
        );
    }
    if ahead.synthesized.is_some()
        && let Some(fix) = ahead.own.fix(requirement, &check)
    {
        check.fix = Some(fix);
    }
    if check.state == State::Missing && !requirement.vital {
        check.state = State::Warning;
        check.what += "; no service of the stack starts it now";
    }
    let mut places: Vec<String> = Vec::new();
    for place in requirement.places.iter().map(|place| shown(place, ahead)) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    Row { check, places }
}

/// A place as its author knows it: the construct with its source line, or the resource.
fn shown(place: &Place, ahead: Ahead<'_>) -> String {
    match ahead.synthesized.and_then(|stack| stack.origins.get(&place.resource)) {
        Some(origin) => format!("{}/{} ({})", ahead.name, origin.path, origin.location),
        None => place.path.to_string(),
    }
}

/// What is wrong, in the form of all problems: warnings first, what is most important last.
fn problems(stack: &str, looked: &Looked) -> Vec<Problem> {
    let mut problems = not_looked_at(stack, &looked.rows);
    let of = |state: State| looked.rows.iter().filter(move |row| row.check.state == state);
    for row in of(State::Warning) {
        problems.push(problem(Problem::warning("preflight/warning", &row.check.what), row));
    }
    let mut missing = 0;
    for name in &looked.not_exported {
        missing += 1;
        let message = format!("no stack exports `{name}`, which {stack} imports");
        let hint = "deploy the stack that exports it first";
        problems.push(Problem::error("preflight/missing", message).hint(hint));
    }
    for row in of(State::Missing) {
        missing += 1;
        problems.push(problem(Problem::error("preflight/missing", &row.check.what), row));
    }
    if missing > 0 {
        let what = count(missing, "thing");
        let message = format!("{stack} would fail: {what} missing or wrong; nothing was written");
        let hint =
            "put that right and run the same command again, or add `--no-preflight` to deploy all the same";
        problems.push(Problem::error("preflight/refused", message).hint(hint));
    }
    problems
}

fn problem(mut problem: Problem, row: &Row) -> Problem {
    problem.at.clone_from(&row.places);
    problem.maybe_hint(row.check.fix.clone())
}

/// What could not be looked at: one warning for each reason.
fn not_looked_at(stack: &str, rows: &[Row]) -> Vec<Problem> {
    let mut reasons: BTreeMap<(&str, Option<&str>), Vec<&str>> = BTreeMap::new();
    for check in rows.iter().map(|row| &row.check).filter(|check| check.state == State::Unknown) {
        let reason = (check.reason.as_deref().unwrap_or_default(), check.fix.as_deref());
        reasons.entry(reason).or_default().push(&check.what);
    }
    let warning = |((reason, fix), what): ((&str, Option<&str>), Vec<&str>)| {
        let message = match what.as_slice() {
            [one] => format!("could not look at {one}: {reason}"),
            all => format!("could not look at {} that {stack} needs: {reason}", count(all.len(), "thing")),
        };
        let mut warning = Problem::warning("preflight/unknown", message).maybe_hint(fix.map(str::to_owned));
        if what.len() > 1 {
            warning.also = what.into_iter().map(str::to_owned).collect();
        }
        warning
    };
    reasons.into_iter().map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_stack_makes_room_for_what_takes_its_place() {
        let added = || Added { types: BTreeMap::from([("AWS::EC2::VPC".to_owned(), 1)]), fargate_units: 256 };
        for status in ["CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED"] {
            assert_eq!(unless_left(Some(status), added()), Added::default(), "{status}");
        }
        for status in [None, Some("UPDATE_COMPLETE"), Some("ROLLBACK_COMPLETE")] {
            assert_eq!(unless_left(status, added()), added(), "{status:?}");
        }
    }

    #[test]
    fn what_is_refused_anyhow_asks_for_no_quotas() {
        let missing = Row::of(Check::missing("a secret", "put it"));
        assert!(Looked { rows: vec![missing], ..Looked::default() }.refuses());
        assert!(Looked { not_exported: vec!["Vpc".to_owned()], ..Looked::default() }.refuses());
        assert!(!Looked { rows: vec![Row::of(Check::warning("x", "y"))], ..Looked::default() }.refuses());
    }
}
