//! Secrets of Secrets Manager: those that containers are given, and those of dynamic references.

use std::collections::BTreeSet;

use super::settle::settled;
use super::{Found, Known, Needed, Place, sure};
use crate::document::Template;
use crate::model::{Model, Value};
use crate::node::Node;
use crate::visit;

/// A secret, and what of it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its name or ARN.
    pub id: String,
    /// The region that it is in.
    pub region: String,
    /// The keys that its value, a JSON object, must have. Empty if the whole value is meant.
    pub keys: BTreeSet<String>,
    /// The stage of the version that is meant: `AWSCURRENT` if nothing is said.
    pub stage: String,
    /// The id of the version that is meant, if one is named.
    pub version: Option<String>,
}

impl Secret {
    /// Whether both are the same version of the same secret.
    pub(super) fn is_same(&self, other: &Secret) -> bool {
        (&self.id, &self.stage, &self.version) == (&other.id, &other.stage, &other.version)
    }

    /// From what follows the id: a JSON key, a stage and a version's id, each perhaps empty.
    fn of(id: String, region: &str, rest: &[&str]) -> Secret {
        let part = |at: usize| rest.get(at).filter(|part| !part.is_empty()).map(|part| (*part).to_owned());
        Secret {
            id,
            region: region.to_owned(),
            keys: part(0).into_iter().collect(),
            stage: part(1).unwrap_or_else(|| "AWSCURRENT".to_owned()),
            version: part(2),
        }
    }
}

/// The names of the secrets that the template makes, also of those that depend on a condition that is not known.
pub fn made_secrets(template: &Template, known: &Known<'_>) -> BTreeSet<String> {
    let settled = settled(template, known);
    made_by(&Model::new(&settled))
}

fn made_by(model: &Model<'_>) -> BTreeSet<String> {
    let secrets = model.of_type("AWS::SecretsManager::Secret");
    secrets.flat_map(|secret| secret.get("Name")).filter_map(|name| name.text()).collect()
}

/// A variable of a container that is read from a secret when a task starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVariable {
    /// The logical ID of the task definition.
    pub task: String,
    /// The variable.
    pub variable: String,
    /// The secret; of its keys, the one that is read.
    pub secret: Secret,
}

/// The variables that the template's containers read from secrets, in its order, as far as it is known which they are.
pub fn secret_variables(template: &Template, known: &Known<'_>) -> Vec<SecretVariable> {
    if template.has_macros() {
        return Vec::new();
    }
    let settled = settled(template, known);
    let model = Model::new(&settled).in_region(Some(known.region));
    let mut found = Vec::new();
    for task in model.task_definitions() {
        let entries = task.containers().into_iter().flat_map(|container| container.entries("Secrets"));
        for entry in entries {
            let text = |key: &str| entry.get(key).iter().find_map(Value::text);
            let (Some(variable), Some(from)) = (text("Name"), text("ValueFrom")) else { continue };
            let Some(secret) = of_container(&from) else { continue };
            found.push(SecretVariable { task: task.0.id().to_owned(), variable, secret });
        }
    }
    found
}

pub(super) fn collect(model: &Model<'_>, known: &Known<'_>, found: &mut Found) {
    for task in model.task_definitions() {
        let starts = task.services().iter().any(|service| service.starts_tasks(&task.0.world()));
        let mut add = |value: &Value<'_>| {
            let Some((text, place)) = sure(value, task.0.id()) else { return };
            if let Some(secret) = of_container(&text) {
                found.add(Needed::Secret(secret), place, starts);
            }
        };
        for container in task.containers() {
            let given = container.entries("Secrets").into_iter();
            let logged = container.entries("LogConfiguration.SecretOptions").into_iter();
            for value in given.chain(logged).flat_map(|entry| entry.get("ValueFrom")) {
                add(&value);
            }
            for value in container.value.get("RepositoryCredentials.CredentialsParameter") {
                add(&value);
            }
        }
    }
    dynamic(model, known, found);
}

/// `arn:aws:secretsmanager:region:account:secret:name-AbCdEf`, perhaps with `:json-key:stage:version-id`. Whatever
/// is no such ARN is the name of a parameter of Systems Manager.
///
/// Source: [Secrets Manager secrets in environment variables][aws] in the ECS developer guide.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
fn of_container(text: &str) -> Option<Secret> {
    let parts: Vec<&str> = text.split(':').collect();
    let (id, region, rest) = of_arn(&parts)?;
    Some(Secret::of(id, region, rest))
}

/// The ARN of a secret, its region, and what follows it.
fn of_arn<'t>(parts: &'t [&'t str]) -> Option<(String, &'t str, &'t [&'t str])> {
    match parts {
        ["arn", _, "secretsmanager", region, _, "secret", _, rest @ ..] => {
            Some((parts[..7].join(":"), region, rest))
        }
        _ => None,
    }
}

/// `{{resolve:secretsmanager:secret-id:SecretString:json-key:stage:version-id}}` anywhere in a property.
///
/// Source: [Get a secret from Secrets Manager][aws] in the CloudFormation user guide.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
///
/// A secret that the deployment itself makes need not be there before, nor have its keys.
fn dynamic(model: &Model<'_>, known: &Known<'_>, found: &mut Found) {
    let own = made_by(model);
    let is_made = |secret: &Secret| {
        let name = secret.id.rsplit(':').next().unwrap_or_default();
        secret.region == known.region && (own.contains(name) || known.made_before.contains(name))
    };
    // One within a condition that is not known, or with a function in it, is not sure to be needed.
    visit::nodes(model.template(), &mut |path, node| {
        let text = path.to_string();
        let Node::String(value) = node else { return };
        let in_doubt = text.contains("Fn::If") || text.contains("Fn::Sub") || text.contains("Fn::Join");
        let Some(id) = path.resource().filter(|_| !in_doubt && text.contains(".Properties")) else { return };
        let always = model.resource(id).is_some_and(|item| item.world().is_any());
        if !always {
            return;
        }
        for reference in value.split("{{resolve:secretsmanager:").skip(1) {
            let Some((inside, _)) = reference.split_once("}}") else { continue };
            let parts: Vec<&str> = inside.split(':').collect();
            let (id_of, region, rest) = match of_arn(&parts) {
                Some((arn, region, rest)) => (arn, region, rest),
                None => (parts[0].to_owned(), known.region, &parts[1..]),
            };
            // The word `SecretString`, which is all there is.
            let secret = Secret::of(id_of, region, rest.get(1..).unwrap_or_default());
            if is_made(&secret) {
                continue;
            }
            let place = Place { resource: id.to_owned(), path: path.clone() };
            found.add(Needed::Secret(secret), place, true);
        }
    });
}
