//! The deploy engine: pure decisions ([`deploy`], [`destroy`]) around which a runtime does the talking.

pub(crate) mod cancel;
pub(crate) mod progress;
pub(crate) mod request;

use crate::{
    Cancel, CloudError, Connection, Decision, DeployOutcome, DeployRequest, DestroyOutcome, DestroyRequest,
    Kind, Progress, Question,
};

/// Brings one stack to the state that a template describes, by way of a change set.
///
/// `approve` is asked before anything is changed; `progress` hears what happens. If `cancel` comes before the change set
/// is executed, everything we made is removed; afterwards we stop following and the operation goes on in AWS.
///
/// # Errors
///
/// A [`CloudError`] whose kind is the exit code of the command and whose report says what happened, the state in AWS
/// and what to do next.
pub async fn deploy_stack(
    _connection: &Connection,
    _request: &DeployRequest,
    _approve: impl AsyncFnMut(Question) -> Decision,
    _progress: impl FnMut(Progress),
    _cancel: &Cancel,
) -> Result<DeployOutcome, CloudError> {
    Err(CloudError::new(Kind::Failed, "the engine is being written"))
}

/// Deletes one stack and follows it until it is gone. A stack that does not exist is a success.
///
/// # Errors
///
/// As [`deploy_stack`]; [`Kind::Refused`] if the stack is protected or another stack imports one of its exports.
pub async fn destroy_stack(
    _connection: &Connection,
    _request: &DestroyRequest,
    _progress: impl FnMut(Progress),
    _cancel: &Cancel,
) -> Result<DestroyOutcome, CloudError> {
    Err(CloudError::new(Kind::Failed, "the engine is being written"))
}
