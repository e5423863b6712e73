//! A secret on every way through `secrets`: it is in what is stored, and in nothing else.

use std::fs;

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use age::secrecy::ExposeSecret as _;
use endpoint::{Fault, Wrong};
use rustix::process::Signal;

use super::running::Running;
use super::screen::{can_make_terminals, on_a_terminal_of};
use super::secrets::{Aws, account};
use super::{PATIENCE, assert_no_bug};

/// A piece of every secret of these tests.
const CANARY: &str = "canary-7be04c51";

fn secret(of: &str) -> String {
    format!("{CANARY}-of-the-{of}")
}

/// The command lines of all processes of this machine, and the variables of those that may be read.
fn processes() -> String {
    let mut all = String::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        for file in ["cmdline", "environ"] {
            // Processes come and go, and those of others cannot be read.
            let bytes = fs::read(process.path().join(file)).unwrap_or_default();
            all += &String::from_utf8_lossy(&bytes);
            all.push('\n');
        }
    }
    all
}

/// The files of the test's folder, with the mode of each that holds a canary.
fn modes_of_files_with_the_canary(aws: &Aws) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    let mut folders = vec![aws.project.path().parent().unwrap().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let kind = entry.metadata().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).contains(CANARY) {
                let name = entry.file_name().to_string_lossy().into_owned();
                found.push((name, kind.permissions().mode() & 0o777));
            }
        }
    }
    found.sort();
    found
}

