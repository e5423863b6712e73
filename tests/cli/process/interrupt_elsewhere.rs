//! Signals while other things are done than the deployment of one stack.

use endpoint::{Fault, Scenario, Wrong};
use rustix::process::Signal;

use super::{AT_ONCE, Aws, LONG, assert_no_bug, deployed};

const DESTROY: &str = "destroy --stack-name S --yes";

// C3
#[test]
fn an_interrupt_before_the_deletion_deletes_nothing() {
    for action in ["DescribeStacks", "ListStackResources", "GetTemplate", "DescribeStackEvents"] {
        let hangs = Fault::new(Wrong::Hangs).on(action).once();
        let aws = Aws::new(deployed().fault(hangs));
        let destroy = aws.start(DESTROY);
        aws.wait_for(action, 1);
        destroy.signal(Signal::INT);
        let ended = destroy.end_within(AT_ONCE);
        assert_no_bug(&ended);
        assert_eq!(ended.code, Some(130), "{action}: {ended}");
        assert!(ended.stderr.contains("nothing was changed"), "{action}: {ended}");
        assert_eq!((aws.endpoint.count("DeleteStack"), aws.status().as_str()), (0, "UPDATE_COMPLETE"));
    }
}

// C3
#[test]
fn an_interrupt_after_the_beginning_of_the_deletion_lets_it_go_on() {
    let aws = Aws::new(deployed().delete_takes("Topic", LONG));
    let destroy = aws.start(DESTROY);
    destroy.wait_for("DELETE_COMPLETE  Queue");
    destroy.signal(Signal::INT);
    let ended = destroy.end();
    assert_no_bug(&ended);
    assert_eq!(ended.code, Some(130), "{ended}");
    assert!(
        ended.stderr.contains("now: the operation goes on in AWS; it was last seen as DELETE_IN_PROGRESS")
    );
    assert!(ended.stderr.contains("hint: docuthinker watch arn:"), "{ended}");
    assert_eq!((aws.endpoint.count("DeleteStack"), aws.status().as_str()), (1, "DELETE_IN_PROGRESS"));
}

// C3
#[test]
fn an_interrupted_watch_changes_nothing() {
    let aws = Aws::new(deployed().hang("Queue"));
    aws.endpoint.update_by_somebody_else("S", &super::template("theirs"));
    let watch = aws.start("watch S");
    watch.wait_for("UPDATE_COMPLETE  Topic");
    watch.signal(Signal::INT);
    let ended = watch.end();
    assert_no_bug(&ended);
    assert_eq!(ended.code, Some(130), "{ended}");
    assert!(ended.stderr.contains("hint: docuthinker watch arn:"), "{ended}");
    assert_eq!(aws.status(), "UPDATE_IN_PROGRESS");
}

// C3
#[test]
fn an_interrupted_look_ends_at_once() {
    for (arguments, action) in [
        ("watch S", "DescribeStacks"),
        ("events S", "DescribeStackEvents"),
        ("diagnose S", "DescribeStackEvents"),
        ("outputs", "DescribeStacks"),
        ("doctor --template t.json --stack-name S", "DescribeStacks"),
        ("diff --template t.json --stack-name S", "GetTemplate"),
    ] {
        let aws = Aws::new(deployed().fault(Fault::new(Wrong::Hangs).on(action).once()));
        let look = aws.start(arguments);
        aws.wait_for(action, 1);
        look.signal(Signal::INT);
        let ended = look.end_within(AT_ONCE);
        assert_no_bug(&ended);
        assert_eq!(ended.code, Some(130), "{arguments}: {ended}");
    }
}

/// Two stacks of the project that do not depend on each other.
const TWO: &str = "deploy DocuThinkerFoundation fargate-service --yes --no-validate --no-preflight \
                   --parameters-file parameters.json";

fn two(scenario: Scenario) -> Aws {
    let aws = Aws::new(scenario);
    let parameters = serde_json::json!({
        "VpcId": "vpc-1", "PublicSubnets": "subnet-1,subnet-2", "BackendImage": "backend:1", "AIMLImage": "aiml:1",
    });
    aws.project.write("parameters.json", parameters.to_string());
    aws
}

// C3
#[test]
fn an_interrupt_leaves_nothing_of_any_of_several_stacks() {
    let hangs = Fault::new(Wrong::Hangs).on("DescribeChangeSet").times(2);
    let aws = two(Scenario::new().fault(hangs));
    let deploy = aws.start(TWO);
    aws.wait_for("DescribeChangeSet", 2);
    deploy.signal(Signal::INT);
    let ended = deploy.end_within(AT_ONCE);
    assert_no_bug(&ended);
    assert_eq!(ended.code, Some(130), "{ended}");
    assert_eq!((aws.endpoint.count("CreateChangeSet"), aws.endpoint.count("ExecuteChangeSet")), (2, 0));
    aws.assert_nothing_is_left();
}

// C3
#[test]
fn an_interrupt_lets_go_of_all_stacks_that_are_being_deployed() {
    let aws = two(Scenario::new().delay(LONG));
    let deploy = aws.start(TWO);
    aws.wait_for("ExecuteChangeSet", 2);
    deploy.signal(Signal::INT);
    let ended = deploy.end();
    assert_no_bug(&ended);
    assert_eq!(ended.code, Some(130), "{ended}");
    assert_eq!(ended.stderr.matches("hint: docuthinker watch arn:").count(), 2, "{ended}");
    for stack in ["DocuThinkerFoundation", "fargate-service"] {
        assert_eq!(aws.endpoint.stack(stack).unwrap().status, "CREATE_IN_PROGRESS");
    }
}
