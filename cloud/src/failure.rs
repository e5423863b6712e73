//! A failed AWS call, sorted by what can be done about it.
//!
//! Measured against a scripted endpoint: the SDK retries quota errors as throttling, gives HTML pages and empty bodies
//! no code at all, and tells "does not exist" only in the message. Hence this table, and nothing decided elsewhere.

use std::time::SystemTime;

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};

use crate::clock::{self, Skew};
use crate::error::{CloudError, Kind};
use crate::text::{clean, shorten};

/// How many characters of an answer that is not from AWS are shown.
const SHOWN_BODY: usize = 120;

/// The actions whose answers are secret, also where they cannot be understood.
const SECRET_ANSWERS: [&str; 2] = ["secretsmanager:GetRandomPassword", "secretsmanager:GetSecretValue"];

/// What to do about credentials of which nothing else is known.
pub(crate) const SIGN_IN: &str = "sign in again (for example `aws sso login`)";

/// What a failed call means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Too many requests; the same call will work later.
    Throttled,
    /// No answer, one that did not come from AWS, or one that AWS failed at, which has a code; the same call may work later.
    Unreachable,
    /// The credentials are missing, expired or unknown.
    Credentials,
    /// The request was signed with a time that AWS does not take; the credentials may be as good as any.
    Skewed,
    /// The credentials may not do this.
    Denied,
    /// The stack or change set does not exist.
    Missing,
    /// It exists already.
    Exists,
    /// A quota of the account is used up; the same call will not work later.
    Quota,
    /// Somebody else's operation runs on the same stack.
    Busy,
    /// AWS understood and refused.
    Rejected,
}

/// A failed call: which, why, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiFailure {
    /// The IAM action of the call, for example `cloudformation:DescribeStacks`.
    pub(crate) action: &'static str,
    /// What it means.
    pub(crate) class: Class,
    /// AWS's error code, if the answer had one.
    pub(crate) code: Option<String>,
    /// What AWS, or the network, said; safe to print.
    pub(crate) message: String,
}

impl ApiFailure {
    /// Sorts what the SDK gave back for a call of `action`.
    pub(crate) fn of<E>(action: &'static str, error: &SdkError<E, HttpResponse>) -> ApiFailure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error {
            SdkError::ServiceError(service) => {
                let known = service.err();
                match known.code() {
                    Some(code) => coded(action, code, known.message(), service.raw()),
                    None => foreign(action, service.raw()),
                }
            }
            SdkError::ResponseError(response) => foreign(action, response.raw()),
            SdkError::TimeoutError(_) => ApiFailure::network(action, "no answer in time"),
            other if tells_of_credentials(other) => {
                ApiFailure { action, class: Class::Credentials, code: None, message: deepest(other) }
            }
            SdkError::DispatchFailure(_) => ApiFailure::network(action, &undelivered(error)),
            other => ApiFailure {
                action,
                class: Class::Rejected,
                code: None,
                message: shorten(&clean(&reasons(other)), 400),
            },
        }
    }

    /// A call that got no usable answer.
    pub(crate) fn network(action: &'static str, message: &str) -> ApiFailure {
        ApiFailure { action, class: Class::Unreachable, code: None, message: clean(message) }
    }

    /// An answer about a stack that names none: an XML document that was cut off still parses.
    pub(crate) fn half_an_answer(action: &'static str) -> ApiFailure {
        ApiFailure::network(action, "half an answer: it names no stack")
    }

    /// Whether the service says that there is no such thing.
    pub(crate) fn is_absent(&self) -> bool {
        let not_found = |code: &str| code.ends_with("NotFoundException");
        self.class == Class::Missing || self.code.as_deref().is_some_and(not_found)
    }

    /// Whether the same call may work later without anybody doing anything.
    pub(crate) fn passes(&self) -> bool {
        matches!(self.class, Class::Throttled | Class::Unreachable)
    }

    /// The failure as the caller of this crate sees it.
    pub(crate) fn into_error(self) -> CloudError {
        let ApiFailure { action, class, code, message } = self;
        let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
        match class {
            Class::Throttled => {
                CloudError::new(Kind::Unreachable, format!("AWS keeps throttling {action}: {message}"))
                    .next("wait a minute and run the same command again")
            }
            Class::Unreachable if !code.is_empty() => {
                CloudError::new(Kind::Unreachable, format!("AWS failed at {action}: {message}{code}"))
                    .next("wait a minute and run the same command again")
            }
            Class::Unreachable => {
                CloudError::new(Kind::Unreachable, format!("cannot reach AWS for {action}: {message}"))
                    .next("check the network, the proxy and the endpoint, then run the same command again")
            }
            Class::Credentials => CloudError::new(
                Kind::Credentials,
                format!("AWS does not accept the credentials: {message}{code}"),
            )
            .next(format!("{SIGN_IN}, then run the same command again")),
            Class::Skewed => CloudError::new(Kind::Credentials, message).next(clock::FIX),
            Class::Denied => {
                CloudError::new(Kind::Credentials, format!("not allowed to do {action}: {message}"))
                    .next(format!("ask for the permission {action}"))
            }
            Class::Missing | Class::Exists | Class::Rejected => {
                CloudError::new(Kind::Failed, format!("AWS refused {action}: {message}{code}"))
            }
            Class::Busy => {
                CloudError::new(Kind::Blocked, format!("another operation is in the way: {message}{code}"))
                    .next("wait until it has ended, then run the same command again")
            }
            Class::Quota => {
                CloudError::new(Kind::Blocked, format!("a quota of the account is used up: {message}{code}"))
                    .next("delete what is no longer needed, or ask AWS for a higher quota")
            }
        }
    }
}

