//! The whole way, from a template to resources, against the emulator. Needs Python 3, as the README says; the first run
//! makes the emulator's Python environment below the target folder.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use cloud::emulator::{self, EmulatorOptions};
use cloud::{
    Cancel, CloudError, ConnectOptions, Connection, Decision, DeployOutcome, DeployRequest, DestroyRequest,
    Kind, Phase, Progress, Question,
};
use serde_json::{Value, json};

/// An emulator of its own for one test, stopped at its end.
pub(crate) struct Emulated {
    folder: tempfile::TempDir,
    pub(crate) connection: Connection,
}

impl Emulated {
    pub(crate) async fn start() -> Emulated {
        let folder = tempfile::tempdir().unwrap();
        let emulator = emulator::ensure_running(&options(folder.path()), |_| {}).unwrap();
        let options = ConnectOptions { local: Some(emulator), ..ConnectOptions::default() };
        let connection = Connection::open(options).await.unwrap();
        Emulated { folder, connection }
    }

    pub(crate) fn inject(&self, faults: &Value) {
        fs::write(self.folder.path().join("faults.json"), faults.to_string()).unwrap();
    }

    pub(crate) async fn deploy(&self, stack: &str, template: &Value) -> Result<DeployOutcome, CloudError> {
        self.deploy_request(&DeployRequest::new(stack, template.to_string())).await.0
    }

    /// Deploys, approves everything, and tells what was heard.
    pub(crate) async fn deploy_request(
        &self,
        request: &DeployRequest,
    ) -> (Result<DeployOutcome, CloudError>, Vec<Progress>, Vec<Question>) {
        let (heard, asked) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let approve = async |question| {
            asked.borrow_mut().push(question);
            Decision::Approve
        };
        let listen = |news| heard.borrow_mut().push(news);
        let result = cloud::deploy_stack(&self.connection, request, approve, listen, &Cancel::never()).await;
        (result, heard.into_inner(), asked.into_inner())
    }

    async fn destroy(&self, stack: &str) -> Result<cloud::DestroyOutcome, CloudError> {
        cloud::destroy_stack(&self.connection, &DestroyRequest::new(stack), |_| {}, &Cancel::never()).await
    }

    pub(crate) async fn status(&self, stack: &str) -> Option<String> {
        cloud::describe(&self.connection, stack).await.unwrap().map(|stack| stack.status)
    }
}

impl Drop for Emulated {
    fn drop(&mut self) {
        emulator::stop(self.folder.path()).unwrap();
    }
}

fn options(home: &Path) -> EmulatorOptions {
    EmulatorOptions {
        environment: Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("emulator-environment")),
        faults: Some(home.join("faults.json")),
        ..EmulatorOptions::new(home)
    }
}

fn log_group(days: u32) -> Value {
    json!({ "Type": "AWS::Logs::LogGroup", "Properties": { "LogGroupName": "/t", "RetentionInDays": days } })
}

fn topic() -> Value {
    json!({ "Type": "AWS::SNS::Topic", "DependsOn": "Logs" })
}

fn template(days: u32) -> Value {
    json!({
        "Resources": { "Logs": log_group(days), "Topic": topic() },
        "Outputs": { "Name": { "Value": { "Ref": "Logs" }, "Description": "where to look", "Export": { "Name": "t" } } }
    })
}

