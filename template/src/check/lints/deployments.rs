//! How a service replaces its tasks.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::ecs::{LoadBalancer, Service};
use crate::model::{Model, Value, World};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &NO_CIRCUIT_BREAKER, check: no_circuit_breaker },
    Lint { rule: &NOT_ROLLING, check: not_rolling },
    Lint { rule: &NO_ALTERNATE, check: no_alternate },
    Lint { rule: &TOO_LONG, check: too_long },
    Lint { rule: &CANNOT_MOVE, check: cannot_move },
    Lint { rule: &NO_GRACE, check: no_grace },
];

rule! {
    /// A rolling deployment that nobody stops when its tasks fail.
    ///
    /// Without a deployment circuit breaker, ECS starts tasks that crash again and again, and CloudFormation waits
    /// for a service that never becomes stable: up to three hours, then the rollback has to wait as well.
    ///
    /// Set `DeploymentConfiguration.DeploymentCircuitBreaker` to `{Enable: true, Rollback: true}`, or name an alarm in
    /// `DeploymentConfiguration.Alarms` that sees tasks which do not start: one that counts what tasks answer does not.
    ///
    /// Source: [How the circuit breaker detects failures](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html).
    pub(super) NO_CIRCUIT_BREAKER = "DT031" Warning;
}

fn no_circuit_breaker(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        if service.0.get("SchedulingStrategy").iter().any(|strategy| !is_replica(strategy))
            || is_classic(service)
        {
            continue;
        }
        for breaker in service.0.get("DeploymentConfiguration.DeploymentCircuitBreaker.Enable") {
            let off = breaker.is_absent() || breaker.boolean() == Some(false);
            let world = breaker.world();
            let alarms = service.0.get("DeploymentConfiguration.Alarms.Enable");
            let watched = |alarm: &Value<'_>| alarm.world().meets(world) && is_on_or_unknown(alarm);
            let is_watched = alarms.iter().any(watched);
            if !off || (is_watched && may_notice(service)) {
                continue;
            }
            let Some(world) = in_case(world, &service.controllers(), "ECS") else { continue };
            if in_case(&world, &service.strategies(), "ROLLING").is_some() {
                let alarms = if is_watched { "and alarms only on what tasks answer" } else { "no alarms" };
                let problem = "nothing stops a deployment whose tasks do not start: no circuit breaker";
                found
                    .at(&breaker, format!("{problem}, {alarms}"))
                    .hint("set `DeploymentCircuitBreaker` to `{Enable: true, Rollback: true}`");
            }
        }
    }
}

/// Whether an alarm of the service's deployments may notice tasks that do not start. What is only measured of
/// answers is then measured of the old tasks, which still answer, or of nothing.
///
/// Source: [Metrics of application load balancers](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html).
fn may_notice(service: Service<'_>) -> bool {
    let is_of_answers = |name: &Value<'_>| {
        let alarm = name.target().map(|target| target.item).filter(|item| item.is("AWS::CloudWatch::Alarm"));
        alarm.is_some_and(|alarm| {
            let metric = alarm.text("MetricName").unwrap_or_default();
            (metric.starts_with("HTTPCode_Target_") || metric == "TargetResponseTime")
                && alarm.get("TreatMissingData").iter().all(|missing| {
                    missing.is_absent() || missing.text().is_some_and(|text| text != "breaching")
                })
        })
    };
    let names = service.0.get("DeploymentConfiguration.Alarms.AlarmNames");
    names.iter().any(|list| list.items().is_none_or(|names| !names.iter().all(is_of_answers)))
}

fn is_replica(strategy: &Value<'_>) -> bool {
    strategy.is_absent() || strategy.is_text("REPLICA")
}

/// Whether a load balancer of the first generation is attached: circuit breakers do not work with it.
fn is_classic(service: Service<'_>) -> bool {
    let names =
        service.load_balancers().into_iter().flat_map(|balancer| balancer.value.get("LoadBalancerName"));
    names.into_iter().any(|name| !name.is_absent())
}

fn is_on_or_unknown(value: &Value<'_>) -> bool {
    value.boolean() == Some(true) || value.is_unknown()
}

