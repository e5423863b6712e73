//! Logs, alarms, dashboards and the metrics of containers.

use super::money::Amount;
use super::prices;
use super::sheet::{Group, Kept, Sheet, Use};
use super::view::Thing;
use crate::model::Item;

/// Notes a log group: what is logged is billed by use, and what is kept by how long.
pub(super) fn log_group(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    let what = if is_named_by(thing, "AWS::EC2::FlowLog") {
        Use::FlowLog
    } else if is_named_by(thing, "AWS::WAFv2::LoggingConfiguration") {
        Use::WafLog
    } else {
        match thing.is("LogGroupClass", "INFREQUENT_ACCESS", false) {
            Ok(true) => Use::RareLog,
            Ok(false) => Use::Log,
            Err(why) => return sheet.not_priced(thing, why),
        }
    };
    // The others are billed where they are written from.
    if matches!(what, Use::Log | Use::RareLog) {
        sheet.uses(thing, what);
    }
    match thing.number("RetentionInDays") {
        Ok(days) => {
            let resource = sheet.name(thing);
            let days = days.map(|days| days.whole_parts(Amount::whole(1)));
            sheet.kept.push(Kept { what, days, resource });
        }
        Err(why) => sheet.not_priced(thing, format!("what is kept: {why}")),
    }
}

fn is_named_by(thing: Thing<'_>, type_name: &str) -> bool {
    let model = thing.item.model();
    model.referrers(thing.item.id()).any(|edge| match &edge.from {
        crate::Element::Resource(id) => model.resource(id).is_some_and(|from| from.is(type_name)),
        _ => false,
    })
}

/// Notes where flow logs go.
pub(super) fn flow_log(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    match thing.text("LogDestinationType") {
        Ok(None) => sheet.uses(thing, Use::FlowLog),
        Ok(Some(kind)) if kind == "cloud-watch-logs" => sheet.uses(thing, Use::FlowLog),
        Ok(Some(kind)) if kind == "s3" => sheet.uses(thing, Use::FlowLogToS3),
        Ok(Some(other)) => sheet.not_priced(thing, format!("no price is known here for logs to `{other}`")),
        Err(why) => sheet.not_priced(thing, why),
    }
}

/// Notes where the firewall logs to.
pub(super) fn waf_log(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    let destinations = match thing.items("LogDestinationConfigs") {
        Ok(destinations) => destinations,
        Err(why) => return sheet.not_priced(thing, why),
    };
    let to_group = destinations.iter().flat_map(crate::model::Value::texts).any(|text| {
        text.to_string().contains(":logs:")
            || text.targets().any(|target| target.item.is("AWS::Logs::LogGroup"))
    });
    if to_group {
        sheet.uses(thing, Use::WafLog);
    } else {
        sheet.not_priced(thing, "no price is known here for where it logs to");
    }
}

/// Prices an alarm by the metrics that it looks at.
pub(super) fn alarm(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    let (mut number, mut period) = (1, thing.number("Period"));
    match thing.items("Metrics") {
        Ok(metrics) if !metrics.is_empty() => {
            let mut counted = 0;
            for metric in &metrics {
                let stat = thing.below(metric, "MetricStat").ok().flatten();
                if let Some(stat) = stat {
                    counted += 1;
                    period = thing.below(&stat, "Period").and_then(|value| thing.number_of("Period", value));
                }
            }
            if counted == 0 {
                return sheet.not_priced(thing, "it looks at what a query finds, which may be many metrics");
            }
            number = counted;
            if thing.value("ThresholdMetricId").is_ok_and(|band| band.is_some()) {
                // A band of what is usual counts as two more.
                number += 2;
            }
        }
        Ok(_) => {}
        Err(why) => return sheet.not_priced(thing, why),
    }
    let minute = Amount::whole(60);
    match period {
        Ok(period) if period.is_some_and(|period| period < minute) => sheet.add(
            thing,
            Group::CloudWatch,
            "alarms within a minute",
            &prices::ALARM_FAST,
            Amount::whole(number),
        ),
        Ok(_) => sheet.add(thing, Group::CloudWatch, "alarms", &prices::ALARM, Amount::whole(number)),
        Err(why) => sheet.not_priced(thing, why),
    }
}

/// Prices the alarms that a policy of target tracking makes: one to scale out, one to scale in. The price of the policy
/// itself is nothing.
///
/// Source: [Target tracking scaling policies][aws] in the user guide of Application Auto Scaling.
///
/// [aws]: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
pub(super) fn scaling_policy(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    sheet.free("AWS::ApplicationAutoScaling::ScalingPolicy");
    let configured = thing.value("TargetTrackingScalingPolicyConfiguration");
    match (thing.text("PolicyType"), configured) {
        (Ok(Some(kind)), _) if kind == "TargetTrackingScaling" => tracking_alarms(thing, sheet),
        (Ok(None), Ok(Some(_))) => tracking_alarms(thing, sheet),
        (Ok(_), _) => {}
        (Err(why), _) => sheet.not_priced(thing, why),
    }
}

fn tracking_alarms(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    let both = Amount::whole(2);
    sheet.add(thing, Group::CloudWatch, "alarms of target tracking", &prices::ALARM, both);
}

