//! Which stacks a command works on: the project's by name, or a template from a file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use constructs::SynthesizedStack;
use serde_json::Value;
use template::Template;

use crate::files;
use crate::printer::Printer;
use crate::problem::{Failure, Problem, Result, suggestion};
use crate::session::{Session, is_called};
use crate::templates::{self, TemplateFile};

/// Stacks of the project.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    /// Stacks by name; may be left out if the project has only one
    #[arg(value_name = "STACK")]
    pub(crate) stacks: Vec<String>,

    /// All stacks of the project
    #[arg(long, conflicts_with = "stacks")]
    pub(crate) all: bool,
}

impl Selection {
    /// The chosen stacks, sound and in the order in which they can be deployed.
    pub(crate) fn in_order(
        &self,
        session: &mut Session<'_>,
        with_dependencies: bool,
    ) -> Result<Vec<SynthesizedStack>> {
        let named = session.sound(&self.stacks)?.stacks;
        if self.stacks.is_empty() {
            return if self.all || named.len() == 1 { Ok(named) } else { Err(must_choose(&named)) };
        }
        if !with_dependencies {
            return Ok(named);
        }
        let mut wanted: Vec<String> = named.iter().flat_map(|stack| stack.depends_on.clone()).collect();
        if wanted.is_empty() {
            return Ok(named);
        }
        let all = session.sound(&[])?.stacks;
        // The app's order is that of deployment, so from its end each stack is seen before what it depends on.
        let mut chosen: Vec<SynthesizedStack> = Vec::new();
        for stack in all.into_iter().rev() {
            if wanted.contains(&stack.name) || self.stacks.iter().any(|name| is_called(&stack, name)) {
                wanted.extend(stack.depends_on.clone());
                chosen.push(stack);
            }
        }
        chosen.reverse();
        let others = named.into_iter().filter(|stack| chosen.iter().all(|known| known.name != stack.name));
        let others: Vec<SynthesizedStack> = others.collect();
        chosen.extend(others);
        Ok(chosen)
    }
}

fn must_choose(stacks: &[SynthesizedStack]) -> Failure {
    let names: Vec<String> = stacks.iter().map(|stack| format!("`{}`", stack.id)).collect();
    let problem = Problem::error("usage/no-stack", "no stack is named, and there is more than one")
        .hint(format!("name one or more of {}, or say `--all`", names.join(", ")));
    Failure::usage(problem)
}

/// A name that a stack may have, read before anything is asked of AWS. `*` would be all stacks to IAM.
///
/// # Errors
///
/// What such a name is, if it is none.
pub(crate) fn stack_name(text: &str) -> std::result::Result<String, String> {
    if template::limits::is_stack_name(text) {
        return Ok(text.to_owned());
    }
    Err("a name starts with a letter, has letters, digits and hyphens only, and at most 128 of them"
        .to_owned())
}

/// A template from a file instead of the project's stacks.
#[derive(Debug, clap::Args)]
pub(crate) struct FromFile {
    /// Use the CloudFormation template in this file, YAML or JSON, instead of the project's stacks; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stacks", "all"], requires = "stack_name")]
    pub(crate) template: Option<PathBuf>,

    /// Name of the stack that the file's template is for
    #[arg(long, value_name = "NAME", requires = "template", value_parser = stack_name)]
    pub(crate) stack_name: Option<String>,
}

impl FromFile {
    /// The stack's name and its template, if a file was named.
    pub(crate) fn read(&self) -> Result<Option<(String, TemplateFile)>> {
        let Some((file, name)) = self.template.as_ref().zip(self.stack_name.as_ref()) else {
            return Ok(None);
        };
        let file = TemplateFile { stack: Some(name.clone()), ..templates::read(file)? };
        Ok(Some((name.clone(), file)))
    }
}

/// Values of the template's parameters.
#[derive(Debug, clap::Args)]
pub(crate) struct Parameters {
    /// Value of a parameter of the template; may be given again
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    parameters: Vec<String>,

    /// JSON file with parameters: `{"Name": "value"}`, or the list that the AWS CLI takes; may be given again
    #[arg(long, value_name = "FILE")]
    parameters_file: Vec<PathBuf>,
}

impl Parameters {
    /// All values; those of the command line win over those of the files, and a later file over an earlier one.
    pub(crate) fn read(&self) -> Result<BTreeMap<String, String>> {
        let mut values = BTreeMap::new();
        for file in &self.parameters_file {
            values.extend(from_file(file)?);
        }
        for written in &self.parameters {
            let Some((name, value)) = written.split_once('=').filter(|(name, _)| !name.is_empty()) else {
                // What was typed may be the value alone, and that a secret.
                let problem =
                    Problem::error("usage/parameter", "a `--parameter` is not of the form `NAME=VALUE`");
                return Err(Failure::usage(problem));
            };
            values.insert(name.to_owned(), value.to_owned());
        }
        Ok(values)
    }

