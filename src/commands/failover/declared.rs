//! What the deployed templates say that a failover depends on: records, stores of data, and what a service stands on.

use std::collections::BTreeMap;

use template::stateful::holds;
use template::{Function, Map, Node, Resource, Template};

use crate::commands::status::look::refers_to;

/// A day, in seconds.
pub(super) const DAY: u64 = 24 * 3600;
/// The latest moment to which clusters of `DocumentDB`, Neptune and RDS can be restored is usually within five minutes.
///
/// Source: [Restoring to a point in time][aws] in the Amazon `DocumentDB` developer guide.
///
/// [aws]: https://docs.aws.amazon.com/documentdb/latest/developerguide/backup_restore-point_in_time_recovery.html
const POINT_IN_TIME: u64 = 300;

/// What holds something, and is no data of those who call: images and secrets have rows of their own, a hosted zone is in no
/// region, a key is made before there is data, a vault has what is told of its stores, and logs tell of what was.
const ELSEWHERE: [&str; 8] = [
    "AWS::Backup::BackupVault",
    "AWS::ECR::PublicRepository",
    "AWS::ECR::Repository",
    "AWS::KMS::Key",
    "AWS::KMS::ReplicaKey",
    "AWS::Logs::LogGroup",
    "AWS::Route53::HostedZone",
    "AWS::SecretsManager::Secret",
];

/// One of two records that share a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FailoverRecord {
    /// The stack that has it, as it is called on the command line.
    pub(super) stack: String,
    pub(super) name: String,
    /// `PRIMARY` or `SECONDARY`.
    pub(super) role: String,
    /// Whether the health of what it leads to counts.
    pub(super) evaluates: bool,
    /// The hosted zone of what it leads to, if that is known.
    pub(super) zone: Option<String>,
    /// The name that it leads to, if that is known.
    pub(super) target: Option<String>,
    pub(super) check: Option<DnsCheck>,
}

/// How Route 53 checks whether somebody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DnsCheck {
    /// Seconds between two questions.
    pub(super) interval: u64,
    /// After how many failures in a row it is unhealthy.
    pub(super) threshold: u64,
}

/// Something that keeps data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Store {
    /// What it is: `EFS Chroma`.
    pub(super) what: String,
    /// Whether AWS keeps a copy of it in another region; `None` if nothing here knows.
    pub(super) replicated: Option<bool>,
    pub(super) zones: Zones,
    pub(super) backup: Backup,
    /// Whether backups are copied to another place.
    pub(super) copied: bool,
}

/// How old the newest backup is at most, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backup {
    Never,
    Every(u64),
    /// By a schedule that is not understood.
    Sometimes,
    /// Nothing here knows how things of this kind are backed up.
    Unknown,
}

/// What of something is left if a zone fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zones {
    /// It is in one zone only.
    One,
    /// All of it is in several zones.
    Several,
    /// It is in several zones, of which all but one lag behind.
    Behind,
    Unknown,
}

/// What a service stands on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ground {
    /// Seconds between two checks of its load balancer, and after how many failures a task gets no calls any more; the
    /// slowest of its target groups.
    pub(super) checks: Option<(u64, u64)>,
    /// In how many zones its tasks may run.
    pub(super) zones: Option<usize>,
}

/// The failover records of a stack's template. `exports` are those of its region.
pub(super) fn records(
    stack: &str,
    template: &Template,
    exports: &BTreeMap<String, String>,
) -> Vec<FailoverRecord> {
    let of_type = |name: &'static str| of_type(template, name);
    let records = of_type("AWS::Route53::RecordSet").filter_map(|(_, record)| {
        let properties = &record.properties;
        let alias = properties.get("AliasTarget").and_then(Node::as_map);
        let of_alias = |key: &str| text(alias?.get(key)?, exports);
        Some(FailoverRecord {
            stack: stack.to_owned(),
            role: text(properties.get("Failover")?, exports)?,
            name: text(properties.get("Name")?, exports)?.trim_end_matches('.').to_owned(),
            evaluates: of_alias("EvaluateTargetHealth").as_deref() == Some("true"),
            zone: of_alias("HostedZoneId"),
            target: of_alias("DNSName"),
            check: properties.get("HealthCheckId").and_then(|id| dns_check(id, template)),
        })
    });
    records.collect()
}

