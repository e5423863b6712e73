//! Single requests: pages, faults, limits, and the other services.

use std::time::Duration;

use endpoint::{Endpoint, Fault, JsonAnswer, Scenario, Wrong};
use serde_json::json;

use crate::{ask, execute, query, seconds, send, status, still, template, topic, two};

#[test]
fn events_come_newest_first_in_pages_that_do_not_overlap() {
    let scenario = Scenario::new().stack("S", &two("x"), "UPDATE_COMPLETE").pages(2..=3);
    let endpoint = Endpoint::start_blocking(scenario);
    let (mut ids, mut times, mut token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = ask(&endpoint, "DescribeStackEvents", &[("StackName", "S"), ("NextToken", &token)]);
        assert!(page.texts("EventId").len() <= 3);
        ids.extend(page.texts("EventId").into_iter().map(str::to_owned));
        times.extend(page.texts("Timestamp").into_iter().map(str::to_owned));
        token = page.text("NextToken").to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    let mut told: Vec<_> = endpoint.stack("S").unwrap().events.into_iter().map(|event| event.id).collect();
    told.sort();
    ids.sort();
    assert_eq!(ids, told);
}

#[test]
fn faults_happen_when_they_are_meant_to() {
    let scenario = Scenario::new()
        .stack("S", &two("x"), "UPDATE_COMPLETE")
        .fault(Fault::new(Wrong::Throttled).on("DescribeStacks").skip(1).once())
        .fault(Fault::new(Wrong::Dropped).on("ListStacks").once())
        .fault(Fault::new(Wrong::AnswerLost).on("UpdateTerminationProtection").once())
        .fault(
            Fault::new(Wrong::Replaced("StackStatus", "HYPER_DEPLOY_IN_PROGRESS"))
                .on("DescribeStacks")
                .skip(1)
                .once(),
        );
    let endpoint = Endpoint::start_blocking(scenario);
    let look = || ask(&endpoint, "DescribeStacks", &[("StackName", "S")]);
    assert_eq!(look().text("StackStatus"), "UPDATE_COMPLETE");
    assert_eq!(look().text("Code"), "Throttling");
    assert_eq!(look().text("StackStatus"), "HYPER_DEPLOY_IN_PROGRESS");
    assert_eq!(look().text("StackStatus"), "UPDATE_COMPLETE");
    assert!(query(&endpoint, "ListStacks", &[]).is_none());
    assert_eq!(ask(&endpoint, "ListStacks", &[]).status, 200);
    let protect = [("StackName", "S"), ("EnableTerminationProtection", "true")];
    assert!(query(&endpoint, "UpdateTerminationProtection", &protect).is_none());
    assert!(endpoint.stack("S").unwrap().protected, "only the answer was lost");
    assert_eq!((endpoint.count("DescribeStacks"), endpoint.count("ListStacks")), (4, 2));
}

#[test]
fn a_stale_answer_tells_what_was() {
    let scenario = still().fault(Fault::new(Wrong::Stale(Duration::from_secs(30))).on("DescribeStacks"));
    let endpoint = Endpoint::start_blocking(scenario);
    execute(&endpoint, "CREATE", &two("x"));
    let look = || ask(&endpoint, "DescribeStacks", &[("StackName", "S")]);
    assert!(look().text("Message").ends_with("does not exist"));
    seconds(&endpoint, 30);
    assert_eq!(
        (look().text("StackStatus"), status(&endpoint).as_str()),
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    );
    endpoint.end_faults();
    assert_eq!(look().text("StackStatus"), "CREATE_COMPLETE");
}

#[test]
fn a_skewed_clock_dates_the_answers_and_refuses_requests_of_another_time() {
    let endpoint = Endpoint::start_blocking(Scenario::new().skew(3600));
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let ask = |date: &str| {
        send(&endpoint, "POST", "/", &[kind, ("x-amz-date", date)], "Action=ListStacks").expect("an answer")
    };
    let refused = ask("20200101T000000Z");
    assert_eq!((refused.status, refused.text("Code")), (403, "RequestTimeTooSkewed"));
    assert!(refused.head.to_lowercase().contains("\r\ndate: "), "{}", refused.head);
}

#[test]
fn too_many_requests_are_throttled() {
    let endpoint = Endpoint::start_blocking(still().rate_limit("ListStacks", 1.0, 2.0));
    let look = || ask(&endpoint, "ListStacks", &[]).status;
    assert_eq!([look(), look(), look()], [200, 200, 400]);
    assert_eq!(ask(&endpoint, "ListExports", &[]).status, 200);
    seconds(&endpoint, 1);
    assert_eq!(look(), 200);
}

#[test]
fn a_role_is_assumed_with_the_right_code_and_its_keys_are_of_its_account() {
    let endpoint = Endpoint::start_blocking(Scenario::new().mfa("123456"));
    let role = ("RoleArn", "arn:aws:iam::999999999999:role/deploy");
    let assume = |code| {
        let device = ("SerialNumber", "arn:aws:iam::123456789012:mfa/me");
        ask(&endpoint, "AssumeRole", &[role, ("RoleSessionName", "me"), device, ("TokenCode", code)])
    };
    assert_eq!(assume("000000").text("Code"), "AccessDenied");
    let answer = assume("123456");
    let key = answer.text("AccessKeyId").to_owned();
    let signed =
        format!("AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/sts/aws4_request, SignedHeaders=h");
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", signed.as_str())];
    let who = send(&endpoint, "POST", "/", &headers, "Action=GetCallerIdentity").unwrap();
    assert_eq!(who.text("Account"), "999999999999");
    assert_eq!(endpoint.requests_of("AssumeRole")[1].parameter("TokenCode"), Some("123456"));
}

#[test]
fn json_services_answer_what_the_test_registered_or_what_the_stacks_imply() {
    let template = template(json!({
        "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": { "Family": "web" } },
        "Service": { "Type": "AWS::ECS::Service", "Properties": { "TaskDefinition": { "Ref": "Task" }, "DesiredCount": 2 } },
    }));
    let scenario = Scenario::new().stack("S", &template, "CREATE_COMPLETE").answer("ListTasks", |body| {
        (body["desiredStatus"] == "STOPPED").then(|| JsonAnswer::Ok(json!({ "taskArns": ["t"] })))
    });
    let endpoint = Endpoint::start_blocking(scenario);
    let call = |target: &str, body: serde_json::Value| {
        let target = format!("AmazonEC2ContainerServiceV20141113.{target}");
        let answer = send(&endpoint, "POST", "/", &[("x-amz-target", &target)], &body.to_string()).unwrap();
        serde_json::from_str::<serde_json::Value>(&answer.body).unwrap()
    };
    assert_eq!(call("ListTasks", json!({ "desiredStatus": "STOPPED" }))["taskArns"], json!(["t"]));
    assert_eq!(call("ListTasks", json!({}))["taskArns"], json!([]));
    let stack = endpoint.stack("S").unwrap();
    let arn =
        |id| stack.resources.iter().find(|one| one.logical_id == id).and_then(|one| one.physical_id.clone());
    let services = call("DescribeServices", json!({ "services": [arn("Service")] }));
    assert_eq!(services["services"][0]["deployments"][0]["taskDefinition"], json!(arn("Task")));
    assert_eq!(call("DescribeSecret", json!({}))["__type"], "ResourceNotFoundException");
}

