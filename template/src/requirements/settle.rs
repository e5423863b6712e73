//! A template with everything put in that is known before it is deployed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::Known;
use crate::document::{Parameter, Resource, Template};
use crate::graph::{SubPart, sub_parts};
use crate::node::{Function, Map, Node};

/// The template as this deployment has it: parameters, imports and pseudo parameters are put in where they are known,
/// and of what depends on a condition only what will exist is left. What is not known stays as it is written.
pub(super) fn settled(template: &Template, known: &Known<'_>) -> Template {
    let settle = Settle { template, known, conditions: RefCell::default() };
    let mut settled = template.clone();
    for (name, parameter) in &mut settled.parameters {
        parameter.default = settle.parameter(name, parameter).map(Node::String);
    }
    settled.resources.retain(|_, resource| settle.exists(resource) != Some(false));
    for resource in settled.resources.values_mut() {
        if settle.exists(resource) == Some(true) {
            resource.condition = None;
        }
        resource.properties = settle.map(&resource.properties);
    }
    settled
}

struct Settle<'a> {
    template: &'a Template,
    known: &'a Known<'a>,
    /// What came of conditions so far; one that is being looked at is not known, so that a circle ends.
    conditions: RefCell<BTreeMap<&'a str, Option<bool>>>,
}

impl Settle<'_> {
    fn exists(&self, resource: &Resource) -> Option<bool> {
        match &resource.condition {
            Some(name) => self.condition(name),
            None => Some(true),
        }
    }

    fn condition(&self, name: &str) -> Option<bool> {
        let (name, node) = self.template.conditions.get_key_value(name)?;
        if let Some(before) = self.conditions.borrow().get(name.as_str()) {
            return *before;
        }
        self.conditions.borrow_mut().insert(name, None);
        let holds = self.holds(node);
        self.conditions.borrow_mut().insert(name, holds);
        holds
    }

    /// Whether a condition's expression holds, if that is known.
    fn holds(&self, node: &Node) -> Option<bool> {
        let Node::Call(function, argument) = node else { return None };
        let items = argument.as_list().unwrap_or_default();
        match (function, &**argument, items) {
            (Function::Condition, Node::String(name), _) => self.condition(name),
            (Function::Not, _, [one]) => self.holds(one).map(|holds| !holds),
            (Function::Equals, _, [one, other]) => Some(self.text(one)? == self.text(other)?),
            (Function::And, _, all) => self.every(all, true),
            (Function::Or, _, all) => self.every(all, false).map(|none| !none),
            _ => None,
        }
    }

    /// Whether all operands hold, or none does; one that is otherwise is enough to know that it is not so.
    fn every(&self, operands: &[Node], holds: bool) -> Option<bool> {
        let all: Vec<Option<bool>> = operands.iter().map(|one| self.holds(one)).collect();
        if all.contains(&Some(!holds)) {
            return Some(false);
        }
        all.iter().all(Option::is_some).then_some(true)
    }

    /// The text that a parameter has in this deployment. A secret one is never looked at.
    fn parameter(&self, name: &str, parameter: &Parameter) -> Option<String> {
        if parameter.no_echo || parameter.type_name.starts_with("AWS::SSM::Parameter::") {
            return None;
        }
        if let Some(given) = self.known.parameters.get(name) {
            return Some(given.clone());
        }
        // CloudFormation keeps the value that the stack has, whatever the default has become.
        if self.known.kept.iter().any(|kept| kept == name) {
            return None;
        }
        parameter.default.as_ref()?.scalar_text().map(Into::into)
    }

    /// The text of a `Ref`: of a parameter or of a pseudo parameter.
    fn reference(&self, name: &str) -> Option<String> {
        if let Some(parameter) = self.template.parameters.get(name) {
            let list =
                parameter.type_name.starts_with("List<") || parameter.type_name == "CommaDelimitedList";
            return self.parameter(name, parameter).filter(|_| !list);
        }
        let known = match name {
            "AWS::Region" => self.known.region,
            "AWS::AccountId" => self.known.account,
            "AWS::StackName" => self.known.stack,
            "AWS::Partition" => super::partition(self.known.region),
            "AWS::URLSuffix" => super::url_suffix(self.known.region),
            _ => return None,
        };
        Some(known.to_owned())
    }

    fn text(&self, node: &Node) -> Option<String> {
        match self.node(node) {
            Node::Call(Function::Ref, name) => self.reference(name.as_str()?),
            other => other.scalar_text().map(Into::into),
        }
    }

    fn map(&self, map: &Map) -> Map {
        map.iter().map(|(key, node)| (key.clone(), self.node(node))).collect()
    }

    fn node(&self, node: &Node) -> Node {
        match node {
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => node.clone(),
            Node::List(items) => Node::List(items.iter().map(|item| self.node(item)).collect()),
            Node::Map(map) => Node::Map(self.map(map)),
            Node::Call(function, argument) => self.call(*function, argument),
        }
    }

    fn call(&self, function: Function, argument: &Node) -> Node {
        let items = argument.as_list().unwrap_or_default();
        if let (Function::If, [Node::String(name), yes, no]) = (function, items)
            && let Some(holds) = self.condition(name)
        {
            return self.node(if holds { yes } else { no });
        }
        if let (Function::Ref, Node::String(name)) = (function, argument)
            && !self.template.parameters.contains_key(name)
            && let Some(text) = self.reference(name)
        {
            return Node::String(text);
        }
        let argument = self.node(argument);
        let whole = match (function, &argument) {
            (Function::ImportValue, name) => self.imported(name),
            (Function::Sub, Node::String(text)) => self.substituted(text, None),
            (Function::Sub, Node::List(items)) => match items.as_slice() {
                [Node::String(text), Node::Map(variables)] => self.substituted(text, Some(variables)),
                _ => None,
            },
            (Function::Join, Node::List(items)) => self.joined(items),
            _ => None,
        };
        whole.map_or_else(|| Node::call(function, self.with_pseudo(function, argument)), Node::String)
    }

    fn imported(&self, name: &Node) -> Option<String> {
        self.known.exports.get(&self.text(name)?).cloned()
    }

    /// The text of `Fn::Sub`, if all of its variables are known.
    fn substituted(&self, text: &str, variables: Option<&Map>) -> Option<String> {
        let parts = sub_parts(text).into_iter().map(|part| match part {
            SubPart::Text(text) => Some(text.to_owned()),
            SubPart::Variable(name) => match variables.and_then(|variables| variables.get(name)) {
                Some(node) => self.text(node),
                None => self.reference(name),
            },
        });
        parts.collect()
    }

    fn joined(&self, items: &[Node]) -> Option<String> {
        let [Node::String(delimiter), Node::List(items)] = items else { return None };
        let texts: Option<Vec<String>> = items.iter().map(|item| self.text(item)).collect();
        Some(texts?.join(delimiter))
    }

    /// The argument of a `Fn::Sub` that is not wholly known, with the pseudo parameters that are.
    fn with_pseudo(&self, function: Function, argument: Node) -> Node {
        let put_in = |text: &str| {
            ["AWS::Region", "AWS::AccountId", "AWS::StackName", "AWS::Partition", "AWS::URLSuffix"]
                .into_iter()
                .filter_map(|name| Some((format!("${{{name}}}"), self.reference(name)?)))
                .fold(text.to_owned(), |text, (variable, value)| text.replace(&variable, &value))
        };
        match (function, argument) {
            (Function::Sub, Node::String(text)) => Node::String(put_in(&text)),
            (Function::Sub, Node::List(mut items)) => {
                if let Some(Node::String(text)) = items.first_mut() {
                    *text = put_in(text);
                }
                Node::List(items)
            }
            (_, argument) => argument,
        }
    }
}
