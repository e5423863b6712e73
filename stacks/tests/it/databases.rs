//! Databases that the stack makes, and the group for those that it does not.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{refused, templates};

#[test]
fn databases_are_outside_unless_the_stack_is_to_make_them() {
    // R004, R014 to R016
    let prod = templates("prod", json!({}));
    for type_name in
        ["AWS::DocDB::DBCluster", "AWS::ElastiCache::ReplicationGroup", "AWS::Neptune::DBCluster"]
    {
        assert_eq!(prod.count(type_name), 0);
    }
    let all =
        templates("prod", json!({"data": {"document_db": {}, "redis": {}, "neptune": {"instances": 3}}}));
    assert_eq!((all.count("AWS::DocDB::DBInstance"), all.count("AWS::Neptune::DBInstance")), (2, 3));
    let key = json!({"Fn::ImportValue": "DocuThinkerFoundation:Key:Arn"});
    for id in ["DocumentDb", "Redis", "Neptune"] {
        assert_eq!(all.properties(id)["KmsKeyId"], key, "{id}");
        assert_eq!(all.0["DocuThinkerStack"]["Resources"][id]["DeletionPolicy"], "Snapshot", "{id}");
    }
    assert_eq!(all.properties("DocumentDb")["DeletionProtection"], true);
    for output in ["DocumentDbEndpoint", "RedisEndpoint", "RedisPassword", "NeptuneEndpoint"] {
        assert!(!all.output("DocuThinkerStack", output).is_null(), "{output}");
    }
    let graph = all.properties("AiMlTaskRole").to_string();
    assert!(graph.contains("neptune-db:ReadDataViaQuery"), "{graph}");
}

#[test]
fn both_services_reach_the_databases_and_nobody_else() {
    // R036
    let all =
        templates("prod", json!({"data": {"document_db": {}, "security_group": {"ports": [27017, 7687]}}}));
    let rules: Vec<&str> = all.0["DocuThinkerStack"]["Resources"]
        .as_object()
        .expect("resources")
        .keys()
        .map(String::as_str)
        .filter(|id| {
            id.starts_with("DatabaseSecurityGroupFrom") || id.starts_with("DocumentDbSecurityGroupFrom")
        })
        .collect();
    assert_snapshot!(rules.join("\n"), @"
    DocumentDbSecurityGroupFromBackendSecurityGroupPort27017
    DocumentDbSecurityGroupFromAiMlSecurityGroupPort27017
    DatabaseSecurityGroupFromBackendSecurityGroupPort27017
    DatabaseSecurityGroupFromAiMlSecurityGroupPort27017
    DatabaseSecurityGroupFromBackendSecurityGroupPort7687
    DatabaseSecurityGroupFromAiMlSecurityGroupPort7687
    ");
    assert!(!all.output("DocuThinkerStack", "DatabaseSecurityGroup").is_null());
}

#[test]
fn staging_deletes_its_databases_with_the_stack() {
    let staging = templates("staging", json!({"data": {"document_db": {"instances": 1}}}));
    assert_eq!(staging.0["DocuThinkerStack"]["Resources"]["DocumentDb"]["DeletionPolicy"], "Delete");
    assert_eq!(staging.properties("DocumentDb")["DeletionProtection"], false);
}

#[test]
fn a_database_that_cannot_be_is_refused_with_its_key() {
    assert_snapshot!(refused(json!({
        "network": {"mode": "public"},
        "data": {
            "document_db": {"instance_class": "t4g.medium", "instances": 0},
            "redis": {"nodes": 7},
            "neptune": {"backup_retention_days": 36},
            "security_group": {"ports": []},
        },
    })), @"
    error[DC010]: `t4g.medium` is not a class of instances
      at settings.data.document_db.instance_class

    hint: it looks like `db.t4g.medium`

    error[DC010]: `data.document_db.instances` is 0
      at settings.data.document_db.instances

    hint: choose 1 to 16

    error[DC010]: `data.document_db` needs private subnets, but `network.mode` is public
      at settings.data.document_db

    hint: set `network.mode` to private, or keep the database outside and its address in the secret

    error[DC010]: `data.redis.nodes` is 7
      at settings.data.redis.nodes

    hint: choose 1 to 6

    error[DC010]: `data.redis` needs private subnets, but `network.mode` is public
      at settings.data.redis

    hint: set `network.mode` to private, or keep the database outside and its address in the secret

    error[DC010]: `data.neptune.backup_retention_days` is 36
      at settings.data.neptune.backup_retention_days

    hint: choose 1 to 35

    error[DC010]: `data.neptune` needs private subnets, but `network.mode` is public
      at settings.data.neptune

    hint: set `network.mode` to private, or keep the database outside and its address in the secret

    error[DC010]: the security group for databases lets in no port
      at settings.data.security_group.ports

    hint: name the databases' ports: [27017, 6379]
    ");
    let existing = json!({"vpc_id": "vpc-1", "public_subnets": ["s-1", "s-2"], "private_subnets": ["s-3"]});
    assert_snapshot!(refused(json!({"network": {"existing": existing}, "data": {"redis": {}}})), @"
    error[DC010]: `data.redis` needs private subnets in two zones, but `network.existing.private_subnets` names 1
      at settings.data.redis

    hint: name two, each in a zone of its own
    ");
    assert_snapshot!(refused(json!({"data": {"security_group": {"ports": [0, 6379]}}})), @"
    error[DC010]: 0 is not a port
      at settings.data.security_group.ports[0]

    hint: a port is a number from 1 to 65535
    ");
}
