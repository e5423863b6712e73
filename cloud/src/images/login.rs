//! The password of the registry, which ECR gives for twelve hours.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use crate::connect::{Connection, is_on_this_machine};
use crate::engine::progress::Timestamp;
use crate::error::{CloudError, Kind};
use crate::failure::ApiFailure;
use crate::stacks::timestamp;
use crate::text::clean;

const ACTION: &str = "ecr:GetAuthorizationToken";

/// How a container tool signs in to the registry of the account. Shown without the password, which is overwritten
/// when this is dropped.
pub struct RegistryLogin {
    /// The registry's name in images: `123456789012.dkr.ecr.us-east-1.amazonaws.com`.
    pub registry: String,
    /// Whether the registry is on this machine and without TLS; ECR's own never is.
    pub plain: bool,
    /// Always `AWS`, so far.
    pub user: String,
    /// The password. Only for the standard input of a program.
    pub password: Zeroizing<String>,
    /// Until when it is taken, by AWS's clock.
    pub expires: Option<Timestamp>,
}

impl fmt::Debug for RegistryLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryLogin")
            .field("registry", &self.registry)
            .field("user", &self.user)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Asks ECR for the password of the registry of the connection's account and region.
///
/// Source: [GetAuthorizationToken][aws]: base64 of `AWS:` and the password, good for twelve hours.
///
/// # Errors
///
/// The question was not answered, or with something else; [`Kind::Refused`] if the registry is to be reached without TLS
/// over a network.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
pub async fn registry_login(connection: &Connection) -> Result<RegistryLogin, CloudError> {
    let answer = connection.ecr().get_authorization_token().send().await;
    let mut answer = answer.map_err(|error| ApiFailure::of(ACTION, &error).into_error())?;
    let odd = |what: &str| ApiFailure::network(ACTION, what).into_error();
    let mut data = answer.authorization_data.take().unwrap_or_default().into_iter();
    let mut data = data.next().ok_or_else(|| odd("the answer has no token"))?;
    let mut token = data.authorization_token.take().unwrap_or_default();
    let decoded = decode(&token).map(Zeroizing::new);
    token.zeroize();
    let decoded = decoded.ok_or_else(|| odd("the token is not base64"))?;
    let text = std::str::from_utf8(&decoded).map_err(|_| odd("the token is not text"))?;
    let (user, password) = text.split_once(':').ok_or_else(|| odd("the token has no password"))?;
    let address = data.proxy_endpoint.as_deref().unwrap_or_default();
    let plain = address.starts_with("http://");
    if plain && !is_on_this_machine(address) {
        let what = format!("the registry {} would be reached without TLS", clean(address));
        return Err(CloudError::new(Kind::Refused, what).state("the password was not sent"));
    }
    let registry = address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/');
    if registry.is_empty() {
        return Err(odd("the answer names no registry"));
    }
    Ok(RegistryLogin {
        registry: clean(registry),
        plain,
        user: clean(user),
        password: Zeroizing::new(password.to_owned()),
        expires: data.expires_at.as_ref().and_then(timestamp),
    })
}

/// What this base64 stands for; `None` if it is none.
fn decode(text: &str) -> Option<Vec<u8>> {
    // Room for all of it at once: a list that grows leaves copies behind.
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for letter in text.trim_end_matches('=').bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_read_from_its_token() {
        for (token, meant) in [("QVdTOnNlY3JldA==", "AWS:secret"), ("QQ==", "A"), ("QVdT", "AWS"), ("", "")] {
            assert_eq!(decode(token).as_deref(), Some(meant.as_bytes()), "{token}");
        }
        assert_eq!(decode("AB-D"), None);
    }

    #[test]
    fn a_password_is_not_shown() {
        let login = RegistryLogin {
            registry: "r".to_owned(),
            plain: false,
            user: "AWS".to_owned(),
            password: Zeroizing::new("s3cret".to_owned()),
            expires: None,
        };
        assert!(!format!("{login:?}").contains("s3cret"));
    }
}
