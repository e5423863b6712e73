//! `deploy`: bringing AWS to what the code says.

mod desk;
mod fleet;
mod images;
mod one;
mod schedule;
mod summary;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use cloud::{Connection, OnInterrupt, OnTimeout};
use constructs::SynthesizedStack;
use serde_json::{Map, Value};
use template::Template;

use self::desk::Desk;
use self::fleet::Member;
pub(super) use self::one::capabilities;
use self::one::{Deployed, Run};
use self::summary::{End, Row};
use super::images::Wanted;
use super::target::{FromFile, Operating, Parameters, Selection};
use crate::aws::{self, About, Approval, ApprovalOptions, Aws, Subject as Shown, View};
use crate::checks::{Gate, Gated, NOTHING_ASKED, Subject};
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::problem::{Failure, Result};
use crate::session::Session;
use crate::templates::TemplateFile;

/// Deploy stacks, after showing what would change
///
/// Each stack comes after the stacks that it depends on; those that do not depend on each other are deployed side by
/// side. What would change is shown first, and nothing is changed before somebody says yes; `--yes` says it in advance.
/// If a deployment fails, CloudFormation takes it back, and no other stack is begun. The same command, run again, goes
/// on from there: stacks that are done have no changes.
///
/// A change that would lose data (a file system, database, bucket, secret, key, repository or log group that is replaced
/// or removed) is refused, also with `--yes`, unless `--allow-replace` names the resource.
///
/// If stacks end in different ways, the exit code is that of the gravest: 70, 1, 6, 8, 5, 130, 4, 3, 2, 9.
#[derive(Debug, clap::Args)]
pub(crate) struct Deploy {
    #[command(flatten)]
    selection: Selection,

    /// Leave out the stacks that the named ones depend on
    #[arg(long, conflicts_with_all = ["all", "template"])]
    exclusively: bool,

    #[command(flatten)]
    file: FromFile,

    /// Tag of the stack in the file, which its resources get too; may be given again
    #[arg(long = "tag", value_name = "KEY=VALUE", requires = "template", value_parser = super::target::tag)]
    tags: Vec<(String, String)>,

    /// Deploy this image: `backend=v2.0`; the tag's digest is asked of ECR at once. May be given again
    #[arg(long = "image", value_name = "IMAGE=TAG", value_parser = super::images::wanted, conflicts_with = "template")]
    images: Vec<Wanted>,

    #[command(flatten)]
    pushing: images::Pushing,

    #[command(flatten)]
    gate: Gate,

    /// Do not look first whether images, secrets, certificates, hosted zones, networks and free names are there
    #[arg(long)]
    no_preflight: bool,

    #[command(flatten)]
    parameters: Parameters,

    #[command(flatten)]
    approval: ApprovalOptions,

    /// Write the outputs as JSON to this file, by stack
    #[arg(long, value_name = "FILE")]
    outputs_file: Option<PathBuf>,

    /// How long a stack may take, for example `90s`, `30m` or `2h`
    #[arg(long, value_name = "TIME", default_value = "60m", value_parser = super::target::duration)]
    timeout: Duration,

    /// What happens to a stack whose time is up
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    on_timeout: WhenTimeIsUp,

    /// What Ctrl-C does to a stack that is being deployed; a second one leaves at once
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    on_interrupt: WhenInterrupted,

    /// If another operation runs on a stack, wait until it has ended
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    operating: Operating,

    /// Deploy at most this many stacks at the same time, where none depends on another; 1 is one after another
    // Enough that no app of usual size waits, and few enough that CloudFormation, which counts questions for each account
    // and region, need not slow us down.
    #[arg(long, value_name = "NUMBER", default_value = "8")]
    concurrency: NonZeroUsize,
}

/// What happens to a stack whose time is up.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum WhenTimeIsUp {
    /// An update is cancelled, which rolls it back; a creation goes on
    #[default]
    Cancel,
    /// It goes on; only the command ends
    Detach,
    /// An update is cancelled; a stack that is being created is deleted
    Delete,
}

impl From<WhenTimeIsUp> for OnTimeout {
    fn from(what: WhenTimeIsUp) -> OnTimeout {
        match what {
            WhenTimeIsUp::Cancel => OnTimeout::Cancel,
            WhenTimeIsUp::Detach => OnTimeout::Detach,
            WhenTimeIsUp::Delete => OnTimeout::Delete,
        }
    }
}

/// What Ctrl-C does to a stack that is being deployed.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum WhenInterrupted {
    /// It goes on; only the command ends
    #[default]
    Detach,
    /// An update is cancelled, and the command ends when it is rolled back; a creation goes on
    Cancel,
}

