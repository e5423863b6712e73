//! A whole check: every rule, an app's own rules, and what is allowed.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::beside::beside;
use crate::check::origin::Mistakes;
use crate::check::{Allowance, Checker, Finding, Lint, Rule, allow, basics, lints, origin, rules};
use crate::document::Template;
use crate::loops;
use crate::model::Model;
use crate::path::Path;
use crate::read::{Document, Problem};

/// How a template is checked. The default is what [`Template::check`] does.
///
/// ```
/// use template::check::{Allowance, Check};
///
/// let text = "Resources:\n  Vpc:\n    Type: AWS::EC2::VPC\n    Properties:\n      CidrBlok: 10.0.0.0/16\n";
/// let document = template::Template::parse(text, "vpc.yaml").expect("the file is well-formed");
/// let allow = [Allowance { code: "DT005".into(), reason: "to be shown".into(), ..Allowance::default() }];
/// let report = Check { allow: &allow, ..Check::default() }.document(&document);
/// assert_eq!(report.allowed[0].finding.code(), "DT005");
/// assert_eq!(report.used, [true]);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Check<'a> {
    /// The app's own rules.
    pub lints: &'a [Lint],
    /// Rules that somebody else has asked for this template, so that allowances may name them.
    pub others: &'a [&'static Rule],
    /// What came of those rules: it can be allowed and is sorted like all findings.
    pub found: &'a [Finding],
    /// What is allowed, beside what the template's own metadata allow.
    pub allow: &'a [Allowance],
    /// The region that the template is deployed to, if that is known.
    pub region: Option<&'a str>,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What is wrong, most important last.
    pub findings: Vec<Finding>,
    /// What would be wrong if it were not allowed.
    pub allowed: Vec<Allowed>,
    /// For each of [`Check::allow`] whether it allowed anything.
    pub used: Vec<bool>,
}

/// A finding that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The finding.
    pub finding: Finding,
    /// Why it does no harm here.
    pub reason: String,
    /// Whether the template itself says so.
    pub in_template: bool,
}

impl Check<'_> {
    /// What is wrong with a template. Nothing is left out because of something else.
    ///
    /// Its loops are unrolled as far as that can be; what is wrong with what they make is found where they stand.
    pub fn template(&self, template: &Template) -> Report {
        let Some(unrolled) = loops::unroll(template) else { return self.flat(template, &[]) };
        let form = |(path, problem): &(Path, Problem)| of_form(path, problem);
        let mistakes: Vec<Finding> = unrolled.mistakes.iter().map(form).collect();
        let mut report = self.flat(&unrolled.template, &mistakes);
        origin::settle(template, &unrolled, &mut report);
        report
    }

    /// What is wrong with a template of which the loops are not looked into, beside these mistakes.
    fn flat(&self, template: &Template, mistakes: &[Finding]) -> Report {
        let mut findings = self.broken(template);
        findings.extend_from_slice(self.found);
        findings.extend_from_slice(mistakes);
        let (allowed, used) = allow::apply(template, self.allow, &self.rules(), &mut findings);
        // Stable, so that findings of one severity stay in the order of the checks and sections.
        findings.sort_by_key(Finding::severity);
        Report { findings, allowed, used }
    }

    /// Every rule that is broken. The lints need nothing of the other checks or of each other, so a second thread begins
    /// with them, and this one helps when it has done the rest. The result is the same.
    fn broken(&self, template: &Template) -> Vec<Finding> {
        let model = Model::new(template).in_region(self.region);
        // A macro of somebody else may give any meaning to anything.
        if template.has_foreign_macros() {
            return Checker::new(&model).all();
        }
        let mut lints: Vec<&Lint> = lints::all().collect();
        lints.extend(self.lints);
        let next = AtomicUsize::new(0);
        // Each lint is taken by one of the threads.
        let take = || {
            let at = next.fetch_add(1, Ordering::Relaxed);
            lints.get(at).map(|lint| (at, lint.findings(&model)))
        };
        let lint = || std::iter::from_fn(take).collect::<Vec<_>>();
        let (mut found, (mut findings, more)) = beside(lint, || (Checker::new(&model).all(), lint()));
        found.extend(more);
        found.sort_by_key(|(at, _)| *at);
        findings.extend(found.into_iter().flat_map(|(_, found)| found));
        findings
    }

    /// What is wrong with a template, each with its place in the file. What comes only of a mistake of form is not told.
    pub fn document(&self, document: &Document) -> Report {
        let mistakes = document.mistakes.iter().map(|mistake| of_form(&mistake.path, &mistake.problem));
        let found: Vec<Finding> = self.found.iter().cloned().chain(mistakes).collect();
        let mut report = Check { found: &found, ..*self }.template(&document.template);
        let mistakes = Mistakes::of(&document.mistakes);
        report.findings.retain(|finding| !mistakes.are_echoed_by(finding));
        let allowed = report.allowed.iter_mut().map(|allowed| &mut allowed.finding);
        for finding in report.findings.iter_mut().chain(allowed) {
            let place = mistakes.place(finding);
            finding.position = Some(place.unwrap_or_else(|| document.positions.of(&finding.path)));
        }
        report.findings.sort_by_key(|finding| (finding.severity(), finding.position));
        report.allowed.sort_by_key(|allowed| allowed.finding.position);
        report
    }

    /// Every rule that is asked, in the order of the codes.
    pub fn rules(&self) -> Vec<&'static Rule> {
        let own = self.lints.iter().map(|lint| lint.rule);
        let mut all: Vec<_> = rules().into_iter().chain(own).chain(self.others.iter().copied()).collect();
        all.sort_by_key(|rule| rule.code);
        all.dedup_by_key(|rule| rule.code);
        all
    }
}

/// A mistake of form.
fn of_form(path: &Path, problem: &Problem) -> Finding {
    Finding { hint: problem.hint(), ..Finding::new(&basics::NO_TEMPLATE, path, problem.to_string()) }
}
