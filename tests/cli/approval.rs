//! What is asked before a deployment, and what is refused.

use std::process::Stdio;

use crate::emulator::Emulator;
use crate::project::Project;

const QUEUE: &str = "  Queue: {Type: AWS::SQS::Queue}\n";
const TOPIC: &str = "  Topic: {Type: AWS::SNS::Topic}\n";
const ROLE: &str = "  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: ecs-tasks.amazonaws.com}}]}}}\n";

fn write(project: &Project, resources: &str) {
    project.write("t.yaml", format!("Resources:\n{resources}"));
}

const DEPLOY: [&str; 6] = ["deploy", "--template", "t.yaml", "--stack-name", "app", "--local"];

// C7
#[test]
fn without_a_terminal_and_without_yes_nothing_is_asked_of_aws_at_all() {
    let project = Project::new();
    write(&project, TOPIC);
    // No emulator runs and none is started: the refusal comes before.
    let mut command = project.command(DEPLOY);
    let outcome = project.outcome(command.stdin(Stdio::null()).output().unwrap());
    assert_eq!(outcome.code, Some(3), "{outcome}");
    assert!(outcome.stderr.contains("deploying needs an answer, and this is no terminal"), "{outcome}");
    assert!(!outcome.stderr.contains("emulator"), "{outcome}");
}

// L12, L13, C7
#[test]
fn data_is_lost_only_by_name_and_a_level_asks_only_for_its_class() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let run = |more: &[&str]| project.run(DEPLOY.iter().chain(more));

    // A role broadens: somebody would have to say yes, and nobody is there.
    write(project, &format!("{QUEUE}{ROLE}"));
    let refused = run(&["--require-approval", "broadening"]);
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("the change of app allows more than before"), "{refused}");
    assert!(refused.stderr.contains("`Role` may now be assumed by `ecs-tasks.amazonaws.com`"), "{refused}");
    let stacks = emulator.query("cloudformation", "2010-05-15", "ListStacks", "StackStatus");
    assert!(!stacks.iter().any(|status| status == "REVIEW_IN_PROGRESS"), "nothing is left: {stacks:?}");

    write(project, QUEUE);
    let created = run(&["--require-approval", "destructive"]);
    assert_eq!(created.code, Some(0), "{created}");
    assert!(
        created
            .stderr
            .contains("nothing is removed or replaced, and no data is given up, so nobody is asked"),
        "{created}"
    );

    write(project, TOPIC);
    for more in [&["--yes"][..], &["--require-approval", "never"]] {
        let refused = run(more);
        assert_eq!(refused.code, Some(3), "{refused}");
        assert!(
            refused.stderr.contains("error: Queue would be removed: deleted with its messages"),
            "{refused}"
        );
        assert!(refused.stderr.contains("/Queue`"), "{refused}");
    }
    let refused = run(&["--yes", "--output", "json", "--allow-replace", "Queu"]);
    let last: serde_json::Value = serde_json::from_str(refused.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(last["data"]["judgement"]["losses"][0]["id"], "Queue", "{last}");
    assert_eq!(
        (last["exit"].as_u64(), last["code"].as_str()),
        (Some(3), Some("deploy/loses-data")),
        "{last}"
    );
    assert!(refused.stderr.contains("did you mean `Queue`?"), "{refused}");

    let removed = run(&["--yes", "--allow-replace", "Queue"]);
    assert_eq!(removed.code, Some(0), "{removed}");
    let again = run(&["--yes", "--allow-replace", "Queue"]);
    assert_eq!(again.code, Some(0), "{again}");
    assert!(again.stderr.contains("`--allow-replace Queue` names nothing"), "{again}");
}
