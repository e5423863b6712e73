//! Checking templates: with which rules, what is allowed, and where a finding was written.

use std::borrow::Cow;
use std::path::PathBuf;

use constructs::{Diagnostic, SourceLine, SynthesizedStack};
use template::check::{self, Allowance, Check};
use template::{Finding, Lint, Position, Rule, Step, Template};

use crate::config::{Allow, Config, Validation};
use crate::excerpt::{Mark, around, lines, token_length};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, Severity, count, suggestion};
use crate::redact::{Redaction, may_be_secret};
use crate::report::{AllowedItem, Item, Place, Report};
use crate::rules::Rules;
use crate::session::{self, Session};
use crate::shell;
use crate::templates::TemplateFile;

/// A template that is checked.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// That of one of the project's stacks.
    Stack(&'a SynthesizedStack),
    /// One from a file.
    File(&'a TemplateFile),
}

/// Whether a command checks its templates before it goes on.
#[derive(Debug, clap::Args)]
pub(crate) struct Gate {
    /// Do not check the templates first; CloudFormation then finds the mistakes, one by one
    #[arg(long, alias = "skip-validation")]
    no_validate: bool,
}

/// What becomes of a command that would have gone on with AWS.
pub(crate) const NOTHING_ASKED: &str = "nothing was asked of AWS";

/// The templates that a command goes on with.
pub(crate) struct Gated<'a> {
    pub(crate) subjects: Vec<Subject<'a>>,
    /// Whether they are all stacks of the environment.
    pub(crate) all: bool,
    /// What is told if they are refused, for example [`NOTHING_ASKED`].
    pub(crate) instead: &'static str,
}

impl Gate {
    /// Refuses templates with errors. Of warnings only the number is told: `validate` shows them.
    pub(crate) fn pass(&self, gated: &Gated<'_>, session: &mut Session<'_>) -> Result<()> {
        let subjects = &gated.subjects;
        if self.no_validate {
            session.printer.status(&skipped(subjects));
            return Ok(());
        }
        let mut checks = Checks::new(session, &[])?;
        for subject in subjects {
            checks.check(*subject)?;
        }
        let report = checks.report(gated.all);
        if report.is_refused() {
            let stops = |item: &Item| report.deny_warnings || item.problem.severity == Severity::Error;
            let problems = report.found.iter().filter(|item| stops(item)).map(|item| item.problem.clone());
            let told = format!("{}; {}", report.summary(), gated.instead);
            let told =
                Problem::error("validate/refused", told).hint("`--no-validate` goes on without this check");
            return Err(Failure::new(Exit::Refused, problems.chain([told]).collect()));
        }
        let (_, warnings) = report.counts();
        if warnings > 0 {
            let have = if subjects.len() == 1 { "the template has" } else { "the templates have" };
            let message = format!("{have} {}", count(warnings, "warning"));
            let files = subjects.iter().filter_map(|subject| match subject {
                Subject::File(file) => Some(format!(" --template {}", shell::word(&file.name))),
                Subject::Stack(_) => None,
            });
            let hint = format!("`docuthinker validate{}` shows them", files.collect::<String>());
            session.printer.problem(&Problem::warning("validate/warnings", message).hint(hint));
        }
        Ok(())
    }
}

