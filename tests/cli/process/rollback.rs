//! `events --service` and `rollback --service`: the deployments of a service, and the way back to one of them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use endpoint::{Endpoint, JsonAnswer, Scenario};
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::commands::lasting;
use super::rollout::{assert_keeps, runs, service, web};
use super::{Aws, PATIENCE};
use crate::project::Outcome;

/// The digests that are gone from ECR.
pub(super) type Gone = Arc<Mutex<BTreeSet<String>>>;

/// ECR has every image but those that are gone.
fn with_images(scenario: Scenario) -> (Scenario, Gone) {
    let gone = Gone::default();
    let asked = gone.clone();
    let scenario = scenario
        .answer("BatchGetImage", move |body| {
            let digest = body["imageIds"][0]["imageDigest"].as_str().unwrap_or_default();
            let there = !asked.lock().unwrap().contains(digest);
            let images = if there { json!([{ "imageManifest": "{}" }]) } else { json!([]) };
            Some(JsonAnswer::Ok(json!({ "images": images, "failures": [] })))
        })
        .answer("DescribePullThroughCacheRules", |_| {
            Some(JsonAnswer::Ok(json!({ "pullThroughCacheRules": [] })))
        });
    (scenario, gone)
}

/// An account in which `S` was updated to versions 2 and 3.
pub(super) fn three_versions(scenario: Scenario) -> (Aws, Gone) {
    let (scenario, gone) = with_images(scenario);
    let aws = Aws::new(scenario);
    for version in ["v2", "v3"] {
        update(&aws, "S", &service(&web(version)));
    }
    (aws, gone)
}

#[track_caller]
fn update(aws: &Aws, stack: &str, template: &Value) {
    aws.endpoint.update_by_somebody_else(stack, &template.to_string());
    let done = |endpoint: &Endpoint| endpoint.stack(stack).unwrap().status == "UPDATE_COMPLETE";
    assert!(aws.endpoint.wait_until(PATIENCE, done), "{:?}", aws.endpoint.stack(stack));
}

fn deployments(aws: &Aws) -> Value {
    aws.run("events S --service api --output json").json()
}

/// The digest of the image of a version.
fn digest(aws: &Aws, number: i64) -> String {
    let all = deployments(aws);
    let found = all["deployments"].as_array().unwrap().iter().find(|one| one["number"] == number);
    found.unwrap()["images"][0]["digest"].as_str().unwrap().to_owned()
}

