//! Changes of one property each, with what AWS's documentation, CDK and we say of them; and the page that shows them.
//!
//! `cases.json` is kept by hand, `cdk.json` is written by `record.mjs`. The test beside this folder and `cargo xtask
//! predictions` share this file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use template::{Consequence, Template};

/// The fewest changes and types for which the comparison says anything.
const FEWEST: (usize, usize) = (30, 15);

/// All changes, and what CDK says of them.
pub(crate) struct Cases {
    all: Vec<Case>,
    cdk: Recorded,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "type")]
    type_name: String,
    /// The property, and what else tells the case from others: `PosixUser: Uid`.
    change: String,
    /// Attributes of the resource, such as `UpdatePolicy`, the same before and after.
    #[serde(default)]
    attributes: Map<String, Value>,
    before: Map<String, Value>,
    after: Map<String, Value>,
    documented: Documented,
    /// What the documentation says besides, in our words.
    says: Option<String>,
    /// What we are to say.
    ours: String,
    /// Why we say something else than CDK.
    why: Option<String>,
    /// What shows it, besides the page of the type.
    #[serde(default)]
    sources: Vec<String>,
}

/// What the documentation says that an update of the property requires.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum Documented {
    #[serde(rename = "replacement")]
    Replacement,
    #[serde(rename = "no interruption")]
    NoInterruption,
    #[serde(rename = "some interruptions")]
    SomeInterruptions,
}

#[derive(Deserialize)]
struct Recorded {
    version: String,
    /// By type and change: `replace`, `may be replaced`, or nothing for a change in place.
    answers: BTreeMap<String, String>,
}

impl Cases {
    /// Reads the two files.
    pub(crate) fn load() -> Result<Cases, serde_json::Error> {
        Ok(Cases {
            all: serde_json::from_str(include_str!("cases.json"))?,
            cdk: serde_json::from_str(include_str!("cdk.json"))?,
        })
    }

    /// What is wrong with the cases, or with what we predict.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self
            .all
            .iter()
            .flat_map(|case| {
                let faults = self.faults_of(case);
                faults.into_iter().map(move |fault| format!("{}: {fault}", case.name()))
            })
            .collect();
        let names: BTreeSet<String> = self.all.iter().map(Case::name).collect();
        let types: BTreeSet<&str> = self.all.iter().map(|case| case.type_name.as_str()).collect();
        if (names.len(), types.len()) < FEWEST || types.len() < FEWEST.1 {
            faults.push(format!("only {} changes over {} types", names.len(), types.len()));
        }
        if names.len() < self.all.len() {
            faults.push("two cases have one name".to_owned());
        }
        let known: BTreeSet<String> = self.cdk.answers.keys().cloned().collect();
        if known != names {
            faults.push("`cdk.json` is not of these cases: run `record.mjs` again".to_owned());
        }
        faults
    }

    fn faults_of(&self, case: &Case) -> Vec<String> {
        let mut faults = Vec::new();
        match case.predicted() {
            Ok(predicted) if word(predicted) != case.ours => {
                faults.push(format!("we say {}, not {}", word(predicted), case.ours));
            }
            Ok(_) => {}
            Err(error) => faults.push(error),
        }
        let agrees = self.agrees(case);
        if agrees == case.why.is_some() {
            let problem = if agrees { "agrees with CDK and is explained" } else { "is not explained" };
            faults.push(problem.to_owned());
        }
        let plain = match case.documented {
            Documented::Replacement => case.ours == "replaces",
            Documented::NoInterruption => case.ours == "updateInPlace",
            Documented::SomeInterruptions => case.ours == "interrupts",
        };
        if !plain && case.why.is_none() && case.says.is_none() {
            faults.push("we say something else than the documentation, and it is not explained".to_owned());
        }
        faults
    }

    /// Whether CDK says the same of a replacement; it has no word for interruptions.
    fn agrees(&self, case: &Case) -> bool {
        let ours = match case.ours.as_str() {
            "replaces" => "replace",
            "mayReplace" => "may be replaced",
            _ => "",
        };
        self.answer(case) == ours
    }

    fn answer(&self, case: &Case) -> &str {
        self.cdk.answers.get(&case.name()).map_or("nothing recorded", String::as_str)
    }

    /// What CDK says, as the page shows it.
    fn cdk(&self, case: &Case) -> &str {
        if self.answer(case).is_empty() { "in place" } else { self.answer(case) }
    }

    /// `docs/replacement.md`.
    pub(crate) fn page(&self) -> String {
        let (same, other): (Vec<&Case>, Vec<&Case>) = self.all.iter().partition(|case| self.agrees(case));
        let mut text =
            format!("{HEAD}{}\n| change | ours | CDK | documentation |\n|---|---|---|---|\n", self.counts());
        for case in &self.all {
            let mark = if self.agrees(case) { "" } else { "**" };
            let (ours, cdk) = (shown(&case.ours), self.cdk(case));
            let row =
                format!("| {} `{}` | {mark}{ours}{mark} | {mark}{cdk}{mark}", case.type_name, case.change);
            let _ = writeln!(text, "{row} | [{}]({}) |", case.documented.shown(), case.page());
        }
        text += "\n## Where they differ\n";
        for case in other {
            let _ = write!(text, "\n{}", self.difference(case));
        }
        text += "\n## What the documentation says besides\n\n";
        for case in same {
            if let Some(says) = &case.says {
                let _ = writeln!(text, "- {} `{}`: {says}", case.type_name, case.change);
            }
        }
        text
    }

    fn counts(&self) -> String {
        let types: BTreeSet<&str> = self.all.iter().map(|case| case.type_name.as_str()).collect();
        let other = || self.all.iter().filter(|case| !self.agrees(case));
        let open = other().filter(|case| case.ours == "mayReplace").count();
        let interrupts = self.all.iter().filter(|case| case.ours == "interrupts").count();
        format!(
            "**{} changes over {} types: CDK {} and `docuthinker` agree on {}, and differ on {}.** Of these, AWS's own
sources differ on {open}, where ours says that a replacement may happen; the other {} are settled by the documentation,
by the values in the templates or by the update policy. CDK has no word for interruptions; ours tells them for
{interrupts} of the changes.\n",
            self.all.len(),
            types.len(),
            self.cdk.version,
            self.all.len() - other().count(),
            other().count(),
            other().count() - open,
        )
    }

    /// One difference from CDK, explained.
    fn difference(&self, case: &Case) -> String {
        let (ours, cdk) = (shown(&case.ours), self.cdk(case));
        let why: Vec<&str> = [&case.says, &case.why].into_iter().flatten().map(String::as_str).collect();
        let mut text = format!("**{} `{}`**: {ours}, CDK: {cdk}.", case.type_name, case.change);
        let (page, documented) = (case.page(), case.documented.shown());
        let _ = write!(text, " The [documentation]({page}): {documented}. {}", why.join(" "));
        for source in &case.sources {
            let name = source.trim_end_matches(".html").rsplit('/').next().unwrap_or(source);
            let _ = write!(text, " [{name}]({source})");
        }
        text + "\n"
    }
}

