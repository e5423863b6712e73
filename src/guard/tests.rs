use std::fmt::Write;
use std::process::Command;
use std::time::Duration;

use insta::assert_snapshot;
use template::Template;

use super::worker::{evaluate_by, evaluate_here, mistake};
use super::{Outcome, RulesFile, check_with, place};

const SERVICES: &str = r#"
Resources:
  Web:
    Type: AWS::ECS::Service
    Properties:
      DesiredCount: 2
      LaunchType: FARGATE
      Tags: [{Key: owner, Value: web}, {Key: "a/b", Value: x}]
  Worker:
    Type: AWS::ECS::Service
    Properties:
      DesiredCount: 1
      Cluster: !GetAtt Cluster.Arn
  Cluster:
    Type: AWS::ECS::Cluster
Metadata:
  a/b: {c/d: [1, {e: 2}]}
"#;

fn rules(text: &str) -> RulesFile {
    RulesFile { name: "team.guard".to_owned(), text: text.to_owned() }
}

fn outcome(text: &str) -> Outcome {
    let template = Template::parse(SERVICES, "services.yaml").unwrap().template;
    check_with(&[rules(text)], &template, evaluate_here)
}

/// What came of the rules, a line for each finding and mistake.
fn check(text: &str) -> String {
    let outcome = outcome(text);
    let mut shown = String::new();
    for finding in outcome.findings {
        let place = format!("{}:{} {}", finding.file, finding.position, finding.rule);
        let _ = writeln!(shown, "{place} at {}: {}", finding.path, finding.message);
        if finding.fact != finding.message {
            let _ = writeln!(shown, "  {}", finding.fact);
        }
    }
    for mistake in outcome.mistakes {
        let place = mistake.position.map_or_else(String::new, |position| format!(":{position}"));
        let _ = writeln!(shown, "mistake in {}{place}: {}", mistake.file, mistake.message);
    }
    if shown.is_empty() { "nothing".to_owned() } else { shown }
}

