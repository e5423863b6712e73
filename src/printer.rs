//! The terminal: results go to stdout, everything else to stderr.

mod bug;
mod fit;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use anstream::{AutoStream, ColorChoice};
use owo_colors::OwoColorize;
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use self::bug::report_panics_as_bugs;
use self::fit::{columns, message_text};
pub(crate) use self::fit::{fitted, stdout_columns, wrapped};
use crate::context::Context;
use crate::files;
use crate::problem::{Failure, Printable, Problem, Result, Severity};
use crate::redact::Concealed;

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people; may change from version to version.
    #[default]
    Text,
    /// For programs; a contract with a version field.
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set; also where `CLICOLOR_FORCE` is.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How progress is shown.
#[cfg(feature = "aws")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum ProgressForm {
    /// As a tree on a terminal of 40 columns and 10 lines or more, as JSON with `--output json`, else as plain lines.
    #[default]
    Auto,
    /// As lines, one for each resource that is finished.
    Plain,
    /// As a tree by construct that is drawn again and again, where stderr is a terminal.
    Live,
    /// As lines of JSON; everything else on stderr is JSON then too.
    Json,
}

/// How progress is shown in this run.
#[cfg(feature = "aws")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// As lines.
    Plain,
    /// As a tree.
    Live,
    /// As lines of JSON.
    Json,
}

/// How much is told on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Verbosity {
    /// Only errors.
    Quiet,
    /// What is being done.
    #[default]
    Normal,
    /// Also how.
    Verbose,
}

/// What is written to.
type Stream = Box<dyn Write + Send>;

/// Where all output goes through.
pub(crate) struct Printer {
    out: AutoStream<Stream>,
    err: AutoStream<Stream>,
    /// How many columns stderr has, if it is a terminal.
    columns: fn() -> Option<usize>,
    format: Format,
    verbosity: Verbosity,
    /// Whether what goes to stderr is for a program.
    messages_json: bool,
    #[cfg(feature = "aws")]
    progress: ProgressForm,
    /// Whether the last thing on stderr was a problem, which the next thing keeps a distance from.
    after_problem: bool,
    concealed: Concealed,
    context: Context,
}

impl Printer {
    /// A printer on the process's own streams, for a run with this context.
    pub(crate) fn new(format: Format, color: Color, verbosity: Verbosity, context: Context) -> Printer {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let choice_for = |auto: ColorChoice| if choice == ColorChoice::Auto { auto } else { choice };
        let out = choice_for(AutoStream::choice(&io::stdout()));
        let err = choice_for(AutoStream::choice(&io::stderr()));
        // A result is written at once, and not line by line.
        let (stdout, stderr): (Stream, Stream) =
            (Box::new(BufWriter::new(io::stdout())), Box::new(io::stderr()));
        Printer {
            out: AutoStream::new(stdout, out),
            err: AutoStream::new(stderr, err),
            columns: || columns(&io::stderr()),
            format,
            verbosity,
            messages_json: format == Format::Json,
            #[cfg(feature = "aws")]
            progress: ProgressForm::Auto,
            after_problem: false,
            concealed: Concealed::default(),
            context,
        }
    }

