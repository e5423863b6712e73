//! The settings, in the file that people keep.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::config::{self, Change, Config};
use crate::problem::{Problem, Result};
use crate::session::Session;

const SETTING: &str = "network.existing";
/// The keys in the order in which they stand.
const KEYS: [&str; 3] = ["vpc_id", "public_subnets", "private_subnets"];

/// What was written.
pub(super) struct Written {
    file: PathBuf,
    changes: Vec<Entry>,
}

/// A setting.
struct Entry {
    place: String,
    value: Value,
    before: Option<Value>,
}

impl Written {
    pub(super) fn lines(&self) -> String {
        let line = |entry: &Entry| {
            let value = config::in_a_line(&entry.value);
            let what = match &entry.before {
                Some(before) if *before == entry.value => format!("{value} already"),
                Some(before) => format!("{} → {value}", config::in_a_line(before)),
                None => format!("not set → {value}"),
            };
            format!("{}: {} = {what}\n", self.file.display(), entry.place)
        };
        self.changes.iter().map(line).collect()
    }

    pub(super) fn view(&self) -> Value {
        let entry = |entry: &Entry| {
            json!({ "place": entry.place, "value": entry.value, "before": entry.before,
                "changed": entry.before.as_ref() != Some(&entry.value) })
        };
        json!({ "file": self.file, "changes": self.changes.iter().map(entry).collect::<Vec<_>>() })
    }
}

/// Whether the stacks are sound with these settings.
///
/// # Errors
///
/// Everything that is wrong with them then.
pub(super) fn fits(settings: &Value, session: &mut Session<'_>) -> Result<()> {
    let before = session.global.clone();
    session.global.set(SETTING, &settings.to_string());
    let sound = session.sound(&[]).map(drop);
    session.global = before;
    sound
}

/// Writes the settings below the environment, and says if something else counts more than the file.
pub(super) fn write(settings: &Value, config: &Config, session: &mut Session<'_>) -> Result<Written> {
    let mut changes = changes(settings, config);
    // What is added to a mapping becomes the first in it.
    changes.reverse();
    let request = session.global.request()?;
    let (file, written) = config::write(&request, &changes)?;
    let entry = |(change, written): (Change, config::Written)| Entry {
        place: written.place,
        value: change.value,
        before: written.before,
    };
    let wanted: Vec<Change> = changes.clone();
    let mut entries: Vec<Entry> = changes.into_iter().zip(written).map(entry).collect();
    entries.reverse();
    warn_of_overrides(&wanted, session)?;
    Ok(Written { file, changes: entries })
}

/// A tier without subnets is left out, unless another network's would stay.
fn changes(settings: &Value, config: &Config) -> Vec<Change> {
    let now = |key: &str| at(&config.settings, &format!("{SETTING}.{key}"));
    let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    let needed = |key: &&str| !empty(&settings[*key]) || now(key).is_some_and(|value| !empty(value));
    let change = |key: &str| Change { setting: format!("{SETTING}.{key}"), value: settings[key].clone() };
    KEYS.iter().filter(|key| needed(key)).map(|key| change(key)).collect()
}

fn at<'a>(settings: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(settings, |at, key| at.get(key))
}

/// A variable or `--set` counts more than the file.
fn warn_of_overrides(changes: &[Change], session: &mut Session<'_>) -> Result<()> {
    let config = config::load(session.project, &session.global.request()?)?;
    for change in changes {
        if at(&config.settings, &change.setting) != Some(&change.value) {
            let path: Vec<String> = change.setting.split('.').map(str::to_owned).collect();
            let (setting, source) = (&change.setting, config.source(&path));
            let message = format!("the file is not what counts for `{setting}` in this run: {source}");
            session.printer.problem(&Problem::warning("import/overridden", message));
        }
    }
    Ok(())
}
