//! What somebody should know of a network that can be used.

use cloud::{Tier, VpcNetwork};

use super::super::text::with_lines;
use super::{NOT_TOLD, Named, Row, Use};
use crate::problem::Problem;

pub(super) fn warnings(network: &VpcNetwork, rows: &[Row<'_>], named: &Named) -> Vec<Problem> {
    let mut warnings: Vec<Problem> =
        [names_are_off(network), isolated(rows), untold(network, rows)].into_iter().flatten().collect();
    warnings.extend(rows.iter().filter_map(|row| against_the_routes(row, named)));
    warnings
}

/// Sources: [DNS attributes for your VPC][vpc], [private DNS of interface endpoints][endpoints], [mounting with an IP address][efs].
///
/// [vpc]: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
/// [endpoints]: https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html
/// [efs]: https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-cmd-ip-addr.html
fn names_are_off(network: &VpcNetwork) -> Option<Problem> {
    let vpc = &network.vpc;
    let (option, lost) = if vpc.dns_support == Some(false) {
        ("support", "no name is resolved in it: tasks find neither registry nor secrets nor file system")
    } else if vpc.dns_hostnames == Some(false) {
        ("hostnames", "file systems are not found by name, and interface endpoints have no private names")
    } else {
        return None;
    };
    let message = format!("DNS {option} is off in {}, so {lost}", vpc.id);
    let fix = format!(
        "aws ec2 modify-vpc-attribute --vpc-id {} --enable-dns-{option} '{{\"Value\":true}}'",
        vpc.id
    );
    Some(Problem::warning("import/dns", message).hint(fix))
}

/// Private subnets without a way out.
fn isolated(rows: &[Row<'_>]) -> Option<Problem> {
    let isolated = rows
        .iter()
        .filter(|row| row.taken == Use::Private && row.evidence.tier() == Tier::Private { way_out: false });
    let ids: Vec<&str> = isolated.map(|row| row.subnet.id.as_str()).collect();
    let message = format!("tasks in {} have no way out of the VPC", ids.join(", "));
    let hint = "give them a NAT gateway, or the VPC endpoints for ECR (`ecr.api`, `ecr.dkr`), S3, CloudWatch Logs and Secrets \
                Manager; what is on the internet, such as OpenAI, is reached through NAT only";
    (!ids.is_empty()).then(|| Problem::warning("import/no-way-out", message).hint(hint))
}

/// Subnets that may be of use, if somebody knows what they are.
fn untold(network: &VpcNetwork, rows: &[Row<'_>]) -> Option<Problem> {
    let untold: Vec<&Row<'_>> = rows.iter().filter(|row| row.taken == Use::Nothing(NOT_TOLD)).collect();
    let ids: Vec<&str> = untold.iter().map(|row| row.subnet.id.as_str()).collect();
    let message = format!("nothing tells the tier of {}, so left out", ids.join(", "));
    let message =
        with_lines(&message, untold.iter().map(|row| format!("{}: {}", row.subnet.id, row.evidence())));
    let hint = format!(
        "to use it, name all subnets of its tier: `docuthinker import vpc {} --public SUBNET,…` or `--private SUBNET,…`",
        network.vpc.id
    );
    (!ids.is_empty()).then(|| Problem::warning("import/unknown-tier", message).hint(hint))
}

/// Subnets that are named for what their routes do not do.
fn against_the_routes(row: &Row<'_>, named: &Named) -> Option<Problem> {
    let id = &row.subnet.id;
    let (tier, but) = match (&row.taken, row.evidence.tier()) {
        (Use::Public, Tier::Private { .. }) if named.public.contains(id) => {
            ("public", "a load balancer in it is not reached from the internet")
        }
        (Use::Private, Tier::Public) if named.private.contains(id) => {
            ("private", "a task without a public address has no way out of it")
        }
        _ => return None,
    };
    let message = format!("{id} is named {tier}, but {}: {but}", row.evidence());
    Some(Problem::warning("import/against-routes", message))
}
