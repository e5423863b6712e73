//! What the seed's lists of best practices ask for and no other file shows.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Templates, refused, templates};

/// The statements of a role's policy.
fn allowed<'a>(stack: &'a Templates, role: &str, policy: &str) -> &'a Value {
    let policies = stack.properties(role)["Policies"].as_array().expect("policies");
    let found = policies.iter().find(|it| it["PolicyName"] == policy);
    &found.unwrap_or_else(|| panic!("{role} has no policy {policy}"))["PolicyDocument"]["Statement"]
}

fn import(name: &str) -> Value {
    json!({"Fn::ImportValue": format!("DocuThinkerFoundation:{name}")})
}

#[test]
fn an_execution_role_writes_to_its_own_log_and_reads_its_own_secrets() {
    // R009, R167 to R169, R177, C-10
    let prod = templates("prod", json!({}));
    for (role, logs, secrets) in [
        (
            "BackendExecutionRole",
            "BackendLogs",
            ["OpenAi", "Anthropic", "Google", "MongoDb", "Redis"].as_slice(),
        ),
        ("AiMlExecutionRole", "AiMlLogs", ["OpenAi", "Anthropic", "Google", "Neo4j"].as_slice()),
    ] {
        let write = &allowed(&prod, role, "Logs")[0];
        assert_eq!(write["Action"], json!(["logs:CreateLogStream", "logs:PutLogEvents"]));
        assert_eq!(write["Resource"], json!({"Fn::GetAtt": [logs, "Arn"]}));
        let read = &allowed(&prod, role, "SecretsAccess")[0];
        assert_eq!(read["Action"], "secretsmanager:GetSecretValue");
        let own: Vec<Value> = secrets.iter().map(|name| import(&format!("{name}Secret"))).collect();
        assert_eq!(read["Resource"], json!(own));
        // AWS's own policy for this role allows pulling from every repository and writing to every log.
        assert!(prod.properties(role).get("ManagedPolicyArns").is_none());
    }
}

#[test]
fn tasks_stand_in_private_subnets_and_go_out_through_their_own_zone() {
    // R028, R179, R180, R356, C-01
    let prod = templates("prod", json!({}));
    for service in ["BackendService", "AiMlService"] {
        let network = &prod.properties(service)["NetworkConfiguration"]["AwsvpcConfiguration"];
        assert_eq!(network["AssignPublicIp"], "DISABLED");
        assert_eq!(network["Subnets"], json!([{"Ref": "VpcPrivateSubnet1"}, {"Ref": "VpcPrivateSubnet2"}]));
    }
    for zone in [1, 2] {
        let route = prod.properties(&format!("VpcPrivateRoute{zone}"));
        assert_eq!(route["NatGatewayId"], json!({"Ref": format!("VpcNatGateway{zone}")}));
    }
}

#[test]
fn what_rests_is_encrypted_and_with_a_domain_what_moves_too() {
    // R186
    let domain = json!({"name": "api.docuthinker.ai", "hosted_zone_id": "Z0123456789ABCDEFGHIJ"});
    let prod = templates("prod", json!({"domain": domain}));
    let key = import("Key:Arn");
    for id in ["BackendLogs", "AiMlLogs", "WafLogs", "FlowLogLogGroup", "Chroma"] {
        assert_eq!(prod.properties(id)["KmsKeyId"], key, "{id}");
    }
    for id in ["BackendRepository", "AiMlRepository"] {
        assert_eq!(prod.properties(id)["EncryptionConfiguration"]["EncryptionType"], "KMS");
    }
    assert!(
        prod.properties("AccessLogs")["BucketEncryption"].is_object(),
        "the key of S3: nothing else is offered"
    );
    assert_eq!(prod.properties("AlbListener443")["Protocol"], "HTTPS");
    assert_eq!(prod.properties("AlbListener80")["DefaultActions"][0]["Type"], "redirect");
    let volume = &prod.properties("AiMlTaskDefinition")["Volumes"][0]["EFSVolumeConfiguration"];
    assert_eq!(volume["TransitEncryption"], "ENABLED");
}

