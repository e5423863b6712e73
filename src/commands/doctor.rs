//! `doctor`: whether everything is there that a deployment needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use cloud::Connection;
use cloud::preflight::{self, Check, State};
use constructs::SynthesizedStack;
use owo_colors::OwoColorize;
use serde::Serialize;
use serde_json::json;
use template::requirements::{Known, made_secrets};
use template::{Delivery, Template};

use super::target::Parameters;
use crate::aws::{self, Ahead, Aws, Looked, Row};
use crate::exit::Exit;
use crate::problem::{Failure, Printable, Result, count};
use crate::session::Session;
use crate::templates;
use crate::tool;

/// Check that everything is there that a deployment needs
///
/// Credentials and tools; images in ECR, with the right architecture; secrets, with a value and the needed keys;
/// certificates, hosted zones, and names that must be free. `deploy` looks at the same for each stack before it writes
/// anything. Nothing is changed, and of secrets only the names of keys are read.
///
/// Ends with 3 if something is missing. What could not be looked at is named and no reason to fail.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Stacks by name [default: all]
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,

    /// Use the CloudFormation template in this file, YAML or JSON, instead of the project's stacks; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "stacks", requires = "stack_name")]
    template: Option<PathBuf>,

    /// Name of the stack that the file's template is for
    #[arg(long, value_name = "NAME", requires = "template", value_parser = super::target::stack_name)]
    stack_name: Option<String>,

    #[command(flatten)]
    parameters: Parameters,
}

/// A stack that is looked at.
struct Subject {
    name: String,
    template: Template,
    parameters: BTreeMap<String, String>,
    region: Option<String>,
    account: Option<String>,
    synthesized: Option<SynthesizedStack>,
}

/// Checks that belong together.
#[derive(Serialize)]
struct Group {
    /// `this machine`, `AWS` or a stack's name.
    about: String,
    checks: Vec<Row>,
}

pub(crate) fn run(args: &Doctor, session: &mut Session<'_>) -> Result {
    let subjects = subjects(args, session)?;
    let mut aws = Aws::new(&session.global)?;
    let reached = reach(&subjects, &mut aws, session)?;
    let mut whose = Group { about: "AWS".to_owned(), checks: Vec::new() };
    let mut stacks = Vec::new();
    for place in reached.places.values() {
        whose.checks.extend(place.checks(&aws)?);
        let made = place.made_secrets();
        for (at, subject) in &place.subjects {
            let checks = checks(subject, &place.connection, &made, &aws)?;
            stacks.push((*at, Group { about: subject.name.clone(), checks }));
        }
    }
    whose.checks.extend(reached.refused);
    // In the order in which they were named.
    stacks.sort_by_key(|(at, _)| *at);
    let mut groups = vec![Group { about: "this machine".to_owned(), checks: tools() }, whose];
    groups.extend(stacks.into_iter().map(|(_, group)| group));
    show(&groups, session)?;
    let missing = in_state(&groups, State::Missing) > 0;
    Ok(reached.exit.unwrap_or(if missing { Exit::Refused } else { Exit::Done }))
}

/// The places that stacks belong to, as far as there is a way to them.
#[derive(Default)]
struct Reached<'a> {
    /// By account and region.
    places: BTreeMap<(String, String), Where<'a>>,
    /// Why there is no way to the others.
    refused: Vec<Row>,
    /// The exit code of the first of them.
    exit: Option<Exit>,
}

/// An account and region.
struct Where<'a> {
    connection: Connection,
    /// What belongs there, with its place among all stacks.
    subjects: Vec<(usize, &'a Subject)>,
}

/// Connects for each stack. One that cannot be reached keeps nobody from looking at the others.
fn reach<'a>(subjects: &'a [Subject], aws: &mut Aws, session: &mut Session<'_>) -> Result<Reached<'a>> {
    let mut reached = Reached::default();
    // What was refused once is refused again, and may have asked somebody.
    let mut refused: BTreeMap<(Option<&str>, Option<&str>), usize> = BTreeMap::new();
    for (at, subject) in subjects.iter().enumerate() {
        let wanted = (subject.region.as_deref(), subject.account.as_deref());
        if let Some(row) = refused.get(&wanted) {
            reached.refused[*row].places.push(subject.name.clone());
            continue;
        }
        match aws.connection(wanted.0, wanted.1, &mut session.printer) {
            Ok(connection) => {
                let who = connection.identity();
                let place = (who.account.clone(), who.region.clone());
                let there = Where { connection, subjects: Vec::new() };
                reached.places.entry(place).or_insert(there).subjects.push((at, subject));
            }
            Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
            Err(failure) => {
                reached.exit.get_or_insert(failure.exit);
                refused.insert(wanted, reached.refuse(failure, &subject.name));
            }
        }
    }
    Ok(reached)
}

