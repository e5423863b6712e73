//! What must hold for a value to be there: the conditions on the way to it.

use std::fmt;

use crate::model::Model;
use crate::node::{Function, Node};

/// Conditions of which it is assumed that they hold, or that they do not.
///
/// Conditions are taken apart: that `Not [A]` holds means that `A` does not, and two parameters' comparisons with
/// different values cannot both hold. So the branches of two `Fn::If` are only combined as they can occur.
#[derive(Clone)]
pub struct World<'m> {
    model: &'m Model<'m>,
    assumed: Vec<(Atom<'m>, bool)>,
}

/// Something that holds or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Atom<'m> {
    /// A condition that is not looked into.
    Condition(&'m str),
    /// A parameter (or pseudo parameter) has a value.
    Equals(&'m str, &'m str),
}

/// How many parts of conditions are looked at for one assumption: far more than any template has, but an end to those
/// that are made to have none.
const MOST_STEPS: u32 = 1000;

impl<'m> World<'m> {
    /// Nothing is assumed.
    pub(super) fn any(model: &'m Model<'m>) -> World<'m> {
        World { model, assumed: Vec::new() }
    }

    pub(super) fn model(&self) -> &'m Model<'m> {
        self.model
    }

    /// What is assumed, and whether it holds.
    pub(super) fn assumed(&self) -> &[(Atom<'m>, bool)] {
        &self.assumed
    }

    /// Assumes what is known not to contradict the rest.
    pub(super) fn add(&mut self, atom: Atom<'m>, holds: bool) {
        if self.known(atom).is_none() {
            self.assumed.push((atom, holds));
        }
    }

    /// Whether nothing is assumed.
    pub fn is_any(&self) -> bool {
        self.assumed.is_empty()
    }

    /// Whether this and `other` assume the same: what is so in one is so in the other.
    pub fn is_same(&self, other: &World<'m>) -> bool {
        self.assumed == other.assumed
    }

    /// This world in which the named condition holds or does not; `None` if that cannot be.
    pub fn assume(&self, condition: &'m str, holds: bool) -> Option<World<'m>> {
        let mut world = self.clone();
        world.condition(condition, holds, &mut { MOST_STEPS }).then_some(world)
    }

    /// The world in which this and `other` are both so; `None` if that cannot be.
    pub fn and(&self, other: &World<'m>) -> Option<World<'m>> {
        let mut world = self.clone();
        other.assumed.iter().all(|(atom, holds)| world.atom(*atom, *holds)).then_some(world)
    }

    /// Whether `other` can be so too.
    pub fn meets(&self, other: &World<'m>) -> bool {
        self.is_any() || other.is_any() || self.and(other).is_some()
    }

    /// Whether all that is assumed in `other` is assumed here too: what is there in `other` is there in this world.
    pub fn implies(&self, other: &World<'m>) -> bool {
        other.assumed.iter().all(|known| self.assumed.contains(known))
    }

    /// This world in which the parameter `name` has the value `value`; `None` if that cannot be.
    pub(super) fn equal(&self, name: &'m str, value: &'m str) -> Option<World<'m>> {
        let mut world = self.clone();
        world.atom(Atom::Equals(name, value), true).then_some(world)
    }

    /// The region, if it is known: the one assumed here, or the one that the model is for.
    pub fn region(&self) -> Option<&'m str> {
        self.fixed("AWS::Region").or_else(|| self.model.region())
    }

    /// The value that the parameter `name` has in this world: the one assumed, or its default unless that is
    /// excluded.
    pub(super) fn parameter(&self, name: &str) -> Option<&'m Node> {
        let parameter = self.model.template().parameters.get(name)?;
        // What the parameter holds is the name of something that has the value.
        if parameter.type_name.starts_with("AWS::SSM::Parameter::Value") {
            return None;
        }
        // An empty default stands for "nothing was given": whoever deploys gives something, or a condition asks.
        let default = parameter.default.as_ref()?;
        let text = default.scalar_text().filter(|text| !text.is_empty())?;
        let differs = self.assumed.iter().any(|(atom, holds)| match atom {
            Atom::Equals(of, value) => *of == name && (*value == text) != *holds,
            Atom::Condition(_) => false,
        });
        (!differs).then_some(default)
    }

    /// The value that this world says `name` has.
    pub(super) fn fixed(&self, name: &str) -> Option<&'m str> {
        self.assumed.iter().find_map(|(atom, holds)| match atom {
            Atom::Equals(of, value) if *of == name && *holds => Some(*value),
            _ => None,
        })
    }

    /// Assumes that a condition holds or not, and what follows from that; false if it cannot be.
    fn condition(&mut self, name: &'m str, holds: bool, fuel: &mut u32) -> bool {
        let node = self.model.template().conditions.get(name);
        let first = self.model.first_condition(name);
        if let Some(known) = self.known(Atom::Condition(first)) {
            return known == holds;
        }
        self.atom(Atom::Condition(first), holds) && node.is_none_or(|node| self.node(node, holds, fuel))
    }

    fn node(&mut self, node: &'m Node, holds: bool, fuel: &mut u32) -> bool {
        let Node::Call(function, argument) = node else { return true };
        if *fuel == 0 {
            return true;
        }
        *fuel -= 1;
        let items = argument.as_list().unwrap_or_default();
        match (function, &**argument, items) {
            (Function::Condition, Node::String(name), _) => self.condition(name, holds, fuel),
            (Function::Not, _, [one]) => self.node(one, !holds, fuel),
            (Function::And, _, all) if holds => all.iter().all(|one| self.node(one, true, fuel)),
            (Function::Or, _, all) if !holds => all.iter().all(|one| self.node(one, false, fuel)),
            (Function::And | Function::Or, _, some) => self.one_of(some, holds, fuel),
            (
                Function::Equals,
                _,
                [Node::Call(Function::Ref, name), Node::String(value)]
                | [Node::String(value), Node::Call(Function::Ref, name)],
            ) => name.as_str().is_none_or(|name| self.atom(Atom::Equals(name, value), holds)),
            _ => true,
        }
    }

    /// Assumes that at least one of the operands holds or does not; if only one can, it is that one.
    fn one_of(&mut self, operands: &'m [Node], holds: bool, fuel: &mut u32) -> bool {
        let mut possible = operands.iter().filter_map(|one| {
            let mut world = self.clone();
            world.node(one, holds, fuel).then_some(world)
        });
        match (possible.next(), possible.next()) {
            (None, _) => false,
            (Some(only), None) => {
                *self = only;
                true
            }
            _ => true,
        }
    }

    fn known(&self, atom: Atom<'m>) -> Option<bool> {
        self.assumed.iter().find(|(known, _)| *known == atom).map(|(_, holds)| *holds)
    }

    /// Assumes it; false if it contradicts what is assumed.
    fn atom(&mut self, atom: Atom<'m>, holds: bool) -> bool {
        if let Some(known) = self.known(atom) {
            return known == holds;
        }
        if let Atom::Equals(name, value) = atom {
            let other = |(known, known_holds): &(Atom, bool)| match known {
                Atom::Equals(of, known) => holds && *known_holds && *of == name && *known != value,
                Atom::Condition(_) => false,
            };
            let region = (name == "AWS::Region").then(|| self.model.region()).flatten();
            let differs = region.is_some_and(|region| (region == value) != holds);
            if differs || self.assumed.iter().any(other) {
                return false;
            }
            self.assumed.push((atom, holds));
            return holds || self.some_value_is_left(name);
        }
        self.assumed.push((atom, holds));
        true
    }

    /// Whether a parameter with a list of allowed values can still have one of them.
    fn some_value_is_left(&self, name: &str) -> bool {
        let parameter = self.model.template().parameters.get(name);
        let allowed = parameter.and_then(|parameter| parameter.attributes.get("AllowedValues"));
        let Some(Node::List(allowed)) = allowed else { return true };
        allowed.iter().any(|value| {
            let Some(value) = value.scalar_text() else { return true };
            !self.assumed.contains(&(Atom::Equals(name, &value), false))
        })
    }
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let assumed = self.assumed.iter().map(|(atom, holds)| match atom {
            Atom::Condition(name) => (name.to_string(), *holds),
            Atom::Equals(name, value) => (format!("{name} = {value}"), *holds),
        });
        f.debug_map().entries(assumed).finish()
    }
}
