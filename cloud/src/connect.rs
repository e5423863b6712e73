//! A connection to one account and region: credentials found and checked, clients tuned for CloudFormation.

mod chain;
mod clients;
mod endpoints;
mod mfa;
mod profile;
mod renewal;
mod roles;
mod source;

use std::fmt;
use std::time::SystemTime;

use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudformation::config::{Credentials, SharedCredentialsProvider};
use serde::Serialize;
use tokio::time::Instant;

pub use endpoints::OtherEndpoint;
pub use mfa::{Mfa, MfaAnswer, MfaRequest};

pub(crate) use self::clients::ATTEMPTS;
use self::renewal::Renewal;
use self::source::Source;
use crate::emulator::Emulator;
use crate::error::{CloudError, Kind};
use crate::failure::ApiFailure;
use crate::pacer::Pacer;

/// The access key for the emulator, which reads twelve digits as the account id. It opens nothing anywhere.
const LOCAL_ACCOUNT: &str = "123456789012";
/// The region of the emulator if none is asked for.
const LOCAL_REGION: &str = "us-east-1";
/// What the user agent says of us.
const APP_NAME: &str = "docuthinker";

/// Where to connect, and as whom.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// The profile in the AWS configuration files. Default: `AWS_PROFILE`, then `default`.
    pub profile: Option<String>,
    /// The region. Default: `AWS_REGION`, then the profile's.
    pub region: Option<String>,
    /// Another address for every service, for example of a test double. Default: `AWS_ENDPOINT_URL`, then AWS's own.
    pub endpoint_url: Option<String>,
    /// Keys to use as they are. If given, neither the environment nor the AWS configuration files are read.
    pub keys: Option<Keys>,
    /// Who is asked for the codes of MFA devices. Hand clones of one value to all connections of a run: it keeps the sessions.
    pub mfa: Mfa,
    /// A running emulator. If given, the user's credentials and the three settings above (but `region`) are not used.
    pub local: Option<Emulator>,
    /// The account that the configuration names; another one is refused.
    pub expected_account: Option<String>,
    /// The region that the configuration names; another one is refused.
    pub expected_region: Option<String>,
    /// For measurements against a test double that keeps AWS's times so many times faster: follow at AWS's pace, as many
    /// times faster. Default: a server on this machine is asked as often as one likes, AWS at its own pace.
    #[doc(hidden)]
    pub aws_pace: Option<u32>,
}

/// An access key. Shown without its secret parts.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token of temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Who we are, as AWS sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The twelve digits of the account.
    pub account: String,
    /// The ARN of the user or the assumed role.
    pub arn: String,
    /// The region of every call.
    pub region: String,
}

impl Identity {
    /// The partition of the account, as the ARN says it: `aws`, or for example `aws-cn`.
    pub fn partition(&self) -> &str {
        self.arn.split(':').nth(1).unwrap_or("aws")
    }
}

/// Where credentials and region come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// Who gave the credentials, in words that go after "from": `the profile `prod` (IAM Identity Center)`.
    pub credentials: String,
    /// When they end; `None` if their source does not say so.
    #[serde(skip)]
    pub expires: Option<SystemTime>,
    /// What gets new ones from this source.
    pub renewal: String,
    /// Who names the region; `None` if the caller of this crate does.
    pub region: Option<String>,
}

/// An open connection: the account is known, the credentials work.
#[derive(Clone)]
pub struct Connection {
    options: ConnectOptions,
    identity: Identity,
    origin: Origin,
    endpoint: Option<String>,
    opened: Instant,
    /// For questions that are repeated anyway: tries once, so that the engine sees each failure.
    pub(crate) polling: aws_sdk_cloudformation::Client,
    /// For questions that are asked once: tries up to seven times, and more slowly where AWS throttles.
    pub(crate) cloudformation: aws_sdk_cloudformation::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    config: SdkConfig,
    /// For what changes something: tries again only after network trouble, since the pace of orders decides the rest.
    pub(crate) ordering: aws_sdk_cloudformation::Client,
    /// The pace of all questions of this account and region; clones of the connection share it.
    pub(crate) pacer: Pacer,
    /// The session after this one, once this one has ended.
    renewal: Renewal,
    /// The pace of all that changes something.
    pub(crate) orders: Pacer,
}

