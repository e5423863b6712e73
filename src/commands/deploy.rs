//! `deploy`: bringing AWS to what the code says.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use cloud::{Capability, Connection, DeployOutcome, DeployRequest};
use constructs::SynthesizedStack;
use serde::Serialize;
use serde_json::{Map, Value};
use template::Template;

use super::target::{FromFile, Operating, Parameters, Selection};
use crate::aws::{self, About, Approval, ApprovalOptions, Aws, Monitor};
use crate::checks::{Gate, Gated, NOTHING_ASKED, Subject};
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::problem::{Failure, Problem, Result, Severity};
use crate::session::Session;
use crate::templates::TemplateFile;

/// Deploy stacks, after showing what would change
///
/// Each stack comes after the stacks that it depends on. What would change is shown first, and nothing is changed
/// before somebody says yes; `--yes` says it in advance. If a deployment fails, CloudFormation takes it back.
///
/// A change that would lose data (a file system, database, bucket, secret, key, repository or log group that is replaced
/// or removed) is refused, also with `--yes`, unless `--allow-replace` names the resource.
#[derive(Debug, clap::Args)]
pub(crate) struct Deploy {
    #[command(flatten)]
    selection: Selection,

    /// Leave out the stacks that the named ones depend on
    #[arg(long, conflicts_with_all = ["all", "template"])]
    exclusively: bool,

    #[command(flatten)]
    file: FromFile,

    #[command(flatten)]
    gate: Gate,

    /// Do not look first whether images, secrets, certificates, hosted zones and free names are there
    #[arg(long)]
    no_preflight: bool,

    #[command(flatten)]
    parameters: Parameters,

    #[command(flatten)]
    approval: ApprovalOptions,

    /// Write the outputs as JSON to this file, by stack
    #[arg(long, value_name = "FILE")]
    outputs_file: Option<PathBuf>,

    /// Give up after this long, for example `90s`, `30m` or `2h`; an update is then cancelled
    #[arg(long, value_name = "TIME", value_parser = super::target::duration)]
    timeout: Option<Duration>,

    #[command(flatten)]
    operating: Operating,
}

/// What is told where nobody wants to know.
const PREFLIGHT_SKIPPED: &str =
    "pre-flight skipped: images, secrets, certificates, hosted zones and names are not looked at";

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

/// What came of one stack.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deployed {
    name: String,
    #[serde(flatten)]
    outcome: DeployOutcome,
}

pub(crate) fn run(args: &Deploy, session: &mut Session<'_>) -> Result {
    let plans = plans(args, session)?;
    refuse_mistakes(args, &plans, session)?;
    if let Some(file) = &args.outputs_file {
        files::must_be_writable(file)?;
    }
    let approval = Approval::new(&args.approval, session.global.yes);
    approval.require_an_answer("deploying")?;
    let mut aws = Aws::new(&session.global.aws)?;
    if args.no_preflight {
        session.printer.status(PREFLIGHT_SKIPPED);
    }
    let names: Vec<String> = plans.iter().map(|plan| plan.name.clone()).collect();
    let mut done = Vec::new();
    let mut failed = None;
    for plan in plans {
        match deploy(args, plan, &approval, &mut aws, session) {
            Ok(deployed) => done.push(deployed),
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
    }
    for unused in approval.unused(failed.is_none()) {
        session.printer.problem(&unused);
    }
    show(&done, session)?;
    if let Some(file) = &args.outputs_file {
        write_outputs(file, &done)?;
    }
    match failed {
        None if done.iter().any(|stack| !stack.outcome.leftovers.is_empty()) => Ok(Exit::Leftovers),
        None => Ok(Exit::Done),
        Some(mut failure) => {
            tell_what_was_left_out(&names, done.len(), &mut failure);
            Err(failure)
        }
    }
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
            tags: BTreeMap::new(),
            region: None,
            account: None,
            synthesized: None,
            file: Some(file),
        }],
        None => args.selection.in_order(session, !args.exclusively)?.into_iter().map(Plan::of).collect(),
    };
    Parameters::hand_out(&parameters, plans.iter_mut().map(|plan| (&plan.template, &mut plan.parameters)))?;
    Ok(plans)
}

/// CloudFormation would find the same mistakes later, after a part of the stacks was deployed.
fn refuse_mistakes(args: &Deploy, plans: &[Plan], session: &mut Session<'_>) -> Result<()> {
    let synthesized = plans.iter().filter_map(|plan| plan.synthesized.as_ref()).map(Subject::Stack);
    let from_files = plans.iter().filter_map(|plan| plan.file.as_ref()).map(Subject::File);
    let subjects: Vec<_> = synthesized.chain(from_files).collect();
    let all = args.file.template.is_none() && args.selection.stacks.is_empty();
    args.gate.pass(&Gated { subjects, all, instead: NOTHING_ASKED }, session)
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
    fn ahead(&self) -> aws::Ahead<'_> {
        aws::Ahead {
            name: &self.name,
            template: &self.template,
            parameters: &self.parameters,
            synthesized: self.synthesized.as_ref(),
        }
    }
}

