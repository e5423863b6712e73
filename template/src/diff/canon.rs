//! Values in one form, such that two are equal if CloudFormation makes the same of them.

use super::context::{Context, Part};
use super::items::is_no_value;
use super::policies;
use super::texts::{decimal, json_of, whole};
use crate::facts::Kind;
use crate::node::{Function, Map, Node};

/// Whether CloudFormation makes the same of two values.
pub(super) fn same(old: &Node, new: &Node, context: Context<'_>) -> bool {
    old == new || canon(old, context) == canon(new, context)
}

/// The one form as text, for comparing many with many.
pub(super) fn canon_text(node: &Node, context: Context<'_>) -> String {
    serde_json::to_string(&canon(node, context)).unwrap_or_default()
}

/// The one form of a value: scalars as text, sets sorted, texts as far as they can be put together, JSON taken out of
/// texts, what is nothing left out.
pub(super) fn canon(node: &Node, context: Context<'_>) -> Node {
    match node {
        Node::Null => Node::Null,
        Node::Bool(_) | Node::Number(_) if context.part == Part::Json => node.clone(),
        Node::Bool(_) | Node::Number(_) | Node::String(_) => scalar(node, context),
        Node::List(items) => list(items, context),
        Node::Map(entries) => map(entries, context),
        Node::Call(function, argument) => call(*function, argument, node, context),
    }
}

fn scalar(node: &Node, context: Context<'_>) -> Node {
    if let Some(inner) = json_of(node).filter(|_| context.part != Part::Json) {
        return canon(&inner, Context::json());
    }
    let text = node.scalar_text().unwrap_or_default();
    let text = match context.part {
        Part::Plain => typed(&text, context).unwrap_or_else(|| text.into_owned()),
        part => policies::text(part, &text),
    };
    alone(Node::String(text), context)
}

/// A boolean or number that is given as text, as its type is written.
fn typed(text: &str, context: Context<'_>) -> Option<String> {
    if context.only(&[Kind::Boolean]) {
        return Some(text.to_ascii_lowercase());
    }
    if context.only(&[Kind::Integer, Kind::Number]) {
        let (negative, digits, power) = decimal(text.trim())?;
        return Some(format!("{}{digits}e{power}", if negative { "-" } else { "" }));
    }
    None
}

/// Where one value stands for a list of one, the list.
fn alone(node: Node, context: Context<'_>) -> Node {
    let many = context.part.is_one_or_many() || context.only(&[Kind::List]);
    if context.part == Part::Principals {
        return policies::everybody(node);
    }
    if many { Node::List(vec![node]) } else { node }
}

fn list(items: &[Node], context: Context<'_>) -> Node {
    let inner = context.item();
    let items_canon = items.iter().filter(|item| !is_no_value(item)).map(|item| canon(item, inner));
    // An item is not a list of its own.
    let mut canon: Vec<Node> = items_canon
        .flat_map(|item| match item {
            Node::List(items) if context.part.is_one_or_many() => items,
            item => vec![item],
        })
        .collect();
    if context.is_set(items, &[]) {
        canon.sort_by_cached_key(|node| serde_json::to_string(node).unwrap_or_default());
    }
    if context.part.is_one_or_many() {
        canon.dedup();
        policies::reduce(context.part, &mut canon);
    }
    Node::List(canon)
}

fn map(entries: &Map, context: Context<'_>) -> Node {
    let context = context.of_map(entries, entries);
    let entries = entries.iter().filter(|(_, node)| !is_no_value(node));
    let canon = entries.map(|(key, node)| {
        let canon = canon(node, context.key(key));
        let fold = matches!(context.part, Part::Conditions | Part::ConditionKeys);
        (if fold { key.to_ascii_lowercase() } else { key.clone() }, canon)
    });
    let map = Node::Map(canon.collect());
    // One statement stands for a list of one.
    if context.part == Part::Statement { Node::List(vec![map]) } else { map }
}

fn call(function: Function, argument: &Node, node: &Node, context: Context<'_>) -> Node {
    match function {
        Function::Sub | Function::Join => match whole(node) {
            Some(Node::Call(function @ (Function::Sub | Function::Join), argument)) => {
                let put_together = Node::Call(function, argument);
                match json_of(&put_together).filter(|_| context.part != Part::Json) {
                    Some(inner) => canon(&inner, Context::json()),
                    None => alone(put_together, context),
                }
            }
            Some(simpler) => canon(&simpler, context),
            None => alone(with_argument(function, argument, Context::default()), context),
        },
        Function::If => {
            let Node::List(items) = argument else { return node.clone() };
            let branches = items.iter().enumerate();
            let branches =
                branches.map(|(at, item)| canon(item, if at == 0 { Context::default() } else { context }));
            Node::Call(function, Box::new(Node::List(branches.collect())))
        }
        Function::Equals | Function::And | Function::Or => {
            let Node::List(items) = argument else { return node.clone() };
            let mut items: Vec<Node> = items.iter().map(|item| canon(item, Context::default())).collect();
            items.sort_by_cached_key(|node| serde_json::to_string(node).unwrap_or_default());
            Node::Call(function, Box::new(Node::List(items)))
        }
        // The zones of the own region are meant either way.
        Function::GetAZs if is_own_region(argument) => Node::call(function, ""),
        Function::GetAtt => alone(attribute(argument).unwrap_or_else(|| node.clone()), context),
        Function::Ref => alone(node.clone(), context),
        _ => alone(with_argument(function, argument, Context::default()), context),
    }
}

fn with_argument(function: Function, argument: &Node, context: Context<'_>) -> Node {
    Node::Call(function, Box::new(canon(argument, context)))
}

fn is_own_region(argument: &Node) -> bool {
    matches!(argument, Node::Call(Function::Ref, name) if name.as_str() == Some("AWS::Region"))
}

/// `Fn::GetAtt` with its attribute as one text, however many parts it is given in.
fn attribute(argument: &Node) -> Option<Node> {
    let parts: Option<Vec<&str>> = argument.as_list()?.iter().map(Node::as_str).collect();
    let parts = parts?;
    let (target, rest) = parts.split_first()?;
    Some(Node::call(Function::GetAtt, vec![Node::from(*target), rest.join(".").into()]))
}
