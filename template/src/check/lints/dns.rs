//! Records of Route 53.

mod zones;

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::balancer::{Kind, LoadBalancer};
use crate::model::{Item, Model, Value};
use zones::Endpoint;

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &FAILS_NEVER, check: fails_never },
    Lint { rule: &WRONG_ZONE, check: wrong_zone },
    Lint { rule: &FIXED_ZONE, check: fixed_zone },
    Lint { rule: &NO_IDENTIFIER, check: no_identifier },
];

rule! {
    /// A primary failover record that can never fail.
    ///
    /// Route 53 takes a record without a health check for healthy, whatever happens behind it: it never answers with
    /// the secondary record.
    ///
    /// Give the record a `HealthCheckId`, best with a check by HTTPS of a path that needs the whole application; or
    /// for an alias at least `EvaluateTargetHealth: true`.
    ///
    /// Source: [failover records](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health.html).
    pub(super) FAILS_NEVER = "DT099" Warning;
}

rule! {
    /// An alias with the hosted zone of something else.
    ///
    /// An alias names the hosted zone that AWS keeps for the kind of its target in its region, which is neither
    /// one's own zone nor the same everywhere. Route 53 refuses a record whose target is not in that zone: `Tried to
    /// create an alias that targets …, but the alias target name does not lie within the target zone`.
    ///
    /// Take the ID from the resource: `!GetAtt Alb.CanonicalHostedZoneID` for a load balancer. For CloudFront it is
    /// always `Z2FDTNDATAQYW2`.
    ///
    /// Source: [AliasTarget](https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html),
    /// [Elastic Load Balancing endpoints](https://docs.aws.amazon.com/general/latest/gr/elb.html).
    pub(super) WRONG_ZONE = "DT105" Error;
}

rule! {
    /// A load balancer's hosted zone written down.
    ///
    /// The ID is that of one region: the same template fails in any other, such as the one that is kept for
    /// disasters, and there it fails on the day of the disaster.
    ///
    /// Take the ID from the load balancer: `!GetAtt Alb.CanonicalHostedZoneID`.
    ///
    /// Source: [Elastic Load Balancing endpoints](https://docs.aws.amazon.com/general/latest/gr/elb.html).
    pub(super) FIXED_ZONE = "DT106" Warning;
}

rule! {
    /// A routing policy without a `SetIdentifier`.
    ///
    /// Records with one name and type are told apart by their `SetIdentifier` as soon as they have a routing policy:
    /// failover, weight, latency, place, or several values. Route 53 refuses a record that has one without the other.
    ///
    /// Give each of the records a `SetIdentifier` of its own, such as its region.
    ///
    /// Source: [AWS::Route53::RecordSet](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53-recordset.html).
    pub(super) NO_IDENTIFIER = "DT107" Error;
}

/// Every record of the template, also those in groups.
fn records<'m>(model: &'m Model<'m>) -> impl Iterator<Item = Value<'m>> {
    let single = model.of_type("AWS::Route53::RecordSet").map(Item::properties);
    let groups = model.of_type("AWS::Route53::RecordSetGroup").flat_map(|group| group.get("RecordSets"));
    single.chain(groups.filter_map(|list| list.items()).flatten().filter(Value::is_known))
}

fn fails_never(model: &Model<'_>, found: &mut Findings) {
    for record in records(model) {
        for failover in record.get("Failover").iter().filter(|failover| failover.is_text("PRIMARY")) {
            let checks = record.get("HealthCheckId");
            let evaluated = record.get("AliasTarget.EvaluateTargetHealth");
            let never = checks.iter().all(Value::is_absent)
                && evaluated.iter().all(|value| value.is_absent() || value.boolean() == Some(false));
            if never {
                found
                    .at(failover, "nothing tells Route 53 when this primary record has failed")
                    .hint("set `HealthCheckId`, or `EvaluateTargetHealth: true` for an alias");
            }
        }
    }
}

