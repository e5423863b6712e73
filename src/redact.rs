//! What may be a credential does not come into what is printed: neither into messages nor into the lines of a file that
//! are shown around a finding, whichever finding it is; and what a user gave for a `NoEcho` parameter comes into nothing.

use std::borrow::Cow;

use serde_json::Value;
use template::check::Report;
use template::{Finding, Path, Step, Template};

use crate::problem::Printable;

/// Pieces of text that are not shown.
#[derive(Debug, Default)]
pub(crate) struct Redaction(Vec<String>);

/// Shorter pieces stand in any text.
const LEAST: usize = 3;

impl Redaction {
    /// What must not be shown of a template in which this was found.
    pub(crate) fn of(template: &Template, report: &Report) -> Redaction {
        let allowed = report.allowed.iter().map(|allowed| &allowed.finding);
        let secrets: Vec<&Finding> =
            report.findings.iter().chain(allowed).filter(|found| found.rule.is_secret).collect();
        let masked = template.parameters.iter().filter(|(_, parameter)| parameter.no_echo);
        let masked = masked.map(|(name, _)| Path::of(["Parameters", name, "Default"]));
        let paths: Vec<Path> = secrets.iter().map(|found| found.path.clone()).chain(masked).collect();
        let mut pieces = words(&texts(template, &paths));
        // The longer first, so that none is left of them.
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
        pieces.dedup();
        Redaction(pieces)
    }

    /// The text with dots in place of what is not shown; no character changes its column.
    pub(crate) fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut shown = Cow::Borrowed(text);
        for piece in &self.0 {
            if shown.contains(piece.as_str()) {
                shown = Cow::Owned(shown.replace(piece.as_str(), &"•".repeat(piece.chars().count())));
            }
        }
        shown
    }
}

/// Values that are given in this run and shown in none of its words: AWS repeats in the reason of a failure what a
/// resource was made with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Concealed(Vec<String>);

/// What CloudFormation itself shows instead of the value of a `NoEcho` parameter.
const STARS: &str = "****";
/// How often a value may stand in quotes within quotes: AWS repeats JSON in which there is JSON, and we make JSON of it.
const QUOTED: usize = 3;
/// What stands for the rest of a text that was too long, and for what was taken out of one.
const CUT: char = '…';

impl Concealed {
    /// Nothing that is concealed yet.
    pub(crate) const fn nothing() -> Concealed {
        Concealed(Vec::new())
    }

    /// Conceals these values too. Those of fewer than four characters stand in any text and are not secrets.
    pub(crate) fn add(&mut self, values: impl IntoIterator<Item = String>) {
        for value in values {
            let printable = Printable(&value).to_string();
            let lines = value.lines().map(str::to_owned).collect::<Vec<_>>();
            for mut form in [value, printable].into_iter().chain(lines) {
                for _ in 0..=QUOTED {
                    let next = quoted(&form);
                    self.0.extend([in_one_line(&form), form].into_iter().filter(|form| is_long(form)));
                    form = next;
                }
            }
        }
        // The longer first, so that none is left of them.
        self.0.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.0.dedup();
    }

    /// The text with stars in place of each value, also of the part of one that is left where a text was cut.
    pub(crate) fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut shown = self.hide_parts(text);
        for value in &self.0 {
            if shown.contains(value.as_str()) {
                shown = Cow::Owned(shown.replace(value.as_str(), STARS));
            }
        }
        shown
    }

    /// As [`Concealed::hide`], in every text of a JSON value: keys and numbers are ours, and a program must be able to
    /// read it.
    pub(crate) fn hide_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(shown) = self.hide(text) {
                    *text = shown;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.hide_in(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// `value is swordf…` and `value is swor[…]ish` still tell most of it.
    fn hide_parts<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.0.is_empty() || !text.contains(CUT) {
            return Cow::Borrowed(text);
        }
        let mut shown = String::new();
        let mut done = 0;
        for (begin, end) in self.parts(text) {
            if end > done && begin < end {
                shown += text.get(done..begin).unwrap_or_default();
                shown += STARS;
                done = end;
            }
        }
        Cow::Owned(shown + &text[done..])
    }

    /// Where parts of values stand beside a cut, in order.
    fn parts(&self, text: &str) -> Vec<(usize, usize)> {
        let mut parts = Vec::new();
        for (at, _) in text.match_indices(CUT) {
            let before = text[..at].strip_suffix('[').unwrap_or(&text[..at]);
            parts.push((before.len() - self.longest(|value| begun_at_the_end(value, before)), before.len()));
            let after = &text[at + CUT.len_utf8()..];
            let after = after.strip_prefix(']').unwrap_or(after);
            let begin = text.len() - after.len();
            parts.push((begin, begin + self.longest(|value| ended_at_the_beginning(value, after))));
        }
        parts
    }

    fn longest(&self, of: impl Fn(&str) -> usize) -> usize {
        self.0.iter().map(|value| of(value)).max().unwrap_or_default()
    }
}

