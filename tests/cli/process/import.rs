//! `import vpc`, against an AWS with networks as people have them.

use endpoint::{Fault, JsonAnswer, Scenario, Wrong};
use serde_json::{Map, Value, json};

use super::Aws;
use crate::project::Outcome;

/// What Cloud Control has: types, ids and properties.
#[derive(Clone, Default)]
pub(super) struct Network(Vec<(String, String, Value)>);

impl Network {
    fn with(mut self, kind: &str, id: &str, properties: Value) -> Network {
        self.0.push((format!("AWS::EC2::{kind}"), id.to_owned(), properties));
        self
    }

    fn vpc(self, id: &str, block: &str, name: Option<&str>) -> Network {
        let tags: Vec<Value> = name.iter().map(|name| json!({ "Key": "Name", "Value": name })).collect();
        let properties = json!({ "VpcId": id, "CidrBlock": block, "EnableDnsSupport": true,
            "EnableDnsHostnames": true, "Tags": tags });
        self.with("VPC", id, properties)
    }

    fn subnet(self, vpc: &str, zone: char, number: u32, name: &str) -> Network {
        let id = format!("subnet-{name}");
        let tags = json!([{ "Key": "Name", "Value": format!("shop-{name}") }]);
        let properties = json!({ "SubnetId": id, "VpcId": vpc, "AvailabilityZone": format!("us-east-1{zone}"),
            "CidrBlock": format!("10.0.{number}.0/24"), "MapPublicIpOnLaunch": name.starts_with("public"),
            "Tags": tags });
        self.with("Subnet", &id, properties)
    }

    /// A route table, its default route if it has one, and the subnets that are associated with it.
    fn table(self, vpc: &str, id: &str, leads: Option<(&str, &str)>, subnets: &[&str]) -> Network {
        let mut network = self.with("RouteTable", id, json!({ "RouteTableId": id, "VpcId": vpc }));
        if let Some((property, target)) = leads {
            let mut route = json!({ "RouteTableId": id, "CidrBlock": "0.0.0.0/0" });
            route[property] = target.into();
            network = network.with("Route", &format!("{id}|0.0.0.0/0"), route);
        }
        for subnet in subnets {
            let association = format!("rtbassoc-{subnet}");
            let properties =
                json!({ "Id": association, "RouteTableId": id, "SubnetId": format!("subnet-{subnet}") });
            network = network.with("SubnetRouteTableAssociation", &association, properties);
        }
        network
    }

    fn gateway(self, vpc: &str, id: &str) -> Network {
        let attachment = json!({ "AttachmentType": "IGW", "VpcId": vpc, "InternetGatewayId": id });
        self.with("VPCGatewayAttachment", &format!("IGW|{vpc}"), attachment)
    }

