//! Credentials that stand in a template, and how containers are given theirs.

pub(super) mod shape;

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::ecs::TaskDefinition;
use crate::model::{Model, Part, Text, Value};
use crate::node::Node;
use crate::path::Path;
use crate::visit;

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &CREDENTIAL, check: credential },
    Lint { rule: &PLAIN, check: plain },
    Lint { rule: &VALUE_FROM, check: value_from },
];

rule! {
    /// A credential that stands in the template.
    ///
    /// The text has the form of an API key, an access key, a private key, or a URL with a password. Whoever may read
    /// the template, the stack or the task definition in the console reads it, and it stays in every version of the
    /// file.
    ///
    /// Revoke it first: it has been seen. Then keep the new one in Secrets Manager, and give it to the container by
    /// `Secrets` with `ValueFrom`, or to anything else by `{{resolve:secretsmanager:…}}`.
    ///
    /// Source: [Pass sensitive data to a container](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html).
    pub(super) CREDENTIAL = "DT053" Error secret;
}

fn credential(model: &Model<'_>, found: &mut Findings) {
    let template = model.template();
    let mut look = |path: &Path, node: &Node| {
        if let Node::String(text) = node
            && let Some(what) = shape::of(text)
        {
            found
                .at(path, format!("here stands {what}"))
                .hint("revoke it, keep the new one in Secrets Manager, and refer to that");
        }
    };
    for (name, parameter) in &template.parameters {
        if let Some(default) = &parameter.default {
            look(&Path::of(["Parameters", name, "Default"]), default);
        }
    }
    for (name, mapping) in &template.mappings {
        for (first, level) in mapping.as_map().into_iter().flatten() {
            for (second, node) in level.as_map().into_iter().flatten() {
                look(&Path::of(["Mappings", name, first, second]), node);
            }
        }
    }
    visit::nodes(template, &mut look);
}

rule! {
    /// A secret in a plain environment variable.
    ///
    /// The variable has the name of a secret (`…_API_KEY`, `…_PASSWORD`, `…_TOKEN`) and a value in the template:
    /// everybody who may describe the task definition, function or project reads it, and it stays in the history of
    /// the file.
    ///
    /// Keep it in Secrets Manager or in a secure parameter, and pass it by `Secrets` (ECS), by a type such as
    /// `SECRETS_MANAGER` in a build project, or let the program read it. In a task definition
    /// `{{resolve:secretsmanager:…}}` does not help: CloudFormation puts the value in its place. JSON as a value is
    /// looked into. A name such as `…_ARN` or `…_NAME` says that the value is none.
    ///
    /// Source: [Pass sensitive data to a container](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html).
    pub(super) PLAIN = "DT054" Warning secret;
}

/// Lists of variables: the type, the way to the list, and the names of the variable's name and value.
const LISTS: [(&str, &str, &str); 9] = [
    ("AWS::CodeBuild::Project", "Environment.EnvironmentVariables", "Name"),
    ("AWS::Batch::JobDefinition", "ContainerProperties.Environment", "Name"),
    ("AWS::Amplify::App", "EnvironmentVariables", "Name"),
    ("AWS::Amplify::Branch", "EnvironmentVariables", "Name"),
    (
        "AWS::AppRunner::Service",
        "SourceConfiguration.ImageRepository.ImageConfiguration.RuntimeEnvironmentVariables",
        "Name",
    ),
    (
        "AWS::AppRunner::Service",
        "SourceConfiguration.CodeRepository.CodeConfiguration.CodeConfigurationValues.RuntimeEnvironmentVariables",
        "Name",
    ),
    ("AWS::ElasticBeanstalk::Environment", "OptionSettings", "OptionName"),
    ("AWS::ElasticBeanstalk::ConfigurationTemplate", "OptionSettings", "OptionName"),
    ("AWS::OpsWorks::App", "Environment", "Key"),
];

/// Mappings of variables: the type, and the way to the mapping.
const MAPPINGS: [(&str, &str); 2] = [
    ("AWS::Lambda::Function", "Environment.Variables"),
    ("AWS::Serverless::Function", "Environment.Variables"),
];

