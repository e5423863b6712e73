//! The changes themselves, made to templates.

use std::collections::BTreeSet;

use super::super::fargate;
use super::super::money::{Amount, Money};
use super::super::prices;
use super::super::report::HOURS;
use super::super::settle::Settled;
use super::super::usage::Usage;
use super::super::view::Thing;
use super::WhatIf;
use crate::document::{Resource, Template};
use crate::model::{Item, Model};
use crate::node::{Function, Map, Node};

/// Makes the change.
///
/// # Errors
///
/// Why it cannot be made.
pub(super) fn make(change: WhatIf, stacks: &mut [Settled], usage: &mut Usage) -> Result<Vec<String>, String> {
    match change {
        WhatIf::Arm => each_task(stacks, "all tasks run on ARM already", |task| {
            let is_arm = |runtime: &Node| {
                let kind = runtime.as_map().and_then(|map| map.get("CpuArchitecture"));
                kind.and_then(Node::as_str) == Some("ARM64")
            };
            let already = task.properties.get("RuntimePlatform").is_some_and(is_arm);
            set(&mut task.properties, &["RuntimePlatform", "CpuArchitecture"], "ARM64".into());
            !already
        }),
        WhatIf::Spot => spot(stacks),
        WhatIf::SmallerTasks => each_task(stacks, "Fargate has no smaller tasks", smaller),
        WhatIf::FewerTasks => fewer_tasks(stacks),
        WhatIf::OneNat => one_nat(stacks),
        WhatIf::NoNat => no_nat(stacks),
        WhatIf::InterfaceEndpoints => endpoints(stacks, usage),
        WhatIf::LogRetention => retention(stacks),
        WhatIf::Ec2Spot => {
            Err("there are no EC2 instances here: the tasks run on Fargate, whose Spot is `spot`".to_owned())
        }
        WhatIf::Reserved => {
            Err("Fargate has no reserved instances. A Compute Savings Plan lowers its price for a \
                                 commitment of one or three years; by how much is not confirmed here"
                .to_owned())
        }
    }
}

/// A service on Fargate.
struct Run {
    service: String,
    task: Option<String>,
    has_spot: bool,
    subnets: Option<u64>,
    fewest: Option<Amount>,
    target: Option<String>,
}

fn runs(stack: &Settled) -> Vec<Run> {
    let model = Model::new(&stack.template);
    let run = |item| {
        let thing = Thing { item, stack };
        Some(Run {
            service: thing.item.id().to_owned(),
            has_spot: fargate::is_fargate(thing)?,
            task: fargate::task_definition(thing).ok().map(|task| task.id().to_owned()),
            subnets: fargate::subnets(thing),
            fewest: fargate::fewest(thing),
            target: fargate::scalable_target(thing).map(|target| target.item.id().to_owned()),
        })
    };
    let certain = |item: &Item<'_>| !stack.uncertain.contains_key(item.id());
    model.of_type("AWS::ECS::Service").filter(certain).filter_map(run).collect()
}

/// Changes every task definition that runs on Fargate; `change` says whether it did.
fn each_task(
    stacks: &mut [Settled],
    already: &str,
    change: impl Fn(&mut Resource) -> bool,
) -> Result<Vec<String>, String> {
    let (mut changed, mut some) = (false, false);
    for stack in stacks {
        let tasks: BTreeSet<String> = runs(stack).into_iter().filter_map(|run| run.task).collect();
        for id in tasks {
            some = true;
            changed |= stack.template.resources.get_mut(&id).is_some_and(&change);
        }
    }
    done(some, changed, already)
}

/// What comes of a change to tasks: it needs some, and does nothing where all are so `already`.
fn done(some: bool, changed: bool, already: &str) -> Result<Vec<String>, String> {
    match (some, changed) {
        (false, _) => Err("no tasks run on Fargate, as far as is known".to_owned()),
        (true, false) => Err(already.to_owned()),
        (true, true) => Ok(Vec::new()),
    }
}

