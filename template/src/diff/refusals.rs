//! What CloudFormation refuses to do.

use serde::Serialize;

use super::{Consequence, ResourceChange};
use crate::path::Path;

/// A change that CloudFormation refuses: nothing of the whole update is done.
///
/// The type of a resource cannot change, which is seen before anything is done: no change set is made ("Update of
/// resource type is not permitted"). A property that cannot be updated fails when its turn comes, and what was done
/// until then is rolled back.
///
/// What helps is another logical ID: the new resource is made, and the old one deleted. Where both would have the same
/// fixed name, or the logical ID must stay, the resource is removed in one deployment and added in the next.
///
/// Source: the error that CloudFormation answers with, for example in [this report][report]; [properties that do not
/// support updates][update].
///
/// [report]: https://github.com/aws/aws-sam-cli/issues/6786
/// [update]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-direct.html
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The logical ID.
    pub id: String,
    /// Its type in the new template.
    pub type_name: String,
    /// Its type in the old template, if that was another: then this is what is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_type: Option<String>,
    /// Where the differences and references are that are refused.
    pub paths: Vec<Path>,
}

/// The refused changes, in the order of the new template.
pub(super) fn refusals(resources: &[ResourceChange]) -> Vec<Refusal> {
    let refused = resources.iter().filter(|change| change.consequence == Some(Consequence::Refused));
    refused
        .map(|change| Refusal {
            id: change.id.clone(),
            type_name: change.type_name.clone(),
            old_type: change.old_type.clone(),
            paths: change.causes().cloned().collect(),
        })
        .collect()
}
