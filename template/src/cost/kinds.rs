//! Which type of resource is priced how.

use super::money::Amount;
use super::prices;
use super::sheet::{Group, Sheet, Use};
use super::view::Thing;
use super::{edge, fargate, network, observe, store};

/// Types that cost nothing by themselves: what is billed for them is billed for something else.
const FREE: &[&str] = &[
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::CloudFrontOriginAccessIdentity",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::OriginRequestPolicy",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::EC2::DHCPOptions",
    "AWS::EC2::EIPAssociation",
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::PrefixList",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetNetworkAclAssociation",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCCidrBlock",
    "AWS::EC2::VPCDHCPOptionsAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ECR::PullThroughCacheRule",
    "AWS::ECR::RegistryPolicy",
    "AWS::ECS::CapacityProvider",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::ECS::TaskDefinition",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::MountTarget",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::KMS::Alias",
    "AWS::Logs::LogStream",
    "AWS::Logs::ResourcePolicy",
    "AWS::Route53::RecordSet",
    "AWS::Route53::RecordSetGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::SecretsManager::SecretTargetAttachment",
    "AWS::WAFv2::IPSet",
    "AWS::WAFv2::RegexPatternSet",
    "AWS::WAFv2::WebACLAssociation",
];

/// Adds what a resource costs, or says that it is not known.
pub(super) fn price(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    let kind = thing.item.type_name();
    if kind.starts_with("AWS::IAM::") || FREE.contains(&kind) {
        if kind == "AWS::Route53::RecordSet" || kind == "AWS::Route53::RecordSetGroup" {
            sheet.uses(thing, Use::Dns);
        }
        return sheet.free(kind);
    }
    match kind {
        "AWS::ECS::Service" => fargate::service(thing, sheet),
        "AWS::ECS::Cluster" => observe::cluster(thing, sheet),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => network::load_balancer(thing, sheet),
        "AWS::EC2::NatGateway" => network::nat_gateway(thing, sheet),
        "AWS::EC2::EIP" => network::address(thing, sheet),
        "AWS::EC2::VPCEndpoint" => network::endpoint(thing, sheet),
        "AWS::EC2::FlowLog" => observe::flow_log(thing, sheet),
        "AWS::Logs::LogGroup" => observe::log_group(thing, sheet),
        "AWS::CloudWatch::Alarm" => observe::alarm(thing, sheet),
        "AWS::CloudWatch::CompositeAlarm" => observe::composite(thing, sheet),
        "AWS::CloudWatch::Dashboard" => sheet.uses(thing, Use::Dashboard),
        "AWS::ApplicationAutoScaling::ScalingPolicy" => observe::scaling_policy(thing, sheet),
        "AWS::WAFv2::LoggingConfiguration" => observe::waf_log(thing, sheet),
        "AWS::WAFv2::WebACL" => edge::web_acl(thing, sheet),
        "AWS::Route53::HostedZone" => {
            sheet.add(thing, Group::Dns, "zones", &prices::ZONE, Amount::whole(1));
            sheet.uses(thing, Use::Dns);
        }
        "AWS::Route53::HealthCheck" => edge::health_check(thing, sheet),
        "AWS::CloudFront::Distribution" => sheet.uses(thing, Use::Cdn),
        "AWS::ECR::Repository" => sheet.uses(thing, Use::Ecr),
        "AWS::SecretsManager::Secret" => store::secret(thing, sheet),
        "AWS::KMS::Key" | "AWS::KMS::ReplicaKey" => store::key(thing, sheet),
        "AWS::EFS::FileSystem" => store::file_system(thing, sheet),
        "AWS::SSM::Parameter" => store::parameter(thing, sheet),
        "AWS::CertificateManager::Certificate" => match thing.value("CertificateAuthorityArn") {
            Ok(None) => sheet.free(kind),
            Ok(Some(_)) => sheet.not_priced(thing, "no price is known here for a private certificate"),
            Err(why) => sheet.not_priced(thing, why),
        },
        _ => sheet.unknown(kind),
    }
}