/// Whether there is a failover record at all: without one, no export need be asked for.
pub(super) fn fails_over(template: &Template) -> bool {
    of_type(template, "AWS::Route53::RecordSet").any(|(_, one)| one.properties.contains_key("Failover"))
}

/// The health check of a record, with Route 53's own defaults.
///
/// Source: [`HealthCheckConfig`][aws] in the Route 53 API reference.
///
/// [aws]: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
fn dns_check(id: &Node, template: &Template) -> Option<DnsCheck> {
    let check = template.resources.get(referred(id)?)?;
    let config = check.properties.get("HealthCheckConfig").and_then(Node::as_map);
    let number_of = |key: &str, default| config.map_or(Some(default), |config| number(config, key, default));
    Some(DnsCheck {
        interval: number_of("RequestInterval", 30)?,
        threshold: number_of("FailureThreshold", 3)?,
    })
}

/// What keeps data in a template. What is of no known kind is there too, and nothing is known of it.
///
/// Source: [Data protection in Amazon S3][aws], by which objects are in three zones at least.
///
/// [aws]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/DataDurability.html
pub(super) fn stores(template: &Template) -> Vec<Store> {
    let stores = template.resources.iter().filter_map(|(id, resource)| {
        let (kind, properties) = (resource.type_name.as_str(), &resource.properties);
        holds(kind, Some(resource)).filter(|_| !ELSEWHERE.contains(&kind))?;
        let (service, zones, own) = match kind {
            "AWS::EFS::FileSystem" if properties.contains_key("AvailabilityZoneName") => {
                ("EFS", Zones::One, automatic(properties))
            }
            "AWS::EFS::FileSystem" => ("EFS", Zones::Several, automatic(properties)),
            "AWS::DocDB::DBCluster" => ("DocumentDB", Zones::Several, Backup::Every(POINT_IN_TIME)),
            "AWS::Neptune::DBCluster" => ("Neptune", Zones::Several, Backup::Every(POINT_IN_TIME)),
            "AWS::RDS::DBCluster" => ("RDS", Zones::Several, retained(properties)),
            "AWS::RDS::DBInstance" => ("RDS", zones_of_instance(properties), retained(properties)),
            "AWS::ElastiCache::ReplicationGroup" => ("ElastiCache", Zones::Behind, snapshots(properties)),
            "AWS::S3::Bucket" => ("S3", Zones::Several, Backup::Unknown),
            other => (other.split("::").nth(1).unwrap_or(other), Zones::Unknown, Backup::Unknown),
        };
        let plan = plan_of(template, id);
        Some(Store {
            what: format!("{service} {id}"),
            replicated: (own != Backup::Unknown)
                .then(|| service == "EFS" && properties.contains_key("ReplicationConfiguration")),
            zones,
            backup: plan.map_or(own, |(backup, _)| backup),
            copied: plan.is_some_and(|(_, copied)| copied),
        })
    });
    stores.collect()
}

/// An instance of RDS is in one zone unless it has another one that takes over.
fn zones_of_instance(instance: &Map) -> Zones {
    match instance.get("MultiAZ").map(Node::scalar_text) {
        Some(None) => Zones::Unknown,
        Some(Some(text)) if text == "true" => Zones::Several,
        None | Some(Some(_)) => Zones::One,
    }
}

/// RDS keeps automatic backups for a day unless something else is said, and makes none if it is to keep them for 0 days.
///
/// Source: [`BackupRetentionPeriod`][aws] in the CloudFormation reference.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html
fn retained(database: &Map) -> Backup {
    match number(database, "BackupRetentionPeriod", 1) {
        Some(0) => Backup::Never,
        Some(_) => Backup::Every(POINT_IN_TIME),
        None => Backup::Sometimes,
    }
}

