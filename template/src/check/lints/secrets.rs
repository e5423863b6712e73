//! Secrets: how they are named, and where their values are to be seen.

use crate::check::lint::{Findings, Lint};
use crate::check::lints::credentials::{each_variable, shape};
use crate::check::rule::rule;
use crate::document::Parameter;
use crate::facts;
use crate::graph::{Edge, Element};
use crate::model::iam::{self, Access, Answer, resource_matches};
use crate::model::{Item, Model, Part, Text, Value};
use crate::node::Node;
use crate::path::{Path, Step};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &PARTIAL_ARN, check: partial_arn },
    Lint { rule: &AMBIGUOUS_NAME, check: ambiguous_name },
    Lint { rule: &LITERAL_SECRET, check: literal_secret },
    Lint { rule: &ECHOED_PARAMETER, check: echoed_parameter },
    Lint { rule: &SHOWN_PARAMETER, check: shown_parameter },
];

rule! {
    /// The ARN of a secret without its last six characters.
    ///
    /// Secrets Manager puts a hyphen and six random characters behind a secret's name in its ARN. A policy that names
    /// the ARN without them takes in no secret, as IAM compares the whole ARN: the task stops at its start with
    /// `AccessDeniedException` or `ResourceNotFoundException`. Where a service is given such an ARN to find the secret,
    /// it is a guess that fails as soon as the name ends in a hyphen and six characters itself.
    ///
    /// Name the secret with `!Ref Secret`, which gives the full ARN, or write the ARN as `DescribeSecret` shows it. In a
    /// policy, `-??????` at the end stands for the six characters.
    ///
    /// Source: [Finding a secret from a partial ARN](https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen),
    /// [Specifying sensitive data](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html).
    pub(super) PARTIAL_ARN = "DT110" Warning;
}

rule! {
    /// A secret's name that looks like the end of an ARN.
    ///
    /// A name that ends in a hyphen and six characters, such as `prod-openai`, is taken for the end of a full ARN where
    /// the secret is looked up by name or by a partial ARN: Secrets Manager then finds nothing, or another secret.
    ///
    /// Choose a name that ends in another way. Changing it replaces the secret.
    ///
    /// Source: [AWS::SecretsManager::Secret](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html),
    /// property `Name`.
    pub(super) AMBIGUOUS_NAME = "DT111" Warning;
}

rule! {
    /// A secret that stands in the template.
    ///
    /// A password or key in a template is in the repository, in its history, in every copy, and readable by everybody
    /// who may call `cloudformation:GetTemplate`. It is not secret any more.
    ///
    /// Let Secrets Manager make it (`GenerateSecretString`), let the database manage it (`ManageMasterUserPassword`), or
    /// read it at deployment with `{{resolve:secretsmanager:…}}`; put in the value of another's key after the deployment.
    ///
    /// Source: [Security best practices for CloudFormation](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-best-practices.html#creds).
    pub(super) LITERAL_SECRET = "DT112" Warning secret;
}

rule! {
    /// A secret handed over as a parameter that anybody can read.
    ///
    /// Without `NoEcho: true`, the value is shown in the console, by `DescribeStacks` and in logs of those who deploy.
    ///
    /// Add `NoEcho: true`, or better hand over no secret at all: read it with `{{resolve:secretsmanager:…}}`, or let AWS
    /// make it.
    ///
    /// Source: [Parameters](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html),
    /// attribute `NoEcho`.
    pub(super) ECHOED_PARAMETER = "DT113" Warning secret;
}

rule! {
    /// A parameter that is masked, but whose value is shown elsewhere.
    ///
    /// `NoEcho` hides a parameter's value where the stack's parameters are shown, and nowhere else. As an output, as a
    /// container's environment variable or as the parameter's default it is to be read in plain text by everybody who
    /// may describe the stack, the task definition or the template.
    ///
    /// Remove the output or the default. Hand the value to a container through `Secrets`, which reads it from Secrets
    /// Manager or from Parameter Store when the task starts.
    ///
    /// Source: [Parameters](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html),
    /// attribute `NoEcho`.
    pub(super) SHOWN_PARAMETER = "DT114" Warning secret;
}

