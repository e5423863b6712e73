//! The same faults in two templates that others wrote: one of the CDK, one by hand. They lie beside the project and are
//! not part of it; without them the test says that it is skipped.
//!
//! What a template has not got cannot be wrong in it: these two have no file system, web ACL, secret, record, rule of a
//! listener or scaling policy of their own.

use std::collections::BTreeSet;

use serde_json::json;
use template::{Step, Template};

use super::{Draft, Fault, Stack};

const CDK: Stack = ["fixtures", "cdk-original.template.json"];
const BY_HAND: Stack = ["fixtures", "fargate-service.yaml"];

const SERVICE: &str = "BackendService2147DAF9";
const TASK: &str = "BackendServiceTaskDef9F97F56B";
const POLICY: &str = "BackendServiceTaskDefExecutionRoleDefaultPolicyDFB9BC56";
const CLUSTER: &str = "DocuThinkerClusterFC2F145A";
const BALANCER: &str = "BackendServiceLB09608E98";
const LISTENER: &str = "BackendServiceLBPublicListener2FA7FC98";
const GROUP: &str = "BackendServiceLBPublicListenerECSGroupD43CD2AB";
const OF_SERVICE: &str = "BackendServiceSecurityGroup7599F85E";
const OF_BALANCER: &str = "BackendServiceLBSecurityGroup2B9BA648";
const IN: &str =
    "BackendServiceSecurityGroupfromDocuThinkerStackBackendServiceLBSecurityGroup78BFECC05000CE8E53D9";
const OUT: &str =
    "BackendServiceLBSecurityGrouptoDocuThinkerStackBackendServiceSecurityGroup1C302EE050004C4FCCF2";
const PUBLIC: [&str; 2] =
    ["DocuThinkerVpcPublicSubnet1Subnet1307FEF2", "DocuThinkerVpcPublicSubnet2Subnet12CB82FF"];
const PRIVATE: &str = "DocuThinkerVpcPrivateSubnet2Subnet7FC5F0D1";
const ROUTES: [&str; 2] =
    ["DocuThinkerVpcPrivateSubnet1DefaultRoute557A4608", "DocuThinkerVpcPrivateSubnet2DefaultRoute7FF868FF"];
const AWSVPC: &str = "/NetworkConfiguration/AwsvpcConfiguration";
const ENVIRONMENT: &str = "/ContainerDefinitions/0/Environment";
const STATEMENT: &str = "/PolicyDocument/Statement/3/Resource";

/// A fault that is made.
const fn made(
    stack: Stack,
    row: &'static str,
    code: &'static str,
    at: &'static str,
    make: fn(&mut Draft),
) -> Fault {
    Fault { row, code, at, stack, make }
}

/// Faults that the templates have as they are.
const THERE: &[(Stack, &str, &str, &str)] = &[
    (CDK, "F04", "DT030", TASK),
    (CDK, "F09", "DT031", SERVICE),
    (CDK, "F18", "DT080", LISTENER),
    (CDK, "F27", "DT132", "BackendServiceTaskDefwebLogGroup614D1BFF"),
    (CDK, "F52", "DT059", TASK),
    (BY_HAND, "F01", "DT110", "BackendTaskDefinition"),
    (BY_HAND, "F03", "DT115", "BackendTaskDefinition"),
    (BY_HAND, "F07", "DT073", "BackendService"),
    (BY_HAND, "F09", "DT031", "BackendService"),
    (BY_HAND, "F28", "DT057", "BackendTaskDefinition"),
    (BY_HAND, "F52", "DT059", "BackendTaskDefinition"),
];

