//! Everything that can be known to be wrong with a template before AWS sees it, all at once.
//!
//! What is not known is not reported: the value of a function call, what a macro brings, a type of somebody
//! else. The facts about types and properties are those of [`facts`](crate::facts).

mod allow;
mod basics;
mod choices;
mod finding;
mod forms;
mod functions;
mod identity;
mod lint;
mod lints;
mod origin;
mod parameters;
mod pattern;
mod policy;
mod properties;
mod references;
mod rule;
mod run;
mod seen;
mod structure;
mod value;
mod words;

pub use allow::{Allowance, METADATA_KEY};
pub(crate) use basics::code_of_form;
pub use finding::Finding;
pub use lint::{Findings, Lint, Located};
pub(crate) use lints::{credential_in, is_secret_name, is_secret_property};
pub use rule::{Rule, Severity};
pub use run::{Allowed, Check, Report};

use crate::document::Template;
use crate::loops;
use crate::model::Model;
use crate::path::Path;
use crate::read::Document;

impl Template {
    /// What is wrong with the template and not allowed by its metadata, most important last.
    ///
    /// [`Check`] knows more ways to check.
    ///
    /// ```
    /// let text = "Resources:\n  Vpc:\n    Type: AWS::EC2::VPC\n    Properties:\n      CidrBlok: 10.0.0.0/16\n";
    /// let document = template::Template::parse(text, "vpc.yaml").expect("the file is well-formed");
    /// let findings = document.check();
    /// let finding = findings.last().expect("the property is misspelt");
    /// assert_eq!(finding.message, "AWS::EC2::VPC has no property `CidrBlok`");
    /// assert_eq!(finding.hint.as_deref(), Some("did you mean `CidrBlock`?"));
    /// assert_eq!(finding.position.expect("it was read from a file").to_string(), "5:7");
    /// ```
    pub fn check(&self) -> Vec<Finding> {
        self.check_in(None)
    }

    /// Like [`Template::check`], for the region that the template is deployed to.
    pub fn check_in(&self, region: Option<&str>) -> Vec<Finding> {
        Check { region, ..Check::default() }.template(self).findings
    }
}

/// The rule with this code, as near as it can be meant: `dt030`, `DT30`.
pub fn nearest_code(code: &str, rules: &[&'static Rule]) -> Option<&'static str> {
    allow::nearest_code(code, rules)
}

/// Every rule, in the order of the codes.
pub fn rules() -> Vec<&'static Rule> {
    let single = [basics::ALL, identity::ALL, allow::ALL].into_iter().flatten().copied();
    let mut all: Vec<_> = single.chain(lints::all().map(|lint| lint.rule)).collect();
    all.sort_by_key(|rule| rule.code);
    all
}

/// Where credentials stand in a template, or may stand: what is shown of it to people leaves them out.
///
/// These are the places of all findings about secrets, also of allowed ones, and the defaults of parameters with `NoEcho`.
///
/// ```
/// # fn main() -> Result<(), template::ReadErrors> {
/// let text = "Parameters: {Key: {Type: String, NoEcho: true, Default: x}}\nResources: {}\n";
/// let template = template::Template::parse(text, "t.yaml")?.template;
/// assert_eq!(template::check::secret_paths(&template)[0].to_string(), "Parameters.Key.Default");
/// # Ok(())
/// # }
/// ```
pub fn secret_paths(template: &Template) -> Vec<Path> {
    let unrolled = loops::unroll(template);
    let model = Model::new(unrolled.as_ref().map_or(template, |unrolled| &unrolled.template));
    let lints = lints::all().filter(|lint| lint.rule.is_secret);
    let found = lints.flat_map(|lint| lint.findings(&model)).map(|finding| {
        let origin = unrolled.as_ref().and_then(|unrolled| unrolled.origin(&finding.path));
        origin.map_or(finding.path, |(_, origin)| origin)
    });
    let masked = template.parameters.iter().filter(|(_, parameter)| parameter.no_echo);
    let masked = masked.map(|(name, _)| Path::of(["Parameters", name, "Default"]));
    found.chain(masked).collect()
}

impl Document {
    /// What is wrong with the template and not allowed by its metadata, each with its place in the file, most
    /// important last.
    pub fn check(&self) -> Vec<Finding> {
        Check::default().document(self).findings
    }
}

struct Checker<'m> {
    template: &'m Template,
    model: &'m Model<'m>,
    findings: Vec<Finding>,
    patterns: pattern::Patterns,
}

impl<'m> Checker<'m> {
    fn new(model: &'m Model<'m>) -> Checker<'m> {
        Checker {
            template: model.template(),
            model,
            findings: Vec::new(),
            patterns: pattern::Patterns::default(),
        }
    }

    /// Everything that is wrong with names, references, properties and functions.
    fn all(mut self) -> Vec<Finding> {
        self.structure();
        self.functions();
        self.references();
        self.properties();
        self.forms();
        self.outputs_exist();
        self.findings
    }

    fn find(&mut self, rule: &'static Rule, path: &Path, message: impl Into<String>, hint: Option<String>) {
        self.findings.push(Finding { hint, ..Finding::new(rule, path, message) });
    }

    fn matches(&mut self, pattern: &'static str, text: &str) -> bool {
        self.patterns.matches(pattern, text)
    }
}

/// `did you mean …?`, if there is something near.
fn did_you_mean(nearest: Option<&str>) -> Option<String> {
    nearest.map(|nearest| format!("did you mean `{nearest}`?"))
}

/// Some words of a list, for a hint that fits on a line or two.
fn choose_one_of<'w>(words: impl ExactSizeIterator<Item = &'w str>) -> Option<String> {
    const MOST: usize = 12;
    let count = words.len();
    let shown = words.take(MOST).collect::<Vec<_>>().join(", ");
    match count {
        0 => None,
        1 => Some(format!("it can only be {shown}")),
        2..=MOST => Some(format!("choose one of {shown}")),
        _ => Some(format!("choose one of {shown} and {} more", count - MOST)),
    }
}

/// Text for a message, cut if it is long.
fn shown(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
