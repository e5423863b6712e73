//! What is typed and must not be seen.

use cloud::Cancel;
use cloud::secrets::SecretText;

use super::ask;
use crate::problem::{Failure, Problem, Result};

pub(super) use terminal::Typing;

/// Asks on the terminal for a line that does not appear while it is typed; `None` if there is none, or if somebody
/// wants to stop. Refused where it could be seen.
pub(crate) async fn ask_hidden(question: String, cancel: &Cancel) -> Result<Option<SecretText>> {
    // Shown again when this is dropped, however the question ends.
    let hidden = Typing::hide();
    if !hidden.hides() {
        let problem = Problem::error("usage/not-hidden", "this terminal would show what is typed")
            .hint("hand the value over on standard input or in a file");
        return Err(Failure::refused(problem));
    }
    Ok(ask(question, cancel).await.map(SecretText::new))
}

/// What is typed does not appear.
#[cfg(unix)]
mod terminal {
    use std::io::stdin;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// A terminal that shows nothing of what is typed but the end of the line; as before when dropped.
    pub(in crate::aws) struct Typing(Option<Termios>);

    impl Typing {
        pub(in crate::aws) fn hide() -> Typing {
            let Ok(before) = tcgetattr(stdin()) else { return Typing(None) };
            let mut hidden = before.clone();
            hidden.local_modes.remove(LocalModes::ECHO);
            hidden.local_modes.insert(LocalModes::ECHONL);
            let done = tcsetattr(stdin(), OptionalActions::Flush, &hidden);
            Typing(done.ok().map(|()| before))
        }

        pub(in crate::aws) fn hides(&self) -> bool {
            self.0.is_some()
        }
    }

    impl Drop for Typing {
        fn drop(&mut self) {
            if let Some(before) = &self.0 {
                // A terminal that is gone needs no restoring.
                let _ = tcsetattr(stdin(), OptionalActions::Now, before);
            }
        }
    }
}

/// Hiding needs more than the standard library here. The code of an MFA device may be seen: it is of no use to who reads
/// it later. The value of a secret may not.
#[cfg(not(unix))]
mod terminal {
    pub(in crate::aws) struct Typing;

    impl Typing {
        pub(in crate::aws) fn hide() -> Typing {
            Typing
        }

        #[expect(clippy::unused_self, reason = "where it can be hidden, the answer differs")]
        pub(in crate::aws) fn hides(&self) -> bool {
            false
        }
    }
}
