//! Whatever a file holds, it gives findings or an error with a position: no panic, no overflow, no end that never comes.
//!
//! A file that is too large, nests too deep or unfolds without end is refused in `template/src/read/tests.rs`.

#[path = "hostile/bytes.rs"]
mod bytes;
#[path = "hostile/survive.rs"]
mod survive;

use proptest::prelude::*;
use serde_json::{Value, json};
use template::Template;

use survive::{samples, survive};

/// Those that are templates as a whole.
fn sound() -> Vec<&'static str> {
    let mut samples = samples();
    samples.retain(|text| Template::parse(text, "t").is_ok());
    samples
}

/// What a place of a template is replaced by.
fn strange() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        Value::Null,
        json!(""),
        json!("-1"),
        json!(1e300),
        json!(u64::MAX),
        json!("999999999999999999999"),
        json!(true),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({"": ""}),
        json!("0.0.0.0/0"),
        json!("::/0"),
        json!("10.0.0.0/99"),
        json!("\u{202e}\u{0}é😀"),
        json!("${"),
        json!("${}"),
        json!("${A.B.C}"),
        json!("arn:aws:::::::"),
        json!("*"),
        json!({"Ref": "A"}),
        json!({"Ref": ""}),
        json!({"Ref": ["A"]}),
        json!({"Fn::GetAtt": ["A"]}),
        json!({"Fn::GetAtt": "A.Arn"}),
        json!({"Fn::If": []}),
        json!({"Fn::If": ["C", {"Ref": "AWS::NoValue"}]}),
        json!({"Fn::If": ["C", [1], {"a": 1}]}),
        json!({"Fn::Sub": ["${A}${B}", {"B": {"Fn::If": ["C", "x", ["y"]]}}]}),
        json!({"Fn::Join": ["", {"Ref": "A"}]}),
        json!({"Fn::Select": ["99", []]}),
        json!({"Fn::Select": [-1, {"Fn::Split": ["", "a"]}]}),
        json!({"Fn::FindInMap": ["M", {"Ref": "A"}, {"Ref": "AWS::Region"}]}),
        json!({"Fn::Cidr": ["10.0.0.0/8", 300, 99]}),
        json!({"Fn::Transform": {"Name": "x"}}),
        json!({"Fn::Unheard": 1}),
        json!([{"Effect": "Allow", "Action": ["*", {}], "Resource": [[]], "Principal": 5}]),
    ])
}

/// How many places there are in a value.
fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(places).sum(),
        Value::Object(map) => map.values().map(places).sum(),
        _ => 0,
    }
}

/// Puts `new` at the place `at`, counted in the order of the file; gives what is left to count.
fn replace(value: &mut Value, at: usize, new: &Value) -> Option<usize> {
    if at == 0 {
        *value = new.clone();
        return None;
    }
    let mut left = at - 1;
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(map) => map.values_mut().collect(),
        _ => vec![],
    };
    for value in inner {
        left = replace(value, left, new)?;
    }
    Some(left)
}

/// The template as JSON, such that parts can be replaced.
fn as_json(text: &str) -> Value {
    let document = Template::parse(text, "t").unwrap_or_else(|errors| panic!("{errors}"));
    serde_json::from_str(&document.template.to_json()).expect("a template is JSON")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_sound_template_with_some_parts_replaced_by_anything_is_survived(
        sample in prop::sample::select(sound()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), strange()), 1..4),
    ) {
        let mut value = as_json(sample);
        for (at, new) in &changes {
            let at = 1 + at.index(places(&value));
            replace(&mut value, at, new);
        }
        survive(&value.to_string());
    }

    #[test]
    fn a_file_that_ends_or_goes_on_anywhere_is_survived(
        sample in prop::sample::select(samples()),
        cut in any::<prop::sample::Index>(),
        more in "[-{}\\[\\]:,&*!|>'\"#%@ \\n\\ta0]{0,6}",
    ) {
        let mut cut = cut.index(sample.len());
        while !sample.is_char_boundary(cut) {
            cut -= 1;
        }
        survive(&format!("{}{more}", &sample[..cut]));
        survive(&format!("{}{more}{}", &sample[..cut], &sample[cut..]));
    }
}

/// Conditions of which each names the one before twice: taken apart without care, that is two to the hundredth steps.
#[test]
fn conditions_that_double_at_each_step_come_to_an_end() {
    for function in ["And", "Or"] {
        let mut conditions = json!({"C0": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}});
        for at in 1..100 {
            let before = json!({"Condition": format!("C{}", at - 1)});
            conditions[format!("C{at}")] =
                json!({ format!("Fn::{function}"): [before, {"Fn::Not": [before]}] });
        }
        let name = json!({"Fn::If": ["C99", {"Fn::If": ["C98", "a", "b"]}, {"Fn::If": ["C97", "c", "d"]}]});
        let resources =
            json!({"T": {"Type": "AWS::SNS::Topic", "Condition": "C99", "Properties": {"TopicName": name}}});
        survive(&json!({"Conditions": conditions, "Resources": resources}).to_string());
    }
}

/// Text with a branch in each of its hundred variables: two to the hundredth texts.
#[test]
fn text_with_many_branches_comes_to_an_end() {
    let mut conditions = json!({});
    let mut variables = json!({});
    let mut text = String::new();
    for at in 0..100 {
        conditions[format!("C{at}")] = json!({"Fn::Equals": [{"Ref": "AWS::Region"}, format!("r{at}")]});
        variables[format!("V{at}")] = json!({"Fn::If": [format!("C{at}"), "a", "b"]});
        text.push_str(&["${V", &at.to_string(), "}"].concat());
    }
    let name = json!({"Fn::Sub": [text, variables]});
    let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}});
    survive(&json!({"Conditions": conditions, "Resources": {"T": topic}}).to_string());
}

