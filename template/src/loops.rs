//! Loops of the language extensions, unrolled: what `Fn::ForEach` makes of a list that is known.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::document::{Parameter, Template};
use crate::node::{Function, Map, Node};
use crate::path::Path;
use crate::read::{Problem, made_output, made_resource};

/// The transform that unrolls loops.
pub(crate) const EXTENSIONS: &str = "AWS::LanguageExtensions";

/// What the key of a loop begins with.
const FOR_EACH: &str = "Fn::ForEach::";

/// More values than this are not made: loops within loops multiply.
const MOST: usize = 100_000;

/// The most bytes that values of variables may take in all.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// A template with what its loops make in their place.
#[derive(Debug)]
pub(crate) struct Unrolled {
    /// The template. Loops over a list that is not known are still in it.
    pub(crate) template: Template,
    /// What the loops make that is no resource or output, and where in `template`.
    pub(crate) mistakes: Vec<(Path, Problem)>,
    /// For everything that a loop made, where the loop has it.
    origins: BTreeMap<Path, Path>,
}

impl Unrolled {
    /// Where the thing at `path` of the unrolled template stands in the template as written, and which of the things
    /// that loops made it is or belongs to; none, if no loop made it.
    pub(crate) fn origin<'a>(&'a self, path: &Path) -> Option<(&'a Path, Path)> {
        let mut around = path.clone();
        while !around.is_empty() {
            if let Some((made, origin)) = self.origins.get_key_value(&around) {
                let mut origin = origin.clone();
                path.steps().skip(around.steps().len()).for_each(|step| origin.push(step));
                return Some((made, origin));
            }
            around.pop();
        }
        None
    }
}

/// Whether this is the key of a loop.
pub(crate) fn is_loop(key: &str) -> bool {
    key.starts_with(FOR_EACH)
}

/// Whether the template may hold loops: it names the transform that unrolls them.
pub(crate) fn may_loop(template: &Template) -> bool {
    template.transform.iter().any(|transform| transform.as_str() == Some(EXTENSIONS))
}

/// Unrolls the loops over a list that the template says: its items, or the default of a parameter, or what a mapping
/// has. `None` if there are none, or if somebody else's macro may change them first.
///
/// Source: [Fn::ForEach][aws] in the CloudFormation template reference.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
pub(crate) fn unroll(template: &Template) -> Option<Unrolled> {
    if !may_loop(template) || template.has_foreign_macros() {
        return None;
    }
    let mut unroller = Unroller {
        template,
        variables: Vec::new(),
        origins: BTreeMap::new(),
        made: 0,
        bytes: Cell::new(0),
        unrolled: 0,
    };
    let mut new = template.clone();
    let mut mistakes = Vec::new();
    new.conditions = unroller.top("Conditions", &template.conditions);
    for (name, condition) in &mut new.conditions {
        if !template.conditions.contains_key(name) {
            *condition = std::mem::replace(condition, Node::Null).condition_operand();
        }
    }
    for (id, resource) in &mut new.resources {
        let path = Path::of(["Resources", id, "Properties"]);
        resource.properties = unroller.map(&resource.properties, &path, &path);
    }
    for (section, loops) in &template.loops {
        let all = unroller.top(section, loops).into_iter();
        let (left, made): (Map, Map) = all.partition(|(key, _)| loops.contains_key(key));
        for (key, node) in made {
            let path = Path::of([section, &key]);
            match section.as_str() {
                "Resources" if !new.resources.contains_key(&key) => {
                    let resource = made_resource(template, node, &path, &mut mistakes);
                    new.resources.insert(key, resource);
                }
                "Outputs" if !new.outputs.contains_key(&key) => {
                    let output = made_output(template, node, &path, &mut mistakes);
                    new.outputs.insert(key, output);
                }
                _ => {}
            }
        }
        new.loops.insert(section.clone(), left);
    }
    new.loops.retain(|_, loops| !loops.is_empty());
    let done = unroller.unrolled > 0 && unroller.made <= MOST && unroller.bytes.get() <= MOST_BYTES;
    done.then_some(Unrolled { template: new, mistakes, origins: unroller.origins })
}

