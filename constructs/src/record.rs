//! Records of Route 53: the name of a load balancer, and which of two regions answers to it.

use bon::bon;

use crate::alb::Alb;
use crate::domain_name::DomainName;
use crate::l1::route53;
use crate::l1::route53::health_check::HealthCheckConfig;
use crate::l1::route53::record_set::AliasTarget;
use crate::port;
use crate::resource::Handle;
use crate::scope::Scope;
use crate::units::Port;
use crate::value::Value;

/// Which of two records with the same name answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailoverRole {
    /// This one, while it is healthy.
    Primary,
    /// This one, while the primary is not healthy.
    Secondary,
}

/// An `AWS::Route53::RecordSet` of type A that is an alias of a load balancer.
///
/// An alias costs nothing to ask for and follows the load balancer's addresses. The zone of the load balancer's
/// own name, which differs by region, is asked of the load balancer and never written down.
///
/// Source: [Values specific for simple and failover alias records][aws].
///
/// [aws]: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-failover-alias.html
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// The record itself, for what this construct has no word for.
    pub resource: Handle<route53::RecordSet>,
}

#[bon]
impl Record {
    /// Starts the record `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name, which must lie in the hosted zone.
        name: &DomainName,
        /// The hosted zone.
        #[builder(into)]
        hosted_zone: Value<route53::HostedZoneId>,
        /// The load balancer that the name leads to.
        to: &Alb,
        /// Which of two records of this name it is, the other one being in another region's stack. Failing over is
        /// automatic, and so is going back once the primary is healthy again. Default: the only one.
        failover: Option<FailoverRole>,
        /// What tells whether callers reach the service. A primary record needs one: the load balancer's own health,
        /// which counts as well, says only whether its targets answer it.
        health_check: Option<DnsHealthCheck>,
    ) -> Record {
        if failover == Some(FailoverRole::Primary) && health_check.is_none() {
            s.scope(id)
                .error("DC113", "nothing tells whether callers reach what the primary record leads to")
                .property("health_check")
                .hint("give it a `DnsHealthCheck` of the same load balancer");
        }
        let properties = route53::RecordSet {
            name: Some(name.into()),
            r#type: Some("A".into()),
            hosted_zone_id: Some(hosted_zone),
            alias_target: Some(AliasTarget {
                dns_name: Some(to.dns_name()),
                hosted_zone_id: Some(to.resource.canonical_hosted_zone_id()),
                evaluate_target_health: Some(true.into()),
            }),
            set_identifier: failover
                .map(|role| if role == FailoverRole::Primary { "Primary" } else { "Secondary" }.into()),
            failover: failover
                .map(|role| if role == FailoverRole::Primary { "PRIMARY" } else { "SECONDARY" }.into()),
            health_check_id: health_check.map(|check| check.resource.reference()),
            ..Default::default()
        };
        Record { resource: s.add(id, properties) }
    }
}

/// An `AWS::Route53::HealthCheck` that asks a load balancer over HTTPS from several places of the world.
///
/// An answer of 2xx or 3xx within two seconds is healthy. The certificate is not compared with the name that is asked
/// for, which is the load balancer's own.
///
/// Source: [How Route 53 determines whether a health check is healthy][aws].
///
/// [aws]: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
#[derive(Debug, Clone, Copy)]
pub struct DnsHealthCheck {
    /// The health check itself, for what this construct has no word for.
    pub resource: Handle<route53::HealthCheck>,
}

#[bon]
impl DnsHealthCheck {
    /// Starts the health check `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The load balancer.
        of: &Alb,
        /// What is asked for. Default: `/health`.
        #[builder(default = "/health")]
        path: &str,
        /// The port, which must speak TLS. Default: 443.
        #[builder(default = port!(443))]
        port: Port,
        /// Seconds between two questions from one place: 30, or 10 for a dollar more a month. It cannot be changed
        /// later without a new health check. Default: 30.
        #[builder(default = 30)]
        interval_seconds: u16,
        /// After how many answers of one kind the health changes, from 1 to 10. Default: 3, so that with an
        /// interval of 30 seconds callers go elsewhere after about two minutes.
        #[builder(default = 3)]
        threshold: u16,
    ) -> DnsHealthCheck {
        check(&mut s.scope(id), path, interval_seconds, threshold);
        let properties = route53::HealthCheck {
            health_check_config: Some(HealthCheckConfig {
                r#type: Some("HTTPS".into()),
                fully_qualified_domain_name: Some(of.dns_name()),
                port: Some(port.number().into()),
                resource_path: Some(path.into()),
                request_interval: Some(interval_seconds.into()),
                failure_threshold: Some(threshold.into()),
                enable_sni: Some(true.into()),
                ..Default::default()
            }),
            ..Default::default()
        };
        DnsHealthCheck { resource: s.add(id, properties) }
    }
}

#[track_caller]
fn check(s: &mut Scope<'_>, path: &str, interval_seconds: u16, threshold: u16) {
    if !path.starts_with('/') || path.len() > 255 {
        s.error("DC114", format!("`{path}` is not a path that can be asked for"))
            .property("path")
            .hint("begin it with a slash, 255 characters at most");
    }
    if ![10, 30].contains(&interval_seconds) {
        s.error("DC115", format!("Route 53 does not check every {interval_seconds} seconds"))
            .property("interval_seconds")
            .hint("choose 30, or 10 for a dollar more a month");
    }
    if !(1..=10).contains(&threshold) {
        s.error("DC116", format!("health cannot change after {threshold} answers"))
            .property("threshold")
            .hint("choose from 1 to 10");
    }
}
