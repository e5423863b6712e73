//! The engine against the scripted AWS of `cloud/endpoint`, which plays whole operations.

use std::cell::RefCell;
use std::time::Duration;

use cloud::{
    Cancel, CloudError, ConnectOptions, Connection, Decision, DeployOutcome, DeployRequest, DestroyRequest,
    Goal, Keys, Kind, OperateRequest, Progress,
};
use endpoint::{Endpoint, Fault, Scenario, Wrong};

struct Run {
    result: Result<DeployOutcome, CloudError>,
    heard: Vec<Progress>,
}

impl Run {
    /// Logical id and status of the events that were told.
    fn told(&self) -> Vec<(&str, &str)> {
        let events = self.heard.iter().filter_map(|news| match news {
            Progress::Resource(event) => Some((event.logical_id.as_str(), event.status.as_str())),
            _ => None,
        });
        events.collect()
    }
}

pub(crate) async fn connect(endpoint: &Endpoint) -> Connection {
    let options = ConnectOptions {
        region: Some("us-east-1".into()),
        endpoint_url: Some(endpoint.url()),
        keys: Some(Keys {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "not-a-secret".into(),
            session_token: None,
        }),
        ..ConnectOptions::default()
    };
    Connection::open(options).await.expect("the endpoint answers")
}

async fn deploy(endpoint: &Endpoint, template: &str) -> Run {
    let mut request = DeployRequest::new("S", template);
    request.template_bucket = Some("templates".into());
    let connection = connect(endpoint).await;
    let heard = RefCell::new(Vec::new());
    let approve = async |_| Decision::Approve;
    let listen = |news| heard.borrow_mut().push(news);
    let result = cloud::deploy_stack(&connection, &request, approve, listen, &Cancel::never()).await;
    Run { result, heard: heard.into_inner() }
}

