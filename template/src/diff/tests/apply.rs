//! Changes a template as the differences say, to show that they say it all.

use std::collections::BTreeMap;

use crate::diff::{Action, Change, Changes};
use crate::document::{Output, Parameter, Resource, Template};
use crate::node::{Map, Node};
use crate::path::{Path, Step};

/// `old` with the differences made; added resources are taken from `new`, since their differences are not listed.
pub(super) fn apply(changes: &Changes, old: &Template, new: &Template) -> Template {
    let mut whole = document(old);
    let parts = changes.resources.iter().flat_map(|resource| &resource.changes);
    let all: Vec<&Change> = changes.sections.iter().chain(parts).collect();
    edit(&mut whole, &all);
    let mut applied = template(&whole);
    for resource in &changes.resources {
        match (resource.action, new.resources.get(&resource.id)) {
            (Action::Added, Some(added)) => {
                applied.resources.insert(resource.id.clone(), added.clone());
            }
            (Action::Removed, None) => {
                applied.resources.shift_remove(&resource.id);
            }
            _ => {}
        }
    }
    applied
}

/// Deepest first, so that places stay what they were; of one list, first what changes, then what goes from its end,
/// then what comes from its start.
fn edit(whole: &mut Node, changes: &[&Change]) {
    let place = |change: &Change| change.was.clone().unwrap_or_else(|| change.path.clone());
    let mut lists: BTreeMap<(usize, Path), Vec<(&Change, usize)>> = BTreeMap::new();
    let mut maps: BTreeMap<usize, Vec<(&Change, Path)>> = BTreeMap::new();
    for change in changes {
        let path = place(change);
        let depth = path.steps().len();
        let last = match path.steps().next_back() {
            Some(Step::Index(at)) => Some(at),
            _ => None,
        };
        match last {
            Some(at) => lists.entry((depth, path.parent())).or_default().push((change, at)),
            None => maps.entry(depth).or_default().push((change, path)),
        }
    }
    let deepest = changes.iter().map(|change| place(change).steps().len()).max().unwrap_or(0);
    for depth in (0..=deepest).rev() {
        for (change, path) in maps.get(&depth).into_iter().flatten() {
            let Some(Step::Key(key)) = path.steps().next_back() else { panic!("{path}") };
            let Node::Map(map) = at(whole, &path.parent()) else { panic!("{path}") };
            match &change.new {
                Some(node) => {
                    map.insert(key.to_owned(), node.clone());
                }
                None => {
                    map.shift_remove(key);
                }
            }
        }
        for ((_, parent), items) in lists.iter().filter(|((known, _), _)| *known == depth) {
            let Node::List(list) = at(whole, parent) else { panic!("{parent}") };
            let of = |action: Action| {
                let mut some: Vec<_> = items.iter().filter(|(change, _)| change.action() == action).collect();
                some.sort_by_key(|(_, at)| *at);
                some
            };
            for (change, at) in of(Action::Changed) {
                list[*at] = change.new.clone().unwrap();
            }
            for (_, at) in of(Action::Removed).into_iter().rev() {
                list.remove(*at);
            }
            for (change, at) in of(Action::Added) {
                list.insert((*at).min(list.len()), change.new.clone().unwrap());
            }
        }
    }
}

fn at<'n>(node: &'n mut Node, path: &Path) -> &'n mut Node {
    path.steps().fold(node, |node, step| match (node, step) {
        (Node::Map(map), Step::Key(key)) => map.entry(key.to_owned()).or_insert(Node::Map(Map::default())),
        (Node::List(list), Step::Index(at)) => &mut list[at],
        (_, step) => panic!("{step:?} of {path}"),
    })
}

/// The template as one node.
fn document(template: &Template) -> Node {
    let text = |text: &Option<String>| text.clone().map(Node::from);
    let mut all = Map::default();
    all.extend(text(&template.format_version).map(|text| ("AWSTemplateFormatVersion".to_owned(), text)));
    all.extend(text(&template.description).map(|text| ("Description".to_owned(), text)));
    let each = |map: Map| Node::Map(map);
    all.insert("Metadata".to_owned(), each(template.metadata.clone()));
    all.insert("Parameters".to_owned(), each(of(&template.parameters, parameter)));
    all.insert("Rules".to_owned(), each(template.rules.clone()));
    all.insert("Mappings".to_owned(), each(template.mappings.clone()));
    all.insert("Conditions".to_owned(), each(template.conditions.clone()));
    all.insert("Transform".to_owned(), Node::List(template.transform.clone()));
    all.insert("Hooks".to_owned(), each(template.hooks.clone()));
    all.insert("Outputs".to_owned(), each(of(&template.outputs, output)));
    let mut resources = of(&template.resources, resource);
    let loops = of(&template.loops, |loops| Node::Map(loops.clone()));
    if let Some(Node::Map(more)) = loops.get("Resources") {
        resources.extend(more.clone());
    }
    all.insert("Resources".to_owned(), each(resources));
    all.extend(template.other.clone());
    Node::Map(all)
}

fn of<T>(things: &Map<T>, node: fn(&T) -> Node) -> Map {
    things.iter().map(|(name, thing)| (name.clone(), node(thing))).collect()
}

