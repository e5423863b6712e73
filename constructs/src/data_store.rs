//! What managed databases have in common: where they stand, who reaches them, and what AWS would refuse of them.

use crate::l1::ec2;
use crate::scope::Scope;
use crate::security_group::{Egress, SecurityGroup};
use crate::value::{List, Value};
use crate::vpc::{TierKind, Vpc};

/// Where a database stands: its subnets, and the group that lets in nobody yet.
pub(crate) struct Home {
    pub(crate) subnets: List<ec2::SubnetId>,
    pub(crate) security_group: SecurityGroup,
}

impl Home {
    /// In isolated subnets, or private ones where there are no others; never in public ones.
    #[track_caller]
    pub(crate) fn build(s: &mut Scope<'_>, vpc: &Vpc, description: &str) -> Home {
        let kind = vpc.first_tier([TierKind::Isolated, TierKind::Private, TierKind::Public]);
        let count = vpc.count(kind);
        if kind == TierKind::Public || count.is_some_and(|count| count < 2) {
            s.error("DC150", "the database has no two private subnets to stand in")
                .property("vpc")
                .hint("give the network a private or isolated tier in two zones");
        }
        let subnets = if kind == TierKind::Public {
            List::from(Vec::<Value<ec2::SubnetId>>::new())
        } else {
            vpc.subnets(kind)
        };
        let security_group = SecurityGroup::named("SecurityGroup")
            .vpc(vpc)
            .description(description)
            .egress(Egress::Connected)
            .build(s);
        Home { subnets, security_group }
    }
}

/// The instances that a kind of database can have, and what its builder calls their class and their number.
pub(crate) struct Instances {
    pub(crate) class_argument: &'static str,
    pub(crate) count_argument: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) most: u32,
}

impl Instances {
    /// Reports a class that is none of the database's, and a number that it cannot have.
    #[track_caller]
    pub(crate) fn check(&self, s: &mut Scope<'_>, class: &str, count: u32) {
        let Instances { class_argument, count_argument, prefix, most } = *self;
        if !class.starts_with(prefix) || class.split('.').count() != 3 {
            s.error("DC151", format!("`{class}` is not a class of instances"))
                .property(class_argument)
                .hint(format!("it looks like `{prefix}t4g.medium`"));
        }
        if !(1..=most).contains(&count) {
            s.error("DC152", format!("the database cannot have {count} instances"))
                .property(count_argument)
                .hint(format!("choose 1 to {most}; with 2 the loss of one, or of its zone, is survived"));
        }
    }
}

/// Reports a number of days that backups cannot be kept.
#[track_caller]
pub(crate) fn check_backups(s: &mut Scope<'_>, days: u32) {
    if !(1..=35).contains(&days) {
        s.error("DC153", format!("backups cannot be kept for {days} days"))
            .property("backup_retention_days")
            .hint("choose 1 to 35 days");
    }
}
