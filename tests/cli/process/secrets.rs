//! `secrets`: what is stored, compared, rotated and exported, against the scripted AWS.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use endpoint::{Endpoint, Fault, JsonAnswer, Scenario, Wrong};
use serde_json::{Value, json};

use crate::project::{Outcome, Project};

/// An AWS with the stack `S`, and a folder from which the command talks to it.
pub(super) struct Aws {
    pub(super) endpoint: Endpoint,
    pub(super) project: Project,
}

pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:docuthinker/{name}-AbCdEf")
}

/// Secrets of which one service reads a whole value, another the same and two keys; nobody reads `spare`.
fn template() -> String {
    let secret = |name: &str| json!({ "Type": "AWS::SecretsManager::Secret", "Properties": { "Name": format!("docuthinker/{name}") } });
    let variable = |name: &str, from: String| json!({ "Name": name, "ValueFrom": from });
    let task = |secrets: Vec<Value>| {
        let container = json!({ "Name": "app", "Image": "public.ecr.aws/x/y:1", "Secrets": secrets });
        json!({ "Type": "AWS::ECS::TaskDefinition", "Properties": { "ContainerDefinitions": [container] } })
    };
    let service = |name: &str, task: &str| {
        let properties = json!({ "Cluster": "main", "ServiceName": name, "TaskDefinition": { "Ref": task } });
        json!({ "Type": "AWS::ECS::Service", "Properties": properties })
    };
    json!({ "Resources": {
        "OpenAiSecret": secret("openai"),
        "DatabaseSecret": secret("database"),
        "SpareSecret": secret("spare"),
        "BackendTask": task(vec![variable("OPENAI_API_KEY", arn("openai"))]),
        "AiMlTask": task(vec![
            variable("OPENAI_API_KEY", arn("openai")),
            variable("DB_USER", format!("{}:user::", arn("database"))),
            variable("DB_PASSWORD", format!("{}:password::", arn("database"))),
        ]),
        "BackendService": service("backend", "BackendTask"),
        "AiMlService": service("ai-ml", "AiMlTask"),
    }})
    .to_string()
}

/// The account of these tests.
pub(super) fn account() -> Scenario {
    let scenario = Scenario::new().stack("S", &template(), "UPDATE_COMPLETE");
    let scenario = scenario.physical_id("OpenAiSecret", &arn("openai"));
    scenario.physical_id("DatabaseSecret", &arn("database")).physical_id("SpareSecret", &arn("spare"))
}

/// Tasks of both services, which started in 2023.
pub(super) fn with_old_tasks(scenario: Scenario) -> Scenario {
    let task =
        |name: &Value| format!("arn:aws:ecs:us-east-1:123456789012:task/main/{}", name.as_str().unwrap());
    scenario
        .answer("ListTasks", move |body| Some(json!({ "taskArns": [task(&body["serviceName"])] }).into()))
        .answer("DescribeTasks", |body| {
            let task =
                json!({ "taskArn": body["tasks"][0], "lastStatus": "RUNNING", "startedAt": 1_700_000_000.0 });
            Some(json!({ "tasks": [task], "failures": [] }).into())
        })
}

impl Aws {
    pub(super) fn new(scenario: Scenario) -> Aws {
        let endpoint = Endpoint::start_blocking(scenario);
        let project = Project::new().variable("AWS_ENDPOINT_URL", &endpoint.url());
        // Whoever traces or panics would tell.
        let project = project.variable("RUST_LOG", "trace").variable("RUST_BACKTRACE", "full");
        Aws { endpoint, project: project.variable("AWS_REGION", "us-east-1") }
    }

    /// Runs `secrets` with these arguments and this on standard input.
    pub(super) fn run(&self, arguments: &str, input: &str) -> Outcome {
        let arguments = ["secrets"].into_iter().chain(arguments.split(' ')).chain(["--stack", "S"]);
        let mut command = self.project.command(arguments);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        // A command that refuses its arguments does not read it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        self.project.outcome(child.wait_with_output().unwrap())
    }

