//! The command.
mod config;
mod exit;
mod files;
mod printer;
mod problem;
mod project;
