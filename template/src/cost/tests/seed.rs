//! The cost table that the project began with, each row recomputed from list prices on templates of that architecture.

use std::fmt::Write as _;

use super::*;

/// Two services of two tasks behind one load balancer, in two zones with a NAT gateway each.
pub(super) fn seed(secrets: usize, more: &str) -> String {
    let mut text = String::from(
        r"
Parameters: {Cpu: {Type: Number, Default: 512}}
Mappings: {Sizes: {us-east-1: {Memory: 1024}, us-west-2: {Memory: 2048}}}
Conditions: {Never: !Equals [!Ref AWS::Region, nowhere]}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Public1: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
  Public2: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24}}
  Private1: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.3.0/24}}
  Private2: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.4.0/24}}
  Address1: {Type: AWS::EC2::EIP, Properties: {Domain: vpc}}
  Address2: {Type: AWS::EC2::EIP, Properties: {Domain: vpc}}
  Nat1: {Type: AWS::EC2::NatGateway, Properties: {AllocationId: !GetAtt Address1.AllocationId, SubnetId: !Ref Public1}}
  Nat2: {Type: AWS::EC2::NatGateway, Properties: {AllocationId: !GetAtt Address2.AllocationId, SubnetId: !Ref Public2}}
  Unused: {Type: AWS::EC2::NatGateway, Condition: Never, Properties: {SubnetId: !Ref Public2}}
  Alb: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Subnets: [!Ref Public1, !Ref Public2]}}
  Cluster: {Type: AWS::ECS::Cluster}
  BackendImages: {Type: AWS::ECR::Repository}
  AiMlImages: {Type: AWS::ECR::Repository}
",
    );
    for name in ["Backend", "AiMl"] {
        let _ = write!(
            text,
            r#"  {name}Logs: {{Type: AWS::Logs::LogGroup, Properties: {{RetentionInDays: 30}}}}
  {name}Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Cpu: !Ref Cpu
      Memory: !FindInMap [Sizes, !Ref AWS::Region, Memory]
      ContainerDefinitions: []
  {name}:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      LaunchType: FARGATE
      TaskDefinition: !Ref {name}Task
      NetworkConfiguration: {{AwsvpcConfiguration: {{Subnets: [!Ref Private1, !Ref Private2]}}}}
  {name}Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      MinCapacity: 2
      MaxCapacity: 10
      ResourceId: !Sub "service/${{Cluster}}/${{{name}.Name}}"
      ScalableDimension: ecs:service:DesiredCount
      ServiceNamespace: ecs
"#
        );
    }
    for number in 0..secrets {
        let _ = writeln!(text, "  Secret{number}: {{Type: AWS::SecretsManager::Secret}}");
    }
    text + more
}

fn service(name: &str, usage: &[(&str, &str)]) -> String {
    band(report_of(&[("Seed", &seed(10, ""))], &[], usage).service(name))
}

// R191, R203, C-15
#[test]
fn four_tasks_of_half_a_cpu_and_one_gb() {
    // The seed says about $70 and means four tasks; autoscaling lets there be twenty.
    assert_eq!(service("Fargate", &[]), "$72.08 $72.08 $360.40");
    assert_eq!(service("Fargate", &[("scaling_percent", "50")]), "$72.08 $216.24 $360.40");
    // R204
    let least =
        seed(0, "").replace("MinCapacity: 2", "MinCapacity: 1").replace("MaxCapacity: 10", "MaxCapacity: 4");
    assert_eq!(band(report_of(&[("S", &least)], &[], &[]).service("Fargate")), "$36.04 $36.04 $144.16");
}

// R192, C-02
#[test]
fn one_load_balancer_with_two_capacity_units() {
    // The seed says about $30.
    assert_eq!(service("Load balancers", &[]), "$28.11");
    assert_eq!(service("Load balancers", &[("lcu", "0.25")]), "$17.89");
    let second =
        "  Second: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Subnets: [a, b]}}\n";
    let two = report_of(&[("Seed", &seed(0, second))], &[], &[("lcu", "1")]);
    assert_eq!(band(two.service("Load balancers")), "$44.53");
    let addresses = |report: &Report| report.service("Public IPv4 addresses").expected;
    let one = report_of(&[("Seed", &seed(0, ""))], &[], &[]);
    assert_eq!((addresses(&two) - addresses(&one)).to_string(), "$7.30");
}

// R193
#[test]
fn two_nat_gateways_and_what_goes_through_them() {
    // The seed says about $90, which takes 540 GB.
    assert_eq!(service("NAT gateways", &[]), "$70.20");
    assert_eq!(service("NAT gateways", &[("nat_gb", "540")]), "$90.00");
}

// R194
#[test]
fn ten_gb_of_logs_and_what_is_kept_of_them() {
    // The seed says about $15, which takes 28 GB.
    assert_eq!(service("CloudWatch Logs", &[]), "$5.30");
    assert_eq!(service("CloudWatch Logs", &[("log_gb", "28.3")]), "$15.00");
}

// R195
#[test]
fn twenty_gb_of_images() {
    assert_eq!(service("ECR", &[]), "$2.00");
}

// R196, R113, C-06
#[test]
fn as_many_secrets_as_are_declared() {
    assert_eq!(service("Secrets Manager", &[]), "$4.00");
    let of = |secrets| band(report_of(&[("Seed", &seed(secrets, ""))], &[], &[]).service("Secrets Manager"));
    assert_eq!((of(7), of(1)), ("$2.80".to_owned(), "$0.40".to_owned()));
    assert_eq!(service("Secrets Manager", &[("secret_calls", "100000")]), "$4.50");
}

