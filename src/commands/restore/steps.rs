//! The way back, as steps with the commands that go them. Nothing is asked of AWS here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};
use template::Fate;

use super::compare::{Found, Gone, Lost, Now, own_tags};
use crate::commands::backup::form::{Secret, Secrets, Stateful};
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
    valueless: &[Secret],
    session: &mut Session<'_>,
) -> Result<(Vec<Step>, Vec<Gap>)> {
    let around = Around::new(backup, session);
    let made_in = |one: &Found| {
        makes_secrets(one) || valueless.iter().any(|secret| secret.stack.is_some() && one.has(secret))
    };
    // The secrets must be there before they get values.
    let last = found.iter().rposition(|one| one.now.differs() && made_in(one));
    let mut steps = Vec::new();
    if last.is_none() {
        steps.extend(around.secrets(found, valueless));
    }
    for (at, one) in found.iter().enumerate() {
        match &one.now {
            Now::Unchanged => continue,
            Now::Busy { status } => {
                steps.push(around.wait(one, status));
                continue;
            }
            Now::HalfDeleted { status } => {
                steps.push(around.destroy(one, status));
                continue;
            }
            Now::Missing { .. } | Now::Changed { .. } => {}
        }
        if !one.gone.is_empty() {
            steps.push(around.images(one));
        }
        let codes = mistakes(&one.file, session)?;
        steps.push(around.deploy(one, &codes));
        if last == Some(at) {
            steps.extend(around.secrets(found, valueless));
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
    one.now.is_missing() && one.kept.record.stateful.iter().any(Stateful::is_secret)
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
        let mut options: Vec<String> = session.global.config_option().into_iter().flatten().collect();
        if aws.local {
            options.push("--local".to_owned());
        }
        let endpoint = aws.endpoint_url.as_deref().map(crate::aws::without_password);
        for (name, value) in [("--profile", aws.profile.clone()), ("--endpoint-url", endpoint)] {
            options.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
        }
        let environment = session.global.environment_option().into_iter().flatten().collect();
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

    fn destroy(&self, one: &Found, status: &str) -> Step {
        let record = &one.kept.record;
        let mut command = words(["docuthinker", "destroy", "--stack-name", &record.name]);
        command.extend(words(["--region", &record.region]));
        command.extend(self.options.clone());
        let title =
            format!("delete what is left of {}, which is {status}, then ask `restore` again", record.name);
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
        for (key, value) in own_tags(&record.tags) {
            command.extend(["--tag".to_owned(), format!("{key}={value}")]);
        }
        if let Some(role) = &record.role {
            command.extend(words(["--role-arn", role]));
        }
        if !mistakes.is_empty() {
            command.push("--no-validate".to_owned());
            notes.push(format!("its template has mistakes that are known: {}", mistakes.join(", ")));
        }
        notes.extend(self.nested(one));
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
        match &one.now {
            Now::Missing { .. } => {
                commands.extend(self.policy(one));
                commands.extend(protection(one));
            }
            Now::Changed { unprotected: true, .. } => commands.extend(protection(one)),
            _ => {}
        }
        let title = match &one.now {
            Now::Missing { .. } => format!("make {} anew", record.name),
            _ => format!("take {} back", record.name),
        };
        step(Some(&record.name), title, notes, commands)
    }

    /// What must be where the addresses of its nested stacks lead.
    fn nested(&self, one: &Found) -> Option<String> {
        let nested = &one.kept.entry.nested;
        let files: Vec<String> = nested.iter().map(|nested| self.file(&nested.template)).collect();
        (!files.is_empty()).then(|| {
            format!(
                "before: each nested stack is made from what its `TemplateURL` leads to; the templates of that time are {}",
                files.join(", ")
            )
        })
    }

    /// The command that gives the stack its policy, which no template says.
    fn policy(&self, one: &Found) -> Option<Vec<String>> {
        let record = &one.kept.record;
        let policy = one.kept.entry.policy.as_ref()?;
        let mut command = words(["aws", "cloudformation", "set-stack-policy", "--stack-name", &record.name]);
        command.extend(words(["--region", &record.region]));
        command.extend(words(["--stack-policy-body", &format!("file://{}", self.file(policy))]));
        Some(command)
    }

    fn images(&self, one: &Found) -> Step {
        let record = &one.kept.record;
        let mut notes: Vec<String> = one.gone.iter().map(note).collect();
        let digests: Vec<&Gone> = one.gone.iter().filter(|gone| gone.lost == Lost::Digest).collect();
        let ours: Vec<&&Gone> =
            digests.iter().filter(|gone| self.images.contains(&gone.image.container)).collect();
        let mut commands = Vec::new();
        if !ours.is_empty() {
            let mut copy = words(["docuthinker", "-e", "OTHER_ENV", "images", "copy"]);
            let image = |gone: &&&Gone| {
                format!("{}={}", gone.image.container, gone.image.digest.as_deref().unwrap_or_default())
            };
            copy.extend(ours.iter().map(image));
            copy.extend(words(["--to-env", &self.backup.manifest.environment]));
            copy.extend(self.options.clone());
            commands.push(copy);
            notes.push("the command takes them from another environment that still has them".to_owned());
        }
        if !digests.is_empty() {
            notes.push(
                "what nobody has any more can only be built again, and is another digest then: `docuthinker images push --build`, and deploy the settings instead of the template"
                    .to_owned(),
            );
        }
        let title = format!("bring {} of {} back", count(one.gone.len(), "image"), record.name);
        step(Some(&record.name), title, notes, commands)
    }

    /// The values of the secrets that are made anew with their stacks, and of those that have none. None if there are none.
    fn secrets(&self, found: &[Found], valueless: &[Secret]) -> Option<Step> {
        let needs = |one: &&Found| {
            makes_secrets(one) || one.now.is_there() && valueless.iter().any(|secret| one.has(secret))
        };
        let stacks: Vec<&Found> = found.iter().filter(needs).collect();
        if stacks.is_empty() {
            return None;
        }
        let Some(kept) = self.backup.manifest.secrets.as_ref() else {
            let names: Vec<&str> = stacks.iter().map(|one| one.kept.record.name.as_str()).collect();
            let title = format!("give the secrets of {} their values", names.join(", "));
            let notes = vec!["the backup was made without `--include-secrets`: keys.env is yours".to_owned()];
            let command = words(["docuthinker", "secrets", "import", "keys.env"]);
            return Some(step(
                None,
                title,
                notes,
                self.in_each_place(&command, &["--skip-unknown"], &stacks),
            ));
        };
        let anew = |secret: &&Secret| {
            let made = |one: &&Found| one.now.is_missing() && one.has(secret);
            secret.has_value && secret.stack.is_some() && stacks.iter().any(made)
        };
        let values = kept.secrets.iter().filter(anew).count() + valueless.len();
        let file = kept.file.as_ref().filter(|_| values > 0)?;
        let mut command = words(["docuthinker", "secrets", "import", &self.file(file)]);
        let mut notes = Vec::new();
        if kept.with_passphrase {
            command.push("--passphrase".to_owned());
        } else {
            command.extend(words(["--identity", KEY_FILE]));
            notes.push(format!("{KEY_FILE} is the file with the age identity that they were encrypted for"));
        }
        if !valueless.is_empty() {
            let names: Vec<&str> = valueless.iter().map(|secret| secret.name.as_str()).collect();
            notes.push(format!("without a value now: {}", names.join(", ")));
        }
        let title = format!("give {} back to the secrets", count(values, "value"));
        Some(step(None, title, notes, self.in_each_place(&command, &["--skip-unknown"], &stacks)))
    }

    /// The command for these stacks: once if they are all of the project, else once in each region, with `others` besides.
    fn in_each_place(&self, command: &[String], others: &[&str], stacks: &[&Found]) -> Vec<Vec<String>> {
        let names: BTreeSet<&String> = stacks.iter().map(|one| &one.kept.record.name).collect();
        let mut regions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        if names.iter().copied().eq(&self.project) {
            regions.insert("", self.environment.clone());
        } else {
            for record in stacks.iter().map(|one| &one.kept.record) {
                let in_project = names.iter().all(|name| self.project.contains(*name));
                let first = || if in_project { self.environment.clone() } else { Vec::new() };
                let options = regions.entry(&record.region).or_insert_with(first);
                options.extend(["--stack".to_owned(), record.name.clone()]);
            }
            for (region, options) in &mut regions {
                options.extend(others.iter().map(|&other| other.to_owned()));
                options.extend(words(["--region", region]));
            }
        }
        let whole = |options: Vec<String>| [command, &options, &self.options].concat();
        regions.into_values().map(whole).collect()
    }

    fn status(&self, found: &[Found]) -> Step {
        let stacks: Vec<&Found> = found.iter().collect();
        let commands = self.in_each_place(&words(["docuthinker", "status"]), &[], &stacks);
        step(None, "see whether all is well".to_owned(), Vec::new(), commands)
    }
}

/// The command that protects the stack from deletion, if it was.
fn protection(one: &Found) -> Option<Vec<String>> {
    let record = &one.kept.record;
    let mut command = words(["aws", "cloudformation", "update-termination-protection"]);
    command.extend(words(["--enable-termination-protection", "--stack-name", &record.name]));
    command.extend(words(["--region", &record.region]));
    record.termination_protection.then_some(command)
}

fn note(gone: &Gone) -> String {
    let image = &gone.image;
    let digest = image.digest.as_deref().unwrap_or_default();
    let tag = image.tag.as_deref().unwrap_or_default();
    let or = "give it back, or put the digest into the template";
    match &gone.lost {
        Lost::Tag { now: Some(now) } => format!(
            "{}: the tag {tag} of {} stands for {now} now, and for {digest} in the backup: {or}",
            image.service, image.repository
        ),
        Lost::Tag { now: None } => format!(
            "{}: the tag {tag} of {} is gone, which stands for {digest} in the backup: {or}",
            image.service, image.repository
        ),
        Lost::Digest => format!("{}: {}@{digest} is not there", image.service, image.repository),
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
    let left = |held: &Stateful| one.left.get(&held.logical_id).copied();
    let (secrets, data): (Vec<&Stateful>, Vec<&Stateful>) =
        record.stateful.iter().filter(|held| !has_value(held)).partition(|held| held.is_secret());
    let mut gaps: Vec<Gap> = data
        .into_iter()
        .map(|held| {
            let name = held.physical_id.as_deref().unwrap_or("not known by name");
            let says = format!("{} ({}, {name}): {}", held.holds, held.type_name, lost(held, left(held)));
            gap(&held.logical_id, says)
        })
        .collect();
    // Several that have the same fate are told together, by the names that people call them.
    let mut by_fate: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for held in secrets {
        by_fate.entry(lost(held, left(held))).or_default().push(secret_name(held));
    }
    for (fate, names) in by_fate {
        let values = if names.len() == 1 { "its value" } else { "their values" };
        gaps.push(gap(&names.join(", "), format!("{values}: {fate}")));
    }
    for name in record.hidden() {
        gaps.push(gap(name, "its value (NoEcho)".to_owned()));
    }
    gaps
}

/// A secret's name without the rest of its ARN, which ends with a hyphen and six characters of AWS's.
fn secret_name(held: &Stateful) -> String {
    let id = held.physical_id.as_deref().unwrap_or(&held.logical_id);
    let Some((_, name)) = id.split_once(":secret:") else { return id.to_owned() };
    let end = name.rsplit_once('-').filter(|(_, end)| end.len() == 6);
    end.map_or(name, |(name, _)| name).to_owned()
}

/// Whether it is lost, or where it may still be.
fn lost(held: &Stateful, left: Option<bool>) -> &'static str {
    match (held.when_deleted, left) {
        (_, Some(true)) => {
            "it was kept and is still there: the deployment makes another one, and is refused where the name is the same; import it into the stack first to go on with it"
        }
        (Fate::Retained | Fate::Protected, Some(false)) => {
            "it was kept when the stack was deleted, and is gone"
        }
        (Fate::Retained | Fate::Protected, None) => {
            "it was kept when the stack was deleted, and may still be there"
        }
        (Fate::Snapshot, _) => "a snapshot was made when the stack was deleted",
        (Fate::DeletedIfEmpty, _) => "it was deleted with the stack if it was empty",
        _ => "gone with the stack",
    }
}