impl Reached<'_> {
    /// Adds why a stack cannot be reached, and tells where that stands. The same reason is told once.
    fn refuse(&mut self, failure: Failure, stack: &str) -> usize {
        let problem = failure.problems.into_iter().next_back();
        let (told, hint) = problem.map(|problem| (problem.message, problem.hint)).unwrap_or_default();
        let check = Check::missing(told, failure.next.or(hint).unwrap_or_default());
        let at = self.refused.iter().position(|row| row.check == check).unwrap_or(self.refused.len());
        if at == self.refused.len() {
            self.refused.push(plain(check));
        }
        self.refused[at].places.push(stack.to_owned());
        at
    }
}

impl Where<'_> {
    /// Who we are there, and whether the bucket is there if a template needs it.
    fn checks(&self, aws: &Aws) -> Result<Vec<Row>> {
        let who = self.connection.identity();
        let said = format!("account {} in {}, as {}", who.account, who.region, who.arn);
        let mut rows = vec![plain(Check::ok(said))];
        let is_large =
            |subject: &Subject| Delivery::of(subject.template.to_json_minified().len()) != Delivery::Inline;
        if !self.connection.is_local() && self.subjects.iter().any(|(_, subject)| is_large(subject)) {
            rows.push(plain(aws.unless_interrupted(preflight::template_bucket(&self.connection))?));
        }
        Ok(rows)
    }

    /// The names of the secrets that its stacks make: one need not be there for another stack of them.
    fn made_secrets(&self) -> BTreeSet<String> {
        let who = self.connection.identity();
        let made = |(_, subject): &(usize, &Subject)| {
            let known = Known {
                region: &who.region,
                account: &who.account,
                stack: &subject.name,
                parameters: &subject.parameters,
                ..Known::default()
            };
            made_secrets(&subject.template, &known)
        };
        self.subjects.iter().flat_map(made).collect()
    }
}

fn subjects(args: &Doctor, session: &mut Session<'_>) -> Result<Vec<Subject>> {
    let parameters = args.parameters.read()?;
    let mut subjects = match args.template.as_ref().zip(args.stack_name.as_ref()) {
        Some((file, name)) => {
            session.refuse_settings()?;
            vec![Subject {
                name: name.clone(),
                template: templates::read(file)?.document.template,
                parameters: BTreeMap::new(),
                region: None,
                account: None,
                synthesized: None,
            }]
        }
        None => session.sound(&args.stacks)?.stacks.into_iter().map(Subject::of).collect(),
    };
    let templates = subjects.iter_mut().map(|subject| (&subject.template, &mut subject.parameters));
    Parameters::hand_out(&parameters, templates, &mut session.printer)?;
    Ok(subjects)
}

impl Subject {
    fn of(stack: SynthesizedStack) -> Subject {
        Subject {
            name: stack.name.clone(),
            template: stack.template.clone(),
            parameters: BTreeMap::new(),
            region: stack.region.clone(),
            account: stack.account.clone(),
            synthesized: Some(stack),
        }
    }
}

fn plain(check: Check) -> Row {
    Row { check, places: Vec::new() }
}

/// The programs that other commands call, if they are on the `PATH`.
fn tools() -> Vec<Row> {
    let engine = tool::KNOWN.into_iter().find(|name| tool::is_there(name));
    let engine = match engine {
        Some(name) => Check::ok(format!("{name} is there")),
        None => Check::warning(
            "neither docker, podman nor buildah is on the PATH: images cannot be built here",
            "install one of them, or build images in CI",
        ),
    };
    let plugin = "session-manager-plugin";
    let plugin = if tool::is_there(plugin) {
        Check::ok(format!("{plugin} is there"))
    } else {
        Check::warning(
            format!("{plugin} is not on the PATH: `docuthinker exec` needs it"),
            "install it: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
        )
    };
    vec![plain(engine), plain(plugin)]
}

/// Everything about one stack.
fn checks(
    subject: &Subject,
    connection: &Connection,
    made: &BTreeSet<String>,
    aws: &Aws,
) -> Result<Vec<Row>> {
    if connection.is_local() {
        let what = "what the stack needs is not looked at: nothing of the emulator is real";
        return Ok(vec![plain(Check::ok(what))]);
    }
    let ahead = Ahead {
        name: &subject.name,
        template: &subject.template,
        parameters: &subject.parameters,
        synthesized: subject.synthesized.as_ref(),
        made_before: Some(made),
    };
    Ok(match aws.unless_interrupted(aws::look(connection, ahead))? {
        Ok(looked) => {
            let mut rows = vec![plain(state_of(&subject.name, looked.status.as_deref()))];
            rows.extend(imports(&looked));
            rows.extend(looked.rows);
            rows
        }
        Err(reason) => vec![plain(Check::unknown(format!("what {} needs", subject.name), reason))],
    })
}

