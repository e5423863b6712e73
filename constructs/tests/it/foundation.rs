//! Secrets, repositories and file systems: how they are encrypted, copied, rotated and shared.

use constructs::{
    App, Cluster, FargateService, FileSystem, Image, ImageReplication, Key, LogGroup, Mount, Nat, Repository,
    Role, ScalingTarget, Scope, Secret, StackOptions, Tier, Value, Vpc, cidr, fargate, port,
};
use insta::assert_snapshot;
use serde_json::json;

use crate::{diagnostics, resource, template, text};

fn properties(id: &str, build: impl FnOnce(&mut Scope<'_>)) -> serde_json::Value {
    serde_json::to_value(&template(build).resources[id].properties).expect("properties are JSON")
}

#[test]
fn a_secret_is_copied_to_other_regions_and_rotated_by_a_function() {
    // R107, R108
    let build = |s: &mut Scope<'_>| {
        let key = Key::named("Key").build(s);
        let secret = Secret::named("Database").name("app/database").key(key).replicas(["us-west-2"]).build(s);
        secret.rotate(s, "Rotation", "arn:aws:lambda:us-east-1:123456789012:function:rotate", 30);
    };
    assert_snapshot!(resource("Database", build), @"
    Database:
      Type: AWS::SecretsManager::Secret
      DeletionPolicy: RetainExceptOnCreate
      UpdateReplacePolicy: Retain
      Properties:
        KmsKeyId: !GetAtt Key.Arn
        Name: app/database
        ReplicaRegions:
          - Region: us-west-2
    ");
    assert_snapshot!(resource("Rotation", build), @"
    Rotation:
      Type: AWS::SecretsManager::RotationSchedule
      Properties:
        SecretId: !Ref Database
        RotateImmediatelyOnUpdate: false
        RotationLambdaARN: arn:aws:lambda:us-east-1:123456789012:function:rotate
        RotationRules:
          AutomaticallyAfterDays: 30
    ");
}

#[test]
fn whoever_reads_a_secret_may_use_its_key_through_secrets_manager_only() {
    let build = |s: &mut Scope<'_>| {
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-AbCdEf";
        let key = Value::known("arn:aws:kms:us-east-1:123456789012:key/1");
        let role = Role::named("Role").assumed_by("ecs-tasks.amazonaws.com").build(s);
        Secret::existing(Value::known(arn)).encrypted_with(key).grant_read(s, role);
    };
    let statements = &properties("Role", build)["Policies"][0]["PolicyDocument"]["Statement"];
    assert_eq!(
        statements[1],
        json!({
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": "arn:aws:kms:us-east-1:123456789012:key/1",
            "Condition": {"StringEquals": {"kms:ViaService": {"Fn::Sub": "secretsmanager.${AWS::Region}.${AWS::URLSuffix}"}}},
        })
    );
}

#[test]
fn images_are_encrypted_with_the_key_or_by_ecr() {
    // R086, CKV_AWS_136
    let encryption = |with_key: bool| {
        let repository = properties("Images", |s| {
            let key = Key::named("Key").build(s);
            Repository::named("Images").maybe_key(with_key.then_some(key)).build(s);
        });
        assert_eq!(repository.get("RepositoryPolicyText"), None, "only IAM decides who pulls");
        repository["EncryptionConfiguration"].clone()
    };
    assert_eq!(encryption(false), json!({"EncryptionType": "AES256"}));
    assert_eq!(encryption(true), json!({"EncryptionType": "KMS", "KmsKey": {"Fn::GetAtt": ["Key", "Arn"]}}));
}

#[test]
fn only_the_named_repositories_are_copied_to_the_other_region() {
    // R088, R212
    let build = |s: &mut Scope<'_>| {
        ImageReplication::named("Copies")
            .region("us-west-2")
            .repositories(["app-backend", "app-ai-ml"])
            .build(s);
    };
    assert_snapshot!(resource("Copies", build), @"
    Copies:
      Type: AWS::ECR::ReplicationConfiguration
      Properties:
        ReplicationConfiguration:
          Rules:
            - Destinations:
                - Region: us-west-2
                  RegistryId: !Ref AWS::AccountId
              RepositoryFilters:
                - Filter: app-backend
                  FilterType: PREFIX_MATCH
                - Filter: app-ai-ml
                  FilterType: PREFIX_MATCH
    ");
}

#[test]
fn nothing_is_copied_to_where_it_is() {
    let mut app = App::new();
    let options = StackOptions { region: Some("us-west-2".to_owned()), ..StackOptions::named("Test") };
    app.with_stack(options, |s| {
        Secret::named("Secret").replicas(["us-west-2", "us-east-1", "us-east-1"]).build(s);
        ImageReplication::named("Copies").region("us-west-2").repositories(Vec::<String>::new()).build(s);
        let vpc = vpc(s);
        FileSystem::named("Files").vpc(&vpc).path("/data").replica("us-west-2").build(s);
    });
    assert_snapshot!(text(&app.synth()), @"
    error[DC145]: images cannot be copied from us-west-2 to itself
      at Test/Copies.region (constructs/tests/it/foundation.rs:)

    hint: name another region

    error[DC146]: a replication rule cannot have 0 filters
      at Test/Copies.repositories (constructs/tests/it/foundation.rs:)

    hint: name 1 to 100 beginnings of repository names

    error[DC147]: files cannot be copied from us-west-2 to itself
      at Test/Files.replica (constructs/tests/it/foundation.rs:)

    hint: name another region

    error[DC143]: the secret is in us-west-2 already
      at Test/Secret.replicas (constructs/tests/it/foundation.rs:)

    hint: name each other region once

    error[DC143]: the secret is in us-east-1 already
      at Test/Secret.replicas (constructs/tests/it/foundation.rs:)

    hint: name each other region once
    ");
}

#[test]
fn a_secret_is_rotated_within_what_secrets_manager_offers() {
    assert_snapshot!(diagnostics(|s| {
        let secret = Secret::named("Secret").build(s);
        secret.rotate(s, "Rotation", "arn:aws:lambda:us-east-1:123456789012:function:rotate", 1001);
    }), @"
    error[DC144]: a secret cannot be rotated every 1001 days
      at Test/Rotation.days (constructs/tests/it/foundation.rs:)

    hint: choose 1 to 1000 days
    ");
}

fn vpc(s: &mut Scope<'_>) -> Vpc {
    Vpc::named("Vpc")
        .cidr(cidr!("10.0.0.0/16"))
        .tiers([
            Tier::public([cidr!("10.0.1.0/24"), cidr!("10.0.2.0/24")]),
            Tier::private([cidr!("10.0.3.0/24"), cidr!("10.0.4.0/24")]),
        ])
        .nat(Nat::Single)
        .build(s)
}

#[test]
fn files_are_encrypted_kept_cheaply_and_copied() {
    // C-25, AwsSolutions-EFS1, FSBP EFS.1 to EFS.4
    let build = |s: &mut Scope<'_>| {
        let key = Key::named("Key").build(s);
        let vpc = vpc(s);
        FileSystem::named("Files").vpc(&vpc).path("/data").key(key).replica("us-west-2").build(s);
    };
    assert_snapshot!(resource("Files", build), @r#"
    Files:
      Type: AWS::EFS::FileSystem
      DeletionPolicy: RetainExceptOnCreate
      UpdateReplacePolicy: Retain
      Properties:
        BackupPolicy:
          Status: ENABLED
        Encrypted: true
        FileSystemPolicy:
          Version: "2012-10-17"
          Statement:
            - Effect: Deny
              Principal:
                AWS: "*"
              Action:
                - elasticfilesystem:ClientMount
                - elasticfilesystem:ClientWrite
                - elasticfilesystem:ClientRootAccess
              Condition:
                Bool:
                  aws:SecureTransport: "false"
        KmsKeyId: !GetAtt Key.Arn
        LifecyclePolicies:
          - TransitionToIA: AFTER_30_DAYS
          - TransitionToPrimaryStorageClass: AFTER_1_ACCESS
        ReplicationConfiguration:
          Destinations:
            - Region: us-west-2
        ThroughputMode: elastic
    "#);
    assert_snapshot!(resource("FilesAccessPoint", build), @r#"
    FilesAccessPoint:
      Type: AWS::EFS::AccessPoint
      Properties:
        FileSystemId: !Ref Files
        PosixUser:
          Gid: "1000"
          Uid: "1000"
        RootDirectory:
          CreationInfo:
            OwnerGid: "1000"
            OwnerUid: "1000"
            Permissions: "0750"
          Path: /data
    "#);
}

/// A service of `tasks` tasks at most with the file system that `mount` gives.
fn writers(s: &mut Scope<'_>, tasks: Option<u32>, mount: impl FnOnce(&FileSystem) -> Mount) {
    let vpc = vpc(s);
    let files = FileSystem::named("Files").vpc(&vpc).path("/data").build(s);
    let cluster = Cluster::named("Cluster").build(s);
    let log_group = LogGroup::named("Logs").build(s);
    let service = FargateService::named("Worker")
        .cluster(cluster)
        .vpc(&vpc)
        .size(fargate!(256, 512))
        .image(Image::registry("example.com/app:v1"))
        .port(port!(5000))
        .log_group(log_group)
        .mounts([mount(&files)]);
    match tasks {
        Some(most) => service.scale(1..=most, [ScalingTarget::cpu(70)]).build(s),
        None => service.build(s),
    };
}

#[test]
fn several_tasks_that_write_to_the_same_files_are_doubted() {
    // F-row 21 of the template rules
    assert_snapshot!(diagnostics(|s| writers(s, Some(10), |files| files.mount("/data"))), @"
    warning[DC148]: up to 10 tasks write to `/data` at once
      at Test/Worker.mounts (constructs/tests/it/foundation.rs:)

    hint: run one task, mount with `.read_only()`, or say `.shared()` if the program keeps its writes apart
    ");
    assert!(diagnostics(|s| writers(s, None, |files| files.mount("/data"))).contains("up to 2 tasks"));
    assert_eq!(diagnostics(|s| writers(s, Some(1), |files| files.mount("/data"))), "");
    assert_eq!(diagnostics(|s| writers(s, Some(10), |files| files.mount("/data").shared())), "");
    assert_eq!(diagnostics(|s| writers(s, Some(10), |files| files.mount("/data").read_only())), "");
}

#[test]
fn who_only_reads_files_cannot_write_them() {
    let build = |s: &mut Scope<'_>| writers(s, Some(10), |files| files.mount("/data").read_only());
    let role = properties("WorkerTaskRole", build);
    assert_eq!(
        role["Policies"][0]["PolicyDocument"]["Statement"][0]["Action"],
        "elasticfilesystem:ClientMount"
    );
    let task = properties("WorkerTaskDefinition", build);
    assert_eq!(task["ContainerDefinitions"][0]["MountPoints"][0]["ReadOnly"], true);
}
