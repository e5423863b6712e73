//! Finding credentials, in a process of its own whose environment holds nothing of this machine's.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cloud::{Cancel, ConnectOptions, Connection, Decision, DeployRequest, Mfa, MfaAnswer};

use crate::scripted::{Endpoint, Reply, Request};

/// Set in the child process, which then opens a connection and prints what came of it.
const CHILD: &str = "DOCUTHINKER_TEST_CHILD";
/// The codes that the child answers with when it is asked for one, separated by commas.
const CODES: &str = "DOCUTHINKER_TEST_CODES";
/// Begins every secret here; must never be said.
const CANARY: &str = "canary-of-";
const MFA: &str = "arn:aws:iam::123456789012:mfa/me";

/// A process that opens connections.
#[derive(Default)]
struct Child {
    /// The AWS configuration file.
    config: String,
    variables: Vec<(&'static str, String)>,
    /// What it does then.
    task: &'static str,
}

/// How it ended.
struct Ran {
    said: String,
    took: Duration,
    folder: tempfile::TempDir,
}

impl Child {
    /// One that runs in CI, in a region, where `config` is its AWS configuration file.
    fn with_config(config: impl Into<String>) -> Child {
        Child { config: config.into(), task: "open", ..Child::default() }
            .variable("CI", "true")
            .variable("AWS_REGION", "us-east-1")
    }

    fn variable(mut self, name: &'static str, value: impl Into<String>) -> Child {
        self.variables.push((name, value.into()));
        self
    }

    fn does(mut self, task: &'static str) -> Child {
        self.task = task;
        self
    }

    fn run(&self) -> Ran {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config"), &self.config).unwrap();
        let began = Instant::now();
        let Output { stdout, stderr, .. } = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "credentials::in_the_child_a_connection_is_opened", "--nocapture"])
            .env_clear()
            .current_dir(folder.path())
            .env(CHILD, self.task)
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", folder.path())
            .env("AWS_CONFIG_FILE", folder.path().join("config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", folder.path().join("none"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(!said.contains(CANARY), "a secret is said: {said}");
        Ran { said, took: began.elapsed(), folder }
    }

    #[track_caller]
    fn says(&self, expected: &[&str]) -> Ran {
        let ran = self.run();
        for expected in expected {
            assert!(ran.said.contains(expected), "no `{expected}` in: {}", ran.said);
        }
        ran
    }
}

/// Does nothing in the parent; a [`Child`] runs it with variables of its own.
#[tokio::test]
async fn in_the_child_a_connection_is_opened() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let asked = Arc::new(AtomicUsize::new(0));
    let options = ConnectOptions {
        profile: std::env::var("DOCUTHINKER_TEST_PROFILE").ok(),
        expected_account: std::env::var("DOCUTHINKER_TEST_ACCOUNT").ok(),
        mfa: mfa(asked.clone()),
        ..ConnectOptions::default()
    };
    println!("endpoints {:?}", options.other_endpoints().await);
    let regions = if task == "two-regions" { vec!["us-east-1", "eu-west-1"] } else { vec!["us-east-1"] };
    for region in regions {
        let region = std::env::var("AWS_REGION").is_ok().then(|| region.to_owned());
        match Connection::open(ConnectOptions { region, ..options.clone() }).await {
            Ok(connection) => {
                println!("opened {:?} {connection:?} {options:?}", connection.identity());
                if task == "deploy" {
                    deploy(&connection).await;
                }
            }
            Err(error) => println!("exit {}: {error}\nnext: {:?}", error.exit_code(), error.report().next),
        }
    }
    println!("asked {} times", asked.load(Ordering::Relaxed));
}

/// Answers with the codes of the environment, one after the other, then not at all.
fn mfa(asked: Arc<AtomicUsize>) -> Mfa {
    let codes = std::env::var(CODES).unwrap_or_default();
    let codes = Mutex::new(codes.split(',').map(str::to_owned).collect::<Vec<_>>().into_iter());
    Mfa::asking(move |request| -> MfaAnswer {
        assert_eq!(request.serial, MFA);
        let code = codes.lock().unwrap().next().filter(|code| !code.is_empty());
        asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { code })
    })
}

async fn deploy(connection: &Connection) {
    let request = DeployRequest::new("S", "{}");
    let approve = async |_| Decision::Approve;
    match cloud::deploy_stack(connection, &request, approve, drop, &Cancel::never()).await {
        Ok(outcome) => println!("deployed {}", outcome.status),
        Err(error) => println!("exit {}: {error}", error.exit_code()),
    }
}

