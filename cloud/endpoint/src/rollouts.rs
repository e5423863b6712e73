//! The revisions of task definitions that there were, and the deployments of services.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::Micros;
use crate::state::{Resource, Stack};
use crate::world::World;

/// How the deployments of services go that are not CloudFormation's.
#[derive(Debug, Clone)]
pub(crate) struct RolloutScript {
    /// How long a deployment, or another number of tasks, takes.
    pub(crate) delay: Duration,
    /// Services, by logical id or name, whose deployments fail, why, and how often still.
    pub(crate) failing: Vec<(String, String, Option<usize>)>,
    /// Services whose deployments never end, and how many still do.
    pub(crate) hanging: Vec<(String, usize)>,
}

impl Default for RolloutScript {
    fn default() -> RolloutScript {
        RolloutScript { delay: Duration::from_millis(50), failing: Vec::new(), hanging: Vec::new() }
    }
}

/// What ECS remembers.
#[derive(Debug, Default)]
pub(crate) struct Rollouts {
    /// Oldest first.
    pub(crate) revisions: Vec<Revision>,
    /// By ARN.
    pub(crate) services: BTreeMap<String, Service>,
    /// How many revisions each family had, by the ARN without the number.
    families: BTreeMap<String, u64>,
    /// How many deployments there were.
    serial: u64,
}

/// A revision of a task definition.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    pub(crate) arn: String,
    /// CloudFormation's properties, worked out.
    pub(crate) properties: Value,
    pub(crate) at: Micros,
    /// Whether its stack leaves it when it is replaced.
    retained: bool,
}

/// A service.
#[derive(Debug, Clone, Default)]
pub(crate) struct Service {
    /// The time of the resource's last event that was looked at.
    seen: Option<Micros>,
    /// What its stack says.
    declared: String,
    /// What was ordered past its stack, and when that is so.
    count: Option<(u64, Micros)>,
    /// How many tasks ran before.
    counted: u64,
    /// Oldest first.
    pub(crate) runs: Vec<Run>,
    /// The run that is aimed at.
    pub(crate) primary: usize,
    /// When the primary, to which ECS went back, is complete again.
    back: Option<Micros>,
}

/// A deployment.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) number: u64,
    pub(crate) task_definition: String,
    pub(crate) at: Micros,
    pub(crate) fate: Fate,
}

/// How a deployment goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fate {
    /// It is complete as soon as CloudFormation is done with the service.
    Stacks,
    /// It is complete then.
    Complete(Micros),
    /// It fails then.
    Fails(Micros, String),
    /// It has failed then, and ECS went back.
    Failed(Micros, String),
    /// Another one took its place before it was complete.
    Stopped(Micros),
    /// It never ends.
    Hangs,
}

impl Rollouts {
    /// The number of the next revision of the family whose ARN begins so.
    pub(crate) fn next_revision(&mut self, family: &str) -> u64 {
        let number = self.families.entry(family.to_owned()).or_default();
        *number += 1;
        *number
    }

    pub(crate) fn revision(&self, name: &str) -> Option<&Revision> {
        self.revisions.iter().find(|one| one.arn == name || one.arn.rsplit('/').next() == Some(name))
    }

    fn next_run(&mut self) -> u64 {
        self.serial += 1;
        1_000_000_000_000_000_000 + self.serial
    }
}

impl Service {
    /// The deployment that is aimed at, whether it is complete, and how many tasks of it run where there should be so many.
    pub(crate) fn is_complete(&self, run: &Run, busy: bool, now: Micros) -> bool {
        let back = self.back.is_some_and(|back| now < back) && self.runs[self.primary].number == run.number;
        !back
            && match run.fate {
                Fate::Stacks => !busy,
                Fate::Complete(at) => at <= now,
                _ => false,
            }
    }

    /// How many tasks there should be, and how many run.
    pub(crate) fn counts(&self, declared: u64, now: Micros) -> (u64, u64) {
        match self.count {
            Some((count, at)) => (count, if now < at { self.counted } else { count }),
            None => (declared, declared),
        }
    }
}

impl World {
    /// Takes note of what stacks have made since, and of what has come of deployments.
    pub(crate) fn watch_rollouts(&mut self) {
        let now = self.clock.now();
        let live: Vec<&Stack> = self.stacks.iter().filter(|stack| !stack.is_deleted()).collect();
        for stack in live {
            for resource in stack.resources.values().filter(|resource| resource.exists()) {
                match resource.kind.as_str() {
                    "AWS::ECS::TaskDefinition" => register(&mut self.rollouts, stack, resource),
                    "AWS::ECS::Service" => follow(&mut self.rollouts, stack, resource),
                    _ => {}
                }
            }
        }
        let again = self.clock.scaled(self.scenario.rollouts.delay);
        for service in self.rollouts.services.values_mut() {
            go_back(service, now, again);
        }
    }

    /// Whether new services may use the revision.
    pub(crate) fn is_active(&self, revision: &Revision) -> bool {
        let has = |stack: &Stack| {
            let all = stack.resources.values().filter(|resource| resource.exists()).chain(&stack.obsolete);
            all.into_iter().any(|resource| resource.physical.as_deref() == Some(&*revision.arn))
        };
        revision.retained || self.stacks.iter().any(has)
    }

