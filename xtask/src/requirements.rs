//! The table `docs/requirements.md`: which test shows which row.
//!
//! A test says in a comment which rows it shows (`// R018, R020 to R023`); the last column of the table is written
//! from that, so that neither can go stale without the other being noticed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use regex::Regex;

/// Folders whose Rust files hold tests.
const ROOMS: [&str; 7] = ["template", "constructs", "stacks", "cloud", "src", "tests", "examples"];

/// Writes the last column of the table; with `check`, fails if it is not as it would be written.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let path = root.join("docs/requirements.md");
    let written = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let wanted = with_tests(&written, &tests_by_row(root)?);
    if check {
        ensure!(written == wanted, "docs/requirements.md is stale: run `cargo xtask requirements`");
    } else if written != wanted {
        fs::write(&path, wanted).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The name of the row that a line of the document holds, if it holds one: `R018`, `C-01`.
fn row(line: &str) -> Option<&str> {
    let name = line.strip_prefix("| ")?.split(' ').next()?;
    let digits = name.strip_prefix('R').or(name.strip_prefix("C-"))?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(name)
}

/// The document with the tests of each row in the last column.
fn with_tests(document: &str, tests: &BTreeMap<String, Vec<String>>) -> String {
    let line = |line: &str| {
        let Some(name) = row(line) else { return format!("{line}\n") };
        let names: Vec<String> =
            tests.get(name).into_iter().flatten().map(|name| format!("`{name}`")).collect();
        let kept = line.trim_end_matches('|').trim_end().rsplit_once(" |").map_or(line, |(kept, _)| kept);
        format!("{kept} | {} |\n", names.join(", "))
    };
    document.lines().map(line).collect()
}

/// The names of the tests that show each row.
fn tests_by_row(root: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let mut files = Vec::new();
    for room in ROOMS {
        rust_files(&root.join(room), &mut files)?;
    }
    files.sort();
    let mut tests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        for (name, rows) in tests_in(&text) {
            for row in rows {
                let names = tests.entry(row).or_default();
                if !names.contains(&name) {
                    names.push(name.clone());
                }
            }
        }
    }
    Ok(tests)
}

/// Adds all Rust files in `folder`, at any depth.
pub(crate) fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
    Ok(())
}