#[tokio::test]
async fn creates_updates_leaves_alone_and_destroys_a_stack() {
    let aws = Emulated::start().await;
    assert!(aws.connection.is_local());
    let (created, heard, asked) = aws.deploy_request(&DeployRequest::new("t", template(7).to_string())).await;
    let created = created.unwrap();
    assert!(created.changed && created.leftovers.is_empty(), "{created:?}");
    assert_eq!(created.status, "CREATE_COMPLETE");
    assert_eq!(created.outputs.len(), 1);
    assert_eq!(created.outputs[0].value, "/t");
    assert_eq!(created.outputs[0].export.as_deref(), Some("t"));

    let [Question::Changes(changes)] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(changes.creates_stack);
    let mut added: Vec<_> =
        changes.changes.iter().map(|change| (change.action.as_str(), change.logical_id.as_str())).collect();
    added.sort_unstable();
    assert_eq!(added, [("Add", "Logs"), ("Add", "Topic")]);

    let completed = heard.iter().filter_map(|news| match news {
        Progress::Resource(event) if event.status == "CREATE_COMPLETE" => Some(event.logical_id.as_str()),
        _ => None,
    });
    assert_eq!(completed.collect::<Vec<_>>(), ["Logs", "Topic", "t"]);
    let phases = heard.iter().filter_map(|news| match news {
        Progress::Phase { phase } => Some(*phase),
        _ => None,
    });
    assert_eq!(phases.collect::<Vec<_>>(), [Phase::Looking, Phase::Preparing, Phase::Executing]);

    let (again, _, asked) = aws.deploy_request(&DeployRequest::new("t", template(7).to_string())).await;
    let again = again.unwrap();
    assert!(!again.changed, "{again:?}");
    assert_eq!(again.outputs, created.outputs);
    assert_eq!(asked, [], "nothing to approve");

    let updated = aws.deploy("t", &template(30)).await.unwrap();
    assert_eq!((updated.changed, updated.status.as_str()), (true, "UPDATE_COMPLETE"));
    let deployed = cloud::deployed_template(&aws.connection, "t").await.unwrap().unwrap();
    assert!(deployed.contains("30"), "{deployed}");

    let gone = aws.destroy("t").await.unwrap();
    assert_eq!(gone.stack_id, Some(created.stack_id));
    assert_eq!(gone.retained, []);
    assert_eq!(aws.status("t").await, None);
    assert_eq!(aws.destroy("t").await.unwrap().stack_id, None, "a stack that is not there is no failure");
}

// L7
#[tokio::test]
async fn a_failed_update_is_rolled_back_and_names_its_cause() {
    let aws = Emulated::start().await;
    aws.deploy("t", &template(7)).await.unwrap();
    aws.inject(&json!({ "update:Logs": "retention is not what it was" }));
    let error = aws.deploy("t", &template(14)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Failed);
    let report = error.report();
    assert_eq!(report.status.as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    assert_eq!(report.cause.as_ref().unwrap().logical_id, "Logs");
    assert!(report.what.contains("Logs (AWS::Logs::LogGroup): retention is not what it was"), "{report:?}");
    assert!(report.state.as_ref().unwrap().contains("as it was before"), "{report:?}");
    aws.inject(&json!({}));
    assert!(aws.deploy("t", &template(14)).await.unwrap().changed, "a rolled back stack can be updated");
}

// L3
#[tokio::test]
async fn a_stack_whose_creation_failed_is_made_anew_only_after_asking() {
    let aws = Emulated::start().await;
    aws.inject(&json!({ "create:Topic": "no topics today" }));
    let error = aws.deploy("t", &template(7)).await.unwrap_err();
    assert_eq!(error.report().status.as_deref(), Some("ROLLBACK_COMPLETE"));
    assert!(error.to_string().contains("no topics today"), "{error}");

    aws.inject(&json!({}));
    let request = DeployRequest::new("t", template(7).to_string());
    let decline = async |_| Decision::Decline("no".to_owned());
    let refused = cloud::deploy_stack(&aws.connection, &request, decline, |_| {}, &Cancel::never()).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::Refused);
    assert_eq!(aws.status("t").await.as_deref(), Some("ROLLBACK_COMPLETE"));

    let (made, _, asked) = aws.deploy_request(&request).await;
    assert_eq!(made.unwrap().status, "CREATE_COMPLETE");
    assert!(matches!(asked.as_slice(), [Question::Recreate { .. }, Question::Changes(_)]), "{asked:?}");
}

// L4
#[tokio::test]
async fn a_declined_creation_leaves_nothing_behind() {
    let aws = Emulated::start().await;
    let request = DeployRequest::new("t", template(7).to_string());
    let decline = async |_| Decision::Decline("not today".to_owned());
    let refused = cloud::deploy_stack(&aws.connection, &request, decline, |_| {}, &Cancel::never()).await;
    let refused = refused.unwrap_err();
    assert_eq!((refused.exit_code(), refused.to_string().as_str()), (3, "not today"));
    assert_eq!(aws.status("t").await, None, "the announced stack is removed again");
    assert_eq!(cloud::list_stacks(&aws.connection).await.unwrap(), []);
}

