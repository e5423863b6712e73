//! Addresses that environment and files put in the place of AWS's own.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::{ConnectOptions, LOCAL_REGION, open_configuration};

/// The services that we call, by the ids that `AWS_ENDPOINT_URL_…` and the `services` section are made of.
///
/// Source: [service-specific endpoints][aws].
///
/// [aws]: https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html
const SERVICES: [&str; 9] = [
    "CloudFormation",
    "STS",
    "S3",
    "ECS",
    "ECR",
    "CloudWatch Logs",
    "Secrets Manager",
    "ACM",
    "CloudControl",
];

/// An address that is used instead of AWS's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherEndpoint {
    /// The one service that it is for; `None` for all of them.
    pub service: Option<String>,
    /// The address.
    pub url: String,
}

impl ConnectOptions {
    /// The addresses that a connection with these options would use instead of AWS's own. Asks nobody.
    ///
    /// Worth a banner before the first request: an address may be set by accident, and get our credentials.
    pub async fn other_endpoints(&self) -> Vec<OtherEndpoint> {
        if self.local.is_some() || self.keys.is_some() {
            return self
                .endpoint_url
                .iter()
                .cloned()
                .map(|url| OtherEndpoint { service: None, url })
                .collect();
        }
        // The region decides nothing here; a given one keeps the SDK from looking for one.
        let config = open_configuration(self, LOCAL_REGION.to_owned()).await;
        let general = config.endpoint_url().map(ToOwned::to_owned);
        let mut all: Vec<OtherEndpoint> =
            general.iter().cloned().map(|url| OtherEndpoint { service: None, url }).collect();
        // An address from the command line is for all services, whatever else is set.
        if self.endpoint_url.is_none() {
            let own =
                SERVICES.into_iter().filter_map(|service| Some((service, of_service(&config, service)?)));
            all.extend(
                own.filter(|(_, url)| Some(url) != general.as_ref())
                    .map(|(service, url)| OtherEndpoint { service: Some(service.to_owned()), url }),
            );
        }
        all
    }
}

/// What is set for one service, which is what is set for all if it has nothing of its own.
fn of_service(config: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    config.service_config()?.load_config(key.build().ok()?)
}
