//! What stands before a load balancer: firewall, DNS, CloudFront; and what leaves.

use super::money::Amount;
use super::prices::{self, Price};
use super::sheet::{Group, Sheet, Use};
use super::view::Thing;

/// Groups of rules of AWS that cost more than a rule.
const PAID_RULES: [&str; 4] = [
    "AWSManagedRulesBotControlRuleSet",
    "AWSManagedRulesATPRuleSet",
    "AWSManagedRulesACFPRuleSet",
    "AWSManagedRulesAntiDDoSRuleSet",
];

/// Prices a web ACL and its rules; a group of rules is one.
pub(super) fn web_acl(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    sheet.add(thing, Group::Waf, "web ACLs", &prices::WEB_ACL, Amount::whole(1));
    sheet.uses(thing, Use::Waf);
    let rules = match thing.items("Rules") {
        Ok(rules) => rules,
        Err(why) => return sheet.not_priced(thing, format!("rules: {why}")),
    };
    sheet.add(thing, Group::Waf, "rules", &prices::WAF_RULE, Amount::whole(rules.len() as u64));
    for rule in &rules {
        let name = thing.below(rule, "Statement.ManagedRuleGroupStatement.Name").ok().flatten();
        let Some(name) = name.and_then(|name| name.text()) else { continue };
        if PAID_RULES.contains(&name.as_str()) {
            sheet.not_priced(thing, format!("what `{name}` costs beyond a rule: its price is not confirmed"));
        }
    }
}

/// Prices a health check: less for what is in AWS, and more for each option.
///
/// Source: [Route 53 pricing][aws].
///
/// [aws]: https://aws.amazon.com/route53/pricing/
pub(super) fn health_check(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    if let Err(why) = health_check_priced(thing, sheet) {
        sheet.not_priced(thing, why);
    }
}

fn health_check_priced(thing: Thing<'_>, sheet: &mut Sheet<'_>) -> Result<(), String> {
    let kind = thing.text("HealthCheckConfig.Type")?.unwrap_or_default();
    let mut options = match kind.as_str() {
        "HTTP" | "TCP" => 0,
        "HTTPS" | "HTTP_STR_MATCH" => 1,
        "HTTPS_STR_MATCH" => 2,
        other => return Err(format!("no price is known here for `{other}`")),
    };
    let interval = thing.number("HealthCheckConfig.RequestInterval")?;
    options += u64::from(interval == Some(Amount::whole(10)));
    options += u64::from(thing.is("HealthCheckConfig.MeasureLatency", "true", false)?);
    let inside = is_inside(thing)?;
    let (check, option, what) = if inside {
        (&prices::HEALTH_CHECK, &prices::HEALTH_CHECK_FEATURE, "health checks in AWS")
    } else {
        (&prices::HEALTH_CHECK_OUTSIDE, &prices::HEALTH_CHECK_OUTSIDE_FEATURE, "health checks outside")
    };
    sheet.add(thing, Group::Dns, what, check, Amount::whole(1));
    if options > 0 {
        sheet.add(thing, Group::Dns, &format!("options of {what}"), option, Amount::whole(options));
    }
    if !inside {
        sheet.note(
            "a health check of a name counts as outside of AWS; if what it asks is in AWS, it costs less",
        );
    }
    Ok(())
}

/// Whether what is asked is in AWS, as far as the template tells.
fn is_inside(thing: Thing<'_>) -> Result<bool, String> {
    for path in ["HealthCheckConfig.FullyQualifiedDomainName", "HealthCheckConfig.IPAddress"] {
        let Some(value) = thing.value(path)? else { continue };
        let texts = value.texts();
        let inside = |text: &crate::model::Text<'_>| {
            text.targets().next().is_some() || text.end().ends_with(".amazonaws.com")
        };
        if value.target().is_some() || texts.iter().any(inside) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds what is billed by requests, queries and what leaves.
pub(super) fn by_use(sheet: &mut Sheet<'_>) {
    if let Some(resources) = sheet.uses.remove(&Use::Waf) {
        let requests = sheet.assume("requests_millions");
        sheet.add_use(Group::Waf, "requests", &prices::WAF_REQUESTS, requests, resources);
    }
    if let Some(resources) = sheet.uses.remove(&Use::Dns) {
        let queries = sheet.assume("dns_queries_millions");
        if !queries.is_zero() {
            sheet.add_use(Group::Dns, "queries", &prices::DNS_QUERIES, queries, resources);
        }
    }
    if let Some(resources) = sheet.uses.remove(&Use::Nat) {
        let through = sheet.assume("nat_gb");
        sheet.add_use(Group::Nat, "data through them", &prices::NAT_GB, through, resources);
    }
    if let Some(resources) = sheet.uses.remove(&Use::Endpoint) {
        let through = sheet.assume("endpoint_gb");
        if !through.is_zero() {
            sheet.add_use(Group::Endpoints, "data through them", &prices::ENDPOINT_GB, through, resources);
        }
    }
    cdn(sheet);
    out(sheet);
}

/// The size of the first step of what leaves, in GB: 10 TB.
const FIRST_STEP: Amount = Amount::whole(10 * 1024);

fn cdn(sheet: &mut Sheet<'_>) {
    let Some(resources) = sheet.uses.remove(&Use::Cdn) else { return };
    let out = sheet.assume("cdn_gb").less(sheet.assume("free_cdn_gb"));
    sheet.add_use(Group::Cdn, "to viewers", &prices::CDN_GB, out.min(FIRST_STEP), resources.clone());
    if out > FIRST_STEP {
        sheet.note("what CloudFront sends beyond 10 TB is not in the sum");
    }
    let requests = sheet.assume("requests_millions").less(sheet.assume("free_cdn_requests_millions"));
    let by_ten_thousand = requests.times(Amount::whole(100));
    sheet.add_use(Group::Cdn, "requests", &prices::CDN_REQUESTS, by_ten_thousand, resources);
    sheet.note("CloudFront's prices are those for viewers in North America and Europe");
}

/// What leaves for the internet, in steps: 10 TB, 40 TB, 100 TB, and the rest.
fn out(sheet: &mut Sheet<'_>) {
    if let Some(resources) = sheet.uses.remove(&Use::Out) {
        let mut left = sheet.assume("out_gb").less(sheet.assume("free_out_gb"));
        let steps: [(&str, &'static Price, Option<Amount>); 4] = [
            ("out, beyond what is free", &prices::OUT_GB, Some(FIRST_STEP)),
            ("out, beyond 10 TB", &prices::OUT_GB_2, Some(Amount::whole(40 * 1024))),
            ("out, beyond 50 TB", &prices::OUT_GB_3, Some(Amount::whole(100 * 1024))),
            ("out, beyond 150 TB", &prices::OUT_GB_4, None),
        ];
        for (at, (what, price, size)) in steps.into_iter().enumerate() {
            let step = size.map_or(left, |size| left.min(size));
            left = left.less(step);
            if at == 0 || !step.is_zero() {
                sheet.add_use(Group::Transfer, what, price, step, resources.clone());
            }
        }
    }
    if let Some(resources) = sheet.uses.remove(&Use::CrossZone) {
        let between = sheet.assume("cross_zone_gb");
        if !between.is_zero() {
            let both = between.times(Amount::whole(2));
            sheet.add_use(
                Group::Transfer,
                "between zones, both ways",
                &prices::CROSS_ZONE_GB,
                both,
                resources,
            );
        }
    }
}
