//! The endpoint through plain HTTP, as any client sees it.

mod nested;
mod requests;
mod stacks;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use endpoint::{Endpoint, Scenario};
use serde_json::json;

/// Status, headers and body; `None` if the connection broke off.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    /// The text of the first element of this name.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.texts(name).first().copied().unwrap_or_default()
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let after = self.body.split(open.as_str()).skip(1);
        after.filter_map(|rest| rest.split_once(close.as_str()).map(|(text, _)| text)).collect()
    }
}

pub(crate) fn send(
    endpoint: &Endpoint,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Response> {
    let address = endpoint.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).expect("it listens");
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Response { status, head: head.to_owned(), body: body.to_owned() })
}

pub(crate) fn query(endpoint: &Endpoint, action: &str, parameters: &[(&str, &str)]) -> Option<Response> {
    let mut body = format!("Action={action}&Version=2010-05-15");
    for (name, value) in parameters {
        let value: Vec<_> = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        body = [body, format!("&{name}="), value.concat()].concat();
    }
    let kind = ("content-type", "application/x-www-form-urlencoded");
    send(endpoint, "POST", "/", &[kind], &body)
}

/// An answer that comes.
#[track_caller]
pub(crate) fn ask(endpoint: &Endpoint, action: &str, parameters: &[(&str, &str)]) -> Response {
    query(endpoint, action, parameters).expect("an answer")
}

pub(crate) fn template(resources: serde_json::Value) -> String {
    json!({ "Resources": resources }).to_string()
}

pub(crate) fn topic(name: &str) -> serde_json::Value {
    json!({ "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": name } })
}

pub(crate) fn two(name: &str) -> String {
    template(
        json!({ "A": topic(name), "B": { "Type": "AWS::SQS::Queue", "DependsOn": "A", "Properties": { "Tag": name } } }),
    )
}

/// With a clock that stands still, until the test turns it.
pub(crate) fn still() -> Scenario {
    Scenario::new().manual_clock().delay(Duration::from_secs(10)).change_set_delay(Duration::from_secs(2))
}

pub(crate) fn seconds(endpoint: &Endpoint, seconds: u64) {
    endpoint.advance(Duration::from_secs(seconds));
}

/// Makes and executes a change set, and gives back its ARN.
pub(crate) fn execute(endpoint: &Endpoint, kind: &str, template: &str) -> String {
    let parameters = [
        ("StackName", "S"),
        ("ChangeSetName", "C"),
        ("ClientToken", "t"),
        ("ChangeSetType", kind),
        ("TemplateBody", template),
    ];
    let id = ask(endpoint, "CreateChangeSet", &parameters).text("Id").to_owned();
    seconds(endpoint, 2);
    let done = ask(endpoint, "ExecuteChangeSet", &[("ChangeSetName", &id), ("ClientRequestToken", "t")]);
    assert_eq!(done.status, 200, "{}", done.body);
    id
}

pub(crate) fn status(endpoint: &Endpoint) -> String {
    endpoint.stack("S").expect("the stack exists").status
}

/// What the stack's own events say, oldest first, from the begin of the newest operation but `earlier`.
pub(crate) fn story(endpoint: &Endpoint, stack: &str, earlier: usize) -> Vec<String> {
    let stack = endpoint.stack(stack).expect("the stack exists");
    let from = stack.operations.len() - 1 - earlier;
    let shown = &stack.operations[from..];
    let events = stack.events.iter().filter(|event| shown.contains(&event.operation_id));
    events.map(|event| format!("{} {}", event.logical_id, event.status)).collect()
}
