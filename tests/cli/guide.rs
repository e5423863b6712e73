//! The guide: every command in it is run, or at least understood, as it stands there.

use std::fs;
use std::path::Path;

use age::secrecy::ExposeSecret as _;
use serde_json::json;

use crate::emulator::Emulator;
use crate::project::{Outcome, Project};

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

/// Stores images in both repositories: one of the commit, and a release of the backend.
#[cfg(unix)]
fn push(emulator: &Emulator, commit: &str) {
    for (repository, tag) in
        [("docuthinker-backend", commit), ("docuthinker-ai-ml", commit), ("docuthinker-backend", "v2.0")]
    {
        let manifest = json!({ "schemaVersion": 2, "of": format!("{repository}:{tag}") }).to_string();
        let image = json!({ "repositoryName": repository, "imageTag": tag, "imageManifest": manifest });
        emulator.json("ecr", "AmazonEC2ContainerRegistry_V20150921.PutImage", &image);
    }
}

/// The files that the guide tells people to have: keys, and both halves of an age identity.
#[cfg(unix)]
fn write_files(project: &Project) {
    use std::os::unix::fs::PermissionsExt as _;
    let identity = age::x25519::Identity::generate();
    let keys = "OPENAI_API_KEY=a\nANTHROPIC_API_KEY=b\nGOOGLE_API_KEY=c\nMONGODB_URI=mongodb://host\n\
                REDIS_URL=redis://host\nDOCUTHINKER_NEO4J_URI=bolt://host\n";
    project.write("safe.txt", identity.to_public().to_string());
    for (name, text) in [("keys.env", keys), ("key.txt", identity.to_string().expose_secret())] {
        let file = project.write(name, text);
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// Runs a command of the guide, with a value on standard input for what asks for one.
#[cfg(unix)]
fn typed(project: &Project, words: &[String]) -> Outcome {
    let offline =
        ["ci", "cost", "init", "validate", "synth"].iter().any(|one| words.iter().any(|word| word == one));
    let more: &[&str] = if offline { &["--yes"] } else { &["--yes", "--local"] };
    let mut command = project.command(words.iter().map(String::as_str).chain(more.iter().copied()));
    let value = fs::File::open(project.write("value", "a new value")).unwrap();
    let output = command.stdin(value).output().unwrap();
    crate::schemas::hold(&command, &output.stdout);
    project.outcome(output)
}

// R109
#[cfg(unix)]
#[test]
fn the_guide_works_from_the_first_page_to_the_last() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let commit = crate::images::commit(project);
    write_files(project);
    let mut run = 0;
    for name in PAGES {
        if name == "new-version" {
            push(&emulator, &commit);
        }
        for words in commands(&page(name), "sh") {
            let outcome = typed(project, &words);
            // Nothing answers behind the emulator's load balancers, which the drill says.
            let code = if words[0] == "failover" { 3 } else { 0 };
            assert_eq!(outcome.code, Some(code), "{name}: docuthinker {}\n{outcome}", words.join(" "));
            run += 1;
        }
    }
    assert!(run > 50, "{run} commands");
    let seen = project.other("git").args(["status", "--porcelain"]).output().unwrap();
    let seen = String::from_utf8(seen.stdout).unwrap();
    assert!(!seen.contains("keys.env"), "git would take in the keys: {seen}");
}
