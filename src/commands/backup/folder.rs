//! The folder of a backup: written once, with the manifest last.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;
use zeroize::Zeroizing;

use super::form::{Entry, Kept, MANIFEST, Manifest, NestedEntry, SECRETS, Secrets, VERSION};
use super::look::Taken;
use crate::commands::secrets::Encrypted;
use crate::files::{self, Access};
use crate::problem::{Problem, Result};

/// Everything that is written.
pub(super) struct Contents {
    pub(super) manifest: Manifest,
    files: BTreeMap<String, Zeroizing<Vec<u8>>>,
}

/// What goes into the folder, with the checksums.
pub(super) fn contents(
    taken: &[Taken],
    secrets: Option<Encrypted>,
    environment: String,
    made: String,
) -> Contents {
    let mut files: BTreeMap<String, Zeroizing<Vec<u8>>> = BTreeMap::new();
    let mut used = BTreeSet::new();
    let stacks = taken.iter().map(|one| entry(one, &mut used, &mut files)).collect();
    let secrets = secrets.map(|secrets| {
        let file = secrets.content.map(|content| {
            files.insert(SECRETS.to_owned(), content);
            SECRETS.to_owned()
        });
        Secrets { file, with_passphrase: secrets.with_passphrase, secrets: secrets.secrets }
    });
    let kept = files.iter().map(|(path, content)| Kept {
        path: path.clone(),
        bytes: content.len() as u64,
        sha256: cloud::sha256(content.as_slice()),
    });
    let manifest = Manifest {
        version: VERSION,
        tool: concat!("docuthinker ", env!("CARGO_PKG_VERSION")).to_owned(),
        made,
        environment,
        stacks,
        secrets,
        files: kept.collect(),
    };
    Contents { manifest, files }
}

/// The files of one stack, in a folder of its name; stacks of two regions may have the same.
fn entry(
    one: &Taken,
    used: &mut BTreeSet<String>,
    files: &mut BTreeMap<String, Zeroizing<Vec<u8>>>,
) -> Entry {
    let record = &one.record;
    let names = [record.name.clone(), format!("{}-{}-{}", record.name, record.account, record.region)];
    let folder = names.iter().find(|name| !used.contains(*name)).unwrap_or(&names[1]).clone();
    used.insert(folder.clone());
    let mut keep = |name: &str, content: Vec<u8>| {
        let path = format!("{folder}/{name}");
        files.insert(path.clone(), Zeroizing::new(content));
        path
    };
    let values: BTreeMap<&str, &str> =
        record.parameters.iter().filter_map(|one| Some((one.name.as_str(), one.value.as_deref()?))).collect();
    let form = |template: &str| if template.trim_start().starts_with('{') { "json" } else { "yaml" };
    let mut nested = Vec::new();
    for below in &one.nested {
        let Some(template) = &below.template else { continue };
        let file = format!("nested-{}.{}", below.path.replace('/', "-"), form(template));
        let template = keep(&file, template.clone().into_bytes());
        nested.push(NestedEntry { path: below.path.clone(), template });
    }
    Entry {
        name: record.name.clone(),
        region: record.region.clone(),
        account: record.account.clone(),
        stack: keep("stack.json", json(record)),
        template: keep(&format!("template.{}", form(&one.template)), one.template.clone().into_bytes()),
        parameters: (!values.is_empty()).then(|| keep("parameters.json", json(&values))),
        policy: one.policy.as_ref().map(|policy| keep("policy.json", policy.clone().into_bytes())),
        nested,
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("text and numbers are JSON");
    bytes.push(b'\n');
    bytes
}

/// Refuses a folder that is there, before anything is asked of AWS.
pub(super) fn refuse_existing(folder: &Path) -> Result<()> {
    if fs::symlink_metadata(folder).is_ok() {
        return Err(exists(folder).into());
    }
    Ok(())
}

fn exists(folder: &Path) -> Problem {
    let message = format!("`{}` is there already; a backup never overwrites another", folder.display());
    Problem::error("file/exists", message).hint("name another folder with `--out`")
}

/// Makes the folder, which must not be there, for its owner only, and in it everything; the manifest is last. What was
/// written before something went wrong is removed again.
pub(super) fn write(folder: &Path, contents: &Contents) -> Result<()> {
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(|error| files::unwritable(parent, &error))?;
    }
    make(folder).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(folder).into(),
        _ => files::unwritable(folder, &error),
    })?;
    let written = fill(folder, contents);
    if written.is_err() {
        // It was made by this very run.
        let _ = fs::remove_dir_all(folder);
    }
    written
}

fn fill(folder: &Path, contents: &Contents) -> Result<()> {
    for (name, content) in &contents.files {
        let path = folder.join(name);
        if let Some(parent) = path.parent().filter(|parent| !parent.is_dir()) {
            make(parent).map_err(|error| files::unwritable(parent, &error))?;
        }
        files::write_new(&path, content).map_err(|error| files::unwritable(&path, &error))?;
    }
    let manifest = serde_json::to_string_pretty(&contents.manifest).expect("text and numbers are JSON");
    files::write_atomically(&folder.join(MANIFEST), &format!("{manifest}\n"), Access::Private)
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
