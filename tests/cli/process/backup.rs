//! `backup`: what is kept, and what is found out about it. (`restore` is in a file of its own.)

mod restore;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use endpoint::{Fault, Scenario, Wrong};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::status::assert_keeps_the_contract;
use super::{AT_ONCE, Aws, assert_no_bug};
use crate::project::Outcome;

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const REPOSITORY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web";
/// A piece of every value that must be in no file and no word.
const CANARY: &str = "canary-51c0ffee";
const POLICY: &str =
    r#"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}"#;
pub(super) const BACKUP: &str = "backup Base App --out b";

/// What everything else is built on: a repository, a secret, files.
fn base() -> Value {
    json!({
        "Resources": {
            "Repo": { "Type": "AWS::ECR::Repository", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain",
                "Properties": { "RepositoryName": "web" } },
            "Key": { "Type": "AWS::SecretsManager::Secret", "Properties": { "Name": "app/key" } },
            "Files": { "Type": "AWS::EFS::FileSystem", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain",
                "Properties": { "Encrypted": true } },
        },
        "Outputs": { "Name": { "Value": { "Ref": "Repo" }, "Export": { "Name": "Base-Repo" } } },
    })
}

/// A service that needs it, and two parameters.
fn app() -> Value {
    let container = json!({ "Name": "web", "Image": format!("{REPOSITORY}:v1") });
    json!({
        "Parameters": {
            "Size": { "Type": "String", "Default": "1" },
            "Password": { "Type": "String", "NoEcho": true },
        },
        "Resources": {
            "Topic": { "Type": "AWS::SNS::Topic", "Properties": {
                "DisplayName": { "Fn::Sub": "${Size} ${Password}" },
                "TopicName": { "Fn::ImportValue": "Base-Repo" } } },
            "WebTaskDefinition": { "Type": "AWS::ECS::TaskDefinition", "Properties": {
                "Family": "web", "ContainerDefinitions": [container] } },
            "WebService": { "Type": "AWS::ECS::Service", "Properties": {
                "Cluster": "main", "ServiceName": "web", "TaskDefinition": { "Ref": "WebTaskDefinition" } } },
        },
        "Outputs": { "Topic": { "Value": { "Ref": "Topic" } } },
    })
}

fn task() -> Value {
    json!({ "id": "1", "containers": [{ "name": "web", "lastStatus": "RUNNING",
        "image": format!("{REPOSITORY}:v1"), "imageDigest": DIGEST }] })
}

/// Both stacks, deployed; `Size` is 3, and the password is a canary.
pub(super) fn deployed() -> Scenario {
    Scenario::new()
        .stack("Base", &base().to_string(), "UPDATE_COMPLETE")
        .stack("App", &app().to_string(), "UPDATE_COMPLETE")
        .with_parameter("Size", "3")
        .with_parameter("Password", &format!("{CANARY}-password"))
        .with_tag("team", "it's two")
        .with_policy(POLICY)
        .task("WebService", task())
        .image("web", "v1", DIGEST)
        .secret("app/key", &format!("{CANARY}-key"))
}

impl Aws {
    fn folder(&self, name: &str) -> PathBuf {
        self.project.path().join(name)
    }

    #[track_caller]
    fn json(&self, arguments: &str) -> Value {
        let outcome = self.run(&format!("{arguments} --output json"));
        let written = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome}"));
        let schema = if arguments.starts_with("backup") {
            include_str!("../../../schemas/backup-1.json")
        } else {
            include_str!("../../../schemas/restore-1.json")
        };
        assert_keeps_the_contract(schema, &written);
        written
    }

    /// Runs a command line as a shell does, in which `docuthinker` is the built command.
    fn shell(&self, line: &str) -> Outcome {
        let binary = Path::new(env!("CARGO_BIN_EXE_docuthinker"));
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = self.project.other("/bin/sh");
        command.args(["-c", line]).env("PATH", format!("{}:{path}", binary.parent().unwrap().display()));
        self.project.outcome(command.output().unwrap())
    }
}

/// Every file below the folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.push(entry.path());
        }
    }
    all.sort();
    all
}

