//! `images copy --to`: the same images in any other registry.

use cloud::{Connection, RegistryLogin};
use serde::Serialize;
use serde_json::json;

use super::chosen::with;
use super::copy::{Place, tag};
use super::push::sign_in;
use super::resolve::Resolved;
use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;
use crate::tool::Tool;

/// A registry, with what comes before the names of its repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registry {
    /// With its port, if it has one: `ghcr.io`, `127.0.0.1:5000`.
    host: String,
    /// `team/mirror`; empty if there is none.
    prefix: String,
}

/// Where an image went.
#[derive(Serialize)]
struct There {
    registry: String,
    repository: String,
}

#[derive(Serialize)]
struct Row {
    image: String,
    from: Place,
    to: There,
    tag: String,
    digest: String,
    /// `copied` or `there`.
    state: &'static str,
}

/// Reads `HOST[:PORT][/PREFIX]`.
pub(super) fn registry(text: &str) -> std::result::Result<Registry, String> {
    if let Some((scheme, _)) = text.split_once("://") {
        return Err(format!("write the registry without `{scheme}://`, as in the names of images"));
    }
    if text.contains('@') {
        return Err("name a registry, not an image with its digest".to_owned());
    }
    let (host, prefix) = text.split_once('/').map_or((text, None), |(host, prefix)| (host, Some(prefix)));
    let (name, port) = host.rsplit_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    if prefix.is_some_and(|prefix| prefix.contains(':')) {
        return Err("name a registry, not an image with its tag: each image keeps its own".to_owned());
    }
    if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        return Err("after the host comes a port, such as in `127.0.0.1:5000`, and no tag".to_owned());
    }
    if !is_host(name) {
        return Err("begin with the host of the registry, such as `ghcr.io/team`".to_owned());
    }
    if port.is_none() && name != "localhost" && !name.contains('.') {
        return Err(format!(
            "`{name}` is no host that image names can have: write `docker.io/{text}`, if that is meant"
        ));
    }
    if prefix.is_some_and(|prefix| !prefix.split('/').all(is_component)) {
        return Err(
            "after the host, a repository has lowercase letters, digits and `.`, `_` and `-` between them"
                .to_owned(),
        );
    }
    Ok(Registry { host: host.to_owned(), prefix: prefix.unwrap_or_default().to_owned() })
}

fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.split('.').all(is_label)
}

/// Whether this is a part of a repository's name.
///
/// Source: the [OCI distribution specification][oci].
///
/// [oci]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
fn is_component(part: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.chars().all(is_inside) && part.starts_with(is_end) && part.ends_with(is_end)
}

impl Registry {
    /// The name of a repository there.
    fn repository(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) }
    }

    /// The region of a registry of ECR: `ACCOUNT.dkr.ecr.REGION.amazonaws.com`.
    fn ecr_region(&self) -> Option<&str> {
        let (account, rest) = self.host.split_once(".dkr.ecr")?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let (region, domain) =
            rest.strip_prefix("-fips").unwrap_or(rest).strip_prefix('.')?.split_once('.')?;
        (is_account && domain.starts_with("amazonaws.com")).then_some(region)
    }

    /// Whether it is on this machine, where registries mostly have no TLS.
    fn is_plain(&self) -> bool {
        let name = self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name);
        name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Copies the images, and compares the digests.
