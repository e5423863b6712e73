//! The roles of ECS tasks: whether ECS can assume them, and whether they may do what a task needs.

use crate::check::lint::{Findings, Lint};
use crate::check::lints::secrets::{is_partial_arn, with_any_suffix};
use crate::check::rule::rule;
use crate::model::ecs::{Container, TaskDefinition};
use crate::model::iam::{self, Access, Answer, Policy, PolicyKind};
use crate::model::{Item, Model, Part, Text, Value, World};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &UNREADABLE_SECRET, check: unreadable_secret },
    Lint { rule: &UNREACHABLE_IMAGE, check: unreachable_image },
    Lint { rule: &NOT_ASSUMABLE, check: not_assumable },
    Lint { rule: &EXEC_NOT_ALLOWED, check: exec_not_allowed },
];

rule! {
    /// An execution role that may not read a secret of its containers.
    ///
    /// ECS reads the values of `Secrets` with the task's execution role before a container starts. Without
    /// `secretsmanager:GetSecretValue` (or `ssm:GetParameters`) on exactly this secret, and `kms:Decrypt` on a key of
    /// one's own, every task stops at its start with `ResourceInitializationError: unable to pull secrets`. The managed
    /// policy `AmazonECSTaskExecutionRolePolicy` allows neither.
    ///
    /// Allow the action on the secret's ARN in a policy of the execution role.
    ///
    /// Source: [Task execution role](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html).
    pub(super) UNREADABLE_SECRET = "DT115" Error;
}

rule! {
    /// An execution role that may not pull images or write logs.
    ///
    /// On Fargate the task's execution role pulls the images from ECR and writes to CloudWatch Logs. Without
    /// `ecr:GetAuthorizationToken`, `ecr:BatchGetImage` and `logs:PutLogEvents`, tasks stop at their start with
    /// `CannotPullContainerError` or `ResourceInitializationError`.
    ///
    /// Give the role the managed policy `AmazonECSTaskExecutionRolePolicy`, or these actions on the repository and the
    /// log group; `ecr:GetAuthorizationToken` needs the resource `*`.
    ///
    /// Source: [Task execution role](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html).
    pub(super) UNREACHABLE_IMAGE = "DT116" Error;
}

rule! {
    /// A role that the service using it cannot assume.
    ///
    /// The trust policy of a role says who may assume it. ECS tasks need `ecs-tasks.amazonaws.com`, which is not
    /// `ecs.amazonaws.com` and not `ec2.amazonaws.com`: else no task is placed, with `ECS was unable to assume the role`.
    ///
    /// Let `Service: ecs-tasks.amazonaws.com` call `sts:AssumeRole` in the `AssumeRolePolicyDocument`.
    ///
    /// Source: [Task IAM role](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html).
    pub(super) NOT_ASSUMABLE = "DT117" Error;
}

rule! {
    /// ECS Exec without the permissions that it needs.
    ///
    /// With `EnableExecuteCommand`, an agent in each container opens a channel to Systems Manager with the task role.
    /// Without a task role the service cannot be made; without the four `ssmmessages` actions every
    /// `execute-command` ends with `TargetNotConnectedException`.
    ///
    /// Allow `ssmmessages:CreateControlChannel`, `CreateDataChannel`, `OpenControlChannel` and `OpenDataChannel` on `*` in
    /// the task role, or switch ECS Exec off.
    ///
    /// Source: [ECS Exec](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html#ecs-exec-required-iam-permissions).
    pub(super) EXEC_NOT_ALLOWED = "DT118" Error;
}

/// The four actions of ECS Exec.
const EXEC_ACTIONS: [&str; 4] = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

fn unreadable_secret(model: &Model<'_>, found: &mut Findings) {
    let access = Access::new(model);
    for task in model.task_definitions() {
        let roles = task.0.get("ExecutionRoleArn");
        for (secret, container) in task.containers().iter().flat_map(|container| secrets(container)) {
            for role in roles.iter().filter(|role| role.world().meets(secret.world())) {
                if role.is_absent() {
                    found
                        .at(
                            &secret,
                            format!("{container} reads a secret, but its task has no `ExecutionRoleArn`"),
                        )
                        .hint("give the task definition an execution role that may read it");
                    continue;
                }
                let Some(item) = iam::role(role) else { continue };
                let world = secret.world().and(role.world());
                for (action, case) in missing(&access, item, &secret, world.as_ref()) {
                    let id = item.id();
                    let message = format!("the execution role `{id}` may not `{action}` this secret{case}");
                    found.at(&secret, message).hint(format!("allow `{action}` on it in a policy of `{id}`"));
                }
            }
        }
    }
}

