//! The ECS services whose running tasks are replaced.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::known::Known;
use super::{Action, Consequence, ResourceChange};
use crate::document::{Resource, Template};
use crate::graph::{Edge, Element};
use crate::path::{Path, Step};

/// A service that starts new tasks and stops the old ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Roll {
    /// The service's logical ID.
    pub service: String,
    /// Its task definition's logical ID, if that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// How many tasks it is to run, if the template says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<u64>,
    /// Between which numbers autoscaling keeps its tasks, if the template says that instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaled: Option<Scaled>,
    /// Whether the service itself is replaced: a new service is made with new tasks, and the old one is deleted.
    pub replaced: bool,
    /// Whether it certainly happens.
    pub certain: bool,
    /// The differences and references for which it happens.
    pub because: Vec<Path>,
}

/// How many tasks autoscaling lets a service have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scaled {
    /// `MinCapacity` of its scalable target.
    pub least: u64,
    /// `MaxCapacity` of its scalable target.
    pub most: u64,
}

/// Properties of a service that start a new deployment, which replaces its tasks.
///
/// Source: [UpdateService][aws], which says of each parameter whether it does, and for the launch type, which is no
/// parameter there, the [parameters of a service][parameters].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
/// [parameters]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_definition_parameters.html
const STARTS: [&str; 10] = [
    "ForceNewDeployment",
    "LaunchType",
    "LoadBalancers",
    "NetworkConfiguration",
    "PlatformVersion",
    "ServiceConnectConfiguration",
    "ServiceRegistries",
    "TaskDefinition",
    "VolumeConfigurations",
    "VpcLatticeConfigurations",
];

/// The services that start their tasks anew, in the order of the new template. Where none is to run, none starts.
pub(super) fn rolls(
    new: &Template,
    edges: &[Edge],
    resources: &[ResourceChange],
    known: &Known<'_>,
) -> Vec<Roll> {
    let services = resources
        .iter()
        .filter(|change| change.type_name == SERVICE && change.action == Action::Changed && !change.dormant);
    let mut tasks: BTreeMap<&str, &Edge> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| property(&edge.path) == Some("TaskDefinition")) {
        if let Element::Resource(service) = &edge.from {
            tasks.entry(service).or_insert(edge);
        }
    }
    let scaled = scaled(new, edges, known);
    services
        .filter_map(|change| {
            let id = change.id.as_str();
            roll(new, tasks.get(id).copied(), scaled.get(id).copied().flatten(), change, known)
        })
        .collect()
}

/// The type of a service.
pub(super) const SERVICE: &str = "AWS::ECS::Service";

/// The type of what autoscaling counts.
pub(super) const TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";

/// The bounds of the scalable targets by the service that they name, `None` where they are not known.
pub(super) fn scaled<'e>(
    template: &Template,
    edges: &'e [Edge],
    known: &Known<'_>,
) -> BTreeMap<&'e str, Option<Scaled>> {
    let mut scaled = BTreeMap::new();
    for edge in edges.iter().filter(|edge| property(&edge.path) == Some("ResourceId")) {
        let (Element::Resource(target), Some(Element::Resource(service))) = (&edge.from, &edge.to) else {
            continue;
        };
        let target = template.resources.get(target);
        let is_there = |target: &Resource| {
            let condition = target.condition.as_deref();
            target.type_name == TARGET && condition.is_none_or(|name| known.condition(name) != Some(false))
        };
        let Some(target) = target.filter(|target| is_there(target)) else { continue };
        let bound = |name: &str| number(target, name, known);
        let bounds = bound("MinCapacity").zip(bound("MaxCapacity"));
        scaled.insert(service.as_str(), bounds.map(|(least, most)| Scaled { least, most }));
    }
    scaled
}

/// A property that is a number, if its value is known.
pub(super) fn number(resource: &Resource, name: &str, known: &Known<'_>) -> Option<u64> {
    known.value(resource.properties.get(name)?).scalar_text()?.parse().ok()
}

fn roll(
    new: &Template,
    task: Option<&Edge>,
    scaled: Option<Scaled>,
    change: &ResourceChange,
    known: &Known<'_>,
) -> Option<Roll> {
    let resource = new.resources.get(&change.id)?;
    let tasks = number(resource, "DesiredCount", known);
    if tasks == Some(0) {
        return None;
    }
    let own = change.changes.iter().map(|part| (&part.path, true));
    let carried = change.carried.iter().map(|carried| (&carried.path, carried.certain));
    let replaced = change.consequence == Some(Consequence::Replaces);
    let starts = |path: &Path| property(path).is_some_and(|name| STARTS.contains(&name));
    let because: Vec<(&Path, bool)> = own.chain(carried).filter(|(path, _)| starts(path)).collect();
    let may = change.consequence == Some(Consequence::MayReplace);
    if because.is_empty() && !replaced && !may {
        return None;
    }
    let by_task = because.iter().any(|(path, _)| property(path) == Some("TaskDefinition"));
    let task_definition = task.filter(|_| by_task).and_then(|edge| match &edge.to {
        Some(Element::Resource(id)) => Some(id.clone()),
        _ => None,
    });
    let certain = replaced || because.iter().any(|(_, certain)| *certain);
    let mut paths: Vec<Path> = because.into_iter().map(|(path, _)| path.clone()).collect();
    if paths.is_empty() {
        paths = change.causes().cloned().collect();
    }
    // One item may go and another come at the same place.
    let mut told = BTreeSet::new();
    paths.retain(|path| told.insert(path.clone()));
    let service = change.id.clone();
    let scaled = scaled.filter(|_| tasks.is_none());
    Some(Roll { service, task_definition, tasks, scaled, replaced, certain, because: paths })
}

fn property(path: &Path) -> Option<&str> {
    match (path.steps().nth(2), path.steps().nth(3)) {
        (Some(Step::Key("Properties")), Some(Step::Key(name))) => Some(name),
        _ => None,
    }
}
