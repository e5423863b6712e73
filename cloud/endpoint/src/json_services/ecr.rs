//! ECR: the repositories of the stacks, and the images that a test put there or a registry on this machine has.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{JsonAnswer, not_found, resources};
use crate::request::Request;
use crate::scenario::Scenario;
use crate::state::{Resource, Stack};
use crate::world::{Caller, World};

/// 2026-01-01, in seconds: when the first image was pushed; each further one came a day later.
const FIRST: u64 = 1_767_225_600;

/// What ECR has beside the repositories, which are the stacks'.
#[derive(Debug, Default)]
pub(crate) struct Ecr {
    pub(crate) images: Vec<Image>,
    /// By region, the address of the registry whose images are there too, and which the password is for.
    pub(crate) registries: BTreeMap<String, String>,
    pub(crate) password: Option<String>,
    /// By digest, what a scan found.
    pub(crate) findings: BTreeMap<String, BTreeMap<String, u32>>,
}

/// An image.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    /// None for that of the scenario.
    pub(crate) region: Option<String>,
    pub(crate) repository: String,
    pub(crate) tag: Option<String>,
    pub(crate) digest: String,
    /// Its manifest; without one, a made-up one.
    pub(crate) manifest: Option<String>,
}

impl Scenario {
    /// An image is in this repository of the scenario's region, pushed after those that were named before. A digest that
    /// is named again gets another tag.
    pub fn image(self, repository: &str, tag: &str, digest: &str) -> Scenario {
        self.stored(None, repository, tag, digest)
    }

    /// As [`Scenario::image`], in another region.
    pub fn image_in(self, region: &str, repository: &str, tag: &str, digest: &str) -> Scenario {
        self.stored(Some(region.to_owned()), repository, tag, digest)
    }

    fn stored(mut self, region: Option<String>, repository: &str, tag: &str, digest: &str) -> Scenario {
        let (repository, tag) = (repository.to_owned(), Some(tag.to_owned()));
        self.ecr.images.push(Image { region, repository, tag, digest: digest.to_owned(), manifest: None });
        self
    }

    /// The image with this digest is gone from every repository.
    pub fn without_image(mut self, digest: &str) -> Scenario {
        self.ecr.images.retain(|image| image.digest != digest);
        self
    }

    /// A scan of the image with this digest had so many findings of this severity, for example `HIGH`.
    pub fn scanned(mut self, digest: &str, severity: &str, count: u32) -> Scenario {
        self.ecr.findings.entry(digest.to_owned()).or_default().insert(severity.to_owned(), count);
        self
    }

    /// The registry of this region is at this address on this machine: what is pushed there is seen by ECR's calls too.
    pub fn registry(mut self, region: &str, url: &str) -> Scenario {
        self.ecr.registries.insert(region.to_owned(), url.to_owned());
        self
    }

    /// The password that ECR gives for its registry.
    pub fn registry_password(mut self, password: &str) -> Scenario {
        self.ecr.password = Some(password.to_owned());
        self
    }
}

pub(super) fn answer(world: &World, caller: &Caller, request: &Request) -> JsonAnswer {
    let body = &request.body;
    match request.action.as_str() {
        "GetAuthorizationToken" => token(world, caller),
        "DescribeRepositories" => repositories(world, caller, body),
        "DescribeImages" | "BatchGetImage" | "ListImages" | "DescribeImageScanFindings" => {
            let name = text(body, "repositoryName");
            if repository(world, caller, name).is_none() {
                return no_repository(name);
            }
            of_images(world, caller, request)
        }
        _ => not_found(),
    }
}

