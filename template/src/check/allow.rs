//! Findings that are meant: allowed by code, each with its reason.

use crate::check::rule::{Rule, rule};
use crate::check::{Allowed, Finding, basics, did_you_mean, shown};
use crate::document::Template;
use crate::nearest::nearest;
use crate::node::{Map, Node};
use crate::path::Path;

rule! {
    /// An allowance that suppresses nothing.
    ///
    /// An allowance says that findings with a code are meant, and why. When the finding is gone, because the template
    /// was changed or the rule became more exact, the allowance stays behind as an open door: the next finding with
    /// this code passes without anybody having looked at it.
    ///
    /// Remove it. If it is needed for another stack or environment only, say so: in code, allow it where the resource
    /// is made; in `docuthinker.yaml`, with `stack:` and `environment:`. This finding cannot be allowed itself.
    pub(super) UNUSED_ALLOWANCE = "DT025" Warning;
}

rule! {
    /// An allowance that does not hold: no such code, or no reason.
    ///
    /// An allowance names the code of a rule and says why the finding does no harm here. Without a reason nobody can
    /// tell later whether it still holds, and with a misspelt code it allows nothing; in both cases the findings that
    /// it was written for are still reported.
    ///
    /// In a template it stands in the `Metadata` of a resource, or in that of the template, where it holds for the
    /// `resources` it names or for everything:
    ///
    /// ```yaml
    /// Metadata:
    ///   docuthinker:
    ///     allow:
    ///       - code: DT030
    ///         reason: the pipeline deploys what it just built
    ///         resources: [BuildTask]
    /// ```
    ///
    /// This finding cannot be allowed itself.
    pub(super) BAD_ALLOWANCE = "DT026" Warning;
}

/// The rules of this file.
pub(super) static ALL: &[&Rule] = &[&UNUSED_ALLOWANCE, &BAD_ALLOWANCE];

/// The key in a `Metadata` section that holds what is said to this program.
pub const METADATA_KEY: &str = "docuthinker";

/// Its one key.
const ALLOW: &str = "allow";

/// Findings that are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allowance {
    /// The code of the rule.
    pub code: String,
    /// Why its findings do no harm here.
    pub reason: String,
    /// The logical IDs of the resources that it holds for; without any, it holds for the whole template.
    pub resources: Vec<String>,
    /// Where it stands in the template; empty if it comes from elsewhere.
    pub path: Path,
}

