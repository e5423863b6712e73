//! Stands between the command and the emulator, remembers what is asked, and knows it in the words of IAM.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// The account of the emulator.
const ACCOUNT: &str = "123456789012";

/// A call that was made: the action, its region, and the ARNs it works on, if the request tells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) action: String,
    pub(super) region: String,
    pub(super) resources: Vec<String>,
}

/// A request: its head and its body.
struct Request {
    head: String,
    body: Vec<u8>,
}

pub(super) struct Recorder {
    pub(super) address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Recorder {
    pub(super) fn start(emulator: String) -> Recorder {
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

    pub(super) fn calls(&self) -> Vec<Call> {
        self.requests.lock().unwrap().iter().map(call).collect()
    }
}

/// One request for each connection, so that no answer needs to be understood.
fn pass_on(stream: TcpStream, emulator: &str, seen: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(&stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let mut body = vec![0; header(&head, "content-length").and_then(|n| n.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    seen.lock().unwrap().push(Request { head: head.clone(), body: body.clone() });
    if let Some(answer) = there_already(&head) {
        let answer = answer.to_string();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nConnection: close\r\n";
        let _ =
            (&stream).write_all(format!("{head}Content-Length: {}\r\n\r\n{answer}", answer.len()).as_bytes());
        return;
    }
    let mut upstream = TcpStream::connect(emulator).unwrap();
    let lines = head.trim_end().lines().filter(|line| !line.to_lowercase().starts_with("connection:"));
    let head: Vec<&str> = lines.chain(["Connection: close\r\n\r\n"]).collect();
    upstream.write_all(head.join("\r\n").as_bytes()).unwrap();
    upstream.write_all(&body).unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).unwrap();
    let _ = (&stream).write_all(&answer);
}

/// What nobody has put into the emulator, but must be there to go on: images, and values of secrets.
fn there_already(head: &str) -> Option<Value> {
    let target = header(head, "x-amz-target")?;
    match target.split_once('.')?.1 {
        "BatchGetImage" => Some(json!({ "images": [{ "imageManifest": "{}" }] })),
        "DescribeSecret" => Some(json!({ "VersionIdsToStages": { "v1": ["AWSCURRENT"] } })),
        _ => None,
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// The prefix of a service's actions, by the name under which its requests are signed.
fn prefix(service: &str) -> &str {
    match service {
        // Cloud Control's actions are CloudFormation's.
        "cloudcontrolapi" => "cloudformation",
        "monitoring" => "cloudwatch",
        other => other,
    }
}

/// What a request asks for, in the words of IAM.
fn call(Request { head, body }: &Request) -> Call {
    let signature = header(head, "authorization").unwrap();
    let scope: Vec<&str> = signature.split("Credential=").nth(1).unwrap().split('/').collect();
    let (region, service) = (scope[2].to_owned(), prefix(scope[3]));
    let text = String::from_utf8_lossy(body);
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    if service == "s3" {
        return in_s3(method, path, region);
    }
    let (name, fields) = if let Some(target) = header(head, "x-amz-target") {
        (target.split('.').nth(1).unwrap().to_owned(), serde_json::from_slice(body).unwrap())
    } else if let Some((_, name)) = path.split_once("/operation/") {
        // Smithy's RPC in CBOR, which names the action in the path.
        let fields: ciborium::Value = ciborium::from_reader(&body[..]).unwrap();
        (name.to_owned(), serde_json::to_value(fields).unwrap())
    } else {
        let fields = form(&text);
        (fields["Action"].as_str().unwrap_or_else(|| panic!("{head}{text}")).to_owned(), fields)
    };
    let action = format!("{service}:{name}");
    let resources = resources(&action, &region, &fields);
    Call { action, region, resources }
}

fn in_s3(method: &str, path: &str, region: String) -> Call {
    if method == "GET" && path.contains("versions") {
        return Call { action: "s3:ListBucketVersions".to_owned(), region, resources: vec![] };
    }
    assert_eq!(method, "PUT", "{path}");
    let path = path.split('?').next().unwrap();
    let resource = format!("arn:aws:s3::{path}").replacen("::/", ":::", 1);
    Call { action: "s3:PutObject".to_owned(), region, resources: vec![resource] }
}

/// The fields of a request of the Query protocol.
fn form(body: &str) -> Value {
    let decoded = |text: &str| text.replace("%3A", ":").replace("%2F", "/");
    let fields = body.split('&').filter_map(|field| field.split_once('='));
    fields.map(|(key, value)| (key.to_owned(), Value::from(decoded(value)))).collect()
}

/// The ARNs that a request works on. The ARN of a change set tells no stack; it is checked by the set's name when it is
/// made. Who lists tasks names a service, and IAM asks for the instances it could be on.
fn resources(action: &str, region: &str, fields: &Value) -> Vec<String> {
    let text = |key: &str| fields[key].as_str().map(str::to_owned);
    let list = |key: &str| -> Vec<String> {
        fields[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (service, name) = action.split_once(':').unwrap();
    let arn = |rest: &str| format!("arn:aws:{service}:{region}:{ACCOUNT}:{rest}");
    let full = |id: String, kind: &str, end: &str| {
        if id.starts_with("arn:") { id } else { arn(&format!("{kind}{id}{end}")) }
    };
    match (service, name) {
        ("cloudformation", _) => text("StackName").map(|id| full(id, "stack/", "/0")).into_iter().collect(),
        ("ecr", "BatchGetImage") => {
            let registry = text("registryId").unwrap_or_else(|| ACCOUNT.to_owned());
            let name = text("repositoryName").unwrap();
            vec![format!("arn:aws:ecr:{region}:{registry}:repository/{name}")]
        }
        ("secretsmanager", _) => {
            text("SecretId").map(|id| full(id, "secret:", "-AbCdEf")).into_iter().collect()
        }
        ("acm", _) => text("CertificateArn").into_iter().collect(),
        ("ecs", "DescribeServices") => {
            let cluster = text("cluster").unwrap_or_else(|| "default".to_owned());
            let cluster = cluster.rsplit('/').next().unwrap().to_owned();
            list("services").into_iter().map(|id| full(id, &format!("service/{cluster}/"), "")).collect()
        }
        ("ecs", "ListServiceDeployments") => {
            text("service").filter(|id| id.starts_with("arn:")).into_iter().collect()
        }
        ("ecs", "DescribeTasks") => list("tasks").into_iter().filter(|id| id.starts_with("arn:")).collect(),
        ("ecs", "DescribeServiceRevisions") => list("serviceRevisionArns"),
        ("logs", _) => {
            text("logGroupName").map(|name| arn(&format!("log-group:{name}:*"))).into_iter().collect()
        }
        ("cloudwatch", "DescribeAlarms") => {
            list("AlarmNames").into_iter().map(|name| arn(&format!("alarm:{name}"))).collect()
        }
        _ => vec![],
    }
}
