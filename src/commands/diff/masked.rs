//! What may be a credential is taken out of a comparison by its place, however short it is and whatever is in it.

use template::diff::Change;
use template::{Changes, Node, Path, Step};

/// What is shown instead.
const STARS: &str = "****";

/// Puts stars in place of all values that may be credentials, where they stand in the old template or in the new one.
pub(super) fn mask(changes: &mut Changes, secrets: &[Vec<Path>; 2]) {
    let of_resources = changes.resources.iter_mut().flat_map(|resource| &mut resource.changes);
    for change in of_resources.chain(&mut changes.sections) {
        mask_one(change, secrets);
    }
}

fn mask_one(change: &mut Change, secrets: &[Vec<Path>; 2]) {
    let was = change.was.clone().unwrap_or_else(|| change.path.clone());
    let mut masked = false;
    // A place may be secret in one template only: the other value is as telling.
    for secret in secrets.iter().flatten() {
        for (node, place) in [(&mut change.old, &was), (&mut change.new, &change.path)] {
            if let Some(node) = node {
                masked |= cover(node, place, secret);
            }
        }
    }
    if masked {
        // The same values, taken apart.
        change.inside.clear();
    }
}

/// Covers what is at `secret` within a value that is at `place`; gives whether there is anything.
fn cover(node: &mut Node, place: &Path, secret: &Path) -> bool {
    let (place, secret): (Vec<Step<'_>>, Vec<Step<'_>>) = (place.steps().collect(), secret.steps().collect());
    let common = place.iter().zip(&secret).take_while(|(a, b)| a == b).count();
    if common == secret.len() {
        *node = Node::String(STARS.to_owned());
        return true;
    }
    if common < place.len() {
        return false;
    }
    descend(node, &secret[common..])
}

fn descend(node: &mut Node, steps: &[Step<'_>]) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        *node = Node::String(STARS.to_owned());
        return true;
    };
    match (&mut *node, step) {
        (Node::Map(map), Step::Key(key)) => map.get_mut(key).is_some_and(|below| descend(below, rest)),
        (Node::List(items), Step::Index(at)) => items.get_mut(*at).is_some_and(|below| descend(below, rest)),
        // A place that is written in another way here: all of it is covered.
        _ => {
            *node = Node::String(STARS.to_owned());
            true
        }
    }
}