// S1
#[test]
fn a_secret_is_in_no_word_and_no_file_of_any_way_through_secrets() {
    let recipient = age::x25519::Identity::generate().to_public();
    let export = format!("export --recipient {recipient} --out");
    let ways = [
        ("put openai", secret("input")),
        ("put database --field password", secret("input")),
        ("put openai --file value", String::new()),
        ("import env --yes", String::new()),
        ("list", String::new()),
        ("check", String::new()),
        ("rotate openai", secret("rotation")),
        ("rotate database --field user --generate --yes", String::new()),
        (&format!("{export} all.age"), String::new()),
        ("export --passphrase --out phrase.age", secret("passphrase")),
        ("check --redeploy", String::new()),
        ("rotate openai --redeploy", secret("redeployment")),
        (&format!("{export} all.age"), String::new()),
        ("export --plain-text --out all.json --yes", String::new()),
        ("put nothing", secret("input")),
        ("put openai --field x", secret("input")),
    ];
    for form in ["", "--verbose", "--output json", "--progress json"] {
        let stored = account().secret("docuthinker/openai", &secret("store"));
        let keyed = format!(r#"{{"user":"{}","password":"{}"}}"#, secret("user"), secret("password"));
        let aws = Aws::new(stored.secret("docuthinker/database", &keyed));
        aws.file("value", &secret("file"), 0o600);
        aws.file("env", &format!("OPENAI_API_KEY={}\nDB_USER=\"{}\"\n", secret("env"), secret("env")), 0o600);
        for (way, input) in &ways {
            let outcome = aws.run(format!("{way} {form}").trim_end(), input);
            assert!(!outcome.to_string().contains(CANARY), "{way} {form}: {outcome}");
            assert_no_bug(&outcome);
        }
        assert!(aws.endpoint.count("PutSecretValue") >= 5, "the ways are gone");
        let own = |name: &str| (name.to_owned(), 0o600);
        let files = [own("all.json"), own("env"), own("value")];
        assert_eq!(modes_of_files_with_the_canary(&aws), files, "{form}");
    }
}

// S1
#[test]
fn a_secret_is_in_no_list_of_processes_while_it_is_stored_and_whoever_stops_that_is_told() {
    let aws = Aws::new(account().fault(Fault::new(Wrong::Hangs).on("PutSecretValue")));
    aws.file("env", &format!("OPENAI_API_KEY={}\n", secret("env")), 0o600);
    aws.file("value", &secret("file"), 0o600);
    let ways = ["put openai", "put openai --file value", "import env --yes", "rotate openai"];
    for (number, way) in ways.into_iter().enumerate() {
        let arguments = format!("secrets {way} --stack S --verbose");
        let mut command = aws.project.command(arguments.split(' '));
        command.stdin(Stdio::piped());
        let mut running = Running::start(&aws.project, command);
        running.type_in(&secret("input"));
        running.close_input();
        assert!(aws.endpoint.wait_for("PutSecretValue", number + 1, PATIENCE), "{way}: {}", running.told());
        let processes = processes();
        assert!(processes.contains("secrets") && !processes.contains(CANARY), "{way}");
        running.signal(Signal::INT);
        let ended = running.end();
        assert_eq!(ended.code, Some(130), "{way}: {ended}");
        assert!(ended.stderr.contains("AWS may have taken the new value of docuthinker/openai"), "{ended}");
        assert!(!ended.to_string().contains(CANARY), "{way}: {ended}");
    }
}

/// Runs this with this on standard input until AWS is asked for `action` once more, which it does not answer; gives what
/// it told.
#[track_caller]
fn stopped_at(aws: &Aws, action: &str, arguments: &str, input: &str) -> String {
    let before = aws.endpoint.count(action);
    let mut command = aws.project.command(arguments.split(' '));
    command.stdin(Stdio::piped());
    let mut running = Running::start(&aws.project, command);
    running.type_in(input);
    running.close_input();
    assert!(aws.endpoint.wait_for(action, before + 1, PATIENCE), "{arguments}: {}", running.told());
    let processes = processes();
    assert!(processes.contains(&arguments.replace(' ', "\0")), "{arguments}");
    assert!(!processes.contains(CANARY), "{arguments}");
    running.signal(Signal::INT);
    let ended = running.end();
    assert_eq!(ended.code, Some(130), "{arguments}: {ended}");
    ended.to_string()
}

// S1
#[test]
fn a_passphrase_and_what_it_opens_are_in_no_list_of_processes() {
    let stored = || account().secret("docuthinker/openai", &secret("store"));
    let passphrase = secret("passphrase");
    let aws = Aws::new(stored().fault(Fault::new(Wrong::Hangs).on("GetSecretValue")));
    for way in [
        "secrets export openai --passphrase --stack S --out all.age --verbose",
        "backup S --include-secrets --passphrase --out backup --verbose",
    ] {
        let told = stopped_at(&aws, "GetSecretValue", way, &passphrase);
        assert!(!told.contains(CANARY), "{told}");
    }

    let aws = Aws::new(stored());
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    for (way, input) in [
        ("export openai --passphrase --out phrase.age".to_owned(), &*passphrase),
        (format!("export openai --recipient {recipient} --out key.age --armor"), ""),
    ] {
        assert_eq!(aws.run(&way, input).code, Some(0), "{way}");
    }
    let files = ["phrase.age", "key.age"].map(|name| fs::read(aws.project.path().join(name)).unwrap());
    let aws = Aws::new(account().fault(Fault::new(Wrong::Hangs).on("PutSecretValue")));
    for (name, file) in ["phrase.age", "key.age"].iter().zip(files) {
        fs::write(aws.project.path().join(name), file).unwrap();
    }
    aws.file("key.txt", identity.to_string().expose_secret(), 0o600);
    for way in ["phrase.age --passphrase", "key.age --identity key.txt"] {
        let arguments = format!("secrets import {way} --yes --stack S --verbose");
        let told = stopped_at(&aws, "PutSecretValue", &arguments, &passphrase);
        assert!(!told.contains(CANARY), "{told}");
    }
}

// S1
#[test]
fn what_is_listed_checked_and_exported_is_in_no_list_of_processes() {
    let recipient = age::x25519::Identity::generate().to_public();
    let export = format!("export --recipient {recipient} --out all.age");
    for (way, action) in
        [("list", "DescribeSecret"), ("check", "GetSecretValue"), (export.as_str(), "GetSecretValue")]
    {
        let stored = account().secret("docuthinker/openai", &secret("store"));
        let keyed = format!(r#"{{"user":"{}","password":"{}"}}"#, secret("user"), secret("password"));
        let stored = stored.secret("docuthinker/database", &keyed);
        let aws = Aws::new(stored.fault(Fault::new(Wrong::Hangs).on(action)));
        let told = stopped_at(&aws, action, &format!("secrets {way} --stack S --verbose"), "");
        assert!(!told.contains(CANARY), "{told}");
    }
}

// S1
#[test]
fn what_is_typed_does_not_appear_on_the_terminal() {
    if !can_make_terminals() {
        return;
    }
    let aws = Aws::new(account());
    for (way, questions) in [
        ("put openai", &["Value of docuthinker/openai (not shown): "][..]),
        ("rotate spare", &["Value of docuthinker/spare (not shown): "]),
        ("export --passphrase --out all.age", &["Passphrase (not shown): ", "The same again: "]),
    ] {
        let arguments = format!("secrets {way} --stack S");
        let mut running = on_a_terminal_of(&aws.project, 80, &[], &arguments);
        for question in questions {
            running.wait_for(question);
            running.type_in(&format!("{}\n", secret("keyboard")));
        }
        let ended = running.end();
        assert_eq!(ended.code, Some(0), "{way}: {ended}");
        assert!(!ended.to_string().contains(CANARY), "{way}: {ended}");
    }
    for name in ["docuthinker/openai", "docuthinker/spare"] {
        assert_eq!(aws.endpoint.secret_value(name).as_deref(), Some(&*secret("keyboard")), "{name}");
    }
}

#[test]
fn a_question_for_a_value_can_be_left_and_the_terminal_shows_again_what_is_typed() {
    if !can_make_terminals() {
        return;
    }
    let aws = Aws::new(account());
    let binary = env!("CARGO_BIN_EXE_docuthinker");
    let inner = format!("trap : INT; '{binary}' secrets put openai --stack S; echo left with $?; stty -a");
    let mut command = aws.project.other("script");
    command.args(["-qec", &inner, "/dev/null"]).env("TERM", "xterm").stdin(Stdio::piped());
    let mut running = Running::start(&aws.project, command);
    running.wait_for("(not shown): ");
    running.type_in("\u{3}");
    let ended = running.end();
    assert!(ended.stdout.contains("left with 130"), "{ended}");
    assert!(ended.stdout.contains(" echo ") && !ended.stdout.contains("-echo "), "{ended}");
    assert_eq!(aws.endpoint.count("PutSecretValue"), 0);
}

#[test]
fn an_armored_export_is_text_which_import_reads() {
    let aws = Aws::new(account().secret("docuthinker/openai", "sk-1"));
    let exported = aws.run("export openai --passphrase --armor --out all.age", "open sesame");
    assert_eq!(exported.code, Some(0), "{exported}");
    let text = aws.project.read("all.age");
    assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"), "{text}");
    let other = Aws::new(account());
    other.project.write("all.age", text);
    let imported = other.run("import all.age --passphrase --yes", "open sesame");
    assert_eq!(imported.code, Some(0), "{imported}");
    assert_eq!(other.endpoint.secret_value("docuthinker/openai").as_deref(), Some("sk-1"));
}

/// A file that cannot be written whole is not left behind.
#[test]
fn a_disk_that_is_full_leaves_no_file() {
    // A limit on the size of files is the nearest to a full disk that a test can make for itself.
    let aws = Aws::new(account().secret("docuthinker/openai", &secret("store").repeat(500)));
    let binary = env!("CARGO_BIN_EXE_docuthinker");
    let script = format!(
        "trap '' XFSZ; ulimit -f 1; exec '{binary}' secrets export openai --plain-text --yes --stack S --out all.json"
    );
    let mut command: Command = aws.project.other("bash");
    let output = command.args(["-c", &script]).output().unwrap();
    let failed = aws.project.outcome(output);
    assert_eq!(failed.code, Some(3), "{failed}");
    assert!(failed.stderr.contains("cannot write `all.json`"), "{failed}");
    assert!(!failed.to_string().contains(CANARY), "{failed}");
    assert!(!aws.project.path().join("all.json").exists());
}
