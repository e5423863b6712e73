//! What a value is once the parameters have their values, as far as that can be told without AWS.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::texts::whole;
use crate::document::{Parameter, Template};
use crate::node::{Function, Map, Node};

/// A template with values for some of its parameters.
pub(crate) struct Known<'t> {
    template: &'t Template,
    /// Values by parameter or pseudo parameter.
    values: BTreeMap<String, String>,
    /// Conditions that were looked at; `None` where only AWS can tell.
    conditions: RefCell<BTreeMap<String, Option<bool>>>,
    /// How many conditions are being looked at, each made of the next.
    depth: Cell<usize>,
}

/// The most conditions that are made of each other in a row.
const DEEPEST: usize = 200;

impl<'t> Known<'t> {
    pub(crate) fn new(template: &'t Template, values: BTreeMap<String, String>) -> Known<'t> {
        Known { template, values, conditions: RefCell::default(), depth: Cell::default() }
    }

    /// Whether a condition holds, if that can be told.
    pub(crate) fn condition(&self, name: &str) -> Option<bool> {
        if let Some(known) = self.conditions.borrow().get(name) {
            return *known;
        }
        // One that is made of itself is not known, and neither is one at the end of a chain without end.
        self.conditions.borrow_mut().insert(name.to_owned(), None);
        let depth = self.depth.get();
        if depth > DEEPEST {
            return None;
        }
        self.depth.set(depth + 1);
        let holds = self.template.conditions.get(name).and_then(|node| self.holds(node));
        self.depth.set(depth);
        self.conditions.borrow_mut().insert(name.to_owned(), holds);
        holds
    }

    fn holds(&self, node: &Node) -> Option<bool> {
        let Node::Call(function, argument) = node else {
            return match &*node.scalar_text()? {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            };
        };
        let all =
            || argument.as_list().map(|items| items.iter().map(|item| self.holds(item)).collect::<Vec<_>>());
        match function {
            Function::Condition => self.condition(argument.as_str()?),
            Function::Not => all()?.first().copied()?.map(|holds| !holds),
            // One that does not hold is enough, whatever the others are.
            Function::And => Some(!find(&all()?, false)?),
            Function::Or => find(&all()?, true),
            Function::Equals => {
                let [left, right] = argument.as_list()? else { return None };
                let (left, right) = (self.value(left), self.value(right));
                Some(left.scalar_text()? == right.scalar_text()?)
            }
            _ => None,
        }
    }

    /// The value with all that is known put in.
    pub(super) fn value(&self, node: &Node) -> Node {
        match node {
            Node::List(items) => Node::List(items.iter().map(|item| self.value(item)).collect()),
            Node::Map(map) => Node::Map(self.entries(map)),
            Node::Call(function, argument) => self.call(*function, argument, node),
            _ => node.clone(),
        }
    }

    /// The values with all that is known put in.
    pub(crate) fn entries(&self, map: &Map) -> Map {
        map.iter().map(|(key, node)| (key.clone(), self.value(node))).collect()
    }

    fn call(&self, function: Function, argument: &Node, node: &Node) -> Node {
        let found = match function {
            Function::Ref => argument.as_str().and_then(|name| self.named(name)),
            Function::If => self.branch(argument),
            Function::FindInMap => self.in_map(&self.value(argument)),
            Function::Sub => return self.text(node),
            Function::Join => return self.text(&Node::Call(function, Box::new(self.value(argument)))),
            Function::Select => select(&self.value(argument)),
            Function::Split => split(&self.value(argument)),
            Function::GetAtt => return node.clone(),
            _ => None,
        };
        found.unwrap_or_else(|| Node::Call(function, Box::new(self.value(argument))))
    }

    /// The value of a parameter.
    fn named(&self, name: &str) -> Option<Node> {
        let value = self.values.get(name)?;
        match self.template.parameters.get(name) {
            Some(parameter) if is_of_ssm(parameter) => None,
            Some(parameter) if is_list(parameter) => {
                Some(Node::List(value.split(',').map(|item| Node::from(item.trim())).collect()))
            }
            _ => Some(Node::from(value.as_str())),
        }
    }

    fn branch(&self, argument: &Node) -> Option<Node> {
        let [Node::String(name), yes, no] = argument.as_list()? else { return None };
        let holds = self.condition(name)?;
        Some(self.value(if holds { yes } else { no }))
    }

    fn in_map(&self, argument: &Node) -> Option<Node> {
        let [name, first, second, ..] = argument.as_list()? else { return None };
        let entries = self.template.mappings.get(name.as_str()?)?.as_map()?;
        let found = entries.get(&first.scalar_text()?)?.as_map()?.get(&second.scalar_text()?)?;
        Some(found.clone())
    }

    fn text(&self, node: &Node) -> Node {
        let Some(joined) = whole(node) else { return node.clone() };
        match joined {
            Node::Call(Function::Join, argument) => {
                let known = Node::Call(Function::Join, Box::new(self.value(&argument)));
                whole(&known).unwrap_or(known)
            }
            Node::Call(Function::Sub, _) => joined,
            other => self.value(&other),
        }
    }
}

/// Whether one of them is `wanted`; `None` if that depends on one that is not known.
fn find(all: &[Option<bool>], wanted: bool) -> Option<bool> {
    if all.contains(&Some(wanted)) {
        return Some(true);
    }
    if all.contains(&None) { None } else { Some(false) }
}

fn select(argument: &Node) -> Option<Node> {
    let [index, Node::List(items)] = argument.as_list()? else { return None };
    // A function among them may be several items.
    if items.iter().any(|item| matches!(item, Node::Call(..))) {
        return None;
    }
    items.get(index.scalar_text()?.parse::<usize>().ok()?).cloned()
}

fn split(argument: &Node) -> Option<Node> {
    let [Node::String(delimiter), Node::String(text)] = argument.as_list()? else { return None };
    if delimiter.is_empty() {
        return None;
    }
    Some(Node::List(text.split(delimiter.as_str()).map(Node::from).collect()))
}

/// Whether AWS reads the value from the Parameter Store when it deploys.
pub(crate) fn is_of_ssm(parameter: &Parameter) -> bool {
    parameter.type_name.starts_with("AWS::SSM::Parameter::Value<")
}

fn is_list(parameter: &Parameter) -> bool {
    parameter.type_name == "CommaDelimitedList" || parameter.type_name.starts_with("List<")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn known(values: &[(&str, &str)], expression: &str) -> String {
        let text = format!(
            "Parameters: {{Env: {{Type: String}}, Zones: {{Type: CommaDelimitedList}}}}
Mappings: {{Sizes: {{prod: {{Cpu: 1024}}, dev: {{Cpu: 256}}}}}}
Conditions:
  Prod: !Equals [!Ref Env, prod]
  Other: !Not [!Condition Prod]
  Some: !Or [!Condition Prod, !Equals [!Ref Nobody, x]]
Resources: {{R: {{Type: A, Properties: {{P: {expression}}}}}}}
"
        );
        let template = Template::parse(&text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template;
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let known = Known::new(&template, values);
        serde_json::to_string(&known.value(&template.resources["R"].properties["P"])).unwrap()
    }

    #[test]
    fn what_can_be_told_is_put_in() {
        let prod = [("Env", "prod"), ("Zones", "a, b"), ("AWS::Region", "eu-west-1")];
        assert_eq!(known(&prod, "!If [Prod, 1, 2]"), "1");
        assert_eq!(known(&prod, "!If [Other, 1, 2]"), "2");
        assert_eq!(known(&prod, "!If [Some, 1, 2]"), "1");
        assert_eq!(known(&prod, "!FindInMap [Sizes, !Ref Env, Cpu]"), "1024");
        assert_eq!(known(&prod, "!Sub '${Env}-${AWS::Region}-x'"), r#""prod-eu-west-1-x""#);
        assert_eq!(known(&prod, "!Join ['/', !Ref Zones]"), r#""a/b""#);
        assert_eq!(known(&prod, "!Select [1, !Ref Zones]"), r#""b""#);
        assert_eq!(known(&prod, "!Select [0, !Split ['-', !Ref AWS::Region]]"), r#""eu""#);
    }

    #[test]
    fn what_only_aws_knows_stays() {
        assert_eq!(known(&[], "!If [Prod, 1, 2]"), r#"{"Fn::If":["Prod",1,2]}"#);
        assert_eq!(known(&[("Env", "dev")], "!If [Some, 1, !Ref Env]"), r#"{"Fn::If":["Some",1,"dev"]}"#);
        assert_eq!(
            known(&[], "!FindInMap [Sizes, !Ref Env, Cpu]"),
            r#"{"Fn::FindInMap":["Sizes",{"Ref":"Env"},"Cpu"]}"#
        );
        assert_eq!(known(&[("Env", "x")], "!Sub '${Env}-${R}'"), r#"{"Fn::Join":["",["x-",{"Ref":"R"}]]}"#);
    }
}
