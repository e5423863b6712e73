//! Network ACLs and routes.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::{check, template};
use crate::security::{SecurityChange, broadening_and_narrowing};

/// An entry: its number, what it does, the port or `-`, and the block.
fn entry(id: &str, number: &str, action: &str, port: &str, block: &str) -> String {
    let (protocol, range) = match port {
        "-" => (-1, String::new()),
        port => (6, format!(", PortRange: {{From: {port}, To: {port}}}")),
    };
    let key = if block.contains("::") { "Ipv6CidrBlock" } else { "CidrBlock" };
    format!(
        "  {id}: {{Type: AWS::EC2::NetworkAclEntry, Properties: {{NetworkAclId: !Ref Acl, RuleNumber: {number}, Protocol: {protocol}, RuleAction: {action}, {key}: '{block}'{range}}}}}\n"
    )
}

/// A network ACL with these entries.
fn acl(entries: &[[&str; 4]]) -> String {
    let mut text = "  Acl: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: vpc}}\n".to_owned();
    for (at, [number, action, port, block]) in entries.iter().enumerate() {
        text += &entry(&format!("E{at}"), number, action, port, block);
    }
    text
}

/// What is broader, and what is narrower.
#[track_caller]
pub(super) fn both(old: &str, new: &str) -> String {
    let (broader, narrower) = broadening_and_narrowing(&template(old), &template(new));
    let mut text = String::new();
    let mut write = |sign: &str, changes: &[SecurityChange]| {
        for change in changes {
            let mark = if change.judged { "" } else { "? " };
            let wide = if change.wide { "! " } else { "" };
            writeln!(text, "{sign} {:?}: {mark}{wide}{}", change.kind, change.what).unwrap();
        }
    };
    write("+", &broader);
    write("-", &narrower);
    text
}

const HTTPS: [&str; 4] = ["100", "allow", "443", "10.0.0.0/8"];
const ALL: [&str; 4] = ["200", "allow", "-", "0.0.0.0/0"];
const NO_SSH: [&str; 4] = ["50", "deny", "22", "0.0.0.0/0"];

#[test]
fn what_a_network_acl_lets_in_is_told() {
    assert_snapshot!(both(&acl(&[HTTPS]), &acl(&[HTTPS, ALL])), @"+ Ingress: ! `Acl` now lets in 0.0.0.0/0 on all ports");
    assert_snapshot!(both(&acl(&[ALL]), &acl(&[HTTPS])), @"- Ingress: ! `Acl` no longer lets in all of 0.0.0.0/0 on all ports");
    let narrower = ["100", "allow", "443", "10.1.0.0/16"];
    assert_eq!(check(&acl(&[HTTPS]), &acl(&[narrower])), "");
    assert_eq!(
        check(&acl(&[HTTPS]), &acl(&[["300", "allow", "443", "10.0.0.0/8"]])),
        "",
        "no entry is between"
    );
    assert_snapshot!(both(&acl(&[HTTPS]), &acl(&[HTTPS, ["110", "allow", "443", "2001:db8::/32"]])),
        @"+ Ingress: `Acl` now lets in 2001:db8::/32 on port 443");
    let out = acl(&[ALL]).replace("RuleAction", "Egress: true, RuleAction");
    assert_snapshot!(both(&acl(&[]), &out), @"+ Egress: `Acl` now lets out to 0.0.0.0/0 on all ports");
}

#[test]
fn an_entry_that_denied_first_counts_by_its_number() {
    let (closed, open) = (acl(&[NO_SSH, ALL]), acl(&[ALL]));
    assert_snapshot!(both(&closed, &open), @"+ Ingress: ! `Acl` no longer denies 0.0.0.0/0 on port 22 before it lets in 0.0.0.0/0 on all ports");
    assert_snapshot!(both(&open, &closed), @"- Ingress: ! `Acl` now denies 0.0.0.0/0 on port 22 before it lets in 0.0.0.0/0 on all ports");
    // It comes too late.
    let late = acl(&[["300", "deny", "22", "0.0.0.0/0"], ALL]);
    assert_eq!(both(&closed, &late), both(&closed, &open));
    assert_eq!(both(&open, &late), "");
    // Only a part of it is denied still.
    let part = acl(&[["50", "deny", "22", "10.0.0.0/8"], ALL]);
    assert_eq!(both(&closed, &part), both(&closed, &open));
    // What is denied first is not let in.
    assert_eq!(
        both(&acl(&[["50", "deny", "-", "0.0.0.0/0"]]), &acl(&[["50", "deny", "-", "0.0.0.0/0"], HTTPS])),
        ""
    );
    // What nobody let in needs nobody to deny it.
    assert_eq!(both(&acl(&[NO_SSH, HTTPS]), &acl(&[HTTPS])), "");
}

