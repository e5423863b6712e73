//! Blocks of addresses: of VPCs, of subnets, and everywhere else in a network.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::{IpNet, Ipv4Net};

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::facts::{self, Place};
use crate::model::network::{Block, Subnet};
use crate::model::{Model, Value};
use crate::node::Node;

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &BAD_BLOCK, check: bad_block },
    Lint { rule: &OVERLAP, check: overlap },
    Lint { rule: &OUTSIDE, check: outside },
    Lint { rule: &HOST_BITS, check: host_bits },
];

rule! {
    /// A block of addresses that AWS refuses.
    ///
    /// A VPC and a subnet have between 16 (`/28`) and 65536 addresses (`/16`); any other length is refused with
    /// `InvalidVpc.Range` or `InvalidSubnet.Range` when the resource is made, minutes after the deployment began. A
    /// parameter's default, a mapping or glued text that is no block at all ends the same way.
    ///
    /// Write four numbers up to 255 and a length: `10.0.0.0/16`.
    ///
    /// Source: [VPC CIDR blocks](https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html),
    /// [Subnet CIDR blocks](https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html).
    pub(super) BAD_BLOCK = "DT060" Error;
}

rule! {
    /// Two subnets of one VPC with the same addresses.
    ///
    /// EC2 refuses the second one to be made: `InvalidSubnet.Conflict`, "conflicts with another subnet". Which one is
    /// second changes from deployment to deployment, because they are made side by side.
    ///
    /// Give each subnet a block of its own. `!Cidr` cuts a VPC's block into equal parts that cannot overlap.
    ///
    /// Source: [Subnet CIDR blocks](https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html).
    pub(super) OVERLAP = "DT061" Error;
}

rule! {
    /// A subnet outside of its VPC.
    ///
    /// The block of a subnet is a part of one of the blocks of its VPC: the first one, or one that an
    /// `AWS::EC2::VPCCidrBlock` adds. Another one is refused when the subnet is made: `InvalidSubnet.Range`.
    ///
    /// Choose a block within the VPC's, or add one to the VPC.
    ///
    /// Source: [Subnet CIDR blocks](https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html).
    pub(super) OUTSIDE = "DT062" Error;
}

rule! {
    /// A block of addresses with bits beyond its length.
    ///
    /// `10.0.5.7/16` is not a block but an address in one. EC2 does not refuse it: it takes `10.0.0.0/16`. A rule of a
    /// security group that was meant for one machine is then open to 65536, and the template no longer says what is
    /// there.
    ///
    /// Write the block as AWS will keep it, or `/32` if one address is meant.
    ///
    /// Source: [CreateVpc](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html), parameter
    /// `CidrBlock`.
    pub(super) HOST_BITS = "DT063" Warning;
}

/// How long the prefix of a [VPC's][aws] or subnet's block is.
///
/// [aws]: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
const LENGTHS: std::ops::RangeInclusive<u8> = 16..=28;

/// The types whose block has such a length, and what a message calls them.
const SIZED: [(&str, &str); 3] =
    [("AWS::EC2::VPC", "a VPC"), ("AWS::EC2::VPCCidrBlock", "a VPC"), ("AWS::EC2::Subnet", "a subnet")];

fn bad_block(model: &Model<'_>, found: &mut Findings) {
    each_block(model, &mut |value, text| {
        // What stands there as it is, is told with the other properties.
        if !text.is_empty()
            && text.parse::<IpNet>().is_err()
            && matches!(value.written(), Some(Node::Call(..)))
        {
            found
                .at(value, format!("`{text}` is not a block of addresses"))
                .hint("write four numbers up to 255 and a length, for example 10.0.0.0/16");
        }
    });
    for (type_name, what) in SIZED {
        for value in model.of_type(type_name).flat_map(|item| item.get("CidrBlock")) {
            let Some(block) = Block::of(&value) else { continue };
            let length = block.net.prefix_len();
            if !LENGTHS.contains(&length) {
                let (least, most) = (LENGTHS.start(), LENGTHS.end());
                let size = if length < *least { "more" } else { "fewer" };
                found
                    .at(&value, format!("`{}` is {size} addresses than {what} can have", value.shown()))
                    .hint(format!("choose a length between /{least} and /{most}"));
            }
        }
    }
}

