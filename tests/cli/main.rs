//! The built command, as a user or a script runs it.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod allowances;
#[cfg(feature = "aws")]
mod approval;
#[cfg(feature = "aws")]
mod architecture;
mod arguments;
#[cfg(all(feature = "aws", unix))]
mod backup_local;
mod bad_input;
mod bad_templates;
mod browser;
#[cfg(all(feature = "aws", unix))]
mod certificates;
mod ci;
mod config;
mod context;
mod cost;
#[cfg(feature = "aws")]
mod credentials;
#[cfg(feature = "aws")]
mod destroy;
mod diff;
mod diff_against;
mod diff_told;
#[cfg(feature = "aws")]
mod drift;
#[cfg(feature = "aws")]
mod emulator;
#[cfg(feature = "aws")]
mod fleet;
mod gate;
#[cfg(feature = "guard")]
mod guard;
#[cfg(feature = "aws")]
mod guide;
mod help;
#[cfg(feature = "aws")]
mod history;
mod iam_policy;
#[cfg(all(feature = "aws", unix))]
mod images;
mod init;
#[cfg(feature = "aws")]
mod lifecycle;
#[cfg(feature = "aws")]
mod nested;
#[cfg(feature = "aws")]
mod preflight;
#[cfg(feature = "aws")]
mod process;
mod project;
mod report;
mod schemas;
#[cfg(feature = "aws")]
mod secrets;
#[cfg(feature = "aws")]
mod secrets_local;
#[cfg(feature = "aws")]
mod services;
mod skip;
#[cfg(feature = "aws")]
mod stand_in;
mod synth;
mod templates;
mod terminal;
#[cfg(feature = "aws")]
mod together;
mod validate;
