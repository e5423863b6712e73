//! Requests that a deployment shifts from one target group to another.

use std::collections::BTreeSet;

use super::pointer::at;
use super::{Difference, Drifted, Ground, Reason};
use crate::model::Item;
use crate::model::balancer::{Action, Attachment, Listener, ListenerRule, TargetGroup};
use crate::model::ecs::Service;
use crate::node::{Map, Node};
use crate::path::Step;

/// Why what a listener forwards to may move, or a service's task definition.
pub(super) fn reason(
    ground: &Ground<'_>,
    drifted: &Drifted,
    difference: &Difference,
    steps: &[Step<'_>],
) -> Option<Reason> {
    let item = ground.model.resource(&drifted.id)?;
    let first = match steps.first()? {
        Step::Key(first) => *first,
        Step::Index(_) => return None,
    };
    match (drifted.type_name.as_str(), first) {
        ("AWS::ECS::Service", "TaskDefinition" | "LoadBalancers") => {
            is_deployed_outside(Service(item)).then_some(Reason::DeployedOutside)
        }
        ("AWS::ElasticLoadBalancingV2::Listener", "DefaultActions")
        | ("AWS::ElasticLoadBalancingV2::ListenerRule", "Actions") => {
            let shift = shift_of(ground, item)?;
            is_only_shifted(drifted, difference, steps, &shift.groups).then_some(shift.reason)
        }
        _ => None,
    }
}

/// Who shifts the requests that a listener takes, and to which target groups: their ARNs, as far as they are known.
struct Shift {
    reason: Reason,
    groups: Groups,
}

/// Target groups. `None` among them is one that is not known, which may be any.
type Groups = BTreeSet<Option<String>>;

/// The deployments that shift what this listener, or rule, forwards to.
///
/// Sources: [ECS blue/green][ecs] with its listener rules and the alternate target group, which ECS writes into the
/// rules as a forward with weights; [blue/green with CodeDeploy][codedeploy], which exchanges the target group.
///
/// [ecs]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-implementation.html
/// [codedeploy]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html
fn shift_of(ground: &Ground<'_>, listener: Item<'_>) -> Option<Shift> {
    let forwards = match listener.type_name() {
        "AWS::ElasticLoadBalancingV2::Listener" => Listener(listener).actions(),
        _ => ListenerRule(listener).actions(),
    };
    let forwards: Vec<&str> = forwards
        .iter()
        .flat_map(Action::forwards)
        .filter_map(|forward| Some(forward.target_group()?.0.id()))
        .collect();
    for service in ground.model.services() {
        let attachments: Vec<Attachment<'_>> =
            ground.model.attachments().filter(|attachment| attachment.service == service).collect();
        let groups = || attachments.iter().filter_map(Attachment::target_group);
        let shares = groups().any(|group| forwards.contains(&group.0.id()));
        if shares && is_deployed_outside(service) {
            // The second target group is named to CodeDeploy only, and that mostly outside of the template.
            let groups = ground.model.target_groups().map(|group| arn_of(ground, group)).collect();
            return Some(Shift { reason: Reason::DeployedOutside, groups });
        }
        if attachments.iter().any(|attachment| attachment.is_alternate)
            && (shares || rules_of(service).contains(&listener.id()))
        {
            let arn = |attachment: &Attachment<'_>| match attachment.target_group() {
                Some(group) => arn_of(ground, group),
                None => attachment.group.text(),
            };
            let groups = attachments.iter().map(arn).collect();
            return Some(Shift { reason: Reason::ShiftedByEcs, groups });
        }
    }
    None
}

fn arn_of(ground: &Ground<'_>, group: TargetGroup<'_>) -> Option<String> {
    ground.physical.get(group.0.id()).cloned()
}

/// Whether the service's deployments are none of CloudFormation's.
fn is_deployed_outside(service: Service<'_>) -> bool {
    service.controllers().iter().any(|(kind, _)| matches!(kind.as_deref(), Some("CODE_DEPLOY" | "EXTERNAL")))
}