impl Connection {
    /// Finds credentials, asks AWS whose they are, and prepares the clients.
    ///
    /// # Errors
    ///
    /// [`Kind::Usage`] without a region, [`Kind::Credentials`] if there are no credentials or AWS does not take them,
    /// [`Kind::Unreachable`] if nobody answers, [`Kind::Refused`] if account or region differ from the expected ones.
    pub async fn open(options: ConnectOptions) -> Result<Connection, CloudError> {
        let Configuration { config, source, expires, region_from } = configuration(&options).await?;
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        refuse_other_region(&options, &region)?;
        let (account, arn) = caller(&config).await.map_err(|failure| source.refused(failure))?;
        refuse_other_account(&options, &account, &source)?;
        let pace = pace(&options, config.endpoint_url());
        Ok(Connection {
            endpoint: config.endpoint_url().map(ToOwned::to_owned),
            identity: Identity { account, arn, region },
            origin: Origin {
                credentials: source.what(),
                expires,
                renewal: source.next(),
                region: region_from,
            },
            opened: Instant::now(),
            polling: clients::polling(&config),
            cloudformation: clients::asking(&config),
            ordering: clients::ordering(&config),
            s3: clients::s3(&config),
            pacer: Pacer::of_questions(pace),
            orders: Pacer::of_orders(pace),
            renewal: Renewal::default(),
            config,
            options,
        })
    }

    /// The same connection with credentials that are loaded afresh, for when the old ones expired on the way.
    ///
    /// Files, processes and token caches are read anew, and the code of an MFA device is asked for again.
    async fn reopened(&self) -> Result<Connection, CloudError> {
        self.options.mfa.forget_before(self.opened);
        let opened = Connection::open(self.options.clone()).await?;
        Ok(Connection { pacer: self.pacer.clone(), orders: self.orders.clone(), ..opened })
    }

    /// A client of ECS; made anew, which is cheap beside a call.
    pub(crate) fn ecs(&self) -> aws_sdk_ecs::Client {
        aws_sdk_ecs::Client::new(&self.config)
    }

    /// A client of CloudWatch Logs.
    pub(crate) fn logs(&self) -> aws_sdk_cloudwatchlogs::Client {
        aws_sdk_cloudwatchlogs::Client::new(&self.config)
    }

    /// A client of ECR.
    pub(crate) fn ecr(&self) -> aws_sdk_ecr::Client {
        aws_sdk_ecr::Client::new(&self.config)
    }

    /// A client of Secrets Manager.
    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }

    /// A client of Elastic Load Balancing.
    pub(crate) fn load_balancing(&self) -> aws_sdk_elasticloadbalancingv2::Client {
        aws_sdk_elasticloadbalancingv2::Client::new(&self.config)
    }

    /// A client of CloudWatch.
    pub(crate) fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        aws_sdk_cloudwatch::Client::new(&self.config)
    }

    /// A client of Application Auto Scaling.
    pub(crate) fn scaling(&self) -> aws_sdk_applicationautoscaling::Client {
        aws_sdk_applicationautoscaling::Client::new(&self.config)
    }

    /// A client of Cloud Control, which reads any resource by its CloudFormation type.
    pub(crate) fn cloudcontrol(&self) -> aws_sdk_cloudcontrol::Client {
        aws_sdk_cloudcontrol::Client::new(&self.config)
    }

    /// A client of Service Quotas.
    pub(crate) fn quotas(&self) -> aws_sdk_servicequotas::Client {
        aws_sdk_servicequotas::Client::new(&self.config)
    }

    /// The configuration for clients of another region, with the same credentials.
    pub(crate) fn config_in(&self, region: &str) -> SdkConfig {
        self.config.clone().into_builder().region(Region::new(region.to_owned())).build()
    }

    /// Who we are, and where.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where credentials and region come from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The address that replaces AWS's own, if there is one. Worth a banner: it may be set by accident.
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// How many times faster than AWS's own the pace is; `None` for a server that nobody shares.
    pub(crate) fn pace(&self) -> Option<u32> {
        pace(&self.options, self.endpoint())
    }

    /// Whether the requests go to a server on this machine: the emulator, or another stand-in for AWS.
    pub fn stays_on_this_machine(&self) -> bool {
        self.endpoint.as_deref().is_some_and(is_on_this_machine)
    }

    /// Whether this is the emulator and not AWS.
    pub fn is_local(&self) -> bool {
        self.options.local.is_some()
    }
}

fn pace(options: &ConnectOptions, endpoint: Option<&str>) -> Option<u32> {
    options.aws_pace.or((!endpoint.is_some_and(is_on_this_machine)).then_some(1))
}

/// Shows whose connection it is, never a credential.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("identity", &self.identity)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// The SDK's configuration, and where what is in it comes from.
struct Configuration {
    config: SdkConfig,
    source: Source,
    /// When the credentials end, if that is known.
    expires: Option<SystemTime>,
    /// Who names the region, if the caller does not.
    region_from: Option<String>,
}

