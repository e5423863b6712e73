//! Into the change sets of nested stacks, to any depth, so that the caller sees all that would change.
//!
//! CloudFormation makes a change set for every nested stack and names it beside the change of that stack. A nested stack
//! without changes has a failed one, while that of the root stack is ready; where one fails for another reason, that of
//! the root says only which. The root may have failed while others are [still being made][race].
//!
//! Source: [change sets for nested stacks][aws] in the CloudFormation user guide, and `ChangeSetId` of
//! [ResourceChange][change]; for the failed ones, [what others met][failed].
//!
//! [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/change-sets-for-nested-stacks.html
//! [change]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
//! [failed]: https://github.com/aws/copilot-cli/issues/4426
//! [race]: https://github.com/awslabs/amazon-s3-find-and-forget/issues/224

use std::time::Duration;

use super::change_set::STALE;
use super::{At, Deploy, Step};
use crate::engine::machine::{Action, Moment, SetIds, SetView};
use crate::engine::request::{Change, NestedStack};
use crate::engine::verdict;
use crate::failure::{ApiFailure, Class};

/// The walk through the change sets of nested stacks.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// The change set of the root stack; what is found is added to it.
    root: SetView,
    /// Nested stacks whose change sets are still to be looked at, the next one last.
    open: Vec<NestedStack>,
    /// Why those that failed did, each with the path of its stack.
    failures: Vec<String>,
    /// Since when the next one is waited for.
    since: Duration,
    then: Then,
}

/// What the walk is for.
#[derive(Debug, Clone)]
pub(super) enum Then {
    /// The changes are shown.
    Show,
    /// They are held against what was approved.
    Compare(Box<SetView>),
}

impl Walk {
    fn new(root: SetView, then: Then, since: Duration) -> Walk {
        let mut walk = Walk { root, open: Vec::new(), failures: Vec::new(), since, then };
        let changes = walk.root.changes.clone();
        walk.find(&changes);
        let reason = walk.root.reason.clone();
        walk.find_named(&reason);
        walk
    }

    /// The ids of the root change set.
    pub(super) fn into_ids(self) -> SetIds {
        self.root.ids
    }

    /// Nested stacks among these changes. One that goes is not looked into: all of it goes.
    fn find(&mut self, changes: &[Change]) {
        let stacks = changes.iter().filter(|change| change.is_stack() && change.action != "Remove");
        let found = stacks.map(|change| NestedStack {
            path: change.path(),
            stack_id: change.physical_id.clone().filter(|_| change.action != "Add"),
            change_set_id: change.change_set_id.clone(),
            unseen: None,
        });
        let found: Vec<NestedStack> = found.collect();
        self.open.extend(found.into_iter().rev());
    }

    /// A change set that a reason names and no change does: `Nested change set arn:… was not successfully created`.
    fn find_named(&mut self, reason: &str) {
        let mut words = reason.split_whitespace().map(|word| word.trim_end_matches(['.', ',', ':']));
        let Some(arn) = words.find(|word| word.starts_with("arn:") && word.contains(":changeSet/")) else {
            return;
        };
        if self.root.status == "FAILED" && !self.knows(arn) {
            let path = arn.split('/').nth(1).unwrap_or(arn).to_owned();
            let set = Some(arn.to_owned());
            self.open.push(NestedStack { path, stack_id: None, change_set_id: set, unseen: None });
        }
    }

    fn knows(&self, arn: &str) -> bool {
        let mut known = self.open.iter().chain(&self.root.nested);
        arn == self.root.ids.id || known.any(|stack| stack.change_set_id.as_deref() == Some(arn))
    }

    /// The question about the next one, if there is one.
    fn action(&mut self) -> Option<Action> {
        while let Some(next) = self.open.last() {
            if let Some(change_set) = next.change_set_id.clone() {
                let stack = next.stack_id.clone().unwrap_or_default();
                return Some(Action::DescribeChangeSet { stack, change_set });
            }
            self.close(Some("CloudFormation made no change set for it".to_owned()), Duration::ZERO);
        }
        None
    }

