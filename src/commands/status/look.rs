//! Asking AWS. What is not answered becomes a word in its place; the rest is shown.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud::{
    CloudError, Connection, History, Outcome, Reach, RunningTask, ServiceRef, StackDescription,
    TaskDefinition, Usage,
};
use serde_json::Value;
use template::{Node, Template};

use super::view::{
    Address, Count, Image, NewerSecret, NotDeployed, Operation, RunningImage, Service, Setting, Stack,
    Status, Targets, Told,
};
use crate::aws;
use crate::commands::estate::{self, InService, Place, Undeployed};
use crate::commands::secrets::secret_of;
use crate::project::BuiltImage;
use crate::templates;

/// How many past operations of a stack are shown.
const OPERATIONS: usize = 3;

/// What is looked at.
pub(in crate::commands) struct Wanted {
    /// Only these services and their stacks.
    pub(in crate::commands) services: Option<Vec<InService>>,
    /// The images of the project.
    pub(in crate::commands) images: Vec<BuiltImage>,
    /// The settings of the project.
    pub(in crate::commands) settings: Value,
    /// Whether each task is told.
    pub(in crate::commands) tasks: bool,
    /// Over how long it is told what services use; nothing: not at all.
    pub(in crate::commands) usage: Option<Duration>,
}

/// Looks at everything, all stacks at the same time. `others` are those that are not deployed.
pub(in crate::commands) async fn look(places: &[Place], others: &[Undeployed], wanted: &Wanted) -> Status {
    let all = places.iter().enumerate().filter_map(|(at, place)| {
        let services = match &wanted.services {
            Some(named) => {
                let here: Vec<InService> =
                    named.iter().filter(|service| service.place == at).cloned().collect();
                (!here.is_empty()).then_some(here)?
            }
            None => estate::in_place(at, place),
        };
        Some(stack(place, services, wanted))
    });
    let stacks = aws::together(all).await;
    let others = if wanted.services.is_none() { others } else { &[] };
    let not_deployed = others.iter().map(|(stack, connection)| NotDeployed {
        name: stack.label().to_owned(),
        region: connection.identity().region.clone(),
    });
    let not_deployed = not_deployed.collect();
    Status { well: stacks.iter().all(Stack::is_well), stacks, not_deployed }
}

async fn stack(place: &Place, services: Vec<InService>, wanted: &Wanted) -> Stack {
    let Place { connection, inventory, .. } = place;
    let described = &inventory.stack;
    let names: Vec<String> = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"]
        .iter()
        .flat_map(|kind| inventory.of_type(kind).map(|(_, name)| name.to_owned()))
        .collect();
    let alarms =
        async { if names.is_empty() { Ok(Vec::new()) } else { cloud::alarms(connection, &names).await } };
    let (history, alarms, services) = tokio::join!(
        cloud::history(connection, &described.stack_id, Reach::OUTLINE),
        alarms,
        all_services(place, &services, wanted),
    );
    Stack {
        name: described.name.clone(),
        region: connection.identity().region.clone(),
        state: described.status.clone(),
        reason: described.status_reason.clone().filter(|reason| !reason.is_empty()),
        changed: described.updated.or(described.created),
        deployments: Told::of(history.map(|history| operations(&history))),
        services: Told::of(services),
        alarms: Told::of(alarms),
        addresses: addresses(described),
    }
}

fn operations(history: &History) -> Vec<Operation> {
    // A change set that announced the stack changed nothing.
    let done = history.operations.iter().filter(|one| one.outcome != Outcome::Announced);
    done.take(OPERATIONS)
        .map(|one| Operation {
            id: one.name(),
            kind: one.kind.clone(),
            outcome: one.outcome,
            began: one.began,
            ended: one.ended,
        })
        .collect()
}

/// The outputs that are addresses.
pub(crate) fn addresses(stack: &StackDescription) -> Vec<Address> {
    let addresses = stack
        .outputs
        .iter()
        .filter(|output| output.value.starts_with("http://") || output.value.starts_with("https://"));
    addresses.map(|output| Address { name: output.key.clone(), url: output.value.clone() }).collect()
}

