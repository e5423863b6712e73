//! The way back, as steps with the commands that go them. Nothing is asked of AWS here.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use super::compare::{Found, Gone, Now};
use crate::commands::backup::form::{Secrets, Stateful};
use crate::commands::backup::mistakes;
use crate::commands::backup::read::Backup;
use crate::problem::{Result, count};
use crate::session::Session;
use crate::shell;

/// Stands for the file with an age identity.
const KEY_FILE: &str = "KEY_FILE";
/// Stands for the file with the values of parameters that are `NoEcho`.
const PRIVATE_FILE: &str = "PRIVATE.json";

/// A step of the way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Step {
    pub(super) number: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stack: Option<String>,
    pub(super) title: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<String>,
    pub(super) commands: Vec<Command>,
}

/// A command by its arguments; as text it is what a shell reads so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command(pub(super) Vec<String>);

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&shell::command(&self.0))
    }
}

/// What no backup can give back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Gap {
    pub(super) stack: String,
    /// A resource or a parameter.
    pub(super) what: String,
    pub(super) says: String,
}

/// What the steps are made from, besides the stacks.
struct Around<'a> {
    backup: &'a Backup,
    /// The options of this run that say which AWS is meant.
    options: Vec<String>,
    /// The option that chose the environment.
    environment: Vec<String>,
    /// The names of the stacks of the project.
    project: BTreeSet<String>,
    /// The names of the images of the project.
    images: BTreeSet<String>,
}

/// The steps, and what they do not give back. `valueless` are secrets whose stacks are there, and which have no value.
pub(super) fn steps(
    backup: &Backup,
    found: &[Found],
    valueless: &[String],
    session: &mut Session<'_>,
) -> Result<(Vec<Step>, Vec<Gap>)> {
    let around = Around::new(backup, session);
    let makers: BTreeSet<usize> = (0..found.len()).filter(|at| makes_secrets(&found[*at])).collect();
    let mut steps = Vec::new();
    if makers.is_empty() && !valueless.is_empty() {
        steps.push(around.secrets(&[], valueless));
    }
    for (at, one) in found.iter().enumerate() {
        match &one.now {
            Now::Unchanged => continue,
            Now::Busy { status } => {
                steps.push(around.wait(one, status));
                continue;
            }
            Now::Missing { .. } | Now::Changed { .. } => {}
        }
        if !one.gone.is_empty() {
            steps.push(around.images(one));
        }
        let codes = mistakes(&one.file, session)?;
        steps.push(around.deploy(one, &codes));
        if makers.last() == Some(&at) {
            let made_by: Vec<&Found> = makers.iter().map(|at| &found[*at]).collect();
            steps.push(around.secrets(&made_by, valueless));
        }
    }
    if !steps.is_empty() {
        steps.push(around.status(found));
    }
    for (at, step) in steps.iter_mut().enumerate() {
        step.number = at + 1;
    }
    let gaps = found.iter().flat_map(|one| gaps(one, backup.manifest.secrets.as_ref())).collect();
    Ok((steps, gaps))
}

fn makes_secrets(one: &Found) -> bool {
    one.now.is_missing() && one.kept.record.stateful.iter().any(is_secret)
}

