//! Load balancers, services, tasks, scaling and file systems.

use constructs::{
    Alb, Cluster, FargateService, FileSystem, HealthCheck, Image, Launch, Listener, LogGroup, Nat,
    Repository, Rule, ScalingTarget, Scheme, Scope, Secret, Tier, Value, Vpc, cidr, fargate, port,
};
use insta::assert_snapshot;
use serde_json::json;
use template::{Node, Template};

use crate::{diagnostics, template};

pub(crate) struct Place {
    pub(crate) vpc: Vpc,
    pub(crate) cluster: Cluster,
}

pub(crate) fn place(s: &mut Scope<'_>) -> Place {
    let vpc = Vpc::named("Vpc")
        .cidr(cidr!("10.0.0.0/16"))
        .tiers([
            Tier::public([cidr!("10.0.1.0/24"), cidr!("10.0.2.0/24")]),
            Tier::private([cidr!("10.0.3.0/24"), cidr!("10.0.4.0/24")]),
        ])
        .nat(Nat::Single)
        .build(s);
    Place { vpc, cluster: Cluster::named("Cluster").build(s) }
}

/// A service, with what each test adds.
macro_rules! service {
    ($s:expr, $place:expr, $id:literal $(, $with:ident($($value:expr),*))*) => {{
        let log_group = LogGroup::named(concat!($id, "Logs")).build($s);
        FargateService::named($id)
            .cluster($place.cluster)
            .vpc(&$place.vpc)
            .size(fargate!(512, 1024))
            .port(port!(5000))
            .log_group(log_group)
            $(.$with($($value),*))*
            .build($s)
    }};
}

pub(crate) use service;

pub(crate) fn image() -> Image {
    Image::registry("example.com/app:v1")
}

pub(crate) fn properties(template: &Template, id: &str) -> serde_json::Value {
    serde_json::to_value(&template.resources[id].properties).expect("properties are JSON")
}