#[test]
fn containers_are_hardened_and_stop_in_order() {
    // R350, R352 to R354, R359, C-21
    let prod = templates("prod", json!({}));
    for service in ["Backend", "AiMl"] {
        let container = &prod.properties(&format!("{service}TaskDefinition"))["ContainerDefinitions"][0];
        assert_eq!((&container["User"], &container["StopTimeout"]), (&json!("1000:1000"), &json!(30)));
        assert_eq!(container["ReadonlyRootFilesystem"], true, "F52");
        assert_eq!(container["LinuxParameters"]["InitProcessEnabled"], true, "signals reach the application");
        let group = prod.properties(&format!("{service}TargetGroup"));
        assert_eq!(
            group["TargetGroupAttributes"][0]["Value"], "30",
            "it takes no new requests before it stops"
        );
        let repository = prod.properties(&format!("{service}Repository"));
        assert_eq!(repository["ImageScanningConfiguration"]["ScanOnPush"], true);
    }
    assert_eq!(prod.properties("Cluster")["ClusterSettings"][0]["Value"], "enhanced");
    let days =
        |environment| templates(environment, json!({})).properties("BackendLogs")["RetentionInDays"].clone();
    assert_eq!(["prod", "staging", "dev"].map(days), [30, 7, 7]);
    let health =
        templates("prod", json!({"backend": {"health_command": "curl -f http://localhost:5000/health"}}));
    let container = &health.properties("BackendTaskDefinition")["ContainerDefinitions"][0];
    assert_eq!(container["HealthCheck"]["Command"][1], "curl -f http://localhost:5000/health");
}

#[test]
fn only_the_free_endpoint_is_there_unless_others_are_asked_for() {
    // R181, R260, C-30
    let endpoint = "AWS::EC2::VPCEndpoint";
    assert_eq!(templates("prod", json!({})).count(endpoint), 1);
    let more = json!({"network": {"interface_endpoints": ["ecr_api", "ecr_dkr", "logs", "secrets_manager"]}});
    assert_eq!(templates("prod", more).count(endpoint), 5);
}

#[test]
fn an_image_that_nobody_can_name_again_is_deployed_only_on_purpose() {
    // R349, C-11
    assert_snapshot!(refused(json!({"backend": {"image": "latest"}})), @"
    error[DC010]: `latest` says nothing about what is deployed
      at settings.backend.image

    hint: name a version or a digest, or set `images.allow_latest`
    ");
}

#[test]
fn traces_and_rotation_are_settings() {
    // R108, R159, R355, R360
    let rotation = json!({
        "lambda_arn": "arn:aws:lambda:us-east-1:123456789012:function:rotate",
        "days": 30,
        "secrets": ["mongodb"],
    });
    let prod = templates("prod", json!({"cluster": {"tracing": "adot"}, "secrets": {"rotation": rotation}}));
    let containers = &prod.properties("BackendTaskDefinition")["ContainerDefinitions"];
    assert_eq!(containers.as_array().map(Vec::len), Some(2));
    assert_eq!(prod.properties("MongoDbSecretRotation")["RotationRules"]["AutomaticallyAfterDays"], 30);
    assert_eq!(templates("prod", json!({})).count("AWS::SecretsManager::RotationSchedule"), 0);
}

#[test]
fn a_vector_store_elsewhere_is_found_by_its_secret() {
    // R103, R124, C-07
    let elsewhere = json!({"sync": {"chroma_secret": true, "chroma_dir": null}});
    let prod = templates("prod", elsewhere);
    assert_eq!(prod.count("AWS::EFS::FileSystem"), 0);
    let container = &prod.properties("AiMlTaskDefinition")["ContainerDefinitions"][0];
    let expected = json!({"Name": "DOCUTHINKER_CHROMA_DIR", "ValueFrom": import("ChromaSecret")});
    assert!(container["Secrets"].as_array().expect("secrets").contains(&expected), "{container}");
    assert!(container.get("MountPoints").is_none());
}

#[test]
fn what_only_files_have_is_refused_where_there_are_none() {
    // R125
    let none = json!({
        "sync": {"vector": false},
        "replication": {"region": "us-west-2", "files": true},
        "watch": {"backup": {"retention_days": 7}},
    });
    assert_snapshot!(refused(none), @"
    error[DC010]: `replication.files` is for the files of the vector store, but `sync.vector` is off
      at settings.replication.files

    hint: leave it out: the stack keeps no files

    error[DC010]: `watch.backup` is for the files of the vector store, but `sync.vector` is off
      at settings.watch.backup

    hint: leave it out: the stack keeps no files
    ");
    assert_snapshot!(refused(json!({"sync": {"chroma_secret": true}})), @"
    error[DC010]: `sync.chroma_secret` and `sync.chroma_dir` both say where the vector store is
      at settings.sync.chroma_secret

    hint: set `sync.chroma_dir` to null, or `sync.chroma_secret` to false
    ");
}
