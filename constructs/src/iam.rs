//! IAM roles and the statements that grant to them.

use bon::bon;
use template::{Map, Node};

use crate::declare::aws;
use crate::l1::iam;
use crate::resource::{Arn, Handle};
use crate::scope::Scope;
use crate::text::{IntoText, map};
use crate::value::Value;

/// One statement of a policy: what is allowed or denied, on which resources, and when.
///
/// Source: [IAM policy elements][aws].
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    effect: &'static str,
    principal: Option<Node>,
    actions: Vec<String>,
    resources: Vec<Node>,
    conditions: Map,
}

impl Statement {
    /// Allows `actions`, for example `secretsmanager:GetSecretValue`.
    pub fn allow<A: Into<String>>(actions: impl IntoIterator<Item = A>) -> Statement {
        Statement::new("Allow", actions)
    }

    /// Denies `actions`, whatever else allows them.
    pub fn deny<A: Into<String>>(actions: impl IntoIterator<Item = A>) -> Statement {
        Statement::new("Deny", actions)
    }

    /// Denies `actions` to requests without TLS. It must be told for whom: each service documents its own way to
    /// say everybody.
    pub fn without_tls<A: Into<String>>(actions: impl IntoIterator<Item = A>) -> Statement {
        Statement::deny(actions).when("Bool", "aws:SecureTransport", "false")
    }

    fn new<A: Into<String>>(effect: &'static str, actions: impl IntoIterator<Item = A>) -> Statement {
        let actions = actions.into_iter().map(Into::into).collect();
        Statement { effect, principal: None, actions, resources: Vec::new(), conditions: Map::default() }
    }

    /// On this resource: an ARN, or text around one.
    pub fn on(mut self, resource: impl IntoText) -> Statement {
        self.resources.push(resource.into_text());
        self
    }

    /// On every resource. Only for actions that know no narrower one, such as `ecr:GetAuthorizationToken`.
    pub fn on_everything(self) -> Statement {
        self.on("*")
    }

    /// For this service, for example `logs.us-east-1.amazonaws.com`: in policies of resources.
    pub fn for_service(mut self, service: impl IntoText) -> Statement {
        self.principal = Some(map([("Service", service.into_text())]));
        self
    }

    /// For this AWS principal: the ARN of a role, or of an account's root.
    pub fn for_principal(mut self, arn: impl IntoText) -> Statement {
        self.principal = Some(map([("AWS", arn.into_text())]));
        self
    }

    /// For everybody, of any account or none: in statements that deny.
    pub fn for_everyone(mut self) -> Statement {
        self.principal = Some("*".into());
        self
    }

    /// Only where `key` compares with `value` by `operator`, for example `StringEquals`; or with one of several
    /// values, where both are given again.
    pub fn when(mut self, operator: &str, key: &str, value: impl IntoText) -> Statement {
        let keys = self.conditions.entry(operator.to_owned()).or_insert_with(|| Node::Map(Map::default()));
        if let Node::Map(keys) = keys {
            let mut values = keys.shift_remove(key).map(into_list).unwrap_or_default();
            values.push(value.into_text());
            keys.insert(key.to_owned(), one_or_many(values));
        }
        self
    }

    fn into_node(self) -> Node {
        let mut statement = Map::default();
        statement.insert("Effect".to_owned(), self.effect.into());
        if let Some(principal) = self.principal {
            statement.insert("Principal".to_owned(), principal);
        }
        statement
            .insert("Action".to_owned(), one_or_many(self.actions.into_iter().map(Node::from).collect()));
        if !self.resources.is_empty() {
            statement.insert("Resource".to_owned(), one_or_many(self.resources));
        }
        if !self.conditions.is_empty() {
            statement.insert("Condition".to_owned(), Node::Map(self.conditions));
        }
        Node::Map(statement)
    }
}

/// A policy document of these statements.
pub fn policy_document(statements: impl IntoIterator<Item = Statement>) -> Node {
    let statements = statements.into_iter().map(Statement::into_node).collect();
    map([("Version", Node::from("2012-10-17")), ("Statement", Node::List(statements))])
}

fn one_or_many(mut items: Vec<Node>) -> Node {
    if items.len() == 1 { items.remove(0) } else { Node::List(items) }
}

