//! The comparison with another environment, as it is in the code.

use std::collections::BTreeMap;

use constructs::SynthesizedStack;

use super::against::{gone, with_template};
use super::new::{New, Stacks};
use super::report::Compared;
use super::sides::{Sides, Words, apart, called_alike};
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
        compared.push(match others.remove(&stack.id) {
            Some(other) => side_by_side(&stack, &other, [&own, name], session),
            None => with_template(&stack, None, name.to_owned(), &mut session.printer),
        });
    }
    compared.extend(
        others
            .into_values()
            .map(|other| gone(other.name, name.to_owned(), format!("is in `{name}` and not in `{own}`"))),
    );
    Ok(compared)
}

/// Two stacks that stand side by side: neither takes anything from the other.
fn side_by_side(
    stack: &New,
    other: &SynthesizedStack,
    [own, name]: [&str; 2],
    session: &mut Session<'_>,
) -> Compared {
    let sides = Sides { own: own.to_owned(), other: name.to_owned() };
    let others_words = Words::of(name, &other.name, &other.id);
    let own_words = Words::of(own, &stack.name, &stack.id);
    let alike = called_alike(&other.template, &others_words, &stack.template, &own_words);
    let (old, number) = alike.as_ref().map_or((&other.template, 0), |(old, number)| (old, *number));
    let against = format!("{} of {name}", other.name);
    let mut one = with_template(stack, Some(old), against, &mut session.printer);
    apart(&mut one.changes);
    if one.is_different() {
        one.notes.push(sides.note());
    }
    one.notes.extend(sides.left_out(number));
    one.sides = Some(sides);
    one
}
