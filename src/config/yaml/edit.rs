//! Changing one value in a text that people keep: everything else stays as it is, byte for byte.
//!
//! The text is never written anew from its values, which would lose comments, order and quotes. Instead the few ways in which
//! the change can look are tried, and the first one counts that is read as what is wanted and nothing else. So a form that
//! is not thought of here is refused, never damaged.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::{list, parse, position};

/// `text` with `value`, a text or a list of texts, at `path`; `None` if that cannot be done in one place.
pub(crate) fn set(text: &str, path: &[String], value: &Value) -> Option<String> {
    let mut wanted = parse(text).ok()?;
    put(&mut wanted, path, value)?;
    let in_a_line = in_a_line(value);
    let candidates = match offset(text, path) {
        Some(at) if value.is_array() => list::replaced(text, colon_after_key(text, at)?, value),
        Some(at) => replaced(text, at, &in_a_line),
        None => added(text, path, &in_a_line),
    };
    candidates.into_iter().find(|new| parse(new).is_ok_and(|found| found == wanted))
}

/// A text as it is, and a list of texts in brackets.
pub(crate) fn in_a_line(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_a_line).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// The same change to what the text stands for.
fn put(root: &mut Value, path: &[String], value: &Value) -> Option<()> {
    let mut at = root;
    for key in path {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        at = at.as_object_mut()?.entry(key).or_insert(Value::Null);
    }
    // What has a structure is not replaced by a text, and what has keys by nothing.
    (!at.is_object() && (!at.is_array() || value.is_array())).then(|| *at = value.clone())
}

/// Where the key at `path` begins, in bytes.
fn offset(text: &str, path: &[String]) -> Option<usize> {
    let (line, column) = position(text, path)?;
    let begin = line_begin(text, line)?;
    let within = text[begin..].char_indices().nth(column - 1).map_or(text.len() - begin, |(at, _)| at);
    Some(begin + within)
}

/// Where this line begins, counted from 1.
fn line_begin(text: &str, line: usize) -> Option<usize> {
    match line {
        1 => Some(0),
        _ => text.match_indices('\n').nth(line - 2).map(|(at, _)| at + 1),
    }
}

/// The ways to give the key at `at` another value.
fn replaced(text: &str, at: usize, value: &str) -> Vec<String> {
    let Some(colon) = colon_after_key(text, at) else { return Vec::new() };
    let rest = &text[colon + 1..];
    let line = rest.split(['\n', '\r']).next().unwrap_or_default();
    let begin = colon + 1 + (line.len() - line.trim_start_matches([' ', '\t']).len());
    let with = |end: usize, new: &str| format!("{}{new}{}", &text[..begin], &text[end..]);
    let old = &text[begin..colon + 1 + line.len()];
    match old.chars().next() {
        // No value, or only a comment.
        None | Some('#') => vec![format!("{} {value}{}", &text[..=colon], &text[colon + 1..])],
        Some(quote @ ('"' | '\'')) => {
            let ends = old.match_indices(quote).skip(1).map(|(end, _)| begin + end + 1);
            ends.map(|end| with(end, &format!("{quote}{value}{quote}"))).collect()
        }
        Some('|' | '>' | '&' | '*' | '!' | '[' | '{') => Vec::new(),
        Some(_) => {
            let plain = old.split(" #").next().unwrap_or_default().trim_end();
            let inside = plain.split([',', '}', ']']).next().unwrap_or_default().trim_end();
            let (in_block, in_flow) = (begin + plain.len(), begin + inside.len());
            let quoted = format!("\"{value}\"");
            vec![with(in_block, value), with(in_flow, value), with(in_block, &quoted), with(in_flow, &quoted)]
        }
    }
}

/// Where the colon after the key at `at` is.
fn colon_after_key(text: &str, at: usize) -> Option<usize> {
    let key = &text[at..];
    let end = match key.chars().next()? {
        quote @ ('"' | '\'') => 1 + key[1..].find(quote)? + 1,
        _ => key.find([':', '\n'])?,
    };
    let blank = key[end..].len() - key[end..].trim_start_matches([' ', '\t']).len();
    key[end + blank..].starts_with(':').then_some(at + end + blank)
}

