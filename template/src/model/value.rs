//! A value of a resource, looked at through functions.

use std::fmt;
use std::rc::Rc;

use crate::document::Parameter;
use crate::model::look::{self, Seen};
use crate::model::{Model, Target, Text, World};
use crate::node::{Function, Map, Node};
use crate::path::{self, Path};

/// One value that a place in a template may have: known, absent, or only known at deployment.
///
/// Asking a value for what it holds gives several where there are branches.
#[derive(Clone)]
pub struct Value<'m> {
    model: &'m Model<'m>,
    held: Held<'m>,
    /// What the template says at the place, before it was looked through.
    written: Option<&'m Node>,
    trail: Trail<'m>,
    world: World<'m>,
}

#[derive(Clone)]
pub(super) enum Held<'m> {
    /// There is nothing.
    Absent,
    /// A value or a call that cannot be looked through.
    Node(&'m Node),
    /// All the properties of a resource.
    Map(&'m Map),
    /// A value that stands nowhere as it is: the default of a parameter, glued text.
    Made(Rc<Node>),
}

/// The way to a value, cheap to go on from.
#[derive(Clone, Default)]
pub(super) struct Trail<'m> {
    /// The resource in whose properties it begins.
    resource: Option<&'m str>,
    last: Option<Rc<Link<'m>>>,
}

struct Link<'m> {
    before: Option<Rc<Link<'m>>>,
    step: path::Step<'m>,
}

/// What stands under a key.
enum Step<'m> {
    Found(&'m str, &'m Node),
    Absent,
    Unknown,
}

impl<'m> Held<'m> {
    fn step(&self, key: &str) -> Step<'m> {
        let map = match self {
            Held::Map(map) => *map,
            Held::Node(Node::Map(map)) => map,
            // Something of another kind, which is told elsewhere.
            Held::Absent | Held::Node(_) | Held::Made(_) => return Step::Absent,
        };
        match map.get_key_value(key) {
            Some((key, node)) => Step::Found(key, node),
            // A macro or a loop within the mapping may bring the property.
            None if map.keys().any(|key| key.starts_with("Fn::")) => Step::Unknown,
            None => Step::Absent,
        }
    }
}

impl<'m> Value<'m> {
    pub(super) fn new(model: &'m Model<'m>, held: Held<'m>, trail: Trail<'m>, world: World<'m>) -> Value<'m> {
        Value { model, held, written: None, trail, world }
    }

    /// The values that `node` may have where `world` holds, without a place.
    pub(super) fn of(model: &'m Model<'m>, node: &'m Node, world: &World<'m>) -> Vec<Value<'m>> {
        Value::new(model, Held::Absent, Trail::default(), world.clone()).seen(node, &Trail::default())
    }

