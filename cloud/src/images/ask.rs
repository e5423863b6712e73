//! The questions to ECR.

use std::collections::BTreeMap;

use aws_sdk_ecr::types::{ImageDetail, ImageIdentifier, ImageTagMutability};

use super::manifest::{FORMS, configuration};
use super::{Findings, FoundImage, ImageName, RepositoryState, Sought, StoredImage};
use crate::connect::Connection;
use crate::error::CloudError;
use crate::failure::ApiFailure;
use crate::stacks::timestamp;
use crate::text::clean;

/// The repository of this name; `None` if there is none.
///
/// # Errors
///
/// The question was not answered.
pub async fn repository(connection: &Connection, name: &str) -> Result<Option<RepositoryState>, CloudError> {
    let call = connection.ecr().describe_repositories().repository_names(name);
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => match ApiFailure::of("ecr:DescribeRepositories", &error) {
            failure if failure.is_absent() => return Ok(None),
            failure => return Err(failure.into_error()),
        },
    };
    let found = answer.repositories().iter().find(|found| found.repository_name() == Some(name));
    Ok(found.map(|found| RepositoryState {
        name: name.to_owned(),
        uri: found.repository_uri().map(clean).unwrap_or_default(),
        immutable: matches!(
            found.image_tag_mutability(),
            Some(ImageTagMutability::Immutable | ImageTagMutability::ImmutableWithExclusion)
        ),
        movable: found
            .image_tag_mutability_exclusion_filters()
            .iter()
            .map(|one| clean(one.filter()))
            .collect(),
    }))
}

/// All images of the repository, newest first; `None` if there is no such repository.
///
/// # Errors
///
/// A question was not answered.
pub async fn stored_images(
    connection: &Connection,
    repository: &str,
) -> Result<Option<Vec<StoredImage>>, CloudError> {
    let mut pages = connection.ecr().describe_images().repository_name(repository).into_paginator().send();
    let mut images: Vec<StoredImage> = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => images.extend(page.image_details().iter().filter_map(stored)),
            Err(error) => match ApiFailure::of("ecr:DescribeImages", &error) {
                failure if failure.is_absent() => return Ok(None),
                failure => return Err(failure.into_error()),
            },
        }
    }
    // ECR gives them in no order. Of several pushed at the same time, the order is that of their digests.
    images.sort_by(|a, b| b.pushed.cmp(&a.pushed).then_with(|| a.digest.cmp(&b.digest)));
    Ok(Some(images))
}

fn stored(detail: &ImageDetail) -> Option<StoredImage> {
    Some(StoredImage {
        digest: clean(detail.image_digest()?),
        tags: detail.image_tags().iter().map(|tag| clean(tag)).collect(),
        pushed: detail.image_pushed_at().and_then(timestamp),
        bytes: detail.image_size_in_bytes(),
    })
}

/// The image that the repository has under this tag or digest.
///
/// What is not found comes in the answer's list of failures; source: [BatchGetImage][aws] in the ECR API reference.
///
/// # Errors
///
/// The question was not answered.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html
pub async fn find_image(
    connection: &Connection,
    repository: &str,
    name: &ImageName,
) -> Result<Sought, CloudError> {
    let id = match name {
        ImageName::Tag(tag) => ImageIdentifier::builder().image_tag(tag),
        ImageName::Digest(digest) => ImageIdentifier::builder().image_digest(digest),
    };
    let mut call = connection.ecr().batch_get_image().repository_name(repository).image_ids(id.build());
    for form in FORMS {
        call = call.accepted_media_types(form);
    }
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => match ApiFailure::of("ecr:BatchGetImage", &error) {
            failure if failure.is_absent() => return Ok(Sought::NoRepository),
            failure => return Err(failure.into_error()),
        },
    };
    let found = answer.images().iter().find_map(|image| {
        Some(FoundImage {
            digest: clean(image.image_id()?.image_digest()?),
            configuration: image.image_manifest().and_then(configuration),
        })
    });
    Ok(found.map_or(Sought::NoImage, Sought::Found))
}

/// How many findings the last scan of the image had, by severity; `None` if it was not scanned.
///
/// The summary that comes with `DescribeImages` is [not filled][aws] by today's basic scanning, hence a question for each
/// image.
///
/// # Errors
///
/// The question was not answered.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-basic.html
pub async fn image_findings(
    connection: &Connection,
    repository: &str,
    digest: &str,
) -> Result<Findings, CloudError> {
    let id = ImageIdentifier::builder().image_digest(digest).build();
    let call = connection.ecr().describe_image_scan_findings().repository_name(repository).image_id(id);
    match call.max_results(1).send().await {
        Ok(answer) => Ok(answer.image_scan_findings().map(|findings| {
            let counts = findings.finding_severity_counts().into_iter().flatten();
            counts.map(|(severity, count)| (clean(severity.as_str()), *count)).collect::<BTreeMap<_, _>>()
        })),
        Err(error) => match ApiFailure::of("ecr:DescribeImageScanFindings", &error) {
            // `ScanNotFoundException`, or an image that has just expired.
            failure if failure.is_absent() => Ok(None),
            failure => Err(failure.into_error()),
        },
    }
}
