//! Which images run, by digest.

use std::collections::BTreeMap;

use cloud::{CloudError, Connection, ImageName, RunningTask, Sought, TaskDefinition};
use template::requirements::{Version, registry_image};

use super::form::Image;
use crate::commands::estate::{self, Place};

/// The images of all services of the stack, in the order of its services and their containers.
pub(super) async fn of(place: &Place) -> Result<Vec<Image>, CloudError> {
    let services = estate::in_place(0, place);
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let connection = &place.connection;
    let refs: Vec<_> = services.iter().map(|service| service.service.clone()).collect();
    let mut images = Vec::new();
    for details in cloud::service_details(connection, &refs).await? {
        let name = estate::short(&details.service.logical_id);
        let (tasks, definition) = tokio::join!(
            cloud::running_tasks(connection, &details.service),
            cloud::task_definition(connection, &details.task_definition),
        );
        let Some(definition) = definition? else { continue };
        for image in of_service(&name, &definition, &tasks?) {
            images.push(completed(image, connection).await?);
        }
    }
    Ok(images)
}

/// What the containers of one service were started from; a row for each digest that runs.
fn of_service(service: &str, definition: &TaskDefinition, tasks: &[RunningTask]) -> Vec<Image> {
    let mut images = Vec::new();
    for container in &definition.containers {
        let mut running: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
        let containers = tasks.iter().flat_map(|task| &task.containers);
        for one in containers.filter(|one| one.name == container.name && one.digest.is_some()) {
            *running.entry((&one.image, one.digest.as_deref())).or_default() += 1;
        }
        if running.is_empty() {
            running.insert((&container.image, None), 0);
        }
        images.extend(running.into_iter().map(|((image, digest), tasks)| {
            let (repository, tag, named) = parts(image);
            Image {
                service: service.to_owned(),
                container: container.name.clone(),
                image: image.to_owned(),
                repository: repository.to_owned(),
                tag: tag.map(str::to_owned),
                digest: digest.or(named).map(str::to_owned),
                tasks,
            }
        }));
    }
    images
}

/// Where nothing runs, ECR is asked what the tag stands for now. Other registries are not asked.
async fn completed(mut image: Image, connection: &Connection) -> Result<Image, CloudError> {
    if image.digest.is_some() {
        return Ok(image);
    }
    let who = connection.identity();
    let known = registry_image(&image.image);
    let known = known.filter(|one| one.region == who.region && one.registry == who.account);
    if let Some((Version::Tag(tag), repository)) = known.map(|one| (one.version, one.repository))
        && let Sought::Found(found) = cloud::find_image(connection, &repository, &ImageName::Tag(tag)).await?
    {
        image.digest = Some(found.digest);
    }
    Ok(image)
}

/// The repository, the tag and the digest of an image, as it is named.
pub(in crate::commands) fn parts(image: &str) -> (&str, Option<&str>, Option<&str>) {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    match name.rsplit_once(':') {
        // A colon before the last slash is that of a port.
        Some((before, tag)) if !tag.contains('/') => (before, Some(tag), digest),
        _ => (name, None, digest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_repository_and_perhaps_a_tag_and_a_digest() {
        assert_eq!(parts("r.example:5000/a/b"), ("r.example:5000/a/b", None, None));
        assert_eq!(parts("nginx:1"), ("nginx", Some("1"), None));
        assert_eq!(parts("r/a:v1@sha256:1"), ("r/a", Some("v1"), Some("sha256:1")));
    }
}
