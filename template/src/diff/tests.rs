mod apply;
mod carried;
mod lists;
mod parameters;
mod properties;
mod refused;
mod renamed;
mod reviewed;
mod same;
mod stack;
mod unseen;

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::{Changes, diff};
use crate::document::Template;
use crate::node::Node;

#[track_caller]
fn template(text: &str) -> Template {
    Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template
}

fn text(node: Option<&Node>) -> String {
    node.map_or("-".to_owned(), |node| serde_json::to_string(node).unwrap())
}

/// Every change on a line, the properties of a resource below it.
fn show(changes: &Changes) -> String {
    let mut out = String::new();
    for resource in &changes.resources {
        let stateful = if resource.stateful { " stateful" } else { "" };
        let (action, consequence, fate) = (resource.action, resource.consequence, resource.fate);
        writeln!(out, "{} {} {action:?} {consequence:?} {fate:?}{stateful}", resource.id, resource.type_name)
            .unwrap();
        for change in &resource.changes {
            let (old, new) = (text(change.old.as_ref()), text(change.new.as_ref()));
            writeln!(out, "  {}: {old} → {new} {:?}", change.path, change.consequence).unwrap();
        }
        for cause in resource.causes() {
            writeln!(out, "  because of {cause}").unwrap();
        }
    }
    for change in &changes.sections {
        let (old, new) = (text(change.old.as_ref()), text(change.new.as_ref()));
        writeln!(out, "{}: {old} → {new} {:?}", change.path, change.action()).unwrap();
    }
    out
}

#[track_caller]
fn check(old: &str, new: &str) -> String {
    show(&diff(&template(old), &template(new)))
}

/// Two templates with one resource.
#[track_caller]
fn resource(old: &str, new: &str) -> String {
    check(&format!("Resources:\n  R: {old}\n"), &format!("Resources:\n  R: {new}\n"))
}

#[test]
fn resources_are_added_changed_and_removed() {
    let old = "
Resources:
  Group: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}
  Gone: {Type: AWS::SNS::Topic}
  Kept: {Type: AWS::EFS::FileSystem, DeletionPolicy: Retain}
  Data: {Type: AWS::RDS::DBInstance}
  Same: {Type: AWS::SNS::Topic}
";
    let new = "
Resources:
  New: {Type: AWS::SNS::Topic, Properties: {TopicName: x}}
  Group: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}
  Same: {Type: AWS::SNS::Topic}
";
    assert_snapshot!(check(old, new), @"
    New AWS::SNS::Topic Added None None
    Group AWS::Logs::LogGroup Changed Some(UpdateInPlace) None stateful
      Resources.Group.Properties.RetentionInDays: 7 → 30 Some(UpdateInPlace)
    Gone AWS::SNS::Topic Removed None Some(Deleted)
    Kept AWS::EFS::FileSystem Removed None Some(Retained) stateful
    Data AWS::RDS::DBInstance Removed None Some(Snapshot) stateful
    ");
}

