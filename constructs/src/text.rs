//! Text with values in it: the `sub!` macro, and how `Fn::Sub` is written when it is settled.

use template::{Function, Map, Node};

use crate::value::Value;

/// Text around values that may be known only at deployment: `sub!("http://{}", alb.dns_name())`.
///
/// Each `{}` takes one argument in turn; `{{` and `}}` stand for braces. The number of arguments is
/// checked by the compiler. The result is a [`Value<String>`](crate::Value).
#[macro_export]
macro_rules! sub {
    ($format:literal $(, $argument:expr)* $(,)?) => {{
        const PLACEHOLDERS: usize = $crate::text::placeholders($format);
        let arguments: [$crate::Json; PLACEHOLDERS] = [$($crate::text::IntoText::into_text($argument)),*];
        $crate::text::substitute($format, arguments.to_vec())
    }};
}

/// What [`sub!`](crate::sub) accepts between its text.
pub trait IntoText {
    /// The node that stands in the text.
    fn into_text(self) -> Node;
}

impl<T> IntoText for Value<T> {
    fn into_text(self) -> Node {
        self.into_node()
    }
}

impl<T> IntoText for &Value<T> {
    fn into_text(self) -> Node {
        self.node().clone()
    }
}

impl IntoText for &str {
    fn into_text(self) -> Node {
        self.into()
    }
}

impl IntoText for &String {
    fn into_text(self) -> Node {
        self.as_str().into()
    }
}

impl IntoText for u16 {
    fn into_text(self) -> Node {
        i64::from(self).into()
    }
}

/// How many `{}` a format has.
pub const fn placeholders(format: &str) -> usize {
    let bytes = format.as_bytes();
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'{' {
            assert!(at + 1 < bytes.len(), "a brace stands alone; write it twice for the character");
            if bytes[at + 1] == b'}' {
                count += 1;
            } else {
                assert!(
                    bytes[at + 1] == b'{',
                    "a placeholder is an empty pair of braces; write a brace twice for the character"
                );
            }
            at += 2;
        } else {
            at += 1;
        }
    }
    count
}

/// Puts `arguments` into the places of `format`. Literals become part of the text at once.
pub fn substitute(format: &str, arguments: Vec<Node>) -> Value<String> {
    let mut arguments = arguments.into_iter();
    let mut text = String::new();
    let mut variables = Map::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&escape(&rest[..at]));
        match (&rest[at..], rest[at..].get(..2)) {
            (_, Some("{}")) => {
                match arguments.next() {
                    Some(Node::String(literal)) => text.push_str(&escape(&literal)),
                    Some(Node::Number(number)) => text.push_str(&number.to_string()),
                    Some(Node::Call(Function::Sub, inner)) => text.push_str(&inline(*inner, &mut variables)),
                    Some(node) => {
                        let name = format!("Value{}", variables.len() + 1);
                        text.extend(["${", &name, "}"]);
                        variables.insert(name, node);
                    }
                    None => {}
                }
                rest = &rest[at + 2..];
            }
            (_, Some("{{" | "}}")) => {
                // A dollar before a brace would begin a variable.
                let dollar = text.ends_with('$') && rest[at..].starts_with('{');
                text.push_str(if dollar { "{!" } else { &rest[at..=at] });
                rest = &rest[at + 2..];
            }
            (brace, _) => {
                text.push_str(&brace[..1]);
                rest = &rest[at + 1..];
            }
        }
    }
    text.push_str(&escape(rest));
    Value::from_node(Node::call(Function::Sub, vec![Node::from(text), Node::Map(variables)]))
}

