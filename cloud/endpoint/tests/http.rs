//! The endpoint through plain HTTP, as any client sees it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use endpoint::{Endpoint, Fault, JsonAnswer, Scenario, Wrong};
use serde_json::json;

/// Status, headers and body; `None` if the connection broke off.
struct Response {
    status: u16,
    head: String,
    body: String,
}

impl Response {
    /// The text of the first element of this name.
    fn text(&self, name: &str) -> &str {
        self.texts(name).first().copied().unwrap_or_default()
    }

    fn texts(&self, name: &str) -> Vec<&str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let after = self.body.split(open.as_str()).skip(1);
        after.filter_map(|rest| rest.split_once(close.as_str()).map(|(text, _)| text)).collect()
    }
}

fn send(
    endpoint: &Endpoint,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Response> {
    let address = endpoint.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).expect("it listens");
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Response { status, head: head.to_owned(), body: body.to_owned() })
}

fn query(endpoint: &Endpoint, action: &str, parameters: &[(&str, &str)]) -> Option<Response> {
    let mut body = format!("Action={action}&Version=2010-05-15");
    for (name, value) in parameters {
        let value: Vec<_> = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        body = [body, format!("&{name}="), value.concat()].concat();
    }
    let kind = ("content-type", "application/x-www-form-urlencoded");
    send(endpoint, "POST", "/", &[kind], &body)
}

/// An answer that comes.
#[track_caller]
fn ask(endpoint: &Endpoint, action: &str, parameters: &[(&str, &str)]) -> Response {
    query(endpoint, action, parameters).expect("an answer")
}

fn template(resources: serde_json::Value) -> String {
    json!({ "Resources": resources }).to_string()
}

fn topic(name: &str) -> serde_json::Value {
    json!({ "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": name } })
}

fn two(name: &str) -> String {
    template(
        json!({ "A": topic(name), "B": { "Type": "AWS::SQS::Queue", "DependsOn": "A", "Properties": { "Tag": name } } }),
    )
}

/// With a clock that stands still, until the test turns it.
fn still() -> Scenario {
    Scenario::new().manual_clock().delay(Duration::from_secs(10)).change_set_delay(Duration::from_secs(2))
}

fn seconds(endpoint: &Endpoint, seconds: u64) {
    endpoint.advance(Duration::from_secs(seconds));
}

/// Makes and executes a change set, and gives back its ARN.
fn execute(endpoint: &Endpoint, kind: &str, template: &str) -> String {
    let parameters = [
        ("StackName", "S"),
        ("ChangeSetName", "C"),
        ("ClientToken", "t"),
        ("ChangeSetType", kind),
        ("TemplateBody", template),
    ];
    let id = ask(endpoint, "CreateChangeSet", &parameters).text("Id").to_owned();
    seconds(endpoint, 2);
    let done = ask(endpoint, "ExecuteChangeSet", &[("ChangeSetName", &id), ("ClientRequestToken", "t")]);
    assert_eq!(done.status, 200, "{}", done.body);
    id
}

fn status(endpoint: &Endpoint) -> String {
    endpoint.stack("S").expect("the stack exists").status
}

/// What the stack's own events say, oldest first, from the begin of the newest operation but `earlier`.
fn story(endpoint: &Endpoint, stack: &str, earlier: usize) -> Vec<String> {
    let stack = endpoint.stack(stack).expect("the stack exists");
    let from = stack.operations.len() - 1 - earlier;
    let shown = &stack.operations[from..];
    let events = stack.events.iter().filter(|event| shown.contains(&event.operation_id));
    events.map(|event| format!("{} {}", event.logical_id, event.status)).collect()
}

