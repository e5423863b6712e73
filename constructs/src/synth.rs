//! Synthesis: from the arena to templates.
//!
//! Everything that could change until now is settled here: logical IDs, references within and between
//! stacks, tags, and which `DependsOn` a reference does not already imply.

mod allowances;
mod logical_ids;
mod tags;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use template::{Function, Map, Node, Output, Resource, Template};

use crate::diagnostic::{Diagnostic, Severity, SourceLine};
use crate::resource::ElementId;
use crate::scope::{AppData, Element, RemovalPolicy};
use crate::text;

use logical_ids::LogicalIds;

/// What an app becomes: a template per stack, and what is wrong with them.
#[derive(Debug)]
pub struct Assembly {
    /// The stacks, each after the stacks it depends on.
    pub stacks: Vec<SynthesizedStack>,
    /// Every mistake and doubt, warnings first, then by stack and path.
    pub diagnostics: Vec<Diagnostic>,
}

/// A stack with its template.
#[derive(Debug, Clone)]
pub struct SynthesizedStack {
    /// What the stack is called on the command line.
    pub id: String,
    /// The name in CloudFormation.
    pub name: String,
    /// The template.
    pub template: Template,
    /// The stacks of the app that must be deployed before this one, by name: those whose exports it imports, and those
    /// that [`StackOptions::depends_on`](crate::StackOptions::depends_on) names. Where several regions have a stack of
    /// that name, all of them.
    pub depends_on: Vec<String>,
    /// The region it is deployed to, where the app says so.
    pub region: Option<String>,
    /// The account it is deployed to, where the app says so.
    pub account: Option<String>,
    /// Tags of the stack.
    pub tags: IndexMap<String, String>,
    /// Whether CloudFormation refuses to delete the stack.
    pub termination_protection: bool,
    /// Where each resource comes from, by logical ID.
    pub origins: IndexMap<String, Origin>,
    /// Where each entry of the template's `Metadata.docuthinker.allow` was written.
    pub allowances: Vec<SourceLine>,
}

/// The construct that made a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The construct path below the stack: `Backend/TaskDefinition`.
    pub path: String,
    /// The line where the user wrote the construct.
    pub location: SourceLine,
}

impl Assembly {
    /// Whether any diagnostic is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

pub(crate) fn synthesize(mut app: AppData) -> Assembly {
    let mut diagnostics = std::mem::take(&mut app.diagnostics);
    diagnostics
        .extend(app.stacks.iter_mut().flat_map(|stack| std::mem::take(&mut stack.awaited).into_values()));
    let ids = LogicalIds::assign(&app, &mut diagnostics);
    stack_names(&app, &mut diagnostics);
    let declared = declared_dependencies(&app, &mut diagnostics);
    let mut synthesis = Synthesis { app: &app, ids, diagnostics, exports: BTreeMap::new() };
    let mut stacks: Vec<SynthesizedStack> =
        (0..app.stacks.len()).map(|stack| synthesis.stack(stack)).collect();
    for (stack, names) in stacks.iter_mut().zip(declared) {
        stack.depends_on.extend(names);
        let mut seen = BTreeSet::new();
        stack.depends_on.retain(|name| seen.insert(name.clone()));
    }
    let Synthesis { mut diagnostics, exports, .. } = synthesis;
    for ((stack, name), output) in exports {
        stacks[stack].template.outputs.insert(name, output);
    }
    let stacks = in_dependency_order(stacks, &mut diagnostics);
    diagnostics.sort_by(|a, b| (a.severity, &a.path, a.code).cmp(&(b.severity, &b.path, b.code)));
    diagnostics.dedup();
    Assembly { stacks, diagnostics }
}

/// Stack names are unique and such as CloudFormation accepts.
///
/// Source: [CreateStack][aws], parameter `StackName`.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
fn stack_names(app: &AppData, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for stack in &app.stacks {
        let name = &stack.options.name;
        if !template::limits::is_stack_name(name) {
            diagnostics.push(error(
                "DC002",
                name,
                format!("`{}` is not a stack name", name.escape_debug()),
                "a name starts with a letter, has letters, digits and hyphens only, and at most 128 of them",
            ));
        }
        if !seen.insert((name, &stack.options.region, &stack.options.account)) {
            diagnostics.push(error(
                "DC003",
                name,
                format!("two stacks are named `{name}`"),
                "give one of them another name",
            ));
        }
    }
}

/// The names of the stacks that each stack's options name by id.
fn declared_dependencies(app: &AppData, diagnostics: &mut Vec<Diagnostic>) -> Vec<Vec<String>> {
    let stack_of = |id: &String| app.stacks.iter().find(|stack| stack.options.id == *id);
    let mut all = Vec::with_capacity(app.stacks.len());
    for stack in &app.stacks {
        let mut names = Vec::new();
        for id in &stack.options.depends_on {
            match stack_of(id) {
                Some(on) => names.push(on.options.name.clone()),
                None => diagnostics.push(error(
                    "DC014",
                    &stack.options.name,
                    format!("it depends on `{}`, and the app has no such stack", id.escape_debug()),
                    "name a stack of the app by its id",
                )),
            }
        }
        all.push(names);
    }
    all
}

fn error(code: &'static str, path: &str, message: String, hint: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code,
        path: path.to_owned(),
        property: None,
        location: None,
        message,
        hint: Some(hint.to_owned()),
    }
}

