//! Networks and security groups.

use constructs::{
    Cidr, Egress, EndpointService, Nat, RemovalPolicy, Scope, SecurityGroup, Tier, TierKind, Value, Vpc,
    cidr, port, retention,
};
use insta::assert_snapshot;
use proptest::prelude::*;
use template::Template;

use crate::{diagnostics, resource, synth, template};

fn tiers() -> [Tier; 2] {
    [
        Tier::public([cidr!("10.0.1.0/24"), cidr!("10.0.2.0/24")]),
        Tier::private([cidr!("10.0.3.0/24"), cidr!("10.0.4.0/24")]),
    ]
}

fn vpc(s: &mut Scope<'_>, nat: Nat) -> Vpc {
    Vpc::named("Vpc").cidr(cidr!("10.0.0.0/16")).tiers(tiers()).nat(nat).build(s)
}

fn count(template: &Template, type_name: &str) -> usize {
    template.resources.values().filter(|resource| resource.type_name == type_name).count()
}

#[test]
fn each_private_subnet_goes_out_through_its_own_zone() {
    // R022, R024, R025
    let template = template(|s| {
        vpc(s, Nat::PerZone);
    });
    let gateway =
        |route: &str| serde_json::to_value(&template.resources[route].properties["NatGatewayId"]).unwrap();
    assert_eq!(gateway("VpcPrivateRoute1"), serde_json::json!({"Ref": "VpcNatGateway1"}));
    assert_eq!(gateway("VpcPrivateRoute2"), serde_json::json!({"Ref": "VpcNatGateway2"}));
    assert_eq!(count(&template, "AWS::EC2::EIP"), 2);
}

#[test]
fn one_nat_gateway_serves_all_zones_if_asked() {
    let template = template(|s| {
        vpc(s, Nat::Single);
    });
    assert_eq!((count(&template, "AWS::EC2::NatGateway"), count(&template, "AWS::EC2::Route")), (1, 3));
}

#[test]
fn without_nat_private_subnets_have_no_way_out() {
    let template = template(|s| {
        vpc(s, Nat::None);
    });
    assert_eq!((count(&template, "AWS::EC2::NatGateway"), count(&template, "AWS::EC2::Route")), (0, 1));
}

