//! `ci`: the files with which other people's machines test, build and deploy.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::exit::Exit;
use crate::files::{self, Access};
use crate::problem::{Failure, Problem, Result};
use crate::project::BuiltImage;
use crate::session::Session;

/// Write the files of a CI system that test, build and deploy the project
///
/// The images are built from the folders of the repository, tagged with the commit, and deployed by digest; what is
/// deployed is checked, and the images before are deployed again if it does not answer. No AWS key is stored: CI takes
/// a role with an identity that it gets for each run. The file tells what must exist before its first run.
#[derive(Debug, clap::Args)]
pub(crate) struct Ci {
    /// The CI system
    #[arg(value_enum)]
    system: System,

    /// The repository's root, below which the file is written
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,

    /// Print the file instead of writing it
    #[arg(long, conflicts_with_all = ["out", "force"])]
    stdout: bool,

    /// Replace a file that is different
    #[arg(long)]
    force: bool,

    /// Role that deploys [default: what the variable `AWS_DEPLOY_ROLE_ARN` of the CI system names]
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,

    /// Role that only reads, for pull requests on GitHub [default: the variable `AWS_DIFF_ROLE_ARN`]
    #[arg(long, value_name = "ARN")]
    diff_role_arn: Option<String>,

    /// Branch that is deployed
    #[arg(long, value_name = "NAME", default_value = "main")]
    branch: String,

    /// Folder of the infrastructure's crate and its docuthinker.yaml, below the repository's root
    #[arg(long = "crate", value_name = "FOLDER", default_value = "infrastructure")]
    krate: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum System {
    /// GitHub Actions: .github/workflows/deploy.yml
    Github,
    /// Jenkins: Jenkinsfile
    Jenkins,
}

impl System {
    /// Where its file is, below the repository's root.
    pub(crate) fn path(self) -> &'static str {
        match self {
            System::Github => ".github/workflows/deploy.yml",
            System::Jenkins => "Jenkinsfile",
        }
    }

    fn template(self) -> &'static str {
        match self {
            System::Github => include_str!("ci/deploy.yml"),
            System::Jenkins => include_str!("ci/Jenkinsfile"),
        }
    }
}

/// The actions that the workflow uses, each at one commit: a tag could be given to other code later.
const CHECKOUT: &str = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2";
const CREDENTIALS: &str =
    "aws-actions/configure-aws-credentials@8df5847569e6427dd6c4fb1cf565c83acfa8afa7 # v6.0.0";

pub(crate) fn run(args: &Ci, session: &mut Session<'_>) -> Result {
    let text = text(args, session)?;
    if args.stdout {
        session.printer.result_as_it_is(&text)?;
        return Ok(Exit::Done);
    }
    let path = args.out.join(args.system.path());
    let written = write(&path, &text, args.force)?;
    if session.printer.json() {
        session.printer.result_json(&json!({ "file": path, "written": written }))?;
    } else {
        if !written {
            session.printer.status("the file is up to date");
        }
        session.printer.result(&format!("{}\n", path.display()))?;
    }
    Ok(Exit::Done)
}

/// Writes the file, unless it is there already; one that differs is somebody's work.
fn write(path: &Path, text: &str, force: bool) -> Result<bool> {
    if path.exists() {
        let existing = files::read_text(path, "CI")?;
        if existing == text {
            return Ok(false);
        }
        if !force {
            let problem =
                Problem::error("ci/different", format!("`{}` is different already", path.display()))
                    .hint("look at the new one with `--stdout`, and replace the old one with `--force`");
            return Err(Failure::refused(problem));
        }
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| files::unwritable(folder, &error))?;
    }
    files::write_atomically(path, text, Access::Usual)?;
    Ok(true)
}

/// The file of a project that was just begun: for `region`, and with the settings in the repository's root.
pub(crate) fn text_for(system: System, region: Option<&str>, session: &mut Session<'_>) -> Result<String> {
    let args = Ci {
        system,
        out: PathBuf::new(),
        stdout: true,
        force: false,
        role_arn: None,
        diff_role_arn: None,
        branch: "main".to_owned(),
        krate: ".".to_owned(),
    };
    text_in(&args, region, session)
}

fn text(args: &Ci, session: &mut Session<'_>) -> Result<String> {
    let region = session.region();
    text_in(args, region.as_deref(), session)
}

