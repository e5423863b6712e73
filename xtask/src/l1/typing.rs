//! Decides what a value names: the id of a VPC, the ARN of a role, or just text.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Context, Result, bail};

use crate::cfn_lint::Schema;
use crate::names::camel;
use crate::sources::Sources;
use crate::spec::{self, Kind, Property};

use super::table::{ATTRIBUTES, PROPERTIES, REFERENCES, SERVICES};

/// What the `T` of a `Value<T>` is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Names {
    Text,
    Integer,
    Number,
    Boolean,
    /// A marker type of the service module: `ec2::VpcId`.
    Marker {
        module: String,
        name: String,
    },
    /// The ARN of a resource: `Arn<iam::Role>`.
    Arn {
        module: String,
        resource: String,
    },
}

impl Names {
    /// Reads the spelling of the reviewed tables.
    fn parse(text: &str) -> Result<Names> {
        if text == "String" {
            return Ok(Names::Text);
        }
        let arn = text.strip_prefix("Arn<").and_then(|rest| rest.strip_suffix('>'));
        let (module, name) =
            arn.unwrap_or(text).split_once("::").with_context(|| format!("`{text}` has no module"))?;
        let (module, name) = (module.to_owned(), name.to_owned());
        Ok(if arn.is_some() { Names::Arn { module, resource: name } } else { Names::Marker { module, name } })
    }

    /// The module of the marker or of the resource.
    pub(crate) fn module(&self) -> Option<&str> {
        match self {
            Names::Marker { module, .. } | Names::Arn { module, .. } => Some(module),
            _ => None,
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Names::Text => f.write_str("String"),
            Names::Integer => f.write_str("i64"),
            Names::Number => f.write_str("f64"),
            Names::Boolean => f.write_str("bool"),
            Names::Marker { module, name } => write!(f, "{module}::{name}"),
            Names::Arn { module, resource } => write!(f, "Arn<{module}::{resource}>"),
        }
    }
}

