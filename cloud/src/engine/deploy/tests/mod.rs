mod economy;
mod inside;
mod life;
mod services;
mod time;

use proptest::prelude::*;

use super::*;
use crate::engine::fake::{CREATED, Fake, Run, TEMPLATE, TOKEN, stack};
use crate::engine::patience::Pace;
use crate::engine::plan::Names;
use crate::engine::progress::Timestamp;
use crate::engine::request::DeployRequest;
use crate::failure::Class;

fn plan(change: impl FnOnce(&mut DeployRequest)) -> Deploy {
    let mut request = DeployRequest::new("S", TEMPLATE);
    change(&mut request);
    let names = Names { change_set: "docuthinker-1".into(), token: TOKEN.into() };
    Deploy::new(Plan::new(&request, names, Pace::AWS).unwrap())
}

fn run(fake: Fake) -> Run<Deployed> {
    fake.run(plan(|_| {}))
}

fn outcome(run: &Run<Deployed>) -> &DeployOutcome {
    match run.result.as_ref().unwrap() {
        Deployed::Done(outcome) => outcome,
        other @ Deployed::Recreate { .. } => panic!("{other:?}"),
    }
}

fn failed(run: &Run<Deployed>) -> &CloudError {
    run.result.as_ref().unwrap_err()
}

fn executions(run: &Run<Deployed>) -> usize {
    run.count(|action| matches!(action, Action::Execute { .. }))
}

fn set_deletions(run: &Run<Deployed>) -> usize {
    run.count(|action| matches!(action, Action::DeleteChangeSet { .. }))
}

fn stack_deletions(run: &Run<Deployed>) -> usize {
    run.count(|action| matches!(action, Action::DeleteStack { .. }))
}

/// An update that succeeds.
fn success() -> Fake {
    Fake::new(Some("CREATE_COMPLETE"))
        .then(
            "UPDATE_IN_PROGRESS",
            &[("S", "UPDATE_IN_PROGRESS", "User Initiated"), ("A", "UPDATE_IN_PROGRESS", "")],
        )
        .then("UPDATE_IN_PROGRESS", &[("A", "UPDATE_COMPLETE", "")])
        .then("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", &[("S", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "")])
        .then("UPDATE_COMPLETE", &[("S", "UPDATE_COMPLETE", "")])
}

