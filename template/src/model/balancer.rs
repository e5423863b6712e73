//! Load balancers in a template: what listens, where it forwards to, and which services stand behind.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Element;
use crate::model::ecs::Service;
use crate::model::{Item, Model, Value, World};

/// An `AWS::ElasticLoadBalancingV2::LoadBalancer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadBalancer<'m>(pub Item<'m>);

/// An `AWS::ElasticLoadBalancingV2::Listener`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener<'m>(pub Item<'m>);

/// An `AWS::ElasticLoadBalancingV2::ListenerRule`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenerRule<'m>(pub Item<'m>);

/// An `AWS::ElasticLoadBalancingV2::TargetGroup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetGroup<'m>(pub Item<'m>);

/// Which kind of load balancer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// For HTTP: `application`, which is also the default.
    Application,
    /// For TCP, TLS and UDP: `network`.
    Network,
    /// For appliances: `gateway`.
    Gateway,
}

/// What a listener or one of its rules does with a request.
#[derive(Debug, Clone)]
pub struct Action<'m> {
    /// The listener or the rule.
    pub from: Item<'m>,
    /// The entry of `DefaultActions` or `Actions`.
    pub value: Value<'m>,
}

/// One target group that a listener or one of its rules forwards to.
#[derive(Debug, Clone)]
pub struct Forward<'m> {
    /// The listener or the rule.
    pub from: Item<'m>,
    /// Where the target group is named: its ARN.
    pub group: Value<'m>,
    /// The share of the requests it gets; absent if it is the only one.
    pub weight: Vec<Value<'m>>,
}

/// A service that puts its tasks into a target group.
#[derive(Debug, Clone)]
pub struct Attachment<'m> {
    /// The service.
    pub service: Service<'m>,
    /// The entry of `LoadBalancers`.
    pub value: Value<'m>,
    /// Where the target group is named: its ARN.
    pub group: Value<'m>,
    /// Whether it is the second group, which a blue/green deployment switches to.
    pub is_alternate: bool,
}

