//! The images that containers run.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::ecs::TaskDefinition;
use crate::model::{Model, Text, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &MOVING_TAG, check: moving_tag },
    Lint { rule: &DEPRECATED, check: deprecated },
    Lint { rule: &ROOT, check: root },
];

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
    for (image, text) in images(model) {
        // Whatever an import or a parameter brings, a tag that is written behind it is the tag.
        let is_moving =
            if text.has_unknown() { text.end().ends_with(":latest") } else { is_moving(&text.to_string()) };
        if is_moving {
            found
                .at(&image, format!("the image `{text}` has no fixed version"))
                .hint("name a version or a digest: `repository:1.4.2`, `repository@sha256:…`");
        }
    }
}

/// Every image that a container runs, as every text that it may be.
fn images<'m>(model: &'m Model<'m>) -> Vec<(Value<'m>, Text<'m>)> {
    let containers = model.task_definitions().flat_map(TaskDefinition::containers);
    let values = containers.flat_map(|container| container.value.get("Image"));
    values
        .flat_map(|image| {
            image.texts().into_iter().map(move |text| (image.clone(), text)).collect::<Vec<_>>()
        })
        .collect()
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

rule! {
    /// The X-Ray daemon, which gets security fixes only.
    ///
    /// Since 25 February 2026 the X-Ray SDKs and the daemon (`amazon/aws-xray-daemon`, `public.ecr.aws/xray`) are
    /// in maintenance mode: they are given security fixes and nothing else, and AWS asks to move to OpenTelemetry.
    ///
    /// Run the AWS Distro for OpenTelemetry collector (`public.ecr.aws/aws-observability/aws-otel-collector`) or the
    /// CloudWatch agent beside the program, and send traces to port 4317.
    ///
    /// Source: [X-Ray SDK and daemon timeline](https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-daemon-timeline.html).
    pub(super) DEPRECATED = "DT058" Warning;
}

fn deprecated(model: &Model<'_>, found: &mut Findings) {
    for (image, text) in images(model) {
        // The name is before the tag or digest; a registry with a port is before a `/`.
        let text = text.to_string();
        let name = text.rsplit('/').next().unwrap_or_default();
        if name.split([':', '@']).next() == Some("aws-xray-daemon") {
            found
                .at(&image, format!("the image `{text}` is the X-Ray daemon, which is no longer developed"))
                .hint("use `public.ecr.aws/aws-observability/aws-otel-collector`, and send traces by OTLP");
        }
    }
}

rule! {
    /// A container that runs as root and can change its own files.
    ///
    /// Whoever takes over the program may write anywhere in the container: replace its code, add tools, stay. An
    /// image's own `USER` is not seen here, and can be changed by the next build.
    ///
    /// Set `User` to a number (`1000:1000`), or `ReadonlyRootFilesystem: true` with volumes for what is written;
    /// better both.
    ///
    /// Source: [Task definition security](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html).
    pub(super) ROOT = "DT059" Warning;
}

fn root(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions().filter(|task| !may_be_windows(*task)) {
        for container in task.containers() {
            // A log router reads the sockets of the others, which belong to root.
            if container.value.get("FirelensConfiguration").iter().any(|router| !router.is_absent()) {
                continue;
            }
            let Some(user) = container.value.get("User").into_iter().find(is_root) else { continue };
            let writable = container.value.get("ReadonlyRootFilesystem").into_iter().any(|read_only| {
                let off = read_only.is_absent() || read_only.boolean() == Some(false);
                off && read_only.world().meets(user.world())
            });
            if writable {
                let who = if user.is_absent() { "root, unless its image says another user," } else { "root" };
                found
                    .at(
                        &container.value,
                        format!("{} runs as {who} and can change its own files", container.shown()),
                    )
                    .hint("set `User: \"1000:1000\"`, or `ReadonlyRootFilesystem: true`");
            }
        }
    }
}

