//! What holds for any two templates.

use proptest::prelude::*;

use super::apply::apply;
use crate::diff::{Action, Change, Changes, diff};
use crate::document::Template;
use crate::node::{Map, Node};

/// The differences as `there` has them, seen from the other side.
fn mirrored(change: &Change) -> (Option<Node>, Option<Node>) {
    (change.new.clone(), change.old.clone())
}

fn values(changes: &[Change], mirror: bool) -> Vec<(String, String)> {
    let text = |node: Option<Node>| serde_json::to_string(&node).unwrap();
    let pair = |change: &Change| {
        let (old, new) = if mirror { mirrored(change) } else { (change.old.clone(), change.new.clone()) };
        (text(old), text(new))
    };
    let mut all: Vec<_> = changes.iter().map(pair).collect();
    all.sort();
    all
}

/// Every mapping in another order, `DependsOn` too.
fn turned(template: &Template) -> Template {
    let mut turned = template.clone();
    let sections = [&mut turned.metadata, &mut turned.rules, &mut turned.mappings, &mut turned.conditions];
    sections.into_iter().for_each(turn_map);
    turn_order(&mut turned.parameters);
    turn_order(&mut turned.outputs);
    turned.outputs.values_mut().for_each(|output| turn(&mut output.value));
    turn_order(&mut turned.resources);
    for resource in turned.resources.values_mut() {
        turn_map(&mut resource.properties);
        turn_map(&mut resource.metadata);
        resource.depends_on.reverse();
    }
    turned
}

fn turn_order<V>(map: &mut Map<V>) {
    *map = std::mem::take(map).into_iter().rev().collect();
}

fn turn_map(map: &mut Map) {
    turn_order(map);
    map.values_mut().for_each(turn);
}

fn turn(node: &mut Node) {
    match node {
        Node::Map(map) => turn_map(map),
        Node::List(items) => items.iter_mut().for_each(turn),
        Node::Call(_, argument) => turn(argument),
        _ => {}
    }
}

/// Lists that have no order where they stand.
fn unordered() -> impl Strategy<Value = (Vec<String>, Vec<(String, String)>)> {
    (
        prop::collection::btree_set("sg-[a-f0-9]{4}", 0..6).prop_map(|set| set.into_iter().collect()),
        prop::collection::btree_map("[A-Z]{1,4}", "[a-z]{1,4}", 0..6)
            .prop_map(|map| map.into_iter().collect()),
    )
}

fn task(groups: &[String], variables: &[(String, String)]) -> Template {
    let pairs = |key: &str| {
        let pairs = variables.iter().map(|(name, value)| format!("{{{key}: {name:?}, Value: {value:?}}}"));
        pairs.collect::<Vec<_>>().join(", ")
    };
    let text = format!(
        "Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {{ContainerDefinitions: [{{Name: web, Image: i, Environment: [{}]}}], Tags: [{}]}}
  Service:
    Type: AWS::ECS::Service
    Properties: {{NetworkConfiguration: {{AwsvpcConfiguration: {{SecurityGroups: [{}]}}}}}}
",
        pairs("Name"),
        pairs("Key"),
        groups.join(", "),
    );
    super::template(&text)
}

