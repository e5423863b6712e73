//! Secrets among the values of a difference.
//!
//! AWS keeps back most of them; what it gives, for example the variables of a container, is not shown either.

use std::borrow::Cow;

use super::pointer::below;
use super::{Drifted, Ground};
use crate::check::{credential_in, is_secret_name, is_secret_property};
use crate::node::{Function, Map, Node};
use crate::path::Step;

/// What is shown instead of a secret, as CloudFormation does.
const STARS: &str = "****";

/// The place of a value.
pub(super) struct Seen<'s> {
    pub(super) ground: &'s Ground<'s>,
    pub(super) drifted: &'s Drifted,
    /// All properties of the side on which the value is.
    pub(super) side: Option<&'s Node>,
    pub(super) steps: &'s [Step<'s>],
}

impl Seen<'_> {
    /// The value with stars in place of secrets, which are put into `secrets`.
    pub(super) fn shown(&self, value: &Node, secrets: &mut Vec<String>) -> Node {
        let mut mask = Mask { ground: self.ground, secrets };
        let mut written = self.ground.given(&self.drifted.id).cloned().map(Node::Map);
        let mut side = self.side;
        let mut secret = false;
        for step in self.steps {
            // The name of a variable stands beside its value.
            if let (Some(Node::Map(map)), Step::Key(key)) = (side, step) {
                secret |= is_value_of_secret(map, key);
            }
            if let Step::Key(key) = step {
                secret |= is_secret(key);
            }
            side = side.and_then(|side| below(side, *step));
            written = written.and_then(|written| match &written {
                // Whatever a function gives, all of it is looked at.
                Node::Call(..) => Some(written),
                _ => below(&written, *step).cloned(),
            });
        }
        if secret { mask.hidden(value) } else { mask.shown(value, written.as_ref()) }
    }
}

struct Mask<'m> {
    ground: &'m Ground<'m>,
    secrets: &'m mut Vec<String>,
}

impl Mask<'_> {
    fn shown(&mut self, value: &Node, written: Option<&Node>) -> Node {
        if written.is_some_and(|written| is_from_a_secret(written, self.ground)) {
            return self.hidden(value);
        }
        match value {
            Node::String(text) if credential_in(text).is_some() => self.hidden(value),
            Node::String(text) => self.text(text),
            Node::Map(map) => {
                let entry = |(key, node): (&String, &Node)| {
                    let shown = if is_secret(key) || is_value_of_secret(map, key) {
                        self.hidden(node)
                    } else {
                        self.shown(node, written.and_then(|written| below(written, Step::Key(key))))
                    };
                    (key.clone(), shown)
                };
                Node::Map(map.iter().map(entry).collect())
            }
            Node::List(items) => {
                let item = |(at, node)| {
                    self.shown(node, written.and_then(|written| below(written, Step::Index(at))))
                };
                Node::List(items.iter().enumerate().map(item).collect())
            }
            other => other.clone(),
        }
    }

    /// JSON within a text may hold secrets too.
    fn text(&mut self, text: &str) -> Node {
        let json =
            text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten();
        let Some(json) = json.map(Node::plain) else { return Node::from(text) };
        let before = self.secrets.len();
        let shown = self.shown(&json, None);
        if self.secrets.len() == before {
            return Node::from(text);
        }
        Node::from(serde_json::to_string(&shown).unwrap_or_else(|_| STARS.to_owned()))
    }

    /// Stars, and each scalar of the value among the secrets.
    fn hidden(&mut self, value: &Node) -> Node {
        match value {
            Node::List(items) => items.iter().for_each(|item| _ = self.hidden(item)),
            Node::Map(map) => map.values().for_each(|node| _ = self.hidden(node)),
            other => self.secrets.extend(other.scalar_text().map(Cow::into_owned)),
        }
        Node::from(STARS)
    }
}

/// Whether what stands under this key is a secret.
fn is_secret(key: &str) -> bool {
    is_secret_property(key) || is_secret_name(key)
}

/// Whether this is the value of a variable whose name, beside it, is that of a secret.
fn is_value_of_secret(map: &Map, key: &str) -> bool {
    let name = ["Name", "Key", "name", "ParameterKey"].iter().find_map(|name| map.get(name)?.as_str());
    matches!(key, "Value" | "value" | "ParameterValue") && name.is_some_and(is_secret)
}

/// Whether the template makes the value, or a part of its text, of a parameter that is not shown or of a stored secret.
fn is_from_a_secret(written: &Node, ground: &Ground<'_>) -> bool {
    let masked = |name: &str| ground.template.parameters.get(name).is_some_and(|known| known.no_echo);
    match written {
        Node::String(text) => is_reference(text),
        Node::Call(Function::Ref, name) => name.as_str().is_some_and(masked),
        Node::Call(Function::Sub, argument) => {
            let text =
                argument.as_str().or_else(|| argument.as_list()?.first()?.as_str()).unwrap_or_default();
            let named = ground.template.parameters.iter().filter(|(_, known)| known.no_echo);
            is_reference(text)
                || named.into_iter().any(|(name, _)| text.contains(&format!("${{{name}}}")))
                || argument.as_list().is_some_and(|items| items.iter().any(|item| holds(item, ground)))
        }
        Node::Call(_, argument) => holds(argument, ground),
        _ => false,
    }
}

/// As [`is_from_a_secret`], anywhere in the value.
fn holds(node: &Node, ground: &Ground<'_>) -> bool {
    match node {
        Node::List(items) => items.iter().any(|item| holds(item, ground)),
        Node::Map(map) => map.values().any(|node| holds(node, ground)),
        other => is_from_a_secret(other, ground),
    }
}

/// Source: [Dynamic references][aws]: `ssm` gives plain values.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
fn is_reference(text: &str) -> bool {
    ["{{resolve:secretsmanager:", "{{resolve:ssm-secure:"].iter().any(|start| text.contains(start))
}
