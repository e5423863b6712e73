//! What is deployed, beside what the backup has.

use std::collections::{BTreeMap, BTreeSet};

use cloud::preflight::{self, Need, State};
use cloud::{CloudError, Connection, DeployedStack, ImageName, Sought};
use serde::Serialize;
use template::Fate;
use template::diff::{Options, Values};

use super::Kept;
use crate::aws::{self, Aws, together};
use crate::commands::backup::form::{Image, Secret, StackRecord};
use crate::commands::backup::read::Backup;
use crate::commands::backup::{need, nested};
use crate::commands::diff;
use crate::problem::{Failure, Result};
use crate::session::Session;
use crate::templates::{self, TemplateFile};

/// A stack of the backup, and how it is now.
pub(super) struct Found {
    pub(super) kept: Kept,
    /// The backup's template.
    pub(super) file: TemplateFile,
    pub(super) now: Now,
    /// Parameters with `NoEcho` for which the deployed stack has a value that it can keep.
    pub(super) hidden_there: BTreeSet<String>,
    /// Images that the deployment needs, and that are not there.
    pub(super) gone: Vec<Gone>,
    /// Whether a resource that was kept when its stack was deleted is still there, by logical id.
    pub(super) left: BTreeMap<String, bool>,
}

/// How a stack is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Now {
    /// As in the backup, as far as AWS tells.
    Unchanged,
    /// Another one than in the backup.
    Changed {
        /// What a deployment of the backup's template does with resources, in words.
        resources: Vec<String>,
        /// The names of parameters with another value.
        parameters: Vec<String>,
        /// Whether the tags are others.
        tags: bool,
        /// Whether it was protected from deletion, and is not any more.
        unprotected: bool,
    },
    /// Not deployed.
    Missing {
        /// AWS's word for what is left of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<String>,
        /// How many resources are made anew.
        resources: usize,
    },
    /// Something works on it.
    Busy {
        /// AWS's word.
        status: String,
    },
    /// It was to be deleted, and not all of it could be: nothing else can be done with it until that is gone.
    HalfDeleted {
        /// AWS's word.
        status: String,
    },
}

/// An image that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) image: Image,
    pub(super) lost: Lost,
}

/// What of an image is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lost {
    /// The image itself.
    Digest,
    /// Only the tag by which the template names it; it may stand for another one now.
    Tag {
        /// The digest of that one.
        now: Option<String>,
    },
}

impl Now {
    /// Whether the stack can be deployed now, and is to be.
    pub(super) fn differs(&self) -> bool {
        matches!(self, Now::Changed { .. } | Now::Missing { .. })
    }

    /// The same, with more that a deployment does with resources.
    fn with(self, more: Vec<String>) -> Now {
        match self {
            Now::Unchanged if !more.is_empty() => {
                Now::Changed { resources: more, parameters: Vec::new(), tags: false, unprotected: false }
            }
            Now::Changed { mut resources, parameters, tags, unprotected } => {
                resources.extend(more);
                Now::Changed { resources, parameters, tags, unprotected }
            }
            other => other,
        }
    }

    /// Whether the stack has its resources.
    pub(super) fn is_there(&self) -> bool {
        matches!(self, Now::Unchanged | Now::Changed { .. })
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Now::Missing { .. })
    }
}

impl Found {
    /// Whether the stack makes this secret, or may read it if no stack of the backup makes it.
    pub(super) fn has(&self, secret: &Secret) -> bool {
        let record = &self.kept.record;
        let makes = |stack: &String| (stack, &secret.region) == (&record.name, &record.region);
        secret.stack.as_ref().is_none_or(makes)
    }
}

