//! Where credentials and the region come from.
//!
//! The SDK's own default chain always ends at the metadata service of an EC2 instance, which on a CI machine means
//! seconds of waiting for nobody. This is the same chain, with that last link short, and absent in CI; it knows which
//! link answered, assumes roles itself, and stops at the first link that is there and fails.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use aws_sdk_cloudformation::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};

use super::ConnectOptions;
use super::profile::{Base, Profiles, RoleChain};
use super::roles::RoleProvider;
use super::source::Source;
use crate::error::{CloudError, Kind};
use crate::text::clean;

/// How long the metadata service may take to answer; on EC2 it takes a few milliseconds.
const METADATA_TIMEOUT: Duration = Duration::from_millis(500);

/// The region: asked for, from the environment, from the profile, or of this EC2 instance; with who names it, unless it was
/// asked for.
pub(super) async fn region(options: &ConnectOptions) -> Result<(String, Option<String>), CloudError> {
    if let Some(region) = &options.region {
        return Ok((region.clone(), None));
    }
    let found = |region: aws_config::Region, from: &str| Ok((region.to_string(), Some(from.to_owned())));
    if let Some(region) = EnvironmentVariableRegionProvider::new().region().await {
        let first = std::env::var_os("AWS_REGION").is_some();
        return found(region, if first { "AWS_REGION" } else { "AWS_DEFAULT_REGION" });
    }
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    if let Some(region) = profile.build().region().await {
        return found(region, "the profile");
    }
    if on_a_machine_with_metadata() {
        let instance = ImdsRegionProvider::builder().imds_client(quick_metadata()).build();
        if let Some(region) = instance.region().await {
            return found(region, "this EC2 instance");
        }
    }
    Err(no_region())
}

/// What to say when nothing names a region.
pub(super) fn no_region() -> CloudError {
    CloudError::new(Kind::Usage, "no region is set")
        .state("nothing was asked of AWS")
        .next("give one with `--region`, for example `--region us-east-1`, or set AWS_REGION")
}

/// Credentials, and who gave them.
#[derive(Debug)]
pub(super) struct Found {
    /// Gives them, and renews them.
    pub(super) provider: SharedCredentialsProvider,
    /// Who that is.
    pub(super) source: Source,
    /// When those that were loaded end, if that is known.
    pub(super) expires: Option<SystemTime>,
}

/// The credentials: from the environment, the profile, a web identity, a container, or this EC2 instance.
///
/// `config` is for the calls that the way to them needs: region, endpoint, time-outs.
pub(super) async fn credentials(options: &ConnectOptions, config: &SdkConfig) -> Result<Found, CloudError> {
    let profiles = Profiles::load(options.profile.as_deref()).await;
    // A profile that was asked for by name, and nobody else's keys.
    if options.profile.is_some() {
        let profiles = profiles?;
        return of_profile(options, config, &profiles).await?.ok_or_else(|| no_credentials(&profiles, true));
    }
    if let Some(found) = tried(Source::Environment, EnvironmentVariableCredentialsProvider::new()).await? {
        return Ok(found);
    }
    // Files that cannot be read are in the way only of those who have no keys in the environment.
    let profiles = profiles?;
    let named = std::env::var_os("AWS_PROFILE").is_some_and(|name| !name.is_empty());
    if named && !profiles.has(profiles.selected()) {
        return Err(no_credentials(&profiles, true));
    }
    if let Some(found) = of_profile(options, config, &profiles).await? {
        return Ok(found);
    }
    match of_the_machine(config).await? {
        Some(found) => Ok(found),
        None => Err(no_credentials(&profiles, named)),
    }
}

/// What the place that we run in has for us.
async fn of_the_machine(config: &SdkConfig) -> Result<Option<Found>, CloudError> {
    let provider = provider_config(config);
    let identity = WebIdentityTokenCredentialsProvider::builder().configure(&provider).build();
    if let Some(found) = tried(Source::WebIdentity, identity).await? {
        return Ok(Some(found));
    }
    let container = EcsCredentialsProvider::builder().configure(&provider).build();
    if let Some(found) = tried(Source::Container, container).await? {
        return Ok(Some(found));
    }
    if !on_a_machine_with_metadata() {
        return Ok(None);
    }
    // No instance, or one without a role: nothing that its user has to put right.
    let answer = instance(&provider);
    Ok(tried(Source::Instance, answer).await.unwrap_or_default())
}