/// The part of `world` in which it is this case, if there is one.
fn in_case<'m>(world: &World<'m>, cases: &[(Option<String>, World<'m>)], wanted: &str) -> Option<World<'m>> {
    cases.iter().filter(|(text, _)| text.as_deref() == Some(wanted)).find_map(|(_, case)| world.and(case))
}

rule! {
    /// A setting of ECS's own deployments with another deployment controller.
    ///
    /// The circuit breaker, and the strategies `BLUE_GREEN`, `LINEAR` and `CANARY`, belong to the deployment
    /// controller `ECS`. With `CODE_DEPLOY` or `EXTERNAL` somebody else decides how tasks are replaced, and ECS
    /// refuses the service when it is created.
    ///
    /// Remove the setting, or remove `DeploymentController`: ECS's own blue/green needs no CodeDeploy.
    ///
    /// Source: [DeploymentCircuitBreaker](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html),
    /// [DeploymentController](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentController.html).
    pub(super) NOT_ROLLING = "DT032" Error;
}

fn not_rolling(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        let controllers = service.controllers();
        let other = |world: &World<'_>| {
            ["CODE_DEPLOY", "EXTERNAL"].into_iter().find(|name| {
                controllers.iter().any(|(text, case)| text.as_deref() == Some(name) && case.meets(world))
            })
        };
        for breaker in service.0.get("DeploymentConfiguration.DeploymentCircuitBreaker.Enable") {
            if breaker.boolean() == Some(true)
                && let Some(controller) = other(breaker.world())
            {
                found
                    .at(&breaker, format!("the deployment controller {controller} has no circuit breaker"))
                    .hint("remove `DeploymentCircuitBreaker`, or remove `DeploymentController` to let ECS deploy");
            }
        }
        for strategy in service.0.get("DeploymentConfiguration.Strategy") {
            if is_shifting(&strategy)
                && let Some(controller) = other(strategy.world())
            {
                let name = strategy.shown();
                found
                    .at(&strategy, format!("the deployment controller {controller} knows no strategy {name}"))
                    .hint("remove `DeploymentController`: this strategy is ECS's own");
            }
        }
    }
}

/// Whether the strategy shifts traffic from one set of tasks to another.
fn is_shifting(strategy: &Value<'_>) -> bool {
    ["BLUE_GREEN", "LINEAR", "CANARY"].into_iter().any(|name| strategy.is_text(name))
}

rule! {
    /// A blue/green deployment without a second target group.
    ///
    /// With the strategy `BLUE_GREEN`, `LINEAR` or `CANARY`, each load balancer of the service needs
    /// `AdvancedConfiguration`: the target group of the other colour, the listener rule between them, and the role
    /// that shifts the traffic. ECS refuses the service without.
    ///
    /// Add `AdvancedConfiguration` with `AlternateTargetGroupArn`, `ProductionListenerRule` (the ARN of a rule, not
    /// of the listener, for an application load balancer) and `RoleArn`.
    ///
    /// Source: [Required resources for blue/green](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-implementation.html).
    pub(super) NO_ALTERNATE = "DT033" Error;
}

fn no_alternate(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        for strategy in
            service.0.get("DeploymentConfiguration.Strategy").iter().filter(|value| is_shifting(value))
        {
            for LoadBalancer { value, .. } in service.load_balancers() {
                let groups = value.get("TargetGroupArn");
                for advanced in value.get("AdvancedConfiguration") {
                    let Some(world) = advanced.world().and(strategy.world()) else { continue };
                    let has_group =
                        groups.iter().any(|group| !group.is_absent() && group.world().meets(&world));
                    if advanced.is_absent() && has_group {
                        let name = strategy.shown();
                        found
                            .at(&value, format!("a {name} deployment needs `AdvancedConfiguration` here"))
                            .hint("name `AlternateTargetGroupArn`, `ProductionListenerRule` and `RoleArn`");
                    }
                }
            }
        }
    }
}

rule! {
    /// A canary or linear deployment that takes more than 33 hours.
    ///
    /// An operation of CloudFormation ends after 36 hours, so it refuses a service whose deployments are planned to
    /// take more than 33: for `CANARY` the two bake times together, for `LINEAR` the bake time of each step but the
    /// last and the one at the end.
    ///
    /// Shorten `BakeTimeInMinutes`, `CanaryBakeTimeInMinutes` or `StepBakeTimeInMinutes`, or take larger steps.
    ///
    /// Source: [CanaryConfiguration](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-ecs-service-canaryconfiguration.html),
    /// [LinearConfiguration](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-linearconfiguration.html).
    pub(super) TOO_LONG = "DT034" Error;
}

/// What CloudFormation accepts at most, in minutes. Source: see [`TOO_LONG`].
const MOST_MINUTES: f64 = 33.0 * 60.0;

fn too_long(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        for strategy in service.0.get("DeploymentConfiguration.Strategy") {
            let part = match strategy.text().as_deref() {
                Some("CANARY") => "DeploymentConfiguration.CanaryConfiguration.CanaryBakeTimeInMinutes",
                Some("LINEAR") => "DeploymentConfiguration.LinearConfiguration.StepBakeTimeInMinutes",
                _ => continue,
            };
            let steps =
                if strategy.is_text("LINEAR") { least_steps(service, strategy.world()) } else { Some(1.0) };
            for bake in service.0.get("DeploymentConfiguration.BakeTimeInMinutes") {
                for each in service.0.get(part) {
                    let world = bake.world().and(each.world()).and_then(|world| world.and(strategy.world()));
                    let (Some(_), Some(steps), Some(minutes)) = (world, steps, each.number()) else {
                        continue;
                    };
                    let total = bake.number().unwrap_or(0.0) + minutes * steps;
                    if total > MOST_MINUTES {
                        let name = strategy.shown();
                        found
                            .at(&each, format!("a {name} deployment bakes for {total} minutes, {MOST_MINUTES} are the most"))
                            .hint("shorten the bake times until together they are at most 33 hours");
                    }
                }
            }
        }
    }
}

