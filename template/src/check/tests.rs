use std::collections::BTreeSet;

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::check::{Finding, Severity};
use crate::document::Template;

#[track_caller]
fn findings(text: &str) -> Vec<Finding> {
    Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).check()
}

/// One line for each finding, without those of the lints.
#[track_caller]
fn check(text: &str) -> String {
    let line = |finding: &Finding| {
        let hint = finding.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
        let position = finding.position.expect("it was read from a file");
        format!("{position} {} {} at {}{hint}\n", finding.code(), finding.message, finding.path)
    };
    findings(text).iter().filter(|finding| finding.code() < "DT030").map(line).collect()
}

/// The findings about the properties of one resource.
#[track_caller]
fn properties(type_name: &str, properties: &str) -> String {
    check(&format!("Resources:\n  R:\n    Type: {type_name}\n    Properties: {properties}\n"))
}

#[test]
fn a_clean_template_has_no_findings() {
    let text = "
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Zones: {Type: 'List<AWS::EC2::AvailabilityZone::Name>'}
  Count: {Type: Number, Default: 2, AllowedValues: [1, 2]}
Mappings: {Sizes: {small: {Cpu: 256, Zones: [a, b]}}}
Conditions: {Two: !Equals [!Ref Count, '2']}
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    DeletionPolicy: Retain
    Properties: {CidrBlock: 10.0.0.0/16, EnableDnsSupport: 'true', Tags: [{Key: Name, Value: 5}]}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: !If [Two, 10.0.0.0/24, !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]]
      AvailabilityZone: !Select [0, !Ref Zones]
      MapPublicIpOnLaunch: !If [Two, false, !Ref AWS::NoValue]
  Thing: {Type: 'Custom::Thing', Properties: {ServiceToken: 'arn:aws:sns:us-east-1:123456789012:x', Any: [1, {b: c}]}}
  Foreign: {Type: 'My::Own::Type', Properties: {A: 1}}
Outputs:
  Url: {Value: !Sub 'http://${Thing.Whatever}/${Subnet}', Export: {Name: !Sub '${AWS::StackName}-url'}}
  Cpu: {Value: !FindInMap [Sizes, small, Cpu]}
";
    assert_snapshot!(check(text), @"");
}

