//! Items of lists that come, go and change.

use insta::assert_snapshot;

use super::{diff, resource, template, text};
use crate::document::Template;

fn of(type_name: &str, property: &str, list: &str) -> String {
    format!("{{Type: '{type_name}', Properties: {{{property}: {list}}}}}")
}

#[track_caller]
fn list(type_name: &str, property: &str, old: &str, new: &str) -> String {
    let text = resource(&of(type_name, property, old), &of(type_name, property, new));
    text.lines().filter(|line| line.starts_with("  Resources")).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_item_that_comes_is_one_item() {
    assert_snapshot!(list("A::B::C", "L", "[a, b, c]", "[x, a, b, c]"), @r#"  Resources.R.Properties.L[0]: - → "x" Some(MayReplace)"#);
    assert_snapshot!(list("A::B::C", "L", "[a, b, c]", "[a, c]"), @r#"  Resources.R.Properties.L[1]: "b" → - Some(MayReplace)"#);
    assert_snapshot!(list("A::B::C", "L", "[a, b, c]", "[a, x, c]"), @r#"  Resources.R.Properties.L[1]: "b" → "x" Some(MayReplace)"#);
    assert_snapshot!(list("A::B::C", "L", "[{X: 1, Y: 1}, {X: 2, Y: 2}]", "[{X: 0, Y: 0}, {X: 1, Y: 1}, {X: 2, Y: 2}]"), @r#"  Resources.R.Properties.L[0]: - → {"X":0,"Y":0} Some(MayReplace)"#);
}

#[test]
fn an_item_with_a_name_is_looked_into() {
    let old = "[{Name: X, Value: 1}, {Name: Y, Value: 2}]";
    let new = "[{Name: N, Value: 0}, {Name: Y, Value: 3}, {Name: X, Value: 1}]";
    let wrap = |list: &str| format!("[{{Name: web, Image: i, Environment: {list}}}]");
    assert_snapshot!(list("AWS::ECS::TaskDefinition", "ContainerDefinitions", &wrap(old), &wrap(new)), @r#"
    Resources.R.Properties.ContainerDefinitions[0].Environment[1].Value: 2 → 3 Some(Replaces)
    Resources.R.Properties.ContainerDefinitions[0].Environment[0]: - → {"Name":"N","Value":0} Some(Replaces)
    "#);
}

#[test]
fn a_place_names_the_items() {
    let of = |value: &str| {
        template(&format!(
            "Resources: {{R: {{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: [{{Name: web, Image: i, Environment: [{{Name: LEVEL, Value: {value}}}]}}]}}}}}}\n"
        ))
    };
    let changes = diff(&of("a"), &of("b"));
    assert_eq!(changes.resources[0].changes[0].place, "ContainerDefinitions[web].Environment[LEVEL].Value");
}

#[test]
fn a_rule_that_changes_is_looked_into_though_it_has_no_name() {
    let rule = |port: u16, cidr: &str| {
        format!("{{IpProtocol: tcp, FromPort: {port}, ToPort: {port}, CidrIp: {cidr}}}")
    };
    let old = format!("[{}, {}]", rule(80, "10.0.0.0/8"), rule(443, "10.0.0.0/8"));
    let new =
        format!("[{}, {}, {}]", rule(22, "10.9.0.0/16"), rule(443, "0.0.0.0/0"), rule(80, "10.0.0.0/8"));
    assert_snapshot!(list("AWS::EC2::SecurityGroup", "SecurityGroupIngress", &old, &new), @r#"
    Resources.R.Properties.SecurityGroupIngress[1].CidrIp: "10.0.0.0/8" → "0.0.0.0/0" Some(UpdateInPlace)
    Resources.R.Properties.SecurityGroupIngress[0]: - → {"IpProtocol":"tcp","FromPort":22,"ToPort":22,"CidrIp":"10.9.0.0/16"} Some(UpdateInPlace)
    "#);
}

#[test]
fn a_statement_that_comes_is_one_statement() {
    let wrap = |list: &str| format!("{{Statement: {list}}}");
    let old = "[{Sid: A, Effect: Allow, Action: ['s3:GetObject', 's3:PutObject'], Resource: a}]";
    let new = "[{Effect: Deny, Action: '*', Resource: '*'}, {Sid: A, Effect: Allow, Action: ['s3:PutObject', 's3:ListBucket'], Resource: [a]}]";
    assert_snapshot!(list("AWS::IAM::Policy", "PolicyDocument", &wrap(old), &wrap(new)), @r#"
    Resources.R.Properties.PolicyDocument.Statement[1].Action[1]: "s3:GetObject" → "s3:ListBucket" Some(UpdateInPlace)
    Resources.R.Properties.PolicyDocument.Statement[0]: - → {"Effect":"Deny","Action":"*","Resource":"*"} Some(UpdateInPlace)
    "#);
}

#[test]
fn differences_within_a_text_of_json_are_told() {
    let of = |title: &str| {
        let body = format!(r#"{{"widgets": [{{"type": "text", "title": "{title}"}}]}}"#);
        template(&format!(
            "Resources: {{R: {{Type: AWS::CloudWatch::Dashboard, Properties: {{DashboardBody: '{body}'}}}}}}\n"
        ))
    };
    let changes = diff(&of("a"), &of("b"));
    let change = &changes.resources[0].changes[0];
    assert_eq!(change.path.to_string(), "Resources.R.Properties.DashboardBody");
    assert_eq!(change.inside.len(), 1);
    assert_eq!(change.inside[0].place, "widgets[0].title");
}

#[test]
fn numbers_within_a_text_of_json_are_compared_exactly() {
    let inside = |old: &str, new: &str| {
        let of = |value: &str| {
            template(&format!(
                "Resources: {{R: {{Type: AWS::CloudWatch::Dashboard, Properties: {{DashboardBody: '{{\"a\": {value}}}'}}}}}}\n"
            ))
        };
        let changes = diff(&of(old), &of(new));
        let all = changes.resources.iter().flat_map(|resource| &resource.changes);
        let inside = all.flat_map(|change| &change.inside);
        inside
            .map(|change| format!("{} → {}", text(change.old.as_ref()), text(change.new.as_ref())))
            .collect::<Vec<_>>()
            .concat()
    };
    assert_eq!(inside("9007199254740993", "9007199254740992"), "9007199254740993 → 9007199254740992");
    assert_eq!(
        inside("9007199254740993.0", "9007199254740992.0"),
        r#""9007199254740993.0" → 9007199254740992.0"#
    );
    let (one, other) = ("123456789012345678901", "123456789012345678902");
    assert_eq!(inside(one, other), format!(r#""{one}" → "{other}""#));
    assert_eq!(inside(one, one), "");
    assert_eq!(inside("1e400", "1e401"), r#""1e400" → "1e401""#);
    assert_eq!(inside("1.0", r#""1.0""#), r#"1.0 → "1.0""#);
    assert_eq!(inside(one, &format!(r#""{one}""#)), format!(r#""{one} (a number)" → "{one}""#));
    assert_eq!(inside("100.0", "1.0e2"), "");
}

#[test]
fn a_number_of_a_property_is_compared_exactly() {
    let of = |value: &str| {
        template(&format!(
            "Resources: {{R: {{Type: AWS::CloudWatch::Alarm, Properties: {{Threshold: {value}}}}}}}\n"
        ))
    };
    let is_same = |old: &str, new: &str| diff(&of(old), &of(new)).is_empty();
    assert!(is_same("1", "'1.0'") && is_same("'1e2'", "100") && is_same("0", "'-0.0'"));
    assert!(!is_same("'9007199254740993.0'", "'9007199254740992.0'"));
    assert!(!is_same("9007199254740993", "9007199254740992"));
}

#[test]
fn a_place_where_items_go_and_others_come_is_one_cause() {
    let table = |keys: [&str; 2]| {
        let [hash, range] = keys;
        template(&format!(
            "Resources:\n  T: {{Type: AWS::DynamoDB::Table, Properties: {{KeySchema: [{{AttributeName: {hash}, KeyType: HASH}}, {{AttributeName: {range}, KeyType: RANGE}}]}}}}\n"
        ))
    };
    let changes = diff(&table(["a", "b"]), &table(["c", "d"]));
    let paths = |paths: &[crate::path::Path]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
    let told = paths(&changes.losses[0].paths);
    assert!(told.iter().enumerate().all(|(at, path)| !told[..at].contains(path)), "{told:?}");
    assert_eq!((told.len(), &told), (2, &paths(&changes.roots[0].paths)));
}

#[test]
fn one_action_in_the_place_of_another_is_one_change() {
    let role = |sid: &str, actions: &str| {
        template(&format!(
            "Resources:\n  R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyName: p, PolicyDocument: {{Statement: [{{Sid: {sid}, Effect: Allow, Action: [{actions}], Resource: '*'}}, {{Sid: X, Effect: Allow, Action: 'sqs:*', Resource: '*'}}]}}}}]}}}}\n"
        ))
    };
    let places = |old: &Template, new: &Template| -> Vec<String> {
        diff(old, new).resources.iter().flat_map(|one| &one.changes).map(|one| one.place.clone()).collect()
    };
    let before = role("A", "'s3:GetObject', 's3:PutObject'");
    let statement = "Policies[p].PolicyDocument.Statement";
    let action = format!("{statement}[A].Action[1]");
    assert_eq!(places(&before, &role("A", "'s3:GetObject', 's3:DeleteObject'")), [action]);
    // Of a statement that has another name, only the name.
    let sid = format!("{statement}[B].Sid");
    assert_eq!(places(&before, &role("B", "'s3:GetObject', 's3:PutObject'")), [sid]);
}
