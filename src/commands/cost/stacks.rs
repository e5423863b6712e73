//! The stacks that are priced, and by which prices.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use template::Template;
use template::cost::{Region, Stack};

use super::super::target::Parameters;
use super::Cost;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;
use crate::templates;

/// A stack with what its price depends on.
pub(super) struct Priced {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) template: Template,
    pub(super) parameters: BTreeMap<String, String>,
    /// Where it is deployed to, if that is known.
    pub(super) region: Option<String>,
    pub(super) prices: Region,
}

/// What is priced.
pub(super) struct Chosen {
    pub(super) each: Vec<Priced>,
    /// Unless it is a file.
    pub(super) environment: Option<String>,
    /// Whether these are all stacks of the project.
    pub(super) all: bool,
    /// The settings that the stacks are made from.
    settings: Value,
    /// The values that were given.
    pub(super) given: BTreeMap<String, String>,
}

impl Priced {
    /// Whether it is priced as in another region.
    pub(super) fn elsewhere(&self) -> bool {
        self.region.as_deref().is_some_and(|region| region != self.prices.name())
    }

    pub(super) fn stack(&self) -> Stack<'_> {
        Stack {
            name: &self.name,
            template: &self.template,
            parameters: &self.parameters,
            region: self.region.as_deref(),
            prices: self.prices,
        }
    }
}

impl Chosen {
    pub(super) fn stacks(&self) -> Vec<Stack<'_>> {
        self.each.iter().map(Priced::stack).collect()
    }

    /// The settings with which the changes are made, where the project has them: `network.nat=single`, or the name
    /// alone.
    pub(super) fn settings(&self, changes: &str) -> Vec<String> {
        let mut all = Vec::new();
        for (_, key, value) in
            SETTINGS.iter().filter(|(change, ..)| changes.split(',').any(|one| one == *change))
        {
            let keys: Vec<String> = match key.strip_prefix("*.") {
                Some(rest) => self.services().map(|service| format!("{service}.{rest}")).collect(),
                None => vec![(*key).to_owned()],
            };
            let known =
                |key: &String| key.split('.').try_fold(&self.settings, |value, key| value.get(key)).is_some();
            let value = if value.is_empty() { String::new() } else { format!("={value}") };
            all.extend(keys.into_iter().filter(known).map(|key| key + &value));
        }
        all
    }

    /// The settings that are services: they have a size.
    fn services(&self) -> impl Iterator<Item = &str> {
        let entries = self.settings.as_object().into_iter().flatten();
        entries.filter(|(_, value)| value.get("cpu").is_some()).map(|(key, _)| key.as_str())
    }
}

/// The settings of the changes, with a value where every project has the same; `*` is each service.
const SETTINGS: [(&str, &str, &str); 9] = [
    ("arm", "*.architecture", "arm64"),
    ("spot", "*.spot", ""),
    ("smaller-tasks", "*.cpu", ""),
    ("smaller-tasks", "*.memory", ""),
    ("fewer-tasks", "*.scaling.min", "1"),
    ("one-nat", "network.nat", "single"),
    ("no-nat", "network.mode", "public"),
    ("interface-endpoints", "network.interface_endpoints", ""),
    ("log-retention", "logs.retention_days", "7"),
];

/// The stacks or the template that the options name.
pub(super) fn chosen(args: &Cost, session: &mut Session<'_>) -> Result<Chosen> {
    let given = args.parameters.read()?;
    let mut chosen = match &args.template {
        Some(file) => from_file(file, args, session)?,
        None => from_project(args, session)?,
    };
    let each = chosen.each.iter_mut().map(|stack| (&stack.template, &mut stack.parameters));
    Parameters::hand_out(&given, each, &mut session.printer)?;
    Ok(Chosen { given, ..chosen })
}

fn from_file(file: &Path, args: &Cost, session: &mut Session<'_>) -> Result<Chosen> {
    session.refuse_settings()?;
    let file = templates::read(file)?;
    let region = session.region();
    let prices = prices(args, region.as_deref())?;
    let (name, template) = (file.name, file.document.template);
    let each = vec![Priced { id: name.clone(), name, template, parameters: BTreeMap::new(), region, prices }];
    Ok(Chosen { each, environment: None, all: false, settings: Value::Null, given: BTreeMap::new() })
}

fn from_project(args: &Cost, session: &mut Session<'_>) -> Result<Chosen> {
    let synthesis = session.sound(&args.stacks)?;
    let mut each = Vec::new();
    for stack in synthesis.stacks {
        let region = session.region().or(stack.region);
        let prices = prices(args, region.as_deref())?;
        let (id, parameters) = (stack.id, BTreeMap::new());
        each.push(Priced { id, name: stack.name, template: stack.template, parameters, region, prices });
    }
    Ok(Chosen {
        each,
        environment: Some(synthesis.config.environment),
        all: args.stacks.is_empty(),
        settings: synthesis.config.settings,
        given: BTreeMap::new(),
    })
}

/// The prices for what is deployed to `region`: those of another region only if they are asked for.
fn prices(args: &Cost, region: Option<&str>) -> Result<Region> {
    let Some(wanted) = args.price_region.as_deref().or(region) else { return Ok(Region::UsEast1) };
    Region::named(wanted).ok_or_else(|| {
        let known: Vec<&str> = Region::ALL.into_iter().map(Region::name).collect();
        let message = format!("no prices are known here for {wanted}, but for {}", known.join(" and "));
        let hint = "`--price-region us-east-1` prices it as if it were there, which is a rough figure";
        Failure::usage(Problem::error("cost/region", message).hint(hint))
    })
}