#[test]
fn every_failed_clause_of_every_rule_is_found_with_its_places() {
    let found = check(
        "\
let services = Resources.*[ Type == 'AWS::ECS::Service' ]

rule team when %services !empty {
    %services.Properties {
        Tags exists
            <<every service says
              whose it is>>
        DesiredCount > 1
    }
}

rule launch {
    Resources.Web.Properties.LaunchType in ['EC2', 'EXTERNAL']
    Resources.Web.Properties.LaunchType != /^FAR/
    Resources.Web.Properties.Tags empty
}
",
    );
    assert_snapshot!(found, @r#"
    team.guard:6:15 team at Resources.Worker.Properties: every service says whose it is
      there is no `Tags`
    team.guard:4:5 team at Resources.Worker.Properties.DesiredCount: `1` does not satisfy `> 1`
    team.guard:12:6 launch at Resources.Web.Properties.LaunchType: `"FARGATE"` does not satisfy `in ["EC2","EXTERNAL"]`
    team.guard:12:6 launch at Resources.Web.Properties.LaunchType: `"FARGATE"` does not satisfy `!= /^FAR/`
    team.guard:12:6 launch at Resources.Web.Properties.Tags: `[{"Key":"owner","Value":"web"},{"Key":"a/b","Value":"x"}]` does not satisfy `empty`
    "#);
}

#[test]
fn a_rule_that_holds_or_does_not_apply_is_no_finding() {
    assert_eq!(check("rule a when Resources.Nothing exists { Resources.*.Type == 'x' }"), "nothing");
    assert_eq!(check("rule a { Resources.Web.Properties.DesiredCount == 2\n}"), "nothing");
    assert_eq!(check("rule a { Resources.*[ Type == 'x' ].Properties !exists\n}"), "nothing");
}

#[test]
fn one_of_many_that_would_do_is_one_finding_at_what_they_share() {
    let found = check(
        "\
rule team { some Resources.Web.Properties.Tags[*].Key == 'team' <<tag `team`>>
}
rule either {
    Resources.Web.Type == 'x' <<first>> or
    Resources.Web.Properties.DesiredCount == 3 <<second>>
}
",
    );
    assert_snapshot!(found, @r#"
    team.guard:1:67 team at Resources.Web.Properties.Tags: tag `team`
      `"owner"` does not satisfy `== "team"`; `"a/b"` does not satisfy `== "team"`
    team.guard:3:6 either at Resources.Web: first, or second
      `"AWS::ECS::Service"` does not satisfy `== "x"`; `2` does not satisfy `== 3`
    "#);
}

#[test]
fn clauses_outside_of_rules_called_rules_and_rules_about_rules_are_found() {
    let found = check(
        "\
AWS::ECS::Service { Properties.DesiredCount <= 1 }
rule is_list(x) { %x is_list <<a list, please>>
}
rule calls { is_list(Resources.Web.Properties.DesiredCount)
}
rule about { calls <<`calls` must hold>>
}
rule not_about { not calls
}
",
    );
    assert_snapshot!(found, @r#"
    team.guard:1:1 default at Resources.Web.Properties.DesiredCount: `2` does not satisfy `<= 1`
    team.guard:2:32 calls at Resources.Web.Properties.DesiredCount: a list, please
      `2` does not satisfy `is_list`
    team.guard:6:22 about at : `calls` must hold
      what this rule says of the rule `calls` does not hold
    "#);
}

#[test]
fn what_a_clause_wanted_is_told_without_a_message_of_its_own() {
    let found = check(
        "\
rule a {
    Resources.Web.Type exists
    Resources.Web.Nothing exists
    Resources.Web.Type !exists
    Resources.Web.Properties.DesiredCount >= 5
    Resources.Web.Properties.DesiredCount == '2'
    Resources.Web.Properties.DesiredCount !in [2, 3]
    Resources.Web.Properties is_list
    Resources.Web.Nothing.At.All == 1
    Resources.Worker.Properties.Cluster == 'main'
    Resources.Web.Type == Resources.Cluster.Type
}
",
    );
    assert_snapshot!(found, @r#"
    team.guard:1:6 a at Resources.Web: there is no `Nothing`
    team.guard:1:6 a at Resources.Web.Type: `"AWS::ECS::Service"` does not satisfy `!exists`
    team.guard:1:6 a at Resources.Web.Properties.DesiredCount: `2` does not satisfy `>= 5`
    team.guard:1:6 a at Resources.Web.Properties.DesiredCount: `2` does not satisfy `== "2"`
    team.guard:1:6 a at Resources.Web.Properties.DesiredCount: `2` does not satisfy `!in [2,3]`
    team.guard:1:6 a at Resources.Web.Properties: this object does not satisfy `is_list`
    team.guard:1:6 a at Resources.Web: there is no `Nothing.At.All`
    team.guard:1:6 a at Resources.Worker.Properties.Cluster: this object does not satisfy `== "main"`
    team.guard:1:6 a at Resources.Cluster.Type: `Resources.Web.Type EQUALS Resources.Cluster.Type` does not hold
    "#);
}

#[test]
fn mistakes_in_rules_are_told_with_their_position_where_guard_knows_it() {
    assert_snapshot!(check("rule a {\n    Resources ==== 1\n}\n"), @"mistake in team.guard:2:17: the rules cannot be read from here on");
    assert_snapshot!(check("rule a { Resources.Web.Type == /(/\n}"), @"mistake in team.guard:1:31: the rules cannot be read from here on");
    assert_snapshot!(check("rule a { b\n}"), @"mistake in team.guard: there is no rule `b`");
    assert_snapshot!(check("rule a { %services exists\n}"), @"mistake in team.guard: there is no variable `services`");
    assert_snapshot!(check("rule a(x) { %x exists\n}\nrule b { a(1, 2)\n}"), @"mistake in team.guard: Guard refuses the rules: Arity mismatch for called parameter rule a, expected 1, got 2");
    assert_snapshot!(check("# only a comment\n\n"), @"mistake in team.guard: there is no rule in this file");
    assert_snapshot!(check("rule a { Resources.Web.Type == 'x' <<no end\n}"), @"mistake in team.guard:1:31: the rules cannot be read from here on");
}

#[test]
fn one_bad_file_does_not_hide_the_findings_of_another() {
    let template = Template::parse(SERVICES, "services.yaml").unwrap().template;
    let files = [rules("rule {"), rules("rule a { Resources.Web.Type == 'x'\n}"), rules("")];
    let outcome = check_with(&files, &template, evaluate_here);
    assert_eq!((outcome.findings.len(), outcome.mistakes.len()), (1, 2));
}

#[test]
fn a_large_answer_is_whole() {
    let mut text = "rule a {\n".to_owned();
    for number in 0..500 {
        let _ = writeln!(text, "    Resources.Web.Properties.DesiredCount == {number} <<message {number}.>>");
    }
    text.push('}');
    let outcome = outcome(&text);
    assert_eq!(outcome.mistakes, []);
    assert_eq!(outcome.findings.len(), 499);
    assert_eq!(outcome.findings[498].position.line, 501);
}

#[test]
fn rules_nested_too_deep_to_read_their_answer_are_a_mistake() {
    let nested = |depth: usize| {
        let (open, close) = ("when Resources exists {\n".repeat(depth), "}\n".repeat(depth));
        format!("rule a {{ {open} Resources.Web.Type == 'x'\n{close} }}")
    };
    assert_eq!(outcome(&nested(20)).findings.len(), 1);
    let too_deep = outcome(&nested(100));
    assert_eq!((too_deep.findings.len(), too_deep.mistakes.len()), (0, 1));
}

#[test]
fn what_a_filter_on_names_leaves_out_is_no_finding() {
    let text = "rule a { Resources[ keys != 'Cluster' ] { Type == 'AWS::ECS::Service'\n} }";
    assert_eq!(check(text), "nothing");
    assert_eq!(outcome(&text.replace("Cluster", "Web")).findings.len(), 1);
}

#[test]
fn the_example_of_rules_finds_what_it_says_in_our_own_stacks() {
    let file = rules(include_str!("../../examples/rules/team.guard"));
    let mut app = constructs::App::new();
    stacks::build(&mut app, &stacks::Settings::default());
    let mut found = vec![];
    for stack in app.synth().stacks {
        let outcome = check_with(std::slice::from_ref(&file), &stack.template, evaluate_here);
        assert_eq!(outcome.mistakes, []);
        found.extend(outcome.findings.iter().map(|finding| format!("{} at {}", finding.rule, finding.path)));
    }
    found.sort();
    assert_snapshot!(found.join("\n"), @"
    services_have_a_team at Resources.AiMlService.Properties
    services_have_a_team at Resources.BackendService.Properties
    ");
}

#[test]
fn the_example_of_rules_leaves_one_public_load_balancer_alone_and_no_other() {
    let text = "
Resources:
  Alb: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Scheme: internet-facing}}
  Private: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Scheme: internal}}
  Other: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Scheme: internet-facing}}
  Default: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Name: x}}
  Service:
    Type: AWS::ECS::Service
    Properties: {Tags: [{Key: stage, Value: test}, {Key: team, Value: web}]}
