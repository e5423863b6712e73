//! What no compiler checks of the tree itself.

use std::path::Path;

/// The rooms on the way to a template.
const PURE: [&str; 3] = ["template", "constructs", "stacks"];

#[test]
fn the_pure_rooms_have_the_same_guards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace");
    let guards = PURE
        .map(|room| std::fs::read_to_string(root.join(room).join("clippy.toml")).expect("each has guards"));
    assert!(guards[0].contains("std::time::SystemTime") && guards[0].contains("std::env::var"));
    assert_eq!(guards[0], guards[1]);
    assert_eq!(guards[0], guards[2]);
}
