//! Where credentials and the region come from.
//!
//! The SDK's own default chain always ends at the metadata service of an EC2 instance, which on a CI machine means
//! seconds of waiting for nobody. This is the same chain, with that last link short, and absent in CI.

use std::time::Duration;

use aws_config::Region;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudformation::config::{ProvideCredentials, SharedCredentialsProvider};

use super::ConnectOptions;
use crate::error::{CloudError, Kind};
use crate::failure::reasons;
use crate::text::{clean, shorten};

/// How long the metadata service may take to answer; on EC2 it takes a few milliseconds.
const METADATA_TIMEOUT: Duration = Duration::from_millis(500);

/// The region: asked for, from the environment, from the profile, or of this EC2 instance.
pub(super) async fn region(options: &ConnectOptions) -> Result<String, CloudError> {
    if let Some(region) = &options.region {
        return Ok(region.clone());
    }
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    let mut chain =
        RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new()).or_else(profile.build());
    if on_a_machine_with_metadata() {
        chain = chain.or_else(ImdsRegionProvider::builder().imds_client(quick_metadata()).build());
    }
    chain.region().await.map(|region| region.to_string()).ok_or_else(no_region)
}

/// What to say when nothing names a region.
pub(super) fn no_region() -> CloudError {
    CloudError::new(Kind::Usage, "no region is set")
        .state("nothing was asked of AWS")
        .next("give one with `--region`, for example `--region us-east-1`, or set AWS_REGION")
}

/// The credentials: from the environment, the profile, a web identity, a container, or this EC2 instance.
pub(super) async fn credentials(
    options: &ConnectOptions,
    region: &str,
) -> Result<SharedCredentialsProvider, CloudError> {
    let config = ProviderConfig::without_region().with_region(Some(Region::new(region.to_owned())));
    let mut profile = ProfileFileCredentialsProvider::builder().configure(&config);
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    // A profile that was asked for by name, and nobody else's keys.
    if let Some(name) = &options.profile {
        return loaded(profile.build(), Some(name)).await;
    }
    let mut chain =
        CredentialsProviderChain::first_try("Environment", EnvironmentVariableCredentialsProvider::new())
            .or_else("Profile", profile.build())
            .or_else(
                "WebIdentityToken",
                WebIdentityTokenCredentialsProvider::builder().configure(&config).build(),
            )
            .or_else("EcsContainer", EcsCredentialsProvider::builder().configure(&config).build());
    if on_a_machine_with_metadata() {
        let instance =
            ImdsCredentialsProvider::builder().configure(&config).imds_client(quick_metadata()).build();
        chain = chain.or_else("Ec2InstanceMetadata", instance);
    }
    let profile = std::env::var("AWS_PROFILE").ok();
    loaded(chain, profile.as_deref()).await
}

/// Loads credentials once, with a clear failure; the provider then goes on refreshing them by itself.
async fn loaded(
    provider: impl ProvideCredentials + 'static,
    profile: Option<&str>,
) -> Result<SharedCredentialsProvider, CloudError> {
    match provider.provide_credentials().await {
        Ok(_) => Ok(SharedCredentialsProvider::new(provider)),
        Err(error) => Err(no_credentials(&error, profile)),
    }
}

/// What to say when the chain ended without credentials.
fn no_credentials(error: &CredentialsError, profile: Option<&str>) -> CloudError {
    let what = match (error, profile) {
        (CredentialsError::CredentialsNotLoaded(_), Some(profile)) => {
            format!("no AWS credentials were found for the profile `{}`", clean(profile))
        }
        (CredentialsError::CredentialsNotLoaded(_), None) => "no AWS credentials were found".to_owned(),
        (other, _) => {
            let reason = shorten(&clean(&reasons(other)), 300);
            format!("the AWS credentials cannot be loaded: {reason}")
        }
    };
    CloudError::new(Kind::Credentials, what).state("nothing was asked of AWS").next(
        "sign in (`aws sso login`, `aws configure`), choose a profile with `--profile`, \
         or try everything without an account with `--local`",
    )
}

/// CI machines have no instance role of ours, and asking for one costs seconds.
fn on_a_machine_with_metadata() -> bool {
    std::env::var_os("CI").is_none_or(|value| value.is_empty() || value == "false")
}

/// A client of the metadata service that gives up quickly and does not try again.
fn quick_metadata() -> imds::Client {
    imds::Client::builder()
        .max_attempts(1)
        .connect_timeout(METADATA_TIMEOUT)
        .read_timeout(METADATA_TIMEOUT)
        .operation_timeout(METADATA_TIMEOUT * 2)
        .build()
}