#[test]
fn a_property_that_does_not_exist_is_found_with_the_nearest() {
    assert_snapshot!(properties("AWS::EC2::VPC", "{CidrBlok: 10.0.0.0/16, Tags: [{Key: a, Valeu: b}]}"), @"
    4:18 DT005 AWS::EC2::VPC has no property `CidrBlok` at Resources.R.Properties.CidrBlok (did you mean `CidrBlock`?)
    4:57 DT005 there is no property `Valeu` here at Resources.R.Properties.Tags[0].Valeu (did you mean `Value`?)
    ");
}

#[test]
fn a_missing_property_is_found_at_every_level() {
    assert_snapshot!(properties("AWS::EC2::Subnet", "{CidrBlock: 10.0.0.0/24, Tags: [{Key: a}]}"), @"
    4:5 DT006 AWS::EC2::Subnet needs the property `VpcId` at Resources.R.Properties
    4:49 DT006 the property `Value` is missing at Resources.R.Properties.Tags[0]
    ");
    assert_snapshot!(properties("AWS::EC2::Subnet", "{VpcId: !Ref AWS::NoValue, CidrBlock: 10.0.0.0/24}"), @"4:5 DT006 AWS::EC2::Subnet needs the property `VpcId` at Resources.R.Properties");
}

#[test]
fn a_value_of_the_wrong_kind_is_found_but_cloudformations_conversions_are_not() {
    assert_snapshot!(properties("AWS::EC2::VPC", "{CidrBlock: [10.0.0.0/16], EnableDnsSupport: perhaps, Tags: {Key: a}}"), @"
    4:18 DT007 expected text, found a list at Resources.R.Properties.CidrBlock
    4:44 DT007 expected `true` or `false`, found the text `perhaps` at Resources.R.Properties.EnableDnsSupport
    4:71 DT007 expected a list, found a mapping at Resources.R.Properties.Tags
    ");
    assert_eq!(properties("AWS::Logs::LogGroup", "{RetentionInDays: '30', LogGroupName: 123}"), "");
    assert_snapshot!(properties("AWS::Logs::LogGroup", "{RetentionInDays: month, LogGroupName: null}"), @"
    4:18 DT007 expected a whole number, found the text `month` at Resources.R.Properties.RetentionInDays
    4:42 DT007 expected text, found nothing at Resources.R.Properties.LogGroupName (remove the property, or use `!Ref AWS::NoValue`)
    ");
}

#[test]
fn values_are_compared_with_what_is_allowed() {
    assert_snapshot!(properties("AWS::EC2::VPC", "{CidrBlock: 10.0.300.0/16, InstanceTenancy: dedicate}"), @"
    4:18 DT009 `10.0.300.0/16` is not a block of addresses at Resources.R.Properties.CidrBlock (for example 10.0.0.0/16)
    4:44 DT008 `dedicate` is not one of the allowed values at Resources.R.Properties.InstanceTenancy (did you mean `dedicated`?)
    ");
    assert_snapshot!(properties("AWS::Logs::LogGroup", "{RetentionInDays: 31, LogGroupName: 'a b'}"), @r"
    4:18 DT008 `31` is not one of the allowed values at Resources.R.Properties.RetentionInDays (choose one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 and 10 more)
    4:39 DT009 `a b` does not have the right form at Resources.R.Properties.LogGroupName (it must match `^[.\-_/#A-Za-z0-9]{1,512}\z`)
    ");
    let port = "{Protocol: HTTP, Port: 70000, VpcId: vpc-1, HealthCheckIntervalSeconds: 1}";
    assert_snapshot!(properties("AWS::ElasticLoadBalancingV2::TargetGroup", port), @"
    4:34 DT010 70000 is not between 1 and 65535 at Resources.R.Properties.Port
    4:61 DT010 1 is not between 5 and 300 at Resources.R.Properties.HealthCheckIntervalSeconds
    ");
}

#[test]
fn a_value_that_is_only_known_at_deployment_is_left_alone() {
    for value in [
        "!Ref AWS::Region",
        "!Sub 'x ${AWS::Region}'",
        "'{{resolve:ssm:/name}}'",
        "!ImportValue x",
        "!Select [0, {Fn::GetAZs: ''}]",
    ] {
        assert_eq!(
            properties(
                "AWS::Logs::LogGroup",
                &format!("{{RetentionInDays: {value}, LogGroupName: {value}}}")
            ),
            ""
        );
    }
}

#[test]
fn a_list_and_text_are_told_apart_before_they_are_known() {
    let text = "
Parameters: {Ids: {Type: 'List<AWS::EC2::Subnet::Id>'}, Id: {Type: 'AWS::EC2::Subnet::Id'}}
Resources:
  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref Ids, DisplayName: !Split [a, b]}}
  Alb: {Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {Subnets: !Ref Id}}
  Zone: {Type: 'AWS::Route53::HostedZone', Properties: {Name: example.com}}
  Fine: {Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {Subnets: !Ref Ids}}
  Record: {Type: 'AWS::Route53::RecordSet', Properties: {Name: a.com, Type: NS, TTL: 60, HostedZoneId: !Ref Zone, ResourceRecords: !GetAtt Zone.NameServers}}
";
    assert_snapshot!(check(text), @"
    4:49 DT007 expected text, found a list (`Ref`) at Resources.Topic.Properties.TopicName
    4:70 DT007 expected text, found a list (`Fn::Split`) at Resources.Topic.Properties.DisplayName
    5:73 DT007 expected a list, found text (`Ref`) at Resources.Alb.Properties.Subnets
    ");
}

#[test]
fn what_a_parameter_or_a_map_gives_is_looked_at() {
    let text = "
Parameters:
  Days: {Type: Number, Default: 10}
  Name: {Type: String, Default: ''}
  Cidr: {Type: String, Default: 10.0.0.0/33}
Mappings: {Days: {prod: {Days: 30}, dev: {Days: 11}}}
Conditions: {IsBig: !Equals [!Ref Cidr, 10.0.0.0/33]}
Resources:
  A: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: !Ref Days, LogGroupName: !Ref Name}}
  B: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: !FindInMap [Days, dev, Days]}}
  C: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !If [IsBig, 10.0.0.0/16, !Ref Cidr]}}
  D: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !Sub '10.${Days}.0.0/33'}}
