//! What would be saved: changes to the templates, priced as the templates are.

mod change;

use serde::Serialize;

use super::money::{Band, Money};
use super::report::Report;
use super::settle::Settled;
use super::usage::Usage;
use super::{Stack, priced};

/// A change that may save something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhatIf {
    /// Tasks on ARM.
    Arm,
    /// One task of each service on demand, the others on Fargate Spot.
    Spot,
    /// Tasks of half the size.
    SmallerTasks,
    /// One task of each service at the least.
    FewerTasks,
    /// One NAT gateway for all zones.
    OneNat,
    /// Tasks in public subnets, without NAT gateways.
    NoNat,
    /// Calls to AWS through interface endpoints.
    InterfaceEndpoints,
    /// Logs for seven days.
    LogRetention,
    /// Spot instances of EC2.
    Ec2Spot,
    /// Reserved capacity.
    Reserved,
}

/// What a change would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// What the change is called; several have commas between them.
    pub name: String,
    /// What it is.
    pub what: String,
    /// What comes of it; nothing if it cannot be made or has no price.
    pub applied: Option<Applied>,
    /// Why not.
    pub why_not: Option<String>,
    /// What to know before it is made.
    pub notes: Vec<String>,
}

/// What a month would cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// With the change.
    pub total: Band<Money>,
    /// How much less that is.
    pub saving: Band<Money>,
    /// Whether it rests on prices that are not sure.
    pub estimate: bool,
}

impl WhatIf {
    /// All of them, in the order in which they are told.
    pub const ALL: [WhatIf; 10] = [
        WhatIf::Arm,
        WhatIf::Spot,
        WhatIf::SmallerTasks,
        WhatIf::FewerTasks,
        WhatIf::OneNat,
        WhatIf::NoNat,
        WhatIf::InterfaceEndpoints,
        WhatIf::LogRetention,
        WhatIf::Ec2Spot,
        WhatIf::Reserved,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            WhatIf::Arm => "arm",
            WhatIf::Spot => "spot",
            WhatIf::SmallerTasks => "smaller-tasks",
            WhatIf::FewerTasks => "fewer-tasks",
            WhatIf::OneNat => "one-nat",
            WhatIf::NoNat => "no-nat",
            WhatIf::InterfaceEndpoints => "interface-endpoints",
            WhatIf::LogRetention => "log-retention",
            WhatIf::Ec2Spot => "ec2-spot",
            WhatIf::Reserved => "reserved",
        }
    }

    /// What it is, in words.
    pub fn what(self) -> &'static str {
        match self {
            WhatIf::Arm => "tasks on ARM (Graviton)",
            WhatIf::Spot => "one task of each service on demand, the others on Fargate Spot",
            WhatIf::SmallerTasks => "tasks of half the size",
            WhatIf::FewerTasks => "autoscaling down to one task of each service",
            WhatIf::OneNat => "one NAT gateway for all zones",
            WhatIf::NoNat => "tasks in public subnets with public addresses, and no NAT gateway",
            WhatIf::InterfaceEndpoints => {
                "calls to ECR, Secrets Manager and Logs through interface endpoints"
            }
            WhatIf::LogRetention => "logs kept for 7 days",
            WhatIf::Ec2Spot => "Spot instances of EC2",
            WhatIf::Reserved => "reserved instances or a Savings Plan",
        }
    }

    /// What to know before it is made.
    fn notes(self) -> &'static [&'static str] {
        match self {
            WhatIf::Arm => &["the images must be built for ARM"],
            WhatIf::Spot => &[
                "50 to 70 % off is what is told of Fargate Spot; 70 % is a ceiling, and nobody promises it",
                "a task is stopped with two minutes' notice, and ECS starts none on demand in its place",
            ],
            WhatIf::SmallerTasks => &[
                "half of what Fargate costs, and only where half is enough: look first at what the tasks use",
            ],
            WhatIf::FewerTasks => &["with one task a service is away while that task is replaced"],
            WhatIf::OneNat => &["if its zone fails, no task gets out; data between zones is billed"],
            WhatIf::NoNat => {
                &["tasks can then be reached from the internet as far as security groups let it"]
            }
            WhatIf::LogRetention => &["what is kept costs little beside what is taken in: log less instead"],
            WhatIf::InterfaceEndpoints | WhatIf::Ec2Spot | WhatIf::Reserved => &[],
        }
    }
}

/// What each of the changes would save; several also together. Changes that nobody can make, or that have no price, say
/// why.
pub fn what_if(stacks: &[Stack<'_>], usage: &Usage, changes: &[WhatIf], together: bool) -> Vec<Outcome> {
    let settled: Vec<Settled> = stacks.iter().map(Settled::of).collect();
    let before = priced(&settled, usage);
    let mut outcomes: Vec<Outcome> =
        changes.iter().map(|change| outcome(&[*change], &settled, usage, &before)).collect();
    if together && changes.len() > 1 {
        outcomes.push(outcome(changes, &settled, usage, &before));
    }
    outcomes
}

fn outcome(changes: &[WhatIf], settled: &[Settled], usage: &Usage, before: &Report) -> Outcome {
    let (mut after, mut usage) = (settled.to_vec(), usage.clone());
    let (mut notes, mut refused, mut done) = (Vec::new(), Vec::new(), 0);
    for change in changes {
        match change::make(*change, &mut after, &mut usage) {
            Ok(more) => {
                done += 1;
                notes.extend(change.notes().iter().map(|note| (*note).to_owned()).chain(more));
            }
            Err(why) => refused.push((change.name(), why)),
        }
    }
    let applied = (done > 0).then(|| {
        let after = priced(&after, &usage);
        Applied {
            total: after.total,
            saving: before.total.with(after.total, |before, after| before - after),
            // Only what the change brings counts: what is an estimate on both sides is taken away.
            estimate: super::compare(before, &after)
                .iter()
                .flat_map(|difference| &difference.lines)
                .any(|line| line.estimate),
        }
    });
    let names: Vec<&str> = changes.iter().map(|change| change.name()).collect();
    let alone = if let [one] = changes { Some(*one) } else { None };
    let without = refused.iter().map(|(name, _)| format!("without {name}, which cannot be made"));
    Outcome {
        name: names.join(","),
        what: alone.map_or("all of these together", WhatIf::what).to_owned(),
        why_not: match applied {
            Some(_) => None,
            None if alone.is_some() => refused.first().map(|(_, why)| why.clone()),
            None => Some("none of these can be made".to_owned()),
        },
        // What to know of each is told where it stands alone.
        notes: if alone.is_some() { notes } else { without.collect() },
        applied,
    }
}
