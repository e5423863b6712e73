//! A service, understood.

use std::collections::BTreeMap;

use constructs::{
    Architecture, Cooldown, Deployment, FargateSize, HealthCheck, Launch, NamedResources, Port, fargate, port,
};

use crate::settings::{
    ArchitectureSetting, HealthCheckSettings, ScalingSettings, ServiceSettings, Settings, SpotSettings,
    Strategy,
};

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
    /// Environment variables from secrets besides its own: the secret's ARN, and a field of it.
    pub secrets: BTreeMap<String, (String, Option<String>)>,
    /// How many tasks, and what the number follows.
    pub scaling: ScalingSettings,
    /// How the load balancer finds out that a task is healthy.
    pub health_check: HealthCheck,
    /// Seconds after a task's start in which failed checks do not count.
    pub grace_period: u32,
    /// On demand or Spot.
    pub launch: Launch,
    /// How long the number of tasks rests after a step.
    pub cooldown: Cooldown,
    /// How a new revision takes the place of the old one.
    pub deployment: Deployment,
    /// Whether alarms on the service's targets end a deployment.
    pub deployment_alarms: bool,
    /// What its containers may use.
    pub permissions: PermissionPlan,
    /// A command that fails while the container is not healthy.
    pub health_command: Option<String>,
    /// The user and group of its container.
    pub user: String,
    /// Seconds between the signal to stop and the end.
    pub stop_timeout: u16,
    /// Seconds in which a task that leaves may finish what it was asked.
    pub deregistration_delay: u16,
    /// Seconds over which a new task gets its full share of requests.
    pub slow_start: Option<u16>,
    /// Seconds for which a caller comes back to the same task.
    pub sticky_for: Option<u32>,
    /// The log group that exists.
    pub log_group: Option<String>,
}

/// What the containers of a service may use, understood.
#[derive(Debug, Clone)]
pub struct PermissionPlan {
    /// How the names of what they may use begin.
    pub resources: NamedResources,
    /// Whether they may use objects of buckets.
    pub objects: bool,
    /// Whether they may use tables.
    pub tables: bool,
    /// Whether they may use queues.
    pub queues: bool,
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
        let size = FargateSize::new(service.cpu, service.memory);
        let at = |setting: &str| format!("{key}.{setting}");
        self.measures(key, service);
        ServicePlan {
            image: service.image.clone(),
            size: self.unit(&format!("{key}.memory"), size, fargate!(512, 1024)),
            architecture: match service.architecture {
                ArchitectureSetting::X86_64 => Architecture::X86_64,
                ArchitectureSetting::Arm64 => Architecture::Arm64,
            },
            port: self.unit(&format!("{key}.port"), Port::new(service.port.into()), port!(5000)),
            environment: self.environment(key, service, settings),
            secrets: self.secret_variables(key, service, settings),
            scaling: scaling(service),
            health_check: self.health_check(key, &service.health_check),
            grace_period: self.number(
                &at("health_check.grace_period"),
                service.health_check.grace_period,
                0..=7200,
                "seconds",
            ),
            launch: self.launch(key, service, settings),
            cooldown: Cooldown {
                scale_in: service.scaling.scale_in_cooldown,
                scale_out: service.scaling.scale_out_cooldown,
            },
            deployment: self.deployment(key, service, settings),
            deployment_alarms: service.deployment.alarms,
            permissions: self.permissions(key, service, settings),
            health_command: service.health_command.clone(),
            user: self.user(key, service),
            stop_timeout: self.number(&at("stop_timeout"), service.stop_timeout, 2..=120, "seconds"),
            deregistration_delay: self.number(
                &at("deregistration_delay"),
                service.deregistration_delay,
                0..=3600,
                "seconds",
            ),
            slow_start: service
                .slow_start
                .map(|seconds| self.number(&at("slow_start"), seconds, 30..=900, "seconds")),
            sticky_for: service
                .sticky_seconds
                .filter(|_| matches!(service.deployment.strategy, Strategy::Rolling | Strategy::BlueGreen))
                .map(|seconds| self.number(&at("sticky_seconds"), seconds, 1..=604_800, "seconds")),
            log_group: self.log_group(key, service),
        }
    }
}

