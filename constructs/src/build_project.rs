//! `CodeBuild` projects: commands that run in a container of AWS's, with a log and a role of their own.

use bon::bon;
use serde_json::json;

use crate::declare::aws;
use crate::iam::{Role, Statement};
use crate::l1::codebuild::project::{
    Artifacts, CloudWatchLogsConfig, Environment, EnvironmentVariable, LogsConfig, Source,
};
use crate::l1::{codebuild, kms};
use crate::log_group::LogGroup;
use crate::resource::{Arn, Handle};
use crate::retention;
use crate::scope::{RemovalPolicy, Scope};
use crate::sub;
use crate::task_definition::Architecture;
use crate::units::Retention;
use crate::value::Value;

/// What a build runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildImage {
    reference: String,
    architecture: Architecture,
}

impl BuildImage {
    /// AWS's own image with Amazon Linux, Docker, the AWS CLI, Node.js and Python.
    ///
    /// Source: [Docker images provided by CodeBuild][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-available.html
    pub fn amazon_linux(architecture: Architecture) -> BuildImage {
        let reference = match architecture {
            Architecture::X86_64 => "aws/codebuild/amazonlinux-x86_64-standard:6.0",
            Architecture::Arm64 => "aws/codebuild/amazonlinux-aarch64-standard:3.0",
        };
        BuildImage { reference: reference.to_owned(), architecture }
    }

    /// A public image of a registry: `public.ecr.aws/docker/library/rust:1-bookworm`.
    pub fn registry(reference: impl Into<String>, architecture: Architecture) -> BuildImage {
        BuildImage { reference: reference.into(), architecture }
    }

    /// Who pulls the image: for AWS's own, `CodeBuild` itself must.
    fn pulled_with(&self) -> &'static str {
        if self.reference.starts_with("aws/codebuild/") { "CODEBUILD" } else { "SERVICE_ROLE" }
    }

    fn container(&self) -> &'static str {
        match self.architecture {
            Architecture::X86_64 => "LINUX_CONTAINER",
            Architecture::Arm64 => "ARM_CONTAINER",
        }
    }
}

/// How large the machine is that a build runs on.
///
/// Source: [Build environment compute modes and types][aws].
///
/// [aws]: https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-compute-types.html
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildMachine {
    /// 4 vCPU.
    Medium,
    /// 8 vCPU.
    Large,
}

impl BuildMachine {
    fn compute_type(self) -> &'static str {
        match self {
            BuildMachine::Medium => "BUILD_GENERAL1_MEDIUM",
            BuildMachine::Large => "BUILD_GENERAL1_LARGE",
        }
    }
}

/// The commands of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildSpec {
    /// What each build does; a command that fails ends it.
    pub commands: Vec<String>,
    /// Variables whose values later actions of a pipeline can use.
    pub exported: Vec<String>,
}

impl BuildSpec {
    /// The commands in the form that `CodeBuild` reads. All of them run in one bash, which stops at a mistake.
    ///
    /// Source: [Build specification reference][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
    fn text(&self) -> String {
        let mut env = serde_json::Map::from_iter([("shell".to_owned(), json!("bash"))]);
        if !self.exported.is_empty() {
            env.insert("exported-variables".to_owned(), json!(self.exported));
        }
        json!({
            "version": 0.2,
            "env": env,
            "phases": {"build": {"on-failure": "ABORT", "commands": self.commands}},
        })
        .to_string()
    }
}

/// An `AWS::CodeBuild::Project` whose source comes from a pipeline, with its log group and role.
///
/// The role can write the log and nothing else, until it is granted more.
#[derive(Debug, Clone)]
pub struct BuildProject {
    /// The project itself, for what this construct has no word for.
    pub resource: Handle<codebuild::Project>,
    /// What the build's commands act as.
    pub role: Role,
    /// Where the build's output is kept.
    pub log_group: LogGroup,
}