fn text_in(args: &Ci, region: Option<&str>, session: &mut Session<'_>) -> Result<String> {
    let synthesis = session.sound(&[])?;
    let images = session.project.images(&synthesis.config.settings);
    let of_the_stacks = || synthesis.stacks.iter().find_map(|stack| stack.region.clone());
    let region = region.map(str::to_owned).or_else(of_the_stacks);
    let region = region.ok_or_else(|| {
        Problem::error("ci/no-region", "no stack says which region it is for")
            .hint("give the stacks a region, so that every machine deploys them to the same one")
    })?;
    let common = common(args, &images, &region, &synthesis.config.environment);
    refuse_unsafe(args, &common, &images)?;
    let each: Vec<Values> = images.iter().map(of_image).collect();
    Ok(render(args.system.template(), &common, &each))
}

/// What stands for each name in the template.
type Values = Vec<(&'static str, String)>;

fn common(args: &Ci, images: &[BuiltImage], region: &str, environment: &str) -> Values {
    let (role, role_note) = role(args.system, args.role_arn.as_deref(), "AWS_DEPLOY_ROLE_ARN");
    let (diff_role, diff_note) = role_of_github(args.diff_role_arn.as_deref(), "AWS_DIFF_ROLE_ARN");
    let arm = images.iter().all(|image| image.platform == "linux/arm64");
    let tests: Vec<String> = images.iter().map(|image| format!("test-{}", id(image))).collect();
    let sets = |when: &str| -> String {
        let one = |image: &BuiltImage| format!(" --set {}=\"${}_{when}\"", image.setting, variable(image));
        images.iter().map(one).collect::<String>()
    };
    let before = images.iter().map(|image| match args.system {
        System::Github => format!(" && steps.before.outputs.{} != ''", id(image)),
        System::Jenkins => format!(" && env.{}_BEFORE", variable(image)),
    });
    let diff_condition = if args.diff_role_arn.is_some() { "" } else { " && vars.AWS_DIFF_ROLE_ARN != ''" };
    vec![
        ("env", environment.to_owned()),
        ("branch", args.branch.clone()),
        ("crate", args.krate.clone()),
        ("region", region.to_owned()),
        ("domain", if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }.to_owned()),
        ("runner", if arm { "ubuntu-24.04-arm" } else { "ubuntu-latest" }.to_owned()),
        ("checkout", CHECKOUT.to_owned()),
        ("credentials", CREDENTIALS.to_owned()),
        ("role", role),
        ("role_note", role_note),
        ("diff_role", diff_role),
        ("diff_note", diff_note),
        ("diff_condition", diff_condition.to_owned()),
        ("tests", tests.join(", ")),
        ("digests", sets("DIGEST")),
        ("befores", sets("BEFORE")),
        ("all_before", before.collect()),
        ("repository_stack", images.first().map(|image| image.repository_stack.clone()).unwrap_or_default()),
        ("deployed", include_str!("ci/deployed.sh").trim_end().to_owned()),
    ]
}

/// The role as the CI system reads it, and what the file says about where it comes from.
fn role(system: System, arn: Option<&str>, variable: &str) -> (String, String) {
    match (system, arn) {
        (System::Github, arn) => role_of_github(arn, variable),
        (System::Jenkins, Some(arn)) => (format!("'{arn}'"), String::new()),
        (System::Jenkins, None) => {
            let note =
                format!("\n// - the role's ARN in the variable `{variable}` of the folder or of Jenkins");
            (format!("\"${{env.{variable}}}\""), note)
        }
    }
}

fn role_of_github(arn: Option<&str>, variable: &str) -> (String, String) {
    match arn {
        Some(arn) => (arn.to_owned(), String::new()),
        None => {
            (format!("${{{{ vars.{variable} }}}}"), format!("\n#   (the variable `{variable}` names it)"))
        }
    }
}

fn of_image(image: &BuiltImage) -> Values {
    let setting = image.setting.to_uppercase().replace('.', "__");
    vec![
        ("id", id(image)),
        ("variable", variable(image)),
        ("setting_variable", setting),
        ("title", image.title.clone()),
        ("folder", image.folder.clone()),
        ("test", image.test.join("\n")),
        ("platform", image.platform.clone()),
        ("repository", image.repository.clone()),
        ("stack", image.stack.clone()),
        ("task_definition", image.task_definition.clone()),
        ("container", image.container.clone()),
        ("output", image.output.clone()),
        ("health", image.health.clone()),
    ]
}