proptest! {
    #[test]
    fn a_template_does_not_differ_from_itself(template in crate::arbitrary::template()) {
        prop_assert_eq!(diff(&template, &template), Changes::default());
    }

    #[test]
    fn a_template_in_json_and_in_yaml_is_the_same(template in crate::arbitrary::template()) {
        let json = Template::parse(&template.to_json_minified(), "t").unwrap().template;
        prop_assert!(diff(&json, &template).is_empty());
        let yaml = Template::parse(&template.to_yaml(), "t").unwrap().template;
        prop_assert!(diff(&yaml, &json).is_empty());
    }

    #[test]
    fn the_order_of_mappings_is_no_difference(template in crate::arbitrary::template()) {
        prop_assert_eq!(diff(&template, &turned(&template)), Changes::default());
    }

    #[test]
    fn the_order_of_sets_is_no_difference((groups, variables) in unordered()) {
        let mut turned = (groups.clone(), variables.clone());
        turned.0.reverse();
        turned.1.reverse();
        prop_assert_eq!(diff(&task(&groups, &variables), &task(&turned.0, &turned.1)), Changes::default());
    }

    #[test]
    fn every_difference_is_found_the_other_way_round_too(
        old in crate::arbitrary::template(), new in crate::arbitrary::template(),
    ) {
        let (there, back) = (diff(&old, &new), diff(&new, &old));
        prop_assert_eq!(values(&there.sections, false), values(&back.sections, true));
        let of = |changes: &Changes, action: Action| {
            let resources = changes.resources.iter().filter(|change| change.action == action && !change.only_follows());
            let mut ids: Vec<String> = resources.map(|change| change.id.clone()).collect();
            ids.sort();
            ids
        };
        prop_assert_eq!(of(&there, Action::Added), of(&back, Action::Removed));
        prop_assert_eq!(of(&there, Action::Removed), of(&back, Action::Added));
        prop_assert_eq!(of(&there, Action::Changed), of(&back, Action::Changed));
        for change in there.resources.iter().filter(|change| change.action == Action::Changed) {
            let other = back.resource(&change.id).map(|change| values(&change.changes, true));
            prop_assert_eq!(Some(values(&change.changes, false)), other.or(Some(Vec::new())));
        }
    }

    #[test]
    fn the_changes_make_the_new_template_of_the_old_one(
        old in crate::arbitrary::template(), new in crate::arbitrary::template(),
    ) {
        let made = apply(&diff(&old, &new), &old, &new);
        let left = diff(&made, &new);
        prop_assert!(left.is_empty(), "{:#?}", left);
    }

    #[test]
    fn the_changes_of_lists_make_the_new_ones_of_the_old(old in unordered(), new in unordered()) {
        let (old, new) = (task(&old.0, &old.1), task(&new.0, &new.1));
        let made = apply(&diff(&old, &new), &old, &new);
        prop_assert!(diff(&made, &new).is_empty());
    }

    #[test]
    fn the_changes_of_ordered_lists_make_the_new_ones_of_the_old(
        old in prop::collection::vec(0..6_u8, 0..8), new in prop::collection::vec(0..6_u8, 0..8),
    ) {
        let of = |items: &[u8]| {
            let items: Vec<String> = items.iter().map(|item| format!("{{Id: {item}, Common: x, More: [{item}, y]}}")).collect();
            super::template(&format!("Resources: {{R: {{Type: A::B::C, Properties: {{L: [{}]}}}}}}\n", items.join(", ")))
        };
        let (old, new) = (of(&old), of(&new));
        let made = apply(&diff(&old, &new), &old, &new);
        prop_assert_eq!(made, new);
    }

    #[test]
    fn every_resource_that_changes_is_a_cause_or_follows_one(
        old in crate::arbitrary::template(), new in crate::arbitrary::template(),
    ) {
        let changes = diff(&old, &new);
        for change in &changes.resources {
            let root = changes.roots.iter().any(|root| root.cause.name() == change.id);
            let follows = changes.roots.iter().any(|root| !root.chain(&change.id).is_empty());
            prop_assert!(root || follows, "{}", change.id);
        }
    }

    #[test]
    fn one_change_is_one_difference_at_its_path(old in crate::arbitrary::template(), which in any::<prop::sample::Index>()) {
        let mut new = old.clone();
        new.metadata.insert("zZ".to_owned(), 1.into());
        let mut expected = vec!["Metadata.zZ".to_owned()];
        if !new.resources.is_empty() {
            let (id, resource) = new.resources.iter_mut().nth(which.index(old.resources.len())).unwrap();
            resource.properties.insert("zZ".to_owned(), 1.into());
            expected.push(format!("Resources.{id}.Properties.zZ"));
        }
        let changes = diff(&old, &new);
        let found = changes.sections.iter().chain(changes.resources.iter().flat_map(|resource| &resource.changes));
        prop_assert_eq!(found.map(|change| change.path.to_string()).collect::<Vec<_>>(), expected);
    }
}
