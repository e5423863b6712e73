//! What is compared with what, in a few words that stay the same from run to run.

use std::fmt::Write;
use std::path::{Component, Path};

use super::Diff;
use super::against::Old;
use super::new::Stacks;
use crate::session::Session;
use crate::{report, shell, templates};

/// A comparison, told from all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    /// What a program knows it by: `prod`, `dr against-env=prod`, `prod stacks=Web against=main/docuthinker.out`. The
    /// same in every run, on every machine; nothing in it ends a comment of HTML.
    pub(super) key: String,
    /// The command that makes it.
    pub(super) command: String,
}

/// The longest key, in bytes.
const LONGEST: usize = 300;

impl Comparison {
    /// What the arguments ask for. (What is set with `--set` is not told: it may be a secret.)
    pub(super) fn of(args: &Diff, new: &Stacks, session: &Session<'_>) -> Comparison {
        let mut told = Told::default();
        match &args.template {
            Some(file) => told.file("template", file),
            None => told.project(new, session.global.environment_option()),
        }
        #[cfg(feature = "aws")]
        if let Some(name) = &args.stack_name {
            told.option("stack", "stack-name", name);
        }
        match args.against.old() {
            Old::Deployed => told.deployed(args, session),
            Old::File(path) | Old::Folder(path) => told.file("against", path),
            Old::Environment(name) => told.option("against-env", "against-env", name),
        }
        Comparison { key: short(told.key.join(" ")), command: told.command }
    }
}

/// What is told of a comparison.
struct Told {
    key: Vec<String>,
    command: String,
}

impl Default for Told {
    fn default() -> Told {
        Told { key: Vec::new(), command: "docuthinker diff".to_owned() }
    }
}

impl Told {
    fn project(&mut self, new: &Stacks, environment: Option<[String; 2]>) {
        self.key.extend(new.environment.as_deref().map(clean));
        if !new.all {
            let mut ids: Vec<&str> = new.each.iter().map(|stack| stack.id.as_str()).collect();
            for id in &ids {
                let _ = write!(self.command, " {}", shell::word(id));
            }
            ids.sort_unstable();
            let ids: Vec<String> = ids.into_iter().map(clean).collect();
            self.key.push(format!("stacks={}", ids.join(",")));
        }
        if let Some(words) = environment {
            let _ = write!(self.command, " {}", shell::command(&words));
        }
    }

    fn option(&mut self, key: &str, option: &str, value: &str) {
        self.key.push(format!("{key}={}", clean(value)));
        let _ = write!(self.command, " --{option} {}", shell::word(value));
    }

    fn file(&mut self, option: &str, path: &Path) {
        let here = std::env::current_dir().unwrap_or_default();
        let known = if templates::is_stdin(path) { "stdin".to_owned() } else { place(path, &here) };
        self.key.push(format!("{option}={}", clean(&known)));
        let _ = write!(self.command, " --{option} {}", shell::word(&path.display().to_string()));
    }

    /// Where the stacks are deployed, if an option says so.
    #[cfg(feature = "aws")]
    fn deployed(&mut self, args: &Diff, session: &Session<'_>) {
        let aws = &session.global.aws;
        if let Some(region) = &aws.region {
            self.option("region", "region", region);
        }
        let switches =
            [(aws.local, "local"), (args.against.change_set, "change-set"), (args.against.drift, "drift")];
        for (_, name) in switches.into_iter().filter(|(on, _)| *on) {
            let _ = write!(self.command, " --{name}");
        }
        // What AWS says besides belongs to the same comparison.
        self.key.extend(aws.local.then(|| "local".to_owned()));
    }

    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_self, reason = "a build that knows AWS tells")]
    fn deployed(&mut self, _: &Diff, _: &Session<'_>) {}
}

/// A file or folder as it is seen from `here`; only its name, if it is elsewhere on this machine.
fn place(path: &Path, here: &Path) -> String {
    let path = match path.strip_prefix(here) {
        _ if path.is_relative() => path,
        Ok(below) => below,
        Err(_) => Path::new(path.file_name().unwrap_or_default()),
    };
    let parts = path.components().filter(|part| !matches!(part, Component::CurDir));
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// A part of a key: what could be taken for something else is written as in an address, `%20`. A comment of HTML ends
/// with the first `-->`.
fn clean(text: &str) -> String {
    let mut cleaned = String::new();
    for c in text.chars() {
        let plain = c.is_alphanumeric() || "_./".contains(c) || c == '-' && !cleaned.ends_with('-');
        if plain {
            cleaned.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            let _ = write!(cleaned, "%{byte:02X}");
        }
    }
    cleaned
}

/// The key, if it is short; else its beginning and a number that stands for all of it.
fn short(key: String) -> String {
    if key.len() <= LONGEST {
        return key;
    }
    let number = report::fnv(key.as_bytes());
    let mut end = LONGEST - 20;
    while !key.is_char_boundary(end) {
        end -= 1;
    }
    format!("{} {number:016x}", &key[..end].trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_same_on_every_machine() {
        let here = Path::new("/home/me/project");
        for (path, told) in [
            ("./main//out/", "main/out"),
            ("../other/out", "../other/out"),
            ("/home/me/project/main/out", "main/out"),
            ("/home/me/project", "."),
            ("/runner/_temp/main", "main"),
            ("/", "."),
        ] {
            assert_eq!(place(Path::new(path), here), told, "{path}");
        }
    }

    #[test]
    fn two_places_have_two_keys_of_which_none_ends_a_comment() {
        let places =
            ["a b", "a+b", "a,b", "a=b", "a%20b", "-->", "--!>", "a-b", "a--b", "<!--", "ä", "ä\u{202e}"];
        let keys: Vec<String> = places.iter().map(|place| clean(place)).collect();
        for (at, key) in keys.iter().enumerate() {
            assert!(!key.contains("--") && !key.contains(['<', '>', ' ', ',', '=']), "{key}");
            assert!(!keys[..at].contains(key), "{key}");
        }
        assert_eq!(clean("main/docuthinker.out"), "main/docuthinker.out");
        let long = |end: &str| short("-ä".repeat(500) + end);
        assert!(long("a").len() <= LONGEST && long("a") != long("b") && long("a") == long("a"));
        assert!(!long("a").contains("--"));
    }

    #[test]
    fn the_workflow_finds_the_comment_of_the_deployed_stacks() {
        let mut told = Told::default();
        let new = Stacks { each: Vec::new(), all: true, environment: Some("prod".to_owned()) };
        told.project(&new, Some(["-e".to_owned(), "prod".to_owned()]));
        assert_eq!(
            (told.key.join(" ").as_str(), told.command.as_str()),
            ("prod", "docuthinker diff -e prod")
        );
        let found = format!("startswith(\"{}\")", super::super::markdown::marker("@{env}"));
        assert!(include_str!("../ci/deploy.yml").contains(&found));
    }
}
