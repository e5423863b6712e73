//! Names whose form the schemas of resource types do not tell, but the pages of the services do.

use std::fmt::Write as _;

use crate::check::properties::is_dynamic;
use crate::check::{Checker, basics, shown};
use crate::model::ecs::TaskDefinition;
use crate::model::{Item, Value};
use crate::path::Path;

/// The form of a name.
struct Form {
    type_name: &'static str,
    property: &'static str,
    fits: fn(&str) -> bool,
    /// What it must be, for a hint.
    words: &'static str,
}

/// Sources, in this order: [CreateRepository][ecr]; [CreateLoadBalancer][alb]; [CreateTargetGroup][group];
/// [CreateCluster][cluster]; [CreateService][service]; [RegisterTaskDefinition][family]; [CreateSecurityGroup][sg].
///
/// [ecr]: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
/// [alb]: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
/// [group]: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
/// [cluster]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
/// [service]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
/// [family]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
/// [sg]: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
const FORMS: [Form; 7] = [
    Form {
        type_name: "AWS::ECR::Repository",
        property: "RepositoryName",
        fits: is_repository,
        words: "small letters and digits, with single `.`, `_`, `-` or `/` between them",
    },
    Form {
        type_name: "AWS::ElasticLoadBalancingV2::LoadBalancer",
        property: "Name",
        fits: |name| is_balanced(name) && !name.starts_with("internal-"),
        words: "at most 32 letters, digits and hyphens, no hyphen at an end, and not `internal-` before it",
    },
    Form {
        type_name: "AWS::ElasticLoadBalancingV2::TargetGroup",
        property: "Name",
        fits: is_balanced,
        words: "at most 32 letters, digits and hyphens, no hyphen at an end",
    },
    Form { type_name: "AWS::ECS::Cluster", property: "ClusterName", fits: is_of_ecs, words: OF_ECS },
    Form { type_name: "AWS::ECS::Service", property: "ServiceName", fits: is_of_ecs, words: OF_ECS },
    Form { type_name: "AWS::ECS::TaskDefinition", property: "Family", fits: is_of_ecs, words: OF_ECS },
    Form {
        type_name: "AWS::EC2::SecurityGroup",
        property: "GroupName",
        fits: |name| !name.starts_with("sg-") && name.chars().count() <= 255,
        words: "at most 255 characters, and not `sg-` before it, with which ids begin",
    },
];

const OF_ECS: &str = "at most 255 letters, digits, hyphens and underscores";

/// Of doubled separators the page's pattern takes none and the registry's rules some: nothing is said of them.
fn is_repository(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.split('/').all(|part| {
        part.bytes().all(|byte| is_plain(byte) || b"._-".contains(&byte))
            && part.bytes().next().is_some_and(is_plain)
            && part.bytes().last().is_some_and(is_plain)
    })
}