fn host_bits(model: &Model<'_>, found: &mut Findings) {
    each_block(model, &mut |value, text| {
        if let Ok(net) = text.parse::<IpNet>()
            && net != net.trunc()
        {
            let host = if matches!(net, IpNet::V4(_)) { 32 } else { 128 };
            found
                .at(value, format!("`{text}` has bits beyond its length: AWS takes it as `{}`", net.trunc()))
                .hint(format!("write `{}`, or `{}/{host}` for that address alone", net.trunc(), net.addr()));
        }
    });
}

fn overlap(model: &Model<'_>, found: &mut Findings) {
    for blocks in blocks_by_vpc(model).values() {
        let mut free_by_length = BTreeMap::new();
        for (first, last) in overlaps(model, blocks) {
            let (first, last) = (&blocks[first], &blocks[last]);
            let message =
                format!("`{}` overlaps `{}` of the subnet `{}`", last.1.net, first.1.net, first.0.0.id());
            let vpc = last.0.vpc();
            let length = last.1.net.prefix_len();
            let hint = match free_by_length
                .entry((vpc.map(|vpc| vpc.0.id()), length))
                .or_insert_with(|| free(&vpc?.blocks()?, length, blocks))
            {
                Some(net) => format!("`{net}` is free"),
                None => "choose a block that no other subnet of the VPC has".to_owned(),
            };
            found.at(&last.1.value, message).hint(hint);
        }
    }
}

/// Of each block that overlaps one of a subnet before it in the template: the places of such a one, and of itself.
fn overlaps(model: &Model<'_>, blocks: &[(Subnet<'_>, Block<'_>)]) -> Vec<(usize, usize)> {
    let meets = |one: usize, other: usize| blocks[one].1.value.world().meets(blocks[other].1.value.world());
    let mut all = Vec::new();
    // Of two blocks that overlap, one is within the other. So in the order of the addresses those around the present
    // one are a stack: what does not reach up to it is on top.
    let mut around: Vec<(usize, usize)> = Vec::new();
    // The same in the template's order, all of them and those that are not told yet.
    let (mut known, mut untold) = (BTreeSet::new(), BTreeSet::new());
    for (at, (subnet, block)) in blocks.iter().enumerate() {
        while let Some(last) =
            around.pop_if(|(_, last)| blocks[*last].1.net.broadcast() < block.net.network())
        {
            known.remove(&last);
            untold.remove(&last);
        }
        let Some(place) = model.template().resources.get_index_of(subnet.0.id()) else { continue };
        let before = known.range(..(place, 0)).find(|(_, other)| meets(*other, at));
        all.extend(before.map(|(_, other)| (*other, at)));
        let is_told = before.is_some();
        let after: Vec<_> =
            untold.range((place + 1, 0)..).filter(|(_, other)| meets(*other, at)).copied().collect();
        for other in after {
            untold.remove(&other);
            all.push((at, other.1));
        }
        around.push((place, at));
        known.insert((place, at));
        if !is_told {
            untold.insert((place, at));
        }
    }
    all
}

fn outside(model: &Model<'_>, found: &mut Findings) {
    if !model.is_closed() {
        return;
    }
    let mut blocks_by_vpc = BTreeMap::new();
    for subnet in model.subnets() {
        let Some(vpc) = subnet.vpc() else { continue };
        let around = blocks_by_vpc.entry(vpc.0.id()).or_insert_with(|| vpc.blocks());
        let Some(around) = around else { continue };
        for block in subnet.blocks() {
            let mut possible =
                around.iter().filter(|around| around.value.world().meets(block.value.world())).peekable();
            if possible.peek().is_none() || possible.any(|around| around.net.contains(&block.net)) {
                continue;
            }
            let nets: Vec<_> = around.iter().map(|around| format!("`{}`", around.net)).collect();
            let message = format!(
                "`{}` is not within {} of the VPC `{}`",
                block.value.shown(),
                nets.join(" or "),
                vpc.0.id()
            );
            found.at(&block.value, message).hint("choose a part of the VPC's block");
        }
    }
}

