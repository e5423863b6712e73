//! DocuThinker's stacks, as templates.

mod combinations;
mod foundation;
mod mistakes;
mod requirements;
mod services;
mod support;
mod templates;
