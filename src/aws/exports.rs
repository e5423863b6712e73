//! Exports that a new template drops and that another stack still imports.

use cloud::{CloudError, Connection, deployed_template, describe_outputs, importers_of};
use template::{Output, Template};

use crate::problem::Problem;

/// Keeps outputs that the deployed `stack` exports, `new` does not, and other stacks still import; says which.
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
        let free = if new.outputs.contains_key(key) { format!("{key}Kept") } else { key.clone() };
        new.outputs.insert(free, output.clone());
        let importers = importers.join(", ");
        kept.push(
            Problem::warning(
                "deploy/kept-export",
                format!("the code no longer exports `{name}`, but {importers} still imports it"),
            )
            .hint(format!("it is kept for this deployment; deploy {importers}, then {stack} again")),
        );
    }
    Ok(kept)
}

fn exported(template: &Template, wanted: &Output) -> bool {
    template.outputs.values().any(|output| output.export == wanted.export)
}
