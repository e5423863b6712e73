//! Deployments: how a new revision takes the place of the old one, and what that excludes.

use constructs::{
    Alb, Deployment, FargateService, Listener, LogGroup, Rule, ScalingTarget, Scope, Shift, TestPort,
    Traffic, Value, Vpc, cidr, fargate, port,
};
use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::services::{Place, image, place, properties, service};
use crate::{diagnostics, resource, template};

fn blue_green() -> Shift {
    Shift::of(Traffic::AtOnce).build()
}

/// A service that is deployed like this, behind a listener.
fn web(s: &mut Scope<'_>, deployment: impl Into<Deployment>) -> FargateService {
    let place = place(s);
    let web = service!(s, place, "Web", image(image()), health_check("/health"), deployment(deployment));
    let alb = Alb::named("Alb").vpc(&place.vpc).build(s);
    alb.listen(s, Listener::http(port!(80)).forward(&web));
    web
}

fn deployment(build: impl Into<Deployment>) -> Json {
    let template = template(|s| {
        web(s, build);
    });
    properties(&template, "WebService")["DeploymentConfiguration"].clone()
}

#[test]
fn a_rolling_deployment_goes_back_when_tasks_keep_failing() {
    // R316, C-14, F40
    let rolling = deployment(Deployment::default());
    assert_eq!(rolling["DeploymentCircuitBreaker"], json!({"Enable": true, "Rollback": true}));
    assert_eq!(rolling.get("Strategy"), None);
    let without = deployment(Deployment::Rolling { overlap: true, circuit_breaker: false });
    assert_eq!(without["DeploymentCircuitBreaker"], json!({"Enable": false, "Rollback": false}));
}

#[test]
fn a_blue_green_service_names_all_that_ecs_changes() {
    // R313, R314, R315, C-14, F39
    let service = resource("WebService", |s| {
        let test = TestPort { port: port!(9000), from: Vec::new() };
        let web = web(s, Shift::of(Traffic::AtOnce).bake_minutes(5).test(test).build());
        web.watch_deployments(s, [Value::known("web-5xx")]);
    });
    assert_snapshot!(service, @"
    WebService:
      Type: AWS::ECS::Service
      DependsOn:
        - VpcPrivateRoute1
        - VpcPrivateRoute2
        - VpcPrivateSubnet1Routes
        - VpcPrivateSubnet2Routes
      Properties:
        AvailabilityZoneRebalancing: ENABLED
        Cluster: !Ref Cluster
        DeploymentConfiguration:
          Alarms:
            AlarmNames:
              - web-5xx
            Enable: true
            Rollback: true
          BakeTimeInMinutes: 5
          MaximumPercent: 200
          MinimumHealthyPercent: 100
          Strategy: BLUE_GREEN
        DesiredCount: 2
        EnableECSManagedTags: true
        HealthCheckGracePeriodSeconds: 60
        LaunchType: FARGATE
        LoadBalancers:
          - AdvancedConfiguration:
              AlternateTargetGroupArn: !Ref WebAlternateTargetGroup
              ProductionListenerRule: !Ref AlbListener80RuleForAll
              RoleArn: !GetAtt WebInfrastructureRole.Arn
              TestListenerRule: !Ref WebTestListenerRule
            ContainerName: app
            ContainerPort: 5000
            TargetGroupArn: !Ref WebTargetGroup
        NetworkConfiguration:
          AwsvpcConfiguration:
            AssignPublicIp: DISABLED
            SecurityGroups:
              - !GetAtt WebSecurityGroup.GroupId
            Subnets:
              - !Ref VpcPrivateSubnet1
              - !Ref VpcPrivateSubnet2
        PropagateTags: SERVICE
        TaskDefinition: !Ref WebTaskDefinition
    ");
}

// F39, S6
#[test]
fn the_rules_name_both_target_groups_and_the_role_reaches_nothing_else() {
    let template = template(|s| {
        let test = TestPort { port: port!(9000), from: vec![cidr!("192.0.2.0/24")] };
        web(s, Shift::of(Traffic::AtOnce).test(test).build());
    });
    let forward = json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": [
        {"TargetGroupArn": {"Ref": "WebTargetGroup"}, "Weight": 1},
        {"TargetGroupArn": {"Ref": "WebAlternateTargetGroup"}, "Weight": 0},
    ]}}]);
    for rule in ["AlbListener80RuleForAll", "WebTestListenerRule"] {
        let rule = properties(&template, rule);
        assert_eq!(rule["Actions"], forward);
        assert_eq!(rule["Conditions"][0]["PathPatternConfig"]["Values"], json!(["/*"]));
    }
    let (primary, mut alternate) =
        (properties(&template, "WebTargetGroup"), properties(&template, "WebAlternateTargetGroup"));
    assert_eq!(primary, std::mem::take(&mut alternate), "both groups are alike");
    let role = properties(&template, "WebInfrastructureRole");
    assert_eq!(
        role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"],
        json!({"Service": "ecs.amazonaws.com"})
    );
    let statements = &role["Policies"][0]["PolicyDocument"]["Statement"];
    let resources: Vec<&Json> = (0..4).map(|index| &statements[index]["Resource"]).collect();
    assert_eq!(
        resources,
        [
            &json!("*"),
            &json!([{"Ref": "WebTargetGroup"}, {"Ref": "WebAlternateTargetGroup"}]),
            &json!([{"Ref": "AlbListener80"}, {"Ref": "WebTestListener"}]),
            &json!([{"Ref": "AlbListener80RuleForAll"}, {"Ref": "WebTestListenerRule"}]),
        ]
    );
    let open = properties(&template, "AlbSecurityGroupFrom19202024Port9000");
    assert_eq!(open["CidrIp"], "192.0.2.0/24");
    assert!(template.graph().cycles().is_empty());
}