/// What ECS reads before the container starts, with what to call the container.
fn secrets<'m>(container: &Container<'m>) -> Vec<(Value<'m>, String)> {
    let mut all = Vec::new();
    for list in ["Secrets", "LogConfiguration.SecretOptions"] {
        let entries = container.value.get(list);
        let entries = entries.iter().filter_map(Value::items).flatten();
        all.extend(entries.flat_map(|entry| entry.get("ValueFrom")));
    }
    all.extend(container.value.get("RepositoryCredentials.CredentialsParameter"));
    all.into_iter().filter(|value| !value.is_absent()).map(|value| (value, container.shown())).collect()
}

/// The actions on a secret that the role certainly may not do, with the case in which it may not, if there are others.
fn missing<'m>(
    access: &Access<'m>,
    role: Item<'m>,
    secret: &Value<'m>,
    world: Option<&World<'m>>,
) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let alone = |action: &'static str| (action, String::new());
    for text in secret.texts() {
        if may_be_let_in_elsewhere(role, &text) {
            continue;
        }
        let Some((action, arn)) = needed(&text).or_else(|| by_name(&text, secret)) else {
            all.extend(unreadable(access, role, &text).map(alone));
            continue;
        };
        let is_denied = |arn: &Text<'m>| access.may(role, action, Some(arn), secret.world()) == Answer::No;
        // An ARN without its six characters is found by the name.
        let is_found = is_partial_arn(&arn) && !is_denied(&with_any_suffix(&arn));
        if is_denied(&arn) && !is_found {
            all.extend((!has_policy(secret)).then(|| alone(action)));
        } else if let Some(world) = world.filter(|_| !has_policy(secret)) {
            let arns = [with_any_suffix(&arn), arn];
            let arns = if is_partial_arn(&arns[1]) { &arns[..] } else { &arns[1..] };
            let case = access.gap(role, action, arns, world).map(|case| format!(" where {}", case.shown()));
            all.extend(case.map(|case| (action, case)));
        }
        all.extend(undecryptable(access, role, &text, secret).map(alone));
    }
    all
}

/// What reading an SSM parameter needs that is named without an ARN, as `ValueFrom` may name one of the same region.
fn by_name<'m>(text: &Text<'m>, secret: &Value<'m>) -> Option<(&'static str, Text<'m>)> {
    let name = text.literal()?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    // The credentials of a registry are a secret's.
    if name.is_empty() || !name.chars().all(is_name) || secret.path().to_string().ends_with("Parameter") {
        return None;
    }
    let slash = if name.starts_with('/') { "" } else { "/" };
    let parts = parameter_arn([Part::Literal(format!(":parameter{slash}{name}"))]);
    Some(("ssm:GetParameters", Text { parts, world: text.world.clone() }))
}

/// The ARN of a parameter of this account and region, with what stands behind these.
fn parameter_arn<'m>(end: impl IntoIterator<Item = Part<'m>>) -> Vec<Part<'m>> {
    let literal = |text: &str| Part::Literal(text.to_owned());
    let (partition, region, account) = ("AWS::Partition", "AWS::Region", "AWS::AccountId");
    let start = [literal("arn:"), Part::Pseudo(partition), literal(":ssm:"), Part::Pseudo(region)];
    start.into_iter().chain([literal(":"), Part::Pseudo(account)]).chain(end).collect()
}

/// Whether the policy of a secret that is kept elsewhere may name the role, as its name is fixed. A role that an output
/// tells needs no question of its own: [`Access`] does not know what others let it do.
fn may_be_let_in_elsewhere(role: Item<'_>, secret: &Text<'_>) -> bool {
    let names = role.get("RoleName");
    let mut names = names.iter().filter(|name| name.world().meets(&secret.world));
    secret.targets().next().is_none() && names.any(|name| !name.is_absent())
}

/// The action to read a secret, if the role has neither it nor the one for parameters, for what is only known at
/// deployment: an import, or a parameter without a default.
fn unreadable<'m>(access: &Access<'m>, role: Item<'m>, text: &Text<'m>) -> Option<&'static str> {
    const ACTIONS: [&str; 2] = ["secretsmanager:GetSecretValue", "ssm:GetParameters"];
    let may_not = |action: &str| access.may(role, action, None, &text.world) == Answer::No;
    (text.literal().is_none() && ACTIONS.into_iter().all(may_not)).then_some(ACTIONS[0])
}

