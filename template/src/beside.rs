//! Two things at the same time.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

/// Does both, the first in a thread of its own, if one can be had. For work that takes longer than the 50 microseconds
/// that a thread costs.
///
/// ```
/// let (sum, product) = template::beside(|| 2 + 3, || 2 * 3);
/// assert_eq!((sum, product), (5, 6));
/// ```
pub fn beside<A: Send, B>(other: impl Fn() -> A + Sync, here: impl FnOnce() -> B) -> (A, B) {
    scope(|scope| {
        let thread = Builder::new().spawn_scoped(scope, &other);
        let here = here();
        let other = match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // There may be no more threads; then this one does it all.
            Err(_) => other(),
        };
        (other, here)
    })
}
