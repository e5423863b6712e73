//! What keeps a resource from being deleted: read from the words in which AWS says so, and what can be done about it.

use std::fmt;

use serde::Serialize;

use crate::engine::progress::ResourceEvent;
use crate::engine::request::StackResource;
use crate::text::denied_action;

/// The resource type of a stack, also of one nested in another.
pub(crate) const STACK: &str = "AWS::CloudFormation::Stack";

/// How something keeps a resource from being deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// Other things in its network depend on it, mostly network interfaces.
    Dependents,
    /// It still holds something: objects, images, records.
    NotEmpty,
    /// Another stack imports what it exports.
    Imported,
    /// Policies are attached to it, or it is attached to something.
    Attached,
    /// It is protected against deletion.
    Protected,
    /// Something uses it.
    InUse,
    /// Who deletes it may not.
    NotAllowed,
    /// The function behind a custom resource did not answer.
    NoAnswer,
    /// A stack nested in this one could not be deleted.
    Nested,
    /// The stack's state does not allow it.
    State,
    /// Something else; only AWS's own words tell.
    Other,
}

/// A resource that cannot be deleted, what holds it, and what to do.
///
/// For the stack itself, the logical id is its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Blocker {
    /// The resource's logical id.
    pub logical_id: String,
    /// For example `AWS::S3::Bucket`.
    pub resource_type: String,
    /// Its name or id in AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// How it is held.
    pub hold: Hold,
    /// Why, in AWS's words, if it said anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What holds it, if that is known: stacks, network interfaces with what they belong to, permissions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<String>,
    /// What to do about it: a command, or a sentence without its final period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Blocker {
    /// A resource that is held like this.
    pub(crate) fn of(resource: &StackResource, hold: Hold) -> Blocker {
        let mut blocker = Blocker {
            logical_id: resource.logical_id.clone(),
            resource_type: resource.resource_type.clone(),
            physical_id: resource.physical_id.clone(),
            hold,
            reason: None,
            holders: Vec::new(),
            remedy: None,
        };
        blocker.remedy = remedy(&blocker);
        blocker
    }

    /// The stack itself, which is held like this by `holders`.
    pub(crate) fn of_stack(name: &str, stack_id: &str, hold: Hold, holders: Vec<String>) -> Blocker {
        let resource = StackResource {
            logical_id: name.to_owned(),
            resource_type: STACK.to_owned(),
            physical_id: Some(stack_id.to_owned()),
        };
        let mut blocker = Blocker { holders, ..Blocker::of(&resource, hold) };
        blocker.remedy = remedy(&blocker);
        blocker
    }

    /// What the event of a failed deletion tells.
    pub(crate) fn told_by(event: &ResourceEvent) -> Blocker {
        let reason = event.reason.as_deref().unwrap_or_default();
        let hold = if event.resource_type == STACK { Hold::Nested } else { hold(reason) };
        let resource = StackResource {
            logical_id: event.logical_id.clone(),
            resource_type: event.resource_type.clone(),
            physical_id: event.physical_id.clone(),
        };
        let mut blocker = Blocker {
            reason: event.reason.clone(),
            holders: holders(hold, reason),
            ..Blocker::of(&resource, hold)
        };
        blocker.remedy = remedy(&blocker);
        blocker
    }

    /// The id by which a network interface would name this, if interfaces may be what holds it.
    pub(crate) fn network_id(&self) -> Option<&str> {
        let networked = ["AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPC"];
        let held = self.hold == Hold::Dependents && networked.contains(&self.resource_type.as_str());
        self.physical_id.as_deref().filter(|_| held)
    }

    fn what(&self) -> &'static str {
        match self.hold {
            Hold::Dependents => "has something that depends on it",
            Hold::NotEmpty => "is not empty",
            Hold::Imported => "exports what other stacks import",
            Hold::Attached => "is attached to something, or has policies attached to it",
            Hold::Protected => "is protected against deletion",
            Hold::InUse => "is in use",
            Hold::NotAllowed => "may not be deleted with these permissions",
            Hold::NoAnswer => "got no answer from the function behind it",
            Hold::Nested => "is a stack that could not be deleted",
            Hold::State => "is in a state in which it cannot be deleted",
            Hold::Other => "could not be deleted",
        }
    }
}

