//! Resources with another logical ID.

use super::{diff, template};
use crate::diff::Fate;

const TEXT: &str = "
Resources:
  Files: {Type: AWS::EFS::FileSystem, Properties: {Encrypted: true, FileSystemTags: [{Key: Name, Value: files}]}}
  Mount: {Type: AWS::EFS::MountTarget, Properties: {FileSystemId: !Ref Files, SubnetId: s, SecurityGroups: [g]}}
  One: {Type: AWS::SNS::Topic, Properties: {TopicName: one}}
  Policy: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Sub 'x-${Files}'}}
";

#[test]
fn a_resource_with_the_same_content_is_renamed() {
    let new = TEXT
        .replace("Files:", "BackendFiles:")
        .replace("!Ref Files", "!Ref BackendFiles")
        .replace("{Files}", "{BackendFiles}");
    let changes = diff(&template(TEXT), &template(&new));
    let [rename] = changes.renames.as_slice() else { panic!("{:?}", changes.renames) };
    assert_eq!((rename.old.as_str(), rename.new.as_str(), rename.exact), ("Files", "BackendFiles", true));
    assert_eq!((rename.holds, rename.fate), (Some("its files"), Fate::Deleted));
    assert_eq!(rename.referrers, ["Mount", "Policy"]);
    assert_eq!(changes.losses[0].renamed_to.as_deref(), Some("BackendFiles"));
}

#[test]
fn resources_that_refer_to_each_other_are_renamed_together() {
    let new = TEXT
        .replace("Files:", "BackendFiles:")
        .replace("!Ref Files", "!Ref BackendFiles")
        .replace("{Files}", "{BackendFiles}")
        .replace("Mount:", "BackendMount:")
        .replace("One:", "Another:")
        .replace("one}", "two}");
    let changes = diff(&template(TEXT), &template(&new));
    let pairs: Vec<_> =
        changes.renames.iter().map(|rename| (rename.old.as_str(), rename.new.as_str())).collect();
    assert_eq!(pairs, [("Files", "BackendFiles"), ("Mount", "BackendMount")]);
}

#[test]
fn equal_resources_are_paired_by_the_likeness_of_their_names() {
    let of = |names: [&str; 3]| {
        let each = names.map(|name| format!("  {name}: {{Type: AWS::EC2::InternetGateway}}\n"));
        template(&format!("Resources:\n{}", each.concat()))
    };
    let changes = diff(&of(["AppOne", "AppTwo", "AppThree"]), &of(["WebThree", "WebTwo", "WebOne"]));
    let pairs: Vec<_> =
        changes.renames.iter().map(|rename| (rename.old.as_str(), rename.new.as_str())).collect();
    assert_eq!(pairs, [("AppOne", "WebOne"), ("AppTwo", "WebTwo"), ("AppThree", "WebThree")]);
}

#[test]
fn other_tags_are_no_other_resource() {
    let of = |name: &str, tag: &str| {
        let metadata = format!("Metadata: {{'aws:cdk:path': Stack/{name}}}");
        let tags = format!("Tags: [{{Key: Name, Value: {tag}}}]");
        template(&format!(
            "Resources: {{{name}: {{Type: AWS::SQS::Queue, {metadata}, Properties: {{DelaySeconds: 5, {tags}}}}}}}\n"
        ))
    };
    let changes = diff(&of("A", "a"), &of("B", "b"));
    let [rename] = changes.renames.as_slice() else { panic!("{:?}", changes.renames) };
    assert!(!rename.exact);
    assert_eq!(rename.construct.as_deref(), Some("Stack/B"));
}

#[test]
fn another_content_is_another_resource() {
    let of = |name: &str, delay: u8| {
        template(&format!(
            "Resources: {{{name}: {{Type: AWS::SQS::Queue, Properties: {{DelaySeconds: {delay}}}}}}}\n"
        ))
    };
    assert_eq!(diff(&of("A", 1), &of("B", 2)).renames, []);
    // References to something else are another content.
    let of = |name: &str, target: &str| {
        template(&format!(
            "Resources: {{{name}: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: !Ref {target}}}}}, X: {{Type: AWS::SQS::Queue}}, Y: {{Type: AWS::SQS::Queue}}}}\n"
        ))
    };
    assert_eq!(diff(&of("A", "X"), &of("B", "Y")).renames, []);
}

#[test]
fn what_is_the_same_under_another_id_allows_nothing_new() {
    let role = |id: &str, action: &str| {
        template(&format!(
            "Resources:\n  {id}: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyName: p, PolicyDocument: {{Statement: {{Effect: Allow, Action: '{action}', Resource: '*'}}}}}}]}}}}\n"
        ))
    };
    let changes = diff(&role("Old", "s3:*"), &role("New", "s3:*"));
    assert_eq!(changes.renames.len(), 1);
    assert!(!changes.review.broadens(), "{:?}", changes.review);
    assert!(diff(&role("Old", "s3:*"), &role("New", "sqs:*")).review.broadens());
}
