//! Functions that do not exist, and arguments that a function does not take.

use crate::check::{Checker, basics, did_you_mean, shown};
use crate::graph::{PSEUDO_PARAMETERS, SubPart, sub_parts};
use crate::loops;
use crate::nearest::nearest;
use crate::node::{Function, Map, Node};
use crate::path::{Path, Step};
use crate::visit;

impl Checker<'_> {
    pub(super) fn functions(&mut self) {
        let template = self.template;
        visit::nodes(template, &mut |path, node| match node {
            Node::Call(function, argument) => self.call(path, *function, argument),
            Node::Map(map) => {
                for (key, node) in map {
                    self.unknown_function(path, key, map.len());
                    self.for_each(&path.key(key), key, node);
                }
            }
            Node::String(text) if text.contains("${") => self.missing_sub(path, text),
            _ => {}
        });
        let sections = [("Conditions", &template.conditions)].into_iter();
        let sections =
            sections.chain(template.loops.iter().map(|(section, loops)| (section.as_str(), loops)));
        for (section, loops) in sections {
            for (key, node) in loops {
                self.for_each(&Path::of([section, key]), key, node);
            }
        }
        for (id, resource) in &template.resources {
            for (key, node) in &resource.properties {
                self.for_each(&Path::of(["Resources", id, "Properties", key]), key, node);
            }
        }
    }

    /// A loop of another form, or without the transform that unrolls it. Source: [Fn::ForEach][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
    fn for_each(&mut self, path: &Path, key: &str, node: &Node) {
        if !loops::is_loop(key) || self.template.has_foreign_macros() {
            return;
        }
        if !loops::may_loop(self.template) {
            let hint = Some("add `Transform: AWS::LanguageExtensions` to the template".to_owned());
            let message = "`Fn::ForEach` needs the transform `AWS::LanguageExtensions`";
            return self.find(&basics::BAD_FUNCTION, path, message, hint);
        }
        let fits = match node {
            Node::List(items) => matches!(
                items.as_slice(),
                [
                    Node::String(_) | Node::List(_),
                    Node::List(_) | Node::Call(..),
                    Node::Map(_) | Node::Call(..)
                ]
            ),
            other => matches!(other, Node::Call(..)),
        };
        if !fits {
            let expected = "a list of a variable's name, a list and a mapping";
            let message = format!("`Fn::ForEach` takes {expected}, but this is {}", describe(node));
            self.find(&basics::BAD_FUNCTION, path, message, None);
        }
    }

    /// A key that is named like a function: one that does not exist, or one beside other keys.
    fn unknown_function(&mut self, path: &Path, key: &str, keys: usize) {
        let Some(name) = key.strip_prefix("Fn::") else { return };
        if name.starts_with("ForEach::") || name == "Transform" {
            return;
        }
        if Function::from_key(key).is_some() && keys > 1 {
            let message = format!("`{key}` stands beside other keys, so that it is not evaluated");
            let hint = Some("a function call is a mapping with this one key".to_owned());
            self.find(&basics::BAD_FUNCTION, &path.key(key), message, hint);
        } else if Function::from_key(key).is_none() {
            let known = Function::ALL.iter().map(|function| function.name());
            let hint = did_you_mean(nearest(name, known).map(|name| format!("Fn::{name}")).as_deref());
            self.find(
                &basics::BAD_FUNCTION,
                &path.key(key),
                format!("there is no function `{}`", shown(key)),
                hint,
            );
        }
    }

    /// Text that looks as if `Fn::Sub` was forgotten: it names something of the template.
    fn missing_sub(&mut self, path: &Path, text: &str) {
        // In these, `${…}` belongs to somebody else: a shell, a state machine, a file on an instance.
        const FOREIGN: [&str; 6] =
            ["Fn::Sub", "Fn::Base64", "UserData", "Metadata", "DefinitionString", "DefinitionBody"];
        let is_foreign = |step: Step<'_>| matches!(step, Step::Key(key) if FOREIGN.contains(&key));
        if path.steps().any(is_foreign) {
            return;
        }
        for part in sub_parts(text) {
            let SubPart::Variable(variable) = part else { continue };
            let name = variable.split_once('.').map_or(variable, |(name, _)| name);
            let template = self.template;
            let known = PSEUDO_PARAMETERS.contains(&name)
                || template.parameters.contains_key(name)
                || template.resources.contains_key(name);
            if known {
                let message = format!("`${{{}}}` stays as it is, since this is plain text", shown(variable));
                self.find(&basics::MISSING_SUB, path, message, Some("put `!Sub` before the text".to_owned()));
                return;
            }
        }
    }

    fn call(&mut self, path: &Path, function: Function, argument: &Node) {
        if let (Function::Sub, Some([Node::String(text), Node::Map(variables)])) =
            (function, argument.as_list())
        {
            self.unused_variables(path, text, variables);
        }
        let Err(expected) = takes(function, argument) else { return };
        let message = format!("`{}` takes {expected}, but this is {}", function.key(), describe(argument));
        self.find(&basics::BAD_FUNCTION, path, message, None);
    }
}

