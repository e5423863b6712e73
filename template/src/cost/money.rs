//! Sums, quantities and bands, all in whole numbers: nothing drifts, and a total is the sum of what is shown.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::{Serialize, Serializer};

/// Billionths: what a unit price is counted in.
const NANOS: u128 = 1_000_000_000;
/// Millionths: what money and quantities are counted in.
const MICROS: u64 = 1_000_000;

/// US dollars, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Money(i64);

/// How much of something: hours, GB, requests; in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Amount(u64);

/// What something is at least, is expected to be, and is at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Band<T> {
    /// With the fewest tasks.
    pub least: T,
    /// As is assumed.
    pub expected: T,
    /// With the most tasks.
    pub most: T,
}

impl Money {
    /// So many cents.
    pub const fn cents(cents: i64) -> Money {
        Money(cents.saturating_mul(10_000))
    }

    /// In millionths of a dollar.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// What `amount` costs at so many billionths of a dollar each, in whole cents: a bill has no smaller ones.
    pub(super) fn of(amount: Amount, nanos: u64) -> Money {
        // Both factors are below 2^64, so the product is below 2^128.
        let product = u128::from(amount.0).saturating_mul(u128::from(nanos));
        let cent = NANOS * u128::from(MICROS) / 100;
        let cents = product.saturating_add(cent / 2) / cent;
        Money::cents(i64::try_from(cents).unwrap_or(i64::MAX))
    }
}

impl Add for Money {
    type Output = Money;

    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Money;

    fn sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(all: I) -> Money {
        all.fold(Money::default(), Add::add)
    }
}

/// `$1,234.56`, or `-$0.50`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = (self.0.unsigned_abs() + 5_000) / 10_000;
        let sign = if self.0 < 0 && cents > 0 { "-" } else { "" };
        f.pad(&format!("{sign}${}.{:02}", grouped(cents / 100), cents % 100))
    }
}

/// As a number of dollars.
impl Serialize for Money {
    #[expect(clippy::cast_precision_loss, reason = "a float has room for the cents of any bill")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / MICROS as f64)
    }
}

impl Amount {
    /// A whole number.
    pub const fn whole(number: u64) -> Amount {
        Amount(number.saturating_mul(MICROS))
    }

    /// `number` parts of which `of` make one.
    pub(super) fn fraction(number: u64, of: u64) -> Amount {
        Amount::whole(number).per(of)
    }

    /// Reads a decimal number such as `0.5`, not negative and with at most six places.
    pub fn parse(text: &str) -> Option<Amount> {
        let (whole, places) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(places) || places.len() > 6 || whole.len() + places.len() == 0 {
            return None;
        }
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let places: u64 = format!("{places:0<6}").parse().ok()?;
        whole.checked_mul(MICROS)?.checked_add(places).map(Amount)
    }

    /// Rounded to thousandths, for people.
    pub const fn rounded(self) -> Amount {
        Amount(self.0.saturating_add(500) / 1000 * 1000)
    }

    /// Whether there is none.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// So many of it.
    pub(super) fn times(self, other: Amount) -> Amount {
        let product = u128::from(self.0) * u128::from(other.0) / u128::from(MICROS);
        Amount(u64::try_from(product).unwrap_or(u64::MAX))
    }

    /// One of `parts` equal parts; nothing of no parts.
    pub(super) fn per(self, parts: u64) -> Amount {
        Amount(self.0.checked_div(parts).unwrap_or(0))
    }

    /// The part of it that `of` is of `all`; nothing of nothing.
    pub(super) fn part(self, of: Amount, all: Amount) -> Amount {
        let part = (u128::from(self.0) * u128::from(of.0)).checked_div(u128::from(all.0));
        Amount(part.and_then(|part| u64::try_from(part).ok()).unwrap_or(0))
    }

    /// The sum.
    pub(super) fn plus(self, other: Amount) -> Amount {
        Amount(self.0.saturating_add(other.0))
    }

    /// What is left of it without `other`; never less than nothing.
    pub(super) fn less(self, other: Amount) -> Amount {
        Amount(self.0.saturating_sub(other.0))
    }

    /// How many of `other` would be needed for this, rounded up to a whole number.
    pub(super) fn whole_parts(self, other: Amount) -> u64 {
        self.0.div_ceil(other.0.max(1))
    }
}

/// `1,460` or `0.25`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = grouped(self.0 / MICROS);
        let places = format!("{:06}", self.0 % MICROS);
        let places = places.trim_end_matches('0');
        f.pad(&if places.is_empty() { whole } else { format!("{whole}.{places}") })
    }
}

/// As a number.
impl Serialize for Amount {
    #[expect(clippy::cast_precision_loss, reason = "a float has room for the millionths of what is used")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / MICROS as f64)
    }
}

/// The digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl<T: Copy> Band<T> {
    /// The same in every case.
    pub fn same(value: T) -> Band<T> {
        Band { least: value, expected: value, most: value }
    }

    /// The three values, each changed.
    pub(super) fn map<U>(self, change: impl Fn(T) -> U) -> Band<U> {
        Band { least: change(self.least), expected: change(self.expected), most: change(self.most) }
    }

    /// The three pairs of values, each made one.
    pub fn with<U: Copy, V>(self, other: Band<U>, join: impl Fn(T, U) -> V) -> Band<V> {
        Band {
            least: join(self.least, other.least),
            expected: join(self.expected, other.expected),
            most: join(self.most, other.most),
        }
    }
}

impl<T: Copy + PartialEq> Band<T> {
    /// Whether it is the same in every case.
    pub fn is_point(&self) -> bool {
        self.least == self.expected && self.expected == self.most
    }
}

impl Sum for Band<Money> {
    fn sum<I: Iterator<Item = Band<Money>>>(all: I) -> Band<Money> {
        all.fold(Band::default(), |sum, one| sum.with(one, Add::add))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_to_cents_and_written_as_such() {
        let hours = Amount::whole(730);
        assert_eq!(Money::of(hours, 22_500_000).to_string(), "$16.43");
        assert_eq!(Money::of(Amount::whole(1_000_000), 1_000_000_000).to_string(), "$1,000,000.00");
        assert_eq!((Money::cents(1) - Money::cents(51)).to_string(), "-$0.50");
        assert_eq!(format!("{:>8}", Money::cents(5)), "   $0.05");
        assert_eq!(serde_json::to_string(&Money::cents(7208)).unwrap(), "72.08");
        assert_eq!(Money::of(Amount(u64::MAX), u64::MAX), Money::cents(i64::MAX));
    }

    #[test]
    fn quantities_are_read_and_written_as_decimals() {
        let read = |text: &str| Amount::parse(text).map(|amount| amount.to_string());
        assert_eq!(read("1460").as_deref(), Some("1,460"));
        assert_eq!(read("0.250").as_deref(), Some("0.25"));
        assert_eq!(read(".5").as_deref(), Some("0.5"));
        let rounded = |text: &str| Amount::parse(text).map(|amount| amount.rounded().to_string());
        assert_eq!(
            (rounded("15.999999").as_deref(), rounded("2.333332").as_deref()),
            (Some("16"), Some("2.333"))
        );
        for wrong in ["", ".", "-1", "1e3", "1,5", "0.1234567", "99999999999999999999", "ä", "1.2.3", "+1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
