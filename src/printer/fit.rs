//! Text that keeps to the columns of a terminal.

use std::io;

use anstream::adapter::strip_str;
use unicode_width::UnicodeWidthStr;

/// How lines begin that are a command.
const COMMANDS: [&str; 4] = ["docuthinker ", "aws ", "try: docuthinker ", "try: aws "];

/// How many columns stdout has, if it is a terminal.
pub(crate) fn stdout_columns() -> Option<usize> {
    columns(&io::stdout())
}

#[cfg(unix)]
pub(super) fn columns(stream: &impl std::os::fd::AsFd) -> Option<usize> {
    terminal_size::terminal_size_of(stream).map(|(columns, _)| usize::from(columns.0))
}

#[cfg(windows)]
pub(super) fn columns(stream: &impl std::os::windows::io::AsHandle) -> Option<usize> {
    terminal_size::terminal_size_of(stream).map(|(columns, _)| usize::from(columns.0))
}

/// The text in lines of at most so many columns if the number is given, broken between words, which stay whole. Of the first
/// line `before` columns are taken; all others begin with `indent` spaces. There is no line break at the end.
pub(crate) fn wrapped(before: usize, indent: usize, text: &str, columns: Option<usize>) -> String {
    let mut lines = String::new();
    let mut at = before;
    for (number, word) in text.split(' ').enumerate() {
        // Colours take no place.
        let width = strip_str(word).to_string().width();
        if number > 0 && columns.is_some_and(|columns| at + 1 + width > columns) {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            at = indent;
        } else if number > 0 {
            lines.push(' ');
            at += 1;
        }
        lines += word;
        at += width;
    }
    lines
}

/// Each line of the text in lines of at most so many columns, if the number is given; what is broken off stands two columns
/// further in than its line.
pub(crate) fn fitted(text: &str, columns: Option<usize>) -> String {
    if columns.is_none() {
        return text.to_owned();
    }
    let fit = |line: &str| {
        let said = line.trim_start_matches(' ');
        let indent = line.len() - said.len();
        // A command by itself is there to be copied.
        let broken = if COMMANDS.iter().any(|begin| said.starts_with(begin)) {
            command(indent, said, columns)
        } else {
            wrapped(indent, indent + 2, said, columns)
        };
        line[..indent].to_owned() + &broken
    };
    text.split('\n').map(fit).collect::<Vec<_>>().join("\n")
}

/// A command that stands by itself, in lines that a shell reads as one: it is broken between its words, and not within quotes.
fn command(indent: usize, text: &str, columns: Option<usize>) -> String {
    let Some(columns) = columns.filter(|columns| indent + text.width() > *columns) else {
        return text.to_owned();
    };
    let (mut lines, mut at, mut quoted) = (String::new(), indent, false);
    for (number, word) in text.split(' ').enumerate() {
        // With room for ` \` at the end.
        if number > 0 && !quoted && at + 1 + word.width() + 2 > columns {
            lines += " \\\n";
            lines.extend(std::iter::repeat_n(' ', indent + 2));
            at = indent + 2;
        } else if number > 0 {
            lines.push(' ');
            at += 1;
        }
        lines += word;
        at += word.width();
        quoted ^= word.matches(['\'', '"']).count() % 2 == 1;
    }
    lines
}

/// A message, of whose first line `before` columns are taken.
pub(super) fn message_text(before: usize, message: &str, columns: Option<usize>) -> String {
    let (first, rest) = message.split_once('\n').map_or((message, None), |(first, rest)| (first, Some(rest)));
    let mut text = wrapped(before, 2, first, columns) + "\n";
    if let Some(rest) = rest {
        text += &(fitted(rest, columns) + "\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_broken_between_words_where_a_terminal_is_narrow() {
        let hint = "say in a few words why the finding does no harm";
        assert_eq!(wrapped(6, 0, hint, Some(20)), "say in a few\nwords why the\nfinding does no harm");
        assert_eq!(wrapped(6, 2, hint, Some(20)), "say in a few\n  words why the\n  finding does no\n  harm");
        assert_eq!(wrapped(6, 0, hint, Some(80)), hint);
        assert_eq!(wrapped(6, 0, hint, None), hint);
        let lines = "  a list of words\n\u{1b}[1mcoloured and long\u{1b}[0m\nshort";
        assert_eq!(
            fitted(lines, Some(12)),
            "  a list of\n    words\n\u{1b}[1mcoloured and\n  long\u{1b}[0m\nshort"
        );
        assert_eq!(
            fitted("  docuthinker scale api 4 --because 'it is slow'", Some(24)),
            "  docuthinker scale \\\n    api 4 --because \\\n    'it is slow'"
        );
        assert_eq!(fitted("  aws sts get-caller-identity", Some(29)), "  aws sts get-caller-identity");
        assert_eq!(
            message_text(7, "a few words\nand more of them", Some(14)),
            "a few\n  words\nand more of\n  them\n"
        );
        assert_eq!(
            wrapped(6, 0, "arn:aws:iam::123456789012:role/x y", Some(10)),
            "arn:aws:iam::123456789012:role/x\ny"
        );
    }
}
