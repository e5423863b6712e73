//! Which subnets have a way to the internet, and are reached from there.
//!
//! A subnet is public if its route table has a route to an internet gateway. What in it is reached, a public address,
//! security groups and network ACLs decide besides.
//!
//! Source: [internet gateways][gateways], [route tables][tables], [`AWS::EC2::Route`][route].
//!
//! [gateways]: https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
//! [tables]: https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
//! [route]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-route.html

use std::collections::{BTreeMap, BTreeSet};

use super::budget::Budget;
use super::flow::Peer;
use super::manifold::Manifold;
use super::symbol::{Symbols, When, shown, target};
use super::{SecurityChange, SecurityKind, Tense, listed};
use crate::document::Resource;

const ROUTE: &str = "AWS::EC2::Route";
const ASSOCIATION: &str = "AWS::EC2::SubnetRouteTableAssociation";

/// Whether a resource of this type only says something of another.
pub(super) fn is_for_another(type_name: &str) -> bool {
    [ROUTE, ASSOCIATION].contains(&type_name)
}

/// Whether a property decides about the way to the internet.
pub(super) fn decides(type_name: &str, property: &str) -> bool {
    const DECIDING: [&str; 5] = [
        "DestinationCidrBlock",
        "DestinationIpv6CidrBlock",
        "DestinationPrefixListId",
        "GatewayId",
        "RouteTableId",
    ];
    type_name == ASSOCIATION || (type_name == ROUTE && DECIDING.contains(&property))
}

/// A route to an internet gateway, or to what may be one.
#[derive(Debug, Clone)]
struct Route {
    /// The logical ID of the resource that says it.
    id: String,
    when: When,
    to: Peer,
    gateway: String,
    /// Whether it is known to be an internet gateway.
    certain: bool,
}

/// The ways to the internet in one template.
pub(super) struct Routes<'t> {
    symbols: &'t Symbols<'t>,
    /// By the route table, as text.
    of_tables: BTreeMap<String, Vec<Route>>,
    /// The route tables of subnets, and where it is said.
    of_subnets: BTreeMap<String, BTreeSet<(When, String)>>,
    /// The logical ID of a subnet, or of what says which route table it has.
    ids: BTreeMap<String, String>,
    manifold: Manifold,
}

impl<'t> Routes<'t> {
    pub(super) fn of(symbols: &'t Symbols<'t>) -> Routes<'t> {
        let (of_tables, of_subnets, ids, manifold) = Default::default();
        let mut routes = Routes { symbols, of_tables, of_subnets, ids, manifold };
        for (id, resource) in &symbols.template.resources {
            match resource.type_name.as_str() {
                ROUTE => routes.route(id, resource),
                ASSOCIATION => routes.association(id, resource),
                _ => {}
            }
        }
        routes
    }

    fn route(&mut self, id: &str, resource: &Resource) {
        let (symbols, properties) = (self.symbols, &resource.properties);
        let destinations = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];
        let Some(gateway) = properties.get("GatewayId") else { return };
        for destination in destinations.iter().filter_map(|key| properties.get(key)) {
            let values = [(properties.get("RouteTableId"), ""), (Some(gateway), ""), (Some(destination), "")];
            let Some(all) = symbols.combinations(&symbols.existence(resource), values) else {
                self.manifold.add(id, properties, symbols);
                continue;
            };
            for (when, [table, gateway, to]) in all {
                let Some(certain) = is_internet(&gateway, symbols).filter(|_| !to.is_empty()) else {
                    continue;
                };
                let route = Route { id: id.to_owned(), when, to: Peer::of(to), gateway, certain };
                self.of_tables.entry(table).or_default().push(route);
            }
        }
    }

    fn association(&mut self, id: &str, resource: &Resource) {
        let (symbols, properties) = (self.symbols, &resource.properties);
        let values = [(properties.get("SubnetId"), ""), (properties.get("RouteTableId"), "")];
        let Some(all) = symbols.combinations(&symbols.existence(resource), values) else {
            return self.manifold.add(id, properties, symbols);
        };
        for (when, [subnet, table]) in all {
            let known = target(&subnet, symbols.template).unwrap_or(id);
            self.ids.entry(subnet.clone()).or_insert_with(|| known.to_owned());
            self.of_subnets.entry(subnet).or_default().insert((when, table));
        }
    }

    /// The subnets of each route table, for a message.
    fn subnets(&self) -> BTreeMap<&str, Vec<String>> {
        let mut subnets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (subnet, tables) in &self.of_subnets {
            for table in tables.iter().map(|(_, table)| table.as_str()).collect::<BTreeSet<_>>() {
                subnets.entry(table).or_default().push(shown(subnet));
            }
        }
        subnets
    }

    /// Whether a route table leads wherever a route does; `None` if there is too much to compare.
    fn lead(&self, table: &str, route: &Route, budget: &Budget) -> Option<bool> {
        let routes = self.of_tables.get(table).map(Vec::as_slice).unwrap_or_default();
        budget.take(routes.len()).then(|| routes.iter().any(|known| known.covers(route)))
    }
}

