//! The help of every command is a snapshot: the reference of the command line cannot go stale.

use crate::project::Project;

#[test]
fn every_command_explains_itself() {
    let project = Project::new();
    let mut commands = vec![Vec::new()];
    while let Some(command) = commands.pop() {
        let help = project.run(command.iter().map(String::as_str).chain(["--help"])).success();
        commands.extend(subcommands(&help).map(|name| [command.clone(), vec![name.to_owned()]].concat()));
        // The options of every command are the same, and shown once.
        let own =
            if command.is_empty() { help.as_str() } else { help.split("\nGlobal options:").next().unwrap() };
        let name = if command.is_empty() { "docuthinker".to_owned() } else { command.join("-") };
        if cfg!(feature = "aws") {
            insta::assert_snapshot!(format!("help-{name}"), own);
        }
        assert!(help.contains("--output <FORM>"), "{name} takes the global options");
    }
}

/// The commands that a help lists.
fn subcommands(help: &str) -> impl Iterator<Item = &str> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    // What a command does may go on in the next line, which is indented further.
    let lines = list.lines().take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|name| !name.is_empty()))
}

#[test]
fn without_a_command_the_help_is_shown_and_the_exit_code_is_that_of_usage() {
    let outcome = Project::new().run([""; 0]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stdout.is_empty() && outcome.stderr.contains("Usage: docuthinker"), "{outcome}");
}

#[test]
fn the_version_is_one_line() {
    let version = Project::new().run(["--version"]).success();
    assert_eq!(version, format!("docuthinker {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_command_is_a_mistake_of_usage_with_a_suggestion() {
    insta::assert_snapshot!(Project::new().run(["sinth"]), @r"
    exit: 2
    --- stderr ---
    error: unrecognized subcommand 'sinth'

      tip: some similar subcommands exist: 'init', 'synth'

    Usage: docuthinker [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Project::new().run(["completions", shell]).success();
        assert!(script.contains("validate") && script.contains("docuthinker"), "{shell}");
    }
}
