//! The pipeline: from a commit over its tests and images to the deployed stacks.

use constructs::{
    Bucket, BuildImage, BuildMachine, BuildProject, BuildSpec, CodeSource, Pipeline, PipelineStage,
    Repository, Scope, Stack, Statement, Topic, Value, aws, sub,
};

use crate::exceptions;
use crate::foundation::Foundation;
use crate::plan::{PipelinePlan, Plan};

/// Days for which the files that stages hand to each other are kept.
const ARTIFACT_DAYS: u16 = 30;

/// What the stack is built from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The settings, understood.
    pub plan: Plan,
    /// Those of the pipeline.
    pub pipeline: PipelinePlan,
    /// Where images go.
    pub foundation: Foundation,
    /// The stacks that are deployed, as the command calls them.
    pub stacks: Vec<&'static str>,
}

/// The stack `DocuThinkerPipeline`.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The pipeline itself.
    pub pipeline: Pipeline,
}

impl Stack for Delivery {
    type Settings = Inputs;

    fn build(s: &mut Scope<'_>, inputs: &Inputs) -> Delivery {
        let artifacts = Bucket::named("Artifacts")
            .versioned(false)
            .expire_after_days(ARTIFACT_DAYS)
            .removal_policy(inputs.plan.removal)
            .build(s);
        let images = Images::of(&inputs.foundation);
        let build = PipelineStage::build("Build", &build_project(s, inputs, &images))
            .variable("COMMIT", CodeSource::COMMIT);
        let mut deploy = PipelineStage::build("Deploy", &deploy_project(s, inputs, &images));
        for image in &images.0 {
            deploy = deploy.variable(image.digest, build.exported(image.digest));
        }
        let stages = [Some(build), approval(s, inputs), Some(deploy)].into_iter().flatten();
        let pipeline = Pipeline::named("Pipeline")
            .name(format!("{}-pipeline", inputs.plan.name))
            .artifacts(artifacts)
            .source(inputs.pipeline.source.clone())
            .stages(stages)
            .build(s);
        exceptions::accept(s);
        Delivery { pipeline }
    }
}

fn approval(s: &mut Scope<'_>, inputs: &Inputs) -> Option<PipelineStage> {
    let PipelinePlan { approval, approvers, environment, .. } = &inputs.pipeline;
    let topic = (!approvers.is_empty()).then(|| {
        Topic::named("Approvals").maybe_key(inputs.foundation.key).emails(approvers.iter().cloned()).build(s)
    });
    let question = format!("Deploy to {environment}? The build's log shows what was built.");
    approval.then(|| PipelineStage::approval("Approve", topic, &question))
}

/// Tests and builds both services, pushes their images by commit, and exports their digests.
fn build_project(s: &mut Scope<'_>, inputs: &Inputs, images: &Images) -> BuildProject {
    let registry = sub!("{}.dkr.ecr.{}.{}", aws::account_id(), aws::region(), aws::url_suffix());
    let log_in = r#"aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY""#;
    let mut commands: Vec<String> = images.0.iter().map(Image::test).collect();
    commands.push(log_in.to_owned());
    commands.extend(images.0.iter().flat_map(Image::build_and_push));
    let project = BuildProject::named("Build")
        .name(format!("{}-build", inputs.plan.name))
        .description("DocuThinker: tests, builds and pushes the images")
        .build_spec(BuildSpec {
            commands,
            exported: images.0.iter().map(|image| image.digest.to_owned()).collect(),
        })
        .image(BuildImage::amazon_linux(inputs.pipeline.architecture))
        .docker(true)
        .environment([("REGISTRY", registry)].into_iter().chain(images.names()))
        .maybe_log_key(inputs.foundation.key)
        .retention(inputs.plan.watch.retention)
        .removal_policy(inputs.plan.removal)
        .build(s);
    for image in &images.0 {
        image.repository.grant_push(s, project.role);
    }
    project
}