#[test]
fn steps_are_linear_or_a_canary_first() {
    // R317, F41
    let linear = Traffic::Linear { step_percent: 20.0, step_bake_minutes: 6 };
    let found = deployment(Shift::of(linear).build());
    assert_eq!(
        (&found["Strategy"], &found["LinearConfiguration"], &found["BakeTimeInMinutes"]),
        (&json!("LINEAR"), &json!({"StepPercent": 20, "StepBakeTimeInMinutes": 6}), &json!(15))
    );
    assert_eq!(found.get("DeploymentCircuitBreaker"), None);
    let canary = Traffic::Canary { percent: 2.5, bake_minutes: 10 };
    let found = deployment(Shift::of(canary).build());
    assert_eq!(
        (&found["Strategy"], &found["CanaryConfiguration"]),
        (&json!("CANARY"), &json!({"CanaryPercent": 2.5, "CanaryBakeTimeInMinutes": 10}))
    );
}

#[test]
fn a_wait_is_counted_as_cloudformation_counts_it() {
    // F41
    let minutes = |traffic| Shift::of(traffic).bake_minutes(10).build().minutes();
    assert_eq!(minutes(Traffic::AtOnce), 10);
    assert_eq!(minutes(Traffic::Canary { percent: 5.0, bake_minutes: 30 }), 40);
    assert_eq!(minutes(Traffic::Linear { step_percent: 10.0, step_bake_minutes: 6 }), 10 + 9 * 6);
    assert_eq!(minutes(Traffic::Linear { step_percent: 11.0, step_bake_minutes: 6 }), 10 + 9 * 6);
    assert_eq!(minutes(Traffic::Linear { step_percent: 100.0, step_bake_minutes: 6 }), 10);
    assert_eq!(minutes(Traffic::Linear { step_percent: 0.0, step_bake_minutes: 0 }), 10);
}

#[test]
fn a_rule_of_its_own_is_the_one_that_is_shifted() {
    let template = template(|s| {
        let place = place(s);
        let web = service!(s, place, "Web", image(image()), health_check("/health"));
        let ai = service!(s, place, "Ai", image(image()), health_check("/health"), deployment(blue_green()));
        let alb = Alb::named("Alb").vpc(&place.vpc).build(s);
        alb.listen(s, Listener::http(port!(80)).forward(&web).rule(Rule::paths(["/ai/*"], &ai)));
    });
    let advanced = &properties(&template, "AiService")["LoadBalancers"][0]["AdvancedConfiguration"];
    assert_eq!(advanced["ProductionListenerRule"], json!({"Ref": "AlbListener80Rule1"}));
    assert_eq!(advanced.get("TestListenerRule"), None);
    assert!(!template.resources.contains_key("AlbListener80RuleForAll"));
}

