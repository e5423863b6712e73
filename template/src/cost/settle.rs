//! A stack as it would be deployed: parameters put in, conditions decided, loops unrolled, as far as that is known.

use std::collections::BTreeMap;

use super::Stack;
use super::prices::Region;
use crate::diff::known::{Known, is_of_ssm};
use crate::diff::unrolled;
use crate::document::{Parameter, Template};
use crate::node::{Function, Node};

/// A stack of which everything is put in that is known.
#[derive(Clone)]
pub(super) struct Settled {
    pub(super) name: String,
    pub(super) region: Region,
    /// Without the resources that will not exist.
    pub(super) template: Template,
    /// The resources of which nobody knows whether they will, by logical ID, and why.
    pub(super) uncertain: BTreeMap<String, String>,
    /// What more there may be.
    pub(super) notes: Vec<String>,
}

/// So many values are looked at to find why something is not known.
const MOST_STEPS: u32 = 1000;

impl Settled {
    pub(super) fn of(stack: &Stack<'_>) -> Settled {
        let whole = unrolled(stack.template, stack.parameters);
        let known = Known::new(&whole, values(&whole, stack));
        let mut template = (*whole).clone();
        let mut uncertain = BTreeMap::new();
        template.resources.retain(|id, resource| {
            let Some(condition) = &resource.condition else { return true };
            let holds = known.condition(condition);
            if holds.is_none() {
                let why = why(&whole, &Node::call(Function::Condition, condition.as_str()));
                uncertain.insert(id.clone(), format!("exists where `{condition}` holds; {why}"));
            }
            holds != Some(false)
        });
        for (id, resource) in &mut template.resources {
            if !uncertain.contains_key(id) {
                resource.condition = None;
            }
            resource.properties = known.entries(&resource.properties);
        }
        let notes = notes(&template);
        Settled { name: stack.name.to_owned(), region: stack.prices, template, uncertain, notes }
    }
}

/// What the parameters and pseudo parameters are.
fn values(template: &Template, stack: &Stack<'_>) -> BTreeMap<String, String> {
    let value = |(name, parameter): (&String, &Parameter)| {
        let default = || parameter.default.as_ref().and_then(Node::scalar_text).map(String::from);
        Some((name.clone(), stack.parameters.get(name).cloned().or_else(default)?))
    };
    let mut values: BTreeMap<String, String> = template.parameters.iter().filter_map(value).collect();
    let region = stack.region.unwrap_or_else(|| stack.prices.name());
    let pseudo = [("AWS::Region", region), ("AWS::Partition", "aws"), ("AWS::URLSuffix", "amazonaws.com")];
    values.extend(pseudo.map(|(name, value)| (name.to_owned(), value.to_owned())));
    values.insert("AWS::StackName".to_owned(), stack.name.to_owned());
    values
}

fn notes(template: &Template) -> Vec<String> {
    let mut notes = Vec::new();
    if template.has_macros() {
        notes.push("has macros: what they add is not known, and not in it".to_owned());
    }
    if template.has_loops() {
        notes.push("has loops over lists that are not known: what they make is not in it".to_owned());
    }
    notes
}

/// Why it is not known what this is.
pub(super) fn why(template: &Template, node: &Node) -> String {
    let found = cause(template, node, &mut { MOST_STEPS });
    found.unwrap_or_else(|| "it is only known once it is deployed".to_owned())
}

fn cause(template: &Template, node: &Node, steps: &mut u32) -> Option<String> {
    *steps = steps.checked_sub(1)?;
    match node {
        Node::Call(Function::Ref, name) => {
            let name = name.as_str()?;
            let parameter = template.parameters.get(name)?;
            Some(match parameter {
                _ if is_of_ssm(parameter) => {
                    format!("the parameter `{name}` is read from the Parameter Store")
                }
                _ => format!("the parameter `{name}` has no value"),
            })
        }
        Node::Call(Function::ImportValue | Function::GetStackOutput, _) => {
            Some("it comes from another stack".to_owned())
        }
        Node::Call(Function::Condition, name) => {
            cause(template, template.conditions.get(name.as_str()?)?, steps)
        }
        Node::Call(Function::If, argument) => {
            let items = argument.as_list()?;
            let condition = items.first().and_then(Node::as_str);
            let condition = condition.and_then(|name| template.conditions.get(name));
            let of_condition = condition.and_then(|condition| cause(template, condition, steps));
            of_condition.or_else(|| items.iter().find_map(|item| cause(template, item, steps)))
        }
        Node::Call(_, argument) => cause(template, argument, steps),
        Node::List(items) => items.iter().find_map(|item| cause(template, item, steps)),
        Node::Map(map) => map.values().find_map(|value| cause(template, value, steps)),
        _ => None,
    }
}
