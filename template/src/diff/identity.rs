//! Whether what `Ref` and `Fn::GetAtt` give becomes another value when a resource changes.

use std::collections::BTreeMap;

use super::Consequence;
use super::canon::same;
use super::context::Context;
use crate::document::Resource;
use crate::facts::{self, ResourceFacts, Update};
use crate::path::Path;

/// Whether a value becomes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// It stays.
    No,
    /// Only AWS can tell.
    May,
    /// It does.
    Yes,
}

/// What happens to a resource, as far as those who refer to it are concerned.
#[derive(Debug, Clone, Default)]
pub(super) struct Happens {
    pub(super) consequence: Option<Consequence>,
    /// The properties whose value becomes another, and whether that is certain.
    pub(super) properties: BTreeMap<String, bool>,
}

impl Happens {
    /// Whether the resource becomes another one.
    fn replaced(&self) -> Effect {
        match self.consequence {
            Some(Consequence::Replaces) => Effect::Yes,
            Some(Consequence::MayReplace) => Effect::May,
            _ => Effect::No,
        }
    }

    fn property(&self, name: &str) -> Effect {
        match self.properties.get(name) {
            Some(true) => Effect::Yes,
            Some(false) => Effect::May,
            None => Effect::No,
        }
    }
}

/// A resource in both templates.
#[derive(Clone, Copy)]
pub(super) struct Both<'t> {
    pub(super) old: &'t Resource,
    pub(super) new: &'t Resource,
}

impl Both<'_> {
    fn facts(self) -> Option<&'static ResourceFacts> {
        facts::resource(&self.new.type_name)
    }

    /// Whether a property is given in both templates, and stays.
    fn keeps(self, property: &str, happens: &Happens) -> bool {
        let of = |resource: &'_ Resource| resource.properties.get(property).cloned();
        match (of(self.old), of(self.new)) {
            (Some(old), Some(new)) => {
                happens.property(property) == Effect::No && same(&old, &new, Context::default())
            }
            _ => false,
        }
    }

    /// Whether its `Ref` or the attribute becomes another value.
    pub(super) fn effect(self, attribute: Option<&str>, happens: &Happens) -> Effect {
        match attribute {
            None => self.reference(happens),
            Some(attribute) => self.attribute(attribute, happens),
        }
    }

    fn reference(self, happens: &Happens) -> Effect {
        let parts = self.facts().map(|facts| facts.reference.parts.as_slice()).unwrap_or_default();
        if !parts.is_empty() && parts.iter().all(|part| self.keeps(part, happens)) {
            return Effect::No;
        }
        // A name that can be changed in place is rare, and still another name.
        let renamed = parts.iter().map(|part| happens.property(part)).max().unwrap_or(Effect::No);
        renamed.max(happens.replaced())
    }

    fn attribute(self, attribute: &str, happens: &Happens) -> Effect {
        // An attribute that gives back a property is what the template says.
        let last = attribute.rsplit('.').next().unwrap_or(attribute);
        if self.keeps(last, happens) {
            return Effect::No;
        }
        let given_back = happens.property(last);
        let replaced = happens.replaced();
        if replaced == Effect::No {
            return given_back.max(self.drifts(attribute, happens));
        }
        let named = self.reference(happens) == Effect::No;
        let told = self.facts().is_some_and(|facts| is_identity(facts, attribute));
        // An ARN or address made of a name that stays may stay, or hold something random.
        if told && !named { given_back.max(replaced) } else { given_back.max(Effect::May) }
    }

    /// Whether an attribute may become another with any change in place.
    fn drifts(self, attribute: &str, happens: &Happens) -> Effect {
        let touched = happens.consequence.is_some_and(|does| does >= Consequence::UpdateInPlace);
        match self.new.type_name.as_str() {
            // Every change makes a version.
            "AWS::EC2::LaunchTemplate" if attribute == "LatestVersionNumber" && touched => Effect::Yes,
            // What they give is made by somebody else.
            "AWS::CloudFormation::Stack"
            | "AWS::CloudFormation::CustomResource"
            | "AWS::EC2::LaunchTemplate"
                if attribute != "LaunchTemplateId" && attribute != "LaunchTemplateName" =>
            {
                Effect::May
            }
            name if name.starts_with("Custom::") || self.facts().is_none() => Effect::May,
            _ => Effect::No,
        }
    }
}

/// Whether an attribute is made of what identifies a resource, or of what AWS gives each one anew.
fn is_identity(facts: &ResourceFacts, attribute: &str) -> bool {
    const ENDS: [&str; 9] =
        ["Id", "Arn", "ARN", "DNSName", "DomainName", "Address", "Endpoint", "Url", "CanonicalHostedZoneID"];
    facts.attribute(attribute).is_some_and(|known| known.is_arn)
        || facts.reference.parts.contains(&attribute)
        || facts.primary_identifier.contains(&attribute)
        || ENDS.iter().any(|end| attribute.ends_with(end))
}

/// The property that gives a resource a fixed name, if the name stays while the resource is replaced, the new one
/// being made first.
pub(super) fn fixed_name(id: &str, both: Both<'_>, happens: &Happens) -> Option<Path> {
    if happens.consequence != Some(Consequence::Replaces) || both.old.type_name != both.new.type_name {
        return None;
    }
    let facts = both.facts()?;
    if facts.replacement == facts::Replacement::DeleteThenCreate {
        return None;
    }
    let name = name_properties(facts).find(|name| both.keeps(name, happens))?;
    Some(Path::of(["Resources", id, "Properties", &name]))
}

/// Types of which many may have one name: each is a revision or version of what the name is for.
const MANY_OF_ONE_NAME: [&str; 5] = [
    "AWS::Batch::JobDefinition",
    "AWS::ImageBuilder::Component",
    "AWS::ImageBuilder::ContainerRecipe",
    "AWS::ImageBuilder::ImageRecipe",
    "AWS::ImageBuilder::Workflow",
];

/// The properties that may give a resource of this type a fixed name.
pub(super) fn name_properties(facts: &ResourceFacts) -> impl Iterator<Item = String> {
    let kind = facts.type_name.rsplit("::").next().unwrap_or_default();
    let names = [format!("{kind}Name"), format!("{kind}Identifier"), format!("{kind}Id"), "Name".to_owned()];
    let fixed = !MANY_OF_ONE_NAME.contains(&facts.type_name);
    names.into_iter().filter(move |name| {
        let given =
            fixed && facts.properties().property(name).is_some() && !facts.is_read_only(&[name.as_str()]);
        given && facts.update(&[name.as_str()]) == Update::Replaces
    })
}
