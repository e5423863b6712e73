//! What is in a backup: the form of its files, which `backup` writes and `restore` reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use template::Fate;

/// The version of the form. A backup with another one is not read.
pub(in crate::commands) const VERSION: u32 = 1;

/// The file that is written last: a folder without it is no backup.
pub(in crate::commands) const MANIFEST: &str = "manifest.json";

/// The file with the values of secrets.
pub(in crate::commands) const SECRETS: &str = "secrets.age";

/// `manifest.json`: what there is, with the checksums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::commands) struct Manifest {
    pub(in crate::commands) version: u32,
    /// Program and version that made it.
    pub(in crate::commands) tool: String,
    /// When, by the clock of the machine: `2026-01-01T10:00:00Z`.
    pub(in crate::commands) made: String,
    /// The environment of the project.
    pub(in crate::commands) environment: String,
    /// In the order in which they can be deployed.
    pub(in crate::commands) stacks: Vec<Entry>,
    /// None if the values of secrets were not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) secrets: Option<Secrets>,
    /// Every file but this one.
    pub(in crate::commands) files: Vec<Kept>,
}

/// A stack, and where in the folder its files are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::commands) struct Entry {
    pub(in crate::commands) name: String,
    pub(in crate::commands) region: String,
    pub(in crate::commands) account: String,
    /// A [`StackRecord`].
    pub(in crate::commands) stack: String,
    /// The template as CloudFormation gave it.
    pub(in crate::commands) template: String,
    /// `{"Name": "value"}`, as `deploy --parameters-file` takes it, without what is `NoEcho`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) parameters: Option<String>,
    /// The stack policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) policy: Option<String>,
    /// The templates of its nested stacks, however deep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::commands) nested: Vec<NestedEntry>,
}

/// The template of a nested stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::commands) struct NestedEntry {
    /// The logical ids that lead to it: `Net/Subnets`.
    pub(in crate::commands) path: String,
    /// The template as CloudFormation gave it.
    pub(in crate::commands) template: String,
}

/// The secrets whose values were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "these are the words of the file")]
pub(in crate::commands) struct Secrets {
    /// The encrypted file; none if no secret had a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) file: Option<String>,
    pub(in crate::commands) with_passphrase: bool,
    pub(in crate::commands) secrets: Vec<Secret>,
}

/// A secret, never with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::commands) struct Secret {
    pub(in crate::commands) name: String,
    pub(in crate::commands) id: String,
    pub(in crate::commands) region: String,
    /// The stack that makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) stack: Option<String>,
    /// Whether its value is in the encrypted file.
    pub(in crate::commands) has_value: bool,
}

/// A file of the backup as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::commands) struct Kept {
    /// Below the folder, with `/`.
    pub(in crate::commands) path: String,
    pub(in crate::commands) bytes: u64,
    /// In hexadecimal digits.
    pub(in crate::commands) sha256: String,
}

/// `stack.json`: a stack as it was deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::commands) struct StackRecord {
    pub(in crate::commands) version: u32,
    pub(in crate::commands) name: String,
    pub(in crate::commands) id: String,
    pub(in crate::commands) region: String,
    pub(in crate::commands) account: String,
    /// In AWS's words.
    pub(in crate::commands) status: String,
    /// When it was last updated, or created, by AWS's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) changed: Option<String>,
    pub(in crate::commands) termination_protection: bool,
    pub(in crate::commands) parameters: Vec<Parameter>,
    pub(in crate::commands) tags: BTreeMap<String, String>,
    pub(in crate::commands) capabilities: Vec<String>,
    /// The role that CloudFormation works with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) role: Option<String>,
    pub(in crate::commands) outputs: Vec<Output>,
    /// The names of the exports that it imports.
    pub(in crate::commands) imports: Vec<String>,
    /// Stacks of this backup that must be there before it.
    pub(in crate::commands) depends_on: Vec<String>,
    pub(in crate::commands) images: Vec<Image>,
    /// What holds something that no template makes again.
    pub(in crate::commands) stateful: Vec<Stateful>,
    /// What could not be found out, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::commands) unknown: Vec<String>,
}

/// A parameter of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::commands) struct Parameter {
    pub(in crate::commands) name: String,
    /// None if it is `NoEcho`: AWS tells nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) value: Option<String>,
    pub(in crate::commands) no_echo: bool,
}

/// An output of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::commands) struct Output {
    pub(in crate::commands) key: String,
    pub(in crate::commands) value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) export: Option<String>,
}

/// An image of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "these are the words of the file")]
pub(in crate::commands) struct Image {
    /// What people call the service.
    pub(in crate::commands) service: String,
    pub(in crate::commands) container: String,
    /// As the task definition names it.
    pub(in crate::commands) image: String,
    /// Without tag and digest.
    pub(in crate::commands) repository: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) tag: Option<String>,
    /// None if nothing runs that could tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) digest: Option<String>,
    /// In how many tasks it runs.
    pub(in crate::commands) tasks: usize,
}

/// A resource that holds something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::commands) struct Stateful {
    pub(in crate::commands) logical_id: String,
    #[serde(rename = "type")]
    pub(in crate::commands) type_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) physical_id: Option<String>,
    /// What it holds, in words: `its files`.
    pub(in crate::commands) holds: String,
    /// What becomes of it with its stack.
    pub(in crate::commands) when_deleted: Fate,
}

impl Stateful {
    /// Whether it is a secret, whose value can be in a backup.
    pub(in crate::commands) fn is_secret(&self) -> bool {
        self.type_name == "AWS::SecretsManager::Secret"
    }
}

/// Each stack after those that it depends on; else they stay in their order.
pub(in crate::commands) fn in_order<T>(mut waiting: Vec<T>, record: impl Fn(&T) -> &StackRecord) -> Vec<T> {
    let mut ordered: Vec<T> = Vec::new();
    while !waiting.is_empty() {
        let free = |one: &T| {
            let one = record(one);
            let mut others = waiting.iter().map(&record).filter(|other| other.name != one.name);
            others.all(|other| !one.depends_on.contains(&other.name))
        };
        // Two that wait for each other could never have been deployed; a changed file may say so.
        let next = waiting.iter().position(free).unwrap_or(0);
        ordered.push(waiting.remove(next));
    }
    ordered
}

impl StackRecord {
    /// The names of its parameters whose values are in no backup.
    pub(in crate::commands) fn hidden(&self) -> Vec<&str> {
        self.parameters.iter().filter(|one| one.no_echo).map(|one| one.name.as_str()).collect()
    }
}