impl Checker<'_> {
    /// Variables of `Fn::Sub` that its text does not have.
    fn unused_variables(&mut self, path: &Path, text: &str, variables: &Map) {
        let parts = sub_parts(text);
        let is_used =
            |name: &str| parts.iter().any(|part| matches!(part, SubPart::Variable(used) if *used == name));
        for name in variables.keys().filter(|name| !name.starts_with("Fn::") && !is_used(name)) {
            let message = format!("the text has no variable `{}`", shown(name));
            let hint = Some(format!("remove it, or write `${{{}}}` in the text", shown(name)));
            self.find(&basics::UNUSED, &path.key("Fn::Sub").index(1).key(name), message, hint);
        }
    }
}

fn describe(argument: &Node) -> String {
    match argument {
        Node::List(items) if items.len() == 1 => "a list of 1 item".to_owned(),
        Node::List(items) => format!("a list of {} items", items.len()),
        other => other.kind().to_owned(),
    }
}

/// Whether a value is text or may become it.
fn textual(node: &Node) -> bool {
    matches!(node, Node::String(_) | Node::Number(_) | Node::Bool(_) | Node::Call(..))
}

fn listed(node: &Node) -> bool {
    matches!(node, Node::List(_) | Node::Call(..))
}

/// What a function takes, if that is not what it was given.
///
/// Source: the page of each function in the [intrinsic function reference][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
fn takes(function: Function, argument: &Node) -> Result<(), &'static str> {
    let items = match argument {
        // The arguments of the macro or loop come from another function.
        Node::Call(..) => return Ok(()),
        Node::List(items) => Some(items.as_slice()),
        _ => None,
    };
    let (expected, fits) = match function {
        Function::Ref => ("the name of a resource or parameter", matches!(argument, Node::String(_))),
        Function::Condition => ("the name of a condition", matches!(argument, Node::String(_))),
        Function::GetAtt => {
            ("a resource and an attribute", matches!(items, Some([a, b]) if textual(a) && textual(b)))
        }
        Function::Sub => (
            "text, or a list of text and a mapping of variables",
            match items {
                Some([Node::String(_), Node::Map(_)]) => true,
                _ => matches!(argument, Node::String(_)),
            },
        ),
        Function::Join => {
            ("a list of a separator and a list", matches!(items, Some([a, b]) if textual(a) && listed(b)))
        }
        Function::Select => {
            ("a list of an index and a list", matches!(items, Some([a, b]) if textual(a) && listed(b)))
        }
        Function::Split => {
            ("a list of a separator and text", matches!(items, Some([a, b]) if textual(a) && textual(b)))
        }
        Function::FindInMap => {
            ("a list of a mapping and two keys", matches!(items, Some([_, _, _] | [_, _, _, Node::Map(_)])))
        }
        Function::Cidr => {
            ("a list of a block, a count and the bits of each", matches!(items, Some([_, _] | [_, _, _])))
        }
        Function::If => {
            ("a list of a condition's name and two values", matches!(items, Some([Node::String(_), _, _])))
        }
        Function::And | Function::Or => {
            ("a list of 2 to 10 conditions", items.is_some_and(|items| (2..=10).contains(&items.len())))
        }
        Function::Not => ("a list of one condition", items.is_some_and(|items| items.len() == 1)),
        Function::Equals => ("a list of two values", items.is_some_and(|items| items.len() == 2)),
        Function::Base64 | Function::ImportValue | Function::GetAZs => ("text", textual(argument)),
        Function::Transform => {
            ("a mapping of `Name` and `Parameters`", matches!(argument, Node::Map(_) | Node::List(_)))
        }
        Function::GetStackOutput => {
            ("a mapping of `StackName` and `OutputName`", matches!(argument, Node::Map(_)))
        }
        Function::Length => ("a list", items.is_some()),
        Function::ToJsonString => ("a list or a mapping", matches!(argument, Node::List(_) | Node::Map(_))),
        Function::Contains | Function::EachMemberEquals | Function::EachMemberIn | Function::ValueOf => {
            ("a list of two", items.is_some_and(|items| items.len() == 2))
        }
        Function::ValueOfAll => ("a list of two", items.is_some_and(|items| items.len() == 2)),
        Function::RefAll => ("a parameter type", matches!(argument, Node::String(_))),
    };
    if fits { Ok(()) } else { Err(expected) }
}
