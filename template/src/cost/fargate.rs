//! ECS services on Fargate: how many tasks there are, what they run on, and what that costs.

use super::money::{Amount, Band};
use super::prices::{self, Price, SPOT_PERCENT};
use super::report::Tasks;
use super::sheet::{Group, Sheet, Use};
use super::view::{Thing, Told};
use crate::model::ecs::{Container, TaskDefinition};
use crate::model::scaling::ScalableTarget;
use crate::model::{Item, Part, Value};

/// A part of the tasks that runs on one of Fargate's capacity providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Share {
    spot: bool,
    /// So many tasks are put here first.
    base: Amount,
    /// The others are spread by this.
    weight: Amount,
}

/// What a task is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) vcpu: Amount,
    pub(super) gb: Amount,
    pub(super) arm: bool,
    /// GB of storage beyond those that come with a task.
    storage: Amount,
}

/// The storage that comes with a task, in GB. Source: [Fargate pricing][aws].
///
/// [aws]: https://aws.amazon.com/fargate/pricing/
const FREE_STORAGE: Amount = Amount::whole(20);

/// Prices a service.
pub(super) fn service(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    if let Err(why) = priced(thing, sheet) {
        sheet.not_priced(thing, why);
    }
}

fn priced(thing: Thing<'_>, sheet: &mut Sheet<'_>) -> Result<(), String> {
    let shares = shares(thing)?;
    let task = task_definition(thing)?;
    let size = size(thing, task)?;
    let tasks = tasks(thing, sheet)?;
    let name = sheet.label(thing);
    let [on_demand, spot] = spread(&shares, tasks);
    let (vcpu_price, gb_price) = if size.arm {
        (&prices::FARGATE_ARM_VCPU, &prices::FARGATE_ARM_GB)
    } else {
        (&prices::FARGATE_VCPU, &prices::FARGATE_GB)
    };
    let arm = if size.arm { " ARM" } else { "" };
    let mut parts: Vec<(&str, &'static Price, Amount)> =
        vec![("vCPU", vcpu_price, size.vcpu), ("memory", gb_price, size.gb)];
    if !size.storage.is_zero() {
        parts.push(("storage over 20 GB", &prices::FARGATE_STORAGE, size.storage));
    }
    for (what, price, each) in parts {
        let number = |tasks: Band<Amount>| tasks.map(|tasks| tasks.times(each));
        if !on_demand.most.is_zero() || spot.most.is_zero() {
            let text = format!("{name} {what}{arm}");
            sheet.add_hours(thing, Group::Fargate, &text, price, number(on_demand));
        }
        if !spot.most.is_zero() {
            let text = format!("{name} {what}{arm}, Spot");
            sheet.add_hours_at(thing, Group::Fargate, &text, (price, SPOT_PERCENT), number(spot));
        }
    }
    addresses(thing, tasks, sheet);
    if logs_elsewhere(task) {
        sheet.uses(thing, Use::Log);
    }
    let spot = !spot.most.is_zero();
    sheet.tasks(Tasks { service: name, tasks, vcpu: size.vcpu, gb: size.gb, arm: size.arm, spot });
    Ok(())
}

/// The public addresses of tasks.
fn addresses(thing: Thing<'_>, tasks: Band<Amount>, sheet: &mut Sheet<'_>) {
    match thing.is("NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", "ENABLED", false) {
        Ok(false) => {}
        Ok(true) => {
            sheet.add_hours(thing, Group::Addresses, "addresses", &prices::ADDRESS_HOUR, tasks);
            sheet.uses(thing, Use::Out);
        }
        Err(why) => sheet.not_priced(thing, format!("public addresses of its tasks: {why}")),
    }
    sheet.uses(thing, Use::CrossZone);
}

/// Whether a container logs to a log group that is not in the template.
fn logs_elsewhere(task: Item<'_>) -> bool {
    let to_logs = |container: &Container<'_>| {
        let drivers = container.value.get("LogConfiguration.LogDriver");
        let groups = container.value.get("LogConfiguration.Options.awslogs-group");
        drivers.iter().any(|driver| driver.is_text("awslogs"))
            && groups.iter().all(|group| group.target().is_none())
    };
    TaskDefinition(task).containers().iter().any(to_logs)
}