/// What reading the secret needs, and on which ARN; `None` if it is not known what the text is.
fn needed<'m>(text: &Text<'m>) -> Option<(&'static str, Text<'m>)> {
    let with = |parts: Vec<Part<'m>>| Text { parts, world: text.world.clone() };
    let whole = text.to_string();
    match text.parts.first()? {
        Part::Target(target) if target.item.is("AWS::SecretsManager::Secret") => {
            Some(("secretsmanager:GetSecretValue", with(vec![Part::Target(*target)])))
        }
        Part::Target(target) if target.item.is("AWS::SSM::Parameter") && text.parts.len() == 1 => {
            let name = target.item.text("Name").unwrap_or_default();
            let slash = if name.starts_with('/') { "" } else { "/" };
            let end =
                if name.is_empty() { Part::Target(*target) } else { Part::Literal(format!("{slash}{name}")) };
            let start = if name.is_empty() { ":parameter/" } else { ":parameter" };
            Some(("ssm:GetParameters", with(parameter_arn([Part::Literal(start.to_owned()), end]))))
        }
        _ if whole.starts_with("arn:") && whole.contains(":secretsmanager:") => {
            let mut parts = text.parts.clone();
            // A container may take one key of the secret: `…:secret:name:key:stage:version`.
            if let Some(Part::Literal(end)) = parts.last_mut()
                && let Some((before, name)) = end.rsplit_once(":secret:")
            {
                let name = name.split(':').next().unwrap_or_default();
                *end = format!("{before}:secret:{name}");
            }
            Some(("secretsmanager:GetSecretValue", with(parts)))
        }
        _ if whole.starts_with("arn:") && whole.contains(":ssm:") => {
            Some(("ssm:GetParameters", text.clone()))
        }
        _ => None,
    }
}

/// Whether the secret has a policy of its own, which may let the role in.
fn has_policy(secret: &Value<'_>) -> bool {
    let texts = secret.texts();
    let mut targets = texts.iter().flat_map(Text::targets);
    let model = secret.model();
    targets.any(|target| {
        let mut edges = model.referrers(target.item.id());
        edges.any(|edge| {
            let from = model.resource(edge.from.name());
            from.is_some_and(|from| from.is("AWS::SecretsManager::ResourcePolicy"))
        })
    })
}

/// `kms:Decrypt`, if the secret has a key of the template that leaves it to policies who may use it, and none of the
/// role's lets it.
fn undecryptable<'m>(
    access: &Access<'m>,
    role: Item<'m>,
    text: &Text<'m>,
    secret: &Value<'m>,
) -> Option<&'static str> {
    const DECRYPT: &str = "kms:Decrypt";
    let target = text.targets().next().filter(|target| target.item.is("AWS::SecretsManager::Secret"))?;
    let keys = target.item.get("KmsKeyId");
    let key = keys.iter().filter(|key| key.world().meets(secret.world())).find_map(Value::target)?;
    if !key.item.is("AWS::KMS::Key") {
        return None;
    }
    let policies = key.item.get("KeyPolicy");
    for document in policies {
        let policy = Policy { item: key.item, kind: PolicyKind::Resource, document };
        for statement in policy.statements() {
            let only_root = statement.principals("AWS").iter().all(is_root);
            if !only_root && statement.has_action(DECRYPT) {
                return None;
            }
        }
    }
    let arn = Text { parts: vec![Part::Target(key)], world: text.world.clone() };
    (access.may(role, DECRYPT, Some(&arn), secret.world()) == Answer::No).then_some(DECRYPT)
}

/// Whether a principal is the account, which leaves it to policies of its roles.
fn is_root(principal: &Value<'_>) -> bool {
    principal.texts().iter().any(|text| text.end().ends_with(":root"))
}

fn unreachable_image(model: &Model<'_>, found: &mut Findings) {
    let access = Access::new(model);
    for task in model.task_definitions().filter(|task| task.requires_fargate()) {
        for value in task.0.get("ExecutionRoleArn") {
            let Some(role) = iam::role(&value) else { continue };
            for (action, what) in needed_at_start(task) {
                if access.may(role, action, None, value.world()) == Answer::No {
                    found
                        .at(&value, format!("the execution role `{}` may not `{action}`, but {what}", role.id()))
                        .hint("give it the managed policy `AmazonECSTaskExecutionRolePolicy`, or allow the action");
                }
            }
        }
    }
}

