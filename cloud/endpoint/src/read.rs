//! An HTTP request read as a request to AWS.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde_json::Value;

use crate::request::Request;
use crate::s3;

/// Reads the request; `at` is when it came.
pub(crate) fn request(parts: &Parts, body: &[u8], at: Duration) -> Request {
    let (access_key, region, signed_for) = signature(&parts.headers);
    let mut request = Request {
        service: signed_for,
        action: String::new(),
        region,
        access_key,
        session_token: header(&parts.headers, "x-amz-security-token").map(str::to_owned),
        parameters: BTreeMap::new(),
        body: Value::Null,
        whole: whole(parts, body),
        at,
    };
    if let Some(target) = header(&parts.headers, "x-amz-target") {
        target.rsplit('.').next().unwrap_or(target).clone_into(&mut request.action);
        request.body = serde_json::from_slice(body).unwrap_or(Value::Null);
        if request.service.is_empty() {
            let prefix = target.split(['.', '_']).next().unwrap_or_default().to_lowercase();
            // ECS is still called as it was at first.
            let is_ecs = prefix.starts_with("amazonec2containerservice");
            request.service = if is_ecs { "ecs".to_owned() } else { prefix };
        }
        return request;
    }
    if header(&parts.headers, "smithy-protocol") == Some(crate::alarms::PROTOCOL) {
        let operation = parts.uri.path().rsplit('/').next().unwrap_or_default();
        operation.clone_into(&mut request.action);
        request.body = crate::alarms::read(body);
        return request;
    }
    let is_form =
        header(&parts.headers, "content-type").is_some_and(|kind| kind.starts_with("application/x-www-form"));
    if is_form {
        request.parameters = pairs(&String::from_utf8_lossy(body));
        request.action = request.parameters.get("Action").cloned().unwrap_or_default();
        if request.service.is_empty() {
            let sts = request.parameters.get("Version").is_some_and(|version| version.starts_with("2011"));
            if sts { "sts" } else { "cloudformation" }.clone_into(&mut request.service);
        }
        return request;
    }
    "s3".clone_into(&mut request.service);
    request.parameters = pairs(parts.uri.query().unwrap_or_default());
    let path = decoded(parts.uri.path().trim_start_matches('/'));
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    s3::action(parts.method.as_str(), bucket, key).clone_into(&mut request.action);
    request.parameters.insert("Bucket".to_owned(), bucket.to_owned());
    request.parameters.insert("Key".to_owned(), key.to_owned());
    request
}

/// The request as text.
fn whole(parts: &Parts, body: &[u8]) -> String {
    let mut whole = format!("{} {}\n", parts.method, parts.uri);
    for (name, value) in &parts.headers {
        whole.extend([name.as_str(), ": ", &*String::from_utf8_lossy(value.as_bytes()), "\n"]);
    }
    whole + "\n" + &String::from_utf8_lossy(body)
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The access key, the region and the service of the signature, which is not checked.
fn signature(headers: &HeaderMap) -> (String, String, String) {
    let authorization = header(headers, "authorization").unwrap_or_default();
    let scope = authorization.split_once("Credential=").map_or("", |(_, rest)| rest);
    let scope = scope.split([',', ' ']).next().unwrap_or_default();
    let mut parts = scope.split('/');
    let key = parts.next().unwrap_or_default().to_owned();
    let mut parts = parts.skip(1);
    let region = parts.next().unwrap_or_default().to_owned();
    (key, region, parts.next().unwrap_or_default().to_owned())
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
        })
        .collect()
}

/// Undoes the percent encoding.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(bytes.next()), digit(bytes.next()));
        let value = high.zip(low).map(|(high, low)| high * 16 + low);
        out.extend(value.and_then(|value| u8::try_from(value).ok()));
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The object of a body that is sent in chunks with their signatures between them.
///
/// Source: [aws-chunked][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
pub(crate) fn unchunked(headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    if header(headers, "x-amz-decoded-content-length").is_none() {
        return body.to_vec();
    }
    let (mut out, mut rest) = (Vec::new(), body);
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..end]);
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16).unwrap_or(0);
        let (begin, finish) = (end + 2, end + 2 + size);
        if size == 0 || finish > rest.len() {
            break;
        }
        out.extend_from_slice(&rest[begin..finish]);
        rest = rest.get(finish + 2..).unwrap_or_default();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_escapes() {
        let pairs = pairs("Action=DescribeStacks&StackName=a%2Fb+c&Empty=");
        assert_eq!(pairs["StackName"], "a/b c");
        assert_eq!(pairs["Empty"], "");
    }

    #[test]
    fn chunks_are_put_together_again() {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-decoded-content-length", "5".parse().unwrap());
        let body = b"3;chunk-signature=0\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";
        assert_eq!(unchunked(&headers, body), b"abcde");
    }
}
