//! What a finding comes from: a loop that made the thing, or a mistake of form before it.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Finding, Report, allow, basics};
use crate::document::Template;
use crate::graph::Element;
use crate::loops::Unrolled;
use crate::path::{Path, Position};
use crate::read::{Problem, ReadError};

/// Puts what was found in a template with unrolled loops where the template as written has it. What every round of a loop
/// has is told once.
pub(super) fn settle(written: &Template, unrolled: &Unrolled, report: &mut Report) {
    let mut rounds: BTreeMap<(&str, Path), Path> = BTreeMap::new();
    // What only the list of a loop uses is gone from the unrolled template.
    let graph = written.graph();
    let used: BTreeSet<Path> =
        graph.edges().iter().filter_map(|edge| edge.to.as_ref()).map(Element::path).collect();
    report.findings.retain_mut(|finding| {
        if finding.rule == &basics::UNUSED && used.contains(&finding.path) {
            return false;
        }
        let Some((made, origin)) = unrolled.origin(&finding.path) else { return true };
        // What another round has use for is not useless.
        if [&allow::UNUSED_ALLOWANCE, &basics::UNUSED].contains(&finding.rule) {
            return false;
        }
        let round = rounds.entry((finding.code(), origin.clone())).or_insert_with(|| made.clone());
        finding.path = origin;
        *round == *made
    });
    let mut seen = BTreeSet::new();
    report.allowed.retain_mut(|allowed| {
        let Some((_, origin)) = unrolled.origin(&allowed.finding.path) else { return true };
        allowed.finding.path = origin;
        seen.insert((allowed.finding.code(), allowed.finding.path.clone()))
    });
}

/// The mistakes of form of a file, and what else they make to be found.
pub(super) struct Mistakes<'d> {
    /// Where each is in the file.
    places: BTreeMap<&'d Path, Position>,
    /// Those of which nothing can be told that is below them.
    hiding: BTreeSet<&'d Path>,
    /// Whether a whole section could not be read, so that any name may be missing.
    lacks_section: bool,
}

