//! An endpoint that speaks as much of the CloudFormation Query API as a test needs, and misbehaves on purpose.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_sdk_cloudformation::primitives::{DateTime, DateTimeFormat};
use axum::Router;
use axum::body::Body;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use cloud::{CloudError, ConnectOptions, Connection, Keys};

pub(crate) const STACK: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/S/1";
pub(crate) const SET: &str = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/C/1";

/// One request: its parameters, `Action` among them; and as `AccessKeyId` whose it is.
pub(crate) type Request = BTreeMap<String, String>;

/// How a request is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// With this document.
    Ok(String),
    /// With an error of CloudFormation's.
    Error(u16, &'static str, &'static str),
    /// With something that is not CloudFormation's.
    Foreign(u16, &'static str),
    /// With half of this document.
    Truncated(String),
    /// With a connection that breaks off.
    Dropped,
}

type Script = Box<dyn FnMut(&Request, &[Request]) -> Option<Reply> + Send>;

struct Shared {
    script: Script,
    requests: Vec<Request>,
    executed: bool,
    /// How far this endpoint's clock is ahead, in seconds.
    ahead: i64,
}

/// A running endpoint; it ends with the test.
pub(crate) struct Endpoint {
    shared: Arc<Mutex<Shared>>,
    port: u16,
}

