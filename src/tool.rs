//! The program that builds and moves images: `docker`, `podman` or `buildah`, and how it is run.

mod found;

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use cloud::{Cancel, RegistryLogin};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub(crate) use self::found::{chosen, first_line, instead_of, is_down, is_named, is_there, version_in};
use crate::aws::Aws;
use crate::exit::Exit;
use crate::files;
use crate::printer::Printer;
use crate::problem::{Failure, Problem, Result};

/// The variable that names the program.
pub(crate) const VARIABLE: &str = "DOCUTHINKER_CONTAINER_TOOL";
/// What helps where Docker's daemon does not answer.
const START_DOCKER: &str =
    "start Docker, and see what `docker version` says; or name podman or buildah with `--tool`";
/// How long a program that was asked to stop may take to do so.
const LAST_MOMENTS: Duration = Duration::from_secs(5);
/// How many of the last lines of a program's output are shown when it failed and its output was not.
const LAST_LINES: usize = 12;

/// Which program builds and moves images.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ToolOption {
    /// Program that builds and moves images, or `DOCUTHINKER_CONTAINER_TOOL` [default: docker, podman or buildah, the first
    /// that is on the PATH]
    #[arg(long, value_name = "PROGRAM")]
    tool: Option<String>,
}

/// How its command line differs from that of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `docker`, and whatever has the same command line.
    Docker,
    Podman,
    Buildah,
}

/// A program that builds and moves images.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    program: String,
    kind: Kind,
}

/// What becomes of a program's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    /// It is shown on stderr as it comes.
    Shown,
    /// It is kept, and only told if the program fails.
    Kept,
}

impl ToolOption {
    /// The program, which is there. Where nobody names one and Docker's daemon does not answer, another one takes its place.
    pub(crate) fn find(&self, aws: &Aws, printer: &mut Printer) -> Result<Tool> {
        match chosen(self.tool.clone()) {
            Ok(program) if is_named(self.tool.as_ref()) || !aws.run(is_down(&program)) => {
                printer.detail(&format!("images are built and moved with {program}"));
                Ok(Tool::of(&program))
            }
            Ok(down) => {
                let other = instead_of(&down).ok_or_else(|| {
                    let message = format!(
                        "the daemon of {down} does not answer, and neither podman nor buildah is on the PATH"
                    );
                    Failure::refused(Problem::error("images/no-daemon", message).hint(START_DOCKER))
                })?;
                printer.status(&format!("the daemon of {down} does not answer; {other} is used instead"));
                Ok(Tool::of(other))
            }
            Err(None) => {
                let problem =
                    Problem::error("images/no-tool", "neither docker, podman nor buildah is on the PATH");
                let hint = format!("install one of them, or name one with `--tool` or {VARIABLE}");
                Err(Failure::refused(problem.hint(hint)))
            }
            Err(Some(named)) => {
                let problem = Problem::error("images/no-tool", format!("there is no program `{named}`"));
                let hint = "name docker, podman or buildah, or the path of one, with `--tool`";
                Err(Failure::usage(problem.hint(hint)))
            }
        }
    }
}

impl Tool {
    fn of(program: &str) -> Tool {
        let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
        let kind = match name {
            _ if name.starts_with("podman") => Kind::Podman,
            _ if name.starts_with("buildah") => Kind::Buildah,
            _ => Kind::Docker,
        };
        Tool { program: program.to_owned(), kind }
    }

    /// Builds the image `name` for `platform` from the `Dockerfile` in `folder`.
    pub(crate) async fn build(
        &self,
        name: &str,
        platform: &str,
        folder: &str,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let build = if self.kind == Kind::Buildah { "bud" } else { "build" };
        self.shown(&[build, "--platform", platform, "--tag", name, folder], run).await
    }

    /// Signs in to the registry. The password goes to the program's standard input and nowhere else.
    pub(crate) async fn login(&self, login: &RegistryLogin, run: &mut Run<'_>) -> Result<()> {
        let mut arguments = vec!["login", "--username", &login.user, "--password-stdin"];
        arguments.extend(self.without_tls(login.plain));
        arguments.push(&login.registry);
        self.run(&arguments, Output::Kept, Some(&login.password), run).await.map(|_| ())
    }

    /// Gives the image `from` the further name `to`.
    pub(crate) async fn tag(&self, from: &str, to: &str, run: &mut Run<'_>) -> Result<()> {
        self.run(&["tag", from, to], Output::Kept, None, run).await.map(|_| ())
    }

    /// Pushes the image `name`, which names its registry.
    pub(crate) async fn push(&self, name: &str, plain: bool, run: &mut Run<'_>) -> Result<()> {
        self.with_registry("push", name, plain, run).await
    }

