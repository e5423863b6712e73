//! Whether text matches a pattern of the facts.

use std::collections::BTreeMap;

/// The patterns that were needed before: making one costs far more than using it once or twice.
#[derive(Default)]
pub(super) struct Patterns(BTreeMap<&'static str, Option<Pattern>>);

/// A pattern, ready to be matched.
///
/// The light engine is made ten times faster, which counts here: most patterns are needed once. It knows no classes of
/// Unicode; for these there is the other.
enum Pattern {
    Light(regex_lite::Regex),
    Full(regex::Regex),
}

impl Patterns {
    /// Whether `text` matches `pattern`. One that neither engine knows restricts nothing.
    pub(super) fn matches(&mut self, pattern: &'static str, text: &str) -> bool {
        let known = self.0.entry(pattern).or_insert_with(|| {
            let light = regex_lite::Regex::new(pattern).map(Pattern::Light).ok();
            light.or_else(|| regex::Regex::new(pattern).map(Pattern::Full).ok())
        });
        match known {
            Some(Pattern::Light(regex)) => regex.is_match(text),
            Some(Pattern::Full(regex)) => regex.is_match(text),
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_are_asked() {
        let mut patterns = Patterns::default();
        assert!(patterns.matches("^[a-z]+$", "abc") && !patterns.matches("^[a-z]+$", "ABC"));
        assert!(patterns.matches(r"^\p{L}+$", "é") && !patterns.matches(r"^\p{L}+$", "1"));
        assert!(patterns.matches("(", "anything"));
    }
}
