//! What may be a credential does not come into what is printed: neither into messages nor into the lines of a file that
//! are shown around a finding, whichever finding it is; and what a user gave for a `NoEcho` parameter comes into nothing.

use std::borrow::Cow;

use serde_json::Value;
use template::check::Report;
use template::{Finding, Path, Step, Template};

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
    pub(crate) fn hide(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for piece in &self.0 {
            if shown.contains(piece.as_str()) {
                shown = shown.replace(piece.as_str(), &"•".repeat(piece.chars().count()));
            }
        }
        shown
    }
}

/// The texts of a template that may be credentials.
pub(crate) fn secrets_of(template: &Template) -> Vec<String> {
    texts(template, &template::check::secret_paths(template))
}

/// Values that are given in this run and shown in none of its words: AWS repeats in the reason of a failure what a
/// resource was made with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Concealed(Vec<String>);

/// What CloudFormation itself shows instead of the value of a `NoEcho` parameter.
const STARS: &str = "****";

impl Concealed {
    /// Conceals these values too. Those of fewer than four characters stand in any text and are not secrets.
    pub(crate) fn add(&mut self, values: impl IntoIterator<Item = String>) {
        for value in values {
            let json = serde_json::to_string(&value).unwrap_or_default();
            let lines: Vec<String> = value.lines().map(str::to_owned).collect();
            let forms = [value, json.trim_matches('"').to_owned()];
            self.0.extend(forms.into_iter().chain(lines).filter(|form| form.chars().count() > LEAST));
        }
        // The longer first, so that none is left of them.
        self.0.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.0.dedup();
    }

    /// The text with stars in place of each value.
    pub(crate) fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut shown = Cow::Borrowed(text);
        for value in &self.0 {
            if shown.contains(value.as_str()) {
                shown = Cow::Owned(shown.replace(value.as_str(), STARS));
            }
        }
        shown
    }
}

fn at<'v>(value: &'v Value, path: &Path) -> &'v Value {
    path.steps().fold(value, |value, step| match step {
        Step::Key(key) => &value[key],
        Step::Index(index) => &value[index],
    })
}

/// All texts at these places.
fn texts(template: &Template, paths: &[Path]) -> Vec<String> {
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
}