/// Automatic backups of EFS are made once a day.
///
/// Source: [Backing up file systems][aws] in the EFS user guide.
///
/// [aws]: https://docs.aws.amazon.com/efs/latest/ug/awsbackup.html
fn automatic(file_system: &Map) -> Backup {
    let policy = file_system.get("BackupPolicy").and_then(Node::as_map);
    let status = policy.and_then(|policy| policy.get("Status")).and_then(Node::as_str);
    if status == Some("ENABLED") { Backup::Every(DAY) } else { Backup::Never }
}

/// A cache makes a snapshot once a day if it keeps any.
fn snapshots(cache: &Map) -> Backup {
    match number(cache, "SnapshotRetentionLimit", 0) {
        Some(0) => Backup::Never,
        Some(_) => Backup::Every(DAY),
        None => Backup::Sometimes,
    }
}

/// How often AWS Backup copies this resource, and whether the copies go elsewhere; `None` without a plan.
fn plan_of(template: &Template, id: &str) -> Option<(Backup, bool)> {
    let selection = of_type(template, "AWS::Backup::BackupSelection")
        .map(|(_, selection)| &selection.properties)
        .find(|selection| selection.get("BackupSelection").is_some_and(|of| refers_to(of, id)))?;
    let plan = selection.get("BackupPlanId").and_then(referred).and_then(|id| template.resources.get(id));
    let plan = plan.and_then(|plan| plan.properties.get("BackupPlan")).and_then(Node::as_map);
    let rules = plan.and_then(|plan| plan.get("BackupPlanRule")).and_then(Node::as_list);
    let rules: Vec<&Map> = rules.into_iter().flatten().filter_map(Node::as_map).collect();
    let every = |rule: &&Map| seconds_between(rule.get("ScheduleExpression").and_then(Node::as_str)?);
    let backup = rules.iter().filter_map(every).min().map_or(Backup::Sometimes, Backup::Every);
    Some((backup, rules.iter().any(|rule| rule.contains_key("CopyActions"))))
}

/// How far the times of a schedule lie apart, if it is a usual one: every hour, every day, or a rate.
fn seconds_between(schedule: &str) -> Option<u64> {
    let inside = |kind: &str| schedule.strip_prefix(kind)?.strip_suffix(')');
    if let Some(rate) = inside("rate(") {
        let (number, unit) = rate.split_once(' ')?;
        let seconds = match unit.trim_end_matches('s') {
            "minute" => 60,
            "hour" => 3600,
            "day" => DAY,
            _ => return None,
        };
        return number.parse::<u64>().ok()?.checked_mul(seconds);
    }
    let fields: Vec<&str> = inside("cron(")?.split_whitespace().collect();
    let any = |field: &str| field == "*" || field == "?";
    match fields.as_slice() {
        [_, hour, day, month, weekday, _] if any(day) && any(month) && any(weekday) => {
            if any(hour) {
                Some(3600)
            } else {
                hour.parse::<u64>().is_ok().then_some(DAY)
            }
        }
        _ => None,
    }
}

/// What the service with this logical id stands on.
pub(super) fn ground(template: &Template, service: &str) -> Ground {
    let Some(service) = template.resources.get(service) else { return Ground::default() };
    let balancers = service.properties.get("LoadBalancers").and_then(Node::as_list);
    let groups = balancers.into_iter().flatten().filter_map(|one| one.as_map()?.get("TargetGroupArn"));
    let groups = groups.filter_map(|group| template.resources.get(referred(group)?));
    let checks = groups.filter_map(|group| checks(&group.properties));
    Ground {
        checks: checks.max_by_key(|(interval, times)| interval * times),
        zones: zones(template, service),
    }
}

/// How an application load balancer checks targets, with its own defaults.
///
/// Source: [`CreateTargetGroup`][aws] in the Elastic Load Balancing API reference.
///
/// [aws]: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
fn checks(group: &Map) -> Option<(u64, u64)> {
    Some((number(group, "HealthCheckIntervalSeconds", 30)?, number(group, "UnhealthyThresholdCount", 2)?))
}

