use proptest::prelude::*;

use super::*;
use crate::services::samples::{API, SINCE, container, deployment, service, task};

const EXITED: &str = "Essential container in task exited";

fn told(news: &[Progress]) -> usize {
    news.iter().filter(|news| matches!(news, Progress::Service(_))).count()
}

fn numbers(tasks: &[StoppedTask]) -> Vec<u32> {
    tasks.iter().map(|task| task.task.rsplit('/').next().unwrap().parse().unwrap()).collect()
}

// L9
#[test]
fn a_service_is_told_when_something_changed() {
    let mut watch = Watch::new(SINCE);
    let old = || deployment("old", "ACTIVE", 1, -5);
    let new = || deployment("new", "PRIMARY", 2, 5);
    let begun = service(vec![new(), old()]);
    assert_eq!(told(&watch.saw(vec![begun.clone()])), 1);
    assert_eq!(told(&watch.saw(vec![begun])), 0);
    let changes: [fn(&mut ServiceDeployment); 5] = [
        |d| d.pending = 1,
        |d| d.running = 1,
        |d| d.failed = 1,
        |d| d.rollout = Some("FAILED".to_owned()),
        |d| d.rollout_reason = Some("ECS deployment circuit breaker: tasks failed to start.".to_owned()),
    ];
    for change in changes {
        let mut moved = new();
        change(&mut moved);
        let moved = service(vec![moved, old()]);
        assert_eq!(told(&watch.saw(vec![moved.clone()])), 1);
        assert_eq!(told(&watch.saw(vec![moved])), 0);
    }
}

#[test]
fn a_service_that_ecs_does_not_deploy_yet_is_not_told() {
    let mut watch = Watch::new(SINCE);
    assert_eq!(watch.saw(vec![service(vec![deployment("old", "PRIMARY", 1, -5)])]), []);
    let mut timeless = deployment("new", "PRIMARY", 2, 0);
    timeless.created = None;
    assert_eq!(told(&watch.saw(vec![service(vec![timeless])])), 1);
}

#[test]
fn a_message_is_told_once_and_not_if_it_is_older_than_the_operation() {
    let mut watch = Watch::new(SINCE);
    let saying = |text: &str, after: i64| {
        let mut state = service(vec![deployment("new", "PRIMARY", 2, 5)]);
        state.message = Some(text.to_owned());
        state.message_time = Some(Timestamp(SINCE.0 + after));
        state
    };
    let before_ours = watch.saw(vec![saying("has reached a steady state", -1)]);
    assert!(
        matches!(&before_ours[..], [Progress::Service(state)] if state.message.is_none()),
        "{before_ours:?}"
    );
    assert_eq!(told(&watch.saw(vec![saying("was unable to place a task", 1)])), 1);
    assert_eq!(told(&watch.saw(vec![saying("was unable to place a task", 2)])), 0);
}

// L9
#[test]
fn only_failures_of_the_new_deployment_are_told() {
    let mut watch = Watch::new(SINCE);
    let (old, new) = (deployment("old", "ACTIVE", 1, -5), deployment("new", "PRIMARY", 2, 5));
    watch.saw(vec![service(vec![new, old])]);
    let mut before = task(1, EXITED);
    before.stopped = Some(Timestamp(SINCE.0 - 1));
    let mut of_old = task(2, EXITED);
    of_old.deployment = Some("ecs-svc/old".to_owned());
    let planned = task(3, "Scaling activity initiated by (deployment ecs-svc/new)");
    let mut of_nobody = task(5, EXITED);
    of_nobody.deployment = None;
    let told = watch.saw_tasks(vec![before, of_old, planned, of_nobody, task(4, EXITED)]);
    assert_eq!(numbers(&told), [4, 5]);
}

