//! Deploying, changing, failing and destroying, end to end against the emulator.

use std::fs::File;
use std::path::Path;

use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::project::Project;

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The field `name` of every object in the list.
fn names<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let mut names: Vec<&str> =
        list.as_array().into_iter().flatten().filter_map(|row| row[name].as_str()).collect();
    names.sort_unstable();
    names
}

const ALL: [&str; 4] = ["deploy", "--all", "--local", "--yes"];

/// R001, R227, R228, R232, R234 to R236
#[test]
fn what_is_deployed_exists_and_deploying_again_changes_nothing() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let first = project.run(ALL.iter().chain(&["--outputs-file", "outputs.json"]));
    assert_eq!(first.code, Some(0), "{first}");
    assert!(first.stdout.contains("DocuThinkerStack.BackendURL = http://"), "{first}");
    let (foundation, stack) = (
        first.stderr.find("DocuThinkerFoundation is deployed"),
        first.stderr.find("DocuThinkerStack is deployed"),
    );
    assert!(foundation.is_some() && foundation < stack, "dependencies come first: {first}");
    let outputs: Value = serde_json::from_str(&project.read("outputs.json")).unwrap();
    assert!(outputs["DocuThinkerStack"]["AIMLURL"].is_string(), "{outputs}");

    everything_exists(&emulator);

    let again = project.run(ALL);
    assert_eq!(again.code, Some(0), "{again}");
    assert!(again.stderr.contains("DocuThinkerStack has no changes"), "{again}");
    assert_eq!(again.stdout, first.stdout);
    assert_eq!(project.run(["outputs", "--local"]).success(), first.stdout);
    let shown = project.run(["outputs", "--local", "DocuThinkerStack", "--output", "json"]).json();
    assert_eq!(shown["stacks"][0]["deployed"], true);
    programs_read_every_line(project);
}

/// With `--output json`, stdout is one object and each line of stderr is one.
fn programs_read_every_line(project: &Project) {
    let again = project.run(ALL.iter().chain(&["--output", "json"]));
    for line in again.stderr.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(event["version"], 1, "{line}");
    }
    let result = again.json();
    assert_eq!(result["version"], 1);
    let stack = &result["stacks"][1];
    assert_eq!((stack["name"].as_str(), stack["changed"].as_bool()), (Some("DocuThinkerStack"), Some(false)));
    assert!(names(&stack["outputs"], "key").contains(&"BackendURL"), "{stack}");
}

/// Asked of the services themselves, not of CloudFormation.
fn everything_exists(emulator: &Emulator) {
    let ecs = |action: &str, body: Value| {
        emulator.json("ecs", &format!("AmazonEC2ContainerServiceV20141113.{action}"), &body)
    };
    let clusters = ecs("ListClusters", json!({}));
    let cluster = strings(&clusters["clusterArns"])[0];
    let services = ecs("ListServices", json!({ "cluster": cluster }));
    assert_eq!(strings(&services["serviceArns"]).len(), 2, "{services}");

    let groups =
        emulator.query("elasticloadbalancing", "2015-12-01", "DescribeTargetGroups", "TargetGroupName");
    assert_eq!(groups.len(), 2, "{groups:?}");
    let balancers =
        emulator.query("elasticloadbalancing", "2015-12-01", "DescribeLoadBalancers", "LoadBalancerName");
    assert_eq!(balancers.len(), 1, "{balancers:?}");

    let logs = emulator.json("logs", "Logs_20140328.DescribeLogGroups", &json!({}));
    let logs = names(&logs["logGroups"], "logGroupName");
    for expected in ["/ecs/docuthinker-backend", "/ecs/docuthinker-ai-ml"] {
        assert!(logs.contains(&expected), "{logs:?}");
    }

    let images =
        emulator.json("ecr", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", &json!({}));
    assert_eq!(names(&images["repositories"], "repositoryName").len(), 2, "{images}");

    let secrets = emulator.json("secretsmanager", "secretsmanager.ListSecrets", &json!({}));
    let secrets = names(&secrets["SecretList"], "Name");
    assert!(
        !secrets.is_empty() && secrets.iter().all(|name| name.starts_with("docuthinker/")),
        "{secrets:?}"
    );
}

/// R230, R237
#[test]
fn a_changed_setting_is_shown_by_diff_and_then_updated_in_place() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    project.run(ALL).success();
    let same = project.run(["diff", "--local", "--exit-code"]);
    assert_eq!(same.code, Some(0), "{same}");

    let change = ["--set", "logs.retention_days=60"];
    let differs = project.run(["diff", "--local", "--exit-code", "DocuThinkerStack"].iter().chain(&change));
    assert_eq!(differs.code, Some(7), "{differs}");
    assert!(differs.stdout.contains("RetentionInDays"), "{differs}");
    assert!(!differs.stdout.contains("replaced"), "{differs}");

    let updated = project.run(ALL.iter().chain(&change));
    assert_eq!(updated.code, Some(0), "{updated}");
    assert!(updated.stderr.contains("DocuThinkerStack is deployed"), "{updated}");
    let logs = emulator.json("logs", "Logs_20140328.DescribeLogGroups", &json!({}));
    let kept: Vec<&Value> =
        logs["logGroups"].as_array().unwrap().iter().map(|group| &group["retentionInDays"]).collect();
    assert!(kept.contains(&&json!(60)), "{logs}");
}

