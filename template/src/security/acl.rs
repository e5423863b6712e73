//! What network ACLs let into subnets and out of them.
//!
//! The entries of an ACL are looked at by number, the least first, and the first that fits decides; what none fits is
//! denied. So an entry that allows broadens if none allowed it before, or if one that denied it before is gone or comes
//! later now. That a subnet is given another ACL is told, but not judged: its default ACL is not in the template.
//!
//! Source: [entries][rules], [network ACLs][acls], [`AWS::EC2::NetworkAclEntry`][entry].
//!
//! [rules]: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
//! [acls]: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
//! [entry]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-networkaclentry.html

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;

use super::budget::Budget;
use super::flow::{ALL, Flow};
use super::manifold::Manifold;
use super::symbol::{Symbols, When, shown, target};
use super::{SecurityChange, SecurityKind, Tense};
use crate::document::Resource;
use crate::node::Node;

const ENTRY: &str = "AWS::EC2::NetworkAclEntry";
const ASSOCIATION: &str = "AWS::EC2::SubnetNetworkAclAssociation";

/// Whether a resource of this type only says something of another. All that it says decides who reaches what.
pub(super) fn is_for_another(type_name: &str) -> bool {
    [ENTRY, ASSOCIATION].contains(&type_name)
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Rule {
    allow: bool,
    when: When,
    /// As text: a parameter may give it.
    number: String,
    flow: Flow,
}

/// An entry with the logical ID of its resource.
#[derive(Debug)]
struct Entry {
    id: String,
    rule: Rule,
}

/// An ACL, as text, and whether it is about what comes in or goes out.
type Place = (String, SecurityKind);

/// The network ACLs of one template.
pub(super) struct Acls<'t> {
    symbols: &'t Symbols<'t>,
    entries: BTreeMap<Place, Vec<Entry>>,
    /// The ACLs of subnets that are resources of the template, by logical ID.
    of_subnets: BTreeMap<String, BTreeSet<String>>,
    manifold: Manifold,
}

impl<'t> Acls<'t> {
    pub(super) fn of(symbols: &'t Symbols<'t>) -> Acls<'t> {
        let (entries, of_subnets, manifold) = Default::default();
        let mut acls = Acls { symbols, entries, of_subnets, manifold };
        for (id, resource) in &symbols.template.resources {
            match resource.type_name.as_str() {
                ENTRY => acls.entry(id, resource),
                ASSOCIATION => acls.association(resource),
                "AWS::EC2::Subnet" => _ = acls.of_subnets.entry(id.clone()).or_default(),
                _ => {}
            }
        }
        acls
    }

    fn entry(&mut self, id: &str, resource: &Resource) {
        let (symbols, properties) = (self.symbols, &resource.properties);
        // What is given for one protocol only, and may be an expression as a whole.
        let within = |of: &str, key: &str| match properties.get(of) {
            Some(Node::Map(map)) => map.get(key),
            other => other,
        };
        let values = [
            (properties.get("NetworkAclId"), ""),
            (properties.get("Egress"), "false"),
            (properties.get("RuleAction"), ""),
            (properties.get("RuleNumber"), ""),
            (properties.get("Protocol"), ALL),
            (within("PortRange", "From").or_else(|| within("Icmp", "Type")), ALL),
            (within("PortRange", "To").or_else(|| within("Icmp", "Code")), ALL),
            (properties.get("CidrBlock").or_else(|| properties.get("Ipv6CidrBlock")), ""),
        ];
        let Some(all) = symbols.combinations(&symbols.existence(resource), values) else {
            return self.manifold.add(id, properties, symbols);
        };
        for (when, [acl, egress, action, number, protocol, from, to, peer]) in all {
            let kind = if egress == "true" { SecurityKind::Egress } else { SecurityKind::Ingress };
            let flow = Flow::of(&protocol, &from, &to, peer);
            // An action that is not known may be either; the dangerous one is taken.
            let allow = !action.eq_ignore_ascii_case("deny");
            let entry = Entry { id: id.to_owned(), rule: Rule { allow, when, number, flow } };
            self.entries.entry((acl, kind)).or_default().push(entry);
        }
    }

    fn association(&mut self, resource: &Resource) {
        let symbols = self.symbols;
        let texts = |key: &str| symbols.texts(resource.properties.get(key), &When::new());
        for (_, subnet) in texts("SubnetId") {
            if let Some(id) = target(&subnet, symbols.template) {
                let acls = texts("NetworkAclId").into_iter().map(|(_, acl)| acl);
                self.of_subnets.entry(id.to_owned()).or_default().extend(acls);
            }
        }
    }
}

pub(super) fn broadening(old: &Acls<'_>, new: &Acls<'_>, tense: Tense) -> Vec<SecurityChange> {
    let budget = Budget::default();
    let mut changes = Vec::new();
    for (place, entries) in &new.entries {
        let before = old.entries.get(place).map(Vec::as_slice).unwrap_or_default();
        let gone = tense == Tense::NoLonger && new.symbols.is_gone(&place.0, old.symbols);
        if gone || Rules::of(before).all == Rules::of(entries).all {
            continue;
        }
        if let Err(TooMuch { id }) = more(place, before, entries, tense, &budget, &mut changes) {
            let what =
                format!("the entries of `{}` change, and are too many to be compared", shown(&place.0));
            changes.push(SecurityChange { id, kind: place.1, what, wide: false, judged: false });
        }
    }
    for (subnet, acls) in &new.of_subnets {
        // A new subnet is as all new ones are.
        if old.of_subnets.get(subnet).is_some_and(|before| before != acls) {
            let names: Vec<String> = acls.iter().map(|acl| format!("`{}`", shown(acl))).collect();
            let what = match names.as_slice() {
                [] => format!("`{subnet}` gets the default network ACL of its VPC"),
                names => format!("`{subnet}` gets the network ACL {}", names.join(" or ")),
            };
            let kind = SecurityKind::Ingress;
            changes.push(SecurityChange { id: subnet.clone(), kind, what, wide: false, judged: false });
        }
    }
    changes.extend(new.manifold.changes(&old.manifold, SecurityKind::Ingress));
    changes
}

