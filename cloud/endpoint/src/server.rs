//! From a request to what is sent back: recording, faults, limits, the answer, and how it is mangled.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use crate::actions;
use crate::alarms;
use crate::clock::{amz_date, http_date};
use crate::faults::{Wrong, mangle, strike};
use crate::iam;
use crate::json_services::{self, JsonAnswer};
use crate::limiter::Limiter;
use crate::line::Scissors;
use crate::live_tail;
use crate::load_balancing;
use crate::read::{self, header, unchunked};
use crate::request::{Refusal, Request};
use crate::scenario::Scenario;
use crate::world::{Caller, World};
use crate::xml;

const CLOUDFORMATION: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";
const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// How much a request may be dated off.
const MOST_SKEW: Duration = Duration::from_mins(5);

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    began: Instant,
}

/// The state behind the lock.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) world: World,
    pub(crate) requests: Vec<Request>,
    limiter: Limiter,
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Reply {
    status: u16,
    kind: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// What is done with an answer.
#[derive(Debug)]
enum Delivery {
    Sent(Reply),
    Late(Duration, Reply),
    Live(live_tail::Session),
    Dropped,
    Never,
}

impl Reply {
    pub(crate) fn xml(status: u16, body: String) -> Reply {
        Reply { status, kind: "text/xml", headers: Vec::new(), body: body.into_bytes() }
    }

    pub(crate) fn bytes(kind: &'static str, body: Vec<u8>) -> Reply {
        Reply { status: 200, kind, headers: Vec::new(), body }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }
}

impl Shared {
    pub(crate) fn new(scenario: Scenario) -> Shared {
        let mut world = World::new(scenario);
        world.remembers = world.scenario.faults.iter().any(crate::faults::Fault::looks_back);
        let now = world.clock.now();
        world.remember(now);
        let inner = Inner { world, requests: Vec::new(), limiter: Limiter::default() };
        Shared { inner: Mutex::new(inner), began: Instant::now() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers an HTTP request.
pub(crate) async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: axum::extract::Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap_or_default();
    let request = read::request(&parts, &body, shared.began.elapsed());
    let (delivery, date) = {
        let mut inner = shared.lock();
        let delivery = inner.deliver(&request, &parts.headers, &body);
        (delivery, http_date(inner.world.clock.now()))
    };
    let reply = match delivery {
        Delivery::Sent(reply) => reply,
        Delivery::Late(delay, reply) => {
            tokio::time::sleep(delay).await;
            reply
        }
        Delivery::Live(session) => return session.response(shared),
        Delivery::Dropped => {
            scissors.cut();
            Reply::xml(200, String::new())
        }
        Delivery::Never => std::future::pending().await,
    };
    let mut response =
        Response::builder().status(reply.status).header("content-type", reply.kind).header("date", date);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).unwrap_or_default()
}

impl Inner {
    fn deliver(&mut self, request: &Request, headers: &HeaderMap, body: &[u8]) -> Delivery {
        self.world.catch_up();
        let Inner { world, requests, limiter } = self;
        let before = |action: &str| requests.iter().any(|earlier| earlier.action == action);
        let wrong = strike(&mut world.scenario.faults, request, &before, &mut world.dice);
        self.requests.push(request.clone());
        let id = world.uuid();
        let refused = |refusal: Refusal| Delivery::Sent(refuse(request, &refusal, &id));
        if let Some(refusal) = too_skewed(world, headers) {
            return refused(refusal);
        }
        let caller = world.caller(request);
        if let Some(limit) = limit(world, request)
            && !limiter.take(
                format!("{}/{}/{}", caller.account, caller.region, request.action),
                limit,
                world.clock.now(),
            )
        {
            return refused(throttled());
        }
        match &wrong {
            Some(Wrong::Dropped) => return Delivery::Dropped,
            Some(Wrong::Hangs) => return Delivery::Never,
            Some(Wrong::Empty500) => return Delivery::Sent(Reply::xml(500, String::new())),
            Some(Wrong::ProxyPage) => {
                let page =
                    "<html><head><title>503</title></head><body><h1>Service Unavailable</h1></body></html>";
                return Delivery::Sent(Reply { kind: "text/html", ..Reply::xml(503, page.to_owned()) });
            }
            _ => {}
        }
        if let Some(refusal) = wrong.as_ref().and_then(|wrong| refusal_of(wrong, request, &caller)) {
            return refused(refusal);
        }
        if request.action == "StartLiveTail"
            && let Some(session) = live_tail::Session::begin(world, &caller.account, request)
        {
            return session.map_or_else(refused, Delivery::Live);
        }
        let reply = stale(world, wrong.as_ref(), &request.action, |world| {
            reply(world, &caller, request, &unchunked(headers, body), &id)
        });
        world.catch_up();
        if !actions::only_reads(&request.action) {
            let now = world.clock.now();
            world.remember(now);
        }
        let Some(wrong) = wrong else { return Delivery::Sent(reply) };
        match &wrong {
            Wrong::AnswerLost => return Delivery::Dropped,
            Wrong::Late(delay) => return Delivery::Late(*delay, reply),
            _ => {}
        }
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        Delivery::Sent(Reply { body: mangle(&wrong, text, &mut world.dice), ..reply })
    }
}

/// The answer of a service that behaves.
fn reply(world: &mut World, caller: &Caller, request: &Request, body: &[u8], id: &str) -> Reply {
    match request.service.as_str() {
        "cloudformation" | "sts" => match actions::answer(world, caller, request) {
            Ok(inside) => Reply::xml(200, xml::answer(&request.action, namespace(request), &inside, id)),
            Err(refusal) => refuse(request, &refusal, id),
        },
        "iam" => match iam::answer(world, request) {
            Ok(inside) => Reply::xml(200, xml::answer(&request.action, namespace(request), &inside, id)),
            Err(refusal) => refuse(request, &refusal, id),
        },
        "elasticloadbalancing" => match load_balancing::answer(world, caller, request) {
            Ok(inside) => Reply::xml(200, xml::answer(&request.action, namespace(request), &inside, id)),
            Err(refusal) => refuse(request, &refusal, id),
        },
        "monitoring" => match alarms::answer(world, caller, request) {
            Ok(body) => Reply::bytes(alarms::CONTENT, body).with("smithy-protocol", alarms::PROTOCOL),
            Err(refusal) => refuse(request, &refusal, id),
        },
        "s3" => {
            let bucket = request.parameters.get("Bucket").cloned().unwrap_or_default();
            let made = world.stacks.iter().filter(|stack| !stack.is_deleted()).any(|stack| {
                stack.resources.values().any(|resource| {
                    resource.kind == "AWS::S3::Bucket" && resource.physical.as_ref() == Some(&bucket)
                })
            });
            world.objects.answer(request, body, made)
        }
        _ => match json_services::answer(world, caller, request) {
            JsonAnswer::Ok(value) => {
                Reply::bytes("application/x-amz-json-1.1", value.to_string().into_bytes())
            }
            JsonAnswer::Error(status, code, message) => {
                refuse(request, &Refusal { status, code, message }, id)
            }
        },
    }
}

fn namespace(request: &Request) -> &'static str {
    match request.service.as_str() {
        "sts" => STS,
        "iam" => iam::NAMESPACE,
        "elasticloadbalancing" => load_balancing::NAMESPACE,
        _ => CLOUDFORMATION,
    }
}

/// An error in the protocol of the request's service.
fn refuse(request: &Request, refusal: &Refusal, id: &str) -> Reply {
    let Refusal { status, code, message } = refusal;
    match request.service.as_str() {
        "cloudformation" | "sts" | "iam" | "elasticloadbalancing" => {
            Reply::xml(*status, xml::error(code, message, namespace(request), id))
        }
        "s3" => {
            let (code, message) = (xml::escaped(code), xml::escaped(message));
            Reply::xml(*status, format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>"))
        }
        "monitoring" => {
            let reply = Reply::bytes(alarms::CONTENT, alarms::error(code, message));
            Reply { status: *status, ..reply }.with("smithy-protocol", alarms::PROTOCOL)
        }
        _ => {
            let body = json!({ "__type": code, "message": message }).to_string().into_bytes();
            Reply { status: *status, ..Reply::bytes("application/x-amz-json-1.1", body) }
                .with("x-amzn-errortype", code.clone())
        }
    }
}

/// The errors that a fault makes AWS answer with.
fn refusal_of(wrong: &Wrong, request: &Request, caller: &Caller) -> Option<Refusal> {
    Some(match wrong {
        Wrong::Throttled => throttled(),
        Wrong::ExpiredToken => {
            Refusal::new(403, "ExpiredToken", "The security token included in the request is expired")
        }
        Wrong::Denied => {
            let Request { service, action, .. } = request;
            let text = format!("User: {} is not authorized to perform: {service}:{action}", caller.arn);
            let code = match service.as_str() {
                "cloudformation" | "sts" | "iam" | "elasticloadbalancing" => "AccessDenied",
                _ => "AccessDeniedException",
            };
            Refusal::new(403, code, text)
        }
        Wrong::Quota => Refusal::new(400, "LimitExceededException", "ChangeSet limit exceeded for stack"),
        Wrong::Error(status, code, message) => Refusal::new(*status, code, *message),
        _ => return None,
    })
}

fn throttled() -> Refusal {
    Refusal::new(400, "Throttling", "Rate exceeded")
}

fn limit(world: &World, request: &Request) -> Option<(f64, f64)> {
    let limits = &world.scenario.rate_limits;
    limits.get(&request.action).or_else(|| limits.get("*")).copied()
}

/// Only an endpoint with a skewed clock looks at dates.
fn too_skewed(world: &World, headers: &HeaderMap) -> Option<Refusal> {
    if world.scenario.skew_seconds == 0 {
        return None;
    }
    let dated = amz_date(header(headers, "x-amz-date")?)?;
    let off = world.clock.now().abs_diff(dated);
    (off > crate::clock::micros(MOST_SKEW)).then(|| {
        let text = "The difference between the request time and the current time is too large.";
        Refusal::new(403, "RequestTimeTooSkewed", text)
    })
}

/// Answers from an earlier state, if that is what goes wrong.
fn stale(
    world: &mut World,
    wrong: Option<&Wrong>,
    action: &str,
    answer: impl FnOnce(&mut World) -> Reply,
) -> Reply {
    let then = match wrong {
        Some(Wrong::Stale(age)) => {
            let at = world.clock.now().saturating_sub(world.clock.scaled(*age));
            Some(world.earlier.iter().rev().find(|(time, _)| *time <= at).or_else(|| world.earlier.front()))
        }
        Some(Wrong::StaleBy(steps)) => {
            Some(world.earlier.iter().rev().nth(*steps).or_else(|| world.earlier.front()))
        }
        _ => None,
    };
    let Some((_, then)) = then.flatten().filter(|_| actions::only_reads(action)).cloned() else {
        return answer(world);
    };
    let now = std::mem::replace(&mut world.stacks, then);
    let reply = answer(world);
    world.stacks = now;
    reply
}
