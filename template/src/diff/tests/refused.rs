//! What CloudFormation refuses, names that are taken, and conditions that a resource gets.

use super::{diff, template};
use crate::diff::{Consequence, Fate, Options, Values, diff_with};
use crate::document::Template;

fn resources(text: &str) -> Template {
    template(&format!("Resources:\n{text}"))
}

#[test]
fn another_type_is_refused_and_nothing_follows() {
    let text = "  R: {Type: AWS::SQS::Queue, Properties: {QueueName: a}}\n  T: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt R.Arn}}\n";
    let changes = diff(&resources(text), &resources(&text.replace("SQS::Queue", "Kinesis::Stream")));
    let [refusal] = changes.refusals.as_slice() else { panic!("{:?}", changes.refusals) };
    assert_eq!((refusal.id.as_str(), refusal.old_type.as_deref()), ("R", Some("AWS::SQS::Queue")));
    assert_eq!(refusal.paths[0].to_string(), "Resources.R.Type");
    assert_eq!(changes.losses, []);
    assert!(changes.resource("T").is_none(), "no change set is made");
    assert_eq!(changes.roots[0].consequence, Some(Consequence::Refused));
}

#[test]
fn a_property_that_cannot_be_updated_is_refused() {
    let volume = |zone: &str, size: u8| {
        resources(&format!(
            "  V: {{Type: AWS::EC2::Volume, Properties: {{AvailabilityZone: {zone}, Size: {size}}}}}\n"
        ))
    };
    let changes = diff(&volume("a", 1), &volume("b", 2));
    assert_eq!(changes.refusals[0].paths.len(), 1);
    assert_eq!(changes.refusals[0].paths[0].to_string(), "Resources.V.Properties.AvailabilityZone");
    assert_eq!((changes.refusals[0].old_type.as_ref(), changes.losses.len()), (None, 0));
    assert_eq!(diff(&volume("a", 1), &volume("a", 2)).refusals, []);
}

#[test]
fn a_reference_that_changes_such_a_property_is_refused_too() {
    let text = |zone: &str| {
        template(&format!(
            "Parameters: {{Zone: {{Type: String, Default: {zone}}}}}
Resources:
  A: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !Ref Zone}}}}
  V: {{Type: AWS::EC2::Volume, Properties: {{AvailabilityZone: !Ref Zone, Size: 1}}}}
"
        ))
    };
    let of = |zone: &str| Values::from([("Zone".to_owned(), zone.to_owned())]);
    let options = Options { old: of("a"), new: of("b"), ..Options::default() };
    let changes = diff_with(&text("a"), &text("a"), &options);
    let [refusal] = changes.refusals.as_slice() else { panic!("{changes:#?}") };
    assert_eq!((refusal.id.as_str(), refusal.paths.len()), ("V", 1));
}

#[test]
fn an_index_that_stays_can_have_no_other_keys() {
    let table = |name: &str, kind: &str| {
        resources(&format!(
            "  T: {{Type: AWS::DynamoDB::Table, Properties: {{GlobalSecondaryIndexes: [{{IndexName: {name}, Projection: {{ProjectionType: {kind}}}}}]}}}}\n"
        ))
    };
    assert_eq!(diff(&table("a", "ALL"), &table("a", "KEYS_ONLY")).refusals.len(), 1);
    assert_eq!(diff(&table("a", "ALL"), &table("b", "KEYS_ONLY")).refusals, [], "another index");
}

const TABLES: &str = "
  Old: {Type: AWS::DynamoDB::Table, Properties: {TableName: users, KeySchema: [{AttributeName: a, KeyType: HASH}]}}
  Two: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders, KeySchema: [{AttributeName: a, KeyType: HASH}]}}
  Service: {Type: AWS::ECS::Service, Properties: {Cluster: one, ServiceName: web}}
";

#[test]
fn a_resource_under_another_id_cannot_have_the_same_name() {
    let new = TABLES
        .replace("Old:", "New:")
        .replace("users, KeySchema: [{AttributeName: a", "users, KeySchema: [{AttributeName: b");
    let changes = diff(&resources(TABLES), &resources(&new));
    let change = changes.resource("New").unwrap();
    assert_eq!(change.name_taken_by.as_deref(), Some("Old"));
    assert_eq!(change.fixed_name.as_ref().unwrap().to_string(), "Resources.New.Properties.TableName");
    let [rename] = changes.renames.as_slice() else { panic!("{:?}", changes.renames) };
    assert_eq!((rename.old.as_str(), rename.new.as_str()), ("Old", "New"));
    assert_eq!((rename.exact, rename.changed), (false, true));
    assert_eq!(changes.losses[0].renamed_to.as_deref(), Some("New"));
}

#[test]
fn two_that_swap_their_names_are_in_each_others_way() {
    let new = TABLES.replace("users", "tmp").replace("orders", "users").replace("tmp", "orders");
    let changes = diff(&resources(TABLES), &resources(&new));
    let taken = |id: &str| changes.resource(id).and_then(|change| change.name_taken_by.clone());
    assert_eq!((taken("Old").as_deref(), taken("Two").as_deref()), (Some("Two"), Some("Old")));
    assert_eq!(changes.renames, []);
}

#[test]
fn a_name_that_is_free_or_unique_in_another_place_is_no_obstacle() {
    let other = TABLES.replace("Old:", "New:").replace("users", "people");
    assert_eq!(diff(&resources(TABLES), &resources(&other)).resource("New").unwrap().fixed_name, None);
    let moved = TABLES.replace("Service:", "Web:").replace("Cluster: one", "Cluster: two");
    assert_eq!(diff(&resources(TABLES), &resources(&moved)).resource("Web").unwrap().fixed_name, None);
    let same = TABLES.replace("Service:", "Web:");
    let changes = diff(&resources(TABLES), &resources(&same));
    assert_eq!(changes.resource("Web").unwrap().name_taken_by.as_deref(), Some("Service"));
}

#[test]
fn what_aws_does_not_delete_is_said_of_what_is_removed_and_replaced() {
    let text = "
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: a}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: a, DeletionProtectionEnabled: true}}
  Topic: {Type: AWS::SNS::Topic}
";
    let fates = |new: &str| -> Vec<Fate> {
        diff(&resources(text), &resources(new)).losses.iter().map(|loss| loss.fate).collect()
    };
    assert_eq!(fates("  Topic: {Type: AWS::SNS::Topic}\n"), [Fate::DeletedIfEmpty, Fate::Protected]);
    // The new one has no protection; the old one still has.
    let new = text.replace("Name: a", "Name: b").replace(", DeletionProtectionEnabled: true", "");
    assert_eq!(fates(&new), [Fate::DeletedIfEmpty, Fate::Protected]);
}

#[test]
fn a_condition_that_a_resource_gets_is_judged_by_the_values_that_are_known() {
    let text = |condition: &str, default: &str| {
        template(&format!(
            "Parameters: {{Env: {{Type: String{default}}}}}
Conditions: {{P: !Equals [!Ref Env, prod]}}
Resources: {{R: {{Type: AWS::SNS::Topic{condition}}}}}
"
        ))
    };
    let holds = |default: &str| {
        let changes = diff(&text("", default), &text(", Condition: P", default));
        changes.resource("R").unwrap().condition_holds
    };
    assert_eq!(holds(", Default: prod"), Some(true));
    assert_eq!(holds(", Default: dev"), Some(false));
    assert_eq!(holds(""), None);
}
