//! A double of ECS and CloudWatch Logs: it answers in JSON by the name in `X-Amz-Target`.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use crate::connect::{ConnectOptions, Connection, Keys};

/// A call: its name, for example `ListTasks`, its parameters, and the region it was signed for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) input: Value,
    pub(crate) region: String,
}

type Script = Box<dyn FnMut(&Call) -> Result<Value, &'static str> + Send>;

/// A running double; it ends with the test.
pub(crate) struct Double {
    calls: Arc<Mutex<Vec<Call>>>,
    pub(crate) connection: Connection,
}

impl Double {
    /// A double that answers with the script's value, or the error code that it gives.
    pub(crate) async fn start(
        script: impl FnMut(&Call) -> Result<Value, &'static str> + Send + 'static,
    ) -> Double {
        let calls = Arc::default();
        let script: Script = Box::new(script);
        let state = (Arc::clone(&calls), Arc::new(Mutex::new(script)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route("/", post(answer)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let connection = Connection::open(ConnectOptions {
            region: Some("us-east-1".into()),
            endpoint_url: Some(format!("http://{address}")),
            keys: Some(Keys {
                access_key_id: "AKIDEXAMPLE".into(),
                secret_access_key: "not-a-secret".into(),
                session_token: None,
            }),
            ..ConnectOptions::default()
        });
        Double { calls, connection: connection.await.unwrap() }
    }

    /// All calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The names of all calls so far.
    pub(crate) fn names(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.name).collect()
    }
}

type Shared = (Arc<Mutex<Vec<Call>>>, Arc<Mutex<Script>>);

async fn answer(State((calls, script)): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = text("x-amz-target");
    if target.is_empty() {
        return who_is_it();
    }
    let call = Call {
        name: target.rsplit('.').next().unwrap_or_default().to_owned(),
        input: serde_json::from_str(&body).unwrap(),
        // `Credential=key/day/region/service/aws4_request`
        region: text("authorization").split('/').nth(2).unwrap_or_default().to_owned(),
    };
    let (status, answer) = match (script.lock().unwrap())(&call) {
        Ok(answer) => (StatusCode::OK, answer),
        Err(code) => (StatusCode::BAD_REQUEST, json!({ "__type": code, "message": "no\u{1b}[31m way" })),
    };
    calls.lock().unwrap().push(call);
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], answer.to_string()).into_response()
}

/// What STS says when the connection is opened.
fn who_is_it() -> Response {
    let text = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>\
                <Arn>arn:aws:iam::123456789012:user/u</Arn><UserId>u</UserId></GetCallerIdentityResult>\
                </GetCallerIdentityResponse>";
    ([(header::CONTENT_TYPE, "text/xml")], text).into_response()
}
