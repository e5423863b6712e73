//! What credentials look like.

/// A kind of key: how it begins, what it is, how many characters follow at least, and which.
struct Key(&'static str, &'static str, usize, fn(char) -> bool);

/// Keys with a beginning of their own.
///
/// Sources: [GitHub](https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats),
/// [AWS](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids),
/// [Slack](https://docs.slack.dev/authentication/tokens), [Stripe](https://docs.stripe.com/keys),
/// [GitLab](https://docs.gitlab.com/security/tokens/).
const KEYS: [Key; 19] = [
    Key("AKIA", "an AWS access key", 16, upper),
    Key("ASIA", "an AWS access key", 16, upper),
    Key("AIza", "a Google API key", 35, wordy),
    Key("ghp_", "a GitHub token", 36, plain),
    Key("gho_", "a GitHub token", 36, plain),
    Key("ghu_", "a GitHub token", 36, plain),
    Key("ghs_", "a GitHub token", 36, plain),
    Key("ghr_", "a GitHub token", 36, plain),
    Key("github_pat_", "a GitHub token", 22, wordy),
    Key("glpat-", "a GitLab token", 20, wordy),
    Key("xoxb-", "a Slack token", 10, wordy),
    Key("xoxp-", "a Slack token", 10, wordy),
    Key("xoxa-", "a Slack token", 10, wordy),
    Key("xoxr-", "a Slack token", 10, wordy),
    Key("xoxs-", "a Slack token", 10, wordy),
    Key("sk_live_", "a Stripe key", 16, plain),
    Key("rk_live_", "a Stripe key", 16, plain),
    Key("sk-", "an API key (`sk-…`)", 20, wordy),
    Key("SG.", "a SendGrid key", 60, dotted),
];

fn upper(character: char) -> bool {
    character.is_ascii_uppercase() || character.is_ascii_digit()
}

fn plain(character: char) -> bool {
    character.is_ascii_alphanumeric()
}

fn wordy(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

fn dotted(character: char) -> bool {
    wordy(character) || character == '.'
}

/// What credential is in the text, if one is.
pub(crate) fn of(text: &str) -> Option<&'static str> {
    if text.len() < 8 {
        return None;
    }
    // Most texts have neither, and to look for a byte takes the least.
    let has = |byte: u8| text.as_bytes().contains(&byte);
    if has(b' ') && text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    if has(b'@') && has_password_in_url(text) {
        return Some("a URL with a password");
    }
    // Every string of a template is looked at, so each only once: at the beginnings of its words.
    let bytes = text.as_bytes();
    let starts = bytes.iter().enumerate().filter(|(at, byte)| {
        matches!(byte, b'A' | b'S' | b'g' | b'r' | b's' | b'x')
            && (*at == 0 || !wordy(char::from(bytes[at - 1])))
    });
    starts
        .map(|(at, _)| &text[at..])
        .find_map(|word| KEYS.iter().find(|key| is_key(word, key)).map(|key| key.1))
}

fn is_key(word: &str, Key(start, _, least, of): &Key) -> bool {
    let Some(rest) = word.strip_prefix(start) else { return false };
    let key = &rest[..rest.find(|character| !of(character)).unwrap_or(rest.len())];
    // The keys of AWS have one length.
    let length = if start.ends_with("IA") { key.len() == *least } else { key.len() >= *least };
    length && is_random(key)
}

/// Whether it does not look like words or an example: a digit and a letter at least, and not one letter again and
/// again.
fn is_random(key: &str) -> bool {
    let digit = key.chars().any(|character| character.is_ascii_digit());
    let mut letters: Vec<char> = key.chars().filter(char::is_ascii_alphabetic).collect();
    letters.sort_unstable();
    letters.dedup();
    digit && letters.len() > 2 && !key.to_ascii_uppercase().contains("EXAMPLE")
}

/// Whether there is `scheme://user:password@host` with a password that is really there.
fn has_password_in_url(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let scheme =
            text[..at].chars().next_back().is_some_and(|character| character.is_ascii_alphanumeric());
        let rest = &text[at + 3..];
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'`".contains(c)).unwrap_or(rest.len());
        let Some((login, host)) = rest[..end].rsplit_once('@') else { return false };
        let Some((user, password)) = login.split_once(':') else { return false };
        // What a test talks to on its own machine.
        let local = ["localhost", "127.0.0.1", "[::1]", "host.docker.internal"];
        if local.iter().any(|name| host == *name || host.starts_with(&format!("{name}:"))) {
            return false;
        }
        let put_in = |character: char| "${}<>*%[]()".contains(character);
        scheme && !user.contains(put_in) && !password.is_empty() && !password.contains(put_in)
    })
}

/// Ends of names that secrets have.
const ENDS: [&str; 13] = [
    "API_KEY",
    "APIKEY",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "SECRET_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "TOKEN",
    "CREDENTIALS",
];

/// Beginnings of names whose values are sent to every browser.
const PUBLIC: [&str; 5] = ["NEXT_PUBLIC_", "PUBLIC_", "REACT_APP_", "VITE_", "GATSBY_"];

/// Whether a variable with this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    let ends = |end: &str| {
        let before = name.strip_suffix(end);
        before.is_some_and(|before| before.is_empty() || before.ends_with('_') || end == "PASSWORD")
    };
    ENDS.iter().any(|end| ends(end)) && !PUBLIC.iter().any(|start| name.starts_with(start))
}

/// Whether the value may be a secret, and not a flag, a number, or where the secret is.
pub(in crate::check::lints) fn may_be_secret(name: &str, value: &str) -> bool {
    const FLAGS: [&str; 12] = [
        "true", "false", "yes", "no", "on", "off", "enabled", "disabled", "none", "null", "required",
        "optional",
    ];
    let lower = value.trim().to_ascii_lowercase();
    let is_place = ["arn:", "http://", "https://", "s3://", "/", "{{resolve:", "$", "<"];
    let is_password = name.to_ascii_uppercase().contains("PASS");
    !lower.is_empty()
        && !FLAGS.contains(&lower.as_str())
        && lower.parse::<f64>().is_err()
        && !is_place.iter().any(|start| lower.starts_with(start))
        // The name of a secret often has a `/`, and a header or a cookie is short.
        && (is_password || (lower.len() >= 8 && !lower.contains(['/', ' '])))
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn keys_are_known_by_their_form() {
        let random = "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3";
        assert_eq!(of(&format!("AKIA{}", &random.to_uppercase()[..16])), Some("an AWS access key"));
        assert_eq!(of(&format!("key=sk-proj-{random}")), Some("an API key (`sk-…`)"));
        assert_eq!(of(&format!("ghp_{}", &random[..36])), Some("a GitHub token"));
        assert_eq!(of(&format!("AIza{}", &random[..35])), Some("a Google API key"));
        assert_eq!(of("-----BEGIN RSA PRIVATE KEY-----\nMIIE"), Some("a private key"));
        assert_eq!(of("bolt://neo4j:letmein@graph.internal:7687"), Some("a URL with a password"));
        assert_eq!(of("see postgres://app:p@ss@db/x for more"), Some("a URL with a password"));
    }

    #[test]
    fn what_only_looks_alike_is_no_key() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "sk-learn-is-a-library-of-python",
            "task-Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9",
            "https://example.com:8080/a@b",
            "postgres://app:${Password}@db",
            "postgres://app:$PASSWORD@db",
            "postgres://app:<password>@db",
            "mailto:a@b.example",
            "https://user@host/path:1",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "-----BEGIN CERTIFICATE-----",
            "git@github.com:a/b",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
