//! `synth`: the templates, on stdout or in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use constructs::SynthesizedStack;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{Gate, Gated, Subject};
use crate::exit::Exit;
use crate::files::{self, Access, FolderLock};
use crate::problem::{Problem, Result};
use crate::session::{Session, Synthesis};

/// Write the CloudFormation templates
///
/// With a stack's name, its template goes to stdout. Without one, the templates of all stacks and a manifest.json
/// that tells how to deploy them go into a folder. Needs neither AWS nor credentials.
#[derive(Debug, clap::Args)]
pub(crate) struct Synth {
    /// Print only this stack's template
    stack: Option<String>,

    /// Form of the templates [default: yaml]
    #[arg(long, value_enum)]
    format: Option<TemplateFormat>,

    /// Folder for the templates of all stacks
    #[arg(long, value_name = "FOLDER", default_value = "docuthinker.out", conflicts_with = "stack")]
    out: PathBuf,

    #[command(flatten)]
    gate: Gate,
}

/// The two forms that CloudFormation reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum TemplateFormat {
    /// With short tags (`!Ref`)
    Yaml,
    /// Indented JSON
    Json,
}

impl TemplateFormat {
    fn write(self, stack: &SynthesizedStack) -> String {
        match self {
            TemplateFormat::Yaml => stack.template.to_yaml(),
            TemplateFormat::Json => stack.template.to_json(),
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            TemplateFormat::Yaml => "yaml",
            TemplateFormat::Json => "json",
        }
    }
}

pub(crate) fn run(args: &Synth, session: &mut Session<'_>) -> Result {
    let default = if session.printer.json() { TemplateFormat::Json } else { TemplateFormat::Yaml };
    let format = args.format.unwrap_or(default);
    let synthesis = session.sound(args.stack.as_slice())?;
    let gated = Gated {
        subjects: synthesis.stacks.iter().map(Subject::Stack).collect(),
        all: args.stack.is_none(),
        instead: "nothing was written",
    };
    args.gate.pass(&gated, session)?;
    if args.stack.is_some() {
        for stack in &synthesis.stacks {
            session.printer.result_as_it_is(&with_line_end(format.write(stack)))?;
        }
        return Ok(Exit::Done);
    }
    let manifest = write_folder(&args.out, format, &synthesis)?;
    if session.printer.json() {
        session.printer.result_json(&json!({ "folder": args.out, "manifest": manifest }))?;
    } else {
        let files = manifest.stacks.iter().map(|stack| stack.template.as_str()).chain([MANIFEST]);
        let paths: Vec<String> = files.map(|file| args.out.join(file).display().to_string()).collect();
        session.printer.result(&with_line_end(paths.join("\n")))?;
    }
    Ok(Exit::Done)
}

pub(super) const MANIFEST: &str = "manifest.json";

/// What is in the folder, and how its stacks are deployed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    version: u32,
    pub(super) environment: String,
    pub(super) stacks: Vec<ManifestStack>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ManifestStack {
    /// The stack's id in the project.
    pub(super) name: String,
    /// Its name in AWS.
    pub(super) stack_name: String,
    /// The file of its template in the same folder.
    pub(super) template: String,
    depends_on: Vec<String>,
    region: Option<String>,
    account: Option<String>,
    tags: indexmap::IndexMap<String, String>,
    termination_protection: bool,
}

/// Writes the templates and then the manifest: a manifest never names a template that is not there yet.
fn write_folder(folder: &Path, format: TemplateFormat, synthesis: &Synthesis) -> Result<Manifest> {
    if folder.exists() && !folder.is_dir() {
        let message = format!("cannot write into `{}`: it is not a folder", folder.display());
        return Err(Problem::error("file/unwritable", message)
            .hint("name another folder with `--out`")
            .into());
    }
    fs::create_dir_all(folder).map_err(|error| files::unwritable(folder, &error))?;
    let _lock = FolderLock::take(folder)?;
    files::remove_unfinished(folder);
    let manifest = manifest(format, synthesis);
    let before = earlier_templates(folder);
    for (stack, row) in synthesis.stacks.iter().zip(&manifest.stacks) {
        files::write_atomically(
            &folder.join(&row.template),
            &with_line_end(format.write(stack)),
            Access::Usual,
        )?;
    }
    let text = serde_json::to_string_pretty(&manifest).expect("a manifest has text keys");
    files::write_atomically(&folder.join(MANIFEST), &format!("{text}\n"), Access::Usual)?;
    for old in before.iter().filter(|old| manifest.stacks.iter().all(|row| row.template != **old)) {
        // A template that no stack has any more would be deployed by mistake. If it cannot go, the manifest still tells.
        let _ = fs::remove_file(folder.join(old));
    }
    Ok(manifest)
}

fn manifest(format: TemplateFormat, synthesis: &Synthesis) -> Manifest {
    let row = |stack: &SynthesizedStack| ManifestStack {
        name: stack.id.clone(),
        stack_name: stack.name.clone(),
        template: format!("{}.{}", stack.name, format.extension()),
        depends_on: stack.depends_on.clone(),
        region: stack.region.clone(),
        account: stack.account.clone(),
        tags: stack.tags.clone(),
        termination_protection: stack.termination_protection,
    };
    Manifest {
        version: 1,
        environment: synthesis.config.environment.clone(),
        stacks: synthesis.stacks.iter().map(row).collect(),
    }
}

/// The templates that the last run left in the folder, as far as its manifest can be trusted.
fn earlier_templates(folder: &Path) -> Vec<String> {
    let text = files::read_text(&folder.join(MANIFEST), "manifest").unwrap_or_default();
    let manifest: Option<Manifest> = serde_json::from_str(&text).ok();
    let names = manifest.into_iter().flat_map(|manifest| manifest.stacks).map(|stack| stack.template);
    // Only plain names in this very folder are ours; a manifest from elsewhere may say anything.
    names.filter(|name| Path::new(name).file_name().is_some_and(|plain| plain == name.as_str())).collect()
}

fn with_line_end(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
