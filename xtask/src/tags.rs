//! Where a type takes its tags.

use serde_json::Value;
use template::facts::{TagFacts, TagShape};

use crate::facts::text;
use crate::replacement::property_path;
use crate::spec::{self, TagVariant};

/// The tag property of the type: by the service spec, or else by the schema.
pub(crate) fn tags(resource: Option<&spec::Resource>, json: Option<&Value>) -> Option<TagFacts> {
    let tagging = json.and_then(|json| json.get("tagging"));
    let says = |key: &str| tagging.and_then(|tagging| tagging.get(key)).and_then(Value::as_bool);
    let updatable = says("tagUpdatable").unwrap_or(true);
    if let Some(tags) = resource.and_then(|resource| resource.tag_information.as_ref()) {
        let shape = match tags.variant {
            TagVariant::Standard => TagShape::List,
            TagVariant::Asg => TagShape::Propagated,
            TagVariant::Map => TagShape::Map,
        };
        return Some(TagFacts { property: text(&tags.tag_property_name), shape, updatable });
    }
    let json = json?;
    let pointer = tagging?.get("tagProperty").and_then(Value::as_str).unwrap_or("/properties/Tags");
    let [property] = &property_path(pointer)[..] else { return None };
    let place = json.get("properties")?.get(property)?;
    let is_list = place.get("type").and_then(Value::as_str) == Some("array");
    let shape = if is_list { TagShape::List } else { TagShape::Map };
    (says("taggable") != Some(false)).then(|| TagFacts { property: text(property), shape, updatable })
}
