//! To which tier a subnet belongs, and what tells: a pure function of the route tables of its VPC.

use std::collections::BTreeMap;
use std::fmt;
use std::mem::discriminant;

/// Where the default route of a route table leads: the one for `0.0.0.0/0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lead {
    /// There is none.
    Nowhere,
    /// To this internet gateway, which is attached to the VPC.
    Internet(String),
    /// To this internet gateway, which is not.
    Detached(String),
    /// To a NAT gateway, a transit gateway, or another way that is not open to callers from the internet.
    Gateway(String),
    /// To something behind which there may be an internet gateway.
    Unclear(String),
    /// It could not be read, for this reason.
    Unread(String),
}

impl Lead {
    /// The id of what it leads to.
    pub fn target(&self) -> Option<&str> {
        match self {
            Lead::Internet(id) | Lead::Detached(id) | Lead::Gateway(id) | Lead::Unclear(id) => Some(id),
            Lead::Nowhere | Lead::Unread(_) => None,
        }
    }

    /// Source: a subnet is public if its route table has a direct route to an internet gateway: [Subnet types][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html
    fn tier(&self) -> Tier {
        match self {
            Lead::Internet(_) => Tier::Public,
            Lead::Gateway(_) => Tier::Private { way_out: true },
            Lead::Nowhere => Tier::Private { way_out: false },
            Lead::Detached(_) | Lead::Unclear(_) | Lead::Unread(_) => Tier::Unknown,
        }
    }
}

/// In words that follow the name of the route table.
impl fmt::Display for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lead::Nowhere => f.write_str("has no default route"),
            Lead::Internet(id) | Lead::Gateway(id) => write!(f, "leads to {id}"),
            Lead::Detached(id) => write!(f, "leads to {id}, which is not attached to the VPC"),
            Lead::Unclear(id) => write!(f, "leads to {id}, behind which there may be an internet gateway"),
            Lead::Unread(why) => write!(f, "could not be read ({why})"),
        }
    }
}

/// What a subnet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// For what callers from the internet reach.
    Public,
    /// For what they do not reach.
    Private {
        /// Whether there is a way out.
        way_out: bool,
    },
    /// Nothing tells.
    Unknown,
}

/// What tells the tier of a subnet.
///
/// A subnet follows the route table that it is associated with, or else the main one of its VPC. Which one that is is not told
/// by Cloud Control; but it is one of the VPC's, so where all of these lead to the same kind of place it makes no difference.
///
/// Source: [Subnet route tables][aws].
///
/// [aws]: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The route table that it is associated with.
    Associated(String, Lead),
    /// The only route table of its VPC, which is the main one.
    Only(String, Lead),
    /// All route tables of its VPC, which lead to the same kind of place.
    Same(Vec<(String, Lead)>),
    /// It follows the main one, and these do not lead to the same kind of place.
    MainUnknown(Vec<(String, Lead)>),
    /// Not all of the route tables could be read, for this reason.
    Unread(String),
}

impl Evidence {
    /// The tier, as far as it tells one.
    pub fn tier(&self) -> Tier {
        match self {
            Evidence::Associated(_, lead) | Evidence::Only(_, lead) => lead.tier(),
            Evidence::Same(tables) => tables.first().map_or(Tier::Unknown, |(_, lead)| lead.tier()),
            Evidence::MainUnknown(_) | Evidence::Unread(_) => Tier::Unknown,
        }
    }

    /// The route table that it follows, if that is known, and where it leads.
    pub fn followed(&self) -> Option<(&str, &Lead)> {
        match self {
            Evidence::Associated(table, lead) | Evidence::Only(table, lead) => Some((table, lead)),
            _ => None,
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |tables: &[(String, Lead)]| {
            let each = tables.iter().map(|(table, lead)| format!("{table} {lead}"));
            each.collect::<Vec<_>>().join(", ")
        };
        match self {
            Evidence::Associated(table, lead) => write!(f, "{table} {lead}"),
            Evidence::Only(table, lead) => write!(f, "the VPC's only route table {table} {lead}"),
            Evidence::Same(tables) => write!(f, "whichever route table is the main one: {}", list(tables)),
            Evidence::MainUnknown(tables) => {
                write!(f, "follows the main route table, and which one that is is not told: {}", list(tables))
            }
            Evidence::Unread(why) => write!(f, "its route table could not be read ({why})"),
        }
    }
}

/// What is known of the route tables of a VPC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Routing {
    /// Where the default route of each leads.
    pub(super) tables: BTreeMap<String, Lead>,
    /// The route tables by the subnets that are associated with them.
    pub(super) associations: BTreeMap<String, String>,
    /// Why there may be tables that are not here.
    pub(super) tables_unread: Option<String>,
    /// Why there may be associations that are not here. Whatever table they name is one of the VPC's.
    pub(super) associations_unread: Option<String>,
}