struct Synthesis<'a> {
    app: &'a AppData,
    ids: LogicalIds,
    diagnostics: Vec<Diagnostic>,
    /// Outputs that other stacks import, by the exporting stack and the output's name.
    exports: BTreeMap<(usize, String), Output>,
}

/// Where a node is being resolved: the stack, the construct to name in a diagnostic, and what is met on the way.
struct Site<'a> {
    stack: usize,
    path: &'a str,
    location: Option<SourceLine>,
    /// Elements of the same stack that the node refers to.
    targets: BTreeSet<u32>,
    /// Other stacks that the node refers to.
    imports: BTreeSet<usize>,
}

impl Synthesis<'_> {
    fn stack(&mut self, index: usize) -> SynthesizedStack {
        let app = self.app;
        let stack = &app.stacks[index];
        let mut imports = BTreeSet::new();
        let mut resources = Vec::with_capacity(stack.elements.len());
        let mut references = Vec::with_capacity(stack.elements.len());
        for element in &stack.elements {
            let mut site = Site {
                stack: index,
                path: &element.path,
                location: Some(element.location),
                targets: BTreeSet::new(),
                imports: BTreeSet::new(),
            };
            resources.push(self.resource(element, &mut site));
            imports.append(&mut site.imports);
            references.push(site.targets);
        }
        let mut template = self.declarations(index, &mut imports);
        for (at, mut resource) in resources.into_iter().enumerate() {
            resource.depends_on = self.depends_on(index, at, &references, &mut imports);
            let id = self.ids.0[index][at].clone();
            template.resources.entry(id).or_insert(resource);
        }
        let allowances = allowances::write(stack, &self.ids.0[index], &mut template.metadata);
        let options = &stack.options;
        SynthesizedStack {
            id: options.id.clone(),
            name: options.name.clone(),
            template,
            depends_on: imports.into_iter().map(|stack| app.stacks[stack].options.name.clone()).collect(),
            region: options.region.clone(),
            account: options.account.clone(),
            tags: options.tags.clone(),
            termination_protection: options.termination_protection,
            origins: self.origins(index),
            allowances,
        }
    }

    fn origins(&self, stack: usize) -> IndexMap<String, Origin> {
        let elements = self.app.stacks[stack].elements.iter();
        let origin = |element: &Element| Origin { path: element.path.clone(), location: element.location };
        elements.zip(&self.ids.0[stack]).map(|(element, id)| (id.clone(), origin(element))).collect()
    }

    fn resource(&mut self, element: &Element, site: &mut Site<'_>) -> Resource {
        let properties = match element.resource.properties() {
            Ok(Node::Map(map)) => map,
            Ok(call @ Node::Call(Function::Transform, _)) => {
                let Node::Call(_, argument) = call else { unreachable!("matched above") };
                Map::from_iter([(Function::Transform.key().to_owned(), *argument)])
            }
            Ok(_) => {
                self.mistake(
                    site,
                    "DC006",
                    "its properties are not a mapping".to_owned(),
                    "give an object of properties",
                );
                Map::default()
            }
            Err(problem) => {
                self.mistake(
                    site,
                    "DC006",
                    format!("its properties cannot be written: {problem}"),
                    "check the values",
                );
                Map::default()
            }
        };
        let mut properties: Map =
            properties.into_iter().map(|(key, node)| (key, self.resolve(node, site))).collect();
        self.add_tags(element, &mut properties, site);
        Resource {
            type_name: element.resource.type_name().to_owned(),
            condition: element.condition.clone(),
            depends_on: Vec::new(),
            properties,
            metadata: element
                .metadata
                .iter()
                .map(|(k, v)| (k.clone(), self.resolve(v.clone(), site)))
                .collect(),
            deletion_policy: element
                .removal
                .or(element.replacement.map(|_| RemovalPolicy::Delete))
                .map(|policy| policy.deletion_policy().into()),
            update_replace_policy: element.replacement.map(|policy| policy.update_replace_policy().into()),
            attributes: Map::default(),
        }
    }

    /// Everything of a template but its resources.
    fn declarations(&mut self, index: usize, imports: &mut BTreeSet<usize>) -> Template {
        let app = self.app;
        let stack = &app.stacks[index];
        let mut site = Site {
            stack: index,
            path: "",
            location: None,
            targets: BTreeSet::new(),
            imports: BTreeSet::new(),
        };
        let mut outputs = Map::new();
        for (name, output) in &stack.outputs {
            let output = Output {
                value: self.resolve(output.value.clone(), &mut site),
                description: output.description.clone(),
                export: output.export.clone().map(|name| self.resolve(name, &mut site)),
                condition: output.condition.clone(),
            };
            outputs.insert(name.clone(), output);
        }
        let conditions = stack
            .conditions
            .iter()
            .map(|(name, node)| (name.clone(), self.resolve(node.clone(), &mut site)))
            .collect();
        imports.append(&mut site.imports);
        Template {
            format_version: Some("2010-09-09".to_owned()),
            description: stack.options.description.clone(),
            metadata: stack.metadata.clone(),
            parameters: stack.parameters.clone(),
            mappings: stack.mappings.clone(),
            conditions,
            outputs,
            ..Template::default()
        }
    }

    /// The explicit dependencies of an element that its references do not imply, directly or through others.
    fn depends_on(
        &mut self,
        stack: usize,
        at: usize,
        references: &[BTreeSet<u32>],
        imports: &mut BTreeSet<usize>,
    ) -> Vec<String> {
        let element = &self.app.stacks[stack].elements[at];
        let (own, foreign): (Vec<ElementId>, Vec<ElementId>) =
            element.depends_on.iter().partition(|on| on.stack as usize == stack);
        let of_app =
            foreign.iter().map(|on| on.stack as usize).filter(|stack| *stack < self.app.stacks.len());
        imports.extend(of_app);
        let implied = reachable(references, at);
        let missing = own.iter().filter(|on| !implied.contains(&on.index));
        missing.filter_map(|on| self.ids.get(*on)).map(str::to_owned).collect()
    }

    /// Replaces the place of each target by its logical ID, or by an import from the stack that it is in.
    fn resolve(&mut self, node: Node, site: &mut Site<'_>) -> Node {
        match node {
            Node::Call(Function::Ref, argument) => match argument.as_str().and_then(ElementId::from_token) {
                Some(target) => self.reference(target, None, site),
                None => Node::Call(Function::Ref, argument),
            },
            Node::Call(Function::GetAtt, argument) => match attribute_token(&argument) {
                Some((target, attribute)) => self.reference(target, Some(attribute), site),
                None => Node::Call(Function::GetAtt, Box::new(self.resolve(*argument, site))),
            },
            Node::Call(Function::Sub, argument) => text::flatten(self.resolve(*argument, site)),
            Node::Call(function, argument) => Node::Call(function, Box::new(self.resolve(*argument, site))),
            Node::List(items) => Node::List(items.into_iter().map(|item| self.resolve(item, site)).collect()),
            Node::Map(map) => {
                Node::Map(map.into_iter().map(|(key, item)| (key, self.resolve(item, site))).collect())
            }
            plain => plain,
        }
    }

    fn reference(&mut self, target: ElementId, attribute: Option<String>, site: &mut Site<'_>) -> Node {
        let Some(id) = self.ids.get(target).map(str::to_owned) else {
            let message = "it refers to a resource of another app".to_owned();
            self.mistake(site, "DC011", message, "handles are good only in the app they were made in");
            return Node::Null;
        };
        let local = match &attribute {
            None => Node::call(Function::Ref, id.as_str()),
            Some(name) => {
                Node::call(Function::GetAtt, vec![Node::from(id.as_str()), Node::from(name.as_str())])
            }
        };
        if target.stack as usize == site.stack {
            site.targets.insert(target.index);
            return local;
        }
        self.import(target, &id, attribute.as_deref(), local, site)
    }

    /// Makes the target's stack export the value, and imports it here.
    fn import(
        &mut self,
        target: ElementId,
        id: &str,
        attribute: Option<&str>,
        value: Node,
        site: &mut Site<'_>,
    ) -> Node {
        let exporter = target.stack as usize;
        let (from, to) = (&self.app.stacks[exporter].options, &self.app.stacks[site.stack].options);
        if (&from.region, &from.account) != (&to.region, &to.account) {
            let message =
                format!("it refers to `{id}` of `{}`, which is in another region or account", from.name);
            self.mistake(site, "DC007", message, "exports reach stacks of the same account and region only; pass a literal value or a parameter");
        }
        site.imports.insert(exporter);
        let part: String =
            attribute.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
        let separator = if part.is_empty() { "" } else { ":" };
        let name = format!("{}:{id}{separator}{part}", self.app.stacks[exporter].options.name);
        let export = Some(Node::from(name.as_str()));
        let output = Output { value, description: None, export, condition: None };
        let output_name = format!("Export{id}{part}");
        let own = self.app.stacks[exporter].outputs.contains_key(&output_name);
        let other = self.exports.insert((exporter, output_name.clone()), output.clone());
        if own || other.is_some_and(|other| other != output) {
            let message = format!("two exports of `{}` would be the output `{output_name}`", from.name);
            self.mistake(site, "DC009", message, "rename one of the two constructs or outputs");
        }
        Node::call(Function::ImportValue, name)
    }

    fn mistake(&mut self, site: &Site<'_>, code: &'static str, message: String, hint: &str) {
        let name = &self.app.stacks[site.stack].options.name;
        let path = if site.path.is_empty() { name.clone() } else { format!("{name}/{}", site.path) };
        let mut diagnostic = error(code, &path, message, hint);
        diagnostic.location = site.location;
        self.diagnostics.push(diagnostic);
    }
}

