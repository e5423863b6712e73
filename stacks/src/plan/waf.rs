//! The firewall before the load balancer, understood.

use constructs::{Logged, ManagedRules, RateLimit};

use crate::settings::{ManagedRulesSetting, Settings, WafLogging, WafSettings};

use super::Reader;

/// The firewall before the load balancer, understood.
#[derive(Debug, Clone)]
pub struct WafPlan {
    /// How much one caller can ask for.
    pub rate_limit: Option<RateLimit>,
    /// The groups of rules, the first one asked first.
    pub managed_rules: Vec<ManagedRules>,
    /// Rules of these groups that only count.
    pub counted: Vec<(ManagedRules, String)>,
    /// Which requests are recorded, if any.
    pub logged: Option<Logged>,
}

impl Reader<'_> {
    pub(super) fn waf(&mut self, settings: &Settings) -> Option<WafPlan> {
        let waf = &settings.load_balancer.waf;
        if !waf.enabled {
            return None;
        }
        self.groups(waf);
        // Behind CloudFront all requests come from its addresses; the caller's stands in a header.
        let limit =
            if settings.edge.is_some() { RateLimit::by_forwarded_address } else { RateLimit::by_address };
        if let Some(requests) = waf.rate_limit.filter(|requests| !RateLimit::RANGE.contains(requests)) {
            self.refuse_if(
                true,
                "load_balancer.waf.rate_limit",
                format_args!("{requests} requests in five minutes is not a limit"),
                "choose from 10 to 2,000,000,000, or `null` for none",
            );
        }
        let in_range = waf.rate_limit.filter(|requests| RateLimit::RANGE.contains(requests));
        let counted = waf.counted_rules.iter().filter(|(group, _)| waf.managed_rules.contains(group));
        Some(WafPlan {
            rate_limit: in_range.map(limit),
            managed_rules: once(&waf.managed_rules).map(managed_rules).collect(),
            counted: counted
                .flat_map(|(group, rules)| rules.iter().map(|rule| (managed_rules(*group), rule.clone())))
                .collect(),
            logged: match waf.logging {
                WafLogging::None => None,
                WafLogging::Matched => Some(Logged::Matched),
                WafLogging::Everything => Some(Logged::Everything),
            },
        })
    }

    fn groups(&mut self, waf: &WafSettings) {
        let groups = &waf.managed_rules;
        let key = "load_balancer.waf.managed_rules";
        let twice = once(groups).count() < groups.len();
        self.refuse_if(twice, key, "a group of rules is named twice", "name each group once");
        for (group, rules) in &waf.counted_rules {
            // The default's own entry stays when only the groups are set.
            let usual = WafSettings::default().counted_rules.get(group) == Some(rules);
            let name = name(*group);
            let message = format_args!(
                "`load_balancer.waf.counted_rules` has rules of {name}, a group that `{key}` does not name"
            );
            let at = format!("load_balancer.waf.counted_rules.{name}");
            let hint = "name the group, or leave its rules out";
            self.refuse_if(!usual && !groups.contains(group), &at, message, hint);
        }
        let empty = groups.is_empty() && waf.rate_limit.is_none();
        let hint = "name a group, give a limit, or switch `load_balancer.waf.enabled` off";
        self.refuse_if(empty, key, "the firewall has no rules", hint);
    }
}

/// The groups, each where it is named first.
fn once(groups: &[ManagedRulesSetting]) -> impl Iterator<Item = ManagedRulesSetting> {
    groups.iter().enumerate().filter(|(at, group)| !groups[..*at].contains(group)).map(|(_, group)| *group)
}

fn managed_rules(group: ManagedRulesSetting) -> ManagedRules {
    match group {
        ManagedRulesSetting::Common => ManagedRules::Common,
        ManagedRulesSetting::KnownBadInputs => ManagedRules::KnownBadInputs,
        ManagedRulesSetting::SqlInjection => ManagedRules::SqlInjection,
        ManagedRulesSetting::IpReputation => ManagedRules::IpReputation,
        ManagedRulesSetting::AnonymousIp => ManagedRules::AnonymousIp,
        ManagedRulesSetting::AdminProtection => ManagedRules::AdminProtection,
        ManagedRulesSetting::Linux => ManagedRules::Linux,
        ManagedRulesSetting::Posix => ManagedRules::Posix,
    }
}

/// What the group is called in settings.
fn name(group: ManagedRulesSetting) -> &'static str {
    match group {
        ManagedRulesSetting::Common => "common",
        ManagedRulesSetting::KnownBadInputs => "known_bad_inputs",
        ManagedRulesSetting::SqlInjection => "sql_injection",
        ManagedRulesSetting::IpReputation => "ip_reputation",
        ManagedRulesSetting::AnonymousIp => "anonymous_ip",
        ManagedRulesSetting::AdminProtection => "admin_protection",
        ManagedRulesSetting::Linux => "linux",
        ManagedRulesSetting::Posix => "posix",
    }
}
