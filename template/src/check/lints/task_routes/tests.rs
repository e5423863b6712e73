use crate::check::lints::testing::{codes, shown};

const ECR: &str = "!Sub '${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/web:1'";

/// A service in a subnet without a way out, and with `more` resources.
fn isolated(image: &str, container: &str, more: &str) -> String {
    let text = format!(
        "
Parameters: {{Image: {{Type: String}}, Table2: {{Type: String}}}}
Resources:
  Vpc: {{Type: 'AWS::EC2::VPC', Properties: {{CidrBlock: 10.0.0.0/16}}}}
  S: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}}}
  Table: {{Type: 'AWS::EC2::RouteTable', Properties: {{VpcId: !Ref Vpc}}}}
  A: {{Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {{SubnetId: !Ref S, RouteTableId: !Ref Table}}}}
  Secret: {{Type: 'AWS::SecretsManager::Secret'}}
{more}  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {{ContainerDefinitions: [{{Name: web, Image: {image}{container}}}]}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      NetworkConfiguration: {{AwsvpcConfiguration: {{Subnets: [!Ref S]}}}}
"
    );
    let all = shown(&text, "DT071");
    let shown =
        all.trim_end().trim_start_matches("DT071 tasks in `S`, which has no route out, cannot reach ");
    shown.split(" at Resources.").next().unwrap_or_default().to_owned()
}

fn endpoint(name: &str, rest: &str) -> String {
    let id = name.replace('.', "");
    format!(
        "  {id}: {{Type: 'AWS::EC2::VPCEndpoint', Properties: {{VpcId: !Ref Vpc, ServiceName: com.amazonaws.us-east-1.{name}, {rest}}}}}\n"
    )
}

fn interface(name: &str) -> String {
    endpoint(name, "VpcEndpointType: Interface")
}

#[test]
fn what_a_task_needs_for_its_start_is_told() {
    let container = ", LogConfiguration: {LogDriver: awslogs}, Secrets: [{Name: A, ValueFrom: !Ref Secret}, {Name: B, ValueFrom: 'arn:aws:ssm:us-east-1:1:parameter/b'}]";
    let all = "`ecr.api`, `ecr.dkr`, `s3`, `logs`, `secretsmanager`, `ssm`";
    assert_eq!(isolated(ECR, container, ""), all);
    assert_eq!(isolated("nginx:1", "", ""), "`docker.io`");
    assert_eq!(isolated("public.ecr.aws/nginx/nginx:1", "", ""), "`public.ecr.aws`");
    assert_eq!(isolated("!Ref Image", "", ""), "the registry of their image");
}

#[test]
fn endpoints_are_ways_out() {
    let of_ecr = interface("ecr.api") + &interface("ecr.dkr");
    assert_eq!(isolated(ECR, "", &(of_ecr.clone() + &endpoint("s3", "RouteTableIds: [!Ref Table]"))), "");
    assert_eq!(isolated(ECR, "", &(of_ecr.clone() + &endpoint("s3", "RouteTableIds: []"))), "`s3`");
    assert_eq!(isolated(ECR, "", &(of_ecr + &interface("s3"))), "");
    // Not all that there is can be seen.
    assert_eq!(isolated(ECR, "", &endpoint("s3", "RouteTableIds: [!Ref Table2]")), "");
    assert_eq!(isolated("registry.internal/web:1", "", ""), "");
}

/// The codes of what is wrong with a service whose network lets nothing through, with `more` resources.
fn closed(count: &str, more: &str) -> Vec<String> {
    let text = format!(
        "
Parameters: {{Stage: {{Type: String}}}}
Conditions: {{First: !Equals [!Ref Stage, first]}}
Resources:
  Vpc: {{Type: 'AWS::EC2::VPC', Properties: {{CidrBlock: 10.0.0.0/16}}}}
  S: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}}}
  Table: {{Type: 'AWS::EC2::RouteTable', Properties: {{VpcId: !Ref Vpc}}}}
  A: {{Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {{SubnetId: !Ref S, RouteTableId: !Ref Table}}}}
  Front: {{Type: 'AWS::EC2::SecurityGroup', Properties: {{GroupDescription: x, VpcId: !Ref Vpc}}}}
  Tasks: {{Type: 'AWS::EC2::SecurityGroup', Properties: {{GroupDescription: x, VpcId: !Ref Vpc}}}}
  Alb: {{Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {{SecurityGroups: [!Ref Front]}}}}
  Group: {{Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {{TargetType: ip}}}}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties: {{LoadBalancerArn: !Ref Alb, DefaultActions: [{{Type: forward, TargetGroupArn: !Ref Group}}]}}
  Files: {{Type: 'AWS::EFS::FileSystem', Properties: {{Encrypted: true}}}}
  Mount: {{Type: 'AWS::EFS::MountTarget', Properties: {{FileSystemId: !Ref Files, SubnetId: !Ref S, SecurityGroups: [!Ref Front]}}}}
{more}  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{{Name: web, Image: 'nginx:1'}}]
      Volumes: [{{Name: data, EFSVolumeConfiguration: {{FilesystemId: !Ref Files}}}}]
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      DesiredCount: {count}
      LoadBalancers: !If
        - First
        - [{{ContainerName: web, ContainerPort: 80, TargetGroupArn: !Ref Group}}]
        - !Ref AWS::NoValue
      NetworkConfiguration: {{AwsvpcConfiguration: {{Subnets: [!Ref S], SecurityGroups: [!Ref Tasks]}}}}
