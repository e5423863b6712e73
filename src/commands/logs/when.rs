//! A time as people type it: so long ago, or a date.

use std::time::Duration;

use cloud::Timestamp;

use super::around::before;
use crate::commands::target;

/// When.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum When {
    Ago(Duration),
    At(Timestamp),
}

impl When {
    pub(in crate::commands) fn time(self, now: Timestamp) -> Timestamp {
        match self {
            When::Ago(ago) => before(now, ago),
            When::At(time) => time,
        }
    }
}

/// `2h`, `3d`, or a date with or without a time of day: of RFC 3339, or as commands show it, which is UTC.
pub(in crate::commands) fn when(text: &str) -> Result<When, String> {
    let wrong = || {
        "write how long ago, such as `30m`, `2h`, `3d` or `1w`, or a date and time in UTC, such as `2026-01-31T10:00:00Z` or \
         `2026-01-31`"
            .to_owned()
    };
    let days =
        [('d', 1), ('w', 7)].into_iter().find_map(|(unit, days)| Some((text.strip_suffix(unit)?, days)));
    if let Some((number, days)) = days {
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let seconds = number.checked_mul(days * 24 * 3600).filter(|seconds| *seconds > 0);
        return seconds.map(|seconds| When::Ago(Duration::from_secs(seconds))).ok_or_else(wrong);
    }
    if let Ok(ago) = target::duration(text) {
        return Ok(When::Ago(ago));
    }
    date(text).map(When::At).ok_or_else(wrong)
}

fn date(text: &str) -> Option<Timestamp> {
    let (day, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, "00:00:00"));
    let is_told = time.ends_with(['Z', 'z']) || time.contains(['+', '-']);
    let zone = if is_told { "" } else { "Z" };
    Timestamp::parse(&format!("{day}T{}{zone}", time.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_so_long_ago_or_a_date() {
        let ago = |days: u64| Ok(When::Ago(Duration::from_hours(24 * days)));
        assert_eq!((when("3d"), when("2w")), (ago(3), ago(14)));
        assert_eq!(when("30m"), Ok(When::Ago(Duration::from_mins(30))));
        let ten = Ok(When::At(Timestamp(1_767_261_600_000)));
        for text in [
            "2026-01-01T10:00:00Z",
            "2026-01-01T10:00:00.000Z",
            "2026-01-01 10:00:00",
            "2026-01-01T12:00:00+02:00",
        ] {
            assert_eq!(when(text), ten, "{text}");
        }
        assert_eq!(when("2026-01-01"), Ok(When::At(Timestamp(1_767_225_600_000))));
        for wrong in ["", "d", "0d", "0", "-1d", "99999999999999999w", "yesterday", "2026-13-01", "ä"] {
            assert!(when(wrong).is_err(), "{wrong}");
        }
    }
}