";
    assert_snapshot!(check(text), @"
    9:49 DT008 `10` is not one of the allowed values, and it is the default of `Days` at Resources.A.Properties.RetentionInDays (choose one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 and 10 more)
    10:49 DT008 `11` is not one of the allowed values at Resources.B.Properties.RetentionInDays (choose one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 and 10 more)
    12:43 DT009 `10.10.0.0/33` is not a block of addresses at Resources.D.Properties.CidrBlock (for example 10.0.0.0/16)
    ");
}

#[test]
fn a_reference_gives_the_identifier_that_is_wanted() {
    let text = "
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Bucket: {Type: 'AWS::S3::Bucket'}
  Any: {Type: 'Custom::Any', Properties: {ServiceToken: 'arn:aws:sns:us-east-1:123456789012:x'}}
  Role: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {Statement: []}}}
  Profile: {Type: 'AWS::IAM::InstanceProfile', Properties: {Roles: [!GetAtt Role.Arn]}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Subnet2, CidrBlock: 10.0.0.0/24}}
  Subnet2: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !GetAtt Any.VpcId, CidrBlock: 10.0.0.0/24}}
  Task: {Type: 'AWS::ECS::TaskDefinition', Properties: {TaskRoleArn: !Ref Role, ExecutionRoleArn: !GetAtt Bucket.Arn}}
  Alb: {Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {Subnets: [!Ref Subnet, !Ref Subnet2], SecurityGroups: [!GetAtt Vpc.DefaultSecurityGroup]}}
";
    assert_snapshot!(check(text), @"
    8:51 DT028 this takes an AWS::EC2::VPC, but `Subnet2` is of an AWS::EC2::Subnet at Resources.Subnet.Properties.VpcId
    10:81 DT028 this takes an AWS::IAM::Role, but `Bucket.Arn` is of an AWS::S3::Bucket at Resources.Task.Properties.ExecutionRoleArn
    ");
}

