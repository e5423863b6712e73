//! The ECS services whose number of tasks becomes another, or that go.

use std::collections::BTreeMap;

use serde::Serialize;

use super::elements::Elements;
use super::known::Known;
use super::rolls::{SERVICE, Scaled, TARGET, number, scaled};
use super::{Action, ResourceChange};
use crate::document::{Resource, Template};
use crate::graph::Edge;

/// A service that gets another number of tasks, that autoscaling counts in another way, or that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskCount {
    /// The service's logical ID.
    pub service: String,
    /// Changed; or removed, so that its tasks stop.
    pub action: Action,
    /// What the old template says.
    pub old: Wanted,
    /// What the new one says; of a service that goes, nothing.
    pub new: Wanted,
    /// Whether both numbers of tasks are known for certain; otherwise one is made of a parameter's default.
    pub certain: bool,
}

/// How many tasks a template wants of a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// `DesiredCount`, if it is given and known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<u64>,
    /// Whether a scalable target has the service, so that autoscaling owns the count.
    pub autoscaled: bool,
    /// Between which numbers it keeps them, if they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaled: Option<Scaled>,
}

impl TaskCount {
    /// Whether the service is told another number of tasks. (A number that is no longer given stays what it is.)
    pub fn is_told_another(&self) -> bool {
        self.new.tasks.is_some() && self.new.tasks != self.old.tasks
    }

    /// Whether autoscaling begins or ends to count, or has other bounds.
    pub fn is_scaled_otherwise(&self) -> bool {
        let both = self.old.scaled.zip(self.new.scaled);
        self.old.autoscaled != self.new.autoscaled || both.is_some_and(|(old, new)| old != new)
    }

    fn says_something(&self) -> bool {
        match self.action {
            Action::Removed => self.old.tasks != Some(0),
            _ => self.is_told_another() || self.is_scaled_otherwise(),
        }
    }
}

/// The bounds of autoscaling by service, `None` where they are not known.
type Bounds<'e> = BTreeMap<&'e str, Option<Scaled>>;

/// The services with another number of tasks, in the order of the old template.
pub(super) fn counts(
    old: &Template,
    new: &Template,
    edges: &[Edge],
    resources: &[ResourceChange],
    elements: &Elements<'_>,
) -> Vec<TaskCount> {
    let changes = |wanted: &str| resources.iter().any(|change| change.type_name == wanted);
    if !changes(SERVICE) && !changes(TARGET) {
        return Vec::new();
    }
    let [before, after] = elements.assumed();
    let after_bounds = scaled(new, edges, after);
    let graph = changes(TARGET).then(|| old.graph());
    let before_bounds = graph.as_ref().map(|graph| scaled(old, graph.edges(), before));
    let before_bounds = before_bounds.as_ref().unwrap_or(&after_bounds);
    let by_id: BTreeMap<&str, &ResourceChange> =
        resources.iter().map(|change| (change.id.as_str(), change)).collect();
    let services = old.resources.iter().filter(|(_, resource)| resource.type_name == SERVICE);
    let counted = services.filter_map(|(id, service)| {
        let change = by_id.get(id.as_str());
        let action = change.map_or(Action::Changed, |change| change.action);
        let goes = action == Action::Removed;
        if action == Action::Added || change.is_some_and(|change| change.dormant) {
            return None;
        }
        let next = new.resources.get(id).filter(|next| next.type_name == SERVICE && !goes);
        if !goes && next.is_none_or(|next| is_away(next, after)) {
            return None;
        }
        let sure = |[old, new]: [&Known<'_>; 2]| {
            (number(service, DESIRED, old), next.and_then(|next| number(next, DESIRED, new)))
        };
        Some(TaskCount {
            service: id.clone(),
            action,
            old: wanted(id, service, before_bounds, before),
            new: next.map(|next| wanted(id, next, &after_bounds, after)).unwrap_or_default(),
            certain: sure(elements.given.each_ref()) == sure([before, after]),
        })
    });
    counted.filter(TaskCount::says_something).collect()
}

const DESIRED: &str = "DesiredCount";

/// Whether its condition certainly does not hold.
fn is_away(resource: &Resource, known: &Known<'_>) -> bool {
    resource.condition.as_deref().is_some_and(|name| known.condition(name) == Some(false))
}

