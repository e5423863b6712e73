//! Whether something is there wherever it is needed: conditions taken apart into what parameters are.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::world::Atom;
use crate::model::{Model, World};
use crate::node::{Function, Node};

/// More cases than this are not gone through, and more parts of conditions are not looked at.
const MOST_CASES: usize = 256;
const MOST_STEPS: usize = 1000;

/// For each parameter the value that it has, of those that conditions ask for; `None` is another one.
type Case<'m> = BTreeMap<&'m str, Option<&'m str>>;

/// The values that conditions ask for, by parameter.
#[derive(Default)]
struct Asked<'m> {
    values: BTreeMap<&'m str, BTreeSet<&'m str>>,
    steps: usize,
}

impl<'m> World<'m> {
    /// A case that is part of this world and of none of `others`, so that whatever is there in these only is missing.
    ///
    /// `None` if there is none, or if it is not known: where a condition compares something else than a parameter
    /// with a text, a parameter may not have all values, or the template's rules forbid some.
    pub fn gap(&self, others: &[World<'m>]) -> Option<World<'m>> {
        if others.iter().any(World::is_any) || !self.model().template().rules.is_empty() {
            return None;
        }
        let mut asked = Asked::default();
        for world in others.iter().chain([self]) {
            for (atom, _) in world.assumed() {
                asked.atom(self.model(), *atom)?;
            }
        }
        let mut cases: Vec<Case<'m>> = vec![Case::new()];
        for (name, values) in &asked.values {
            let possible = possible(self.model(), name, values)?;
            if cases.len() * possible.len() > MOST_CASES {
                return None;
            }
            let with = |value: Option<&'m str>| {
                cases.iter().map(move |case| {
                    let mut case = case.clone();
                    case.insert(*name, value);
                    case
                })
            };
            cases = possible.iter().copied().flat_map(with).collect();
        }
        let found = cases.iter().find(|case| {
            let holds = |world: &World<'m>| is_so(self.model(), world, case);
            holds(self) && !others.iter().any(holds)
        })?;
        Some(self.narrowed(found, &asked))
    }

    /// This world with what the case says of parameters, and of the conditions that follow from it.
    fn narrowed(&self, case: &Case<'m>, asked: &Asked<'m>) -> World<'m> {
        let mut world = self.clone();
        for (name, values) in &asked.values {
            let is = case.get(name).copied().flatten();
            let atoms = values.iter().map(|value| (Atom::Equals(name, value), is == Some(*value)));
            atoms.for_each(|(atom, holds)| world.add(atom, holds));
        }
        for (name, node) in &self.model().template().conditions {
            let mut all = Asked::default();
            let known = all.node(self.model(), node).is_some();
            let is_covered = |(name, values): (&&str, &BTreeSet<&str>)| {
                asked.values.get(*name).is_some_and(|known| values.is_subset(known))
            };
            if known && all.values.iter().all(is_covered) {
                let first = self.model().first_condition(name);
                world.add(Atom::Condition(first), holds(self.model(), node, case));
            }
        }
        world
    }

    /// What parameters are in this world, for a message: `` `Stage` is `prod` ``.
    pub fn shown(&self) -> String {
        let equals = self.assumed().iter().filter_map(|(atom, holds)| match atom {
            Atom::Equals(name, value) => Some((*name, *value, *holds)),
            Atom::Condition(_) => None,
        });
        let all: Vec<_> = equals.collect();
        let is_fixed = |name: &str| all.iter().any(|(of, _, holds)| *of == name && *holds);
        let shown = all.iter().filter(|(name, _, holds)| *holds || !is_fixed(name));
        let shown = shown.map(|(name, value, holds)| {
            let value = if value.is_empty() { "empty".to_owned() } else { format!("`{value}`") };
            format!("`{name}` is {}{value}", if *holds { "" } else { "not " })
        });
        shown.collect::<Vec<_>>().join(" and ")
    }
}

impl<'m> Asked<'m> {
    fn atom(&mut self, model: &'m Model<'m>, atom: Atom<'m>) -> Option<()> {
        match atom {
            Atom::Equals(name, value) => {
                self.values.entry(name).or_default().insert(value);
                Some(())
            }
            Atom::Condition(name) => self.node(model, model.template().conditions.get(name)?),
        }
    }

    /// Gathers what a condition asks; `None` if it asks something else.
    fn node(&mut self, model: &'m Model<'m>, node: &'m Node) -> Option<()> {
        self.steps += 1;
        let Node::Call(function, argument) = node else { return None };
        if self.steps > MOST_STEPS {
            return None;
        }
        match (function, &**argument) {
            (Function::Condition, Node::String(name)) => {
                self.node(model, model.template().conditions.get(name)?)
            }
            (Function::Not | Function::And | Function::Or, Node::List(items)) => {
                items.iter().try_for_each(|item| self.node(model, item))
            }
            (Function::Equals, Node::List(items)) => {
                let (name, value) = comparison(items)?;
                self.atom(model, Atom::Equals(name, value))
            }
            _ => None,
        }
    }
}

/// A parameter that is compared with a text.
fn comparison(items: &[Node]) -> Option<(&str, &str)> {
    match items {
        [Node::Call(Function::Ref, name), Node::String(value)]
        | [Node::String(value), Node::Call(Function::Ref, name)] => Some((name.as_str()?, value)),
        _ => None,
    }
}

