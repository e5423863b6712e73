//! Every property against the facts about its type.

use crate::check::{Checker, basics, choose_one_of, did_you_mean, shown, words};
use crate::facts::{self, Bounds, Kind, PropertyRule, ResourceFacts};
use crate::loops::is_loop;
use crate::model::{Value, World};
use crate::nearest::nearest;
use crate::node::{Function, Map, Node};
use crate::path::{Path, Step};

/// A place in a resource type's properties.
type Place = facts::Place<'static>;

/// The resource whose properties are looked at, and what holds where they are looked at.
#[derive(Clone, Copy)]
pub(super) struct Within<'w, 'm> {
    pub(super) facts: &'static ResourceFacts,
    pub(super) world: &'w World<'m>,
}

impl<'m> Checker<'m> {
    pub(super) fn properties(&mut self) {
        let template = self.template;
        if template.has_foreign_macros() {
            return;
        }
        let model = self.model;
        for item in model.resources() {
            let (id, resource, world) = (item.id(), item.resource(), item.world());
            let serverless = resource.type_name.starts_with("AWS::Serverless::");
            // What the transform takes is more than the facts know.
            if serverless && template.has_macros() {
                continue;
            }
            match facts::resource(&resource.type_name).filter(|_| !serverless) {
                Some(facts) => {
                    self.end_of_life(id, facts);
                    self.offered(id, facts);
                    let mut path = Checker::resource_path(id, "Properties");
                    let within = Within { facts, world: &world };
                    // All the properties may come from one macro.
                    if resource.properties.len() != 1
                        || !resource.properties.keys().all(|key| key.starts_with("Fn::"))
                    {
                        self.object(&mut path, &resource.properties, facts.properties(), within);
                    }
                }
                None => self.unknown_type(id, &resource.type_name),
            }
        }
    }

    fn unknown_type(&mut self, id: &str, name: &str) {
        // That there is none is told elsewhere.
        if name.is_empty() {
            return;
        }
        let of_somebody = name.split("::").count() >= 3 && !name.starts_with("AWS::");
        if of_somebody || name.ends_with("::MODULE") {
            return;
        }
        let hint = if name.starts_with("AWS::Serverless::") {
            Some("add `Transform: AWS::Serverless-2016-10-31` to the template".to_owned())
        } else {
            did_you_mean(facts::nearest(name))
        };
        let message = format!("there is no resource type `{}`", shown(name));
        self.find(&basics::UNKNOWN_TYPE, &Checker::resource_path(id, "Type"), message, hint);
    }

    fn end_of_life(&mut self, id: &str, facts: &ResourceFacts) {
        // One in maintenance works and stays.
        let Some((status, date)) = facts.end_of_life.as_ref().filter(|(status, _)| *status != "maintenance")
        else {
            return;
        };
        let until = date.as_ref().map_or(String::new(), |date| format!(" ({date})"));
        let message = format!("AWS has announced the end of {}: {status}{until}", facts.type_name);
        self.find(&basics::DEPRECATED, &Checker::resource_path(id, "Type"), message, None);
    }

    /// A value at a place; `path` is where it stands.
    pub(super) fn value(&mut self, path: &mut Path, node: &'m Node, place: Place, within: Within<'_, 'm>) {
        match node {
            Node::Call(Function::If, argument) => self.branches(path, argument, place, within),
            Node::Call(..) => self.call_value(path, node, place, within),
            // A function that is not known here, which is told elsewhere.
            Node::Map(map) if map.len() == 1 && map.keys().all(|key| key.starts_with("Fn::")) => {}
            Node::String(_) if is_packaged(within.facts.type_name, path) => {}
            _ if !self.kind(path, node, place) => {}
            Node::Map(map) => self.object(path, map, place, within),
            Node::List(items) => self.list(path, items, place, within),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {
                self.scalar(path, node, place);
                self.choices(path, place, &|checker, path, place| checker.value(path, node, place, within));
            }
        }
    }

    /// Both branches of `Fn::If`, each of which may be what is deployed.
    fn branches(&mut self, path: &mut Path, argument: &'m Node, place: Place, within: Within<'_, 'm>) {
        let Node::List(items) = argument else { return };
        path.push_key(Function::If.key());
        for (at, branch) in items.iter().enumerate().skip(1) {
            let world = match items.first() {
                Some(Node::String(name)) => within.world.assume(name, at == 1),
                _ => Some(within.world.clone()),
            };
            let Some(world) = world.filter(|_| !is_absent(branch)) else { continue };
            path.push_index(at);
            self.value(path, branch, place, Within { world: &world, ..within });
            path.pop();
        }
        path.pop();
    }

