//! The commands that messages name keep the environment and the AWS of the run, against the scripted AWS.

use endpoint::Scenario;
use serde_json::json;

use super::services::{TEN, aws, running};
use super::{Aws, deployed, template};

/// Runs the command with the options of another environment and of this AWS, and looks for a command that it tells, also
/// to programs.
#[track_caller]
fn assert_tells(aws: &Aws, arguments: &str, command: &str) {
    for form in ["", " --output json"] {
        assert_shows(aws, &format!("{arguments}{form}"), command);
    }
}

#[track_caller]
fn assert_shows(aws: &Aws, arguments: &str, command: &str) {
    let options = format!("-e dev --region us-east-1 --endpoint-url {}", aws.endpoint.url());
    let run = aws.run(&format!("{options} {arguments}"));
    let told = format!("docuthinker {options} {command}");
    let text = format!("{}{}", run.stdout, run.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&told), "`{told}` is not told by `{arguments}`\n{run}");
}

#[test]
fn what_is_not_deployed_is_deployed_in_the_same_place() {
    let aws = Aws::new(Scenario::new());
    for arguments in [
        "status",
        "status --stack DocuThinkerStack",
        "drift DocuThinkerStack",
        "outputs DocuThinkerStack",
        "redeploy backend",
        "scale backend 2",
        "logs backend",
        "secrets list",
    ] {
        assert_tells(&aws, arguments, "deploy DocuThinkerStack");
    }
}

#[test]
fn what_the_engine_tells_to_do_is_done_in_the_same_place() {
    let aws = Aws::new(deployed());
    assert_tells(&aws, "cancel S", "events S");
    assert_tells(&aws, "rollback S", "events S");
    let aws = Aws::new(Scenario::new().stack("S", &template("old"), "UPDATE_ROLLBACK_FAILED"));
    assert_tells(&aws, "diagnose S", "rollback S");
}

#[test]
fn what_status_tells_to_do_is_done_in_the_same_place() {
    let secret = json!({ "ARN": "a", "Name": "app", "VersionIdsToStages": { "v1": ["AWSCURRENT"] } });
    let versions = json!({ "Versions": [{ "VersionId": "v1", "CreatedDate": TEN / 1000 + 3600 }] });
    let aws = aws(running(false)
        .answer("DescribeSecret", move |_| Some(secret.clone().into()))
        .answer("ListSecretVersionIds", move |_| Some(versions.clone().into())));
    assert_shows(&aws, "status --stack S", "redeploy backend");
}
