//! Text glued together by `Fn::Sub` and `Fn::Join`: what is known of it, and what is put in at deployment.

use std::fmt;

use crate::graph::{SubPart, sub_parts};
use crate::model::look::{self, Seen};
use crate::model::value::{Held, Trail};
use crate::model::{Model, Target, World};
use crate::node::{Function, Map, Node};

/// A text that a value may be.
#[derive(Debug, Clone)]
pub struct Text<'m> {
    /// Its parts in order; two known ones never follow each other.
    pub parts: Vec<Part<'m>>,
    /// What must hold for it to be this one.
    pub world: World<'m>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'m> {
    /// What is known.
    Literal(String),
    /// What a resource gives: its `Ref` or an attribute.
    Target(Target<'m>),
    /// A pseudo parameter such as `AWS::Region`.
    Pseudo(&'m str),
    /// What is only known at deployment: a parameter without a default, an import.
    Unknown(String),
}

/// More combinations of branches than this are not looked at.
const MOST_TEXTS: usize = 32;

impl<'m> Text<'m> {
    /// The whole text, if all of it is known.
    pub fn literal(&self) -> Option<String> {
        match self.parts.as_slice() {
            [] => Some(String::new()),
            [Part::Literal(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// The known beginning.
    pub fn start(&self) -> &str {
        match self.parts.first() {
            Some(Part::Literal(text)) => text,
            _ => "",
        }
    }

    /// The known end.
    pub fn end(&self) -> &str {
        match self.parts.last() {
            Some(Part::Literal(text)) => text,
            _ => "",
        }
    }

    /// Whether something in it cannot be told at all: only resources and pseudo parameters leave a form to judge.
    pub fn has_unknown(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Unknown(_)))
    }

    /// The resources in it.
    pub fn targets(&self) -> impl Iterator<Item = Target<'m>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Target(target) => Some(*target),
            _ => None,
        })
    }

    /// Every text that `node` may be; none if it is no text, or too many.
    pub(super) fn of(model: &'m Model<'m>, node: &'m Node, world: &World<'m>) -> Vec<Text<'m>> {
        match node {
            Node::Call(function, argument) => Text::of_call(model, node, *function, argument, world),
            _ => Text::of_scalar(node, world).into_iter().collect(),
        }
    }

    pub(super) fn of_scalar(node: &Node, world: &World<'m>) -> Option<Text<'m>> {
        let text = node.scalar_text()?.into_owned();
        Some(Text { parts: vec![Part::Literal(text)], world: world.clone() })
    }

    fn one(part: Part<'m>, world: &World<'m>) -> Vec<Text<'m>> {
        vec![Text { parts: vec![part], world: world.clone() }]
    }

    fn of_call(
        model: &'m Model<'m>,
        node: &'m Node,
        function: Function,
        argument: &'m Node,
        world: &World<'m>,
    ) -> Vec<Text<'m>> {
        match (function, argument) {
            (Function::Ref, Node::String(name)) => Text::of_name(model, name, world),
            (Function::GetAtt, _) => {
                let part = look::target(model, node).map_or_else(|| unknown(function), Part::Target);
                Text::one(part, world)
            }
            (Function::Sub, Node::String(text)) => Text::of_sub(model, text, None, world),
            (Function::Sub, Node::List(items)) => match items.as_slice() {
                [Node::String(text), Node::Map(variables)] => {
                    Text::of_sub(model, text, Some(variables), world)
                }
                _ => Text::one(unknown(function), world),
            },
            (Function::Join, Node::List(items)) => match items.as_slice() {
                [Node::String(delimiter), Node::List(items)] => {
                    let separated = items.iter().enumerate().flat_map(|(at, item)| {
                        let separator = (at > 0).then_some(Piece::Literal(delimiter));
                        separator.into_iter().chain([Piece::Node(item)])
                    });
                    glue(model, separated, world)
                }
                _ => Text::one(unknown(function), world),
            },
            (Function::If | Function::FindInMap | Function::Select | Function::Split | Function::Cidr, _) => {
                let mut all = Vec::new();
                look::through(model, node, &Trail::default(), world, &mut |seen| {
                    all.extend(Text::of_seen(model, node, function, seen));
                });
                all
            }
            _ => Text::one(unknown(function), world),
        }
    }

    fn of_seen(model: &'m Model<'m>, from: &'m Node, function: Function, seen: Seen<'m>) -> Vec<Text<'m>> {
        match seen.held {
            Held::Node(node) if std::ptr::eq(node, from) => Text::one(unknown(function), &seen.world),
            Held::Node(node) => Text::of(model, node, &seen.world),
            Held::Made(node) => Text::of_scalar(&node, &seen.world).into_iter().collect(),
            Held::Absent | Held::Map(_) => Vec::new(),
        }
    }

    /// What `Ref` or `${…}` of a name gives.
    fn of_name(model: &'m Model<'m>, name: &'m str, world: &World<'m>) -> Vec<Text<'m>> {
        if let Some(known) = look::reference(model, name, world) {
            let text = Text::of_scalar(&known, world);
            return text.map_or_else(|| Text::one(Part::Unknown(name.to_owned()), world), |text| vec![text]);
        }
        let part = match look::variable_target(model, name) {
            Some(target) => Part::Target(target),
            None if name.starts_with("AWS::") => Part::Pseudo(name),
            None => Part::Unknown(name.to_owned()),
        };
        Text::one(part, world)
    }

    fn of_sub(
        model: &'m Model<'m>,
        text: &'m str,
        variables: Option<&'m Map>,
        world: &World<'m>,
    ) -> Vec<Text<'m>> {
        let pieces = sub_parts(text).into_iter().map(|part| match part {
            SubPart::Text(text) => Piece::Literal(text),
            SubPart::Variable(name) => match variables.and_then(|variables| variables.get(name)) {
                Some(node) => Piece::Node(node),
                None => Piece::Name(name),
            },
        });
        glue(model, pieces, world)
    }

    /// This text and then `after`, which was looked at in this one's world.
    fn then(mut self, after: Text<'m>) -> Text<'m> {
        self.world = after.world;
        for part in after.parts {
            self.push(part);
        }
        self
    }

    fn push(&mut self, part: Part<'m>) {
        match (self.parts.last_mut(), part) {
            (_, Part::Literal(text)) if text.is_empty() => {}
            (Some(Part::Literal(before)), Part::Literal(text)) => before.push_str(&text),
            (_, part) => self.parts.push(part),
        }
    }
}