// L18
#[tokio::test]
async fn tells_what_outlives_its_stack() {
    let aws = Emulated::start().await;
    let mut template = template(7);
    template["Resources"]["Logs"]["DeletionPolicy"] = "Retain".into();
    aws.deploy("t", &template).await.unwrap();
    let gone = aws.destroy("t").await.unwrap();
    let [left] = gone.retained.as_slice() else { panic!("{gone:?}") };
    assert_eq!((left.logical_id.as_str(), left.physical_id.as_deref()), ("Logs", Some("/t")));
}

// L16
#[tokio::test]
async fn names_what_stands_in_the_way_of_a_deletion() {
    let aws = Emulated::start().await;
    aws.deploy("t", &template(7)).await.unwrap();
    let importer = json!({ "Resources": {
        "Other": { "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": { "Fn::ImportValue": "t" } } }
    }});
    aws.deploy("user", &importer).await.unwrap();
    assert_eq!(cloud::importers_of(&aws.connection, "t").await.unwrap(), ["user"]);
    let refused = aws.destroy("t").await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Refused);
    assert!(refused.to_string().contains("`t` by user"), "{refused}");
    aws.destroy("user").await.unwrap();

    aws.inject(&json!({ "delete:Topic": "somebody listens" }));
    let failed = aws.destroy("t").await.unwrap_err();
    assert_eq!(failed.report().status.as_deref(), Some("DELETE_FAILED"));
    assert!(failed.to_string().contains("Topic (AWS::SNS::Topic): somebody listens"), "{failed}");
    let blocked = aws.deploy("t", &template(7)).await.unwrap_err();
    assert_eq!(blocked.kind(), Kind::Blocked);
    aws.inject(&json!({}));
    aws.destroy("t").await.unwrap();
}

#[tokio::test]
async fn a_type_that_the_emulator_lacks_is_named() {
    let aws = Emulated::start().await;
    let error = aws
        .deploy("t", &json!({ "Resources": { "X": { "Type": "AWS::Nonsense::Thing" } } }))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("AWS::Nonsense::Thing"), "{error:?}");
}

// R225
#[tokio::test]
async fn a_large_template_goes_through_the_bucket_that_bootstrap_makes() {
    let aws = Emulated::start().await;
    let mut large = template(7);
    large["Metadata"] = json!({ "Filler": "x".repeat(60_000) });
    let refused = aws.deploy("t", &large).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Refused);
    assert!(
        refused.to_string().contains("51200") && refused.to_string().contains("docuthinker-templates-"),
        "{refused}"
    );
    assert_eq!(
        refused.report().next.as_deref(),
        Some("docuthinker bootstrap, with the same options, and then the same command again")
    );

    let yes = async |_| Decision::Approve;
    let made = cloud::bootstrap(&aws.connection, yes, |_| {}, &Cancel::never()).await.unwrap();
    assert_eq!((made.bucket.as_str(), made.changed), ("docuthinker-templates-123456789012-us-east-1", true));
    assert_eq!(aws.deploy("t", &large).await.unwrap().status, "CREATE_COMPLETE");
    assert!(!aws.deploy("t", &large).await.unwrap().changed);
}

#[tokio::test]
async fn parameters_keep_their_values_and_missing_ones_are_refused_before_anything_is_made() {
    let aws = Emulated::start().await;
    let template = json!({
        "Parameters": { "Name": { "Type": "String" }, "Days": { "Type": "Number", "Default": 7 } },
        "Resources": { "Logs": { "Type": "AWS::Logs::LogGroup",
            "Properties": { "LogGroupName": { "Ref": "Name" }, "RetentionInDays": { "Ref": "Days" } } } },
        "Outputs": { "Name": { "Value": { "Ref": "Logs" } } }
    });
    let mut request = DeployRequest::new("t", template.to_string());
    let missing = aws.deploy_request(&request).await.0.unwrap_err();
    assert_eq!((missing.exit_code(), missing.to_string().as_str()), (3, "no value for parameter `Name`"));
    assert_eq!(aws.status("t").await, None);

    request.parameters.insert("Name".into(), "/first".into());
    aws.deploy_request(&request).await.0.unwrap();
    request.parameters = [("Days".to_owned(), "30".to_owned())].into();
    let kept = aws.deploy_request(&request).await.0.unwrap();
    assert_eq!((kept.changed, kept.outputs[0].value.as_str()), (true, "/first"));
}

