//! A service, understood.

use std::collections::BTreeMap;

use constructs::{Architecture, FargateSize, HealthCheck, Launch, Port, fargate, port};

use crate::settings::{ArchitectureSetting, HealthCheckSettings, ScalingSettings, ServiceSettings, Settings};

use super::Reader;

/// A service, understood.
#[derive(Debug, Clone)]
pub struct ServicePlan {
    /// The tag or digest of its image.
    pub image: String,
    /// CPU and memory of a task.
    pub size: FargateSize,
    /// The processor.
    pub architecture: Architecture,
    /// The container's port.
    pub port: Port,
    /// Environment variables besides its own.
    pub environment: BTreeMap<String, String>,
    /// How many tasks, and what the number follows.
    pub scaling: ScalingSettings,
    /// How the load balancer finds out that a task is healthy.
    pub health_check: HealthCheck,
    /// On demand or Spot.
    pub launch: Launch,
}

impl Reader<'_> {
    pub(super) fn service(
        &mut self,
        key: &str,
        service: &ServiceSettings,
        settings: &Settings,
    ) -> ServicePlan {
        let image_key = format!("{key}.image");
        let latest = service.image == "latest" && !settings.images.allow_latest;
        let hint = "name a version or a digest, or set `images.allow_latest`";
        self.refuse_if(latest, &image_key, "`latest` says nothing about what is deployed", hint);
        let hint = "give the tag (`v1.0`) or the digest (`sha256:…`) only; the repository is Foundation's";
        let wrong = format_args!("`{}` is not a tag or digest", service.image);
        self.refuse_if(!is_tag_or_digest(&service.image), &image_key, wrong, hint);
        let ScalingSettings { min, max, .. } = service.scaling;
        let hint = "lower the minimum or raise the maximum";
        let wrong = format_args!("`{key}.scaling.min` is {min}, above `{key}.scaling.max`, which is {max}");
        self.refuse_if(min > max, &format!("{key}.scaling.min"), wrong, hint);
        let HealthCheckSettings { timeout, interval, .. } = service.health_check;
        let hint = "shorten the time-out or lengthen the interval";
        let wrong = format_args!(
            "`{key}.health_check.timeout` is {timeout}, not below `{key}.health_check.interval`, which is {interval}"
        );
        self.refuse_if(timeout >= interval, &format!("{key}.health_check.timeout"), wrong, hint);
        let size = FargateSize::new(service.cpu, service.memory);
        ServicePlan {
            image: service.image.clone(),
            size: self.unit(&format!("{key}.memory"), size, fargate!(512, 1024)),
            architecture: match service.architecture {
                ArchitectureSetting::X86_64 => Architecture::X86_64,
                ArchitectureSetting::Arm64 => Architecture::Arm64,
            },
            port: self.unit(&format!("{key}.port"), Port::new(service.port.into()), port!(5000)),
            environment: service.environment.clone(),
            scaling: ScalingSettings { max: max.max(min), ..service.scaling.clone() },
            health_check: health_check(&service.health_check),
            launch: service.spot_base.map_or(Launch::Fargate, |base| Launch::Spot { base }),
        }
    }
}

/// A time-out that was refused is shortened, so that it is reported once.
fn health_check(settings: &HealthCheckSettings) -> HealthCheck {
    HealthCheck {
        path: settings.path.clone(),
        interval: settings.interval,
        timeout: settings.timeout.min(settings.interval.saturating_sub(1)),
        healthy_threshold: settings.healthy_threshold,
        unhealthy_threshold: settings.unhealthy_threshold,
    }
}

/// Source: [Image tags][aws] have at most 128 letters, digits, underscores, periods and hyphens.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageIdentifier.html
fn is_tag_or_digest(text: &str) -> bool {
    if let Some(digest) = text.strip_prefix("sha256:") {
        return digest.len() == 64
            && digest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    }
    let tag_character = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    (1..=128).contains(&text.len()) && text.chars().all(tag_character) && !text.starts_with(['.', '-'])
}
