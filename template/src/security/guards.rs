//! What stands before a resource and keeps others out: web ACLs, sign-in, encryption, and what containers run as.
//!
//! Each guard that a template has is compared with the same one of the other template. The order of rules of a web ACL
//! (`Priority`) is not looked at.
//!
//! Sources: the pages of the types in the [resource type reference][aws]; [policies of load balancers][elb] and [of
//! CloudFront][cdn], for the oldest version of TLS that each takes.
//!
//! [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
//! [elb]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
//! [cdn]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html

use indexmap::IndexMap;

use super::symbol::{Symbols, When, is_known};
use super::{SecurityChange, SecurityKind, Tense};
use crate::document::Resource;
use crate::node::{Map, Node};

mod associations;
mod containers;
mod listeners;
mod sites;
mod web_acls;

pub(super) use associations::is_for_another;

/// What a guard does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Guards,
    /// It lets through.
    Open,
    /// The oldest version of TLS that it takes, in tenths.
    Version(u8),
    /// It is this one; whether another lets through more, the template does not say.
    By(String),
    /// An expression, or a name that says nothing here; empty for AWS's own default.
    Unknown(String),
}

/// The newest version of TLS.
const NEWEST: u8 = 13;

/// Adds a guard. One of the same name is there only in other cases, and the one that keeps out less is taken; of two that
/// differ, both.
fn add(guards: &mut Guards, name: String, guard: Guard) {
    let Some(known) = guards.get_mut(&name) else {
        guards.insert(name, guard);
        return;
    };
    match (&mut known.state, &guard.state) {
        (State::By(one), State::By(other)) if one != other => *one = format!("{one}\n{other}"),
        (one, other) if other.guarding() < one.guarding() => *known = guard,
        _ => {}
    }
}

/// Something that may guard a resource.
struct Guard {
    state: State,
    /// What is taken for it where the other template has the resource, or not even that, without this guard: nothing,
    /// if there is nothing to compare then.
    absent: Option<State>,
    kind: SecurityKind,
    /// Whether it is everybody that it keeps out.
    wide: bool,
    /// That it no longer guards, that it does so now, and that the template does not say.
    goes: String,
    comes: String,
    unclear: String,
}

/// The guards of a resource, by names that are the same in both templates.
type Guards = IndexMap<String, Guard>;

/// The guards that a resource may have.
fn of(id: &str, resource: &Resource, symbols: &Symbols<'_>) -> Guards {
    let view = View { id, resource, symbols };
    match resource.type_name.as_str() {
        "AWS::ElasticLoadBalancingV2::Listener" => listeners::listener(view),
        "AWS::ElasticLoadBalancingV2::ListenerRule" => listeners::rule(view),
        "AWS::CloudFront::Distribution" => sites::distribution(view),
        "AWS::WAFv2::WebACL" | "AWS::WAFv2::RuleGroup" => web_acls::web_acl(view),
        "AWS::ECS::TaskDefinition" => containers::containers(view),
        "AWS::IAM::AccessKey" => containers::access_key(view),
        _ => Guards::new(),
    }
}

/// Whether a property of a type is looked at here.
pub(super) fn decides(type_name: &str, property: &str) -> bool {
    match type_name {
        "AWS::ElasticLoadBalancingV2::Listener" => {
            ["DefaultActions", "Protocol", "SslPolicy"].contains(&property)
        }
        "AWS::ElasticLoadBalancingV2::ListenerRule" => property == "Actions",
        "AWS::CloudFront::Distribution" => property == "DistributionConfig",
        "AWS::WAFv2::WebACL" | "AWS::WAFv2::RuleGroup" => ["DefaultAction", "Rules"].contains(&property),
        "AWS::ECS::TaskDefinition" => property == "ContainerDefinitions",
        _ => is_for_another(type_name),
    }
}

pub(super) fn broadening(before: &Symbols<'_>, after: &Symbols<'_>, tense: Tense) -> Vec<SecurityChange> {
    let mut changes = associations::broadening(before, after, tense);
    for (id, resource) in &after.template.resources {
        let old = before.template.resources.get(id).filter(|old| old.type_name == resource.type_name);
        let was = old.map(|old| of(id, old, before));
        let now = of(id, resource, after);
        changes.extend(compare(id, was.as_ref(), &now, tense));
    }
    changes
}