// L9
#[test]
fn the_third_failure_of_a_kind_is_said_to_repeat_and_only_once() {
    let mut watch = Watch::new(SINCE);
    assert_eq!(numbers(&watch.saw_tasks(vec![task(1, EXITED), task(2, EXITED)])), [1, 2]);
    assert_eq!(watch.repeats(), None);
    assert_eq!(numbers(&watch.saw_tasks(vec![task(1, EXITED), task(2, EXITED), task(3, EXITED)])), [3]);
    let reason = "Essential container in task exited (web exited with 1)".to_owned();
    assert_eq!(watch.repeats(), Some(Repeat { logical_id: "Api".to_owned(), reason, times: 3 }));
    assert_eq!(watch.repeats(), None);
    // Counted, and not told any more.
    assert!(watch.saw_tasks(vec![task(4, EXITED)]).is_empty());
    assert_eq!(watch.repeats(), None);
}

// L9
#[test]
fn different_failures_and_different_services_do_not_add_up() {
    let mut watch = Watch::new(SINCE);
    let mut other_code = task(2, EXITED);
    other_code.containers = vec![container("web", Some(2))];
    let mut other_service = task(3, EXITED);
    other_service.service = API.replace("api", "worker");
    let told = watch.saw_tasks(vec![
        task(1, EXITED),
        other_code,
        other_service,
        task(4, "CannotPullContainerError"),
    ]);
    assert_eq!(numbers(&told), [1, 2, 3, 4]);
    assert_eq!(watch.repeats(), None);
}

// L7
#[test]
fn what_was_told_of_tasks_is_kept_for_the_report() {
    let mut watch = Watch::new(SINCE);
    let mut stopped = watch.saw_tasks(vec![task(1, EXITED)]).remove(0);
    stopped.containers[0].log = vec!["no DATABASE_URL".to_owned()];
    assert_eq!(watch.logged(stopped.clone()), Progress::TaskStopped(stopped.clone()));
    assert_eq!(watch.tasks(), [stopped]);
}

// A6
#[test]
fn a_missing_permission_is_noted_once_and_not_tried_again() {
    let mut watch = Watch::new(SINCE);
    let failed = |action, class| ApiFailure { action, class, code: None, message: "no".to_owned() };
    let look = "ecs:DescribeServices";
    for passing in [Class::Throttled, Class::Unreachable, Class::Credentials] {
        assert_eq!(watch.refused(Kind::Services, &failed(look, passing)), None);
    }
    assert!(watch.may(look));
    let note = Progress::Note { text: "not allowed to look at ECS (ecs:DescribeServices)".to_owned() };
    assert_eq!(watch.refused(Kind::Services, &failed(look, Class::Denied)), Some(note));
    assert_eq!(watch.refused(Kind::Services, &failed(look, Class::Denied)), None);
    assert!(!watch.may(look) && watch.may("logs:GetLogEvents"));
    let note = watch.refused(Kind::Logs, &failed("logs:GetLogEvents", Class::Rejected));
    let text = "cannot look at the logs of stopped tasks (logs:GetLogEvents): no".to_owned();
    assert_eq!(note, Some(Progress::Note { text }));
}

// A10
#[test]
fn a_question_without_an_answer_for_three_times_in_a_row_is_given_up_with_one_note() {
    let mut watch = Watch::new(SINCE);
    let failure = ApiFailure::network("ecs:DescribeServices", "no answer in time");
    assert_eq!((0..2).filter_map(|_| watch.refused(Kind::Services, &failure)).count(), 0);
    watch.answered(Kind::Services);
    assert_eq!((0..2).filter_map(|_| watch.refused(Kind::Services, &failure)).count(), 0);
    assert!(!watch.is_silent(Kind::Services), "it was answered in between");
    let text = "cannot look at ECS (ecs:DescribeServices): no answer in time; it is not asked any more";
    assert_eq!(watch.refused(Kind::Services, &failure), Some(Progress::Note { text: text.to_owned() }));
    assert!(watch.is_silent(Kind::Services) && !watch.is_silent(Kind::Logs));
    assert_eq!(watch.refused(Kind::Services, &failure), None);
}

