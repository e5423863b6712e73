//! What of a type's handler a resource really uses: permissions that are there for a property that it does not have,
//! or for another kind of target, are left out.

use std::collections::BTreeSet;

use super::Deployment;
use super::names::Named;
use super::text::patterns;
use crate::document::Resource;
use crate::facts;
use crate::graph::{SubPart, sub_parts};
use crate::node::{Function, Map, Node};

/// Actions of a handler that are for one thing only.
struct Only {
    type_name: &'static str,
    /// The actions; one that ends in `*` is all that begin so.
    actions: &'static [&'static str],
    when: When,
}

/// What a resource must have for the actions to be needed.
enum When {
    /// One of these keys, anywhere within its properties.
    Has(&'static [&'static str]),
    /// A property with this text.
    Says(&'static str, &'static str),
    /// A property that names something of this service.
    Of(&'static str, &'static str),
}

const WEB_ACL: &str = "AWS::WAFv2::WebACLAssociation";

/// Sources: [flow logs to S3][flow], [logs of AWS WAF][waf], [associations of web ACLs][acl], [data protection of
/// logs][data], [log delivery of ElastiCache][cache], [metadata tables of S3][s3], [endpoints for service
/// networks][lattice] and [in other regions][regions], [authentication by a load balancer][alb], [private
/// certificates][pca], [scaling of Lambda][lambda]. Else: the handler's permissions beside the properties of the type.
///
/// [flow]: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
/// [waf]: https://docs.aws.amazon.com/waf/latest/developerguide/logging-destinations.html
/// [acl]: https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html
/// [data]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/data-protection-policy-permissions.html
/// [cache]: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html
/// [s3]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/metadata-tables-permissions.html
/// [lattice]: https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-service-networks.html
/// [regions]: https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html
/// [alb]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
/// [pca]: https://docs.aws.amazon.com/acm/latest/userguide/gs-acm-request-private.html
/// [lambda]: https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-lambda.html
#[rustfmt::skip]
const ONLY: [Only; 30] = [
    only("AWS::ApplicationAutoScaling::ScalableTarget", &["lambda:*"], When::Says("ServiceNamespace", "lambda")),
    only("AWS::CertificateManager::Certificate", &["acm-pca:*"], When::Has(&["CertificateAuthorityArn"])),
    only("AWS::CertificateManager::Certificate", &["route53:*"], When::Has(&["HostedZoneId"])),
    only("AWS::CodePipeline::Pipeline", &["codestar-connections:*"], When::Has(&["ConnectionArn"])),
    only("AWS::EC2::FlowLog", &["s3:*"], When::Says("LogDestinationType", "s3")),
    only("AWS::EC2::VPCEndpoint", &["vpc-lattice:*"], When::Has(&["ServiceNetworkArn", "ResourceConfigurationArn"])),
    only("AWS::EC2::VPCEndpoint", &["vpce:*"], When::Has(&["ServiceRegion"])),
    only("AWS::ElastiCache::ReplicationGroup", &["firehose:*", "logs:*"], When::Has(&["LogDeliveryConfigurations"])),
    only("AWS::ElastiCache::ReplicationGroup", &["s3:*"], When::Has(&["SnapshotArns"])),
    only("AWS::ElasticLoadBalancingV2::Listener", &["cognito-idp:*"], When::Has(&["AuthenticateCognitoConfig"])),
    only("AWS::ElasticLoadBalancingV2::ListenerRule", &["cognito-idp:*"], When::Has(&["AuthenticateCognitoConfig"])),
    only("AWS::Logs::DeliverySource", &["autoloop:*"], When::Of("ResourceArn", "autoloop")),
    only("AWS::Logs::DeliverySource", &["codewhisperer:*"], When::Of("ResourceArn", "codewhisperer")),
    only("AWS::Logs::DeliverySource", &["workmail:*"], When::Of("ResourceArn", "workmail")),
    only("AWS::Logs::LogGroup", &["firehose:*", "logs:CreateLogDelivery"], When::Has(&["DataProtectionPolicy"])),
    only("AWS::Logs::LogGroup", &["logs:PutResourcePolicy"], When::Has(&["DataProtectionPolicy", "ResourcePolicyDocument"])),
    only("AWS::Route53::HealthCheck", &["cloudwatch:*"], When::Has(&["AlarmIdentifier"])),
    only("AWS::Route53::HealthCheck", &["route53-recovery-control-config:*"], When::Has(&["RoutingControlArn"])),
    only("AWS::S3::Bucket", &["s3tables:*"], When::Has(&["MetadataConfiguration", "MetadataTableConfiguration"])),
    only("AWS::WAFv2::LoggingConfiguration", &["firehose:*"], When::Of("LogDestinationConfigs", "firehose")),
    only("AWS::WAFv2::LoggingConfiguration", &["s3:*"], When::Of("LogDestinationConfigs", "s3")),
    only("AWS::WAFv2::WebACL", &["payments:*"], When::Has(&["MonetizationConfig"])),
    only(WEB_ACL, &["amplify:*"], When::Of("ResourceArn", "amplify")),
    only(WEB_ACL, &["apigateway:*"], When::Of("ResourceArn", "apigateway")),
    only(WEB_ACL, &["apprunner:*"], When::Of("ResourceArn", "apprunner")),
    only(WEB_ACL, &["appsync:*"], When::Of("ResourceArn", "appsync")),
    only(WEB_ACL, &["bedrock-agentcore:*"], When::Of("ResourceArn", "bedrock-agentcore")),
    only(WEB_ACL, &["cognito-idp:*"], When::Of("ResourceArn", "cognito-idp")),
    only(WEB_ACL, &["ec2:*"], When::Of("ResourceArn", "ec2")),
    only(WEB_ACL, &["elasticloadbalancing:*"], When::Of("ResourceArn", "elasticloadbalancing")),
];

