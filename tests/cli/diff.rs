//! What a deployment would change, in every form.

use insta::assert_snapshot;
#[cfg(unix)]
use unicode_width::UnicodeWidthStr;

use crate::project::{Outcome, Project};

/// A folder with the templates of production in `docuthinker.out`.
fn synthesized() -> Project {
    let project = Project::new();
    project.run(["synth"]).success();
    project
}

const STACK: &str = "docuthinker.out/DocuThinkerStack.yaml";
const AGAINST: [&str; 4] = ["diff", "DocuThinkerStack", "--against", STACK];

/// The stack's template with some of its text put in place of other text, in `new.yaml`.
fn edited(project: &Project, edits: &[(&str, &str)]) {
    let mut text = project.read(STACK);
    for (old, new) in edits {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    project.write("new.yaml", text);
}

fn compare(project: &Project, options: &[&str]) -> Outcome {
    let arguments = ["diff", "--template", "new.yaml", "--against", STACK, "--no-validate", "--quiet"];
    project.run(arguments.iter().chain(options))
}

/// What reviewers see most: a change of each kind, by the text of the template.
const CHANGES: [(&str, &[(&str, &str)]); 7] = [
    ("image", &[("${Value1}:v1.0", "${Value1}:v1.1")]),
    ("size", &[("Cpu: \"512\"", "Cpu: \"1024\"")]),
    ("cidr", &[("CidrBlock: 10.0.0.0/16", "CidrBlock: 10.0.0.0/17")]),
    ("rule", &[("SourceSecurityGroupId: !GetAtt AlbSecurityGroup.GroupId", "CidrIp: 0.0.0.0/0")]),
    ("statement", &[("- s3:GetObject\n", "- s3:*\n")]),
    ("rename", &[("BackendLogs", "BackendLogGroup")]),
    (
        "everything",
        &[
            ("CidrBlock: 10.0.0.0/16", "CidrBlock: 10.0.0.0/17"),
            ("- s3:GetObject\n", "- s3:*\n"),
            ("BackendLogs", "BackendLogGroup"),
            ("RetentionInDays: 30", "RetentionInDays: 60"),
            ("SourceSecurityGroupId: !GetAtt AlbSecurityGroup.GroupId", "CidrIp: 0.0.0.0/0"),
        ],
    ),
];

#[test]
fn each_change_is_told_in_every_form() {
    let project = synthesized();
    for (name, edits) in CHANGES {
        edited(&project, edits);
        assert_snapshot!(format!("{name}_text"), compare(&project, &[]));
        assert_snapshot!(format!("{name}_markdown"), compare(&project, &["--format", "markdown"]));
        assert_snapshot!(format!("{name}_html"), compare(&project, &["--format", "html"]));
        assert_snapshot!(format!("{name}_json"), compare(&project, &["--format", "json"]));
    }
}

/// What a terminal of so many columns shows, if one can be made here.
#[cfg(unix)]
#[expect(clippy::print_stderr, reason = "who reads the output of the tests must know what was not tested")]
fn on_a_terminal(project: &Project, columns: usize, arguments: &str) -> Option<String> {
    let inner =
        format!("stty cols {columns} rows 24; exec '{}' {arguments}", env!("CARGO_BIN_EXE_docuthinker"));
    let output = project.other("script").args(["-qec", &inner, "/dev/null"]).env("TERM", "xterm").output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no `script`");
        return None;
    };
    let shown = String::from_utf8(output.stdout).unwrap().replace('\r', "");
    assert!(output.status.success() && !shown.is_empty(), "{shown}");
    Some(shown)
}

const FILES: &str = "diff --template new.yaml --against old.yaml --no-validate --quiet";

#[cfg(unix)]
#[test]
fn a_changed_block_of_a_network_fits_on_one_screen() {
    let project = synthesized();
    edited(&project, CHANGES[2].1);
    let text = compare(&project, &[]).success();
    let line = text.lines().find(|line| line.contains("± Vpc ")).unwrap();
    assert!(line.contains("is replaced; with it 52 resources"), "{line}");
    let all = compare(&project, &["--expand"]).success();
    for follower in ["VpcPublicSubnet1 ", "BackendService ", "AlbSecurityGroup "] {
        assert!(!text.contains(&format!("± {follower}")) && all.contains(follower), "{follower}: {all}");
    }
    project.write("old.yaml", project.read(STACK));
    let Some(shown) = on_a_terminal(&project, 80, FILES) else { return };
    let widths: Vec<usize> = shown.lines().map(UnicodeWidthStr::width).collect();
    assert!(widths.len() <= 24 && widths.iter().all(|width| *width <= 80), "{} lines: {shown}", widths.len());
}

