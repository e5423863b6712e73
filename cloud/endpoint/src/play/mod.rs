//! The course of operations: which resource changes when, and how it all ends.

pub(crate) mod backward;
pub(crate) mod forward;
pub(crate) mod removal;

use crate::clock::Micros;
use crate::effects::{Becomes, Effect};

/// Part of a course: steps with their times.
#[derive(Debug, Default)]
pub(crate) struct Course(Vec<(Micros, Effect)>);

impl Course {
    pub(crate) fn at(&mut self, at: Micros, effect: Effect) {
        self.0.push((at, effect));
    }

    pub(crate) fn resource(
        &mut self,
        at: Micros,
        stack: &str,
        logical: &str,
        becomes: Becomes,
        status: &'static str,
        reason: Option<&str>,
    ) {
        let (stack, logical) = (stack.to_owned(), logical.to_owned());
        self.at(at, Effect::Resource { stack, logical, becomes, status, reason: reason.map(str::to_owned) });
    }

    pub(crate) fn status(&mut self, at: Micros, stack: &str, status: &'static str, reason: Option<String>) {
        self.at(at, Effect::Status { stack: stack.to_owned(), status, reason });
    }

    pub(crate) fn end(&mut self, at: Micros, stack: &str, failed: bool) {
        self.at(at, Effect::End { stack: stack.to_owned(), failed });
    }

    /// Adds what happens in a nested stack.
    pub(crate) fn extend(&mut self, other: Course) {
        self.0.extend(other.0);
    }

    /// Nothing happens after this time.
    pub(crate) fn cut(&mut self, at: Micros) {
        self.0.retain(|(time, _)| *time <= at);
    }

    pub(crate) fn into_steps(mut self) -> Vec<(Micros, Effect)> {
        // Stable: what happens at the same time happens in the order it was written.
        self.0.sort_by_key(|(at, _)| *at);
        self.0
    }
}

/// The texts of CloudFormation that list what failed.
pub(crate) fn failed_to(what: &str, ids: &[String]) -> String {
    format!("The following resource(s) failed to {what}: [{}]. ", ids.join(", "))
}
