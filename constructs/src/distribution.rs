//! CloudFront distributions: one name, answered near the caller, in front of a load balancer and of files.

use bon::bon;

use crate::bucket::Bucket;
use crate::certificate::Certificate;
use crate::declare::aws;
use crate::domain_name::DomainName;
use crate::iam::Statement;
use crate::l1::cloudfront::distribution::{
    CacheBehavior, CustomOriginConfig, DefaultCacheBehavior, DistributionConfig, Origin, S3OriginConfig,
    ViewerCertificate,
};
use crate::l1::cloudfront::origin_access_control::OriginAccessControlConfig;
use crate::l1::cloudfront::response_headers_policy::{
    ContentTypeOptions, FrameOptions, ReferrerPolicy, ResponseHeadersPolicyConfig, SecurityHeadersConfig,
    StrictTransportSecurity,
};
use crate::l1::route53::record_set::AliasTarget;
use crate::l1::{cloudfront, route53};
use crate::name::short_name;
use crate::resource::Handle;
use crate::scope::Scope;
use crate::sub;
use crate::text::map;
use crate::value::{List, Value};
use crate::web_acl::{CLOUDFRONT_REGION, WebAcl, WebAclScope};

/// Nothing is kept: every request reaches the origin.
///
/// Source: [Use managed cache policies][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

/// Answers are kept for a day, or as long as the origin says, and compressed; the query is no part of the name.
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";

/// The origin is told everything but the name that the caller asked for, so that it sees its own.
///
/// Source: [Use managed origin request policies][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
const ALL_VIEWER_EXCEPT_HOST_HEADER: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

/// The hosted zone of all distributions' own names, the same in every account.
///
/// Source: [AWS::Route53::RecordSet AliasTarget][aws], `HostedZoneId`.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-route53-recordset-aliastarget.html
const HOSTED_ZONE: &str = "Z2FDTNDATAQYW2";

/// One year, in seconds.
const YEAR: u32 = 365 * 24 * 60 * 60;

/// Files of a bucket that a distribution answers with.
#[derive(Debug, Clone)]
pub struct Assets {
    /// The bucket. Nobody but the distribution is let in; a file that does not exist is answered with 403.
    pub bucket: Bucket,
    /// The paths that lead there: `/static/*`. The bucket's keys begin like the path: `static/…`.
    pub path: String,
}

/// An `AWS::CloudFront::Distribution` that speaks TLS 1.2 and 1.3, HTTP/2 and HTTP/3 with callers, under a name of its
/// own, and HTTPS with a load balancer.
///
/// Answers of the load balancer are not kept. Each answer tells browsers to come by HTTPS only for a year, to take
/// content for what it says it is, and, unless the load balancer says otherwise, to show it in no frame of another
/// site and to tell other sites no more than its name.
///
/// The load balancer can still be reached without the distribution, by those who know its name. To let in nobody else,
/// allow only CloudFront's prefix list `com.amazonaws.global.cloudfront.origin-facing` in its security group, and
/// demand a header there that the distribution alone adds: other people's distributions have the same addresses.
///
/// Source: [Restrict access to Application Load Balancers][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html
#[derive(Debug, Clone, Copy)]
pub struct Distribution {
    /// The distribution itself, for what this construct has no word for.
    pub resource: Handle<cloudfront::Distribution>,
}

