//! The emulator as the tests use it: started and stopped through the command, asked through AWS's own APIs.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::project::Project;

/// A running emulator that knows nothing yet, and a folder to use it from.
pub(crate) struct Emulator {
    pub(crate) project: Project,
    pub(crate) address: String,
}

impl Emulator {
    /// Starts one of its own for the test. The Python environment is shared by all tests of the build, so that its
    /// packages are fetched once.
    pub(crate) fn start() -> Emulator {
        Emulator::with_delay(0)
    }

    /// Like [`Emulator::start`]; each resource takes `milliseconds`.
    pub(crate) fn with_delay(milliseconds: u32) -> Emulator {
        let environment = concat!(env!("CARGO_TARGET_TMPDIR"), "/emulator-environment");
        let project = Project::new().variable("DOCUTHINKER_EMULATOR_ENVIRONMENT", environment);
        let faults = project.write("faults.json", "{}");
        let start = ["local", "start", "--output", "json", "--delay-ms"].map(str::to_owned);
        let started = project
            .run(start.into_iter().chain([
                milliseconds.to_string(),
                "--faults".to_owned(),
                faults.display().to_string(),
            ]))
            .json();
        let address = started["endpoint"].as_str().unwrap().replace("http://", "");
        Emulator { project, address }
    }

    /// Makes the next operation on a resource fail: `create:LogicalId`, with the reason.
    pub(crate) fn inject(&self, operation: &str, reason: &str) {
        let faults = serde_json::json!({ operation: reason });
        self.project.write("faults.json", faults.to_string());
    }

    /// Calls an API that speaks JSON: `("ecs", "AmazonEC2ContainerServiceV20141113.ListClusters", "{}")`.
    #[track_caller]
    pub(crate) fn json(&self, service: &str, target: &str, body: &Value) -> Value {
        let headers = format!("Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: {target}\r\n");
        let answer = self.post(service, &headers, &body.to_string());
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// As [`Emulator::json`], where there may be no answer.
    pub(crate) fn post_json(&self, service: &str, target: &str, body: &Value) -> String {
        let headers = format!("Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: {target}\r\n");
        self.post(service, &headers, &body.to_string())
    }

    /// Calls an API that speaks forms and XML, and gives the texts of the elements `name`.
    pub(crate) fn query(&self, service: &str, version: &str, action: &str, name: &str) -> Vec<String> {
        let body = format!("Action={action}&Version={version}");
        let answer = self.post(service, "Content-Type: application/x-www-form-urlencoded\r\n", &body);
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        answer.split(&open).skip(1).filter_map(|rest| Some(rest.split_once(&close)?.0.to_owned())).collect()
    }

    /// Makes a hosted zone, which no stack of ours does, and gives its id.
    #[track_caller]
    pub(crate) fn hosted_zone(&self, name: &str) -> String {
        let body = format!(
            r#"<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>{name}</Name><CallerReference>{name}</CallerReference></CreateHostedZoneRequest>"#
        );
        let answer = self.post_to("/2013-04-01/hostedzone", "route53", "Content-Type: text/xml\r\n", &body);
        let (_, rest) = answer.split_once("<Id>/hostedzone/").unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    }

    /// Puts an object into a bucket, which no command of ours does.
    #[track_caller]
    pub(crate) fn put_object(&self, bucket: &str, key: &str) {
        let answer = self.send("PUT", &format!("/{bucket}/{key}"), "s3", "", "content");
        assert!(!answer.contains("<Error>"), "{answer}");
    }

    fn post(&self, service: &str, headers: &str, body: &str) -> String {
        self.post_to("/", service, headers, body)
    }

    fn post_to(&self, path: &str, service: &str, headers: &str, body: &str) -> String {
        self.send("POST", path, service, headers, body)
    }

    fn send(&self, method: &str, path: &str, service: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        // The emulator checks no signature; it reads the account and the region from its beginning.
        let signature = format!(
            "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/{service}/aws4_request, \
             SignedHeaders=host, Signature=none"
        );
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {service}.us-east-1.amazonaws.com\r\nAuthorization: {signature}\r\n{headers}\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(!head.to_lowercase().contains("transfer-encoding: chunked"), "{head}");
        body.to_owned()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.project.run(["local", "stop"]);
    }
}
