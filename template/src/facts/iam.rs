//! What is known about IAM's actions.

use serde::{Deserialize, Serialize};

use super::table;
use crate::nearest::nearest;

/// A service, as IAM knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct IamService {
    /// What stands before the colon of its actions: `ecs`.
    #[serde(skip)]
    pub prefix: &'static str,
    /// Its actions, sorted by name in lower case. The name (`CreateService`) is as AWS writes it where the sources
    /// tell, else as AWS would; to IAM, case does not matter.
    #[doc(hidden)]
    pub actions: Vec<(&'static str, Vec<u16>)>,
    /// The forms of ARN of the resources that its actions name, such as
    /// `arn:${Partition}:ecs:${Region}:${Account}:cluster/*`.
    #[doc(hidden)]
    pub arns: Vec<&'static str>,
}

/// An action of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IamActionFacts {
    /// Its service.
    pub service: &'static IamService,
    /// Its name: `CreateService`.
    pub name: &'static str,
    arns: &'static [u16],
}

/// Whether an action exists that a policy names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IamAction {
    /// It does; or the pattern matches at least one.
    Known,
    /// It is not of the form `service:Action`.
    Malformed,
    /// No service has this prefix. With the nearest one, if any is near.
    UnknownService(Option<&'static str>),
    /// The service has no such action, or none that the pattern matches. With the nearest one as `service:Action`,
    /// if any is near.
    UnknownAction(Option<String>),
}

impl IamService {
    /// Its actions, sorted.
    pub fn actions(&'static self) -> impl ExactSizeIterator<Item = IamActionFacts> {
        self.actions.iter().map(move |(name, arns)| IamActionFacts { service: self, name, arns })
    }

    /// Its actions that `pattern` names: a name, or one with `*` and `?`. Case does not matter.
    pub fn matches(&'static self, pattern: &str) -> impl Iterator<Item = IamActionFacts> {
        self.actions().filter(move |action| matches(pattern, action.name))
    }
}

impl IamActionFacts {
    /// The forms of ARN of the resources to which a policy can narrow this action, such as
    /// `arn:${Partition}:ecs:${Region}:${Account}:cluster/*`.
    ///
    /// Empty if it can only be allowed on `*`. Of some ARNs only the beginning is known (`…:${Account}:*`), or
    /// nothing at all (`*`).
    pub fn arns(self) -> impl ExactSizeIterator<Item = &'static str> {
        self.arns.iter().map(move |at| self.service.arns.get(usize::from(*at)).copied().unwrap_or("*"))
    }
}

/// Calls whose permission has another name, so that the nearest name would mislead.
///
/// Source: the actions of [S3][s3], [Lambda][lambda], [KMS][kms] and [STS][sts] in the service authorization
/// reference; the former says for each of its actions which calls need it.
///
/// [s3]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
/// [lambda]: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
/// [kms]: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
/// [sts]: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
const CALLS: [(&str, &str); 11] = [
    ("iam:AssumeRole", "sts:AssumeRole"),
    ("kms:ReEncrypt", "kms:ReEncrypt*"),
    ("lambda:Invoke", "lambda:InvokeFunction"),
    ("s3:CopyObject", "s3:PutObject"),
    ("s3:DeleteObjects", "s3:DeleteObject"),
    ("s3:HeadBucket", "s3:ListBucket"),
    ("s3:HeadObject", "s3:GetObject"),
    ("s3:ListBuckets", "s3:ListAllMyBuckets"),
    ("s3:ListMultipartUploads", "s3:ListBucketMultipartUploads"),
    ("s3:ListObjects", "s3:ListBucket"),
    ("s3:ListObjectsV2", "s3:ListBucket"),
];

/// The prefixes of all services' actions, sorted.
pub fn iam_service_names() -> impl ExactSizeIterator<Item = &'static str> {
    table::service_names()
}

/// The service with this prefix. Case does not matter.
pub fn iam_service(prefix: &str) -> Option<&'static IamService> {
    table::service(&prefix.to_ascii_lowercase())
}

