//! Text that came from outside, made safe to show; and the fingerprint of text.

use sha2::{Digest, Sha256};

/// Replaces control characters by spaces, so that nobody's event reason or proxy page can drive the terminal.
pub(crate) fn clean(text: &str) -> String {
    let plain: String = text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The SHA-256 of a text, in hexadecimal digits.
pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hexadecimal).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_what_could_drive_a_terminal() {
        assert_eq!(clean("a\u{1b}[2J\u{9b}31mb\nc\u{202e}d"), "a [2J 31mb c d");
    }

    #[test]
    fn shortens_by_characters_not_bytes() {
        assert_eq!(shorten("ääää", 2), "ää…");
        assert_eq!(shorten("ää", 2), "ää");
    }
}
