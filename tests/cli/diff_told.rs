//! What `diff` says of many things, of few, and of what nobody would look for.

use crate::project::{Outcome, Project};

/// Compares two templates.
fn compare(old: &str, new: &str, options: &[&str]) -> Outcome {
    let project = Project::new();
    project.write("old.yaml", old);
    project.write("new.yaml", new);
    let files = ["diff", "--template", "new.yaml", "--against", "old.yaml", "--no-validate", "--quiet"];
    project.run(files.iter().chain(options))
}

/// The lines below the title of a section, without their indentation.
#[track_caller]
fn section<'t>(text: &'t str, title: &str) -> Vec<&'t str> {
    let head = format!("\n  {title}\n");
    let (_, rest) = text.split_once(&head).unwrap_or_else(|| panic!("no {title}: {text}"));
    rest.lines().take_while(|line| !line.is_empty()).map(str::trim).collect()
}

const SERVICES: &str = "
Resources:
  Web: {Type: AWS::ECS::Service, Properties: {TaskDefinition: t, DesiredCount: 2}}
  Jobs: {Type: AWS::ECS::Service, Properties: {TaskDefinition: t, DesiredCount: 4}}
  Scaled: {Type: AWS::ECS::Service, Properties: {TaskDefinition: t, DesiredCount: 2}}
  Target: {Type: AWS::ApplicationAutoScaling::ScalableTarget, Properties: {MinCapacity: 2, MaxCapacity: 10, ResourceId: !Sub 'service/c/${Scaled.Name}'}}
";

#[test]
fn services_that_stop_or_run_another_number_of_tasks_are_told_under_tasks() {
    let new = SERVICES.replace(
        "TaskDefinition: t, DesiredCount: 2}}\n  Jobs",
        "TaskDefinition: t, DesiredCount: 0}}\n  Jobs",
    );
    let told = compare(SERVICES, &new, &[]).success();
    assert_eq!(section(&told, "Tasks"), ["! Web runs no tasks instead of 2: it stops"]);
    let line = SERVICES.lines().find(|line| line.contains("Jobs")).unwrap();
    let told = compare(SERVICES, &SERVICES.replace(line, ""), &[]).success();
    assert_eq!(section(&told, "Tasks"), ["- Jobs is removed: its 4 tasks stop"]);
    let new = SERVICES.replace("t, DesiredCount: 2}}\n  Target", "t, DesiredCount: 5}}\n  Target");
    let told = compare(SERVICES, &new, &[]).success();
    assert_eq!(
        section(&told, "Tasks"),
        [
            "~ Scaled is told to run 5 tasks instead of 2; after that autoscaling owns the count and keeps it between 2 and 10 tasks"
        ]
    );
    let told = compare(SERVICES, &SERVICES.replace("MaxCapacity: 10", "MaxCapacity: 4"), &[]).success();
    assert_eq!(
        section(&told, "Tasks"),
        ["! Scaled: autoscaling keeps it between 2 and 4 tasks instead of 2 to 10"]
    );
    let json = compare(SERVICES, &new, &["--format", "json"]).json();
    crate::diff_against::assert_keeps_the_contract(&json);
    assert_eq!(json["stacks"][0]["changes"]["taskCounts"][0]["new"]["tasks"], 5);
}

#[test]
fn a_default_that_changes_is_told_once() {
    let template = |count: u8| {
        format!(
            "Parameters: {{Count: {{Type: Number, Default: {count}}}}}\nResources: {{Q: {{Type: AWS::SQS::Queue, Properties: {{DelaySeconds: !Ref Count}}}}}}\n"
        )
    };
    let told = compare(&template(2), &template(5), &[]).success();
    assert_eq!(section(&told, "Parameters"), ["~ Count: 2 → 5 (by default)"]);
}

#[test]
fn one_item_of_a_list_has_one_name() {
    let template = |kind: &str| {
        format!(
            "Resources: {{T: {{Type: AWS::DynamoDB::Table, Properties: {{KeySchema: [{{AttributeName: id, KeyType: HASH}}], GlobalSecondaryIndexes: [{{IndexName: by, KeySchema: [{{AttributeName: by, KeyType: HASH}}], Projection: {{ProjectionType: {kind}}}}}]}}}}}}\n"
        )
    };
    let told = compare(&template("ALL"), &template("KEYS_ONLY"), &[]).success();
    assert!(
        told.contains("GlobalSecondaryIndexes[by]") && !told.contains("GlobalSecondaryIndexes[0]"),
        "{told}"
    );
}

fn queues(number: usize, name: &str) -> String {
    let queue = |at| format!("  Q{at}: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {name}{at}}}}}\n");
    (0..number).map(queue).collect()
}

#[test]
fn many_equal_replacements_are_told_in_a_few_lines() {
    let all = |name: &str| format!("Resources:\n{}", queues(480, name));
    let told = compare(&all("a"), &all("b"), &[]).success();
    assert!(told.lines().count() < 50, "{told}");
    assert!(told.contains("and 477 more in the same way: Q3, Q4"), "{told}");
    let every = compare(&all("a"), &all("b"), &["--expand"]).success();
    assert!(every.contains("Q479 (AWS::SQS::Queue) is replaced"), "{every}");
}

