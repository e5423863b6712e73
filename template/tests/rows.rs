//! The 52 faults of an architecture on Fargate, each in the smallest template that has it.
//!
//! The pair of the rule shows most of them. Where a rule finds more than one fault, or its pair has another form, the
//! fault has a pair of its own in `rows/`, named by its row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use template::check::{Check, Finding, rules};
use template::{Severity, Template};

/// Each row with the codes that find it.
#[rustfmt::skip]
const ROWS: [(&str, &[&str]); 52] = [
    ("F01", &["DT110"]), ("F02", &["DT119"]), ("F03", &["DT115"]), ("F04", &["DT030"]), ("F05", &["DT072"]),
    ("F06", &["DT071"]), ("F07", &["DT073"]), ("F08", &["DT094"]), ("F09", &["DT031"]), ("F10", &["DT133"]),
    ("F11", &["DT051"]), ("F12", &["DT052"]), ("F13", &["DT064"]), ("F14", &["DT074"]), ("F15", &["DT076"]),
    ("F16", &["DT092"]), ("F17", &["DT093"]), ("F18", &["DT080"]), ("F19", &["DT081"]), ("F20", &["DT053", "DT054"]),
    ("F21", &["DT112"]), ("F22", &["DT113"]), ("F23", &["DT039"]), ("F24", &["DT044"]), ("F25", &["DT045"]),
    ("F26", &["DT056"]), ("F27", &["DT132"]), ("F28", &["DT057"]), ("F29", &["DT095"]), ("F30", &["DT061"]),
    ("F31", &["DT062"]), ("F32", &["DT009", "DT060"]), ("F33", &["DT037"]), ("F34", &["DT038"]), ("F35", &["DT058"]),
    ("F36", &["DT118"]), ("F37", &["DT086"]), ("F38", &["DT100"]), ("F39", &["DT033"]), ("F40", &["DT032"]),
    ("F41", &["DT034"]), ("F42", &["DT105", "DT106"]), ("F43", &["DT134"]), ("F44", &["DT084"]), ("F45", &["DT088"]),
    ("F46", &["DT089"]), ("F47", &["DT077"]), ("F48", &["DT075"]), ("F49", &["DT036"]), ("F50", &["DT071"]),
    ("F51", &["DT002"]), ("F52", &["DT059"]),
];

/// Rules of which the own pair is about something else: their rows have files.
const OF_OTHER_FORM: [&str; 2] = ["DT002", "DT009"];

/// A pair of files: what is before `.fault.yaml`, and the two templates.
struct Pair {
    name: String,
    fault: String,
    near: String,
}

#[expect(clippy::disallowed_methods, reason = "the examples are files")]
fn pairs() -> Vec<Pair> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rows");
    let mut pairs: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are text").to_owned();
        let (name, kind) = name.split_once('.').expect("names have an end");
        let at = ["fault.yaml", "near.yaml"].iter().position(|known| *known == kind);
        let at = at.unwrap_or_else(|| panic!("{name}.{kind} is of no pair"));
        pairs.entry(name.to_owned()).or_default()[at] =
            Some(std::fs::read_to_string(path).expect("it is text"));
    }
    let pair = |(name, [fault, near]): (String, [Option<String>; 2])| {
        let missing = || -> String { panic!("{name} is no pair") };
        Pair { fault: fault.unwrap_or_else(missing), near: near.unwrap_or_else(missing), name: name.clone() }
    };
    pairs.into_iter().map(pair).collect()
}

fn findings(text: &str) -> Vec<Finding> {
    let document = Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    Check::default().document(&document).findings
}

#[test]
fn each_pair_of_a_row_has_its_fault_and_no_other_error_and_its_near_miss_has_neither() {
    let mut wrong: Vec<String> = Vec::new();
    for Pair { name, fault, near } in pairs() {
        let row = name.split('-').next().unwrap_or_default();
        let Some((_, codes)) = ROWS.iter().find(|(known, _)| *known == row) else {
            panic!("{name} is no row")
        };
        let found = findings(&fault);
        if !found.iter().any(|finding| codes.contains(&finding.code())) {
            wrong.push(format!("{name}: not found by any of {codes:?}"));
        }
        let other =
            |finding: &&Finding| finding.severity() == Severity::Error && !codes.contains(&finding.code());
        wrong.extend(found.iter().filter(other).map(|finding| format!("{name}: another error: {finding}")));
        for finding in findings(&near) {
            if codes.contains(&finding.code()) || finding.severity() == Severity::Error {
                wrong.push(format!("{name}: found in the near miss: {finding}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_row_is_shown_by_a_rule_of_its_own_or_by_files_of_its_own() {
    let pairs = pairs();
    let files: BTreeSet<&str> = pairs.iter().filter_map(|pair| pair.name.split('-').next()).collect();
    let known: BTreeSet<&str> = rules().iter().map(|rule| rule.code).collect();
    for (number, (row, codes)) in ROWS.iter().enumerate() {
        assert_eq!(*row, format!("F{:02}", number + 1));
        assert!(codes.iter().all(|code| known.contains(code)), "{row}");
        let serves_one = |code: &&str| ROWS.iter().filter(|(_, codes)| codes.contains(code)).count() == 1;
        let by_rule = codes.iter().any(|code| serves_one(code) && !OF_OTHER_FORM.contains(code));
        assert!(by_rule || files.contains(row), "{row} has no pair in its own form");
    }
}
