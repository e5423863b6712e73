//! The page as a comment on a pull request.

mod fit;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use self::fit::LeftOut;
use super::page::{Fold, Item, Mark, Page, Piece, Section, Sheet, Text};
use crate::problem::Printable;

/// By this line a program knows the comment that it wrote before, and replaces it instead of adding another: one for
/// each comparison.
pub(super) fn marker(key: &str) -> String {
    format!("<!-- docuthinker diff {key} -->")
}

/// The most bytes. GitHub takes comments of 65,536 characters; what a program adds has room.
///
/// Source: the error that GitHub answers with, "body is too long (maximum is 65536 characters)".
const MOST: usize = 65_000;

/// The longest value that is shown whole, in characters.
const VALUE: usize = 400;

/// The same for names and words, which are this long only in templates that mean harm.
const WORDS: usize = 1_000;

/// The longest command that is named.
const COMMAND: usize = 600;

/// The comment, with as much in it as there is room for.
pub(super) fn write(page: &Page) -> String {
    let mut text = format!("{}\n", marker(&page.key));
    let first = text.len();
    page.sheets.iter().for_each(|sheet| draw_sheet(sheet, &mut text));
    if text.len() < MOST {
        return text;
    }
    text.truncate(first);
    let room = MOST - 1 - first - remark(&LeftOut::MOST, page).len();
    let mut short = page.clone();
    let left_out = fit::fit(&mut short, room);
    short.sheets.iter().for_each(|sheet| draw_sheet(sheet, &mut text));
    text + &remark(&left_out, page)
}

/// What is not there, and the command that shows it.
fn remark(left_out: &LeftOut, page: &Page) -> String {
    let again = if page.command.len() > COMMAND { "docuthinker diff" } else { &page.command };
    format!(
        "\n> Left out, since a comment has no room for it: {}. {} shows all, {} the long values too.\n",
        left_out.told(),
        code(&format!("{again} --expand")),
        code("--format html"),
    )
}

fn draw_sheet(sheet: &Sheet, text: &mut String) {
    let against = sheet
        .against
        .as_ref()
        .map(|name| format!(" against {}", code(&cut(name, WORDS))))
        .unwrap_or_default();
    let counts: Vec<&str> = sheet.counts.iter().map(|(_, words)| words.as_str()).collect();
    let counts = if sheet.is_empty() { "no differences".to_owned() } else { counts.join(", ") };
    let _ = writeln!(text, "\n### {}{against}: {counts}", code(&cut(&sheet.stack, WORDS)));
    for note in &sheet.notes {
        let _ = writeln!(text, "\n{}", sentence(note));
    }
    sheet.sections.iter().for_each(|section| draw_section(section, text));
}

fn draw_section(section: &Section, text: &mut String) {
    let _ = writeln!(text, "\n**{}**\n", section.subject.title());
    section.items.iter().for_each(|item| draw_item(0, item, text));
    draw_more(0, section.more, text);
}

fn draw_item(depth: usize, item: &Item, text: &mut String) {
    let indent = "  ".repeat(depth);
    let sign = sign(item.mark);
    let _ = writeln!(text, "{indent}- {sign}{}", sentence(&item.text));
    item.below.iter().for_each(|below| draw_item(depth + 1, below, text));
    draw_more(depth + 1, item.more, text);
    let Some(Fold { title, items, more }) = &item.folded else { return };
    let title = words(&cut(title, WORDS));
    if items.is_empty() {
        let _ = writeln!(text, "{indent}  - … {title}: left out");
        return;
    }
    let _ = writeln!(text, "{indent}  - <details><summary>{title}</summary>\n");
    for folded in items {
        draw_item(depth + 2, folded, text);
    }
    draw_more(depth + 2, *more, text);
    let _ = writeln!(text, "\n{indent}    </details>");
}

fn draw_more(depth: usize, more: usize, text: &mut String) {
    if more > 0 {
        let _ = writeln!(text, "{}- and {more} more, left out", "  ".repeat(depth));
    }
}

fn sentence(sentence: &Text) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Words(text) => words(&cut(text, WORDS)),
        Piece::Name(text) => code(&cut(text, WORDS)),
        Piece::Old(text) | Piece::New(text) => code(&cut(text, VALUE)),
    };
    let mut text = String::new();
    for part in sentence.0.iter().map(piece) {
        // The backticks of two that stand side by side would be taken for one fence.
        if text.ends_with('`') && part.starts_with('`') {
            text.push(' ');
        }
        text += &part;
    }
    text
}

/// The first `longest` characters.
fn cut(text: &str, longest: usize) -> String {
    if text.chars().nth(longest).is_none() {
        return text.to_owned();
    }
    text.chars().take(longest).chain(['…']).collect()
}

const fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Refused => "⛔ ",
        Mark::Danger => "🛑 ",
        Mark::Removed => "➖ ",
        Mark::Replaced => "♻️ ",
        Mark::MayReplace => "❓ ",
        Mark::Caution => "⚠️ ",
        Mark::Changed => "✏️ ",
        Mark::Added => "➕ ",
        Mark::Narrower => "✅ ",
        Mark::Note => "",
    }
}

/// Words in which nothing is taken for Markdown, HTML, or the name of somebody.
fn words(text: &str) -> String {
    let mut escaped = String::new();
    for c in Printable(&text.replace('\n', " ")).to_string().chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '@' => escaped += "&#64;",
            '#' => escaped += "&#35;",
            '\\' | '*' | '_' | '[' | ']' | '`' | '|' | '~' | '$' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A name or value as code, whatever backticks are in it.
fn code(text: &str) -> String {
    let text = Printable(&text.replace('\n', "⏎")).to_string();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let touches = text.starts_with('`') || text.ends_with('`');
    let space = if touches || text.trim().is_empty() { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}
