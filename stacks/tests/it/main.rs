//! DocuThinker's stacks, as templates.

mod combinations;
mod databases;
mod foundation;
mod mistakes;
mod requirements;
mod support;
mod templates;
