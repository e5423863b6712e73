//! In which order the containers of a task start.

use std::collections::BTreeMap;

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::ecs::{Container, TaskDefinition};
use crate::model::{Model, Value, World};

pub(super) static LINTS: &[Lint] = &[Lint { rule: &NEVER_STARTS, check: never_starts }];

rule! {
    /// A container that waits for what can never be.
    ///
    /// `DependsOn` with `HEALTHY` waits for the health check of the task definition (ECS does not look at the one in
    /// an image), with `COMPLETE` or `SUCCESS` for the end of a container, which ends the whole task if that one is
    /// essential; and containers that wait for each other start never.
    ///
    /// Add a `HealthCheck` to the container that is waited for, set `Essential: false` on one that runs and ends, or
    /// break the circle.
    ///
    /// Source: [ContainerDependency](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html).
    pub(super) NEVER_STARTS = "DT048" Error;
}

/// One entry of `DependsOn`.
struct Wait<'m> {
    name: Value<'m>,
    condition: Option<String>,
    /// The container that is waited for: its place in the task.
    on: usize,
    world: World<'m>,
}

fn never_starts(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        let containers = task.containers();
        let waits = waits(&containers);
        for wait in waits.iter().flatten() {
            let on = &containers[wait.on];
            let so = |values: Vec<Value<'_>>, is: &dyn Fn(&Value<'_>) -> bool| {
                let mut meeting =
                    values.into_iter().filter(|value| value.world().meets(&wait.world)).peekable();
                meeting.peek().is_some() && meeting.all(|value| is(&value))
            };
            match wait.condition.as_deref() {
                Some("HEALTHY") if so(on.value.get("HealthCheck"), &|value| value.is_absent()) => {
                    found
                        .at(
                            &wait.name,
                            format!("{} has no health check, so it never becomes healthy", on.shown()),
                        )
                        .hint("add a `HealthCheck` to it, or wait for `START`");
                }
                Some(end @ ("COMPLETE" | "SUCCESS")) if so(on.value.get("Essential"), &is_essential) => {
                    let shown = on.shown();
                    found
                        .at(
                            &wait.name,
                            format!("{shown} is essential: at its end ({end}) the whole task ends"),
                        )
                        .hint(format!("set `Essential: false` on {shown}"));
                }
                _ => {}
            }
        }
        circle(task, &containers, &waits, found);
    }
}

fn is_essential(value: &Value<'_>) -> bool {
    value.is_absent() || value.boolean() == Some(true)
}

/// For each container what it waits for, as far as that is known.
fn waits<'m>(containers: &[Container<'m>]) -> Vec<Vec<Wait<'m>>> {
    let places: BTreeMap<String, usize> = containers
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(place, container)| Some((container.name()?, place)))
        .collect();
    let of = |container: &Container<'m>| {
        let mut all = Vec::new();
        for entry in container.entries("DependsOn") {
            for name in entry.get("ContainerName") {
                let Some(on) = name.text().and_then(|text| places.get(&text).copied()) else { continue };
                for condition in entry.get("Condition") {
                    let Some(world) = name.world().and(condition.world()) else { continue };
                    all.push(Wait { name: name.clone(), condition: condition.text(), on, world });
                }
            }
        }
        all
    };
    containers.iter().map(of).collect()
}

/// Reports the circles of containers that wait for each other.
fn circle(
    task: TaskDefinition<'_>,
    containers: &[Container<'_>],
    waits: &[Vec<Wait<'_>>],
    found: &mut Findings,
) {
    let mut done = vec![false; containers.len()];
    let mut on_way = vec![false; containers.len()];
    for start in 0..containers.len() {
        // The containers on the way from the start, each with the place of the wait that is looked at next.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((here, next)) = way.last_mut() {
            on_way[*here] = true;
            if done[*here] || *next == waits[*here].len() {
                done[*here] = true;
                on_way[*here] = false;
                way.pop();
                continue;
            }
            let wait = &waits[*here][*next];
            *next += 1;
            if !on_way[wait.on] {
                way.push((wait.on, 0));
                continue;
            }
            let from = way.iter().position(|(place, _)| *place == wait.on).unwrap_or_default();
            let round = &way[from..];
            if can_be(task, round, waits) {
                let names: Vec<_> = round.iter().map(|(place, _)| containers[*place].shown()).collect();
                found
                    .at(
                        &wait.name,
                        format!("containers wait for each other and never start: {}", names.join(", ")),
                    )
                    .hint("remove one of the `DependsOn` of the circle");
            }
        }
    }
}

/// Whether all the waits on the way round can be at the same time.
fn can_be(task: TaskDefinition<'_>, round: &[(usize, usize)], waits: &[Vec<Wait<'_>>]) -> bool {
    let mut worlds = round.iter().map(|(place, next)| &waits[*place][*next - 1].world);
    worlds.try_fold(task.0.world(), |all, world| all.and(world)).is_some()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::check::lints::testing::found;

    fn task(containers: &str) -> String {
        format!(
            "
Parameters: {{First: {{Type: String}}}}
Conditions: {{IsFirst: !Equals [!Ref First, 'yes']}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:{containers}
"
        )
    }

    #[test]
    fn a_circle_is_found_once_and_only_if_it_can_be() {
        let circle = task(
            "
        - {Name: a, DependsOn: [{ContainerName: b, Condition: START}]}
        - {Name: b, DependsOn: [{ContainerName: c, Condition: START}]}
        - {Name: c, DependsOn: [{ContainerName: b, Condition: START}]}
        - {Name: d, DependsOn: [{ContainerName: d, Condition: START}]}",
        );
        assert_snapshot!(found("DT048", &circle), @"
        containers wait for each other and never start: the container `b`, the container `c` at Resources.Task.Properties.ContainerDefinitions[2].DependsOn[0].ContainerName (remove one of the `DependsOn` of the circle)
        containers wait for each other and never start: the container `d` at Resources.Task.Properties.ContainerDefinitions[3].DependsOn[0].ContainerName (remove one of the `DependsOn` of the circle)
        ");
        let either = task(
            "
        - {Name: a, DependsOn: [!If [IsFirst, {ContainerName: b, Condition: START}, !Ref AWS::NoValue]]}
        - {Name: b, DependsOn: [!If [IsFirst, !Ref AWS::NoValue, {ContainerName: a, Condition: START}]]}",
        );
        assert_eq!(found("DT048", &either), "");
    }

    #[test]
    fn the_end_of_an_essential_container_ends_the_task() {
        let ends = |essential: &str| {
            found(
                "DT048",
                &task(&format!(
                    "
        - {{Name: a, DependsOn: [{{ContainerName: init, Condition: SUCCESS}}]}}
        - {{Name: init{essential}}}"
                )),
            )
        };
        assert_eq!(ends(", Essential: false"), "");
        assert_eq!(ends(", Essential: !If [IsFirst, true, false]"), "");
        assert_snapshot!(ends(""), @"
        the container `init` is essential: at its end (SUCCESS) the whole task ends at Resources.Task.Properties.ContainerDefinitions[0].DependsOn[0].ContainerName (set `Essential: false` on the container `init`)
        ");
    }
}
