//! ECR: a registry without repositories.

use serde_json::json;

use super::{JsonAnswer, not_found};
use crate::request::Request;

pub(super) fn answer(request: &Request) -> JsonAnswer {
    match request.action.as_str() {
        "DescribeRepositories" if request.body.get("repositoryNames").is_none() => {
            json!({ "repositories": [] }).into()
        }
        "DescribeImages" | "BatchGetImage" | "ListImages" | "DescribeRepositories" => {
            JsonAnswer::error("RepositoryNotFoundException", "there is nothing of this name here")
        }
        _ => not_found(),
    }
}
