//! A change set that is made only to be looked at.

use super::progress::Progress;
use super::request::{ChangeSet, Decision, DeployRequest, Question};
use super::runtime::deploy_stack;
use crate::connect::Connection;
use crate::engine::cancel::Cancel;
use crate::error::CloudError;

/// What CloudFormation says that a request would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The change set, which does not exist any more; `None` if it has no changes.
    pub change_set: Option<ChangeSet>,
    /// What could not be removed and stays behind; not empty means exit code 9.
    pub leftovers: Vec<String>,
}

/// Makes a change set of the request, reads it, and removes it again, with the stack that it announced if that is new.
///
/// It is a deployment that ends before the question whether to execute it: it is throttled, interrupted and cleaned up
/// in the same way.
///
/// # Errors
///
/// As [`deploy_stack`], whatever may happen before the execution. A stack whose first creation failed is refused: no
/// change set can be made of it.
pub async fn preview_stack(
    connection: &Connection,
    request: &DeployRequest,
    progress: impl FnMut(Progress),
    cancel: &Cancel,
) -> Result<Preview, CloudError> {
    let mut seen = None;
    let look = async |question| match question {
        Question::Changes(set) => {
            seen = Some(set);
            Decision::Leave
        }
        Question::Recreate { stack, status, .. } => {
            Decision::Decline(format!("no change set can be made while {stack} is {status}"))
        }
        Question::RollBack { .. } => Decision::Leave,
    };
    let outcome = deploy_stack(connection, request, look, progress, cancel).await?;
    Ok(Preview { change_set: seen, leftovers: outcome.leftovers })
}