/// Whether what a route leads to is an internet gateway, if it may be one. A virtual private gateway and an endpoint are
/// given in the same property.
fn is_internet(gateway: &str, symbols: &Symbols<'_>) -> Option<bool> {
    if let Some(id) = target(gateway, symbols.template) {
        return match symbols.template.resources.get(id)?.type_name.as_str() {
            "AWS::EC2::InternetGateway" => Some(true),
            "AWS::EC2::VPCGatewayAttachment" => gateway.contains(".InternetGatewayId").then_some(true),
            "AWS::EC2::VPNGateway" | "AWS::EC2::VPCEndpoint" => None,
            // What another stack or a program gives.
            _ => Some(false),
        };
    }
    let others = ["vgw-", "vpce-", "local"].iter().any(|start| gateway.starts_with(start));
    (!others && !gateway.is_empty()).then(|| gateway.starts_with("igw-"))
}

impl Route {
    /// Whether it leads wherever the other does.
    fn covers(&self, other: &Route) -> bool {
        self.when.is_subset(&other.when)
            && self.to.covers(&other.to)
            && (self.certain || self.gateway == other.gateway)
    }
}

pub(super) fn broadening(old: &Routes<'_>, new: &Routes<'_>, tense: Tense) -> Vec<SecurityChange> {
    let budget = Budget::default();
    let subnets = new.subnets();
    let mut changes = Vec::new();
    let gone = |table: &str| tense == Tense::NoLonger && new.symbols.is_gone(table, old.symbols);
    for (table, routes) in new.of_tables.iter().filter(|(table, _)| !gone(table)) {
        let subnets = subnets.get(table.as_str()).map(Vec::as_slice).unwrap_or_default();
        for route in routes {
            match old.lead(table, route, &budget) {
                Some(true) => {}
                Some(false) => changes.push(route.of_table(table, subnets, tense)),
                None => changes.push(route.untold(table)),
            }
        }
    }
    for (subnet, tables) in &new.of_subnets {
        let before = old.of_subnets.get(subnet);
        if before == Some(tables) {
            continue;
        }
        let id = new.ids.get(subnet).map(String::as_str).unwrap_or_default();
        changes.extend(other_table(subnet, id, old, new, tense, &budget));
    }
    changes.extend(new.manifold.changes(&old.manifold, SecurityKind::Public));
    changes
}

/// The first way to the internet that a subnet has through a table that is another, and that has the way as before.
fn other_table(
    subnet: &str,
    id: &str,
    old: &Routes<'_>,
    new: &Routes<'_>,
    tense: Tense,
    budget: &Budget,
) -> Option<SecurityChange> {
    let none = BTreeSet::new();
    let before = old.of_subnets.get(subnet).unwrap_or(&none);
    for (when, table) in new.of_subnets.get(subnet)? {
        for route in new.of_tables.get(table).into_iter().flatten() {
            let route = Route { when: route.when.union(when).cloned().collect(), ..route.clone() };
            // What is new to the table is told of the table, with its subnets.
            if !old.lead(table, &route, budget)? {
                continue;
            }
            let mut led = false;
            for (_, other) in before.iter().filter(|(known, _)| known.is_subset(&route.when)) {
                led |= old.lead(other, &route, budget)?;
            }
            if !led {
                return Some(route.of_subnet(subnet, id, table, tense));
            }
        }
    }
    None
}

impl Route {
    fn change(&self, id: &str, what: String) -> SecurityChange {
        let wide = self.certain && self.to.is_everybody();
        SecurityChange { id: id.to_owned(), kind: SecurityKind::Public, what, wide, judged: self.certain }
    }

    fn gateway(&self) -> String {
        let name = shown(self.gateway.as_str());
        if self.certain {
            format!("the internet gateway `{name}`")
        } else {
            format!("`{name}`, which may be an internet gateway")
        }
    }

    fn of_table(&self, table: &str, subnets: &[String], tense: Tense) -> SecurityChange {
        let leads = tense.say("now leads", "no longer leads");
        let (table, to, gateway) = (shown(table), self.to.shown(), self.gateway());
        let mut what = format!("`{table}` {leads} {to} to {gateway}");
        if !subnets.is_empty() {
            what = format!("{what}, for {}", listed(subnets));
        }
        self.change(&self.id, what)
    }

    fn of_subnet(&self, subnet: &str, id: &str, table: &str, tense: Tense) -> SecurityChange {
        let has = tense.say("now has", "no longer has");
        let (subnet, table, to, gateway) = (shown(subnet), shown(table), self.to.shown(), self.gateway());
        let what = format!("`{subnet}` {has} the route table `{table}`, which leads {to} to {gateway}");
        self.change(id, what)
    }

    fn untold(&self, table: &str) -> SecurityChange {
        let what = format!("the routes of `{}` change, and are too many to be compared", shown(table));
        SecurityChange { id: self.id.clone(), kind: SecurityKind::Public, what, wide: false, judged: false }
    }
}