/// A part of a text that is not looked at yet.
enum Piece<'m> {
    Literal(&'m str),
    Name(&'m str),
    Node(&'m Node),
}

/// Every text that the pieces make, one after the other.
fn glue<'m>(
    model: &'m Model<'m>,
    pieces: impl Iterator<Item = Piece<'m>>,
    world: &World<'m>,
) -> Vec<Text<'m>> {
    let mut all = vec![Text { parts: Vec::new(), world: world.clone() }];
    for piece in pieces {
        if let Piece::Literal(text) = piece {
            for one in &mut all {
                one.push(Part::Literal(text.to_owned()));
            }
            continue;
        }
        let mut next = Vec::with_capacity(all.len());
        for before in all {
            let mut more = match piece {
                Piece::Name(name) if name.contains('.') => {
                    let part = look::variable_target(model, name).map(Part::Target);
                    Text::one(part.unwrap_or_else(|| Part::Unknown(name.to_owned())), &before.world)
                }
                Piece::Name(name) => Text::of_name(model, name, &before.world),
                Piece::Node(node) => Text::of(model, node, &before.world),
                Piece::Literal(_) => Vec::new(),
            };
            // Mostly there is one, and a long text of many pieces is not copied for each.
            let last = more.pop();
            next.extend(more.into_iter().map(|after| before.clone().then(after)));
            next.extend(last.map(|after| before.then(after)));
        }
        if next.is_empty() || next.len() > MOST_TEXTS {
            return Text::one(Part::Unknown("…".to_owned()), world);
        }
        all = next;
    }
    all
}

fn unknown<'m>(function: Function) -> Part<'m> {
    Part::Unknown(function.name().to_owned())
}

/// The text with `${…}` for what is not known, as in `Fn::Sub`.
impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Literal(text) => f.write_str(text)?,
                Part::Target(target) => write!(f, "${{{target}}}")?,
                Part::Pseudo(name) => write!(f, "${{{name}}}")?,
                Part::Unknown(name) => write!(f, "${{{name}}}")?,
            }
        }
        Ok(())
    }
}
