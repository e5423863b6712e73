//! The seven promises of the engine, over generated histories with trouble put in anywhere.
//!
//! A history is made of a true course of events, which the tests know, and of what gets in the way of seeing it: throttled
//! and unanswered calls, answers that are lost after the effect, stale looks, events that come twice or in another order.
//! A failing case is shrunk and printed with its seed by proptest. The seventh promise (no secret in any byte) is shown
//! where bytes are written, by `progress/secrets.rs` of the command, and against the endpoint, where they are sent.

use std::time::Duration;

use proptest::prelude::*;

use super::deploy::{Deploy, Deployed};
use super::fake::{CREATED, Fake, NESTING, Run, TEMPLATE, TOKEN, change, event};
use super::machine::{Action, SetView};
use super::patience::Pace;
use super::plan::{Names, Plan};
use super::progress::{Progress, ResourceEvent};
use super::request::{Change, Decision, DeployRequest, StackResource};
use crate::error::Kind;
use crate::failure::Class;
use crate::services::samples::{API, deployment, revision, service};

/// What happens to a resource: its logical id, its status, and why.
type Row = (String, String, String);

/// How one deployment truly goes.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other, as the events are")]
struct Truth {
    creates: bool,
    resources: usize,
    /// The resource that fails, if one does, and whether the rollback fails, too.
    fails: Option<(usize, bool)>,
    /// Whether the old version of a resource cannot be deleted afterwards.
    leaves_old: bool,
    /// Whether ECS went back to the old revision without CloudFormation's knowing.
    old_revision: bool,
    /// Looks for which each state shows.
    slowness: usize,
    /// Whether there is a nested stack, with a change set of its own.
    nests: bool,
    /// The change set is empty, or the caller says no.
    ends_early: Option<Early>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Early {
    NoChanges,
    Declined,
    Left,
    Meddled,
}

/// What gets in the way, by the number of the call.
#[derive(Debug, Clone, Default)]
struct Trouble {
    failing: Vec<(usize, bool)>,
    lost: Vec<usize>,
    stale: Vec<usize>,
    swaps: Vec<usize>,
}

fn truth() -> impl Strategy<Value = Truth> {
    let early = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Early::NoChanges)),
        1 => Just(Some(Early::Declined)),
        1 => Just(Some(Early::Left)),
        1 => Just(Some(Early::Meddled)),
    ];
    let fails = prop::option::of((0usize..6, any::<bool>()));
    let (flag, nests) = (any::<bool>, any::<bool>());
    (flag(), 1usize..6, fails, flag(), flag(), 0usize..4, early, nests).prop_map(
        |(creates, resources, fails, leaves_old, old_revision, slowness, ends_early, nests)| Truth {
            creates,
            resources,
            fails: fails.map(|(which, again)| (which % resources, again)),
            leaves_old,
            old_revision,
            slowness,
            nests,
            ends_early,
        },
    )
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let some = || prop::collection::vec(0usize..120, 0..8);
    (prop::collection::vec((0usize..120, any::<bool>()), 0..16), some(), some(), some())
        .prop_map(|(failing, lost, stale, swaps)| Trouble { failing, lost, stale, swaps })
}