const fn only(type_name: &'static str, actions: &'static [&'static str], when: When) -> Only {
    Only { type_name, actions, when }
}

/// Whether the resource has what the handler needs the action for.
pub(super) fn uses(resource: &Resource, action: &str, deployment: &Deployment<'_>) -> bool {
    let is = |pattern: &&str| {
        pattern.strip_suffix('*').map_or(*pattern == action, |start| action.starts_with(start))
    };
    let about = |only: &&Only| only.type_name == resource.type_name && only.actions.iter().any(&is);
    ONLY.iter().filter(about).all(|only| only.when.holds(resource, deployment))
}

/// Whether a form of ARN is one that the resource can mean: of what is given a web ACL, only its kind.
pub(super) fn means(resource: &Resource, form: &str, deployment: &Deployment<'_>) -> bool {
    if resource.type_name != WEB_ACL {
        return true;
    }
    let service = form.split(':').nth(2).unwrap_or_default();
    let target = resource.properties.get("ResourceArn");
    service == "wafv2" || target.is_none_or(|target| may_be_of(target, service, deployment))
}

impl When {
    fn holds(&self, resource: &Resource, deployment: &Deployment<'_>) -> bool {
        let properties = &resource.properties;
        if is_open(properties) {
            return true;
        }
        match self {
            When::Has(keys) => has(properties, keys),
            When::Says(property, text) => properties.get(property).is_some_and(|node| {
                patterns(node, deployment).iter().any(|pattern| facts::iam_covers(pattern, text))
            }),
            When::Of(property, service) => {
                properties.get(property).is_none_or(|node| may_be_of(node, service, deployment))
            }
        }
    }
}

/// Whether a macro may bring properties.
fn is_open(map: &Map) -> bool {
    map.keys().any(|key| key.starts_with("Fn::"))
}

fn has(map: &Map, keys: &[&str]) -> bool {
    map.iter()
        .any(|(key, node)| (keys.contains(&key.as_str()) && !is_nothing(node)) || has_within(node, keys))
}

fn has_within(node: &Node, keys: &[&str]) -> bool {
    match node {
        Node::Map(map) => is_open(map) || has(map, keys),
        Node::List(items) => items.iter().any(|item| has_within(item, keys)),
        // Whatever a macro gives may have it.
        Node::Call(Function::Transform, _) => true,
        Node::Call(Function::If, argument) => has_within(argument, keys),
        _ => false,
    }
}

fn is_nothing(node: &Node) -> bool {
    matches!(node, Node::Call(Function::Ref, name) if name.as_str() == Some("AWS::NoValue"))
}

/// Whether what a node names may be something of this service.
fn may_be_of(node: &Node, service: &str, deployment: &Deployment<'_>) -> bool {
    match node {
        Node::List(items) => items.iter().any(|item| may_be_of(item, service, deployment)),
        Node::Call(Function::If, argument) => {
            let branches = argument.as_list().unwrap_or_default().iter().skip(1);
            branches.into_iter().any(|branch| may_be_of(branch, service, deployment))
        }
        _ => match target(node, deployment) {
            Some((_, target)) => service_of(&target.type_name).is_none_or(|of| of == service),
            None => patterns(node, deployment).iter().any(|arn| {
                let of = arn.split(':').nth(2).unwrap_or("*");
                facts::iam_covers(of, service)
            }),
        },
    }
}

/// The resource that a node refers to and to nothing else, with its logical ID.
fn target<'a>(node: &'a Node, deployment: &Deployment<'a>) -> Option<(&'a str, &'a Resource)> {
    let Node::Call(function, argument) = node else { return None };
    let id = match (function, &**argument) {
        (Function::Ref, Node::String(id)) => id.as_str(),
        (Function::GetAtt, Node::List(items)) => items.first()?.as_str()?,
        (Function::Sub, Node::String(text)) => match sub_parts(text).as_slice() {
            [SubPart::Variable(variable)] => variable.split('.').next()?,
            _ => return None,
        },
        _ => return None,
    };
    let (id, resource) = deployment.template.resources.get_key_value(id)?;
    Some((id, resource))
}

