//! The acceptance rows that the two stacks show; each test names its rows.

use serde_json::{Value, json};

use crate::support::{collected, portable, settings, synth, templates};

#[test]
fn the_network_is_that_of_the_seed() {
    // R008, R018 to R026, R029 to R031, R254 to R258, C-01
    let prod = templates("prod", json!({}));
    assert_eq!(prod.properties("Vpc")["CidrBlock"], "10.0.0.0/16");
    assert_eq!(prod.properties("Vpc")["Tags"], json!([{"Key": "Name", "Value": "docuthinker-vpc"}]));
    let blocks = ["VpcPublicSubnet1", "VpcPublicSubnet2", "VpcPrivateSubnet1", "VpcPrivateSubnet2"]
        .map(|id| prod.properties(id)["CidrBlock"].as_str().expect("a block"));
    assert_eq!(blocks, ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "10.0.4.0/24"]);
    assert_eq!(
        prod.properties("VpcPublicSubnet1")["AvailabilityZone"],
        json!({"Fn::Sub": "${AWS::Region}a"})
    );
    assert_eq!((prod.count("AWS::EC2::NatGateway"), prod.count("AWS::EC2::InternetGateway")), (2, 1));
    assert_eq!(prod.count("AWS::EC2::VPCGatewayAttachment"), 1);
    let private = json!([{"Ref": "VpcPrivateSubnet1"}, {"Ref": "VpcPrivateSubnet2"}]);
    for service in ["BackendService", "AiMlService"] {
        assert_eq!(
            prod.properties(service)["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"],
            private
        );
    }
}

#[test]
fn development_saves_the_nat_gateways() {
    // R061, R145, R204, R282, C-01, C-15
    let dev = templates("dev", json!({}));
    assert_eq!(dev.count("AWS::EC2::NatGateway"), 0);
    let network = &dev.properties("BackendService")["NetworkConfiguration"]["AwsvpcConfiguration"];
    assert_eq!(network["AssignPublicIp"], "ENABLED");
    let target = dev.properties("BackendScalableTarget");
    assert_eq!((&target["MinCapacity"], &target["MaxCapacity"]), (&json!(1), &json!(4)));
    assert_eq!(dev.properties("BackendLogs")["RetentionInDays"], 7);
}

#[test]
fn the_security_groups_let_in_what_the_seed_says() {
    // R032 to R035, R037, R259, C-03
    let prod = templates("prod", json!({}));
    let ports = |id: &str| (prod.properties(id)["FromPort"].clone(), prod.properties(id)["CidrIp"].clone());
    assert_eq!(ports("AlbSecurityGroupFromAnywherePort80"), (json!(80), json!("0.0.0.0/0")));
    assert_eq!(ports("AlbSecurityGroupFromAnywherePort8080"), (json!(8080), json!("0.0.0.0/0")));
    assert_eq!(ports("BackendSecurityGroupFromAlbSecurityGroupPort5000"), (json!(5000), Value::Null));
    assert_eq!(ports("AiMlSecurityGroupFromAlbSecurityGroupPort8000"), (json!(8000), Value::Null));
}

#[test]
fn the_services_are_those_of_the_seed() {
    // R003, R038, R041 to R060, R143, R144, R158, R261 to R263, R265, R276, R277
    let prod = templates("prod", json!({}));
    assert_eq!(prod.properties("Cluster")["ClusterName"], "docuthinker-cluster");
    let insights = json!([{"Name": "containerInsights", "Value": "enhanced"}]);
    assert_eq!(prod.properties("Cluster")["ClusterSettings"], insights);
    for (id, family, container, port, service) in [
        ("Backend", "docuthinker-backend", "backend", 5000, "backend-service"),
        ("AiMl", "docuthinker-ai-ml", "ai-ml", 8000, "aiml-service"),
    ] {
        let task = prod.properties(&format!("{id}TaskDefinition"));
        assert_eq!((&task["Cpu"], &task["Memory"]), (&json!("512"), &json!("1024")));
        assert_eq!(
            (&task["NetworkMode"], &task["RequiresCompatibilities"]),
            (&json!("awsvpc"), &json!(["FARGATE"]))
        );
        assert_eq!(task["Family"], family);
        assert_ne!(task["ExecutionRoleArn"], task["TaskRoleArn"], "R050");
        let app = &task["ContainerDefinitions"][0];
        assert_eq!(
            (&app["Name"], &app["PortMappings"][0]["ContainerPort"]),
            (&json!(container), &json!(port))
        );
        assert_eq!(app["LogConfiguration"]["Options"]["awslogs-stream-prefix"], "ecs");
        let logs = prod.properties(&format!("{id}Logs"));
        assert_eq!(
            (&logs["LogGroupName"], &logs["RetentionInDays"]),
            (&json!(format!("/ecs/{family}")), &json!(30))
        );
        assert_eq!(prod.properties(&format!("{id}Service"))["ServiceName"], service);
        assert_eq!(prod.properties(&format!("{id}Service"))["LaunchType"], "FARGATE");
    }
}