impl Allowance {
    /// What is wrong with it whatever it is for: no reason, or a code that none of these rules has although it is
    /// written like theirs. A code of quite another form may be that of a rule which is not asked today.
    pub fn mistake(&self, known: &[&'static Rule]) -> Option<Finding> {
        let code = &self.code;
        let bad = |message: String| Finding::new(&BAD_ALLOWANCE, &self.path, message);
        if self.reason.trim().is_empty() {
            let mut finding = bad(format!("the allowance of `{code}` has no reason"));
            finding.hint("say in a few words why the finding does no harm here: `reason: …`");
            return Some(finding);
        }
        if known.iter().any(|rule| is_same(code, rule.code)) || !is_of_a_known_family(code, known) {
            return None;
        }
        Some(bad(format!("no rule has the code `{code}`")))
    }

    /// That it suppresses nothing.
    pub fn unused(&self) -> Finding {
        let message = format!("the allowance of `{}` suppresses nothing", self.code);
        let mut finding = Finding::new(&UNUSED_ALLOWANCE, &self.path, message);
        finding.hint("remove it");
        finding
    }

    fn covers(&self, finding: &Finding) -> bool {
        let here = |id: &str| self.resources.iter().any(|resource| resource == id);
        (self.resources.is_empty() || finding.path.resource().is_some_and(here))
            && is_same(&self.code, finding.code())
    }
}

/// Takes the findings that are allowed out of `findings`, and reports allowances that do not hold.
///
/// `given` are the allowances from outside of the template, `known` the rules that were asked. The result is what was
/// allowed, and for each of `given` whether it allowed anything.
pub(super) fn apply(
    template: &Template,
    given: &[Allowance],
    known: &[&'static Rule],
    findings: &mut Vec<Finding>,
) -> (Vec<Allowed>, Vec<bool>) {
    let mut complaints = Vec::new();
    let mut allowances: Vec<Allowance> = given.to_vec();
    allowances.extend(written(template, &mut complaints));
    let mut used = vec![false; allowances.len()];
    let mut allowed = Vec::new();
    findings.retain(|finding| {
        // A file that is no template cannot be meant.
        if finding.rule == &basics::NO_TEMPLATE {
            return true;
        }
        let mut by = None;
        for (number, allowance) in allowances.iter().enumerate() {
            if !allowance.reason.trim().is_empty() && allowance.covers(finding) {
                used[number] = true;
                by.get_or_insert(number);
            }
        }
        let Some(by) = by else { return true };
        let (reason, in_template) = (allowances[by].reason.clone(), by >= given.len());
        allowed.push(Allowed { finding: finding.clone(), reason, in_template });
        false
    });
    for (allowance, used) in allowances.iter().zip(&used).skip(given.len()) {
        complaints.extend(complaint(allowance, *used, template, known));
    }
    findings.append(&mut complaints);
    used.truncate(given.len());
    (allowed, used)
}

/// What is wrong with an allowance of the template.
fn complaint(
    allowance: &Allowance,
    used: bool,
    template: &Template,
    known: &[&'static Rule],
) -> Option<Finding> {
    let code = &allowance.code;
    if let Some(mistake) = allowance.mistake(known) {
        return Some(mistake);
    }
    let missing = allowance.resources.iter().find(|id| !template.resources.contains_key(id));
    if let Some(id) = missing.filter(|_| !template.has_macros() && !template.has_loops()) {
        let message = format!("the allowance of `{code}` is for `{id}`, which is no resource");
        let mut finding = Finding::new(&BAD_ALLOWANCE, &allowance.path, message);
        finding.hint = did_you_mean(nearest(id, template.resources.keys().map(String::as_str)));
        return Some(finding);
    }
    // A rule of somebody else, who is not asked today, may have use for it.
    let is_asked = known.iter().any(|rule| is_same(code, rule.code));
    (is_asked && !used).then(|| allowance.unused())
}

/// Whether the code is written like one of these rules, whoever has such a rule: letters and digits, `DT999`.
fn is_of_a_known_family(code: &str, known: &[&'static Rule]) -> bool {
    let family = |code: &str| {
        let letters = code.trim_end_matches(|c: char| c.is_ascii_digit());
        (!letters.is_empty() && letters.len() < code.len()).then(|| letters.to_ascii_uppercase())
    };
    family(code).is_some_and(|of| known.iter().any(|rule| family(rule.code).as_ref() == Some(&of)))
}

/// The code that differs only in its letters' case or in zeros: `dt030`, `DT30`.
pub(super) fn nearest_code(code: &str, known: &[&'static Rule]) -> Option<&'static str> {
    known.iter().map(|rule| rule.code).find(|known| is_same(code, known))
}

/// Whether the code is meant: one of ours may differ in its letters' case or in zeros. Of other people's rules `A-1` and
/// `A-01` may be two.
fn is_same(code: &str, known: &str) -> bool {
    let plain = |code: &str| {
        let digits = code.trim_start_matches(|c: char| !c.is_ascii_digit());
        let letters = code[..code.len() - digits.len()].to_ascii_uppercase();
        (letters, digits.trim_start_matches('0').to_owned())
    };
    code == known || (plain(known).0 == "DT" && plain(code) == plain(known))
}

/// The allowances that the template itself holds.
fn written(template: &Template, complaints: &mut Vec<Finding>) -> Vec<Allowance> {
    let mut all = read(&template.metadata, &Path::of(["Metadata"]), None, complaints);
    for (id, resource) in &template.resources {
        let path = Path::of(["Resources", id, "Metadata"]);
        all.extend(read(&resource.metadata, &path, Some(id), complaints));
    }
    all
}

/// The allowances of one `Metadata`, which is a resource's if `of` names it.
fn read(metadata: &Map, path: &Path, of: Option<&str>, complaints: &mut Vec<Finding>) -> Vec<Allowance> {
    let Some(ours) = metadata.get(METADATA_KEY) else { return Vec::new() };
    let path = path.key(METADATA_KEY);
    let mut complain = |path: &Path, message: &str, hint: Option<String>| {
        let hint = hint.unwrap_or_else(|| "write `allow: [{code: DT030, reason: …}]`".to_owned());
        complaints.push(Finding { hint: Some(hint), ..Finding::new(&BAD_ALLOWANCE, path, message) });
    };
    let Some(ours) = ours.as_map() else {
        complain(&path, "what is said to docuthinker is not a mapping", None);
        return Vec::new();
    };
    for unknown in ours.keys().filter(|key| *key != ALLOW) {
        let hint = did_you_mean(nearest(unknown, [ALLOW]));
        complain(&path.key(unknown), &format!("`{METADATA_KEY}` has no key `{}`", shown(unknown)), hint);
    }
    let path = path.key(ALLOW);
    let Some(list) = ours.get(ALLOW) else { return Vec::new() };
    let Some(list) = list.as_list() else {
        complain(&path, "what is allowed is not a list", None);
        return Vec::new();
    };
    let mut all = Vec::new();
    for (number, entry) in list.iter().enumerate() {
        let at = path.index(number);
        match allowance(entry, at.clone(), of) {
            Ok(allowance) => all.push(allowance),
            Err(why) => complain(&at, &why, None),
        }
    }
    all
}

fn allowance(entry: &Node, path: Path, of: Option<&str>) -> Result<Allowance, String> {
    let entry = entry.as_map().ok_or("an allowance is a mapping with a code and a reason")?;
    let keys = ["code", "reason", "resources"];
    let keys = if of.is_some() { &keys[..2] } else { &keys[..] };
    if let Some(unknown) = entry.keys().find(|key| !keys.contains(&key.as_str())) {
        return Err(format!("an allowance has no `{unknown}` here"));
    }
    let text = |key: &str| entry.get(key).and_then(Node::as_str);
    let code = text("code").ok_or("an allowance has no code")?.to_owned();
    let reason = text("reason").unwrap_or_default().to_owned();
    let resources = match (of, entry.get("resources")) {
        (Some(id), _) => vec![id.to_owned()],
        (None, None) => Vec::new(),
        (None, Some(list)) => {
            let ids = list.as_list().filter(|list| !list.is_empty());
            let ids = ids.and_then(|ids| ids.iter().map(Node::as_str).collect::<Option<Vec<_>>>());
            let ids = ids.ok_or("the `resources` of an allowance are not a list of logical IDs")?;
            ids.into_iter().map(str::to_owned).collect()
        }
    };
    Ok(Allowance { code, reason, resources, path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Check, Report};

    fn check(metadata: &str, given: &[Allowance]) -> Report {
        let text = format!(
            "Metadata:\n  docuthinker:\n    allow: {metadata}\nResources:\n  First: {{Type: AWS::EC2::VPC, \
             Properties: {{CidrBlok: 10.0.0.0/16}}}}\n  Second: {{Type: AWS::EC2::VPC, Properties: {{CidrBlok: \
             10.0.0.0/16}}}}\n"
        );
        let document = Template::parse(&text, "t.yaml").unwrap();
        Check { allow: given, ..Check::default() }.document(&document)
    }

    #[track_caller]
    fn complaints(metadata: &str, expected: &[&str]) {
        let report = check(metadata, &[]);
        let ours = report.findings.iter().filter(|finding| ["DT025", "DT026"].contains(&finding.code()));
        let ours: Vec<String> = ours
            .map(|finding| {
                let hint = finding.hint.as_deref().unwrap_or_default();
                format!("{} at {}: {hint}", finding.message, finding.path)
            })
            .collect();
        assert_eq!(ours, expected);
    }

    #[test]
    fn a_file_that_is_no_template_cannot_be_allowed() {
        let text = "Metadata: {docuthinker: {allow: [{code: DT141, reason: known}]}}\nResources: {A: {}}\n";
        let document = Template::parse_what_fits(text, "t.yaml").unwrap();
        let report = Check::default().document(&document);
        assert!(report.allowed.is_empty());
        assert!(report.findings.iter().any(|finding| finding.code() == "DT141"));
    }

    #[test]
    fn an_allowance_holds_for_the_resources_that_it_names_or_for_all() {
        let report = check("[{code: DT005, reason: seen, resources: [First]}]", &[]);
        assert_eq!((report.allowed.len(), report.allowed[0].reason.as_str()), (1, "seen"));
        assert_eq!(report.allowed[0].finding.path.to_string(), "Resources.First.Properties.CidrBlok");
        assert!(
            report.findings.iter().all(|finding| !finding.path.to_string().contains("First.Properties.C"))
        );
        assert_eq!(check("[{code: DT005, reason: seen}]", &[]).allowed.len(), 2);
    }

    #[test]
    fn a_code_is_meant_in_any_case_as_when_it_is_explained() {
        for code in ["dt005", "dt5", "DT5"] {
            let report = check(&format!("[{{code: {code}, reason: seen}}]"), &[]);
            assert_eq!(report.allowed.len(), 2, "{code}");
            assert!(
                report.findings.iter().all(|finding| !["DT025", "DT026"].contains(&finding.code())),
                "{code}"
            );
        }
    }

    #[test]
    fn an_allowance_from_outside_says_whether_it_was_used() {
        let given = |code: &str, resources: &[&str]| Allowance {
            code: code.to_owned(),
            reason: "seen".to_owned(),
            resources: resources.iter().map(|id| (*id).to_owned()).collect(),
            path: Path::new(),
        };
        let report =
            check("[]", &[given("DT005", &["Second"]), given("DT005", &["Third"]), given("DT022", &[])]);
        assert_eq!((report.allowed.len(), report.used), (1, vec![true, false, false]));
        assert!(report.findings.iter().all(|finding| finding.code() != "DT025"));
    }

    #[test]
    fn what_does_not_hold_is_said_at_its_place() {
        let at = "at Metadata.docuthinker.allow";
        let form = "write `allow: [{code: DT030, reason: …}]`";
        complaints(
            "[{code: DT024, reason: gone}]",
            &[&format!("the allowance of `DT024` suppresses nothing {at}[0]: remove it")],
        );
        complaints("[{code: DT999, reason: x}]", &[&format!("no rule has the code `DT999` {at}[0]: ")]);
        complaints(
            "[{code: DT005}]",
            &[&format!(
                "the allowance of `DT005` has no reason {at}[0]: say in a few words why the finding does no harm here: `reason: …`"
            )],
        );
        complaints(
            "[{code: DT005, reason: x, resources: [Frist]}]",
            &[&format!(
                "the allowance of `DT005` is for `Frist`, which is no resource {at}[0]: did you mean `First`?"
            )],
        );
        complaints(
            "[{code: DT005, reson: x}]",
            &[&format!("an allowance has no `reson` here {at}[0]: {form}")],
        );
        complaints(
            "[DT005]",
            &[&format!("an allowance is a mapping with a code and a reason {at}[0]: {form}")],
        );
        complaints(
            "[]\n    alow: [{code: DT005, reason: x}]",
            &["`docuthinker` has no key `alow` at Metadata.docuthinker.alow: did you mean `allow`?"],
        );
        complaints("DT005", &[&format!("what is allowed is not a list {at}: {form}")]);
    }

    #[test]
    fn an_allowance_without_a_reason_allows_nothing() {
        let report = check("[{code: DT005, reason: ' '}]", &[]);
        assert!(report.allowed.is_empty());
        assert_eq!(report.findings.iter().filter(|finding| finding.code() == "DT005").count(), 2);
    }

    #[test]
    fn the_complaint_itself_cannot_be_allowed() {
        complaints(
            "[{code: DT025, reason: x}]",
            &["the allowance of `DT025` suppresses nothing at Metadata.docuthinker.allow[0]: remove it"],
        );
    }

    #[test]
    fn only_codes_of_ours_may_differ_in_case_or_zeros() {
        assert!(is_same("dt30", "DT030") && is_same("TEAM-01", "TEAM-01"));
        assert!(
            !is_same("TEAM-1", "TEAM-01") && !is_same("team-01", "TEAM-01") && !is_same("DT031", "DT030")
        );
    }
}
