//! What is deployed, read as a whole: a stack that changes meanwhile is none that could be kept.

use std::collections::BTreeMap;

use cloud::{CloudError, DeployedStack, StackDescription};
use template::requirements::{self, Known};
use template::{Fate, Template, stateful};

use super::form::{Output, Parameter, StackRecord, Stateful, VERSION, in_order};
use super::images;
use super::nested::{self, Nested};
use crate::aws::{self, Aws};
use crate::commands::estate::Place;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// A stack with all that is kept of it.
pub(super) struct Taken {
    pub(super) record: StackRecord,
    /// As CloudFormation gave it.
    pub(super) template: String,
    pub(super) nested: Vec<Nested>,
    pub(super) policy: Option<String>,
    /// Where the template has what may be a credential in plain text.
    pub(super) exposed: Vec<String>,
    /// The names of the stacks that the project says come before it.
    after: Vec<String>,
}

/// Reads all stacks, side by side; each as a whole, or all that is in the way.
pub(super) fn look(places: &[Place], aws: &Aws, session: &mut Session<'_>) -> Result<Vec<Taken>> {
    refuse_unsteady(places)?;
    let answers = aws.unless_interrupted(aws::together(places.iter().map(one)))?;
    let (mut taken, mut failures) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer {
            Ok(one) => taken.push(one),
            Err(failure) => failures.push(failure),
        }
    }
    if let Some(failure) = Failure::all(failures) {
        return Err(failure);
    }
    for one in &taken {
        for unknown in &one.record.unknown {
            let message = format!("not all of {} is known: {unknown}", one.record.name);
            session.printer.problem(&Problem::warning("backup/unknown", message));
        }
        for place in &one.exposed {
            let message =
                format!("the template of {} has what may be a credential in plain text", one.record.name);
            let hint = "the backup has it too; keep it to yourself, and move the value to Secrets Manager";
            session.printer.problem(&Problem::warning("backup/exposed", message).at(place).hint(hint));
        }
    }
    let depends: Vec<Vec<String>> = taken.iter().map(|one| depends_on(one, &taken)).collect();
    for (one, depends_on) in taken.iter_mut().zip(depends) {
        one.record.depends_on = depends_on;
    }
    Ok(in_order(taken, |one| &one.record))
}

/// While a stack is changed, nobody knows which of two templates is the one that counts.
fn refuse_unsteady(places: &[Place]) -> Result<()> {
    let mut failures = Vec::new();
    for place in places {
        let StackDescription { name, status, .. } = &place.inventory.stack;
        // What an update has replaced is deleted then; the update itself is done.
        if status.ends_with("_IN_PROGRESS") && status != "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" {
            let message = format!("{name} is being changed ({status}); there is no backup of half a change");
            let problem = Problem::error("backup/busy", message);
            let next = Some(format!("docuthinker watch {name}"));
            failures.push(Failure { next, ..Failure::new(Exit::Blocked, vec![problem]) });
        } else if aws::is_empty(&place.inventory.stack) {
            let message = format!("{name} is {status}: nothing of it exists that could be kept");
            let problem = Problem::error("backup/empty", message);
            let next = Some(format!("docuthinker diagnose {name}"));
            failures.push(Failure { next, ..Failure::new(Exit::Blocked, vec![problem]) });
        }
    }
    Failure::all(failures).map_or(Ok(()), Err)
}

async fn one(place: &Place) -> Result<Taken> {
    let (connection, before) = (&place.connection, &place.inventory.stack);
    let failed = |error: &CloudError| aws::located(error, place.stack.synthesized.as_ref());
    let (stack, nested, policy, images) = tokio::join!(
        cloud::deployed_stack(connection, &before.stack_id),
        nested::of(connection, &place.inventory),
        cloud::stack_policy(connection, &before.stack_id),
        images::of(place),
    );
    let stack = stack.map_err(|error| failed(&error))?;
    let nested = nested.map_err(|error| failed(&error))?;
    let images = images.map_err(|error| failed(&error))?;
    let after = cloud::describe(connection, &before.stack_id).await.map_err(|error| failed(&error))?;
    let same = |now: &StackDescription| (&now.status, now.updated) == (&before.status, before.updated);
    let Some(stack) = stack.filter(|_| after.as_ref().is_some_and(same)) else {
        return Err(moved(&before.name));
    };
    let mut unknown = Vec::new();
    let policy = policy.unwrap_or_else(|error| {
        unknown.push(format!("its stack policy ({})", error.report().what));
        None
    });
    let gone = nested.iter().filter(|nested| nested.template.is_none());
    unknown.extend(gone.map(|nested| format!("the template of its nested stack {}", nested.path)));
    let Some(text) = stack.template.clone() else { return Err(moved(&before.name)) };
    let template = Template::parse(&text, &before.name).ok().map(|document| document.template);
    if template.is_none() {
        unknown.push("what holds data and what it imports, since its template cannot be read".to_owned());
    }
    let record = record(place, &stack, template.as_ref());
    let mut exposed = template.as_ref().map(exposed).unwrap_or_default();
    exposed.extend(nested.iter().flat_map(exposed_below));
    let after = place.stack.synthesized.as_ref().map(|one| one.depends_on.clone()).unwrap_or_default();
    let record = StackRecord { images, unknown, ..record };
    Ok(Taken { record, template: text, nested, policy, exposed, after })
}

