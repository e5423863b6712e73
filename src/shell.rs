//! Commands as texts that a shell reads back as the same arguments.

/// The arguments as one text; whatever is not plain stands in single quotes.
pub(crate) fn command<S: AsRef<str>>(arguments: &[S]) -> String {
    let words = arguments.iter().map(|argument| word(argument.as_ref()));
    words.collect::<Vec<_>>().join(" ")
}

/// One argument.
pub(crate) fn word(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,@%+".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_stay_apart() {
        assert_eq!(command(&["ls", "-la", "/app"]), "ls -la /app");
        assert_eq!(command(&["sh", "-c", "echo $HOME; it's"]), r"sh -c 'echo $HOME; it'\''s'");
        assert_eq!(command(&["echo", ""]), "echo ''");
    }
}