/// What Fargate does with the execution role before the containers run, and why.
fn needed_at_start(task: TaskDefinition<'_>) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for container in task.containers() {
        let images = container.value.get("Image");
        let images = images.iter().flat_map(Value::texts).filter(is_private_image);
        let images: Vec<_> = images.collect();
        let what = || format!("{} has an image of ECR", container.shown());
        if !images.is_empty() {
            all.push(("ecr:GetAuthorizationToken", what()));
        }
        // The repository's own policy may let the role pull, but no policy of a repository gives the token.
        if images.iter().any(|image| !has_repository_policy(image)) {
            all.push(("ecr:BatchGetImage", what()));
        }
        if container.value.get("LogConfiguration.LogDriver").iter().any(|driver| driver.is_text("awslogs")) {
            all.push(("logs:PutLogEvents", format!("{} writes to CloudWatch Logs", container.shown())));
        }
    }
    all
}

/// Whether an image is in a private repository of ECR.
fn is_private_image(image: &Text<'_>) -> bool {
    let whole = image.to_string();
    let registry = whole.split('/').next().unwrap_or_default();
    registry.contains(".dkr.ecr.") || image.targets().any(|target| target.item.is("AWS::ECR::Repository"))
}

/// Whether the image's repository is one of the template and has a policy of its own.
fn has_repository_policy(image: &Text<'_>) -> bool {
    let policies = image.targets().filter(|target| target.item.is("AWS::ECR::Repository"));
    let mut policies = policies.flat_map(|target| target.item.get("RepositoryPolicyText"));
    policies.any(|policy| !policy.is_absent() && policy.world().meets(&image.world))
}

fn not_assumable(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        for property in ["TaskRoleArn", "ExecutionRoleArn"] {
            for value in task.0.get(property) {
                let Some(role) = iam::role(&value) else { continue };
                if refuses(role, "ecs-tasks") {
                    found
                        .at(
                            &value,
                            format!(
                                "the role `{}` does not let `ecs-tasks.amazonaws.com` assume it",
                                role.id()
                            ),
                        )
                        .hint("name `Service: ecs-tasks.amazonaws.com` in its `AssumeRolePolicyDocument`");
                }
            }
        }
    }
}

/// Whether the role's trust policy certainly keeps the service out.
fn refuses(role: Item<'_>, service: &str) -> bool {
    let documents = role.get("AssumeRolePolicyDocument");
    !documents.is_empty()
        && documents.iter().all(|document| {
            let statements = document.get("Statement");
            let known = statements.iter().all(|list| {
                let items = list.items().unwrap_or_default();
                !items.is_empty() && items.iter().all(Value::is_mapping)
            });
            let policy = Policy { item: role, kind: PolicyKind::Trust, document: document.clone() };
            let lets =
                |statement: &iam::Statement<'_>| statement.allows() && statement.may_be_for_service(service);
            known && !policy.statements().iter().any(lets)
        })
}

fn exec_not_allowed(model: &Model<'_>, found: &mut Findings) {
    let access = Access::new(model);
    for service in model.services() {
        let on = service.0.get("EnableExecuteCommand");
        for on in on.iter().filter(|on| on.boolean() == Some(true)) {
            for (task, world) in service.task_definitions() {
                if world.meets(on.world()) {
                    check_exec(&access, task, on, found);
                }
            }
        }
    }
}

fn check_exec<'m>(access: &Access<'m>, task: TaskDefinition<'m>, on: &Value<'m>, found: &mut Findings) {
    let roles = task.0.get("TaskRoleArn");
    for value in roles.iter().filter(|role| role.world().meets(on.world())) {
        if value.is_absent() {
            found
                .at(on, format!("ECS Exec needs a task role, but `{}` has none", task.0.id()))
                .hint("give the task definition a `TaskRoleArn` that allows the four `ssmmessages` actions");
            continue;
        }
        let Some(role) = iam::role(value) else { continue };
        let denied =
            EXEC_ACTIONS.iter().find(|action| access.may(role, action, None, on.world()) == Answer::No);
        if let Some(action) = denied {
            found
                .at(
                    on,
                    format!("ECS Exec needs `{action}`, which the task role `{}` does not allow", role.id()),
                )
                .hint("allow the four `ssmmessages` actions on `*` in the task role");
        }
    }
}

#[cfg(test)]
mod tests;
