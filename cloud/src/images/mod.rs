//! Images in ECR: what the repositories hold, which digest a tag stands for, and the password of the registry.
//!
//! Nothing here moves an image: that is the work of a container tool, which is given [`RegistryLogin`].

mod ask;
mod login;
mod manifest;

use std::collections::BTreeMap;

use serde::Serialize;

pub use self::ask::{find_image, image_findings, repository, stored_images};
pub use self::login::{RegistryLogin, registry_login};
pub(crate) use self::manifest::FORMS;
use crate::engine::progress::Timestamp;

/// A repository of ECR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryState {
    /// Its name, with the folders in it.
    pub name: String,
    /// Its address, from which images are pulled.
    pub uri: String,
    /// Whether a tag stays with its image for ever: `IMMUTABLE`, also where some tags are excluded from that.
    pub immutable: bool,
    /// The tags that are excluded from it; `*` stands for any letters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub movable: Vec<String>,
}

impl RepositoryState {
    /// Whether this tag can be given to another image.
    pub fn can_move(&self, tag: &str) -> bool {
        !self.immutable || self.movable.iter().any(|filter| fits(filter, tag))
    }
}

/// Whether `text` is what `filter` means, in which `*` stands for any letters.
fn fits(filter: &str, text: &str) -> bool {
    match filter.split_once('*') {
        None => filter == text,
        Some((begin, rest)) => text.strip_prefix(begin).is_some_and(|text| {
            text.char_indices().map(|(at, _)| &text[at..]).chain([""]).any(|end| fits(rest, end))
        }),
    }
}

/// An image in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredImage {
    /// Its digest, `sha256:…`.
    pub digest: String,
    /// Its tags, if it has any.
    pub tags: Vec<String>,
    /// When it was pushed, by AWS's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed: Option<Timestamp>,
    /// Its size in bytes, compressed, as ECR bills it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
}

/// By what an image is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageName {
    /// `v1.0`.
    Tag(String),
    /// `sha256:…`.
    Digest(String),
}

impl ImageName {
    /// What is written in a setting: a digest, or else a tag.
    pub fn of(text: &str) -> ImageName {
        if text.starts_with("sha256:") {
            ImageName::Digest(text.to_owned())
        } else {
            ImageName::Tag(text.to_owned())
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        match self {
            ImageName::Tag(text) | ImageName::Digest(text) => text,
        }
    }
}

/// An image that was asked for by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundImage {
    /// The digest of its manifest, by which it is deployed.
    pub digest: String,
    /// The digest of its configuration, which a container tool knows as the image's id before it is pushed. None for a
    /// list of images for several machines.
    pub configuration: Option<String>,
}

/// What came of asking for an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// It is there.
    Found(FoundImage),
    /// The repository has no such image.
    NoImage,
    /// There is no such repository.
    NoRepository,
}

/// How many findings of each severity a scan had: `CRITICAL`, `HIGH`, … None if the image was not scanned.
pub type Findings = Option<BTreeMap<String, i32>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_can_move_as_the_repository_says() {
        let repository = |immutable, movable: &[&str]| RepositoryState {
            name: "r".to_owned(),
            uri: String::new(),
            immutable,
            movable: movable.iter().map(|&filter| filter.to_owned()).collect(),
        };
        assert!(repository(false, &[]).can_move("v1"));
        assert!(!repository(true, &[]).can_move("v1"));
        let some = repository(true, &["latest", "dev-*-x"]);
        for (tag, can) in
            [("latest", true), ("latest2", false), ("dev-1-x", true), ("dev--x", true), ("dev-x", false)]
        {
            assert_eq!(some.can_move(tag), can, "{tag}");
        }
    }
}
