//! The whole architecture in each of its forms, deployed to the emulator: what is deployed again changes nothing.

use crate::emulator::Emulator;
use crate::project::Project;

/// Deploys all stacks twice; `stacks` are all that there are, in the order in which they are deployed.
#[track_caller]
fn deploys_twice(project: &Project, environment: &str, stacks: &[&str]) {
    let deploy = ["-e", environment, "deploy", "--all", "--local", "--yes"];
    let first = project.run(deploy);
    assert_eq!(first.code, Some(0), "{first}");
    let mut rest = first.stderr.as_str();
    for stack in stacks {
        let deployed = format!("{stack} is deployed\n");
        let (_, after) = rest.split_once(&deployed).unwrap_or_else(|| panic!("{deployed} {first}"));
        rest = after;
    }
    let again = project.run(deploy);
    assert_eq!(again.code, Some(0), "{again}");
    assert_eq!(again.stderr.matches(" has no changes").count(), stacks.len(), "{again}");
    assert_eq!(again.stdout, first.stdout, "the outputs are the same");
}

#[test]
fn the_second_region_is_deployed_beside_the_first() {
    // R006, R214, R215
    let emulator = Emulator::start();
    let both = ["DocuThinkerFoundation", "DocuThinkerStack"];
    deploys_twice(&emulator.project, "prod", &both);
    deploys_twice(&emulator.project, "dr", &both);
}

#[test]
fn two_regions_share_a_name() {
    // R216, R217, C-22, C-24
    let emulator = Emulator::start();
    let zone = emulator.hosted_zone("docuthinker.ai");
    let config = format!(
        "defaults:\n  domain: {{ name: api.docuthinker.ai, hosted_zone_id: {zone} }}\n\
         environments:\n  prod:\n    failover: primary\n  dr:\n    failover: secondary\n"
    );
    emulator.project.write("docuthinker.yaml", config);
    let stacks = ["DocuThinkerFoundation", "DocuThinkerStack", "DocuThinkerDns"];
    deploys_twice(&emulator.project, "prod", &stacks);
    deploys_twice(&emulator.project, "dr", &stacks);
}

#[test]
fn smaller_environments_are_deployed() {
    let emulator = Emulator::start();
    for environment in ["staging", "dev"] {
        let named = |stack: &str| format!("{stack}-{environment}");
        let (foundation, stack) = (named("DocuThinkerFoundation"), named("DocuThinkerStack"));
        deploys_twice(&emulator.project, environment, &[&foundation, &stack]);
    }
}

#[test]
fn everything_that_can_be_on_is_deployed() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let zone = emulator.hosted_zone("example.com");
    let example = include_str!("../../examples/everything.yaml");
    project.write("docuthinker.yaml", example.replace("Z0123456789ABCDEFGHIJ", &zone));
    // Its template is too large to be sent inline.
    project.run(["-e", "everything", "bootstrap", "--local", "--yes"]).success();
    let stacks = ["Foundation", "Stack", "Dns", "Edge", "Pipeline"]
        .map(|name| format!("DocuThinker{name}-everything"));
    deploys_twice(project, "everything", &stacks.each_ref().map(String::as_str));
}
