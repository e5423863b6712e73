use insta::assert_snapshot;

use crate::document::Template;
use crate::model::{Model, Value};

const HEAD: &str = "
Parameters:
  Env: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Cert: {Type: String, Default: ''}
  Zones: {Type: CommaDelimitedList, Default: 'a, b'}
  Image: {Type: String}
  Latest: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /path/of/it}
Mappings: {Sizes: {dev: {Cpu: 256}, prod: {Cpu: 1024}}, Regions: {us-east-1: {Zone: Z1}, eu-west-1: {Zone: Z2}}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsDev: !Equals [dev, !Ref Env]
  NotProd: !Not [!Condition IsProd]
  HasCert: !Not [!Equals [!Ref Cert, '']]
  Both: !And [!Condition IsProd, !Condition HasCert]
Resources:
  Other: {Type: 'AWS::SNS::Topic'}
  R:
    Type: My::Own::Type
    Properties:
      P: ";

/// Every value of the property `P`, one a line.
#[track_caller]
fn values(node: &str) -> String {
    all(node, |value| vec![format!("{value:?}")])
}

/// Every value of the items of the property `P`.
#[track_caller]
fn items(node: &str) -> String {
    all(node, |value| match value.items() {
        Some(items) => items.iter().map(|item| format!("{item:?}")).collect(),
        None => vec!["not known".to_owned()],
    })
}

#[track_caller]
fn all(node: &str, show: impl Fn(&Value<'_>) -> Vec<String>) -> String {
    let document =
        Template::parse(&format!("{HEAD}{node}\n"), "t").unwrap_or_else(|errors| panic!("{errors}"));
    let model = Model::new(&document.template);
    let values = model.resource("R").unwrap().get("P");
    values.iter().flat_map(show).map(|line| line.replace("Resources.R.Properties.P", "P") + "\n").collect()
}

#[test]
fn branches_that_exclude_each_other_are_not_combined() {
    assert_snapshot!(values("!If [IsProd, !If [NotProd, never, yes], !If [IsDev, dev, never]]"), @r#"
    P.Fn::If[1].Fn::If[2]: true if {"IsProd": true, "Env = prod": true, "NotProd": false}
    P.Fn::If[2].Fn::If[1]: dev if {"IsProd": false, "Env = prod": false, "IsDev": true, "Env = dev": true}
    "#);
    assert_snapshot!(values("!If [Both, !If [IsProd, one, never], !If [IsProd, two, three]]"), @r#"
    P.Fn::If[1].Fn::If[1]: one if {"Both": true, "IsProd": true, "Env = prod": true, "HasCert": true, "Cert = ": false}
    P.Fn::If[2].Fn::If[1]: two if {"Both": false, "IsProd": true, "Env = prod": true}
    P.Fn::If[2].Fn::If[2]: three if {"Both": false, "IsProd": false, "Env = prod": false}
    "#);
}

#[test]
fn a_parameter_is_its_default_unless_the_condition_says_otherwise() {
    assert_snapshot!(values("!Ref Env"), @"
    P: dev
    ");
    assert_snapshot!(values("!If [HasCert, !Ref Cert, none]"), @r#"
    P.Fn::If[1]: ${Cert} if {"HasCert": true, "Cert = ": false}
    P.Fn::If[2]: none if {"HasCert": false, "Cert = ": true}
    "#);
    assert_snapshot!(values("!If [IsProd, !Ref Env, !Ref Env]"), @r#"
    P.Fn::If[1]: prod if {"IsProd": true, "Env = prod": true}
    P.Fn::If[2]: dev if {"IsProd": false, "Env = prod": false}
    "#);
    assert_snapshot!(values("!Ref Image"), @"
    P: ${Image}
    ");
    assert_snapshot!(values("!Ref Latest"), @"
    P: ${Latest}
    ");
}

#[test]
fn text_is_glued_as_far_as_it_is_known() {
    assert_snapshot!(values("!Sub '${Env}-${AWS::Region}-${Other}-${Other.TopicName}-${Image}'"), @"
    P: dev-${AWS::Region}-${Other}-${Other.TopicName}-${Image}
    ");
    assert_snapshot!(values("!Join ['/', [a, !If [IsProd, b, c], !Sub ['${X}', {X: d}]]]"), @r#"
    P: a/b/d if {"IsProd": true, "Env = prod": true}
    P: a/c/d if {"IsProd": false, "Env = prod": false}
    "#);
    assert_snapshot!(values("!Join ['', [!Ref Other]]"), @"
    P: ${Other}
    ");
}

#[test]
fn a_map_is_looked_up_and_every_key_taken_where_it_is_not_known() {
    assert_snapshot!(values("!FindInMap [Sizes, !Ref Env, Cpu]"), @"
    P: 256
    ");
    assert_snapshot!(values("!FindInMap [Regions, !Ref 'AWS::Region', Zone]"), @r#"
    P: Z1 if {"AWS::Region = us-east-1": true}
    P: Z2 if {"AWS::Region = eu-west-1": true}
    "#);
}

#[test]
fn lists_are_lists_of_what_their_items_may_be() {
    assert_snapshot!(items("[a, !If [IsProd, b, !Ref 'AWS::NoValue'], !Ref Image]"), @r#"
    P[0]: a
    P[1].Fn::If[1]: b if {"IsProd": true, "Env = prod": true}
    P[2]: ${Image}
    "#);
    assert_snapshot!(items("!Ref Zones"), @"
    P: a
    P: b
    ");
    assert_snapshot!(items("!Split [',', 'x,y']"), @"
    P: x
    P: y
    ");
    assert_snapshot!(items("!Split [',', !Ref Image]"), @"
    not known
    ");
    assert_snapshot!(items("!Select [1, !Ref Zones]"), @"
    P: b
    ");
    assert_snapshot!(items("!Ref Other"), @"
    P: ${Other}
    ");
    assert_snapshot!(items("!Sub '${Other}/*'"), @"
    P: ${Other}/*
    ");
}

#[test]
fn what_is_not_there_is_absent_and_what_a_macro_brings_is_not_known() {
    let get = |node: &str, path: &'static str| {
        all(node, |value| {
            value.get(path).iter().map(|value| format!("{value:?} {}", value.is_unknown())).collect()
        })
    };
    assert_snapshot!(get("{A: {B: 1}}", "A.B"), @"
    P.A.B: 1 false
    ");
    assert_snapshot!(get("{A: {B: 1}}", "A.C.D"), @"
    P.A: absent false
    ");
    assert_snapshot!(get("{A: !ImportValue x}", "A.B"), @"
    P.A: ${ImportValue} true
    ");
    assert_snapshot!(get("{'Fn::Transform': {Name: x}, A: 1}", "B"), @"
    P: ${Transform} true
    ");
    assert_snapshot!(get("!If [IsProd, {A: 1}, !Ref 'AWS::NoValue']", "A"), @r#"
    P.Fn::If[1].A: 1 if {"IsProd": true, "Env = prod": true} false
    P.Fn::If[2]: absent if {"IsProd": false, "Env = prod": false} false
    "#);
}

#[test]
fn the_region_decides_where_it_is_known() {
    let text = format!("{HEAD}!FindInMap [Regions, !Ref 'AWS::Region', Zone]\n");
    let document = Template::parse(&text, "t").unwrap();
    let model = Model::new(&document.template).in_region(Some("eu-west-1"));
    assert_eq!(model.resource("R").unwrap().text("P").as_deref(), Some("Z2"));
}

#[test]
fn a_resource_needs_what_it_refers_to_through_others() {
    let text = "
Resources:
  A: {Type: 'My::Own::Type', Properties: {P: !Ref B}}
  B: {Type: 'My::Own::Type', DependsOn: C}
  C: {Type: 'My::Own::Type'}
";
    let document = Template::parse(text, "t").unwrap();
    let model = Model::new(&document.template);
    let needs = |a: &str, b: &str| model.resource(a).unwrap().needs(model.resource(b).unwrap());
    assert!(needs("A", "C") && needs("B", "C"));
    assert!(!needs("C", "A") && !needs("A", "A"));
}

#[test]
fn blocks_of_addresses_are_computed() {
    let text = "
Parameters: {Bits: {Type: Number, Default: 8}}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Own: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !GetAtt Own.CidrBlock}}
  R:
    Type: My::Own::Type
    Properties:
      P: [!GetAtt Vpc.CidrBlock, !Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 4, !Ref Bits]], !GetAtt Own.CidrBlock]
      Q: !Cidr [10.0.0.0/28, 2, 3]
      TooMany: !Select [0, !Cidr [10.0.0.0/28, 3, 3]]
      Ipv6: !Select [0, !Cidr ['2001:db8::/56', 1, 64]]
";
    let document = Template::parse(text, "t").unwrap();
    let model = Model::new(&document.template);
    let item = model.resource("R").unwrap();
    let shown = |name: &'static str| {
        let values = item.get(name);
        let items = values.iter().flat_map(|value| value.items().unwrap_or_default());
        items.map(|item| item.shown()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown("P"), "10.0.0.0/16 10.0.1.0/24 ${Own.CidrBlock}");
    assert_eq!(shown("Q"), "10.0.0.0/29 10.0.0.8/29");
    assert!(item.get("TooMany")[0].is_unknown() && item.get("Ipv6")[0].is_unknown());
}