async fn all_services(
    place: &Place,
    services: &[InService],
    wanted: &Wanted,
) -> Result<Vec<Service>, CloudError> {
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let refs: Vec<ServiceRef> = services.iter().map(|service| service.service.clone()).collect();
    let name = &place.inventory.stack.stack_id;
    let usage = async {
        match wanted.usage {
            Some(window) => Some(cloud::usage(&place.connection, &refs, window).await),
            None => None,
        }
    };
    let (details, usage, text) = tokio::join!(
        cloud::service_details(&place.connection, &refs),
        usage,
        cloud::processed_template(&place.connection, name),
    );
    // Without its template, less is known of what was declared.
    let template = text.ok().flatten().and_then(|text| templates::parse(&text, name).ok());
    let template = template.map(|document| document.template);
    let seen = details?.into_iter().filter_map(|details| {
        let at = services.iter().position(|service| service.service.arn == details.service.arn)?;
        let of_service = |told: &Result<Vec<Usage>, CloudError>| match told {
            Ok(all) => Told::of(Ok(all[at].clone())),
            Err(error) => Told::of(Err(error.clone())),
        };
        let usage = usage.as_ref().map(of_service);
        let service = one_service(place, &services[at], details, template.as_ref(), wanted);
        Some(async move { Service { usage, ..Box::pin(service).await } })
    });
    Ok(aws::together(seen).await)
}

async fn one_service(
    place: &Place,
    service: &InService,
    details: cloud::Service,
    template: Option<&Template>,
    wanted: &Wanted,
) -> Service {
    let connection = &place.connection;
    let built =
        wanted.images.iter().filter(|image| image.stack == place.inventory.stack.name).find(|image| {
            let own = estate::short(&image.task_definition.replace("TaskDefinition", "Service"));
            own == service.name
        });
    let declared = built
        .and_then(|image| place.inventory.physical_id(&image.task_definition))
        .unwrap_or(&details.task_definition);
    let (targets, tasks, definition) = tokio::join!(
        targets(connection, &details),
        cloud::running_tasks(connection, &service.service),
        cloud::task_definition(connection, declared),
    );
    let images = match (&definition, &tasks) {
        (Ok(Some(definition)), Ok(tasks)) => Ok(images(&details, definition, tasks, built, wanted)),
        (Err(error), _) | (_, Err(error)) => Err(error.clone()),
        (Ok(None), Ok(_)) => Ok(Vec::new()),
    };
    let secrets = match (&definition, &tasks) {
        (Ok(Some(definition)), Ok(tasks)) => newer_secrets(connection, definition, tasks).await,
        _ => Ok(Vec::new()),
    };
    Service {
        name: service.name.clone(),
        logical_id: service.service.logical_id.clone(),
        arn: service.service.arn.clone(),
        count: count(&details, template),
        status: details.status,
        rollout: details.deployments,
        targets: Told::of(targets),
        images: Told::of(images),
        newer_secrets: Told::of(secrets),
        tasks: wanted.tasks.then(|| Told::of(tasks)),
        usage: None,
        message: details.events.into_iter().next(),
    }
}

async fn targets(connection: &Connection, service: &cloud::Service) -> Result<Vec<Targets>, CloudError> {
    let groups: std::collections::BTreeSet<&str> =
        service.target_groups.iter().map(|group| group.target_group.as_str()).collect();
    let mut all = Vec::new();
    for group in groups {
        let targets = cloud::target_health(connection, group).await?;
        all.push(Targets { target_group: group.to_owned(), targets });
    }
    Ok(all)
}

/// How many tasks there should be by the service, and by the template that the stack was deployed from.
fn count(service: &cloud::Service, template: Option<&Template>) -> Count {
    let logical_id = &service.service.logical_id;
    let resource = template.and_then(|template| template.resources.get(logical_id));
    let declared = resource.and_then(|resource| resource.properties.get("DesiredCount"));
    let declared = declared.and_then(Node::scalar_text).and_then(|text| text.parse().ok());
    let target = template.and_then(|template| {
        template.resources.values().find(|resource| {
            resource.type_name == "AWS::ApplicationAutoScaling::ScalableTarget"
                && resource.properties.get("ResourceId").is_some_and(|of| refers_to(of, logical_id))
        })
    });
    let bound = |name: &str| target?.properties.get(name)?.scalar_text()?.parse().ok();
    Count {
        desired: service.desired,
        running: service.running,
        pending: service.pending,
        declared,
        autoscaled: target.is_some(),
        minimum: bound("MinCapacity"),
        maximum: bound("MaxCapacity"),
    }
}

/// Whether a value is made with the resource of this logical id: by `Ref`, `GetAtt` or `Sub`.
pub(in crate::commands) fn refers_to(node: &Node, logical_id: &str) -> bool {
    match node {
        Node::List(items) => items.iter().any(|item| refers_to(item, logical_id)),
        Node::Map(map) => map.values().any(|value| refers_to(value, logical_id)),
        Node::Call(_, argument) => refers_to(argument, logical_id),
        Node::String(text) => {
            let mut names = text.split(|c: char| !c.is_ascii_alphanumeric());
            names.any(|name| name == logical_id)
        }
        _ => false,
    }
}

