//! `--around`: the time of a deployment, and some time before and after it.

use std::time::Duration;

use cloud::{CloudError, NumberedDeployment, Outcome, PastRollout, Reach, Timestamp};

use crate::aws;
use crate::commands::estate::{InService, Place};
use crate::commands::events_text::date;
use crate::commands::rollback;
use crate::problem::{Failure, Printable, Problem};

/// How long before a deployment is looked at, and how long after its end.
const BEFORE: Duration = Duration::from_mins(2);
const AFTER: Duration = Duration::from_mins(5);

/// How many deployments are named where several could be meant.
const NAMED: usize = 5;

/// From when to when is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    /// Nothing: until now.
    pub(super) to: Option<Timestamp>,
    /// The same in words.
    pub(super) head: String,
}

/// When a deployment was.
struct Span {
    /// What people call it.
    what: String,
    began: Timestamp,
    end: End,
}

/// When it ended.
enum End {
    At(Timestamp),
    /// It goes on.
    Open,
    /// Nobody tells.
    Unknown,
}

/// The time around the deployment that is called `wanted`: `v7`, `last`, or by an ID of ECS or CloudFormation.
pub(super) async fn window(
    wanted: &str,
    places: &[Place],
    services: &[InService],
) -> Result<Window, Box<Failure>> {
    if wanted == "last" {
        return Ok(last(places, services).await?.window());
    }
    if let Some(number) = wanted.strip_prefix('v').and_then(|_| rollback::version(wanted).ok()) {
        return Ok(numbered(number, places, services).await?.window());
    }
    Ok(by_id(wanted, places, services).await?.window())
}

fn failed(error: CloudError) -> Failure {
    aws::failure(&error)
}

impl Span {
    fn window(&self) -> Window {
        let from = before(self.began, BEFORE);
        let (to, ended) = match self.end {
            End::At(ended) => (Some(after(ended, AFTER)), format!("it ended at {}", date(ended))),
            End::Open => (None, "it has not ended".to_owned()),
            End::Unknown => {
                (Some(after(self.began, AFTER)), "when it ended is not known any more".to_owned())
            }
        };
        let until = to.map_or_else(|| "now".to_owned(), date);
        let head = format!(
            "around {}, {} to {until} (UTC): it began at {}, {ended}",
            self.what,
            date(from),
            date(self.began)
        );
        Window { from, to, head }
    }

    /// When ECS carried out a deployment.
    fn of(rollout: &PastRollout, what: String) -> Option<Span> {
        Some(Span { what, began: rollout.began?, end: rollout.ended.map_or(End::Open, End::At) })
    }

    /// The newest time that ECS tells of; where it tells none any more, when the revision was registered.
    fn of_number(one: &NumberedDeployment, service: &InService) -> Option<Span> {
        let what = format!("v{} of {}", one.number, service.name);
        let newest = one.rollouts.iter().find_map(|rollout| Span::of(rollout, what.clone()));
        newest.or_else(|| Some(Span { what, began: one.registered?, end: End::Unknown }))
    }
}

async fn numbered(number: i32, places: &[Place], services: &[InService]) -> Result<Span, Box<Failure>> {
    let [service] = services else { return Err(Box::new(of_which(number, services))) };
    let place = &places[service.place];
    let mut known = rollback::listed(place, service, rollback::MOST).await.map_err(failed)?;
    if known.cut && !known.deployments.iter().any(|one| one.number == number) {
        known = rollback::listed(place, service, usize::MAX).await.map_err(failed)?;
    }
    let one = rollback::numbered(&known, number, service)?;
    Span::of_number(one, service).ok_or_else(|| {
        let message = format!("nobody tells any more when v{number} of {} was deployed", service.name);
        let hint =
            format!("give the time instead, for example `docuthinker logs {} --since 2h`", service.name);
        Box::new(Failure::usage(Problem::error("usage/unknown-deployment", message).hint(hint)))
    })
}

