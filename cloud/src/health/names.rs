//! What a name in DNS leads to, as this machine is told.

use std::collections::BTreeSet;
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use crate::text::clean;

/// The addresses that a name has, asked as every program of this machine would ask: its `hosts` file and caches count.
///
/// The system's own call cannot be interrupted. It runs in a thread of its own, which may still wait when the answer is
/// that there was none in time.
///
/// # Errors
///
/// The reason in words: there is no such name, no server of names, or no answer in time. The system does not always tell
/// these apart.
pub async fn addresses_of(name: &str, time_out: Duration) -> Result<BTreeSet<IpAddr>, String> {
    let asked = name.to_owned();
    let looked = tokio::task::spawn_blocking(move || (asked.as_str(), 443_u16).to_socket_addrs());
    match tokio::time::timeout(time_out, looked).await {
        Ok(Ok(Ok(found))) => Ok(found.map(|address| address.ip()).collect()),
        Ok(Ok(Err(error))) => Err(clean(&error.to_string())),
        Ok(Err(_)) => Err("the look for the name was cut off".to_owned()),
        Err(_) => Err(format!("no answer within {} s", time_out.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_is_itself_and_a_name_that_cannot_be_has_none() {
        let patience = Duration::from_secs(30);
        let found = addresses_of("127.0.0.1", patience).await.unwrap();
        assert_eq!(found, BTreeSet::from([IpAddr::from([127, 0, 0, 1])]));
        assert!(addresses_of("no such name.invalid", patience).await.is_err());
    }
}