impl Reader<'_> {
    fn launch(&mut self, key: &str, service: &ServiceSettings, settings: &Settings) -> Launch {
        let Some(SpotSettings { base, weight, on_demand_weight }) = service.spot else {
            return Launch::Fargate;
        };
        let at = |setting: &str| format!("{key}.spot.{setting}");
        let protected = settings.deletion_protection && base == 0;
        let message = format_args!(
            "`{key}.spot.base` is 0, but `deletion_protection` is on: AWS may take all tasks of production back at once"
        );
        let hint = "give it a base of at least 1, or switch the protection off where no users are";
        self.refuse_if(protected, &at("base"), message, hint);
        Launch::Spot {
            base: self.number(&at("base"), base, 0..=100_000, "").max(u32::from(protected)),
            weight: self.number(&at("weight"), weight, 1..=1000, ""),
            on_demand_weight: self.number(&at("on_demand_weight"), on_demand_weight, 0..=1000, ""),
        }
    }

    /// How many tasks there are, and what the number follows.
    fn measures(&mut self, key: &str, service: &ServiceSettings) {
        let ScalingSettings { min, max, cpu, memory, requests, scale_in_cooldown, scale_out_cooldown } =
            service.scaling;
        let at = |setting: &str| format!("{key}.scaling.{setting}");
        let wrong = format_args!("`{key}.scaling.max` is 0, so no task would ever run");
        self.refuse_if(max == 0, &at("max"), wrong, "choose at least 1");
        let wrong = format_args!("`{key}.scaling.min` is {min}, above `{key}.scaling.max`, which is {max}");
        self.refuse_if(min > max && max > 0, &at("min"), wrong, "lower the minimum or raise the maximum");
        self.number(&at("cpu"), cpu, 1..=100, "percent");
        self.number(&at("memory"), memory, 1..=100, "percent");
        self.refuse_if(
            requests == Some(0),
            &at("requests"),
            "0 requests cannot be kept",
            "choose at least 1, or null not to follow requests",
        );
        self.number(&at("scale_in_cooldown"), scale_in_cooldown, 0..=3600, "seconds");
        self.number(&at("scale_out_cooldown"), scale_out_cooldown, 0..=3600, "seconds");
    }

    /// Source: [Health checks for target groups][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    fn health_check(&mut self, key: &str, settings: &HealthCheckSettings) -> HealthCheck {
        let HealthCheckSettings { path, interval, timeout, .. } = settings;
        let at = |setting: &str| format!("{key}.health_check.{setting}");
        let is_path = path.starts_with('/');
        let wrong = format_args!("`{}` is not a path", path.escape_debug());
        self.refuse_if(!is_path, &at("path"), wrong, "begin it with a slash: `/health`");
        let between = self.number(&at("interval"), *interval, 5..=300, "seconds");
        let within = self.number(&at("timeout"), *timeout, 2..=120, "seconds");
        let wrong = format_args!(
            "`{key}.health_check.timeout` is {timeout}, not below `{key}.health_check.interval`, which is {interval}"
        );
        // What is out of its range was refused for that.
        let late = timeout >= interval && (within, between) == (*timeout, *interval);
        let hint = "shorten the time-out or lengthen the interval";
        self.refuse_if(late, &at("timeout"), wrong, hint);
        let (healthy, unhealthy) = (settings.healthy_threshold, settings.unhealthy_threshold);
        HealthCheck {
            path: if is_path { path.clone() } else { "/health".to_owned() },
            interval: between,
            timeout: within.min(between - 1),
            healthy_threshold: self.number(&at("healthy_threshold"), healthy, 2..=10, "checks"),
            unhealthy_threshold: self.number(&at("unhealthy_threshold"), unhealthy, 2..=10, "checks"),
        }
    }

    fn permissions(&mut self, key: &str, service: &ServiceSettings, settings: &Settings) -> PermissionPlan {
        let permissions = &service.permissions;
        let prefix = permissions.prefix.clone().unwrap_or_else(|| format!("{}-", settings.name));
        let wrong = !prefix.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            || !prefix.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c));
        self.refuse_if(
            wrong,
            &format!("{key}.permissions.prefix"),
            format_args!("`{prefix}` cannot begin the name of a bucket"),
            "begin with a letter or digit; go on with lower-case letters, digits, hyphens and periods",
        );
        PermissionPlan {
            resources: NamedResources::begin_with(prefix),
            objects: permissions.s3,
            tables: permissions.dynamodb,
            queues: permissions.sqs,
        }
    }

    fn user(&mut self, key: &str, service: &ServiceSettings) -> String {
        let part = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
        };
        let parts: Vec<&str> = service.user.split(':').collect();
        let wrong = parts.len() > 2 || !parts.iter().all(|text| part(text));
        let message = format_args!("`{}` is not a user", service.user);
        self.refuse_if(wrong, &format!("{key}.user"), message, "it looks like `1000:1000` or `node`");
        service.user.clone()
    }

    /// Source: [CreateLogGroup][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    fn log_group(&mut self, key: &str, service: &ServiceSettings) -> Option<String> {
        let name = service.log_group.as_ref()?;
        let valid = (1..=512).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_/.#-".contains(c));
        let hint = "give its name, not its ARN: letters, digits and _/.#- up to 512";
        self.refuse_if(
            !valid,
            &format!("{key}.log_group"),
            format_args!("`{name}` is not a log group's name"),
            hint,
        );
        Some(name.clone())
    }
}

/// Scaling as far as it can be: what was refused is brought into range, so that it is reported once.
fn scaling(service: &ServiceSettings) -> ScalingSettings {
    let ScalingSettings { min, max, cpu, memory, requests, .. } = service.scaling;
    let rolling = service.deployment.strategy == Strategy::Rolling;
    ScalingSettings {
        max: max.max(min).max(1),
        cpu: cpu.clamp(1, 100),
        memory: memory.clamp(1, 100),
        requests: requests.filter(|_| rolling).map(|requests| requests.max(1)),
        ..service.scaling.clone()
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
