//! What a reviewer asks first.

use super::{diff, template};
use crate::diff::{Changes, SecretEvent};

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
    assert_eq!(review.network.narrower[0].what, "`Group` is no longer open to 10.0.0.0/8 on port 443");
    let review = change(&[("10.0.0.0/8", "0.0.0.0/0")]).review;
    assert_eq!(review.network.broader[0].what, "`Group` is now open to 0.0.0.0/0 on port 443");
    assert_eq!(review.network.narrower, []);
}

#[test]
fn what_is_gone_itself_is_not_told_as_narrower() {
    let review =
        change(&[("  Role:\n    Type: AWS::IAM::Role", "  Other:\n    Type: AWS::IAM::Role")]).review;
    assert_eq!(review.access.narrower, []);
    assert_eq!(review.access.broader.len(), 2);
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
