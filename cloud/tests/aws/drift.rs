//! Drift detection against the scripted AWS.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloud::{CloudError, DriftNews, DriftRequest, Kind, StackDrift};
use endpoint::{Endpoint, Fault, Scenario, Wrong};
use serde_json::json;

use crate::scripted_aws::connect;

const ACTIONS: [&str; 3] =
    ["DetectStackDrift", "DescribeStackDriftDetectionStatus", "DescribeStackResourceDrifts"];

fn topics(number: usize) -> String {
    let topic = |at: usize| {
        (format!("T{at}"), json!({ "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": "x" } }))
    };
    let resources: serde_json::Map<String, serde_json::Value> = (0..number).map(topic).collect();
    json!({ "Resources": resources }).to_string()
}

fn deployed(status: &str) -> Scenario {
    Scenario::new().stack("S", &topics(7), status).pages(2..=2)
}

struct Run {
    result: Result<Option<Vec<StackDrift>>, CloudError>,
    heard: Vec<DriftNews>,
}

async fn look(endpoint: &Endpoint, timeout: Duration) -> Run {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&heard);
    let listener: cloud::DriftListener = Arc::new(move |news| into.lock().unwrap().push(news));
    let request = DriftRequest { connection: connect(endpoint).await, stack: "S".to_owned(), timeout };
    let result = cloud::drift(&request, &listener).await;
    let heard = heard.lock().unwrap().clone();
    Run { result, heard }
}

const MINUTE: Duration = Duration::from_mins(1);

// L22
#[tokio::test]
async fn all_pages_of_what_differs_are_read_after_the_detection_has_ended() {
    let scenario = deployed("UPDATE_COMPLETE")
        .detection_delay(Duration::from_millis(300))
        .drifted("T0", "/DisplayName", Some("x"), Some("y"))
        .drifted_away("T4")
        .undetected("T5", "AccessDenied: not authorized to perform: sns:GetTopicAttributes")
        .undetectable("T6");
    let endpoint = Endpoint::start(scenario).await;
    let run = look(&endpoint, MINUTE).await;
    let found = run.result.unwrap().unwrap();
    assert_eq!((found.len(), found[0].name.as_str(), found[0].in_sync), (1, "S", 3));
    let [changed, gone] = found[0].drifted.as_slice() else { panic!("{found:?}") };
    assert_eq!((changed.logical_id.as_str(), changed.deleted), ("T0", false));
    let one = &changed.differences[0];
    assert_eq!(
        (one.path.as_str(), one.expected.as_deref(), one.actual.as_deref()),
        ("/DisplayName", Some("x"), Some("y"))
    );
    assert_eq!((gone.logical_id.as_str(), gone.deleted), ("T4", true));
    let [denied, unsupported] = found[0].unchecked.as_slice() else { panic!("{found:?}") };
    assert!(denied.reason.as_deref().is_some_and(|reason| reason.contains("sns:GetTopicAttributes")));
    assert_eq!((unsupported.logical_id.as_str(), &unsupported.reason), ("T6", &None));
    assert!(
        found[0].template.as_deref().is_some_and(|text| text.contains("T6")) && found[0].notes.is_empty()
    );
    assert!(found[0].physical_ids["T1"].starts_with("arn:aws:sns:"));
    assert_eq!(run.heard, [DriftNews::Looking("S".to_owned())]);
    assert!(endpoint.count("DescribeStackResourceDrifts") >= 3, "pages of two");
    assert_eq!(endpoint.count("DetectStackDrift"), 1);
}