/// The tests of a file, each with the rows that it names, in its body or in comments directly above it.
fn tests_in(text: &str) -> Vec<(String, Vec<String>)> {
    let begin = Regex::new(r"(?m)(?:^[ \t]*(?://|#\[)[^\n]*\n)*^[ \t]*#\[(?:tokio::)?test\][^{]*?fn (\w+)")
        .expect("it is a pattern");
    let rows = Regex::new(r"\b(R|C-)(\d{2,3})(?: to (?:R|C-)(\d{2,3}))?\b").expect("it is a pattern");
    let begins: Vec<_> = begin.captures_iter(text).collect();
    let ends = begins.iter().skip(1).map(|next| next.get(0).expect("it matched").start());
    let ends: Vec<usize> = ends.chain([text.len()]).collect();
    let named = |body: &str| {
        let number = |text: &str| text.parse::<u16>().expect("a few digits");
        rows.captures_iter(body)
            .flat_map(|found| {
                let (kind, width, first) = (found[1].to_owned(), found[2].len(), number(&found[2]));
                let last = found.get(3).map_or(first, |last| number(last.as_str()));
                (first..=last).map(move |number| format!("{kind}{number:0width$}"))
            })
            .collect()
    };
    let one = |(found, end): (&regex::Captures<'_>, usize)| {
        let body = &text[found.get(0).expect("it matched").start()..end];
        (found[1].to_owned(), named(body))
    };
    begins.iter().zip(ends).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
    }

    /// One row of the table.
    struct Row<'a> {
        name: &'a str,
        kind: &'a str,
        place: &'a str,
        tests: &'a str,
    }

    fn rows(document: &str) -> impl Iterator<Item = Row<'_>> {
        document.lines().filter_map(|line| {
            let name = row(line)?;
            let cells: Vec<&str> = line.strip_suffix(" |")?.split(" | ").collect();
            let [_, kind, .., place, tests] = cells[..] else { return None };
            Some(Row { name, kind, place, tests })
        })
    }

    fn document() -> String {
        fs::read_to_string(root().join("docs/requirements.md")).expect("the table is there")
    }

    #[test]
    fn the_table_is_as_it_would_be_written() {
        run(root(), true).expect("it is current");
    }

    #[test]
    fn every_row_is_there_once_and_in_order() {
        let document = document();
        let names: Vec<&str> = rows(&document).map(|row| row.name).collect();
        let wanted = (1..=373).map(|number| format!("R{number:03}"));
        let wanted: Vec<String> = wanted.chain((1..=42).map(|number| format!("C-{number:02}"))).collect();
        assert_eq!(names, wanted);
    }

    /// What a template, a command or a written file must show is shown by a test, unless it is said to come later.
    #[test]
    fn what_is_built_has_a_test() {
        let document = document();
        let without: Vec<String> = rows(&document)
            .filter(|row| ["T", "C", "F", "L"].contains(&row.kind) && row.tests.is_empty())
            .filter(|row| row.place != "later" && !row.place.starts_with("guide "))
            .map(|row| format!("{} ({})", row.name, row.place))
            .collect();
        assert_eq!(without, [""; 0]);
    }

    #[test]
    fn what_a_row_points_to_exists() {
        let (document, guide) =
            (document(), fs::read_to_string(root().join("docs/guide.md")).expect("the guide is there"));
        let mut constructs = Vec::new();
        rust_files(&root().join("constructs/src"), &mut constructs).expect("the constructs are there");
        let constructs: String =
            constructs.iter().map(|file| fs::read_to_string(file).expect("it can be read")).collect();
        let settings = serde_json::to_value(stacks::Settings::default()).expect("settings are JSON");
        let exists = |kind: &str, name: &str| match kind {
            "construct" => ["struct", "enum"].iter().any(|item| {
                Regex::new(&format!(r"pub {item} {name}\b")).expect("a name").is_match(&constructs)
            }),
            "setting" => has_setting(&settings, name),
            "command" => root().join(format!("src/commands/{}.rs", name.replace('-', "_"))).exists(),
            "template" => name == "fargate-service",
            other => panic!("`{other}` is no kind of place"),
        };
        let places = Regex::new(r"(\w+) `([^`]+)`").expect("it is a pattern");
        let links = Regex::new(r"guide \[([^\]]+)\]\(guide\.md#([a-z0-9-]+)\)").expect("it is a pattern");
        let mut missing = Vec::new();
        for row in rows(&document) {
            for place in places.captures_iter(row.place).filter(|place| !exists(&place[1], &place[2])) {
                missing.push(format!("{}: {} `{}`", row.name, &place[1], &place[2]));
            }
            for link in links.captures_iter(row.place) {
                if !guide
                    .lines()
                    .any(|line| line.trim_start_matches('#').trim() == &link[1] && line.starts_with('#'))
                {
                    missing.push(format!("{}: guide {}", row.name, &link[1]));
                }
                assert_eq!(link[1].to_lowercase().replace(' ', "-"), link[2]);
            }
        }
        assert_eq!(missing, [""; 0]);
    }

    /// `backend.scaling` is a key of a key; what lies in a part that is off by default cannot be looked into.
    fn has_setting(settings: &Value, name: &str) -> bool {
        let mut at = settings;
        for part in name.split('.') {
            match at.get(part) {
                Some(next) => at = next,
                None => return at.is_null(),
            }
        }
        true
    }

    #[test]
    fn rows_are_found_in_the_body_of_their_test() {
        let text = "#[test]\nfn a() {\n    // R001, R003 to R005, C-07\n}\n#[tokio::test]\nasync fn b() {\n    // R010\n}\n";
        assert_eq!(
            tests_in(text),
            [
                ("a".to_owned(), ["R001", "R003", "R004", "R005", "C-07"].map(str::to_owned).to_vec()),
                ("b".to_owned(), vec!["R010".to_owned()]),
            ]
        );
    }
}
