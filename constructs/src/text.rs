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
    let mut variables = Map::default();
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
    let (text, own) = match inner {
        Node::String(text) => (text, Map::default()),
        Node::List(parts) => match <[Node; 2]>::try_from(parts) {
            Ok([Node::String(text), Node::Map(own)]) => (text, own),
            _ => return String::new(),
        },
        _ => return String::new(),
    };
    let first = variables.len() + 1;
    let number = |name: &str| own.get_index_of(name).map(|index| format!("Value{}", first + index));
    let text = rename_variables(&text, number);
    variables.extend(
        own.into_iter().enumerate().map(|(index, (_, node))| (format!("Value{}", first + index), node)),
    );
    text
}

/// Keeps `${` in a literal from being taken for a variable.
fn escape(literal: &str) -> String {
    literal.replace("${", "${!")
}

/// A map with these entries, in this order.
pub(crate) fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    Node::Map(entries.into_iter().map(|(key, node)| (key.to_owned(), node)).collect())
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
    if let [(name, node)] = variables.iter().collect::<Vec<_>>()[..]
        && text == format!("${{{name}}}")
    {
        return node.clone();
    }
    let mut kept = Map::default();
    let mut inlined = Map::default();
    for (name, node) in variables {
        match reference(&node) {
            Some(inline) => inlined.insert(name, inline.into()),
            None => kept.insert(name, node),
        };
    }
    // A kept variable whose name a reference also has would capture it: such a reference stays a variable too.
    let captured = |to: &Node| to.as_str().is_some_and(|to| kept.contains_key(to));
    let (stay, inlined): (Map, Map) = inlined.into_iter().partition(|(_, to)| captured(to));
    kept.extend(stay.into_iter().map(|(name, to)| (name, Node::Call(Function::Ref, Box::new(to)))));
    let text = rename_variables(&text, |name| inlined.get(name).and_then(Node::as_str).map(str::to_owned));
    if !kept.is_empty() {
        return Node::call(Function::Sub, vec![Node::from(text), Node::Map(kept)]);
    }
    if text.replace("${!", "").contains("${") {
        return Node::call(Function::Sub, text);
    }
    Node::String(text.replace("${!", "${"))
}

/// `Alb.DNSName` for an attribute and `Alb` for a reference, as they stand in a text.
fn reference(node: &Node) -> Option<String> {
    match node {
        Node::Call(Function::Ref, target) => target.as_str().map(str::to_owned),
        Node::Call(Function::GetAtt, target) => attribute(target),
        _ => None,
    }
}

/// Gives the variables of a text other names, in one pass, so that a new name is never taken for an old one.
fn rename_variables(text: &str, to: impl Fn(&str) -> Option<String>) -> String {
    let mut renamed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        renamed.push_str(before);
        let Some(end) = from.find('}') else { break };
        let name = &from[2..end];
        match to(name) {
            Some(name) => renamed.extend(["${", &name, "}"]),
            None => renamed.push_str(&from[..=end]),
        }
        rest = &from[end + 1..];
    }
    renamed.push_str(rest);
    renamed
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
    fn a_parameter_with_the_name_of_a_variable_is_not_captured() {
        let parameter = Value::<String>::parameter("Value2");
        let import: Value<String> = Value::from_node(Node::call(Function::ImportValue, "X"));
        let expected = serde_json::json!({"Fn::Sub": [
            "${Value1}-${Value2}",
            {"Value2": {"Fn::ImportValue": "X"}, "Value1": {"Ref": "Value2"}},
        ]});
        check(&sub!("{}-{}", parameter, import), expected);
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
