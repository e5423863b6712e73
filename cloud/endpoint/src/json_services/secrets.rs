//! Secrets Manager: the secrets of the stacks and those that a test names, with their versions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{JsonAnswer, not_found, resources};
use crate::Endpoint;
use crate::clock::Micros;
use crate::request::Request;
use crate::scenario::Scenario;
use crate::world::{Caller, World};

const SECRET: &str = "AWS::SecretsManager::Secret";
const CURRENT: &str = "AWSCURRENT";
const DAY: Micros = 86_400_000_000;

/// What a test says of a secret.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    value: Option<String>,
    rotates: bool,
}

/// The secrets that were asked for, by ARN.
#[derive(Debug, Default)]
pub(crate) struct Secrets(BTreeMap<String, Secret>);

#[derive(Debug, Clone, Default)]
struct Secret {
    name: String,
    rotates: bool,
    rotated: Option<Micros>,
    accessed: Option<Micros>,
    /// Oldest first.
    versions: Vec<SecretVersion>,
}

/// A version of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// Its id: the token of the request that made it.
    pub id: String,
    /// Its value.
    pub value: String,
    /// Its stages, such as `AWSCURRENT`.
    pub stages: Vec<String>,
    /// When it was made, in microseconds since 1970.
    pub created: u64,
}

impl Scenario {
    /// The secret of this name has a value from the start. One that no stack has is there besides.
    pub fn secret(mut self, name: &str, value: &str) -> Scenario {
        self.secrets.entry(name.to_owned()).or_default().value = Some(value.to_owned());
        self
    }

    /// What was said of the secret of this name counts no more; one that a stack makes from now on has no value.
    pub fn without_secret(mut self, name: &str) -> Scenario {
        self.secrets.remove(name);
        self
    }

    /// AWS rotates the secret of this name: `RotateSecret` gives it another value at once.
    pub fn rotated_secret(mut self, name: &str) -> Scenario {
        self.secrets.entry(name.to_owned()).or_default().rotates = true;
        self
    }
}

impl Endpoint {
    /// The versions of the secret with this name, oldest first; of those that somebody asked for.
    pub fn secret_versions(&self, name: &str) -> Vec<SecretVersion> {
        let inner = self.shared.lock();
        let mut secrets = inner.world.secrets.0.values();
        secrets.find(|secret| secret.name == name).map(|secret| secret.versions.clone()).unwrap_or_default()
    }

    /// The current value of the secret with this name, if it has one.
    pub fn secret_value(&self, name: &str) -> Option<String> {
        let versions = self.secret_versions(name);
        versions.into_iter().find(SecretVersion::is_current).map(|version| version.value)
    }
}

impl SecretVersion {
    fn is_current(&self) -> bool {
        self.has(CURRENT)
    }

    fn has(&self, stage: &str) -> bool {
        self.stages.iter().any(|known| known == stage)
    }
}

pub(super) fn answer(world: &mut World, caller: &Caller, request: &Request) -> JsonAnswer {
    let body = &request.body;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    match request.action.as_str() {
        "ListSecrets" => return json!({ "SecretList": [] }).into(),
        "GetRandomPassword" => return random_password(world, body),
        _ => {}
    }
    let Some(arn) = load(world, caller, &text("SecretId")) else {
        return JsonAnswer::error(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        );
    };
    match request.action.as_str() {
        "DescribeSecret" => described(&arn, &world.secrets.0[&arn]),
        "ListSecretVersionIds" => versions(world, &arn, &text("NextToken")),
        "GetSecretValue" => value(world, &arn, &text("VersionId"), &text("VersionStage")),
        "PutSecretValue" => put(world, &arn, &text("ClientRequestToken"), &text("SecretString")),
        "RotateSecret" => rotate(world, &arn, &text("ClientRequestToken")),
        _ => not_found(),
    }
}

/// The ARN of the secret with this name or ARN, perhaps without what AWS adds to it, once it is among the secrets.
fn load(world: &mut World, caller: &Caller, id: &str) -> Option<String> {
    let of_stack = resources(world, caller).filter(|(_, resource)| resource.kind == SECRET);
    let mut known = of_stack.filter_map(|(stack, resource)| {
        let arn = resource.physical.clone()?;
        let properties = resource.definition.get("Properties")?;
        let text = |property: &Value| stack.value(property);
        let name = properties.get("Name").map_or_else(|| name_of(&arn).to_owned(), text);
        Some((arn, name, properties.get("SecretString").map(text)))
    });
    let is_meant = |arn: &str, name: &str| {
        arn == id || name == id || arn.strip_prefix(id).is_some_and(|added| added.len() == 7)
    };
    let found = known.find(|(arn, name, _)| is_meant(arn, name));
    drop(known);
    let (arn, name, own) = found.or_else(|| {
        let outside = |name: &String| {
            let place = format!("{}:{}", caller.region, caller.account);
            (format!("arn:aws:secretsmanager:{place}:secret:{name}-AbCdEf"), name.clone(), None)
        };
        world.scenario.secrets.keys().map(outside).find(|(arn, name, _)| is_meant(arn, name))
    })?;
    if !world.secrets.0.contains_key(&arn) {
        let given = world.scenario.secrets.get(&name).cloned().unwrap_or_default();
        let created = world.clock.began();
        let first = given.value.or(own).map(|value| SecretVersion {
            id: format!("{:032x}", world.dice.u128(..)),
            value,
            stages: vec![CURRENT.to_owned()],
            created,
        });
        let versions = first.into_iter().collect();
        let secret = Secret { name, rotates: given.rotates, versions, ..Secret::default() };
        world.secrets.0.insert(arn.clone(), secret);
    }
    Some(arn)
}