/// What was not done, for whom.
fn skipped(subjects: &[Subject<'_>]) -> String {
    let names: Vec<&str> = subjects.iter().map(Subject::name).collect();
    let names = names.join(", ");
    format!("validation skipped: types, values, references and rules of {names} not checked")
}

/// The checks of one command.
pub(crate) struct Checks {
    lints: &'static [Lint],
    rules: Rules,
    validation: Validation,
    environment: String,
    region: Option<String>,
    /// Whether each of the file's allowances allowed something.
    used: Vec<bool>,
    /// Whether each of them is for one of the templates by name.
    meant: Vec<bool>,
    /// The stacks that were checked, each with its names.
    stacks: Vec<[String; 2]>,
    /// The names of the stacks that are only made on request.
    on_request: Vec<String>,
    report: Report,
}

impl Checks {
    /// Checks as the configuration and the project say, and with the rules in these files and folders.
    pub(crate) fn new(session: &Session<'_>, rules: &[PathBuf]) -> Result<Checks> {
        let request = session.global.request()?;
        let validation = session.validation()?;
        let in_file = validation.rules.iter().map(|name| validation.folder.join(name));
        let rules = Rules::read(in_file.chain(rules.iter().cloned()))?;
        let report = Report { deny_warnings: validation.deny_warnings, ..Report::default() };
        Ok(Checks {
            lints: session.project.lints(),
            rules,
            environment: request.environment_name(),
            region: session.region(),
            used: vec![false; validation.allow.len()],
            meant: vec![false; validation.allow.len()],
            stacks: Vec::new(),
            on_request: session.project.on_request().iter().map(|(name, _)| (*name).to_owned()).collect(),
            validation,
            report,
        })
    }

    /// Every rule that is asked.
    pub(crate) fn known_rules(&self) -> Vec<&'static Rule> {
        Check { lints: self.lints, others: &self.rules.known(), ..Check::default() }.rules()
    }

    /// Checks one more template.
    pub(crate) fn check(&mut self, subject: Subject<'_>) -> Result<()> {
        let chosen: Vec<usize> = (0..self.used.len()).filter(|at| self.holds_for(*at, subject)).collect();
        let allow: Vec<Allowance> = chosen.iter().map(|at| allowance(&self.validation.allow[*at])).collect();
        let found = if subject.is_whole() { self.rules.findings(subject.template())? } else { Vec::new() };
        let others = self.rules.known();
        let region = match subject {
            Subject::Stack(stack) => self.region.as_deref().or(stack.region.as_deref()),
            Subject::File(_) => self.region.as_deref(),
        };
        let check = Check { lints: self.lints, others: &others, found: &found, allow: &allow, region };
        let report = match subject {
            Subject::Stack(stack) => check.template(&stack.template),
            Subject::File(file) => check.document(&file.document),
        };
        for (at, used) in chosen.iter().zip(&report.used) {
            self.used[*at] |= used;
            self.meant[*at] |= self.validation.allow[*at].stack.is_some();
        }
        if let Subject::Stack(stack) = subject {
            self.stacks.push([stack.id.clone(), stack.name.clone()]);
        }
        let writer = Writer::of(subject, &report);
        self.report.templates += 1;
        self.report.found.extend(report.findings.iter().map(|finding| writer.item(finding)));
        self.report.allowed.extend(report.allowed.iter().map(|allowed| AllowedItem {
            item: writer.item(&allowed.finding),
            reason: allowed.reason.clone(),
            in_source: allowed.in_template,
        }));
        Ok(())
    }

    /// Adds a template that cannot be read.
    pub(crate) fn add_unreadable(&mut self, name: &str, problems: Vec<(Problem, Option<Position>)>) {
        self.report.templates += 1;
        let items = problems.into_iter().map(|(problem, position)| unreadable(name, problem, position));
        self.report.found.extend(items);
    }

    /// Adds mistakes in the code that makes the templates.
    pub(crate) fn add(&mut self, diagnostics: &[Diagnostic], config: &Config) {
        self.report.found.extend(diagnostics.iter().map(|diagnostic| code_item(diagnostic, config)));
    }

    /// Counts templates that are not checked, because the code that makes them is wrong.
    pub(crate) fn leave_unchecked(&mut self, number: usize) {
        self.report.templates += number;
    }

    /// What was found. If `all` templates of the environment were checked, an allowance of the configuration file that
    /// allowed nothing is reported; else only if it is for one of those that were.
    pub(crate) fn report(mut self, all: bool) -> Report {
        let rules = self.known_rules();
        for (at, allow) in self.validation.allow.iter().enumerate() {
            if allow.environment.as_ref().is_some_and(|name| *name != self.environment) {
                continue;
            }
            let asked = all && allow.stack.is_none() || self.meant[at];
            let allowance = allowance(allow);
            let unused = (asked && !self.used[at]).then(|| allowance.unused());
            if let Some(finding) = allowance.mistake(&rules).or(unused) {
                self.report.found.push(file_item(plain_item(&finding), at, allow));
            }
            if let Some(problem) = self.unknown_stack(allow).filter(|_| all) {
                self.report.found.push(file_item(Item::of(problem), at, allow));
            }
        }
        self.report.found.sort_by_key(|item| item.problem.severity == Severity::Error);
        self.report
    }

    /// That an allowance is for a stack which is none of the environment's. The stack may be called as in another
    /// environment, or be on request, or it is the file of a template: that is no mistake.
    fn unknown_stack(&self, allow: &Allow) -> Option<Problem> {
        let wanted = allow.stack.as_deref().filter(|name| !name.contains(['.', '/']))?;
        let mut known = self.stacks.iter().flatten().chain(&self.on_request);
        if known.any(|name| {
            wanted.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        }) {
            return None;
        }
        let message = format!("no stack is named `{wanted}`");
        let ids = self.stacks.iter().map(|[id, _]| id).chain(&self.on_request).map(String::as_str);
        Some(Problem::warning("config/unknown-stack", message).maybe_hint(suggestion(wanted, ids)))
    }

    fn holds_for(&self, at: usize, subject: Subject<'_>) -> bool {
        let allow = &self.validation.allow[at];
        allow.environment.as_ref().is_none_or(|name| *name == self.environment)
            && allow.stack.as_ref().is_none_or(|name| subject.is_called(name))
    }
}

