//! What was found, as a value: the JSON of the command, from which its text is made.

use std::fmt::Write;

use cloud::{ResourceDrift, StackDrift};
use constructs::SynthesizedStack;
use serde::Serialize;
use template::drift::{Difference, Ground, Judged};
use template::{Node, Template};

use crate::printer::Printer;
use crate::templates;

/// A stack with the stacks nested in it, and what differs in them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Compared {
    pub(crate) name: String,
    pub(super) deployed: bool,
    /// Whether anything was changed that is not meant to be.
    drifted: bool,
    /// Whether everything was compared that can be.
    complete: bool,
    /// The stack, and those nested in it.
    #[serde(rename = "parts", skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<Part>,
    /// What puts the resources back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// One stack.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Part {
    pub(crate) name: String,
    stack_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// What differs, and what only seems to.
    pub(super) resources: Vec<Resource>,
    /// How many resources are as they should be.
    pub(super) in_sync: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unchecked: Vec<Unchecked>,
    /// What of the comparison failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// A resource that CloudFormation finds different.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resource {
    pub(crate) logical_id: String,
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_id: Option<String>,
    #[serde(flatten)]
    pub(crate) place: Place,
    pub(crate) deleted: bool,
    /// What was changed.
    pub(crate) differences: Vec<Different>,
    /// What is not drift, each with its reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) left_out: Vec<Different>,
}

/// Where a resource comes from, if it is the project's.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) construct: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<String>,
}

/// A property with two values; the one that is not there is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Different {
    pub(crate) property: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<Node>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actual: Option<Node>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

/// A resource that was not compared.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unchecked {
    pub(crate) logical_id: String,
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    /// None if CloudFormation does not support the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl Resource {
    /// Whether something of it was changed by hand.
    pub(crate) fn is_drifted(&self) -> bool {
        // A resource of which nothing is told but that it differs, differs.
        self.deleted || !self.differences.is_empty() || self.left_out.is_empty()
    }
}

impl Part {
    fn of(found: &StackDrift, stack: Option<&SynthesizedStack>, printer: &mut Printer) -> Part {
        let mut notes = found.notes.clone();
        let template = read(found, &mut notes);
        let ground = Ground::new(&template, &found.physical_ids);
        let resources = found.drifted.iter().map(|resource| {
            let judged = ground.judge(&drifted(resource));
            printer.conceal(judged.iter().flat_map(|judged| judged.secrets.clone()));
            let (left_out, differences): (Vec<Judged>, Vec<Judged>) =
                judged.into_iter().partition(|judged| judged.left_out.is_some());
            Resource {
                logical_id: resource.logical_id.clone(),
                type_name: resource.resource_type.clone(),
                physical_id: resource.physical_id.clone(),
                place: place(&resource.logical_id, stack),
                deleted: resource.deleted,
                differences: differences.into_iter().map(different).collect(),
                left_out: left_out.into_iter().map(different).collect(),
            }
        });
        let unchecked = found.unchecked.iter().map(|one| Unchecked {
            logical_id: one.logical_id.clone(),
            type_name: one.resource_type.clone(),
            reason: one.reason.clone(),
        });
        Part {
            resources: resources.collect(),
            unchecked: unchecked.collect(),
            name: found.name.clone(),
            stack_id: found.stack_id.clone(),
            parent: found.parent.clone(),
            in_sync: found.in_sync,
            failure: found.failure.clone(),
            notes,
        }
    }

    pub(crate) fn drifted(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter().filter(|resource| resource.is_drifted())
    }

    /// What is left out, of all resources.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = &Different> {
        self.resources.iter().flat_map(|resource| &resource.left_out)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.failure.is_none() && self.unchecked.iter().all(|one| one.reason.is_none())
    }
}

