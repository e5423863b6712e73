//! What the guide and the README tell people to type is what the command understands.

use clap::CommandFactory;

use super::*;

// What the emulator has not cannot be run with it; whether the command understands it can be seen all the same.
#[test]
fn what_the_guide_types_for_aws_is_understood() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide");
    let mut seen = 0;
    for page in std::fs::read_dir(folder).expect("the guide is there") {
        let page = std::fs::read_to_string(page.expect("it is there").path()).expect("it is text");
        for block in page.split("```sh aws\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            for line in block.lines() {
                let read = Cli::try_parse_from(line.split(' '));
                assert!(read.is_ok(), "{line}: {}", read.expect_err("it is not understood"));
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "{seen} commands");
}

/// What stands between backticks in the text of a page, outside of its blocks.
fn inline(page: &str) -> Vec<&str> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

/// Why the command does not understand this; what a text leaves out because it is the reader's does not count.
fn misunderstood(words: &[&str]) -> Option<clap::Error> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let error = Cli::try_parse_from(["docuthinker"].iter().chain(words)).err()?;
    let left_out = match error.kind() {
        ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => true,
        ErrorKind::InvalidValue => {
            matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if value.is_empty())
        }
        _ => false,
    };
    (!left_out).then_some(error)
}

#[test]
fn commands_that_the_guide_and_the_readme_name_in_their_text_are_understood() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("docs/guide")).expect("the guide is there");
    let pages = pages.map(|page| page.expect("it is there").path()).chain([root.join("README.md")]);
    let command = Cli::command();
    let mut seen = 0;
    for path in pages {
        let page = std::fs::read_to_string(&path).expect("it is text");
        for code in inline(&page) {
            let words: Vec<&str> = code.split(' ').filter(|word| *word != "…").collect();
            let named = words.strip_prefix(&["docuthinker"]);
            let is_ours = words.first().is_some_and(|first| command.find_subcommand(first).is_some());
            let Some(words) = named.or(is_ours.then_some(&*words)) else { continue };
            if let Some(error) = misunderstood(words) {
                panic!("{}: `{code}`: {error}", path.display());
            }
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} commands");
    for wrong in [&["ci", "gitlab"][..], &["outputs", "--chek"], &["cansel"], &["images", "pull"]] {
        assert!(misunderstood(wrong).is_some(), "{wrong:?}");
    }
    for fine in [&["ci", "github"][..], &["secrets", "put"], &["rollback", "--service"], &["cost", "--help"]]
    {
        assert!(misunderstood(fine).is_none(), "{fine:?}");
    }
}
