//! A secret in every place where a user may have one: it is in nothing that is written, and in one request only.

use std::fs;
use std::path::Path;

use endpoint::{Endpoint, Scenario};
use serde_json::json;

use crate::project::{Outcome, Project};

/// A piece of every secret of these tests.
const CANARY: &str = "canary-5f1c9d2e";

/// A database with a password from a parameter, and a task that reads one from Secrets Manager.
fn template(name: &str) -> String {
    let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:password::";
    let container = json!({
        "Name": "web", "Image": "public.ecr.aws/nginx/nginx:1", "Essential": true,
        "Secrets": [{ "Name": "PASSWORD", "ValueFrom": secret }],
    });
    let role = "arn:aws:iam::123456789012:role/execution";
    let database = json!({
        "Engine": "postgres", "MasterUsername": "me", "MasterUserPassword": { "Ref": "Password" },
        "Tags": [{ "Key": "name", "Value": name }],
    });
    json!({
        "Parameters": { "Password": { "Type": "String", "NoEcho": true } },
        "Resources": {
            "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": {
                "Family": name, "ExecutionRoleArn": role, "ContainerDefinitions": [container] } },
            "Database": { "Type": "AWS::RDS::DBCluster", "DeletionPolicy": "Retain", "Properties": database },
        },
        "Outputs": { "Database": { "Value": { "Ref": "Database" } } },
    })
    .to_string()
}

/// An account where Secrets Manager gives the secret out to whoever may read it.
fn account() -> Scenario {
    Scenario::new()
        .answer("DescribeSecret", |_| Some(json!({ "VersionIdsToStages": { "v1": ["AWSCURRENT"] } }).into()))
        .answer("GetSecretValue", |_| {
            let value = json!({ "password": format!("{CANARY}-of-the-store") }).to_string();
            Some(json!({ "SecretString": value, "VersionStages": ["AWSCURRENT"] }).into())
        })
}

/// A folder with the secret in a file of parameters and in variables, some of which the command itself reads.
fn project(endpoint: &Endpoint) -> Project {
    let secret = |of: &str| format!("{CANARY}-of-the-{of}");
    let project = Project::new()
        .variable("AWS_ENDPOINT_URL", &endpoint.url())
        .variable("AWS_REGION", "us-east-1")
        .variable("AWS_SECRET_ACCESS_KEY", &secret("key"))
        .variable("AWS_SESSION_TOKEN", &secret("session"))
        .variable("DATABASE_PASSWORD", &secret("environment"))
        .variable("DOCUTHINKER_TOKEN", &secret("command"))
        .variable("RUST_LOG", "trace")
        .variable("RUST_BACKTRACE", "full");
    project.write("t.json", template("new"));
    project.write("parameters.json", json!({ "Password": secret("file") }).to_string());
    project
}

const ON_STACK: &str = "--template t.json --stack-name S";

/// Every command that reads or writes AWS, in the order of a stack's life; how the deployment ends is `deployed`.
fn commands(deployed: i32) -> Vec<(String, i32)> {
    let with = "--parameters-file parameters.json";
    let deploy = format!("deploy {ON_STACK} {with} --yes --no-validate --outputs-file outputs.json");
    vec![
        (format!("doctor {ON_STACK} {with}"), 0),
        (deploy, deployed),
        (format!("diff {ON_STACK}"), 0),
        ("watch S".to_owned(), deployed),
        ("events S".to_owned(), 0),
        ("diagnose S".to_owned(), 0),
        ("outputs".to_owned(), 4),
        ("destroy --stack-name S --yes".to_owned(), 0),
    ]
}

/// Nothing that was written below the folder has it, but for what was put there.
fn assert_no_file_has_it(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            assert_no_file_has_it(&path);
        } else if path.file_name().is_some_and(|name| name != "parameters.json") {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains(CANARY), "{}: {text}", path.display());
        }
    }
}

