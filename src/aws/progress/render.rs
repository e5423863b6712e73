//! The picture of all stacks as lines that fit a terminal. Pure: state, size and time in, lines out.

use std::time::Duration;

use owo_colors::OwoColorize;
use unicode_width::UnicodeWidthChar;

use super::picture::{Course, Picture, Row};
use super::tree::{Node, Sum};
use super::words::{Mood, left_text, plain, service_lines, time_text};
use crate::problem::count;

/// How much of a stack is shown; the first that fits is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    /// Every finished construct in a line of its own.
    Constructs,
    /// The finished ones of a branch together in one line.
    Together,
    /// Only what goes on or has failed.
    Open,
}

/// Part of a line with its colour.
type Span = (Ink, String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ink {
    Plain,
    Faint,
    Of(Mood),
}

/// All stacks that have begun or will, in at most `height` lines of at most `width` columns.
pub(super) fn render(pictures: &[Picture], width: usize, height: usize, now: Duration) -> Vec<String> {
    let open: Vec<&Picture> = pictures
        .iter()
        .filter(|picture| matches!(picture.course, Course::Running | Course::Asking))
        .collect();
    let waiting: Vec<&Picture> =
        pictures.iter().filter(|picture| picture.course == Course::Waiting).collect();
    let tail: Vec<Vec<Span>> = waiting_line(&waiting).into_iter().collect();
    let several = pictures.len() > 1;
    let room = height.saturating_sub(tail.len());
    let mut lines = fitting(&open, several, room, now);
    lines.extend(tail);
    lines.truncate(height);
    lines.into_iter().map(|line| paint(line, width)).collect()
}

/// One stack as it is left on the screen when it has ended: wholly if it is `alone`, else only what failed.
pub(super) fn ended(picture: &Picture, alone: bool, now: Duration) -> Vec<String> {
    let detail = if alone { Detail::Constructs } else { Detail::Open };
    let mut lines = vec![header(picture, !alone, now)];
    body(&Node::of(picture), picture, detail, 1, now, &mut lines);
    lines.into_iter().map(|line| paint(line, usize::MAX)).collect()
}

/// The stacks in as much detail as there is room for.
fn fitting(open: &[&Picture], several: bool, room: usize, now: Duration) -> Vec<Vec<Span>> {
    let show = |picture: &Picture, detail| {
        let mut lines = vec![header(picture, several, now)];
        body(&Node::of(picture), picture, detail, 1, now, &mut lines);
        lines
    };
    for detail in [Detail::Constructs, Detail::Together, Detail::Open] {
        let lines: Vec<_> = open.iter().flat_map(|picture| show(picture, detail)).collect();
        if lines.len() <= room {
            return lines;
        }
    }
    let blocks: Vec<_> = open.iter().map(|picture| show(picture, Detail::Open)).collect();
    shared_out(blocks, room)
}

/// Each stack gets its share of the room; what it does not need goes to the ones after it.
fn shared_out(blocks: Vec<Vec<Vec<Span>>>, room: usize) -> Vec<Vec<Span>> {
    let stacks = blocks.len();
    if stacks > room {
        let shown = room.saturating_sub(1);
        let mut lines: Vec<_> =
            blocks.into_iter().take(shown).flat_map(|block| block.into_iter().take(1)).collect();
        lines.push(vec![(Ink::Faint, format!("… and {} more", count(stacks - shown, "stack")))]);
        return lines;
    }
    let (mut lines, mut left) = (Vec::new(), room);
    for (at, mut block) in blocks.into_iter().enumerate() {
        let share = left / (stacks - at);
        if block.len() > share {
            let hidden = block.len() - share + 1;
            block.truncate(share.saturating_sub(1));
            block.push(vec![(Ink::Faint, format!("  … and {}", count(hidden, "more line")))]);
            block.truncate(share);
        }
        left -= block.len();
        lines.append(&mut block);
    }
    lines
}

fn waiting_line(waiting: &[&Picture]) -> Option<Vec<Span>> {
    let names: Vec<&str> = waiting.iter().map(|picture| picture.subject.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        let text = format!(" {} waiting: {}", count(names.len(), "stack"), plain(&names.join(", ")));
        vec![(Ink::Of(Mood::Waiting), Mood::Waiting.symbol().to_owned()), (Ink::Faint, text)]
    })
}

/// The line of a stack: how it is, for how long, how far, how long still; below it what is out of the ordinary.
fn header(picture: &Picture, with_region: bool, now: Duration) -> Vec<Span> {
    let (mood, word) = picture.state();
    let mut line =
        vec![(Ink::Of(mood), format!("{} ", mood.symbol())), (Ink::Plain, plain(&picture.subject.name))];
    if let Some(region) = picture.subject.region.as_ref().filter(|_| with_region) {
        line.push((Ink::Faint, format!("  {}", plain(region))));
    }
    line.push((Ink::Of(mood), format!("  {word}")));
    line.push((Ink::Plain, format!("  {}", time_text(picture.took(now)))));
    let (over, total) = picture.count();
    if total > 0 {
        line.push((Ink::Plain, format!("  {over} of {total}")));
    }
    if let Some(trouble) = &picture.trouble {
        line.push((Ink::Of(Mood::Bad), format!("  ! {trouble}")));
    } else if let (Some((expected, operations)), Some(worked), Mood::Busy) =
        (picture.expected, picture.worked(now), mood)
    {
        line.push((Ink::Faint, format!("  {}", left_text(expected, operations, worked))));
    }
    line
}