#[cfg(unix)]
#[test]
fn lines_are_as_wide_as_the_terminal() {
    let project = synthesized();
    edited(&project, CHANGES[6].1);
    project.write("old.yaml", project.read(STACK));
    for columns in [80, 40] {
        let arguments = format!("{FILES} --expand");
        let Some(shown) = on_a_terminal(&project, columns, &arguments) else { return };
        let mut narrow = 0;
        for line in shown.lines() {
            // A word that has no room stands alone, or after the sign.
            let alone =
                line.trim_start().trim_start_matches(['✗', '!', '-', '±', '?', '~', '+', '✓', '·', '…']);
            let is_word = !alone.trim().contains(' ');
            assert!(line.width() <= columns || is_word, "{columns}: {line}");
            narrow += usize::from(line.width() > columns / 2);
        }
        assert!(narrow > 10, "the lines are used: {shown}");
    }
}

#[test]
fn the_same_template_has_no_differences() {
    assert_snapshot!(synthesized().run(AGAINST.iter().chain(&["--exit-code"])), @r"
    exit: 0
    --- stdout ---
    DocuThinkerStack against docuthinker.out/DocuThinkerStack.yaml: no differences
    ");
}

#[test]
fn a_store_that_goes_comes_first_and_what_becomes_of_its_data_is_said() {
    let changes =
        ["--set", "logs.retention_days=60", "--set", "backend.memory=2048", "--set", "sync.vector=false"];
    let project = synthesized();
    assert_snapshot!(project.run(AGAINST.iter().chain(&changes).chain(&["--exit-code"])));
    let json = project.run(AGAINST.iter().chain(&changes).chain(&["--output", "json"])).json();
    assert_eq!((json["version"].as_i64(), json["different"].as_bool()), (Some(1), Some(true)));
    assert_eq!(json["kinds"], serde_json::json!(["any", "replacement", "destructive"]));
    assert_eq!(json["environment"], "prod");
}

const OLD: &str = "\
Resources:
  Data:
    Type: AWS::S3::Bucket
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: jobs
";

#[test]
fn two_files_can_be_compared() {
    let project = Project::new();
    project.write("old.yaml", OLD);
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
    assert_snapshot!(project.run(["diff", "--template", "new.yaml", "--against", "old.yaml"]), @r"
    exit: 0
    --- stdout ---
    new.yaml against old.yaml: 1 removed, 1 replaced

      Data at risk
        ! Queue (AWS::SQS::Queue) is replaced: the old one is deleted with its messages
            · because of QueueName
        ! Data (AWS::S3::Bucket) is removed: it is deleted if it is empty; if not, AWS refuses, and it stays in the account with its objects, outside of the stack

      Resources
        ± Queue (AWS::SQS::Queue) is replaced: the old one is deleted with its data
            ± QueueName: jobs → jobs-2  (replaces)
        - Data (AWS::S3::Bucket) is removed: it is deleted if it is empty, else it stays in the account

      Outputs
        + Queue: nothing → {Value: !Ref Queue}
    ");
    assert_snapshot!(project.run(["diff", "--template", "new.yaml"]), @r"
    exit: 2
    --- stderr ---
    error: `--template` needs something to be compared with

    hint: name the deployed stack with `--stack-name`, or a file with `--against`
    ");
}

#[test]
fn a_pipeline_names_the_differences_that_it_does_not_let_through() {
    let project = Project::new();
    project.write("old.yaml", OLD);
    project.write("more.yaml", OLD.replace("QueueName: jobs", "DelaySeconds: 5\n      QueueName: jobs"));
    let run = |new: &str, kinds: &str| {
        let files = ["diff", "--template", new, "--against", "old.yaml", "--fail-on", kinds];
        project.run(files)
    };
    assert_eq!(run("old.yaml", "any").code, Some(0));
    assert_eq!(run("more.yaml", "any").code, Some(7));
    assert_eq!(run("more.yaml", "broadening,replacement,destructive").code, Some(0));
    project.write("other.yaml", OLD.replace("QueueName: jobs", "QueueName: others"));
    assert_eq!(run("other.yaml", "replacement").code, Some(7));
    project.write("less.yaml", OLD.split("  Queue:").next().unwrap());
    assert_eq!(run("less.yaml", "replacement").code, Some(0));
    assert_snapshot!(run("less.yaml", "destructive,broadening"), @r"
    exit: 7
    --- stdout ---
    less.yaml against old.yaml: 1 removed

      Data at risk
        ! Queue (AWS::SQS::Queue) is removed: it is deleted with its messages

      Resources
        - Queue (AWS::SQS::Queue) is removed: it is deleted with its data
    --- stderr ---
    ends with 7: resources are removed or replaced, or data is given up
    ");
    let open = "  Web: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: web, SecurityGroupIngress: \
                [{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0}]}}\n";
    project.write("open.yaml", OLD.to_owned() + open);
    assert_eq!(run("open.yaml", "broadening").code, Some(7));
    assert_eq!(run("open.yaml", "all").code, Some(2));
}

#[test]
fn nothing_in_a_line_is_obeyed() {
    let project = Project::new();
    project.write("old.yaml", OLD);
    project.write("new.yaml", OLD.replace("jobs", "\"\\e]0;owned\\a\\n\""));
    let outcome = project.run(["diff", "--template", "new.yaml", "--against", "old.yaml", "--no-validate"]);
    assert!(!outcome.stdout.contains('\u{1b}'), "{outcome}");
    assert!(outcome.stdout.contains(r"\u{1b}]0;owned\u{7}⏎"), "{outcome}");
}

/// Templates that others wrote are compared too. Nothing of them is kept here, so only the counts are.
#[test]
fn the_shared_fixtures_are_compared_in_every_form() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    let cases = [
        ("fargate-service.yaml", ("Default: docuthinker-cluster", "Default: other"), "replaced"),
        ("cdk-original.template.json", ("10.0.0.0/16", "10.0.0.0/17"), "± "),
    ];
    for (file, (old, new), told) in cases {
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else {
            crate::skip::skipped(&format!("{file} is not here"));
            continue;
        };
        assert!(text.contains(old), "{file}");
        let project = Project::new();
        let (before, after) = (format!("old-{file}"), format!("new-{file}"));
        project.write(&before, &text);
        project.write(&after, text.replace(old, new));
        let compare = |new: &str, format: &str| {
            let files = ["diff", "--template", new, "--against", &before, "--no-validate", "--exit-code"];
            project.run(files.iter().chain(&["--format", format]))
        };
        for format in ["text", "markdown", "html", "json"] {
            assert_eq!(compare(&before, format).code, Some(0), "{file}");
            let different = compare(&after, format);
            assert_eq!(different.code, Some(7), "{file}: {different}");
            assert!(format != "text" || different.stdout.contains(told), "{different}");
        }
    }
}

// S1
#[test]
fn credentials_in_a_template_are_shown_in_no_form() {
    let project = Project::new();
    let template = |number: u8| {
        format!(
            "\
Parameters:
  Password: {{Type: String, NoEcho: true, Default: canary&default{number}}}
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {{DBInstanceClass: db.t3.micro, Engine: postgres, MasterUserPassword: \"canary<'{number}\"}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - {{Name: web, Image: web, Environment: [{{Name: API_TOKEN, Value: canary-4f9c2b7d1e6a8c30{number}}}]}}
  Login:
    Type: AWS::SecretsManager::Secret
    Properties: {{SecretString: '{{\"user\":\"me\",\"password\":\"canary-x{number}\",\"pin\":\"q{number}z\"}}'}}
"
        )
    };
    project.write("old.yaml", template(1));
    project.write("new.yaml", template(2));
    for format in ["text", "json", "markdown", "html"] {
        let options = ["--no-validate", "--expand", "--format", format];
        let files = ["diff", "--template", "new.yaml", "--against", "old.yaml"];
        let outcome = project.run(files.iter().chain(&options));
        assert!(
            outcome.stdout.contains("MasterUserPassword") && outcome.stdout.contains("****"),
            "{outcome}"
        );
        assert!(!outcome.stdout.contains("canary"), "{outcome}");
        assert!(!outcome.stdout.contains("q1z") && !outcome.stdout.contains("q2z"), "{outcome}");
    }
}

#[test]
fn an_export_that_goes_or_changes_is_told_with_what_stands_in_the_way() {
    let project = Project::new();
    let export = |value: &str| format!("{OLD}Outputs: {{A: {{Value: {value}, Export: {{Name: a}}}}}}\n");
    project.write("old.yaml", export("x"));
    project.write("new.yaml", export("y"));
    project.write("gone.yaml", OLD);
    for new in ["new.yaml", "gone.yaml"] {
        let told = project.run(["diff", "--template", new, "--against", "old.yaml"]).success();
        assert!(told.contains("the update fails where another stack imports it"), "{told}");
    }
}

#[test]
fn a_condition_that_ceases_to_hold_by_default_removes_what_it_made() {
    let project = Project::new();
    let template = |default: &str| {
        format!(
            "Parameters: {{Env: {{Type: String, Default: {default}}}}}\n\
             Conditions: {{P: !Equals [!Ref Env, prod]}}\n\
             Resources: {{T: {{Type: AWS::DynamoDB::Table, Condition: P}}}}\n"
        )
    };
    project.write("old.yaml", template("prod"));
    project.write("new.yaml", template("dev"));
    let files = ["diff", "--template", "new.yaml", "--against", "old.yaml", "--no-validate"];
    let told = project.run(files.iter().chain(&["--fail-on", "destructive"]));
    assert_eq!(told.code, Some(7), "{told}");
    assert!(told.stdout.contains("! T (AWS::DynamoDB::Table) is removed"), "{told}");
}

#[test]
fn what_is_refused_given_up_or_in_the_way_stands_on_top_in_every_form() {
    let project = Project::new();
    project.write(
        "old.yaml",
        "\
Parameters: {Env: {Type: String, Default: prod}}
Conditions: {P: !Equals [!Ref Env, prod]}
Resources:
  Jobs: {Type: AWS::SQS::Queue}
  Disk: {Type: AWS::EC2::Volume, Properties: {AvailabilityZone: eu-west-1a, Size: 1}}
  Users: {Type: AWS::DynamoDB::Table, Properties: {TableName: users, KeySchema: [{AttributeName: a, KeyType: HASH}]}}
  Orders: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders, DeletionProtectionEnabled: true}}
  Files: {Type: AWS::S3::Bucket}
  Logs: {Type: AWS::Logs::LogGroup, DeletionPolicy: Retain, Properties: {RetentionInDays: 30}}
  Topic: {Type: AWS::SNS::Topic}
",
    );
    project.write(
        "new.yaml",
        "\
Parameters: {Env: {Type: String, Default: prod}}
Conditions: {P: !Equals [!Ref Env, prod]}
Resources:
  Jobs: {Type: AWS::SNS::Topic}
  Disk: {Type: AWS::EC2::Volume, Properties: {AvailabilityZone: eu-west-1b, Size: 1}}
  People: {Type: AWS::DynamoDB::Table, Properties: {TableName: users, KeySchema: [{AttributeName: b, KeyType: HASH}]}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}
  Topic: {Type: AWS::SNS::Topic, Condition: P}
",
    );
    let compare = |more: &[&str]| {
        let files = ["diff", "--template", "new.yaml", "--against", "old.yaml", "--no-validate"];
        project.run(files.iter().chain(more))
    };
    assert_snapshot!(compare(&["--fail-on", "refused,destructive"]), @"
    exit: 7
    --- stdout ---
    new.yaml against old.yaml: 2 refused, 3 removed, 2 changed, 1 added, 1 gives up data

      Refused by CloudFormation
        ✗ Jobs is of the type AWS::SQS::Queue and cannot become AWS::SNS::Topic: the type of a resource stays, and no change set is made
        ✗ Disk (AWS::EC2::Volume): AvailabilityZone cannot be updated: the update fails when its turn comes, and is rolled back
        · nothing of the whole update is done until this is another change
        · give it another logical ID: a new one is made, and the old one is deleted
        · where the logical ID or a fixed name must stay: remove it in one deployment, and add it in the next

      Data at risk
        ! Users (AWS::DynamoDB::Table) is removed: it is deleted with its items
            · looks like a rename to People, see below
        ! Files (AWS::S3::Bucket) is removed: it is deleted if it is empty; if not, AWS refuses, and it stays in the account with its objects, outside of the stack
        ! Orders (AWS::DynamoDB::Table) is removed: AWS refuses to delete it, since its deletion protection is on: it stays in the account with its items, outside of the stack
        ! Logs (AWS::Logs::LogGroup): log events older than 7 days are deleted
            · because of RetentionInDays

      Protection given up
        ! Logs (AWS::Logs::LogGroup): when it is removed, it is deleted instead of kept
            · because of DeletionPolicy

      Names in the way
        ! People (AWS::DynamoDB::Table) is added and has the fixed TableName of Users: it is made before anything is deleted, and two cannot have the same
        · give these another name in the same deployment, or none
        · a name of another resource is free only after a deployment in which that one is removed and not kept, or gets another name; to keep that resource, keep its logical ID

      Renamed?
        ! delete Users and create People (AWS::DynamoDB::Table): the same fixed name, with other differences, renamed?
            · to keep it, write it as Users again, or give the deployed one its new name first: aws cloudformation create-stack-refactor --stack-definitions StackName=STACK,TemplateBody@=file://TEMPLATE --resource-mappings 'Source={StackName=STACK,LogicalResourceId=Users},Destination={StackName=STACK,LogicalResourceId=People}', then aws cloudformation execute-stack-refactor --stack-refactor-id ID

      Resources
        ✗ Jobs (AWS::SNS::Topic) cannot be changed so: CloudFormation refuses the update
            ✗ Type: AWS::SQS::Queue → AWS::SNS::Topic  (refused)
        ✗ Disk (AWS::EC2::Volume) cannot be changed so: CloudFormation refuses the update
            ✗ AvailabilityZone: eu-west-1a → eu-west-1b  (refused)
        ~ Logs (AWS::Logs::LogGroup) is changed
            ~ DeletionPolicy: Retain → nothing
            ~ RetentionInDays: 30 → 7
        ~ Topic (AWS::SNS::Topic) is changed
            ~ Condition: nothing → P: it is made only if P holds, as it does with the parameters that are known
        - Users (AWS::DynamoDB::Table) is removed: it is deleted with its data
        - Orders (AWS::DynamoDB::Table) is removed: AWS refuses to delete it, which stays in the account
        - Files (AWS::S3::Bucket) is removed: it is deleted if it is empty, else it stays in the account
        + People (AWS::DynamoDB::Table) is added
    --- stderr ---
    validation skipped: types, values, references and rules of new.yaml not checked
    ends with 7: CloudFormation refuses a change; resources are removed or replaced, or data is given up
    ");
    let json = compare(&["--format", "json"]).json();
    crate::diff_against::assert_keeps_the_contract(&json);
    assert_eq!(json["kinds"], serde_json::json!(["any", "replacement", "destructive", "refused"]));
    let changes = &json["stacks"][0]["changes"];
    let number = |part: &str| changes[part].as_array().unwrap().len();
    assert_eq!((number("refusals"), number("givenUp"), number("losses")), (2, 2, 3));
    for (format, sign) in [("markdown", "⛔ "), ("html", "<li class=\"refused\">")] {
        let told = compare(&["--format", format]).success();
        for words in [sign, "no change set is made", "log events older than 7 days are deleted"] {
            assert!(told.contains(words), "{format}: {words}: {told}");
        }
    }
}

#[test]
fn a_file_is_compared_with_one_stack() {
    assert_snapshot!(synthesized().run(["diff", "--against", STACK]), @r"
    exit: 2
    --- stderr ---
    error: `--against FILE` compares one stack

    hint: name one of `DocuThinkerFoundation`, `DocuThinkerStack`, or a folder that has all templates
    ");
}
