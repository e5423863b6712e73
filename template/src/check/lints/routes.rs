//! Routes, and the gateways that they lead to.

use std::collections::BTreeMap;

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::network::{ROUTE_TARGETS, RouteTable, Subnet, Vpc, Way, absent, only, pointing_at};
use crate::model::{Item, Model, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &BAD_ROUTE, check: bad_route },
    Lint { rule: &NOT_ATTACHED, check: not_attached },
    Lint { rule: &TOO_EARLY, check: too_early },
    Lint { rule: &BAD_NAT, check: bad_nat },
];

rule! {
    /// A route that EC2 refuses.
    ///
    /// A route leads to exactly one thing: a gateway, a NAT gateway, a peering connection, …. A route table has one
    /// route for each destination, and a subnet has one route table: the second is refused with `RouteAlreadyExists`
    /// or `Resource.AlreadyAssociated`. CloudFormation makes both side by side, so that another one fails each time.
    ///
    /// Name one target, and remove what is there twice, or put a condition on each of which only one can hold.
    ///
    /// Source: [Route tables](https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html),
    /// [CreateRoute](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html).
    pub(super) BAD_ROUTE = "DT067" Error;
}

rule! {
    /// A route to an internet gateway that is not attached to the VPC.
    ///
    /// EC2 refuses it when the route is made: `InvalidParameterValue`, "route table … and network gateway … belong to
    /// different networks".
    ///
    /// Attach the gateway with an `AWS::EC2::VPCGatewayAttachment`, and let the route depend on it.
    ///
    /// Source: [AWS::EC2::VPCGatewayAttachment](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcgatewayattachment.html).
    pub(super) NOT_ATTACHED = "DT068" Error;
}

rule! {
    /// What needs an internet gateway may be made before it is attached.
    ///
    /// A route to the gateway, a NAT gateway, an address for an instance and a load balancer on the internet need an
    /// internet gateway that is attached to the VPC already. None of them refers to the attachment, so that
    /// CloudFormation may make them first: then the deployment fails now and then ("has no Internet gateway
    /// attached"), and deleting the stack can hang.
    ///
    /// Write `DependsOn` with the attachment, or with something that has it.
    ///
    /// Source: [When a DependsOn attribute is required](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html#gatewayattachment).
    pub(super) TOO_EARLY = "DT069" Warning;
}

rule! {
    /// A NAT gateway that cannot reach the internet.
    ///
    /// A public NAT gateway stands in a public subnet, one whose default route leads to an internet gateway, and has an
    /// elastic IP. In a private subnet its traffic comes back to itself or goes nowhere; without an address it is not
    /// made at all (`MissingParameter`).
    ///
    /// Put it into a public subnet and give it `AllocationId: !GetAtt Eip.AllocationId`. One that only connects
    /// networks has `ConnectivityType: private`.
    ///
    /// Source: [NAT gateways](https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html),
    /// [AWS::EC2::NatGateway](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-natgateway.html).
    pub(super) BAD_NAT = "DT070" Error;
}

const DESTINATIONS: [&str; 3] =
    ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];

fn bad_route(model: &Model<'_>, found: &mut Findings) {
    for route in model.of_type("AWS::EC2::Route") {
        targets(route, found);
    }
    second_route(model, found);
    second_table(model, found);
}

/// Reports a route that leads nowhere, or to two things.
fn targets(route: Item<'_>, found: &mut Findings) {
    let given: Vec<_> = ROUTE_TARGETS.into_iter().flat_map(|name| route.get(name)).collect();
    // What a macro brings is nowhere, but may be any of them.
    let mut given = given.iter().filter(|value| !value.is_absent());
    let Some(first) = given.next() else {
        found.at(&route, format!("the route `{}` leads nowhere", route.id())).hint("give it a target");
        return;
    };
    let other = |value: &&Value<'_>| value.world().meets(first.world()) && value.path() != first.path();
    if let Some(second) = given.find(other) {
        let message = format!("the route leads to `{}` and to `{}`", first.shown(), second.shown());
        found.at(second, message).hint("leave one target");
    }
}

fn second_route(model: &Model<'_>, found: &mut Findings) {
    let mut known: BTreeMap<(&str, String), Vec<(Item<'_>, Value<'_>)>> = BTreeMap::new();
    for route in model.of_type("AWS::EC2::Route") {
        let Some(table) = only(route.get("RouteTableId")).and_then(|table| table.target()) else { continue };
        for destination in DESTINATIONS.into_iter().flat_map(|name| route.get(name)) {
            let Some(text) = destination.text() else { continue };
            let others = known.entry((table.item.id(), text)).or_default();
            let meets = |(_, other): &&(Item<'_>, Value<'_>)| other.world().meets(destination.world());
            if let Some((other, _)) = others.iter().find(meets).filter(|(other, _)| *other != route) {
                let (to, table) = (destination.shown(), table.item.id());
                let message = format!("`{}` is a route to `{to}` in `{table}` already", other.id());
                found.at(&destination, message).hint("remove one of the two");
            }
            others.push((route, destination));
        }
    }
}