    /// The values that `node` may have, which stands at `trail`.
    fn seen(&self, node: &'m Node, trail: &Trail<'m>) -> Vec<Value<'m>> {
        let mut all = Vec::with_capacity(1);
        look::through(self.model, node, trail, &self.world, &mut |seen| {
            let Seen { held, written, trail, world } = seen;
            all.push(Value { model: self.model, held, written: Some(written), trail, world });
        });
        all
    }

    fn with(&self, held: Held<'m>, trail: Trail<'m>) -> Value<'m> {
        Value { model: self.model, held, written: None, trail, world: self.world.clone() }
    }

    /// The model that the value is part of.
    pub fn model(&self) -> &'m Model<'m> {
        self.model
    }

    /// What must hold for the value to be there.
    pub fn world(&self) -> &World<'m> {
        &self.world
    }

    /// Where the value stands; for an absent one the place around it.
    pub fn path(&self) -> Path {
        self.trail.path()
    }

    /// Whether there is nothing, or `!Ref AWS::NoValue`.
    pub fn is_absent(&self) -> bool {
        matches!(self.held, Held::Absent)
    }

    /// Whether it is known what is here: a plain value.
    pub fn is_known(&self) -> bool {
        self.node().is_some() || matches!(self.held, Held::Map(_))
    }

    /// Whether there is a value of which only AWS knows what it is. One that [points](Value::target) at a resource is
    /// such a value too.
    pub fn is_unknown(&self) -> bool {
        !self.is_absent() && !self.is_known()
    }

    /// What the template says at the place, with its functions.
    pub fn written(&self) -> Option<&'m Node> {
        self.written
    }

    /// The parameter that the value is, if it is `Ref` of one.
    pub fn parameter(&self) -> Option<(&'m str, &'m Parameter)> {
        let Some(Node::Call(Function::Ref, name)) = self.written else { return None };
        let (name, parameter) = self.model.template().parameters.get_key_value(name.as_str()?)?;
        Some((name, parameter))
    }

    /// The plain value.
    pub fn node(&self) -> Option<&Node> {
        match &self.held {
            Held::Node(Node::Call(..)) | Held::Absent | Held::Map(_) => None,
            Held::Node(node) => Some(node),
            Held::Made(node) => Some(node),
        }
    }

    /// The text of a plain scalar: `80` and `"80"` are the same to CloudFormation.
    pub fn text(&self) -> Option<String> {
        self.node()?.scalar_text().map(Into::into)
    }

    /// Whether it is this text.
    pub fn is_text(&self, text: &str) -> bool {
        self.node().and_then(Node::scalar_text).is_some_and(|known| known == text)
    }

    /// The number.
    pub fn number(&self) -> Option<f64> {
        self.node()?.scalar_text()?.trim().parse().ok()
    }

    /// The boolean, which may be given as text.
    pub fn boolean(&self) -> Option<bool> {
        match &*self.node()?.scalar_text()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// The values of the property at `path` below this: names with dots between them. One of the properties on the
    /// way may be absent, or not known; then so is the value.
    pub fn get(&self, path: &'m str) -> Vec<Value<'m>> {
        if let Held::Node(Node::Call(..)) = self.held {
            return vec![self.clone()];
        }
        let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
        // Mostly there is one value and nothing to look through.
        let found = match self.held.step(key) {
            Step::Found(key, node @ Node::Call(..)) => self.seen(node, &self.trail.key(key)),
            Step::Found(key, node) => {
                let found = Value { written: Some(node), ..self.with(Held::Node(node), self.trail.key(key)) };
                return rest.map_or_else(|| vec![found.clone()], |rest| found.get(rest));
            }
            Step::Unknown => return vec![self.with(Held::Node(unknown()), self.trail.clone())],
            Step::Absent => return vec![self.with(Held::Absent, self.trail.clone())],
        };
        match rest {
            Some(rest) => found.iter().flat_map(|value| value.get(rest)).collect(),
            None => found,
        }
    }

    /// The items of a list, each as every value that it may have; absent ones are left out. `None` if it is not known
    /// which items there are. A single value is a list of one, as CloudFormation takes it.
    ///
    /// Two items may exclude one another: see [`World::meets`].
    pub fn items(&self) -> Option<Vec<Value<'m>>> {
        match &self.held {
            Held::Absent => Some(Vec::new()),
            Held::Node(Node::List(items)) => {
                let items = items.iter().enumerate();
                let seen = items.flat_map(|(at, item)| self.seen(item, &self.trail.index(at)));
                Some(seen.filter(|item| !item.is_absent()).collect())
            }
            Held::Made(node) => match &**node {
                Node::List(items) => {
                    let made = |item: &Node| self.with(Held::Made(Rc::new(item.clone())), self.trail.clone());
                    Some(items.iter().map(made).collect())
                }
                _ => Some(vec![self.clone()]),
            },
            // These two always give one text.
            Held::Node(Node::Call(Function::Sub | Function::Join, _)) => Some(vec![self.clone()]),
            Held::Node(Node::Call(function, _)) => {
                matches!(function, Function::Ref | Function::GetAtt if self.target().is_some_and(is_single))
                    .then(|| vec![self.clone()])
            }
            Held::Node(Node::Null) => None,
            Held::Node(_) | Held::Map(_) => Some(vec![self.clone()]),
        }
    }

    /// The entries of a mapping, each with every value that it may have; absent ones are left out. `None` if it is no
    /// mapping, or not known.
    pub fn entries(&self) -> Option<Vec<(&'m str, Value<'m>)>> {
        let map = self.mapping()?;
        let seen = |(key, node): (&'m String, &'m Node)| {
            let values = self.seen(node, &self.trail.key(key)).into_iter();
            values.filter(|value| !value.is_absent()).map(move |value| (key.as_str(), value))
        };
        Some(map.iter().flat_map(seen).collect())
    }

    /// Whether it is a mapping of which all [entries](Value::entries) are known.
    pub fn is_mapping(&self) -> bool {
        self.mapping().is_some()
    }

    fn mapping(&self) -> Option<&'m Map> {
        let map = match &self.held {
            Held::Map(map) => *map,
            Held::Node(Node::Map(map)) => map,
            _ => return None,
        };
        (!map.keys().any(|key| key.starts_with("Fn::"))).then_some(map)
    }

    /// What the value points at: `!Ref Role`, `!GetAtt Role.Arn`, or the same within `!Sub` alone.
    pub fn target(&self) -> Option<Target<'m>> {
        match &self.held {
            Held::Node(node @ Node::Call(..)) => look::target(self.model, node),
            _ => None,
        }
    }

    /// Every text that the value may be, in parts: what is known, and what is put in at deployment. Empty if it is
    /// absent or no text.
    pub fn texts(&self) -> Vec<Text<'m>> {
        match &self.held {
            Held::Absent | Held::Map(_) => Vec::new(),
            Held::Made(node) => Text::of_scalar(node, &self.world).into_iter().collect(),
            Held::Node(node) => Text::of(self.model, node, &self.world),
        }
    }

    /// For a message: the text with `${…}` for what is not known, or what kind of value it is.
    pub fn shown(&self) -> String {
        let text = self.texts().first().map(ToString::to_string);
        text.unwrap_or_else(|| self.node().map_or("nothing", Node::kind).to_owned())
    }
}

