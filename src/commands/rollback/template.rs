//! A template in which only the images of one task definition are others. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::images::Back;

/// What is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edited {
    pub(super) template: Value,
    /// Parameters that name an image, with their new values.
    pub(super) parameters: BTreeMap<String, String>,
}

/// The template with these images in the task definition with this logical id; `Err` has the containers that it does not
/// have under these names.
pub(super) fn with_images(
    template: &Value,
    task_definition: &str,
    backs: &[Back],
) -> Result<Edited, Vec<String>> {
    let mut edited = Edited { template: template.clone(), parameters: BTreeMap::new() };
    let declared = template.get("Parameters").cloned().unwrap_or_default();
    let path = format!("/Resources/{task_definition}/Properties/ContainerDefinitions");
    let mut missing = Vec::new();
    for back in backs {
        let containers = edited.template.pointer_mut(&path).and_then(Value::as_array_mut);
        let named =
            |container: &&mut Value| container.get("Name").and_then(Value::as_str) == Some(&back.container);
        let image = containers.and_then(|all| all.iter_mut().find(named)?.get_mut("Image"));
        match image {
            None => missing.push(back.container.clone()),
            Some(image) => match parameter(image, &declared) {
                Some(name) => drop(edited.parameters.insert(name, back.uri())),
                None => *image = changed(image, back),
            },
        }
    }
    if missing.is_empty() { Ok(edited) } else { Err(missing) }
}

/// The parameter that is the image.
fn parameter(image: &Value, declared: &Value) -> Option<String> {
    let name = image.get("Ref")?.as_str()?;
    declared.get(name).map(|_| name.to_owned())
}

/// The image by digest, written as it was before, so that the next deployment of a project that names this digest finds
/// nothing to change.
fn changed(image: &Value, back: &Back) -> Value {
    let swapped = match image {
        Value::Object(_) => match image.get("Fn::Sub") {
            Some(Value::String(text)) => {
                end_swapped(text, &back.digest).map(|text| json!({ "Fn::Sub": text }))
            }
            Some(Value::Array(parts)) => match parts.as_slice() {
                [Value::String(text), values] => {
                    end_swapped(text, &back.digest).map(|text| json!({ "Fn::Sub": [text, values] }))
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    swapped.unwrap_or_else(|| Value::String(back.uri()))
}

/// A text of `Fn::Sub` with the digest in the place of its tag or digest; `None` if that is not written in it.
fn end_swapped(text: &str, digest: &str) -> Option<String> {
    let (name, end) = match text.rsplit_once('@') {
        Some((name, end)) => (name, end),
        None => text.rsplit_once(':')?,
    };
    // What stands in braces may contain colons: a colon in it is none of the tag's.
    let written = !end.contains(['$', '{', '}', '/']) && !end.is_empty();
    written.then(|| format!("{name}@{digest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back() -> Back {
        Back {
            container: "web".to_owned(),
            repository: "123456789012.dkr.ecr.us-east-1.amazonaws.com/web".to_owned(),
            digest: "sha256:1".to_owned(),
        }
    }

    fn image(value: &Value) -> Value {
        let containers = json!([{ "Name": "sidecar", "Image": "x" }, { "Name": "web", "Image": value }]);
        let template = json!({
            "Parameters": { "Image": { "Type": "String" } },
            "Resources": { "Task": { "Properties": { "ContainerDefinitions": containers } }, "Other": { "Ref": "Task" } },
        });
        let edited = with_images(&template, "Task", &[back()]).unwrap();
        let mut back_again = edited.template.clone();
        back_again["Resources"]["Task"]["Properties"]["ContainerDefinitions"][1]["Image"] = value.clone();
        assert_eq!(back_again, template, "nothing else is another one");
        match edited.parameters.get("Image") {
            Some(given) => json!([given]),
            None => {
                edited.template["Resources"]["Task"]["Properties"]["ContainerDefinitions"][1]["Image"].clone()
            }
        }
    }

    #[test]
    fn an_image_is_written_as_it_was_with_another_end() {
        let uri = json!("123456789012.dkr.ecr.us-east-1.amazonaws.com/web@sha256:1");
        assert_eq!(image(&json!("web:v2")), uri);
        assert_eq!(image(&json!({ "Ref": "Image" })), json!([uri]));
        let import = json!({ "Value1": { "Fn::ImportValue": "Repository:Uri" } });
        assert_eq!(
            image(&json!({ "Fn::Sub": ["${Value1}:v1.0", import] })),
            json!({ "Fn::Sub": ["${Value1}@sha256:1", import] })
        );
        assert_eq!(
            image(&json!({ "Fn::Sub": ["${Value1}@sha256:2", import] })),
            json!({ "Fn::Sub": ["${Value1}@sha256:1", import] })
        );
        let sub = |text: &str| json!({ "Fn::Sub": text });
        let host = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/web";
        assert_eq!(image(&sub(&format!("{host}:v2"))), sub(&format!("{host}@sha256:1")));
        // The tag is not written here: only the whole can be.
        for unwritten in
            [sub(&format!("{host}:${{Tag}}")), sub(host), json!({ "Fn::Join": ["", ["a", "b"]] })]
        {
            assert_eq!(image(&unwritten), uri, "{unwritten}");
        }
    }

    #[test]
    fn a_container_that_the_template_does_not_have_is_told() {
        let template = json!({ "Resources": { "Task": { "Properties": { "ContainerDefinitions": [] } } } });
        assert_eq!(with_images(&template, "Task", &[back()]), Err(vec!["web".to_owned()]));
        assert_eq!(with_images(&template, "Else", &[back()]), Err(vec!["web".to_owned()]));
    }
}
