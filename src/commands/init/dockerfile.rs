//! What a Dockerfile tells of a service: the port that its container listens on.
//!
//! Source: the [Dockerfile reference][docker].
//!
//! [docker]: https://docs.docker.com/reference/dockerfile/

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem, Result, suggestion};
use crate::project::BuiltImage;
use crate::session::Session;

/// A port, and the setting that it belongs into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Port {
    /// The path of the setting, `backend.port`.
    pub(super) setting: Vec<String>,
    pub(super) number: u16,
    /// The file that says so.
    pub(super) file: PathBuf,
}

/// The ports that the Dockerfiles in `folders` expose, for the services that are built from these folders.
pub(super) fn ports(folders: &[PathBuf], session: &mut Session<'_>) -> Result<Vec<Port>> {
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let config = session.config()?;
    let images = session.project.images(&config.settings);
    let (mut ports, mut problems) = (Vec::new(), Vec::new());
    for folder in folders {
        match port(folder, &images) {
            Ok(port) => ports.push(port),
            Err(failure) => problems.extend(failure.problems),
        }
    }
    if problems.is_empty() { Ok(ports) } else { Err(Failure::new(Exit::Refused, problems)) }
}

fn port(folder: &Path, images: &[BuiltImage]) -> Result<Port> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let Some(image) = images.iter().find(|image| image.is_called(&name)) else {
        let message = format!("no service is built from a folder `{name}`");
        let hint = suggestion(&name, images.iter().map(|image| image.folder.as_str()));
        return Err(Problem::error("init/unknown-service", message).maybe_hint(hint).into());
    };
    let file = folder.join("Dockerfile");
    let exposed = exposed(&files::read_text(&file, "Docker")?);
    let setting = image.setting.rsplit_once('.').map_or("", |(service, _)| service);
    let setting = setting.split('.').map(str::to_owned).chain(["port".to_owned()]).collect();
    match exposed.as_slice() {
        [port] => Ok(Port { setting, number: *port, file }),
        [] => {
            let message = format!("`{}` exposes no port that can be read", file.display());
            let hint =
                format!("add `EXPOSE 5000` to it, or leave the folder out and set `{}`", setting.join("."));
            Err(Problem::error("init/no-port", message).hint(hint).into())
        }
        several => {
            let all: Vec<String> = several.iter().map(u16::to_string).collect();
            let message = format!("`{}` exposes more than one port: {}", file.display(), all.join(", "));
            let hint = format!("leave the folder out and set `{}`", setting.join("."));
            Err(Problem::error("init/ports", message).hint(hint).into())
        }
    }
}

/// The TCP ports that the last stage of a Dockerfile exposes, each once. What depends on a variable counts with its
/// default.
fn exposed(text: &str) -> Vec<u16> {
    let (mut ports, mut variables): (Vec<u16>, BTreeMap<String, String>) = (Vec::new(), BTreeMap::new());
    for line in instructions(text) {
        let Some((instruction, rest)) = line.trim().split_once(char::is_whitespace) else { continue };
        match instruction.to_ascii_uppercase().as_str() {
            // A new stage exposes nothing of the one before it, unless it is built on that.
            "FROM" => ports.clear(),
            "ARG" | "ENV" => variables.extend(assignments(rest)),
            "EXPOSE" => {
                for word in rest.split_whitespace() {
                    let port = port_of(&replaced(word, &variables));
                    ports.extend(port.filter(|port| !ports.contains(port)).into_iter().collect::<Vec<_>>());
                }
            }
            _ => {}
        }
    }
    ports
}

/// The instructions, each in one line: those that are continued are put together, comments are left out.
fn instructions(text: &str) -> Vec<String> {
    let (mut all, mut current) = (Vec::new(), String::new());
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        if let Some(begun) = line.trim_end().strip_suffix('\\') {
            current += begun;
            current.push(' ');
        } else {
            current += line;
            all.push(std::mem::take(&mut current));
        }
    }
    all.push(current);
    all
}

/// `NAME=value` pairs, and the older form `NAME value` with one.
fn assignments(rest: &str) -> Vec<(String, String)> {
    let unquoted = |value: &str| value.trim_matches(['"', '\'']).to_owned();
    if let Some((name, value)) = rest.trim().split_once(char::is_whitespace)
        && !name.contains('=')
    {
        return vec![(name.to_owned(), unquoted(value.trim()))];
    }
    let pairs = rest.split_whitespace().filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), unquoted(value))).collect()
}

/// A word with a variable in it: `$PORT`, `${PORT}` or `${PORT:-5000}`, with or without a protocol behind it.
fn replaced(word: &str, variables: &BTreeMap<String, String>) -> String {
    let Some(rest) = word.strip_prefix('$') else { return word.to_owned() };
    let (name, after) = match rest.strip_prefix('{') {
        Some(braced) => braced.split_once('}').unwrap_or((braced, "")),
        None => rest.split_at(rest.find('/').unwrap_or(rest.len())),
    };
    let (name, default) = name.split_once(":-").map_or((name, None), |(name, default)| (name, Some(default)));
    let value = variables.get(name).map(String::as_str).or(default).unwrap_or_default();
    format!("{value}{after}")
}

fn port_of(word: &str) -> Option<u16> {
    let (port, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    port.parse().ok().filter(|port| *port > 0 && protocol.eq_ignore_ascii_case("tcp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_of_the_last_stage_are_read_as_docker_reads_them() {
        let table: [(&str, &[u16]); 9] = [
            ("FROM node:22\nEXPOSE 5000\n", &[5000]),
            ("FROM a AS b\nEXPOSE 1\nFROM c\nexpose 8000/tcp\n", &[8000]),
            ("FROM a\nENV PORT=5000 HOST=x\nEXPOSE $PORT\n", &[5000]),
            ("FROM a\nENV PORT 5000\nEXPOSE ${PORT}/tcp\n", &[5000]),
            ("FROM a\nARG PORT\nEXPOSE ${PORT:-8000}\n", &[8000]),
            ("FROM a\nEXPOSE 80 \\\n  # why\n  443/tcp 53/udp 80\n", &[80, 443]),
            ("FROM a\n# EXPOSE 5000\n", &[]),
            ("FROM a\nEXPOSE 70000 $NOBODY 0\n", &[]),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(exposed(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_file_makes_it_panic(text in "(?s).{0,200}", words in "[A-Z$\\{}\\\\:\n /=-]{0,80}") {
            exposed(&text);
            exposed(&words);
        }
    }
}