// A1, A10, A11, L22
#[tokio::test]
async fn throttling_and_noise_only_take_time() {
    let trouble = [
        Wrong::Throttled,
        Wrong::Dropped,
        Wrong::AnswerLost,
        Wrong::Truncated,
        Wrong::Empty500,
        Wrong::Empty200,
        Wrong::ProxyPage,
        Wrong::BadUtf8,
    ];
    let mut scenario = deployed("UPDATE_COMPLETE").drifted("T0", "/DisplayName", Some("x"), Some("y"));
    for wrong in trouble {
        for action in ACTIONS {
            scenario = scenario.fault(Fault::new(wrong.clone()).on(action).once());
        }
    }
    let endpoint = Endpoint::start(scenario).await;
    let found = look(&endpoint, Duration::from_mins(5)).await.result.unwrap().unwrap();
    assert_eq!((found[0].drifted.len(), found[0].in_sync), (1, 6), "each resource once: {found:?}");
}

// A15, L22
#[tokio::test]
async fn a_word_that_nobody_knows_is_no_end_and_no_drift() {
    let unknown = Fault::new(Wrong::Replaced("DetectionStatus", "DETECTION_PONDERING"));
    let scenario =
        deployed("UPDATE_COMPLETE").fault(unknown.on("DescribeStackDriftDetectionStatus").times(3));
    let strange = Fault::new(Wrong::Replaced("StackResourceDriftStatus", "BLURRED"));
    let scenario = scenario.fault(strange.on("DescribeStackResourceDrifts"));
    let endpoint = Endpoint::start(scenario).await;
    let found = look(&endpoint, MINUTE).await.result.unwrap().unwrap();
    assert_eq!((found[0].in_sync, found[0].drifted.len(), found[0].unchecked.len()), (0, 0, 7));
    assert!(found[0].unchecked.iter().all(|one| one.reason.as_deref() == Some("it is BLURRED")), "{found:?}");
    assert_eq!(endpoint.count("DescribeStackDriftDetectionStatus"), 4);
}

// L22
#[tokio::test]
async fn somebody_elses_detection_is_waited_for_and_ours_begins_afterwards() {
    let scenario = deployed("UPDATE_COMPLETE").detecting("S", Duration::from_hours(1));
    let endpoint = Endpoint::start(scenario.drifted_away("T1")).await;
    let ends = async {
        while endpoint.count("DetectStackDrift") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        endpoint.change(|scenario| scenario.detecting("S", Duration::ZERO));
    };
    let (run, ()) = tokio::join!(look(&endpoint, MINUTE), ends);
    assert_eq!(run.result.unwrap().unwrap()[0].drifted.len(), 1);
    assert_eq!(run.heard, [DriftNews::Waiting("S".to_owned()), DriftNews::Looking("S".to_owned())]);

    let endless = Endpoint::start(deployed("UPDATE_COMPLETE").detecting("S", Duration::from_hours(1))).await;
    let error = look(&endless, Duration::from_millis(500)).await.result.unwrap_err();
    assert_eq!(error.kind(), Kind::Blocked);
    assert!(error.to_string().contains("somebody else's drift detection on S"), "{error}");
}

// L22
#[tokio::test]
async fn a_detection_that_does_not_end_is_given_up_after_the_time() {
    let scenario = deployed("UPDATE_COMPLETE").detection_delay(Duration::from_hours(1));
    let endpoint = Endpoint::start(scenario).await;
    let error = look(&endpoint, Duration::from_millis(500)).await.result.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (Kind::TimedOut, 8));
    assert!(error.report().next.as_deref().is_some_and(|next| next.contains("--timeout")), "{error:?}");
}

// L22
#[tokio::test]
async fn a_stack_that_cannot_be_looked_at_says_its_state() {
    for (status, kind) in [("ROLLBACK_COMPLETE", Kind::Blocked), ("UPDATE_IN_PROGRESS", Kind::Blocked)] {
        let endpoint = Endpoint::start(deployed(status)).await;
        let error = look(&endpoint, MINUTE).await.result.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.report().state.as_deref().is_some_and(|state| state.contains(status)), "{error:?}");
    }
    let endpoint = Endpoint::start(Scenario::new()).await;
    assert_eq!(look(&endpoint, MINUTE).await.result.unwrap(), None);
}