/// Deploys the stacks with the digests that were built, as the role that deploys.
fn deploy_project(s: &mut Scope<'_>, inputs: &Inputs, images: &Images) -> BuildProject {
    let PipelinePlan { folder, rust_image, architecture, environment, deploy_role, .. } = &inputs.pipeline;
    let sets: String = images.0.iter().map(Image::setting).collect();
    let stacks = inputs.stacks.join(" ");
    let commands = [
        format!("cd {folder}"),
        "cargo build --locked".to_owned(),
        r#"printf '[profile deploy]\nrole_arn = %s\ncredential_source = EcsContainer\n' "$DEPLOY_ROLE" >"$AWS_CONFIG_FILE""#
            .to_owned(),
        // CloudFormation waits until the services are stable, and takes everything back if they do not become so.
        format!("cargo run --quiet --locked -- deploy {stacks} --yes{sets}"),
    ];
    let variables: [(&str, Value<String>); 4] = [
        ("DOCUTHINKER_ENV", environment.into()),
        ("DEPLOY_ROLE", deploy_role.text()),
        ("AWS_CONFIG_FILE", "/tmp/aws-config".into()),
        ("AWS_PROFILE", "deploy".into()),
    ];
    let project = BuildProject::named("Deploy")
        .name(format!("{}-deploy", inputs.plan.name))
        .description("DocuThinker: deploys the stacks")
        .build_spec(BuildSpec { commands: commands.into(), exported: Vec::new() })
        .image(BuildImage::registry(rust_image, *architecture))
        .machine(BuildMachine::Large)
        .environment(variables)
        .timeout_minutes(120)
        .maybe_log_key(inputs.foundation.key)
        .retention(inputs.plan.watch.retention)
        .removal_policy(inputs.plan.removal)
        .build(s);
    project.role.allow(s, "Deploy", Statement::allow(["sts:AssumeRole"]).on(deploy_role));
    s.output("DeployRoleTrusts", project.role.arn().text(), "The role that the deploying role must trust");
    project
}

/// The images of both services.
struct Images([Image; 2]);

struct Image {
    folder: &'static str,
    test: &'static str,
    /// The variables with the repository's name and with the image's digest.
    name: &'static str,
    digest: &'static str,
    setting: &'static str,
    repository: Repository,
}

impl Images {
    fn of(foundation: &Foundation) -> Images {
        let backend = Image {
            folder: "backend",
            test: "npm ci && npm test",
            name: "BACKEND_REPOSITORY",
            digest: "BACKEND_DIGEST",
            setting: "backend.image",
            repository: foundation.backend_images,
        };
        let ai_ml = Image {
            folder: "ai_ml",
            test: "python3 -m venv .venv && .venv/bin/pip install --quiet -r requirements.txt pytest && \
                   .venv/bin/pytest",
            name: "AI_ML_REPOSITORY",
            digest: "AI_ML_DIGEST",
            setting: "ai_ml.image",
            repository: foundation.ai_ml_images,
        };
        Images([backend, ai_ml])
    }

    fn names(&self) -> impl Iterator<Item = (&'static str, Value<String>)> {
        self.0.iter().map(|image| (image.name, image.repository.resource.reference().text()))
    }
}

impl Image {
    fn test(&self) -> String {
        format!("(cd {} && {})", self.folder, self.test)
    }

    /// A tag stays with its image: a second build of the same commit deploys the image of the first.
    fn build_and_push(&self) -> [String; 2] {
        let Image { folder, name, digest, .. } = self;
        let known =
            format!(r#"aws ecr describe-images --repository-name "${name}" --image-ids imageTag="$COMMIT""#);
        let image = format!(r#""$REGISTRY/${name}:$COMMIT""#);
        [
            format!(
                "{known} >/dev/null 2>&1 || (docker build --tag {image} {folder} && docker push {image})"
            ),
            format!(
                "{digest}=$({known} --query 'imageDetails[0].imageDigest' --output text) && export {digest}"
            ),
        ]
    }

    fn setting(&self) -> String {
        format!(r#" --set {}="${}""#, self.setting, self.digest)
    }
}