/// The commands of all steps, as a shell reads them.
fn commands(restore: &Value) -> Vec<String> {
    let steps = restore["steps"].as_array().unwrap().iter();
    let commands = steps.flat_map(|step| step["commands"].as_array().unwrap().clone());
    commands.map(|command| command.as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn assert_says(outcome: &Outcome, words: &[&str]) {
    let text = format!("{}{}", outcome.stdout, outcome.stderr);
    for words in words {
        assert!(text.contains(words), "`{words}` {outcome}");
    }
}

// R211, R223, R239
#[test]
fn a_backup_has_the_template_as_it_is_deployed_and_what_a_template_does_not_say() {
    let aws = Aws::new(deployed());
    let written = aws.json(BACKUP);
    let read = |name: &str| fs::read_to_string(aws.folder("b").join(name)).unwrap();
    assert_eq!(read("App/template.json"), app().to_string());
    assert_eq!(read("App/policy.json"), POLICY);
    assert_eq!(serde_json::from_str::<Value>(&read("App/parameters.json")).unwrap(), json!({ "Size": "3" }));
    let stack: Value = serde_json::from_str(&read("App/stack.json")).unwrap();
    assert_eq!(stack["tags"], json!({ "team": "it's two" }));
    assert_eq!((&stack["dependsOn"], &stack["imports"]), (&json!(["Base"]), &json!(["Base-Repo"])));
    assert_eq!(stack["images"][0]["digest"], DIGEST);
    assert_eq!(stack["parameters"][0], json!({ "name": "Password", "noEcho": true }));
    let base: Value = serde_json::from_str(&read("Base/stack.json")).unwrap();
    let stateful: Vec<&Value> =
        base["stateful"].as_array().unwrap().iter().map(|one| &one["logicalId"]).collect();
    assert_eq!(stateful, ["Files", "Key", "Repo"]);
    assert!(base["stateful"][0]["physicalId"].as_str().unwrap().starts_with("fs-"), "{base}");
    assert_eq!(written["manifest"], serde_json::from_str::<Value>(&read("manifest.json")).unwrap());

    for file in files(&aws.folder("b")) {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
        assert!(!fs::read_to_string(&file).unwrap().contains(CANARY), "{}", file.display());
    }
    let again = aws.run(BACKUP);
    assert_eq!(again.code, Some(3), "{again}");
    assert_says(&again, &["`b` is there already; a backup never overwrites another"]);
}

#[test]
fn a_backup_says_what_is_not_in_it() {
    let aws = Aws::new(deployed());
    let said = aws.run(BACKUP).success();
    insta::assert_snapshot!(said, @r"
    backup of 2 stacks in b
      Base: template.json, no parameters, 1 output
      App: template.json, 2 parameters, 1 output, 1 image
    not in it:
      Files of Base: its files
      Repo of Base: its images
      the values of 1 secret of Base
      the value of Password of App (NoEcho)
    whether it stays whole: docuthinker backup --check b
    ");
}

// C-26
#[test]
fn values_of_secrets_are_kept_only_encrypted_and_outside_of_git() {
    let aws = Aws::new(deployed());
    let identity = age::x25519::Identity::generate();
    let secrets = format!("--include-secrets --recipient {}", identity.to_public());
    let kept = aws.run(&format!("{BACKUP} {secrets}"));
    assert_eq!(kept.code, Some(0), "{kept}");
    assert!(!format!("{}{}", kept.stdout, kept.stderr).contains(CANARY), "{kept}");
    for file in files(&aws.folder("b")) {
        assert!(!String::from_utf8_lossy(&fs::read(&file).unwrap()).contains(CANARY), "{}", file.display());
    }
    let sealed = fs::read(aws.folder("b/secrets.age")).unwrap();
    let opened: Value = serde_json::from_slice(&age::decrypt(&identity, &sealed).unwrap()).unwrap();
    assert_eq!(opened, json!({ "app/key": format!("{CANARY}-key") }));

    assert_eq!(aws.run("backup Base --include-secrets").code, Some(2), "it must be said for whom");
    assert_eq!(aws.run(&format!("backup Base --recipient {}", identity.to_public())).code, Some(2));
    fs::create_dir(aws.folder(".git")).unwrap();
    let refused = aws.run(&format!("backup Base --out c {secrets}"));
    assert_eq!(refused.code, Some(3), "{refused}");
    assert_says(&refused, &["would stand in the git work tree", "name a folder outside of it"]);
    assert!(!aws.folder("c").exists());
    assert_eq!(aws.run("backup Base --out c").code, Some(0), "templates may stand in git");
}

// R224, C-36
#[test]
fn a_check_finds_every_change_of_a_backup_and_images_that_are_gone() {
    let aws = Aws::new(deployed());
    let identity = age::x25519::Identity::generate();
    aws.run(&format!("{BACKUP} --include-secrets --recipient {}", identity.to_public()));
    let whole = aws.run("backup --check b");
    assert_eq!(whole.code, Some(0), "{whole}");
    assert_says(
        &whole,
        &[
            "files: 7 as they were written",
            "1 still in ECR",
            "1 value, encrypted for recipients",
            "it is whole",
        ],
    );
    assert_eq!(aws.json("backup --check b")["whole"], true);

    let changed = |name: &str, change: &dyn Fn(&mut Vec<u8>), words: &[&str]| {
        let path = aws.folder("b").join(name);
        let before = fs::read(&path).unwrap();
        let mut bytes = before.clone();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let found = aws.run("backup --check b --offline");
        assert_eq!(found.code, Some(1), "{found}");
        assert_says(&found, words);
        let restore = aws.run("restore b");
        assert_eq!(restore.code, Some(3), "{restore}");
        fs::write(&path, before).unwrap();
    };
    changed(
        "App/template.json",
        &|bytes| bytes[3] ^= 1,
        &["! App/template.json: has been changed (SHA-256)"],
    );
    changed("App/stack.json", &|bytes| bytes.push(b' '), &["! App/stack.json: has ", " bytes instead of "]);
    changed("secrets.age", &|bytes| bytes[3] = b'x', &["! secrets.age: is no age file"]);

    fs::write(aws.folder("b/App/other"), "x").unwrap();
    assert_says(&aws.run("backup --check b --offline"), &["! App/other: is no file of the backup"]);
    fs::remove_file(aws.folder("b/App/other")).unwrap();

    aws.endpoint.change(|scenario| scenario.without_image(DIGEST));
    let found = aws.run("backup --check b");
    assert_eq!(found.code, Some(1), "{found}");
    assert_says(&found, &["! images: ", DIGEST]);

    fs::remove_file(aws.folder("b/manifest.json")).unwrap();
    let unfinished = aws.run("backup --check b");
    assert_eq!(unfinished.code, Some(1), "{unfinished}");
    assert_says(&unfinished, &["`b` has no manifest.json: the backup was interrupted, or is none"]);
    assert_eq!(aws.run("restore b").code, Some(3));
}

// C3
#[test]
fn an_interrupted_backup_leaves_no_folder() {
    for action in ["DescribeStacks", "GetTemplate", "GetStackPolicy", "DescribeTasks"] {
        let hangs = Fault::new(Wrong::Hangs).on(action).once();
        let aws = Aws::new(deployed().fault(hangs));
        let backup = aws.start(BACKUP);
        aws.wait_for(action, 1);
        backup.signal(Signal::INT);
        let ended = backup.end_within(AT_ONCE);
        assert_no_bug(&ended);
        assert_eq!(ended.code, Some(130), "{action}: {ended}");
        assert!(!aws.folder("b").exists(), "{action}");
    }
}

#[test]
fn a_backup_that_cannot_be_written_whole_leaves_no_folder() {
    let aws = Aws::new(deployed());
    let full = aws.shell("trap '' XFSZ; ulimit -f 1; docuthinker backup Base App --out b");
    assert_eq!(full.code, Some(3), "{full}");
    assert_says(&full, &["cannot write `b/"]);
    assert!(!aws.folder("b").exists());
}

#[test]
fn a_stack_that_is_being_changed_or_may_not_be_read_is_no_backup() {
    let busy = Aws::new(deployed().hang("Files"));
    let mut other = base();
    other["Resources"]["Files"]["Properties"]["ThroughputMode"] = json!("elastic");
    busy.endpoint.update_by_somebody_else("Base", &other.to_string());
    let refused = busy.run(BACKUP);
    assert_eq!(refused.code, Some(4), "{refused}");
    assert_says(&refused, &["Base is being changed (UPDATE_IN_PROGRESS)", "docuthinker watch Base"]);
    let refused = busy.run(&format!("{BACKUP} --include-secrets --passphrase"));
    assert_says(&refused, &["Base is being changed (UPDATE_IN_PROGRESS)"]);
    assert_eq!(busy.endpoint.count("GetSecretValue"), 0, "no value is read before");
    for (action, code) in [("GetTemplate", 5), ("DescribeTasks", 5)] {
        let denied = Aws::new(deployed().fault(Fault::new(Wrong::Denied).on(action)));
        let refused = denied.run(BACKUP);
        assert_eq!(refused.code, Some(code), "{refused}");
        assert!(!denied.folder("b").exists());
    }
    let denied = Aws::new(deployed().fault(Fault::new(Wrong::Denied).on("GetStackPolicy")));
    let kept = denied.run(BACKUP);
    assert_eq!(kept.code, Some(0), "{kept}");
    assert_says(&kept, &["warning: not all of App is known: its stack policy"]);
}

#[test]
fn a_backup_of_stacks_without_secrets_has_no_values_and_needs_no_passphrase() {
    let aws = Aws::new(deployed());
    let kept = aws.run("backup App App --out b --include-secrets --passphrase");
    assert_eq!(kept.code, Some(0), "{kept}");
    assert_says(&kept, &["backup of 1 stack in b", "no secret has a value"]);
    assert!(!aws.folder("b/secrets.age").exists());
    let words = ["secrets: no secret had a value", "what was looked at is whole; not looked at: images"];
    assert_says(&aws.run("backup --check b --offline"), &words);
}

#[test]
fn secrets_without_a_value_are_named_and_those_that_are_gone_are_told_in_one_line() {
    let secret =
        |name: &str| json!({ "Type": "AWS::SecretsManager::Secret", "Properties": { "Name": name } });
    let template =
        json!({ "Resources": { "A": secret("app/a"), "B": secret("app/b"), "C": secret("app/c") } });
    let scenario = Scenario::new().stack("S", &template.to_string(), "UPDATE_COMPLETE").secret("app/c", "x");
    let aws = Aws::new(scenario);
    let identity = age::x25519::Identity::generate();
    let kept = aws.run(&format!("backup S --out b --include-secrets --recipient {}", identity.to_public()));
    assert_says(&kept, &["1 value of secrets", "left out, since they have no value: app/a, app/b\n"]);
    aws.run("destroy --stack-name S --yes");
    assert_says(&aws.run("restore b"), &["  app/a, app/b of S: their values: gone with the stack\n"]);
}

#[test]
fn the_templates_of_nested_stacks_are_kept_and_told() {
    let nested =
        |url: &str| json!({ "Type": "AWS::CloudFormation::Stack", "Properties": { "TemplateURL": url } });
    let url = "https://s3.us-east-1.amazonaws.com/t/x.json";
    let template = json!({ "Resources": { "Net": nested(url) } }).to_string();
    let net =
        json!({ "Resources": { "Inner": nested(url), "Queue": { "Type": "AWS::SQS::Queue" } } }).to_string();
    let inner = json!({ "Resources": { "Topic": { "Type": "AWS::SNS::Topic" } } }).to_string();
    let aws = Aws::new(Scenario::new().nested("Net", &net).nested("Inner", &inner).stack(
        "S",
        &template,
        "UPDATE_COMPLETE",
    ));
    let written = aws.json("backup S --out b");
    let kept = &written["manifest"]["stacks"][0]["nested"];
    assert_eq!(kept[0], json!({ "path": "Net", "template": "S/nested-Net.json" }), "{written:#}");
    assert_eq!(kept[1]["path"], "Net/Inner");
    let read = |name: &str| fs::read_to_string(aws.folder("b").join(name)).unwrap();
    assert_eq!((read("S/nested-Net.json"), read("S/nested-Net-Inner.json")), (net, inner));
    assert_says(&aws.run("backup --check b"), &["S/nested-Net.json: 2 resources", "it is whole"]);
    assert_eq!(aws.json("restore b")["stacks"][0]["state"], "unchanged");
    aws.run("destroy --stack-name S --yes");
    let note = "leads to; the templates of that time are b/S/nested-Net.json, b/S/nested-Net-Inner.json";
    assert_says(&aws.run("restore b"), &["make S anew", note]);
}

#[test]
fn a_check_connects_to_nothing_where_no_image_is_asked_for() {
    let foreign = |value: Value| value.to_string().replace(&format!("{REPOSITORY}:v1"), "nginx:1");
    let mut app = app();
    app["Resources"]["Topic"]["Properties"].as_object_mut().unwrap().remove("TopicName");
    let running = serde_json::from_str(&foreign(task())).unwrap();
    let scenario = Scenario::new().stack("App", &foreign(app), "UPDATE_COMPLETE");
    let scenario = scenario.with_parameter("Size", "3").with_parameter("Password", "x");
    let aws = Aws::new(scenario.task("WebService", running));
    aws.run("backup App --out b");
    let before = aws.endpoint.requests().len();
    assert_says(
        &aws.run("backup --check b"),
        &["1 image of other registries", "what was looked at is whole; not looked at: images"],
    );
    assert_eq!(aws.endpoint.requests().len(), before);
}

#[test]
fn a_backup_that_was_made_up_leads_nowhere_else() {
    let aws = Aws::new(deployed());
    aws.run(BACKUP);
    let path = aws.folder("b/manifest.json");
    let manifest = fs::read_to_string(&path).unwrap();
    fs::write(&path, manifest.replace("App/template.json", "../t.json")).unwrap();
    let found = aws.run("backup --check b --offline");
    assert_eq!(found.code, Some(1), "{found}");
    assert_says(&found, &["../t.json: is no place in a backup"]);
    fs::write(&path, manifest.replace("\"version\": 1", "\"version\": 2")).unwrap();
    assert_says(&aws.run("restore b"), &["the backup has the form 2, and this version reads 1"]);
    fs::write(&path, "{}").unwrap();
    assert_eq!(aws.run("restore b").code, Some(3));
    assert_eq!(aws.run("restore nothing").code, Some(3));
}
