//! Which images are meant, and where their repositories are.

use cloud::Connection;
use serde_json::Value;

use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, suggestion};
use crate::project::BuiltImage;
use crate::session::{Session, Synthesis};
use crate::tool::Run;

/// Images of the project, and the stacks around them.
pub(crate) struct Chosen {
    pub(crate) synthesis: Synthesis,
    pub(crate) images: Vec<BuiltImage>,
}

/// An image, and the way to its repository.
#[derive(Clone)]
pub(crate) struct Placed {
    pub(crate) image: BuiltImage,
    pub(crate) connection: Connection,
}

impl Placed {
    /// Its repository, as messages name it.
    pub(crate) fn repository(&self) -> &str {
        &self.image.repository
    }

    pub(crate) fn region(&self) -> &str {
        &self.connection.identity().region
    }
}

/// The images that are called `names`, all of them if there are no names, in the project's order; at least one.
///
/// An image is called by its container, its folder or its repository; capitals, hyphens and underscores make no difference.
pub(crate) fn chosen(names: &[String], session: &mut Session<'_>) -> Result<Chosen> {
    let synthesis = session.sound(&[])?;
    let all = session.project.images(&synthesis.config.settings);
    if all.is_empty() {
        let hint = "implement `Project::images`, so that it is known what to build and where it goes";
        return Err(Problem::error("images/none", "the project names no images").hint(hint).into());
    }
    let unknown: Vec<Problem> = names
        .iter()
        .filter(|name| all.iter().all(|image| !image.is_called(name)))
        .map(|name| unknown(name, &all))
        .collect();
    if !unknown.is_empty() {
        return Err(Failure::new(Exit::Usage, unknown));
    }
    let meant = |image: &BuiltImage| names.is_empty() || names.iter().any(|name| image.is_called(name));
    Ok(Chosen { synthesis, images: all.into_iter().filter(meant).collect() })
}

fn unknown(name: &str, all: &[BuiltImage]) -> Problem {
    let problem = Problem::error("usage/unknown-image", format!("no image is called `{name}`"));
    problem.maybe_hint(suggestion(name, all.iter().map(|image| image.container.as_str())))
}

impl Chosen {
    /// The images with connections to where their repositories are.
    pub(crate) fn placed(&self, aws: &mut Aws, session: &mut Session<'_>) -> Result<Vec<Placed>> {
        let mut placed = Vec::new();
        for image in &self.images {
            let stack = self.synthesis.stacks.iter().find(|stack| stack.id == image.repository_stack);
            let (region, account) =
                stack.map_or((None, None), |stack| (stack.region.as_deref(), stack.account.as_deref()));
            let connection = aws.connection(region, account, &mut session.printer)?;
            placed.push(Placed { image: image.clone(), connection });
        }
        Ok(placed)
    }

    /// What the settings say is to run: a tag or a digest.
    pub(crate) fn declared(&self, image: &BuiltImage) -> Option<&str> {
        let settings = &self.synthesis.config.settings;
        image.setting.split('.').try_fold(settings, |at, key| at.get(key)).and_then(Value::as_str)
    }
}

/// Refuses what `command` would do with a registry where there is none: the emulator's ECR is a list of names and digests.
pub(super) fn must_have_a_registry(command: &str, session: &Session<'_>) -> Result<()> {
    if !session.global.aws.local {
        return Ok(());
    }
    let message = format!(
        "{command} needs a registry, and the emulator has none: images can only be listed and named there"
    );
    let hint = "build them with `docuthinker images build`, and deploy with `docuthinker deploy --local` without them: no \
                container runs there";
    Err(Failure::refused(Problem::error("images/no-registry", message).hint(hint)))
}

/// What a run of a container tool needs.
pub(super) fn with<'a>(aws: &'a Aws, session: &'a mut Session<'_>) -> Run<'a> {
    Run { printer: &mut session.printer, cancel: aws.cancel() }
}

/// Ends with all problems, if there is one; nothing was written before.
pub(super) fn refuse(problems: Vec<Problem>) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { Err(Failure::new(Exit::Refused, problems)) }
}