impl Subject<'_> {
    /// What people call it: a stack's id, or a file.
    fn name(&self) -> &str {
        match self {
            Subject::Stack(stack) => &stack.id,
            Subject::File(file) => &file.name,
        }
    }

    fn template(&self) -> &Template {
        match self {
            Subject::Stack(stack) => &stack.template,
            Subject::File(file) => &file.document.template,
        }
    }

    /// Whether nothing had to be left out of the template.
    fn is_whole(&self) -> bool {
        match self {
            Subject::Stack(_) => true,
            Subject::File(file) => file.document.mistakes.is_empty(),
        }
    }

    fn is_called(&self, name: &str) -> bool {
        match self {
            Subject::Stack(stack) => session::is_called(stack, name),
            Subject::File(file) => file.name == name || file.stack.as_deref() == Some(name),
        }
    }
}

/// What is in the way of reading the template `name`.
fn unreadable(name: &str, problem: Problem, position: Option<Position>) -> Item {
    let (line, column) = position.map_or((1, 1), |at| (at.line as usize, at.column as usize));
    let place = Place { file: name.to_owned(), line, column: Some(column), end_column: None };
    Item { template: Some(name.to_owned()), place: Some(place), ..Item::of(problem) }
}

fn allowance(allow: &Allow) -> Allowance {
    Allowance {
        code: allow.code.clone(),
        reason: allow.reason.clone(),
        resources: allow.resources.clone(),
        ..Allowance::default()
    }
}

/// Makes items of what is found in one template.
struct Writer<'a> {
    subject: Subject<'a>,
    /// Where the values of a stack's template stand in what `synth` writes.
    written: Option<template::Document>,
    /// The file, or what `synth` writes.
    text: Cow<'a, str>,
    /// Where its lines begin.
    lines: Vec<usize>,
    redaction: Redaction,
}

impl<'a> Writer<'a> {
    fn of(subject: Subject<'a>, report: &check::Report) -> Writer<'a> {
        let redaction = Redaction::of(subject.template(), report);
        let (written, text) = match subject {
            Subject::Stack(stack) if !report.findings.is_empty() => {
                let text = stack.template.to_yaml();
                let document = Template::parse(&text, &stack.name).ok();
                (document, Cow::Owned(text))
            }
            Subject::Stack(_) => (None, Cow::default()),
            Subject::File(file) => (None, Cow::Borrowed(file.text.as_str())),
        };
        let lines = beginnings(&text);
        Writer { subject, written, text, lines, redaction }
    }

    /// The line with this number, from 1, without what may be a credential: that is never more than a word.
    fn line(&self, number: usize) -> Option<Cow<'_, str>> {
        let start = *self.lines.get(number.checked_sub(1)?)?;
        lines(&self.text[start..]).next().map(|line| self.redaction.hide(line))
    }

    /// A finding at the place where the user wrote what is wrong.
    fn item(&self, finding: &Finding) -> Item {
        let mut item = plain_item(finding);
        item.problem.message = self.redaction.hide(&item.problem.message).into_owned();
        item.problem.hint = item.problem.hint.map(|hint| self.redaction.hide(&hint).into_owned());
        match self.subject {
            Subject::File(file) => {
                item.template = Some(file.name.clone());
                let position = finding.position.unwrap_or(Position { line: 1, column: 1 });
                self.show(&mut item, &file.name, position);
                item.place = Some(self.place(&file.name, position));
                item.construct = cdk_path(finding, self.subject.template());
                item.problem.at.extend(item.construct.clone());
            }
            Subject::Stack(stack) => {
                item.template = Some(stack.name.clone());
                if let Some((construct, line)) = origin(finding, stack) {
                    item.problem.at.push(format!("{construct} ({line})"));
                    item.construct = Some(construct);
                    item.place = Some(line_of(line));
                }
                match &self.written {
                    Some(document) => {
                        let position = document.positions.of(&finding.path);
                        self.show(&mut item, &format!("{}.yaml", stack.name), position);
                    }
                    None => item.problem.at.push(with_path(&stack.name, &item.path)),
                }
            }
        }
        item
    }