/// The deployment of these services that began last.
async fn last(places: &[Place], services: &[InService]) -> Result<Span, Box<Failure>> {
    let mut newest: Option<Span> = None;
    for service in services {
        let known =
            rollback::listed(&places[service.place], service, rollback::MOST).await.map_err(failed)?;
        let spans = known.deployments.iter().filter_map(|one| Span::of_number(one, service));
        newest = newest.into_iter().chain(spans).max_by_key(|span| span.began);
    }
    newest.ok_or_else(|| {
        let message = "ECS tells of no deployment of these services";
        Box::new(Failure::usage(Problem::error("usage/unknown-deployment", message)))
    })
}

/// What has an ID.
struct Called {
    id: String,
    span: Span,
}

impl Called {
    fn new(id: String, began: Timestamp, end: End) -> Called {
        Called { span: Span { what: named(&id), began, end }, id }
    }
}

/// The deployment of ECS or operation of CloudFormation with this ID, or the one whose ID begins so.
async fn by_id(wanted: &str, places: &[Place], services: &[InService]) -> Result<Span, Box<Failure>> {
    let mut found: Vec<Called> = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let here: Vec<_> = services.iter().filter(|service| service.place == at).collect();
        for one in called(wanted, place, &here).await.map_err(failed)? {
            if found.iter().all(|known| known.id != one.id) {
                found.push(one);
            }
        }
    }
    chosen(wanted, found).map_err(Box::new)
}

/// All in this place whose ID begins so.
async fn called(wanted: &str, place: &Place, services: &[&InService]) -> Result<Vec<Called>, CloudError> {
    let is_called = |id: &str| id.starts_with(wanted) || last_part(id).starts_with(wanted);
    let asked: Vec<_> = services.iter().map(|one| one.service.clone()).collect();
    let mut found = Vec::new();
    for details in cloud::service_details(&place.connection, &asked).await? {
        let deployments = details.deployments.into_iter().filter(|deployment| is_called(&deployment.id));
        found.extend(deployments.filter_map(|deployment| {
            let goes_on = deployment.rollout.as_deref() == Some("IN_PROGRESS");
            let end = if goes_on { End::Open } else { End::Unknown };
            Some(Called::new(deployment.id, deployment.created?, end))
        }));
    }
    let stack = &place.inventory.stack.stack_id;
    let history = cloud::history(&place.connection, stack, Reach::OUTLINE).await?;
    // A change set that announced the stack deployed nothing.
    let operations = history.operations.iter().filter(|one| one.outcome != Outcome::Announced);
    found.extend(operations.filter(|one| one.is_called(wanted)).map(|operation| {
        Called::new(operation.name(), operation.began, operation.ended.map_or(End::Open, End::At))
    }));
    for service in services {
        // Numbers are not meant here, so what cannot be read of them is no failure.
        let Ok(known) = rollback::listed(place, service, rollback::MOST).await else { continue };
        let rollouts = known.deployments.into_iter().flat_map(|one| one.rollouts);
        found.extend(rollouts.filter(|rollout| is_called(&rollout.id)).filter_map(|rollout| {
            Some(Called::new(rollout.id, rollout.began?, rollout.ended.map_or(End::Open, End::At)))
        }));
    }
    Ok(found)
}

/// The one that is meant. Who writes an ID in full means no other that begins so.
fn chosen(wanted: &str, mut found: Vec<Called>) -> Result<Span, Failure> {
    if let Some(at) = found.iter().position(|one| one.id == wanted || last_part(&one.id) == wanted) {
        return Ok(found.swap_remove(at).span);
    }
    match found.pop() {
        None => Err(unknown(wanted)),
        Some(one) if found.is_empty() => Ok(one.span),
        Some(one) => {
            found.push(one);
            Err(ambiguous(wanted, &found))
        }
    }
}

fn named(id: &str) -> String {
    Printable(last_part(id)).to_string()
}

