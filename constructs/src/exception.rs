//! Exceptions: findings that are meant, each with its reason written where the one who finds it reads it.

use std::panic::Location;

use template::{Map, Node, check};

use crate::diagnostic::SourceLine;
use crate::resource::{ElementId, Handle, Resource};
use crate::scope::Scope;

/// A scanner whose findings can be accepted, and how it wants that written.
#[derive(Clone, Copy)]
struct Scanner {
    /// The key in a resource's `Metadata`.
    key: &'static str,
    /// The list of exceptions below it.
    list: &'static str,
    /// What the rule is called there.
    rule: &'static str,
    /// What the reason is called.
    reason: &'static str,
}

/// Source: [Suppressing and skipping policies][checkov] in checkov's documentation.
///
/// [checkov]: https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
const CHECKOV: Scanner = Scanner { key: "checkov", list: "skip", rule: "id", reason: "comment" };

/// Source: [CloudFormation metadata][cdk-nag] in cdk-nag's README.
///
/// [cdk-nag]: https://github.com/cdklabs/cdk-nag#audit-trail-cloudformation-metadata
const CDK_NAG: Scanner = Scanner { key: "cdk_nag", list: "rules_to_suppress", rule: "id", reason: "reason" };

/// Our own `validate`.
const OURS: Scanner = Scanner { key: check::METADATA_KEY, list: "allow", rule: "code", reason: "reason" };

impl Scanner {
    /// Whose rule it is: `CKV_AWS_260` and `CKV2_AWS_28` are checkov's, `AwsSolutions-EC23` is cdk-nag's, `DT042` and
    /// `ACME001` are found by `validate`. One letter and digits, `E3012`, is cfn-lint's, which reads no reasons.
    fn of(rule: &str) -> Option<Scanner> {
        if rule.starts_with("CKV_") || rule.starts_with("CKV2_") {
            return Some(CHECKOV);
        }
        let Some((pack, name)) = rule.split_once('-') else {
            let letters = rule.trim_end_matches(|c: char| c.is_ascii_digit());
            let is_word = rule.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            return (is_word && letters.len() > 1).then_some(OURS);
        };
        let is_named = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
        (is_named(pack) && is_named(name)).then_some(CDK_NAG)
    }

    /// Adds the exception to a resource's metadata; a later reason for the same rule is the one that stays.
    fn except(self, metadata: &mut Map, rule: &str, reason: &str) {
        let tool = metadata.entry(self.key.to_owned()).or_insert_with(|| Node::Map(Map::default()));
        let Node::Map(tool) = tool else { return };
        let list = tool.entry(self.list.to_owned()).or_insert_with(|| Node::List(Vec::new()));
        let Node::List(list) = list else { return };
        let id = Node::from(rule);
        list.retain(|entry| entry.as_map().and_then(|entry| entry.get(self.rule)) != Some(&id));
        let entry = [(self.rule.to_owned(), id), (self.reason.to_owned(), reason.into())];
        list.push(Node::Map(entry.into_iter().collect()));
    }
}

/// A rule whose findings below a path are meant.
#[derive(Debug)]
pub(crate) struct ScopeAllowance {
    pub(crate) path: String,
    pub(crate) location: SourceLine,
    pub(crate) code: String,
    pub(crate) reason: String,
}

impl Scope<'_> {
    /// The resources of type `R` that the stack has so far, in the order they were added.
    pub fn resources<R: Resource>(&self) -> impl Iterator<Item = Handle<R>> {
        let elements = self.stack_data().elements.iter();
        let of_type = elements.enumerate().filter(|(_, element)| element.resource.as_any().is::<R>());
        of_type.map(|(index, _)| {
            let index = u32::try_from(index).expect("a stack has far fewer than 4 billion resources");
            Handle::new(ElementId { stack: self.stack, index })
        })
    }

    /// Allows what the rule `code` of `validate` finds in the resources of this scope, and says why.
    ///
    /// In a stack's own scope it holds for the whole stack; for a single resource, see [`Scope::accept`]. `validate`
    /// counts what was allowed, and reports an allowance that suppresses nothing.
    ///
    /// ```
    /// use constructs::{App, LogGroup, StackOptions};
    ///
    /// let mut app = App::new();
    /// app.with_stack(StackOptions::named("Notes"), |s| {
    ///     s.allow("DT030", "the pipeline deploys what it just built");
    ///     LogGroup::named("Logs").build(s);
    /// });
    /// let yaml = app.synth().stacks[0].template.to_yaml();
    /// assert!(yaml.contains("- code: DT030\n        reason: the pipeline deploys what it just built\n"), "{yaml}");
    /// ```
    #[track_caller]
    pub fn allow(&mut self, code: &str, reason: &str) {
        if reason.trim().is_empty() {
            self.reason_is_missing("allowing", code);
        }
        let location = self.locate(Location::caller());
        let path = self.own_path().to_owned();
        let allowance = ScopeAllowance { path, location, code: code.to_owned(), reason: reason.to_owned() };
        self.stack_data_mut().allowances.push(allowance);
    }

    /// Accepts what `rules` of checkov (`CKV_AWS_260`), cdk-nag (`AwsSolutions-EC23`) and our own `validate` (`DT042`)
    /// find in a resource.
    ///
    /// The reason goes into the resource's `Metadata`, so that a scan of the template passes and still tells
    /// what was accepted, and why. Of a cdk-nag rule with several findings, such as `AwsSolutions-IAM5`, name
    /// the one that is meant: `AwsSolutions-IAM5[Resource::*]`.
    #[track_caller]
    pub fn accept<R, const N: usize>(&mut self, handle: Handle<R>, rules: [&str; N], reason: &str) {
        if reason.trim().is_empty() {
            self.reason_is_missing("accepting", &rules.join(", "));
        }
        for rule in rules {
            if let Some(scanner) = Scanner::of(rule) {
                scanner.except(&mut self.element_mut(handle.element).metadata, rule, reason);
            } else {
                self.error("DC013", format!("`{rule}` is no rule of checkov, cdk-nag or `validate`"))
                    .property("rules")
                    .hint(
                        "a rule is called like CKV_AWS_260 (checkov), AwsSolutions-EC23 (cdk-nag) or DT042",
                    );
            }
        }
    }

    #[track_caller]
    fn reason_is_missing(&mut self, what: &str, rules: &str) {
        self.error("DC012", format!("no reason is given for {what} {rules}"))
            .property("reason")
            .hint("say in a few words why the finding does no harm here");
    }
}
