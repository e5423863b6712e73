//! The roles that a stack hands to services, and the roles that services make for themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::text::patterns;
use super::{Deployment, uses};
use crate::document::Resource;
use crate::node::{Function, Node};

const ROLE: &str = "arn:${Partition}:iam::${Account}:role/*";

/// The roles that are passed, by the services that may have them; services are not known if there are none.
pub(super) type Passed = BTreeMap<BTreeSet<String>, BTreeSet<String>>;

/// Adds the roles that `resource` hands on.
pub(super) fn collect(resource: &Resource, deployment: &Deployment<'_>, passed: &mut Passed) {
    let mut found = Vec::new();
    for (key, node) in &resource.properties {
        roles(key, node, &mut found);
    }
    for role in found {
        match role {
            Role::Own(id) => {
                let Some(role) = deployment.template.resources.get(id) else { continue };
                let services = services(role, deployment);
                passed.entry(services).or_default().extend(own(id, role, deployment));
            }
            Role::Written(node) => {
                let arns = patterns(node, deployment).into_iter();
                // Of an import or a parameter nothing is known but that it is a role.
                let arns = arns.map(|arn| if arn.contains(":role/") { arn } else { deployment.filled(ROLE) });
                let service = TAKES.iter().find(|(name, _)| resource.type_name.starts_with(name));
                let services = service.map(|(_, service)| (*service).to_owned()).into_iter().collect();
                passed.entry(services).or_default().extend(arns);
            }
        }
    }
}

/// To which service a resource hands the roles that its template does not make.
const TAKES: [(&str, &str); 8] = [
    ("AWS::Backup::", "backup.amazonaws.com"),
    ("AWS::CodeBuild::", "codebuild.amazonaws.com"),
    ("AWS::CodePipeline::", "codepipeline.amazonaws.com"),
    ("AWS::EC2::FlowLog", "vpc-flow-logs.amazonaws.com"),
    ("AWS::ECS::", "ecs-tasks.amazonaws.com"),
    ("AWS::Events::", "events.amazonaws.com"),
    ("AWS::Lambda::", "lambda.amazonaws.com"),
    ("AWS::StepFunctions::", "states.amazonaws.com"),
];

enum Role<'a> {
    /// One of the template's, by its logical ID.
    Own(&'a str),
    /// An ARN from elsewhere.
    Written(&'a Node),
}

fn roles<'a>(key: &str, node: &'a Node, found: &mut Vec<Role<'a>>) {
    let is_role = key.ends_with("Role") || key.ends_with("RoleArn") || key.ends_with("RoleARN");
    match node {
        Node::Call(Function::GetAtt, argument) => {
            if let Some([Node::String(id), Node::String(attribute)]) = argument.as_list()
                && attribute == "Arn"
            {
                found.push(Role::Own(id));
            }
        }
        Node::Call(Function::If, argument) => {
            let branches = argument.as_list().unwrap_or_default().iter().skip(1);
            branches.for_each(|branch| roles(key, branch, found));
        }
        Node::Call(Function::Ref, target) if target.as_str() == Some("AWS::NoValue") => {}
        Node::List(items) => items.iter().for_each(|item| roles(key, item, found)),
        Node::Map(map) => map.iter().for_each(|(key, node)| roles(key, node, found)),
        Node::String(text) if text.starts_with("arn:") && text.contains(":role/") => {
            found.push(Role::Written(node));
        }
        Node::Call(..) if is_role => found.push(Role::Written(node)),
        _ => {}
    }
}

fn own(id: &str, role: &Resource, deployment: &Deployment<'_>) -> Vec<String> {
    if role.type_name != "AWS::IAM::Role" {
        return vec![];
    }
    uses::own(id, role, ROLE, deployment)
}

/// The services that a role trusts.
fn services(role: &Resource, deployment: &Deployment<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let documents = role.properties.get("AssumeRolePolicyDocument").map(each).unwrap_or_default();
    let services = documents
        .into_iter()
        .flat_map(|document| below(document, "Statement"))
        .flat_map(|statement| below(statement, "Principal"))
        .flat_map(|principal| below(principal, "Service"));
    for service in services {
        found.extend(patterns(service, deployment));
    }
    found
}

/// What may stand below a key.
fn below<'a>(node: &'a Node, key: &str) -> Vec<&'a Node> {
    node.as_map().and_then(|map| map.get(key)).map(each).unwrap_or_default()
}

/// The items of a list, or the one value, in each branch of a condition.
fn each(node: &Node) -> Vec<&Node> {
    match node {
        Node::List(items) => items.iter().flat_map(each).collect(),
        Node::Call(Function::If, argument) => {
            argument.as_list().unwrap_or_default().iter().skip(1).flat_map(each).collect()
        }
        _ => vec![node],
    }
}

/// The services that make a role for themselves when one of these types is first used.
///
/// Source: [Services that work with IAM][aws], and the pages on service-linked roles to which it leads.
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
pub(super) const LINKED: [(&str, &[&str]); 12] = [
    ("AWS::ApplicationAutoScaling::", &["*.application-autoscaling.amazonaws.com"]),
    ("AWS::Backup::", &["backup.amazonaws.com"]),
    ("AWS::DocDB::", &["rds.amazonaws.com"]),
    ("AWS::EC2::FlowLog", &["delivery.logs.amazonaws.com"]),
    ("AWS::ECR::", &["pullthroughcache.ecr.amazonaws.com", "replication.ecr.amazonaws.com"]),
    ("AWS::ECS::", &["ecs.amazonaws.com"]),
    ("AWS::EFS::", &["elasticfilesystem.amazonaws.com"]),
    ("AWS::ElasticLoadBalancing", &["elasticloadbalancing.amazonaws.com"]),
    ("AWS::ElastiCache::", &["elasticache.amazonaws.com"]),
    ("AWS::Neptune::", &["rds.amazonaws.com"]),
    ("AWS::RDS::", &["rds.amazonaws.com"]),
    ("AWS::WAFv2::", &["wafv2.amazonaws.com"]),
];
