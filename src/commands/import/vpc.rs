//! `import vpc`: a network that exists, looked up and told as settings.

use cloud::{Connection, VpcNetwork};
use serde_json::Value;

use super::choose::{Choice, Named, choose};
use super::{list, text, view, write};
use crate::aws::Aws;
use crate::config::{self, Config};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, Severity, suggestion};
use crate::session::Session;

/// Look up a VPC that exists, and make settings of it
///
/// Without an id, the VPCs of the region are listed. Of the VPC that is named, the subnets are told by tier, as YAML to be
/// pasted or, with `--write`, in the file of the settings: what leads to an internet gateway is public, what has another
/// way out or none is private. Where nothing tells, nothing is guessed: name the subnets with `--public` and `--private`.
#[derive(Debug, clap::Args)]
pub(crate) struct Vpc {
    /// The VPC, `vpc-…` [default: list them]
    #[arg(value_name = "VPC")]
    id: Option<String>,

    /// The public subnets, instead of those that the routes tell; may be given again
    #[arg(long, value_name = "SUBNET,…", value_delimiter = ',', requires = "id")]
    public: Vec<String>,

    /// The private subnets, instead of those that the routes tell; may be given again
    #[arg(long, value_name = "SUBNET,…", value_delimiter = ',', requires = "id")]
    private: Vec<String>,

    /// Write the settings into the configuration file, below the environment; everything else in it stays as it is
    #[arg(long, requires = "id")]
    write: bool,
}

/// What the command tells next.
pub(super) const NEXT: &str = "docuthinker diff";

pub(super) fn run(args: &Vpc, session: &mut Session<'_>) -> Result<()> {
    refuse_the_emulator(session)?;
    // Its warnings are told when the stacks are made.
    let config = config::load(session.project, &session.global.request()?)?;
    let mut aws = Aws::new(&session.global)?;
    let connection = connection(&config, &mut aws, session)?;
    let Some(id) = &args.id else { return list::run(&connection, &aws, session) };
    let Some(network) = aws.look(cloud::vpc_network(&connection, id))? else {
        return Err(unknown(id, &connection, &aws)?);
    };
    let named = Named { public: args.public.clone(), private: args.private.clone() };
    let choice = choose(&network, &named, needs_private(&config))
        .map_err(|problems| Failure::new(Exit::Refused, problems))?;
    for warning in &choice.warnings {
        session.printer.problem(warning);
    }
    show(args, &network, &choice, &config, session)
}

/// The emulator has the operations of EC2, but no Cloud Control.
fn refuse_the_emulator(session: &Session<'_>) -> Result<()> {
    if !session.global.aws.local {
        return Ok(());
    }
    let message = "`import vpc` asks Cloud Control, which the emulator has not";
    let hint =
        "leave `--local` out to look a VPC up in AWS; with the emulator, let the stack make its own network";
    Err(Failure::refused(Problem::error("import/no-cloud-control", message).hint(hint)))
}

/// To where the settings lead.
fn connection(config: &Config, aws: &mut Aws, session: &mut Session<'_>) -> Result<Connection> {
    let text = |key: &str| config.settings.get(key).and_then(Value::as_str);
    aws.connection(text("region"), text("account"), &mut session.printer)
}

/// Whether the settings want tasks in private subnets. A project of another kind need not have the setting.
fn needs_private(config: &Config) -> bool {
    let mode = config.settings.get("network").and_then(|network| network.get("mode"));
    mode.and_then(Value::as_str) != Some("public")
}

fn unknown(id: &str, connection: &Connection, aws: &Aws) -> Result<Failure> {
    let (vpcs, subnets) = aws.look(cloud::vpcs(connection))?;
    let message = format!("there is no VPC {id} in {}", connection.identity().region);
    let message = text::with_lines(&message, list::lines(&vpcs, &subnets));
    let hint = if vpcs.is_empty() {
        Some("there is none at all: is it the region and the account that you mean?".to_owned())
    } else {
        suggestion(id, vpcs.iter().map(|vpc| vpc.id.as_str()))
    };
    Ok(Failure::refused(Problem::error("import/unknown-vpc", message).maybe_hint(hint)))
}

/// What follows for the settings, checked with the stacks that are made of them.
fn show(
    args: &Vpc,
    network: &VpcNetwork,
    choice: &Choice,
    config: &Config,
    session: &mut Session<'_>,
) -> Result<()> {
    let settings = choice.settings(&network.vpc.id);
    let fits = write::fits(&settings, session);
    if !args.write {
        told_as_warnings(fits, session);
        if session.printer.json() {
            return session.printer.result_json(&view::view(network, choice, config, None));
        }
        session.printer.result_as_it_is(&text::block(network, choice, &config.environment))?;
        let next = format!("next: paste it, or add `--write`; then `{NEXT}`");
        session.printer.status(&next);
        return Ok(());
    }
    fits?;
    let written = write::write(&settings, config, session)?;
    if session.printer.json() {
        return session.printer.result_json(&view::view(network, choice, config, Some(&written)));
    }
    let told = text::evidence(network, choice) + &written.lines();
    session.printer.result_in_lines(&told)?;
    session.printer.status(&format!("next: {NEXT}"));
    Ok(())
}

/// What the settings lack besides is for who pastes them.
fn told_as_warnings(fits: Result<()>, session: &mut Session<'_>) {
    let Err(failure) = fits else { return };
    for problem in failure.problems {
        let problem = Problem { severity: Severity::Warning, ..problem };
        session.printer.problem(&problem);
    }
}
