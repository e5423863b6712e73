//! `images push` and `images login`: into the repositories.

use std::path::Path;

use cloud::{Connection, ImageName, RegistryLogin, RepositoryState, Sought};
use serde::Serialize;
use serde_json::json;

use super::build::{build, local_name, tags};
use super::chosen::{Chosen, Placed, chosen, must_have_a_registry, refuse, with};
use super::ensure::ensure;
use super::source::{From, Origin, Source, Tag};
use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;
use crate::tool::{Tool, ToolOption};

/// Sign the container tool in to the registry of the images
///
/// The password, which ECR takes for twelve hours, goes to the tool's standard input only. Where the tool keeps it is the
/// tool's own business; `docker logout REGISTRY` removes it.
#[derive(Debug, clap::Args)]
pub(crate) struct Login {
    /// Images by name [default: all]
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,

    #[command(flatten)]
    tool: ToolOption,
}

/// Push images that were built to their repositories
///
/// What is there already is not pushed again: the image of a commit is never replaced, and with `--tag` the image on this
/// machine is compared with the one in ECR. A tag that belongs to another image and cannot move is refused. Missing
/// repositories are made first, as `images ensure` does it.
#[derive(Debug, clap::Args)]
pub(crate) struct Push {
    /// Images by name [default: all]
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,

    /// Build first what is not built yet
    #[arg(long)]
    build: bool,

    #[command(flatten)]
    origin: Origin,

    #[command(flatten)]
    tool: ToolOption,
}

/// An image that is in its repository now.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pushed {
    image: String,
    repository: String,
    region: String,
    tag: String,
    pub(crate) digest: String,
    state: State,
    /// The setting that says what runs.
    pub(crate) setting: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Pushed,
    There,
}

pub(super) fn login(args: &Login, session: &mut Session<'_>) -> Result<()> {
    must_have_a_registry("`images login`", session)?;
    let chosen = chosen(&args.images, session)?;
    let mut aws = Aws::new(&session.global)?;
    let tool = args.tool.find(&aws, &mut session.printer)?;
    let mut rows = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for placed in chosen.placed(&mut aws, session)? {
        let login = sign_in(&placed.connection, &tool, &mut known, &aws, session)?;
        if rows.len() < known.len() {
            rows.push(json!({
                "registry": login.registry,
                "region": placed.region(),
                "user": login.user,
                "expires": login.expires,
            }));
        }
    }
    if session.printer.json() {
        return session.printer.result_json(&json!({ "registries": rows }));
    }
    let lines: Vec<String> = known.iter().map(|registry| format!("signed in to {registry}\n")).collect();
    session.printer.result(&lines.concat())
}

