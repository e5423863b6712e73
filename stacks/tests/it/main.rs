//! DocuThinker's stacks, as templates.

mod combinations;
mod databases;
mod edge;
mod environment;
mod exceptions;
mod faults;
mod foundation;
mod front_door;
mod guide;
mod hardening;
mod mistakes;
mod names;
mod pipeline;
mod ranges;
mod requirements;
mod services;
mod strategies;
mod support;
mod templates;
mod unused_settings;
mod watch;
mod watch_mistakes;