#[test]
fn what_a_shift_excludes_is_refused_with_the_reason() {
    // F41, C-14
    let found = diagnostics(|s| {
        let Place { vpc, cluster } = place(s);
        let canary = Traffic::Canary { percent: 0.25, bake_minutes: 1440 };
        let logs = LogGroup::named("Logs").build(s);
        let web = FargateService::named("Web")
            .cluster(cluster)
            .vpc(&vpc)
            .size(fargate!(512, 1024))
            .image(image())
            .port(port!(5000))
            .log_group(logs)
            .health_check("/health")
            .sticky_for(60)
            .scale(1..=2, [ScalingTarget::requests(1000)])
            .deployment(Shift::of(canary).bake_minutes(1441).build())
            .build(s);
        let alb = Alb::named("Alb").vpc(&vpc).build(s);
        alb.listen(s, Listener::http(port!(80)).forward(&web).rule(Rule::paths(["/x"], &web)));
    });
    assert_snapshot!(found, @"
    error[DC123]: 0.25 percent of the requests cannot be shifted
      at Test/Web.deployment.percent (constructs/tests/it/deployments.rs:)

    hint: choose 0.1 to 100 in steps of 0.1

    error[DC123]: 1441 minutes are too long to wait in a deployment
      at Test/Web.deployment.bake_minutes (constructs/tests/it/deployments.rs:)

    hint: ECS waits at most 1440 minutes, a day

    error[DC124]: a deployment would wait for 2881 minutes
      at Test/Web.deployment (constructs/tests/it/deployments.rs:)

    hint: CloudFormation refuses more than 1980, 33 hours; wait less, or take fewer steps

    error[DC130]: the service scales on requests, but a deployment moves them to its other target group
      at Test/Web.scale (constructs/tests/it/deployments.rs:)

    hint: scale on CPU or memory, or deploy it rolling: the measure follows one target group only

    error[DC131]: sessions are sticky, but a deployment sends the same caller to both target groups
      at Test/Web.sticky_for (constructs/tests/it/deployments.rs:)

    hint: shift all requests at once, or switch sticky sessions off

    error[DC132]: the service is forwarded to twice, but a deployment shifts what one rule sends
      at Test/Web (constructs/tests/it/deployments.rs:)

    hint: lead to it by one rule of one listener, or deploy it rolling
    ");
}

#[test]
fn a_shift_needs_a_load_balancer_and_somebody_to_test() {
    let found = diagnostics(|s| {
        let place = place(s);
        service!(s, place, "Worker", image(image()), deployment(blue_green()));
        let subnets = [Value::known("subnet-1"), Value::known("subnet-2")];
        let vpc = Vpc::existing(Value::known("vpc-1"), [(constructs::TierKind::Public, subnets)]);
        let place = Place { vpc, ..place };
        let test = TestPort { port: port!(9000), from: Vec::new() };
        let shift = Shift::of(Traffic::AtOnce).test(test).build();
        let web = service!(s, place, "Web", image(image()), health_check("/health"), deployment(shift));
        let alb = Alb::named("Alb").vpc(&place.vpc).build(s);
        alb.listen(s, Listener::http(port!(80)).forward(&web));
    });
    assert_snapshot!(found, @"
    error[DC125]: nobody is let in to the test port: the addresses of the network are not known
      at Test/Web.deployment.test (constructs/tests/it/deployments.rs:)

    hint: say which addresses may reach it

    error[DC129]: requests cannot be shifted to a service that no load balancer sends any
      at Test/Worker.deployment (constructs/tests/it/deployments.rs:)

    hint: give the service a health check, or deploy it rolling
    ");
}