fn plain(model: &Model<'_>, found: &mut Findings) {
    each_variable(model, &mut |name, value| judge(name, value, found));
    for container in model.task_definitions().flat_map(TaskDefinition::containers) {
        for value in container.entries("Environment").iter().flat_map(|variable| variable.get("Value")) {
            if value.texts().iter().any(|text| text.to_string().contains("{{resolve:secretsmanager:")) {
                found
                    .at(
                        &value,
                        "CloudFormation puts the secret's value into the task definition, as plain text",
                    )
                    .hint("pass it by `Secrets` with `ValueFrom`, which reads it when the task starts");
            }
        }
    }
}

/// Tells `see` of the name and the value of every variable that a program is given.
pub(super) fn each_variable<'m>(model: &'m Model<'m>, see: &mut dyn FnMut(&str, &Value<'m>)) {
    for container in model.task_definitions().flat_map(TaskDefinition::containers) {
        for variable in container.entries("Environment") {
            entry(&variable, "Name", see);
        }
    }
    for (type_name, way, name) in LISTS {
        for list in model.of_type(type_name).flat_map(|item| item.get(way)) {
            for variable in list.items().into_iter().flatten().filter(Value::is_known) {
                // CodeBuild names the kind: only `PLAINTEXT`, which is the default, is a value.
                let plain = |kind: &Value<'_>| kind.is_absent() || kind.is_text("PLAINTEXT");
                if variable.get("Type").iter().all(plain) {
                    entry(&variable, name, see);
                }
            }
        }
    }
    for (type_name, way) in MAPPINGS {
        for variables in model.of_type(type_name).flat_map(|item| item.get(way)) {
            for (name, value) in variables.entries().into_iter().flatten() {
                see(name, &value);
            }
        }
    }
}

fn entry<'m>(variable: &Value<'m>, key: &'static str, see: &mut dyn FnMut(&str, &Value<'m>)) {
    let names = variable.get(key);
    let Some(name) = names.first().and_then(Value::text).filter(|_| names.len() == 1) else { return };
    for value in variable.get("Value") {
        see(&name, &value);
    }
}

fn judge(name: &str, value: &Value<'_>, found: &mut Findings) {
    // What a parameter brings is not in the template, and told elsewhere.
    if value.parameter().is_some() {
        return;
    }
    if let Some(key) = value.text().as_deref().and_then(secret_in_json) {
        found
            .at(value, format!("the variable `{name}` has the value of `{key}` in the template"))
            .hint("keep the value in Secrets Manager, and pass it by `Secrets` with `ValueFrom`");
        return;
    }
    if !shape::is_secret_name(name) {
        return;
    }
    if value.text().is_some_and(|text| shape::of(&text).is_none() && shape::may_be_secret(name, &text)) {
        found
            .at(value, format!("the variable `{name}` has its value in the template"))
            .hint("keep the value in Secrets Manager, and pass it by `Secrets` with `ValueFrom`");
    }
}

/// The key of a secret within text that is JSON.
fn secret_in_json(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut open = vec![serde_json::from_str::<serde_json::Value>(text).ok()?];
    while let Some(value) = open.pop() {
        match value {
            serde_json::Value::Array(items) => open.extend(items),
            serde_json::Value::Object(entries) => {
                for (key, value) in entries {
                    let is_secret =
                        |text: &str| shape::of(text).is_none() && shape::may_be_secret(&key, text);
                    if shape::is_secret_name(&key) && value.as_str().is_some_and(is_secret) {
                        return Some(key);
                    }
                    open.push(value);
                }
            }
            _ => {}
        }
    }
    None
}