impl<'m> Model<'m> {
    /// Every load balancer, the classic ones excepted.
    pub fn load_balancers(&'m self) -> impl Iterator<Item = LoadBalancer<'m>> {
        self.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer").map(LoadBalancer)
    }

    /// Every listener.
    pub fn listeners(&'m self) -> impl Iterator<Item = Listener<'m>> {
        self.of_type("AWS::ElasticLoadBalancingV2::Listener").map(Listener)
    }

    /// Every rule of a listener.
    pub fn listener_rules(&'m self) -> impl Iterator<Item = ListenerRule<'m>> {
        self.of_type("AWS::ElasticLoadBalancingV2::ListenerRule").map(ListenerRule)
    }

    /// Every target group.
    pub fn target_groups(&'m self) -> impl Iterator<Item = TargetGroup<'m>> {
        self.of_type("AWS::ElasticLoadBalancingV2::TargetGroup").map(TargetGroup)
    }

    /// Everything that listeners and their rules do with a request.
    pub fn actions(&'m self) -> impl Iterator<Item = Action<'m>> {
        let defaults = self.listeners().flat_map(Listener::actions);
        defaults.chain(self.listener_rules().flat_map(ListenerRule::actions))
    }

    /// Every target group that a listener or a rule forwards to.
    pub fn forwards(&'m self) -> impl Iterator<Item = Forward<'m>> {
        self.actions().flat_map(|action| action.forwards())
    }

    /// What forwards to each target group, by the group's logical ID.
    pub fn forwards_by_group(&'m self) -> BTreeMap<&'m str, Vec<Forward<'m>>> {
        let mut all: BTreeMap<&str, Vec<Forward<'m>>> = BTreeMap::new();
        for forward in self.forwards() {
            if let Some(group) = forward.target_group() {
                all.entry(group.0.id()).or_default().push(forward);
            }
        }
        all
    }

    /// Every service's place in a target group.
    pub fn attachments(&'m self) -> impl Iterator<Item = Attachment<'m>> {
        self.services().flat_map(attachments_of)
    }
}

impl<'m> LoadBalancer<'m> {
    /// Its kind; `None` if that depends on what is not known.
    pub fn kind(self) -> Option<Kind> {
        match only(self.0, "Type", "application")?.as_str() {
            "application" => Some(Kind::Application),
            "network" => Some(Kind::Network),
            "gateway" => Some(Kind::Gateway),
            _ => None,
        }
    }

    /// Whether it can be reached from the internet, which is the default; `None` if that is not known.
    pub fn is_internet_facing(self) -> Option<bool> {
        Some(only(self.0, "Scheme", "internet-facing")? == "internet-facing")
    }

    /// The subnets that it stands in, however they are given, as far as they are known.
    pub fn subnets(self) -> Vec<Value<'m>> {
        let mappings = items(self.0.get("SubnetMappings"));
        let mapped = mappings.iter().flat_map(|mapping| mapping.get("SubnetId"));
        items(self.0.get("Subnets")).into_iter().chain(mapped).collect()
    }

    /// Its security groups, as far as they are known.
    pub fn security_groups(self) -> Vec<Value<'m>> {
        items(self.0.get("SecurityGroups"))
    }

    /// The listeners that may belong to it.
    pub fn listeners(self) -> Vec<Listener<'m>> {
        let all = referring(self.0, "AWS::ElasticLoadBalancingV2::Listener").map(Listener);
        all.filter(|listener| listener.load_balancers().iter().any(|(of, _)| *of == self)).collect()
    }
}

impl<'m> Listener<'m> {
    /// The load balancers that it may belong to, as far as they are resources of the template.
    pub fn load_balancers(self) -> Vec<(LoadBalancer<'m>, World<'m>)> {
        let values = self.0.get("LoadBalancerArn").into_iter();
        let balancers = values.filter_map(|value| {
            let item = pointed(&value, "AWS::ElasticLoadBalancingV2::LoadBalancer")?;
            Some((LoadBalancer(item), value.world().clone()))
        });
        balancers.collect()
    }

    /// The kind of its load balancer, if it is known.
    pub fn kind(self) -> Option<Kind> {
        match self.load_balancers().as_slice() {
            [(balancer, _)] => balancer.kind(),
            _ => None,
        }
    }

    /// The rules that may belong to it.
    pub fn rules(self) -> Vec<ListenerRule<'m>> {
        let all = referring(self.0, "AWS::ElasticLoadBalancingV2::ListenerRule").map(ListenerRule);
        all.filter(|rule| rule.listeners().iter().any(|(of, _)| *of == self)).collect()
    }

    /// What it does with a request that no rule takes.
    pub fn actions(self) -> Vec<Action<'m>> {
        actions(self.0, "DefaultActions")
    }
}

impl<'m> ListenerRule<'m> {
    /// The listeners that it may belong to, as far as they are resources of the template.
    pub fn listeners(self) -> Vec<(Listener<'m>, World<'m>)> {
        let values = self.0.get("ListenerArn").into_iter();
        let listeners = values.filter_map(|value| {
            let item = pointed(&value, "AWS::ElasticLoadBalancingV2::Listener")?;
            Some((Listener(item), value.world().clone()))
        });
        listeners.collect()
    }

    /// The kind of the load balancer behind its listener, if it is known.
    pub fn kind(self) -> Option<Kind> {
        match self.listeners().as_slice() {
            [(listener, _)] => listener.kind(),
            _ => None,
        }
    }

    /// What it does with a request that it takes.
    pub fn actions(self) -> Vec<Action<'m>> {
        actions(self.0, "Actions")
    }
}

impl<'m> TargetGroup<'m> {
    /// The target group that the value names, if it is a resource of the template.
    pub fn of(value: &Value<'m>) -> Option<TargetGroup<'m>> {
        pointed(value, "AWS::ElasticLoadBalancingV2::TargetGroup").map(TargetGroup)
    }

    /// The listeners and rules that may forward to it.
    pub fn forwards(self) -> Vec<Forward<'m>> {
        let listeners = referring(self.0, "AWS::ElasticLoadBalancingV2::Listener").map(Listener);
        let rules = referring(self.0, "AWS::ElasticLoadBalancingV2::ListenerRule").map(ListenerRule);
        let actions = listeners.flat_map(Listener::actions).chain(rules.flat_map(ListenerRule::actions));
        let forwards = actions.flat_map(|action| action.forwards());
        forwards.filter(|forward| forward.target_group() == Some(self)).collect()
    }