#[test]
fn a_service_without_a_load_balancer_needs_none() {
    let template = template(|s| {
        let place = place(s);
        service!(s, place, "Worker", image(image()));
    });
    let service = properties(&template, "WorkerService");
    assert_eq!(service["DesiredCount"], 2, "R059");
    assert_eq!(service.get("LoadBalancers"), None);
    assert_eq!(service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"], "DISABLED");
    assert_eq!(
        service["DeploymentConfiguration"]["DeploymentCircuitBreaker"],
        json!({"Enable": true, "Rollback": true})
    );
}

// L23
#[test]
fn scaling_owns_the_number_of_tasks() {
    // R203, R205, R206
    let template = template(|s| {
        let place = place(s);
        service!(
            s,
            place,
            "Worker",
            image(image()),
            scale(2..=10, [ScalingTarget::cpu(70), ScalingTarget::memory(80)])
        );
    });
    assert_eq!(properties(&template, "WorkerService").get("DesiredCount"), None);
    let target = properties(&template, "WorkerScalableTarget");
    assert_eq!((&target["MinCapacity"], &target["MaxCapacity"]), (&json!(2), &json!(10)));
    assert_eq!(target["ResourceId"], json!({"Fn::Sub": "service/${Cluster}/${WorkerService.Name}"}));
    let policy = &properties(&template, "WorkerCpuScaling")["TargetTrackingScalingPolicyConfiguration"];
    assert_eq!(
        (&policy["ScaleInCooldown"], &policy["ScaleOutCooldown"], &policy["TargetValue"]),
        (&json!(300), &json!(60), &json!(70))
    );
}

#[test]
fn a_listener_attaches_the_service_behind_it() {
    let template = template(|s| {
        let place = place(s);
        let service = service!(
            s,
            place,
            "Web",
            image(image()),
            health_check("/health"),
            scale(1..=4, [ScalingTarget::requests(1000)])
        );
        let alb = Alb::named("Alb").vpc(&place.vpc).build(s);
        alb.listen(s, Listener::http(port!(80)).forward(&service));
    });
    let service = properties(&template, "WebService");
    assert_eq!(service["LoadBalancers"][0]["TargetGroupArn"], json!({"Ref": "WebTargetGroup"}));
    assert!(template.resources["WebService"].depends_on.contains(&"AlbListener80".to_owned()), "F37");
    let label = &properties(&template, "WebRequestScaling")["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
        ["ResourceLabel"];
    assert_eq!(
        *label,
        json!({"Fn::Sub": "${Alb.LoadBalancerFullName}/${WebTargetGroup.TargetGroupFullName}"}),
        "R207"
    );
    let ingress = properties(&template, "WebSecurityGroupFromAlbSecurityGroupPort5000");
    assert_eq!(
        ingress["SourceSecurityGroupId"],
        json!({"Fn::GetAtt": ["AlbSecurityGroup", "GroupId"]}),
        "R037"
    );
    assert!(template.graph().cycles().is_empty());
}

#[test]
fn a_rule_sends_some_requests_elsewhere() {
    let template = template(|s| {
        let place = place(s);
        let web = service!(s, place, "Web", image(image()), health_check("/health"));
        let ai = service!(s, place, "Ai", image(image()), health_check("/health"));
        let alb = Alb::named("Alb").vpc(&place.vpc).build(s);
        let certificate = Value::known("arn:aws:acm:us-east-1:123456789012:certificate/1");
        alb.listen(s, Listener::http(port!(80)).redirect_to_https());
        let rules = Listener::https(port!(443), certificate)
            .forward(&web)
            .rule(Rule::paths(["/ai/*"], &ai))
            .rule(Rule::hosts(["ai.example.com"], &ai));
        alb.listen(s, rules);
    });
    let rules = ["AlbListener443Rule1", "AlbListener443Rule2"].map(|id| properties(&template, id));
    assert_eq!((&rules[0]["Priority"], &rules[1]["Priority"]), (&json!(1), &json!(2)));
    assert_eq!(rules[0]["Conditions"][0]["PathPatternConfig"]["Values"], json!(["/ai/*"]));
    let listener = properties(&template, "AlbListener443");
    assert_eq!(
        (&listener["Protocol"], &listener["SslPolicy"]),
        (&json!("HTTPS"), &json!("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"))
    );
    let service = &template.resources["AiService"];
    assert_eq!(
        service.properties["LoadBalancers"].as_list().map(<[Node]>::len),
        Some(1),
        "one target group, attached once"
    );
    assert!(service.depends_on.contains(&"AlbListener443Rule1".to_owned()));
}

#[test]
fn an_internal_load_balancer_is_closed_to_the_internet() {
    let template = template(|s| {
        let place = place(s);
        let web = service!(s, place, "Web", image(image()), health_check("/health"));
        let alb = Alb::named("Alb").vpc(&place.vpc).scheme(Scheme::Internal).build(s);
        alb.listen(s, Listener::http(port!(80)).forward(&web));
    });
    assert_eq!(
        properties(&template, "Alb")["Subnets"],
        json!([{"Ref": "VpcPrivateSubnet1"}, {"Ref": "VpcPrivateSubnet2"}])
    );
    assert!(!template.resources.contains_key("AlbSecurityGroupFromAnywherePort80"));
}

#[test]
fn secrets_are_read_by_the_execution_role_alone() {
    // R050, R054, R112
    let template = template(|s| {
        let place = place(s);
        let keys = Secret::named("Keys").build(s);
        let images = Repository::named("Images").build(s);
        service!(
            s,
            place,
            "Web",
            image(images.tag("v1")),
            environment([("MODE", "test")]),
            secrets([("KEY", keys.field("openai"))])
        );
    });
    let container = &properties(&template, "WebTaskDefinition")["ContainerDefinitions"][0];
    assert_eq!(container["Secrets"], json!([{"Name": "KEY", "ValueFrom": {"Fn::Sub": "${Keys}:openai::"}}]));
    let policies = &properties(&template, "WebExecutionRole")["Policies"];
    let names: Vec<&str> =
        policies.as_array().unwrap().iter().filter_map(|policy| policy["PolicyName"].as_str()).collect();
    assert_eq!(names, ["ImagePull", "Logs", "SecretsAccess"]);
    assert_eq!(properties(&template, "WebTaskRole").get("Policies"), None);
}

#[test]
fn a_container_is_hardened_by_default() {
    let template = template(|s| {
        let place = place(s);
        service!(s, place, "Web", image(image()));
    });
    let container = &properties(&template, "WebTaskDefinition")["ContainerDefinitions"][0];
    assert_eq!(
        (&container["ReadonlyRootFilesystem"], &container["User"]),
        (&json!(true), &json!("1000:1000"))
    );
    assert_eq!(
        container["LinuxParameters"],
        json!({"InitProcessEnabled": true, "Tmpfs": [{"ContainerPath": "/tmp", "Size": 64}]})
    );
}

#[test]
fn a_file_system_is_mounted_with_tls_and_permission() {
    let template = template(|s| {
        let place = place(s);
        let store = FileSystem::named("Store").vpc(&place.vpc).path("/data").build(s);
        service!(s, place, "Web", image(image()), mounts([store.mount("/mnt/data").shared()]));
    });
    let task = properties(&template, "WebTaskDefinition");
    let volume = &task["Volumes"][0]["EFSVolumeConfiguration"];
    assert_eq!(
        (&volume["TransitEncryption"], &volume["AuthorizationConfig"]["IAM"]),
        (&json!("ENABLED"), &json!("ENABLED"))
    );
    assert_eq!(task["ContainerDefinitions"][0]["MountPoints"][0]["ContainerPath"], "/mnt/data");
    let depends_on = &template.resources["WebService"].depends_on;
    assert!(
        depends_on.contains(&"StoreMountTarget1".to_owned())
            && depends_on.contains(&"StoreMountTarget2".to_owned())
    );
    assert_eq!(properties(&template, "StoreSecurityGroupFromWebSecurityGroupPort2049")["FromPort"], 2049);
}

#[test]
fn spot_keeps_a_base_on_demand() {
    // R065
    let template = template(|s| {
        let place = place(s);
        service!(s, place, "Web", image(image()), launch(Launch::spot(1)));
    });
    let service = properties(&template, "WebService");
    assert_eq!(service.get("LaunchType"), None, "F33");
    assert_eq!(
        service["CapacityProviderStrategy"],
        json!([{"CapacityProvider": "FARGATE", "Base": 1, "Weight": 1}, {"CapacityProvider": "FARGATE_SPOT", "Weight": 9}])
    );
}

#[test]
fn what_a_service_still_lacks_is_reported() {
    let found = diagnostics(|s| {
        let place = place(s);
        service!(
            s,
            place,
            "Web",
            image(image()),
            health_check("/health"),
            scale(1..=4, [ScalingTarget::requests(1000)])
        );
    });
    assert_snapshot!(found, @"
    error[DC061]: the service has a health check, but no listener forwards to it
      at Test/Web (constructs/tests/it/services.rs:)

    hint: forward to it: `alb.listen(s, Listener::http(port!(80)).forward(&service))`

    error[DC071]: the service scales on requests, but no load balancer sends it any
      at Test/Web (constructs/tests/it/services.rs:)

    hint: forward to it from a listener, or scale on CPU or memory
    ");
}

#[test]
fn every_wrong_number_is_reported_at_once() {
    let found = diagnostics(|s| {
        let place = place(s);
        let check = HealthCheck {
            path: "health".into(),
            interval: 10,
            timeout: 10,
            healthy_threshold: 1,
            unhealthy_threshold: 11,
        };
        let web = service!(
            s,
            place,
            "Web",
            image(Image::registry("example.com/app")),
            health_check(check),
            scale(std::ops::RangeInclusive::new(4, 2), [ScalingTarget::cpu(120), ScalingTarget::memory(0)]),
            environment([("A", "1"), ("A", "2")])
        );
        let alb = Alb::named("Alb").vpc(&place.vpc).build(s);
        alb.listen(s, Listener::http(port!(80)).forward(&web));
    });
    assert_snapshot!(found, @"
    warning[DC041]: the container `app` runs whatever `latest` is when a task starts
      at Test/Web.image (constructs/tests/it/services.rs:)

    hint: name a version or a digest, so that a deployment can be repeated and gone back to

    error[DC040]: the container `app` is given `A` twice
      at Test/Web.environment (constructs/tests/it/services.rs:)

    hint: a variable is either plain or a secret, and has one value

    error[DC060]: `health` is not a path
      at Test/Web.health_check.path (constructs/tests/it/services.rs:)

    hint: begin it with a slash: `/health`

    error[DC060]: the time-out of 10 s is not below the interval of 10 s
      at Test/Web.health_check.timeout (constructs/tests/it/services.rs:)

    hint: shorten the time-out or lengthen the interval

    error[DC060]: 1 is no number of checks in a row
      at Test/Web.health_check.healthy_threshold (constructs/tests/it/services.rs:)

    hint: choose 2 to 10

    error[DC060]: 11 is no number of checks in a row
      at Test/Web.health_check.unhealthy_threshold (constructs/tests/it/services.rs:)

    hint: choose 2 to 10

    error[DC070]: at least 4 tasks are more than at most 2
      at Test/Web.scale (constructs/tests/it/services.rs:)

    hint: give the lesser number first

    error[DC072]: 120 is no target for `cpu-target-tracking`
      at Test/Web.scale (constructs/tests/it/services.rs:)

    hint: choose 1 to 100 percent

    error[DC072]: 0 is no target for `memory-target-tracking`
      at Test/Web.scale (constructs/tests/it/services.rs:)

    hint: choose 1 to 100 percent
    ");
}

#[test]
fn a_load_balancer_needs_two_subnets_and_a_target_with_a_health_check() {
    let found = diagnostics(|s| {
        let place = place(s);
        let worker = service!(s, place, "Worker", image(image()));
        let small = Vpc::named("Small")
            .cidr(cidr!("10.1.0.0/16"))
            .zones(['a'])
            .tiers([Tier::public([cidr!("10.1.0.0/24")])])
            .build(s);
        let alb = Alb::named("Alb").vpc(&small).build(s);
        alb.listen(s, Listener::http(port!(80)).forward(&worker));
    });
    assert_snapshot!(found, @r#"
    error[DC050]: the load balancer has 1 subnets to stand in, and needs two
      at Test/Alb.vpc (constructs/tests/it/services.rs:)

    hint: give the network a public tier (private, for an internal one) in two zones

    error[DC062]: `Worker` is forwarded to, but has no health check
      at Test/Worker (constructs/tests/it/services.rs:)

    hint: give the service a health check: `.health_check("/health")`
    "#);
}
