//! The templates of nested stacks, from their change sets and from the stacks as they are.

use cloud::{ChangeSet, Connection, NestedStack};
use template::Template;

use super::deployed;
use super::judge::{Deployed, Inside, Sides};

/// The templates of the nested stacks in which something changes and can be seen.
pub(super) async fn templates(connection: &Connection, set: &ChangeSet) -> Inside {
    let changes = |stack: &&NestedStack| set.changes.iter().any(|change| change.within == stack.path);
    let mut inside = Inside::new();
    // One after the other: CloudFormation counts these questions, and few stacks nest many.
    for stack in set.nested.iter().filter(|stack| stack.unseen.is_none()).filter(changes) {
        let old = match &stack.stack_id {
            Some(arn) => deployed(connection, arn).await,
            None => Deployed::Nothing,
        };
        inside.insert(stack.path.clone(), Sides { old, new: new(connection, stack).await });
    }
    inside
}

async fn new(connection: &Connection, stack: &NestedStack) -> Result<Box<Template>, String> {
    let arn = stack.change_set_id.as_deref().unwrap_or_default();
    match cloud::change_set_template(connection, arn).await {
        Ok(Some(text)) => Template::parse(&text, &stack.path)
            .map(|document| Box::new(document.template))
            .map_err(|_| "it is not understood".to_owned()),
        Ok(None) => Err("there is none".to_owned()),
        Err(error) => Err(error.report().what.clone()),
    }
}