    /// Pulls the image `name`, which names its registry.
    pub(crate) async fn pull(&self, name: &str, plain: bool, run: &mut Run<'_>) -> Result<()> {
        self.with_registry("pull", name, plain, run).await
    }

    /// Whether the image `name`, which names its registry and its digest, is there. Why the registry does not show it, it may
    /// say of a push.
    pub(crate) async fn has(&self, name: &str, plain: bool, run: &mut Run<'_>) -> Result<bool> {
        let mut arguments = match self.kind {
            // They show manifests only of lists, or what is on this machine. Podman always asks the registry.
            Kind::Buildah => vec!["pull", "--quiet", "--policy", "always"],
            Kind::Podman => vec!["pull", "--quiet"],
            Kind::Docker => vec!["manifest", "inspect"],
        };
        match self.kind {
            Kind::Docker if plain => arguments.push("--insecure"),
            _ => arguments.extend(self.without_tls(plain)),
        }
        arguments.push(name);
        match self.run(&arguments, Output::Kept, None, run).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.exit == Exit::Failed => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// What it is called on this machine.
    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    async fn with_registry(&self, verb: &str, name: &str, plain: bool, run: &mut Run<'_>) -> Result<()> {
        let mut arguments = vec![verb];
        arguments.extend(self.without_tls(plain));
        arguments.push(name);
        self.shown(&arguments, run).await
    }

    /// The id of the image `name` on this machine, `sha256:…`; none if there is no such image.
    ///
    /// It is the digest of the image's configuration, with Docker's containerd store that of its manifest.
    pub(crate) async fn image_id(&self, name: &str, run: &mut Run<'_>) -> Result<Option<String>> {
        let arguments = match self.kind {
            Kind::Buildah => ["inspect", "--type", "image", "--format", "{{.FromImageID}}", name].to_vec(),
            _ => ["image", "inspect", "--format", "{{.Id}}", name].to_vec(),
        };
        let told = match self.run(&arguments, Output::Kept, None, run).await {
            Ok(told) => told,
            Err(failure) if says_absent(&failure) => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let id = told.trim();
        let id = id.strip_prefix("sha256:").unwrap_or(id);
        Ok((!id.is_empty()).then(|| format!("sha256:{id}")))
    }

    /// Docker takes any registry on this machine without TLS; the others want to be told.
    fn without_tls(&self, plain: bool) -> Option<&'static str> {
        (plain && self.kind != Kind::Docker).then_some("--tls-verify=false")
    }

    async fn shown(&self, arguments: &[&str], run: &mut Run<'_>) -> Result<()> {
        self.run(arguments, Output::Shown, None, run).await.map(|_| ())
    }

    /// Runs the program to its end and gives what it wrote to stdout, if that was kept.
    async fn run(
        &self,
        arguments: &[&str],
        output: Output,
        secret: Option<&str>,
        run: &mut Run<'_>,
    ) -> Result<String> {
        let written = format!("{} {}", self.program, arguments.join(" "));
        run.printer.detail(&format!("runs {written}"));
        // Where stderr is for a program, or shall say nothing, the tool's own words cannot go there as they are.
        let direct = output == Output::Shown && run.printer.takes_any_text();
        let mut command = Command::new(&self.program);
        command.args(arguments).stdin(if secret.is_some() { Stdio::piped() } else { Stdio::null() });
        if direct {
            command.stdout(io::stderr()).stderr(io::stderr());
        } else {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        let child = command.spawn().map_err(|error| {
            let message = format!("cannot start {}: {}", self.program, files::reason(&error));
            Failure::refused(Problem::error("images/no-tool", message))
        })?;
        let mut running = Running(child);
        let lines = running.lines();
        running.feed(secret);
        let mut kept = Kept::default();
        let status = running.end(lines, run, output, &mut kept).await.map_err(|error| {
            let message = format!("lost sight of `{written}`: {}", files::reason(&error));
            Failure::new(Exit::Failed, vec![Problem::error("images/tool-failed", message)])
        })?;
        if run.cancel.is_cancelled() {
            let problem =
                Problem::error("images/interrupted", format!("interrupted: `{written}` was stopped"));
            return Err(Failure::new(Exit::Interrupted, vec![problem]));
        }
        if status.success() {
            return Ok(kept.out);
        }
        let is_down = self.kind == Kind::Docker && is_down(&self.program).await;
        let problem =
            failed(&written, status, &kept.all, secret).maybe_hint(is_down.then(|| START_DOCKER.to_owned()));
        Err(Failure::new(Exit::Failed, vec![problem]))
    }
}

/// What every run of a program needs.
pub(crate) struct Run<'a> {
    pub(crate) printer: &'a mut Printer,
    pub(crate) cancel: &'a Cancel,
}

/// What a program said, as far as it was kept.
#[derive(Default)]
struct Kept {
    /// On stdout.
    out: String,
    /// The last lines of both.
    all: Vec<String>,
}

impl Kept {
    fn add(&mut self, (is_result, line): (bool, String)) {
        if is_result {
            let _ = writeln!(self.out, "{line}");
        }
        if self.all.len() == LAST_LINES {
            self.all.remove(0);
        }
        self.all.push(line);
    }
}

/// Whether the tool said that there is no such image, in Docker's words or in Podman's and Buildah's. Anything else, such as a
/// Docker that does not run, is a failure.
fn says_absent(failure: &Failure) -> bool {
    let said = failure.problems.iter().flat_map(|problem| &problem.notes);
    said.map(|line| line.to_lowercase())
        .any(|line| ["no such image", "no such object", "not known"].iter().any(|words| line.contains(words)))
}

fn failed(written: &str, status: ExitStatus, said: &[String], secret: Option<&str>) -> Problem {
    let how = match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "was ended by a signal".to_owned(),
    };
    let mut problem = Problem::error("images/tool-failed", format!("`{written}` {how}"));
    problem.notes = said.iter().map(|line| without(line, secret)).collect();
    problem
}

