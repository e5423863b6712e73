//! Target groups: who forwards to them, who registers in them, and how they ask for health.

use std::collections::BTreeMap;

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::graph::Element;
use crate::model::balancer::{Attachment, Forward, TargetGroup};
use crate::model::{Item, Model, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &NOT_WAITED_FOR, check: not_waited_for },
    Lint { rule: &NO_LISTENER, check: no_listener },
    Lint { rule: &TARGET_TYPE, check: target_type },
    Lint { rule: &INCOMPLETE, check: incomplete },
];

rule! {
    /// A service that does not wait for its listener.
    ///
    /// A target group belongs to a load balancer as soon as a listener or a rule forwards to it. The service names
    /// only the target group, so CloudFormation may make it before that, and ECS refuses it: `The target group …
    /// does not have an associated load balancer`. Whether it does so is a race, lost most of all in a new stack.
    ///
    /// Give the service a `DependsOn` with the listener, or with the rule, that forwards to its target group.
    ///
    /// Source: [Service load balancing](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html),
    /// [DependsOn](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html).
    pub(super) NOT_WAITED_FOR = "DT086" Error;
}

rule! {
    /// A service behind a target group that nothing forwards to.
    ///
    /// A target group belongs to a load balancer only through a listener or a rule that forwards to it. Without one
    /// ECS refuses the service: `The target group … does not have an associated load balancer`.
    ///
    /// Forward to the target group in a listener's `DefaultActions` or in the `Actions` of a listener rule, and let
    /// the service depend on that.
    ///
    /// Source: [Service load balancing](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html).
    pub(super) NO_LISTENER = "DT087" Error;
}

rule! {
    /// A target type that does not fit the network mode of the tasks.
    ///
    /// A task in the network mode `awsvpc`, as every one on Fargate, has an address of its own and can only be
    /// registered by `ip`; one in the modes `bridge` and `host` is reached through its `instance`. ECS refuses a
    /// service whose target group is of the other kind, and one for Lambda functions or load balancers altogether.
    ///
    /// Set `TargetType: ip`, the default being `instance`. The change replaces the target group, so a group with a
    /// fixed name needs another.
    ///
    /// Source: [LoadBalancer](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html).
    pub(super) TARGET_TYPE = "DT088" Error;
}

rule! {
    /// A target group without a port, protocol or VPC.
    ///
    /// All three are optional to the letter, because a group for a Lambda function has none of them. Elastic Load
    /// Balancing refuses every other group without them.
    ///
    /// Set `Port`, `Protocol` and `VpcId`.
    ///
    /// Source: [CreateTargetGroup](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html).
    pub(super) INCOMPLETE = "DT091" Error;
}

fn not_waited_for(model: &Model<'_>, found: &mut Findings) {
    let by_group = model.forwards_by_group();
    for (attachment, group) in attached(model) {
        let service = attachment.service.0;
        let Some(forwards) = by_group.get(group.0.id()) else { continue };
        let meets = |forward: &&Forward<'_>| forward.group.world().meets(attachment.group.world());
        let Some(first) = forwards.iter().find(meets) else { continue };
        let needed = service.needed();
        if !forwards
            .iter()
            .filter(|forward| needed.contains(forward.from.id()))
            .any(|forward| meets(&forward))
        {
            let (id, from) = (group.0.id(), first.from.id());
            found
                .at(
                    &attachment.group,
                    format!("`{id}` has no load balancer until `{from}` is made, which is not waited for"),
                )
                .hint(format!("add `DependsOn: {from}` to `{}`", service.id()));
        }
    }
}

fn no_listener(model: &Model<'_>, found: &mut Findings) {
    if !model.is_closed() {
        return;
    }
    let by_group = model.forwards_by_group();
    let mut left: BTreeMap<&str, bool> = BTreeMap::new();
    for (attachment, group) in attached(model) {
        if is_switched_elsewhere(&attachment) {
            continue;
        }
        let is_left = || !by_group.contains_key(group.0.id()) && !leaves(group.0);
        if *left.entry(group.0.id()).or_insert_with(is_left) {
            let id = group.0.id();
            found
                .at(&attachment.group, format!("no listener and no rule forwards to `{id}`"))
                .hint(format!("forward to `{id}` in a listener, or in a rule of one"));
        }
    }
}

/// Whether a deployment switches the traffic by a listener or rule of another template, which then forwards to it.
fn is_switched_elsewhere(attachment: &Attachment<'_>) -> bool {
    const RULES: [&str; 2] =
        ["AdvancedConfiguration.ProductionListenerRule", "AdvancedConfiguration.TestListenerRule"];
    let rules = RULES.iter().flat_map(|rule| attachment.value.get(rule));
    rules.into_iter().any(|rule| !rule.is_absent() && rule.target().is_none())
}

/// Services with the target groups that their first deployment registers in.
fn attached<'m>(model: &'m Model<'m>) -> impl Iterator<Item = (Attachment<'m>, TargetGroup<'m>)> {
    let first = model.attachments().filter(|attachment| !attachment.is_alternate);
    first.filter_map(|attachment| {
        let group = attachment.target_group()?;
        Some((attachment, group))
    })
}

