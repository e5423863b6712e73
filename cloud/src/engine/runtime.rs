//! The loop around the machines: it carries out their actions, and adds the clock, the dice and the caller's wish to stop.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use super::api;
use super::deploy::{Deploy, Deployed, interrupted};
use super::destroy::{Destroy, interfaces};
use super::machine::{Action, Machine, Moment, Next, Observation};
use super::operate::{Operate, OperateOutcome, OperateRequest};
use super::patience::Pace;
use super::plan::{Names, Plan};
use super::progress::Progress;
use super::request::{Decision, DeployOutcome, DeployRequest, DestroyOutcome, DestroyRequest, Question};
use crate::connect::Connection;
use crate::diagnose::explain_change_set;
use crate::engine::cancel::Cancel;
use crate::error::{CloudError, Kind};
use crate::failure::{Class, SIGN_IN};
use crate::history::{Reach, history, typical_duration};
use crate::services;
use crate::services::ask::in_time;
use crate::services::logs::{LogPlaces, Logged};
use crate::template_body::{self, Body};

/// Brings one stack to the state that a template describes, by way of a change set.
///
/// `approve` is asked before anything is changed; `progress` hears what happens. If `cancel` comes before the change set
/// is executed, everything we made is removed; afterwards we stop following and the operation goes on in AWS.
///
/// # Errors
///
/// A [`CloudError`] whose kind is the exit code of the command, and whose report says what happened, the state in AWS
/// and what to do next.
pub async fn deploy_stack(
    connection: &Connection,
    request: &DeployRequest,
    mut approve: impl AsyncFnMut(Question) -> Decision,
    mut progress: impl FnMut(Progress),
    cancel: &Cancel,
) -> Result<DeployOutcome, CloudError> {
    let pace = pace(connection);
    // Refused here, before anything of ours exists in AWS: a body that could not be sent later.
    let plan = Plan::new(request, names(), pace)?;
    let mut begins = |phase| progress(Progress::Phase { phase });
    let body = tokio::select! {
        body = template_body::prepare(connection, request, &mut begins) => body?,
        () = cancel.cancelled() => return Err(interrupted()),
    };
    let mut plan = Some(plan);
    loop {
        let machine = Deploy::new(match plan.take() {
            Some(plan) => plan,
            None => Plan::new(request, names(), pace)?,
        });
        let mut world = World::new(connection, cancel);
        world.deployment = Some((request, &body));
        match Box::pin(world.run(machine, &mut approve, &mut progress)).await? {
            Deployed::Done(outcome) => return Ok(outcome),
            Deployed::Recreate { stack_id } => {
                let mut remains = DestroyRequest::new(stack_id);
                remains.grace = request.grace;
                remains.role_arn.clone_from(&request.role_arn);
                destroy_stack(connection, &remains, &mut progress, cancel).await?;
            }
        }
    }
}

/// Deletes one stack and follows it until it is gone. A stack that does not exist is a success.
///
/// # Errors
///
/// As [`deploy_stack`]; refused if the stack is protected against deletion or another stack imports one of its exports.
pub async fn destroy_stack(
    connection: &Connection,
    request: &DestroyRequest,
    mut progress: impl FnMut(Progress),
    cancel: &Cancel,
) -> Result<DestroyOutcome, CloudError> {
    let machine = Destroy::new(request.clone(), names().token, pace(connection));
    let nobody_is_asked = async |_: Question| Decision::Decline("a deletion asks nothing".to_owned());
    let mut world = World::new(connection, cancel);
    world.role_arn = request.role_arn.as_deref();
    match Box::pin(world.run(machine, nobody_is_asked, &mut progress)).await {
        Err(error) => Err(interfaces::named(&connection.newest(), error).await),
        deleted => deleted,
    }
}

/// Watches what runs on one stack, cancels an update, or rolls a failed one back.
///
/// # Errors
///
/// As [`deploy_stack`]: in particular, watching an operation that fails ends as the deployment itself would have.
pub async fn operate_stack(
    connection: &Connection,
    request: &OperateRequest,
    mut progress: impl FnMut(Progress),
    cancel: &Cancel,
) -> Result<OperateOutcome, CloudError> {
    let machine = Operate::new(request.clone(), names().token, pace(connection));
    let nobody_is_asked = async |_: Question| Decision::Decline("watching asks nothing".to_owned());
    Box::pin(World::new(connection, cancel).run(machine, nobody_is_asked, &mut progress)).await
}

/// For how long an order is still waited for once the caller wants to stop, and after how long we say so. AWS answers
/// within a few seconds or, where a connection hangs, not at all.
const LAST_WAIT: Duration = Duration::from_secs(10);
const SILENT_WAIT: Duration = Duration::from_secs(1);

/// How long the look at earlier updates may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long updates of the stack take, going by its own earlier ones: the median, and how many they are. It only serves
/// the view, so it never fails, and takes as long as `patience` at most.
pub async fn estimate(connection: &Connection, stack: &str, patience: Duration) -> Option<(Duration, usize)> {
    let known =
        tokio::time::timeout(patience, history(connection, stack, Reach::OUTLINE)).await.ok()?.ok()?;
    typical_duration(&known.operations, "UPDATE")
}