#[test]
fn a_change_set_is_made_shown_and_executed_in_time() {
    let endpoint = Endpoint::start_blocking(still());
    let parameters = [
        ("StackName", "S"),
        ("ChangeSetName", "C"),
        ("ClientToken", "one"),
        ("ChangeSetType", "CREATE"),
        ("TemplateBody", &two("x")),
    ];
    let made = ask(&endpoint, "CreateChangeSet", &parameters);
    let id = made.text("Id").to_owned();
    assert_eq!(status(&endpoint), "REVIEW_IN_PROGRESS");
    let again = ask(&endpoint, "CreateChangeSet", &parameters);
    assert_eq!(again.text("Id"), id, "the same token, the same change set");
    let mut other = parameters;
    other[2].1 = "two";
    let refused = ask(&endpoint, "CreateChangeSet", &other);
    assert_eq!((refused.status, refused.text("Code")), (400, "AlreadyExistsException"));

    let show = || ask(&endpoint, "DescribeChangeSet", &[("ChangeSetName", &id)]);
    assert_eq!((show().text("Status"), show().text("ExecutionStatus")), ("CREATE_PENDING", "UNAVAILABLE"));
    let early = ask(&endpoint, "ExecuteChangeSet", &[("ChangeSetName", &id)]);
    assert_eq!(early.text("Code"), "InvalidChangeSetStatus");
    seconds(&endpoint, 1);
    assert_eq!(show().text("Status"), "CREATE_IN_PROGRESS");
    seconds(&endpoint, 1);
    assert_eq!((show().text("Status"), show().text("ExecutionStatus")), ("CREATE_COMPLETE", "AVAILABLE"));
    assert_eq!(show().texts("LogicalResourceId"), ["A", "B"]);

    let execute =
        || ask(&endpoint, "ExecuteChangeSet", &[("ChangeSetName", &id), ("ClientRequestToken", "t")]);
    assert_eq!((execute().status, execute().status), (200, 200), "the same order twice is one");
    assert_eq!(status(&endpoint), "CREATE_IN_PROGRESS");
    seconds(&endpoint, 11);
    assert_eq!(
        story(&endpoint, "S", 0),
        [
            "S CREATE_IN_PROGRESS",
            "A CREATE_IN_PROGRESS",
            "A CREATE_IN_PROGRESS",
            "A CREATE_COMPLETE",
            "B CREATE_IN_PROGRESS"
        ]
    );
    seconds(&endpoint, 10);
    assert_eq!(status(&endpoint), "CREATE_COMPLETE");
    assert_eq!(show().text("ExecutionStatus"), "EXECUTE_COMPLETE");
}

#[test]
fn the_same_template_has_no_changes_and_other_change_sets_become_obsolete() {
    let endpoint = Endpoint::start_blocking(still().stack("S", &two("x"), "CREATE_COMPLETE"));
    let make = |name, template: &str| {
        let parameters = [
            ("StackName", "S"),
            ("ChangeSetName", name),
            ("ChangeSetType", "UPDATE"),
            ("TemplateBody", template),
        ];
        ask(&endpoint, "CreateChangeSet", &parameters).text("Id").to_owned()
    };
    let (same, one, other) = (make("Same", &two("x")), make("One", &two("y")), make("Other", &two("z")));
    seconds(&endpoint, 2);
    let show = |id: &str| ask(&endpoint, "DescribeChangeSet", &[("ChangeSetName", id)]);
    assert_eq!((show(&same).text("Status"), show(&same).text("ExecutionStatus")), ("FAILED", "UNAVAILABLE"));
    assert!(show(&same).text("StatusReason").contains("didn't contain changes"));
    ask(&endpoint, "ExecuteChangeSet", &[("ChangeSetName", &one)]);
    assert_eq!(show(&other).text("ExecutionStatus"), "OBSOLETE");
    let late = ask(&endpoint, "ExecuteChangeSet", &[("ChangeSetName", &other)]);
    assert!(late.text("Message").ends_with("in its current execution status of [OBSOLETE]"), "{}", late.body);
}