/// Whether there is an action like `name`: `service:Action`, where the action may hold `*` and `?`; or `*`.
///
/// Case does not matter, as it does not to IAM. What has a wildcard in its service's prefix counts as known.
///
/// Source: [the element `Action`][aws] in the IAM user guide.
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
///
/// ```
/// use template::facts::{IamAction, iam_action};
///
/// assert_eq!(iam_action("ecs:Describe*"), IamAction::Known);
/// assert_eq!(iam_action("s3:ListObjects"), IamAction::UnknownAction(Some("s3:ListBucket".into())));
/// assert_eq!(iam_action("secretmanager:ListSecrets"), IamAction::UnknownService(Some("secretsmanager")));
/// ```
pub fn iam_action(name: &str) -> IamAction {
    if name == "*" {
        return IamAction::Known;
    }
    let Some((prefix, action)) = name.split_once(':') else { return IamAction::Malformed };
    let in_name = |c: char| c.is_ascii_alphanumeric() || "-*?".contains(c);
    if prefix.is_empty() || action.is_empty() || !prefix.chars().chain(action.chars()).all(in_name) {
        return IamAction::Malformed;
    }
    if prefix.contains(['*', '?']) {
        return IamAction::Known;
    }
    let Some(service) = iam_service(prefix) else {
        return IamAction::UnknownService(nearest(prefix, iam_service_names()));
    };
    if service.matches(action).next().is_some() {
        return IamAction::Known;
    }
    if let Some((_, needed)) = CALLS.iter().find(|(call, _)| call.eq_ignore_ascii_case(name)) {
        return IamAction::UnknownAction(Some((*needed).to_owned()));
    }
    let near = nearest(action, service.actions().map(|action| action.name));
    IamAction::UnknownAction(near.map(|near| format!("{}:{near}", service.prefix)))
}

/// Whether `pattern`, in which `*` stands for any characters and `?` for one, covers `text`, an ARN for example.
///
/// The `text` may be a pattern too; then all that it covers is covered. Case matters.
pub fn iam_covers(pattern: &str, text: &str) -> bool {
    covers(pattern, text, |wanted, found| wanted == found || (wanted == b'?' && found != b'*'))
}

/// Whether `pattern`, in which `*` stands for any characters and `?` for one, covers `name`. Case does not matter.
fn matches(pattern: &str, name: &str) -> bool {
    covers(pattern, name, |wanted, found| wanted == b'?' || wanted.eq_ignore_ascii_case(&found))
}

