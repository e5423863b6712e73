//! What AWS's documentation says of a change where no published schema has it: interruptions, conditions that the
//! template itself answers, and properties on which the schemas disagree.
//!
//! The source of each entry is the type's page in the [resource type reference][aws], "Update requires" and the text
//! above it, unless another is named there. "Some interruptions" stands for two things on these pages: what it says,
//! and "replaced if it cannot be updated" where the type's schema has the property among its
//! [`conditionalCreateOnlyProperties`][schema]. What is here is only what the text, or the published code of the type's
//! handler, tells apart. `docs/replacement.md` compares it with the word of CDK.
//!
//! [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
//! [schema]: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html

use super::Consequence;
use crate::document::Resource;
use crate::node::Node;

/// One change of a property.
#[derive(Clone, Copy)]
pub(super) struct Change<'t> {
    /// The resource in the old template; `None` if the value comes through a reference.
    pub(super) old: Option<&'t Resource>,
    /// The resource in the new template.
    pub(super) resource: &'t Resource,
    /// The names of the properties down to the value.
    pub(super) path: &'t [&'t str],
    /// The value before and after; `None` if it comes through a reference.
    pub(super) values: Option<[Option<&'t Node>; 2]>,
}

enum Word {
    Always(Consequence),
    /// `None` if the template does not tell.
    Depends(fn(Change<'_>) -> Option<Consequence>),
}

use Consequence::{Interrupts, Refused, Replaces, UpdateInPlace};
use Word::{Always, Depends};

/// By type and property; a property within another after a dot.
const WORDS: [(&str, &str, Word); 30] = [
    ("AWS::AmazonMQ::Broker", "HostInstanceType", Always(Interrupts)),
    ("AWS::AutoScaling::AutoScalingGroup", "LaunchConfigurationName", Depends(group_keeps_instances)),
    ("AWS::AutoScaling::AutoScalingGroup", "LaunchTemplate", Depends(group_keeps_instances)),
    ("AWS::AutoScaling::AutoScalingGroup", "MixedInstancesPolicy", Depends(group_keeps_instances)),
    ("AWS::AutoScaling::AutoScalingGroup", "VPCZoneIdentifier", Depends(group_changes_instances)),
    ("AWS::CertificateManager::Certificate", "ValidationMethod", Always(Replaces)),
    ("AWS::DocDB::DBCluster", "EngineVersion", Always(UpdateInPlace)),
    // The text says it; "Update requires" does not.
    ("AWS::DocDB::DBInstance", "DBInstanceClass", Always(Interrupts)),
    ("AWS::DynamoDB::Table", "GlobalSecondaryIndexes", Depends(index)),
    ("AWS::DynamoDB::Table", "KeySchema", Depends(key_schema)),
    ("AWS::EC2::VPC", "InstanceTenancy", Depends(tenancy)),
    ("AWS::EC2::Volume", "Size", Depends(size)),
    ("AWS::ECS::Service", "DeploymentController", Always(UpdateInPlace)),
    ("AWS::ElastiCache::ReplicationGroup", "NumNodeGroups", Depends(shards)),
    ("AWS::Events::Rule", "EventBusName", Depends(another)),
    ("AWS::Neptune::DBInstance", "AutoMinorVersionUpgrade", Always(Interrupts)),
    ("AWS::Neptune::DBInstance", "DBInstanceClass", Always(Interrupts)),
    ("AWS::RDS::DBInstance", "AutoMinorVersionUpgrade", Always(Interrupts)),
    ("AWS::RDS::DBInstance", "AvailabilityZone", Depends(zone)),
    ("AWS::RDS::DBInstance", "BackupRetentionPeriod", Always(Interrupts)),
    ("AWS::RDS::DBInstance", "DBInstanceClass", Always(Interrupts)),
    ("AWS::RDS::DBInstance", "DBParameterGroupName", Always(Interrupts)),
    ("AWS::RDS::DBInstance", "DBSnapshotIdentifier", Depends(snapshot)),
    ("AWS::RDS::DBInstance", "Engine", Depends(engine)),
    ("AWS::RDS::DBInstance", "EngineVersion", Depends(engine_version)),
    ("AWS::RDS::DBInstance", "MultiAZ", Always(Interrupts)),
    ("AWS::RDS::DBInstance", "Port", Always(Interrupts)),
    ("AWS::RDS::DBInstance", "PreferredMaintenanceWindow", Always(Interrupts)),
    ("AWS::RDS::DBInstance", "StorageType", Always(Interrupts)),
    ("AWS::ServiceDiscovery::Service", "DnsConfig.NamespaceId", Always(Replaces)),
];

/// Properties of which the documentation says "Updates are not supported" and no schema says anything: the update fails
/// when their turn comes ("Update to resource type … is not supported").
///
/// The pages were read in stored copies of 2026. Left out are properties of which a page says so and the schema that
/// the resource is replaced (disks and instances of Lightsail), or may be (WorkSpaces): the schema is what
/// CloudFormation goes by. So is what the page says of a whole type of the registry, since a type that cannot update is
/// [replaced][types]; and the `TimeoutInMinutes` of a nested stack, of which its page says both that and "no
/// interruption".
///
/// [types]: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-develop.html
const UNSUPPORTED: [(&str, &[&str]); 2] = [
    ("AWS::CloudFormation::WaitCondition", &["Count", "Handle", "Timeout"]),
    ("AWS::EC2::Volume", &["AvailabilityZone", "AvailabilityZoneId", "Encrypted", "KmsKeyId", "SnapshotId"]),
];

/// The service token of a custom resource cannot be changed: "Modifying service token is not allowed". The schema says
/// that the resource would be replaced, as its page did once.
///
/// Source: [AWS::CloudFormation::CustomResource][aws], and this [report][report].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
/// [report]: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/802
fn is_service_token(type_name: &str, property: &str) -> bool {
    let custom = type_name == "AWS::CloudFormation::CustomResource" || type_name.starts_with("Custom::");
    custom && property == "ServiceToken"
}

/// What the documentation says that the change does; `None` if it says no more than the schemas.
pub(super) fn says(change: Change<'_>) -> Option<Consequence> {
    let (first, rest) = change.path.split_first()?;
    let type_name = change.resource.type_name.as_str();
    let unsupported = |(name, properties): &(&str, &[&str])| *name == type_name && properties.contains(first);
    if is_service_token(type_name, first) || UNSUPPORTED.iter().any(unsupported) {
        return Some(Refused);
    }
    let find = |property: &str| {
        let key = (type_name, property);
        WORDS.binary_search_by(|(type_name, name, _)| (*type_name, *name).cmp(&key)).ok()
    };
    let within = rest.first().and_then(|second| find(&format!("{first}.{second}")));
    match WORDS[find(first).or(within)?].2 {
        Always(consequence) => Some(consequence),
        Depends(on) => on(change),
    }
}

impl<'t> Change<'t> {
    /// The texts before and after, if both are given and plain.
    fn texts(self) -> Option<[&'t str; 2]> {
        match self.values? {
            [Some(Node::String(old)), Some(Node::String(new))] => Some([old, new]),
            _ => None,
        }
    }

    /// The numbers before and after, with dots between them, if both are given as such and have as many.
    fn numbers(self) -> Option<[Vec<u64>; 2]> {
        let numbers = |node: Option<&Node>| -> Option<Vec<u64>> {
            node?.scalar_text()?.split('.').map(|part| part.parse().ok()).collect()
        };
        let [old, new] = self.values?.map(numbers);
        let (old, new) = (old?, new?);
        (old.len() == new.len()).then_some([old, new])
    }

    /// Whether another property than this one makes a new resource, or may.
    fn is_new_anyway(self) -> bool {
        let Some(old) = self.old else { return true };
        let facts = crate::facts::resource(&self.resource.type_name);
        let (before, after) = (&old.properties, &self.resource.properties);
        let others = before
            .keys()
            .chain(after.keys())
            .filter(|name| Some(name.as_str()) != self.path.first().copied());
        let mut changed = others.filter(|name| before.get(name) != after.get(name));
        changed.any(|name| facts.is_none_or(|facts| facts.update(&[name]) != crate::facts::Update::InPlace))
    }

    /// A value below the resource's `UpdatePolicy`: `Some(false)` if it is not given, `None` if it is an expression.
    fn policy(self, path: &[&str]) -> Option<bool> {
        let Some(mut node) = self.resource.attributes.get("UpdatePolicy") else { return Some(false) };
        for name in path {
            match node.as_map()?.get(name) {
                Some(inner) => node = inner,
                None => return Some(false),
            }
        }
        match &*node.scalar_text()? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

/// The [update policy][aws] tells whether CloudFormation makes another group. If not, instances that run are left as
/// they are.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html
fn group_keeps_instances(change: Change<'_>) -> Option<Consequence> {
    let replaces = change.policy(&["AutoScalingReplacingUpdate", "WillReplace"])?;
    Some(if replaces { Replaces } else { UpdateInPlace })
}

/// As above, but with other subnets the instances are replaced too.
fn group_changes_instances(change: Change<'_>) -> Option<Consequence> {
    group_keeps_instances(change).map(|does| does.max(Interrupts))
}

/// Of a global index that stays, only throughput and the like can be changed: all else "Cannot update GSI's properties".
/// An index under another name is another one.
///
/// Source: [GlobalSecondaryIndexes][aws], and the error that CloudFormation answers with.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
fn index(change: Change<'_>) -> Option<Consequence> {
    let [_, at, part, ..] = change.path else { return None };
    if !["KeySchema", "Projection"].contains(part) {
        return None;
    }
    let indexes = |resource: &'_ Resource| resource.properties.get("GlobalSecondaryIndexes").cloned();
    let (old, new) = (indexes(change.old?)?, indexes(change.resource)?);
    let named = |node: &Node| node.as_map()?.get("IndexName")?.as_str().map(str::to_owned);
    let name = named(new.as_list()?.get(at.parse::<usize>().ok()?)?)?;
    old.as_list()?.iter().any(|index| named(index).as_ref() == Some(&name)).then_some(Refused)
}

/// The key of a table cannot be changed. The schema counts it among what is replaced only if it cannot be updated, since
/// it is left out where the table copies that of another.
fn key_schema(change: Change<'_>) -> Option<Consequence> {
    let left_out = matches!(change.values, Some([_, None] | [None, _])) && change.path.len() == 1;
    (!left_out).then_some(Replaces)
}

/// Instances that have hardware of their own may be without, but not the other way round.
fn tenancy(change: Change<'_>) -> Option<Consequence> {
    match change.texts()? {
        ["dedicated", "default"] => Some(UpdateInPlace),
        ["default", "dedicated"] => Some(Replaces),
        _ => None,
    }
}

/// A volume can grow and never shrink. Source: [ModifyVolume][aws], on `Size`.
///
/// [aws]: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVolume.html
fn size(change: Change<'_>) -> Option<Consequence> {
    let [old, new] = change.numbers()?;
    (new < old && !change.is_new_anyway()).then_some(Refused)
}

/// There is no way back to an older version: "Cannot upgrade postgres from 13.7 to 13.4". Only versions that are written
/// alike are compared. Source: [upgrading the engine version][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html
#[expect(clippy::unnecessary_wraps, reason = "as the other rules of the table")]
fn engine_version(change: Change<'_>) -> Option<Consequence> {
    let older = change.numbers().is_some_and(|[old, new]| new < old);
    Some(if older && !change.is_new_anyway() { Refused } else { Interrupts })
}

/// Shards come and go while the group works only if the update policy says so.
fn shards(change: Change<'_>) -> Option<Consequence> {
    let online = change.policy(&["UseOnlineResharding"])?;
    Some(if online { UpdateInPlace } else { Replaces })
}

/// Without a name it may be the default's, which is the same.
fn another(change: Change<'_>) -> Option<Consequence> {
    change.texts().map(|_| Replaces)
}

/// A zone that is given is where the instance is; with Multi-AZ, none can be given. Source: [the handler][code], as for
/// the two below.
///
/// [code]: https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds
fn zone(change: Change<'_>) -> Option<Consequence> {
    let multi = change.resource.properties.get("MultiAZ").and_then(Node::scalar_text);
    match change.values? {
        [_, None] => (multi.as_deref() == Some("true")).then_some(Interrupts),
        [Some(Node::String(_)), Some(Node::String(_))] => Some(Replaces),
        _ => None,
    }
}

/// An instance is made from the snapshot; one that is no longer named was used.
fn snapshot(change: Change<'_>) -> Option<Consequence> {
    matches!(change.values?, [_, Some(Node::String(_))]).then_some(Replaces)
}

/// Editions of one engine are updates of one another in some cases, different engines never.
fn engine(change: Change<'_>) -> Option<Consequence> {
    let [old, new] = change.texts()?;
    let related = |engine: &str| ["oracle-", "custom-oracle-"].iter().any(|start| engine.starts_with(start));
    let may = (related(old) && related(new)) || (old, new) == ("aurora", "aurora-mysql");
    (!may).then_some(Replaces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_its_properties_exist() {
        assert!(WORDS.windows(2).all(|pair| (pair[0].0, pair[0].1) < (pair[1].0, pair[1].1)));
        for (type_name, path, _) in WORDS {
            let facts = crate::facts::resource(type_name).unwrap_or_else(|| panic!("{type_name}"));
            let place = path.split('.').try_fold(facts.properties(), crate::facts::Place::property);
            assert!(place.is_some(), "{type_name} {path}");
        }
    }

    #[test]
    fn of_what_cannot_be_updated_the_schemas_say_nothing() {
        let mut faults = Vec::new();
        for (type_name, properties) in UNSUPPORTED {
            let facts = crate::facts::resource(type_name).unwrap_or_else(|| panic!("{type_name}"));
            for property in properties {
                assert!(facts.properties().property(property).is_some(), "{type_name} {property}");
                let update = facts.update(&[property]);
                if update != crate::facts::Update::InPlace {
                    faults.push(format!("{type_name} {property}: {update:?}"));
                }
            }
        }
        assert_eq!(faults, [""; 0]);
    }

    /// What a change of one property does, both values as YAML; `-` for none.
    #[track_caller]
    fn does(kind: &str, property: &str, before: &str, after: &str, more: &str) -> Option<Consequence> {
        let template = |value: &str| {
            let given = if value == "-" { String::new() } else { format!("{property}: {value}") };
            let text = format!("Resources: {{R: {{Type: 'AWS::{kind}', Properties: {{{given}}}{more}}}}}\n");
            crate::Template::parse(&text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template
        };
        crate::diff(&template(before), &template(after)).resources[0].consequence
    }

    #[test]
    fn what_the_values_do_not_tell_is_left_to_the_schemas() {
        let may = Some(Consequence::MayReplace);
        assert_eq!(does("RDS::DBInstance", "Engine", "mysql", "mariadb", ""), Some(Replaces));
        assert_eq!(does("RDS::DBInstance", "Engine", "oracle-se1", "oracle-se2", ""), may);
        assert_eq!(does("RDS::DBInstance", "Engine", "mysql", "!Ref Engine", ""), may);
        assert_eq!(does("RDS::DBInstance", "DBSnapshotIdentifier", "-", "a", ""), Some(Replaces));
        assert_eq!(does("RDS::DBInstance", "DBSnapshotIdentifier", "a", "-", ""), may);
        assert_eq!(does("RDS::DBInstance", "AvailabilityZone", "a", "-", ""), may);
        assert_eq!(does("EC2::VPC", "InstanceTenancy", "default", "host", ""), may);
        assert_eq!(does("Events::Rule", "EventBusName", "-", "default", ""), may);
        let key = "[{AttributeName: a, KeyType: HASH}]";
        assert_eq!(does("DynamoDB::Table", "KeySchema", key, "-", ""), may);
        let longer = "[{AttributeName: a, KeyType: HASH}, {AttributeName: b, KeyType: RANGE}]";
        assert_eq!(does("DynamoDB::Table", "KeySchema", key, longer, ""), Some(Replaces));
    }

    #[test]
    fn what_only_grows_is_refused_to_shrink() {
        let refused = Some(Refused);
        assert_eq!(does("EC2::Volume", "Size", "100", "50", ""), refused);
        assert_eq!(does("EC2::Volume", "Size", "50", "100", ""), Some(UpdateInPlace));
        assert_eq!(does("EC2::Volume", "Size", "100", "!Ref Size", ""), Some(UpdateInPlace));
        assert_eq!(does("RDS::DBInstance", "EngineVersion", "'16.3'", "'16.1'", ""), refused);
        assert_eq!(does("RDS::DBInstance", "EngineVersion", "8.0.36", "8.0.9", ""), refused);
        assert_eq!(does("RDS::DBInstance", "EngineVersion", "16.1", "16.3", ""), Some(Interrupts));
        // The same version, or a newer one.
        assert_eq!(does("RDS::DBInstance", "EngineVersion", "16.1", "'16'", ""), Some(Interrupts));
        let version = "EngineVersion";
        let both = |engine: &str, older: &str| format!("{older}, Engine: {engine}");
        let another =
            does("RDS::DBInstance", version, &both("mysql", "8.0.36"), &both("mariadb", "8.0.9"), "");
        assert_eq!(another, Some(Replaces));
    }

    #[test]
    fn a_service_token_cannot_be_changed() {
        let text = |token: &str, name: &str| {
            let text = format!(
                "Resources: {{F: {{Type: 'AWS::Lambda::Function', Properties: {{FunctionName: {name}}}}}, C: {{Type: 'Custom::Thing', Properties: {{ServiceToken: {token}}}}}}}\n"
            );
            crate::Template::parse(&text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template
        };
        let refused = |old: &crate::Template, new: &crate::Template| {
            crate::diff(old, new).refusals.iter().any(|refusal| refusal.id == "C")
        };
        assert!(refused(&text("'arn:a'", "f"), &text("'arn:b'", "f")));
        // It comes with the function, whose name is another.
        assert!(refused(&text("!GetAtt F.Arn", "f"), &text("!GetAtt F.Arn", "g")));
        assert!(!refused(&text("!GetAtt F.Arn", "f"), &text("!GetAtt F.Arn", "f")));
    }

    #[test]
    fn an_update_policy_decides_if_it_is_no_expression() {
        let group = |policy: &str| {
            let more = format!(", UpdatePolicy: {{AutoScalingReplacingUpdate: {policy}}}");
            does("AutoScaling::AutoScalingGroup", "VPCZoneIdentifier", "[a]", "[b]", &more)
        };
        assert_eq!(group("{WillReplace: 'true'}"), Some(Replaces));
        assert_eq!(group("{WillReplace: false}"), Some(Interrupts));
        assert_eq!(group("{}"), Some(Interrupts));
        assert_eq!(group("{WillReplace: !Ref Replace}"), Some(Consequence::MayReplace));
        assert_eq!(group("!If [A, {WillReplace: true}, {}]"), Some(Consequence::MayReplace));
    }
}
