//! What follows from a change, through references to the end.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::{diff, template};
use crate::diff::{Changes, Consequence, Fate};

/// Every cause with what follows from it, one deeper for each step.
pub(super) fn tree(changes: &Changes) -> String {
    let mut out = String::new();
    for root in &changes.roots {
        let name = root.cause.name();
        writeln!(out, "{name} {:?} {:?}", root.action, root.consequence).unwrap();
        for path in &root.paths {
            writeln!(out, "  because of {path}").unwrap();
        }
        for follower in &root.followers {
            let space = "  ".repeat(follower.depth);
            let told = if follower.repeated { " (told)" } else { "" };
            let itself = if follower.changed { " (changed itself)" } else { "" };
            let attribute = follower.attribute.as_deref().map(|name| format!(" .{name}")).unwrap_or_default();
            let condition =
                follower.condition.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
            writeln!(
                out,
                "{space}{} {:?} {:?} through {}{attribute}{condition}{itself}{told}",
                follower.id, follower.action, follower.consequence, follower.path
            )
            .unwrap();
        }
        for output in &root.outputs {
            let export = if output.exported { ", exported" } else { "" };
            writeln!(
                out,
                "  output {} from {} (certain: {}{export})",
                output.name,
                output.from.name(),
                output.certain
            )
            .unwrap();
        }
    }
    out
}

#[track_caller]
fn change(text: &str, old: &str, new: &str) -> Changes {
    assert!(text.contains(old), "{old}");
    diff(&template(text), &template(&text.replace(old, new)))
}

const NETWORK: &str = "
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !Ref Vpc, GroupDescription: g}}
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: c}}
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {Family: f, ContainerDefinitions: [{Name: web, Image: a}]}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      DesiredCount: 2
      TaskDefinition: !Ref Task
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref Subnet], SecurityGroups: [!GetAtt Group.GroupId]}}
  Files: {Type: AWS::EFS::FileSystem}
  Mount: {Type: AWS::EFS::MountTarget, Properties: {FileSystemId: !Ref Files, SubnetId: !Ref Subnet, SecurityGroups: [!Ref Group]}}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Service}}
Outputs:
  VpcId: {Value: !Ref Vpc, Export: {Name: vpc}}
  Files: {Value: !Ref Files}
";

#[test]
fn a_replaced_network_takes_all_with_it_that_depends() {
    let changes = change(NETWORK, "10.0.0.0/16", "10.1.0.0/16");
    assert_snapshot!(tree(&changes), @"
    Vpc Changed Some(Replaces)
      because of Resources.Vpc.Properties.CidrBlock
      Subnet Changed Replaces through Resources.Subnet.Properties.VpcId
        Service Changed UpdateInPlace through Resources.Service.Properties.NetworkConfiguration.AwsvpcConfiguration.Subnets[0]
        Mount Changed Replaces through Resources.Mount.Properties.SubnetId
      Group Changed Replaces through Resources.Group.Properties.VpcId
      output VpcId from Vpc (certain: true, exported)
    ");
    assert_eq!(changes.roots.len(), 1);
    assert_eq!(
        changes.roots[0].chain("Mount").iter().map(|follower| follower.id.as_str()).collect::<Vec<_>>(),
        ["Subnet", "Mount"]
    );
    let mount = changes.resource("Mount").unwrap();
    assert!(mount.only_follows());
    assert_eq!(
        (mount.consequence, mount.own, mount.fate),
        (Some(Consequence::Replaces), None, Some(Fate::Deleted))
    );
    let causes: Vec<String> = mount.causes().map(ToString::to_string).collect();
    assert_eq!(causes, ["Resources.Mount.Properties.SubnetId"]);
}

#[test]
fn a_service_whose_task_definition_changes_rolls_its_tasks() {
    let changes = change(NETWORK, "Image: a", "Image: b");
    assert_snapshot!(tree(&changes), @"
    Task Changed Some(Replaces)
      because of Resources.Task.Properties.ContainerDefinitions[0].Image
      Service Changed UpdateInPlace through Resources.Service.Properties.TaskDefinition
    ");
    let [roll] = changes.rolls.as_slice() else { panic!("{:?}", changes.rolls) };
    assert_eq!(
        (roll.service.as_str(), roll.task_definition.as_deref(), roll.tasks),
        ("Service", Some("Task"), Some(2))
    );
    assert!(roll.certain && !roll.replaced);
    assert_eq!(roll.because[0].to_string(), "Resources.Service.Properties.TaskDefinition");
}

#[test]
fn where_autoscaling_counts_the_tasks_its_bounds_are_told() {
    const TARGET: &str = "  Target: {Type: AWS::ApplicationAutoScaling::ScalableTarget, Properties: {MinCapacity: 2, MaxCapacity: '10', ResourceId: !Sub 'service/${Cluster}/${Service.Name}'}}\nOutputs:\n";
    let scaled = |count: &str| NETWORK.replace("Outputs:\n", TARGET).replace("DesiredCount: 2", count);
    let of = |count: &str| {
        let changes = change(&scaled(count), "Image: a", "Image: b");
        (changes.rolls[0].tasks, changes.rolls[0].scaled)
    };
    assert_eq!(of("PropagateTags: SERVICE"), (None, Some(crate::diff::Scaled { least: 2, most: 10 })));
    assert_eq!(of("DesiredCount: 2"), (Some(2), None));
}

#[test]
fn a_service_in_a_replaced_cluster_is_replaced() {
    let changes = change(NETWORK, "ClusterName: c", "ClusterName: d");
    assert_snapshot!(tree(&changes), @"
    Cluster Changed Some(Replaces)
      because of Resources.Cluster.Properties.ClusterName
      Service Changed Replaces through Resources.Service.Properties.Cluster
        Topic Changed UpdateInPlace through Resources.Topic.Properties.DisplayName
    ");
    assert!(changes.rolls[0].replaced);
}

#[test]
fn what_changes_itself_and_follows_is_told_with_its_cause() {
    let new = NETWORK.replace("10.0.0.0/16", "10.1.0.0/16").replace("10.0.1.0/24", "10.1.1.0/24");
    let changes = diff(&template(NETWORK), &template(&new));
    assert_eq!(changes.roots.len(), 1);
    let subnet = &changes.roots[0].followers[0];
    assert!(subnet.changed);
    assert_eq!(subnet.id, "Subnet");
    assert_eq!(changes.resource("Subnet").unwrap().own, Some(Consequence::Replaces));
}

#[test]
fn a_fixed_name_survives_a_replacement() {
    let text = "
Resources:
  Named: {Type: AWS::ECR::Repository, Properties: {RepositoryName: n, EncryptionConfiguration: {EncryptionType: AES256}}}
  Other: {Type: AWS::ECR::Repository, Properties: {EncryptionConfiguration: {EncryptionType: AES256}}}
  A: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Named, DisplayName: !GetAtt Named.Arn}}
  B: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Other, DisplayName: !GetAtt Other.Arn}}
  C: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Named}}
