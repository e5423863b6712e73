//! One scalar as YAML: bare, quoted or a block.
//!
//! What must be quoted is decided by `serde-saphyr`, which errs on the side of quotes wherever a reader of
//! YAML 1.1 (what CloudFormation speaks) and one of YAML 1.2 differ.

use std::fmt::Write as _;

use serde_saphyr::{DoubleQuoted, ser_options};

use crate::node::Number;

/// Text on one line, where a line may end after it: a value in a block, or a key.
pub(super) fn line(out: &mut String, text: &str) {
    let options = ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_fmt_writer_with_options(&mut *out, &text, options)
        .expect("text can always be written to a string");
    drop_line_break(out);
}

/// Text within `[` and `]`, where commas, brackets and question marks mean something too, and a dash before the
/// bracket to some readers.
pub(super) fn flow(out: &mut String, text: &str) {
    let start = out.len();
    line(out, text);
    if !out[start..].starts_with('"')
        && (text.contains([',', '[', ']', '{', '}', '?']) || text.ends_with('-'))
    {
        out.truncate(start);
        quoted(out, text);
    }
}

fn quoted(out: &mut String, text: &str) {
    serde_saphyr::to_fmt_writer(&mut *out, &DoubleQuoted(text))
        .expect("text can always be written to a string");
    drop_line_break(out);
}

fn drop_line_break(out: &mut String) {
    if out.ends_with('\n') {
        out.pop();
    }
}

/// A number such that readers of YAML 1.1 take it for one: these want a dot and a sign in `1.0e+21`.
pub(super) fn number(out: &mut String, number: &Number) {
    let text = number.to_string();
    match text.split_once('e') {
        None => out.push_str(&text),
        Some((mantissa, exponent)) => {
            out.push_str(mantissa);
            out.push_str(if mantissa.contains('.') { "e" } else { ".0e" });
            out.push_str(if exponent.starts_with(['-', '+']) { "" } else { "+" });
            out.push_str(exponent);
        }
    }
}

/// Whether text is best written as a literal block: several lines, all of them printable.
pub(super) fn wants_block(text: &str) -> bool {
    // Blank lines at the end would need `|+`, which would also keep the blank lines that set resources apart.
    text.contains('\n')
        && !text.ends_with("\n\n")
        && !text.trim_matches([' ', '\n', '\t']).is_empty()
        && text.chars().all(|c| matches!(c, '\n' | '\t' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..))
        && !text.contains(['\u{2028}', '\u{2029}', '\u{feff}'])
        // A tab that begins a line is taken for indentation by some readers.
        && !text.split('\n').any(|line| line.starts_with('\t'))
}

/// A literal block, from its `|`; the lines are indented by `indent` spaces, two more than the parent.
pub(super) fn block(out: &mut String, text: &str, indent: usize) {
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    let inner = text.strip_suffix('\n');
    if inner.is_none() {
        out.push('-');
    }
    out.push('\n');
    for line in inner.unwrap_or(text).split('\n') {
        if line.is_empty() {
            out.push('\n');
        } else {
            writeln!(out, "{:indent$}{line}", "").expect("a string takes any text");
        }
    }
}
