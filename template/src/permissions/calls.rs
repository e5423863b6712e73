//! What the command itself asks of AWS, besides what CloudFormation does in the caller's name.

/// On what a call of ours works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// On the stacks that are deployed.
    Stacks,
    /// On all stacks, or none: it can be narrowed to the region only.
    Region,
    /// On the ECS services of the stacks, their tasks and the logs of these; for stacks that have services.
    Services,
    /// On the bucket for templates that are too large to be sent inline.
    TemplateBucket,
    /// Only to look, at what depends on the stack: without it, a command says what it could not see, and goes on. So no
    /// policy grants it.
    Look,
    /// On nothing: everybody may call it.
    Nothing,
}

/// Every action that `deploy`, `diff`, `destroy`, `outputs` and `bootstrap` call; a test holds the code that calls
/// them against this table.
///
/// `cloudformation:TagResource` is needed by a change set that gives tags to a stack, and `s3:GetObject` is what
/// CloudFormation does with the template's address in the caller's name. The actions of ECS and of CloudWatch Logs tell
/// why the tasks of a service stop; without them, a deployment works and tells less. Sources: the actions of
/// [CloudFormation][cfn] in the service authorization reference, and [GetCallerIdentity][sts] in the API reference.
///
/// [cfn]: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
/// [sts]: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
pub const OWN_CALLS: &[(&str, Scope)] = &[
    ("cloudformation:CancelUpdateStack", Scope::Stacks),
    ("cloudformation:ContinueUpdateRollback", Scope::Stacks),
    ("cloudformation:CreateChangeSet", Scope::Stacks),
    ("cloudformation:DeleteChangeSet", Scope::Stacks),
    ("cloudformation:DeleteStack", Scope::Stacks),
    ("cloudformation:DescribeChangeSet", Scope::Stacks),
    ("cloudformation:DescribeStackEvents", Scope::Stacks),
    ("cloudformation:DescribeStacks", Scope::Stacks),
    ("cloudformation:ExecuteChangeSet", Scope::Stacks),
    ("cloudformation:GetResource", Scope::Look),
    ("cloudformation:GetTemplate", Scope::Stacks),
    ("cloudformation:ListChangeSets", Scope::Stacks),
    ("cloudformation:ListExports", Scope::Region),
    ("cloudformation:ListImports", Scope::Region),
    ("cloudformation:ListResources", Scope::Look),
    ("cloudformation:ListStackResources", Scope::Stacks),
    ("cloudformation:ListStacks", Scope::Region),
    ("cloudformation:RollbackStack", Scope::Stacks),
    ("cloudformation:TagResource", Scope::Stacks),
    ("cloudformation:UntagResource", Scope::Stacks),
    ("cloudformation:UpdateTerminationProtection", Scope::Stacks),
    ("ecr:ListImages", Scope::Look),
    ("ecs:DescribeServices", Scope::Services),
    ("ecs:DescribeTaskDefinition", Scope::Services),
    ("ecs:DescribeTasks", Scope::Services),
    ("ecs:ListTasks", Scope::Services),
    ("logs:GetLogEvents", Scope::Services),
    ("s3:GetObject", Scope::TemplateBucket),
    ("s3:ListBucketVersions", Scope::Look),
    ("s3:PutObject", Scope::TemplateBucket),
    ("sts:GetCallerIdentity", Scope::Nothing),
];