    /// Gives each template the values of the parameters that it has; every value must find a parameter. Those that a
    /// template declares `NoEcho` are never printed from now on.
    pub(crate) fn hand_out<'a>(
        values: &BTreeMap<String, String>,
        templates: impl Iterator<Item = (&'a Template, &'a mut BTreeMap<String, String>)>,
        printer: &mut Printer,
    ) -> Result<()> {
        let mut unknown: BTreeMap<String, String> = values.clone();
        let mut known: Vec<String> = Vec::new();
        for (template, own) in templates {
            known.extend(template.parameters.keys().cloned());
            own.extend(
                values
                    .iter()
                    .filter(|(name, _)| template.parameters.contains_key(name))
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
            unknown.retain(|name, _| !template.parameters.contains_key(name));
            let is_secret = |name: &str| template.parameters.get(name).is_some_and(|known| known.no_echo);
            let secret = own.iter().filter(|(name, _)| is_secret(name));
            printer.conceal(secret.map(|(_, value)| value.clone()));
        }
        let problems: Vec<Problem> = unknown
            .keys()
            .map(|name| {
                let hint = suggestion(name, known.iter().map(String::as_str))
                    .unwrap_or_else(|| "the template has no parameters".to_owned());
                Problem::error("usage/unknown-parameter", format!("no parameter is named `{name}`"))
                    .hint(hint)
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Failure::new(crate::exit::Exit::Usage, problems)) }
    }
}

/// A tag as it is typed.
///
/// # Errors
///
/// What a tag is, if it is none.
#[cfg(feature = "aws")]
pub(crate) fn tag(text: &str) -> std::result::Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write `KEY=VALUE`")?;
    if key.is_empty() || key.starts_with("aws:") {
        return Err("a key has letters, and does not begin with `aws:`, which is AWS's own".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// How CloudFormation works for us, and how long we keep following it.
#[derive(Debug, clap::Args)]
pub(crate) struct Operating {
    /// IAM role that CloudFormation works with from now on, instead of your own permissions, which may expire on the way
    #[arg(long, value_name = "ARN", value_parser = role_arn)]
    pub(crate) role_arn: Option<String>,

    /// Keep trying for this long when AWS cannot be reached, for example `30m`; then stop following
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "15m")]
    pub(crate) connection_grace: Duration,
}

/// Reads the ARN of an IAM role, of any partition.
///
/// Source: [IAM ARNs][aws].
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
fn role_arn(text: &str) -> std::result::Result<String, String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "iam", "", account, name]
            if partition.starts_with("aws")
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && name.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("write the ARN of an IAM role, such as `arn:aws:iam::123456789012:role/Name`".to_owned()),
    }
}

fn from_file(file: &std::path::Path) -> Result<BTreeMap<String, String>> {
    let text = files::read_text(file, "parameters")?;
    let refuse = |why: String| Problem::error("parameters/form", format!("`{}`: {why}", file.display()));
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        refuse(error.to_string()).excerpt(&text, line, column)
    })?;
    let entries: Option<Vec<(String, Value)>> = match value {
        Value::Object(map) => Some(map.into_iter().collect()),
        Value::Array(list) => list
            .iter()
            .map(|entry| {
                Some((entry.get("ParameterKey")?.as_str()?.to_owned(), entry.get("ParameterValue")?.clone()))
            })
            .collect(),
        _ => None,
    };
    let form =
        "it must be `{\"Name\": \"value\"}`, or a list of `{\"ParameterKey\": …, \"ParameterValue\": …}`";
    let entries = entries.ok_or_else(|| refuse(form.to_owned()))?;
    let text_of = |(name, value): (String, Value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Number(_) | Value::Bool(_) => Ok((name, value.to_string())),
        _ => Err(refuse(format!("the value of `{name}` is not text")).into()),
    };
    entries.into_iter().map(text_of).collect()
}

/// Reads a length of time: `90`, `90s`, `30m` or `2h`.
pub(crate) fn duration(text: &str) -> std::result::Result<Duration, String> {
    let (number, seconds) = match text.char_indices().last() {
        Some((end, 's')) => (&text[..end], 1),
        Some((end, 'm')) => (&text[..end], 60),
        Some((end, 'h')) => (&text[..end], 3600),
        _ => (text, 1),
    };
    let wrong = || "write a number of seconds, or a number with `s`, `m` or `h`, such as `30m`".to_owned();
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_roles_of_every_partition() {
        for right in ["arn:aws:iam::123456789012:role/path/Name", "arn:aws-us-gov:iam::123456789012:role/N"] {
            assert_eq!(role_arn(right).as_deref(), Ok(right));
        }
        for wrong in [
            "Name",
            "arn:aws:iam::123456789012:user/N",
            "arn:aws:iam::1:role/N",
            "arn:aws:iam::123456789012:role/",
        ] {
            assert!(role_arn(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reads_lengths_of_time() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("30m"), Ok(Duration::from_mins(30)));
        assert_eq!(duration("2h"), Ok(Duration::from_hours(2)));
        for wrong in ["", "m", "0", "-1s", "1d", "99999999999999999999h", "18446744073709551615h", "ä"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
