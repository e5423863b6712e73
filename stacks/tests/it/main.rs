//! DocuThinker's stacks, as templates.

mod combinations;
mod front_door;
mod mistakes;
mod names;
mod requirements;
mod support;
mod templates;
