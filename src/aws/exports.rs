//! Exports that a new template drops and that another stack still imports.

use cloud::{CloudError, Connection, deployed_template, describe_outputs, importers_of};
use template::{Element, Output, Template};

use crate::problem::Problem;

/// Keeps outputs that the deployed `stack` exports, `new` does not, and other stacks still import; says which.
/// One that cannot be kept is an error among what is returned.
///
/// CloudFormation would fail at the end of the update: an export in use cannot go. Kept for this deployment, the
/// importing stacks can be updated next, and then the deployment after that lets it go.
pub(crate) async fn keep_imported(
    connection: &Connection,
    stack: &str,
    new: &mut Template,
) -> Result<Vec<Problem>, CloudError> {
    let Some(text) = deployed_template(connection, stack).await? else { return Ok(vec![]) };
    // A template that we cannot read was not made by us, and has no exports that we know.
    let Ok(old) = Template::parse(&text, stack) else { return Ok(vec![]) };
    let old = old.template;
    let dropped: Vec<_> =
        old.outputs.iter().filter(|(_, output)| output.export.is_some() && !exported(new, output)).collect();
    if dropped.is_empty() {
        return Ok(vec![]);
    }
    let names = describe_outputs(connection, stack).await?.unwrap_or_default();
    let mut kept = Vec::new();
    for (key, output) in dropped {
        // The name may be made of functions; only the deployed stack knows what came of them.
        let Some(name) = names.iter().find(|known| known.key == *key).and_then(|known| known.export.as_ref())
        else {
            continue;
        };
        let importers = importers_of(connection, name).await?;
        if importers.is_empty() {
            continue;
        }
        let importers = importers.join(", ");
        let still = format!("the code no longer exports `{name}`, but {importers} still imports it");
        kept.push(if keep(new, key, output) {
            Problem::warning("deploy/kept-export", still)
                .hint(format!("it is kept for this deployment; deploy {importers}, then {stack} again"))
        } else {
            Problem::error(
                "deploy/export-in-use",
                format!("{still}, and what it names is gone from the code too"),
            )
            .hint(format!("put it back, deploy {importers} without the import, and then remove it"))
        });
    }
    Ok(kept)
}

/// Adds the output again, unless it refers to something that the new template has not.
fn keep(new: &mut Template, key: &str, output: &Output) -> bool {
    let free = if new.outputs.contains_key(key) { format!("{key}Kept") } else { key.to_owned() };
    new.outputs.insert(free.clone(), output.clone());
    let element = Element::Output(free.clone());
    let whole = new.graph().unknown().all(|edge| edge.from != element);
    if !whole {
        new.outputs.shift_remove(&free);
    }
    whole
}

fn exported(template: &Template, wanted: &Output) -> bool {
    template.outputs.values().any(|output| output.export == wanted.export)
}
