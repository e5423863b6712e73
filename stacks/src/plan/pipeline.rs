//! The pipeline that tests, builds and deploys, understood.

use constructs::email::is_email;
use constructs::pipeline::is_repository;
use constructs::{Architecture, Arn, CodeSource, Value, l1};

use crate::settings::{ArchitectureSetting, PipelineSettings, Settings};

use super::Reader;

/// The pipeline that tests, builds and deploys, understood.
#[derive(Debug, Clone)]
pub struct PipelinePlan {
    /// What starts it.
    pub source: CodeSource,
    /// The environment that is deployed.
    pub environment: String,
    /// The role that deploys.
    pub deploy_role: Value<Arn<l1::iam::Role>>,
    /// Whether somebody must approve.
    pub approval: bool,
    /// Who is asked.
    pub approvers: Vec<String>,
    /// The folder of the infrastructure's crate.
    pub folder: String,
    /// The image in which the crate is built.
    pub rust_image: String,
    /// The processor that images are built for.
    pub architecture: Architecture,
}

impl Reader<'_> {
    pub(super) fn pipeline(&mut self, settings: &Settings) -> Option<PipelinePlan> {
        let pipeline = settings.pipeline.as_ref()?;
        self.connection(pipeline, &settings.region);
        self.deploy_role(pipeline);
        self.names_in_commands(pipeline);
        let repository = &pipeline.repository;
        let hint = "write its owner and its name: `owner/name`";
        let message = format_args!("`{}` is not a repository", repository.escape_debug());
        self.refuse_if(!is_repository(repository), "pipeline.repository", message, hint);
        for (index, email) in pipeline.approvers.iter().enumerate() {
            let message = format_args!("`{}` is not an email address", email.escape_debug());
            let key = format!("pipeline.approvers[{index}]");
            self.refuse_if(!is_email(email), &key, message, "write `name@example.com`");
        }
        let unasked = !pipeline.approval && !pipeline.approvers.is_empty();
        let message = "`pipeline.approvers` are named, but `pipeline.approval` is off";
        let hint = "switch the approval on, or leave the approvers out";
        self.refuse_if(unasked, "pipeline.approvers", message, hint);
        Some(PipelinePlan {
            source: CodeSource {
                connection: Value::known(&pipeline.connection_arn),
                repository: if is_repository(repository) { repository } else { "owner/name" }.to_owned(),
                branch: pipeline.branch.clone(),
            },
            environment: pipeline.environment.clone(),
            deploy_role: Value::known(&pipeline.deploy_role_arn),
            approval: pipeline.approval,
            approvers: pipeline.approvers.iter().filter(|email| is_email(email)).cloned().collect(),
            folder: pipeline.folder.clone(),
            rust_image: pipeline.rust_image.clone(),
            architecture: self.built_for(settings),
        })
    }

    fn connection(&mut self, pipeline: &PipelineSettings, region: &str) {
        let (key, arn) = ("pipeline.connection_arn", &pipeline.connection_arn);
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts[..] {
            ["arn", _, "codeconnections" | "codestar-connections", of, _, id]
                if id.starts_with("connection/") =>
            {
                let message = format_args!("the connection is in {of}, the pipeline in {region}");
                self.refuse_if(of != region, key, message, "make a connection in the pipeline's region");
            }
            _ => {
                let message = format_args!("`{}` is not the ARN of a connection", arn.escape_debug());
                let hint = "it looks like `arn:aws:codeconnections:us-east-1:123456789012:connection/…`";
                self.refuse_if(true, key, message, hint);
            }
        }
    }

    fn deploy_role(&mut self, pipeline: &PipelineSettings) {
        let arn = &pipeline.deploy_role_arn;
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let plain = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_/-".contains(c))
        };
        let wrong = !matches!(parts[..], ["arn", _, "iam", "", account, role]
            if account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && role.strip_prefix("role/").is_some_and(plain));
        let message = format_args!("`{}` is not the ARN of a role", arn.escape_debug());
        let hint = "it looks like `arn:aws:iam::123456789012:role/deploy`";
        self.refuse_if(wrong, "pipeline.deploy_role_arn", message, hint);
    }

    /// These become part of commands, so a shell must read nothing else in them.
    fn names_in_commands(&mut self, pipeline: &PipelineSettings) {
        let plain = |text: &str, more: &str| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c) || more.contains(c))
        };
        let outside = pipeline.folder.split('/').any(|part| part == "..");
        let each = [
            ("pipeline.branch", &pipeline.branch, plain(&pipeline.branch, "/")),
            ("pipeline.environment", &pipeline.environment, plain(&pipeline.environment, "")),
            ("pipeline.folder", &pipeline.folder, plain(&pipeline.folder, "/") && !outside),
            ("pipeline.rust_image", &pipeline.rust_image, plain(&pipeline.rust_image, "/:@")),
        ];
        for (key, value, fine) in each {
            let what = key.trim_start_matches("pipeline.").replace('_', " ");
            let message = format_args!("`{}` cannot be the {what}", value.escape_debug());
            let hint = "begin with a letter or digit; go on with letters, digits, `.`, `_`, `-` and slashes; a \
                        folder is below the root";
            self.refuse_if(!fine, key, message, hint);
        }
    }

    /// One machine builds both images, for its own processor.
    fn built_for(&mut self, settings: &Settings) -> Architecture {
        let (backend, ai_ml) = (settings.backend.architecture, settings.ai_ml.architecture);
        let message =
            "`backend.architecture` and `ai_ml.architecture` differ, and one machine builds both images";
        let hint = "give both services the same architecture, or leave `pipeline` out";
        self.refuse_if(backend != ai_ml, "pipeline", message, hint);
        match backend {
            ArchitectureSetting::X86_64 => Architecture::X86_64,
            ArchitectureSetting::Arm64 => Architecture::Arm64,
        }
    }
}
