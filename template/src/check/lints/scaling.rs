//! Whether what shall be scaled can be.

use std::collections::BTreeMap;

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::naming::{Match, Names};
use crate::model::scaling::ServiceId;
use crate::model::{Item, Model, Part, Text, Value, World};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &DESIRED_COUNT, check: desired_count },
    Lint { rule: &RESOURCE_LABEL, check: resource_label },
    Lint { rule: &NO_SUCH_SERVICE, check: no_such_service },
    Lint { rule: &LIMITS, check: limits },
    Lint { rule: &TWICE, check: twice },
];

rule! {
    /// A desired count on a service that is scaled.
    ///
    /// Each update of the service, such as a new image, sets the count back to the template's: in the middle of the
    /// day's load a deployment stops the tasks that auto scaling had started, and it takes minutes until they are back.
    ///
    /// Leave `DesiredCount` out: a new service then starts with one task, and the scalable target's `MinCapacity`
    /// lifts it at once.
    ///
    /// Source: [AWS::ECS::Service](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html#cfn-ecs-service-desiredcount),
    /// [service auto scaling](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html).
    pub(super) DESIRED_COUNT = "DT094" Warning;
}

rule! {
    /// A resource label that is not made of full names.
    ///
    /// `ALBRequestCountPerTarget` finds its metric by `app/name/id/targetgroup/name/id`: the full name of the load
    /// balancer, a slash, and that of the target group. Application Auto Scaling refuses a label of another form, such
    /// as one with ARNs in it.
    ///
    /// Write `!Sub "${Alb.LoadBalancerFullName}/${Group.TargetGroupFullName}"`, and let the policy depend on the
    /// listener or rule that forwards to the group.
    ///
    /// Source: [PredefinedMetricSpecification](https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html).
    pub(super) RESOURCE_LABEL = "DT095" Error;
}

rule! {
    /// A scalable target for a service that does not exist.
    ///
    /// The resource ID of an ECS service is `service/cluster/name`. A service without `ServiceName` gets a name with
    /// random letters, so a name that is written down, on a cluster of this template's services, is nobody's: `ECS service
    /// doesn't exist`. An ARN in the place of a name, which `Ref` gives for a service, is none either.
    ///
    /// Write `!Sub "service/${Cluster}/${Service.Name}"`.
    ///
    /// Source: [AWS::ApplicationAutoScaling::ScalableTarget](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalabletarget.html).
    pub(super) NO_SUCH_SERVICE = "DT096" Error;
}

rule! {
    /// A minimum above the maximum.
    ///
    /// Auto scaling refuses a target, and a group of instances, whose least capacity is more than its most, and a group
    /// whose desired capacity is not between them.
    ///
    /// Correct the numbers; where they are parameters, their defaults.
    ///
    /// Source: [RegisterScalableTarget](https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html),
    /// [AWS::AutoScaling::AutoScalingGroup](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-autoscalinggroup.html).
    pub(super) LIMITS = "DT097" Error;
}

rule! {
    /// The same thing is a scalable target twice.
    ///
    /// A resource has one minimum and one maximum for each dimension: whichever of the two is registered last wins,
    /// and when one of them is removed from the template, the resource is no longer scaled at all.
    ///
    /// Keep one scalable target, and give it both policies.
    ///
    /// Source: [RegisterScalableTarget](https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html).
    pub(super) TWICE = "DT098" Warning;
}

const SERVICE: &str = "AWS::ECS::Service";

fn desired_count(model: &Model<'_>, found: &mut Findings) {
    let names = model.names(SERVICE, "ServiceName");
    for target in model.scalable_targets() {
        for (_, id) in target.service_ids() {
            for service in services(&names, &id) {
                let counts = service.get("DesiredCount").into_iter();
                for count in counts.filter(|count| !count.is_absent() && count.world().meets(&id.text.world))
                {
                    let (id, by) = (service.id(), target.0.id());
                    found
                        .at(
                            &count,
                            format!(
                                "each deployment sets `{id}` back to this count, although `{by}` scales it"
                            ),
                        )
                        .hint("leave `DesiredCount` out");
                }
            }
        }
    }
}

/// The services of the template that a resource ID names.
fn services<'m>(names: &Names<'m>, id: &ServiceId<'m>) -> Vec<Item<'m>> {
    match id.service.as_slice() {
        [Part::Target(target)] if target.item.is(SERVICE) => vec![target.item],
        [Part::Literal(name)] => names.of(name).iter().map(|(item, _)| *item).collect(),
        _ => Vec::new(),
    }
}

