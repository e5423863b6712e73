//! What a deployed stack has that can be operated, so that nobody types a name or an ARN that AWS made up.

use serde::Serialize;

use crate::connect::Connection;
use crate::engine::request::{StackDescription, StackResource};
use crate::error::CloudError;
use crate::failure::ApiFailure;
use crate::services::{ServiceRef, verify};

/// A deployed stack with its resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// The stack, as CloudFormation describes it.
    pub stack: StackDescription,
    /// Its resources, as CloudFormation lists them.
    pub resources: Vec<StackResource>,
}

/// What the stack `name` has; `None` if it is not deployed, or only announced by a change set.
///
/// # Errors
///
/// A question was not answered.
pub async fn inventory(connection: &Connection, name: &str) -> Result<Option<Inventory>, CloudError> {
    let Some(stack) = crate::stacks::describe(connection, name).await? else { return Ok(None) };
    if stack.status == "REVIEW_IN_PROGRESS" {
        return Ok(None);
    }
    let resources = crate::engine::list_resources(connection, &stack.stack_id).await;
    Ok(Some(Inventory { resources: resources.map_err(ApiFailure::into_error)?, stack }))
}

impl Inventory {
    /// Its ECS services, in the order of the stack's resources.
    pub fn services(&self) -> Vec<ServiceRef> {
        verify::services(&self.resources)
    }

    /// The logical and physical ids of its resources of this type, for example `AWS::ECR::Repository`.
    pub fn of_type<'a>(&'a self, resource_type: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let of_type = self.resources.iter().filter(move |resource| resource.resource_type == resource_type);
        of_type
            .filter_map(|resource| Some((resource.logical_id.as_str(), resource.physical_id.as_deref()?)))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The physical id of the resource with this logical id.
    pub fn physical_id(&self, logical_id: &str) -> Option<&str> {
        let found = self.resources.iter().find(|resource| resource.logical_id == logical_id)?;
        found.physical_id.as_deref()
    }
}