/// A chain of topics `T0`, `T1`, …, each of which depends on the one before; `mark` is in each of them.
fn topics(number: usize, mark: &str) -> String {
    let topic = |index: usize| {
        let depends = if index == 0 { String::new() } else { format!(r#""DependsOn":"T{}","#, index - 1) };
        format!(r#""T{index}":{{{depends}"Type":"AWS::SNS::Topic","Properties":{{"DisplayName":"{mark}"}}}}"#)
    };
    let topics: Vec<_> = (0..number).map(topic).collect();
    format!(r#"{{"Resources":{{{}}},"Outputs":{{"First":{{"Value":{{"Ref":"T0"}}}}}}}}"#, topics.join(","))
}

#[tokio::test]
async fn a_new_stack_of_ten_resources_is_deployed_with_each_event_told_once_and_in_order() {
    let endpoint = Endpoint::start(Scenario::new().delay(Duration::from_millis(20))).await;
    let run = deploy(&endpoint, &topics(10, "one")).await;
    let outcome = run.result.as_ref().unwrap();
    assert_eq!(outcome.status, "CREATE_COMPLETE");
    assert!(outcome.outputs[0].value.starts_with("arn:aws:sns:us-east-1:123456789012:S-T0-"));
    let told = run.told();
    // The stack begins and ends; each topic is begun, has begun, and ends. That the stack was announced belongs to the
    // change set and not to its execution.
    assert_eq!(told.len(), 2 + 3 * 10, "{told:?}");
    let completed: Vec<_> =
        told.iter().filter(|(_, status)| *status == "CREATE_COMPLETE").map(|(id, _)| *id).collect();
    assert_eq!(completed, ["T0", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "S"]);
    assert_eq!(endpoint.count("ExecuteChangeSet"), 1);
}

// L7, L8
#[tokio::test]
async fn an_update_that_fails_is_rolled_back_and_names_its_cause() {
    let scenario = Scenario::new()
        .delay(Duration::from_millis(20))
        .stack("S", &topics(3, "one"), "UPDATE_COMPLETE")
        .fail("T1", "the topic's policy is not valid");
    let endpoint = Endpoint::start(scenario).await;
    let run = deploy(&endpoint, &topics(3, "two")).await;
    let error = run.result.as_ref().unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(format!("{error:?}").contains("the topic's policy is not valid"), "{error:?}");
    let stack = endpoint.stack("S").unwrap();
    assert_eq!(stack.status, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(stack.template, topics(3, "one"));
    let told = run.told();
    assert!(told.contains(&("T0", "UPDATE_COMPLETE")) && !told.iter().any(|(id, _)| *id == "T2"), "{told:?}");
}

// A12, A13
#[tokio::test]
async fn an_execution_whose_answer_is_lost_is_found_again_and_not_repeated() {
    let scenario = Scenario::new()
        .stack("S", &topics(2, "one"), "UPDATE_COMPLETE")
        .fault(Fault::new(Wrong::AnswerLost).on("CreateChangeSet").once())
        .fault(Fault::new(Wrong::AnswerLost).on("ExecuteChangeSet").once());
    let endpoint = Endpoint::start(scenario).await;
    let run = deploy(&endpoint, &topics(2, "two")).await;
    assert_eq!(run.result.as_ref().unwrap().status, "UPDATE_COMPLETE");
    let stack = endpoint.stack("S").unwrap();
    assert_eq!((stack.change_sets.len(), stack.operations.len()), (1, 3), "{stack:#?}");
    let tokens: Vec<_> = endpoint
        .requests_of("ExecuteChangeSet")
        .iter()
        .map(|r| r.parameters["ClientRequestToken"].clone())
        .collect();
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
}

// A12
#[tokio::test]
async fn a_change_set_whose_answer_is_lost_is_made_once_and_announces_one_stack() {
    // As often as it is asked for within one order, the answer is lost; the order itself is never refused.
    let scenario = Scenario::new().fault(Fault::new(Wrong::AnswerLost).on("CreateChangeSet").times(3));
    let endpoint = Endpoint::start(scenario).await;
    let run = deploy(&endpoint, &topics(2, "one")).await;
    assert_eq!(run.result.as_ref().unwrap().status, "CREATE_COMPLETE");
    let orders = endpoint.requests_of("CreateChangeSet");
    let same = |name: &str| orders.iter().all(|order| order.parameters[name] == orders[0].parameters[name]);
    assert!(orders.len() > 1 && same("ClientToken") && same("ChangeSetName"), "{orders:?}");
    assert_eq!((endpoint.stacks().len(), endpoint.stack("S").unwrap().change_sets.len()), (1, 1));
    assert_eq!(endpoint.count("ExecuteChangeSet"), 1);
}

// L1
#[tokio::test]
async fn the_same_template_again_changes_nothing_and_leaves_no_change_set() {
    let scenario = Scenario::new().stack("S", &topics(2, "one"), "UPDATE_COMPLETE");
    let endpoint = Endpoint::start(scenario).await;
    let run = deploy(&endpoint, &topics(2, "one")).await;
    assert!(!run.result.unwrap().changed);
    assert_eq!(endpoint.stack("S").unwrap().change_sets, []);
}

// A10, A11, A16
#[tokio::test]
async fn faults_at_every_question_only_take_time() {
    let question = |action: &'static str| {
        let wrongs = [
            Wrong::Throttled,
            Wrong::Dropped,
            Wrong::Truncated,
            Wrong::Empty500,
            Wrong::Empty200,
            Wrong::ProxyPage,
            Wrong::BadUtf8,
        ];
        wrongs.map(|wrong| Fault::new(wrong).on(action).after("ExecuteChangeSet").probability(0.3).once())
    };
    let mut scenario = Scenario::new().stack("S", &topics(4, "one"), "UPDATE_COMPLETE");
    for fault in question("DescribeStacks").into_iter().chain(question("DescribeStackEvents")) {
        scenario = scenario.fault(fault);
    }
    scenario = scenario
        .fault(Fault::new(Wrong::DuplicateEvents).on("DescribeStackEvents").probability(0.5))
        .fault(Fault::new(Wrong::ReorderedEvents).on("DescribeStackEvents").probability(0.5));
    let endpoint = Endpoint::start(scenario).await;
    let run = deploy(&endpoint, &topics(4, "two")).await;
    assert_eq!(run.result.as_ref().unwrap().status, "UPDATE_COMPLETE");
    let mut told = run.told();
    let number = told.len();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), number, "{told:?}");
}

// A24
#[tokio::test]
async fn a_clock_that_is_an_hour_off_is_corrected() {
    for skew in [3600, -3600] {
        let endpoint = Endpoint::start(Scenario::new().skew(skew)).await;
        let run = deploy(&endpoint, &topics(2, "one")).await;
        assert_eq!(run.result.unwrap().status, "CREATE_COMPLETE");
    }
}

#[tokio::test]
async fn a_template_too_large_to_send_is_read_from_its_bucket() {
    let endpoint = Endpoint::start(Scenario::new().bucket("templates")).await;
    let large = topics(2, &"long".repeat(10_000));
    let run = deploy(&endpoint, &large).await;
    assert_eq!(run.result.unwrap().status, "CREATE_COMPLETE");
    assert_eq!(endpoint.stack("S").unwrap().template, large);
    assert_eq!(endpoint.requests_of("CreateChangeSet")[0].parameter("TemplateBody"), None);
}

// L14
#[tokio::test]
async fn a_deletion_that_fails_can_be_repeated_without_what_is_in_the_way() {
    let scenario =
        Scenario::new().stack("S", &topics(2, "one"), "UPDATE_COMPLETE").fail_delete("T0", "it is in use");
    let endpoint = Endpoint::start(scenario).await;
    let connection = connect(&endpoint).await;
    let mut request = DestroyRequest::new("S");
    let error = cloud::destroy_stack(&connection, &request, drop, &Cancel::never()).await.unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(format!("{error:?}").contains("it is in use"), "{error:?}");
    request.retain = vec!["T0".into()];
    let outcome = cloud::destroy_stack(&connection, &request, drop, &Cancel::never()).await.unwrap();
    assert_eq!(outcome.retained[0].logical_id, "T0");
    assert_eq!(endpoint.stack("S").unwrap().status, "DELETE_COMPLETE");
}

/// Watches the stack, with a connection that others may share.
async fn watch(connection: &Connection, cancel: &Cancel) -> Result<String, CloudError> {
    let request = OperateRequest::new("S", Goal::Watch);
    cloud::operate_stack(connection, &request, drop, cancel).await.map(|outcome| outcome.status)
}

// A5
#[tokio::test]
async fn a_session_that_has_ended_is_opened_again_once_for_all_who_share_it() {
    let scenario = Scenario::new()
        .stack("S", &topics(1, "one"), "UPDATE_COMPLETE")
        .fault(Fault::new(Wrong::ExpiredToken).on("DescribeStacks").times(2));
    let endpoint = Endpoint::start(scenario).await;
    let connection = connect(&endpoint).await;
    let never = Cancel::never();
    let (one, other) = tokio::join!(watch(&connection, &never), watch(&connection, &never));
    assert_eq!((one.unwrap().as_str(), other.unwrap().as_str()), ("UPDATE_COMPLETE", "UPDATE_COMPLETE"));
    assert_eq!(endpoint.count("GetCallerIdentity"), 2, "when connecting, and once again");
}

// A5
#[tokio::test]
async fn a_new_session_that_is_of_no_use_is_not_opened_again_and_again() {
    let scenario = Scenario::new()
        .stack("S", &topics(1, "one"), "UPDATE_COMPLETE")
        .fault(Fault::new(Wrong::ExpiredToken).on("DescribeStacks"));
    let endpoint = Endpoint::start(scenario).await;
    let connection = connect(&endpoint).await;
    assert_eq!(watch(&connection, &Cancel::never()).await.unwrap_err().exit_code(), 5);
    assert_eq!((endpoint.count("GetCallerIdentity"), endpoint.count("DescribeStacks")), (2, 2));
}

// C3
#[tokio::test]
async fn a_wish_to_stop_is_heard_while_a_question_is_open() {
    let scenario = Scenario::new()
        .stack("S", &topics(1, "one"), "UPDATE_COMPLETE")
        .fault(Fault::new(Wrong::Hangs).on("DescribeStacks"));
    let endpoint = Endpoint::start(scenario).await;
    let connection = connect(&endpoint).await;
    let (handle, cancel) = Cancel::pair();
    let stop = async {
        while endpoint.count("DescribeStacks") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        handle.cancel();
    };
    let (watched, ()) = tokio::join!(watch(&connection, &cancel), stop);
    assert_eq!(watched.unwrap_err().kind(), Kind::Interrupted);
    assert_eq!(endpoint.count("DescribeStacks"), 1, "nobody waited until the client gave up");
}