/// The lines below a node: what goes on or failed, what is finished as `detail` says, nothing of what waits.
fn body(
    node: &Node<'_>,
    picture: &Picture,
    detail: Detail,
    depth: usize,
    now: Duration,
    lines: &mut Vec<Vec<Span>>,
) {
    let mut together = Sum::default();
    for child in &node.children {
        let sum = child.sum(now);
        match sum.mood() {
            Mood::Waiting => {}
            Mood::Good | Mood::TakenBack => match detail {
                Detail::Constructs => lines.push(finished(child, sum, depth)),
                Detail::Together => together.join(sum),
                Detail::Open => {}
            },
            Mood::Busy | Mood::Bad => {
                lines.push(unfinished(child, sum, depth, now));
                beside(child, picture, depth + 1, lines);
                body(child, picture, detail, depth + 1, now, lines);
            }
        }
    }
    // Of a branch, its own line says how many.
    if together.total > 0 && depth == 1 {
        let mood = together.mood();
        lines.push(vec![
            (Ink::Of(mood), format!("{}{} ", indent(depth), mood.symbol())),
            (Ink::Faint, format!("{} finished", together.total)),
        ]);
    }
}

/// A construct with all that is in it, folded into one line.
fn finished(node: &Node<'_>, sum: Sum, depth: usize) -> Vec<Span> {
    let mood = sum.mood();
    let mut line = vec![
        (Ink::Of(mood), format!("{}{} ", indent(depth), mood.symbol())),
        (Ink::Plain, node.name.clone()),
    ];
    let what = match node.row {
        Some((_, row)) if node.children.is_empty() => row.word(),
        _ => count(sum.total, "resource"),
    };
    line.push((Ink::Faint, format!("  {what}  {}", time_text(sum.took()))));
    line
}

/// A resource that is being worked on or has failed, or a construct in which one is.
fn unfinished(node: &Node<'_>, sum: Sum, depth: usize, now: Duration) -> Vec<Span> {
    let mood = sum.mood();
    let mut line = vec![
        (Ink::Of(mood), format!("{}{} ", indent(depth), mood.symbol())),
        (Ink::Plain, node.name.clone()),
    ];
    // Of a branch, only what goes on counts: that its own resource is done or waits is one of many things.
    let open = |row: &Row| matches!(row.mood(), Mood::Busy | Mood::Bad);
    if let Some((_, row)) = node.row.filter(|(_, row)| open(row)) {
        line.push((Ink::Of(row.mood()), format!("  {}", row.word())));
        if let Some(took) = row.took(now) {
            line.push((Ink::Plain, format!("  {}", time_text(took))));
        }
        if let Some(reason) = row.reason() {
            line.push((Ink::Of(Mood::Bad), format!("  {reason}")));
        } else if node.children.is_empty() {
            line.push((Ink::Faint, format!("  {}", row.resource_type)));
        }
    }
    if !node.children.is_empty() {
        line.push((Ink::Plain, format!("  {} of {}", sum.over, sum.total)));
    }
    line
}

/// What a service says of itself while it is being deployed.
fn beside(node: &Node<'_>, picture: &Picture, depth: usize, lines: &mut Vec<Vec<Span>>) {
    let Some((id, row)) = node.row else { return };
    if let Some(service) = picture.services.get(id).filter(|_| row.mood() == Mood::Busy) {
        lines
            .extend(service_lines(service).into_iter().map(|text| vec![(Ink::Faint, indent(depth) + &text)]));
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

/// The line in at most `width` columns, with its colours; what was cut off shows as `…`.
fn paint(line: Vec<Span>, width: usize) -> String {
    let whole: usize = line.iter().map(|(_, text)| columns(text)).sum();
    let mut left = if whole <= width { width } else { width.saturating_sub(1) };
    let mut painted = String::new();
    for (ink, text) in line {
        let kept = fit(&text, left);
        left -= columns(kept);
        let cut = kept.len() < text.len();
        painted += &coloured(ink, kept);
        if cut {
            left = 0;
        }
    }
    if whole > width && width > 0 { painted + "…" } else { painted }
}

/// As many characters as fit.
fn fit(text: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or_default();
        if used > width {
            return &text[..at];
        }
    }
    text
}

/// How many columns a text takes, without colours.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or_default()).sum()
}

fn coloured(ink: Ink, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    match ink {
        Ink::Plain | Ink::Of(Mood::Waiting) => text.to_owned(),
        Ink::Faint => text.dimmed().to_string(),
        Ink::Of(Mood::Good) => text.green().to_string(),
        Ink::Of(Mood::Bad) => text.red().to_string(),
        Ink::Of(Mood::Busy) => text.cyan().to_string(),
        Ink::Of(Mood::TakenBack) => text.yellow().to_string(),
    }
}

#[cfg(test)]
mod tests;