fn images(
    service: &cloud::Service,
    declared: &TaskDefinition,
    tasks: &[RunningTask],
    built: Option<&BuiltImage>,
    wanted: &Wanted,
) -> Vec<Image> {
    let mut images = Vec::new();
    for container in &declared.containers {
        let mut running: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
        let containers = tasks.iter().flat_map(|task| &task.containers);
        for one in containers.filter(|one| one.name == container.name) {
            *running.entry((&one.image, one.digest.as_deref())).or_default() += 1;
        }
        let setting = built
            .filter(|image| image.container == container.name)
            .and_then(|image| setting(image, &wanted.settings, &container.image));
        let running: Vec<RunningImage> = running
            .into_iter()
            .map(|((image, digest), tasks)| RunningImage {
                image: image.to_owned(),
                digest: digest.map(str::to_owned),
                tasks,
            })
            .collect();
        let drift = drift(&container.image, &running);
        images.push(Image {
            container: container.name.clone(),
            declared: Some(container.image.clone()),
            running,
            setting,
            drift,
        });
    }
    if declared.arn != service.task_definition
        && let Some(first) = images.first_mut()
    {
        let (runs, stack) = (last(&service.task_definition), last(&declared.arn));
        first.drift.push(format!("the service runs {runs}, the stack declares {stack}"));
    }
    images
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// What of the image is not as the task definition says.
fn drift(declared: &str, running: &[RunningImage]) -> Vec<String> {
    let mut drift = Vec::new();
    for other in running.iter().filter(|one| one.image != declared) {
        let verb = if other.tasks == 1 { "runs" } else { "run" };
        drift.push(format!("{} {verb} {}", tasks(other.tasks), other.image));
    }
    let digests: std::collections::BTreeSet<&str> =
        running.iter().filter_map(|one| one.digest.as_deref()).collect();
    if digests.len() > 1 && drift.is_empty() {
        drift.push("the tasks run different images: the tag was moved between their starts".to_owned());
    }
    drift
}

pub(super) fn tasks(number: usize) -> String {
    if number == 1 { "1 task".to_owned() } else { format!("{number} tasks") }
}

fn setting(image: &BuiltImage, settings: &Value, declared: &str) -> Option<Setting> {
    let mut value = settings;
    for key in image.setting.split('.') {
        value = value.get(key)?;
    }
    let value = value.as_str()?.to_owned();
    let deployed =
        declared == value || declared.strip_suffix(&value).is_some_and(|before| before.ends_with([':', '@']));
    Some(Setting { name: image.setting.clone(), value, deployed })
}

/// The secrets that changed after the oldest task had read them, once each.
async fn newer_secrets(
    connection: &Connection,
    definition: &TaskDefinition,
    tasks: &[RunningTask],
) -> Result<Vec<NewerSecret>, CloudError> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let mut secrets: BTreeMap<String, &str> = BTreeMap::new();
    for (variable, from) in definition.containers.iter().flat_map(|container| &container.secrets) {
        if let Some((secret, _)) = secret_of(from) {
            secrets.entry(secret).or_insert(variable);
        }
    }
    let mut newer = Vec::new();
    for (secret, variable) in secrets {
        let stored = cloud::secrets::stored_secret(connection, &secret).await?;
        let Some(changed) = stored.and_then(|stored| stored.changed) else { continue };
        let older = tasks.iter().filter(|task| task.started.is_some_and(|started| started < changed)).count();
        if older > 0 {
            newer.push(NewerSecret { variable: variable.to_owned(), changed, tasks: older });
        }
    }
    Ok(newer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_differs_by_its_name_or_by_a_tag_that_moved() {
        let image = |image: &str, digest: &str| RunningImage {
            image: image.to_owned(),
            digest: Some(digest.to_owned()),
            tasks: 1,
        };
        assert!(drift("r:v1", &[image("r:v1", "sha256:a")]).is_empty());
        assert_eq!(drift("r:v1", &[image("r:v0", "sha256:a")]), ["1 task runs r:v0"]);
        let four = RunningImage { tasks: 4, ..image("r:v0", "sha256:a") };
        assert_eq!(drift("r:v1", &[four]), ["4 tasks run r:v0"]);
        let moved = drift("r:v1", &[image("r:v1", "sha256:a"), image("r:v1", "sha256:b")]);
        assert_eq!(moved.len(), 1);
    }
}