/// What Secrets Manager puts behind a secret's name: a hyphen and this many characters.
const SUFFIX: usize = 6;

fn partial_arn(model: &Model<'_>, found: &mut Findings) {
    let mut access = None;
    for item in model.resources() {
        if !item.resource().properties.values().any(mentions_secrets) {
            continue;
        }
        let readers: Vec<_> = item.get("ExecutionRoleArn").iter().filter_map(iam::role).collect();
        let access = &*access.get_or_insert_with(|| Access::new(model));
        partial_arns_in(&item.properties(), 0, &mut |value, text| {
            if !is_readable(access, &readers, text, value) {
                found
                    .at(value, format!("`{text}` is not the full ARN of a secret"))
                    .hint("use `!Ref` of the secret or its full ARN; in a policy, end it with `-??????`");
            }
        });
    }
}

/// Whether one of the roles may read the secret whatever its six characters are: then it is found by the partial ARN.
fn is_readable<'m>(access: &Access<'m>, readers: &[Item<'m>], partial: &Text<'m>, value: &Value<'m>) -> bool {
    let full = with_any_suffix(partial);
    let may =
        |role: &Item<'m>| access.may(*role, "secretsmanager:GetSecretValue", Some(&full), value.world());
    readers.iter().any(|role| may(role) == Answer::Yes)
}

/// The ARN with something in place of the six characters.
pub(super) fn with_any_suffix<'m>(partial: &Text<'m>) -> Text<'m> {
    let mut full = partial.clone();
    if let Some(Part::Literal(end)) = full.parts.last_mut() {
        const START: &str = ":secret:";
        let name = end.rfind(START).map_or(0, |at| at + START.len());
        let length = end[name..].find(':').unwrap_or(end.len() - name);
        *end = format!("{}-??????", &end[..name + length]);
    }
    full
}

/// Whether a literal in the node may be the ARN of a secret, as a cheap first look.
fn mentions_secrets(node: &Node) -> bool {
    match node {
        Node::String(text) => text.contains("secretsmanager"),
        Node::List(items) => items.iter().any(mentions_secrets),
        Node::Map(map) => map.values().any(mentions_secrets),
        Node::Call(_, argument) => mentions_secrets(argument),
        Node::Null | Node::Bool(_) | Node::Number(_) => false,
    }
}

/// How deep properties are nested at most; a reader stops long before.
const MOST_LEVELS: usize = 64;

/// Tells `found` of every partial ARN in the value.
fn partial_arns_in<'m>(value: &Value<'m>, level: usize, found: &mut dyn FnMut(&Value<'m>, &Text<'m>)) {
    if level > MOST_LEVELS {
        return;
    }
    if let Some(entries) = value.entries() {
        for (_, entry) in entries {
            partial_arns_in(&entry, level + 1, found);
        }
        return;
    }
    if matches!(value.node(), Some(Node::List(_))) {
        let items = value.items().unwrap_or_default();
        let texts: Vec<_> = items.iter().flat_map(Value::texts).collect();
        for item in &items {
            partial_arns_in(item, level + 1, &mut |value, text| {
                // Beside one that takes in the full ARN it does no harm.
                let full = with_any_suffix(text);
                if !texts.iter().any(|other| resource_matches(other, &full) == Answer::Yes) {
                    found(value, text);
                }
            });
        }
        return;
    }
    for text in value.texts().iter().filter(|text| is_partial_arn(text)) {
        found(value, text);
    }
}

/// Whether a text is the ARN of a secret that ends with the name. Whatever is put into the name may hold the end.
pub(super) fn is_partial_arn(text: &Text<'_>) -> bool {
    let whole = text.to_string();
    if !whole.starts_with("arn:") {
        return false;
    }
    let Some((_, name)) = whole.split_once(":secret:") else { return false };
    // A container may take one key of the secret: `name:key:stage:version`.
    let name = name.split(':').next().unwrap_or_default();
    let is_known =
        matches!(text.parts.last(), Some(Part::Literal(end)) if end.contains(name) && !name.is_empty());
    is_known && !name.contains(['*', '?', '$', '{']) && !ends_like_an_arn(name)
}

