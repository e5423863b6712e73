//! Findings of scanners that are accepted.

use constructs::{App, Handle, LogGroup, Scope, StackOptions};
use insta::assert_snapshot;

use crate::{diagnostics, resource};

/// A log group, of which something is accepted.
fn logs(s: &mut Scope<'_>) -> Handle<constructs::l1::logs::LogGroup> {
    LogGroup::named("Logs").build(s).resource.expect("it is the stack's")
}

#[test]
fn an_accepted_finding_is_written_where_its_scanner_reads_it() {
    let yaml = resource("Logs", |s| {
        let logs = logs(s);
        s.accept(logs, ["CKV_AWS_158", "AwsSolutions-EC23"], "no personal data");
        s.accept(logs, ["CKV2_AWS_1"], "for the test");
        s.accept(logs, ["AwsSolutions-IAM5[Resource::*]"], "nothing narrower");
    });
    assert_snapshot!(yaml, @"
    Logs:
      Type: AWS::Logs::LogGroup
      DeletionPolicy: RetainExceptOnCreate
      UpdateReplacePolicy: Retain
      Metadata:
        checkov:
          skip:
            - id: CKV_AWS_158
              comment: no personal data
            - id: CKV2_AWS_1
              comment: for the test
        cdk_nag:
          rules_to_suppress:
            - id: AwsSolutions-EC23
              reason: no personal data
            - id: AwsSolutions-IAM5[Resource::*]
              reason: nothing narrower
      Properties:
        RetentionInDays: 30
    ");
}

#[test]
fn the_last_reason_for_a_rule_is_the_one_that_stays() {
    let yaml = resource("Logs", |s| {
        let logs = logs(s);
        s.accept(logs, ["CKV_AWS_158"], "first");
        s.accept(logs, ["CKV_AWS_158"], "second");
    });
    assert!(yaml.contains("comment: second") && !yaml.contains("first"), "{yaml}");
}

#[test]
fn a_finding_is_not_accepted_without_a_reason() {
    let text = diagnostics(|s| {
        let logs = logs(s);
        s.accept(logs, ["CKV_AWS_158", "AwsSolutions-EC23"], "  ");
    });
    assert_snapshot!(text, @"
    error[DC012]: no reason is given for accepting CKV_AWS_158, AwsSolutions-EC23
      at Test.reason (constructs/tests/it/exception.rs:)

    hint: say in a few words why the finding does no harm here
    ");
}

#[test]
fn a_rule_that_no_scanner_has_is_refused() {
    let text = diagnostics(|s| {
        let logs = logs(s);
        s.accept(logs, ["E3012", "-EC23"], "a rule of another tool, and half of one");
    });
    assert_snapshot!(text, @"
    error[DC013]: `E3012` is no rule of checkov, cdk-nag or `validate`
      at Test.rules (constructs/tests/it/exception.rs:)

    hint: a rule is called like CKV_AWS_260 (checkov), AwsSolutions-EC23 (cdk-nag) or DT042

    error[DC013]: `-EC23` is no rule of checkov, cdk-nag or `validate`
      at Test.rules (constructs/tests/it/exception.rs:)

    hint: a rule is called like CKV_AWS_260 (checkov), AwsSolutions-EC23 (cdk-nag) or DT042
    ");
}

#[test]
fn what_validate_finds_is_allowed_on_a_resource_too() {
    let yaml = resource("Logs", |s| {
        let logs = logs(s);
        s.accept(logs, ["DT042", "ACME_1"], "for the test");
    });
    assert_snapshot!(yaml, @"
    Logs:
      Type: AWS::Logs::LogGroup
      DeletionPolicy: RetainExceptOnCreate
      UpdateReplacePolicy: Retain
      Metadata:
        docuthinker:
          allow:
            - code: DT042
              reason: for the test
            - code: ACME_1
              reason: for the test
      Properties:
        RetentionInDays: 30
    ");
}

#[test]
fn a_scope_allows_for_its_own_resources_and_the_stack_for_all() {
    let mut app = App::new();
    app.with_stack(StackOptions::named("Test"), |s| {
        s.allow("DT030", "everywhere");
        let mut inner = s.scope("Inner");
        LogGroup::named("Logs").build(&mut inner);
        inner.allow("DT042", "only here");
        LogGroup::named("More").build(&mut inner);
        LogGroup::named("Outer").build(s);
    });
    let stack = app.synth().stacks.remove(0);
    let yaml = stack.template.to_yaml();
    let metadata = yaml.split("Resources:").next().unwrap();
    assert_snapshot!(metadata, @r#"
    AWSTemplateFormatVersion: "2010-09-09"

    Metadata:
      docuthinker:
        allow:
          - code: DT030
            reason: everywhere
          - code: DT042
            reason: only here
            resources:
              - InnerLogs
              - InnerMore
    "#);
    assert_eq!(stack.allowances.len(), 2);
    assert!(stack.allowances[0].file.ends_with("exception.rs"), "{:?}", stack.allowances);
}

#[test]
fn nothing_is_allowed_without_a_reason() {
    let text = diagnostics(|s| s.allow("DT030", ""));
    assert!(text.contains("error[DC012]: no reason is given for allowing DT030"), "{text}");
}
