//! What the command itself asks of AWS, besides what CloudFormation does in the caller's name.

/// On what a call of ours works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// On the stacks that are deployed, and those nested in them.
    Stacks,
    /// On all stacks, or none: it can be narrowed to the region only.
    Region,
    /// On the ECS services of the stacks, their tasks and the logs of these; for stacks that have services.
    Services,
    /// On the bucket for templates that are too large to be sent inline.
    TemplateBucket,
    /// On things outside of the stacks, to see whether they are there; where a stack has resources of these types.
    Look {
        /// The form of their ARN; `*` where the action takes no resource.
        form: &'static str,
        /// The types.
        types: &'static [&'static str],
    },
    /// On the repositories that the images of the containers are in.
    Repositories,
    /// On the secrets that the stacks make and refer to.
    Secrets,
    /// On the certificates of listeners and distributions.
    Certificates,
    /// On what a deployer need not be allowed to do: without it, less is known before a deployment.
    Withheld,
    /// On nothing: everybody may call it.
    Nothing,
}

/// Every action that the commands which talk to AWS call; a test holds the code that calls
/// them against this table.
///
/// `cloudformation:TagResource` is needed by a change set that gives tags to a stack, and `s3:GetObject` is what
/// CloudFormation does with the template's address in the caller's name. A look for [drift] needs
/// `cloudformation:DetectStackResourceDrift` and `cloudformation:BatchDescribeTypeConfigurations` too, and what reads each
/// of the resources. The actions of ECS and of CloudWatch Logs tell
/// why the tasks of a service stop; without them, a deployment works and tells less. Sources: the actions of
/// [CloudFormation][cfn] in the service authorization reference, and [GetCallerIdentity][sts] in the API reference.
///
/// What `ec2:Describe…` names is asked by Cloud Control in the caller's name when `import vpc` looks at a network that
/// exists, or the pre-flight at one that a template names; whoever deploys need not: what may not be looked at is a warning.
///
/// These can be no narrower: `DescribeAlarms` gives composite alarms only to who may see [all alarms][alarms] of the
/// region, and of `DescribeScalingActivities`, `DescribePullThroughCacheRules`, `DescribeTargetHealth` and the Cloud
/// Control API's `GetResource` the service authorization reference knows no resource.
///
/// Values of secrets are withheld, to read and to store, and commands in containers: whoever deploys needs neither.
///
/// [alarms]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
/// [cfn]: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
/// [drift]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
/// [sts]: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
pub const OWN_CALLS: &[(&str, Scope)] = &[
    ("acm:DescribeCertificate", Scope::Certificates),
    ("application-autoscaling:DescribeScalingActivities", look("*", &SCALED)),
    ("cloudformation:BatchDescribeTypeConfigurations", Scope::Region),
    ("cloudformation:CancelUpdateStack", Scope::Stacks),
    ("cloudformation:ContinueUpdateRollback", Scope::Stacks),
    ("cloudformation:CreateChangeSet", Scope::Stacks),
    ("cloudformation:DeleteChangeSet", Scope::Stacks),
    ("cloudformation:DeleteStack", Scope::Stacks),
    ("cloudformation:DescribeAccountLimits", Scope::Region),
    ("cloudformation:DescribeChangeSet", Scope::Stacks),
    ("cloudformation:DescribeEvents", Scope::Stacks),
    ("cloudformation:DescribeStackDriftDetectionStatus", Scope::Region),
    ("cloudformation:DescribeStackEvents", Scope::Stacks),
    ("cloudformation:DescribeStackResourceDrifts", Scope::Stacks),
    ("cloudformation:DescribeStacks", Scope::Stacks),
    ("cloudformation:DetectStackDrift", Scope::Stacks),
    ("cloudformation:DetectStackResourceDrift", Scope::Stacks),
    ("cloudformation:ExecuteChangeSet", Scope::Stacks),
    ("cloudformation:GetHookResult", Scope::Region),
    ("cloudformation:GetResource", look("*", &LOOKED_UP)),
    ("cloudformation:GetStackPolicy", Scope::Stacks),
    ("cloudformation:GetTemplate", Scope::Stacks),
    ("cloudformation:ListChangeSets", Scope::Stacks),
    ("cloudformation:ListExports", Scope::Region),
    ("cloudformation:ListHookResults", Scope::Stacks),
    ("cloudformation:ListImports", Scope::Region),
    ("cloudformation:ListResources", Scope::Withheld),
    ("cloudformation:ListStackResources", Scope::Stacks),
    ("cloudformation:ListStacks", Scope::Region),
    ("cloudformation:RollbackStack", Scope::Stacks),
    ("cloudformation:TagResource", Scope::Stacks),
    ("cloudformation:UntagResource", Scope::Stacks),
    ("cloudformation:UpdateTerminationProtection", Scope::Stacks),
    ("cloudwatch:DescribeAlarms", look("arn:${Partition}:cloudwatch:${Region}:${Account}:alarm:*", &ALARMS)),
    ("cloudwatch:GetMetricData", Scope::Withheld),
    ("ec2:DescribeInternetGateways", Scope::Withheld),
    ("ec2:DescribeNetworkAcls", Scope::Withheld),
    ("ec2:DescribeRouteTables", Scope::Withheld),
    ("ec2:DescribeSecurityGroups", Scope::Withheld),
    ("ec2:DescribeSubnets", Scope::Withheld),
    ("ec2:DescribeVpcAttribute", Scope::Withheld),
    ("ec2:DescribeVpcs", Scope::Withheld),
    ("ec2:DescribeVpnGateways", Scope::Withheld),
    ("ecr:BatchGetImage", Scope::Repositories),
    ("ecr:DescribeImageScanFindings", Scope::Withheld),
    ("ecr:DescribeImages", Scope::Withheld),
    ("ecr:DescribePullThroughCacheRules", look("*", &IMAGE_USERS)),
    ("ecr:DescribeRepositories", Scope::Withheld),
    ("ecr:GetAuthorizationToken", Scope::Withheld),
    ("ecr:ListImages", Scope::Withheld),
    ("ecs:DescribeServiceRevisions", Scope::Services),
    ("ecs:DescribeServices", Scope::Services),
    ("ecs:DescribeTaskDefinition", Scope::Services),
    ("ecs:DescribeTasks", Scope::Services),
    ("ecs:ExecuteCommand", Scope::Withheld),
    ("ecs:ListServiceDeployments", Scope::Services),
    ("ecs:ListTaskDefinitions", Scope::Services),
    ("ecs:ListTasks", Scope::Services),
    ("ecs:StopServiceDeployment", Scope::Services),
    ("ecs:UpdateService", Scope::Services),
    ("elasticloadbalancing:DescribeLoadBalancers", Scope::Withheld),
    ("elasticloadbalancing:DescribeTargetHealth", look("*", &TARGETS)),
    ("iam:SimulatePrincipalPolicy", Scope::Withheld),
    ("logs:FilterLogEvents", Scope::Services),
    ("logs:GetLogEvents", Scope::Services),
    ("logs:StartLiveTail", Scope::Services),
    ("s3:GetObject", Scope::TemplateBucket),
    ("s3:ListBucket", Scope::Withheld),
    ("s3:ListBucketVersions", Scope::Withheld),
    ("s3:PutObject", Scope::TemplateBucket),
    ("secretsmanager:DescribeSecret", Scope::Secrets),
    ("secretsmanager:GetRandomPassword", Scope::Withheld),
    ("secretsmanager:GetSecretValue", Scope::Withheld),
    ("secretsmanager:ListSecretVersionIds", Scope::Secrets),
    ("secretsmanager:PutSecretValue", Scope::Withheld),
    ("secretsmanager:RotateSecret", Scope::Withheld),
    ("servicequotas:GetAWSDefaultServiceQuota", Scope::Withheld),
    ("servicequotas:GetServiceQuota", Scope::Withheld),
    ("sts:GetCallerIdentity", Scope::Nothing),
];

/// What uses images.
const IMAGE_USERS: [&str; 1] = ["AWS::ECS::TaskDefinition"];
/// What is seen by alarms and by load balancers.
const ALARMS: [&str; 2] = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];
const TARGETS: [&str; 1] = ["AWS::ElasticLoadBalancingV2::TargetGroup"];
/// What Application Auto Scaling acts on.
const SCALED: [&str; 1] = ["AWS::ApplicationAutoScaling::ScalableTarget"];
/// What is looked up by the Cloud Control API: hosted zones, and names that must be free.
const LOOKED_UP: [&str; 17] = [
    "AWS::CertificateManager::Certificate",
    "AWS::Route53::RecordSet",
    "AWS::Route53::RecordSetGroup",
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::ECS::Cluster",
    "AWS::IAM::Group",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::KMS::Alias",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SSM::Parameter",
];

const fn look(form: &'static str, types: &'static [&'static str]) -> Scope {
    Scope::Look { form, types }
}