impl Truth {
    /// The status that the stack truly ends with.
    fn end(&self) -> &'static str {
        match (self.creates, self.fails) {
            (true, None) => "CREATE_COMPLETE",
            (false, None) => "UPDATE_COMPLETE",
            (true, Some((_, false))) => "ROLLBACK_COMPLETE",
            (true, Some((_, true))) => "ROLLBACK_FAILED",
            (false, Some((_, false))) => "UPDATE_ROLLBACK_COMPLETE",
            (false, Some((_, true))) => "UPDATE_ROLLBACK_FAILED",
        }
    }

    fn verb(&self) -> &'static str {
        if self.creates { "CREATE" } else { "UPDATE" }
    }

    /// The states that show one after the other, with the events that happen on the way.
    fn frames(&self) -> Vec<(String, Vec<Row>)> {
        let verb = self.verb();
        let row = |id: &str, status: String, reason: &str| (id.to_owned(), status, reason.to_owned());
        let own = |status: &str| row("S", status.to_owned(), "");
        let running = format!("{verb}_IN_PROGRESS");
        let mut frames = vec![(running.clone(), vec![own(&running)])];
        let failing = self.fails.map_or(self.resources, |(which, _)| which);
        for n in 0..=failing.min(self.resources - 1) {
            let id = format!("R{n}");
            frames.push((running.clone(), vec![row(&id, format!("{verb}_IN_PROGRESS"), "")]));
            if n < failing {
                frames.push((running.clone(), vec![row(&id, format!("{verb}_COMPLETE"), "")]));
            }
        }
        match self.fails {
            None => {
                if self.leaves_old && !self.creates {
                    let cleaning = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS";
                    let left = row("R0", "DELETE_FAILED".to_owned(), "still in use");
                    frames.push((cleaning.to_owned(), vec![own(cleaning), left]));
                }
                frames.push((self.end().to_owned(), vec![own(self.end())]));
            }
            Some((which, again)) => {
                let back = if self.creates { "ROLLBACK_IN_PROGRESS" } else { "UPDATE_ROLLBACK_IN_PROGRESS" };
                let failed = row(&format!("R{which}"), format!("{verb}_FAILED"), "the true cause");
                let echo = row("R9", format!("{verb}_FAILED"), "Resource creation cancelled");
                frames.push((back.to_owned(), vec![failed, echo, own(back)]));
                let mut last = vec![own(self.end())];
                if again {
                    last.insert(0, row("R8", format!("{verb}_FAILED"), "the rollback failed, too"));
                }
                frames.push((self.end().to_owned(), last));
            }
        }
        frames
    }

    fn fake(&self, trouble: &Trouble) -> Fake {
        let mut fake = Fake::new((!self.creates).then_some("CREATE_COMPLETE"));
        for (status, events) in self.frames() {
            let events: Vec<_> = events
                .iter()
                .map(|(id, status, reason)| (id.as_str(), status.as_str(), reason.as_str()))
                .collect();
            fake = fake.then(&status, &events).hold(self.slowness);
        }
        fake.change_events(|event| {
            if event.logical_id == "R0" {
                (event.resource_type, event.physical_id) = ("AWS::ECS::Service".into(), Some(API.into()));
            }
        });
        let runs = if self.old_revision {
            deployment("old", "PRIMARY", 1, 5)
        } else {
            deployment("new", "PRIMARY", 2, 5)
        };
        fake.services = vec![service(vec![runs])];
        fake.resources = vec![resource("Service", API), resource("TaskDefinition", &revision(2))];
        if self.nests {
            nest(&mut fake);
        }
        self.end_early(&mut fake);
        trouble.get_in_the_way_of(&mut fake);
        fake
    }

    fn end_early(&self, fake: &mut Fake) {
        match self.ends_early {
            None => {}
            Some(Early::NoChanges) => {
                fake.set = SetView {
                    status: "FAILED".into(),
                    reason: "The submitted information didn't contain changes.".into(),
                    execution: "UNAVAILABLE".into(),
                    changes: Vec::new(),
                    ..fake.set.clone()
                };
            }
            Some(Early::Declined) => fake.decision = Decision::Decline("no".into()),
            Some(Early::Left) => fake.decision = Decision::Leave,
            Some(Early::Meddled) => fake.template = Some("another one".into()),
        }
    }

    /// The exit code that the truth deserves.
    fn deserves(&self) -> u8 {
        match self.ends_early {
            // A template that makes nothing is no success for a new stack.
            Some(Early::NoChanges) => u8::from(self.creates),
            Some(Early::Declined) => 3,
            Some(Early::Meddled) => 4,
            None if self.fails.is_some() || self.old_revision => 1,
            None if self.leaves_old && !self.creates => 9,
            None | Some(Early::Left) => 0,
        }
    }
}

