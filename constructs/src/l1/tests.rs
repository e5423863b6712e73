//! What the generated structs must be, written by hand.

use serde_json::{json, to_value};
use template::facts::{self, ReferenceKind, TagShape};

use crate::resource::ElementId;
use crate::{Arn, Handle, List, Resource, Tag, Tags, Value};

use super::structs::STRUCTS;
use super::{ec2, ecs, iam, logs, secretsmanager};

fn handle<R: Resource>(index: u32) -> Handle<R> {
    Handle::new(ElementId { stack: 0, index })
}

#[test]
fn only_what_is_given_is_written() {
    assert_eq!(to_value(logs::LogGroup::default()).unwrap(), json!({}));
    let group = logs::LogGroup {
        log_group_name: Some("/ecs/backend".into()),
        retention_in_days: Some(30.into()),
        tags: Some(vec![Tag::new("team", "docs")]),
        ..Default::default()
    };
    assert_eq!(
        to_value(group).unwrap(),
        json!({
            "LogGroupName": "/ecs/backend",
            "RetentionInDays": 30,
            "Tags": [{"Key": "team", "Value": "docs"}],
        })
    );
}

#[test]
fn a_handle_stands_where_its_reference_is_wanted() {
    let subnet = ec2::Subnet { vpc_id: Some(handle::<ec2::Vpc>(7).into()), ..Default::default() };
    assert_eq!(to_value(subnet).unwrap(), json!({"VpcId": {"Ref": "#0.7"}}));
}

#[test]
fn a_nested_type_is_written_with_its_own_names() {
    let group: Value<ec2::SecurityGroupId> = handle::<ec2::SecurityGroup>(2).group_id();
    let service = ecs::Service {
        cluster: Some(handle::<ecs::Cluster>(1).into()),
        task_definition: Some(handle::<ecs::TaskDefinition>(3).into()),
        enable_ecs_managed_tags: Some(true.into()),
        network_configuration: Some(ecs::service::NetworkConfiguration {
            awsvpc_configuration: Some(ecs::service::AwsVpcConfiguration {
                subnets: Some(List::parameter("Subnets")),
                security_groups: Some([group].into()),
                ..Default::default()
            }),
        }),
        ..Default::default()
    };
    assert_eq!(
        to_value(service).unwrap(),
        json!({
            "Cluster": {"Ref": "#0.1"},
            "EnableECSManagedTags": true,
            "NetworkConfiguration": {"AwsvpcConfiguration": {
                "Subnets": {"Ref": "Subnets"},
                "SecurityGroups": [{"Fn::GetAtt": ["#0.2", "GroupId"]}],
            }},
            "TaskDefinition": {"Ref": "#0.3"},
        })
    );
}

#[test]
fn arns_are_typed_by_what_they_name() {
    let role: Value<Arn<iam::Role>> = handle::<iam::Role>(4).arn();
    let secret: Value<Arn<secretsmanager::Secret>> = handle::<secretsmanager::Secret>(5).into();
    let task = ecs::TaskDefinition {
        execution_role_arn: Some(role),
        container_definitions: Some(vec![ecs::task_definition::ContainerDefinition {
            name: Some("backend".into()),
            secrets: Some(vec![ecs::task_definition::Secret {
                name: Some("OPENAI_API_KEY".into()),
                value_from: Some(secret),
            }]),
            ..Default::default()
        }]),
        ..Default::default()
    };
    assert_eq!(
        to_value(task).unwrap(),
        json!({
            "ContainerDefinitions": [{
                "Name": "backend",
                "Secrets": [{"Name": "OPENAI_API_KEY", "ValueFrom": {"Ref": "#0.5"}}],
            }],
            "ExecutionRoleArn": {"Fn::GetAtt": ["#0.4", "Arn"]},
        })
    );
}

#[test]
fn every_struct_has_facts_and_the_same_properties() {
    for (type_name, _, _, properties) in STRUCTS {
        let facts = facts::resource(type_name).unwrap_or_else(|| panic!("no facts about {type_name}"));
        let known = facts.properties();
        for property in *properties {
            assert!(known.property(property).is_some(), "{type_name}.{property} is not in the facts");
        }
        for required in &known.required {
            assert!(properties.contains(required), "{type_name}.{required} is required and has no field");
        }
    }
}

#[test]
fn every_struct_says_the_same_of_tags_and_references_as_the_facts() {
    for (type_name, tags, is_arn, _) in STRUCTS {
        let facts = facts::resource(type_name).unwrap_or_else(|| panic!("no facts about {type_name}"));
        let known = facts.tags.as_ref().map_or(Tags::None, |tags| match tags.shape {
            TagShape::List => Tags::List(tags.property),
            TagShape::Propagated => Tags::Propagated(tags.property),
            TagShape::Map => Tags::Map(tags.property),
        });
        assert_eq!(*tags, known, "{type_name}");
        assert_eq!(*is_arn, facts.reference.kind == ReferenceKind::Arn, "{type_name}: {:?}", facts.reference);
    }
}