#[test]
fn a_property_that_cannot_be_changed_replaces_the_resource() {
    let old = "{Type: AWS::EC2::Subnet, Properties: {VpcId: a, CidrBlock: 10.0.0.0/24, MapPublicIpOnLaunch: false}}";
    let new =
        "{Type: AWS::EC2::Subnet, Properties: {VpcId: a, CidrBlock: 10.0.1.0/24, MapPublicIpOnLaunch: true}}";
    assert_snapshot!(resource(old, new), @r#"
    R AWS::EC2::Subnet Changed Some(Replaces) Some(Deleted)
      Resources.R.Properties.CidrBlock: "10.0.0.0/24" → "10.0.1.0/24" Some(Replaces)
      Resources.R.Properties.MapPublicIpOnLaunch: false → true Some(UpdateInPlace)
      because of Resources.R.Properties.CidrBlock
    "#);
}

#[test]
fn another_type_is_refused() {
    let new = "{Type: AWS::SQS::Queue, UpdateReplacePolicy: Retain, Properties: {QueueName: a}}";
    assert_snapshot!(resource("{Type: AWS::SNS::Topic}", new), @r#"
    R AWS::SQS::Queue Changed Some(Refused) None
      Resources.R.Type: "AWS::SNS::Topic" → "AWS::SQS::Queue" Some(Refused)
      Resources.R.UpdateReplacePolicy: - → "Retain" None
      Resources.R.Properties.QueueName: - → "a" None
      because of Resources.R.Type
    "#);
}

#[test]
fn a_type_that_is_not_known_may_be_replaced() {
    assert_snapshot!(resource("{Type: 'My::Own::Type', Properties: {A: 1}}", "{Type: 'My::Own::Type', Properties: {A: 2}}"), @"
    R My::Own::Type Changed Some(MayReplace) Some(Deleted)
      Resources.R.Properties.A: 1 → 2 Some(MayReplace)
      because of Resources.R.Properties.A
    ");
}

#[test]
fn properties_are_compared_in_depth_and_through_functions() {
    let old = "{Type: AWS::ECS::Service, Properties: {ServiceName: !If [C, a, b], DeploymentConfiguration: {MinimumHealthyPercent: 50, MaximumPercent: 200}, Tags: [{Key: a, Value: b}]}}";
    let new = "{Type: AWS::ECS::Service, Properties: {ServiceName: !If [C, a, c], DeploymentConfiguration: {MinimumHealthyPercent: 100, MaximumPercent: 200}, Tags: [{Key: a, Value: c}, {Key: d, Value: e}]}}";
    assert_snapshot!(resource(old, new), @r#"
    R AWS::ECS::Service Changed Some(Replaces) Some(Deleted)
      Resources.R.Properties.ServiceName: {"Fn::If":["C","a","b"]} → {"Fn::If":["C","a","c"]} Some(Replaces)
      Resources.R.Properties.DeploymentConfiguration.MinimumHealthyPercent: 50 → 100 Some(UpdateInPlace)
      Resources.R.Properties.Tags[0].Value: "b" → "c" Some(UpdateInPlace)
      Resources.R.Properties.Tags[1]: - → {"Key":"d","Value":"e"} Some(UpdateInPlace)
      because of Resources.R.Properties.ServiceName
    "#);
}

#[test]
fn what_cloudformation_keeps_for_itself_has_no_consequence() {
    let old = "{Type: AWS::SNS::Topic, DependsOn: A, Metadata: {a: 1}}";
    let new =
        "{Type: AWS::SNS::Topic, DependsOn: [A, B], Metadata: {a: 2}, DeletionPolicy: Retain, Condition: C}";
    assert_snapshot!(resource(old, new), @r#"
    R AWS::SNS::Topic Changed None None
      Resources.R.Condition: - → "C" None
      Resources.R.DependsOn: ["A"] → ["A","B"] None
      Resources.R.DeletionPolicy: - → "Retain" None
      Resources.R.Metadata.a: 1 → 2 None
    "#);
}

#[test]
fn what_means_the_same_is_no_difference() {
    let old = "{Type: AWS::ECS::TaskDefinition, DependsOn: [A, B], Properties: {Cpu: 512, X: true, Y: !GetAtt A.B, Z: {a: 1, b: 2}}}";
    let new = "{Properties: {Z: {b: '2', a: 1}, Y: {Fn::GetAtt: [A, B]}, X: 'true', Cpu: '512'}, DependsOn: [B, A], Type: AWS::ECS::TaskDefinition}";
    assert_eq!(resource(old, new), "");
    assert!(diff(&Template::default(), &Template::default()).is_empty());
}

#[test]
fn the_other_sections_are_compared() {
    let old = "
Description: old
Parameters: {A: {Type: String}, B: {Type: String, Default: 1}}
Mappings: {M: {k: {a: 1}}}
Conditions: {C: !Equals [a, b]}
Outputs: {O: {Value: 1}, P: {Value: !Ref A}}
Resources: {}
";
    let new = "
Transform: AWS::LanguageExtensions
Parameters: {B: {Type: Number, Default: '1'}}
Mappings: {M: {k: {a: 2, b: 3}}}
Conditions: {C: !Equals [a, c]}
Outputs: {O: {Value: 1, Export: {Name: o}}}
Resources: {}
Metadata: {Note: x}
";
    assert_snapshot!(check(old, new), @r#"
    Description: "old" → - Removed
    Metadata.Note: - → "x" Added
    Parameters.A: {"Type":"String"} → - Removed
    Parameters.B.Type: "String" → "Number" Changed
    Mappings.M.k.a: 1 → 2 Changed
    Mappings.M.k.b: - → 3 Added
    Conditions.C: {"Fn::Equals":["a","b"]} → {"Fn::Equals":["a","c"]} Changed
    Transform[0]: - → "AWS::LanguageExtensions" Added
    Outputs.O.Export: - → {"Name":"o"} Added
    Outputs.P: {"Value":{"Ref":"A"}} → - Removed
    "#);
}

#[test]
fn changes_are_serialized() {
    let changes = diff(
        &template("Resources:\n  R: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}\n"),
        &template("Resources:\n  R: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Ref A}}\n"),
    );
    assert_snapshot!(serde_json::to_string_pretty(&changes).unwrap(), @r#"
    {
      "refusals": [],
      "losses": [],
      "givenUp": [],
      "roots": [
        {
          "cause": {
            "kind": "Resource",
            "name": "R"
          },
          "typeName": "AWS::EC2::VPC",
          "action": "changed",
          "consequence": "replaces",
          "paths": [
            "Resources.R.Properties.CidrBlock"
          ],
          "followers": []
        }
      ],
      "rolls": [],
      "taskCounts": [],
      "renames": [],
      "review": {
        "access": {
          "broader": [],
          "narrower": []
        },
        "network": {
          "broader": [],
          "narrower": []
        },
        "secrets": []
      },
      "resources": [
        {
          "id": "R",
          "typeName": "AWS::EC2::VPC",
          "action": "changed",
          "changes": [
            {
              "path": "Resources.R.Properties.CidrBlock",
              "place": "CidrBlock",
              "old": "10.0.0.0/16",
              "new": {
                "Ref": "A"
              },
              "consequence": "replaces"
            }
          ],
          "own": "replaces",
          "consequence": "replaces",
          "fate": "deleted",
          "stateful": false
        }
      ],
      "values": [],
      "exports": [],
      "sections": []
    }
    "#);
}