fn ends_like_an_arn(name: &str) -> bool {
    let Some((before, end)) = name.rsplit_once('-') else { return false };
    !before.is_empty() && end.len() == SUFFIX && end.chars().all(|c| c.is_ascii_alphanumeric())
}

fn ambiguous_name(model: &Model<'_>, found: &mut Findings) {
    for secret in model.of_type("AWS::SecretsManager::Secret") {
        for name in secret.get("Name") {
            for text in name.texts() {
                let end = text.end();
                let looks =
                    ends_like_an_arn(end) || (text.parts.len() > 1 && ends_like_an_arn(&format!("x{end}")));
                if looks {
                    found
                        .at(
                            &name,
                            format!("the name `{text}` ends in a hyphen and six characters, like a full ARN"),
                        )
                        .hint("choose a name that ends in another way");
                }
            }
        }
    }
}

fn literal_secret(model: &Model<'_>, found: &mut Findings) {
    for item in model.resources() {
        for property in secret_properties(item.type_name()) {
            for value in descend(item, property) {
                let Some(text) = value.text() else { continue };
                if value.parameter().is_some() || text.contains("{{resolve:") || is_empty(&text) {
                    continue;
                }
                let name = property.rsplit('.').next().unwrap_or(property);
                // What the text is must not be shown again.
                found
                    .at(&value, format!("`{name}` of {} is written in the template", item.type_name()))
                    .hint("let AWS make the value, or read it with `{{resolve:secretsmanager:…}}`");
            }
        }
    }
}

/// Nothing that could be secret: no text, or an empty JSON object.
fn is_empty(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || matches!(c, '{' | '}' | '"'))
}

/// Whether AWS takes something secret in the property: one that it never gives back, with such a name.
fn secret_properties(type_name: &str) -> Vec<&'static str> {
    // These are given back as stars, or not listed among what is not given back.
    const MORE: [(&str, &str); 4] = [
        ("AWS::DocDB::DBCluster", "MasterUserPassword"),
        ("AWS::DMS::Endpoint", "MongoDbSettings.Password"),
        ("AWS::AmazonMQ::Broker", "Users.Password"),
        ("AWS::OpsWorks::App", "AppSource.Password"),
    ];
    let Some(facts) = facts::resource(type_name) else { return Vec::new() };
    let more = MORE.iter().filter(|(of, _)| *of == type_name).map(|(_, property)| *property);
    let mut all: Vec<_> =
        facts.write_only.iter().copied().filter(|path| is_secret_property(path)).chain(more).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Whether a property with this name holds a secret.
pub(crate) fn is_secret_property(path: &str) -> bool {
    const ENDS: [&str; 13] = [
        "Password",
        "Passwords",
        "SecretString",
        "AuthToken",
        "SecretToken",
        "AccessToken",
        "OauthToken",
        "ClientSecret",
        "SharedSecret",
        "SecretKey",
        "PrivateKey",
        "ApiKey",
        "ApiKeyValue",
    ];
    // `ManageMasterPassword` and others are switches.
    const SWITCHES: [&str; 5] = ["Manage", "Rotate", "Generate", "Remove", "No"];
    let name = path.rsplit('.').next().unwrap_or(path);
    ENDS.iter().any(|end| name.ends_with(end)) && !SWITCHES.iter().any(|start| name.starts_with(start))
}

/// The values of a property, through lists on the way.
fn descend<'m>(item: Item<'m>, path: &'static str) -> Vec<Value<'m>> {
    let mut values = vec![item.properties()];
    for key in path.split('.') {
        let below = values.iter().flat_map(|value| value.get(key));
        values = below.filter_map(|value| value.items()).flatten().collect();
    }
    values
}