impl From<WhenInterrupted> for OnInterrupt {
    fn from(what: WhenInterrupted) -> OnInterrupt {
        match what {
            WhenInterrupted::Detach => OnInterrupt::Detach,
            WhenInterrupted::Cancel => OnInterrupt::Cancel,
        }
    }
}

/// What is told where nobody wants to know.
const PREFLIGHT_SKIPPED: &str =
    "pre-flight skipped: images, secrets, certificates, hosted zones, networks and names are not looked at";

/// A stack that is to be deployed.
struct Plan {
    name: String,
    template: Template,
    parameters: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    region: Option<String>,
    account: Option<String>,
    /// Where its resources come from, if it is one of the project's.
    synthesized: Option<SynthesizedStack>,
    /// The file it comes from, if it is none of them.
    file: Option<TemplateFile>,
}

pub(crate) fn run(args: &Deploy, session: &mut Session<'_>) -> Result {
    let mut aws = None;
    if !args.images.is_empty() {
        let aws = aws.insert(Aws::new(&session.global)?);
        images::settle(&args.images, aws, session)?;
    }
    let plans = plans(args, session)?;
    let asked =
        if args.images.is_empty() { NOTHING_ASKED } else { "ECR was asked for images, nothing was changed" };
    refuse_mistakes(args, &plans, asked, session)?;
    if let Some(file) = &args.outputs_file {
        files::must_be_writable(file)?;
    }
    let approval = Approval::new(&args.approval, session.global.yes);
    approval.require_an_answer("deploying")?;
    let mut aws = match aws {
        Some(aws) => aws,
        None => Aws::new(&session.global)?,
    };
    if args.no_preflight {
        session.printer.status(PREFLIGHT_SKIPPED);
    }
    let (rows, unpushed) = if args.pushing.push {
        images::around(args, plans, &mut aws, session)?
    } else {
        (deploy(args, plans, approval, &mut aws, session)?, None)
    };
    // What became of the stacks is told first of all, and its exit code is the one that counts.
    let written = show(&rows, session).and_then(|()| match &args.outputs_file {
        Some(file) => write_outputs(file, &rows),
        None => Ok(()),
    });
    let exit = end(rows, session)?;
    if let Some(failure) = unpushed {
        return Err(failure);
    }
    written.map_err(|failure| Failure { exit: Exit::Leftovers, ..failure })?;
    Ok(exit)
}

/// Deploys the stacks `names` as `docuthinker deploy NAMES` does, for another command, which writes the result.
pub(super) fn stacks(names: &[String], aws: &mut Aws, session: &mut Session<'_>) -> Result<()> {
    let args = alone(names);
    let plans = plans(&args, session)?;
    refuse_mistakes(&args, &plans, "nothing was changed", session)?;
    let approval = Approval::new(&args.approval, session.global.yes);
    approval.require_an_answer("deploying")?;
    let rows = deploy(&args, plans, approval, aws, session)?;
    end(rows, session).map(|_| ())
}

/// What `docuthinker deploy NAMES` means.
fn alone(names: &[String]) -> Deploy {
    #[derive(clap::Parser)]
    struct Alone {
        #[command(flatten)]
        deploy: Deploy,
    }
    let typed = ["deploy", "--"].into_iter().chain(names.iter().map(String::as_str));
    <Alone as clap::Parser>::try_parse_from(typed).expect("`deploy` takes the names of stacks").deploy
}