/// There is too much to compare: the logical ID of an entry.
struct TooMuch {
    id: String,
}

/// What the entries of one ACL let through and the old ones did not.
fn more(
    place: &Place,
    old: &[Entry],
    new: &[Entry],
    tense: Tense,
    budget: &Budget,
    changes: &mut Vec<SecurityChange>,
) -> Result<(), TooMuch> {
    let (before, now) = (Rules::of(old), Rules::of(new));
    let mut told: IndexSet<&Rule> = IndexSet::new();
    for entry in new.iter().filter(|entry| entry.rule.allow) {
        let allowed = &entry.rule;
        if !budget.take(old.len() + new.len()) {
            return Err(TooMuch { id: entry.id.clone() });
        }
        let first: Vec<&Rule> = now.denying.iter().copied().filter(|deny| deny.is_before(allowed)).collect();
        if first.iter().any(|deny| deny.covers(allowed)) {
            continue;
        }
        // An old entry that allowed as much, and what was denied before it and is not any more.
        let mut known = None;
        for other in before.allowing.iter().filter(|other| other.covers(allowed)) {
            if !budget.take(before.denying.len().saturating_mul(1 + first.len())) {
                return Err(TooMuch { id: entry.id.clone() });
            }
            let lost = before.denying.iter().find_map(|deny| {
                let stays = other.number == allowed.number && now.all.contains(deny);
                // Where a number is not known, it may have come first.
                let lost = if stays || other.is_before(deny) { None } else { deny.lost(allowed, &first) };
                lost.map(|flow| (*deny, flow, deny.is_before(other)))
            });
            let nothing = lost.is_none();
            known = Some(lost);
            if nothing {
                break;
            }
        }
        match known {
            None => {
                let partly = before.allowing.iter().any(|other| other.flow.meets(&allowed.flow));
                changes.push(entry.allows(place, partly, tense));
            }
            Some(Some((deny, flow, judged))) if told.insert(deny) => {
                let change = entry.after(place, &flow, tense);
                changes.push(SecurityChange { judged, wide: change.wide && judged, ..change });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The entries of one ACL by what they do.
struct Rules<'e> {
    all: IndexSet<&'e Rule>,
    allowing: Vec<&'e Rule>,
    denying: Vec<&'e Rule>,
}

impl<'e> Rules<'e> {
    fn of(entries: &'e [Entry]) -> Rules<'e> {
        let rules = || entries.iter().map(|entry| &entry.rule);
        let (allowing, denying) = rules().partition(|rule| rule.allow);
        Rules { all: rules().collect(), allowing, denying }
    }
}

impl Rule {
    /// Whether it is looked at before another; not if a number is not known.
    fn is_before(&self, other: &Rule) -> bool {
        let number = |rule: &Rule| rule.number.trim().parse::<i64>().ok();
        matches!((number(self), number(other)), (Some(own), Some(other)) if own < other)
    }

    /// Whether it fits all that the other does, wherever the other is there.
    fn covers(&self, other: &Rule) -> bool {
        self.when.is_subset(&other.when) && self.flow.covers(&other.flow)
    }

    /// What this one denied of what `allowed` lets through, and none of `now` denies.
    fn lost(&self, allowed: &Rule, now: &[&Rule]) -> Option<Flow> {
        let flow = self.flow.common(&allowed.flow)?;
        let when: When = self.when.union(&allowed.when).cloned().collect();
        let still = now.iter().any(|deny| deny.when.is_subset(&when) && deny.flow.covers(&flow));
        (!still).then_some(flow)
    }
}

impl Entry {
    /// That it lets in or out what it does; `partly` if others may let through a part of it.
    fn allows(&self, (acl, kind): &Place, partly: bool, tense: Tense) -> SecurityChange {
        let flow = &self.rule.flow;
        let lets = match kind {
            SecurityKind::Egress => tense.say("now lets out to", "no longer lets out to"),
            _ => tense.say("now lets in", "no longer lets in"),
        };
        let all = if partly && tense == Tense::NoLonger { "all of " } else { "" };
        let what = format!("`{}` {lets} {all}{} on {}", shown(acl), flow.peer.shown(), flow.ports_text());
        // That something gets out to everywhere is usual.
        let wide = *kind == SecurityKind::Ingress && flow.peer.is_everybody();
        SecurityChange { id: self.id.clone(), kind: *kind, what, wide, judged: true }
    }

    /// It allows what an entry denied before.
    fn after(&self, (acl, kind): &Place, denied: &Flow, tense: Tense) -> SecurityChange {
        let flow = &self.rule.flow;
        let what = format!(
            "`{}` {} {} on {} before it lets {} {} on {}",
            shown(acl),
            tense.say("no longer denies", "now denies"),
            denied.peer.shown(),
            denied.ports_text(),
            if *kind == SecurityKind::Egress { "out to" } else { "in" },
            flow.peer.shown(),
            flow.ports_text(),
        );
        let wide = *kind == SecurityKind::Ingress && denied.peer.is_everybody();
        SecurityChange { id: self.id.clone(), kind: *kind, what, wide, judged: true }
    }
}