#[test]
fn no_subnet_gives_out_public_addresses() {
    let yaml = resource("VpcPublicSubnet2", |s| {
        vpc(s, Nat::None);
    });
    assert_snapshot!(yaml, @"
    VpcPublicSubnet2:
      Type: AWS::EC2::Subnet
      Properties:
        VpcId: !Ref Vpc
        AvailabilityZone: !Sub ${AWS::Region}b
        CidrBlock: 10.0.2.0/24
        MapPublicIpOnLaunch: false
        Tags:
          - Key: Name
            Value: Test/Vpc-public-b
    ");
}

#[test]
fn every_wrong_block_is_reported_at_once() {
    let found = diagnostics(|s| {
        Vpc::named("Vpc")
            .cidr(cidr!("10.0.0.0/16"))
            .tiers([
                Tier::public([cidr!("10.0.1.0/24"), cidr!("10.0.1.128/25")]),
                Tier::private([cidr!("10.1.0.0/24"), cidr!("10.0.4.0/29")]),
                Tier::isolated([cidr!("10.0.8.0/24")]),
            ])
            .build(s);
    });
    assert_snapshot!(found, @"
    error[DC030]: 10.0.4.0/29 is not a size that a subnet can have
      at Test/Vpc.tiers (constructs/tests/it/network.rs:)

    hint: choose a block from /16 to /28

    error[DC031]: the tier `Isolated` has 1 blocks for 2 zones
      at Test/Vpc.tiers (constructs/tests/it/network.rs:)

    hint: give each tier one block per zone

    error[DC032]: 10.1.0.0/24 of the tier `Private` lies outside the VPC's 10.0.0.0/16
      at Test/Vpc.tiers (constructs/tests/it/network.rs:)

    hint: free blocks of this size are 10.0.0.0/24, 10.0.2.0/24, 10.0.3.0/24

    error[DC033]: 10.0.1.128/25 of the tier `Public` overlaps 10.0.1.0/24 of the tier `Public`
      at Test/Vpc.tiers (constructs/tests/it/network.rs:)

    hint: free blocks of this size are 10.0.0.0/25, 10.0.0.128/25, 10.0.2.0/25
    ");
}

#[test]
fn nat_gateways_need_a_public_subnet() {
    let found = diagnostics(|s| {
        let [_, private] = tiers();
        Vpc::named("Vpc").cidr(cidr!("10.0.0.0/16")).tiers([private]).build(s);
    });
    assert_snapshot!(found, @"
    error[DC034]: the NAT gateways have no public subnet to stand in
      at Test/Vpc.nat (constructs/tests/it/network.rs:)

    hint: add a public tier, or choose no NAT gateway
    ");
}

#[test]
fn a_gateway_endpoint_serves_every_route_table() {
    // R181, R182
    let yaml = resource("S3", |s| {
        vpc(s, Nat::PerZone).add_s3_endpoint(s, "S3");
    });
    assert_snapshot!(yaml, @"
    S3:
      Type: AWS::EC2::VPCEndpoint
      Properties:
        VpcId: !Ref Vpc
        RouteTableIds:
          - !Ref VpcPublicRouteTable
          - !Ref VpcPrivateRouteTable1
          - !Ref VpcPrivateRouteTable2
        ServiceName: !Sub com.amazonaws.${AWS::Region}.s3
        VpcEndpointType: Gateway
    ");
}

#[test]
fn interface_endpoints_stand_in_the_private_subnets_and_let_the_vpc_in() {
    let template = template(|s| {
        vpc(s, Nat::None).add_interface_endpoints(s, "Endpoints", EndpointService::ALL);
    });
    assert_eq!(count(&template, "AWS::EC2::VPCEndpoint"), 5);
    let ingress = &template.resources["EndpointsSecurityGroupFrom1000016Port443"];
    assert_eq!(ingress.properties["CidrIp"], "10.0.0.0/16".into());
}

#[test]
fn flow_logs_can_write_to_their_own_group_only() {
    // R185
    let yaml = resource("FlowLogRole", |s| {
        vpc(s, Nat::None).add_flow_log(s, "FlowLog", retention!(30), RemovalPolicy::Delete, None);
    });
    assert_snapshot!(yaml, @r#"
    FlowLogRole:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal:
                Service: vpc-flow-logs.amazonaws.com
              Action: sts:AssumeRole
              Condition:
                StringEquals:
                  aws:SourceAccount: !Ref AWS::AccountId
        Policies:
          - PolicyDocument:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action:
                    - logs:CreateLogStream
                    - logs:PutLogEvents
                    - logs:DescribeLogStreams
                  Resource: !GetAtt FlowLogLogGroup.Arn
            PolicyName: Logs
    "#);
}

#[test]
fn groups_that_refer_to_each_other_make_no_cycle() {
    let template = template(|s| {
        let vpc = vpc(s, Nat::None);
        let group = |s: &mut Scope<'_>, id: &str| {
            SecurityGroup::named(id).vpc(&vpc).description("test").egress(Egress::Connected).build(s)
        };
        let (a, b) = (group(s, "A"), group(s, "B"));
        a.connect(s, &b, port!(5000), "a calls b");
        b.connect(s, &a, port!(6000), "b calls a");
    });
    let rules: Vec<&String> = template.resources.keys().filter(|id| id.contains("Port")).collect();
    assert_eq!(rules, ["BFromAPort5000", "AToBPort5000", "AFromBPort6000", "BToAPort6000"]);
    assert!(template.graph().cycles().is_empty());
}

#[test]
fn a_network_that_exists_is_used_as_it_is() {
    // R027
    let template = template(|s| {
        let subnets = [(TierKind::Public, vec![Value::known("subnet-1"), Value::known("subnet-2")])];
        let vpc = Vpc::existing(Value::known("vpc-1"), subnets);
        SecurityGroup::named("Group").vpc(&vpc).description("test").build(s);
    });
    assert_eq!(template.resources["Group"].properties["VpcId"], "vpc-1".into());
}

proptest! {
    /// Blocks of one size at any two places of the network: reported exactly when they meet or leave it.
    #[test]
    fn overlapping_and_outside_blocks_are_always_found(first in 0_u32..300, second in 0_u32..300) {
        let block = |number: u32| format!("10.{}.{}.0/24", number / 256, number % 256).parse::<Cidr>().unwrap();
        let assembly = synth(|s| {
            Vpc::named("Vpc").cidr(cidr!("10.0.0.0/16")).tiers([Tier::public([block(first), block(second)])]).build(s);
        });
        let codes: Vec<&str> = assembly.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        prop_assert_eq!(codes.contains(&"DC033"), first == second);
        prop_assert_eq!(codes.contains(&"DC032"), first >= 256 || second >= 256);
    }
}
