//! What policies of roles and users allow: too much, or nothing because of a slip.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::facts::{self, ReferenceKind};
use crate::model::iam::{Policy, PolicyKind, Statement, action_matches};
use crate::model::{Model, Part, Target, Text, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &WIDE_READ, check: wide_read },
    Lint { rule: &WIDE_PASS, check: wide_pass },
    Lint { rule: &ADMINISTRATOR, check: administrator },
    Lint { rule: &NO_ARN, check: no_arn },
    Lint { rule: &CANNOT_MATCH, check: cannot_match },
];

rule! {
    /// A permission on everything that should be on one thing.
    ///
    /// Reading secrets, decrypting, or assuming roles on `*` is the right to all secrets, keys and roles of the account:
    /// whoever gets into one container gets all of them.
    ///
    /// Name the resources: `!Ref Secret`, `!GetAtt Key.Arn`, `!GetAtt Role.Arn`. Where that cannot be, a `Condition` such
    /// as `kms:ViaService` narrows it.
    ///
    /// Source: [Grant least privilege](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege).
    pub(super) WIDE_READ = "DT119" Warning;
}

rule! {
    /// The right to hand any role to a service.
    ///
    /// `iam:PassRole` on `*` lets its holder start a task, a function or an instance with the strongest role of the
    /// account, and act as that role.
    ///
    /// Name the roles that may be passed, or say with the condition `iam:PassedToService` to which service.
    ///
    /// Source: [Granting a user permissions to pass a role](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
    pub(super) WIDE_PASS = "DT120" Warning;
}

rule! {
    /// A policy that allows everything.
    ///
    /// `Action: "*"` on `Resource: "*"` (as in `AdministratorAccess`) makes whoever has the policy an administrator of the
    /// account, who can also give rights to others.
    ///
    /// Allow the actions that are needed.
    ///
    /// Source: [Grant least privilege](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege).
    pub(super) ADMINISTRATOR = "DT121" Warning;
}

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

/// Tells `look` of every statement that allows something to a role, user or group.
fn each_allowed<'m>(model: &'m Model<'m>, mut look: impl FnMut(&Statement<'m>)) {
    for policy in model.policies().iter().filter(|policy| policy.kind == PolicyKind::Identity) {
        policy.statements().iter().filter(|statement| statement.allows()).for_each(&mut look);
    }
}

/// Where a statement says that it is for every resource.
fn every_resource<'m>(statement: &Statement<'m>) -> Option<Value<'m>> {
    statement.known("Resource").into_iter().find(|resource| resource.is_text("*"))
}

fn wide_read(model: &Model<'_>, found: &mut Findings) {
    const ACTIONS: [&str; 7] = [
        "secretsmanager:GetSecretValue",
        "secretsmanager:BatchGetSecretValue",
        "kms:Decrypt",
        "ssm:GetParameter",
        "ssm:GetParameters",
        "ssm:GetParametersByPath",
        "sts:AssumeRole",
    ];
    each_allowed(model, |statement| {
        let Some(everything) = every_resource(statement).filter(|_| !statement.has_condition()) else {
            return;
        };
        let actions = statement.actions();
        let wide = actions.iter().find(|(action, _)| {
            // The other rule tells of `*`.
            action != "*" && ACTIONS.iter().any(|known| action_matches(action, known))
        });
        // A list of secrets cannot be narrowed, and `BatchGetSecretValue` needs it beside a right to each secret.
        if let Some((action, _)) = wide.filter(|(action, _)| action != ACTIONS[1]) {
            found
                .at(&everything, format!("`{action}` is allowed on every resource of the account"))
                .hint("name the resources that it is needed for");
        }
    });
}

fn wide_pass(model: &Model<'_>, found: &mut Findings) {
    each_allowed(model, |statement| {
        let Some(everything) = every_resource(statement).filter(|_| !statement.has_condition()) else {
            return;
        };
        if statement
            .actions()
            .iter()
            .any(|(action, _)| action != "*" && action_matches(action, "iam:PassRole"))
        {
            found
                .at(&everything, "`iam:PassRole` is allowed for every role of the account")
                .hint("name the roles, or add the condition `iam:PassedToService`");
        }
    });
}

fn administrator(model: &Model<'_>, found: &mut Findings) {
    each_allowed(model, |statement| {
        let all = statement.actions().into_iter().find(|(action, _)| matches!(action.as_str(), "*" | "*:*"));
        if let Some((_, place)) = all
            && every_resource(statement).is_some()
            && !statement.has_condition()
        {
            found
                .at(&place, "every action on every resource is allowed")
                .hint("allow the actions that are needed");
        }
    });
    for item in
        ["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"].iter().flat_map(|name| model.of_type(name))
    {
        let lists = item.get("ManagedPolicyArns");
        for policy in lists.iter().filter_map(Value::items).flatten() {
            if policy.texts().iter().any(|text| text.end().ends_with(":aws:policy/AdministratorAccess")) {
                found
                    .at(&policy, format!("`AdministratorAccess` allows `{}` everything", item.id()))
                    .hint("allow the actions that are needed");
            }
        }
    }
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
        if !some_match && OWN_RESOURCES.contains(&service.as_str()) {
            found
                .at(place, format!("`{action}` works on none of the resources: they are of another service"))
                .hint(format!("add a resource of `{service}`"));
        } else if service == "s3" {
            let buckets: Vec<_> = shapes.iter().filter(|shape| is_of(action, shape)).collect();
            check_bucket(action, name, &buckets, place, found);
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
            Service::Named(named) => crate::model::iam::action_matches(named, service),
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
    fn what_ref_gives_must_be_an_arn() {
        assert_eq!(policy("'sqs:*'", "!Ref Queue"), ["DT124"]);
        assert_eq!(policy("'s3:ListBucket'", "!Ref Bucket"), ["DT124"]);
        assert_eq!(policy("'sns:Publish'", "!GetAtt Topic.TopicName"), ["DT124"]);
        assert_eq!(policy("'sns:Publish'", "!Ref Topic"), [""; 0]);
    }
}