/// A nested stack, whose change set takes a while to go.
fn nest(fake: &mut Fake) {
    let inside = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/Inside/1";
    fake.inside.insert(inside.to_owned(), fake.set.clone());
    fake.set.changes.push(Change {
        resource_type: "AWS::CloudFormation::Stack".into(),
        change_set_id: Some(inside.into()),
        ..change("Nested")
    });
    fake.template = crate::template_body::fingerprint(NESTING);
    fake.leaving = 3;
}

fn resource(kind: &str, physical_id: &str) -> StackResource {
    StackResource {
        logical_id: kind.into(),
        resource_type: format!("AWS::ECS::{kind}"),
        physical_id: Some(physical_id.into()),
    }
}

impl Trouble {
    fn get_in_the_way_of(&self, fake: &mut Fake) {
        let Trouble { failing, lost, stale, swaps } = self.clone();
        fake.fault = Box::new(move |n, action| {
            let class = |throttled: bool| if throttled { Class::Throttled } else { Class::Unreachable };
            let hit = failing.iter().find(|(at, _)| *at == n)?;
            is_question(action).then(|| class(hit.1))
        });
        fake.lost = Box::new(move |n, action| lost.contains(&n) && matches!(action, Action::Execute { .. }));
        fake.stale = Box::new(move |n| stale.contains(&n));
        let mut answers = 0;
        fake.garble = Box::new(move |events| {
            answers += 1;
            for at in swaps.iter().filter(|at| **at % 7 == answers % 7) {
                let at = at % events.len().max(1);
                if at + 1 < events.len() {
                    events.swap(at, at + 1);
                    events.insert(at, events[at].clone());
                }
            }
        });
    }
}

/// Whether a call changes nothing; those that do are tried seven times below the engine.
fn is_question(action: &Action) -> bool {
    matches!(
        action,
        Action::DescribeStack(_)
            | Action::DescribeChangeSet { .. }
            | Action::Events(_)
            | Action::TemplateOf(_)
            | Action::LookAtServices(_)
            | Action::StoppedTasks(_)
            | Action::ListChangeSets(_)
            | Action::ListResources(_)
    )
}

fn deploy(fake: Fake) -> Run<Deployed> {
    let names = Names { change_set: "docuthinker-1".into(), token: TOKEN.into() };
    let template = if fake.inside.is_empty() { TEMPLATE } else { NESTING };
    fake.run(Deploy::new(Plan::new(&DeployRequest::new("S", template), names, Pace::AWS).unwrap()))
}

fn exit_code(run: &Run<Deployed>) -> u8 {
    match &run.result {
        Ok(Deployed::Done(outcome)) if outcome.leftovers.is_empty() => 0,
        Ok(Deployed::Done(_)) => 9,
        Ok(Deployed::Recreate { .. }) => panic!("nobody asked for that"),
        Err(error) => error.exit_code(),
    }
}

