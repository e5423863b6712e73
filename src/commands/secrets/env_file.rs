//! Files of variables, as shells and Docker know them: a `KEY=VALUE` on each line.
//!
//! Values are taken whole, whatever is in them: `bolt://user:pass@host:7687?x=y`. Quotes around a value are no part of it; in
//! double quotes `\n`, `\r`, `\t`, `\"`, `\\` and `\$` stand for what they do in a shell, in single quotes nothing does. A value
//! in quotes may have several lines. Nothing is put in for `$NAME`. Without quotes a value ends with its line, or before
//! a `#` that follows a space.

use cloud::secrets::SecretText;
use zeroize::Zeroizing;

/// A variable of the file.
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) value: SecretText,
}

/// A line that cannot be read. What stands in it is not told: it may be a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) line: usize,
    pub(super) why: &'static str,
}

/// All variables in their order, or everything that is wrong.
pub(super) fn read(text: &str) -> Result<Vec<Entry>, Vec<Wrong>> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut entries, mut wrong) = (Vec::new(), Vec::new());
    let mut line = 1;
    while !rest.is_empty() {
        let (this, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let (begun, begins) = (line, rest);
        (rest, line) = (after, line + 1);
        if is_nothing(this) {
            continue;
        }
        let Some((key, value)) = assignment(this) else {
            wrong.push(Wrong { line: begun, why: "it is no `KEY=VALUE`" });
            continue;
        };
        let Some(quote @ ('"' | '\'')) = value.chars().next() else {
            entries.push(Entry { line: begun, key: key.to_owned(), value: plain(value) });
            continue;
        };
        // The value is the end of the line, and may go on behind it.
        let inside = &begins[this.len() - value.len() + 1..];
        let Some((value, end)) = quoted(inside, quote) else {
            wrong.push(Wrong { line: begun, why: "its quotes are never closed" });
            continue;
        };
        let (tail, after) = inside[end..].split_once('\n').unwrap_or((&inside[end..], ""));
        (rest, line) = (after, begun + inside[..end].matches('\n').count() + 1);
        if is_nothing(tail) {
            entries.push(Entry { line: begun, key: key.to_owned(), value });
        } else {
            wrong.push(Wrong { line: line - 1, why: "something follows the closing quote" });
        }
    }
    if wrong.is_empty() { Ok(entries) } else { Err(wrong) }
}

/// Whether there is nothing but a comment.
fn is_nothing(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with('#')
}

/// The name and what follows the equals sign.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let exported = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
    let (key, value) = exported.unwrap_or(line).split_once('=')?;
    let key = key.trim();
    let is_name = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| (key, value.trim_start_matches([' ', '\t'])))
}

/// A value without quotes.
fn plain(text: &str) -> SecretText {
    let comment = text.char_indices().zip(text.chars().skip(1));
    let comment = comment.filter(|((_, space), sign)| space.is_whitespace() && *sign == '#');
    let end =
        if text.starts_with('#') { 0 } else { comment.map(|((at, _), _)| at).next().unwrap_or(text.len()) };
    SecretText::new(text[..end].trim_end().to_owned())
}

/// The value up to the closing quote, and where the text goes on behind it.
fn quoted(text: &str, quote: char) -> Option<(SecretText, usize)> {
    // With room for all of it nothing is left behind where the value grows.
    let mut value = Zeroizing::new(String::with_capacity(text.len()));
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => {
                return Some((SecretText::new(std::mem::take(&mut *value)), at + c.len_utf8()));
            }
            '\\' if quote == '"' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                sign @ ('"' | '\\' | '$') => value.push(sign),
                other => value.extend(['\\', other]),
            },
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let entries = read(text).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        entries.into_iter().map(|entry| (entry.key, entry.value.expose().to_owned())).collect()
    }

    #[test]
    fn values_are_taken_whole() {
        let text = "\u{feff}# comment\n\
                    NEO4J=bolt://user:pa=ss@host:7687?x=y#z\r\n\
                    \n  export A = spaced out   # comment\n\
                    SINGLE='as $it \\n is'\n\
                    DOUBLE=\"a\\n\\\"b\\\" \\x # no comment\" # comment\n\
                    EMPTY=\nHASH=# nothing\n\
                    KEY=\"-----BEGIN\nline\n-----END\"\nLAST='x'";
        let expected = [
            ("NEO4J", "bolt://user:pa=ss@host:7687?x=y#z"),
            ("A", "spaced out"),
            ("SINGLE", "as $it \\n is"),
            ("DOUBLE", "a\n\"b\" \\x # no comment"),
            ("EMPTY", ""),
            ("HASH", ""),
            ("KEY", "-----BEGIN\nline\n-----END"),
            ("LAST", "x"),
        ];
        assert_eq!(pairs(text), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_line_and_without_its_text() {
        let text = "GOOD=1\ncanary\nB-D=canary\nC='a\nb' canary\n=x\nD=\"never\nclosed";
        let wrong = read(text).err().expect("five lines are wrong");
        let lines: Vec<usize> = wrong.iter().map(|wrong| wrong.line).collect();
        assert_eq!(lines, [2, 3, 5, 6, 7, 8]);
        assert!(!format!("{wrong:?}").contains("canary"));
    }

    fn written(value: &str) -> String {
        let mut text = String::from("\"");
        for c in value.chars() {
            match c {
                '\n' => text.push_str("\\n"),
                '"' | '\\' | '$' => text.extend(['\\', c]),
                c => text.push(c),
            }
        }
        text + "\""
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_variables_or_in_what_is_wrong(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let text = String::from_utf8_lossy(&bytes);
            if let Err(wrong) = read(&text) {
                prop_assert!(!wrong.is_empty());
            }
        }

        #[test]
        fn so_does_what_looks_like_such_a_file(text in "(export |[A-Z]|=|'|\"|\\\\|#| |\n|\r|ä|\u{feff}){0,60}") {
            let lines = text.lines().count();
            if let Err(wrong) = read(&text) {
                prop_assert!(wrong.iter().all(|wrong| (1..=lines.max(1)).contains(&wrong.line)), "{wrong:?}");
            }
        }

        #[test]
        fn what_was_written_is_read(
            all in proptest::collection::vec(("[A-Za-z_][A-Za-z0-9_]{0,9}", "(?s).{0,40}"), 0..6)
        ) {
            let line = |(key, value): &(String, String)| format!("{key}={}\n", written(value));
            let text: String = all.iter().map(line).collect();
            prop_assert_eq!(pairs(&text), all);
        }
    }
}