/// An update that fails, with the failure `cause` and its echo.
fn rollback() -> Fake {
    Fake::new(Some("CREATE_COMPLETE"))
        .then("UPDATE_IN_PROGRESS", &[("S", "UPDATE_IN_PROGRESS", "User Initiated")])
        .then(
            "UPDATE_ROLLBACK_IN_PROGRESS",
            &[
                ("B", "UPDATE_FAILED", "Resource update cancelled"),
                ("A", "UPDATE_FAILED", "no such image"),
                ("C", "CREATE_FAILED", "Resource creation cancelled"),
                ("S", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed: [A, B, C]"),
            ],
        )
        .then("UPDATE_ROLLBACK_COMPLETE", &[("S", "UPDATE_ROLLBACK_COMPLETE", "")])
}

// L6
#[test]
fn an_update_is_followed_through_its_cleanup() {
    let run = run(success());
    assert_eq!((outcome(&run).changed, outcome(&run).status.as_str()), (true, "UPDATE_COMPLETE"));
    assert_eq!(
        run.told(),
        [
            "S UPDATE_IN_PROGRESS",
            "A UPDATE_IN_PROGRESS",
            "A UPDATE_COMPLETE",
            "S UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "S UPDATE_COMPLETE"
        ]
    );
    assert_eq!(executions(&run), 1);
    assert_eq!(set_deletions(&run), 0, "CloudFormation removes an executed change set itself");
}

// L1
#[test]
fn no_changes_is_a_success_that_leaves_no_change_set() {
    let mut fake = Fake::new(Some("UPDATE_COMPLETE"));
    fake.set.status = "FAILED".into();
    fake.set.execution = "UNAVAILABLE".into();
    fake.set.changes.clear();
    fake.set.reason = "The submitted information didn't contain changes. Submit different information".into();
    let run = run(fake);
    assert!(!outcome(&run).changed);
    assert_eq!((set_deletions(&run), executions(&run), stack_deletions(&run)), (1, 0, 0));
}

// L2
#[test]
fn no_changes_of_a_broken_stack_is_no_success() {
    let mut fake = Fake::new(Some("UPDATE_FAILED"));
    fake.set.status = "FAILED".into();
    fake.set.execution = "UNAVAILABLE".into();
    fake.set.changes.clear();
    fake.set.reason = "No updates are to be performed.".into();
    let run = run(fake);
    assert_eq!(failed(&run).kind(), Kind::Failed);
    assert_eq!(set_deletions(&run), 1);
}

#[test]
fn another_failure_of_the_change_set_is_not_taken_for_no_changes() {
    let mut fake = Fake::new(None);
    fake.set.status = "FAILED".into();
    fake.set.execution = "UNAVAILABLE".into();
    fake.set.changes.clear();
    fake.set.reason = "Transform AWS::Serverless failed".into();
    let run = run(fake);
    assert!(failed(&run).to_string().contains("Transform AWS::Serverless failed"));
    assert_eq!((set_deletions(&run), stack_deletions(&run)), (1, 1), "nothing of ours remains");
}

// L8
#[test]
fn the_cause_of_a_rollback_is_the_first_failure_that_is_no_cancellation() {
    let run = run(rollback());
    let report = failed(&run).report();
    assert_eq!(report.cause.as_ref().unwrap().logical_id, "A");
    assert_eq!(report.failures.len(), 1, "echoes are no failures: {:?}", report.failures);
    assert_eq!(report.what, "the deployment of S failed: A (AWS::X::Y): no such image");
    assert_eq!(report.status.as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    assert_eq!(failed(&run).exit_code(), 1);
}

// A11, A15
#[test]
fn a_status_nobody_knows_decides_nothing() {
    let fake = Fake::new(Some("CREATE_COMPLETE"))
        .then("HYPER_DEPLOY_DONE", &[("S", "UPDATE_IN_PROGRESS", "")])
        .then("HYPER_DEPLOY_IN_PROGRESS", &[])
        .then("UPDATE_COMPLETE", &[("A", "HYPER_COMPLETE", "")]);
    let run = run(fake);
    assert_eq!(outcome(&run).status, "UPDATE_COMPLETE");
    assert_eq!(run.told(), ["S UPDATE_IN_PROGRESS", "A HYPER_COMPLETE"]);
}

// A1
#[test]
fn fifty_throttled_polls_only_take_time() {
    let mut fake = success();
    fake.fault = Box::new(|n, action| {
        (n > 8 && n < 108 && matches!(action, Action::DescribeStack(_) | Action::Events(_)))
            .then_some(Class::Throttled)
    });
    let run = run(fake);
    assert!(outcome(&run).changed);
    let throttled = run.said.iter().filter(|news| matches!(news, Progress::Throttled { .. })).count();
    assert!(throttled >= 49, "{throttled}");
    assert!(
        run.elapsed > Duration::from_mins(15),
        "longer than the grace time for networks: {:?}",
        run.elapsed
    );
}

// A3
#[test]
fn throttling_of_the_last_events_does_not_undo_a_success() {
    let mut fake = success();
    fake.fault = Box::new(|_, action| matches!(action, Action::Events(_)).then_some(Class::Throttled));
    let run = run(fake);
    assert_eq!(outcome(&run).status, "UPDATE_COMPLETE");
}

#[test]
fn the_cause_of_a_failure_is_asked_for_longer_than_the_last_lines_of_a_success() {
    let mut fake = rollback();
    fake.fault =
        Box::new(|n, action| (n < 40 && matches!(action, Action::Events(_))).then_some(Class::Throttled));
    assert_eq!(failed(&run(fake)).report().cause.as_ref().unwrap().logical_id, "A");
}

// A10, A11
#[test]
fn a_network_that_stays_away_ends_following_and_says_that_the_operation_goes_on() {
    let mut fake = success();
    fake.fault =
        Box::new(|n, action| (n > 10 && !matches!(action, Action::Sleep(_))).then_some(Class::Unreachable));
    let run = run(fake);
    assert_eq!(failed(&run).kind(), Kind::Unreachable);
    assert!(failed(&run).report().state.as_ref().unwrap().contains("goes on in AWS"));
    assert!(run.elapsed >= Duration::from_mins(15));
}

// A5
#[test]
fn credentials_that_stay_expired_end_following_and_say_how_to_watch() {
    let mut fake = success();
    fake.fault =
        Box::new(|n, action| (n >= 10 && !matches!(action, Action::Sleep(_))).then_some(Class::Credentials));
    let expired = run(fake);
    assert_eq!(failed(&expired).exit_code(), 5);
    let report = failed(&expired).report();
    assert!(report.state.as_ref().unwrap().contains("goes on in AWS"));
    assert!(report.next.as_ref().unwrap().contains("docuthinker watch"), "{report:?}");
}

// A6
#[test]
fn events_that_may_not_be_read_are_done_without() {
    let mut fake = success();
    fake.fault = Box::new(|_, action| matches!(action, Action::Events(_)).then_some(Class::Denied));
    let run = run(fake);
    assert!(outcome(&run).changed);
    assert_eq!(run.said.iter().filter(|news| matches!(news, Progress::Note { .. })).count(), 1, "said once");
}

// A13
#[test]
fn a_lost_answer_to_the_execution_is_no_second_execution() {
    let mut fake = success();
    fake.fault = Box::new(|_, action| matches!(action, Action::Execute { .. }).then_some(Class::Unreachable));
    let arrived = run(fake);
    assert!(outcome(&arrived).changed);
    assert_eq!(executions(&arrived), 1);

    let mut fake = success();
    fake.execution_arrives = false;
    fake.fault = Box::new(|_, action| matches!(action, Action::Execute { .. }).then_some(Class::Unreachable));
    let lost = run(fake);
    assert_eq!(failed(&lost).kind(), Kind::Unreachable);
    assert_eq!((executions(&lost), set_deletions(&lost)), (1, 1));
}

// A12
#[test]
fn a_lost_answer_to_the_creation_of_the_change_set_is_found_by_its_name() {
    let mut fake = success();
    fake.fault = Box::new(|_, action| matches!(action, Action::CreateChangeSet(_)).then_some(Class::Exists));
    let run = run(fake);
    assert!(outcome(&run).changed);
    let by_name = |action: &Action| matches!(action, Action::DescribeChangeSet { change_set, .. } if change_set == "docuthinker-1");
    assert_eq!(run.count(by_name), 1, "afterwards by its ARN");
}

// C6
#[test]
fn silence_is_broken_every_twenty_seconds() {
    let fake = Fake::new(None).then("CREATE_IN_PROGRESS", &[("A", "CREATE_IN_PROGRESS", "")]);
    let run = fake.run(plan(|request| request.timeout = Some(Duration::from_secs(100))));
    let beat = |news: &Progress| match news {
        Progress::Heartbeat { in_progress, elapsed } if in_progress == &["A"] => Some(elapsed.as_secs()),
        _ => None,
    };
    let beats: Vec<_> = run.said.iter().filter_map(beat).collect();
    assert_eq!(beats, [21, 41, 61, 81]);
}

// L15
#[test]
fn what_could_not_be_cleaned_up_is_left_over() {
    let fake = Fake::new(Some("CREATE_COMPLETE"))
        .then(
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            &[("S", "UPDATE_IN_PROGRESS", ""), ("A", "DELETE_FAILED", "in use")],
        )
        .then("UPDATE_COMPLETE", &[("S", "UPDATE_COMPLETE", "")]);
    let run = run(fake);
    assert_eq!(outcome(&run).leftovers, ["A (AWS::X::Y, physical-A) could not be deleted: in use"]);
}

#[test]
fn a_change_set_that_cannot_be_removed_is_told_and_changes_no_result() {
    let mut fake = Fake::new(Some("CREATE_COMPLETE"));
    fake.decision = Decision::Decline("no".into());
    fake.fault =
        Box::new(|_, action| matches!(action, Action::DeleteChangeSet { .. }).then_some(Class::Denied));
    let run = run(fake);
    assert_eq!(failed(&run).exit_code(), 3);
    assert!(failed(&run).report().state.as_ref().unwrap().contains(SET_COULD_NOT), "{:?}", failed(&run));
}

const SET_COULD_NOT: &str = "could not be removed: injected";

/// Cancels at each action in turn, and checks what must hold wherever that is.
// C3
#[test]
fn an_interrupt_leaves_nothing_behind_before_the_execution_and_detaches_after_it() {
    let fresh = || {
        Fake::new(None)
            .then("CREATE_IN_PROGRESS", &[("S", "CREATE_IN_PROGRESS", "")])
            .then("CREATE_COMPLETE", &[("S", "CREATE_COMPLETE", "")])
    };
    let all = run(fresh()).actions;
    for (at, cuts) in (0..all.len()).flat_map(|at| [(at, false), (at, true)]) {
        let mut fake = fresh();
        fake.cuts = cuts;
        let seen = std::cell::Cell::new(0);
        fake.cancel_when = Box::new(move |_| {
            seen.set(seen.get() + 1);
            seen.get() > at
        });
        let run = run(fake);
        let created = run.count(|action| matches!(action, Action::CreateChangeSet(_)));
        match &run.result {
            // The last look showed the end.
            Ok(_) => assert_eq!((at, cuts), (all.len() - 1, false)),
            Err(error) => {
                assert_eq!(error.exit_code(), 130, "at {:?}", all[at]);
                if executions(&run) == 0 {
                    assert_eq!(
                        (set_deletions(&run), stack_deletions(&run)),
                        (created, created),
                        "at {:?}",
                        all[at]
                    );
                } else {
                    assert_eq!((set_deletions(&run), stack_deletions(&run)), (0, 0), "at {:?}", all[at]);
                    assert!(error.report().state.as_ref().unwrap().contains("goes on in AWS"));
                }
            }
        }
    }
}

// C3
#[test]
fn an_interrupt_while_nobody_answers_the_order_of_a_change_set_is_an_interrupt() {
    let mut fake = Fake::new(None);
    let is_the_order = |action: &Action| matches!(action, Action::CreateChangeSet(_));
    fake.lost = Box::new(move |_, action| is_the_order(action));
    fake.cancel_when = Box::new(is_the_order);
    let run = run(fake);
    assert_eq!(failed(&run).exit_code(), 130);
    assert_eq!((set_deletions(&run), stack_deletions(&run)), (1, 1), "it was made all the same");
}

#[test]
fn values_that_the_stack_has_are_kept_and_unknown_ones_refused() {
    let template =
        r#"{"Parameters":{"A":{"Type":"String"},"B":{"Type":"String","Default":"b"},"C":{"Type":"String"}}}"#;
    let request = |given: &[&str]| {
        let mut request = DeployRequest::new("S", template);
        request.parameters = given.iter().map(|name| ((*name).to_owned(), "v".to_owned())).collect();
        request
    };
    let names = || Names { change_set: "n".into(), token: TOKEN.into() };
    let plan = Plan::new(&request(&["A"]), names(), Pace::AWS).unwrap();
    let mut fake = Fake::new(Some("CREATE_COMPLETE"));
    fake.stack.as_mut().unwrap().parameters = vec!["A".into(), "B".into(), "C".into(), "Old".into()];
    let run = fake.then("UPDATE_COMPLETE", &[("S", "UPDATE_COMPLETE", "")]).run(Deploy::new(plan));
    let kept = run.actions.iter().find_map(|action| match action {
        Action::CreateChangeSet(set) => Some(set.keep_parameters.clone()),
        _ => None,
    });
    assert_eq!(kept.unwrap(), ["B", "C"]);

    let unknown = Plan::new(&request(&["A", "X", "Y"]), names(), Pace::AWS).unwrap_err();
    assert_eq!(unknown.to_string(), "the template has no parameters `X`, `Y`");
    assert_eq!(unknown.report().next.as_deref(), Some("it has `A`, `B`, `C`"));
}

// I16, I27
#[test]
fn refuses_before_asking_aws_what_aws_would_refuse() {
    let check = |stack: &str, template: &str, expected: &str| {
        let names = Names { change_set: "n".into(), token: TOKEN.into() };
        let error = Plan::new(&DeployRequest::new(stack, template), names, Pace::AWS).unwrap_err();
        assert_eq!(error.exit_code(), 3);
        assert!(error.to_string().contains(expected), "{error}");
    };
    check("1st", "{}", "`1st` cannot be the name of a stack");
    check("a_b", "{}", "cannot be the name");
    check(&"a".repeat(129), "{}", "cannot be the name");
    check("S", "Resources: {}", "not a CloudFormation template in JSON");
    check("S", &format!("{{\"Description\":\"{}\"}}", "x".repeat(1_048_576)), "takes at most 1048576");
}

/// A fault that passes: throttling, or a network that comes back.
fn passing_fault() -> impl Strategy<Value = Option<Class>> {
    prop_oneof![3 => Just(None), 1 => Just(Some(Class::Throttled)), 1 => Just(Some(Class::Unreachable))]
}

proptest! {
    /// Noise between two answers, anywhere, changes neither the result nor what is told.
    #[test]
    fn passing_faults_change_nothing(
        faults in prop::collection::vec(passing_fault(), 0..60),
        fails in any::<bool>(),
    ) {
        let scenario = || if fails { rollback() } else { success() };
        let quiet = run(scenario());
        let mut fake = scenario();
        fake.fault = Box::new(move |n, action| {
            let asks = matches!(action, Action::DescribeStack(_) | Action::Events(_) | Action::DescribeChangeSet { .. });
            faults.get(n).copied().flatten().filter(|_| asks)
        });
        let noisy = run(fake);
        prop_assert_eq!(noisy.result, quiet.result.clone());
        prop_assert_eq!(executions_of(&noisy.actions), 1);
        // Events of the last look may be given up after three failures; never their order, never twice.
        let (told, all) = (told(&noisy.said), quiet.told());
        prop_assert!(all.starts_with(&told) || told == all, "{:?}", told);
    }

    /// Success only if AWS said so in one of its three words.
    #[test]
    fn success_only_if_aws_says_so(statuses in prop::collection::vec("(CREATE|UPDATE|IMPORT|ROLLBACK|DELETE|UPDATE_ROLLBACK|HYPER)_(COMPLETE|FAILED|IN_PROGRESS)|", 1..6)) {
        let mut fake = Fake::new(Some("CREATE_COMPLETE"));
        for status in &statuses {
            fake = fake.then(status, &[("A", "UPDATE_IN_PROGRESS", "")]);
        }
        let fake = fake.then("UPDATE_ROLLBACK_COMPLETE", &[]);
        let result = run(fake).result;
        if let Ok(Deployed::Done(outcome)) = result {
            prop_assert!(["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"].contains(&outcome.status.as_str()));
            prop_assert!(statuses.contains(&outcome.status));
        }
    }
}

fn executions_of(actions: &[Action]) -> usize {
    actions.iter().filter(|action| matches!(action, Action::Execute { .. })).count()
}

fn told(said: &[Progress]) -> Vec<String> {
    let event = |news: &Progress| match news {
        Progress::Resource(event) => Some(format!("{} {}", event.logical_id, event.status)),
        _ => None,
    };
    said.iter().filter_map(event).collect()
}
