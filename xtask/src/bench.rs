//! How long the built command takes, as a whole process, and how much memory.

#![expect(clippy::print_stdout, reason = "the figures are the result")]

mod cdk;
mod large;
mod peers;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A command to be timed, and what it must reach.
struct Case {
    name: &'static str,
    arguments: &'static [&'static str],
    /// Milliseconds that the median may take.
    at_most: Option<u32>,
    /// Mebibytes that the whole process may hold.
    memory: Option<u32>,
}

impl Case {
    const fn new(name: &'static str, arguments: &'static [&'static str], at_most: Option<u32>) -> Case {
        Case { name, arguments, at_most, memory: None }
    }
}

const CASES: [Case; 9] = [
    Case::new("docuthinker --version", &["--version"], Some(5)),
    Case::new("docuthinker synth DocuThinkerStack", &["synth", "DocuThinkerStack"], Some(15)),
    Case::new("docuthinker synth (all stacks)", &["synth", "--out", "out"], Some(25)),
    Case::new("docuthinker validate (all stacks)", &["validate"], None),
    Case::new("docuthinker validate, 100 resources", &["validate", "--template", "100.json"], Some(10)),
    Case::new("docuthinker validate, 250 resources", &["validate", "--template", "250.json"], None),
    Case::new("docuthinker validate, 500 resources", &["validate", "--template", "500.json"], Some(30)),
    // The run before wrote the folder.
    Case { memory: Some(40), ..Case::new("docuthinker diff (all stacks)", OWN_DIFF, Some(25)) },
    Case { memory: Some(40), ..Case::new("docuthinker diff, 500 resources", LARGE_DIFF, Some(60)) },
];

/// Our stacks in production, one setting another than in the folder, as CI keeps that from the main branch.
const OWN_DIFF: &[&str] = &["diff", "--against", "out", "--set", "backend.memory=2048"];

/// Two templates with several differences.
const LARGE_DIFF: &[&str] = &["diff", "--template", "500-new.json", "--against", "500.json"];

/// The file and the text that [`edit_loop`] changes, as a user changes a line of a stack.
const EDITED: (&str, &str) =
    ("stacks/src/lib.rs", "DocuThinker: network, load balancer and the two services");

/// Runs the benchmark of the deploy engine. It waits more than it works, so the build for tests will do, and that has the
/// SDK compiled already.
pub(crate) fn deploy(root: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let bench = ["bench", "--profile", "dev", "--bench", "deploy"];
    let status = Command::new(cargo).args(bench).current_dir(root).status()?;
    if !status.success() {
        bail!("a limit does not hold, or the benchmark could not run");
    }
    Ok(())
}

/// Times the release build. Its yardstick is a Python that does nothing, started in turn with it, since these
/// figures depend on the machine and on what else it does.
pub(crate) fn run(root: &Path, runs: usize, edit: bool) -> Result<()> {
    if edit {
        return edit_loop(root, runs);
    }
    cargo(root, &["build", "--release", "--quiet"])?;
    let binary = target(root)?.join("release/docuthinker");
    let folder = std::env::temp_dir().join(format!("docuthinker-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    large::templates(&stack(&binary)?, &folder)?;
    println!("{:<38} {:>9} {:>9} {:>9} {:>8} {:>10}", "", "median", "min", "max", "/python", "peak");
    let python = python()?;
    let measured: Vec<Measured> =
        CASES.iter().map(|case| measure(case, &folder, &binary, &python, runs)).collect::<Result<_>>()?;
    let linear = growth(&measured);
    peers::compare(&target(root)?, &binary, &folder)?;
    cdk::compare(&target(root)?, &binary, &folder)?;
    let minified = stack(&binary)?.to_string();
    println!("DocuThinkerStack as minified JSON: {} bytes (below 51,200)", minified.len());
    println!("binary: {} KiB", std::fs::metadata(&binary)?.len() / 1024);
    std::fs::remove_dir_all(&folder)?;
    if !linear || measured.iter().any(|measured| !measured.reached) {
        bail!("a limit does not hold; on a machine that does other things, look at the shortest times");
    }
    Ok(())
}

/// What one case took.
struct Measured {
    name: &'static str,
    /// In times of what the yardstick took meanwhile: machines become faster and slower while this runs.
    times: f64,
    reached: bool,
}

/// Whether a check takes the same for each further resource, however many there are.
fn growth(measured: &[Measured]) -> bool {
    let of = |size: u32| {
        let found = measured.iter().find(|one| one.name.ends_with(&format!("validate, {size} resources")));
        found.map_or(0.0, |one| one.times)
    };
    let each = |from: u32, to: u32| (of(to) - of(from)) / f64::from(to - from);
    let times = each(250, 500) / each(100, 250);
    let linear = times <= 1.5;
    println!(
        "a resource from 250 to 500 takes {times:.2} times what one from 100 to 250 takes (at most 1.5: {})",
        verdict(linear)
    );
    linear
}

const fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "MISSED" }
}

/// The interpreter itself: what is called `python3` may be a script that looks for one and takes ten times as long.
fn python() -> Result<PathBuf> {
    let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

fn measure(case: &Case, folder: &Path, binary: &Path, python: &Path, runs: usize) -> Result<Measured> {
    let arguments: Vec<String> = case.arguments.iter().map(|&argument| argument.to_owned()).collect();
    let mut ours = Vec::with_capacity(runs);
    let mut yardstick = Vec::with_capacity(runs);
    // One run of each is not counted: it fills the file cache.
    for run in 0..=runs {
        let (this, other) =
            (time(folder, binary, &arguments)?, time(folder, python, &["-c".into(), "pass".into()])?);
        if run > 0 {
            ours.push(this);
            yardstick.push(other);
        }
    }
    ours.sort();
    yardstick.sort();
    let median = ours[runs / 2];
    let peak = peak(folder, binary, &arguments)?;
    let (mut reached, mut told) = (true, String::new());
    if let Some(limit) = case.at_most {
        let holds = median <= Duration::from_millis(limit.into());
        let _ = write!(told, "  (at most {limit} ms: {})", verdict(holds));
        reached &= holds;
    }
    if let Some(limit) = case.memory {
        let holds = peak <= f64::from(limit);
        let _ = write!(told, "  (at most {limit} MiB: {})", verdict(holds));
        reached &= holds;
    }
    let times = median.as_secs_f64() / yardstick[runs / 2].as_secs_f64();
    println!(
        "{:<38} {:>9} {:>9} {:>9} {times:>8.2} {:>10}{told}",
        case.name,
        milliseconds(median),
        milliseconds(ours[0]),
        milliseconds(ours[runs - 1]),
        format!("{peak:.1} MiB"),
    );
    Ok(Measured { name: case.name, times, reached })
}

fn stack(binary: &Path) -> Result<Value> {
    let template = Command::new(binary).args(["synth", "DocuThinkerStack", "--format", "json"]).output()?;
    Ok(serde_json::from_slice(&template.stdout)?)
}

/// Times what a user of the library waits for: one changed line of a stack until the new template is there.
fn edit_loop(root: &Path, runs: usize) -> Result<()> {
    let (file, old) = EDITED;
    let file = root.join(file);
    let original = std::fs::read_to_string(&file)?;
    if !original.contains(old) {
        bail!("{} has no `{old}` to change", file.display());
    }
    let build = ["run", "--quiet", "--no-default-features", "--", "synth", "DocuThinkerStack"];
    cargo(root, &build)?;
    let mut times = Vec::with_capacity(runs);
    let mut measure = || -> Result<()> {
        for run in 0..runs {
            std::fs::write(&file, original.replace(old, &format!("{old}, {run}")))?;
            let start = Instant::now();
            cargo(root, &build)?;
            times.push(start.elapsed());
        }
        Ok(())
    };
    let measured = measure();
    std::fs::write(&file, &original)?;
    measured?;
    times.sort();
    println!(
        "one line of a stack until its template: median {}, min {}, max {} (at most 4 s)",
        milliseconds(times[runs / 2]),
        milliseconds(times[0]),
        milliseconds(times[runs - 1])
    );
    Ok(())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn time(folder: &Path, program: &Path, arguments: &[String]) -> Result<Duration> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().with_context(|| format!("{} cannot be started", program.display()))?;
    let elapsed = start.elapsed();
    if !status.success() {
        bail!("`{} {}` ended with {status}", program.display(), arguments.join(" "));
    }
    Ok(elapsed)
}

/// The most memory a run held, in mebibytes, as the operating system counted it; asked of Python, since Rust's own library
/// has no word for it.
fn peak(folder: &Path, program: &Path, arguments: &[String]) -> Result<f64> {
    let script = "import resource, subprocess, sys\n\
                  subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n\
                  print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .output()?;
    let kibibytes: f64 = String::from_utf8(output.stdout)?.trim().parse().context("the peak is a number")?;
    Ok(kibibytes / 1024.0)
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo).args(arguments).current_dir(root).stdout(Stdio::null()).status()?;
    if !status.success() {
        bail!("`cargo {}` ended with {status}", arguments.join(" "));
    }
    Ok(())
}

fn target(root: &Path) -> Result<PathBuf> {
    Ok(match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => std::path::absolute(folder)?,
        None => root.join("target"),
    })
}
