//! Images in ECR: whether they are there, and for which machines.

use aws_sdk_ecr::types::ImageIdentifier;
use serde::Deserialize;

use super::{Check, ImageNeed, Lack};
use crate::connect::Connection;
use crate::failure::ApiFailure;

/// One question: for the manifest, which a registry has for every image. What a single image is for stands in its
/// configuration, which only a download would tell; of such an image nothing is said. A list of images tells it.
///
/// Source: [BatchGetImage][aws] in the ECR API reference. What is not found comes in the list of failures.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html
pub(super) async fn look(connection: &Connection, image: &ImageNeed) -> Check {
    let what = format!("the image {}", image.uri);
    let client = aws_sdk_ecr::Client::new(&connection.config_in(&image.region));
    let id = ImageIdentifier::builder()
        .set_image_tag(image.tag.clone().filter(|_| image.digest.is_none()))
        .set_image_digest(image.digest.clone())
        .build();
    let mut call = client.batch_get_image().registry_id(&image.registry).repository_name(&image.repository);
    for form in crate::images::FORMS {
        call = call.accepted_media_types(form);
    }
    let answer = match call.image_ids(id).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let failure = ApiFailure::of("ecr:BatchGetImage", &error);
            return if failure.is_absent() {
                not_there(&client, image, true).await
            } else {
                Check::unanswered(&what, &failure)
            };
        }
    };
    let Some(found) = answer.images().first() else { return not_there(&client, image, false).await };
    let architectures = architectures(found.image_manifest().unwrap_or_default());
    match image.architecture {
        Some(needed) if !architectures.is_empty() && !architectures.iter().any(|one| one == needed) => {
            let there = architectures.join(", ");
            Check::missing(
                format!("{what} is for {there}, and its tasks run on {needed}"),
                format!("docker buildx build --platform linux/{needed} --push -t {} .", image.uri),
            )
            .lacking(Lack::Architecture)
        }
        _ => Check::ok(format!("{what} is there")),
    }
}

/// The image, or its whole repository, is not there; unless it comes through a cache, which fetches it when it is
/// pulled for the first time.
///
/// Source: [Sync an upstream registry][aws] in the ECR user guide.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
async fn not_there(client: &aws_sdk_ecr::Client, image: &ImageNeed, repository: bool) -> Check {
    let what = format!("the image {}", image.uri);
    let rules = client.describe_pull_through_cache_rules().registry_id(&image.registry).send().await;
    let rules = rules.map_err(|error| ApiFailure::of("ecr:DescribePullThroughCacheRules", &error));
    // There is always a `/` at the end of a prefix, and `ROOT` stands for all repositories:
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-private-wildcards.html
    // Whoever may not see the rules most likely has none, and names with a prefix alone can be such images.
    let cached = match &rules {
        Ok(rules) => rules.pull_through_cache_rules().iter().any(|rule| {
            let prefix = rule.ecr_repository_prefix().unwrap_or_default();
            prefix == "ROOT"
                || image.repository.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
        }),
        Err(_) => image.repository.contains('/') && repository,
    };
    if cached {
        return Check::unknown(
            what,
            "a pull-through cache may fetch it when it is pulled for the first time",
        );
    }
    if repository {
        let what = format!("{what} is not there: {} has no repository {}", image.region, image.repository);
        let fix = format!(
            "aws ecr create-repository --repository-name {} --region {}, or deploy the stack that makes it; then push \
             the image",
            image.repository, image.region
        );
        return Check::missing(what, fix).lacking(Lack::Repository);
    }
    Check::missing(format!("{what} is not there"), format!("docker push {}", image.uri)).lacking(Lack::Image)
}

/// A list of images for several machines.
#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    architecture: String,
}

/// For which machines there is an image. Empty if that is not known. What `docker buildx` adds as proof of how the image
/// was built is for `unknown` machines.
fn architectures(manifest: &str) -> Vec<String> {
    let Ok(index) = serde_json::from_str::<Index>(manifest) else { return Vec::new() };
    let mut all: Vec<String> = Vec::new();
    for platform in index.manifests.into_iter().filter_map(|entry| entry.platform) {
        let architecture = crate::text::clean(&platform.architecture);
        if architecture != "unknown" && !all.contains(&architecture) {
            all.push(architecture);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_images_tells_what_they_are_for() {
        let index = r#"{"manifests":[{"platform":{"architecture":"amd64","os":"linux"}},
            {"platform":{"architecture":"arm64"}},{"platform":{"architecture":"unknown"}},{}]}"#;
        assert_eq!(architectures(index), ["amd64", "arm64"]);
        let single = r#"{"schemaVersion":2,"config":{"digest":"sha256:1"},"layers":[]}"#;
        assert_eq!(architectures(single), [""; 0]);
        assert_eq!(architectures("<html>"), [""; 0]);
    }
}