fn echoed_parameter(model: &Model<'_>, found: &mut Findings) {
    // Without a plain parameter nobody need look who refers to it.
    if !model.template().parameters.values().any(is_plain) {
        return;
    }
    for item in model.resources() {
        let secret = secret_properties(item.type_name());
        if secret.is_empty() {
            continue;
        }
        for edge in model.references(item.id()) {
            let Some((name, parameter)) = parameter(model, edge) else { continue };
            let path = property_path(&edge.path);
            let into = secret.iter().find(|property| path == **property);
            if let Some(property) = into.filter(|_| is_plain(parameter)) {
                found
                    .at(
                        &Path::of(["Parameters", name]),
                        format!(
                            "the parameter `{name}` is the `{property}` of `{}` but has no `NoEcho`",
                            item.id()
                        ),
                    )
                    .hint("add `NoEcho: true`");
            }
        }
    }
    echoed_variables(model, found);
    for (name, parameter) in &model.template().parameters {
        let looks_secret = is_password(name) && is_plain(parameter) && holds_text(parameter);
        let path = Path::of(["Parameters", name]);
        if looks_secret && !found.has(&path) {
            found
                .at(&path, format!("the parameter `{name}` is a password by its name but has no `NoEcho`"))
                .hint("add `NoEcho: true`");
        }
    }
}

/// Parameters that become a variable with the name of a secret.
fn echoed_variables(model: &Model<'_>, found: &mut Findings) {
    each_variable(model, &mut |variable, value| {
        let Some((name, parameter)) = value.parameter() else { return };
        let default = parameter.default.as_ref().and_then(Node::scalar_text).unwrap_or_default();
        let may_be_secret = default.is_empty() || shape::may_be_secret(variable, &default);
        let path = Path::of(["Parameters", name]);
        let is_value = is_plain(parameter) && holds_text(parameter) && !names_a_place(name);
        if shape::is_secret_name(variable) && is_value && may_be_secret && !found.has(&path) {
            found
                .at(&path, format!("the parameter `{name}` is the variable `{variable}` but has no `NoEcho`"))
                .hint("keep the value in Secrets Manager, and pass it by `Secrets` with `ValueFrom`");
        }
    });
}

/// Whether a parameter says by its name that it tells where the secret is.
fn names_a_place(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["arn", "name", "id", "path", "url", "uri"].iter().any(|end| name.ends_with(end))
}

/// Whether the value of the parameter is shown, and is the value itself and not the name of one.
fn is_plain(parameter: &Parameter) -> bool {
    !parameter.no_echo && matches!(parameter.type_name.as_str(), "String" | "CommaDelimitedList")
}

/// Whether any text may be given, as for a password: not one of a list, and nothing that is looked up.
fn holds_text(parameter: &Parameter) -> bool {
    let default = parameter.default.as_ref().and_then(Node::as_str).unwrap_or_default();
    !parameter.attributes.contains_key("AllowedValues")
        && !default.contains("{{resolve:")
        && !default.contains('/')
        && !default.starts_with("arn:")
}

fn is_password(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let switch =
        ["manage", "generate", "rotate", "use", "enable", "no"].iter().any(|start| name.starts_with(start));
    !switch && ["password", "passwd", "passphrase"].iter().any(|end| name.ends_with(end))
}

/// The parameter that an edge leads to.
fn parameter<'m>(model: &'m Model<'m>, edge: &Edge) -> Option<(&'m str, &'m Parameter)> {
    let Some(Element::Parameter(name)) = &edge.to else { return None };
    let (name, parameter) = model.template().parameters.get_key_value(name)?;
    Some((name, parameter))
}