/// Prices what Container Insights measures of a cluster.
///
/// How many metrics that is AWS does not say in one place: 8 of a cluster, 6 of each family of tasks and 11 of each
/// service are counted here, which is not confirmed.
pub(super) fn cluster(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    sheet.free("AWS::ECS::Cluster");
    let level = match insights(thing) {
        Ok(level) => level,
        Err(why) => return sheet.not_priced(thing, format!("Container Insights: {why}")),
    };
    let (what, price) = match level.as_deref() {
        Some("enabled") => ("Container Insights", &prices::INSIGHTS),
        Some("enhanced") => ("Container Insights, enhanced", &prices::INSIGHTS_ENHANCED),
        _ => return,
    };
    let given = sheet.assume("insights_metrics");
    let number = if given.is_zero() { metrics(thing) } else { given };
    sheet.add(thing, Group::CloudWatch, what, price, number);
    sheet.note(if level.as_deref() == Some("enhanced") {
        "how many metrics Container Insights makes is not confirmed: those of tasks and containers come on top \
         (insights_metrics)"
    } else {
        "how many metrics Container Insights makes is not confirmed, and what it logs comes on top \
         (insights_metrics)"
    });
}

fn insights(thing: Thing<'_>) -> Result<Option<String>, String> {
    for setting in thing.items("ClusterSettings")? {
        let name = thing.text_of("Name", thing.below(&setting, "Name")?)?;
        if name.as_deref() == Some("containerInsights") {
            return thing.text_of("Value", thing.below(&setting, "Value")?);
        }
    }
    Ok(None)
}

/// The metrics of a cluster and of what runs in it.
fn metrics(thing: Thing<'_>) -> Amount {
    let model = thing.item.model();
    let is_inside = |item: &Item<'_>| {
        let service = Thing { item: *item, ..thing };
        service.target("Cluster", "AWS::ECS::Cluster").is_ok_and(|cluster| cluster == Some(thing.item))
    };
    let services: Vec<_> = model.of_type("AWS::ECS::Service").filter(is_inside).collect();
    let mut families: Vec<&str> = Vec::new();
    for item in &services {
        let definition = super::fargate::task_definition(Thing { item: *item, ..thing });
        if let Some(id) = definition.ok().map(Item::id).filter(|id| !families.contains(id)) {
            families.push(id);
        }
    }
    Amount::whole(8 + 6 * families.len() as u64 + 11 * services.len() as u64)
}

/// Adds what is billed by how much is logged and kept.
pub(super) fn by_use(sheet: &mut Sheet<'_>) {
    let services = &[Use::Log, Use::RareLog][..];
    let flows = &[Use::FlowLog, Use::FlowLogToS3][..];
    let waf = &[Use::WafLog][..];
    let all = [
        (Use::Log, "log_gb", services, "taken in", &prices::LOG_GB),
        (Use::RareLog, "log_gb", services, "taken in, for infrequent access", &prices::LOG_RARE_GB),
        (Use::FlowLog, "flow_log_gb", flows, "flow logs", &prices::VENDED_GB),
        (Use::FlowLogToS3, "flow_log_gb", flows, "flow logs to S3", &prices::VENDED_S3_GB),
        (Use::WafLog, "waf_log_gb", waf, "logs of the firewall", &prices::VENDED_GB),
    ];
    let amounts =
        all.map(|(how, name, ways, ..)| sheet.uses.contains_key(&how).then(|| sheet.share(name, how, ways)));
    for ((how, _, _, what, price), amount) in all.into_iter().zip(amounts) {
        if let (Some(resources), Some(amount)) = (sheet.uses.remove(&how), amount) {
            sheet.add_use(Group::Logs, what, price, amount, resources);
        }
    }
    storage(sheet);
}

/// What is kept: as much as comes in while it is kept, spread evenly over the log groups that take it in.
fn storage(sheet: &mut Sheet<'_>) {
    let kept = std::mem::take(&mut sheet.kept);
    let mut stored = Amount::default();
    let (mut resources, mut endless) = (Vec::new(), Vec::new());
    for (source, name) in [
        (&[Use::Log, Use::RareLog][..], "log_gb"),
        (&[Use::FlowLog], "flow_log_gb"),
        (&[Use::WafLog], "waf_log_gb"),
    ] {
        let groups: Vec<&Kept> = kept.iter().filter(|group| source.contains(&group.what)).collect();
        if groups.is_empty() {
            continue;
        }
        let each = sheet.assume(name).per(groups.len() as u64);
        for group in groups {
            match group.days {
                Some(days) => {
                    stored = stored.plus(each.part(Amount::whole(days), Amount::whole(30)));
                    resources.push(group.resource.clone());
                }
                None => endless.push(group.resource.clone()),
            }
        }
    }
    if !resources.is_empty() {
        sheet.add_use(Group::Logs, "kept", &prices::LOG_STORED, stored, resources);
    }
    for name in endless {
        let why = "what it keeps: it keeps its logs for ever, which costs more each month (RetentionInDays)";
        sheet.not_priced_as(name, "AWS::Logs::LogGroup", why);
    }
}

/// One alarm of alarms.
pub(super) fn composite(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    let what = "composite alarms";
    sheet.add(thing, Group::CloudWatch, what, &prices::ALARM_COMPOSITE, Amount::whole(1));
}

/// Adds the dashboards beyond the free ones.
pub(super) fn dashboards(sheet: &mut Sheet<'_>) {
    let Some(resources) = sheet.uses.remove(&Use::Dashboard) else { return };
    let number = Amount::whole(resources.len() as u64).less(sheet.assume("free_dashboards"));
    sheet.add_use(Group::CloudWatch, "dashboards", &prices::DASHBOARD, number, resources);
}
