//! The lines of a file around a place, with a mark under what is meant.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::problem::Printable;

/// The most columns of a line that are shown; of a longer one, the part around the mark.
const MOST_COLUMNS: usize = 100;
/// What of a long line is shown before the mark, at most.
const MOST_BEFORE: usize = 40;
/// What a tab becomes: it has no width of its own.
const TAB: &str = "    ";

/// What is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// One character: where a reader stumbled.
    Point,
    /// The key or value that begins there.
    Token,
}

/// The line before line `line` and the line itself, numbered, with a mark at column `column`; both count from 1.
pub(crate) fn excerpt(text: &str, line: usize, column: usize, mark: Mark) -> Option<String> {
    let mut lines = lines(text).skip(line.saturating_sub(2));
    let before = if line > 1 { lines.next() } else { None };
    let wrong = lines.next().filter(|_| line > 0)?;
    Some(around(before, wrong, line, column, mark))
}

/// The lines of a file as its readers count them: a carriage return that is not half of a break is one.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('\r'))
}

/// Like [`excerpt`], of the two lines.
pub(crate) fn around(before: Option<&str>, wrong: &str, line: usize, column: usize, mark: Mark) -> String {
    let shown = Shown::of(wrong, column, mark);
    let width = line.to_string().len();
    let mut out = format!("{:width$} |\n", "");
    if let Some(before) = before {
        let _ = writeln!(out, "{:>width$} | {}", line - 1, shown.cut(before));
    }
    let _ = writeln!(out, "{line:>width$} | {}", shown.text);
    let _ = write!(out, "{:width$} | {:indent$}{}", "", "", "^".repeat(shown.marked), indent = shown.indent);
    out
}

/// How many characters the key or value has that begins at `column` of `line`; at least one.
pub(crate) fn token_length(line: &str, column: usize) -> usize {
    let rest: Vec<char> = line.chars().skip(column.saturating_sub(1)).collect();
    let end = match rest.first() {
        Some(quote @ ('"' | '\'')) => {
            let close = rest.iter().skip(1).position(|c| c == quote);
            close.map_or(rest.len(), |at| at + 2)
        }
        // Brackets are marked with what they hold, as far as the line goes.
        Some('{' | '[') => closing(&rest).unwrap_or(rest.len()),
        _ => {
            let ends_at = |at: usize| {
                let next_is_gap = rest.get(at + 1).is_none_or(|next| next.is_whitespace());
                let after_gap = at > 0 && rest[at - 1].is_whitespace();
                match rest[at] {
                    ':' | ',' => next_is_gap,
                    '}' | ']' => true,
                    '#' => after_gap,
                    _ => false,
                }
            };
            (0..rest.len()).find(|at| ends_at(*at)).unwrap_or(rest.len())
        }
    };
    let text: String = rest[..end].iter().collect();
    text.trim_end().chars().count().max(1)
}