#[test]
fn both_branches_of_a_condition_are_looked_at() {
    let text = "
Conditions: {C: !Equals [!Ref AWS::Region, us-east-1]}
Resources:
  Group:
    Type: AWS::Logs::LogGroup
    Properties: {RetentionInDays: !If [C, 31, !If [C, 30, 32]], LogGroupName: !If [C, !Ref AWS::NoValue, a b]}
";
    assert_snapshot!(check(text), @r"
    6:43 DT008 `31` is not one of the allowed values at Resources.Group.Properties.RetentionInDays.Fn::If[1] (choose one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 and 10 more)
    6:59 DT008 `32` is not one of the allowed values at Resources.Group.Properties.RetentionInDays.Fn::If[2].Fn::If[2] (choose one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 and 10 more)
    6:106 DT009 `a b` does not have the right form at Resources.Group.Properties.LogGroupName.Fn::If[2] (it must match `^[.\-_/#A-Za-z0-9]{1,512}\z`)
    ");
}

#[test]
fn a_property_that_only_aws_sets_is_refused() {
    assert_snapshot!(properties("AWS::EC2::VPC", "{CidrBlock: 10.0.0.0/16, VpcId: vpc-1}"), @"4:42 DT013 `VpcId` is set by AWS and cannot be given at Resources.R.Properties.VpcId (remove it; read it with `!GetAtt`)");
}

#[test]
fn properties_that_do_not_go_together_are_found() {
    assert_snapshot!(properties("AWS::EC2::VPC", "{EnableDnsSupport: true}"), @"4:5 DT019 one of `CidrBlock`, `Ipv4IpamPoolId` must be given at Resources.R.Properties");
    assert_snapshot!(properties("AWS::IAM::Policy", "{PolicyName: a, PolicyDocument: {Statement: []}}"), @"4:5 DT019 one of `Users`, `Groups`, `Roles` must be given at Resources.R.Properties");
    assert_eq!(
        properties("AWS::IAM::Policy", "{PolicyName: a, PolicyDocument: {Statement: []}, Users: [a]}"),
        ""
    );
    let alarm = "{ComparisonOperator: GreaterThanThreshold, EvaluationPeriods: 1, Metrics: [{Id: a, Expression: b}], Dimensions: [{Name: a, Value: b}]}";
    assert_snapshot!(properties("AWS::CloudWatch::Alarm", alarm), @"
    4:117 DT019 `Dimensions` cannot be given together with `Metrics` at Resources.R.Properties.Dimensions
    ");
}

#[test]
fn policies_are_looked_into() {
    let policy = |statement: &str| {
        properties(
            "AWS::IAM::ManagedPolicy",
            &format!("{{PolicyDocument: {{Version: '2012-10-17', Statement: {statement}}}}}"),
        )
    };
    assert_eq!(
        policy("[{Effect: Allow, Action: 's3:*', Resource: !Sub 'arn:${X}', Condition: {Bool: {a: true}}}]")
            .lines()
            .count(),
        1
    );
    assert_snapshot!(policy("{Effect: allow, Actions: ['s3:Get*'], Resource: bucket, Principal: me}"), @"
    4:58 DT006 this statement needs `Action` at Resources.R.Properties.PolicyDocument.Statement
    4:70 DT008 `allow` is no effect at Resources.R.Properties.PolicyDocument.Statement.Effect (choose one of Allow, Deny)
    4:85 DT005 a policy has no `Actions` here at Resources.R.Properties.PolicyDocument.Statement.Actions (did you mean `Action`?)
    4:107 DT009 `bucket` does not have the form of `Resource` at Resources.R.Properties.PolicyDocument.Statement.Resource (write an ARN, or `*`)
    4:125 DT019 `Principal` cannot be given here: the identity that has the policy is the principal at Resources.R.Properties.PolicyDocument.Statement.Principal (remove it)
    4:125 DT007 a principal is a mapping or `*`, but this is `me` at Resources.R.Properties.PolicyDocument.Statement.Principal (for example `Service: ecs-tasks.amazonaws.com`)
    ");
    assert_snapshot!(policy("[{Effect: Allow, Action: [GetObject, 5], NotAction: 's3:*', Resource: '*', Condition: {Bool: yes}}, text]"), @"
    4:70 DT019 a statement has either `Action` or `NotAction` at Resources.R.Properties.PolicyDocument.Statement[0]
    4:95 DT009 `GetObject` does not have the form of `Action` at Resources.R.Properties.PolicyDocument.Statement[0].Action[0] (for example `s3:GetObject`)
    4:106 DT007 `Action` is text, but this is a number at Resources.R.Properties.PolicyDocument.Statement[0].Action[1] (for example `s3:GetObject`)
    4:156 DT007 `Bool` takes a mapping of keys, but this is a boolean at Resources.R.Properties.PolicyDocument.Statement[0].Condition.Bool
    4:169 DT007 a statement is a mapping, but this is text at Resources.R.Properties.PolicyDocument.Statement[1]
    ");
    assert_snapshot!(properties("AWS::IAM::Role", "{AssumeRolePolicyDocument: {Version: '2012-10-18', Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Resource: '*'}, !If [C, {Effect: Deny}, !Ref AWS::NoValue]]}}"), @r#"
    4:45 DT008 there is no version `2012-10-18` of the policy language at Resources.R.Properties.AssumeRolePolicyDocument.Version (write "2012-10-17")
    4:80 DT006 this statement needs `Principal` at Resources.R.Properties.AssumeRolePolicyDocument.Statement[0]
    4:122 DT019 `Resource` cannot be given here: the role that has the policy is the resource at Resources.R.Properties.AssumeRolePolicyDocument.Statement[0].Resource (remove it)
    4:138 DT001 there is no condition `C` at Resources.R.Properties.AssumeRolePolicyDocument.Statement[1]
    4:146 DT006 this statement needs `Action` at Resources.R.Properties.AssumeRolePolicyDocument.Statement[1].Fn::If[1]
    4:146 DT006 this statement needs `Principal` at Resources.R.Properties.AssumeRolePolicyDocument.Statement[1].Fn::If[1]
    "#);
    let trust = "{AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {Servce: x}, Action: !Ref AWS::Region}}}";
    assert_snapshot!(properties("AWS::IAM::Role", trust), @"4:84 DT005 a policy has no `Servce` here at Resources.R.Properties.AssumeRolePolicyDocument.Statement.Principal.Servce (did you mean `Service`?)");
    let bucket = "{Bucket: b, PolicyDocument: {Statement: [{Effect: Allow, Principal: '*', Action: '*', Resource: '{{resolve:ssm:a}}'}]}}";
    assert_eq!(properties("AWS::S3::BucketPolicy", bucket), "");
}

#[test]
fn an_id_of_another_kind_of_resource_is_found() {
    assert_eq!(
        properties("AWS::EC2::SecurityGroup", "{GroupDescription: x, VpcId: vpc-0123456789abcdef0}"),
        ""
    );
    assert_snapshot!(properties("AWS::EC2::SecurityGroup", "{GroupDescription: x, VpcId: subnet-0123456789abcdef0}"), @"4:39 DT009 `subnet-0123456789abcdef0` is not such an id at Resources.R.Properties.VpcId (it begins with `vpc-`)");
}

#[test]
fn a_forgotten_sub_is_found() {
    let text = "
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub 'a-${AWS::Region}'}}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: 'x ${Bucket.Arn}', TopicName: 'a${!Bucket}'}}
";
    assert_snapshot!(check(text), @"4:47 DT024 `${Bucket.Arn}` stays as it is, since this is plain text at Resources.Topic.Properties.DisplayName (put `!Sub` before the text)");
}

#[test]
fn a_type_that_does_not_exist_is_found_with_the_nearest() {
    assert_snapshot!(check("Resources: {A: {Type: 'AWS::EC2::Vpc'}, B: {Type: Vpc}, C: {Type: 'AWS::Serverless::Function'}}"), @"
    1:17 DT004 there is no resource type `AWS::EC2::Vpc` at Resources.A.Type (did you mean `AWS::EC2::VPC`?)
    1:45 DT004 there is no resource type `Vpc` at Resources.B.Type
    1:61 DT004 there is no resource type `AWS::Serverless::Function` at Resources.C.Type (add `Transform: AWS::Serverless-2016-10-31` to the template)
    ");
}

#[test]
fn references_are_followed() {
    let text = "
Conditions: {C: !Equals [!Ref Vpc, x]}
Mappings: {Sizes: {small: {Cpu: 256}}}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Condition: D, DependsOn: Other, Properties: {CidrBlock: !GetAtt Alb.DnsName}}
  Alb: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Name: !Sub '${Vpcs}-${Self}', Scheme: !If [C, internal, !Ref Zzz]}}
  A: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt B.TopicName}}
  B: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt A.TopicName}}
