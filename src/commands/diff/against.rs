//! What the stacks are compared with, and the comparison with a template that nobody asks AWS for.

use std::path::{Path, PathBuf};

use template::check::secret_paths;
use template::diff::{Options, diff_with, unrolled};
use template::{Changes, Template, beside};

use super::masked;
use super::new::{New, Stacks};
use super::report::Compared;
use crate::printer::Printer;
use crate::problem::{Failure, Problem, Result};
use crate::redact;
use crate::session::Session;
use crate::templates::{self, TemplateFile};

/// Options that say what the stacks are compared with.
#[derive(Debug, clap::Args)]
pub(super) struct Against {
    /// Compare with the template in this file, or with the templates in this folder, instead of the deployed stacks;
    /// `-` is stdin
    #[arg(id = "against", long = "against", value_name = "FILE|FOLDER")]
    path: Option<PathBuf>,

    /// Compare with the stacks of this environment, as they are in the code
    #[arg(id = "against_env", long = "against-env", value_name = "NAME", conflicts_with_all = ["against", "template"])]
    environment: Option<String>,

    /// Have AWS make a change set of each stack, compare what it says with what is predicted, and delete it again
    #[cfg(feature = "aws")]
    #[arg(long, conflicts_with_all = ["against", "against_env"])]
    pub(super) change_set: bool,

    /// Show also what was changed in AWS besides CloudFormation, as `drift` does
    #[cfg(feature = "aws")]
    #[arg(long, conflicts_with_all = ["against", "against_env"])]
    pub(super) drift: bool,
}

/// What the stacks are compared with.
pub(super) enum Old<'a> {
    /// What is deployed.
    Deployed,
    /// The template in this file, or on stdin.
    File(&'a Path),
    /// The templates in this folder.
    Folder(&'a Path),
    /// The stacks of this environment.
    Environment(&'a str),
}

impl Against {
    /// What is meant.
    pub(super) fn old(&self) -> Old<'_> {
        match (&self.path, &self.environment) {
            (Some(path), _) if path.is_dir() => Old::Folder(path),
            (Some(path), _) => Old::File(path),
            (None, Some(name)) => Old::Environment(name),
            (None, None) => Old::Deployed,
        }
    }

    /// The file, if it is one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self.old() {
            Old::File(file) => Some(file),
            _ => None,
        }
    }

    /// The file or folder.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

/// Compares the only stack with the template that was read from `file`.
pub(super) fn file(
    file: &Path,
    old: TemplateFile,
    new: Stacks,
    session: &mut Session<'_>,
) -> Result<Compared> {
    let old = old.document.template;
    let names: Vec<String> = new.each.iter().map(|stack| format!("`{}`", stack.name)).collect();
    let Ok([stack]) = <[New; 1]>::try_from(new.each) else {
        let problem = Problem::error("usage/no-stack", "`--against FILE` compares one stack")
            .hint(format!("name one of {}, or a folder that has all templates", names.join(", ")));
        return Err(Failure::usage(problem));
    };
    let compared = with_template(&stack, Some(&old), templates::name(file), &mut session.printer);
    // Taking large templates apart again would only cost time: the process ends soon.
    std::mem::forget((stack, old));
    Ok(compared)
}

/// Compares a stack with a template of which nobody knows how it was deployed: the values of parameters are those of
/// both. Without an old template everything is new.
pub(super) fn with_template(
    new: &New,
    old: Option<&Template>,
    against: String,
    printer: &mut Printer,
) -> Compared {
    let options = Options { old: new.parameters.clone(), new: new.parameters.clone(), ..Options::default() };
    let changes = changes(old, &new.template, &options, printer);
    let notes = not_shown(old, &new.template, &changes);
    let deployed = old.is_some();
    let is_stack = new.made.is_some();
    Compared { against: Some(against), is_stack, deployed, notes, ..Compared::new(new.name.clone(), changes) }
}

/// What is different; without an old template everything is. From now on nothing that is written shows what may be a
/// credential in either template.
pub(in crate::commands) fn changes(
    old: Option<&Template>,
    new: &Template,
    options: &Options,
    printer: &mut Printer,
) -> Changes {
    let nothing = Template::default();
    // What loops make is compared, and not how they are written.
    let (old, new) = (unrolled(old.unwrap_or(&nothing), &options.old), unrolled(new, &options.new));
    let (old, new) = (&*old, &*new);
    let (secrets, mut changes) = beside(|| [old, new].map(secret_paths), || diff_with(old, new, options));
    if !changes.is_empty() {
        masked::mask(&mut changes, &secrets);
        printer
            .conceal([old, new].into_iter().zip(&secrets).flat_map(|(one, paths)| redact::texts(one, paths)));
    }
    changes
}

/// What the templates do not show: what macros make of them, and what is in stacks of their own, is known to AWS only.
pub(super) fn not_shown(old: Option<&Template>, new: &Template, changes: &Changes) -> Vec<String> {
    let mut notes = Vec::new();
    if old.into_iter().chain([new]).any(Template::has_macros) {
        notes.push(
            "has macros, and is compared as it is written: what they make of it is known to AWS only"
                .to_owned(),
        );
    }
    notes.extend(changes.unseen.iter().map(|unseen| format!("does not tell {}", unseen.what)));
    notes
}

/// A stack that only the other side has.
pub(super) fn gone(name: String, against: String, note: String) -> Compared {
    let changes = template::Changes::default();
    Compared { against: Some(against), gone: true, notes: vec![note], ..Compared::new(name, changes) }
}