fn of_images(world: &World, caller: &Caller, request: &Request) -> JsonAnswer {
    let (body, repository) = (&request.body, text(&request.body, "repositoryName"));
    match request.action.as_str() {
        "DescribeImages" => described(world, caller, repository, body),
        "BatchGetImage" => got(world, caller, repository, body),
        "DescribeImageScanFindings" => {
            let digest = text(&body["imageId"], "imageDigest");
            match world.scenario.ecr.findings.get(digest) {
                Some(counts) => json!({
                    "repositoryName": repository,
                    "imageId": { "imageDigest": digest },
                    "imageScanStatus": { "status": "COMPLETE" },
                    "imageScanFindings": { "findingSeverityCounts": counts },
                })
                .into(),
                None => JsonAnswer::error("ScanNotFoundException", "there is no scan of this image"),
            }
        }
        _ => {
            let ids = images(world, caller, repository).into_iter();
            let ids = ids.map(|image| json!({ "imageDigest": image.digest, "imageTag": image.tag }));
            json!({ "imageIds": ids.collect::<Vec<_>>() }).into()
        }
    }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn no_repository(name: &str) -> JsonAnswer {
    let message = format!("The repository with name '{name}' does not exist in the registry");
    JsonAnswer::error("RepositoryNotFoundException", &message)
}

fn host(caller: &Caller) -> String {
    format!("{}.dkr.ecr.{}.amazonaws.com", caller.account, caller.region)
}

fn token(world: &World, caller: &Caller) -> JsonAnswer {
    let ecr = &world.scenario.ecr;
    let password = ecr.password.as_deref().unwrap_or("not-a-real-password");
    let endpoint = ecr.registries.get(&caller.region).cloned();
    json!({ "authorizationData": [{
        "authorizationToken": base64(format!("AWS:{password}").as_bytes()),
        "expiresAt": FIRST + 12 * 3600,
        "proxyEndpoint": endpoint.unwrap_or_else(|| format!("https://{}", host(caller))),
    }] })
    .into()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let at = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * n) & 63) as usize];
            text.push(if n <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

fn repository<'a>(world: &'a World, caller: &'a Caller, name: &str) -> Option<(&'a Stack, &'a Resource)> {
    resources(world, caller).find(|(_, resource)| {
        resource.kind == "AWS::ECR::Repository" && resource.physical.as_deref() == Some(name)
    })
}

fn repositories(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let described = |(stack, resource): (&Stack, &Resource)| {
        let name = resource.physical.clone().unwrap_or_default();
        let property = |name: &str| resource.definition.get("Properties").and_then(|all| all.get(name));
        let mutability = property("ImageTagMutability").map(|value| stack.value(value));
        let filters = property("ImageTagMutabilityExclusionFilters").and_then(Value::as_array);
        let filters: Vec<Value> = filters
            .into_iter()
            .flatten()
            .map(|filter| {
                json!({ "filterType": "WILDCARD", "filter": filter["ImageTagMutabilityExclusionFilterValue"] })
            })
            .collect();
        json!({
            "repositoryName": name,
            "repositoryArn": format!("arn:aws:ecr:{}:{}:repository/{name}", stack.region, stack.account),
            "registryId": stack.account,
            "repositoryUri": format!("{}/{name}", host(caller)),
            "imageTagMutability": mutability.unwrap_or_else(|| "MUTABLE".to_owned()),
            "imageTagMutabilityExclusionFilters": filters,
        })
    };
    let Some(names) = body.get("repositoryNames").and_then(Value::as_array) else {
        let all = resources(world, caller).filter(|(_, resource)| resource.kind == "AWS::ECR::Repository");
        return json!({ "repositories": all.map(described).collect::<Vec<_>>() }).into();
    };
    let mut found = Vec::new();
    for name in names.iter().filter_map(Value::as_str) {
        match repository(world, caller, name) {
            Some(one) => found.push(described(one)),
            None => return no_repository(name),
        }
    }
    json!({ "repositories": found }).into()
}

/// The images of a repository, oldest first: those of the test, and those of the registry.
fn images(world: &World, caller: &Caller, repository: &str) -> Vec<Image> {
    let region = |image: &Image| image.region.clone().unwrap_or_else(|| world.scenario.region.clone());
    let here = |image: &&Image| image.repository == repository && region(image) == caller.region;
    let mut all: Vec<Image> = world.scenario.ecr.images.iter().filter(here).cloned().collect();
    if let Some(registry) = world.scenario.ecr.registries.get(&caller.region) {
        let list = get(registry, &format!("/v2/{repository}/tags/list")).map(|(_, body)| body);
        let list: Value = list.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default();
        for tag in list["tags"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            all.extend(in_registry(registry, repository, tag));
        }
    }
    all
}

