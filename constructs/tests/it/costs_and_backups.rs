//! Budgets and backups.

use constructs::l1::efs::FileSystem;
use constructs::{BackupPlan, Budget, Value};
use insta::assert_snapshot;

use crate::{diagnostics, resource, template};

#[test]
fn a_budget_tells_before_and_when_it_is_spent() {
    let yaml = resource("Budget", |s| {
        let topic = Value::known("arn:aws:sns:us-east-1:123456789012:ops");
        Budget::named("Budget")
            .monthly_usd(300)
            .emails(["ops@example.com"])
            .topic(topic)
            .tag("Project", "DocuThinker")
            .build(s);
    });
    assert_snapshot!(yaml, @"
    Budget:
      Type: AWS::Budgets::Budget
      Properties:
        Budget:
          BudgetType: COST
          TimeUnit: MONTHLY
          BudgetLimit:
            Amount: 300
            Unit: USD
          CostFilters:
            TagKeyValue:
              - user:Project$DocuThinker
        NotificationsWithSubscribers:
          - Notification:
              ComparisonOperator: GREATER_THAN
              NotificationType: ACTUAL
              Threshold: 80
              ThresholdType: PERCENTAGE
            Subscribers:
              - Address: ops@example.com
                SubscriptionType: EMAIL
              - Address: arn:aws:sns:us-east-1:123456789012:ops
                SubscriptionType: SNS
          - Notification:
              ComparisonOperator: GREATER_THAN
              NotificationType: ACTUAL
              Threshold: 100
              ThresholdType: PERCENTAGE
            Subscribers:
              - Address: ops@example.com
                SubscriptionType: EMAIL
              - Address: arn:aws:sns:us-east-1:123456789012:ops
                SubscriptionType: SNS
          - Notification:
              ComparisonOperator: GREATER_THAN
              NotificationType: FORECASTED
              Threshold: 100
              ThresholdType: PERCENTAGE
            Subscribers:
              - Address: ops@example.com
                SubscriptionType: EMAIL
              - Address: arn:aws:sns:us-east-1:123456789012:ops
                SubscriptionType: SNS
    ");
}

#[test]
fn a_budget_must_reach_somebody() {
    let budget = |usd: u32, emails: &[&str]| {
        diagnostics(|s| {
            Budget::named("Budget").monthly_usd(usd).emails(emails.iter().copied()).build(s);
        })
    };
    assert_eq!(budget(1, &["a@b.io"]), "");
    assert_snapshot!(budget(0, &[]), @"
    error[DC170]: a budget of 0 dollars is always spent
      at Test/Budget.monthly_usd (constructs/tests/it/costs_and_backups.rs:)

    hint: choose what a month may cost

    error[DC171]: nobody is told when the budget is spent
      at Test/Budget.emails (constructs/tests/it/costs_and_backups.rs:)

    hint: name an e-mail address or a topic
    ");
    assert_snapshot!(budget(300, &["ops", "a@b", "a b@example.com", "a@b@example.com"]), @"
    error[DC171]: `ops` is not an e-mail address
      at Test/Budget.emails (constructs/tests/it/costs_and_backups.rs:)

    hint: it looks like `ops@example.com`

    error[DC171]: `a@b` is not an e-mail address
      at Test/Budget.emails (constructs/tests/it/costs_and_backups.rs:)

    hint: it looks like `ops@example.com`

    error[DC171]: `a b@example.com` is not an e-mail address
      at Test/Budget.emails (constructs/tests/it/costs_and_backups.rs:)

    hint: it looks like `ops@example.com`

    error[DC171]: `a@b@example.com` is not an e-mail address
      at Test/Budget.emails (constructs/tests/it/costs_and_backups.rs:)

    hint: it looks like `ops@example.com`
    ");
    assert!(budget(300, &["a@b.io"; 11]).contains("11 e-mail addresses are more than a budget can tell"));
}

fn backups(retention: u32, cold: Option<u32>) -> String {
    diagnostics(|s| {
        let files = s.add("Files", FileSystem::default());
        BackupPlan::named("Backups")
            .name("app-backups")
            .file_systems([files])
            .retention_days(retention)
            .maybe_cold_storage_after_days(cold)
            .build(s);
    })
}

#[test]
fn a_plan_backs_up_file_systems_daily_and_may_do_nothing_else() {
    // C-25
    let template = template(|s| {
        let files = s.add("Files", FileSystem::default());
        BackupPlan::named("Backups").name("app-backups").file_systems([files]).build(s);
    });
    let yaml = template.to_yaml();
    assert_snapshot!(yaml.split_once("BackupsVault:").expect("a vault").1, @r#"
      Type: AWS::Backup::BackupVault
      DeletionPolicy: RetainExceptOnCreate
      UpdateReplacePolicy: Retain
      Properties:
        BackupVaultName: app-backups

    BackupsPlan:
      Type: AWS::Backup::BackupPlan
      Properties:
        BackupPlan:
          BackupPlanName: app-backups
          BackupPlanRule:
            - RuleName: daily
              TargetBackupVault: !Ref BackupsVault
              Lifecycle:
                DeleteAfterDays: 35
              ScheduleExpression: cron(0 5 * * ? *)

    BackupsRole:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal:
                Service: backup.amazonaws.com
              Action: sts:AssumeRole
              Condition:
                StringEqualsIfExists:
                  aws:SourceAccount: !Ref AWS::AccountId
        Description: makes backups of file systems
        Policies:
          - PolicyDocument:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action:
                    - elasticfilesystem:Backup
                    - elasticfilesystem:DescribeTags
                  Resource: !GetAtt Files.Arn
                - Effect: Allow
                  Action:
                    - backup:DescribeBackupVault
                    - backup:CopyIntoBackupVault
                  Resource: !GetAtt BackupsVault.BackupVaultArn
            PolicyName: Backup

    BackupsSelection:
      Type: AWS::Backup::BackupSelection
      Properties:
        BackupPlanId: !Ref BackupsPlan
        BackupSelection:
          IamRoleArn: !GetAtt BackupsRole.Arn
          SelectionName: file-systems
          Resources:
            - !GetAtt Files.Arn
    "#);
}

#[test]
fn a_plan_can_have_a_key_cold_storage_and_a_second_place() {
    let template = template(|s| {
        let files = s.add("Files", FileSystem::default());
        BackupPlan::named("Backups")
            .name("app-backups")
            .file_systems([files])
            .retention_days(365)
            .cold_storage_after_days(30)
            .key(Value::known("arn:aws:kms:us-east-1:123456789012:key/1"))
            .copy_to(Value::known("arn:aws:backup:us-west-2:123456789012:backup-vault:copies"))
            .build(s);
    });
    let yaml = template.to_yaml();
    assert_snapshot!(yaml.split_once("BackupsVault:").expect("a vault").1, @r#"
      Type: AWS::Backup::BackupVault
      DeletionPolicy: RetainExceptOnCreate
      UpdateReplacePolicy: Retain
      Properties:
        BackupVaultName: app-backups
        EncryptionKeyArn: arn:aws:kms:us-east-1:123456789012:key/1

    BackupsPlan:
      Type: AWS::Backup::BackupPlan
      Properties:
        BackupPlan:
          BackupPlanName: app-backups
          BackupPlanRule:
            - RuleName: daily
              TargetBackupVault: !Ref BackupsVault
              CopyActions:
                - DestinationBackupVaultArn: arn:aws:backup:us-west-2:123456789012:backup-vault:copies
                  Lifecycle:
                    DeleteAfterDays: 365
                    MoveToColdStorageAfterDays: 30
              Lifecycle:
                DeleteAfterDays: 365
                MoveToColdStorageAfterDays: 30
              ScheduleExpression: cron(0 5 * * ? *)

    BackupsRole:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal:
                Service: backup.amazonaws.com
              Action: sts:AssumeRole
              Condition:
                StringEqualsIfExists:
                  aws:SourceAccount: !Ref AWS::AccountId
        Description: makes backups of file systems
        Policies:
          - PolicyDocument:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action:
                    - elasticfilesystem:Backup
                    - elasticfilesystem:DescribeTags
                  Resource: !GetAtt Files.Arn
                - Effect: Allow
                  Action:
                    - backup:DescribeBackupVault
                    - backup:CopyIntoBackupVault
                  Resource:
                    - !GetAtt BackupsVault.BackupVaultArn
                    - arn:aws:backup:us-west-2:123456789012:backup-vault:copies
                - Effect: Allow
                  Action: backup:CopyFromBackupVault
                  Resource: !Sub arn:${AWS::Partition}:backup:${AWS::Region}:${AWS::AccountId}:recovery-point:*
                - Effect: Allow
                  Action: kms:DescribeKey
                  Resource:
                    - arn:aws:kms:us-west-2:123456789012:key/*
                    - arn:aws:kms:us-east-1:123456789012:key/1
                - Effect: Allow
                  Action: kms:CreateGrant
                  Resource:
                    - arn:aws:kms:us-west-2:123456789012:key/*
                    - arn:aws:kms:us-east-1:123456789012:key/1
                  Condition:
                    Bool:
                      kms:GrantIsForAWSResource: "true"
                - Effect: Allow
                  Action:
                    - kms:Decrypt
                    - kms:GenerateDataKey
                  Resource: arn:aws:kms:us-east-1:123456789012:key/1
                  Condition:
                    StringEquals:
                      kms:ViaService: !Sub backup.${AWS::Region}.${AWS::URLSuffix}
            PolicyName: Backup

    BackupsSelection:
      Type: AWS::Backup::BackupSelection
      Properties:
        BackupPlanId: !Ref BackupsPlan
        BackupSelection:
          IamRoleArn: !GetAtt BackupsRole.Arn
          SelectionName: file-systems
          Resources:
            - !GetAtt Files.Arn
    "#);
}

#[test]
fn backups_stay_in_cold_storage_for_ninety_days() {
    assert_eq!(backups(100, Some(10)), "");
    assert_snapshot!(backups(99, Some(10)), @"
    error[DC175]: 99 days do not hold 10 days and 90 in cold storage
      at Test/Backups.cold_storage_after_days (constructs/tests/it/costs_and_backups.rs:)

    hint: keep backups at least 90 days longer, or move them on an earlier day, from the first on
    ");
    assert!(backups(100, Some(0)).contains("DC175"));
}

#[test]
fn backups_are_kept_for_a_time_that_aws_offers() {
    assert_eq!(backups(36_500, None), "");
    assert_snapshot!(backups(0, None), @"
    error[DC174]: a backup cannot be kept for 0 days
      at Test/Backups.retention_days (constructs/tests/it/costs_and_backups.rs:)

    hint: choose 1 to 36500
    ");
    assert!(backups(36_501, None).contains("DC174"));
}

#[test]
fn a_plan_has_a_name_and_something_to_back_up() {
    let found = diagnostics(|s| {
        BackupPlan::named("Backups").name("my backups").file_systems([]).build(s);
    });
    assert_snapshot!(found, @"
    error[DC172]: `my backups` is not a vault's name
      at Test/Backups.name (constructs/tests/it/costs_and_backups.rs:)

    hint: use 2 to 50 letters, digits and hyphens

    error[DC173]: the plan backs up nothing
      at Test/Backups.file_systems (constructs/tests/it/costs_and_backups.rs:)

    hint: name a file system
    ");
}