#[test]
fn a_failed_update_cancels_its_siblings_and_is_rolled_back_as_an_operation_of_its_own() {
    let template = |name: &str| template(json!({ "A": topic(name), "B": topic(name), "C": topic(name) }));
    let scenario = still()
        .stack("S", &template("x"), "CREATE_COMPLETE")
        .takes("A", Duration::from_secs(5))
        .fail("B", "it is not valid")
        .takes("C", Duration::from_secs(30));
    let endpoint = Endpoint::start_blocking(scenario);
    execute(&endpoint, "UPDATE", &template("y"));
    seconds(&endpoint, 60);
    let stack = endpoint.stack("S").unwrap();
    assert_eq!((stack.status.as_str(), &stack.template), ("UPDATE_ROLLBACK_COMPLETE", &template("x")));
    assert_eq!(
        story(&endpoint, "S", 1),
        [
            "S UPDATE_IN_PROGRESS",
            "A UPDATE_IN_PROGRESS",
            "B UPDATE_IN_PROGRESS",
            "C UPDATE_IN_PROGRESS",
            "A UPDATE_COMPLETE",
            "B UPDATE_FAILED",
            "C UPDATE_FAILED",
            "S UPDATE_ROLLBACK_IN_PROGRESS",
            "A UPDATE_IN_PROGRESS",
            "B UPDATE_IN_PROGRESS",
            "C UPDATE_IN_PROGRESS",
            "A UPDATE_COMPLETE",
            "B UPDATE_COMPLETE",
            "C UPDATE_COMPLETE",
            "S UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "S UPDATE_ROLLBACK_COMPLETE",
        ]
    );
    let reason = |id: &str| {
        let failed =
            stack.events.iter().find(|event| event.logical_id == id && event.status == "UPDATE_FAILED");
        failed.and_then(|event| event.reason.clone()).unwrap_or_default()
    };
    assert_eq!(
        (reason("B").as_str(), reason("C").as_str()),
        ("it is not valid", "Resource update cancelled")
    );
    let last = stack.events.last().unwrap();
    assert_eq!((last.token.as_deref(), &last.operation_id), (Some("t"), &stack.operations[2]));
}

#[test]
fn a_failed_creation_is_rolled_back_to_a_stack_that_can_only_be_deleted() {
    let endpoint = Endpoint::start_blocking(still().fail("B", "no"));
    execute(&endpoint, "CREATE", &two("x"));
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "ROLLBACK_COMPLETE");
    let parameters = [
        ("StackName", "S"),
        ("ChangeSetName", "D"),
        ("ChangeSetType", "UPDATE"),
        ("TemplateBody", &two("y")),
    ];
    let refused = ask(&endpoint, "CreateChangeSet", &parameters);
    assert!(refused.text("Message").ends_with("is in ROLLBACK_COMPLETE state and can not be updated."));
    let id = endpoint.stack("S").unwrap().id;
    ask(&endpoint, "DeleteStack", &[("StackName", "S")]);
    seconds(&endpoint, 60);
    let by_name = ask(&endpoint, "DescribeStacks", &[("StackName", "S")]);
    assert_eq!((by_name.status, by_name.text("Message")), (400, "Stack with id S does not exist"));
    assert_eq!(
        ask(&endpoint, "DescribeStacks", &[("StackName", &id)]).text("StackStatus"),
        "DELETE_COMPLETE"
    );
}

