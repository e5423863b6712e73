//! What the roles of a template may do.

use std::collections::BTreeMap;

use crate::model::iam::{Answer, Statement, action_matches, documents, resource_matches, statements};
use crate::model::{Item, Model, Text, Value, World};

/// What AWS's own policies allow, as far as it matters here; those that end in `:*` allow all of a service. All of
/// them are for any resource.
///
/// Source: [AWS managed policy reference][aws].
///
/// [aws]: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
const MANAGED: [(&str, &[&str]); 12] = [
    ("AdministratorAccess", &["*"]),
    ("PowerUserAccess", &["*"]),
    (
        "AmazonECSTaskExecutionRolePolicy",
        &[
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
    ),
    (
        "AmazonEC2ContainerRegistryReadOnly",
        &["ecr:Get*", "ecr:Batch*", "ecr:List*", "ecr:Describe*", "ecr:ValidatePullThroughCacheRule"],
    ),
    ("AmazonEC2ContainerRegistryPowerUser", &["ecr:*"]),
    ("SecretsManagerReadWrite", &["secretsmanager:*", "kms:DescribeKey", "kms:ListAliases", "kms:ListKeys"]),
    ("AmazonSSMReadOnlyAccess", &["ssm:Describe*", "ssm:Get*", "ssm:List*"]),
    ("AmazonSSMManagedInstanceCore", &["ssm:*", "ssmmessages:*", "ec2messages:*"]),
    ("AmazonS3FullAccess", &["s3:*", "s3-object-lambda:*"]),
    ("AmazonS3ReadOnlyAccess", &["s3:*", "s3-object-lambda:*"]),
    ("CloudWatchLogsFullAccess", &["logs:*", "cloudwatch:*"]),
    ("AWSXRayDaemonWriteAccess", &["xray:*"]),
];

/// The policies of every role.
#[derive(Debug)]
pub struct Access<'m> {
    /// The documents of separate policies, by the role's logical ID.
    attached: BTreeMap<&'m str, Vec<Value<'m>>>,
    /// The same by the role's name.
    named: BTreeMap<String, Vec<Value<'m>>>,
    /// Whether some policy is attached to roles that are not known.
    anywhere: bool,
}

impl<'m> Access<'m> {
    /// Gathers the policies of `model`.
    pub fn new(model: &'m Model<'m>) -> Access<'m> {
        let mut access =
            Access { attached: BTreeMap::new(), named: BTreeMap::new(), anywhere: !model.is_closed() };
        let kinds = [
            ("AWS::IAM::Policy", "Roles"),
            ("AWS::IAM::ManagedPolicy", "Roles"),
            ("AWS::IAM::RolePolicy", "RoleName"),
        ];
        for (type_name, property) in kinds {
            for policy in model.of_type(type_name) {
                access.attach(policy, property);
            }
        }
        access
    }

    fn attach(&mut self, policy: Item<'m>, property: &'m str) {
        for list in policy.get(property) {
            let Some(roles) = list.items() else {
                self.anywhere = true;
                continue;
            };
            for role in roles {
                let documents = policy.get("PolicyDocument");
                match (role.target(), role.text()) {
                    (Some(target), _) => self.attached.entry(target.item.id()).or_default().extend(documents),
                    (None, Some(name)) => self.named.entry(name).or_default().extend(documents),
                    (None, None) => self.anywhere = true,
                }
            }
        }
    }

    /// Whether the role may do `action` on what has this ARN, or on anything if there is none. Conditions count as
    /// met, and policies that are only there in a world that excludes `world` do not count.
    pub fn may(&self, role: Item<'m>, action: &str, arn: Option<&Text<'m>>, world: &World<'m>) -> Answer {
        let mut answer = if self.anywhere { Answer::NotKnown } else { Answer::No };
        let mut documents = documents(role, Some("Policies"), "PolicyDocument");
        documents.extend(self.attached.get(role.id()).into_iter().flatten().cloned());
        for name in role.get("RoleName") {
            match name.text() {
                Some(name) => documents.extend(self.named.get(&name).into_iter().flatten().cloned()),
                // It may be one of those that are attached by name.
                None if !self.named.is_empty() && !name.is_absent() => answer = Answer::NotKnown,
                None => {}
            }
        }
        for list in role.get("ManagedPolicyArns") {
            for policy in list.items().unwrap_or_else(|| vec![list]) {
                match policy.target() {
                    Some(target) if target.item.is("AWS::IAM::ManagedPolicy") => {
                        documents.extend(target.item.get("PolicyDocument"));
                    }
                    _ => answer = answer.or(managed(&policy, action)),
                }
            }
        }
        for document in documents.iter().filter(|document| document.world().meets(world)) {
            answer = answer.or(document_allows(document, action, arn, world));
        }
        // Another stack may attach policies to a role that is told to it.
        let told = || {
            let mut edges = role.model().referrers(role.id());
            edges.any(|edge| matches!(edge.from, crate::graph::Element::Output(_)))
        };
        if answer == Answer::No && told() { Answer::NotKnown } else { answer }
    }
}

