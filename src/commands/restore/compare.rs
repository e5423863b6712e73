//! What is deployed, beside what the backup has.

use std::collections::{BTreeMap, BTreeSet};

use cloud::preflight::{self, Need, State};
use cloud::{Connection, DeployedStack, ImageName, Sought};
use serde::Serialize;
use template::diff::{Options, Values};

use super::Kept;
use crate::aws::{self, Aws, together};
use crate::commands::backup::form::{Image, StackRecord};
use crate::commands::backup::need;
use crate::commands::backup::read::Backup;
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
}

/// An image that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) image: Image,
    /// What the tag stands for now, if the template names it by a tag that was moved.
    pub(super) moved: Option<String>,
}

impl Now {
    /// Whether the stack is to be deployed.
    pub(super) fn differs(&self) -> bool {
        !matches!(self, Now::Unchanged)
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Now::Missing { .. })
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
    let now = now(&kept.record, &file, known, connection, session)?;
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
    let tags = known.tags != record.tags;
    if changes.is_empty() && parameters.is_empty() && !tags {
        return Ok(Now::Unchanged);
    }
    Ok(Now::Changed { resources: diff::counted(&changes), parameters, tags })
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
        ("AWS::Partition", who.arn.split(':').nth(1).unwrap_or("aws")),
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
    let who = connection.identity();
    let mut gone = Vec::new();
    for ((image, need), check) in known.into_iter().zip(checks) {
        if check.state == State::Unknown {
            let reason = check.reason.clone().unwrap_or_default();
            session.printer.status(&format!("{} could not be looked at: {reason}", check.what));
        }
        if check.state == State::Missing {
            gone.push(Gone { image: image.clone(), moved: None });
        } else if let (Some(tag), true) = (
            &image.tag,
            need.region == who.region && need.registry == who.account && !image.image.contains('@'),
        ) {
            // A template that names the tag gets what the tag stands for now.
            let name = ImageName::Tag(tag.clone());
            let sought = aws.look(cloud::find_image(connection, &need.repository, &name))?;
            let moved = match sought {
                Sought::Found(found) if Some(&found.digest) == image.digest.as_ref() => continue,
                Sought::Found(found) => Some(found.digest),
                _ => None,
            };
            gone.push(Gone { image: image.clone(), moved });
        }
    }
    Ok(gone)
}

/// The secrets of the backup that have no value now, of those whose stacks are there. Who may not look is told so.
pub(super) fn valueless(
    backup: &Backup,
    found: &[Found],
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<Vec<String>> {
    let Some(secrets) = &backup.manifest.secrets else { return Ok(Vec::new()) };
    let missing =
        |stack: &String| found.iter().any(|one| one.kept.record.name == *stack && one.now.is_missing());
    let Some(account) = found.first().map(|one| one.kept.record.account.clone()) else {
        return Ok(Vec::new());
    };
    let mut without = Vec::new();
    for secret in secrets.secrets.iter().filter(|secret| secret.has_value) {
        if secret.stack.as_ref().is_some_and(missing) {
            continue;
        }
        let connection = aws.connection(Some(&secret.region), Some(&account), &mut session.printer)?;
        match aws.unless_interrupted(cloud::secrets::stored_secret(&connection, &secret.id))? {
            Ok(Some(stored)) if stored.version_id.is_some() => {}
            Ok(_) => without.push(secret.name.clone()),
            Err(error) => {
                let what = error.report().what.clone();
                session.printer.status(&format!("the secret {} could not be looked at: {what}", secret.name));
            }
        }
    }
    Ok(without)
}

/// Whether what was retained is still there. Who may not look is told nothing.
fn left(record: &StackRecord, connection: &Connection, aws: &Aws) -> Result<BTreeMap<String, bool>> {
    if connection.is_local() {
        return Ok(BTreeMap::new());
    }
    let kept: Vec<(&String, Need)> = record
        .stateful
        .iter()
        .filter(|one| one.when_deleted == "retained" || one.when_deleted == "protected")
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
