//! Values of tasks and services that have the right kind, and that ECS refuses.

use crate::check::lint::{Findings, Lint};
use crate::check::properties::is_dynamic;
use crate::check::rule::rule;
use crate::check::{choose_one_of, did_you_mean};
use crate::model::Model;
use crate::model::ecs::TaskDefinition;
use crate::nearest::nearest;

pub(super) static LINTS: &[Lint] = &[Lint { rule: &REFUSED, check: refused }];

rule! {
    /// A value that ECS refuses.
    ///
    /// A service starts no fewer than 0 tasks. A task has at least one container ("Container list cannot be empty").
    /// Its `Memory` is a number of MiB or a text such as `2 GB`, its `Cpu` a number of CPU units or a text such as
    /// `.5 vCPU` ("Invalid 'cpu' setting for task"). A container logs with one of the drivers that ECS knows.
    ///
    /// The types' schemas say nothing of this, so that it is only found when ECS makes the resource.
    ///
    /// Source: [Invalid CPU or memory](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html),
    /// [RegisterTaskDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html),
    /// [LogConfiguration](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html).
    pub(super) REFUSED = "DT140" Error;
}

/// What containers can log with. Source: [LogConfiguration][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html
const LOG_DRIVERS: [&str; 8] =
    ["awsfirelens", "awslogs", "fluentd", "gelf", "journald", "json-file", "splunk", "syslog"];

/// What containers could log with, and what the agent on an instance of one's own can be told to offer.
const OTHER_LOG_DRIVERS: [&str; 2] = ["logentries", "none"];

fn refused(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        for count in service.0.get("DesiredCount") {
            if let Some(number) = count.number().filter(|number| *number < 0.0) {
                found
                    .at(&count, format!("a service cannot have {number} tasks"))
                    .hint("choose 0 for none, or leave it out where the service is scaled");
            }
        }
    }
    for task in model.task_definitions() {
        for list in task.0.get("ContainerDefinitions") {
            if list.is_absent() || list.items().is_some_and(|items| items.is_empty()) {
                found
                    .at(&list, format!("the task definition `{}` has no container", task.0.id()))
                    .hint("add one to `ContainerDefinitions`");
            }
        }
        size(task, found);
        log_drivers(task, found);
    }
}

/// What the task says of its own size.
fn size(task: TaskDefinition<'_>, found: &mut Findings) {
    let sizes = [
        ("Cpu", "vcpu", "CPU units, such as `256` or `.25 vCPU`"),
        ("Memory", "gb", "MiB, such as `512` or `0.5 GB`"),
    ];
    for (name, unit, wanted) in sizes {
        for value in task.0.get(name) {
            let Some(text) = value.text().filter(|text| !is_dynamic(text) && !is_size(text, unit)) else {
                continue;
            };
            found.at(&value, format!("`{name}` of a task cannot be `{text}`")).hint(format!("give {wanted}"));
        }
    }
}

/// Whether text is a positive number, alone or with its unit.
fn is_size(text: &str, unit: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let number = text.strip_suffix(unit).unwrap_or(&text).trim_end();
    number.parse::<f64>().is_ok_and(|number| number.is_finite() && number > 0.0)
}

fn log_drivers(task: TaskDefinition<'_>, found: &mut Findings) {
    for container in task.containers() {
        for driver in container.value.get("LogConfiguration.LogDriver") {
            let Some(name) = driver.text().filter(|name| !is_log_driver(name)) else { continue };
            let known = || LOG_DRIVERS.into_iter();
            let hint = did_you_mean(nearest(&name, known())).or_else(|| choose_one_of(known()));
            found.at(&driver, format!("ECS knows no log driver `{name}`")).hint(hint.unwrap_or_default());
        }
    }
}

