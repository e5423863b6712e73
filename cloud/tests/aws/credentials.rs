//! Finding credentials, in a process of its own whose environment holds nothing of this machine's.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use cloud::{ConnectOptions, Connection};

/// Set in the child process, which then opens a connection and prints what came of it.
const CHILD: &str = "DOCUTHINKER_TEST_CHILD";

/// Opens a connection in a process that has these variables only.
fn open(variables: &[(&str, &str)]) -> (Output, Duration) {
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "credentials::in_the_child_a_connection_is_opened", "--nocapture"])
        .env_clear()
        .env(CHILD, "yes")
        .env("HOME", folder.path())
        .env("AWS_CONFIG_FILE", folder.path().join("none"))
        .env("AWS_SHARED_CREDENTIALS_FILE", folder.path().join("none"))
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (output, began.elapsed())
}

#[track_caller]
fn check(variables: &[(&str, &str)], expected: &str) {
    let (output, took) = open(variables);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(expected), "{said}");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

/// Does nothing in the parent; `check` runs it with variables of its own.
#[tokio::test]
async fn in_the_child_a_connection_is_opened() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let opened = Connection::open(ConnectOptions::default()).await;
    match opened {
        Ok(connection) => println!("opened {:?}", connection.identity()),
        Err(error) => println!("exit {}: {error}", error.exit_code()),
    }
}

#[test]
fn without_a_region_it_says_so_at_once_in_ci() {
    check(&[("CI", "true")], "exit 2: no region is set");
}

#[test]
fn without_credentials_it_says_so_at_once_in_ci() {
    check(&[("CI", "true"), ("AWS_REGION", "us-east-1")], "exit 5: no AWS credentials were found");
}

#[test]
fn a_machine_that_forbids_to_ask_its_metadata_is_not_asked() {
    check(
        &[("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_REGION", "us-east-1")],
        "exit 5: no AWS credentials were found",
    );
}

#[tokio::test]
async fn a_server_on_this_machine_is_not_reached_through_a_proxy() {
    let endpoint = crate::scripted::Endpoint::start(|_, _| None).await;
    let address = endpoint.options().endpoint_url.unwrap();
    let child = move || {
        let variables = [
            ("CI", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
            ("AWS_ENDPOINT_URL", address.as_str()),
            ("HTTP_PROXY", "http://127.0.0.1:9"),
            ("http_proxy", "http://127.0.0.1:9"),
            ("ALL_PROXY", "http://127.0.0.1:9"),
        ];
        check(&variables, "opened Identity { account: \"123456789012\"");
    };
    tokio::task::spawn_blocking(child).await.unwrap();
}

#[test]
fn an_unknown_profile_is_named() {
    check(
        &[("CI", "true"), ("AWS_REGION", "us-east-1"), ("AWS_PROFILE", "nonesuch")],
        "exit 5: no AWS credentials were found for the profile `nonesuch`",
    );
}