/// Whether the target group is given to something that may attach it: an output, a nested stack, a custom resource.
fn leaves(group: Item<'_>) -> bool {
    const KEEPING: &[&str] = &[
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::ECS::Service",
    ];
    let model = group.model();
    model.referrers(group.id()).any(|edge| match &edge.from {
        Element::Resource(id) => model.resource(id).is_none_or(|item| !KEEPING.contains(&item.type_name())),
        _ => true,
    })
}

fn target_type(model: &Model<'_>, found: &mut Findings) {
    for attachment in model.attachments() {
        let Some(group) = attachment.target_group() else { continue };
        let Some(kind) = group.target_type() else { continue };
        let Some((mode, wanted)) = network_mode(&attachment) else { continue };
        if kind != wanted {
            let id = group.0.id();
            found
                .at(&attachment.group, format!("`{id}` takes targets by `{kind}`, but the tasks {mode}"))
                .hint(format!("set `TargetType: {wanted}` for `{id}`"));
        }
    }
}

/// What is known of the tasks' network, and the target type that it asks for.
fn network_mode(attachment: &Attachment<'_>) -> Option<(String, &'static str)> {
    let service = attachment.service;
    let modes = service.task_definitions().into_iter().flat_map(|(task, _)| task.0.get("NetworkMode"));
    let modes: Vec<_> = modes.map(|mode| mode.text()).collect();
    match modes.as_slice() {
        [Some(mode)] if mode == "awsvpc" => Some(("are in the network mode `awsvpc`".to_owned(), "ip")),
        [Some(mode)] if matches!(mode.as_str(), "bridge" | "host") => {
            Some((format!("are in the network mode `{mode}`"), "instance"))
        }
        _ if service.is_fargate() == Some(true) => Some(("run on Fargate".to_owned(), "ip")),
        _ => None,
    }
}

fn incomplete(model: &Model<'_>, found: &mut Findings) {
    for group in model.target_groups() {
        // A function has neither.
        if group.target_type().is_none_or(|kind| kind == "lambda") {
            continue;
        }
        for property in ["Port", "Protocol", "VpcId"] {
            if group.0.get(property).iter().any(Value::is_absent) {
                found
                    .at(&group.0, format!("a target group without `{property}`"))
                    .hint(format!("set `{property}`: only a group for a Lambda function has none"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::codes;

    const SERVICE: &str = "
Resources:
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {NetworkMode: awsvpc, ContainerDefinitions: []}}
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: ip, Port: 80, Protocol: HTTP, VpcId: v}}
  Other: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: ip, Port: 80, Protocol: HTTP, VpcId: v}}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: arn
      DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]
  Service:
    Type: AWS::ECS::Service
    DependsOn: Listener
    Properties:
      TaskDefinition: !Ref Task
      LoadBalancers:
        - TargetGroupArn: !Ref Group
          AdvancedConfiguration: {AlternateTargetGroupArn: !Ref Other}
";

    fn has(code: &str, text: &str) -> bool {
        codes(text).iter().any(|found| found == code)
    }

    #[test]
    fn the_group_that_a_deployment_switches_to_needs_no_listener_before() {
        assert!(!has("DT086", SERVICE) && !has("DT087", SERVICE));
        assert!(has("DT086", &SERVICE.replace("    DependsOn: Listener\n", "")));
        assert!(has("DT087", &SERVICE.replace("TargetGroupArn: !Ref Group}", "TargetGroupArn: !Ref Other}")));
    }

    #[test]
    fn the_group_that_a_deployment_switches_to_has_a_target_type_too() {
        assert!(!has("DT088", SERVICE));
        let second = SERVICE.rfind("TargetType: ip").expect("there are two");
        let (before, after) = SERVICE.split_at(second);
        assert!(has("DT088", &format!("{before}{}", after.replacen("ip", "instance", 1))));
        assert!(has("DT088", &SERVICE.replace("awsvpc", "bridge")));
        assert!(!has("DT088", &SERVICE.replace("awsvpc", "!ImportValue Mode")));
    }

    #[test]
    fn a_listener_rule_of_another_template_forwards_too() {
        let text = SERVICE.replace("TargetGroupArn: !Ref Group}", "TargetGroupArn: !Ref Other}");
        let rule = "AlternateTargetGroupArn: !Ref Other, ProductionListenerRule: !ImportValue rule";
        assert!(!has("DT087", &text.replace("AlternateTargetGroupArn: !Ref Other", rule)));
        let own = rule.replace("!ImportValue rule", "!Ref Listener");
        assert!(has("DT087", &text.replace("AlternateTargetGroupArn: !Ref Other", &own)));
    }

    #[test]
    fn a_macro_may_bring_the_listener() {
        let text = SERVICE.replace("TargetGroupArn: !Ref Group}", "TargetGroupArn: !Ref Other}");
        assert!(!has(
            "DT087",
            &format!(
                "Transform: AWS::LanguageExtensions\n{text}  'Fn::ForEach::L': [I, !Split [',', !Ref 'AWS::Region'], {{'L${{I}}': {{Type: AWS::SNS::Topic}}}}]\n"
            )
        ));
    }
}
