//! Which secrets the project has, how people call them, and who reads them.

use std::collections::{BTreeMap, BTreeSet};

use cloud::{CloudError, Connection};
use serde::Serialize;
use template::requirements::{self, Known as Around};

use super::super::deployed::Deployed;
use super::super::estate::{Place, Undeployed, short};
use super::InStacks;
use crate::aws::{self, Aws, secret_name as name_of};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, nearest, suggestion};
use crate::session::Session;

/// The project's secrets, and the deployed stacks that they were found in.
pub(in crate::commands) struct KnownSecrets {
    pub(in crate::commands) places: Vec<Place>,
    pub(in crate::commands) secrets: Vec<Secret>,
    /// Why it is not known of all secrets who reads them.
    pub(in crate::commands) unread: Vec<Failure>,
}

/// A secret of the project.
pub(in crate::commands) struct Secret {
    /// Its ARN, or the part of it that a task definition names.
    pub(in crate::commands) id: String,
    /// Its name, as far as the ARN tells it.
    pub(in crate::commands) name: String,
    /// The stack that made it, and its logical id there.
    pub(in crate::commands) made_by: Option<(String, String)>,
    pub(in crate::commands) connection: Connection,
    pub(in crate::commands) uses: Vec<Use>,
}

/// A variable of a container that is read from a secret when a task starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::commands) struct Use {
    /// What people call the service.
    pub(in crate::commands) service: String,
    pub(in crate::commands) variable: String,
    /// The key of the value, if it is not all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) key: Option<String>,
    /// Whether the service is deployed and reads it, or only the project says so.
    pub(in crate::commands) deployed: bool,
}

impl Secret {
    /// The deployed services that read it.
    pub(super) fn services(&self) -> Vec<String> {
        let deployed = self.uses.iter().filter(|one| one.deployed);
        let mut services: Vec<String> = Vec::new();
        for one in deployed {
            if !services.contains(&one.service) {
                services.push(one.service.clone());
            }
        }
        services
    }

    /// The keys that are read of its value.
    pub(super) fn keys(&self) -> BTreeSet<&str> {
        self.uses.iter().filter_map(|one| one.key.as_deref()).collect()
    }

    /// Account and region that it is in.
    pub(super) fn place(&self) -> (&str, &str) {
        let who = self.connection.identity();
        let mut parts = self.id.split(':').skip(3);
        let named = (parts.next(), parts.next());
        match named {
            (Some(region), Some(account)) if !region.is_empty() && !account.is_empty() => (account, region),
            _ => (&who.account, &who.region),
        }
    }

    /// What it may be called in a file with values, shortest first; never what AWS has added to its name, since that is
    /// another one for a secret that is made anew.
    pub(super) fn keys_in_files(&self) -> [String; 3] {
        let ((account, region), name) = (self.place(), &self.name);
        [name.clone(), format!("{region}/{name}"), format!("{account}/{region}/{name}")]
    }

    /// The last part of its name.
    fn last(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    fn is_called(&self, wanted: &str) -> bool {
        let logical = self.made_by.as_ref().map(|(_, logical)| logical.as_str());
        let names = [Some(self.name.as_str()), Some(self.last()), logical, Some(self.id.as_str())];
        names.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(wanted))
    }
}

impl KnownSecrets {
    /// The secrets of the deployed stacks and those that containers read, also the containers of stacks that are yet to
    /// be deployed. At least one.
    pub(super) fn find(stacks: &InStacks, aws: &mut Aws, session: &mut Session<'_>) -> Result<KnownSecrets> {
        let (places, others) = stacks.places_and_others(aws, session)?;
        let estate = KnownSecrets::read(places, &others, aws)?;
        if estate.secrets.is_empty() {
            let stacks: Vec<&str> = estate.places.iter().map(|place| place.stack.label()).collect();
            let message = format!("there is no secret in {}, and no container reads one", stacks.join(", "));
            return Err(Failure::new(Exit::Blocked, vec![Problem::error("aws/no-secret", message)]));
        }
        Ok(estate)
    }

    /// As [`KnownSecrets::find`] for stacks that were looked at; there may be no secret.
    pub(in crate::commands) fn read(
        places: Vec<Place>,
        others: &[Undeployed],
        aws: &Aws,
    ) -> Result<KnownSecrets> {
        let mut estate = KnownSecrets { secrets: own(&places), places, unread: Vec::new() };
        estate.read_services(aws)?;
        estate.read_templates(others, aws)?;
        Ok(estate)
    }

