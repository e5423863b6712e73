//! Secrets Manager: there are no secrets.

use serde_json::json;

use super::{JsonAnswer, not_found};
use crate::request::Request;

pub(super) fn answer(request: &Request) -> JsonAnswer {
    match request.action.as_str() {
        "ListSecrets" => json!({ "SecretList": [] }).into(),
        _ => not_found(),
    }
}
