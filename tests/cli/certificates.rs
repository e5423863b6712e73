//! Waiting for a certificate: `doctor --wait`, through the built command.

use serde_json::{Value, json};

use crate::preflight::{SHOP, all_right, aws, run};
use crate::project::Project;
use crate::stand_in::{StandIn, json_error};

/// All is as it must be but the certificate, which has these states one after the other; the last one stays.
fn certificate_that_is(states: &'static [&'static str]) -> StandIn {
    let looked = std::sync::atomic::AtomicUsize::new(0);
    aws(move |action, body| {
        if action != "DescribeCertificate" {
            return all_right(action, body);
        }
        let at = looked.fetch_add(1, std::sync::atomic::Ordering::SeqCst).min(states.len() - 1);
        if states[at] == "DENIED" {
            return json_error("AccessDeniedException", "User: u is not authorized");
        }
        let record =
            json!({ "Name": "_a.shop.example.com.", "Type": "CNAME", "Value": "_v.acm-validations.aws." });
        let mut certificate = json!({
            "Status": states[at],
            "DomainValidationOptions": [{ "DomainName": "shop.example.com", "ResourceRecord": record }],
        });
        if states[at] == "FAILED" {
            certificate["FailureReason"] = json!("CAA_ERROR");
        }
        (200, json!({ "Certificate": certificate }).to_string())
    })
}

/// How often ACM was asked.
fn looks(aws: &StandIn) -> usize {
    aws.asked().iter().filter(|action| *action == "DescribeCertificate").count()
}

// R285
#[test]
fn the_doctor_waits_for_a_certificate_and_tells_the_record_first() {
    let aws = certificate_that_is(&["PENDING_VALIDATION", "PENDING_VALIDATION", "DENIED", "ISSUED"]);
    let outcome = run(&["doctor", "--wait"], &aws);
    assert_eq!((outcome.code, looks(&aws)), (Some(0), 4), "{outcome}");
    let record =
        "certificate/1 waits for a record in DNS: _a.shop.example.com. CNAME _v.acm-validations.aws.";
    let (before, after) = outcome.stdout.split_once("\ncertificates\n").unwrap();
    assert!(before.contains(record), "{outcome}");
    assert_eq!(
        after, "  ✓ the certificate arn:aws:acm:eu-west-1:123456789012:certificate/1 is issued\n",
        "{outcome}"
    );
    assert!(outcome.stderr.contains("could not look at a certificate, and asks again"), "{outcome}");
    assert!(outcome.stderr.ends_with("nothing is missing, 3 warnings, 0 not looked at\n"), "{outcome}");

    let json = run(
        &["doctor", "--wait", "--output", "json"],
        &certificate_that_is(&["PENDING_VALIDATION", "ISSUED"]),
    );
    assert_eq!(json.code, Some(0), "{json}");
    assert!(json.stderr.contains(record), "{json}");
    let shown: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(shown["missing"], 0, "{json}");
}

// R285
#[test]
fn the_doctor_waits_no_longer_for_a_certificate_that_acm_has_given_up() {
    let aws = certificate_that_is(&["PENDING_VALIDATION", "FAILED"]);
    let outcome = run(&["doctor", "--wait"], &aws);
    assert_eq!((outcome.code, looks(&aws)), (Some(3), 2), "{outcome}");
    let (_, after) = outcome.stdout.split_once("\ncertificates\n").unwrap();
    let failed =
        "  ✗ the certificate arn:aws:acm:eu-west-1:123456789012:certificate/1 is FAILED (CAA_ERROR)\n";
    assert!(after.starts_with(failed), "{outcome}");
    assert!(after.contains("fix: ask for a new one"), "{outcome}");
}

// R285
#[test]
fn the_doctor_waits_for_nothing_but_certificates() {
    let aws = certificate_that_is(&["ISSUED"]);
    let outcome = run(&["doctor", "--wait"], &aws);
    assert_eq!((outcome.code, looks(&aws)), (Some(0), 1), "{outcome}");
    assert!(outcome.stderr.ends_with("there is nothing to wait for\n"), "{outcome}");
    let given_up = run(&["doctor", "--wait"], &certificate_that_is(&["VALIDATION_TIMED_OUT"]));
    assert_eq!(given_up.code, Some(3), "{given_up}");
    assert!(given_up.stderr.ends_with("there is nothing to wait for\n"), "{given_up}");
}

// R285
#[test]
fn the_doctor_waits_as_long_as_it_may() {
    let aws = certificate_that_is(&["PENDING_VALIDATION"]);
    let outcome = run(&["doctor", "--wait", "--timeout", "2s"], &aws);
    assert_eq!(outcome.code, Some(8), "{outcome}");
    assert!(outcome.stderr.contains("time is up after 2s: 1 certificate is not issued yet"), "{outcome}");
    assert!(outcome.stderr.contains("ACM goes on"), "{outcome}");
    let alone = run(&["doctor", "--timeout", "2s"], &aws);
    assert_eq!(alone.code, Some(2), "{alone}");
}

// R285
#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_wait_for_a_certificate() {
    let aws = certificate_that_is(&["PENDING_VALIDATION"]);
    let project = Project::new().variable("PATH", "/nowhere");
    project.write("shop.yaml", SHOP);
    let words = "doctor --wait --template shop.yaml --stack-name Shop --region eu-west-1 --endpoint-url";
    let mut command = project.command(words.split(' ').chain([aws.address.as_str()]));
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    while looks(&aws) < 2 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT)
        .unwrap();
    let outcome = project.outcome(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, Some(130), "{outcome}");
    assert!(outcome.stderr.contains("interrupted: 1 certificate is not issued yet"), "{outcome}");
}
