use insta::assert_snapshot;
use proptest::prelude::*;

use crate::arbitrary;
use crate::document::{Output, Parameter, Resource, Template};
use crate::node::{Function, Map, Node};

fn list<const N: usize>(items: [&str; N]) -> Node {
    Node::List(items.into_iter().map(Node::from).collect())
}

fn map<const N: usize>(entries: [(&str, Node); N]) -> Map {
    entries.into_iter().map(|(key, node)| (key.to_owned(), node)).collect()
}

fn get(target: &str, attribute: &str) -> Node {
    Node::call(Function::GetAtt, list([target, attribute]))
}

/// The YAML of one property's value.
#[track_caller]
fn property(node: Node) -> String {
    let resource =
        Resource { type_name: "A::B::C".into(), properties: map([("P", node)]), ..Resource::default() };
    let template = Template { resources: [("R".to_owned(), resource)].into(), ..Template::default() };
    let text = template.to_yaml();
    let (_, property) = text.split_once("Properties:\n").expect("the resource has properties");
    property.to_owned()
}

fn whole() -> Template {
    let statement = map([
        ("Effect", "Allow".into()),
        ("Principal", Node::Map(map([("Service", "ecs-tasks.amazonaws.com".into())]))),
        ("Action", "sts:AssumeRole".into()),
    ]);
    let document =
        map([("Version", "2012-10-17".into()), ("Statement", Node::List(vec![Node::Map(statement)]))]);
    let role = Resource {
        type_name: "AWS::IAM::Role".into(),
        condition: Some("IsProd".into()),
        depends_on: vec!["Vpc".into(), "Alb".into()],
        deletion_policy: Some("Retain".into()),
        update_replace_policy: Some("Retain".into()),
        metadata: map([("Reason", "kept: it is shared".into())]),
        properties: map([("AssumeRolePolicyDocument", Node::Map(document))]),
        ..Resource::default()
    };
    let vpc = Resource {
        type_name: "AWS::EC2::VPC".into(),
        properties: map([("CidrBlock", "10.0.0.0/16".into()), ("EnableDnsSupport", true.into())]),
        ..Resource::default()
    };
    Template {
        format_version: Some("2010-09-09".into()),
        description: Some("Two resources".into()),
        parameters: [
            (
                "Env".to_owned(),
                Parameter {
                    type_name: "String".into(),
                    default: Some("0123".into()),
                    ..Parameter::default()
                },
            ),
            (
                "Key".to_owned(),
                Parameter { type_name: "String".into(), no_echo: true, ..Parameter::default() },
            ),
        ]
        .into(),
        conditions: map([(
            "IsProd",
            Node::call(Function::Equals, Node::List(vec![Node::call(Function::Ref, "Env"), "prod".into()])),
        )]),
        resources: [("Vpc".to_owned(), vpc), ("Role".to_owned(), role)].into(),
        outputs: [(
            "RoleArn".to_owned(),
            Output {
                value: get("Role", "Arn"),
                description: None,
                export: Some("role".into()),
                condition: None,
            },
        )]
        .into(),
        ..Template::default()
    }
}

#[test]
fn a_template_reads_as_if_a_careful_person_had_written_it() {
    assert_snapshot!(whole().to_yaml(), @r#"
    AWSTemplateFormatVersion: "2010-09-09"
    Description: Two resources

    Parameters:
      Env:
        Type: String
        Default: "0123"
      Key:
        Type: String
        NoEcho: true

    Conditions:
      IsProd: !Equals [!Ref Env, prod]

    Resources:
      Vpc:
        Type: AWS::EC2::VPC
        Properties:
          CidrBlock: 10.0.0.0/16
          EnableDnsSupport: true

      Role:
        Type: AWS::IAM::Role
        Condition: IsProd
        DependsOn:
          - Vpc
          - Alb
        DeletionPolicy: Retain
        UpdateReplacePolicy: Retain
        Metadata:
          Reason: "kept: it is shared"
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal:
                  Service: ecs-tasks.amazonaws.com
                Action: sts:AssumeRole

    Outputs:
      RoleArn:
        Value: !GetAtt Role.Arn
        Export:
          Name: role
    "#);
}

#[test]
fn json_has_the_same_order_and_the_long_forms() {
    assert_snapshot!(whole().to_json(), @r#"
    {
      "AWSTemplateFormatVersion": "2010-09-09",
      "Description": "Two resources",
      "Parameters": {
        "Env": {
          "Type": "String",
          "Default": "0123"
        },
        "Key": {
          "Type": "String",
          "NoEcho": true
        }
      },
      "Conditions": {
        "IsProd": {
          "Fn::Equals": [
            {
              "Ref": "Env"
            },
            "prod"
          ]
        }
      },
      "Resources": {
        "Vpc": {
          "Type": "AWS::EC2::VPC",
          "Properties": {
            "CidrBlock": "10.0.0.0/16",
            "EnableDnsSupport": true
          }
        },
        "Role": {
          "Type": "AWS::IAM::Role",
          "Condition": "IsProd",
          "DependsOn": [
            "Vpc",
            "Alb"
          ],
          "DeletionPolicy": "Retain",
          "UpdateReplacePolicy": "Retain",
          "Metadata": {
            "Reason": "kept: it is shared"
          },
          "Properties": {
            "AssumeRolePolicyDocument": {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Effect": "Allow",
                  "Principal": {
                    "Service": "ecs-tasks.amazonaws.com"
                  },
                  "Action": "sts:AssumeRole"
                }
              ]
            }
          }
        }
      },
      "Outputs": {
        "RoleArn": {
          "Value": {
            "Fn::GetAtt": [
              "Role",
              "Arn"
            ]
          },
          "Export": {
            "Name": "role"
          }
        }
      }
    }
    "#);
}