#[test]
fn a_rollback_that_fails_is_continued_without_what_is_skipped() {
    let scenario = still()
        .stack("S", &two("x"), "CREATE_COMPLETE")
        .fail("B", "no")
        .fail_rollback("A", "the old one is gone");
    let endpoint = Endpoint::start_blocking(scenario);
    execute(&endpoint, "UPDATE", &two("y"));
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_ROLLBACK_FAILED");
    let again = ask(&endpoint, "ContinueUpdateRollback", &[("StackName", "S")]);
    assert_eq!(again.status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_ROLLBACK_FAILED");
    let skip = [("StackName", "S"), ("ResourcesToSkip.member.1", "A")];
    assert_eq!(ask(&endpoint, "ContinueUpdateRollback", &skip).status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_ROLLBACK_COMPLETE");
    let not_now = ask(&endpoint, "ContinueUpdateRollback", &skip);
    assert_eq!(not_now.text("Code"), "ValidationError");
}

#[test]
fn only_a_running_update_can_be_cancelled() {
    let endpoint = Endpoint::start_blocking(still().stack("S", &two("x"), "CREATE_COMPLETE").hang("A"));
    let cancel =
        || ask(&endpoint, "CancelUpdateStack", &[("StackName", "S"), ("ClientRequestToken", "stop")]);
    assert_eq!(cancel().status, 400);
    execute(&endpoint, "UPDATE", &two("y"));
    seconds(&endpoint, 3600);
    assert_eq!(status(&endpoint), "UPDATE_IN_PROGRESS");
    assert_eq!((cancel().status, cancel().status), (200, 200));
    seconds(&endpoint, 60);
    let stack = endpoint.stack("S").unwrap();
    assert_eq!((stack.status.as_str(), stack.operations.len()), ("UPDATE_ROLLBACK_COMPLETE", 3));
    assert_eq!(stack.events.last().unwrap().token.as_deref(), Some("stop"));
}

#[test]
fn what_an_update_removes_is_deleted_at_its_end_and_may_stay() {
    let scenario = still().stack("S", &two("x"), "CREATE_COMPLETE").fail_cleanup("B", "it is in use");
    let endpoint = Endpoint::start_blocking(scenario);
    execute(&endpoint, "UPDATE", &template(json!({ "A": topic("x") })));
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_COMPLETE");
    let events = story(&endpoint, "S", 0);
    assert_eq!(
        events,
        [
            "S UPDATE_IN_PROGRESS",
            "S UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "B DELETE_IN_PROGRESS",
            "B DELETE_FAILED",
            "B DELETE_IN_PROGRESS",
            "B DELETE_FAILED",
            "B DELETE_IN_PROGRESS",
            "B DELETE_FAILED",
            "S UPDATE_COMPLETE",
        ]
    );
    let ids: Vec<_> = endpoint.stack("S").unwrap().resources.into_iter().map(|one| one.logical_id).collect();
    assert_eq!(ids, ["A"], "after three attempts it is no longer the stack's");
}

#[test]
fn what_cannot_be_deleted_fails_the_deletion_and_can_then_be_retained() {
    let endpoint = Endpoint::start_blocking(
        still().stack("S", &two("x"), "CREATE_COMPLETE").fail_delete("A", "not empty"),
    );
    let delete = |retain: &[(&str, &str)]| {
        let parameters: Vec<_> = [("StackName", "S")].iter().chain(retain).copied().collect();
        ask(&endpoint, "DeleteStack", &parameters)
    };
    let retain = [("RetainResources.member.1", "A")];
    assert_eq!(delete(&retain).status, 400, "nothing has failed yet");
    assert_eq!(delete(&[]).status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "DELETE_FAILED");
    assert_eq!(delete(&retain).status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "DELETE_COMPLETE");
    assert!(story(&endpoint, "S", 0).contains(&"A DELETE_SKIPPED".to_owned()));
    assert_eq!(delete(&[]).status, 200, "what is gone is deleted already");
}

#[test]
fn nested_stacks_have_their_own_events_and_a_failure_in_them_rises() {
    let parent = |name: &str| {
        template(json!({
            "A": topic(name),
            "Nested": { "Type": "AWS::CloudFormation::Stack", "Properties": { "TemplateURL": "https://b.s3.amazonaws.com/t", "Tag": name } },
        }))
    };
    let scenario = still().nested("Nested", &two("inner")).fail("Nested/B", "the inner one is wrong");
    let endpoint = Endpoint::start_blocking(scenario);
    execute(&endpoint, "CREATE", &parent("x"));
    seconds(&endpoint, 25);
    let child = endpoint.stacks().into_iter().find(|stack| stack.parent.is_some()).unwrap();
    assert_eq!(child.parent, endpoint.stack("S").map(|stack| stack.id));
    let failed =
        endpoint.stack("S").unwrap().events.into_iter().find(|event| event.status == "CREATE_FAILED");
    let reason = failed.and_then(|event| event.reason).unwrap_or_default();
    assert!(
        reason.ends_with("was not successfully created: The following resource(s) failed to create: [B]. "),
        "{reason}"
    );
    let inner = child.events.iter().map(|event| format!("{} {}", event.logical_id, event.status));
    assert!(inner.into_iter().any(|event| event == "B CREATE_FAILED"));
    seconds(&endpoint, 60);
    assert_eq!(
        (status(&endpoint).as_str(), endpoint.stack(&child.id).unwrap().status.as_str()),
        ("ROLLBACK_COMPLETE", "DELETE_COMPLETE")
    );
}

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

#[test]
fn a_nested_update_is_rolled_back_with_its_parent_and_cleaned_up_with_it() {
    let parent = |name: &str| {
        template(json!({
            "Nested": { "Type": "AWS::CloudFormation::Stack", "Properties": { "TemplateURL": "https://b.s3.amazonaws.com/t", "Tag": name } },
            "Z": { "Type": "AWS::SNS::Topic", "DependsOn": "Nested", "Properties": { "DisplayName": name } },
        }))
    };
    let scenario =
        still().nested("Nested", &two("one")).stack("S", &parent("x"), "CREATE_COMPLETE").fail("Z", "no");
    let endpoint = Endpoint::start_blocking(scenario);
    let child = || endpoint.stacks().into_iter().find(|stack| stack.parent.is_some()).unwrap();
    endpoint.change(|scenario| scenario.nested("Nested", &two("two")));
    execute(&endpoint, "UPDATE", &parent("y"));
    seconds(&endpoint, 25);
    assert_eq!(
        (child().status.as_str(), child().template),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", two("two"))
    );
    seconds(&endpoint, 120);
    assert_eq!(
        (status(&endpoint).as_str(), child().status.as_str()),
        ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    );
    assert_eq!(child().template, two("one"));

    endpoint.heal("Z");
    ask(&endpoint, "DeleteChangeSet", &[("StackName", "S"), ("ChangeSetName", "C")]);
    execute(&endpoint, "UPDATE", &parent("z"));
    seconds(&endpoint, 120);
    assert_eq!((status(&endpoint).as_str(), child().status.as_str()), ("UPDATE_COMPLETE", "UPDATE_COMPLETE"));
    assert_eq!(child().template, two("two"));
}

#[test]
fn every_status_can_be_there_from_the_start() {
    let statuses = [
        "REVIEW_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_FAILED",
        "CREATE_COMPLETE",
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "UPDATE_IN_PROGRESS",
        "UPDATE_FAILED",
        "UPDATE_COMPLETE",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
        "DELETE_IN_PROGRESS",
        "DELETE_FAILED",
        "HYPER_DEPLOY_IN_PROGRESS",
    ];
    for of_start in statuses {
        let endpoint = Endpoint::start_blocking(still().stack("S", &two("x"), of_start));
        seconds(&endpoint, 3600);
        assert_eq!(status(&endpoint), of_start);
        let last =
            endpoint.stack("S").unwrap().events.into_iter().rfind(|event| event.logical_id == "S").unwrap();
        assert_eq!(last.status, of_start);
    }
    let endpoint = Endpoint::start_blocking(still().stack("S", &two("x"), "UPDATE_ROLLBACK_FAILED"));
    assert_eq!(ask(&endpoint, "ContinueUpdateRollback", &[("StackName", "S")]).status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_ROLLBACK_COMPLETE");
    let endpoint = Endpoint::start_blocking(still().stack("S", &two("x"), "UPDATE_FAILED"));
    assert_eq!(ask(&endpoint, "RollbackStack", &[("StackName", "S")]).status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_ROLLBACK_COMPLETE");
}
