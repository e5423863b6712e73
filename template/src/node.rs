//! One node of a template document: a plain value, or a call of an intrinsic function.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// The number type of a node: an integer or a finite float, as written.
pub use serde_json::Number;

pub use crate::map::Map;

/// A value in a template, with intrinsic functions told apart from ordinary mappings.
///
/// `!Ref Vpc`, `Ref: Vpc` and `{"Ref": "Vpc"}` are the same node. Two maps are equal whatever their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// `null`, which CloudFormation accepts almost nowhere.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer or a float.
    Number(Number),
    /// Text.
    String(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping of text to nodes.
    Map(Map),
    /// An intrinsic function with its argument, in the argument's long form (`GetAtt` takes a list).
    Call(Function, Box<Node>),
}

/// The intrinsic functions and condition functions of CloudFormation.
///
/// Source: [Intrinsic function reference][aws] and [Condition functions][cond], and for
/// `Length`, `ToJsonString` and `ForEach` the `AWS::LanguageExtensions` transform. The functions from
/// `Contains` to `ValueOfAll` are those of the `Rules` section.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
/// [cond]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is AWS's own name of the function")]
pub enum Function {
    Ref,
    GetAtt,
    Sub,
    Join,
    Select,
    Split,
    FindInMap,
    GetAZs,
    ImportValue,
    GetStackOutput,
    Base64,
    Cidr,
    Transform,
    Length,
    ToJsonString,
    If,
    And,
    Or,
    Not,
    Equals,
    Condition,
    Contains,
    EachMemberEquals,
    EachMemberIn,
    RefAll,
    ValueOf,
    ValueOfAll,
}

impl Function {
    /// Every function, in the order of the enumeration.
    pub const ALL: [Function; 27] = [
        Function::Ref,
        Function::GetAtt,
        Function::Sub,
        Function::Join,
        Function::Select,
        Function::Split,
        Function::FindInMap,
        Function::GetAZs,
        Function::ImportValue,
        Function::GetStackOutput,
        Function::Base64,
        Function::Cidr,
        Function::Transform,
        Function::Length,
        Function::ToJsonString,
        Function::If,
        Function::And,
        Function::Or,
        Function::Not,
        Function::Equals,
        Function::Condition,
        Function::Contains,
        Function::EachMemberEquals,
        Function::EachMemberIn,
        Function::RefAll,
        Function::ValueOf,
        Function::ValueOfAll,
    ];

    /// The key of the long form: `Fn::GetAtt`, or plain `Ref` and `Condition`.
    pub fn key(self) -> &'static str {
        match self {
            Function::Ref => "Ref",
            Function::GetAtt => "Fn::GetAtt",
            Function::Sub => "Fn::Sub",
            Function::Join => "Fn::Join",
            Function::Select => "Fn::Select",
            Function::Split => "Fn::Split",
            Function::FindInMap => "Fn::FindInMap",
            Function::GetAZs => "Fn::GetAZs",
            Function::ImportValue => "Fn::ImportValue",
            Function::GetStackOutput => "Fn::GetStackOutput",
            Function::Base64 => "Fn::Base64",
            Function::Cidr => "Fn::Cidr",
            Function::Transform => "Fn::Transform",
            Function::Length => "Fn::Length",
            Function::ToJsonString => "Fn::ToJsonString",
            Function::If => "Fn::If",
            Function::And => "Fn::And",
            Function::Or => "Fn::Or",
            Function::Not => "Fn::Not",
            Function::Equals => "Fn::Equals",
            Function::Condition => "Condition",
            Function::Contains => "Fn::Contains",
            Function::EachMemberEquals => "Fn::EachMemberEquals",
            Function::EachMemberIn => "Fn::EachMemberIn",
            Function::RefAll => "Fn::RefAll",
            Function::ValueOf => "Fn::ValueOf",
            Function::ValueOfAll => "Fn::ValueOfAll",
        }
    }

    /// The short name, as in the YAML tag `!GetAtt`.
    pub fn name(self) -> &'static str {
        let key = self.key();
        key.strip_prefix("Fn::").unwrap_or(key)
    }

    /// The function with this long-form key.
    pub fn from_key(key: &str) -> Option<Function> {
        match key.strip_prefix("Fn::") {
            Some(name) if !matches!(name, "Ref" | "Condition") => Function::from_name(name),
            Some(_) => None,
            None => match key {
                "Ref" => Some(Function::Ref),
                "Condition" => Some(Function::Condition),
                _ => None,
            },
        }
    }

    /// The function with this short name.
    pub fn from_name(name: &str) -> Option<Function> {
        Function::ALL.into_iter().find(|function| function.name() == name)
    }
}

impl Node {
    /// JSON as it stands: within a text, what looks like a function is none, since CloudFormation does not look there.
    pub(crate) fn plain(value: serde_json::Value) -> Node {
        use serde_json::Value;
        match value {
            Value::Array(items) => Node::List(items.into_iter().map(Node::plain).collect()),
            Value::Object(map) => {
                Node::Map(map.into_iter().map(|(key, value)| (key, Node::plain(value))).collect())
            }
            scalar => Node::from(scalar),
        }
    }

    /// Calls `function` with `argument`.
    pub fn call(function: Function, argument: impl Into<Node>) -> Node {
        Node::Call(function, Box::new(argument.into()))
    }

