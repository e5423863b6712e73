//! The load balancer, what stands before it, and which port, path and name leads where.

use constructs::l1::acm;
use constructs::{
    Alb, Arn, Bucket, Certificate, DnsHealthCheck, FargateService, Key, Listener, LogGroup, Record,
    RemovalPolicy, Rule, Scope, Value, Vpc, WebAcl, WebAclScope, port, sub,
};

use crate::plan::{Plan, WafPlan};

/// The load balancer, without a listener.
pub(super) fn load_balancer(s: &mut Scope<'_>, plan: &Plan, vpc: &Vpc, key: Option<Key>) -> Alb {
    let alb = Alb::named("Alb")
        .vpc(vpc)
        .name(format!("{}-alb", plan.name))
        .deletion_protection(plan.front_door.deletion_protection)
        .build(s);
    if plan.front_door.access_logs {
        access_logs(s, plan, &alb);
    }
    if let Some(waf) = &plan.front_door.waf {
        firewall(s, plan, waf, &alb, key);
    }
    alb
}

fn access_logs(s: &mut Scope<'_>, plan: &Plan, alb: &Alb) {
    let bucket = Bucket::named("AccessLogs")
        .expire_after_days(u16::try_from(plan.watch.retention.days()).unwrap_or(u16::MAX))
        // CloudFormation cannot delete a bucket that has something in it, and this one has from the beginning.
        .removal_policy(RemovalPolicy::Retain)
        .build(s);
    alb.write_access_logs(s, bucket, "alb");
    s.output("AccessLogsBucket", bucket.name(), "Name of the bucket with the load balancer's access logs");
}

fn firewall(s: &mut Scope<'_>, plan: &Plan, waf: &WafPlan, alb: &Alb, key: Option<Key>) {
    let logs = waf.logged.map(|_| {
        LogGroup::named("WafLogs")
            .name(format!("aws-waf-logs-{}", plan.name))
            .retention(plan.watch.retention)
            .maybe_key(key)
            .removal_policy(plan.removal)
            .build(s)
    });
    let acl = WebAcl::named("Waf")
        .scope(WebAclScope::Regional)
        .name(format!("{}-waf", plan.name))
        .managed_rules(waf.managed_rules.iter().copied())
        .counted(waf.counted.iter().cloned())
        .maybe_rate_limit(waf.rate_limit)
        .maybe_log_to(logs)
        .maybe_logged(waf.logged)
        .build(s);
    acl.associate(s, alb);
}

/// Port 80 (or 443, to which 80 then redirects) for the backend; the AI and machine-learning service is reached by
/// rules there, or on a port of its own.
pub(super) fn listen(
    s: &mut Scope<'_>,
    plan: &Plan,
    alb: &Alb,
    backend: &FargateService,
    ai_ml: &FargateService,
) {
    let door = &plan.front_door;
    let certificate = certificate(s, plan);
    let listener = |port| match &certificate {
        None => Listener::http(port),
        Some(certificate) => Listener::https(port, certificate.clone()),
    };
    if certificate.is_some() {
        alb.listen(s, Listener::http(port!(80)).redirect_to_https());
    }
    let main = listener(if certificate.is_some() { port!(443) } else { port!(80) }).forward(backend);
    let rules = [
        (!door.ai_ml_paths.is_empty()).then(|| Rule::paths(&door.ai_ml_paths, ai_ml)),
        (!door.ai_ml_hosts.is_empty())
            .then(|| Rule::hosts(door.ai_ml_hosts.iter().map(ToString::to_string), ai_ml)),
    ];
    alb.listen(s, rules.into_iter().flatten().fold(main, Listener::rule));
    if let Some(port) = door.ai_ml_listener() {
        alb.listen(s, listener(port).forward(ai_ml));
    }
}

/// The certificate that exists, or one for the domain.
fn certificate(s: &mut Scope<'_>, plan: &Plan) -> Option<Value<Arn<acm::Certificate>>> {
    if let Some(existing) = &plan.front_door.certificate {
        return Some(existing.clone());
    }
    let (domain, zone) = plan.front_door.zone()?;
    let made = Certificate::named("Certificate")
        .domain_name(&domain.name)
        .alternative_names(domain.alternative_names.iter().cloned())
        .hosted_zone(zone.clone())
        .build(s);
    Some(made.arn())
}

/// The records of the domain, unless they are one of two regions', and the addresses to tell callers.
pub(super) fn addresses(s: &mut Scope<'_>, plan: &Plan, alb: &Alb) {
    let door = &plan.front_door;
    if !door.fails_over() {
        records(s, plan, alb, None);
    }
    let scheme = if door.https() { "https" } else { "http" };
    let name = door.domain.as_ref().map_or_else(|| alb.dns_name(), |domain| (&domain.name).into());
    let backend = sub!("{}://{}", scheme, &name);
    let path = door.ai_ml_paths.first().map(|path| path.trim_end_matches(['*', '/']));
    let ai_ml = match (door.ai_ml_hosts.first(), path) {
        (Some(host), _) => sub!("{}://{}", scheme, host.as_str()),
        (None, Some(path)) => sub!("{}{}", &backend, path),
        (None, None) => sub!("{}:{}", &backend, door.ai_ml_port.number()),
    };
    s.output("BackendURL", backend, "Address of the backend");
    s.output("AIMLURL", ai_ml, "Address of the AI and machine-learning service");
}

/// The records of the domain and of the names below it, where they are ours to make.
pub(crate) fn records(s: &mut Scope<'_>, plan: &Plan, alb: &Alb, health_check: Option<DnsHealthCheck>) {
    let Some((domain, zone)) = plan.front_door.zone() else { return };
    for name in plan.front_door.names() {
        // Named after what it is for, so that no record takes another one's place when names are reordered.
        let own = name == &domain.name;
        let id = if own { "Record".to_owned() } else { format!("Record-{name}").replace('*', "Any") };
        Record::named(&id)
            .name(name)
            .hosted_zone(zone.clone())
            .to(alb)
            .maybe_failover(domain.failover)
            .maybe_health_check(health_check)
            .build(s);
    }
}