/// A program may say again what it was told in confidence.
fn without(line: &str, secret: Option<&str>) -> String {
    match secret {
        Some(secret) if !secret.is_empty() => line.replace(secret, "***"),
        _ => line.to_owned(),
    }
}

/// A program that is ended if nobody waits for it any more.
struct Running(Child);

impl Running {
    /// What it writes, line by line, with whether that was to stdout; nothing if its output is shown as it is.
    fn lines(&mut self) -> UnboundedReceiver<(bool, String)> {
        let (sender, receiver) = unbounded_channel();
        if let Some(out) = self.0.stdout.take() {
            read(out, true, sender.clone());
        }
        if let Some(err) = self.0.stderr.take() {
            read(err, false, sender);
        }
        receiver
    }

    /// A password is shorter than what a pipe holds, so this does not wait. A program that does not want it says why by
    /// its exit code.
    fn feed(&mut self, secret: Option<&str>) {
        if let (Some(mut stdin), Some(secret)) = (self.0.stdin.take(), secret) {
            let _ = stdin.write_all(secret.as_bytes());
        }
    }

    /// Waits until it has ended; asks it to if somebody wants to stop, and then does not wait for long.
    async fn end(
        &mut self,
        mut lines: UnboundedReceiver<(bool, String)>,
        run: &mut Run<'_>,
        output: Output,
        kept: &mut Kept,
    ) -> io::Result<ExitStatus> {
        let mut asked: Option<Instant> = None;
        let mut take = |line: (bool, String)| {
            if output == Output::Shown {
                run.printer.status(&line.1);
            }
            kept.add(line);
        };
        let status = loop {
            tokio::select! {
                Some(line) = lines.recv() => take(line),
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
                () = run.cancel.cancelled(), if asked.is_none() => {
                    asked = Some(Instant::now());
                    self.ask_to_end();
                }
            }
            if asked.is_some_and(|asked| asked.elapsed() > LAST_MOMENTS) {
                let _ = self.0.kill();
            }
            if let Some(status) = self.0.try_wait()? {
                break status;
            }
        };
        // What it left in its pipes; whoever else holds them open is not waited for.
        while let Ok(Some(line)) = tokio::time::timeout(Duration::from_secs(2), lines.recv()).await {
            take(line);
        }
        Ok(status)
    }

    #[cfg(unix)]
    fn ask_to_end(&mut self) {
        let process = rustix::process::Pid::from_child(&self.0);
        // Fails if it has ended already, which is as well.
        let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
    }

    #[cfg(not(unix))]
    fn ask_to_end(&mut self) {
        let _ = self.0.kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// Sends each line of a pipe, in a thread of its own, which ends with the pipe.
fn read(pipe: impl Read + Send + 'static, is_result: bool, sender: UnboundedSender<(bool, String)>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while let Ok(1..) = reader.read_until(b'\n', &mut line) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
            line.clear();
            if sender.send((is_result, text)).is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_name() {
        for (program, kind) in [
            ("docker", Kind::Docker),
            ("/usr/bin/podman", Kind::Podman),
            ("buildah", Kind::Buildah),
            ("/opt/podman-remote", Kind::Podman),
            ("nerdctl", Kind::Docker),
        ] {
            assert_eq!(Tool::of(program).kind, kind, "{program}");
        }
    }

    #[test]
    fn what_was_told_in_confidence_is_not_told_again() {
        assert_eq!(without("got s3cret!", Some("s3cret")), "got ***!");
        assert_eq!(without("got s3cret!", None), "got s3cret!");
        assert_eq!(without("got nothing", Some("")), "got nothing");
    }
}
