//! DocuThinker's stacks, as templates.

mod combinations;
mod mistakes;
mod requirements;
mod support;
mod templates;
mod watch;
mod watch_mistakes;
