//! What a reviewer asks first.

use std::collections::BTreeMap;

use super::{diff, template};
use crate::diff::{Changes, Options, SecretEvent, diff_with};

const TEXT: &str = "
Parameters: {Key: {Type: String, NoEcho: true}}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: g, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}}
      Policies: [{PolicyName: p, PolicyDocument: {Statement: {Effect: Allow, Action: ['s3:GetObject', 's3:PutObject'], Resource: '*'}}}]
  Keys: {Type: AWS::SecretsManager::Secret, Properties: {Name: keys}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {ContainerDefinitions: [{Name: web, Image: i, Secrets: [{Name: A, ValueFrom: !Sub '${Keys}:A::'}]}]}
";

#[track_caller]
fn change(replacements: &[(&str, &str)]) -> Changes {
    let new = replacements.iter().fold(TEXT.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replace(old, new)
    });
    diff(&template(TEXT), &template(&new))
}

#[test]
fn access_that_broadens_and_access_that_goes_are_told_apart() {
    let review = change(&[("'s3:PutObject'", "'s3:ListBucket'")]).review;
    assert!(review.broadens());
    assert_eq!(
        review.access.broader[0].what,
        "`Role` may now do `s3:listbucket` on `*`".replace("listbucket", "ListBucket")
    );
    assert_eq!(review.access.narrower[0].what, "`Role` may no longer do `s3:PutObject` on `*`");
    assert!(review.network.broader.is_empty() && review.network.narrower.is_empty());
}

#[test]
fn the_network_is_told_by_who_reaches_what() {
    let review = change(&[("10.0.0.0/8", "10.1.0.0/16")]).review;
    assert!(!review.broadens());
    assert_eq!(
        review.network.narrower[0].what,
        "`Group` is no longer open to all of 10.0.0.0/8 on port 443, but still to 10.1.0.0/16 on port 443"
    );
    let review = change(&[("10.0.0.0/8", "0.0.0.0/0")]).review;
    assert_eq!(review.network.broader[0].what, "`Group` is now open to 0.0.0.0/0 on port 443");
    assert_eq!(review.network.narrower, []);
}

#[test]
fn what_is_gone_itself_is_not_told_as_narrower() {
    let review =
        change(&[("  Role:\n    Type: AWS::IAM::Role", "  Other:\n    Type: AWS::IAM::Role")]).review;
    assert_eq!(review.access.narrower, []);
    // Nor as broader: it is the same under another logical ID.
    assert_eq!(review.access.broader, []);
}

#[test]
fn secrets_are_told_with_who_reads_them() {
    let told = |changes: &Changes| -> Vec<(String, SecretEvent, String)> {
        let secrets = changes.review.secrets.iter();
        secrets.map(|secret| (secret.id.clone(), secret.what, secret.secret.clone())).collect()
    };
    let changes =
        change(&[("${Keys}:A::", "${Keys}:B::"), ("Name: keys", "Name: others"), (", NoEcho: true", "")]);
    assert_eq!(
        told(&changes),
        [
            ("Keys".to_owned(), SecretEvent::Replaced, "${Keys}".to_owned()),
            ("Task".to_owned(), SecretEvent::Read, "${Keys}:B::".to_owned()),
            ("Task".to_owned(), SecretEvent::NoLongerRead, "${Keys}:A::".to_owned()),
            ("Key".to_owned(), SecretEvent::Unmasked, "${Key}".to_owned()),
        ]
    );
    let changes = change(&[("Image: i", "Image: '{{resolve:secretsmanager:other:SecretString:x}}'")]);
    assert_eq!(told(&changes), [("Task".to_owned(), SecretEvent::Read, "other:SecretString:x".to_owned())]);
}

/// What becomes of one secret.
#[track_caller]
fn secret(old: &str, new: &str) -> Vec<SecretEvent> {
    let of = |properties: &str| {
        format!(
            "Parameters: {{User: {{Type: String, Default: a}}}}\nResources: {{S: {{Type: AWS::SecretsManager::Secret, Properties: {properties}}}}}\n"
        )
    };
    let changes = diff(&template(&of(old)), &template(&of(new)));
    changes.review.secrets.iter().map(|secret| secret.what).collect()
}

