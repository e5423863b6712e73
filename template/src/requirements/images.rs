//! Container images in ECR.

use std::fmt::Write;

use super::{Found, Known, Needed, Place, url_suffix};
use crate::model::ecs::{Container, TaskDefinition};
use crate::model::{Item, Model, Part, Text, Value};

/// An image in ECR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The image as the task definition names it.
    pub uri: String,
    /// The account of the registry.
    pub registry: String,
    /// The region of the registry.
    pub region: String,
    /// The name of the repository.
    pub repository: String,
    /// Which image of the repository.
    pub version: Version,
    /// What the tasks run on, in the registry's words: `amd64` or `arm64`. `None` if that is not known.
    pub architecture: Option<&'static str>,
}

/// Which image of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// The one that has this tag.
    Tag(String),
    /// The one with this digest, `sha256:…`.
    Digest(String),
}

pub(super) fn collect(model: &Model<'_>, known: &Known<'_>, found: &mut Found) {
    for task in model.task_definitions() {
        let starts = task.services().iter().any(|service| service.starts_tasks(&task.0.world()));
        let architecture = architecture(task);
        for container in task.containers() {
            for value in container.value.get("Image") {
                add(&value, &container, architecture, starts, known, found);
            }
        }
    }
}

fn add(
    value: &Value<'_>,
    container: &Container<'_>,
    architecture: Option<&'static str>,
    starts: bool,
    known: &Known<'_>,
    found: &mut Found,
) {
    if !value.world().is_any() {
        return;
    }
    let task = container.task.0;
    let place = || Place { resource: task.id().to_owned(), path: value.path() };
    for text in value.texts() {
        let Some(image) = image(&text, architecture, known) else { continue };
        // A repository of the template that is not deployed yet is made together with the tasks.
        let named =
            |item: &Item<'_>| item.text("RepositoryName").is_some_and(|name| name == image.repository);
        let mut repositories = task.model().of_type("AWS::ECR::Repository");
        let own = text.targets().next().map(|target| target.item).or_else(|| repositories.find(named));
        let own = own.filter(|_| image.registry == known.account && image.region == known.region);
        match own.filter(|item| !known.deployed.contains_key(item.id())) {
            Some(item) => {
                let (repository, image) = (item.id().to_owned(), text.to_string());
                found.add(Needed::ImageInNewRepository { repository, image }, place(), starts);
            }
            None if image.repository.is_empty() => {}
            None => found.add(Needed::Image(image), place(), starts),
        }
    }
}

/// The image that a text names. The name of a repository of the template itself is empty if it is not known.
fn image(text: &Text<'_>, architecture: Option<&'static str>, known: &Known<'_>) -> Option<Image> {
    let mut uri = String::new();
    for part in &text.parts {
        match part {
            Part::Literal(text) => uri.push_str(text),
            Part::Target(target) if target.item.is("AWS::ECR::Repository") => {
                let deployed = || known.deployed.get(target.item.id()).cloned();
                let name = target.item.text("RepositoryName").or_else(deployed).unwrap_or_default();
                match target.attribute {
                    None => uri.push_str(&name),
                    Some("RepositoryUri") => {
                        let (account, region) = (known.account, known.region);
                        let _ = write!(uri, "{account}.dkr.ecr.{region}.{}/{name}", url_suffix(region));
                    }
                    Some(_) => return None,
                }
            }
            _ => return None,
        }
    }
    parsed(&uri, architecture)
}

/// An image's URI, if it is one of ECR's private registries.
///
/// Source: [Private registries][aws] in the ECR user guide, and its dual-stack endpoints.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
fn parsed(uri: &str, architecture: Option<&'static str>) -> Option<Image> {
    let (host, path) = uri.split_once('/')?;
    let labels: Vec<&str> = host.split('.').collect();
    let (registry, region) = match labels.as_slice() {
        [registry, "dkr", "ecr" | "ecr-fips", region, "amazonaws", "com", ..]
        | [registry, "dkr-ecr" | "dkr-ecr-fips", region, "on", ..] => (*registry, *region),
        _ => return None,
    };
    if registry.len() != 12 || !registry.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (name, digest) = path.split_once('@').map_or((path, None), |(name, digest)| (name, Some(digest)));
    let (repository, tag) = name.split_once(':').unwrap_or((name, "latest"));
    let version = match digest {
        Some(digest) => Version::Digest(digest.to_owned()),
        None => Version::Tag(tag.to_owned()),
    };
    Some(Image {
        uri: uri.to_owned(),
        registry: registry.to_owned(),
        region: region.to_owned(),
        repository: repository.to_owned(),
        version,
        architecture,
    })
}

/// The image that this URI names, if it is one of ECR's private registries; its processor is not known.
pub fn registry_image(uri: &str) -> Option<Image> {
    parsed(uri, None)
}

/// What the tasks run on. Fargate takes `X86_64` where nothing is said; on EC2 the instance decides.
///
/// Source: [`RuntimePlatform`][aws] in the ECS API reference.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html
fn architecture(task: TaskDefinition<'_>) -> Option<&'static str> {
    match task.0.get("RuntimePlatform.CpuArchitecture").as_slice() {
        [one] if one.is_text("ARM64") => Some("arm64"),
        [one] if one.is_text("X86_64") => Some("amd64"),
        [one] if one.is_absent() && task.requires_fargate() => Some("amd64"),
        _ => None,
    }
}