// L11
#[test]
fn a_failed_deployment_of_the_operation_is_remembered() {
    let mut watch = Watch::new(SINCE);
    let failed = |id, after| {
        let mut failed = deployment(id, "ACTIVE", 2, after);
        failed.rollout = Some("FAILED".to_owned());
        failed
    };
    watch.saw(vec![service(vec![failed("older", -5)])]);
    assert!(watch.failed_deployments().is_empty());
    watch.saw(vec![service(vec![failed("new", 5)])]);
    watch.saw(vec![service(vec![deployment("back", "PRIMARY", 1, 9)])]);
    assert_eq!(watch.failed_deployments()[API].id, "ecs-svc/new");
}

/// Tasks of a few services, kinds and times.
fn tasks() -> impl Strategy<Value = Vec<StoppedTask>> {
    let reasons = proptest::sample::select(vec![EXITED, "CannotPullContainerError: x", "Task failed y"]);
    let one = (1..40_u32, reasons, 0..2_u32, 0..3_i32).prop_map(|(number, reason, where_, code)| {
        let mut stopped = task(number, reason);
        stopped.stopped = Some(Timestamp(SINCE.0 + i64::from(number % 5)));
        stopped.service = API.replace("api", if where_ == 0 { "api" } else { "worker" });
        stopped.containers = vec![container("web", Some(code))];
        stopped
    });
    proptest::collection::vec(one, 0..30).prop_map(|mut tasks| {
        tasks.sort_by(|a, b| a.task.cmp(&b.task));
        tasks.dedup_by(|a, b| a.task == b.task);
        tasks
    })
}

fn states() -> impl Strategy<Value = Vec<ServiceState>> {
    let one = (-2..3_i64, 0..3_i32, 0..3_i32, any::<bool>(), -1..2_i64);
    proptest::collection::vec(one, 0..4).prop_map(|all| {
        let made = all.into_iter().enumerate().map(|(index, (after, running, failed, stuck, said))| {
            let mut new = deployment("new", "PRIMARY", 2, after);
            (new.running, new.failed) = (running, failed);
            let mut state = service(vec![new]);
            state.service = format!("{API}-{index}");
            state.message = stuck.then(|| "is stuck".to_owned());
            state.message_time = stuck.then_some(Timestamp(SINCE.0 + said));
            state
        });
        made.collect()
    })
}

fn all_repeats(watch: &mut Watch) -> Vec<Repeat> {
    std::iter::from_fn(|| watch.repeats()).collect()
}

proptest! {
    // L9
    #[test]
    fn the_same_observation_again_tells_nothing(states in states(), tasks in tasks()) {
        let mut watch = Watch::new(SINCE);
        watch.saw(states.clone());
        watch.saw_tasks(tasks.clone());
        all_repeats(&mut watch);
        prop_assert_eq!(watch.saw(states), vec![]);
        prop_assert_eq!(watch.saw_tasks(tasks), vec![]);
        prop_assert_eq!(watch.repeats(), None);
    }

    // L9
    #[test]
    fn the_order_of_the_tasks_does_not_matter(
        (tasks, shuffled) in tasks().prop_flat_map(|tasks| (Just(tasks.clone()), Just(tasks).prop_shuffle()))
    ) {
        let (mut one, mut other) = (Watch::new(SINCE), Watch::new(SINCE));
        prop_assert_eq!(one.saw_tasks(tasks), other.saw_tasks(shuffled));
        prop_assert_eq!(all_repeats(&mut one), all_repeats(&mut other));
    }

    // L9
    #[test]
    fn at_most_three_of_a_kind_are_told(tasks in tasks(), cut in 0..30_usize) {
        let mut watch = Watch::new(SINCE);
        let (early, late) = tasks.split_at(cut.min(tasks.len()));
        let mut told = watch.saw_tasks(early.to_vec());
        told.extend(watch.saw_tasks(late.to_vec()));
        let mut kinds = BTreeMap::new();
        for task in told {
            *kinds.entry((task.service.clone(), failure(&task))).or_insert(0) += 1;
        }
        prop_assert!(kinds.values().all(|times| *times <= TOLD), "{:?}", kinds);
    }
}
