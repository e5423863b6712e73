//! Values that a template can hold: known now, or only once the stack is deployed.

use std::fmt;
use std::marker::PhantomData;

use serde::{Serialize, Serializer};
use template::{Function, Node};

/// A value of type `T`: a literal, or an expression that CloudFormation evaluates.
///
/// `T` says what the value names (`VpcId`, `Arn<Role>`, `String`, `i64`, `bool`), so that a subnet cannot
/// stand where a VPC belongs. There is no `Display`: a value known only at deployment cannot be printed;
/// [`sub!`](crate::sub) builds text around it.
pub struct Value<T> {
    node: Node,
    names: PhantomData<fn() -> T>,
}

impl<T> Value<T> {
    /// A literal that is known to name a `T`, for example the id of a VPC that exists already.
    pub fn known(text: impl Into<String>) -> Value<T> {
        Value::from_node(Node::String(text.into()))
    }

    /// The value that `node` evaluates to. For expressions this library has no method for.
    pub fn from_node(node: Node) -> Value<T> {
        Value { node, names: PhantomData }
    }

    /// A reference to the template's parameter or pseudo parameter `name`.
    pub fn parameter(name: &str) -> Value<T> {
        Value::from_node(Node::call(Function::Ref, name))
    }

    /// The node that stands for this value in a template.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The node that stands for this value in a template.
    pub fn into_node(self) -> Node {
        self.node
    }

    /// The text, if the value is a literal string.
    pub fn literal(&self) -> Option<&str> {
        self.node.as_str()
    }

    /// The same value as plain text, where a property takes any string.
    pub fn text(&self) -> Value<String> {
        Value::from_node(self.node.clone())
    }
}

impl<T> Clone for Value<T> {
    fn clone(&self) -> Value<T> {
        Value::from_node(self.node.clone())
    }
}

impl<T> fmt::Debug for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

impl<T> PartialEq for Value<T> {
    fn eq(&self, other: &Value<T>) -> bool {
        self.node == other.node
    }
}

impl<T> Serialize for Value<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.node.serialize(serializer)
    }
}

impl From<&str> for Value<String> {
    fn from(text: &str) -> Value<String> {
        Value::known(text)
    }
}

impl From<&String> for Value<String> {
    fn from(text: &String) -> Value<String> {
        Value::known(text)
    }
}

impl From<String> for Value<String> {
    fn from(text: String) -> Value<String> {
        Value::known(text)
    }
}

impl From<bool> for Value<bool> {
    fn from(value: bool) -> Value<bool> {
        Value::from_node(Node::Bool(value))
    }
}

impl From<i64> for Value<i64> {
    fn from(value: i64) -> Value<i64> {
        Value::from_node(Node::from(value))
    }
}

impl From<i32> for Value<i64> {
    fn from(value: i32) -> Value<i64> {
        Value::from(i64::from(value))
    }
}

impl From<u32> for Value<i64> {
    fn from(value: u32) -> Value<i64> {
        Value::from(i64::from(value))
    }
}

impl From<u16> for Value<i64> {
    fn from(value: u16) -> Value<i64> {
        Value::from(i64::from(value))
    }
}

impl From<i32> for Value<f64> {
    fn from(value: i32) -> Value<f64> {
        Value::from_node(Node::from(i64::from(value)))
    }
}

impl From<f64> for Value<f64> {
    /// A number that is not finite becomes `null`, which every check refuses.
    fn from(value: f64) -> Value<f64> {
        // A whole number is written as one: `70`, not `70.0`.
        if value.fract() == 0.0 && value.abs() < 1e15 {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole and far below the limits of the type"
            )]
            return Value::from_node(Node::from(value as i64));
        }
        Value::from_node(template::Number::from_f64(value).map_or(Node::Null, Node::Number))
    }
}

/// A list of values, given item by item or as one expression (a list parameter, a split text).
pub struct List<T>(Items<T>);

enum Items<T> {
    Each(Vec<Value<T>>),
    Expression(Node),
}

impl<T> List<T> {
    /// The list that `node` evaluates to.
    pub fn from_node(node: Node) -> List<T> {
        List(Items::Expression(node))
    }

    /// The list held by the template's parameter `name`, whose type must be a list type.
    pub fn parameter(name: &str) -> List<T> {
        List::from_node(Node::call(Function::Ref, name))
    }

    /// The items, if they are known one by one.
    pub fn items(&self) -> Option<&[Value<T>]> {
        match &self.0 {
            Items::Each(items) => Some(items),
            Items::Expression(_) => None,
        }
    }

    /// The item at `index`, counted from 0; CloudFormation selects it if the list is one expression.
    ///
    /// An item that a literal list does not have is selected too, and refused when the template is checked.
    pub fn item(&self, index: usize) -> Value<T> {
        if let Some(item) = self.items().and_then(|items| items.get(index)) {
            return item.clone();
        }
        let index = Node::Number(index.into());
        Value::from_node(Node::call(Function::Select, vec![index, self.to_node()]))
    }

    /// Adds an item; `false` if the list is one expression and cannot be extended.
    pub fn push(&mut self, item: impl Into<Value<T>>) -> bool {
        match &mut self.0 {
            Items::Each(items) => {
                items.push(item.into());
                true
            }
            Items::Expression(_) => false,
        }
    }

    /// The node that stands for this list in a template.
    pub fn to_node(&self) -> Node {
        match &self.0 {
            Items::Each(items) => Node::List(items.iter().map(|item| item.node.clone()).collect()),
            Items::Expression(node) => node.clone(),
        }
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> List<T> {
        List(match &self.0 {
            Items::Each(items) => Items::Each(items.clone()),
            Items::Expression(node) => Items::Expression(node.clone()),
        })
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Items::Each(items) => items.fmt(f),
            Items::Expression(node) => node.fmt(f),
        }
    }
}

impl<T, V: Into<Value<T>>> FromIterator<V> for List<T> {
    fn from_iter<I: IntoIterator<Item = V>>(items: I) -> List<T> {
        List(Items::Each(items.into_iter().map(Into::into).collect()))
    }
}

impl<T, V: Into<Value<T>>, const N: usize> From<[V; N]> for List<T> {
    fn from(items: [V; N]) -> List<T> {
        items.into_iter().collect()
    }
}

impl<T, V: Into<Value<T>>> From<Vec<V>> for List<T> {
    fn from(items: Vec<V>) -> List<T> {
        items.into_iter().collect()
    }
}

impl<T> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Items::Each(items) => items.serialize(serializer),
            Items::Expression(node) => node.serialize(serializer),
        }
    }
}

/// A property of free form: a policy document, or JSON of a shape that no schema gives.
pub type Json = Node;

/// A tag of a resource.
#[derive(Debug, Clone, Serialize)]
pub struct Tag {
    /// 1 to 128 characters; `aws:` as a beginning is reserved.
    #[serde(rename = "Key")]
    pub key: String,
    /// At most 256 characters.
    #[serde(rename = "Value")]
    pub value: Value<String>,
}

impl Tag {
    /// The tag `key` = `value`.
    pub fn new(key: impl Into<String>, value: impl Into<Value<String>>) -> Tag {
        Tag { key: key.into(), value: value.into() }
    }
}
