//! Makes the typed structs of `constructs::l1`: one file per service.

mod doc;
mod model;
mod render;
mod table;
mod typing;

use std::collections::BTreeMap;

use anyhow::Result;

use crate::codegen::Output;
use crate::sources::Sources;

/// The files of `constructs/src/l1/`.
pub(crate) fn outputs(sources: &Sources) -> Result<Vec<Output>> {
    let mut services: BTreeMap<&str, Vec<model::Resource>> = BTreeMap::new();
    let typing = typing::Typing::new(sources)?;
    for service in table::SERVICES {
        for name in service.resources {
            let resource = model::Resource::new(service, name, sources, &typing)?;
            services.entry(service.module).or_default().push(resource);
        }
    }
    typing.all_reviewed_entries_were_used()?;
    let mut outputs = vec![render::index(services.keys().copied())];
    for (module, resources) in &services {
        outputs.push(render::service(module, resources));
    }
    outputs.push(render::list(&services));
    Ok(outputs)
}

/// What the reviewed table says that `Ref` of the type returns.
pub(crate) fn reviewed_reference(type_name: &str) -> Option<&'static str> {
    table::REFERENCES.iter().find(|(name, _)| *name == type_name).map(|(_, text)| *text)
}

/// Whether the reviewed table says that the property takes any text, whatever the sources say that it names.
pub(crate) fn is_reviewed_as_text(key: &str) -> bool {
    table::PROPERTIES.iter().any(|(known, names)| *known == key && *names == "String")
}
