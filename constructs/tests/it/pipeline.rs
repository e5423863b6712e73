//! Build projects and pipelines.

use constructs::{
    Architecture, Bucket, BuildImage, BuildMachine, BuildProject, BuildSpec, CodeSource, Key, Pipeline,
    PipelineStage, Repository, Scope, Topic, Value,
};
use insta::assert_snapshot;

use crate::{diagnostics, resource, template};

const CONNECTION: &str = "arn:aws:codeconnections:us-east-1:123456789012:connection/1";

fn spec(commands: &[&str], exported: &[&str]) -> BuildSpec {
    let owned = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
    BuildSpec { commands: owned(commands), exported: owned(exported) }
}

fn source(connection: &str, repository: &str) -> CodeSource {
    CodeSource {
        connection: Value::known(connection),
        repository: repository.to_owned(),
        branch: "main".to_owned(),
    }
}

fn project(s: &mut Scope<'_>, id: &str) -> BuildProject {
    BuildProject::named(id).build_spec(spec(&["true"], &[])).build(s)
}

fn pipeline(s: &mut Scope<'_>) {
    let artifacts = Bucket::named("Artifacts").build(s);
    let topic = Topic::named("Approvals").build(s);
    let build =
        PipelineStage::build("Build", &project(s, "BuildProject")).variable("COMMIT", CodeSource::COMMIT);
    let digest = build.exported("DIGEST");
    let deploy = PipelineStage::build("Deploy", &project(s, "DeployProject")).variable("DIGEST", digest);
    let approve = PipelineStage::approval("Approve", Some(topic), "Deploy to production?");
    Pipeline::named("Pipeline")
        .name("docuthinker")
        .artifacts(artifacts)
        .source(source(CONNECTION, "docuthinker/docuthinker"))
        .stages([build, approve, deploy])
        .build(s);
}