/// The text of a substitution inside another one, its variables renamed so that they stay apart.
fn inline(inner: Node, variables: &mut Map) -> String {
    let (mut text, own) = match inner {
        Node::String(text) => (text, Map::new()),
        Node::List(parts) => match <[Node; 2]>::try_from(parts) {
            Ok([Node::String(text), Node::Map(own)]) => (text, own),
            _ => return String::new(),
        },
        _ => return String::new(),
    };
    // Two steps, since an old name may also be a new one.
    let first = variables.len() + 1;
    let names: Vec<(String, Node)> = own.into_iter().collect();
    for (index, (name, _)) in names.iter().enumerate() {
        text = text.replace(&format!("${{{name}}}"), &format!("${{#{index}}}"));
    }
    for (index, (_, node)) in names.into_iter().enumerate() {
        let name = format!("Value{}", first + index);
        text = text.replace(&format!("${{#{index}}}"), &format!("${{{name}}}"));
        variables.insert(name, node);
    }
    text
}

/// Keeps `${` in a literal from being taken for a variable.
fn escape(literal: &str) -> String {
    literal.replace("${", "${!")
}

/// Writes a settled `Fn::Sub` as simply as it can be: `${Alb.DNSName}` instead of a variable, and plain text
/// instead of a call where nothing is left to substitute.
pub(crate) fn flatten(argument: Node) -> Node {
    let (text, variables) = match argument {
        Node::List(parts) => match <[Node; 2]>::try_from(parts) {
            Ok([Node::String(text), Node::Map(variables)]) => (text, variables),
            Ok(parts) => return Node::call(Function::Sub, parts.to_vec()),
            Err(parts) => return Node::call(Function::Sub, parts),
        },
        other => return Node::call(Function::Sub, other),
    };
    let mut text = text;
    let mut kept = Map::new();
    for (name, node) in variables {
        if text == format!("${{{name}}}") {
            return node;
        }
        let inline = match &node {
            Node::Call(Function::Ref, target) => target.as_str().map(str::to_owned),
            Node::Call(Function::GetAtt, target) => attribute(target),
            _ => None,
        };
        match inline {
            Some(inline) => text = text.replace(&format!("${{{name}}}"), &format!("${{{inline}}}")),
            None => {
                kept.insert(name, node);
            }
        }
    }
    if !kept.is_empty() {
        return Node::call(Function::Sub, vec![Node::from(text), Node::Map(kept)]);
    }
    if text.replace("${!", "").contains("${") {
        return Node::call(Function::Sub, text);
    }
    Node::String(text.replace("${!", "${"))
}

fn attribute(target: &Node) -> Option<String> {
    let [target, name] = target.as_list()? else { return None };
    Some(format!("{}.{}", target.as_str()?, name.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &Value<String>, expected: serde_json::Value) {
        let Node::Call(Function::Sub, argument) = value.node().clone() else { panic!("not a substitution") };
        assert_eq!(flatten(*argument), Node::from(expected));
    }

    #[test]
    fn a_reference_is_written_in_place() {
        let name = Value::<String>::parameter("AWS::Region");
        check(&sub!("a-{}-{}", name, "b"), serde_json::json!({"Fn::Sub": "a-${AWS::Region}-b"}));
    }

    #[test]
    fn literals_alone_make_plain_text() {
        check(&sub!("{{{}}} ${{x}}", "a"), serde_json::json!("{a} ${x}"));
    }

    #[test]
    fn a_substitution_in_another_becomes_one() {
        let (a, b) = (Value::<String>::parameter("A"), Value::<String>::parameter("B"));
        let inner = sub!("{}/x", &b);
        check(&sub!("{}:{}:{}", &a, inner, &a), serde_json::json!({"Fn::Sub": "${A}:${B}/x:${A}"}));
    }

    #[test]
    fn a_dollar_in_a_literal_stays_what_it_is() {
        let region = Value::<String>::parameter("AWS::Region");
        check(&sub!("{}{}", "${HOME}", region), serde_json::json!({"Fn::Sub": "${!HOME}${AWS::Region}"}));
    }

    #[test]
    fn other_functions_stay_variables() {
        let value: Value<String> = Value::from_node(Node::call(Function::ImportValue, "X"));
        check(
            &sub!("a{}", value),
            serde_json::json!({"Fn::Sub": ["a${Value1}", {"Value1": {"Fn::ImportValue": "X"}}]}),
        );
    }
}