fn is_log_driver(name: &str) -> bool {
    is_dynamic(name) || LOG_DRIVERS.contains(&name) || OTHER_LOG_DRIVERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::check::lints::testing::found;

    fn resources(properties: &str, service: &str) -> String {
        let head = "
Parameters: {Given: {Type: String}, Few: {Type: Number, Default: -1}}
Conditions: {IsOn: !Equals [!Ref Given, 'on']}
Resources:";
        let task = format!("Task: {{Type: 'AWS::ECS::TaskDefinition', Properties: {{{properties}}}}}");
        let service = format!("Service: {{Type: 'AWS::ECS::Service', Properties: {{{service}}}}}");
        found("DT140", &format!("{head}\n  {task}\n  {service}\n"))
    }

    fn task(properties: &str) -> String {
        resources(&format!("ContainerDefinitions: [{{Name: a}}], {properties}"), "TaskDefinition: !Ref Task")
    }

    #[test]
    fn a_service_has_no_fewer_than_no_tasks() {
        let count =
            |count: &str| resources("ContainerDefinitions: [{Name: a}]", &format!("DesiredCount: {count}"));
        assert_snapshot!(count("-2"), @"
        a service cannot have -2 tasks at Resources.Service.Properties.DesiredCount (choose 0 for none, or leave it out where the service is scaled)
        ");
        assert_snapshot!(count("!If [IsOn, '-3', 2]"), @"
        a service cannot have -3 tasks at Resources.Service.Properties.DesiredCount.Fn::If[1] (choose 0 for none, or leave it out where the service is scaled)
        ");
        assert_snapshot!(count("!Ref Few"), @"
        a service cannot have -1 tasks at Resources.Service.Properties.DesiredCount (choose 0 for none, or leave it out where the service is scaled)
        ");
        assert_eq!(count("0") + &count("!Ref Given") + &count("!Ref AWS::NoValue"), "");
    }

    #[test]
    fn a_task_has_containers() {
        let containers = |list: &str| resources(list, "");
        assert_snapshot!(containers("ContainerDefinitions: []"), @"
        the task definition `Task` has no container at Resources.Task.Properties.ContainerDefinitions (add one to `ContainerDefinitions`)
        ");
        assert_snapshot!(containers("Family: a"), @"
        the task definition `Task` has no container at Resources.Task.Properties (add one to `ContainerDefinitions`)
        ");
        assert_eq!(containers("ContainerDefinitions: [!If [IsOn, {Name: a}, !Ref AWS::NoValue]]"), "");
        assert_eq!(containers("ContainerDefinitions: !Ref Given"), "");
        assert_eq!(
            containers("Fn::Transform: {Name: 'AWS::Include', Parameters: {Location: 's3://a/b'}}"),
            ""
        );
    }

    #[test]
    fn a_size_is_a_number_with_or_without_its_unit() {
        assert_snapshot!(task("Memory: 512MB, Cpu: 1 CPU"), @"
        `Memory` of a task cannot be `512MB` at Resources.Task.Properties.Memory (give MiB, such as `512` or `0.5 GB`)
        `Cpu` of a task cannot be `1 CPU` at Resources.Task.Properties.Cpu (give CPU units, such as `256` or `.25 vCPU`)
        ");
        assert_snapshot!(task("Memory: '', Cpu: -256"), @"
        `Memory` of a task cannot be `` at Resources.Task.Properties.Memory (give MiB, such as `512` or `0.5 GB`)
        `Cpu` of a task cannot be `-256` at Resources.Task.Properties.Cpu (give CPU units, such as `256` or `.25 vCPU`)
        ");
        for right in ["Memory: 512", "Memory: '512'", "Memory: 0.5GB", "Memory: '2 gb'", "Memory: !Ref Given"]
        {
            assert_eq!(task(right), "", "{right}");
        }
        for right in ["Cpu: 256", "Cpu: .25 vCPU", "Cpu: 1vcpu", "Cpu: '{{resolve:ssm:cpu}}'"] {
            assert_eq!(task(right), "", "{right}");
        }
    }

    #[test]
    fn a_log_driver_is_one_that_ecs_knows() {
        let driver = |driver: &str| {
            let log = format!("LogConfiguration: {{LogDriver: {driver}}}");
            resources(&format!("ContainerDefinitions: [{{Name: a, {log}}}]"), "")
        };
        assert_snapshot!(driver("awslog"), @"
        ECS knows no log driver `awslog` at Resources.Task.Properties.ContainerDefinitions[0].LogConfiguration.LogDriver (did you mean `awslogs`?)
        ");
        assert_snapshot!(driver("cloudwatch"), @"
        ECS knows no log driver `cloudwatch` at Resources.Task.Properties.ContainerDefinitions[0].LogConfiguration.LogDriver (choose one of awsfirelens, awslogs, fluentd, gelf, journald, json-file, splunk, syslog)
        ");
        for right in ["awslogs", "json-file", "none", "!Ref Given"] {
            assert_eq!(driver(right), "", "{right}");
        }
    }
}