/// In how many zones the subnets of a service are; `None` if the template does not tell of all.
fn zones(template: &Template, service: &Resource) -> Option<usize> {
    let network = service.properties.get("NetworkConfiguration")?.as_map()?;
    let subnets = network.get("AwsvpcConfiguration")?.as_map()?.get("Subnets")?.as_list()?;
    let mut zones: Vec<&Node> = Vec::new();
    for subnet in subnets {
        let zone = template.resources.get(referred(subnet)?)?.properties.get("AvailabilityZone")?;
        if !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    Some(zones.len())
}

/// The certificates that listeners of a template name: ARNs, or logical ids of its own.
pub(super) fn certificates(template: &Template) -> Vec<String> {
    let listeners = of_type(template, "AWS::ElasticLoadBalancingV2::Listener");
    let lists = listeners.filter_map(|(_, one)| one.properties.get("Certificates")?.as_list());
    let named = lists.flatten().filter_map(|one| one.as_map()?.get("CertificateArn"));
    let named = named.filter_map(|arn| arn.as_str().or_else(|| referred(arn)));
    let mut all: Vec<String> = Vec::new();
    for one in named {
        if !all.iter().any(|known| known == one) {
            all.push(one.to_owned());
        }
    }
    all
}

fn of_type<'a>(template: &'a Template, name: &str) -> impl Iterator<Item = (&'a str, &'a Resource)> {
    let all = template.resources.iter().filter(move |(_, resource)| resource.type_name == name);
    all.map(|(id, resource)| (id.as_str(), resource)).collect::<Vec<_>>().into_iter()
}

/// The logical id in a `Ref`.
fn referred(node: &Node) -> Option<&str> {
    match node {
        Node::Call(Function::Ref, id) => id.as_str(),
        _ => None,
    }
}

/// A text, or what is imported in its place.
fn text(node: &Node, exports: &BTreeMap<String, String>) -> Option<String> {
    match node {
        Node::Call(Function::ImportValue, name) => exports.get(name.as_str()?).cloned(),
        other => other.scalar_text().map(std::borrow::Cow::into_owned),
    }
}