impl<'d> Mistakes<'d> {
    pub(super) fn of(mistakes: &'d [ReadError]) -> Mistakes<'d> {
        // A thing that lacks something is there, and the rest of it is checked.
        let hiding =
            || mistakes.iter().filter(|mistake| !matches!(mistake.problem, Problem::MissingKey { .. }));
        Mistakes {
            places: mistakes.iter().rev().map(|mistake| (&mistake.path, mistake.position)).collect(),
            hiding: hiding().map(|mistake| &mistake.path).collect(),
            // A misspelt section is taken for what was meant.
            lacks_section: hiding().any(|mistake| {
                let is_meant = matches!(&mistake.problem, Problem::UnknownKey { nearest: Some(_), .. });
                mistake.path.steps().len() <= 1 && !is_meant
            }),
        }
    }

    /// Where a finding is in the file, if it is a mistake of form.
    pub(super) fn place(&self, finding: &Finding) -> Option<Position> {
        self.places.get(&finding.path).copied().filter(|_| finding.rule == &basics::NO_TEMPLATE)
    }

    /// Whether what was found comes only of a mistake of form: of what was left out, or of what stands there twice.
    pub(super) fn are_echoed_by(&self, finding: &Finding) -> bool {
        if finding.rule == &basics::NO_TEMPLATE || self.places.is_empty() {
            return false;
        }
        let lacks = [&basics::UNUSED, &allow::UNUSED_ALLOWANCE];
        if lacks.contains(&finding.rule)
            || (finding.rule == &basics::BAD_TEMPLATE && finding.path.is_empty())
            || (finding.rule == &basics::UNKNOWN_TARGET && self.lacks_section)
        {
            return true;
        }
        let mut around = finding.path.clone();
        loop {
            if self.hiding.contains(&around) {
                return true;
            }
            if around.is_empty() {
                return false;
            }
            around.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Template;

    /// Codes and places of what is found.
    fn found(text: &str) -> Vec<String> {
        let document = Template::parse_what_fits(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}"));
        let findings = document.check();
        findings.iter().map(|finding| format!("{} {}", finding.code(), finding.path)).collect()
    }

    const LOOP: &str = "Transform: AWS::LanguageExtensions\n";

    #[test]
    fn what_a_loop_makes_is_checked_and_told_once_where_the_loop_has_it() {
        let text = format!(
            "{LOOP}Resources:\n  Fn::ForEach::L:\n  - N\n  - [a, b]\n  - 'L${{N}}': {{Type: AWS::S3::Buckett, \
             Properties: {{X: !Ref Nope}}}}\n"
        );
        let at = "Resources.Fn::ForEach::L[2].L${N}";
        assert_eq!(found(&text), [format!("DT004 {at}.Type"), format!("DT001 {at}.Properties.X")]);
    }

    #[test]
    fn a_loop_that_is_unrolled_switches_no_rule_off() {
        let text = format!(
            "{LOOP}Parameters: {{Names: {{Type: CommaDelimitedList, Default: 'a,b'}}}}\nResources:\n  \
             Fn::ForEach::L: [N, !Ref Names, {{'L${{N}}': {{Type: AWS::SNS::Topic}}}}]\n  T: {{Type: \
             AWS::SNS::Topic, Properties: {{TopicName: !Ref Nope, DisplayName: !Ref La}}}}\n"
        );
        assert_eq!(found(&text), ["DT001 Resources.T.Properties.TopicName"]);
    }

    #[test]
    fn a_loop_of_another_form_or_without_its_transform_is_told() {
        let body = "Resources:\n  Fn::ForEach::L: [N, [a], {'L${N}': {Type: AWS::SNS::Topic}}]\n";
        assert_eq!(found(body), ["DT018 Resources.Fn::ForEach::L"]);
        let two = format!("{LOOP}Resources:\n  Fn::ForEach::L: [N, [a]]\n");
        assert_eq!(found(&two), ["DT018 Resources.Fn::ForEach::L"]);
        assert_eq!(found(&format!("{LOOP}{body}")), Vec::<String>::new());
    }

    #[test]
    fn a_mistake_of_form_hides_nothing_and_makes_no_others() {
        // A resource without a type, to which another refers; and one that is wrong in itself.
        let typeless = "Resources:\n  A: {Properties: {X: !Ref Nope}}\n  B: {Type: AWS::SNS::Topic, Properties: \
                        {TopicName: !Ref A, Colour: red}}\n";
        assert_eq!(
            found(typeless),
            ["DT141 Resources.A", "DT001 Resources.A.Properties.X", "DT005 Resources.B.Properties.Colour"]
        );
        // A section and an attribute that are misspelt.
        let misspelt = "Parameter: {P: {Type: String, Default: abc, MaxLength: 2}}\nResources:\n  B: {Type: \
                        AWS::SNS::Topic, Propertie: {TopicName: !Ref P, Colour: red}}\n";
        assert_eq!(
            found(misspelt),
            [
                "DT141 Parameter",
                "DT020 Parameters.P.Default",
                "DT141 Resources.B.Propertie",
                "DT005 Resources.B.Properties.Colour"
            ]
        );
        // An output without a value, which uses a condition.
        let output = "Conditions: {C: !Equals [a, b]}\nResources:\n  B: {Type: AWS::SNS::Topic}\nOutputs: {O: \
                      {Condition: C}}\n";
        assert_eq!(found(output), ["DT141 Outputs.O"]);
        // What stands in the second of two.
        let twice = "Resources:\n  B: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref C}}\nResources:\n  C: {Type: \
                     AWS::SNS::Topic}\n";
        assert_eq!(found(twice), ["DT141 Resources"]);
        // A section of another kind.
        assert_eq!(
            found(
                "Parameters: [P]\nResources: {B: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref P}}}\n"
            ),
            ["DT141 Parameters"]
        );
    }

    #[test]
    fn a_misspelt_section_keeps_its_places() {
        let text = "Resource:\n  B:\n    Type: AWS::SNS::Topic\n    Properties: {Colour: red}\n";
        let findings = Template::parse_what_fits(text, "t.yaml").unwrap().check();
        let places: Vec<String> =
            findings.iter().map(|finding| finding.position.unwrap().to_string()).collect();
        assert_eq!(places, ["1:1", "4:18"]);
    }
}
