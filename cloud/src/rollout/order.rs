//! The orders to ECS.

use std::time::Duration;

use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::config::timeout::TimeoutConfig;
use aws_sdk_ecs::types::StopServiceDeploymentStopType;

use super::{RolloutChange, RolloutRequest};
use crate::connect::Connection;
use crate::failure::ApiFailure;

/// How long an order may take to be answered.
const PATIENCE: Duration = Duration::from_secs(20);

/// Orders the change, once: ECS has no token that would make two such orders one, so a repetition by the SDK could
/// begin a second deployment.
pub(super) async fn send(connection: &Connection, request: &RolloutRequest) -> Result<(), ApiFailure> {
    let service = &request.service;
    let update = || connection.ecs().update_service().cluster(&service.cluster).service(&service.arn);
    let call = match &request.change {
        RolloutChange::Redeploy => update().force_new_deployment(true),
        RolloutChange::Scale(count) => update().desired_count(*count),
        // Forced, so that there is a deployment to follow whatever ran before.
        RolloutChange::Revision(revision) => update().task_definition(revision).force_new_deployment(true),
        RolloutChange::Stop { deployment } => return stop(connection, deployment).await,
    };
    let answer = call.customize().config_override(once()).send().await;
    answer.map(drop).map_err(|error| ApiFailure::of("ecs:UpdateService", &error))
}

/// Stops a deployment that is in progress; ECS goes back to the one before.
///
/// Source: [StopServiceDeployment][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html
async fn stop(connection: &Connection, deployment: &str) -> Result<(), ApiFailure> {
    let call = connection.ecs().stop_service_deployment().service_deployment_arn(deployment);
    let call = call.stop_type(StopServiceDeploymentStopType::Rollback);
    let answer = call.customize().config_override(once()).send().await;
    answer.map(drop).map_err(|error| ApiFailure::of("ecs:StopServiceDeployment", &error))
}

fn once() -> aws_sdk_ecs::config::Builder {
    let time_out = TimeoutConfig::builder().connect_timeout(PATIENCE / 4).operation_timeout(PATIENCE).build();
    aws_sdk_ecs::config::Config::builder().retry_config(RetryConfig::disabled()).timeout_config(time_out)
}