/// The subnets' blocks by the VPC they are in, in the order of their addresses.
fn blocks_by_vpc<'m>(model: &'m Model<'m>) -> BTreeMap<String, Vec<(Subnet<'m>, Block<'m>)>> {
    let mut all: BTreeMap<String, Vec<(Subnet<'m>, Block<'m>)>> = BTreeMap::new();
    for subnet in model.subnets() {
        for vpc in subnet.0.get("VpcId") {
            let Some(name) = vpc_name(&vpc) else { continue };
            let blocks = subnet.blocks().into_iter().filter(|block| block.value.world().meets(vpc.world()));
            all.entry(name).or_default().extend(blocks.map(|block| (subnet, block)));
        }
    }
    for blocks in all.values_mut() {
        blocks.sort_by_key(|(_, block)| (block.net.network(), block.net.prefix_len()));
    }
    all
}

/// What tells a VPC from others: its logical ID, the parameter that brings it, or its id.
fn vpc_name(vpc: &Value<'_>) -> Option<String> {
    if let Some(target) = vpc.target() {
        return Some(target.to_string());
    }
    vpc.parameter().map(|(name, _)| name.to_owned()).or_else(|| vpc.text())
}

/// The first block of this length within those of the VPC that overlaps none of those `taken`, which are in the order
/// of their addresses.
fn free(around: &[Block<'_>], length: u8, taken: &[(Subnet<'_>, Block<'_>)]) -> Option<Ipv4Net> {
    let size = 1 << (32 - u64::from(length));
    let (first, last) = (
        |net: &Ipv4Net| u64::from(net.network().to_bits()),
        |net: &Ipv4Net| u64::from(net.broadcast().to_bits()),
    );
    around.iter().filter(|around| around.net.prefix_len() <= length).find_map(|around| {
        let mut start = first(&around.net);
        for (_, block) in taken {
            if first(&block.net) >= start + size {
                break;
            }
            if last(&block.net) >= start {
                // The next one that begins beyond the block; all begin at a multiple of their size.
                start = (last(&block.net) / size + 1) * size;
            }
        }
        let start = u32::try_from(start).ok().filter(|start| u64::from(*start) <= last(&around.net))?;
        Ipv4Net::new(start.into(), length).ok()
    })
}

/// Every known text that stands where the facts about EC2 say that a block of addresses does.
fn each_block(model: &Model<'_>, see: &mut dyn FnMut(&Value<'_>, &str)) {
    for item in model.resources().filter(|item| item.type_name().starts_with("AWS::EC2::")) {
        if let Some(facts) = facts::resource(item.type_name()) {
            walk(&item.properties(), facts.properties(), see);
        }
    }
}

