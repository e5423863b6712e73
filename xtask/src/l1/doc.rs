//! AWS's documentation, cut to its first sentences and made safe for rustdoc.

/// How many characters of AWS's words are kept, unless the first sentence alone is longer.
const LIMIT: usize = 240;

/// The first one or two sentences of `markdown`, without links, ending in a full stop.
pub(crate) fn summary(markdown: &str) -> String {
    let paragraph = markdown.split("\n\n").map(str::trim).find(|paragraph| {
        !paragraph.is_empty() && !paragraph.starts_with(['>', '#', '-', '*', '+', '|', '!'])
    });
    let plain = escaped(&without_links(paragraph.unwrap_or_default()));
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", ".").replace(" ,", ",");
    let mut kept = String::new();
    for sentence in sentences(&words) {
        if !kept.is_empty() && (kept.len() + sentence.len() > LIMIT || refers_elsewhere(sentence)) {
            break;
        }
        kept.push_str(sentence);
        if kept.trim_end().matches(". ").count() >= 1 {
            break;
        }
    }
    let kept = kept.trim().trim_end_matches([':', ';', ',']).trim_end();
    if kept.is_empty() || kept.ends_with(['.', '!', '?']) { kept.to_owned() } else { format!("{kept}.") }
}

/// Replaces `[text](target)` by its text.
fn without_links(markdown: &str) -> String {
    let mut plain = String::new();
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        match after.split_once("](").and_then(|(text, link)| Some((text, link.split_once(')')?.1))) {
            Some((text, following)) if !text.contains(']') => {
                plain.push_str(text);
                rest = following;
            }
            _ => {
                plain.push('[');
                rest = after;
            }
        }
    }
    plain + rest
}

/// Escapes what rustdoc would read as markup, outside of code; drops emphasis and bare addresses' colon.
fn escaped(markdown: &str) -> String {
    let balanced = markdown.matches('`').count().is_multiple_of(2);
    let mut code = false;
    let mut plain = String::new();
    for c in markdown.replace("``", "`").chars() {
        match c {
            '`' if balanced => {
                code = !code;
                plain.push(c);
            }
            '`' | '\\' => {}
            '*' if !code => {}
            '[' | ']' | '<' | '>' | '_' | '|' if !code => {
                plain.push('\\');
                plain.push(c);
            }
            _ => plain.push(c),
        }
    }
    plain.replace("https://", "").replace("http://", "")
}

/// Splits after each full stop that ends a sentence.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut code = false;
    for (at, c) in text.char_indices() {
        if c == '`' {
            code = !code;
        }
        let next: Vec<char> = text[at + c.len_utf8()..].chars().take(2).collect();
        let capital = next.get(1).is_some_and(|c| c.is_uppercase() || *c == '`');
        let abbreviation =
            text[..at].ends_with("e.g") || text[..at].ends_with("i.e") || text[..at].ends_with("etc");
        if c == '.' && !code && next.first() == Some(&' ') && capital && !abbreviation {
            found.push(&text[start..at + 2]);
            start = at + 2;
        }
    }
    found.push(&text[start..]);
    found
}

fn refers_elsewhere(sentence: &str) -> bool {
    sentence.starts_with("For more information")
        || sentence.starts_with("For information")
        || sentence.starts_with("See ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lose_their_target() {
        assert_eq!(summary("Uses [tags](https://example.com/a) of a key."), "Uses tags of a key.");
    }

    #[test]
    fn markup_is_escaped_outside_of_code() {
        assert_eq!(summary("A Vec<u8> and `Vec<u8>`"), r"A Vec\<u8\> and `Vec<u8>`.");
    }

    #[test]
    fn two_sentences_are_kept_and_references_elsewhere_are_not() {
        assert_eq!(summary("One. Two. Three."), "One. Two.");
        assert_eq!(summary("One. For more information, see there."), "One.");
    }

    #[test]
    fn a_note_is_not_the_summary() {
        assert_eq!(summary("> Careful.\n\nThe name."), "The name.");
    }
}