    /// As [`Aws::run`] with a result as JSON, which keeps the contract.
    #[track_caller]
    fn json(&self, arguments: &str, input: &str) -> Value {
        let result = self.run(&format!("{arguments} --output json"), input).json();
        assert_keeps_the_contract(&result);
        result
    }

    pub(super) fn file(&self, name: &str, text: &str, mode: u32) {
        let path = self.project.write(name, text);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Holds a result against its schema.
#[track_caller]
pub(super) fn assert_keeps_the_contract(result: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../../../schemas/secrets-1.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(result).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{result:#}");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_value_on_standard_input_is_stored_and_the_services_that_read_it_are_told() {
    // R248
    let aws = Aws::new(account());
    let said = aws.run("put docuthinker/openai", "sk-new\n").success();
    assert_eq!(aws.endpoint.secret_value("docuthinker/openai").as_deref(), Some("sk-new"));
    let version = aws.endpoint.secret_versions("docuthinker/openai").remove(0).id;
    assert_eq!(
        said,
        format!(
            "stored a new value of docuthinker/openai, version {version}\n\
             ai-ml, backend read it only when a task starts; to restart them:\n  \
             docuthinker redeploy ai-ml backend\n"
        )
    );
    assert_eq!(aws.endpoint.count("GetSecretValue"), 0, "who stores need not be allowed to read");
    let told = aws.json("put SpareSecret", "x\n\n");
    assert_eq!(aws.endpoint.secret_value("docuthinker/spare").as_deref(), Some("x\n"));
    assert_eq!((&told["restart"], &told["next"]), (&json!([]), &Value::Null));
}

#[test]
fn a_secret_is_called_by_its_name_the_end_of_it_or_its_logical_id() {
    let aws = Aws::new(account());
    for name in ["docuthinker/openai", "openai", "OpenAiSecret", &arn("openai")] {
        aws.run(&format!("put {name}"), name).success();
        assert_eq!(aws.endpoint.secret_value("docuthinker/openai").as_deref(), Some(name));
    }
    let unknown = aws.run("put opena", "value");
    assert_eq!(unknown.code, Some(2), "{unknown}");
    assert!(unknown.stderr.contains("did you mean `openai`?"), "{unknown}");
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let aws = Aws::new(account());
    aws.file("open", "value", 0o640);
    aws.file("own", "value\r\n", 0o600);
    let refused = aws.run("put openai --file open", "");
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("chmod 600 open"), "{refused}");
    assert_eq!(aws.endpoint.count("PutSecretValue"), 0);
    aws.run("put openai --file own", "").success();
    assert_eq!(aws.endpoint.secret_value("docuthinker/openai").as_deref(), Some("value"));
    for (input, words) in [("", "empty"), ("\n", "empty"), (&*"x".repeat(65_537), "64 KiB")] {
        let refused = aws.run("put openai", input);
        assert_eq!(refused.code, Some(3), "{refused}");
        assert!(refused.stderr.contains(words), "{refused}");
    }
    assert_eq!(aws.endpoint.count("PutSecretValue"), 1);
}

// S1
#[test]
fn what_may_be_a_value_on_the_command_line_is_refused_and_not_repeated() {
    let aws = Aws::new(account());
    let arguments = [
        "put openai canary-5f1c",
        "put openai --value=canary-5f1c",
        "put openai --canary-5f1c",
        "put openai -canary-5f1c",
        "put openai x canary-5f1c --yes",
        "put canary-5f1c",
        "put openai=canary-5f1c",
        "rotate openai canary-5f1c",
        "rotate canary-5f1c",
        "export canary-5f1c --plain-text --out x --yes",
    ];
    for arguments in arguments {
        for form in ["", " --output json", " --verbose"] {
            let refused = aws.run(&format!("{arguments}{form}"), "");
            assert_eq!(refused.code, Some(2), "{arguments}: {refused}");
            assert!(!refused.to_string().contains("5f1c"), "{arguments}: {refused}");
        }
    }
    assert_eq!(aws.endpoint.count("PutSecretValue"), 0);
}

#[test]
fn one_key_of_a_value_is_changed_and_the_others_stay() {
    let aws =
        Aws::new(account().secret("docuthinker/database", r#"{"user":"me","password":"old","port":1}"#));
    aws.run("put database --field password", "new\n").success();
    let value = aws.endpoint.secret_value("docuthinker/database").unwrap();
    assert_eq!(value, r#"{"user":"me","password":"new","port":1}"#);
    aws.run("put database", "no object").success();
    let refused = aws.run("put database --field password", "new");
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(
        refused.stderr.contains("is no JSON object") && !refused.stderr.contains("no object\n"),
        "{refused}"
    );
}

const FILE: &str =
    "# keys\nexport OPENAI_API_KEY='sk-file'\nDB_USER=me\nDB_PASSWORD=bolt://user:pass@host:7687\n";

#[test]
fn each_variable_of_a_file_goes_to_the_secret_that_containers_read_it_from() {
    let aws = Aws::new(account().secret("docuthinker/database", r#"{"user":"me","password":"old"}"#));
    aws.file("env", FILE, 0o600);
    let unattended = aws.run("import env", "");
    assert_eq!(unattended.code, Some(3), "{unattended}");
    assert!(unattended.stderr.contains("--yes"), "{unattended}");
    assert_eq!(aws.endpoint.count("PutSecretValue"), 0);
    assert!(unattended.stderr.contains("OPENAI_API_KEY  → docuthinker/openai\n"), "{unattended}");
    assert!(
        unattended.stderr.contains("DB_USER         = docuthinker/database, user, which"),
        "{unattended}"
    );
    assert!(unattended.stderr.contains("DB_PASSWORD     → docuthinker/database, password\n"), "{unattended}");

    let said = aws.run("import env --yes", "").success();
    assert!(
        said.contains("docuthinker redeploy ai-ml backend") || said.contains("redeploy backend ai-ml"),
        "{said}"
    );
    assert_eq!(aws.endpoint.secret_value("docuthinker/openai").as_deref(), Some("sk-file"));
    let database = aws.endpoint.secret_value("docuthinker/database").unwrap();
    assert_eq!(database, r#"{"user":"me","password":"bolt://user:pass@host:7687"}"#);
    assert_eq!(aws.endpoint.count("PutSecretValue"), 2);

    let again = aws.json("import env", "");
    assert_eq!(aws.endpoint.count("PutSecretValue"), 2, "what is stored already is not stored again");
    let states: Vec<&Value> =
        again["variables"].as_array().unwrap().iter().map(|variable| &variable["state"]).collect();
    assert_eq!(states, ["unchanged", "unchanged", "unchanged"]);
    assert_eq!(again["stored"], json!([]));
}

#[test]
fn a_file_that_cannot_be_stored_whole_is_refused_with_everything_that_is_wrong() {
    let aws = Aws::new(account());
    aws.file("env", &format!("{FILE}OPENAI_API_KE=x\nOTHER=y\n"), 0o600);
    let refused = aws.run("import env --yes", "");
    assert_eq!(refused.code, Some(3), "{refused}");
    for words in ["no container reads OPENAI_API_KE ", "did you mean OPENAI_API_KEY?", "reads OTHER "] {
        assert!(refused.stderr.contains(words), "{words}: {refused}");
    }
    assert_eq!(aws.endpoint.count("PutSecretValue"), 0);
    let stored = aws.json("import env --yes --skip-unknown", "");
    assert_eq!(stored["variables"][4], json!({ "variable": "OTHER", "state": "unknown" }));
    assert_eq!(stored["stored"].as_array().unwrap().len(), 2);
    aws.file("twice", "OPENAI_API_KEY=1\nsecret words\nOPENAI_API_KEY=2\n", 0o600);
    let wrong = aws.run("import twice --yes", "");
    assert!(wrong.stderr.contains("twice:2") && !wrong.stderr.contains("secret words"), "{wrong}");
    aws.file("twice", "OPENAI_API_KEY=1\nOPENAI_API_KEY=2\n", 0o600);
    assert!(aws.run("import twice --yes", "").stderr.contains("OPENAI_API_KEY is there twice"));
    aws.file("env", FILE, 0o644);
    assert_eq!(aws.run("import env --yes", "").code, Some(3));
}

#[test]
fn the_list_tells_age_rotation_and_users_and_reads_no_value() {
    // R251
    let aws =
        Aws::new(account().secret("docuthinker/openai", "x-value").rotated_secret("docuthinker/openai"));
    let list = aws.run("list", "").success();
    let [database, openai, _] = list.split("\n\n").collect::<Vec<_>>()[..] else { panic!("{list}") };
    assert!(
        openai.starts_with("docuthinker/openai\n  made by   OpenAiSecret of S\n  value     20"),
        "{list}"
    );
    assert!(openai.contains("(just now)\n  rotated   never; by AWS\n  read      never\n"), "{list}");
    assert!(
        openai.contains("users     ai-ml: OPENAI_API_KEY\n            backend: OPENAI_API_KEY"),
        "{list}"
    );
    assert!(
        database.starts_with("docuthinker/database\n  made by   DatabaseSecret of S\n  value     none\n"),
        "{list}"
    );
    assert!(
        database.contains("users     ai-ml: DB_PASSWORD (password)\n            ai-ml: DB_USER (user)"),
        "{list}"
    );
    assert!(list.lines().all(|line| line.len() <= 80), "{list}");
    assert_eq!(aws.endpoint.count("GetSecretValue"), 0);
    let told = aws.json("list", "");
    let openai = &told["secrets"][1];
    assert_eq!((&openai["logicalId"], &openai["stored"]["rotates"]), (&json!("OpenAiSecret"), &json!(true)));
    assert_eq!(
        openai["users"][1],
        json!({ "service": "backend", "variable": "OPENAI_API_KEY", "deployed": true })
    );
}

#[test]
fn what_containers_read_and_is_not_stored_is_missing() {
    // R110
    let aws = Aws::new(account().secret("docuthinker/database", r#"{"user":"me"}"#));
    let checked = aws.run("check", "");
    assert_eq!(checked.code, Some(3), "{checked}");
    let expected = "missing  docuthinker/database  its value has no key password\n\
                    missing  docuthinker/openai    it has no value\n\
                    unused   docuthinker/spare     no container reads it\n";
    assert_eq!(checked.stdout, expected);
    assert!(
        checked.stderr.contains("error: docuthinker/openai: it has no value\n  at ai-ml: OPENAI_API_KEY"),
        "{checked}"
    );
    assert!(checked.stderr.contains("docuthinker secrets put docuthinker/database"), "{checked}");
    aws.run("put openai", "sk").success();
    aws.run("put database --field password", "pw").success();
    let now = aws.json("check", "");
    let states: Vec<&Value> =
        now["secrets"].as_array().unwrap().iter().map(|secret| &secret["state"]).collect();
    assert_eq!(states, ["ok", "ok", "unused"]);
}

#[test]
fn tasks_that_are_older_than_a_value_are_told_with_the_command_that_restarts_them() {
    let whole = account()
        .secret("docuthinker/openai", "sk")
        .secret("docuthinker/database", r#"{"user":"a","password":"b"}"#);
    let aws = Aws::new(with_old_tasks(whole));
    let checked = aws.run("check", "");
    assert_eq!(checked.code, Some(0), "{checked}");
    assert!(
        checked.stdout.contains("stale    docuthinker/openai    tasks of ai-ml, backend have an earlier"),
        "{checked}"
    );
    assert!(checked.stderr.contains("hint: docuthinker redeploy ai-ml backend"), "{checked}");
    let told = aws.json("check -e staging", "");
    assert_eq!(told["secrets"][0]["stale"], json!(["ai-ml"]));
    assert_eq!(told["next"], "docuthinker -e staging redeploy ai-ml backend");
}

#[test]
fn aws_rotates_what_it_is_configured_to_and_everything_else_gets_a_new_value() {
    // R249, R355
    let keyed = r#"{"user":"a","password":"b"}"#;
    let aws = Aws::new(account().rotated_secret("docuthinker/openai").secret("docuthinker/database", keyed));
    let told = aws.json("rotate openai", "ignored");
    assert_eq!((&told["by"], &told["restart"]), (&json!("aws"), &json!(["ai-ml", "backend"])));
    assert_eq!(aws.run("rotate openai --generate", "").code, Some(2));
    assert!(aws.endpoint.secret_value("docuthinker/openai").unwrap().starts_with("rotated-"));
    assert_eq!(aws.endpoint.count("RotateSecret"), 1);

    assert_eq!(aws.run("rotate spare --generate", "").code, Some(3), "somebody must say yes");
    let told = aws.json("rotate spare --generate --length 40 --yes", "");
    assert_eq!(told["by"], "generated");
    assert_eq!(aws.endpoint.secret_value("docuthinker/spare").unwrap().len(), 40);
    aws.run("rotate spare", "given\n").success();
    assert_eq!(aws.endpoint.secret_value("docuthinker/spare").as_deref(), Some("given"));

    let refused = aws.run("rotate database --generate --yes", "");
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("`--field`: password, user"), "{refused}");
    aws.run("rotate database --generate --field password --yes", "").success();
    let value: Value =
        serde_json::from_str(&aws.endpoint.secret_value("docuthinker/database").unwrap()).unwrap();
    assert_eq!((value["user"].as_str(), value["password"].as_str().unwrap().len()), (Some("a"), 32));
}

#[test]
fn services_are_restarted_once_the_rotated_value_is_there() {
    let aws = Aws::new(account().rotated_secret("docuthinker/openai"));
    let rotated = aws.run("rotate openai --redeploy", "");
    assert_eq!(rotated.code, Some(0), "{rotated}");
    assert!(rotated.stdout.contains("\nthen ai-ml, backend restart, to read it\n"), "{rotated}");
    let (value, restarts) =
        (aws.endpoint.requests_of("RotateSecret"), aws.endpoint.requests_of("UpdateService"));
    assert_eq!((value.len(), restarts.len()), (1, 2), "{rotated}");
    assert!(value[0].at < restarts[0].at, "{rotated}");
    let told = aws.json("rotate spare --redeploy", "value");
    assert_eq!((&told["next"], aws.endpoint.count("UpdateService")), (&Value::Null, 2), "nobody reads it");
}

fn with_values() -> Aws {
    Aws::new(
        account().secret("docuthinker/openai", "sk-\"one\"").secret("docuthinker/database", "two\nlines"),
    )
}

fn decrypted(identity: &impl age::Identity, path: &Path) -> Value {
    serde_json::from_slice(&age::decrypt(identity, &fs::read(path).unwrap()).unwrap()).unwrap()
}

#[test]
fn values_are_exported_for_who_has_the_identity_into_a_new_file_of_ones_own() {
    // R111, R250
    let aws = with_values();
    let (mine, theirs) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
    aws.project.write("recipients", format!("# ours\n{}\n", theirs.to_public()));
    let export =
        format!("export --recipient {} --recipients-file recipients --out all.age", mine.to_public());
    let told = aws.json(&export, "");
    assert_eq!((&told["encrypted"], &told["withoutValue"]), (&json!(true), &json!(["docuthinker/spare"])));
    let path = aws.project.path().join("all.age");
    let expected = json!({ "docuthinker/openai": "sk-\"one\"", "docuthinker/database": "two\nlines" });
    assert_eq!((decrypted(&mine, &path), decrypted(&theirs, &path)), (expected.clone(), expected));
    assert_eq!(mode(&path), 0o600);
    let before = fs::read(&path).unwrap();
    let again = aws.run(&export, "");
    assert_eq!(again.code, Some(3), "{again}");
    assert_eq!(fs::read(&path).unwrap(), before, "it is never overwritten");
    std::os::unix::fs::symlink("elsewhere", aws.project.path().join("link")).unwrap();
    let link = aws.run(&export.replace("all.age", "link"), "");
    assert_eq!(link.code, Some(3), "{link}");
    let wrong = aws.run("export --recipient AGE-SECRET-KEY-1QQ --out b.age", "");
    assert_eq!(wrong.code, Some(2), "{wrong}");
    assert!(!wrong.stderr.contains("1QQ"), "it may be an identity: {wrong}");
    let said =
        aws.run(&export.replace("export", "export openai").replace("all.age", "one.age"), "").success();
    assert_eq!(said, "1 value in one.age; to read them: age -d -i KEY_FILE one.age\n");
}

#[test]
fn an_export_says_if_it_is_not_known_of_all_services_what_they_read() {
    let denied = Fault::new(Wrong::Denied).on("DescribeTaskDefinition");
    let aws = Aws::new(account().secret("docuthinker/openai", "one").fault(denied));
    let recipient = age::x25519::Identity::generate().to_public();
    let told = aws.run(&format!("export --recipient {recipient} --out all.age"), "");
    assert!(told.stderr.contains("it is not known of all services what they read"), "{told}");
}

#[test]
fn values_are_exported_with_a_passphrase() {
    let aws = with_values();
    aws.run("export openai --passphrase --out all.age", "open sesame\n").success();
    let mut identity = age::scrypt::Identity::new(age::secrecy::SecretString::from("open sesame".to_owned()));
    identity.set_max_work_factor(30);
    let found = decrypted(&identity, &aws.project.path().join("all.age"));
    assert_eq!(found, json!({ "docuthinker/openai": "sk-\"one\"" }));
}

#[test]
fn nothing_is_exported_as_plain_text_unless_that_is_said_twice() {
    let aws = with_values();
    assert_eq!(aws.run("export --out all.json", "").code, Some(2), "a way to protect it must be named");
    let unattended = aws.run("export --plain-text --out all.json", "");
    assert_eq!(unattended.code, Some(3), "{unattended}");
    let path = aws.project.path().join("all.json");
    assert!(!path.exists());
    assert_eq!(aws.endpoint.count("GetSecretValue"), 0, "no value is read before");
    aws.run("export --plain-text --out all.json --yes", "").success();
    let found: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!((&found["docuthinker/openai"], mode(&path)), (&json!("sk-\"one\""), 0o600));
    fs::create_dir_all(aws.project.path().join("tree/below")).unwrap();
    aws.project.write("tree/.git", "gitdir: elsewhere");
    let recipient = age::x25519::Identity::generate().to_public();
    for protection in ["--plain-text --yes".to_owned(), format!("--recipient {recipient}")] {
        let refused = aws.run(&format!("export {protection} --out tree/below/all"), "");
        assert_eq!(refused.code, Some(3), "{refused}");
        assert!(refused.stderr.contains("git work tree"), "{refused}");
    }
    assert!(!aws.project.path().join("tree/below/all").exists());
}

// S1
#[test]
fn an_answer_with_a_value_that_cannot_be_read_is_not_shown() {
    let cut = Fault::new(Wrong::Truncated).on("GetSecretValue");
    let aws = Aws::new(account().secret("docuthinker/openai", &"canary-5f1c ".repeat(30)).fault(cut));
    for arguments in ["export openai --plain-text --yes --out x", "check", "put openai --field x"] {
        let failed = aws.run(arguments, "value");
        assert!(!failed.to_string().contains("5f1c"), "{failed}");
        if arguments != "check" {
            assert_eq!(failed.code, Some(6), "{failed}");
        }
    }
}

// S1
#[test]
fn a_refusal_of_aws_that_repeats_the_value_is_shown_without_it() {
    let scenario = account().answer("PutSecretValue", |body| {
        let message = format!("the value {} of the secret is not valid", body["SecretString"]);
        Some(JsonAnswer::error("InvalidParameterException", &message))
    });
    let aws = Aws::new(scenario);
    for (field, form) in [("", ""), ("", " --output json"), (" --field password", " --verbose")] {
        let refused = aws.run(&format!("put database{field}{form}"), "canary-\"5f1c\"\n");
        assert_eq!(refused.code, Some(1), "{refused}");
        assert!(refused.stderr.contains("****") && !refused.to_string().contains("5f1c"), "{refused}");
    }
}
