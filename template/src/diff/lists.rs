//! Which item of the old list is which of the new one.

use std::collections::BTreeMap;

use super::items::{identity, is_no_value, key_of};
use crate::node::{Map, Node};

/// The most steps of a longest common subsequence; longer lists are compared from both ends only.
const MOST_STEPS: usize = 250_000;

/// The most items that are compared each with each.
const MOST_LOOKED_AT: usize = 60;

/// Which items belong together, by their places in the old and in the new list.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// The same item, perhaps with differences; in the order of the new list.
    pub(super) both: Vec<(usize, usize)>,
    /// Items that only the old list has.
    pub(super) gone: Vec<usize>,
    /// Items that only the new list has.
    pub(super) come: Vec<usize>,
}

/// A list, and its items as text that is the same where they mean the same.
pub(super) type Texts<'t> = (&'t [Node], &'t [String]);

/// Pairs the items of two lists such that an item that comes is one item that comes, and not many that change.
pub(super) fn pairs(old: Texts<'_>, new: Texts<'_>, is_set: bool) -> Pairs {
    let mut found = if is_set { equal_anywhere(old.1, new.1) } else { equal_in_order(old.1, new.1) };
    let mut gaps = Vec::new();
    if is_set {
        let (mut left, mut right) = (vec![true; old.0.len()], vec![true; new.0.len()]);
        for (before, after) in &found {
            (left[*before], right[*after]) = (false, false);
        }
        let open = |all: &[bool]| (0..all.len()).filter(|at| all[*at]).collect::<Vec<usize>>();
        gaps.push((open(&left), open(&right)));
    } else {
        let (mut before, mut after) = (0, 0);
        for (next_before, next_after) in found.iter().copied().chain([(old.0.len(), new.0.len())]) {
            gaps.push(((before..next_before).collect(), (after..next_after).collect()));
            (before, after) = (next_before + 1, next_after + 1);
        }
    }
    for (left, right) in gaps {
        found.extend(alike(old.0, new.0, left, right, is_set));
    }
    found.sort_unstable_by_key(|(before, after)| (*after, *before));
    let mut pairs = Pairs { both: found, ..Pairs::default() };
    let (mut left, mut right) = (vec![true; old.0.len()], vec![true; new.0.len()]);
    for (before, after) in &pairs.both {
        (left[*before], right[*after]) = (false, false);
    }
    pairs.gone = (0..left.len()).filter(|at| left[*at]).collect();
    pairs.come = (0..right.len()).filter(|at| right[*at]).collect();
    pairs
}

/// Equal items of two sets, each once.
fn equal_anywhere(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, text) in old.iter().enumerate().rev() {
        places.entry(text).or_default().push(at);
    }
    let find = |(after, text): (usize, &String)| Some((places.get_mut(text.as_str())?.pop()?, after));
    new.iter().enumerate().filter_map(find).collect()
}

/// A longest sequence of equal items that both lists have in the same order.
fn equal_in_order(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    let shorter = old.len().min(new.len());
    let start = (0..shorter).take_while(|at| old[*at] == new[*at]).count();
    let end = (start..shorter)
        .take_while(|at| old[old.len() - 1 - (at - start)] == new[new.len() - 1 - (at - start)])
        .count();
    let (old_end, new_end) = (old.len() - end, new.len() - end);
    let mut found: Vec<(usize, usize)> = (0..start).map(|at| (at, at)).collect();
    let middle = common(&old[start..old_end], &new[start..new_end]);
    found.extend(middle.into_iter().map(|(before, after)| (before + start, after + start)));
    found.extend((0..end).map(|at| (old_end + at, new_end + at)));
    found
}

/// A longest common subsequence.
fn common<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    if old.is_empty() || new.is_empty() || old.len().saturating_mul(new.len()) > MOST_STEPS {
        return Vec::new();
    }
    let width = new.len() + 1;
    // The length of the longest one of what is left, from each pair of places.
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for before in (0..old.len()).rev() {
        for after in (0..new.len()).rev() {
            let at = before * width + after;
            longest[at] = if old[before] == new[after] {
                longest[at + width + 1] + 1
            } else {
                longest[at + width].max(longest[at + 1])
            };
        }
    }
    let (mut before, mut after, mut found) = (0, 0, Vec::new());
    while before < old.len() && after < new.len() {
        let at = before * width + after;
        if old[before] == new[after] {
            found.push((before, after));
            (before, after) = (before + 1, after + 1);
        } else if longest[at + width] >= longest[at + 1] {
            before += 1;
        } else {
            after += 1;
        }
    }
    found
}