fn walk(value: &Value<'_>, place: Place<'static>, see: &mut dyn FnMut(&Value<'_>, &str)) {
    if matches!(place.schema().format, Some("ipv4-network" | "ipv6-network")) {
        if let Some(text) = value.text() {
            see(value, text.trim());
        }
    } else if let Some(item) = place.item() {
        for value in value.items().into_iter().flatten() {
            walk(&value, item, see);
        }
    } else {
        for (key, value) in value.entries().into_iter().flatten() {
            if let Some(next) = place.property(key) {
                walk(&value, next, see);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::shown;

    const HEAD: &str = "
Parameters: {Env: {Type: String, Default: dev}, Vpc2: {Type: 'AWS::EC2::VPC::Id'}}
Conditions: {IsProd: !Equals [!Ref Env, prod], NotProd: !Not [!Condition IsProd]}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
";

    fn subnets(lines: &[&str]) -> String {
        let subnet = |(at, line): (usize, &&str)| format!("  S{at}: {{Type: 'AWS::EC2::Subnet', {line}}}\n");
        shown(&format!("{HEAD}{}", lines.iter().enumerate().map(subnet).collect::<String>()), "DT06")
    }

    #[test]
    fn subnets_of_which_only_one_is_made_do_not_overlap() {
        let a = "Condition: IsProd, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}";
        let b = "Condition: NotProd, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}";
        assert_eq!(subnets(&[a, b]), "");
        let c = "Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.128/25}";
        assert_eq!(
            subnets(&[a, c]),
            "DT061 `10.0.0.128/25` overlaps `10.0.0.0/24` of the subnet `S0` at Resources.S1.Properties.CidrBlock\n"
        );
    }

    #[test]
    fn of_many_that_overlap_each_but_the_first_is_told_once() {
        let block = |block: &str| format!("Properties: {{VpcId: !Ref Vpc, CidrBlock: {block}}}");
        let (small, large) = ("10.0.1.0/24", "10.0.0.0/20");
        for blocks in
            [[small, small, small], [small, large, large], [large, small, small], [large, small, large]]
        {
            let shown = subnets(&blocks.map(block).each_ref().map(String::as_str));
            let mut told: Vec<_> =
                shown.lines().filter_map(|line| line.split_once(" at ")).map(|(_, at)| at).collect();
            told.sort_unstable();
            assert_eq!(told, ["Resources.S1.Properties.CidrBlock", "Resources.S2.Properties.CidrBlock"]);
        }
    }

    #[test]
    fn subnets_of_a_vpc_that_a_parameter_names_are_compared() {
        let a = "Properties: {VpcId: !Ref Vpc2, CidrBlock: 10.0.0.0/24}";
        let other = "Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}";
        assert_eq!(subnets(&[a, other]), "");
        assert!(subnets(&[a, a]).starts_with("DT061 "));
    }

    #[test]
    fn subnets_cut_with_a_function_are_seen() {
        let cut =
            "Properties: {VpcId: !Ref Vpc, CidrBlock: !Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]}";
        let a = "Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/28}";
        assert!(subnets(&[a, cut]).starts_with("DT061 `10.0.1.0/24` overlaps `10.0.1.0/28`"));
    }

    #[test]
    fn a_block_added_to_the_vpc_counts() {
        let a = "Properties: {VpcId: !Ref Vpc, CidrBlock: 10.1.0.0/24}";
        let added = "  More: {Type: 'AWS::EC2::VPCCidrBlock', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.1.0.0/16}}\n";
        assert!(
            subnets(&[a]).starts_with("DT062 `10.1.0.0/24` is not within `10.0.0.0/16` of the VPC `Vpc`")
        );
        assert_eq!(shown(&format!("{HEAD}{added}  S: {{Type: 'AWS::EC2::Subnet', {a}}}\n"), "DT06"), "");
    }

    #[test]
    fn a_free_block_is_proposed() {
        let text = format!(
            "{HEAD}  A: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}}}\n  B: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}}}\n"
        );
        let template = crate::Template::parse(&text, "t").unwrap().template;
        let hints: Vec<_> = template.check().into_iter().filter_map(|finding| finding.hint).collect();
        assert!(hints.contains(&"`10.0.1.0/24` is free".to_owned()), "{hints:?}");
    }

    #[test]
    fn the_free_block_is_the_first_gap_that_is_large_enough() {
        let subnet = |at: usize, block: &str| {
            format!(
                "  S{at}: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: {block}}}}}\n"
            )
        };
        for (blocks, hint) in [
            (["10.0.0.0/28", "10.0.0.64/26", "10.0.0.64/26"], "`10.0.0.128/26` is free"),
            (["10.0.1.0/24", "10.0.2.0/24", "10.0.2.0/24"], "`10.0.0.0/24` is free"),
            (["10.0.0.0/24", "10.0.0.16/28", "10.0.3.0/28"], "`10.0.1.0/28` is free"),
            (
                ["10.0.0.0/17", "10.0.128.0/17", "10.0.128.0/17"],
                "choose a block that no other subnet of the VPC has",
            ),
        ] {
            let lines: String = blocks.iter().enumerate().map(|(at, block)| subnet(at, block)).collect();
            let template = crate::Template::parse(&format!("{HEAD}{lines}"), "t").unwrap().template;
            let hints: Vec<_> = template.check().into_iter().filter_map(|finding| finding.hint).collect();
            assert!(hints.contains(&hint.to_owned()), "{hints:?}");
        }
    }
}