#[test]
fn two_starts_at_once_give_one_emulator_and_stop_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let start = || emulator::ensure_running(&options(home), |_| {}).unwrap();
    let (one, other) = std::thread::scope(|scope| {
        let (one, other) = (scope.spawn(start), scope.spawn(start));
        (one.join().unwrap(), other.join().unwrap())
    });
    assert_eq!(one, other);
    assert_eq!(emulator::status(home).unwrap().as_ref(), Some(&one));
    assert_eq!(emulator::reset(home).unwrap().as_ref(), Some(&one));

    let elsewhere = EmulatorOptions { port: Some(1), ..options(home) };
    let refused = emulator::ensure_running(&elsewhere, |_| {}).unwrap_err();
    assert!(refused.to_string().contains("runs already"), "{refused}");

    assert_eq!(emulator::stop(home).unwrap(), Some(one.clone()));
    assert_eq!(emulator::status(home).unwrap(), None);
    assert!(std::net::TcpStream::connect(("127.0.0.1", one.port)).is_err(), "nobody listens any more");
    assert_eq!(emulator::stop(home).unwrap(), None);
}

#[test]
fn a_taken_port_is_told_apart_from_an_emulator_that_died() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = EmulatorOptions { port: Some(port), ..options(folder.path()) };
    let refused = emulator::ensure_running(&options, |_| {}).unwrap_err();
    assert_eq!(refused.kind(), Kind::Refused);
    assert!(refused.report().state.as_ref().unwrap().contains(&port.to_string()), "{refused:?}");
    assert!(refused.report().next.as_ref().unwrap().contains("--port"), "{refused:?}");
}

#[tokio::test]
async fn every_type_and_attribute_of_the_architecture_is_there() {
    let aws = Emulated::start().await;
    let template: Value = serde_json::from_str(include_str!("every_type.json")).unwrap();
    let made = aws.deploy("every", &template).await.unwrap();
    let outputs = template["Outputs"].as_object().unwrap();
    assert_eq!(made.outputs.len(), outputs.len(), "an attribute that is missing fails silently here");
    let value = |key: &str| made.outputs.iter().find(|output| output.key == key).unwrap().value.as_str();
    assert_eq!(value("VpcCidrBlock"), "10.0.0.0/16");
    assert_eq!(value("SvcName"), "every-Svc");
    assert!(
        value("SecretId").starts_with("arn:aws:secretsmanager:us-east-1:123456789012:secret:docuthinker/x-")
    );
    assert!(value("MtId").starts_with("fsmt-"), "{}", value("MtId"));
    assert!(
        value("AlbLoadBalancerFullName").starts_with("app/every"),
        "{}",
        value("AlbLoadBalancerFullName")
    );

    let mut changed = template.clone();
    for tagged in ["Nat", "Flow", "Nacl"] {
        changed["Resources"][tagged]["Properties"]["Tags"] = json!([{ "Key": "a", "Value": "b" }]);
    }
    changed["Resources"]["In"]["Properties"]["FromPort"] = json!(443);
    changed["Resources"]["Svc"]["Properties"]["DesiredCount"] = json!("3");
    changed["Resources"]["Secret"]["Properties"]["Description"] = json!("changed");
    changed["Resources"]["Comp"]["Properties"]["AlarmDescription"] = json!("changed");
    let updated = aws.deploy("every", &changed).await.unwrap();
    assert!(updated.changed);
    for same in ["NatNatGatewayId", "FlowId", "NaclId", "SecretId", "CompArn", "SvcServiceArn"] {
        let now = updated.outputs.iter().find(|output| output.key == same).unwrap();
        assert_eq!(now.value, value(same), "an update keeps the identity");
    }
    assert_eq!(aws.destroy("every").await.unwrap().retained, []);
}

