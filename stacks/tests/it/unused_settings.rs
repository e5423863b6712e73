//! Settings that would have no effect beside others: each is refused, and the message names both.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::refused;

fn edge(changes: Value) -> Value {
    let zone = "Z0123456789ABCDEFGHIJ";
    let mut edge = json!({"domain": {"name": "docuthinker.ai", "hosted_zone_id": zone}});
    crate::support::merge(&mut edge, changes);
    json!({"domain": {"name": "origin.docuthinker.ai", "hosted_zone_id": zone}, "edge": edge})
}

#[test]
fn rules_are_counted_of_groups_that_are_asked() {
    let waf = |waf: Value| json!({"load_balancer": {"waf": waf}});
    assert_snapshot!(refused(waf(json!({"counted_rules": {"sql_injection": ["SQLi_BODY"]}}))), @"
    error[DC010]: `load_balancer.waf.counted_rules` has rules of sql_injection, a group that `load_balancer.waf.managed_rules` does not name
      at settings.load_balancer.waf.counted_rules.sql_injection

    hint: name the group, or leave its rules out
    ");
    let asked =
        json!({"managed_rules": ["sql_injection"], "counted_rules": {"sql_injection": ["SQLi_BODY"]}});
    assert_eq!(refused(waf(asked)), "", "the default's own entry, of the common group, stays");
}

#[test]
fn cloudfronts_settings_need_what_they_are_for() {
    assert_snapshot!(refused(edge(json!({"assets_path": "/files/*", "waf": false, "rate_limit": 500}))), @"
    error[DC010]: `edge.assets_path` is set, but `edge.assets` is off
      at settings.edge.assets_path

    hint: switch `edge.assets` on, or leave the path out

    error[DC010]: `edge.rate_limit` is set, but `edge.waf` is off
      at settings.edge.rate_limit

    hint: switch `edge.waf` on, or leave the limit out
    ");
    assert_eq!(refused(edge(json!({"assets": true, "assets_path": "/files/*", "rate_limit": 500}))), "");
    assert_eq!(refused(edge(json!({"waf": false}))), "");
}

#[test]
fn a_network_that_exists_has_its_own_addresses_and_ways_out() {
    let with = |mut network: Value| {
        network["existing"] =
            json!({"vpc_id": "vpc-1", "public_subnets": ["s-1", "s-2"], "private_subnets": ["s-3", "s-4"]});
        refused(json!({"network": network}))
    };
    assert_snapshot!(with(json!({"private_subnets": ["10.0.5.0/24", "10.0.6.0/24"], "nat": "none"})), @"
    error[DC010]: `network.private_subnets` is set, but `network.existing` names a network that has its own
      at settings.network.private_subnets

    hint: set it where the network is made, or leave `network.existing` out

    error[DC010]: `network.nat` is set, but `network.existing` names a network that has its own
      at settings.network.nat

    hint: set it where the network is made, or leave `network.existing` out
    ");
    for (key, value) in [
        ("cidr", json!("10.1.0.0/16")),
        ("zones", json!(["a", "c"])),
        ("public_subnets", json!(["10.0.5.0/24", "10.0.6.0/24"])),
    ] {
        assert!(with(json!({key: value})).contains(&format!("settings.network.{key}")), "{key}");
    }
    // What the built-in environments set is no mistake of whoever names a network.
    assert_eq!(with(json!({"nat": "single", "flow_logs": false})), "");
}
