//! Looking for what a deployment needs: what each service answers, and what is made of it.

use cloud::preflight::{
    Check, ImageNeed, Need, SecretNeed, State, around, certificate_records, check, room_for_a_stack,
};
use serde_json::{Value, json};

use crate::scripted::{Endpoint, Reply, result};
use crate::services_double::{Answer, Call, Services, error};

/// A value that must appear nowhere.
const CANARY: &str = "canary-sk-1234567890";
const CERTIFICATE: &str = "arn:aws:acm:eu-west-1:123456789012:certificate/1";

fn image(repository: &str, architecture: Option<&'static str>) -> Need {
    Need::Image(ImageNeed {
        uri: format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/{repository}:v1"),
        registry: "123456789012".into(),
        region: "eu-west-1".into(),
        repository: repository.into(),
        tag: Some("v1".into()),
        digest: None,
        architecture,
    })
}

fn secret(id: &str, keys: &[&str]) -> Need {
    Need::Secret(SecretNeed {
        id: id.into(),
        region: "eu-west-1".into(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        stage: "AWSCURRENT".into(),
        version: None,
    })
}

fn certificate(arn: &str) -> Need {
    Need::Certificate { arn: arn.into(), region: arn.split(':').nth(3).unwrap_or_default().into() }
}

async fn ask(
    needs: &[Need],
    script: impl FnMut(&Call) -> Answer + Send + 'static,
) -> (Vec<Check>, Vec<Call>) {
    let services = Services::start(script).await;
    let connection = services.connect().await;
    let checks = check(&connection, needs).await;
    (checks, services.calls())
}

fn states(checks: &[Check]) -> Vec<State> {
    checks.iter().map(|check| check.state).collect()
}

/// A stand-in in which `web` is for two machines, `old` for one that is not told, and nothing else is there.
fn registry(call: &Call) -> Answer {
    let index = json!({ "manifests": [
        { "platform": { "architecture": "amd64" } },
        { "platform": { "architecture": "unknown" } },
    ] });
    let manifest = match (call.action.as_str(), call.body["repositoryName"].as_str()) {
        ("BatchGetImage", Some("web")) => index,
        ("BatchGetImage", Some("old")) => json!({ "config": { "digest": "sha256:1" } }),
        ("BatchGetImage", Some("empty" | "hub/nginx")) => {
            return (200, json!({ "images": [], "failures": [{ "failureCode": "ImageNotFound" }] }));
        }
        ("DescribePullThroughCacheRules", _) => {
            return (200, json!({ "pullThroughCacheRules": [{ "ecrRepositoryPrefix": "hub" }] }));
        }
        _ => return error("RepositoryNotFoundException", "no such repository"),
    };
    (200, json!({ "images": [{ "imageManifest": manifest.to_string() }] }))
}

// L19
#[tokio::test]
async fn images_are_looked_for_with_their_architecture() {
    let needs = [
        image("web", Some("amd64")),
        image("web", Some("arm64")),
        image("old", Some("arm64")),
        image("empty", None),
        image("gone", None),
        image("hub/nginx", None),
    ];
    let (checks, calls) = ask(&needs, registry).await;
    let expected = [State::Ok, State::Missing, State::Ok, State::Missing, State::Missing, State::Unknown];
    assert_eq!(states(&checks), expected, "{checks:#?}");
    assert!(
        checks[1].what.ends_with("web:v1 is for amd64, and its tasks run on arm64"),
        "{}",
        checks[1].what
    );
    let fix = checks[1].fix.as_deref().unwrap();
    assert!(fix.starts_with("docker buildx build --platform linux/arm64 --push -t 1234"), "{fix}");
    assert!(checks[3].what.ends_with("empty:v1 is not there"));
    assert!(checks[4].what.ends_with("is not there: eu-west-1 has no repository gone"));
    assert_eq!(calls.iter().filter(|call| call.action == "BatchGetImage").count(), 6);
}

fn described(call: &Call) -> Answer {
    let secret = call.body["SecretId"].as_str().unwrap();
    let current = json!({ "v1": ["AWSCURRENT"] });
    match (call.action.as_str(), secret) {
        ("DescribeSecret", "empty") => (200, json!({ "Name": secret })),
        ("DescribeSecret", "deleted") => (200, json!({ "DeletedDate": 1.0, "VersionIdsToStages": current })),
        ("DescribeSecret", "gone") => error("ResourceNotFoundException", "Secrets Manager can't find it"),
        ("DescribeSecret", _) => (200, json!({ "Name": secret, "VersionIdsToStages": current })),
        ("GetSecretValue", "plain") => (200, json!({ "SecretString": CANARY })),
        ("GetSecretValue", "sealed") => error("AccessDeniedException", "no"),
        ("GetSecretValue", _) => (
            200,
            json!({ "SecretString": json!({ "user": CANARY, "host": { "name": CANARY } }).to_string() }),
        ),
        other => panic!("{other:?}"),
    }
}

// L19, L20
#[tokio::test]
async fn secrets_need_a_value_and_the_keys_and_nobody_says_what_the_value_is() {
    let needs = [
        secret("whole", &[]),
        secret("object", &["host", "user"]),
        secret("object", &["password", "user"]),
        secret("plain", &["user"]),
        secret("empty", &[]),
        secret("deleted", &[]),
        secret("gone", &[]),
        secret("sealed", &["user"]),
    ];
    let (checks, calls) = ask(&needs, described).await;
    let (ok, missing) = (State::Ok, State::Missing);
    let expected = [ok, ok, missing, missing, missing, missing, missing, State::Unknown];
    assert_eq!(states(&checks), expected, "{checks:#?}");
    assert_eq!(checks[2].what, "the secret object has no key `password`");
    assert_eq!(checks[4].what, "the secret empty has no value");
    assert_eq!(
        checks[5].fix.as_deref(),
        Some("aws secretsmanager restore-secret --secret-id deleted --region eu-west-1")
    );
    assert_eq!(checks[7].reason.as_deref(), Some("not allowed to do secretsmanager:GetSecretValue"));
    let said = format!("{checks:?} {}", serde_json::to_string(&checks).unwrap());
    assert!(!said.contains(CANARY), "{said}");
    // A value is read only where keys of it are needed.
    let read = calls.iter().filter(|call| call.action == "GetSecretValue");
    let read: Vec<_> = read.map(|call| call.body["SecretId"].as_str().unwrap().to_owned()).collect();
    assert!(!read.contains(&"whole".to_owned()) && read.len() == 4, "{read:?}");
}

fn certificates(call: &Call) -> Answer {
    let arn = call.body["CertificateArn"].as_str().unwrap();
    let record = |name: &str| json!({ "Name": name, "Type": "CNAME", "Value": "_v.acm-validations.aws." });
    let pending = json!({ "Status": "PENDING_VALIDATION", "DomainValidationOptions": [
        { "DomainName": "a.example", "ValidationStatus": "PENDING_VALIDATION", "ResourceRecord": record("_a.a.example.") },
        { "DomainName": "*.a.example", "ValidationStatus": "PENDING_VALIDATION", "ResourceRecord": record("_a.a.example.") },
        { "DomainName": "b.example", "ValidationStatus": "SUCCESS", "ResourceRecord": record("_b.b.example.") },
    ] });
    let detail: Value = match arn.rsplit('/').next().unwrap() {
        "issued" => json!({ "Status": "ISSUED" }),
        "pending" => pending,
        "failed" => json!({ "Status": "FAILED", "FailureReason": "CAA_ERROR" }),
        _ => return error("ResourceNotFoundException", "no such certificate"),
    };
    (200, json!({ "Certificate": detail }))
}

// L19
#[tokio::test]
async fn certificates_must_be_issued_where_they_are_used() {
    let of = |name: &str| format!("arn:aws:acm:eu-west-1:123456789012:certificate/{name}");
    let needs = [
        certificate(&of("issued")),
        certificate(&of("pending")),
        certificate(&of("failed")),
        certificate(&of("gone")),
        certificate("arn:aws:acm:us-east-1:123456789012:certificate/issued"),
        Need::Certificate { arn: of("issued"), region: "us-east-1".into() },
        certificate("arn:aws:acm:eu-west-1:999999999999:certificate/issued"),
        certificate("nonsense"),
    ];
    let (checks, calls) = ask(&needs, certificates).await;
    let (ok, missing) = (State::Ok, State::Missing);
    assert_eq!(
        states(&checks),
        [ok, missing, missing, missing, ok, missing, missing, missing],
        "{checks:#?}"
    );
    assert_eq!(
        checks[1].what,
        "the certificate arn:aws:acm:eu-west-1:123456789012:certificate/pending waits for a record in DNS: \
         _a.a.example. CNAME _v.acm-validations.aws."
    );
    assert!(checks[2].what.ends_with("is FAILED (CAA_ERROR)"));
    assert!(checks[5].what.ends_with("is in eu-west-1, and must be in us-east-1"));
    // A certificate of another region is asked for there; one of another account not at all.
    let regions: Vec<_> = calls.iter().map(|call| call.region.as_str()).collect();
    assert_eq!(regions.iter().filter(|region| **region == "us-east-1").count(), 1, "{regions:?}");
    assert_eq!(calls.len(), 5);
}

// L24
#[tokio::test]
async fn the_records_that_a_certificate_waits_for_are_told() {
    let services = Services::start(certificates).await;
    let connection = services.connect().await;
    let pending = CERTIFICATE.replace("/1", "/pending");
    let records = certificate_records(&connection, &pending).await.unwrap();
    let records: Vec<String> = records.iter().map(ToString::to_string).collect();
    assert_eq!(records, ["_a.a.example. CNAME _v.acm-validations.aws."]);
    let issued = certificate_records(&connection, &CERTIFICATE.replace("/1", "/issued")).await.unwrap();
    assert!(issued.is_empty());
    assert!(certificate_records(&connection, CERTIFICATE).await.unwrap().is_empty());
}

fn cloud_control(call: &Call) -> Answer {
    if call.action == "DescribeSecret" {
        return match call.body["SecretId"].as_str() {
            Some("going") => (200, json!({ "DeletedDate": 1.0 })),
            _ => error("ResourceNotFoundException", "no"),
        };
    }
    assert_eq!(call.action, "GetResource");
    match call.body["Identifier"].as_str().unwrap() {
        "/ecs/taken" | "Z1" => (200, json!({ "ResourceDescription": { "Properties": CANARY } })),
        "denied" => {
            let message = "User: x is not authorized to perform: s3:GetBucketTagging on resource: y";
            error("AccessDeniedException", message)
        }
        "odd" => error("GeneralServiceException", "it broke"),
        _ => error("ResourceNotFoundException", "there is no such resource"),
    }
}

// L19, L20
#[tokio::test]
async fn zones_must_be_there_and_names_must_not() {
    let free =
        |type_name: &str, name: &str| Need::FreeName { type_name: type_name.into(), name: name.into() };
    let needs = [
        Need::HostedZone { id: "Z1".into() },
        Need::HostedZone { id: "Z2".into() },
        free("AWS::Logs::LogGroup", "/ecs/taken"),
        free("AWS::Logs::LogGroup", "/ecs/free"),
        free("AWS::SecretsManager::Secret", "going"),
        free("AWS::SecretsManager::Secret", "free"),
        free("AWS::S3::Bucket", "denied"),
        free("AWS::S3::Bucket", "odd"),
    ];
    let (checks, _) = ask(&needs, cloud_control).await;
    let (ok, missing, unknown) = (State::Ok, State::Missing, State::Unknown);
    assert_eq!(states(&checks), [ok, missing, missing, ok, missing, ok, unknown, unknown], "{checks:#?}");
    assert_eq!(
        checks[2].what,
        "there is an AWS::Logs::LogGroup named /ecs/taken already, which is not part of the stack"
    );
    assert!(checks[2].fix.as_deref().unwrap().contains("--import-existing-resources"));
    assert_eq!(checks[6].reason.as_deref(), Some("not allowed to do s3:GetBucketTagging"));
    assert_eq!(checks[6].fix.as_deref(), Some("ask for the permission s3:GetBucketTagging"));
    assert!(!format!("{checks:?}").contains(CANARY));
}

// L20
#[tokio::test]
async fn throttling_and_strange_answers_stop_nothing_and_are_not_asked_for_ever() {
    let needs = [secret("a", &[]), image("web", None)];
    let (checks, calls) = ask(&needs, |call| match call.action.as_str() {
        "DescribeSecret" => error("ThrottlingException", "Rate exceeded"),
        _ => (503, json!("<html>")),
    })
    .await;
    assert_eq!(states(&checks), [State::Unknown, State::Unknown], "{checks:#?}");
    assert_eq!(checks[0].reason.as_deref(), Some("AWS throttles secretsmanager:DescribeSecret"));
    assert!(calls.len() <= 6, "{}", calls.len());
}

// A21
#[tokio::test]
async fn a_used_up_quota_of_stacks_is_told_beforehand() {
    let endpoint = |limit: u32| {
        Endpoint::start(move |request, before| match request["Action"].as_str() {
            "DescribeAccountLimits" => {
                let limit = format!("<member><Name>StackLimit</Name><Value>{limit}</Value></member>");
                Some(result("DescribeAccountLimits", &format!("<AccountLimits>{limit}</AccountLimits>")))
            }
            "ListStacks" => {
                let one =
                    "<member><StackName>S</StackName><StackStatus>CREATE_COMPLETE</StackStatus></member>";
                let first = !before.iter().any(|request| request["Action"] == "ListStacks");
                let next = if first { "<NextToken>2</NextToken>" } else { "" };
                Some(result("ListStacks", &format!("<StackSummaries>{one}</StackSummaries>{next}")))
            }
            _ => None,
        })
    };
    let full = endpoint(2).await;
    let check = room_for_a_stack(&full.connect().await.unwrap()).await;
    assert_eq!(check.state, State::Warning, "{check:?}");
    assert!(check.what.contains("has 2 stacks in the region, and may have 2"), "{}", check.what);
    let room = endpoint(3).await;
    assert_eq!(room_for_a_stack(&room.connect().await.unwrap()).await.state, State::Ok);
}

#[tokio::test]
async fn of_a_stack_that_is_there_what_exists_is_known() {
    let endpoint = Endpoint::start(|request, _| match request["Action"].as_str() {
        "ListStackResources" => {
            let one = |id: &str, status: &str| {
                format!(
                    "<member><LogicalResourceId>{id}</LogicalResourceId><PhysicalResourceId>/ecs/{id}</PhysicalResourceId>\
                     <ResourceType>AWS::Logs::LogGroup</ResourceType><ResourceStatus>{status}</ResourceStatus>\
                     <LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>"
                )
            };
            let all = [("A", "CREATE_COMPLETE"), ("B", "DELETE_SKIPPED"), ("C", "UPDATE_FAILED")];
            let all: String = all.map(|(id, status)| one(id, status)).concat();
            let all = format!("<StackResourceSummaries>{all}</StackResourceSummaries>");
            Some(result("ListStackResources", &all))
        }
        "ListExports" => Some(Reply::Error(403, "AccessDenied", "no")),
        _ => None,
    })
    .await;
    let connection = endpoint.connect().await.unwrap();
    let known = around(&connection, "S", false).await.unwrap();
    let ids: Vec<_> = known.resources.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
    assert_eq!(ids, [("A", "/ecs/A"), ("C", "/ecs/C")]);
    assert_eq!(known.status.as_deref(), Some("UPDATE_COMPLETE"));
    assert!(around(&connection, "S", true).await.is_err(), "what cannot be known is said");
}