/// A failure that AWS itself described.
fn coded(action: &'static str, code: &str, message: Option<&str>, response: &HttpResponse) -> ApiFailure {
    let message = clean(message.unwrap_or("no reason given"));
    let date = response.headers().get("date");
    if let Some(skew) = date.and_then(|date| Skew::between(date, SystemTime::now())) {
        return described(action, code, message, response.status().as_u16(), skew);
    }
    let class = class_of(code, &message, response.status().as_u16());
    ApiFailure { action, class, code: Some(clean(code)), message }
}

/// As [`class_of`], but a refused signature is no fault of the credentials where the clock is off.
fn described(action: &'static str, code: &str, message: String, status: u16, skew: Skew) -> ApiFailure {
    let (class, message) = if skew.matters() && clock::may_be_the_clock(code) {
        (Class::Skewed, format!("{skew}, so AWS refuses what it signs: {message}"))
    } else {
        (class_of(code, &message, status), message)
    };
    ApiFailure { action, class, code: Some(clean(code)), message }
}

/// Whether this code of AWS's asks for fewer requests.
pub(crate) fn throttles(code: &str) -> bool {
    matches!(
        code,
        "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottledException"
            | "RequestThrottled"
            | "RequestLimitExceeded"
            | "BandwidthLimitExceeded"
            | "PriorRequestNotComplete"
            | "TooManyRequestsException"
            | "SlowDown"
    )
}

/// The table: AWS's code, and where that is not enough, its message and the HTTP status.
///
/// Sources: [common errors of CloudFormation][common], [of ECS][ecs], and the `Errors` of each call in the API reference.
/// The codes of throttling are those that the SDK takes for it, but for quotas, which stay used up.
///
/// [common]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
/// [ecs]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
fn class_of(code: &str, message: &str, status: u16) -> Class {
    match code {
        _ if throttles(code) => Class::Throttled,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "AuthFailure"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "RequestTimeTooSkewed"
        | "RequestInTheFuture"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "OptInRequired" => Class::Credentials,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "NotAuthorized" => Class::Denied,
        "ChangeSetNotFound"
        | "ChangeSetNotFoundException"
        | "StackNotFoundException"
        | "ClusterNotFoundException"
        | "ServiceNotFoundException"
        | "ResourceNotFoundException"
        | "NoSuchBucket"
        | "NotFound" => Class::Missing,
        "ValidationError" if message.trim_end_matches(['.', ')']).ends_with("does not exist") => {
            Class::Missing
        }
        // What a repeated request token says of an order that was taken before.
        "AlreadyExistsException" | "TokenAlreadyExistsException" => Class::Exists,
        "OperationInProgressException" => Class::Busy,
        "ValidationError" if message.contains("_IN_PROGRESS state and can not be") => Class::Busy,
        "LimitExceeded" | "LimitExceededException" | "ServiceQuotaExceededException" => Class::Quota,
        _ if message.starts_with("Rate exceeded") => Class::Throttled,
        _ if status >= 500 => Class::Unreachable,
        _ => Class::Rejected,
    }
}

/// An answer that is not AWS's: a proxy's page, half a document, nothing at all.
fn foreign(action: &'static str, response: &HttpResponse) -> ApiFailure {
    let status = response.status().as_u16();
    if SECRET_ANSWERS.contains(&action) {
        let message =
            format!("HTTP {status} with an answer that cannot be read; is there a proxy in between?");
        return ApiFailure::network(action, &message);
    }
    let body = response.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
    let body = shorten(&clean(&body), SHOWN_BODY);
    let body = if body.is_empty() { "an empty answer".to_owned() } else { format!("`{body}`") };
    if status == 500 {
        // A proxy that reaches nobody says 502 or more.
        let (class, code) = (Class::Unreachable, Some("HTTP 500".to_owned()));
        return ApiFailure { action, class, code, message: body };
    }
    ApiFailure::network(action, &format!("HTTP {status} with {body}; is there a proxy in between?"))
}

