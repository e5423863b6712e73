//! Security groups: what is open to whom.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::network::absent;
use crate::model::network::security::{Direction, Ports, whole};
use crate::model::{Item, Model, Value, World};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &OPEN_TO_ALL, check: open_to_all },
    Lint { rule: &BAD_PORTS, check: bad_ports },
    Lint { rule: &IGNORED_PORTS, check: ignored_ports },
    Lint { rule: &DEFAULT_GROUP, check: default_group },
];

rule! {
    /// A port for administration or data that is open to the whole internet.
    ///
    /// SSH, remote desktops, file systems, databases, caches and search engines are found by scanners within minutes
    /// of being reachable, and many of them have no password by default. A rule for all ports opens these too.
    ///
    /// Name the security group or the block of addresses that needs the port. For a shell use Session Manager or
    /// ECS Exec, which need no open port at all.
    ///
    /// Source: [Security group rules](https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html),
    /// [EC2.19 of Security Hub](https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19).
    pub(super) OPEN_TO_ALL = "DT064" Warning;
}

rule! {
    /// A range of ports that does not exist.
    ///
    /// A rule for TCP or UDP opens the ports from `FromPort` to `ToPort`, both between 0 and 65535. EC2 refuses another
    /// range when the rule is made: `InvalidParameterValue`, "Invalid value for portRange".
    ///
    /// Set both to the same number for one port.
    ///
    /// Source: [IpPermission](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html).
    pub(super) BAD_PORTS = "DT065" Error;
}

rule! {
    /// Ports in a rule for all protocols, where they mean nothing.
    ///
    /// With `IpProtocol: -1` a rule opens every port of every protocol, whatever `FromPort` and `ToPort` say. Who reads
    /// the rule sees one port, and all are open.
    ///
    /// Write `IpProtocol: tcp`, or leave the ports out.
    ///
    /// Source: [IpPermission](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html): "specifying
    /// -1 … allows traffic on all ports, regardless of any port range you specify".
    pub(super) IGNORED_PORTS = "DT066" Warning;
}

rule! {
    /// No security group, which means the VPC's default one.
    ///
    /// Whatever is in the default group may talk to everything else in it, on every port; nobody else gets in, so that
    /// a load balancer answers nobody and a mount target lets no task in. Rules that somebody adds to it for one
    /// resource hold for all.
    ///
    /// Make a group for the resource, with the rules that it needs.
    ///
    /// Source: [Default security groups](https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html).
    pub(super) DEFAULT_GROUP = "DT073" Warning;
}

/// Ports that the internet has no business with, and what is there.
const SENSITIVE: [(i64, &str); 22] = [
    (22, "SSH"),
    (23, "Telnet"),
    (445, "SMB"),
    (1433, "SQL Server"),
    (1521, "Oracle"),
    (2049, "NFS"),
    (2375, "Docker"),
    (2379, "etcd"),
    (3306, "MySQL"),
    (3389, "remote desktops"),
    (5432, "PostgreSQL"),
    (5439, "Redshift"),
    (5601, "Kibana"),
    (5900, "VNC"),
    (6379, "Redis"),
    (7687, "Neo4j"),
    (8182, "Neptune"),
    (9092, "Kafka"),
    (9200, "Elasticsearch"),
    (9300, "Elasticsearch"),
    (11211, "memcached"),
    (27017, "MongoDB"),
];

/// The highest port.
const LAST_PORT: i64 = 65535;

fn open_to_all(model: &Model<'_>, found: &mut Findings) {
    for rule in model.security_rules().iter().filter(|rule| rule.direction == Direction::Ingress) {
        for property in ["CidrIp", "CidrIpv6"] {
            for source in rule.value.get(property) {
                let all = source.text().filter(|text| matches!(text.trim(), "0.0.0.0/0" | "::/0"));
                let Some(all) = all else { continue };
                for (ports, world) in rule.ports() {
                    if let Some(what) = opened(ports).filter(|_| world.meets(source.world())) {
                        found
                            .at(&source, format!("{what} open to `{all}`, the whole internet"))
                            .hint("name the security group or the block of addresses that needs it");
                    }
                }
            }
        }
    }
}