fn second_table(model: &Model<'_>, found: &mut Findings) {
    for subnet in model.subnets() {
        let tables = subnet.route_tables();
        for (at, (item, table)) in tables.iter().enumerate() {
            let mut before = tables[..at].iter().filter(|(other, _)| other != item);
            if let Some((other, _)) = before.find(|(_, other)| other.world().meets(table.world())) {
                let message =
                    format!("`{}` gives the subnet `{}` a route table already", other.id(), subnet.0.id());
                found.at(item, message).hint("remove one of the two associations");
            }
        }
    }
}

/// The routes to internet gateways of the template, with the gateway and the VPC.
fn gateway_routes<'m>(
    model: &'m Model<'m>,
) -> impl Iterator<Item = (Item<'m>, Value<'m>, Item<'m>, Vpc<'m>)> {
    model.of_type("AWS::EC2::Route").filter_map(|route| {
        let gateway = only(route.get("GatewayId"))?;
        let target = gateway.target().filter(|target| target.item.is("AWS::EC2::InternetGateway"))?;
        let table = only(route.get("RouteTableId"))?.target()?.item;
        let vpc = Vpc::of(&only(table.get("VpcId"))?)?;
        Some((route, gateway, target.item, vpc))
    })
}

fn not_attached(model: &Model<'_>, found: &mut Findings) {
    if !model.is_closed() {
        return;
    }
    for (_, value, gateway, vpc) in gateway_routes(model) {
        let attachments = pointing_at(gateway, "AWS::EC2::VPCGatewayAttachment", "InternetGatewayId");
        let elsewhere = |value: &Value<'_>| Vpc::of(value).is_some_and(|other| other != vpc);
        if attachments.iter().all(|(item, _)| item.get("VpcId").iter().all(elsewhere)) {
            let message = format!("`{}` is not attached to the VPC `{}`", gateway.id(), vpc.0.id());
            found.at(&value, message).hint("attach it with an `AWS::EC2::VPCGatewayAttachment`");
        }
    }
}

fn too_early(model: &Model<'_>, found: &mut Findings) {
    for (route, _, _, vpc) in gateway_routes(model) {
        waits(route, vpc, found);
    }
    for nat in model.of_type("AWS::EC2::NatGateway").filter(|nat| is_public_nat(*nat) == Some(true)) {
        if let Some(vpc) = only(nat.get("SubnetId")).and_then(|subnet| Subnet::of(&subnet)?.vpc()) {
            waits(nat, vpc, found);
        }
    }
    for balancer in model.load_balancers().filter(|balancer| balancer.is_internet_facing() == Some(true)) {
        let subnets = balancer.subnets();
        if let Some(vpc) = subnets.iter().find_map(|subnet| Subnet::of(subnet)?.vpc()) {
            waits(balancer.0, vpc, found);
        }
    }
    for address in model.of_type("AWS::EC2::EIP") {
        let instance = only(address.get("InstanceId")).and_then(|instance| instance.target());
        let subnet = instance.and_then(|instance| Subnet::of(&only(instance.item.get("SubnetId"))?));
        if let Some(vpc) = subnet.and_then(Subnet::vpc) {
            waits(address, vpc, found);
        }
    }
}

/// Reports a resource that needs none of the attachments of a gateway to its VPC.
fn waits(item: Item<'_>, vpc: Vpc<'_>, found: &mut Findings) {
    let attachments = vpc.gateway_attachments();
    if let Some(first) = attachments.first()
        && !attachments.iter().any(|attachment| item.needs(*attachment))
    {
        let (id, attachment) = (item.id(), first.id());
        found
            .at(&item, format!("`{id}` may be made before `{attachment}` attaches the internet gateway"))
            .hint(format!("add `DependsOn: {attachment}`"));
    }
}

fn bad_nat(model: &Model<'_>, found: &mut Findings) {
    for nat in model.of_type("AWS::EC2::NatGateway").filter(|nat| is_public_nat(*nat) == Some(true)) {
        for address in nat.get("AllocationId") {
            if address.is_absent() {
                found
                    .at(&address, "a public NAT gateway has no address")
                    .hint("set `AllocationId` to that of an `AWS::EC2::EIP`");
            }
        }
        for value in nat.get("SubnetId") {
            let Some(subnet) = Subnet::of(&value) else { continue };
            if subnet.way() == Some(Way::Isolated) || leads_to_nat(subnet) {
                let message =
                    format!("the NAT gateway is in `{}`, which has no route to the internet", subnet.0.id());
                found
                    .at(&value, message)
                    .hint("put it into a subnet whose default route is to an internet gateway");
            }
        }
    }
}

