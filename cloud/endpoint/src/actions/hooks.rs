//! What hooks said.

use crate::clock::iso;
use crate::request::{Answer, Refusal, Request, required};
use crate::world::{Caller, World};
use crate::xml::{Xml, xml};

/// Source: [GetHookResult](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetHookResult.html).
pub(super) fn get(world: &mut World, _: &Caller, request: &Request) -> Answer {
    let id = required(request, "HookResultId")?;
    let found = world.hook_results.iter().find(|(_, _, _, hook)| hook.invocation == id);
    let Some((_, logical, at, hook)) = found else {
        return Err(Refusal::new(404, "HookResultNotFound", format!("Hook result {id} does not exist")));
    };
    Ok(xml(|x| {
        common(x, hook);
        x.text("InvokedAt", &iso(*at));
        x.within("Target", |x| {
            x.text("TargetType", "RESOURCE");
            x.text("TargetId", logical);
            x.text("Action", "CREATE");
        });
        x.list("Annotations", [&hook.reason], |x, reason| {
            x.text("AnnotationName", "rule");
            x.text("Status", "FAILED");
            x.text("StatusMessage", reason);
            x.text("RemediationMessage", "make it as the rule says");
            x.text("SeverityLevel", "HIGH");
        });
    }))
}

/// Source: [ListHookResults](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListHookResults.html).
#[expect(clippy::unnecessary_wraps, reason = "all actions have this signature")]
pub(super) fn list(world: &mut World, _: &Caller, request: &Request) -> Answer {
    let target = request.parameter("TargetId");
    let results = &world.hook_results;
    let of_target = results.iter().filter(|(stack, logical, ..)| {
        target.is_none_or(|target| stack == target || logical == target || target.contains("changeSet"))
    });
    Ok(xml(|x| {
        x.maybe("TargetId", target);
        x.list("HookResults", of_target, |x, (_, logical, at, hook)| {
            common(x, hook);
            x.text("InvokedAt", &iso(*at));
            x.text("TargetType", "RESOURCE");
            x.text("TargetId", logical);
        });
    }))
}

fn common(x: &mut Xml, hook: &crate::state::Hook) {
    x.text("HookResultId", &hook.invocation);
    x.text("InvocationPoint", "PRE_PROVISION");
    x.text("FailureMode", "FAIL");
    x.text("TypeName", &hook.name);
    x.text("Status", "HOOK_COMPLETE_FAILED");
    x.text("HookStatusReason", &hook.reason);
}