fn is_secret(one: &Stateful) -> bool {
    one.type_name == "AWS::SecretsManager::Secret"
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn step(stack: Option<&str>, title: String, notes: Vec<String>, commands: Vec<Vec<String>>) -> Step {
    let commands = commands.into_iter().map(Command).collect();
    Step { number: 0, stack: stack.map(str::to_owned), title, notes, commands }
}

impl<'a> Around<'a> {
    fn new(backup: &'a Backup, session: &mut Session<'_>) -> Around<'a> {
        let aws = &session.global.aws;
        let mut options = Vec::new();
        if aws.local {
            options.push("--local".to_owned());
        }
        for (name, value) in [("--profile", &aws.profile), ("--endpoint-url", &aws.endpoint_url)] {
            options.extend(value.iter().flat_map(|value| [name.to_owned(), value.clone()]));
        }
        let environment = session.global.environment_option().unwrap_or_default();
        let environment = environment.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        // Where the settings are wrong, the commands name stacks by themselves.
        let stacks = session.synthesize(&[]).map(|synthesis| synthesis.stacks).unwrap_or_default();
        let images = session.config().map(|config| session.project.images(&config.settings));
        Around {
            backup,
            options,
            environment,
            project: stacks.into_iter().map(|stack| stack.name).collect(),
            images: images.unwrap_or_default().into_iter().map(|image| image.container).collect(),
        }
    }

    /// A file of the backup, as it can be typed here.
    fn file(&self, path: &str) -> String {
        self.backup.folder.join(path).to_string_lossy().into_owned()
    }

    fn wait(&self, one: &Found, status: &str) -> Step {
        let record = &one.kept.record;
        let mut command = words(["docuthinker", "watch", &record.name, "--region", &record.region]);
        command.extend(self.options.clone());
        let title = format!("wait for {}, which is {status}, then ask `restore` again", record.name);
        step(Some(&record.name), title, Vec::new(), vec![command])
    }

    fn deploy(&self, one: &Found, mistakes: &[String]) -> Step {
        let (record, entry) = (&one.kept.record, &one.kept.entry);
        let mut command = words(["docuthinker", "deploy", "--template", &self.file(&entry.template)]);
        command.extend(words(["--stack-name", &record.name, "--region", &record.region]));
        if let Some(parameters) = &entry.parameters {
            command.extend(words(["--parameters-file", &self.file(parameters)]));
        }
        let mut notes = Vec::new();
        let needed: Vec<&str> =
            record.hidden().into_iter().filter(|name| !one.hidden_there.contains(*name)).collect();
        if !needed.is_empty() {
            command.extend(words(["--parameters-file", PRIVATE_FILE]));
            let object: serde_json::Map<String, serde_json::Value> =
                needed.iter().map(|name| ((*name).to_owned(), "…".into())).collect();
            notes.push(format!(
                "before: write {PRIVATE_FILE}, for its owner only, with what the backup cannot have: {}",
                serde_json::Value::Object(object)
            ));
        }
        for (key, value) in record.tags.iter().filter(|(key, _)| !key.starts_with("aws:")) {
            command.extend(["--tag".to_owned(), format!("{key}={value}")]);
        }
        if let Some(role) = &record.role {
            command.extend(words(["--role-arn", role]));
        }
        if !mistakes.is_empty() {
            command.push("--no-validate".to_owned());
            notes.push(format!("its template has mistakes that are known: {}", mistakes.join(", ")));
        }
        if let Now::Changed { resources, .. } = &one.now
            && resources.iter().any(|words| words.ends_with("removed") || words.contains("replaced"))
        {
            notes.push(
                "it takes away what came since; where that holds data, it is refused and tells how to say that it is meant"
                    .to_owned(),
            );
        }
        command.extend(self.options.clone());
        let mut commands = vec![command];
        if one.now.is_missing() {
            commands.extend(self.afterwards(one));
        }
        let title = match &one.now {
            Now::Missing { .. } => format!("make {} anew", record.name),
            _ => format!("take {} back", record.name),
        };
        step(Some(&record.name), title, notes, commands)
    }

    /// What no template says: the policy of the stack, and its protection.
    fn afterwards(&self, one: &Found) -> Vec<Vec<String>> {
        let record = &one.kept.record;
        let place = words(["--stack-name", &record.name, "--region", &record.region]);
        let mut commands = Vec::new();
        if let Some(policy) = &one.kept.entry.policy {
            let mut command = words(["aws", "cloudformation", "set-stack-policy"]);
            command.extend(place.clone());
            command.extend(words(["--stack-policy-body", &format!("file://{}", self.file(policy))]));
            commands.push(command);
        }
        if record.termination_protection {
            let mut command = words(["aws", "cloudformation", "update-termination-protection"]);
            command.push("--enable-termination-protection".to_owned());
            command.extend(place);
            commands.push(command);
        }
        commands
    }

    fn images(&self, one: &Found) -> Step {
        let record = &one.kept.record;
        let mut notes: Vec<String> = one.gone.iter().map(note).collect();
        let digests = one.gone.iter().filter(|gone| gone.moved.is_none());
        let ours: Vec<&Gone> = digests.filter(|gone| self.images.contains(&gone.image.container)).collect();
        let mut commands = Vec::new();
        if !ours.is_empty() {
            let mut copy = words(["docuthinker", "-e", "OTHER_ENV", "images", "copy"]);
            let image = |gone: &&Gone| {
                format!("{}={}", gone.image.container, gone.image.digest.as_deref().unwrap_or_default())
            };
            copy.extend(ours.iter().map(image));
            copy.extend(words(["--to-env", &self.backup.manifest.environment]));
            commands.push(copy);
            notes.push("the command takes them from another environment that still has them".to_owned());
        }
        notes.push(
            "what nobody has any more can only be built again, and is another digest then: `docuthinker images push --build`, and deploy the settings instead of the template"
                .to_owned(),
        );
        let title = format!("bring {} of {} back", count(one.gone.len(), "image"), record.name);
        step(Some(&record.name), title, notes, commands)
    }

    /// The values of the secrets that these stacks make, and of those that have none.
    fn secrets(&self, made_by: &[&Found], valueless: &[String]) -> Step {
        let kept = self.backup.manifest.secrets.as_ref();
        let stacks: Vec<&str> = made_by.iter().map(|one| one.kept.record.name.as_str()).collect();
        let Some((kept, file)) = kept.and_then(|kept| Some((kept, kept.file.as_ref()?))) else {
            let title = format!("give the secrets of {} their values", stacks.join(", "));
            let notes = vec!["the backup was made without `--include-secrets`: keys.env is yours".to_owned()];
            let mut command = words(["docuthinker", "secrets", "import", "keys.env"]);
            command.extend(self.of_project(&stacks));
            return step(None, title, notes, vec![command]);
        };
        let mut command = words(["docuthinker", "secrets", "import", &self.file(file)]);
        let mut notes = Vec::new();
        if kept.with_passphrase {
            command.push("--passphrase".to_owned());
        } else {
            command.extend(words(["--identity", KEY_FILE]));
            notes.push(format!("{KEY_FILE} is the file with the age identity that they were encrypted for"));
        }
        command.extend(self.of_project(&stacks));
        if !valueless.is_empty() {
            notes.push(format!("without a value now: {}", valueless.join(", ")));
        }
        let values = kept.secrets.iter().filter(|secret| secret.has_value).count();
        step(None, format!("give {} back to the secrets", count(values, "value")), notes, vec![command])
    }

    /// Options that choose these stacks, all of the project if they are.
    fn of_project(&self, stacks: &[&str]) -> Vec<String> {
        let mut options = self.environment.clone();
        if !stacks.iter().all(|name| self.project.contains(*name)) {
            options.clear();
            options.extend(stacks.iter().flat_map(|name| ["--stack".to_owned(), (*name).to_owned()]));
            options.push("--skip-unknown".to_owned());
            options.extend(self.region());
        }
        options.extend(self.options.clone());
        options
    }

    /// The region of the backup; stacks of several regions are named one by one.
    fn region(&self) -> Vec<String> {
        let first = self.backup.manifest.stacks.first();
        first.map(|entry| words(["--region", &entry.region])).unwrap_or_default()
    }

    fn status(&self, found: &[Found]) -> Step {
        let mut command = words(["docuthinker", "status"]);
        let names: Vec<&str> = found.iter().map(|one| one.kept.record.name.as_str()).collect();
        if names.iter().all(|name| self.project.contains(*name)) {
            command.extend(self.environment.clone());
        } else {
            command.extend(names.iter().flat_map(|name| ["--stack".to_owned(), (*name).to_owned()]));
            command.extend(self.region());
        }
        command.extend(self.options.clone());
        step(None, "see whether all is well".to_owned(), Vec::new(), vec![command])
    }
}

