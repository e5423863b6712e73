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

// A14
#[test]
fn a_stack_that_is_not_there_needs_nothing() {
    let run = run(Fake::new(None));
    assert_eq!(run.result.unwrap().stack_id, None);
    assert_eq!(run.actions.len(), 1);
}

// L18
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

// L14
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

// L17
#[test]
fn protection_is_refused_and_never_lifted() {
    let mut fake = Fake::new(Some("CREATE_COMPLETE"));
    fake.stack.as_mut().unwrap().termination_protection = true;
    let run = run(fake);
    let error = run.result.as_ref().unwrap_err();
    assert_eq!((error.exit_code(), deletions(&run)), (3, 0));
    assert!(error.report().next.as_ref().unwrap().contains("no-enable-termination-protection"));
}

// L16, L20
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

#[test]
fn a_failure_tells_the_name_of_a_stack_that_was_given_by_its_arn() {
    let mut fake = Fake::new(Some("UPDATE_COMPLETE"));
    fake.fault = Box::new(|_, _| Some(Class::Denied));
    let run = fake.run(Destroy::new(DestroyRequest::new(stack("x").stack_id), TOKEN.into(), Pace::AWS));
    assert_eq!(run.result.unwrap_err().report().stack.as_deref(), Some("S"));
}

// L14, L17
#[test]
fn resources_are_retained_only_where_a_deletion_has_failed() {
    let retaining = |status| {
        let mut request = DestroyRequest::new("S");
        request.retain = vec!["A".into()];
        let fake = Fake::new(Some(status)).then("DELETE_COMPLETE", &[("S", "DELETE_COMPLETE", "")]);
        fake.run(Destroy::new(request, TOKEN.into(), Pace::AWS))
    };
    let refused = retaining("UPDATE_COMPLETE");
    let error = refused.result.as_ref().unwrap_err();
    assert_eq!((error.exit_code(), deletions(&refused)), (3, 0));
    assert_eq!(
        error.to_string(),
        "resources can be retained only after a deletion has failed, and S is UPDATE_COMPLETE"
    );
    let taken = retaining("DELETE_FAILED");
    assert!(taken.result.is_ok());
    let asked = |action: &Action| matches!(action, Action::DeleteStack { retain, .. } if retain == &["A"]);
    assert_eq!(taken.count(asked), 1);
}

// L14
#[test]
fn every_resource_that_is_still_there_is_told_with_what_holds_it() {
    let dependents = "resource sg-1 has a dependent object";
    let fake = Fake::new(Some("CREATE_COMPLETE"))
        .then("DELETE_IN_PROGRESS", &[("S", "DELETE_IN_PROGRESS", ""), ("A", "DELETE_FAILED", dependents)])
        .then("DELETE_FAILED", &[("B", "DELETE_FAILED", "Internal Failure"), ("S", "DELETE_FAILED", "")]);
    let error = run(fake).result.unwrap_err();
    let holds: Vec<_> =
        error.report().blockers.iter().map(|blocker| (blocker.logical_id.as_str(), blocker.hold)).collect();
    assert_eq!(holds, [("A", Hold::Dependents), ("B", Hold::Other)]);
    assert_eq!(
        error.report().next.as_deref(),
        Some(
            "remove what is in the way and run `docuthinker destroy --stack-name S`, or leave it in the account: \
             `docuthinker destroy --stack-name S --retain A --retain B`"
        )
    );
}

// L16
#[test]
fn an_export_that_came_into_use_at_the_last_moment_is_told_by_the_stack_itself() {
    let reason = "Export e cannot be deleted as it is in use by web";
    let mut fake = Fake::new(Some("UPDATE_COMPLETE"))
        .then("DELETE_IN_PROGRESS", &[("S", "DELETE_IN_PROGRESS", "")])
        .then("UPDATE_COMPLETE", &[("S", "UPDATE_COMPLETE", reason)]);
    fake.reason = Some(reason.into());
    let error = run(fake).result.unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert_eq!(error.to_string(), format!("S could not be deleted: {reason}"));
    assert_eq!(
        error.report().next.as_deref(),
        Some("destroy web first, then `docuthinker destroy --stack-name S`")
    );
}

// A14
#[test]
fn a_stack_that_is_gone_is_found_by_its_arn_and_needs_nothing() {
    let request = DestroyRequest::new(stack("x").stack_id);
    let run = Fake::new(Some("DELETE_COMPLETE")).run(Destroy::new(request, TOKEN.into(), Pace::AWS));
    assert_eq!(deletions(&run), 0);
    assert_eq!(run.result.unwrap().stack_id, None);
}