struct Unroller<'t> {
    template: &'t Template,
    /// The variables of the loops around, with their values.
    variables: Vec<(String, String)>,
    origins: BTreeMap<Path, Path>,
    /// How many values were made.
    made: usize,
    /// How many bytes were put in.
    bytes: Cell<usize>,
    /// How many loops were unrolled.
    unrolled: usize,
}

/// What a loop makes: a key, its value, and where the loop has it.
type Made = (String, Node, Path);

impl Unroller<'_> {
    fn top(&mut self, section: &str, map: &Map) -> Map {
        let path = Path::of([section]);
        self.map(map, &path, &path)
    }

    /// The entries of a mapping at `at`, which the template has at `from`.
    fn map(&mut self, map: &Map, at: &Path, from: &Path) -> Map {
        let mut new = Map::with_capacity(map.len());
        for (key, node) in map {
            if is_loop(key) {
                if let Some(made) = self.unrolled(node, at, &from.key(key)) {
                    self.unrolled += 1;
                    for (key, node, origin) in made {
                        self.origins.insert(at.key(&key), origin);
                        new.entry(key).or_insert(node);
                    }
                } else {
                    new.insert(key.clone(), node.clone());
                }
                continue;
            }
            let written = self.put_in(key);
            let (at, from) = (at.key(&written), from.key(key));
            let node = self.node(node, &at, &from);
            if written != *key {
                self.origins.insert(at, from);
            }
            new.insert(written, node);
        }
        new
    }

    /// What a loop at `from` makes of a mapping at `at`. `None` if the list is not known, or if it is no loop.
    fn unrolled(&mut self, node: &Node, at: &Path, from: &Path) -> Option<Vec<Made>> {
        let [Node::String(variable), list, Node::Map(body)] = node.as_list()? else { return None };
        let values = self.values(list)?;
        let from = from.index(2);
        let mut all = Vec::new();
        for value in values {
            // A round that makes nothing takes its time, too.
            self.made += 1;
            if self.made > MOST {
                return None;
            }
            self.variables.push((variable.clone(), value));
            let made = self.body(body, at, &from);
            self.variables.pop();
            all.extend(made?);
        }
        Some(all)
    }

    /// What one round of a loop makes.
    fn body(&mut self, body: &Map, at: &Path, from: &Path) -> Option<Vec<Made>> {
        let mut all = Vec::new();
        for (key, node) in body {
            let from = from.key(key);
            if is_loop(key) {
                all.extend(self.unrolled(node, at, &from)?);
                continue;
            }
            if self.made > MOST {
                return None;
            }
            let key = self.put_in(key);
            let node = self.node(node, &at.key(&key), &from);
            all.push((key, node, from));
        }
        Some(all)
    }

    fn node(&mut self, node: &Node, at: &Path, from: &Path) -> Node {
        self.made += usize::from(!self.variables.is_empty());
        if self.made > MOST {
            return Node::Null;
        }
        match node {
            Node::String(text) => Node::String(self.put_in(text)),
            Node::List(items) => {
                let item =
                    |(place, item): (usize, &Node)| self.node(item, &at.index(place), &from.index(place));
                Node::List(items.iter().enumerate().map(item).collect())
            }
            Node::Map(map) => Node::Map(self.map(map, at, from)),
            Node::Call(Function::Ref, name)
                if name.as_str().is_some_and(|name| self.value(name).is_some()) =>
            {
                Node::String(name.as_str().and_then(|name| self.value(name)).unwrap_or_default().to_owned())
            }
            Node::Call(function, argument) => {
                let key = function.key();
                let argument = self.node(argument, &at.key(key), &from.key(key));
                match (function, argument) {
                    (Function::Sub, Node::String(text))
                        if !self.variables.is_empty() && !text.contains("${") =>
                    {
                        Node::String(text)
                    }
                    // `Topic${Name}.Arn` is one text until the name is put in.
                    (function, argument) => Node::call_long(*function, argument),
                }
            }
            Node::Null | Node::Bool(_) | Node::Number(_) => node.clone(),
        }
    }

    /// The value of a loop's variable; that of the innermost loop.
    fn value(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().rev().find(|(variable, _)| variable == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Text with the values of the variables: `${Name}` as they are, `&{Name}` without what is no letter or digit.
    fn put_in(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in self.variables.iter().rev() {
            if text.contains("${") {
                text = self.replaced(text, &format!("${{{name}}}"), value);
            }
            if text.contains("&{") {
                let plain: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
                text = self.replaced(text, &format!("&{{{name}}}"), &plain);
            }
        }
        text
    }

    /// The text with `value` for each `variable`, unless that is more than fits: loops within loops may multiply it.
    fn replaced(&self, text: String, variable: &str, value: &str) -> String {
        let more = text.matches(variable).count().saturating_mul(value.len());
        self.bytes.set(self.bytes.get().saturating_add(more));
        if self.bytes.get() > MOST_BYTES { text } else { text.replace(variable, value) }
    }

    /// The values that a loop goes over, if they are known.
    fn values(&self, list: &Node) -> Option<Vec<String>> {
        match list {
            Node::List(items) => items.iter().map(|item| self.text(item)).collect(),
            Node::Call(Function::Ref, name) => default_list(self.template.parameters.get(name.as_str()?)?),
            Node::Call(Function::FindInMap, keys) => {
                let [map, key, inner] = keys.as_list()? else { return None };
                let map = self.template.mappings.get(&self.text(map)?)?.as_map()?;
                let list = map.get(&self.text(key)?)?.as_map()?.get(&self.text(inner)?)?;
                list.as_list()?.iter().map(|item| self.text(item)).collect()
            }
            _ => None,
        }
    }

    /// A text that is known: written, a variable of a loop around, or the default of a parameter.
    fn text(&self, node: &Node) -> Option<String> {
        match node {
            Node::Call(Function::Ref, name) => {
                let name = name.as_str()?;
                let default = || {
                    let parameter = self.template.parameters.get(name)?;
                    let is_text = matches!(parameter.type_name.as_str(), "String" | "Number");
                    parameter.default.as_ref().filter(|_| is_text)?.scalar_text().map(Into::into)
                };
                self.value(name).map(str::to_owned).or_else(default)
            }
            scalar => Some(self.put_in(&scalar.scalar_text()?)),
        }
    }
}

/// The items of a parameter's default, if the parameter is a list and not one in the parameter store.
fn default_list(parameter: &Parameter) -> Option<Vec<String>> {
    let type_name = &parameter.type_name;
    if type_name != "CommaDelimitedList" && !type_name.starts_with("List<") {
        return None;
    }
    let default = parameter.default.as_ref()?.scalar_text()?;
    Some(default.split(',').map(|item| item.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unrolled(text: &str) -> Unrolled {
        let text = format!("Transform: AWS::LanguageExtensions\n{text}");
        let document = Template::parse(&text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}"));
        unroll(&document.template).unwrap()
    }

    #[test]
    fn loops_within_loops_make_resources_and_know_where_they_stand() {
        let unrolled = unrolled(
            "Parameters: {Names: {Type: CommaDelimitedList, Default: 'a, b'}}\nResources:\n  Fn::ForEach::Outer:\n    \
             - N\n    - !Ref Names\n    - Fn::ForEach::Inner:\n        - M\n        - [x.y]\n        - \
             'T${N}&{M}': {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub '${N}-${M}', DisplayName: !Ref M}}\n",
        );
        let ids: Vec<&String> = unrolled.template.resources.keys().collect();
        assert_eq!(ids, ["Taxy", "Tbxy"]);
        let topic = &unrolled.template.resources["Tbxy"];
        assert_eq!(topic.properties["TopicName"], Node::from("b-x.y"));
        assert_eq!(topic.properties["DisplayName"], Node::from("x.y"));
        let (made, origin) =
            unrolled.origin(&Path::of(["Resources", "Tbxy", "Properties", "TopicName"])).unwrap();
        assert_eq!(made.to_string(), "Resources.Tbxy");
        let expected = "Resources.Fn::ForEach::Outer[2].Fn::ForEach::Inner[2].T${N}&{M}.Properties.TopicName";
        assert_eq!(origin.to_string(), expected);
        assert!(!unrolled.template.has_loops());
    }

    #[test]
    fn loops_in_properties_conditions_and_outputs_are_unrolled() {
        let unrolled = unrolled(
            "Conditions:\n  Fn::ForEach::C: [N, [A, B], {'Is${N}': !Equals [!Ref N, A]}]\nResources:\n  Topic:\n    Type: \
             AWS::SNS::Topic\n    Properties:\n      Fn::ForEach::P: [N, [TopicName, DisplayName], {'${N}': \
             x}]\nOutputs:\n  Fn::ForEach::O: [N, [A], {'Out${N}': {Value: !GetAtt 'Top${N}.Arn'}}]\n",
        );
        let template = unrolled.template;
        assert_eq!(template.conditions.keys().collect::<Vec<_>>(), ["IsA", "IsB"]);
        let properties = &template.resources["Topic"].properties;
        assert_eq!(properties.keys().collect::<Vec<_>>(), ["TopicName", "DisplayName"]);
        let arn = Node::call(Function::GetAtt, vec![Node::from("TopA"), Node::from("Arn")]);
        assert_eq!(template.outputs["OutA"].value, arn);
    }

    #[test]
    fn a_name_that_is_put_together_is_put_into_its_reference() {
        let unrolled = unrolled(
            "Parameters: {ParamA: {Type: String}}\nConditions:\n  Fn::ForEach::C: [N, [A], {'Is${N}': !Equals [{Ref: \
             {'Fn::Sub': 'Param${N}'}}, x]}]\nResources: {}\n",
        );
        let reference = Node::call(Function::Ref, "ParamA");
        let expected = Node::call(Function::Equals, vec![reference, Node::from("x")]);
        assert_eq!(unrolled.template.conditions["IsA"], expected);
    }

    #[test]
    fn a_list_that_is_not_known_leaves_its_loop_as_it_is() {
        let unrolled = unrolled(
            "Parameters: {Names: {Type: CommaDelimitedList}}\nResources:\n  Fn::ForEach::K: [N, [a], {'K${N}': {Type: \
             AWS::SNS::Topic}}]\n  Fn::ForEach::L: [N, !Ref Names, {'L${N}': {Type: AWS::SNS::Topic}}]\n",
        );
        assert_eq!(unrolled.template.resources.keys().collect::<Vec<_>>(), ["Ka"]);
        assert_eq!(unrolled.template.loops["Resources"].keys().collect::<Vec<_>>(), ["Fn::ForEach::L"]);
    }

    #[test]
    fn loops_that_would_make_too_much_are_left_alone() {
        let values: Vec<String> = (0..100).map(|number| format!("v{number}")).collect();
        let values = values.join(", ");
        let text = format!(
            "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::A:\n  - A\n  - [{values}]\n  - \
             Fn::ForEach::B:\n    - B\n    - [{values}]\n    - Fn::ForEach::C:\n      - C\n      - [{values}]\n      - \
             'T${{A}}${{B}}${{C}}': {{Type: AWS::SNS::Topic}}\n"
        );
        let document = Template::parse(&text, "t.yaml").unwrap();
        assert!(unroll(&document.template).is_none());
    }
}
