//! Network ACLs: a second wall around subnets, beside the security groups of what stands in them.

use crate::l1::ec2;
use crate::l1::ec2::network_acl_entry::{Icmp, PortRange};
use crate::resource::Handle;
use crate::scope::Scope;
use crate::units::{Cidr, Port};
use crate::value::{Tag, Value};

use super::{TierKind, Vpc};

/// The ports that callers and NAT gateways are answered on.
///
/// Source: [Ephemeral ports][aws].
///
/// [aws]: https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
const EPHEMERAL: (u16, u16) = (1024, 65535);

/// What a rule lets through.
#[derive(Debug, Clone, Copy)]
enum Traffic {
    /// Everything.
    Any,
    /// TCP to these ports.
    Tcp(u16, u16),
    /// "This packet is too big": without it, connections that need smaller packets hang.
    TooBig,
}

/// A rule without its number: what, and from or to where.
type Rule = (&'static str, Traffic, Cidr);

impl Vpc {
    /// Puts a network ACL before the public subnets, and one before the others.
    ///
    /// An ACL remembers no connection: answers need rules of their own. These are enough for a load balancer with
    /// `listeners`, for tasks behind NAT gateways or with addresses of their own, and for endpoints, mounts and
    /// databases within the VPC:
    ///
    /// - everything within the VPC, both ways: who may reach whom there is for security groups to say;
    /// - into public subnets, TCP to the listeners from everywhere;
    /// - out, TCP to 80 and 443, and to 1024 to 65535, which are the ports of callers that are answered and of
    ///   databases outside (27017, 7687, 6379);
    /// - in, TCP to 1024 to 65535, on which answers from outside arrive;
    /// - both ways, the ICMP message that a packet is too big.
    ///
    /// So nothing outside reaches a port below 1024 but the listeners, and UDP neither enters nor leaves. Names and
    /// time are asked of addresses that no ACL filters.
    ///
    /// Source: [Network ACL basics][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
    #[track_caller]
    pub fn add_network_acls(&self, s: &mut Scope<'_>, id: &str, listeners: impl IntoIterator<Item = Port>) {
        let mut s = s.scope(id);
        let Some(cidr) = self.cidr else {
            s.error(
                "DC117",
                "network ACLs need the addresses of the VPC, which are not known of an existing one",
            )
            .hint("make the network ACLs where the VPC is made");
            return;
        };
        let ports: Vec<Port> = listeners.into_iter().collect();
        let (public, inner): (Vec<_>, Vec<_>) =
            self.subnets.keys().copied().partition(|kind| *kind == TierKind::Public);
        for (name, kinds, ports) in [("Public", public, &ports[..]), ("Inner", inner, &[])] {
            if !kinds.is_empty() {
                self.network_acl(&mut s, name, &kinds, cidr, ports);
            }
        }
    }

    fn network_acl(&self, s: &mut Scope<'_>, name: &str, kinds: &[TierKind], cidr: Cidr, ports: &[Port]) {
        let (low, high) = EPHEMERAL;
        let anywhere = Cidr::ANYWHERE;
        let answers: Rule = ("Answers", Traffic::Tcp(low, high), anywhere);
        let too_big: Rule = ("TooBig", Traffic::TooBig, anywhere);
        let out: [Rule; 5] = [
            ("Vpc", Traffic::Any, cidr),
            ("Http", Traffic::Tcp(80, 80), anywhere),
            ("Https", Traffic::Tcp(443, 443), anywhere),
            answers,
            too_big,
        ];
        let acl = s.add(
            name,
            ec2::NetworkAcl {
                vpc_id: Some(self.id()),
                tags: Some(vec![Tag::new("Name", format!("{}-{}", s.path(), name.to_lowercase()))]),
            },
        );
        let mut entries = Vec::new();
        for (index, (what, traffic, from)) in [out[0], answers, too_big].into_iter().enumerate() {
            entries.push(s.add(&format!("{name}In{what}"), entry(acl, index, false, traffic, from)));
        }
        // Numbered apart, so that a listener more or less moves no other rule.
        for (index, port) in ports.iter().enumerate() {
            let number = port.number();
            let listener = entry(acl, 10 + index, false, Traffic::Tcp(number, number), anywhere);
            entries.push(s.add(&format!("{name}InPort{number}"), listener));
        }
        for (index, (what, traffic, to)) in out.into_iter().enumerate() {
            entries.push(s.add(&format!("{name}Out{what}"), entry(acl, index, true, traffic, to)));
        }
        self.put_before(s, acl, name, kinds, &entries);
    }

    /// Puts the ACL before the subnets once it has all its rules: an ACL without rules lets nothing through.
    fn put_before(
        &self,
        s: &mut Scope<'_>,
        acl: Handle<ec2::NetworkAcl>,
        name: &str,
        kinds: &[TierKind],
        entries: &[Handle<ec2::NetworkAclEntry>],
    ) {
        let subnets = kinds.iter().filter_map(|kind| self.subnets.get(kind)?.items()).flatten();
        for (index, subnet) in subnets.enumerate() {
            let association = ec2::SubnetNetworkAclAssociation {
                network_acl_id: Some(acl.into()),
                subnet_id: Some(subnet.clone()),
            };
            let association = s.add(&format!("{name}Subnet{}", index + 1), association);
            for entry in entries {
                s.depend(association, *entry);
            }
        }
    }
}

fn entry(
    acl: Handle<ec2::NetworkAcl>,
    index: usize,
    egress: bool,
    traffic: Traffic,
    peer: Cidr,
) -> ec2::NetworkAclEntry {
    let number = u16::try_from(100 + 10 * index).unwrap_or(u16::MAX);
    // Protocol numbers: -1 is all, 6 is TCP, 1 is ICMP.
    let (protocol, ports, icmp) = match traffic {
        Traffic::Any => (-1, None, None),
        Traffic::Tcp(from, to) => (6, Some(PortRange { from: Some(from.into()), to: Some(to.into()) }), None),
        Traffic::TooBig => (1, None, Some(Icmp { r#type: Some(3.into()), code: Some(4.into()) })),
    };
    ec2::NetworkAclEntry {
        network_acl_id: Some(acl.into()),
        rule_number: Some(number.into()),
        egress: Some(egress.into()),
        rule_action: Some("allow".into()),
        protocol: Some(Value::from(protocol)),
        cidr_block: Some(peer.to_string().into()),
        port_range: ports,
        icmp,
        ..Default::default()
    }
}
