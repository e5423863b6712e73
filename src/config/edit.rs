//! Writing settings into the configuration file of a user, who goes on editing it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::layers::{self, DEFAULT_FILE, Request};
use super::yaml;
use crate::files::{self, Access};
use crate::problem::{Problem, Result};

/// A value for one setting of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The setting: `backend.image`.
    pub(crate) setting: String,
    /// Its new value: a text, or a list of texts.
    pub(crate) value: Value,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// The place in the file, with dots: `environments.prod.backend.image`.
    pub(crate) place: String,
    /// What stood there before, if anything did.
    pub(crate) before: Option<Value>,
}

/// Writes the changes below the environment that `request` names, all or none, and says what they replaced. A file that is
/// not there is made. Where nothing differs, nothing is written.
///
/// # Errors
///
/// The file cannot be read or written, or has a form in which a value cannot be changed in one place.
pub(crate) fn write(request: &Request, changes: &[Change]) -> Result<(PathBuf, Vec<Written>)> {
    let path = request.file.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let there = path.symlink_metadata().is_ok();
    let old = if there { files::read_text(&path, "configuration")? } else { String::new() };
    // A syntax error is told as everywhere.
    let (_, content) = layers::read_file(if there { Some(&path) } else { None })?;
    let (mut text, mut written) = (old.clone(), Vec::new());
    for change in changes {
        let place = place(&request.environment_name(), &change.setting);
        text = yaml::set(&text, &place, &change.value).ok_or_else(|| refused(&path, request, changes))?;
        let before = place.iter().try_fold(&content, |at, key| at.get(key)).filter(|value| !value.is_null());
        written.push(Written { place: place.join("."), before: before.cloned() });
    }
    if text != old {
        files::write_atomically(&path, &text, Access::Kept)?;
    }
    Ok((path, written))
}

fn place(environment: &str, setting: &str) -> Vec<String> {
    ["environments", environment].into_iter().chain(setting.split('.')).map(str::to_owned).collect()
}

fn refused(path: &Path, request: &Request, changes: &[Change]) -> Problem {
    let message = format!("`{}` is written in a form that cannot be changed here", path.display());
    let own = |change: &Change| {
        let place = place(&request.environment_name(), &change.setting).join(".");
        format!("`{place}` is to be `{}`", yaml::in_a_line(&change.value))
    };
    let all: Vec<String> = changes.iter().map(own).collect();
    Problem::error("config/cannot-edit", message).hint(format!("write it yourself: {}", all.join(", ")))
}