#[test]
fn minified_json_has_no_white_space() {
    let template =
        Template { description: Some("é 😀".into()), resources: whole().resources, ..Template::default() };
    let text = template.to_json_minified();
    assert!(
        text.starts_with(r#"{"Description":"é 😀","Resources":{"Vpc":{"Type":"AWS::EC2::VPC","#),
        "{text}"
    );
    assert_eq!(
        text.replace("é 😀", "").find([' ', '\n']),
        Some(text.find("kept: it").unwrap() + 5 - "é 😀".len())
    );
}

#[test]
fn an_empty_template_is_an_empty_mapping() {
    assert_eq!(Template::default().to_yaml(), "{}\n");
    assert_eq!(Template::default().to_json_minified(), "{}");
}

#[test]
fn short_calls_stand_on_one_line() {
    let zones = Node::call(Function::GetAZs, "");
    assert_snapshot!(property(Node::call(Function::Select, Node::List(vec![0.into(), zones]))), @r#"      P: !Select [0, !GetAZs ""]"#);
    let parts =
        Node::List(vec!["a, b".into(), Node::call(Function::Ref, "AWS::Region"), get("Alb", "DNSName")]);
    assert_snapshot!(property(Node::call(Function::Join, Node::List(vec!["".into(), parts]))), @r#"      P: !Join ["", ["a, b", !Ref AWS::Region, !GetAtt Alb.DNSName]]"#);
    let value = Node::call(
        Function::If,
        Node::List(vec!["IsProd".into(), 2.into(), Node::call(Function::Ref, "AWS::NoValue")]),
    );
    assert_snapshot!(property(value), @"      P: !If [IsProd, 2, !Ref AWS::NoValue]");
}

#[test]
fn a_call_of_a_call_uses_the_long_form_outside_because_yaml_allows_one_tag() {
    let script = Node::call(Function::Sub, "#!/bin/bash\necho ${Name}\n");
    assert_snapshot!(property(Node::call(Function::Base64, script.clone())), @"
    P:
      Fn::Base64: !Sub |
        #!/bin/bash
        echo ${Name}
    ");
    assert_snapshot!(property(Node::List(vec![Node::call(Function::Base64, script)])), @"
    P:
      - Fn::Base64: !Sub |
          #!/bin/bash
          echo ${Name}
    ");
}

#[test]
fn long_calls_and_calls_with_mappings_are_blocks() {
    let variables = map([("Name", get("Service", "Name"))]);
    let sub = Node::call(Function::Sub, Node::List(vec!["service/${Name}".into(), Node::Map(variables)]));
    assert_snapshot!(property(sub.clone()), @"
    P: !Sub
      - service/${Name}
      - Name: !GetAtt Service.Name
    ");
    assert_snapshot!(property(Node::List(vec![sub])), @"
    P:
      - !Sub
        - service/${Name}
        - Name: !GetAtt Service.Name
    ");
    let words = Node::List((0..30).map(|word| Node::from(format!("word{word}"))).collect());
    let text = property(Node::call(Function::Join, Node::List(vec!["".into(), words])));
    assert!(
        text.starts_with("      P: !Join\n        - \"\"\n        - - word0\n          - word1\n"),
        "{text}"
    );
}

#[test]
fn functions_without_a_documented_short_form_are_written_long() {
    assert_snapshot!(property(Node::call(Function::Length, Node::call(Function::Ref, "Zones"))), @"
    P:
      Fn::Length: !Ref Zones
    ");
    assert_snapshot!(property(Node::call(Function::ToJsonString, Node::Map(map([("a", 1.into())])))), @"
    P:
      Fn::ToJsonString:
        a: 1
    ");
}

#[test]
fn a_scalar_that_is_no_text_is_not_put_behind_a_tag() {
    assert_snapshot!(property(Node::call(Function::GetAZs, Node::Null)), @"
    P:
      Fn::GetAZs: null
    ");
    assert_snapshot!(property(Node::call(Function::ImportValue, 5)), @"
    P:
      Fn::ImportValue: 5
    ");
}

#[test]
fn text_of_several_lines_is_a_block_with_the_right_end() {
    assert_snapshot!(property("a\nb\n".into()), @"
    P: |
      a
      b
    ");
    assert_snapshot!(property("a\n\n  b".into()), @"
    P: |-
      a

        b
    ");
    assert_snapshot!(property("  a\nb".into()), @"
    P: |2-
        a
      b
    ");
    // `|+` would swallow the blank line before the next resource.
    assert_snapshot!(property("a\nb\n\n".into()), @r#"      P: "a\nb\n\n""#);
    assert_snapshot!(property("a\r\nb".into()), @r#"      P: "a\r\nb""#);
}

#[test]
fn long_text_is_not_wrapped() {
    let text = "word ".repeat(200) + "end";
    assert_eq!(property(text.as_str().into()), format!("      P: {text}\n"));
}

#[test]
fn a_key_that_is_too_long_for_a_simple_key_is_marked() {
    let key = "k".repeat(1500);
    let template = Template { metadata: map([(&key, 1.into())]), ..Template::default() };
    assert_eq!(template.to_yaml(), format!("Metadata:\n  ? {key}\n  : 1\n"));
    assert_eq!(Template::parse(&template.to_yaml(), "t.yaml").unwrap().template, template);
}

/// Text that must be quoted lest a reader of YAML 1.1 (CloudFormation, `PyYAML`) or of YAML 1.2 take it for
/// something else: see <https://yaml.org/type/>.
#[test]
fn ambiguous_text_is_quoted_as_value_and_as_key() {
    for text in [
        "2012-10-17",
        "2010-09-09",
        "yes",
        "Yes",
        "no",
        "NO",
        "on",
        "off",
        "y",
        "N",
        "true",
        "FALSE",
        "null",
        "~",
        "",
        "0123",
        "012345678901",
        "0x1f",
        "0b11",
        "0o17",
        "1e3",
        "1.5",
        ".5",
        "+1",
        "1_000",
        "1:30",
        "190:20:30.15",
        ".inf",
        "-.INF",
        ".nan",
        "<<",
        "=",
        "2001-12-14 21:59:43.10 -5",
    ] {
        assert_eq!(property(text.into()), format!("      P: \"{text}\"\n"));
        let node = Node::Map(map([(text, 1.into()), ("z", 2.into())]));
        assert_eq!(property(node), format!("      P:\n        \"{text}\": 1\n        z: 2\n"));
    }
}

#[test]
fn awkward_text_comes_back_as_it_was_in_every_place() {
    for text in arbitrary::AWKWARD {
        let text = Node::from(*text);
        let key = text.as_str().unwrap();
        let node = Node::List(vec![
            text.clone(),
            Node::List(vec![text.clone()]),
            Node::Map(map([(key, text.clone()), ("other", 1.into())])),
            Node::call(Function::Sub, text.clone()),
            Node::call(Function::Base64, Node::call(Function::Sub, text.clone())),
            Node::call(Function::Join, Node::List(vec![text.clone(), Node::List(vec![text.clone()])])),
        ]);
        let template =
            Template { metadata: map([("A", node.clone()), ("B", text.clone())]), ..Template::default() };
        let yaml = template.to_yaml();
        assert_eq!(
            Template::parse(&yaml, "t.yaml").map(|document| document.template),
            Ok(template),
            "{yaml}"
        );
    }
}

proptest! {
    #[test]
    fn any_template_comes_back_from_yaml_and_json(template in arbitrary::template()) {
        for text in [template.to_yaml(), template.to_json(), template.to_json_minified()] {
            let read = Template::parse(&text, "t").map(|document| document.template);
            prop_assert_eq!(read.as_ref(), Ok(&template), "{}", text);
        }
    }

    #[test]
    fn what_was_written_is_written_the_same_again(template in arbitrary::template()) {
        let yaml = template.to_yaml();
        prop_assert_eq!(Template::parse(&yaml, "t").unwrap().template.to_yaml(), yaml);
    }
}
