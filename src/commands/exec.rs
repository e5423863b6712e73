//! `exec`: a command in a running container.

mod plugin;
mod ready;

use cloud::{RunningContainer, RunningTask};

use crate::aws::Aws;
use crate::commands::estate::{self, InService, InStacks, Place};
use crate::exit::Exit;
use crate::problem::{Failure, Printable, Problem, Result, suggestion};
use crate::session::Session;
use crate::shell;

use plugin::Plugin;

/// What runs if nothing is said.
const SHELL: &str = "/bin/sh";

/// Run a command in a container of a service, with a terminal
///
/// Takes the newest task that is healthy. Before it tries, it says all that is missing: ECS Exec is switched on by the setting
/// `cluster.exec`, and needs the program `session-manager-plugin` on this machine. The end of the command is not told by AWS:
/// the exit code is 0 whatever it was.
#[derive(Debug, clap::Args)]
pub(crate) struct Exec {
    /// Service, for example `backend`
    service: String,

    /// Command and its arguments [default: /bin/sh]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,

    #[command(flatten)]
    in_stacks: InStacks,

    /// This task instead of the newest: its ID, or the beginning of it
    #[arg(long, value_name = "ID")]
    task: Option<String>,

    /// This container [default: the one that is called as the service, or the first]
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
}

pub(crate) fn run(args: &Exec, session: &mut Session<'_>) -> Result {
    let mut aws = Aws::new(&session.global)?;
    let places = args.in_stacks.places(&mut aws, session)?;
    let services = estate::services(&places, std::slice::from_ref(&args.service))?;
    let Some(service) = services.first() else { return Ok(Exit::Done) };
    let place = &places[service.place];
    let plugin = Plugin::find();
    let (details, tasks) = aws.unless_interrupted(async {
        tokio::join!(
            cloud::service_details(&place.connection, std::slice::from_ref(&service.service)),
            cloud::running_tasks(&place.connection, &service.service),
        )
    })?;
    let failure = |error| crate::aws::failure(&error);
    let (details, tasks) = (details.map_err(failure)?.pop(), tasks.map_err(failure)?);
    let task = chosen(args, service, &tasks)?;
    let definition = match task {
        Some(task) => aws.look(cloud::task_definition(&place.connection, &task.task_definition))?,
        None => None,
    };
    let container = task.map(|task| container(args, service, task)).transpose()?;
    let template = template(&aws, place);
    let look =
        ready::Look { service, details, task, container, definition, template, plugin: plugin.as_ref() };
    let missing = look.missing();
    let (Some(task), Some(container), Some(plugin), true) = (task, container, &plugin, missing.is_empty())
    else {
        return Err(Failure::new(Exit::Blocked, missing));
    };
    let command = command(&args.command);
    session.printer.status(&format!(
        "{}: `{}` in {} of task {}",
        service.name,
        Printable(&command),
        container.name,
        task.id()
    ));
    let order = cloud::execute_command(&place.connection, &service.service, task, container, &command);
    let exec = aws.look(order)?;
    plugin.run(exec, session)
}

/// The newest task that is healthy, or runs and has no health check; the one that is named otherwise.
fn chosen<'a>(args: &Exec, service: &InService, tasks: &'a [RunningTask]) -> Result<Option<&'a RunningTask>> {
    let mut running = tasks.iter().filter(|task| task.status == "RUNNING");
    let Some(wanted) = &args.task else {
        let rank = |task: &&RunningTask| match task.health.as_str() {
            "HEALTHY" => 0,
            "UNKNOWN" => 1,
            _ => 2,
        };
        // They come newest first, and the first of the best is taken.
        return Ok(running.min_by_key(rank));
    };
    running.find(|task| task.id().starts_with(wanted.as_str())).map(Some).ok_or_else(|| {
        let message = format!("no running task of {} has an ID that begins with `{wanted}`", service.name);
        let ids: Vec<&str> = tasks.iter().map(RunningTask::id).collect();
        let hint =
            if ids.is_empty() { "it has none".to_owned() } else { format!("it has {}", ids.join(", ")) };
        Failure::usage(Problem::error("usage/unknown-task", message).hint(hint))
    })
}

/// The container that is named; else the one that is called as its service, or the first.
fn container<'a>(args: &Exec, service: &InService, task: &'a RunningTask) -> Result<&'a RunningContainer> {
    let called = |name: &str| task.containers.iter().find(|container| container.name == name);
    let found = match &args.container {
        Some(wanted) => called(wanted),
        None => called(&service.name).or(task.containers.first()),
    };
    found.ok_or_else(|| {
        let wanted = args.container.as_deref().unwrap_or_default();
        let message = format!("the task {} has no container `{wanted}`", task.id());
        let names = task.containers.iter().map(|container| container.name.as_str());
        let problem = Problem::error("usage/unknown-container", message);
        Failure::usage(problem.maybe_hint(suggestion(wanted, names)))
    })
}

/// The deployed template, where it can be had: only to tell what is missing.
fn template(aws: &Aws, place: &Place) -> Option<String> {
    let stack = &place.inventory.stack.stack_id;
    aws.unless_interrupted(cloud::deployed_template(&place.connection, stack)).ok()?.ok()?
}

/// The command as one text, which a shell would read as these arguments.
fn command(arguments: &[String]) -> String {
    if arguments.is_empty() { SHELL.to_owned() } else { shell::command(arguments) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_command_it_is_a_shell() {
        assert_eq!(command(&[]), "/bin/sh");
        assert_eq!(command(&["ls".to_owned(), "a b".to_owned()]), "ls 'a b'");
    }
}
