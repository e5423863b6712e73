//! What the stack's alarms do once there is a topic, and a second target group.

use constructs::l1::elbv2;
use constructs::{App, Cluster, Image, Listener, LogGroup, StackOptions, Tier, Vpc, cidr, fargate, port};
use template::{Node, Template};

use super::*;
use crate::Settings;

/// The alarms of one stack with a service called `Backend` and another, `AiMl`.
fn alarms(second_group: bool, topic: Option<&str>) -> Template {
    let mut app = App::new();
    let plan = Plan::new(&mut app, &Settings::default());
    app.with_stack(StackOptions::named("Test"), |s| {
        let vpc = Vpc::named("Vpc")
            .cidr(cidr!("10.0.0.0/16"))
            .tiers([Tier::public([cidr!("10.0.1.0/24"), cidr!("10.0.2.0/24")])])
            .build(s);
        let cluster = Cluster::named("Cluster").build(s);
        let alb = Alb::named("Alb").vpc(&vpc).build(s);
        let service = |s: &mut Scope<'_>, id: &str, logs: &str, port| {
            let log_group = LogGroup::named(logs).build(s);
            let service = FargateService::named(id)
                .cluster(cluster)
                .vpc(&vpc)
                .size(fargate!(512, 1024))
                .image(Image::registry("example.com/app:v1"))
                .port(port!(5000))
                .health_check("/health")
                .log_group(log_group)
                .build(s);
            alb.listen(s, Listener::http(port).forward(&service));
            service
        };
        let backend = service(s, "Backend", "BackendLogs", port!(80));
        let ai_ml = service(s, "AiMl", "AiMlLogs", port!(8080));
        let mut services = [
            WatchedService::new("Backend", "backend", &backend),
            WatchedService::new("AiMl", "ai-ml", &ai_ml),
        ];
        if second_group {
            services[0].target_groups.push(s.add("Green", elbv2::TargetGroup::default()));
        }
        let topic = topic.map(Value::known);
        watch(s, &plan, &Watched { alb: &alb, cluster, services, topic });
    });
    let mut assembly = app.synth();
    assert_eq!(assembly.diagnostics, []);
    let mut template = assembly.stacks.remove(0).template;
    assert!(template.graph().cycles().is_empty());
    template.resources.retain(|_, resource| resource.type_name == "AWS::CloudWatch::Alarm");
    template
}

#[test]
fn every_alarm_tells_the_topic_and_critical_ones_also_when_it_is_over() {
    // C-18, C-20
    let topic = "arn:aws:sns:us-east-1:123456789012:ops";
    let template = alarms(false, Some(topic));
    assert_eq!(template.resources.len(), 15);
    for (id, alarm) in &template.resources {
        let tells = |key: &str| alarm.properties.get(key).is_some();
        assert_eq!(alarm.properties["AlarmActions"], Node::List(vec![topic.into()]), "{id}");
        let description = alarm.properties["AlarmDescription"].as_str().expect("text");
        let critical = description.starts_with("critical: ");
        assert!(critical || description.starts_with("warning: "), "{description}");
        assert_eq!(tells("OKActions"), critical, "{id}");
        assert_eq!(critical, id.ends_with("NoTasksAlarm") || id.ends_with("HighErrorsAlarm"), "{id}");
    }
}

#[test]
fn without_a_topic_nobody_is_told() {
    let template = alarms(false, None);
    assert!(template.resources.values().all(|alarm| alarm.properties.get("AlarmActions").is_none()));
}

#[test]
fn alarms_see_both_target_groups_of_a_service() {
    let template = alarms(true, None);
    for (id, expression) in [
        ("BackendSlowAlarm", "MAX(METRICS())"),
        ("BackendNoTasksAlarm", "m1+m2"),
        ("BackendUnhealthyAlarm", "m1+m2"),
        ("BackendClientErrorsAlarm", "m1+m2"),
        ("BackendHighErrorsAlarm", "m1+m2"),
    ] {
        let metrics = template.resources[id].properties["Metrics"].as_list().expect("a list");
        assert_eq!(metrics.len(), 3, "{id}");
        assert_eq!(metrics[0].as_map().expect("a map")["Expression"], Node::from(expression), "{id}");
    }
    assert!(template.resources["AiMlSlowAlarm"].properties.get("Metrics").is_none());
}