#[test]
fn a_failure_rolls_back_names_the_first_cause_and_ends_with_1() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    project.run(["deploy", "DocuThinkerFoundation", "--local", "--yes"]).success();
    emulator.inject("create:BackendTargetGroup", "the target group limit is reached");
    let failed = project.run(ALL);
    assert_eq!(failed.code, Some(1), "{failed}");
    assert!(failed.stderr.contains("the target group limit is reached"), "{failed}");
    assert!(failed.stderr.contains("at DocuThinkerStack/Backend/TargetGroup (stacks/src/"), "{failed}");
    assert!(failed.stderr.contains("✓ unchanged    DocuThinkerFoundation"), "{failed}");
    assert!(failed.stderr.contains("✗ failed       DocuThinkerStack"), "{failed}");
    let groups =
        emulator.query("elasticloadbalancing", "2015-12-01", "DescribeTargetGroups", "TargetGroupName");
    assert_eq!(groups, [""; 0], "rolled back");

    emulator.inject("create:Nothing", "");
    let repaired = project.run(ALL);
    assert_eq!(repaired.code, Some(0), "the failed creation is deleted and made anew: {repaired}");
}

/// R229, R238
// L17, L18, A14
#[test]
fn destroy_goes_backwards_and_leaves_only_what_is_retained() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    project.run(ALL).success();
    let destroy = ["destroy", "--all", "--local", "--yes"];
    let protected = project.run(destroy);
    assert_eq!(protected.code, Some(3), "{protected}");
    assert!(protected.stderr.contains("DocuThinkerFoundation is protected against deletion"), "{protected}");
    project.run(ALL.iter().chain(&["--set", "deletion_protection=false"])).success();
    let destroyed = project.run(destroy);
    assert_eq!(destroyed.code, Some(0), "{destroyed}");
    assert!(destroyed.stderr.contains("DocuThinkerStack will be deleted, "), "{destroyed}");
    assert!(destroyed.stdout.contains("what is retained costs $"), "{destroyed}");
    let (stack, foundation) = (
        destroyed.stderr.find("DocuThinkerStack is deleted"),
        destroyed.stderr.find("DocuThinkerFoundation is deleted"),
    );
    assert!(stack.is_some() && stack < foundation, "{destroyed}");
    for kept in ["AWS::ECR::Repository", "AWS::SecretsManager::Secret"] {
        assert!(destroyed.stdout.contains(kept), "{destroyed}");
    }
    let clusters = emulator.json("ecs", "AmazonEC2ContainerServiceV20141113.ListClusters", &json!({}));
    assert_eq!(strings(&clusters["clusterArns"]).len(), 0, "{clusters}");
    let secrets = emulator.json("secretsmanager", "secretsmanager.ListSecrets", &json!({}));
    assert!(!names(&secrets["SecretList"], "Name").is_empty(), "secrets are retained");

    let again = project.run(["destroy", "--all", "--local", "--yes"]);
    assert_eq!(again.code, Some(0), "{again}");
    assert!(again.stderr.contains("DocuThinkerStack does not exist"), "{again}");
}

