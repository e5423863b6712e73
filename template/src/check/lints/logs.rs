//! Where the output of containers goes.

use std::collections::BTreeSet;

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::ecs::TaskDefinition;
use crate::model::{Model, Text, Value};

pub(super) static LINTS: &[Lint] =
    &[Lint { rule: &NO_GROUP, check: no_group }, Lint { rule: &INCOMPLETE, check: incomplete }];

rule! {
    /// A log group that nothing in the template makes.
    ///
    /// The driver `awslogs` does not make its group unless `awslogs-create-group` is true: a task whose group does
    /// not exist stops before it starts, with `ResourceInitializationError: failed to validate logger args`. If
    /// somebody made the group by hand, the next region or account has none.
    ///
    /// Add an `AWS::Logs::LogGroup` with a `RetentionInDays`, and refer to it: `awslogs-group: !Ref LogGroup`.
    ///
    /// Source: [Using the awslogs driver](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html).
    pub(super) NO_GROUP = "DT056" Warning;
}

fn no_group(model: &Model<'_>, found: &mut Findings) {
    if !model.is_closed() {
        return;
    }
    let Some(made) = groups(model) else { return };
    for container in model.task_definitions().flat_map(TaskDefinition::containers) {
        let log = &container.value;
        let awslogs = log.get("LogConfiguration.LogDriver").iter().all(|driver| driver.is_text("awslogs"));
        let create = log.get("LogConfiguration.Options.awslogs-create-group");
        if !awslogs || create.iter().any(|create| !create.is_absent() && create.boolean() != Some(false)) {
            continue;
        }
        for group in log.get("LogConfiguration.Options.awslogs-group") {
            for name in group.texts().iter().filter(|name| is_literal(name)) {
                if !made.contains(&name.to_string()) {
                    found
                        .at(&group, format!("nothing here makes the log group `{name}`"))
                        .hint("add an `AWS::Logs::LogGroup`, and name it by `!Ref`");
                }
            }
        }
    }
}

rule! {
    /// A log of a task on Fargate that does not say where to.
    ///
    /// The driver `awslogs` needs `awslogs-group` and `awslogs-region`, and on Fargate `awslogs-stream-prefix` too. ECS
    /// refuses the task definition otherwise: `Log driver awslogs requires options`.
    ///
    /// Give all three: `awslogs-group: !Ref LogGroup`, `awslogs-region: !Ref AWS::Region`, and the container's name as
    /// the prefix.
    ///
    /// Source: [Send Amazon ECS logs to CloudWatch](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html),
    /// [LogConfiguration](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html).
    pub(super) INCOMPLETE = "DT142" Error;
}

/// The options of the driver, with the way to each.
const NEEDED: [(&str, &str); 3] = [
    ("awslogs-group", "LogConfiguration.Options.awslogs-group"),
    ("awslogs-region", "LogConfiguration.Options.awslogs-region"),
    ("awslogs-stream-prefix", "LogConfiguration.Options.awslogs-stream-prefix"),
];

fn incomplete(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        let fargate = task.on_fargate();
        for container in task.containers() {
            let drivers = container.value.get("LogConfiguration.LogDriver");
            let drivers: Vec<_> = drivers.iter().filter(|driver| driver.is_text("awslogs")).collect();
            for (name, way) in NEEDED {
                let is_needed = |value: &Value<'_>| {
                    let mut worlds = drivers.iter().filter_map(|driver| driver.world().and(value.world()));
                    worlds.any(|world| fargate.iter().any(|case| case.meets(&world)))
                };
                for value in container.value.get(way).iter().filter(|value| value.is_absent()) {
                    if is_needed(value) {
                        found
                            .at(value, format!("the log of {} has no `{name}`", container.shown()))
                            .hint(format!("add `{name}` to its `Options`"));
                    }
                }
            }
        }
    }
}

/// Whether nothing but the stack's name and the like is put in.
fn is_literal(name: &Text<'_>) -> bool {
    !name.has_unknown() && name.targets().next().is_none()
}

/// The names of the log groups that the template makes; `None` if not all are known. What a custom resource is told
/// about a group counts as well.
fn groups(model: &Model<'_>) -> Option<BTreeSet<String>> {
    let is_custom =
        |name: &str| name.starts_with("Custom::") || name == "AWS::CloudFormation::CustomResource";
    let mut all = BTreeSet::new();
    for item in model.resources() {
        if item.is("AWS::Logs::LogGroup") || is_custom(item.type_name()) {
            for name in item.get("LogGroupName") {
                for text in name.texts() {
                    if !is_literal(&text) {
                        return None;
                    }
                    all.insert(text.to_string());
                }
                if name.texts().is_empty() && !name.is_absent() {
                    return None;
                }
            }
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::check::lints::testing::found;

    #[test]
    fn a_group_is_only_missed_if_nothing_can_make_it() {
        let task = |options: &str, group: &str| {
            let text = format!(
                "
Parameters: {{Stage: {{Type: String}}}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{{Name: a, LogConfiguration: {{LogDriver: awslogs, Options: {{{options}}}}}}}]
  Group: {{Type: 'AWS::Logs::LogGroup', Properties: {{LogGroupName: {group}}}}}
"
            );
            found("DT056", &text)
        };
        assert_snapshot!(task("awslogs-group: /ecs/a", "/ecs/b"), @"
        nothing here makes the log group `/ecs/a` at Resources.Task.Properties.ContainerDefinitions[0].LogConfiguration.Options.awslogs-group (add an `AWS::Logs::LogGroup`, and name it by `!Ref`)
        ");
        assert_snapshot!(task("awslogs-group: !Sub '/ecs/${AWS::StackName}'", "/ecs/b"), @"
        nothing here makes the log group `/ecs/${AWS::StackName}` at Resources.Task.Properties.ContainerDefinitions[0].LogConfiguration.Options.awslogs-group (add an `AWS::Logs::LogGroup`, and name it by `!Ref`)
        ");
        assert_eq!(task("awslogs-group: /ecs/a", "/ecs/a"), "");
        assert_eq!(task("awslogs-group: !Sub '/ecs/${Stage}'", "/ecs/b"), "");
        assert_eq!(task("awslogs-group: /ecs/a", "!Sub '/ecs/${Stage}'"), "");
        assert_eq!(task("awslogs-group: /ecs/a, awslogs-create-group: 'true'", "/ecs/b"), "");
        assert_eq!(task("awslogs-group: !Ref Group", "/ecs/b"), "");
    }
}