/// What is held, how and by what; not what to do about it.
impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.logical_id)?;
        if self.resource_type != STACK || self.hold == Hold::Nested {
            let id = self.physical_id.as_ref().filter(|id| **id != self.logical_id);
            let id = id.map(|id| format!(", {id}")).unwrap_or_default();
            write!(f, " ({}{id})", self.resource_type)?;
        }
        write!(f, " {}", self.what())?;
        if !self.holders.is_empty() {
            write!(f, ": {}", self.holders.join(", "))?;
        } else if let Some(reason) = self.reason.as_ref().filter(|_| self.speaks_for_itself()) {
            write!(f, ": {reason}")?;
        }
        Ok(())
    }
}

impl Blocker {
    /// Whether AWS's words tell more than ours.
    fn speaks_for_itself(&self) -> bool {
        !matches!(self.hold, Hold::NotEmpty | Hold::Protected | Hold::Imported)
    }
}

/// The words of AWS that tell a hold; the first row that matches counts. Compared without regard to case.
///
/// Sources: what people reported of their stacks, each found in more than one place. Dependents:
/// [security group](https://github.com/aws/aws-cdk/issues/12130),
/// [subnet](https://github.com/aws/aws-cdk/issues/14456),
/// [gateway](https://github.com/ministryofjustice/bootstrap-cfn/issues/177). Not empty:
/// [bucket](https://github.com/aws/aws-cdk/issues/21776),
/// [repository](https://github.com/brentley/appmeshworkshop/issues/31),
/// [hosted zone](https://github.com/rebuy-de/aws-nuke/issues/215). [Export](https://github.com/aws/aws-cdk/issues/604).
/// [Role](https://github.com/aws-samples/aws-fault-injection-simulator-workshop/issues/113). Protected:
/// [load balancer](https://github.com/aws-cloudformation/rain/issues/187),
/// [table](https://github.com/nubo-db/dynoxide/issues/46). In use:
/// [cluster](https://github.com/aws-samples/aws-scalable-big-blue-button-example/issues/79).
const WORDS: [(&str, Hold); 21] = [
    ("is not authorized to perform", Hold::NotAllowed),
    ("access denied", Hold::NotAllowed),
    ("accessdenied", Hold::NotAllowed),
    ("has a dependent object", Hold::Dependents),
    ("has dependencies and cannot be deleted", Hold::Dependents),
    ("dependencyviolation", Hold::Dependents),
    ("has some mapped public address", Hold::Dependents),
    ("cannot be deleted as it is in use by", Hold::Imported),
    ("tried to delete is not empty", Hold::NotEmpty),
    ("still contains images", Hold::NotEmpty),
    ("contains non-required resource record sets", Hold::NotEmpty),
    ("notempty", Hold::NotEmpty),
    ("deletion protection", Hold::Protected),
    ("protected against deletion", Hold::Protected),
    ("cannot delete protected", Hold::Protected),
    ("cannot delete entity, must", Hold::Attached),
    ("deleteconflict", Hold::Attached),
    ("did not receive a response from your custom resource", Hold::NoAnswer),
    ("cannot be deleted while", Hold::InUse),
    ("in use", Hold::InUse),
    ("inuse", Hold::InUse),
];

/// What kind of hold AWS's words tell.
pub(crate) fn hold(reason: &str) -> Hold {
    let reason = reason.to_lowercase();
    WORDS.iter().find(|(words, _)| reason.contains(words)).map_or(Hold::Other, |(_, hold)| *hold)
}

