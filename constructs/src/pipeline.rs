//! `CodePipeline` pipelines: from a commit through builds and approvals to a deployment.

use bon::bon;
use serde_json::json;

use crate::bucket::Bucket;
use crate::build_project::BuildProject;
use crate::iam::{Role, Statement};
use crate::l1::codepipeline::pipeline::{
    ActionDeclaration, ActionTypeId, ArtifactStore, EncryptionKey, InputArtifact, OutputArtifact,
    StageDeclaration,
};
use crate::l1::{codeconnections, codepipeline, kms};
use crate::resource::{Arn, Handle};
use crate::scope::Scope;
use crate::text::map;
use crate::topic::Topic;
use crate::value::Value;

/// What the source action calls the commit's files.
const SOURCE: &str = "Source";

/// A branch of a repository at GitHub, GitLab or Bitbucket; each push to it starts the pipeline.
///
/// Source: [CodeStarSourceConnection][aws].
///
/// [aws]: https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
#[derive(Debug, Clone, PartialEq)]
pub struct CodeSource {
    /// The connection to the provider. It must have been completed in the console: until then it is pending.
    pub connection: Value<Arn<codeconnections::Connection>>,
    /// `owner/name`.
    pub repository: String,
    /// The branch.
    pub branch: String,
}

impl CodeSource {
    /// The variable that holds the commit's hash.
    pub const COMMIT: &str = "#{Source.CommitId}";

    /// The permission to use the connection. The service was renamed, and the name in the permission must be that
    /// in the ARN.
    ///
    /// Source: [Connections policy reference][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
    fn permission(&self) -> &'static str {
        let old = self.connection.literal().is_some_and(|arn| arn.contains(":codestar-connections:"));
        if old { "codestar-connections:UseConnection" } else { "codeconnections:UseConnection" }
    }

    fn stage(&self) -> StageDeclaration {
        let configuration = [
            ("ConnectionArn", self.connection.node().clone()),
            ("FullRepositoryId", self.repository.as_str().into()),
            ("BranchName", self.branch.as_str().into()),
            ("OutputArtifactFormat", "CODE_ZIP".into()),
            ("DetectChanges", "true".into()),
        ];
        let action = ActionDeclaration {
            name: Some(SOURCE.into()),
            namespace: Some(SOURCE.into()),
            action_type_id: Some(action_type("Source", "CodeStarSourceConnection")),
            configuration: Some(map(configuration)),
            output_artifacts: Some(vec![OutputArtifact { name: Some(SOURCE.into()), ..Default::default() }]),
            ..Default::default()
        };
        StageDeclaration { name: Some(SOURCE.into()), actions: Some(vec![action]), ..Default::default() }
    }
}

/// A step that every commit takes after the one before.
#[derive(Debug, Clone)]
pub struct PipelineStage {
    name: String,
    step: Step,
}

#[derive(Debug, Clone)]
enum Step {
    Build { project: BuildProject, environment: Vec<(String, String)> },
    Approval { topic: Option<Topic>, message: String },
}

impl PipelineStage {
    /// Runs `project` on the commit's files.
    pub fn build(name: &str, project: &BuildProject) -> PipelineStage {
        PipelineStage {
            name: name.to_owned(),
            step: Step::Build { project: project.clone(), environment: Vec::new() },
        }
    }

    /// Waits, for seven days at most, until somebody has approved, who is told by `topic` if there is one.
    pub fn approval(name: &str, topic: Option<Topic>, message: &str) -> PipelineStage {
        PipelineStage { name: name.to_owned(), step: Step::Approval { topic, message: message.to_owned() } }
    }

    /// Gives the commands of a build a variable, for example one of [`PipelineStage::exported`].
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> PipelineStage {
        if let Step::Build { environment, .. } = &mut self.step {
            environment.push((name.to_owned(), value.into()));
        }
        self
    }

    /// What the commands of the build have exported as `name`, for later stages.
    pub fn exported(&self, name: &str) -> String {
        format!("#{{{}.{name}}}", self.name)
    }

    fn declaration(&self) -> StageDeclaration {
        let action = match &self.step {
            Step::Build { project, environment } => self.build_action(project, environment),
            Step::Approval { topic, message } => self.approval_action(*topic, message),
        };
        StageDeclaration {
            name: Some(self.name.as_str().into()),
            actions: Some(vec![action]),
            ..Default::default()
        }
    }

    fn build_action(&self, project: &BuildProject, environment: &[(String, String)]) -> ActionDeclaration {
        let mut configuration = vec![("ProjectName", project.name().into_node())];
        if !environment.is_empty() {
            let variable =
                |(name, value): &(String, String)| json!({"name": name, "value": value, "type": "PLAINTEXT"});
            let variables: Vec<serde_json::Value> = environment.iter().map(variable).collect();
            configuration.push(("EnvironmentVariables", json!(variables).to_string().into()));
        }
        ActionDeclaration {
            name: Some(self.name.as_str().into()),
            namespace: Some(self.name.as_str().into()),
            action_type_id: Some(action_type("Build", "CodeBuild")),
            configuration: Some(map(configuration)),
            input_artifacts: Some(vec![InputArtifact { name: Some(SOURCE.into()) }]),
            ..Default::default()
        }
    }

    fn approval_action(&self, topic: Option<Topic>, message: &str) -> ActionDeclaration {
        let topic = topic.map(|topic| ("NotificationArn", topic.arn().into_node()));
        let message = ("CustomData", message.into());
        ActionDeclaration {
            name: Some(self.name.as_str().into()),
            action_type_id: Some(action_type("Approval", "Manual")),
            configuration: Some(map(topic.into_iter().chain([message]))),
            ..Default::default()
        }
    }
}