/// Emulators and test doubles on this machine need not be spared.
pub(crate) fn pace(connection: &Connection) -> Pace {
    connection.pace().map_or(Pace::LOCAL, |times| Pace::AWS.faster(times))
}

/// Names that no other run has: the time for people, random digits for certainty.
fn names() -> Names {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let random = fastrand::u32(..);
    let change_set = format!("docuthinker-{}-{random:08x}", compact_utc(seconds));
    Names { token: format!("{change_set}-{:08x}", fastrand::u32(..)), change_set }
}

/// `20260131T235959Z`, as letters and digits only, which is what change set names allow.
fn compact_utc(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let text = super::progress::Timestamp(seconds.saturating_mul(1000)).to_string();
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Waits until the caller wants to stop, and then for AWS's answer to an order, which comes meanwhile or not at all.
async fn waited_long_enough(order: &str, cancel: &Cancel, progress: &mut impl FnMut(Progress)) {
    cancel.cancelled().await;
    tokio::time::sleep(SILENT_WAIT).await;
    let left = LAST_WAIT.saturating_sub(SILENT_WAIT);
    progress(Progress::Note {
        text: format!(
            "waiting up to {} s for AWS's answer to {order}, which may have taken effect; \
             interrupt again to leave at once",
            left.as_secs()
        ),
    });
    tokio::time::sleep(left).await;
}

/// What a machine acts on.
struct World<'a> {
    connection: Connection,
    cancel: &'a Cancel,
    deployment: Option<(&'a DeployRequest, &'a Body)>,
    /// The role that CloudFormation deletes with.
    role_arn: Option<&'a str>,
    began: Instant,
    /// Where containers write their logs, asked for once.
    log_places: LogPlaces,
    /// A new session was of no use, either: no other is opened.
    refused: bool,
    /// Why there is no new session.
    not_renewed: Option<CloudError>,
}