#[bon]
impl Distribution {
    /// Starts the distribution `id`; `build(s)` adds it to the scope, which must be in a stack in us-east-1.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name that callers use.
        domain_name: &DomainName,
        /// The public hosted zone that the name lies in; it gets the records that lead to the distribution.
        #[builder(into)]
        hosted_zone: Value<route53::HostedZoneId>,
        /// A certificate for the name, of the same stack.
        certificate: Certificate,
        /// The name of the load balancer, for which the load balancer has a certificate.
        origin: &DomainName,
        /// Seconds that the load balancer may take for an answer, 1 to 120. Default: 60, twice what is usual, since
        /// language models think for long.
        #[builder(default = 60)]
        origin_timeout_seconds: u16,
        /// Files that are answered with from a bucket. Default: none.
        assets: Option<Assets>,
        /// What stops requests before they reach the load balancer, of the scope `CloudFront`. Default: nothing.
        web_acl: Option<WebAcl>,
        /// The bucket in which requests are recorded. Default: they are not.
        log_to: Option<Bucket>,
        /// What the distribution is for, at most 128 characters.
        #[builder(into)]
        comment: Option<Value<String>>,
    ) -> Distribution {
        let mut inner = s.scope(id);
        check(&mut inner, domain_name, origin, origin_timeout_seconds);
        check_parts(&mut inner, assets.as_ref(), web_acl.as_ref());
        let headers = security_headers(&mut inner);
        let mut origins = vec![load_balancer(origin, origin_timeout_seconds)];
        origins.extend(assets.as_ref().map(|assets| files(&mut inner, assets.bucket)));
        let config = DistributionConfig {
            enabled: Some(true.into()),
            aliases: Some([Value::from(domain_name)].into()),
            comment,
            http_version: Some("http2and3".into()),
            ipv6_enabled: Some(true.into()),
            default_cache_behavior: Some(uncached(headers)),
            cache_behaviors: assets.as_ref().map(|assets| vec![cached(&assets.path, headers)]),
            origins: Some(origins),
            viewer_certificate: Some(ViewerCertificate {
                acm_certificate_arn: Some(certificate.arn()),
                minimum_protocol_version: Some("TLSv1.2_2021".into()),
                ssl_support_method: Some("sni-only".into()),
                ..Default::default()
            }),
            web_acl_id: web_acl.map(|acl| acl.arn()),
            ..Default::default()
        };
        let properties = cloudfront::Distribution { distribution_config: Some(config), ..Default::default() };
        let distribution = Distribution { resource: s.add(id, properties) };
        let mut inner = s.scope(id);
        distribution.add_records(&mut inner, domain_name, &hosted_zone);
        if let Some(assets) = assets {
            distribution.allow_reading(&mut inner, assets.bucket);
        }
        if let Some(bucket) = log_to {
            distribution.record_requests(&mut inner, bucket);
        }
        distribution
    }
}

/// A name for a resource of the scope, where names are the same in all regions of an account.
fn global_name(s: &Scope<'_>, what: &str) -> String {
    short_name(&format!("{}-{what}", s.path().replace('/', "-")), 64)
}