";
    let new = text.replace("AES256", "KMS");
    let changes = diff(&template(text), &template(&new));
    assert_snapshot!(tree(&changes), @"
    Other Changed Some(Replaces)
      because of Resources.Other.Properties.EncryptionConfiguration.EncryptionType
      B Changed Replaces through Resources.B.Properties.TopicName
    Named Changed Some(Replaces)
      because of Resources.Named.Properties.EncryptionConfiguration.EncryptionType
      A Changed MayUpdate through Resources.A.Properties.DisplayName .Arn
    ");
    let stands = |id: &str| changes.resource(id).unwrap().fixed_name.as_ref().map(ToString::to_string);
    assert_eq!(stands("Named").as_deref(), Some("Resources.Named.Properties.RepositoryName"));
    assert!(changes.resource("C").is_none());
    assert_eq!(stands("Other"), None);
}

#[test]
fn an_attribute_that_gives_back_a_property_changes_with_it() {
    let text = "
Resources:
  Parameter: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: a, Description: x}}
  User: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt Parameter.Value}}
  Name: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Parameter}}
  Custom: {Type: Custom::Thing, Properties: {ServiceToken: t, A: 1}}
  Reader: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt Custom.Out}}
";
    assert_snapshot!(tree(&change(text, "Value: a", "Value: b")), @"
    Parameter Changed Some(UpdateInPlace)
      because of Resources.Parameter.Properties.Value
      User Changed UpdateInPlace through Resources.User.Properties.DisplayName .Value
    ");
    assert_snapshot!(tree(&change(text, "Description: x", "Description: y")), @"
    Parameter Changed Some(UpdateInPlace)
      because of Resources.Parameter.Properties.Description
    ");
    assert_snapshot!(tree(&change(text, "A: 1", "A: 2")), @"
    Custom Changed Some(MayReplace)
      because of Resources.Custom.Properties.A
      Reader Changed MayReplace through Resources.Reader.Properties.TopicName .Out
    ");
}

#[test]
fn data_that_is_lost_comes_first() {
    let text = "
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {KeySpec: SYMMETRIC_DEFAULT}}
  Files: {Type: AWS::EFS::FileSystem, Properties: {KmsKeyId: !GetAtt Key.Arn, Encrypted: true}}
  Table: {Type: AWS::DynamoDB::Table, UpdateReplacePolicy: Retain, Properties: {KeySchema: [{AttributeName: a, KeyType: HASH}]}}
  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Delete}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: a}}
";
    let new = text
        .replace("  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Delete}\n", "")
        .replace("AttributeName: a", "AttributeName: b")
        .replace("TopicName: a", "TopicName: b")
        .replace("Encrypted: true", "Encrypted: false");
    let changes = diff(&template(text), &template(&new));
    let losses: Vec<_> = changes
        .losses
        .iter()
        .map(|loss| (loss.id.as_str(), loss.fate, loss.holds, loss.consequence))
        .collect();
    assert_eq!(
        losses,
        [
            ("Files", Fate::Deleted, "its files", Some(Consequence::Replaces)),
            ("Queue", Fate::Deleted, "its messages", None),
            ("Table", Fate::Retained, "its items", Some(Consequence::Replaces)),
        ]
    );
    let roots: Vec<&str> = changes.roots.iter().map(|root| root.cause.name()).collect();
    assert_eq!(roots, ["Files", "Queue", "Table", "Topic"]);
}

#[test]
fn an_interruption_is_told_where_aws_says_so() {
    let text = "Resources: {Data: {Type: AWS::RDS::DBInstance, Properties: {DBInstanceClass: db.t3.small, AllocatedStorage: '20'}}}\n";
    let consequence = |changes: Changes| changes.resources[0].consequence;
    assert_eq!(consequence(change(text, "small", "large")), Some(Consequence::Interrupts));
    assert_eq!(consequence(change(text, "'20'", "'30'")), Some(Consequence::UpdateInPlace));
}

#[test]
fn a_circle_is_followed_once() {
    let text = "
Resources:
  A: {Type: AWS::SNS::Topic, Properties: {TopicName: a, DisplayName: !Ref C}}
  B: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref A}}
  C: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref B}}
";
    assert_snapshot!(tree(&change(text, "TopicName: a", "TopicName: x")), @"
    A Changed Some(Replaces)
      because of Resources.A.Properties.TopicName
      B Changed Replaces through Resources.B.Properties.TopicName
        C Changed Replaces through Resources.C.Properties.TopicName
    ");
}
