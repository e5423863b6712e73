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

/// A service in a private subnet beside a public one, with `more` resources and rules of its group.
fn private(group: &str, more: &str) -> String {
    let text = format!(
        "
Parameters: {{Stage: {{Type: String, Default: prod}}}}
Conditions: {{IsProd: !Equals [!Ref Stage, prod]}}
Resources:
  Vpc: {{Type: 'AWS::EC2::VPC', Properties: {{CidrBlock: 10.0.0.0/16}}}}
  P: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}}}
  S: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}}}
  Public: {{Type: 'AWS::EC2::RouteTable', Properties: {{VpcId: !Ref Vpc}}}}
  OfP: {{Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {{SubnetId: !Ref P, RouteTableId: !Ref Public}}}}
  Tasks: {{Type: 'AWS::EC2::SecurityGroup', Properties: {{GroupDescription: x, VpcId: !Ref Vpc{group}}}}}
  Ends: {{Type: 'AWS::EC2::SecurityGroup', Properties: {{GroupDescription: x, VpcId: !Ref Vpc}}}}
  Secret: {{Type: 'AWS::SecretsManager::Secret'}}
{more}  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {{ContainerDefinitions: [{{Name: web, Secrets: [{{Name: A, ValueFrom: !Ref Secret}}]}}]}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      NetworkConfiguration: {{AwsvpcConfiguration: {{Subnets: [!Ref S], SecurityGroups: [!Ref Tasks]}}}}
"
    );
    let shown = shown(&text, "DT071");
    shown.trim_start_matches("DT071 ").split(" at Resources.").next().unwrap_or_default().to_owned()
}

const OWN_TABLE: &str = "  Table: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
  OfS: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {SubnetId: !Ref S, RouteTableId: !Ref Table}}
";

/// A default route, with `more` attributes.
fn default_route(id: &str, more: &str) -> String {
    format!(
        "  {id}: {{Type: 'AWS::EC2::Route', {more}Properties: {{RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: nat-1}}}}\n"
    )
}

#[test]
fn a_route_out_is_there_in_every_case() {
    let route = |more: &str| private("", &(OWN_TABLE.to_owned() + &default_route("R", more)));
    assert_eq!(route(""), "");
    let missing =
        "tasks in `S`, which has no route out where `Stage` is not `prod`, cannot reach `secretsmanager`";
    assert_eq!(route("Condition: IsProd, "), missing);
    let peering = "  Peer: {Type: 'AWS::EC2::Route', Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 10.9.0.0/16, VpcPeeringConnectionId: p}}\n";
    let both = OWN_TABLE.to_owned() + &default_route("R", "Condition: IsProd, ") + peering;
    assert_eq!(private("", &both), "");
}

#[test]
fn a_subnet_without_a_route_table_has_no_way_out() {
    let missing = "tasks in `S`, which has no route table of its own and so no route out, cannot reach `secretsmanager`";
    assert_eq!(private("", ""), missing);
    let elsewhere = "  Rest: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: x, Parameters: {V: !Ref Vpc}}}\n";
    assert_eq!(private("", elsewhere), "");
    let unknown = "  X: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {SubnetId: !ImportValue s, RouteTableId: !Ref Public}}\n";
    assert_eq!(private("", unknown), "");
}

#[test]
fn a_group_that_lets_nothing_out_on_443_reaches_nothing() {
    let open = OWN_TABLE.to_owned() + &default_route("R", "");
    let out = |port: u16| {
        let rule = format!("{{IpProtocol: tcp, FromPort: {port}, ToPort: {port}, CidrIp: 0.0.0.0/0}}");
        private(&format!(", SecurityGroupEgress: [{rule}]"), &open)
    };
    assert_eq!(out(443), "");
    assert_eq!(
        out(2049),
        "nothing lets the tasks of `Service` out on port 443, so that they cannot reach `secretsmanager`"
    );
}

#[test]
fn an_endpoint_is_found_by_name_and_lets_the_tasks_in() {
    let with = |rest: &str| private("", &(OWN_TABLE.to_owned() + &endpoint("secretsmanager", rest)));
    let missing = "tasks in `S`, which has no route out, cannot reach `secretsmanager`";
    assert_eq!(with("VpcEndpointType: Interface, PrivateDnsEnabled: true"), "");
    assert_eq!(with("VpcEndpointType: Interface, PrivateDnsEnabled: false"), missing);
    assert_eq!(with("VpcEndpointType: Interface, SecurityGroupIds: [!Ref Ends]"), missing);
    let open = "  In: {Type: 'AWS::EC2::SecurityGroupIngress', Properties: {GroupId: !Ref Ends, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/16}}\n";
    let endpoint = endpoint("secretsmanager", "VpcEndpointType: Interface, SecurityGroupIds: [!Ref Ends]");
    assert_eq!(private("", &(OWN_TABLE.to_owned() + open + &endpoint)), "");
}

/// What is wrong between a load balancer in 10.0.0.0/24 and tasks that let in whom `from` says.
fn addressed(from: &str, group: &str) -> String {
    let text = format!(
        "
Parameters: {{Block: {{Type: String, Default: 192.168.0.0/16}}}}
Resources:
  Vpc: {{Type: 'AWS::EC2::VPC', Properties: {{CidrBlock: 10.0.0.0/16}}}}
  S: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}}}
  Front: {{Type: 'AWS::EC2::SecurityGroup', Properties: {{GroupDescription: x, VpcId: v}}}}
  Tasks:
    Type: AWS::EC2::SecurityGroup
    Properties: {{GroupDescription: x, VpcId: v, SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: 80, ToPort: 80, {from}}}]}}
  Alb: {{Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {{Subnets: [!Ref S], SecurityGroups: [!Ref Front]}}}}
  Group: {{Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {{TargetType: ip{group}}}}}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties: {{LoadBalancerArn: !Ref Alb, DefaultActions: [{{Type: forward, TargetGroupArn: !Ref Group}}]}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      LoadBalancers: [{{ContainerName: web, ContainerPort: 80, TargetGroupArn: !Ref Group}}]
      NetworkConfiguration: {{AwsvpcConfiguration: {{Subnets: [!Ref S], SecurityGroups: [!Ref Tasks]}}}}
"
    );
    shown(&text, "DT075").split(" at ").next().unwrap_or_default().to_owned()
}

#[test]
fn a_block_of_addresses_holds_the_load_balancer_or_not() {
    let missing = "DT075 no security group lets `Alb` reach the tasks of `Service` on port 80";
    assert_eq!(addressed("CidrIp: 192.168.0.0/16", ""), missing);
    for open in [
        "CidrIp: 10.0.0.0/8",
        "CidrIp: 10.0.0.128/25",
        "CidrIp: !GetAtt Vpc.CidrBlock",
        "CidrIp: !Ref Block",
        "SourcePrefixListId: pl-1",
    ] {
        assert_eq!(addressed(open, ""), "", "{open}");
    }
}

#[test]
fn a_health_check_may_have_a_port_of_its_own() {
    let from = "SourceSecurityGroupId: !Ref Front";
    assert_eq!(addressed(from, ", HealthCheckPort: traffic-port"), "");
    assert_eq!(addressed(from, ", HealthCheckPort: '80'"), "");
    assert_eq!(
        addressed(from, ", HealthCheckPort: '9000'"),
        "DT075 no security group lets `Alb` reach the health check of `Service` on port 9000"
    );
}
