//! Email addresses, as far as they can be checked without writing to them.

/// Whether a message could be sent to `text`: something on both sides of one `@`, a period in the domain.
pub fn is_email(text: &str) -> bool {
    let domain =
        |domain: &str| domain.split('.').count() > 1 && domain.split('.').all(|part| !part.is_empty());
    let plain = |c: char| c.is_ascii_graphic() && !"()<>[],;:\\\"".contains(c);
    text.len() <= 254
        && text.chars().all(plain)
        && text
            .split_once('@')
            .is_some_and(|(name, at)| !name.is_empty() && name.len() <= 64 && !at.contains('@') && domain(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_domain_with_a_period() {
        for text in ["ops@example.com", "a.b+c@mail.example.co.uk", "o'hara@example.com"] {
            assert!(is_email(text), "{text}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        let refused =
            ["", "ops", "@example.com", "ops@", "ops@example", "a@b@example.com", "ops@example..com"];
        let signs =
            ["ops@.com", "ops@example.com.", "a b@example.com", "<ops@example.com>", "a,b@example.com"];
        for text in refused.into_iter().chain(signs).chain([long.as_str()]) {
            assert!(!is_email(text), "{text}");
        }
    }
}