fn last_part(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn of_which(number: i32, services: &[InService]) -> Failure {
    let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
    let message = format!("`v{number}` is a deployment of one service, and there are {}", names.join(", "));
    let first = names.first().copied().unwrap_or("SERVICE");
    let hint = format!("name it, for example `docuthinker logs {first} --around v{number}`");
    Failure::usage(Problem::error("usage/several-services", message).hint(hint))
}

fn unknown(deployment: &str) -> Failure {
    let message = format!("no deployment has an ID that begins with `{deployment}`");
    let hint = "`docuthinker status` shows the newest ones of the services and the stacks, `docuthinker events --service \
                SERVICE` the numbers of a service's";
    Failure::usage(Problem::error("usage/unknown-deployment", message).hint(hint))
}

fn ambiguous(wanted: &str, found: &[Called]) -> Failure {
    let name = |one: &Called| format!("{} of {}", one.span.what, date(one.span.began));
    let mut names: Vec<String> = found.iter().take(NAMED).map(name).collect();
    if found.len() > NAMED {
        names.push(format!("and {} more", found.len() - NAMED));
    }
    let message = format!("the IDs of several deployments begin with `{wanted}`: {}", names.join(", "));
    Failure::usage(
        Problem::error("usage/ambiguous-deployment", message).hint("write more of the one that is meant"),
    )
}

pub(super) fn before(time: Timestamp, by: Duration) -> Timestamp {
    Timestamp(time.0.saturating_sub(milliseconds(by)).max(0))
}

fn after(time: Timestamp, by: Duration) -> Timestamp {
    Timestamp(time.0.saturating_add(milliseconds(by)))
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(end: End) -> (Option<Timestamp>, String) {
        let began = Timestamp(1_767_261_600_000);
        let window = Span { what: "v7 of web".to_owned(), began, end }.window();
        assert_eq!(window.from, Timestamp(1_767_261_480_000));
        (window.to, window.head)
    }

    #[test]
    fn the_beginning_of_several_ids_means_none_of_them() {
        let all = |ids: &[&str]| -> Vec<Called> {
            ids.iter()
                .map(|id| Called::new((*id).to_owned(), Timestamp(1_767_261_600_000), End::Unknown))
                .collect()
        };
        let what = |wanted: &str, ids: &[&str]| chosen(wanted, all(ids)).map(|span| span.what);
        assert_eq!(what("ab", &["ecs-svc/abc"]).unwrap(), "abc");
        assert_eq!(what("ab", &["ecs-svc/ab", "ecs-svc/abc"]).unwrap(), "ab");
        let refused = what("ab", &["ecs-svc/abc", "abd"]).unwrap_err();
        let said = &refused.problems[0].message;
        let named = "abc of 2026-01-01 10:00:00, abd of 2026-01-01 10:00:00";
        assert_eq!(said, &format!("the IDs of several deployments begin with `ab`: {named}"));
        let many = what("", &["1", "2", "3", "4", "5", "6"]).unwrap_err();
        assert!(many.problems[0].message.ends_with("and 1 more"));
        assert!(what("x", &[]).unwrap_err().problems[0].message.contains("no deployment has an ID"));
    }

    #[test]
    fn a_window_reaches_to_after_the_end_and_to_now_while_there_is_none() {
        let (to, text) = head(End::At(Timestamp(1_767_261_900_000)));
        assert_eq!(to, Some(Timestamp(1_767_262_200_000)));
        assert_eq!(
            text,
            "around v7 of web, 2026-01-01 09:58:00 to 2026-01-01 10:10:00 (UTC): it began at 2026-01-01 10:00:00, \
             it ended at 2026-01-01 10:05:00"
        );
        let (to, text) = head(End::Open);
        assert!(
            to.is_none() && text.contains("to now (UTC)") && text.ends_with("it has not ended"),
            "{text}"
        );
        let (to, text) = head(End::Unknown);
        assert_eq!(to, Some(Timestamp(1_767_261_900_000)));
        assert!(text.ends_with("when it ended is not known any more"), "{text}");
    }
}