/// The service in the ARNs of a type, where it is known.
fn service_of(type_name: &str) -> Option<&'static str> {
    let service = type_name.split("::").nth(1)?;
    let known = match service {
        "Amplify" => "amplify",
        "ApiGateway" | "ApiGatewayV2" => "apigateway",
        "AppRunner" => "apprunner",
        "AppSync" => "appsync",
        "BedrockAgentCore" => "bedrock-agentcore",
        "CloudFront" => "cloudfront",
        "Cognito" => "cognito-idp",
        "EC2" => "ec2",
        "ElasticLoadBalancingV2" => "elasticloadbalancing",
        "KinesisFirehose" => "firehose",
        "Logs" => "logs",
        "S3" => "s3",
        "WorkMail" => "workmail",
        _ => return None,
    };
    Some(known)
}

/// The properties by which types name who gets a policy, or who is in a group, by the form of ARN.
///
/// Source: [IAM resource types][aws] in the CloudFormation template reference.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
const PRINCIPALS: [(&str, &str, &[&str]); 3] = [
    ("arn:${Partition}:iam::${Account}:group/*", "AWS::IAM::Group", &["Groups", "GroupName"]),
    ("arn:${Partition}:iam::${Account}:role/*", "AWS::IAM::Role", &["Roles", "RoleName"]),
    ("arn:${Partition}:iam::${Account}:user/*", "AWS::IAM::User", &["Users", "UserName"]),
];

/// Types that do something to users, groups and roles which others make.
const ACT_ON_OTHERS: [&str; 6] = [
    "AWS::IAM::GroupPolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::User",
    "AWS::IAM::UserPolicy",
];

/// The users, groups or roles that the resource works on: ARNs of this form, none if it names none; `None` where the
/// form is not about such, or the resource may be one itself.
pub(super) fn principals(
    resource: &Resource,
    form: &str,
    deployment: &Deployment<'_>,
) -> Option<BTreeSet<String>> {
    let (form, type_name, properties) = PRINCIPALS.iter().find(|(known, _, _)| *known == form)?;
    if !ACT_ON_OTHERS.contains(&resource.type_name.as_str())
        || resource.type_name == *type_name
        || is_open(&resource.properties)
    {
        return None;
    }
    let mut all = BTreeSet::new();
    for node in properties.iter().filter_map(|property| resource.properties.get(property)) {
        named(node, form, deployment, &mut all);
    }
    Some(all)
}

