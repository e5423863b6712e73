use insta::assert_snapshot;

use crate::check::lints::testing::found;

/// A task definition with these properties, and a service with these.
fn template(task: &str, service: &str) -> String {
    format!(
        "
Parameters: {{Debug: {{Type: String}}, Name: {{Type: String}}}}
Conditions: {{IsDebug: !Equals [!Ref Debug, 'yes']}}
Resources:
  Task: {{Type: 'AWS::ECS::TaskDefinition', Properties: {{{task}}}}}
  Service: {{Type: 'AWS::ECS::Service', Properties: {{TaskDefinition: !Ref Task, {service}}}}}
"
    )
}

fn task(properties: &str) -> String {
    template(properties, "LaunchType: EC2")
}

#[test]
fn only_containers_that_are_always_there_are_added_up() {
    let sum = |containers: &str| {
        found("DT041", &task(&format!("Cpu: 256, Memory: 512, ContainerDefinitions: [{containers}]")))
    };
    assert_eq!(sum("{Name: a, Cpu: 256, Memory: 1024, MemoryReservation: 512}"), "");
    assert_eq!(sum("{Name: a, Cpu: 200}, !If [IsDebug, {Name: b, Cpu: 200}, !Ref AWS::NoValue]"), "");
    assert_eq!(sum("{Name: a, Cpu: !If [IsDebug, 200, 300]}"), "");
    assert_snapshot!(sum("{Name: a, Cpu: !If [IsDebug, 200, 300]}, {Name: b, Cpu: 57}"), @"
        the containers reserve 257 CPU units, but the task has 256 at Resources.Task.Properties.Cpu (raise `Cpu` of the task, or lower what the containers reserve)
        ");
    assert_snapshot!(sum("{Name: a, Memory: 513}"), @"
        the containers reserve 513 MiB of memory, but the task has 512 at Resources.Task.Properties.Memory (raise `Memory` of the task, or lower what the containers reserve)
        ");
}

#[test]
fn a_port_is_looked_for_in_the_container_that_is_named() {
    let port = |mappings: &str, port: &str| {
        let containers =
            format!("ContainerDefinitions: [{{Name: a, PortMappings: [{mappings}]}}, {{Name: b}}]");
        found(
            "DT044",
            &template(&containers, &format!("LoadBalancers: [{{ContainerName: a, ContainerPort: {port}}}]")),
        )
    };
    assert_eq!(port("{ContainerPort: 80}, {ContainerPort: 81}", "81"), "");
    assert_eq!(port("{ContainerPort: !If [IsDebug, 80, 81]}", "!If [IsDebug, 80, 81]"), "");
    assert_snapshot!(port("", "80"), @"
        the container `a` maps no port 80 at Resources.Service.Properties.LoadBalancers[0].ContainerPort (add `PortMappings: [{ContainerPort: 80}]`)
        ");
    assert_snapshot!(port("{ContainerPort: 80}, {ContainerPort: 82}", "!If [IsDebug, 80, 81]"), @"
        the container `a` maps no port 81 at Resources.Service.Properties.LoadBalancers[0].ContainerPort.Fn::If[2] (its `PortMappings` have 80, 82)
        ");
    let registry = "ServiceRegistries: [{ContainerName: b, ContainerPort: 80}]";
    assert_snapshot!(found("DT044", &template("ContainerDefinitions: [{Name: b}]", registry)), @"
        the container `b` maps no port 80 at Resources.Service.Properties.ServiceRegistries[0].ContainerPort (add `PortMappings: [{ContainerPort: 80}]`)
        ");
}

#[test]
fn a_name_is_looked_for_among_those_that_are_there() {
    let name = |containers: &str, name: &str| {
        let containers = format!("ContainerDefinitions: [{containers}]");
        found(
            "DT045",
            &template(&containers, &format!("LoadBalancers: [{{ContainerName: {name}, ContainerPort: 80}}]")),
        )
    };
    assert_eq!(name("{Name: !Ref Name}", "web"), "");
    assert_eq!(name("{Name: web}", "!Ref Name"), "");
    assert_eq!(name("!If [IsDebug, {Name: web}, {Name: api}]", "!If [IsDebug, web, api]"), "");
    assert_snapshot!(name("!If [IsDebug, {Name: web}, {Name: api}]", "!If [IsDebug, api, web]"), @"
        `Task` has no container `api` at Resources.Service.Properties.LoadBalancers[0].ContainerName.Fn::If[1] (it is only there under another condition)
        `Task` has no container `web` at Resources.Service.Properties.LoadBalancers[0].ContainerName.Fn::If[2] (it is only there under another condition)
        ");
    let others =
        "{Name: a, Links: ['c:d'], DependsOn: [{ContainerName: e}], VolumesFrom: [{SourceContainer: f}]}";
    assert_snapshot!(found("DT045", &task(&format!("ContainerDefinitions: [{others}]"))), @"
        `Task` has no container `c` at Resources.Task.Properties.ContainerDefinitions[0].Links[0] (name one of its containers: `a`)
        `Task` has no container `e` at Resources.Task.Properties.ContainerDefinitions[0].DependsOn[0].ContainerName (name one of its containers: `a`)
        `Task` has no container `f` at Resources.Task.Properties.ContainerDefinitions[0].VolumesFrom[0].SourceContainer (name one of its containers: `a`)
        ");
}

#[test]
fn containers_of_one_task_have_names_and_ports_of_their_own() {
    let together = |mode: &str, containers: &str| {
        found("DT046", &task(&format!("NetworkMode: {mode}, ContainerDefinitions: [{containers}]")))
    };
    let both =
        "{Name: a, PortMappings: [{ContainerPort: 80}]}, {Name: b, PortMappings: [{ContainerPort: 80}]}";
    assert_eq!(together("bridge", both), "");
    assert_snapshot!(together("host", both), @"
        the container `a` and the container `b` both listen on tcp port 80 at Resources.Task.Properties.ContainerDefinitions[1].PortMappings[0].ContainerPort (the containers of this task share one network: give one of them another port)
        ");
    assert_snapshot!(together("bridge", "{Name: a}, {Name: b}, {Name: a}"), @"
        two containers of the task have the name `a` at Resources.Task.Properties.ContainerDefinitions[2].Name (give each container of a task a name of its own)
        ");
    assert_eq!(together("awsvpc", "{Name: a, PortMappings: [{ContainerPort: 80}, {ContainerPort: 80}]}"), "");
    assert_eq!(together("awsvpc", "!If [IsDebug, {Name: a}, {Name: a, Image: b}]"), "");
}

#[test]
fn one_container_is_essential() {
    let essential = |first: &str| {
        let containers = format!("[{{Name: a, Essential: {first}}}, {{Name: b, Essential: false}}]");
        found("DT046", &task(&format!("ContainerDefinitions: {containers}")))
    };
    assert_eq!(essential("true"), "");
    assert_eq!(essential("!Ref Debug"), "");
    assert_eq!(essential("!If [IsDebug, false, true]"), "");
    assert_snapshot!(essential("false"), @"
        no container of the task is essential at Resources.Task.Properties.ContainerDefinitions[0].Essential (remove `Essential: false` from the container that the task is for)
        ");
}

#[test]
fn what_ecs_accepts_of_a_health_check_is_known() {
    let check = |check: &str| {
        found("DT049", &task(&format!("ContainerDefinitions: [{{Name: a, HealthCheck: {{{check}}}}}]")))
    };
    assert_eq!(
        check("Command: 'CMD-SHELL curl -f localhost', Interval: 5, Timeout: 2, Retries: 1, StartPeriod: 0"),
        ""
    );
    assert_eq!(check("Command: !Ref Name, Interval: !Ref Debug"), "");
    assert_snapshot!(check("Command: [curl, -f, localhost], Interval: 301, Timeout: 61, Retries: 11"), @"
        the command of a health check begins with `CMD` or `CMD-SHELL`, not `curl` at Resources.Task.Properties.ContainerDefinitions[0].HealthCheck.Command[0] (put `CMD-SHELL` before a line for the shell, or `CMD` before a program and its arguments)
        301 seconds between two health checks: ECS accepts 5 to 300 at Resources.Task.Properties.ContainerDefinitions[0].HealthCheck.Interval (choose a number from 5 to 300)
        61 seconds for a health check: ECS accepts 2 to 60 at Resources.Task.Properties.ContainerDefinitions[0].HealthCheck.Timeout (choose a number from 2 to 60)
        11 retries of a health check: ECS accepts 1 to 10 at Resources.Task.Properties.ContainerDefinitions[0].HealthCheck.Retries (choose a number from 1 to 10)
        ");
    let reserved = "ContainerDefinitions: [{Name: a, Memory: 128, MemoryReservation: 256}]";
    assert_snapshot!(found("DT049", &task(reserved)), @"
        256 MiB are reserved, more than the 128 MiB of `Memory` at Resources.Task.Properties.ContainerDefinitions[0].MemoryReservation (lower `MemoryReservation`, or raise `Memory`)
        ");
}

#[test]
fn service_connect_names_a_port_of_a_container() {
    let service = |mapping: &str, connect: &str| {
        let task =
            format!("ContainerDefinitions: [{{Name: a, PortMappings: [{{ContainerPort: 80{mapping}}}]}}]");
        found("DT044", &template(&task, &format!("ServiceConnectConfiguration: {{{connect}}}")))
    };
    let web = "Enabled: true, Services: [{PortName: web}]";
    assert_eq!(service(", Name: web", web), "");
    assert_eq!(service(", Name: !Ref Name", web), "");
    assert_eq!(service("", "Enabled: false, Services: [{PortName: web}]"), "");
    assert_snapshot!(service("", web), @"
    no container of `Task` maps a port with the name `web` at Resources.Service.Properties.ServiceConnectConfiguration.Services[0].PortName (add `Name: web` to an entry of its `PortMappings`)
    ");
    assert_snapshot!(service(", Name: http", web), @"
    no container of `Task` maps a port with the name `web` at Resources.Service.Properties.ServiceConnectConfiguration.Services[0].PortName (its `PortMappings` have `http`)
    ");
}