/// Requests have it in one place only: as the parameter's value, in the orders to make a change set. Neither a header nor
/// a body of S3 has it, but for the session token, whose place is a header.
fn assert_only_the_parameter_is_sent(endpoint: &Endpoint) {
    let mut sent = 0;
    for request in endpoint.requests() {
        let session = format!("x-amz-security-token: {CANARY}-of-the-session\n");
        let whole = request.whole.replacen(&session, "", 1);
        let expected = usize::from(request.action == "CreateChangeSet");
        assert_eq!(whole.matches(CANARY).count(), expected, "{whole}");
    }
    for mut request in endpoint.requests() {
        if request.action == "CreateChangeSet" {
            let before = request.parameters.len();
            request.parameters.retain(|name, value| {
                let is_value = name.starts_with("Parameters.member.") && name.ends_with(".ParameterValue");
                !(is_value && value.contains(CANARY))
            });
            assert_eq!(before - request.parameters.len(), 1, "{request:?}");
            sent += 1;
        }
        request.whole.clear();
        let session = request.session_token.take();
        assert!(session.is_none_or(|token| token.ends_with("-of-the-session")));
        assert!(!format!("{request:?}").contains(CANARY), "{request:?}");
    }
    assert_eq!(sent, 1);
    assert!(endpoint.count("GetSecretValue") > 0, "the store was asked, so that there was something to tell");
}

#[track_caller]
fn assert_silent(arguments: &str, outcome: &Outcome) {
    assert!(!outcome.to_string().contains(CANARY), "{arguments}: {outcome}");
}

/// A stack's whole life, with these options, from a template with so many bytes of comment.
fn life(scenario: Scenario, deployed: i32, options: &str, comment: usize) -> Endpoint {
    let endpoint = Endpoint::start_blocking(scenario);
    let project = project(&endpoint);
    let mut template: serde_json::Value = serde_json::from_str(&template("new")).unwrap();
    template["Metadata"] = json!({ "Comment": "-".repeat(comment) });
    project.write("t.json", template.to_string());
    for (arguments, code) in commands(deployed) {
        let arguments = format!("{arguments}{options}");
        let outcome = project.run(arguments.split(' '));
        assert_silent(&arguments, &outcome);
        assert_eq!(outcome.code, Some(code), "{arguments}: {outcome}");
    }
    assert_no_file_has_it(project.path().parent().unwrap());
    assert_only_the_parameter_is_sent(&endpoint);
    endpoint
}

const OPTIONS: [&str; 4] = ["", " --verbose", " --output json --verbose", " --progress json --verbose"];

// S1
#[test]
fn a_secret_is_told_nowhere_in_the_life_of_a_stack() {
    for options in OPTIONS {
        life(account(), 0, options, 0);
    }
}

// S1
#[test]
fn a_secret_is_told_nowhere_when_the_deployment_fails() {
    for options in OPTIONS {
        life(account().fail("Database", "the version is not supported"), 1, options, 0);
    }
}

// S1
#[test]
fn a_secret_is_not_uploaded_with_a_template_that_is_too_large_to_be_sent() {
    let bucket = "docuthinker-templates-123456789012-us-east-1";
    let endpoint = life(account().bucket(bucket), 0, "", 60_000);
    assert!(
        endpoint.count("PutObject") > 0,
        "the template was uploaded, so that there was something to hold it"
    );
}

// S1
#[test]
fn a_secret_on_the_command_line_is_not_repeated() {
    let endpoint = Endpoint::start_blocking(account());
    let project = project(&endpoint);
    project.write("t.json", template("new").replace("Retain", "Delete"));
    let deploy = format!("deploy {ON_STACK} --yes --no-validate --parameter Password={CANARY}");
    project.run(deploy.split(' ')).success();
    // Refused, with the command that would go on: the database would go.
    let without = json!({ "Parameters": { "Password": { "Type": "String", "NoEcho": true } },
        "Resources": { "Topic": { "Type": "AWS::SNS::Topic" } } });
    project.write("t.json", without.to_string());
    for more in ["", " --output json", " --verbose"] {
        let deploy = format!("{deploy}{more}");
        let refused = project.run(deploy.split(' '));
        assert_silent(&deploy, &refused);
        assert_eq!(refused.code, Some(3), "{refused}");
    }
    let wrong = format!("deploy {ON_STACK} --yes --no-validate --parameter Pasword={CANARY}");
    let refused = project.run(wrong.split(' '));
    assert_silent(&wrong, &refused);
    assert_eq!(refused.code, Some(2), "{refused}");
}
