//! Keys of the customer's own, and what they encrypt: topics and log groups.

use constructs::{App, Key, LogGroup, RemovalPolicy, Scope, StackOptions, Topic};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::{diagnostics, resource, template};

fn properties(id: &str, build: impl FnOnce(&mut Scope<'_>)) -> Value {
    serde_json::to_value(&template(build).resources[id].properties).expect("properties are JSON")
}

#[test]
fn a_key_rotates_and_cannot_be_deleted_by_accident() {
    // CKV_AWS_7, AwsSolutions-KMS5
    let build = |s: &mut Scope<'_>| {
        Key::named("Key").alias("docuthinker").build(s);
    };
    let key = properties("Key", build);
    assert_eq!((&key["EnableKeyRotation"], &key["PendingWindowInDays"]), (&json!(true), &json!(30)));
    let template = template(build);
    assert_eq!(template.resources["Key"].deletion_policy, Some("RetainExceptOnCreate".into()));
    assert_snapshot!(resource("KeyAlias", build), @"
    KeyAlias:
      Type: AWS::KMS::Alias
      Properties:
        AliasName: alias/docuthinker
        TargetKeyId: !Ref Key
    ");
}

#[test]
fn the_account_decides_by_iam_who_may_use_a_key() {
    // CKV_AWS_33
    let key = properties("Key", |s| {
        Key::named("Key").build(s);
    });
    let statements = key["KeyPolicy"]["Statement"].as_array().expect("statements");
    assert_eq!(statements.len(), 1);
    assert_eq!(
        statements[0]["Principal"],
        json!({"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}})
    );
    let actions = statements[0]["Action"].as_array().expect("actions");
    assert!(actions.contains(&json!("kms:PutKeyPolicy")), "else nobody could ever change the policy");
    assert!(actions.iter().all(|action| !action.as_str().expect("a name").contains('*')));
}

#[test]
fn cloudwatch_logs_uses_a_key_for_the_groups_that_are_named() {
    let key = properties("Key", |s| {
        Key::named("Key").build(s).allow_logs(s, ["/ecs/app-*", "aws-waf-logs-app"]);
    });
    let statement = &key["KeyPolicy"]["Statement"][1];
    assert_eq!(
        statement["Principal"],
        json!({"Service": {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}})
    );
    let group = |name: &str| json!({"Fn::Sub": format!("arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{name}")});
    assert_eq!(
        statement["Condition"],
        json!({"ArnLike": {"kms:EncryptionContext:aws:logs:arn": [group("/ecs/app-*"), group("aws-waf-logs-app")]}})
    );
}

#[test]
fn a_log_group_is_encrypted_with_the_key_of_another_stack() {
    let mut app = App::new();
    let key = app.with_stack(StackOptions::named("Keys"), |s| Key::named("Key").build(s));
    app.with_stack(StackOptions::named("Logs"), |s| LogGroup::named("Group").key(key).build(s));
    let assembly = app.synth();
    assert_eq!(assembly.diagnostics, []);
    let group =
        serde_json::to_value(&assembly.stacks[1].template.resources["Group"].properties).expect("JSON");
    assert_eq!(group["KmsKeyId"], json!({"Fn::ImportValue": "Keys:Key:Arn"}));
}

#[test]
fn a_topic_is_for_the_alarms_of_the_account_over_tls() {
    // AwsSolutions-SNS3, CKV_AWS_26
    let build = |s: &mut Scope<'_>| {
        let key = Key::named("Key").build(s);
        Topic::named("Alarms").name("app-alarms").key(key).emails(["ops@example.com".to_owned()]).build(s);
    };
    assert_snapshot!(resource("Alarms", build), @"
    Alarms:
      Type: AWS::SNS::Topic
      Properties:
        KmsMasterKeyId: !GetAtt Key.Arn
        TopicName: app-alarms
    ");
    assert_snapshot!(resource("AlarmsPolicy", build), @r#"
    AlarmsPolicy:
      Type: AWS::SNS::TopicPolicy
      Properties:
        PolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Deny
              Principal:
                AWS: "*"
              Action: sns:Publish
              Resource: !Ref Alarms
              Condition:
                Bool:
                  aws:SecureTransport: "false"
            - Effect: Allow
              Principal:
                Service: cloudwatch.amazonaws.com
              Action: sns:Publish
              Resource: !Ref Alarms
              Condition:
                StringEquals:
                  aws:SourceAccount: !Ref AWS::AccountId
                ArnLike:
                  aws:SourceArn: !Sub arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*
        Topics:
          - !Ref Alarms
    "#);
    assert_snapshot!(resource("AlarmsEmailopsexamplecom", build), @"
    AlarmsEmailopsexamplecom:
      Type: AWS::SNS::Subscription
      Properties:
        Protocol: email
        TopicArn: !Ref Alarms
        Endpoint: ops@example.com
    ");
}

#[test]
fn whoever_publishes_to_a_topic_may_use_its_key() {
    let statements = |encrypted: bool| {
        let build = move |s: &mut Scope<'_>| {
            let key = Key::named("Key").build(s);
            let topic = Topic::named("Alarms").maybe_key(encrypted.then_some(key)).build(s);
            topic.allow_budgets(s);
            topic.allow_publisher(s, "backup.amazonaws.com", "arn:aws:backup:*");
        };
        let topic = properties("AlarmsPolicy", build)["PolicyDocument"]["Statement"].clone();
        (topic, properties("Key", build)["KeyPolicy"]["Statement"].clone())
    };
    let services = |statements: &Value| -> Vec<String> {
        let all = statements.as_array().expect("statements").iter();
        all.filter_map(|statement| statement["Principal"]["Service"].as_str().map(str::to_owned)).collect()
    };
    let publishers = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com", "backup.amazonaws.com"];
    let (topic, key) = statements(true);
    assert_eq!(
        (services(&topic), services(&key)),
        (publishers.map(str::to_owned).to_vec(), publishers.map(str::to_owned).to_vec())
    );
    let of_this_account = json!({"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}});
    assert_eq!(key[1]["Condition"], of_this_account);
    assert_eq!(
        topic[2]["Condition"]["ArnLike"]["aws:SourceArn"],
        json!({"Fn::Sub": "arn:${AWS::Partition}:budgets::${AWS::AccountId}:*"})
    );
    let (topic, key) = statements(false);
    assert_eq!((services(&topic).len(), services(&key).len()), (3, 0));
}

#[test]
fn what_kms_and_sns_would_refuse_is_refused_before() {
    let found = diagnostics(|s| {
        Key::named("Key")
            .alias("aws/mine")
            .pending_window_in_days(3)
            .removal_policy(RemovalPolicy::Delete)
            .build(s);
        let emails = ["ops@example.com", "ops", "a@b", "a b@example.com"].map(str::to_owned);
        Topic::named("Alarms").emails(emails).build(s);
    });
    assert_snapshot!(found, @"
    error[DC142]: `ops` is not an email address
      at Test/Alarms.emails (constructs/tests/it/keys.rs:)

    hint: write `name@example.com`

    error[DC142]: `a@b` is not an email address
      at Test/Alarms.emails (constructs/tests/it/keys.rs:)

    hint: write `name@example.com`

    error[DC142]: `a b@example.com` is not an email address
      at Test/Alarms.emails (constructs/tests/it/keys.rs:)

    hint: write `name@example.com`

    error[DC140]: a deleted key cannot wait for 3 days
      at Test/Key.pending_window_in_days (constructs/tests/it/keys.rs:)

    hint: choose 7 to 30 days

    error[DC141]: `aws/mine` cannot be the alias of a key
      at Test/Key.alias (constructs/tests/it/keys.rs:)

    hint: letters, digits and /_- can stand in it, 250 at most; `aws/` is kept for AWS's own keys
    ");
}
