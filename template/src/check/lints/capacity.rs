//! What the tasks of a service run on.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::graph::{Edge, Element};
use crate::model::{Item, Model, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &BOTH, check: both },
    Lint { rule: &ONLY_SPOT, check: only_spot },
    Lint { rule: &NOT_ASSOCIATED, check: not_associated },
];

rule! {
    /// A launch type together with a capacity provider strategy.
    ///
    /// Each says where the tasks run, and ECS refuses both at once when the service is created: "Specifying both a
    /// launch type and capacity provider strategy is not supported".
    ///
    /// Remove `LaunchType`: the strategy with `FARGATE` or `FARGATE_SPOT` says it already.
    ///
    /// Source: [CreateService](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html).
    pub(super) BOTH = "DT037" Error;
}

/// Where tasks are told what to run on: the type and the way to `LaunchType` and `CapacityProviderStrategy`.
const PLACES: [(&str, &str); 5] = [
    ("AWS::ECS::Service", ""),
    ("AWS::ECS::TaskSet", ""),
    ("AWS::Events::Rule", "Targets"),
    ("AWS::Scheduler::Schedule", "Target"),
    ("AWS::Pipes::Pipe", "TargetParameters"),
];

fn both(model: &Model<'_>, found: &mut Findings) {
    for (type_name, way) in PLACES {
        for item in model.of_type(type_name) {
            let places = match way {
                "" => vec![item.properties()],
                "Targets" => targets(&item.get(way)),
                "TargetParameters" => item.get("TargetParameters.EcsTaskParameters"),
                _ => item.get("Target.EcsParameters"),
            };
            for place in places {
                for launch in place.get("LaunchType") {
                    let Some(name) = launch.text() else { continue };
                    for strategy in place.get("CapacityProviderStrategy") {
                        let items = strategy.items().unwrap_or_default();
                        if items.iter().any(|item| item.world().meets(launch.world())) {
                            found
                                .at(
                                    &launch,
                                    format!(
                                        "the launch type {name} stands beside a capacity provider strategy"
                                    ),
                                )
                                .hint("remove `LaunchType`; the capacity providers say where the tasks run");
                        }
                    }
                }
            }
        }
    }
}

fn targets<'m>(lists: &[Value<'m>]) -> Vec<Value<'m>> {
    lists.iter().filter_map(Value::items).flatten().flat_map(|target| target.get("EcsParameters")).collect()
}

rule! {
    /// A service that runs on Fargate Spot alone.
    ///
    /// AWS takes Spot capacity back with two minutes' warning, and it may take all of it in the same moment: then
    /// the service has no task at all until Spot comes back, and no alarm can start one.
    ///
    /// Keep a base on regular capacity: `{CapacityProvider: FARGATE, Base: 1, Weight: 0}` beside `FARGATE_SPOT`.
    ///
    /// Source: [Fargate capacity providers](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html).
    pub(super) ONLY_SPOT = "DT038" Warning;
}

fn only_spot(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        let own = service.0.get("CapacityProviderStrategy");
        let launches = service.0.get("LaunchType");
        for strategy in own.iter().filter(|strategy| !strategy.is_absent()) {
            report(strategy, found);
        }
        // Where nothing is said, the cluster decides.
        if own.iter().chain(&launches).all(Value::is_absent) {
            for cluster in service.0.get("Cluster").into_iter().filter_map(|cluster| cluster.target()) {
                for strategy in cluster.item.get("DefaultCapacityProviderStrategy") {
                    report(&strategy, found);
                }
            }
        }
    }
}

fn report(strategy: &Value<'_>, found: &mut Findings) {
    let Some(items) = strategy.items() else { return };
    let spot = items.iter().any(|item| is_provider(item, "FARGATE_SPOT"));
    if spot && items.iter().all(|item| is_provider(item, "FARGATE_SPOT") || is_unused(item)) {
        found
            .at(strategy, "every task runs on FARGATE_SPOT, which AWS may take back all at once")
            .hint("add `{CapacityProvider: FARGATE, Base: 1, Weight: 0}`");
    }
}

/// Whether the entry of a strategy is this provider, in every case.
fn is_provider(item: &Value<'_>, name: &str) -> bool {
    let providers = item.get("CapacityProvider");
    !providers.is_empty() && providers.iter().all(|provider| provider.is_text(name))
}

/// Whether the entry is given no task: both its base and its weight are 0.
fn is_unused(item: &Value<'_>) -> bool {
    let none = |value: &Value<'_>| value.is_absent() || value.number() == Some(0.0);
    item.get("Base").iter().all(none) && item.get("Weight").iter().all(none)
}

