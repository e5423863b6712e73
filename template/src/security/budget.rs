//! How much is compared before the answer is that it cannot be told.

use std::cell::Cell;

/// How many comparisons of single actions, resources and rules are made for one pair of templates. Real ones need some
/// thousands; what is over is told as something that cannot be judged.
const MOST_COMPARISONS: u32 = 1_000_000;

/// How many comparisons are left.
pub(super) struct Budget(Cell<u32>);

impl Default for Budget {
    fn default() -> Budget {
        Budget(Cell::new(MOST_COMPARISONS))
    }
}

impl Budget {
    /// Takes so many; false if there are not as many left.
    pub(super) fn take(&self, comparisons: usize) -> bool {
        let left = u32::try_from(comparisons).ok().and_then(|some| self.0.get().checked_sub(some));
        if let Some(left) = left {
            self.0.set(left);
        }
        left.is_some()
    }
}
