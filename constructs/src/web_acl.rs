//! Web ACLs: what AWS WAF stops before it reaches a load balancer or a distribution.

use bon::bon;

use crate::alb::Alb;
use crate::declare::aws;
use crate::l1::wafv2::logging_configuration::{
    ActionCondition, Condition, FieldToMatch, Filter, LoggingFilter, SingleHeader,
};
use crate::l1::wafv2::web_acl::{
    AllowAction, BlockAction, CountAction, DefaultAction, ForwardedIpConfiguration,
    ManagedRuleGroupStatement, NotStatement, OverrideAction, RateBasedStatement, Rule, RuleAction,
    RuleActionOverride, SizeConstraintStatement, Statement, TextTransformation, VisibilityConfig,
};
use crate::l1::wafv2::{self, web_acl};
use crate::log_group::LogGroup;
use crate::resource::{Arn, Handle};
use crate::scope::Scope;
use crate::sub;
use crate::value::{Json, List, Value};

/// The region of everything that belongs to CloudFront, wherever its origins are: its web ACLs and certificates too.
///
/// Source: [Requirements for using SSL/TLS certificates with CloudFront][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
pub const CLOUDFRONT_REGION: &str = "us-east-1";

/// What a web ACL protects. It cannot be changed: another scope is another web ACL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebAclScope {
    /// Load balancers of the ACL's own region.
    Regional,
    /// CloudFront distributions. Such an ACL can be made in us-east-1 only.
    CloudFront,
}

/// A group of rules that AWS keeps up to date.
///
/// Source: [AWS Managed Rules rule groups list][aws].
///
/// [aws]: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManagedRules {
    /// Much of the OWASP Top 10.
    Common,
    /// Requests that probe for known holes, such as Log4j's.
    KnownBadInputs,
    /// Text that would become part of an SQL statement.
    SqlInjection,
    /// Addresses that AWS knows as sources of attacks.
    IpReputation,
    /// Addresses that hide who calls, and those of hosting providers. The health checks of Route 53 and calls
    /// from another cloud come from such addresses too.
    AnonymousIp,
    /// Paths of administration pages.
    AdminProtection,
    /// Holes of Linux.
    Linux,
    /// Holes of POSIX systems.
    Posix,
}

impl ManagedRules {
    /// The group's name without what all names begin with, and so the name of our rule.
    fn name(self) -> &'static str {
        match self {
            ManagedRules::Common => "CommonRuleSet",
            ManagedRules::KnownBadInputs => "KnownBadInputsRuleSet",
            ManagedRules::SqlInjection => "SQLiRuleSet",
            ManagedRules::IpReputation => "AmazonIpReputationList",
            ManagedRules::AnonymousIp => "AnonymousIpList",
            ManagedRules::AdminProtection => "AdminProtectionRuleSet",
            ManagedRules::Linux => "LinuxRuleSet",
            ManagedRules::Posix => "UnixRuleSet",
        }
    }
}

/// How many requests one caller can make in five minutes before it is blocked until it calls less.
///
/// Source: [Rate-based rule high-level settings][aws] and the type's schema, for the range.
///
/// [aws]: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-high-level-settings.html
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    requests: u32,
    forwarded: bool,
}

impl RateLimit {
    /// The requests that the limit can be, in five minutes.
    pub const RANGE: std::ops::RangeInclusive<u32> = 10..=2_000_000_000;

    /// For each address that a request comes from.
    pub fn by_address(requests: u32) -> RateLimit {
        RateLimit { requests, forwarded: false }
    }

    /// For each address that `X-Forwarded-For` names first. For an ACL behind a distribution or proxy, where
    /// all requests come from a few addresses. Requests without that header are counted by where they come from;
    /// who can call without the proxy can still write into it what they like.
    pub fn by_forwarded_address(requests: u32) -> RateLimit {
        RateLimit { requests, forwarded: true }
    }
}

/// Which requests a web ACL writes to its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// All of them.
    Everything,
    /// Those that a rule blocked or counted. An access log has the others, for much less.
    Matched,
}

/// An `AWS::WAFv2::WebACL` that lets through whatever no rule blocks.
#[derive(Debug, Clone)]
pub struct WebAcl {
    /// The web ACL itself, for what this construct has no word for.
    pub resource: Handle<wafv2::WebAcl>,
    scope: WebAclScope,
    path: String,
}

