//! The policy of `iam-policy`, held against what the command calls.

use std::collections::BTreeSet;
use std::path::Path;

use template::permissions::OWN_CALLS;

use crate::project::Project;

const TOPIC: &str =
    "Resources: {Topic: {Type: AWS::SNS::TopicPolicy, Properties: {PolicyDocument: {}, Topics: []}}}\n";

#[test]
fn a_template_from_a_file_has_a_policy_that_can_be_pasted() {
    let project = Project::new();
    project.write("topic.yaml", TOPIC);
    let run = project.run(["iam-policy", "--template", "topic.yaml", "--stack-name", "Alarms", "--explain"]);
    insta::assert_snapshot!(run, @r#"
    exit: 0
    --- stdout ---
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Cloudformation",
          "Effect": "Allow",
          "Action": [
            "cloudformation:BatchDescribeTypeConfigurations",
            "cloudformation:DescribeAccountLimits",
            "cloudformation:DescribeStackDriftDetectionStatus",
            "cloudformation:GetHookResult",
            "cloudformation:ListExports",
            "cloudformation:ListImports",
            "cloudformation:ListStacks"
          ],
          "Resource": "*"
        },
        {
          "Sid": "Cloudformation2",
          "Effect": "Allow",
          "Action": [
            "cloudformation:CancelUpdateStack",
            "cloudformation:ContinueUpdateRollback",
            "cloudformation:CreateChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack",
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeEvents",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStackResourceDrifts",
            "cloudformation:DescribeStacks",
            "cloudformation:DetectStackDrift",
            "cloudformation:DetectStackResourceDrift",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:GetStackPolicy",
            "cloudformation:GetTemplate",
            "cloudformation:ListChangeSets",
            "cloudformation:ListHookResults",
            "cloudformation:ListStackResources",
            "cloudformation:RollbackStack",
            "cloudformation:TagResource",
            "cloudformation:UntagResource",
            "cloudformation:UpdateTerminationProtection"
          ],
          "Resource": "arn:aws:cloudformation:*:*:stack/Alarms/*"
        },
        {
          "Sid": "Sns",
          "Effect": "Allow",
          "Action": "sns:SetTopicAttributes",
          "Resource": "arn:aws:sns:*:*:*"
        }
      ]
    }
    --- stderr ---
    Cloudformation is for all resources: these actions take no resource
    "#);
}

#[test]
fn a_policy_that_is_too_large_is_printed_in_parts() {
    let project = Project::new();
    let whole = project.run(["iam-policy"]);
    assert!(whole.stderr.contains("more than the 6144 of a managed policy"), "{whole}");
    let parts = project.run(["iam-policy", "--output", "json"]).json();
    let parts = parts["policies"].as_array().unwrap();
    for (at, part) in parts.iter().enumerate() {
        assert!(part.to_string().len() <= 6144);
        let number = (at + 1).to_string();
        assert_eq!(&project.run(["iam-policy", "--part", &number]).json(), part);
    }
    let beyond = (parts.len() + 1).to_string();
    assert_eq!(project.run(["iam-policy", "--part", &beyond]).code, Some(2));
}

#[test]
fn the_same_stacks_have_the_same_policy() {
    let project = Project::new();
    let first = project.run(["iam-policy", "DocuThinkerStack"]).success();
    assert_eq!(project.run(["iam-policy", "DocuThinkerStack"]).success(), first);
    assert!(!first.contains("stack/DocuThinkerFoundation/"), "{first}");
}

/// Every file of a folder, as text without white space.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if !path.ends_with("engine/fake.rs") {
            // That one stands in for AWS in the engine's tests.
            found.push(std::fs::read_to_string(path).unwrap().split_whitespace().collect());
        }
    }
}

/// What the code calls, by the methods of the SDK's clients and by the names in its messages.
#[test]
fn the_table_of_our_own_calls_is_what_the_code_calls() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cloud/src"), &mut files);
    let mut called = BTreeSet::new();
    for text in files.iter().filter_map(|text| text.split("#[cfg(test)]").next()) {
        for (client, prefix) in
            [(".cloudformation.", "cloudformation"), (".polling.", "cloudformation"), (".s3.", "s3")]
        {
            for rest in text.split(client).skip(1) {
                let method: String =
                    rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                let words = method.split('_').filter(|word| !word.is_empty());
                let name: String = words.map(|word| word[..1].to_uppercase() + &word[1..]).collect();
                if rest[method.len()..].starts_with("()") {
                    called.insert(format!("{prefix}:{name}"));
                }
            }
        }
        let is_action = |text: &&str| {
            text.split_once(':').is_some_and(|(prefix, name)| {
                template::facts::iam_service(prefix).is_some()
                    && name.starts_with(|c: char| c.is_ascii_uppercase())
            })
        };
        called.extend(text.split('"').filter(is_action).map(str::to_owned));
    }
    // What these calls bring with them; see the table.
    let brought = [
        "cloudformation:BatchDescribeTypeConfigurations",
        "cloudformation:DetectStackResourceDrift",
        "cloudformation:TagResource",
        "cloudformation:UntagResource",
        "s3:GetObject",
    ];
    called.extend(brought.map(str::to_owned));
    // A profile's source does this, so that there are the credentials which the table is about.
    assert!(called.remove("sts:AssumeRole"));
    let table: BTreeSet<String> = OWN_CALLS.iter().map(|(action, _)| (*action).to_owned()).collect();
    assert_eq!(called, table);
}