/// What holds it, where the words themselves name it.
pub(crate) fn holders(hold: Hold, reason: &str) -> Vec<String> {
    match hold {
        Hold::Imported => {
            let (_, stacks) = reason.split_once("in use by ").unwrap_or_default();
            let stacks = stacks.trim_end_matches('.').replace(" and ", ", ");
            stacks.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        }
        Hold::NotAllowed => denied_action(reason).map(str::to_owned).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// What to do, as far as it is certain. A command never deletes more than what the resource itself holds.
fn remedy(blocker: &Blocker) -> Option<String> {
    let id = blocker.physical_id.as_deref();
    let kind = blocker.resource_type.as_str();
    match blocker.hold {
        Hold::NotEmpty => emptying(kind, id?),
        Hold::Protected if kind == STACK => Some(lifting(kind, &blocker.logical_id)),
        Hold::Protected => Some(lifting(kind, id?)),
        Hold::State => Some("wait until the operation has ended".to_owned()),
        Hold::Imported if blocker.holders.is_empty() => Some("destroy the importing stacks first".to_owned()),
        Hold::Imported => Some(format!("destroy {} first", importers(&blocker.holders).join(", "))),
        Hold::Attached if kind == "AWS::IAM::Role" => {
            let id = id?;
            Some(format!(
                "detach what `aws iam list-attached-role-policies --role-name {id}` and `aws iam list-role-policies --role-name {id}` list"
            ))
        }
        Hold::NotAllowed => {
            let permission = blocker.holders.first()?;
            Some(format!("ask for the permission {permission}"))
        }
        Hold::Nested => Some(format!("`docuthinker destroy --stack-name {}` tells what is in its way", id?)),
        _ => None,
    }
}

/// The stacks among holders of an export, each of which is written as "`export` by stack", or is the stack alone.
fn importers(holders: &[String]) -> Vec<&str> {
    let mut stacks: Vec<_> = holders
        .iter()
        .map(|holder| holder.rsplit_once(" by ").map_or(holder.as_str(), |(_, by)| by))
        .collect();
    stacks.dedup();
    stacks
}

fn emptying(kind: &str, id: &str) -> Option<String> {
    match kind {
        // Versions stay: no single command of the AWS CLI deletes them.
        "AWS::S3::Bucket" => Some(format!(
            "empty it: `aws s3 rm s3://{id} --recursive`; if it keeps versions, use \"Empty\" in the S3 console"
        )),
        // CloudFormation takes a repository that is gone for deleted.
        "AWS::ECR::Repository" => Some(format!(
            "delete it with its images: `aws ecr delete-repository --force --repository-name {id}`"
        )),
        "AWS::Route53::HostedZone" => Some(
            "delete the records that the stack did not make; only its own NS and SOA may be left".to_owned(),
        ),
        _ => None,
    }
}

fn lifting(kind: &str, id: &str) -> String {
    match kind {
        STACK => format!(
            "`aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {id}`, \
             or switch it off in the settings and deploy"
        ),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => format!(
            "`aws elbv2 modify-load-balancer-attributes --load-balancer-arn {id} --attributes \
             Key=deletion_protection.enabled,Value=false`, or switch it off in the settings and deploy"
        ),
        "AWS::RDS::DBInstance" => {
            format!(
                "`aws rds modify-db-instance --no-deletion-protection --apply-immediately --db-instance-identifier {id}`"
            )
        }
        "AWS::RDS::DBCluster" => {
            format!("`aws rds modify-db-cluster --no-deletion-protection --db-cluster-identifier {id}`")
        }
        "AWS::DynamoDB::Table" => {
            format!("`aws dynamodb update-table --no-deletion-protection-enabled --table-name {id}`")
        }
        "AWS::EC2::Instance" => {
            format!("`aws ec2 modify-instance-attribute --no-disable-api-termination --instance-id {id}`")
        }
        _ => "switch its deletion protection off in the template, and deploy".to_owned(),
    }
}

#[cfg(test)]
mod tests;