/// Items that are not equal and still the same: they have the same name, or stand at the same place, or have most in
/// common.
fn alike(
    old: &[Node],
    new: &[Node],
    left: Vec<usize>,
    right: Vec<usize>,
    is_set: bool,
) -> Vec<(usize, usize)> {
    if left.is_empty() || right.is_empty() {
        return Vec::new();
    }
    let (before, after): (Vec<&Node>, Vec<&Node>) =
        (left.iter().map(|at| &old[*at]).collect(), right.iter().map(|at| &new[*at]).collect());
    // One text in the place of another is the same item.
    let is_text = |node: &Node| !matches!(node, Node::List(_) | Node::Map(_)) && !is_no_value(node);
    if before.len() == 1 && after.len() == 1 && is_text(before[0]) && is_text(after[0]) {
        return vec![(left[0], right[0])];
    }
    if let Some(key) = identity(&before, &after) {
        let mut found = by_name(&before, &after, key, is_set);
        if key == "Sid" {
            let renamed = renamed(&before, &after, key, &found);
            found.extend(renamed);
        }
        return found.into_iter().map(|(before, after)| (left[before], right[after])).collect();
    }
    if !is_set && left.len() == right.len() {
        return left.into_iter().zip(right).collect();
    }
    by_likeness(&before, &after, is_set)
        .into_iter()
        .map(|(before, after)| (left[before], right[after]))
        .collect()
}

fn by_name(old: &[&Node], new: &[&Node], key: &str, is_set: bool) -> Vec<(usize, usize)> {
    let names = |items: &[&Node]| items.iter().filter_map(|item| key_of(item, key)).collect::<Vec<_>>();
    let (old, new) = (names(old), names(new));
    if is_set { equal_anywhere(&old, &new) } else { equal_in_order(&old, &new) }
}

/// Pairs of mappings that are equal but for their names, among those that are in none of `found`. The names of
/// statements mean nothing to AWS.
fn renamed(old: &[&Node], new: &[&Node], key: &str, found: &[(usize, usize)]) -> Vec<(usize, usize)> {
    if old.len() > MOST_LOOKED_AT || new.len() > MOST_LOOKED_AT {
        return Vec::new();
    }
    let rest = |node: &Node| -> Option<Map> {
        Some(
            node.as_map()?
                .iter()
                .filter(|(name, _)| *name != key)
                .map(|(name, node)| (name.clone(), node.clone()))
                .collect(),
        )
    };
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for before in (0..old.len()).filter(|at| found.iter().all(|(before, _)| before != at)) {
        let is_same = |after: &usize| {
            found.iter().chain(&pairs).all(|(_, known)| known != after)
                && rest(old[before]) == rest(new[*after])
        };
        let same = (0..new.len()).find(is_same);
        pairs.extend(same.map(|after| (before, after)));
    }
    pairs
}

/// Pairs of mappings that have more than half of their entries in common, the most alike first.
fn by_likeness(old: &[&Node], new: &[&Node], is_set: bool) -> Vec<(usize, usize)> {
    if old.len() > MOST_LOOKED_AT || new.len() > MOST_LOOKED_AT {
        return Vec::new();
    }
    let mut likely: Vec<(usize, usize, usize)> = Vec::new();
    for (before, left) in old.iter().enumerate() {
        for (after, right) in new.iter().enumerate() {
            likely.extend(likeness(left, right).map(|share| (share, before, after)));
        }
    }
    likely.sort_by_key(|(share, before, after)| (std::cmp::Reverse(*share), *before, *after));
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (_, before, after) in likely {
        let free = |pair: &(usize, usize)| pair.0 != before && pair.1 != after;
        // In a list the order must stay the same.
        let in_order = |pair: &(usize, usize)| is_set || (pair.0 < before) == (pair.1 < after);
        if found.iter().all(|pair| free(pair) && in_order(pair)) {
            found.push((before, after));
        }
    }
    found
}

/// How many in a hundred of their entries two mappings have in common, if it is more than half.
fn likeness(old: &Node, new: &Node) -> Option<usize> {
    let (old, new) = (old.as_map()?, new.as_map()?);
    let most = old.len().max(new.len());
    let equal = old.iter().filter(|(key, node)| new.get(key) == Some(*node)).count();
    (2 * equal > most || (2 * equal == most && most > 0)).then(|| equal * 100 / most)
}