#[test]
fn the_front_door_is_that_of_the_seed() {
    // R071 to R077, R079, R081, R271, R272, R274, C-02, C-05
    let prod = templates("prod", json!({}));
    let alb = prod.properties("Alb");
    assert_eq!(
        (&alb["Name"], &alb["Scheme"], &alb["Type"]),
        (&json!("docuthinker-alb"), &json!("internet-facing"), &json!("application"))
    );
    assert_eq!(prod.count("AWS::ElasticLoadBalancingV2::LoadBalancer"), 1);
    for (id, name, port) in [("BackendTargetGroup", "backend-tg", 5000), ("AiMlTargetGroup", "aiml-tg", 8000)]
    {
        let group = prod.properties(id);
        assert_eq!(
            (&group["Name"], &group["Port"], &group["TargetType"]),
            (&json!(name), &json!(port), &json!("ip"))
        );
        assert_eq!(
            (&group["HealthCheckPath"], &group["Matcher"]["HttpCode"]),
            (&json!("/health"), &json!("200"))
        );
        assert_eq!(
            group["TargetGroupAttributes"][0],
            json!({"Key": "deregistration_delay.timeout_seconds", "Value": "30"})
        );
    }
}

#[test]
fn with_a_certificate_everything_is_encrypted() {
    // R078, R083, R273, C-38
    let arn = "arn:aws:acm:us-east-1:123456789012:certificate/1";
    let prod = templates("prod", json!({"load_balancer": {"certificate_arn": arn}}));
    assert_eq!(
        prod.properties("AlbListener80")["DefaultActions"][0]["RedirectConfig"]["StatusCode"],
        "HTTP_301"
    );
    for id in ["AlbListener443", "AlbListener8080"] {
        assert_eq!(prod.properties(id)["Certificates"], json!([{"CertificateArn": arn}]));
    }
    assert_eq!(
        prod.output("DocuThinkerStack", "BackendURL")["Value"],
        json!({"Fn::Sub": "https://${Alb.DNSName}"})
    );
}

