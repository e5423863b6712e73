//! What the commands that talk to AWS share: whom they talk to, how they ask, and how they show what happens.

mod approval;
mod ask;
mod explained;
mod exports;
mod failure;
mod hidden;
mod mfa;
mod own;
mod preflight;
mod progress;
mod together;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;

use cloud::emulator::{self, Emulator, EmulatorOptions, Preparing};
use cloud::{Cancel, CancelHandle, CloudError, ConnectOptions, Connection, Mfa, OtherEndpoint};
use tokio::runtime::Runtime;

pub(crate) use approval::{About, Approval, ApprovalOptions};
pub(crate) use ask::{ask, confirm, offer, require_an_answer};
pub(crate) use explained::{detail_lines, explanation_lines, line, origin, place, task_lines};
pub(crate) use exports::keep_imported;
pub(crate) use failure::{failure, located};
pub(crate) use hidden::ask_hidden;
pub(crate) use own::{Own, secret_name};
pub(crate) use preflight::{Ahead, Looked, Row, look, preflight};
pub(crate) use progress::{Monitor, Screen, Subject, View, time_text};
pub(crate) use together::together;

use crate::cli::Global;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::printer::{Printer, ProgressForm};
use crate::problem::{AwsState, Failure, Problem, Result};

/// Options that say which AWS is meant.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Profile in the AWS configuration files
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// AWS region
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// Address of AWS's stand-in, for all services
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,

    /// Use the emulator on this machine instead of AWS; it is started if it does not run
    #[arg(long, global = true, conflicts_with_all = ["profile", "endpoint_url"])]
    pub(crate) local: bool,

    /// How progress is shown on stderr: `auto`, `plain` lines, a `live` tree, or `json` lines for programs
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "FORM"
    )]
    pub(crate) progress: ProgressForm,
}

impl Options {
    /// Adds them to what the commands have in common that this run tells somebody to type.
    pub(crate) fn add_to(&self, context: &mut Context) {
        if self.local {
            context.add(context::About::Aws, &["--local"], None);
        }
        let endpoint = self.endpoint_url.as_deref().map(without_password);
        let options: [(&[&str], _); 3] = [
            (&["--profile"], self.profile.clone()),
            (&["--region"], self.region.clone()),
            (&["--endpoint-url"], endpoint),
        ];
        for (names, value) in options {
            if value.is_some() {
                context.add(context::About::Aws, names, value);
            }
        }
    }
}

/// Connections to AWS, one for each region that is needed, and the engine that drives them.
pub(crate) struct Aws {
    runtime: Option<Runtime>,
    options: Options,
    /// By region and account, as the configuration names them.
    connections: BTreeMap<(Option<String>, Option<String>), Connection>,
    local: Option<Emulator>,
    cancel: Cancel,
    mfa: Mfa,
}