#[test]
fn a_secret_that_is_generated_in_another_way_gets_a_new_value() {
    let generated = "{GenerateSecretString: {PasswordLength: 20}}";
    assert_eq!(secret(generated, "{GenerateSecretString: {PasswordLength: 21}}"), [SecretEvent::NewValue]);
    assert_eq!(secret(generated, "{GenerateSecretString: {PasswordLength: '20'}}"), []);
    assert_eq!(
        secret(generated, "{GenerateSecretString: {PasswordLength: 20}, Description: d}"),
        [SecretEvent::Changed]
    );
    // Even what stands around the password.
    let around = |text: &str| {
        format!(
            "{{GenerateSecretString: {{GenerateStringKey: p, SecretStringTemplate: '{{\"host\": \"{text}\"}}'}}}}"
        )
    };
    assert_eq!(secret(&around("a"), &around("b")), [SecretEvent::NewValue]);
    assert_eq!(secret("{SecretString: a}", "{SecretString: b}"), [SecretEvent::NewValue]);
    assert_eq!(secret("{Description: d}", generated), [SecretEvent::NewValue]);
    assert_eq!(
        secret(generated, "{Description: d}"),
        [SecretEvent::Changed],
        "nobody says that its value goes"
    );
}

#[test]
fn another_value_of_a_parameter_gives_a_secret_a_new_value_if_it_is_certain() {
    let text = "
Parameters: {User: {Type: String}}
Resources:
  S: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {SecretStringTemplate: !Sub '{\"u\": \"${User}\"}'}}}
";
    let values = |value: &str| BTreeMap::from([("User".to_owned(), value.to_owned())]);
    let options = Options { old: values("a"), new: values("b"), ..Options::default() };
    let changes = diff_with(&template(text), &template(text), &options);
    let told: Vec<SecretEvent> = changes.review.secrets.iter().map(|secret| secret.what).collect();
    assert_eq!(told, [SecretEvent::NewValue]);
}

#[test]
fn a_service_without_tasks_starts_none_anew() {
    let side = |image: &str, count: &str| {
        template(&format!(
            "Resources:\n  T: {{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: [{{Name: a, Image: '{image}'}}]}}}}\n  S: {{Type: AWS::ECS::Service, Properties: {{TaskDefinition: !Ref T, DesiredCount: {count}}}}}\n"
        ))
    };
    let rolls = |count: &str| diff(&side("a:1", count), &side("a:2", count)).rolls;
    assert_eq!(rolls("0"), []);
    assert_eq!(rolls("'0'"), []);
    assert_eq!(rolls("1")[0].tasks, Some(1));
    assert_eq!(rolls("!Ref Count")[0].tasks, None);
}

#[test]
fn a_place_where_one_item_goes_and_another_comes_is_one_reason_to_start_anew() {
    let side = |group: &str| {
        template(&format!(
            "Resources: {{S: {{Type: AWS::ECS::Service, Properties: {{LoadBalancers: [{{TargetGroupArn: '{group}', ContainerName: '{group}', ContainerPort: 80}}]}}}}}}\n"
        ))
    };
    let rolls = diff(&side("a"), &side("b")).rolls;
    let because: Vec<String> = rolls[0].because.iter().map(ToString::to_string).collect();
    let mut once = because.clone();
    once.dedup();
    assert_eq!(because, once);
}

#[test]
fn an_import_is_told_as_it_is_written() {
    let side = |import: &str| {
        template(&format!(
            "Resources:\n  R: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{}}, Policies: [{{PolicyName: p, PolicyDocument: {{Statement: [{{Effect: Allow, Action: 's3:GetObject', Resource: {import}}}]}}}}]}}}}\n  T: {{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: [{{Name: a, Image: b, Secrets: [{{Name: K, ValueFrom: {import}}}]}}]}}}}\n"
        ))
    };
    let changes = diff(&side("!ImportValue S:Old"), &side("!ImportValue S:Key"));
    let access: Vec<&str> = changes.review.access.broader.iter().map(|change| change.what.as_str()).collect();
    assert_eq!(access.len(), 1, "{access:?}");
    assert!(access[0].contains("!ImportValue S:Key") && !access[0].contains('{'), "{access:?}");
    let read: Vec<&str> = changes.review.secrets.iter().map(|change| change.secret.as_str()).collect();
    assert_eq!(read, ["!ImportValue S:Key", "!ImportValue S:Old"]);
    let made = diff(&side("a"), &side("{Fn::ImportValue: !Sub '${N}-key'}"));
    assert_eq!(made.review.secrets[0].secret, "!ImportValue !Sub ${N}-key");
}