fn action_type(category: &str, provider: &str) -> ActionTypeId {
    ActionTypeId {
        category: Some(category.into()),
        owner: Some("AWS".into()),
        provider: Some(provider.into()),
        version: Some("1".into()),
    }
}

/// An `AWS::CodePipeline::Pipeline` of type V2, with its role.
///
/// While an execution waits, for example to be approved, a newer commit takes its place.
#[derive(Debug, Clone, Copy)]
pub struct Pipeline {
    /// The pipeline itself, for what this construct has no word for.
    pub resource: Handle<codepipeline::Pipeline>,
    /// What the pipeline acts as.
    pub role: Role,
}

#[bon]
impl Pipeline {
    /// Starts the pipeline `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name. Default: a name that CloudFormation makes.
        #[builder(into)]
        name: Option<Value<String>>,
        /// Where the stages hand files to each other.
        artifacts: Bucket,
        /// The key that encrypts these files. Default: the account's `aws/s3`.
        #[builder(into)]
        key: Option<Value<Arn<kms::Key>>>,
        /// What starts it.
        source: CodeSource,
        /// What follows, in order.
        #[builder(with = FromIterator::from_iter)]
        stages: Vec<PipelineStage>,
    ) -> Pipeline {
        let mut inner = s.scope(id);
        check(&mut inner, &source, &stages);
        let role = Role::named("Role").assumed_by("codepipeline.amazonaws.com").build(&mut inner);
        allow_artifacts(&mut inner, role, artifacts, key.as_ref());
        let statement = Statement::allow([source.permission()]).on(&source.connection);
        role.allow(&mut inner, "Stages", statement);
        for stage in &stages {
            allow_stage(&mut inner, role, stage, artifacts, key.as_ref());
        }
        let properties = codepipeline::Pipeline {
            name,
            pipeline_type: Some("V2".into()),
            role_arn: Some(role.arn()),
            artifact_store: Some(ArtifactStore {
                r#type: Some("S3".into()),
                location: Some(artifacts.name()),
                encryption_key: key.map(|id| EncryptionKey { id: Some(id), r#type: Some("KMS".into()) }),
            }),
            stages: Some(
                [source.stage()].into_iter().chain(stages.iter().map(PipelineStage::declaration)).collect(),
            ),
            ..Default::default()
        };
        Pipeline { resource: s.add(id, properties), role }
    }
}

/// Source: [Manage the CodePipeline service role][aws].
///
/// [aws]: https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
fn allow_artifacts(s: &mut Scope<'_>, role: Role, artifacts: Bucket, key: Option<&Value<Arn<kms::Key>>>) {
    let actions = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"];
    role.allow(s, "Artifacts", Statement::allow(actions).on(artifacts.arn()));
    // A source that comes through a connection is uploaded with an access control list: without the permission for
    // that the pipeline's first action fails.
    let actions = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectAcl"];
    role.allow(s, "Artifacts", Statement::allow(actions).on(artifacts.objects()));
    if let Some(key) = key {
        let actions = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"];
        role.allow(s, "Artifacts", Statement::allow(actions).on(key));
    }
}

/// Lets the pipeline do what the stage does, and the build read the commit's files.
fn allow_stage(
    s: &mut Scope<'_>,
    role: Role,
    stage: &PipelineStage,
    artifacts: Bucket,
    key: Option<&Value<Arn<kms::Key>>>,
) {
    match &stage.step {
        Step::Build { project, .. } => {
            let actions = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"];
            role.allow(s, "Stages", Statement::allow(actions).on(project.arn()));
            let read = ["s3:GetObject", "s3:GetObjectVersion"];
            project.role.allow(s, "Artifacts", Statement::allow(read).on(artifacts.objects()));
            if let Some(key) = key {
                project.role.allow(s, "Artifacts", Statement::allow(["kms:Decrypt"]).on(key));
            }
        }
        Step::Approval { topic: Some(topic), .. } => {
            role.allow(s, "Stages", Statement::allow(["sns:Publish"]).on(topic.arn()));
            if let Some(key) = topic.key() {
                let actions = ["kms:Decrypt", "kms:GenerateDataKey"];
                role.allow(s, "Stages", Statement::allow(actions).on(key.arn()));
            }
        }
        Step::Approval { topic: None, .. } => {}
    }
}

#[track_caller]
fn check(s: &mut Scope<'_>, source: &CodeSource, stages: &[PipelineStage]) {
    if !is_repository(&source.repository) {
        s.error("DC184", format!("`{}` is not a repository", source.repository.escape_debug()))
            .property("source")
            .hint("write its owner and its name: `owner/name`");
    }
    if stages.is_empty() {
        s.error("DC185", "the pipeline has no stages")
            .property("stages")
            .hint("add at least one that builds or deploys");
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '@';
    for (index, PipelineStage { name, .. }) in stages.iter().enumerate() {
        if name.is_empty() || name.len() > 100 || !name.chars().all(plain) {
            s.error("DC186", format!("`{}` is not the name of a stage", name.escape_debug()))
                .property("stages")
                .hint("letters, digits and `_`, `-`, `@` can stand in it, 100 at most");
        }
        if name == SOURCE || stages[..index].iter().any(|before| before.name == *name) {
            s.error("DC187", format!("two stages are named `{name}`"))
                .property("stages")
                .hint("name each stage differently; the first one is `Source`");
        }
    }
}

/// Whether `text` names a repository as its provider does: `owner/name`, with groups between them at GitLab.
pub fn is_repository(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    text.split('/').count() >= 2 && text.split('/').all(plain)
}
