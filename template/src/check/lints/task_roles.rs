//! The two roles of a task, and its debugging.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::ecs::{Container, TaskDefinition};
use crate::model::{Model, Part, Value, World};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &NO_ROLE, check: no_role },
    Lint { rule: &READ_ONLY_EXEC, check: read_only_exec },
    Lint { rule: &ONE_ROLE, check: one_role },
];

rule! {
    /// A task that needs an execution role and has none.
    ///
    /// Before a container starts, ECS reads its secrets, pulls a private image and opens the log stream, as the
    /// execution role. Secrets need it on any launch type; on Fargate, `awslogs` and images from ECR need it too.
    /// ECS refuses the task definition: "Fargate requires task definition to have execution role ARN to support
    /// log driver awslogs".
    ///
    /// Set `ExecutionRoleArn` to a role that `ecs-tasks.amazonaws.com` may assume and that may do just this.
    ///
    /// Source: [Task execution role](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html).
    pub(super) NO_ROLE = "DT043" Error;
}

fn no_role(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        let fargate = task.on_fargate();
        for role in task.0.get("ExecutionRoleArn").iter().filter(|role| role.is_absent()) {
            let on_fargate: Vec<_> = fargate.iter().filter_map(|world| world.and(role.world())).collect();
            let need = task.containers().iter().find_map(|container| {
                let what = secrets(container, role.world()).or_else(|| {
                    on_fargate
                        .iter()
                        .find_map(|world| logs(container, world).or_else(|| image(container, world)))
                })?;
                Some(format!("{} {what}", container.shown()))
            });
            if let Some(need) = need {
                found
                    .at(role, format!("{need}, but `{}` has no execution role", task.0.id()))
                    .hint("set `ExecutionRoleArn`");
            }
        }
    }
}

fn secrets(container: &Container<'_>, world: &World<'_>) -> Option<&'static str> {
    let entries = [container.entries("Secrets"), container.entries("LogConfiguration.SecretOptions")];
    entries.iter().flatten().any(|secret| secret.world().meets(world)).then_some("has secrets")
}

fn logs(container: &Container<'_>, world: &World<'_>) -> Option<&'static str> {
    let drivers = container.value.get("LogConfiguration.LogDriver");
    let awslogs = |driver: &Value<'_>| driver.is_text("awslogs") && driver.world().meets(world);
    drivers.iter().any(awslogs).then_some("logs with `awslogs` on Fargate")
}

fn image(container: &Container<'_>, world: &World<'_>) -> Option<&'static str> {
    let images = container.value.get("Image").into_iter().flat_map(|image| image.texts());
    let private = |part: &Part<'_>| match part {
        Part::Literal(text) => text.contains(".dkr.ecr."),
        Part::Target(target) => target.item.is("AWS::ECR::Repository"),
        Part::Pseudo(_) | Part::Unknown(_) => false,
    };
    let mut ours = images.filter(|text| text.world.meets(world));
    ours.any(|text| text.parts.iter().any(private)).then_some("runs an image from ECR on Fargate")
}

rule! {
    /// ECS Exec into a container with a read-only file system.
    ///
    /// `EnableExecuteCommand` starts an agent in each container, which writes to the container's file system; with
    /// `ReadonlyRootFilesystem: true` the agent ends, and every attempt to look into the container fails.
    ///
    /// Turn ECS Exec off, which is right for production; or mount writable volumes at `/var/lib/amazon` and
    /// `/var/log/amazon`.
    ///
    /// Source: [Monitor containers with ECS Exec](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html).
    pub(super) READ_ONLY_EXEC = "DT047" Warning;
}

fn read_only_exec(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        for exec in service.0.get("EnableExecuteCommand").iter().filter(|exec| exec.boolean() == Some(true)) {
            for (task, runs) in service.task_definitions() {
                let Some(world) = exec.world().and(&runs) else { continue };
                let containers = task.all_containers().unwrap_or_default();
                let closed = |container: &Container<'_>| {
                    let read_only =
                        |value: &Value<'_>| value.boolean() == Some(true) || !value.world().meets(&world);
                    container.value.get("ReadonlyRootFilesystem").iter().all(read_only)
                        && !mounts_agent(container)
                };
                // A sidecar may be closed, as long as the program can be looked into.
                if let Some(container) = containers.first().filter(|_| containers.iter().all(closed)) {
                    found
                        .at(exec, format!("the agent of ECS Exec cannot write in {}", container.shown()))
                        .hint("turn `EnableExecuteCommand` off, or mount a volume at `/var/lib/amazon` and `/var/log/amazon`");
                }
            }
        }
    }
}

/// Whether something writable may be mounted where the agent writes.
fn mounts_agent(container: &Container<'_>) -> bool {
    let paths = container.entries("MountPoints").into_iter().flat_map(|mount| mount.get("ContainerPath"));
    let mut all = paths.chain(
        container.entries("LinuxParameters.Tmpfs").into_iter().flat_map(|tmpfs| tmpfs.get("ContainerPath")),
    );
    all.any(|path| {
        path.text().is_none_or(|path| path.starts_with("/var/lib") || path.starts_with("/managed-agents"))
    })
}

rule! {
    /// One role for the task and for its start.
    ///
    /// The execution role lets ECS pull the image and read the secrets before the container starts; the task role is
    /// what the program itself may do. If it is the same role, whoever takes over the program can read every secret
    /// that its start needs, and pull every image.
    ///
    /// Give the task a role of its own; one without any policy is fine.
    ///
    /// Source: [Best practices for IAM roles](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-iam-roles.html).
    pub(super) ONE_ROLE = "DT057" Warning;
}

