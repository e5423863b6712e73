//! Writing the first files, beside what is there already.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::exit::Exit;
use crate::files::{self, Access};
use crate::problem::{Failure, Problem, Result};

/// A file to be written.
pub(super) struct NewFile {
    /// Its path below the project's folder.
    path: String,
    content: Content,
}

enum Content {
    /// All of it.
    Text(String),
    /// Lines that it must have, whatever else is in it.
    Lines(Vec<String>),
}

/// What became of a file.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Written {
    pub(super) file: String,
    /// Whether it was written; if not, it was as it must be.
    written: bool,
}

impl NewFile {
    pub(super) fn new(path: &str, text: String) -> NewFile {
        NewFile { path: path.to_owned(), content: Content::Text(text) }
    }

    /// A file that others write too: what it lacks of these lines is added to it.
    pub(super) fn lines(path: &str, lines: &[&str]) -> NewFile {
        let lines = lines.iter().map(|&line| line.to_owned()).collect();
        NewFile { path: path.to_owned(), content: Content::Lines(lines) }
    }
}

/// Writes the files below `folder`, which is made if need be: all of them, or none if one is different and not to be
/// replaced.
pub(super) fn all(folder: &Path, files: &[NewFile], force: bool) -> Result<Vec<Written>> {
    let folder = folder.strip_prefix(".").unwrap_or(folder);
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        let path = folder.join(&file.path);
        let there = if path.exists() { Some(files::read_text(&path, "existing")?) } else { None };
        let text = file.text(there.as_deref());
        if there.as_ref().is_some_and(|there| *there != text && !file.may_change(force)) {
            problems.push(different(&path));
        }
        texts.push((path, (there.as_ref() != Some(&text)).then_some(text)));
    }
    if !problems.is_empty() {
        return Err(Failure::new(Exit::Refused, problems));
    }
    let mut written = Vec::new();
    for (file, (path, text)) in files.iter().zip(texts) {
        if let Some(text) = &text {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|error| files::unwritable(parent, &error))?;
            }
            files::write_atomically(&path, text, Access::Usual)?;
        }
        written.push(Written { file: file.path.clone(), written: text.is_some() });
    }
    Ok(written)
}

impl NewFile {
    fn may_change(&self, force: bool) -> bool {
        force || matches!(self.content, Content::Lines(_))
    }

    fn text(&self, there: Option<&str>) -> String {
        match &self.content {
            Content::Text(text) => text.clone(),
            Content::Lines(lines) => {
                let mut text = there.unwrap_or_default().to_owned();
                for line in lines.iter().filter(|line| there.is_none_or(|there| !has(there, line))) {
                    if !text.is_empty() && !text.ends_with('\n') {
                        text.push('\n');
                    }
                    text += line;
                    text.push('\n');
                }
                text
            }
        }
    }
}

/// Whether a line says the same, also with a slash before it.
fn has(text: &str, wanted: &str) -> bool {
    text.lines().any(|line| line.trim().trim_start_matches('/') == wanted)
}

fn different(path: &Path) -> Problem {
    Problem::error("init/different", format!("`{}` is there already, and different", path.display()))
        .hint("keep it, or replace it with `--force`; nothing was written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_to_what_somebody_wrote() {
        let file = NewFile::lines(".gitignore", &["target/", "docuthinker.out/"]);
        assert_eq!(file.text(None), "target/\ndocuthinker.out/\n");
        assert_eq!(file.text(Some("/target/\n*.swp")), "/target/\n*.swp\ndocuthinker.out/\n");
        assert_eq!(file.text(Some("target/\ndocuthinker.out/\n")), "target/\ndocuthinker.out/\n");
    }
}