fn named(node: &Node, form: &str, deployment: &Deployment<'_>, all: &mut BTreeSet<String>) {
    match node {
        Node::List(items) => items.iter().for_each(|item| named(item, form, deployment, all)),
        Node::Call(Function::If, argument) => {
            let branches = argument.as_list().unwrap_or_default().iter().skip(1);
            branches.for_each(|branch| named(branch, form, deployment, all));
        }
        _ => match target(node, deployment) {
            Some((id, resource)) => all.extend(own(id, resource, form, deployment)),
            // Which path it is in is not known.
            None => all.extend(patterns(node, deployment).into_iter().flat_map(|name| {
                let start = deployment.filled(form);
                let start = start.strip_suffix('*').unwrap_or(&start);
                [format!("{start}{name}"), format!("{start}*/{name}")]
            })),
        },
    }
}

/// The ARNs of one resource of the template, in a form; every one of the form if it makes none of these.
pub(super) fn own(id: &str, resource: &Resource, form: &str, deployment: &Deployment<'_>) -> Vec<String> {
    let mut template = crate::Template::default();
    template.resources.insert(id.to_owned(), resource.clone());
    let own = Named::of(form).map(|named| named.arns(&Deployment { template: &template, ..*deployment }));
    own.filter(|arns| !arns.is_empty()).unwrap_or_else(|| vec![deployment.filled(form)])
}

const FUNCTION: &str = "arn:${Partition}:lambda:${Region}:${Account}:function:*";
const TOPIC: &str = "arn:${Partition}:sns:${Region}:${Account}:*";

/// What a custom resource asks, by its `ServiceToken`: a function that is invoked, or a topic that is told.
///
/// Source: [custom resources][aws] in the CloudFormation user guide.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
pub(super) fn provider(resource: &Resource, deployment: &Deployment<'_>) -> Vec<(&'static str, String)> {
    const INVOKE: &str = "lambda:InvokeFunction";
    const PUBLISH: &str = "sns:Publish";
    let mut all = Vec::new();
    let mut open: Vec<&Node> = resource.properties.get("ServiceToken").into_iter().collect();
    while let Some(node) = open.pop() {
        if let Node::Call(Function::If, argument) = node {
            open.extend(argument.as_list().unwrap_or_default().iter().skip(1));
            continue;
        }
        let (action, arns) = match target(node, deployment) {
            Some((id, target)) if target.type_name == "AWS::SNS::Topic" => {
                (PUBLISH, own(id, target, TOPIC, deployment))
            }
            Some((id, target)) => (INVOKE, own(id, target, FUNCTION, deployment)),
            None => match patterns(node, deployment) {
                arns if arns.iter().any(|arn| arn.contains(":sns:")) => (PUBLISH, arns),
                arns if arns.iter().all(|arn| arn.contains(":function:")) => (INVOKE, arns),
                _ => (INVOKE, vec![deployment.filled(FUNCTION)]),
            },
        };
        all.extend(arns.into_iter().map(|arn| (action, arn)));
    }
    all
}

/// What the template does not show of what is deployed with it.
pub(super) fn unseen(id: &str, resource: &Resource, deployment: &Deployment<'_>) -> Option<String> {
    let what = match resource.type_name.as_str() {
        "AWS::CloudFormation::Stack" => "nested stack",
        name if name.ends_with("::MODULE") => "module",
        _ => return None,
    };
    let help = match what {
        "module" => "add what they need by hand",
        _ => "add the policy of its template, which `iam-policy --template` prints",
    };
    let stack = deployment.stack;
    Some(format!("{stack}: the resources of the {what} `{id}` are not seen here; {help}"))
}
