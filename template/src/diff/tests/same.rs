//! What means the same, and what does not.

use super::resource;

#[track_caller]
fn same(type_name: &str, old: &str, new: &str) {
    let of = |properties: &str| format!("{{Type: {type_name}, Properties: {properties}}}");
    assert_eq!(resource(&of(old), &of(new)), "");
    assert_eq!(resource(&of(new), &of(old)), "");
}

#[track_caller]
fn differ(type_name: &str, old: &str, new: &str) -> String {
    let of = |properties: &str| format!("{{Type: {type_name}, Properties: {properties}}}");
    let text = resource(&of(old), &of(new));
    assert_ne!(text, "");
    text
}

#[test]
fn functions_in_any_form_are_the_same() {
    let same =
        |old: &str, new: &str| same("My::Own::Type", &format!("{{A: {old}}}"), &format!("{{A: {new}}}"));
    same("!GetAtt A.B.C", "{'Fn::GetAtt': [A, B.C]}");
    same("!GetAtt A.B.C", "{'Fn::GetAtt': [A, B, C]}");
    same("!Ref A", "{Ref: A}");
    same("!Ref A", "!Sub '${A}'");
    same("!GetAtt A.B", "!Sub '${A.B}'");
    same("!Sub plain", "plain");
    same("!Sub ['${x}-${A}', {x: y}]", "!Join ['-', [y, !Ref A]]");
    same("!Join ['', [a, b, c]]", "abc");
    same("!Join ['/', [a, !Join ['/', [b, !Ref C]]]]", "!Sub 'a/b/${C}'");
    same("!Sub '${!Literal}'", "'${Literal}'");
    same("!GetAZs ''", "!GetAZs {Ref: AWS::Region}");
    same("!If [C, {a: 1}, !Ref AWS::NoValue]", "!If [C, {a: '1'}, !Ref AWS::NoValue]");
    same("{a: 1, b: !Ref AWS::NoValue}", "{a: '1'}");
    same("[a, !Ref AWS::NoValue]", "[a]");
}

#[test]
fn functions_that_give_something_else_differ() {
    let differ =
        |old: &str, new: &str| differ("My::Own::Type", &format!("{{A: {old}}}"), &format!("{{A: {new}}}"));
    differ("!Sub '${A}'", "!Sub '${!A}'");
    differ("!Join ['', [a, b]]", "!Join ['-', [a, b]]");
    differ("!If [C, a, b]", "!If [C, b, a]");
    differ("!GetAtt A.B", "!GetAtt A.C");
    differ("[a, b]", "[b, a]");
    differ("[a]", "a");
    differ("1", "1.5");
}

#[test]
fn values_are_compared_by_the_kind_that_the_facts_say() {
    same("AWS::EC2::Subnet", "{MapPublicIpOnLaunch: true}", "{MapPublicIpOnLaunch: 'True'}");
    same("AWS::ECS::Service", "{DesiredCount: 2}", "{DesiredCount: '2.0'}");
    same("AWS::CloudWatch::Alarm", "{Threshold: 80}", "{Threshold: 80.0}");
    // Text is text.
    differ("AWS::SNS::Topic", "{TopicName: 'True'}", "{TopicName: 'true'}");
}

#[test]
fn lists_that_are_sets_have_no_order() {
    let network = |groups: &str| {
        format!(
            "{{NetworkConfiguration: {{AwsvpcConfiguration: {{SecurityGroups: {groups}, Subnets: [a, b]}}}}}}"
        )
    };
    same("AWS::ECS::Service", &network("[!Ref A, b]"), &network("[b, {Ref: A}]"));
    same(
        "AWS::EC2::SecurityGroup",
        "{GroupDescription: g, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, CidrIp: 0.0.0.0/0}, {IpProtocol: '6', FromPort: 443}]}",
        "{GroupDescription: g, SecurityGroupIngress: [{FromPort: '443', IpProtocol: '6'}, {IpProtocol: tcp, FromPort: 80, CidrIp: 0.0.0.0/0}]}",
    );
    same(
        "AWS::SNS::Topic",
        "{Tags: [{Key: a, Value: 1}, {Key: b, Value: 2}]}",
        "{Tags: [{Key: b, Value: '2'}, {Key: a, Value: '1'}]}",
    );
    same(
        "AWS::CloudWatch::Alarm",
        "{Dimensions: [{Name: a, Value: x}, {Name: b, Value: y}], AlarmActions: [!Ref A, !Ref B]}",
        "{Dimensions: [{Name: b, Value: y}, {Name: a, Value: x}], AlarmActions: [!Ref B, !Ref A]}",
    );
    // The order of commands matters.
    let command = |list: &str| format!("{{ContainerDefinitions: [{{Name: a, Image: b, Command: {list}}}]}}");
    differ("AWS::ECS::TaskDefinition", &command("[a, b]"), &command("[b, a]"));
}