#[cfg(feature = "aws")]
mod end_to_end {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use crate::emulator::Emulator;
    use template::permissions::{OWN_CALLS, Scope};

    /// A call that was made: the action, its region, and the ARN it works on, if the request tells.
    #[derive(Debug, Clone, PartialEq)]
    struct Call {
        action: String,
        region: String,
        resource: Option<String>,
    }

    /// Stands between the command and the emulator and remembers what is asked.
    struct Recorder {
        address: String,
        requests: Arc<Mutex<Vec<(String, String)>>>,
    }

    impl Recorder {
        fn start(emulator: String) -> Recorder {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap().to_string();
            let requests = Arc::new(Mutex::new(Vec::new()));
            let seen = Arc::clone(&requests);
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    let (emulator, seen) = (emulator.clone(), Arc::clone(&seen));
                    std::thread::spawn(move || pass_on(stream.unwrap(), &emulator, &seen));
                }
            });
            Recorder { address, requests }
        }

        fn calls(&self) -> Vec<Call> {
            self.requests.lock().unwrap().iter().map(|(head, body)| call(head, body)).collect()
        }
    }

    /// One request for each connection, so that no answer needs to be understood.
    fn pass_on(stream: TcpStream, emulator: &str, seen: &Mutex<Vec<(String, String)>>) {
        let mut reader = BufReader::new(&stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let mut body = vec![0; header(&head, "content-length").and_then(|n| n.parse().ok()).unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        seen.lock().unwrap().push((head.clone(), String::from_utf8_lossy(&body).into_owned()));
        let mut upstream = TcpStream::connect(emulator).unwrap();
        let lines = head.trim_end().lines().filter(|line| !line.to_lowercase().starts_with("connection:"));
        let head: Vec<&str> = lines.chain(["Connection: close\r\n\r\n"]).collect();
        upstream.write_all(head.join("\r\n").as_bytes()).unwrap();
        upstream.write_all(&body).unwrap();
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer).unwrap();
        let _ = (&stream).write_all(&answer);
    }

    fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// What a request asks for, in the words of IAM.
    fn call(head: &str, body: &str) -> Call {
        let signature = header(head, "authorization").unwrap();
        let scope: Vec<&str> = signature.split("Credential=").nth(1).unwrap().split('/').collect();
        let (region, service) = (scope[2].to_owned(), scope[3]);
        if let Some(target) = header(head, "x-amz-target") {
            let action = target.split('.').nth(1).unwrap();
            // Cloud Control's actions are CloudFormation's.
            let prefix = if service == "cloudcontrolapi" { "cloudformation" } else { service };
            return Call { action: format!("{prefix}:{action}"), region, resource: None };
        }
        if service == "s3" && head.starts_with("GET") && head.contains("versions") {
            return Call { action: "s3:ListBucketVersions".to_owned(), region, resource: None };
        }
        if service == "s3" {
            let mut words = head.split_whitespace();
            assert_eq!(words.next(), Some("PUT"), "{head}");
            let path = words.next().unwrap().split('?').next().unwrap();
            let resource = Some(format!("arn:aws:s3::{path}").replacen("::/", ":::", 1));
            return Call { action: "s3:PutObject".to_owned(), region, resource };
        }
        let decoded = |text: &str| text.replace("%3A", ":").replace("%2F", "/");
        let field = |name: &str| {
            let fields = body.split('&').filter_map(|field| field.split_once('='));
            fields.into_iter().find(|(key, _)| *key == name).map(|(_, value)| decoded(value))
        };
        let stack = field("StackName").map(|stack| match stack.strip_prefix("arn:") {
            Some(_) => stack,
            None => format!("arn:aws:cloudformation:{region}:123456789012:stack/{stack}/0"),
        });
        // The ARN of a change set tells no stack; it is checked by the set's name when it is made.
        let action = field("Action").unwrap_or_else(|| panic!("{head}{body}"));
        Call { action: format!("{service}:{action}"), region, resource: stack }
    }

    fn list(value: &Value) -> Vec<&str> {
        match value {
            Value::String(one) => vec![one],
            other => other.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        }
    }

    /// Whether a statement allows a call. Only the conditions that the policy uses for such calls are known.
    fn allows(statement: &Value, call: &Call) -> bool {
        let region = &statement["Condition"]["StringEquals"]["aws:RequestedRegion"];
        let covers = |pattern: &&str| match &call.resource {
            Some(resource) => template::facts::iam_covers(pattern, resource),
            None => true,
        };
        list(&statement["Action"]).iter().any(|action| *action == call.action)
            && list(&statement["Resource"]).iter().any(covers)
            && (region.is_null() || list(region).contains(&call.region.as_str()))
    }

    /// The first call that no statement allows. Everybody may ask who they are, and a look is not needed.
    fn refused<'a>(statements: &[&Value], calls: &'a [Call]) -> Option<&'a Call> {
        let needed = |scope| !matches!(scope, Scope::Nothing | Scope::Withheld);
        let needs =
            |call: &&Call| OWN_CALLS.iter().all(|(action, scope)| *action != call.action || needed(*scope));
        calls.iter().filter(needs).find(|call| !statements.iter().any(|statement| allows(statement, call)))
    }

    #[test]
    fn every_call_of_deploying_and_destroying_is_allowed_and_none_in_vain() {
        let emulator = Emulator::start();
        let project = &emulator.project;
        let recorder = Recorder::start(emulator.address.clone());
        let endpoint = format!("http://{}", recorder.address);
        let aws = ["--endpoint-url", &endpoint, "--yes"];
        for command in [
            &["deploy", "--all", "--no-preflight"][..],
            &["diff"],
            &[
                "deploy",
                "--all",
                "--no-preflight",
                "--set",
                "logs.retention_days=60",
                "--set",
                "deletion_protection=false",
                // Of every change the emulator says that it may replace; only with `--local` we know better.
                "--allow-replace",
                "AccessLogs",
                "--allow-replace",
                "AiMlLogs",
                "--allow-replace",
                "BackendLogs",
                "--allow-replace",
                "FlowLogLogGroup",
                "--allow-replace",
                "WafLogs",
            ],
            &["outputs"],
            &["destroy", "--all"],
        ] {
            let run = project.run(command.iter().chain(&aws));
            assert_eq!(run.code, Some(0), "{command:?} {run}");
        }
        let calls = recorder.calls();
        let policy = project.run(["iam-policy", "--output", "json"]).json();
        let documents = policy["policies"].as_array().unwrap();
        let statements: Vec<&Value> =
            documents.iter().flat_map(|document| document["Statement"].as_array().unwrap()).collect();
        assert_eq!(refused(&statements, &calls), None);

        let made: std::collections::BTreeSet<&str> = calls.iter().map(|call| call.action.as_str()).collect();
        for action in
            ["CreateChangeSet", "ExecuteChangeSet", "DescribeStackEvents", "DeleteStack", "GetTemplate"]
        {
            assert!(made.contains(format!("cloudformation:{action}").as_str()), "{made:?}");
        }
        // The test can fail: without any of the statements that it needs, a call is refused.
        for needed in statements.iter().filter(|statement| calls.iter().any(|call| allows(statement, call))) {
            let others: Vec<&Value> = statements.iter().filter(|other| *other != needed).copied().collect();
            assert!(refused(&others, &calls).is_some(), "{needed}");
        }
        let elsewhere = calls.iter().filter(|call| call.resource.is_some()).map(|call| Call {
            resource: Some("arn:aws:cloudformation:us-east-1:123456789012:stack/Other/0".to_owned()),
            ..call.clone()
        });
        for call in elsewhere {
            assert!(refused(&statements, std::slice::from_ref(&call)).is_some(), "{call:?}");
        }
    }
}

#[test]
fn the_policy_of_a_file_is_for_the_account_of_the_settings() {
    let project = Project::with_config("defaults:\n  account: '210987654321'\n");
    project.write("topic.yaml", TOPIC);
    let policy = ["iam-policy", "--template", "topic.yaml", "--stack-name", "Alarms"];
    let text = project.run(policy).success();
    assert!(text.contains("arn:aws:cloudformation:*:210987654321:stack/Alarms/*"), "{text}");
    let other = project.run(policy.iter().chain(&["--set", "account=111122223333"])).success();
    assert!(other.contains(":111122223333:stack/Alarms/*"), "{other}");
}

#[test]
fn a_policy_is_never_for_all_stacks() {
    let project = Project::new();
    project.write("topic.yaml", TOPIC);
    for name in ["*", "", "a b", "1st"] {
        let run = project.run(["iam-policy", "--template", "topic.yaml", "--stack-name", name]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{name}: {}", run.stderr);
    }
}