/// Halves CPU and memory, as far as Fargate sells that.
///
/// Source: [Task CPU and memory][aws] in the ECS developer guide.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
fn smaller(task: &mut Resource) -> bool {
    let units = |name: &str, of: fn(&str) -> Option<Amount>| {
        let text = task.properties.get(name)?.scalar_text()?;
        Some(of(&text)?.times(Amount::whole(1024)).whole_parts(Amount::whole(1)))
    };
    let (Some(cpu), Some(memory)) = (units("Cpu", fargate::vcpu), units("Memory", fargate::gb)) else {
        return false;
    };
    let half_cpu = (cpu / 2).max(256);
    // 8 and 16 vCPU have memory in steps of 4 and 8 GB, the smallest in none above 2 GB.
    let half_memory = match half_cpu {
        256 => match memory / 2 {
            0..=512 => 512,
            513..=1024 => 1024,
            _ => 2048,
        },
        8192 => (memory / 2).next_multiple_of(4096).max(16_384),
        16_384 => (memory / 2).next_multiple_of(8192).max(32_768),
        cpu => (memory / 2).next_multiple_of(1024).max(cpu * 2),
    };
    if half_cpu >= cpu && half_memory >= memory {
        return false;
    }
    task.properties.insert("Cpu".to_owned(), half_cpu.to_string().into());
    task.properties.insert("Memory".to_owned(), half_memory.min(memory).to_string().into());
    true
}

fn spot(stacks: &mut [Settled]) -> Result<Vec<String>, String> {
    let (mut some, mut changed) = (false, false);
    for stack in stacks {
        for run in runs(stack) {
            some = true;
            if let Some(service) = stack.template.resources.get_mut(&run.service).filter(|_| !run.has_spot) {
                changed = true;
                service.properties.shift_remove("LaunchType");
                let provider = |name: &str, base: i64, weight: i64| {
                    let entries =
                        [("CapacityProvider", name.into()), ("Base", base.into()), ("Weight", weight.into())];
                    Node::Map(entries.map(|(key, value)| (key.to_owned(), value)).into_iter().collect())
                };
                let strategy = vec![provider("FARGATE", 1, 0), provider("FARGATE_SPOT", 0, 1)];
                service.properties.insert("CapacityProviderStrategy".to_owned(), strategy.into());
            }
        }
    }
    done(some, changed, "all services use Spot already")
}

fn fewer_tasks(stacks: &mut [Settled]) -> Result<Vec<String>, String> {
    let (mut some, mut changed) = (false, false);
    for stack in stacks {
        for run in runs(stack) {
            some = true;
            if run.fewest.is_none_or(|fewest| fewest <= Amount::whole(1)) {
                continue;
            }
            changed = true;
            let (id, property) = match run.target {
                Some(target) => (target, "MinCapacity"),
                None => (run.service, "DesiredCount"),
            };
            if let Some(resource) = stack.template.resources.get_mut(&id) {
                resource.properties.insert(property.to_owned(), 1_i64.into());
            }
        }
    }
    done(some, changed, "no service has more than one task at the least")
}

/// The NAT gateways, each with the address that it has as a resource.
fn gateways(stack: &Settled) -> Vec<(String, Option<String>)> {
    let model = Model::new(&stack.template);
    let address = |item: &Item<'_>| {
        let values = item.get("AllocationId");
        let targets = values.iter().filter_map(|value| Some(value.target()?.item));
        targets.filter(|item| item.is("AWS::EC2::EIP")).map(|item| item.id().to_owned()).next()
    };
    let certain = |item: &Item<'_>| !stack.uncertain.contains_key(item.id());
    let all = model.of_type("AWS::EC2::NatGateway").filter(certain);
    all.map(|item| (item.id().to_owned(), address(&item))).collect()
}

/// Takes the gateways and their addresses out of the template.
fn take_out(template: &mut Template, gateways: &[(String, Option<String>)], instead: Option<&str>) {
    let gone =
        |id: &String| gateways.iter().any(|(gateway, address)| gateway == id || address.as_ref() == Some(id));
    template.resources.retain(|id, _| !gone(id));
    template.resources.retain(|_, resource| {
        let Some(Node::Call(Function::Ref, name)) = resource.properties.get("NatGatewayId") else {
            return true;
        };
        let is_gone = name.as_str().is_some_and(|name| gateways.iter().any(|(gateway, _)| gateway == name));
        if is_gone && let Some(instead) = instead {
            resource.properties.insert("NatGatewayId".to_owned(), Node::call(Function::Ref, instead));
        }
        !is_gone || instead.is_some()
    });
}

fn one_nat(stacks: &mut [Settled]) -> Result<Vec<String>, String> {
    let mut changed = false;
    for stack in stacks.iter_mut() {
        let all = gateways(stack);
        if let [(first, _), others @ ..] = all.as_slice()
            && !others.is_empty()
        {
            changed = true;
            take_out(&mut stack.template, others, Some(first));
        }
    }
    if changed { Ok(Vec::new()) } else { Err("there are no two NAT gateways".to_owned()) }
}