/// Without what depends on when it was looked at.
fn told(aws: &Aws, outcome: &Outcome) -> String {
    let text = lasting(aws, outcome);
    let lines =
        text.lines().filter(|line| !line.contains("tasks running") && !line.contains("earlier deployments"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The image that the stack's template has now.
fn image(aws: &Aws) -> Value {
    let sent = aws.endpoint.requests_of("CreateChangeSet");
    let text = sent.last().unwrap().parameter("TemplateBody").unwrap().to_owned();
    let template: Value = serde_json::from_str(&text).unwrap();
    template["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0]["Image"].clone()
}

#[test]
fn the_deployments_of_a_service_are_listed_with_their_images() {
    // R070
    // R268
    let (aws, _) = three_versions(runs());
    assert_eq!(aws.run("redeploy api --stack S").code, Some(0));
    let listed = aws.run("events S --service api");
    assert_snapshot!(lasting(&aws, &listed), @"
    exit: 0
    --- stdout ---
          registered (UTC)     by               outcome
    * v3  [DATE] [TIME]  UPDATE [OP 4]  runs, deployed 2 times
          web: web:v3@58bbf79e1ba0
      v2  [DATE] [TIME]  UPDATE [OP 3]  succeeded
          web: web:v2@58bbf89e1ba0
      v1  [DATE] [TIME]  CREATE [OP 1]  succeeded
          web: web:v1@58bbf99e1ba0
    --- stderr ---
    ");
    assert!(listed.stdout.lines().all(|line| line.chars().count() <= 80), "{listed}");
    let all = deployments(&aws);
    assert_keeps(include_str!("../../../schemas/deployments-1.json"), &all);
    assert_eq!((&all["current"], &all["family"], &all["service"]), (&json!(3), &json!("api"), &json!("api")));
}

#[test]
fn a_service_goes_back_to_the_digest_that_ran_before_and_nothing_else_changes() {
    // C-13
    let (aws, _) = three_versions(runs());
    let digest = digest(&aws, 2);
    let back = aws.run("rollback S --service api --yes");
    assert_snapshot!(told(&aws, &back).replace(&digest, "[DIGEST]"), @"
    exit: 0
    --- stderr ---
          registered (UTC)     by               outcome
    * v3  [DATE] [TIME]  UPDATE [OP 4]  runs
          web: web:v3@58bbf79e1ba0
      v2  [DATE] [TIME]  UPDATE [OP 3]  succeeded
          web: web:v2@58bbf89e1ba0
      v1  [DATE] [TIME]  CREATE [OP 1]  succeeded
          web: web:v1@58bbf99e1ba0
    S: looking at the stack as it is
    S: asking CloudFormation what would change
    S will be changed:
      replaced (1):
        ± Task (AWS::ECS::TaskDefinition): ContainerDefinitions; the old one stays in the account, outside of the stack
      changed (1):
        ~ ApiService (AWS::ECS::Service): Properties
    S: deploying
    [TIME]  UPDATE_IN_PROGRESS  S (AWS::CloudFormation::Stack)  User Initiated
    [TIME]  UPDATE_IN_PROGRESS  Task (AWS::ECS::TaskDefinition)  Requested update requires the creation of a new physical resource; hence creating one.
    [TIME]  UPDATE_COMPLETE  Task (AWS::ECS::TaskDefinition)
    [TIME]  UPDATE_COMPLETE  ApiService (AWS::ECS::Service)
    [TIME]  DELETE_SKIPPED  Task (AWS::ECS::TaskDefinition)
    [TIME]  UPDATE_COMPLETE  S (AWS::CloudFormation::Stack)
    api is rolled back to the images of v2
    warning: the next deployment of S goes forward again
    hint: name the image by its digest in the template to stay there
    ");
    assert_eq!(image(&aws), json!(format!("{}@{digest}", super::rollout::REGISTRY.to_owned() + "/web")));
    let now = deployments(&aws);
    assert_eq!((&now["current"], &now["deployments"][0]["images"][0]["digest"]), (&json!(4), &json!(digest)));
    let first = aws.run("rollback S --service api --to v1 --yes --output json").json();
    assert_keeps(include_str!("../../../schemas/rollback-1.json"), &first);
    assert_eq!(first["to"], 1);
}

#[test]
fn the_doctor_tells_where_a_service_can_go_back_to() {
    // C-36
    let (aws, gone) = three_versions(runs());
    aws.project.write("s.json", service(&web("v3")).to_string());
    let doctor = || aws.run("doctor --template s.json --stack-name S").success();
    let there = doctor();
    assert!(there.contains("✓ api can go back to v2, v1: the images are there\n"), "{there}");
    gone.lock().unwrap().insert(digest(&aws, 2));
    let half = doctor();
    assert!(half.contains("! api can go back only to v1: the images of v2 are gone\n"), "{half}");
}

#[test]
fn nobody_goes_back_to_an_image_that_is_gone() {
    let (aws, gone) = three_versions(runs());
    gone.lock().unwrap().insert(digest(&aws, 2));
    let refused = aws.run("rollback S --service api --to v2 --yes");
    let digest = digest(&aws, 2);
    assert_snapshot!(told(&aws, &refused).replace(&digest, "[DIGEST]"), @"
    exit: 3
    --- stderr ---
    error: v2 cannot run: the image 123456789012.dkr.ecr.us-east-1.amazonaws.com/web@[DIGEST] is not there
    hint: one can still go back to v1
    ");
    let fast = aws.run("rollback S --service api --to v2 --fast --yes");
    assert_eq!(fast.code, Some(3), "{fast}");
    assert!(fast.stderr.contains("v2 cannot run"), "{fast}");
    assert_eq!((aws.endpoint.count("CreateChangeSet"), aws.endpoint.count("UpdateService")), (0, 0));
}

#[test]
fn a_fast_rollback_changes_the_service_and_says_that_the_stack_drifts() {
    // R264, R291
    let (aws, _) = three_versions(runs());
    let unasked = aws.run("rollback S --service api --fast --to v1");
    assert_eq!(unasked.code, Some(3), "{unasked}");
    assert!(unasked.stderr.contains("to go on without a question, add `--yes`"), "{unasked}");
    assert_eq!(aws.endpoint.count("UpdateService"), 0);
    assert_snapshot!(told(&aws, &aws.run("rollback S --service api --fast --to v1 --yes")), @"
    exit: 0
    --- stderr ---
    S: deploying
    api is rolled back: 2 of 2 tasks run api:1
    warning: S now drifts: its template has another revision, and a deployment that changes the service brings that back
    hint: to bring the images into the stack: `docuthinker rollback S --service api --to v1`
    ");
    assert_eq!(aws.endpoint.count("CreateChangeSet"), 0);
    let now = deployments(&aws);
    assert_eq!((&now["current"], &now["deployments"][2]["ending"]), (&json!(1), &json!("runs")));
    // To what the stack declares is no drift, and no way back.
    let forward = aws.run("rollback S --service api --fast --to v3 --yes");
    assert_snapshot!(told(&aws, &forward), @"
    exit: 0
    --- stderr ---
    S: deploying
    api went forward: 2 of 2 tasks run api:3, as S declares it
    ");
    let again = aws.run("rollback S --service api --fast --to v1 --require-approval never");
    assert_eq!(again.code, Some(0), "{again}");
    // The command that it tells.
    let back = aws.run("rollback S --service api --to v1 --yes");
    assert_eq!(back.code, Some(0), "{back}");
    assert_eq!(deployments(&aws)["current"], 4);
}

#[test]
fn a_fast_rollback_stops_a_deployment_that_is_in_progress() {
    let (aws, _) = three_versions(runs().hang_rollout("api"));
    let redeploy = aws.run("redeploy api --stack S --timeout 1s");
    assert_eq!(redeploy.code, Some(8), "{redeploy}");
    let stopped = aws.run("rollback S --service api --fast --yes");
    assert_eq!(stopped.code, Some(0), "{stopped}");
    assert_eq!((aws.endpoint.count("StopServiceDeployment"), aws.endpoint.count("UpdateService")), (1, 1));
    assert!(
        stopped.stderr.contains("api is rolled back: 2 of 2 tasks run api:3, as S declares it"),
        "{stopped}"
    );
}

#[test]
fn stopping_a_deployment_goes_back_only_to_images_that_are_there_and_tells_of_drift() {
    let (aws, gone) = three_versions(runs().hang_rollout_after("api", 1));
    let first = aws.run("rollback S --service api --fast --to v1 --yes");
    assert_eq!(first.code, Some(0), "{first}");
    let redeploy = aws.run("redeploy api --stack S --timeout 1s");
    assert_eq!(redeploy.code, Some(8), "{redeploy}");
    let digest = digest(&aws, 1);
    gone.lock().unwrap().insert(digest.clone());
    let refused = aws.run("rollback S --service api --fast --yes");
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("error: v1 cannot run"), "{refused}");
    assert_eq!(aws.endpoint.count("StopServiceDeployment"), 0);
    gone.lock().unwrap().remove(&digest);
    let stopped = aws.run("rollback S --service api --fast --yes");
    assert_eq!(stopped.code, Some(0), "{stopped}");
    assert!(stopped.stderr.contains("2 of 2 tasks run api:1\n"), "{stopped}");
    assert!(stopped.stderr.contains("warning: S now drifts"), "{stopped}");
}

#[test]
fn what_cannot_be_gone_back_to_is_refused_with_what_can() {
    let (aws, gone) = three_versions(runs());
    let unknown = aws.run("rollback S --service api --to v9");
    assert_eq!(unknown.code, Some(2), "{unknown}");
    assert!(unknown.stderr.contains("hint: there are v3, v2, v1"), "{unknown}");
    let there = aws.run("rollback S --service api --to v3");
    assert_eq!(there.code, Some(3), "{there}");
    assert!(there.stderr.contains("api is at v3 already"), "{there}");
    let mut other = service(&web("v3"));
    other["Resources"]["Task"]["Properties"]["Cpu"] = json!("512");
    update(&aws, "S", &other);
    let same = aws.run("rollback S --service api --to v3 --yes");
    assert_eq!(same.code, Some(3), "{same}");
    assert!(same.stderr.contains("v3 has the images of v4, which api has now"), "{same}");
    assert!(same.stderr.contains("`docuthinker rollback S --service api --to v3 --fast`"), "{same}");
    gone.lock().unwrap().insert(digest(&aws, 3));
    let gone = aws.run("rollback S --service api --to v3 --yes");
    assert!(gone.stderr.contains("hint: deploy the settings of that time\n"), "{gone}");
    let unattended = aws.run("rollback --service");
    assert_eq!(unattended.code, Some(2), "{unattended}");
    let first = Aws::new(runs());
    let nothing = first.run("rollback S --service api");
    assert_eq!(nothing.code, Some(4), "{nothing}");
}

#[test]
fn an_image_that_a_parameter_names_is_changed_there() {
    let template = |image: &str| {
        let mut template = service(&json!({ "Ref": "Image" }));
        template["Parameters"] = json!({ "Image": { "Type": "String", "Default": web(image) } });
        template
    };
    let (scenario, _) =
        with_images(Scenario::new().stack("S", &template("v1").to_string(), "UPDATE_COMPLETE"));
    let aws = Aws::new(scenario);
    update(&aws, "S", &template("v2"));
    let back = aws.run("rollback S --service api --yes");
    assert_eq!(back.code, Some(0), "{back}");
    let sent = &aws.endpoint.requests_of("CreateChangeSet")[0];
    let given = sent.parameter("Parameters.member.1.ParameterValue").unwrap_or_default();
    assert!(given.starts_with(super::rollout::REGISTRY) && given.contains("@sha256:"), "{given}");
    assert_eq!(image(&aws), json!({ "Ref": "Image" }));
}

#[test]
fn a_projects_setting_that_names_the_digest_keeps_the_service_there() {
    let aws = Aws::new(Scenario::new());
    let template = |image: &str| {
        aws.run(&format!("synth DocuThinkerStack --format json --set backend.image={image}")).json()
    };
    let (one, two) = (template("v1"), template("v2"));
    let aws = Aws::new(
        Scenario::new()
            .stack("DocuThinkerStack", &one.to_string(), "UPDATE_COMPLETE")
            .protected()
            .bucket("docuthinker-templates-123456789012-us-east-1"),
    );
    update(&aws, "DocuThinkerStack", &two);
    let back = aws.run("rollback DocuThinkerStack --service backend --yes");
    assert_eq!(back.code, Some(0), "{back}");
    let hint = back.stderr.split("set `backend.image: ").nth(1).and_then(|rest| rest.split('`').next());
    let digest = hint.unwrap_or_else(|| panic!("{back}"));
    let diff = aws.run(&format!("diff DocuThinkerStack --exit-code --set backend.image={digest}"));
    assert_eq!(diff.code, Some(0), "{diff}");
    let other = aws.run("diff DocuThinkerStack --exit-code --set backend.image=v2");
    assert_eq!(other.code, Some(7), "{other}");
}
