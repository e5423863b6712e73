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
        self.edge_zone("edge.domain.hosted_zone_id", &edge.domain.hosted_zone_id);
        Some(EdgePlan {
            domain_name,
            hosted_zone: Value::known(&edge.domain.hosted_zone_id),
            origin,
            origin_timeout_seconds: self.origin_timeout(edge),
            assets_path: edge.assets.then(|| self.assets_path(edge)),
            rate_limit: edge.waf.then(|| self.edge_rate_limit(edge)),
            access_logs: edge.access_logs,
        })
    }

    fn origin_timeout(&mut self, edge: &EdgeSettings) -> u16 {
        let seconds = edge.origin_timeout_seconds;
        let message = format_args!("CloudFront does not wait {seconds} seconds for an answer");
        let wrong = !(1..=120).contains(&seconds);
        self.refuse_if(wrong, "edge.origin_timeout_seconds", message, "choose 1 to 120 seconds");
        seconds.clamp(1, 120)
    }

    fn assets_path(&mut self, edge: &EdgeSettings) -> String {
        let path = &edge.assets_path;
        let wrong = !is_path_pattern(path);
        let message = format_args!("`{}` is not a pattern of paths", path.escape_debug());
        let hint = "begin with a slash and a letter; `*` stands for anything: `/static/*`";
        self.refuse_if(wrong, "edge.assets_path", message, hint);
        if wrong { "/static/*".to_owned() } else { path.clone() }
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

    fn edge_zone(&mut self, key: &str, id: &str) {
        let wrong = !id.starts_with('Z')
            || id.len() > 32
            || !id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let message = format_args!("`{}` is not the id of a hosted zone", id.escape_debug());
        self.refuse_if(wrong, key, message, "it looks like `Z0123456789ABCDEFGHIJ`");
    }
}

/// What stands in for a name that was refused.
fn example(label: &str) -> DomainName {
    DomainName::new(&format!("{label}.example.com")).expect("it is a domain name")
}
