use std::fmt::Write as _;

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::document::Template;
use crate::node::{Function, Map, Node};
use crate::path::Path;
use crate::read::{Document, MAX_FILE_BYTES};

#[track_caller]
fn parse(text: &str) -> Document {
    Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}"))
}

#[track_caller]
fn errors(text: &str) -> String {
    match Template::parse(text, "t.yaml") {
        Ok(document) => panic!("no errors in {:?}", document.template),
        Err(errors) => errors.to_string(),
    }
}

/// The value of `Metadata.A`.
#[track_caller]
fn value(text: &str) -> Node {
    parse(&format!("Metadata:\n  A: {text}\n")).template.metadata["A"].clone()
}

fn list<const N: usize>(items: [&str; N]) -> Node {
    Node::List(items.into_iter().map(Node::from).collect())
}

#[test]
fn short_tags_and_long_forms_are_the_same() {
    for (short, long) in [
        ("!Ref Vpc", "{Ref: Vpc}"),
        ("!GetAtt Alb.DNSName", "{Fn::GetAtt: [Alb, DNSName]}"),
        ("!GetAtt [Alb, DNSName]", "{Fn::GetAtt: Alb.DNSName}"),
        ("!GetAtt Nested.Outputs.Url", "{Fn::GetAtt: [Nested, Outputs.Url]}"),
        ("!Sub 'a-${B}'", "{Fn::Sub: 'a-${B}'}"),
        ("!Sub ['${A}', {A: 1}]", "{Fn::Sub: ['${A}', {A: 1}]}"),
        ("!GetAZs", "{Fn::GetAZs: ''}"),
        ("!If [C, !Ref A, 5]", "{Fn::If: [C, {Ref: A}, 5]}"),
        ("!Not [!Condition C]", "{Fn::Not: [{Condition: C}]}"),
        ("!Transform {Name: X}", "{Fn::Transform: {Name: X}}"),
    ] {
        assert_eq!(value(short), value(long), "{short}");
        assert!(matches!(value(short), Node::Call(..)), "{short}");
    }
}

#[test]
fn a_scalar_behind_a_short_tag_is_text() {
    assert_eq!(value("!Ref 123"), Node::call(Function::Ref, "123"));
    assert_eq!(value("!Sub |\n    a\n    b\n"), Node::call(Function::Sub, "a\nb\n"));
}

#[test]
fn a_condition_is_a_call_where_a_condition_is_wanted_and_an_entry_elsewhere() {
    let text = "Conditions:\n  A: {Condition: B}\n  B: !Or [Condition: C, !Condition D]\nMetadata:\n  S: {Condition: x}\n";
    let template = parse(text).template;
    assert_eq!(template.conditions["A"], Node::call(Function::Condition, "B"));
    let operands =
        Node::List(vec![Node::call(Function::Condition, "C"), Node::call(Function::Condition, "D")]);
    assert_eq!(template.conditions["B"], Node::call(Function::Or, operands));
    assert!(matches!(template.metadata["S"], Node::Map(_)));
}

#[test]
fn loops_of_the_language_extensions_are_kept_apart_from_resources() {
    let text = "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::Topics:\n    - Name\n    - [a, b]\n    - Topic${Name}: {Type: AWS::SNS::Topic}\n  Queue:\n    Type: AWS::SQS::Queue\n";
    let template = parse(text).template;
    assert_eq!(template.resources.keys().collect::<Vec<_>>(), ["Queue"]);
    assert_eq!(template.loops["Resources"].keys().collect::<Vec<_>>(), ["Fn::ForEach::Topics"]);
    assert_eq!(parse(&template.to_yaml()).template, template);
}

#[test]
fn a_macro_may_bring_its_own_sections_and_attributes() {
    let text = "Transform: [AWS::Serverless-2016-10-31]\nGlobals: {Function: {Timeout: 3}}\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Connectors: {A: {Properties: {}}}\n";
    let template = parse(text).template;
    assert!(template.other.contains_key("Globals"));
    assert!(template.resources["F"].attributes.contains_key("Connectors"));
    assert_eq!(parse(&template.to_yaml()).template, template);
    assert!(errors("Globals: {}\nResources: {}\n").contains("unknown section `Globals`"));
}

