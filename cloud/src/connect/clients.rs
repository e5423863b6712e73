//! The SDK's clients, tuned for CloudFormation: how often they try, how long they wait, what they never try again.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::config::interceptors::InterceptorContext;
use aws_sdk_cloudformation::config::retry::{ClassifyRetry, RetryAction};

use crate::clock::{Skew, may_be_the_clock};
use crate::failure::throttles;

/// How often a call is tried; for what changes something, the same request token makes a repetition harmless.
pub(crate) const ATTEMPTS: u32 = 7;

/// For the few calls that are neither polling nor changing anything.
pub(super) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3)
}

/// The SDK has no read time-out of its own; a server that hangs would hold us for ever.
pub(super) fn time_outs() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(20))
        .operation_attempt_timeout(Duration::from_secs(30))
        .operation_timeout(Duration::from_mins(3))
        .build()
}

/// A client that asks once, so that the engine decides when to ask again; twice only where the clock was at fault.
///
/// Without that second attempt a wrong clock could not be put right: the first answer is what tells by how much.
pub(super) fn polling(config: &SdkConfig) -> aws_sdk_cloudformation::Client {
    let config = aws_sdk_cloudformation::config::Builder::from(config)
        .retry_config(RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::ZERO))
        .retry_classifier(OnlyTheClock)
        .build();
    aws_sdk_cloudformation::Client::from_conf(config)
}

/// A client for questions that are asked once. Where AWS throttles, the SDK slows all of them down.
pub(super) fn asking(config: &SdkConfig) -> aws_sdk_cloudformation::Client {
    let retry = RetryConfig::adaptive().with_max_attempts(ATTEMPTS).with_max_backoff(Duration::from_secs(15));
    let config = aws_sdk_cloudformation::config::Builder::from(config)
        .retry_config(retry)
        .retry_classifier(QuotasAreFinal)
        .build();
    aws_sdk_cloudformation::Client::from_conf(config)
}

/// A client for calls that change something. What AWS throttles is left to the pace of orders, which all stacks of a run
/// share: the SDK's own tries know nothing of each other, and a hundred of them fail together.
pub(super) fn ordering(config: &SdkConfig) -> aws_sdk_cloudformation::Client {
    let retry = RetryConfig::standard().with_max_attempts(ATTEMPTS).with_max_backoff(Duration::from_secs(15));
    let config = aws_sdk_cloudformation::config::Builder::from(config)
        .retry_config(retry)
        .retry_classifier(QuotasAreFinal)
        .retry_classifier(ThrottlingIsOurs)
        .build();
    aws_sdk_cloudformation::Client::from_conf(config)
}

/// S3 for templates; test doubles have no host name per bucket, hence the path style.
pub(super) fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let path_style = config.endpoint_url().is_some();
    aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(config).force_path_style(path_style).build(),
    )
}

/// Forbids every retry but the one for a signature that was refused because of our clock.
#[derive(Debug)]
struct OnlyTheClock;

impl ClassifyRetry for OnlyTheClock {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response() {
            Some(response) if is_skewed(response) => RetryAction::server_error(),
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "only the clock"
    }
}

/// Forbids the SDK to retry `LimitExceededException`, which it takes for throttling; a quota stays used up.
#[derive(Debug)]
struct QuotasAreFinal;

impl ClassifyRetry for QuotasAreFinal {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response() {
            Some(response) if code(response).starts_with("LimitExceeded") => RetryAction::RetryForbidden,
            Some(response) if is_skewed(response) => RetryAction::server_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "quotas are final"
    }
}

/// Leaves what AWS throttles to who calls.
#[derive(Debug)]
struct ThrottlingIsOurs;

impl ClassifyRetry for ThrottlingIsOurs {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response() {
            Some(response) if throttles(code(response)) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "throttling is ours"
    }
}

/// Whether the clock may be why this answer is a refusal. The SDK knows fewer codes: not `RequestExpired`.
fn is_skewed(response: &HttpResponse) -> bool {
    let date = response.headers().get("date").and_then(|date| Skew::between(date, SystemTime::now()));
    date.is_some_and(Skew::matters) && may_be_the_clock(code(response))
}

/// The error code in an answer of the Query protocol, or nothing.
fn code(response: &HttpResponse) -> &str {
    let body = response.body().bytes().and_then(|body| std::str::from_utf8(body).ok()).unwrap_or_default();
    let inside = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    inside.map_or("", |(code, _)| code.trim())
}
