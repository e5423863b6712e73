//! What the constructs make of what they are asked, as templates and diagnostics.

mod core;

use constructs::{App, Assembly, Scope, StackOptions};
use template::Template;

/// Synthesizes one stack called `Test`.
fn synth(build: impl FnOnce(&mut Scope<'_>)) -> Assembly {
    let mut app = App::new();
    app.with_stack(StackOptions::named("Test"), build);
    app.synth()
}

/// The template of a stack without mistakes.
#[track_caller]
fn template(build: impl FnOnce(&mut Scope<'_>)) -> Template {
    let mut assembly = synth(build);
    let diagnostics: Vec<String> = assembly.diagnostics.iter().map(ToString::to_string).collect();
    assert!(diagnostics.is_empty(), "{}", diagnostics.join("\n\n"));
    assembly.stacks.remove(0).template
}

/// What is wrong with a stack, each with its line made relative to `line`, where the test begins.
fn diagnostics(build: impl FnOnce(&mut Scope<'_>)) -> String {
    let diagnostics = synth(build).diagnostics;
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}
