//! Several stacks in one run, and what is seen of them meanwhile, against the emulator.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::project::{Outcome, Project};

/// A network, whose ids become the parameters of the portable template in `parameters.json`.
fn network(project: &Project) {
    let subnet = |block: &str, zone: &str| {
        let properties = json!({ "VpcId": { "Ref": "Vpc" }, "CidrBlock": block, "AvailabilityZone": zone });
        json!({ "Type": "AWS::EC2::Subnet", "Properties": properties })
    };
    let resources = json!({
        "Vpc": { "Type": "AWS::EC2::VPC", "Properties": { "CidrBlock": "10.1.0.0/16" } },
        "A": subnet("10.1.1.0/24", "us-east-1a"),
        "B": subnet("10.1.2.0/24", "us-east-1b"),
    });
    let ids = ["Vpc", "A", "B"].map(|id| (id.to_owned(), json!({ "Value": { "Ref": id } })));
    let outputs: serde_json::Map<String, Value> = ids.into_iter().collect();
    project.write("network.json", json!({ "Resources": resources, "Outputs": outputs }).to_string());
    let deploy = "deploy --template network.json --stack-name network --outputs-file ids.json --local --yes";
    project.run(deploy.split(' ')).success();
    let ids: Value = serde_json::from_str(&project.read("ids.json")).unwrap();
    let id = |name: &str| ids["network"][name].as_str().unwrap();
    let parameters = json!({
        "VpcId": id("Vpc"), "PublicSubnets": format!("{},{}", id("A"), id("B")),
        "BackendImage": "backend:1", "AIMLImage": "aiml:1",
    });
    project.write("parameters.json", parameters.to_string());
}

/// Two stacks that do not depend on each other.
const BOTH: &str =
    "deploy DocuThinkerFoundation fargate-service --local --yes --parameters-file parameters.json";

// failure 30
#[test]
fn stacks_that_do_not_depend_on_each_other_are_deployed_side_by_side_and_again_changes_nothing() {
    let emulator = Emulator::with_delay(200);
    let project = &emulator.project;
    network(project);
    let first = project.run(BOTH.split(' '));
    assert_eq!(first.code, Some(0), "{first}");
    let at = |text: &str| first.stderr.find(text).unwrap_or_else(|| panic!("{text} {first}"));
    assert!(at("\nDocuThinkerFoundation  ") < at("\nfargate-service is deployed"), "side by side: {first}");
    assert!(at("\nfargate-service  ") < at("\nDocuThinkerFoundation is deployed"), "side by side: {first}");
    assert!(first.stderr.contains("✓ done         DocuThinkerFoundation  us-east-1"), "{first}");
    assert!(first.stderr.contains("✓ done         fargate-service        us-east-1"), "{first}");

    let again = project.run(BOTH.split(' ').chain(["--concurrency", "1", "--output", "json"])).json();
    let states: Vec<&Value> =
        again["stacks"].as_array().unwrap().iter().map(|stack| &stack["state"]).collect();
    assert_eq!(states, ["unchanged", "unchanged"]);
    assert_eq!(again["stacks"][0]["region"], "us-east-1");
}

// L21, failure 30
#[test]
fn what_depends_on_a_failed_stack_is_skipped_and_the_same_command_goes_on_afterwards() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let all = "deploy --all --local --yes --set deletion_protection=false";
    emulator.inject("create:BackendRepository", "the limit of repositories is reached");
    let failed = project.run(all.split(' '));
    assert_eq!(failed.code, Some(1), "{failed}");
    assert!(failed.stderr.contains("✗ failed       DocuThinkerFoundation  us-east-1"), "{failed}");
    assert!(failed.stderr.contains("- skipped      DocuThinkerStack       us-east-1"), "{failed}");
    assert!(failed.stderr.contains("-  because DocuThinkerFoundation failed\n"), "{failed}");
    let json = project.run(all.split(' ').chain(["--output", "json", "--exclusively"]));
    assert_ne!(json.code, Some(0), "`--exclusively` does not go with `--all`: {json}");

    emulator.inject("create:Nothing", "");
    let repaired = project.run(all.split(' '));
    assert_eq!(repaired.code, Some(0), "{repaired}");
    assert!(repaired.stderr.contains("✓ done         DocuThinkerStack"), "{repaired}");
}

#[test]
fn progress_is_json_lines_on_stderr_whatever_the_form_of_the_result() {
    let emulator = Emulator::start();
    let deploy = "deploy DocuThinkerFoundation --local --yes --progress json";
    let told = emulator.project.run(deploy.split(' '));
    assert_eq!(told.code, Some(0), "{told}");
    assert!(told.stdout.contains("DocuThinkerFoundation."), "the result is text: {told}");
    let lines: Vec<Value> = told
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    assert!(lines.iter().all(|line| line["version"] == 1), "{told}");
    let made = lines
        .iter()
        .find(|line| line["progress"]["status"] == "CREATE_COMPLETE")
        .expect("a resource is made");
    assert_eq!((&made["stack"], &made["region"]), (&json!("DocuThinkerFoundation"), &json!("us-east-1")));
    assert_eq!(made["progress"]["event"], "resource");
}

/// Runs the command on a terminal of this size. Everything it wrote is in `stdout`.
#[cfg(unix)]
fn on_a_terminal(project: &Project, columns: u16, lines: u16, arguments: &str) -> Outcome {
    let binary = env!("CARGO_BIN_EXE_docuthinker");
    let inner = format!("stty cols {columns} rows {lines}; exec '{binary}' {arguments}");
    let usual = project.command([""; 0]);
    let mut command = Command::new("script");
    command.args(["-qec", &inner, "/dev/null"]).current_dir(project.path()).env_clear().stdin(Stdio::null());
    command.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERM", "xterm");
    project.outcome(command.output().unwrap())
}

// C6
#[cfg(unix)]
#[test]
fn a_terminal_of_80_columns_shows_a_tree_and_the_cursor_is_never_hidden() {
    if !crate::skip::are_installed(&["script"]) {
        return;
    }
    let emulator = Emulator::with_delay(150);
    let deploy = "deploy DocuThinkerFoundation --local --yes";
    let shown = on_a_terminal(&emulator.project, 80, 24, deploy);
    assert_eq!(shown.code, Some(0), "{shown}");
    assert!(shown.stdout.contains("▸ DocuThinkerFoundation  "), "{shown}");
    assert!(shown.stdout.contains("\u{1b}["), "it is drawn again and again: {shown}");
    assert!(!shown.stdout.contains("\u{1b}[?25l"), "{shown}");
    assert!(shown.stdout.contains("DocuThinkerFoundation is deployed"), "{shown}");
    assert!(shown.stdout.contains("✓ DocuThinkerFoundation  created"), "the tree remains: {shown}");
}

// C6
#[cfg(unix)]
#[test]
fn a_terminal_of_20_columns_or_a_dumb_one_gets_plain_lines() {
    if !crate::skip::are_installed(&["script"]) {
        return;
    }
    let emulator = Emulator::start();
    let deploy = "deploy DocuThinkerFoundation --local --yes";
    let shown = on_a_terminal(&emulator.project, 20, 24, deploy);
    assert_eq!(shown.code, Some(0), "{shown}");
    assert!(!shown.stdout.contains('\u{1b}'), "{shown}");
    assert!(shown.stdout.contains("CREATE_COMPLETE") && shown.stdout.contains("is deployed"), "{shown}");
    let plain = on_a_terminal(&emulator.project, 80, 24, &format!("{deploy} --progress plain"));
    assert!(!plain.stdout.contains('\u{1b}'), "{plain}");
}
