//! The blocks of a VPC and its subnets: what AWS would refuse of them.

use crate::scope::Scope;
use crate::units::Cidr;

use super::Tier;

/// Reports blocks that AWS would refuse, all of them at once.
///
/// Source: [VPC CIDR blocks][vpc] and [subnet sizing][subnet] in the Amazon VPC user guide.
///
/// [vpc]: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
/// [subnet]: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
pub(super) fn check_blocks(s: &mut Scope<'_>, cidr: Cidr, tiers: &[Tier], zones: &[char]) {
    let sizes = 16..=28;
    if !sizes.contains(&cidr.prefix()) {
        s.error("DC030", format!("{cidr} is not a size that a VPC can have"))
            .property("cidr")
            .hint("choose a block from /16 to /28");
    }
    let mut seen: Vec<(Cidr, &str)> = Vec::new();
    for tier in tiers {
        if tier.cidrs.len() != zones.len() {
            s.error(
                "DC031",
                format!("the tier `{}` has {} blocks for {} zones", tier.name, tier.cidrs.len(), zones.len()),
            )
            .property("tiers")
            .hint("give each tier one block per zone");
        }
        for block in &tier.cidrs {
            if !sizes.contains(&block.prefix()) {
                s.error("DC030", format!("{block} is not a size that a subnet can have"))
                    .property("tiers")
                    .hint("choose a block from /16 to /28");
            }
            if !cidr.contains(*block) {
                s.error(
                    "DC032",
                    format!("{block} of the tier `{}` lies outside the VPC's {cidr}", tier.name),
                )
                .property("tiers")
                .hint(free_blocks(cidr, tiers, block.prefix()));
            }
            if let Some((other, name)) = seen.iter().find(|(other, _)| other.overlaps(*block)) {
                s.error(
                    "DC033",
                    format!("{block} of the tier `{}` overlaps {other} of the tier `{name}`", tier.name),
                )
                .property("tiers")
                .hint(free_blocks(cidr, tiers, block.prefix()));
            }
            seen.push((*block, &tier.name));
        }
    }
}

/// Names the first blocks of this size that no tier uses.
fn free_blocks(cidr: Cidr, tiers: &[Tier], prefix: u8) -> String {
    let used = |block: &Cidr| tiers.iter().flat_map(|tier| &tier.cidrs).any(|other| other.overlaps(*block));
    let free: Vec<String> = cidr
        .subnets(prefix)
        .take(4096)
        .filter(|block| !used(block))
        .take(3)
        .map(|block| block.to_string())
        .collect();
    if free.is_empty() {
        format!("no /{prefix} block of {cidr} is free; choose smaller subnets")
    } else {
        format!("free blocks of this size are {}", free.join(", "))
    }
}
