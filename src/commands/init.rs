//! `init`: the first files of a project.

mod app;
mod dockerfile;
mod settings;
mod write;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::ci::{self, System};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

use self::write::NewFile;

/// Start a new project
///
/// Writes `docuthinker.yaml`, with every setting that is often changed, explained, and what Git is to ignore; with `--ci`
/// also the file of a CI system. On a terminal it asks for what no option says. A file that is there already and differs
/// is left alone, unless `--force` replaces it.
///
/// With `--app` it writes a Rust crate of your own on the library instead: a manifest, one stack and one test, which
/// builds and synthesizes at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// Where the project is; the folder is made if it is not there
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,

    /// Write a Rust crate of your own on the library: one stack with a service behind a load balancer
    #[arg(long)]
    app: bool,

    /// Name of the crate [default: the folder's]
    #[arg(long, value_name = "NAME", requires = "app")]
    name: Option<String>,

    /// Folder with the library's source, which the crate then uses instead of its repository
    #[arg(long, value_name = "FOLDER", requires = "app")]
    library: Option<PathBuf>,

    /// Take the ports of the services from the Dockerfiles in these folders, for example `backend ai_ml`
    #[arg(long, value_name = "FOLDER", num_args = 1.., conflicts_with = "app")]
    from_dockerfiles: Vec<PathBuf>,

    /// Write also the file of this CI system; see `docuthinker ci`
    #[arg(long, value_enum, conflicts_with = "app")]
    ci: Option<System>,

    /// Replace files that are different
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Init, session: &mut Session<'_>) -> Result {
    let files = if args.app { app::files(args, session)? } else { settings_files(args, session)? };
    let written = write::all(&args.folder, &files, args.force)?;
    if session.printer.json() {
        session.printer.result_json(&json!({ "folder": args.folder, "files": written }))?;
        return Ok(Exit::Done);
    }
    let shown = |file: &str| args.folder.strip_prefix(".").unwrap_or(&args.folder).join(file);
    let lines: Vec<String> =
        written.iter().map(|file| format!("{}\n", shown(&file.file).display())).collect();
    session.printer.result(&lines.concat())?;
    let next = if args.app {
        app::NEXT
    } else {
        "next: `docuthinker validate`, then `docuthinker deploy --all --local`"
    };
    let there =
        if args.folder == Path::new(".") { String::new() } else { format!("in {}, ", args.folder.display()) };
    session.printer.status(&format!("{there}{next}"));
    Ok(Exit::Done)
}

/// The files of a project on the built-in stacks.
fn settings_files(args: &Init, session: &mut Session<'_>) -> Result<Vec<NewFile>> {
    let ports = dockerfile::ports(&args.from_dockerfiles, session)?;
    let answers = answers(args, session)?;
    let text = settings::text(session.project, answers.region.as_deref(), &ports);
    let mut files = vec![
        NewFile::new("docuthinker.yaml", text),
        NewFile::lines(".gitignore", &["docuthinker.out/", ".env", ".env.*"]),
    ];
    if let Some(system) = answers.ci {
        let text = ci::text_for(system, answers.region.as_deref(), session)?;
        files.push(NewFile::new(system.path(), text));
    }
    Ok(files)
}

/// What is not in the options.
struct Answers {
    region: Option<String>,
    ci: Option<System>,
}

fn answers(args: &Init, session: &mut Session<'_>) -> Result<Answers> {
    let mut answers = Answers { region: session.region(), ci: args.ci };
    let asks = std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && !session.global.yes;
    if !asks || session.printer.json() {
        return Ok(answers);
    }
    if answers.region.is_none() {
        let usual =
            session.config()?.settings.get("region").and_then(|region| region.as_str().map(str::to_owned));
        if let Some(usual) = usual {
            answers.region = Some(ask("AWS region", &usual)?);
        }
    }
    if answers.ci.is_none() {
        answers.ci = loop {
            match ask("CI system (github, jenkins or none)", "none")?.to_ascii_lowercase().as_str() {
                "none" => break None,
                "github" => break Some(System::Github),
                "jenkins" => break Some(System::Jenkins),
                _ => session.printer.status("write `github`, `jenkins` or `none`"),
            }
        };
    }
    Ok(answers)
}

/// Asks on the terminal; an empty line is the usual answer.
fn ask(question: &str, usual: &str) -> Result<String> {
    let mut out = std::io::stderr();
    let asked = write!(out, "{question} [{usual}]: ").and_then(|()| out.flush());
    let mut line = String::new();
    let read = asked.and_then(|()| std::io::stdin().read_line(&mut line));
    match read {
        Ok(length) if length > 0 => {
            let answer = line.trim();
            Ok(if answer.is_empty() { usual.to_owned() } else { answer.to_owned() })
        }
        _ => {
            let problem = Problem::error("usage/no-answer", format!("nobody answered: {question}"))
                .hint("to go on without questions, add `--yes`");
            Err(Failure::refused(problem))
        }
    }
}
