//! A report as SARIF 2.1.0, the form that code scanning and editors read.
//!
//! Source: [SARIF 2.1.0][oasis]; a test holds what is written against its schema.
//!
//! [oasis]: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use template::{Rule, Severity as RuleSeverity};

use crate::problem::Severity;
use crate::report::{AllowedItem, Item, Place, Report};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

/// The page with all rules; a rule's own part has its code in lower case as its name.
const RULES_PAGE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/rules.md");

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    /// Columns are counted in characters, not in UTF-16 units.
    column_kind: &'static str,
    results: Vec<Outcome<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Descriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_configuration: Option<Configuration>,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Serialize)]
struct Suppression<'a> {
    kind: &'static str,
    justification: &'a str,
}

/// One run with every finding; what is allowed is among them, as suppressed.
pub(super) fn write(report: &Report, rules: &[&'static Rule]) -> String {
    let mut codes: Vec<&str> = Vec::new();
    let items = report.found.iter().chain(report.allowed.iter().map(|allowed| &allowed.item));
    for item in items.clone() {
        if !codes.contains(&item.problem.code) {
            codes.push(item.problem.code);
        }
    }
    codes.sort_unstable();
    let descriptor = |code: &&'static str| {
        let used = items.clone().find_map(|item| item.rule.filter(|rule| rule.code == *code));
        descriptor(code, used.or_else(|| rules.iter().copied().find(|rule| rule.code == *code)))
    };
    let mut fingerprints = Fingerprints::default();
    let mut results: Vec<Outcome<'_>> =
        report.found.iter().map(|item| outcome(item, &codes, &mut fingerprints)).collect();
    for AllowedItem { item, reason, in_source } in &report.allowed {
        let kind = if *in_source { "inSource" } else { "external" };
        let mut result = outcome(item, &codes, &mut fingerprints);
        result.suppressions.push(Suppression { kind, justification: reason });
        results.push(result);
    }
    let driver = Driver {
        name: "docuthinker",
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: env!("CARGO_PKG_REPOSITORY"),
        rules: codes.iter().map(descriptor).collect(),
    };
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    let text = serde_json::to_string_pretty(&log).expect("a view of ours has text keys and finite numbers");
    format!("{text}\n")
}

fn descriptor<'a>(code: &'a str, rule: Option<&'static Rule>) -> Descriptor<'a> {
    Descriptor {
        id: code,
        short_description: rule.map(|rule| Message { text: rule.title().to_owned() }),
        help: rule.map(|rule| Help { text: help(rule), markdown: help(rule) }),
        help_uri: rule
            .filter(|rule| template::check::rules().iter().any(|ours| ours.code == rule.code))
            .map(|rule| format!("{RULES_PAGE}#{}", rule.code.to_lowercase())),
        default_configuration: rule.map(|rule| Configuration {
            level: match rule.severity {
                RuleSeverity::Error => "error",
                RuleSeverity::Warning => "warning",
            },
        }),
    }
}

/// The rule's page.
fn help(rule: &Rule) -> String {
    let text = rule.text();
    if text.is_empty() { rule.title().to_owned() } else { text }
}

fn outcome<'a>(item: &'a Item, codes: &[&str], fingerprints: &mut Fingerprints) -> Outcome<'a> {
    let problem = &item.problem;
    let text = match &problem.hint {
        Some(hint) => format!("{}; {hint}", problem.message),
        None => problem.message.clone(),
    };
    Outcome {
        rule_id: problem.code,
        rule_index: codes.iter().position(|code| *code == problem.code).unwrap_or_default(),
        level: match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: Message { text },
        locations: location(item).into_iter().collect(),
        partial_fingerprints: BTreeMap::from([("docuthinker/v1", fingerprints.of(item))]),
        suppressions: Vec::new(),
    }
}

fn location(item: &Item) -> Option<Location> {
    let named = |name: &str, kind| LogicalLocation { fully_qualified_name: name.to_owned(), kind };
    let mut logical_locations = Vec::new();
    logical_locations.extend(item.construct.as_ref().map(|construct| named(construct, "type")));
    if !item.path.is_empty() {
        logical_locations.push(named(&item.path, "property"));
    }
    let physical_location = item.place.as_ref().map(physical);
    (physical_location.is_some() || !logical_locations.is_empty())
        .then_some(Location { physical_location, logical_locations })
}

fn physical(place: &Place) -> PhysicalLocation {
    PhysicalLocation {
        artifact_location: ArtifactLocation { uri: uri(&place.file) },
        region: Region { start_line: place.line, start_column: place.column, end_column: place.end_column },
    }
}

/// The file's name as a URI reference: relative to the folder of the run, unless it is absolute.
fn uri(file: &str) -> String {
    use std::fmt::Write;
    let mut text = String::from(if Path::new(file).is_absolute() { "file://" } else { "" });
    let file = file.strip_prefix("./").unwrap_or(file);
    for byte in file.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => text.push('/'),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

/// What tells that a finding of tomorrow is one of today: the rule and the place by name, and not the line or the
/// value, which change while nothing is repaired.
#[derive(Default)]
struct Fingerprints {
    seen: BTreeMap<u64, u32>,
}

impl Fingerprints {
    fn of(&mut self, item: &Item) -> String {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let (template, construct) = (or_empty(&item.template), or_empty(&item.construct));
        let parts = [item.problem.code, &template, &construct, &item.path];
        let base = fnv(parts.join("\u{0}").as_bytes());
        let number = self.seen.entry(base).or_default();
        *number += 1;
        format!("{base:016x}:{number}")
    }
}

/// The hash FNV-1a of 64 bits, which is the same in every version and on every machine.
///
/// Source: RFC 9923, "The FNV Non-Cryptographic Hash Algorithm".
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_becomes_a_reference_that_is_valid() {
        assert_eq!(uri("a b/ü#.yaml"), "a%20b/%C3%BC%23.yaml");
        assert_eq!(uri("./a.yaml"), "a.yaml");
        assert_eq!(uri("/tmp/a.yaml"), "file:///tmp/a.yaml");
    }
}