/// Runs a child beside an endpoint that lives in this process.
async fn beside(endpoint: &Endpoint, child: Child, expected: &'static [&'static str]) -> Ran {
    let child = child.variable("AWS_ENDPOINT_URL", endpoint.url());
    tokio::task::spawn_blocking(move || child.says(expected)).await.unwrap()
}

fn keys_in_the_environment() -> Child {
    Child::with_config("")
        .variable("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .variable("AWS_SECRET_ACCESS_KEY", format!("{CANARY}the-environment"))
}

// A8
#[test]
fn without_a_region_it_says_so_at_once_in_ci() {
    let ran =
        Child { task: "open", ..Child::default() }.variable("CI", "true").says(&["exit 2: no region is set"]);
    assert!(ran.took < Duration::from_secs(3), "{:?}", ran.took);
}

// A8
#[test]
fn without_credentials_it_says_so_at_once_in_ci() {
    let ran = Child::with_config("").says(&["exit 5: no AWS credentials were found"]);
    assert!(ran.took < Duration::from_secs(3), "{:?}", ran.took);
}

// A8
#[test]
fn a_metadata_service_that_never_answers_is_not_waited_for() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let ran = Child { task: "open", ..Child::default() }
        .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)
        .variable("AWS_REGION", "us-east-1")
        .says(&["exit 5: no AWS credentials were found"]);
    assert!(ran.took < Duration::from_secs(3), "{:?}", ran.took);
}

#[test]
fn a_machine_that_forbids_to_ask_its_metadata_is_not_asked() {
    Child { task: "open", ..Child::default() }
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .variable("AWS_REGION", "us-east-1")
        .says(&["exit 5: no AWS credentials were found"]);
}

#[tokio::test]
async fn a_server_on_this_machine_is_not_reached_through_a_proxy() {
    let endpoint = Endpoint::start(|_, _| None).await;
    let child = keys_in_the_environment()
        .variable("HTTP_PROXY", "http://127.0.0.1:9")
        .variable("http_proxy", "http://127.0.0.1:9")
        .variable("ALL_PROXY", "http://127.0.0.1:9");
    beside(&endpoint, child, &["opened Identity { account: \"123456789012\""]).await;
}

// A4
#[test]
fn an_unknown_profile_is_named_beside_those_that_exist() {
    Child::with_config("[profile b]\n[profile a]\n").variable("AWS_PROFILE", "nonesuch").says(&[
        "exit 5: there is no profile `nonesuch`; there are `a`, `b`",
        "choose a profile with `--profile`",
    ]);
    Child::with_config("")
        .variable("DOCUTHINKER_TEST_PROFILE", "nonesuch")
        .says(&["exit 5: there is no profile `nonesuch`; the AWS configuration files have none at all"]);
}

// A4
#[test]
fn each_kind_of_profile_says_how_to_sign_in() {
    let sso = "[profile p]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = R\n\
               [sso-session s]\nsso_region = us-east-1\nsso_start_url = https://example.com/start\n";
    let chain =
        format!("{sso}[profile q]\nrole_arn = arn:aws:iam::123456789012:role/R\nsource_profile = p\n");
    let login = "[profile p]\nlogin_session = arn:aws:iam::123456789012:user/me\n";
    let named = |config: &str, name: &str| Child::with_config(config).variable("AWS_PROFILE", name);
    named(sso, "p").says(&[
        "exit 5: no credentials from the profile `p` (IAM Identity Center): failed to load the cached SSO token\n",
        "run `aws sso login --profile p`, then run the same command again",
    ]);
    named(&chain, "q").says(&["from the profile `q` (IAM Identity Center)", "`aws sso login --profile p`"]);
    named(login, "p").says(&["from the profile `p` (`aws login`)", "run `aws login --profile p`"]);
}

// A4
#[cfg(unix)]
#[test]
fn a_process_that_fails_is_quoted_without_its_arguments_and_secrets() {
    let config =
        "[profile p]\ncredential_process = sh -c 'echo ask the vault >&2; echo canary-of-more >&2; exit 3'\n";
    let ran = Child::with_config(config).variable("AWS_PROFILE", "p").says(&[
        "exit 5: no credentials from the profile `p` (credential_process `sh`): exit status: 3: ask the vault\n",
        "run `sh` by hand",
    ]);
    assert!(!ran.said.contains("echo"), "{}", ran.said);
}

