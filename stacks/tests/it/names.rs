//! Names and addresses: environments never meet, and subnets never overlap.

use std::collections::BTreeSet;
use std::str::FromStr;

use constructs::Cidr;
use proptest::prelude::*;
use serde_json::{Value, json};
use stacks::Settings;

use crate::support::{Templates, collected, merge, settings, synth};

/// The templates of production, or of an environment of the user's own.
fn environment(name: Option<&str>) -> Templates {
    let mut settings = serde_json::to_value(Settings::default()).expect("settings are JSON");
    let overlay = match name {
        None => stacks::environments().swap_remove(0).1,
        Some(name) => stacks::other_environment(name),
    };
    merge(&mut settings, overlay);
    collected(&synth(&serde_json::from_value(settings).expect("settings")))
}

/// The names that resources have, with the type: AWS asks for them to be unique within it.
fn names(templates: &Templates) -> BTreeSet<(String, String)> {
    let stacks = templates.0.as_object().expect("stacks").values();
    let resources = stacks.flat_map(|stack| stack["Resources"].as_object().expect("resources").values());
    let keys = ["Name", "LogGroupName", "RepositoryName", "ClusterName", "BucketName"];
    let mut names = BTreeSet::new();
    for resource in resources {
        let kind = resource["Type"].as_str().expect("a type").to_owned();
        for name in keys.iter().filter_map(|key| resource["Properties"][key].as_str()) {
            assert!(names.insert((kind.clone(), name.to_owned())), "{kind} `{name}` twice");
        }
    }
    names
}

/// Load balancers, target groups and the like have at most 32 characters.
fn too_long(names: &BTreeSet<(String, String)>) -> Vec<&(String, String)> {
    names
        .iter()
        .filter(|(kind, name)| kind.starts_with("AWS::ElasticLoadBalancingV2::") && name.len() > 32)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn environments_of_any_name_never_share_a_name(
        one in "[a-z]([a-z0-9]|-[a-z0-9]){0,13}",
        other in "[a-z]([a-z0-9]|-[a-z0-9]){0,13}",
        end in "[a-z0-9]",
    ) {
        // Long names with the same beginning are the hard case, so one name goes on where another ends.
        let longer = format!("{one}{end}");
        let mut seen: BTreeSet<(String, String)> = names(&environment(None));
        for name in BTreeSet::from([&one, &other, &longer]) {
            let own = names(&environment(Some(name)));
            prop_assert!(too_long(&own).is_empty(), "{:?}", too_long(&own));
            let shared: Vec<_> = own.intersection(&seen).collect();
            prop_assert!(shared.is_empty(), "{shared:?}");
            seen.extend(own);
        }
    }

    #[test]
    fn accepted_subnets_lie_apart_within_the_network(network in networks()) {
        let assembly = synth(&settings("prod", json!({"network": network})));
        prop_assume!(!assembly.has_errors());
        let templates = collected(&assembly);
        let block = |text: &Value| Cidr::from_str(text.as_str().expect("text")).expect("a block");
        let vpc = block(&templates.properties("Vpc")["CidrBlock"]);
        let resources = templates.0["DocuThinkerStack"]["Resources"].as_object().expect("resources");
        let subnets: Vec<Cidr> = resources
            .values()
            .filter(|resource| resource["Type"] == "AWS::EC2::Subnet")
            .map(|resource| block(&resource["Properties"]["CidrBlock"]))
            .collect();
        prop_assert!(subnets.len() >= 4);
        for (index, subnet) in subnets.iter().enumerate() {
            prop_assert!(vpc.contains(*subnet), "{subnet} is outside {vpc}");
            prop_assert!(subnets[..index].iter().all(|other| !other.overlaps(*subnet)), "{subnet} overlaps");
        }
    }
}

/// Networks of which some are accepted and others have subnets that overlap or lie outside.
fn networks() -> impl Strategy<Value = Value> {
    let zones = prop::sample::select(vec![2_usize, 3]);
    (zones, 16_u8..=20, 22_u8..=26, 0_u32..12, any::<bool>()).prop_flat_map(
        |(zones, vpc, prefix, first, apart)| {
            let count = zones * 2;
            let sizes = prop::collection::vec(0_u32..20, count);
            sizes.prop_map(move |numbers| {
                let size = 1_u32 << (32 - prefix);
                let block = |number: u32| {
                    let address = (10_u32 << 24) + number * size;
                    format!("{}/{prefix}", std::net::Ipv4Addr::from(address))
                };
                // In order and so apart, or anywhere.
                let blocks: Vec<String> = if apart {
                    (first..).take(count).map(block).collect()
                } else {
                    numbers.iter().copied().map(block).collect()
                };
                json!({
                    "cidr": format!("10.0.0.0/{vpc}"),
                    "zones": &["a", "b", "c"][..zones],
                    "public_subnets": &blocks[..zones],
                    "private_subnets": &blocks[zones..],
                })
            })
        },
    )
}