Outputs:
  O: {Value: !FindInMap [Sizes, smal, Cpu]}
";
    assert_snapshot!(check(text), @"
    2:26 DT002 these need one another in a circle: C → Vpc → Alb → C at Conditions.C.Fn::Equals[0] (break one of these: Conditions.C.Fn::Equals[0] refers to Vpc; Resources.Vpc.Properties.CidrBlock refers to Alb; Resources.Alb.Properties.Scheme refers to C)
    2:26 DT017 a condition cannot refer to the resource `Vpc`, which does not exist yet at Conditions.C.Fn::Equals[0] (refer to a parameter)
    5:30 DT001 there is no condition `D` at Resources.Vpc.Condition
    5:44 DT001 there is no resource `Other` at Resources.Vpc.DependsOn
    5:75 DT014 AWS::ElasticLoadBalancingV2::LoadBalancer has no attribute `DnsName` at Resources.Vpc.Properties.CidrBlock (did you mean `DNSName`?)
    6:58 DT019 one of `Subnets`, `SubnetMappings` must be given at Resources.Alb.Properties
    6:71 DT001 there is no resource or parameter `Vpcs` at Resources.Alb.Properties.Name (did you mean `Vpc`?)
    6:71 DT001 there is no resource or parameter `Self` at Resources.Alb.Properties.Name (write `${!Self}` if the text should stay as it is)
    6:127 DT001 there is no resource or parameter `Zzz` at Resources.Alb.Properties.Scheme.Fn::If[2]
    7:43 DT002 these need one another in a circle: A → B → A at Resources.A.Properties.TopicName (break one of these: Resources.A.Properties.TopicName refers to B; Resources.B.Properties.TopicName refers to A)
    10:7 DT001 the mapping `Sizes` has no key `smal` at Outputs.O.Value (did you mean `small`?)
    ");
}

