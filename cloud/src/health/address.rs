//! A plain request to an address of the user's own, as `curl` would send it.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde::Serialize;

use crate::connect::is_on_this_machine;
use crate::failure::reasons;
use crate::text::{clean, shorten};

/// How often somebody may be sent elsewhere: from HTTP to HTTPS, and to another name.
const REDIRECTS: usize = 3;

/// What an address answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The address that answered, after redirections.
    pub address: String,
    /// The status of the answer; `None` if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took, redirections included.
    #[serde(rename = "milliseconds", serialize_with = "milliseconds")]
    pub took: Duration,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

fn milliseconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

impl Answer {
    /// Whether it is a success: a status from 200 to 299.
    pub fn is_well(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Sends `GET` to an HTTP or HTTPS address, without any credentials, and follows up to three redirections. Proxies are
/// those of the environment.
pub async fn call_address(address: &str, time_out: Duration) -> Answer {
    call(address, None, time_out).await
}

/// As [`call_address`], but whatever the name in the address is, what is called is one of `at`: so one of several servers
/// that share a name is asked, and its certificate is still compared with the name. No proxy is used, since a proxy would
/// look up the name by itself.
pub async fn call_address_at(address: &str, at: &[IpAddr], time_out: Duration) -> Answer {
    call(address, Some(&Always(at.to_vec())), time_out).await
}

async fn call(address: &str, names: Option<&Always>, time_out: Duration) -> Answer {
    let began = Instant::now();
    let mut at = address.to_owned();
    let outcome = tokio::time::timeout(time_out, follow(&mut at, names)).await;
    let (status, failure) = match outcome {
        Ok(Ok(status)) => (Some(status), None),
        Ok(Err(failure)) => (None, Some(shorten(&clean(&failure), 300))),
        Err(_) => (None, Some(format!("no answer within {} s", time_out.as_secs()))),
    };
    Answer { address: clean(&at), status, took: began.elapsed(), failure }
}

/// The status in the end; `at` is where we are.
async fn follow(at: &mut String, names: Option<&Always>) -> Result<u16, String> {
    for left in (0..=REDIRECTS).rev() {
        let request = HttpRequest::get(&*at).map_err(|error| reasons(&error))?;
        let answer = connector(at, names).call(request).await.map_err(|error| reasons(&error))?;
        let status = answer.status().as_u16();
        let next = answer.headers().get("location").and_then(|location| elsewhere(at, location));
        match next {
            Some(next) if matches!(status, 301 | 302 | 303 | 307 | 308) && left > 0 => *at = next,
            _ => return Ok(status),
        }
    }
    Err("redirected too often".to_owned())
}

fn connector(address: &str, names: Option<&Always>) -> Connector {
    let direct = names.is_some() || is_on_this_machine(address);
    let proxies = if direct { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
    let builder: ConnectorBuilder = Connector::builder();
    let builder = builder.proxy_config(proxies).tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    match names {
        Some(names) => builder.build_with_resolver(names.clone()),
        None => builder.build(),
    }
}

/// Says of every name that it has these addresses.
#[derive(Debug, Clone)]
struct Always(Vec<IpAddr>);

impl ResolveDns for Always {
    fn resolve_dns<'a>(&'a self, _name: &'a str) -> DnsFuture<'a> {
        DnsFuture::ready(Ok(self.0.clone()))
    }
}

/// The address that a redirection at `at` leads to.
fn elsewhere(at: &str, location: &str) -> Option<String> {
    if location.starts_with("http://") || location.starts_with("https://") {
        return Some(location.to_owned());
    }
    let path = location.strip_prefix('/').filter(|path| !path.starts_with('/'))?;
    let (scheme, rest) = at.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    Some(format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_leads_to_another_address_or_another_path() {
        assert_eq!(elsewhere("http://a/x?y", "https://b/z"), Some("https://b/z".to_owned()));
        assert_eq!(elsewhere("http://a:80/x?y", "/z"), Some("http://a:80/z".to_owned()));
        assert_eq!(elsewhere("http://a?y", "/z"), Some("http://a/z".to_owned()));
        for wrong in ["ftp://b", "//b/c", "z", ""] {
            assert_eq!(elsewhere("http://a/", wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn an_address_where_nobody_listens_is_told_with_the_reason() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/health", listener.local_addr().unwrap());
        drop(listener);
        let answer = call_address(&address, Duration::from_secs(30)).await;
        assert!(!answer.is_well() && answer.status.is_none(), "{answer:?}");
        assert!(answer.failure.unwrap().contains("refused"));
    }

    #[tokio::test]
    async fn a_server_is_called_by_a_name_that_leads_elsewhere_or_nowhere() {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 1000];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(b"HTTP/1.1 204 Well\r\nConnection: close\r\n\r\n").unwrap();
            String::from_utf8_lossy(&request[..length]).to_lowercase()
        });
        let url = format!("http://shared.invalid:{port}/health");
        let here = [IpAddr::from([127, 0, 0, 1])];
        let answer = call_address_at(&url, &here, Duration::from_secs(30)).await;
        assert!(answer.is_well(), "{answer:?}");
        assert!(server.join().unwrap().contains(&format!("host: shared.invalid:{port}")));
    }

    #[tokio::test]
    async fn no_answer_in_time_is_no_answer() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answer = call_address(&address, Duration::from_secs(1)).await;
        assert_eq!(answer.failure.as_deref(), Some("no answer within 1 s"));
        drop(listener);
    }

    #[tokio::test]
    async fn what_is_no_address_is_a_failure_and_no_panic() {
        for wrong in ["", "http://", "not an address", "http://[::1"] {
            let answer = call_address(wrong, Duration::from_secs(30)).await;
            assert!(answer.failure.is_some(), "{answer:?}");
        }
    }
}
