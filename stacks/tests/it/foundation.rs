//! Key, notifications, images, secrets, files and their copies: what the settings give, and what they refuse.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{refused, templates};

#[test]
fn one_key_encrypts_what_production_keeps() {
    // R107, CKV_AWS_149, CKV_AWS_136, CKV_AWS_158, CKV_AWS_26
    let prod = templates("prod", json!({}));
    assert_eq!(prod.properties("KeyAlias")["AliasName"], "alias/docuthinker");
    let here = json!({"Fn::GetAtt": ["Key", "Arn"]});
    assert_eq!(prod.properties("OpenAiSecret")["KmsKeyId"], here);
    assert_eq!(prod.properties("BackendRepository")["EncryptionConfiguration"]["KmsKey"], here);
    assert_eq!(prod.properties("Notifications")["KmsMasterKeyId"], here);
    let there = json!({"Fn::ImportValue": "DocuThinkerFoundation:Key:Arn"});
    for id in ["BackendLogs", "AiMlLogs", "FlowLogLogGroup", "Chroma"] {
        assert_eq!(prod.properties(id)["KmsKeyId"], there, "{id}");
    }
    let groups = &prod.properties("Key")["KeyPolicy"]["Statement"][1]["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"];
    for name in ["log-group:/ecs/docuthinker-*", "log-group:DocuThinker*-*"] {
        assert!(groups.to_string().contains(name), "{name}: {groups}");
    }
}

#[test]
fn without_a_key_each_service_uses_its_own() {
    for environment in ["staging", "dev"] {
        let templates = templates(environment, json!({}));
        assert_eq!(templates.count("AWS::KMS::Key"), 0);
        assert!(!templates.0.to_string().contains("Kms"), "{environment}");
        assert_eq!(templates.count("AWS::SNS::Topic"), 1);
    }
}

