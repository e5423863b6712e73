//! What becomes of each resource when its stack is deleted, and how that is shown.

use std::collections::BTreeMap;
use std::fmt::Write;

use cloud::StackResource;
use owo_colors::OwoColorize;
use serde::Serialize;
use template::{Element, Fate, Node, Template, stateful};

use super::cost;
use crate::problem::count;

/// A resource of a stack that is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Doomed {
    #[serde(flatten)]
    pub(super) resource: StackResource,
    /// Never unknown: what is not sure to stay is taken for deleted.
    pub(super) fate: Fate,
    /// What is lost with it, in words.
    #[serde(skip)]
    pub(super) holds: Option<&'static str>,
    /// The custom resource that refers to it and may empty it before it is deleted. What such a function does, nobody
    /// but its author knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) emptied_by: Option<String>,
    /// Whether AWS deletes it with what is in it, because the template says so.
    #[serde(skip)]
    pub(super) empties_itself: bool,
}

/// What becomes of `resources`, going by the deployed template. Without one, all are deleted.
pub(super) fn fates(
    resources: Vec<StackResource>,
    template: Option<&Template>,
    retain: &[String],
) -> Vec<Doomed> {
    let emptying = template.map(emptying).unwrap_or_default();
    let fate = |resource: &StackResource| {
        let declared = template.and_then(|template| template.resources.get(&resource.logical_id));
        if retain.contains(&resource.logical_id) {
            Fate::Retained
        } else {
            match declared.map(stateful::when_removed) {
                Some(fate @ (Fate::Snapshot | Fate::Retained)) => fate,
                _ => Fate::Deleted,
            }
        }
    };
    resources
        .into_iter()
        .map(|resource| {
            let declared = template.and_then(|template| template.resources.get(&resource.logical_id));
            Doomed {
                fate: fate(&resource),
                holds: stateful::holds(&resource.resource_type, declared),
                emptied_by: emptying.get(&resource.logical_id).cloned(),
                empties_itself: declared.is_some_and(|declared| {
                    declared.properties.get("EmptyOnDelete") == Some(&Node::Bool(true))
                }),
                resource,
            }
        })
        .collect()
}

/// Which resources a custom resource refers to, with its logical id.
fn emptying(template: &Template) -> BTreeMap<String, String> {
    let is_custom = |id: &str| {
        template.resources.get(id).is_some_and(|resource| {
            resource.type_name.starts_with("Custom::")
                || resource.type_name == "AWS::CloudFormation::CustomResource"
        })
    };
    let graph = template.graph();
    let edges = graph.edges().iter().filter_map(|edge| match (&edge.from, &edge.to) {
        (Element::Resource(from), Some(Element::Resource(to))) if is_custom(from) => {
            Some((to.clone(), from.clone()))
        }
        _ => None,
    });
    edges.collect()
}

/// What will happen to the stack `name`, in words: what holds data by name and on top, the rest as numbers.
pub(super) fn text(name: &str, doomed: &[Doomed]) -> String {
    let deleted = |doomed: &&Doomed| doomed.fate != Fate::Retained;
    let mut text =
        format!("{name} will be deleted, {}:\n", count(doomed.iter().filter(deleted).count(), "resource"));
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    for one in doomed.iter().filter(deleted) {
        let kind = one.resource.resource_type.as_str();
        if let Some(holds) = one.holds {
            let how = if one.fate == Fate::Snapshot {
                "after a snapshot, which stays".to_owned()
            } else {
                format!("with {holds}")
            };
            let _ = writeln!(text, "  {} {}, {how}", "- deleted".red(), named(&one.resource));
        } else {
            *others.entry(kind).or_default() += 1;
        }
    }
    for (kind, number) in others {
        let _ = writeln!(text, "  {} {number} {kind}", "- deleted".red());
    }
    let kept = doomed.iter().filter(|one| one.fate == Fate::Retained).map(|one| &one.resource);
    text + &retained("  ", kept)
}