/// R227, R142: the original project's own template, which is not copied here.
#[test]
fn any_template_can_be_deployed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/fargate-service.yaml");
    if !file.exists() {
        crate::skip::skipped(&format!("{} is not there", file.display()));
        return;
    }
    let emulator = Emulator::start();
    let project = &emulator.project;
    project.write(
        "parameters.json",
        r#"[{"ParameterKey": "BackendImage", "ParameterValue": "backend:1"}, {"ParameterKey": "AIMLImage", "ParameterValue": "aiml:1"}]"#,
    );
    let file = file.to_str().unwrap();
    let deploy = ["deploy", "--template", file, "--stack-name", "seed", "--local", "--yes"];
    let parameters = [
        "--parameters-file",
        "parameters.json",
        "--parameter",
        "VpcId=vpc-1",
        "--parameter",
        "PublicSubnets=subnet-1,subnet-2",
    ];
    // Its tasks could never start: the role may not read their secrets, which partial ARNs name.
    let refused = project.run(deploy.iter().chain(&parameters));
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("error[DT115]"), "{refused}");
    let deployed = project.run(deploy.iter().chain(&parameters).chain(&["--no-validate"]));
    assert_eq!(deployed.code, Some(0), "{deployed}");
    assert!(
        deployed
            .stderr
            .contains("validation skipped: types, values, references and rules of t.yaml not checked"),
        "{deployed}"
    );
    let clusters = emulator.json("ecs", "AmazonEC2ContainerServiceV20141113.ListClusters", &json!({}));
    assert!(strings(&clusters["clusterArns"])[0].ends_with("docuthinker-cluster"), "{clusters}");
    let destroyed = project.run(["destroy", "--stack-name", "seed", "--local", "--yes"]);
    assert_eq!(destroyed.code, Some(0), "{destroyed}");
}

#[test]
fn the_portable_template_goes_into_a_network_that_exists() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let subnet = |block: &str, zone: &str| {
        let properties = json!({ "VpcId": { "Ref": "Vpc" }, "CidrBlock": block, "AvailabilityZone": zone });
        json!({ "Type": "AWS::EC2::Subnet", "Properties": properties })
    };
    let resources = json!({
        "Vpc": { "Type": "AWS::EC2::VPC", "Properties": { "CidrBlock": "10.1.0.0/16" } },
        "A": subnet("10.1.1.0/24", "us-east-1a"),
        "B": subnet("10.1.2.0/24", "us-east-1b"),
    });
    let ids = ["Vpc", "A", "B"].map(|id| (id.to_owned(), json!({ "Value": { "Ref": id } })));
    let outputs: serde_json::Map<String, Value> = ids.into_iter().collect();
    project.write("network.json", json!({ "Resources": resources, "Outputs": outputs }).to_string());
    let network =
        ["deploy", "--template", "network.json", "--stack-name", "network", "--outputs-file", "ids.json"];
    project.run(network.into_iter().chain(["--local", "--yes"])).success();
    let ids: Value = serde_json::from_str(&project.read("ids.json")).unwrap();
    let id = |name: &str| ids["network"][name].as_str().unwrap();

    let parameters = json!({
        "VpcId": id("Vpc"), "PublicSubnets": format!("{},{}", id("A"), id("B")),
        "BackendImage": "backend:1", "AIMLImage": "aiml:1",
    });
    project.write("parameters.json", parameters.to_string());
    let deploy = ["deploy", "fargate-service", "--local", "--yes", "--parameters-file", "parameters.json"];
    let deployed = project.run(deploy);
    assert_eq!(deployed.code, Some(0), "{deployed}");
    let again = project.run(deploy);
    assert!(again.stderr.contains("fargate-service has no changes"), "{again}");
    let listed = project.run(["outputs", "--local"]);
    assert!(!listed.stdout.contains("fargate-service"), "it is not one of all stacks: {listed}");
}

