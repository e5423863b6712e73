//! What would change inside of nested stacks: seen, shown, compared and removed again.

use std::collections::BTreeMap;

use super::*;
use crate::engine::fake::{NESTING, SET, change};
use crate::engine::request::{Change, ChangeSet};

fn arn(name: &str) -> String {
    format!("arn:aws:cloudformation:us-east-1:123456789012:changeSet/{name}/1")
}

/// The change of the nested stack `id`; its own change set is named after it.
fn stack_change(id: &str) -> Change {
    Change {
        resource_type: "AWS::CloudFormation::Stack".into(),
        physical_id: Some(format!("arn:aws:cloudformation:us-east-1:123456789012:stack/S-{id}/1")),
        change_set_id: Some(arn(id)),
        ..change(id)
    }
}

fn ready(name: &str, changes: Vec<Change>) -> (String, SetView) {
    let ids = SetIds { stack_id: format!("stack-of-{name}"), id: arn(name) };
    let set = SetView {
        ids,
        status: "CREATE_COMPLETE".into(),
        reason: "Only executable from the root change set.".into(),
        execution: "UNAVAILABLE".into(),
        created: None,
        changes,
        nested: Vec::new(),
    };
    (arn(name), set)
}

fn failed_set(name: &str, reason: &str) -> (String, SetView) {
    let (arn, set) = ready(name, Vec::new());
    (arn, SetView { status: "FAILED".into(), reason: reason.into(), ..set })
}

/// A database in a stack in a stack, beside a stack without changes.
fn nesting(fake: Fake) -> Fake {
    let mut fake = fake;
    fake.template = crate::template_body::fingerprint(NESTING);
    fake.set.changes = vec![change("A"), stack_change("Data"), stack_change("Same")];
    fake.inside = BTreeMap::from([
        ready("Data", vec![change("Table"), stack_change("Inner")]),
        ready("Inner", vec![Change { replacement: Some("True".into()), ..change("Database") }]),
        failed_set("Same", "The submitted information didn't contain changes."),
    ]);
    fake
}

fn run(fake: Fake) -> Run<Deployed> {
    fake.run(plan(|request| request.template = NESTING.into()))
}

fn shown(run: &Run<Deployed>) -> &ChangeSet {
    let shown = run.actions.iter().find_map(|action| match action {
        Action::Ask(Question::Changes(set)) => Some(set),
        _ => None,
    });
    shown.expect("the caller is asked")
}

fn paths(set: &ChangeSet) -> Vec<String> {
    set.changes.iter().map(Change::path).collect()
}

#[test]
fn what_changes_in_nested_stacks_is_shown_with_its_path() {
    let run = run(nesting(success()));
    assert_eq!(paths(shown(&run)), ["A", "Data", "Same", "Data/Table", "Data/Inner", "Data/Inner/Database"]);
    let nested: Vec<_> =
        shown(&run).nested.iter().map(|stack| (stack.path.as_str(), stack.unseen.as_deref())).collect();
    assert_eq!(nested, [("Data", None), ("Data/Inner", None), ("Same", None)]);
    assert_eq!((outcome(&run).changed, executions(&run)), (true, 1));
}