#[test]
fn containers_are_compared_by_name() {
    same(
        "AWS::ECS::TaskDefinition",
        "{ContainerDefinitions: [{Name: a, Image: b, Environment: [{Name: X, Value: 1}, {Name: Y, Value: 2}],
            PortMappings: [{ContainerPort: 80}, {ContainerPort: 81}], Secrets: [{Name: S, ValueFrom: s}, {Name: T, ValueFrom: t}]}]}",
        "{ContainerDefinitions: [{Name: a, Image: b, Environment: [{Name: Y, Value: '2'}, {Name: X, Value: '1'}],
            PortMappings: [{ContainerPort: '81'}, {ContainerPort: 80}], Secrets: [{Name: T, ValueFrom: t}, {Name: S, ValueFrom: s}]}]}",
    );
}

fn policy(statements: &str) -> String {
    format!("{{PolicyName: p, PolicyDocument: {{Version: '2012-10-17', Statement: {statements}}}}}")
}

#[test]
fn policies_are_compared_by_what_their_statements_say() {
    let same = |old: &str, new: &str| same("AWS::IAM::Policy", &policy(old), &policy(new));
    same(
        "[{Effect: Allow, Action: 's3:GetObject', Resource: '*'}]",
        "{Effect: Allow, Action: ['S3:getobject'], Resource: ['*']}",
    );
    same(
        "[{Effect: Allow, Action: ['s3:GetObject', 's3:PutObject'], Resource: [a, b]}, {Effect: Deny, Action: 'iam:*', Resource: '*'}]",
        "[{Effect: Deny, Resource: '*', Action: 'iam:*'}, {Effect: Allow, Action: ['s3:PutObject', 's3:GetObject'], Resource: [b, a]}]",
    );
    same(
        "[{Effect: Allow, Action: ['s3:*', 's3:GetObject'], Resource: ['*', 'arn:aws:s3:::b']}]",
        "[{Effect: Allow, Action: 's3:*', Resource: '*'}]",
    );
    same(
        "[{Effect: Allow, Principal: '*', Action: 'sqs:SendMessage', Resource: '*', Condition: {StringEquals: {'aws:SourceArn': a}}}]",
        "[{Effect: Allow, Principal: {AWS: ['*']}, Action: 'sqs:SendMessage', Resource: '*', Condition: {stringequals: {'aws:sourcearn': [a]}}}]",
    );
    same(
        "[{Effect: Allow, Principal: {AWS: '123456789012'}, Action: 'sts:AssumeRole'}]",
        "[{Effect: Allow, Principal: {AWS: ['arn:aws:iam::123456789012:root']}, Action: 'sts:AssumeRole'}]",
    );
}

#[test]
fn a_statement_that_says_something_else_differs() {
    let differ = |old: &str, new: &str| differ("AWS::IAM::Policy", &policy(old), &policy(new));
    differ(
        "[{Effect: Allow, Action: 's3:GetObject', Resource: '*'}]",
        "[{Effect: Allow, NotAction: 's3:GetObject', Resource: '*'}]",
    );
    differ(
        "[{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::B'}]",
        "[{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::b'}]",
    );
    differ(
        "[{Effect: Allow, Action: 's3:GetObject', Resource: '*'}]",
        "[{Effect: Deny, Action: 's3:GetObject', Resource: '*'}]",
    );
}

#[test]
fn json_within_texts_is_compared_as_json() {
    same(
        "AWS::CloudWatch::Dashboard",
        r#"{DashboardBody: '{"widgets": [{"type": "text", "width": 6}]}'}"#,
        r#"{DashboardBody: '{"widgets":[{"width":6,"type":"text"}]}'}"#,
    );
    same(
        "AWS::StepFunctions::StateMachine",
        r#"{DefinitionString: !Sub '{"StartAt": "A", "States": {"A": {"Resource": "${F.Arn}"}}}'}"#,
        r#"{DefinitionString: !Join ['', ['{"States":{"A":{"Resource":"', !GetAtt F.Arn, '"}},"StartAt":"A"}']]}"#,
    );
    // A policy in a text is a policy.
    same(
        "AWS::ECR::Repository",
        r#"{RepositoryPolicyText: '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:GetImage"}]}'}"#,
        "{RepositoryPolicyText: {Statement: {Effect: Allow, Principal: {AWS: '*'}, Action: ['ECR:GetImage']}}}",
    );
    // Within JSON, a number is no text.
    differ(
        "AWS::CloudWatch::Dashboard",
        r#"{DashboardBody: '{"a": 1}'}"#,
        r#"{DashboardBody: '{"a": "1"}'}"#,
    );
}
