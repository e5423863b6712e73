//! What is no longer so as a whole, and still is in part.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::network::both;
use super::{role, template};
use crate::security::broadening_and_narrowing;

/// A group with these rules: the first and the last port, and the block.
fn group(rules: &[(u16, u16, &str)]) -> String {
    let rule = |(from, to, block): &(u16, u16, &str)| {
        format!("{{IpProtocol: tcp, FromPort: {from}, ToPort: {to}, CidrIp: {block}}}")
    };
    let rules: Vec<String> = rules.iter().map(rule).collect();
    format!(
        "  Sg: {{Type: AWS::EC2::SecurityGroup, Properties: {{GroupDescription: g, SecurityGroupIngress: [{}]}}}}\n",
        rules.join(", ")
    )
}

const ANY: &str = "0.0.0.0/0";

#[test]
fn of_ports_only_those_are_told_that_come_or_go() {
    let (wide, narrow) = (group(&[(80, 90, ANY)]), group(&[(80, 89, ANY)]));
    assert_snapshot!(both(&wide, &narrow), @"- Ingress: ! `Sg` is no longer open to 0.0.0.0/0 on port 90");
    assert_snapshot!(both(&narrow, &wide), @"+ Ingress: ! `Sg` is now open to 0.0.0.0/0 on port 90");
    assert_snapshot!(both(&group(&[(0, 65535, ANY)]), &group(&[(0, 100, ANY), (200, 300, ANY)])),
        @"- Ingress: ! `Sg` is no longer open to 0.0.0.0/0 on ports 101 to 199 and 301 to 65535");
    // The same in two rules.
    let parts = group(&[(80, 85, ANY), (86, 90, ANY)]);
    assert_eq!(both(&wide, &parts) + &both(&parts, &wide), "");
}