impl Compared {
    /// What was found of the stack called `name`; nothing if there is no such stack.
    pub(super) fn of(
        name: &str,
        region: &str,
        found: Option<Vec<StackDrift>>,
        stack: Option<&SynthesizedStack>,
        printer: &mut Printer,
    ) -> Compared {
        let deployed = found.is_some();
        let found = found.unwrap_or_default();
        // A nested stack has constructs of its own, which the project does not know.
        let own = |part: &StackDrift| stack.filter(|_| part.parent.is_none());
        let parts: Vec<Part> = found.iter().map(|part| Part::of(part, own(part), printer)).collect();
        let drifted = parts.iter().any(|part| part.drifted().next().is_some());
        let root = found.first().filter(|_| drifted);
        Compared {
            name: found.first().map_or_else(|| cloud::stack_name(name).to_owned(), |root| root.name.clone()),
            deployed,
            drifted,
            complete: parts.iter().all(Part::is_complete),
            next: root.map(|root| put_back(root, found.len() > 1, region)),
            parts,
        }
    }

    /// Whether anything was changed that is not meant to be.
    pub(crate) fn is_drifted(&self) -> bool {
        self.drifted
    }

    /// Whether something could not be compared that CloudFormation can compare.
    pub(crate) fn is_incomplete(&self) -> bool {
        !self.complete
    }

    /// Whether putting resources back may undo what a deployment of ECS shifted.
    pub(super) fn is_shifted(&self) -> bool {
        self.parts.iter().flat_map(Part::left_out).any(|one| one.reason == Some("shifted-by-ecs"))
    }

    /// What could not be read.
    pub(super) fn notes(&self) -> impl Iterator<Item = &String> {
        self.parts.iter().flat_map(|part| &part.notes)
    }
}

/// The deployed template. Without it nothing can be left out but what is the same in another form.
fn read(found: &StackDrift, notes: &mut Vec<String>) -> Template {
    let Some(text) = &found.template else { return Template::default() };
    if let Ok(document) = templates::parse(text, &format!("the deployed {}", found.name)) {
        return document.template;
    }
    notes.push(format!("the template of {} cannot be understood, so nothing is left out", found.name));
    Template::default()
}

fn drifted(resource: &ResourceDrift) -> template::drift::Drifted {
    let differences = resource
        .differences
        .iter()
        .map(|one| Difference::new(&one.path, one.expected.as_deref(), one.actual.as_deref()));
    template::drift::Drifted::new(&resource.logical_id, &resource.resource_type, differences.collect())
        .with_properties(resource.expected.as_deref(), resource.actual.as_deref())
}

fn different(judged: Judged) -> Different {
    Different {
        property: judged.place,
        expected: judged.expected,
        actual: judged.actual,
        reason: judged.left_out.map(template::drift::Reason::code),
        why: judged.left_out.map(|reason| reason.to_string()),
    }
}

fn place(id: &str, stack: Option<&SynthesizedStack>) -> Place {
    let origin = stack.and_then(|stack| Some((stack, stack.origins.get(id)?)));
    Place {
        construct: origin.map(|(stack, origin)| format!("{}/{}", stack.name, origin.path)),
        location: origin.map(|(_, origin)| origin.location.to_string()),
    }
}

/// The command that makes a change set which puts the resources back; a deployment compares templates only.
///
/// Source: [drift-aware change sets][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
fn put_back(root: &StackDrift, nested: bool, region: &str) -> String {
    let template = read(root, &mut Vec::new());
    let mut command = format!(
        "aws cloudformation create-change-set --region {region} --stack-name {} --change-set-name put-back \
         --use-previous-template --deployment-mode REVERT_DRIFT",
        root.name
    );
    if nested {
        command += " --include-nested-stacks";
    }
    if !root.parameters.is_empty() {
        command += " --parameters";
        for name in &root.parameters {
            let _ = write!(command, " ParameterKey={name},UsePreviousValue=true");
        }
    }
    let capabilities = template.capabilities();
    if !capabilities.is_empty() {
        command += " --capabilities";
        for capability in capabilities {
            let _ = write!(command, " {}", capability.name());
        }
    }
    command
}
