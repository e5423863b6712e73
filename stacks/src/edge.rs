//! CloudFront before the load balancer, with its certificate, its web ACL and its files: everything in us-east-1.

use constructs::{
    Assets, Bucket, Certificate, Distribution, LogGroup, RemovalPolicy, Scope, Stack, WebAcl, WebAclScope,
    sub,
};

use crate::exceptions;
use crate::plan::{EdgePlan, Plan};

/// What the stack is built from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The settings, understood.
    pub plan: Plan,
    /// Those of CloudFront.
    pub edge: EdgePlan,
}

/// The stack `DocuThinkerEdge`.
#[derive(Debug, Clone)]
pub struct Edge {
    /// The distribution itself.
    pub distribution: Distribution,
}

impl Stack for Edge {
    type Settings = Inputs;

    fn build(s: &mut Scope<'_>, inputs: &Inputs) -> Edge {
        let Inputs { plan, edge } = inputs;
        let certificate = Certificate::named("Certificate")
            .domain_name(&edge.domain_name)
            .hosted_zone(edge.hosted_zone.clone())
            .build(s);
        let assets = assets(s, plan, edge);
        let distribution = Distribution::named("Distribution")
            .domain_name(&edge.domain_name)
            .hosted_zone(edge.hosted_zone.clone())
            .certificate(certificate)
            .origin(&edge.origin)
            .origin_timeout_seconds(edge.origin_timeout_seconds)
            .maybe_assets(assets)
            .maybe_web_acl(web_acl(s, plan, edge))
            .maybe_log_to(edge.access_logs.then(|| access_logs(s, plan)))
            .comment(plan.name.clone())
            .build(s);
        s.output(
            "EdgeURL",
            sub!("https://{}", edge.domain_name.as_str()),
            "Address of everything, near the caller",
        );
        s.output("DistributionDomainName", distribution.domain_name(), "CloudFront's own name for it");
        exceptions::accept(s);
        Edge { distribution }
    }
}

fn assets(s: &mut Scope<'_>, plan: &Plan, edge: &EdgePlan) -> Option<Assets> {
    let path = edge.assets_path.clone()?;
    let bucket = Bucket::named("Assets").removal_policy(plan.removal).build(s);
    s.output("AssetsBucketName", bucket.name(), "The bucket that files are put into");
    Some(Assets { bucket, path })
}

fn web_acl(s: &mut Scope<'_>, plan: &Plan, edge: &EdgePlan) -> Option<WebAcl> {
    let rate_limit = edge.rate_limit?;
    let logs = LogGroup::named("WafLogs")
        .name(format!("aws-waf-logs-{}-edge", plan.name))
        .retention(plan.watch.retention)
        .removal_policy(plan.removal)
        .build(s);
    let acl = WebAcl::named("WebAcl")
        .scope(WebAclScope::CloudFront)
        .name(format!("{}-edge", plan.name))
        .rate_limit(rate_limit)
        .log_to(logs)
        .build(s);
    Some(acl)
}

/// It stays when the stack goes: S3 deletes no bucket that records were written to.
fn access_logs(s: &mut Scope<'_>, plan: &Plan) -> Bucket {
    Bucket::named("AccessLogs")
        .versioned(false)
        .expire_after_days(u16::try_from(plan.watch.retention.days()).unwrap_or(u16::MAX))
        .removal_policy(RemovalPolicy::Retain)
        .build(s)
}
