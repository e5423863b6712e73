//! `doctor`: whether everything is there that a deployment needs.

mod past;
mod place;
mod text;
mod tools;
mod wait;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use cloud::Connection;
use cloud::preflight::{Added, Check, State};
use constructs::SynthesizedStack;
use serde::Serialize;
use serde_json::json;
use template::Template;

use self::place::Where;
use self::text::Form;
use self::wait::{Awaited, Waiting};
use super::target::Parameters;
use crate::aws::{self, Ahead, Aws, Looked, Own, Row};
use crate::exit::Exit;
use crate::printer;
use crate::problem::{Failure, Result, count};
use crate::session::Session;
use crate::shell;
use crate::templates;

/// Check that everything is there that a deployment needs
///
/// The programs of this machine, with their versions; whose credentials there are, where they and the region come from, and
/// when they end; whether IAM allows what `iam-policy` prints; images in ECR, with the right architecture; secrets, with a
/// value and the needed keys; certificates, with the record that is missing in DNS; hosted zones, VPCs and subnets, and names that must be free;
/// quotas, against what is there and what the stacks add. Each with the command that helps.
///
/// `deploy` looks at what each stack needs, and at quotas, before it writes anything. Nothing is changed, and of secrets only
/// the names of keys are read.
///
/// With `--wait`, it waits until ACM has issued the certificates that wait for their validation, after showing the records
/// that must be in DNS for that.
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

    /// Wait for certificates until ACM has issued them, or given up
    #[arg(long)]
    wait: bool,

    /// With `--wait`: stop waiting after this long, for example `30m`; ACM goes on [default: no limit]
    #[arg(long, value_name = "TIME", requires = "wait", value_parser = super::target::duration)]
    timeout: Option<Duration>,
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
    let own = if args.template.is_some() { Own::default() } else { Own::of(session)? };
    let mut aws = Aws::new(&session.global)?;
    let machine = aws.unless_interrupted(tools::rows())?;
    let reached = reach(&subjects, &mut aws, session)?;
    let named = if session.global.aws.region.is_some() { "--region" } else { "the project's settings" };
    let policy = policy_command(args);
    let mut whose = Group { about: "AWS".to_owned(), checks: Vec::new() };
    let (mut stacks, mut awaited) = (Vec::new(), Vec::new());
    for place in reached.places.values() {
        whose.checks.extend(place.checks(named, &policy, &aws)?);
        let made = place.made_secrets();
        let mut sum = Added::default();
        for (at, subject) in &place.subjects {
            let (checks, added) = checks(subject, &place.connection, &made, &own, &aws)?;
            sum.add(added);
            awaited.extend(Awaited::among(&checks, &place.connection));
            stacks.push((*at, Group { about: subject.name.clone(), checks }));
        }
        whose.checks.extend(place.quotas(&sum, &aws)?);
    }
    whose.checks.extend(reached.refused);
    // In the order in which they were named.
    stacks.sort_by_key(|(at, _)| *at);
    let mut groups = vec![Group { about: "this machine".to_owned(), checks: machine }, whose];
    groups.extend(stacks.into_iter().map(|(_, group)| group));
    if args.wait {
        wait(awaited, &mut groups, args, &aws, session)?;
    } else {
        show(&groups, session)?;
    }
    let missing = in_state(&groups, State::Missing) > 0;
    Ok(reached.exit.unwrap_or(if missing { Exit::Refused } else { Exit::Done }))
}

/// The command that prints what a deployer of these stacks needs.
fn policy_command(args: &Doctor) -> String {
    about_the_same(&["docuthinker", "iam-policy"], args)
}

/// A command about the same stacks.
fn about_the_same(command: &[&str], args: &Doctor) -> String {
    let mut words: Vec<&str> = command.to_vec();
    let file = args.template.as_ref().map(|file| file.display().to_string());
    match file.as_ref().zip(args.stack_name.as_ref()) {
        Some((file, name)) => words.extend(["--template", file, "--stack-name", name]),
        None => words.extend(args.stacks.iter().map(String::as_str)),
    }
    shell::command(&words)
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
            self.refused.push(Row::of(check));
        }
        self.refused[at].places.push(stack.to_owned());
        at
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