impl Endpoint {
    /// An endpoint for a stack that is `UPDATE_COMPLETE` and can be updated. `script` may answer each request otherwise; it
    /// sees all the requests before.
    pub(crate) async fn start(
        script: impl FnMut(&Request, &[Request]) -> Option<Reply> + Send + 'static,
    ) -> Endpoint {
        let shared = Arc::new(Mutex::new(Shared {
            script: Box::new(script),
            requests: Vec::new(),
            executed: false,
            ahead: 0,
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new().route("/", post(answer)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Endpoint { shared, port }
    }

    /// Sets the endpoint's clock ahead; it then refuses signatures that are more than 5 minutes off, as AWS does.
    pub(crate) fn set_ahead(&self, seconds: i64) {
        self.shared.lock().unwrap().ahead = seconds;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn options(&self) -> ConnectOptions {
        ConnectOptions {
            region: Some("us-east-1".into()),
            endpoint_url: Some(format!("http://127.0.0.1:{}", self.port)),
            keys: Some(Keys {
                access_key_id: "AKIDEXAMPLE".into(),
                secret_access_key: "not-a-secret".into(),
                session_token: None,
            }),
            ..ConnectOptions::default()
        }
    }

    pub(crate) async fn connect(&self) -> Result<Connection, CloudError> {
        Connection::open(self.options()).await
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.lock().unwrap().requests.clone()
    }

    /// The requests of one action.
    pub(crate) fn requests_of(&self, action: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request["Action"] == action).collect()
    }
}

async fn answer(
    State(shared): State<Arc<Mutex<Shared>>>,
    headers: HeaderMap,
    Form(mut request): Form<Request>,
) -> Response {
    let mut shared = shared.lock().unwrap();
    let Shared { script, requests, executed, ahead } = &mut *shared;
    let now = DateTime::from(SystemTime::now()).secs() + *ahead;
    request.insert("AccessKeyId".into(), access_key(&headers));
    let reply = if signed_at(&headers).abs_diff(now) > 300 {
        Reply::Error(403, "SignatureDoesNotMatch", "Signature expired: it is now earlier than it should be")
    } else {
        script(&request, requests).unwrap_or_else(|| well_behaved(&request, *executed, requests))
    };
    *executed |= request["Action"] == "ExecuteChangeSet" && matches!(reply, Reply::Ok(_));
    requests.push(request);
    let mut response = respond(reply);
    let date = DateTime::from_secs(now).fmt(DateTimeFormat::HttpDate).unwrap();
    response.headers_mut().insert(header::DATE, date.parse().unwrap());
    response
}

/// The time that a request was signed at, in seconds.
fn signed_at(headers: &HeaderMap) -> i64 {
    let text = headers["x-amz-date"].to_str().unwrap();
    let (d, t) = (&text[..8], &text[9..15]);
    let text = format!("{}-{}-{}T{}:{}:{}Z", &d[..4], &d[4..6], &d[6..], &t[..2], &t[2..4], &t[4..]);
    DateTime::from_str(&text, DateTimeFormat::DateTime).unwrap().secs()
}

/// Whose signature it is.
fn access_key(headers: &HeaderMap) -> String {
    let text = headers[header::AUTHORIZATION].to_str().unwrap();
    let (_, rest) = text.split_once("Credential=").unwrap();
    rest.split('/').next().unwrap().to_owned()
}

fn respond(reply: Reply) -> Response {
    let xml = |status: u16, text: String| {
        let status = StatusCode::from_u16(status).unwrap();
        Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "text/xml")
            .body(Body::from(text))
            .unwrap()
    };
    match reply {
        Reply::Ok(text) => xml(200, text),
        Reply::Error(status, code, message) => xml(
            status,
            format!(
                "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
            ),
        ),
        Reply::Foreign(status, text) => xml(status, text.to_owned()),
        Reply::Truncated(text) => {
            let middle = text.find("<StackId>").unwrap_or(text.len() / 2);
            xml(200, text[..middle].to_owned())
        }
        Reply::Dropped => {
            // The server notices that it promised more than it has, and closes the connection.
            let mut response = xml(200, "<".to_owned());
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("1000"));
            response
        }
    }
}

fn well_behaved(request: &Request, executed: bool, before: &[Request]) -> Reply {
    match request["Action"].as_str() {
        "GetCallerIdentity" => result(
            "GetCallerIdentity",
            "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/u</Arn><UserId>u</UserId>",
        ),
        // Each role has keys of its own, which are its name.
        "AssumeRole" => {
            let key = request["RoleArn"].rsplit('/').next().unwrap();
            let keys = format!(
                "<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>canary-of-a-role</SecretAccessKey>\
                 <SessionToken>canary-of-a-session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
            );
            result("AssumeRole", &format!("<Credentials>{keys}</Credentials>"))
        }
        "DescribeStacks" if executed => {
            // The first look after the execution still shows the update running.
            let looks = before.iter().rev().take_while(|r| r["Action"] != "ExecuteChangeSet");
            let first = !looks.into_iter().any(|r| r["Action"] == "DescribeStacks");
            stack(if first { "UPDATE_IN_PROGRESS" } else { "UPDATE_COMPLETE" }, "2026-01-01T00:00:05Z")
        }
        "DescribeStacks" => stack("UPDATE_COMPLETE", "2026-01-01T00:00:00Z"),
        "CreateChangeSet" => result("CreateChangeSet", &format!("<Id>{SET}</Id><StackId>{STACK}</StackId>")),
        "DescribeChangeSet" => change_set("CREATE_COMPLETE", "", "AVAILABLE", &["A"], None),
        "DescribeStackEvents" => {
            let token = before.iter().find_map(|r| r.get("ClientToken")).cloned().unwrap_or_default();
            events(&[(1, "S", "UPDATE_IN_PROGRESS", &token), (2, "S", "UPDATE_COMPLETE", &token)], None)
        }
        other => result(other, ""),
    }
}

pub(crate) fn result(action: &str, inside: &str) -> Reply {
    Reply::Ok(format!("<{action}Response><{action}Result>{inside}</{action}Result></{action}Response>"))
}

pub(crate) fn stack(status: &str, updated: &str) -> Reply {
    result(
        "DescribeStacks",
        &format!(
            "<Stacks><member><StackName>S</StackName><StackStatus>{status}</StackStatus>\
             <CreationTime>2025-01-01T00:00:00Z</CreationTime><LastUpdatedTime>{updated}</LastUpdatedTime>\
             <StackId>{STACK}</StackId></member></Stacks>"
        ),
    )
}

pub(crate) fn change_set(
    status: &str,
    reason: &str,
    execution: &str,
    ids: &[&str],
    next: Option<&str>,
) -> Reply {
    let mut changes = String::new();
    for id in ids {
        write!(
            changes,
            "<member><Type>Resource</Type><ResourceChange><Action>Modify</Action><LogicalResourceId>{id}\
             </LogicalResourceId><ResourceType>AWS::X::Y</ResourceType></ResourceChange></member>"
        )
        .unwrap();
    }
    let next = next.map(|token| format!("<NextToken>{token}</NextToken>")).unwrap_or_default();
    result(
        "DescribeChangeSet",
        &format!(
            "<ChangeSetId>{SET}</ChangeSetId><StackId>{STACK}</StackId><Status>{status}</Status>\
             <StatusReason>{reason}</StatusReason><ExecutionStatus>{execution}</ExecutionStatus>\
             <CreationTime>2026-01-01T00:00:01Z</CreationTime><Changes>{changes}</Changes>{next}"
        ),
    )
}

/// Events, given oldest first as (second, logical id, status, token); AWS tells the newest first.
pub(crate) fn events(events: &[(u32, &str, &str, &str)], next: Option<&str>) -> Reply {
    let mut members = String::new();
    for (second, id, status, token) in events.iter().rev() {
        let physical = if *id == "S" { STACK } else { id };
        write!(
            members,
            "<member><EventId>{second}-{id}-{status}</EventId><StackId>{STACK}</StackId><StackName>S</StackName>\
             <LogicalResourceId>{id}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId>\
             <ResourceType>AWS::X::Y</ResourceType><ResourceStatus>{status}</ResourceStatus>\
             <Timestamp>2026-01-01T00:00:{second:02}Z</Timestamp><ClientRequestToken>{token}</ClientRequestToken></member>"
        )
        .unwrap();
    }
    let next = next.map(|token| format!("<NextToken>{token}</NextToken>")).unwrap_or_default();
    result("DescribeStackEvents", &format!("<StackEvents>{members}</StackEvents>{next}"))
}