impl Answer {
    /// What is so if one of the two is.
    fn or(self, other: Answer) -> Answer {
        match (self, other) {
            (Answer::Yes, _) | (_, Answer::Yes) => Answer::Yes,
            (Answer::No, Answer::No) => Answer::No,
            _ => Answer::NotKnown,
        }
    }
}

/// Whether one of AWS's own policies allows the action.
fn managed(policy: &Value<'_>, action: &str) -> Answer {
    let mut answer = Answer::No;
    for text in policy.texts() {
        let name = text.end().rsplit('/').next().unwrap_or_default();
        let known = MANAGED.iter().find(|(known, _)| *known == name && text.end().contains("policy/"));
        answer = answer.or(match known {
            Some((_, actions)) if actions.iter().any(|pattern| action_matches(pattern, action)) => {
                Answer::Yes
            }
            Some(_) => Answer::No,
            None => Answer::NotKnown,
        });
    }
    if policy.texts().is_empty() { Answer::NotKnown } else { answer }
}

fn document_allows<'m>(
    document: &Value<'m>,
    action: &str,
    arn: Option<&Text<'m>>,
    world: &World<'m>,
) -> Answer {
    let (statements, all_known) = statements(document);
    let mut answer = if all_known { Answer::No } else { Answer::NotKnown };
    for statement in statements.iter().filter(|statement| statement.value.world().meets(world)) {
        answer = answer.or(statement_allows(statement, action, arn));
    }
    answer
}

fn statement_allows<'m>(statement: &Statement<'m>, action: &str, arn: Option<&Text<'m>>) -> Answer {
    let effects = statement.value.get("Effect");
    if effects.iter().all(|effect| effect.is_text("Deny")) {
        return Answer::No;
    }
    let present = |key: &'m str| statement.value.get(key).iter().any(|value| !value.is_absent());
    if present("NotAction") || present("NotResource") {
        return Answer::NotKnown;
    }
    let Some(actions) = statement.list("Action") else { return Answer::NotKnown };
    let mut has_action = Answer::No;
    for pattern in actions {
        has_action = has_action.or(match pattern.text() {
            Some(pattern) if action_matches(&pattern, action) => Answer::Yes,
            Some(_) => Answer::No,
            None => Answer::NotKnown,
        });
    }
    let Some(arn) = arn.filter(|_| has_action != Answer::No) else { return has_action };
    let Some(resources) = statement.list("Resource") else { return Answer::NotKnown };
    let mut has_resource = Answer::No;
    for resource in resources {
        let texts = resource.texts();
        if texts.is_empty() {
            has_resource = has_resource.or(Answer::NotKnown);
        }
        for text in texts {
            has_resource = has_resource.or(resource_matches(&text, arn));
        }
    }
    match (has_action, has_resource) {
        (_, Answer::No) => Answer::No,
        (Answer::Yes, Answer::Yes) => Answer::Yes,
        _ => Answer::NotKnown,
    }
}