/// What the internet should not reach of these ports, with its verb.
fn opened(ports: Ports) -> Option<String> {
    let (from, to) = match ports {
        Ports::All => return Some("all ports are".to_owned()),
        Ports::Tcp(from, to) | Ports::Udp(from, to) => (from, to),
        Ports::None | Ports::Unknown => return None,
    };
    if from <= 1 && to == LAST_PORT {
        return Some("all ports are".to_owned());
    }
    let mut inside = SENSITIVE.iter().filter(|(port, _)| (from..=to).contains(port));
    let (port, name) = inside.next()?;
    match inside.count() {
        0 if from == to => Some(format!("port {port} ({name}) is")),
        0 => Some(format!("port {port} ({name}), one of {from}-{to}, is")),
        more => Some(format!("port {port} ({name}) and {more} like it, all of {from}-{to}, are")),
    }
}

fn bad_ports(model: &Model<'_>, found: &mut Findings) {
    for rule in model.security_rules() {
        for (ports, world) in rule.ports() {
            let (Ports::Tcp(from, to) | Ports::Udp(from, to)) = ports else { continue };
            let place = |name: &'static str, port: i64| {
                let mut values = rule.value.get(name).into_iter();
                values.find(|value| whole(value) == Some(port) && value.world().meets(&world))
            };
            // Older APIs take -1 for all.
            if (from, to) == (-1, -1) {
                continue;
            }
            let outside = |port: &i64| !(0..=LAST_PORT).contains(port);
            let (message, value) = if outside(&from) {
                (format!("there is no port {from}"), place("FromPort", from))
            } else if outside(&to) {
                (format!("there is no port {to}"), place("ToPort", to))
            } else if from > to {
                (format!("the range of ports from {from} to {to} is empty"), place("FromPort", from))
            } else {
                continue;
            };
            if let Some(value) = value {
                found
                    .at(&value, message)
                    .hint("write two numbers from 0 to 65535, the lower one in `FromPort`");
            }
        }
    }
}

fn ignored_ports(model: &Model<'_>, found: &mut Findings) {
    for rule in model.security_rules() {
        if rule.ports().iter().any(|(ports, _)| *ports != Ports::All) {
            continue;
        }
        for from in rule.value.get("FromPort") {
            for to in rule.value.get("ToPort").iter().filter(|to| to.world().meets(from.world())) {
                let (Some(low), Some(high)) = (whole(&from), whole(to)) else { continue };
                // What stands for all of them.
                if low == high && low <= 0 || low <= 1 && high >= LAST_PORT - 1 {
                    continue;
                }
                let which = if low == high { format!("port {low}") } else { format!("ports {low}-{high}") };
                found
                    .at(&from, format!("{which} in a rule for all protocols: every port is open"))
                    .hint("write `IpProtocol: tcp`, or leave the ports out");
            }
        }
    }
}

/// Types with a list of security groups that may be left out, and where it is.
const GROUPED: [(&str, &str); 7] = [
    ("AWS::ECS::Service", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups"),
    ("AWS::ECS::TaskSet", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "SecurityGroups"),
    ("AWS::EFS::MountTarget", "SecurityGroups"),
    ("AWS::EC2::VPCEndpoint", "SecurityGroupIds"),
    ("AWS::RDS::DBCluster", "VpcSecurityGroupIds"),
    ("AWS::RDS::DBInstance", "VPCSecurityGroups"),
];

fn default_group(model: &Model<'_>, found: &mut Findings) {
    for (type_name, path) in GROUPED {
        for item in model.of_type(type_name) {
            for list in item.get(path) {
                if is_empty(&list) && needs_groups(item, &list) {
                    found
                        .at(&list, format!("`{}` gets the default security group of the VPC", item.id()))
                        .hint("make a security group with the rules that it needs, and name it");
                } else if let Some(case) = without_items(&list).filter(|_| needs_groups(item, &list)) {
                    let (id, case) = (item.id(), case.shown());
                    found
                        .at(&list, format!("`{id}` gets the default security group of the VPC where {case}"))
                        .hint("name a security group in every case");
                }
            }
        }
    }
}

/// A case in which every item of the list is left out.
fn without_items<'m>(list: &Value<'m>) -> Option<World<'m>> {
    let worlds: Vec<_> = list.items()?.iter().map(|item| item.world().clone()).collect();
    if worlds.is_empty() { None } else { list.world().gap(&worlds) }
}

fn is_empty(list: &Value<'_>) -> bool {
    list.is_absent() || list.items().is_some_and(|items| items.is_empty())
}