#[test]
fn of_a_block_what_is_still_let_in_is_told() {
    let wide = group(&[(80, 90, ANY)]);
    assert_snapshot!(both(&wide, &group(&[(80, 90, "128.0.0.0/1")])),
        @"- Ingress: ! `Sg` is no longer open to all of 0.0.0.0/0 on ports 80 to 90, but still to 128.0.0.0/1 on ports 80 to 90");
    assert_snapshot!(both(&wide, &group(&[(88, 99, "10.0.0.0/8")])), @"
    + Ingress: `Sg` is now open to 10.0.0.0/8 on ports 91 to 99
    - Ingress: ! `Sg` is no longer open to all of 0.0.0.0/0 on ports 80 to 90, but still to 10.0.0.0/8 on ports 88 to 90
    ");
    let halves = group(&[(80, 90, "0.0.0.0/1"), (80, 90, "128.0.0.0/1")]);
    assert_eq!(both(&wide, &halves) + &both(&halves, &wide), "");
    let conditional =
        wide.replace("{IpProtocol", "!If [Prod, {IpProtocol").replace("0/0}", "0/0}, !Ref 'AWS::NoValue']");
    assert_snapshot!(both(&wide, &conditional),
        @"- Ingress: ! `Sg` is no longer open to 0.0.0.0/0 on ports 80 to 90 in every case, but still under a condition");
    assert_snapshot!(both(&wide, &group(&[(443, 443, ANY)])), @"
    + Ingress: ! `Sg` is now open to 0.0.0.0/0 on port 443
    - Ingress: ! `Sg` is no longer open to 0.0.0.0/0 on ports 80 to 90
    ");
}

fn allow(action: &str, resource: &str) -> String {
    role(&format!("[{{Effect: Allow, Action: [{action}], Resource: [{resource}]}}]"))
}

#[test]
fn of_what_a_wildcard_allowed_the_rest_is_told() {
    let wide = allow("'s3:Get*'", "'a/*'");
    assert_snapshot!(both(&wide, &allow("'s3:GetObject'", "'a/*'")),
        @"- Permission: `Task` may no longer do all of `s3:Get*` on `a/*`, but still `s3:GetObject` on `a/*`");
    assert_snapshot!(both(&wide, &allow("'s3:Get*'", "'a/x'")),
        @"- Permission: `Task` may no longer do all of `s3:Get*` on `a/*`, but still `s3:Get*` on `a/x`");
    assert_snapshot!(both(&wide, &allow("'s3:*Object'", "'*/x'")), @"
    + Permission: `Task` may now do `s3:*Object` on `*/x`
    - Permission: `Task` may no longer do all of `s3:Get*` on `a/*`, but still `s3:*Object` on `*/x`
    ");
    assert_snapshot!(both(&wide, &allow("'s3:PutObject'", "'a/*'")), @"
    + Permission: `Task` may now do `s3:PutObject` on `a/*`
    - Permission: `Task` may no longer do `s3:Get*` on `a/*`
    ");
    // Each sentence is true of all that it names.
    assert_snapshot!(both(&allow("'s3:GetObject', 's3:PutObject'", "a, b"), &allow("'s3:GetObject'", "a")), @"
    - Permission: `Task` may no longer do `s3:GetObject` on `b`
    - Permission: `Task` may no longer do `s3:PutObject` on `a` and `b`
    ");
}

#[test]
fn of_what_was_denied_and_of_policies_of_resources_the_rest_is_told() {
    let deny = |action: &str| role(&format!("[{{Effect: Deny, Action: '{action}', Resource: '*'}}]"));
    assert_snapshot!(both(&deny("s3:*"), &deny("s3:Put*")),
        @"+ Permission: ! `Task` is no longer denied all of `s3:*` on `*`, but still `s3:Put*` on `*`");
    let key = |principal: &str, action: &str| {
        format!(
            "  Key: {{Type: AWS::KMS::Key, Properties: {{KeyPolicy: {{Statement: [{{Effect: Allow, Principal: {{AWS: {principal}}}, Action: {action}, Resource: '*'}}]}}}}}}\n"
        )
    };
    assert_snapshot!(both(&key("a", "'kms:*'"), &key("a", "['kms:Encrypt', 'kms:Decrypt']")),
        @"- ResourcePolicy: `Key` no longer lets `a` do all of `kms:*`, but still lets `a` do `kms:Decrypt` and `kms:Encrypt`");
    assert_snapshot!(both(&key("'*'", "'kms:*'"), &key("a", "'kms:*'")),
        @"- ResourcePolicy: ! `Key` no longer lets everybody do all of `kms:*`, but still lets `a` do `kms:*`");
    let trust = |principal: &str| {
        format!(
            "  Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{Statement: {{Effect: Allow, Principal: {{AWS: {principal}}}, Action: 'sts:AssumeRole'}}}}}}}}\n"
        )
    };
    assert_snapshot!(both(&trust("'*'"), &trust("a")),
        @"- Trust: ! `Role` may no longer be assumed by everybody, but still by `a`");
}

const PATTERNS: [&str; 7] = ["s3:*", "s3:Get*", "s3:GetObject", "s3:*Object", "s3:Put*", "sqs:*", "s?:*t"];
const BLOCKS: [&str; 5] = ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.1.0.0/16"];

/// Whether it is said that a part still is so.
fn said(what: &str) -> bool {
    what.contains("but still")
}

proptest! {
    #[test]
    fn nothing_is_no_longer_so_while_a_part_of_it_is(
        old in prop::sample::select(PATTERNS.to_vec()),
        new in prop::sample::subsequence(PATTERNS.to_vec(), 0..3),
    ) {
        let new_text: Vec<String> = new.iter().map(|action| format!("'{action}'")).collect();
        let (before, after) = (allow(&format!("'{old}'"), "a"), allow(&new_text.join(", "), "a"));
        let (_, narrower) = broadening_and_narrowing(&template(&before), &template(&after));
        let covers = new.iter().any(|new| crate::facts::iam_covers(new, old));
        let meets = new.iter().any(|new| crate::security::partly::meet(new, old));
        prop_assert_eq!(narrower.is_empty(), covers, "{:?}", narrower);
        for change in narrower {
            prop_assert_eq!(said(&change.what), meets, "{}", change.what);
        }
    }

    #[test]
    fn no_port_or_block_is_told_that_stays(
        old in (0u16..20, 0u16..20, prop::sample::select(BLOCKS.to_vec())),
        new in prop::collection::vec((0u16..20, 0u16..20, prop::sample::select(BLOCKS.to_vec())), 0..4),
    ) {
        let sorted = |(one, other, block): (u16, u16, &'static str)| (one.min(other), one.max(other), block);
        let old = sorted(old);
        let new: Vec<(u16, u16, &str)> = new.into_iter().map(sorted).collect();
        let (_, narrower) = broadening_and_narrowing(&template(&group(&[old])), &template(&group(&new)));
        let block = |text: &str| text.parse::<ipnet::IpNet>().unwrap();
        for change in narrower {
            // A port that is told without more is let in by nobody who may meet the block.
            let told: Vec<u16> = (old.0..=old.1)
                .filter(|port| {
                    let text = change.what.split(" on port").nth(1).unwrap_or_default();
                    let text = text.split(',').next().unwrap_or_default().trim_start_matches('s').trim();
                    text.split(" and ").any(|part| {
                        let (from, to) = part.split_once(" to ").unwrap_or((part, part));
                        (from.parse::<u16>().unwrap()..=to.parse::<u16>().unwrap()).contains(port)
                    })
                })
                .collect();
            prop_assert!(!told.is_empty(), "{}", change.what);
            let covers = |port: &u16| {
                new.iter().any(|(from, to, other)| {
                    (from..=to).contains(&port) && block(other).contains(&block(old.2))
                })
            };
            prop_assert!(!told.iter().any(covers), "{}", change.what);
            let meets = |port: &u16| {
                new.iter().any(|(from, to, other)| {
                    let (one, other) = (block(old.2), block(other));
                    (from..=to).contains(&port) && (one.contains(&other) || other.contains(&one))
                })
            };
            prop_assert_eq!(said(&change.what), told.iter().any(meets), "{}", change.what);
        }
    }
}