#[test]
fn keys_are_text_whatever_they_look_like() {
    let template = parse("Mappings:\n  Accounts:\n    012345678901: {yes: 1, 5: 2, 1.10: 3}\n").template;
    let Node::Map(accounts) = &template.mappings["Accounts"] else { panic!("a mapping") };
    let Node::Map(inner) = &accounts["012345678901"] else { panic!("a mapping") };
    assert_eq!(inner.keys().collect::<Vec<_>>(), ["yes", "5", "1.10"]);
}

#[test]
fn anchors_aliases_and_merge_keys_are_resolved() {
    let text = "Metadata:\n  A: &a {x: 1, y: 2}\n  B: {<<: *a, y: 3}\n  C: {<<: [{z: 1}, *a, {z: 2}]}\n  D: *a\n  E: &s word\n  F: [*s]\n";
    let metadata = parse(text).template.metadata;
    let entries = |node: &Node| {
        let map = node.as_map().unwrap();
        map.iter()
            .map(|(key, node)| format!("{key}={}", node.scalar_text().unwrap()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(entries(&metadata["B"]), "y=3 x=1");
    assert_eq!(entries(&metadata["C"]), "z=1 x=1 y=2");
    assert_eq!(metadata["D"], metadata["A"]);
    assert_eq!(metadata["F"], list(["word"]));
}

#[test]
fn json_keeps_what_yaml_would_not() {
    let text = "{\n\t\"Description\": \"a\\/b \\ud83d\\ude00 \\u00e9\",\n\t\"Metadata\": {\"n\": 1e3, \"big\": 123456789012345678901, \"d\": 0.1}}";
    let template = parse(text).template;
    assert_eq!(template.description.as_deref(), Some("a/b 😀 é"));
    assert_eq!(template.metadata["n"].scalar_text().as_deref(), Some("1000.0"));
    assert_eq!(template.metadata["big"], "123456789012345678901".into());
    assert_eq!(template.metadata["d"].scalar_text().as_deref(), Some("0.1"));
}

#[test]
fn a_yaml_file_may_begin_with_a_brace() {
    assert_eq!(parse("{Description: hello, Resources: {}}").template.description.as_deref(), Some("hello"));
    assert_eq!(
        parse("\u{feff}  {\"Description\": \"hello\"}").template.description.as_deref(),
        Some("hello")
    );
}

#[test]
fn every_value_has_its_place() {
    let text = "Resources:\n  Vpc:\n    Type: AWS::EC2::VPC\n    Properties:\n      Tags:\n        - Key: é\n          Value: !If [C, !Ref A, b]\n";
    let positions = parse(text).positions;
    let of = |path: &Path| positions.of(path).to_string();
    let tag = Path::of(["Resources", "Vpc", "Properties", "Tags"]).index(0);
    assert_eq!(of(&Path::of(["Resources", "Vpc"])), "2:3");
    assert_eq!(of(&tag), "6:11");
    assert_eq!(of(&tag.key("Value")), "7:11");
    assert_eq!(of(&tag.key("Value").key("Fn::If").index(1)), "7:26");
    // What is not there has the place of what is around it.
    assert_eq!(of(&Path::of(["Resources", "Vpc", "Properties", "CidrBlock"])), "4:5");

    let json = r#"{"Resources": {"é": {"Type": "A"}, "Vpc": {"Type": "B"}}}"#;
    assert_eq!(parse(json).positions.of(&Path::of(["Resources", "Vpc", "Type"])).to_string(), "1:44");
}

#[test]
fn all_mistakes_of_structure_come_at_once_with_suggestions() {
    let text = "\
Resorces: {}
Parameters:
  A: {Default: 1}
  B: {Type: String, NoEcho: maybe, Allowed: [x]}
Resources:
  Vpc:
    Typ: AWS::EC2::VPC
    Properties: [a]
  Alb: AWS::ELB
  Ok:
    Type: AWS::SNS::Topic
    DependsOn: [Vpc, [x]]
    Colour: red
Outputs:
  Url: {Export: Name}
  Other: {Value: 1, Export: {Nam: x}}
";
    assert_snapshot!(errors(text), @"
    t.yaml:1:1: unknown section `Resorces`
      at Resorces

    hint: did you mean `Resources`?

    t.yaml:3:3: a parameter needs `Type`
      at Parameters.A

    hint: for example `Type: String`

    t.yaml:4:21: expected `true` or `false`, found text
      at Parameters.B.NoEcho

    t.yaml:4:36: unknown attribute of a parameter `Allowed`
      at Parameters.B.Allowed

    hint: choose one of Type, Default, Description, NoEcho, AllowedPattern, AllowedValues, ConstraintDescription, MaxLength, MaxValue, MinLength, MinValue

    t.yaml:7:5: unknown attribute of a resource `Typ`
      at Resources.Vpc.Typ

    hint: did you mean `Type`?

    t.yaml:8:5: expected a mapping, found a list
      at Resources.Vpc.Properties

    t.yaml:9:3: expected a resource's attributes, found text
      at Resources.Alb

    t.yaml:12:22: expected text, found a list
      at Resources.Ok.DependsOn[1]

    t.yaml:13:5: unknown attribute of a resource `Colour`
      at Resources.Ok.Colour

    hint: choose one of Type, Properties, DependsOn, Condition, Metadata, DeletionPolicy, UpdateReplacePolicy, CreationPolicy, UpdatePolicy, Version

    t.yaml:15:3: an output needs `Value`
      at Outputs.Url

    t.yaml:15:9: expected a mapping with the one key `Name`, found text
      at Outputs.Url.Export

    t.yaml:16:30: unknown attribute of an export `Nam`
      at Outputs.Other.Export.Nam

    hint: did you mean `Name`?
    ");
}

// I6
#[test]
fn a_key_that_stands_twice_is_refused_with_both_places() {
    assert_snapshot!(errors("Resources:\n  Vpc: {Type: A}\n  Vpc: {Type: B}\n"), @"
    t.yaml:3:3: the key `Vpc` is here twice; it stood at 2:3 already
      at Resources.Vpc

    hint: remove one of the two; other readers would silently take the last
    ");
    assert_snapshot!(errors("{\"Resources\": {},\n \"Resources\": {}}"), @"
    t.yaml:2:2: the key `Resources` is here twice; it stood at 1:2 already
      at Resources

    hint: remove one of the two; other readers would silently take the last
    ");
}

#[test]
fn an_unknown_tag_is_refused_with_the_nearest_one() {
    assert_snapshot!(errors("Metadata:\n  A: !getatt B.C\n  B: !Foo x\n  C: !!binary aGk=\n"), @"
    t.yaml:2:6: there is no function `!getatt`
      at Metadata.A

    hint: did you mean `!GetAtt`?

    t.yaml:3:6: there is no function `!Foo`
      at Metadata.B

    hint: quote the value if the exclamation mark belongs to the text

    t.yaml:4:6: there is no function `!!binary`
      at Metadata.C

    hint: quote the value if the exclamation mark belongs to the text
    ");
}

// I2
#[test]
fn a_syntax_error_names_its_place_and_what_to_do() {
    assert_snapshot!(errors("Resources:\n  Vpc: a: b\n"), @"
    t.yaml:2:9: mapping values are not allowed in this context
      at Resources

    hint: quote the text if the colon belongs to it, or check the indentation of this line
    ");
    assert_snapshot!(errors("Resources:\n\t- x\n"), @"
    t.yaml:2:2: tabs disallowed within this context (block indentation)
      at Resources

    hint: indent with spaces
    ");
    assert_snapshot!(errors("Metadata:\n  A: *nope\n"), @"
    t.yaml:2:6: while parsing node, found unknown anchor
      at Metadata.A

    hint: define the anchor with `&name` before the alias; quote the text if the `*` belongs to it
    ");
    assert_snapshot!(errors("Metadata:\n  A: \"open\n"), @"
    t.yaml:2:6: while scanning a quoted scalar, found unexpected end of stream
      at Metadata.A

    hint: check that the quotes are closed, and double each backslash within double quotes
    ");
    assert_snapshot!(errors("Metadata:\n  ? [a]\n  : b\n"), @"
    t.yaml:2:5: a key must be text, but this is a list
      at Metadata
    ");
    assert_snapshot!(errors("Metadata:\n  <<: text\n"), @"
    t.yaml:2:7: `<<` takes a mapping or a list of mappings, but this is text
      at Metadata.<<
    ");
}

// I2
#[test]
fn a_syntax_error_in_json_names_its_place_and_what_to_do() {
    for (text, expected) in [
        ("{\"a\": tru, \"b: 1}", "t.yaml:1:7: expected a value"),
        ("{\"a\": 01, \"b: 1}", "t.yaml:1:7: this is not a number of JSON"),
        ("{\"a\": \"x\n\", \"b: 1}", "t.yaml:1:7: a line break or another control character within a string"),
        ("{\"a\": [1 2], \"b: 1}", "t.yaml:1:10: expected `,` or `]` after an item of a list"),
        ("{\"a\": {\"b\": 1", "t.yaml:1:14: expected `,` or `}` after an entry"),
        ("{\"a\": \"\\ud800\", \"b: 1}", "t.yaml:1:7: an escape that JSON does not have"),
        ("{\"é\": 1e400, \"b: 1}", "t.yaml:1:7: the number is too large"),
        ("{\"a\" 1, \"b: 1}", "t.yaml:1:6: expected `:` after the key"),
        ("{} {", "t.yaml:1:4: more text after the end of the value"),
    ] {
        let errors = errors(text);
        assert!(errors.starts_with(expected), "{errors}");
    }
}

#[test]
fn a_file_that_is_called_json_must_be_json_and_another_may_be_a_flow_mapping() {
    let trailing = "{\n  \"Resources\": {\n    \"T\": {\"Type\": \"AWS::SNS::Topic\"},\n  }\n}\n";
    let refused = Template::parse(trailing, "t.json").unwrap_err();
    assert_snapshot!(refused, @"
    t.json:4:3: expected another entry after the comma
      at Resources

    hint: remove the comma before `}`
    ");
    assert_eq!(parse(trailing).template.resources.len(), 1, "CloudFormation takes it for YAML");
    let flow = "{Resources: {T: {Type: AWS::SNS::Topic}}}";
    assert_eq!(parse(flow).template.resources.len(), 1);
    assert!(Template::parse(flow, "t.JSON").unwrap_err().to_string().contains("keys of JSON are quoted"));
    let broken = errors(&flow.replace("Topic}", "Topic"));
    assert!(!broken.contains("JSON"), "{broken}");
    let broken = errors(&trailing.replace("\n  }\n}", "\n}"));
    assert!(broken.contains("remove the comma before `}`"), "{broken}");
}

#[test]
fn a_file_is_one_document_and_not_empty() {
    assert_snapshot!(errors("Description: a\n---\nDescription: b\n"), @"
    t.yaml:2:1: a second document begins here, but a template is one document

    hint: put the second template into its own file
    ");
    assert_snapshot!(errors("# nothing\n"), @"
    t.yaml:2:1: the file is empty

    hint: a template needs at least the section `Resources`
    ");
    assert_snapshot!(errors("just text"), @"t.yaml:1:1: expected a mapping of sections, found text");
}

/// I3: alias bombs are refused before they grow.
#[test]
fn aliases_that_stand_for_too_much_are_refused() {
    let mut text = "Metadata:\n  A0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "  A{level}: &a{level} [{aliases}]").unwrap();
    }
    assert!(errors(&text).contains("the aliases stand for more than 1048576 bytes"));
    assert!(errors("Metadata: &a\n  B: *a\n").contains("holds the alias itself"));
}

/// I3, I4: depth is limited, without a stack overflow.
#[test]
fn values_that_are_nested_too_deep_are_refused() {
    for text in [
        format!("Metadata: {}", "[".repeat(100_000)),
        format!("Metadata: {}", "{a: ".repeat(50_000)),
        (0..100_000).map(|_| "- ").collect::<String>(),
    ] {
        assert!(errors(&text).contains("nested deeper than 64 levels"));
    }
    let json = format!("{{\"Metadata\": {}", "[".repeat(100_000));
    assert!(errors(&json).contains("nested deeper than 128 levels"));
    let json = format!("{{\"Metadata\": {{\"A\": {}{}}}}}", "[".repeat(100), "]".repeat(100));
    assert_eq!(parse(&json).template.to_json_minified(), json.replace(": ", ":"));
}

// I5
#[test]
fn a_file_that_is_too_large_is_refused() {
    assert!(errors(&" ".repeat(MAX_FILE_BYTES + 1)).contains("the file has 4194305 bytes"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the fixtures are files")]
fn the_shared_fixtures_come_back_from_what_is_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures");
    for name in ["fargate-service.yaml", "cdk-original.template.json"] {
        let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
            println!("skipped: {name} is not beside the project");
            continue;
        };
        let template = parse(&text).template;
        assert!(!template.resources.is_empty());
        for written in [template.to_yaml(), template.to_json(), template.to_json_minified()] {
            assert_eq!(parse(&written).template, template, "{name}");
        }
    }
}

/// JSON of which each value is the plain reading by `serde_json`, without functions.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let text = crate::arbitrary::text;
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        text().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 30, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            prop::collection::vec((text(), inner), 0..4)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_is_read_as_serde_json_reads_it(value in json(), pretty: bool) {
        let value = serde_json::json!({"Metadata": {"A": value}});
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let metadata = parse(&text).template.metadata;
        prop_assert_eq!(&metadata["A"], &Node::from(value["Metadata"]["A"].clone()));
    }

    #[test]
    fn broken_json_is_accepted_only_if_it_is_json_or_yaml(value in json(), cut in 0usize..200, put in "[\\[\\]{},:\"a0 ]") {
        let mut text = serde_json::json!({"Metadata": {"A": value}}).to_string();
        let cut = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.insert_str(cut, &put);
        let mut mistakes = Vec::new();
        let read = super::json::read(&text, &mut mistakes);
        let judge = serde_json::from_str::<serde_json::Value>(&text);
        prop_assert_eq!(read.is_some(), judge.is_ok(), "{} {:?}", text, mistakes.len());
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "(?s).{0,200}") {
        let _ = Template::parse(&text, "t");
    }

    #[test]
    fn any_text_with_the_marks_of_yaml_is_read_or_refused_without_a_panic(
        text in "(Resources|a|b|:|: |- |\\? |\\[|\\]|\\{|\\}|,|&a |\\*a|<<: |!Ref |!!str |!|\\||>|2|-|\\+|'|\"|#|%|\\n|\\n  |\\n    |\t|\\\\|---\\n|\\.\\.\\.\\n){0,40}",
    ) {
        let _ = Template::parse(&text, "t");
    }

    #[test]
    fn a_mutilated_template_is_read_or_refused_without_a_panic(
        template in crate::arbitrary::template(), cut in any::<prop::sample::Index>(), put in "\\PC{0,3}", json: bool,
    ) {
        let mut text = if json { template.to_json() } else { template.to_yaml() };
        let mut at = cut.index(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.insert_str(at, &put);
        if let Err(errors) = Template::parse(&text, "t") {
            prop_assert!(!errors.errors.is_empty());
        }
        let _ = Template::parse(&text[..at], "t");
    }
}

#[test]
fn a_template_without_any_section_is_read() {
    let empty: Map = Map::default();
    assert_eq!(parse("{}").template.metadata, empty);
}
