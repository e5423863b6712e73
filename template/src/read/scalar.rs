//! What a plain YAML scalar means to CloudFormation.

use serde_json::Number;

use crate::read::tree::Value;

/// Resolves a plain scalar (one without quotes and without a tag).
///
/// CloudFormation speaks YAML 1.1 without timestamps ([formats][aws]): `yes`, `no`, `on` and `off` are
/// booleans, dates are text. We part from YAML 1.1 where it would only do harm: octal and base-60 numbers,
/// underscores, hexadecimal and binary numbers, infinity and not-a-number stay text as written, and so does a
/// number that neither 64 bits nor a double hold.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::Text(text.to_owned()), Value::Number),
    }
}

/// Reads `-?(0|[1-9][0-9]*)` and the same with `.[0-9]*` and an exponent that has a sign: what YAML 1.1 and 1.2
/// both take for a decimal number.
fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole_digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = unsigned.split_at(whole_digits);
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    if rest.is_empty() {
        let text = text.strip_prefix('+').unwrap_or(text);
        return text.parse().map(i64::into).or_else(|_| text.parse().map(u64::into)).ok();
    }
    let (fraction, exponent) = match rest.strip_prefix('.')?.split_once(['e', 'E']) {
        Some((fraction, exponent)) => (fraction, Some(exponent)),
        None => (&rest[1..], None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_good = exponent.is_none_or(|exponent| {
        exponent.strip_prefix(['-', '+']).is_some_and(|number| !number.is_empty() && digits(number))
    });
    if !digits(fraction) || !exponent_is_good {
        return None;
    }
    text.parse().ok().and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let value = match plain(text) {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => format!("number {number}"),
            Value::Text(text) => format!("text {text}"),
            other => panic!("{other:?} is no scalar"),
        };
        assert_eq!(value, expected, "for {text:?}");
    }

    #[test]
    fn words_of_yaml_1_1_are_booleans_as_cloudformation_takes_them() {
        for text in ["true", "True", "TRUE", "yes", "On"] {
            check(text, "true");
        }
        for text in ["false", "no", "NO", "off"] {
            check(text, "false");
        }
        for text in ["y", "n", "Y", "N", "tRUE"] {
            check(text, &format!("text {text}"));
        }
    }

    // I7
    #[test]
    fn what_looks_like_a_number_in_one_yaml_only_stays_text() {
        for text in [
            "0123",
            "012345678901",
            "0o17",
            "0x1f",
            "0b1",
            "1_000",
            "1:30",
            "1e3",
            "1.5e3",
            ".5",
            ".inf",
            "1.",
        ] {
            match text {
                "1." => check(text, "number 1.0"),
                _ => check(text, &format!("text {text}")),
            }
        }
    }

    #[test]
    fn numbers_are_numbers_as_long_as_they_fit() {
        check("0", "number 0");
        check("+5", "number 5");
        check("-17", "number -17");
        check("18446744073709551615", "number 18446744073709551615");
        check("99999999999999999999", "text 99999999999999999999");
        check("1.10", "number 1.1");
        check("1.0e+21", "number 1e+21");
        check("1.0e+999", "text 1.0e+999");
    }

    #[test]
    fn dates_are_text() {
        check("2012-10-17", "text 2012-10-17");
        check("2010-09-09", "text 2010-09-09");
    }
}
