//! The pipeline that tests, builds and deploys.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Templates, merge, refused, templates};

fn pipeline(changes: Value) -> Value {
    let mut pipeline = json!({
        "connection_arn": "arn:aws:codeconnections:us-east-1:123456789012:connection/1",
        "repository": "docuthinker/docuthinker",
        "environment": "prod",
        "deploy_role_arn": "arn:aws:iam::123456789012:role/deploy",
    });
    merge(&mut pipeline, changes);
    json!({"pipeline": pipeline})
}

fn stages(templates: &Templates) -> Vec<String> {
    let stages = templates.properties("Pipeline")["Stages"].as_array().expect("stages");
    stages.iter().map(|stage| stage["Name"].as_str().expect("a name").to_owned()).collect()
}

fn commands(templates: &Templates, project: &str) -> String {
    let spec = templates.properties(project)["Source"]["BuildSpec"].as_str().expect("a build specification");
    let spec: Value = serde_json::from_str(spec).expect("it is JSON");
    let commands = spec["phases"]["build"]["commands"].as_array().expect("commands");
    let lines: Vec<&str> = commands.iter().filter_map(Value::as_str).collect();
    lines.join("\n")
}

#[test]
fn there_is_no_pipeline_unless_it_is_asked_for() {
    assert!(templates("prod", json!({})).0.get("DocuThinkerPipeline").is_none());
}

#[test]
fn a_commit_is_built_approved_and_deployed() {
    // R012, R312
    let with = templates("prod", pipeline(json!({"approvers": ["lead@example.com"]})));
    assert_eq!(stages(&with), ["Source", "Build", "Approve", "Deploy"]);
    assert_eq!(with.count("AWS::SNS::Subscription"), 1);
    let without = templates("prod", pipeline(json!({"approval": false})));
    assert_eq!(stages(&without), ["Source", "Build", "Deploy"]);
    assert_eq!(without.count("AWS::SNS::Topic"), with.count("AWS::SNS::Topic") - 1);
}

