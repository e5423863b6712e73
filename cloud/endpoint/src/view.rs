//! What a test may see of the state.

use crate::state::Stack;

/// A stack.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StackView {
    /// Its ARN.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: String,
    /// Why it has it.
    pub reason: Option<String>,
    /// The ARN of the stack that it is nested in.
    pub parent: Option<String>,
    /// Whether it is protected against deletion.
    pub protected: bool,
    /// Its template, as it was sent.
    pub template: String,
    /// Its resources, by logical id.
    pub resources: Vec<ResourceView>,
    /// Its change sets, oldest first.
    pub change_sets: Vec<ChangeSetView>,
    /// Its events of all kinds, oldest first.
    pub events: Vec<EventView>,
    /// The ids of its operations, oldest first; those of change sets are not among them.
    pub operations: Vec<String>,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceView {
    /// Its logical id.
    pub logical_id: String,
    /// Its physical id, once it has one.
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// Its status.
    pub status: String,
}

/// A change set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeSetView {
    /// Its ARN.
    pub id: String,
    /// Its name.
    pub name: String,
    /// For example `CREATE_COMPLETE`.
    pub status: String,
    /// For example `AVAILABLE`.
    pub execution_status: String,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventView {
    /// Its id.
    pub id: String,
    /// The logical id of the resource, or the stack's name.
    pub logical_id: String,
    /// The physical id, or the stack's ARN.
    pub physical_id: String,
    /// For example `CREATE_COMPLETE`.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// The operation.
    pub operation_id: String,
    /// The client request token of the operation.
    pub token: Option<String>,
}

pub(crate) fn stack(stack: &Stack) -> StackView {
    let operations = stack.operations.iter().filter(|operation| operation.kind != "CREATE_CHANGESET");
    StackView {
        id: stack.id.clone(),
        name: stack.name.clone(),
        status: stack.status.clone(),
        reason: stack.reason.clone(),
        parent: stack.parent.clone(),
        protected: stack.protected,
        template: stack.template.text.clone(),
        resources: stack
            .resources
            .values()
            .map(|resource| ResourceView {
                logical_id: resource.logical.clone(),
                physical_id: resource.physical.clone(),
                resource_type: resource.kind.clone(),
                status: resource.status.clone(),
            })
            .collect(),
        change_sets: stack
            .sets
            .iter()
            .map(|set| ChangeSetView {
                id: set.id.clone(),
                name: set.name.clone(),
                status: set.status.clone(),
                execution_status: set.execution.clone(),
            })
            .collect(),
        events: stack
            .events
            .iter()
            .map(|event| EventView {
                id: event.id.clone(),
                logical_id: event.logical.clone(),
                physical_id: event.physical.clone(),
                status: event.status.clone(),
                reason: event.reason.clone(),
                operation_id: event.operation.clone(),
                token: event.token.clone(),
            })
            .collect(),
        operations: operations.map(|operation| operation.id.clone()).collect(),
    }
}