fn holds(model: &Model<'_>, node: &Node, case: &Case<'_>) -> bool {
    let Node::Call(function, argument) = node else { return false };
    let items = argument.as_list().unwrap_or_default();
    match function {
        Function::Condition => {
            let of = argument.as_str().and_then(|name| model.template().conditions.get(name));
            of.is_some_and(|node| holds(model, node, case))
        }
        Function::Not => items.first().is_some_and(|item| !holds(model, item, case)),
        Function::And => items.iter().all(|item| holds(model, item, case)),
        Function::Or => items.iter().any(|item| holds(model, item, case)),
        _ => comparison(items).is_some_and(|(name, value)| case.get(name).copied().flatten() == Some(value)),
    }
}

fn is_so(model: &Model<'_>, world: &World<'_>, case: &Case<'_>) -> bool {
    world.assumed().iter().all(|(atom, wanted)| match atom {
        Atom::Equals(name, value) => (case.get(name).copied().flatten() == Some(*value)) == *wanted,
        Atom::Condition(name) => {
            let node = model.template().conditions.get(name);
            node.is_some_and(|node| holds(model, node, case)) == *wanted
        }
    })
}

/// Which of the values that are asked for a parameter may have, and `None` if it may have another; nothing if that
/// is not known.
fn possible<'m>(model: &Model<'_>, name: &str, asked: &BTreeSet<&'m str>) -> Option<Vec<Option<&'m str>>> {
    const LIMITS: [&str; 5] = ["AllowedPattern", "MinLength", "MaxLength", "MinValue", "MaxValue"];
    let all = asked.iter().map(|value| Some(*value));
    if name == "AWS::Region" {
        let region = model.region()?;
        return Some(vec![asked.iter().copied().find(|value| *value == region)]);
    }
    let parameter = model.template().parameters.get(name)?;
    if let Some(allowed) = parameter.attributes.get("AllowedValues") {
        let allowed: Option<Vec<_>> = allowed.as_list()?.iter().map(Node::scalar_text).collect();
        let allowed = allowed?;
        let has_other = allowed.iter().any(|value| !asked.contains(&**value));
        let some = all.filter(|value| allowed.iter().any(|allowed| Some(&**allowed) == *value));
        return Some(some.chain(has_other.then_some(None)).collect());
    }
    let is_plain = matches!(parameter.type_name.as_str(), "String" | "Number");
    let is_limited = LIMITS.iter().any(|limit| parameter.attributes.contains_key(limit));
    (is_plain && !is_limited).then(|| all.chain([None]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Template;

    /// The case in which something with the condition `needs` is there and nothing with one of the others.
    fn gap(parameters: &str, conditions: &str, needs: Option<&str>, others: &[&str]) -> Option<String> {
        let text = format!(
            "Parameters: {{{parameters}}}\nConditions: {{{conditions}}}\nResources: {{A: {{Type: 'AWS::SNS::Topic'}}}}\n"
        );
        let document = Template::parse(&text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        let model = Model::new(&document.template);
        let any = model.any_world();
        let world = |name: &str| {
            let (name, _) = document.template.conditions.get_key_value(name).unwrap();
            any.assume(name, true).unwrap()
        };
        let others: Vec<_> = others.iter().map(|name| world(name)).collect();
        needs.map_or(any.clone(), world).gap(&others).map(|world| world.shown())
    }

    const STAGE: &str = "Stage: {Type: String, Default: prod}";
    const PROD: &str = "Prod: !Equals [!Ref Stage, prod]";

    #[test]
    fn what_is_there_in_one_case_only_is_missing_in_the_others() {
        assert_eq!(gap(STAGE, PROD, None, &["Prod"]).as_deref(), Some("`Stage` is not `prod`"));
        assert_eq!(gap(STAGE, PROD, Some("Prod"), &["Prod"]), None);
        let allowed = "Stage: {Type: String, AllowedValues: [prod, dev]}";
        let both = format!("{PROD}, Dev: !Equals [!Ref Stage, dev]");
        assert_eq!(gap(allowed, &both, None, &["Prod", "Dev"]), None);
        assert_eq!(gap(allowed, &both, None, &["Dev"]).as_deref(), Some("`Stage` is not `dev`"));
        assert!(gap(STAGE, &both, None, &["Prod", "Dev"]).is_some());
    }

    #[test]
    fn one_condition_may_imply_another() {
        let all = format!(
            "{PROD}, Test: !Equals [!Ref Stage, test], Big: !Or [!Condition Prod, !Condition Test], Small: !Not [!Condition Big]"
        );
        assert_eq!(gap(STAGE, &all, Some("Prod"), &["Big"]), None);
        assert_eq!(gap(STAGE, &all, Some("Big"), &["Prod"]).as_deref(), Some("`Stage` is `test`"));
        assert_eq!(gap(STAGE, &all, None, &["Big", "Small"]), None);
    }

    #[test]
    fn of_what_is_not_known_nothing_is_said() {
        let other = "Prod: !Equals [!Select [0, !Split [a, !Ref Stage]], prod]";
        assert_eq!(gap(STAGE, other, None, &["Prod"]), None);
        assert_eq!(gap("Stage: {Type: String, AllowedPattern: p.*}", PROD, None, &["Prod"]), None);
        let region = "Prod: !Equals [!Ref 'AWS::Region', us-east-1]";
        assert_eq!(gap(STAGE, region, None, &["Prod"]), None);
    }
}