fn is_balanced(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn is_of_ecs(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// What the name of everything begins with that AWS WAF writes its log to. Source: [PutLoggingConfiguration][aws].
///
/// [aws]: https://docs.aws.amazon.com/waf/latest/APIReference/API_PutLoggingConfiguration.html
const WAF_LOGS: &str = "aws-waf-logs-";

/// What AWS WAF can write its log to, and the property with its name.
const WAF_DESTINATIONS: [(&str, &str); 3] = [
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName"),
];

impl<'m> Checker<'m> {
    pub(super) fn forms(&mut self) {
        let model = self.model;
        if self.template.has_foreign_macros() {
            return;
        }
        for form in &FORMS {
            for item in model.of_type(form.type_name) {
                for value in item.get(form.property) {
                    let wrong = known(&value).filter(|name| !(form.fits)(name));
                    if let Some(name) = wrong {
                        let message = format!("`{}` does not have the right form", shown(&name));
                        self.form(&value, message, format!("it must be {}", form.words));
                    }
                }
            }
        }
        for item in model.resources().filter(|item| item.type_name().starts_with("AWS::")) {
            self.tag_keys(item);
        }
        for container in model.task_definitions().flat_map(TaskDefinition::containers) {
            for image in container.value.get("Image") {
                self.digest(&image);
            }
        }
        for logging in model.of_type("AWS::WAFv2::LoggingConfiguration") {
            self.waf_logs(logging);
        }
    }

    fn form(&mut self, value: &Value<'m>, message: String, hint: String) {
        self.form_at(&value.path(), value, message, hint);
    }

    fn form_at(&mut self, path: &Path, value: &Value<'m>, mut message: String, hint: String) {
        if let Some((name, _)) = value.parameter() {
            let _ = write!(message, ", and it is the default of `{}`", shown(name));
        }
        // Under another condition the same may be there again.
        let same = |known: &crate::check::Finding| known.path == *path && known.message == message;
        if !self.findings.iter().rev().take(MOST_BRANCHES).any(same) {
            self.find(&basics::WRONG_FORM, path, message, Some(hint));
        }
    }

    /// Keys that begin with `aws:`. Source: [Tag naming limits and requirements][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices
    fn tag_keys(&mut self, item: Item<'m>) {
        let hint = || "such keys are for AWS alone; choose another".to_owned();
        let is_reserved = |key: &str| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
        let message = |key: &str| format!("the tag `{}` begins with `aws:`", shown(key));
        for tags in item.get("Tags") {
            if tags.is_mapping() {
                for (key, value) in tags.entries().into_iter().flatten().filter(|(key, _)| is_reserved(key)) {
                    self.form_at(&tags.path().key(key), &value, message(key), hint());
                }
                continue;
            }
            for key in tags.items().into_iter().flatten().flat_map(|tag| tag.get("Key")) {
                if let Some(name) = known(&key).filter(|key| is_reserved(key)) {
                    self.form(&key, message(&name), hint());
                }
            }
        }
    }

    /// The digest of an image. Source: [Image manifest: digests][oci].
    ///
    /// [oci]: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
    fn digest(&mut self, image: &Value<'m>) {
        let Some(text) = image.texts().first().map(crate::model::Text::end).map(str::to_owned) else {
            return;
        };
        let Some((_, digest)) = text.rsplit_once("@sha256:") else { return };
        let is_digest = is_dynamic(digest)
            || digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_digest {
            let message = format!("`{}` is not a digest", shown(digest));
            self.form(
                image,
                message,
                "after `@sha256:` there are 64 digits and small letters to `f`".to_owned(),
            );
        }
    }

    fn waf_logs(&mut self, logging: Item<'m>) {
        let lists = logging.get("LogDestinationConfigs");
        for to in lists.iter().filter_map(Value::items).flatten() {
            let Some(target) = to.target() else { continue };
            let of = WAF_DESTINATIONS.iter().find(|(type_name, _)| target.item.is(type_name));
            let Some((_, property)) = of else { continue };
            let names = target.item.get(property);
            let starts: Vec<String> = names
                .iter()
                .filter(|name| name.world().meets(to.world()))
                .flat_map(Value::texts)
                .filter(|text| !is_dynamic(&text.to_string()))
                .map(|text| text.start().to_owned())
                .collect();
            // A name that begins with what is only known later may be right.
            let is_wrong = |start: &String| {
                let length = start.len().min(WAF_LOGS.len());
                start.as_bytes()[..length] != WAF_LOGS.as_bytes()[..length]
            };
            if let Some(start) = starts.iter().find(|start| is_wrong(start)) {
                let message = format!(
                    "AWS WAF writes its log to names with `{WAF_LOGS}` before them, but this one begins with `{}`",
                    shown(start)
                );
                let hint = format!("begin the `{property}` of `{}` with `{WAF_LOGS}`", target.item.id());
                self.form(&to, message, hint);
            }
        }
    }
}

/// So many findings back the same one may stand, of another branch.
const MOST_BRANCHES: usize = 16;

/// The text, if it is known today.
fn known(value: &Value<'_>) -> Option<String> {
    value.text().filter(|text| !is_dynamic(text))
}

#[cfg(test)]
mod tests {
    use crate::Template;

    /// The messages about forms.
    #[track_caller]
    fn check(resources: &str, expected: &[&str]) {
        let text = format!(
            "Parameters: {{Any: {{Type: String}}, Bad: {{Type: String, Default: x.y}}}}\nResources:\n{resources}"
        );
        let findings = Template::parse(&text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).check();
        let found = findings.iter().filter(|finding| finding.code() == "DT009");
        let found: Vec<String> =
            found.map(|finding| format!("{}: {}", finding.path, finding.message)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_put_in_at_deployment_has_no_form_yet() {
        let container = "{Name: c, Image: 'repo/app@sha256:{{resolve:ssm:/app/digest}}'}";
        check(
            &format!(
                "  A: {{Type: 'AWS::ECS::TaskDefinition', Properties: {{ContainerDefinitions: [{container}]}}}}\n"
            ),
            &[],
        );
    }

    #[track_caller]
    fn wrong(type_name: &str, property: &str, names: &[&str]) {
        for name in names {
            let path = format!("Resources.A.Properties.{property}");
            check(
                &format!("  A: {{Type: '{type_name}', Properties: {{{property}: '{name}'}}}}\n"),
                &[&format!("{path}: `{name}` does not have the right form")],
            );
        }
    }

    #[track_caller]
    fn right(type_name: &str, property: &str, names: &[&str]) {
        for name in names {
            check(&format!("  A: {{Type: '{type_name}', Properties: {{{property}: {name}}}}}\n"), &[]);
        }
    }

    #[test]
    fn names_have_the_form_of_their_service() {
        wrong("AWS::ECR::Repository", "RepositoryName", &["UPPER", "docuthinker/Backend_", "a//b", "/ab"]);
        right(
            "AWS::ECR::Repository",
            "RepositoryName",
            &["docuthinker/backend", "a.b_c-d2", "!Ref Any", "!Sub 'A${Any}'"],
        );
        for type_name in ["LoadBalancer", "TargetGroup"] {
            let type_name = format!("AWS::ElasticLoadBalancingV2::{type_name}");
            wrong(&type_name, "Name", &[&"x".repeat(33), "a_b", "-a", "a-"]);
            right(&type_name, "Name", &[&"x".repeat(32), "a-B-1", "!Ref Any"]);
        }
        wrong("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", &["internal-x"]);
        wrong("AWS::ECS::Cluster", "ClusterName", &["a b"]);
        wrong("AWS::ECS::TaskDefinition", "Family", &["a/b"]);
        right("AWS::ECS::TaskDefinition", "Family", &["a_B-1", "'{{resolve:ssm:family}}'"]);
        right("AWS::ECS::Cluster", "ClusterName", &["a-b_c", "!Ref Any"]);
        check(
            "  A: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: x, GroupName: sg-abc}}\n  B: {Type: \
             AWS::EC2::SecurityGroup, Properties: {GroupDescription: x, GroupName: my-sg-abc}}\n",
            &["Resources.A.Properties.GroupName: `sg-abc` does not have the right form"],
        );
    }

    #[test]
    fn a_default_is_named_and_the_same_in_two_branches_is_told_once() {
        check(
            "  A: {Type: AWS::ECS::Cluster, Properties: {ClusterName: !Ref Bad}}\n",
            &[
                "Resources.A.Properties.ClusterName: `x.y` does not have the right form, and it is the default of `Bad`",
            ],
        );
    }

    #[test]
    fn tags_that_begin_as_those_of_aws_are_found_in_lists_and_mappings() {
        check(
            "  A: {Type: AWS::SNS::Topic, Properties: {Tags: [{Key: 'aws:x', Value: y}, {Key: 'awsx', Value: y}]}}\n  \
             B: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: x, Tags: {'AWS:x': y, 'b:aws:x': y}}}\n",
            &[
                "Resources.A.Properties.Tags[0].Key: the tag `aws:x` begins with `aws:`",
                "Resources.B.Properties.Tags.AWS:x: the tag `AWS:x` begins with `aws:`",
            ],
        );
    }

    #[test]
    fn a_digest_is_64_digits() {
        let image = |image: &str| {
            format!(
                "  A: {{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: [{{Name: a, Image: {image}}}]}}}}\n"
            )
        };
        let path = "Resources.A.Properties.ContainerDefinitions[0].Image";
        check(&image("'repo/app@sha256:abc'"), &[&format!("{path}: `abc` is not a digest")]);
        check(&image("!Sub '${Any}/app@sha256:abc'"), &[&format!("{path}: `abc` is not a digest")]);
        check(&image(&format!("'repo/app@sha256:{}'", "0a".repeat(32))), &[]);
        check(&image("!Sub 'repo/app@sha256:${Any}'"), &[]);
    }

    #[test]
    fn what_aws_waf_writes_to_has_a_certain_name() {
        let logs = |name: &str| {
            format!(
                "  Logs: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: {name}}}}}\n  A: {{Type: \
                 AWS::WAFv2::LoggingConfiguration, Properties: {{ResourceArn: !Ref Any, LogDestinationConfigs: \
                 [!GetAtt Logs.Arn]}}}}\n"
            )
        };
        let path = "Resources.A.Properties.LogDestinationConfigs[0]";
        let wrong =
            "AWS WAF writes its log to names with `aws-waf-logs-` before them, but this one begins with";
        check(&logs("/waf"), &[&format!("{path}: {wrong} `/waf`")]);
        check(&logs("!Sub 'waf-${Any}'"), &[&format!("{path}: {wrong} `waf-`")]);
        for right in [
            "aws-waf-logs-x",
            "!Sub 'aws-waf-logs-${Any}'",
            "!Sub '${Any}-x'",
            "!Sub 'aws-${Any}'",
            "!Ref AWS::NoValue",
        ] {
            check(&logs(right), &[]);
        }
    }
}
