//! The comparison with a folder of templates: one that `synth` wrote, one of the CDK, or any other.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use template::Template;

use super::super::synth::{MANIFEST, Manifest};
use super::against::{gone, with_template};
use super::new::{New, Stacks};
use super::report::Compared;
use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;
use crate::templates;

/// A template in the folder.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    /// The stack's id in the project that it comes from.
    id: String,
    /// The stack's name in AWS.
    name: String,
    file: PathBuf,
}

/// What is in the folder.
#[derive(Debug, Default)]
struct Folder {
    entries: Vec<Entry>,
    /// The environment that it is made for, if it says so.
    environment: Option<String>,
}

/// Compares each stack with its template in the folder. Of all stacks, those that only the folder has are told, too.
pub(super) fn compare(path: &Path, new: Stacks, session: &mut Session<'_>) -> Result<Vec<Compared>> {
    let mut folder = read(path)?;
    let mut pairs = Vec::new();
    let mut problems = Vec::new();
    for stack in new.each {
        let entry = folder.take(&stack, new.environment.as_deref());
        let old = entry.as_ref().map(|entry| template(&entry.file)).transpose();
        let old = old.unwrap_or_else(|failure| {
            problems.extend(failure.problems);
            None
        });
        pairs.push((stack, entry, old));
    }
    if !problems.is_empty() {
        return Err(Failure::new(Exit::Refused, problems));
    }
    let mut compared: Vec<Compared> = Vec::new();
    for (stack, entry, old) in pairs {
        let against = entry.as_ref().map_or(path, |entry| &entry.file).display().to_string();
        compared.push(with_template(&stack, old.as_ref(), against, &mut session.printer));
    }
    if new.all {
        let against = path.display().to_string();
        compared.extend(folder.entries.into_iter().map(|entry| {
            let note = gone_note(&entry.name);
            gone(entry.name, against.clone(), note)
        }));
    }
    Ok(compared)
}

/// The templates in the folder, each with the stack's id and its name in AWS.
pub(in crate::commands) fn templates_in(path: &Path) -> Result<Vec<(String, String, Template)>> {
    let each = |entry: Entry| Ok((entry.id, entry.name, template(&entry.file)?));
    read(path)?.entries.into_iter().map(each).collect()
}

fn gone_note(name: &str) -> String {
    format!("is no longer in the code; it stays deployed until `docuthinker destroy --stack-name {name}`")
}

impl Folder {
    /// The template of a stack of `environment`: the one with its name in AWS. Of another environment, where names differ
    /// by design, it may be the one with its id; of the same, another name is another stack to CloudFormation.
    fn take(&mut self, stack: &New, environment: Option<&str>) -> Option<Entry> {
        let by = |is: fn(&Entry, &New) -> bool| self.entries.iter().position(|entry| is(entry, stack));
        let other = self.environment.as_deref() != environment;
        let at = by(|entry, stack| entry.name == stack.name)
            .or_else(|| by(|entry, stack| entry.id == stack.id).filter(|_| other))?;
        Some(self.entries.remove(at))
    }
}

fn template(file: &Path) -> Result<Template> {
    Ok(templates::read(file)?.document.template)
}

fn read(path: &Path) -> Result<Folder> {
    let manifest = path.join(MANIFEST);
    if !manifest.exists() {
        return without_manifest(path);
    }
    let text = files::read_text(&manifest, "manifest")?;
    let refuse = |why: String| {
        let problem = Problem::error("manifest/form", format!("`{}`: {why}", manifest.display()));
        Failure::from(problem.hint("`synth` writes the folder anew"))
    };
    let value: Value = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    let folder = if value.get("artifacts").is_some() {
        of_the_cdk(path, &value).map_err(|error| refuse(error.to_string()))?
    } else {
        let manifest: Manifest = serde_json::from_value(value).map_err(|error| refuse(error.to_string()))?;
        ours(path, manifest)
    };
    let outside = folder.entries.iter().find(|entry| entry.file.parent() != Some(path));
    match outside {
        Some(entry) => Err(refuse(format!("`{}` is not a file in the folder", entry.file.display()))),
        None => Ok(folder),
    }
}