rule! {
    /// A capacity provider that the cluster does not have.
    ///
    /// `FARGATE` and `FARGATE_SPOT` are there in every account, but a service may name them in its strategy only if its
    /// cluster has them: ECS refuses the service otherwise.
    ///
    /// Add `CapacityProviders: [FARGATE, FARGATE_SPOT]` to the cluster, or say `LaunchType: FARGATE` instead of a
    /// strategy.
    ///
    /// Source: [Fargate capacity providers](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html),
    /// [CapacityProviderStrategyItem](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html).
    pub(super) NOT_ASSOCIATED = "DT143" Error;
}

fn not_associated(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        let strategies = service.0.get("CapacityProviderStrategy");
        let entries = strategies.iter().filter_map(Value::items).flatten();
        for provider in entries.flat_map(|entry| entry.get("CapacityProvider")) {
            let Some(name) = provider.text().filter(|name| ["FARGATE", "FARGATE_SPOT"].contains(&&**name))
            else {
                continue;
            };
            let clusters = service.0.get("Cluster").into_iter();
            let clusters = clusters.filter(|cluster| cluster.world().meets(provider.world()));
            let clusters = clusters.filter_map(|cluster| cluster.target());
            for cluster in clusters.filter(|cluster| cluster.item.is("AWS::ECS::Cluster")) {
                if has_not(cluster.item, &name) {
                    let id = cluster.item.id();
                    found
                        .at(&provider, format!("the cluster `{id}` has no capacity provider `{name}`"))
                        .hint(format!("add it to the `CapacityProviders` of `{id}`"));
                }
            }
        }
    }
}

/// Whether the cluster certainly has no such provider: nothing of the template can give it one.
fn has_not(cluster: Item<'_>, name: &str) -> bool {
    let model = cluster.model();
    let may_give = |edge: &Edge| match &edge.from {
        Element::Resource(id) => model.resource(id).is_none_or(|item| {
            let of = item.type_name();
            of == "AWS::ECS::ClusterCapacityProviderAssociations"
                || of.starts_with("AWS::CloudFormation::")
                || !of.starts_with("AWS::")
        }),
        _ => false,
    };
    // An association may name its cluster in another way than by reference.
    let is_given = model.of_type("AWS::ECS::ClusterCapacityProviderAssociations").next().is_some()
        || model.referrers(cluster.id()).any(may_give);
    let lists = cluster.get("CapacityProviders");
    let is_missing = |list: &Value<'_>| {
        let items = list.items();
        items.is_some_and(|items| items.iter().all(|item| item.text().is_some_and(|known| known != name)))
    };
    model.is_closed() && !is_given && !lists.is_empty() && lists.iter().all(is_missing)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::check::lints::testing::found;

    #[test]
    fn a_service_without_a_word_runs_as_its_cluster_says() {
        let text = "
Resources:
  Cluster:
    Type: AWS::ECS::Cluster
    Properties:
      DefaultCapacityProviderStrategy: [{CapacityProvider: FARGATE_SPOT, Weight: 1}, {CapacityProvider: FARGATE}]
  Service: {Type: 'AWS::ECS::Service', Properties: {Cluster: !Ref Cluster, TaskDefinition: 'a:1'}}
";
        assert_snapshot!(found("DT038", text), @"
        every task runs on FARGATE_SPOT, which AWS may take back all at once at Resources.Cluster.Properties.DefaultCapacityProviderStrategy (add `{CapacityProvider: FARGATE, Base: 1, Weight: 0}`)
        ");
        assert_eq!(found("DT038", &text.replace("FARGATE}", "FARGATE, Base: 1}")), "");
        assert_eq!(
            found("DT038", &text.replace("TaskDefinition", "LaunchType: FARGATE, TaskDefinition")),
            ""
        );
    }

    #[test]
    fn two_words_about_capacity_are_found_in_targets_too() {
        let parameters = "{LaunchType: FARGATE, CapacityProviderStrategy: [{CapacityProvider: FARGATE}]}";
        let rule = format!("{{Targets: [{{Id: a, Arn: b, EcsParameters: {parameters}}}]}}");
        let text = format!("Resources: {{Rule: {{Type: 'AWS::Events::Rule', Properties: {rule}}}}}");
        assert_snapshot!(found("DT037", &text), @"
        the launch type FARGATE stands beside a capacity provider strategy at Resources.Rule.Properties.Targets[0].EcsParameters.LaunchType (remove `LaunchType`; the capacity providers say where the tasks run)
        ");
    }
}