fn told(run: &Run<Deployed>) -> Vec<&ResourceEvent> {
    let events = run.said.iter().filter_map(|news| match news {
        Progress::Resource(event) => Some(event),
        _ => None,
    });
    events.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Promises 1, 3, 4, 5 and 6: whatever gets in the way, the exit code is the one that the truth deserves; there is one
    /// execution at most, nothing of ours is left, and the cause is the true one.
    // A1, A3, A11, A13, A18, A19, L8
    #[test]
    fn trouble_changes_neither_the_exit_code_nor_what_is_left(truth in truth(), trouble in trouble()) {
        let run = deploy(truth.fake(&trouble));
        prop_assert_eq!(exit_code(&run), truth.deserves(), "{:?}", run.result);
        let executions = run.count(|action| matches!(action, Action::Execute { .. }));
        prop_assert!(executions <= 1, "{executions} executions");
        prop_assert!(!run.leaves.change_set && !run.leaves.empty_stack, "{:?}", run.leaves);
        if let Err(error) = &run.result && truth.ends_early.is_none() && truth.fails.is_some() {
            let cause = error.report().cause.as_ref().and_then(|cause| cause.reason.as_deref());
            prop_assert_eq!(cause, Some("the true cause"));
        }
    }

    /// Promise 2: every event is told once; in AWS's order, but for what AWS itself shows late.
    // A16
    #[test]
    fn every_event_is_told_once_and_in_order(truth in truth(), trouble in trouble()) {
        let truth = Truth { ends_early: None, ..truth };
        let all: usize = truth.frames().iter().map(|(_, events)| events.len()).sum();
        let run = deploy(truth.fake(&trouble));
        let times: Vec<_> = told(&run).iter().map(|event| event.time).collect();
        let truly: Vec<_> = (0..all).map(|n| event(n, "S", "", "").time).collect();
        prop_assert!(truly.starts_with(&times), "{:?}", run.said);
        // Once the stack has succeeded, its last lines are not waited for as long as one likes, whatever ECS then shows.
        let is_trouble = |news: &&Progress| matches!(news, Progress::Throttled { .. } | Progress::Unreachable { .. });
        let after = run.said.iter().rev().take_while(|news| !matches!(news, Progress::Resource(_)));
        let gave_up = truth.fails.is_none() && after.filter(is_trouble).count() >= 2;
        prop_assert!(times.len() == all || gave_up, "{} of {all}: {:?}", times.len(), run.said);
    }

    /// Promise 4 with a wish to stop at any moment: before the execution nothing is left, after it the operation goes on
    /// and the way back to it is named.
    // C3
    #[test]
    fn a_wish_to_stop_at_any_moment_leaves_nothing_or_says_how_to_go_on(
        truth in truth(),
        trouble in trouble(),
        when in 0usize..60,
        cuts in any::<bool>(),
        unanswered in any::<Option<bool>>(),
    ) {
        let mut fake = truth.fake(&trouble);
        (fake.cuts, fake.unanswered) = (cuts, unanswered);
        let calls = std::cell::Cell::new(0);
        fake.cancel_when = Box::new(move |_| {
            calls.set(calls.get() + 1);
            calls.get() > when
        });
        let run = deploy(fake);
        if run.leaves.executed {
            if let Err(error) = &run.result && error.kind() == Kind::Interrupted {
                let next = error.report().next.clone().unwrap_or_default();
                let state = error.report().state.clone().unwrap_or_default();
                prop_assert!(next.starts_with("docuthinker watch"), "{error:?}");
                prop_assert!(state.contains("goes on") || state.contains("not known"), "{error:?}");
            }
        } else {
            // Nobody answers whether the order to execute arrived: then what it would have changed must stay.
            let state = run.result.as_ref().err().and_then(|error| error.report().state.as_deref());
            let unknown = unanswered.is_some() && state.is_some_and(|state| state.contains("not known"));
            let nothing = !run.leaves.change_set && !run.leaves.empty_stack;
            prop_assert!(nothing || unknown, "{:?} {:?}", run.leaves, run.result);
        }
    }

    /// However long the network is away within the grace time, the result is the same.
    // A10
    #[test]
    fn ten_minutes_without_a_network_change_nothing(truth in truth(), begin in 0u64..60) {
        let mut fake = truth.fake(&Trouble::default());
        let away = Duration::from_secs(begin)..Duration::from_secs(begin + 600);
        fake.fault_at = Some(Box::new(move |now, action| {
            (away.contains(&now) && is_question(action)).then_some(Class::Unreachable)
        }));
        let run = deploy(fake);
        // What ECS runs cannot be looked at for ever; so only what CloudFormation says is compared.
        if !truth.old_revision {
            prop_assert_eq!(exit_code(&run), truth.deserves(), "{:?}", run.result);
        }
    }
}

#[test]
fn the_oracle_knows_its_own_events() {
    let last = event(3, "S", "CREATE_COMPLETE", "");
    assert_eq!((last.time.0, last.token.as_deref()), (CREATED + 4, Some(TOKEN)));
}