/// Whether groups could be given at all, and are not taken from somewhere else.
fn needs_groups(item: Item<'_>, list: &Value<'_>) -> bool {
    let says = |property: &'static str, text: &str| {
        let values = item.get(property);
        values.iter().any(|value| value.is_text(text) && value.world().meets(list.world()))
    };
    match item.type_name() {
        "AWS::ECS::Service" | "AWS::ECS::TaskSet" => {
            let networks = item.get("NetworkConfiguration.AwsvpcConfiguration");
            networks.iter().any(|network| network.is_known() && network.world().meets(list.world()))
        }
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            let stands = !absent(item, "Subnets") || !absent(item, "SubnetMappings");
            stands && (absent(item, "Type") || says("Type", "application"))
        }
        "AWS::EC2::VPCEndpoint" => says("VpcEndpointType", "Interface"),
        // One of a cluster has the cluster's, and one that is copied or restored may bring its own.
        "AWS::RDS::DBInstance" => {
            !absent(item, "DBSubnetGroupName")
                && ["DBClusterIdentifier", "DBSecurityGroups", "SourceDBInstanceIdentifier"]
                    .into_iter()
                    .all(|property| absent(item, property))
        }
        "AWS::RDS::DBCluster" => !absent(item, "DBSubnetGroupName"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::shown;

    fn ingress(rule: &str) -> String {
        let text = format!(
            "
Parameters: {{From: {{Type: String, Default: 0.0.0.0/0}}, Port: {{Type: Number}}}}
Resources:
  Sg:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: x
      SecurityGroupIngress: {{{rule}}}
"
        );
        shown(&text, "DT06").replace(" at Resources.Sg.Properties.SecurityGroupIngress", " at ")
    }

    #[test]
    fn what_the_internet_may_reach_is_left_alone() {
        assert_eq!(ingress("IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0"), "");
        assert_eq!(ingress("IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 10.0.0.0/8"), "");
        assert_eq!(ingress("IpProtocol: icmp, FromPort: -1, ToPort: -1, CidrIp: 0.0.0.0/0"), "");
        assert_eq!(ingress("IpProtocol: tcp, FromPort: !Ref Port, ToPort: !Ref Port, CidrIp: !Ref From"), "");
    }

    #[test]
    fn open_ports_are_seen_in_a_range_and_through_a_default() {
        assert_eq!(
            ingress("IpProtocol: '6', FromPort: 22, ToPort: 22, CidrIp: !Ref From"),
            "DT064 port 22 (SSH) is open to `0.0.0.0/0`, the whole internet at .CidrIp\n"
        );
        assert_eq!(
            ingress("IpProtocol: tcp, FromPort: 3000, ToPort: 6000, CidrIpv6: '::/0'"),
            "DT064 port 3306 (MySQL) and 5 like it, all of 3000-6000, are open to `::/0`, the whole internet at .CidrIpv6\n"
        );
        assert_eq!(
            ingress("IpProtocol: -1, CidrIp: 0.0.0.0/0"),
            "DT064 all ports are open to `0.0.0.0/0`, the whole internet at .CidrIp\n"
        );
    }

    #[test]
    fn a_range_that_stands_for_all_ports_may_be_said_again() {
        assert_eq!(ingress("IpProtocol: -1, FromPort: 0, ToPort: 65535, CidrIp: 10.0.0.0/8"), "");
        assert_eq!(ingress("IpProtocol: -1, FromPort: -1, ToPort: -1, CidrIp: 10.0.0.0/8"), "");
        assert!(
            ingress("IpProtocol: -1, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8")
                .starts_with("DT066 port 80 in")
        );
    }

    #[test]
    fn a_service_has_a_group_in_every_case() {
        let service = |groups: &str| {
            let text = format!(
                "
Parameters: {{Stage: {{Type: String, Default: prod}}}}
Conditions: {{IsProd: !Equals [!Ref Stage, prod]}}
Resources:
  Service:
    Type: AWS::ECS::Service
    Properties: {{NetworkConfiguration: {{AwsvpcConfiguration: {{Subnets: [s], SecurityGroups: [{groups}]}}}}}}
"
            );
            shown(&text, "DT073").split(" at ").next().unwrap_or_default().to_owned()
        };
        let default = "DT073 `Service` gets the default security group of the VPC";
        assert_eq!(
            service("!If [IsProd, !Ref 'AWS::NoValue', sg-1]"),
            format!("{default} where `Stage` is `prod`")
        );
        assert_eq!(service("!If [IsProd, sg-2, sg-1]"), "");
        assert_eq!(service("!If [IsProd, !Ref 'AWS::NoValue', sg-1], sg-3"), "");
        assert_eq!(service(""), default);
    }

    #[test]
    fn an_impossible_range_is_told_where_it_is() {
        let shown = ingress("IpProtocol: tcp, FromPort: 80, ToPort: 70000, CidrIp: 10.0.0.0/8");
        assert_eq!(shown, "DT065 there is no port 70000 at .ToPort\n");
    }
}
