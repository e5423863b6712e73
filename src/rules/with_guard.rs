//! Rules for Guard as rules of our own: what they find has a code, can be allowed, and is shown as all findings are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use template::{Finding, Rule, Severity, Template};

use crate::exit::Exit;
use crate::files;
use crate::guard::{self, Mistake, RulesFile};
use crate::problem::{Failure, Problem, Result};

/// The end of the names of files with rules.
const EXTENSION: &str = "guard";

/// The rules of some files.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    files: Vec<RulesFile>,
    /// The rules that found something, by name.
    known: BTreeMap<String, &'static Rule>,
}

impl Rules {
    /// Reads these files, and the files ending in `.guard` in these folders.
    pub(crate) fn read(named: impl Iterator<Item = PathBuf>) -> Result<Rules> {
        let mut rules = Rules::default();
        for path in named {
            for file in files_at(&path)? {
                let text = files::read_text(&file, "rules")?;
                rules.files.push(RulesFile { name: file.display().to_string(), text });
            }
        }
        Ok(rules)
    }

    /// The rules that found something so far; Guard does not name the others.
    pub(crate) fn known(&self) -> Vec<&'static Rule> {
        self.known.values().copied().collect()
    }

    /// What the rules find in a template.
    ///
    /// # Errors
    ///
    /// All files that cannot be used.
    pub(crate) fn findings(&mut self, template: &Template) -> Result<Vec<Finding>> {
        if self.files.is_empty() {
            return Ok(Vec::new());
        }
        let outcome = guard::check(&self.files, template);
        if !outcome.mistakes.is_empty() {
            let problems = outcome.mistakes.iter().map(|mistake| self.problem(mistake)).collect();
            return Err(Failure::new(Exit::Refused, problems));
        }
        Ok(outcome.findings.iter().map(|found| self.finding(found)).collect())
    }

    fn finding(&mut self, found: &guard::Finding) -> Finding {
        let place = format!("the rule is at {}:{}", found.file, found.position);
        let hint = if found.fact == found.message { place } else { format!("{}; {place}", found.fact) };
        let message = found.message.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut finding = Finding::new(self.rule(found), &found.path, message);
        finding.hint(hint);
        finding
    }

    /// The rule by its name. A rule lives as long as the process, as those that are compiled in do.
    fn rule(&mut self, found: &guard::Finding) -> &'static Rule {
        if let Some(known) = self.known.get(&found.rule) {
            return known;
        }
        let page = format!(
            "The rule `{}` of `{}`.\n\nA rule of your own, written for AWS CloudFormation Guard.\n",
            found.rule, found.file
        );
        let rule: &'static Rule = Box::leak(Box::new(Rule {
            code: found.rule.clone().leak(),
            severity: Severity::Error,
            page: page.leak(),
            fault: "",
            near: "",
            is_secret: false,
        }));
        self.known.insert(found.rule.clone(), rule);
        rule
    }

    fn problem(&self, mistake: &Mistake) -> Problem {
        let problem = Problem::error("rules/unusable", &mistake.message).maybe_hint(mistake.hint.clone());
        let text = self.files.iter().find(|file| file.name == mistake.file).map(|file| &file.text);
        match (mistake.position, text) {
            (Some(position), Some(text)) => problem.at(format!("{}:{position}", mistake.file)).excerpt(
                text,
                position.line as usize,
                position.column as usize,
            ),
            _ => problem.at(mistake.file.clone()),
        }
    }
}

/// The file itself, or the files with rules in the folder, by name.
fn files_at(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| {
        let message = format!("cannot read the folder `{}`: {}", path.display(), files::reason(&error));
        Failure::from(Problem::error("file/unreadable", message))
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == EXTENSION) && file.is_file() {
            found.push(file);
        }
    }
    found.sort();
    if found.is_empty() {
        let message = format!("there are no rules in `{}`", path.display());
        return Err(Problem::error("rules/none", message)
            .hint(format!("files with rules end in `.{EXTENSION}`"))
            .into());
    }
    Ok(found)
}
