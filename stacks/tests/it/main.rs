//! DocuThinker's stacks, as templates.

mod combinations;
mod databases;
mod exceptions;
mod foundation;
mod mistakes;
mod requirements;
mod services;
mod support;
mod templates;
mod watch;
