//! `images copy`: the same images in another region or registry.

use cloud::{Connection, ImageName, RegistryLogin, RepositoryState, Sought};
use serde::Serialize;
use serde_json::json;

use super::chosen::{Chosen, Placed, chosen, must_have_a_registry, refuse, with};
use super::push::sign_in;
use super::registry::{self, Registry};
use super::resolve::{Resolved, Wanted, resolve};
use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;
use crate::tool::{Tool, ToolOption};

/// Copy images to another region, environment or registry
///
/// The container tool pulls, tags and pushes; afterwards both digests are compared, since what is deployed there is named by
/// its digest. Replication (`replication.images` in the settings) does this by itself for what is pushed from then on, so
/// this is for what was pushed before, or without it.
///
/// With `--to`, the repositories have the same names after what the registry's address ends with, and must be there where the
/// registry wants that. To a registry of ECR the tool is signed in; to another one, sign it in before (`docker login HOST`).
#[derive(Debug, clap::Args)]
pub(crate) struct Copy {
    /// Images by name, each with its tag or digest if it is not what the settings declare: `backend=v2.0` [default: all]
    #[arg(value_name = "IMAGE[=TAG]")]
    images: Vec<String>,

    /// The other region, in which the repositories have the same names
    #[arg(long, value_name = "REGION", required_unless_present_any = ["to_env", "to"], conflicts_with_all = ["to_env", "to"])]
    to_region: Option<String>,

    /// The environment whose region and repositories are meant
    #[arg(long, value_name = "NAME", conflicts_with = "to")]
    to_env: Option<String>,

    /// Another registry: `ACCOUNT.dkr.ecr.REGION.amazonaws.com` of any account, or for example `ghcr.io/team`
    #[arg(long, value_name = "REGISTRY", value_parser = registry::registry)]
    to: Option<Registry>,

    #[command(flatten)]
    tool: ToolOption,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    image: String,
    from: Place,
    to: Place,
    tag: String,
    digest: String,
    /// `copied` or `there`.
    state: &'static str,
}

#[derive(Serialize)]
pub(super) struct Place {
    region: String,
    repository: String,
}

impl Place {
    /// Where an image comes from.
    pub(super) fn of(source: &Resolved) -> Place {
        Place { region: source.placed.region().to_owned(), repository: source.placed.repository().to_owned() }
    }
}

/// Where an image goes.
struct Target {
    connection: Connection,
    repository: String,
    /// The stack that makes the repository, as it is deployed.
    made_by: String,
}

impl Target {
    fn region(&self) -> &str {
        &self.connection.identity().region
    }
}

pub(super) fn run(args: &Copy, session: &mut Session<'_>) -> Result<()> {
    must_have_a_registry("`images copy`", session)?;
    let (wanted, chosen) = wanted(args, session)?;
    let mut aws = Aws::new(&session.global)?;
    let tool = args.tool.find(&aws, &mut session.printer)?;
    if let Some(registry) = &args.to {
        let sources = resolve(&wanted, &mut aws, session)?;
        return registry::copy_all(registry, &sources, &tool, &mut aws, session);
    }
    let targets = targets(args, &chosen, &mut aws, session)?;
    let sources = resolve(&wanted, &mut aws, session)?;
    let pairs: Vec<(Resolved, Target)> = sources.into_iter().zip(targets).collect();
    let ready = ready(&pairs, &aws)?;
    if ready.iter().any(|there| !there) {
        tell_of_replication(&chosen, &pairs, session);
    }
    let mut rows = Vec::new();
    let mut signed_in = Vec::new();
    for ((source, target), there) in pairs.iter().zip(ready) {
        let tag = tag(source, &aws)?;
        if there {
            let name = &source.placed.image.container;
            session.printer.status(&format!("{name} is in {} already; not copied", target.region()));
        } else {
            copy(source, target, &tag, &tool, &mut signed_in, &aws, session)?;
        }
        rows.push(row(source, target, tag, there));
    }
    if session.printer.json() {
        return session.printer.result_json(&json!({ "copied": rows }));
    }
    let line =
        |row: &Row| format!("{}:{} in {}  {}\n", row.to.repository, row.tag, row.to.region, row.digest);
    session.printer.result_in_lines(&rows.iter().map(line).collect::<String>())
}