pub(super) fn copy_all(
    registry: &Registry,
    sources: &[Resolved],
    tool: &Tool,
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<()> {
    sign_in_there(registry, sources, tool, aws, session)?;
    let (mut rows, mut signed_in) = (Vec::new(), Vec::new());
    for source in sources {
        let (name, repository) =
            (&source.placed.image.container, registry.repository(source.placed.repository()));
        let target = format!("{}/{repository}", registry.host);
        let by_digest = format!("{target}@{}", source.digest);
        let tag = tag(source, aws)?;
        let is_there = aws.run(tool.has(&by_digest, registry.is_plain(), &mut with(aws, session)))?;
        if is_there {
            session.printer.status(&format!("{name} is in {target} already; not copied"));
        } else {
            let login = sign_in(&source.placed.connection, tool, &mut signed_in, aws, session)?;
            copy_one(registry, source, &login, &format!("{target}:{tag}"), tool, aws, session)?;
        }
        rows.push(Row {
            image: name.clone(),
            from: Place::of(source),
            to: There { registry: registry.host.clone(), repository },
            tag,
            digest: source.digest.clone(),
            state: if is_there { "there" } else { "copied" },
        });
    }
    if session.printer.json() {
        return session.printer.result_json(&json!({ "copied": rows }));
    }
    let line = |row: &Row| format!("{}/{}:{}  {}\n", row.to.registry, row.to.repository, row.tag, row.digest);
    session.printer.result_in_lines(&rows.iter().map(line).collect::<String>())
}

/// Signs in to a registry of ECR; to another one, who runs the tool has done it.
///
/// Source: [GetAuthorizationToken][aws]: the token is good for every registry that its principal has access to. What may be
/// pushed to another account's repository, its policy says.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
fn sign_in_there(
    registry: &Registry,
    sources: &[Resolved],
    tool: &Tool,
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<()> {
    let Some((region, source)) = registry.ecr_region().zip(sources.first()) else { return Ok(()) };
    let account = source.placed.connection.identity().account.clone();
    let connection: Connection = aws.connection(Some(region), Some(&account), &mut session.printer)?;
    let login = RegistryLogin {
        registry: registry.host.clone(),
        plain: false,
        ..aws.look(cloud::registry_login(&connection))?
    };
    aws.run(tool.login(&login, &mut with(aws, session)))
}

fn copy_one(
    registry: &Registry,
    source: &Resolved,
    from: &RegistryLogin,
    to: &str,
    tool: &Tool,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<()> {
    let name = &source.placed.image.container;
    let there = format!("{}/{}@{}", from.registry, source.placed.repository(), source.digest);
    session.printer.status(&format!("copies {name} to {to}"));
    aws.run(tool.pull(&there, from.plain, &mut with(aws, session)))?;
    aws.run(tool.tag(&there, to, &mut with(aws, session)))?;
    let pushed = aws.run(tool.push(to, registry.is_plain(), &mut with(aws, session)));
    pushed.map_err(|failure| with_what_helps(failure, registry, source, tool))?;
    let (target, _) = to.rsplit_once(':').unwrap_or((to, ""));
    let by_digest = format!("{target}@{}", source.digest);
    if aws.run(tool.has(&by_digest, registry.is_plain(), &mut with(aws, session)))? {
        return Ok(());
    }
    let message = format!(
        "{to} was pushed, and is not there as {}: the container tool packed {name} anew, so that its digest is another one",
        source.digest
    );
    let hint = "run it there by its tag; an image of several machines, and one with the same digest, only goes by a tool that \
                copies between registries, such as skopeo";
    Err(Failure::new(Exit::Failed, vec![Problem::error("images/digest-differs", message).hint(hint)]))
}

/// Why a registry refuses a push, only its owner knows; what it mostly is can be told.
fn with_what_helps(mut failure: Failure, registry: &Registry, source: &Resolved, tool: &Tool) -> Failure {
    if failure.exit == Exit::Interrupted {
        return failure;
    }
    let host = &registry.host;
    failure.next = Some(if registry.ecr_region().is_some() {
        let repository = registry.repository(source.placed.repository());
        format!("see that {host} has a repository {repository}, whose policy lets these credentials push")
    } else {
        format!("{} login {host}, unless that was done; then the same again", tool.program())
    });
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_a_host_with_what_comes_before_the_names() {
        for (text, host, prefix, repository) in [
            ("ghcr.io/team", "ghcr.io", "team", "team/web"),
            ("127.0.0.1:5000/mirror/of", "127.0.0.1:5000", "mirror/of", "mirror/of/web"),
            ("localhost", "localhost", "", "web"),
            ("registry:5000", "registry:5000", "", "web"),
        ] {
            let read = registry(text).unwrap();
            assert_eq!((read.host.as_str(), read.prefix.as_str()), (host, prefix), "{text}");
            assert_eq!(read.repository("web"), repository);
        }
    }

    #[test]
    fn what_is_no_registry_is_refused() {
        for (text, says) in [
            ("https://ghcr.io/team", "without `https://`"),
            ("", "begin with the host"),
            ("/team", "begin with the host"),
            ("ghcr.io/team:v1", "not an image with its tag"),
            ("ghcr.io:v1", "comes a port"),
            ("ghcr.io:0", "comes a port"),
            ("ghcr.io:70000/a", "comes a port"),
            ("ghcr.io/team@sha256:1", "with its digest"),
            ("team/web", "`docker.io/team/web`"),
            ("ghcr.io/", "after the host"),
            ("ghcr.io/Team", "after the host"),
            ("ghcr.io/a//b", "after the host"),
            ("-x.io", "begin with the host"),
            ("gh cr.io", "begin with the host"),
        ] {
            let refused = registry(text).unwrap_err();
            assert!(refused.contains(says), "{text}: {refused}");
        }
    }

    #[test]
    fn registries_of_ecr_and_of_this_machine_are_known() {
        for (text, region) in [
            ("210987654321.dkr.ecr.eu-west-1.amazonaws.com/team", Some("eu-west-1")),
            ("210987654321.dkr.ecr.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("210987654321.dkr.ecr-fips.us-east-1.amazonaws.com", Some("us-east-1")),
            ("2109.dkr.ecr.eu-west-1.amazonaws.com", None),
            ("210987654321.dkr.ecr.eu-west-1.example.com", None),
            ("ghcr.io", None),
        ] {
            assert_eq!(registry(text).unwrap().ecr_region(), region, "{text}");
        }
        for (text, plain) in
            [("127.0.0.1:5000", true), ("localhost:1/a", true), ("10.0.0.1:5000", false), ("ghcr.io", false)]
        {
            assert_eq!(registry(text).unwrap().is_plain(), plain, "{text}");
        }
    }
}
