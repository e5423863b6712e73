//! Whether the caller may do what a deployment needs, as far as IAM can say.
//!
//! Said by [simulation][aws]: it knows the policies of the user or role, its groups and its boundary, and those of the
//! organization; it does not know policies of sessions, and of resources.
//!
//! [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::Check;
use super::simulation::{Decision, simulate};
use crate::connect::Connection;
use crate::failure::ApiFailure;
use crate::text::clean;
use crate::together::together;

/// How long all questions may take.
const PATIENCE: Duration = Duration::from_secs(90);
/// How many actions one request asks about.
const ACTIONS_A_CALL: usize = 100;
/// The most pages of an answer, so that a marker which does not move holds nobody.
const PAGES: usize = 50;

/// Actions, on what, and under which conditions they are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// For example `ecs:CreateService`.
    pub actions: BTreeSet<String>,
    /// ARNs, in which `*` may stand for what is not known yet; or only `*`.
    pub resources: BTreeSet<String>,
    /// Values of condition keys: `aws:RequestedRegion` is `eu-west-1`.
    pub context: BTreeMap<String, String>,
}

/// What the caller may not do of it. `fix` is the command that prints the policy that is needed.
///
/// One call for each hundred actions on the same resources. Nothing is changed.
pub async fn permissions(connection: &Connection, asked: &[Asked], fix: &str) -> Vec<Check> {
    let who = connection.identity();
    let what = format!("what {} may do", who.arn);
    let unknown = |reason: String| {
        let fix = format!("compare by hand what `{fix}` prints");
        vec![Check::unknown(&*what, reason).fixed_by(fix)]
    };
    if who.arn.ends_with(":root") {
        return vec![Check::ok("the account's root user may do everything")];
    }
    let Some(principal) = principal(connection).await else {
        return unknown("IAM decides for users and roles only".to_owned());
    };
    match tokio::time::timeout(PATIENCE, decisions(connection, &principal, asked)).await {
        Ok(Ok(decisions)) => judged(&principal, &decisions, fix),
        Ok(Err(failure)) => {
            let check = Check::unanswered(&what, &failure);
            unknown(check.reason.unwrap_or_default())
        }
        Err(_) => unknown(format!("no answer within {} seconds", PATIENCE.as_secs())),
    }
}

/// The user or role whose policies count. The ARN of a session has the role's name without its path, which roles of IAM
/// Identity Center have; Cloud Control tells the role's own ARN.
///
/// Source: [the ARNs of principals][aws] in the IAM user guide.
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
async fn principal(connection: &Connection) -> Option<String> {
    let arn = &connection.identity().arn;
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, service, _, account, name] = parts.as_slice() else { return None };
    if *service == "iam" && name.starts_with("user/") {
        return Some(arn.clone());
    }
    let role = name.strip_prefix("assumed-role/")?.split('/').next()?;
    let call = connection.cloudcontrol().get_resource().type_name("AWS::IAM::Role").identifier(role);
    let told = call.send().await.ok().and_then(|answer| {
        let properties: Value = serde_json::from_str(answer.resource_description()?.properties()?).ok()?;
        properties.get("Arn").and_then(Value::as_str).map(clean)
    });
    Some(told.unwrap_or_else(|| format!("arn:{partition}:iam::{account}:role/{role}")))
}

/// What is decided about every action. The first question goes alone: where it is not allowed, the others are not either.
async fn decisions(
    connection: &Connection,
    principal: &str,
    asked: &[Asked],
) -> Result<Vec<Decision>, ApiFailure> {
    let mut forms = asked.iter().flat_map(|one| forms(principal, one, connection));
    let Some(first) = forms.next() else { return Ok(Vec::new()) };
    let mut all = pages(connection.clone(), first).await?;
    for answer in together(forms.map(|form| pages(connection.clone(), form)).collect::<Vec<_>>()).await {
        all.extend(answer.unwrap_or_else(|| Ok(Vec::new()))?);
    }
    Ok(all)
}

async fn pages(connection: Connection, form: Vec<(String, String)>) -> Result<Vec<Decision>, ApiFailure> {
    let (mut all, mut marker) = (Vec::new(), None);
    for _ in 0..PAGES {
        let mut fields = form.clone();
        fields.extend(marker.map(|marker| ("Marker".to_owned(), marker)));
        let page = simulate(&connection, &fields).await?;
        all.extend(page.decisions);
        marker = page.next;
        if marker.is_none() {
            break;
        }
    }
    Ok(all)
}