    /// The secret that is called so. The text itself is not repeated: somebody may have typed the value there.
    pub(super) fn called(&self, wanted: &str) -> Result<&Secret> {
        let called: Vec<&Secret> = self.secrets.iter().filter(|secret| secret.is_called(wanted)).collect();
        let problem = match called.as_slice() {
            [one] => return Ok(one),
            [] => Problem::error("usage/unknown-secret", "no secret of the project is called so")
                .maybe_hint(self.like(wanted)),
            several => {
                let ids: Vec<&str> = several.iter().map(|secret| secret.id.as_str()).collect();
                Problem::error("usage/ambiguous-secret", "several secrets are called so")
                    .hint(format!("name one by its ARN, or a stack with `--stack`: {}", ids.join(", ")))
            }
        };
        Err(Failure::usage(problem))
    }

    /// What may have been meant.
    fn like(&self, wanted: &str) -> Option<String> {
        let near = nearest(wanted, self.secrets.iter().map(Secret::last));
        let near = near.map(|near| format!("did you mean `{near}`?"));
        near.or_else(|| suggestion(wanted, self.secrets.iter().map(|secret| secret.name.as_str())))
    }

    /// Warns of services of which it is not known what they read.
    pub(in crate::commands) fn warn_of_unread(&self, session: &mut Session<'_>) {
        for problem in self.unread.iter().flat_map(|failure| &failure.problems) {
            let message = format!("it is not known of all services what they read: {}", problem.message);
            session.printer.problem(&Problem::warning("secrets/unread", message));
        }
    }

    /// Adds a use, and the secret if it is not known yet.
    fn add(&mut self, id: &str, connection: &Connection, used: Use) {
        let at = self.secrets.iter().position(|secret| is_same(&secret.id, id));
        let at = at.unwrap_or_else(|| {
            self.secrets.push(Secret {
                id: id.to_owned(),
                name: name_of(id).to_owned(),
                made_by: None,
                connection: connection.clone(),
                uses: Vec::new(),
            });
            self.secrets.len() - 1
        });
        let known = &mut self.secrets[at].uses;
        let is_known = |one: &Use| (&one.service, &one.variable) == (&used.service, &used.variable);
        if !known.iter().any(is_known) {
            known.push(used);
        }
    }

    /// What the deployed services read, by their task definitions.
    fn read_services(&mut self, aws: &Aws) -> Result<()> {
        let questions = self.places.iter().map(variables);
        let answers = aws.unless_interrupted(aws::together(questions))?;
        for (at, answer) in answers.into_iter().enumerate() {
            match answer {
                Ok(found) => {
                    let connection = self.places[at].connection.clone();
                    for (id, used) in found {
                        self.add(&id, &connection, used);
                    }
                }
                Err(error) => self.unread.push(aws::failure(&error)),
            }
        }
        Ok(())
    }

    /// What the project's templates read that is not deployed so.
    fn read_templates(&mut self, others: &[(Deployed, Connection)], aws: &Aws) -> Result<()> {
        let here = self.places.iter().map(|place| (&place.stack, &place.connection, Some(&place.inventory)));
        let others = others.iter().map(|(stack, connection)| (stack, connection, None));
        let (mut found, mut unread) = (Vec::new(), Vec::new());
        let mut exports: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for (stack, connection, inventory) in here.chain(others) {
            let Some(synthesized) = &stack.synthesized else { continue };
            let who = connection.identity();
            let place = format!("{}/{}", who.account, who.region);
            if !exports.contains_key(&place) {
                let all = match all_exports(connection, aws) {
                    Err(failure) if failure.exit != Exit::Interrupted => {
                        unread.push(failure);
                        BTreeMap::new()
                    }
                    all => all?,
                };
                exports.insert(place.clone(), all);
            }
            let deployed = inventory.map(physical_ids).unwrap_or_default();
            let around = Around {
                region: &who.region,
                account: &who.account,
                stack: &stack.name,
                exports: &exports[&place],
                deployed: &deployed,
                ..Around::default()
            };
            for one in requirements::secret_variables(&synthesized.template, &around) {
                let (key, service) = (one.secret.keys.into_iter().next(), service_of(&one.task));
                let used = Use { service, variable: one.variable, key, deployed: false };
                found.push((one.secret.id, connection.clone(), used));
            }
        }
        for (id, connection, used) in found {
            self.add(&id, &connection, used);
        }
        self.unread.extend(unread);
        Ok(())
    }
}

