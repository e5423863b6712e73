//! Apps and scopes: logical IDs, references within and between stacks, tags, order, declarations.

use constructs::l1::{ec2, logs};
use constructs::{
    App, ConditionExpression, Handle, LogGroup, Parameter, RemovalPolicy, Repository, Scope, Secret,
    StackOptions, Value, aws, sub,
};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;
use template::Node;

use crate::{diagnostics, resource, synth, template, text};

fn group(s: &mut Scope<'_>, id: &str) -> Handle<logs::LogGroup> {
    s.add(id, logs::LogGroup::default())
}

#[test]
fn a_construct_knows_the_line_that_made_it() {
    let line = line!() + 1;
    let assembly = synth(|s| {
        LogGroup::named("Logs").build(&mut s.scope("Backend"));
    });
    let origin = &assembly.stacks[0].origins["BackendLogs"];
    assert_eq!(origin.path, "Backend/Logs");
    assert_eq!((origin.location.file, origin.location.line), (file!(), line + 1));
}

#[test]
fn two_paths_with_one_logical_id_are_both_named() {
    let found = diagnostics(|s| {
        group(&mut s.scope("a"), "b-c");
        group(&mut s.scope("a-b"), "c");
    });
    assert_snapshot!(found, @"
    error[DC005]: its logical ID `abc` is also that of `a/b-c` (constructs/tests/it/app.rs:)
      at Test/a-b/c (constructs/tests/it/app.rs:)

    hint: rename one of the two, or pin one with `set_logical_id`; an ID has letters and digits only
    ");
}

#[test]
fn an_id_needs_a_letter_or_digit() {
    let found = diagnostics(|s| {
        group(s, "--");
        group(s, "a/b");
    });
    assert_snapshot!(found, @"
    error[DC001]: `--` is not an id
      at Test (constructs/tests/it/app.rs:)

    hint: an id has a letter or digit, and no slash or control character

    error[DC001]: `a/b` is not an id
      at Test (constructs/tests/it/app.rs:)

    hint: an id has a letter or digit, and no slash or control character
    ");
}

#[test]
fn a_pinned_logical_id_is_kept() {
    let template = template(|s| {
        let group = group(s, "Logs");
        s.set_logical_id(group, "BackendLogs1A2B3C4D");
        s.output("Name", group.reference(), "");
    });
    assert!(template.resources.contains_key("BackendLogs1A2B3C4D"));
    assert_eq!(template.outputs["Name"].value, Node::from(json!({"Ref": "BackendLogs1A2B3C4D"})));
}

#[test]
fn a_resource_can_be_changed_until_synthesis() {
    let yaml = resource("Logs", |s| {
        let group = LogGroup::named("Logs").build(s);
        s[group.resource.expect("it was made here")].retention_in_days = Some(7.into());
    });
    assert_snapshot!(yaml, @"
    Logs:
      Type: AWS::Logs::LogGroup
      DeletionPolicy: RetainExceptOnCreate
      UpdateReplacePolicy: Retain
      Properties:
        RetentionInDays: 7
    ");
}

#[test]
fn a_dependency_is_written_only_where_no_reference_implies_it() {
    let template = template(|s| {
        let vpc = s.add("Vpc", ec2::Vpc::default());
        let subnet = s.add("Subnet", ec2::Subnet { vpc_id: Some(vpc.into()), ..Default::default() });
        let other = group(s, "Other");
        let last = s.add("Last", ec2::RouteTable::default());
        s[last].vpc_id = Some(vpc.into());
        s.depend(last, vpc);
        s.depend(subnet, vpc);
        s.depend(last, other);
        s.depend(last, other);
    });
    assert_eq!(template.resources["Last"].depends_on, ["Other"]);
    assert_eq!(template.resources["Subnet"].depends_on, Vec::<String>::new());
}

#[test]
fn the_tag_nearest_to_a_resource_wins() {
    let template = template(|s| {
        s.tag("Team", "all");
        s.tag("Stage", "test");
        let mut inner = s.scope("Inner");
        inner.tag("Team", "inner");
        group(&mut inner, "Logs");
        group(s, "Outer");
    });
    let tags = |id: &str| serde_json::to_value(&template.resources[id].properties["Tags"]).unwrap();
    assert_eq!(
        tags("InnerLogs"),
        json!([{"Key": "Team", "Value": "inner"}, {"Key": "Stage", "Value": "test"}])
    );
    assert_eq!(tags("Outer"), json!([{"Key": "Team", "Value": "all"}, {"Key": "Stage", "Value": "test"}]));
}

#[test]
fn a_retained_resource_is_kept_when_it_is_replaced_too() {
    let template = template(|s| {
        let group = group(s, "Logs");
        s.set_removal_policy(group, RemovalPolicy::RetainExceptOnCreate);
    });
    let group = &template.resources["Logs"];
    assert_eq!(group.deletion_policy, Some("RetainExceptOnCreate".into()));
    assert_eq!(group.update_replace_policy, Some("Retain".into()));
}

#[test]
fn any_type_can_be_added_from_plain_properties() {
    let yaml = resource("Queue", |s| {
        let queue = s.add_raw("Queue", "AWS::SQS::Queue", json!({"QueueName": "q", "DelaySeconds": 5}));
        s.output("Url", queue.raw_reference::<String>(), "");
    });
    assert_snapshot!(yaml, @"
    Queue:
      Type: AWS::SQS::Queue
      Properties:
        QueueName: q
        DelaySeconds: 5
    ");
}

#[test]
fn what_another_stack_uses_is_exported_and_the_stacks_are_put_in_order() {
    let mut app = App::new();
    let mut made = None;
    app.with_stack(StackOptions::named("Base"), |s| {
        made = Some((Secret::named("Key").name("app/key").build(s), Repository::named("Images").build(s)));
    });
    let (secret, repository) = made.expect("the stack was built");
    app.with_stack(StackOptions::named("App"), |s| {
        s.output("Key", secret.arn(), "");
        s.output("Image", repository.tag("v1").reference(), "");
    });
    let assembly = app.synth();
    assert_eq!(text(&assembly), "");
    let [base, app] = &assembly.stacks[..] else { panic!("there are two stacks") };
    assert_eq!((base.name.as_str(), &app.depends_on), ("Base", &vec!["Base".to_owned()]));
    assert_eq!(app.template.outputs["Key"].value, Node::from(json!({"Fn::ImportValue": "Base:Key"})));
    assert_eq!(base.template.outputs["ExportKey"].export, Some("Base:Key".into()));
    assert_eq!(
        base.template.outputs["ExportImagesRepositoryUri"].export,
        Some("Base:Images:RepositoryUri".into())
    );
}

#[test]
fn a_value_of_another_region_is_refused() {
    let mut app = App::new();
    let region = |name: &str, region: &str| StackOptions {
        region: Some(region.to_owned()),
        ..StackOptions::named(name)
    };
    let group = app.with_stack(region("East", "us-east-1"), |s| group(s, "Logs"));
    app.with_stack(region("West", "us-west-2"), |s| s.output("Arn", group.arn(), ""));
    assert_snapshot!(text(&app.synth()), @"
    error[DC007]: it refers to `Logs` of `East`, which is in another region or account
      at West

    hint: exports reach stacks of the same account and region only; pass a literal value or a parameter
    ");
}

#[test]
fn stacks_that_import_from_each_other_are_refused() {
    let mut app = App::new();
    let a = app.with_stack(StackOptions::named("A"), |s| group(s, "Logs"));
    let b = app.with_stack(StackOptions::named("B"), |s| {
        s.output("A", a.arn(), "");
        group(s, "Logs")
    });
    app.with_stack(StackOptions::named("C"), |s| s.output("B", b.arn(), ""));
    assert_eq!(text(&app.synth()), "", "a chain is no cycle");

    let mut app = App::new();
    let mut first = None;
    app.with_stack(StackOptions::named("A"), |s| first = Some(group(s, "Logs")));
    let second = app.with_stack(StackOptions::named("B"), |s| {
        s.output("A", first.expect("it was made").arn(), "");
        group(s, "Logs")
    });
    // A construct of A is changed after B was built: the only way to refer forward.
    app.with_stack(StackOptions::named("C"), |s| {
        s[first.expect("it was made")].log_group_name = Some(sub!("{}", second.arn()));
    });
    assert_snapshot!(text(&app.synth()), @"
    error[DC008]: stacks depend on each other: A, B
      at A

    hint: move the shared resource to a stack of its own
    ");
}

#[test]
fn a_handle_of_another_app_is_reported() {
    let mut other = App::new();
    let stranger = other.with_stack(StackOptions::named("Other"), |s| {
        group(s, "First");
        group(s, "Logs")
    });
    let found = diagnostics(|s| s.output("Arn", stranger.arn(), ""));
    assert_snapshot!(found, @"
    error[DC011]: it refers to a resource of another app
      at Test

    hint: handles are good only in the app they were made in
    ");
}

// L21
#[test]
fn a_stack_can_depend_on_stacks_of_other_regions_that_it_does_not_import_from() {
    let mut app = App::new();
    let dns =
        StackOptions { depends_on: vec!["Far".to_owned(), "Near".to_owned()], ..StackOptions::named("Dns") };
    app.with_stack(dns, |s| {
        group(s, "Records");
    });
    for (id, region) in [("Near", "us-east-1"), ("Far", "eu-west-1")] {
        let options =
            StackOptions { id: id.to_owned(), region: Some(region.to_owned()), ..StackOptions::named("App") };
        app.with_stack(options, |s| {
            group(s, "Logs");
        });
    }
    let assembly = app.synth();
    let ids: Vec<&str> = assembly.stacks.iter().map(|stack| stack.id.as_str()).collect();
    assert_eq!(ids, ["Near", "Far", "Dns"]);
    assert_eq!(assembly.stacks[2].depends_on, ["App"], "all stacks of that name");
}

#[test]
fn a_dependency_must_be_a_stack_of_the_app() {
    let mut app = App::new();
    let options = StackOptions { depends_on: vec!["Nowhere".to_owned()], ..StackOptions::named("Dns") };
    app.with_stack(options, |_| ());
    assert_snapshot!(text(&app.synth()), @"
    error[DC014]: it depends on `Nowhere`, and the app has no such stack
      at Dns

    hint: name a stack of the app by its id
    ");
}

#[test]
fn names_of_stacks_are_checked() {
    let mut app = App::new();
    for name in ["good-Name1", "good-Name1", "1bad", "bad_name"] {
        app.with_stack(StackOptions::named(name), |_| ());
    }
    assert_snapshot!(text(&app.synth()), @"
    error[DC002]: `1bad` is not a stack name
      at 1bad

    hint: a name starts with a letter, has letters, digits and hyphens only, and at most 128 of them

    error[DC002]: `bad_name` is not a stack name
      at bad_name

    hint: a name starts with a letter, has letters, digits and hyphens only, and at most 128 of them

    error[DC003]: two stacks are named `good-Name1`
      at good-Name1

    hint: give one of them another name
    ");
}

#[test]
fn parameters_conditions_and_mappings_are_declared_and_used() {
    let template = template(|s| {
        let stage: Value<String> =
            s.parameter("Stage", Parameter::text().default("dev").allowed_values(["dev", "prod"]));
        let sizes =
            s.mapping("Days", [("us-east-1", vec![("keep", 30_i64)]), ("us-west-2", vec![("keep", 7)])]);
        let production = s.condition("Production", ConditionExpression::equals::<String>(stage, "prod"));
        let other =
            s.condition("Other", ConditionExpression::equals::<String>(aws::region(), "us-west-2").not());
        s.condition("Either", ConditionExpression::any([&production, &other]));
        let group = group(s, "Logs");
        s[group].retention_in_days = Some(production.choose(sizes.find(aws::region(), "keep"), 1));
        s[group].log_group_name = Some(other.value("other"));
        s.only_if(group, &production);
    });
    assert_snapshot!(template.to_yaml(), @r#"
    AWSTemplateFormatVersion: "2010-09-09"

    Parameters:
      Stage:
        Type: String
        Default: dev
        AllowedValues:
          - dev
          - prod

    Mappings:
      Days:
        us-east-1:
          keep: 30
        us-west-2:
          keep: 7

    Conditions:
      Production: !Equals [!Ref Stage, prod]
      Other: !Not [!Equals [!Ref AWS::Region, us-west-2]]
      Either: !Or [!Condition Production, !Condition Other]

    Resources:
      Logs:
        Type: AWS::Logs::LogGroup
        Condition: Production
        Properties:
          LogGroupName: !If [Other, other, !Ref AWS::NoValue]
          RetentionInDays: !If [Production, !FindInMap [Days, !Ref AWS::Region, keep], 1]
    "#);
}

#[test]
fn what_is_declared_twice_is_reported() {
    let found = diagnostics(|s| {
        s.output("Out", "1", "");
        s.output("Out", "2", "");
        let _: Value<String> = s.parameter("In", Parameter::text());
        let _: Value<String> = s.parameter("In", Parameter::text());
        group(s, "In");
    });
    assert_snapshot!(found, @"
    error[DC009]: the output `Out` is declared twice
      at Test (constructs/tests/it/app.rs:)

    hint: give one of them another name

    error[DC009]: the parameter `In` is declared twice
      at Test (constructs/tests/it/app.rs:)

    hint: give one of them another name

    error[DC005]: its logical ID `In` is also the name of a parameter
      at Test/In (constructs/tests/it/app.rs:)

    hint: rename one of the two, or pin one with `set_logical_id`; an ID has letters and digits only
    ");
}

proptest! {
    /// Whatever ids are used, every resource is there under its own logical ID, or a diagnostic names it.
    #[test]
    fn no_resource_is_ever_lost_silently(ids in prop::collection::vec("[a-c-]{1,3}", 1..8)) {
        let assembly = synth(|s| {
            for id in &ids {
                group(s, id);
            }
        });
        let stack = &assembly.stacks[0];
        let lost = ids.len() - stack.template.resources.len();
        prop_assert!(lost == 0 || assembly.has_errors());
        let same = synth(|s| {
            for id in &ids {
                group(s, id);
            }
        });
        prop_assert_eq!(stack.template.to_yaml(), same.stacks[0].template.to_yaml());
    }
}
