//! Templates of which bytes, lines and parts are cut, doubled, moved and replaced, and files that are nothing at all.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::survive::{samples, survive};

/// What is done to the bytes of a template.
#[derive(Debug, Clone)]
enum Change {
    /// What is between two places goes.
    Cut(Index, Index),
    /// What is between two places is put in at a third.
    Copy(Index, Index, Index),
    /// Some lines follow twice.
    Lines(Index, usize),
    /// What is between two places of another template is put in.
    Splice(Index, Index, Index, Index),
    /// These bytes take the place of as many others.
    Write(Index, Vec<u8>),
    /// All breaks of lines are these.
    Breaks(&'static str),
}

/// Bytes that mean something to a reader of YAML or JSON, or to nobody.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "\u{feff}",
        "\r",
        "\r\n",
        "\n\n",
        "\t",
        "\u{0}",
        "\u{85}",
        "\u{2028}",
        "é",
        "😀",
        "\u{202e}",
        "\u{301}",
        "&a ",
        "*a ",
        "<<: ",
        "? ",
        "- ",
        ": ",
        "--- ",
        "...\n",
        "!Ref ",
        "!Sub ",
        "!!binary ",
        "!<x> ",
        "|\n",
        ">-\n",
        "\"",
        "'",
        "\\",
        "\\u",
        "\\ud800",
        "{",
        "}",
        "[",
        "]",
        "# ",
        "%YAML 9.9\n",
        "1e999",
        "-0",
        "0x",
        ".inf",
        "null",
        "${",
        "Fn::If",
        "Resources:",
        "\"Type\":",
        "Type: ",
        "Properties: ",
    ])
    .prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![3 => known, 1 => prop::collection::vec(any::<u8>(), 1..5)]
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        1 => (place(), place()).prop_map(|(from, to)| Change::Cut(from, to)),
        1 => (place(), place(), place()).prop_map(|(from, to, at)| Change::Copy(from, to, at)),
        1 => (place(), 1_usize..6).prop_map(|(at, many)| Change::Lines(at, many)),
        1 => (place(), place(), place(), place()).prop_map(|(of, from, to, at)| Change::Splice(of, from, to, at)),
        4 => (place(), bytes()).prop_map(|(at, bytes)| Change::Write(at, bytes)),
        1 => prop::sample::select(vec!["\r", "\r\n", "\n\n"]).prop_map(Change::Breaks),
    ]
}

fn between(text: &[u8], from: Index, to: Index) -> std::ops::Range<usize> {
    let (from, to) = (from.index(text.len() + 1), to.index(text.len() + 1));
    from.min(to)..from.max(to)
}

fn put_in(text: &mut Vec<u8>, at: Index, part: Vec<u8>) {
    let at = at.index(text.len() + 1);
    text.splice(at..at, part);
}

impl Change {
    fn make(&self, text: &mut Vec<u8>) {
        match self {
            Change::Cut(from, to) => drop(text.drain(between(text, *from, *to))),
            Change::Copy(from, to, at) => {
                let part = text[between(text, *from, *to)].to_vec();
                put_in(text, *at, part);
            }
            Change::Lines(at, many) => {
                let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
                let first = at.index(lines.len() + 1);
                let again = lines[first..(first + many).min(lines.len())].to_vec();
                lines.splice(first..first, again);
                *text = lines.concat();
            }
            Change::Splice(of, from, to, at) => {
                let samples = samples();
                let other = of.get(&samples).as_bytes();
                put_in(text, *at, other[between(other, *from, *to)].to_vec());
            }
            Change::Write(at, bytes) => {
                let at = at.index(text.len() + 1);
                let end = (at + bytes.len()).min(text.len());
                text.splice(at..end, bytes.iter().copied());
            }
            Change::Breaks(breaks) => {
                *text = String::from_utf8_lossy(text).replace('\n', breaks).into_bytes();
            }
        }
    }
}

/// What is done to a part of a template: the template then has another form.
#[derive(Debug, Clone)]
enum Part {
    Gone,
    Called(&'static str),
    Twice,
    Now(Value),
}

fn part() -> impl Strategy<Value = Part> {
    let keys = vec![
        "",
        "Type",
        "Typ",
        "Propertie",
        "Properties",
        "Resource",
        "Resources",
        "Fn::If",
        "Ref",
        "Condition",
        "DependsOn",
        "Parameter",
        "Output",
        "Fn::ForEach::A",
        "Fn::Transform",
        "Metadata",
        "Value",
        "\u{202e}é",
    ];
    prop_oneof![
        2 => Just(Part::Gone),
        2 => prop::sample::select(keys).prop_map(Part::Called),
        1 => Just(Part::Twice),
        2 => super::strange().prop_map(Part::Now),
    ]
}

/// The template as JSON, of which the entry `at`, counted through all mappings, is made another.
fn with(value: &Value, at: &mut usize, part: &Part) -> String {
    match value {
        Value::Object(map) => {
            let mut entries = Vec::new();
            for (key, value) in map {
                let is_it = *at == 0;
                *at = at.wrapping_sub(1);
                let entry = |key: &str, value: String| format!("{}: {value}", Value::from(key));
                match part {
                    Part::Gone if is_it => {}
                    Part::Called(other) if is_it => entries.push(entry(other, value.to_string())),
                    Part::Twice if is_it => {
                        entries.push(entry(key, value.to_string()));
                        entries.push(entry(key, with(value, &mut 0, &Part::Gone)));
                    }
                    Part::Now(new) if is_it => entries.push(entry(key, new.to_string())),
                    _ => entries.push(entry(key, with(value, at, part))),
                }
            }
            format!("{{{}}}", entries.join(",\n"))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| with(item, at, part)).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

fn entries(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.values().map(|value| 1 + entries(value)).sum(),
        Value::Array(items) => items.iter().map(entries).sum(),
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    // I2
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survive(&String::from_utf8_lossy(&bytes));
    }

    // I2
    #[test]
    fn any_bytes_that_once_were_a_template_are_survived(
        sample in prop::sample::select(samples()),
        changes in prop::collection::vec(change(), 1..5),
    ) {
        let mut bytes = sample.as_bytes().to_vec();
        for change in &changes {
            change.make(&mut bytes);
            bytes.truncate(20_000);
        }
        survive(&String::from_utf8_lossy(&bytes));
    }

    // I2, I6
    #[test]
    fn a_template_with_mistakes_of_form_is_checked_as_far_as_it_goes(
        sample in prop::sample::select(super::sound()),
        at in any::<Index>(),
        part in part(),
    ) {
        let value = super::as_json(sample);
        let mut at = at.index(entries(&value).max(1));
        survive(&with(&value, &mut at, &part));
    }
}