/// Branches within branches, as deep as a file can be: as many values as places, and no more.
#[test]
fn branches_as_deep_as_a_file_can_be_are_survived() {
    let mut value = json!("a");
    for at in 0..30 {
        value = json!({"Fn::If": [format!("C{at}"), value, value]});
        if value.to_string().len() > 500_000 {
            break;
        }
    }
    survive(
        &json!({"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": value}}}})
            .to_string(),
    );
}

/// Two levels of two hundred keys, neither of which is known, at five hundred places.
#[test]
fn a_large_map_with_unknown_keys_is_survived() {
    let inner: Value =
        (0..200).map(|at| (format!("k{at}"), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    let outer: Value =
        (0..200).map(|at| (format!("k{at}"), inner.clone())).collect::<serde_json::Map<_, _>>().into();
    let name = json!({"Fn::FindInMap": ["M", {"Ref": "A"}, {"Ref": "B"}]});
    let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}});
    let resources: Value =
        (0..500).map(|at| (format!("T{at}"), topic.clone())).collect::<serde_json::Map<_, _>>().into();
    let parameters = json!({"A": {"Type": "String"}, "B": {"Type": "String"}});
    survive(&json!({"Parameters": parameters, "Mappings": {"M": outer}, "Resources": resources}).to_string());
}

/// Every resource refers to every one before it.
#[test]
fn five_hundred_resources_that_all_know_each_other_are_survived() {
    let mut resources = json!({});
    for at in 0..500 {
        let before: Vec<Value> = (0..at).map(|other| json!(format!("R{other}"))).collect();
        resources[format!("R{at}")] = json!({"Type": "AWS::ECS::Cluster", "DependsOn": before});
    }
    survive(&json!({"Resources": resources}).to_string());
}

/// Subnets that all have the same block: every pair of them overlaps, and all look for a free one.
#[test]
fn hundreds_of_subnets_with_one_block_are_survived() {
    let mut resources = json!({"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}});
    for at in 0..500 {
        let properties = json!({"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/17"});
        resources[format!("S{at}")] = json!({"Type": "AWS::EC2::Subnet", "Properties": properties});
        let properties =
            json!({"VpcId": {"Ref": "Vpc"}, "CidrBlock": format!("10.0.{}.0/28", 128 + at % 100)});
        resources[format!("T{at}")] = json!({"Type": "AWS::EC2::Subnet", "Properties": properties});
    }
    survive(&json!({"Resources": resources}).to_string());
}

/// What a policy allows and what a secret is called, both far longer than either can be: the work to compare them is
/// the product of their lengths.
#[test]
fn a_long_pattern_and_a_long_arn_come_to_an_end() {
    let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]});
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
    let allow = |resource: String| {
        let allowed =
            json!({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": resource});
        let policies = json!([{"PolicyName": "p", "PolicyDocument": document(allowed)}]);
        let trusted = json!({"Service": "ecs-tasks.amazonaws.com"});
        let trust = document(json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}));
        let secret = json!({"Name": "S", "ValueFrom": format!("{arn}{}-AbCdEf", "a".repeat(9000))});
        let container = json!({"Name": "a", "Image": "a:1", "Secrets": [secret]});
        let task =
            json!({"ExecutionRoleArn": {"Fn::GetAtt": "Role.Arn"}, "ContainerDefinitions": [container]});
        json!({"Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": trust, "Policies": policies},
            },
            "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
        }})
    };
    survive(&allow(format!("{arn}{}b*", "*a".repeat(4500))).to_string());
    survive(&allow(format!("{arn}{}-??????", "a".repeat(9000))).to_string());
}

/// Services that all stand behind one target group, and listeners that all forward to it; no one waits for another.
#[test]
fn hundreds_of_services_and_listeners_of_one_group_are_survived() {
    let mut resources = json!({"Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup"}});
    for at in 0..400 {
        let action = json!({"Type": "forward", "TargetGroupArn": {"Ref": "Group"}});
        resources[format!("L{at}")] = json!({
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {"LoadBalancerArn": "arn", "DefaultActions": [action]},
        });
        let place = json!({"ContainerName": "a", "ContainerPort": 80, "TargetGroupArn": {"Ref": "Group"}});
        resources[format!("S{at}")] =
            json!({"Type": "AWS::ECS::Service", "Properties": {"LoadBalancers": [place]}});
    }
    survive(&json!({"Resources": resources}).to_string());
}

/// Loops within loops: of rounds that make nothing, and of texts that each put the one around in ten times.
#[test]
fn loops_that_multiply_come_to_an_end() {
    let many: Vec<String> = (0..1000).map(|at| format!("v{at}")).collect();
    let mut nothing = json!({});
    for variable in ["C", "B", "A"] {
        nothing = json!({format!("Fn::ForEach::{variable}"): [variable, many, nothing]});
    }
    let mut laughs = json!({"${V9}": {"Type": "AWS::SNS::Topic"}});
    for at in (1..10).rev() {
        let text = format!("${{V{}}}", at - 1).repeat(10);
        laughs = json!({format!("Fn::ForEach::L{at}"): [format!("V{at}"), [text], laughs]});
    }
    let laughs = json!({"Fn::ForEach::L0": ["V0", ["ha"], laughs]});
    for mut resources in [nothing, laughs] {
        resources["T"] = json!({"Type": "AWS::SNS::Topic"});
        survive(&json!({"Transform": "AWS::LanguageExtensions", "Resources": resources}).to_string());
    }
}
