//! Managed databases: where they stand, how they are protected, and who reaches them.

use constructs::{
    Cache, DocumentDb, Key, Nat, Neptune, RemovalPolicy, Role, Scope, SecurityGroup, Tier, Vpc, cidr,
};
use insta::assert_snapshot;
use serde_json::json;

use crate::{diagnostics, resource, template};

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

fn properties(id: &str, build: impl FnOnce(&mut Scope<'_>)) -> serde_json::Value {
    serde_json::to_value(&template(build).resources[id].properties).expect("properties are JSON")
}

/// All three, each reached by the group `App`.
fn all(s: &mut Scope<'_>) {
    let vpc = vpc(s);
    let key = Key::named("Key").build(s);
    key.allow_logs(s, ["*"]);
    let app = SecurityGroup::named("App").vpc(&vpc).description("tasks").build(s);
    DocumentDb::named("Documents").vpc(&vpc).key(key).build(s).allow_from(s, &app);
    Cache::named("Cache").vpc(&vpc).key(key).build(s).allow_from(s, &app);
    let graph = Neptune::named("Graph").vpc(&vpc).key(key).build(s);
    graph.allow_from(s, &app);
    let role = Role::named("Role").assumed_by("ecs-tasks.amazonaws.com").build(s);
    graph.grant_query(s, role);
}

#[test]
fn a_document_database_is_encrypted_logged_and_protected() {
    // R014, CKV_AWS_74, CKV_AWS_85, CKV_AWS_90, CKV_AWS_104, AwsSolutions-DOC1, DOC3 to DOC5
    assert_snapshot!(resource("Documents", all), @r#"
    Documents:
      Type: AWS::DocDB::DBCluster
      DeletionPolicy: Snapshot
      UpdateReplacePolicy: Snapshot
      Properties:
        BackupRetentionPeriod: 7
        CopyTagsToSnapshot: true
        DBClusterParameterGroupName: !Ref DocumentsParameters
        DBSubnetGroupName: !Ref DocumentsSubnets
        DeletionProtection: true
        EnableCloudwatchLogsExports:
          - audit
          - profiler
        EngineVersion: "5.0.0"
        KmsKeyId: !GetAtt Key.Arn
        ManageMasterUserPassword: true
        MasterUserSecretKmsKeyId: !GetAtt Key.Arn
        MasterUsername: docuthinker
        Port: 27017
        StorageEncrypted: true
        VpcSecurityGroupIds:
          - !GetAtt DocumentsSecurityGroup.GroupId
    "#);
    assert_snapshot!(resource("DocumentsParameters", all), @"
    DocumentsParameters:
      Type: AWS::DocDB::DBClusterParameterGroup
      Properties:
        Description: TLS and logs of Documents
        Family: docdb5.0
        Parameters:
          tls: enabled
          audit_logs: enabled
          profiler: enabled
    ");
    assert_eq!(
        properties("DocumentsSubnets", all)["SubnetIds"],
        json!([{"Ref": "VpcPrivateSubnet1"}, {"Ref": "VpcPrivateSubnet2"}])
    );
}

#[test]
fn a_cache_is_encrypted_and_takes_over_from_a_node_that_fails() {
    // R015, CKV_AWS_29 to CKV_AWS_31, AwsSolutions-AEC3, AEC4, AEC6
    assert_snapshot!(resource("Cache", all), @r#"
    Cache:
      Type: AWS::ElastiCache::ReplicationGroup
      DeletionPolicy: Snapshot
      UpdateReplacePolicy: Snapshot
      Properties:
        ReplicationGroupDescription: cache Cache
        AtRestEncryptionEnabled: true
        AuthToken: !Sub "{{resolve:secretsmanager:${CachePassword}}}"
        AutoMinorVersionUpgrade: true
        AutomaticFailoverEnabled: true
        CacheNodeType: cache.t4g.micro
        CacheSubnetGroupName: !Ref CacheSubnets
        Engine: valkey
        EngineVersion: "8.0"
        KmsKeyId: !GetAtt Key.Arn
        LogDeliveryConfigurations:
          - DestinationDetails:
              CloudWatchLogsDetails:
                LogGroup: !Ref CacheLogs
            DestinationType: cloudwatch-logs
            LogFormat: json
            LogType: engine-log
          - DestinationDetails:
              CloudWatchLogsDetails:
                LogGroup: !Ref CacheLogs
            DestinationType: cloudwatch-logs
            LogFormat: json
            LogType: slow-log
        MultiAZEnabled: true
        NumCacheClusters: 2
        Port: 6379
        SecurityGroupIds:
          - !GetAtt CacheSecurityGroup.GroupId
        SnapshotRetentionLimit: 7
        TransitEncryptionEnabled: true
        TransitEncryptionMode: required
    "#);
    assert_snapshot!(resource("CachePassword", all), @"
    CachePassword:
      Type: AWS::SecretsManager::Secret
      DeletionPolicy: Delete
      UpdateReplacePolicy: Delete
      Properties:
        Description: Password of the cache Cache
        GenerateSecretString:
          ExcludePunctuation: true
          PasswordLength: 64
        KmsKeyId: !GetAtt Key.Arn
    ");
    let single = properties("Cache", |s| {
        let vpc = vpc(s);
        Cache::named("Cache").vpc(&vpc).nodes(1).build(s);
    });
    assert_eq!(
        (&single["AutomaticFailoverEnabled"], &single["MultiAZEnabled"]),
        (&json!(false), &json!(false))
    );
}

#[test]
fn a_graph_database_asks_iam_who_may_query() {
    // R016, CKV_AWS_44, CKV_AWS_101, AwsSolutions-N1 to N5
    assert_snapshot!(resource("Graph", all), @r#"
    Graph:
      Type: AWS::Neptune::DBCluster
      DeletionPolicy: Snapshot
      UpdateReplacePolicy: Snapshot
      Properties:
        BackupRetentionPeriod: 7
        CopyTagsToSnapshot: true
        DBClusterParameterGroupName: !Ref GraphParameters
        DBPort: 8182
        DBSubnetGroupName: !Ref GraphSubnets
        DeletionProtection: true
        EnableCloudwatchLogsExports:
          - audit
        EngineVersion: "1.4.5.1"
        IamAuthEnabled: true
        KmsKeyId: !GetAtt Key.Arn
        StorageEncrypted: true
        VpcSecurityGroupIds:
          - !GetAtt GraphSecurityGroup.GroupId
    "#);
    let statement = &properties("Role", all)["Policies"][0]["PolicyDocument"]["Statement"][0];
    assert_eq!(
        statement["Resource"],
        json!({"Fn::Sub": "arn:${AWS::Partition}:neptune-db:${AWS::Region}:${AWS::AccountId}:${Graph.ClusterResourceId}/*"})
    );
}

#[test]
fn only_who_is_named_reaches_a_database() {
    // R036
    let template = template(all);
    for (group, port) in
        [("DocumentsSecurityGroup", 27017), ("CacheSecurityGroup", 6379), ("GraphSecurityGroup", 8182)]
    {
        let id = format!("{group}FromAppPort{port}");
        let rule = serde_json::to_value(&template.resources[&*id].properties).expect("JSON");
        assert_eq!(rule["SourceSecurityGroupId"], json!({"Fn::GetAtt": ["App", "GroupId"]}));
        assert_eq!((&rule["FromPort"], &rule["ToPort"]), (&json!(port), &json!(port)));
        let rules = template.resources.keys().filter(|id| id.starts_with(&format!("{group}From"))).count();
        assert_eq!(rules, 1, "{group}");
    }
}

#[test]
fn the_templates_of_databases_are_without_findings() {
    let findings: Vec<String> = template(all)
        .check()
        .iter()
        .map(|finding| format!("{}: {}", finding.path, finding.message))
        .collect();
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn a_database_needs_private_subnets_and_sizes_that_exist() {
    assert_snapshot!(diagnostics(|s| {
        let public = Vpc::named("Vpc")
            .cidr(cidr!("10.0.0.0/16"))
            .tiers([Tier::public([cidr!("10.0.1.0/24"), cidr!("10.0.2.0/24")])])
            .build(s);
        DocumentDb::named("Documents")
            .vpc(&public)
            .instance_class("t4g.medium")
            .instances(17)
            .backup_retention_days(0)
            .removal_policy(RemovalPolicy::Delete)
            .build(s);
    }), @"
    error[DC150]: the database has no two private subnets to stand in
      at Test/Documents.vpc (constructs/tests/it/databases.rs:)

    hint: give the network a private or isolated tier in two zones

    error[DC151]: `t4g.medium` is not a class of instances
      at Test/Documents.instance_class (constructs/tests/it/databases.rs:)

    hint: it looks like `db.t4g.medium`

    error[DC152]: the database cannot have 17 instances
      at Test/Documents.instances (constructs/tests/it/databases.rs:)

    hint: choose 1 to 16; with 2 the loss of one, or of its zone, is survived

    error[DC153]: backups cannot be kept for 0 days
      at Test/Documents.backup_retention_days (constructs/tests/it/databases.rs:)

    hint: choose 1 to 35 days
    ");
    let cache = diagnostics(|s| {
        let vpc = vpc(s);
        Cache::named("Cache").vpc(&vpc).node_type("db.t4g.medium").nodes(0).build(s);
        Neptune::named("Graph").vpc(&vpc).instances(0).backup_retention_days(36).build(s);
    });
    assert_eq!(cache.matches("error[").count(), 4, "{cache}");
    for argument in ["Cache.node_type", "Cache.nodes", "Graph.instances", "Graph.backup_retention_days"] {
        assert_eq!(cache.matches(&format!("at Test/{argument} ")).count(), 1, "{argument}: {cache}");
    }
}