// R197
#[test]
fn a_hundred_gb_out_are_free_once_in_an_account() {
    assert_eq!(service("Data transfer", &[]), "$0.00");
    assert_eq!(service("Data transfer", &[("free_out_gb", "0")]), "$9.00");
    // 10 TB at 9 cents, 1 TB at 8.5.
    assert_eq!(service("Data transfer", &[("out_gb", "11264"), ("free_out_gb", "0")]), "$1,008.64");
}

// R198
#[test]
fn the_rows_of_the_table_and_what_it_left_out() {
    let report = report_of(&[("Seed", &seed(10, ""))], &[], &[]);
    let rows = ["Fargate", "Load balancers", "NAT gateways", "CloudWatch Logs", "ECR", "Secrets Manager"];
    let total: Money = rows.iter().map(|row| report.service(row).expected).sum();
    assert_eq!(total.to_string(), "$181.69");
    // Public addresses, which are billed since 2024, are not in the seed's table.
    assert_eq!(report.service("Public IPv4 addresses").expected.to_string(), "$14.60");
    assert_eq!(report.total.expected.to_string(), "$196.29");
    insta::assert_snapshot!(lines(&report));
}

/// What the seed's document asks for, and its table leaves out.
const MORE: &str = r#"
  Policy1: {Type: AWS::ApplicationAutoScaling::ScalingPolicy, Properties: {PolicyType: TargetTrackingScaling}}
  Policy2: {Type: AWS::ApplicationAutoScaling::ScalingPolicy, Properties: {PolicyType: StepScaling}}
  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {Period: 60, MetricName: CPUUtilization}}
  FastAlarm: {Type: AWS::CloudWatch::Alarm, Properties: {Period: 10}}
  RateAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics:
        - {Id: rate, Expression: errors / all}
        - {Id: errors, MetricStat: {Period: 60, Stat: Sum}, ReturnData: false}
        - {Id: all, MetricStat: {Period: 60, Stat: Sum}, ReturnData: false}
  Dashboard: {Type: AWS::CloudWatch::Dashboard}
  Key: {Type: AWS::KMS::Key}
  Files: {Type: AWS::EFS::FileSystem}
  Waf:
    Type: AWS::WAFv2::WebACL
    Properties: {Scope: REGIONAL, Rules: [{Name: a}, {Name: b}, {Name: c}]}
  Zone: {Type: AWS::Route53::HostedZone}
  Check:
    Type: AWS::Route53::HealthCheck
    Properties: {HealthCheckConfig: {Type: HTTP, FullyQualifiedDomainName: !GetAtt Alb.DNSName}}
  FlowLog: {Type: AWS::EC2::FlowLog, Properties: {LogDestinationType: s3, ResourceId: !Ref Vpc}}
  Gateway: {Type: AWS::EC2::VPCEndpoint, Properties: {ServiceName: s3}}
  Interface:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      ServiceName: !Sub "com.amazonaws.${AWS::Region}.logs"
      VpcEndpointType: Interface
      SubnetIds: [!Ref Private1, !Ref Private2]
  Measured:
    Type: AWS::ECS::Cluster
    Properties: {ClusterSettings: [{Name: containerInsights, Value: enabled}]}
  Distribution: {Type: AWS::CloudFront::Distribution}
"#;

// C-30, C-40
#[test]
fn what_the_table_left_out_is_priced_too() {
    let report = report_of(&[("Seed", &seed(0, MORE))], &[], &[]);
    insta::assert_snapshot!(lines(&report));
    let assumed: Vec<&str> = report.assumed.iter().map(|one| one.name).collect();
    assert!(assumed.contains(&"requests_millions") && assumed.contains(&"endpoint_gb"), "{assumed:?}");
    assert_eq!(report.prices.map(|dates| dates.oldest), Some("2024-07"));
    assert!(report.has_estimates());
}

// C-31
#[test]
fn spot_is_an_estimate_with_a_band() {
    let strategy = "CapacityProviderStrategy: [{CapacityProvider: FARGATE, Base: 1}, \
                    {CapacityProvider: FARGATE_SPOT, Weight: 1}]";
    let text =
        seed(0, "").replace("LaunchType: FARGATE", strategy).replace("MaxCapacity: 10", "MaxCapacity: 2");
    let report = report_of(&[("S", &text)], &[], &[]);
    // Two tasks on demand for $36.04, two on Spot for 30 to 50 % of that.
    assert_eq!(band(report.service("Fargate")), "$46.84 $50.46 $54.06");
    assert!(report.tasks.iter().all(|tasks| tasks.spot));
    let all = seed(0, "").replace(
        "LaunchType: FARGATE",
        "CapacityProviderStrategy: [{CapacityProvider: FARGATE_SPOT, Weight: 1}]",
    );
    let all = report_of(&[("S", &all.replace("MaxCapacity: 10", "MaxCapacity: 2"))], &[], &[]);
    assert_eq!(band(all.service("Fargate")), "$21.64 $28.84 $36.04");
}

#[test]
fn a_month_in_another_region_takes_what_the_template_says_of_it() {
    let template = parsed(&seed(0, ""));
    let parameters = BTreeMap::new();
    let stack = Stack::new("West", &template, &parameters, Region::UsWest2);
    let report = cost(&[stack], &Usage::default());
    assert_eq!(report.regions, ["us-west-2"]);
    assert_eq!(report.tasks[0].gb.to_string(), "2", "the mapping has 2 GB for it");
    assert!(report.notes.iter().any(|note| note.contains("us-west-2")), "{:?}", report.notes);
}
