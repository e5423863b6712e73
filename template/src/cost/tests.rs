//! The seed's table recomputed, and what is not known.

mod seed;
mod unknown;
mod what_if;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// The templates by name, with values of parameters.
fn report_of(texts: &[(&str, &str)], parameters: &[(&str, &str)], usage: &[(&str, &str)]) -> Report {
    let templates: Vec<Template> = texts.iter().map(|(_, text)| parsed(text)).collect();
    let parameters = given(parameters);
    let stacks = texts.iter().zip(&templates);
    let stacks: Vec<Stack<'_>> = stacks
        .map(|((name, _), template)| Stack::new(name, template, &parameters, Region::UsEast1))
        .collect();
    cost(&stacks, &usage_of(usage))
}

#[track_caller]
fn parsed(text: &str) -> Template {
    Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}\n{text}")).template
}

fn given(parameters: &[(&str, &str)]) -> BTreeMap<String, String> {
    parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[track_caller]
fn usage_of(values: &[(&str, &str)]) -> Usage {
    let mut usage = Usage::default();
    for (name, value) in values {
        usage.set(name, value).unwrap();
    }
    usage
}

/// What the service costs: at least, expected, at most.
fn band(month: Band<Money>) -> String {
    if month.is_point() {
        return month.expected.to_string();
    }
    format!("{} {} {}", month.least, month.expected, month.most)
}

/// The lines of a report, one below the other.
fn lines(report: &Report) -> String {
    let mut text = String::new();
    for service in &report.services {
        for line in &service.lines {
            let price = &line.unit_price.usd;
            let estimate = if line.estimate { " (estimate)" } else { "" };
            let _ = writeln!(
                text,
                "{}, {}: {} {} x {price} = {}{estimate}",
                service.name,
                line.what,
                line.quantity.expected,
                line.unit,
                band(line.month)
            );
        }
    }
    text + &format!("total: {}\n", band(report.total))
}

/// Types that are priced, so that templates at random have them.
const PRICED: [&str; 20] = [
    "AWS::ECS::Service",
    "AWS::ECS::Cluster",
    "AWS::ECS::TaskDefinition",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::EC2::NatGateway",
    "AWS::EC2::EIP",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::FlowLog",
    "AWS::Logs::LogGroup",
    "AWS::CloudWatch::Alarm",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACL",
    "AWS::Route53::HealthCheck",
    "AWS::SecretsManager::Secret",
    "AWS::EFS::FileSystem",
    "AWS::SSM::Parameter",
    "AWS::CertificateManager::Certificate",
    "AWS::CloudFront::Distribution",
];

/// Properties that are looked at.
const ASKED: [&str; 24] = [
    "LaunchType",
    "CapacityProviderStrategy",
    "Cluster",
    "TaskDefinition",
    "DesiredCount",
    "ServiceName",
    "NetworkConfiguration",
    "Cpu",
    "Memory",
    "RuntimePlatform",
    "EphemeralStorage",
    "MinCapacity",
    "MaxCapacity",
    "ResourceId",
    "Type",
    "Scheme",
    "Subnets",
    "SubnetMappings",
    "RetentionInDays",
    "Metrics",
    "Period",
    "Rules",
    "HealthCheckConfig",
    "ClusterSettings",
];

/// A template of types that are priced, with what may stand in them and what may not.
fn priced_template() -> impl Strategy<Value = Template> {
    let resource = (
        prop::sample::select(PRICED.to_vec()),
        prop::collection::btree_map(prop::sample::select(ASKED.to_vec()), crate::arbitrary::node(), 0..8),
        prop::option::of(crate::arbitrary::name()),
    );
    (crate::arbitrary::template(), prop::collection::vec(resource, 0..6)).prop_map(
        |(mut template, resources)| {
            for (at, (kind, properties, condition)) in resources.into_iter().enumerate() {
                let properties = properties.into_iter().map(|(key, node)| (key.to_owned(), node)).collect();
                let resource = crate::Resource {
                    type_name: kind.to_owned(),
                    properties,
                    condition,
                    ..Default::default()
                };
                template.resources.insert(format!("R{at}"), resource);
            }
            template
        },
    )
}

/// Every resource is somewhere in the report, and every sum is that of its lines.
fn is_whole(report: &Report) {
    let month = |lines: &[Line]| -> Band<Money> { lines.iter().map(|line| line.month).sum() };
    for service in &report.services {
        assert_eq!(service.month, month(&service.lines), "{}", service.name);
    }
    let total: Band<Money> = report.services.iter().map(|service| service.month).sum();
    assert_eq!(report.total, total);
    assert!(total.least <= total.expected && total.expected <= total.most, "{total:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_template_is_too_strange_and_a_total_is_the_sum_of_its_lines(template in priced_template()) {
        let parameters = BTreeMap::new();
        let stacks = [
            Stack::new("One", &template, &parameters, Region::UsEast1),
            Stack::new("Two", &template, &parameters, Region::UsWest2),
        ];
        let report = cost(&stacks, &Usage::default());
        is_whole(&report);
        serde_json::to_string(&report).unwrap();
        let told = |id: &str| {
            let name = format!("One/{id}");
            report.not_priced.iter().any(|one| one.resource == name)
                || report.services.iter().flat_map(|one| &one.lines).any(|line| line.resources.contains(&name))
        };
        let by_type = |kind: &str| {
            let both = report.unknown_types.iter().chain(&report.free_types);
            both.clone().any(|one| one.type_name == kind)
        };
        for (id, resource) in &template.resources {
            let gone = resource.condition.is_some();
            let kind = resource.type_name.as_str();
            // A log group that others write to, or a source of logs without one, is in a line of its kind.
            let in_sum = matches!(kind, "AWS::Logs::LogGroup");
            assert!(gone || told(id) || by_type(kind) || in_sum, "{id} ({kind}) is nowhere");
        }
        for outcome in super::what_if(&stacks, &Usage::default(), &WhatIf::ALL, true) {
            assert!(outcome.applied.is_some() || outcome.why_not.is_some());
        }
        prop_assert_eq!(compare(&report, &report), vec![]);
    }
}

#[test]
fn what_is_used_is_a_known_name_and_a_number() {
    let mut usage = Usage::default();
    assert_eq!(usage.set("nat_gigabytes", "1"), Err(UsageError::Unknown));
    for wrong in ["", "much", "-1", "1e9"] {
        assert_eq!(usage.set("nat_gb", wrong), Err(UsageError::NotANumber), "{wrong}");
    }
    assert_eq!(usage.set("scaling_percent", "101"), Err(UsageError::NotANumber));
    usage.set("nat_gb", "0.5").unwrap();
    let names: std::collections::BTreeSet<_> = ASSUMPTIONS.iter().map(|known| known.name).collect();
    assert_eq!(names.len(), ASSUMPTIONS.len());
}

#[test]
fn two_reports_differ_by_service_and_line() {
    let text = |second: &str| format!("Resources: {{A: {{Type: AWS::SecretsManager::Secret}}{second}}}\n");
    let more = ", B: {Type: AWS::SecretsManager::Secret}, K: {Type: AWS::KMS::Key}";
    let (before, after) =
        (report_of(&[("S", &text(""))], &[], &[]), report_of(&[("S", &text(more))], &[], &[]));
    let differences: Vec<String> = compare(&before, &after)
        .iter()
        .map(|one| {
            format!("{} {} {} {}", one.service, band(one.before), band(one.after), band(one.difference))
        })
        .collect();
    assert_eq!(differences, ["Secrets Manager $0.40 $0.80 $0.40", "KMS $0.00 $1.00 $1.00"]);
}
