//! What settings mean: plain values turned into units, all mistakes found at once.

use std::fmt;
use std::str::FromStr;

use constructs::l1::acm::Certificate;
use constructs::{
    App, Architecture, Arn, Cidr, EndpointService, FargateSize, HealthCheck, Insights, Launch, Nat, Port,
    RemovalPolicy, Retention, Tier, TierKind, UnitError, Value, Vpc, cidr, fargate, port, retention,
};
use std::collections::BTreeMap;

use crate::settings::{
    ArchitectureSetting, Endpoint, HealthCheckSettings, InsightsMode, NatMode, NetworkMode, NetworkSettings,
    Removal, ScalingSettings, ServiceSettings, Settings,
};

/// The settings, understood.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting that a file gives as yes or no")]
pub struct Plan {
    /// The beginning of every resource's name.
    pub name: String,
    /// What happens to what holds data when its stack is deleted.
    pub removal: RemovalPolicy,
    /// Whether the load balancer refuses to be deleted.
    pub deletion_protection: bool,
    /// The network.
    pub network: NetworkPlan,
    /// The certificate, if HTTPS is wanted.
    pub certificate: Option<Value<Arn<Certificate>>>,
    /// The load balancer's port for the AI and machine-learning service.
    pub ai_ml_port: Port,
    /// What Container Insights records.
    pub insights: Insights,
    /// How long logs are kept.
    pub retention: Retention,
    /// How many images are kept.
    pub keep_images: u32,
    /// Whether the tag `latest` may be deployed, and so given again.
    pub allow_latest: bool,
    /// The beginning of the secrets' names.
    pub secret_prefix: String,
    /// Whether the secrets exist already.
    pub existing_secrets: bool,
    /// The backend.
    pub backend: ServicePlan,
    /// The AI and machine-learning service.
    pub ai_ml: ServicePlan,
    /// Whether documents are written to the knowledge graph.
    pub sync_graph: bool,
    /// The folder of the vector store, if documents are written to it.
    pub chroma_dir: Option<String>,
}

/// The network, understood.
#[derive(Debug, Clone)]
pub enum NetworkPlan {
    /// One that exists.
    Existing(Vpc),
    /// One of our own.
    Own {
        /// Its addresses.
        cidr: Cidr,
        /// Its subnets.
        tiers: Vec<Tier>,
        /// The letters of its zones.
        zones: Vec<char>,
        /// The way out of private subnets.
        nat: Nat,
        /// Services with an interface endpoint.
        endpoints: Vec<EndpointService>,
        /// Whether its traffic is recorded.
        flow_logs: bool,
    },
}

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

impl Plan {
    /// Understands `settings`. What cannot be is reported to `app`, and a value of production stands in for it.
    pub fn new(app: &mut App, settings: &Settings) -> Plan {
        let mut reader = Reader { app };
        reader.account(settings);
        reader.names(settings);
        Plan {
            name: settings.name.clone(),
            removal: match settings.removal {
                Removal::Retain => RemovalPolicy::RetainExceptOnCreate,
                Removal::Delete => RemovalPolicy::Delete,
            },
            deletion_protection: settings.load_balancer.deletion_protection,
            network: reader.network(settings),
            certificate: reader.certificate(settings),
            ai_ml_port: reader.unit(
                "load_balancer.ai_ml_port",
                Port::new(settings.load_balancer.ai_ml_port.into()),
                port!(8080),
            ),
            insights: match settings.cluster.insights {
                InsightsMode::Enhanced => Insights::Enhanced,
                InsightsMode::Enabled => Insights::Enabled,
                InsightsMode::Disabled => Insights::Disabled,
            },
            retention: reader.unit(
                "logs.retention_days",
                Retention::new(settings.logs.retention_days),
                retention!(30),
            ),
            keep_images: settings.images.keep,
            allow_latest: settings.images.allow_latest,
            secret_prefix: settings.secrets.prefix.clone(),
            existing_secrets: settings.secrets.existing,
            backend: reader.service("backend", &settings.backend, settings),
            ai_ml: reader.service("ai_ml", &settings.ai_ml, settings),
            sync_graph: settings.sync.graph,
            chroma_dir: reader.chroma_dir(settings),
        }
    }
}

struct Reader<'a> {
    app: &'a mut App,
}