/// Compares all stacks with what is deployed.
pub(super) fn compare(
    backup: &Backup,
    kept: Vec<Kept>,
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<Vec<Found>> {
    let mut asked = Vec::new();
    for one in kept {
        let (region, account) = (one.record.region.clone(), one.record.account.clone());
        let connection = aws.connection(Some(&region), Some(&account), &mut session.printer)?;
        asked.push((one, connection));
    }
    let looks = asked.iter().map(|(one, connection)| cloud::deployed_stack(connection, &one.record.name));
    let answers = aws.unless_interrupted(together(looks))?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for ((kept, connection), answer) in asked.into_iter().zip(answers) {
        let known = match answer {
            Ok(known) => known.filter(|known| known.description.status != "DELETE_COMPLETE"),
            Err(error) => {
                failures.push(aws::failure(&error));
                continue;
            }
        };
        found.push(one(backup, kept, known.as_ref(), &connection, aws, session)?);
    }
    Failure::all(failures).map_or(Ok(found), Err)
}

fn one(
    backup: &Backup,
    kept: Kept,
    known: Option<&DeployedStack>,
    connection: &Connection,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<Found> {
    let path = backup.path(&kept.entry.template).unwrap_or_default();
    let file = TemplateFile { stack: Some(kept.record.name.clone()), ..templates::read(&path)? };
    let mut now = now(&kept.record, &file, known, connection, session)?;
    if now.is_there() && !kept.entry.nested.is_empty() {
        now = now.with(nested(backup, &kept, connection, aws)?);
    }
    let no_echo: BTreeSet<&str> = kept.record.hidden().into_iter().collect();
    let deployed = known.filter(|known| !aws::is_empty(&known.description));
    let hidden_there = deployed
        .map(|known| known.parameters.keys().filter(|name| no_echo.contains(name.as_str())).cloned())
        .into_iter()
        .flatten()
        .collect();
    let gone = if now.differs() { gone(&kept.record, connection, aws, session)? } else { Vec::new() };
    let left = if now.is_missing() { left(&kept.record, connection, aws)? } else { BTreeMap::new() };
    Ok(Found { kept, file, now, hidden_there, gone, left })
}

fn now(
    record: &StackRecord,
    file: &TemplateFile,
    known: Option<&DeployedStack>,
    connection: &Connection,
    session: &mut Session<'_>,
) -> Result<Now> {
    let new = &file.document.template;
    let missing = |status: Option<String>| Now::Missing { status, resources: new.resources.len() };
    let Some(known) = known else { return Ok(missing(None)) };
    let status = &known.description.status;
    if status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS" {
        return Ok(Now::Busy { status: status.clone() });
    }
    if status == "DELETE_FAILED" {
        return Ok(Now::HalfDeleted { status: status.clone() });
    }
    let Some(text) = known.template.as_ref().filter(|_| !aws::is_empty(&known.description)) else {
        return Ok(missing(Some(status.clone())));
    };
    let old = templates::parse(text, &format!("the deployed {}", record.name))?.template;
    let options = options(record, known, connection);
    let changes = diff::changes(Some(&old), new, &options, &mut session.printer);
    let others = |(name, value): (&String, &String)| {
        !options.hidden.contains(name) && known.parameters.get(name) != Some(value)
    };
    let kept = kept_values(record);
    let parameters: Vec<String> =
        kept.iter().filter(|one| others(*one)).map(|(name, _)| name.clone()).collect();
    let tags = !own_tags(&known.tags).eq(own_tags(&record.tags));
    let unprotected = record.termination_protection && !known.description.termination_protection;
    if changes.is_empty() && parameters.is_empty() && !tags && !unprotected {
        return Ok(Now::Unchanged);
    }
    Ok(Now::Changed { resources: diff::counted(&changes), parameters, tags, unprotected })
}

/// The nested stacks that have another template than in the backup, in words.
fn nested(backup: &Backup, kept: &Kept, connection: &Connection, aws: &Aws) -> Result<Vec<String>> {
    let look = async {
        let inventory = cloud::inventory(connection, &kept.record.name).await?;
        match inventory {
            Some(inventory) => nested::of(connection, &inventory).await,
            None => Ok(Vec::new()),
        }
    };
    let there = aws.look(look)?;
    let others = kept.entry.nested.iter().filter(|one| {
        let now = there.iter().find(|now| now.path == one.path).and_then(|now| now.template.as_ref());
        let then = backup.bytes(&one.template).unwrap_or_default();
        now.is_none_or(|now| now.as_bytes() != then)
    });
    Ok(others.map(|one| format!("another template of the nested stack {}", one.path)).collect())
}

/// The tags that somebody gave; those of AWS's own are nobody's to give.
pub(super) fn own_tags(tags: &BTreeMap<String, String>) -> impl Iterator<Item = (&String, &String)> {
    tags.iter().filter(|(key, _)| !key.starts_with("aws:"))
}

fn kept_values(record: &StackRecord) -> BTreeMap<String, String> {
    let value = |one: &crate::commands::backup::form::Parameter| Some((one.name.clone(), one.value.clone()?));
    record.parameters.iter().filter_map(value).collect()
}

/// With which values the deployed template was deployed, and that of the backup would be.
fn options(record: &StackRecord, known: &DeployedStack, connection: &Connection) -> Options {
    let who = connection.identity();
    let pseudo = [
        ("AWS::Region", who.region.as_str()),
        ("AWS::AccountId", &who.account),
        ("AWS::Partition", who.partition()),
        ("AWS::StackName", &record.name),
    ];
    let pseudo: Values = pseudo.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let hidden: BTreeSet<String> = record.hidden().into_iter().map(str::to_owned).collect();
    let masked = |value: &str| value.len() >= 4 && value.bytes().all(|byte| byte == b'*');
    let (mut old, mut all_hidden) = (pseudo.clone(), hidden.clone());
    for (name, value) in &known.parameters {
        if masked(value) || hidden.contains(name) {
            all_hidden.insert(name.clone());
        } else {
            old.insert(name.clone(), value.clone());
        }
    }
    let mut new = pseudo;
    new.extend(kept_values(record));
    Options { old, new, hidden: all_hidden }
}

/// The images of the stack that are not there any more, or whose tag stands for another one.
fn gone(
    record: &StackRecord,
    connection: &Connection,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<Vec<Gone>> {
    if connection.is_local() {
        return Ok(Vec::new());
    }
    let known: Vec<(&Image, preflight::ImageNeed)> =
        record.images.iter().filter_map(|image| Some((image, need(image)?))).collect();
    let needs: Vec<Need> = known.iter().map(|(_, need)| Need::Image(need.clone())).collect();
    let checks = aws.unless_interrupted(preflight::check(connection, &needs))?;
    let mut gone = Vec::new();
    for ((image, need), check) in known.into_iter().zip(checks) {
        let lost = match check.state {
            State::Unknown => {
                let reason = check.reason.unwrap_or_default();
                session.printer.status(&format!("{} could not be looked at: {reason}", check.what));
                continue;
            }
            State::Missing => Some(Lost::Digest),
            State::Ok | State::Warning => lost_tag(image, &need, connection, aws, session)?,
        };
        gone.extend(lost.map(|lost| Gone { image: image.clone(), lost }));
    }
    Ok(gone)
}

/// Whether the tag of an image that is there is gone, or stands for another one: a template that names the tag gets that.
fn lost_tag(
    image: &Image,
    need: &preflight::ImageNeed,
    connection: &Connection,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<Option<Lost>> {
    let who = connection.identity();
    let by_tag = need.region == who.region && need.registry == who.account && !image.image.contains('@');
    let Some(tag) = image.tag.as_ref().filter(|_| by_tag) else { return Ok(None) };
    let name = ImageName::Tag(tag.clone());
    Ok(match aws.unless_interrupted(cloud::find_image(connection, &need.repository, &name))? {
        Ok(Sought::Found(found)) if Some(&found.digest) == image.digest.as_ref() => None,
        Ok(Sought::Found(found)) => Some(Lost::Tag { now: Some(found.digest) }),
        Ok(Sought::NoImage | Sought::NoRepository) => Some(Lost::Tag { now: None }),
        Err(error) => {
            let what = &error.report().what;
            let text = format!("the tag {tag} of {} could not be looked at: {what}", image.repository);
            session.printer.status(&text);
            None
        }
    })
}

/// The secrets of the backup that have no value now, of those whose stacks are among these and there. Those that no stack
/// of the backup makes count if all stacks are among these. Who may not look is told so.
pub(super) fn valueless(
    backup: &Backup,
    found: &[Found],
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<Vec<Secret>> {
    let Some(secrets) = &backup.manifest.secrets else { return Ok(Vec::new()) };
    let all = found.len() == backup.manifest.stacks.len();
    let mut without = Vec::new();
    for secret in secrets.secrets.iter().filter(|secret| secret.has_value) {
        let stack = found.iter().find(|one| one.now.is_there() && one.has(secret));
        let Some(stack) = stack.filter(|_| all || secret.stack.is_some()) else { continue };
        let account = &stack.kept.record.account;
        let connection = aws.connection(Some(&secret.region), Some(account), &mut session.printer)?;
        match aws.unless_interrupted(has_value(&connection, secret))? {
            Ok(true) => {}
            Ok(false) => without.push(secret.clone()),
            Err(error) => {
                let what = &error.report().what;
                session.printer.status(&format!("the secret {} could not be looked at: {what}", secret.name));
            }
        }
    }
    Ok(without)
}

/// Whether the secret has a value. It is asked for by name: one that was made anew has another ARN.
async fn has_value(connection: &Connection, secret: &Secret) -> std::result::Result<bool, CloudError> {
    let mut stored = cloud::secrets::stored_secret(connection, &secret.name).await?;
    if stored.is_none() && secret.stack.is_none() {
        // It may be that of another account.
        stored = cloud::secrets::stored_secret(connection, &secret.id).await?;
    }
    Ok(stored.is_some_and(|stored| stored.version_id.is_some()))
}

/// Whether what was retained is still there. Who may not look is told nothing.
fn left(record: &StackRecord, connection: &Connection, aws: &Aws) -> Result<BTreeMap<String, bool>> {
    if connection.is_local() {
        return Ok(BTreeMap::new());
    }
    let kept: Vec<(&String, Need)> = record
        .stateful
        .iter()
        .filter(|one| matches!(one.when_deleted, Fate::Retained | Fate::Protected))
        .filter_map(|one| {
            let (type_name, name) = (one.type_name.clone(), one.physical_id.clone()?);
            Some((&one.logical_id, Need::FreeName { type_name, name }))
        })
        .collect();
    let needs: Vec<Need> = kept.iter().map(|(_, need)| need.clone()).collect();
    let checks = aws.unless_interrupted(preflight::check(connection, &needs))?;
    let known = kept.into_iter().zip(checks).filter_map(|((id, _), check)| match check.state {
        State::Missing => Some((id.clone(), true)),
        State::Ok => Some((id.clone(), false)),
        _ => None,
    });
    Ok(known.collect())
}
