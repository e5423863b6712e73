//! Changing a list in a text that people keep: the ways in which it may look, of which [`set`](super::set) takes the first that
//! is read as what is wanted.

use serde_json::Value;

use super::edit::{in_a_line, line_break};

/// The ways to give the key whose colon is at `colon` another list. Comments within the old one have no place in the new one,
/// so a list with comments is left alone.
pub(super) fn replaced(text: &str, colon: usize, value: &Value) -> Vec<String> {
    let new = in_a_line(value);
    let rest = &text[colon + 1..];
    let line = rest.split(['\n', '\r']).next().unwrap_or_default();
    let said = line.trim_start_matches([' ', '\t']);
    let begin = colon + 1 + (line.len() - said.len());
    match said.chars().next() {
        Some('[') => in_brackets(text, begin, &new),
        // No value, or one in the lines below.
        None | Some('#') => {
            let own = colon + 1 + line.len();
            let with = |new: &str, begin: usize, end: usize| {
                format!("{}{new}{}{}", &text[..=colon], &text[colon + 1..begin], &text[end..])
            };
            let beside = format!(" {new}");
            let Some(old) = in_lines(text, own) else { return vec![with(&beside, own, own)] };
            // Without its lines the key would have no value.
            vec![
                format!("{}{}{}", &text[..old.begin], old.with(value, text), &text[old.end..]),
                with(&beside, old.begin, old.end),
            ]
        }
        Some(_) => Vec::new(),
    }
}

/// `[a, b]`, over one line or several.
fn in_brackets(text: &str, begin: usize, new: &str) -> Vec<String> {
    let ends = text[begin..].match_indices(']').map(|(at, _)| begin + at + 1);
    let plain = ends.take_while(|end| !text[begin..*end].contains('#'));
    plain.map(|end| format!("{}{new}{}", &text[..begin], &text[end..])).collect()
}

/// Lines that begin with `- `.
struct Lines {
    begin: usize,
    end: usize,
    indent: usize,
}

impl Lines {
    /// Other lines like them.
    fn with(&self, value: &Value, text: &str) -> String {
        let indent = " ".repeat(self.indent);
        let items = value.as_array().into_iter().flatten();
        items.map(|item| [indent.as_str(), "- ", &in_a_line(item), line_break(text)].concat()).collect()
    }
}

/// The items of a list, from the end of its key's own line on.
fn in_lines(text: &str, end_of_line: usize) -> Option<Lines> {
    let begin = end_of_line + text[end_of_line..].find('\n')? + 1;
    let (mut end, mut indent) = (begin, None);
    for line in text[begin..].split_inclusive('\n') {
        let said = line.trim_start_matches(' ');
        if !said.starts_with("- ") || said.contains('#') {
            break;
        }
        indent.get_or_insert(line.len() - said.len());
        end += line.len();
    }
    Some(Lines { begin, end, indent: indent? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::set;

    #[track_caller]
    fn check(old: &str, new: Option<&str>) {
        let path = ["environments", "prod", "zones"].map(str::to_owned);
        let text = |lines: &str| format!("# top\nenvironments:\n  prod: # live\n{lines}  dev: {{}}\n");
        assert_eq!(set(&text(old), &path, &json!(["s-1", "s-2"])), new.map(text), "{old}");
    }

    #[test]
    fn a_list_is_replaced_where_it_stands_and_as_it_is_written() {
        check("    zones: [a, b] # two\n", Some("    zones: [s-1, s-2] # two\n"));
        check("    zones: [a,\n      b]\n    x: 1\n", Some("    zones: [s-1, s-2]\n    x: 1\n"));
        check(
            "    zones: # two\n      - a\n      - b\n    x: 1\n",
            Some("    zones: # two\n      - s-1\n      - s-2\n    x: 1\n"),
        );
        check("    zones:\n    - a\n", Some("    zones:\n    - s-1\n    - s-2\n"));
        check("    zones:\n    x: 1\n", Some("    zones: [s-1, s-2]\n    x: 1\n"));
    }

    #[test]
    fn a_list_that_is_not_there_is_added_in_brackets() {
        check("    x: 1 # one\n", Some("    zones: [s-1, s-2]\n    x: 1 # one\n"));
    }

    #[test]
    fn a_list_with_comments_or_of_another_form_is_left_alone() {
        check("    zones:\n      - a # why\n      - b\n", None);
        check("    zones: [a, # why\n      b]\n", None);
        check("    zones: *all\n", None);
        check("    zones: {a: 1}\n", None);
    }

    #[test]
    fn an_empty_list_takes_the_place_of_any() {
        let path = ["zones".to_owned()];
        for old in ["zones: [a] # c\nx: 1\n", "zones: # c\n  - a\n  - b\nx: 1\n", "zones: # c\nx: 1\n"] {
            let new = set(old, &path, &json!([]));
            assert_eq!(new.as_deref(), Some("zones: [] # c\nx: 1\n"), "{old}");
        }
    }
}