/// The ways to add what of `path` is not there yet.
fn added(text: &str, path: &[String], value: &str) -> Vec<String> {
    let known = (1..path.len()).rev().find_map(|n| Some((n, offset(text, &path[..n])?)));
    let Some((n, at)) = known else { return vec![at_the_end(text, path, value)] };
    let (parent, missing) = path.split_at(n);
    let own_indent = at - (text[..at].rfind('\n').map_or(0, |end| end + 1));
    let first = first_child(text, parent).and_then(|key| offset(text, &[parent, &[key]].concat()));
    let child_indent = first.map(|first| first - text[..first].rfind('\n').map_or(0, |end| end + 1));
    let mut ways = Vec::new();
    let line_end = text[at..].find('\n').map(|end| at + end + 1);
    // As deep as the text itself goes from a mapping to what is in it.
    let step = match child_indent {
        Some(child) if child > own_indent => child - own_indent,
        _ if n > 1 && own_indent > 0 => own_indent / (n - 1),
        _ => 2,
    };
    let indent = child_indent.unwrap_or(own_indent + step);
    let block = block(missing, value, (indent, step), line_break(text));
    match line_end {
        Some(end) => ways.push(format!("{}{block}{}", &text[..end], &text[end..])),
        None => ways.push(format!("{text}{}{block}", line_break(text))),
    }
    let flow = flow(missing, value);
    if let Some(first) = first {
        ways.push(format!("{}{flow}, {}", &text[..first], &text[first..]));
    } else if let Some(brace) = text[at..].find('{') {
        ways.push(format!(
            "{} {flow} {}",
            &text[..=at + brace],
            text[at + brace + 1..].trim_start_matches(' ')
        ));
    }
    ways
}

fn at_the_end(text: &str, path: &[String], value: &str) -> String {
    let end = line_break(text);
    let mut new = text.to_owned();
    if !new.is_empty() && !new.ends_with('\n') {
        new += end;
    }
    if !new.trim().is_empty() {
        new += end;
    }
    new + &block(path, value, (0, 2), end)
}

/// The first key of the mapping at `path`.
fn first_child(text: &str, path: &[String]) -> Option<String> {
    let all = parse(text).ok()?;
    let mapping = path.iter().try_fold(&all, |at, key| at.get(key))?;
    mapping.as_object()?.keys().next().cloned()
}

/// Lines with a key each, indented from so many columns on by so many each, and the value at the last one.
fn block(path: &[String], value: &str, (indent, step): (usize, usize), end: &str) -> String {
    let mut lines = String::new();
    for (depth, key) in path.iter().enumerate() {
        let value = if depth + 1 == path.len() { format!(" {value}") } else { String::new() };
        let _ = write!(lines, "{}{key}:{value}{end}", " ".repeat(indent + step * depth));
    }
    lines
}

/// `a: { b: value }`.
fn flow(path: &[String], value: &str) -> String {
    let (open, close) = (path.join(": { "), " }".repeat(path.len() - 1));
    format!("{open}: {value}{close}")
}

