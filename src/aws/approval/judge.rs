//! Whether a change set may be executed, has to be asked for, or is refused: a pure function of what would happen.

use std::collections::BTreeMap;

use cloud::{Change, ChangeSet, NestedStack};
use serde::Serialize;
use template::destructive::{Goes, gives_up_data, is_destructive};
use template::diff::{GivenUp, GivenUpKind};
use template::security::SecurityChange;
use template::{Fate, Resource, Template, stateful};

use super::broadening::broadening;

/// Which change sets somebody must say yes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// None
    Never,
    /// Those that allow more than before: permissions, trust, open ports, policies of resources, public access
    Broadening,
    /// Those that remove something, give up data, or replace what holds data, or may do so; a new revision (of a task
    /// definition, a Lambda function, …) in the place of another is not meant
    Destructive,
    /// Every one
    #[default]
    #[value(alias = "any-change")]
    Any,
}

/// The template that a stack was last deployed with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Deployed {
    /// There is no such stack yet.
    Nothing,
    /// This one.
    Known(Box<Template>),
    /// There is one, and it cannot be read.
    Unknown(String),
}

/// The templates of a nested stack.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sides {
    /// The one that it was last deployed with.
    pub(crate) old: Deployed,
    /// The one that it is to have, or why that cannot be read.
    pub(crate) new: Result<Box<Template>, String>,
}

/// The templates of the nested stacks in which something changes, by path.
pub(crate) type Inside = BTreeMap<String, Sides>;

/// A resource with data that would go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Loss {
    /// The logical ID; in a nested stack, behind the path of that.
    pub(crate) id: String,
    /// For example `AWS::EFS::FileSystem`.
    pub(crate) resource_type: String,
    /// Why it goes.
    pub(crate) how: How,
    /// What becomes of the one that is there now.
    pub(crate) fate: Fate,
    /// What is in it, in words.
    pub(crate) holds: &'static str,
    /// Whether `--allow-replace` names it.
    pub(crate) allowed: bool,
}

/// Why a resource goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum How {
    /// The stack no longer has it.
    Removed,
    /// Another one takes its place.
    Replaced,
    /// Another one may take its place; CloudFormation knows only when it does it.
    MayBeReplaced,
}

/// What is to be done about a change set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Data would go that nobody gave up.
    Refuse,
    /// Somebody must say yes.
    Ask,
    /// Nobody needs to be asked.
    Go,
}

/// The verdict on a change set and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    /// What would be allowed that was not.
    pub(crate) security: Vec<SecurityChange>,
    /// All data that would go, also what was given up.
    pub(crate) losses: Vec<Loss>,
    /// Data and protection that resources which stay would give up, as far as the templates say.
    pub(crate) given_up: Vec<GivenUp>,
}

/// Judges a change set. `allowed` says of a logical ID (`Nested/Id` in a nested stack) whether it may lose its data.
///
/// What a nested stack changes and nobody can see may be anything: it needs approval at each level that it may concern.
pub(crate) fn judge(
    set: &ChangeSet,
    deployed: &Deployed,
    new: &Template,
    inside: &Inside,
    level: Level,
    allowed: impl Fn(&str) -> bool,
) -> Judgement {
    let sides = |within: &str| match inside.get(within) {
        _ if within.is_empty() => (deployed.template(), Some(new)),
        Some(sides) => (sides.old.template(), sides.new.as_deref().ok()),
        None => (None, None),
    };
    let loss = |change: &Change| {
        let (old, new) = sides(&change.within);
        loss(change, old, new, &allowed)
    };
    let losses: Vec<Loss> = set.changes.iter().filter_map(loss).collect();
    let security = broadening(set, deployed, new, inside);
    let mut given_up = given_up(set, "", sides(""));
    for within in inside.keys() {
        given_up.extend(self::given_up(set, within, sides(within)));
    }
    let asks = match level {
        Level::Never => false,
        Level::Broadening => !security.is_empty(),
        Level::Destructive => {
            // In one that is not there yet, nothing can go.
            let hidden = |stack: &NestedStack| stack.unseen.is_some() && stack.stack_id.is_some();
            let destroys = |change: &Change| destroys(set, change);
            set.nested.iter().any(hidden) || set.changes.iter().any(destroys) || gives_up_data(&given_up)
        }
        Level::Any => true,
    };
    let verdict = verdict(&losses, asks);
    Judgement { verdict, security, losses, given_up }
}

/// Whether a change is destructive, as `diff` says it too.
fn destroys(set: &ChangeSet, change: &Change) -> bool {
    let comes = |other: &Change| other.action == "Add" && other.resource_type == change.resource_type;
    let goes = match goes(change) {
        None => return false,
        Some(How::Removed) => Goes::Removed { renewed: set.changes.iter().any(comes) },
        Some(How::Replaced | How::MayBeReplaced) => Goes::Replaced,
    };
    is_destructive(&change.resource_type, goes)
}

