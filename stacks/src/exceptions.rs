//! What checkov, cdk-nag and `validate` find in these stacks although it is meant: each with its reason, which goes into the template.
//!
//! A finding is accepted for what the resource is, never for what it is called; so a resource that is another
//! tomorrow is found again.

use constructs::l1::{ec2, ecs, elbv2, iam, s3, secretsmanager};
use constructs::{Handle, Scope, Value};
use template::{Map, Node};

/// Actions that know no resource, so that a policy can only name all of them.
///
/// Source: [Actions, resources, and condition keys for AWS services][aws], each service's table of actions.
///
/// [aws]: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
const WITHOUT_RESOURCE: [&str; 15] = [
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "xray:GetSamplingRules",
    "xray:GetSamplingStatisticSummaries",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// Accepts the findings in the stack that is built in `s`; called when everything else is in it.
pub fn accept(s: &mut Scope<'_>) {
    public_load_balancers(s);
    plain_http(s);
    access_log_buckets(s);
    variables(s);
    actions_without_resource(s);
    credentials_of_others(s);
}

/// Everybody may reach an internet-facing load balancer.
fn public_load_balancers(s: &mut Scope<'_>) {
    let public: Vec<Node> = s
        .resources::<elbv2::LoadBalancer>()
        .filter(|alb| is(s[*alb].scheme.as_ref(), "internet-facing"))
        .filter_map(|alb| s[alb].security_groups.as_ref()?.items().map(<[_]>::to_vec))
        .flatten()
        .map(Value::into_node)
        .collect();
    for rule in all::<ec2::SecurityGroupIngress>(s) {
        let ingress = &s[rule];
        let group = ingress.group_id.as_ref().map(Value::node);
        if !is(ingress.cidr_ip.as_ref(), "0.0.0.0/0") || !group.is_some_and(|group| public.contains(group)) {
            continue;
        }
        let is_http = ingress.from_port == Some(80.into());
        s.accept(rule, ["AwsSolutions-EC23"], "public load balancer");
        if is_http {
            s.accept(rule, ["CKV_AWS_260"], "public load balancer");
        }
    }
}

/// Without a certificate there is no HTTPS. Where there is one, port 80 only redirects, which no rule finds fault with.
fn plain_http(s: &mut Scope<'_>) {
    for listener in all::<elbv2::Listener>(s) {
        let redirects = s[listener]
            .default_actions
            .as_ref()
            .is_some_and(|actions| actions.iter().any(|action| is(action.r#type.as_ref(), "redirect")));
        if is(s[listener].protocol.as_ref(), "HTTP") && !redirects {
            s.accept(listener, ["CKV_AWS_2", "CKV_AWS_103", "DT080"], "no certificate is configured");
        }
    }
}

/// A bucket that takes the records of requests cannot record the requests that write them.
fn access_log_buckets(s: &mut Scope<'_>) {
    let takes_logs: Vec<Node> = s
        .resources::<elbv2::LoadBalancer>()
        .filter_map(|alb| s[alb].load_balancer_attributes.as_ref())
        .flatten()
        .filter(|attribute| is(attribute.key.as_ref(), "access_logs.s3.bucket"))
        .filter_map(|attribute| Some(attribute.value.as_ref()?.node().clone()))
        .collect();
    for bucket in all::<s3::Bucket>(s) {
        if takes_logs.contains(bucket.reference().node()) {
            s.accept(bucket, ["CKV_AWS_18", "AwsSolutions-S1"], "access logs do not log themselves");
        }
    }
}

/// Settings such as `PORT` and `NODE_ENV` are plain variables; settings refuse what looks like a credential.
fn variables(s: &mut Scope<'_>) {
    for task in all::<ecs::TaskDefinition>(s) {
        let containers = s[task].container_definitions.as_deref().unwrap_or_default();
        if containers.iter().any(|container| container.environment.is_some()) {
            s.accept(task, ["AwsSolutions-ECS2"], "not credentials; those are Secrets");
        }
    }
}

/// Some actions can only be allowed on everything; one that cannot is still found.
fn actions_without_resource(s: &mut Scope<'_>) {
    for role in all::<iam::Role>(s) {
        let policies = s[role].policies.as_deref().unwrap_or_default();
        let documents = policies.iter().filter_map(|policy| policy.policy_document.as_ref());
        let mut actions = documents.flat_map(statements).filter(|it| on_everything(it)).flat_map(actions_of);
        let Some(first) = actions.next() else { continue };
        if std::iter::once(first).chain(actions).all(|action| WITHOUT_RESOURCE.contains(&action)) {
            s.accept(role, ["AwsSolutions-IAM5[Resource::*]"], "actions without a resource");
        }
    }
}

/// Keys and addresses that others gave out. What AWS made up itself can be rotated, and is found if it is not.
fn credentials_of_others(s: &mut Scope<'_>) {
    let rotated: Vec<Value<_>> = s
        .resources::<secretsmanager::RotationSchedule>()
        .filter_map(|schedule| s[schedule].secret_id.clone())
        .collect();
    for secret in all::<secretsmanager::Secret>(s) {
        if s[secret].generate_secret_string.is_none() && !rotated.contains(&secret.reference()) {
            s.accept(secret, ["AwsSolutions-SMG4"], "issued by a third party");
        }
    }
}

fn all<R: constructs::Resource>(s: &Scope<'_>) -> Vec<Handle<R>> {
    s.resources().collect()
}

fn is(value: Option<&Value<String>>, text: &str) -> bool {
    value.and_then(Value::literal) == Some(text)
}

fn statements(document: &Node) -> impl Iterator<Item = &Map> {
    let list = document.as_map().and_then(|document| document.get("Statement")).and_then(Node::as_list);
    list.unwrap_or_default().iter().filter_map(Node::as_map)
}

fn on_everything(statement: &Map) -> bool {
    one_or_many(statement.get("Resource")).any(|resource| resource == "*")
}

fn actions_of(statement: &Map) -> impl Iterator<Item = &str> {
    one_or_many(statement.get("Action"))
}

/// The texts of a policy's element, which may be one text or a list.
fn one_or_many(node: Option<&Node>) -> impl Iterator<Item = &str> {
    let items = match node {
        Some(Node::List(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    items.iter().filter_map(Node::as_str)
}