fn one_role(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        for role in task.0.get("TaskRoleArn") {
            for execution in task.0.get("ExecutionRoleArn") {
                if role.world().meets(execution.world()) && is_same(&role, &execution) {
                    report(task, &role, found);
                }
            }
        }
    }
}

fn report(task: TaskDefinition<'_>, role: &Value<'_>, found: &mut Findings) {
    let shown = role.target().map_or_else(|| role.shown(), |target| target.item.id().to_owned());
    found
        .at(role, format!("`{}` starts and runs with the same role `{shown}`", task.0.id()))
        .hint("give the task a role of its own, with what the program does and nothing else");
}

/// Whether both values are the same role: the same resource, parameter or text.
fn is_same(one: &Value<'_>, other: &Value<'_>) -> bool {
    if let (Some(one), Some(other)) = (one.target(), other.target()) {
        return one.item == other.item;
    }
    if let (Some((one, _)), Some((other, _))) = (one.parameter(), other.parameter()) {
        return one == other;
    }
    let (one, other) = (one.texts(), other.texts());
    let ([one], [other]) = (one.as_slice(), other.as_slice()) else { return false };
    !one.has_unknown() && !one.parts.is_empty() && one.parts == other.parts
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::check::lints::testing::found;

    fn task(code: &str, properties: &str) -> String {
        let head = "
Parameters: {Role: {Type: String}, Arn: {Type: String, Default: 'arn:aws:iam::123456789012:role/a'}}
Resources:
  Repository: {Type: 'AWS::ECR::Repository'}
  Service: {Type: 'AWS::ECS::Service', Properties: {TaskDefinition: !Ref Task, EnableExecuteCommand: true}}
  Task: {Type: 'AWS::ECS::TaskDefinition', Properties: {";
        found(code, &format!("{head}{properties}}}}}\n"))
    }

    #[test]
    fn a_role_is_the_same_by_resource_parameter_or_text() {
        let both =
            |one: &str, two: &str| task("DT057", &format!("TaskRoleArn: {one}, ExecutionRoleArn: {two}"));
        assert_snapshot!(both("!Ref Role", "!Ref Role"), @"
        `Task` starts and runs with the same role `${Role}` at Resources.Task.Properties.TaskRoleArn (give the task a role of its own, with what the program does and nothing else)
        ");
        assert_snapshot!(both("!Ref Arn", "'arn:aws:iam::123456789012:role/a'"), @"
        `Task` starts and runs with the same role `arn:aws:iam::123456789012:role/a` at Resources.Task.Properties.TaskRoleArn (give the task a role of its own, with what the program does and nothing else)
        ");
        let shared = "!Sub 'arn:aws:iam::${AWS::AccountId}:role/a'";
        assert_snapshot!(both(shared, shared), @"
        `Task` starts and runs with the same role `arn:aws:iam::${AWS::AccountId}:role/a` at Resources.Task.Properties.TaskRoleArn (give the task a role of its own, with what the program does and nothing else)
        ");
        assert_eq!(both("!ImportValue a", "!ImportValue b"), "");
        assert_eq!(both("!Ref AWS::NoValue", "!Ref AWS::NoValue"), "");
        assert_eq!(both("!Ref Role", "!Ref Arn"), "");
    }

    #[test]
    fn an_execution_role_is_needed_for_secrets_and_on_fargate_for_images_and_logs() {
        let container = |kind: &str, container: &str| {
            let containers = format!("ContainerDefinitions: [{{Name: a, {container}}}]");
            task("DT043", &format!("RequiresCompatibilities: [{kind}], {containers}"))
        };
        assert_snapshot!(container("EC2", "Secrets: [{Name: b, ValueFrom: c}]"), @"
        the container `a` has secrets, but `Task` has no execution role at Resources.Task.Properties (set `ExecutionRoleArn`)
        ");
        assert_snapshot!(container("FARGATE", "Image: !Sub '${Repository.RepositoryUri}:1'"), @"
        the container `a` runs an image from ECR on Fargate, but `Task` has no execution role at Resources.Task.Properties (set `ExecutionRoleArn`)
        ");
        assert_eq!(container("EC2", "Image: !Sub '${Repository.RepositoryUri}:1'"), "");
        assert_eq!(container("EC2", "LogConfiguration: {LogDriver: awslogs}"), "");
        assert_eq!(container("FARGATE", "Image: 'nginx:1', LogConfiguration: {LogDriver: splunk}"), "");
    }

    #[test]
    fn exec_works_if_one_container_can_be_written_to() {
        let containers = |containers: &str| task("DT047", &format!("ContainerDefinitions: [{containers}]"));
        let closed = "{Name: a, ReadonlyRootFilesystem: true}";
        assert_snapshot!(containers(closed), @"
        the agent of ECS Exec cannot write in the container `a` at Resources.Service.Properties.EnableExecuteCommand (turn `EnableExecuteCommand` off, or mount a volume at `/var/lib/amazon` and `/var/log/amazon`)
        ");
        assert_eq!(containers(&format!("{closed}, {{Name: b}}")), "");
        let mounted =
            "{Name: a, ReadonlyRootFilesystem: true, MountPoints: [{ContainerPath: /var/lib/amazon}]}";
        assert_eq!(containers(mounted), "");
    }
}
