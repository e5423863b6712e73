//! `validate --explain`: the page of a rule; `validate --list`: all of them.

use std::fmt::Write;

use serde::Serialize;
use serde_json::json;
use template::check::nearest_code;
use template::{Rule, Severity};

use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

#[derive(Serialize)]
struct View {
    code: &'static str,
    severity: Severity,
    title: &'static str,
    text: String,
    fault: &'static str,
    near: &'static str,
}

pub(crate) fn run(code: &str, rules: &[&'static Rule], session: &mut Session<'_>) -> Result {
    let known = |code: &str| rules.iter().copied().find(|rule| rule.code == code);
    let Some(rule) = known(code).or_else(|| nearest_code(code, rules).and_then(known)) else {
        return Err(Failure::usage(unknown(code, rules)));
    };
    if session.printer.json() {
        session.printer.result_json(&View {
            code: rule.code,
            severity: rule.severity,
            title: rule.title(),
            text: rule.text(),
            fault: rule.fault,
            near: rule.near,
        })?;
    } else {
        session.printer.result(&page(rule))?;
    }
    Ok(Exit::Done)
}

/// All rules, one a line.
pub(crate) fn list(rules: &[&'static Rule], session: &mut Session<'_>) -> Result {
    if session.printer.json() {
        let row = |rule: &&'static Rule| json!({ "code": rule.code, "severity": rule.severity, "title": rule.title() });
        session.printer.result_json(&json!({ "rules": rules.iter().map(row).collect::<Vec<_>>() }))?;
    } else {
        let width = rules.iter().map(|rule| rule.code.len()).max().unwrap_or_default();
        let row = |rule: &&'static Rule| {
            format!("{:width$}  {:7}  {}\n", rule.code, word(rule.severity), rule.title())
        };
        session.printer.result(&rules.iter().map(row).collect::<String>())?;
    }
    Ok(Exit::Done)
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn page(rule: &Rule) -> String {
    let mut text = format!("{} ({}): {}\n", rule.code, word(rule.severity), rule.title());
    for (title, paragraph) in
        [("", rule.text().as_str()), ("It is found here:", rule.fault), ("It is not found here:", rule.near)]
    {
        if paragraph.trim().is_empty() {
            continue;
        }
        text.push('\n');
        if title.is_empty() {
            let _ = writeln!(text, "{paragraph}");
            continue;
        }
        let _ = writeln!(text, "{title}\n");
        for line in paragraph.trim_end().lines() {
            let _ = writeln!(text, "{}", format!("    {line}").trim_end());
        }
    }
    text
}

fn unknown(code: &str, rules: &[&'static Rule]) -> Problem {
    let problem = Problem::error("usage/unknown-rule", format!("no rule has the code `{code}`"));
    if code.to_ascii_uppercase().starts_with("DC") {
        return Problem::error("usage/unknown-rule", format!("`{code}` has no page")).hint(
            "codes with `DC` are mistakes in the code of a stack; each says all there is where it is found",
        );
    }
    let near = rules.iter().find(|rule| strsim::levenshtein(&code.to_uppercase(), rule.code) == 1);
    let all = "`docuthinker validate --list` names all rules";
    match near {
        Some(rule) => {
            problem.hint(format!("did you mean `{}`, {}? {all}", rule.code, lowercase(rule.title())))
        }
        None => problem.hint(all),
    }
}

fn lowercase(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
