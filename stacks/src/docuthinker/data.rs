//! What holds the stack's data.

use constructs::{FileSystem, Scope, Vpc};

use crate::plan::Plan;

use super::watch::back_up;

/// The files of the vector store.
pub(super) fn vector_store(s: &mut Scope<'_>, plan: &Plan, vpc: &Vpc) -> FileSystem {
    let files = FileSystem::named("Chroma").vpc(vpc).path("/chroma").removal_policy(plan.removal).build(s);
    back_up(s, plan, &files, None);
    files
}