impl Reader<'_> {
    fn unit<T>(&mut self, key: &str, value: Result<T, UnitError>, otherwise: T) -> T {
        value.unwrap_or_else(|error| {
            self.app.refuse_setting(key, error.to_string(), error.hint());
            otherwise
        })
    }

    fn refuse_if(&mut self, wrong: bool, key: &str, message: impl fmt::Display, hint: &str) {
        if wrong {
            self.app.refuse_setting(key, message.to_string(), hint);
        }
    }

    fn account(&mut self, settings: &Settings) {
        if let Some(account) = &settings.account {
            let valid = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            let hint = "an account has 12 digits; write it in quotes, so that a leading zero is kept";
            self.refuse_if(!valid, "account", format_args!("`{account}` is not an account"), hint);
        }
    }

    /// Names become parts of the names of resources, each with rules of its own; these please all of them.
    fn names(&mut self, settings: &Settings) {
        let letters = |text: &str, more: &str| {
            text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c))
        };
        let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_lowercase());
        let Settings { name, stack_suffix, region, secrets, .. } = settings;
        let wrong = !begins(name)
            || !letters(name, "-")
            || name.ends_with('-')
            || name.contains("--")
            || name.len() > 40;
        let hint =
            "begin with a letter; go on with lower-case letters, digits and single hyphens, 40 at most";
        self.refuse_if(wrong, "name", format_args!("`{name}` cannot begin the resources' names"), hint);
        let wrong = !stack_suffix.is_empty()
            && (!stack_suffix.starts_with('-')
                || !stack_suffix.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
        let hint = "begin with a hyphen; go on with letters, digits and hyphens: `-qa`";
        self.refuse_if(
            wrong,
            "stack_suffix",
            format_args!("`{stack_suffix}` cannot end a stack's name"),
            hint,
        );
        let parts: Vec<&str> = region.split('-').collect();
        let wrong = parts.len() < 3
            || !letters(region, "-")
            || parts.last().is_none_or(|end| end.parse::<u8>().is_err());
        self.refuse_if(
            wrong,
            "region",
            format_args!("`{region}` is not a region"),
            "it looks like `us-east-1`",
        );
        let prefix = &secrets.prefix;
        let wrong =
            prefix.is_empty() || !prefix.chars().all(|c| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c));
        let hint = "letters, digits and /_+=.@- can stand in a secret's name";
        self.refuse_if(
            wrong,
            "secrets.prefix",
            format_args!("`{prefix}` cannot begin a secret's name"),
            hint,
        );
        for key in settings.tags.keys().filter(|key| key.starts_with("aws:")) {
            self.refuse_if(
                true,
                "tags",
                format_args!("the tag `{key}` begins with `aws:`"),
                "AWS keeps those for itself",
            );
        }
        let taken = [80, 443].contains(&settings.load_balancer.ai_ml_port);
        let hint = "these are the backend's; choose another port, for example 8080";
        let message = format_args!("port {} is taken by the backend", settings.load_balancer.ai_ml_port);
        self.refuse_if(taken, "load_balancer.ai_ml_port", message, hint);
    }

    fn certificate(&mut self, settings: &Settings) -> Option<Value<Arn<Certificate>>> {
        let arn = settings.load_balancer.certificate_arn.as_ref()?;
        let key = "load_balancer.certificate_arn";
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts[..] {
            ["arn", _, "acm", region, _, _] if region == settings.region => Some(Value::known(arn)),
            ["arn", _, "acm", region, _, _] => {
                let message =
                    format!("the certificate is in {region}, the load balancer in {}", settings.region);
                self.app.refuse_setting(
                    key,
                    message,
                    "a load balancer takes certificates of its own region only",
                );
                None
            }
            _ => {
                let message = format!("`{arn}` is not the ARN of a certificate");
                self.app.refuse_setting(
                    key,
                    message,
                    "it looks like `arn:aws:acm:us-east-1:123456789012:certificate/…`",
                );
                None
            }
        }
    }

    /// Writing to the vector store needs the folder that it lies in (R125).
    fn chroma_dir(&mut self, settings: &Settings) -> Option<String> {
        if !settings.sync.vector {
            return None;
        }
        let missing = settings.sync.chroma_dir.is_none();
        let hint = "set the folder, or switch `sync.vector` off";
        self.refuse_if(
            missing,
            "sync.chroma_dir",
            "`sync.vector` is on, but the vector store has no folder",
            hint,
        );
        settings.sync.chroma_dir.clone()
    }

    fn network(&mut self, settings: &Settings) -> NetworkPlan {
        let network = &settings.network;
        let public = network.mode == NetworkMode::Public;
        if let Some(existing) = &network.existing {
            let missing = !public && existing.private_subnets.is_empty();
            self.refuse_if(
                missing,
                "network.existing.private_subnets",
                "`network.mode` is private, but the existing network has no private subnets",
                "name them, or set `network.mode` to public",
            );
            self.refuse_if(
                !network.interface_endpoints.is_empty(),
                "network.interface_endpoints",
                "endpoints are asked for, but the network exists already",
                "make the endpoints where the network is made, or leave `network.existing` out",
            );
            let ids = |ids: &[String]| ids.iter().map(Value::known).collect::<Vec<_>>();
            let mut tiers = vec![(TierKind::Public, ids(&existing.public_subnets))];
            if !public {
                tiers.push((TierKind::Private, ids(&existing.private_subnets)));
            }
            return NetworkPlan::Existing(Vpc::existing(Value::known(&existing.vpc_id), tiers));
        }
        self.ways_out(network, public);
        let mut tiers = vec![Tier::public(self.blocks("network.public_subnets", &network.public_subnets))];
        if !public {
            tiers.push(Tier::private(self.blocks("network.private_subnets", &network.private_subnets)));
        }
        NetworkPlan::Own {
            cidr: self.unit("network.cidr", Cidr::from_str(&network.cidr), cidr!("10.0.0.0/16")),
            tiers,
            zones: network.zones.clone(),
            nat: match network.nat {
                _ if public => Nat::None,
                NatMode::PerZone => Nat::PerZone,
                NatMode::Single => Nat::Single,
                NatMode::None => Nat::None,
            },
            endpoints: network
                .interface_endpoints
                .iter()
                .map(|endpoint| endpoint_service(*endpoint))
                .collect(),
            flow_logs: network.flow_logs,
        }
    }

    /// Zones are letters, each once; and tasks must reach what they start with.
    fn ways_out(&mut self, network: &NetworkSettings, public: bool) {
        let zones = &network.zones;
        let letters = zones.iter().all(char::is_ascii_lowercase);
        let once = zones.iter().enumerate().all(|(at, zone)| !zones[..at].contains(zone));
        let hint = "name the letters that end the zones' names, each once: [a, b]";
        let written: String = zones.iter().map(char::to_string).collect::<Vec<_>>().join(", ");
        self.refuse_if(!letters || !once, "network.zones", format_args!("[{written}] are no zones"), hint);
        let needed = [Endpoint::EcrApi, Endpoint::EcrDkr, Endpoint::Logs, Endpoint::SecretsManager];
        let reached = needed.iter().all(|endpoint| network.interface_endpoints.contains(endpoint));
        self.refuse_if(
            !public && network.nat == NatMode::None && !reached,
            "network.nat",
            "without NAT gateways and endpoints no task can pull its image or read its secrets",
            "choose `single`, or add the endpoints ecr_api, ecr_dkr, logs and secrets_manager",
        );
    }

    /// The blocks that can be read; each of the others is reported.
    fn blocks(&mut self, key: &str, texts: &[String]) -> Vec<Cidr> {
        let mut blocks = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            match Cidr::from_str(text) {
                Ok(block) => blocks.push(block),
                Err(error) => {
                    self.app.refuse_setting(&format!("{key}[{index}]"), error.to_string(), error.hint());
                }
            }
        }
        blocks
    }

    fn service(&mut self, key: &str, service: &ServiceSettings, settings: &Settings) -> ServicePlan {
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

fn endpoint_service(endpoint: Endpoint) -> EndpointService {
    match endpoint {
        Endpoint::EcrApi => EndpointService::EcrApi,
        Endpoint::EcrDkr => EndpointService::EcrDkr,
        Endpoint::Logs => EndpointService::Logs,
        Endpoint::SecretsManager => EndpointService::SecretsManager,
        Endpoint::SsmMessages => EndpointService::SsmMessages,
    }
}