    /// The next one is done, or cannot be seen.
    fn close(&mut self, unseen: Option<String>, now: Duration) {
        self.since = now;
        if let Some(stack) = self.open.pop() {
            self.root.nested.push(NestedStack { unseen, ..stack });
        }
    }

    /// What the next one holds is known.
    fn take(&mut self, set: SetView, now: Duration) {
        let path = self.open.last().map(|stack| stack.path.clone()).unwrap_or_default();
        self.close(None, now);
        let mut changes = set.changes;
        for change in &mut changes {
            change.within.clone_from(&path);
        }
        // Hostile or not: each change set is looked at once.
        let new = |change: &&Change| change.change_set_id.as_deref().is_none_or(|arn| !self.knows(arn));
        let new: Vec<Change> = changes.iter().filter(new).cloned().collect();
        self.find(&new);
        self.root.changes.extend(changes);
    }

    /// The next one failed, and with it that of the root.
    fn fail(&mut self, set: &SetView, now: Duration) {
        let place = self.root.nested.len();
        self.take(set.clone(), now);
        self.find_named(&set.reason);
        if let Some(stack) = self.root.nested.get_mut(place) {
            stack.unseen = Some(set.reason.clone());
            // One that only says which one inside of it failed is no cause.
            if !set.reason.contains(":changeSet/") {
                self.failures.push(format!("{}: {}", stack.path, set.reason));
            }
        }
    }

    fn is_late(&self, moment: Moment) -> bool {
        moment.elapsed.saturating_sub(self.since) >= STALE
    }
}

impl Deploy {
    /// Looks into the change sets of all nested stacks before `then`.
    pub(super) fn look_inside(self, root: SetView, then: Then, moment: Moment) -> Step {
        self.walk(Box::new(Walk::new(root, then, moment.elapsed)))
    }

    pub(super) fn walk(self, mut walk: Box<Walk>) -> Step {
        match walk.action() {
            Some(action) => self.go(At::LookingInside(walk), action),
            None => self.walked(*walk),
        }
    }

    pub(super) fn looked_inside(
        mut self,
        mut walk: Box<Walk>,
        answer: Result<SetView, ApiFailure>,
        moment: Moment,
    ) -> Step {
        let now = moment.elapsed;
        let set = match answer {
            Ok(set) => set,
            Err(failure) if failure.class == Class::Missing && !walk.is_late(moment) => {
                return self.look_again(walk, moment);
            }
            Err(failure) if failure.passes() || failure.class == Class::Credentials => {
                let ids = walk.root.ids.clone();
                self.at = At::LookingInside(walk);
                return self.ask_again(failure, moment, |deploy, error| deploy.clean_up(ids, Err(error)));
            }
            Err(failure) => {
                walk.close(Some(unseen(&failure)), now);
                return self.walk(walk);
            }
        };
        self.patience.answered();
        match set.status.as_str() {
            "CREATE_COMPLETE" => walk.take(set, now),
            "FAILED" if verdict::says_no_changes(&set) => walk.take(set, now),
            "FAILED" => walk.fail(&set, now),
            status if status.starts_with("CREATE_") && !walk.is_late(moment) => {
                return self.look_again(walk, moment);
            }
            status => walk.close(Some(format!("its change set is {status}")), now),
        }
        self.walk(walk)
    }

    fn look_again(mut self, walk: Box<Walk>, moment: Moment) -> Step {
        let pause = self.patience.after_answer(moment);
        self.go(At::LookingInside(walk), Action::Sleep(pause))
    }

    fn walked(self, walk: Walk) -> Step {
        let Walk { mut root, failures, then, .. } = walk;
        if !failures.is_empty() {
            root.reason = failures.join("; ");
        }
        match then {
            Then::Show => self.explain(root),
            Then::Compare(approved) => self.compare(*approved, &root),
        }
    }
}

/// Why a nested change set cannot be seen; the same words each time, so that they can be compared.
fn unseen(failure: &ApiFailure) -> String {
    match failure.class {
        Class::Denied => format!("no permission for {} of its change set", failure.action),
        Class::Missing => "its change set does not exist".to_owned(),
        _ => format!("{} of its change set is refused: {}", failure.action, failure.message),
    }
}
