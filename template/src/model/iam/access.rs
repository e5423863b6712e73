//! What the roles of a template may do.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::graph::Element;
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
    /// What each role may do, as far as it was asked for.
    rights: RefCell<BTreeMap<&'m str, Rc<Rights<'m>>>>,
}

/// What the policies of one role allow.
#[derive(Debug, Default)]
struct Rights<'m> {
    /// `NotKnown` if there may be more.
    rest: Answer,
    /// The policies that are named by ARN.
    managed: Vec<Value<'m>>,
    known: Vec<Right<'m>>,
    /// What is denied without a condition, whatever else allows it.
    denied: Vec<Right<'m>>,
}

/// What one statement allows.
#[derive(Debug)]
struct Right<'m> {
    world: World<'m>,
    /// Patterns of actions; `None` for one that is not known.
    actions: Vec<Option<String>>,
    /// Patterns of ARNs; `None` for one that is not known.
    resources: Vec<Option<Text<'m>>>,
}

impl<'m> Access<'m> {
    /// Gathers the policies of `model`.
    pub fn new(model: &'m Model<'m>) -> Access<'m> {
        let mut access = Access {
            attached: BTreeMap::new(),
            named: BTreeMap::new(),
            anywhere: !model.is_closed(),
            rights: RefCell::default(),
        };
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
        let rights = self.rights(role);
        if rights.denied.iter().any(|right| world.implies(&right.world) && right.covers(action, arn)) {
            return Answer::No;
        }
        let mut answer = rights.rest;
        for policy in rights.managed.iter().filter(|policy| policy.world().meets(world)) {
            answer = answer.or(managed(policy, action));
        }
        for right in rights.known.iter().filter(|right| right.world.meets(world)) {
            answer = answer.or(right.allows(action, arn));
        }
        answer
    }

    fn rights(&self, role: Item<'m>) -> Rc<Rights<'m>> {
        Rc::clone(self.rights.borrow_mut().entry(role.id()).or_insert_with(|| Rc::new(self.of(role))))
    }

    /// A case within `world` in which no policy lets the role do `action` on what has one of these ARNs, although in
    /// another case one does.
    pub fn gap(
        &self,
        role: Item<'m>,
        action: &str,
        arns: &[Text<'m>],
        world: &World<'m>,
    ) -> Option<World<'m>> {
        let rights = self.rights(role);
        if rights.rest != Answer::No {
            return None;
        }
        let managed = rights.managed.iter().filter(|policy| managed(policy, action) != Answer::No);
        let mut worlds: Vec<_> = managed.map(|policy| policy.world().clone()).collect();
        let allows =
            |right: &&Right<'m>| arns.iter().any(|arn| right.allows(action, Some(arn)) != Answer::No);
        worlds.extend(rights.known.iter().filter(allows).map(|right| right.world.clone()));
        if worlds.is_empty() { None } else { role.world().and(world)?.gap(&worlds) }
    }

    /// What the policies of the role allow.
    fn of(&self, role: Item<'m>) -> Rights<'m> {
        let mut rights = Rights::default();
        let mut documents = documents(role, Some("Policies"), "PolicyDocument");
        documents.extend(self.attached.get(role.id()).into_iter().flatten().cloned());
        for name in role.get("RoleName") {
            match name.text() {
                Some(name) => documents.extend(self.named.get(&name).into_iter().flatten().cloned()),
                // It may be one of those that are attached by name.
                None if !self.named.is_empty() && !name.is_absent() => rights.rest = Answer::NotKnown,
                None => {}
            }
        }
        for list in role.get("ManagedPolicyArns") {
            for policy in list.items().unwrap_or_else(|| vec![list]) {
                match policy.target() {
                    Some(target) if target.item.is("AWS::IAM::ManagedPolicy") => {
                        documents.extend(target.item.get("PolicyDocument"));
                    }
                    _ if policy.is_absent() => {}
                    _ => rights.managed.push(policy),
                }
            }
        }
        // Another stack may attach policies to a role that is told to it.
        let mut edges = role.model().referrers(role.id());
        let is_told = edges.any(|edge| matches!(edge.from, Element::Output(_)));
        if self.anywhere || is_told {
            rights.rest = Answer::NotKnown;
        }
        for document in documents {
            rights.add(&document);
        }
        rights
    }
}

impl<'m> Rights<'m> {
    fn add(&mut self, document: &Value<'m>) {
        let (statements, all_known) = statements(document);
        if !all_known {
            self.rest = Answer::NotKnown;
        }
        for statement in statements {
            let is_denied = statement.value.get("Effect").iter().all(|effect| effect.is_text("Deny"));
            if !is_denied {
                self.known.push(Right::of(&statement));
            } else if !statement.has_condition() {
                self.denied.push(Right::of(&statement));
            }
        }
    }
}

impl<'m> Right<'m> {
    fn of(statement: &Statement<'m>) -> Right<'m> {
        let is_given = |key: &'m str| statement.value.get(key).iter().any(|value| !value.is_absent());
        // All but some are not looked into.
        let list = |key: &'m str, all_but: &'m str| {
            let known = if is_given(all_but) { None } else { statement.list(key) };
            known.map_or_else(|| vec![None], |values| values.into_iter().map(Some).collect::<Vec<_>>())
        };
        let actions = list("Action", "NotAction").into_iter();
        let resources = list("Resource", "NotResource").into_iter().flat_map(|value| {
            let texts = value.map(|value| value.texts()).unwrap_or_default();
            if texts.is_empty() { vec![None] } else { texts.into_iter().map(Some).collect() }
        });
        Right {
            world: statement.value.world().clone(),
            actions: actions.map(|value| value.and_then(|value| value.text())).collect(),
            resources: resources.collect(),
        }
    }

    /// Whether it is certainly about the action on this ARN, or on every ARN if there is none.
    fn covers(&self, action: &str, arn: Option<&Text<'m>>) -> bool {
        let all =
            |pattern: &Option<Text<'m>>| pattern.as_ref().and_then(Text::literal).as_deref() == Some("*");
        self.allows(action, arn) == Answer::Yes && (arn.is_some() || self.resources.iter().any(all))
    }

    fn allows(&self, action: &str, arn: Option<&Text<'m>>) -> Answer {
        let has_action = any(self.actions.iter().map(|pattern| match pattern {
            Some(pattern) if action_matches(pattern, action) => Answer::Yes,
            Some(_) => Answer::No,
            None => Answer::NotKnown,
        }));
        let Some(arn) = arn.filter(|_| has_action != Answer::No) else { return has_action };
        let has_resource = any(self.resources.iter().map(|pattern| match pattern {
            Some(pattern) => resource_matches(pattern, arn),
            None => Answer::NotKnown,
        }));
        match (has_action, has_resource) {
            (_, Answer::No) => Answer::No,
            (Answer::Yes, Answer::Yes) => Answer::Yes,
            _ => Answer::NotKnown,
        }
    }
}

/// Whether one of them is so.
fn any(answers: impl Iterator<Item = Answer>) -> Answer {
    answers.fold(Answer::No, Answer::or)
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
