//! Findings at any place of any file are written in every form: nothing panics, every place is inside of the file, and
//! nothing comes out that a terminal obeys, that ends an annotation, or that is a credential.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use template::Path;
use template::check::{Allowed, Report as Found, rules};

use super::*;
use crate::report::ReportFormat;
use crate::templates::understood;

/// The default of a parameter that is not shown; also as a word of the files.
const SECRET: &str = "pa55-wört-😀";

/// What `validate` writes about a file of which this was found.
fn report(file: &TemplateFile, found: &Found) -> Report {
    let writer = Writer::of(Subject::File(file), found);
    let allowed = found.allowed.iter().map(|allowed| AllowedItem {
        item: writer.item(&allowed.finding),
        reason: allowed.reason.clone(),
        in_source: allowed.in_template,
    });
    Report {
        templates: 1,
        found: found.findings.iter().map(|finding| writer.item(finding)).collect(),
        allowed: allowed.collect(),
        shows_each: true,
        columns: Some(80),
        ..Report::default()
    }
}

/// The text of each line, as editors count them.
fn all_lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.split('\n').map(str::to_owned).collect()
}

/// Where lines and columns of a place are told, they are in the file.
#[track_caller]
fn inside(lines: &[String], line: &Value, column: &Value, end: &Value) {
    let number = |value: &Value| value.as_u64().map(|it| usize::try_from(it).expect("it is small"));
    let Some(text) = number(line).and_then(|line| lines.get(line.checked_sub(1)?)) else {
        panic!("{line} is no line of {}", lines.len())
    };
    let last = text.chars().count() + 1;
    let (column, end) = (number(column).expect("a column"), number(end).unwrap_or(last));
    assert!((1..=last).contains(&column) && (column..=last).contains(&end), "{column} to {end} of {text:?}");
}

/// Writes the report in every form and looks at what was written.
#[track_caller]
fn written(report: &Report, text: &str) {
    let lines = all_lines(text);
    let known = rules();
    let all: Vec<String> =
        [ReportFormat::Text, ReportFormat::Json, ReportFormat::Sarif, ReportFormat::Github]
            .map(|format| report.write(format, &known))
            .into();
    let obeyed = |c: char| (c.is_control() && !['\n', '\t'].contains(&c)) || c == '\u{202e}';
    for text in [&without_colours(&all[0]), &all[3]] {
        assert!(!text.contains(obeyed), "{text:?}");
    }
    let json: Value = serde_json::from_str(&all[1]).expect("JSON");
    for finding in json["findings"].as_array().expect("findings") {
        inside(&lines, &finding["line"], &finding["column"], &finding["endColumn"]);
    }
    let sarif: Value = serde_json::from_str(&all[2]).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), report.found.len() + report.allowed.len());
    for result in results {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        inside(&lines, &region["startLine"], &region["startColumn"], &region["endColumn"]);
    }
    let annotations: Vec<&str> = all[3].lines().collect();
    assert_eq!(annotations.len(), report.found.len() + 1, "{}", all[3]);
    let is_one = |line: &&&str| line.starts_with("::error ") || line.starts_with("::warning ");
    assert_eq!(annotations.iter().filter(is_one).count(), report.found.len());
}

/// Without the commands that set colours, and with all others.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        all + &rest.strip_prefix('m').map_or_else(|| format!("\u{1b}[{part}"), str::to_owned)
    })
}

/// Pieces of which lines are made.
fn piece() -> impl Strategy<Value = String> {
    let known = vec![
        "a: ",
        "- ",
        "{b: [",
        "]}",
        "\"",
        "'",
        "# ",
        "\t",
        "é",
        "名前",
        "😀",
        "e\u{301}",
        "\u{202e}",
        "\u{0}",
        "\u{1b}[2J",
        "\u{feff}",
        "\u{2028}",
        "%0A::error::",
        "•",
        SECRET,
        " ",
        "",
    ];
    prop_oneof![
        8 => prop::sample::select(known).prop_map(str::to_owned),
        1 => "[a-z é]{0,20}",
        1 => (0_usize..3_000).prop_map(|length| "x".repeat(length)),
    ]
}

/// Lines with breaks of every kind.
fn text() -> impl Strategy<Value = String> {
    let line = prop::collection::vec(piece(), 0..6).prop_map(|pieces| pieces.concat());
    let ending = prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n"]);
    prop::collection::vec((line, ending).prop_map(|(line, ending)| line + ending), 0..8)
        .prop_flat_map(|lines| (Just(lines.concat()), piece()))
        .prop_map(|(text, rest)| text + &rest)
}

