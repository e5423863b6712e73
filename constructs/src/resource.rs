//! What every resource type has in common, and the handle that names one resource.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use template::{Function, Node};

use crate::value::{List, Value};

/// A CloudFormation resource type: the properties as a struct, and what is known about the type.
///
/// The structs in [`l1`](crate::l1) implement it; they are generated.
pub trait Resource: Any + Serialize + fmt::Debug {
    /// The type's name, for example `AWS::Logs::LogGroup`.
    const TYPE: &'static str;
    /// The property that holds the resource's tags, if it has any, and its shape.
    const TAGS: Tags;
    /// What `Ref` of the resource returns: a name or id of its own, or `Arn<Self>`.
    type Ref;
}

/// How a resource type takes its tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tags {
    /// Not at all.
    None,
    /// As a list of `Key` and `Value` in the named property.
    List(&'static str),
    /// As a list of `Key`, `Value` and `PropagateAtLaunch` in the named property.
    Propagated(&'static str),
    /// As a map in the named property.
    Map(&'static str),
}

/// What names a thing of type `R` fully: `Value<Arn<Role>>` is the ARN of a role.
pub struct Arn<R: ?Sized>(PhantomData<fn() -> R>);

/// Names one resource in the arena of its app. Copies freely and goes wherever its `Ref` is wanted.
pub struct Handle<R> {
    pub(crate) element: ElementId,
    kind: PhantomData<fn() -> R>,
}

/// The place of a resource in its app: which stack, and which resource of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ElementId {
    pub(crate) stack: u32,
    pub(crate) index: u32,
}

impl<R> Handle<R> {
    pub(crate) fn new(element: ElementId) -> Handle<R> {
        Handle { element, kind: PhantomData }
    }

    /// The attribute `name` of the resource, evaluated at deployment; `T` is what it names.
    ///
    /// The generated attribute methods (`role.arn()`) call this with the right type.
    pub fn attribute<T>(self, name: &str) -> Value<T> {
        Value::from_node(self.element.attribute(name))
    }

    /// The list attribute `name` of the resource.
    pub fn list_attribute<T>(self, name: &str) -> List<T> {
        List::from_node(self.element.attribute(name))
    }
}

impl<R: Resource> Handle<R> {
    /// What `Ref` returns for the resource.
    pub fn reference(self) -> Value<R::Ref> {
        Value::from_node(self.element.reference())
    }
}

impl<R: Resource> From<Handle<R>> for Value<R::Ref> {
    fn from(handle: Handle<R>) -> Value<R::Ref> {
        handle.reference()
    }
}

/// Until synthesis a reference names its target by place, written as a logical ID can never be:
/// `#stack.index`. Logical IDs, exports and imports are settled only when nothing changes any more.
impl ElementId {
    pub(crate) fn reference(self) -> Node {
        Node::call(Function::Ref, self.token())
    }

    pub(crate) fn attribute(self, name: &str) -> Node {
        Node::call(Function::GetAtt, vec![Node::from(self.token()), Node::from(name)])
    }

    pub(crate) fn token(self) -> String {
        format!("#{}.{}", self.stack, self.index)
    }

    pub(crate) fn from_token(text: &str) -> Option<ElementId> {
        let (stack, index) = text.strip_prefix('#')?.split_once('.')?;
        Some(ElementId { stack: stack.parse().ok()?, index: index.parse().ok()? })
    }
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Handle<R> {
        *self
    }
}

impl<R> Copy for Handle<R> {}

impl<R> fmt::Debug for Handle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.element.token())
    }
}

impl<R> PartialEq for Handle<R> {
    fn eq(&self, other: &Handle<R>) -> bool {
        self.element == other.element
    }
}

impl<R> Eq for Handle<R> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_element() {
        let element = ElementId { stack: 3, index: 41 };
        assert_eq!(ElementId::from_token(&element.token()), Some(element));
        assert_eq!(ElementId::from_token("Vpc"), None);
    }
}
