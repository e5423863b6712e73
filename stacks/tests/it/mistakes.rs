//! Settings that cannot be: each is refused with its key, all of them in one run.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{refused, synth};

// I7
#[test]
fn everything_wrong_is_said_at_once() {
    let found = refused(json!({
        "account": "12345",
        "network": {"cidr": "10.0.0.1/16", "public_subnets": ["10.0.1.0/24", "10.0.300.0/24"]},
        "load_balancer": {"ai_ml_port": 0},
        "logs": {"retention_days": 10},
        "backend": {"image": "latest", "memory": 8192, "scaling": {"min": 5, "max": 2}},
        "ai_ml": {"image": "repo:v1", "health_check": {"interval": 10, "timeout": 10}},
    }));
    assert_snapshot!(found, @"
    error[DC050]: the load balancer has 1 subnets to stand in, and needs two
      at DocuThinkerStack/Alb.vpc (stacks/src/docuthinker/front_door.rs)

    hint: give the network a public tier (private, for an internal one) in two zones

    error[DC031]: the tier `Public` has 1 blocks for 2 zones
      at DocuThinkerStack/Vpc.tiers (stacks/src/docuthinker/network.rs)

    hint: give each tier one block per zone

    error[DC034]: the NAT gateways have no public subnet to stand in
      at DocuThinkerStack/Vpc.nat (stacks/src/docuthinker/network.rs)

    hint: add a public tier, or choose no NAT gateway

    error[DC010]: `12345` is not an account
      at settings.account

    hint: an account has 12 digits; write it in quotes, so that a leading zero is kept

    error[DC010]: `10.0.300.0/24` is not a CIDR block
      at settings.network.public_subnets[1]

    hint: write an IPv4 address and a prefix length, for example `10.0.0.0/16`

    error[DC010]: `10.0.0.1/16` has host bits set; the block is `10.0.0.0/16`
      at settings.network.cidr

    hint: write `10.0.0.0/16`

    error[DC010]: 0 is not a port
      at settings.load_balancer.ai_ml_port

    hint: a port is a number from 1 to 65535

    error[DC010]: CloudWatch does not keep logs for 10 days
      at settings.logs.retention_days

    hint: choose one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653 days

    error[DC010]: `latest` says nothing about what is deployed
      at settings.backend.image

    hint: name a version or a digest, or set `images.allow_latest`

    error[DC010]: `backend.scaling.min` is 5, above `backend.scaling.max`, which is 2
      at settings.backend.scaling.min

    hint: lower the minimum or raise the maximum

    error[DC010]: 512 CPU units do not go with 8192 MiB of memory
      at settings.backend.memory

    hint: with 512 CPU units, choose one of 1024, 2048, 3072, 4096 MiB

    error[DC010]: `repo:v1` is not a tag or digest
      at settings.ai_ml.image

    hint: give the tag (`v1.0`) or the digest (`sha256:…`) only; the repository is Foundation's

    error[DC010]: `ai_ml.health_check.timeout` is 10, not below `ai_ml.health_check.interval`, which is 10
      at settings.ai_ml.health_check.timeout

    hint: shorten the time-out or lengthen the interval
    ");
}

#[test]
fn a_flag_needs_what_it_switches_on() {
    // R125
    assert_snapshot!(refused(json!({"sync": {"chroma_dir": null}})), @"
    error[DC010]: `sync.vector` is on, but the vector store has no folder
      at settings.sync.chroma_dir

    hint: set the folder, or switch `sync.vector` off
    ");
    assert_eq!(refused(json!({"sync": {"vector": false, "chroma_dir": null}})), "");
}

#[test]
fn a_certificate_belongs_to_the_region() {
    let arn = |region: &str| format!("arn:aws:acm:{region}:123456789012:certificate/1");
    let with = |arn: String| json!({"load_balancer": {"certificate_arn": arn}});
    assert_eq!(refused(with(arn("us-east-1"))), "");
    assert_snapshot!(refused(with(arn("us-west-2"))), @"
    error[DC010]: the certificate is in us-west-2, the load balancer in us-east-1
      at settings.load_balancer.certificate_arn

    hint: a load balancer takes certificates of its own region only
    ");
    assert_snapshot!(refused(with("my-certificate".to_owned())), @"
    error[DC010]: `my-certificate` is not the ARN of a certificate
      at settings.load_balancer.certificate_arn

    hint: it looks like `arn:aws:acm:us-east-1:123456789012:certificate/…`
    ");
}

#[test]
fn an_existing_network_needs_subnets_for_the_tasks() {
    let existing = json!({"vpc_id": "vpc-1", "public_subnets": ["subnet-1", "subnet-2"]});
    assert_snapshot!(refused(json!({"network": {"existing": existing}})), @"
    error[DC010]: `network.mode` is private, but the existing network has no private subnets
      at settings.network.existing.private_subnets

    hint: name them, or set `network.mode` to public
    ");
    assert_eq!(refused(json!({"network": {"mode": "public", "existing": existing}})), "");
}

#[test]
fn a_digest_is_an_image_too() {
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    assert_eq!(refused(json!({"backend": {"image": digest}})), "");
    assert!(refused(json!({"backend": {"image": "sha256:12"}})).contains("is not a tag or digest"));
    assert_eq!(refused(json!({"images": {"allow_latest": true}, "backend": {"image": "latest"}})), "");
}

#[test]
fn a_network_must_be_one_that_tasks_can_work_in() {
    assert_snapshot!(refused(json!({"network": {"nat": "none", "zones": ["a", "a"]}})), @"
    error[DC010]: [a, a] are no zones
      at settings.network.zones

    hint: name the letters that end the zones' names, each once: [a, b]

    error[DC010]: without NAT gateways and endpoints no task can pull its image or read its secrets
      at settings.network.nat

    hint: choose `single`, or add the endpoints ecr_api, ecr_dkr, logs and secrets_manager
    ");
    let existing =
        json!({"vpc_id": "vpc-1", "public_subnets": ["s-1", "s-2"], "private_subnets": ["s-3", "s-4"]});
    assert_snapshot!(refused(json!({"network": {"existing": existing, "interface_endpoints": ["logs"]}})), @"
    error[DC010]: endpoints are asked for, but the network exists already
      at settings.network.interface_endpoints

    hint: make the endpoints where the network is made, or leave `network.existing` out
    ");
}

#[test]
fn environments_stay_apart_whatever_they_share() {
    let mut names = std::collections::BTreeSet::new();
    let own = ("qa", stacks::other_environment("qa"));
    for (environment, overlay) in stacks::environments().into_iter().chain([own]) {
        let mut settings = serde_json::to_value(stacks::Settings::default()).expect("settings are JSON");
        // What a file sets for all environments comes before what keeps them apart.
        crate::support::merge(
            &mut settings,
            json!({"region": "eu-west-1", "name": "acme", "secrets": {"prefix": "acme"}}),
        );
        crate::support::merge(&mut settings, overlay);
        let settings = serde_json::from_value(settings).expect("settings");
        for stack in synth(&settings).stacks {
            assert!(
                names.insert((stack.region.clone(), stack.name.clone())),
                "{environment}: {}",
                stack.name
            );
        }
    }
}
