//! Two templates as large as one can be, with what is different in them repeated as often as there is room: the
//! comparison takes seconds, not minutes. What would take longer is said to be too much to be told.
//!
//! No clock is looked at: without care most of these would not end while anybody waits, and some take all memory.

use serde_json::{Map, Value, json};
use template::diff::Changes;
use template::{Node, Template};

fn template(sections: Value) -> Template {
    let text = sections.to_string();
    assert!(text.len() < 1_100_000, "{} bytes are more than a template may have", text.len());
    Template::parse(&text, "t.json").unwrap_or_else(|errors| panic!("{errors}")).template
}

/// What is different.
#[track_caller]
fn compare(old: Value, new: Value) -> Changes {
    let (old, new) = (template(old), template(new));
    let changes = template::diff(&old, &new);
    assert!(!changes.is_empty());
    changes
}

fn map<V: Into<Value>>(entries: impl IntoIterator<Item = (String, V)>) -> Value {
    entries.into_iter().map(|(key, value)| (key, value.into())).collect::<Map<_, _>>().into()
}

fn resources<V: Into<Value>>(entries: impl IntoIterator<Item = (String, V)>) -> Value {
    json!({ "Resources": map(entries) })
}

/// A role with so many statements, each for a bucket of its own.
fn role(count: usize, action: &str, end: &str, changed: usize) -> Value {
    let statement = |at: usize| {
        let (action, end) = if at < changed { (action, end) } else { ("s3:GetObject", "*") };
        json!({"Effect": "Allow", "Action": action, "Resource": format!("arn:aws:s3:::b-{at}/{end}")})
    };
    let document = json!({"Statement": (0..count).map(statement).collect::<Vec<_>>()});
    let policies = json!([{"PolicyName": "p", "PolicyDocument": document}]);
    resources([("R".to_owned(), json!({"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}))])
}

const STATEMENTS: usize = 11_000;

#[test]
fn one_of_eleven_thousand_statements_is_told() {
    let old = role(STATEMENTS, "", "", 0);
    let changes = compare(old, role(STATEMENTS, "s3:PutObject", "*", 1));
    let [change] = changes.review.access.broader.as_slice() else { panic!("{:?}", changes.review) };
    assert_eq!(change.what, "`R` may now do `s3:PutObject` on `arn:aws:s3:::b-0/*`");
    assert_eq!(changes.review.access.narrower.len(), 1);
}

#[test]
fn eleven_thousand_statements_with_another_action_are_told_each() {
    let old = role(STATEMENTS, "", "", 0);
    let changes = compare(old, role(STATEMENTS, "s3:PutObject", "*", STATEMENTS));
    assert_eq!(changes.review.access.broader.len(), STATEMENTS);
    assert!(changes.review.access.broader.iter().all(|change| change.judged));
}

#[test]
fn what_is_too_much_to_be_compared_is_not_called_the_same() {
    let old = role(STATEMENTS, "", "", 0);
    let changes = compare(old, role(STATEMENTS, "s3:GetObject", "x*", STATEMENTS));
    let what = "the policies of `R` change, and are too large to be compared";
    assert!(changes.review.access.broader.iter().any(|change| change.what == what && !change.judged));
}

#[test]
fn one_statement_of_many_patterns_is_compared_with_many_statements() {
    let long = |end: &str| {
        let patterns: Vec<String> = (0..9000).map(|at| format!("arn:aws:s3:::b{end}-{at}/*")).collect();
        let one = json!({"Effect": "Allow", "Action": "s3:*", "Resource": patterns});
        let many = (0..4500).map(|at| {
            json!({"Effect": "Allow", "Action": "s3:*", "Resource": format!("arn:aws:s3:::c{end}-{at}/x")})
        });
        let document = json!({"Statement": many.chain([one]).collect::<Vec<_>>()});
        let properties = json!({"PolicyDocument": document, "Roles": ["r"]});
        resources([("P".to_owned(), json!({"Type": "AWS::IAM::Policy", "Properties": properties}))])
    };
    assert!(!compare(long("a"), long("b")).review.access.broader.is_empty());
}

/// A policy of many statements for many roles: each of them has all the statements.
#[test]
fn a_long_policy_for_many_roles_is_survived() {
    let policy = |end: &str| {
        let statement = |at: usize| json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("{at}{end}")});
        let document = json!({"Statement": (0..5000).map(statement).collect::<Vec<_>>()});
        let roles: Vec<String> = (0..30_000).map(|at| format!("role-{at}")).collect();
        let properties = json!({"PolicyDocument": document, "Roles": roles});
        resources([("P".to_owned(), json!({"Type": "AWS::IAM::Policy", "Properties": properties}))])
    };
    assert!(!compare(policy("a"), policy("b")).review.access.broader.is_empty());
}

/// A security group with these rules.
fn group(rules: impl Iterator<Item = Value>) -> Value {
    let properties = json!({"GroupDescription": "g", "SecurityGroupIngress": rules.collect::<Vec<_>>()});
    resources([("G".to_owned(), json!({"Type": "AWS::EC2::SecurityGroup", "Properties": properties}))])
}

fn rule(port: usize, block: &str) -> Value {
    json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": block})
}

#[test]
fn eleven_thousand_rules_of_a_group_are_told_each() {
    let ports = |first: usize| group((0..11_000).map(move |at| rule(first + at, "0.0.0.0/0")));
    let changes = compare(ports(1), ports(2));
    assert_eq!(changes.review.network.broader.len(), 1);
    assert_eq!(compare(ports(1), ports(20_000)).review.network.broader.len(), 11_000);
    let blocks = |of: usize| {
        group((0..11_000).map(move |at| rule(443, &format!("{of}.{}.{}.0/24", at / 256, at % 256))))
    };
    assert_eq!(compare(blocks(10), blocks(11)).review.network.broader.len(), 11_000);
}

/// Values with branches, each of which may be combined with each of the others.
#[test]
fn rules_with_branches_in_all_values_are_survived() {
    let branches = |first: usize| {
        (0..60).fold(json!(first), |inner, at| json!({"Fn::If": [format!("C{at}"), first + at, inner]}))
    };
    let conditions =
        map((0..60).map(|at| (format!("C{at}"), json!({"Fn::Equals": [{"Ref": "AWS::Region"}, at]}))));
    let side = |first: usize| {
        let rule = json!({
            "IpProtocol": branches(1),
            "FromPort": branches(first),
            "ToPort": branches(first),
            "CidrIp": branches(3),
        });
        let mut sections = group((0..20).map(|_| rule.clone()));
        sections["Conditions"] = conditions.clone();
        sections
    };
    let changes = compare(side(1), side(2));
    assert!(changes.review.network.broader.iter().any(|change| !change.judged));
}

#[test]
fn a_range_with_thousands_of_holes_comes_to_an_end() {
    let whole = |block: &str| json!({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65_535, "CidrIp": block});
    let all = || group([whole("10.0.0.0/8"), whole("0.0.0.0/0")].into_iter());
    let holes = || {
        let every = (0..4000).map(|at| rule(2 * at + 1, "0.0.0.0/0"));
        let within = (0..4000).map(|at| rule(2 * at, "10.1.0.0/16"));
        group(every.chain(within).chain([whole("10.0.0.0/9")]))
    };
    // What is less is told only where it can be compared.
    assert!(compare(all(), holes()).review.network.broader.is_empty());
    assert!(!compare(holes(), all()).review.network.broader.is_empty());
}

#[test]
fn thousands_of_entries_routes_and_assignments_come_to_an_end() {
    let side = |by: usize| {
        let entry = |at: usize| {
            let action = if at.is_multiple_of(2) { "allow" } else { "deny" };
            let range = json!({"From": at + by, "To": at + by + 5});
            let properties = json!({"NetworkAclId": "acl", "RuleNumber": at, "Protocol": 6, "RuleAction": action,
                "CidrBlock": "0.0.0.0/0", "PortRange": range});
            (format!("E{at}"), json!({"Type": "AWS::EC2::NetworkAclEntry", "Properties": properties}))
        };
        let route = |at: usize| {
            let block = format!("{by}.{}.{}.0/24", at / 256, at % 256);
            let properties =
                json!({"RouteTableId": "t", "GatewayId": "igw-1", "DestinationCidrBlock": block});
            (format!("T{at}"), json!({"Type": "AWS::EC2::Route", "Properties": properties}))
        };
        let assignment = |at: usize| {
            let properties = json!({"PrincipalId": format!("{by}-{at}"), "PrincipalType": "USER",
                "PermissionSetArn": "arn", "TargetId": "123456789012"});
            (format!("A{at}"), json!({"Type": "AWS::SSO::Assignment", "Properties": properties}))
        };
        let many = 0..2000;
        resources(many.clone().map(entry).chain(many.clone().map(route)).chain(many.map(assignment)))
    };
    let changes = compare(side(1), side(2));
    assert_eq!(changes.review.access.broader.len(), 2000);
    assert!(changes.review.network.broader.len() >= 2001);
}

#[test]
fn thousands_of_resources_with_other_names_come_to_an_end() {
    let side = |name: &str| {
        let topic = |at: usize| (format!("{name}{at}"), json!({"Type": "AWS::SNS::Topic"}));
        let queue = |at: usize| {
            let properties = json!({"DelaySeconds": at});
            (format!("{name}Q{at}"), json!({"Type": "AWS::SQS::Queue", "Properties": properties}))
        };
        resources((0..5000).map(topic).chain((0..5000).map(queue)))
    };
    assert_eq!(compare(side("A"), side("B")).renames.len(), 10_000);
}

/// Each new name is one more for those who refer to it.
#[test]
fn thousands_of_resources_with_other_names_keep_who_refers_to_them() {
    let side = |name: &str| {
        let queue = |at: usize| {
            (format!("{name}{at}"), json!({"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": at}}))
        };
        let reader = |at: usize| {
            let properties = json!({"Of": {"Ref": format!("{name}{at}")}});
            (format!("R{at}"), json!({"Type": "My::Own::Type", "Properties": properties}))
        };
        resources((0..5000).map(queue).chain((0..5000).map(reader)))
    };
    let changes = compare(side("A"), side("B"));
    assert_eq!((changes.renames.len(), changes.losses.len()), (5000, 5000));
    for rename in &changes.renames {
        let number = &rename.old[1..];
        assert_eq!(
            (rename.new.as_str(), rename.referrers.as_slice()),
            (&*format!("B{number}"), &[format!("R{number}")][..])
        );
    }
    for loss in &changes.losses {
        assert_eq!(loss.renamed_to.as_deref().map(|new| &new[1..]), Some(&loss.id[1..]));
    }
}

/// Each is the same under another name only if the next is, and the last is not.
#[test]
fn a_chain_of_thousands_of_other_names_that_are_none_comes_to_an_end() {
    let side = |name: &str| {
        let count = 9000;
        resources((0..count).map(|at| {
            let next = if at + 1 < count { json!({"Ref": format!("{name}{}", at + 1)}) } else { json!(name) };
            (format!("{name}{at}"), json!({"Type": "My::Own::Type", "Properties": {"Next": next}}))
        }))
    };
    let changes = compare(side("A"), side("B"));
    assert_eq!((changes.renames.len(), changes.resources.len()), (0, 18_000));
}

/// For each of the tables, each of those that follow would be looked at.
#[test]
fn thousands_of_tables_that_go_beside_a_long_chain_come_to_an_end() {
    let side = |value: &str, tables: usize| {
        let table = |at: usize| (format!("T{at}"), json!({"Type": "AWS::DynamoDB::Table"}));
        let link = |at: usize| {
            let before =
                at.checked_sub(1).map_or(json!("none"), |before| json!({"Ref": format!("R{before}")}));
            let properties = json!({"A": value, "B": before});
            (format!("R{at}"), json!({"Type": "My::Own::Type", "Properties": properties}))
        };
        resources((0..tables).map(table).chain((0..500).map(link)))
    };
    let changes = compare(side("a", 15_000), side("b", 0));
    assert_eq!(changes.losses.len(), 15_000);
}

#[test]
fn thousands_of_parameters_that_change_come_to_an_end() {
    let side = |value: &str| {
        let parameters = (0..6000).map(|at| (format!("P{at}"), json!({"Type": "String", "Default": value})));
        let topic = |at: usize| {
            let properties = json!({"DisplayName": {"Ref": format!("P{at}")}});
            (format!("T{at}"), json!({"Type": "AWS::SNS::Topic", "Properties": properties}))
        };
        let mut sections = resources((0..6000).map(topic));
        sections["Parameters"] = map(parameters);
        sections
    };
    assert_eq!(compare(side("a"), side("b")).values.len(), 6000);
}

/// One text with a reference to a parameter at each of thousands of places, one list of such, and one output.
#[test]
fn a_parameter_with_thousands_of_references_comes_to_an_end() {
    let side = |value: &str| {
        let many = || vec![json!({"Ref": "P"}); 15_000];
        let joined = json!({"Fn::Join": ["", many()]});
        let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": joined}});
        let task =
            json!({"Type": "AWS::ECS::TaskDefinition", "Properties": {"RequiresCompatibilities": many()}});
        let mut sections = resources([("T".to_owned(), topic), ("D".to_owned(), task)]);
        sections["Parameters"] = json!({"P": {"Type": "String", "Default": value}});
        sections["Outputs"] = json!({"O": {"Value": {"Fn::Join": ["", many()]}, "Export": {"Name": "o"}}});
        sections
    };
    assert_eq!(compare(side("a"), side("b")).exports, ["O"]);
}

/// A replaced resource with thousands of references in one that is replaced too, which has thousands itself.
#[test]
fn a_resource_with_thousands_of_references_comes_to_an_end() {
    let side = |block: &str| {
        let many = |id: &str| vec![json!({ "Ref": id }); 20_000];
        let vpc = json!({"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": block}});
        let own = json!({"Type": "My::Own::Type", "Properties": {"Of": many("Vpc")}});
        let next = json!({"Type": "My::Own::Type", "Properties": {"Of": many("Own")}});
        resources([("Vpc".to_owned(), vpc), ("Own".to_owned(), own), ("Next".to_owned(), next)])
    };
    assert_eq!(compare(side("10.0.0.0/16"), side("10.1.0.0/16")).roots[0].followers.len(), 2);
}

/// As many as a stack can have, all changed and each made of the one before.
#[test]
fn a_chain_of_five_hundred_changed_resources_comes_to_an_end() {
    let side = |value: &str| {
        resources((0..500).map(|at: usize| {
            let before =
                at.checked_sub(1).map_or(json!("none"), |before| json!({"Ref": format!("R{before}")}));
            let properties = json!({"A": value, "B": before});
            (format!("R{at}"), json!({"Type": "My::Own::Type", "Properties": properties}))
        }))
    };
    assert_eq!(compare(side("a"), side("b")).resources.len(), 500);
}

/// Conditions that are each made of the one before, and resources that are there with the last.
#[test]
fn a_chain_of_thousands_of_conditions_comes_to_an_end() {
    let side = |region: &str| {
        let first = json!({"Fn::Equals": [{"Ref": "AWS::Region"}, region]});
        let condition = |at: usize| match at {
            0 => first.clone(),
            _ => json!({"Fn::Not": [{"Condition": format!("C{}", at - 1)}]}),
        };
        let count = 12_000;
        let conditions = (0..count).map(|at| (format!("C{at}"), condition(at)));
        let last = json!({"Type": "AWS::SNS::Topic", "Condition": format!("C{}", count - 1)});
        let mut sections = resources([("T".to_owned(), last)]);
        sections["Conditions"] = map(conditions);
        sections
    };
    compare(side("a"), side("b"));
}

#[test]
fn long_lists_and_mappings_come_to_an_end() {
    let side = |value: &str| {
        let items: Vec<String> = (0..25_000).map(|at| format!("{value}{at}")).collect();
        let entries = map((0..20_000).map(|at| (format!("k{at}"), value)));
        let properties = json!({"Ordered": items, "SubnetIds": items, "Entries": entries});
        resources([("R".to_owned(), json!({"Type": "My::Own::Type", "Properties": properties}))])
    };
    compare(side("a"), side("b"));
}

#[test]
fn thousands_of_exported_outputs_come_to_an_end() {
    let side = |value: &str| {
        let output = |at: usize| json!({"Value": value, "Export": {"Name": format!("o{at}")}});
        let mut sections = resources([("T".to_owned(), json!({"Type": "AWS::SNS::Topic"}))]);
        sections["Outputs"] = map((0..9000).map(|at| (format!("O{at}"), output(at))));
        sections
    };
    assert_eq!(compare(side("a"), side("b")).exports.len(), 9000);
}

#[test]
fn thousands_of_services_and_buckets_come_to_an_end() {
    let side = |image: &str, buckets: usize| {
        let task = |at: usize| {
            let properties = json!({"ContainerDefinitions": [{"Name": "a", "Image": image}]});
            (format!("D{at}"), json!({"Type": "AWS::ECS::TaskDefinition", "Properties": properties}))
        };
        let service = |at: usize| {
            let properties = json!({"TaskDefinition": {"Ref": format!("D{at}")}});
            (format!("S{at}"), json!({"Type": "AWS::ECS::Service", "Properties": properties}))
        };
        let bucket = |at: usize| (format!("B{at}"), json!({"Type": "AWS::S3::Bucket"}));
        let services = (0..2000).map(task).chain((0..2000).map(service));
        resources(services.chain((0..buckets).map(bucket)))
    };
    let changes = compare(side("a:1", 2000), side("a:2", 0));
    assert_eq!((changes.rolls.len(), changes.losses.len()), (2000, 2000));
}

/// Text in text in text, each twice: a few lines that would be gigabytes.
#[test]
fn text_that_doubles_at_each_step_is_not_put_together() {
    let side = |end: &str| {
        let text = (0..18).fold(
            json!(format!("0123456789{end}")),
            |inner, _| json!({"Fn::Sub": ["${V}${V}", {"V": {"Fn::Join": ["", [inner]]}}]}),
        );
        let statement = json!({"Effect": "Allow", "Action": "s3:*", "Resource": text});
        let properties = json!({"Roles": ["r"], "PolicyDocument": {"Statement": vec![statement; 100]}});
        resources([("P".to_owned(), json!({"Type": "AWS::IAM::Policy", "Properties": properties}))])
    };
    let changes = compare(side("a"), side("b"));
    assert!(!changes.review.access.broader.is_empty());
}

/// A long text of JSON, in which one number is another.
#[test]
fn a_long_text_of_json_is_looked_into() {
    let side = |number: &str| {
        let items: Vec<String> = (0..30_000).map(|at| format!("{{\"a\":{at}}}")).collect();
        let text = format!("{{\"items\":[{}],\"n\":{number}}}", items.join(","));
        let properties = json!({"DashboardBody": text});
        resources([("D".to_owned(), json!({"Type": "AWS::CloudWatch::Dashboard", "Properties": properties}))])
    };
    let changes = compare(side("9007199254740993.0"), side("9007199254740992.0"));
    let inside = &changes.resources[0].changes[0].inside;
    let [change] = inside.as_slice() else { panic!("{inside:?}") };
    assert_eq!(change.old, Some(Node::from("9007199254740993.0")));
}