const OF_CDK: &[Fault] = &[
    made(CDK, "F01", "DT110", TASK, |draft| {
        let partial = json!({"Fn::Sub": "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:docuthinker/openai"});
        draft.set(TASK, "/ContainerDefinitions/0/Secrets/0/ValueFrom", partial.clone());
        draft.set(POLICY, STATEMENT, partial);
    }),
    made(CDK, "F02", "DT119", POLICY, |draft| draft.set(POLICY, STATEMENT, json!("*"))),
    made(CDK, "F03", "DT115", TASK, |draft| {
        let (document, key) = draft.around(POLICY, "/PolicyDocument/Statement");
        document[key].as_array_mut().expect("statements").remove(3);
    }),
    made(CDK, "F05", "DT072", SERVICE, |draft| {
        draft.set(SERVICE, &format!("{AWSVPC}/AssignPublicIp"), json!("ENABLED"));
    }),
    made(CDK, "F06", "DT071", SERVICE, |draft| {
        draft.set(SERVICE, &format!("{AWSVPC}/Subnets"), json!(PUBLIC.map(|id| json!({"Ref": id}))));
    }),
    made(CDK, "F07", "DT073", SERVICE, |draft| {
        draft.set(SERVICE, &format!("{AWSVPC}/SecurityGroups"), json!([]));
    }),
    made(CDK, "F08", "DT094", SERVICE, |draft| scale(draft, CLUSTER, SERVICE)),
    made(CDK, "F19", "DT081", LISTENER, |draft| {
        draft.set(LISTENER, "/Protocol", json!("HTTPS"));
        draft.set(LISTENER, "/SslPolicy", json!("ELBSecurityPolicy-2016-08"));
    }),
    made(CDK, "F20", "DT054", TASK, |draft| in_plain_view(draft, TASK)),
    made(CDK, "F22", "DT113", "Password", |draft| by_parameter(draft, TASK)),
    made(CDK, "F23", "DT039", TASK, |draft| draft.set(TASK, "/Memory", json!("8192"))),
    made(CDK, "F24", "DT044", SERVICE, |draft| {
        draft.set(SERVICE, "/LoadBalancers/0/ContainerPort", json!(3000));
    }),
    made(CDK, "F25", "DT045", SERVICE, |draft| {
        draft.set(SERVICE, "/LoadBalancers/0/ContainerName", json!("api"));
    }),
    made(CDK, "F26", "DT056", TASK, |draft| {
        let group = "/ContainerDefinitions/0/LogConfiguration/Options/awslogs-group";
        draft.set(TASK, group, json!("/ecs/backend"));
    }),
    made(CDK, "F28", "DT057", TASK, |draft| {
        let role = draft.resource(TASK)["Properties"]["ExecutionRoleArn"].clone();
        draft.set(TASK, "/TaskRoleArn", role);
    }),
    made(CDK, "F30", "DT061", PRIVATE, |draft| draft.set(PRIVATE, "/CidrBlock", json!("10.0.128.0/20"))),
    made(CDK, "F31", "DT062", PRIVATE, |draft| draft.set(PRIVATE, "/CidrBlock", json!("10.1.4.0/24"))),
    made(CDK, "F32", "DT009", PRIVATE, |draft| draft.set(PRIVATE, "/CidrBlock", json!("10.0.300.0/24"))),
    made(CDK, "F32", "DT060", PRIVATE, |draft| {
        draft.0["Parameters"]["Block"] = json!({"Type": "String", "Default": "10.0.300.0/24"});
        draft.set(PRIVATE, "/CidrBlock", json!({"Ref": "Block"}));
    }),
    made(CDK, "F33", "DT037", SERVICE, |draft| both_ways(draft, SERVICE)),
    made(CDK, "F34", "DT038", SERVICE, |draft| only_spot(draft, SERVICE)),
    made(CDK, "F35", "DT058", TASK, |draft| add_daemon(draft, TASK)),
    made(CDK, "F36", "DT118", SERVICE, |draft| draft.set(SERVICE, "/EnableExecuteCommand", json!(true))),
    made(CDK, "F37", "DT086", SERVICE, |draft| draft.stop_waiting(SERVICE, LISTENER)),
    made(CDK, "F38", "DT100", "Alarm", |draft| alarm(draft, CLUSTER)),
    made(CDK, "F39", "DT033", SERVICE, |draft| {
        draft.set(SERVICE, "/DeploymentConfiguration/Strategy", json!("BLUE_GREEN"));
    }),
    made(CDK, "F40", "DT032", SERVICE, |draft| code_deploy(draft, SERVICE)),
    made(CDK, "F41", "DT034", SERVICE, |draft| bakes_too_long(draft, SERVICE)),
    made(CDK, "F45", "DT088", SERVICE, |draft| draft.set(GROUP, "/TargetType", json!("instance"))),
    made(CDK, "F46", "DT089", GROUP, |draft| {
        draft.set(GROUP, "/HealthCheckTimeoutSeconds", json!(30));
        draft.set(GROUP, "/HealthCheckIntervalSeconds", json!(30));
    }),
    made(CDK, "F47", "DT077", BALANCER, |draft| draft.set(BALANCER, "/Subnets", json!([{"Ref": PUBLIC[0]}]))),
    made(CDK, "F48", "DT075", SERVICE, |draft| draft.remove(IN)),
    made(CDK, "F49", "DT036", SERVICE, |draft| {
        draft.unset(SERVICE, "/HealthCheckGracePeriodSeconds");
        let attribute = json!({"Key": "slow_start.duration_seconds", "Value": "60"});
        draft.push(GROUP, "/TargetGroupAttributes", attribute);
    }),
    made(CDK, "F50", "DT071", SERVICE, |draft| ROUTES.iter().for_each(|route| draft.remove(route))),
    made(CDK, "F51", "DT002", OF_BALANCER, |draft| {
        draft.remove(IN);
        draft.remove(OUT);
        let rule = |key: &str, other: &str| json!([{"IpProtocol": "tcp", "FromPort": 5000, "ToPort": 5000, key: {"Fn::GetAtt": [other, "GroupId"]}}]);
        draft.set(OF_BALANCER, "/SecurityGroupEgress", rule("DestinationSecurityGroupId", OF_SERVICE));
        draft.set(OF_SERVICE, "/SecurityGroupIngress", rule("SourceSecurityGroupId", OF_BALANCER));
    }),
];

