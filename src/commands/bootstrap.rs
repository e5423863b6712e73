//! `bootstrap`: the bucket for large templates.

use crate::aws::{About, Approval, ApprovalOptions, Aws, Monitor};
use crate::exit::Exit;
use crate::problem::Result;
use crate::session::Session;
use crate::templates;

/// Make the bucket for templates that are too large to be sent inline
///
/// CloudFormation takes templates of up to 51,200 bytes inline, and up to 1 MiB from S3. Only a project with such a
/// template needs the bucket, once for each account and region. It is private and encrypted.
#[derive(Debug, clap::Args)]
pub(crate) struct Bootstrap {}

pub(crate) fn run(_: &Bootstrap, session: &mut Session<'_>) -> Result {
    let approval = Approval::new(&ApprovalOptions::default(), session.global.yes);
    approval.require_an_answer("making the bucket")?;
    let stacks = session.sound(&[])?.stacks;
    let (region, account) =
        stacks.first().map_or((None, None), |stack| (stack.region.clone(), stack.account.clone()));
    let mut aws = Aws::new(&session.global)?;
    let connection = aws.connection(region.as_deref(), account.as_deref(), &mut session.printer)?;
    let template =
        templates::parse(&cloud::bootstrap_template(&connection), cloud::BOOTSTRAP_STACK)?.template;
    let about = About {
        connection: &connection,
        name: cloud::BOOTSTRAP_STACK,
        template: &template,
        synthesized: None,
    };
    let monitor = Monitor::new(cloud::BOOTSTRAP_STACK, &mut session.printer);
    let work = cloud::bootstrap(
        &connection,
        async |question| approval.decide(question, about, &monitor, aws.cancel()).await,
        |progress| monitor.see(progress),
        aws.cancel(),
    );
    let made = aws.wait(monitor.during(work));
    drop(monitor);
    let made = made.map_err(|failure| approval.explain(about, failure))?;
    if session.printer.json() {
        session.printer.result_json(&made)?;
    } else {
        session.printer.status(if made.changed {
            "the bucket is made"
        } else {
            "the bucket was there already"
        });
        session.printer.result(&format!("{}\n", made.bucket))?;
    }
    Ok(Exit::Done)
}
