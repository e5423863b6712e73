//! Containers of a service: what stands beside the application, what may be run in it, and what it may use.

use constructs::{
    Alb, Cluster, Container, Exec, HealthCommand, Image, Launch, Listener, LogGroup, NamedResources,
    TargetGroup, TaskDefinition, Tracing, Value, fargate, port,
};
use insta::assert_snapshot;
use serde_json::json;

use constructs::FargateService;

use crate::services::{Place, image, place, properties, service};
use crate::{diagnostics, resource, template};

#[test]
#[expect(clippy::too_many_lines, reason = "a whole task definition")]
fn a_collector_takes_traces_and_leaves_the_application_its_share() {
    // R068, C-33, C-41
    let task = resource("WebTaskDefinition", |s| {
        let place = place(s);
        service!(
            s,
            place,
            "Web",
            image(image()),
            tracing(Tracing::Adot),
            health_command("curl -f localhost")
        );
    });
    assert_snapshot!(task, @r#"
    WebTaskDefinition:
      Type: AWS::ECS::TaskDefinition
      DeletionPolicy: Delete
      UpdateReplacePolicy: Retain
      Properties:
        ContainerDefinitions:
          - Image: example.com/app:v1
            Name: app
            Cpu: 448
            Environment:
              - Name: OTEL_EXPORTER_OTLP_ENDPOINT
                Value: http://localhost:4318
              - Name: OTEL_EXPORTER_OTLP_PROTOCOL
                Value: http/protobuf
              - Name: OTEL_METRICS_EXPORTER
                Value: none
              - Name: OTEL_LOGS_EXPORTER
                Value: none
              - Name: OTEL_SERVICE_NAME
                Value: app
            Essential: true
            HealthCheck:
              Command:
                - CMD-SHELL
                - curl -f localhost
              Interval: 30
              Retries: 3
              StartPeriod: 60
              Timeout: 5
            LinuxParameters:
              InitProcessEnabled: true
              Tmpfs:
                - Size: 64
                  ContainerPath: /tmp
            LogConfiguration:
              LogDriver: awslogs
              Options:
                awslogs-group: !Ref WebLogs
                awslogs-region: !Ref AWS::Region
                awslogs-stream-prefix: ecs
                max-buffer-size: 25m
                mode: non-blocking
            MemoryReservation: 896
            PortMappings:
              - ContainerPort: 5000
                Protocol: tcp
            ReadonlyRootFilesystem: true
            StopTimeout: 30
            User: 1000:1000
          - Image: public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0
            Name: aws-otel-collector
            Cpu: 64
            Environment:
              - Name: AOT_CONFIG_CONTENT
                Value: |
                  extensions:
                    health_check: {endpoint: 'localhost:13133'}
                    awsproxy: {endpoint: 'localhost:2000'}
                  receivers:
                    otlp:
                      protocols:
                        grpc: {endpoint: 'localhost:4317'}
                        http: {endpoint: 'localhost:4318'}
                  processors:
                    batch: {timeout: 1s}
                  exporters:
                    awsxray: {}
                  service:
                    extensions: [health_check, awsproxy]
                    pipelines:
                      traces: {receivers: [otlp], processors: [batch], exporters: [awsxray]}
            Essential: false
            HealthCheck:
              Command:
                - CMD
                - /healthcheck
              Interval: 30
              Retries: 3
              StartPeriod: 60
              Timeout: 5
            LinuxParameters:
              InitProcessEnabled: true
              Tmpfs:
                - Size: 64
                  ContainerPath: /tmp
            LogConfiguration:
              LogDriver: awslogs
              Options:
                awslogs-group: !Ref WebLogs
                awslogs-region: !Ref AWS::Region
                awslogs-stream-prefix: aws-otel-collector
                max-buffer-size: 25m
                mode: non-blocking
            MemoryReservation: 128
            ReadonlyRootFilesystem: true
            RestartPolicy:
              Enabled: true
            StopTimeout: 30
            User: 1000:1000
        Cpu: "512"
        ExecutionRoleArn: !GetAtt WebExecutionRole.Arn
        Memory: "1024"
        NetworkMode: awsvpc
        RequiresCompatibilities:
          - FARGATE
        RuntimePlatform:
          CpuArchitecture: X86_64
          OperatingSystemFamily: LINUX
        TaskRoleArn: !GetAtt WebTaskRole.Arn
    "#);
    let template = template(|s| {
        let place = place(s);
        service!(s, place, "Web", image(image()), tracing(Tracing::Adot));
    });
    let statement = &properties(&template, "WebTaskRole")["Policies"][0]["PolicyDocument"]["Statement"][0];
    assert_eq!(
        (&statement["Resource"], statement["Action"].as_array().map(Vec::len)),
        (&json!("*"), Some(5))
    );
}

#[test]
fn the_old_daemon_is_the_seeds_and_is_doubted() {
    // R068, F35
    let found = diagnostics(|s| {
        let place = place(s);
        service!(s, place, "Web", image(image()), tracing(Tracing::XrayDaemon));
    });
    assert_snapshot!(found, @"
    warning[DC128]: AWS maintains the X-Ray daemon no longer, and ends its support on 2027-02-25
      at Test/Web.tracing (constructs/tests/it/containers.rs:)

    hint: send traces by OpenTelemetry, and choose the ADOT collector
    ");
    let mut assembly = crate::synth(|s| {
        let place = place(s);
        service!(s, place, "Web", image(image()), tracing(Tracing::XrayDaemon));
    });
    let daemon =
        &properties(&assembly.stacks.remove(0).template, "WebTaskDefinition")["ContainerDefinitions"][1];
    assert_eq!(
        (&daemon["Cpu"], &daemon["MemoryReservation"], &daemon["PortMappings"]),
        (&json!(32), &json!(256), &json!([{"ContainerPort": 2000, "Protocol": "udp"}]))
    );
    assert_eq!(daemon["Essential"], false);
    assert!(daemon["Image"].as_str().is_some_and(|image| image.starts_with("amazon/aws-xray-daemon:")));
}

#[test]
fn exec_is_one_switch() {
    // R069, C-34, F36
    let template = template(|s| {
        let Place { vpc, .. } = place(s);
        let sessions = Exec::logged_to(LogGroup::named("Sessions").build(s));
        let cluster = Cluster::named("Exec").exec(&sessions).build(s);
        let place = Place { vpc, cluster };
        service!(s, place, "Web", image(image()), exec(&sessions));
    });
    assert_eq!(properties(&template, "WebService")["EnableExecuteCommand"], true);
    let container = &properties(&template, "WebTaskDefinition")["ContainerDefinitions"][0];
    assert_eq!(
        (&container["ReadonlyRootFilesystem"], &container["LinuxParameters"]["InitProcessEnabled"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        properties(&template, "Exec")["Configuration"]["ExecuteCommandConfiguration"],
        json!({"Logging": "OVERRIDE", "LogConfiguration": {"CloudWatchLogGroupName": {"Ref": "Sessions"}}})
    );
    let statements = &properties(&template, "WebTaskRole")["Policies"][0]["PolicyDocument"]["Statement"];
    assert_eq!(
        statements[0]["Action"],
        json!([
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel"
        ])
    );
    assert_eq!(statements[2]["Resource"], json!({"Fn::GetAtt": ["Sessions", "Arn"]}));
}

#[test]
fn sessions_can_have_a_key_of_their_own() {
    let template = template(|s| {
        let place = place(s);
        let key = Value::known("arn:aws:kms:us-east-1:123456789012:key/1");
        let sessions = Exec::logged_to(LogGroup::existing("/ecs/sessions")).key(key);
        Cluster::named("Exec").exec(&sessions).build(s);
        service!(s, place, "Web", image(image()), exec(&sessions));
    });
    let configuration = &properties(&template, "Exec")["Configuration"]["ExecuteCommandConfiguration"];
    assert_eq!(configuration["LogConfiguration"]["CloudWatchEncryptionEnabled"], true);
    assert_eq!(configuration["KmsKeyId"], "arn:aws:kms:us-east-1:123456789012:key/1");
    let statements = &properties(&template, "WebTaskRole")["Policies"][0]["PolicyDocument"]["Statement"];
    assert_eq!(statements[3]["Action"], "kms:Decrypt");
}

#[test]
fn a_log_group_that_exists_is_written_to_and_not_made() {
    let template = template(|s| {
        let Place { vpc, cluster } = place(s);
        FargateService::named("Web")
            .cluster(cluster)
            .vpc(&vpc)
            .size(fargate!(512, 1024))
            .image(image())
            .port(port!(5000))
            .log_group(LogGroup::existing("/ecs/old"))
            .build(s);
    });
    assert!(!template.resources.values().any(|resource| resource.type_name == "AWS::Logs::LogGroup"));
    let container = &properties(&template, "WebTaskDefinition")["ContainerDefinitions"][0];
    assert_eq!(container["LogConfiguration"]["Options"]["awslogs-group"], "/ecs/old");
    let statement =
        &properties(&template, "WebExecutionRole")["Policies"][0]["PolicyDocument"]["Statement"][0];
    assert_eq!(
        statement["Resource"],
        json!({"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/old:*"})
    );
}

#[test]
fn what_others_make_is_reached_by_how_its_name_begins() {
    // R170 to R175, R178
    let role = resource("WebTaskRole", |s| {
        let place = place(s);
        let web = service!(s, place, "Web", image(image()));
        let resources = NamedResources::begin_with("docuthinker-");
        let role = web.task_definition.task_role;
        resources.grant_objects(s, role);
        resources.grant_tables(s, role);
        resources.grant_queues(s, role);
    });
    assert_snapshot!(role, @r#"
    WebTaskRole:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal:
                Service: ecs-tasks.amazonaws.com
              Action: sts:AssumeRole
              Condition:
                StringEquals:
                  aws:SourceAccount: !Ref AWS::AccountId
                ArnLike:
                  aws:SourceArn: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*
        Policies:
          - PolicyDocument:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action:
                    - s3:GetObject
                    - s3:PutObject
                  Resource: !Sub arn:${AWS::Partition}:s3:::docuthinker-*/*
                  Condition:
                    StringEquals:
                      aws:ResourceAccount: !Ref AWS::AccountId
                - Effect: Allow
                  Action:
                    - dynamodb:Query
                    - dynamodb:PutItem
                  Resource: !Sub arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/docuthinker-*
                - Effect: Allow
                  Action: sqs:SendMessage
                  Resource: !Sub arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:docuthinker-*
            PolicyName: Resources
    "#);
}

#[test]
fn a_target_group_has_the_times_it_is_given() {
    // R079, R080, R081
    let group = resource("Group", |s| {
        let place = place(s);
        TargetGroup::named("Group")
            .vpc(&place.vpc)
            .port(port!(5000))
            .health_check("/health")
            .deregistration_delay(10)
            .sticky_for(3600)
            .slow_start(30)
            .build(s);
    });
    assert_snapshot!(group, @r#"
    Group:
      Type: AWS::ElasticLoadBalancingV2::TargetGroup
      Properties:
        HealthCheckIntervalSeconds: 30
        HealthCheckPath: /health
        HealthCheckTimeoutSeconds: 5
        HealthyThresholdCount: 2
        Matcher:
          HttpCode: "200"
        Port: 5000
        Protocol: HTTP
        TargetGroupAttributes:
          - Key: deregistration_delay.timeout_seconds
            Value: "10"
          - Key: stickiness.enabled
            Value: "true"
          - Key: stickiness.type
            Value: lb_cookie
          - Key: stickiness.lb_cookie.duration_seconds
            Value: "3600"
          - Key: slow_start.duration_seconds
            Value: "30"
        TargetType: ip
        UnhealthyThresholdCount: 3
        VpcId: !Ref Vpc
    "#);
    let found = diagnostics(|s| {
        let place = place(s);
        TargetGroup::named("Group")
            .vpc(&place.vpc)
            .port(port!(5000))
            .health_check("/health")
            .deregistration_delay(3601)
            .sticky_for(0)
            .slow_start(10)
            .build(s);
    });
    assert_snapshot!(found, @"
    error[DC120]: 3601 seconds are too long to wait for a task that leaves
      at Test.deregistration_delay (constructs/src/target_group.rs:)

    hint: choose 0 to 3600

    error[DC120]: 0 seconds are no time for sticky sessions
      at Test.sticky_for (constructs/src/target_group.rs:)

    hint: choose 1 to 604800, which are seven days

    error[DC120]: 10 seconds are no slow start
      at Test.slow_start (constructs/src/target_group.rs:)

    hint: choose 30 to 900, or leave it out
    ");
}

#[test]
fn containers_must_fit_into_their_task() {
    // C-41
    let found = diagnostics(|s| {
        let logs = LogGroup::named("Logs").build(s);
        let container = |name: &str, cpu: u32, memory: u32| {
            Container::named(name)
                .image(Image::registry("example.com/app:v1"))
                .log_group(logs.clone())
                .cpu(cpu)
                .memory_reservation(memory)
                .build()
        };
        let mut task = |id: &str, containers: [Container; 2]| {
            let size = fargate!(256, 512).into();
            TaskDefinition::named("Task").size(size).containers(containers).build(&mut s.scope(id));
        };
        task("Fits", [container("app", 192, 256), container("agent", 64, 256)]);
        task("Large", [container("app", 200, 256), container("agent", 64, 300)]);
        let greedy = container("agent", 256, 128);
        let app = Container::named("app")
            .image(Image::registry("example.com/app:v1"))
            .log_group(logs.clone())
            .user("root")
            .stop_timeout(1)
            .health_command(HealthCommand::Program(vec!["/ok".to_owned()]))
            .build();
        task("Starved", [app, greedy]);
    });
    assert_snapshot!(found, @"
    warning[DC126]: the container `app` runs as root
      at Test/Starved.user (constructs/tests/it/containers.rs:)

    hint: give the image a user without rights, and name it: `1000:1000`

    error[DC127]: the containers reserve 264 CPU units of the task's 256
      at Test/Large.cpu (constructs/tests/it/containers.rs:)

    hint: choose a larger task, or smaller reservations

    error[DC127]: the containers reserve 556 MiB of the task's 512
      at Test/Large.memory (constructs/tests/it/containers.rs:)

    hint: choose a larger task, or smaller reservations

    error[DC042]: 1 seconds are no time to wait for a container to stop
      at Test/Starved.stop_timeout (constructs/tests/it/containers.rs:)

    hint: Fargate waits 2 to 120 seconds

    error[DC127]: the containers reserve 256 CPU units of the task's 256
      at Test/Starved.cpu (constructs/tests/it/containers.rs:)

    hint: choose a larger task, or smaller reservations
    ");
}

#[test]
fn spot_without_a_base_is_doubted() {
    // R065, C-31, F34
    let found = diagnostics(|s| {
        let place = place(s);
        let seed = Launch::Spot { base: 0, weight: 1, on_demand_weight: 0 };
        service!(s, place, "Web", image(image()), launch(seed));
        let wrong = Launch::Spot { base: 1, weight: 0, on_demand_weight: 1 };
        service!(s, place, "Other", image(image()), launch(wrong));
    });
    assert_snapshot!(found, @"
    warning[DC122]: no task is sure to be on demand: AWS may take all of them back at once
      at Test/Web.launch.base (constructs/tests/it/containers.rs:)

    hint: give it a base of at least 1

    error[DC121]: a base of 1 and weights of 1 and 0 cannot be
      at Test/Other.launch (constructs/tests/it/containers.rs:)

    hint: a base is at most 100000, the weight of Spot 1 to 1000, that of on demand 0 to 1000
    ");
}

#[test]
fn the_time_after_a_start_in_which_checks_do_not_count_is_set() {
    // F49
    let template = template(|s| {
        let place = place(s);
        let web = service!(
            s,
            place,
            "Web",
            image(image()),
            health_check("/health"),
            health_check_grace_period(120),
            slow_start(60)
        );
        let alb = Alb::named("Alb").vpc(&place.vpc).build(s);
        alb.listen(s, Listener::http(port!(80)).forward(&web));
    });
    assert_eq!(properties(&template, "WebService")["HealthCheckGracePeriodSeconds"], 120);
}
