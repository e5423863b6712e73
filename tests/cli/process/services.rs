//! A stack with two services, as the tests of `status`, `logs` and `exec` have it.

use endpoint::Scenario;
use serde_json::{Value, json};

use super::Aws;

/// The ids of the tasks of the backend: the newest that is healthy, and one that is older.
pub(super) const NEWEST: &str = "0a1b2c3d4e5f0a1b2c3d4e5f0a1b2c3d";
pub(super) const OLDEST: &str = "ffffffff4e5f0a1b2c3d4e5f0a1b2c3d";
/// The digest of what runs.
pub(super) const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// Where task definitions are.
pub(super) const DEFINITIONS: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition";
/// 2026-01-01 10:00:00, in milliseconds.
pub(super) const TEN: i64 = 1_767_261_600_000;

/// The template: a backend that is autoscaled and behind a load balancer, a worker that is neither.
pub(super) fn template(exec: bool) -> Value {
    let container = |name: &str| {
        json!({
            "Name": name, "Image": format!("registry.example/{name}:v1"),
            "Secrets": [{ "Name": "API_KEY", "ValueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-1a2b3c:key::" }],
            "LogConfiguration": { "LogDriver": "awslogs", "Options": {
                "awslogs-group": format!("/ecs/{name}"), "awslogs-stream-prefix": "app", "awslogs-region": "us-east-1" } },
        })
    };
    let task = |name: &str| {
        json!({ "Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Family": name, "TaskRoleArn": { "Fn::GetAtt": ["Role", "Arn"] }, "ContainerDefinitions": [container(name)] } })
    };
    let actions = if exec { json!(["ssmmessages:OpenDataChannel"]) } else { json!(["s3:GetObject"]) };
    let statement = json!([{ "Effect": "Allow", "Action": actions, "Resource": "*" }]);
    let balancer =
        json!({ "ContainerName": "backend", "ContainerPort": 8080, "TargetGroupArn": { "Ref": "Targets" } });
    json!({
        "Resources": {
            "Role": { "Type": "AWS::IAM::Role", "Properties": { "Policies": [
                { "PolicyName": "p", "PolicyDocument": { "Statement": statement } }] } },
            "Targets": { "Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": { "Name": "web" } },
            "BackendTaskDefinition": task("backend"),
            "WorkerTaskDefinition": task("worker"),
            "BackendService": { "Type": "AWS::ECS::Service", "Properties": {
                "Cluster": "main", "ServiceName": "backend-svc", "DesiredCount": 2, "EnableExecuteCommand": exec,
                "TaskDefinition": { "Ref": "BackendTaskDefinition" }, "LoadBalancers": [balancer] } },
            "WorkerService": { "Type": "AWS::ECS::Service", "Properties": {
                "Cluster": "main", "ServiceName": "worker-svc", "DesiredCount": 1, "EnableExecuteCommand": exec,
                "TaskDefinition": { "Ref": "WorkerTaskDefinition" } } },
            "Scaling": { "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
                "ResourceId": { "Fn::Sub": "service/main/${BackendService.Name}" } } },
            "Cpu": { "Type": "AWS::CloudWatch::Alarm", "Properties": { "AlarmName": "backend-cpu" } },
            "All": { "Type": "AWS::CloudWatch::CompositeAlarm", "Properties": { "AlarmName": "all" } },
        },
        "Outputs": { "Url": { "Value": "http://backend.example" } },
    })
}

/// A task of a service that runs since 10:00.
pub(super) fn task(id: &str, container: &str, exec: bool) -> Value {
    let agent = json!([{ "name": "ExecuteCommandAgent", "lastStatus": "RUNNING" }]);
    json!({
        "id": id,
        "startedAt": 1_767_261_600,
        "enableExecuteCommand": exec,
        "containers": [{
            "name": container, "lastStatus": "RUNNING", "image": format!("registry.example/{container}:v1"),
            "imageDigest": DIGEST, "runtimeId": format!("{id}-1"), "managedAgents": if exec { agent } else { json!([]) },
        }],
    })
}

/// Everything runs as it should.
pub(super) fn running(exec: bool) -> Scenario {
    let older = json!({ "startedAt": 1_767_258_000 });
    let mut oldest = task(OLDEST, "backend", exec);
    oldest.as_object_mut().unwrap().extend(older.as_object().unwrap().clone());
    Scenario::new()
        .stack("S", &template(exec).to_string(), "UPDATE_COMPLETE")
        .physical_id("BackendTaskDefinition", &format!("{DEFINITIONS}/backend:3"))
        .physical_id("WorkerTaskDefinition", &format!("{DEFINITIONS}/worker:6"))
        .task("BackendService", oldest)
        .task("BackendService", task(NEWEST, "backend", exec))
        .task("WorkerService", task("11111111", "worker", exec))
        .target("Targets", "10.0.1.7", "healthy", None)
        .target("Targets", "10.0.2.9", "healthy", None)
}

/// An AWS in which `S` is deployed, and nothing else is there.
pub(super) fn aws(scenario: Scenario) -> Aws {
    Aws::new(scenario)
}
