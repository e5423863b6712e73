//! Which images are deployed: those that are named by tag, or those of this commit, pushed on the way.

use std::path::PathBuf;
use std::time::Duration;

use cloud::ImageName;

use super::summary::{End, Row};
use super::{Deploy, Plan, deploy, plans, refuse_mistakes};
use crate::aws::{Approval, Aws};
use crate::commands::images::{self, Wanted};
use crate::problem::{Failure, Result};
use crate::session::Session;
use crate::tool::ToolOption;

/// Images that are pushed on the way.
#[derive(Debug, clap::Args)]
pub(super) struct Pushing {
    /// Push the images of this commit on the way, built if need be: after the stack that has their repositories, before the
    /// services
    #[arg(long, conflicts_with_all = ["template", "images", "exclusively"])]
    pub(super) push: bool,

    /// With `--push`: folder that has the images' folders [default: the top of the git repository]
    #[arg(long, value_name = "FOLDER", requires = "push")]
    source: Option<PathBuf>,

    #[command(flatten)]
    tool: ToolOption,
}

/// Asks ECR for the digests of the images and takes them as if `--set backend.image=sha256:…` were given.
pub(super) fn settle(wanted: &[Wanted], aws: &mut Aws, session: &mut Session<'_>) -> Result<()> {
    for image in images::resolve(wanted, aws, session)? {
        let (container, digest) = (&image.placed.image.container, &image.digest);
        if let ImageName::Tag(tag) = &image.name {
            session.printer.status(&format!("{container}={tag} is {digest}"));
        }
        session.global.set(&image.placed.image.setting, digest);
    }
    Ok(())
}

/// Deploys `plans` in three steps: the stacks that make the repositories, then the images are built and pushed, then the
/// others with the digests of these. Gives also why the images were not pushed, if they were not.
pub(super) fn around(
    args: &Deploy,
    all: Vec<Plan>,
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<(Vec<Row>, Option<Failure>)> {
    let approval = || Approval::new(&args.approval, session.global.yes);
    let (first_approval, second_approval) = (approval(), approval());
    let settings = session.config()?.settings;
    let holders = images::deploys_first(&session.project.images(&settings));
    let first = needed_by(&holders, &all);
    let (before, after): (Vec<Plan>, Vec<Plan>) =
        all.into_iter().partition(|plan| first.contains(&plan.name));
    let mut rows =
        if before.is_empty() { Vec::new() } else { deploy(args, before, first_approval, aws, session)? };
    if let Some(failed) = rows.iter().find(|row| row.deployed().is_none()).map(|row| row.name.clone()) {
        rows.extend(after.iter().map(|plan| skipped(plan, &format!("because {failed} was not deployed"))));
        return Ok((rows, None));
    }
    let pushed =
        match images::build_and_push(args.pushing.source.as_deref(), &args.pushing.tool, aws, session) {
            Ok(pushed) => pushed,
            Err(failure) => {
                rows.extend(after.iter().map(|plan| skipped(plan, "because the images were not pushed")));
                return Ok((rows, Some(failure)));
            }
        };
    for image in &pushed {
        session.global.set(&image.setting, &image.digest);
    }
    // The templates again, now with what was pushed.
    let mut after = plans(args, session)?;
    after.retain(|plan| !first.contains(&plan.name));
    let done = "the images are pushed, and no service was changed";
    if let Err(failure) = refuse_mistakes(args, &after, done, session) {
        rows.extend(after.iter().map(|plan| skipped(plan, "because its template was refused")));
        return Ok((rows, Some(failure)));
    }
    rows.extend(deploy(args, after, second_approval, aws, session)?);
    Ok((rows, None))
}

/// The names of the stacks that make the repositories, and of those that they depend on.
fn needed_by(holders: &[String], plans: &[Plan]) -> Vec<String> {
    let is_holder = |plan: &&Plan| plan.synthesized.as_ref().is_some_and(|stack| holders.contains(&stack.id));
    let mut names: Vec<String> = Vec::new();
    let mut open: Vec<&Plan> = plans.iter().filter(is_holder).collect();
    while let Some(plan) = open.pop() {
        if !names.contains(&plan.name) {
            names.push(plan.name.clone());
            open.extend(plans.iter().filter(|other| plan.depends_on().contains(&other.name)));
        }
    }
    names
}

fn skipped(plan: &Plan, why: &str) -> Row {
    let region = plan.region.clone().unwrap_or_default();
    Row { name: plan.name.clone(), region, took: Duration::ZERO, end: End::Skipped(why.to_owned()) }
}