fn moved(name: &str) -> Failure {
    let message = format!("{name} was changed while it was read; no backup was made");
    let problem = Problem::error("backup/moved", message).hint("run the same command again");
    Failure::new(Exit::Blocked, vec![problem])
}

fn record(place: &Place, stack: &DeployedStack, template: Option<&Template>) -> StackRecord {
    let (described, who) = (&stack.description, place.connection.identity());
    let output = |one: &cloud::Output| Output {
        key: one.key.clone(),
        value: one.value.clone(),
        export: one.export.clone(),
    };
    let parameters = parameters(stack, template);
    let imports = template.map(|template| imports(place, template, &parameters)).unwrap_or_default();
    StackRecord {
        version: VERSION,
        name: described.name.clone(),
        id: described.stack_id.clone(),
        region: who.region.clone(),
        account: who.account.clone(),
        status: described.status.clone(),
        changed: described.updated.or(described.created).map(|time| time.to_string()),
        termination_protection: described.termination_protection,
        parameters,
        tags: stack.tags.clone(),
        capabilities: stack.capabilities.clone(),
        role: stack.role.clone(),
        outputs: described.outputs.iter().map(output).collect(),
        imports,
        depends_on: Vec::new(),
        images: Vec::new(),
        stateful: template.map(|template| stateful_of(place, template)).unwrap_or_default(),
        unknown: Vec::new(),
    }
}

/// The parameters; the value of one that is `NoEcho` is left out, whatever AWS or a stand-in tells.
fn parameters(stack: &DeployedStack, template: Option<&Template>) -> Vec<Parameter> {
    let one = |(name, value): (&String, &String)| {
        let masked = value.len() >= 4 && value.bytes().all(|byte| byte == b'*');
        let declared = template
            .is_some_and(|template| template.parameters.get(name).is_some_and(|parameter| parameter.no_echo));
        let no_echo = masked || declared;
        Parameter { name: name.clone(), value: (!no_echo).then(|| value.clone()), no_echo }
    };
    stack.parameters.iter().map(one).collect()
}

fn imports(place: &Place, template: &Template, parameters: &[Parameter]) -> Vec<String> {
    let who = place.connection.identity();
    let value = |one: &Parameter| Some((one.name.clone(), one.value.clone()?));
    let parameters: BTreeMap<String, String> = parameters.iter().filter_map(value).collect();
    let known = Known {
        region: &who.region,
        account: &who.account,
        stack: &place.inventory.stack.name,
        parameters: &parameters,
        ..Known::default()
    };
    requirements::imports(template, &known).into_iter().collect()
}

fn stateful_of(place: &Place, template: &Template) -> Vec<Stateful> {
    let one = |resource: &cloud::StackResource| {
        let declared = template.resources.get(&resource.logical_id);
        let holds = stateful::holds(&resource.resource_type, declared)?;
        let fate = declared.map(|declared| stateful::in_truth(stateful::when_removed(declared), declared));
        Some(Stateful {
            logical_id: resource.logical_id.clone(),
            type_name: resource.resource_type.clone(),
            physical_id: resource.physical_id.clone(),
            holds: holds.to_owned(),
            when_deleted: fate.unwrap_or(Fate::Unknown),
        })
    };
    place.inventory.resources.iter().filter_map(one).collect()
}

/// The same of a nested stack, with the way to it.
fn exposed_below(nested: &Nested) -> Vec<String> {
    let text = nested.template.as_deref().unwrap_or_default();
    let document = Template::parse(text, &nested.path);
    let places = document.map(|document| exposed(&document.template)).unwrap_or_default();
    places.into_iter().map(|place| format!("{}: {place}", nested.path)).collect()
}

/// Where the template has what may be a credential; the default of a parameter that is `NoEcho` counts too.
fn exposed(template: &Template) -> Vec<String> {
    let default = |path: &template::Path| {
        let text = path.to_string();
        let of = text.strip_prefix("Parameters.")?.strip_suffix(".Default")?.to_owned();
        Some(template.parameters.get(&of)?.default.is_some())
    };
    let paths = template::check::secret_paths(template);
    let paths = paths.iter().filter(|path| default(path).unwrap_or(true));
    let all: std::collections::BTreeSet<String> = paths.map(ToString::to_string).collect();
    all.into_iter().collect()
}

/// The stacks among these that must be deployed before this one: those whose exports it imports, and those that the project
/// puts before it.
fn depends_on(of: &Taken, all: &[Taken]) -> Vec<String> {
    let here = |other: &&Taken| {
        (&other.record.account, &other.record.region) == (&of.record.account, &of.record.region)
            && other.record.name != of.record.name
    };
    let exports = |other: &Taken| {
        let mut names = other.record.outputs.iter().filter_map(|output| output.export.as_ref());
        names.any(|name| of.record.imports.contains(name))
    };
    let said = |other: &Taken| of.after.contains(&other.record.name);
    let before = all.iter().filter(here).filter(|other| exports(other));
    let said = all.iter().filter(|other| said(other) && other.record.name != of.record.name);
    let names: std::collections::BTreeSet<String> =
        before.chain(said).map(|other| other.record.name.clone()).collect();
    names.into_iter().collect()
}
