//! CloudWatch Logs: nobody has written anything.

use serde_json::json;

use super::{JsonAnswer, not_found};
use crate::request::Request;

pub(super) fn answer(request: &Request) -> JsonAnswer {
    match request.action.as_str() {
        "GetLogEvents" | "FilterLogEvents" => json!({ "events": [] }).into(),
        _ => not_found(),
    }
}
