//! AWS's regular expressions, in the dialect of the `regex` crate.

/// What AWS writes for all characters beyond the 16-bit ones, as pairs of surrogates.
const SURROGATES: &[&str] = &[r"\uD800\uDC00-\uDBFF\uDFFF", r"\ud800\udc00-\udbff\udfff"];

/// The expression in our dialect; `None` if it cannot be said in it (it looks ahead, or is too large).
///
/// In AWS's dialects `\w`, `\d` and `\s` are ASCII.
pub(crate) fn translated(pattern: &str) -> Option<String> {
    let mut pattern = pattern.to_owned();
    for pair in SURROGATES {
        pattern = pattern.replace(pair, r"\x{10000}-\x{10FFFF}");
    }
    let translated = rewritten(&pattern);
    // A larger program takes longer to build than the check is worth.
    let built = regex::RegexBuilder::new(&translated).size_limit(1 << 20).build();
    built.is_ok().then_some(translated)
}

fn rewritten(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped) => out.push_str(&escape(escaped, in_class)),
                None => out.push('\\'),
            },
            '[' if in_class => out.push_str(r"\["),
            '[' => {
                in_class = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // A bracket that comes first is a literal.
                if chars.next_if_eq(&']').is_some() {
                    out.push_str(r"\]");
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            // Doubled, these are set operators in our dialect.
            '&' | '~' | '-' if in_class && chars.peek() == Some(&c) => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

fn escape(escaped: char, in_class: bool) -> String {
    let set = match escaped {
        'w' | 'W' => "0-9A-Za-z_",
        'd' | 'D' => "0-9",
        's' | 'S' => r"\t\n\x0B\f\r ",
        'Z' => return r"\z".to_owned(),
        other => return format!("\\{other}"),
    };
    match (escaped.is_ascii_uppercase(), in_class) {
        (true, _) => format!("[^{set}]"),
        (false, true) => set.to_owned(),
        (false, false) => format!("[{set}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: Option<&str>) {
        assert_eq!(translated(pattern).as_deref(), expected);
    }

    #[test]
    fn perl_classes_are_ascii() {
        check(r"^[\w-]{1,64}\d\Z", Some(r"^[0-9A-Za-z_-]{1,64}[0-9]\z"));
        check(r"\S+", Some(r"[^\t\n\x0B\f\r ]+"));
    }

    #[test]
    fn brackets_in_a_class_are_literals() {
        check(r"[a[b]", Some(r"[a\[b]"));
    }

    #[test]
    fn what_looks_ahead_is_left_out() {
        check(r"^(?!aws:).*$", None);
    }

    #[test]
    fn surrogate_pairs_are_the_characters_they_stand_for() {
        let tag = translated(r"^[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*$").unwrap();
        assert!(regex::Regex::new(&tag).unwrap().is_match("a 😀"));
    }
}