/// A place in the text, often at an end of a line.
fn place(text: &str, line: Index, column: Index, at_end: bool) -> Position {
    let lines = all_lines(text);
    let line = line.index(lines.len());
    let length = lines[line].chars().count();
    let column = if at_end { length } else { column.index(length + 1) };
    let count = |number: usize| u32::try_from(number + 1).expect("it is small");
    Position { line: count(line), column: count(column) }
}

/// A file of this text; the template is another, with something that is not shown.
fn file(text: &str) -> TemplateFile {
    let template =
        format!("Parameters: {{K: {{Type: String, NoEcho: true, Default: '{SECRET}'}}}}\nResources: {{}}\n");
    let document = Template::parse(&template, "t.yaml").expect("it is a template");
    TemplateFile { name: "a b,%:é.yaml".to_owned(), stack: None, text: text.to_owned(), document }
}

fn any_rule(rule: Index) -> &'static Rule {
    let all = rules();
    all[rule.index(all.len())]
}

fn finding(rule: Index, path: &[String], message: &str, position: Position) -> Finding {
    let mut place = Path::new();
    for key in path {
        place.push_key(key);
    }
    let mut finding = Finding::new(any_rule(rule), &place, message);
    finding.position = Some(position);
    finding.hint(format!("not {message}"));
    finding
}

/// What is read and checked of a file, or why it cannot be, and what is written about it.
#[track_caller]
fn validated(text: &str, name: &str) {
    let report = match understood(text.to_owned(), name.to_owned()) {
        Ok(file) => {
            let check = Check { region: Some("eu-central-2"), ..Check::default() };
            report(&file, &check.document(&file.document))
        }
        Err(problems) => {
            let items = problems.into_iter().map(|(problem, position)| unreadable(name, problem, position));
            Report { templates: 1, found: items.collect(), shows_each: true, ..Report::default() }
        }
    };
    written(&report, text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    // I2, S1
    #[test]
    fn a_finding_at_any_place_of_any_file_is_written_in_every_form(
        text in text(),
        places in prop::collection::vec((any::<Index>(), any::<Index>(), any::<bool>()), 1..5),
        rule in any::<Index>(),
        path in prop::collection::vec(piece(), 0..4),
        message in prop::collection::vec(piece(), 1..4),
    ) {
        let file = file(&text);
        let message = message.concat();
        let findings = places.iter().map(|(line, column, at_end)| {
            finding(rule, &path, &message, place(&text, *line, *column, *at_end))
        });
        let mut found = Found { findings: findings.collect(), ..Found::default() };
        if let Some(finding) = found.findings.pop() {
            found.allowed.push(Allowed { finding, reason: message.clone(), in_template: true });
        }
        let report = report(&file, &found);
        written(&report, &text);
        for item in &report.found {
            let excerpt = item.problem.excerpt.as_deref().unwrap_or_default();
            prop_assert!(!excerpt.contains(SECRET) && !item.problem.message.contains(SECRET), "{excerpt}");
            for row in excerpt.lines() {
                prop_assert!(unicode_width::UnicodeWidthStr::width(row) < 120, "{row}");
            }
        }
    }

    /// A place that the file does not have comes from no reader, and still ends nothing.
    #[test]
    fn a_place_beyond_the_file_is_no_panic(text in text(), line: u32, column: u32, rule in any::<Index>()) {
        let found = Found {
            findings: vec![finding(rule, &[], "wrong", Position { line, column })],
            ..Found::default()
        };
        let report = report(&file(&text), &found);
        for format in [ReportFormat::Text, ReportFormat::Json, ReportFormat::Sarif, ReportFormat::Github] {
            prop_assert!(!report.write(format, &rules()).is_empty());
        }
    }

    // I2
    #[test]
    fn what_was_a_template_before_it_was_torn_is_written_about_in_every_form(
        rule in any::<Index>(),
        tears in prop::collection::vec((any::<Index>(), 0_usize..30, piece()), 0..4),
        breaks in prop::sample::select(vec!["\n", "\n", "\r\n", "\r"]),
        name in prop::sample::select(vec!["t.yaml", "t.json"]),
    ) {
        let mut bytes = any_rule(rule).fault.replace('\n', breaks).into_bytes();
        for (at, gone, put) in &tears {
            let at = at.index(bytes.len() + 1);
            let end = (at + gone).min(bytes.len());
            bytes.splice(at..end, put.bytes());
        }
        let text = String::from_utf8_lossy(&bytes);
        validated(text.strip_prefix('\u{feff}').unwrap_or(&text), name);
    }

    // I2
    #[test]
    fn any_file_is_written_about_in_every_form(text in text(), name in prop::sample::select(vec!["t.yaml", "t.json"])) {
        validated(text.strip_prefix('\u{feff}').unwrap_or(&text), name);
    }
}
