//! How IAM compares actions and ARNs: `*` is any text, `?` any character.
//!
//! Source: [IAM JSON policy elements: Resource][aws].
//!
//! [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html

use crate::model::{Part, Target, Text};

/// The most tokens, beyond what the ends have in common, that are compared with a pattern: an [ARN][aws] has no more.
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html
const MOST_TOKENS: usize = 2048;

/// Whether something is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answer {
    /// It is.
    Yes,
    /// It is not.
    #[default]
    No,
    /// Only AWS knows.
    NotKnown,
}

/// Whether the pattern of an `Action` takes in the action. Case does not matter.
pub fn action_matches(pattern: &str, action: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return pattern.eq_ignore_ascii_case(action);
    }
    let pattern: Vec<_> = pattern.chars().map(|c| token(c.to_ascii_lowercase())).collect();
    let action: Vec<_> = action.chars().map(|c| Token::Char(c.to_ascii_lowercase())).collect();
    matches(&pattern, &action, Unclear::Differs) == Some(true)
}

/// Whether the pattern of a `Resource` takes in the ARN.
pub fn resource_matches(pattern: &Text<'_>, arn: &Text<'_>) -> Answer {
    // Two whole ARNs of the template's resources are told apart by the resource.
    if let ([Part::Target(one)], [Part::Target(other)]) = (pattern.parts.as_slice(), arn.parts.as_slice())
        && one.item.type_name() == other.item.type_name()
    {
        return if one.item == other.item { Answer::Yes } else { Answer::No };
    }
    let (pattern, arn) = (tokens(pattern, true), tokens(arn, false));
    match matches(&pattern, &arn, Unclear::Differs) {
        Some(true) => Answer::Yes,
        // What differs where all is taken as it is, may still fit.
        Some(false) if matches(&pattern, &arn, Unclear::Fits) == Some(false) => Answer::No,
        _ => Answer::NotKnown,
    }
}

/// A character of a text, or what stands for many.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
    /// What is put in at deployment.
    Opaque(String),
    /// A region, an account or a partition: put in at deployment too, but without a colon.
    Segment(String),
}

/// What is made of text that is only known at deployment.
#[derive(Clone, Copy, PartialEq)]
enum Unclear {
    /// It equals nothing but itself.
    Differs,
    /// It may be anything.
    Fits,
}

fn token(c: char) -> Token {
    match c {
        '*' => Token::Any,
        '?' => Token::One,
        c => Token::Char(c),
    }
}

fn tokens(text: &Text<'_>, is_pattern: bool) -> Vec<Token> {
    let mut all = Vec::new();
    for part in &text.parts {
        match part {
            Part::Literal(text) if is_pattern && text.contains("${") => all.push(Token::Opaque(text.clone())),
            Part::Literal(text) if is_pattern => all.extend(text.chars().map(token)),
            Part::Literal(text) => all.extend(text.chars().map(Token::Char)),
            Part::Target(target) => target_tokens(*target, &mut all),
            Part::Pseudo(name) => all.push(Token::Segment((*name).to_owned())),
            Part::Unknown(name) => all.push(Token::Opaque(name.clone())),
        }
    }
    all
}

/// A resource's ARN as far as it is known, or what stands for it.
fn target_tokens(target: Target<'_>, all: &mut Vec<Token>) {
    let item = target.item;
    let shape = match (item.type_name(), target.attribute) {
        ("AWS::SecretsManager::Secret", _) => "arn:P:secretsmanager:R:A:secret:N",
        ("AWS::S3::Bucket", Some("Arn")) => "arn:P:s3:::N",
        ("AWS::KMS::Key", Some("Arn")) => "arn:P:kms:R:A:key/N",
        ("AWS::Logs::LogGroup", Some("Arn")) => "arn:P:logs:R:A:log-group:N:*",
        ("AWS::ECR::Repository", Some("Arn")) => "arn:P:ecr:R:A:repository/N",
        (_, None) => "N",
        (_, Some(attribute)) => return all.push(Token::Opaque(format!("{}.{attribute}", item.id()))),
    };
    let segment = |name: &str| Token::Segment(name.to_owned());
    all.extend(shape.chars().map(|c| match c {
        'P' => segment("AWS::Partition"),
        'R' => segment("AWS::Region"),
        'A' => segment("AWS::AccountId"),
        'N' => Token::Opaque(item.id().to_owned()),
        c => token(c),
    }));
    // The name of a secret stands before its six characters.
    if item.is("AWS::SecretsManager::Secret")
        && let [name] = item.get("Name").as_slice()
        && let Some(name) = name.text().filter(|name| !name.contains("{{resolve:"))
        && let Some(last) = all.pop()
    {
        all.extend(name.chars().map(Token::Char).chain([Token::Char('-'), last]));
    }
}