/// The listeners and rules that ECS shifts for a service.
fn rules_of(service: Service<'_>) -> BTreeSet<&str> {
    const RULES: [&str; 2] =
        ["AdvancedConfiguration.ProductionListenerRule", "AdvancedConfiguration.TestListenerRule"];
    let mut all = BTreeSet::new();
    for balancer in service.load_balancers() {
        for value in RULES.iter().flat_map(|rule| balancer.value.get(rule)) {
            all.extend(value.target().map(|target| target.item.id()));
        }
    }
    all
}

/// Whether nothing but the shares of these target groups is another.
fn is_only_shifted(drifted: &Drifted, difference: &Difference, steps: &[Step<'_>], groups: &Groups) -> bool {
    let is_one = |arn: &String| groups.contains(&Some(arn.clone())) || groups.contains(&None);
    let [list, ..] = steps else { return false };
    let whole = |side: &Option<Node>| side.as_ref().and_then(|side| at(side, &[*list])).cloned();
    if let (Some(expected), Some(actual)) = (whole(&drifted.expected), whole(&drifted.actual)) {
        let mut to = BTreeSet::new();
        named(&actual, &mut to);
        return to.iter().all(is_one) && without_targets(&expected) == without_targets(&actual);
    }
    let forwards = matches!(steps, [_, Step::Index(_), Step::Key("TargetGroupArn" | "ForwardConfig"), ..]);
    let is_sticky = steps.contains(&Step::Key("TargetGroupStickinessConfig"));
    let mut to = BTreeSet::new();
    match (&difference.actual, steps.last()) {
        (Some(Node::String(arn)), Some(Step::Key("TargetGroupArn"))) => _ = to.insert(arn.clone()),
        (Some(actual), _) => named(actual, &mut to),
        (None, _) => {}
    }
    forwards && !is_sticky && to.iter().all(is_one)
}

/// The target groups that a value names.
fn named(node: &Node, groups: &mut BTreeSet<String>) {
    match node {
        Node::List(items) => items.iter().for_each(|item| named(item, groups)),
        Node::Map(map) => {
            for (key, node) in map {
                match node {
                    Node::String(arn) if key == "TargetGroupArn" => _ = groups.insert(arn.clone()),
                    node => named(node, groups),
                }
            }
        }
        _ => {}
    }
}

/// Actions without what a deployment writes into them: the target groups, and a forward that holds nothing else.
fn without_targets(actions: &Node) -> Node {
    match actions {
        Node::List(items) => Node::List(items.iter().map(without_targets).collect()),
        Node::Map(map) => {
            let mut kept = Map::default();
            for (key, node) in map.iter().filter(|(key, _)| *key != "TargetGroupArn") {
                match (key.as_str(), node) {
                    ("ForwardConfig", Node::Map(forward)) => {
                        let mut forward = forward.clone();
                        forward.shift_remove("TargetGroups");
                        if forward.get("TargetGroupStickinessConfig").is_some_and(is_off) {
                            forward.shift_remove("TargetGroupStickinessConfig");
                        }
                        if !forward.is_empty() {
                            kept.insert(key.clone(), Node::Map(forward));
                        }
                    }
                    // `1` and `"1"` are the same to CloudFormation.
                    (_, node) => {
                        let text = node.scalar_text().map(|text| Node::from(text.into_owned()));
                        kept.insert(key.clone(), text.unwrap_or_else(|| node.clone()));
                    }
                }
            }
            kept.sort_keys();
            Node::Map(kept)
        }
        other => other.clone(),
    }
}

fn is_off(stickiness: &Node) -> bool {
    let enabled = stickiness.as_map().and_then(|map| map.get("Enabled"));
    enabled.is_none_or(|enabled| enabled.scalar_text().is_some_and(|text| text == "false"))
}