#[cfg(unix)]
#[tokio::test]
async fn a_process_is_run_once() {
    let endpoint = Endpoint::start(|_, _| None).await;
    let config = "[profile p]\ncredential_process = ./keys\n";
    // The process stands in the folder that the child runs in, so it is written by a process too.
    let keys = r#"{"Version":1,"AccessKeyId":"OFPROCESS","SecretAccessKey":"canary-of-a-process"}"#;
    let config = config.replace("./keys", &format!("sh -c 'echo ran >> runs; echo '\\''{keys}'\\'''"));
    let child = Child::with_config(config).variable("AWS_PROFILE", "p");
    let ran = beside(&endpoint, child, &["opened"]).await;
    let runs = fs::read_to_string(Path::new(ran.folder.path()).join("runs")).unwrap();
    assert_eq!(runs, "ran\n");
    assert_eq!(endpoint.requests_of("GetCallerIdentity")[0]["AccessKeyId"], "OFPROCESS");
}

// A4
#[tokio::test]
async fn expired_credentials_name_who_gave_them() {
    let expired = |request: &Request, _: &[Request]| {
        (request["Action"] == "GetCallerIdentity").then_some(Reply::Error(
            403,
            "ExpiredToken",
            "it is expired",
        ))
    };
    let endpoint = Endpoint::start(expired).await;
    beside(
        &endpoint,
        keys_in_the_environment(),
        &[
            "exit 5: AWS does not accept the credentials from the environment (AWS_ACCESS_KEY_ID): it is expired (ExpiredToken)",
            "set new AWS_ACCESS_KEY_ID",
        ],
    )
    .await;
    let config = format!("[profile p]\naws_access_key_id = I\naws_secret_access_key = {CANARY}a-profile\n");
    beside(
        &endpoint,
        Child::with_config(config).variable("AWS_PROFILE", "p"),
        &["credentials from the profile `p`: it is expired", "`aws configure --profile p`"],
    )
    .await;
}

// A9
#[tokio::test]
async fn another_account_than_the_configuration_says_is_refused() {
    let endpoint = Endpoint::start(|_, _| None).await;
    let child = keys_in_the_environment().variable("DOCUTHINKER_TEST_ACCOUNT", "111111111111");
    beside(
        &endpoint,
        child,
        &["exit 3: the configuration says account 111111111111, the credentials from the environment \
           (AWS_ACCESS_KEY_ID) are for 123456789012"],
    )
    .await;
}

/// A role that wants a code, assumed from another one.
fn roles() -> Child {
    Child::with_config(format!(
        "[profile last]\nrole_arn = arn:aws:iam::123456789012:role/LAST\nsource_profile = first\nexternal_id = agreed\n\
         [profile first]\nrole_arn = arn:aws:iam::123456789012:role/FIRST\nsource_profile = keys\nmfa_serial = {MFA}\n\
         duration_seconds = 900\nrole_session_name = me\n\
         [profile keys]\naws_access_key_id = OFKEYS\naws_secret_access_key = {CANARY}keys\n"
    ))
    .variable("AWS_PROFILE", "last")
}

#[tokio::test]
async fn a_role_with_mfa_is_assumed_with_one_code_for_all_regions() {
    let endpoint = Endpoint::start(|_, _| None).await;
    let child = roles().variable(CODES, "123456").does("two-regions");
    beside(&endpoint, child, &["region: \"eu-west-1\"", "asked 1 times"]).await;
    let assumed = endpoint.requests_of("AssumeRole");
    let (first, last) = (&assumed[0], &assumed[1]);
    assert_eq!(first["AccessKeyId"], "OFKEYS");
    assert_eq!((first["SerialNumber"].as_str(), first["TokenCode"].as_str()), (MFA, "123456"));
    assert_eq!((first["DurationSeconds"].as_str(), first["RoleSessionName"].as_str()), ("900", "me"));
    assert_eq!((last["AccessKeyId"].as_str(), last["ExternalId"].as_str()), ("FIRST", "agreed"));
    assert!(!last.contains_key("TokenCode"), "a code is good for one call");
    assert_eq!(assumed.iter().filter(|request| request.contains_key("TokenCode")).count(), 1);
    let callers = endpoint.requests_of("GetCallerIdentity");
    assert!(callers.iter().all(|request| request["AccessKeyId"] == "LAST"), "{callers:?}");
}

#[tokio::test]
async fn a_mistyped_code_is_asked_for_again() {
    let wrong = |request: &Request, _: &[Request]| {
        (request.get("TokenCode").map(String::as_str) == Some("000000")).then_some(Reply::Error(
            403,
            "AccessDenied",
            "MultiFactorAuthentication failed with invalid MFA one time pass code.",
        ))
    };
    let endpoint = Endpoint::start(wrong).await;
    beside(&endpoint, roles().variable(CODES, "12345,000000,123456"), &["opened", "asked 3 times"]).await;
    beside(&endpoint, roles().variable(CODES, "x,y,z,123456"), &["exit 5: none of 3 codes", "asked 3 times"])
        .await;
}

