//! Mistakes that the compiler refuses, each with what it then says.

use std::collections::BTreeSet;

#[test]
fn mistakes_that_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

/// The second and third column of each row of the page.
fn rows() -> Vec<(String, String)> {
    let page = include_str!("../../../docs/impossible.md");
    let cell = |line: &str, at: usize| line.split('|').nth(at).unwrap_or_default().trim().to_owned();
    let lines = page.lines().filter(|line| line.starts_with("| F"));
    lines.map(|line| (cell(line, 1), cell(line, 3))).collect()
}

/// What is said to be impossible has a case of its row, and what is reported the code of a rule.
#[test]
#[expect(clippy::disallowed_methods, reason = "the cases are files")]
fn every_common_fault_is_impossible_or_reported() {
    let rows = rows();
    let names: Vec<&str> = rows.iter().map(|(row, _)| row.as_str()).collect();
    let all: Vec<String> = (1..=52).map(|row| format!("F{row:02}")).collect();
    assert_eq!(names, all);
    let mut cases = BTreeSet::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ui")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(case) =
            name.strip_suffix(".rs").filter(|name| name.starts_with('f') && &name[3..4] == "_")
        {
            cases.insert(case.to_owned());
        }
    }
    let known: BTreeSet<&str> = template::check::rules().iter().map(|rule| rule.code).collect();
    for (row, said) in &rows {
        if let Some(case) = said.strip_prefix("impossible: `").and_then(|rest| rest.strip_suffix('`')) {
            assert!(case.starts_with(&format!("{}_", row.to_lowercase())), "{row}: {case}");
            assert!(cases.remove(case), "{row}: there is no tests/ui/{case}.rs");
        } else {
            let codes: Vec<&str> = said.split(", ").collect();
            let is_known = |code: &&str| known.contains(*code) || code.starts_with("DC");
            assert!(codes.iter().all(is_known) && codes[0].starts_with("DT"), "{row}: {said}");
        }
    }
    assert!(cases.is_empty(), "not in docs/impossible.md: {cases:?}");
}
