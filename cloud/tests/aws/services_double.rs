//! A stand-in for the services that speak JSON: ECR, Secrets Manager, ACM, Cloud Control.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cloud::{ConnectOptions, Connection, Keys};
use serde_json::{Value, json};

/// One call: `DescribeSecret`, its region, its body.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) action: String,
    pub(crate) region: String,
    pub(crate) body: Value,
}

/// How a call is answered: with a status and a document.
pub(crate) type Answer = (u16, Value);

type Script = Box<dyn FnMut(&Call) -> Answer + Send>;

struct Shared {
    script: Script,
    calls: Vec<Call>,
}

/// A running stand-in; it ends with the test.
pub(crate) struct Services {
    shared: Arc<Mutex<Shared>>,
    port: u16,
}

/// An error in the form of these services.
pub(crate) fn error(code: &str, message: &str) -> Answer {
    (400, json!({ "__type": code, "message": message }))
}

impl Services {
    pub(crate) async fn start(script: impl FnMut(&Call) -> Answer + Send + 'static) -> Services {
        let shared = Arc::new(Mutex::new(Shared { script: Box::new(script), calls: Vec::new() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Services { shared, port }
    }

    pub(crate) async fn connect(&self) -> Connection {
        let options = ConnectOptions {
            region: Some("eu-west-1".into()),
            endpoint_url: Some(format!("http://127.0.0.1:{}", self.port)),
            keys: Some(Keys {
                access_key_id: "AKIDEXAMPLE".into(),
                secret_access_key: "not-a-secret".into(),
                session_token: None,
            }),
            ..ConnectOptions::default()
        };
        Connection::open(options).await.expect("the stand-in answers")
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.lock().unwrap().calls.clone()
    }
}

async fn answer(State(shared): State<Arc<Mutex<Shared>>>, headers: HeaderMap, body: Bytes) -> Response {
    let text =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let target = text("x-amz-target");
    let Some((_, action)) = target.split_once('.') else {
        let identity = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>\
                        <Arn>arn:aws:iam::123456789012:user/u</Arn><UserId>u</UserId>\
                        </GetCallerIdentityResult></GetCallerIdentityResponse>";
        return ([(header::CONTENT_TYPE, "text/xml")], identity).into_response();
    };
    // `Credential=KEY/20260101/eu-west-1/ecr/aws4_request`
    let region = text("authorization").split('/').nth(2).unwrap_or_default().to_owned();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let call = Call { action: action.to_owned(), region, body };
    let mut shared = shared.lock().unwrap();
    let (status, document) = (shared.script)(&call);
    shared.calls.push(call);
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], document.to_string()).into_response()
}