/// The requests for one group.
fn forms(principal: &str, asked: &Asked, connection: &Connection) -> Vec<Vec<(String, String)>> {
    let who = connection.identity();
    let actions: Vec<&String> = asked.actions.iter().collect();
    let form = |actions: &[&String]| {
        let mut form = vec![
            ("PolicySourceArn".to_owned(), principal.to_owned()),
            ("MaxItems".to_owned(), "1000".to_owned()),
        ];
        let numbered = |name: &str, number: usize| format!("{name}.member.{}", number + 1);
        for (number, action) in actions.iter().enumerate() {
            form.push((numbered("ActionNames", number), (*action).clone()));
        }
        for (number, arn) in asked.resources.iter().filter(|arn| *arn != "*").enumerate() {
            form.push((numbered("ResourceArns", number), placed(arn, &who.region, &who.account)));
        }
        for (number, (key, value)) in asked.context.iter().enumerate() {
            let entry = numbered("ContextEntries", number);
            form.push((format!("{entry}.ContextKeyName"), key.clone()));
            form.push((format!("{entry}.ContextKeyType"), "string".to_owned()));
            form.push((format!("{entry}.ContextKeyValues.member.1"), value.clone()));
        }
        form
    };
    actions.chunks(ACTIONS_A_CALL).map(form).collect()
}

/// An ARN with region and account where it leaves them open: a policy that names them decides about no other.
fn placed(arn: &str, region: &str, account: &str) -> String {
    let mut parts: Vec<&str> = arn.splitn(6, ':').collect();
    for (at, known) in [(3, region), (4, account)] {
        if let Some(part) = parts.get_mut(at).filter(|part| **part == "*") {
            *part = known;
        }
    }
    parts.join(":")
}

/// One row for each service of which something is denied.
fn judged(principal: &str, decisions: &[Decision], fix: &str) -> Vec<Check> {
    let all: BTreeSet<&str> = decisions.iter().map(|one| one.action.as_str()).collect();
    let denied: Vec<&Decision> = decisions.iter().filter(|one| !one.allowed).collect();
    // Who says no for sure counts before who may.
    let sure: BTreeSet<&str> =
        denied.iter().filter(|one| !one.unsure).map(|one| one.action.as_str()).collect();
    let unsure: BTreeSet<&str> =
        denied.iter().map(|one| one.action.as_str()).filter(|action| !sure.contains(action)).collect();
    if sure.is_empty() && unsure.is_empty() {
        let number = all.len();
        return vec![Check::ok(format!("the policies of {principal} allow all {number} actions of `{fix}`"))];
    }
    let fix = format!("{fix} > policy.json, and have what is missing attached to {principal}");
    let missing = by_service(&sure)
        .into_iter()
        .map(|(service, names)| Check::missing(format!("not allowed to do {service}: {names}"), &*fix));
    let perhaps = by_service(&unsure).into_iter().map(|(service, names)| {
        let what = format!(
            "perhaps not allowed to do {service}: {names}; it depends on conditions that only the call itself meets"
        );
        Check::warning(what, &*fix)
    });
    missing.chain(perhaps).collect()
}

fn by_service(actions: &BTreeSet<&str>) -> Vec<(String, String)> {
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (service, name) in actions.iter().filter_map(|action| action.split_once(':')) {
        services.entry(service).or_default().push(name);
    }
    services.into_iter().map(|(service, names)| (clean(service), clean(&names.join(", ")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::State;

    fn decision(action: &str, allowed: bool, unsure: bool) -> Decision {
        Decision { action: action.to_owned(), allowed, unsure }
    }

    #[test]
    fn what_is_denied_is_told_by_service_and_doubt_is_no_refusal() {
        let decisions = [
            decision("ec2:CreateVpc", false, false),
            decision("ec2:CreateSubnet", false, true),
            decision("ec2:CreateSubnet", false, false),
            decision("ecs:CreateCluster", true, false),
            decision("iam:CreateRole", false, true),
        ];
        let checks = judged("arn:aws:iam::1:user/u", &decisions, "docuthinker iam-policy");
        let told: Vec<(State, &str)> =
            checks.iter().map(|check| (check.state, check.what.as_str())).collect();
        let perhaps = "perhaps not allowed to do iam: CreateRole; it depends on conditions that only the call itself meets";
        assert_eq!(
            told,
            [(State::Missing, "not allowed to do ec2: CreateSubnet, CreateVpc"), (State::Warning, perhaps)]
        );
        let checks = judged("arn:aws:iam::1:user/u", &decisions[3..4], "docuthinker iam-policy");
        assert_eq!(checks[0].state, State::Ok);
    }

    #[test]
    fn what_a_policy_leaves_open_is_asked_where_we_are() {
        let arn = placed("arn:aws:acm:*:*:certificate/*", "eu-west-1", "123456789012");
        assert_eq!(arn, "arn:aws:acm:eu-west-1:123456789012:certificate/*");
        assert_eq!(placed("arn:aws:iam::1:role/x:y", "r", "a"), "arn:aws:iam::1:role/x:y");
        assert_eq!(placed("*", "r", "a"), "*");
    }
}
