//! What a deployment must acknowledge to CloudFormation before it touches a template.

use std::fmt;

use serde::Serialize;

use crate::document::{Resource, Template};
use crate::node::{Function, Map, Node};

/// A capability that a request must name.
///
/// Source: the parameter `Capabilities` of [CreateStack][aws] in the CloudFormation API reference.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Capability {
    /// The template makes IAM resources, under names that CloudFormation chooses.
    #[serde(rename = "CAPABILITY_IAM")]
    Iam,
    /// The template makes IAM resources under names of its own. Includes [`Iam`](Capability::Iam).
    #[serde(rename = "CAPABILITY_NAMED_IAM")]
    NamedIam,
    /// Macros change the template before it is deployed.
    #[serde(rename = "CAPABILITY_AUTO_EXPAND")]
    AutoExpand,
}

impl Capability {
    /// The name that the API takes.
    pub fn name(self) -> &'static str {
        match self {
            Capability::Iam => "CAPABILITY_IAM",
            Capability::NamedIam => "CAPABILITY_NAMED_IAM",
            Capability::AutoExpand => "CAPABILITY_AUTO_EXPAND",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The types for which the API reference (see [`Capability`]) requires an acknowledgement, and the inline
/// policies as resources of their own. With the property that gives a name to them, if they have one.
const IAM_TYPES: [(&str, Option<&str>); 11] = [
    ("AWS::IAM::AccessKey", None),
    ("AWS::IAM::Group", Some("GroupName")),
    ("AWS::IAM::GroupPolicy", None),
    ("AWS::IAM::InstanceProfile", Some("InstanceProfileName")),
    ("AWS::IAM::ManagedPolicy", Some("ManagedPolicyName")),
    ("AWS::IAM::Policy", None),
    ("AWS::IAM::Role", Some("RoleName")),
    ("AWS::IAM::RolePolicy", None),
    ("AWS::IAM::User", Some("UserName")),
    ("AWS::IAM::UserPolicy", None),
    ("AWS::IAM::UserToGroupAddition", None),
];

impl Template {
    /// The capabilities that a deployment of this template needs, none twice.
    ///
    /// Where the template brings in another that is not seen here (a nested stack, a module), all are asked for.
    pub fn capabilities(&self) -> Vec<Capability> {
        let unseen = self.resources.values().any(|resource| {
            resource.type_name == "AWS::CloudFormation::Stack" || resource.type_name.ends_with("::MODULE")
        });
        let iam = self.resources.values().filter_map(acknowledgement).max();
        // The serverless transform makes a role for each function, and other macros may do the like.
        let iam = iam.or_else(|| self.has_macros().then_some(Capability::Iam));
        let iam = if unseen { Some(Capability::NamedIam) } else { iam };
        let expands = unseen || !self.transform.is_empty() || !self.loops.is_empty() || self.calls_macros();
        iam.into_iter().chain(expands.then_some(Capability::AutoExpand)).collect()
    }

    /// Whether `Fn::Transform` stands in a resource.
    fn calls_macros(&self) -> bool {
        self.resources.values().any(|resource| {
            map_calls_macro(&resource.properties)
                || map_calls_macro(&resource.metadata)
                || map_calls_macro(&resource.attributes)
        })
    }
}

fn acknowledgement(resource: &Resource) -> Option<Capability> {
    let (_, name) = IAM_TYPES.iter().find(|(type_name, _)| *type_name == resource.type_name)?;
    let named = name.is_some_and(|name| resource.properties.contains_key(name));
    Some(if named { Capability::NamedIam } else { Capability::Iam })
}

fn map_calls_macro(map: &Map) -> bool {
    map.contains_key(Function::Transform.key()) || map.values().any(calls_macro)
}

fn calls_macro(node: &Node) -> bool {
    match node {
        Node::Call(Function::Transform, _) => true,
        Node::Call(_, argument) => calls_macro(argument),
        Node::List(items) => items.iter().any(calls_macro),
        Node::Map(map) => map_calls_macro(map),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let template = Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template;
        let names: Vec<_> = template.capabilities().iter().map(|capability| capability.name()).collect();
        assert_eq!(names.join(" "), expected, "{text}");
    }

    #[test]
    fn nothing_is_acknowledged_without_need() {
        check("Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: x}}}", "");
    }

    #[test]
    fn iam_resources_and_their_names_are_acknowledged() {
        check("Resources: {R: {Type: AWS::IAM::Role}}", "CAPABILITY_IAM");
        check("Resources: {P: {Type: AWS::IAM::Policy, Properties: {PolicyName: x}}}", "CAPABILITY_IAM");
        check(
            "Resources: {P: {Type: AWS::IAM::Policy}, R: {Type: AWS::IAM::Role, Properties: {RoleName: x}}}",
            "CAPABILITY_NAMED_IAM",
        );
    }

    #[test]
    fn macros_are_acknowledged() {
        check("Transform: AWS::LanguageExtensions\nResources: {}", "CAPABILITY_AUTO_EXPAND");
        check(
            "Transform: [AWS::Serverless-2016-10-31]\nResources: {}",
            "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND",
        );
        check(
            "Resources: {T: {Type: AWS::SNS::Topic, Properties: {A: [!Transform {Name: X}]}}}",
            "CAPABILITY_AUTO_EXPAND",
        );
        check(
            "Resources: {T: {Type: A::B::C, Properties: {Fn::Transform: {Name: X}}}}",
            "CAPABILITY_AUTO_EXPAND",
        );
    }

    #[test]
    fn what_cannot_be_seen_needs_all() {
        check(
            "Resources: {N: {Type: AWS::CloudFormation::Stack}}",
            "CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND",
        );
        check(
            "Resources: {N: {Type: My::Own::Thing::MODULE}}",
            "CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND",
        );
    }
}
