//! Names in DNS.

use std::fmt;
use std::str::FromStr;

use crate::units::UnitError;
use crate::value::Value;

/// A name in DNS, for example `api.example.com` or, for all names one level below another, `*.example.com`.
///
/// At most 253 characters, in labels of at most 63 that do not begin or end in a hyphen; upper case becomes lower.
///
/// Source: [DNS domain name format][aws].
///
/// [aws]: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DomainName(String);

impl DomainName {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// [`UnitError::DomainName`] if DNS cannot hold it, or if it has a single label only.
    pub fn new(text: &str) -> Result<DomainName, UnitError> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let name = text.strip_prefix("*.").unwrap_or(text);
        if text.len() <= 253 && name.contains('.') && name.split('.').all(label) {
            Ok(DomainName(text.to_ascii_lowercase()))
        } else {
            Err(UnitError::DomainName { text: text.to_owned() })
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name whose names one level below this one stands for, if it is a wildcard.
    #[must_use]
    pub fn wildcard_of(&self) -> Option<&str> {
        self.0.strip_prefix("*.")
    }

    /// Whether the name is one of those that `self` stands for.
    #[must_use]
    pub fn covers(&self, other: &DomainName) -> bool {
        let below = |base: &str| other.0.split_once('.').is_some_and(|(_, parent)| parent == base);
        self == other || self.wildcard_of().is_some_and(below)
    }

    /// Whether the name lies below `parent`, at any depth.
    #[must_use]
    pub fn is_below(&self, parent: &DomainName) -> bool {
        self.0.strip_suffix(parent.as_str()).is_some_and(|rest| rest.ends_with('.'))
    }
}

impl FromStr for DomainName {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<DomainName, UnitError> {
        DomainName::new(text)
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&DomainName> for Value<String> {
    fn from(name: &DomainName) -> Value<String> {
        Value::known(name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn name(text: &str) -> DomainName {
        DomainName::new(text).expect("a domain name")
    }

    #[test]
    fn what_dns_cannot_hold_is_refused() {
        let long = format!("{}.ai", "a".repeat(64));
        for text in ["", "localhost", "a..ai", "-a.ai", "a-.ai", "a_b.ai", "*.ai", "a.*.ai", "a.ai.", &long] {
            assert!(DomainName::new(text).is_err(), "{text}");
        }
        assert_eq!(name("API.docuthinker.ai").as_str(), "api.docuthinker.ai");
    }

    #[test]
    fn a_wildcard_covers_one_level() {
        let wildcard = name("*.docuthinker.ai");
        assert!(wildcard.covers(&name("api.docuthinker.ai")));
        assert!(!wildcard.covers(&name("docuthinker.ai")) && !wildcard.covers(&name("a.b.docuthinker.ai")));
        assert!(name("a.b.docuthinker.ai").is_below(&name("docuthinker.ai")));
        assert!(!name("notdocuthinker.ai").is_below(&name("docuthinker.ai")));
    }
}
