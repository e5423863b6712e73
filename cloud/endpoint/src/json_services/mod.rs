//! The services with a JSON protocol: the test's answers, and behind them what the stacks imply.
//!
//! Source: [AWS JSON 1.1 protocol](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).

mod cloud_control;
pub(crate) mod ecr;
mod ecs;
mod ecs_tasks;
mod logs;
mod quotas;
mod scaling;
pub(crate) mod secrets;

use std::fmt;

use serde_json::{Value, json};

use crate::request::Request;
use crate::state::{Resource, Stack};
use crate::world::{Caller, World};

type Closure = Box<dyn FnMut(&Value) -> Option<JsonAnswer> + Send>;

/// An answer that the test has for a call.
pub(crate) struct JsonScript {
    target: String,
    answer: Closure,
}

impl JsonScript {
    pub(crate) fn new(
        target: &str,
        answer: impl FnMut(&Value) -> Option<JsonAnswer> + Send + 'static,
    ) -> JsonScript {
        JsonScript { target: target.to_owned(), answer: Box::new(answer) }
    }
}

impl fmt::Debug for JsonScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonScript").field("target", &self.target).finish_non_exhaustive()
    }
}

/// The answer of a JSON service.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonAnswer {
    /// The result.
    Ok(Value),
    /// An error: HTTP status, code such as `ResourceNotFoundException`, message.
    Error(u16, String, String),
}

impl JsonAnswer {
    /// The error of a caller's mistake: 400 with this code and message.
    pub fn error(code: &str, message: &str) -> JsonAnswer {
        JsonAnswer::Error(400, code.to_owned(), message.to_owned())
    }
}

impl From<Value> for JsonAnswer {
    fn from(value: Value) -> JsonAnswer {
        JsonAnswer::Ok(value)
    }
}

/// Answers a request: the test's first answer that fits, or the default.
pub(crate) fn answer(world: &mut World, caller: &Caller, request: &Request) -> JsonAnswer {
    let full = format!("{}.{}", request.service, request.action);
    let fits = |script: &JsonScript| script.target == request.action || script.target == full;
    let scripts = world.scenario.json.iter_mut().rev().filter(|script| fits(script));
    for script in scripts {
        if let Some(answer) = (script.answer)(&request.body) {
            return answer;
        }
    }
    default(world, caller, request)
}

fn default(world: &mut World, caller: &Caller, request: &Request) -> JsonAnswer {
    match request.service.as_str() {
        "ecs" => ecs_tasks::answer(world, caller, request).unwrap_or_else(|| {
            let answer = ecs::answer(world, caller, request);
            ecs_tasks::completed(world, caller, answer)
        }),
        "ecr" => ecr::answer(world, caller, request),
        "logs" => logs::answer(world, request),
        "secretsmanager" => secrets::answer(world, caller, request),
        "application-autoscaling" => scaling::answer(world, request),
        "servicequotas" => quotas::answer(world, request),
        "cloudcontrolapi" => cloud_control::answer(world, caller, request),
        "acm" if request.action == "ListCertificates" => json!({ "CertificateSummaryList": [] }).into(),
        _ => not_found(),
    }
}

/// What most services say of something that is not there.
fn not_found() -> JsonAnswer {
    JsonAnswer::error("ResourceNotFoundException", "there is nothing of this name here")
}

/// The resources of all live stacks of the caller, with their stacks.
fn resources<'a>(world: &'a World, caller: &'a Caller) -> impl Iterator<Item = (&'a Stack, &'a Resource)> {
    let here = |stack: &&Stack| stack.region == caller.region && stack.account == caller.account;
    let live = world.stacks.iter().filter(here).filter(|stack| !stack.is_deleted());
    live.flat_map(|stack| stack.resources.values().map(move |resource| (stack, resource)))
        .filter(|(_, resource)| resource.exists())
}
