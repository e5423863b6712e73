//! The resource schemas inside `cfn-lint`.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use anyhow::{Context, Result};
use serde_json::Value;

const SCHEMAS: &str = "cfnlint/data/schemas/";

/// Every resource type's schema, and where the type exists.
pub(crate) struct CfnLint {
    /// The schema of each type, as in the first region of `regions` that has the type; and the types of the
    /// serverless transform, which no region has.
    pub(crate) schemas: BTreeMap<String, Value>,
    /// The names of the regions, the reference region first and the others by name.
    pub(crate) regions: Vec<String>,
    /// The types that each region offers, in the order of `regions`.
    pub(crate) offers: Vec<BTreeMap<String, String>>,
    /// The types that hold data, by the linter's own list.
    pub(crate) stateful: Vec<String>,
    /// The types of which every property is also an attribute.
    pub(crate) every_property_is_attribute: Vec<String>,
    /// Attributes that the schemas do not say, by type.
    pub(crate) more_attributes: BTreeMap<String, Vec<String>>,
    /// The services that IAM knows, by the prefix of their actions.
    pub(crate) services: BTreeMap<String, Service>,
}

/// A service, as IAM knows it. All names are in lower case.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Service {
    /// Its actions, each with the names of the resources to which it can be narrowed.
    pub(crate) actions: BTreeMap<String, Named>,
    /// Its resources by name.
    #[serde(default)]
    pub(crate) resources: BTreeMap<String, Form>,
}

/// The resources of an action, by name.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Named {
    #[serde(default)]
    pub(crate) resources: Vec<String>,
}

/// The forms of a resource's ARN, as regular expressions of which only `.*` is used.
#[derive(serde::Deserialize)]
pub(crate) struct Form {
    #[serde(rename = "ARNFormats")]
    pub(crate) arns: Vec<String>,
}

impl CfnLint {
    /// Reads the schemas from the bytes of the wheel.
    pub(crate) fn read(wheel: &[u8]) -> Result<CfnLint> {
        let mut wheel = zip::ZipArchive::new(Cursor::new(wheel)).context("opening cfn-lint's wheel")?;
        let regions = regions(&wheel);
        let mut offers: Vec<BTreeMap<String, String>> = Vec::new();
        for region in &regions {
            let file = format!("{SCHEMAS}providers/{region}.json");
            offers.push(serde_json::from_slice(&read(&mut wheel, &file)?)?);
        }
        let sam: BTreeMap<String, String> =
            serde_json::from_slice(&read(&mut wheel, &format!("{SCHEMAS}providers/sam.json"))?)?;
        let mut schemas = BTreeMap::new();
        for offer in offers.iter().chain([&sam]) {
            for (name, hash) in offer {
                if !schemas.contains_key(name) {
                    let schema = read(&mut wheel, &format!("{SCHEMAS}resources/{hash}.json"))?;
                    schemas.insert(name.clone(), serde_json::from_slice(&schema)?);
                }
            }
        }
        let stateful: Value = serde_json::from_slice(&read(
            &mut wheel,
            "cfnlint/data/AdditionalSpecs/StatefulResources.json",
        )?)?;
        let stateful =
            stateful["ResourceTypes"].as_object().context("the list of stateful types is an object")?;
        let services: BTreeMap<String, Service> =
            serde_json::from_slice(&read(&mut wheel, "cfnlint/data/AdditionalSpecs/Policies.json")?)?;
        let code = String::from_utf8(read(&mut wheel, "cfnlint/schema/_getatts.py")?)?;
        Ok(CfnLint {
            schemas,
            regions,
            offers,
            stateful: stateful.keys().cloned().collect(),
            every_property_is_attribute: quoted(python(&code, "_all_property_types = [", "\n]")?),
            more_attributes: exceptions(python(&code, "_exceptions = {", "\n}")?),
            services,
        })
    }

    /// The schema of a type's properties.
    pub(crate) fn schema(&self, type_name: &str) -> Option<Schema<'_>> {
        self.schemas.get(type_name).map(|root| Schema { root, here: root })
    }
}