    /// Lists tell ids only, but for subnets; and come in pages of three.
    fn listed(&self, body: &Value) -> JsonAnswer {
        let kind = body["TypeName"].as_str().unwrap_or_default();
        let from = body["NextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
        let own: Vec<_> = self.0.iter().filter(|(of, _, _)| of == kind).collect();
        let told = |(of, id, properties): &&(String, String, Value)| {
            let properties = if of == "AWS::EC2::Subnet" { properties.clone() } else { json!({}) };
            json!({ "Identifier": id, "Properties": properties.to_string() })
        };
        let page: Vec<Value> = own.iter().skip(from).take(3).map(told).collect();
        let mut answer = Map::new();
        answer.insert("TypeName".into(), kind.into());
        answer.insert("ResourceDescriptions".into(), page.into());
        if own.len() > from + 3 {
            answer.insert("NextToken".into(), (from + 3).to_string().into());
        }
        Value::Object(answer).into()
    }

    fn got(&self, body: &Value) -> JsonAnswer {
        let (kind, id) = (&body["TypeName"], &body["Identifier"]);
        match self.0.iter().find(|(of, known, _)| kind == of && id == known) {
            Some((of, id, properties)) => json!({ "TypeName": of, "ResourceDescription":
                { "Identifier": id, "Properties": properties.to_string() } })
            .into(),
            None => JsonAnswer::error("ResourceNotFoundException", "there is no such resource"),
        }
    }

    pub(super) fn scenario(self) -> Scenario {
        let other = self.clone();
        Scenario::new()
            .answer("ListResources", move |body| Some(self.listed(body)))
            .answer("GetResource", move |body| Some(other.got(body)))
    }
}

/// A network of three tiers, with a main route table that no subnet follows, beside a default VPC.
pub(super) fn shop() -> Network {
    Network::default()
        .vpc("vpc-0shop", "10.0.0.0/16", Some("shop"))
        .vpc("vpc-0default", "172.31.0.0/16", None)
        .gateway("vpc-0shop", "igw-1")
        .gateway("vpc-0default", "igw-2")
        .table("vpc-0shop", "rtb-main", None, &[])
        .table("vpc-0shop", "rtb-public", Some(("GatewayId", "igw-1")), &["public-a", "public-b"])
        .table("vpc-0shop", "rtb-a", Some(("NatGatewayId", "nat-a")), &["private-a"])
        .table("vpc-0shop", "rtb-b", Some(("TransitGatewayId", "tgw-1")), &["private-b"])
        .table("vpc-0shop", "rtb-data", None, &["data-a"])
        .table("vpc-0default", "rtb-default", Some(("GatewayId", "igw-2")), &[])
        .subnet("vpc-0shop", 'b', 2, "public-b")
        .subnet("vpc-0shop", 'a', 1, "public-a")
        .subnet("vpc-0shop", 'a', 3, "private-a")
        .subnet("vpc-0shop", 'b', 4, "private-b")
        .subnet("vpc-0shop", 'a', 5, "data-a")
        .subnet("vpc-0default", 'a', 0, "default-a")
}

/// The network without what is told of it as this.
fn without(network: Network, kind: &str, id: &str) -> Network {
    let kind = format!("AWS::EC2::{kind}");
    Network(network.0.into_iter().filter(|(of, known, _)| *of != kind || known != id).collect())
}

/// What the command said, without where the endpoint happens to be.
fn told(aws: &Aws, outcome: &Outcome) -> String {
    outcome.to_string().replace(&aws.endpoint.url(), "[URL]")
}

fn run(scenario: Scenario, arguments: &str) -> (Aws, Outcome) {
    let aws = Aws::new(scenario);
    let outcome = aws.run(arguments);
    (aws, outcome)
}

// R252
#[test]
fn without_an_id_the_vpcs_are_listed_with_the_command_that_goes_on() {
    let (aws, shown) = run(shop().scenario(), "import vpc");
    insta::assert_snapshot!(told(&aws, &shown));
    let json = aws.run("import vpc --output json").json();
    assert_eq!(json["region"], "us-east-1");
    assert_eq!(json["vpcs"][1]["zones"], json!(["us-east-1a", "us-east-1b"]));
    assert_eq!((&json["vpcs"][0]["defaultBlock"], &json["vpcs"][0]["name"]), (&json!(true), &Value::Null));
    let (_, shown) = run(Network::default().scenario(), "import vpc");
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), ""), "{shown}");
    assert!(shown.stderr.contains("there is no VPC in us-east-1"), "{shown}");
}

// R252, R253
#[test]
fn a_vpc_is_told_as_settings_with_what_tells_each_tier() {
    let (aws, shown) = run(shop().scenario(), "import vpc vpc-0shop");
    insta::assert_snapshot!(told(&aws, &shown));
    // What was printed can be used as it is.
    aws.project.write("docuthinker.yaml", &shown.stdout);
    let listed = aws.run("list");
    assert_eq!(listed.code, Some(0), "{listed}");
}

// R253
#[test]
fn programs_get_every_subnet_with_what_tells_its_tier() {
    let (_, shown) = run(shop().scenario(), "import vpc vpc-0shop --output json");
    let shown = shown.json();
    assert_eq!(
        shown["settings"],
        json!({ "vpc_id": "vpc-0shop", "public_subnets": ["subnet-public-a", "subnet-public-b"],
            "private_subnets": ["subnet-private-a", "subnet-private-b"] })
    );
    let data = &shown["subnets"][0];
    assert_eq!((&data["id"], &data["tier"]), (&json!("subnet-data-a"), &json!("private")));
    assert_eq!((&data["wayOut"], &data["taken"]), (&json!(false), &Value::Null));
    assert_eq!(data["whyNot"], "it has no way out, and others have");
    let public = &shown["subnets"][2];
    assert_eq!((&public["routeTable"], &public["leadsTo"]), (&json!("rtb-public"), &json!("igw-1")));
    assert_eq!((&shown["written"], &shown["next"]), (&Value::Null, &json!("docuthinker diff")));
}