#[test]
fn functions_are_looked_at() {
    let text = "
Resources:
  T:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: {Fn::Joyn: ['', [a]]}
      DisplayName: !Join [a, b, c]
      Tags:
        - {Key: a, Value: !Select [0]}
        - {Key: b, Value: {Fn::Sub: x, Other: y}}
        - {Key: c, Value: !If [C, 1]}
        - {Key: d, Value: !Ref [T]}
";
    assert_snapshot!(check(text), @"
    6:19 DT018 there is no function `Fn::Joyn` at Resources.T.Properties.TopicName.Fn::Joyn (did you mean `Fn::Join`?)
    7:7 DT018 `Fn::Join` takes a list of a separator and a list, but this is a list of 3 items at Resources.T.Properties.DisplayName
    9:20 DT018 `Fn::Select` takes a list of an index and a list, but this is a list of 1 item at Resources.T.Properties.Tags[0].Value
    10:20 DT007 expected text, found a mapping at Resources.T.Properties.Tags[1].Value
    10:28 DT018 `Fn::Sub` stands beside other keys, so that it is not evaluated at Resources.T.Properties.Tags[1].Value.Fn::Sub (a function call is a mapping with this one key)
    11:20 DT018 `Fn::If` takes a list of a condition's name and two values, but this is a list of 2 items at Resources.T.Properties.Tags[2].Value
    11:20 DT001 there is no condition `C` at Resources.T.Properties.Tags[2].Value
    12:20 DT018 `Ref` takes the name of a resource or parameter, but this is a list of 1 item at Resources.T.Properties.Tags[3].Value
    ");
}

#[test]
fn the_template_itself_is_looked_at() {
    let text = "
AWSTemplateFormatVersion: 2010-09-10
Parameters:
  a-b: {Type: Sting}
  N: {Type: Number, Default: x, AllowedValues: [1, 2]}
  L: {Type: CommaDelimitedList, Default: [a]}
Mappings: {M: {k: text}}
Conditions: {Unused: !Equals [!Ref N, !Ref L]}
Resources:
  Vpc: {Type: AWS::SNS::Topic, DeletionPolicy: Keep, UpdateReplacePolicy: RetainExceptOnCreate}
Outputs:
  A: {Value: [x], Export: {Name: same}}
  B: {Value: x, Export: {Name: same}}
";
    assert_snapshot!(check(text), @r#"
    4:3 DT023 nothing uses the parameter `a-b` at Parameters.a-b (remove it)
    7:12 DT023 nothing uses the mapping `M` at Mappings.M (remove it)
    8:14 DT023 nothing uses the condition `Unused` at Conditions.Unused (remove it)
    2:1 DT016 there is no template version `2010-09-10` at AWSTemplateFormatVersion (the only one is 2010-09-09)
    4:3 DT015 the name `a-b` has other characters than letters and digits at Parameters.a-b (for example `ab`)
    4:9 DT020 there is no parameter type `Sting` at Parameters.a-b.Type (did you mean `String`?)
    5:21 DT020 the default `x` is not a number at Parameters.N.Default
    5:21 DT020 the default `x` is not one of the allowed values at Parameters.N.Default (choose one of 1, 2)
    6:33 DT020 a default must be a single value, but this is a list at Parameters.L.Default (write a list as text with commas)
    7:16 DT020 a mapping has two levels of keys, but this is text at Mappings.M.k
    10:32 DT021 there is no DeletionPolicy `Keep` at Resources.Vpc.DeletionPolicy (choose one of Delete, Retain, RetainExceptOnCreate, Snapshot)
    10:54 DT021 there is no UpdateReplacePolicy `RetainExceptOnCreate` at Resources.Vpc.UpdateReplacePolicy (choose one of Delete, Retain, Snapshot)
    12:7 DT020 an output is text, but this is a list at Outputs.A.Value (join a list with `!Join [",", …]`)
    13:17 DT020 the output `A` is exported as `same` already at Outputs.B.Export (an export's name is unique in its account and region)
    "#);
    assert_snapshot!(check("Description: nothing\n"), @"1:1 DT016 the template has no resources at  (CloudFormation wants at least one)");
}

#[test]
fn what_a_macro_of_somebody_else_means_is_not_judged() {
    let body = "Resources:\n  A: {Type: 'AWS::SNS::Topic', Properties: {Shiny: !Ref Nothing}}\n";
    assert_eq!(findings(body).len(), 2);
    assert_eq!(findings(&format!("Transform: MyMacro\n{body}")), []);
}

#[test]
fn errors_come_after_warnings_and_know_their_place() {
    let text = "Parameters:\n  P: {Type: String}\nResources:\n  A: {Type: 'AWS::SNS::Topi'}\n";
    let document = Template::parse(text, "t.yaml").unwrap();
    let severities: Vec<_> = document.check().iter().map(Finding::severity).collect();
    assert_eq!(severities, [Severity::Warning, Severity::Error]);
    let codes = |findings: &[Finding]| findings.iter().map(Finding::code).collect::<Vec<_>>();
    assert_eq!(codes(&document.template.check()), codes(&document.check()));
    assert!(document.template.check().iter().all(|finding| finding.position.is_none()));
}

#[test]
fn no_code_is_used_twice() {
    let codes: Vec<_> = crate::check::rules().iter().map(|rule| rule.code).collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    assert!(codes.iter().all(|code| code.len() == 5 && code.starts_with("DT")), "{codes:?}");
}

#[test]
fn a_finding_is_printed_and_serialized_with_its_code() {
    let finding = findings("Resources:\n  A: {Type: 'AWS::SNS::Topi'}\n").remove(0);
    assert_snapshot!(finding.to_string(), @"
    there is no resource type `AWS::SNS::Topi` [DT004]
      at Resources.A.Type

    hint: did you mean `AWS::SNS::Topic`?
    ");
    assert_snapshot!(serde_json::to_string_pretty(&finding).unwrap(), @r#"
    {
      "code": "DT004",
      "severity": "error",
      "message": "there is no resource type `AWS::SNS::Topi`",
      "path": "Resources.A.Type",
      "position": {
        "line": 2,
        "column": 7
      },
      "hint": "did you mean `AWS::SNS::Topic`?"
    }
    "#);
}

/// The two templates of the original project: the only thing wrong with them is a parameter that nothing uses.
#[test]
#[expect(clippy::disallowed_methods, reason = "the fixtures are files")]
fn the_shared_fixtures_give_no_false_alarm() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures");
    for (name, expected) in [("fargate-service.yaml", "5:3 DT023"), ("cdk-original.template.json", "")] {
        let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
            println!("skipped: {name} is not beside the project");
            continue;
        };
        let found = check(&text);
        assert!(
            found.starts_with(expected) && found.lines().count() <= usize::from(!expected.is_empty()),
            "{found}"
        );
    }
}

proptest! {
    #[test]
    fn any_template_can_be_checked(template in crate::arbitrary::template(), known in prop::sample::select(vec!["AWS::EC2::VPC", "AWS::ECS::TaskDefinition", "AWS::S3::Bucket"])) {
        let mut template = template;
        for resource in template.resources.values_mut() {
            known.clone_into(&mut resource.type_name);
        }
        let document = Template::parse(&template.to_yaml(), "t").unwrap();
        prop_assert_eq!(document.check().len(), template.check().len());
    }
}

#[test]
fn a_loop_in_properties_needs_its_transform() {
    let text = "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      Fn::ForEach::P: [N, [a], {'Display${N}': x}]\n";
    let findings = Template::parse(text, "t.yaml").unwrap().check();
    assert!(findings.iter().any(|finding| finding.code() == "DT018"), "{findings:?}");
}
