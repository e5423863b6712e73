//! The stacks as they are deployed, and everything that would be in the way of deleting them.

use std::collections::BTreeMap;

use cloud::{Connection, Hold, Kind, StackDescription, StackResource};
use template::{Fate, Template};

use super::Target;
use super::picture::{Doomed, fates};
use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, suggestion};
use crate::session::Session;

const NESTED: &str = "AWS::CloudFormation::Stack";

/// A target as it is deployed.
pub(super) struct Looked {
    pub(super) target: Target,
    pub(super) connection: Connection,
    /// `None` if there is no such stack, or if it is deleted already.
    pub(super) stack: Option<StackDescription>,
    /// Logical ids to leave in the account.
    pub(super) retain: Vec<String>,
    /// What it is made of, with the stacks nested in it.
    parts: Vec<Part>,
}

/// One stack of a target: itself, or one that is nested in it.
struct Part {
    stack: StackDescription,
    resources: Vec<StackResource>,
    template: Option<Template>,
}

impl Looked {
    /// Looks at the target, and at what it is made of if it is going to be deleted.
    pub(super) fn at(target: Target, aws: &mut Aws, session: &mut Session<'_>) -> Result<Looked> {
        let connection =
            aws.connection(target.region.as_deref(), target.account.as_deref(), &mut session.printer)?;
        let stack = aws.look(cloud::describe(&connection, &target.name))?;
        // An ARN leads to a stack that is gone, too.
        let stack = stack.filter(|stack| stack.status != "DELETE_COMPLETE");
        let mut looked = Looked { target, connection, stack, retain: Vec::new(), parts: Vec::new() };
        let Some(stack) = looked.stack.clone().filter(|_| looked.begins()) else { return Ok(looked) };
        let mut waiting = vec![stack];
        while let Some(stack) = waiting.pop() {
            let part = part(stack, &looked.connection, aws, session)?;
            let nested = part.resources.iter().filter(|resource| resource.resource_type == NESTED);
            let ids: Vec<String> = nested.filter_map(|resource| resource.physical_id.clone()).collect();
            looked.parts.push(part);
            for id in ids {
                waiting.extend(aws.look(cloud::describe(&looked.connection, &id))?);
            }
        }
        Ok(looked)
    }

    /// Whether a deletion is to be started: not for what is gone or going already.
    pub(super) fn begins(&self) -> bool {
        self.stack.as_ref().is_some_and(|stack| stack.status != "DELETE_IN_PROGRESS")
    }

    /// What becomes of its resources, and of those of the stacks nested in it.
    pub(super) fn doomed(&self) -> Vec<Doomed> {
        let own = self.parts.first();
        let mut all = Vec::new();
        let mut kept: Vec<String> = Vec::new();
        for part in &self.parts {
            let ours = own.is_some_and(|own| own.stack.stack_id == part.stack.stack_id);
            // What is nested in a stack that stays, stays.
            let stays = kept.contains(&part.stack.stack_id);
            let mut doomed =
                fates(part.resources.clone(), part.template.as_ref(), if ours { &self.retain } else { &[] });
            for one in &mut doomed {
                if stays {
                    one.fate = Fate::Retained;
                }
                if one.fate == Fate::Retained && one.resource.resource_type == NESTED {
                    kept.extend(one.resource.physical_id.clone());
                }
            }
            all.extend(doomed);
        }
        all
    }
}

/// What a stack is made of. What we may not read is said, and taken for deleted.
fn part(
    stack: StackDescription,
    connection: &Connection,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<Part> {
    let resources = aws.unless_interrupted(cloud::resources_of(connection, &stack.stack_id))?;
    let resources = or_note(resources, Vec::new(), &stack.name, session)?;
    let text = aws.unless_interrupted(cloud::processed_template(connection, &stack.stack_id))?;
    let text = or_note(text, None, &stack.name, session)?;
    let template = text.and_then(|text| Template::parse(&text, &stack.name).ok());
    Ok(Part { stack, resources, template: template.map(|document| document.template) })
}

/// A permission that is missing to look stops nothing.
fn or_note<T>(
    answer: std::result::Result<T, cloud::CloudError>,
    otherwise: T,
    name: &str,
    session: &mut Session<'_>,
) -> Result<T> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(error) if error.kind() == Kind::Credentials => {
            session.printer.status(&format!("note: what {name} is made of cannot be shown: {error}"));
            Ok(otherwise)
        }
        Err(error) => Err(aws::failure(&error)),
    }
}

