//! What an architecture can have wrong although every property is right: one file for each subject.

mod alarms;
mod dns;
mod firewall;
mod health_checks;
mod images;
mod listeners;
mod scaling;
mod target_groups;
#[cfg(test)]
mod testing;
mod tls;

use crate::check::Lint;

/// Every lint.
pub(super) fn all() -> impl Iterator<Item = &'static Lint> {
    [
        alarms::LINTS,
        dns::LINTS,
        firewall::LINTS,
        health_checks::LINTS,
        images::LINTS,
        listeners::LINTS,
        scaling::LINTS,
        target_groups::LINTS,
        tls::LINTS,
    ]
    .into_iter()
    .flatten()
}