/// Whether it is a NAT gateway in one subnet, with an address: the default of each; `None` if that is not known.
fn is_public_nat(nat: Item<'_>) -> Option<bool> {
    let kind = only(nat.get("ConnectivityType"))?;
    let mode = only(nat.get("AvailabilityMode"))?;
    let public = kind.is_absent() || kind.text()? == "public";
    let zonal = mode.is_absent() || mode.text()? == "zonal";
    Some(public && zonal)
}

/// Whether the subnet's default route leads to a NAT gateway.
fn leads_to_nat(subnet: Subnet<'_>) -> bool {
    let routes = subnet.route_table().map(RouteTable::routes).unwrap_or_default();
    let default = routes.iter().filter(|(route, _)| {
        let all = |value: &Value<'_>| value.is_text("0.0.0.0/0");
        route.get("DestinationCidrBlock").iter().all(all)
    });
    subnet.way() == Some(Way::Private)
        && default.into_iter().any(|(route, _)| !absent(*route, "NatGatewayId"))
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::shown;

    const HEAD: &str = "
Parameters: {Peer: {Type: String}, HasNat: {Type: String, Default: 'no'}}
Conditions: {Nat: !Equals [!Ref HasNat, 'yes'], NoNat: !Not [!Condition Nat]}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Other: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.1.0.0/16}}
  Gateway: {Type: 'AWS::EC2::InternetGateway'}
  Table: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
  S: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
";

    fn codes(lines: &str) -> String {
        let all = shown(&format!("{HEAD}{lines}"), "DT0");
        let mine = all.lines().filter(|line| ("DT067".."DT071").contains(&&line[..5]));
        mine.map(|line| line.replace(" at Resources.", " at ")).collect::<Vec<_>>().join("\n")
    }

    fn route(id: &str, target: &str) -> String {
        format!(
            "  {id}: {{Type: 'AWS::EC2::Route', Properties: {{RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, {target}}}}}\n"
        )
    }

    #[test]
    fn a_route_has_one_target() {
        assert_eq!(codes(&route("R", "Fn::Transform: x")), "");
        assert_eq!(
            codes(&route(
                "R",
                "InstanceId: !If [Nat, i-1, !Ref 'AWS::NoValue'], NatGatewayId: !If [Nat, !Ref 'AWS::NoValue', nat-1]"
            )),
            ""
        );
        assert_eq!(
            codes(&route("R", "NatGatewayId: !Ref 'AWS::NoValue'")),
            "DT067 the route `R` leads nowhere at R"
        );
        let two = codes(&route("R", "InstanceId: i-1, NatGatewayId: nat-1"));
        assert_eq!(two, "DT067 the route leads to `i-1` and to `nat-1` at R.Properties.NatGatewayId");
    }

    #[test]
    fn a_subnet_has_one_route_table() {
        let one = |id: &str, condition: &str| {
            format!(
                "  {id}: {{Type: 'AWS::EC2::SubnetRouteTableAssociation', {condition}Properties: {{SubnetId: !Ref S, RouteTableId: !Ref Table}}}}\n"
            )
        };
        let message = "DT067 `A` gives the subnet `S` a route table already at B";
        assert_eq!(codes(&(one("A", "") + &one("B", ""))), message);
        assert_eq!(codes(&(one("A", "Condition: Nat, ") + &one("B", "Condition: NoNat, "))), "");
    }

    #[test]
    fn a_gateway_attached_to_another_vpc_is_no_way_out() {
        let attached = |vpc: &str| {
            let attachment = format!(
                "  At: {{Type: 'AWS::EC2::VPCGatewayAttachment', Properties: {{VpcId: {vpc}, InternetGatewayId: !Ref Gateway}}}}\n"
            );
            codes(
                &(attachment
                    + &route("R", "GatewayId: !Ref Gateway")
                        .replace("Properties", "DependsOn: At, Properties")),
            )
        };
        assert_eq!(attached("!Ref Vpc"), "");
        assert_eq!(attached("!Ref Peer"), "");
        assert_eq!(
            attached("!Ref Other"),
            "DT068 `Gateway` is not attached to the VPC `Vpc` at R.Properties.GatewayId"
        );
    }

    #[test]
    fn a_nat_gateway_does_not_lead_to_another() {
        let lines = route("R", "NatGatewayId: !Ref N")
            + "  A: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {SubnetId: !Ref S, RouteTableId: !Ref Table}}\n"
            + "  N: {Type: 'AWS::EC2::NatGateway', Properties: {SubnetId: !Ref S}}\n";
        assert_eq!(
            codes(&lines),
            "DT070 a public NAT gateway has no address at N.Properties\n\
             DT070 the NAT gateway is in `S`, which has no route to the internet at N.Properties.SubnetId"
        );
    }
}
