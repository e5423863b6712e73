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
use crate::problem::{Failure, Problem, Result, nearest};
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
    refuse_what_is_not_written(session)?;
    if let Some(region) = session.region() {
        known_region(&region)?;
    }
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
    session.printer.leave_context();
    session.printer.status(&format!("{there}{next}"));
    Ok(Exit::Done)
}

/// The files of a project on the built-in stacks.
fn settings_files(args: &Init, session: &mut Session<'_>) -> Result<Vec<NewFile>> {
    let ports = dockerfile::ports(&args.from_dockerfiles, session)?;
    let answers = answers(args, session)?;
    let text = settings::text(session.project, answers.region.as_deref(), &ports);
    let mut files = vec![NewFile::new("docuthinker.yaml", text), NewFile::lines(".gitignore", &IGNORED)];
    if let Some(system) = answers.ci {
        let text = ci::text_for(system, answers.region.as_deref(), session)?;
        files.push(NewFile::new(system.path(), text));
    }
    Ok(files)
}

/// What Git is to ignore: what is written by a run, and files with values of secrets.
const IGNORED: [&str; 4] = ["docuthinker.out/", ".env", ".env.*", "*.env"];

/// Settings and an environment that are named here would be in no file that is written.
fn refuse_what_is_not_written(session: &Session<'_>) -> Result<()> {
    let given = match (session.global.sets().first(), session.global.environment_option()) {
        // The value is nobody's business.
        (Some(set), _) => format!("`--set {}`", set.split('=').next().unwrap_or_default()),
        (None, Some([option, name])) => format!("`{option} {name}`"),
        (None, None) => return Ok(()),
    };
    let message = format!("`init` writes a file for all environments, and {given} would be lost");
    let hint = "leave it out, and write the setting into docuthinker.yaml afterwards: below `defaults`, or below the \
                environment in `environments`";
    Err(Failure::usage(Problem::error("usage/no-effect", message).hint(hint)))
}

/// Refuses a region that is in no table of AWS's regions which this command has.
fn known_region(name: &str) -> Result<()> {
    if template::facts::regions().any(|known| known == name) {
        return Ok(());
    }
    let message = format!("no region `{name}` is known");
    let near = nearest(name, template::facts::regions());
    let hint = near.map_or_else(
        || {
            "a region is called as `us-east-1` or `eu-central-1` is; `docuthinker init` proposes one"
                .to_owned()
        },
        |near| format!("did you mean `{near}`?"),
    );
    Err(Failure::usage(Problem::error("usage/region", message).hint(hint)))
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
            answers.region = loop {
                let region = ask("AWS region", &usual)?;
                match known_region(&region) {
                    Ok(()) => break Some(region),
                    Err(failure) => session.printer.failure(&failure),
                }
            };
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
