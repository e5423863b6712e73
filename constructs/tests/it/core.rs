//! Scope, logical IDs, references, tags and what is found wrong at synthesis.

use constructs::l1::{ec2, iam};
use constructs::{App, LogGroup, StackOptions, cidr, port, sub};

use crate::{diagnostics, synth, template};

#[test]
fn a_construct_knows_the_line_that_made_it() {
    let line = line!() + 1;
    let assembly = synth(|s| {
        LogGroup::named("Logs").build(&mut s.scope("Backend"));
    });
    let origin = &assembly.stacks[0].origins["BackendLogs"];
    assert_eq!(origin.path, "Backend/Logs");
    assert_eq!((origin.location.file, origin.location.line), (file!(), line + 1));
}
