//! The runtime and the SDK client against an endpoint that throttles, drops, truncates and lies.

use std::cell::RefCell;

use crate::scripted::{Endpoint, Reply, Request, STACK, change_set, events, stack};
use cloud::{
    Cancel, CloudError, ConnectOptions, Decision, DeployOutcome, DeployRequest, Kind, Progress, Question,
};

/// A value that must appear nowhere but in the request that carries it.
const CANARY: &str = "canary-sk-1234567890";

struct Run {
    result: Result<DeployOutcome, CloudError>,
    heard: Vec<Progress>,
    asked: Vec<Question>,
}

async fn deploy(endpoint: &Endpoint) -> Run {
    let connection = endpoint.connect().await.expect("the endpoint answers");
    let mut request = DeployRequest::new("S", r#"{"Parameters":{"Key":{"Type":"String","NoEcho":true}}}"#);
    request.parameters.insert("Key".into(), CANARY.into());
    let (heard, asked) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let approve = async |question| {
        asked.borrow_mut().push(question);
        Decision::Approve
    };
    let listen = |news| heard.borrow_mut().push(news);
    let result = cloud::deploy_stack(&connection, &request, approve, listen, &Cancel::never()).await;
    Run { result, heard: heard.into_inner(), asked: asked.into_inner() }
}

fn is(request: &Request, action: &str) -> bool {
    request["Action"] == action
}

fn count(before: &[Request], action: &str) -> usize {
    before.iter().filter(|request| is(request, action)).count()
}

// R233, C-28
#[tokio::test]
async fn a_well_behaved_endpoint_is_deployed_to() {
    let endpoint = Endpoint::start(|_, _| None).await;
    let run = deploy(&endpoint).await;
    let outcome = run.result.unwrap();
    assert_eq!((outcome.status.as_str(), outcome.stack_id.as_str()), ("UPDATE_COMPLETE", STACK));
    assert_eq!(endpoint.requests_of("ExecuteChangeSet").len(), 1);
    let create = &endpoint.requests_of("CreateChangeSet")[0];
    assert_eq!(create["ChangeSetType"], "UPDATE");
    assert_eq!(create["Capabilities.member.1"], "CAPABILITY_NAMED_IAM");
    assert_eq!(create["Parameters.member.1.ParameterKey"], "Key");
    assert_eq!(create["Parameters.member.1.ParameterValue"], CANARY);
    assert!(create["ChangeSetName"].starts_with("docuthinker-2"), "{}", create["ChangeSetName"]);
    assert_eq!(create["ClientToken"], endpoint.requests_of("ExecuteChangeSet")[0]["ClientRequestToken"]);
}

// S1
#[tokio::test]
async fn a_parameters_value_is_sent_once_and_said_never() {
    let endpoint = Endpoint::start(|request, before| {
        (is(request, "DescribeStacks") && count(before, "ExecuteChangeSet") > 0).then_some(Reply::Error(
            400,
            "ValidationError",
            "something is wrong",
        ))
    })
    .await;
    let run = deploy(&endpoint).await;
    let carrying: Vec<_> = endpoint
        .requests()
        .iter()
        .filter(|request| request.values().any(|value| value.contains(CANARY)))
        .map(|request| request["Action"].clone())
        .collect();
    assert_eq!(carrying, ["CreateChangeSet"]);
    let said = format!("{:?} {:?} {:?}", run.result, run.heard, run.asked);
    assert!(!said.contains(CANARY), "{said}");
    let mut request = DeployRequest::new("S", "{}");
    request.parameters.insert("Key".into(), CANARY.into());
    assert!(!format!("{request:?}").contains(CANARY));
}

// A1, A11
#[tokio::test]
async fn passing_trouble_only_takes_time() {
    // Each kind of trouble once, at the questions after the execution, with an answer in between.
    let trouble = [
        Reply::Error(400, "Throttling", "Rate exceeded"),
        Reply::Foreign(503, "<html><body>Service Unavailable</body></html>"),
        Reply::Foreign(200, ""),
        Reply::Foreign(500, ""),
        Reply::Truncated(match stack("UPDATE_COMPLETE", "2026-01-01T00:00:05Z") {
            Reply::Ok(text) => text,
            other => panic!("{other:?}"),
        }),
        Reply::Dropped,
    ];
    let running = || stack("UPDATE_IN_PROGRESS", "2026-01-01T00:00:05Z");
    let mut coming = trouble.into_iter().flat_map(move |trouble| [trouble, running()]);
    let endpoint = Endpoint::start(move |request, before| {
        let following = count(before, "ExecuteChangeSet") > 0;
        (following && is(request, "DescribeStacks")).then(|| coming.next()).flatten()
    })
    .await;
    let run = deploy(&endpoint).await;
    assert_eq!(run.result.unwrap().status, "UPDATE_COMPLETE");
    let throttled = run.heard.iter().filter(|news| matches!(news, Progress::Throttled { .. })).count();
    let unreachable = run.heard.iter().filter(|news| matches!(news, Progress::Unreachable { .. })).count();
    assert_eq!((throttled, unreachable), (1, 5), "{:?}", run.heard);
    let proxy = run.heard.iter().any(|news| {
        matches!(news, Progress::Unreachable { what, .. } if what.contains("HTTP 503") && what.contains("proxy"))
    });
    assert!(proxy, "{:?}", run.heard);
}

// A2
#[tokio::test]
async fn a_throttled_order_is_repeated_with_the_same_token() {
    let endpoint = Endpoint::start(|request, before| {
        (is(request, "CreateChangeSet") && count(before, "CreateChangeSet") < 2).then_some(Reply::Error(
            400,
            "Throttling",
            "Rate exceeded",
        ))
    })
    .await;
    assert!(deploy(&endpoint).await.result.is_ok());
    let orders = endpoint.requests_of("CreateChangeSet");
    assert_eq!(orders.len(), 3);
    assert!(orders.iter().all(|order| order["ClientToken"] == orders[0]["ClientToken"]));
}

// A2
#[tokio::test]
async fn an_order_that_is_throttled_without_end_is_given_seven_times_and_says_so() {
    for order in ["CreateChangeSet", "ExecuteChangeSet"] {
        let endpoint = Endpoint::start(move |request, _| {
            is(request, order).then_some(Reply::Error(400, "Throttling", "Rate exceeded"))
        })
        .await;
        let error = deploy(&endpoint).await.result.unwrap_err();
        let orders = endpoint.requests_of(order);
        assert_eq!((orders.len(), error.exit_code()), (7, 6), "{error:?}");
        let token =
            |request: &Request| request.get("ClientToken").or(request.get("ClientRequestToken")).cloned();
        assert!(token(&orders[0]).is_some() && orders.iter().all(|one| token(one) == token(&orders[0])));
        assert!(error.to_string().contains("throttl"), "{error:?}");
        assert!(error.report().next.is_some(), "{error:?}");
        assert_eq!(endpoint.requests_of("DeleteChangeSet").len(), 1, "it may have been made after all");
    }
}

// A20
#[tokio::test]
async fn a_used_up_quota_is_not_asked_for_again() {
    let endpoint = Endpoint::start(|request, _| {
        is(request, "CreateChangeSet").then_some(Reply::Error(
            400,
            "LimitExceededException",
            "ChangeSet limit exceeded for stack",
        ))
    })
    .await;
    let error = deploy(&endpoint).await.result.unwrap_err();
    assert_eq!(error.exit_code(), 4);
    assert_eq!(endpoint.requests_of("CreateChangeSet").len(), 1);
}

// A13
#[tokio::test]
async fn a_lost_answer_to_the_execution_is_not_followed_by_a_second_one() {
    let endpoint = Endpoint::start(|request, before| {
        if is(request, "ExecuteChangeSet") {
            return Some(Reply::Error(400, "InvalidChangeSetStatus", "is in EXECUTE_IN_PROGRESS status"));
        }
        let ordered = count(before, "ExecuteChangeSet") > 0;
        if ordered && is(request, "DescribeChangeSet") {
            return Some(change_set("CREATE_COMPLETE", "", "EXECUTE_IN_PROGRESS", &["A"], None));
        }
        (ordered && is(request, "DescribeStacks")).then(|| stack("UPDATE_COMPLETE", "2026-01-01T00:00:05Z"))
    })
    .await;
    assert!(deploy(&endpoint).await.result.unwrap().changed);
    assert_eq!(endpoint.requests_of("ExecuteChangeSet").len(), 1);
}

// A16, A17
#[tokio::test]
async fn all_pages_of_changes_and_events_are_read() {
    let endpoint = Endpoint::start(|request, before| match request["Action"].as_str() {
        "DescribeChangeSet" => Some(match request.get("NextToken").map(String::as_str) {
            None => change_set("CREATE_COMPLETE", "", "AVAILABLE", &["A", "B"], Some("2")),
            Some("2") => change_set("CREATE_COMPLETE", "", "AVAILABLE", &["C"], Some("3")),
            _ => change_set("CREATE_COMPLETE", "", "AVAILABLE", &["D"], None),
        }),
        "DescribeStackEvents" => {
            let token = before.iter().find_map(|r| r.get("ClientToken")).cloned().unwrap_or_default();
            Some(match request.get("NextToken").map(String::as_str) {
                None => events(
                    &[(5, "B", "UPDATE_COMPLETE", &token), (6, "S", "UPDATE_COMPLETE", &token)],
                    Some("2"),
                ),
                // A page boundary moves when new events come: one event is on both pages.
                Some("2") => events(
                    &[(4, "A", "UPDATE_COMPLETE", &token), (5, "B", "UPDATE_COMPLETE", &token)],
                    Some("3"),
                ),
                Some("3") => events(
                    &[(0, "Old", "UPDATE_FAILED", "old"), (2, "S", "UPDATE_IN_PROGRESS", &token)],
                    Some("4"),
                ),
                // Only the look at how long earlier updates took reads what is older than the change set.
                _ => events(&[], None),
            })
        }
        _ => None,
    })
    .await;
    let run = deploy(&endpoint).await;
    assert!(run.result.is_ok());
    let [Question::Changes(changes)] = run.asked.as_slice() else { panic!("{:?}", run.asked) };
    let ids: Vec<_> = changes.changes.iter().map(|change| change.logical_id.as_str()).collect();
    assert_eq!(ids, ["A", "B", "C", "D"]);
    let looks = endpoint.requests_of("DescribeChangeSet");
    assert!(looks.iter().all(|request| !request.contains_key("IncludePropertyValues")), "{looks:?}");
    let told: Vec<_> = run
        .heard
        .iter()
        .filter_map(|news| match news {
            Progress::Resource(event) => Some(event.logical_id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["S", "A", "B", "S"]);
}

// A4, A5
#[tokio::test]
async fn expired_credentials_say_so_at_once_and_on_the_way() {
    let expired = Reply::Error(403, "ExpiredToken", "The security token included in the request is expired");
    let reply = expired.clone();
    let endpoint = Endpoint::start(move |_, _| Some(reply.clone())).await;
    let error = endpoint.connect().await.unwrap_err();
    assert_eq!(error.exit_code(), 5);
    assert_eq!(endpoint.requests().len(), 1, "not tried again");

    let endpoint =
        Endpoint::start(move |_, before| (count(before, "ExecuteChangeSet") > 0).then(|| expired.clone()))
            .await;
    let error = deploy(&endpoint).await.result.unwrap_err();
    assert_eq!(error.exit_code(), 5);
    assert!(error.report().state.as_ref().unwrap().contains("goes on in AWS"), "{error:?}");
}

// A7
#[tokio::test]
async fn a_missing_permission_is_named() {
    let endpoint = Endpoint::start(|request, _| {
        let denied =
            "User: arn:aws:iam::1:user/u is not authorized to perform: cloudformation:CreateChangeSet";
        is(request, "CreateChangeSet").then_some(Reply::Error(403, "AccessDenied", denied))
    })
    .await;
    let error = deploy(&endpoint).await.result.unwrap_err();
    assert_eq!(error.exit_code(), 5);
    assert!(error.to_string().contains("cloudformation:CreateChangeSet"), "{error}");
}

// A9
#[tokio::test]
async fn another_account_or_region_than_the_configured_one_is_refused() {
    let endpoint = Endpoint::start(|_, _| None).await;
    let open = async |change: fn(&mut ConnectOptions)| {
        let mut options = endpoint.options();
        change(&mut options);
        cloud::Connection::open(options).await
    };
    let account = open(|options| options.expected_account = Some("111111111111".into())).await.unwrap_err();
    assert_eq!(account.exit_code(), 3);
    let expected = "the configuration says account 111111111111, the credentials are for 123456789012";
    assert_eq!(account.to_string(), expected);
    let region = open(|options| options.expected_region = Some("eu-central-1".into())).await.unwrap_err();
    assert_eq!(region.exit_code(), 3);
    let nowhere = open(|options| options.region = None).await.unwrap_err();
    assert_eq!(nowhere.kind(), Kind::Usage);
}

// A10
#[tokio::test]
async fn nobody_at_the_endpoint_is_unreachable() {
    let endpoint = Endpoint::start(|_, _| None).await;
    let mut options = endpoint.options();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    options.endpoint_url = Some(format!("http://{free}"));
    let error = cloud::Connection::open(options).await.unwrap_err();
    assert_eq!(error.exit_code(), 6);
}

// S9
#[tokio::test]
async fn what_aws_says_cannot_drive_the_terminal() {
    let endpoint = Endpoint::start(|request, _| {
        is(request, "DescribeChangeSet")
            .then(|| change_set("FAILED", "bad &#x9b;31m&#x202e;news", "UNAVAILABLE", &[], None))
    })
    .await;
    let error = deploy(&endpoint).await.result.unwrap_err();
    assert!(error.to_string().contains("bad 31m news"), "{error:?}");
    assert_eq!(endpoint.requests_of("DeleteChangeSet").len(), 1);
    assert_eq!(endpoint.requests_of("DeleteStack").len(), 0, "the stack was there before us");
}