/// Whether the pattern takes in all of the text; `None` if they are too long to say. The work is the product of their
/// lengths, but for the ends at which nothing stands for many characters.
fn matches(pattern: &[Token], text: &[Token], unclear: Unclear) -> Option<bool> {
    let fits = unclear == Unclear::Fits;
    let free = |token: &Token| match token {
        Token::Opaque(_) | Token::Segment(_) => fits,
        Token::Any => true,
        Token::Char(_) | Token::One => false,
    };
    let takes = |one: &Token, other: &Token| {
        free(one) && !matches!((one, other), (Token::Segment(_), Token::Char(':')))
    };
    let (mut pattern, mut text) = (pattern, text);
    let one_by_one = |wanted: &Token, found: &Token| !(free(wanted) || fits && free(found));
    while let ([wanted, pattern_rest @ ..], [found, text_rest @ ..]) = (pattern, text)
        && one_by_one(wanted, found)
    {
        if !same(wanted, found) {
            return Some(false);
        }
        (pattern, text) = (pattern_rest, text_rest);
    }
    while let ([pattern_rest @ .., wanted], [text_rest @ .., found]) = (pattern, text)
        && one_by_one(wanted, found)
    {
        if !same(wanted, found) {
            return Some(false);
        }
        (pattern, text) = (pattern_rest, text_rest);
    }
    if pattern.len().max(text.len()) > MOST_TOKENS {
        return None;
    }
    // `row[t]` says whether the pattern from `p` on takes in the text from `t` on, `below[t]` the same for `p + 1`.
    let mut row = vec![false; text.len() + 1];
    let mut below = row.clone();
    for p in (0..=pattern.len()).rev() {
        std::mem::swap(&mut row, &mut below);
        for t in (0..=text.len()).rev() {
            let (wanted, found) = (pattern.get(p), text.get(t));
            row[t] = match (wanted, found) {
                (None, None) => true,
                (Some(wanted), None) => free(wanted) && below[t],
                (None, Some(found)) => fits && free(found) && row[t + 1],
                (Some(wanted), Some(found)) => {
                    let by_wanted = free(wanted) && (below[t] || (row[t + 1] && takes(wanted, found)));
                    let by_found = fits && free(found) && (row[t + 1] || (below[t] && takes(found, wanted)));
                    by_wanted || by_found || (same(wanted, found) && below[t + 1])
                }
            };
        }
    }
    Some(row[0])
}

fn same(wanted: &Token, found: &Token) -> bool {
    wanted == found || matches!((wanted, found), (Token::One, Token::Char(_) | Token::One))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Template;
    use crate::model::Model;

    /// How the first value of the property compares with the second.
    fn compare(pattern: &str, arn: &str) -> Answer {
        let text = format!(
            "
Parameters: {{Given: {{Type: String}}}}
Resources:
  Secret: {{Type: AWS::SecretsManager::Secret}}
  Other: {{Type: AWS::SecretsManager::Secret}}
  Bucket: {{Type: AWS::S3::Bucket}}
  R: {{Type: 'My::Own::Type', Properties: {{Pattern: {pattern}, Arn: {arn}}}}}
"
        );
        let document = Template::parse(&text, "t").unwrap();
        let model = Model::new(&document.template);
        let text = |key| model.resource("R").unwrap().get(key)[0].texts().remove(0);
        resource_matches(&text("Pattern"), &text("Arn"))
    }

    #[test]
    fn wildcards_take_in_any_characters_or_one() {
        for (pattern, arn, answer) in [
            ("'*'", "!Ref Secret", Answer::Yes),
            ("'arn:aws:s3:::a/*'", "'arn:aws:s3:::a/b/c'", Answer::Yes),
            ("'arn:aws:s3:::a/*'", "'arn:aws:s3:::a'", Answer::No),
            ("'arn:aws:s3:::a-??'", "'arn:aws:s3:::a-bc'", Answer::Yes),
            ("'arn:aws:s3:::a-??'", "'arn:aws:s3:::a-bcd'", Answer::No),
            ("'*a*b'", "'xaabab'", Answer::Yes),
        ] {
            assert_eq!(compare(pattern, arn), answer, "{pattern} {arn}");
        }
    }

    #[test]
    fn what_is_put_in_at_deployment_may_be_anything_but_another_resource() {
        for (pattern, arn, answer) in [
            ("!Ref Secret", "!Ref Secret", Answer::Yes),
            ("!Ref Other", "!Ref Secret", Answer::No),
            ("!Sub '${Secret}*'", "!Ref Secret", Answer::Yes),
            ("!Ref Given", "!Ref Secret", Answer::NotKnown),
            ("!Sub 'arn:aws:secretsmanager:*:${AWS::AccountId}:secret:*'", "!Ref Secret", Answer::NotKnown),
            (
                "!Sub 'arn:${AWS::Partition}:secretsmanager:*:${AWS::AccountId}:secret:*'",
                "!Ref Secret",
                Answer::Yes,
            ),
            ("'arn:aws:s3:::*'", "!Ref Secret", Answer::No),
            ("!Sub '${Bucket.Arn}/*'", "!Sub 'arn:${AWS::Partition}:s3:::${Bucket}/a'", Answer::Yes),
            ("!Sub 'a-${Given}-b'", "'a-b'", Answer::No),
            ("!Sub 'a-${Given}-b'", "'a-x-b'", Answer::NotKnown),
        ] {
            assert_eq!(compare(pattern, arn), answer, "{pattern} {arn}");
        }
    }

    #[test]
    fn of_texts_that_are_too_long_only_the_ends_are_compared() {
        let (long, stars) = ("a".repeat(3000), "*a".repeat(1500));
        for (pattern, arn, answer) in [
            (format!("x{long}"), format!("x{long}"), Answer::Yes),
            (format!("x{long}"), format!("x{long}a"), Answer::No),
            (format!("x{stars}b"), format!("x{long}c"), Answer::No),
            (format!("x{stars}"), format!("x{long}"), Answer::NotKnown),
        ] {
            assert_eq!(compare(&pattern, &arn), answer);
        }
    }

    #[test]
    fn actions_are_compared_without_case() {
        assert!(action_matches("S3:get*", "s3:GetObject") && action_matches("*", "s3:GetObject"));
        assert!(!action_matches("s3:GetObject", "s3:GetObjectVersion"));
    }
}
