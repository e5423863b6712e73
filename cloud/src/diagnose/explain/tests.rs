use super::*;
use crate::engine::progress::Timestamp;
use crate::services::StoppedContainer;

const STACK: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/Shop/1";

fn failure(kind: &str, reason: &str) -> ResourceEvent {
    ResourceEvent {
        id: "e".into(),
        stack_id: STACK.into(),
        time: Timestamp(0),
        logical_id: "Thing".into(),
        physical_id: Some("thing-1".into()),
        resource_type: kind.into(),
        status: "CREATE_FAILED".into(),
        reason: Some(reason.into()),
        operation_id: None,
        token: None,
    }
}

/// A task whose container `web` ended with `code`, `reason` and the log `log`.
fn task(task_reason: &str, code: Option<i32>, reason: &str, log: &str) -> StoppedTask {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    StoppedTask {
        service: String::new(),
        deployment: None,
        logical_id: "Service".into(),
        task: "arn:aws:ecs:eu-west-1:123456789012:task/shop/0123456789abcdef".into(),
        task_definition: "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7".into(),
        stopped: None,
        code: None,
        reason: text(task_reason),
        containers: vec![StoppedContainer {
            log_note: None,
            log_source: None,
            name: "web".into(),
            exit_code: code,
            reason: text(reason),
            log: log.lines().map(ToOwned::to_owned).collect(),
        }],
    }
}

#[track_caller]
fn reason(text: &str, id: &str) -> Explanation {
    let found = explain(&failure("AWS::X::Y", text));
    assert_eq!(found.as_ref().map(|found| found.id), Some(id), "{text}");
    found.unwrap()
}

#[track_caller]
fn stopped(task: &StoppedTask, id: &str) -> Explanation {
    let found = explain_task(task);
    assert_eq!(found.as_ref().map(|found| found.id), Some(id), "{task:?}");
    found.unwrap()
}

/// R342, R343
#[test]
fn an_image_that_cannot_be_pulled_is_told_by_why() {
    let pull = |text: &str| task(&format!("CannotPullContainerError: {text}"), None, "", "");
    let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/docuthinker-backend:v7";
    let found =
        stopped(&pull(&format!("failed to resolve ref {image}: {image}: not found")), "image-not-found");
    assert!(found.command.contains("--repository-name docuthinker-backend"), "{}", found.command);
    assert!(found.cause.contains("tag"), "{}", found.cause);
    let denied = stopped(&pull(&format!("pull image {image}: 403 Forbidden")), "image-pull-denied");
    assert!(denied.advice.contains("BatchGetImage"));
    let network = stopped(
        &pull("ref pull has been retried 5 time(s): dial tcp 1.2.3.4:443: i/o timeout"),
        "image-pull-timeout",
    );
    assert!(network.advice.contains("VPC endpoints"));
    stopped(
        &pull("image Manifest does not contain descriptor matching platform 'linux/amd64'"),
        "image-architecture",
    );
    stopped(&pull("toomanyrequests: You have reached your pull rate limit"), "image-rate-limit");
    stopped(&pull("something new"), "image-pull");
}

