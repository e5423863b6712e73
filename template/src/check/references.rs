//! References: targets, cycles, attributes, places where a reference cannot stand.

use crate::check::{Checker, basics, choose_one_of, did_you_mean, shown};
use crate::facts;
use crate::graph::{Edge, Element, Reference};
use crate::nearest::nearest;
use crate::node::{Function, Node};
use crate::path::{Path, Step};
use crate::visit;

impl Checker<'_> {
    pub(super) fn references(&mut self) {
        let graph = self.model.graph();
        for edge in graph.unknown() {
            let message = match edge.kind {
                Reference::Condition | Reference::If => {
                    format!("there is no condition `{}`", shown(&edge.name))
                }
                Reference::FindInMap => format!("there is no mapping `{}`", shown(&edge.name)),
                Reference::Ref | Reference::Sub(None) => {
                    format!("there is no resource or parameter `{}`", shown(&edge.name))
                }
                _ => format!("there is no resource `{}`", shown(&edge.name)),
            };
            let literal = matches!(edge.kind, Reference::Sub(_))
                .then(|| format!("write `${{!{}}}` if the text should stay as it is", shown(&edge.name)));
            let hint = did_you_mean(graph.nearest(edge)).or(literal);
            self.find(&basics::UNKNOWN_TARGET, &edge.path, message, hint);
        }
        for cycle in graph.cycles() {
            let Some(first) = cycle.edges.first() else { continue };
            // The serverless transform makes several resources out of one, which may need one another.
            if cycle.edges.iter().any(|edge| self.is_serverless(&edge.from)) {
                continue;
            }
            let edges: Vec<_> = cycle.edges.iter().map(ToString::to_string).collect();
            let hint = self
                .alone(&cycle.edges)
                .unwrap_or_else(|| format!("break one of these: {}", edges.join("; ")));
            self.find(
                &basics::CYCLE,
                &first.path,
                format!("these need one another in a circle: {cycle}"),
                Some(hint),
            );
        }
        for edge in graph.edges() {
            self.attribute(edge);
            self.place(edge);
        }
        self.map_keys();
    }

    /// How to break a circle of security groups that name one another: with a rule that is a resource of its own.
    fn alone(&self, edges: &[Edge]) -> Option<String> {
        let is_group = |edge: &Edge| {
            let resource = self.template.resources.get(edge.from.name());
            resource.is_some_and(|resource| resource.type_name == "AWS::EC2::SecurityGroup")
        };
        let rule = edges.last().filter(|_| edges.iter().all(is_group))?;
        let egress = rule.path.to_string().contains(".SecurityGroupEgress");
        let kind = if egress { "AWS::EC2::SecurityGroupEgress" } else { "AWS::EC2::SecurityGroupIngress" };
        let (from, to) = (rule.from.name(), rule.to.as_ref()?.name());
        Some(format!(
            "take the rule for `{to}` out of `{from}` and make it an `{kind}` with `GroupId: !GetAtt {from}.GroupId`"
        ))
    }

    fn is_serverless(&self, element: &Element) -> bool {
        let resource = self.template.resources.get(element.name());
        matches!(element, Element::Resource(_))
            && resource.is_some_and(|resource| resource.type_name.starts_with("AWS::Serverless::"))
    }

    /// `Fn::GetAtt` of an attribute that the type does not have.
    fn attribute(&mut self, edge: &Edge) {
        let (Reference::GetAtt(Some(attribute)) | Reference::Sub(Some(attribute))) = &edge.kind else {
            return;
        };
        let Some(Element::Resource(id)) = &edge.to else { return };
        let Some(resource) = self.template.resources.get(id) else { return };
        let Some(facts) = facts::resource(&resource.type_name) else { return };
        // What the serverless transform makes has attributes of its own (`Version`, `Alias.Arn`).
        if facts.attribute(attribute).is_some() || resource.type_name.starts_with("AWS::Serverless::") {
            return;
        }
        let known = || facts.attributes.iter().map(|(name, _)| *name);
        let hint = did_you_mean(nearest(attribute, known())).or_else(|| choose_one_of(known()));
        let message = format!("{} has no attribute `{}`", resource.type_name, shown(attribute));
        self.find(&basics::UNKNOWN_ATTRIBUTE, &edge.path, message, hint);
    }

    /// Conditions, rules and the names of exports are evaluated before there are any resources.
    fn place(&mut self, edge: &Edge) {
        let what = match edge.from {
            Element::Condition(_) => "a condition",
            Element::Rule(_) => "a rule",
            Element::Output(_) if edge.path.steps().nth(2) == Some(Step::Key("Export")) => {
                "the name of an export"
            }
            _ => return,
        };
        if let Some(Element::Resource(name)) = &edge.to {
            let message = format!("{what} cannot refer to the resource `{name}`, which does not exist yet");
            let hint = Some("refer to a parameter".to_owned());
            self.find(&basics::MISPLACED_REFERENCE, &edge.path, message, hint);
        }
    }

    /// `Fn::FindInMap` with keys that the map does not have, as far as they are literal.
    fn map_keys(&mut self) {
        let template = self.template;
        if template.has_macros() || template.mappings.is_empty() {
            return;
        }
        let mut missing = Vec::new();
        visit::calls(template, &mut |path, function, argument| {
            if let (Function::FindInMap, Node::List(items)) = (function, argument)
                && let [Node::String(map), Node::String(key), inner] = items.as_slice()
                && let Some(Node::Map(keys)) = template.mappings.get(map)
                && !keys.contains_key("Fn::Transform")
            {
                match (keys.get(key), inner) {
                    (None, _) => missing.push((path.clone(), map.clone(), key.clone(), keys)),
                    (Some(Node::Map(inner_keys)), Node::String(inner)) if !inner_keys.contains_key(inner) => {
                        missing.push((path.clone(), format!("{map}.{key}"), inner.clone(), inner_keys));
                    }
                    _ => {}
                }
            }
        });
        for (path, map, key, known) in missing {
            let known = || known.keys().map(String::as_str);
            let hint = did_you_mean(nearest(&key, known())).or_else(|| choose_one_of(known()));
            self.find(
                &basics::UNKNOWN_TARGET,
                &path,
                format!("the mapping `{map}` has no key `{}`", shown(&key)),
                hint,
            );
        }
    }

    /// The path of a resource's attribute.
    pub(super) fn resource_path(id: &str, key: &str) -> Path {
        Path::of(["Resources", id, key])
    }
}