/// Signs in to the registry of the connection, unless that is among the known ones.
pub(super) fn sign_in(
    connection: &Connection,
    tool: &Tool,
    known: &mut Vec<String>,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<RegistryLogin> {
    let login = aws.look(cloud::registry_login(connection))?;
    if !known.contains(&login.registry) {
        aws.run(tool.login(&login, &mut with(aws, session)))?;
        known.push(login.registry.clone());
    }
    Ok(login)
}

pub(super) fn run(args: &Push, session: &mut Session<'_>) -> Result<()> {
    must_have_a_registry("`images push`", session)?;
    let chosen = chosen(&args.images, session)?;
    let mut aws = Aws::new(&session.global)?;
    let tool = args.tool.find(&aws, &mut session.printer)?;
    let source = args.origin.find();
    let pushed = Pushing { source, tool, build: args.build }.push(&chosen, &mut aws, session)?;
    if session.printer.json() {
        return session.printer.result_json(&json!({ "pushed": pushed }));
    }
    let line = |one: &Pushed| format!("{}:{}  {}\n", one.repository, one.tag, one.digest);
    session.printer.result_in_lines(&pushed.iter().map(line).collect::<String>())
}

/// Builds what is not in its repository and pushes it; for `deploy --push`. The settings that follow from it are told.
pub(in crate::commands) fn build_and_push(
    source: Option<&Path>,
    tool: &ToolOption,
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<Vec<Pushed>> {
    must_have_a_registry("`deploy --push`", session)?;
    let chosen = chosen(&[], session)?;
    let tool = tool.find(aws, &mut session.printer)?;
    let pushing = Pushing { source: Origin::in_folder(source).find(), tool, build: true };
    pushing.push(&chosen, aws, session)
}

/// How images are pushed.
struct Pushing {
    source: Source,
    tool: Tool,
    build: bool,
}

/// What is known of an image before anything is pushed.
enum Before {
    /// It is in ECR with this digest.
    There(String),
    /// It is on this machine.
    Built,
    /// It is nowhere.
    Unbuilt,
}

impl Pushing {
    fn push(&self, chosen: &Chosen, aws: &mut Aws, session: &mut Session<'_>) -> Result<Vec<Pushed>> {
        let tags = tags(&chosen.images, |image| self.source.sound_tag(image))?;
        let placed = chosen.placed(aws, session)?;
        let repositories = ensure(&placed, aws, session)?;
        let (mut before, mut problems) = (Vec::new(), Vec::new());
        for ((placed, (repository, _)), tag) in placed.iter().zip(&repositories).zip(&tags) {
            match self.look(placed, repository, tag, aws, session)? {
                Ok(state) => before.push(state),
                Err(problem) => problems.push(problem),
            }
        }
        refuse(problems)?;
        let (mut pushed, mut signed_in) = (Vec::new(), Vec::new());
        for ((placed, tag), state) in placed.iter().zip(&tags).zip(before) {
            let (digest, state) = match state {
                Before::There(digest) => {
                    let name = local_name(&placed.image, tag);
                    session.printer.status(&format!("{name} is in ECR already; not pushed"));
                    (digest, State::There)
                }
                Before::Built | Before::Unbuilt => {
                    if matches!(state, Before::Unbuilt) {
                        build(&placed.image, tag, &self.source, &self.tool, aws, session)?;
                    }
                    (self.push_one(placed, tag, &mut signed_in, aws, session)?, State::Pushed)
                }
            };
            pushed.push(Pushed {
                image: placed.image.container.clone(),
                repository: placed.repository().to_owned(),
                region: placed.region().to_owned(),
                tag: tag.name.clone(),
                digest,
                state,
                setting: placed.image.setting.clone(),
            });
        }
        Ok(pushed)
    }

    /// Whether the image can and must be pushed.
    fn look(
        &self,
        placed: &Placed,
        repository: &RepositoryState,
        tag: &Tag,
        aws: &Aws,
        session: &mut Session<'_>,
    ) -> Result<std::result::Result<Before, Problem>> {
        let name = ImageName::Tag(tag.name.clone());
        let stored = aws.look(cloud::find_image(&placed.connection, placed.repository(), &name))?;
        let name = local_name(&placed.image, tag);
        let local = aws.run(self.tool.image_id(&name, &mut with(aws, session)))?;
        let stored = match stored {
            Sought::Found(stored) => stored,
            Sought::NoImage | Sought::NoRepository => {
                return Ok(match local {
                    Some(_) => Ok(Before::Built),
                    None if self.build => {
                        let has = self.source.must_have(&placed.image);
                        has.map(|()| Before::Unbuilt).map_err(|problem| *problem)
                    }
                    None => Err(unbuilt(placed, &name)),
                });
            }
        };
        // Two builds of a commit differ, and the first one may run already.
        let same = tag.from == From::Commit
            || local
                .as_ref()
                .is_some_and(|id| *id == stored.digest || Some(id) == stored.configuration.as_ref());
        if same || local.is_none() {
            return Ok(Ok(Before::There(stored.digest)));
        }
        if !repository.can_move(&tag.name) {
            return Ok(Err(taken(placed, &tag.name, &stored.digest)));
        }
        session.printer.status(&format!("the tag {name} moves away from {}", stored.digest));
        Ok(Ok(Before::Built))
    }

    /// Pushes one image and gives its digest, as ECR knows it then.
    fn push_one(
        &self,
        placed: &Placed,
        tag: &Tag,
        signed_in: &mut Vec<String>,
        aws: &Aws,
        session: &mut Session<'_>,
    ) -> Result<String> {
        let login = sign_in(&placed.connection, &self.tool, signed_in, aws, session)?;
        let local = local_name(&placed.image, tag);
        let remote = format!("{}/{local}", login.registry);
        session.printer.status(&format!("pushes {local} to {}", login.registry));
        aws.run(self.tool.tag(&local, &remote, &mut with(aws, session)))?;
        aws.run(self.tool.push(&remote, login.plain, &mut with(aws, session)))?;
        let name = ImageName::Tag(tag.name.clone());
        match aws.look(cloud::find_image(&placed.connection, placed.repository(), &name))? {
            Sought::Found(found) => Ok(found.digest),
            Sought::NoImage | Sought::NoRepository => {
                let message = format!("{remote} was pushed, and ECR in {} does not have it", placed.region());
                Err(Failure::new(Exit::Failed, vec![Problem::error("images/not-arrived", message)]))
            }
        }
    }
}

fn unbuilt(placed: &Placed, name: &str) -> Problem {
    let problem = Problem::error("images/not-built", format!("there is no image {name} on this machine"));
    let container = &placed.image.container;
    problem.hint(format!(
        "docuthinker images build {container}, or `--build`; with `--tag`, build with the same tag"
    ))
}

fn taken(placed: &Placed, tag: &str, digest: &str) -> Problem {
    let repository = placed.repository();
    let message = format!(
        "{repository}:{tag} is another image in ECR ({digest}), and the tags of {repository} stay with their images"
    );
    let hint = "push it with another `--tag`: whoever deployed the first one must find it again";
    Problem::error("images/tag-taken", message).hint(hint)
}