fn is_below(path: &str, scope: &str) -> bool {
    scope.is_empty() || path == scope || path.strip_prefix(scope).is_some_and(|rest| rest.starts_with('/'))
}

fn attribute_token(argument: &Node) -> Option<(ElementId, String)> {
    let [target, attribute] = argument.as_list()? else { return None };
    Some((ElementId::from_token(target.as_str()?)?, attribute.as_str()?.to_owned()))
}

/// The elements that `start` refers to, directly or through others.
fn reachable(references: &[BTreeSet<u32>], start: usize) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut open: Vec<u32> = references[start].iter().copied().collect();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(&references[next as usize]);
        }
    }
    found
}

/// Puts each stack after those it depends on; stacks that depend on each other are an error.
fn in_dependency_order(
    stacks: Vec<SynthesizedStack>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<SynthesizedStack> {
    let mut waiting = stacks;
    let mut ordered: Vec<SynthesizedStack> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = |at: usize| {
            let others = || waiting.iter().enumerate().filter(|(other, _)| *other != at);
            waiting[at].depends_on.iter().all(|on| others().all(|(_, other)| other.name != *on))
        };
        let Some(next) = (0..waiting.len()).find(|at| ready(*at)) else {
            let names: Vec<&str> = waiting.iter().map(|stack| stack.name.as_str()).collect();
            let message = format!("stacks depend on each other: {}", names.join(", "));
            diagnostics.push(error(
                "DC008",
                names[0],
                message,
                "move the shared resource to a stack of its own",
            ));
            ordered.append(&mut waiting);
            break;
        };
        ordered.push(waiting.remove(next));
    }
    ordered
}