impl<'a> World<'a> {
    fn new(connection: &Connection, cancel: &'a Cancel) -> World<'a> {
        World {
            connection: connection.newest(),
            cancel,
            deployment: None,
            role_arn: None,
            began: Instant::now(),
            log_places: LogPlaces::default(),
            refused: false,
            not_renewed: None,
        }
    }

    /// Turns the machine until it ends.
    async fn run<M: Machine>(
        &mut self,
        mut machine: M,
        mut approve: impl AsyncFnMut(Question) -> Decision,
        progress: &mut impl FnMut(Progress),
    ) -> Result<M::Output, CloudError> {
        let mut seen = Observation::Begin;
        loop {
            let turn = machine.step(self.moment(), seen);
            turn.say.into_iter().for_each(&mut *progress);
            machine = turn.machine;
            seen = match turn.next {
                Next::End(result) => return result.map_err(|error| self.with_the_sign_in(error)),
                Next::Do(Action::Ask(question)) => {
                    Observation::Decided(self.ask(question, &mut approve).await)
                }
                Next::Do(action) => self.carry_out(action, &machine, progress).await,
            };
        }
    }

    /// Carries out an action, and once more with a new session if the old one has ended.
    async fn carry_out<M: Machine>(
        &mut self,
        action: Action,
        machine: &M,
        progress: &mut impl FnMut(Progress),
    ) -> Observation {
        let asked = Instant::now();
        loop {
            let seen = self.unless_cancelled(action.clone(), machine, progress).await;
            let ended = seen.failure().is_some_and(|failure| failure.class == Class::Credentials);
            if !ended {
                self.not_renewed = None;
                return seen;
            }
            if self.refused {
                return seen;
            }
            if self.connection.opened_since(asked) {
                self.refused = true;
                return seen;
            }
            let renewed = tokio::select! {
                renewed = self.connection.renewed() => renewed,
                () = self.cancel.cancelled(), if machine.gives_way() => return Observation::Interrupted,
            };
            match renewed {
                Ok(connection) => self.connection = connection,
                Err(error) => {
                    self.refused = error.kind() != Kind::Unreachable;
                    self.not_renewed = Some(error);
                    return seen;
                }
            }
        }
    }

    /// Carries out an action. Once the caller wants to stop, the answer to a question is not waited for, and that to an
    /// order, which may have taken effect, not for long.
    async fn unless_cancelled<M: Machine>(
        &mut self,
        action: Action,
        machine: &M,
        progress: &mut impl FnMut(Progress),
    ) -> Observation {
        let cancel = self.cancel;
        if let (Some(order), Some(unanswered)) = (action.order(), action.unanswered()) {
            return tokio::select! {
                seen = self.perform(action, machine) => seen,
                () = waited_long_enough(order, cancel, progress) => unanswered,
            };
        }
        if !action.only_asks() || !machine.gives_way() {
            return self.perform(action, machine).await;
        }
        tokio::select! {
            seen = self.perform(action, machine) => seen,
            () = cancel.cancelled() => Observation::Interrupted,
        }
    }

    /// That there is no new session is known better than that the old one has ended.
    fn with_the_sign_in(&mut self, error: CloudError) -> CloudError {
        let Some(why) = self.not_renewed.take().filter(|_| error.kind() == Kind::Credentials) else {
            return error;
        };
        error.with(|report| {
            let why = why.report();
            report.kind = why.kind;
            report.what.clone_from(&why.what);
            let own = report.next.take().unwrap_or_default();
            let known = why.next.as_deref().unwrap_or(SIGN_IN);
            // The engine adds how to go on watching.
            let watch =
                own.split_once("; then `").map_or(String::new(), |(_, rest)| format!("; then `{rest}"));
            report.next = Some(format!("{known}{watch}"));
        })
    }

    fn moment(&self) -> Moment {
        Moment { elapsed: self.began.elapsed(), dice: fastrand::f64(), cancelled: self.cancel.is_cancelled() }
    }

    async fn ask(&self, question: Question, approve: &mut impl AsyncFnMut(Question) -> Decision) -> Decision {
        tokio::select! {
            decision = approve(question) => decision,
            () = self.cancel.cancelled() => Decision::Decline("interrupted".to_owned()),
        }
    }

    async fn perform<M: Machine>(&mut self, action: Action, machine: &M) -> Observation {
        let connection = &self.connection;
        match action {
            Action::DescribeStack(stack) => Observation::Stack(api::describe_stack(connection, &stack).await),
            Action::CreateChangeSet(set) => {
                let Some((request, body)) = self.deployment else {
                    return Observation::Begin;
                };
                Observation::Created(api::create_change_set(connection, request, body, &set).await)
            }
            Action::DescribeChangeSet { stack, change_set } => {
                Observation::ChangeSet(api::describe_change_set(connection, &stack, &change_set).await)
            }
            Action::TemplateOf(change_set) => {
                Observation::Template(api::template_of(connection, &change_set).await)
            }
            Action::Explain { stack, change_set, reason } => {
                let details = explain_change_set(connection, &stack, &change_set, &reason);
                Observation::Explained(details.await)
            }
            Action::Estimate(stack) => Observation::Estimated(estimate(connection, &stack, PATIENCE).await),
            Action::Execute { change_set, token } => {
                Observation::Done(api::execute(connection, &change_set, &token).await)
            }
            Action::Events(stack) => {
                let wants_older = |so_far: &[_], page: &[_]| machine.wants_older(so_far, page);
                Observation::Events(api::events(connection, &stack, wants_older).await)
            }
            Action::DeleteChangeSet { stack, change_set } => {
                Observation::Done(api::delete_change_set(connection, &change_set, &stack).await)
            }
            Action::ListChangeSets(stack) => {
                Observation::ChangeSets(api::list_change_sets(connection, &stack).await)
            }
            Action::ListResources(stack) => {
                Observation::Resources(api::list_resources(connection, &stack).await)
            }
            Action::Importers(export) => {
                Observation::Importers(crate::stacks::importers(connection, &export).await)
            }
            Action::DeleteStack { stack, token, retain } => {
                Observation::Done(api::delete_stack(connection, &stack, &token, &retain, self.role_arn).await)
            }
            Action::CancelUpdate { stack, token } => {
                Observation::Done(api::cancel_update(connection, &stack, &token).await)
            }
            Action::RollBack { stack, token } => {
                Observation::Done(api::roll_back(connection, &stack, &token).await)
            }
            Action::ContinueRollback { stack, token, skip } => {
                Observation::Done(api::continue_rollback(connection, &stack, &token, &skip).await)
            }
            Action::LookAtServices(services) => {
                let look = services::ask::look(connection, &services);
                Observation::Services(in_time("ecs:DescribeServices", look).await)
            }
            Action::StoppedTasks(service) => {
                let tasks = services::ask::stopped_tasks(connection, &service);
                Observation::StoppedTasks(in_time("ecs:ListTasks", tasks).await)
            }
            Action::TaskLogs(task) => {
                let told = (*task).clone();
                let logs = services::logs::with_logs(connection, &mut self.log_places, *task);
                let logged = in_time("logs:GetLogEvents", async { Ok(logs.await) }).await;
                let without = |failure| Logged { task: told, failure: Some(failure) };
                Observation::TaskLogs(Box::new(logged.unwrap_or_else(without)))
            }
            Action::Sleep(pause) => self.sleep(pause).await,
            // Answered by `run`, which has the caller at hand.
            Action::Ask(_) => Observation::Begin,
        }
    }

    /// A pause that a wish to stop cuts short; one that is known already does not.
    async fn sleep(&self, pause: Duration) -> Observation {
        if self.cancel.is_cancelled() {
            tokio::time::sleep(pause).await;
            return Observation::Slept;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.cancel.cancelled() => {}
        }
        Observation::Slept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_change_set_by_time_and_chance() {
        assert_eq!(compact_utc(1_767_225_599), "20251231T235959Z");
        let (one, other) = (names(), names());
        assert_ne!(one, other);
        assert!(one.change_set.starts_with("docuthinker-2") && one.change_set.len() <= 128);
        assert!(one.token.len() <= 128);
    }
}
