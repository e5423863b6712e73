//! Many items that say the same of different resources: a few are told, the others are named, and folded away.

use std::collections::BTreeMap;

use super::page::{Item, Mark, Piece, Text};

/// More items than these that say the same are not told one by one.
const MOST: usize = 10;

/// So many of them are told all the same.
const FEW: usize = 3;

/// So many of the others are named.
const MOST_NAMED: usize = 40;

/// Items in their order. Of many that differ only by whose they are, and by values, a few stay.
pub(super) fn many_alike(items: Vec<Item>) -> Vec<Item> {
    let mut numbers: BTreeMap<Item, usize> = BTreeMap::new();
    for like in items.iter().filter_map(like) {
        *numbers.entry(like).or_default() += 1;
    }
    numbers.retain(|_, number| *number > MOST);
    if numbers.is_empty() {
        return items;
    }
    let mut told: Vec<Item> = Vec::new();
    let mut groups: BTreeMap<Item, (usize, usize, Vec<Item>)> = BTreeMap::new();
    for item in items {
        let Some(like) = like(&item).filter(|like| numbers.contains_key(like)) else {
            told.push(item);
            continue;
        };
        let (number, at, others) = groups.entry(like).or_default();
        *number += 1;
        if *number <= FEW {
            *at = told.len();
            told.push(item);
        } else {
            others.push(item);
        }
    }
    let mut groups: Vec<(usize, Vec<Item>)> =
        groups.into_values().map(|(_, at, others)| (at, others)).collect();
    groups.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    for (at, others) in groups {
        told.insert(at + 1, more(others));
    }
    told
}

/// The others, in one item.
fn more(others: Vec<Item>) -> Item {
    let mark = others.first().map_or(Mark::Note, |item| item.mark);
    let mut text = Text::new().words(format!("and {} more in the same way: ", others.len()));
    for (number, name) in others.iter().filter_map(name).take(MOST_NAMED).enumerate() {
        text = text.words(if number == 0 { "" } else { ", " }).name(name);
    }
    if others.len() > MOST_NAMED {
        text = text.words(format!(" and {} others", others.len() - MOST_NAMED));
    }
    Item::new(mark, text).fold(format!("{} in the same way", others.len()), others)
}

fn name(item: &Item) -> Option<&str> {
    match item.text.0.first() {
        Some(Piece::Name(name)) => Some(name),
        _ => None,
    }
}

/// What an item says, without whose it is and without values; nothing if more follows from it.
fn like(item: &Item) -> Option<Item> {
    name(item)?;
    if item.folded.is_some() {
        return None;
    }
    let mut like = without_values(item);
    like.text.0.remove(0);
    Some(like)
}

fn without_values(item: &Item) -> Item {
    let mut item = item.clone();
    item.text.0.retain(|piece| !matches!(piece, Piece::Old(_) | Piece::New(_)));
    item.below = item.below.iter().map(without_values).collect();
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, words: &str, value: &str) -> Item {
        let below = Item::new(Mark::Replaced, Text::new().name("QueueName").words(": ").old(value));
        Item::new(Mark::Replaced, Text::new().name(name).words(words)).with([below])
    }

    fn told(items: Vec<Item>) -> Vec<String> {
        let text = |item: &Item| -> String {
            let piece = |piece: &Piece| match piece {
                Piece::Words(text) | Piece::Name(text) | Piece::Old(text) | Piece::New(text) => text.clone(),
            };
            item.text.0.iter().map(piece).collect()
        };
        many_alike(items).iter().map(text).collect()
    }

    #[test]
    fn of_many_that_say_the_same_a_few_are_told_and_the_others_named() {
        let mut items: Vec<Item> =
            (0..13).map(|at| item(&format!("Q{at}"), " is replaced", &format!("q{at}"))).collect();
        items.insert(5, item("Other", " is removed", "x"));
        assert_eq!(
            told(items.clone()),
            [
                "Q0 is replaced",
                "Q1 is replaced",
                "Q2 is replaced",
                "and 10 more in the same way: Q3, Q4, Q5, Q6, Q7, Q8, Q9, Q10, Q11, Q12",
                "Other is removed",
            ]
        );
        let folded = many_alike(items)[3].folded.clone().unwrap();
        assert_eq!((folded.items.len(), name(&folded.items[9])), (10, Some("Q12")));
    }

    #[test]
    fn a_few_are_told_one_by_one() {
        let items = (0..10).map(|at| item(&format!("Q{at}"), " is replaced", "")).collect();
        assert_eq!(told(items).len(), 10);
    }
}