const HEAD: &str = "\
<!-- Generated by `cargo xtask predictions` from `template/tests/replacement/`; change those. -->

# What is replaced: ours beside CDK's

`docuthinker diff` predicts without AWS what an update does to each resource. Here its word stands beside that of
`cdk diff --template`, for changes of one property each, with what AWS's documentation says that the update requires.
\"Some interruptions\" stands for two things there: what it says, and \"replaced if it cannot be updated\" where the
type's schema has the property among its `conditionalCreateOnlyProperties`; the text above it, or the published code of
the type's handler, tells which. The documentation was read in stored copies of its pages of 2020 to 2026, the newest
of each; the links go to what is there now.

";

impl Case {
    fn name(&self) -> String {
        format!("{} {}", self.type_name, self.change)
    }

    fn predicted(&self) -> Result<Consequence, String> {
        let template = |properties: &Map<String, Value>| {
            let mut resource = self.attributes.clone();
            resource.insert("Type".to_owned(), json!(self.type_name));
            resource.insert("Properties".to_owned(), json!(properties));
            let text = json!({ "Resources": { "Case": resource } }).to_string();
            let document = Template::parse(&text, "case.json").map_err(|errors| errors.to_string())?;
            Ok::<_, String>(document.template)
        };
        let changes = template::diff(&template(&self.before)?, &template(&self.after)?);
        let consequence = changes.resource("Case").and_then(|change| change.consequence);
        consequence.ok_or_else(|| "there is no difference".to_owned())
    }

    /// The property's place on the type's page.
    fn page(&self) -> String {
        let kind = self.type_name.to_lowercase().replace("aws::", "").replace("::", "-");
        let property = self.change.split([':', ',']).next().unwrap_or_default().to_lowercase();
        format!(
            "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-{kind}.html#cfn-{kind}-{property}"
        )
    }
}

impl Documented {
    fn shown(self) -> &'static str {
        match self {
            Documented::Replacement => "replacement",
            Documented::NoInterruption => "no interruption",
            Documented::SomeInterruptions => "some interruptions",
        }
    }
}

/// The consequence as JSON has it.
fn word(consequence: Consequence) -> String {
    serde_json::to_value(consequence)
        .ok()
        .and_then(|value| Some(value.as_str()?.to_owned()))
        .unwrap_or_default()
}

fn shown(ours: &str) -> &str {
    match ours {
        "replaces" => "replaces",
        "mayReplace" => "may replace",
        "interrupts" => "in place, interrupts",
        _ => "in place",
    }
}