/// What the resources of one template give up that the change set modifies. (It does not tell of each policy that
/// changes, so of these the templates are believed.)
fn given_up(set: &ChangeSet, within: &str, sides: (Option<&Template>, Option<&Template>)) -> Vec<GivenUp> {
    let (Some(old), Some(new)) = sides else { return Vec::new() };
    let modified = |id: &str| {
        let same = |change: &&Change| change.within == within && change.logical_id == id;
        set.changes.iter().find(same).is_some_and(|change| change.action == "Modify")
    };
    let found = template::diff(old, new).given_up;
    let told = found.into_iter().filter(|one| one.kind == GivenUpKind::Protection || modified(&one.id));
    told.map(|one| GivenUp {
        id: if within.is_empty() { one.id } else { format!("{within}/{}", one.id) },
        ..one
    })
    .collect()
}

/// Judges the deletion of a stack that was never made wholly. `resources` are what is left of it.
pub(crate) fn judge_recreation(
    resources: &[(String, String)],
    deployed: &Deployed,
    level: Level,
    allowed: impl Fn(&str) -> bool,
) -> Judgement {
    let known = |id: &str| deployed.template().and_then(|old| old.resources.get(id));
    let loss = |(id, type_name): &(String, String)| {
        let fate = known(id).map_or(Fate::Deleted, stateful::when_removed);
        let holds = stateful::holds(type_name, known(id)).filter(|_| fate != Fate::Retained)?;
        let (id, resource_type) = (id.clone(), type_name.clone());
        let allowed = allowed(&id);
        Some(Loss { id, resource_type, how: How::Removed, fate, holds, allowed })
    };
    let losses: Vec<Loss> = resources.iter().filter_map(loss).collect();
    let asks = match level {
        Level::Never | Level::Broadening => false,
        Level::Destructive => !resources.is_empty(),
        Level::Any => true,
    };
    let verdict = verdict(&losses, asks);
    Judgement { verdict, security: Vec::new(), losses, given_up: Vec::new() }
}

fn verdict(losses: &[Loss], asks: bool) -> Verdict {
    match (losses.iter().all(|loss| loss.allowed), asks) {
        (false, _) => Verdict::Refuse,
        (true, true) => Verdict::Ask,
        (true, false) => Verdict::Go,
    }
}

impl Deployed {
    fn template(&self) -> Option<&Template> {
        match self {
            Deployed::Known(template) => Some(template),
            Deployed::Nothing | Deployed::Unknown(_) => None,
        }
    }
}

/// Whether and why the resource that is there now goes.
pub(crate) fn goes(change: &Change) -> Option<How> {
    match (change.action.as_str(), change.replacement.as_deref()) {
        ("Remove", _) => Some(How::Removed),
        ("Add" | "Import", _) | ("Modify", None | Some("False")) => None,
        (_, Some("True")) => Some(How::Replaced),
        // `Conditional`; `Dynamic`, which is known only at the execution; and whatever AWS adds.
        _ => Some(How::MayBeReplaced),
    }
}

fn loss(
    change: &Change,
    old: Option<&Template>,
    new: Option<&Template>,
    allowed: &impl Fn(&str) -> bool,
) -> Option<Loss> {
    let how = goes(change)?;
    let old = old.and_then(|old| old.resources.get(&change.logical_id));
    // Of a nested stack that stays, the changes of its own resources say what goes.
    if change.is_stack() && how == How::MayBeReplaced {
        return None;
    }
    let holds = stateful::holds(&change.resource_type, old)?;
    let fate = fate(change, how, old, new);
    if how == How::Removed && fate == Fate::Retained {
        return None;
    }
    let (id, resource_type) = (change.path(), change.resource_type.clone());
    let allowed = allowed(&id);
    Some(Loss { id, resource_type, how, fate, holds, allowed })
}

/// What becomes of the resource that is there now: the worse of what the template and the change set say.
///
/// For a removed one, the policy of the deployed template counts: the new one no longer has it.
///
/// Source: [DeletionPolicy][deletion], [UpdateReplacePolicy][replace], and `PolicyAction` of [ResourceChange][change].
///
/// [deletion]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
/// [replace]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
/// [change]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
fn fate(change: &Change, how: How, old: Option<&Resource>, new: Option<&Template>) -> Fate {
    let from_template = match how {
        How::Removed => old.map(stateful::when_removed),
        How::Replaced | How::MayBeReplaced => {
            new.and_then(|new| new.resources.get(&change.logical_id)).map(stateful::when_replaced)
        }
    };
    let from_set = change.policy_action.as_deref().map(fate_in_set);
    let known = [from_template, from_set].into_iter().flatten().filter(|fate| *fate != Fate::Unknown);
    let policy = known.min_by_key(|fate| gravity(*fate)).unwrap_or(Fate::Deleted);
    // AWS does not delete everything that a policy gives up.
    old.map_or(policy, |old| stateful::in_truth(policy, old))
}

/// In the words of a change set: `Delete`, `ReplaceAndRetain`, …
pub(crate) fn fate_in_set(policy_action: &str) -> Fate {
    match policy_action.strip_prefix("ReplaceAnd").unwrap_or(policy_action) {
        "Delete" => Fate::Deleted,
        "Retain" => Fate::Retained,
        "Snapshot" => Fate::Snapshot,
        _ => Fate::Unknown,
    }
}

/// The gravest first.
const fn gravity(fate: Fate) -> u8 {
    match fate {
        Fate::Deleted => 0,
        Fate::Snapshot => 1,
        Fate::DeletedIfEmpty => 2,
        Fate::Protected => 3,
        Fate::Retained => 4,
        Fate::Unknown => 5,
    }
}
