//! DocuThinker's stacks, as templates.

mod combinations;
mod mistakes;
mod requirements;
mod services;
mod support;
mod templates;
