//! The seed's strategies to save, each as a change to the template.

use super::seed::seed;
use super::*;

fn all(text: &str) -> Vec<Outcome> {
    let (template, parameters) = (parsed(text), BTreeMap::new());
    let stack = Stack::new("Seed", &template, &parameters, Region::UsEast1);
    what_if(&[stack], &Usage::default(), &WhatIf::ALL, false)
}

fn told(outcome: &Outcome) -> String {
    match &outcome.applied {
        Some(applied) => format!(
            "{}: {} (saves {}){}",
            outcome.name,
            band(applied.total),
            band(applied.saving),
            if applied.estimate { ", an estimate" } else { "" }
        ),
        None => format!("{}: {}", outcome.name, outcome.why_not.as_deref().unwrap_or_default()),
    }
}

// R200, R201, R063, R064, C-01, C-30, C-31, C-32
#[test]
fn every_strategy_of_the_seed_is_computed_or_says_why_not() {
    // One price for what autoscaling does is enough here.
    let text = seed(10, "").replace("MaxCapacity: 10", "MaxCapacity: 2");
    let outcomes = all(&text);
    let lines: Vec<String> = outcomes.iter().map(told).collect();
    insta::assert_snapshot!(lines.join("\n"));
    let spot = outcomes.iter().find(|one| one.name == "spot").unwrap();
    assert!(spot.notes.iter().any(|note| note.contains("70 % is a ceiling")), "{spot:?}");
    let endpoints = outcomes.iter().find(|one| one.name == "interface-endpoints").unwrap();
    assert!(
        endpoints.notes[0].contains("$58.40") && endpoints.notes[1].contains("1,669 GB"),
        "{endpoints:?}"
    );
}

#[test]
fn what_is_so_already_is_not_saved_again() {
    let small = "Resources: {Logs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}}";
    assert!(all(small).iter().all(|outcome| outcome.applied.is_none() && outcome.why_not.is_some()));
}

#[test]
fn several_changes_are_also_counted_together() {
    let text = seed(10, "").replace("MaxCapacity: 10", "MaxCapacity: 2");
    let (template, parameters) = (parsed(&text), BTreeMap::new());
    let stack = Stack::new("Seed", &template, &parameters, Region::UsEast1);
    let changes = [WhatIf::OneNat, WhatIf::Arm];
    let outcomes = what_if(&[stack], &Usage::default(), &changes, true);
    assert_eq!(
        outcomes.iter().map(told).collect::<Vec<_>>(),
        [
            "one-nat: $159.79 (saves $36.50)",
            "arm: $181.89 (saves $14.40)",
            "one-nat,arm: $145.39 (saves $50.90)",
        ]
    );
}

#[test]
fn half_a_task_is_one_that_fargate_sells() {
    let total = |cpu: &str, memory: &str| {
        let text = format!(
            "Resources:\n  Task: {{Type: AWS::ECS::TaskDefinition, Properties: {{Cpu: '{cpu}', Memory: '{memory}'}}}}\n  \
             Web: {{Type: AWS::ECS::Service, Properties: {{LaunchType: FARGATE, TaskDefinition: !Ref Task}}}}\n"
        );
        let outcomes = all(&text);
        let smaller = outcomes.iter().find(|one| one.name == "smaller-tasks").unwrap();
        smaller.applied.as_ref().map(|applied| applied.total.expected.to_string())
    };
    assert_eq!(total("512", "1024").as_deref(), Some("$9.01"));
    // Half of 7 GB is not sold with 0.5 vCPU; 4 GB are.
    assert_eq!(total("1024", "7168").as_deref(), Some("$27.76"));
    assert_eq!(total("256", "512"), None);
}

#[test]
fn logs_that_are_kept_for_ever_are_no_saving_that_is_known() {
    let outcomes = all("Resources: {Logs: {Type: AWS::Logs::LogGroup}}");
    let shorter = outcomes.iter().find(|one| one.name == "log-retention").unwrap();
    assert!(shorter.notes.iter().any(|note| note.contains("grows each month")), "{shorter:?}");
}