";
    let template = Template::parse(text, "balancers.yaml").unwrap().template;
    let file = rules(include_str!("../../examples/rules/team.guard"));
    let outcome = check_with(&[file], &template, evaluate_here);
    let found: Vec<_> = outcome.findings.iter().map(|finding| finding.path.to_string()).collect();
    assert_eq!(found, ["Resources.Other.Properties.Scheme", "Resources.Default.Properties"]);
}

#[test]
fn a_key_may_hold_the_slash_that_guard_puts_between_keys() {
    let text = Template::parse(SERVICES, "services.yaml").unwrap().template.to_json();
    let tree = serde_json::from_str(&text).unwrap();
    let path = |path: &str| place::in_template(path, &tree).map(|path| path.to_string());
    assert_eq!(path("/Metadata/a/b/c/d/1/e").as_deref(), Some("Metadata.a/b.c/d[1].e"));
    assert_eq!(
        path("/Resources/Worker/Properties/Cluster/Fn::GetAtt/1").as_deref(),
        Some("Resources.Worker.Properties.Cluster.Fn::GetAtt[1]")
    );
    assert_eq!(path("").as_deref(), Some(""));
    assert_eq!(path("/Resources/Nothing"), None);
}

/// What comes of a process that is not Guard.
fn process(program: &str, arguments: &[&str], limit: Duration) -> String {
    let mut command = Command::new(program);
    command.args(arguments);
    let ended = evaluate_by(command, limit, &rules("rule a { b\n}"), "{}");
    let Err(mistake) = ended else { return "an answer".to_owned() };
    mistake.message
}

#[cfg(unix)]
#[test]
fn a_process_that_crashes_hangs_or_says_nothing_sensible_is_a_mistake_in_the_rules() {
    let long = Duration::from_secs(60);
    assert_snapshot!(process("sh", &["-c", "kill -ABRT $$"], long), @"Guard cannot evaluate this file: its process ended with signal: 6 (SIGABRT) and without an answer");
    assert_snapshot!(process("sh", &["-c", "exit 70"], long), @"Guard cannot evaluate this file: its process ended with exit status: 70 and without an answer");
    assert_snapshot!(process("sh", &["-c", "echo hello"], long), @"Guard cannot evaluate this file: its process ended with exit status: 0 and without an answer");
    assert_snapshot!(process("sh", &["-c", r#"echo '{"Ok":"x"}'"#], long), @"an answer");
    assert_snapshot!(process("sh", &["-c", "exec sleep 60"], Duration::from_millis(50)), @"Guard took longer than 0.05 s with this file");
    assert!(process("/nonexistent/program", &[], long).starts_with("Guard could not be started"));
}

#[test]
fn a_rules_file_that_is_too_large_is_not_evaluated() {
    let file = rules(&"#\n".repeat(600 * 1024));
    let refused = evaluate_by(Command::new("/nonexistent/program"), Duration::ZERO, &file, "{}");
    assert_eq!(refused.unwrap_err().message, "the rules file is larger than 1 MiB");
}

#[test]
fn words_of_guard_that_we_do_not_know_are_shown_as_they_are() {
    let mistake = mistake(&rules(""), "Something new  `of which\nwe know nothing`");
    assert_eq!(mistake.message, "Guard refuses the rules: of which we know nothing");
}
