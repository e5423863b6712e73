use std::collections::BTreeSet;

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::document::{Resource, Template};
use crate::graph::sub::{SubPart, sub_parts};
use crate::graph::{Element, Reference};
use crate::node::{Function, Node};

#[track_caller]
fn template(text: &str) -> Template {
    Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template
}

/// Every reference on a line: where it stands, how it refers, and to what.
#[track_caller]
fn edges(text: &str) -> String {
    let template = template(text);
    let line =
        |edge: &crate::graph::Edge| format!("{} {:?} {} {:?}\n", edge.path, edge.kind, edge.name, edge.to);
    template.graph().edges().iter().map(line).collect()
}

#[test]
fn every_kind_of_reference_is_found_with_its_path() {
    let text = "
Parameters: {Env: {Type: String}}
Mappings: {Sizes: {prod: {Cpu: 512}}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsBig: !And [!Condition IsProd, !Not [Condition: IsProd]]
Resources:
  Role: {Type: AWS::IAM::Role}
  Cluster: {Type: AWS::ECS::Cluster, Condition: IsProd}
  Service:
    Type: AWS::ECS::Service
    DependsOn: [Role, Cluster]
    Metadata: {Note: !Ref Role}
    Properties:
      Cluster: !GetAtt Cluster.Arn
      Cpu: !FindInMap [Sizes, !Ref Env, Cpu]
      Tags:
        - Key: !Sub '${AWS::Region}-${Env}-${Role.Arn}-${!Literal}'
          Value: !If [IsProd, !Ref Role, !Ref AWS::NoValue]
Outputs:
  Url: {Value: !Ref Service, Condition: IsBig, Export: {Name: !Sub '${AWS::StackName}-url'}}
";
    assert_snapshot!(edges(text), @r#"
    Conditions.IsProd.Fn::Equals[0] Ref Env Some(Parameter("Env"))
    Conditions.IsBig.Fn::And[0] Condition IsProd Some(Condition("IsProd"))
    Conditions.IsBig.Fn::And[1].Fn::Not[0] Condition IsProd Some(Condition("IsProd"))
    Resources.Cluster.Condition Condition IsProd Some(Condition("IsProd"))
    Resources.Service.DependsOn[0] DependsOn Role Some(Resource("Role"))
    Resources.Service.DependsOn[1] DependsOn Cluster Some(Resource("Cluster"))
    Resources.Service.Metadata.Note Ref Role Some(Resource("Role"))
    Resources.Service.Properties.Cluster GetAtt(Some("Arn")) Cluster Some(Resource("Cluster"))
    Resources.Service.Properties.Cpu FindInMap Sizes Some(Mapping("Sizes"))
    Resources.Service.Properties.Cpu.Fn::FindInMap[1] Ref Env Some(Parameter("Env"))
    Resources.Service.Properties.Tags[0].Key Sub(None) AWS::Region Some(Pseudo("AWS::Region"))
    Resources.Service.Properties.Tags[0].Key Sub(None) Env Some(Parameter("Env"))
    Resources.Service.Properties.Tags[0].Key Sub(Some("Arn")) Role Some(Resource("Role"))
    Resources.Service.Properties.Tags[0].Value If IsProd Some(Condition("IsProd"))
    Resources.Service.Properties.Tags[0].Value.Fn::If[1] Ref Role Some(Resource("Role"))
    Resources.Service.Properties.Tags[0].Value.Fn::If[2] Ref AWS::NoValue Some(Pseudo("AWS::NoValue"))
    Outputs.Url.Condition Condition IsBig Some(Condition("IsBig"))
    Outputs.Url.Value Ref Service Some(Resource("Service"))
    Outputs.Url.Export.Name Sub(None) AWS::StackName Some(Pseudo("AWS::StackName"))
    "#);
}

#[test]
fn variables_of_sub_hide_what_has_the_same_name_but_only_in_the_text() {
    let text = "
Resources:
  A: {Type: 'A::B::C', Properties: {P: !Sub ['${A} ${x.y} ${B}', {A: !Ref B, x.y: 1}]}}
  B: {Type: 'A::B::C'}
";
    assert_snapshot!(edges(text), @r#"
    Resources.A.Properties.P Sub(None) B Some(Resource("B"))
    Resources.A.Properties.P.Fn::Sub[1].A Ref B Some(Resource("B"))
    "#);
}

#[test]
fn the_text_of_sub_is_taken_apart() {
    use SubPart::{Text, Variable};
    assert_eq!(sub_parts("a${B}c"), [Text("a"), Variable("B"), Text("c")]);
    assert_eq!(sub_parts("${ B.C }${D}"), [Variable("B.C"), Variable("D")]);
    assert_eq!(sub_parts("a${!B}c"), [Text("a${"), Text("B}"), Text("c")]);
    assert_eq!(sub_parts("$ {a} ${open"), [Text("$ {a} ${open")]);
    assert_eq!(sub_parts(""), []);
}

#[test]
fn unknown_targets_come_with_the_nearest_name() {
    let template = template("
Conditions: {IsProd: !Equals [a, b]}
Resources:
  Vpc: {Type: AWS::EC2::VPC}
  Subnet:
    Type: AWS::EC2::Subnet
    DependsOn: Vcp
    Condition: isProd
    Properties: {VpcId: !Ref VPC, Az: !Sub '${AWS::Regoin}${Foo.Bar}', If: !If [Nope, 1, 2], Map: !FindInMap [M, a, b]}
");
    let graph = template.graph();
    let lines: Vec<_> =
        graph.unknown().map(|edge| format!("{edge}: {}", graph.nearest(edge).unwrap_or("?"))).collect();
    assert_snapshot!(lines.join("\n"), @"
    Resources.Subnet.Condition refers to isProd: IsProd
    Resources.Subnet.DependsOn refers to Vcp: Vpc
    Resources.Subnet.Properties.VpcId refers to VPC: Vpc
    Resources.Subnet.Properties.Az refers to AWS::Regoin: AWS::Region
    Resources.Subnet.Properties.Az refers to Foo: ?
    Resources.Subnet.Properties.If refers to Nope: ?
    Resources.Subnet.Properties.Map refers to M: ?
    ");
}

#[test]
fn what_a_macro_or_a_loop_may_bring_is_not_called_unknown() {
    let body = "Resources:\n  A: {Type: 'A::B::C', Properties: {P: !Ref FunctionRole}}\n";
    assert_eq!(template(body).graph().unknown().count(), 1);
    assert_eq!(template(&format!("Transform: AWS::LanguageExtensions\n{body}")).graph().unknown().count(), 1);
    assert_eq!(
        template(&format!("Transform: AWS::Serverless-2016-10-31\n{body}")).graph().unknown().count(),
        0
    );
}

#[test]
fn variables_of_a_loop_refer_to_nothing() {
    let text = "
Transform: AWS::LanguageExtensions
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Fn::ForEach::Topics:
    - Name
    - [a, b]
    - Topic${Name}:
        Type: AWS::SNS::Topic
        Properties: {TopicName: !Ref Name, A: !Sub '${Name}-${Queue}', B: !GetAtt 'Topic${Name}.Arn'}
";
    assert_snapshot!(edges(text), @r#"Resources.Fn::ForEach::Topics[2].Topic${Name}.Properties.A Sub(None) Queue Some(Resource("Queue"))"#);
}

#[test]
fn a_cycle_is_reported_once_with_the_path_of_each_edge() {
    let template = template("
Resources:
  Outside: {Type: 'A::B::C', Properties: {P: !Ref Alb}}
  Alb: {Type: 'A::B::C', Properties: {Groups: [!Ref AlbGroup]}}
  AlbGroup: {Type: 'A::B::C', Properties: {Ingress: [{From: !GetAtt TaskGroup.GroupId}, {From: !Ref TaskGroup}]}}
  TaskGroup: {Type: 'A::B::C', DependsOn: [Alb, AlbGroup]}
  Self: {Type: 'A::B::C', Properties: {P: !Sub '${Self}'}}
Conditions:
  A: !Not [!Condition B]
  B: !Not [!Condition A]
");
    let lines = |cycle: &super::Cycle| {
        cycle.edges.iter().fold(format!("{cycle}\n"), |text, edge| format!("{text}  {edge}\n"))
    };
    let graph = template.graph();
    assert_snapshot!(graph.cycles().iter().map(lines).collect::<String>(), @"
    A → B → A
      Conditions.A.Fn::Not[0] refers to B
      Conditions.B.Fn::Not[0] refers to A
    Alb → AlbGroup → TaskGroup → Alb
      Resources.Alb.Properties.Groups[0] refers to AlbGroup
      Resources.AlbGroup.Properties.Ingress[0].From refers to TaskGroup
      Resources.TaskGroup.DependsOn[0] refers to Alb
    Self → Self
      Resources.Self.Properties.P refers to Self
    ");
    assert_eq!(graph.order(), Err(graph.cycles()));
}

#[test]
fn the_order_keeps_the_templates_where_that_is_free() {
    let template = template(
        "
Resources:
  D: {Type: 'A::B::C', DependsOn: [C]}
  B: {Type: 'A::B::C'}
  C: {Type: 'A::B::C', Properties: {P: !Ref A}}
  A: {Type: 'A::B::C'}
",
    );
    assert_eq!(template.graph().order().unwrap(), ["B", "A", "C", "D"]);
}

#[test]
fn a_very_long_chain_is_no_problem() {
    let count = 20_000;
    let mut template = Template::default();
    for place in 0..count {
        let next = Node::call(Function::Ref, format!("R{}", (place + 1) % count));
        let properties = [("P".to_owned(), next)].into_iter().collect();
        template.resources.insert(format!("R{place}"), Resource { properties, ..Resource::default() });
    }
    assert_eq!(template.graph().cycles()[0].edges.len(), count);
    template.resources.pop();
    assert_eq!(template.graph().order().unwrap().len(), count - 1);
}

/// A template of `count` resources that refer to one another as `edges` say.
fn of_edges(count: usize, edges: &[(usize, usize)]) -> Template {
    let mut template = Template::default();
    for place in 0..count {
        let depends_on =
            edges.iter().filter(|edge| edge.0 == place).map(|edge| format!("R{}", edge.1)).collect();
        template.resources.insert(format!("R{place}"), Resource { depends_on, ..Resource::default() });
    }
    template
}

/// Which resource reaches which, by trying every step until nothing is new.
fn reach(count: usize, edges: &[(usize, usize)]) -> BTreeSet<(usize, usize)> {
    let mut reach: BTreeSet<_> = edges.iter().copied().collect();
    for _ in 0..count {
        let further: Vec<_> = reach
            .iter()
            .flat_map(|(from, over)| {
                edges.iter().filter(move |edge| edge.0 == *over).map(move |edge| (*from, edge.1))
            })
            .collect();
        reach.extend(further);
    }
    reach
}

proptest! {
    #[test]
    fn cycles_and_order_agree_with_a_naive_search(
        (count, edges) in (1..9_usize).prop_flat_map(|count| (Just(count), prop::collection::vec((0..count, 0..count), 0..14))),
    ) {
        let template = of_edges(count, &edges);
        let graph = template.graph();
        let reach = reach(count, &edges);
        let number = |element: &Element| element.name()[1..].parse::<usize>().unwrap();
        let cycles = graph.cycles();

        let mut on_cycles = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for cycle in &cycles {
            let members: Vec<_> = cycle.edges.iter().map(|edge| number(&edge.from)).collect();
            for (place, edge) in cycle.edges.iter().enumerate() {
                prop_assert_eq!(number(edge.to.as_ref().unwrap()), members[(place + 1) % members.len()]);
                prop_assert_eq!(&edge.kind, &Reference::DependsOn);
            }
            let set: BTreeSet<_> = members.iter().copied().collect();
            prop_assert_eq!(set.len(), members.len(), "no element twice");
            on_cycles.extend(set.iter().copied());
            prop_assert!(seen.insert(set), "no cycle twice");
        }
        let expected: BTreeSet<_> = (0..count).filter(|place| reach.contains(&(*place, *place))).collect();
        prop_assert_eq!(&on_cycles, &expected);

        match graph.order() {
            Err(found) => prop_assert_eq!(found, cycles),
            Ok(order) => {
                prop_assert!(expected.is_empty());
                let place = |id: usize| order.iter().position(|name| *name == format!("R{id}")).unwrap();
                prop_assert_eq!(order.len(), count);
                for (from, to) in &edges {
                    prop_assert!(place(*to) < place(*from));
                }
                // Each that comes before its neighbour although it was declared after must be needed for it.
                for pair in order.windows(2) {
                    let (first, second): (usize, usize) = (pair[0][1..].parse().unwrap(), pair[1][1..].parse().unwrap());
                    prop_assert!(first < second || reach.contains(&(second, first)));
                }
            }
        }
    }

    #[test]
    fn any_template_has_a_graph(template in crate::arbitrary::template()) {
        let graph = template.graph();
        let _ = (graph.cycles(), graph.unknown().filter_map(|edge| graph.nearest(edge)).count());
    }

    #[test]
    fn the_parts_of_sub_are_the_text(text in "[a!${} ]{0,12}") {
        let joined: String = sub_parts(&text).iter().map(|part| match part {
            SubPart::Text(text) => (*text).to_owned(),
            SubPart::Variable(name) => format!("${{{name}}}"),
        }).collect();
        prop_assert_eq!(joined.replace(['!', ' '], ""), text.replace(['!', ' '], ""));
    }
}
