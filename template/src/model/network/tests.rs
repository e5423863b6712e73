use crate::document::Template;
use crate::model::Model;
use crate::model::network::Way;

const HEAD: &str = "
Parameters: {Gateway: {Type: String}}
Conditions: {HasNat: !Equals [!Ref Gateway, '']}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Igw: {Type: 'AWS::EC2::InternetGateway'}
  Nat: {Type: 'AWS::EC2::NatGateway'}
  S: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  Table: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
";
const ASSOCIATED: &str = "  A: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {SubnetId: !Ref S, RouteTableId: !Ref Table}}\n";

fn way(lines: &str) -> Option<Way> {
    let document = Template::parse(&format!("{HEAD}{lines}"), "t").unwrap();
    let model = Model::new(&document.template);
    let subnet = model.subnets().next().unwrap();
    subnet.way()
}

fn route(rest: &str) -> String {
    format!("{ASSOCIATED}  R: {{Type: 'AWS::EC2::Route', {rest}}}\n")
}

#[test]
fn the_default_route_tells_what_a_subnet_is() {
    let to = |target: &str| {
        way(&route(&format!(
            "Properties: {{RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, {target}}}"
        )))
    };
    assert_eq!(to("GatewayId: !Ref Igw"), Some(Way::Public));
    assert_eq!(to("NatGatewayId: !Ref Nat"), Some(Way::Private));
    assert_eq!(to("TransitGatewayId: tgw-1"), Some(Way::Private));
    assert_eq!(to("GatewayId: !Ref Gateway"), None);
    assert_eq!(way(ASSOCIATED), Some(Way::Isolated));
}

#[test]
fn what_may_lead_out_is_not_known() {
    // The main route table, a route that is perhaps not made, one to somewhere, one that another resource adds.
    assert_eq!(way(""), None);
    let to_nat = "RouteTableId: !Ref Table, NatGatewayId: !Ref Nat";
    let conditional = format!("Condition: HasNat, Properties: {{{to_nat}, DestinationCidrBlock: 0.0.0.0/0}}");
    assert_eq!(way(&route(&conditional)), None);
    assert_eq!(way(&route(&format!("Properties: {{{to_nat}, DestinationCidrBlock: 10.9.0.0/16}}"))), None);
    assert_eq!(
        way(&format!("{ASSOCIATED}  C: {{Type: 'Custom::Routes', Properties: {{T: !Ref Table}}}}\n")),
        None
    );
}

#[test]
fn the_service_of_an_endpoint_is_its_name_without_the_region() {
    let text = "
Resources:
  A: {Type: 'AWS::EC2::VPCEndpoint', Properties: {VpcId: v, ServiceName: !Sub 'com.amazonaws.${AWS::Region}.ecr.api'}}
  B: {Type: 'AWS::EC2::VPCEndpoint', Properties: {VpcId: v, ServiceName: com.amazonaws.us-east-1.s3}}
  C: {Type: 'AWS::EC2::VPCEndpoint', Properties: {VpcId: v, ServiceName: !Join ['', [com.amazonaws., !Ref 'AWS::Region', .logs]]}}
";
    let document = Template::parse(text, "t").unwrap();
    let model = Model::new(&document.template);
    let all: Vec<_> =
        model.of_type("AWS::EC2::VPCEndpoint").filter_map(|item| super::Endpoint(item).service()).collect();
    assert_eq!(all, ["ecr.api", "s3", "logs"]);
}
