//! IAM, as far as it is asked: what the policies of somebody decide. There are none; a test says what is denied.

use crate::request::{Answer, Refusal, Request, required};
use crate::scenario::Scenario;
use crate::world::World;
use crate::xml::xml;

pub(crate) const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// An action that is denied, by name or by the beginning of it.
#[derive(Debug, Clone)]
pub(crate) struct Denial {
    pub(crate) action: String,
    /// A key of which a policy's condition wants to know more than the simulation does.
    pub(crate) unless: Option<String>,
}

impl Scenario {
    /// IAM decides that this action, or all that begin so, is denied to everybody. Default: everything is allowed. The calls
    /// themselves are not denied by that; see [`Wrong::Denied`](crate::Wrong::Denied).
    pub fn deny(mut self, action: &str) -> Scenario {
        self.denials.push(Denial { action: action.to_owned(), unless: None });
        self
    }

    /// As [`Scenario::deny`], with a condition on `key` that the simulation is not told.
    pub fn deny_unless(mut self, action: &str, key: &str) -> Scenario {
        self.denials.push(Denial { action: action.to_owned(), unless: Some(key.to_owned()) });
        self
    }
}

/// The inside of the answer.
pub(crate) fn answer(world: &mut World, request: &Request) -> Answer {
    match request.action.as_str() {
        "SimulatePrincipalPolicy" => simulated(world, request),
        other => Err(Refusal::new(400, "InvalidAction", format!("Could not find operation {other}"))),
    }
}

/// A page of decisions, in the order of the actions. The marker is the number of the first one of the next page.
fn simulated(world: &mut World, request: &Request) -> Answer {
    let principal = required(request, "PolicySourceArn")?;
    let kinds = [":user/", ":group/", ":role/"];
    if !principal.contains(":iam::") || !kinds.iter().any(|kind| principal.contains(kind)) {
        return Err(Refusal::new(400, "InvalidInput", format!("Invalid Entity Arn: {principal}")));
    }
    let actions: Vec<&str> =
        (1..).map_while(|n| request.parameter(&format!("ActionNames.member.{n}"))).collect();
    if actions.is_empty() {
        return Err(Refusal::validation("ActionNames must have at least one member".to_owned()));
    }
    let resource = request.parameter("ResourceArns.member.1").unwrap_or("*");
    let first = request.parameter("Marker").and_then(|marker| marker.parse().ok()).unwrap_or(0);
    let size = world.page() * 10;
    let rest = actions.get(first..).unwrap_or_default();
    let page = rest.get(..size).unwrap_or(rest);
    let denials = &world.scenario.denials;
    let denial = |action: &str| denials.iter().find(|denial| action.starts_with(&denial.action));
    Ok(xml(|x| {
        let next = (page.len() < rest.len()).then(|| (first + page.len()).to_string());
        x.text("IsTruncated", if next.is_some() { "true" } else { "false" });
        x.maybe("Marker", next.as_deref());
        x.list("EvaluationResults", page, |x, action| {
            let denial = denial(action);
            x.list("MatchedStatements", None::<()>, |_, ()| {});
            x.list("MissingContextValues", denial.and_then(|denial| denial.unless.as_ref()), |x, key| {
                x.raw(key);
            });
            x.text("EvalResourceName", resource);
            x.text("EvalDecision", if denial.is_some() { "implicitDeny" } else { "allowed" });
            x.text("EvalActionName", action);
        });
    }))
}
