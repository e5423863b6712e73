//! Guard in a process of its own.
//!
//! `cfn-guard` overflows the stack on a rule or a variable that refers to itself, panics on some regular
//! expressions, and has no limit of time. None of these can be caught in our process, so our own binary is started
//! once more for each rules file, reads a [`Question`] and writes the answer. If it ends otherwise, that is a
//! mistake in the rules file.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use template::Position;

use super::{Mistake, RulesFile};

/// The argument that makes our binary answer a question and nothing else.
const ARGUMENT: &str = "__guard";

/// How long one rules file may take for one template; a usual one takes some milliseconds.
const LIMIT: Duration = Duration::from_secs(20);

/// The largest rules file, in bytes; AWS's own collection of rules has none above 100 KiB.
const LARGEST: usize = 1024 * 1024;

/// What the process is asked.
#[derive(Serialize, Deserialize)]
struct Question {
    name: String,
    rules: String,
    template: String,
}

/// Guard's records as JSON, or what Guard says of the rules.
type Answer = Result<String, String>;

/// Answers a question on stdin, if this process was started for it.
pub(crate) fn answer() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT || arguments.next().is_some() {
        return None;
    }
    let answered = serde_json::from_reader(io::stdin().lock())
        .is_ok_and(|question| serde_json::to_writer(io::stdout().lock(), &ask(&question)).is_ok());
    Some(if answered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs Guard here.
fn ask(question: &Question) -> Answer {
    // The short answer loses all but the last 8 KiB; the records are whole.
    let records = true;
    cfn_guard::run_checks(
        cfn_guard::ValidateInput { content: &question.template, file_name: "template" },
        cfn_guard::ValidateInput { content: &question.rules, file_name: &question.name },
        records,
    )
    .map_err(|error| error.to_string())
}

/// Guard's records of a rules file and a template as JSON text, made in another process.
pub(super) fn evaluate(file: &RulesFile, template: &str) -> Result<String, Mistake> {
    let program = std::env::current_exe()
        .map_err(|error| file.mistake(format!("the program cannot find itself: {error}"), None))?;
    let mut command = Command::new(program);
    command.arg(ARGUMENT);
    evaluate_by(command, LIMIT, file, template)
}

/// As [`evaluate`], in the process that `command` starts.
pub(super) fn evaluate_by(
    command: Command,
    limit: Duration,
    file: &RulesFile,
    template: &str,
) -> Result<String, Mistake> {
    if file.text.len() > LARGEST {
        return Err(file.mistake("the rules file is larger than 1 MiB", Some("split it")));
    }
    match answer_of(command, limit, file, template) {
        Ok(Ended::Answered(Ok(records))) => Ok(records),
        Ok(Ended::Answered(Err(said))) => Err(mistake(file, &said)),
        Ok(Ended::Otherwise(status)) => Err(file.mistake(
            format!("Guard cannot evaluate this file: its process ended with {status} and without an answer"),
            Some("look for a rule or a variable that refers to itself, and for very deep nesting"),
        )),
        Ok(Ended::TooLate) => Err(file.mistake(
            format!("Guard took longer than {} s with this file", limit.as_secs_f32()),
            Some("look for regular expressions with repetitions inside repetitions"),
        )),
        Err(error) => Err(file.mistake(format!("Guard could not be started: {error}"), None)),
    }
}

/// How the process ended.
enum Ended {
    Answered(Answer),
    Otherwise(ExitStatus),
    TooLate,
}

/// Starts the process and waits for its answer. It reads and writes files, so neither side waits for the other.
fn answer_of(mut command: Command, limit: Duration, file: &RulesFile, template: &str) -> io::Result<Ended> {
    let question =
        Question { name: NAME.to_owned(), rules: file.text.clone(), template: template.to_owned() };
    let mut asked = tempfile::tempfile()?;
    serde_json::to_writer(&asked, &question)?;
    asked.flush()?;
    asked.rewind()?;
    let mut answered = tempfile::tempfile()?;
    let mut child = command.stdin(asked).stdout(answered.try_clone()?).stderr(Stdio::null()).spawn()?;
    let Some(status) = wait(&mut child, limit)? else { return Ok(Ended::TooLate) };
    answered.rewind()?;
    Ok(read(&answered).filter(|_| status.success()).map_or(Ended::Otherwise(status), Ended::Answered))
}

/// The rules file's name inside of Guard, which shows it in places that we read: nothing in it can mislead us.
const NAME: &str = "rules";

fn read(answered: &File) -> Option<Answer> {
    serde_json::from_reader(io::BufReader::new(answered)).ok()
}

/// How the process ended, or nothing if it had to be stopped.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What Guard says of the rules as a mistake with a position.
pub(super) fn mistake(file: &RulesFile, said: &str) -> Mistake {
    if let Some(position) = position(said) {
        let message = "the rules cannot be read from here on".to_owned();
        let hint = "the language of rules is described at \
                    https://docs.aws.amazon.com/cfn-guard/latest/ug/writing-rules.html";
        return Mistake { position: Some(position), ..file.mistake(message, Some(hint)) };
    }
    // `Some kind of error `the sentence that matters``, in one or more layers.
    let sentence = said.split_once('`').map_or(said, |(_, inner)| inner.trim_end_matches('`'));
    let known = [("Rule ", " by that name does not exist", "rule"), ("variable by name ", " ", "variable")];
    for (before, after, what) in known {
        let name = sentence
            .split_once(before)
            .and_then(|(_, rest)| rest.split_once(after).map(|(name, _)| name))
            .filter(|name| !name.is_empty() && !name.contains(char::is_whitespace));
        if let Some(name) = name {
            return file.mistake(format!("there is no {what} `{name}`"), None);
        }
    }
    file.mistake(format!("Guard refuses the rules: {}", one_line(sentence)), None)
}

/// The place in `… at line 20 at column 16 …`.
fn position(said: &str) -> Option<Position> {
    let (_, rest) = said.split_once(" at line ")?;
    let (line, rest) = rest.split_once(" at column ")?;
    let column: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(Position { line: line.parse().ok()?, column: column.parse().ok()? })
}

/// The text with every run of white space as one space, and not longer than a screen's lines.
pub(super) fn one_line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Runs Guard in this process, because in a test our binary is not ours to start, with room for deep rules.
#[cfg(test)]
pub(super) fn evaluate_here(file: &RulesFile, template: &str) -> Result<String, Mistake> {
    let question =
        Question { name: NAME.to_owned(), rules: file.text.clone(), template: template.to_owned() };
    let roomy = std::thread::Builder::new().stack_size(256 * 1024 * 1024);
    let answer = roomy.spawn(move || ask(&question)).unwrap().join().unwrap();
    answer.map_err(|said| mistake(file, &said))
}