#[bon]
impl WebAcl {
    /// Starts the web ACL `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// What it protects.
        scope: WebAclScope,
        /// The name: letters, digits, `-` and `_`, 128 characters at most. Default: a name that CloudFormation
        /// makes.
        #[builder(into)]
        name: Option<String>,
        /// The groups of managed rules, the first one asked first. Default: known bad addresses, the common
        /// rules, and known bad inputs, which together use 925 of the 1,500 capacity units that the price of a
        /// web ACL includes.
        #[builder(default = vec![ManagedRules::IpReputation, ManagedRules::Common, ManagedRules::KnownBadInputs], with = FromIterator::from_iter)]
        managed_rules: Vec<ManagedRules>,
        /// Rules of a group that only count what they match. Default: `SizeRestrictions_BODY` of the common
        /// rules, which blocks each body above 8 KB, and so each upload of a document.
        ///
        /// Source: [Core rule set (CRS) managed rule group][aws].
        ///
        /// [aws]: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
        #[builder(with = FromIterator::from_iter)]
        counted: Option<Vec<(ManagedRules, String)>>,
        /// How much one caller can ask for. Default: as much as it likes.
        rate_limit: Option<RateLimit>,
        /// The log group in which requests are recorded, without their `authorization` and `cookie` headers.
        /// Its name must begin with `aws-waf-logs-`. Default: they are not recorded.
        log_to: Option<LogGroup>,
        /// Which requests are recorded there. Default: those that a rule blocked or counted.
        #[builder(default = Logged::Matched)]
        logged: Logged,
    ) -> WebAcl {
        let mut inner = s.scope(id);
        let path = inner.own_path().to_owned();
        check(&mut inner, scope, name.as_deref(), rate_limit);
        let mut rules: Vec<Rule> = rate_limit.map(rate_rule).into_iter().collect();
        let counted = counted.unwrap_or_else(|| {
            let common = managed_rules.contains(&ManagedRules::Common);
            common.then(|| (ManagedRules::Common, "SizeRestrictions_BODY".to_owned())).into_iter().collect()
        });
        rules.extend(managed(&mut inner, &managed_rules, &counted));
        rules.extend(rate_limit.filter(|limit| limit.forwarded).map(direct_rate_rule));
        let metric: String = name.clone().unwrap_or_else(|| inner.path().replace('/', "-"));
        let properties = wafv2::WebAcl {
            name: name.map(Value::from),
            scope: Some(if scope == WebAclScope::Regional { "REGIONAL" } else { "CLOUDFRONT" }.into()),
            default_action: Some(DefaultAction { allow: Some(AllowAction::default()), block: None }),
            visibility_config: Some(visibility(&metric)),
            rules: Some(rules),
            ..Default::default()
        };
        let resource = s.add(id, properties);
        let acl = WebAcl { resource, scope, path };
        if let Some(group) = log_to {
            acl.log(s, group, logged);
        }
        if scope == WebAclScope::Regional {
            let message = "the web ACL protects nothing";
            let hint = "associate it with a load balancer, or leave it out";
            s.scope(id).awaits(&acl.association(), "DC101", message, hint);
        }
        acl
    }
}