    /// The same printer with both streams going to `stream`, as to a terminal of so many columns.
    #[cfg(all(test, feature = "aws"))]
    pub(crate) fn into_stream<W: Write + Send + Clone + 'static>(
        self,
        stream: W,
        columns: fn() -> Option<usize>,
    ) -> Printer {
        let to = || AutoStream::new(Box::new(stream.clone()) as Stream, ColorChoice::Always);
        Printer { out: to(), err: to(), columns, ..self }
    }

    /// From now on these values are in nothing that is written.
    pub(crate) fn conceal(&mut self, values: impl IntoIterator<Item = String>) {
        let values: Vec<String> = values.into_iter().collect();
        bug::conceal(values.clone());
        self.concealed.add(values);
    }

    /// The text as it may be written.
    pub(crate) fn without_secrets<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.concealed.hide(text)
    }

    /// The text with the context of this run in the commands that it names: see [`Context::complete`].
    pub(crate) fn in_context<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.context.complete(text)
    }

    /// From now on commands are named without context: what this run writes has it already, or is not in our words.
    pub(crate) fn leave_context(&mut self) {
        self.context = Context::default();
    }

    /// Whether the result is for a program.
    pub(crate) fn json(&self) -> bool {
        self.format == Format::Json
    }

    /// Says how progress is to be shown.
    #[cfg(feature = "aws")]
    pub(crate) fn show_progress(&mut self, form: ProgressForm) {
        self.progress = form;
        self.messages_json = match form {
            ProgressForm::Auto => self.json(),
            ProgressForm::Json => true,
            _ => false,
        };
    }

    /// How progress is shown, as it was asked for and as the terminal allows.
    #[cfg(feature = "aws")]
    pub(crate) fn shows_progress(&self) -> Shown {
        match self.progress {
            ProgressForm::Json => Shown::Json,
            ProgressForm::Auto if self.json() => Shown::Json,
            // Whoever reads with the ears is told each line once, by agreement of several tools.
            _ if accessible() => Shown::Plain,
            ProgressForm::Auto if self.has_room_for_a_tree() && !is_set("CI") => Shown::Live,
            ProgressForm::Live if self.has_room_for_a_tree() => Shown::Live,
            _ => Shown::Plain,
        }
    }

    /// Whether lines on stderr can be drawn again and again, and there are enough of them.
    #[cfg(feature = "aws")]
    fn has_room_for_a_tree(&self) -> bool {
        let capable = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let size = terminal_size::terminal_size_of(io::stderr());
        let enough = size.is_some_and(|(columns, lines)| columns.0 >= 40 && lines.0 >= 10);
        io::IsTerminal::is_terminal(&io::stderr()) && capable && enough && self.verbosity > Verbosity::Quiet
    }

    /// Whether the tree has colours.
    #[cfg(feature = "aws")]
    pub(crate) fn colours_progress(&self) -> bool {
        self.err.current_choice() != ColorChoice::Never
    }

    /// Writes text, which ends with a line break, to stdout; the commands in it get the context of this run.
    ///
    /// A reader that has gone away (`| head -1`) is no error: the rest is nobody's business.
    pub(crate) fn result(&mut self, text: &str) -> Result<()> {
        let text = self.in_context(text).into_owned();
        self.result_as_it_is(&text)
    }

    /// As [`Printer::result`], on a terminal in lines that are no wider than it.
    #[cfg(feature = "aws")]
    pub(crate) fn result_in_lines(&mut self, text: &str) -> Result<()> {
        // What is broken into lines can no longer be found.
        let text = fitted(&self.advice(text), stdout_columns());
        self.result_as_it_is(&text)
    }

    /// As [`Printer::result`], for what is not our words: templates, settings, scripts.
    pub(crate) fn result_as_it_is(&mut self, text: &str) -> Result<()> {
        let text = self.concealed.hide(text).into_owned();
        self.write_out(&text)
    }

    /// As [`Printer::result_as_it_is`], for what goes on and on: `false` if the reader has gone away.
    #[cfg(feature = "aws")]
    pub(crate) fn result_is_read(&mut self, text: &str) -> Result<bool> {
        let text = self.concealed.hide(text).into_owned();
        self.write_is_read(&text)
    }

    #[cfg(feature = "aws")]
    fn write_is_read(&mut self, text: &str) -> Result<bool> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(unwritten(&error)),
        }
    }

    fn write_out(&mut self, text: &str) -> Result<()> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritten(&error)),
            _ => Ok(()),
        }
    }

    /// Writes a value to stdout as JSON, with the version of its form in front.
    pub(crate) fn result_json(&mut self, value: &impl Serialize) -> Result<()> {
        let text = self.json_text(value);
        self.write_out(&text)
    }

    /// As [`Printer::result_json`], for what comes again and again: `false` if the reader has gone away.
    #[cfg(feature = "aws")]
    pub(crate) fn result_json_is_read(&mut self, value: &impl Serialize) -> Result<bool> {
        let text = self.json_text(value);
        self.write_is_read(&text)
    }

    fn json_text(&self, value: &impl Serialize) -> String {
        #[derive(Serialize)]
        struct Versioned<'a, T> {
            version: u32,
            #[serde(flatten)]
            value: &'a T,
        }
        let mut value = serde_json::to_value(Versioned { version: 1, value })
            .expect("a view of ours has text keys and finite numbers");
        self.context.complete_in(&mut value);
        self.concealed.hide_in(&mut value);
        format!("{value:#}\n")
    }

    /// Whether what is said on stderr is JSON, for programs.
    #[cfg(feature = "aws")]
    pub(crate) fn messages_are_json(&self) -> bool {
        self.messages_json
    }

    /// Whether another program may write to stderr as it likes: neither is it for a program, nor shall it say nothing.
    #[cfg(feature = "aws")]
    pub(crate) fn takes_any_text(&self) -> bool {
        !self.messages_json && self.verbosity > Verbosity::Quiet
    }

    /// Says on stderr what is being done.
    pub(crate) fn status(&mut self, text: &str) {
        self.tell(Verbosity::Normal, text);
    }

    /// Says on stderr what a question is about, also with `--quiet`.
    #[cfg(feature = "aws")]
    pub(crate) fn asked(&mut self, text: &str) {
        self.tell(Verbosity::Quiet, text);
    }

    /// Says on stderr how something is done; only with `--verbose`.
    pub(crate) fn detail(&mut self, text: &str) {
        self.tell(Verbosity::Verbose, text);
    }

    /// Says on stderr what went wrong, how AWS was left, and what to do next.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        let aws = failure.aws.as_deref();
        let last = failure.problems.last();
        if self.messages_json {
            let mut object = json!({
                "version": 1,
                "code": last.map(|problem| problem.code),
                "exit": failure.exit.code(),
                "message": last.map(|problem| &problem.message),
                "stack": aws.and_then(|aws| aws.stack.as_ref()),
                "status": aws.and_then(|aws| aws.status.as_ref()),
                "operationId": aws.and_then(|aws| aws.operation_id.as_ref()),
                "state": aws.and_then(|aws| aws.now.as_ref()),
                "next": failure.next.as_ref().or(last.and_then(|problem| problem.hint.as_ref())),
                "report": aws.and_then(|aws| aws.report.as_ref()),
                "problems": failure.problems,
            });
            if let (Some(data), Some(object)) = (&failure.data, object.as_object_mut()) {
                object.insert("data".to_owned(), (**data).clone());
            }
            return self.line_json(&object);
        }
        for problem in &failure.problems {
            self.problem(problem);
        }
        if let Some(now) = aws.and_then(|aws| aws.now.as_ref()) {
            let now = Printable(&self.advice(now)).to_string();
            let now = wrapped("  now: ".len(), 4, &now, (self.columns)());
            self.write_on_err(&format!("  now: {now}\n"));
        }
        if let Some(next) = &failure.next {
            self.write_err(&hint_text(&self.advice(next), (self.columns)()));
        }
    }

    /// Shows one problem on stderr, with an empty line between it and the one before.
    pub(crate) fn problem(&mut self, problem: &Problem) {
        if problem.severity == Severity::Warning && self.verbosity == Verbosity::Quiet {
            return;
        }
        if self.messages_json {
            return self.line_json(&json!({ "version": 1, "problem": problem }));
        }
        // What is broken into lines can no longer be found.
        let hint = problem.hint.as_deref().map(|hint| self.advice(hint));
        let also = problem.also.iter().map(|text| self.in_context(text).into_owned()).collect();
        let notes = problem.notes.iter().map(|text| self.in_context(text).into_owned()).collect();
        let message = self.concealed.hide(&problem.message).into_owned();
        let problem = Problem { message, also, notes, hint, ..problem.clone() };
        self.write_err(&problem_text(&problem, (self.columns)()));
        self.after_problem = true;
    }

    /// Writes one event to stderr as a line of JSON.
    pub(crate) fn line_json(&mut self, value: &Value) {
        let mut value = value.clone();
        self.context.complete_in(&mut value);
        self.concealed.hide_in(&mut value);
        self.write_on_err(&format!("{value}\n"));
    }

    fn tell(&mut self, at_least: Verbosity, text: &str) {
        if self.verbosity < at_least {
        } else if self.messages_json {
            self.line_json(&json!({ "version": 1, "note": anstream::adapter::strip_str(text).to_string() }));
        } else {
            // What is broken into lines can no longer be found.
            let text = fitted(&self.advice(text), (self.columns)());
            self.write_on_err(&format!("{text}\n"));
        }
    }

    /// What somebody is told to do, as it may be written.
    fn advice(&self, text: &str) -> String {
        self.concealed.hide(&self.in_context(text)).into_owned()
    }

    /// Nothing can be done where stderr itself is gone.
    fn write_err(&mut self, text: &str) {
        let text = self.concealed.hide(text).into_owned();
        self.write_on_err(&text);
    }

    /// As [`Printer::write_err`], for what holds no secret any more.
    fn write_on_err(&mut self, text: &str) {
        if std::mem::take(&mut self.after_problem) && !text.starts_with("  ") && !text.starts_with('\n') {
            let _ = self.err.write_all(b"\n");
        }
        let _ = self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush());
    }
}

