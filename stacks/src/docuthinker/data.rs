//! What holds the stack's data.

use constructs::{FileSystem, Mount, Scope};

use super::services::Place;

/// The files of the vector store, at `folder` in the container.
pub(super) fn vector_store(s: &mut Scope<'_>, place: &Place<'_>, folder: &str) -> Mount {
    let plan = place.plan;
    let files = FileSystem::named("Chroma")
        .vpc(place.vpc)
        .path("/chroma")
        .maybe_key(place.key)
        .maybe_replica(plan.foundation.file_replica.clone())
        .removal_policy(plan.removal)
        .build(s);
    if plan.data.shared_writers { files.mount(folder).shared() } else { files.mount(folder) }
}
