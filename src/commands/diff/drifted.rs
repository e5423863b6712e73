//! `--drift`: what was changed in AWS besides CloudFormation, beside what a deployment would change.

use template::Node;

use super::super::drift::{self, Asked, Part, Resource};
use super::super::value;
use super::deployed::Placed;
use super::page::{Item, Mark, Text};
use super::report::Compared;
use crate::aws::{self, Aws};
use crate::problem::{Failure, Result, count};
use crate::session::Session;

/// Looks for drift in the stacks that are deployed.
pub(super) fn look(
    compared: &mut [Compared],
    placed: &[Placed],
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<()> {
    let deployed: Vec<(&mut Compared, &Placed)> =
        compared.iter_mut().zip(placed).filter(|(one, _)| one.deployed).collect();
    let asked: Vec<Asked<'_>> = deployed.iter().map(|(_, stack)| asked(stack)).collect();
    let found = drift::look(&asked, drift::TIMEOUT, aws, session)?;
    let mut failures: Vec<Failure> = Vec::new();
    for ((one, stack), found) in deployed.into_iter().zip(found) {
        match found {
            Ok(found) => one.drift = Some(found),
            Err(error) => failures.push(aws::located(&error, stack.new.made.as_ref())),
        }
    }
    Failure::all(failures).map_or(Ok(()), Err)
}

fn asked(stack: &Placed) -> Asked<'_> {
    let known = stack.known.as_ref().map(|known| known.description.stack_id.as_str());
    Asked {
        name: known.unwrap_or(&stack.new.name),
        region: stack.new.region.as_deref(),
        account: stack.new.account.as_deref(),
        synthesized: stack.new.made.as_ref(),
    }
}

/// What was compared and what not, what differs, and what puts it back.
pub(super) fn items(found: &drift::Compared) -> Vec<Item> {
    let mut items = Vec::new();
    for part in &found.parts {
        items
            .push(Item::new(Mark::Note, Text::new().name(&part.name).words(format!(": {}", part.summary()))));
        items.extend(part.drifted().map(|resource| drifted(found, part, resource)));
        let left_out = part.left_out().count();
        if left_out > 0 {
            let text = format!(
                "{} of {} left out: `docuthinker drift --all` shows them",
                count(left_out, "difference"),
                part.name
            );
            items.push(Item::new(Mark::Note, Text::of(&text)));
        }
        let failed = part.unchecked.iter().filter_map(|one| Some((one, one.reason.as_ref()?)));
        items.extend(failed.map(|(one, reason)| {
            Item::new(
                Mark::MayReplace,
                Text::new().name(&one.logical_id).words(format!(" was not compared: {reason}")),
            )
        }));
        let unsupported = part.unchecked.iter().filter(|one| one.reason.is_none()).count();
        if unsupported > 0 {
            let text =
                Text::new().name(&part.name).words(format!(": {}", drift::not_comparable(unsupported)));
            items.push(Item::new(Mark::Note, text));
        }
        if let Some(failure) = &part.failure {
            let text = Text::new().name(&part.name).words(format!(": not all was compared: {failure}"));
            items.push(Item::new(Mark::Danger, text));
        }
    }
    if let Some(next) = &found.next {
        let text =
            Text::new().words("a deployment compares templates only and leaves this as it is; put back by ");
        items.push(Item::new(Mark::Note, text.name(next)));
    }
    items
}

fn drifted(found: &drift::Compared, part: &Part, resource: &Resource) -> Item {
    let nested = if part.name == found.name { String::new() } else { format!("{}/", part.name) };
    let text = Text::new()
        .name(format!("{nested}{}", resource.logical_id))
        .words(format!(" ({})", resource.type_name));
    let (mark, what) =
        if resource.deleted { (Mark::Removed, " was deleted") } else { (Mark::Changed, " was changed") };
    let text = text.words(what);
    let text = match (&resource.place.construct, &resource.place.location) {
        (Some(construct), Some(line)) => text.words(format!(": {construct}, {line}")),
        _ => text,
    };
    let value = |node: &Option<Node>| node.as_ref().map_or_else(|| "nothing".to_owned(), value::line);
    let differences = resource.differences.iter().map(|one| {
        let text = Text::new().name(&one.property).words(": ");
        let text = if one.expected == one.actual {
            text.words("a secret in it is another, which is not shown")
        } else {
            text.old(value(&one.expected)).words(" → ").new_value(value(&one.actual))
        };
        Item::new(Mark::Changed, text)
    });
    Item::new(mark, text).with(differences)
}
