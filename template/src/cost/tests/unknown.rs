//! What is not known gives a reason, and never a sum.

use super::*;

fn why(text: &str, parameters: &[(&str, &str)]) -> Vec<String> {
    let report = report_of(&[("S", text)], parameters, &[]);
    is_whole(&report);
    report.not_priced.iter().map(|one| format!("{}: {}", one.resource, one.why)).collect()
}

const SERVICE: &str = r#"
Parameters: {Cpu: {Type: Number}, Env: {Type: String}, Subnets: {Type: "List<AWS::EC2::Subnet::Id>"}}
Conditions: {Prod: !Equals [!Ref Env, prod]}
Resources:
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {Cpu: !Ref Cpu, Memory: 1024}}
  Web:
    Type: AWS::ECS::Service
    Properties: {LaunchType: FARGATE, TaskDefinition: !Ref Task, DesiredCount: !If [Prod, 2, 1]}
  Key: {Type: AWS::KMS::Key, Condition: Prod}
  Alb: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Subnets: !Ref Subnets}}
"#;

#[test]
fn what_a_parameter_decides_is_priced_with_a_value_only() {
    assert_eq!(
        why(SERVICE, &[]),
        [
            "Web: `Cpu` is not known: the parameter `Cpu` has no value",
            "Key: exists where `Prod` holds; the parameter `Env` has no value",
            "Alb: public addresses: `Subnets` is not known: the parameter `Subnets` has no value",
        ]
    );
    assert_eq!(
        why(SERVICE, &[("Cpu", "512")])[0],
        "Web: `DesiredCount` is not known: the parameter `Env` has no value"
    );
    let all = [("Cpu", "512"), ("Env", "dev"), ("Subnets", "subnet-a,subnet-b")];
    let report = report_of(&[("S", SERVICE)], &all, &[]);
    assert_eq!(report.not_priced, []);
    assert_eq!(band(report.service("Fargate")), "$18.02");
    assert_eq!(band(report.service("KMS")), "$0.00", "it does not exist in dev");
    assert_eq!(band(report.service("Public IPv4 addresses")), "$7.30");
    let report = report_of(&[("S", SERVICE)], &[("Cpu", "512"), ("Env", "prod")], &[]);
    assert_eq!(
        (band(report.service("Fargate")), band(report.service("KMS"))),
        ("$36.04".into(), "$1.00".into())
    );
}

#[test]
fn what_runs_elsewhere_is_told() {
    let service = |properties: &str, more: &str| {
        format!(
            "Resources:\n  Task: {{Type: AWS::ECS::TaskDefinition, Properties: {{Cpu: 512, Memory: 1 GB}}}}\n  Web: \
             {{Type: AWS::ECS::Service, Properties: {{TaskDefinition: !Ref Task, {properties}}}}}\n{more}"
        )
    };
    let told = |properties: &str, more: &str| why(&service(properties, more), &[]).join("; ");
    let elsewhere = "and not on Fargate: what is paid for is what it runs on";
    assert_eq!(told("LaunchType: EC2", ""), format!("Web: it runs on EC2 {elsewhere}"));
    assert_eq!(told("DesiredCount: 1", ""), "Web: it is in the default cluster, whose capacity is not known");
    assert_eq!(told("Cluster: other", ""), "Web: `Cluster` names what is not in the template: `other`");
    let cluster = "  Cluster: {Type: AWS::ECS::Cluster, Properties: {DefaultCapacityProviderStrategy: \
                   [{CapacityProvider: FARGATE, Weight: 1}]}}\n";
    assert_eq!(told("Cluster: !Ref Cluster", cluster), "", "the cluster says Fargate");
    let windows = service("LaunchType: FARGATE", "")
        .replace("Cpu: 512", "RuntimePlatform: {OperatingSystemFamily: WINDOWS_SERVER_2022_CORE}, Cpu: 512");
    assert!(why(&windows, &[])[0].contains("Windows"));
    let other =
        service("LaunchType: FARGATE", "").replace("TaskDefinition: !Ref Task", "TaskDefinition: 'web:7'");
    assert_eq!(why(&other, &[]), ["Web: `TaskDefinition` names what is not in the template: `web:7`"]);
}

#[test]
fn what_has_no_price_here_is_listed_by_type() {
    let text = "Resources: {A: {Type: AWS::S3::Bucket}, B: {Type: AWS::S3::Bucket}, C: {Type: 'Custom::Thing'}, \
                R: {Type: AWS::IAM::Role}}";
    let report = report_of(&[("S", text)], &[], &[]);
    let counted =
        |all: &[Count]| all.iter().map(|one| format!("{} {}", one.count, one.type_name)).collect::<Vec<_>>();
    assert_eq!(counted(&report.unknown_types), ["2 AWS::S3::Bucket", "1 Custom::Thing"]);
    assert_eq!(counted(&report.free_types), ["1 AWS::IAM::Role"]);
    assert_eq!(report.total, Band::default());
    assert_eq!(report.prices, None);
}

#[test]
fn what_grows_without_end_and_what_macros_bring_is_said() {
    let text = "Transform: Other\nResources: {Logs: {Type: AWS::Logs::LogGroup}}";
    let report = report_of(&[("S", text)], &[], &[]);
    assert_eq!(band(report.service("CloudWatch Logs")), "$5.00");
    assert_eq!(report.notes, ["`S` has macros: what they add is not known, and not in it"]);
    assert_eq!(
        why(text, &[]),
        ["Logs: what it keeps: it keeps its logs for ever, which costs more each month (RetentionInDays)"]
    );
}

#[test]
fn loops_are_unrolled() {
    let text = "
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Secrets:
    - Name
    - [One, Two, Three]
    - Secret${Name}: {Type: AWS::SecretsManager::Secret}
";
    assert_eq!(report_of(&[("S", text)], &[], &[]).total.expected.to_string(), "$1.20");
}

#[test]
fn what_is_assumed_once_is_shared_and_not_counted_twice() {
    let text = "
Resources:
  Logs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}
  Rare: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30, LogGroupClass: INFREQUENT_ACCESS}}
  Files: {Type: AWS::EFS::FileSystem}
  Zonal: {Type: AWS::EFS::FileSystem, Properties: {AvailabilityZoneName: us-east-1a}}
";
    let report = report_of(&[("S", text)], &[], &[]);
    // 5 GB at 50 and 25 cents, 10 GB kept; 5 GB of files at 30 and 16 cents.
    assert_eq!(band(report.service("CloudWatch Logs")), "$4.05");
    assert_eq!(band(report.service("EFS")), "$2.30");
}

#[test]
fn logs_to_a_group_of_another_template_are_billed_too() {
    let text = "
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Cpu: 256
      Memory: 512
      ContainerDefinitions: [{Name: web, LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: /web}}}]
  Web: {Type: AWS::ECS::Service, Properties: {LaunchType: FARGATE, TaskDefinition: !Ref Task}}
";
    assert_eq!(band(report_of(&[("S", text)], &[], &[]).service("CloudWatch Logs")), "$5.00");
}