#[bon]
impl BuildProject {
    /// Starts the build project `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name, 2 to 150 letters, digits, `-` and `_`. Default: a name that CloudFormation makes.
        #[builder(into)]
        name: Option<String>,
        /// What the build is for.
        #[builder(into)]
        description: Option<Value<String>>,
        /// The commands.
        build_spec: BuildSpec,
        /// What the commands run in. Default: Amazon Linux on x86-64.
        #[builder(default = BuildImage::amazon_linux(Architecture::X86_64))]
        image: BuildImage,
        /// The machine. Default: 4 vCPU.
        #[builder(default = BuildMachine::Medium)]
        machine: BuildMachine,
        /// Whether the commands build images with Docker, which needs a container with all rights on its machine.
        /// Default: no.
        #[builder(default)]
        docker: bool,
        /// Variables of the commands, none of them a secret: everybody who may see the project sees them.
        #[builder(default, with = |variables: impl IntoIterator<Item = (impl Into<String>, impl Into<Value<String>>)>| {
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
        })]
        environment: Vec<(String, Value<String>)>,
        /// Minutes after which the build is ended, 5 to 2,160. Default: 60.
        #[builder(default = 60)]
        timeout_minutes: u16,
        /// The key that encrypts what the build hands on. Default: the account's `aws/s3`.
        #[builder(into)]
        key: Option<Value<Arn<kms::Key>>>,
        /// The key that encrypts the log; its policy must let CloudWatch Logs use it for `/aws/codebuild/NAME`.
        /// Default: a key of CloudWatch's own.
        #[builder(into)]
        log_key: Option<Value<Arn<kms::Key>>>,
        /// How long the log is kept. Default: 30 days.
        #[builder(default = retention!(30))]
        retention: Retention,
        /// What happens to the log when the project leaves the template. Default: it is kept, unless the deployment
        /// that creates it fails.
        #[builder(default = RemovalPolicy::RetainExceptOnCreate)]
        removal_policy: RemovalPolicy,
    ) -> BuildProject {
        let mut inner = s.scope(id);
        check(&mut inner, name.as_deref(), timeout_minutes, &build_spec, &environment);
        let log_group = LogGroup::named("Logs")
            .maybe_name(name.as_ref().map(|name| format!("/aws/codebuild/{name}")))
            .retention(retention)
            .maybe_key(log_key)
            .removal_policy(removal_policy)
            .build(&mut inner);
        let role = Role::named("Role").assumed_by("codebuild.amazonaws.com").build(&mut inner);
        log_group.grant_write(&mut inner, role);
        if let Some(key) = &key {
            let actions = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"];
            let s3 = sub!("s3.{}.{}", aws::region(), aws::url_suffix());
            let statement = Statement::allow(actions).on(key).when("StringEquals", "kms:ViaService", s3);
            role.allow(&mut inner, "Artifacts", statement);
        }
        let properties = codebuild::Project {
            name: name.map(Value::from),
            description,
            service_role: Some(role.arn().text()),
            source: Some(Source {
                r#type: Some("CODEPIPELINE".into()),
                build_spec: Some(build_spec.text().into()),
                ..Default::default()
            }),
            artifacts: Some(Artifacts { r#type: Some("CODEPIPELINE".into()), ..Default::default() }),
            environment: Some(Environment {
                r#type: Some(image.container().into()),
                compute_type: Some(machine.compute_type().into()),
                image_pull_credentials_type: Some(image.pulled_with().into()),
                image: Some(image.reference.into()),
                privileged_mode: docker.then(|| true.into()),
                environment_variables: variables(environment),
                ..Default::default()
            }),
            encryption_key: key.map(|key| key.text()),
            logs_config: Some(LogsConfig {
                cloud_watch_logs: Some(CloudWatchLogsConfig {
                    status: Some("ENABLED".into()),
                    group_name: Some(log_group.name().text()),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            timeout_in_minutes: Some(timeout_minutes.into()),
            ..Default::default()
        };
        BuildProject { resource: s.add(id, properties), role, log_group }
    }
}

fn variables(environment: Vec<(String, Value<String>)>) -> Option<Vec<EnvironmentVariable>> {
    let variable = |(name, value): (String, Value<String>)| EnvironmentVariable {
        name: Some(name.into()),
        value: Some(value),
        r#type: Some("PLAINTEXT".into()),
    };
    (!environment.is_empty()).then(|| environment.into_iter().map(variable).collect())
}

#[track_caller]
fn check(
    s: &mut Scope<'_>,
    name: Option<&str>,
    timeout_minutes: u16,
    build_spec: &BuildSpec,
    environment: &[(String, Value<String>)],
) {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if let Some(name) = name
        && (!(2..=150).contains(&name.len())
            || !name.chars().all(plain)
            || !name.starts_with(|c: char| c.is_ascii_alphanumeric()))
    {
        s.error("DC180", format!("`{name}` is not the name of a build project"))
            .property("name")
            .hint("begin with a letter or digit; 2 to 150 letters, digits, `-` and `_`");
    }
    if !(5..=2160).contains(&timeout_minutes) {
        s.error("DC181", format!("a build cannot be ended after {timeout_minutes} minutes"))
            .property("timeout_minutes")
            .hint("choose 5 to 2160 minutes");
    }
    if build_spec.commands.is_empty() {
        s.error("DC182", "the build has no commands").property("build_spec").hint("give at least one");
    }
    for (name, _) in environment.iter().filter(|(name, _)| name.starts_with("CODEBUILD_")) {
        s.error("DC183", format!("the variable `{name}` begins with `CODEBUILD_`"))
            .property("environment")
            .hint("CodeBuild keeps these names for its own; choose another one");
    }
}

impl BuildProject {
    /// The project's name.
    #[must_use]
    pub fn name(&self) -> Value<String> {
        self.resource.reference().text()
    }

    /// The project's ARN.
    #[must_use]
    pub fn arn(&self) -> Value<Arn<codebuild::Project>> {
        self.resource.arn()
    }
}
