use super::*;
use crate::engine::fake::{Fake, Run, TOKEN, event, stack};
use crate::engine::request::Output;

fn destroy() -> Destroy {
    Destroy::new(DestroyRequest::new("S"), TOKEN.into(), Pace::AWS)
}

fn run(fake: Fake) -> Run<DestroyOutcome> {
    fake.run(destroy())
}

fn deletions(run: &Run<DestroyOutcome>) -> usize {
    run.count(|action| matches!(action, Action::DeleteStack { .. }))
}

#[test]
fn a_stack_that_is_not_there_needs_nothing() {
    let run = run(Fake::new(None));
    assert_eq!(run.result.unwrap().stack_id, None);
    assert_eq!(run.actions.len(), 1);
}

#[test]
fn tells_only_the_events_of_the_deletion_and_what_is_retained() {
    let mut fake = Fake::new(Some("CREATE_COMPLETE"));
    fake.history = vec![event(100, "A", "CREATE_COMPLETE", ""), event(101, "S", "CREATE_COMPLETE", "")];
    let mut fake = fake
        .then(
            "DELETE_IN_PROGRESS",
            &[("S", "DELETE_IN_PROGRESS", "User Initiated"), ("A", "DELETE_SKIPPED", "")],
        )
        .then("DELETE_COMPLETE", &[("S", "DELETE_COMPLETE", "")]);
    // Later than what was there before, by AWS's clock.
    for event in fake.frames.iter_mut().flat_map(|frame| &mut frame.events) {
        event.time.0 += 1000;
    }
    let run = run(fake);
    assert_eq!(run.told(), ["S DELETE_IN_PROGRESS", "A DELETE_SKIPPED", "S DELETE_COMPLETE"]);
    let outcome = run.result.unwrap();
    assert_eq!(outcome.retained[0].physical_id.as_deref(), Some("physical-A"));
}

#[test]
fn a_stack_that_disappears_while_being_deleted_is_gone() {
    let fake = Fake::new(Some("CREATE_COMPLETE")).then("DELETE_IN_PROGRESS", &[]).then_gone();
    assert!(run(fake).result.unwrap().stack_id.is_some());
}

#[test]
fn a_failed_deletion_names_what_is_still_there() {
    let fake = Fake::new(Some("CREATE_COMPLETE"))
        .then("DELETE_IN_PROGRESS", &[("S", "DELETE_IN_PROGRESS", ""), ("A", "DELETE_FAILED", "in use")])
        .then("DELETE_FAILED", &[("S", "DELETE_FAILED", "")]);
    let error = run(fake).result.unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert_eq!(error.report().state.as_deref(), Some("S is DELETE_FAILED; still there: A"));
    assert_eq!(error.to_string(), "S could not be deleted: A (AWS::X::Y): in use");
}

#[test]
fn protection_is_refused_and_never_lifted() {
    let mut fake = Fake::new(Some("CREATE_COMPLETE"));
    fake.stack.as_mut().unwrap().termination_protection = true;
    let run = run(fake);
    let error = run.result.as_ref().unwrap_err();
    assert_eq!((error.exit_code(), deletions(&run)), (3, 0));
    assert!(error.report().next.as_ref().unwrap().contains("no-enable-termination-protection"));
}

#[test]
fn an_export_that_is_used_is_in_the_way_unless_that_cannot_be_known() {
    let exporting = || {
        let mut fake = Fake::new(Some("CREATE_COMPLETE"))
            .then("DELETE_IN_PROGRESS", &[("S", "DELETE_IN_PROGRESS", "")])
            .then("DELETE_COMPLETE", &[]);
        fake.stack.as_mut().unwrap().outputs =
            vec![Output { key: "K".into(), value: "v".into(), description: None, export: Some("e".into()) }];
        fake
    };
    let mut used = exporting();
    used.importers = vec!["B".into()];
    let used = run(used);
    assert_eq!((used.result.as_ref().unwrap_err().exit_code(), deletions(&used)), (3, 0));

    let mut unknown = exporting();
    unknown.fault = Box::new(|_, action| matches!(action, Action::Importers(_)).then_some(Class::Denied));
    let unknown = run(unknown);
    assert!(unknown.result.is_ok());
    assert!(unknown.said.iter().any(|news| matches!(news, Progress::Note { .. })));
}

#[test]
fn a_deletion_that_runs_already_is_followed_from_its_beginning() {
    let mut fake = Fake::new(Some("DELETE_IN_PROGRESS"));
    let mut begun = event(2, "S", "DELETE_IN_PROGRESS", "User Initiated");
    begun.token = Some("somebody else's".into());
    fake.history = vec![event(1, "A", "CREATE_COMPLETE", ""), begun, event(3, "A", "DELETE_COMPLETE", "")];
    for event in &mut fake.history {
        event.token = event.token.take().filter(|token| token != TOKEN).or(Some("somebody else's".into()));
    }
    fake.fault = {
        let mut looks = 0;
        Box::new(move |_, action| {
            looks += usize::from(matches!(action, Action::DescribeStack(_)));
            (looks > 3 && matches!(action, Action::DescribeStack(_))).then_some(Class::Rejected)
        })
    };
    let run = run(fake);
    assert_eq!(deletions(&run), 0);
    assert_eq!(run.told(), ["S DELETE_IN_PROGRESS", "A DELETE_COMPLETE"]);
}

#[test]
fn a_running_operation_is_in_the_way() {
    let run = run(Fake::new(Some("UPDATE_IN_PROGRESS")));
    assert_eq!((run.result.as_ref().unwrap_err().exit_code(), deletions(&run)), (4, 0));
}

#[test]
fn an_interrupt_before_the_deletion_changes_nothing_and_after_it_detaches() {
    let fresh =
        || Fake::new(Some("CREATE_COMPLETE")).then("DELETE_IN_PROGRESS", &[("S", "DELETE_IN_PROGRESS", "")]);
    let mut before = fresh();
    before.cancel_when = Box::new(|action| matches!(action, Action::Events(_)));
    let before = run(before);
    assert_eq!((before.result.as_ref().unwrap_err().exit_code(), deletions(&before)), (130, 0));
    let mut after = fresh();
    after.cancel_when = Box::new(|action| matches!(action, Action::Sleep(_)));
    let after = run(after);
    let error = after.result.as_ref().unwrap_err();
    assert_eq!((error.exit_code(), deletions(&after)), (130, 1));
    assert!(error.report().state.as_ref().unwrap().contains("goes on in AWS"));
}

#[test]
fn the_stack_is_addressed_by_its_arn_once_it_is_known() {
    let run =
        run(Fake::new(Some("CREATE_COMPLETE")).then("DELETE_COMPLETE", &[("S", "DELETE_COMPLETE", "")]));
    let names: Vec<_> = run
        .actions
        .iter()
        .filter_map(|action| match action {
            Action::DescribeStack(name) | Action::DeleteStack { stack: name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let arn = stack("x").stack_id;
    assert_eq!(names[0], "S");
    assert!(names[1..].iter().all(|name| *name == arn), "{names:?}");
}