#[test]
fn an_export_that_another_stack_still_imports_is_kept_and_reported() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let bucket = json!({ "Bucket": { "Type": "AWS::S3::Bucket" } });
    let export = json!({ "Name": { "Value": { "Ref": "Bucket" }, "Export": { "Name": "shared-bucket" } } });
    project.write("with.json", json!({ "Resources": bucket, "Outputs": export }).to_string());
    project.write("without.json", json!({ "Resources": bucket }).to_string());
    let import = json!({ "Value": { "Fn::ImportValue": "shared-bucket" }, "Type": "String" });
    let parameter = json!({ "Copy": { "Type": "AWS::SSM::Parameter", "Properties": import } });
    project.write("importer.json", json!({ "Resources": parameter }).to_string());
    let deploy = |file: &str, name: &str| {
        project.run(["deploy", "--local", "--yes", "--template", file, "--stack-name", name])
    };
    deploy("with.json", "producer").success();
    deploy("importer.json", "consumer").success();
    let queue = json!({ "Resources": { "Queue": { "Type": "AWS::SQS::Queue" } } });
    project.write("other.json", queue.to_string());
    let refused = deploy("other.json", "producer");
    assert_eq!(refused.code, Some(3), "what it names is gone too: {refused}");
    let kept = deploy("without.json", "producer");
    assert_eq!(kept.code, Some(0), "{kept}");
    assert!(
        kept.stderr.contains("no longer exports `shared-bucket`, but consumer still imports it"),
        "{kept}"
    );
    project.run(["destroy", "--stack-name", "consumer", "--local", "--yes"]).success();
    let gone = deploy("without.json", "producer");
    assert_eq!(gone.code, Some(0), "{gone}");
    assert!(!gone.stderr.contains("still imports"), "{gone}");
}