fn physical_ids(inventory: &cloud::Inventory) -> BTreeMap<String, String> {
    let resources = inventory.resources.iter();
    resources.filter_map(|one| Some((one.logical_id.clone(), one.physical_id.clone()?))).collect()
}

fn all_exports(connection: &Connection, aws: &Aws) -> Result<BTreeMap<String, String>> {
    let exports = aws.look(cloud::list_exports(connection))?;
    Ok(exports.into_iter().map(|export| (export.name, export.value)).collect())
}

/// The secrets that the stacks have made.
fn own(places: &[Place]) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for place in places {
        for (logical_id, id) in place.inventory.of_type("AWS::SecretsManager::Secret") {
            secrets.push(Secret {
                id: id.to_owned(),
                name: name_of(id).to_owned(),
                made_by: Some((place.stack.label().to_owned(), logical_id.to_owned())),
                connection: place.connection.clone(),
                uses: Vec::new(),
            });
        }
    }
    secrets
}

/// What the services of a stack read, with the ARNs of the secrets.
async fn variables(place: &Place) -> Result<Vec<(String, Use)>, CloudError> {
    let services = place.inventory.services();
    let mut found = Vec::new();
    for service in cloud::service_details(&place.connection, &services).await? {
        let definition = cloud::task_definition(&place.connection, &service.task_definition).await?;
        for container in definition.into_iter().flat_map(|definition| definition.containers) {
            for (variable, from) in container.secrets {
                let Some((id, key)) = secret_of(&from) else { continue };
                let service = short(&service.service.logical_id);
                found.push((id, Use { service, variable, key, deployed: true }));
            }
        }
    }
    Ok(found)
}

/// `arn:aws:secretsmanager:region:account:secret:name-AbCdEf`, perhaps with `:json-key:stage:version-id`: the ARN and the
/// key. Whatever else a task definition names is a parameter of Systems Manager.
///
/// Source: [Secrets Manager secrets in environment variables][aws] in the ECS developer guide.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
pub(crate) fn secret_of(from: &str) -> Option<(String, Option<String>)> {
    let parts: Vec<&str> = from.split(':').collect();
    if parts.len() < 7 || parts[2] != "secretsmanager" {
        return None;
    }
    let key = parts.get(7).filter(|key| !key.is_empty());
    Some((parts[..7].join(":"), key.map(|key| (*key).to_owned())))
}

/// Whether both are the same secret; a task definition may name one without what AWS added to its name.
fn is_same(one: &str, other: &str) -> bool {
    let added = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|added| added.len() == 7 && added.starts_with('-'))
    };
    one == other || added(one, other) || added(other, one)
}

/// What people call the service of this task definition: `ai-ml` for `AiMlTaskDefinition`.
fn service_of(task: &str) -> String {
    let name = task.strip_suffix("Definition").unwrap_or(task);
    let name = name.strip_suffix("Task").filter(|name| !name.is_empty()).unwrap_or(name);
    short(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:docuthinker/openai-AbCdEf";

    #[test]
    fn a_task_definition_names_a_secret_and_perhaps_a_key_of_it() {
        assert_eq!(secret_of(ARN), Some((ARN.to_owned(), None)));
        assert_eq!(secret_of(&format!("{ARN}:KEY::")), Some((ARN.to_owned(), Some("KEY".to_owned()))));
        assert_eq!(secret_of(&format!("{ARN}::AWSPREVIOUS:")), Some((ARN.to_owned(), None)));
        assert_eq!(secret_of("arn:aws:ssm:us-east-1:123456789012:parameter/x"), None);
        assert_eq!(secret_of("x"), None);
    }

    #[test]
    fn names_are_those_of_the_arns() {
        assert_eq!(name_of(ARN), "docuthinker/openai");
        assert_eq!(name_of("docuthinker/openai"), "docuthinker/openai");
        assert_eq!(name_of("docuthinker/my-secret"), "docuthinker/my-secret");
        assert!(is_same(ARN, ARN.strip_suffix("-AbCdEf").expect("it ends so")));
        assert!(!is_same(ARN, "arn:aws:secretsmanager:us-east-1:123456789012:secret:docuthinker/open"));
        assert_eq!(service_of("AiMlTaskDefinition"), "ai-ml");
        assert_eq!(service_of("BackendTask"), "backend");
        assert_eq!(service_of("Task"), "task");
    }
}
