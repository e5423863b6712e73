//! Looking through the functions whose result can be known.

use std::rc::Rc;

use crate::graph::{SubPart, sub_parts};
use crate::model::network::cidr as network;
use crate::model::value::{Held, Trail};
use crate::model::{Model, Target, Text, World};
use crate::node::{Function, Map, Node};

/// Of a map with more entries than this, where none of the keys is known, nothing is said.
const MOST_ENTRIES: usize = 64;

/// One thing that was found behind a node.
pub(super) struct Seen<'m> {
    pub(super) held: Held<'m>,
    pub(super) written: &'m Node,
    pub(super) trail: Trail<'m>,
    pub(super) world: World<'m>,
}

/// Tells `found` of everything that `node` may be.
pub(super) fn through<'m>(
    model: &'m Model<'m>,
    node: &'m Node,
    trail: &Trail<'m>,
    world: &World<'m>,
    found: &mut dyn FnMut(Seen<'m>),
) {
    let mut one = |held: Held<'m>, world: World<'m>| {
        found(Seen { held, written: node, trail: trail.clone(), world });
    };
    let Node::Call(function, argument) = node else {
        return one(Held::Node(node), world.clone());
    };
    match (function, &**argument) {
        (Function::If, Node::List(items)) => {
            if let [condition, branches @ ..] = items.as_slice() {
                let inner = trail.key(Function::If.key());
                for (at, branch) in branches.iter().enumerate() {
                    let world = match condition {
                        Node::String(name) => world.assume(name, at == 0),
                        _ => Some(world.clone()),
                    };
                    if let Some(world) = world {
                        through(model, branch, &inner.index(at + 1), &world, found);
                    }
                }
            }
        }
        (Function::Ref, Node::String(name)) if name == "AWS::NoValue" => one(Held::Absent, world.clone()),
        (Function::Ref, Node::String(name)) => {
            let made = reference(model, name, world);
            one(made.map_or(Held::Node(node), |made| Held::Made(Rc::new(made))), world.clone());
        }
        (Function::FindInMap, Node::List(items)) => {
            let known = in_map(model, items, world);
            if known.is_empty() || known.len() > MOST_ENTRIES {
                return one(Held::Node(node), world.clone());
            }
            for (value, world) in known {
                one(Held::Node(value), world);
            }
        }
        (Function::Select, Node::List(items)) => match select(model, items, world) {
            Some(made) => one(Held::Made(Rc::new(made)), world.clone()),
            None => one(Held::Node(node), world.clone()),
        },
        (Function::Split, Node::List(items)) => match split(model, items, world) {
            Some(made) => one(Held::Made(Rc::new(made)), world.clone()),
            None => one(Held::Node(node), world.clone()),
        },
        (Function::Cidr, Node::List(items)) => match network::cidr(model, items, world) {
            Some(made) => one(Held::Made(Rc::new(made)), world.clone()),
            None => one(Held::Node(node), world.clone()),
        },
        (Function::GetAtt, _) => match network::block(model, node, world) {
            Some(made) => one(Held::Made(Rc::new(made.into())), world.clone()),
            None => one(Held::Node(node), world.clone()),
        },
        (Function::Sub | Function::Join, _) => {
            let texts = Text::of(model, node, world);
            if texts.is_empty() {
                return one(Held::Node(node), world.clone());
            }
            for text in texts {
                let held = text.literal().map_or(Held::Node(node), |text| Held::Made(Rc::new(text.into())));
                one(held, text.world);
            }
        }
        _ => one(Held::Node(node), world.clone()),
    }
}

/// The known value of a parameter or of `AWS::Region`.
pub(super) fn reference<'m>(model: &'m Model<'m>, name: &str, world: &World<'m>) -> Option<Node> {
    if let Some(fixed) = world.fixed(name) {
        return Some(fixed.into());
    }
    if name == "AWS::Region" {
        return model.region().map(Node::from);
    }
    let default = world.parameter(name)?;
    let type_name = &model.template().parameters.get(name)?.type_name;
    if type_name.starts_with("List<") || type_name == "CommaDelimitedList" {
        let text = default.scalar_text()?;
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        return Some(Node::List(items.map(Node::from).collect()));
    }
    Some(default.clone())
}

