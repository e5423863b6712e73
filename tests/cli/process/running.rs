//! A run of the command beside the test: its output is read all the time, and it can be sent signals.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::PATIENCE;
use crate::project::{Outcome, Project};
use crate::{context, schemas};

/// A running command; it is killed if the test ends before it.
pub(super) struct Running<'a> {
    project: &'a Project,
    /// What the command was called with, if it is ours.
    arguments: Vec<String>,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<Stream>,
    stderr: Option<Stream>,
}

/// What came out of a pipe so far, and the thread that reads it.
struct Stream {
    told: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Stream {
    fn of(mut pipe: impl Read + Send + 'static) -> Stream {
        let told = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&told);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                into.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..length]);
            }
        });
        Stream { told, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.told.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn end(self) -> Vec<u8> {
        self.reader.join().unwrap();
        std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<'a> Running<'a> {
    /// Starts `command` with both outputs in pipes.
    pub(super) fn start(project: &'a Project, mut command: Command) -> Running<'a> {
        let own = command.get_program() == env!("CARGO_BIN_EXE_docuthinker");
        let arguments = command.get_args().filter(|_| own);
        let arguments = arguments.map(|argument| argument.to_string_lossy().into_owned()).collect();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(Stream::of);
        let stderr = child.stderr.take().map(Stream::of);
        Running { project, arguments, child, stdin, stdout, stderr }
    }

    /// What it wrote to stdout and stderr so far.
    pub(super) fn told(&self) -> String {
        let streams = [&self.stdout, &self.stderr];
        streams.into_iter().flatten().map(Stream::text).collect()
    }

    /// Waits until it has written this.
    #[track_caller]
    pub(super) fn wait_for(&self, text: &str) {
        let began = Instant::now();
        while !self.told().contains(text) {
            assert!(began.elapsed() < PATIENCE, "no `{text}` in: {}", self.told());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Types something.
    pub(super) fn type_in(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is a pipe");
        stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()).unwrap();
    }

    /// Ends what can be read on its standard input.
    #[cfg(target_os = "linux")]
    pub(super) fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Sends it a signal.
    #[cfg(unix)]
    pub(super) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// How it ended, after waiting for that.
    #[track_caller]
    pub(super) fn end(self) -> Outcome {
        self.end_within(PATIENCE)
    }

    /// As [`Running::end`], where it may take only so long.
    #[track_caller]
    pub(super) fn end_within(mut self, limit: Duration) -> Outcome {
        let status = self.wait(limit);
        let bytes = |stream: Option<Stream>| stream.map(Stream::end).unwrap_or_default();
        let (stdout, stderr) = (bytes(self.stdout.take()), bytes(self.stderr.take()));
        schemas::hold_arguments(&self.arguments, &stdout);
        context::hold_arguments(&self.arguments, &stdout, &stderr);
        self.project.outcome(Output { status, stdout, stderr })
    }

    #[track_caller]
    fn wait(&mut self, limit: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < limit, "it has not ended after {limit:?}: {}", self.told());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Fails if it has ended already, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