fn name_of(arn: &str) -> &str {
    let last = arn.rsplit(':').next().unwrap_or_default();
    last.rsplit_once('-').map_or(last, |(name, _)| name)
}

fn described(arn: &str, secret: &Secret) -> JsonAnswer {
    let stages: Map<String, Value> =
        secret.versions.iter().map(|version| (version.id.clone(), json!(version.stages))).collect();
    let mut described = json!({
        "ARN": arn,
        "Name": secret.name,
        "RotationEnabled": secret.rotates,
        "VersionIdsToStages": stages,
    });
    for (name, time) in [("LastRotatedDate", secret.rotated), ("LastAccessedDate", secret.accessed)] {
        if let Some(time) = time {
            described[name] = seconds(time);
        }
    }
    described.into()
}

fn versions(world: &mut World, arn: &str, token: &str) -> JsonAnswer {
    let (from, page) = (token.parse().unwrap_or(0_usize), world.page());
    let secret = &world.secrets.0[arn];
    let staged = secret.versions.iter().filter(|version| !version.stages.is_empty());
    let all: Vec<Value> = staged
        .map(|version| {
            json!({
                "VersionId": version.id,
                "VersionStages": version.stages,
                "CreatedDate": seconds(version.created),
            })
        })
        .collect();
    let to = (from + page).min(all.len());
    let mut answer = json!({ "ARN": arn, "Name": secret.name, "Versions": all[from.min(to)..to] });
    if to < all.len() {
        answer["NextToken"] = json!(to.to_string());
    }
    answer.into()
}

fn value(world: &mut World, arn: &str, id: &str, stage: &str) -> JsonAnswer {
    let now = world.clock.now();
    let Some(secret) = world.secrets.0.get_mut(arn) else { return not_found() };
    let stage = if stage.is_empty() { CURRENT } else { stage };
    let is_meant = |version: &&SecretVersion| {
        if id.is_empty() { version.has(stage) } else { version.id == id }
    };
    let Some(version) = secret.versions.iter().find(is_meant).cloned() else {
        let message =
            format!("Secrets Manager can't find the specified secret value for staging label: {stage}");
        return JsonAnswer::error("ResourceNotFoundException", &message);
    };
    // AWS tells the day only.
    secret.accessed = Some(now / DAY * DAY);
    json!({
        "ARN": arn,
        "Name": secret.name,
        "VersionId": version.id,
        "VersionStages": version.stages,
        "SecretString": version.value,
        "CreatedDate": seconds(version.created),
    })
    .into()
}

fn put(world: &mut World, arn: &str, token: &str, value: &str) -> JsonAnswer {
    let now = world.clock.now();
    let Some(secret) = world.secrets.0.get_mut(arn) else { return not_found() };
    if token.len() < 32 || token.len() > 64 {
        return JsonAnswer::error("InvalidParameterException", "ClientRequestToken has 32 to 64 characters");
    }
    match secret.versions.iter().find(|version| version.id == token) {
        Some(version) if version.value != value => {
            let message = format!("You can't modify a version of {} with the value {value}", secret.name);
            return JsonAnswer::error("ResourceExistsException", &message);
        }
        Some(_) => {}
        None => secret.add(token, value, now),
    }
    json!({ "ARN": arn, "Name": secret.name, "VersionId": token, "VersionStages": [CURRENT] }).into()
}

impl Secret {
    /// A new version becomes the current one, and that one the one before.
    fn add(&mut self, id: &str, value: &str, created: Micros) {
        for version in &mut self.versions {
            let was = version.is_current();
            version.stages.retain(|stage| stage != CURRENT && stage != "AWSPREVIOUS");
            if was {
                version.stages.push("AWSPREVIOUS".to_owned());
            }
        }
        let (id, value) = (id.to_owned(), value.to_owned());
        self.versions.push(SecretVersion { id, value, stages: vec![CURRENT.to_owned()], created });
    }
}

fn rotate(world: &mut World, arn: &str, token: &str) -> JsonAnswer {
    let (now, random) = (world.clock.now(), world.dice.u64(..));
    let Some(secret) = world.secrets.0.get_mut(arn) else { return not_found() };
    if !secret.rotates {
        return JsonAnswer::error(
            "InvalidRequestException",
            "No Lambda rotation function ARN is associated with this secret.",
        );
    }
    secret.add(token, &format!("rotated-{random:016x}"), now);
    secret.rotated = Some(now);
    json!({ "ARN": arn, "Name": secret.name, "VersionId": token }).into()
}

fn random_password(world: &mut World, body: &Value) -> JsonAnswer {
    let length = body.get("PasswordLength").and_then(Value::as_u64).unwrap_or(32);
    let password: String = (0..length).map(|_| world.dice.alphanumeric()).collect();
    json!({ "RandomPassword": password }).into()
}

#[expect(clippy::cast_precision_loss, reason = "the times of AWS have milliseconds")]
fn seconds(time: Micros) -> Value {
    json!((time / 1000) as f64 / 1000.0)
}
