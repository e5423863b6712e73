use std::fmt::Write as _;

use cloud::{ChangeDetail, NestedStack};
use insta::assert_snapshot;

use super::judge::{Inside, Sides};
use super::*;
use crate::printer::problem_text;

fn template(resources: &str) -> Template {
    if resources.is_empty() {
        return Template::default();
    }
    let text = format!("Resources:\n{resources}");
    Template::parse(&text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template
}

fn known(resources: &str) -> Deployed {
    Deployed::Known(Box::new(template(resources)))
}

/// `Modify Efs AWS::EFS::FileSystem True ReplaceAndDelete Encrypted Tags`; `-` for what is not said.
fn change(line: &str) -> cloud::Change {
    let words: Vec<&str> = line.split_whitespace().collect();
    let said = |at: usize| words.get(at).filter(|word| **word != "-").map(|word| (*word).to_owned());
    let detail = |name: &&str| {
        let (name, recreation) =
            name.split_once('!').map_or((*name, None), |(name, _)| (name, Some("Always".to_owned())));
        let (name, source) = name
            .split_once('$')
            .map_or((name, "DirectModification"), |(name, _)| (name, "ParameterReference"));
        ChangeDetail {
            attribute: "Properties".to_owned(),
            name: Some(name.to_owned()),
            requires_recreation: recreation,
            source: Some(source.to_owned()),
            causing_entity: None,
        }
    };
    let (within, logical_id) = words[1].rsplit_once('/').unwrap_or(("", words[1]));
    cloud::Change {
        within: within.to_owned(),
        action: words[0].to_owned(),
        logical_id: logical_id.to_owned(),
        physical_id: None,
        resource_type: words[2].to_owned(),
        replacement: said(3),
        policy_action: said(4),
        change_set_id: None,
        details: words.iter().skip(5).map(detail).collect(),
    }
}

fn set(changes: &[&str]) -> ChangeSet {
    ChangeSet {
        stack: "App".to_owned(),
        stack_id: "arn:stack".to_owned(),
        change_set_id: "arn:set".to_owned(),
        creates_stack: false,
        changes: changes.iter().map(|line| change(line)).collect(),
        nested: Vec::new(),
    }
}

/// The verdict on one change; what is deployed, and what is new.
fn verdict(line: &str, old: &str, new: &str, level: Level, allowed: &[&str]) -> Verdict {
    let judgement =
        judge(&set(&[line]), &known(old), &template(new), &Inside::new(), level, |id| allowed.contains(&id));
    judgement.verdict
}

const EFS: &str = "  Efs: {Type: AWS::EFS::FileSystem}\n";
const KEPT: &str =
    "  Efs: {Type: AWS::EFS::FileSystem, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}\n";
const TOPIC: &str = "  Topic: {Type: AWS::SNS::Topic}\n";

// L12
#[test]
fn replacing_what_holds_data_is_refused_at_every_level_until_it_is_named() {
    for replaced in [
        "Modify Efs AWS::EFS::FileSystem True ReplaceAndDelete Encrypted!",
        "Modify Efs AWS::EFS::FileSystem Conditional ReplaceAndDelete Encrypted",
        "Modify Efs AWS::EFS::FileSystem True ReplaceAndRetain Encrypted!",
        "Modify Efs AWS::EFS::FileSystem True ReplaceAndSnapshot Encrypted!",
        "Modify Efs AWS::EFS::FileSystem True - Encrypted!",
    ] {
        for level in [Level::Never, Level::Broadening, Level::Destructive, Level::Any] {
            assert_eq!(verdict(replaced, EFS, EFS, level, &[]), Verdict::Refuse, "{replaced} {level:?}");
            assert_eq!(
                verdict(replaced, EFS, EFS, level, &["Other"]),
                Verdict::Refuse,
                "{replaced} {level:?}"
            );
        }
        assert_eq!(verdict(replaced, EFS, EFS, Level::Never, &["Efs"]), Verdict::Go, "{replaced}");
        assert_eq!(verdict(replaced, EFS, EFS, Level::Any, &["Efs"]), Verdict::Ask, "{replaced}");
    }
    let in_place = "Modify Efs AWS::EFS::FileSystem False - Tags";
    assert_eq!(verdict(in_place, EFS, EFS, Level::Never, &[]), Verdict::Go);
    let topic = "Modify Topic AWS::SNS::Topic True ReplaceAndDelete TopicName!";
    assert_eq!(verdict(topic, TOPIC, TOPIC, Level::Never, &[]), Verdict::Go, "it holds no data");
}

// L13
#[test]
fn removing_what_holds_data_is_refused_unless_the_deployed_template_keeps_it() {
    let level = Level::Never;
    let removed = |policy: &str| format!("Remove Efs AWS::EFS::FileSystem - {policy}");
    assert_eq!(verdict(&removed("-"), EFS, TOPIC, level, &[]), Verdict::Refuse);
    assert_eq!(verdict(&removed("-"), KEPT, TOPIC, level, &[]), Verdict::Go);
    assert_eq!(verdict(&removed("Retain"), KEPT, TOPIC, level, &[]), Verdict::Go);
    assert_eq!(verdict(&removed("Delete"), KEPT, TOPIC, level, &[]), Verdict::Refuse, "the worse of the two");
    assert_eq!(verdict(&removed("Retain"), EFS, TOPIC, level, &[]), Verdict::Refuse, "the worse of the two");
    assert_eq!(verdict(&removed("Snapshot"), TOPIC, TOPIC, level, &[]), Verdict::Refuse);
    assert_eq!(verdict(&removed("-"), EFS, TOPIC, level, &["Efs"]), Verdict::Go);
    // The new template still has it, under a condition that no longer holds: its policy does not count.
    assert_eq!(verdict(&removed("-"), EFS, KEPT, level, &[]), Verdict::Refuse);
    let unknown = Deployed::Unknown("no permission".to_owned());
    let judged = |policy: &str| {
        judge(&set(&[&removed(policy)]), &unknown, &template(TOPIC), &Inside::new(), level, |_| false)
    };
    assert_eq!(judged("-").verdict, Verdict::Refuse);
    assert_eq!(judged("Retain").verdict, Verdict::Go);
}

#[test]
fn each_level_asks_for_its_class_and_for_no_other() {
    let role = |actions: &str| {
        format!(
            "  Role: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyName: p, PolicyDocument: {{Statement: [{{Effect: Allow, Action: [{actions}], Resource: '*'}}]}}}}]}}}}\n"
        )
    };
    let (one, two) = (role("'s3:GetObject'"), role("'s3:GetObject', 's3:PutObject'"));
    let policies = "Modify Role AWS::IAM::Role False - Policies";
    let asks = |line: &str, old: &str, new: &str| -> Vec<Level> {
        let levels = [Level::Never, Level::Broadening, Level::Destructive, Level::Any];
        levels.into_iter().filter(|level| verdict(line, old, new, *level, &[]) == Verdict::Ask).collect()
    };
    assert_eq!(asks(policies, &one, &two), [Level::Broadening, Level::Any]);
    assert_eq!(asks(policies, &two, &one), [Level::Any]);
    assert_eq!(
        asks("Remove Topic AWS::SNS::Topic", TOPIC, &one),
        [Level::Broadening, Level::Destructive, Level::Any]
    );
    assert_eq!(asks("Remove Topic AWS::SNS::Topic", TOPIC, ""), [Level::Destructive, Level::Any]);
    assert_eq!(
        asks("Modify Topic AWS::SNS::Topic Conditional - X", TOPIC, TOPIC),
        [Level::Destructive, Level::Any]
    );
    assert_eq!(asks("Add Topic AWS::SNS::Topic", "", TOPIC), [Level::Any]);
}

#[test]
fn destructive_is_what_diff_calls_so() {
    let asks = |lines: &[&str], old: &str, new: &str| {
        let judged = |allowed: bool| {
            judge(&set(lines), &known(old), &template(new), &Inside::new(), Level::Destructive, |_| allowed)
        };
        (judged(false).verdict, judged(true).verdict)
    };
    let task = "  Task: {Type: AWS::ECS::TaskDefinition, Properties: {Cpu: 256}}\n";
    let revision = "Modify Task AWS::ECS::TaskDefinition True ReplaceAndDelete Cpu!";
    assert_eq!(asks(&[revision], task, &task.replace("256", "512")), (Verdict::Go, Verdict::Go));
    let versions = ["Add V2 AWS::Lambda::Version", "Remove V1 AWS::Lambda::Version"];
    assert_eq!(asks(&versions, TOPIC, TOPIC), (Verdict::Go, Verdict::Go));
    assert_eq!(asks(&versions[1..], TOPIC, TOPIC), (Verdict::Ask, Verdict::Ask), "nothing comes for it");
    let replaced = "Modify Efs AWS::EFS::FileSystem True ReplaceAndDelete Encrypted!";
    assert_eq!(asks(&[replaced], EFS, EFS), (Verdict::Refuse, Verdict::Ask));
    let logs = "  Logs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}\n";
    let changed = "Modify Logs AWS::Logs::LogGroup False - RetentionInDays";
    assert_eq!(asks(&[changed], logs, &logs.replace("30", "7")), (Verdict::Ask, Verdict::Ask));
    assert_eq!(asks(&[changed], logs, &logs.replace("30", "60")), (Verdict::Go, Verdict::Go));
    assert_eq!(asks(&[], logs, &logs.replace("30", "7")), (Verdict::Go, Verdict::Go), "AWS changes nothing");
}

// L13
#[test]
fn what_aws_refuses_to_delete_is_told_and_still_must_be_named() {
    let old = "  Table: {Type: AWS::DynamoDB::Table, Properties: {DeletionProtectionEnabled: true}}\n  Files: {Type: AWS::S3::Bucket}\n  Logs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}, DeletionPolicy: Retain}\n";
    let new = "  Logs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}\n";
    let set = set(&[
        "Remove Table AWS::DynamoDB::Table - Delete",
        "Remove Files AWS::S3::Bucket - Delete",
        "Modify Logs AWS::Logs::LogGroup False - RetentionInDays",
    ]);
    let judgement = judge(&set, &known(old), &template(new), &Inside::new(), Level::Any, |_| false);
    assert_eq!(judgement.verdict, Verdict::Refuse);
    assert_snapshot!(plain(&show::changes_text(&set, &judgement, None)), @"
    App will be changed:
      gives up data (1):
        ! `Logs` (AWS::Logs::LogGroup): log events older than 7 days are deleted
      gives up protection of data (1):
        ! `Logs` (AWS::Logs::LogGroup): when it is removed, it is deleted instead of kept
      removed (2):
        - Table (AWS::DynamoDB::Table); AWS refuses to delete it, since its deletion protection is on: it stays in the account with its items, outside of the stack
        - Files (AWS::S3::Bucket); it is deleted if it is empty, else it stays in the account with its objects, outside of the stack
      changed (1):
        ~ Logs (AWS::Logs::LogGroup): RetentionInDays
    ");
    let told: Vec<String> = judgement.losses.iter().map(loss_text).collect();
    assert_snapshot!(told.join("\n"), @"
    Table would be removed: AWS refuses to delete it, since its deletion protection is on: it stays with its items, outside of the stack
    Files would be removed: deleted if it is empty, else it stays with its objects, outside of the stack
    ");
}

#[test]
fn what_the_templates_do_not_show_counts_as_allowing_more() {
    let group = "  G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: !Ref C}]}}\n";
    for (line, expected) in [
        ("Modify G AWS::EC2::SecurityGroup False - SecurityGroupIngress$", Verdict::Ask),
        ("Modify G AWS::EC2::SecurityGroup False - Tags$", Verdict::Go),
        ("Modify Nested AWS::CloudFormation::Stack False - Parameters", Verdict::Ask),
        ("Add Made AWS::IAM::Role", Verdict::Ask),
        ("Add Made AWS::SNS::Topic", Verdict::Go),
    ] {
        assert_eq!(verdict(line, group, group, Level::Broadening, &[]), expected, "{line}");
    }
    let unknown = Deployed::Unknown("not allowed to read it".to_owned());
    let judgement =
        judge(&set(&[]), &unknown, &template(group), &Inside::new(), Level::Broadening, |_| false);
    assert_eq!(judgement.verdict, Verdict::Ask);
}

#[test]
fn a_stack_that_was_never_made_wholly_is_not_deleted_with_data_in_it() {
    let left = [("Efs".to_owned(), "AWS::EFS::FileSystem".to_owned())];
    let judged =
        |old: &Deployed, level, allowed: bool| judge_recreation(&left, old, level, |_| allowed).verdict;
    assert_eq!(judged(&known(EFS), Level::Never, false), Verdict::Refuse);
    assert_eq!(judged(&known(EFS), Level::Never, true), Verdict::Go);
    assert_eq!(judged(&known(KEPT), Level::Never, false), Verdict::Go, "it is kept");
    assert_eq!(judged(&known(KEPT), Level::Destructive, false), Verdict::Ask);
    assert_eq!(
        judged(&Deployed::Nothing, Level::Broadening, false),
        Verdict::Refuse,
        "nobody knows its policy"
    );
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn what_is_dangerous_stands_on_top() {
    let old = "  Efs: {Type: AWS::EFS::FileSystem}\n  Db: {Type: AWS::RDS::DBInstance}\n  Web: {Type: AWS::EC2::SecurityGroup}\n";
    let new = "  Efs: {Type: AWS::EFS::FileSystem, UpdateReplacePolicy: Retain}\n  Web: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 8080, ToPort: 8080, CidrIp: 0.0.0.0/0}]}}\n";
    let set = set(&[
        "Add Topic AWS::SNS::Topic",
        "Modify Service AWS::ECS::Service False - TaskDefinition Tags",
        "Modify Efs AWS::EFS::FileSystem True ReplaceAndRetain Tags Encrypted!",
        "Modify Task AWS::ECS::TaskDefinition Conditional Delete Cpu",
        "Remove Db AWS::RDS::DBInstance - Snapshot",
        "Modify Web AWS::EC2::SecurityGroup False - SecurityGroupIngress",
    ]);
    let judgement = judge(&set, &known(old), &template(new), &Inside::new(), Level::Any, |_| true);
    assert_snapshot!(plain(&show::changes_text(&set, &judgement, None)), @"
    App will be changed:
      allows more (1):
        ! `Web` is now open to 0.0.0.0/0 on port 8080
      removed (1):
        - Db (AWS::RDS::DBInstance); it is deleted with its data after a snapshot
      replaced (1):
        ± Efs (AWS::EFS::FileSystem): Encrypted (replaces it), Tags; the old one stays in the account with its files, outside of the stack
      changed, and may be replaced (1):
        ± Task (AWS::ECS::TaskDefinition): Cpu; the old one is deleted
      changed (2):
        ~ Service (AWS::ECS::Service): Tags, TaskDefinition
        ~ Web (AWS::EC2::SecurityGroup): SecurityGroupIngress
      added (1):
        + Topic (AWS::SNS::Topic)
    ");
}

#[test]
fn a_new_stack_is_told_in_numbers_and_what_is_wide_in_full() {
    let mut resources = String::from(
        "  Web: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}, {IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}]}}\n",
    );
    let mut changes = vec!["Add Web AWS::EC2::SecurityGroup".to_owned()];
    for number in 0..41 {
        writeln!(resources, "  T{number}: {{Type: AWS::SNS::Topic}}").unwrap();
        changes.push(format!("Add T{number} AWS::SNS::Topic"));
    }
    let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
    let set = ChangeSet { creates_stack: true, ..set(&changes) };
    let judgement =
        judge(&set, &Deployed::Nothing, &template(&resources), &Inside::new(), Level::Any, |_| false);
    assert_snapshot!(plain(&show::changes_text(&set, &judgement, None)), @"
    App will be created, with 42 resources:
      allows more (3):
        ! all that a new stack allows is new: 2 × way in, 1 × way out; for everybody or everything, or not to be judged:
        ! `Web` is now open to 0.0.0.0/0 on port 443
      added (42):
        + 41 AWS::SNS::Topic
        + 1 AWS::EC2::SecurityGroup
    ");
}

/// What a macro makes is in no template.
#[test]
fn what_a_macro_makes_needs_approval_where_it_may_allow_more() {
    let asks = |line: &str, old: &str| {
        let judged = verdict(line, old, TOPIC, Level::Broadening, &[]);
        judged == Verdict::Ask
    };
    for type_name in [
        "AWS::EC2::NetworkAclEntry",
        "AWS::EC2::SubnetNetworkAclAssociation",
        "AWS::EC2::Route",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::SSO::Assignment",
        "AWS::SSO::PermissionSet",
        "AWS::IAM::Role",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::Lambda::Permission",
        "AWS::S3::BucketPolicy",
    ] {
        assert!(asks(&format!("Add Made {type_name}"), TOPIC), "{type_name}");
        assert!(asks(&format!("Modify Made {type_name} False"), TOPIC), "{type_name}");
    }
    for type_name in [
        "AWS::EC2::RouteTable",
        "AWS::EC2::NetworkAcl",
        "AWS::Lambda::Function",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
    ] {
        assert!(!asks(&format!("Add Made {type_name}"), TOPIC), "{type_name}");
    }
    // Without what denies, more is allowed.
    for (type_name, may) in [
        ("AWS::EC2::NetworkAclEntry", true),
        ("AWS::EC2::SubnetNetworkAclAssociation", true),
        ("AWS::S3::BucketPolicy", true),
        ("AWS::EC2::Route", false),
        ("AWS::IAM::Role", false),
        ("AWS::ApplicationAutoScaling::ScalingPolicy", false),
    ] {
        assert_eq!(asks(&format!("Remove Made {type_name}"), TOPIC), may, "{type_name}");
    }
    // One that the deployed template has is judged by it.
    let entry = format!(
        "{TOPIC}  Made: {{Type: AWS::EC2::NetworkAclEntry, Properties: {{NetworkAclId: acl-1, RuleNumber: 1, Protocol: 6, RuleAction: allow, CidrBlock: 0.0.0.0/0, PortRange: {{From: 1, To: 2}}}}}}\n"
    );
    assert!(!asks("Remove Made AWS::EC2::NetworkAclEntry", &entry));
}

// L12, L13
#[test]
fn a_refusal_names_all_that_would_be_lost_and_one_command() {
    let set = set(&[
        "Modify Efs AWS::EFS::FileSystem True ReplaceAndRetain Encrypted!",
        "Modify Queue AWS::SQS::Queue Conditional - FifoQueue",
        "Remove Secret AWS::SecretsManager::Secret - Delete",
        "Remove Given AWS::S3::Bucket - Delete",
    ]);
    let judgement = judge(
        &set,
        &Deployed::Unknown(String::new()),
        &Template::default(),
        &Inside::new(),
        Level::Any,
        |id| id == "Given",
    );
    let arguments = ["/usr/bin/docuthinker", "deploy", "--all", "--stack-name", "a b"].map(str::to_owned);
    let failure = lost(&judgement.losses, "S", None, &arguments);
    let text: String = failure.problems.iter().map(|problem| problem_text(problem, None)).collect();
    assert_snapshot!(plain(&text), @"
    error: Efs would be replaced: a new one without its files takes its place, and the old one stays outside of the stack
      at Efs (AWS::EFS::FileSystem)
    error: Queue may be replaced: a new one without its messages takes its place, and the old one is deleted
      at Queue (AWS::SQS::Queue)
    error: Secret would be removed: deleted with its value
      at Secret (AWS::SecretsManager::Secret)
    ");
    assert_snapshot!(failure.next.unwrap(), @"if that is meant, save what is needed, and run `docuthinker deploy --all --stack-name 'a b' --allow-replace S/Efs --allow-replace S/Queue --allow-replace S/Secret`");
    assert_eq!(failure.exit, Exit::Refused);
    assert_snapshot!(again(&["x".into(), "--parameter".into(), "P=secret".into()], "--allow-replace A"),
        @"run the same command with `--allow-replace A`");
}

fn nested(path: &str, unseen: Option<&str>) -> NestedStack {
    NestedStack {
        path: path.to_owned(),
        stack_id: Some("arn:nested".to_owned()),
        change_set_id: Some("arn:nested-set".to_owned()),
        unseen: unseen.map(str::to_owned),
    }
}

fn sides(old: &str, new: &str) -> Sides {
    Sides { old: known(old), new: Ok(Box::new(template(new))) }
}

// L12, L13
#[test]
fn what_is_lost_in_a_nested_stack_is_named_by_its_path_and_judged_by_its_own_template() {
    let judged = |line: &str, sides: Sides, allowed: &[&str]| {
        let set = ChangeSet { nested: vec![nested("Data", None)], ..set(&[line]) };
        let inside = Inside::from([("Data".to_owned(), sides)]);
        // The stack that it is in has a resource of the same name, which stays.
        judge(&set, &known(KEPT), &template(KEPT), &inside, Level::Never, |id| allowed.contains(&id))
    };
    let replaced = "Modify Data/Efs AWS::EFS::FileSystem True ReplaceAndDelete Encrypted!";
    let refused = judged(replaced, sides(EFS, EFS), &["Efs", "Data"]);
    assert_eq!((refused.verdict, refused.losses[0].id.as_str()), (Verdict::Refuse, "Data/Efs"));
    assert_eq!(judged(replaced, sides(EFS, EFS), &["Data/Efs"]).verdict, Verdict::Go);
    let removed = "Remove Data/Efs AWS::EFS::FileSystem";
    assert_eq!(judged(removed, sides(EFS, TOPIC), &[]).verdict, Verdict::Refuse);
    assert_eq!(judged(removed, sides(KEPT, TOPIC), &[]).verdict, Verdict::Go);
    let unreadable = Sides { old: Deployed::Unknown(String::new()), new: Err("no".to_owned()) };
    assert_eq!(judged(removed, unreadable, &[]).verdict, Verdict::Refuse);
}

#[test]
fn what_a_nested_stack_allows_more_is_told_with_its_path() {
    let group = |cidr: &str| {
        format!(
            "  Web: {{Type: AWS::EC2::SecurityGroup, Properties: {{SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: 8080, ToPort: 8080, CidrIp: {cidr}}}]}}}}\n"
        )
    };
    let set = ChangeSet {
        nested: vec![nested("Net", None), nested("Net/Same", None), nested("Dark", Some("no permission"))],
        ..set(&[
            "Modify Net AWS::CloudFormation::Stack False - TemplateURL",
            "Modify Dark AWS::CloudFormation::Stack False - TemplateURL",
            "Modify Net/Web AWS::EC2::SecurityGroup False - SecurityGroupIngress",
            "Modify Net/Efs AWS::EFS::FileSystem True ReplaceAndDelete Encrypted!",
        ])
    };
    let sides = sides(&group("10.0.0.0/8"), &group("0.0.0.0/0"));
    let inside = Inside::from([("Net".to_owned(), sides)]);
    let judged = |level| judge(&set, &known(TOPIC), &template(TOPIC), &inside, level, |_| true);
    assert_snapshot!(plain(&show::changes_text(&set, &judged(Level::Any), None)), @"
    App will be changed:
      allows more (2):
        ! in `Net`: `Web` is now open to 0.0.0.0/0 on port 8080
        ? `Dark` is a stack of its own, and what it changes cannot be seen from here: no permission
      replaced (1):
        ± Net/Efs (AWS::EFS::FileSystem): Encrypted (replaces it); the old one is deleted with its files
      changed (3):
        ~ Net (AWS::CloudFormation::Stack): TemplateURL
        ~ Dark (AWS::CloudFormation::Stack): TemplateURL
        ~ Net/Web (AWS::EC2::SecurityGroup): SecurityGroupIngress
    ");
    assert_eq!(judged(Level::Broadening).verdict, Verdict::Ask);
    assert_eq!(judged(Level::Never).verdict, Verdict::Go);
}

#[test]
fn a_nested_stack_that_nobody_can_see_into_needs_approval_and_one_without_changes_does_not() {
    let verdict = |unseen: Option<&str>, level| {
        let line = "Modify Data AWS::CloudFormation::Stack False - Parameters";
        let set = ChangeSet { nested: vec![nested("Data", unseen)], ..set(&[line]) };
        judge(&set, &known(TOPIC), &template(TOPIC), &Inside::new(), level, |_| false).verdict
    };
    for level in [Level::Broadening, Level::Destructive, Level::Any] {
        assert_eq!(verdict(Some("there is no change set"), level), Verdict::Ask, "{level:?}");
    }
    assert_eq!(verdict(Some("there is no change set"), Level::Never), Verdict::Go);
    assert_eq!(verdict(None, Level::Broadening), Verdict::Go);
    assert_eq!(verdict(None, Level::Destructive), Verdict::Go);
    let new = NestedStack { stack_id: None, ..nested("Data", Some("there is no change set")) };
    let set = ChangeSet { nested: vec![new], ..set(&["Add Data AWS::CloudFormation::Stack"]) };
    let judged = |level| judge(&set, &known(TOPIC), &template(TOPIC), &Inside::new(), level, |_| false);
    assert_eq!(judged(Level::Broadening).verdict, Verdict::Ask);
    assert_eq!(judged(Level::Destructive).verdict, Verdict::Go, "nothing can go in it");
}