/// How many bake times the steps of a linear deployment take, at least; `None` if that is not known.
fn least_steps(service: Service<'_>, world: &World<'_>) -> Option<f64> {
    // Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinearConfiguration.html
    const DEFAULT_PERCENT: f64 = 10.0;
    let percents = service.0.get("DeploymentConfiguration.LinearConfiguration.StepPercent");
    let of = |value: &Value<'_>| {
        let percent = if value.is_absent() {
            DEFAULT_PERCENT
        } else {
            value.number().filter(|percent| *percent > 0.0)?
        };
        let steps = 100.0 / percent;
        Some(if steps.fract() == 0.0 { steps - 1.0 } else { steps.floor() })
    };
    let all: Option<Vec<f64>> = percents.iter().filter(|value| value.world().meets(world)).map(of).collect();
    all?.into_iter().min_by(f64::total_cmp)
}

rule! {
    /// A rolling deployment that may neither stop a task nor start one.
    ///
    /// With `MinimumHealthyPercent` and `MaximumPercent` both 100, no old task may stop before a new one runs, and no
    /// new one may start before an old one stops. ECS refuses this, because no deployment could ever move.
    ///
    /// Raise `MaximumPercent` to 200 (new tasks start first), or lower `MinimumHealthyPercent` (old ones stop first).
    ///
    /// Source: [DeploymentConfiguration](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html).
    pub(super) CANNOT_MOVE = "DT035" Error;
}

fn cannot_move(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        for most in service.0.get("DeploymentConfiguration.MaximumPercent") {
            for least in service.0.get("DeploymentConfiguration.MinimumHealthyPercent") {
                let (Some(upper), Some(lower)) = (most.number(), least.number()) else { continue };
                let Some(world) = most.world().and(least.world()) else { continue };
                if upper > 100.0 || lower < 100.0 {
                    continue;
                }
                let Some(world) = in_case(&world, &service.controllers(), "ECS") else { continue };
                if in_case(&world, &service.strategies(), "ROLLING").is_some() {
                    found
                        .at(
                            &most,
                            format!(
                                "at most {upper}% and at least {lower}% of the tasks: no deployment can move"
                            ),
                        )
                        .hint("set `MaximumPercent` to 200, or `MinimumHealthyPercent` below 100");
                }
            }
        }
    }
}

rule! {
    /// A service that counts failed health checks from the first second.
    ///
    /// `HealthCheckGracePeriodSeconds` is 0 if nothing is said: ECS stops a task whose load balancer finds it
    /// unhealthy while it still starts. Where the template itself says that starting takes time (a container's health
    /// check has a `StartPeriod`, or the target group warms up with `slow_start.duration_seconds`), the tasks may be
    /// stopped again and again.
    ///
    /// Set `HealthCheckGracePeriodSeconds` to the time that a task takes until it answers.
    ///
    /// Source: [HealthCheckGracePeriodSeconds](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html).
    pub(super) NO_GRACE = "DT036" Warning;
}

fn no_grace(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        for grace in service.0.get("HealthCheckGracePeriodSeconds") {
            if !grace.is_absent() && grace.number() != Some(0.0) {
                continue;
            }
            for balancer in service.load_balancers() {
                let Some(world) = balancer.value.world().and(grace.world()) else { continue };
                if let Some(why) = slow_start(&balancer, &world) {
                    found.at(&grace, format!("no time is given to a starting task, although {why}")).hint(
                        "set `HealthCheckGracePeriodSeconds` to the seconds that a task takes to start",
                    );
                }
            }
        }
    }
}

/// What says that tasks behind the load balancer start slowly.
fn slow_start(balancer: &LoadBalancer<'_>, world: &World<'_>) -> Option<String> {
    let name = balancer.value.get("ContainerName").iter().find_map(Value::text);
    for (task, _) in balancer.service.task_definitions() {
        for container in
            task.containers().iter().filter(|container| container.name() == name && name.is_some())
        {
            for period in container.value.get("HealthCheck.StartPeriod") {
                if period.number().is_some_and(|seconds| seconds > 0.0) && period.world().meets(world) {
                    return Some(format!(
                        "{} has {} seconds to become healthy",
                        container.shown(),
                        period.shown()
                    ));
                }
            }
        }
    }
    let groups = balancer.target_groups().into_iter();
    groups.filter(|(_, group_world)| group_world.meets(world)).find_map(|(group, _)| {
        let attributes = group.item.get("TargetGroupAttributes");
        let slow = attributes.iter().filter_map(Value::items).flatten().find(|attribute| {
            let seconds = attribute.get("Value").iter().find_map(Value::number).unwrap_or(0.0);
            seconds > 0.0 && attribute.get("Key").iter().any(|key| key.is_text("slow_start.duration_seconds"))
        })?;
        let seconds = slow.get("Value").iter().map(Value::shown).next().unwrap_or_default();
        Some(format!("`{}` warms up for {seconds} seconds", group.item.id()))
    })
}

#[cfg(test)]
mod tests;
