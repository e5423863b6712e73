//! Whether AWS's change set says what was predicted, resource by resource.

use std::collections::BTreeMap;

use serde::Serialize;
use template::diff::{Action, Changes, Consequence, ResourceChange};

use super::page::{Item, Mark, Text};
use crate::problem::count;

/// What AWS says in a change set, beside what was predicted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Agreement {
    /// The change set's changes, in AWS's words.
    pub(crate) changes: Vec<Said>,
    /// Where AWS says something else than what was predicted.
    pub(crate) disagreements: Vec<Judged>,
    /// Where the prediction left open whether a resource is replaced, and AWS says.
    pub(crate) settled: Vec<Judged>,
}

/// One change of a change set, in AWS's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Said {
    /// The logical ID.
    pub(crate) id: String,
    /// The resource's type.
    pub(crate) type_name: String,
    /// `Add`, `Modify`, `Remove`, `Import`, `Dynamic`.
    pub(crate) action: String,
    /// `True`, `False` or `Conditional`, for a `Modify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replacement: Option<String>,
    /// What becomes of a resource that is removed or replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_action: Option<String>,
    /// Whether it is in the change set only because it is a nested stack.
    #[serde(skip)]
    automatic: bool,
}

/// What is said of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Judged {
    /// The logical ID.
    pub(crate) id: String,
    /// What was predicted.
    pub(crate) predicted: Does,
    /// What AWS says.
    pub(crate) aws: Does,
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Does {
    Nothing,
    MayChange,
    Changes,
    MayReplace,
    Replaces,
    Adds,
    Removes,
}

impl Does {
    const fn text(self) -> &'static str {
        match self {
            Does::Nothing => "not touched",
            Does::MayChange => "perhaps changed in place",
            Does::Changes => "changed in place",
            Does::MayReplace => "perhaps replaced",
            Does::Replaces => "replaced",
            Does::Adds => "added",
            Does::Removes => "removed",
        }
    }

    /// What was predicted. `None` if only what CloudFormation keeps for itself is different: AWS tells that of some
    /// attributes and not of others.
    fn predicted(change: &ResourceChange) -> Option<Does> {
        match (change.action, change.consequence) {
            (Action::Added, _) => Some(Does::Adds),
            (Action::Removed, _) => Some(Does::Removes),
            // AWS refuses before it makes a change set, or only when the property's turn comes.
            (Action::Changed, None | Some(Consequence::Refused)) => None,
            (Action::Changed, Some(Consequence::MayUpdate)) => Some(Does::MayChange),
            (Action::Changed, Some(Consequence::UpdateInPlace | Consequence::Interrupts)) => {
                Some(Does::Changes)
            }
            (Action::Changed, Some(Consequence::MayReplace)) => Some(Does::MayReplace),
            (Action::Changed, Some(Consequence::Replaces)) => Some(Does::Replaces),
        }
    }

    /// What AWS says; `None` where it leaves it open what is done, or says it in a word that is not known.
    ///
    /// Source: [ResourceChange][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
    fn said(said: &Said) -> Option<Does> {
        match (said.action.as_str(), said.replacement.as_deref()) {
            ("Add", _) => Some(Does::Adds),
            ("Remove", _) => Some(Does::Removes),
            ("Modify", Some("True")) => Some(Does::Replaces),
            ("Modify", Some("Conditional")) => Some(Does::MayReplace),
            ("Modify", Some("False") | None) => Some(Does::Changes),
            _ => None,
        }
    }
}

#[cfg(feature = "aws")]
impl From<&cloud::Change> for Said {
    fn from(change: &cloud::Change) -> Said {
        let automatic = |detail: &cloud::ChangeDetail| detail.source.as_deref() == Some("Automatic");
        Said {
            id: change.logical_id.clone(),
            type_name: change.resource_type.clone(),
            action: change.action.clone(),
            replacement: change.replacement.clone(),
            policy_action: change.policy_action.clone(),
            automatic: !change.details.is_empty() && change.details.iter().all(automatic),
        }
    }
}

/// Holds what AWS says against what was predicted.
pub(super) fn agreement(predicted: &Changes, said: Vec<Said>) -> Agreement {
    let mut open: BTreeMap<&str, &Said> = said.iter().map(|said| (said.id.as_str(), said)).collect();
    let (mut disagreements, mut settled) = (Vec::new(), Vec::new());
    for change in predicted.resources.iter().filter(|change| !change.dormant) {
        let by_aws = open.remove(change.id.as_str());
        let aws = by_aws.map_or(Some(Does::Nothing), Does::said);
        let (Some(aws), predicted) = (aws, Does::predicted(change)) else { continue };
        let judged = |predicted: Does| Judged { id: change.id.clone(), predicted, aws };
        match (predicted, aws) {
            // AWS often cannot tell before whether a replacement comes; that is no contradiction.
            (None | Some(Does::MayChange), Does::Nothing | Does::Changes)
            | (Some(Does::Replaces), Does::MayReplace) => {}
            (None, _) => disagreements.push(judged(Does::Nothing)),
            (Some(Does::MayReplace), Does::Nothing | Does::Changes | Does::Replaces) => {
                settled.push(judged(Does::MayReplace));
            }
            (Some(predicted), aws) if predicted == aws => {}
            (Some(predicted), _) => disagreements.push(judged(predicted)),
        }
    }
    // What nobody predicted. A nested stack is in every change set, since its own template may be another.
    let surprises = said.iter().filter(|said| open.contains_key(said.id.as_str()) && !said.automatic);
    disagreements.extend(surprises.filter_map(|said| {
        Some(Judged { id: said.id.clone(), predicted: Does::Nothing, aws: Does::said(said)? })
    }));
    Agreement { changes: said, disagreements, settled }
}