    fn show(&self, item: &mut Item, file: &str, position: Position) {
        let (line, column) = (position.line as usize, position.column as usize);
        item.problem.at.push(with_path(&format!("{file}:{position}"), &item.path));
        let before = line.checked_sub(1).and_then(|before| self.line(before));
        let wrong = self.line(line);
        // Beside what is not understood, a credential is not known to be one.
        let is_whole = self.subject.is_whole();
        let hidden = |line: &Option<Cow<'_, str>>| {
            line.as_deref().is_some_and(|line| !is_whole && may_be_secret(line))
        };
        if !hidden(&before) && !hidden(&wrong) {
            let excerpt = |wrong: Cow<'_, str>| around(before.as_deref(), &wrong, line, column, Mark::Token);
            item.problem.excerpt = wrong.map(excerpt);
        }
    }

    /// The key or value at `position` of the file.
    fn place(&self, file: &str, position: Position) -> Place {
        let (line, column) = (position.line as usize, position.column as usize);
        Place {
            file: file.to_owned(),
            line,
            column: Some(column),
            // At the end of a line there is nothing more to mark.
            end_column: self.line(line).map(|line| {
                let end = column + token_length(&line, column);
                end.min(line.chars().count() + 1).max(column)
            }),
        }
    }
}

/// Where the lines of a text begin; see [`lines`].
fn beginnings(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    std::iter::once(0).chain((0..bytes.len()).filter(ends).map(|end| end + 1)).collect()
}

fn with_path(place: &str, path: &str) -> String {
    if path.is_empty() { place.to_owned() } else { format!("{place} ({path})") }
}

/// A finding without its place.
fn plain_item(finding: &Finding) -> Item {
    let problem = match finding.severity() {
        template::Severity::Error => Problem::error(finding.code(), &finding.message),
        template::Severity::Warning => Problem::warning(finding.code(), &finding.message),
    };
    Item {
        problem: problem.maybe_hint(finding.hint.clone()),
        template: None,
        path: finding.path.to_string(),
        construct: None,
        place: None,
        rule: Some(finding.rule),
    }
}

/// The construct and the line of code that what is found comes from.
fn origin(finding: &Finding, stack: &SynthesizedStack) -> Option<(String, SourceLine)> {
    if let Some(id) = finding.path.resource() {
        let origin = stack.origins.get(id)?;
        return Some((format!("{}/{}", stack.name, origin.path), origin.location));
    }
    let mut steps = finding.path.steps();
    let is_ours = steps.next() == Some(Step::Key("Metadata"))
        && steps.next() == Some(Step::Key(template::check::METADATA_KEY));
    match steps.nth(1).filter(|_| is_ours) {
        Some(Step::Index(at)) => stack.allowances.get(at).map(|line| (stack.name.clone(), *line)),
        _ => None,
    }
}

/// The construct that a resource of the AWS CDK comes from, as the CDK writes it into the template.
fn cdk_path(finding: &Finding, template: &Template) -> Option<String> {
    let resource = template.resources.get(finding.path.resource()?)?;
    resource.metadata.get("aws:cdk:path")?.as_str().map(str::to_owned)
}

fn line_of(line: SourceLine) -> Place {
    Place { file: line.file.to_owned(), line: line.line as usize, column: None, end_column: None }
}

/// What is wrong with an allowance of the configuration file.
fn file_item(mut item: Item, number: usize, allow: &Allow) -> Item {
    item.path = String::new();
    let key = format!("validate.allow[{number}]");
    if let Some(place) = &allow.place {
        let column = place.column.map(|column| format!(":{column}")).unwrap_or_default();
        item.problem.at.push(format!("{}:{}{column} ({key})", place.file, place.line));
        item.place = Some(place.clone());
    }
    item
}

/// A mistake in the code that makes a template.
fn code_item(diagnostic: &Diagnostic, config: &Config) -> Item {
    let setting = diagnostic.path == "settings";
    let key = diagnostic.property.as_deref().filter(|_| setting).unwrap_or_default();
    let in_file = setting
        .then(|| config.position(&key.split('.').map(str::to_owned).collect::<Vec<_>>()))
        .flatten()
        .map(|(file, line, column)| Place { file, line, column: Some(column), end_column: None });
    Item {
        problem: session::problem(diagnostic, config),
        template: None,
        path: String::new(),
        construct: (!setting).then(|| diagnostic.path.clone()),
        place: in_file.or_else(|| diagnostic.location.map(line_of)),
        rule: None,
    }
}

#[cfg(test)]
mod tests;
