//! `doctor`: tools, credentials, permissions and quotas, against the scripted AWS.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use endpoint::{Endpoint, Fault, Scenario, Wrong};
use serde_json::Value;

use super::rollout::assert_keeps;
use crate::project::{Outcome, Project};

/// A network with one NAT gateway, a load balancer, and a service that takes two and a half processors.
pub(super) const NET: &str = r#"{"Resources": {
  "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
  "Gateway": {"Type": "AWS::EC2::InternetGateway"},
  "Address": {"Type": "AWS::EC2::EIP"},
  "One": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.0/24"}},
  "Two": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.2.0/24"}},
  "Nat": {"Type": "AWS::EC2::NatGateway", "Properties": {"SubnetId": {"Ref": "One"}}},
  "Web": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Subnets": [{"Ref": "One"}, {"Ref": "Two"}]}},
  "Cluster": {"Type": "AWS::ECS::Cluster"},
  "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
    "Cpu": "512", "Memory": "1024", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"],
    "ContainerDefinitions": [{"Name": "web", "Image": "registry.example/web:v1"}]}},
  "Service": {"Type": "AWS::ECS::Service", "Properties": {
    "Cluster": {"Ref": "Cluster"}, "DesiredCount": 5, "LaunchType": "FARGATE", "TaskDefinition": {"Ref": "Task"}}}
}}"#;
pub(super) const DOCTOR: &str = "doctor --template net.json --stack-name Net";

struct Aws {
    endpoint: Endpoint,
    project: Project,
}

impl Aws {
    /// No program of the machine is on the path but what a test puts into `tools`.
    fn new(scenario: Scenario) -> Aws {
        Aws::of(scenario, Project::new())
    }

    fn of(scenario: Scenario, project: Project) -> Aws {
        let endpoint = Endpoint::start_blocking(scenario);
        let tools = project.path().join("tools");
        fs::create_dir_all(&tools).unwrap();
        let project = project
            .variable("AWS_ENDPOINT_URL", &endpoint.url())
            .variable("AWS_REGION", "us-east-1")
            .variable("PATH", tools.to_str().unwrap());
        project.write("net.json", NET);
        Aws { endpoint, project }
    }

    fn run(&self, arguments: &str) -> Outcome {
        self.project.run(arguments.split(' '))
    }

    /// A program that is called so.
    fn tool(&self, name: &str, script: &str) {
        let path = self.project.write(&format!("tools/{name}"), format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[track_caller]
fn json_of(outcome: &Outcome) -> Value {
    let written: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome}"));
    assert_keeps(include_str!("../../../schemas/doctor-1.json"), &written);
    written
}

/// The lines about a group.
fn about<'a>(outcome: &'a Outcome, group: &str) -> &'a str {
    let after = outcome.stdout.split(&format!("{group}\n")).nth(1).unwrap_or_else(|| panic!("{outcome}"));
    after.split("\n\n").next().unwrap_or_default().trim_end()
}