/// The names of the properties on the way to a place of a resource, without functions and positions in lists.
fn property_path(path: &Path) -> String {
    let keys = path.steps().skip(3).filter_map(|step| match step {
        Step::Key(key) if key != "Ref" && !key.starts_with("Fn::") => Some(key),
        Step::Key(_) | Step::Index(_) => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

fn shown_parameter(model: &Model<'_>, found: &mut Findings) {
    for (name, parameter) in &model.template().parameters {
        let default = parameter.default.as_ref().and_then(Node::scalar_text).unwrap_or_default();
        if parameter.no_echo && !is_empty(&default) && !default.contains("{{resolve:") {
            found
                .at(
                    &Path::of(["Parameters", name, "Default"]),
                    format!("the masked parameter `{name}` has a default that is not"),
                )
                .hint("remove the default");
        }
    }
    // Without a masked parameter nobody need look who refers to it.
    if !model.template().parameters.values().any(|parameter| parameter.no_echo) {
        return;
    }
    for edge in model.graph().edges() {
        let Some((name, parameter)) = parameter(model, edge) else { continue };
        if !parameter.no_echo
            || matches!(edge.kind, crate::graph::Reference::Condition | crate::graph::Reference::If)
        {
            continue;
        }
        match &edge.from {
            Element::Output(output) => {
                found
                    .at(&edge.path, format!("the output `{output}` shows the masked parameter `{name}`"))
                    .hint("remove the output");
            }
            Element::Resource(id) if is_environment(model, id, &edge.path) => {
                found
                    .at(&edge.path, format!("a container's environment shows the masked parameter `{name}`"))
                    .hint("put it into a secret and hand it over through `Secrets`");
            }
            _ => {}
        }
    }
}

fn is_environment(model: &Model<'_>, id: &str, path: &Path) -> bool {
    let is_task = model.resource(id).is_some_and(|item| item.is("AWS::ECS::TaskDefinition"));
    is_task && property_path(path) == "ContainerDefinitions.Environment.Value"
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::codes;

    #[test]
    fn a_secret_may_be_named_by_its_full_arn_or_by_what_stands_for_it() {
        let role = |resource: &str| {
            codes(&format!(
                "Parameters: {{Name: {{Type: String}}}}\nOutputs: {{N: {{Value: !Ref Name}}}}\nResources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      \
                 PolicyDocument:\n        Version: '2012-10-17'\n        Statement:\n          \
                 - {{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: {resource}}}\n"
            ))
        };
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
        assert_eq!(role(&format!("'{arn}openai'")), ["DT110"]);
        assert_eq!(role(&format!("'{arn}app/prod'")), ["DT110"]);
        for fine in ["openai-AbCdEf", "openai-??????", "openai*"] {
            assert_eq!(role(&format!("'{arn}{fine}'")), [""; 0], "{fine}");
        }
        assert_eq!(role(&format!("'{arn}*'")), ["DT119"]);
        assert_eq!(role(&format!("!Sub '{arn}${{Name}}'")), [""; 0]);
        assert_eq!(role(&format!("!Sub '{arn}${{Name}}-??????'")), [""; 0]);
    }

    #[test]
    fn a_parameter_that_becomes_a_variable_with_the_name_of_a_secret_is_found() {
        let variable = |parameter: &str, variable: &str| {
            let text = format!(
                "
Parameters: {{{parameter}}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - {{Name: web, Image: 'web:1', Memory: 64, Environment: [{{Name: {variable}, Value: !Ref Key}}]}}
"
            );
            codes(&text).into_iter().filter(|code| code == "DT113").count()
        };
        assert_eq!(variable("Key: {Type: String}", "OPENAI_API_KEY"), 1);
        assert_eq!(variable("Key: {Type: String, Default: ''}", "OPENAI_API_KEY"), 1);
        assert_eq!(variable("Key: {Type: String}", "LOG_LEVEL"), 0);
        assert_eq!(variable("Key: {Type: String}", "OPENAI_API_KEY_ARN"), 0);
        assert_eq!(variable("Key: {Type: String, Default: 'true'}", "USE_API_KEY"), 0);
        assert_eq!(variable("Key: {Type: String, AllowedValues: [a, b]}", "OPENAI_API_KEY"), 0);
        assert_eq!(variable("Key: {Type: String, NoEcho: true}", "OPENAI_API_KEY"), 0);
        assert_eq!(variable("Key: {Type: 'AWS::SSM::Parameter::Value<String>'}", "OPENAI_API_KEY"), 0);
    }

    #[test]
    fn a_parameter_that_becomes_part_of_a_secret_is_found() {
        let text = |no_echo: bool| {
            codes(&format!(
                "Parameters: {{Key: {{Type: String, NoEcho: {no_echo}}}}}\nResources:\n  S:\n    \
                 Type: AWS::SecretsManager::Secret\n    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n    \
                 Properties: {{SecretString: !Sub '{{\"key\": \"${{Key}}\"}}'}}\n"
            ))
        };
        assert_eq!(text(false), ["DT113"]);
        assert_eq!(text(true), [""; 0]);
    }
}
