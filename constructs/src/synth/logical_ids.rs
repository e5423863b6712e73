//! The logical IDs of an app: the construct paths without separators, no two alike in a stack.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::resource::ElementId;
use crate::scope::{AppData, Element, StackData};

use super::error;

/// The logical ID of every element, by stack and index.
pub(super) struct LogicalIds(pub(super) Vec<Vec<String>>);

impl LogicalIds {
    pub(super) fn assign(app: &AppData, diagnostics: &mut Vec<Diagnostic>) -> LogicalIds {
        LogicalIds(app.stacks.iter().map(|stack| Self::of_stack(stack, diagnostics)).collect())
    }

    fn of_stack(stack: &StackData, diagnostics: &mut Vec<Diagnostic>) -> Vec<String> {
        let mut first: BTreeMap<String, &Element> = BTreeMap::new();
        let mut ids = Vec::with_capacity(stack.elements.len());
        for element in &stack.elements {
            let id = logical_id(element);
            let path = format!("{}/{}", stack.options.name, element.path);
            let problem = if id.len() > 255 {
                Some(("DC004", format!("its logical ID has {} characters, more than 255", id.len())))
            } else if !id.chars().all(|c| c.is_ascii_alphanumeric()) {
                Some(("DC004", format!("`{}` is not a logical ID", id.escape_debug())))
            } else if stack.parameters.contains_key(&id) {
                Some(("DC005", format!("its logical ID `{id}` is also the name of a parameter")))
            } else {
                first.get(&id).map(|other| {
                    (
                        "DC005",
                        format!(
                            "its logical ID `{id}` is also that of `{}` ({})",
                            other.path, other.location
                        ),
                    )
                })
            };
            if let Some((code, message)) = problem {
                let hint = "rename one of the two, or pin one with `set_logical_id`; an ID has letters and digits only";
                let mut diagnostic = error(code, &path, message, hint);
                diagnostic.location = Some(element.location);
                diagnostics.push(diagnostic);
            }
            first.entry(id.clone()).or_insert(element);
            ids.push(id);
        }
        ids
    }

    /// The ID of an element; none if it is not of this app.
    pub(super) fn get(&self, element: ElementId) -> Option<&str> {
        self.0.get(element.stack as usize)?.get(element.index as usize).map(String::as_str)
    }
}

/// The parts of the path joined, letters and digits only: `Backend/TaskDefinition` → `BackendTaskDefinition`.
fn logical_id(element: &Element) -> String {
    match &element.logical_id {
        Some(id) => id.clone(),
        None => element.path.chars().filter(char::is_ascii_alphanumeric).collect(),
    }
}