/// The resources that stay, and what they go on to cost.
pub(super) fn retained<'a>(indent: &str, resources: impl Iterator<Item = &'a StackResource>) -> String {
    let mut text = String::new();
    let mut kinds = Vec::new();
    for resource in resources {
        let price = cost::text(&resource.resource_type).map(|price| format!(": {price}")).unwrap_or_default();
        let _ = writeln!(text, "{indent}{} {}{price}", "= retained".yellow(), named(resource));
        kinds.push(resource.resource_type.as_str());
    }
    if let Some(sum) = cost::sum(&kinds) {
        let _ = writeln!(text, "{indent}{sum}");
    }
    text
}

fn named(resource: &StackResource) -> String {
    let id = resource.physical_id.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
    format!("{} {}{id}", resource.resource_type, resource.logical_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(logical_id: &str, resource_type: &str) -> StackResource {
        StackResource {
            logical_id: logical_id.into(),
            resource_type: resource_type.into(),
            physical_id: Some(format!("{}-1", logical_id.to_lowercase())),
        }
    }

    const TEMPLATE: &str = r"
Resources:
  Key: {Type: AWS::SecretsManager::Secret, DeletionPolicy: Retain}
  Other: {Type: AWS::SecretsManager::Secret, DeletionPolicy: RetainExceptOnCreate}
  Images: {Type: AWS::ECR::Repository, Properties: {EmptyOnDelete: true}}
  Files: {Type: AWS::EFS::FileSystem}
  Logs: {Type: AWS::S3::Bucket, DeletionPolicy: Delete}
  Database: {Type: AWS::RDS::DBInstance}
  Emptier: {Type: 'Custom::Emptier', Properties: {ServiceToken: x, Bucket: !Ref Logs}}
  Role: {Type: AWS::IAM::Role}
  Task: {Type: AWS::IAM::Role}
";

    fn doomed(retain: &[String]) -> Vec<Doomed> {
        let template = Template::parse(TEMPLATE, "t.yaml").unwrap().template;
        let resources =
            template.resources.iter().map(|(id, declared)| resource(id, &declared.type_name)).collect();
        fates(resources, Some(&template), retain)
    }

    // L18
    #[test]
    fn the_picture_tells_what_goes_and_what_stays_and_costs() {
        insta::assert_snapshot!(anstream::adapter::strip_str(&text("S", &doomed(&[]))), @r"
        S will be deleted, 7 resources:
          - deleted AWS::ECR::Repository Images (images-1), with its images
          - deleted AWS::EFS::FileSystem Files (files-1), with its files
          - deleted AWS::S3::Bucket Logs (logs-1), with its objects
          - deleted AWS::RDS::DBInstance Database (database-1), after a snapshot, which stays
          - deleted 2 AWS::IAM::Role
          - deleted 1 Custom::Emptier
          = retained AWS::SecretsManager::Secret Key (key-1): $0.40 a month
          = retained AWS::SecretsManager::Secret Other (other-1): $0.40 a month
          what is retained costs $0.80 a month (list prices of us-east-1 in July 2024)
        ");
    }

    // L18
    #[test]
    fn nothing_is_said_of_cost_where_nothing_stays() {
        assert_eq!(retained("", std::iter::empty()), "");
    }

    #[test]
    fn what_a_custom_resource_refers_to_may_be_emptied_by_it() {
        let doomed = doomed(&["Role".to_owned()]);
        let find = |id: &str| doomed.iter().find(|one| one.resource.logical_id == id).unwrap();
        assert_eq!(find("Logs").emptied_by.as_deref(), Some("Emptier"));
        assert!(find("Images").empties_itself && !find("Files").empties_itself);
        assert_eq!((find("Role").fate, find("Task").fate), (Fate::Retained, Fate::Deleted));
    }

    #[test]
    fn without_a_template_everything_is_taken_for_deleted() {
        let doomed = fates(vec![resource("A", "AWS::SNS::Topic")], None, &[]);
        assert_eq!(doomed[0].fate, Fate::Deleted);
    }
}
