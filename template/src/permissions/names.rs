//! The ARNs of what the stacks make, as far as their names are known before.

use super::Deployment;
use super::text::patterns;
use crate::document::Resource;

/// A form of ARN of which a template tells the name at its end.
pub(super) struct Named {
    /// The form in the facts, behind `arn:${Partition}:`.
    form: &'static str,
    /// The types of the resources.
    types: &'static [&'static str],
    /// The property with the name.
    property: &'static str,
    /// What stands in the place of the form's last `*`, with `{}` for the name.
    tails: &'static [&'static str],
    /// The name that CloudFormation makes if the template gives none.
    generated: Generated,
}

/// How CloudFormation names a resource that the template gives no name.
///
/// Source: [Name type][aws] in the CloudFormation user guide: the stack's name, the logical ID and a random part;
/// long names are cut, so that of those only the beginning is relied on.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
#[derive(Clone, Copy)]
enum Generated {
    /// `Stack-LogicalId-…`, at most so long.
    Stack(usize),
    /// The same in lower case.
    Lower(usize),
    /// `LogicalId-…`, as for secrets.
    Logical,
    /// In another way.
    Other,
}

/// The form of ARN of stacks. Nested ones have names that CloudFormation makes; those inside of them begin with the same.
pub(super) const STACKS: &str = "arn:${Partition}:cloudformation:${Region}:${Account}:stack/*";

