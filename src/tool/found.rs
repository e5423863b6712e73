//! Which container tool there is, and what programs say of themselves.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Running, VARIABLE};

/// What is looked for if nobody names one, in this order.
const KNOWN: [&str; 3] = ["docker", "podman", "buildah"];
/// How long a program may take to say its version.
const VERSION_TIME: Duration = Duration::from_secs(10);

/// The program that builds and moves images: the one that is named, by the command line or else by [`VARIABLE`], or the
/// first known one. If it is not there, what was named, if anything was.
pub(crate) fn chosen(named: Option<String>) -> std::result::Result<String, Option<String>> {
    match named.or_else(variable) {
        Some(named) if is_there(&named) => Ok(named),
        Some(named) => Err(Some(named)),
        None => KNOWN.iter().find(|name| is_there(name)).map(|name| (*name).to_owned()).ok_or(None),
    }
}

fn variable() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|name| !name.is_empty())
}

/// Whether somebody names the program, so that no other takes its place.
pub(crate) fn is_named(named: Option<&String>) -> bool {
    named.is_some() || variable().is_some()
}

/// What takes the place of a program that is down.
pub(crate) fn instead_of(down: &str) -> Option<&'static str> {
    KNOWN.into_iter().find(|name| *name != down && is_there(name))
}

/// Whether the program is Docker and the daemon that it asks does not answer. What only has its name, as Podman may, has none.
pub(crate) async fn is_down(program: &str) -> bool {
    let said = first_line(program, &["--version"]).await;
    if !said.is_some_and(|said| said.starts_with("Docker version")) {
        return false;
    }
    let server = first_line(program, &["version", "--format", "{{.Server.Version}}"]).await;
    server.is_none_or(|line| version_in(&line) != Some(line.trim()))
}

/// Whether a program of this name is on the `PATH`, or at this path.
pub(crate) fn is_there(name: &str) -> bool {
    let is_program = |path: &std::path::Path| path.is_file() || path.with_extension("exe").is_file();
    if name.contains(['/', '\\']) {
        return is_program(name.as_ref());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_program(&folder.join(name)))
}

/// What a program says of itself with these arguments, in its first line on stdout that is not empty: on stderr it warns and
/// complains. A program that says nothing within [`VERSION_TIME`] says nothing; it is ended either way.
pub(crate) async fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().ok()?);
    let mut lines = running.lines();
    let first = async {
        while let Some((is_result, line)) = lines.recv().await {
            if is_result && !line.trim().is_empty() {
                return Some(line);
            }
        }
        None
    };
    tokio::time::timeout(VERSION_TIME, first).await.ok().flatten()
}

/// The version in such a line: `27.3.1` of `Docker version 27.3.1, build ce12230`.
pub(crate) fn version_in(line: &str) -> Option<&str> {
    let words = line.split([' ', '/', ',', '\t']).map(|word| word.trim_start_matches('v'));
    let is_version = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || ".-+~_".contains(c));
    words.filter(is_version).find(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (line, version) in [
            ("Docker version 27.3.1, build ce12230", Some("27.3.1")),
            ("podman version 5.2.2", Some("5.2.2")),
            ("buildah version 1.37.0 (image-spec 1.1.0)", Some("1.37.0")),
            ("git version 2.43.0", Some("2.43.0")),
            ("aws-cli/2.17.0 Python/3.11.9 Linux/6.8", Some("2.17.0")),
            ("1.2.650.0", Some("1.2.650.0")),
            ("v20.1.0", Some("20.1.0")),
            ("no version", None),
        ] {
            assert_eq!(version_in(line), version, "{line}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_a_program_complains_of_is_nothing_that_it_says_of_itself() {
        let says = async |script: &str| first_line("sh", &["-c", script]).await;
        assert_eq!(
            says("echo a warning >&2; sleep 0.2; echo; echo git version 2").await.as_deref(),
            Some("git version 2")
        );
        assert_eq!(says("echo 1.2.3 >&2").await, None);
    }
}