/// What the guards of one resource no longer keep out.
fn compare(id: &str, was: Option<&Guards>, now: &Guards, tense: Tense) -> Vec<SecurityChange> {
    let mut changes = Vec::new();
    for (name, guard) in now {
        let before = was.and_then(|was| was.get(name)).map(|guard| &guard.state).or(guard.absent.as_ref());
        let lost = before.and_then(|before| before.lost(&guard.state));
        changes.extend(lost.map(|certain| guard.change(id, certain, tense)));
    }
    for (_, guard) in was.into_iter().flatten().filter(|(name, _)| !now.contains_key(*name)) {
        let lost = guard.absent.as_ref().and_then(|absent| guard.state.lost(absent));
        changes.extend(lost.map(|certain| guard.change(id, certain, tense)));
    }
    changes
}

impl State {
    /// Whether less is kept out by `now` than by this one, and whether that is certain.
    fn lost(&self, now: &State) -> Option<bool> {
        match (self, now) {
            (State::Guards | State::By(_) | State::Version(_), State::Open) => Some(true),
            (State::Version(was), State::Version(is)) if is < was => Some(true),
            (State::By(was), State::By(is)) if is != was => Some(false),
            (State::Unknown(_), State::Open) => Some(false),
            // What is known now may be older than what was not. AWS's default takes old versions itself.
            (State::Unknown(was), State::Version(is)) if !was.is_empty() && *is < NEWEST => Some(false),
            (was, State::Unknown(_)) if *was != State::Open && was != now => Some(false),
            _ => None,
        }
    }

    /// The state of something that may be several things: the most open one.
    fn of<'n>(
        values: &[&'n Node],
        symbols: &Symbols<'_>,
        one: impl Fn(&'n Node) -> Option<State>,
    ) -> Option<State> {
        let states: Vec<State> = values
            .iter()
            .filter_map(|node| match node {
                Node::Call(..) => Some(State::Unknown(symbols.text(node))),
                node => one(node),
            })
            .collect();
        states.into_iter().min_by_key(State::guarding)
    }

    /// The more, the more is kept out.
    fn guarding(&self) -> u32 {
        match self {
            State::Open => 0,
            State::Unknown(_) => 1,
            State::Version(version) => 2 + u32::from(*version),
            State::By(_) | State::Guards => 1000,
        }
    }
}

impl Guard {
    fn change(&self, id: &str, certain: bool, tense: Tense) -> SecurityChange {
        let what = match (certain, tense) {
            (false, _) => &self.unclear,
            (true, Tense::Now) => &self.goes,
            (true, Tense::NoLonger) => &self.comes,
        };
        let wide = self.wide && certain;
        SecurityChange { id: id.to_owned(), kind: self.kind, what: what.clone(), wide, judged: certain }
    }
}

/// A resource to look at.
#[derive(Clone, Copy)]
struct View<'v, 't> {
    id: &'v str,
    resource: &'v Resource,
    symbols: &'v Symbols<'t>,
}

impl<'v> View<'v, '_> {
    /// Every value that may stand at a path of properties.
    fn values(self, path: &[&str]) -> Vec<&'v Node> {
        self.below(&self.resource.properties, path)
    }

    fn below(self, map: &'v Map, path: &[&str]) -> Vec<&'v Node> {
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        let mut values = self.symbols.branches_of(map.get(first));
        for key in rest {
            let inner = values.into_iter().filter_map(|node| match node {
                Node::Map(map) => map.get(key),
                // What is in it is not known, and neither is this.
                Node::Call(..) => Some(node),
                _ => None,
            });
            values = inner.flat_map(|node| self.symbols.branches_of(Some(node))).collect();
        }
        values
    }

    /// Every item that a list at a path of properties may have.
    fn items(self, path: &[&str]) -> Vec<&'v Node> {
        let always = When::new();
        let lists = self.values(path).into_iter();
        lists.flat_map(|list| self.symbols.items(Some(list), &always)).map(|(_, item)| item).collect()
    }

    /// A text in lower case, if it is known.
    fn text(self, node: &Node) -> Option<String> {
        let text = self.symbols.text(node);
        is_known(&text).then(|| text.to_ascii_lowercase())
    }

    /// The name that something has in it, which may be an expression.
    fn name(self, map: &Map, key: &str) -> Option<String> {
        map.get(key).map(|node| self.symbols.text(node))
    }
}