fn deploy(
    args: &Deploy,
    plans: Vec<Plan>,
    approval: Approval,
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<Vec<Row>> {
    let mut members = Vec::new();
    // All connections first: what is wrong with one of them is known before anything is begun.
    for plan in plans {
        let connection =
            aws.connection(plan.region.as_deref(), plan.account.as_deref(), &mut session.printer)?;
        members.push(Member { plan, connection });
    }
    let own = if args.file.template.is_some() { aws::Own::default() } else { aws::Own::of(session)? };
    let view = View::new(&mut session.printer, members.iter().map(Member::subject).collect());
    let run = Run { args, desk: Desk::new(approval), cancel: aws.cancel(), own };
    let work = fleet::deploy(members, args.concurrency.get(), &run, &view);
    let rows = aws.run(view.during(work));
    drop(view);
    let all_done = rows.iter().all(|row| row.deployed().is_some());
    for unused in run.desk.unused(all_done) {
        session.printer.problem(&unused);
    }
    Ok(rows)
}

/// Tells every failure, the gravest last, and ends with its code.
fn end(rows: Vec<Row>, session: &mut Session<'_>) -> Result {
    let leftovers = rows.iter().filter_map(Row::deployed).any(|stack| !stack.outcome.leftovers.is_empty());
    let mut failures: Vec<Failure> = rows
        .into_iter()
        .filter_map(|row| match row.end {
            End::Failed(failure) => Some(failure),
            _ => None,
        })
        .collect();
    // Stable: of two that are equally grave, the first stack's is the last word.
    failures.reverse();
    failures.sort_by_key(|failure| std::cmp::Reverse(summary::gravity(failure.exit)));
    let Some(gravest) = failures.pop() else {
        return Ok(if leftovers { Exit::Leftovers } else { Exit::Done });
    };
    for failure in &failures {
        session.printer.failure(failure);
    }
    Err(gravest)
}

fn plans(args: &Deploy, session: &mut Session<'_>) -> Result<Vec<Plan>> {
    let parameters = args.parameters.read()?;
    if args.file.template.is_some() {
        session.refuse_settings()?;
    }
    let mut plans = match args.file.read()? {
        Some((name, file)) => vec![Plan {
            name,
            template: file.document.template.clone(),
            parameters: BTreeMap::new(),
            tags: args.tags.iter().cloned().collect(),
            region: None,
            account: None,
            synthesized: None,
            file: Some(file),
        }],
        None => args.selection.in_order(session, !args.exclusively)?.into_iter().map(Plan::of).collect(),
    };
    let templates = plans.iter_mut().map(|plan| (&plan.template, &mut plan.parameters));
    Parameters::hand_out(&parameters, templates, &mut session.printer)?;
    Ok(plans)
}

/// CloudFormation would find the same mistakes later, after a part of the stacks was deployed.
fn refuse_mistakes(
    args: &Deploy,
    plans: &[Plan],
    instead: &'static str,
    session: &mut Session<'_>,
) -> Result<()> {
    let synthesized = plans.iter().filter_map(|plan| plan.synthesized.as_ref()).map(Subject::Stack);
    let from_files = plans.iter().filter_map(|plan| plan.file.as_ref()).map(Subject::File);
    let subjects: Vec<_> = synthesized.chain(from_files).collect();
    let all = args.file.template.is_none() && args.selection.stacks.is_empty();
    args.gate.pass(&Gated { subjects, all, instead }, session)
}

impl Plan {
    fn of(stack: SynthesizedStack) -> Plan {
        Plan {
            name: stack.name.clone(),
            template: stack.template.clone(),
            parameters: BTreeMap::new(),
            tags: stack.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            region: stack.region.clone(),
            account: stack.account.clone(),
            synthesized: Some(stack),
            file: None,
        }
    }

    /// What is looked at before it is deployed.
    fn ahead<'a>(&'a self, own: &'a aws::Own) -> aws::Ahead<'a> {
        aws::Ahead {
            name: &self.name,
            template: &self.template,
            parameters: &self.parameters,
            synthesized: self.synthesized.as_ref(),
            made_before: None,
            own,
        }
    }

    /// What it is, for questions about it.
    fn about<'a>(&'a self, connection: &'a Connection) -> About<'a> {
        About {
            connection,
            name: &self.name,
            template: &self.template,
            synthesized: self.synthesized.as_ref(),
        }
    }

    /// Names of the stacks that must be deployed before.
    fn depends_on(&self) -> &[String] {
        self.synthesized.as_ref().map_or(&[], |stack| &stack.depends_on)
    }
}

impl Member {
    /// What its progress is shown as.
    fn subject(&self) -> Shown {
        let paths = |stack: &SynthesizedStack| {
            stack.origins.iter().map(|(id, origin)| (id.clone(), origin.path.clone())).collect()
        };
        Shown {
            name: self.plan.name.clone(),
            region: Some(self.connection.identity().region.clone()),
            paths: self.plan.synthesized.as_ref().map(paths).unwrap_or_default(),
        }
    }
}

fn show(rows: &[Row], session: &mut Session<'_>) -> Result<()> {
    if session.printer.json() {
        let stacks: Vec<_> = rows.iter().map(Row::view).collect();
        return session.printer.result_json(&serde_json::json!({ "stacks": stacks }));
    }
    if rows.len() > 1 {
        session.printer.status(summary::table(rows).trim_end());
    }
    let lines: String = rows
        .iter()
        .filter_map(|row| Some(super::outputs::lines(&row.name, &row.deployed()?.outcome.outputs)))
        .collect();
    session.printer.result_as_it_is(&lines)
}

/// The form that the CDK writes too: the outputs by name, by stack.
fn write_outputs(file: &std::path::Path, rows: &[Row]) -> Result<()> {
    let outputs = |deployed: &Deployed| -> Value {
        let outputs = deployed.outcome.outputs.iter();
        outputs.map(|output| (output.key.clone(), Value::from(output.value.as_str()))).collect()
    };
    let stacks: Map<String, Value> =
        rows.iter().filter_map(|row| Some((row.name.clone(), outputs(row.deployed()?)))).collect();
    let text = serde_json::to_string_pretty(&stacks).expect("a map of text");
    files::write_atomically(file, &format!("{text}\n"), Access::Private)
}