fn no_nat(stacks: &mut [Settled]) -> Result<Vec<String>, String> {
    let mut changed = false;
    for stack in stacks.iter_mut() {
        let all = gateways(stack);
        changed |= !all.is_empty();
        take_out(&mut stack.template, &all, None);
    }
    if !changed {
        return Err("there is no NAT gateway".to_owned());
    }
    for stack in stacks {
        for run in runs(stack) {
            if let Some(service) = stack.template.resources.get_mut(&run.service) {
                let way = ["NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"];
                set(&mut service.properties, &way, "ENABLED".into());
            }
        }
    }
    Ok(Vec::new())
}

/// What is called by tasks on Fargate: images, their list, secrets and logs.
const CALLED: [&str; 4] = ["ecr.api", "ecr.dkr", "secretsmanager", "logs"];

fn endpoints(stacks: &mut [Settled], usage: &mut Usage) -> Result<Vec<String>, String> {
    let has = |stack: &Settled| {
        let model = Model::new(&stack.template);
        model
            .of_type("AWS::EC2::VPCEndpoint")
            .any(|item| item.text("VpcEndpointType").as_deref() == Some("Interface"))
    };
    if stacks.iter().any(has) {
        return Err("there are interface endpoints already; the report has what they cost".to_owned());
    }
    let place = stacks.iter_mut().find(|stack| !gateways(stack).is_empty());
    let Some(stack) = place else { return Err("there is no NAT gateway that they would spare".to_owned()) };
    let zones = runs(stack).iter().filter_map(|run| run.subnets).max();
    let Some(zones) = zones else { return Err("it is not known in how many subnets tasks run".to_owned()) };
    for service in CALLED {
        let subnets: Vec<Node> = (0..zones).map(|zone| Node::from(format!("subnet-{zone}"))).collect();
        let properties = [
            ("ServiceName", Node::from(format!("com.amazonaws.{}.{service}", stack.region.name()))),
            ("VpcEndpointType", "Interface".into()),
            ("SubnetIds", subnets.into()),
        ];
        let properties = properties.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
        let resource =
            Resource { type_name: "AWS::EC2::VPCEndpoint".to_owned(), properties, ..Resource::default() };
        stack.template.resources.insert(format!("WhatIf{service}"), resource);
    }
    let through = usage.get("nat_gb");
    usage.put("nat_gb", Amount::default());
    usage.put("endpoint_gb", usage.get("endpoint_gb").plus(through));
    Ok(break_even(zones))
}

/// From how many GB on the endpoints cost less than sending the same through NAT gateways.
fn break_even(zones: u64) -> Vec<String> {
    let hours = Amount::whole(CALLED.len() as u64 * zones * HOURS);
    let month = Money::of(hours, prices::ENDPOINT_HOUR.nanos);
    let spared = prices::NAT_GB.nanos - prices::ENDPOINT_GB.nanos;
    let micros = u64::try_from(month.micros()).unwrap_or_default();
    // Millionths and billionths of a dollar.
    let gb = (micros * 1000).div_ceil(spared);
    let number = CALLED.len();
    vec![
        format!("{number} endpoints in {zones} subnets cost {month} a month, before any data"),
        format!("they pay only if more than {} GB a month go to these services", Amount::whole(gb)),
        "counted as if all that goes through NAT gateways (nat_gb) went to these services, which is too kind"
            .to_owned(),
    ]
}

fn retention(stacks: &mut [Settled]) -> Result<Vec<String>, String> {
    let (mut changed, mut endless) = (false, false);
    for resource in stacks.iter_mut().flat_map(|stack| stack.template.resources.values_mut()) {
        if resource.type_name != "AWS::Logs::LogGroup" {
            continue;
        }
        let days = resource.properties.get("RetentionInDays").map(Node::scalar_text);
        let is_more = match days {
            None => true,
            Some(days) => days.and_then(|days| days.parse().ok()).is_some_and(|days: u64| days > 7),
        };
        endless |= !resource.properties.contains_key("RetentionInDays");
        if is_more {
            changed = true;
            resource.properties.insert("RetentionInDays".to_owned(), 7_i64.into());
        }
    }
    if !changed {
        return Err("no log group keeps its logs for more than 7 days".to_owned());
    }
    let growing =
        "what is kept for ever now grows each month and is in no sum, so more is saved than is told";
    Ok(if endless { vec![growing.to_owned()] } else { Vec::new() })
}

/// Sets the value at `path`, making what is not there.
fn set(map: &mut Map, path: &[&str], value: Node) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        map.insert((*first).to_owned(), value);
        return;
    }
    let inner = map.entry((*first).to_owned()).or_insert_with(|| Node::Map(Map::default()));
    if !matches!(inner, Node::Map(_)) {
        *inner = Node::Map(Map::default());
    }
    if let Node::Map(inner) = inner {
        set(inner, rest, value);
    }
}
