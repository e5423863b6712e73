//! The arena: an app of stacks, a stack of resources, and the scope through which constructs add them.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};
use std::panic::Location;

use indexmap::IndexMap;
use template::{Map, Node};

use crate::diagnostic::{Diagnostic, Severity, SourceLine};
use crate::exception::ScopeAllowance;
use crate::resource::{ElementId, Handle, Resource, Tags};
use crate::synth::{self, Assembly};
use crate::value::Value;

/// A set of stacks that are built, compared and deployed together.
#[derive(Debug, Default)]
pub struct App {
    pub(crate) data: AppData,
}

/// A kind of stack: what it is made of, given its settings.
pub trait Stack: Sized {
    /// What the stack asks for. A stack asks for settings, never for an environment's name.
    type Settings: ?Sized;

    /// Adds the stack's constructs to `s` and returns what other stacks may refer to.
    fn build(s: &mut Scope<'_>, settings: &Self::Settings) -> Self;
}

/// How a stack is named and where it goes.
#[derive(Debug, Clone, Default)]
pub struct StackOptions {
    /// What the stack is called on the command line. Default: its name.
    pub id: String,
    /// The name in CloudFormation: a letter, then letters, digits and hyphens, 128 characters at most.
    pub name: String,
    /// The template's description, at most 1,024 bytes.
    pub description: Option<String>,
    /// The region it is deployed to. Default: the caller's.
    pub region: Option<String>,
    /// The account it is deployed to, 12 digits. Default: the caller's.
    pub account: Option<String>,
    /// Tags of the stack, which CloudFormation passes on to every resource that can carry them.
    pub tags: IndexMap<String, String>,
    /// Whether CloudFormation refuses to delete the stack until protection is lifted.
    pub termination_protection: bool,
    /// Ids of stacks of the app that are deployed before this one, besides those it imports from. For what no reference
    /// shows, such as a record that must not point to a region before that region is there.
    pub depends_on: Vec<String>,
}

impl StackOptions {
    /// A stack called `name`, in the caller's account and region.
    pub fn named(name: impl Into<String>) -> StackOptions {
        let name = name.into();
        StackOptions { id: name.clone(), name, ..StackOptions::default() }
    }
}

/// What happens to a resource that leaves the template, or whose stack is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalPolicy {
    /// It is deleted with its data.
    Delete,
    /// It stays in the account and is no longer managed.
    Retain,
    /// It stays, unless the deployment that created it fails.
    RetainExceptOnCreate,
    /// A snapshot is taken before it is deleted, for the few types that offer it.
    Snapshot,
}

