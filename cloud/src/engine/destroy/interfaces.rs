//! Which network interfaces hold a security group, a subnet or a network, and to what they belong.

use aws_sdk_cloudcontrol::types::ResourceDescription;
use serde_json::Value;

use super::blockers::Blocker;
use crate::connect::Connection;
use crate::error::{CloudError, Report};
use crate::failure::ApiFailure;
use crate::text::{clean, shorten};

const TYPE: &str = "AWS::EC2::NetworkInterface";
/// How many pages of the account's interfaces are read. Cloud Control cannot filter them by group.
const PAGES: usize = 10;
/// How many interfaces are read one by one, where the list gives only their ids.
///
/// Source: what a list tells is up to each type: [Discovering resources][aws].
///
/// [aws]: https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-list.html
const SINGLE_READS: usize = 50;

/// A network interface as far as we need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interface {
    id: String,
    description: String,
    /// The ids of its security groups, its subnet and its network.
    within: Vec<String>,
}

/// The interfaces that were seen, and whether these are all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interfaces {
    seen: Vec<Interface>,
    complete: bool,
}

/// Adds to the failure of a deletion which network interfaces hold what could not be deleted.
///
/// A look that is not possible changes nothing but the words.
pub(crate) async fn named(connection: &Connection, error: CloudError) -> CloudError {
    if error.report().blockers.iter().all(|blocker| blocker.network_id().is_none()) {
        return error;
    }
    let interfaces = list(connection).await;
    error.with(|report| add(report, &interfaces))
}

/// The pure part of [`named`].
fn add(report: &mut Report, interfaces: &Result<Interfaces, ApiFailure>) {
    for blocker in &mut report.blockers {
        let Some(id) = blocker.network_id().map(str::to_owned) else { continue };
        match interfaces {
            Ok(interfaces) => hold(blocker, &id, interfaces),
            Err(failure) => {
                blocker.remedy = Some(format!(
                    "what holds it could not be looked up ({}): see `aws ec2 describe-network-interfaces --filters \
                     Name={},Values={id}`",
                    failure.message,
                    filter(&id),
                ));
            }
        }
    }
}

fn hold(blocker: &mut Blocker, id: &str, interfaces: &Interfaces) {
    let ours = interfaces.seen.iter().filter(|interface| interface.within.iter().any(|known| known == id));
    blocker.holders =
        ours.map(|interface| format!("{} ({})", interface.id, owner(&interface.description))).collect();
    blocker.remedy = Some(if !blocker.holders.is_empty() {
        "delete what the network interfaces belong to; they go with it, those of a Lambda function some time later"
            .to_owned()
    } else if !interfaces.complete {
        format!(
            "the account has too many network interfaces to look through: see `aws ec2 describe-network-interfaces \
             --filters Name={},Values={id}`",
            filter(id)
        )
    } else if id.starts_with("sg-") {
        "no network interface uses it: look for rules of other security groups that name it".to_owned()
    } else {
        "no network interface is in it: look for gateways, endpoints and security groups that the stack did not make"
            .to_owned()
    });
}

/// The filter of `DescribeNetworkInterfaces` for an id.
fn filter(id: &str) -> &'static str {
    match id.split('-').next() {
        Some("sg") => "group-id",
        Some("subnet") => "subnet-id",
        _ => "vpc-id",
    }
}

/// To what an interface belongs, by the description that each AWS service gives to its own.
///
/// Sources: descriptions that people saw: [load balancer](https://github.com/alantech/iasql/pull/654),
/// [classic load balancer](https://github.com/aws/aws-cdk/issues/12130),
/// [Lambda](https://github.com/binxio/cfn-postgresql-user-provider/issues/9).
pub(crate) fn owner(description: &str) -> String {
    let rest = |prefix: &str| description.strip_prefix(prefix);
    let word = |text: &str| text.split(['/', ' ']).next().unwrap_or_default().to_owned();
    if let Some(name) = rest("ELB app/") {
        format!("application load balancer {}", word(name))
    } else if let Some(name) = rest("ELB net/") {
        format!("network load balancer {}", word(name))
    } else if let Some(name) = rest("ELB ") {
        format!("load balancer {}", word(name))
    } else if let Some(name) = rest("EFS mount target for ") {
        format!("EFS mount target of {}", word(name))
    } else if let Some(name) = rest("AWS Lambda VPC ENI-") {
        format!("Lambda function {}", function(name))
    } else if let Some(name) = rest("Interface for NAT Gateway ") {
        format!("NAT gateway {}", word(name))
    } else if let Some(name) = rest("VPC Endpoint Interface ") {
        format!("VPC endpoint {}", word(name))
    } else if description == "RDSNetworkInterface" {
        "an RDS database".to_owned()
    } else if description.starts_with("arn:aws") && description.contains(":ecs:") {
        "an ECS task".to_owned()
    } else if description.is_empty() {
        "no description".to_owned()
    } else {
        shorten(description, 100)
    }
}

/// `my-function-2a0ef611-99a0-4a90-a1bc-5729f75b6833` without the UUID at its end.
fn function(name: &str) -> &str {
    const UUID: usize = 36;
    let cut = name.len().checked_sub(UUID + 1).filter(|cut| name.is_char_boundary(*cut));
    match cut.map(|cut| name.split_at(cut)) {
        Some((function, uuid)) if uuid.starts_with('-') && uuid.matches('-').count() == 5 => function,
        _ => name,
    }
}

