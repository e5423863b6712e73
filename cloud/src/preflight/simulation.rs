//! The one call of IAM that is made: what the policies of somebody decide about actions.
//!
//! The SDK of IAM is as large as that of EC2. IAM and STS speak the same protocol, so a client of STS sends the request, with
//! another body, to another address and signed for another service. The answer is none of STS's, so it comes back as it is.
//!
//! Source: [SimulatePrincipalPolicy][aws] in the IAM API reference.
//!
//! [aws]: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html

use std::fmt::Write;

use aws_sdk_cloudformation::error::SdkError;
use aws_sdk_sts::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sts::error::BoxError;
use aws_types::SigningName;

use crate::connect::Connection;
use crate::failure::ApiFailure;

/// The call.
const ACTION: &str = "iam:SimulatePrincipalPolicy";

/// What was decided about an action, on one of the resources or all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decision {
    /// For example `ecs:CreateService`.
    pub(super) action: String,
    pub(super) allowed: bool,
    /// Whether a policy has conditions on something that the simulation was not told.
    pub(super) unsure: bool,
}

/// A page of decisions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) decisions: Vec<Decision>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
}

/// Asks for one page. `fields` are those of the request but `Action` and `Version`.
pub(super) async fn simulate(
    connection: &Connection,
    fields: &[(String, String)],
) -> Result<Page, ApiFailure> {
    let mut body = "Action=SimulatePrincipalPolicy&Version=2010-05-08".to_owned();
    for (name, value) in fields {
        let _ = write!(body, "&{name}={}", encoded(value));
    }
    let (address, region) = address(&connection.identity().region);
    let config = connection.config_in(region);
    let address = config.endpoint_url().unwrap_or(address).to_owned();
    let config = aws_sdk_sts::config::Builder::from(&config).endpoint_url(address);
    let client = aws_sdk_sts::Client::from_conf(config.interceptor(InItsPlace(body)).build());
    match client.get_caller_identity().send().await {
        Ok(_) => Err(ApiFailure::network(ACTION, "the answer is that of another call")),
        Err(SdkError::ServiceError(answer)) if answer.raw().status().is_success() => {
            let text = answer.raw().body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
            page(&text).ok_or_else(|| ApiFailure::network(ACTION, "half an answer"))
        }
        Err(error) => Err(ApiFailure::of(ACTION, &error)),
    }
}

/// Where IAM is, which is one place for each partition, and the region that requests are signed for.
///
/// Source: [IAM endpoints][aws] in the AWS general reference.
///
/// [aws]: https://docs.aws.amazon.com/general/latest/gr/iam-service.html
fn address(region: &str) -> (&'static str, &'static str) {
    match region {
        _ if region.starts_with("cn-") => ("https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        _ if region.starts_with("us-gov-") => ("https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
        _ => ("https://iam.amazonaws.com", "us-east-1"),
    }
}

/// Another body for a request, which is then signed for IAM.
#[derive(Debug)]
struct InItsPlace(String);

impl Intercept for InItsPlace {
    fn name(&self) -> &'static str {
        "a call of IAM"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(SigningName::from_static("iam"));
        let request = context.request_mut();
        request.headers_mut().insert("content-length", self.0.len().to_string());
        *request.body_mut() = self.0.clone().into();
        Ok(())
    }
}

/// A value as forms have it: everything but letters, digits and `-_.~` in hexadecimal digits.
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Reads the answer; `None` if it is cut off. Where there are decisions for single resources, one that denies counts.
fn page(xml: &str) -> Option<Page> {
    let mut page = Page::default();
    let (mut path, mut current): (Vec<&str>, Option<Decision>) = (Vec::new(), None);
    for piece in xml.split('<').skip(1) {
        let (tag, text) = piece.split_once('>')?;
        if tag.starts_with(['?', '!']) {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            if path.pop() != Some(name) {
                return None;
            }
            if name == "member" && path.last() == Some(&"EvaluationResults") {
                page.decisions.extend(current.take());
            }
            continue;
        }
        let name = tag.split_whitespace().next().unwrap_or_default();
        let around = path.last().copied().unwrap_or_default();
        match (around, name.trim_end_matches('/')) {
            ("EvaluationResults", "member") => {
                current = Some(Decision { allowed: true, ..Decision::default() });
            }
            ("SimulatePrincipalPolicyResult", "Marker") => page.next = Some(text.replace("&amp;", "&")),
            (around, name) => {
                if let Some(current) = &mut current {
                    current.learn(around, name, text);
                }
            }
        }
        if !tag.ends_with('/') {
            path.push(name);
        }
    }
    path.is_empty().then_some(page)
}

impl Decision {
    fn learn(&mut self, around: &str, name: &str, text: &str) {
        match (around, name) {
            (_, "EvalActionName") => text.clone_into(&mut self.action),
            (_, "EvalDecision" | "EvalResourceDecision") => self.allowed &= text == "allowed",
            ("MissingContextValues", "member") => self.unsure = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the order of the example in the API reference.
    const ANSWER: &str = r#"<?xml version="1.0"?>
<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
  <SimulatePrincipalPolicyResult>
    <IsTruncated>true</IsTruncated><Marker>a&amp;b</Marker>
    <EvaluationResults>
      <member>
        <MatchedStatements><member><SourcePolicyId>p</SourcePolicyId></member></MatchedStatements>
        <MissingContextValues/>
        <EvalResourceName>*</EvalResourceName>
        <EvalDecision>allowed</EvalDecision>
        <EvalActionName>ecs:CreateCluster</EvalActionName>
      </member>
      <member>
        <EvalActionName>ec2:CreateVpc</EvalActionName>
        <EvalDecision>implicitDeny</EvalDecision>
        <MissingContextValues><member>aws:CalledVia</member></MissingContextValues>
      </member>
      <member>
        <EvalActionName>ecs:CreateService</EvalActionName>
        <EvalDecision>allowed</EvalDecision>
        <ResourceSpecificResults><member><EvalResourceDecision>explicitDeny</EvalResourceDecision></member>
        </ResourceSpecificResults>
      </member>
    </EvaluationResults>
  </SimulatePrincipalPolicyResult>
</SimulatePrincipalPolicyResponse>"#;

    #[test]
    fn decisions_are_read_in_whatever_order_they_are_told() {
        let page = page(ANSWER).expect("it is whole");
        let told: Vec<_> =
            page.decisions.iter().map(|one| (one.action.as_str(), one.allowed, one.unsure)).collect();
        let expected = [
            ("ecs:CreateCluster", true, false),
            ("ec2:CreateVpc", false, true),
            ("ecs:CreateService", false, false),
        ];
        assert_eq!(told, expected);
        assert_eq!(page.next.as_deref(), Some("a&b"));
    }

    #[test]
    fn an_answer_that_is_cut_off_is_none() {
        assert_eq!(page(&ANSWER[..ANSWER.len() / 2]), None);
        assert_eq!(page("no XML"), Some(Page::default()));
    }

    #[test]
    fn values_are_encoded() {
        assert_eq!(encoded("arn:aws:x:*/ä"), "arn%3Aaws%3Ax%3A%2A%2F%C3%A4");
    }
}
