//! A whole template: the ten sections, each as a value.

use crate::loops::{EXTENSIONS, is_loop};
use crate::node::{Map, Node};

/// A CloudFormation template.
///
/// Sections keep the order of their entries. Attributes that this crate gives no meaning to are kept as
/// nodes, so that reading and writing any template loses nothing.
///
/// Source: [Template sections][aws] in the CloudFormation user guide.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// `AWSTemplateFormatVersion`; the only one that exists is `2010-09-09`.
    pub format_version: Option<String>,
    /// `Description`, at most 1,024 bytes.
    pub description: Option<String>,
    /// `Metadata`.
    pub metadata: Map,
    /// `Parameters`, at most 200.
    pub parameters: Map<Parameter>,
    /// `Rules`, by name.
    pub rules: Map,
    /// `Mappings`, at most 200: map name, top-level key, second-level key.
    pub mappings: Map,
    /// `Conditions`, by name.
    pub conditions: Map,
    /// `Transform`: the macros applied to the whole template.
    pub transform: Vec<Node>,
    /// `Resources`, at most 500, by logical ID.
    pub resources: Map<Resource>,
    /// `Outputs`, at most 200, by name.
    pub outputs: Map<Output>,
    /// `Hooks`, the section of the retired transform `AWS::CodeDeployBlueGreen`; kept as it is.
    pub hooks: Map,
    /// Entries of a section that only a macro turns into things of the section: `Fn::ForEach::Name` of the
    /// language extensions and `Fn::Transform`, by section (`Parameters`, `Resources`, `Outputs`).
    /// (The other sections hold nodes already.)
    pub loops: Map<Map>,
    /// Sections that only a macro understands, such as `Globals` of `AWS::Serverless`; kept as they are.
    pub other: Map,
}

/// A parameter of a template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameter {
    /// `Type`, for example `String`, `Number`, `AWS::EC2::VPC::Id` or `List<AWS::EC2::Subnet::Id>`.
    pub type_name: String,
    /// `Default`; absent means that the one who deploys must give a value.
    pub default: Option<Node>,
    /// `Description`, at most 4,000 characters.
    pub description: Option<String>,
    /// `NoEcho`: the value is masked wherever the stack is described.
    pub no_echo: bool,
    /// All other attributes by name (`AllowedValues`, `AllowedPattern`, `MinLength`, …).
    pub attributes: Map,
}

/// A resource of a template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resource {
    /// `Type`, for example `AWS::EC2::VPC`.
    pub type_name: String,
    /// `Condition`: the resource exists only where the named condition holds.
    pub condition: Option<String>,
    /// `DependsOn`: logical IDs that must exist first.
    pub depends_on: Vec<String>,
    /// `Properties`; a map with the one key `Fn::Transform` where a macro makes all of them.
    pub properties: Map,
    /// `Metadata`.
    pub metadata: Map,
    /// `DeletionPolicy`: `Delete`, `Retain`, `Snapshot` or `RetainExceptOnCreate`, or with the language
    /// extensions a function that gives one.
    pub deletion_policy: Option<Node>,
    /// `UpdateReplacePolicy`: `Delete`, `Retain` or `Snapshot`.
    pub update_replace_policy: Option<Node>,
    /// All other attributes by name (`CreationPolicy`, `UpdatePolicy`, `Version`).
    pub attributes: Map,
}

/// An output of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// `Value`.
    pub value: Node,
    /// `Description`, at most 1,024 bytes.
    pub description: Option<String>,
    /// `Export.Name`: other stacks of the account and region may import the value under it.
    pub export: Option<Node>,
    /// `Condition`: the output exists only where the named condition holds.
    pub condition: Option<String>,
}

impl Template {
    /// Whether a macro works on the template before its resources are made: any transform but the language
    /// extensions, or `Fn::Transform` somewhere. What such a template holds in the end, only AWS knows.
    ///
    /// Source: [Template macros][aws] in the CloudFormation user guide.
    ///
    /// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html
    pub fn has_macros(&self) -> bool {
        self.transform.iter().any(|transform| transform.as_str() != Some(EXTENSIONS))
            || self.loops.values().any(|loops| loops.contains_key("Fn::Transform"))
    }

    /// Whether one of the macros is not AWS's own: it may give any meaning to any property.
    pub fn has_foreign_macros(&self) -> bool {
        let foreign =
            |transform: &Node| !matches!(transform, Node::String(name) if name.starts_with("AWS::"));
        self.transform.iter().any(foreign)
    }

    /// Whether a loop of the language extensions makes resources, outputs or conditions.
    pub fn has_loops(&self) -> bool {
        !self.loops.is_empty() || self.conditions.keys().any(|key| is_loop(key))
    }
}
