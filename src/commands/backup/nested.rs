//! The templates of nested stacks: that of their parent has no more than an address, where another one may be by now.

use std::collections::VecDeque;

use cloud::{CloudError, Connection, Inventory};

/// A nested stack, however deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::commands) struct Nested {
    /// The logical ids that lead to it: `Net/Subnets`.
    pub(in crate::commands) path: String,
    /// As CloudFormation has it; none if the stack is not there any more.
    pub(in crate::commands) template: Option<String>,
}

/// All that are below a stack, each after the one that it is in.
pub(in crate::commands) async fn of(
    connection: &Connection,
    inventory: &Inventory,
) -> Result<Vec<Nested>, CloudError> {
    let mut waiting: VecDeque<(String, String)> = below("", inventory).collect();
    let mut all = Vec::new();
    while let Some((path, id)) = waiting.pop_front() {
        let (stack, inventory) =
            tokio::join!(cloud::deployed_stack(connection, &id), cloud::inventory(connection, &id));
        if let Some(inventory) = inventory? {
            waiting.extend(below(&format!("{path}/"), &inventory));
        }
        all.push(Nested { path, template: stack?.and_then(|stack| stack.template) });
    }
    Ok(all)
}

/// The nested stacks of one stack, with their ids in AWS.
fn below(before: &str, inventory: &Inventory) -> impl Iterator<Item = (String, String)> {
    let stacks = inventory.of_type("AWS::CloudFormation::Stack");
    stacks
        .map(|(logical_id, id)| (format!("{before}{logical_id}"), id.to_owned()))
        .collect::<Vec<_>>()
        .into_iter()
}
