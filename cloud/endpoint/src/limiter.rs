//! A limit to requests, as AWS has one: a bucket of tokens per account, region and action.

use std::collections::BTreeMap;

use crate::clock::Micros;

/// The buckets, each with its tokens and when they were counted.
#[derive(Debug, Default)]
pub(crate) struct Limiter(BTreeMap<String, (f64, Micros)>);

impl Limiter {
    /// Takes a token of `bucket`, which gets `rate` a second and holds `burst`; `false` if there is none.
    pub(crate) fn take(&mut self, bucket: String, (rate, burst): (f64, f64), now: Micros) -> bool {
        let (tokens, counted) = self.0.entry(bucket).or_insert((burst, now));
        #[expect(clippy::cast_precision_loss, reason = "a few seconds in microseconds")]
        let passed = now.saturating_sub(*counted) as f64 / 1_000_000.0;
        *tokens = (*tokens + passed * rate).min(burst);
        *counted = now;
        let enough = *tokens >= 1.0;
        if enough {
            *tokens -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut limiter = Limiter::default();
        let mut take = |now| limiter.take("DescribeStacks".to_owned(), (2.0, 3.0), now);
        assert_eq!([take(0), take(0), take(0), take(0)], [true, true, true, false]);
        assert_eq!([take(400_000), take(600_000), take(600_000)], [false, true, false]);
    }
}
