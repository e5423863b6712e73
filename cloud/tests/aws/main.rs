//! Tests of the whole crate: against an endpoint that misbehaves, against the emulator, and in processes of their own.

#![expect(clippy::print_stdout, reason = "a process of its own tells its parent what it found")]
#![expect(clippy::unwrap_used, reason = "helpers of tests, which clippy does not know as such")]

mod credentials;
mod emulator;
mod endpoint;
mod history;
mod nested;
#[cfg(unix)]
mod preflight;
mod python;
mod scripted;
mod scripted_aws;
mod services_double;
mod together;
