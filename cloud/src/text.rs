//! Text that came from outside, made safe to show; and the fingerprint of text.

use sha2::{Digest, Sha256};

/// Replaces control characters by spaces, so that nobody's event reason or proxy page can drive the terminal.
pub(crate) fn clean(text: &str) -> String {
    let plain: String = text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line without what could drive the terminal: sequences that set colours and the like are left out whole, other control
/// characters become spaces. Its spaces stay, and a tab is four of them.
pub(crate) fn without_controls(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        let begins = c == '\u{9b}' || (c == '\u{1b}' && rest.next_if_eq(&'[').is_some());
        match c {
            _ if begins => {
                // Parameters, then one last sign.
                while rest.next_if(|c| matches!(c, ' '..='?')).is_some() {}
                let _ = rest.next_if(|c| matches!(c, '@'..='~'));
            }
            '\t' => plain.push_str("    "),
            c if is_unsafe(c) => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

/// The SHA-256 of a text or of bytes, in hexadecimal digits.
pub fn sha256(content: impl AsRef<[u8]>) -> String {
    Sha256::digest(content).iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hexadecimal).collect()
}

/// The digit of a number below 16.
fn hexadecimal(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0')
}

/// Control characters (C0 and C1) and those that change the direction of writing.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// At most `limit` characters, with `…` if something was left out.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The name in a stack's ARN (`arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID`); any other text as it is.
pub fn stack_name(stack: &str) -> &str {
    stack.split(":stack/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or(stack)
}

/// The IAM action that AWS says is missing: `… is not authorized to perform: ecr:DeleteRepository on resource: …`.
pub(crate) fn denied_action(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("authorized to perform: ")?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !":-*".contains(c)).unwrap_or(rest.len());
    Some(&rest[..end]).filter(|action| action.contains(':'))
}

/// Text in which whatever looks like a key or a token is `[…]`: for what other programs wrote.
///
/// That is a run of at least 16 letters, digits and the signs of base64 with both a digit and a capital letter in it.
/// It may hide a path or an id too many.
pub(crate) fn without_secrets(text: &str) -> String {
    let of_a_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '+' | '_' | '-' | '=');
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(of_a_key) {
        let (before, run) = rest.split_at(start);
        let (run, after) = run.split_at(run.find(|c| !of_a_key(c)).unwrap_or(run.len()));
        safe += before;
        // What an equals sign separates is a name and a value, unless it ends the run, where it is base64's padding.
        let (name, value) = match run.trim_end_matches('=').split_once('=') {
            Some((name, _)) => run.split_at(name.len() + 1),
            None => ("", run),
        };
        safe += name;
        safe += if is_like_a_key(value) { "[…]" } else { value };
        rest = after;
    }
    safe + rest
}

fn is_like_a_key(run: &str) -> bool {
    run.len() >= 16
        && run.contains(|c: char| c.is_ascii_digit())
        && run.contains(|c: char| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_what_looks_like_a_key_in_other_programs_words() {
        let said =
            "token=AQoEXAMPLEH4aoAH0gNCAPy/trqM== for AKIAIOSFODNN7EXAMPLE, exit 3 of /usr/bin/vault-v2";
        assert_eq!(without_secrets(said), "token=[…] for […], exit 3 of /usr/bin/vault-v2");
        assert_eq!(without_secrets("ä plain word"), "ä plain word");
    }

    // S9
    #[test]
    fn strips_what_could_drive_a_terminal() {
        assert_eq!(clean("a\u{1b}[2J\u{9b}31mb\nc\u{202e}d"), "a [2J 31mb c d");
    }

    // S9
    #[test]
    fn of_a_line_only_what_can_be_read_is_left() {
        let line = "\u{1b}[1;31mERROR\u{1b}[0m\tat  x\u{1b}]0;title\u{7}\u{9b}2Jy\u{1b}[";
        assert_eq!(without_controls(line), "ERROR    at  x ]0;title y");
    }

    #[test]
    fn shortens_by_characters_not_bytes() {
        assert_eq!(shorten("ääää", 2), "ää…");
        assert_eq!(shorten("ää", 2), "ää");
    }
}
