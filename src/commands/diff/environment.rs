//! The comparison with another environment, as it is in the code.

use std::collections::BTreeMap;

use constructs::SynthesizedStack;

use super::against::{gone, with_template};
use super::new::Stacks;
use super::report::Compared;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// Compares each stack with the stack that has the same id in the environment `name`. (The names in AWS differ by design.)
pub(super) fn compare(name: &str, new: Stacks, session: &mut Session<'_>) -> Result<Vec<Compared>> {
    let own = new.environment.unwrap_or_default();
    if own == name {
        let message = format!("`{name}` would be compared with itself");
        let problem = Problem::error("usage/same-environment", message);
        return Err(Failure::usage(problem.hint("choose the environment that is compared with `-e NAME`")));
    }
    let wanted: Vec<String> =
        if new.all { Vec::new() } else { new.each.iter().map(|stack| stack.id.clone()).collect() };
    let others = session.sound_in(name, &wanted)?.stacks;
    let mut others: BTreeMap<String, SynthesizedStack> =
        others.into_iter().map(|stack| (stack.id.clone(), stack)).collect();
    let mut compared = Vec::new();
    for stack in new.each {
        let other = others.remove(&stack.id);
        let against = other.as_ref().map_or(name.to_owned(), |other| format!("{} of {name}", other.name));
        let old = other.as_ref().map(|other| &other.template);
        let mut one = with_template(&stack, old, against, &mut session.printer);
        // Two stacks stand side by side: neither takes anything from the other.
        one.changes.losses.clear();
        one.changes.refusals.clear();
        one.changes.given_up.clear();
        one.changes.resources.iter_mut().for_each(|change| change.fate = None);
        one.notes.push(
            "is a stack of its own: what follows is how the two differ, and no deployment of one touches the other"
                .to_owned(),
        );
        compared.push(one);
    }
    compared.extend(
        others
            .into_values()
            .map(|other| gone(other.name, name.to_owned(), format!("is in `{name}` and not in `{own}`"))),
    );
    Ok(compared)
}
