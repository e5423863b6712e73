//! A log group that keeps its events for ever.
use constructs::LogGroup;

fn main() {
    LogGroup::named("Logs").retention(None);
}