/// Reports what AWS would refuse of a web ACL.
#[track_caller]
fn check(s: &mut Scope<'_>, scope: WebAclScope, name: Option<&str>, rate_limit: Option<RateLimit>) {
    let fits = |name: &str| {
        (1..=128).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if let Some(name) = name.filter(|name| !fits(name)) {
        s.error("DC102", format!("`{name}` is not the name of a web ACL"))
            .property("name")
            .hint("use letters, digits, `-` and `_`, 128 characters at most");
    }
    let region = s.region().map(str::to_owned);
    if let (WebAclScope::CloudFront, Some(region)) = (scope, region)
        && region != CLOUDFRONT_REGION
    {
        s.error("DC103", format!("a web ACL for CloudFront cannot be made in {region}"))
            .property("scope")
            .hint(format!(
                "put it into a stack in {CLOUDFRONT_REGION}, or protect the load balancer with a regional one"
            ));
    }
    if let Some(limit) = rate_limit.filter(|limit| !RateLimit::RANGE.contains(&limit.requests)) {
        s.error("DC104", format!("{} requests in five minutes is not a limit", limit.requests))
            .property("rate_limit")
            .hint("choose from 10 to 2,000,000,000 requests");
    }
}

fn visibility(metric: &str) -> VisibilityConfig {
    VisibilityConfig {
        cloud_watch_metrics_enabled: Some(true.into()),
        metric_name: Some(metric.into()),
        sampled_requests_enabled: Some(true.into()),
    }
}

fn empty() -> Json {
    Json::Map(template::Map::default())
}

/// Comes first, so that a flood costs no more than this rule.
fn rate_rule(limit: RateLimit) -> Rule {
    let statement = RateBasedStatement {
        limit: Some(i64::from(limit.requests).into()),
        aggregate_key_type: Some(if limit.forwarded { "FORWARDED_IP" } else { "IP" }.into()),
        evaluation_window_sec: Some(300.into()),
        // A request whose header names no address is counted for none.
        forwarded_ip_config: limit.forwarded.then(|| ForwardedIpConfiguration {
            header_name: Some("X-Forwarded-For".into()),
            fallback_behavior: Some("NO_MATCH".into()),
        }),
        ..Default::default()
    };
    Rule { priority: Some(0.into()), ..blocking("RateLimit", statement) }
}

/// AWS WAF does not apply a rule by forwarded address to a request that has no such header: this one does.
///
/// Source: [ForwardedIPConfig][aws].
///
/// [aws]: https://docs.aws.amazon.com/waf/latest/APIReference/API_ForwardedIPConfig.html
fn direct_rate_rule(limit: RateLimit) -> Rule {
    let has_header = Statement {
        size_constraint_statement: Some(SizeConstraintStatement {
            field_to_match: Some(web_acl::FieldToMatch {
                single_header: Some(web_acl::SingleHeader { name: Some("x-forwarded-for".into()) }),
                ..Default::default()
            }),
            comparison_operator: Some("GE".into()),
            size: Some(0.into()),
            text_transformations: Some(vec![TextTransformation {
                priority: Some(0.into()),
                r#type: Some("NONE".into()),
            }]),
            ..Default::default()
        }),
        ..Default::default()
    };
    let without = NotStatement { statement: Some(Box::new(has_header)) };
    let statement = RateBasedStatement {
        limit: Some(i64::from(limit.requests).into()),
        aggregate_key_type: Some("IP".into()),
        evaluation_window_sec: Some(300.into()),
        scope_down_statement: Some(Box::new(Statement {
            not_statement: Some(Box::new(without)),
            ..Default::default()
        })),
        ..Default::default()
    };
    Rule { priority: Some(DIRECT_PRIORITY.into()), ..blocking("DirectRateLimit", statement) }
}

/// After the managed groups, so that they keep their places.
const DIRECT_PRIORITY: i64 = 100;

fn blocking(name: &str, statement: RateBasedStatement) -> Rule {
    Rule {
        name: Some(name.into()),
        action: Some(RuleAction { block: Some(BlockAction::default()), ..Default::default() }),
        statement: Some(Statement { rate_based_statement: Some(Box::new(statement)), ..Default::default() }),
        visibility_config: Some(visibility(name)),
        ..Default::default()
    }
}

/// The managed groups from priority 1 on, whether or not there is a rate limit: adding one moves no rule.
#[track_caller]
fn managed(s: &mut Scope<'_>, groups: &[ManagedRules], counted: &[(ManagedRules, String)]) -> Vec<Rule> {
    for (group, rule) in counted.iter().filter(|(group, _)| !groups.contains(group)) {
        s.error("DC105", format!("`{rule}` is to be counted, but its group {} is not used", group.name()))
            .property("counted")
            .hint("add the group to the managed rules, or leave the rule out");
    }
    let twice = |at: usize| groups[..at].contains(&groups[at]);
    for group in (0..groups.len()).filter(|at| twice(*at)).map(|at| groups[at]) {
        s.error("DC106", format!("the managed rules {} are named twice", group.name()))
            .property("managed_rules")
            .hint("name each group once");
    }
    let rules = groups.iter().zip(1_u16..);
    rules.map(|(group, priority)| managed_rule(*group, priority, counted)).collect()
}

fn managed_rule(group: ManagedRules, priority: u16, counted: &[(ManagedRules, String)]) -> Rule {
    let overrides: Vec<RuleActionOverride> = counted
        .iter()
        .filter(|(of, _)| *of == group)
        .map(|(_, rule)| RuleActionOverride {
            name: Some(rule.into()),
            action_to_use: Some(RuleAction { count: Some(CountAction::default()), ..Default::default() }),
        })
        .collect();
    let statement = ManagedRuleGroupStatement {
        vendor_name: Some("AWS".into()),
        name: Some(format!("AWSManagedRules{}", group.name()).into()),
        rule_action_overrides: (!overrides.is_empty()).then_some(overrides),
        ..Default::default()
    };
    let statement =
        Statement { managed_rule_group_statement: Some(Box::new(statement)), ..Default::default() };
    Rule {
        name: Some(group.name().into()),
        priority: Some(priority.into()),
        override_action: Some(OverrideAction { none: Some(empty()), count: None }),
        statement: Some(statement),
        visibility_config: Some(visibility(group.name())),
        ..Default::default()
    }
}

impl WebAcl {
    /// The web ACL's ARN: what a distribution names to be protected.
    #[must_use]
    pub fn arn(&self) -> Value<Arn<wafv2::WebAcl>> {
        self.resource.arn()
    }

    /// What it protects.
    #[must_use]
    pub fn scope(&self) -> WebAclScope {
        self.scope
    }

    /// Protects a load balancer.
    #[track_caller]
    pub fn associate(&self, s: &mut Scope<'_>, alb: &Alb) {
        let mut s = s.reopen(&self.path);
        if self.scope == WebAclScope::CloudFront {
            s.error("DC107", "a web ACL for CloudFront cannot protect a load balancer")
                .property("scope")
                .hint("make another one with the scope `Regional`");
            return;
        }
        let association = wafv2::WebAclAssociation {
            resource_arn: Some(alb.resource.reference().text()),
            web_acl_arn: Some(self.arn()),
        };
        s.add("Association", association);
        s.settle(&self.association());
    }

    /// The key under which an association is awaited.
    fn association(&self) -> String {
        format!("{}.association", self.path)
    }

    /// Records requests in `group`.
    ///
    /// WAF itself lets the log delivery service write there, for whoever may put resource policies of logs.
    ///
    /// Source: [Sending traffic logs to a CloudWatch Logs log group][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
    #[track_caller]
    fn log(&self, s: &mut Scope<'_>, group: LogGroup, logged: Logged) {
        let name = match group.resource {
            Some(resource) => s[resource].log_group_name.clone(),
            None => Some(group.name().text()),
        };
        let mut s = s.reopen(&self.path);
        let name = match &name {
            None => Some("(made by CloudFormation)"),
            Some(name) => name.literal().filter(|name| !name.starts_with("aws-waf-logs-")),
        };
        if let Some(name) = name {
            s.error("DC108", format!("WAF writes to no log group named `{name}`"))
                .property("log_to")
                .hint("begin the name of the log group with `aws-waf-logs-`");
        }
        // The group's own ARN ends in `:*`, which WAF does not take.
        let arn = aws::arn("logs", sub!("log-group:{}", group.name()));
        let properties = wafv2::LoggingConfiguration {
            resource_arn: Some(self.arn()),
            log_destination_configs: Some(List::from([arn])),
            logging_filter: (logged == Logged::Matched).then(matched_only),
            redacted_fields: Some(["authorization", "cookie"].map(header).into()),
        };
        s.add("Logging", properties);
    }
}

fn header(name: &str) -> FieldToMatch {
    FieldToMatch { single_header: Some(SingleHeader { name: Some(name.into()) }), ..Default::default() }
}

/// Drops what no rule matched. A rule of a managed group that was told to count is `EXCLUDED_AS_COUNT`.
fn matched_only() -> LoggingFilter {
    let condition = |action: &str| Condition {
        action_condition: Some(ActionCondition { action: Some(action.into()) }),
        ..Default::default()
    };
    LoggingFilter {
        default_behavior: Some("DROP".into()),
        filters: Some(vec![Filter {
            behavior: Some("KEEP".into()),
            requirement: Some("MEETS_ANY".into()),
            conditions: Some(["BLOCK", "COUNT", "EXCLUDED_AS_COUNT"].map(condition).into()),
        }]),
    }
}
