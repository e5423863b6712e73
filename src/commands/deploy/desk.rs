//! Where the stacks of a run ask their questions: one at a time, and none to change a stack once another has failed.

use std::cell::RefCell;
use std::collections::BTreeSet;

use cloud::{Cancel, Decision, Question};
use tokio::sync::Mutex;

use crate::aws::{About, Approval, Monitor};
use crate::problem::{Failure, Problem};

/// The desk.
pub(super) struct Desk {
    approval: Approval,
    /// Held while somebody is asked.
    turn: Mutex<()>,
    /// Why nothing new is to begin, if so.
    closed: RefCell<Option<String>>,
    /// The stacks, by their place, that came when it was closed.
    turned_away: RefCell<BTreeSet<usize>>,
}

impl Desk {
    /// A desk that answers as `approval` says.
    pub(super) fn new(approval: Approval) -> Desk {
        Desk { approval, turn: Mutex::new(()), closed: RefCell::default(), turned_away: RefCell::default() }
    }

    /// From now on no stack begins to be changed, because of `why`. The first reason holds.
    pub(super) fn close(&self, why: String) {
        self.closed.borrow_mut().get_or_insert(why);
    }

    /// Whether the stack at this place came too late.
    pub(super) fn has_turned_away(&self, stack: usize) -> bool {
        self.turned_away.borrow().contains(&stack)
    }

    /// Answers a question of the engine.
    pub(super) async fn decide(
        &self,
        question: Question,
        about: About<'_>,
        monitor: &Monitor<'_>,
        cancel: &Cancel,
    ) -> Decision {
        let begins = !matches!(question, Question::RollBack { .. });
        // An update that runs must be followed, and cannot wait until somebody answers for another stack.
        let _turn = if begins {
            self.turn.lock().await
        } else if let Ok(turn) = self.turn.try_lock() {
            turn
        } else {
            return Decision::Decline("another stack has a question".to_owned());
        };
        if let Some(why) = self.closed.borrow().clone().filter(|_| begins) {
            self.turned_away.borrow_mut().insert(monitor.place());
            return Decision::Decline(why);
        }
        if let Question::Changes(set) = &question {
            monitor.plan(set);
        }
        let _floor = monitor.take_the_floor();
        self.approval.decide(question, about, monitor, cancel).await
    }

    /// Asks a question of yes or no.
    pub(super) async fn confirm(&self, question: String, monitor: &Monitor<'_>, cancel: &Cancel) -> bool {
        let _turn = self.turn.lock().await;
        if self.closed.borrow().is_some() {
            self.turned_away.borrow_mut().insert(monitor.place());
            return false;
        }
        let _floor = monitor.take_the_floor();
        monitor.pause();
        let answer = self.approval.confirm(question, cancel).await;
        monitor.resume();
        answer
    }

    /// The failure of a stack that was refused here, with everything that is to be said about it; any other as it is.
    pub(super) fn explain(&self, about: About<'_>, failure: Failure) -> Failure {
        self.approval.explain(about, failure)
    }

    /// What was allowed and did not come up; `all` says whether every stack was deployed.
    pub(super) fn unused(&self, all: bool) -> Vec<Problem> {
        self.approval.unused(all)
    }
}