/// The selected profile's credentials; `None` if it has none.
async fn of_profile(
    options: &ConnectOptions,
    config: &SdkConfig,
    profiles: &Profiles,
) -> Result<Option<Found>, CloudError> {
    if !profiles.has(profiles.selected()) {
        return Ok(None);
    }
    let source = Source::Profile { name: profiles.selected().to_owned(), how: profiles.how() };
    let Some(RoleChain { base, roles }) = profiles.roles()? else {
        return tried(source, sdk_profile(config, profiles.selected())).await;
    };
    let base = match base {
        Base::Keys(name) => profiles.keys(&name).map(SharedCredentialsProvider::new),
        Base::Profile(name) => Some(SharedCredentialsProvider::new(sdk_profile(config, &name))),
        Base::Named(name) => named(config, &name),
    };
    let Some(base) = base else {
        let what = format!("the profile `{}` has an unknown `credential_source`", clean(profiles.selected()));
        return Err(CloudError::new(Kind::Credentials, what)
            .state("nothing was asked of AWS")
            .next("set it to Environment, EcsContainer or Ec2InstanceMetadata in `~/.aws/config`"));
    };
    let provider = RoleProvider {
        base,
        roles,
        source: source.clone(),
        config: config.clone(),
        mfa: options.mfa.clone(),
    };
    let first = provider.sign_in().await?;
    let expires = first.expiry();
    let provider = SharedCredentialsProvider::new(Remembering::new(first, provider));
    Ok(Some(Found { provider, source, expires }))
}

/// The SDK's reading of a profile, whose questions to the metadata service are as short as ours.
fn sdk_profile(config: &SdkConfig, name: &str) -> ProfileFileCredentialsProvider {
    let provider = provider_config(config);
    ProfileFileCredentialsProvider::builder()
        .configure(&provider)
        .with_custom_provider("Ec2InstanceMetadata", instance(&provider))
        .profile_name(name)
        .build()
}

/// A `credential_source`, whose names the SDK takes in any case.
fn named(config: &SdkConfig, name: &str) -> Option<SharedCredentialsProvider> {
    let provider = provider_config(config);
    match name.to_ascii_lowercase().as_str() {
        "environment" => Some(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new())),
        "ecscontainer" => Some(SharedCredentialsProvider::new(
            EcsCredentialsProvider::builder().configure(&provider).build(),
        )),
        "ec2instancemetadata" => Some(SharedCredentialsProvider::new(instance(&provider))),
        _ => None,
    }
}

fn instance(provider: &ProviderConfig) -> ImdsCredentialsProvider {
    ImdsCredentialsProvider::builder().configure(provider).imds_client(quick_metadata()).build()
}

fn provider_config(config: &SdkConfig) -> ProviderConfig {
    ProviderConfig::without_region().with_region(config.region().cloned())
}

/// Loads credentials once; `None` if this source is not there at all.
async fn tried(
    source: Source,
    provider: impl ProvideCredentials + 'static,
) -> Result<Option<Found>, CloudError> {
    match provider.provide_credentials().await {
        Ok(first) => {
            let expires = first.expiry();
            let provider = SharedCredentialsProvider::new(Remembering::new(first, provider));
            Ok(Some(Found { provider, source, expires }))
        }
        Err(CredentialsError::CredentialsNotLoaded(_)) => Ok(None),
        Err(error) => Err(source.failed(&error)),
    }
}

/// Gives what was loaded already, once, and then whatever its provider gives: signing in is not done twice.
#[derive(Debug)]
struct Remembering<P> {
    first: Mutex<Option<Credentials>>,
    provider: P,
}

impl<P> Remembering<P> {
    fn new(first: Credentials, provider: P) -> Remembering<P> {
        Remembering { first: Mutex::new(Some(first)), provider }
    }
}

impl<P: ProvideCredentials> ProvideCredentials for Remembering<P> {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        match self.first.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(first) => future::ProvideCredentials::ready(Ok(first)),
            None => self.provider.provide_credentials(),
        }
    }
}

/// What to say when the chain ended without credentials; `named` if the user chose the profile.
fn no_credentials(profiles: &Profiles, named: bool) -> CloudError {
    let (profile, others) = (clean(profiles.selected()), profiles.names());
    let what = match (named, profiles.has(profiles.selected())) {
        (true, true) => format!("no AWS credentials were found for the profile `{profile}`"),
        (true, false) if others.is_empty() => {
            format!("there is no profile `{profile}`; the AWS configuration files have none at all")
        }
        (true, false) => format!("there is no profile `{profile}`; there are {}", list(&others)),
        (false, _) => "no AWS credentials were found".to_owned(),
    };
    let next = if named || others.is_empty() {
        "sign in (`aws sso login`, `aws login`, `aws configure`), choose a profile with `--profile`, \
         or try everything without an account with `--local`"
            .to_owned()
    } else {
        format!(
            "choose a profile with `--profile` (there are {}), or sign in with `aws login`",
            list(&others)
        )
    };
    CloudError::new(Kind::Credentials, what).state("nothing was asked of AWS").next(next)
}

/// A few names, and how many more there are.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
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