#[test]
fn the_repositories_are_those_of_the_seed() {
    // R084 to R087, R246, C-36; the seed's own encryption is that of an environment without a key
    let prod = templates("prod", json!({"customer_key": false}));
    for (id, name) in [("BackendRepository", "docuthinker-backend"), ("AiMlRepository", "docuthinker-ai-ml")]
    {
        let repository = prod.properties(id);
        assert_eq!(repository["RepositoryName"], name);
        assert_eq!(repository["ImageScanningConfiguration"]["ScanOnPush"], true);
        assert_eq!(repository["EncryptionConfiguration"]["EncryptionType"], "AES256");
        let policy = repository["LifecyclePolicy"]["LifecyclePolicyText"].as_str().expect("text");
        let policy: Value = serde_json::from_str(policy).expect("JSON");
        let rule = &policy["rules"][0];
        assert_eq!(
            rule["selection"],
            json!({"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10})
        );
    }
}

#[test]
fn there_is_one_secret_for_each_credential() {
    // R098 to R105, C-06
    let prod = templates("prod", json!({}));
    for name in ["OpenAi", "Anthropic", "Google", "Neo4j", "Chroma", "MongoDb", "Redis"] {
        let secret = prod.properties(&format!("{name}Secret"));
        assert_eq!(secret["Name"], format!("docuthinker/{}", name.to_lowercase()));
        assert!(secret.get("SecretString").is_none(), "F21");
    }
    assert_eq!(prod.count("AWS::SecretsManager::Secret"), 7);
}

#[test]
fn each_service_gets_its_variables_and_no_more() {
    // R114 to R124, C-07, C-09
    let prod =
        templates("prod", json!({"backend": {"environment": {"LOG_LEVEL": "debug", "NODE_ENV": "test"}}}));
    let names = |id: &str, list: &str| -> Vec<String> {
        let items = prod.properties(id)["ContainerDefinitions"][0][list].as_array().expect("a list");
        items.iter().map(|item| item["Name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names("BackendTaskDefinition", "Environment"), ["PORT", "LOG_LEVEL", "NODE_ENV"]);
    assert_eq!(
        names("BackendTaskDefinition", "Secrets"),
        ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "MONGODB_URI", "REDIS_URL"]
    );
    assert_eq!(
        names("AiMlTaskDefinition", "Environment"),
        ["PORT", "DOCUTHINKER_SYNC_GRAPH", "DOCUTHINKER_SYNC_VECTOR", "DOCUTHINKER_CHROMA_DIR"]
    );
    assert_eq!(
        names("AiMlTaskDefinition", "Secrets"),
        ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "DOCUTHINKER_NEO4J_URI"]
    );
    let plain = templates("prod", json!({"sync": {"graph": false, "vector": false}}));
    let container = &plain.properties("AiMlTaskDefinition")["ContainerDefinitions"][0];
    assert_eq!(container["Environment"].as_array().map(Vec::len), Some(1));
    assert_eq!(plain.count("AWS::EFS::FileSystem"), 0);
}

#[test]
fn the_vector_store_outlives_its_tasks() {
    // R005, R017
    let prod = templates("prod", json!({}));
    assert_eq!(prod.properties("Chroma")["Encrypted"], true);
    let mount = &prod.properties("AiMlTaskDefinition")["ContainerDefinitions"][0]["MountPoints"][0];
    assert_eq!(mount["ContainerPath"], "/mnt/efs/chroma");
}

#[test]
fn both_services_scale_on_three_measures() {
    // R007, R203, R205 to R207, R210, R283, C-16
    let prod = templates("prod", json!({}));
    for service in ["Backend", "AiMl"] {
        for (policy, value) in [("CpuScaling", 70), ("MemoryScaling", 80), ("RequestScaling", 1000)] {
            let tracking =
                &prod.properties(&format!("{service}{policy}"))["TargetTrackingScalingPolicyConfiguration"];
            assert_eq!(tracking["TargetValue"], value);
            assert_eq!(
                (&tracking["ScaleInCooldown"], &tracking["ScaleOutCooldown"]),
                (&json!(300), &json!(60))
            );
        }
    }
}

#[test]
fn the_outputs_are_those_of_the_seed() {
    // R240 to R242
    let prod = templates("prod", json!({}));
    let output = |name: &str| prod.output("DocuThinkerStack", name)["Value"].clone();
    assert_eq!(output("BackendURL"), json!({"Fn::Sub": "http://${Alb.DNSName}"}));
    assert_eq!(output("AIMLURL"), json!({"Fn::Sub": "http://${Alb.DNSName}:8080"}));
    assert_eq!(output("ClusterName"), json!({"Ref": "Cluster"}));
}

#[test]
fn the_second_region_is_the_same_architecture() {
    // R006, R213, R214
    let dr = synth(&settings("dr", json!({})));
    assert!(dr.stacks.iter().all(|stack| stack.region.as_deref() == Some("us-west-2")));
    let prod = synth(&settings("prod", json!({})));
    for (here, there) in prod.stacks.iter().zip(&dr.stacks) {
        assert_eq!(here.template, there.template, "the region is nowhere in a template");
    }
}

#[test]
fn vertical_sizes_are_settings() {
    // R066, R067
    let sized = templates(
        "prod",
        json!({"backend": {"cpu": 1024, "memory": 2048}, "ai_ml": {"cpu": 256, "memory": 512}}),
    );
    assert_eq!(sized.properties("BackendTaskDefinition")["Memory"], "2048");
    assert_eq!(sized.properties("AiMlTaskDefinition")["Cpu"], "256");
}

#[test]
fn the_portable_template_keeps_its_parameters_and_works_alone() {
    // R127 to R139
    let portable = collected(&portable());
    let template = &portable.0["fargate-service"];
    let parameters = template["Parameters"].as_object().expect("parameters");
    let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "VpcId",
            "PublicSubnets",
            "ClusterName",
            "BackendImage",
            "AIMLImage",
            "ContainerPort",
            "AIMLPort",
            "DesiredCount",
            "CPU",
            "Memory",
            "SecretsPrefix"
        ]
    );
    let defaults =
        ["ClusterName", "ContainerPort", "AIMLPort", "DesiredCount", "CPU", "Memory", "SecretsPrefix"]
            .map(|name| parameters[name]["Default"].clone());
    assert_eq!(
        defaults,
        [
            json!("docuthinker-cluster"),
            json!(5000),
            json!(8000),
            json!(2),
            json!(512),
            json!(1024),
            json!("docuthinker")
        ]
    );
    for id in [
        "Cluster",
        "BackendTaskDefinition",
        "AIMLTaskDefinition",
        "BackendTaskRole",
        "BackendService",
        "AIMLService",
    ] {
        assert!(!template["Resources"][id].is_null(), "the seed's name `{id}`");
    }
    for service in ["BackendService", "AIMLService"] {
        assert_eq!(portable.properties(service)["LoadBalancers"].as_array().map(Vec::len), Some(1));
        assert_ne!(
            portable.properties(service)["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"],
            json!([]),
            "F07"
        );
    }
    assert_eq!(template["Outputs"]["ClusterName"]["Export"]["Name"], "DocuThinkerCluster");
}