fn note(gone: &Gone) -> String {
    let image = &gone.image;
    let digest = image.digest.as_deref().unwrap_or_default();
    match &gone.moved {
        Some(now) => format!(
            "{}: the tag {} of {} stands for {now} now, and for {digest} in the backup: give it back, or put the digest into the template",
            image.service,
            image.tag.as_deref().unwrap_or_default(),
            image.repository
        ),
        None => format!("{}: {}@{digest} is not there", image.service, image.repository),
    }
}

/// What a deployment of the stack's template does not give back.
fn gaps(one: &Found, secrets: Option<&Secrets>) -> Vec<Gap> {
    let record = &one.kept.record;
    let gap = |what: &str, says: String| Gap { stack: record.name.clone(), what: what.to_owned(), says };
    if !one.now.is_missing() {
        return Vec::new();
    }
    let has_value = |one: &Stateful| {
        let id = one.physical_id.as_deref().unwrap_or_default();
        secrets
            .is_some_and(|secrets| secrets.secrets.iter().any(|secret| secret.id == id && secret.has_value))
    };
    let mut gaps = Vec::new();
    for held in record.stateful.iter().filter(|held| !is_secret(held) || !has_value(held)) {
        let left = one.left.get(&held.logical_id).copied();
        gaps.push(gap(&held.logical_id, lost(held, left)));
    }
    for name in record.hidden() {
        gaps.push(gap(name, "its value (NoEcho)".to_owned()));
    }
    gaps
}

/// What is lost, or where it may still be.
fn lost(held: &Stateful, left: Option<bool>) -> String {
    let name = held.physical_id.as_deref().unwrap_or("not known by name");
    let what = format!("{} ({}, {name})", held.holds, held.type_name);
    let after = match (held.when_deleted.as_str(), left) {
        (_, Some(true)) => {
            "it was kept and is still there: the deployment makes another one, and is refused where the name is the same; import it into the stack first to go on with it"
        }
        ("retained" | "protected", Some(false)) => "it was kept when the stack was deleted, and is gone",
        ("retained" | "protected", None) => "it was kept when the stack was deleted, and may still be there",
        ("snapshot", _) => "a snapshot was made when the stack was deleted",
        ("deletedIfEmpty", _) => "it was deleted with the stack if it was empty",
        _ => "gone with the stack",
    };
    format!("{what}: {after}")
}