fn no_identifier(model: &Model<'_>, found: &mut Findings) {
    const POLICIES: &[&str] = &[
        "CidrRoutingConfig",
        "Failover",
        "GeoLocation",
        "GeoProximityLocation",
        "MultiValueAnswer",
        "Region",
        "Weight",
    ];
    for record in records(model) {
        let identifiers = record.get("SetIdentifier");
        for policy in POLICIES {
            for value in record.get(policy).into_iter().filter(|value| !value.is_absent()) {
                let without = |id: &Value<'_>| id.is_absent() && id.world().meets(value.world());
                if value.boolean() != Some(false) && identifiers.iter().any(without) {
                    found
                        .at(&value, format!("a record with `{policy}` needs a `SetIdentifier`"))
                        .hint("set `SetIdentifier` to something that only this record of the name has");
                }
            }
        }
    }
}

/// An alias with a zone that is written down.
struct Alias<'m> {
    /// Where the zone is named.
    zone: Value<'m>,
    id: String,
    /// What the alias points at, and in which region that is, if it is known.
    endpoint: Endpoint,
    region: Option<String>,
    /// Whether its name is only known at deployment.
    is_made: bool,
}

fn aliases<'m>(model: &'m Model<'m>) -> Vec<Alias<'m>> {
    let mut all = Vec::new();
    for alias in records(model).flat_map(|record| record.get("AliasTarget")) {
        for zone in alias.get("HostedZoneId") {
            let names = alias.get("DNSName").into_iter().filter(|name| name.world().meets(zone.world()));
            all.extend(names.filter_map(|name| alias_of(&zone, &name)));
        }
    }
    all
}

fn alias_of<'m>(zone: &Value<'m>, name: &Value<'m>) -> Option<Alias<'m>> {
    let id = zone.text()?;
    let region = zone.world().region().map(str::to_owned);
    let text = name.texts().into_iter().next()?;
    let (endpoint, region, is_made) = match text.targets().next() {
        Some(target) => (endpoint_of(target.item)?, region, true),
        // What the zone says is all that is known. In a known region it may be that of another one.
        None if text.has_unknown() && region.is_none() => (zones::endpoint_of(&id)?, None, true),
        None => {
            let (endpoint, region) = zones::of_domain(text.end())?;
            (endpoint, region, false)
        }
    };
    Some(Alias { zone: zone.clone(), id, endpoint, region, is_made })
}

/// What a resource of the template is to an alias.
fn endpoint_of(item: Item<'_>) -> Option<Endpoint> {
    match item.type_name() {
        "AWS::CloudFront::Distribution" => Some(Endpoint::CloudFront),
        "AWS::ElasticLoadBalancing::LoadBalancer" => Some(Endpoint::Application),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => match LoadBalancer(item).kind()? {
            Kind::Application => Some(Endpoint::Application),
            Kind::Network => Some(Endpoint::Network),
            Kind::Gateway => None,
        },
        _ => None,
    }
}

fn wrong_zone(model: &Model<'_>, found: &mut Findings) {
    for alias in aliases(model) {
        let Alias { zone, id, endpoint, region, .. } = alias;
        let right = zones::zone(endpoint, region.as_deref());
        let wrong = match right {
            Some(right) => {
                right != id && !(endpoint.is_global() && zones::endpoint_of(&id) == Some(endpoint))
            }
            // A region that the table does not know may have any.
            None => zones::endpoint_of(&id).is_some_and(|of| of != endpoint),
        };
        if wrong {
            let place = region.map(|region| format!(" in {region}")).unwrap_or_default();
            let finding = found.at(&zone, format!("`{id}` is not the hosted zone of {endpoint}{place}"));
            match right {
                Some(right) if endpoint.is_global() => finding.hint(format!("it is `{right}`")),
                Some(right) => {
                    finding.hint(format!("it is `{right}` there; take it from the resource where you can"))
                }
                None => finding.hint("take it from the resource: `!GetAtt Alb.CanonicalHostedZoneID`"),
            };
        }
    }
}

