//! What would keep resources from being deleted, looked for before anything is started.

use aws_sdk_cloudcontrol::error::{ProvideErrorMetadata, SdkError};
use serde_json::Value;

use super::blockers::{Blocker, Hold};
use crate::connect::Connection;
use crate::engine::api;
use crate::engine::request::{StackDescription, StackResource};
use crate::engine::status::{Condition, condition};
use crate::error::CloudError;
use crate::failure::{ApiFailure, Class};
use crate::together::together;

/// What was found before a deletion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Obstacles {
    /// What cannot be deleted as it is.
    pub blockers: Vec<Blocker>,
    /// What could not be looked at, and why. No reason to stop: AWS makes the same checks.
    pub notes: Vec<String>,
}

/// The resources that the stack of this name or ARN has now. A nested stack is one of them.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn resources_of(connection: &Connection, stack: &str) -> Result<Vec<StackResource>, CloudError> {
    api::list_resources(connection, stack).await.map_err(ApiFailure::into_error)
}

/// Why the stack itself cannot be deleted now; `None` if it can, also if it is being deleted already.
///
/// Source of the states that forbid it: [Stack status codes][aws]; a stack whose rollback failed can be deleted.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
pub fn obstacle_of_stack(stack: &StackDescription) -> Option<Blocker> {
    if stack.status == "DELETE_IN_PROGRESS" {
        return None;
    }
    let held = |hold, holders| Blocker::of_stack(&stack.name, &stack.stack_id, hold, holders);
    if condition(&stack.status) == Condition::Running {
        return Some(held(Hold::State, vec![stack.status.clone()]));
    }
    stack.termination_protection.then(|| held(Hold::Protected, Vec::new()))
}

/// Looks who imports what `stack` exports; stacks of these names are `gone` before it, and do not count.
pub async fn obstacles_of_exports(
    connection: &Connection,
    stack: &StackDescription,
    gone: &[String],
) -> Obstacles {
    let mut found = Obstacles::default();
    let mut used = Vec::new();
    let exports: Vec<&String> = stack.outputs.iter().filter_map(|output| output.export.as_ref()).collect();
    let questions = exports.iter().map(|export| {
        let (connection, export) = (connection.clone(), (*export).clone());
        async move { crate::stacks::importers(&connection, &export).await }
    });
    for (export, answer) in exports.iter().zip(together(questions).await) {
        match answer {
            None => {}
            Some(Ok(importers)) => {
                let left = importers.into_iter().filter(|name| !gone.contains(name));
                used.extend(left.map(|name| format!("`{export}` by {name}")));
            }
            Some(Err(failure)) => {
                let why = failure.message;
                found
                    .notes
                    .push(format!("who imports what {} exports could not be looked up: {why}", stack.name));
                break;
            }
        }
    }
    if !used.is_empty() {
        found.blockers.push(Blocker::of_stack(&stack.name, &stack.stack_id, Hold::Imported, used));
    }
    found
}

/// Looks at each of `resources`, which are about to be deleted: full buckets and repositories, and whatever is
/// protected against deletion.
///
/// EFS has no protection against deletion: its `FileSystemProtection` is about replication only.
pub async fn obstacles_to_deletion(connection: &Connection, resources: &[StackResource]) -> Obstacles {
    let mut found = Obstacles::default();
    let mut denied: Vec<&'static str> = Vec::new();
    let looks: Vec<_> = resources
        .iter()
        .filter_map(|resource| {
            Some((resource, look_at(&resource.resource_type)?, resource.physical_id.clone()?))
        })
        .collect();
    let questions = looks.iter().map(|(resource, look, id)| {
        let (connection, kind, look, id) =
            (connection.clone(), resource.resource_type.clone(), *look, id.clone());
        async move {
            match look {
                Look::Objects => holds_objects(&connection, &id).await,
                Look::Images => holds_images(&connection, &id).await,
                Look::Protection(protection) => is_protected(&connection, &kind, &id, protection).await,
            }
        }
    });
    let answers = together(questions).await;
    for ((resource, look, _), answer) in looks.into_iter().zip(answers) {
        let Some(answer) = answer else { continue };
        match answer {
            Ok(true) => found.blockers.push(Blocker::of(resource, look.hold())),
            Ok(false) => {}
            // Once for each permission, however many resources there are.
            Err(failure) if failure.class == Class::Denied && denied.contains(&failure.action) => {}
            Err(failure) => {
                if failure.class == Class::Denied {
                    denied.push(failure.action);
                }
                found.notes.push(format!(
                    "whether {} ({}) {} could not be looked up ({}): {}",
                    resource.logical_id,
                    resource.resource_type,
                    look.question(),
                    failure.action,
                    failure.message
                ));
            }
        }
    }
    found
}