"
    );
    let mut codes = codes(&text);
    codes.retain(|code| ["DT071", "DT074", "DT075"].contains(&code.as_str()));
    codes.sort();
    codes
}

#[test]
fn a_service_without_tasks_needs_no_network() {
    let all = ["DT071", "DT074", "DT075"];
    assert_eq!(closed("1", ""), all);
    assert_eq!(closed("!Ref Stage", ""), all);
    assert_eq!(closed("0", ""), [""; 0]);
    // The load balancer is there only where there are no tasks, or only where there are some.
    assert_eq!(closed("!If [First, 0, 2]", ""), ["DT071", "DT074"]);
    assert_eq!(closed("!If [First, 2, 0]", ""), all);
    let scaled = |name: &str| {
        let target = "{ServiceNamespace: ecs, ResourceId: !Sub 'service/x/${NAME}', MinCapacity: 1}";
        let target = target.replace("NAME", name);
        format!("  Scale: {{Type: 'AWS::ApplicationAutoScaling::ScalableTarget', Properties: {target}}}\n")
    };
    assert_eq!(closed("0", &scaled("Service.Name")), all);
    assert_eq!(closed("0", &scaled("Stage")), [""; 0]);
}

/// Rules of a security group between a load balancer, with `front`, and a service, with `tasks`.
fn balanced(front: &str, tasks: &str, more: &str) -> String {
    let text = format!(
        "
Resources:
  Front: {{Type: 'AWS::EC2::SecurityGroup', Properties: {{GroupDescription: x, VpcId: v{front}}}}}
  Tasks: {{Type: 'AWS::EC2::SecurityGroup', Properties: {{GroupDescription: x, VpcId: v{tasks}}}}}
{more}  Alb: {{Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {{SecurityGroups: [!Ref Front]}}}}
  Group: {{Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {{TargetType: ip}}}}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties: {{LoadBalancerArn: !Ref Alb, DefaultActions: [{{Type: forward, TargetGroupArn: !Ref Group}}]}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      LoadBalancers: [{{ContainerName: web, ContainerPort: 80, TargetGroupArn: !Ref Group}}]
      NetworkConfiguration: {{AwsvpcConfiguration: {{SecurityGroups: [!GetAtt Tasks.GroupId]}}}}
"
    );
    let all = shown(&text, "DT075");
    all.split(" at ").nth(1).unwrap_or_default().trim_end().to_owned()
}

const TASKS: &str = "Resources.Service.Properties.NetworkConfiguration.AwsvpcConfiguration.SecurityGroups";

#[test]
fn a_rule_for_the_port_lets_the_load_balancer_in() {
    let from = |rest: &str| balanced("", &format!(", SecurityGroupIngress: [{{IpProtocol: {rest}}}]"), "");
    assert_eq!(from("tcp, FromPort: 80, ToPort: 80, SourceSecurityGroupId: !Ref Front"), "");
    assert_eq!(from("'-1', SourceSecurityGroupId: !Ref Front"), "");
    assert_eq!(from("tcp, FromPort: 1, ToPort: 99, CidrIp: 10.0.0.0/8"), "");
    assert_eq!(from("tcp, FromPort: 80, ToPort: 80, SourceSecurityGroupId: !ImportValue g"), "");
    assert_eq!(from("tcp, FromPort: 81, ToPort: 99, CidrIp: 10.0.0.0/8"), TASKS);
    assert_eq!(from("udp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8"), TASKS);
    assert_eq!(from("tcp, FromPort: 80, ToPort: 80, SourceSecurityGroupId: !Ref Tasks"), TASKS);
}

#[test]
fn what_another_resource_may_add_is_not_missing() {
    assert_eq!(balanced("", "", ""), TASKS);
    assert_eq!(balanced("", "", "  C: {Type: 'Custom::Rules', Properties: {G: !Ref Tasks}}\n"), "");
    let rule = "  R: {Type: 'AWS::EC2::SecurityGroupIngress', Properties: {GroupId: !Ref Tasks, IpProtocol: tcp, FromPort: 80, ToPort: 80, SourceSecurityGroupId: !Ref Front}}\n";
    assert_eq!(balanced("", "", rule), "");
}

#[test]
fn a_load_balancer_with_rules_for_what_goes_out_needs_one_for_the_tasks() {
    let into = ", SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, SourceSecurityGroupId: !Ref Front}]";
    let out = |port: u16| {
        let rule = format!("{{IpProtocol: tcp, FromPort: {port}, ToPort: {port}, CidrIp: 0.0.0.0/0}}");
        balanced(&format!(", SecurityGroupEgress: [{rule}]"), into, "")
    };
    assert_eq!(out(80), "");
    assert_eq!(out(443), "Resources.Alb.Properties.SecurityGroups");
    assert_eq!(balanced(", SecurityGroupEgress: []", into, ""), "");
}