/// Where names end up in ARNs. Source: the resource types of each service in the [service authorization
/// reference][aws].
///
/// [aws]: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
#[rustfmt::skip]
pub(super) const NAMED: [Named; 38] = [
    named("backup:${Region}:${Account}:backup-vault:*", &["AWS::Backup::BackupVault"], "BackupVaultName", &["{}"], Generated::Other),
    named("cloudformation:${Region}:${Account}:stack/*", &["AWS::CloudFormation::Stack"], "", &["{}/*"], Generated::Stack(128)),
    named("cloudwatch:${Region}:${Account}:alarm:*", &["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"], "AlarmName", &["{}"], Generated::Stack(255)),
    named("cloudwatch::${Account}:dashboard/*", &["AWS::CloudWatch::Dashboard"], "DashboardName", &["{}"], Generated::Other),
    named("codebuild:${Region}:${Account}:project/*", &["AWS::CodeBuild::Project"], "Name", &["{}"], Generated::Other),
    named("codepipeline:${Region}:${Account}:*", &["AWS::CodePipeline::Pipeline"], "Name", &["{}", "{}/*"], Generated::Stack(100)),
    named("dynamodb:${Region}:${Account}:table/*", &["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"], "TableName", &["{}", "{}/*"], Generated::Stack(255)),
    named("ecr:${Region}:${Account}:repository/*", &["AWS::ECR::Repository"], "RepositoryName", &["{}"], Generated::Lower(256)),
    named("ecs:${Region}:${Account}:*", &["AWS::ECS::TaskDefinition"], "Family", &["task-definition/{}:*"], Generated::Other),
    named("ecs:${Region}:${Account}:cluster/*", &["AWS::ECS::Cluster"], "ClusterName", &["{}"], Generated::Stack(255)),
    named("ecs:${Region}:${Account}:service/*", &["AWS::ECS::Service"], "ServiceName", &["*/{}"], Generated::Stack(255)),
    named("elasticloadbalancing:${Region}:${Account}:listener-rule/app/*", &["AWS::ElasticLoadBalancingV2::LoadBalancer"], "Name", &["{}/*"], Generated::Other),
    named("elasticloadbalancing:${Region}:${Account}:listener/app/*", &["AWS::ElasticLoadBalancingV2::LoadBalancer"], "Name", &["{}/*"], Generated::Other),
    named("elasticloadbalancing:${Region}:${Account}:listener/net/*", &["AWS::ElasticLoadBalancingV2::LoadBalancer"], "Name", &["{}/*"], Generated::Other),
    named("elasticloadbalancing:${Region}:${Account}:loadbalancer/*", &["AWS::ElasticLoadBalancing::LoadBalancer"], "LoadBalancerName", &["{}"], Generated::Other),
    named("elasticloadbalancing:${Region}:${Account}:loadbalancer/app/*", &["AWS::ElasticLoadBalancingV2::LoadBalancer"], "Name", &["{}/*"], Generated::Other),
    named("elasticloadbalancing:${Region}:${Account}:loadbalancer/net/*", &["AWS::ElasticLoadBalancingV2::LoadBalancer"], "Name", &["{}/*"], Generated::Other),
    named("elasticloadbalancing:${Region}:${Account}:targetgroup/*", &["AWS::ElasticLoadBalancingV2::TargetGroup"], "Name", &["{}/*"], Generated::Other),
    named("events:${Region}:${Account}:rule/*", &["AWS::Events::Rule"], "Name", &["{}", "*/{}"], Generated::Stack(64)),
    named("iam::${Account}:group/*", &["AWS::IAM::Group"], "GroupName", &["{}"], Generated::Stack(64)),
    named("iam::${Account}:instance-profile/*", &["AWS::IAM::InstanceProfile"], "InstanceProfileName", &["{}"], Generated::Stack(64)),
    named("iam::${Account}:policy/*", &["AWS::IAM::ManagedPolicy"], "ManagedPolicyName", &["{}"], Generated::Stack(64)),
    named("iam::${Account}:role/*", &["AWS::IAM::Role"], "RoleName", &["{}"], Generated::Stack(64)),
    named("iam::${Account}:user/*", &["AWS::IAM::User"], "UserName", &["{}"], Generated::Stack(64)),
    named("kms:${Region}:${Account}:alias/*", &["AWS::KMS::Alias"], "AliasName", &["{}"], Generated::Other),
    named("lambda:${Region}:${Account}:function:*", &["AWS::Lambda::Function"], "FunctionName", &["{}", "{}:*"], Generated::Stack(64)),
    named("logs:${Region}:${Account}:delivery-destination:*", &["AWS::Logs::DeliveryDestination"], "Name", &["{}"], Generated::Other),
    named("logs:${Region}:${Account}:delivery-source:*", &["AWS::Logs::DeliverySource"], "Name", &["{}"], Generated::Other),
    named("logs:${Region}:${Account}:log-group:*", &["AWS::Logs::LogGroup"], "LogGroupName", &["{}", "{}:*"], Generated::Stack(512)),
    named("rds:${Region}:${Account}:cluster-pg:*", &["AWS::DocDB::DBClusterParameterGroup", "AWS::Neptune::DBClusterParameterGroup"], "Name", &["{}"], Generated::Other),
    named("rds:${Region}:${Account}:cluster:*", &["AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster", "AWS::RDS::DBCluster"], "DBClusterIdentifier", &["{}"], Generated::Other),
    named("rds:${Region}:${Account}:db:*", &["AWS::DocDB::DBInstance", "AWS::Neptune::DBInstance", "AWS::RDS::DBInstance"], "DBInstanceIdentifier", &["{}"], Generated::Other),
    named("rds:${Region}:${Account}:subgrp:*", &["AWS::DocDB::DBSubnetGroup", "AWS::Neptune::DBSubnetGroup", "AWS::RDS::DBSubnetGroup"], "DBSubnetGroupName", &["{}"], Generated::Other),
    named("s3:::*", &["AWS::S3::Bucket"], "BucketName", &["{}", "{}/*"], Generated::Lower(63)),
    named("secretsmanager:${Region}:${Account}:secret:*", &["AWS::SecretsManager::Secret"], "Name", &["{}-??????"], Generated::Logical),
    named("sns:${Region}:${Account}:*", &["AWS::SNS::Topic"], "TopicName", &["{}", "{}:*"], Generated::Stack(256)),
    named("sqs:${Region}:${Account}:*", &["AWS::SQS::Queue"], "QueueName", &["{}"], Generated::Stack(80)),
    named("ssm:${Region}:${Account}:parameter/*", &["AWS::SSM::Parameter"], "Name", &["{}"], Generated::Other),
];