/// The service's task definition.
pub(super) fn task_definition(thing: Thing<'_>) -> Result<Item<'_>, String> {
    let found = thing.target("TaskDefinition", "AWS::ECS::TaskDefinition")?;
    found.ok_or_else(|| "it has no task definition of its own".to_owned())
}

/// Where its tasks run, if that is Fargate.
fn shares(thing: Thing<'_>) -> Result<Vec<Share>, String> {
    if let Some(launch) = thing.text("LaunchType")? {
        return match launch.as_str() {
            "FARGATE" => Ok(vec![Share { spot: false, base: Amount::default(), weight: Amount::whole(1) }]),
            other => Err(elsewhere(other)),
        };
    }
    let own = thing.items("CapacityProviderStrategy")?;
    if !own.is_empty() {
        return strategy(thing, &own);
    }
    let cluster = match thing.target("Cluster", "AWS::ECS::Cluster")? {
        Some(cluster) => Thing { item: cluster, ..thing },
        None => return Err("it is in the default cluster, whose capacity is not known".to_owned()),
    };
    let of_cluster = cluster.items("DefaultCapacityProviderStrategy")?;
    if !of_cluster.is_empty() {
        return strategy(cluster, &of_cluster);
    }
    for item in thing.item.model().of_type("AWS::ECS::ClusterCapacityProviderAssociations") {
        let association = Thing { item, ..thing };
        if association.target("Cluster", "AWS::ECS::Cluster")? == Some(cluster.item) {
            return strategy(association, &association.items("DefaultCapacityProviderStrategy")?);
        }
    }
    Err(elsewhere("EC2"))
}

fn elsewhere(what: &str) -> String {
    format!("it runs on {what} and not on Fargate: what is paid for is what it runs on")
}

fn strategy(thing: Thing<'_>, items: &[Value<'_>]) -> Result<Vec<Share>, String> {
    let mut shares = Vec::new();
    for item in items {
        let number = |path| thing.number_of(path, thing.below(item, path)?);
        let provider = thing.text_of("CapacityProvider", thing.below(item, "CapacityProvider")?)?;
        let spot = match provider.as_deref() {
            Some("FARGATE") => false,
            Some("FARGATE_SPOT") => true,
            Some(other) => return Err(elsewhere(&format!("the capacity provider `{other}`"))),
            None => return Err("a capacity provider of its strategy has no name".to_owned()),
        };
        let (base, weight) = (number("Base")?.unwrap_or_default(), number("Weight")?.unwrap_or_default());
        shares.push(Share { spot, base, weight });
    }
    if shares.is_empty() { Err("its strategy names no capacity provider".to_owned()) } else { Ok(shares) }
}

/// How many tasks are on demand, and how many on Spot: those of the base first, the others by weight.
fn spread(shares: &[Share], tasks: Band<Amount>) -> [Band<Amount>; 2] {
    let on = |tasks: Amount, spot: bool| {
        let mut left = tasks;
        let mut number = Amount::default();
        for share in shares {
            let base = share.base.min(left);
            left = left.less(base);
            if share.spot == spot {
                number = number.plus(base);
            }
        }
        let weight = |of: &dyn Fn(&Share) -> bool| {
            let some = shares.iter().filter(|share| of(share)).map(|share| share.weight);
            some.fold(Amount::default(), Amount::plus)
        };
        let (own, all) = (weight(&|share| share.spot == spot), weight(&|_| true));
        // ECS has no rule for a strategy without weights; whoever is first is taken.
        let first = all.is_zero() && shares.first().is_some_and(|share| share.spot == spot);
        number.plus(if first { left } else { left.part(own, all) })
    };
    [false, true].map(|spot| tasks.map(|tasks| on(tasks, spot)))
}

/// How many tasks there are: as many as are declared, or as autoscaling lets there be.
fn tasks(thing: Thing<'_>, sheet: &mut Sheet<'_>) -> Result<Band<Amount>, String> {
    let Some((min, max)) = scaling(thing)? else {
        let declared = thing.number("DesiredCount")?;
        return Ok(Band::same(declared.unwrap_or(Amount::whole(1))));
    };
    let percent = sheet.assume("scaling_percent");
    let most = max.max(min);
    let expected = min.plus(most.less(min).part(percent, Amount::whole(100)));
    Ok(Band { least: min, expected, most })
}

/// Between how many tasks autoscaling keeps the service, if it does.
fn scaling(thing: Thing<'_>) -> Told<(Amount, Amount)> {
    let Some(target) = scalable_target(thing) else { return Ok(None) };
    let (min, max) = (target.number("MinCapacity")?, target.number("MaxCapacity")?);
    let both = min.zip(max).map(Some);
    both.ok_or_else(|| format!("`{}` does not say how many tasks there are", target.item.id()))
}