impl Configuration {
    /// One in which everything was given.
    fn given(config: SdkConfig, source: Source) -> Configuration {
        Configuration { config, source, expires: None, region_from: None }
    }
}

async fn configuration(options: &ConnectOptions) -> Result<Configuration, CloudError> {
    if let Some(emulator) = &options.local {
        let keys = Credentials::new(LOCAL_ACCOUNT, "emulator", None, None, "emulator");
        let region = options.region.clone().unwrap_or_else(|| LOCAL_REGION.to_owned());
        let config = closed_configuration(keys, region, Some(emulator.endpoint()));
        return Ok(Configuration::given(config, Source::Emulator));
    }
    if let Some(keys) = &options.keys {
        let Keys { access_key_id, secret_access_key, session_token } = keys.clone();
        let keys = Credentials::new(access_key_id, secret_access_key, session_token, None, "given");
        let region = options.region.clone().ok_or_else(chain::no_region)?;
        let config = closed_configuration(keys, region, options.endpoint_url.clone());
        return Ok(Configuration::given(config, Source::Given));
    }
    let (region, region_from) = chain::region(options).await?;
    let config = open_configuration(options, region).await;
    let found = chain::credentials(options, &config).await?;
    let config = config.into_builder().credentials_provider(found.provider).build();
    Ok(Configuration { config, source: found.source, expires: found.expires, region_from })
}

/// What environment and files say of everything but the credentials.
async fn open_configuration(options: &ConnectOptions, region: String) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region))
        .no_credentials()
        .retry_config(clients::retries())
        .timeout_config(clients::time_outs());
    if let Ok(name) = AppName::new(APP_NAME) {
        loader = loader.app_name(name);
    }
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(endpoint) = &options.endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    past_the_proxy(loader.load().await)
}

/// A configuration that reads neither the environment nor any file.
fn closed_configuration(keys: Credentials, region: String, endpoint: Option<String>) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .retry_config(clients::retries())
        .timeout_config(clients::time_outs());
    config.set_endpoint_url(endpoint);
    config.set_app_name(AppName::new(APP_NAME).ok());
    past_the_proxy(config.build())
}

/// A server on this machine is not reached through a proxy, whatever `HTTP_PROXY` says.
fn past_the_proxy(config: SdkConfig) -> SdkConfig {
    if !config.endpoint_url().is_some_and(is_on_this_machine) {
        return config;
    }
    config.into_builder().http_client(aws_smithy_http_client::Builder::new().build_http()).build()
}

/// Whether an address without TLS is one of this machine's own.
pub(crate) fn is_on_this_machine(endpoint: &str) -> bool {
    let host = endpoint.strip_prefix("http://").unwrap_or_default();
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|own| host.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])))
}

/// Asks STS whose credentials these are: cheap, allowed to everybody, and fails at once if they expired.
async fn caller(config: &SdkConfig) -> Result<(String, String), ApiFailure> {
    const ACTION: &str = "sts:GetCallerIdentity";
    let answer = aws_sdk_sts::Client::new(config)
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| ApiFailure::of(ACTION, &error))?;
    match (answer.account, answer.arn) {
        (Some(account), Some(arn)) => Ok((account, arn)),
        _ => Err(ApiFailure::network(ACTION, "the answer names no account")),
    }
}

fn refuse_other_account(options: &ConnectOptions, actual: &str, source: &Source) -> Result<(), CloudError> {
    let whose = match source {
        Source::Given => "the credentials".to_owned(),
        found => format!("the credentials from {}", found.what()),
    };
    match &options.expected_account {
        Some(expected) if expected != actual && options.local.is_none() => Err(CloudError::new(
            Kind::Refused,
            format!("the configuration says account {expected}, {whose} are for {actual}"),
        )
        .state("nothing was changed in AWS")
        .next("choose the other credentials with `--profile`, or correct the account in the configuration")),
        _ => Ok(()),
    }
}

fn refuse_other_region(options: &ConnectOptions, actual: &str) -> Result<(), CloudError> {
    match &options.expected_region {
        Some(expected) if expected != actual && options.local.is_none() => Err(CloudError::new(
            Kind::Refused,
            format!("the configuration says region {expected}, the connection is to {actual}"),
        )
        .state("nothing was changed in AWS")
        .next(format!("use `--region {expected}`, or correct the region in the configuration"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_machine() {
        let own = ["http://127.0.0.1:4566", "http://localhost", "http://localhost/", "http://[::1]:1"];
        let others = [
            "https://127.0.0.1",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
        ];
        assert!(own.into_iter().all(is_on_this_machine));
        assert!(!others.into_iter().any(is_on_this_machine));
    }
}
