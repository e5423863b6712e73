//! Asking for the code of an MFA device, for profiles whose role wants one.

use std::io::IsTerminal;

use cloud::{Cancel, Mfa, MfaAnswer, MfaRequest};

use super::ask;
use super::hidden::Typing;

/// Asks on the terminal, if there is one. One value for a whole run: its clones share the sessions, so a run asks once.
pub(super) fn on_the_terminal(cancel: Cancel) -> Mfa {
    Mfa::asking(move |request| -> MfaAnswer {
        let cancel = cancel.clone();
        Box::pin(async move {
            if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
                return None;
            }
            // Shown again when this is dropped, however the question ends.
            let _hidden = Typing::hide();
            ask(question(&request), &cancel).await
        })
    })
}

fn question(request: &MfaRequest) -> String {
    let MfaRequest { profile, role_arn, serial, refused } = request;
    let begin = if *refused { "That was not the code. " } else { "" };
    format!("{begin}Code of the MFA device {serial}, for the role {role_arn} of the profile `{profile}`: ")
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