/// The image that the registry has under this tag or digest.
fn in_registry(registry: &str, repository: &str, name: &str) -> Option<Image> {
    let (head, manifest) = get(registry, &format!("/v2/{repository}/manifests/{name}"))?;
    let digest = head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case("docker-content-digest").then(|| value.trim().to_owned())
    })?;
    let tag = (!name.starts_with("sha256:")).then(|| name.to_owned());
    Some(Image { region: None, repository: repository.to_owned(), tag, digest, manifest: Some(manifest) })
}

/// Asks a registry on this machine: the head and the body of its answer, if that is 200.
fn get(registry: &str, path: &str) -> Option<(String, String)> {
    let address = registry.strip_prefix("http://")?.trim_end_matches('/');
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let forms = [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ];
    let accept = forms.join(", ");
    let request =
        format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let ok = head.lines().next()?.contains(" 200 ");
    ok.then(|| (head.to_owned(), body.to_owned()))
}

fn is_called(image: &Image, id: &Value) -> bool {
    let (tag, digest) = (text(id, "imageTag"), text(id, "imageDigest"));
    (tag.is_empty() || image.tag.as_deref() == Some(tag)) && (digest.is_empty() || image.digest == digest)
}

/// A page has three images.
fn described(world: &World, caller: &Caller, repository: &str, body: &Value) -> JsonAnswer {
    const PAGE: usize = 3;
    let all = images(world, caller, repository);
    let mut details: Vec<Value> = Vec::new();
    for (at, image) in all.iter().enumerate() {
        if let Some(known) = details.iter_mut().find(|known| known["imageDigest"] == *image.digest) {
            if let Some(tags) = known["imageTags"].as_array_mut() {
                tags.push(json!(image.tag));
            }
            continue;
        }
        let tags: Vec<&String> = image.tag.iter().collect();
        details.push(json!({
            "repositoryName": repository,
            "registryId": caller.account,
            "imageDigest": image.digest,
            "imageTags": tags,
            "imageSizeInBytes": 25_000_000 + at * 1_234_567,
            "imagePushedAt": FIRST + 86_400 * at as u64,
        }));
    }
    let wanted = body.get("imageIds").and_then(Value::as_array);
    if let Some(ids) = wanted {
        if !ids.iter().all(|id| all.iter().any(|image| is_called(image, id))) {
            return JsonAnswer::error("ImageNotFoundException", "The image requested does not exist");
        }
        let meant: Vec<&Image> =
            all.iter().filter(|image| ids.iter().any(|id| is_called(image, id))).collect();
        details.retain(|detail| meant.iter().any(|image| detail["imageDigest"] == *image.digest));
    }
    let from: usize = text(body, "nextToken").parse().unwrap_or(0);
    let page: Vec<Value> = details.iter().skip(from).take(PAGE).cloned().collect();
    let next = (from + PAGE < details.len()).then(|| (from + PAGE).to_string());
    json!({ "imageDetails": page, "nextToken": next }).into()
}

fn got(world: &World, caller: &Caller, repository: &str, body: &Value) -> JsonAnswer {
    let all = images(world, caller, repository);
    let registry = world.scenario.ecr.registries.get(&caller.region);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for id in body.get("imageIds").and_then(Value::as_array).into_iter().flatten() {
        let known = all.iter().rev().find(|image| is_called(image, id)).cloned();
        let digest = text(id, "imageDigest");
        let stored =
            || registry.filter(|_| !digest.is_empty()).and_then(|at| in_registry(at, repository, digest));
        match known.or_else(stored) {
            Some(image) => found.push(json!({
                "repositoryName": repository,
                "registryId": caller.account,
                "imageId": { "imageDigest": image.digest, "imageTag": image.tag },
                "imageManifest": image.manifest.clone().unwrap_or_else(|| made_up(&image)),
            })),
            None => failures.push(json!({
                "imageId": id,
                "failureCode": "ImageNotFound",
                "failureReason": "Requested image not found",
            })),
        }
    }
    json!({ "images": found, "failures": failures }).into()
}

/// A manifest whose configuration has the digest of the image, but for its first digit.
fn made_up(image: &Image) -> String {
    let configuration = format!("sha256:c{}", image.digest.chars().skip(8).collect::<String>());
    json!({ "schemaVersion": 2, "config": { "digest": configuration }, "layers": [] }).to_string()
}