fn deploy(
    args: &Deploy,
    mut plan: Plan,
    approval: &Approval,
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<Deployed> {
    let connection = aws.connection(plan.region.as_deref(), plan.account.as_deref(), &mut session.printer)?;
    let mut exports = aws.wait(aws::keep_imported(&connection, &plan.name, &mut plan.template))?;
    if !args.no_preflight {
        exports.extend(aws.run(aws::preflight(&connection, plan.ahead(), aws.cancel())));
    }
    if exports.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Failure::new(Exit::Refused, exports));
    }
    for kept in &exports {
        session.printer.problem(kept);
    }
    let request = DeployRequest {
        parameters: plan.parameters,
        tags: plan.tags,
        timeout: args.timeout,
        role_arn: args.operating.role_arn.clone(),
        grace: args.operating.connection_grace,
        capabilities: capabilities(&plan.template),
        ..DeployRequest::new(&plan.name, plan.template.to_json_minified())
    };
    if let Some(stack) = &plan.synthesized {
        settle_protection(stack, &connection, approval, aws, session)?;
    }
    let about = About {
        connection: &connection,
        name: &plan.name,
        template: &plan.template,
        synthesized: plan.synthesized.as_ref(),
    };
    let monitor = Monitor::new(&plan.name, &mut session.printer);
    let outcome = aws.run(cloud::deploy_stack(
        &connection,
        &request,
        async |question| approval.decide(question, about, &monitor, aws.cancel()).await,
        |progress| monitor.see(progress),
        aws.cancel(),
    ));
    drop(monitor);
    let outcome = outcome
        .map_err(|error| approval.explain(&plan.name, aws::located(&error, plan.synthesized.as_ref())))?;
    let what = if outcome.changed { "is deployed" } else { "has no changes" };
    session.printer.status(&format!("{} {what}", plan.name));
    if let Some(stack) = &plan.synthesized {
        protect(stack, &connection, aws, session)?;
    }
    for leftover in &outcome.leftovers {
        session.printer.problem(&Problem::warning("deploy/leftover", format!("left over: {leftover}")));
    }
    Ok(Deployed { name: plan.name, outcome })
}

/// Before a stack that exists is changed: protects it, or asks whether it may lose its protection afterwards.
fn settle_protection(
    stack: &SynthesizedStack,
    connection: &Connection,
    approval: &Approval,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<()> {
    let Some(known) = aws.wait(cloud::describe(connection, &stack.name))? else { return Ok(()) };
    if known.termination_protection == stack.termination_protection || aws::is_empty(&known) {
        return Ok(());
    }
    if stack.termination_protection {
        return protect(stack, connection, aws, session);
    }
    let question = format!("Let {} be deleted from now on?", stack.name);
    if aws.run(approval.confirm(question, aws.cancel())) {
        return Ok(());
    }
    let problem =
        Problem::error("deploy/declined", format!("{} keeps its protection; not approved", stack.name));
    Err(Failure::new(Exit::Refused, vec![problem]))
}

/// Templates cannot say whether their stack may be deleted, so it is said after each deployment.
fn protect(
    stack: &SynthesizedStack,
    connection: &Connection,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<()> {
    let protected = stack.termination_protection;
    if aws.wait(cloud::set_termination_protection(connection, &stack.name, protected))? {
        let what = if protected { "is now protected from deletion" } else { "may now be deleted" };
        session.printer.status(&format!("{} {what}", stack.name));
    }
    Ok(())
}

/// What the template needs to be allowed; the change set shows what it does with it.
fn capabilities(template: &Template) -> std::collections::BTreeSet<Capability> {
    let mut all = std::collections::BTreeSet::from([Capability::NamedIam]);
    if !template.transform.is_empty() {
        all.insert(Capability::AutoExpand);
    }
    all
}

fn show(done: &[Deployed], session: &mut Session<'_>) -> Result<()> {
    if session.printer.json() {
        return session.printer.result_json(&serde_json::json!({ "stacks": done }));
    }
    let lines: String =
        done.iter().map(|stack| super::outputs::lines(&stack.name, &stack.outcome.outputs)).collect();
    session.printer.result(&lines)
}

/// The form that the CDK writes too: the outputs by name, by stack.
fn write_outputs(file: &std::path::Path, done: &[Deployed]) -> Result<()> {
    let stacks: Map<String, Value> = done
        .iter()
        .map(|stack| {
            let outputs = stack.outcome.outputs.iter();
            (
                stack.name.clone(),
                outputs.map(|output| (output.key.clone(), Value::from(output.value.as_str()))).collect(),
            )
        })
        .collect();
    let text = serde_json::to_string_pretty(&stacks).expect("a map of text");
    files::write_atomically(file, &format!("{text}\n"), Access::Private)
}

fn tell_what_was_left_out(names: &[String], done: usize, failure: &mut Failure) {
    if names.len() < 2 || (done == 0 && failure.exit != Exit::Failed) {
        return;
    }
    if let Some(problem) = failure.problems.last_mut() {
        let (before, after) = (&names[..done], &names[(done + 1).min(names.len())..]);
        if !before.is_empty() {
            problem.also.push(format!("deployed before: {}", before.join(", ")));
        }
        if !after.is_empty() {
            problem.also.push(format!("not started: {}", after.join(", ")));
        }
    }
}