    fn object(&mut self, path: &mut Path, map: &'m Map, place: Place, within: Within<'_, 'm>) {
        let schema = place.schema();
        // A macro or a loop within the mapping brings keys of its own.
        let expands = map.keys().any(|key| key == "Fn::Transform" || is_loop(key));
        for (key, node) in map {
            if key.starts_with("Fn::") || is_absent(node) {
                continue;
            }
            path.push_key(key);
            if let Some(next) = place.property(key) {
                self.property(path, key, within);
                self.value(path, node, next, within);
                self.policy(path, within.facts.type_name, key, node);
            } else if let Some(next) = self.entry(place, key) {
                self.value(path, node, next, within);
            } else if !schema.open && (!schema.properties.is_empty() || !schema.entries.is_empty()) {
                self.unknown_property(path, key, place, within);
            }
            path.pop();
        }
        if !expands {
            self.required(path, map, place, within);
            for rule in &schema.rules {
                self.together(path, map, rule, place, within.world);
            }
        }
        self.size(path, map.len(), schema.size, "entries");
        self.choices(path, place, &|checker, path, place| {
            if place.takes(Kind::Object) {
                checker.object(path, map, place, within);
            } else {
                checker.wrong_kind(path, "a mapping", place);
            }
        });
    }

    /// The place of the values of a map, by the key's pattern.
    fn entry(&mut self, place: Place, key: &str) -> Option<Place> {
        place
            .entries()
            .find(|(pattern, _)| pattern.is_empty() || self.matches(pattern, key))
            .map(|(_, next)| next)
    }

    /// Whether a property may be set at all.
    fn property(&mut self, path: &Path, key: &str, within: Within<'_, '_>) {
        let ends_so = |paths: &[&str]| paths.iter().any(|known| known.rsplit('.').next() == Some(key));
        let facts = within.facts;
        if ends_so(&facts.read_only) && facts.is_read_only(&property_path(path)) {
            let message = format!("`{key}` is set by AWS and cannot be given");
            self.find(
                &basics::READ_ONLY,
                path,
                message,
                Some("remove it; read it with `!GetAtt`".to_owned()),
            );
        }
        if ends_so(&facts.deprecated) {
            let steps = property_path(path);
            let names: Vec<&str> =
                steps.iter().copied().filter(|step| !step.bytes().all(|b| b.is_ascii_digit())).collect();
            if facts.deprecated.contains(&names.join(".").as_str()) {
                self.find(&basics::DEPRECATED, path, format!("`{key}` should not be used any more"), None);
            }
        }
    }

    fn unknown_property(&mut self, path: &Path, key: &str, place: Place, within: Within<'_, '_>) {
        let known = || place.schema().properties.iter().map(|(name, _)| *name);
        let hint = did_you_mean(nearest(key, known())).or_else(|| choose_one_of(known()));
        // Of a mapping with names of one's own, the names have a form.
        let form = match (known().len(), place.entries().next()) {
            (0, Some((pattern, _))) if place.entries().count() == 1 => words::of_name(pattern),
            _ => None,
        };
        let hint = hint.or_else(|| form.as_ref().map(|form| format!("a name here is {form}")));
        let message = if form.is_some() {
            format!("`{}` cannot be a name here", shown(key))
        } else if path.steps().len() == 4 {
            format!("{} has no property `{}`", within.facts.type_name, shown(key))
        } else {
            format!("there is no property `{}` here", shown(key))
        };
        self.find(&basics::UNKNOWN_PROPERTY, path, message, hint);
    }