const OF_HAND: &[Fault] = &[
    made(BY_HAND, "F02", "DT119", "BackendTaskRole", |draft| {
        let all = json!({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"});
        let document = json!({"Version": "2012-10-17", "Statement": [all]});
        let policies = json!([{"PolicyName": "Read", "PolicyDocument": document}]);
        draft.set("BackendTaskRole", "/Policies", policies);
    }),
    made(BY_HAND, "F04", "DT030", "BackendTaskDefinition", |draft| {
        draft.set("BackendTaskDefinition", "/ContainerDefinitions/0/Image", json!("web:latest"));
    }),
    made(BY_HAND, "F08", "DT094", "BackendService", |draft| scale(draft, "Cluster", "BackendService")),
    made(BY_HAND, "F20", "DT054", "BackendTaskDefinition", |draft| {
        in_plain_view(draft, "BackendTaskDefinition");
    }),
    made(BY_HAND, "F22", "DT113", "Password", |draft| by_parameter(draft, "BackendTaskDefinition")),
    made(BY_HAND, "F23", "DT039", "BackendTaskDefinition", |draft| {
        draft.0["Parameters"]["Memory"]["Default"] = json!(8192);
    }),
    made(BY_HAND, "F24", "DT044", "BackendService", |draft| balance(draft, "backend", 3000)),
    made(BY_HAND, "F25", "DT045", "BackendService", |draft| balance(draft, "api", 5000)),
    made(BY_HAND, "F26", "DT056", "BackendTaskDefinition", |draft| {
        let region = json!({"Ref": "AWS::Region"});
        let options =
            json!({"awslogs-group": "/ecs/backend", "awslogs-region": region, "awslogs-stream-prefix": "a"});
        let logs = json!({"LogDriver": "awslogs", "Options": options});
        draft.set("BackendTaskDefinition", "/ContainerDefinitions/0/LogConfiguration", logs);
    }),
    made(BY_HAND, "F33", "DT037", "BackendService", |draft| both_ways(draft, "BackendService")),
    made(BY_HAND, "F34", "DT038", "BackendService", |draft| only_spot(draft, "BackendService")),
    made(BY_HAND, "F35", "DT058", "BackendTaskDefinition", |draft| {
        add_daemon(draft, "BackendTaskDefinition");
    }),
    made(BY_HAND, "F36", "DT118", "BackendService", |draft| {
        draft.set("BackendService", "/EnableExecuteCommand", json!(true));
    }),
    made(BY_HAND, "F38", "DT100", "Alarm", |draft| alarm(draft, "Cluster")),
    made(BY_HAND, "F39", "DT033", "BackendService", |draft| {
        balance(draft, "backend", 5000);
        draft.set("BackendService", "/DeploymentConfiguration", json!({"Strategy": "BLUE_GREEN"}));
    }),
    made(BY_HAND, "F40", "DT032", "BackendService", |draft| code_deploy(draft, "BackendService")),
    made(BY_HAND, "F41", "DT034", "BackendService", |draft| bakes_too_long(draft, "BackendService")),
];

fn scale(draft: &mut Draft, cluster: &str, service: &str) {
    let id = ["service/${", cluster, "}/${", service, ".Name}"].concat();
    draft.0["Resources"]["Scaling"] = json!({"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": {"Fn::Sub": id},
        "MinCapacity": 1, "MaxCapacity": 4,
    }});
}

/// An alarm about a service that has a name made by CloudFormation, under another.
fn alarm(draft: &mut Draft, cluster: &str) {
    let dimensions = json!([{"Name": "ClusterName", "Value": {"Ref": cluster}}, {"Name": "ServiceName", "Value": "backend-service"}]);
    draft.0["Resources"]["Alarm"] = json!({"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60,
        "EvaluationPeriods": 3, "Threshold": 80, "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [{"Fn::ImportValue": "alarms"}], "Dimensions": dimensions,
    }});
}

fn in_plain_view(draft: &mut Draft, task: &str) {
    draft.push(task, ENVIRONMENT, json!({"Name": "NEO4J_PASSWORD", "Value": "correct-horse-battery"}));
}

