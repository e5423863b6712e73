//! A pattern in words, where it is simple: which characters there may be, and how many.

/// What the pattern asks for; `None` if that is not told in a few words.
pub(super) fn of_pattern(pattern: &str) -> Option<String> {
    let inner = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let (first, rest) = class(inner)?;
    let (count, rest) = repeated(rest)?;
    if rest.is_empty() {
        return Some(match count {
            Count::One => format!("one of {}", listed(&first)),
            count @ Count::Between(..) => format!("{} of {}", count.words("characters"), listed(&first)),
        });
    }
    // One character of a kind, and then others.
    let (then, rest) = class(rest)?;
    let (more, rest) = repeated(rest)?;
    (rest.is_empty() && matches!(count, Count::One) && !matches!(more, Count::One)).then(|| {
        format!("first one of {}, then {} of {}", listed(&first), more.words("characters"), listed(&then))
    })
}

/// What the pattern of a mapping's keys asks for. It is often written without its ends, and meant with them.
pub(super) fn of_name(pattern: &str) -> Option<String> {
    let start = pattern.strip_prefix('^').unwrap_or(pattern);
    of_pattern(&format!("^{}$", start.strip_suffix('$').unwrap_or(start)))
}

/// How often something is there.
enum Count {
    One,
    Between(u32, Option<u32>),
}

impl Count {
    fn words(&self, what: &str) -> String {
        match self {
            Count::One => format!("1 {what}"),
            Count::Between(1, None) => format!("one or more {what}"),
            Count::Between(0, None) => format!("any number of {what}"),
            Count::Between(least, None) => format!("at least {least} {what}"),
            Count::Between(0, Some(most)) => format!("at most {most} {what}"),
            Count::Between(least, Some(most)) if least == most => format!("{least} {what}"),
            Count::Between(least, Some(most)) => format!("{least} to {most} {what}"),
        }
    }
}

fn repeated(text: &str) -> Option<(Count, &str)> {
    if let Some(rest) = text.strip_prefix('+') {
        return Some((Count::Between(1, None), rest));
    }
    if let Some(rest) = text.strip_prefix('*') {
        return Some((Count::Between(0, None), rest));
    }
    let Some(inner) = text.strip_prefix('{') else { return Some((Count::One, text)) };
    let (bounds, rest) = inner.split_once('}')?;
    let (least, most) = match bounds.split_once(',') {
        None => (bounds.parse().ok()?, Some(bounds.parse().ok()?)),
        Some((least, "")) => (least.parse().ok()?, None),
        Some((least, most)) => (least.parse().ok()?, Some(most.parse().ok()?)),
    };
    Some((Count::Between(least, most), rest))
}

/// The characters of a class at the beginning, in words.
fn class(text: &str) -> Option<(Vec<String>, &str)> {
    if let Some(rest) = text.strip_prefix("\\d") {
        return Some((vec!["digits".to_owned()], rest));
    }
    let inner = text.strip_prefix('[')?;
    let (mut small, mut capital, mut digits) = (false, false, false);
    let mut ranges = Vec::new();
    let mut single = Vec::new();
    let mut rest = inner;
    loop {
        let next = rest.chars().next()?;
        if next == ']' {
            rest = &rest[1..];
            break;
        }
        if let Some((what, more)) = range(rest) {
            match what {
                ('a', 'z') => small = true,
                ('A', 'Z') => capital = true,
                ('0', '9') => digits = true,
                (from, to) if from.is_ascii_alphanumeric() && to.is_ascii_alphanumeric() => {
                    ranges.push(format!("`{from}` to `{to}`"));
                }
                _ => return None,
            }
            rest = more;
        } else if let Some(escaped) = rest.strip_prefix('\\') {
            match escaped.chars().next()? {
                'w' => {
                    (small, capital, digits) = (true, true, true);
                    single.push('_');
                }
                'd' => digits = true,
                plain if plain.is_ascii_punctuation() => single.push(plain),
                _ => return None,
            }
            rest = &escaped[1..];
        } else if next == '^' && rest.len() == inner.len() || next == '[' || next == '&' || next == '`' {
            // All but these, or sets of sets.
            return None;
        } else if next.is_ascii_graphic() {
            single.push(next);
            rest = &rest[1..];
        } else {
            return None;
        }
    }
    let mut words: Vec<String> = Vec::new();
    match (small, capital) {
        (true, true) => words.push("letters".to_owned()),
        (true, false) => words.push("small letters".to_owned()),
        (false, true) => words.push("capital letters".to_owned()),
        (false, false) => {}
    }
    words.extend(digits.then(|| "digits".to_owned()));
    words.extend(ranges);
    single.dedup();
    words.extend(single.into_iter().map(|c| format!("`{c}`")));
    (!words.is_empty()).then_some((words, rest))
}

/// `a-z`, if that is next.
fn range(text: &str) -> Option<((char, char), &str)> {
    let mut letters = text.chars();
    let (from, dash, to) = (letters.next()?, letters.next()?, letters.next()?);
    let is_range = dash == '-' && from != '\\' && to != ']' && to != '\\' && from.is_ascii() && to.is_ascii();
    is_range.then_some(((from, to), letters.as_str()))
}

/// "letters, digits and `_`".
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::of_pattern;

    #[track_caller]
    fn check(pattern: &str, expected: Option<&str>) {
        assert_eq!(of_pattern(pattern).as_deref(), expected);
    }

    #[test]
    fn characters_and_their_number_are_told_in_words() {
        check("^[a-zA-Z0-9_-]+$", Some("one or more characters of letters, digits, `_` and `-`"));
        check("^[a-z]{2,64}$", Some("2 to 64 characters of small letters"));
        check("^[0-9]{12}$", Some("12 characters of digits"));
        check("^\\d{12}$", Some("12 characters of digits"));
        check("^[a-f0-9]{0,8}$", Some("at most 8 characters of digits and `a` to `f`"));
        check(
            "^[\\w+=,.@-]*$",
            Some("any number of characters of letters, digits, `_`, `+`, `=`, `,`, `.`, `@` and `-`"),
        );
        check(
            "^[a-zA-Z][a-zA-Z0-9_]+$",
            Some("first one of letters, then one or more characters of letters, digits and `_`"),
        );
    }

    #[test]
    fn the_pattern_of_a_name_may_be_without_its_ends() {
        let words = "first one of letters, then one or more characters of letters, digits and `_`";
        for pattern in ["[a-zA-Z][a-zA-Z0-9_]+", "^[a-zA-Z][a-zA-Z0-9_]+$"] {
            assert_eq!(super::of_name(pattern).as_deref(), Some(words));
        }
    }

    #[test]
    fn other_patterns_are_left_alone() {
        for pattern in
            ["abc", "^arn:.*$", "^[^/]+$", "^(a|b)$", "^[a-z]+[0-9]+$", "^\\p{L}+$", "^[\\s\\S]*$", "^[a"]
        {
            check(pattern, None);
        }
    }
}
