//! What shifting requests between two target groups takes: the second group, the rules that ECS changes, and a
//! role that lets it change these and nothing else.

use crate::alb::Alb;
use crate::deployment::{Shift, TestPort};
use crate::iam::{Role, Statement};
use crate::l1::elbv2::listener_rule::{
    Action, ForwardConfig, PathPatternConfig, RuleCondition, TargetGroupTuple,
};
use crate::l1::{acm, ecs, elbv2};
use crate::resource::{Arn, Handle};
use crate::scope::Scope;
use crate::target_group::{TargetGroup, Targets};
use crate::value::Value;

/// Where requests for a service enter: a listener, and the rule that leads from it to the service, if not by
/// default.
#[derive(Debug, Clone)]
pub(crate) struct Entrance<'a> {
    pub(crate) alb: &'a Alb,
    pub(crate) listener: Handle<elbv2::Listener>,
    pub(crate) rule: Option<Handle<elbv2::ListenerRule>>,
    pub(crate) certificate: Option<Value<Arn<acm::Certificate>>>,
}

/// The two target groups of a service between which requests are shifted.
#[derive(Debug, Clone)]
pub(crate) struct Shifting {
    primary: Handle<elbv2::TargetGroup>,
    pub(crate) alternate: Handle<elbv2::TargetGroup>,
    role: Role,
    test: Option<TestPort>,
}

impl Shifting {
    pub(crate) fn add(
        s: &mut Scope<'_>,
        shift: &Shift,
        targets: &Targets<'_>,
        primary: TargetGroup,
    ) -> Option<Shifting> {
        let alternate = targets.group(s, "AlternateTargetGroup", "-2")?;
        let role = Role::named("InfrastructureRole").assumed_by("ecs.amazonaws.com").build(s);
        let test = shift.test.clone().map(|mut test| {
            if test.from.is_empty() {
                test.from.extend(targets.vpc.cidr());
            }
            if test.from.is_empty() {
                s.error(
                    "DC125",
                    "nobody is let in to the test port: the addresses of the network are not known",
                )
                .property("deployment.test")
                .hint("say which addresses may reach it");
            }
            test
        });
        Some(Shifting { primary: primary.resource, alternate: alternate.resource, role, test })
    }

    /// Everything to the first group; from the first deployment on ECS sets the weights.
    ///
    /// A rule must name both groups from the start, and forward only.
    ///
    /// Source: [Application Load Balancer resources for blue/green deployments][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
    pub(crate) fn forward(&self) -> Action {
        let group = |handle: Handle<elbv2::TargetGroup>, weight: i64| TargetGroupTuple {
            target_group_arn: Some(handle.into()),
            weight: Some(weight.into()),
        };
        Action {
            r#type: Some("forward".into()),
            forward_config: Some(ForwardConfig {
                target_groups: Some(vec![group(self.primary, 1), group(self.alternate, 0)]),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    /// A rule for everything: ECS changes rules, and cannot be told a listener's default action.
    pub(crate) fn rule_for_all(
        &self,
        listener: Handle<elbv2::Listener>,
        priority: u16,
    ) -> elbv2::ListenerRule {
        elbv2::ListenerRule {
            listener_arn: Some(listener.into()),
            priority: Some(priority.into()),
            conditions: Some(vec![RuleCondition {
                field: Some("path-pattern".into()),
                path_pattern_config: Some(PathPatternConfig {
                    values: Some(["/*"].into()),
                    ..Default::default()
                }),
                ..Default::default()
            }]),
            actions: Some(vec![self.forward()]),
            ..Default::default()
        }
    }

    /// What the service must name for ECS to shift requests that enter through `rule`.
    pub(crate) fn configure(
        &self,
        s: &mut Scope<'_>,
        entrance: &Entrance<'_>,
        rule: Handle<elbv2::ListenerRule>,
    ) -> ecs::service::AdvancedConfiguration {
        let test = self.test.as_ref().map(|test| self.test_entrance(s, entrance, test));
        let (mut listeners, mut rules) = (vec![entrance.listener], vec![rule]);
        listeners.extend(test.map(|(listener, _)| listener));
        rules.extend(test.map(|(_, rule)| rule));
        self.grant(s, &listeners, &rules);
        ecs::service::AdvancedConfiguration {
            alternate_target_group_arn: Some(self.alternate.into()),
            production_listener_rule: Some(rule.into()),
            test_listener_rule: test.map(|(_, rule)| rule.into()),
            role_arn: Some(self.role.arn()),
        }
    }

    /// A listener and a rule on the test port, encrypted if production is.
    fn test_entrance(
        &self,
        s: &mut Scope<'_>,
        entrance: &Entrance<'_>,
        test: &TestPort,
    ) -> (Handle<elbv2::Listener>, Handle<elbv2::ListenerRule>) {
        for from in &test.from {
            entrance.alb.security_group.allow_from(s, *from, test.port, "tests of a new revision");
        }
        let properties = elbv2::Listener {
            default_actions: Some(vec![elbv2::listener::Action {
                r#type: Some("forward".into()),
                target_group_arn: Some(self.primary.into()),
                ..Default::default()
            }]),
            ..entrance.alb.listener(test.port, entrance.certificate.clone())
        };
        let listener = s.add("TestListener", properties);
        let rule = s.add("TestListenerRule", self.rule_for_all(listener, 1));
        (listener, rule)
    }

    /// What AWS's policy for this allows, on these listeners, rules and target groups alone. What describes knows
    /// no narrower resource than all.
    ///
    /// Source: [AmazonECSInfrastructureRolePolicyForLoadBalancers][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSInfrastructureRolePolicyForLoadBalancers.html
    fn grant(
        &self,
        s: &mut Scope<'_>,
        listeners: &[Handle<elbv2::Listener>],
        rules: &[Handle<elbv2::ListenerRule>],
    ) {
        let describe = [
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ];
        let policy = "TrafficShift";
        self.role.allow(s, policy, Statement::allow(describe).on_everything());
        let register = ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"];
        let groups = Statement::allow(register).on(self.primary.reference()).on(self.alternate.reference());
        self.role.allow(s, policy, groups);
        let mut statement = Statement::allow(["elasticloadbalancing:ModifyListener"]);
        for listener in listeners {
            statement = statement.on(listener.reference());
        }
        self.role.allow(s, policy, statement);
        let mut statement = Statement::allow(["elasticloadbalancing:ModifyRule"]);
        for rule in rules {
            statement = statement.on(rule.reference());
        }
        self.role.allow(s, policy, statement);
    }
}
