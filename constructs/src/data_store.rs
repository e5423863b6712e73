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

/// Reports a number of instances that the database cannot have, and a class that is none of its.
#[track_caller]
pub(crate) fn check_size(s: &mut Scope<'_>, class: &str, prefix: &str, count: u32, most: u32) {
    if !class.starts_with(prefix) || class.split('.').count() != 3 {
        s.error("DC151", format!("`{class}` is not a class of instances"))
            .property("instance_class")
            .hint(format!("it looks like `{prefix}t4g.medium`"));
    }
    if !(1..=most).contains(&count) {
        s.error("DC152", format!("the database cannot have {count} instances"))
            .property("instances")
            .hint(format!("choose 1 to {most}; with 2 the loss of one, or of its zone, is survived"));
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
