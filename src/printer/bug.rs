//! What is said when the tool itself is broken.

use std::io::{self, Write as _};
use std::sync::Mutex;

use crate::exit::Exit;
use crate::problem::Printable;
use crate::redact::Concealed;

/// What the printer conceals: a panic has no printer, and may happen in any thread.
static CONCEALED: Mutex<Concealed> = Mutex::new(Concealed::nothing());

/// From now on these values are in no report of a bug.
pub(super) fn conceal(values: Vec<String>) {
    CONCEALED.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(values);
}

/// Says that the tool itself is broken, without showing anything of the environment.
///
/// The release build aborts on a panic, so the hook itself ends the process with the documented code.
pub(crate) fn report_panics_as_bugs() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let report = report(&place, info.payload_as_str().unwrap_or("no message"));
        let _ = io::stderr().write_all(report.as_bytes());
        #[expect(
            clippy::exit,
            reason = "a panic ends the process here, in every build profile, with code 70"
        )]
        std::process::exit(i32::from(Exit::Bug.code()));
    }));
}

/// What is said of a panic at this place with this message, which may hold what must not be shown.
fn report(place: &str, message: &str) -> String {
    // Whoever holds the values may be who panics, and then nobody can say what must not be shown.
    let message = match CONCEALED.try_lock() {
        Ok(concealed) => concealed.hide(message).into_owned(),
        Err(_) => "no message".to_owned(),
    };
    format!(
        "error: a bug in docuthinker {}: {}\n  at {place}\n\nhint: please report it with the command line, \
         the two lines above and the configuration without its secrets, at {}/issues\n",
        env!("CARGO_PKG_VERSION"),
        Printable(&message),
        env!("CARGO_PKG_REPOSITORY"),
    )
}

#[cfg(test)]
mod tests {
    use std::any::Any;

    use super::*;
    use crate::context::Context;
    use crate::printer::{Color, Format, Printer, Verbosity};

    /// The text that was panicked with.
    fn message(payload: &dyn Any) -> &str {
        payload.downcast_ref::<String>().expect("it was panicked with a text")
    }

    // S1
    #[test]
    fn a_panic_with_a_value_that_is_concealed_does_not_show_it() {
        let secret = "canary-\"of\"-the-panic".to_owned();
        let mut printer = Printer::new(Format::Text, Color::Never, Verbosity::Normal, Context::default());
        printer.conceal([secret.clone()]);
        let panic =
            std::panic::catch_unwind(|| panic!("no `{secret}` in {secret:?}")).expect_err("it panics");
        let told = report("here.rs:1:2", message(&*panic));
        assert!(told.contains(": no `****` in \"****\"\n  at here.rs:1:2\n"), "{told}");
        assert!(!told.contains("canary"), "{told}");
    }

    // S1
    #[test]
    fn a_panic_of_who_holds_what_is_concealed_says_nothing_of_its_message() {
        let _held = CONCEALED.lock();
        assert!(report("here.rs:1:2", "canary").contains(": no message\n"));
    }
}