fn covers(pattern: &str, name: &str, is: impl Fn(u8, u8) -> bool) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    // Where to go on if what follows the last `*` does not fit here.
    let mut retry = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, n));
                p += 1;
            }
            Some(wanted) if is(*wanted, name[n]) => {
                (p, n) = (p + 1, n + 1);
            }
            _ => {
                let Some((after, from)) = retry else { return false };
                retry = Some((after, from + 1));
                (p, n) = (after, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts;

    fn action(prefix: &str, name: &str) -> IamActionFacts {
        let service = iam_service(prefix).unwrap_or_else(|| panic!("no service {prefix}"));
        service.matches(name).next().unwrap_or_else(|| panic!("no action {prefix}:{name}"))
    }

    #[test]
    fn every_service_can_be_read_and_its_actions_are_sorted() {
        let mut count = 0;
        for prefix in iam_service_names() {
            let service = iam_service(prefix).unwrap_or_else(|| panic!("no service {prefix}"));
            let names: Vec<_> = service.actions().map(|action| action.name.to_ascii_lowercase()).collect();
            assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{prefix}");
            assert!(service.arns.iter().all(|arn| *arn == "*" || arn.starts_with("arn:")), "{prefix}");
            let last = service.actions().flat_map(|action| action.arns.iter().copied()).max();
            assert!(last.is_none_or(|last| usize::from(last) < service.arns.len()), "{prefix}");
            count += names.len();
        }
        assert!(count > 22_000, "{count}");
    }

    /// What handlers claim to need though it is no action; `cargo xtask codegen` leaves the same out.
    fn is_no_action(permission: &str) -> bool {
        let (prefix, name) = permission.split_once(':').unwrap_or_default();
        let foreign = ["", "efs", "emr", "initech", "noservice", "s3", "stepfunctions"];
        let calls = ["assumerole", "describeorganization", "reencrypt", "invoke"];
        foreign.contains(&prefix) || calls.contains(&name.to_ascii_lowercase().as_str())
    }

    #[test]
    fn what_a_handler_needs_is_known() {
        let mut unknown: Vec<&str> = Vec::new();
        for facts in facts::type_names().filter_map(facts::resource) {
            let handlers = &facts.handlers;
            let each = [&handlers.create, &handlers.read, &handlers.update, &handlers.delete];
            let all = each.into_iter().flat_map(|handler| &handler.permissions).chain(&handlers.tag);
            unknown.extend(all.filter(|name| iam_action(name) != IamAction::Known && !is_no_action(name)));
        }
        unknown.sort_unstable();
        unknown.dedup();
        // No source lists this service's actions, and the handler names those that read by a pattern only.
        assert_eq!(unknown, ["managed-fleets:Get*"]);
    }

    #[test]
    fn an_action_is_known_in_any_case_and_by_pattern() {
        for name in [
            "*",
            "ecs:RunTask",
            "ECS:runtask",
            "ecs:*",
            "ecs:Describe*",
            "ecs:?unTask",
            "s3:*Object",
            "s3:Get*Tagging",
            "*:Describe*",
            "elasticloadbalancing:CreateLoadBalancer",
            "ssmmessages:OpenDataChannel",
            "execute-api:Invoke",
        ] {
            assert_eq!(iam_action(name), IamAction::Known, "{name}");
        }
    }

    #[test]
    fn what_does_not_exist_is_told_with_what_may_be_meant() {
        let unknown = |name| match iam_action(name) {
            IamAction::UnknownAction(near) => near.unwrap_or_default(),
            IamAction::UnknownService(near) => format!("service {}", near.unwrap_or_default()),
            other => format!("{other:?}"),
        };
        assert_eq!(unknown("ecs:RunTasks"), "ecs:RunTask");
        assert_eq!(unknown("sqs:SendMesage"), "sqs:SendMessage");
        assert_eq!(unknown("s3:HeadObject"), "s3:GetObject");
        assert_eq!(unknown("secretsmanager:GetSecretValues"), "secretsmanager:GetSecretValue");
        assert_eq!(unknown("ecs:Frobnicate*"), "");
        assert_eq!(unknown("secretmanager:GetSecretValue"), "service secretsmanager");
        assert_eq!(unknown("zzzzzz:Get"), "service ");
        for malformed in ["", "ecs", "ecs:", ":RunTask", "ecs:Run Task", "ecs.RunTask", "ecs:Run:Task"] {
            assert_eq!(unknown(malformed), "Malformed", "{malformed}");
        }
    }

    #[test]
    fn an_action_tells_to_what_it_can_be_narrowed() {
        let arns = |prefix, name| action(prefix, name).arns().collect::<Vec<_>>();
        assert_eq!(arns("ecs", "CreateCluster"), ["arn:${Partition}:ecs:${Region}:${Account}:cluster/*"]);
        assert_eq!(arns("iam", "PassRole"), ["arn:${Partition}:iam::${Account}:role/*"]);
        assert_eq!(arns("ec2", "DescribeVpcs"), [""; 0]);
        assert_eq!(arns("ecr", "GetAuthorizationToken"), [""; 0]);
        assert!(arns("ec2", "CreateSubnet").contains(&"arn:${Partition}:ec2:${Region}:${Account}:subnet/*"));
    }

    #[test]
    fn names_are_written_as_aws_writes_them() {
        for (prefix, name) in [
            ("ecs", "RunTask"),
            ("sqs", "SendMessage"),
            ("secretsmanager", "GetSecretValue"),
            ("logs", "PutLogEvents"),
            ("ecr", "BatchGetImage"),
            ("s3", "GetObject"),
            ("rds", "DescribeDBInstances"),
            ("ec2", "ModifyVpcEndpoint"),
        ] {
            assert_eq!(action(prefix, name).name, name);
        }
    }

    #[test]
    fn patterns_cover_what_they_should() {
        for (pattern, name, covers) in [
            ("a*b*c", "aXbYbc", true),
            ("a*b*c", "aXbYb", false),
            ("*", "", true),
            ("", "a", false),
            ("a?", "a", false),
            ("**a", "bba", true),
        ] {
            assert_eq!(matches(pattern, name), covers, "{pattern} {name}");
        }
    }
}