/// Why there was no connection. Where TLS fails, it is mostly a proxy that shows a certificate of its own.
fn undelivered<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> String {
    let (all, reason) = (reasons(error).to_lowercase(), deepest(error));
    let of_tls = ["certificate", "tls", "handshake", "unknownissuer"].iter().any(|word| all.contains(word));
    let of_a_tunnel = ["tunnel", "proxy"].iter().any(|word| all.contains(word));
    if of_tls || of_a_tunnel { format!("{reason}; is there a proxy in between?") } else { reason }
}

/// Whether the call was never made because no credentials could be loaded.
fn tells_of_credentials<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<aws_credential_types::provider::error::CredentialsError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// An error with all its reasons, outermost first, and nothing of how the SDK holds them.
pub(crate) fn reasons(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The innermost reason, which is the one that a person can act on.
fn deepest<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> String {
    let mut text = error.to_string();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    shorten(&clean(&text), 400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, message: &str, status: u16, expected: Class) {
        assert_eq!(class_of(code, message, status), expected, "{code}: {message}");
    }

    #[test]
    fn sorts_failures_by_what_can_be_done_about_them() {
        check("Throttling", "Rate exceeded", 400, Class::Throttled);
        check("LimitExceededException", "ChangeSet limit exceeded for stack", 400, Class::Quota);
        check(
            "ExpiredToken",
            "The security token included in the request is expired",
            403,
            Class::Credentials,
        );
        check("AccessDenied", "User: x is not authorized", 403, Class::Denied);
        check("ServiceUnavailable", "try later", 503, Class::Unreachable);
        check("InsufficientCapabilitiesException", "Requires capabilities", 400, Class::Rejected);
        check("LimitExceeded", "the quota of stacks", 400, Class::Quota);
        check("TokenAlreadyExistsException", "the token was used", 400, Class::Exists);
        check("OperationInProgressException", "another one runs", 409, Class::Busy);
        check(
            "ValidationError",
            "Stack:arn:x is in UPDATE_IN_PROGRESS state and can not be updated.",
            400,
            Class::Busy,
        );
    }

    #[test]
    fn an_answer_that_is_a_failure_does_not_blame_the_network() {
        let answer = |status: u16, body: &'static str| {
            let answer = HttpResponse::new(status.try_into().unwrap(), body.into());
            foreign("cloudwatch:DescribeAlarms", &answer).into_error().to_string()
        };
        let said = "AWS failed at cloudwatch:DescribeAlarms: `No module named 'cbor2'` (HTTP 500)";
        assert_eq!(answer(500, "No module named 'cbor2'"), said);
        assert!(
            answer(502, "<html>").starts_with("cannot reach AWS for cloudwatch:DescribeAlarms: HTTP 502")
        );
        let own = ApiFailure {
            action: "ecs:X",
            class: Class::Unreachable,
            code: Some("InternalFailure".into()),
            message: "m".into(),
        };
        assert_eq!(own.into_error().to_string(), "AWS failed at ecs:X: m (InternalFailure)");
    }

    // A24
    #[test]
    fn a_refused_signature_is_the_clocks_fault_where_the_clock_is_off() {
        let at = |minutes: i64| Skew::minutes(minutes);
        let failure =
            |code, minutes| described("sts:GetCallerIdentity", code, "expired".into(), 403, at(minutes));
        for code in ["SignatureDoesNotMatch", "RequestTimeTooSkewed", "RequestExpired", "AuthFailure"] {
            assert_eq!(failure(code, 60).class, Class::Skewed, "{code}");
            assert_eq!(failure(code, -60).class, Class::Skewed, "{code}");
            assert_eq!(failure(code, 3).class, Class::Credentials, "{code}");
        }
        assert_eq!(failure("ExpiredToken", 60).class, Class::Credentials, "a token's end is AWS's own time");
        assert_eq!(failure("AccessDenied", 60).class, Class::Denied);
        let error = failure("SignatureDoesNotMatch", 60).into_error();
        assert_eq!(
            error.to_string(),
            "the clock of this machine is slow by 60 minutes, so AWS refuses what it signs: expired"
        );
        assert!(!error.report().next.as_deref().unwrap_or_default().contains("sign in"));
    }

    #[test]
    fn only_the_message_tells_a_missing_stack_from_an_invalid_template() {
        check("ValidationError", "Stack with id S does not exist", 400, Class::Missing);
        check("ValidationError", "Stack [S] does not exist", 400, Class::Missing);
        check("ValidationError", "Parameters: [A] do not exist in the template", 400, Class::Rejected);
        check("ValidationError", "Template format error: does not exist in it, says X", 400, Class::Rejected);
    }
}
