//! What a function call gives, against what may stand in its place.

use crate::check::properties::Within;
use crate::check::{Checker, shown};
use crate::facts::{self, Kind, Place};
use crate::model::Value;
use crate::node::{Function, Node};
use crate::path::Path;

impl<'m> Checker<'m> {
    /// A call: the values that it is known to give, or the resource that it points at.
    pub(super) fn call_value(
        &mut self,
        path: &mut Path,
        node: &'m Node,
        place: Place<'static>,
        within: Within<'_, 'm>,
    ) {
        if let Node::Call(function, argument) = node
            && let Some(found) = self.misfit(*function, argument, place)
        {
            return self.wrong_kind(path, &found, place);
        }
        for value in self.model.values(node, within.world) {
            self.exists(path, &value);
            if let Some(target) = value.target() {
                self.identity(path, target, place);
            }
            let Some(known) = value.node() else { continue };
            let start = self.findings.len();
            self.known(path, known, place);
            self.name_default(start, &value);
        }
    }

    /// A list where only text can stand, or the reverse: CloudFormation turns neither into the other.
    fn misfit(&self, function: Function, argument: &Node, place: Place<'static>) -> Option<String> {
        let is_list = match function {
            Function::Ref => self.is_list(argument.as_str()?)?,
            Function::GetAtt => self.attribute_is_list(argument)?,
            Function::Sub | Function::Join | Function::Base64 => false,
            Function::Split | Function::Cidr | Function::GetAZs => true,
            _ => return None,
        };
        let text = [Kind::String, Kind::Integer, Kind::Number, Kind::Boolean];
        let takes_text = text.into_iter().any(|kind| place.takes(kind));
        let fits = if is_list { place.takes(Kind::List) } else { takes_text };
        let takes_other = if is_list { takes_text } else { place.takes(Kind::List) };
        let what = if is_list { "a list" } else { "text" };
        (!fits && takes_other).then(|| format!("{what} (`{}`)", function.key()))
    }

    /// Whether `Ref` of this name is a list; `None` if that is not known.
    fn is_list(&self, name: &str) -> Option<bool> {
        if let Some(parameter) = self.template.parameters.get(name) {
            let of = &parameter.type_name;
            return Some(of.contains("List<") || of.contains("CommaDelimitedList"));
        }
        if name == "AWS::NotificationARNs" {
            return Some(true);
        }
        let resource = self.template.resources.get(name)?;
        facts::resource(&resource.type_name).map(|_| false)
    }

    fn attribute_is_list(&self, argument: &Node) -> Option<bool> {
        let [Node::String(id), Node::String(attribute)] = argument.as_list()? else { return None };
        let facts = facts::resource(&self.template.resources.get(id)?.type_name)?;
        let kinds = facts.attribute(attribute)?.kinds;
        let known = !kinds.is_empty() && !kinds.contains(Kind::Object);
        known.then(|| kinds.contains(Kind::List))
    }

    /// Says that a wrong value is a parameter's default.
    fn name_default(&mut self, start: usize, value: &Value<'_>) {
        let Some((name, _)) = value.parameter() else { return };
        for finding in &mut self.findings[start..] {
            finding.message += ", and it is the default of `";
            finding.message += &shown(name);
            finding.message += "`";
        }
    }

    /// A value that stands elsewhere or is put together: text, or a list of it.
    fn known(&mut self, path: &mut Path, node: &Node, place: Place<'static>) {
        if !self.kind(path, node, place) {
            return;
        }
        match (node, place.item()) {
            (Node::List(items), Some(next)) => {
                for item in items {
                    self.known(path, item, next);
                }
            }
            (Node::List(_) | Node::Map(_), _) => {}
            _ => {
                self.scalar(path, node, place);
                self.choices(path, place, &|checker, path, place| checker.known(path, node, place));
            }
        }
    }
}