pub(super) fn line_break(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(dotted: &str) -> Vec<String> {
        dotted.split('.').map(str::to_owned).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(
            set(text, &path("environments.prod.backend.image"), &"sha256:1f".into()).as_deref(),
            Some(expected)
        );
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        for (old, new) in [
            ("image: v1.0", "image: sha256:1f"),
            ("image:   v1.0   # the release", "image:   sha256:1f   # the release"),
            ("image: \"v1.0\"  # quoted", "image: \"sha256:1f\"  # quoted"),
            ("image: 'v1.0'", "image: 'sha256:1f'"),
            ("'image': v1.0", "'image': sha256:1f"),
            ("image: # none", "image: sha256:1f # none"),
            ("image:", "image: sha256:1f"),
            ("image: a#b", "image: sha256:1f"),
        ] {
            let text = |line| {
                format!(
                    "# top\nenvironments:\n  prod:\n    backend:\n      {line}\n      cpu: 512 # c\n  dev: {{}}\n"
                )
            };
            check(&text(old), &text(new));
        }
    }

    #[test]
    fn a_value_in_braces_is_replaced_or_added() {
        check(
            "environments: {prod: {backend: {image: v1, cpu: 1}}}\n",
            "environments: {prod: {backend: {image: sha256:1f, cpu: 1}}}\n",
        );
        check(
            "environments:\n  prod:\n    backend: { cpu: 1 } # c\n",
            "environments:\n  prod:\n    backend: { image: sha256:1f, cpu: 1 } # c\n",
        );
        check(
            "environments:\n  prod: { backend: {} }\n",
            "environments:\n  prod: { backend: { image: sha256:1f } }\n",
        );
    }

    #[test]
    fn a_setting_that_is_not_there_is_added_under_its_environment() {
        check("", "environments:\n  prod:\n    backend:\n      image: sha256:1f\n");
        check(
            "# settings\ndefaults:\n  region: eu-west-1",
            "# settings\ndefaults:\n  region: eu-west-1\n\nenvironments:\n  prod:\n    backend:\n      image: sha256:1f\n",
        );
        check(
            "environments:\n  # first\n  dev:\n    region: x\n",
            "environments:\n  prod:\n    backend:\n      image: sha256:1f\n  # first\n  dev:\n    region: x\n",
        );
        check(
            "environments:\n    prod:\n        # why\n        backend:\n            cpu: 1\n",
            "environments:\n    prod:\n        # why\n        backend:\n            image: sha256:1f\n            cpu: 1\n",
        );
        check(
            "environments:\n    prod:\n        ai_ml:\n            cpu: 1\n",
            "environments:\n    prod:\n        backend:\n            image: sha256:1f\n        ai_ml:\n            cpu: 1\n",
        );
        check(
            "environments:\n    prod:\n",
            "environments:\n    prod:\n        backend:\n            image: sha256:1f\n",
        );
        check(
            "environments:\n  prod:\n    backend:\n",
            "environments:\n  prod:\n    backend:\n      image: sha256:1f\n",
        );
    }

    #[test]
    fn line_breaks_stay_those_of_the_text() {
        check(
            "environments:\r\n  prod:\r\n    backend:\r\n      cpu: 1\r\n",
            "environments:\r\n  prod:\r\n    backend:\r\n      image: sha256:1f\r\n      cpu: 1\r\n",
        );
        check(
            "environments:\r\n  prod:\r\n    backend:\r\n      image: v1\r\n",
            "environments:\r\n  prod:\r\n    backend:\r\n      image: sha256:1f\r\n",
        );
    }

    #[test]
    fn what_cannot_be_changed_in_one_place_is_refused() {
        for text in [
            "environments: &all\n  prod: &p\n    backend: *x\n",
            "environments:\n  prod:\n    backend:\n      image: |\n        v1\n",
            "environments:\n  prod:\n    backend:\n      image: &tag v1\n    ai_ml:\n      image: *tag\n",
            "environments:\n  prod:\n    backend:\n      image: [a]\n",
            "environments:\n  prod:\n    backend: text\n",
            "environments: [",
        ] {
            assert_eq!(set(text, &path("environments.prod.backend.image"), &"x".into()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_text_is_only_this_value_changes(
            text in "(environments:\n( {1,3}(prod|dev|#x|'a b'):( \\{\\}| x| # c)?\n){0,3}( {2,6}(backend|image|cpu):( v1| 'v'| \\{image: a\\})?\n){0,4})|\\PC{0,40}"
        ) {
            let at = path("environments.prod.backend.image");
            if let Some(new) = set(&text, &at, &"sha256:1f".into()) {
                let mut wanted = parse(&text).unwrap();
                put(&mut wanted, &at, &"sha256:1f".into());
                prop_assert_eq!(parse(&new), Ok(wanted));
                prop_assert!(new.len() >= text.len() - text.len().min(40), "{}", new);
            }
        }
    }
}