impl Aws {
    /// Prepares to talk; nothing is sent yet. From now on a signal asks to stop, see [`Aws::cancel`].
    pub(crate) fn new(global: &Global) -> Result<Aws> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
                Problem::error("aws/runtime", format!("the system gives no timers or sockets: {error}"))
            })?;
        let (handle, cancel) = Cancel::pair();
        runtime.spawn(cancel_on_signal(handle, global.printer()));
        Ok(Aws {
            runtime: Some(runtime),
            options: global.aws.clone(),
            connections: BTreeMap::new(),
            local: None,
            mfa: mfa::on_the_terminal(cancel.clone()),
            cancel,
        })
    }

    /// The connection for a stack that belongs to `region` and `account`, where the configuration names them.
    pub(crate) fn connection(
        &mut self,
        region: Option<&str>,
        account: Option<&str>,
        printer: &mut Printer,
    ) -> Result<Connection> {
        let wanted = (region.map(str::to_owned), account.map(str::to_owned));
        if let Some(known) = self.connections.get(&wanted) {
            return Ok(known.clone());
        }
        if self.options.local && self.local.is_none() {
            self.local = Some(start_emulator(&emulator_options()?, printer)?);
        }
        let options = ConnectOptions {
            profile: self.options.profile.clone(),
            region: self.options.region.clone().or_else(|| wanted.0.clone()),
            endpoint_url: self.options.endpoint_url.clone(),
            mfa: self.mfa.clone(),
            local: self.local.clone(),
            expected_account: wanted.1.clone(),
            expected_region: wanted.0.clone(),
            ..ConnectOptions::default()
        };
        let first = self.connections.is_empty();
        if first && !self.options.local {
            // Before the first request, which may fail just because of it.
            warn_of_endpoints(&self.run(options.other_endpoints()), printer);
        }
        let connection = self.open(options)?;
        if first {
            announce(&connection, printer);
        }
        self.connections.insert(wanted, connection.clone());
        Ok(connection)
    }

    /// Signing in may ask somebody or run a program, and takes as long as that; who wants to stop need not wait for it.
    fn open(&self, options: ConnectOptions) -> Result<Connection> {
        self.look(Connection::open(options))
    }

    /// Waits for an answer to a question that changes nothing, until somebody wants to stop.
    pub(crate) fn look<T>(&self, answer: impl Future<Output = Result<T, CloudError>>) -> Result<T> {
        self.unless_interrupted(answer)?.map_err(|error| failure(&error))
    }

    /// As [`Aws::look`], whatever the answer is.
    pub(crate) fn unless_interrupted<T>(&self, answer: impl Future<Output = T>) -> Result<T> {
        self.run(unless_interrupted(&self.cancel, answer))
    }

    /// Waits for an answer.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = Result<T, CloudError>>) -> Result<T> {
        self.run(answer).map_err(|error| failure(&error))
    }

    /// Waits for whatever comes.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.as_ref().expect("the runtime is there until this value is dropped").block_on(future)
    }

    /// Tells whether somebody wants to stop.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}

