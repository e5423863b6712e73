//! A network that exists: VPCs, and subnets in them.

use super::Check;
use crate::connect::Connection;
use crate::control;

/// What helps: it names those that are there.
const FIX: &str = "docuthinker import vpc";

/// Whether the VPC is there.
pub(super) async fn vpc(connection: &Connection, id: &str) -> Check {
    let what = format!("the VPC {id}");
    match control::resource(&connection.cloudcontrol(), "AWS::EC2::VPC", id).await {
        Ok(Some(_)) => Check::ok(format!("{what} is there")),
        Ok(None) => Check::missing(format!("{what} is not there"), FIX),
        Err(failure) => Check::unanswered(&what, &failure),
    }
}

/// Whether the subnet is there, and in the VPC if one is named.
pub(super) async fn subnet(connection: &Connection, id: &str, vpc: Option<&str>) -> Check {
    let what = format!("the subnet {id}");
    let told = match control::resource(&connection.cloudcontrol(), "AWS::EC2::Subnet", id).await {
        Ok(Some(told)) => told,
        Ok(None) => return Check::missing(format!("{what} is not there"), FIX),
        Err(failure) => return Check::unanswered(&what, &failure),
    };
    match (told["VpcId"].as_str(), vpc) {
        (Some(is), Some(wanted)) if is != wanted => {
            Check::missing(format!("{what} is in {}, not in {wanted}", crate::text::clean(is)), FIX)
        }
        _ => Check::ok(format!("{what} is there")),
    }
}