const FILE: &str = "# Ours.\ndefaults:\n    region: us-east-1 # home\n\nenvironments:\n    prod:   # live\n        backend:\n            memory: 2048\n    dev: {}\n";

#[test]
fn what_is_written_stands_below_the_environment_and_makes_stacks() {
    let aws = Aws::new(shop().scenario());
    aws.project.write("docuthinker.yaml", FILE);
    let shown = aws.run("import vpc vpc-0shop --write");
    insta::assert_snapshot!(told(&aws, &shown));
    let block = "    prod:   # live\n        network:\n            existing:\n                vpc_id: vpc-0shop\n                \
                 public_subnets: [subnet-public-a, subnet-public-b]\n                private_subnets: [subnet-private-a, \
                 subnet-private-b]\n";
    let once = FILE.replace("    prod:   # live\n", block);
    assert_eq!(aws.project.read("docuthinker.yaml"), once);
    // With ids as AWS has them, which the rules ask for.
    let ids = [("0shop", "0a1b2c3d"), ("public-", "0000001"), ("private-", "0000002")];
    let real = ids.iter().fold(once.clone(), |text, (ours, id)| text.replace(ours, id));
    aws.project.write("docuthinker.yaml", real);
    let template = aws.run("synth DocuThinkerStack").success();
    assert!(template.contains("subnet-0000002b") && template.contains("vpc-0a1b2c3d"), "{template}");
    assert!(!template.contains("AWS::EC2::NatGateway"), "{template}");
    aws.project.write("docuthinker.yaml", &once);

    let again = aws.run("import vpc vpc-0shop --write --output json").json();
    let changed: Vec<&Value> =
        again["written"]["changes"].as_array().unwrap().iter().map(|one| &one["changed"]).collect();
    assert_eq!(changed, [&json!(false); 3]);
    assert_eq!(aws.project.read("docuthinker.yaml"), once);
}

#[test]
fn another_network_takes_the_place_of_the_one_before() {
    let aws = Aws::new(shop().scenario());
    let before = "environments:\n  dev:\n    network:\n      existing:\n        vpc_id: vpc-old # of old\n        public_subnets:\n          - subnet-1\n          - subnet-2\n        private_subnets: [subnet-3, subnet-4]\n";
    aws.project.write("docuthinker.yaml", before);
    // Tasks of `dev` stand in public subnets: there, the old private ones would be those of another network.
    let shown = aws.run("import vpc vpc-0shop --write -e dev");
    assert_eq!(shown.code, Some(0), "{shown}");
    let after = "environments:\n  dev:\n    network:\n      existing:\n        vpc_id: vpc-0shop # of old\n        public_subnets:\n          - subnet-public-a\n          - subnet-public-b\n        private_subnets: []\n";
    assert_eq!(aws.project.read("docuthinker.yaml"), after);
    assert!(shown.stdout.contains("existing.vpc_id = vpc-old → vpc-0shop\n"), "{shown}");
    assert!(shown.stderr.contains("next: docuthinker -e dev diff"), "{shown}");
}

#[test]
fn settings_that_do_not_go_with_a_network_that_exists_are_told_before_anything_is_written() {
    let aws = Aws::new(shop().scenario());
    let file =
        "environments:\n  prod:\n    network:\n      cidr: 10.9.0.0/16\n      interface_endpoints: [logs]\n";
    aws.project.write("docuthinker.yaml", file);
    let refused = aws.run("import vpc vpc-0shop --write");
    assert_eq!(refused.code, Some(3), "{refused}");
    for said in
        ["`network.cidr` is set, but `network.existing`", "docuthinker.yaml:4:7", "endpoints are asked for"]
    {
        assert!(refused.stderr.contains(said), "{said}: {refused}");
    }
    assert_eq!(aws.project.read("docuthinker.yaml"), file);
    // What is only printed comes with the same words.
    let printed = aws.run("import vpc vpc-0shop");
    assert_eq!(printed.code, Some(0), "{printed}");
    assert!(printed.stderr.contains("warning[DC010]: `network.cidr` is set"), "{printed}");
}