impl Drop for Aws {
    /// A question that nobody answered still waits for its line in another thread; that must not hold up the end.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits for an answer to a question that changes nothing, until somebody wants to stop: AWS may take minutes.
pub(crate) async fn unless_interrupted<T>(cancel: &Cancel, answer: impl Future<Output = T>) -> Result<T> {
    let answer = tokio::select! {
        answer = answer => Some(answer),
        () = cancel.cancelled() => None,
    };
    match answer {
        Some(answer) if !cancel.is_cancelled() => Ok(answer),
        _ => {
            let problem = Problem::error("aws/interrupted", "interrupted; nothing was changed");
            Err(Failure::new(Exit::Interrupted, vec![problem]))
        }
    }
}

/// The first signal asks the engine to stop at the next safe point; the second ends the process at once.
async fn cancel_on_signal(handle: CancelHandle, mut printer: Printer) {
    signal().await;
    handle.cancel();
    signal().await;
    printer.failure(&left_at_once());
    #[expect(clippy::exit, reason = "the user asked twice, and the engine is busy with the first time")]
    std::process::exit(i32::from(Exit::Interrupted.code()));
}

/// What can be said by somebody who does not wait until it is known.
fn left_at_once() -> Failure {
    let problem = Problem::error("aws/interrupted", "interrupted twice; left at once");
    let now = "what was ordered goes on in AWS, and what was to be removed may have been left behind";
    let state = AwsState { now: Some(now.to_owned()), ..AwsState::default() };
    let next = "`docuthinker watch STACK` tells what runs; the same command, run again, goes on from there";
    Failure {
        aws: Some(Box::new(state)),
        next: Some(next.to_owned()),
        ..Failure::new(Exit::Interrupted, vec![problem])
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hang_up)) =
        (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Where the emulator has its Python environment, its log and its state: our folder in the user's cache.
pub(crate) fn emulator_home() -> Result<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    from("DOCUTHINKER_CACHE_DIR")
        .or_else(|| from("XDG_CACHE_HOME").map(|cache| cache.join("docuthinker")))
        .or_else(|| from("HOME").map(|home| home.join(".cache").join("docuthinker")))
        .or_else(|| from("LOCALAPPDATA").map(|cache| cache.join("docuthinker")))
        .ok_or_else(|| {
            let problem =
                Problem::error("local/no-home", "there is no folder for the emulator: HOME is not set");
            problem.hint("set DOCUTHINKER_CACHE_DIR to a folder that may be written to").into()
        })
}

/// The emulator as `--local` starts it.
pub(crate) fn emulator_options() -> Result<EmulatorOptions> {
    Ok(EmulatorOptions::new(emulator_home()?))
}

/// Makes sure that the emulator runs, and says what takes time.
pub(crate) fn start_emulator(options: &EmulatorOptions, printer: &mut Printer) -> Result<Emulator> {
    let tell = |step| match step {
        Preparing::Installing => {
            printer.status("installing the emulator (only the first time; takes a few seconds)");
        }
        Preparing::Starting => printer.status("starting the emulator"),
    };
    emulator::ensure_running(options, tell).map_err(|error| failure(&error))
}

/// Says whom we talk to.
fn announce(connection: &Connection, printer: &mut Printer) {
    let who = connection.identity();
    if connection.is_local() {
        let endpoint = connection.endpoint().unwrap_or_default();
        printer.status(&format!(
            "using the emulator at {endpoint}: this is not AWS, nothing of it is real or billed"
        ));
        return;
    }
    printer.detail(&format!("account {} in {}, as {}", who.account, who.region, who.arn));
}

/// Addresses that are not AWS's may be set by accident.
fn warn_of_endpoints(endpoints: &[OtherEndpoint], printer: &mut Printer) {
    for OtherEndpoint { service, url } in endpoints.iter().filter(|other| !is_aws(&other.url)) {
        let (what, variable) = match service {
            None => ("all requests go".to_owned(), "AWS_ENDPOINT_URL".to_owned()),
            Some(service) => {
                let variable = format!("AWS_ENDPOINT_URL_{}", service.to_uppercase().replace(' ', "_"));
                (format!("requests to {service} go"), variable)
            }
        };
        let message = format!("this is not AWS: {what} to {}", without_password(url));
        let hint =
            format!("if that is not meant, unset {variable} and look for `endpoint_url` in the AWS profile");
        printer.problem(&Problem::warning("aws/other-endpoint", message).hint(hint));
    }
}

/// An address without what stands before the `@`, which may be secret.
pub(crate) fn without_password(url: &str) -> String {
    match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, rest)) => format!("{scheme}://{rest}"),
        None => url.to_owned(),
    }
}

fn is_aws(endpoint: &str) -> bool {
    let host = endpoint.split("://").last().unwrap_or_default();
    let host = host.split(['/', ':']).next().unwrap_or_default();
    ["amazonaws.com", "amazonaws.com.cn", "api.aws"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// Whether a stack has a template but nothing that was made from it: its creation failed, or has not begun.
///
/// Source: [Stack status codes][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
pub(crate) fn is_empty(stack: &cloud::StackDescription) -> bool {
    ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"]
        .contains(&stack.status.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_said() {
        assert_eq!(without_password("http://user:s3cret@proxy:1/x"), "http://proxy:1/x");
        assert_eq!(without_password("http://proxy:1/x"), "http://proxy:1/x");
    }

    #[test]
    fn knows_the_addresses_of_aws() {
        for aws in [
            "https://cloudformation.us-east-1.amazonaws.com",
            "https://x.amazonaws.com.cn/",
            "https://s3.api.aws",
        ] {
            assert!(is_aws(aws), "{aws}");
        }
        for other in
            ["http://127.0.0.1:4566", "https://amazonaws.com.evil.example", "https://notamazonaws.com"]
        {
            assert!(!is_aws(other), "{other}");
        }
    }
}