fn row(source: &Resolved, target: &Target, tag: String, there: bool) -> Row {
    Row {
        image: source.placed.image.container.clone(),
        from: Place::of(source),
        to: Place { region: target.region().to_owned(), repository: target.repository.clone() },
        tag,
        digest: source.digest.clone(),
        state: if there { "there" } else { "copied" },
    }
}

/// Which images, in the project's order; without a tag those that the settings declare.
fn wanted(args: &Copy, session: &mut Session<'_>) -> Result<(Vec<Wanted>, Chosen)> {
    let mut asked: Vec<(String, Option<ImageName>)> = Vec::new();
    for text in &args.images {
        asked.push(match text.split_once('=') {
            Some((image, name)) => (image.to_owned(), Some(ImageName::of(name)).filter(|_| !name.is_empty())),
            None => (text.clone(), None),
        });
    }
    let names: Vec<String> = asked.iter().map(|(name, _)| name.clone()).collect();
    let chosen = chosen(&names, session)?;
    let mut wanted = Vec::new();
    for image in &chosen.images {
        let said = asked.iter().find(|(name, _)| image.is_called(name));
        let said = said.and_then(|(_, name)| name.clone());
        let name = said.or_else(|| chosen.declared(image).map(ImageName::of)).ok_or_else(|| {
            let message = format!("the settings declare no image for {}", image.container);
            Problem::error("images/undeclared", message).hint(format!("name it: `{}=TAG`", image.container))
        })?;
        wanted.push(Wanted { image: image.container.clone(), name });
    }
    Ok((wanted, chosen))
}

fn targets(args: &Copy, chosen: &Chosen, aws: &mut Aws, session: &mut Session<'_>) -> Result<Vec<Target>> {
    let Some(environment) = &args.to_env else {
        let mut targets = Vec::new();
        for placed in chosen.placed(aws, session)? {
            let account = placed.connection.identity().account.clone();
            let connection =
                aws.connection(args.to_region.as_deref(), Some(&account), &mut session.printer)?;
            let made_by = format!("{} of the environment of that region", placed.image.repository_stack);
            targets.push(Target { connection, repository: placed.image.repository, made_by });
        }
        return Ok(targets);
    };
    let other = session.sound_in(environment, &[])?;
    let images = session.project.images(&other.config.settings);
    let other = Chosen { images, synthesis: other };
    let placed = other.placed(aws, session)?;
    let mut targets = Vec::new();
    for image in &chosen.images {
        let same = |placed: &&Placed| placed.image.container == image.container;
        let placed = placed.iter().find(same).ok_or_else(|| {
            let message = format!("the environment `{environment}` has no image {}", image.container);
            Failure::usage(Problem::error("usage/unknown-image", message))
        })?;
        targets.push(Target {
            connection: placed.connection.clone(),
            repository: placed.image.repository.clone(),
            made_by: format!("docuthinker -e {environment} deploy {}", placed.image.repository_stack),
        });
    }
    Ok(targets)
}

/// Whether each is there already; everything that is in the way at once.
fn ready(pairs: &[(Resolved, Target)], aws: &Aws) -> Result<Vec<bool>> {
    let (mut there, mut problems) = (Vec::new(), Vec::new());
    for (source, target) in pairs {
        let (from, to) = (source.placed.region(), target.region());
        if from == to && source.placed.repository() == target.repository {
            let message = format!("{} in {to} is where the image comes from", target.repository);
            problems.push(
                Problem::error("images/same-place", message).hint("name another region or environment"),
            );
            continue;
        }
        let Some(repository) = aws.look(cloud::repository(&target.connection, &target.repository))? else {
            let message = format!("there is no repository {} in {to}", target.repository);
            problems.push(
                Problem::error("images/no-repository", message).hint(format!("first: {}", target.made_by)),
            );
            continue;
        };
        let digest = ImageName::Digest(source.digest.clone());
        let found = aws.look(cloud::find_image(&target.connection, &target.repository, &digest))?;
        let is_there = matches!(found, Sought::Found(_));
        if !is_there {
            problems.extend(taken(source, target, &repository, aws)?);
        }
        there.push(is_there);
    }
    refuse(problems).map(|()| there)
}