#[test]
fn permissions_and_room_are_told_with_who_asks_and_where_from() {
    // R323, R324, R325, R326, R327, R328, R329, R330, R331, C-37
    let aws = Aws::new(Scenario::new());
    let outcome = aws.run(DOCTOR);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let number = aws.endpoint.requests_of("SimulatePrincipalPolicy").len();
    assert!((2..80).contains(&number), "{number} questions");
    let actions = about(&outcome, "AWS").split(" allow all ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(actions.parse::<usize>().unwrap() > 100, "{outcome}");
    insta::assert_snapshot!(about(&outcome, "AWS").replace(actions, "N"));
    // The scripted AWS tells no quota of stacks.
    assert!(outcome.stderr.ends_with("nothing is missing, 3 warnings, 1 not looked at\n"), "{outcome}");
    json_of(&aws.run(&format!("{DOCTOR} --output json")));
}

#[test]
fn what_iam_denies_and_quotas_do_not_hold_is_missing_with_the_command_that_helps() {
    // R323, R329, C-37
    let scenario = Scenario::new()
        .stack("Other", r#"{"Resources": {"Vpc": {"Type": "AWS::EC2::VPC"}}}"#, "CREATE_COMPLETE")
        .deny("ec2:CreateVpc")
        .deny("ecs:CreateService")
        .deny_unless("iam:CreateServiceLinkedRole", "aws:CalledVia")
        .quota("L-F678F1CE", 1.0)
        .quota("L-FE5A380F", 0.0)
        .quota("L-3032A538", 2.0);
    let aws = Aws::new(scenario);
    let outcome = aws.run(DOCTOR);
    assert_eq!(outcome.code, Some(3), "{outcome}");
    insta::assert_snapshot!(about(&outcome, "AWS"));
    let written = json_of(&aws.run(&format!("{DOCTOR} --output json")));
    let checks = written["groups"][1]["checks"].as_array().unwrap();
    let missing: Vec<_> = checks.iter().filter(|check| check["state"] == "missing").collect();
    assert_eq!(missing.len(), 4, "{written:#}");
    assert!(missing.iter().all(|check| check["fix"].is_string()), "{written:#}");

    let deployed = aws.run("deploy --template net.json --stack-name Net --yes --no-validate");
    assert_eq!(deployed.code, Some(3), "{deployed}");
    assert!(deployed.stderr.contains("error: VPCs: 1 in us-east-1 and 1 more to come"), "{deployed}");
    assert!(
        deployed.stderr.contains("hint: aws service-quotas request-service-quota-increase"),
        "{deployed}"
    );
    assert_eq!(aws.endpoint.count("CreateChangeSet"), 0);
    let anyhow = aws.run("deploy --template net.json --stack-name Net --yes --no-validate --no-preflight");
    assert_eq!(anyhow.code, Some(0), "{anyhow}");
    let again = aws.run(DOCTOR);
    assert!(!about(&again, "AWS").contains("VPCs"), "what is there needs no room: {again}");
}

#[test]
fn what_is_left_of_a_stack_that_failed_is_no_reason_against_making_it_anew() {
    let scenario = Scenario::new().stack("Net", NET, "ROLLBACK_FAILED").quota("L-F678F1CE", 1.0);
    let aws = Aws::new(scenario);
    let outcome = aws.run(DOCTOR);
    assert!(!about(&outcome, "AWS").contains("VPCs"), "{outcome}");
    let deployed = aws.run("deploy --template net.json --stack-name Net --yes --no-validate");
    assert!(!deployed.stderr.contains("VPCs"), "{deployed}");
    assert_eq!(aws.endpoint.count("GetServiceQuota"), 0);
}

#[test]
fn what_may_not_be_asked_is_unknown_and_no_reason_to_fail() {
    let denied = |action: &'static str| Fault::new(Wrong::Denied).on(action);
    let scenario = Scenario::new().fault(denied("SimulatePrincipalPolicy")).fault(denied("GetServiceQuota"));
    let aws = Aws::new(scenario);
    let outcome = aws.run(DOCTOR);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let compare = "could not look at what arn:aws:iam::123456789012:user/tester may do: not allowed to do \
                   iam:SimulatePrincipalPolicy\n      fix: compare by hand what `docuthinker iam-policy --template net.json \
                   --stack-name Net` prints";
    assert!(outcome.stdout.contains(compare), "{outcome}");
    assert_eq!(aws.endpoint.count("SimulatePrincipalPolicy"), 1, "whoever may not ask is not asked again");
    let quota = "could not look at the quota of VPCs: not allowed to do servicequotas:GetServiceQuota";
    assert!(outcome.stdout.contains(quota), "{outcome}");
    json_of(&aws.run(&format!("{DOCTOR} --output json")));
}

#[test]
fn of_a_session_the_policies_of_its_role_count() {
    let project = Project::new()
        .variable("AWS_ACCESS_KEY_ID", "")
        .variable("AWS_SECRET_ACCESS_KEY", "")
        .variable("AWS_CONFIG_FILE", "aws-config");
    project.write(
        "aws-config",
        "[profile prod]\nrole_arn = arn:aws:iam::123456789012:role/Deploy\nsource_profile = me\n\
         [profile me]\naws_access_key_id = AKIDME\naws_secret_access_key = canary-of-me\n",
    );
    let aws = Aws::of(Scenario::new(), project);
    let outcome = aws.run(&format!("{DOCTOR} --profile prod"));
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let origin = "credentials from the profile `prod`, the region from AWS_REGION; they last for another ";
    assert!(outcome.stdout.contains(origin), "{outcome}");
    let asked = aws.endpoint.requests_of("SimulatePrincipalPolicy");
    let whose = asked.first().and_then(|request| request.parameter("PolicySourceArn").map(str::to_owned));
    assert_eq!(whose.as_deref(), Some("arn:aws:iam::123456789012:role/Deploy"));
    assert!(asked.iter().all(|request| request.service == "iam" && request.region == "us-east-1"));
    assert!(!outcome.to_string().contains("canary"), "{outcome}");
}

#[test]
fn credentials_that_end_soon_are_a_warning() {
    let project = Project::new()
        .variable("AWS_ACCESS_KEY_ID", "")
        .variable("AWS_SECRET_ACCESS_KEY", "")
        .variable("AWS_CONFIG_FILE", "aws-config");
    // The role's sessions are shorter than a deployment may take.
    project.write(
        "aws-config",
        "[profile prod]\nrole_arn = arn:aws:iam::123456789012:role/Deploy\nsource_profile = me\nduration_seconds = 900\n\
         [profile me]\naws_access_key_id = AKIDME\naws_secret_access_key = canary-of-me\n",
    );
    let aws = Aws::of(Scenario::new(), project);
    let outcome = aws.run(&format!("{DOCTOR} --profile prod"));
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(outcome.stdout.contains("they end in 14m"), "{outcome}");
    assert!(
        outcome.stdout.contains("and a deployment may take longer\n      fix: put new keys in"),
        "{outcome}"
    );
}

#[test]
fn programs_are_told_with_their_versions_and_one_that_hangs_holds_nobody() {
    // R319, R320, R321, R322
    let aws = Aws::new(Scenario::new());
    aws.tool("podman", "echo podman version 5.2.2");
    aws.tool("git", "echo git version 2.43.0");
    aws.tool("aws", "echo aws-cli/2.17.0 Python/3.11.9");
    aws.tool("session-manager-plugin", "exec /bin/sleep 600");
    let began = Instant::now();
    let outcome = aws.run(DOCTOR);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(began.elapsed() < Duration::from_mins(2), "{outcome}");
    insta::assert_snapshot!(about(&outcome, "this machine"));
}

#[test]
fn a_docker_without_its_daemon_builds_nothing() {
    let aws = Aws::new(Scenario::new());
    aws.tool("docker", r#"[ "$1" = --version ] && echo "Docker version 27.3.1, build ce12230" || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }"#);
    aws.tool("dnf", "exit 1");
    let outcome = aws.run(DOCTOR);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    insta::assert_snapshot!(about(&outcome, "this machine").replace("arm64", "64bit"));
    aws.tool(
        "docker",
        r#"[ "$1" = --version ] && echo "Docker version 27.3.1, build ce12230" || echo 27.3.1"#,
    );
    let outcome = aws.run(DOCTOR);
    assert!(outcome.stdout.contains("✓ docker 27.3.1 is there\n"), "{outcome}");
}

#[test]
fn who_listens_reads_words_and_nothing_has_colours() {
    let project = Project::new().variable("ACCESSIBLE", "1");
    let aws = Aws::of(Scenario::new().deny("ec2:CreateVpc"), project);
    let outcome = aws.run(DOCTOR);
    assert!(outcome.stdout.contains("\n  missing: not allowed to do ec2: CreateVpc, "), "{outcome}");
    assert!(outcome.stdout.contains("\n  ok: account 123456789012 in us-east-1"), "{outcome}");
    assert!(!outcome.stdout.contains(['✓', '✗', '\u{1b}']), "{outcome}");
}

#[test]
fn what_the_project_has_is_put_right_by_our_own_commands() {
    // C-09
    let project = Project::new();
    let aws = Aws::of(Scenario::new(), project);
    let founded = aws.run(
        "deploy DocuThinkerFoundation --yes --no-validate --no-preflight --set deletion_protection=false",
    );
    assert_eq!(founded.code, Some(0), "{founded}");
    let outcome = aws.run("doctor DocuThinkerStack");
    assert_eq!(outcome.code, Some(3), "{outcome}");
    for said in [
        "fix: docuthinker images push backend --build --tag v1.0\n",
        "fix: docuthinker images push ai-ml --build --tag v1.0\n",
        "fix: docuthinker secrets put docuthinker/mongodb\n",
        "fix: docuthinker secrets put docuthinker/redis\n",
    ] {
        assert!(outcome.stdout.contains(said), "{said} {outcome}");
    }
    let deployed = aws.run("deploy DocuThinkerStack --yes --no-validate --set deletion_protection=false");
    assert_eq!(deployed.code, Some(3), "{deployed}");
    assert!(
        deployed.stderr.contains(
            "hint: docuthinker --set deletion_protection=false images push backend --build --tag v1.0\n"
        ),
        "{deployed}"
    );
    let dev = aws.run("-e dev doctor DocuThinkerStack");
    assert!(!dev.stdout.contains("docuthinker iam-policy"), "{dev}");
}
