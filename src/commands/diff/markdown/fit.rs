//! What is left out of a page for which a comment has no room: as little as needed, and what a reviewer asks last
//! before what is asked first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::page::{Item, Mark, Page, Piece, Sheet, Text};
use super::super::subject::Subject;
use super::{cut, draw_item, draw_sheet};
use crate::problem::count;

/// The longest value where there is too little room, in characters.
const VALUE: usize = 80;

/// The longest sentence, in characters: hundreds of resources may be named in one.
const SENTENCE: usize = 2_000;

/// So many items of each list are kept as long as others have more.
const KEPT: [usize; 3] = [30, 5, 0];

/// What the remark on what is left out of one list takes, in bytes.
const REMARK: usize = 60;

/// What is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// The ends of long values and sentences.
    values: bool,
    /// Folds of which something is missing.
    folds: usize,
    /// Items of lists that are not folded.
    items: usize,
    /// Stacks of which there is only the heading.
    headings: usize,
    /// Stacks that are not named at all.
    stacks: usize,
}

impl LeftOut {
    /// What takes the most words.
    pub(super) const MOST: LeftOut = LeftOut {
        values: true,
        folds: usize::MAX,
        items: usize::MAX,
        headings: usize::MAX,
        stacks: usize::MAX,
    };

    /// The same in words.
    pub(super) fn told(&self) -> String {
        let counted = [
            (self.folds, "what is folded at ", "place"),
            (self.items, "", "line"),
            (self.headings, "the details of ", "stack"),
            (self.stacks, "", "stack"),
        ];
        let counted = counted.into_iter().filter(|(number, ..)| *number > 0);
        let mut told: Vec<String> =
            counted.map(|(number, of, what)| format!("{of}{}", count(number, what))).collect();
        told.extend(self.values.then(|| "the ends of long values".to_owned()));
        told.join(", ")
    }
}

/// Shortens the page until it is drawn in no more than `room` bytes.
pub(super) fn fit(page: &mut Page, room: usize) -> LeftOut {
    let values = shorten_values(page);
    let mut short =
        Short { excess: drawn(page).saturating_sub(room), out: LeftOut { values, ..LeftOut::default() } };
    short.folds(page, room);
    let mut subjects: Vec<Subject> = sections(page).map(|section| section.subject).collect();
    subjects.sort_unstable_by_key(|subject| Reverse(*subject));
    subjects.dedup();
    for kept in KEPT {
        for subject in &subjects {
            short.below(page, *subject, kept);
            short.sections(page, *subject, kept);
        }
    }
    if short.excess > 0 {
        short.sheets(page, room);
    }
    short.out
}

fn drawn(page: &Page) -> usize {
    page.sheets.iter().map(drawn_sheet).sum()
}

fn drawn_sheet(sheet: &Sheet) -> usize {
    let mut text = String::new();
    draw_sheet(sheet, &mut text);
    text.len()
}

fn drawn_item(depth: usize, item: &Item) -> usize {
    let mut text = String::new();
    draw_item(depth, item, &mut text);
    text.len()
}

fn sections(page: &mut Page) -> impl Iterator<Item = &mut super::Section> {
    page.sheets.iter_mut().flat_map(|sheet| &mut sheet.sections)
}

/// Calls `seen` with each item.
fn each_item(items: &mut [Item], seen: &mut dyn FnMut(&mut Item)) {
    for item in items {
        seen(item);
        each_item(&mut item.below, seen);
        if let Some(fold) = &mut item.folded {
            each_item(&mut fold.items, seen);
        }
    }
}

/// Cuts long values and sentences; whether there were any.
fn shorten_values(page: &mut Page) -> bool {
    let mut any = false;
    for sheet in &mut page.sheets {
        sheet.notes.iter_mut().for_each(|note| any |= shorten(note));
        for section in &mut sheet.sections {
            each_item(&mut section.items, &mut |item| any |= shorten(&mut item.text));
        }
    }
    any
}

fn shorten(text: &mut Text) -> bool {
    let mut any = false;
    let mut left = SENTENCE;
    for at in 0..text.0.len() {
        let (Piece::Old(value) | Piece::New(value)) = &mut text.0[at] else { continue };
        if value.chars().nth(VALUE).is_some() {
            (*value, any) = (cut(value, VALUE), true);
        }
    }
    for at in 0..text.0.len() {
        let (Piece::Words(part) | Piece::Name(part) | Piece::Old(part) | Piece::New(part)) = &text.0[at];
        match left.checked_sub(part.chars().count()) {
            Some(rest) => left = rest,
            // The end says what happens.
            None if at + 1 == text.0.len() => {}
            None => {
                let end = text.0.len() - 1;
                text.0.drain(at..end);
                text.0.insert(at, Piece::Words(" … ".to_owned()));
                return true;
            }
        }
    }
    any
}

/// How a page becomes shorter.
struct Short {
    /// So many bytes are too many.
    excess: usize,
    out: LeftOut,
}