/// Whether a reference to a resource is one value and no list.
fn is_single(target: Target<'_>) -> bool {
    let Some(attribute) = target.attribute else { return true };
    let facts = crate::facts::resource(target.item.type_name());
    let attribute = facts.and_then(|facts| facts.attribute(attribute));
    attribute.is_some_and(|attribute| !attribute.kinds.contains(crate::facts::Kind::List))
}

/// A call that stands for what a macro brings.
fn unknown() -> &'static Node {
    static UNKNOWN: std::sync::OnceLock<Node> = std::sync::OnceLock::new();
    UNKNOWN.get_or_init(|| Node::call(Function::Transform, Node::Null))
}

impl<'m> Trail<'m> {
    /// The properties of a resource.
    pub(super) fn properties(resource: &'m str) -> Trail<'m> {
        Trail { resource: Some(resource), last: None }
    }

    pub(super) fn key(&self, key: &'m str) -> Trail<'m> {
        self.then(path::Step::Key(key))
    }

    pub(super) fn index(&self, index: usize) -> Trail<'m> {
        self.then(path::Step::Index(index))
    }

    fn then(&self, step: path::Step<'m>) -> Trail<'m> {
        let link = Link { before: self.last.clone(), step };
        Trail { resource: self.resource, last: Some(Rc::new(link)) }
    }

    fn path(&self) -> Path {
        let mut steps = Vec::new();
        let mut here = &self.last;
        while let Some(link) = here {
            steps.push(link.step);
            here = &link.before;
        }
        let mut path = self.resource.map_or_else(Path::new, |id| Path::of(["Resources", id, "Properties"]));
        for step in steps.into_iter().rev() {
            path.push(step);
        }
        path
    }
}

/// The path and what is there, for whoever writes a rule.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_absent() { "absent".to_owned() } else { self.shown() };
        write!(f, "{}: {what}", self.path())?;
        if self.world.is_any() { Ok(()) } else { write!(f, " if {:?}", self.world) }
    }
}