#[tokio::test]
async fn a_hardened_architecture_is_made_changed_and_removed() {
    let aws = Emulated::start().await;
    let mut template: Value = serde_json::from_str(include_str!("hardened.json")).unwrap();
    let made = aws.deploy("hard", &template).await.unwrap();
    let references = template["Outputs"].as_object().unwrap();
    assert_eq!(made.outputs.len(), references.len(), "what `Ref` gives of each resource");
    let value = |key: &str| made.outputs.iter().find(|output| output.key == key).unwrap().value.as_str();
    assert_eq!(value("LogsPolicy"), value("Logs"), "a bucket's policy is called by its bucket");
    assert_eq!(value("ImagesThere"), "123456789012", "the registry is the account's");
    assert!(value("Certificate").starts_with("arn:aws:acm:us-east-1:123456789012:certificate/"));
    assert!(value("Canary").ends_with(":service/docuthinker-cluster/canary-service"), "{}", value("Canary"));

    let changes = [
        ("BlueGreen", "DeploymentConfiguration", json!({ "Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 5 })),
        ("Documents", "BackupRetentionPeriod", json!(9)),
        ("Errors", "Threshold", json!(9)),
        ("FlowLog", "Tags", json!([{ "Key": "a", "Value": "b" }])),
        ("Images", "ImageScanningConfiguration", json!({ "ScanOnPush": false })),
        ("Logs", "VersioningConfiguration", json!({ "Status": "Suspended" })),
        ("Pipeline", "ExecutionMode", json!("QUEUED")),
        ("Redis", "SnapshotRetentionLimit", json!(9)),
        ("Secret", "Description", json!("changed")),
        ("Web", "Description", json!("changed")),
        ("WebLogging", "RedactedFields", json!([])),
    ];
    for (id, property, value) in changes {
        template["Resources"][id]["Properties"][property] = value;
    }
    template["Resources"]["Edge"]["Properties"]["DistributionConfig"]["Comment"] = json!("changed");
    let updated = aws.deploy("hard", &template).await.unwrap();
    assert_eq!(updated.status, "UPDATE_COMPLETE");
    assert_eq!(updated.outputs, made.outputs, "all of these are changed in place");
    assert_eq!(aws.destroy("hard").await.unwrap().retained, []);
}

// L10
#[tokio::test]
async fn a_delay_leaves_the_server_answering_and_a_time_out_cancels_the_update() {
    let folder = tempfile::tempdir().unwrap();
    let slow = EmulatorOptions { delay_ms: Some(600), ..options(folder.path()) };
    let emulator = emulator::ensure_running(&slow, |_| {}).unwrap();
    let connection = Connection::open(ConnectOptions { local: Some(emulator), ..ConnectOptions::default() });
    let aws = Emulated { folder, connection: connection.await.unwrap() };
    aws.deploy("t", &template(7)).await.unwrap();
    let mut request = DeployRequest::new("t", template(30).to_string());
    request.timeout = Some(std::time::Duration::from_millis(200));
    let error = aws.deploy_request(&request).await.0.unwrap_err();
    assert_eq!((error.exit_code(), error.report().status.as_deref()), (8, Some("UPDATE_ROLLBACK_COMPLETE")));
}

// C3
#[tokio::test]
async fn ctrl_c_before_the_execution_removes_everything_and_after_it_detaches() {
    let aws = Emulated::start().await;
    let request = DeployRequest::new("t", template(7).to_string());
    let (handle, cancel) = Cancel::pair();
    let never_answer = async |_| {
        handle.cancel();
        std::future::pending().await
    };
    let stopped =
        cloud::deploy_stack(&aws.connection, &request, never_answer, |_| {}, &cancel).await.unwrap_err();
    assert_eq!(stopped.exit_code(), 130);
    assert_eq!(aws.status("t").await, None);

    let (handle, cancel) = Cancel::pair();
    let yes = async |_| Decision::Approve;
    let listen = |news| {
        if matches!(news, Progress::Phase { phase: Phase::Executing }) {
            handle.cancel();
        }
    };
    let detached = cloud::deploy_stack(&aws.connection, &request, yes, listen, &cancel).await.unwrap_err();
    assert_eq!(detached.exit_code(), 130);
    assert!(detached.report().state.as_ref().unwrap().contains("goes on in AWS"), "{detached:?}");
}