/// Gives each id to the stack that it is a resource of; only a stack whose deletion failed lets resources be retained.
pub(super) fn hand_out(retain: &[String], looked: &mut [Looked]) -> Result<()> {
    if retain.is_empty() {
        return Ok(());
    }
    let failed = |one: &Looked| one.stack.as_ref().is_some_and(|stack| stack.status == "DELETE_FAILED");
    if !looked.iter().any(failed) {
        let states = looked.iter().map(|one| {
            let status = one.stack.as_ref().map_or("not there", |stack| &stack.status);
            format!("{} is {status}", one.target.name)
        });
        let states: Vec<_> = states.collect();
        let message =
            format!("resources can be retained only after a deletion has failed, and {}", states.join(", "));
        let problem = Problem::error("destroy/retain", message);
        return Err(problem.hint("leave `--retain` out; nothing was deleted").into());
    }
    let mut problems = Vec::new();
    for id in retain {
        let mut known = Vec::new();
        let mut found = false;
        for one in looked.iter_mut().filter(|one| failed(one)) {
            let resources = one.parts.first().map(|part| part.resources.as_slice()).unwrap_or_default();
            if resources.is_empty() || resources.iter().any(|resource| resource.logical_id == *id) {
                found = true;
                one.retain.push(id.clone());
            }
            let part = one.parts.first();
            known.extend(
                part.into_iter().flat_map(|part| &part.resources).map(|known| known.logical_id.clone()),
            );
        }
        if !found {
            let message = format!("no resource that could not be deleted is named `{id}`");
            let hint = suggestion(id, known.iter().map(String::as_str));
            problems.push(Problem::error("destroy/retain", message).maybe_hint(hint));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::new(Exit::Refused, problems)) }
}

/// Refuses with everything that is in the way of any of the stacks, before the first of them is touched.
pub(super) fn refuse_obstacles(looked: &[Looked], aws: &Aws, session: &mut Session<'_>) -> Result<()> {
    let mut problems = Vec::new();
    let mut only_states = true;
    // What is deleted before, by account and region: a name is unique only there.
    let mut gone: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for one in looked.iter().filter(|one| one.stack.is_some()) {
        let identity = one.connection.identity();
        let gone = gone.entry((&identity.account, &identity.region)).or_default();
        gone.extend(one.parts.iter().map(|part| part.stack.name.clone()));
        gone.extend(one.stack.iter().map(|stack| stack.name.clone()));
        if !one.begins() {
            continue;
        }
        let (blockers, notes) = obstacles(one, gone, aws)?;
        for note in notes {
            session.printer.status(&format!("note: {note}"));
        }
        for blocker in blockers {
            only_states &= blocker.hold == Hold::State;
            let mut problem =
                Problem::error(code(blocker.hold), blocker.to_string()).maybe_hint(blocker.remedy);
            if blocker.resource_type != NESTED {
                problem.at.push(place(one, &blocker.logical_id));
            }
            problems.push(problem);
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    let exit = if only_states { Exit::Blocked } else { Exit::Refused };
    let next = "remove what is in the way, then run the same command again; nothing was deleted";
    Err(Failure { next: Some(next.to_owned()), ..Failure::new(exit, problems) })
}

/// What is in the way of one stack, and what could not be looked at.
fn obstacles(one: &Looked, gone: &[String], aws: &Aws) -> Result<(Vec<cloud::Blocker>, Vec<String>)> {
    let mut blockers: Vec<cloud::Blocker> = one.stack.iter().filter_map(cloud::obstacle_of_stack).collect();
    let mut notes = Vec::new();
    for part in &one.parts {
        let found =
            aws.unless_interrupted(cloud::obstacles_of_exports(&one.connection, &part.stack, gone))?;
        blockers.extend(found.blockers);
        notes.extend(found.notes);
    }
    let doomed = one.doomed();
    let deleted = doomed.iter().filter(|one| one.fate != Fate::Retained && !one.empties_itself);
    let resources: Vec<StackResource> = deleted.map(|one| one.resource.clone()).collect();
    let found = aws.unless_interrupted(cloud::obstacles_to_deletion(&one.connection, &resources))?;
    notes.extend(found.notes);
    for blocker in found.blockers {
        let emptied_by = doomed
            .iter()
            .find(|one| one.resource.physical_id == blocker.physical_id)
            .and_then(|one| one.emptied_by.as_ref())
            .filter(|_| blocker.hold == Hold::NotEmpty);
        match emptied_by {
            Some(custom) => notes.push(format!("{blocker}; {custom}, which refers to it, may empty it")),
            None => blockers.push(blocker),
        }
    }
    Ok((blockers, notes))
}

/// Where the user wrote the resource, or the stack that it is in.
fn place(one: &Looked, logical_id: &str) -> String {
    let origin = one.target.synthesized.as_ref().and_then(|stack| stack.origins.get(logical_id));
    match origin {
        Some(origin) => format!("{}/{} ({})", one.target.name, origin.path, origin.location),
        None => one.target.name.clone(),
    }
}

const fn code(hold: Hold) -> &'static str {
    match hold {
        Hold::Protected => "destroy/protected",
        Hold::NotEmpty => "destroy/not-empty",
        Hold::Imported => "destroy/export-in-use",
        Hold::State => "destroy/state",
        _ => "destroy/obstacle",
    }
}
