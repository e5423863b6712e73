//! How a template gets to CloudFormation: inline, or by way of S3 if it is too large for that.

use aws_sdk_s3::primitives::ByteStream;

use crate::bootstrap::bucket_name;
use crate::connect::Connection;
use crate::engine::plan::{LARGEST_INLINE_TEMPLATE, refused};
use crate::engine::progress::Phase;
use crate::engine::request::DeployRequest;
use crate::error::CloudError;
use crate::failure::{ApiFailure, Class};
use crate::text::sha256;

/// How a template is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// As part of the request.
    Inline,
    /// As the address of an object in S3.
    Url(String),
}

/// What two templates in JSON have in common exactly if they say the same in the same order; `None` for other text.
pub(crate) fn fingerprint(template: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(template).ok()?;
    Some(sha256(value.to_string()))
}

/// Uploads the template if it is too large to be sent inline.
pub(crate) async fn prepare(
    connection: &Connection,
    request: &DeployRequest,
    begins: &mut impl FnMut(Phase),
) -> Result<Body, CloudError> {
    let size = request.template.len();
    if size <= LARGEST_INLINE_TEMPLATE {
        return Ok(Body::Inline);
    }
    begins(Phase::Uploading);
    let identity = connection.identity();
    let bucket = request.template_bucket.clone().unwrap_or_else(|| bucket_name(identity));
    // The default name can be guessed, and somebody else may have taken it. A bucket that was asked for may be anybody's.
    let owner = request.template_bucket.is_none().then(|| identity.account.clone());
    let key = key(&request.template);
    let upload = connection
        .s3
        .put_object()
        .bucket(&bucket)
        .set_expected_bucket_owner(owner)
        .key(&key)
        .content_type("application/json")
        .body(ByteStream::from(request.template.clone().into_bytes()))
        .send()
        .await;
    match upload {
        Ok(_) => Ok(Body::Url(address(connection, &bucket, &key))),
        Err(error) => match ApiFailure::of("s3:PutObject", &error) {
            failure if failure.class == Class::Missing => Err(no_bucket(request, &bucket, size)),
            failure => Err(failure.into_error().state("the stack was not changed")),
        },
    }
}

/// The same template has the same key, so that nothing is stored twice.
fn key(template: &str) -> String {
    format!("templates/{}.json", sha256(template))
}

/// The object's address in the style that works with every endpoint.
fn address(connection: &Connection, bucket: &str, key: &str) -> String {
    let region = &connection.identity().region;
    match connection.endpoint() {
        Some(endpoint) => format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/')),
        None => format!("https://{bucket}.s3.{region}.{}/{key}", domain(region)),
    }
}

/// The domain of the region's partition.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

fn no_bucket(request: &DeployRequest, bucket: &str, size: usize) -> CloudError {
    let what = format!(
        "the template has {size} bytes, more than the {LARGEST_INLINE_TEMPLATE} that can be sent inline, \
         and there is no bucket `{bucket}` to upload it to"
    );
    refused(&request.stack, what)
        .next("docuthinker bootstrap, with the same options, and then the same command again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_template_has_the_same_key() {
        assert_eq!(key("{}"), key("{}"));
        assert_ne!(key("{}"), key("{ }"));
        assert_eq!(
            key("{}"),
            "templates/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a.json"
        );
    }

    #[test]
    fn knows_the_domain_of_china() {
        assert_eq!(domain("cn-north-1"), "amazonaws.com.cn");
        assert_eq!(domain("eu-central-1"), "amazonaws.com");
    }
}
