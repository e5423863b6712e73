//! What the templates do not show: what a macro, a loop over an unknown list or a stack of its own makes of a change.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Action, Change, ResourceChange};
use crate::document::{Resource, Template};
use crate::loops::is_loop;
use crate::node::{Function, Node};
use crate::path::Step;

/// A change of which only AWS knows what comes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unseen {
    /// The logical IDs of the resources, if it is about some; none if it is about all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// What is not shown, in words after "does not tell": `what changes inside of …`.
    pub what: String,
    /// Whether more may be allowed than before.
    pub may_broaden: bool,
    /// Whether something may be removed or replaced.
    pub may_remove: bool,
}

/// All of it: first what concerns the whole template.
pub(super) fn unseen(
    old: &Template,
    new: &Template,
    resources: &[ResourceChange],
    sections: &[Change],
) -> Vec<Unseen> {
    let alive: Vec<&ResourceChange> = resources.iter().filter(|change| !change.dormant).collect();
    let both = Both { old, new };
    let mut all = both.whole(&alive, sections);
    all.extend(Both::loops(sections));
    all.extend(Both::some(&alive, "what the macros make of", |change| both.is_for_macro(change)));
    let is_stack = |change: &ResourceChange| is_stack(&change.type_name);
    all.extend(Both::some(&alive, "what changes inside of", |change| {
        is_stack(change) && change.action == Action::Changed && says_more(change)
    }));
    let inside =
        Both::some(&alive, "what is inside of", |change| is_stack(change) && change.action == Action::Added);
    // What comes takes nothing from anybody.
    all.extend(inside.map(|one| Unseen { may_remove: false, ..one }));
    all
}

/// Whether a resource of this type holds resources that its template does not show.
fn is_stack(type_name: &str) -> bool {
    ["AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet"].contains(&type_name)
        || type_name.ends_with("::MODULE")
}

/// Whether the stack in it gets another template or other parameters.
fn says_more(change: &ResourceChange) -> bool {
    const PROPERTIES: [&str; 3] = ["Parameters", "TemplateBody", "TemplateURL"];
    let module = change.type_name.ends_with("::MODULE");
    let own = change.changes.iter().map(|change| &change.path);
    let carried = change.carried.iter().filter(|carried| carried.certain).map(|carried| &carried.path);
    own.chain(carried).any(|path| {
        let mut steps = path.steps().skip(2);
        match (steps.next(), steps.next()) {
            (Some(Step::Key("Properties")), Some(Step::Key(property))) => {
                module || PROPERTIES.contains(&property)
            }
            _ => false,
        }
    })
}

/// Both templates.
struct Both<'t> {
    old: &'t Template,
    new: &'t Template,
}

/// What a macro works on.
enum Works {
    /// Resources whose types begin so.
    On(&'static str),
    /// Nothing that other parts of the comparison do not show.
    OnNothing,
    OnEverything,
}

/// What a macro for the whole template works on. Of those of AWS it is documented.
fn works(transform: &Node) -> Works {
    match transform.as_str() {
        Some("AWS::LanguageExtensions" | "AWS::CodeDeployBlueGreen") => Works::OnNothing,
        Some(name) if name.starts_with("AWS::Serverless-") => Works::On("AWS::Serverless::"),
        Some(name) if name.starts_with("AWS::SecretsManager-") => {
            Works::On("AWS::SecretsManager::RotationSchedule")
        }
        // What it brings is as the place says that it names.
        None if is_include(transform) => Works::OnNothing,
        _ => Works::OnEverything,
    }
}

fn is_include(transform: &Node) -> bool {
    let name = transform.as_map().and_then(|map| map.get("Name"));
    name.and_then(Node::as_str) == Some("AWS::Include")
}

impl Both<'_> {
    fn transforms(&self) -> impl Iterator<Item = &Node> {
        self.old.transform.iter().chain(&self.new.transform)
    }