    /// Begins a deployment past CloudFormation.
    pub(crate) fn deploy_service(&mut self, arn: &str, logical: &str, task_definition: String) {
        let now = self.clock.now();
        let end = now + self.clock.scaled(self.scenario.rollouts.delay);
        let names = |id: &str| id == logical || arn.rsplit('/').next() == Some(id);
        let script = &mut self.scenario.rollouts;
        let failing = script.failing.iter_mut().find(|(id, _, left)| names(id) && *left != Some(0));
        let fate = if let Some((_, reason, left)) = failing {
            if let Some(left) = left {
                *left -= 1;
            }
            Fate::Fails(end, reason.clone())
        } else {
            match script.hanging.iter_mut().find(|(id, _)| names(id)) {
                Some((_, 0)) => Fate::Hangs,
                Some((_, left)) => {
                    *left -= 1;
                    Fate::Complete(end)
                }
                None => Fate::Complete(end),
            }
        };
        let number = self.rollouts.next_run();
        if let Some(service) = self.rollouts.services.get_mut(arn) {
            begin(service, Run { number, task_definition, at: now, fate });
        }
    }

    /// Changes the number of tasks past CloudFormation.
    pub(crate) fn scale_service(&mut self, arn: &str, declared: u64, count: u64) {
        let now = self.clock.now();
        let at = now + self.clock.scaled(self.scenario.rollouts.delay);
        if let Some(service) = self.rollouts.services.get_mut(arn) {
            service.counted = service.counts(declared, now).1;
            service.count = Some((count, at));
        }
    }

    /// Stops the deployment that is in progress; ECS goes back.
    pub(crate) fn stop_deployment(&mut self, number: u64) -> bool {
        let now = self.clock.now();
        let again = self.clock.scaled(self.scenario.rollouts.delay);
        for service in self.rollouts.services.values_mut() {
            let primary = service.primary;
            let Some(run) = service.runs.get_mut(primary).filter(|run| run.number == number) else {
                continue;
            };
            if matches!(&run.fate, Fate::Complete(at) if *at <= now) || run.fate == Fate::Stacks {
                return false;
            }
            run.fate = Fate::Fails(now, "the deployment was stopped".to_owned());
            go_back(service, now, again);
            return true;
        }
        false
    }
}

fn begin(service: &mut Service, run: Run) {
    let primary = service.primary;
    if let Some(before) = service.runs.get_mut(primary) {
        match before.fate {
            Fate::Hangs | Fate::Fails(..) => before.fate = Fate::Stopped(run.at),
            Fate::Complete(at) if at > run.at => before.fate = Fate::Stopped(run.at),
            _ => {}
        }
    }
    service.runs.push(run);
    service.primary = service.runs.len() - 1;
    service.back = None;
}

fn go_back(service: &mut Service, now: Micros, again: Micros) {
    let primary = service.primary;
    let Some(Fate::Fails(at, reason)) = service.runs.get(primary).map(|run| run.fate.clone()) else { return };
    if at > now {
        return;
    }
    service.runs[primary].fate = Fate::Failed(at, reason);
    let good = |run: &Run| matches!(run.fate, Fate::Stacks | Fate::Complete(_));
    if let Some(before) = service.runs[..primary].iter().rposition(good) {
        service.primary = before;
        service.back = Some(at + again);
    }
}

fn register(rollouts: &mut Rollouts, stack: &Stack, resource: &Resource) {
    let Some(arn) = &resource.physical else { return };
    if rollouts.revisions.iter().any(|known| known.arn == *arn) {
        return;
    }
    let definition = definition(stack, resource);
    let properties = definition.get("Properties").map(|value| resolved(stack, value)).unwrap_or_default();
    let retained = definition.get("UpdateReplacePolicy").and_then(Value::as_str) == Some("Retain");
    rollouts.revisions.push(Revision { arn: arn.clone(), properties, at: resource.at, retained });
}

fn follow(rollouts: &mut Rollouts, stack: &Stack, resource: &Resource) {
    let Some(arn) = &resource.physical else { return };
    let known = rollouts.services.get(arn);
    if known.is_some_and(|service| service.seen == Some(resource.at)) {
        return;
    }
    let definition = definition(stack, resource);
    let declared = definition.get("Properties").and_then(|all| all.get("TaskDefinition"));
    let declared = declared.map(|value| stack.value(value)).unwrap_or_default();
    let number = rollouts.next_run();
    let service = rollouts.services.entry(arn.clone()).or_default();
    service.seen = Some(resource.at);
    if service.declared != declared || service.runs.is_empty() {
        service.declared.clone_from(&declared);
        begin(service, Run { number, task_definition: declared, at: resource.at, fate: Fate::Stacks });
    }
}

/// While it is changed or replaced, the resource still is what it was; what it will be is what the template says.
fn definition<'a>(stack: &'a Stack, resource: &'a Resource) -> &'a Value {
    let new = stack.template.resource(&resource.logical);
    new.filter(|_| resource.status.ends_with("_IN_PROGRESS")).unwrap_or(&resource.definition)
}

/// The value with what its functions come to.
fn resolved(stack: &Stack, value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let function =
                entries.len() == 1 && entries.keys().all(|key| key == "Ref" || key.starts_with("Fn::"));
            if function {
                return Value::String(stack.value(value));
            }
            let entries = entries.iter().map(|(key, value)| (key.clone(), resolved(stack, value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| resolved(stack, item)).collect(),
        other => other.clone(),
    }
}
