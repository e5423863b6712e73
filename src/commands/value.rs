//! Values of a template in one line, as somebody would write them in YAML.

use template::{Function, Node};

/// The value in one line, in YAML's short form: `!Ref Vpc`, `[a, b]`, `{Key: value}`.
pub(crate) fn line(node: &Node) -> String {
    let mut text = String::new();
    write(node, false, &mut text);
    text
}

/// Two values in a line each, of long ones only what is around their difference: the ends of long lines are cut off, and
/// nobody could see it there. Where a number is told from a text, it is said which is which.
pub(crate) fn pair(old: &Node, new: &Node) -> (String, String) {
    let lines = (line(old), line(new));
    let (old, new) = if lines.0 == lines.1 && old != new { (told(old), told(new)) } else { lines };
    let same = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    let longest = old.chars().count().max(new.chars().count());
    if longest <= LONG || same <= BEFORE {
        return (old, new);
    }
    let rest = |text: String| ['…'].into_iter().chain(text.chars().skip(same - BEFORE)).collect();
    (rest(old), rest(new))
}

/// A value that reads like another which it is not: `1 (a number)`, `"1" (text)`.
fn told(node: &Node) -> String {
    let json = serde_json::to_string(node).expect("a value can be written as JSON");
    match node {
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => format!("{json} ({})", node.kind()),
        _ => json,
    }
}

/// The longest value that is shown whole on a terminal, in characters.
const LONG: usize = 70;
/// So many characters are shown before a difference.
const BEFORE: usize = 20;

/// A line with the end of a long one left out.
pub(crate) fn short(line: String) -> String {
    if line.chars().count() <= LONG { line } else { line.chars().take(LONG).chain(['…']).collect() }
}

/// `nested` texts are quoted where they could be mistaken for something else.
fn write(node: &Node, nested: bool, text: &mut String) {
    match node {
        Node::Null => *text += "null",
        Node::Bool(value) => *text += if *value { "true" } else { "false" },
        Node::Number(number) => *text += &number.to_string(),
        Node::String(value) if nested && is_ambiguous(value) => *text += &quoted(value),
        Node::String(value) if value.is_empty() => *text += "\"\"",
        Node::String(value) => *text += &value.replace('\n', "⏎"),
        Node::List(items) => {
            *text += "[";
            for (number, item) in items.iter().enumerate() {
                *text += if number == 0 { "" } else { ", " };
                write(item, true, text);
            }
            *text += "]";
        }
        Node::Map(map) => {
            *text += "{";
            for (number, (key, value)) in map.iter().enumerate() {
                *text += if number == 0 { "" } else { ", " };
                *text += key;
                *text += ": ";
                write(value, true, text);
            }
            *text += "}";
        }
        Node::Call(function, argument) => call(*function, argument, text),
    }
}

fn call(function: Function, argument: &Node, text: &mut String) {
    *text += "!";
    *text += function.name();
    *text += " ";
    match argument {
        Node::List(parts) if function == Function::GetAtt && parts.iter().all(is_text) => {
            let parts: Vec<String> = parts.iter().map(line).collect();
            *text += &parts.join(".");
        }
        other => write(other, true, text),
    }
}

fn is_text(node: &Node) -> bool {
    matches!(node, Node::String(_))
}

/// Whether a text within a list or mapping could be read as more than itself.
fn is_ambiguous(text: &str) -> bool {
    text.is_empty()
        || text.trim() != text
        || text.contains([',', '[', ']', '{', '}', '"', '\n'])
        || text.contains(": ")
        || text.starts_with(['!', '&', '*', '#', '\''])
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text can be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_long_values_their_difference_is_seen() {
        let long = |end: &str| Node::String("x".repeat(100) + end);
        let (old, new) = pair(&long(" ends so"), &long(" ends otherwise"));
        assert_eq!(
            (old.as_str(), new.as_str()),
            ("…xxxxxxxxxxxxxx ends so", "…xxxxxxxxxxxxxx ends otherwise")
        );
        let short = |text: &str| Node::String(text.to_owned());
        assert_eq!(pair(&short("a"), &short("ab")), ("a".to_owned(), "ab".to_owned()));
    }

    #[test]
    fn a_number_and_a_text_that_read_alike_are_told_apart() {
        let (number, text) = (Node::from(serde_json::json!(1.0)), Node::from("1.0"));
        let shown = |old: &Node, new: &Node| -> String {
            let (old, new) = pair(old, new);
            format!("{old} → {new}")
        };
        assert_eq!(shown(&number, &text), "1.0 (a number) → \"1.0\" (text)");
        assert_eq!(shown(&Node::Null, &Node::from("null")), "null (nothing) → \"null\" (text)");
        assert_eq!(shown(&vec![number].into(), &vec![text].into()), "[1.0] → [\"1.0\"]");
        assert_eq!(shown(&Node::from(true), &Node::from("false")), "true → false");
    }

    #[test]
    fn a_value_is_written_in_one_line_as_in_yaml() {
        let text = "Resources: {A: {Type: X, Properties: {V: [!Ref Vpc, !GetAtt A.B.C, {K: 'a, b', L: ''}, \
                    !Sub '${X}-y', !If [C, 1, true], !Cidr [!GetAtt Vpc.CidrBlock, 6, 8]]}}}";
        let template = template::Template::parse(text, "t.yaml").unwrap().template;
        let value = &template.resources["A"].properties["V"];
        assert_eq!(
            line(value),
            "[!Ref Vpc, !GetAtt A.B.C, {K: \"a, b\", L: \"\"}, !Sub \"${X}-y\", !If [C, 1, true], \
             !Cidr [!GetAtt Vpc.CidrBlock, 6, 8]]"
        );
    }
}
