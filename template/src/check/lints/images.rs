//! The images that containers run.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::Model;

pub(super) static LINTS: &[Lint] = &[Lint { rule: &MOVING_TAG, check: moving_tag }];

rule! {
    /// An image without a fixed version.
    ///
    /// The tag `latest`, and no tag at all, which means the same, name another image tomorrow: two tasks of one
    /// service may run different code, a rollback brings back nothing, and the circuit breaker, which goes back to
    /// the last revision that worked, goes back to the same tag.
    ///
    /// Name a version, or better a digest: `repository@sha256:…`.
    ///
    /// Source: [Container images](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definition_image).
    pub(super) MOVING_TAG = "DT030" Warning;
}

fn moving_tag(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        for container in task.containers() {
            for image in container.value.get("Image") {
                for text in image.texts() {
                    if text.has_unknown() || !is_moving(&text.to_string()) {
                        continue;
                    }
                    found
                        .at(&image, format!("the image `{text}` has no fixed version"))
                        .hint("name a version or a digest: `repository:1.4.2`, `repository@sha256:…`");
                }
            }
        }
    }
}

/// Whether an image's name has the tag `latest` or none.
fn is_moving(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or_default();
    // What stands in for a resource may hold anything.
    if name.is_empty() || name.ends_with('}') || name.contains('@') {
        return false;
    }
    name.rsplit_once(':').is_none_or(|(_, tag)| tag == "latest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_with_a_port_is_no_tag() {
        assert!(is_moving("localhost:5000/app"));
        assert!(is_moving("nginx") && is_moving("nginx:latest"));
        assert!(!is_moving("localhost:5000/app:1"));
        assert!(!is_moving("app@sha256:0123") && !is_moving("${Repository.RepositoryUri}"));
    }
}
