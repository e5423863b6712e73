//! A stand-in for AWS that answers each request as a test says, and remembers what was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// How a request is answered: the status and the document.
pub(crate) type Answer = (u16, String);

type Script = dyn Fn(&str, &str) -> Answer + Send + Sync;

/// Runs until the test ends.
pub(crate) struct StandIn {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    /// `script` is given the action, for example `DescribeSecret`, and the request's body.
    pub(crate) fn start(script: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> StandIn {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, script): (_, Arc<Script>) = (Arc::clone(&asked), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                std::thread::spawn(move || answer(&stream, &*script, &seen));
            }
        });
        StandIn { address, asked }
    }

    /// The actions so far, in the order in which they came.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(stream: &TcpStream, script: &Script, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    let target = header("x-amz-target").and_then(|target| Some(target.split_once('.')?.1.to_owned()));
    let in_form = || body.split('&').find_map(|field| field.strip_prefix("Action=")).map(str::to_owned);
    let (kind, action) = match target {
        Some(action) => ("application/x-amz-json-1.1", action),
        None => ("text/xml", in_form().unwrap_or_default()),
    };
    let (status, document) = script(&action, &body);
    seen.lock().unwrap().push(action);
    let length = document.len();
    let _ = write!(
        &mut &*stream,
        "HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{document}"
    );
}

/// The result of an action of a service that speaks XML.
pub(crate) fn xml(action: &str, inside: &str) -> Answer {
    (200, format!("<{action}Response><{action}Result>{inside}</{action}Result></{action}Response>"))
}

/// An error of a service that speaks XML.
pub(crate) fn xml_error(code: &str, message: &str) -> Answer {
    let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    (400, format!("<ErrorResponse>{error}</ErrorResponse>"))
}

/// An error of a service that speaks JSON.
pub(crate) fn json_error(code: &str, message: &str) -> Answer {
    (400, serde_json::json!({ "__type": code, "message": message }).to_string())
}
