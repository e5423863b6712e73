//! CloudFront before the load balancer, understood.

use constructs::distribution::is_path_pattern;
use constructs::{DomainName, RateLimit, Value, l1};

use crate::settings::{EdgeSettings, Settings};

use super::Reader;

/// CloudFront before the load balancer, understood.
#[derive(Debug, Clone)]
pub struct EdgePlan {
    /// The name that callers use.
    pub domain_name: DomainName,
    /// The hosted zone that it lies in.
    pub hosted_zone: Value<l1::route53::HostedZoneId>,
    /// The name of the load balancer.
    pub origin: DomainName,
    /// Seconds that the load balancer may take for an answer.
    pub origin_timeout_seconds: u16,
    /// The paths that lead to files, if there are any.
    pub assets_path: Option<String>,
    /// How much one caller can ask for, if WAF looks at requests.
    pub rate_limit: Option<RateLimit>,
    /// Whether requests are recorded.
    pub access_logs: bool,
}

impl Reader<'_> {
    pub(super) fn edge(&mut self, settings: &Settings) -> Option<EdgePlan> {
        let edge = settings.edge.as_ref()?;
        let domain_name = self.edge_name("edge.domain.name", &edge.domain.name);
        let origin = settings.domain.as_ref().map(|domain| &domain.name);
        let message = "`edge` is set, but the load balancer has no name of its own, so CloudFront could reach it \
                       without TLS only";
        let hint = "set `domain`: the load balancer's name, and the certificate for it";
        self.refuse_if(origin.is_none(), "edge", message, hint);
        // What is wrong with the load balancer's name is reported where that is understood.
        let origin = origin.and_then(|name| DomainName::new(name).ok()).unwrap_or_else(|| example("origin"));
        let message = format_args!("`edge.domain.name` and `domain.name` are both `{domain_name}`");
        let hint = "give CloudFront the name that callers use, and the load balancer another one: `origin.…`";
        self.refuse_if(domain_name == origin, "edge.domain.name", message, hint);
        let origin = if domain_name == origin { example("origin") } else { origin };
        self.edge_unused(edge);
        self.hosted_zone("edge.domain.hosted_zone_id", &edge.domain.hosted_zone_id);
        Some(EdgePlan {
            domain_name,
            hosted_zone: Value::known(&edge.domain.hosted_zone_id),
            origin,
            origin_timeout_seconds: self.number(
                "edge.origin_timeout_seconds",
                edge.origin_timeout_seconds,
                1..=120,
                "seconds",
            ),
            assets_path: edge.assets.then(|| self.assets_path(edge)),
            rate_limit: edge.waf.then(|| self.edge_rate_limit(edge)),
            access_logs: edge.access_logs,
        })
    }

    /// What is set for something that is switched off would have no effect.
    fn edge_unused(&mut self, edge: &EdgeSettings) {
        let assets = !edge.assets && edge.assets_path != EdgeSettings::ASSETS_PATH;
        let message = "`edge.assets_path` is set, but `edge.assets` is off";
        let hint = "switch `edge.assets` on, or leave the path out";
        self.refuse_if(assets, "edge.assets_path", message, hint);
        let rate_limit = !edge.waf && edge.rate_limit != EdgeSettings::RATE_LIMIT;
        let message = "`edge.rate_limit` is set, but `edge.waf` is off";
        let hint = "switch `edge.waf` on, or leave the limit out";
        self.refuse_if(rate_limit, "edge.rate_limit", message, hint);
    }

    fn assets_path(&mut self, edge: &EdgeSettings) -> String {
        let path = &edge.assets_path;
        let wrong = !is_path_pattern(path);
        let message = format_args!("`{}` is not a pattern of paths", path.escape_debug());
        let hint = "begin with a slash and a letter; `*` stands for anything: `/static/*`";
        self.refuse_if(wrong, "edge.assets_path", message, hint);
        if wrong { EdgeSettings::ASSETS_PATH.to_owned() } else { path.clone() }
    }

    fn edge_rate_limit(&mut self, edge: &EdgeSettings) -> RateLimit {
        let (least, most) = RateLimit::RANGE.into_inner();
        let wrong = !RateLimit::RANGE.contains(&edge.rate_limit);
        let message = format_args!("{} requests in five minutes is not a limit", edge.rate_limit);
        self.refuse_if(wrong, "edge.rate_limit", message, "choose from 10 to 2,000,000,000 requests");
        RateLimit::by_address(edge.rate_limit.clamp(least, most))
    }

    fn edge_name(&mut self, key: &str, name: &str) -> DomainName {
        let read = self.unit(key, DomainName::new(name), example("edge"));
        let message = format_args!("`{name}` stands for many names");
        self.refuse_if(read.wildcard_of().is_some(), key, message, "name one host, without `*`");
        read
    }
}

/// What stands in for a name that was refused.
fn example(label: &str) -> DomainName {
    DomainName::new(&format!("{label}.example.com")).expect("it is a domain name")
}