#[test]
fn objects_are_stored_and_found_again() {
    let endpoint = Endpoint::start_blocking(Scenario::new().bucket("b"));
    let call =
        |method, path| send(&endpoint, method, path, &[], if method == "PUT" { "{}" } else { "" }).unwrap();
    assert_eq!((call("PUT", "/b/a/t.json").status, call("GET", "/b/a/t.json").body.as_str()), (200, "{}"));
    assert_eq!((call("HEAD", "/b").status, call("HEAD", "/c").status), (200, 404));
    assert_eq!(call("GET", "/b?list-type=2&prefix=a/").text("Key"), "a/t.json");
    assert_eq!(call("PUT", "/c/t").text("Code"), "NoSuchBucket");
}

#[test]
fn hooks_and_early_validation_say_what_they_found() {
    let scenario = still().fail_hook("A", "Private::Guard::Hook", "the topic is not encrypted");
    let endpoint = Endpoint::start_blocking(scenario.fail_validation("Taken", "the name is taken"));
    execute(&endpoint, "CREATE", &two("x"));
    seconds(&endpoint, 60);
    let stack = ("StackName", "S");
    let failed = ask(&endpoint, "DescribeEvents", &[stack, ("Filters.FailedEvents", "true")]);
    assert!(failed.texts("EventType").contains(&"HOOK_INVOCATION_ERROR"), "{}", failed.body);
    let invocation = ask(&endpoint, "ListHookResults", &[]).text("HookResultId").to_owned();
    let result = ask(&endpoint, "GetHookResult", &[("HookResultId", &invocation)]);
    assert_eq!(result.text("StatusMessage"), "the topic is not encrypted");

    let template = template(json!({ "Taken": topic("x") }));
    let parameters = [
        ("StackName", "V"),
        ("ChangeSetName", "C"),
        ("ChangeSetType", "CREATE"),
        ("TemplateBody", &template),
    ];
    let id = ask(&endpoint, "CreateChangeSet", &parameters).text("Id").to_owned();
    seconds(&endpoint, 2);
    let set = ask(&endpoint, "DescribeChangeSet", &[("ChangeSetName", &id)]);
    assert!(set.text("StatusReason").contains("AWS::EarlyValidation"), "{}", set.body);
    let errors =
        ask(&endpoint, "DescribeEvents", &[("ChangeSetName", &id), ("Filters.FailedEvents", "true")]);
    assert_eq!(errors.texts("ValidationStatusReason"), ["the name is taken"]);
}
