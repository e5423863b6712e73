//! Changes to a stack as it is deployed: the one of the project.

use super::{diff, template};
use crate::diff::{Changes, Consequence};
use crate::document::Template;

/// The production stack, as its own snapshot has it.
fn production() -> (String, Template) {
    let snapshot =
        include_str!("../../../../stacks/tests/it/snapshots/it__templates__prod-DocuThinkerStack.snap");
    let (_, text) = snapshot.split_once("\n---\n").expect("a snapshot has a head");
    (text.to_owned(), template(text))
}

#[track_caller]
fn change(old: &str, new: &str) -> (Changes, Template) {
    let (text, before) = production();
    assert!(text.contains(old), "{old}");
    (diff(&before, &template(&text.replace(old, new))), before)
}

#[test]
fn one_changed_block_is_one_cause_and_all_that_depends_on_it() {
    let (changes, before) = change("10.0.0.0/16", "10.9.0.0/16");
    let root = &changes.roots[0];
    assert_eq!(root.cause.name(), "Vpc");
    assert_eq!(root.consequence, Some(Consequence::Replaces));
    // Everything that is in the network, by its own reference or another's.
    let inside = before.resources.iter().filter(|(_, resource)| {
        matches!(
            resource.type_name.as_str(),
            "AWS::EC2::Subnet" | "AWS::EC2::SecurityGroup" | "AWS::EC2::RouteTable" | "AWS::EC2::NatGateway"
        )
    });
    for (id, _) in inside {
        let follower = root.followers.iter().find(|follower| follower.id == *id);
        assert_eq!(follower.map(|follower| follower.consequence), Some(Consequence::Replaces), "{id}");
    }
    assert!(root.replaced() > 20, "{}", root.replaced());
}

#[test]
fn another_image_rolls_its_service_and_nothing_else() {
    let (text, before) = production();
    let new = template(&text.replacen("${Value1}:v1.0", "${Value1}:v1.1", 1));
    let changes = diff(&before, &new);
    assert_eq!(changes.rolls.len(), 1);
    assert!(!changes.rolls[0].replaced);
    assert_eq!(changes.roots.len(), 1);
    assert_eq!(changes.losses, []);
}