#[test]
fn a_project_has_a_log_of_its_own_and_a_role_that_can_write_nothing_else() {
    // R311
    let template = template(|s| {
        BuildProject::named("Images")
            .name("docuthinker-images")
            .build_spec(spec(&["docker build ."], &["DIGEST"]))
            .docker(true)
            .environment([("REGISTRY", "1.dkr.ecr.us-east-1.amazonaws.com")])
            .build(s);
    });
    assert_snapshot!(template.to_yaml(), @r#"
    AWSTemplateFormatVersion: "2010-09-09"

    Resources:
      ImagesLogs:
        Type: AWS::Logs::LogGroup
        DeletionPolicy: RetainExceptOnCreate
        UpdateReplacePolicy: Retain
        Properties:
          LogGroupName: /aws/codebuild/docuthinker-images
          RetentionInDays: 30

      ImagesRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal:
                  Service: codebuild.amazonaws.com
                Action: sts:AssumeRole
                Condition:
                  StringEquals:
                    aws:SourceAccount: !Ref AWS::AccountId
          Policies:
            - PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - Effect: Allow
                    Action:
                      - logs:CreateLogStream
                      - logs:PutLogEvents
                    Resource: !GetAtt ImagesLogs.Arn
              PolicyName: Logs

      Images:
        Type: AWS::CodeBuild::Project
        Properties:
          Artifacts:
            Type: CODEPIPELINE
          Environment:
            ComputeType: BUILD_GENERAL1_MEDIUM
            Image: aws/codebuild/amazonlinux-x86_64-standard:6.0
            Type: LINUX_CONTAINER
            EnvironmentVariables:
              - Name: REGISTRY
                Value: 1.dkr.ecr.us-east-1.amazonaws.com
                Type: PLAINTEXT
            ImagePullCredentialsType: CODEBUILD
            PrivilegedMode: true
          ServiceRole: !GetAtt ImagesRole.Arn
          Source:
            Type: CODEPIPELINE
            BuildSpec: "{\"version\":0.2,\"env\":{\"shell\":\"bash\",\"exported-variables\":[\"DIGEST\"]},\"phases\":{\"build\":{\"on-failure\":\"ABORT\",\"commands\":[\"docker build .\"]}}}"
          LogsConfig:
            CloudWatchLogs:
              Status: ENABLED
              GroupName: !Ref ImagesLogs
          Name: docuthinker-images
          TimeoutInMinutes: 60
    "#);
}

#[test]
fn a_project_runs_in_the_image_and_on_the_machine_that_are_asked_for() {
    let yaml = resource("Deploy", |s| {
        BuildProject::named("Deploy")
            .build_spec(spec(&["cargo run"], &[]))
            .image(BuildImage::registry("public.ecr.aws/docker/library/rust:1-bookworm", Architecture::Arm64))
            .machine(BuildMachine::Large)
            .timeout_minutes(120)
            .build(s);
    });
    assert_snapshot!(yaml, @r#"
    Deploy:
      Type: AWS::CodeBuild::Project
      Properties:
        Artifacts:
          Type: CODEPIPELINE
        Environment:
          ComputeType: BUILD_GENERAL1_LARGE
          Image: public.ecr.aws/docker/library/rust:1-bookworm
          Type: ARM_CONTAINER
          ImagePullCredentialsType: SERVICE_ROLE
        ServiceRole: !GetAtt DeployRole.Arn
        Source:
          Type: CODEPIPELINE
          BuildSpec: "{\"version\":0.2,\"env\":{\"shell\":\"bash\"},\"phases\":{\"build\":{\"on-failure\":\"ABORT\",\"commands\":[\"cargo run\"]}}}"
        LogsConfig:
          CloudWatchLogs:
            Status: ENABLED
            GroupName: !Ref DeployLogs
        TimeoutInMinutes: 120
    "#);
}

#[test]
fn what_a_project_hands_on_can_be_encrypted_with_a_key() {
    let yaml = resource("BuildRole", |s| {
        let key = Key::named("Key").build(s);
        BuildProject::named("Build").build_spec(spec(&["true"], &[])).key(key).build(s);
    });
    assert_snapshot!(yaml.split_once("Policies:").unwrap().1, @r#"
    - PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action:
              - logs:CreateLogStream
              - logs:PutLogEvents
            Resource: !GetAtt BuildLogs.Arn
      PolicyName: Logs
    - PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action:
              - kms:Decrypt
              - kms:Encrypt
              - kms:GenerateDataKey
            Resource: !GetAtt Key.Arn
            Condition:
              StringEquals:
                kms:ViaService: !Sub s3.${AWS::Region}.${AWS::URLSuffix}
      PolicyName: Artifacts
    "#);
}

#[test]
fn a_pipeline_takes_each_commit_through_its_stages() {
    // R312
    assert_snapshot!(resource("Pipeline", pipeline), @r##"
    Pipeline:
      Type: AWS::CodePipeline::Pipeline
      Properties:
        RoleArn: !GetAtt PipelineRole.Arn
        Stages:
          - Actions:
              - ActionTypeId:
                  Category: Source
                  Owner: AWS
                  Provider: CodeStarSourceConnection
                  Version: "1"
                Name: Source
                Configuration:
                  ConnectionArn: arn:aws:codeconnections:us-east-1:123456789012:connection/1
                  FullRepositoryId: docuthinker/docuthinker
                  BranchName: main
                  OutputArtifactFormat: CODE_ZIP
                  DetectChanges: "true"
                Namespace: Source
                OutputArtifacts:
                  - Name: Source
            Name: Source
          - Actions:
              - ActionTypeId:
                  Category: Build
                  Owner: AWS
                  Provider: CodeBuild
                  Version: "1"
                Name: Build
                Configuration:
                  ProjectName: !Ref BuildProject
                  EnvironmentVariables: "[{\"name\":\"COMMIT\",\"value\":\"#{Source.CommitId}\",\"type\":\"PLAINTEXT\"}]"
                InputArtifacts:
                  - Name: Source
                Namespace: Build
            Name: Build
          - Actions:
              - ActionTypeId:
                  Category: Approval
                  Owner: AWS
                  Provider: Manual
                  Version: "1"
                Name: Approve
                Configuration:
                  NotificationArn: !Ref Approvals
                  CustomData: Deploy to production?
            Name: Approve
          - Actions:
              - ActionTypeId:
                  Category: Build
                  Owner: AWS
                  Provider: CodeBuild
                  Version: "1"
                Name: Deploy
                Configuration:
                  ProjectName: !Ref DeployProject
                  EnvironmentVariables: "[{\"name\":\"DIGEST\",\"value\":\"#{Build.DIGEST}\",\"type\":\"PLAINTEXT\"}]"
                InputArtifacts:
                  - Name: Source
                Namespace: Deploy
            Name: Deploy
        ArtifactStore:
          Location: !Ref Artifacts
          Type: S3
        Name: docuthinker
        PipelineType: V2
    "##);
}

#[test]
fn a_pipeline_may_do_what_its_stages_need_and_nothing_else() {
    let yaml = resource("PipelineRole", pipeline);
    assert_snapshot!(yaml.split_once("Policies:").unwrap().1, @r#"
    - PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action:
              - s3:GetBucketAcl
              - s3:GetBucketLocation
              - s3:GetBucketVersioning
            Resource: !GetAtt Artifacts.Arn
          - Effect: Allow
            Action:
              - s3:GetObject
              - s3:GetObjectVersion
              - s3:PutObject
              - s3:PutObjectAcl
            Resource: !Sub ${Artifacts.Arn}/*
      PolicyName: Artifacts
    - PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: codeconnections:UseConnection
            Resource: arn:aws:codeconnections:us-east-1:123456789012:connection/1
          - Effect: Allow
            Action:
              - codebuild:BatchGetBuilds
              - codebuild:StartBuild
            Resource:
              - !GetAtt BuildProject.Arn
              - !GetAtt DeployProject.Arn
          - Effect: Allow
            Action: sns:Publish
            Resource: !Ref Approvals
      PolicyName: Stages
    "#);
    let yaml = resource("DeployProjectRole", pipeline);
    assert_snapshot!(yaml.split_once("Policies:").unwrap().1, @r#"
    - PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action:
              - logs:CreateLogStream
              - logs:PutLogEvents
            Resource: !GetAtt DeployProjectLogs.Arn
      PolicyName: Logs
    - PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action:
              - s3:GetObject
              - s3:GetObjectVersion
            Resource: !Sub ${Artifacts.Arn}/*
      PolicyName: Artifacts
    "#);
}

#[test]
fn an_encrypted_topic_needs_its_key_too() {
    let yaml = resource("PipelineRole", |s| {
        let key = Key::named("Key").build(s);
        let topic = Topic::named("Approvals").key(key).build(s);
        let artifacts = Bucket::named("Artifacts").build(s);
        Pipeline::named("Pipeline")
            .artifacts(artifacts)
            .key(key)
            .source(source(CONNECTION, "a/b"))
            .stages([PipelineStage::approval("Approve", Some(topic), "?")])
            .build(s);
    });
    assert_eq!(yaml.matches("Resource: !GetAtt Key.Arn").count(), 2, "{yaml}");
}

#[test]
fn the_permission_for_a_connection_is_named_as_its_arn_is() {
    let role = |connection: &str| {
        resource("PipelineRole", |s| {
            let artifacts = Bucket::named("Artifacts").build(s);
            let stages = [PipelineStage::approval("Approve", None, "?")];
            let source = source(connection, "a/b");
            Pipeline::named("Pipeline").artifacts(artifacts).source(source).stages(stages).build(s);
        })
    };
    assert!(role(CONNECTION).contains("Action: codeconnections:UseConnection"));
    let old = "arn:aws:codestar-connections:us-east-1:123456789012:connection/1";
    assert!(role(old).contains("Action: codestar-connections:UseConnection"));
}

#[test]
fn an_image_can_be_pushed_to_the_repository_that_was_granted_only() {
    let yaml = resource("BuildRole", |s| {
        let build = project(s, "Build");
        Repository::named("A").build(s).grant_push(s, build.role);
        Repository::named("B").build(s);
    });
    assert!(
        yaml.contains("- ecr:PutImage") && yaml.contains("!GetAtt A.Arn") && !yaml.contains("B.Arn"),
        "{yaml}"
    );
}

#[test]
fn projects_that_codebuild_refuses_are_refused() {
    let found = diagnostics(|s| {
        BuildProject::named("Build")
            .name("-")
            .build_spec(BuildSpec::default())
            .timeout_minutes(4)
            .environment([("CODEBUILD_SRC_DIR", "/")])
            .build(s);
    });
    assert_snapshot!(found, @"
    error[DC180]: `-` is not the name of a build project
      at Test/Build.name (constructs/tests/it/pipeline.rs:)

    hint: begin with a letter or digit; 2 to 150 letters, digits, `-` and `_`

    error[DC181]: a build cannot be ended after 4 minutes
      at Test/Build.timeout_minutes (constructs/tests/it/pipeline.rs:)

    hint: choose 5 to 2160 minutes

    error[DC182]: the build has no commands
      at Test/Build.build_spec (constructs/tests/it/pipeline.rs:)

    hint: give at least one

    error[DC183]: the variable `CODEBUILD_SRC_DIR` begins with `CODEBUILD_`
      at Test/Build.environment (constructs/tests/it/pipeline.rs:)

    hint: CodeBuild keeps these names for its own; choose another one
    ");
}

#[test]
fn pipelines_that_cannot_run_are_refused() {
    let found = diagnostics(|s| {
        let artifacts = Bucket::named("Artifacts").build(s);
        let stage = |name| PipelineStage::approval(name, None, "?");
        Pipeline::named("Wrong")
            .artifacts(artifacts)
            .source(source(CONNECTION, "docuthinker"))
            .stages([stage("Source"), stage("a b"), stage("Twice"), stage("Twice")])
            .build(s);
        Pipeline::named("Empty").artifacts(artifacts).source(source(CONNECTION, "a/b")).stages([]).build(s);
    });
    assert_snapshot!(found, @"
    error[DC185]: the pipeline has no stages
      at Test/Empty.stages (constructs/tests/it/pipeline.rs:)

    hint: add at least one that builds or deploys

    error[DC184]: `docuthinker` is not a repository
      at Test/Wrong.source (constructs/tests/it/pipeline.rs:)

    hint: write its owner and its name: `owner/name`

    error[DC186]: `a b` is not the name of a stage
      at Test/Wrong.stages (constructs/tests/it/pipeline.rs:)

    hint: letters, digits and `_`, `-`, `@` can stand in it, 100 at most

    error[DC187]: two stages are named `Source`
      at Test/Wrong.stages (constructs/tests/it/pipeline.rs:)

    hint: name each stage differently; the first one is `Source`

    error[DC187]: two stages are named `Twice`
      at Test/Wrong.stages (constructs/tests/it/pipeline.rs:)

    hint: name each stage differently; the first one is `Source`
    ");
}