fn is_root(user: &Value<'_>) -> bool {
    let name = user.text().map(|text| text.split(':').next().unwrap_or_default().to_owned());
    user.is_absent() || name.is_some_and(|name| matches!(name.as_str(), "" | "0" | "root"))
}

/// Whether its containers are for Windows, which has other users and no read-only root, or that is not known.
fn may_be_windows(task: TaskDefinition<'_>) -> bool {
    let systems = task.0.get("RuntimePlatform.OperatingSystemFamily");
    systems.iter().any(|system| !system.is_absent() && !system.is_text("LINUX"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::check::lints::testing::found;

    #[test]
    fn a_registry_with_a_port_is_no_tag() {
        assert!(is_moving("localhost:5000/app"));
        assert!(is_moving("nginx") && is_moving("nginx:latest"));
        assert!(!is_moving("localhost:5000/app:1"));
        assert!(!is_moving("app@sha256:0123") && !is_moving("${Repository.RepositoryUri}"));
    }

    fn container(code: &str, properties: &str) -> String {
        let task = format!("{{ContainerDefinitions: [{{Name: a, {properties}}}]}}");
        found(code, &format!("Resources: {{Task: {{Type: 'AWS::ECS::TaskDefinition', Properties: {task}}}}}"))
    }

    #[test]
    fn a_tag_is_known_whatever_stands_before_it() {
        let image = |image: &str| container("DT030", &format!("Image: {image}"));
        assert_snapshot!(image("!Sub ['${Uri}:latest', {Uri: !ImportValue uri}]"), @"
        the image `${ImportValue}:latest` has no fixed version at Resources.Task.Properties.ContainerDefinitions[0].Image (name a version or a digest: `repository:1.4.2`, `repository@sha256:…`)
        ");
        assert_eq!(image("!Sub ['${Uri}:1.4.2', {Uri: !ImportValue uri}]"), "");
        assert_eq!(image("!Sub ['${Uri}', {Uri: !ImportValue uri}]"), "");
        assert_eq!(image("!Sub ['${Uri}latest', {Uri: !ImportValue uri}]"), "");
    }

    #[test]
    fn the_x_ray_daemon_is_known_wherever_it_is_kept() {
        assert_snapshot!(container("DT058", "Image: 'amazon/aws-xray-daemon'"), @"
        the image `amazon/aws-xray-daemon` is the X-Ray daemon, which is no longer developed at Resources.Task.Properties.ContainerDefinitions[0].Image (use `public.ecr.aws/aws-observability/aws-otel-collector`, and send traces by OTLP)
        ");
        assert_snapshot!(container("DT058", "Image: !Sub '${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com/aws-xray-daemon@sha256:0'"), @"
        the image `${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com/aws-xray-daemon@sha256:0` is the X-Ray daemon, which is no longer developed at Resources.Task.Properties.ContainerDefinitions[0].Image (use `public.ecr.aws/aws-observability/aws-otel-collector`, and send traces by OTLP)
        ");
        assert_eq!(container("DT058", "Image: 'my/aws-xray-daemon-reader:1'"), "");
    }

    #[test]
    fn a_user_or_a_read_only_file_system_is_enough() {
        assert_snapshot!(container("DT059", "Image: 'a:1'"), @r#"
        the container `a` runs as root, unless its image says another user, and can change its own files at Resources.Task.Properties.ContainerDefinitions[0] (set `User: "1000:1000"`, or `ReadonlyRootFilesystem: true`)
        "#);
        assert_snapshot!(container("DT059", "User: '0:0', ReadonlyRootFilesystem: false"), @r#"
        the container `a` runs as root and can change its own files at Resources.Task.Properties.ContainerDefinitions[0] (set `User: "1000:1000"`, or `ReadonlyRootFilesystem: true`)
        "#);
        assert_eq!(container("DT059", "User: 1000"), "");
        assert_eq!(container("DT059", "User: !ImportValue user"), "");
        assert_eq!(container("DT059", "ReadonlyRootFilesystem: !ImportValue closed"), "");
    }
}
