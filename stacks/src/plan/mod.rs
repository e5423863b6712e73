//! What settings mean: plain values turned into units, all mistakes found at once.

mod cluster;
mod data;
mod deployment;
mod edge;
mod environment;
mod foundation;
mod front_door;
mod network;
mod pipeline;
mod service;
mod waf;
mod watch;

use std::fmt;
use std::ops::RangeInclusive;

use constructs::{App, RemovalPolicy, UnitError};

use crate::settings::{Removal, Settings};

pub use cluster::ClusterPlan;
pub use data::{DataPlan, VectorStore};
pub use edge::EdgePlan;
pub(crate) use foundation::ALL;
pub use foundation::{FoundationPlan, RotationPlan, SecretsPlan};
pub use front_door::{DomainPlan, FrontDoorPlan};
pub use network::NetworkPlan;
pub use pipeline::PipelinePlan;
pub use service::{PermissionPlan, ServicePlan};
pub use waf::WafPlan;
pub use watch::{BackupOrder, BudgetOrder, WatchPlan};

/// The settings, understood. Each part is understood in a file of its own.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The beginning of every resource's name.
    pub name: String,
    /// What happens to what holds data when its stack is deleted.
    pub removal: RemovalPolicy,
    /// The network.
    pub network: NetworkPlan,
    /// The load balancer and its name.
    pub front_door: FrontDoorPlan,
    /// The cluster.
    pub cluster: ClusterPlan,
    /// Images and secrets.
    pub foundation: FoundationPlan,
    /// The backend.
    pub backend: ServicePlan,
    /// The AI and machine-learning service.
    pub ai_ml: ServicePlan,
    /// What holds data.
    pub data: DataPlan,
    /// Logs and what is watched.
    pub watch: WatchPlan,
    /// CloudFront before the load balancer, if it is wanted.
    pub edge: Option<EdgePlan>,
    /// The pipeline, if it is wanted.
    pub pipeline: Option<PipelinePlan>,
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
            network: reader.network(settings),
            front_door: reader.front_door(settings),
            cluster: reader.cluster(settings),
            watch: reader.watch(settings),
            foundation: reader.foundation(settings),
            backend: reader.service("backend", &settings.backend, settings),
            ai_ml: reader.service("ai_ml", &settings.ai_ml, settings),
            data: reader.data(settings),
            edge: reader.edge(settings),
            pipeline: reader.pipeline(settings),
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

    /// A number that is in `range`, or the end of it that is nearer, so that what was refused is reported once.
    fn number<N: Copy + Ord + fmt::Display>(
        &mut self,
        key: &str,
        number: N,
        range: RangeInclusive<N>,
        unit: &str,
    ) -> N {
        let (least, most) = (*range.start(), *range.end());
        let written = number.to_string();
        let unit = if written == "1" { unit.trim_end_matches('s') } else { unit };
        let message = format!("`{key}` is {written} {unit}");
        let hint = format!("choose {least} to {most}");
        self.refuse_if(!range.contains(&number), key, message.trim_end(), &hint);
        number.clamp(least, most)
    }

    fn hosted_zone(&mut self, key: &str, id: &str) {
        let right = id.len() <= 32
            && id.strip_prefix('Z').is_some_and(|rest| {
                !rest.is_empty() && rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            });
        let message = format_args!("`{}` is not the id of a hosted zone", id.escape_debug());
        self.refuse_if(!right, key, message, "it looks like `Z0123456789ABCDEFGHIJ`");
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
        let Settings { name, stack_suffix, region, .. } = settings;
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
        self.refuse_if(
            !is_region(region),
            "region",
            format_args!("`{region}` is not a region"),
            "it looks like `us-east-1`",
        );
        for key in settings.tags.keys().filter(|key| key.starts_with("aws:")) {
            self.refuse_if(
                true,
                "tags",
                format_args!("the tag `{key}` begins with `aws:`"),
                "AWS keeps those for itself",
            );
        }
    }
}

fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    parts.len() >= 3 && text.chars().all(letters) && parts.last().is_some_and(|end| end.parse::<u8>().is_ok())
}
