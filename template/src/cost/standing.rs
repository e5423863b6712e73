//! What a resource costs as long as it is there, whether or not it is used.

use super::money::{Amount, Money};
use super::prices::{self, Price};
use super::report::HOURS;

/// What is billed although nobody uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// For each month, whatever it is used for.
    Month(Money),
    /// For each GB that it holds for a month.
    Gigabyte(Money),
}

/// What a resource of this type costs in us-east-1 by what it is alone, in its first tier and with what the type stores by
/// default. Other types cost nothing, or what is not known here.
pub fn standing(type_name: &str) -> Option<Standing> {
    let once = |price: &Price| Standing::Month(Money::of(Amount::whole(1), price.nanos));
    let hourly = |price: &Price| Standing::Month(Money::of(Amount::whole(HOURS), price.nanos));
    let stored = |price: &Price| Standing::Gigabyte(Money::of(Amount::whole(1), price.nanos));
    Some(match type_name {
        "AWS::SecretsManager::Secret" => once(&prices::SECRET),
        "AWS::KMS::Key" | "AWS::KMS::ReplicaKey" => once(&prices::KEY),
        "AWS::Route53::HostedZone" => once(&prices::ZONE),
        "AWS::CloudWatch::Alarm" => once(&prices::ALARM),
        "AWS::WAFv2::WebACL" => once(&prices::WEB_ACL),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => hourly(&prices::ALB_HOUR),
        "AWS::EC2::NatGateway" => hourly(&prices::NAT_HOUR),
        "AWS::EC2::EIP" => hourly(&prices::ADDRESS_HOUR),
        "AWS::EFS::FileSystem" => stored(&prices::EFS_GB),
        "AWS::ECR::Repository" => stored(&prices::ECR_GB),
        "AWS::Logs::LogGroup" => stored(&prices::LOG_STORED),
        _ => return None,
    })
}
