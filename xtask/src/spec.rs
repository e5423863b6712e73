//! The database of `@aws-cdk/aws-service-spec`, as far as we read it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use indexmap::IndexMap;
use serde::Deserialize;

/// Every resource type and every nested type that its properties use.
pub(crate) struct Spec {
    pub(crate) resources: BTreeMap<String, Resource>,
    pub(crate) definitions: BTreeMap<String, Definition>,
}

/// A resource type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resource {
    pub(crate) cloud_formation_type: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) documentation: String,
    #[serde(default)]
    primary_identifier: Vec<String>,
    cfn_ref_identifier: Option<Vec<String>>,
    pub(crate) properties: IndexMap<String, Property>,
    pub(crate) attributes: IndexMap<String, Attribute>,
    pub(crate) is_stateful: Option<bool>,
    pub(crate) tag_information: Option<TagInformation>,
    #[serde(default)]
    pub(crate) additional_replacement_properties: Vec<Vec<String>>,
}

impl Resource {
    /// The names of the parts of what `Ref` returns.
    pub(crate) fn reference(&self) -> &[String] {
        self.cfn_ref_identifier.as_deref().unwrap_or(&self.primary_identifier)
    }
}

/// A nested type.
#[derive(Debug, Deserialize)]
pub(crate) struct Definition {
    #[serde(rename = "$id")]
    id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) documentation: String,
    pub(crate) properties: IndexMap<String, Property>,
}

/// A property of a resource or nested type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Property {
    #[serde(default)]
    pub(crate) documentation: String,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) default_value: Option<serde_json::Value>,
    #[serde(default)]
    pub(crate) causes_replacement: Replacement,
    #[serde(default)]
    pub(crate) relationship_refs: Vec<Relationship>,
}

/// Whether a change of a property replaces the resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Replacement {
    #[default]
    No,
    Maybe,
    Yes,
}

/// The type of resource, and which identifier of it, that a property names.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Relationship {
    pub(crate) cloud_formation_type: String,
    pub(crate) property_name: String,
}

/// A value that `Fn::GetAtt` returns.
#[derive(Debug, Deserialize)]
pub(crate) struct Attribute {
    #[serde(default)]
    pub(crate) documentation: String,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
}

/// Where a resource type takes its tags.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TagInformation {
    pub(crate) tag_property_name: String,
    pub(crate) variant: TagVariant,
}

/// The shape of a tag property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TagVariant {
    Standard,
    Asg,
    Map,
}

/// The type of a property or attribute.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum Kind {
    #[serde(rename_all = "camelCase")]
    String {
        #[serde(default)]
        allowed_values: Vec<serde_json::Value>,
    },
    Number,
    Integer,
    Boolean,
    Json,
    DateTime,
    Null,
    Tag,
    Ref {
        reference: Reference,
    },
    Array {
        element: Box<Kind>,
    },
    Map {
        element: Box<Kind>,
    },
    Union {
        types: Vec<Kind>,
    },
}

/// Names a nested type.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Reference {
    #[serde(rename = "$ref")]
    pub(crate) id: String,
}

#[derive(Deserialize)]
struct Database {
    schema: Schema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema {
    resource: Entities<Resource>,
    type_definition: Entities<Definition>,
}

#[derive(Deserialize)]
struct Entities<T> {
    entities: Vec<T>,
}

impl Spec {
    /// Reads the database from the JSON text of `db.json`.
    pub(crate) fn read(json: &[u8]) -> Result<Spec> {
        let database: Database =
            serde_json::from_slice(json).context("reading the service spec's db.json")?;
        let resources = database.schema.resource.entities;
        let definitions = database.schema.type_definition.entities;
        Ok(Spec {
            resources: resources.into_iter().map(|r| (r.cloud_formation_type.clone(), r)).collect(),
            definitions: definitions.into_iter().map(|d| (d.id.clone(), d)).collect(),
        })
    }

    /// The nested type that `reference` names.
    pub(crate) fn definition(&self, reference: &Reference) -> Result<&Definition> {
        self.definitions
            .get(&reference.id)
            .with_context(|| format!("no nested type has the id {}", reference.id))
    }
}