fn resource_label(model: &Model<'_>, found: &mut Findings) {
    const PLACES: &[(&str, &str)] = &[
        (
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification",
        ),
        ("AWS::AutoScaling::ScalingPolicy", "TargetTrackingConfiguration.PredefinedMetricSpecification"),
    ];
    for (type_name, place) in PLACES {
        for metric in model.of_type(type_name).flat_map(|policy| policy.get(place)) {
            let is_count = |kind: &Value<'_>| kind.is_text("ALBRequestCountPerTarget");
            if !metric.get("PredefinedMetricType").iter().any(is_count) {
                continue;
            }
            for label in metric.get("ResourceLabel") {
                let wrong = if label.is_absent() {
                    Some("there is none".to_owned())
                } else {
                    label.texts().iter().find_map(wrong_label)
                };
                if let Some(wrong) = wrong {
                    found
                        .at(&label, format!("the resource label is not that of a target group: {wrong}"))
                        .hint("write `!Sub \"${Alb.LoadBalancerFullName}/${Group.TargetGroupFullName}\"`");
                }
            }
        }
    }
}

/// What is wrong with a label, if that can be said.
fn wrong_label(label: &Text<'_>) -> Option<String> {
    let mut full_names = Vec::new();
    for part in &label.parts {
        match part {
            Part::Literal(text) if text.contains("arn:") => {
                return Some(format!("`{label}` has an ARN in it"));
            }
            Part::Target(target) if target.item.type_name().starts_with("AWS::ElasticLoadBalancingV2::") => {
                match target.attribute {
                    Some("LoadBalancerFullName" | "TargetGroupFullName") => {
                        full_names.push(target.attribute);
                    }
                    _ => return Some(format!("`{target}` is no full name")),
                }
            }
            Part::Literal(_) | Part::Target(_) | Part::Pseudo(_) | Part::Unknown(_) => {}
        }
    }
    if full_names == [Some("TargetGroupFullName"), Some("LoadBalancerFullName")] {
        return Some("the load balancer comes first".to_owned());
    }
    label
        .literal()
        .filter(|text| !text.is_empty() && !is_label(text))
        .map(|text| format!("`{text}` is no pair of full names"))
}

/// `app/name/id/targetgroup/name/id`.
fn is_label(text: &str) -> bool {
    let is_id = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.split('/').collect::<Vec<_>>().as_slice() {
        ["app", _, balancer, "targetgroup", _, group] => is_id(balancer) && is_id(group),
        _ => false,
    }
}

fn no_such_service(model: &Model<'_>, found: &mut Findings) {
    let names = model.names(SERVICE, "ServiceName");
    for target in model.scalable_targets() {
        for (value, id) in target.service_ids() {
            let is_ours = model.is_closed() && is_cluster_of_ours(model, &id);
            if let Some(wrong) = wrong_service(&names, is_ours, &id).or_else(|| wrong_cluster(&id)) {
                found.at(&value, wrong).hint("write `!Sub \"service/${Cluster}/${Service.Name}\"`");
            }
        }
    }
}

/// Whether services of this template run on the cluster: the same resource, parameter or name. On another cluster may
/// be services of another stack.
fn is_cluster_of_ours(model: &Model<'_>, id: &ServiceId<'_>) -> bool {
    model.services().any(|service| {
        service.0.get("Cluster").iter().flat_map(Value::texts).any(|cluster| {
            match (&cluster.parts[..], &id.cluster[..]) {
                ([Part::Target(one)], [Part::Target(other)]) => one.item == other.item,
                (one, other) => one == other,
            }
        })
    })
}

fn wrong_service(names: &Names<'_>, is_ours: bool, id: &ServiceId<'_>) -> Option<String> {
    match id.service.as_slice() {
        [Part::Literal(name)] if is_ours => {
            let is_nobodys = names.has(name) == Some(Match::No);
            is_nobodys.then(|| format!("no service of this template is named `{name}`"))
        }
        [Part::Target(target)] if target.item.is(SERVICE) => (target.attribute != Some("Name"))
            .then(|| format!("`{target}` is the service's ARN, not its name")),
        _ => None,
    }
}