#[test]
fn only_a_template_that_may_nest_stacks_asks_for_nested_change_sets() {
    let asks = |template: &str, wish: bool| {
        let run = success().run(plan(|request| {
            request.template = template.into();
            request.nested_changes = wish;
        }));
        run.actions.iter().any(|action| matches!(action, Action::CreateChangeSet(set) if set.nested))
    };
    assert!(asks(NESTING, true));
    assert!(!asks(NESTING, false), "the caller does not want it");
    assert!(asks(r#"{"Transform":"AWS::Serverless-2016-10-31","Resources":{}}"#, true));
    assert!(asks(r#"{"Resources":{"M":{"Type":"My::S3::Bucket::MODULE"}}}"#, true));
    assert!(!asks(r#"{"Resources":{"T":{"Type":"AWS::CloudFormation::StackSet"}}}"#, true));
}

// C2
#[test]
fn what_was_approved_in_a_nested_stack_is_what_is_executed() {
    let mut fake = nesting(success());
    fake.inside_after_approval = Some(ready("Inner", vec![change("Database"), change("Role")]));
    let run = run(fake);
    assert_eq!(failed(&run).exit_code(), 4);
    assert!(failed(&run).report().what.contains("not what was approved"), "{:?}", failed(&run));
    assert_eq!((executions(&run), run.leaves.change_set), (0, false));
}

#[test]
fn a_nested_stack_without_a_change_set_of_its_own_is_told_as_unseen() {
    for denied in [false, true] {
        let mut fake = nesting(success());
        if denied {
            fake.fault = Box::new(|_, action| {
                let inner =
                    matches!(action, Action::DescribeChangeSet { change_set, .. } if *change_set != SET);
                inner.then_some(Class::Denied)
            });
        } else {
            fake.set.changes[1].change_set_id = None;
        }
        let run = run(fake);
        let data = shown(&run).nested.iter().find(|stack| stack.path == "Data").unwrap();
        let why = data.unseen.as_deref().unwrap();
        assert!(why.contains(if denied { "no permission" } else { "made no change set" }), "{why}");
        assert_eq!(executions(&run), 1, "it still works: {:?}", run.result);
    }
}

#[test]
fn a_nested_change_set_that_is_late_is_waited_for_and_one_that_never_comes_is_unseen() {
    let mut fake = nesting(success());
    let unready = SetView { status: "CREATE_IN_PROGRESS".into(), ..fake.inside[&arn("Inner")].clone() };
    fake.inside.insert(arn("Inner"), unready);
    let run = run(fake);
    let inner = shown(&run).nested.iter().find(|stack| stack.path == "Data/Inner").unwrap();
    assert_eq!(inner.unseen.as_deref(), Some("its change set is CREATE_IN_PROGRESS"));
    assert!(run.elapsed > Duration::from_mins(1), "{:?}", run.elapsed);
}

#[test]
fn a_nested_change_set_that_fails_says_why_and_leaves_nothing() {
    for named_only in [false, true] {
        let mut fake = nesting(Fake::new(None));
        fake.set.status = "FAILED".into();
        fake.set.execution = "UNAVAILABLE".into();
        fake.set.reason =
            format!("Nested change set {} was not successfully created: Currently in FAILED.", arn("Data"));
        if named_only {
            fake.set.changes.clear();
        }
        let reason =
            format!("Nested change set {} was not successfully created: Currently in FAILED.", arn("Inner"));
        fake.inside.extend([failed_set("Data", &reason), failed_set("Inner", "S3 error: Access Denied")]);
        fake.leaving = 3;
        let run = run(fake);
        let report = failed(&run).report();
        assert!(report.what.ends_with("Inner: S3 error: Access Denied"), "{report:?}");
        assert!(report.next.as_deref().unwrap().contains("--no-nested-changes"), "{report:?}");
        assert_eq!((run.leaves.change_set, run.leaves.empty_stack), (false, false));
    }
}

#[test]
fn the_stack_goes_only_after_its_nested_change_sets_are_gone() {
    let mut fake = nesting(Fake::new(None));
    fake.decision = Decision::Decline("no".into());
    fake.leaving = 7;
    let run = run(fake);
    assert_eq!(failed(&run).exit_code(), 3);
    assert_eq!((run.leaves.change_set, run.leaves.empty_stack), (false, false));
    assert_eq!(stack_deletions(&run), 1);
}

#[test]
fn change_sets_that_do_not_go_are_told_as_left_behind() {
    let mut fake = nesting(success());
    fake.decision = Decision::Decline("no".into());
    fake.leaving = usize::MAX;
    let run = run(fake);
    let state = failed(&run).report().state.clone().unwrap_or_default();
    assert!(state.contains("those of its nested stacks are not gone: DELETE_IN_PROGRESS"), "{state}");
}

// C3
#[test]
fn a_wish_to_stop_while_nested_change_sets_are_looked_at_leaves_nothing() {
    let mut fake = nesting(success());
    fake.leaving = 2;
    fake.cancel_when = Box::new(
        |action| matches!(action, Action::DescribeChangeSet { change_set, .. } if *change_set != SET),
    );
    let run = run(fake);
    assert_eq!(failed(&run).kind(), Kind::Interrupted);
    assert_eq!((executions(&run), run.leaves.change_set), (0, false));
}
