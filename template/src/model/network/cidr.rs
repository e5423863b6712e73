//! Blocks of addresses that functions give: `Fn::Cidr`, and the block of a VPC or subnet.

use ipnet::Ipv4Net;

use crate::model::{Model, World, look};
use crate::node::{Function, Node};

/// How many blocks [`Fn::Cidr`][aws] gives at most.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html
const MOST_BLOCKS: usize = 256;

/// The blocks that `Fn::Cidr` gives, if they can be computed: `[block, count, bits]`, with as many bits for the
/// hosts of each.
pub(in crate::model) fn cidr<'m>(model: &'m Model<'m>, items: &'m [Node], world: &World<'m>) -> Option<Node> {
    let [block, count, bits] = items else { return None };
    let block: Ipv4Net = scalar(model, block, world)?.parse().ok()?;
    let count: usize = scalar(model, count, world)?.parse().ok().filter(|count| *count <= MOST_BLOCKS)?;
    let prefix = 32_u8.checked_sub(scalar(model, bits, world)?.parse().ok()?)?;
    let blocks: Vec<Node> =
        block.trunc().subnets(prefix).ok()?.take(count).map(|block| block.to_string().into()).collect();
    // Fewer than asked for is a mistake, whose message is CloudFormation's.
    (blocks.len() == count).then(|| Node::List(blocks))
}

/// The block that `Fn::GetAtt` of a VPC's or subnet's `CidrBlock` gives.
pub(in crate::model) fn block<'m>(model: &'m Model<'m>, node: &'m Node, world: &World<'m>) -> Option<String> {
    let target = look::target(model, node).filter(|target| target.attribute == Some("CidrBlock"))?;
    if !target.item.is("AWS::EC2::VPC") && !target.item.is("AWS::EC2::Subnet") {
        return None;
    }
    match target.item.resource().properties.get("CidrBlock")? {
        // One that is made of others could be made of itself.
        Node::Call(Function::GetAtt, _) => None,
        known => scalar(model, known, world),
    }
}

fn scalar<'m>(model: &'m Model<'m>, node: &'m Node, world: &World<'m>) -> Option<String> {
    match node {
        Node::Call(Function::Ref, name) => {
            let known = look::reference(model, name.as_str()?, world)?;
            known.scalar_text().map(|text| text.trim().to_owned())
        }
        Node::Call(Function::GetAtt, _) => block(model, node, world),
        _ => node.scalar_text().map(|text| text.trim().to_owned()),
    }
}