/// What tells the tier of this subnet.
pub(super) fn evidence(subnet: &str, routing: &Routing) -> Evidence {
    let unread = |why: &Option<String>| why.clone().unwrap_or_else(|| "it is not told".to_owned());
    if let Some(table) = routing.associations.get(subnet) {
        return match routing.tables.get(table) {
            Some(lead) => Evidence::Associated(table.clone(), lead.clone()),
            None => Evidence::Unread(unread(&routing.tables_unread)),
        };
    }
    if routing.tables_unread.is_some() || routing.tables.is_empty() {
        return Evidence::Unread(unread(&routing.tables_unread));
    }
    let mut tables: Vec<(String, Lead)> =
        routing.tables.iter().map(|(table, lead)| (table.clone(), lead.clone())).collect();
    let kind = discriminant(&tables[0].1);
    let same = tables.iter().all(|(_, lead)| discriminant(lead) == kind);
    match &routing.associations_unread {
        _ if tables.len() == 1 => {
            let (table, lead) = tables.remove(0);
            Evidence::Only(table, lead)
        }
        _ if same => Evidence::Same(tables),
        Some(why) => Evidence::Unread(why.clone()),
        None => Evidence::MainUnknown(tables),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(id: &str) -> Lead {
        Lead::Gateway(id.to_owned())
    }

    fn internet() -> Lead {
        Lead::Internet("igw-1".to_owned())
    }

    /// Route tables `rtb-0`, `rtb-1`, …, and `subnet-1` associated with one of them.
    fn routing(leads: &[Lead], associated: Option<&str>) -> Routing {
        let tables = leads.iter().enumerate().map(|(at, lead)| (format!("rtb-{at}"), lead.clone()));
        let associations = associated.map(|table| ("subnet-1".to_owned(), table.to_owned()));
        Routing {
            tables: tables.collect(),
            associations: associations.into_iter().collect(),
            ..Routing::default()
        }
    }

    #[track_caller]
    fn check(routing: &Routing, tier: Tier, said: &str) {
        let evidence = evidence("subnet-1", routing);
        assert_eq!((evidence.tier(), evidence.to_string().as_str()), (tier, said));
    }

    // R253
    #[test]
    fn the_associated_table_decides_by_where_its_default_route_leads() {
        let with = |lead: Lead| routing(&[Lead::Nowhere, lead], Some("rtb-1"));
        check(&with(internet()), Tier::Public, "rtb-1 leads to igw-1");
        check(&with(gateway("nat-1")), Tier::Private { way_out: true }, "rtb-1 leads to nat-1");
        check(&with(gateway("tgw-1")), Tier::Private { way_out: true }, "rtb-1 leads to tgw-1");
        check(&with(Lead::Nowhere), Tier::Private { way_out: false }, "rtb-1 has no default route");
    }

    #[test]
    fn a_route_that_leads_to_nothing_or_through_something_decides_nothing() {
        let with = |lead: Lead| routing(&[lead], Some("rtb-0"));
        check(
            &with(Lead::Detached("igw-1".to_owned())),
            Tier::Unknown,
            "rtb-0 leads to igw-1, which is not attached to the VPC",
        );
        check(
            &with(Lead::Unclear("vpce-1".to_owned())),
            Tier::Unknown,
            "rtb-0 leads to vpce-1, behind which there may be an internet gateway",
        );
        check(&with(Lead::Unread("no".to_owned())), Tier::Unknown, "rtb-0 could not be read (no)");
    }

    // R253
    #[test]
    fn without_an_association_the_only_table_is_the_main_one() {
        check(&routing(&[internet()], None), Tier::Public, "the VPC's only route table rtb-0 leads to igw-1");
        check(
            &routing(&[Lead::Nowhere], None),
            Tier::Private { way_out: false },
            "the VPC's only route table rtb-0 has no default route",
        );
    }

    #[test]
    fn which_table_is_the_main_one_matters_only_where_they_differ() {
        check(
            &routing(&[gateway("nat-1"), gateway("tgw-1")], None),
            Tier::Private { way_out: true },
            "whichever route table is the main one: rtb-0 leads to nat-1, rtb-1 leads to tgw-1",
        );
        check(
            &routing(&[Lead::Nowhere, internet()], None),
            Tier::Unknown,
            "follows the main route table, and which one that is is not told: \
             rtb-0 has no default route, rtb-1 leads to igw-1",
        );
    }

    #[test]
    fn what_could_not_be_read_is_no_reason_to_guess() {
        let unread = Some("denied".to_owned());
        let tables = Routing { tables_unread: unread.clone(), ..routing(&[internet()], None) };
        check(&tables, Tier::Unknown, "its route table could not be read (denied)");
        let associations =
            Routing { associations_unread: unread.clone(), ..routing(&[internet(), Lead::Nowhere], None) };
        check(&associations, Tier::Unknown, "its route table could not be read (denied)");
        let known = Routing { tables_unread: unread.clone(), ..routing(&[internet()], Some("rtb-0")) };
        check(&known, Tier::Public, "rtb-0 leads to igw-1");
        let elsewhere = routing(&[internet()], Some("rtb-9"));
        check(&elsewhere, Tier::Unknown, "its route table could not be read (it is not told)");
        // Whatever the association is with, it is one of these.
        let same = Routing { associations_unread: unread, ..routing(&[internet(), internet()], None) };
        assert_eq!(evidence("subnet-1", &same).tier(), Tier::Public);
    }
}