/// Knows what `Ref` and the attributes of every type with a struct return.
pub(crate) struct Typing<'a> {
    references: BTreeMap<String, Names>,
    attributes: BTreeMap<String, BTreeMap<&'a str, Names>>,
    properties: BTreeMap<&'static str, Names>,
    unused: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Typing<'a> {
    /// Settles the identifiers of every type in the table.
    pub(crate) fn new(sources: &'a Sources) -> Result<Typing<'a>> {
        let mut typing = Typing {
            references: BTreeMap::new(),
            attributes: BTreeMap::new(),
            properties: parsed(PROPERTIES)?,
            unused: RefCell::new(
                PROPERTIES.iter().chain(REFERENCES).chain(ATTRIBUTES).map(|(key, _)| *key).collect(),
            ),
        };
        let (references, attributes) = (parsed(REFERENCES)?, parsed(ATTRIBUTES)?);
        for service in SERVICES {
            for name in service.resources {
                let type_name = format!("AWS::{}::{name}", service.namespace);
                let resource = sources.spec.resources.get(&type_name);
                let resource = resource.with_context(|| format!("the service spec has no {type_name}"))?;
                let reference = typing.reference_of(resource, service.module, &references)?;
                let of_type = typing.attributes_of(resource, service.module, &reference, &attributes);
                typing.attributes.insert(type_name.clone(), of_type);
                typing.references.insert(type_name, reference);
            }
        }
        Ok(typing)
    }

    /// What `Ref` returns for a type with a struct.
    pub(crate) fn reference(&self, type_name: &str) -> Option<&Names> {
        self.references.get(type_name)
    }

    /// What the attribute names, if that is more than text.
    pub(crate) fn attribute(&self, type_name: &str, attribute: &str) -> Option<&Names> {
        self.attributes.get(type_name)?.get(attribute)
    }

    /// What the text (or the text items) of the property named by `key` names.
    ///
    /// `key` is `AWS::ECS::Service.Cluster` for a property of a resource of its own, and
    /// `AWS::ECS::Service/LoadBalancer.TargetGroupArn` for one of a nested type.
    pub(crate) fn property(&self, key: &str, property: &Property, schema: Option<Schema<'_>>) -> Names {
        if let Some((key, names)) = self.properties.get_key_value(key) {
            self.unused.borrow_mut().remove(key);
            return names.clone();
        }
        let mut targets: Vec<(&str, &str)> = property
            .relationship_refs
            .iter()
            .map(|to| (to.cloud_formation_type.as_str(), to.property_name.as_str()))
            .collect();
        let formats = schema.into_iter().flat_map(|schema| {
            let items = schema.element().into_iter().flat_map(Schema::identifiers);
            schema.identifiers().into_iter().chain(items)
        });
        targets.extend(formats.filter_map(|format| format.split_once('.')));
        self.choose(key, &targets)
    }

    /// One meaning for all `targets`, or text if they are of several kinds.
    fn choose(&self, key: &str, targets: &[(&str, &str)]) -> Names {
        let types: BTreeSet<&str> = targets.iter().map(|(type_name, _)| same_kind(type_name)).collect();
        let [type_name] = types.into_iter().collect::<Vec<_>>()[..] else { return Names::Text };
        // A type's own property gives it its name; it does not name another one of its kind.
        if key.strip_prefix(type_name).is_some_and(|rest| rest.starts_with('.')) {
            return Names::Text;
        }
        let found: BTreeSet<Names> = targets
            .iter()
            .filter(|(name, _)| !matches!(*name, "AWS::KMS::Alias"))
            .filter_map(|(name, identifier)| self.identifier(same_kind(name), identifier))
            .collect();
        let is_arn = |names: &&Names| matches!(names, Names::Arn { .. });
        let wants_arn =
            key.to_ascii_lowercase().trim_end_matches('s').ends_with("arn") || type_name == "AWS::KMS::Key";
        let preferred = found.iter().find(|names| is_arn(names) == wants_arn);
        preferred.or_else(|| found.first()).cloned().unwrap_or(Names::Text)
    }

    /// What the identifier of a type with a struct is: an attribute, or another spelling of what `Ref` returns.
    fn identifier(&self, type_name: &str, identifier: &str) -> Option<Names> {
        let reference = self.references.get(type_name)?;
        if let Some(names) = self.attribute(type_name, identifier) {
            return Some(names.clone());
        }
        let is_reference = match reference {
            Names::Arn { .. } => matches!(identifier, "Id" | "Arn"),
            Names::Marker { name, .. } => name.ends_with(&camel(identifier.trim_end_matches('s'))),
            _ => false,
        };
        is_reference.then(|| reference.clone())
    }

    /// What `Ref` of `resource` returns: by the table, or by the name of its identifier.
    fn reference_of(
        &self,
        resource: &spec::Resource,
        module: &str,
        reviewed: &BTreeMap<&'static str, Names>,
    ) -> Result<Names> {
        let type_name = resource.cloud_formation_type.as_str();
        if let Some((key, names)) = reviewed.get_key_value(type_name) {
            self.unused.borrow_mut().remove(key);
            return Ok(names.clone());
        }
        let [identifier] = resource.reference() else {
            bail!(
                "{type_name}: `Ref` returns {:?}; say in the table of references what that is",
                resource.reference()
            );
        };
        let (module, own) = (module.to_owned(), camel(&resource.name));
        Ok(match camel(identifier).as_str() {
            "Id" => Names::Marker { module, name: format!("{own}Id") },
            "Name" => Names::Marker { module, name: format!("{own}Name") },
            name if name.ends_with("Arn") => Names::Arn { module, resource: own },
            name => Names::Marker { module, name: name.to_owned() },
        })
    }

    fn attributes_of(
        &self,
        resource: &'a spec::Resource,
        module: &str,
        reference: &Names,
        reviewed: &BTreeMap<&'static str, Names>,
    ) -> BTreeMap<&'a str, Names> {
        let mut found = BTreeMap::new();
        for (name, attribute) in &resource.attributes {
            let key = format!("{}.{name}", resource.cloud_formation_type);
            let own_arn = format!("{}Arn", camel(&resource.name));
            let names = if let Some((key, names)) = reviewed.get_key_value(key.as_str()) {
                self.unused.borrow_mut().remove(key);
                names.clone()
            } else if resource.reference() == [name.as_str()] {
                reference.clone()
            } else if matches!(attribute.kind, Kind::String { .. })
                && (camel(name) == "Arn" || camel(name) == own_arn)
            {
                Names::Arn { module: module.to_owned(), resource: camel(&resource.name) }
            } else {
                continue;
            };
            found.insert(name.as_str(), names);
        }
        found
    }

    /// Fails if an entry of the reviewed tables named nothing that exists.
    pub(crate) fn all_reviewed_entries_were_used(&self) -> Result<()> {
        let unused = self.unused.borrow();
        if unused.is_empty() {
            return Ok(());
        }
        bail!("the reviewed tables name what does not exist: {unused:?}")
    }
}

/// The type itself, or the one whose identifiers it shares.
fn same_kind(type_name: &str) -> &str {
    match type_name {
        "AWS::ACM::Certificate" => "AWS::CertificateManager::Certificate",
        "AWS::KMS::Alias" | "AWS::KMS::ReplicaKey" => "AWS::KMS::Key",
        other => other,
    }
}

fn parsed(table: &[(&'static str, &str)]) -> Result<BTreeMap<&'static str, Names>> {
    table.iter().map(|(key, text)| Ok((*key, Names::parse(text)?))).collect()
}
