//! A build without Guard has no rules from files, and says how to get one that has.

use std::path::PathBuf;

use template::{Finding, Rule, Template};

use crate::problem::{Problem, Result};

/// No rules.
#[derive(Debug, Default)]
pub(crate) struct Rules;

#[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "a build with Guard has rules here")]
impl Rules {
    /// Refuses to read any file.
    pub(crate) fn read(named: impl Iterator<Item = PathBuf>) -> Result<Rules> {
        let named: Vec<String> = named.map(|path| format!("`{}`", path.display())).collect();
        if named.is_empty() {
            return Ok(Rules);
        }
        let message = format!("this build cannot read the rules in {}", named.join(", "));
        Err(Problem::error("rules/no-guard", message)
            .hint("build docuthinker with `--features guard`: cargo build --features guard")
            .into())
    }

    /// There are none.
    pub(crate) fn known(&self) -> Vec<&'static Rule> {
        Vec::new()
    }

    /// Nothing.
    pub(crate) fn findings(&mut self, _: &Template) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }
}
