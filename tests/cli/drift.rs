//! `drift` against the emulator, which compares resources by itself.

use serde_json::json;

use crate::emulator::Emulator;

// L22
#[test]
fn what_was_changed_past_cloudformation_is_found_and_nothing_before() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let queue =
        json!({ "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "jobs", "DelaySeconds": 5 } });
    let output = json!({ "Url": { "Value": { "Ref": "Queue" } } });
    project.write("t.json", json!({ "Resources": { "Queue": queue }, "Outputs": output }).to_string());
    project.run("deploy --template t.json --stack-name S --local --yes --no-validate".split(' ')).success();
    let before = project.run("drift S --local --exit-code".split(' '));
    assert_eq!(before.code, Some(0), "{before}");
    assert!(before.stdout.starts_with("S: no drift in 1 resource\n"), "{before}");

    let outputs = project.run("outputs --stack-name S --local --output json".split(' ')).json();
    let url = &outputs["stacks"][0]["outputs"][0]["value"];
    let change = json!({ "QueueUrl": url, "Attributes": { "DelaySeconds": "9" } });
    emulator.post_json("sqs", "AmazonSQS.SetQueueAttributes", &change);
    let after = project.run("drift S --local --exit-code".split(' '));
    assert_eq!(after.code, Some(7), "{after}");
    assert!(after.stdout.contains("~ changed Queue (AWS::SQS::Queue)"), "{after}");
    assert!(after.stdout.contains("DelaySeconds: 5 → 9"), "{after}");
}