    fn required(&mut self, path: &Path, map: &'m Map, place: Place, within: Within<'_, 'm>) {
        for key in &place.schema().required {
            // Only a call may come to nothing.
            let absent = |node: &'m Node| {
                matches!(node, Node::Call(..))
                    && self.model.values(node, within.world).iter().any(Value::is_absent)
            };
            if map.get(key).is_none_or(absent) && !is_misspelt(map, key, place) {
                let message = if path.steps().len() == 3 {
                    format!("{} needs the property `{key}`", within.facts.type_name)
                } else {
                    format!("the property `{key}` is missing")
                };
                self.find(&basics::MISSING_PROPERTY, path, message, None);
            }
        }
    }

    fn list(&mut self, path: &mut Path, items: &'m [Node], place: Place, within: Within<'_, 'm>) {
        let schema = place.schema();
        if let Some(next) = place.item() {
            for (at, item) in items.iter().enumerate() {
                if !is_absent(item) {
                    path.push_index(at);
                    self.value(path, item, next, within);
                    path.pop();
                }
            }
        }
        // An item that is a call may come to nothing.
        let sure = items.iter().filter(|item| !matches!(item, Node::Call(..))).count();
        self.size(path, items.len(), Bounds { max: None, ..schema.count }, "items");
        self.size(path, sure, Bounds { min: None, ..schema.count }, "items");
        if schema.unique {
            self.unique(path, items);
        }
        self.choices(path, place, &|checker, path, place| {
            if place.takes(Kind::List) {
                checker.list(path, items, place, within);
            } else {
                checker.wrong_kind(path, "a list", place);
            }
        });
        for rule in &schema.rules {
            if let PropertyRule::UniqueBy(keys) = rule {
                self.unique_by(path, items, keys);
            }
        }
    }

    fn unique(&mut self, path: &Path, items: &[Node]) {
        for (at, item) in items.iter().enumerate() {
            if let Some(first) = items[..at].iter().position(|other| other == item) {
                let message =
                    format!("this item is the same as item {first}, but each may be there only once");
                self.find(&basics::WRONG_COUNT, &path.index(at), message, None);
            }
        }
    }

    fn unique_by(&mut self, path: &Path, items: &[Node], keys: &[&str]) {
        let key = |node: &Node| -> Option<Vec<String>> {
            let map = node.as_map()?;
            keys.iter().map(|key| map.get(key)?.scalar_text().map(Into::into)).collect()
        };
        let values: Vec<_> = items.iter().map(key).collect();
        for (at, value) in values.iter().enumerate() {
            if let Some(value) = value
                && let Some(first) = values[..at].iter().position(|other| other.as_ref() == Some(value))
            {
                let message = format!("item {first} has the same {} already", keys.join(" and "));
                self.find(&basics::WRONG_COUNT, &path.index(at), message, None);
            }
        }
    }
}

/// Whether `key` is there under a name that is wrong but near, which was told already.
pub(super) fn is_misspelt(map: &Map, key: &str, place: Place) -> bool {
    map.keys().any(|written| place.property(written).is_none() && nearest(written, [key]).is_some())
}

/// Properties that take a mapping, in the place of which a folder or an address stands until
/// [`aws cloudformation package`][aws] puts the mapping there.
///
/// [aws]: https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
const PACKAGED: [(&str, &str); 5] = [
    ("AWS::Lambda::Function", "Code"),
    ("AWS::Lambda::LayerVersion", "Content"),
    ("AWS::ApiGateway::RestApi", "BodyS3Location"),
    ("AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle"),
    ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"),
];

fn is_packaged(type_name: &str, path: &Path) -> bool {
    matches!(path.steps().next_back(), Some(Step::Key(key)) if PACKAGED.contains(&(type_name, key)))
}

/// `!Ref AWS::NoValue`, which removes the property.
pub(super) fn is_absent(node: &Node) -> bool {
    matches!(node, Node::Call(Function::Ref, name) if name.as_str() == Some("AWS::NoValue"))
}

/// The steps below `Resources.Id.Properties`, without those into a function.
fn property_path(path: &Path) -> Vec<&str> {
    let mut names = Vec::new();
    let mut in_function = false;
    for step in path.steps().skip(3) {
        match step {
            Step::Key(key) if key.starts_with("Fn::") => in_function = true,
            Step::Key(key) => names.push(key),
            Step::Index(_) if in_function => in_function = false,
            Step::Index(_) => names.push("0"),
        }
    }
    names
}

/// Whether a place takes a value of this kind, as CloudFormation converts between scalars.
pub(super) fn takes(place: Place, node: &Node) -> bool {
    let text = |text: &str| {
        place.takes(Kind::String)
            || is_dynamic(text)
            || (place.takes(Kind::Integer) && text.trim().parse::<i128>().is_ok())
            || (place.takes(Kind::Number) && text.trim().parse::<f64>().is_ok())
            || (place.takes(Kind::Boolean) && matches!(text, "true" | "false" | "True" | "False"))
    };
    match node {
        Node::Null => false,
        Node::Bool(_) => place.takes(Kind::Boolean) || place.takes(Kind::String),
        Node::Number(number) => {
            let whole = !number.is_f64() || number.as_f64().is_some_and(|number| number.fract() == 0.0);
            place.takes(Kind::String) || place.takes(Kind::Number) || (whole && place.takes(Kind::Integer))
        }
        Node::String(string) => text(string),
        Node::List(_) => place.takes(Kind::List),
        Node::Map(_) => place.takes(Kind::Object),
        Node::Call(..) => true,
    }
}

/// Whether text holds a [dynamic reference][aws], of which the value is only known at deployment.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
pub(super) fn is_dynamic(text: &str) -> bool {
    text.split_once("{{").is_some_and(|(_, rest)| rest.trim_start().starts_with("resolve:"))
}
