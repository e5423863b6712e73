//! The guide: every command in it is run, or at least understood, as it stands there.

use std::fs;
use std::path::Path;

use crate::emulator::Emulator;
use crate::project::Project;

/// The pages in their order.
const PAGES: [&str; 8] = [
    "first-deployment",
    "new-version",
    "rotate-a-key",
    "something-is-broken",
    "go-back",
    "second-region",
    "costs",
    "clean-up",
];

/// The commands in the blocks of this kind, each as its words.
fn commands(page: &str, kind: &str) -> Vec<Vec<String>> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in page.lines() {
        if let Some(fence) = line.strip_prefix("```") {
            inside = !inside && fence == kind;
        } else if inside {
            let words = line.strip_prefix("docuthinker ").unwrap_or_else(|| panic!("{line}"));
            commands.push(words.split(' ').map(str::to_owned).collect());
        }
    }
    commands
}

fn page(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    fs::read_to_string(folder.join(format!("{name}.md"))).unwrap()
}

#[test]
fn the_pages_are_those_of_the_list() {
    let list = page("README");
    let listed: Vec<&str> =
        list.lines().filter_map(|line| line.split_once("](")?.1.strip_suffix(".md)")).collect();
    assert_eq!(listed, PAGES);
}

// What the emulator has not cannot be run with it; whether the command knows the words can be seen all the same.
#[test]
fn what_needs_more_than_the_emulator_is_typed_as_the_command_has_it() {
    let project = Project::new();
    for name in PAGES {
        for mut words in commands(&page(name), "sh aws") {
            // What comes after `--` is another program's.
            words.truncate(words.iter().position(|word| word == "--").unwrap_or(words.len()));
            let asked = project.run(words.iter().map(String::as_str).chain(["--help"]));
            assert_eq!(asked.code, Some(0), "{name}: {words:?}\n{asked}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_guide_works_from_the_first_page_to_the_last() {
    use std::os::unix::fs::PermissionsExt as _;
    let emulator = Emulator::start();
    let project = &emulator.project;
    let keys = "OPENAI_API_KEY=a\nANTHROPIC_API_KEY=b\nGOOGLE_API_KEY=c\nMONGODB_URI=mongodb://host\n\
                REDIS_URL=redis://host\nDOCUTHINKER_NEO4J_URI=bolt://host\n";
    let file = project.write("keys.env", keys);
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    let mut run = 0;
    for name in PAGES {
        for words in commands(&page(name), "sh") {
            let offline =
                ["init", "validate", "synth"].iter().any(|one| words.iter().any(|word| word == one));
            let more: &[&str] = if offline { &["--yes"] } else { &["--yes", "--local"] };
            let outcome = project.run(words.iter().map(String::as_str).chain(more.iter().copied()));
            assert_eq!(outcome.code, Some(0), "{name}: docuthinker {}\n{outcome}", words.join(" "));
            run += 1;
        }
    }
    assert!(run > 30, "{run} commands");
}
