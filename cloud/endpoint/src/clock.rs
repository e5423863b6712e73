//! The endpoint's own clock, which a test may skew against the machine's or turn by hand.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point in time: microseconds since 1970, fine enough for operations that are sped up a thousand times.
pub(crate) type Micros = u64;

const PER_SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400;

/// Where the time comes from.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    start: Micros,
    began: Instant,
    /// How far the test has turned it; `None` for a clock that runs by itself.
    turned: Option<Duration>,
    speed: f64,
}

impl Clock {
    /// A clock that is `skew_seconds` ahead of the machine's; durations of operations are divided by `speed`.
    pub(crate) fn new(skew_seconds: i64, speed: f64, manual: bool) -> Clock {
        let machine = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let skew = skew_seconds.saturating_mul(1_000_000);
        Clock {
            start: micros(machine).saturating_add_signed(skew),
            began: Instant::now(),
            turned: manual.then_some(Duration::ZERO),
            speed,
        }
    }

    pub(crate) fn now(&self) -> Micros {
        self.start + micros(self.turned.unwrap_or_else(|| self.began.elapsed()))
    }

    /// When the endpoint was started, by this clock.
    pub(crate) fn began(&self) -> Micros {
        self.start
    }

    /// Turns a manual clock; a running one cannot be turned.
    pub(crate) fn advance(&mut self, by: Duration) {
        if let Some(turned) = &mut self.turned {
            *turned += by;
        }
    }

    /// How long something of this length takes here.
    pub(crate) fn scaled(&self, length: Duration) -> Micros {
        match self.turned {
            Some(_) => micros(length),
            None => micros(length.div_f64(self.speed)),
        }
    }
}

pub(crate) fn micros(length: Duration) -> Micros {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX / 4)
}

/// `2026-01-31T23:59:59.123Z`, as CloudFormation writes times.
pub(crate) fn iso(at: Micros) -> String {
    let (year, month, day) = date(at / PER_SECOND / DAY);
    let (hour, minute, second) = time(at);
    let milli = at % PER_SECOND / 1000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// `Sat, 31 Jan 2026 23:59:59 GMT`, as HTTP writes times.
pub(crate) fn http_date(at: Micros) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = at / PER_SECOND / DAY;
    let (year, month, day) = date(days);
    let (hour, minute, second) = time(at);
    let weekday = DAYS[usize::try_from(days % 7).unwrap_or_default()];
    let month = MONTHS[usize::try_from(month - 1).unwrap_or_default()];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Reads `20260131T235959Z`, as `X-Amz-Date` has it.
pub(crate) fn amz_date(text: &str) -> Option<Micros> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
    let days = days_until(number(0..4)?, number(4..6)?, number(6..8)?)?;
    let seconds = number(9..11)? * 3600 + number(11..13)? * 60 + number(13..15)?;
    Some((days * DAY + seconds) * PER_SECOND)
}

fn time(at: Micros) -> (u64, u64, u64) {
    let second = at / PER_SECOND % DAY;
    (second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of the days since 1970.
fn date(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while days >= days_of_year(year) {
        days -= days_of_year(year);
        year += 1;
    }
    let mut month = 1;
    while days >= days_of_month(year, month) {
        days -= days_of_month(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

fn days_until(year: u64, month: u64, day: u64) -> Option<u64> {
    let years = (1970..year).map(days_of_year).sum::<u64>();
    let months = (1..month).map(|month| days_of_month(year, month)).sum::<u64>();
    (years + months + day).checked_sub(1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_aws_writes_it() {
        let at = amz_date("20240229T235959Z").unwrap() + 7000;
        assert_eq!(iso(at), "2024-02-29T23:59:59.007Z");
        assert_eq!(http_date(at), "Thu, 29 Feb 2024 23:59:59 GMT");
        assert_eq!(amz_date("yesterday"), None);
    }

    #[test]
    fn a_manual_clock_stands_still_until_it_is_turned() {
        let mut clock = Clock::new(0, 1.0, true);
        let before = clock.now();
        clock.advance(Duration::from_hours(3));
        assert_eq!(clock.now() - before, 3 * 3600 * PER_SECOND);
    }
}
