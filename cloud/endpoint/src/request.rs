//! One request as the endpoint sees it, whatever service it is for.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

/// A request that the endpoint received.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `cloudformation`, `sts`, `s3`, `ecs`, …: the service that the request was signed for.
    pub service: String,
    /// For example `DescribeStacks`; for S3 one of `HeadBucket`, `PutObject`, `GetObject`, …
    pub action: String,
    /// The region that the request was signed for.
    pub region: String,
    /// The access key id that it was signed with.
    pub access_key: String,
    /// The session token that came with it, if any.
    pub session_token: Option<String>,
    /// The parameters of a Query request, such as `StackName` or `Capabilities.member.1`; for S3 `Bucket` and `Key`.
    pub parameters: BTreeMap<String, String>,
    /// The body of a JSON request; `null` for others.
    pub body: Value,
    /// All of it as text: the method and the path, the headers, the body as it was sent.
    pub whole: String,
    /// When it came, since the endpoint was started, by the machine's clock.
    pub at: Duration,
}

impl Request {
    /// The value of a parameter that is not empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The items of `name.member.1`, `name.member.2`, …
    pub fn list(&self, name: &str) -> Vec<String> {
        let item = |number| self.parameters.get(&format!("{name}.member.{number}")).cloned();
        (1..).map_while(item).collect()
    }

    /// The pairs of `name.member.N.first` and, if it is there, `name.member.N.second`.
    pub(crate) fn pairs(
        &self,
        name: &str,
        first: &str,
        second: &str,
    ) -> Vec<(usize, String, Option<String>)> {
        let pair = |number: usize| {
            let get = |field: &str| self.parameters.get(&format!("{name}.member.{number}.{field}")).cloned();
            Some((number, get(first)?, get(second)))
        };
        (1..).map_while(pair).collect()
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.parameter(name) == Some("true")
    }
}

/// AWS understood and refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Refusal {
        Refusal { status, code: code.to_owned(), message: message.into() }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "ValidationError", message)
    }
}

/// The inside of a Query answer, or why there is none.
pub(crate) type Answer = Result<String, Refusal>;

/// The parameter, or the refusal that CloudFormation has for a request without it.
pub(crate) fn required<'a>(request: &'a Request, name: &str) -> Result<&'a str, Refusal> {
    request.parameter(name).ok_or_else(|| {
        let field = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
        let text = format!(
            "1 validation error detected: Value null at '{field}' failed to satisfy constraint: \
             Member must not be null"
        );
        Refusal::validation(text)
    })
}