async fn list(connection: &Connection) -> Result<Interfaces, ApiFailure> {
    let client = connection.cloudcontrol();
    let mut interfaces = Interfaces { seen: Vec::new(), complete: false };
    let (mut token, mut unread) = (None, Vec::new());
    for _ in 0..PAGES {
        let call = client.list_resources().type_name(TYPE).set_next_token(token);
        let page =
            call.send().await.map_err(|error| ApiFailure::of("cloudformation:ListResources", &error))?;
        for description in page.resource_descriptions() {
            match interface(description) {
                Some(interface) => interfaces.seen.push(interface),
                None => unread.extend(description.identifier().map(str::to_owned)),
            }
        }
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            interfaces.complete = unread.len() <= SINGLE_READS;
            break;
        }
    }
    for id in unread.iter().take(SINGLE_READS) {
        let read = client.get_resource().type_name(TYPE).identifier(id).send().await;
        match read {
            Ok(answer) => interfaces.seen.extend(answer.resource_description().and_then(interface)),
            // It went away meanwhile, or it alone cannot be read.
            Err(_) => interfaces.complete = false,
        }
    }
    Ok(interfaces)
}

/// An interface with what it is within; `None` if only its id is told.
fn interface(description: &ResourceDescription) -> Option<Interface> {
    parsed(description.identifier()?, description.properties()?)
}

fn parsed(id: &str, properties: &str) -> Option<Interface> {
    let properties: Value = serde_json::from_str(properties).ok()?;
    let text = |name: &str| properties.get(name).and_then(Value::as_str).map(clean);
    let groups = properties.get("GroupSet").and_then(Value::as_array);
    let groups = groups.into_iter().flatten().filter_map(Value::as_str).map(clean);
    let within: Vec<_> = groups.chain(text("SubnetId")).chain(text("VpcId")).collect();
    (!within.is_empty()).then(|| Interface {
        id: clean(id),
        description: text("Description").unwrap_or_default(),
        within,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::destroy::blockers::Hold;
    use crate::engine::request::StackResource;
    use crate::error::Kind;
    use crate::failure::Class;

    fn group() -> Blocker {
        let resource = StackResource {
            logical_id: "Group".into(),
            resource_type: "AWS::EC2::SecurityGroup".into(),
            physical_id: Some("sg-1".into()),
        };
        Blocker::of(&resource, Hold::Dependents)
    }

    /// The blocker of a security group after a look at the interfaces.
    fn after(interfaces: Result<Interfaces, ApiFailure>) -> Blocker {
        let error = CloudError::new(Kind::Failed, "x").with(|report| {
            report.blockers = vec![group()];
            add(report, &interfaces);
        });
        error.report().blockers[0].clone()
    }

    fn seen(interfaces: &[(&str, &str)], complete: bool) -> Interfaces {
        let seen = interfaces.iter().map(|(id, properties)| parsed(id, properties).unwrap()).collect();
        Interfaces { seen, complete }
    }

    // L14
    #[test]
    fn a_security_group_is_held_by_the_interfaces_that_use_it_and_they_tell_their_owner() {
        let interfaces = seen(
            &[
                (
                    "eni-1",
                    r#"{"GroupSet":["sg-0","sg-1"],"SubnetId":"subnet-1","Description":"ELB app/web/50dc6c495c0c9188"}"#,
                ),
                ("eni-2", r#"{"GroupSet":["sg-2"],"Description":"ELB app/other/1"}"#),
                (
                    "eni-3",
                    r#"{"GroupSet":["sg-1"],"Description":"AWS Lambda VPC ENI-importer-2a0ef611-99a0-4a90-a1bc-5729f75b6833"}"#,
                ),
            ],
            true,
        );
        let blocker = after(Ok(interfaces));
        assert_eq!(
            blocker.to_string(),
            "Group (AWS::EC2::SecurityGroup, sg-1) has something that depends on it: \
             eni-1 (application load balancer web), eni-3 (Lambda function importer)"
        );
    }

    // L14
    #[test]
    fn without_an_interface_it_is_said_what_else_to_look_for() {
        let remedy = |interfaces| after(interfaces).remedy.unwrap();
        assert!(remedy(Ok(seen(&[], true))).contains("rules of other security groups"));
        assert!(remedy(Ok(seen(&[], false))).contains("Name=group-id,Values=sg-1"));
        let denied = ApiFailure {
            action: "cloudformation:ListResources",
            class: Class::Denied,
            code: None,
            message: "no".into(),
        };
        assert!(remedy(Err(denied)).starts_with("what holds it could not be looked up (no)"));
    }

    #[test]
    fn the_description_of_an_interface_tells_its_owner() {
        let check = |description: &str, expected: &str| assert_eq!(owner(description), expected);
        check("ELB net/front/0123456789abcdef", "network load balancer front");
        check("ELB a17226b063c3c41bcb79928dc423bb2f", "load balancer a17226b063c3c41bcb79928dc423bb2f");
        check("EFS mount target for fs-12345678 (fsmt-1)", "EFS mount target of fs-12345678");
        check("Interface for NAT Gateway nat-0a1b", "NAT gateway nat-0a1b");
        check("VPC Endpoint Interface vpce-0a1b", "VPC endpoint vpce-0a1b");
        check("arn:aws:ecs:us-east-1:123456789012:attachment/9f2c", "an ECS task");
        check("my own", "my own");
        check("", "no description");
        check("AWS Lambda VPC ENI-ä", "Lambda function ä");
    }

    #[test]
    fn an_interface_of_which_only_the_id_is_told_has_to_be_read() {
        assert_eq!(parsed("eni-1", r#"{"Id":"eni-1"}"#), None);
        assert_eq!(parsed("eni-1", "not JSON"), None);
    }
}