/// R335, R341, R343
#[test]
fn secrets_that_do_not_load_are_told_by_why() {
    let init = |text: &str| {
        task(
            &format!("ResourceInitializationError: unable to pull secrets or registry auth: {text}"),
            None,
            "",
            "",
        )
    };
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:docuthinker/openai-AbCdEf";
    let denied = "execution resource retrieval failed: unable to retrieve secret from asm: service call has been \
                  retried 1 time(s): failed to fetch secret X from secrets manager: AccessDeniedException: User: U is \
                  not authorized to perform: secretsmanager:GetSecretValue on resource:";
    let found = stopped(&init(&denied.replace('X', arn)), "secret-denied");
    assert!(found.advice.contains("GetSecretValue"));
    stopped(
        &init(
            "unable to retrieve secret from asm: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        ),
        "secret-not-found",
    );
    stopped(
        &init("retrieved secret from Secrets Manager did not contain json key OPENAI_API_KEY"),
        "secret-key-missing",
    );
    let network = "unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send \
                   request failed caused by: dial tcp 1.2.3.4:443: i/o timeout";
    assert!(stopped(&init(network), "startup-timeout").advice.contains("VPC endpoints"));
    let vague = task("Unable to fetch secrets from Secrets Manager", None, "", "");
    let found = stopped(&vague, "secrets");
    for hint in ["ARN", "GetSecretValue", "VPC endpoint", "exists"] {
        assert!(found.advice.contains(hint), "{hint}: {}", found.advice);
    }
}

/// R333, R334, R338
#[test]
fn the_log_of_a_service_that_does_not_start_tells_more_than_its_exit_code() {
    let log = |log: &str| task("Essential container in task exited", Some(1), "", log);
    stopped(
        &log("starting\nError: Missing required environment variable MONGO_URI\n  at x"),
        "environment-variable-missing",
    );
    stopped(&log("KeyError: 'OPENAI_API_KEY'"), "environment-variable-missing");
    stopped(&log("Error: listen EADDRINUSE: address already in use :::3000"), "port-conflict");
    stopped(&log("exec /usr/local/bin/node: exec format error"), "image-architecture");
    stopped(
        &log("MongoServerSelectionError: connect ECONNREFUSED 127.0.0.1:27017"),
        "dependency-unreachable",
    );
    stopped(&log("Error: Cannot find module 'express'"), "module-not-found");
    stopped(&log("what nobody knows"), "exit-1");
    let start = "CannotStartContainerError: bind for 0.0.0.0:8080 failed: port is already allocated";
    stopped(&task("", None, start, ""), "port-conflict");
}

/// R337, R339
#[test]
fn too_little_memory_or_cpu_is_told() {
    stopped(
        &task("", Some(137), "OutOfMemoryError: Container killed due to memory usage", ""),
        "out-of-memory",
    );
    stopped(
        &task(
            "Essential container in task exited",
            Some(134),
            "",
            "FATAL ERROR: Reached heap limit … JavaScript heap out of memory",
        ),
        "out-of-memory",
    );
    stopped(&task("Essential container in task exited", Some(137), "", ""), "exit-137");
    let found = reason("ECS Deployment failed: alarm detected", "deployment-alarm");
    assert!(found.cause.contains("CPU or memory"));
    let slow = "Task failed ELB health checks in (target-group arn:x) due to (reason Request timed out)";
    assert!(stopped(&task(slow, None, "", ""), "health-check-timeout").cause.contains("CPU"));
}

/// R336, R340
#[test]
fn failing_health_checks_are_told_by_why() {
    stopped(
        &task("Task failed ELB health checks in (target-group arn:aws:…:targetgroup/web/1)", None, "", ""),
        "health-check",
    );
    let path = "(port 3000) is unhealthy in (target-group arn:x) due to (reason Health checks failed with these codes: [404])";
    stopped(&task(path, Some(143), "", ""), "health-check-path");
    stopped(&task("Task failed container health checks", None, "", ""), "health-check-container");
}

/// R344
#[test]
fn a_failing_task_is_explained_by_its_exit_code_and_the_command_shows_more() {
    for (code, id) in [
        (1, "exit-1"),
        (126, "exit-126"),
        (127, "exit-127"),
        (137, "exit-137"),
        (139, "exit-139"),
        (143, "exit-143"),
        (0, "exit-0"),
    ] {
        let found = stopped(&task("Essential container in task exited", Some(code), "", ""), id);
        assert!(
            found.cause.contains("container web") && found.cause.contains(&format!("exit code {code}")),
            "{}",
            found.cause
        );
    }
    let other = stopped(&task("Essential container in task exited", Some(3), "", ""), "container-exited");
    assert_eq!(other.command, "aws ecs describe-tasks --cluster shop --tasks 0123456789abcdef");
    assert!(other.advice.contains("docuthinker exec"));
    assert_eq!(explain_task(&task("something new", None, "", "")), None);
}

#[test]
fn the_container_that_failed_tells_and_not_one_that_was_stopped_with_it() {
    let mut both = task("Essential container in task exited", Some(0), "", "KeyError: 'NOT_THIS_ONE'");
    both.containers.push(StoppedContainer {
        log_note: None,
        log_source: None,
        name: "app".into(),
        exit_code: Some(127),
        reason: None,
        log: vec![],
    });
    assert!(stopped(&both, "exit-127").cause.contains("container app"));
}

// L7
#[test]
fn reasons_of_cloudformation_are_told_in_plain_words() {
    reason(
        "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\"",
        "circuit-breaker",
    );
    reason(
        "Resource handler returned message: \"Resource of type 'AWS::ECS::Service' with identifier 'x' did not stabilize.\" (HandlerErrorCode: NotStabilized)",
        "service-not-stable",
    );
    reason("Resource of type 'AWS::RDS::DBInstance' with identifier 'x' did not stabilize.", "not-stable");
    reason("/ecs/docuthinker-backend already exists in stack arn:aws:…", "name-taken");
    reason("The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400)", "limit");
    reason(
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
        "secret-being-deleted",
    );
    reason("The bucket you tried to delete is not empty (Service: S3)", "bucket-not-empty");
    reason(
        "The repository with name 'r' cannot be deleted because it still contains images",
        "repository-not-empty",
    );
    reason("resource sg-1 has a dependent object (Service: Ec2; DependencyViolation)", "in-use");
    reason("The following hook(s) failed: [Guard::Rules]", "hook");
    reason("Model validation failed (#: extraneous key [Nmae] is not permitted)", "property");
    reason(
        "The target group with targetGroupArn arn:x does not have an associated load balancer.",
        "target-group-unattached",
    );
    reason("Rate exceeded (Service: Ecs)", "throttled");
    reason("Certificate ARN is not valid", "certificate");
    assert_eq!(explain(&failure("AWS::X::Y", "nobody knows")), None);
}

// A7
#[test]
fn a_denied_action_is_named_with_its_resource() {
    let text = "User: arn:aws:iam::123456789012:user/u is not authorized to perform: ecs:CreateService on resource: \
                arn:aws:ecs:eu-west-1:123456789012:service/shop/web because no identity-based policy allows it";
    let found = reason(text, "access-denied");
    assert_eq!(
        found.cause,
        "whoever deploys lacks the permission ecs:CreateService on arn:aws:ecs:eu-west-1:123456789012:service/shop/web"
    );
    let vague = reason("Access Denied", "access-denied");
    assert_eq!(vague.cause, "whoever deploys lacks the permission ACTION on RESOURCE");
}

#[test]
fn an_export_in_use_names_it_in_the_command() {
    let found = reason("Export Foundation:VpcId cannot be deleted as it is in use by Shop", "export-in-use");
    assert_eq!(found.command, "aws cloudformation list-imports --export-name Foundation:VpcId");
}

#[test]
fn a_task_says_more_than_the_service_that_waited_for_it() {
    let error = crate::CloudError::new(crate::Kind::Failed, "x").with(|report| {
        report.cause = Some(failure("AWS::ECS::Service", "ECS Deployment Circuit Breaker was triggered"));
        report.tasks = vec![task("Essential container in task exited", Some(127), "", "")];
    });
    assert_eq!(explain_report(error.report()).unwrap().id, "exit-127");
    let error = error.with(|report| report.cause = Some(failure("AWS::SQS::Queue", "q already exists")));
    assert_eq!(explain_report(error.report()).unwrap().id, "name-taken");
}

/// Each row can be reached, has something to say, and names a page of AWS's.
#[test]
fn the_tables_are_in_order() {
    let tables = [reasons::TABLE, containers::START, containers::LOG, stops::HEALTH, stops::STOP];
    for row in tables.into_iter().flatten().chain(stops::EXIT_CODES) {
        assert!(row.source.starts_with("https://docs.aws.amazon.com/"), "{}", row.id);
        assert!(
            !row.cause.ends_with('.') && !row.advice.ends_with('.') && !row.command.is_empty(),
            "{}",
            row.id
        );
        assert!(row.cause.starts_with(char::is_lowercase) || row.cause.starts_with("AWS"), "{}", row.id);
        assert!(row.advice.starts_with(char::is_lowercase), "{}", row.id);
    }
    for table in tables {
        for (n, row) in table.iter().enumerate() {
            for all in row.any {
                let text = all.join(" ");
                assert_eq!(text, text.to_lowercase(), "{}: texts are compared in lower case", row.id);
                let earlier = table[..n].iter().find(|earlier| earlier.matches(&text));
                assert!(earlier.is_none(), "{} hides `{text}` of {}", earlier.unwrap().id, row.id);
            }
        }
    }
}

#[test]
fn what_is_not_known_stays_in_capital_letters() {
    assert_eq!(filled("a {x} b {y}", &[("x", "1"), ("y", "")]), "a 1 b Y");
    assert_eq!(filled("a {x", &[("x", "1")]), "a {x");
}