/// The entries that `Fn::FindInMap` may find: all of a level whose key is only known at deployment.
fn in_map<'m>(model: &'m Model<'m>, items: &'m [Node], world: &World<'m>) -> Vec<(&'m Node, World<'m>)> {
    let [Node::String(name), first, second, ..] = items else { return Vec::new() };
    let Some(Node::Map(map)) = model.template().mappings.get(name) else { return Vec::new() };
    let mut known = Vec::new();
    for (inner, world) in level(model, map, first, world) {
        if let Node::Map(inner) = inner
            && known.len() <= MOST_ENTRIES
        {
            known.extend(level(model, inner, second, &world));
        }
    }
    known
}

fn level<'m>(
    model: &'m Model<'m>,
    map: &'m Map,
    key: &'m Node,
    world: &World<'m>,
) -> Vec<(&'m Node, World<'m>)> {
    let fixed = match key {
        Node::String(key) => Some(key.clone()),
        Node::Call(Function::Ref, name) => {
            let known = name.as_str().and_then(|name| reference(model, name, world));
            known.and_then(|node| node.scalar_text().map(Into::into))
        }
        _ => None,
    };
    if let Some(key) = fixed {
        return map.get(&key).map(|node| (node, world.clone())).into_iter().collect();
    }
    let name = match key {
        Node::Call(Function::Ref, name) => name.as_str(),
        _ => None,
    };
    let entries = map.iter().filter(|(key, _)| !key.starts_with("Fn::"));
    entries
        .filter_map(|(key, node)| {
            let world = name.map_or(Some(world.clone()), |name| world.equal(name, key));
            world.map(|world| (node, world))
        })
        .collect()
}

fn select<'m>(model: &'m Model<'m>, items: &'m [Node], world: &World<'m>) -> Option<Node> {
    let [index, list] = items else { return None };
    let index: usize = index.scalar_text()?.trim().parse().ok()?;
    let list = match list {
        Node::List(items) => items.clone(),
        Node::Call(Function::Split, argument) => match split(model, argument.as_list()?, world)? {
            Node::List(items) => items,
            _ => return None,
        },
        Node::Call(Function::Cidr, argument) => match network::cidr(model, argument.as_list()?, world)? {
            Node::List(items) => items,
            _ => return None,
        },
        Node::Call(Function::Ref, name) => match reference(model, name.as_str()?, world)? {
            Node::List(items) => items,
            _ => return None,
        },
        _ => return None,
    };
    // An item before it that may be absent moves it.
    let sure = |item: &Node| !matches!(item, Node::Call(Function::If | Function::Ref, _));
    let chosen = list.get(index)?;
    (list.iter().take(index).all(sure) && chosen.scalar_text().is_some()).then(|| chosen.clone())
}

fn split<'m>(model: &'m Model<'m>, items: &'m [Node], world: &World<'m>) -> Option<Node> {
    let [Node::String(delimiter), text] = items else { return None };
    let [text] = Text::of(model, text, world).try_into().ok()?;
    let text: String = text.literal()?;
    if delimiter.is_empty() {
        return None;
    }
    Some(Node::List(text.split(delimiter.as_str()).map(Node::from).collect()))
}

/// What a call points at, if it is nothing but a reference to a resource.
pub(super) fn target<'m>(model: &'m Model<'m>, node: &'m Node) -> Option<Target<'m>> {
    let Node::Call(function, argument) = node else { return None };
    match (function, &**argument) {
        (Function::Ref, Node::String(id)) => {
            let declared = model.template().parameters.contains_key(id);
            let item = model.resource(id).filter(|_| !declared)?;
            Some(Target { item, attribute: None })
        }
        (Function::GetAtt, Node::List(items)) => match items.as_slice() {
            [Node::String(id), Node::String(attribute)] => {
                Some(Target { item: model.resource(id)?, attribute: Some(attribute) })
            }
            _ => None,
        },
        (Function::Sub, Node::String(text)) => match sub_parts(text).as_slice() {
            [SubPart::Variable(variable)] => variable_target(model, variable),
            _ => None,
        },
        (Function::Join, Node::List(items)) => match items.as_slice() {
            [_, Node::List(parts)] => match parts.as_slice() {
                [one] => target(model, one),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// What `${Variable}` of `Fn::Sub` points at.
pub(super) fn variable_target<'m>(model: &'m Model<'m>, variable: &'m str) -> Option<Target<'m>> {
    match variable.split_once('.') {
        Some((id, attribute)) => Some(Target { item: model.resource(id)?, attribute: Some(attribute) }),
        None if model.template().parameters.contains_key(variable) => None,
        None => Some(Target { item: model.resource(variable)?, attribute: None }),
    }
}
