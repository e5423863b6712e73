//! STS: who asks, and roles that can be assumed.

use std::time::Duration;

use crate::clock::{iso, micros};
use crate::request::{Answer, Refusal, Request, required};
use crate::world::{Caller, World};
use crate::xml::xml;

#[expect(clippy::unnecessary_wraps, reason = "all actions have this signature")]
pub(super) fn caller(_: &mut World, caller: &Caller, _: &Request) -> Answer {
    Ok(xml(|x| {
        x.text("Arn", &caller.arn);
        x.text("UserId", "AIDAEXAMPLE");
        x.text("Account", &caller.account);
    }))
}

/// Gives out keys that are those of the role from then on.
pub(super) fn assume_role(world: &mut World, _: &Caller, request: &Request) -> Answer {
    let role = required(request, "RoleArn")?.to_owned();
    let session = required(request, "RoleSessionName")?.to_owned();
    if let Some(code) = &world.scenario.mfa {
        if request.parameter("SerialNumber").is_none() {
            let text = format!("User is not authorized to perform: sts:AssumeRole on resource: {role}");
            return Err(Refusal::new(403, "AccessDenied", text));
        }
        if request.parameter("TokenCode") != Some(code) {
            let text = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
            return Err(Refusal::new(403, "AccessDenied", text));
        }
    }
    let account = role.split(':').nth(4).unwrap_or_default().to_owned();
    let name = role.rsplit('/').next().unwrap_or_default();
    let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
    let key = format!("ASIA{:016X}", world.next_serial());
    world.sessions.insert(key.clone(), (account, arn.clone()));
    let seconds = request.parameter("DurationSeconds").and_then(|text| text.parse().ok()).unwrap_or(3600);
    let expiration = world.clock.now() + micros(Duration::from_secs(seconds));
    Ok(xml(|x| {
        x.within("AssumedRoleUser", |x| {
            x.text("Arn", &arn);
            x.text("AssumedRoleId", &format!("AROAEXAMPLE:{session}"));
        });
        x.within("Credentials", |x| {
            x.text("AccessKeyId", &key);
            x.text("SecretAccessKey", "the-secret-key-of-a-session");
            x.text("SessionToken", "the-token-of-a-session");
            x.text("Expiration", &iso(expiration));
        });
    }))
}
