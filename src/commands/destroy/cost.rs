//! What a resource that stays goes on to cost: unit prices only, and sums only of what does not depend on use.

use std::collections::BTreeSet;

/// A list price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Price {
    /// US cents for each month (730 hours), whatever it is used for.
    Month(u32),
    /// US cents for each GB that it holds for a month.
    Gigabyte(u32),
}

/// What is billed although nobody uses it. Other types cost nothing, or what is not known here.
///
/// List prices of us-east-1 in US dollars, as of July 2024, of the first tier and of what the type stores by default.
/// Sources: the price pages of [Secrets Manager](https://aws.amazon.com/secrets-manager/pricing/),
/// [KMS](https://aws.amazon.com/kms/pricing/), [EFS](https://aws.amazon.com/efs/pricing/),
/// [ECR](https://aws.amazon.com/ecr/pricing/), [CloudWatch](https://aws.amazon.com/cloudwatch/pricing/),
/// [Route 53](https://aws.amazon.com/route53/pricing/), [WAF](https://aws.amazon.com/waf/pricing/),
/// [load balancers](https://aws.amazon.com/elasticloadbalancing/pricing/) and
/// [VPC](https://aws.amazon.com/vpc/pricing/).
fn price(resource_type: &str) -> Option<Price> {
    Some(match resource_type {
        "AWS::SecretsManager::Secret" => Price::Month(40),
        "AWS::KMS::Key" | "AWS::KMS::ReplicaKey" => Price::Month(100),
        "AWS::Route53::HostedZone" => Price::Month(50),
        "AWS::CloudWatch::Alarm" => Price::Month(10),
        "AWS::WAFv2::WebACL" => Price::Month(500),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => Price::Month(1643),
        "AWS::EC2::NatGateway" => Price::Month(3285),
        "AWS::EC2::EIP" => Price::Month(365),
        "AWS::EFS::FileSystem" => Price::Gigabyte(30),
        "AWS::ECR::Repository" => Price::Gigabyte(10),
        "AWS::Logs::LogGroup" => Price::Gigabyte(3),
        _ => return None,
    })
}

/// What a resource of this type costs, if that is known.
pub(super) fn text(resource_type: &str) -> Option<String> {
    Some(match price(resource_type)? {
        Price::Month(cents) => format!("{} a month", dollars(cents)),
        Price::Gigabyte(cents) => format!("{} for each GB and month", dollars(cents)),
    })
}

/// What resources of these types cost together, in words; `None` if nothing is known to be billed.
pub(super) fn sum(resource_types: &[&str]) -> Option<String> {
    let prices: Vec<Price> = resource_types.iter().filter_map(|kind| price(kind)).collect();
    let fixed: u32 =
        prices.iter().map(|price| if let Price::Month(cents) = price { *cents } else { 0 }).sum();
    let by_use = prices.iter().any(|price| matches!(price, Price::Gigabyte(_)));
    let stores = |kind: &&&str| template::stateful::holds(kind, None).is_some();
    let unknown: BTreeSet<&str> =
        resource_types.iter().filter(|kind| price(kind).is_none()).filter(stores).copied().collect();
    let known = match (fixed, by_use) {
        (0, false) if unknown.is_empty() => return None,
        (0, _) => "is billed by what it stores".to_owned(),
        (_, false) => format!("costs {} a month", dollars(fixed)),
        (_, true) => format!("costs {} a month, and more by what it stores", dollars(fixed)),
    };
    let types: Vec<&str> = unknown.into_iter().collect();
    let except =
        if types.is_empty() { String::new() } else { format!("; not known here: {}", types.join(", ")) };
    Some(format!("what is retained {known} (list prices of us-east-1 in July 2024{except})"))
}

fn dollars(cents: u32) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    // L18
    #[test]
    fn only_what_does_not_depend_on_use_is_added_up() {
        let secret = "AWS::SecretsManager::Secret";
        let sum = |kinds: &[&str]| sum(kinds).unwrap_or_default();
        let dated = "list prices of us-east-1 in July 2024";
        assert_eq!(sum(&[secret; 7]), format!("what is retained costs $2.80 a month ({dated})"));
        assert_eq!(
            sum(&[secret, "AWS::ECR::Repository"]),
            format!("what is retained costs $0.40 a month, and more by what it stores ({dated})")
        );
        assert_eq!(
            sum(&["AWS::EFS::FileSystem"]),
            format!("what is retained is billed by what it stores ({dated})")
        );
        assert_eq!(
            sum(&[secret, "AWS::S3::Bucket"]),
            format!("what is retained costs $0.40 a month ({dated}; not known here: AWS::S3::Bucket)")
        );
        assert_eq!(sum(&["AWS::IAM::Role"]), "");
    }

    #[test]
    fn a_price_is_written_in_dollars() {
        assert_eq!(text("AWS::Logs::LogGroup").as_deref(), Some("$0.03 for each GB and month"));
        assert_eq!(text("AWS::EC2::NatGateway").as_deref(), Some("$32.85 a month"));
        assert_eq!(text("AWS::SNS::Topic"), None);
    }
}