/// A tag that belongs to another image there, and cannot move.
fn taken(
    source: &Resolved,
    target: &Target,
    repository: &RepositoryState,
    aws: &Aws,
) -> Result<Option<Problem>> {
    let ImageName::Tag(tag) = &source.name else { return Ok(None) };
    let there = aws.look(cloud::find_image(&target.connection, &target.repository, &source.name))?;
    let Sought::Found(other) = there else { return Ok(None) };
    if repository.can_move(tag) {
        return Ok(None);
    }
    let message = format!(
        "{}:{tag} is another image in {} ({}), and tags stay with their images there",
        target.repository,
        target.region(),
        other.digest
    );
    Ok(Some(Problem::error("images/tag-taken", message).hint("copy it by another of its tags")))
}

/// The tag that the copy gets: what was asked for, or one of those that the image has.
pub(super) fn tag(source: &Resolved, aws: &Aws) -> Result<String> {
    if let ImageName::Tag(tag) = &source.name {
        return Ok(tag.clone());
    }
    let placed = &source.placed;
    let stored = aws.look(cloud::stored_images(&placed.connection, placed.repository()))?.unwrap_or_default();
    let own = stored.into_iter().find(|image| image.digest == source.digest);
    let tag = own.and_then(|image| image.tags.into_iter().next());
    Ok(tag.unwrap_or_else(|| {
        let digits: String = source.digest.chars().skip("sha256:".len()).take(12).collect();
        format!("digest-{digits}")
    }))
}

fn tell_of_replication(chosen: &Chosen, pairs: &[(Resolved, Target)], session: &mut Session<'_>) {
    let configured = chosen.synthesis.stacks.iter().find_map(|stack| {
        let mut resources = stack.template.resources.values();
        let found = resources.find(|one| one.type_name == "AWS::ECR::ReplicationConfiguration")?;
        Some((stack.id.clone(), format!("{:?}", found.properties)))
    });
    let Some((stack, properties)) = configured else { return };
    let region = pairs.iter().map(|(_, target)| target.region()).find(|region| properties.contains(*region));
    if let Some(region) = region {
        session.printer.status(&format!(
            "{stack} has ECR copy to {region} what is pushed from then on, within minutes; what was pushed before is copied now"
        ));
    }
}

fn copy(
    source: &Resolved,
    target: &Target,
    tag: &str,
    tool: &Tool,
    signed_in: &mut Vec<String>,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<()> {
    let from: RegistryLogin = sign_in(&source.placed.connection, tool, signed_in, aws, session)?;
    let to = sign_in(&target.connection, tool, signed_in, aws, session)?;
    let there = format!("{}/{}@{}", from.registry, source.placed.repository(), source.digest);
    let here = format!("{}/{}:{tag}", to.registry, target.repository);
    session.printer.status(&format!("copies {} to {}", source.placed.image.container, target.region()));
    aws.run(tool.pull(&there, from.plain, &mut with(aws, session)))?;
    aws.run(tool.tag(&there, &here, &mut with(aws, session)))?;
    aws.run(tool.push(&here, to.plain, &mut with(aws, session)))?;
    let name = ImageName::Tag(tag.to_owned());
    let arrived = aws.look(cloud::find_image(&target.connection, &target.repository, &name))?;
    let arrived = match arrived {
        Sought::Found(found) if found.digest == source.digest => return Ok(()),
        Sought::Found(found) => found.digest,
        Sought::NoImage | Sought::NoRepository => "not there".to_owned(),
    };
    let message = format!(
        "{} is {} in {} and {arrived} in {}: the container tool packed it anew",
        source.placed.image.container,
        source.digest,
        source.placed.region(),
        target.region()
    );
    let hint = "deploy there by tag, or let ECR copy it: `replication.images`, then push again; images of several machines \
                can only be copied so";
    Err(Failure::new(Exit::Failed, vec![Problem::error("images/digest-differs", message).hint(hint)]))
}