#[test]
fn an_unknown_parameter_is_refused_before_anything_is_asked_of_aws() {
    let project = Project::new();
    insta::assert_snapshot!(project.run(["deploy", "fargate-service", "--yes", "--parameter", "VpcID=vpc-1"]), @r"
    exit: 2
    --- stderr ---
    error: no parameter is named `VpcID`

    hint: did you mean `VpcId`?
    ");
}

/// I31
#[cfg(unix)]
#[test]
fn the_outputs_file_is_private_and_never_written_through_a_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let project = Project::new();
    project.write("precious", "mine");
    symlink(project.path().join("precious"), project.path().join("outputs.json")).unwrap();
    let deploy = |file: &str| project.run(["deploy", "--all", "--yes", "--outputs-file", file]);
    insta::assert_snapshot!(deploy("outputs.json"), @r"
    exit: 3
    --- stderr ---
    error: cannot write `outputs.json`: it is a symbolic link
    ");
    insta::assert_snapshot!(deploy("missing/outputs.json"), @r"
    exit: 3
    --- stderr ---
    error: cannot write `missing/outputs.json`: there is no folder for it
    ");
    assert_eq!(project.read("precious"), "mine");

    let emulator = Emulator::start();
    let bucket = json!({ "Resources": { "Bucket": { "Type": "AWS::S3::Bucket" } } });
    emulator.project.write("bucket.json", bucket.to_string());
    let deploy =
        ["deploy", "--template", "bucket.json", "--stack-name", "bucket", "--outputs-file", "outputs.json"];
    emulator.project.run(deploy.into_iter().chain(["--local", "--yes"])).success();
    let written = std::fs::metadata(emulator.project.path().join("outputs.json")).unwrap();
    assert_eq!(written.permissions().mode() & 0o777, 0o600);
}

/// C6, C7, failure 23: nobody can answer, so nothing is begun.
#[test]
fn without_a_terminal_deploy_and_destroy_need_yes() {
    let project = Project::new();
    let yes = File::open(project.write("yes", "y\n")).unwrap();
    let piped = project.outcome(project.command(["deploy", "--all"]).stdin(yes).output().unwrap());
    insta::assert_snapshot!(piped, @"
    exit: 3
    --- stderr ---
    error: deploying needs an answer, and this is no terminal
    
    hint: to go on without a question, add `--yes`; `--require-approval` says which changes need one
    ");
    insta::assert_snapshot!(project.run(["destroy", "--all"]), @r"
    exit: 3
    --- stderr ---
    error: deleting a stack needs an answer, and this is no terminal

    hint: to go on without a question, add `--yes`
    ");
    insta::assert_snapshot!(project.run(["deploy"]), @r"
    exit: 2
    --- stderr ---
    error: no stack is named, and there is more than one

    hint: name one or more of `DocuThinkerFoundation`, `DocuThinkerStack`, or say `--all`
    ");
}

// A8
#[test]
fn without_credentials_or_region_the_command_ends_at_once() {
    let project = Project::new().variable("AWS_ACCESS_KEY_ID", "").variable("AWS_SECRET_ACCESS_KEY", "");
    let begun = std::time::Instant::now();
    let refused = project.run(["deploy", "--all", "--yes"]);
    assert_eq!(refused.code, Some(5), "{refused}");
    assert!(refused.stderr.contains("hint: "), "{refused}");
    assert!(begun.elapsed().as_secs() < 3, "{:?}", begun.elapsed());
}

/// A25
#[test]
fn an_address_that_is_not_aws_is_announced_and_a_refused_connection_is_told() {
    // A port that was free a moment ago, so that nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let project = Project::new().variable("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{port}"));
    let refused = project.run(["outputs"]);
    let shown = refused.to_string().replace(&port.to_string(), "PORT");
    insta::assert_snapshot!(shown, @r"
    exit: 6
    --- stderr ---
    warning: this is not AWS: all requests go to http://127.0.0.1:PORT

    hint: if that is not meant, unset AWS_ENDPOINT_URL and look for `endpoint_url` in the AWS profile

    error: cannot reach AWS for sts:GetCallerIdentity: Connection refused (os error 111)

    hint: check the network, the proxy and the endpoint, then run the same command again
    ");
}

/// C4: the operation goes on in AWS; the command says so and ends.
#[cfg(unix)]
#[test]
fn a_signal_while_waiting_detaches() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let emulator = Emulator::with_delay(300);
    let mut command = emulator.project.command(["deploy", "DocuThinkerFoundation", "--local", "--yes"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = told.by_ref().map(Result::unwrap).find(|line| line.contains("CREATE_COMPLETE"));
    assert!(first.is_some(), "a resource is made before the signal");
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let rest: Vec<String> = told.map(Result::unwrap).collect();
    let rest = rest.join("\n");
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("now: ") && rest.contains("hint: "), "{rest}");
}

#[test]
fn the_emulator_tells_where_it_is_forgets_and_stops() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let status = project.run(["local", "status", "--output", "json"]).json();
    assert_eq!((status["version"].as_i64(), status["running"].as_bool()), (Some(1), Some(true)));
    assert!(status["endpoint"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{status}");

    let bucket = json!({ "Resources": { "Bucket": { "Type": "AWS::S3::Bucket" } } });
    project.write("bucket.json", bucket.to_string());
    let deploy = ["deploy", "--template", "bucket.json", "--stack-name", "bucket", "--local", "--yes"];
    project.run(deploy).success();
    project.run(["local", "reset"]).success();
    let gone = project.run(["destroy", "--stack-name", "bucket", "--local", "--yes"]);
    assert!(gone.stderr.contains("bucket does not exist"), "{gone}");

    project.run(["local", "stop"]).success();
    insta::assert_snapshot!(project.run(["local", "status"]), @r"
    exit: 0
    --- stdout ---
    the emulator does not run
    ");
    insta::assert_snapshot!(project.run(["local", "stop"]), @r"
    exit: 0
    --- stderr ---
    the emulator does not run
    ");
}

#[test]
fn the_emulator_says_what_it_needs() {
    let project = Project::new().variable("PATH", "/nonexistent");
    let refused = project.run(["local", "start"]);
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(
        refused.stderr.to_lowercase().contains("python") && refused.stderr.contains("hint: "),
        "{refused}"
    );
    let nowhere = Project::new().variable("HOME", "");
    insta::assert_snapshot!(nowhere.run(["local", "start"]), @r"
    exit: 3
    --- stderr ---
    error: there is no folder for the emulator: HOME is not set

    hint: set DOCUTHINKER_CACHE_DIR to a folder that may be written to
    ");
}

// R140
#[test]
fn without_a_region_nothing_is_asked() {
    let project = Project::new();
    let refused = project.run(["destroy", "--stack-name", "anything", "--yes"]);
    insta::assert_snapshot!(refused, @r"
    exit: 2
    --- stderr ---
    error: no region is set
      now: nothing was asked of AWS

    hint: give one with `--region`, for example `--region us-east-1`, or set AWS_REGION
    ");
}