#[test]
fn a_file_of_another_form_is_left_alone_and_a_variable_that_counts_more_is_told() {
    let aws = Aws::new(shop().scenario());
    let file = "environments:\n  prod:\n    network: &all\n      existing: null\n";
    aws.project.write("docuthinker.yaml", file);
    let refused = aws.run("import vpc vpc-0shop --write");
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(
        refused.stderr.contains("`environments.prod.network.existing.vpc_id` is to be `vpc-0shop`"),
        "{refused}"
    );
    assert_eq!(aws.project.read("docuthinker.yaml"), file);

    let Aws { endpoint, project } = Aws::new(shop().scenario());
    let project = project.variable("DOCUTHINKER_NETWORK__EXISTING__VPC_ID", "vpc-9");
    let aws = Aws { endpoint, project };
    aws.project.write(
        "docuthinker.yaml",
        "defaults:\n  network:\n    existing: {vpc_id: vpc-1, public_subnets: [], private_subnets: [s-1]}\n",
    );
    let written = aws.run("import vpc vpc-0shop --write");
    assert!(
        written.stderr.contains("the file is not what counts for `network.existing.vpc_id`"),
        "{written}"
    );
}

#[test]
fn a_vpc_that_is_not_there_is_answered_with_those_that_are() {
    let (aws, refused) = run(shop().scenario(), "import vpc vpc-0shoq");
    insta::assert_snapshot!(told(&aws, &refused));
}

// R253
#[test]
fn everything_that_is_in_the_way_is_told_at_once() {
    let network = without(shop(), "Subnet", "subnet-public-b");
    let network = without(network, "Subnet", "subnet-private-b");
    let (aws, refused) = run(network.scenario(), "import vpc vpc-0shop");
    insta::assert_snapshot!(told(&aws, &refused));
    let (_, refused) = run(
        shop().scenario(),
        "import vpc vpc-0shop --public subnet-public-a,subnet-x --private subnet-public-a --private subnet-private-b",
    );
    assert_eq!(refused.code, Some(3), "{refused}");
    for said in ["vpc-0shop has no subnet subnet-x", "subnet-public-a cannot be both public and private"] {
        assert!(refused.stderr.contains(said), "{said}: {refused}");
    }
}

#[test]
fn where_the_main_route_table_is_not_told_somebody_says_which_subnets_are_public() {
    let network = without(shop(), "SubnetRouteTableAssociation", "rtbassoc-public-b");
    let (aws, refused) = run(network.scenario(), "import vpc vpc-0shop");
    insta::assert_snapshot!(told(&aws, &refused));
    let told = aws.run("import vpc vpc-0shop --public subnet-public-a,subnet-public-b --output json").json();
    assert_eq!(told["settings"]["public_subnets"], json!(["subnet-public-a", "subnet-public-b"]));
    assert_eq!(told["subnets"][4]["tier"], "unknown");
}

#[test]
fn an_internet_gateway_that_is_detached_makes_nothing_public() {
    let network = without(shop(), "VPCGatewayAttachment", "IGW|vpc-0shop");
    let (_, refused) = run(network.scenario(), "import vpc vpc-0shop");
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("leads to igw-1, which is not attached to the VPC"), "{refused}");
}

#[test]
fn a_default_vpc_goes_with_tasks_in_public_subnets() {
    let network = shop().subnet("vpc-0default", 'b', 9, "default-b");
    let (_, shown) = run(network.scenario(), "import vpc vpc-0default --set network.mode=public");
    assert_eq!(shown.code, Some(0), "{shown}");
    assert!(shown.stdout.contains("the VPC's only route table"), "{shown}");
    assert!(!shown.stdout.contains("private_subnets"), "{shown}");
}

