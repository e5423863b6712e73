//! Whether what a policy allows is allowed on something: resources that are no ARNs, or of another kind than the
//! action works on.

use crate::check::lint::{Findings, Lint};
use crate::check::lints::permissions::each_allowed;
use crate::check::rule::rule;
use crate::facts::{self, IamActionFacts, ReferenceKind};
use crate::graph::{SubPart, sub_parts};
use crate::model::iam::{Answer, Policy, PolicyKind, Statement, action_matches, resource_matches};
use crate::model::{Model, Part, Target, Text, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &NO_ARN, check: no_arn },
    Lint { rule: &CANNOT_MATCH, check: cannot_match },
    Lint { rule: &NEEDS_ALL, check: needs_all },
];

rule! {
    /// A name or an ID where a policy needs an ARN.
    ///
    /// `Ref` gives the ARN of some types, and the name, the ID or the URL of others. IAM refuses a policy whose
    /// `Resource` is not an ARN: `MalformedPolicyDocument`, resource must be in ARN format or "*".
    ///
    /// Use the attribute that is the ARN: `!GetAtt Bucket.Arn`, `!GetAtt Queue.Arn`.
    ///
    /// Source: [IAM JSON policy elements: Resource](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html).
    pub(super) NO_ARN = "DT124" Error;
}

rule! {
    /// An action that none of the statement's resources can have.
    ///
    /// IAM takes the policy, but the statement allows nothing for this action, and calls end with `AccessDenied`: the
    /// actions on objects of a bucket (`s3:GetObject`) need the bucket's ARN with `/*` behind it, those on the bucket
    /// itself (`s3:ListBucket`) need it without, and an action of one service has no ARN of another.
    ///
    /// Add the resource that the action works on.
    ///
    /// Source: [Actions, resources, and condition keys for Amazon S3](https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html).
    pub(super) CANNOT_MATCH = "DT125" Warning;
}

rule! {
    /// An action that can only be allowed on everything.
    ///
    /// Some actions work on no single resource: `ecr:GetAuthorizationToken`, `cloudwatch:PutMetricData`. A statement that
    /// narrows one of them to an ARN allows nothing, and the call ends with `AccessDenied`.
    ///
    /// Put the action into a statement of its own with `Resource: "*"`.
    ///
    /// Source: [Actions, resources, and condition keys](https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html):
    /// actions without a resource type.
    pub(super) NEEDS_ALL = "DT139" Warning;
}

fn no_arn(model: &Model<'_>, found: &mut Findings) {
    for policy in model.policies().iter().filter(|policy| policy.kind == PolicyKind::Identity) {
        for statement in policy.statements() {
            let resources = statement.known("Resource").into_iter().chain(statement.known("NotResource"));
            for resource in resources {
                for text in resource.texts() {
                    let Some(Part::Target(target)) = text.parts.first() else { continue };
                    if let Some(what) = what_is_no_arn(*target) {
                        found
                            .at(&resource, format!("`{text}` is no ARN: `{target}` is {what}"))
                            .hint(hint_for_arn(*target));
                    }
                }
            }
        }
    }
}

