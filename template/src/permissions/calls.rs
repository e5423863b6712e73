//! What the command itself asks of AWS, besides what CloudFormation does in the caller's name.

/// On what a call of ours works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// On the stacks that are deployed.
    Stacks,
    /// On all stacks, or none: it can be narrowed to the region only.
    Region,
    /// On the bucket for templates that are too large to be sent inline.
    TemplateBucket,
    /// On nothing: everybody may call it.
    Nothing,
}

/// Every action that the commands which talk to AWS call; a test holds the code that calls
/// them against this table.
///
/// `cloudformation:TagResource` is needed by a change set that gives tags to a stack, and `s3:GetObject` is what
/// CloudFormation does with the template's address in the caller's name. Sources: the actions of
/// [CloudFormation][cfn] in the service authorization reference, and [GetCallerIdentity][sts] in the API reference.
///
/// [cfn]: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
/// [sts]: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
pub const OWN_CALLS: [(&str, Scope); 23] = [
    ("cloudformation:CancelUpdateStack", Scope::Stacks),
    ("cloudformation:CreateChangeSet", Scope::Stacks),
    ("cloudformation:DeleteChangeSet", Scope::Stacks),
    ("cloudformation:DeleteStack", Scope::Stacks),
    ("cloudformation:DescribeChangeSet", Scope::Stacks),
    ("cloudformation:DescribeEvents", Scope::Stacks),
    ("cloudformation:DescribeStackEvents", Scope::Stacks),
    ("cloudformation:DescribeStacks", Scope::Stacks),
    ("cloudformation:ExecuteChangeSet", Scope::Stacks),
    ("cloudformation:GetHookResult", Scope::Region),
    ("cloudformation:GetTemplate", Scope::Stacks),
    ("cloudformation:ListChangeSets", Scope::Stacks),
    ("cloudformation:ListExports", Scope::Region),
    ("cloudformation:ListHookResults", Scope::Region),
    ("cloudformation:ListImports", Scope::Region),
    ("cloudformation:ListStackResources", Scope::Stacks),
    ("cloudformation:ListStacks", Scope::Region),
    ("cloudformation:TagResource", Scope::Stacks),
    ("cloudformation:UntagResource", Scope::Stacks),
    ("cloudformation:UpdateTerminationProtection", Scope::Stacks),
    ("s3:GetObject", Scope::TemplateBucket),
    ("s3:PutObject", Scope::TemplateBucket),
    ("sts:GetCallerIdentity", Scope::Nothing),
];
