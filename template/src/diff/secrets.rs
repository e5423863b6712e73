//! Which secrets are made, lost and changed, and who reads them.

use std::collections::BTreeMap;

use super::review::{SecretChange, SecretEvent};
use super::texts::whole;
use super::{Action, Consequence, ResourceChange};
use crate::document::{Resource, Template};
use crate::node::{Function, Map, Node};
use crate::path::{Path, Step};

/// Who reads which secret, and where that stands.
type Readers = BTreeMap<(String, String), Path>;

/// What concerns secrets, what is lost first.
pub(super) fn secrets(old: &Template, new: &Template, resources: &[ResourceChange]) -> Vec<SecretChange> {
    let mut changes: Vec<SecretChange> = resources.iter().filter_map(|change| secret(change, new)).collect();
    let (before, after) = (readers(old, new), readers(new, old));
    let told = |what: SecretEvent, ((id, secret), path): (&(String, String), &Path)| SecretChange {
        id: id.clone(),
        what,
        secret: secret.clone(),
        path: Some(path.clone()),
    };
    let come = after.iter().filter(|(key, _)| !before.contains_key(*key));
    changes.extend(come.map(|reader| told(SecretEvent::Read, reader)));
    let gone = before.iter().filter(|(key, _)| !after.contains_key(*key));
    changes.extend(gone.map(|reader| told(SecretEvent::NoLongerRead, reader)));
    for (name, parameter) in &new.parameters {
        if !parameter.no_echo && old.parameters.get(name).is_some_and(|known| known.no_echo) {
            changes.push(SecretChange {
                id: name.clone(),
                what: SecretEvent::Unmasked,
                secret: format!("${{{name}}}"),
                path: Some(Path::of(["Parameters", name])),
            });
        }
    }
    changes.sort_by(|left, right| {
        (left.what, &left.id, &left.secret).cmp(&(right.what, &right.id, &right.secret))
    });
    changes
}

fn secret(change: &ResourceChange, new: &Template) -> Option<SecretChange> {
    if change.type_name != "AWS::SecretsManager::Secret" || change.dormant {
        return None;
    }
    let what = match (change.action, change.consequence) {
        (Action::Added, _) => SecretEvent::Added,
        (Action::Removed, _) => SecretEvent::Removed,
        (_, Some(does)) if does.is_replacement() => SecretEvent::Replaced,
        (_, Some(Consequence::MayUpdate) | None) => return None,
        _ if gets_new_value(change, new) => SecretEvent::NewValue,
        _ => SecretEvent::Changed,
    };
    Some(SecretChange { id: change.id.clone(), what, secret: format!("${{{}}}", change.id), path: None })
}

/// Whether a change makes a new version of the secret, with another value: a change of any part of what the value is
/// generated from does, even of the text around a password.
///
/// Source: [`AWS::SecretsManager::Secret`][aws], on both properties; [what people saw][issue].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
/// [issue]: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2210
fn gets_new_value(change: &ResourceChange, new: &Template) -> bool {
    let Some(resource) = new.resources.get(&change.id) else { return false };
    let own = change.changes.iter().map(|part| &part.path);
    let carried = change.carried.iter().filter(|carried| carried.certain).map(|carried| &carried.path);
    own.chain(carried).any(|path| match (path.steps().nth(2), path.steps().nth(3)) {
        (Some(Step::Key("Properties")), Some(Step::Key(name))) => {
            ["GenerateSecretString", "SecretString"].contains(&name) && resource.properties.contains_key(name)
        }
        _ => false,
    })
}

/// Everything that a template reads secrets with: secrets of containers, and [dynamic references][aws].
///
/// What a resource reads that is the same in the other template is left out.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
fn readers(template: &Template, other: &Template) -> Readers {
    let mut readers = Readers::new();
    let differs = |(id, resource): &(&String, &Resource)| other.resources.get(id) != Some(*resource);
    for (id, resource) in template.resources.iter().filter(differs) {
        let mut path = Path::of(["Resources", id, "Properties"]);
        // Only a task definition has secrets under this name; others have other things there.
        let is_task = resource.type_name == "AWS::ECS::TaskDefinition";
        let mut walk = Walk { id, is_task, readers: &mut readers };
        walk.map(&resource.properties, &mut path);
    }
    readers
}

struct Walk<'w> {
    id: &'w str,
    is_task: bool,
    readers: &'w mut Readers,
}

impl Walk<'_> {
    fn map(&mut self, map: &Map, path: &mut Path) {
        for (key, node) in map {
            path.push_key(key);
            if self.is_task && matches!(key.as_str(), "ValueFrom" | "CredentialsParameter") {
                self.add(shown(node), path);
            } else {
                self.node(node, path);
            }
            path.pop();
        }
    }

    fn node(&mut self, node: &Node, path: &mut Path) {
        match node {
            Node::String(text) => self.text(text, path),
            Node::Call(Function::Sub | Function::Join, argument) => {
                let text = shown(node);
                if text.contains("{{resolve:") {
                    self.text(&text, path);
                } else {
                    self.node(argument, path);
                }
            }
            Node::Call(_, argument) => self.node(argument, path),
            Node::Map(map) => self.map(map, path),
            Node::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    path.push_index(at);
                    self.node(item, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, path: &Path) {
        for start in ["{{resolve:secretsmanager:", "{{resolve:ssm-secure:"] {
            for rest in text.split(start).skip(1) {
                let inner = rest.split_once("}}").map_or(rest, |(inner, _)| inner);
                self.add(inner.to_owned(), path);
            }
        }
    }

    fn add(&mut self, secret: String, path: &Path) {
        self.readers.entry((self.id.to_owned(), secret)).or_insert_with(|| path.clone());
    }
}

/// A value as `Fn::Sub` would write it.
fn shown(node: &Node) -> String {
    let glued = match node {
        Node::Call(Function::Sub | Function::Join, _) => whole(node).unwrap_or_else(|| node.clone()),
        _ => node.clone(),
    };
    match &glued {
        Node::Call(Function::Ref, name) => format!("${{{}}}", name.as_str().unwrap_or_default()),
        Node::Call(Function::GetAtt, parts) => {
            let parts: Vec<&str> =
                parts.as_list().unwrap_or_default().iter().filter_map(Node::as_str).collect();
            format!("${{{}}}", parts.join("."))
        }
        Node::Call(Function::Join, argument) => match argument.as_list() {
            Some([_, Node::List(parts)]) => parts.iter().map(shown).collect(),
            _ => serde_json::to_string(&glued).unwrap_or_default(),
        },
        other => match other.scalar_text() {
            Some(text) => text.into_owned(),
            None => other.tagged().unwrap_or_else(|| serde_json::to_string(other).unwrap_or_default()),
        },
    }
}
