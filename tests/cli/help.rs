//! The help of every command is a snapshot: the reference of the command line cannot go stale.

use crate::project::Project;

#[test]
fn every_command_explains_itself() {
    let project = Project::new();
    let commands: &[&[&str]] = &[
        &[],
        &["synth"],
        &["list"],
        &["validate"],
        &["diff"],
        #[cfg(feature = "aws")]
        &["drift"],
        #[cfg(feature = "aws")]
        &["deploy"],
        #[cfg(feature = "aws")]
        &["destroy"],
        #[cfg(feature = "aws")]
        &["rollback"],
        #[cfg(feature = "aws")]
        &["redeploy"],
        #[cfg(feature = "aws")]
        &["scale"],
        #[cfg(feature = "aws")]
        &["doctor"],
        #[cfg(feature = "aws")]
        &["images"],
        #[cfg(feature = "aws")]
        &["images", "ensure"],
        #[cfg(feature = "aws")]
        &["images", "login"],
        #[cfg(feature = "aws")]
        &["images", "build"],
        #[cfg(feature = "aws")]
        &["images", "push"],
        #[cfg(feature = "aws")]
        &["images", "list"],
        #[cfg(feature = "aws")]
        &["images", "pin"],
        #[cfg(feature = "aws")]
        &["images", "copy"],
        #[cfg(feature = "aws")]
        &["import"],
        #[cfg(feature = "aws")]
        &["import", "vpc"],
        #[cfg(feature = "aws")]
        &["outputs"],
        #[cfg(feature = "aws")]
        &["status"],
        #[cfg(feature = "aws")]
        &["logs"],
        #[cfg(feature = "aws")]
        &["exec"],
        #[cfg(feature = "aws")]
        &["events"],
        #[cfg(feature = "aws")]
        &["diagnose"],
        #[cfg(feature = "aws")]
        &["failover"],
        #[cfg(feature = "aws")]
        &["failover", "drill"],
        #[cfg(feature = "aws")]
        &["backup"],
        #[cfg(feature = "aws")]
        &["restore"],
        #[cfg(feature = "aws")]
        &["bootstrap"],
        #[cfg(feature = "aws")]
        &["secrets"],
        #[cfg(feature = "aws")]
        &["secrets", "put"],
        #[cfg(feature = "aws")]
        &["secrets", "import"],
        #[cfg(feature = "aws")]
        &["secrets", "list"],
        #[cfg(feature = "aws")]
        &["secrets", "check"],
        #[cfg(feature = "aws")]
        &["secrets", "rotate"],
        #[cfg(feature = "aws")]
        &["secrets", "export"],
        #[cfg(feature = "aws")]
        &["local"],
        #[cfg(feature = "aws")]
        &["local", "start"],
        &["cost"],
        &["iam-policy"],
        &["config"],
        &["config", "show"],
        &["config", "explain"],
        &["config", "schema"],
        &["init"],
        &["ci"],
        &["completions"],
    ];
    for command in commands {
        let help = project.run(command.iter().chain(&["--help"])).success();
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
