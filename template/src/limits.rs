//! How much a template may hold, and how it reaches CloudFormation.
//!
//! Source of the numbers: [CloudFormation quotas][aws] in the user guide.
//!
//! [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html

use serde::Serialize;

use crate::document::Template;
use crate::node::Node;
use crate::path::Path;

/// The most resources in a template.
pub const RESOURCES: usize = 500;
/// The most parameters in a template.
pub const PARAMETERS: usize = 200;
/// The most outputs in a template.
pub const OUTPUTS: usize = 200;
/// The most mappings in a template.
pub const MAPPINGS: usize = 200;
/// The most top-level keys in one mapping.
pub const MAPPING_ATTRIBUTES: usize = 200;
/// The longest name of a resource, parameter, output, mapping or key of a mapping, in characters.
pub const NAME_CHARACTERS: usize = 255;
/// The longest `Description` of a template or an output, in bytes.
pub const DESCRIPTION_BYTES: usize = 1024;
/// The longest `Description` of a parameter, in characters.
pub const PARAMETER_DESCRIPTION_CHARACTERS: usize = 4000;
/// The longest value of a parameter, in bytes.
pub const PARAMETER_VALUE_BYTES: usize = 4096;
/// The largest template that a request takes itself (`TemplateBody`), in bytes.
pub const INLINE_BYTES: usize = 51_200;
/// The largest template that CloudFormation fetches from S3 (`TemplateURL`), in bytes.
pub const BUCKET_BYTES: usize = 1_048_576;

/// How a template can be handed to CloudFormation, by the bytes of its [minified JSON](Template::to_json_minified).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Delivery {
    /// Within the request: at most [`INLINE_BYTES`].
    Inline,
    /// Through an S3 bucket: at most [`BUCKET_BYTES`].
    Bucket,
    /// Not at all.
    TooLarge,
}

impl Delivery {
    /// The way for a body of so many bytes of UTF-8.
    pub fn of(bytes: usize) -> Delivery {
        if bytes <= INLINE_BYTES {
            Delivery::Inline
        } else if bytes <= BUCKET_BYTES {
            Delivery::Bucket
        } else {
            Delivery::TooLarge
        }
    }
}

/// Whether a stack may have this name: a letter, then letters, digits and hyphens, at most 128 characters.
///
/// Source: [CreateStack][aws], `StackName`.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
pub fn is_stack_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// A limit that a template exceeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// Where; the top for the size of the whole.
    pub path: Path,
    /// What is counted, for example `resources` or `bytes as JSON`.
    pub what: &'static str,
    /// How many there are.
    pub found: usize,
    /// How many there may be.
    pub most: usize,
}

/// Every limit that the template exceeds. A body that is too large for a request but not for S3 is none.
pub fn exceeded(template: &Template) -> Vec<Excess> {
    let mut counter = Counter(Vec::new());
    counter.count(Path::of(["Resources"]), "resources", template.resources.len(), RESOURCES);
    counter.count(Path::of(["Parameters"]), "parameters", template.parameters.len(), PARAMETERS);
    counter.count(Path::of(["Outputs"]), "outputs", template.outputs.len(), OUTPUTS);
    counter.count(Path::of(["Mappings"]), "mappings", template.mappings.len(), MAPPINGS);
    counter.mappings(template);
    counter.names("Resources", template.resources.keys());
    counter.names("Parameters", template.parameters.keys());
    counter.names("Outputs", template.outputs.keys());
    counter.descriptions(template);
    for (name, parameter) in &template.parameters {
        let value = parameter.default.as_ref().and_then(Node::scalar_text).map_or(0, |text| text.len());
        counter.count(Path::of(["Parameters", name, "Default"]), "bytes", value, PARAMETER_VALUE_BYTES);
    }
    counter.count(Path::new(), "bytes as JSON", template.json_bytes(), BUCKET_BYTES);
    counter.0
}

struct Counter(Vec<Excess>);

impl Counter {
    fn count(&mut self, path: Path, what: &'static str, found: usize, most: usize) {
        if found > most {
            self.0.push(Excess { path, what, found, most });
        }
    }