#[test]
fn people_are_told_by_email() {
    let prod = templates("prod", json!({"notifications": {"emails": ["ops@example.com"]}}));
    assert_eq!(prod.properties("NotificationsEmailopsexamplecom")["Endpoint"], "ops@example.com");
    assert_snapshot!(refused(json!({"notifications": {"emails": ["ops@example.com", "ops"]}})), @"
    error[DC010]: `ops` is not an email address
      at settings.notifications.emails[1]

    hint: write `name@example.com`
    ");
}

#[test]
fn images_and_secrets_are_copied_to_the_second_region() {
    // R088, R212, R247, C-25
    let prod = templates("prod", json!({"replication": {"region": "us-west-2"}}));
    let rule = &prod.properties("ImageReplication")["ReplicationConfiguration"]["Rules"][0];
    assert_eq!(rule["Destinations"][0]["Region"], "us-west-2");
    assert_eq!(
        rule["RepositoryFilters"],
        json!([
            {"Filter": "docuthinker-backend", "FilterType": "PREFIX_MATCH"},
            {"Filter": "docuthinker-ai-ml", "FilterType": "PREFIX_MATCH"},
        ])
    );
    assert_eq!(prod.properties("RedisSecret")["ReplicaRegions"], json!([{"Region": "us-west-2"}]));
    assert_eq!(prod.properties("Chroma").get("ReplicationConfiguration"), None);
    let files =
        json!({"replication": {"region": "us-west-2", "images": false, "secrets": false, "files": true}});
    let prod = templates("prod", files);
    assert_eq!(prod.count("AWS::ECR::ReplicationConfiguration"), 0);
    assert_eq!(prod.properties("RedisSecret").get("ReplicaRegions"), None);
    assert_eq!(
        prod.properties("Chroma")["ReplicationConfiguration"],
        json!({"Destinations": [{"Region": "us-west-2"}]})
    );
    // The second region reads the copies.
    let dr = templates("dr", json!({"secrets": {"existing": true}}));
    assert_eq!(dr.count("AWS::SecretsManager::Secret"), 0);
}

#[test]
fn a_copy_needs_another_region_and_an_owner() {
    let found = refused(json!({
        "replication": {"region": "us-east-1", "files": true},
        "secrets": {"existing": true},
        "sync": {"vector": false},
    }));
    assert_snapshot!(found, @"
    error[DC010]: `replication.region` is us-east-1, and so is `region`
      at settings.replication.region

    hint: name another region, or leave `replication` out

    error[DC010]: `replication.secrets` is on, but `secrets.existing` says that the stack does not own them
      at settings.replication.secrets

    hint: set `replication.secrets` to false and copy the secrets where they are made

    error[DC010]: `replication.files` is for the files of the vector store, but `sync.vector` is off
      at settings.replication.files

    hint: leave it out: the stack keeps no files
    ");
    let nothing = json!({"replication": {"region": "oregon", "images": false, "secrets": false}});
    assert_snapshot!(refused(nothing), @"
    error[DC010]: `oregon` is not a region
      at settings.replication.region

    hint: it looks like `us-west-2`

    error[DC010]: nothing is copied to the second region
      at settings.replication

    hint: switch on what is to be copied, or leave `replication` out
    ");
}

#[test]
fn images_are_kept_as_long_as_one_may_go_back() {
    // C-36
    assert_eq!(refused(json!({"images": {"keep": 5, "history": 5}})), "");
    assert_snapshot!(refused(json!({"images": {"keep": 5}})), @"
    error[DC010]: `images.keep` is 5, below `images.history`, which is 10
      at settings.images.keep

    hint: keep more images, or go back less far
    ");
    assert_snapshot!(refused(json!({"images": {"keep": 1001, "history": 0}})), @"
    error[DC010]: `images.keep` is 1001
      at settings.images.keep

    hint: choose 1 to 1000

    error[DC010]: `images.history` is 0
      at settings.images.history

    hint: choose 1 to 1000
    ");
}

#[test]
fn secrets_are_rotated_by_a_function_of_the_user() {
    // R108
    let function = "arn:aws:lambda:us-east-1:123456789012:function:rotate";
    let rotation = |more: Value| {
        let mut rotation = json!({"lambda_arn": function});
        crate::support::merge(&mut rotation, more);
        json!({"secrets": {"rotation": rotation}})
    };
    let prod = templates("prod", rotation(json!({"secrets": ["mongodb"]})));
    assert_eq!(prod.count("AWS::SecretsManager::RotationSchedule"), 1);
    let schedule = prod.properties("MongoDbSecretRotation");
    assert_eq!(
        (&schedule["RotationLambdaARN"], &schedule["RotationRules"]),
        (&json!(function), &json!({"AutomaticallyAfterDays": 30}))
    );
    let all = templates("prod", rotation(json!({"days": 1000})));
    assert_eq!(all.count("AWS::SecretsManager::RotationSchedule"), 7);
    let wrong = rotation(json!({"lambda_arn": "rotate", "days": 0, "secrets": ["mongo"]}));
    assert_snapshot!(refused(wrong), @"
    error[DC010]: `rotate` is not the ARN of a Lambda function
      at settings.secrets.rotation.lambda_arn

    hint: it looks like `arn:aws:lambda:us-east-1:123456789012:function:NAME`

    error[DC010]: secrets cannot be rotated every 0 days
      at settings.secrets.rotation.days

    hint: choose 1 to 1000 days

    error[DC010]: no secret is called `mongo`
      at settings.secrets.rotation.secrets[0]

    hint: choose one of openai, anthropic, google, neo4j, chroma, mongodb, redis
    ");
    let mut existing = rotation(json!({}));
    crate::support::merge(&mut existing, json!({"secrets": {"existing": true}}));
    assert_snapshot!(refused(existing), @"
    error[DC010]: `secrets.rotation` is set, but `secrets.existing` says that the stack does not own them
      at settings.secrets.rotation

    hint: set up the rotation where the secrets are made, or leave it out
    ");
}

#[test]
fn all_credentials_can_be_fields_of_one_secret() {
    // C-06
    let prod = templates("prod", json!({"secrets": {"layout": "single_json"}}));
    assert_eq!(prod.count("AWS::SecretsManager::Secret"), 1);
    assert_eq!(prod.properties("Secret")["Name"], "docuthinker");
    let secrets = &prod.properties("BackendTaskDefinition")["ContainerDefinitions"][0]["Secrets"];
    assert_snapshot!(secrets[3].to_string(), @r#"
    {"Name":"MONGODB_URI","ValueFrom":{"Fn::Sub":["${Value1}:MONGODB_URI::",{"Value1":{"Fn::ImportValue":"DocuThinkerFoundation:Secret"}}]}}
    "#);
    assert_snapshot!(refused(json!({"secrets": {"layout": "single_json", "existing": true}})), @"
    error[DC010]: `secrets.layout` is single_json and `secrets.existing` is on, but the secret's ARN is not known
      at settings.secrets.arns

    hint: set `secrets.arns.all` to its full ARN: ECS takes a field of a secret by that only
    ");
}

#[test]
fn existing_secrets_are_known_by_name_or_by_arn() {
    // C-08
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team/openai-AbCdEf";
    let key = "arn:aws:kms:us-east-1:123456789012:key/1";
    let prod =
        templates("prod", json!({"secrets": {"existing": true, "arns": {"openai": arn}, "key_arn": key}}));
    assert_eq!(prod.count("AWS::SecretsManager::Secret"), 0);
    let secrets = &prod.properties("BackendTaskDefinition")["ContainerDefinitions"][0]["Secrets"];
    assert_eq!(secrets[0]["ValueFrom"], arn);
    assert!(secrets[1]["ValueFrom"].to_string().ends_with(":secret:docuthinker/anthropic\"}"));
    let role = prod.properties("BackendExecutionRole").to_string();
    assert!(role.contains(key) && role.contains("docuthinker/anthropic-??????"), "{role}");
    let wrong = json!({"secrets": {
        "arns": {"open_ai": arn, "google": "arn:aws:secretsmanager:us-west-2:123456789012:secret:team/google"},
        "key_arn": "alias/team",
    }});
    assert_snapshot!(refused(wrong), @"
    error[DC010]: `secrets.arns` names secrets, but with `secrets.existing` off the stack makes its own
      at settings.secrets.arns

    hint: set `secrets.existing` to true, or leave the ARNs out

    error[DC010]: `arn:aws:secretsmanager:us-west-2:123456789012:secret:team/google` is not the full ARN of a secret of us-east-1
      at settings.secrets.arns.google

    hint: it looks like `arn:aws:secretsmanager:us-east-1:123456789012:secret:NAME-AbCdEf`

    error[DC010]: no secret is called `open_ai`
      at settings.secrets.arns.open_ai

    hint: choose one of openai, anthropic, google, neo4j, chroma, mongodb, redis

    error[DC010]: `alias/team` is not the ARN of a key of us-east-1
      at settings.secrets.key_arn

    hint: it looks like `arn:aws:kms:us-east-1:123456789012:key/…`; an alias does not do

    error[DC010]: `secrets.key_arn` names the key of existing secrets, but `secrets.existing` is off
      at settings.secrets.key_arn

    hint: leave it out; `customer_key` is for the stack's own
    ");
}

#[test]
fn whether_tasks_share_the_vector_store_is_said() {
    // Row 21 of the template rules
    assert_snapshot!(refused(json!({"sync": {"shared_writers": false}})), @"
    error[DC010]: `sync.shared_writers` is off, but `ai_ml.scaling.max` lets 10 tasks write to the vector store
      at settings.sync.shared_writers

    hint: lower `ai_ml.scaling` to one task, or let its tasks keep their writes apart and allow it
    ");
    let alone = json!({"sync": {"shared_writers": false}, "ai_ml": {"scaling": {"min": 1, "max": 1}}});
    let one = templates("prod", alone);
    let service = one.properties("AiMlService");
    let configuration = &service["DeploymentConfiguration"];
    assert_eq!(
        (&configuration["MinimumHealthyPercent"], &configuration["MaximumPercent"]),
        (&json!(0), &json!(100)),
        "the old task ends before the new one starts"
    );
    assert_eq!(service["AvailabilityZoneRebalancing"], "DISABLED");
    assert_eq!(one.properties("BackendService")["DeploymentConfiguration"]["MaximumPercent"], 200);
    let shifted = json!({
        "sync": {"shared_writers": false},
        "ai_ml": {
            "scaling": {"min": 1, "max": 1, "requests": null},
            "deployment": {"strategy": "blue_green"},
        },
    });
    assert_snapshot!(refused(shifted), @"
    error[DC010]: `sync.shared_writers` is off, but this strategy runs the tasks of two revisions at the same time
      at settings.ai_ml.deployment.strategy

    hint: choose `rolling`, which then stops the old task first
    ");
}