fn wrong_cluster(id: &ServiceId<'_>) -> Option<String> {
    if let [Part::Target(cluster)] = id.cluster.as_slice()
        && cluster.item.is("AWS::ECS::Cluster")
        && cluster.attribute == Some("Arn")
    {
        return Some(format!("`{cluster}` is the cluster's ARN, not its name"));
    }
    let [Part::Target(service)] = id.service.as_slice() else { return None };
    let own = service.item.get("Cluster").into_iter().find(|own| own.world().meets(&id.text.world))?;
    let own = own.target().filter(|own| own.item.is("AWS::ECS::Cluster"))?.item;
    let is_other = match id.cluster.as_slice() {
        [Part::Literal(name)] => own.is_named("ClusterName", name) == Match::No,
        [Part::Target(cluster)] => cluster.item != own && cluster.item.is("AWS::ECS::Cluster"),
        _ => false,
    };
    is_other.then(|| format!("`{}` runs in the cluster `{}`, not in this one", service.item.id(), own.id()))
}

fn limits(model: &Model<'_>, found: &mut Findings) {
    for target in model.scalable_targets() {
        ordered(target.0, "MinCapacity", "MaxCapacity", found);
    }
    for group in model.of_type("AWS::AutoScaling::AutoScalingGroup") {
        ordered(group, "MinSize", "MaxSize", found);
        ordered(group, "MinSize", "DesiredCapacity", found);
        ordered(group, "DesiredCapacity", "MaxSize", found);
    }
}

fn ordered(item: Item<'_>, least: &'static str, most: &'static str, found: &mut Findings) {
    for low in item.get(least) {
        for high in item.get(most).iter().filter(|high| high.world().meets(low.world())) {
            let (Some(below), Some(above)) = (low.number(), high.number()) else { continue };
            if below > above {
                found
                    .at(&low, format!("`{least}` is {below}, and `{most}` only {above}"))
                    .hint(format!("let `{least}` be at most `{most}`"));
            }
        }
    }
}

fn twice(model: &Model<'_>, found: &mut Findings) {
    let mut known: BTreeMap<(String, String), Vec<(Item<'_>, World<'_>)>> = BTreeMap::new();
    for target in model.scalable_targets() {
        let Some(dimension) = target.0.text("ScalableDimension") else { continue };
        for value in target.0.get("ResourceId") {
            for text in value.texts().into_iter().filter(|text| !text.has_unknown()) {
                let before = known.entry((text.to_string(), dimension.clone())).or_default();
                let other =
                    before.iter().find(|(other, world)| *other != target.0 && world.meets(&text.world));
                match other {
                    Some((other, _)) => {
                        found
                            .at(&value, format!("`{}` already scales `{dimension}` of this", other.id()))
                            .hint("keep one of the two, with the policies of both");
                    }
                    None => before.push((target.0, text.world.clone())),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_label;
    use crate::check::lints::testing::codes;

    /// A service and a scalable target for it.
    fn scaled(service: &str, id: &str) -> Vec<String> {
        codes(&format!(
            "
Resources:
  Cluster: {{Type: AWS::ECS::Cluster}}
  Second: {{Type: AWS::ECS::Cluster}}
  Service: {{Type: AWS::ECS::Service, Properties: {{Cluster: !Ref Cluster, TaskDefinition: web{service}}}}}
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: ecs
      ScalableDimension: ecs:service:DesiredCount
      ResourceId: {id}
      MinCapacity: 1
      MaxCapacity: 2
"
        ))
    }

    #[test]
    fn a_service_may_be_scaled_by_the_name_it_is_given() {
        let id = "!Sub service/${Cluster}/web";
        assert!(scaled("", id).contains(&"DT096".to_owned()));
        assert!(!scaled(", ServiceName: web", id).contains(&"DT096".to_owned()));
        assert!(!scaled(", ServiceName: !ImportValue Name", id).contains(&"DT096".to_owned()));
        assert!(scaled(", ServiceName: web, DesiredCount: 1", id).contains(&"DT094".to_owned()));
    }

    #[test]
    fn an_arn_is_no_name_and_a_service_is_in_its_own_cluster() {
        for id in [
            "service/${Cluster}/${Service}",
            "service/${Second}/${Service.Name}",
            "service/x/${Service.Name}",
        ] {
            assert!(scaled("", &format!("!Sub {id}")).contains(&"DT096".to_owned()), "{id}");
        }
        assert!(!scaled("", "!Sub service/${Cluster}/${Service.Name}").contains(&"DT096".to_owned()));
    }

    #[test]
    fn a_label_has_two_full_names() {
        assert!(is_label("app/web/50dc6c495c0c9188/targetgroup/web/943f017f100becff"));
        assert!(!is_label("app/web/xxxxx/targetgroup/web/xxxxx"));
        assert!(!is_label("targetgroup/web/943f017f100becff/app/web/50dc6c495c0c9188"));
    }
}
