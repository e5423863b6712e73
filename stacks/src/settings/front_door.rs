//! Settings of what stands between callers and services: load balancer, firewall, domain.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoadBalancerSettings {
    /// The ARN of a certificate in the same region. With one, port 443 is opened and port 80 redirects there.
    /// Default: one is made for `domain`, if that has a hosted zone; else there is no HTTPS.
    pub certificate_arn: Option<String>,
    /// Whether AWS refuses to delete the load balancer. Default: no, since a first deployment that fails could
    /// not be rolled back; switch it on once the stack stands.
    pub deletion_protection: bool,
    /// The port on which the AI and machine-learning service is reached, unless paths or hosts lead to it.
    #[schemars(range(min = 1, max = 65535))]
    pub ai_ml_port: u16,
    /// Paths of the backend's port that lead to the AI and machine-learning service instead: `/ai/*`. At most 5;
    /// the service gets the whole path. With any, `ai_ml_port` stays closed.
    #[schemars(length(max = 5))]
    pub ai_ml_paths: Vec<String>,
    /// Names of the load balancer under which the AI and machine-learning service is reached on the backend's
    /// port: `ai.api.docuthinker.ai`. At most 5; those below `domain.name` get a record. With any, `ai_ml_port`
    /// stays closed.
    #[schemars(length(max = 5))]
    pub ai_ml_hosts: Vec<String>,
    /// Whether each request is recorded in a bucket, for as long as logs are kept. The bucket stays in the account
    /// when the stack is deleted, and empties itself.
    pub access_logs: bool,
    /// The firewall before the load balancer.
    pub waf: WafSettings,
}

/// AWS WAF before the load balancer, for about $9 a month and $0.60 per million requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WafSettings {
    /// Whether there is one.
    pub enabled: bool,
    /// Requests that one address can make in five minutes, from 10 to 2,000,000,000; `null` for any number.
    /// Default: 2000, seven a second; more than a person does, but give more if callers share an address.
    #[schemars(range(min = 10, max = 2_000_000_000))]
    pub rate_limit: Option<u32>,
    /// Groups of rules that AWS keeps up to date, the first one asked first.
    pub managed_rules: Vec<ManagedRulesSetting>,
    /// Rules of these groups that count what they match instead of blocking it. Default: the common group's
    /// `SizeRestrictions_BODY`, which blocks bodies above 8 KB and so each upload of a document.
    pub counted_rules: BTreeMap<ManagedRulesSetting, Vec<String>>,
    /// Which requests are recorded, without their `authorization` and `cookie` headers.
    pub logging: WafLogging,
}

/// A group of rules that AWS keeps up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ManagedRulesSetting {
    /// Much of the OWASP Top 10.
    Common,
    /// Requests that probe for known holes.
    KnownBadInputs,
    /// Text that would become part of an SQL statement.
    SqlInjection,
    /// Addresses that AWS knows as sources of attacks.
    IpReputation,
    /// Addresses that hide who calls, and those of hosting providers.
    AnonymousIp,
    /// Paths of administration pages.
    AdminProtection,
    /// Holes of Linux.
    Linux,
    /// Holes of POSIX systems.
    Posix,
}

/// Which requests the firewall records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WafLogging {
    /// None.
    None,
    /// Those that a rule blocked or counted.
    Matched,
    /// All.
    Everything,
}

impl Default for LoadBalancerSettings {
    fn default() -> LoadBalancerSettings {
        LoadBalancerSettings {
            certificate_arn: None,
            deletion_protection: false,
            ai_ml_port: 8080,
            ai_ml_paths: Vec::new(),
            ai_ml_hosts: Vec::new(),
            access_logs: true,
            waf: WafSettings::default(),
        }
    }
}

impl Default for WafSettings {
    fn default() -> WafSettings {
        use ManagedRulesSetting::{Common, IpReputation, KnownBadInputs};
        let uploads = vec!["SizeRestrictions_BODY".to_owned()];
        WafSettings {
            enabled: true,
            rate_limit: Some(2000),
            managed_rules: vec![IpReputation, Common, KnownBadInputs],
            counted_rules: BTreeMap::from([(Common, uploads)]),
            logging: WafLogging::Matched,
        }
    }
}

/// The name under which callers reach the load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainSettings {
    /// The name, for example `api.docuthinker.ai`. A record for it is made in the hosted zone.
    pub name: String,
    /// The id of the public Route 53 hosted zone that the name is in, `Z…`. The certificate is validated there.
    /// Without it, `load_balancer.certificate_arn` must be set, and the record is yours to make.
    #[schemars(regex(pattern = r"^Z[A-Z0-9]{1,31}$"))]
    pub hosted_zone_id: Option<String>,
    /// Other names of the certificate, for example `*.api.docuthinker.ai`.
    #[serde(default)]
    pub alternative_names: Vec<String>,
}

/// Which of two regions an environment is for its domain.
///
/// The region's record then stands in a stack of its own, `DocuThinkerDns`. Before this is left out again, destroy that
/// stack: a name has either one record or two that fail over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failover {
    /// Callers come here while it is healthy.
    Primary,
    /// Callers come here while the primary is not healthy.
    Secondary,
}
