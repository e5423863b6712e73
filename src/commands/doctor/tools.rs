//! The programs of this machine that other commands call, and those that are not needed.

use cloud::preflight::Check;

use crate::aws::Row;
use crate::tool;

/// A way to get a program: what must be on the `PATH`, and the command.
type Ways<'a> = [(&'a str, &'a str)];

const BUILDERS: &Ways<'_> = &[
    ("brew", "brew install podman && podman machine init && podman machine start"),
    ("apt-get", "sudo apt-get install -y podman"),
    ("dnf", "sudo dnf install -y podman"),
    ("apk", "sudo apk add podman"),
    ("winget", "winget install Docker.DockerDesktop"),
];
const GIT: &Ways<'_> = &[
    ("brew", "brew install git"),
    ("apt-get", "sudo apt-get install -y git"),
    ("dnf", "sudo dnf install -y git"),
    ("apk", "sudo apk add git"),
    ("winget", "winget install Git.Git"),
];
/// Where AWS has the plugin for each system: no system has it in its own collection.
///
/// Source: [Install the plugin][aws] in the Systems Manager user guide.
///
/// [aws]: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html
const PLUGIN: &Ways<'_> = &[
    ("brew", "brew install --cask session-manager-plugin"),
    (
        "dpkg",
        "curl -LO https://s3.amazonaws.com/session-manager-downloads/plugin/latest/SYSTEM/session-manager-plugin.deb && \
         sudo dpkg -i session-manager-plugin.deb",
    ),
    (
        "dnf",
        "sudo dnf install -y https://s3.amazonaws.com/session-manager-downloads/plugin/latest/SYSTEM/session-manager-plugin.rpm",
    ),
];
const PLUGIN_PAGE: &str = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html";

/// All of them, asked at the same time.
pub(super) async fn rows() -> Vec<Row> {
    let (builder, plugin, git, cli) = tokio::join!(builder(), plugin(), git(), cli());
    let others = Check::ok("the AWS CDK and Node.js are not needed");
    [builder, plugin, git, cli, others].map(Row::of).into()
}

async fn builder() -> Check {
    let name = match tool::chosen(None) {
        Ok(name) => name,
        Err(Some(missing)) => {
            let variable = tool::VARIABLE;
            let what = format!("{variable} names {missing}, which is not there: images cannot be built here");
            return Check::warning(what, "set it to docker, podman or buildah, or unset it");
        }
        Err(None) => {
            return Check::warning(
                "neither docker, podman nor buildah is on the PATH: images cannot be built here",
                install(BUILDERS, "install one of them, or build images in CI"),
            );
        }
    };
    let said = tool::first_line(&name, &["--version"]).await;
    let there = there(&name, said.as_deref());
    if tool::is_down(&name).await {
        if let Some(other) = tool::instead_of(&name).filter(|_| !tool::is_named(None)) {
            let what = format!("{}, but its daemon does not answer: {other} is used instead", there.what);
            return Check::warning(what, "start Docker, if images are to be built with it");
        }
        let what = format!("{}, but its daemon does not answer: images cannot be built here", there.what);
        return Check::warning(what, "start Docker, and see what `docker version` says");
    }
    there
}

async fn plugin() -> Check {
    let name = "session-manager-plugin";
    if tool::is_there(name) {
        return there(name, tool::first_line(name, &["--version"]).await.as_deref());
    }
    Check::warning(
        format!("{name} is not on the PATH: `exec` needs it"),
        install(PLUGIN, &format!("install it: {PLUGIN_PAGE}")).replace("SYSTEM", system()),
    )
}

async fn git() -> Check {
    if tool::is_there("git") {
        return there("git", tool::first_line("git", &["--version"]).await.as_deref());
    }
    Check::warning(
        "git is not on the PATH: `images build` takes the tag of an image from it unless `--tag` names one",
        install(GIT, "install git, or name the tag"),
    )
}

async fn cli() -> Check {
    if !tool::is_there("aws") {
        return Check::ok("the AWS CLI is not there, and not needed but for what begins with `aws` here");
    }
    let there = there("the AWS CLI", tool::first_line("aws", &["--version"]).await.as_deref());
    Check::ok(format!("{}; it is not needed but for what begins with `aws` here", there.what))
}

/// A program that is there, with its version if it says one.
fn there(name: &str, said: Option<&str>) -> Check {
    match said.map(tool::version_in) {
        Some(Some(version)) => Check::ok(format!("{name} {version} is there")),
        Some(None) => Check::ok(format!("{name} is there, in a version that it does not tell")),
        None => Check::ok(format!("{name} is there, and says nothing of its version")),
    }
}

/// The command of the first way that this machine has.
fn install(ways: &Ways<'_>, otherwise: &str) -> String {
    let way = ways.iter().find(|(needed, _)| tool::is_there(needed));
    way.map_or(otherwise, |(_, command)| command).to_owned()
}

/// What AWS calls this system in the plugin's addresses.
fn system() -> &'static str {
    match (tool::is_there("dpkg"), std::env::consts::ARCH) {
        (true, "aarch64") => "ubuntu_arm64",
        (true, _) => "ubuntu_64bit",
        (false, "aarch64") => "linux_arm64",
        (false, _) => "linux_64bit",
    }
}