fn ours(path: &Path, manifest: Manifest) -> Folder {
    let entries = manifest.stacks.into_iter().map(|stack| Entry {
        id: stack.name,
        name: stack.stack_name,
        file: path.join(stack.template),
    });
    Folder { entries: entries.collect(), environment: Some(manifest.environment) }
}

/// The stacks of a cloud assembly, as far as they are in the folder itself.
///
/// Source: [`@aws-cdk/cloud-assembly-schema`][cdk], `ArtifactManifest` and `AwsCloudFormationStackProperties`.
///
/// [cdk]: https://docs.aws.amazon.com/cdk/api/v2/docs/@aws-cdk_cloud-assembly-schema.AwsCloudFormationStackProperties.html
fn of_the_cdk(path: &Path, manifest: &Value) -> serde_json::Result<Folder> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Properties {
        template_file: String,
        stack_name: Option<String>,
    }
    let mut folder = Folder::default();
    for (id, artifact) in manifest["artifacts"].as_object().into_iter().flatten() {
        if artifact["type"] != "aws:cloudformation:stack" {
            continue;
        }
        let properties = Properties::deserialize(&artifact["properties"])?;
        folder.entries.push(Entry {
            id: id.clone(),
            name: properties.stack_name.unwrap_or_else(|| id.clone()),
            file: path.join(properties.template_file),
        });
    }
    Ok(folder)
}

/// Every file that may be a template, by its name; all that cannot be read is told at once.
fn without_manifest(path: &Path) -> Result<Folder> {
    let unreadable = |error: std::io::Error| {
        Problem::error("file/unreadable", format!("cannot read the folder `{}`: {error}", path.display()))
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        files.push(entry.map_err(unreadable)?.path());
    }
    files.sort();
    let (mut folder, mut problems) = (Folder::default(), Vec::new());
    for file in files {
        let Some(name) = stack_of(&file).filter(|_| file.is_file()) else { continue };
        match may_be_template(&file) {
            Ok(true) => folder.entries.push(Entry { id: name.clone(), name, file }),
            Ok(false) => {}
            Err(failure) => problems.extend(failure.problems),
        }
    }
    if !problems.is_empty() {
        return Err(Failure::new(Exit::Refused, problems));
    }
    if folder.entries.is_empty() {
        let message = format!("no template is in the folder `{}`", path.display());
        let hint = "`docuthinker synth --out FOLDER` writes the templates of all stacks";
        return Err(Problem::error("usage/no-templates", message).hint(hint).into());
    }
    Ok(folder)
}

/// A folder may hold other things as well; those are read only if they look like a template.
fn may_be_template(file: &Path) -> Result<bool> {
    if !files::read_text(file, "template")?.contains("Resources") {
        return Ok(false);
    }
    template(file).map(|_| true)
}

/// The stack that a file is for, by its name: `Web.yaml`, `Web.yml`, `Web.json`, `Web.template.json`.
fn stack_of(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let stem = [".yaml", ".yml", ".json"].iter().find_map(|ending| name.strip_suffix(ending))?;
    let stem = stem.strip_suffix(".template").unwrap_or(stem);
    (!stem.is_empty()).then(|| stem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_is_read_from_the_name_of_the_file() {
        let of = |name: &str| stack_of(Path::new(name));
        for name in ["x/Web.yaml", "Web.yml", "Web.json", "Web.template.json", "Web.template.yaml"] {
            assert_eq!(of(name).as_deref(), Some("Web"), "{name}");
        }
        for other in ["README.md", ".json", "Web"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn of_a_cloud_assembly_only_the_stacks_count() {
        let manifest = serde_json::json!({ "version": "48.0.0", "artifacts": {
            "Web.assets": { "type": "cdk:asset-manifest", "properties": { "file": "Web.assets.json" } },
            "Web": { "type": "aws:cloudformation:stack", "properties": { "templateFile": "Web.template.json" } },
            "Data": { "type": "aws:cloudformation:stack",
                "properties": { "templateFile": "Data.template.json", "stackName": "data-prod" } },
        } });
        let folder = of_the_cdk(Path::new("cdk.out"), &manifest).unwrap();
        let entry = |id: &str, name: &str| Entry {
            id: id.to_owned(),
            name: name.to_owned(),
            file: Path::new("cdk.out").join(format!("{id}.template.json")),
        };
        assert_eq!(folder.entries, [entry("Web", "Web"), entry("Data", "data-prod")]);
    }
}