rule! {
    /// A secret of a container from something that holds none.
    ///
    /// `ValueFrom` is the ARN of a secret of Secrets Manager (perhaps with `:key::`), or the ARN or name of an SSM
    /// parameter, which ECS reads when the task starts. Anything else, such as the value itself, a dynamic reference to a
    /// secret (which CloudFormation replaces by the value) or the name of a secret with a key, stops the task before it
    /// starts.
    ///
    /// Use `!Ref Secret`, which is the ARN, or `!Sub "${Secret}:key::"` for one key of it.
    ///
    /// Source: [Secret](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html).
    pub(super) VALUE_FROM = "DT055" Error secret;
}

fn value_from(model: &Model<'_>, found: &mut Findings) {
    for container in model.task_definitions().flat_map(TaskDefinition::containers) {
        for list in ["Secrets", "LogConfiguration.SecretOptions"] {
            for from in container.entries(list).into_iter().flat_map(|secret| secret.get("ValueFrom")) {
                for text in from.texts() {
                    if let Some(why) = not_a_secret(&text) {
                        found
                            .at(&from, format!("no secret can be read from here: {why}"))
                            .hint("name the ARN of a secret, or the ARN or name of an SSM parameter");
                    }
                }
            }
        }
    }
}

/// Why the text cannot be what a secret is read from. The text itself is not told: it may be the secret.
fn not_a_secret(text: &Text<'_>) -> Option<String> {
    let put_in = |part: &Part<'_>| match part {
        Part::Literal(text) => text.clone(),
        // A letter that stands in any name.
        Part::Target(_) | Part::Pseudo(_) | Part::Unknown(_) => "x".to_owned(),
    };
    let starts_known = matches!(text.parts.first(), Some(Part::Literal(_)));
    let whole: String = text.parts.iter().map(put_in).collect();
    if !starts_known {
        return None;
    }
    if whole.contains("{{resolve:ssm:") {
        // A plain parameter may hold the ARN.
        return None;
    }
    if whole.contains("{{resolve:") {
        return Some("CloudFormation puts the value itself in place of a dynamic reference".to_owned());
    }
    if whole.starts_with("arn:") {
        let service = whole.split(':').nth(2).unwrap_or_default();
        let known = matches!(service, "secretsmanager" | "ssm" | "x");
        return (!known).then(|| format!("the ARN is of the service `{service}`"));
    }
    let is_name = |character: char| character.is_ascii_alphanumeric() || "_.-/:".contains(character);
    // A version or label may follow the name of a parameter.
    (!whole.chars().all(is_name) || whole.matches(':').count() > 1)
        .then(|| "it is neither an ARN nor the name of a parameter".to_owned())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::check::lints::testing::found;

    fn function(variables: &str) -> String {
        let head = "
Parameters: {Password: {Type: String, Default: changeme}, Hidden: {Type: String}}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties: {Code: {ImageUri: 'x:1'}, Role: 'arn:aws:iam::123456789012:role/r', Environment: {Variables: ";
        found("DT054", &format!("{head}{variables}}}}}\n"))
    }

    #[test]
    fn a_value_is_a_secret_by_the_name_of_its_variable() {
        assert_snapshot!(function("{DB_PASSWORD: hunter2, GITHUB_TOKEN: abcdefgh1234}"), @"
        the variable `DB_PASSWORD` has its value in the template at Resources.Function.Properties.Environment.Variables.DB_PASSWORD (keep the value in Secrets Manager, and pass it by `Secrets` with `ValueFrom`)
        the variable `GITHUB_TOKEN` has its value in the template at Resources.Function.Properties.Environment.Variables.GITHUB_TOKEN (keep the value in Secrets Manager, and pass it by `Secrets` with `ValueFrom`)
        ");
        assert_eq!(function("{DB_PASSWORD: !Ref Password, API_KEY: !Ref Hidden}"), "");
        assert_eq!(function("{DB_PASSWORD: '{{resolve:secretsmanager:db:SecretString:password}}'}"), "");
        assert_eq!(
            function("{DB_PASSWORD_ARN: abcdefgh, TOKEN_URL: abcdefghi, API_KEY_NAME: abcdefghi}"),
            ""
        );
        assert_eq!(
            function("{ALLOW_EMPTY_PASSWORD: 'yes', MAX_TOKEN: 4096, USE_TOKEN: true, API_KEY: ''}"),
            ""
        );
        assert_eq!(
            function(
                "{DB_SECRET: prod/db, API_SECRET: 'arn:aws:secretsmanager:x', OAUTH_TOKEN: 'https://a.b/token'}"
            ),
            ""
        );
    }

    #[test]
    fn json_is_looked_into() {
        assert_snapshot!(function(r#"{DB: '{"user": "app", "login": {"password": "hunter2"}}'}"#), @"
        the variable `DB` has the value of `password` in the template at Resources.Function.Properties.Environment.Variables.DB (keep the value in Secrets Manager, and pass it by `Secrets` with `ValueFrom`)
        ");
        assert_eq!(function(r#"{DB: '{"user": "app", "password": "{{resolve:secretsmanager:db}}"}'}"#), "");
        assert_eq!(function("{DB: '{password: hunter2'}"), "");
    }

    #[test]
    fn a_task_definition_shows_what_a_dynamic_reference_gives() {
        let value = |value: &str| {
            let container = format!("{{Name: a, Environment: [{{Name: DB, Value: {value}}}]}}");
            let task = format!(
                "{{Type: 'AWS::ECS::TaskDefinition', Properties: {{ContainerDefinitions: [{container}]}}}}"
            );
            found("DT054", &format!("Resources: {{Task: {task}}}"))
        };
        assert_snapshot!(value("!Sub 'postgres://{{resolve:secretsmanager:db:SecretString:user}}@db.${AWS::Region}'"), @"
        CloudFormation puts the secret's value into the task definition, as plain text at Resources.Task.Properties.ContainerDefinitions[0].Environment[0].Value (pass it by `Secrets` with `ValueFrom`, which reads it when the task starts)
        ");
        assert_eq!(value("'{{resolve:ssm:/app/level}}'"), "");
    }

    #[test]
    fn a_secret_is_read_from_an_arn_or_a_name() {
        let from = |from: &str| {
            let text = "
Parameters: {Arn: {Type: String}}
Resources:
  Secret: {Type: 'AWS::SecretsManager::Secret'}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {ContainerDefinitions: [{Name: a, Secrets: [{Name: KEY, ValueFrom: ";
            found("DT055", &format!("{text}{from}}}]}}]}}\n"))
        };
        for right in [
            "!Ref Secret",
            "!Ref Arn",
            "!Sub '${Secret}:key::'",
            "!Sub 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a'",
            "/prod/key",
            "key:3",
            "!ImportValue secret",
            "'{{resolve:ssm:/prod/secret-arn}}'",
        ] {
            assert_eq!(from(right), "", "{right}");
        }
        assert_snapshot!(from("'{{resolve:secretsmanager:a}}'"), @"
        no secret can be read from here: CloudFormation puts the value itself in place of a dynamic reference at Resources.Task.Properties.ContainerDefinitions[0].Secrets[0].ValueFrom (name the ARN of a secret, or the ARN or name of an SSM parameter)
        ");
        assert_snapshot!(from("!Sub 'arn:${AWS::Partition}:s3:::bucket/key'"), @"
        no secret can be read from here: the ARN is of the service `s3` at Resources.Task.Properties.ContainerDefinitions[0].Secrets[0].ValueFrom (name the ARN of a secret, or the ARN or name of an SSM parameter)
        ");
        assert_snapshot!(from("'prod/db:password::'"), @"
        no secret can be read from here: it is neither an ARN nor the name of a parameter at Resources.Task.Properties.ContainerDefinitions[0].Secrets[0].ValueFrom (name the ARN of a secret, or the ARN or name of an SSM parameter)
        ");
        assert_snapshot!(from("'p@ss word'"), @"
        no secret can be read from here: it is neither an ARN nor the name of a parameter at Resources.Task.Properties.ContainerDefinitions[0].Secrets[0].ValueFrom (name the ARN of a secret, or the ARN or name of an SSM parameter)
        ");
    }
}
