//! Network ACLs: what they let through, as AWS evaluates them.

use constructs::{Nat, Scope, Tier, TierKind, Value, Vpc, cidr, port};
use insta::assert_snapshot;
use template::{Node, Template};

use crate::{diagnostics, template};

fn network(s: &mut Scope<'_>) {
    let public = Tier::public([cidr!("10.0.1.0/24"), cidr!("10.0.2.0/24")]);
    let private = Tier::private([cidr!("10.0.3.0/24"), cidr!("10.0.4.0/24")]);
    let vpc = Vpc::named("Vpc").cidr(cidr!("10.0.0.0/16")).tiers([public, private]).nat(Nat::Single).build(s);
    vpc.add_network_acls(s, "Acls", [port!(80), port!(443), port!(8080)]);
}

/// A packet, seen from the subnet that the ACL stands before.
struct Packet {
    egress: bool,
    /// In the VPC, or outside.
    peer: &'static str,
    protocol: i64,
    /// The port that it goes to.
    port: i64,
}

/// Whether the ACL lets the packet through. All rules allow, so their order does not matter.
fn passes(template: &Template, acl: &str, packet: &Packet) -> bool {
    let number = |node: Option<&Node>| node.and_then(|node| serde_json::to_value(node).unwrap().as_i64());
    template.resources.values().filter(|resource| resource.type_name == "AWS::EC2::NetworkAclEntry").any(
        |entry| {
            let entry = &entry.properties;
            assert_eq!(entry["RuleAction"], "allow".into());
            let range = entry.get("PortRange").and_then(Node::as_map);
            let port = |end: &str| number(range.and_then(|range| range.get(end)));
            let protocol = number(entry.get("Protocol")).unwrap();
            entry["NetworkAclId"] == Node::call(template::Function::Ref, acl)
                && entry["Egress"] == Node::Bool(packet.egress)
                && (entry["CidrBlock"] == "0.0.0.0/0".into() || entry["CidrBlock"] == packet.peer.into())
                && (protocol == -1 || protocol == packet.protocol)
                && port("From").is_none_or(|from| from <= packet.port)
                && port("To").is_none_or(|to| packet.port <= to)
        },
    )
}

const VPC: &str = "10.0.0.0/16";
const OUTSIDE: &str = "203.0.113.7/32";

#[test]
fn what_the_architecture_needs_passes_both_ways() {
    // R183
    let template = template(network);
    let tcp = |egress, peer, port| Packet { egress, peer, protocol: 6, port };
    let conversations = [
        (
            "a caller and the listeners",
            "AclsPublic",
            vec![
                tcp(false, OUTSIDE, 80),
                tcp(false, OUTSIDE, 443),
                tcp(false, OUTSIDE, 8080),
                tcp(true, OUTSIDE, 40_000),
            ],
        ),
        ("the load balancer and a task", "AclsPublic", vec![tcp(true, VPC, 5000), tcp(false, VPC, 40_000)]),
        ("a task and the load balancer", "AclsInner", vec![tcp(false, VPC, 5000), tcp(true, VPC, 40_000)]),
        ("a task and its files", "AclsInner", vec![tcp(true, VPC, 2049), tcp(false, VPC, 900)]),
        ("a task and an API", "AclsInner", vec![tcp(true, OUTSIDE, 443), tcp(false, OUTSIDE, 40_000)]),
        (
            "the NAT gateway and an API",
            "AclsPublic",
            vec![tcp(true, OUTSIDE, 443), tcp(false, OUTSIDE, 40_000)],
        ),
        ("a task and the NAT gateway", "AclsPublic", vec![tcp(false, VPC, 443), tcp(true, VPC, 40_000)]),
        (
            "a task and a database outside",
            "AclsInner",
            vec![tcp(true, OUTSIDE, 27_017), tcp(false, OUTSIDE, 1024)],
        ),
        (
            "a packet that is too big",
            "AclsInner",
            vec![Packet { egress: false, peer: OUTSIDE, protocol: 1, port: 0 }],
        ),
    ];
    for (who, acl, packets) in &conversations {
        for packet in packets {
            assert!(passes(&template, acl, packet), "{who}: port {}, egress {}", packet.port, packet.egress);
        }
    }
}

#[test]
fn what_nobody_needs_does_not_pass() {
    let template = template(network);
    let packet = |egress, protocol, port| Packet { egress, peer: OUTSIDE, protocol, port };
    for acl in ["AclsPublic", "AclsInner"] {
        for (egress, protocol, port) in [(false, 6, 22), (false, 6, 25), (true, 6, 25), (false, 17, 40_000)] {
            assert!(!passes(&template, acl, &packet(egress, protocol, port)), "{acl}: {protocol}/{port}");
        }
    }
    assert!(!passes(&template, "AclsInner", &packet(false, 6, 443)));
}

#[test]
fn subnets_get_an_acl_only_when_it_has_its_rules() {
    let template = template(network);
    let associations: Vec<_> = template
        .resources
        .iter()
        .filter(|(_, resource)| resource.type_name == "AWS::EC2::SubnetNetworkAclAssociation")
        .collect();
    assert_eq!(associations.len(), 4);
    for (id, association) in associations {
        let expected = if id.starts_with("AclsPublic") { 11 } else { 8 };
        assert_eq!(association.depends_on.len(), expected, "{id}");
    }
}

#[test]
fn an_existing_network_keeps_its_acls() {
    let found = diagnostics(|s| {
        let subnets = [(TierKind::Public, vec![Value::known("subnet-1"), Value::known("subnet-2")])];
        Vpc::existing(Value::known("vpc-1"), subnets).add_network_acls(s, "Acls", [port!(80)]);
    });
    assert_snapshot!(found, @"
    error[DC117]: network ACLs need the addresses of the VPC, which are not known of an existing one
      at Test/Acls (constructs/tests/it/acl.rs:)

    hint: make the network ACLs where the VPC is made
    ");
}
