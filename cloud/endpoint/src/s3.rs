//! As much of S3 as a deployment needs: buckets and whole objects, with the bucket in the path.

use std::collections::BTreeMap;

use crate::request::Request;
use crate::server::Reply;
use crate::xml::{error, xml};

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// Buckets with their objects.
#[derive(Debug, Default)]
pub(crate) struct Objects(BTreeMap<String, BTreeMap<String, Vec<u8>>>);

impl Objects {
    pub(crate) fn new(buckets: Vec<String>) -> Objects {
        Objects(buckets.into_iter().map(|name| (name, BTreeMap::new())).collect())
    }

    pub(crate) fn put(&mut self, bucket: &str, key: &str, body: Vec<u8>) {
        self.0.entry(bucket.to_owned()).or_default().insert(key.to_owned(), body);
    }

    /// The text of the object that a template's URL names, with the bucket in the path or in the host.
    pub(crate) fn of_url(&self, url: &str) -> Option<String> {
        let (host, path) = url.split_once("://")?.1.split_once('/')?;
        let path = path.split('?').next().unwrap_or(path);
        let in_host = host.split_once(".s3").map(|(bucket, _)| (bucket, path));
        let (bucket, key) = in_host.or_else(|| path.split_once('/'))?;
        let body = self.0.get(bucket)?.get(key)?;
        String::from_utf8(body.clone()).ok()
    }

    /// Answers a request.
    pub(crate) fn answer(&mut self, request: &Request, body: &[u8], made: bool) -> Reply {
        let bucket = request.parameters.get("Bucket").cloned().unwrap_or_default();
        let key = request.parameters.get("Key").cloned().unwrap_or_default();
        if made {
            self.0.entry(bucket.clone()).or_default();
        }
        if request.action == "ListBuckets" {
            return Reply::xml(200, self.buckets());
        }
        if request.action == "CreateBucket" {
            self.0.entry(bucket).or_default();
            return Reply::xml(200, String::new());
        }
        let Some(objects) = self.0.get_mut(&bucket) else {
            return missing(request, "NoSuchBucket", "The specified bucket does not exist");
        };
        match request.action.as_str() {
            "PutObject" => {
                objects.insert(key, body.to_vec());
                Reply::xml(200, String::new()).with("ETag", "\"0123456789abcdef\"")
            }
            "DeleteObject" => {
                objects.remove(&key);
                Reply::xml(204, String::new())
            }
            "GetObject" | "HeadObject" => match objects.get(&key) {
                Some(object) => Reply::bytes("application/octet-stream", object.clone())
                    .with("ETag", "\"0123456789abcdef\""),
                None => missing(request, "NoSuchKey", "The specified key does not exist."),
            },
            "ListObjects" => Reply::xml(200, list(&bucket, objects, request)),
            // `HeadBucket`, and questions about the bucket that have no answer here.
            _ => Reply::xml(200, String::new()),
        }
    }

    fn buckets(&self) -> String {
        xml(|x| {
            x.within("ListAllMyBucketsResult", |x| {
                x.within("Buckets", |x| {
                    for name in self.0.keys() {
                        x.within("Bucket", |x| x.text("Name", name));
                    }
                });
            });
        })
    }
}

fn list(bucket: &str, objects: &BTreeMap<String, Vec<u8>>, request: &Request) -> String {
    let prefix = request.parameters.get("prefix").cloned().unwrap_or_default();
    let limit = request.parameter("max-keys").and_then(|text| text.parse().ok()).unwrap_or(1000);
    let found: Vec<_> = objects.iter().filter(|(key, _)| key.starts_with(&prefix)).collect();
    xml(|x| {
        x.within("ListBucketResult", |x| {
            x.text("Name", bucket);
            x.text("KeyCount", &found.len().min(limit).to_string());
            x.text("IsTruncated", if found.len() > limit { "true" } else { "false" });
            for (key, body) in found.into_iter().take(limit) {
                x.within("Contents", |x| {
                    x.text("Key", key);
                    x.text("Size", &body.len().to_string());
                });
            }
        });
    })
}

fn missing(request: &Request, code: &str, message: &str) -> Reply {
    if request.action.starts_with("Head") {
        return Reply::xml(404, String::new());
    }
    let body = error(code, message, NAMESPACE, "s3");
    // S3 has its error at the outermost level.
    let inner =
        body.split_once("<Error>").and_then(|(_, rest)| rest.split_once("</Error>")).map(|(inner, _)| inner);
    Reply::xml(404, format!("<Error>{}</Error>", inner.unwrap_or_default()))
}

/// The name of the S3 call that a method and a path stand for.
pub(crate) fn action(method: &str, bucket: &str, key: &str) -> &'static str {
    match (method, bucket.is_empty(), key.is_empty()) {
        ("HEAD", _, true) => "HeadBucket",
        ("HEAD", _, false) => "HeadObject",
        ("PUT", _, true) => "CreateBucket",
        ("PUT", _, false) => "PutObject",
        ("DELETE", _, false) => "DeleteObject",
        ("GET", true, _) => "ListBuckets",
        ("GET", false, true) => "ListObjects",
        ("GET", false, false) => "GetObject",
        _ => "Unknown",
    }
}