fn parameter(parameter: &Parameter) -> Node {
    let mut map = Map::from_iter([("Type".to_owned(), Node::from(parameter.type_name.as_str()))]);
    map.extend(parameter.default.clone().map(|node| ("Default".to_owned(), node)));
    map.extend(parameter.description.clone().map(|text| ("Description".to_owned(), text.into())));
    map.extend(parameter.no_echo.then(|| ("NoEcho".to_owned(), true.into())));
    map.extend(parameter.attributes.clone());
    Node::Map(map)
}

fn output(output: &Output) -> Node {
    let mut map = Map::from_iter([("Value".to_owned(), output.value.clone())]);
    map.extend(output.description.clone().map(|text| ("Description".to_owned(), text.into())));
    let export = output.export.clone().map(|name| Node::Map(Map::from_iter([("Name".to_owned(), name)])));
    map.extend(export.map(|node| ("Export".to_owned(), node)));
    map.extend(output.condition.clone().map(|text| ("Condition".to_owned(), text.into())));
    Node::Map(map)
}

fn resource(resource: &Resource) -> Node {
    let mut map = Map::from_iter([("Type".to_owned(), Node::from(resource.type_name.as_str()))]);
    map.extend(resource.condition.clone().map(|text| ("Condition".to_owned(), text.into())));
    if !resource.depends_on.is_empty() {
        let ids = resource.depends_on.iter().map(|id| Node::from(id.as_str())).collect();
        map.insert("DependsOn".to_owned(), Node::List(ids));
    }
    map.extend(resource.deletion_policy.clone().map(|node| ("DeletionPolicy".to_owned(), node)));
    map.extend(resource.update_replace_policy.clone().map(|node| ("UpdateReplacePolicy".to_owned(), node)));
    map.extend(resource.attributes.clone());
    map.insert("Metadata".to_owned(), Node::Map(resource.metadata.clone()));
    map.insert("Properties".to_owned(), Node::Map(resource.properties.clone()));
    Node::Map(map)
}

fn template(whole: &Node) -> Template {
    let Node::Map(all) = whole else { panic!("no mapping") };
    let mut all = all.clone();
    let mut take = |key: &str| match all.shift_remove(key) {
        Some(Node::Map(map)) => map,
        None => Map::default(),
        Some(other) => panic!("{key}: {other:?}"),
    };
    let resources = take("Resources");
    let (loops, resources): (Map, Map) =
        resources.into_iter().partition(|(key, _)| key.starts_with("Fn::ForEach::"));
    let mut made = Template {
        metadata: take("Metadata"),
        parameters: take("Parameters").into_iter().map(|(name, node)| (name, parameter_of(node))).collect(),
        rules: take("Rules"),
        mappings: take("Mappings"),
        conditions: take("Conditions"),
        hooks: take("Hooks"),
        outputs: take("Outputs").into_iter().map(|(name, node)| (name, output_of(node))).collect(),
        resources: resources.into_iter().map(|(name, node)| (name, resource_of(node))).collect(),
        ..Template::default()
    };
    if !loops.is_empty() {
        made.loops.insert("Resources".to_owned(), loops);
    }
    made.format_version = all.shift_remove("AWSTemplateFormatVersion").map(text_of);
    made.description = all.shift_remove("Description").map(text_of);
    if let Some(Node::List(transform)) = all.shift_remove("Transform") {
        made.transform = transform;
    }
    made.other = all;
    made
}

fn text_of(node: Node) -> String {
    let Node::String(text) = node else { panic!("{node:?}") };
    text
}

fn map_of(node: Node) -> Map {
    let Node::Map(map) = node else { panic!("{node:?}") };
    map
}

fn parameter_of(node: Node) -> Parameter {
    let mut map = map_of(node);
    Parameter {
        type_name: map.shift_remove("Type").map(text_of).unwrap(),
        default: map.shift_remove("Default"),
        description: map.shift_remove("Description").map(text_of),
        no_echo: map.shift_remove("NoEcho").is_some(),
        attributes: map,
    }
}

fn output_of(node: Node) -> Output {
    let mut map = map_of(node);
    Output {
        value: map.shift_remove("Value").unwrap(),
        description: map.shift_remove("Description").map(text_of),
        export: map.shift_remove("Export").and_then(|node| map_of(node).shift_remove("Name")),
        condition: map.shift_remove("Condition").map(text_of),
    }
}

fn resource_of(node: Node) -> Resource {
    let mut map = map_of(node);
    let ids = |node: Node| match node {
        Node::List(items) => items.into_iter().map(text_of).collect(),
        other => panic!("{other:?}"),
    };
    Resource {
        type_name: map.shift_remove("Type").map(text_of).unwrap(),
        condition: map.shift_remove("Condition").map(text_of),
        depends_on: map.shift_remove("DependsOn").map(ids).unwrap_or_default(),
        deletion_policy: map.shift_remove("DeletionPolicy"),
        update_replace_policy: map.shift_remove("UpdateReplacePolicy"),
        metadata: map.shift_remove("Metadata").map(map_of).unwrap_or_default(),
        properties: map.shift_remove("Properties").map(map_of).unwrap_or_default(),
        attributes: map,
    }
}
