//! Elastic Load Balancing, as far as it is asked: the load balancers of stacks, and the health of targets.

use crate::request::{Answer, Refusal, Request, required};
use crate::world::{Caller, World};
use crate::xml::xml;

pub(crate) const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";

/// The inside of the answer.
pub(crate) fn answer(world: &World, caller: &Caller, request: &Request) -> Answer {
    match request.action.as_str() {
        "DescribeLoadBalancers" => load_balancers(world, caller, request),
        "DescribeTargetHealth" => target_health(world, caller, request),
        other => Err(Refusal::new(400, "InvalidAction", format!("Could not find operation {other}"))),
    }
}

/// An attribute of the load balancer with this ARN, as `Fn::GetAtt` and `DescribeLoadBalancers` tell it. One whose name has a
/// dot, as no real one can, is reached by that name: so a test says where it is.
///
/// Source of the zones: [Elastic Load Balancing endpoints](https://docs.aws.amazon.com/general/latest/gr/elb.html).
pub(crate) fn attribute(arn: &str, name: &str) -> Option<String> {
    let (before, rest) = arn.split_once(":loadbalancer/app/")?;
    let region = before.split(':').nth(3)?;
    let (own, id) = rest.split_once('/').unwrap_or((rest, "0"));
    Some(match name {
        "DNSName" if own.contains('.') => own.to_owned(),
        "DNSName" => format!("{own}-{id}.{region}.elb.amazonaws.com"),
        "CanonicalHostedZoneID" => match region {
            "us-east-1" => "Z35SXDOTRQ7X7K".to_owned(),
            "us-west-2" => "Z1H1FL5HABSF5".to_owned(),
            other => format!("Z{}", other.replace('-', "").to_uppercase()),
        },
        "LoadBalancerName" => own.to_owned(),
        "LoadBalancerFullName" => format!("app/{rest}"),
        _ => return None,
    })
}

/// The load balancer with this ARN, in the zones of its region that a template usually names.
fn load_balancers(world: &World, caller: &Caller, request: &Request) -> Answer {
    let arn = required(request, "LoadBalancerArns.member.1")?;
    let here = world.stacks.iter().filter(|stack| stack.region == caller.region && !stack.is_deleted());
    let mut resources = here.flat_map(|stack| stack.resources.values());
    if !resources.any(|one| one.physical.as_deref() == Some(arn) && one.exists()) {
        return Err(Refusal::new(400, "LoadBalancerNotFound", format!("Load balancers '[{arn}]' not found")));
    }
    let attribute = |name| attribute(arn, name).unwrap_or_default();
    Ok(xml(|x| {
        x.list("LoadBalancers", [arn], |x, arn| {
            x.text("LoadBalancerArn", arn);
            x.text("DNSName", &attribute("DNSName"));
            x.text("CanonicalHostedZoneId", &attribute("CanonicalHostedZoneID"));
            x.within("State", |x| x.text("Code", "active"));
            x.list("AvailabilityZones", ["a", "b"], |x, zone| {
                x.text("ZoneName", &format!("{}{zone}", caller.region));
            });
        });
    }))
}

/// The targets that the test gave to a target group of a stack.
fn target_health(world: &World, caller: &Caller, request: &Request) -> Answer {
    let arn = required(request, "TargetGroupArn")?;
    let here = world.stacks.iter().filter(|stack| stack.region == caller.region && !stack.is_deleted());
    let mut resources = here.flat_map(|stack| stack.resources.values().map(move |one| (stack, one)));
    let (stack, group) =
        resources.find(|(_, one)| one.physical.as_deref() == Some(arn)).ok_or_else(|| {
            Refusal::new(400, "TargetGroupNotFound", format!("Target groups '{arn}' not found"))
        })?;
    let names = stack.names(&group.logical);
    let targets = world.scenario.running.targets.iter().filter(|(id, _)| names.contains(id));
    Ok(xml(|x| {
        x.list("TargetHealthDescriptions", targets, |x, (_, target)| {
            x.within("Target", |x| {
                x.text("Id", &target.id);
                x.text("Port", "8080");
            });
            x.within("TargetHealth", |x| {
                x.text("State", &target.state);
                if let Some((code, words)) = &target.reason {
                    x.text("Reason", code);
                    x.text("Description", words);
                }
            });
        });
    }))
}
