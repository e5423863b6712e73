//! The deployment of one stack, from the look at what is there to its protection afterwards.

use std::collections::BTreeSet;

use cloud::{Cancel, Capability, Connection, DeployOutcome, DeployRequest};
use constructs::SynthesizedStack;
use template::Template;

use super::desk::Desk;
use super::{Deploy, Plan};
use crate::aws::{self, Monitor, Own};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, Severity};

/// What every stack of the run has in common.
pub(super) struct Run<'a> {
    pub(super) args: &'a Deploy,
    pub(super) desk: Desk,
    pub(super) cancel: &'a Cancel,
    /// What of the project our own commands put right.
    pub(super) own: Own,
}

/// What came of one stack.
#[derive(Debug)]
pub(super) struct Deployed {
    pub(super) outcome: DeployOutcome,
}

/// Deploys one stack over `connection` and tells `monitor` what happens; others may be deployed meanwhile.
pub(super) async fn deploy(
    mut plan: Plan,
    connection: &Connection,
    run: &Run<'_>,
    monitor: &Monitor<'_>,
) -> Result<Deployed> {
    look_ahead(&mut plan, connection, run, monitor).await?;
    let request = request(&plan, run.args);
    let synthesized = plan.synthesized.as_ref();
    if let Some(stack) = synthesized {
        settle_protection(stack, connection, run, monitor).await?;
    }
    let outcome = cloud::deploy_stack(
        connection,
        &request,
        async |question| run.desk.decide(question, plan.about(connection), monitor, run.cancel).await,
        |progress| monitor.see(progress),
        run.cancel,
    );
    let outcome = outcome.await;
    monitor.settle();
    let explained = |failure| run.desk.explain(plan.about(connection), failure);
    let outcome = outcome.map_err(|error| explained(aws::located(&error, synthesized)))?;
    let what = if outcome.changed { "is deployed" } else { "has no changes" };
    monitor.say(&format!("{} {what}", monitor.label()));
    for leftover in &outcome.leftovers {
        monitor.problem(Problem::warning("deploy/leftover", format!("left over: {leftover}")));
    }
    if let Some(stack) = synthesized {
        protect(stack, connection, monitor).await?;
    }
    Ok(Deployed { outcome })
}

/// What is wanted of the engine.
fn request(plan: &Plan, args: &Deploy) -> DeployRequest {
    DeployRequest {
        parameters: plan.parameters.clone(),
        tags: plan.tags.clone(),
        capabilities: capabilities(&plan.template),
        role_arn: args.operating.role_arn.clone(),
        grace: args.operating.connection_grace,
        timeout: Some(args.timeout),
        on_timeout: args.on_timeout.into(),
        on_interrupt: args.on_interrupt.into(),
        wait: args.wait,
        nested_changes: !args.approval.no_nested_changes,
        ..DeployRequest::new(&plan.name, plan.template.to_json_minified())
    }
}

/// Before anything is written: an export that another stack still imports is kept, and what the stack needs must be there.
async fn look_ahead(
    plan: &mut Plan,
    connection: &Connection,
    run: &Run<'_>,
    monitor: &Monitor<'_>,
) -> Result<()> {
    let exports = aws::keep_imported(connection, &plan.name, &mut plan.template);
    let exports = aws::unless_interrupted(run.cancel, exports).await?;
    let mut found = exports.map_err(|error| aws::failure(&error))?;
    if !run.args.no_preflight {
        found.extend(aws::preflight(connection, plan.ahead(&run.own), run.cancel).await);
    }
    if found.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Failure::new(Exit::Refused, found));
    }
    for warning in found {
        monitor.problem(warning);
    }
    Ok(())
}

/// Before a stack that exists is changed: asks whether it may lose its protection afterwards. One that gains it gains it
/// after the deployment, since nothing is written before somebody said yes.
async fn settle_protection(
    stack: &SynthesizedStack,
    connection: &Connection,
    run: &Run<'_>,
    monitor: &Monitor<'_>,
) -> Result<()> {
    let known = aws::unless_interrupted(run.cancel, cloud::describe(connection, &stack.name)).await?;
    let Some(known) = known.map_err(|error| aws::failure(&error))? else { return Ok(()) };
    if !known.termination_protection || stack.termination_protection || aws::is_empty(&known) {
        return Ok(());
    }
    let question = format!("Remove the deletion protection of {}? Nothing is deleted by that.", stack.name);
    if run.desk.confirm(question, monitor, run.cancel).await {
        return Ok(());
    }
    if run.cancel.is_cancelled() {
        let problem = Problem::error("aws/interrupted", "interrupted; nothing was changed");
        return Err(Failure::new(Exit::Interrupted, vec![problem]));
    }
    let problem =
        Problem::error("deploy/declined", format!("{} keeps its protection; not approved", stack.name))
            .hint("to go on without a question, add `--yes`");
    Err(Failure::new(Exit::Refused, vec![problem]))
}

/// Templates cannot say whether their stack may be deleted, so it is said after each deployment.
async fn protect(stack: &SynthesizedStack, connection: &Connection, monitor: &Monitor<'_>) -> Result<()> {
    let protected = stack.termination_protection;
    let changed = cloud::set_termination_protection(connection, &stack.name, protected).await;
    if changed.map_err(|error| aws::failure(&error))? {
        let what = if protected { "is now protected from deletion" } else { "may now be deleted" };
        monitor.say(&format!("{} {what}", monitor.label()));
    }
    Ok(())
}

/// What the template needs to be allowed; the change set shows what it does with it.
pub(in crate::commands) fn capabilities(template: &Template) -> BTreeSet<Capability> {
    let mut all = BTreeSet::from([Capability::NamedIam]);
    if !template.transform.is_empty() {
        all.insert(Capability::AutoExpand);
    }
    all
}