/// The reference region first: its schemas are the most complete.
fn regions(wheel: &zip::ZipArchive<Cursor<&[u8]>>) -> Vec<String> {
    let mut regions: Vec<String> = wheel
        .file_names()
        .filter_map(|file| file.strip_prefix(SCHEMAS)?.strip_prefix("providers/")?.strip_suffix(".json"))
        .filter(|region| *region != "sam")
        .map(str::to_owned)
        .collect();
    regions.sort_by_key(|region| (region != "us-east-1", region.clone()));
    regions
}

/// The part of Python code between `start` and `end`. The linter keeps two of its lists as code, not as data.
fn python<'a>(code: &'a str, start: &str, end: &str) -> Result<&'a str> {
    let from = code.split_once(start).with_context(|| format!("cfn-lint's code has no `{start}`"))?.1;
    Ok(from.split_once(end).with_context(|| format!("`{start}` has no end"))?.0)
}

/// Every text in double quotes.
fn quoted(python: &str) -> Vec<String> {
    python.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A Python dictionary of lists of text.
fn exceptions(python: &str) -> BTreeMap<String, Vec<String>> {
    let entries = python.split(']').map(quoted);
    entries.filter(|entry| !entry.is_empty()).map(|entry| (entry[0].clone(), entry[1..].to_vec())).collect()
}

fn read(wheel: &mut zip::ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    wheel.by_name(name).with_context(|| format!("cfn-lint holds no {name}"))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A place in a schema, with references resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema<'a> {
    root: &'a Value,
    here: &'a Value,
}

impl<'a> Schema<'a> {
    /// The schema itself, as JSON.
    pub(crate) fn json(self) -> &'a Value {
        self.here
    }

    /// The schema of the property `name`.
    pub(crate) fn property(self, name: &str) -> Option<Schema<'a>> {
        self.at(self.resolved().get("properties")?.get(name)?)
    }

    /// The schema of a list's items or of a map's values.
    pub(crate) fn element(self) -> Option<Schema<'a>> {
        let here = self.resolved();
        if let Some(items) = here.get("items") {
            return self.at(items);
        }
        let patterns = here.get("patternProperties").and_then(Value::as_object);
        self.at(patterns.and_then(|patterns| patterns.values().next())?)
    }

    /// Where `here` leads if it is a reference.
    pub(crate) fn resolved(self) -> &'a Value {
        let mut here = self.here;
        // A reference may lead to another; a chain longer than this would be a circle.
        for _ in 0..16 {
            match here
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|path| self.root.pointer(path.strip_prefix('#')?))
            {
                Some(target) => here = target,
                None => break,
            }
        }
        here
    }

    /// The names of the properties that must be given.
    pub(crate) fn required(self) -> Vec<&'a str> {
        strings(self.resolved().get("required"))
    }

    /// The values that a scalar may take, if the schema lists them.
    pub(crate) fn allowed(self) -> &'a [Value] {
        let list = |schema: &'a Value| schema.get("enum").and_then(Value::as_array);
        list(self.here).or_else(|| list(self.resolved())).map_or(&[], Vec::as_slice)
    }

    /// The formats that name a kind of AWS identifier (`AWS::EC2::VPC.Id`), of this place and its alternatives.
    pub(crate) fn identifiers(self) -> Vec<&'a str> {
        let mut found = Vec::new();
        collect_formats(self.here, &mut found);
        if !std::ptr::eq(self.here, self.resolved()) {
            collect_formats(self.resolved(), &mut found);
        }
        found.retain(|format| format.starts_with("AWS::"));
        found
    }

    fn at(self, here: &'a Value) -> Option<Schema<'a>> {
        here.is_object().then_some(Schema { root: self.root, here })
    }
}

fn collect_formats<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    found.extend(schema.get("format").and_then(Value::as_str));
    for key in ["anyOf", "oneOf", "allOf"] {
        for alternative in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            collect_formats(alternative, found);
        }
    }
}

/// The strings of a JSON list.
pub(crate) fn strings(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