#[tokio::test]
async fn a_code_that_nobody_gives_ends_with_what_to_do_instead() {
    let endpoint = Endpoint::start(|_, _| None).await;
    beside(
        &endpoint,
        roles(),
        &["exit 5: the profile `first` needs a code of the MFA device", "aws sts get-session-token"],
    )
    .await;
    assert!(endpoint.requests().is_empty(), "{:?}", endpoint.requests());
}

// A5
#[tokio::test]
async fn a_session_that_ends_on_the_way_is_opened_again_once() {
    let codes =
        |before: &[Request]| before.iter().filter(|request| request.contains_key("TokenCode")).count();
    let script = move |request: &Request, before: &[Request]| {
        let executed = before.iter().any(|request| request["Action"] == "ExecuteChangeSet");
        let ended = executed && request["Action"] == "DescribeStacks" && codes(before) < 2;
        ended.then_some(Reply::Error(403, "ExpiredToken", "it is expired"))
    };
    let endpoint = Endpoint::start(script).await;
    let child = roles().variable(CODES, "123456,654321").does("deploy");
    beside(&endpoint, child, &["deployed UPDATE_COMPLETE", "asked 2 times"]).await;
    assert_eq!(endpoint.requests_of("ExecuteChangeSet").len(), 1);

    let nobody = Endpoint::start(script).await;
    let child = roles().variable(CODES, "123456").does("deploy");
    beside(&nobody, child, &["exit 5: the profile `first` needs a code", "asked 2 times"]).await;
}

// A24
#[tokio::test]
async fn a_clock_that_is_an_hour_slow_changes_nothing() {
    for hours in [1, -1] {
        let endpoint = Endpoint::start(|_, _| None).await;
        endpoint.set_ahead(hours * 3600);
        let connection = endpoint.connect().await.unwrap();
        let approve = async |_| Decision::Approve;
        let request = DeployRequest::new("S", "{}");
        let done = cloud::deploy_stack(&connection, &request, approve, drop, &Cancel::never()).await;
        assert_eq!(done.unwrap().status, "UPDATE_COMPLETE");
    }
}

// A24
#[tokio::test]
async fn a_wrong_clock_that_may_not_be_corrected_is_named_instead_of_the_credentials() {
    let endpoint = Endpoint::start(|_, _| None).await;
    endpoint.set_ahead(3600);
    let child = keys_in_the_environment().variable("AWS_DISABLE_CLOCK_SKEW_CORRECTION", "true");
    let ran = beside(
        &endpoint,
        child,
        &["exit 5: the clock of this machine is slow by 60 minutes", "set the clock"],
    )
    .await;
    assert!(!ran.said.contains("sign in"), "{}", ran.said);
}

// A25
#[tokio::test]
async fn addresses_that_are_not_aws_s_are_known_before_anything_is_sent() {
    let endpoint = Endpoint::start(|_, _| None).await;
    beside(
        &endpoint,
        keys_in_the_environment(),
        &["endpoints [OtherEndpoint { service: None, url: \"http://127.0.0.1:"],
    )
    .await;
    let config = "[default]\nservices = here\n[services here]\ns3 =\n  endpoint_url = http://127.0.0.1:2\n";
    let child = Child { config: config.into(), ..keys_in_the_environment() }
        .variable("AWS_ENDPOINT_URL_STS", endpoint.url())
        .variable("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "http://127.0.0.1:3");
    let expected = [
        "OtherEndpoint { service: Some(\"STS\"), url: \"http://127.0.0.1:",
        "OtherEndpoint { service: Some(\"S3\"), url: \"http://127.0.0.1:2\" }",
        "OtherEndpoint { service: Some(\"CloudWatch Logs\"), url: \"http://127.0.0.1:3\" }",
        "opened",
    ];
    let ran = tokio::task::spawn_blocking(move || child.says(&expected)).await.unwrap();
    assert!(!ran.said.contains("Some(\"ECS\")"), "{}", ran.said);
}

// A10
#[test]
fn a_proxy_that_breaks_tls_open_is_suspected() {
    use std::io::{Read, Write};
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(String::new()));
    let listener = heard.clone();
    std::thread::spawn(move || {
        for stream in proxy.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 1024];
            let read = stream.read(&mut asked).unwrap_or_default();
            *listener.lock().unwrap() += &String::from_utf8_lossy(&asked[..read]);
            let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
            let _ = stream.read(&mut asked);
            let _ = stream.write_all(b"<html>blocked</html>");
        }
    });
    keys_in_the_environment()
        .variable("HTTPS_PROXY", address)
        .says(&["exit 6: cannot reach AWS for sts:GetCallerIdentity: ", "is there a proxy in between?"]);
    assert!(heard.lock().unwrap().starts_with("CONNECT sts.us-east-1.amazonaws.com:443"));
}