/// What scales the service, if something does.
pub(super) fn scalable_target(thing: Thing<'_>) -> Option<Thing<'_>> {
    let name = thing.text("ServiceName").ok().flatten();
    let is_own = |target: &ScalableTarget<'_>| {
        target.service_ids().iter().any(|(_, id)| match id.service.as_slice() {
            [Part::Target(part)] => part.item == thing.item,
            [Part::Literal(part)] => Some(part) == name.as_ref(),
            _ => false,
        })
    };
    let found = thing.item.model().scalable_targets().find(is_own);
    found.map(|target| Thing { item: target.0, ..thing })
}

/// What one of its tasks is.
fn size(thing: Thing<'_>, task: Item<'_>) -> Result<Size, String> {
    let task = Thing { item: task, ..thing };
    let family = task.text("RuntimePlatform.OperatingSystemFamily")?;
    if let Some(family) = family.filter(|family| family.starts_with("WINDOWS")) {
        return Err(format!("its tasks run on Windows (`{family}`), whose price is not known here"));
    }
    let read = |path: &'static str, of: fn(&str) -> Option<Amount>| {
        let text = task.text(path)?.ok_or_else(|| format!("`{}` has no `{path}`", task.item.id()))?;
        of(&text).ok_or_else(|| format!("`{path}` of `{}` is not understood: `{text}`", task.item.id()))
    };
    let storage = task.number("EphemeralStorage.SizeInGiB")?.unwrap_or_default();
    Ok(Size {
        vcpu: read("Cpu", vcpu)?,
        gb: read("Memory", gb)?,
        arm: task.is("RuntimePlatform.CpuArchitecture", "ARM64", false)?,
        storage: storage.less(FREE_STORAGE),
    })
}

/// Virtual CPUs of `512` or `.5 vCPU`.
pub(super) fn vcpu(text: &str) -> Option<Amount> {
    let text = text.trim().to_ascii_lowercase();
    match text.strip_suffix("vcpu") {
        Some(number) => Amount::parse(number.trim()),
        None => Some(Amount::fraction(text.parse().ok()?, 1024)),
    }
}

/// GB of `1024` or `1 GB`.
pub(super) fn gb(text: &str) -> Option<Amount> {
    let text = text.trim().to_ascii_lowercase();
    match text.strip_suffix("gb") {
        Some(number) => Amount::parse(number.trim()),
        None => Some(Amount::fraction(text.parse().ok()?, 1024)),
    }
}

/// Whether a service runs on Fargate, and not yet wholly on what `spot` says.
pub(super) fn is_fargate(thing: Thing<'_>) -> Option<bool> {
    let shares = shares(thing).ok()?;
    Some(shares.iter().any(|share| share.spot))
}

/// How many subnets its tasks may run in, if that is known.
pub(super) fn subnets(thing: Thing<'_>) -> Option<u64> {
    thing.count("NetworkConfiguration.AwsvpcConfiguration.Subnets").ok().filter(|count| *count > 0)
}

/// The least number of tasks that the service has.
pub(super) fn fewest(thing: Thing<'_>) -> Option<Amount> {
    match scaling(thing).ok()? {
        Some((min, _)) => Some(min),
        None => Some(thing.number("DesiredCount").ok()?.unwrap_or(Amount::whole(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_both_forms() {
        for (text, expected) in [("512", "0.5"), (".5 vCPU", "0.5"), ("1 vcpu", "1"), ("16384", "16")] {
            assert_eq!(vcpu(text).unwrap().to_string(), expected);
        }
        for (text, expected) in [("1024", "1"), ("0.5GB", "0.5"), ("2 GB", "2"), ("1536", "1.5")] {
            assert_eq!(gb(text).unwrap().to_string(), expected);
        }
        assert_eq!((vcpu("much"), gb("-1")), (None, None));
    }

    #[test]
    fn tasks_are_spread_by_base_and_weight() {
        let share =
            |spot, base, weight| Share { spot, base: Amount::whole(base), weight: Amount::whole(weight) };
        let on = |shares: &[Share], tasks| {
            spread(shares, Band::same(Amount::whole(tasks))).map(|band| band.expected.to_string())
        };
        assert_eq!(on(&[share(false, 0, 1)], 4), ["4", "0"]);
        assert_eq!(on(&[share(false, 1, 0), share(true, 0, 1)], 4), ["1", "3"]);
        assert_eq!(on(&[share(false, 1, 1), share(true, 0, 3)], 5), ["2", "3"]);
        assert_eq!(on(&[share(true, 0, 1)], 2), ["0", "2"]);
        assert_eq!(on(&[share(false, 2, 0)], 5), ["5", "0"]);
        assert_eq!(on(&[share(false, 9, 0), share(true, 0, 1)], 2), ["2", "0"]);
    }
}