// A6, L22
#[tokio::test]
async fn a_missing_permission_is_named_and_what_was_compared_is_told_with_what_failed() {
    let endpoint =
        Endpoint::start(deployed("UPDATE_COMPLETE").fault(Fault::new(Wrong::Denied).on("DetectStackDrift")))
            .await;
    let error = look(&endpoint, MINUTE).await.result.unwrap_err();
    assert_eq!(error.kind(), Kind::Credentials);
    let next = error.report().next.clone().unwrap_or_default();
    assert!(next.contains("cloudformation:DetectStackResourceDrift"), "{next}");

    let scenario = deployed("UPDATE_COMPLETE").fail_detection("Failed to detect drift on resource [T1]");
    let scenario = scenario.drifted_away("T2").fault(Fault::new(Wrong::Denied).on("GetTemplate"));
    let endpoint = Endpoint::start(scenario.fault(Fault::new(Wrong::Denied).on("ListStackResources"))).await;
    let found = look(&endpoint, MINUTE).await.result.unwrap().unwrap();
    assert_eq!(found[0].failure.as_deref(), Some("Failed to detect drift on resource [T1]"));
    assert_eq!((found[0].drifted.len(), found[0].template.clone(), found[0].notes.len()), (1, None, 2));
}

// L22
#[tokio::test]
async fn a_list_that_is_shorter_than_the_count_is_read_again_and_then_no_success() {
    let more = Fault::new(Wrong::Replaced("DriftedStackResourceCount", "9"));
    let scenario = deployed("UPDATE_COMPLETE").drifted_away("T1");
    let endpoint = Endpoint::start(scenario.fault(more.on("DescribeStackDriftDetectionStatus"))).await;
    let found = look(&endpoint, MINUTE).await.result.unwrap().unwrap();
    let failure = "9 resources differ, and CloudFormation tells of 1";
    assert_eq!((found[0].drifted.len(), found[0].failure.as_deref()), (1, Some(failure)));
}

#[tokio::test]
async fn an_endpoint_without_drift_detection_says_so() {
    let unknown = Wrong::Error(400, "InvalidAction", "Could not find operation DetectStackDrift");
    let endpoint =
        Endpoint::start(deployed("UPDATE_COMPLETE").fault(Fault::new(unknown).on("DetectStackDrift"))).await;
    let error = look(&endpoint, MINUTE).await.result.unwrap_err();
    assert!(error.to_string().starts_with("there is no drift detection at this endpoint"), "{error}");
}

// L22
#[tokio::test]
async fn nested_stacks_are_looked_at_too_and_their_trouble_is_a_failure_of_the_whole() {
    let nested =
        json!({ "Type": "AWS::CloudFormation::Stack", "Properties": { "TemplateURL": "https://x/t" } });
    let outer = json!({ "Resources": { "Inner": nested, "Own": { "Type": "AWS::SNS::Topic" } } }).to_string();
    let middle = json!({ "Resources": { "Deep": nested } }).to_string();
    let scenario = || {
        let scenario = Scenario::new().nested("Inner", &middle).nested("Deep", &topics(2));
        scenario.stack("S", &outer, "UPDATE_COMPLETE").drifted_away("T1")
    };
    let endpoint = Endpoint::start(scenario()).await;
    let found = look(&endpoint, MINUTE).await.result.unwrap().unwrap();
    let names: Vec<(&str, Option<&str>)> =
        found.iter().map(|part| (part.name.as_str(), part.parent.as_deref())).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!((names[0], names[1].1, names[2].1), (("S", None), Some("S"), Some(names[1].0)));
    assert_eq!(found[2].drifted[0].logical_id, "T1");
    assert!(found.iter().all(|part| part.unchecked.is_empty() && part.failure.is_none()), "{found:?}");

    let denied = Fault::new(Wrong::Denied).on("DetectStackDrift").skip(2);
    let endpoint = Endpoint::start(scenario().fault(denied)).await;
    let found = look(&endpoint, MINUTE).await.result.unwrap().unwrap();
    assert!(found[0].failure.as_deref().is_some_and(|why| why.contains("was not compared")), "{found:?}");
}