/// What is said of it.
pub(super) fn items(agreement: &Agreement) -> Vec<Item> {
    let differs = |judged: &Judged| {
        let text = format!(
            "AWS says `{}` is {}, predicted was: {}",
            judged.id,
            judged.aws.text(),
            judged.predicted.text()
        );
        Item::new(Mark::Caution, Text::of(&text))
    };
    let settles = |judged: &Judged| {
        let text =
            format!("AWS says `{}` is {}, which the prediction left open", judged.id, judged.aws.text());
        Item::new(Mark::Note, Text::of(&text))
    };
    let mut items: Vec<Item> = agreement.disagreements.iter().map(differs).collect();
    items.extend(agreement.settled.iter().map(settles));
    if items.is_empty() {
        let changes = count(agreement.changes.len(), "change");
        items.push(Item::new(Mark::Note, Text::of(&format!("AWS says the same: {changes}"))));
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use template::Template;

    fn said(id: &str, action: &str, replacement: Option<&str>) -> Said {
        Said {
            id: id.to_owned(),
            type_name: "AWS::SQS::Queue".to_owned(),
            action: action.to_owned(),
            replacement: replacement.map(str::to_owned),
            policy_action: None,
            automatic: false,
        }
    }

    /// Another retention, another name, one queue that goes, and one that comes.
    fn predicted() -> Changes {
        let template = |text: &str| Template::parse(text, "t.yaml").unwrap().template;
        let old = "
Resources:
  Kept: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: 1}}
  Named: {Type: AWS::SQS::Queue, Properties: {QueueName: a}}
  Old: {Type: AWS::SQS::Queue}
  Data: {Type: AWS::SQS::Queue, Metadata: {a: 1}}
  Strange: {Type: My::Own::Type, Properties: {A: 1}}
";
        let new = old.replace("DelaySeconds: 1", "DelaySeconds: 2").replace("QueueName: a", "QueueName: b");
        let new = new.replace("Old:", "New:").replace("a: 1", "a: 2").replace("A: 1", "A: 2");
        template::diff(&template(old), &template(&new))
    }

    fn as_predicted() -> Vec<Said> {
        vec![
            said("Kept", "Modify", Some("False")),
            said("Named", "Modify", Some("True")),
            said("Old", "Remove", None),
            said("New", "Add", None),
            said("Data", "Modify", Some("False")),
            said("Strange", "Modify", Some("Conditional")),
        ]
    }

    fn lines(said: Vec<Said>) -> Vec<String> {
        let Agreement { disagreements, settled, .. } = agreement(&predicted(), said);
        let line = |judged: &Judged| format!("{}: {:?}, AWS {:?}", judged.id, judged.predicted, judged.aws);
        disagreements
            .iter()
            .map(line)
            .chain(settled.iter().map(|one| format!("settled {}", line(one))))
            .collect()
    }

    #[test]
    fn what_aws_says_as_it_was_predicted_is_no_disagreement() {
        assert_eq!(lines(as_predicted()), [""; 0]);
        let mut open = as_predicted();
        open[1] = said("Named", "Modify", Some("Conditional"));
        open[2] = said("Old", "Dynamic", None);
        assert_eq!(lines(open), [""; 0], "where AWS cannot tell, nothing is wrong");
    }

    #[test]
    fn each_disagreement_is_named() {
        let mut other = as_predicted();
        other[0] = said("Kept", "Modify", Some("True"));
        other[1] = said("Named", "Modify", Some("False"));
        other.remove(3);
        other.push(said("Surprise", "Modify", Some("False")));
        assert_eq!(
            lines(other),
            [
                "Kept: Changes, AWS Replaces",
                "Named: Replaces, AWS Changes",
                "New: Adds, AWS Nothing",
                "Surprise: Nothing, AWS Changes"
            ]
        );
    }

    #[test]
    fn what_was_left_open_is_settled_by_aws() {
        let mut decided = as_predicted();
        decided[5] = said("Strange", "Modify", Some("False"));
        assert_eq!(lines(decided), ["settled Strange: MayReplace, AWS Changes"]);
    }

    #[test]
    fn a_nested_stack_that_is_always_there_is_no_surprise() {
        let mut nested = as_predicted();
        nested.push(Said { automatic: true, ..said("Nested", "Modify", Some("False")) });
        assert_eq!(lines(nested), [""; 0]);
    }
}