#[test]
fn entries_with_numbers_and_blocks_of_parameters_are_compared_as_written() {
    let by_parameter = |second: &str| {
        let entries = [["!Ref First", "deny", "22", "0.0.0.0/0"], ["!Ref Second", "allow", "-", "0.0.0.0/0"]];
        let more = entry("More", "400", second, "80", "10.0.0.0/8");
        acl(&entries) + &more
    };
    assert_eq!(both(&by_parameter("allow"), &by_parameter("deny")), "");
    // Whether it came first, only AWS knows.
    assert_snapshot!(both(&by_parameter("deny"), &by_parameter("allow")),
        @"+ Ingress: ? `Acl` no longer denies 10.0.0.0/8 on port 80 before it lets in 0.0.0.0/0 on all ports");
    let block =
        |name: &str| acl(&[HTTPS]).replace("CidrBlock: '10.0.0.0/8'", &format!("CidrBlock: !Ref {name}"));
    assert_snapshot!(both(&block("Office"), &block("Others")), @"
    + Ingress: `Acl` now lets in `Others` on port 443
    - Ingress: `Acl` no longer lets in `Office` on port 443
    ");
}

#[test]
fn an_acl_that_goes_and_one_that_a_subnet_gets() {
    assert_eq!(both(&acl(&[ALL]), "  X: {Type: AWS::SNS::Topic}\n"), "");
    let subnet = |acl: &str| {
        format!(
            "  S: {{Type: AWS::EC2::Subnet, Properties: {{CidrBlock: 10.0.0.0/24}}}}\n  A: {{Type: AWS::EC2::SubnetNetworkAclAssociation, Properties: {{SubnetId: !Ref S, NetworkAclId: {acl}}}}}\n"
        )
    };
    assert_snapshot!(both(&subnet("acl-1"), &subnet("!Ref Acl")), @"+ Ingress: ? `S` gets the network ACL `Acl`");
    let alone = subnet("x").lines().next().unwrap().to_owned() + "\n";
    assert_snapshot!(both(&subnet("acl-1"), &alone), @"+ Ingress: ? `S` gets the default network ACL of its VPC");
    assert_eq!(both("  X: {Type: AWS::SNS::Topic}\n", &subnet("acl-1")), "", "a new one is as new ones are");
}

const NET: &str = "
  Igw: {Type: AWS::EC2::InternetGateway}
  Vpn: {Type: AWS::EC2::VPNGateway, Properties: {Type: ipsec.1}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: v}}
  Private: {Type: AWS::EC2::RouteTable, Properties: {VpcId: v}}
  A: {Type: AWS::EC2::Subnet, Properties: {CidrBlock: 10.0.0.0/24}}
  B: {Type: AWS::EC2::Subnet, Properties: {CidrBlock: 10.0.1.0/24}}
";

/// A network with routes of the table `Table`, and with subnets and their route tables.
fn net(routes: &[(&str, &str)], subnets: &[(&str, &str)]) -> String {
    let mut text = NET.to_owned();
    for (at, (to, target)) in routes.iter().enumerate() {
        let key = if to.contains("::") { "DestinationIpv6CidrBlock" } else { "DestinationCidrBlock" };
        let _ = writeln!(
            text,
            "  Route{at}: {{Type: AWS::EC2::Route, Properties: {{RouteTableId: !Ref Table, {key}: '{to}', {target}}}}}"
        );
    }
    for (at, (subnet, table)) in subnets.iter().enumerate() {
        let _ = writeln!(
            text,
            "  Of{at}: {{Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {{SubnetId: !Ref {subnet}, RouteTableId: !Ref {table}}}}}"
        );
    }
    text
}

const IGW: (&str, &str) = ("0.0.0.0/0", "GatewayId: !Ref Igw");

#[test]
fn a_route_to_an_internet_gateway_is_told_with_the_subnets() {
    let subnets = [("A", "Table"), ("B", "Private")];
    let none = net(&[], &subnets);
    assert_snapshot!(both(&none, &net(&[IGW], &subnets)),
        @"+ Public: ! `Table` now leads 0.0.0.0/0 to the internet gateway `Igw`, for `A`");
    assert_snapshot!(both(&net(&[IGW], &subnets), &none),
        @"- Public: ! `Table` no longer leads 0.0.0.0/0 to the internet gateway `Igw`, for `A`");
    assert_snapshot!(both(&net(&[IGW], &[]), &net(&[IGW, ("::/0", "GatewayId: igw-1")], &[])),
        @"+ Public: ! `Table` now leads ::/0 to the internet gateway `igw-1`");
    assert_snapshot!(both(&none, &net(&[("8.8.8.0/24", "GatewayId: !Ref Igw")], &[])),
        @"+ Public: `Table` now leads 8.8.8.0/24 to the internet gateway `Igw`");
    let attached = IGW.1.replace("!Ref Igw", "!GetAtt Attached.InternetGatewayId");
    let attachment =
        "  Attached: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {InternetGatewayId: !Ref Igw}}\n";
    assert_eq!(both(&net(&[IGW], &[]), &(net(&[("0.0.0.0/0", &attached)], &[]) + attachment)), "");
}

#[test]
fn other_routes_are_no_way_from_the_internet() {
    for target in ["NatGatewayId: nat-1", "GatewayId: !Ref Vpn", "GatewayId: vgw-1", "GatewayId: local"] {
        assert_eq!(both(&net(&[], &[]), &net(&[("0.0.0.0/0", target)], &[])), "", "{target}");
    }
    assert_snapshot!(both(&net(&[], &[]), &net(&[("0.0.0.0/0", "GatewayId: !Ref Gateway")], &[])),
        @"+ Public: ? `Table` now leads 0.0.0.0/0 to `Gateway`, which may be an internet gateway");
    assert_eq!(both(&net(&[IGW], &[]), &net(&[("10.0.0.0/8", "GatewayId: !Ref Igw"), IGW], &[])), "");
}

#[test]
fn a_subnet_that_gets_a_table_with_a_way_is_told() {
    let side = |table: &str| net(&[IGW], &[("A", "Table"), ("B", table)]);
    assert_snapshot!(both(&side("Private"), &side("Table")),
        @"+ Public: ! `B` now has the route table `Table`, which leads 0.0.0.0/0 to the internet gateway `Igw`");
    assert_snapshot!(both(&side("Table"), &side("Private")),
        @"- Public: ! `B` no longer has the route table `Table`, which leads 0.0.0.0/0 to the internet gateway `Igw`");
    // The same association under another name.
    assert_eq!(both(&side("Table"), &side("Table").replace("Of1", "Of2")), "");
    // Who goes with its table is not told.
    assert_eq!(both(&side("Table"), "  X: {Type: AWS::SNS::Topic}\n"), "");
}