/// What each answer tells browsers.
fn security_headers(s: &mut Scope<'_>) -> Handle<cloudfront::ResponseHeadersPolicy> {
    let config = ResponseHeadersPolicyConfig {
        name: Some(global_name(s, "Headers").into()),
        security_headers_config: Some(SecurityHeadersConfig {
            strict_transport_security: Some(StrictTransportSecurity {
                access_control_max_age_sec: Some(YEAR.into()),
                r#override: Some(true.into()),
                ..Default::default()
            }),
            content_type_options: Some(ContentTypeOptions { r#override: Some(true.into()) }),
            frame_options: Some(FrameOptions {
                frame_option: Some("DENY".into()),
                r#override: Some(false.into()),
            }),
            referrer_policy: Some(ReferrerPolicy {
                referrer_policy: Some("strict-origin-when-cross-origin".into()),
                r#override: Some(false.into()),
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    s.add("Headers", cloudfront::ResponseHeadersPolicy { response_headers_policy_config: Some(config) })
}

const LOAD_BALANCER: &str = "LoadBalancer";
const ASSETS: &str = "Assets";

fn load_balancer(name: &DomainName, timeout_seconds: u16) -> Origin {
    Origin {
        id: Some(LOAD_BALANCER.into()),
        domain_name: Some(name.into()),
        custom_origin_config: Some(CustomOriginConfig {
            origin_protocol_policy: Some("https-only".into()),
            origin_ssl_protocols: Some(["TLSv1.2"].into()),
            origin_read_timeout: Some(timeout_seconds.into()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Source: [Restrict access to an Amazon S3 origin][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
fn files(s: &mut Scope<'_>, bucket: Bucket) -> Origin {
    let config = OriginAccessControlConfig {
        name: Some(global_name(s, "Assets").into()),
        origin_access_control_origin_type: Some("s3".into()),
        signing_behavior: Some("always".into()),
        signing_protocol: Some("sigv4".into()),
        ..Default::default()
    };
    let access =
        s.add("AssetsAccess", cloudfront::OriginAccessControl { origin_access_control_config: Some(config) });
    Origin {
        id: Some(ASSETS.into()),
        domain_name: Some(bucket.resource.regional_domain_name()),
        origin_access_control_id: Some(access.id()),
        // Empty, since who signs is told by the access control.
        s3_origin_config: Some(S3OriginConfig {
            origin_access_identity: Some("".into()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn uncached(headers: Handle<cloudfront::ResponseHeadersPolicy>) -> DefaultCacheBehavior {
    DefaultCacheBehavior {
        target_origin_id: Some(LOAD_BALANCER.into()),
        viewer_protocol_policy: Some("redirect-to-https".into()),
        allowed_methods: Some(["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"].into()),
        cache_policy_id: Some(Value::known(CACHING_DISABLED)),
        origin_request_policy_id: Some(Value::known(ALL_VIEWER_EXCEPT_HOST_HEADER)),
        response_headers_policy_id: Some(headers.into()),
        ..Default::default()
    }
}

fn cached(path: &str, headers: Handle<cloudfront::ResponseHeadersPolicy>) -> CacheBehavior {
    CacheBehavior {
        path_pattern: Some(path.into()),
        target_origin_id: Some(ASSETS.into()),
        viewer_protocol_policy: Some("redirect-to-https".into()),
        allowed_methods: Some(List::from(["GET", "HEAD", "OPTIONS"])),
        cache_policy_id: Some(Value::known(CACHING_OPTIMIZED)),
        compress: Some(true.into()),
        response_headers_policy_id: Some(headers.into()),
        ..Default::default()
    }
}

#[track_caller]
fn check(s: &mut Scope<'_>, domain_name: &DomainName, origin: &DomainName, timeout_seconds: u16) {
    if let Some(region) = s.region().map(str::to_owned)
        && region != CLOUDFRONT_REGION
    {
        s.error("DC190", format!("a distribution cannot be made in {region}")).hint(format!(
            "put it into a stack in {CLOUDFRONT_REGION}, where its certificate and web ACL must be"
        ));
    }
    if origin.covers(domain_name) {
        s.error("DC191", format!("the distribution `{domain_name}` would ask itself"))
            .property("origin")
            .hint("give the load balancer a name of its own");
    }
    if origin.wildcard_of().is_some() {
        s.error("DC192", format!("`{origin}` is not the name of a load balancer"))
            .property("origin")
            .hint("name one host, without `*`");
    }
    if !(1..=120).contains(&timeout_seconds) {
        s.error("DC193", format!("CloudFront does not wait {timeout_seconds} seconds for an answer"))
            .property("origin_timeout_seconds")
            .hint("choose 1 to 120 seconds");
    }
}

#[track_caller]
fn check_parts(s: &mut Scope<'_>, assets: Option<&Assets>, web_acl: Option<&WebAcl>) {
    if let Some(path) = assets.map(|assets| &assets.path).filter(|path| !is_path_pattern(path)) {
        s.error("DC194", format!("`{}` is not a pattern of paths", path.escape_debug()))
            .property("assets")
            .hint("begin with a slash; `*` stands for anything: `/static/*`");
    }
    if web_acl.is_some_and(|acl| acl.scope() == WebAclScope::Regional) {
        s.error("DC195", "a regional web ACL cannot protect a distribution")
            .property("web_acl")
            .hint(format!("make another one with the scope `CloudFront`, in {CLOUDFRONT_REGION}"));
    }
}

/// Whether CloudFront can compare paths with `text`, and it does not stand for all of them.
///
/// Source: [Cache behavior settings][aws], path pattern.
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
pub fn is_path_pattern(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || "_-.*$/~\"'@:+?&".contains(c);
    text.len() <= 255
        && text.starts_with('/')
        && !text.starts_with("/*")
        && text.len() > 1
        && text.chars().all(letter)
}

impl Distribution {
    /// The name that CloudFront gave it: `d….cloudfront.net`.
    #[must_use]
    pub fn domain_name(self) -> Value<String> {
        self.resource.domain_name()
    }

    /// Its ARN, which no attribute tells.
    #[must_use]
    pub fn arn(self) -> Value<String> {
        let (partition, account) = (aws::partition(), aws::account_id());
        sub!("arn:{}:cloudfront::{}:distribution/{}", partition, account, self.resource.reference())
    }

    /// The records of the name, for both versions of the Internet Protocol.
    fn add_records(self, s: &mut Scope<'_>, name: &DomainName, hosted_zone: &Value<route53::HostedZoneId>) {
        for (id, kind) in [("Record", "A"), ("Ipv6Record", "AAAA")] {
            let record = route53::RecordSet {
                name: Some(name.into()),
                r#type: Some(kind.into()),
                hosted_zone_id: Some(hosted_zone.clone()),
                alias_target: Some(AliasTarget {
                    dns_name: Some(self.domain_name()),
                    hosted_zone_id: Some(Value::known(HOSTED_ZONE)),
                    ..Default::default()
                }),
                ..Default::default()
            };
            s.add(id, record);
        }
    }

    /// Lets this distribution, and no other, read the bucket's files.
    fn allow_reading(self, s: &mut Scope<'_>, bucket: Bucket) {
        let statement = Statement::allow(["s3:GetObject"])
            .for_service("cloudfront.amazonaws.com")
            .on(bucket.objects())
            .when("StringEquals", "AWS:SourceArn", self.arn());
        bucket.allow(s, statement);
    }

    /// Records requests in `bucket`, below `AWSLogs/`, by the second version of standard logging: the first one needs
    /// a bucket with access control lists.
    ///
    /// Source: [Configure standard logging (v2)][cloudfront] and [the bucket's policy][logs].
    ///
    /// [cloudfront]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
    /// [logs]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
    fn record_requests(self, s: &mut Scope<'_>, bucket: Bucket) {
        let account = aws::account_id();
        let sources = aws::arn("logs", "delivery-source:*");
        let statement = Statement::allow(["s3:PutObject"])
            .for_service("delivery.logs.amazonaws.com")
            .on(sub!("{}/AWSLogs/{}/*", bucket.arn(), &account))
            .when("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control")
            .when("StringEquals", "aws:SourceAccount", &account)
            .when("ArnLike", "aws:SourceArn", sources);
        bucket.allow(s, statement);
        let name = short_name(&global_name(s, "Logs"), 60);
        let source = s.add_raw(
            "LogSource",
            "AWS::Logs::DeliverySource",
            map([
                ("Name", name.as_str().into()),
                ("LogType", "ACCESS_LOGS".into()),
                ("ResourceArn", self.arn().into_node()),
            ]),
        );
        let destination = s.add_raw(
            "LogDestination",
            "AWS::Logs::DeliveryDestination",
            map([
                ("Name", name.as_str().into()),
                (
                    "DestinationResourceArn",
                    sub!("{}/AWSLogs/{}/CloudFront", bucket.arn(), &account).into_node(),
                ),
                ("OutputFormat", "json".into()),
            ]),
        );
        s.depend(destination, bucket.policy);
        let delivery = s.add_raw(
            "LogDelivery",
            "AWS::Logs::Delivery",
            map([
                ("DeliverySourceName", name.into()),
                ("DeliveryDestinationArn", destination.attribute::<String>("Arn").into_node()),
            ]),
        );
        s.depend(delivery, source);
    }
}
