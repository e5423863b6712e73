//! A team's own rules in files, written for AWS CloudFormation Guard.

use std::path::PathBuf;

use template::{Finding, Rule, Template};

use crate::problem::{Problem, Result};

/// The rules of some files.
#[derive(Debug, Default)]
pub(crate) struct Rules {}

impl Rules {
    /// Reads these files, and the files ending in `.guard` in these folders.
    pub(crate) fn read(named: impl Iterator<Item = PathBuf>) -> Result<Rules> {
        let named: Vec<String> = named.map(|path| format!("`{}`", path.display())).collect();
        if named.is_empty() {
            return Ok(Rules::default());
        }
        let message = format!("this build cannot read the rules in {}", named.join(", "));
        Err(Problem::error("rules/no-guard", message).hint("build with the feature `guard`").into())
    }

    /// The rules that are known from the files.
    #[expect(clippy::unused_self, reason = "a build with Guard has rules here")]
    pub(crate) fn known(&self) -> Vec<&'static Rule> {
        Vec::new()
    }

    /// What the rules find in a template.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "a build with Guard has rules here")]
    pub(crate) fn findings(&self, _: &Template) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }
}
