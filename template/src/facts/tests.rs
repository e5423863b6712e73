//! What the table must say of well-known types.

use super::*;

#[track_caller]
fn facts(type_name: &str) -> &'static ResourceFacts {
    resource(type_name).unwrap_or_else(|| panic!("no facts about {type_name}"))
}

#[track_caller]
fn place(type_name: &str, path: &str) -> Place<'static> {
    path.split('.').fold(facts(type_name).properties(), |place, name| {
        let place = place.item().unwrap_or(place);
        place.property(name).unwrap_or_else(|| panic!("{type_name} has no {path}"))
    })
}

#[test]
fn every_type_can_be_read() {
    assert!(type_names().len() > 1800, "{} types", type_names().len());
    for name in type_names() {
        let facts = facts(name);
        assert_eq!(facts.type_name, name);
        let later = [facts.handlers.is_readable(), facts.updates.is_readable()];
        let mut all = later.into_iter().chain(facts.definitions.iter().map(Later::is_readable));
        assert!(all.all(|readable| readable), "{name}");
    }
}

#[test]
fn the_names_are_sorted_and_no_name_is_twice() {
    let names: Vec<_> = type_names().collect();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn an_unknown_type_has_no_facts() {
    for name in ["", "AWS", "AWS::", "AWS::EC2::Vpc", "zzz", "\u{10ffff}"] {
        assert!(resource(name).is_none(), "{name}");
    }
}

#[test]
fn a_custom_resource_has_any_attribute_and_property() {
    let custom = facts("Custom::Thing");
    assert!(custom.attribute("Anything.AtAll").is_some());
    assert!(custom.properties().open);
}

#[test]
fn a_wrong_name_suggests_the_nearest_type() {
    assert_eq!(nearest("AWS::ECS::Servce"), Some("AWS::ECS::Service"));
    assert_eq!(nearest("aws::logs::loggroup"), Some("AWS::Logs::LogGroup"));
    assert_eq!(nearest("Nothing::Like::It"), None);
}

#[test]
fn a_changed_cidr_block_replaces_the_vpc_and_its_tags_do_not() {
    let vpc = facts("AWS::EC2::VPC");
    assert_eq!(vpc.update(&["CidrBlock"]), Update::Replaces);
    assert_eq!(vpc.update(&["InstanceTenancy"]), Update::MayReplace);
    assert_eq!(vpc.update(&["Tags", "0", "Value"]), Update::InPlace);
}

#[test]
fn where_the_sources_disagree_a_change_may_replace() {
    assert_eq!(facts("AWS::ECS::Service").update(&["LaunchType"]), Update::MayReplace);
    assert_eq!(facts("AWS::Route53::RecordSet").update(&["Name"]), Update::MayReplace);
}

#[test]
fn a_change_below_a_property_that_replaces_does_so_too() {
    let task = facts("AWS::ECS::TaskDefinition");
    assert_eq!(task.update(&["ContainerDefinitions", "0", "Image"]), Update::Replaces);
    assert_eq!(task.update(&["Tags"]), Update::InPlace);
}

#[test]
fn a_log_group_keeps_events_for_the_periods_that_cloudwatch_offers() {
    let retention = place("AWS::Logs::LogGroup", "RetentionInDays");
    assert!(retention.takes(Kind::Integer) && !retention.takes(Kind::Object));
    assert!(retention.allowed.contains(&Scalar::Integer(30)));
    assert!(!retention.allowed.contains(&Scalar::Integer(31)));
}

#[test]
fn types_that_hold_data_are_stateful() {
    for name in [
        "AWS::EFS::FileSystem",
        "AWS::Logs::LogGroup",
        "AWS::SecretsManager::Secret",
        "AWS::DynamoDB::Table",
        "AWS::ECR::Repository",
    ] {
        assert!(facts(name).stateful, "{name}");
    }
    assert!(!facts("AWS::ECS::Service").stateful);
}

#[test]
fn a_reference_is_told_to_be_a_name_an_id_or_an_arn() {
    for (name, kind) in [
        ("AWS::IAM::Role", ReferenceKind::Name),
        ("AWS::ECS::Cluster", ReferenceKind::Name),
        ("AWS::EC2::VPC", ReferenceKind::Id),
        ("AWS::SNS::Topic", ReferenceKind::Arn),
        ("AWS::ECS::Service", ReferenceKind::Arn),
        ("AWS::SecretsManager::Secret", ReferenceKind::Arn),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", ReferenceKind::Arn),
    ] {
        assert_eq!(facts(name).reference.kind, kind, "{name}");
    }
}

#[test]
fn a_property_says_what_it_names() {
    let role = place("AWS::ECS::TaskDefinition", "ExecutionRoleArn");
    assert!(role.names().iter().any(|name| name.type_name == "AWS::IAM::Role" && name.is_arn()));
    let groups = place("AWS::ECS::Service", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups");
    let group = groups.item().expect("a list");
    assert!(
        group.names().iter().any(|name| name.type_name == "AWS::EC2::SecurityGroup"),
        "{:?}",
        group.names()
    );
}

#[test]
fn required_properties_are_known_at_any_depth() {
    assert!(place("AWS::EC2::Subnet", "VpcId").takes(Kind::String));
    assert!(facts("AWS::EC2::Subnet").properties().required.contains(&"VpcId"));
    let container = place("AWS::ECS::TaskDefinition", "ContainerDefinitions").item().expect("a list");
    assert_eq!(container.required, ["Name", "Image"]);
}

#[test]
fn attributes_say_what_they_return() {
    let balancer = facts("AWS::ElasticLoadBalancingV2::LoadBalancer");
    assert!(balancer.attribute("DNSName").expect("known").kinds.contains(Kind::String));
    assert!(balancer.attribute("SecurityGroups").expect("known").items.contains(Kind::String));
    assert!(balancer.attribute("DnsName").is_none());
    assert!(facts("AWS::IAM::Role").attribute("Arn").expect("known").is_arn);
    assert!(facts("AWS::CloudFormation::Stack").attribute("Outputs.Url").is_some());
}

#[test]
fn a_pattern_may_name_a_class_of_characters() {
    let with_class =
        type_names().map(facts).flat_map(|facts| facts.definitions.iter().map(|schema| &**schema));
    let mut patterns =
        with_class.flat_map(|schema| schema.properties.iter().filter_map(|(_, place)| place.pattern));
    assert!(patterns.any(|pattern| pattern.contains(r"\p{L}")));
}

#[test]
fn types_of_the_serverless_transform_are_known() {
    let function = facts("AWS::Serverless::Function");
    assert!(function.properties().property("CodeUri").is_some());
    assert!(function.attribute("Version.FunctionArn").is_some());
}

#[test]
fn handlers_name_the_permissions_they_need() {
    let handlers = &facts("AWS::ECS::Service").handlers;
    assert!(handlers.create.permissions.contains(&"ecs:CreateService"));
    assert!(handlers.delete.permissions.contains(&"ecs:DeleteService"));
}

#[test]
fn regions_tell_where_a_type_exists() {
    let vpc = facts("AWS::EC2::VPC");
    assert_eq!(vpc.is_in_region("eu-west-1"), Some(true));
    assert_eq!(vpc.is_in_region("mars-north-1"), None);
    assert_eq!(facts("AWS::AppRunner::Service").is_in_region("eu-south-1"), Some(false));
}

#[test]
fn tags_have_a_property_and_a_shape() {
    let shape = |name: &str| facts(name).tags.as_ref().map(|tags| (tags.property, tags.shape));
    assert_eq!(shape("AWS::EFS::FileSystem"), Some(("FileSystemTags", TagShape::List)));
    assert_eq!(shape("AWS::SSM::Parameter"), Some(("Tags", TagShape::Map)));
    assert_eq!(shape("AWS::AutoScaling::AutoScalingGroup"), Some(("Tags", TagShape::Propagated)));
    assert_eq!(shape("AWS::EC2::Route"), None);
}

#[test]
fn every_pattern_in_the_table_compiles() {
    fn check(schema: &Schema, type_name: &str) {
        let keys = schema.entries.iter().map(|(pattern, _)| pattern);
        for pattern in schema.pattern.iter().chain(keys) {
            assert!(regex::Regex::new(pattern).is_ok(), "{type_name}: {pattern}");
        }
        let inner =
            schema.items.as_deref().into_iter().chain(schema.properties.iter().map(|(_, schema)| schema));
        let inner = inner.chain(schema.entries.iter().map(|(_, schema)| schema));
        for schema in inner.chain(schema.choices.iter().flat_map(|choice| &choice.of)) {
            check(schema, type_name);
        }
    }
    for name in type_names().filter(|name| name.starts_with("AWS::E")) {
        let facts = facts(name);
        check(&facts.schema, name);
        facts.definitions.iter().for_each(|schema| check(schema, name));
    }
}
