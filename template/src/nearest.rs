//! The nearest word to a misspelt one.

/// The candidate that was most likely meant by `word`, if any is near: another case, a letter too many, too
/// few, wrong or swapped, at most one in three. A word of one letter is near to none but itself.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let letters = Letters::of(&lower);
    let characters = word.chars().count();
    let mut most = if characters < 2 { 0 } else { (characters / 3).max(1) };
    let mut found = None;
    for candidate in candidates {
        // A word of another length by more than that cannot be near, and measuring costs.
        if candidate.chars().count().abs_diff(characters) > most {
            continue;
        }
        let candidate_lower = candidate.to_lowercase();
        if letters.least_distance(&candidate_lower) > most {
            continue;
        }
        let (a, b) = without_same_ends(&lower, &candidate_lower);
        let distance = strsim::damerau_levenshtein(a, b);
        if distance <= most {
            found = Some(candidate);
            // From now on, only what is nearer counts.
            let Some(nearer) = distance.checked_sub(1) else { break };
            most = nearer;
        }
    }
    found
}

/// How often each letter is in a word; several letters may share a place.
pub(crate) struct Letters([i32; Letters::PLACES]);

impl Letters {
    const PLACES: usize = 64;

    /// The letters of `word`.
    pub(crate) fn of(word: &str) -> Letters {
        let mut letters = [0; Letters::PLACES];
        for letter in word.chars() {
            letters[Letters::place(letter)] += 1;
        }
        Letters(letters)
    }

    fn place(letter: char) -> usize {
        letter as usize % Letters::PLACES
    }

    /// So many letters must be added, removed or replaced at least to make `word` of this one: a letter that only one of
    /// them has is each time one of these. It costs far less than to find the number.
    pub(crate) fn least_distance(&self, word: &str) -> usize {
        let mut left = self.0;
        for letter in word.chars() {
            left[Letters::place(letter)] -= 1;
        }
        let (mut more, mut fewer) = (0_usize, 0_usize);
        for count in left {
            let count = usize::try_from(count).map_or_else(|_| (0, count.unsigned_abs()), |count| (count, 0));
            more += count.0;
            fewer += count.1 as usize;
        }
        more.max(fewer)
    }
}

/// Two words without what both begin with and both end with, which is no difference.
fn without_same_ends<'w>(a: &'w str, b: &'w str) -> (&'w str, &'w str) {
    let same = |pairs: &mut dyn Iterator<Item = (char, char)>| -> usize {
        pairs.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
    };
    let begin = same(&mut a.chars().zip(b.chars()));
    let (a, b) = (&a[begin..], &b[begin..]);
    let end = same(&mut a.chars().rev().zip(b.chars().rev()));
    (&a[..a.len() - end], &b[..b.len() - end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    #[test]
    fn a_word_of_one_letter_is_near_to_itself_only() {
        assert_eq!(nearest("y", ["B", "C"]), None);
        assert_eq!(nearest("b", ["A", "B"]), Some("B"));
    }

    /// Every candidate is measured.
    fn slow<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
        let characters = word.chars().count();
        let most = if characters < 2 { 0 } else { (characters / 3).max(1) };
        let lower = word.to_lowercase();
        candidates
            .iter()
            .filter(|candidate| candidate.chars().count().abs_diff(characters) <= most)
            .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), *candidate))
            .filter(|(distance, _)| *distance <= most)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, candidate)| candidate)
    }

    proptest! {
        #[test]
        fn what_is_not_measured_would_not_be_nearer(
            word in "[abAB]{0,7}",
            candidates in proptest::collection::vec("[abcAB]{0,7}", 0..12),
        ) {
            let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
            prop_assert_eq!(nearest(&word, candidates.iter().copied()), slow(&word, &candidates));
        }
    }
}