/// Where to look whether a resource can be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// For objects in a bucket, and versions of them.
    Objects,
    /// For images in a repository.
    Images,
    /// For a property that protects it.
    Protection(Protection),
}

/// The property of a resource that protects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protection {
    /// A property that is `true`.
    Switch(&'static str),
    /// A property that is `ACTIVE`.
    Active(&'static str),
    /// An entry of a list of `Key` and `Value`: the property, and the key whose value is `true`.
    Attribute(&'static str, &'static str),
    /// A property that is `true` in one of a list: the list, and the property.
    Any(&'static str, &'static str),
}

impl Look {
    fn hold(self) -> Hold {
        match self {
            Look::Objects | Look::Images => Hold::NotEmpty,
            Look::Protection(_) => Hold::Protected,
        }
    }

    fn question(self) -> &'static str {
        match self {
            Look::Objects | Look::Images => "is empty",
            Look::Protection(_) => "is protected against deletion",
        }
    }
}

/// Where to look; `None` if nothing is known that would keep resources of this type.
///
/// Sources: the schemas of the types, and for the load balancer its [attributes][lb].
///
/// [lb]: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
fn look_at(resource_type: &str) -> Option<Look> {
    let protection = match resource_type {
        "AWS::S3::Bucket" => return Some(Look::Objects),
        "AWS::ECR::Repository" => return Some(Look::Images),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            Protection::Attribute("LoadBalancerAttributes", "deletion_protection.enabled")
        }
        "AWS::RDS::DBInstance"
        | "AWS::RDS::DBCluster"
        | "AWS::RDS::GlobalCluster"
        | "AWS::Neptune::DBCluster"
        | "AWS::EKS::Cluster" => Protection::Switch("DeletionProtection"),
        "AWS::DynamoDB::Table" | "AWS::Logs::LogGroup" | "AWS::DSQL::Cluster" => {
            Protection::Switch("DeletionProtectionEnabled")
        }
        "AWS::DynamoDB::GlobalTable" => Protection::Any("Replicas", "DeletionProtectionEnabled"),
        "AWS::Cognito::UserPool" => Protection::Active("DeletionProtection"),
        "AWS::EC2::Instance" => Protection::Switch("DisableApiTermination"),
        "AWS::NetworkFirewall::Firewall" => Protection::Switch("DeleteProtection"),
        _ => return None,
    };
    Some(Look::Protection(protection))
}

/// Whether the properties of a resource, as Cloud Control tells them, protect it.
fn protects(properties: &Value, protection: Protection) -> bool {
    let list = |name: &str| properties.get(name).and_then(Value::as_array).into_iter().flatten();
    match protection {
        Protection::Switch(name) => properties.get(name) == Some(&Value::Bool(true)),
        Protection::Active(name) => properties.get(name).and_then(Value::as_str) == Some("ACTIVE"),
        Protection::Attribute(name, key) => list(name)
            .any(|entry| entry["Key"] == key && entry["Value"].as_str().is_some_and(|value| value == "true")),
        Protection::Any(name, of) => list(name).any(|entry| entry[of] == true),
    }
}

/// Whether the bucket holds objects, versions of them, or marks of deleted ones. A bucket without versions lists its
/// objects as the one version they have.
///
/// Source: [ListObjectVersions][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
async fn holds_objects(connection: &Connection, bucket: &str) -> Result<bool, ApiFailure> {
    let client = &connection.s3;
    let answer = client.list_object_versions().bucket(bucket).max_keys(1).send().await;
    present(answer, "s3:ListBucketVersions")
        .map(|page| page.is_some_and(|page| !page.versions().is_empty() || !page.delete_markers().is_empty()))
}