/// How many characters there are up to the bracket that closes the first one. Brackets in quotes count too: at worst the
/// mark is too short or too long.
fn closing(text: &[char]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.iter().enumerate() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// A line as it is shown, and where the mark goes.
struct Shown {
    text: String,
    /// Columns before the mark.
    indent: usize,
    /// Columns of the mark.
    marked: usize,
    /// Columns that were cut off at the line's beginning.
    skipped: usize,
}

impl Shown {
    fn of(line: &str, column: usize, mark: Mark) -> Shown {
        let at = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
        let length = if mark == Mark::Token { token_length(line, column) } else { 1 };
        let end = line[at..].char_indices().nth(length).map_or(line.len(), |(more, _)| at + more);
        let (before, marked) = (plain(&line[..at]), plain(&line[at..end]));
        let width = if mark == Mark::Token { marked.width().max(1) } else { 1 };
        let indent = before.width();
        let skipped = if plain(line).width() > MOST_COLUMNS { indent.saturating_sub(MOST_BEFORE) } else { 0 };
        let mut shown = Shown { text: String::new(), indent, marked: width, skipped };
        shown.text = shown.cut(line);
        // What was cut off is one column wide: its ellipsis.
        shown.indent = if skipped > 0 { indent - skipped + 1 } else { indent };
        shown.marked = width.min((MOST_COLUMNS + 2).saturating_sub(shown.indent)).max(1);
        shown
    }

    /// The same columns of any line.
    fn cut(&self, line: &str) -> String {
        let line = plain(line);
        let (mut at, mut shown) = (0, String::new());
        for c in line.chars() {
            let begin = at;
            at += c.width().unwrap_or_default();
            if begin < self.skipped {
                continue;
            }
            if at > self.skipped + MOST_COLUMNS {
                shown.push('…');
                break;
            }
            shown.push(c);
        }
        if self.skipped > 0 && !shown.is_empty() { format!("…{shown}") } else { shown }
    }
}

/// Text without tabs and without anything that a terminal would obey.
fn plain(text: &str) -> String {
    Printable(&text.replace('\t', TAB)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, line: usize, column: usize, expected: &str) {
        assert_eq!(excerpt(text, line, column, Mark::Token).as_deref(), Some(expected));
    }

    #[test]
    fn marks_the_key_or_the_value_under_the_line() {
        check("a: 1\nbc: x y # why\n", 2, 1, "  |\n1 | a: 1\n2 | bc: x y # why\n  | ^^");
        check("a: 1\nbc: x y # why\n", 2, 5, "  |\n1 | a: 1\n2 | bc: x y # why\n  |     ^^^");
        check("{\"a b\": [1]}", 1, 2, "  |\n1 | {\"a b\": [1]}\n  |  ^^^^^");
        check("[{a: [1]}, b]", 1, 2, "  |\n1 | [{a: [1]}, b]\n  |  ^^^^^^^^");
        check("- {Code: \u{1}}", 1, 4, "  |\n1 | - {Code: \\u{1}}\n  |    ^^^^");
    }

    #[test]
    fn one_character_is_marked_where_a_reader_stumbled() {
        let shown = excerpt("a: 1\nbc: x: y\n", 2, 6, Mark::Point).unwrap();
        assert_eq!(shown, "  |\n1 | a: 1\n2 | bc: x: y\n  |      ^");
    }

    #[test]
    fn tabs_and_wide_characters_keep_the_mark_in_its_place() {
        check("\tkey: 1", 1, 2, "  |\n1 |     key: 1\n  |     ^^^");
        check("名前: 値", 1, 5, "  |\n1 | 名前: 値\n  |       ^^");
    }

    #[test]
    fn of_a_long_line_the_part_around_the_mark_is_shown() {
        let line = format!("{}KEY: {}", "x".repeat(300), "y".repeat(300));
        let shown = excerpt(&line, 1, 301, Mark::Token).unwrap();
        let rows: Vec<&str> = shown.lines().collect();
        assert!(rows[1].starts_with("1 | …xxxx") && rows[1].ends_with("yyyy…"), "{shown}");
        assert!(rows[1].chars().count() < 110, "{shown}");
        assert_eq!(rows[1].find("KEY").map(|at| rows[1][..at].chars().count()), rows[2].find('^'), "{shown}");
    }

    #[test]
    fn a_place_beyond_the_text_has_no_excerpt_and_a_column_beyond_the_line_its_end() {
        assert_eq!(excerpt("a", 2, 1, Mark::Point), None);
        assert_eq!(excerpt("a", 0, 1, Mark::Point), None);
        check("a", 1, 9, "  |\n1 | a\n  |  ^");
    }

    #[test]
    fn a_carriage_return_ends_a_line() {
        check("a: 1\r\nb: 2\rc: 3\r", 3, 4, "  |\n2 | b: 2\n3 | c: 3\n  |    ^");
    }
}
