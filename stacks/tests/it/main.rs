//! DocuThinker's stacks, as templates.

mod combinations;
mod edge;
mod exceptions;
mod foundation;
mod mistakes;
mod pipeline;
mod requirements;
mod support;
mod templates;
