//! `iam-policy`: what a deployer must be allowed to do.

use std::path::PathBuf;

use serde_json::json;
use template::permissions::{Deployment, MANAGED_POLICY_CHARACTERS, Policy, deployer_policy};

use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;
use crate::templates;

/// Print the least IAM policy with which the stacks can be deployed, updated and destroyed
///
/// From what CloudFormation needs for each resource in the templates and what docuthinker calls itself; narrowed to
/// the stacks, to the names in the templates, to the roles that they pass, and to the region and the account as far
/// as they are configured. A managed policy holds 6,144 characters: where one is not enough, `--part` prints them one
/// by one. Needs neither AWS nor credentials.
#[derive(Debug, clap::Args)]
pub(crate) struct IamPolicy {
    /// Stacks by name [default: all]
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,

    /// Use the CloudFormation template in this file, YAML or JSON, instead of the project's stacks; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "stacks", requires = "stack_name")]
    template: Option<PathBuf>,

    /// Name of the stack that the file's template is for
    #[arg(long, value_name = "NAME", requires = "template", value_parser = super::target::stack_name)]
    stack_name: Option<String>,

    /// Print only this one of the policies into which the whole must be divided, from 1
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    part: Option<u32>,

    /// Say on stderr why a statement is for all resources
    #[arg(long)]
    explain: bool,
}

pub(crate) fn run(args: &IamPolicy, session: &mut Session<'_>) -> Result {
    let policy = policy(args, session)?;
    let parts = policy.parts();
    for note in &policy.notes {
        session.printer.problem(&Problem::warning("iam-policy/unknown", note));
    }
    if args.explain {
        explain(&policy, session);
    }
    if session.printer.json() {
        if args.part.is_some() {
            let problem = Problem::error("usage/no-effect", "`--part` has no effect with `--output json`");
            return Err(Failure::usage(problem.hint("leave it out: `policies` has all parts")));
        }
        let all: Vec<_> = policy.statements.iter().filter(|statement| statement.reason.is_some()).collect();
        let all: Vec<_> = all
            .iter()
            .map(|of| json!({ "sid": of.sid, "actions": of.actions, "reason": of.reason }))
            .collect();
        let documents: Vec<_> = parts.iter().map(Policy::to_value).collect();
        session.printer.result_json(&json!({
            "policies": documents,
            "onAllResources": all,
            "notes": policy.notes,
        }))?;
        return Ok(Exit::Done);
    }
    let printed = match args.part {
        Some(number) => chosen(&parts, number)?,
        None => &policy,
    };
    if args.part.is_none() && parts.len() > 1 {
        let (found, most) = (policy.characters(), MANAGED_POLICY_CHARACTERS);
        let message = format!("the policy has {found} characters, more than the {most} of a managed policy");
        let hint = format!("print it as {} policies with `--part 1` to `--part {0}`", parts.len());
        session.printer.problem(&Problem::warning("iam-policy/too-large", message).hint(hint));
    }
    session.printer.result_as_it_is(&printed.to_json())?;
    Ok(Exit::Done)
}

fn policy(args: &IamPolicy, session: &mut Session<'_>) -> Result<Policy> {
    #[cfg(feature = "aws")]
    let asked = session.global.aws.region.clone();
    #[cfg(not(feature = "aws"))]
    let asked: Option<String> = None;
    if let Some((file, stack)) = args.template.as_ref().zip(args.stack_name.as_ref()) {
        // The region of the settings is not taken: `deploy --template` goes to that of the command line.
        let settings = session.config()?.settings;
        let account = settings.get("account").and_then(serde_json::Value::as_str);
        let template = &templates::read(file)?.document.template;
        return Ok(deployer_policy(&[Deployment { stack, template, region: asked.as_deref(), account }]));
    }
    let stacks = session.sound(&args.stacks)?.stacks;
    let deployments = stacks.iter().map(|stack| Deployment {
        stack: &stack.name,
        template: &stack.template,
        region: asked.as_deref().or(stack.region.as_deref()),
        account: stack.account.as_deref(),
    });
    Ok(deployer_policy(&deployments.collect::<Vec<_>>()))
}

fn chosen(parts: &[Policy], number: u32) -> Result<&Policy> {
    let at = usize::try_from(number).unwrap_or(usize::MAX);
    parts.get(at - 1).ok_or_else(|| {
        let problem = Problem::error("usage/part", format!("there is no part {number}"));
        Failure::usage(problem.hint(format!("the policy has {} parts", parts.len())))
    })
}

fn explain(policy: &Policy, session: &mut Session<'_>) {
    for statement in &policy.statements {
        if let Some(reason) = statement.reason {
            session.printer.status(&format!("{} is for all resources: {reason}", statement.sid));
        }
    }
}
