//! The built command, as a user or a script runs it.

mod bad_input;
mod config;
mod help;
mod project;
mod synth;
