//! What AWS repeats of a secret is not shown.

use endpoint::{Endpoint, Scenario};

use crate::project::Project;

const CANARY: &str = "canary-\"sk\"-deeply-hidden";

// S1
#[test]
fn the_value_of_a_noecho_parameter_is_not_shown_where_aws_repeats_it() {
    let reason = format!("Invalid request: value '{CANARY}' does not match");
    let template = serde_json::json!({
        "Parameters": { "Key": { "Type": "String", "NoEcho": true } },
        "Resources": { "Topic": { "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": { "Ref": "Key" } } } },
    });
    let project = Project::new();
    project.write("t.json", template.to_string());
    project.write("p.json", serde_json::json!({ "Key": CANARY }).to_string());
    let deploy = "deploy --template t.json --stack-name S --parameters-file p.json --yes --no-validate";
    for form in ["--progress plain", "--progress json", "--output json", "--verbose"] {
        let endpoint = Endpoint::start_blocking(Scenario::new().fail("Topic", &reason));
        let mut command = project.command(deploy.split(' ').chain(form.split(' ')));
        command.env("AWS_ENDPOINT_URL", endpoint.url()).env("AWS_REGION", "us-east-1");
        let outcome = project.outcome(command.output().unwrap());
        assert_eq!(outcome.code, Some(1), "{outcome}");
        let written = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!written.contains("deeply-hidden"), "{outcome}");
        assert!(written.contains("value '****' does not match"), "{outcome}");
    }
}
