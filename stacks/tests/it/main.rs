//! DocuThinker's stacks, as templates.

mod combinations;
mod databases;
mod edge;
mod environment;
mod exceptions;
mod foundation;
mod front_door;
mod guide;
mod hardening;
mod mistakes;
mod names;
mod pipeline;
mod requirements;
mod services;
mod support;
mod templates;
mod watch;
mod watch_mistakes;