#[test]
fn of_many_that_are_removed_what_somebody_would_miss_is_named() {
    let topics =
        (0..12).map(|at| format!("  T{at}: {{Type: AWS::SNS::Topic}}\n")).collect::<Vec<_>>().concat();
    let missed = "  Web: {Type: AWS::ECS::Service, Properties: {TaskDefinition: t}}\n  Alb: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer}\n  Users: {Type: AWS::DynamoDB::Table}\n";
    let kept = "Resources:\n  Kept: {Type: AWS::SNS::Topic}\n";
    let told = compare(&format!("{kept}{topics}{missed}"), kept, &[]).success();
    let resources = section(&told, "Resources");
    for name in ["Web", "Alb", "Users"] {
        assert!(resources.iter().any(|line| line.starts_with(&format!("- {name} "))), "{name}: {told}");
    }
    assert!(resources.contains(&"- 12 resources removed"), "{told}");
}

#[test]
fn what_one_cause_does_is_told_with_it_and_what_another_does_is_named() {
    let template = |name: &str, display: &str| {
        format!(
            "Resources:\n  A: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {name}}}}}\n  B: {{Type: AWS::SQS::Queue, Properties: {{QueueName: x{name}}}}}\n  T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !GetAtt A.QueueName, DisplayName: !GetAtt B.QueueName, Tags: [{{Key: a, Value: {display}}}]}}}}\n"
        )
    };
    let told = compare(&template("a", "x"), &template("b", "y"), &[]).success();
    assert!(told.contains("± T (AWS::SNS::Topic) is replaced"), "{told}");
    for line in told.lines().map(str::trim) {
        assert!(
            !line.starts_with('~') || !line.ends_with(" is replaced") || line.contains("another cause"),
            "{told}"
        );
    }
}

#[test]
fn two_environments_stand_side_by_side_and_nothing_is_said_to_happen() {
    let project = Project::new();
    let run = |arguments: &str| project.run(arguments.split(' '));
    let told = run("diff -e dev --against-env prod -q --fail-on replacement,destructive,refused");
    assert_eq!(told.code, Some(0), "{told}");
    for words in
        ["replace", "removed", "is made", "Names in the way", "imports it", "anew", "its value is another"]
    {
        assert!(!told.stdout.contains(words), "{words}: {told}");
    }
    assert!(told.stdout.contains("and no deployment of one touches the other"), "{told}");
    assert!(
        told.stdout.contains("differ only by what `dev` and `prod` are called".replace('`', "").as_str()),
        "{told}"
    );
    assert!(!told.stdout.contains("docuthinker-dev-cluster"), "names are no differences: {told}");
    assert!(told.stdout.contains("MaxCapacity: 10 → 4"), "{told}");
    assert_eq!(run("diff -e dev --against-env prod -q --exit-code").code, Some(7));
    let same = run("diff -e dr --against-env prod -q");
    let equal = same.stdout.lines().any(|line| line.ends_with(": no differences"));
    assert!(!equal || !same.stdout.contains("how the two differ"), "{same}");
}

#[test]
fn a_new_stack_begins_with_what_is_made_and_counts_the_rest() {
    let project = Project::new();
    project.run(["synth", "DocuThinkerFoundation"]).success();
    let folder = project.path().join("none");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("Other.yaml"), "Resources: {T: {Type: AWS::SNS::Topic}}\n").unwrap();
    let run = project.run(["diff", "DocuThinkerStack", "--against", "none", "--quiet"]);
    let told = run.success();
    assert!(told.contains("everything is new"), "{told}");
    assert!(!told.contains("AWSTemplateFormatVersion") && !told.contains("nothing → {Value"), "{told}");
    assert!(told.contains(" outputs\n"), "{told}");
}

#[test]
fn no_gate_is_open_for_what_the_templates_do_not_show() {
    let nested = "Resources:\n  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://s3.amazonaws.com/b/1.yaml'}}\n";
    let sam = "Transform: AWS::Serverless-2016-10-31\nResources:\n  F: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, Handler: a.b, CodeUri: s3://b/k, Policies: [AmazonS3ReadOnlyAccess]}}\n";
    let looped = "Transform: AWS::LanguageExtensions\nResources:\n  'Fn::ForEach::Qs': [N, [A, B], {'Q${N}': {Type: AWS::SQS::Queue}}]\n";
    let cases = [
        (nested, nested.replace("1.yaml", "2.yaml"), "does not tell what changes inside of A"),
        (
            sam,
            sam.replace("AmazonS3ReadOnlyAccess", "AdministratorAccess"),
            "does not tell what the macros make of F",
        ),
    ];
    for (old, new, note) in cases {
        for kind in ["broadening", "replacement", "destructive"] {
            let told = compare(old, &new, &["--fail-on", kind]);
            assert_eq!(told.code, Some(7), "{kind} {note}");
            assert!(told.stdout.contains(note), "{}", told.stdout);
        }
        let json = compare(old, &new, &["--format", "json"]).json();
        crate::diff_against::assert_keeps_the_contract(&json);
        assert_eq!(json["stacks"][0]["changes"]["unseen"][0]["mayBroaden"], true);
        assert_eq!(compare(old, old, &["--fail-on", "broadening,destructive"]).code, Some(0));
    }
    let told = compare(looped, &looped.replace("[A, B]", "[A]"), &["--fail-on", "destructive"]);
    assert_eq!(told.code, Some(7));
    assert!(told.stdout.contains("QB"), "{}", told.stdout);
}