    fn names<'n>(&mut self, section: &str, names: impl Iterator<Item = &'n String>) {
        for name in names {
            let length = name.chars().count();
            self.count(Path::of([section, name]), "characters in a name", length, NAME_CHARACTERS);
        }
    }

    fn mappings(&mut self, template: &Template) {
        self.names("Mappings", template.mappings.keys());
        for (name, mapping) in &template.mappings {
            let Node::Map(keys) = mapping else { continue };
            let path = Path::of(["Mappings", name]);
            self.count(path.clone(), "keys in a mapping", keys.len(), MAPPING_ATTRIBUTES);
            for key in keys.keys() {
                self.count(path.key(key), "characters in a name", key.chars().count(), NAME_CHARACTERS);
            }
        }
    }

    fn descriptions(&mut self, template: &Template) {
        let length = template.description.as_ref().map_or(0, String::len);
        self.count(Path::of(["Description"]), "bytes", length, DESCRIPTION_BYTES);
        for (name, output) in &template.outputs {
            let length = output.description.as_ref().map_or(0, String::len);
            self.count(Path::of(["Outputs", name, "Description"]), "bytes", length, DESCRIPTION_BYTES);
        }
        for (name, parameter) in &template.parameters {
            let length = parameter.description.as_ref().map_or(0, |text| text.chars().count());
            let path = Path::of(["Parameters", name, "Description"]);
            self.count(path, "characters", length, PARAMETER_DESCRIPTION_CHARACTERS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Output, Parameter, Resource};
    use crate::node::Map;

    fn numbered<T: Clone>(count: usize, thing: &T) -> Map<T> {
        (0..count).map(|place| (format!("T{place}"), thing.clone())).collect()
    }

    #[track_caller]
    fn check(template: &Template, expected: &[&str]) {
        let lines: Vec<_> = exceeded(template)
            .iter()
            .map(|excess| {
                format!("{}: {} {}, at most {}", excess.path, excess.found, excess.what, excess.most)
            })
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn as_much_as_is_allowed_is_allowed() {
        let output =
            Output { value: 1.into(), description: Some("d".repeat(1024)), export: None, condition: None };
        check(
            &Template {
                description: Some("é".repeat(512)),
                resources: numbered(500, &Resource::default()),
                parameters: numbered(
                    200,
                    &Parameter { description: Some("é".repeat(100)), ..Parameter::default() },
                ),
                mappings: numbered(200, &Node::Map(numbered(20, &Node::Null))),
                metadata: Map::from_iter([("A".to_owned(), Node::from("é".repeat(300_000)))]),
                outputs: numbered(200, &output),
                ..Template::default()
            },
            &[],
        );
    }

    #[test]
    fn one_more_is_too_much() {
        let output =
            Output { value: 1.into(), description: Some("é".repeat(513)), export: None, condition: None };
        let long = "P".repeat(256);
        let parameter = Parameter { default: Some("x".repeat(4097).into()), ..Parameter::default() };
        check(
            &Template {
                description: Some("é".repeat(513)),
                resources: numbered(501, &Resource::default()),
                parameters: [(long.clone(), parameter)].into(),
                mappings: Map::from_iter([(
                    "M".to_owned(),
                    Node::Map(numbered(201, &Node::Map(Map::default()))),
                )]),
                outputs: [("O".to_owned(), output)].into(),
                ..Template::default()
            },
            &[
                "Resources: 501 resources, at most 500",
                "Mappings.M: 201 keys in a mapping, at most 200",
                &format!("Parameters.{long}: 256 characters in a name, at most 255"),
                "Description: 1026 bytes, at most 1024",
                "Outputs.O.Description: 1026 bytes, at most 1024",
                &format!("Parameters.{long}.Default: 4097 bytes, at most 4096"),
            ],
        );
    }

    #[test]
    fn the_way_to_cloudformation_is_decided_by_bytes() {
        assert_eq!(Delivery::of(51_200), Delivery::Inline);
        assert_eq!(Delivery::of(51_201), Delivery::Bucket);
        assert_eq!(Delivery::of(1_048_576), Delivery::Bucket);
        assert_eq!(Delivery::of(1_048_577), Delivery::TooLarge);
        let metadata = Map::from_iter([("A".to_owned(), Node::from("é".repeat(600_000)))]);
        let template = Template { metadata, ..Template::default() };
        check(&template, &[": 1200021 bytes as JSON, at most 1048576"]);
    }
}