fn unwritten(error: &io::Error) -> Failure {
    let message = format!("cannot write the result to stdout: {}", files::reason(error));
    Problem::error("output/stdout", message).into()
}

/// Whether the reader hears what is written: words are for them what signs are for others.
#[cfg(feature = "aws")]
pub(crate) fn accessible() -> bool {
    is_set("ACCESSIBLE")
}

#[cfg(feature = "aws")]
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// The text of one problem: the message, its places, the excerpt, and the hint in a paragraph of its own, which keeps to
/// the columns of a terminal.
pub(crate) fn problem_text(problem: &Problem, columns: Option<usize>) -> String {
    // A code with a page, `DT017`, is shown; a name such as `config/syntax` is for programs only.
    let code = if problem.code.contains('/') { String::new() } else { format!("[{}]", problem.code) };
    let (word, mut text) = match problem.severity {
        Severity::Error => ("error", format!("{} ", format!("error{code}:").red().bold())),
        Severity::Warning => ("warning", format!("{} ", format!("warning{code}:").yellow().bold())),
    };
    let before = word.len() + code.len() + ": ".len();
    let message = Printable(&problem.message).to_string();
    text += &message_text(before, &message, columns);
    for place in &problem.at {
        let _ = writeln!(text, "  at {}", Printable(place));
    }
    if let Some(excerpt) = &problem.excerpt {
        for line in excerpt.lines() {
            let _ = writeln!(text, "  {}", Printable(line));
        }
    }
    for more in &problem.also {
        let _ = writeln!(text, "  also {}", Printable(more));
    }
    for note in &problem.notes {
        let _ = writeln!(text, "  {}", Printable(note));
    }
    if let Some(hint) = &problem.hint {
        text += &hint_text(hint, columns);
    }
    text
}

fn hint_text(hint: &str, columns: Option<usize>) -> String {
    let hint = Printable(hint).to_string();
    let hint = wrapped("hint: ".len(), 0, &hint, columns);
    format!("\n{} {hint}\n", "hint:".cyan().bold())
}
