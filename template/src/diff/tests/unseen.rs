//! What the templates do not show, and loops, which they do.

use super::{diff, template};
use crate::diff::{Options, Unseen, diff_with, unrolled};

/// What is not shown: in words, whether more may be allowed, and whether something may go.
fn unseen(old: &str, new: &str) -> Vec<(String, bool, bool)> {
    let told = |one: Unseen| (one.what, one.may_broaden, one.may_remove);
    diff(&template(old), &template(new)).unseen.into_iter().map(told).collect()
}

fn one(what: &str, may_broaden: bool, may_remove: bool) -> Vec<(String, bool, bool)> {
    vec![(what.to_owned(), may_broaden, may_remove)]
}

#[test]
fn what_a_macro_makes_of_a_change_is_not_shown() {
    let sam = |policy: &str, topic: &str| {
        format!(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  F: {{Type: AWS::Serverless::Function, Properties: {{Policies: [{policy}]}}}}\n  T: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: {topic}}}}}\n"
        )
    };
    assert_eq!(unseen(&sam("A", "a"), &sam("B", "a")), one("what the macros make of `F`", true, true));
    // What SAM leaves as it is.
    assert_eq!(unseen(&sam("A", "a"), &sam("A", "b")), []);
    assert_eq!(unseen(&sam("A", "a"), &sam("A", "a")), []);
    let own = |text: String| text.replace("AWS::Serverless-2016-10-31", "Mine");
    assert_eq!(
        unseen(&own(sam("A", "a")), &own(sam("A", "b"))),
        one("what the macros make of the changes", true, true)
    );
    assert_eq!(
        unseen(&sam("A", "a"), &own(sam("A", "a"))),
        one("what other macros make of the template", true, true)
    );
}

#[test]
fn what_is_within_a_stack_of_its_own_is_not_shown() {
    let nested = |url: &str, size: &str, tag: &str| {
        format!(
            "Resources:\n  A: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {url}, Parameters: {{Size: {size}}}, Tags: [{{Key: a, Value: {tag}}}]}}}}\n"
        )
    };
    let before = nested("1", "s", "t");
    assert_eq!(unseen(&before, &nested("2", "s", "t")), one("what changes inside of `A`", true, true));
    assert_eq!(unseen(&before, &nested("1", "l", "t")), one("what changes inside of `A`", true, true));
    assert_eq!(unseen(&before, &nested("1", "s", "u")), []);
    let none = "Resources:\n  T: {Type: AWS::SNS::Topic}\n";
    assert_eq!(unseen(none, &before), one("what is inside of `A`", true, false));
}

#[test]
fn what_a_loop_no_longer_makes_is_removed() {
    let queues = |list: &str| {
        template(&format!(
            "Transform: AWS::LanguageExtensions\nParameters: {{Names: {{Type: CommaDelimitedList}}}}\nResources:\n  'Fn::ForEach::Qs': [N, {list}, {{'Q${{N}}': {{Type: AWS::SQS::Queue}}}}]\n"
        ))
    };
    let changes = |old: (&str, &str), new: (&str, &str)| {
        let values = |names: &str| [("Names".to_owned(), names.to_owned())].into();
        let options = Options { old: values(old.1), new: values(new.1), ..Options::default() };
        let (before, after) = (queues(old.0), queues(new.0));
        diff_with(&unrolled(&before, &options.old), &unrolled(&after, &options.new), &options)
    };
    let removed = changes(("[A, B]", ""), ("[A]", ""));
    assert_eq!(removed.resource("QB").map(|one| one.action), Some(crate::diff::Action::Removed));
    assert!(removed.are_destructive() && removed.unseen.is_empty());
    assert_eq!(removed.resources.len(), 1);
    let by_value = changes(("!Ref Names", "A,B"), ("!Ref Names", "A"));
    assert_eq!(by_value.resources.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["QB"]);
    // Over a list that only AWS knows.
    let unknown = diff(&queues("!Split [',', !ImportValue x]"), &queues("!Split [',', !ImportValue y]"));
    assert_eq!(unknown.unseen[0].what, "what `Fn::ForEach::Qs` makes");
    assert!(unknown.unseen[0].may_remove);
}
