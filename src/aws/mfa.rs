//! Asking for the code of an MFA device, for profiles whose role wants one.

use std::io::IsTerminal;

use cloud::{Cancel, Mfa, MfaAnswer, MfaRequest};

use super::ask;

/// Asks on the terminal, if there is one. One value for a whole run: its clones share the sessions, so a run asks once.
pub(super) fn on_the_terminal(cancel: Cancel) -> Mfa {
    Mfa::asking(move |request| -> MfaAnswer {
        let cancel = cancel.clone();
        Box::pin(async move {
            if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
                return None;
            }
            // Shown again when this is dropped, however the question ends.
            let _hidden = hidden::Typing::hide();
            ask(question(&request), &cancel).await
        })
    })
}

fn question(request: &MfaRequest) -> String {
    let MfaRequest { profile, role_arn, serial, refused } = request;
    let begin = if *refused { "That was not the code. " } else { "" };
    format!("{begin}Code of the MFA device {serial}, for the role {role_arn} of the profile `{profile}`: ")
}

/// What is typed does not appear.
#[cfg(unix)]
mod hidden {
    use std::io::stdin;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// A terminal that shows nothing of what is typed but the end of the line; as before when dropped.
    pub(super) struct Typing(Option<Termios>);

    impl Typing {
        pub(super) fn hide() -> Typing {
            let Ok(before) = tcgetattr(stdin()) else { return Typing(None) };
            let mut hidden = before.clone();
            hidden.local_modes.remove(LocalModes::ECHO);
            hidden.local_modes.insert(LocalModes::ECHONL);
            let done = tcsetattr(stdin(), OptionalActions::Flush, &hidden);
            Typing(done.ok().map(|()| before))
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

/// A code is of no use to who reads it later, so it may be seen where hiding it needs more than the standard library.
#[cfg(not(unix))]
mod hidden {
    pub(super) struct Typing;

    impl Typing {
        pub(super) fn hide() -> Typing {
            Typing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_names_device_role_and_profile() {
        let mut request = MfaRequest {
            profile: "prod".into(),
            role_arn: "arn:aws:iam::123456789012:role/Deploy".into(),
            serial: "arn:aws:iam::123456789012:mfa/me".into(),
            refused: false,
        };
        assert_eq!(
            question(&request),
            "Code of the MFA device arn:aws:iam::123456789012:mfa/me, \
             for the role arn:aws:iam::123456789012:role/Deploy of the profile `prod`: "
        );
        request.refused = true;
        assert!(question(&request).starts_with("That was not the code. Code of"));
    }
}