    /// The services that may put their tasks into it.
    pub fn attachments(self) -> Vec<Attachment<'m>> {
        let services = referring(self.0, "AWS::ECS::Service").map(Service);
        let attachments = services.flat_map(attachments_of);
        attachments.filter(|attachment| attachment.target_group() == Some(self)).collect()
    }

    /// What its targets are, `instance` if nothing is said; `None` if that is not known.
    pub fn target_type(self) -> Option<String> {
        only(self.0, "TargetType", "instance")
    }
}

impl<'m> Action<'m> {
    /// `forward`, `redirect`, …; `None` if that is not known.
    pub fn kind(&self) -> Option<String> {
        self.value.get("Type").iter().find_map(Value::text)
    }

    /// The target groups that it forwards to.
    pub fn forwards(&self) -> Vec<Forward<'m>> {
        let forward = |group: Value<'m>, weight| Forward { from: self.from, group, weight };
        let single = self.value.get("TargetGroupArn").into_iter().filter(|group| !group.is_absent());
        let mut all: Vec<_> = single.map(|group| forward(group, Vec::new())).collect();
        for weighted in items(self.value.get("ForwardConfig.TargetGroups")) {
            let groups = weighted.get("TargetGroupArn").into_iter().filter(|group| !group.is_absent());
            all.extend(groups.map(|group| forward(group, weighted.get("Weight"))));
        }
        all
    }
}

impl<'m> Forward<'m> {
    /// The target group, if it is a resource of the template.
    pub fn target_group(&self) -> Option<TargetGroup<'m>> {
        TargetGroup::of(&self.group)
    }
}

impl<'m> Attachment<'m> {
    /// The target group, if it is a resource of the template.
    pub fn target_group(&self) -> Option<TargetGroup<'m>> {
        TargetGroup::of(&self.group)
    }
}

fn attachments_of(service: Service<'_>) -> Vec<Attachment<'_>> {
    let mut all = Vec::new();
    for value in items(service.0.get("LoadBalancers")) {
        let alternate = value.get("AdvancedConfiguration.AlternateTargetGroupArn");
        let named = value.get("TargetGroupArn").into_iter().map(|group| (group, false));
        for (group, is_alternate) in named.chain(alternate.into_iter().map(|group| (group, true))) {
            if !group.is_absent() {
                all.push(Attachment { service, value: value.clone(), group, is_alternate });
            }
        }
    }
    all
}

fn actions<'m>(from: Item<'m>, path: &'m str) -> Vec<Action<'m>> {
    let known = items(from.get(path)).into_iter().filter(Value::is_known);
    known.map(|value| Action { from, value }).collect()
}

/// The resources of this type that refer to `item` in any way, each once.
fn referring<'m>(item: Item<'m>, type_name: &'static str) -> impl Iterator<Item = Item<'m>> {
    let from = item.model().referrers(item.id()).filter_map(move |edge| match &edge.from {
        Element::Resource(id) => item.model().resource(id),
        _ => None,
    });
    let mut seen = BTreeSet::new();
    from.filter(move |other| other.is(type_name) && seen.insert(other.id()))
}

/// The items of the lists, as far as they are known.
fn items(lists: Vec<Value<'_>>) -> Vec<Value<'_>> {
    lists.iter().filter_map(Value::items).flatten().collect()
}

/// The resource of this type that the value names.
fn pointed<'m>(value: &Value<'m>, type_name: &str) -> Option<Item<'m>> {
    value.target().map(|target| target.item).filter(|item| item.is(type_name))
}

