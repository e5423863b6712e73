//! Which images a service goes back to, and whether they are still there.

use std::fmt::Write as _;

use cloud::preflight::{self, ImageNeed, Need, State};
use cloud::{Deployments, NumberedDeployment, RecordedImage};
use template::requirements::{Version, registry_image};

use crate::aws::Aws;
use crate::commands::estate::{InService, Place};
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// The image that a container goes back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Back {
    pub(super) container: String,
    /// The repository, without tag and digest.
    pub(super) repository: String,
    /// `sha256:…`
    pub(super) digest: String,
}

impl Back {
    pub(super) fn uri(&self) -> String {
        format!("{}@{}", self.repository, self.digest)
    }
}

/// What the containers go back to: those whose image was another one than in the deployment with the number `from`.
///
/// # Errors
///
/// None was another one, or nobody knows which one it was.
pub(super) fn of(
    to: &NumberedDeployment,
    known: &Deployments,
    from: i32,
    service: &InService,
    place: &Place,
    aws: &Aws,
) -> Result<Vec<Back>> {
    let current = known.deployments.iter().find(|one| one.number == from);
    let now = |container: &str| current?.images.iter().find(|image| image.container == container);
    let same = |image: &&RecordedImage| {
        now(&image.container).is_some_and(|now| match (&image.digest, &now.digest) {
            (Some(then), Some(now)) => then == now,
            _ => image.image == now.image,
        })
    };
    let others: Vec<&RecordedImage> = to.images.iter().filter(|image| !same(image)).collect();
    if others.is_empty() {
        let message = format!(
            "v{} has the images of v{from}, which {} has now, so there is nothing to take back: it differs in something else",
            to.number, service.name
        );
        let mut hint = "deploy the settings of that time".to_owned();
        if to.active && gone(to, place, aws, None)?.is_empty() {
            let fast = super::again(place, service, to);
            let _ = write!(hint, "; or, until then, `{fast} --fast`");
        }
        return Err(Failure::refused(Problem::error("rollback/same-images", message).hint(hint)));
    }
    let unknown: Vec<Problem> =
        others.iter().filter(|image| image.digest.is_none()).map(|image| not_recorded(image, to)).collect();
    if !unknown.is_empty() {
        return Err(Failure::new(crate::exit::Exit::Refused, unknown));
    }
    let back = |image: &&RecordedImage| {
        Some(Back {
            container: image.container.clone(),
            repository: repository(&image.image).to_owned(),
            digest: image.digest.clone()?,
        })
    };
    Ok(others.iter().filter_map(back).collect())
}

fn not_recorded(image: &RecordedImage, to: &NumberedDeployment) -> Problem {
    let message = format!(
        "which image {} was in v{} is not known: ECS keeps the digest of a tag for 90 days, and tags move",
        image.image, to.number
    );
    Problem::error("rollback/no-digest", message)
        .hint("choose a newer deployment, or deploy a digest by name")
}

/// An image without tag and digest.
pub(super) fn repository(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or(image);
    match name.rsplit_once(':') {
        // A colon before the last slash is that of a port.
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    }
}

/// Refuses to go back to images that are gone, and says where one can still go.
pub(super) fn must_be_there(
    to: &NumberedDeployment,
    known: &Deployments,
    place: &Place,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<()> {
    let gone = gone(to, place, aws, Some(session))?;
    if gone.is_empty() {
        return Ok(());
    }
    let mut reachable = Vec::new();
    for one in known.deployments.iter().filter(|one| one.number < known.current && one.number != to.number) {
        if self::gone(one, place, aws, None)?.is_empty() {
            reachable.push(format!("v{}", one.number));
        }
    }
    let hint = if reachable.is_empty() {
        "the images of no earlier deployment are there; `images.keep` says how many are kept".to_owned()
    } else {
        format!("one can still go back to {}", reachable.join(", "))
    };
    let mut problems: Vec<Problem> = gone
        .into_iter()
        .map(|what| Problem::error("rollback/image-gone", format!("v{} cannot run: {what}", to.number)))
        .collect();
    if let Some(last) = problems.last_mut() {
        last.hint = Some(hint);
    }
    Err(Failure::new(crate::exit::Exit::Refused, problems))
}

/// What of the deployment's images ECR does not have any more. Other registries are not asked.
fn gone(
    of: &NumberedDeployment,
    place: &Place,
    aws: &Aws,
    session: Option<&mut Session<'_>>,
) -> Result<Vec<String>> {
    let needs: Vec<Need> = of.images.iter().filter_map(need).map(Need::Image).collect();
    let checks = aws.unless_interrupted(preflight::check(&place.connection, &needs))?;
    if let Some(session) = session {
        for check in checks.iter().filter(|check| check.state == State::Unknown) {
            let reason = check.reason.clone().unwrap_or_default();
            let message = format!("{} could not be looked at: {reason}", check.what);
            session.printer.problem(&Problem::warning("rollback/image-unknown", message));
        }
    }
    Ok(checks.into_iter().filter(|check| check.state == State::Missing).map(|check| check.what).collect())
}

/// What ECR is asked about an image; nothing if it is in another registry.
pub(crate) fn need(image: &RecordedImage) -> Option<ImageNeed> {
    let uri = match &image.digest {
        Some(digest) => format!("{}@{digest}", repository(&image.image)),
        None => image.image.clone(),
    };
    let known = registry_image(&uri)?;
    let (tag, digest) = match known.version {
        Version::Tag(tag) => (Some(tag), None),
        Version::Digest(digest) => (None, Some(digest)),
    };
    Some(ImageNeed {
        uri: known.uri,
        registry: known.registry,
        region: known.region,
        repository: known.repository,
        tag,
        digest,
        architecture: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_what_is_left_without_tag_and_digest() {
        for image in [
            "r.example:5000/a/b",
            "r.example:5000/a/b:v1",
            "r.example:5000/a/b:v1@sha256:1",
            "r.example:5000/a/b@sha256:1",
        ] {
            assert_eq!(repository(image), "r.example:5000/a/b", "{image}");
        }
        assert_eq!(repository("nginx"), "nginx");
    }
}