impl Short {
    /// The folds: those of the mildest changes first, of these the longest.
    fn folds(&mut self, page: &mut Page, room: usize) {
        let mut sizes: Vec<(Mark, usize)> = Vec::new();
        each_fold(page, &mut |item, depth| {
            let fold = item.folded.iter().flat_map(|fold| &fold.items);
            sizes.push((item.mark, fold.map(|item| drawn_item(depth + 2, item)).sum()));
        });
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by_key(|at| Reverse(sizes[*at]));
        // What each has to give; the last of them only a part of what is in it.
        let mut gives: BTreeMap<usize, usize> = BTreeMap::new();
        let mut excess = self.excess;
        for at in order {
            if excess == 0 {
                break;
            }
            let (_, size) = sizes[at];
            gives.insert(at, excess);
            excess = excess.saturating_sub(size.saturating_sub(REMARK));
        }
        let mut number = 0;
        each_fold(page, &mut |item, depth| {
            let gives = gives.get(&number).copied();
            number += 1;
            if let (Some(gives), Some(fold)) = (gives, &mut item.folded) {
                let mut this = Short { excess: gives, out: self.out };
                this.list(&mut fold.items, &mut fold.more, depth + 2, 0);
                self.out.folds += usize::from(fold.more > 0);
            }
        });
        self.excess = drawn(page).saturating_sub(room);
    }

    /// What stands below the items of a subject.
    fn below(&mut self, page: &mut Page, subject: Subject, kept: usize) {
        for section in sections(page).filter(|section| section.subject == subject) {
            let mut items: Vec<&mut Item> = section.items.iter_mut().collect();
            items.sort_by_key(|item| Reverse(item.mark));
            for item in items {
                self.out.items += self.list(&mut item.below, &mut item.more, 1, kept);
            }
        }
    }

    /// The items of a subject.
    fn sections(&mut self, page: &mut Page, subject: Subject, kept: usize) {
        let mut lists: Vec<_> = sections(page).filter(|section| section.subject == subject).collect();
        lists.sort_by_key(|section| Reverse(section.items.len()));
        for section in lists {
            self.out.items += self.list(&mut section.items, &mut section.more, 0, kept);
        }
    }

    /// Takes items out of a list, the mildest first and of these the last, until enough is saved or only `kept` are left.
    /// How many that were.
    fn list(&mut self, items: &mut Vec<Item>, more: &mut usize, depth: usize, kept: usize) -> usize {
        if self.excess == 0 || items.len() <= kept {
            return 0;
        }
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|at| Reverse((items[*at].mark, *at)));
        order.truncate(items.len() - kept);
        let sizes: Vec<usize> = order.iter().map(|at| drawn_item(depth, &items[*at])).collect();
        let remark = if *more == 0 { REMARK + 2 * depth } else { 0 };
        if sizes.iter().sum::<usize>() <= remark {
            return 0;
        }
        self.excess += remark;
        let mut goes = vec![false; items.len()];
        let mut number = 0;
        for (at, size) in order.into_iter().zip(sizes) {
            if self.excess == 0 {
                break;
            }
            goes[at] = true;
            number += 1;
            self.excess = self.excess.saturating_sub(size);
        }
        let mut at = 0;
        items.retain(|_| {
            at += 1;
            !goes[at - 1]
        });
        *more += number;
        number
    }

    /// What is left when nothing else helps: headings without anything below them, then without those of stacks in which
    /// less happens.
    fn sheets(&mut self, page: &mut Page, room: usize) {
        let mut sizes: Vec<usize> = page.sheets.iter().map(drawn_sheet).collect();
        let mut whole: usize = sizes.iter().sum();
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        // A stack without differences has no counts.
        let gravest = |sheet: &Sheet| sheet.counts.first().map_or((1, Mark::Note), |(mark, _)| (0, *mark));
        order.sort_by_key(|at| Reverse((gravest(&page.sheets[*at]), *at)));
        let mut stripped = vec![false; sizes.len()];
        for at in &order {
            let sheet = &mut page.sheets[*at];
            if whole <= room || (sheet.sections.is_empty() && sheet.notes.is_empty()) {
                continue;
            }
            // Its counts stay, so it is not said to have no differences.
            sheet.sections.clear();
            sheet.notes.clear();
            let heading = drawn_sheet(sheet);
            whole = whole - sizes[*at] + heading;
            (sizes[*at], stripped[*at]) = (heading, true);
        }
        let mut goes = vec![false; sizes.len()];
        for at in order {
            if whole > room {
                whole -= sizes[at];
                goes[at] = true;
                self.out.stacks += 1;
            }
        }
        self.out.headings =
            stripped.iter().zip(&goes).filter(|(stripped, goes)| **stripped && !**goes).count();
        let mut at = 0;
        page.sheets.retain(|_| {
            at += 1;
            !goes[at - 1]
        });
    }
}

/// Calls `seen` with each item that has a fold, and how deep it stands; not with those within a fold.
fn each_fold(page: &mut Page, seen: &mut dyn FnMut(&mut Item, usize)) {
    fn look(items: &mut [Item], depth: usize, seen: &mut dyn FnMut(&mut Item, usize)) {
        for item in items {
            if item.folded.is_some() {
                seen(item, depth);
            }
            look(&mut item.below, depth + 1, seen);
        }
    }
    for section in sections(page) {
        look(&mut section.items, 0, seen);
    }
}