/// The one text that a property can be, `default` where it is absent; `None` if that is not known.
fn only(item: Item<'_>, path: &'static str, default: &str) -> Option<String> {
    let values = item.get(path);
    let (first, others) = values.split_first()?;
    let known = |value: &Value<'_>| if value.is_absent() { Some(default.to_owned()) } else { value.text() };
    let text = known(first)?;
    others.iter().all(|other| known(other).as_ref() == Some(&text)).then_some(text)
}

#[cfg(test)]
mod tests {
    use crate::document::Template;
    use crate::model::{Item, Model};

    const TEXT: &str = "
Parameters: {Kind: {Type: String}}
Resources:
  Alb: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {SubnetMappings: [{SubnetId: a}, {SubnetId: b}]}}
  Other: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Type: !Ref Kind, Scheme: internal}}
  Blue: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  Green: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Alb
      DefaultActions:
        - Type: forward
          ForwardConfig:
            TargetGroups: [{TargetGroupArn: !Ref Blue, Weight: 1}, {TargetGroupArn: !Ref Green, Weight: 0}]
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    DependsOn: Green
    Properties: {ListenerArn: !Ref Listener, Actions: [{Type: forward, TargetGroupArn: !Ref Blue}]}
  Service:
    Type: AWS::ECS::Service
    Properties:
      LoadBalancers:
        - TargetGroupArn: !Ref Blue
          AdvancedConfiguration: {AlternateTargetGroupArn: !Ref Green}
";

    fn ids<'m>(items: impl IntoIterator<Item = Item<'m>>) -> Vec<&'m str> {
        items.into_iter().map(Item::id).collect()
    }

    #[test]
    fn what_forwards_to_a_group_is_found_from_both_ends() {
        let document = Template::parse(TEXT, "t.yaml").unwrap();
        let model = Model::new(&document.template);
        let from = |id: &str| {
            let group = model.target_groups().find(|group| group.0.id() == id).unwrap();
            ids(group.forwards().into_iter().map(|forward| forward.from))
        };
        assert_eq!((from("Blue"), from("Green")), (vec!["Listener", "Rule"], vec!["Listener"]));
        let by_group = model.forwards_by_group();
        let from = |id| ids(by_group[id].iter().map(|forward| forward.from));
        assert_eq!((from("Blue"), from("Green")), (vec!["Listener", "Rule"], vec!["Listener"]));
        let groups = model.forwards().filter_map(|forward| forward.target_group());
        assert_eq!(ids(groups.map(|group| group.0)), ["Blue", "Green", "Blue"]);
        let weights: Vec<_> = model.forwards().map(|forward| forward.weight.first()?.number()).collect();
        assert_eq!(weights, [Some(1.0), Some(0.0), None]);
        let attached = model.attachments().map(|attachment| attachment.is_alternate).collect::<Vec<_>>();
        assert_eq!(attached, [false, true]);
    }

    #[test]
    fn a_load_balancer_knows_what_belongs_to_it() {
        let document = Template::parse(TEXT, "t.yaml").unwrap();
        let model = Model::new(&document.template);
        let [alb, other] = model.load_balancers().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((alb.kind(), alb.is_internet_facing()), (Some(super::Kind::Application), Some(true)));
        assert_eq!((other.kind(), other.is_internet_facing()), (None, Some(false)));
        assert_eq!((alb.subnets().len(), other.subnets().len()), (2, 0));
        assert_eq!(ids(alb.listeners().into_iter().map(|listener| listener.0)), ["Listener"]);
        assert_eq!(ids(alb.listeners()[0].rules().into_iter().map(|rule| rule.0)), ["Rule"]);
        assert!(other.listeners().is_empty());
    }
}