#[test]
fn the_build_tests_and_pushes_images_by_commit_and_hands_on_their_digests() {
    // R311, R318, C-11
    let templates = templates("prod", pipeline(json!({})));
    assert_snapshot!(commands(&templates, "Build"), @r#"
    (cd backend && npm ci && npm test)
    (cd ai_ml && python3 -m venv .venv && .venv/bin/pip install --quiet -r requirements.txt pytest && .venv/bin/pytest)
    aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
    aws ecr describe-images --repository-name "$BACKEND_REPOSITORY" --image-ids imageTag="$COMMIT" >/dev/null 2>&1 || (docker build --tag "$REGISTRY/$BACKEND_REPOSITORY:$COMMIT" backend && docker push "$REGISTRY/$BACKEND_REPOSITORY:$COMMIT")
    BACKEND_DIGEST=$(aws ecr describe-images --repository-name "$BACKEND_REPOSITORY" --image-ids imageTag="$COMMIT" --query 'imageDetails[0].imageDigest' --output text) && export BACKEND_DIGEST
    aws ecr describe-images --repository-name "$AI_ML_REPOSITORY" --image-ids imageTag="$COMMIT" >/dev/null 2>&1 || (docker build --tag "$REGISTRY/$AI_ML_REPOSITORY:$COMMIT" ai_ml && docker push "$REGISTRY/$AI_ML_REPOSITORY:$COMMIT")
    AI_ML_DIGEST=$(aws ecr describe-images --repository-name "$AI_ML_REPOSITORY" --image-ids imageTag="$COMMIT" --query 'imageDetails[0].imageDigest' --output text) && export AI_ML_DIGEST
    "#);
    assert_eq!(templates.properties("Build")["Environment"]["PrivilegedMode"], true);
    let deploy = &templates.properties("Pipeline")["Stages"][3]["Actions"][0]["Configuration"];
    assert_snapshot!(deploy["EnvironmentVariables"].as_str().expect("variables"), @r##"
    [{"name":"BACKEND_DIGEST","value":"#{Build.BACKEND_DIGEST}","type":"PLAINTEXT"},{"name":"AI_ML_DIGEST","value":"#{Build.AI_ML_DIGEST}","type":"PLAINTEXT"}]
    "##);
}

#[test]
fn the_deployment_takes_one_role_and_deploys_digests_and_everything_but_the_pipeline() {
    // R312, C-12
    let templates = templates("prod", pipeline(json!({})));
    assert_snapshot!(commands(&templates, "Deploy"), @r#"
    cd infrastructure
    cargo build --locked
    printf '[profile deploy]\nrole_arn = %s\ncredential_source = EcsContainer\n' "$DEPLOY_ROLE" >"$AWS_CONFIG_FILE"
    cargo run --quiet --locked -- deploy DocuThinkerStack --yes --set backend.image="$BACKEND_DIGEST" --set ai_ml.image="$AI_ML_DIGEST"
    "#);
    let environment = &templates.properties("Deploy")["Environment"];
    assert!(environment["PrivilegedMode"].is_null());
    let policies = templates.properties("DeployRole")["Policies"].to_string();
    assert!(
        policies.contains(r#""Action":"sts:AssumeRole","Resource":"arn:aws:iam::123456789012:role/deploy""#)
    );
    for action in ["\"cloudformation:", "\"iam:", "\"ecs:", "\"ecr:"] {
        assert!(!policies.contains(action), "{policies}");
    }
}

#[test]
fn images_are_built_for_the_processor_that_they_run_on() {
    let mut changes = pipeline(json!({}));
    merge(&mut changes, json!({"backend": {"architecture": "arm64"}, "ai_ml": {"architecture": "arm64"}}));
    let templates = templates("prod", changes);
    for project in ["Build", "Deploy"] {
        assert_eq!(templates.properties(project)["Environment"]["Type"], "ARM_CONTAINER");
    }
}

#[test]
fn pipelines_that_cannot_run_are_refused_with_their_keys() {
    let mut changes = pipeline(json!({
        "connection_arn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/1",
        "repository": "docuthinker",
        "branch": "main; id",
        "environment": "$(id)",
        "folder": "../elsewhere",
        "rust_image": "rust latest",
        "deploy_role_arn": "deploy",
        "approval": false,
        "approvers": ["lead"],
    }));
    merge(&mut changes, json!({"ai_ml": {"architecture": "arm64"}}));
    assert_snapshot!(refused(changes), @"
    error[DC010]: the connection is in eu-west-1, the pipeline in us-east-1
      at settings.pipeline.connection_arn

    hint: make a connection in the pipeline's region

    error[DC010]: `deploy` is not the ARN of a role
      at settings.pipeline.deploy_role_arn

    hint: it looks like `arn:aws:iam::123456789012:role/deploy`

    error[DC010]: `main; id` cannot be the branch
      at settings.pipeline.branch

    hint: begin with a letter or digit; go on with letters, digits, `.`, `_`, `-` and slashes; a folder is below the root

    error[DC010]: `$(id)` cannot be the environment
      at settings.pipeline.environment

    hint: begin with a letter or digit; go on with letters, digits, `.`, `_`, `-` and slashes; a folder is below the root

    error[DC010]: `../elsewhere` cannot be the folder
      at settings.pipeline.folder

    hint: begin with a letter or digit; go on with letters, digits, `.`, `_`, `-` and slashes; a folder is below the root

    error[DC010]: `rust latest` cannot be the rust image
      at settings.pipeline.rust_image

    hint: begin with a letter or digit; go on with letters, digits, `.`, `_`, `-` and slashes; a folder is below the root

    error[DC010]: `docuthinker` is not a repository
      at settings.pipeline.repository

    hint: write its owner and its name: `owner/name`

    error[DC010]: `lead` is not an email address
      at settings.pipeline.approvers[0]

    hint: write `name@example.com`

    error[DC010]: `pipeline.approvers` are named, but `pipeline.approval` is off
      at settings.pipeline.approvers

    hint: switch the approval on, or leave the approvers out

    error[DC010]: `backend.architecture` and `ai_ml.architecture` differ, and one machine builds both images
      at settings.pipeline

    hint: give both services the same architecture, or leave `pipeline` out
    ");
    let wrong = pipeline(json!({"connection_arn": "arn:aws:iam::123456789012:role/deploy"}));
    assert_snapshot!(refused(wrong), @"
    error[DC010]: `arn:aws:iam::123456789012:role/deploy` is not the ARN of a connection
      at settings.pipeline.connection_arn

    hint: it looks like `arn:aws:codeconnections:us-east-1:123456789012:connection/…`
    ");
}