fn wanted(id: &str, service: &Resource, bounds: &Bounds<'_>, known: &Known<'_>) -> Wanted {
    let found = bounds.get(id);
    Wanted {
        tasks: number(service, DESIRED, known),
        autoscaled: found.is_some(),
        scaled: found.copied().flatten(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Changes, diff};
    use super::*;

    fn change(old: &str, new: &str) -> Changes {
        let template = |text: &str| Template::parse(text, "t.yaml").unwrap().template;
        diff(&template(old), &template(new))
    }

    fn told(old: &str, new: &str) -> Vec<String> {
        let side = |wanted: Wanted| {
            let bounds = wanted.scaled.map(|scaled| format!(" of {}-{}", scaled.least, scaled.most));
            let tasks = wanted.tasks.map_or("?".to_owned(), |tasks| tasks.to_string());
            tasks + if wanted.autoscaled { " scaled" } else { "" } + &bounds.unwrap_or_default()
        };
        let line = |one: &TaskCount| {
            let sure = if one.certain { "" } else { " by default" };
            format!("{} {:?}: {} -> {}{sure}", one.service, one.action, side(one.old), side(one.new))
        };
        change(old, new).task_counts.iter().map(line).collect()
    }

    const SCALED: &str = "
Parameters: {Count: {Type: Number, Default: 2}, Most: {Type: Number, Default: 10}}
Conditions: {Never: !Equals [a, b]}
Resources:
  S: {Type: AWS::ECS::Service, Properties: {DesiredCount: 2, TaskDefinition: t}}
  T: {Type: AWS::ApplicationAutoScaling::ScalableTarget, Properties: {MinCapacity: 1, MaxCapacity: !Ref Most, ResourceId: !Sub 'service/c/${S.Name}'}}
";

    /// The same without autoscaling.
    fn plain() -> &'static str {
        SCALED.split("  T:").next().unwrap()
    }

    #[test]
    fn another_number_of_tasks_is_told_also_where_none_is_left() {
        let counted = |count: &str| plain().replace("DesiredCount: 2", &format!("DesiredCount: {count}"));
        assert_eq!(told(&counted("2"), &counted("0")), ["S Changed: 2 -> 0"]);
        assert_eq!(told(&counted("0"), &counted("'3'")), ["S Changed: 0 -> 3"]);
        assert_eq!(told(&counted("2"), &counted("2").replace("n: t", "n: u")), [""; 0]);
        let no_longer = plain().replace("DesiredCount: 2, ", "");
        assert_eq!(told(plain(), &no_longer), [""; 0], "ECS keeps the number that it has");
        let by_default = counted("!Ref Count");
        let other = by_default.replace("Default: 2", "Default: 5");
        assert_eq!(told(&by_default, &other), ["S Changed: 2 -> 5 by default"]);
    }

    #[test]
    fn a_service_that_goes_stops_its_tasks() {
        let none = "Resources: {X: {Type: AWS::SNS::Topic}}";
        assert_eq!(told(SCALED, none), ["S Removed: 2 scaled of 1-10 -> ?"]);
        assert_eq!(told(none, SCALED), [""; 0]);
        let never = plain().replace("Service, P", "Service, Condition: Never, P");
        assert_eq!(told(plain(), &never), ["S Removed: 2 -> ?"]);
        assert_eq!(told(&never, &never.replace("Count: 2", "Count: 7")), [""; 0], "it is not there");
        assert_eq!(told(&plain().replace("DesiredCount: 2", "DesiredCount: 0"), none), [""; 0]);
    }

    #[test]
    fn other_bounds_of_autoscaling_and_its_beginning_and_end_are_told() {
        let most = |most: &str| SCALED.replace("!Ref Most", most);
        assert_eq!(told(&most("10"), &most("4")), ["S Changed: 2 scaled of 1-10 -> 2 scaled of 1-4"]);
        assert_eq!(told(plain(), SCALED), ["S Changed: 2 -> 2 scaled of 1-10"]);
        assert_eq!(told(SCALED, plain()), ["S Changed: 2 scaled of 1-10 -> 2"]);
        let by_default = SCALED.replace("Default: 10", "Default: 4");
        assert_eq!(told(SCALED, &by_default), ["S Changed: 2 scaled of 1-10 -> 2 scaled of 1-4"]);
        assert_eq!(told(SCALED, &most("!ImportValue x")), [""; 0], "only AWS knows");
        let own = SCALED.replace("DesiredCount: 2", "DesiredCount: 5");
        assert_eq!(told(SCALED, &own), ["S Changed: 2 scaled of 1-10 -> 5 scaled of 1-10"]);
    }
}
