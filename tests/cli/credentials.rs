//! Whom the command is to AWS: what it says where credentials are missing, wrong, or want a code.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::project::{Outcome, Project};

/// A double of STS that gives everybody the account 123456789012, and any role.
struct Sts {
    url: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Sts {
    fn start() -> Sts {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let seen = bodies.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let Some(body) = body(&mut stream) else { continue };
                let answer = answer(&body);
                seen.lock().unwrap().push(body);
                let head = format!(
                    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                    answer.len()
                );
                let _ = stream.get_mut().write_all((head + &answer).as_bytes());
            }
        });
        Sts { url, bodies }
    }

    fn bodies(&self) -> Vec<String> {
        self.bodies.lock().unwrap().clone()
    }

    /// What was said, without the port, which differs each time.
    fn shown(&self, outcome: &Outcome) -> String {
        outcome.to_string().replace(&self.url, "http://STS")
    }
}

/// The body of one request.
fn body(stream: &mut impl BufRead) -> Option<String> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

fn answer(body: &str) -> String {
    if body.contains("Action=AssumeRole") {
        return "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId>\
                <SecretAccessKey>canary-secret</SecretAccessKey><SessionToken>canary-token</SessionToken>\
                <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
            .to_owned();
    }
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn>\
     <UserId>me</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        .to_owned()
}

/// A project of a user whose AWS configuration file is `text`, and who has no keys in the environment.
fn with_aws_config(text: &str) -> Project {
    let project = Project::new()
        .variable("AWS_ACCESS_KEY_ID", "")
        .variable("AWS_SECRET_ACCESS_KEY", "")
        .variable("AWS_CONFIG_FILE", "aws-config")
        .variable("AWS_REGION", "us-east-1");
    project.write("aws-config", text);
    project
}

const ROLE: &str = "[profile prod]\nrole_arn = arn:aws:iam::123456789012:role/Deploy\nsource_profile = me\n\
                    mfa_serial = arn:aws:iam::123456789012:mfa/me\n\
                    [profile me]\naws_access_key_id = AKIDME\naws_secret_access_key = canary-of-me\n";

// A4
#[test]
fn an_unknown_profile_is_answered_with_those_that_exist() {
    let project = with_aws_config(ROLE);
    insta::assert_snapshot!(project.run(["outputs", "--profile", "production"]), @r"
    exit: 5
    --- stderr ---
    error: there is no profile `production`; there are `me`, `prod`
      now: nothing was asked of AWS

    hint: sign in (`aws sso login`, `aws login`, `aws configure`), choose a profile with `--profile`, or try everything without an account with `--local`
    ");
}

// A8
#[test]
fn without_credentials_the_profiles_are_offered() {
    let project = with_aws_config(ROLE);
    insta::assert_snapshot!(project.run(["outputs"]), @r"
    exit: 5
    --- stderr ---
    error: no AWS credentials were found
      now: nothing was asked of AWS

    hint: choose a profile with `--profile` (there are `me`, `prod`), or sign in with `aws login`
    ");
}

// A9, A25, R126, R140
#[test]
fn another_account_than_the_configuration_says_is_refused_with_both() {
    let sts = Sts::start();
    let project = with_aws_config(ROLE).variable("AWS_ENDPOINT_URL_STS", &sts.url);
    project.write("docuthinker.yaml", "defaults:\n  account: '111111111111'\n");
    let refused = project.run(["outputs", "--profile", "me"]);
    insta::assert_snapshot!(sts.shown(&refused), @r"
    exit: 3
    --- stderr ---
    warning: this is not AWS: requests to STS go to http://STS

    hint: if that is not meant, unset AWS_ENDPOINT_URL_STS and look for `endpoint_url` in the AWS profile

    error: the configuration says account 111111111111, the credentials from the profile `me` are for 123456789012
      now: nothing was changed in AWS

    hint: choose the other credentials with `--profile`, or correct the account in the configuration
    ");
    let project = project.variable("AWS_PROFILE", "me");
    let chosen = project.run(["outputs"]);
    assert_eq!(chosen.code, Some(3), "{chosen}");
    assert!(chosen.stderr.contains("the credentials from the profile `me` are for 123456789012"), "{chosen}");
}

#[test]
fn a_code_is_not_asked_for_where_nobody_is() {
    let sts = Sts::start();
    let project = with_aws_config(ROLE).variable("AWS_ENDPOINT_URL_STS", &sts.url);
    let refused = project.run(["outputs", "--profile", "prod"]);
    assert_eq!(refused.code, Some(5), "{refused}");
    assert!(
        refused.stderr.contains("needs a code of the MFA device arn:aws:iam::123456789012:mfa/me"),
        "{refused}"
    );
    assert!(refused.stderr.contains("aws sts get-session-token --serial-number"), "{refused}");
    assert!(sts.bodies().is_empty(), "{:?}", sts.bodies());
}

/// On a terminal, by the program `script`, which Linux machines have.
#[cfg(target_os = "linux")]
#[test]
fn a_code_is_asked_for_on_a_terminal_and_not_shown() {
    use std::process::{Command, Stdio};
    let sts = Sts::start();
    let project =
        with_aws_config(ROLE).variable("AWS_ENDPOINT_URL_STS", &sts.url).variable("SHELL", "/bin/sh");
    project.write("docuthinker.yaml", "defaults:\n  account: '111111111111'\n");
    let ours = project.command([""; 0]);
    let mut command = Command::new("script");
    command
        .args(["-qec", concat!(env!("CARGO_BIN_EXE_docuthinker"), " outputs --profile prod"), "/dev/null"])
        .current_dir(project.path())
        .env_clear()
        .envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut keys, mut shown) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut said = Vec::new();
    let mut byte = [0];
    while !said.ends_with(b"of the profile `prod`: ") && shown.read(&mut byte).unwrap() == 1 {
        said.push(byte[0]);
    }
    keys.write_all(b"123456\n").unwrap();
    shown.read_to_end(&mut said).unwrap();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("Code of the MFA device arn:aws:iam::123456789012:mfa/me, for the role"), "{said}");
    assert!(said.contains("the configuration says account 111111111111"), "it went on: {said}");
    assert!(!said.contains("123456\r"), "what is typed is not shown: {said}");
    assert!(!said.contains("canary"), "{said}");
    assert_eq!(child.wait().unwrap().code(), Some(3), "{said}");
    let assumed = &sts.bodies()[0];
    assert!(assumed.contains("SerialNumber=arn%3Aaws%3Aiam%3A%3A123456789012%3Amfa%2Fme"), "{assumed}");
    assert!(assumed.contains("TokenCode=123456"), "{assumed}");
}

#[test]
fn a_role_that_is_none_and_a_time_that_is_none_are_usage() {
    let project = Project::new();
    for (option, value) in [("--role-arn", "Deploy"), ("--connection-grace", "soon")] {
        for command in ["deploy", "destroy"] {
            let refused = project.run([command, "--all", "--yes", option, value]);
            assert_eq!(refused.code, Some(2), "{refused}");
            assert!(refused.stderr.contains(option), "{refused}");
        }
    }
}