/// Adds a statement to a document; one that differs from another only in its resources joins it.
pub(crate) fn add_statement(document: &mut Node, statement: Statement) {
    let Node::Map(document) = document else { return };
    let Some(Node::List(statements)) = document.get_mut("Statement") else { return };
    let new = statement.into_node();
    let same = |a: &Node, b: &Node| match (a.as_map(), b.as_map()) {
        (Some(a), Some(b)) => {
            ["Effect", "Principal", "Action", "Condition"].iter().all(|key| a.get(key) == b.get(key))
        }
        _ => false,
    };
    let Some(Node::Map(existing)) = statements.iter_mut().find(|statement| same(statement, &new)) else {
        statements.push(new);
        return;
    };
    let Node::Map(mut new) = new else { return };
    let (Some(had), Some(added)) = (existing.get_mut("Resource"), new.shift_remove("Resource")) else {
        return;
    };
    let mut resources = into_list(std::mem::replace(had, Node::Null));
    for resource in into_list(added) {
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    *had = one_or_many(resources);
}

fn into_list(node: Node) -> Vec<Node> {
    match node {
        Node::List(items) => items,
        one => vec![one],
    }
}

/// An `AWS::IAM::Role`, to which other constructs grant what they are asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// The role itself, for what this construct has no word for.
    pub resource: Handle<iam::Role>,
}

#[bon]
impl Role {
    /// Starts the role `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The service that may take the role, for example `ecs-tasks.amazonaws.com`.
        ///
        /// It may do so only for resources of this account, so that no other account can make the service
        /// act with the role ([the confused deputy][aws]).
        ///
        /// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        assumed_by: &str,
        /// What the role is for, at most 1,000 characters.
        #[builder(into)]
        description: Option<Value<String>>,
    ) -> Role {
        // AWS does not say that ECS, for a load balancer, and Backup tell the account when they take a role.
        let tells = !["backup.amazonaws.com", "ecs.amazonaws.com"].contains(&assumed_by);
        let equals = if tells { "StringEquals" } else { "StringEqualsIfExists" };
        let mut trust = Statement::allow(["sts:AssumeRole"]).for_service(assumed_by).when(
            equals,
            "aws:SourceAccount",
            aws::account_id(),
        );
        if assumed_by == "ecs-tasks.amazonaws.com" {
            let tasks = aws::arn("ecs", "*");
            trust = trust.when("ArnLike", "aws:SourceArn", tasks);
        }
        let properties = iam::Role {
            assume_role_policy_document: Some(policy_document([trust])),
            description,
            ..Default::default()
        };
        Role { resource: s.add(id, properties) }
    }
}

impl Role {
    /// The role's ARN.
    #[must_use]
    pub fn arn(self) -> Value<Arn<iam::Role>> {
        self.resource.arn()
    }

    /// Adds a statement to the role's inline policy `policy`, made if there is none yet.
    pub fn allow(self, s: &mut Scope<'_>, policy: &str, statement: Statement) {
        let policies = s[self.resource].policies.get_or_insert_with(Vec::new);
        let name = Value::from(policy);
        if let Some(existing) =
            policies.iter_mut().find(|existing| existing.policy_name.as_ref() == Some(&name))
        {
            if let Some(document) = &mut existing.policy_document {
                add_statement(document, statement);
            }
            return;
        }
        let document = policy_document([statement]);
        policies.push(iam::role::Policy { policy_name: Some(name), policy_document: Some(document) });
    }
}

/// An `AWS::IAM::ManagedPolicy`: statements of their own, to be attached to several roles or to people.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// The policy itself, for what this construct has no word for.
    pub resource: Handle<iam::ManagedPolicy>,
}

#[bon]
impl Policy {
    /// Starts the policy `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// What the policy allows.
        #[builder(with = FromIterator::from_iter)]
        statements: Vec<Statement>,
        /// The roles it is attached to.
        #[builder(default, with = FromIterator::from_iter)]
        roles: Vec<Role>,
        /// What the policy is for, at most 1,000 characters.
        #[builder(into)]
        description: Option<Value<String>>,
    ) -> Policy {
        let properties = iam::ManagedPolicy {
            policy_document: Some(policy_document(statements)),
            roles: (!roles.is_empty()).then(|| roles.into_iter().map(|role| role.resource).collect()),
            description,
            ..Default::default()
        };
        Policy { resource: s.add(id, properties) }
    }
}

impl Policy {
    /// The policy's ARN.
    #[must_use]
    pub fn arn(self) -> Value<Arn<iam::ManagedPolicy>> {
        self.resource.reference()
    }
}
