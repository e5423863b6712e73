//! From a tag to the digest that ECR has for it now.

use cloud::{ImageName, Sought};

use super::chosen::{Placed, chosen, refuse};
use crate::aws::Aws;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// An image as it is typed: `backend=v2.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) image: String,
    pub(crate) name: ImageName,
}

/// An image that is in ECR.
pub(crate) struct Resolved {
    pub(crate) placed: Placed,
    /// As it was typed: a tag or a digest.
    pub(crate) name: ImageName,
    pub(crate) digest: String,
}

/// Reads `backend=v2.0` or `backend=sha256:…`.
pub(in crate::commands) fn wanted(text: &str) -> std::result::Result<Wanted, String> {
    match text.split_once('=') {
        Some((image, name)) if !image.is_empty() && !name.is_empty() => {
            Ok(Wanted { image: image.to_owned(), name: ImageName::of(name) })
        }
        _ => Err("write an image and its tag or digest, such as `backend=v2.0`".to_owned()),
    }
}

/// The digests of these images; all that is wrong with them at once. Nothing is changed.
pub(in crate::commands) fn resolve(
    wanted: &[Wanted],
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<Vec<Resolved>> {
    let names: Vec<String> = wanted.iter().map(|wanted| wanted.image.clone()).collect();
    let placed = chosen(&names, session)?.placed(aws, session)?;
    let mut meant = Vec::new();
    for placed in placed {
        let mut of = wanted.iter().filter(|wanted| placed.image.is_called(&wanted.image));
        let first = of.next().cloned();
        if of.next().is_some() {
            let message = format!("the image {} is named twice", placed.image.container);
            return Err(Failure::usage(Problem::error("usage/image-twice", message)));
        }
        meant.extend(first.map(|wanted| (placed, wanted.name)));
    }
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for (placed, name) in meant {
        match aws.look(cloud::find_image(&placed.connection, placed.repository(), &name))? {
            Sought::Found(image) => found.push(Resolved { placed, name, digest: image.digest }),
            Sought::NoImage => problems.push(no_image(&placed, &name, aws)?),
            Sought::NoRepository => problems.push(no_repository(&placed)),
        }
    }
    refuse(problems).map(|()| found)
}

/// Says also what there is.
fn no_image(placed: &Placed, name: &ImageName, aws: &Aws) -> Result<Problem> {
    const SHOWN: usize = 5;
    let (repository, region) = (placed.repository(), placed.region());
    // A tag that is near is a help, and no reason to fail in another way.
    let stored = aws.unless_interrupted(cloud::stored_images(&placed.connection, repository))?;
    let tags: Vec<String> =
        stored.ok().flatten().unwrap_or_default().into_iter().flat_map(|image| image.tags).collect();
    let newest = match tags.as_slice() {
        [] => String::new(),
        [one] => format!("; its only tag is {one}"),
        some => format!("; its newest tags are {}", some[..some.len().min(SHOWN)].join(", ")),
    };
    let message = format!("{repository} in {region} has no image {}{newest}", name.as_str());
    Ok(Problem::error("images/unknown-tag", message)
        .hint(format!("docuthinker images list {}", placed.image.container)))
}

fn no_repository(placed: &Placed) -> Problem {
    let message = format!("there is no repository {} in {}", placed.repository(), placed.region());
    Problem::error("images/no-repository", message)
        .hint(format!("docuthinker images push {}", placed.image.container))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_typed_with_its_tag_or_digest() {
        let read = wanted("backend=v2.0").unwrap();
        assert_eq!((read.image.as_str(), read.name), ("backend", ImageName::Tag("v2.0".to_owned())));
        assert_eq!(wanted("a=sha256:1").unwrap().name, ImageName::Digest("sha256:1".to_owned()));
        for wrong in ["backend", "=v1", "backend=", ""] {
            assert!(wanted(wrong).is_err(), "{wrong}");
        }
    }
}
