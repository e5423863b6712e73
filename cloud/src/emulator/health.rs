//! Two questions to a server on this machine. Too little to bring an HTTP client for.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde::Deserialize;

/// How long a server on this machine may take. It can be busy with a resource for a while.
const LIMIT: Duration = Duration::from_secs(5);
/// The longest answer that is read.
const LONGEST: u64 = 64 * 1024;

/// What our launcher answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Health {
    /// The text that it was given when it was started.
    pub(crate) token: String,
    /// Its process id.
    pub(crate) pid: u32,
}

/// Who listens on `port`; `None` if nobody of ours does.
pub(crate) fn ask(port: u16) -> Option<Health> {
    let answer = request(port, "GET", "/_docuthinker/health").ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}

/// Posts nothing to `path` and tells the status of the answer.
pub(crate) fn post(port: u16, path: &str) -> std::io::Result<u16> {
    let answer = request(port, "POST", path)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| std::io::Error::other("the answer is not HTTP"))
}

/// One request in HTTP/1.0, whose answer ends with the connection.
fn request(port: u16, method: &str, path: &str) -> std::io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
