//! What came of a comparison, as a value: the contract of `--format json`, and what the other forms are drawn from.

use serde::Serialize;
use template::{Changes, Consequence};

use super::agreement::Agreement;
use super::fail_on::Kind;
use super::sides::Sides;

/// What came of the comparison of all stacks.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// The environment whose settings the stacks are made from; none for a template from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) environment: Option<String>,
    /// Whether anything is different.
    pub(crate) different: bool,
    /// The kinds of differences that there are, of those that `--fail-on` knows.
    pub(crate) kinds: Vec<Kind>,
    /// The stacks in the order in which they are deployed.
    pub(crate) stacks: Vec<Compared>,
}

/// What came of the comparison of one stack.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Compared {
    /// The stack's name.
    pub(crate) name: String,
    /// What it is compared with, if that is not the deployed stack: a file, an environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) against: Option<String>,
    /// Whether `name` is what CloudFormation calls it, and not that of a file.
    #[serde(skip)]
    pub(crate) is_stack: bool,
    /// The environments, where it stands beside the stack of another one.
    #[serde(skip)]
    pub(crate) sides: Option<Sides>,
    /// Whether there is something to compare with; otherwise everything is new.
    pub(crate) deployed: bool,
    /// Whether only the other side has the stack: it is no longer in the code, or not in this environment.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) gone: bool,
    /// The stack's state, if that is why there is nothing to compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    /// What deletion protection will be, if a deployment changes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deletion_protection: Option<bool>,
    /// How long a deployment takes, as far as the stack's past tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<Expected>,
    /// The cost of a month before and after, as soon as it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cost: Option<Cost>,
    /// What AWS says, where it was asked for a change set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) change_set: Option<Agreement>,
    /// What was changed in AWS besides CloudFormation, where it was asked for.
    #[cfg(feature = "aws")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drift: Option<super::super::drift::Compared>,
    /// What to know besides, in sentences about the stack without their subject.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
    /// What is different, and what comes of it.
    pub(crate) changes: Changes,
}

/// How long a deployment takes, judged by earlier ones of the same stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Expected {
    /// Half of the earlier ones took less.
    pub(crate) seconds: u64,
    /// How many earlier ones that is taken from.
    pub(crate) operations: usize,
}

/// What the stack costs in a month, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cost {
    pub(crate) before: f64,
    pub(crate) after: f64,
}

impl Report {
    pub(crate) fn of(environment: Option<String>, stacks: Vec<Compared>) -> Report {
        let kinds = Kind::ALL.into_iter().filter(|kind| stacks.iter().any(|stack| stack.has(*kind)));
        let kinds: Vec<Kind> = kinds.collect();
        Report { environment, different: kinds.contains(&Kind::Any), kinds, stacks }
    }

    /// Whether the templates show a difference of this kind.
    pub(super) fn shows(&self, kind: Kind) -> bool {
        self.stacks.iter().any(|stack| stack.shows(kind))
    }
}

impl Compared {
    /// A stack that is deployed, with what is different.
    pub(crate) fn new(name: String, changes: Changes) -> Compared {
        Compared {
            name,
            against: None,
            is_stack: true,
            sides: None,
            deployed: true,
            gone: false,
            status: None,
            deletion_protection: None,
            expected: None,
            cost: None,
            change_set: None,
            #[cfg(feature = "aws")]
            drift: None,
            notes: Vec::new(),
            changes,
        }
    }

    pub(crate) fn is_different(&self) -> bool {
        let disagrees = self.change_set.as_ref().is_some_and(|said| !said.disagreements.is_empty());
        !self.changes.is_empty()
            || self.deletion_protection.is_some()
            || self.gone
            || disagrees
            || self.is_drifted()
    }

    #[cfg(feature = "aws")]
    fn is_drifted(&self) -> bool {
        self.drift.as_ref().is_some_and(super::super::drift::Compared::is_drifted)
    }

    /// Only a build that knows AWS looks.
    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_self, reason = "a build that knows AWS looks")]
    fn is_drifted(&self) -> bool {
        false
    }

    /// Whether there is a difference of this kind, or may be.
    fn has(&self, kind: Kind) -> bool {
        self.shows(kind) || self.may_have(kind)
    }

    /// Whether the templates show a difference of this kind.
    fn shows(&self, kind: Kind) -> bool {
        let alive = || self.changes.resources.iter().filter(|change| !change.dormant);
        match kind {
            Kind::Any => self.is_different(),
            Kind::Broadening => self.changes.review.broadens(),
            Kind::Replacement => {
                let replaced = |does: Consequence| does.is_replacement() || does == Consequence::Refused;
                alive().any(|change| change.consequence.is_some_and(replaced))
            }
            // Of two stacks side by side, none takes anything from the other.
            Kind::Destructive => self.sides.is_none() && self.changes.are_destructive(),
            Kind::Refused => !self.changes.refusals.is_empty(),
        }
    }

    /// Whether what the templates do not show may be a difference of this kind: no gate is open for it.
    fn may_have(&self, kind: Kind) -> bool {
        let mut unseen = self.changes.unseen.iter();
        match kind {
            Kind::Any | Kind::Refused => false,
            Kind::Broadening => unseen.any(|unseen| unseen.may_broaden),
            Kind::Replacement | Kind::Destructive => {
                self.sides.is_none() && unseen.any(|unseen| unseen.may_remove)
            }
        }
    }
}