/// Everything about one stack, and what it adds to its account.
fn checks(
    subject: &Subject,
    connection: &Connection,
    made: &BTreeSet<String>,
    own: &Own,
    aws: &Aws,
) -> Result<(Vec<Row>, Added)> {
    if connection.is_local() {
        let check = Check::unknown("what the stack needs", "nothing of the emulator is real");
        return Ok((vec![Row::of(check)], Added::default()));
    }
    let ahead = Ahead {
        name: &subject.name,
        template: &subject.template,
        parameters: &subject.parameters,
        synthesized: subject.synthesized.as_ref(),
        made_before: Some(made),
        own,
    };
    Ok(match aws.unless_interrupted(aws::look(connection, ahead))? {
        Ok(mut looked) => {
            let added = std::mem::take(&mut looked.added);
            let mut rows = vec![Row::of(state_of(&subject.name, looked.status.as_deref()))];
            rows.extend(imports(&looked));
            rows.extend(looked.rows);
            if looked.status.is_some() {
                rows.extend(aws.unless_interrupted(past::rows(connection, &subject.name))?);
            }
            (rows, added)
        }
        Err(reason) => {
            let check = Check::unknown(format!("what {} needs", subject.name), reason);
            (vec![Row::of(check)], Added::default())
        }
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
    Some(Row::of(Check::unknown(what, "no stack exports that yet").fixed_by(fix)))
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

/// Shows the list, waits, and shows what came of the certificates. A program gets one list, as it is in the end.
fn wait(
    awaited: Vec<Awaited>,
    groups: &mut [Group],
    args: &Doctor,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<()> {
    if !session.printer.json() {
        show(groups, session)?;
    }
    let again = about_the_same(&["docuthinker", "doctor", "--wait"], args);
    let waiting = Waiting::new(awaited, args.timeout, again);
    let checks = waiting.wait(groups, aws, session)?;
    if session.printer.json() {
        return show(groups, session);
    }
    if checks.is_empty() {
        return Ok(());
    }
    let ended = Group { about: "certificates".to_owned(), checks };
    session.printer.result(&format!("\n{}", ended.text(form())))?;
    tell_number(groups, session);
    Ok(())
}

fn form() -> Form {
    Form { columns: printer::stdout_columns(), words: printer::accessible() }
}

fn in_state(groups: &[Group], state: State) -> usize {
    groups.iter().flat_map(|group| &group.checks).filter(|row| row.check.state == state).count()
}

fn show(groups: &[Group], session: &mut Session<'_>) -> Result<()> {
    if session.printer.json() {
        return session.printer.result_json(&json!({
            "missing": in_state(groups, State::Missing),
            "warnings": in_state(groups, State::Warning),
            "unknown": in_state(groups, State::Unknown),
            "groups": groups,
        }));
    }
    let text: Vec<String> = groups.iter().map(|group| group.text(form())).collect();
    session.printer.result(&text.join("\n"))?;
    tell_number(groups, session);
    Ok(())
}

/// How many checks are not as they must be.
fn tell_number(groups: &[Group], session: &mut Session<'_>) {
    let [missing, warnings, unknown] =
        [State::Missing, State::Warning, State::Unknown].map(|state| in_state(groups, state));
    let not_as = if missing == 0 { "nothing is missing".to_owned() } else { format!("{missing} missing") };
    let (warnings, unknown) = (count(warnings, "warning"), format!("{unknown} not looked at"));
    session.printer.status(&format!("{not_as}, {warnings}, {unknown}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    #[test]
    fn the_command_for_the_policy_keeps_its_arguments_apart() {
        use clap::{Args as _, FromArgMatches as _};
        let told = |arguments: &[&str]| {
            let matches = Doctor::augment_args(clap::Command::new("doctor")).get_matches_from(arguments);
            policy_command(&Doctor::from_arg_matches(&matches).unwrap())
        };
        assert_eq!(
            told(&["doctor", "--template", "my net.json", "--stack-name", "Net"]),
            "docuthinker iam-policy --template 'my net.json' --stack-name Net"
        );
        assert_eq!(told(&["doctor", "A", "B"]), "docuthinker iam-policy A B");
    }

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