impl RemovalPolicy {
    pub(crate) fn deletion_policy(self) -> &'static str {
        match self {
            RemovalPolicy::Delete => "Delete",
            RemovalPolicy::Retain => "Retain",
            RemovalPolicy::RetainExceptOnCreate => "RetainExceptOnCreate",
            RemovalPolicy::Snapshot => "Snapshot",
        }
    }

    /// `UpdateReplacePolicy` has no `RetainExceptOnCreate`: a replaced resource was created before.
    pub(crate) fn update_replace_policy(self) -> &'static str {
        match self {
            RemovalPolicy::RetainExceptOnCreate => "Retain",
            other => other.deletion_policy(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct AppData {
    pub(crate) stacks: Vec<StackData>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

#[derive(Debug)]
pub(crate) struct StackData {
    pub(crate) options: StackOptions,
    pub(crate) elements: Vec<Element>,
    pub(crate) parameters: Map<template::Parameter>,
    pub(crate) mappings: Map,
    pub(crate) conditions: Map,
    pub(crate) outputs: Map<template::Output>,
    pub(crate) metadata: Map,
    pub(crate) tags: Vec<ScopeTag>,
    pub(crate) allowances: Vec<ScopeAllowance>,
    /// What a construct waits for, by a key of its own; reported if it has not come by synthesis.
    pub(crate) awaited: BTreeMap<String, Diagnostic>,
}

/// A tag on everything below a path; the tag nearest to a resource wins.
#[derive(Debug)]
pub(crate) struct ScopeTag {
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) value: Value<String>,
}

#[derive(Debug)]
pub(crate) struct Element {
    /// Below the stack: `Backend/TaskDefinition`.
    pub(crate) path: String,
    pub(crate) location: SourceLine,
    pub(crate) resource: Box<dyn AnyResource>,
    pub(crate) logical_id: Option<String>,
    pub(crate) depends_on: Vec<ElementId>,
    pub(crate) condition: Option<String>,
    pub(crate) removal: Option<RemovalPolicy>,
    pub(crate) replacement: Option<RemovalPolicy>,
    pub(crate) metadata: Map,
}

/// A resource of whatever type, as the arena holds it.
pub(crate) trait AnyResource: std::fmt::Debug {
    fn type_name(&self) -> &str;
    fn tags(&self) -> Tags;
    fn properties(&self) -> Result<Node, serde_json::Error>;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<R: Resource> AnyResource for R {
    fn type_name(&self) -> &str {
        R::TYPE
    }

    fn tags(&self) -> Tags {
        R::TAGS
    }

    fn properties(&self) -> Result<Node, serde_json::Error> {
        serde_json::to_value(self).map(Node::from)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// A resource of any type, given as plain properties: what [`Scope::add_raw`] adds.
#[derive(Debug)]
pub struct Raw {
    type_name: String,
    properties: Node,
}

impl AnyResource for Raw {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn tags(&self) -> Tags {
        Tags::None
    }

    fn properties(&self) -> Result<Node, serde_json::Error> {
        Ok(self.properties.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl Handle<Raw> {
    /// What `Ref` returns for the resource; `T` is what the caller knows it to name.
    pub fn raw_reference<T>(self) -> Value<T> {
        Value::from_node(self.element.reference())
    }
}

impl App {
    /// An app without stacks.
    pub fn new() -> App {
        App::default()
    }

    /// Builds a stack of kind `S` and returns what it offers to the stacks that follow.
    ///
    /// A name that CloudFormation would refuse, or that another stack has, is reported at synthesis.
    pub fn stack<S: Stack>(&mut self, options: StackOptions, settings: &S::Settings) -> S {
        self.with_stack(options, |s| S::build(s, settings))
    }

    /// Builds a stack from a closure, for small apps and tests.
    pub fn with_stack<T>(&mut self, options: StackOptions, build: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let stack =
            u32::try_from(self.data.stacks.len()).expect("an app has far fewer than 4 billion stacks");
        self.data.stacks.push(StackData {
            options,
            elements: Vec::new(),
            parameters: Map::new(),
            mappings: Map::default(),
            conditions: Map::default(),
            outputs: Map::new(),
            metadata: Map::default(),
            tags: Vec::new(),
            allowances: Vec::new(),
            awaited: BTreeMap::new(),
        });
        build(&mut Scope { app: &mut self.data, stack, path: String::new(), location: None })
    }

    /// Reports a setting that the app cannot be built with, by its key (`network.cidr`).
    ///
    /// Use it where settings are turned into units, and go on with a value that is fine, so that all mistakes
    /// are found in one run.
    pub fn refuse_setting(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.data.diagnostics.push(Diagnostic {
            severity: Severity::Error,
            code: "DC010",
            path: "settings".to_owned(),
            property: Some(key.to_owned()),
            location: None,
            message: message.into(),
            hint: Some(hint.into()),
        });
    }

    /// Writes every stack as a template. Consumes the app, so that nothing can change afterwards.
    ///
    /// The templates are there even when the diagnostics hold errors, so that a broken one can be looked at.
    pub fn synth(self) -> Assembly {
        synth::synthesize(self.data)
    }
}

/// A place in a stack: what a construct adds its parts to.
#[derive(Debug)]
pub struct Scope<'a> {
    pub(crate) app: &'a mut AppData,
    pub(crate) stack: u32,
    path: String,
    location: Option<SourceLine>,
}

/// The folder of this crate's sources, as the compiler writes it in a [`Location`].
fn own_sources() -> &'static str {
    file!().trim_end_matches("scope.rs")
}

impl Scope<'_> {
    /// Opens the scope `id` below this one. The parts of a construct live in a scope of its own.
    #[track_caller]
    pub fn scope(&mut self, id: &str) -> Scope<'_> {
        let location = self.locate(Location::caller());
        let path = self.child_path(id, location);
        Scope { app: &mut *self.app, stack: self.stack, path, location: Some(location) }
    }

    /// Opens the scope at `path` below the stack again, for the construct that is made here on its behalf.
    #[track_caller]
    pub(crate) fn reopen(&mut self, path: &str) -> Scope<'_> {
        let location = self.locate(Location::caller());
        Scope { app: &mut *self.app, stack: self.stack, path: path.to_owned(), location: Some(location) }
    }

    /// Whether a resource was added under `id` here.
    pub(crate) fn has(&self, id: &str) -> bool {
        let path = if self.path.is_empty() { id.to_owned() } else { format!("{}/{id}", self.path) };
        self.stack_data().elements.iter().any(|element| element.path == path)
    }

    /// The path of this scope below the stack.
    pub(crate) fn own_path(&self) -> &str {
        &self.path
    }

    /// Adds a resource under `id`.
    #[track_caller]
    pub fn add<R: Resource>(&mut self, id: &str, resource: R) -> Handle<R> {
        let location = self.locate(Location::caller());
        Handle::new(self.push(id, location, Box::new(resource)))
    }

    /// Adds a resource of any type, from its properties as JSON or YAML would give them.
    ///
    /// The escape hatch for types that have no struct: `s.add_raw("Queue", "AWS::SQS::Queue", json!({…}))`.
    #[track_caller]
    pub fn add_raw(&mut self, id: &str, type_name: &str, properties: impl Into<Node>) -> Handle<Raw> {
        let location = self.locate(Location::caller());
        let raw = Raw { type_name: type_name.to_owned(), properties: properties.into() };
        Handle::new(self.push(id, location, Box::new(raw)))
    }

    /// The innermost line outside this library: where the user wrote the construct.
    pub(crate) fn locate(&self, caller: &'static Location<'static>) -> SourceLine {
        match self.location {
            Some(location) if caller.file().starts_with(own_sources()) => location,
            _ => SourceLine::from(caller),
        }
    }

    fn child_path(&mut self, id: &str, location: SourceLine) -> String {
        if !id.chars().any(|c| c.is_ascii_alphanumeric()) || id.chars().any(|c| c == '/' || c.is_control()) {
            let message = format!("`{}` is not an id", id.escape_debug());
            let hint = "an id has a letter or digit, and no slash or control character";
            self.report(Severity::Error, "DC001", &message, Some(location)).hint(hint);
        }
        if self.path.is_empty() { id.to_owned() } else { format!("{}/{id}", self.path) }
    }

    fn push(&mut self, id: &str, location: SourceLine, resource: Box<dyn AnyResource>) -> ElementId {
        let path = self.child_path(id, location);
        let elements = &mut self.app.stacks[self.stack as usize].elements;
        let index = u32::try_from(elements.len()).expect("a stack has far fewer than 4 billion resources");
        elements.push(Element {
            path,
            location,
            resource,
            logical_id: None,
            depends_on: Vec::new(),
            condition: None,
            removal: None,
            replacement: None,
            metadata: Map::default(),
        });
        ElementId { stack: self.stack, index }
    }

    /// The name of the stack that this scope belongs to.
    pub fn stack_name(&self) -> &str {
        &self.stack_data().options.name
    }

    /// The region that the stack is deployed to, where the app says so.
    pub fn region(&self) -> Option<&str> {
        self.stack_data().options.region.as_deref()
    }

    /// The path of this scope, with the stack's name: `DocuThinkerStack/Backend`.
    pub fn path(&self) -> String {
        let name = self.stack_name();
        if self.path.is_empty() { name.to_owned() } else { format!("{name}/{}", self.path) }
    }

    pub(crate) fn stack_data(&self) -> &StackData {
        &self.app.stacks[self.stack as usize]
    }

    pub(crate) fn stack_data_mut(&mut self) -> &mut StackData {
        &mut self.app.stacks[self.stack as usize]
    }

    /// Reports a mistake in what the user asked of the construct in this scope.
    #[track_caller]
    pub fn error(&mut self, code: &'static str, message: impl AsRef<str>) -> &mut Diagnostic {
        let location = self.locate(Location::caller());
        self.report(Severity::Error, code, message.as_ref(), Some(location))
    }

    /// Reports a doubt about what the user asked of the construct in this scope.
    #[track_caller]
    pub fn warn(&mut self, code: &'static str, message: impl AsRef<str>) -> &mut Diagnostic {
        let location = self.locate(Location::caller());
        self.report(Severity::Warning, code, message.as_ref(), Some(location))
    }

    /// Reports a mistake at synthesis, unless [`Scope::settle`] is called with the same key before.
    ///
    /// For constructs that are completed by another one, such as a service that scales on requests and gets
    /// its load balancer later.
    #[track_caller]
    pub fn awaits(&mut self, key: &str, code: &'static str, message: &str, hint: &str) {
        self.error(code, message).hint(hint);
        let diagnostic = self.app.diagnostics.pop().expect("one was just reported");
        self.stack_data_mut().awaited.insert(key.to_owned(), diagnostic);
    }

    /// Says that what was awaited under `key` has come.
    pub fn settle(&mut self, key: &str) {
        self.stack_data_mut().awaited.remove(key);
    }

    fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        message: &str,
        location: Option<SourceLine>,
    ) -> &mut Diagnostic {
        let path = self.path();
        let message = message.to_owned();
        self.app.diagnostics.push(Diagnostic {
            severity,
            code,
            path,
            property: None,
            location,
            message,
            hint: None,
        });
        self.app.diagnostics.last_mut().expect("one was just pushed")
    }

    /// Gives a resource the logical ID `logical_id`, whatever its path. For stacks that exist already.
    pub fn set_logical_id<R>(&mut self, handle: Handle<R>, logical_id: &str) {
        self.element_mut(handle.element).logical_id = Some(logical_id.to_owned());
    }

    /// Makes CloudFormation create `handle` after `on`, where no reference says so already.
    pub fn depend<R, O>(&mut self, handle: Handle<R>, on: Handle<O>) {
        let depends_on = &mut self.element_mut(handle.element).depends_on;
        if !depends_on.contains(&on.element) {
            depends_on.push(on.element);
        }
    }

    /// Says what happens to the resource when it leaves the template, is replaced, or its stack is deleted.
    pub fn set_removal_policy<R>(&mut self, handle: Handle<R>, policy: RemovalPolicy) {
        let element = self.element_mut(handle.element);
        (element.removal, element.replacement) = (Some(policy), Some(policy));
    }

    /// Says what happens to the old resource when a change replaces it, and nothing about its deletion.
    pub fn set_replacement_policy<R>(&mut self, handle: Handle<R>, policy: RemovalPolicy) {
        self.element_mut(handle.element).replacement = Some(policy);
    }

    /// Adds an entry to the resource's `Metadata`.
    pub fn set_metadata<R>(&mut self, handle: Handle<R>, key: &str, value: impl Into<Node>) {
        self.element_mut(handle.element).metadata.insert(key.to_owned(), value.into());
    }

    /// Adds an entry to the template's `Metadata`.
    pub fn set_stack_metadata(&mut self, key: &str, value: impl Into<Node>) {
        self.stack_data_mut().metadata.insert(key.to_owned(), value.into());
    }

    /// Tags everything below this scope that can be tagged. A tag set nearer to a resource wins.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<Value<String>>) {
        let tag = ScopeTag { path: self.path.clone(), key: key.into(), value: value.into() };
        self.stack_data_mut().tags.push(tag);
    }

    /// The path of a resource below its stack.
    pub(crate) fn path_of<R>(&self, handle: Handle<R>) -> &str {
        let ElementId { stack, index } = handle.element;
        &self.app.stacks[stack as usize].elements[index as usize].path
    }

    pub(crate) fn element_mut(&mut self, id: ElementId) -> &mut Element {
        &mut self.app.stacks[id.stack as usize].elements[id.index as usize]
    }
}

/// The properties of a resource of this app.
///
/// # Panics
///
/// If the handle was made in another app, as a slice does for an index that is not its own.
impl<R: Resource> Index<Handle<R>> for Scope<'_> {
    type Output = R;

    fn index(&self, handle: Handle<R>) -> &R {
        let ElementId { stack, index } = handle.element;
        let resource = &self.app.stacks[stack as usize].elements[index as usize].resource;
        resource.as_any().downcast_ref().expect("a handle's type is that of the resource it was made for")
    }
}

impl<R: Resource> IndexMut<Handle<R>> for Scope<'_> {
    fn index_mut(&mut self, handle: Handle<R>) -> &mut R {
        let resource = &mut self.element_mut(handle.element).resource;
        resource.as_any_mut().downcast_mut().expect("a handle's type is that of the resource it was made for")
    }
}