#[test]
fn who_may_not_look_is_told_which_permission_is_missing() {
    let (_, denied) =
        run(shop().scenario().fault(Fault::new(Wrong::Denied).on("ListResources")), "import vpc");
    assert_eq!(denied.code, Some(5), "{denied}");
    assert!(denied.stderr.contains("not allowed to do cloudformation:ListResources"), "{denied}");
    // Cloud Control asks EC2 in the caller's name, and hands on what that says.
    let beneath = |message: &'static str| {
        shop().scenario().answer("GetResource", move |body| {
            let route = body["TypeName"] == "AWS::EC2::Route";
            route.then(|| JsonAnswer::error("AccessDeniedException", message))
        })
    };
    let named = "User: arn:aws:iam::123456789012:user/x is not authorized to perform: ec2:DescribeRouteTables because no \
                 identity-based policy allows it";
    let (_, denied) = run(beneath(named), "import vpc vpc-0shop");
    assert_eq!(denied.code, Some(5), "{denied}");
    assert!(denied.stderr.contains("ask for the permission ec2:DescribeRouteTables\n"), "{denied}");
    let unnamed = "AWS::EC2::Route Handler returned status FAILED: You are not authorized to perform this operation. \
                   (Service: Ec2, Status Code: 403) (HandlerErrorCode: AccessDenied)";
    let (_, denied) = run(beneath(unnamed), "import vpc vpc-0shop");
    let asked = "ask for the permissions cloudformation:GetResource and, beneath it for AWS::EC2::Route, \
                 ec2:DescribeRouteTables";
    assert!(denied.stderr.contains(asked), "{denied}");
}

#[test]
fn what_is_throttled_is_asked_again_and_what_cannot_be_read_is_not_guessed() {
    let throttled =
        Fault::new(Wrong::Error(400, "ThrottlingException", "Rate exceeded")).on("GetResource").times(3);
    let (aws, shown) = run(shop().scenario().fault(throttled), "import vpc vpc-0shop");
    assert_eq!(shown.code, Some(0), "{shown}");
    assert!(aws.endpoint.count("GetResource") > 15, "{}", aws.endpoint.count("GetResource"));
    let unsupported = shop().scenario().answer("ListResources", |body| {
        let association = body["TypeName"] == "AWS::EC2::SubnetRouteTableAssociation";
        association.then(|| JsonAnswer::error("UnsupportedActionException", "the type has no list"))
    });
    let (_, refused) = run(unsupported, "import vpc vpc-0shop");
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("its route table could not be read (the type has no list)"), "{refused}");
}

#[test]
fn the_emulator_is_not_asked_for_what_it_has_not() {
    let refused = crate::project::Project::new().run(["import", "vpc", "--local"]);
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(
        refused.stderr.contains("`import vpc` asks Cloud Control, which the emulator has not"),
        "{refused}"
    );
}

/// What a project with this network asks of it.
fn stack_in(vpc: &str, subnets: &[&str]) -> String {
    let group = json!({ "GroupDescription": "web", "VpcId": vpc });
    let balancer = json!({ "Subnets": subnets });
    json!({ "Resources": {
        "Group": { "Type": "AWS::EC2::SecurityGroup", "Properties": group },
        "Balancer": { "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": balancer },
    } })
    .to_string()
}

// R331
#[test]
fn a_network_that_is_named_must_be_there_before_a_deployment() {
    let aws = Aws::new(shop().scenario());
    let with = |vpc: &str, subnets: &[&str]| {
        aws.project.write("net.json", stack_in(vpc, subnets));
        aws.run("doctor --template net.json --stack-name Net")
    };
    let well = with("vpc-0shop", &["subnet-public-a", "subnet-public-b"]);
    for there in ["✓ the VPC vpc-0shop is there", "✓ the subnet subnet-public-b is there"] {
        assert!(well.stdout.contains(there), "{well}");
    }
    let other = with("vpc-0default", &["subnet-public-a", "subnet-9"]);
    assert_eq!(other.code, Some(3), "{other}");
    for words in [
        "✗ the subnet subnet-public-a is in vpc-0shop, not in vpc-0default",
        "at Resources.Balancer.Properties.Subnets[0]",
        "✗ the subnet subnet-9 is not there",
        "fix: docuthinker import vpc",
    ] {
        assert!(other.stdout.contains(words), "{words}: {other}");
    }
    let absent = with("vpc-9", &[]);
    assert!(absent.stdout.contains("✗ the VPC vpc-9 is not there"), "{absent}");
    let deploy = aws.run("deploy --template net.json --stack-name Net --no-validate --yes");
    assert_eq!(deploy.code, Some(3), "{deploy}");
    assert!(deploy.stderr.contains("error: the VPC vpc-9 is not there"), "{deploy}");
    assert_eq!(aws.endpoint.count("CreateChangeSet"), 0);
    aws.endpoint.change(|scenario| scenario.fault(Fault::new(Wrong::Denied).on("GetResource")));
    let denied = with("vpc-0shop", &["subnet-public-a"]);
    assert!(denied.stdout.contains("? the VPC vpc-0shop: not allowed to do"), "{denied}");
}