    /// What macros for the whole template make of it.
    fn whole(&self, resources: &[&ResourceChange], sections: &[Change]) -> Vec<Unseen> {
        let makes = |template: &Template| -> Vec<Node> {
            let all = template.transform.iter();
            let makes = all.filter(|node| is_include(node) || !matches!(works(node), Works::OnNothing));
            makes.cloned().collect()
        };
        let others = makes(self.old) != makes(self.new);
        let any = !resources.is_empty() || !sections.is_empty();
        let everything = any && self.transforms().any(|node| matches!(works(node), Works::OnEverything));
        // `Globals` and the like are for all that the macro makes.
        let sections = sections.iter().any(|change| match change.path.steps().next() {
            Some(Step::Key(name)) => self.old.other.contains_key(name) || self.new.other.contains_key(name),
            _ => false,
        });
        let what = if others {
            "what other macros make of the template"
        } else if everything || sections {
            "what the macros make of the changes"
        } else {
            return Vec::new();
        };
        vec![Unseen { ids: Vec::new(), what: what.to_owned(), may_broaden: true, may_remove: true }]
    }

    /// What loops over lists make that only AWS knows.
    fn loops(sections: &[Change]) -> Option<Unseen> {
        let name = |change: &Change| {
            let mut steps = change.path.steps();
            match (steps.next(), steps.next()) {
                (Some(Step::Key("Resources" | "Conditions")), Some(Step::Key(name)))
                    if is_loop(name) || name == "Fn::Transform" =>
                {
                    Some(name.to_owned())
                }
                _ => None,
            }
        };
        let names: BTreeSet<String> = sections.iter().filter_map(name).collect();
        let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| Unseen {
            ids: Vec::new(),
            what: format!("what {} makes", names.join(" and ")),
            may_broaden: true,
            may_remove: true,
        })
    }

    /// Whether a macro makes something of what changes in a resource.
    fn is_for_macro(&self, change: &ResourceChange) -> bool {
        let on = self.transforms().any(|node| match works(node) {
            Works::On(start) => change.type_name.starts_with(start),
            _ => false,
        });
        on || self.has_macro(change)
    }

    /// Whether a macro within it makes something of what is around it, or another is called.
    fn has_macro(&self, change: &ResourceChange) -> bool {
        if change.changes.is_empty() {
            return false;
        }
        let macros = |template: &'_ Template| -> Vec<Node> {
            let resource = template.resources.get(&change.id);
            resource.map(macros).unwrap_or_default().into_iter().cloned().collect()
        };
        let (before, after) = (macros(self.old), macros(self.new));
        before != after || after.iter().any(|node| !is_include(node))
    }

    /// One for all resources that are meant, if there are any.
    fn some(
        resources: &[&ResourceChange],
        what: &str,
        is_meant: impl Fn(&ResourceChange) -> bool,
    ) -> Option<Unseen> {
        const MOST: usize = 4;
        let meant = resources.iter().filter(|change| is_meant(change));
        let ids: Vec<String> = meant.map(|change| change.id.clone()).collect();
        let mut names: Vec<String> = ids.iter().take(MOST).map(|id| format!("`{id}`")).collect();
        names.extend((ids.len() > MOST).then(|| format!("{} more", ids.len() - MOST)));
        let what = format!("{what} {}", names.join(", "));
        (!ids.is_empty()).then_some(Unseen { ids, what, may_broaden: true, may_remove: true })
    }
}

/// The macros that work within it.
fn macros(resource: &Resource) -> Vec<&Node> {
    fn find<'n>(node: &'n Node, found: &mut Vec<&'n Node>) {
        match node {
            Node::Call(Function::Transform, argument) => found.push(argument),
            Node::Call(_, argument) => find(argument, found),
            Node::List(items) => items.iter().for_each(|item| find(item, found)),
            Node::Map(map) => map.iter().for_each(|(key, node)| entry(key, node, found)),
            _ => {}
        }
    }
    fn entry<'n>(key: &str, node: &'n Node, found: &mut Vec<&'n Node>) {
        if key == "Fn::Transform" { found.push(node) } else { find(node, found) }
    }
    let mut found = Vec::new();
    resource.properties.iter().for_each(|(key, node)| entry(key, node, &mut found));
    found
}