fn is_long(text: &str) -> bool {
    text.chars().count() > LEAST
}

/// The text as it stands between the quotes of a JSON text.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap_or_default();
    json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// The text as everything that AWS says is shown: without control characters, and with single spaces.
fn in_one_line(text: &str) -> String {
    // The same as of `cloud`, which has cleaned it before we see it.
    let reorders =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = text.chars().map(|c| if c.is_control() || reorders(c) { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many bytes of the beginning of `value` the text ends with; none, if that is too short to be one.
fn begun_at_the_end(value: &str, text: &str) -> usize {
    let ends = value.char_indices().map(|(at, _)| at).chain([value.len()]).skip(LEAST + 1);
    ends.filter(|end| text.ends_with(&value[..*end])).max().unwrap_or_default()
}

/// How many bytes of the end of `value` the text begins with; none, if that is too short to be one.
fn ended_at_the_beginning(value: &str, text: &str) -> usize {
    let begins = value.char_indices().map(|(at, _)| at).rev().skip(LEAST);
    begins
        .filter(|begin| text.starts_with(&value[*begin..]))
        .map(|begin| value.len() - begin)
        .max()
        .unwrap_or_default()
}

fn at<'v>(value: &'v Value, path: &Path) -> &'v Value {
    path.steps().fold(value, |value, step| match step {
        Step::Key(key) => &value[key],
        Step::Index(index) => &value[index],
    })
}

/// All texts at these places.
pub(crate) fn texts(template: &Template, paths: &[Path]) -> Vec<String> {
    if paths.is_empty() {
        return Vec::new();
    }
    let json: Value = serde_json::from_str(&template.to_json()).unwrap_or_default();
    let mut texts = Vec::new();
    for path in paths {
        let is_parameter = path.steps().len() == 2 && path.steps().next() == Some(Step::Key("Parameters"));
        let default = is_parameter.then(|| path.key("Default"));
        collect(at(&json, default.as_ref().unwrap_or(path)), &mut texts);
    }
    texts
}

/// The words of texts: a file may break a text into lines at any of its spaces.
fn words(texts: &[String]) -> Vec<String> {
    let words = texts.iter().flat_map(|text| text.split_whitespace());
    words.filter(|word| word.chars().count() >= LEAST).map(str::to_owned).collect()
}

/// All texts and numbers below.
fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        // A reference is no secret.
        Value::Object(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Whether a line of a file that cannot be read may hold a credential.
pub(crate) fn may_be_secret(line: &str) -> bool {
    const WORDS: [&str; 9] =
        ["password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "private", "credential"];
    let line = line.to_ascii_lowercase();
    WORDS.iter().any(|word| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    // S1
    #[test]
    fn a_value_is_concealed_in_every_form_in_which_it_may_be_written() {
        let mut concealed = Concealed::default();
        concealed.add(["pass\"word".to_owned(), "-----BEGIN\nline of a key".to_owned(), "no".to_owned()]);
        let text = "no: pass\"word, {\"x\":\"pass\\\"word\"}, line of a key";
        assert_eq!(concealed.hide(text), "no: ****, {\"x\":\"****\"}, ****");
        assert!(matches!(concealed.hide("nothing to hide"), Cow::Borrowed(_)));
    }

    // S1
    #[test]
    fn what_is_left_of_a_value_where_a_text_was_cut_is_concealed() {
        let mut concealed = Concealed::default();
        concealed.add(["open sesame now".to_owned()]);
        let shown = |text: &str| concealed.hide(text).into_owned();
        assert_eq!(shown("value open ses… and o…"), "value ****… and o…");
        assert_eq!(shown("value open […] now. […]same now."), "value ****[…]****. […]****.");
        assert_eq!(shown("open… sesame now"), "****…****");
        assert_eq!(shown("opening… new"), "opening… new");
    }

    // S1
    #[test]
    fn a_program_can_read_what_is_left_of_json() {
        let mut concealed = Concealed::default();
        concealed.add(["1000".to_owned(), "stack".to_owned(), "a\"\\\nb".to_owned()]);
        let mut value =
            serde_json::json!({ "stack": 1000, "says": ["1000 of stack", r#"{"x":"a\"\\\nb"}"#] });
        concealed.hide_in(&mut value);
        assert_eq!(value, serde_json::json!({ "stack": 1000, "says": ["**** of ****", r#"{"x":"****"}"#] }));
    }
}
