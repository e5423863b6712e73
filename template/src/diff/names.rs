//! Fixed names that somebody else still has when a resource is made.
//!
//! CloudFormation makes all that is new before it deletes what goes. So a resource under another logical ID, and each
//! of two that swap their names, fails with "already exists".
//!
//! Source: [Name type][name], and [update behaviors][update] on the order.
//!
//! [name]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
//! [update]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html

use std::collections::BTreeMap;

use super::canon::{canon, canon_text};
use super::context::Context;
use super::identity::name_properties;
use super::{Action, Consequence, ResourceChange};
use crate::document::{Resource, Template};
use crate::facts::{self, ResourceFacts, Update};
use crate::path::Path;

/// The names of the old template, each with the logical ID that has it.
type Holders<'t> = BTreeMap<Name, &'t str>;

/// A type, the property that names, and the name with what it is unique in.
pub(super) type Name = (String, String, String);

/// Marks the resources that are made while another one has their name.
pub(super) fn taken_names(old: &Template, new: &Template, resources: &mut [ResourceChange]) {
    let makes = |change: &ResourceChange| {
        !change.dormant
            && change.fixed_name.is_none()
            && (change.action == Action::Added || change.consequence == Some(Consequence::Replaces))
    };
    if !resources.iter().any(makes) {
        return;
    }
    let not_there: Vec<String> = resources
        .iter()
        .filter(|change| change.dormant || change.action == Action::Added)
        .map(|change| change.id.clone())
        .collect();
    let there = old.resources.iter().filter(|(id, _)| !not_there.contains(id));
    let holders: Holders<'_> =
        there.flat_map(|(id, resource)| names(resource).map(move |(name, _)| (name, id.as_str()))).collect();
    for change in resources.iter_mut().filter(|change| makes(change)) {
        let Some(resource) = new.resources.get(&change.id) else { continue };
        let taken = names(resource).find_map(|(name, property)| Some((*holders.get(&name)?, property)));
        if let Some((holder, property)) = taken.filter(|(holder, _)| *holder != change.id) {
            change.fixed_name = Some(Path::of(["Resources", &change.id, "Properties", &property]));
            change.name_taken_by = Some(holder.to_owned());
        }
    }
}

/// The fixed names of a resource, comparable with those of others.
pub(super) fn fixed_names(resource: &Resource) -> impl Iterator<Item = Name> {
    names(resource).map(|(name, _)| name)
}

/// The fixed names of a resource, each with its property.
fn names(resource: &Resource) -> impl Iterator<Item = (Name, String)> {
    let facts = facts::resource(&resource.type_name);
    facts.into_iter().flat_map(|facts| {
        name_properties(facts).filter_map(|property| {
            let value = resource.properties.get(&property)?;
            // What is not given as a text may be another thing for each resource.
            let name = canon_text(value, Context::default());
            let within = scope(facts, resource, &property);
            Some(((resource.type_name.clone(), property.clone(), name + &within), property))
        })
    })
}

/// What a name is unique in: the cluster of a service, the function of an alias. Without it, two names would be one that
/// are not; so everything that replaces the resource and looks like a reference counts.
fn scope(facts: &ResourceFacts, resource: &Resource, name: &str) -> String {
    let refers = |property: &str| {
        let ends = ["Id", "Arn", "Name", "Cluster"].iter().any(|end| property.ends_with(end));
        ends && property != name && facts.update(&[property]) == Update::Replaces
    };
    let within = resource.properties.iter().filter(|(property, _)| refers(property));
    let mut texts: Vec<String> = within
        .map(|(property, node)| {
            format!(
                "\n{property}={}",
                serde_json::to_string(&canon(node, Context::default())).unwrap_or_default()
            )
        })
        .collect();
    texts.sort_unstable();
    texts.concat()
}