    /// The text, if this is a plain string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Node::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entries, if this is a plain mapping.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Node::Map(map) => Some(map),
            _ => None,
        }
    }

    /// What kind of value this is, for messages: `text`, `a list`, `a function`, …
    pub fn kind(&self) -> &'static str {
        match self {
            Node::Null => "nothing",
            Node::Bool(_) => "a boolean",
            Node::Number(_) => "a number",
            Node::String(_) => "text",
            Node::List(_) => "a list",
            Node::Map(_) => "a mapping",
            Node::Call(..) => "a function",
        }
    }

    /// The text that CloudFormation makes of a scalar: `80` and `"80"` are the same to it, as are `true` and
    /// `"true"`.
    pub fn scalar_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Node::String(text) => Some(Cow::Borrowed(text)),
            Node::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
            Node::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// A function of one plain value as it is written in YAML: `!ImportValue Stack:Key`.
    pub(crate) fn tagged(&self) -> Option<String> {
        let Node::Call(function, argument) = self else { return None };
        let argument = argument.scalar_text().map(Cow::into_owned).or_else(|| argument.tagged())?;
        Some(format!("!{} {argument}", function.name()))
    }

    /// The items, if this is a plain list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match self {
            Node::List(items) => Some(items),
            _ => None,
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Node {
        Node::String(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Node {
        Node::String(text)
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Node {
        Node::Bool(value)
    }
}

impl From<i64> for Node {
    fn from(value: i64) -> Node {
        Node::Number(value.into())
    }
}

impl From<Vec<Node>> for Node {
    fn from(items: Vec<Node>) -> Node {
        Node::List(items)
    }
}

impl From<Map> for Node {
    fn from(map: Map) -> Node {
        Node::Map(map)
    }
}

/// Reads the long form: a mapping with one key that names a function is a call of it.
///
/// `{"Condition": "Name"}` is ambiguous (an IAM statement may hold a `Condition`), so it is a call only
/// as an operand of `Fn::And`, `Fn::Or`, `Fn::Not` and `Fn::If`; the reader of the `Conditions` section
/// handles the other place where it stands for one.
impl From<serde_json::Value> for Node {
    fn from(value: serde_json::Value) -> Node {
        match value {
            serde_json::Value::Null => Node::Null,
            serde_json::Value::Bool(value) => Node::Bool(value),
            serde_json::Value::Number(number) => Node::Number(number),
            serde_json::Value::String(text) => Node::String(text),
            serde_json::Value::Array(items) => Node::List(items.into_iter().map(Node::from).collect()),
            serde_json::Value::Object(map) => {
                Node::from_entries(map.into_iter().map(|(key, value)| (key, Node::from(value))).collect())
            }
        }
    }
}

impl Node {
    /// Takes in what stands under the same key once more, as far as it is new.
    pub(crate) fn take_in(&mut self, again: Node) {
        let (Node::Map(known), Node::Map(more)) = (self, again) else { return };
        for (key, node) in more {
            match known.get_mut(&key) {
                Some(known) => known.take_in(node),
                None => {
                    known.insert(key, node);
                }
            }
        }
    }

    /// A mapping, or the function call that a mapping of one key stands for.
    pub fn from_entries(mut map: Map) -> Node {
        let function = match map.first() {
            Some((key, _)) if map.len() == 1 => Function::from_key(key),
            _ => None,
        };
        if let Some(function) = function.filter(|function| *function != Function::Condition)
            && let Some((_, argument)) = map.pop()
        {
            return Node::call_long(function, argument);
        }
        Node::Map(map)
    }

    /// Calls `function` with the argument as the long form or a short tag gives it, made canonical.
    pub fn call_long(function: Function, argument: Node) -> Node {
        let argument = match (function, argument) {
            (Function::GetAtt, Node::String(text)) => match text.split_once('.') {
                Some((target, attribute)) => Node::List(vec![target.into(), attribute.into()]),
                None => Node::String(text),
            },
            (Function::And | Function::Or | Function::Not | Function::If, Node::List(items)) => {
                Node::List(items.into_iter().map(Node::condition_operand).collect())
            }
            (_, argument) => argument,
        };
        Node::Call(function, Box::new(argument))
    }

    /// Turns `{"Condition": "Name"}` into the call that it is where a condition is wanted.
    pub fn condition_operand(self) -> Node {
        match self {
            Node::Map(mut map) if map.len() == 1 => match map.shift_remove("Condition") {
                Some(name @ Node::String(_)) => Node::Call(Function::Condition, Box::new(name)),
                Some(other) => Node::Map(Map::from_iter([("Condition".to_owned(), other)])),
                None => Node::Map(map),
            },
            other => other,
        }
    }
}

/// Writes the long form, so that JSON and the value's JSON form agree.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Null => serializer.serialize_unit(),
            Node::Bool(value) => serializer.serialize_bool(*value),
            Node::Number(number) => number.serialize(serializer),
            Node::String(text) => serializer.serialize_str(text),
            Node::List(items) => items.serialize(serializer),
            Node::Map(map) => map.serialize(serializer),
            Node::Call(function, argument) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(function.key(), argument)?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_with_one_function_key_is_a_call() {
        let node = Node::from(serde_json::json!({"Fn::GetAtt": "Alb.DNSName"}));
        assert_eq!(node, Node::call(Function::GetAtt, vec![Node::from("Alb"), Node::from("DNSName")]));
    }

    #[test]
    fn a_statement_condition_is_not_a_call() {
        let node = Node::from(serde_json::json!({"Condition": "x"}));
        assert!(matches!(node, Node::Map(_)));
    }

    #[test]
    fn every_function_is_found_by_its_key_and_name() {
        for function in Function::ALL {
            assert_eq!(Function::from_key(function.key()), Some(function));
            assert_eq!(Function::from_name(function.name()), Some(function));
        }
    }
}