/// A number; `None` if something else stands there, such as a parameter.
fn number(map: &Map, key: &str, default: u64) -> Option<u64> {
    match map.get(key) {
        None => Some(default),
        Some(node) => node.scalar_text()?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::parse(text, "t.yaml").unwrap().template
    }

    #[test]
    fn a_record_is_read_with_what_it_imports_and_its_health_check() {
        let template = template(
            "
Resources:
  Check: {Type: AWS::Route53::HealthCheck, Properties: {HealthCheckConfig: {Type: HTTPS, RequestInterval: 10}}}
  Plain: {Type: AWS::Route53::RecordSet, Properties: {Name: other.example.com, Type: A}}
  Record:
    Type: AWS::Route53::RecordSet
    Properties:
      Name: api.example.com.
      Failover: PRIMARY
      HealthCheckId: !Ref Check
      AliasTarget:
        DNSName: !ImportValue dns
        HostedZoneId: !ImportValue absent
        EvaluateTargetHealth: true
",
        );
        let exports = BTreeMap::from([("dns".to_owned(), "alb.example".to_owned())]);
        let record = FailoverRecord {
            stack: "Dns".to_owned(),
            name: "api.example.com".to_owned(),
            role: "PRIMARY".to_owned(),
            evaluates: true,
            zone: None,
            target: Some("alb.example".to_owned()),
            check: Some(DnsCheck { interval: 10, threshold: 3 }),
        };
        assert_eq!(records("Dns", &template, &exports), [record]);
        assert!(fails_over(&template));
    }

    #[test]
    fn a_store_is_backed_up_by_itself_by_a_plan_or_not_at_all() {
        let template = template(
            "
Resources:
  Bare: {Type: AWS::EFS::FileSystem}
  Own: {Type: AWS::EFS::FileSystem, Properties: {BackupPolicy: {Status: ENABLED}, ReplicationConfiguration: {}}}
  Planned: {Type: AWS::EFS::FileSystem, Properties: {AvailabilityZoneName: us-east-1a}}
  Documents: {Type: AWS::DocDB::DBCluster}
  Rows: {Type: AWS::RDS::DBInstance, Properties: {MultiAZ: true}}
  Lost: {Type: AWS::RDS::DBInstance, Properties: {BackupRetentionPeriod: 0}}
  Member: {Type: AWS::RDS::DBInstance, Properties: {DBClusterIdentifier: c}}
  Vague: {Type: AWS::RDS::DBInstance, Properties: {MultiAZ: !Ref P, BackupRetentionPeriod: !Ref P}}
  Objects: {Type: AWS::S3::Bucket}
  Messages: {Type: AWS::SQS::Queue}
  Images: {Type: AWS::ECR::Repository}
  Plan:
    Type: AWS::Backup::BackupPlan
    Properties: {BackupPlan: {BackupPlanRule: [{ScheduleExpression: rate(12 hours), CopyActions: [{}]}]}}
  Selection:
    Type: AWS::Backup::BackupSelection
    Properties: {BackupPlanId: !Ref Plan, BackupSelection: {Resources: [!GetAtt Planned.Arn]}}
",
        );
        let store = |what: &str, backup| Store {
            what: what.to_owned(),
            replicated: Some(false),
            zones: Zones::Several,
            backup,
            copied: false,
        };
        let expected = [
            store("EFS Bare", Backup::Never),
            Store { replicated: Some(true), ..store("EFS Own", Backup::Every(DAY)) },
            Store { zones: Zones::One, copied: true, ..store("EFS Planned", Backup::Every(DAY / 2)) },
            store("DocumentDB Documents", Backup::Every(300)),
            store("RDS Rows", Backup::Every(300)),
            Store { zones: Zones::One, ..store("RDS Lost", Backup::Never) },
            Store { zones: Zones::Unknown, ..store("RDS Vague", Backup::Sometimes) },
            Store { replicated: None, ..store("S3 Objects", Backup::Unknown) },
            Store { replicated: None, zones: Zones::Unknown, ..store("SQS Messages", Backup::Unknown) },
        ];
        assert_eq!(stores(&template), expected);
    }

    #[test]
    fn the_times_of_usual_schedules_are_understood() {
        for (schedule, seconds) in [
            ("cron(0 5 * * ? *)", Some(DAY)),
            ("cron(0 * * * ? *)", Some(3600)),
            ("cron(0 5 ? * MON *)", None),
            ("rate(1 day)", Some(DAY)),
            ("rate(x)", None),
            ("daily", None),
        ] {
            assert_eq!(seconds_between(schedule), seconds, "{schedule}");
        }
    }

    #[test]
    fn a_service_stands_in_the_zones_of_its_subnets_and_its_slowest_check_counts() {
        let template = template(
            "
Resources:
  A: {Type: AWS::EC2::Subnet, Properties: {AvailabilityZone: !Sub '${AWS::Region}a'}}
  B: {Type: AWS::EC2::Subnet, Properties: {AvailabilityZone: !Sub '${AWS::Region}b'}}
  C: {Type: AWS::EC2::Subnet, Properties: {AvailabilityZone: !Sub '${AWS::Region}b'}}
  Fast: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {HealthCheckIntervalSeconds: 5}}
  Slow: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {UnhealthyThresholdCount: '4'}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      LoadBalancers: [{TargetGroupArn: !Ref Fast}, {TargetGroupArn: !Ref Slow}]
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref A, !Ref B, !Ref C]}}
  Other:
    Type: AWS::ECS::Service
    Properties: {NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1]}}}
",
        );
        assert_eq!(ground(&template, "Service"), Ground { checks: Some((30, 4)), zones: Some(2) });
        assert_eq!(ground(&template, "Other"), Ground::default());
        assert_eq!(ground(&template, "Absent"), Ground::default());
    }
}
