//! Generated nodes and templates for property tests.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use crate::document::{Output, Parameter, Resource, Template};
use crate::node::{Function, Map, Node, Number};

/// Text that YAML readers are known to take for something else, and text with all the marks of YAML in it.
pub(crate) const AWKWARD: &[&str] = &[
    "",
    " ",
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "true",
    "False",
    "null",
    "~",
    "0",
    "-0",
    "0123",
    "012345678901",
    "1e3",
    "0x1f",
    "0o17",
    "0b1",
    "1_000",
    "1:30",
    "190:20:30.15",
    ".5",
    "1.",
    ".inf",
    ".nan",
    "2012-10-17",
    "2010-09-09",
    "2001-12-14t21:59:43.10-05:00",
    "<<",
    "=",
    "-",
    "- a",
    "?",
    "? a",
    "!",
    "!a",
    "&a",
    "*a",
    "%a",
    "@a",
    "`a",
    "|",
    "> a",
    "'a'",
    "\"a\"",
    "it's",
    "{a}",
    "[a]",
    "a, b",
    "${X}",
    "#a",
    "a #b",
    "a: b",
    "a:",
    "::",
    "AWS::Region",
    " a",
    "a ",
    "\t",
    "\ta",
    "a\tb",
    "a\nb",
    "a\nb\n",
    "a\n\nb\n",
    "a\nb\n\n",
    "\n",
    "\na",
    "  a\nb",
    "a\n  ",
    "a\n   \nb",
    " \n a",
    "a\r\nb",
    "a\rb",
    "---",
    "...",
    "--- a",
    "a\\b",
    "\\n",
    "\u{85}",
    "a\u{85}b",
    "\u{2028}",
    "a\n\u{2029}b",
    "\u{feff}a",
    "\0",
    "\u{7}",
    "\u{1b}[0m",
    "\u{7f}",
    "\u{9f}",
    "😀",
    "é\nü",
    "\u{a0}x",
    "\u{fffe}",
    "\u{10ffff}",
    "a\n\tb",
    "#!/bin/bash\necho ${X} \\\n  -x 'y'\n",
    "99999999999999999999",
];

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Za-z][A-Za-z0-9]{0,12}",
        3 => prop::sample::select(AWKWARD).prop_map(str::to_owned),
        1 => "[a-z0-9 :#,{}&*!|>'\"%@`?~=<.+\\\\\\-\\[\\]\\n\\t]{0,10}",
        1 => "\\PC{0,8}",
    ]
}

pub(crate) fn name() -> impl Strategy<Value = String> {
    "[A-Z][A-Za-z0-9]{0,6}"
}

fn scalar() -> impl Strategy<Value = Node> {
    prop_oneof![
        1 => Just(Node::Null),
        1 => any::<bool>().prop_map(Node::Bool),
        2 => any::<i64>().prop_map(Node::from),
        1 => any::<u64>().prop_map(|number| Node::Number(number.into())),
        1 => prop::num::f64::NORMAL.prop_map(|number| Node::Number(Number::from_f64(number).unwrap())),
        6 => text().prop_map(Node::String),
    ]
}

/// Any node, in the form in which it is read: a mapping with the one key `Ref` is a call.
pub(crate) fn node() -> impl Strategy<Value = Node> {
    scalar().prop_recursive(4, 40, 5, |inner| {
        let function = prop::sample::select(Function::ALL.to_vec());
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Node::List),
            btree_map(text(), inner.clone(), 0..4).prop_map(|map| Node::from_entries(sorted(map))),
            (function, inner.clone()).prop_map(|(function, node)| call(function, node)),
            (prop::sample::select(Function::ALL.to_vec()), vec(inner, 0..4))
                .prop_map(|(function, nodes)| call(function, Node::List(nodes))),
            (name(), text())
                .prop_map(|(target, name)| call(Function::GetAtt, vec![target.into(), name.into()].into())),
        ]
    })
}

/// `Condition` is a call only as an operand, since a policy statement has a `Condition` too.
fn call(function: Function, argument: Node) -> Node {
    match function {
        Function::Condition => {
            let operand = Node::call(Function::Condition, "Name");
            Node::call_long(Function::Not, Node::List(vec![operand, argument]))
        }
        function => Node::call_long(function, argument),
    }
}

fn sorted<T>(map: std::collections::BTreeMap<String, T>) -> Map<T> {
    map.into_iter().collect()
}

fn nodes() -> impl Strategy<Value = Map> {
    btree_map(name(), node(), 0..3).prop_map(sorted)
}

fn things<T: std::fmt::Debug>(thing: impl Strategy<Value = T>) -> impl Strategy<Value = Map<T>> {
    btree_map(name(), thing, 0..4).prop_map(sorted)
}

fn parameter() -> impl Strategy<Value = Parameter> {
    (text(), option::of(node()), option::of(text()), any::<bool>(), option::of(node())).prop_map(
        |(type_name, default, description, no_echo, allowed)| Parameter {
            type_name,
            default,
            description,
            no_echo,
            attributes: allowed.into_iter().map(|node| ("AllowedValues".to_owned(), node)).collect(),
        },
    )
}

fn resource() -> impl Strategy<Value = Resource> {
    let policy = || option::of(prop_oneof![Just(Node::from("Retain")), node()]);
    (text(), option::of(name()), vec(name(), 0..3), nodes(), nodes(), policy(), policy(), option::of(node()))
        .prop_map(
            |(
                type_name,
                condition,
                depends_on,
                properties,
                metadata,
                deletion_policy,
                update_replace_policy,
                creation,
            )| {
                Resource {
                    type_name,
                    condition,
                    depends_on,
                    properties,
                    metadata,
                    deletion_policy,
                    update_replace_policy,
                    attributes: creation
                        .into_iter()
                        .map(|node| ("CreationPolicy".to_owned(), node))
                        .collect(),
                }
            },
        )
}

fn output() -> impl Strategy<Value = Output> {
    (node(), option::of(text()), option::of(node()), option::of(name()))
        .prop_map(|(value, description, export, condition)| Output { value, description, export, condition })
}

/// Any template, without regard to whether its references and properties make sense.
pub(crate) fn template() -> impl Strategy<Value = Template> {
    let texts = (option::of(text()), option::of(text()));
    let transform = prop_oneof![Just(vec![]), vec(name().prop_map(Node::String), 1..3)];
    let loops = option::of(node()).prop_map(|node| {
        let entries = node.map(|node| Map::from_iter([("Fn::ForEach::Each".to_owned(), node)]));
        entries.into_iter().map(|entries| ("Resources".to_owned(), entries)).collect::<Map<_>>()
    });
    (
        texts,
        nodes(),
        things(parameter()),
        nodes(),
        nodes(),
        nodes(),
        things(resource()),
        things(output()),
        transform,
        loops,
    )
        .prop_map(
            |(
                texts,
                metadata,
                parameters,
                rules,
                mappings,
                conditions,
                resources,
                outputs,
                transform,
                loops,
            )| {
                Template {
                    format_version: texts.0,
                    description: texts.1,
                    metadata,
                    parameters,
                    rules,
                    mappings,
                    conditions: conditions
                        .into_iter()
                        .map(|(key, node)| (key, node.condition_operand()))
                        .collect(),
                    transform,
                    resources,
                    outputs,
                    loops,
                    ..Template::default()
                }
            },
        )
}
