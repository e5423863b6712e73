//! From what Cloud Control tells of a resource to our values: all functions are pure.

use serde_json::Value;

use super::{Lead, Subnet, Vpc};
use crate::text::clean;

/// A text property, safe to show.
pub(super) fn text(properties: &Value, name: &str) -> Option<String> {
    let text = clean(properties.get(name)?.as_str()?);
    (!text.is_empty()).then_some(text)
}

fn flag(properties: &Value, name: &str) -> Option<bool> {
    properties.get(name)?.as_bool()
}

fn name(properties: &Value) -> Option<String> {
    let tags = properties.get("Tags")?.as_array()?;
    text(tags.iter().find(|tag| tag.get("Key").and_then(Value::as_str) == Some("Name"))?, "Value")
}

pub(super) fn vpc(id: &str, properties: &Value) -> Vpc {
    Vpc {
        id: id.to_owned(),
        block: text(properties, "CidrBlock"),
        name: name(properties),
        dns_support: flag(properties, "EnableDnsSupport"),
        dns_hostnames: flag(properties, "EnableDnsHostnames"),
    }
}

/// A subnet; `None` if its VPC is not told.
pub(super) fn subnet(id: &str, properties: &Value) -> Option<Subnet> {
    let block = text(properties, "CidrBlock");
    let has_ipv6 = properties.get("Ipv6CidrBlock").is_some_and(Value::is_string);
    Some(Subnet {
        id: id.to_owned(),
        vpc: text(properties, "VpcId")?,
        zone: text(properties, "AvailabilityZone"),
        name: name(properties),
        maps_public_addresses: flag(properties, "MapPublicIpOnLaunch"),
        ipv6_only: flag(properties, "Ipv6Native") == Some(true) || (block.is_none() && has_ipv6),
        block,
    })
}

/// The targets of a route that lead away from an internet gateway.
const PRIVATE: [&str; 9] = [
    "NatGatewayId",
    "TransitGatewayId",
    "CoreNetworkArn",
    "VpcPeeringConnectionId",
    "LocalGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "EgressOnlyInternetGatewayId",
    "GatewayId",
];

/// The targets behind which there may be an internet gateway: a firewall before the public subnets, and what Wavelength has
/// instead.
///
/// Sources: [Network Firewall in two zones][firewall], [carrier gateways][carrier].
///
/// [firewall]: https://docs.aws.amazon.com/network-firewall/latest/developerguide/arch-two-zone-igw.html
/// [carrier]: https://docs.aws.amazon.com/wavelength/latest/developerguide/how-wavelengths-work.html
const UNCLEAR: [&str; 2] = ["VpcEndpointId", "CarrierGatewayId"];

/// Where a route leads, by the one target that it has. An internet gateway and a virtual private gateway have the same
/// property, and the beginnings of their ids tell them apart.
///
/// Source: [AWS::EC2::Route][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-route.html
pub(super) fn lead(properties: &Value) -> Lead {
    let target = |names: &[&str]| names.iter().find_map(|name| text(properties, name));
    match (target(&UNCLEAR), target(&PRIVATE)) {
        (Some(target), _) => Lead::Unclear(target),
        (None, Some(target)) if target.starts_with("igw-") => Lead::Internet(target),
        // A gateway endpoint takes no default route, but what filters traffic may be named here too.
        (None, Some(target)) if target.starts_with("vpce-") => Lead::Unclear(target),
        (None, Some(target)) => Lead::Gateway(target),
        (None, None) => Lead::Unread("its target is not told".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_subnet_is_what_its_properties_tell() {
        let told = subnet(
            "subnet-1",
            &json!({ "VpcId": "vpc-1", "AvailabilityZone": "us-east-1a", "CidrBlock": "10.0.1.0/24",
                "MapPublicIpOnLaunch": true, "Tags": [{ "Key": "Name", "Value": "web\u{1b}[2J a" }] }),
        );
        let told = told.unwrap();
        assert_eq!((told.zone.as_deref(), told.block.as_deref()), (Some("us-east-1a"), Some("10.0.1.0/24")));
        assert_eq!((told.name.as_deref(), told.maps_public_addresses), (Some("web [2J a"), Some(true)));
        assert!(!told.ipv6_only);
        assert_eq!(subnet("subnet-1", &json!({})), None);
    }

    #[test]
    fn a_subnet_without_addresses_of_ipv4_is_known() {
        let only = |properties: Value| subnet("subnet-1", &properties).unwrap().ipv6_only;
        assert!(only(json!({ "VpcId": "v", "Ipv6Native": true })));
        assert!(only(json!({ "VpcId": "v", "Ipv6CidrBlock": "2001:db8::/64" })));
        assert!(!only(json!({ "VpcId": "v", "CidrBlock": "10.0.0.0/24", "Ipv6CidrBlock": "2001:db8::/64" })));
        assert!(!only(json!({ "VpcId": "v" })), "what is not told is not taken for anything");
    }

    #[test]
    fn a_route_leads_to_the_one_target_that_it_has() {
        let internet = lead(&json!({ "RouteTableId": "rtb-1", "GatewayId": "igw-1" }));
        assert_eq!(internet, Lead::Internet("igw-1".to_owned()));
        for (property, id) in [
            ("GatewayId", "vgw-1"),
            ("NatGatewayId", "nat-1"),
            ("TransitGatewayId", "tgw-1"),
            ("VpcPeeringConnectionId", "pcx-1"),
            ("NetworkInterfaceId", "eni-1"),
        ] {
            assert_eq!(lead(&json!({ property: id })), Lead::Gateway(id.to_owned()), "{property}");
        }
        for property in ["VpcEndpointId", "GatewayId"] {
            assert_eq!(lead(&json!({ property: "vpce-1" })), Lead::Unclear("vpce-1".to_owned()));
        }
        assert!(matches!(lead(&json!({ "RouteTableId": "rtb-1" })), Lead::Unread(_)));
    }
}
