//! Parameters, mappings and conditions with other values.

use insta::assert_snapshot;

use super::carried::tree;
use super::template;
use crate::diff::{Action, Changes, Options, diff, diff_with};

const TEXT: &str = "
Parameters:
  Env: {Type: String, Default: dev}
  Cpu: {Type: Number, Default: 256}
  Password: {Type: String, NoEcho: true, Default: x}
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /image}
Mappings: {Sizes: {prod: {Memory: 1024}, dev: {Memory: 512}}}
Conditions:
  Prod: !Equals [!Ref Env, prod]
  Big: !Condition Prod
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Cpu: !Ref Cpu
      Memory: !FindInMap [Sizes, !Ref Env, Memory]
      ContainerDefinitions: [{Name: web, Image: !Ref Image}]
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !If [Big, large, small]}}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: !Ref Password}}
  Extra: {Type: AWS::SQS::Queue, Condition: Prod}
  Same: {Type: AWS::SNS::Topic, Properties: {DisplayName: !If [Big, one, one]}}
Outputs: {Size: {Value: !Ref Cpu}}
";

fn values(pairs: &[(&str, &str)]) -> crate::diff::Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn deploy(old: &[(&str, &str)], new: &[(&str, &str)]) -> Changes {
    diff_with(
        &template(TEXT),
        &template(TEXT),
        &Options { old: values(old), new: values(new), ..Options::default() },
    )
}

#[test]
fn the_same_values_change_nothing() {
    let all = [("Env", "prod"), ("Cpu", "512")];
    assert!(deploy(&all, &all).is_empty());
    // One that is not given keeps its value.
    assert!(deploy(&all, &[]).is_empty());
}

#[test]
fn another_value_reaches_what_is_made_of_it() {
    let changes = deploy(&[("Env", "dev"), ("Cpu", "256")], &[("Env", "dev"), ("Cpu", "512")]);
    assert_snapshot!(tree(&changes), @"
    Cpu Changed None
      because of Parameters.Cpu
      Task Changed Replaces through Resources.Task.Properties.Cpu
      output Size from Cpu (certain: true)
    ");
    let value = &changes.values[0];
    assert_eq!((value.old.as_deref(), value.new.as_deref(), value.certain), (Some("256"), Some("512"), true));
}

#[test]
fn another_value_reaches_through_conditions_and_mappings() {
    let changes = deploy(&[("Env", "dev")], &[("Env", "prod")]);
    assert_snapshot!(tree(&changes), @"
    Env Changed None
      because of Parameters.Env
      Task Changed Replaces through Resources.Task.Properties.Memory
      Topic Changed UpdateInPlace through Resources.Topic.Properties.DisplayName by Big
      Extra Added UpdateInPlace through Resources.Extra.Condition by Prod
    ");
    assert_eq!(changes.resource("Extra").unwrap().action, Action::Added);
    assert!(changes.resource("Same").is_none());
    let back = deploy(&[("Env", "prod")], &[("Env", "dev")]);
    assert_eq!(back.resource("Extra").unwrap().action, Action::Removed);
    assert_eq!(back.losses[0].id, "Extra");
}

#[test]
fn a_masked_value_is_not_shown() {
    let changes = deploy(&[("Password", "a")], &[("Password", "b")]);
    let value = &changes.values[0];
    assert_eq!((&value.old, &value.new, value.masked), (&None, &None, true));
    assert_eq!(changes.roots[0].followers[0].id, "Secret");
}

#[test]
fn a_value_that_aws_reads_may_be_another() {
    let changes = deploy(&[("Image", "/image")], &[("Image", "/other")]);
    assert_snapshot!(tree(&changes), @"
    Image Changed None
      because of Parameters.Image
      Task Changed MayReplace through Resources.Task.Properties.ContainerDefinitions[0].Image
    ");
}

#[test]
fn a_changed_default_may_change_what_is_made_of_it() {
    let changes = diff(&template(TEXT), &template(&TEXT.replace("Default: 256", "Default: 512")));
    assert_snapshot!(tree(&changes), @"
    Cpu Changed None
      because of Parameters.Cpu
      Task Changed MayReplace through Resources.Task.Properties.Cpu
      output Size from Cpu (certain: false)
    ");
    assert!(!changes.values[0].certain);
}

#[test]
fn a_changed_mapping_and_a_changed_condition_are_causes() {
    let new = TEXT.replace("dev: {Memory: 512}", "dev: {Memory: 2048}");
    assert_snapshot!(tree(&diff(&template(TEXT), &template(&new))), @"
    Sizes Changed None
      because of Mappings.Sizes
      Task Changed MayReplace through Resources.Task.Properties.Memory
    ");
    let new = TEXT.replace("[!Ref Env, prod]", "[!Ref Env, dev]");
    assert_snapshot!(tree(&diff(&template(TEXT), &template(&new))), @"
    Prod Changed None
      because of Conditions.Prod
      Topic Changed MayUpdate through Resources.Topic.Properties.DisplayName by Big
      Extra Added UpdateInPlace through Resources.Extra.Condition
    ");
    // Where nobody is made of what is different in the mapping, nothing follows.
    let options = Options { old: values(&[("Env", "dev")]), new: values(&[]), ..Options::default() };
    let new = TEXT.replace("prod: {Memory: 1024}", "prod: {Memory: 2048}");
    let changes = diff_with(&template(TEXT), &template(&new), &options);
    assert_eq!(changes.resources, []);
    assert_eq!(changes.sections.len(), 1);
}

#[test]
fn what_exists_neither_before_nor_after_is_dormant() {
    let new = TEXT.replace(
        "AWS::SQS::Queue, Condition: Prod",
        "AWS::SQS::Queue, Condition: Prod, Properties: {QueueName: q}",
    );
    let options = Options { old: values(&[("Env", "dev")]), new: values(&[]), ..Options::default() };
    let changes = diff_with(&template(TEXT), &template(&new), &options);
    let extra = changes.resource("Extra").unwrap();
    assert!(extra.dormant);
    assert_eq!((extra.consequence, extra.fate), (None, None));
    assert_eq!(changes.losses, []);
    // If nobody says which it is, it counts.
    assert!(!diff(&template(TEXT), &template(&new)).resource("Extra").unwrap().dormant);
}

#[test]
fn a_parameter_that_nobody_tells_keeps_its_value_whatever_its_default_is() {
    let new = template(&TEXT.replace("NoEcho: true, Default: x", "NoEcho: true, Default: y"));
    let hidden = || std::collections::BTreeSet::from(["Password".to_owned()]);
    let options = Options { hidden: hidden(), ..Options::default() };
    let kept = diff_with(&template(TEXT), &new, &options);
    assert_eq!((&*kept.values, kept.sections.len()), (&[][..], 1), "only its default is another");
    assert_eq!(kept.resources, []);
    let given = Options { hidden: hidden(), new: values(&[("Password", "z")]), ..Options::default() };
    let given = diff_with(&template(TEXT), &new, &given);
    let [password] = &given.values[..] else { panic!("{:?}", given.values) };
    assert!(password.masked && !password.certain && password.old.is_none() && password.new.is_none());
    assert_eq!(given.resources[0].id, "Secret");
}
