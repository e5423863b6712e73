//! The questions about the deployments that a service has had.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{self as aws, SortOrder, TaskDefinitionStatus};

use super::number::{Brief, Seen, number};
use super::{Deployments, revision};
use crate::connect::Connection;
use crate::error::{CloudError, Kind};
use crate::failure::ApiFailure;
use crate::history::{Reach, history};
use crate::services::{ServiceRef, service_details, task_definition};
use crate::stacks::timestamp;
use crate::text::clean;
use crate::together::together;

/// How many revisions [DescribeServiceRevisions][api] takes.
///
/// [api]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html
const REVISIONS_A_CALL: usize = 20;
/// How many pages of ECS's deployments are read, of up to 100 each.
const PAGES: usize = 3;
/// How many pages of CloudFormation's events are read: those of some weeks.
const REACH: Reach = Reach { pages: 20, nested: 0 };

/// The deployments of a service of this stack, the newest `most` of them.
///
/// ECS keeps the revisions of a task definition until they are deleted, and what became of deployments for [90 days][ecs];
/// CloudFormation tells of operations for as long. What one of them does not tell is not known, and a note says so.
///
/// [ecs]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
///
/// # Errors
///
/// [`Kind::Blocked`] if there is no such service any more; otherwise if ECS does not tell the service or its revisions.
pub async fn deployments(
    connection: &Connection,
    service: &ServiceRef,
    stack: &str,
    most: usize,
) -> Result<Deployments, CloudError> {
    let known = service_details(connection, std::slice::from_ref(service)).await?.into_iter().next();
    let Some(known) = known else {
        return Err(CloudError::new(Kind::Blocked, format!("ECS has no service {} any more", service.name)));
    };
    let current = revision(&known.task_definition).to_owned();
    let (family, current) = split(&current).ok_or_else(|| {
        CloudError::new(Kind::Blocked, format!("ECS tells no task definition of {}", service.name))
    })?;
    let (arns, cut) = revisions(connection, family, current, most).await?;
    let (mut notes, mut definitions) = (Vec::new(), Vec::new());
    let questions = arns.into_iter().map(|arn| {
        let connection = connection.clone();
        async move { task_definition(&connection, &arn).await }
    });
    for answer in together(questions.collect::<Vec<_>>()).await {
        let bug = || Err(CloudError::bug("a look at a task definition broke off"));
        definitions.extend(answer.unwrap_or_else(bug)?);
    }
    let rollouts = briefs(connection, service).await.unwrap_or_else(|failure| {
        notes.push(unread("ECS's deployments", &failure));
        Vec::new()
    });
    let revisions = service_revisions(connection, &rollouts).await.unwrap_or_else(|failure| {
        notes.push(unread("what ECS's deployments were of", &failure));
        BTreeMap::new()
    });
    let past = history(connection, stack, REACH).await;
    if let Err(error) = &past {
        notes.push(format!("what CloudFormation did is not known: {error}"));
    }
    let seen = Seen {
        current,
        steady: known.primary().is_none_or(|primary| primary.rollout.as_deref() != Some("IN_PROGRESS")),
        definitions,
        rollouts,
        revisions,
        history: past.ok(),
    };
    let in_progress = seen.in_progress();
    Ok(Deployments {
        family: family.to_owned(),
        current,
        in_progress,
        deployments: number(&seen),
        cut,
        notes,
    })
}

fn unread(what: &str, failure: &ApiFailure) -> String {
    format!("{what} could not be read ({}): {}", failure.action, failure.message)
}

/// The family and the number of `family:7`.
pub(super) fn split(revision: &str) -> Option<(&str, i32)> {
    let (family, number) = revision.rsplit_once(':')?;
    Some((family, number.parse().ok()?))
}

/// The newest revisions of a family by ARN, newest first, with the current one; and whether there are others.
async fn revisions(
    connection: &Connection,
    family: &str,
    current: i32,
    most: usize,
) -> Result<(Vec<String>, bool), CloudError> {
    let mut all: BTreeMap<i32, String> = BTreeMap::new();
    let mut cut = false;
    for status in [TaskDefinitionStatus::Active, TaskDefinitionStatus::Inactive] {
        let call = connection.ecs().list_task_definitions().family_prefix(family).status(status);
        let mut pages = call.sort(SortOrder::Desc).into_paginator().send();
        let mut found = 0;
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| ApiFailure::of("ecs:ListTaskDefinitions", &error).into_error())?;
            let own = page.task_definition_arns().iter().filter_map(|arn| {
                let (of, number) = split(revision(arn))?;
                (of == family).then(|| (number, clean(arn)))
            });
            let before = all.len();
            all.extend(own);
            found += all.len() - before;
            if found > most {
                cut = true;
                break;
            }
        }
    }
    cut |= all.len() > most;
    let newest: Vec<String> = all
        .iter()
        .rev()
        .enumerate()
        .filter(|(at, (number, _))| *at < most || **number == current)
        .map(|(_, (_, arn))| arn.clone())
        .collect();
    Ok((newest, cut))
}

/// ECS's deployments of the service, in no particular order.
async fn briefs(connection: &Connection, service: &ServiceRef) -> Result<Vec<Brief>, ApiFailure> {
    let (mut found, mut token) = (Vec::new(), None);
    for _ in 0..PAGES {
        let call =
            connection.ecs().list_service_deployments().cluster(&service.cluster).service(&service.arn);
        let page = call
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| ApiFailure::of("ecs:ListServiceDeployments", &error))?;
        found.extend(page.service_deployments().iter().filter_map(brief));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
    }
    Ok(found)
}

fn brief(brief: &aws::ServiceDeploymentBrief) -> Option<Brief> {
    Some(Brief {
        id: clean(brief.service_deployment_arn()?),
        revision: clean(brief.target_service_revision_arn()?),
        status: brief.status().map(|status| clean(status.as_str())).unwrap_or_default(),
        reason: brief.status_reason().map(clean).filter(|reason| !reason.is_empty()),
        began: brief.started_at().or(brief.created_at()).and_then(timestamp),
        ended: brief.finished_at().and_then(timestamp),
    })
}

/// The task definitions of service revisions, and the digests of their containers' images, by the revisions' ARNs.
pub(super) type Revisions = BTreeMap<String, (String, BTreeMap<String, String>)>;

async fn service_revisions(connection: &Connection, briefs: &[Brief]) -> Result<Revisions, ApiFailure> {
    let wanted: BTreeSet<String> = briefs.iter().map(|brief| brief.revision.clone()).collect();
    let wanted: Vec<String> = wanted.into_iter().collect();
    let mut found = BTreeMap::new();
    for group in wanted.chunks(REVISIONS_A_CALL) {
        let call = connection.ecs().describe_service_revisions();
        let answer = call
            .set_service_revision_arns(Some(group.to_vec()))
            .send()
            .await
            .map_err(|error| ApiFailure::of("ecs:DescribeServiceRevisions", &error))?;
        found.extend(answer.service_revisions().iter().filter_map(|one| {
            let images = one.container_images().iter();
            let digests = images
                .filter_map(|image| Some((clean(image.container_name()?), clean(image.image_digest()?))));
            Some((clean(one.service_revision_arn()?), (clean(one.task_definition()?), digests.collect())))
        }));
    }
    Ok(found)
}
