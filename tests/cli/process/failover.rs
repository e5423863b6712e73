//! `failover drill`, against a scripted AWS with two regions.

use std::io::{Read, Write};
use std::net::TcpListener;

use endpoint::{Fault, JsonAnswer, Scenario, Wrong};
use serde_json::{Value, json};

use super::Aws;
use super::services::DIGEST;
use super::status::assert_keeps_the_contract;
use crate::project::{Outcome, Project};

pub(super) const DRILL: &str = "failover drill --dry-run";
/// Who fails over has a domain in both regions.
const SETTINGS: &str = "
defaults:
  domain: { name: api.example.com, hosted_zone_id: Z0123456789ABCDEFGHIJ }
environments:
  prod: { failover: primary }
  dr: { failover: secondary }
";
const STACKS: [&str; 3] = ["DocuThinkerFoundation", "DocuThinkerStack", "DocuThinkerDns"];
/// The load balancers of the two regions are at these addresses.
const AT: [(&str, &str, &str); 2] = [("prod", "us-east-1", "127.0.0.1"), ("dr", "us-west-2", "127.0.0.2")];

/// A server that answers every request with this status, at a free port of this address.
fn server(at: &str, status: u16) -> u16 {
    let listener = TcpListener::bind((at, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ =
                write!(stream, "HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    port
}

/// The templates of an environment as they are deployed; its addresses lead to a server at `at`, and its record is of the
/// name that every machine has.
fn templates(project: &Project, environment: &str, at: &str, status: u16) -> Vec<Value> {
    let port = server(at, status);
    let mut all = Vec::new();
    for stack in STACKS {
        let arguments = ["synth", stack, "--format", "json", "-e", environment, "--no-validate"];
        let text = project.run(arguments).success();
        let mut template: Value = serde_json::from_str(&text).unwrap();
        for output in ["BackendURL", "AIMLURL"] {
            if let Some(output) = template.pointer_mut(&format!("/Outputs/{output}")) {
                output["Value"] = json!(format!("http://api.example.com:{port}"));
            }
        }
        if let Some(record) = template.pointer_mut("/Resources/Record") {
            record["Properties"]["Name"] = json!("localhost");
        }
        all.push(template);
    }
    all
}

/// A task with one container.
fn task(id: &str, container: &str, digest: &str) -> Value {
    let container =
        json!({ "name": container, "lastStatus": "RUNNING", "image": "i", "imageDigest": digest });
    json!({ "id": id, "startedAt": 1_767_261_600, "containers": [container] })
}

/// Both regions run the same.
struct Both {
    scenario: Scenario,
    secrets: Vec<String>,
}

/// Both regions; what answers in the standby's answers with this status.
fn both(standby_status: u16) -> Both {
    let project = Project::with_config(SETTINGS);
    let mut scenario = Scenario::new();
    let mut secrets = Vec::new();
    for (environment, region, at) in AT {
        let status = if environment == "dr" { standby_status } else { 200 };
        for (name, template) in STACKS.iter().zip(templates(&project, environment, at, status)) {
            for resource in template["Resources"].as_object().unwrap().values() {
                if resource["Type"] == "AWS::SecretsManager::Secret" {
                    secrets.push(resource["Properties"]["Name"].as_str().unwrap().to_owned());
                }
            }
            scenario = scenario.stack(name, &template.to_string(), "UPDATE_COMPLETE").in_region(region);
        }
        let arn = format!("arn:aws:elasticloadbalancing:{region}:123456789012:loadbalancer/app/{at}/1");
        scenario = scenario.physical_id(&format!("{region}/Alb"), &arn);
        for (service, container) in [("Backend", "backend"), ("AiMl", "ai-ml")] {
            scenario = scenario
                .task(&format!("{region}/{service}Service"), task(container, container, DIGEST))
                .target(&format!("{region}/{service}TargetGroup"), "10.0.1.7", "healthy", None)
                .image_in(region, &format!("docuthinker-{container}"), "v1", DIGEST);
        }
    }
    for name in &secrets {
        scenario = scenario.secret(name, "{\"key\":\"canary-value\"}");
    }
    let issued = json!({ "Certificate": { "Status": "ISSUED", "NotAfter": 4_000_000_000_u64 } });
    let scenario = scenario.answer("DescribeCertificate", move |_| Some(issued.clone().into()));
    Both { scenario, secrets }
}

fn aws(scenario: Scenario) -> Aws {
    let aws = Aws::new(scenario);
    aws.project.write("docuthinker.yaml", SETTINGS);
    aws
}

/// Both regions as they should be.
pub(super) fn sound() -> Aws {
    aws(both(200).scenario)
}

#[track_caller]
fn json_of(outcome: &Outcome) -> Value {
    let written: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome}"));
    assert_keeps_the_contract(include_str!("../../../schemas/failover-1.json"), &written);
    written
}

/// The rows that are not as they should be: `group name: state`.
fn not_ok(report: &Value) -> Vec<String> {
    let rows = report["rows"].as_array().unwrap().iter().filter(|row| row["state"] != "ok");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.map(|row| format!("{} {}: {}", text(&row["group"]), text(&row["name"]), text(&row["state"])))
        .collect()
}

// R222, R220, R218, R219, R221
#[test]
fn two_regions_that_are_alike_are_ready_and_nothing_but_questions_was_asked() {
    let Both { scenario, secrets, .. } = both(200);
    assert!(!secrets.is_empty());
    let aws = aws(scenario);
    let json = aws.run(&format!("{DRILL} --output json"));
    let report = json_of(&json);
    assert_eq!(not_ok(&report), Vec::<String>::new(), "{report:#}");
    assert_eq!(json.code, Some(0), "{json}");
    assert_eq!((&report["ready"], &report["dryRun"]), (&json!(true), &json!(true)));
    assert_eq!(report["standby"]["region"], "us-west-2");
    let takeover = &report["takeover"];
    assert_eq!(
        (&takeover["leadsTo"], &takeover["totalSeconds"]),
        (&json!("primary"), &json!(150)),
        "{takeover:#}"
    );
    let objectives = report["objectives"].as_array().unwrap();
    let of = |scenario: &str, measure: &str| {
        objectives.iter().find(|one| one["scenario"] == scenario && one["measure"] == measure).unwrap()
    };
    assert_eq!(of("region failure", "rto")["verdict"], "met");
    assert_eq!(of("region failure", "rpo")["verdict"], "unknown");
    let unknowns = report["unknowns"].to_string();
    assert!(unknowns.contains("EFS Chroma") && unknowns.contains("MONGODB_URI"), "{unknowns}");

    let shown = aws.run(DRILL);
    assert_eq!(shown.code, Some(0), "{shown}");
    for words in
        ["prod in us-east-1 fails, dr in us-west-2 takes over", "dr serves after about 2m30s", "not known"]
    {
        assert!(shown.stdout.contains(words), "`{words}` {shown}");
    }
    assert!(!format!("{json}{shown}").contains("canary-value"), "no value is shown");
    let reads = ["Describe", "List", "GetTemplate", "GetCallerIdentity", "BatchGetImage"];
    for request in aws.endpoint.requests() {
        assert!(reads.iter().any(|read| request.action.starts_with(read)), "{}", request.action);
    }
}

#[test]
fn what_is_not_alike_is_told_with_the_command_that_puts_it_right() {
    let other = "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    let Both { scenario, .. } = both(503);
    // A newer task of the primary has an image that the standby has not.
    let scenario = scenario.task("us-east-1/BackendService", task("newer", "backend", other)).target(
        "us-west-2/AiMlTargetGroup",
        "10.0.2.9",
        "unhealthy",
        Some(("Target.Timeout", "timed out")),
    );
    let aws = aws(scenario);
    let json = aws.run(&format!("{DRILL} --output json"));
    assert_eq!(json.code, Some(3), "{json}");
    let report = json_of(&json);
    let expected = [
        "images backend: differs",
        "images backend in ECR: missing",
        "services ai-ml: differs",
        "health AIMLURL: differs",
        "health BackendURL: differs",
    ];
    let mut found = not_ok(&report);
    found.sort();
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(found, expected, "{report:#}");
    let shown = aws.run(DRILL);
    assert_eq!(shown.code, Some(3), "{shown}");
    let copy = format!("\n           docuthinker -e prod images copy backend={other} --to-env dr\n");
    assert!(shown.stdout.contains(&copy), "{shown}");
    assert!(shown.stdout.contains("not ready: 1 missing, 4 different"), "{shown}");
}

#[test]
fn a_standby_that_was_never_deployed_is_missing_in_every_row() {
    let project = Project::with_config(SETTINGS);
    let mut scenario = Scenario::new();
    for (name, template) in STACKS.iter().zip(templates(&project, "prod", "127.0.0.1", 200)) {
        scenario = scenario.stack(name, &template.to_string(), "UPDATE_COMPLETE");
    }
    let aws = aws(scenario);
    let json = aws.run(&format!("{DRILL} --output json"));
    assert_eq!(json.code, Some(3), "{json}");
    let report = json_of(&json);
    let not_ok = not_ok(&report);
    for stack in STACKS {
        assert!(not_ok.contains(&format!("stacks {stack}: missing")), "{not_ok:#?}");
    }
    assert!(not_ok.contains(&"services backend: missing".to_owned()), "{not_ok:#?}");
    assert_eq!(report["takeover"].get("totalSeconds"), None);
    let next = report["rows"][1]["next"].as_str().unwrap();
    assert_eq!(next, "docuthinker -e dr deploy DocuThinkerFoundation");
}

#[test]
fn what_may_not_be_looked_at_is_unknown_and_no_difference() {
    let Both { scenario, .. } = both(200);
    let denied = JsonAnswer::Error(400, "AccessDeniedException".to_owned(), "no".to_owned());
    let scenario = scenario
        .fault(Fault::new(Wrong::Denied).on("DescribeLoadBalancers"))
        .answer("DescribeSecret", move |_| Some(denied.clone()));
    let aws = aws(scenario);
    let json = aws.run(&format!("{DRILL} --output json"));
    let report = json_of(&json);
    assert_eq!(json.code, Some(0), "{json}");
    let not_ok = not_ok(&report);
    assert!(!not_ok.is_empty() && not_ok.iter().all(|row| row.ends_with(": unknown")), "{not_ok:#?}");
    for row in ["dns localhost: unknown", "dns localhost now: unknown", "health BackendURL: unknown"] {
        assert!(not_ok.contains(&row.to_owned()), "{row} {not_ok:#?}");
    }
    assert!(report["unknowns"].to_string().contains("elasticloadbalancing:DescribeLoadBalancers"));
}

#[test]
fn a_drill_says_which_environments_it_could_take_and_that_it_only_looks() {
    let project = Project::with_config("environments: { test: {} }");
    for (arguments, says) in [
        ("failover drill", "it looks, and does not switch anything"),
        ("failover drill", "`docuthinker -e prod destroy STACK`"),
        ("failover drill -e staging", "`docuthinker -e staging destroy STACK`"),
        ("failover drill --dry-run --standby dz", "no environment is named `dz`"),
        ("failover drill --dry-run --standby prod", "`dr`, `staging`, `dev`, `test`"),
        ("failover drill --dry-run -e dr", "`prod`, `staging`, `dev`, `test`"),
    ] {
        let refused = project.run(arguments.split(' '));
        assert_eq!(refused.code, Some(2), "{refused}");
        assert!(refused.stderr.contains(says), "{refused}");
    }
}
