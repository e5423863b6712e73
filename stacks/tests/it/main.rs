//! DocuThinker's stacks, as templates.

mod combinations;
mod exceptions;
mod foundation;
mod mistakes;
mod requirements;
mod support;
mod templates;
