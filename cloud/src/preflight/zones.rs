//! Hosted zones of Route 53.

use super::Check;
use crate::connect::Connection;
use crate::control;

/// Whether the zone is there. A zone of another account cannot be seen, and records in it cannot be changed.
pub(super) async fn look(connection: &Connection, id: &str) -> Check {
    let what = format!("the hosted zone {id}");
    match control::resource(&connection.cloudcontrol(), "AWS::Route53::HostedZone", id).await {
        Ok(Some(_)) => Check::ok(format!("{what} is there")),
        Ok(None) => Check::missing(
            format!("{what} is not there"),
            "aws route53 list-hosted-zones, and correct the id".to_owned(),
        ),
        Err(failure) => Check::unanswered(&what, &failure),
    }
}
