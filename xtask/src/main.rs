//! Developer tasks: `cargo xtask --help`.

mod bench;
mod cfn_lint;
mod codegen;
mod facts;
mod l1;
mod names;
mod predictions;
mod reliability;
mod replacement;
mod requirements;
mod rules;
mod sources;
mod spec;
mod tags;
#[cfg(test)]
mod tidy;

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// Tasks for developers of docuthinker
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write the typed structs (`constructs/src/l1`) and the table of facts (`template/src/facts`)
    ///
    /// Fetches the two pinned packages that describe AWS's resource types, by name and exact version, with
    /// `npm` and `python3 -m pip`; keeps them in `codegen` inside the target folder; refuses them if their
    /// checksum is not the pinned one. The same sources give the same bytes.
    Codegen {
        /// Write nothing; fail if a file is not as it would be written
        #[arg(long)]
        check: bool,
    },
    /// Write which tests show which row of `docs/requirements.md`
    ///
    /// A test names its rows in a comment: `// R018, R020 to R023`.
    Requirements {
        /// Write nothing; fail if the table is not as it would be written
        #[arg(long)]
        check: bool,
    },
    /// Write `docs/reliability.md`: which tests show which row of the contract
    ///
    /// A test names its rows in a comment above it: `// A3, L6`.
    Reliability {
        /// Write nothing; fail if the page is not as it would be written
        #[arg(long)]
        check: bool,
    },
    /// Write `docs/rules.md`: every rule of `validate` with its page
    Rules {
        /// Write nothing; fail if the document is not as it would be written
        #[arg(long)]
        check: bool,
    },
    /// Write `docs/replacement.md`: what `diff` predicts, beside CDK's word and that of AWS's documentation
    Predictions {
        /// Write nothing; fail if the page is not as it would be written
        #[arg(long)]
        check: bool,
    },
    /// Time the release build of the command, as whole processes: median, range, memory
    ///
    /// Each run is paired with one of a Python that does nothing, and the ratio is shown: the figures depend on
    /// the machine, the ratio less so.
    Bench {
        /// Counted runs of each command
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(10..))]
        runs: u32,
        /// Time the loop of who edits a stack instead: one changed line until its template is there
        #[arg(long, conflicts_with = "deploy")]
        edit: bool,
        /// Measure the deploy engine against the scripted endpoint instead: how soon it sees an end, how often it asks,
        /// a hundred stacks side by side, and the memory of a long wait
        #[arg(long)]
        deploy: bool,
    },
}

fn main() -> Result<()> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is a folder of the workspace")?;
    match Args::parse().task {
        Task::Codegen { check } => codegen::run(root, check),
        Task::Requirements { check } => requirements::run(root, check),
        Task::Reliability { check } => reliability::run(root, check),
        Task::Rules { check } => rules::run(root, check),
        Task::Predictions { check } => predictions::run(root, check),
        Task::Bench { deploy: true, .. } => bench::deploy(root),
        Task::Bench { runs, edit, .. } => bench::run(root, runs as usize, edit),
    }
}
