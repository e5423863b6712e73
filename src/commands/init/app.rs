//! A Rust crate of one's own on the library.

use std::path::{Path, PathBuf};

use super::Init;
use super::write::NewFile;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// What to do with it.
pub(super) const NEXT: &str =
    "next: `cargo run --no-default-features -- synth`, then `cargo run -- deploy --local`";

const MANIFEST: &str = include_str!("app/manifest.toml");
const MAIN: &str = include_str!("app/main.rs");

/// The files of the crate.
pub(super) fn files(args: &Init, session: &mut Session<'_>) -> Result<Vec<NewFile>> {
    let name = name(args)?;
    if args.name.as_ref().is_some_and(|named| *named != name) {
        session
            .printer
            .status(&format!("the crate is called `{name}`: names have small letters, digits and hyphens"));
    }
    let stack = in_capitals(&name);
    let region = session.region().unwrap_or_else(|| "us-east-1".to_owned());
    let with = |text: &str| {
        text.replace("{{name}}", &name).replace("{{Stack}}", &stack).replace("{{region}}", &region)
    };
    let library = library(args.library.as_deref())?;
    Ok(vec![
        NewFile::new("Cargo.toml", with(MANIFEST).replace("{{library}}", &library)),
        NewFile::new("src/main.rs", with(MAIN)),
        NewFile::lines(".gitignore", &[&["target/"][..], &super::IGNORED].concat()),
    ])
}

/// The crate's name: letters, digits and hyphens, as Cargo and CloudFormation both take them.
fn name(args: &Init) -> Result<String> {
    let folder = || {
        let folder = std::path::absolute(&args.folder).unwrap_or_else(|_| args.folder.clone());
        folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    };
    let named = args.name.clone().unwrap_or_else(folder);
    let name = named.to_ascii_lowercase().replace(['_', ' ', '.'], "-");
    let right = name.len() <= 40
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        && !TAKEN.contains(&name.as_str());
    if right {
        return Ok(name);
    }
    let problem = Problem::error("init/name", format!("`{named}` cannot be the name of the crate and its stack"))
        .hint("a name starts with a letter and has at most 40 letters, digits and hyphens: choose one with `--name`");
    Err(Failure::usage(problem))
}

/// Names that Rust or the crate's own dependencies have.
const TAKEN: [&str; 9] =
    ["test", "core", "std", "alloc", "constructs", "docuthinker", "schemars", "serde", "serde-json"];

/// `my-shop` as `MyShop`.
fn in_capitals(name: &str) -> String {
    name.split('-')
        .map(|part| {
            let mut letters = part.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect()
}

/// Where Cargo finds the library. `cargo run -- init` in its source means that source.
fn library(named: Option<&Path>) -> Result<String> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).filter(|folder| is_library(folder));
    let Some(folder) = named.map(Path::to_owned).or(here) else {
        let (url, version) = (env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
        return Ok(of(&format!("git = \"{url}\", tag = \"v{version}\""), |_| String::new()));
    };
    if !is_library(&folder) {
        let message = format!("`{}` is not the folder of docuthinker's source", folder.display());
        return Err(Failure::usage(Problem::error("init/library", message)));
    }
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let at = |part: &str| if part.is_empty() { folder.clone() } else { folder.join(part) };
    Ok(of("", |part| format!("path = {:?}", at(part).display().to_string())))
}

fn is_library(folder: &Path) -> bool {
    folder.join("constructs/Cargo.toml").is_file() && folder.join("src/lib.rs").is_file()
}

/// The lines of the manifest for the crates of the library.
fn of(all: &str, each: impl Fn(&str) -> String) -> String {
    let from = |part: &str| if all.is_empty() { each(part) } else { all.to_owned() };
    format!(
        "docuthinker = {{ {}, default-features = false }}\nconstructs = {{ package = \"docuthinker-constructs\", {} }}",
        from(""),
        from("constructs")
    )
}