fn by_parameter(draft: &mut Draft, task: &str) {
    draft.0["Parameters"]["Password"] = json!({"Type": "String"});
    draft.push(task, ENVIRONMENT, json!({"Name": "NEO4J_PASSWORD", "Value": {"Ref": "Password"}}));
}

fn both_ways(draft: &mut Draft, service: &str) {
    let strategy = json!([{"CapacityProvider": "FARGATE", "Base": 1, "Weight": 1}]);
    draft.set(service, "/CapacityProviderStrategy", strategy);
}

fn only_spot(draft: &mut Draft, service: &str) {
    draft.unset(service, "/LaunchType");
    let strategy = json!([{"CapacityProvider": "FARGATE_SPOT", "Base": 0, "Weight": 1}]);
    draft.set(service, "/CapacityProviderStrategy", strategy);
}

fn add_daemon(draft: &mut Draft, task: &str) {
    let daemon = json!({"Name": "xray-daemon", "Image": "amazon/aws-xray-daemon:3.3.14", "Essential": false});
    draft.push(task, "/ContainerDefinitions", daemon);
}

fn code_deploy(draft: &mut Draft, service: &str) {
    draft.set(service, "/DeploymentController", json!({"Type": "CODE_DEPLOY"}));
    let breaker = json!({"DeploymentCircuitBreaker": {"Enable": true, "Rollback": true}});
    draft.set(service, "/DeploymentConfiguration", breaker);
}

fn bakes_too_long(draft: &mut Draft, service: &str) {
    let canary = json!({"CanaryPercent": 10, "CanaryBakeTimeInMinutes": 1440});
    let deployment = json!({"Strategy": "CANARY", "BakeTimeInMinutes": 1440, "CanaryConfiguration": canary});
    draft.set(service, "/DeploymentConfiguration", deployment);
}

fn balance(draft: &mut Draft, container: &str, port: u16) {
    let place = json!([{"ContainerName": container, "ContainerPort": port, "TargetGroupArn": {"Fn::ImportValue": "group"}}]);
    draft.set("BackendService", "/LoadBalancers", place);
}

/// The template, if it is there.
fn template([folder, name]: Stack) -> Option<Draft> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(folder).join(name);
    #[expect(clippy::disallowed_methods, reason = "the fixtures are files")]
    let text = std::fs::read_to_string(path).ok();
    #[expect(clippy::print_stdout, reason = "who reads the output of tests is told")]
    if text.is_none() {
        println!("skipped: {name} is not beside the project");
    }
    let document = Template::parse(&text?, name).unwrap_or_else(|errors| panic!("{errors}"));
    Some(Draft(serde_json::from_str(&document.template.to_json()).expect("a template is JSON")))
}

fn is_found(draft: &Draft, code: &str, at: &str) -> bool {
    let is_there = |path: &template::Path| path.steps().nth(1) == Some(Step::Key(at));
    draft.check().iter().any(|finding| finding.code() == code && is_there(&finding.path))
}

#[test]
fn the_faults_are_found_in_templates_of_others_too() {
    let mut missed = Vec::new();
    for (stack, row, code, at) in THERE {
        let Some(draft) = template(*stack) else { continue };
        if !is_found(&draft, code, at) {
            missed.push(format!("{row}: no {code} at {at} of {}", stack[1]));
        }
    }
    for Fault { row, code, at, stack, make } in OF_CDK.iter().chain(OF_HAND) {
        let Some(mut draft) = template(*stack) else { continue };
        if is_found(&draft, code, at) {
            missed.push(format!("{row}: without it there is {code} at {at} of {}", stack[1]));
        }
        make(&mut draft);
        if !is_found(&draft, code, at) {
            missed.push(format!("{row}: no {code} at {at} of {}", stack[1]));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Of the rest, neither template has what could be wrong.
#[test]
fn every_fault_that_can_be_in_them_is_made() {
    let made = OF_CDK.iter().chain(OF_HAND).map(|fault| fault.row);
    let made: BTreeSet<&str> = made.chain(THERE.iter().map(|(_, row, _, _)| *row)).collect();
    let rest: BTreeSet<&str> =
        super::all().map(|fault| fault.row).filter(|row| !made.contains(row)).collect();
    // A file system; a web ACL; a secret; a scaling policy; a record; a file system or a secret; rules of a listener.
    let not_there =
        ["F10", "F11", "F12", "F13", "F14", "F15", "F16", "F17", "F21", "F29", "F42", "F43", "F44"];
    assert_eq!(rest.into_iter().collect::<Vec<_>>(), not_there);
}