const fn named(
    form: &'static str,
    types: &'static [&'static str],
    property: &'static str,
    tails: &'static [&'static str],
    generated: Generated,
) -> Named {
    Named { form, types, property, tails, generated }
}

/// The forms of ARN of load balancers and their listeners: one for each kind, and of no use to another.
const KINDS_OF_ONE: &str = "elasticloadbalancing:${Region}:${Account}:l";

impl Named {
    /// What is known of this form of ARN.
    pub(super) fn of(form: &str) -> Option<&'static Named> {
        let form = form.strip_prefix("arn:${Partition}:")?;
        NAMED.iter().find(|named| named.form == form)
    }

    /// Whether resources of the type have such ARNs.
    pub(super) fn makes(&self, type_name: &str) -> bool {
        self.types.contains(&type_name)
    }

    fn fits(&self, resource: &Resource) -> bool {
        let kind = resource.properties.get("Type").and_then(|node| node.as_str()).unwrap_or("application");
        let other = if self.form.contains("/net/") {
            kind == "application"
        } else {
            self.form.contains("/app/") && kind == "network"
        };
        self.makes(&resource.type_name) && !other
    }

    /// The ARNs of the stack's resources.
    pub(super) fn arns(&self, deployment: &Deployment<'_>) -> Vec<String> {
        let resources = deployment.template.resources.iter().filter(|(_, resource)| self.fits(resource));
        let names = resources.flat_map(|(id, resource)| self.names(id, resource, deployment));
        let form = self.form.strip_suffix('*').unwrap_or(self.form);
        let arn = |name: String| {
            let name = match self.form {
                form if form.contains(":alias/") => name.trim_start_matches("alias/"),
                form if form.contains(":parameter/") => name.trim_start_matches('/'),
                _ => &name,
            };
            self.tails.iter().map(|tail| format!("{form}{}", tail.replace("{}", name))).collect::<Vec<_>>()
        };
        names.flat_map(arn).map(|arn| deployment.filled(&format!("arn:${{Partition}}:{arn}"))).collect()
    }

    fn names(&self, id: &str, resource: &Resource, deployment: &Deployment<'_>) -> Vec<String> {
        let given = resource.properties.get(self.property).map(|node| patterns(node, deployment));
        let names = given
            .filter(|names| !names.is_empty())
            .unwrap_or_else(|| vec![self.generated.name(id, deployment)]);
        let path = resource.properties.get("Path").filter(|_| self.form.starts_with("iam:"));
        let paths = path.map_or_else(|| vec!["/".to_owned()], |node| patterns(node, deployment));
        paths
            .iter()
            .flat_map(|path| names.iter().map(move |name| format!("{}{name}", path.trim_start_matches('/'))))
            .collect()
    }
}

/// Whether a form need not be allowed, because another kind of the same is what the stacks have.
pub(super) fn is_other_kind(form: &str, deployments: &[Deployment<'_>]) -> bool {
    let has = |named: &Named| deployments.iter().any(|deployment| !named.arns(deployment).is_empty());
    form.strip_prefix("arn:${Partition}:").is_some_and(|form| form.starts_with(KINDS_OF_ONE))
        && !Named::of(form).is_some_and(has)
        && NAMED.iter().any(|other| other.form.starts_with(KINDS_OF_ONE) && has(other))
}

impl Generated {
    fn name(self, id: &str, deployment: &Deployment<'_>) -> String {
        let (stack, most) = match self {
            Generated::Stack(most) => (deployment.stack.to_owned(), most),
            Generated::Lower(most) => (deployment.stack.to_ascii_lowercase(), most),
            Generated::Logical => return format!("{id}-*"),
            Generated::Other => return "*".to_owned(),
        };
        let id = if matches!(self, Generated::Lower(_)) { id.to_ascii_lowercase() } else { id.to_owned() };
        // Two hyphens and the random part.
        if stack.len() + id.len() + 16 <= most {
            return format!("{stack}-{id}-*");
        }
        // Where names are cut is not documented; the first letters of the stack's name stay.
        format!("{}*", stack.get(..20).unwrap_or(&stack))
    }
}