async fn holds_images(connection: &Connection, repository: &str) -> Result<bool, ApiFailure> {
    let answer = connection.ecr().list_images().repository_name(repository).max_results(1).send().await;
    present(answer, "ecr:ListImages").map(|page| page.is_some_and(|page| !page.image_ids().is_empty()))
}

async fn is_protected(
    connection: &Connection,
    resource_type: &str,
    id: &str,
    protection: Protection,
) -> Result<bool, ApiFailure> {
    let client = connection.cloudcontrol();
    let answer = client.get_resource().type_name(resource_type).identifier(id).send().await;
    let answer = present(answer, "cloudformation:GetResource")?;
    let properties = answer.as_ref().and_then(|answer| answer.resource_description()?.properties());
    let properties = properties.and_then(|text| serde_json::from_str::<Value>(text).ok());
    Ok(properties.is_some_and(|properties| protects(&properties, protection)))
}

/// What AWS answered; `None` if the resource is not there any more, which is no obstacle.
fn present<T, E>(
    answer: Result<T, SdkError<E, aws_sdk_cloudformation::config::http::HttpResponse>>,
    action: &'static str,
) -> Result<Option<T>, ApiFailure>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match answer.map_err(|error| ApiFailure::of(action, &error)) {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.is_absent() => Ok(None),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fake::stack;
    use serde_json::json;

    #[track_caller]
    fn check(resource_type: &str, properties: &Value, expected: bool) {
        let Some(Look::Protection(protection)) = look_at(resource_type) else { panic!("{resource_type}") };
        assert_eq!(protects(properties, protection), expected, "{resource_type}: {properties}");
    }

    // L16
    #[test]
    fn each_type_says_in_its_own_way_that_it_is_protected() {
        let balancer = |value: &str| {
            json!({ "LoadBalancerAttributes": [
                { "Key": "idle_timeout.timeout_seconds", "Value": "60" },
                { "Key": "deletion_protection.enabled", "Value": value },
            ]})
        };
        check("AWS::ElasticLoadBalancingV2::LoadBalancer", &balancer("true"), true);
        check("AWS::ElasticLoadBalancingV2::LoadBalancer", &balancer("false"), false);
        check("AWS::RDS::DBInstance", &json!({ "DeletionProtection": true }), true);
        check("AWS::RDS::DBInstance", &json!({}), false);
        check("AWS::Cognito::UserPool", &json!({ "DeletionProtection": "ACTIVE" }), true);
        check("AWS::Cognito::UserPool", &json!({ "DeletionProtection": "INACTIVE" }), false);
        check(
            "AWS::DynamoDB::GlobalTable",
            &json!({ "Replicas": [{}, { "DeletionProtectionEnabled": true }] }),
            true,
        );
        check("AWS::DynamoDB::Table", &json!({ "DeletionProtectionEnabled": false }), false);
    }

    // L17
    #[test]
    fn a_stack_is_kept_by_its_protection_and_by_what_runs_on_it_but_not_by_its_own_deletion() {
        let obstacle = |status: &str, protected| {
            let stack = StackDescription { termination_protection: protected, ..stack(status) };
            obstacle_of_stack(&stack).map(|blocker| (blocker.hold, blocker.to_string()))
        };
        let state = "S is in a state in which it cannot be deleted: UPDATE_IN_PROGRESS";
        assert_eq!(obstacle("UPDATE_IN_PROGRESS", true), Some((Hold::State, state.into())));
        let protected = "S is protected against deletion";
        assert_eq!(obstacle("UPDATE_COMPLETE", true), Some((Hold::Protected, protected.into())));
        for free in ["UPDATE_COMPLETE", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"]
        {
            assert_eq!(obstacle(free, false), None, "{free}");
        }
    }

    #[test]
    fn most_types_need_no_look() {
        assert_eq!(look_at("AWS::EFS::FileSystem"), None);
        assert_eq!(look_at("AWS::SNS::Topic"), None);
    }

    #[test]
    fn what_is_gone_is_no_obstacle() {
        let failure = |code: &str, class| ApiFailure {
            action: "ecr:ListImages",
            class,
            code: Some(code.into()),
            message: "m".into(),
        };
        assert!(failure("RepositoryNotFoundException", Class::Rejected).is_absent());
        assert!(failure("NoSuchBucket", Class::Missing).is_absent());
        assert!(!failure("AccessDeniedException", Class::Denied).is_absent());
    }
}