fn fixed_zone(model: &Model<'_>, found: &mut Findings) {
    for alias in aliases(model) {
        let Alias { zone, id, endpoint, region, is_made } = alias;
        let is_balancer = matches!(endpoint, Endpoint::Application | Endpoint::Network);
        let is_wrong = zones::endpoint_of(&id).is_some_and(|of| of != endpoint);
        if is_made && is_balancer && region.is_none() && !is_wrong {
            found
                .at(&zone, format!("`{id}` can only be the hosted zone of {endpoint} in one region"))
                .hint("take it from the resource: `!GetAtt Alb.CanonicalHostedZoneID`");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Template;
    use crate::check::lints::testing::codes;
    use crate::model::Model;

    fn alias(properties: &str, zone: &str, name: &str) -> String {
        format!(
            "
Parameters: {{Name: {{Type: String}}}}
Resources:
  Alb: {{Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {{Subnets: [subnet-1, subnet-2]}}}}
  Distribution: {{Type: AWS::CloudFront::Distribution}}
  Records:
    Type: AWS::Route53::RecordSetGroup
    Properties:
      HostedZoneId: Z1
      RecordSets: [{{Name: a.example.com, Type: A{properties}, AliasTarget: {{HostedZoneId: {zone}, DNSName: {name}}}}}]
"
        )
    }

    fn found(zone: &str, name: &str) -> Vec<String> {
        codes(&alias("", zone, name)).into_iter().filter(|code| code.starts_with("DT10")).collect()
    }

    #[test]
    fn a_zone_is_of_the_kind_of_its_target() {
        assert_eq!(
            found("Z26RNL4JYFTOTI", "!GetAtt Alb.DNSName"),
            ["DT105"],
            "that of a network load balancer"
        );
        assert_eq!(found("Z35SXDOTRQ7X7K", "!GetAtt Distribution.DomainName"), ["DT105"]);
        assert!(found("Z2FDTNDATAQYW2", "!GetAtt Distribution.DomainName").is_empty());
        assert!(found("Z3RFFRIM2A3IF5", "!GetAtt Distribution.DomainName").is_empty(), "in China");
        assert!(found("Z0123", "www.example.com").is_empty(), "a record of one's own zone");
        assert!(found("Z0123", "a.xx-new-1.elb.amazonaws.com").is_empty(), "a region that is not known here");
    }

    #[test]
    fn in_a_known_region_only_its_zone_is_right() {
        let text = alias("", "Z35SXDOTRQ7X7K", "!GetAtt Alb.DNSName");
        let document = Template::parse(&text, "t.yaml").unwrap();
        let count = |region| {
            let model = Model::new(&document.template).in_region(Some(region));
            super::LINTS
                .iter()
                .flat_map(|lint| lint.findings(&model))
                .map(|finding| finding.code())
                .collect::<Vec<_>>()
        };
        assert_eq!(count("eu-west-1"), ["DT105"]);
        assert!(count("us-east-1").is_empty());
    }

    #[test]
    fn a_zone_for_a_name_that_is_given_later_is_of_one_region() {
        assert_eq!(found("Z35SXDOTRQ7X7K", "!ImportValue Name"), ["DT106"]);
        assert_eq!(found("Z35SXDOTRQ7X7K", "!Sub 'dualstack.${Name}'"), ["DT106"]);
        assert!(found("Z2FDTNDATAQYW2", "!ImportValue Name").is_empty());
        assert!(found("Z0123", "!ImportValue Name").is_empty());
    }

    #[test]
    fn records_in_groups_are_looked_at() {
        let without = alias(", Weight: 1", "Z2FDTNDATAQYW2", "d1.cloudfront.net");
        assert!(codes(&without).contains(&"DT107".to_owned()));
        let with = alias(", Weight: 1, SetIdentifier: a", "Z2FDTNDATAQYW2", "d1.cloudfront.net");
        assert!(!codes(&with).contains(&"DT107".to_owned()));
    }
}
