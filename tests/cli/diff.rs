//! What a deployment would change, in words.

use insta::assert_snapshot;

use crate::project::Project;

/// A folder with the templates of production in `docuthinker.out`.
fn synthesized() -> Project {
    let project = Project::new();
    project.run(["synth"]).success();
    project
}

const AGAINST: [&str; 4] = ["diff", "DocuThinkerStack", "--against", "docuthinker.out/DocuThinkerStack.yaml"];

#[test]
fn the_same_template_has_no_differences() {
    assert_snapshot!(synthesized().run(AGAINST.iter().chain(&["--exit-code"])), @r"
    exit: 0
    --- stdout ---
    DocuThinkerStack: no differences
    ");
}

#[test]
fn what_is_dangerous_comes_last_and_says_what_becomes_of_the_data() {
    let project = synthesized();
    let changes =
        ["--set", "logs.retention_days=60", "--set", "backend.memory=2048", "--set", "sync.vector=false"];
    assert_snapshot!(project.run(AGAINST.iter().chain(&changes).chain(&["--exit-code"])), @r#"
    exit: 7
    --- stdout ---
    DocuThinkerStack: 8 changed, 2 replaced, 6 removed
      ~ changed FlowLogLogGroup (AWS::Logs::LogGroup)
          RetentionInDays: 30 → 60
      ~ changed AccessLogs (AWS::S3::Bucket)
          LifecycleConfiguration.Rules[0].ExpirationInDays: 30 → 60
      ~ changed WafLogs (AWS::Logs::LogGroup)
          RetentionInDays: 30 → 60
      ~ changed BackendLogs (AWS::Logs::LogGroup)
          RetentionInDays: 30 → 60
      ~ changed BackendService (AWS::ECS::Service)
          TaskDefinition: BackendTaskDefinition is another
          starts its tasks anew
      ~ changed AiMlLogs (AWS::Logs::LogGroup)
          RetentionInDays: 30 → 60
      ~ changed AiMlTaskRole (AWS::IAM::Role)
          Policies[0]: {"PolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allo… → nothing
      ~ changed AiMlService (AWS::ECS::Service)
          DependsOn: - ChromaSecurityGroupFromAiMlSecurityGroupPort2049, - ChromaMountTarget1, - ChromaMountTarget2
          TaskDefinition: AiMlTaskDefinition is another
          starts its tasks anew
      ± replaced BackendTaskDefinition (AWS::ECS::TaskDefinition): the old one stays in the account
          Memory: 1024 → 2048  (replaces)
      ± replaced AiMlTaskDefinition (AWS::ECS::TaskDefinition): the old one stays in the account
          ContainerDefinitions[0].Environment[2]: {"Name":"DOCUTHINKER_SYNC_VECTOR","Value":"true"} → nothing  (replaces)
          ContainerDefinitions[0].Environment[3]: {"Name":"DOCUTHINKER_CHROMA_DIR","Value":"/mnt/efs/chroma"} → nothing  (replaces)
          ContainerDefinitions[0].MountPoints: [{"ContainerPath":"/mnt/efs/chroma","ReadOnly":false,"SourceVolume":"c… → nothing  (replaces)
          Volumes: [{"EFSVolumeConfiguration":{"FilesystemId":{"Ref":"Chroma"},"Authoriza… → nothing  (replaces)
      - removed Chroma (AWS::EFS::FileSystem): it stays in the account
      - removed ChromaSecurityGroup (AWS::EC2::SecurityGroup): it is deleted
      - removed ChromaMountTarget1 (AWS::EFS::MountTarget): it is deleted
      - removed ChromaMountTarget2 (AWS::EFS::MountTarget): it is deleted
      - removed ChromaAccessPoint (AWS::EFS::AccessPoint): it is deleted
      - removed ChromaSecurityGroupFromAiMlSecurityGroupPort2049 (AWS::EC2::SecurityGroupIngress): it is deleted
    "#);
    let json = project.run(AGAINST.iter().chain(&changes).chain(&["--output", "json"])).json();
    assert_eq!((json["version"].as_i64(), json["different"].as_bool()), (Some(1), Some(true)));
}

#[test]
fn two_files_can_be_compared() {
    let project = Project::new();
    project.write(
        "old.yaml",
        "\
Resources:
  Data:
    Type: AWS::S3::Bucket
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: jobs
",
    );
    project.write(
        "new.yaml",
        "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: jobs-2
Outputs:
  Queue:
    Value: !Ref Queue
",
    );
    assert_snapshot!(project.run(["diff", "--template", "new.yaml", "--against", "old.yaml"]), @r#"
    exit: 0
    --- stdout ---
    new.yaml: 1 replaced, 1 removed
      + added Outputs.Queue: {"Value":{"Ref":"Queue"}}
      ± replaced Queue (AWS::SQS::Queue): the old one is deleted with its data
          QueueName: jobs → jobs-2  (replaces)
      - removed Data (AWS::S3::Bucket): it is deleted with its data
    "#);
    assert_snapshot!(project.run(["diff", "--template", "new.yaml"]), @r"
    exit: 2
    --- stderr ---
    error: `--template` needs something to be compared with

    hint: name the deployed stack with `--stack-name`, or a file with `--against`
    ");
}

#[test]
fn a_file_is_compared_with_one_stack() {
    assert_snapshot!(synthesized().run(["diff", "--against", "docuthinker.out/DocuThinkerStack.yaml"]), @r"
    exit: 2
    --- stderr ---
    error: `--against` compares one stack

    hint: name one of `DocuThinkerFoundation`, `DocuThinkerStack`
    ");
}