/// What a reference gives, if that is certainly no ARN.
fn what_is_no_arn(target: Target<'_>) -> Option<&'static str> {
    let facts = facts::resource(target.item.type_name())?;
    match target.attribute {
        // Without an attribute that is the ARN, what `Ref` gives may be it whatever it is called.
        None if !facts.attributes.iter().any(|(_, known)| known.is_arn) => None,
        None => match facts.reference.kind {
            ReferenceKind::Name => Some("a name"),
            ReferenceKind::Id => Some("an ID"),
            ReferenceKind::Other if target.item.is("AWS::SQS::Queue") => Some("a URL"),
            ReferenceKind::Arn | ReferenceKind::Other => None,
        },
        Some(attribute) => {
            let known = facts.attribute(attribute).filter(|known| !known.is_arn)?;
            let is_one =
                attribute.ends_with("Name") || attribute.ends_with("Url") || attribute.ends_with("URL");
            let is_text = known.kinds.is_empty() || known.kinds.contains(facts::Kind::String);
            (is_one && is_text).then_some("a name")
        }
    }
}

fn hint_for_arn(target: Target<'_>) -> String {
    let facts = facts::resource(target.item.type_name());
    let arn = facts.and_then(|facts| facts.attributes.iter().find(|(_, known)| known.is_arn));
    match arn {
        Some((name, _)) => format!("use `!GetAtt {}.{name}`", target.item.id()),
        None => "build the ARN with `!Sub`".to_owned(),
    }
}

/// The services whose actions are on nothing but resources of their own.
const OWN_RESOURCES: [&str; 9] =
    ["s3", "secretsmanager", "dynamodb", "sqs", "sns", "kms", "ecr", "lambda", "states"];

fn cannot_match(model: &Model<'_>, found: &mut Findings) {
    for policy in model.policies() {
        if policy.kind == PolicyKind::Trust || !is_about_s3_or_identity(&policy) {
            continue;
        }
        for statement in policy.statements() {
            check_resources(&statement, found);
        }
    }
}

fn is_about_s3_or_identity(policy: &Policy<'_>) -> bool {
    policy.kind == PolicyKind::Identity || policy.item.is("AWS::S3::BucketPolicy")
}

fn check_resources(statement: &Statement<'_>, found: &mut Findings) {
    let Some(resources) = statement.resources().filter(|resources| !resources.is_empty()) else { return };
    let mut shapes = Vec::new();
    for (text, _) in &resources {
        let Some(shape) = shape(text) else { return };
        shapes.push(shape);
    }
    let actions = statement.actions();
    let is_of = |action: &str, shape: &Shape| match action.split_once(':') {
        Some((service, _)) => shape.service.matches(&service.to_ascii_lowercase()),
        None => true,
    };
    // Actions of several services are often listed with the resources of one.
    let some_match = actions.iter().any(|(action, _)| shapes.iter().any(|shape| is_of(action, shape)));
    for (action, place) in &actions {
        let Some((service, name)) = action.split_once(':') else { continue };
        let service = service.to_ascii_lowercase();
        let is_own = OWN_RESOURCES.contains(&service.as_str());
        if is_own && !some_match {
            found
                .at(place, format!("`{action}` works on none of the resources: they are of another service"))
                .hint(format!("add a resource of `{service}`"));
        } else if service == "s3" {
            let buckets: Vec<_> = shapes.iter().filter(|shape| is_of(action, shape)).collect();
            check_bucket(action, name, &buckets, place, found);
        } else if some_match && is_own && !resources.iter().any(|(text, _)| may_work_on(action, text)) {
            found
                .at(place, format!("`{action}` works on none of the resources"))
                .hint("add the resource that it works on");
        }
    }
}

fn check_bucket(action: &str, name: &str, shapes: &[&Shape], place: &Value<'_>, found: &mut Findings) {
    let Some(on_objects) = is_on_objects(name).filter(|_| !shapes.is_empty()) else { return };
    if on_objects && shapes.iter().all(|shape| shape.is_object == Some(false)) {
        found
            .at(place, format!("`{action}` works on objects, but the resources are buckets"))
            .hint("add the bucket's ARN with `/*` behind it");
    } else if !on_objects && shapes.iter().all(|shape| shape.is_object == Some(true)) {
        found
            .at(place, format!("`{action}` works on buckets, but the resources are objects"))
            .hint("add the bucket's ARN without anything behind it");
    }
}

/// Whether the action of S3 works on objects or on buckets, for the most used ones; `None` for all others.
fn is_on_objects(name: &str) -> Option<bool> {
    const OBJECT: [&str; 12] = [
        "GetObject",
        "GetObject*",
        "PutObject",
        "PutObject*",
        "DeleteObject",
        "DeleteObject*",
        "GetObjectVersion",
        "DeleteObjectVersion",
        "PutObjectAcl",
        "GetObjectTagging",
        "AbortMultipartUpload",
        "ListMultipartUploadParts",
    ];
    const BUCKET: [&str; 7] = [
        "ListBucket",
        "ListBucketVersions",
        "ListBucketMultipartUploads",
        "GetBucketLocation",
        "GetBucketAcl",
        "GetBucketPolicy",
        "GetBucketVersioning",
    ];
    let is_in = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
    if is_in(&OBJECT) {
        return Some(true);
    }
    is_in(&BUCKET).then_some(false)
}

/// What is known of a resource.
struct Shape {
    service: Service,
    /// Of S3: whether it names objects, buckets, or perhaps both.
    is_object: Option<bool>,
}

enum Service {
    Any,
    Named(String),
}

impl Service {
    fn matches(&self, service: &str) -> bool {
        match self {
            Service::Any => true,
            Service::Named(named) => action_matches(named, service),
        }
    }
}

/// What an ARN is of; `None` if that is not known.
fn shape(text: &Text<'_>) -> Option<Shape> {
    let whole = text.to_string();
    if let Some(Part::Target(target)) = text.parts.first() {
        let service = target.item.type_name().split("::").nth(1)?.to_ascii_lowercase();
        let service = if service == "stepfunctions" { "states".to_owned() } else { service };
        let is_s3 = target.item.is("AWS::S3::Bucket") && target.attribute == Some("Arn");
        // The names of services in types and in ARNs are not always the same.
        return (is_s3 || OWN_RESOURCES.contains(&service.as_str())).then(|| Shape {
            service: Service::Named(service),
            is_object: is_s3.then(|| whole.contains('/')).filter(|_| !text.end().ends_with("Arn}*")),
        });
    }
    if whole == "*" || whole.starts_with('*') {
        return Some(Shape { service: Service::Any, is_object: None });
    }
    // The partition is put in where it is not written.
    let rest = whole.strip_prefix("arn:")?;
    let (_, rest) = if rest.starts_with("${") { rest.split_once("}:")? } else { rest.split_once(':')? };
    let (service, resource) = rest.split_once(':').unwrap_or((rest, "*"));
    if service.contains('$') {
        return None;
    }
    let bucket = resource.strip_prefix("::").unwrap_or(resource);
    let is_object = match bucket.split_once('/') {
        Some(_) => Some(true),
        // A `*` may stand for a slash, and so may what is not known.
        None if bucket.contains('*') || text.has_unknown() => None,
        None => Some(false),
    };
    Some(Shape { service: Service::Named(service.to_owned()), is_object })
}

/// What tasks of ECS need of such actions. The reference has more, but is not always right about them: AWS's own
/// policies narrow some.
const FOR_ALL: [&str; 8] = [
    "ecr:GetAuthorizationToken",
    "cloudwatch:PutMetricData",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

fn needs_all(model: &Model<'_>, found: &mut Findings) {
    each_allowed(model, |statement| {
        let Some(resources) = statement.resources().filter(|resources| !resources.is_empty()) else { return };
        let is_narrow = |text: &Text<'_>| !text.has_unknown() && text.to_string() != "*";
        if !resources.iter().all(|(text, _)| is_narrow(text)) {
            return;
        }
        for (action, place) in statement.actions() {
            let is_one = FOR_ALL.iter().any(|known| known.eq_ignore_ascii_case(&action));
            if is_one {
                found
                    .at(&place, format!("`{action}` can only be allowed on `*`"))
                    .hint("put it into a statement of its own with `Resource: \"*\"`");
            }
        }
    });
}

/// What is known of an action, if it is one and no pattern.
fn known_action(action: &str) -> Option<IamActionFacts> {
    let (service, name) = action.split_once(':')?;
    if action.contains(['*', '?']) {
        return None;
    }
    facts::iam_service(service)?.matches(name).next()
}

/// Whether the action works on something that the resource may be.
fn may_work_on(action: &str, resource: &Text<'_>) -> bool {
    let Some(known) = known_action(action) else { return true };
    known.arns().len() == 0
        || known.arns().any(|form| resource_matches(resource, &form_text(form, resource)) != Answer::No)
}

/// The form of an ARN as a text in which nothing is known that may differ.
fn form_text<'m>(form: &str, like: &Text<'m>) -> Text<'m> {
    let mut parts = Vec::new();
    for part in sub_parts(form) {
        match part {
            SubPart::Variable(name) => parts.push(Part::Unknown(name.to_owned())),
            SubPart::Text(text) => {
                for (at, literal) in text.split('*').enumerate() {
                    if at > 0 {
                        parts.push(Part::Unknown("*".to_owned()));
                    }
                    parts.push(Part::Literal(literal.to_owned()));
                }
            }
        }
    }
    Text { parts, world: like.world.clone() }
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::codes;

    fn policy(action: &str, resource: &str) -> Vec<String> {
        let text = format!(
            "
Parameters: {{Given: {{Type: String}}}}
Outputs: {{Given: {{Value: !Ref Given}}}}
Resources:
  Bucket: {{Type: AWS::S3::Bucket}}
  Queue: {{Type: AWS::SQS::Queue}}
  Topic: {{Type: AWS::SNS::Topic}}
  P:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{{Effect: Allow, Action: {action}, Resource: {resource}}}]
"
        );
        codes(&text)
    }

    #[test]
    fn objects_and_buckets_are_told_apart() {
        assert_eq!(policy("s3:GetObject", "!GetAtt Bucket.Arn"), ["DT125"]);
        assert_eq!(policy("s3:GetObject", "'arn:aws:s3:::mine'"), ["DT125"]);
        assert_eq!(policy("s3:ListBucket", "!Sub '${Bucket.Arn}/*'"), ["DT125"]);
        assert_eq!(policy("'s3:GetObject'", "!Sub '${Bucket.Arn}/*'"), [""; 0]);
        assert_eq!(
            policy("['s3:GetObject', 's3:ListBucket']", "[!GetAtt Bucket.Arn, !Sub '${Bucket.Arn}/*']"),
            [""; 0]
        );
        for both in ["'*'", "'arn:aws:s3:::mine*'", "!Sub 'arn:aws:s3:::${Given}'", "!Ref Given"] {
            assert_eq!(policy("s3:GetObject", both), [""; 0], "{both}");
            assert_eq!(policy("s3:ListBucket", both), [""; 0], "{both}");
        }
        assert_eq!(policy("'s3:Get*'", "!GetAtt Bucket.Arn"), [""; 0]);
    }

    #[test]
    fn an_action_needs_a_resource_of_its_service() {
        assert_eq!(policy("s3:GetObject", "!GetAtt Queue.Arn"), ["DT125"]);
        assert_eq!(policy("sqs:SendMessage", "!Ref Topic"), ["DT125"]);
        assert_eq!(policy("['sqs:SendMessage', 'sns:Publish']", "[!GetAtt Queue.Arn, !Ref Topic]"), [""; 0]);
        assert_eq!(policy("sqs:SendMessage", "!Sub 'arn:${AWS::Partition}:sqs:*:*:*'"), [""; 0]);
        // Systems Manager runs commands on instances.
        assert_eq!(policy("ssm:SendCommand", "'arn:aws:ec2:us-east-1:123456789012:instance/i-1'"), [""; 0]);
    }

    #[test]
    fn an_action_needs_a_resource_that_it_works_on() {
        let arn = "arn:aws:states:us-east-1:123456789012";
        assert_eq!(policy("states:StartExecution", &format!("'{arn}:activity:a'")), ["DT125"]);
        assert_eq!(policy("states:StartExecution", &format!("'{arn}:stateMachine:a'")), [""; 0]);
        assert_eq!(policy("states:Start*", &format!("'{arn}:activity:a'")), [""; 0]);
        assert_eq!(policy("cloudwatch:PutMetricData", &format!("'{arn}:activity:a'")), ["DT139"]);
    }

    #[test]
    fn what_ref_gives_must_be_an_arn() {
        assert_eq!(policy("'sqs:*'", "!Ref Queue"), ["DT124"]);
        assert_eq!(policy("'s3:ListBucket'", "!Ref Bucket"), ["DT124"]);
        assert_eq!(policy("'sns:Publish'", "!GetAtt Topic.TopicName"), ["DT124"]);
        assert_eq!(policy("'sns:Publish'", "!Ref Topic"), [""; 0]);
    }
}
