mod guards;
mod network;
mod parts;

use std::fmt::Write as _;

use insta::assert_snapshot;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::grants::NO_ACCESS;
use super::{SecurityKind, broadening, may_broaden, may_deny, may_grant};
use crate::document::Template;

#[track_caller]
fn template(resources: &str) -> Template {
    let text = if resources.contains("Resources:") {
        resources.to_owned()
    } else {
        format!("Resources:\n{resources}")
    };
    Template::parse(&text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template
}

/// The sentences; `?` stands before what cannot be judged, `!` before what is wide.
#[track_caller]
fn check(old: &str, new: &str) -> String {
    let mut text = String::new();
    for change in broadening(&template(old), &template(new)) {
        let mark = if change.judged { "" } else { "? " };
        let wide = if change.wide { "! " } else { "" };
        writeln!(text, "{:?}: {mark}{wide}{}", change.kind, change.what).unwrap();
    }
    text
}

/// A role with these statements.
fn role(statements: &str) -> String {
    format!(
        "  Task: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyName: p, PolicyDocument: {{Statement: {statements}}}}}]}}}}\n"
    )
}

/// What a role may do more if its statements change.
#[track_caller]
fn statements(old: &str, new: &str) -> String {
    check(&role(old), &role(new))
}

#[test]
fn an_added_action_or_resource_is_told_with_what_it_is_on() {
    assert_snapshot!(statements(
        "[{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::a/*'}]",
        "[{Effect: Allow, Action: ['s3:GetObject', 's3:PutObject'], Resource: ['arn:aws:s3:::a/*', !Sub '${B.Arn}/*']}]",
    ), @"
    Permission: `Task` may now do `s3:GetObject` on `${B.Arn}/*`
    Permission: `Task` may now do `s3:PutObject` on `arn:aws:s3:::a/*` and `${B.Arn}/*`
    ");
    assert_snapshot!(statements("[]", "{Effect: Allow, Action: 's3:*', Resource: '*'}"),
        @"Permission: ! `Task` may now do `s3:*` on `*`");
}

#[test]
fn what_means_the_same_or_less_is_nothing() {
    let wide = "{Effect: Allow, Action: ['S3:Get*', 'sqs:SendMessage'], Resource: ['arn:aws:s3:::a*', !GetAtt Q.Arn]}";
    for narrower in [
        wide,
        "{Effect: Allow, Action: ['sqs:sendmessage', 's3:get*'], Resource: [!Sub '${Q.Arn}', 'arn:aws:s3:::a*']}",
        "{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::abc'}",
        "[{Effect: Allow, Action: 's3:GetObject', Resource: !Join ['', ['arn:aws:s3:::', 'ab']]}, {Effect: Deny, Action: '*', Resource: '*'}]",
        "{Effect: Allow, Action: 's3:get*', Resource: '*', Condition: {Bool: {'aws:SecureTransport': 'true'}}}",
        "[]",
    ] {
        // All but the last but one are covered: `*` is not.
        let expected = if narrower.contains("Resource: '*', Condition") {
            "Permission: `Task` may now do `s3:get*` on `*`, under a condition\n"
        } else {
            ""
        };
        assert_eq!(statements(wide, narrower), expected, "{narrower}");
    }
}

#[test]
fn a_condition_that_goes_and_a_deny_that_goes_broaden() {
    let conditional = "{Effect: Allow, Action: 'sqs:*', Resource: '*', Condition: {StringEquals: {'aws:SourceAccount': ['1', '2']}}}";
    assert_snapshot!(statements(conditional, "{Effect: Allow, Action: 'sqs:*', Resource: '*'}"),
        @"Permission: ! `Task` may now do `sqs:*` on `*`, without the condition that it had");
    assert_snapshot!(statements(conditional, &conditional.replace("'2'", "'3'")),
        @"Permission: ! `Task` may now do `sqs:*` on `*`, under another condition");
    assert_eq!(statements(conditional, &conditional.replace("['1', '2']", "'2'")), "");
    let deny = "[{Effect: Allow, Action: '*', Resource: '*'}, {Effect: Deny, Action: ['iam:*', 'kms:Decrypt'], Resource: '*'}]";
    assert_snapshot!(statements(deny, &deny.replace(", 'kms:Decrypt'", "")),
        @"Permission: ! `Task` is no longer denied `kms:Decrypt` on `*`");
}

#[test]
fn all_but_some_is_compared_too() {
    let but = "{Effect: Allow, NotAction: ['iam:*', 'kms:*'], Resource: '*'}";
    assert_eq!(statements(but, "{Effect: Allow, Action: 's3:GetObject', Resource: '*'}"), "");
    assert_eq!(statements(but, &but.replace("'kms:*'", "'kms:*', 's3:*'")), "");
    assert_snapshot!(statements(but, "{Effect: Allow, NotAction: 'iam:*', Resource: '*'}"),
        @"Permission: ! `Task` may now do `everything but iam:*` on `*`");
    assert_snapshot!(statements(but, "{Effect: Allow, Action: 'kms:Decrypt', Resource: '*'}"),
        @"Permission: `Task` may now do `kms:Decrypt` on `*`");
}

#[test]
fn a_statement_that_moves_to_another_policy_of_the_role_is_nothing_new() {
    let statement = "{Effect: Allow, Action: 'sqs:SendMessage', Resource: '*'}";
    let moved = format!(
        "{}  P: {{Type: AWS::IAM::Policy, Properties: {{PolicyName: q, Roles: [!Ref Task], PolicyDocument: {{Statement: {statement}}}}}}}\n",
        role("[]")
    );
    assert_eq!(check(&role(statement), &moved), "");
    assert_eq!(check(&moved, &role(statement)), "");
    let managed = format!(
        "  Task: {{Type: AWS::IAM::Role, Properties: {{ManagedPolicyArns: [!Ref P]}}}}\n  P: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {{Statement: {statement}}}}}}}\n"
    );
    assert_snapshot!(check(&role(statement), &managed), @"Permission: `P` may now do `sqs:SendMessage` on `*`");
}

#[test]
fn managed_policies_boundaries_and_trust_are_told() {
    let old = "
  R: {Type: AWS::IAM::Role, Properties: {PermissionsBoundary: 'arn:aws:iam::1:policy/b', ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'], AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: ecs-tasks.amazonaws.com}}]}}}
";
    let new = "
  R: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess', 'arn:aws:iam::aws:policy/AdministratorAccess'], AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: [ec2.amazonaws.com, ecs-tasks.amazonaws.com], AWS: '111122223333'}}]}}}
";
    assert_snapshot!(check(old, new), @"
    Permission: ! `R` now has the policy or group `arn:aws:iam::aws:policy/AdministratorAccess`
    Permission: ! `R` is no longer held back by a permissions boundary
    Trust: `R` may now be assumed by `arn:aws:iam::111122223333:root` and `ec2.amazonaws.com`
    ");
    assert_eq!(check(new, new), "");
}

#[test]
fn policies_of_resources_are_compared_by_the_resource_they_are_for() {
    let policy = |id: &str, who: &str| {
        format!(
            "  Q: {{Type: AWS::SQS::Queue}}\n  {id}: {{Type: AWS::SQS::QueuePolicy, Properties: {{Queues: [!Ref Q], PolicyDocument: {{Statement: [{{Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Q.Arn, Principal: {who}}}]}}}}}}\n"
        )
    };
    assert_eq!(check(&policy("One", "'*'"), &policy("Other", "{AWS: '*'}")), "");
    assert_snapshot!(check(&policy("One", "{Service: sns.amazonaws.com}"), &policy("One", "'*'")),
        @"ResourcePolicy: ! `Q` now lets everybody do `sqs:SendMessage`");
    let key = |policy: &str| format!("  K: {{Type: AWS::KMS::Key, Properties: {{KeyPolicy: {policy}}}}}\n");
    assert_snapshot!(check(
        &key("{Statement: [{Effect: Allow, Action: 'kms:*', Resource: '*', Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}}]}"),
        &key("!Ref Policy"),
    ), @"ResourcePolicy: ? a policy of `K` changes, and only AWS knows what it says");
}

#[test]
fn a_policy_in_json_text_is_read_and_functions_in_it_are_kept() {
    let logs = |action: &str| {
        let text = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"Service":"es.amazonaws.com"}},"Action":{action},"Resource":"${{G.Arn}}"}}]}}"#
        );
        format!(
            "  P: {{Type: AWS::Logs::ResourcePolicy, Properties: {{PolicyName: p, PolicyDocument: !Sub '{text}'}}}}\n"
        )
    };
    assert_eq!(check(&logs(r#"["logs:PutLogEvents"]"#), &logs(r#""logs:PutLogEvents""#)), "");
    assert_snapshot!(check(&logs(r#""logs:PutLogEvents""#), &logs(r#""logs:*""#)),
        @"ResourcePolicy: `P` now lets `es.amazonaws.com` do `logs:*`");
}

#[test]
fn what_is_open_without_a_policy_broadens_when_its_policy_goes() {
    let with = "  E: {Type: AWS::EC2::VPCEndpoint, Properties: {PolicyDocument: {Statement: [{Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: '*'}]}}}\n";
    let without = "  E: {Type: AWS::EC2::VPCEndpoint}\n";
    assert_snapshot!(check(with, without), @"ResourcePolicy: ! `E` now lets everybody do `*`");
    assert_eq!(check("  X: {Type: AWS::SNS::Topic}\n", without), "", "a new one is as all new ones are");
}

/// The rules of one group.
fn group(ingress: &str) -> String {
    format!(
        "  G: {{Type: AWS::EC2::SecurityGroup, Properties: {{GroupDescription: g, SecurityGroupIngress: [{ingress}]}}}}\n"
    )
}

#[test]
fn rules_are_compared_by_ports_and_blocks_wherever_they_stand() {
    let old = group("{IpProtocol: tcp, FromPort: 80, ToPort: 90, CidrIp: 10.0.0.0/8}");
    for same in [
        group("{IpProtocol: 6, FromPort: '80', ToPort: 90, CidrIp: 10.0.0.0/8}"),
        group("{IpProtocol: tcp, FromPort: 85, ToPort: 85, CidrIp: 10.7.0.0/16}"),
        format!(
            "{}  R: {{Type: AWS::EC2::SecurityGroupIngress, Properties: {{GroupId: !GetAtt G.GroupId, IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/9}}}}\n",
            group("")
        ),
    ] {
        assert_eq!(check(&old, &same), "", "{same}");
    }
    assert_snapshot!(check(&old, &group("{IpProtocol: tcp, FromPort: 80, ToPort: 91, CidrIp: 10.0.0.0/8}, {IpProtocol: -1, CidrIpv6: '::/0'}, {IpProtocol: udp, FromPort: 53, ToPort: 53, SourceSecurityGroupId: !Ref H}")), @"
    Ingress: `G` is now open to 10.0.0.0/8 on port 91
    Ingress: ! `G` is now open to ::/0 on all ports
    Ingress: `G` is now open to `H` on port 53 (udp)
    ");
    assert_snapshot!(check(&old, &group("{IpProtocol: tcp, FromPort: 80, ToPort: 90, CidrIp: !Ref Cidr}")),
        @"Ingress: `G` is now open to `Cidr` on ports 80 to 90");
}

#[test]
fn a_group_without_rules_for_what_goes_out_lets_everything_out() {
    let closed = "  G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]}}\n";
    assert_snapshot!(check(closed, &group("")), @"Egress: `G` now reaches 0.0.0.0/0 on all ports");
    assert_eq!(check(&group(""), closed), "");
}

#[test]
fn what_becomes_public_is_told() {
    let old = "
  Db: {Type: AWS::RDS::DBInstance, Properties: {PubliclyAccessible: false}}
  B: {Type: AWS::S3::Bucket, Properties: {PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true}}}
  S: {Type: AWS::ECS::Service, Properties: {NetworkConfiguration: {AwsvpcConfiguration: {AssignPublicIp: DISABLED}}}}
  L: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Scheme: internal}}
";
    let new = "
  Db: {Type: AWS::RDS::DBInstance, Properties: {PubliclyAccessible: 'true'}}
  B: {Type: AWS::S3::Bucket, Properties: {PublicAccessBlockConfiguration: {BlockPublicAcls: false}}}
  S: {Type: AWS::ECS::Service, Properties: {NetworkConfiguration: {AwsvpcConfiguration: {AssignPublicIp: !Ref Ip}}}}
  L: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer}
";
    assert_snapshot!(check(old, new), @"
    Public: ! `Db` now gets a public address
    Public: ! `B` now takes public access lists
    Public: ? `B` loses `BlockPublicPolicy`
    Public: ? `AssignPublicIp` of `S` becomes `Ip`, which only AWS knows
    Public: ! `L` now faces the internet
    ");
    assert_eq!(check(new, old), "");
}

#[test]
fn a_condition_of_the_template_counts_by_what_it_says() {
    let with = |definition: &str, port: &str| {
        format!(
            "Conditions: {{Big: !Equals [!Ref 'AWS::Region', {definition}]}}\nResources:\n{}",
            group(&format!("{{IpProtocol: tcp, FromPort: 1, ToPort: {port}, CidrIp: 10.0.0.0/8}}"))
        )
    };
    let (some, all) = (with("a", "!If [Big, 1, 2]"), with("a", "2"));
    assert_eq!(check(&some, &some), "");
    assert_eq!(check(&all, &some), "");
    assert_snapshot!(check(&some, &all), @"Ingress: `G` is now open to 10.0.0.0/8 on ports 1 to 2");
    assert_snapshot!(check(&some, &with("b", "!If [Big, 1, 2]")), @"
    Ingress: `G` is now open to 10.0.0.0/8 on port 1
    Ingress: `G` is now open to 10.0.0.0/8 on ports 1 to 2
    ");
}

#[test]
fn a_resource_that_goes_takes_its_deny_with_it() {
    let policy = "
  B: {Type: AWS::S3::Bucket}
  P: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref B, PolicyDocument: {Statement: [{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', Condition: {Bool: {'aws:SecureTransport': 'false'}}}]}}}
";
    assert_eq!(check(policy, "  X: {Type: AWS::SNS::Topic}\n"), "");
    assert_snapshot!(check(policy, "  B: {Type: AWS::S3::Bucket}\n"),
        @"ResourcePolicy: on `B`, `s3:*` is no longer denied to everybody");
}

#[test]
fn a_policy_of_many_thousand_pairs_is_not_compared_for_ever() {
    let many = |what: &str| (0..3000).map(|n| format!("'{what}{n}'")).collect::<Vec<_>>().join(", ");
    let statement =
        format!("{{Effect: Allow, Action: [{}], Resource: [{}]}}", many("s3:A"), many("arn:aws:s3:::"));
    assert_eq!(statements(&statement, &statement), "");
    assert_snapshot!(statements(&statement, &statement.replace("'s3:A0'", "'s3:B'")),
        @"Permission: ? the policies of `Task` change, and are too large to be compared");
}

const ACTIONS: [&str; 6] = ["s3:GetObject", "s3:Get*", "sqs:*", "kms:Decrypt", "logs:PutLogEvents", "ecr:*"];

fn allow(actions: &[&str]) -> String {
    let quoted: Vec<String> = actions.iter().map(|action| format!("'{action}'")).collect();
    format!("{{Effect: Allow, Action: [{}], Resource: ['arn:aws:s3:::a', '*']}}", quoted.join(", "))
}

proptest! {
    #[test]
    fn a_template_allows_nothing_that_it_does_not_allow_already(template in crate::arbitrary::template()) {
        prop_assert_eq!(broadening(&template, &template), []);
    }

    #[test]
    fn order_of_statements_and_actions_does_not_matter(
        (old, new) in proptest::collection::vec(subsequence(ACTIONS.to_vec(), 1..=6), 1..5).prop_flat_map(|lists| {
            let shuffled = lists.clone();
            (Just(lists), Just(shuffled).prop_shuffle())
        }),
    ) {
        let text = |lists: &[Vec<&str>], reverse: bool| {
            let all = lists.iter().map(|list| {
                let mut list = list.clone();
                if reverse { list.reverse(); }
                allow(&list)
            });
            role(&format!("[{}]", all.collect::<Vec<_>>().join(", ")))
        };
        prop_assert_eq!(check(&text(&old, false), &text(&new, true)), "");
    }

    #[test]
    fn an_action_that_no_other_covers_is_told(actions in subsequence(ACTIONS.to_vec(), 0..=5), at in any::<Index>()) {
        let mut more = actions.clone();
        more.insert(at.index(actions.len() + 1), "iam:PassRole");
        let told = broadening(&template(&role(&allow(&actions))), &template(&role(&allow(&more))));
        prop_assert_eq!(told.len(), 1);
        prop_assert_eq!(told[0].kind, SecurityKind::Permission);
        prop_assert!(told[0].what.contains("iam:PassRole"), "{}", told[0].what);
        prop_assert_eq!(broadening(&template(&role(&allow(&more))), &template(&role(&allow(&actions)))), []);
    }
}

#[test]
fn a_user_that_is_added_to_a_group_has_what_it_has() {
    let user = "  Ann: {Type: AWS::IAM::User}\n";
    let added = |users: &str| {
        format!(
            "{user}  Add: {{Type: AWS::IAM::UserToGroupAddition, Properties: {{GroupName: Admins, Users: [{users}]}}}}\n"
        )
    };
    let told = "Permission: `Ann` now has the policy or group `Admins`\n";
    assert_eq!(check(user, &added("!Ref Ann")), told);
    assert_eq!(check(&added("bob"), &added("bob, !Ref Ann")), told);
    assert_eq!(check(&added("!Ref Ann, bob"), &added("bob")), "");
}

#[test]
fn every_property_that_says_who_may_do_what_may_broaden() {
    for (type_name, property) in [
        ("AWS::S3::Bucket", "AccessControl"),
        ("AWS::S3::Bucket", "PublicAccessBlockConfiguration"),
        ("AWS::OpenSearchService::Domain", "AccessPolicies"),
        ("AWS::IAM::Role", "AssumeRolePolicyDocument"),
        ("AWS::EC2::SecurityGroupIngress", "CidrIpv6"),
        ("AWS::EC2::SecurityGroup", "SecurityGroupEgress"),
        ("AWS::EFS::FileSystem", "FileSystemPolicy"),
        ("AWS::IAM::User", "Groups"),
        ("AWS::IAM::UserToGroupAddition", "Users"),
        ("AWS::Lambda::Permission", "Action"),
        ("AWS::ECS::Service", "NetworkConfiguration"),
        ("AWS::RDS::DBInstance", "PubliclyAccessible"),
        ("AWS::EC2::NetworkAclEntry", "RuleAction"),
        ("AWS::EC2::Route", "GatewayId"),
        ("AWS::EC2::SubnetRouteTableAssociation", "RouteTableId"),
        ("AWS::SSO::Assignment", "TargetId"),
    ] {
        assert!(may_broaden(type_name, property), "{type_name} {property}");
    }
    for (type_name, property) in [
        ("AWS::IAM::Role", "Description"),
        ("AWS::ECS::Service", "DesiredCount"),
        ("AWS::SQS::Queue", "Action"),
        ("AWS::EC2::Route", "NatGatewayId"),
        ("AWS::EC2::Subnet", "CidrBlock"),
    ] {
        assert!(!may_broaden(type_name, property), "{type_name} {property}");
    }
}

#[test]
fn only_what_gives_or_takes_access_may_grant_or_deny() {
    for type_name in [
        "AWS::EC2::Route",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::IAM::Role",
        "AWS::Lambda::Permission",
        "AWS::SSO::Assignment",
        "AWS::SSO::PermissionSet",
    ] {
        assert!(may_grant(type_name) && !may_deny(type_name), "{type_name}");
    }
    for type_name in [
        "AWS::EC2::NetworkAclEntry",
        "AWS::EC2::SubnetNetworkAclAssociation",
        "AWS::ECR::RegistryPolicy",
        "AWS::Events::EventBusPolicy",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::RolePolicy",
        "AWS::IoT::Policy",
        "AWS::Kinesis::ResourcePolicy",
        "AWS::Logs::ResourcePolicy",
        "AWS::MSK::ClusterPolicy",
        "AWS::Organizations::Policy",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueueInlinePolicy",
        "AWS::SecretsManager::ResourcePolicy",
        "AWS::VpcLattice::AuthPolicy",
        // Newer than the facts, or of somebody else.
        "AWS::Tomorrow::AccessPolicy",
        "Custom::BucketPolicy",
    ] {
        assert!(may_grant(type_name) && may_deny(type_name), "{type_name}");
    }
    for type_name in NO_ACCESS {
        assert!(!may_grant(type_name) && !may_deny(type_name), "{type_name}");
        assert!(crate::facts::type_names().any(|known| known == type_name), "{type_name}");
    }
    assert!(!may_grant("AWS::EC2::RouteTable") && !may_grant("AWS::S3::Bucket"));
}

#[test]
fn who_has_access_to_which_account_is_told() {
    let set = "  Admin: {Type: AWS::SSO::PermissionSet, Properties: {ManagedPolicies: ['arn:aws:iam::aws:policy/AdministratorAccess']}}\n";
    let assigned = |kind: &str, who: &str, set: &str, account: &str| {
        format!(
            "  A: {{Type: AWS::SSO::Assignment, Properties: {{InstanceArn: i, TargetType: AWS_ACCOUNT, PrincipalType: {kind}, PrincipalId: {who}, PermissionSetArn: {set}, TargetId: {account}}}}}\n"
        )
    };
    let old =
        format!("{set}{}", assigned("GROUP", "ops", "arn:aws:sso:::permissionSet/x/ps-1", "'111122223333'"));
    assert_eq!(check(&old, &old.replace("  A:", "  B:")), "", "the same under another name");
    let admins = old.replace("arn:aws:sso:::permissionSet/x/ps-1", "!GetAtt Admin.PermissionSetArn");
    assert_snapshot!(check(&old, &admins),
        @"Permission: ! the group `ops` now has access to the account `111122223333` with the permission set `Admin`");
    assert_snapshot!(check(set, &format!("{set}{}", assigned("USER", "!Ref Who", "arn", "!Ref Account"))),
        @"Permission: the user `Who` now has access to the account `Account` with the permission set `arn`");
    assert_eq!(check(&old, set), "");
    let (broader, narrower) = super::broadening_and_narrowing(&template(&old), &template(set));
    assert_eq!(broader, []);
    let what = "the group `ops` no longer has access to the account `111122223333` with the permission set `arn:aws:sso:::permissionSet/x/ps-1`";
    assert_eq!(narrower[0].what, what);
}

#[test]
fn an_assignment_under_a_condition_becomes_one_without() {
    let assigned = |condition: &str| {
        format!(
            "Conditions: {{Prod: !Equals [!Ref 'AWS::Region', a]}}\nResources:\n  A: {{Type: AWS::SSO::Assignment{condition}, Properties: {{PrincipalType: GROUP, PrincipalId: g, PermissionSetArn: s, TargetId: t}}}}\n"
        )
    };
    let told = "Permission: the group `g` now has access to the account `t` with the permission set `s`\n";
    assert_eq!(check(&assigned(", Condition: Prod"), &assigned("")), told);
    assert_eq!(check(&assigned(""), &assigned(", Condition: Prod")), "");
}
