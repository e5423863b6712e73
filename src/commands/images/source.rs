//! Where images are built from, and the tag that its commit gives them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::problem::{Problem, Result};
use crate::project::BuiltImage;

/// Where the images' folders are, and how the images are tagged.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Origin {
    /// Folder that has the images' folders [default: the top of the git repository that this folder is in]
    #[arg(long, value_name = "FOLDER")]
    source: Option<PathBuf>,

    /// Tag of the images [default: the first twelve digits of the commit]
    #[arg(long, value_name = "TAG", value_parser = tag)]
    tag: Option<String>,
}

/// Reads a tag.
///
/// Source: the [distribution specification][oci].
///
/// [oci]: https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pulling-manifests
fn tag(text: &str) -> std::result::Result<String, String> {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.starts_with(first) && text.len() <= 128 && text.chars().all(|c| first(c) || c == '.' || c == '-')
    {
        return Ok(text.to_owned());
    }
    Err("a tag has up to 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two"
        .to_owned())
}

/// The tag of an image, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) from: From,
}

/// Where a tag comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// Somebody said it.
    Said,
    /// From the commit, which has all that the image is made of.
    Commit,
    /// From the commit, and the folder has what is not in it.
    Dirty,
}

/// A folder with the images' folders in it.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    root: PathBuf,
    tag: Option<String>,
    /// Twelve digits of it, or why there is none.
    commit: std::result::Result<String, String>,
}

impl Origin {
    /// With this folder and no tag.
    pub(crate) fn in_folder(source: Option<&Path>) -> Origin {
        Origin { source: source.map(Path::to_path_buf), tag: None }
    }

    /// Looks where it is.
    pub(crate) fn find(&self) -> Source {
        let root = self.source.clone().or_else(|| {
            let top = git(Path::new("."), &["rev-parse", "--show-toplevel"]).ok()?;
            Some(PathBuf::from(top))
        });
        let root = root.unwrap_or_else(|| PathBuf::from("."));
        let commit = git(&root, &["rev-parse", "--short=12", "HEAD"]);
        Source { root, tag: self.tag.clone(), commit }
    }
}

impl Source {
    /// The folder of this image.
    pub(crate) fn folder(&self, image: &BuiltImage) -> PathBuf {
        self.root.join(&image.folder)
    }

    /// Refuses an image that has nothing to be built from.
    pub(crate) fn must_have(&self, image: &BuiltImage) -> Result<(), Box<Problem>> {
        let folder = self.folder(image);
        if ["Dockerfile", "Containerfile"].iter().any(|name| folder.join(name).is_file()) {
            return Ok(());
        }
        let message = format!("the image {} has no Dockerfile in `{}`", image.container, folder.display());
        let hint = format!("name the folder that has `{}` in it with `--source`", image.folder);
        Err(Box::new(Problem::error("images/no-dockerfile", message).hint(hint)))
    }

    /// The tag of this image.
    pub(crate) fn tag(&self, image: &BuiltImage) -> Result<Tag, Box<Problem>> {
        if let Some(name) = &self.tag {
            return Ok(Tag { name: name.clone(), from: From::Said });
        }
        let commit = self.commit.as_ref().map_err(|why| {
            let message = format!("there is no commit to tag the image {} with: {why}", image.container);
            Box::new(Problem::error("images/no-commit", message).hint("name a tag with `--tag`"))
        })?;
        // What only other folders have is not in the image.
        let changes = git(&self.root, &["status", "--porcelain", "--", &image.folder]);
        let dirty = changes.is_ok_and(|changes| !changes.is_empty());
        let (name, from) =
            if dirty { (format!("{commit}-dirty"), From::Dirty) } else { (commit.clone(), From::Commit) };
        Ok(Tag { name, from })
    }

    /// The tag of this image, which may be pushed.
    pub(crate) fn sound_tag(&self, image: &BuiltImage) -> Result<Tag, Box<Problem>> {
        let tag = self.tag(image)?;
        if tag.from != From::Dirty {
            return Ok(tag);
        }
        let message = format!(
            "`{}` has changes that are in no commit, so nobody could build the image {} again",
            image.folder, image.container
        );
        let hint = "commit them, or build and push with a tag of your own: `--tag`";
        Err(Box::new(Problem::error("images/dirty", message).hint(hint)))
    }
}

/// What git says in one line, or why it says nothing.
fn git(folder: &Path, arguments: &[&str]) -> std::result::Result<String, String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|_| "git is not there".to_owned())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().next().unwrap_or_default().trim_start_matches("fatal: ");
    Err(format!("git says `{first}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_what_registries_take() {
        for right in ["v1.0", "0123456789ab", "_x", "a-b.c"] {
            assert_eq!(tag(right).as_deref(), Ok(right));
        }
        for wrong in ["", "-x", ".x", "a b", "a/b", "a:b", "ä", &"x".repeat(129)] {
            assert!(tag(wrong).is_err(), "{wrong}");
        }
    }
}