/// The image's name where only letters, digits and `_` may stand.
fn id(image: &BuiltImage) -> String {
    image.folder.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn variable(image: &BuiltImage) -> String {
    id(image).to_uppercase()
}

/// What is written becomes part of scripts, so it must be what no shell, YAML or Groovy reads otherwise.
fn refuse_unsafe(args: &Ci, common: &Values, images: &[BuiltImage]) -> Result<()> {
    let mut problems = Vec::new();
    if images.is_empty() {
        let hint = "implement `Project::images`, so that it is known what to build and where it goes";
        problems.push(Problem::error("ci/no-images", "the project names no images").hint(hint));
    }
    let platforms: std::collections::BTreeSet<&str> =
        images.iter().map(|image| image.platform.as_str()).collect();
    if platforms.len() > 1 {
        let hint = "a CI machine builds for its own processor; give all services the same architecture";
        let message = "the services run on different processors";
        problems.push(Problem::error("ci/platforms", message).hint(hint));
    }
    for (option, arn) in [("--role-arn", &args.role_arn), ("--diff-role-arn", &args.diff_role_arn)] {
        if let Some(arn) = arn.as_ref().filter(|arn| !is_role(arn)) {
            let message = format!("`{option} {arn}` is not the ARN of a role");
            let hint = "it looks like `arn:aws:iam::123456789012:role/deploy`";
            problems.push(Problem::error("ci/role", message).hint(hint));
        }
    }
    let safe = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "._/-".contains(c));
    let named = ["env", "branch", "crate", "region"];
    let common = common.iter().filter(|(name, _)| named.contains(name)).map(|(name, value)| (*name, value));
    let health = images.iter().map(|image| ("health check", &image.health));
    for (what, value) in common.chain(health) {
        let outside =
            what == "crate" && (value.starts_with('/') || value.split('/').any(|part| part == ".."));
        if value.starts_with('-') || !safe(value) || outside || (value.is_empty() && what != "health check") {
            let hint = "letters, digits and `.`, `_`, `/`, `-` can stand in it; a folder is below the root";
            let message = format!("`{value}` cannot stand in a CI file as the {what}");
            problems.push(Problem::error("ci/unsafe", message).hint(hint));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::new(Exit::Refused, problems)) }
}

fn is_role(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_/-".contains(c));
    match parts[..] {
        ["arn", partition, "iam", "", account, name] => {
            plain(partition)
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && name.strip_prefix("role/").is_some_and(|name| !name.is_empty() && plain(name))
        }
        _ => false,
    }
}

/// Fills a template in: `@{name}` is a value, and what stands between the lines `@each` and `@end` is there once for
/// each image. A value of several lines keeps the indentation of the line that it stands in.
fn render(template: &str, common: &Values, each: &[Values]) -> String {
    let mut out = String::new();
    let mut block: Option<String> = None;
    for line in template.lines() {
        match (line.trim(), &mut block) {
            ("@each", _) => block = Some(String::new()),
            ("@end", Some(lines)) => {
                for values in each {
                    let values: Values = values.iter().chain(common).cloned().collect();
                    lines.lines().for_each(|line| fill(line, &values, &mut out));
                }
                block = None;
            }
            (_, Some(lines)) => lines.extend([line, "\n"]),
            (_, None) => fill(line, common, &mut out),
        }
    }
    out
}

fn fill(line: &str, values: &Values, out: &mut String) {
    let indent = &line[..line.len() - line.trim_start().len()];
    let alone = line.trim().starts_with("@{") && line.trim().ends_with('}');
    let mut text = line.to_owned();
    for (name, value) in values {
        let value = if alone { value.replace('\n', &format!("\n{indent}")) } else { value.clone() };
        text = text.replace(&format!("@{{{name}}}"), &value);
    }
    out.extend([&text, "\n"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_there_once_for_each_image_and_a_value_keeps_its_indentation() {
        let template = "a: @{x}\n@each\n  - @{name}@{x}\n    @{lines}\n@end\nend\n";
        let each = ["one", "two"].map(|name| vec![("name", name.to_owned()), ("lines", "1\n2".to_owned())]);
        assert_eq!(
            render(template, &vec![("x", "!".to_owned())], &each),
            "a: !\n  - one!\n    1\n    2\n  - two!\n    1\n    2\nend\n"
        );
    }

    #[test]
    fn a_role_is_known_by_its_arn() {
        assert!(is_role("arn:aws:iam::123456789012:role/ci/deploy"));
        assert!(is_role("arn:aws-us-gov:iam::123456789012:role/deploy"));
        for wrong in [
            "deploy",
            "arn:aws:iam::123456789012:user/deploy",
            "arn:aws:iam::12:role/deploy",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/a'b",
        ] {
            assert!(!is_role(wrong), "{wrong}");
        }
    }
}
