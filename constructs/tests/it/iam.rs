//! Roles, policies and grants.

use constructs::{Policy, Repository, Role, Secret, Statement, Value};
use insta::assert_snapshot;

use crate::{diagnostics, resource, template};

#[test]
fn only_tasks_of_this_account_can_take_a_task_role() {
    let yaml = resource("Role", |s| {
        Role::named("Role").assumed_by("ecs-tasks.amazonaws.com").build(s);
    });
    assert_snapshot!(yaml, @r#"
    Role:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal:
                Service: ecs-tasks.amazonaws.com
              Action: sts:AssumeRole
              Condition:
                StringEquals:
                  aws:SourceAccount: !Ref AWS::AccountId
                ArnLike:
                  aws:SourceArn: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*
    "#);
}

#[test]
fn grants_of_one_kind_become_one_statement() {
    // R112, R176
    let yaml = resource("Role", |s| {
        let role = Role::named("Role").assumed_by("ecs-tasks.amazonaws.com").build(s);
        let (a, b) = (Secret::named("A").build(s), Secret::named("B").build(s));
        a.grant_read(s, role);
        b.grant_read(s, role);
        a.grant_read(s, role);
    });
    let policies = yaml.split_once("Policies:").unwrap().1;
    assert_snapshot!(policies, @r#"

    - PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: secretsmanager:GetSecretValue
            Resource:
              - !Ref A
              - !Ref B
      PolicyName: SecretsAccess
    "#);
}

#[test]
fn a_secret_with_a_key_of_its_own_needs_the_key_too() {
    // R107
    let yaml = resource("Role", |s| {
        let role = Role::named("Role").assumed_by("ecs-tasks.amazonaws.com").build(s);
        let key = Value::known("arn:aws:kms:us-east-1:123456789012:key/1");
        Secret::named("A").key(key).build(s).grant_read(s, role);
    });
    assert_snapshot!(yaml.split_once("Policies:").unwrap().1, @r#"

    - PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: secretsmanager:GetSecretValue
            Resource: !Ref A
          - Effect: Allow
            Action: kms:Decrypt
            Resource: arn:aws:kms:us-east-1:123456789012:key/1
            Condition:
              StringEquals:
                kms:ViaService: !Sub secretsmanager.${AWS::Region}.${AWS::URLSuffix}
      PolicyName: SecretsAccess
    "#);
}

#[test]
fn a_secret_known_by_name_is_granted_with_any_suffix() {
    let template = template(|s| {
        let role = Role::named("Role").assumed_by("ecs-tasks.amazonaws.com").build(s);
        let secret = Secret::existing_named(s, "app/openai");
        secret.grant_read(s, role);
        s.output("From", secret.arn(), "");
    });
    let yaml = template.to_yaml();
    assert!(yaml.contains(":secret:app/openai-??????"), "{yaml}");
    assert!(yaml.ends_with(":secret:app/openai\n"), "{yaml}");
}

// I19
#[test]
fn a_name_that_looks_like_it_had_a_suffix_is_doubted() {
    let found = diagnostics(|s| {
        Secret::named("A").name("prod-openai").build(s);
    });
    assert_snapshot!(found, @"
    warning[DC020]: the secret name `prod-openai` ends in a hyphen and six characters
      at Test (constructs/tests/it/iam.rs:)

    hint: Secrets Manager may take it for the suffix that it adds to names; use another name
    ");
}

#[test]
fn images_are_pulled_from_one_repository_only() {
    // R163 to R166
    let yaml = resource("Role", |s| {
        let role = Role::named("Role").assumed_by("ecs-tasks.amazonaws.com").build(s);
        Repository::named("Images").build(s).grant_pull(s, role);
    });
    assert_snapshot!(yaml.split_once("Policies:").unwrap().1, @r#"

    - PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: ecr:GetAuthorizationToken
            Resource: "*"
          - Effect: Allow
            Action:
              - ecr:BatchCheckLayerAvailability
              - ecr:GetDownloadUrlForLayer
              - ecr:BatchGetImage
            Resource: !GetAtt Images.Arn
      PolicyName: ImagePull
    "#);
}

#[test]
fn a_policy_can_be_attached_to_several_roles() {
    let yaml = resource("Policy", |s| {
        let role = |s: &mut constructs::Scope<'_>, id: &str| {
            Role::named(id).assumed_by("ecs-tasks.amazonaws.com").build(s)
        };
        let roles = [role(s, "A"), role(s, "B")];
        let statements = [
            Statement::allow(["s3:GetObject"]).on("arn:aws:s3:::docuthinker-*/*"),
            Statement::deny(["s3:*"]).on_everything(),
        ];
        Policy::named("Policy").statements(statements).roles(roles).build(s);
    });
    assert_snapshot!(yaml, @r#"
    Policy:
      Type: AWS::IAM::ManagedPolicy
      Properties:
        PolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Action: s3:GetObject
              Resource: arn:aws:s3:::docuthinker-*/*
            - Effect: Deny
              Action: s3:*
              Resource: "*"
        Roles:
          - !Ref A
          - !Ref B
    "#);
}
