//! The nearest word to a misspelt one.

/// The candidate that was most likely meant by `word`, if any is near: another case, a letter too many, too
/// few, wrong or swapped, at most one in three.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let characters = word.chars().count();
    let most = (characters / 3).max(1);
    candidates
        .into_iter()
        // A word of another length by more than that cannot be near, and measuring costs.
        .filter(|candidate| candidate.chars().count().abs_diff(characters) <= most)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant_and_nothing_else() {
        let known = ["Type", "Properties", "DependsOn"];
        assert_eq!(nearest("Typ", known), Some("Type"));
        assert_eq!(nearest("properties", known), Some("Properties"));
        assert_eq!(nearest("DependOns", known), Some("DependsOn"));
        assert_eq!(nearest("Colour", known), None);
        assert_eq!(nearest("", known), None);
    }
}