/// Before the stacks that export something are deployed, nobody knows what it is.
fn imports(looked: &Looked) -> Option<Row> {
    if looked.not_exported.is_empty() {
        return None;
    }
    let what = format!("what it imports as {}", looked.not_exported.join(", "));
    let fix =
        "deploy the stacks that it depends on; what hangs on them is looked at before it is deployed itself";
    let check = Check::unknown(what, "no stack exports that yet");
    Some(plain(Check { fix: Some(fix.to_owned()), ..check }))
}

/// Whether the stack can be deployed to.
///
/// Source: [Stack status codes][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
fn state_of(name: &str, status: Option<&str>) -> Check {
    match status {
        None => Check::ok("is not deployed yet"),
        Some("REVIEW_IN_PROGRESS") => Check::ok("has a change set, and nothing that was made of it"),
        Some(status @ ("UPDATE_ROLLBACK_FAILED" | "DELETE_FAILED")) => {
            let command = if status == "DELETE_FAILED" { "destroy" } else { "rollback" };
            Check::missing(
                format!("is {status}, and takes no deployment"),
                format!("docuthinker {command} {name}"),
            )
        }
        Some(status @ ("ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED")) => Check::warning(
            format!("is {status}: the next deployment deletes what is left, and makes the stack anew"),
            format!("docuthinker deploy {name}"),
        ),
        Some(status) if status.ends_with("_IN_PROGRESS") => Check::warning(
            format!("is {status}: an operation is running, and takes no other beside it"),
            format!("docuthinker watch {name}"),
        ),
        Some(status) => Check::ok(format!("is {status}")),
    }
}

fn in_state(groups: &[Group], state: State) -> usize {
    groups.iter().flat_map(|group| &group.checks).filter(|row| row.check.state == state).count()
}

fn show(groups: &[Group], session: &mut Session<'_>) -> Result<()> {
    let [missing, warnings, unknown] =
        [State::Missing, State::Warning, State::Unknown].map(|state| in_state(groups, state));
    if session.printer.json() {
        return session.printer.result_json(&json!({
            "missing": missing,
            "warnings": warnings,
            "unknown": unknown,
            "groups": groups,
        }));
    }
    let text: Vec<String> = groups.iter().map(Group::text).collect();
    session.printer.result(&text.join("\n"))?;
    let not_as = if missing == 0 { "nothing is missing".to_owned() } else { format!("{missing} missing") };
    let (warnings, unknown) = (count(warnings, "warning"), format!("{unknown} not looked at"));
    session.printer.status(&format!("{not_as}, {warnings}, {unknown}"));
    Ok(())
}

impl Group {
    fn text(&self) -> String {
        let mut text = format!("{}\n", Printable(&self.about));
        for Row { check, places } in &self.checks {
            let said = Printable(&check.what);
            let _ = match check.state {
                State::Ok => writeln!(text, "  {} {said}", "✓".green()),
                State::Missing => writeln!(text, "  {} {said}", "✗".red()),
                State::Warning => writeln!(text, "  {} {said}", "!".yellow()),
                State::Unknown => {
                    let reason = Printable(check.reason.as_deref().unwrap_or_default());
                    writeln!(text, "  {} could not look at {said}: {reason}", "!".yellow())
                }
            };
            if check.state == State::Ok {
                continue;
            }
            for place in places {
                let _ = writeln!(text, "      at {}", Printable(place));
            }
            if let Some(fix) = &check.fix {
                let _ = writeln!(text, "      fix: {}", Printable(fix));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    #[test]
    fn every_reason_why_stacks_cannot_be_reached_is_told_once_with_the_stacks() {
        let failure = |exit, message: &str| Failure::new(exit, vec![Problem::error("aws/test", message)]);
        let mut reached = Reached::default();
        for (stack, message) in [("A", "expired"), ("B", "another account"), ("C", "expired")] {
            reached.refuse(failure(Exit::Refused, message), stack);
        }
        let told: Vec<(&str, &[String])> =
            reached.refused.iter().map(|row| (row.check.what.as_str(), row.places.as_slice())).collect();
        let (first, second) = (["A".to_owned(), "C".to_owned()], ["B".to_owned()]);
        assert_eq!(told, [("expired", &first[..]), ("another account", &second[..])]);
    }
}
