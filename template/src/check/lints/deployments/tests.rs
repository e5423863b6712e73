use insta::assert_snapshot;

use crate::check::lints::testing::found;

/// The findings of a rule about a service with these properties.
fn service(code: &str, properties: &str) -> String {
    let head = "
Parameters: {Kind: {Type: String}, Flag: {Type: String}}
Conditions: {IsBlue: !Equals [!Ref Kind, blue]}
Resources:
  Group:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {TargetGroupAttributes: [{Key: slow_start.duration_seconds, Value: '60'}]}
  Service: {Type: 'AWS::ECS::Service', Properties: {TaskDefinition: 'web:1', ";
    found(code, &format!("{head}{properties}}}}}\n"))
}

#[test]
fn a_circuit_breaker_is_only_missed_where_ecs_rolls() {
    let deployment =
        |configuration: &str| service("DT031", &format!("DeploymentConfiguration: {{{configuration}}}"));
    assert_snapshot!(service("DT031", "LaunchType: FARGATE"), @"
        nothing stops a deployment whose tasks do not start: no circuit breaker, no alarms at Resources.Service.Properties (set `DeploymentCircuitBreaker` to `{Enable: true, Rollback: true}`)
        ");
    assert_snapshot!(deployment("DeploymentCircuitBreaker: {Enable: false, Rollback: false}"), @"
        nothing stops a deployment whose tasks do not start: no circuit breaker, no alarms at Resources.Service.Properties.DeploymentConfiguration.DeploymentCircuitBreaker.Enable (set `DeploymentCircuitBreaker` to `{Enable: true, Rollback: true}`)
        ");
    assert_snapshot!(deployment("Strategy: !If [IsBlue, BLUE_GREEN, ROLLING]"), @"
        nothing stops a deployment whose tasks do not start: no circuit breaker, no alarms at Resources.Service.Properties.DeploymentConfiguration (set `DeploymentCircuitBreaker` to `{Enable: true, Rollback: true}`)
        ");
    assert_eq!(deployment("DeploymentCircuitBreaker: {Enable: !Ref Flag, Rollback: true}"), "");
    assert_eq!(deployment("Strategy: BLUE_GREEN"), "");
    assert_eq!(deployment("Alarms: {AlarmNames: [a], Enable: true, Rollback: true}"), "");
    assert_eq!(service("DT031", "DeploymentController: {Type: EXTERNAL}"), "");
    assert_eq!(service("DT031", "DeploymentController: {Type: !Ref Kind}"), "");
    assert_eq!(service("DT031", "SchedulingStrategy: DAEMON"), "");
    assert_eq!(service("DT031", "LoadBalancers: [{LoadBalancerName: a, ContainerName: b}]"), "");
    assert_eq!(service("DT031", "DeploymentConfiguration: !Ref Kind"), "");
}

#[test]
fn an_alarm_on_answers_notices_no_task_that_does_not_start() {
    let watched_by = |alarm: &str| {
        let resources = format!(
            "
Resources:
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: web:1
      DeploymentConfiguration: {{Alarms: {{AlarmNames: [!Ref Alarm], Enable: true, Rollback: true}}}}
  Alarm: {{Type: 'AWS::CloudWatch::Alarm', Properties: {{{alarm}}}}}
"
        );
        found("DT031", &resources)
    };
    assert_snapshot!(watched_by("MetricName: HTTPCode_Target_5XX_Count, TreatMissingData: notBreaching"), @"
    nothing stops a deployment whose tasks do not start: no circuit breaker, and alarms only on what tasks answer at Resources.Service.Properties.DeploymentConfiguration (set `DeploymentCircuitBreaker` to `{Enable: true, Rollback: true}`)
    ");
    assert_eq!(watched_by("MetricName: HTTPCode_Target_5XX_Count, TreatMissingData: breaching"), "");
    assert_eq!(watched_by("MetricName: UnHealthyHostCount"), "");
    assert_eq!(watched_by("MetricName: !ImportValue metric"), "");
    assert_eq!(watched_by("Metrics: [{Id: a, Expression: 1}]"), "");
}

#[test]
fn ecs_own_strategies_need_ecs_own_controller() {
    let both = |controller: &str, strategy: &str| {
        let configuration = format!("DeploymentConfiguration: {{Strategy: {strategy}}}");
        service("DT032", &format!("DeploymentController: {{Type: {controller}}}, {configuration}"))
    };
    assert_snapshot!(both("EXTERNAL", "CANARY"), @"
        the deployment controller EXTERNAL knows no strategy CANARY at Resources.Service.Properties.DeploymentConfiguration.Strategy (remove `DeploymentController`: this strategy is ECS's own)
        ");
    assert_eq!(both("ECS", "CANARY"), "");
    assert_eq!(both("CODE_DEPLOY", "ROLLING"), "");
    assert_eq!(both("!If [IsBlue, ECS, CODE_DEPLOY]", "!If [IsBlue, BLUE_GREEN, ROLLING]"), "");
}

#[test]
fn the_other_colour_is_needed_in_the_same_case() {
    let both = |strategy: &str, advanced: &str| {
        let balancer = format!("{{ContainerName: web, ContainerPort: 80, TargetGroupArn: a{advanced}}}");
        service(
            "DT033",
            &format!("LoadBalancers: [{balancer}], DeploymentConfiguration: {{Strategy: {strategy}}}"),
        )
    };
    let if_blue = ", AdvancedConfiguration: !If [IsBlue, {AlternateTargetGroupArn: b}, !Ref AWS::NoValue]";
    assert_eq!(both("!If [IsBlue, LINEAR, ROLLING]", if_blue), "");
    assert_eq!(both("!Ref Kind", ""), "");
    assert_snapshot!(both("LINEAR", if_blue), @"
        a LINEAR deployment needs `AdvancedConfiguration` here at Resources.Service.Properties.LoadBalancers[0] (name `AlternateTargetGroupArn`, `ProductionListenerRule` and `RoleArn`)
        ");
}

#[test]
fn bake_times_are_added_up_as_cloudformation_does() {
    let linear = |percent: &str, minutes: i32, bake: i32| {
        let steps = format!("LinearConfiguration: {{StepBakeTimeInMinutes: {minutes}{percent}}}");
        let configuration = format!("Strategy: LINEAR, BakeTimeInMinutes: {bake}, {steps}");
        service("DT034", &format!("DeploymentConfiguration: {{{configuration}}}"))
    };
    assert_eq!(linear(", StepPercent: 10", 220, 0), "");
    assert_snapshot!(linear(", StepPercent: 10", 220, 1), @"
        a LINEAR deployment bakes for 1981 minutes, 1980 are the most at Resources.Service.Properties.DeploymentConfiguration.LinearConfiguration.StepBakeTimeInMinutes (shorten the bake times until together they are at most 33 hours)
        ");
    assert_snapshot!(linear(", StepPercent: 11", 220, 1), @"
        a LINEAR deployment bakes for 1981 minutes, 1980 are the most at Resources.Service.Properties.DeploymentConfiguration.LinearConfiguration.StepBakeTimeInMinutes (shorten the bake times until together they are at most 33 hours)
        ");
    assert_snapshot!(linear("", 221, 0), @"
        a LINEAR deployment bakes for 1989 minutes, 1980 are the most at Resources.Service.Properties.DeploymentConfiguration.LinearConfiguration.StepBakeTimeInMinutes (shorten the bake times until together they are at most 33 hours)
        ");
    assert_eq!(linear(", StepPercent: !Ref Kind", 1440, 1440), "");
    assert_eq!(linear(", StepPercent: 0", 1440, 1440), "");
}

#[test]
fn a_target_group_that_warms_up_asks_for_a_grace_period() {
    let balancer = "LoadBalancers: [{ContainerName: web, ContainerPort: 80, TargetGroupArn: !Ref Group}]";
    assert_snapshot!(service("DT036", balancer), @"
        no time is given to a starting task, although `Group` warms up for 60 seconds at Resources.Service.Properties (set `HealthCheckGracePeriodSeconds` to the seconds that a task takes to start)
        ");
    assert_snapshot!(service("DT036", &format!("{balancer}, HealthCheckGracePeriodSeconds: 0")), @"
        no time is given to a starting task, although `Group` warms up for 60 seconds at Resources.Service.Properties.HealthCheckGracePeriodSeconds (set `HealthCheckGracePeriodSeconds` to the seconds that a task takes to start)
        ");
    assert_eq!(service("DT036", &format!("{balancer}, HealthCheckGracePeriodSeconds: !Ref Kind")), "");
    assert_eq!(service("DT036", "LaunchType: FARGATE"), "");
}
