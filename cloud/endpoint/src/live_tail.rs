//! CloudWatch's live tail: an answer that goes on, in AWS's framing of events.
//!
//! Sources: [StartLiveTail](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html) and
//! [the framing](https://smithy.io/2.0/aws/amazon-eventstream.html).

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http_body::Frame;
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::request::{Refusal, Request};
use crate::server::Shared;
use crate::world::World;

/// How often a session tells what came in; AWS does it every second.
const TICK: Duration = Duration::from_millis(20);

/// What a test says of live tails.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// How many events fit into an update.
    pub(crate) most: usize,
    /// After how many updates a session ends.
    pub(crate) updates: usize,
}

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    script: Script,
    account: String,
    groups: Vec<String>,
    prefixes: Vec<String>,
    /// How many lines had come in when it was last looked.
    seen: usize,
}

impl Session {
    /// Begins a session, if the test says that there are any.
    pub(crate) fn begin(world: &World, account: &str, request: &Request) -> Option<Result<Session, Refusal>> {
        let script = world.scenario.running.tail.clone()?;
        let groups: Vec<String> = texts(&request.body["logGroupIdentifiers"])
            .into_iter()
            .filter_map(|arn| Some(arn.split_once(":log-group:")?.1.to_owned()))
            .collect();
        let prefixes = texts(&request.body["logStreamNamePrefixes"]);
        if groups.is_empty() || groups.len() > 10 || (groups.len() > 1 && !prefixes.is_empty()) {
            let text = "1 to 10 log groups by ARN, and prefixes only with one of them";
            return Some(Err(Refusal::new(400, "InvalidParameterException", text)));
        }
        let seen = world.scenario.running.log.len();
        Some(Ok(Session { script, account: account.to_owned(), groups, prefixes, seen }))
    }

    /// The answer, which goes on until the session ends or nobody reads.
    pub(crate) fn response(self, shared: Arc<Shared>) -> Response {
        let (tell, told) = channel(1);
        tokio::spawn(self.play(shared, tell));
        let response = Response::builder().header("content-type", "application/vnd.amazon.eventstream");
        response.body(Body::new(Flow(told))).unwrap_or_default()
    }

    async fn play(mut self, shared: Arc<Shared>, tell: Sender<Bytes>) {
        let start = json!({ "logGroupIdentifiers": self.groups });
        if tell.send(message("event", "sessionStart", &start)).await.is_err() {
            return;
        }
        for _ in 0..self.script.updates {
            tokio::time::sleep(TICK).await;
            let update = self.update(&shared.lock().world);
            if tell.send(message("event", "sessionUpdate", &update)).await.is_err() {
                return;
            }
        }
        let end = json!({ "message": "Live Tail session has timed out." });
        let _ = tell.send(message("exception", "SessionTimeoutException", &end)).await;
    }

    /// What came in since the last look.
    fn update(&mut self, world: &World) -> Value {
        let log = &world.scenario.running.log;
        let fits = |stream: &str| {
            self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| stream.starts_with(prefix))
        };
        let events: Vec<Value> = log
            .iter()
            .skip(self.seen)
            .filter(|line| self.groups.contains(&line.group) && fits(&line.stream))
            .map(|line| {
                json!({
                    "logGroupIdentifier": format!("{}:{}", self.account, line.group),
                    "logStreamName": line.stream,
                    "message": line.message,
                    "timestamp": line.at,
                    "ingestionTime": line.at,
                })
            })
            .collect();
        self.seen = log.len();
        let sampled = events.len() > self.script.most;
        let told: Vec<Value> = events.into_iter().take(self.script.most).collect();
        json!({ "sessionMetadata": { "sampled": sampled }, "sessionResults": told })
    }
}

fn texts(list: &Value) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten();
    texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// A body whose parts come one after the other.
struct Flow(Receiver<Bytes>);

impl HttpBody for Flow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Flow>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|part| part.map(|part| Ok(Frame::data(part))))
    }
}

/// A message with its lengths, its headers and its check sums.
fn message(kind: &str, name: &str, payload: &Value) -> Bytes {
    let named = if kind == "event" { ":event-type" } else { ":exception-type" };
    let mut headers = Vec::new();
    for (header, value) in
        [(":message-type", kind), (named, name), (":content-type", "application/x-amz-json-1.1")]
    {
        headers.push(u8::try_from(header.len()).unwrap_or(u8::MAX));
        headers.extend(header.as_bytes());
        // A text.
        headers.push(7);
        headers.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        headers.extend(value.as_bytes());
    }
    let payload = payload.to_string();
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
    let mut message = Vec::new();
    message.extend(length(16 + headers.len() + payload.len()));
    message.extend(length(headers.len()));
    message.extend(crc32(&message).to_be_bytes());
    message.extend(headers);
    message.extend(payload.as_bytes());
    message.extend(crc32(&message).to_be_bytes());
    message.into()
}

/// The check sum of IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let rest = bytes.iter().fold(u32::MAX, |sum, byte| {
        let sum = sum ^ u32::from(*byte);
        (0..8).fold(sum, |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    });
    !rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
