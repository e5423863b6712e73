//! Orders a change and follows it: asks, waits, tells. What it means is decided in `course`.

use std::collections::BTreeSet;
use std::slice;
use std::time::Duration;

use tokio::time::Instant;

use super::course::{Course, Standing};
use super::{RolledOut, RolloutChange, RolloutRequest, order, revision};
use crate::connect::Connection;
use crate::engine::cancel::Cancel;
use crate::engine::machine::Moment;
use crate::engine::patience::Patience;
use crate::engine::progress::{Phase, Progress, Timestamp};
use crate::engine::runtime::pace;
use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class};
use crate::services::logs::{LogPlaces, with_logs};
use crate::services::watch::{self, Watch};
use crate::services::{ServiceDeployment, ServiceState, ask};

/// After how much silence a sign of life is given.
const SILENCE: Duration = Duration::from_secs(20);

/// Changes a service, tells what happens, and ends when ECS has done it, or has failed and, if it does so, gone back.
///
/// The order is given once. If its answer is lost, ECS is looked at before it is given again. Throttling and trouble with
/// the network only take time. Whoever wants to stop leaves the change to ECS.
///
/// # Errors
///
/// [`Kind::Failed`] if the deployment failed or ECS went back, with the tasks that stopped; [`Kind::Blocked`] if something
/// else changed the service meanwhile, or it cannot be changed so; [`Kind::TimedOut`] after the request's time;
/// [`Kind::Interrupted`]; otherwise if AWS cannot be asked. The report says whether the change goes on.
pub async fn roll_out(
    connection: &Connection,
    request: &RolloutRequest,
    told: impl FnMut(Progress),
    cancel: &Cancel,
) -> Result<RolledOut, CloudError> {
    let now = Instant::now();
    let patience = Patience::new(pace(connection), request.grace);
    let mut run = Run { connection, request, told, cancel, patience, began: now, spoke: now };
    let before = run.before().await?;
    let known = run.known_tasks().await;
    let mut course = Course::new(&request.change, &before);
    run.order(&course).await?;
    run.tell(Progress::Phase { phase: Phase::Executing });
    run.follow(&mut course, &before, known).await
}

struct Run<'a, T> {
    connection: &'a Connection,
    request: &'a RolloutRequest,
    told: T,
    cancel: &'a Cancel,
    patience: Patience,
    began: Instant,
    /// When something was last told.
    spoke: Instant,
}

/// Why nothing more is asked.
enum Stop {
    Interrupted,
    TimedOut,
    Gone,
    Unanswered(ApiFailure),
}

/// What is known of the tasks that stop.
struct Tasks {
    watch: Watch,
    places: LogPlaces,
    /// Those that had stopped before.
    known: BTreeSet<String>,
    next: Instant,
}

impl<T: FnMut(Progress)> Run<'_, T> {
    fn tell(&mut self, progress: Progress) {
        self.spoke = Instant::now();
        (self.told)(progress);
    }

    fn moment(&self) -> Moment {
        Moment { elapsed: self.began.elapsed(), dice: fastrand::f64(), cancelled: false }
    }

    fn may_go_on(&self) -> Result<(), Stop> {
        if self.cancel.is_cancelled() {
            return Err(Stop::Interrupted);
        }
        if self.request.timeout.is_some_and(|limit| self.began.elapsed() >= limit) {
            return Err(Stop::TimedOut);
        }
        Ok(())
    }

    async fn sleep(&self, pause: Duration) -> Result<(), Stop> {
        let left = self.request.timeout.map(|limit| limit.saturating_sub(self.began.elapsed()));
        tokio::select! {
            () = tokio::time::sleep(left.map_or(pause, |left| pause.min(left))) => {}
            () = self.cancel.cancelled() => {}
        }
        self.may_go_on()
    }

    /// Waits after a call that may work later.
    async fn bear(&mut self, failure: &ApiFailure) -> Result<(), Stop> {
        let Ok((_, news)) = self.patience.retry(failure, self.moment()) else {
            return Err(Stop::Unanswered(failure.clone()));
        };
        let pause = match &news {
            Progress::Throttled { retry_in } | Progress::Unreachable { retry_in, .. } => *retry_in,
            _ => Duration::ZERO,
        };
        self.tell(news);
        self.sleep(pause).await
    }

    /// The service as it is.
    async fn look(&mut self) -> Result<ServiceState, Stop> {
        loop {
            self.may_go_on()?;
            let answer = tokio::select! {
                answer = ask::look(self.connection, slice::from_ref(&self.request.service)) => answer,
                () = self.cancel.cancelled() => return Err(Stop::Interrupted),
            };
            match answer {
                Ok(states) => {
                    self.patience.answered();
                    return states.into_iter().next().ok_or(Stop::Gone);
                }
                Err(failure) => self.bear(&failure).await?,
            }
        }
    }

    async fn before(&mut self) -> Result<ServiceDeployment, CloudError> {
        let request = self.request;
        let state = self.look().await.map_err(|stop| untouched(request, stop))?;
        state.primary().cloned().ok_or_else(|| {
            let label = &request.label;
            let what = format!("ECS does not deploy {label} by itself: it has no deployment of its own");
            CloudError::new(Kind::Blocked, what).state("nothing was changed")
        })
    }

    /// The tasks that have stopped already, which are none of ours. Without an answer they are told, rather than hidden.
    async fn known_tasks(&self) -> BTreeSet<String> {
        let answer = tokio::select! {
            answer = ask::stopped_tasks(self.connection, &self.request.service) => answer,
            () = self.cancel.cancelled() => return BTreeSet::new(),
        };
        answer.unwrap_or_default().into_iter().map(|task| task.task).collect()
    }

    async fn order(&mut self, course: &Course) -> Result<(), CloudError> {
        let request = self.request;
        self.may_go_on().map_err(|stop| untouched(request, stop))?;
        loop {
            let failure = match order::send(self.connection, self.request).await {
                Ok(()) => return Ok(()),
                Err(failure) if failure.passes() => failure,
                Err(failure) => return Err(refused(failure)),
            };
            let lost = failure.class != Class::Throttled;
            let unsure = |stop| if lost { uncertain(request, stop) } else { untouched(request, stop) };
            self.bear(&failure).await.map_err(unsure)?;
            if lost && course.is_taken(&self.look().await.map_err(unsure)?) {
                return Ok(());
            }
        }
    }

    async fn follow(
        &mut self,
        course: &mut Course,
        before: &ServiceDeployment,
        known: BTreeSet<String>,
    ) -> Result<RolledOut, CloudError> {
        let request = self.request;
        let of_all = matches!(self.request.change, RolloutChange::Scale(_));
        let mut tasks: Option<Tasks> = None;
        loop {
            let state = self.look().await.map_err(|stop| left(request, stop))?;
            if tasks.is_none() && course.is_taken(&state) {
                // Another number of tasks makes no new deployment: what is new is told of the one that is there.
                let first = if of_all { Some(before) } else { state.primary() };
                let since = first.and_then(|deployment| deployment.created).unwrap_or(Timestamp(0));
                let watch = Watch::new(since);
                let next = Instant::now();
                tasks = Some(Tasks { watch, places: LogPlaces::default(), known: known.clone(), next });
            }
            let standing = course.see(&state);
            if let Some(tasks) = &mut tasks {
                for news in tasks.watch.saw(vec![state.clone()]) {
                    self.tell(news);
                }
                let over = !matches!(standing, Standing::Running | Standing::Complete);
                if over || Instant::now() >= tasks.next {
                    self.look_at_tasks(tasks).await;
                }
            }
            if let Some(end) = ended(request, standing, &state) {
                let told = tasks.map(|tasks| tasks.watch.tasks().to_vec()).unwrap_or_default();
                return end.map_err(|error| error.with(|report| report.tasks = told));
            }
            self.give_a_sign();
            let pause = self.patience.after_answer(self.moment());
            self.sleep(pause).await.map_err(|stop| left(request, stop))?;
        }
    }

    fn give_a_sign(&mut self) {
        if self.spoke.elapsed() >= SILENCE {
            let in_progress = vec![self.request.service.logical_id.clone()];
            self.tell(Progress::Heartbeat { elapsed: self.began.elapsed(), in_progress });
        }
    }

    async fn look_at_tasks(&mut self, tasks: &mut Tasks) {
        tasks.next = Instant::now() + self.patience.pace().services_every;
        if tasks.watch.is_silent(watch::Kind::Tasks)
            || !tasks.watch.may("ecs:ListTasks")
            || !tasks.watch.may("ecs:DescribeTasks")
        {
            return;
        }
        let mut stopped = match ask::stopped_tasks(self.connection, &self.request.service).await {
            Ok(stopped) => stopped,
            Err(failure) => {
                if let Some(note) = tasks.watch.refused(watch::Kind::Tasks, &failure) {
                    self.tell(note);
                }
                return;
            }
        };
        tasks.watch.answered(watch::Kind::Tasks);
        stopped.retain(|task| !tasks.known.contains(&task.task));
        for task in tasks.watch.saw_tasks(stopped) {
            let logged = with_logs(self.connection, &mut tasks.places, task).await;
            if let Some(failure) = &logged.failure
                && let Some(note) = tasks.watch.refused(watch::Kind::Logs, failure)
            {
                self.tell(note);
            }
            let news = tasks.watch.logged(logged.task);
            self.tell(news);
        }
        if let Some(repeat) = tasks.watch.repeats() {
            self.tell(repeat.into());
        }
    }
}

/// What came of it, if it is over.
fn ended(
    request: &RolloutRequest,
    standing: Standing,
    state: &ServiceState,
) -> Option<Result<RolledOut, CloudError>> {
    let primary = state.primary()?;
    let label = &request.label;
    let runs = format!(
        "{label} runs {}, {} of {} tasks",
        revision(&primary.task_definition),
        primary.running,
        primary.desired
    );
    let why = |reason: Option<String>| reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    Some(match standing {
        Standing::Running => return None,
        Standing::Complete => Ok(RolledOut {
            deployment: primary.id.clone(),
            task_definition: primary.task_definition.clone(),
            desired: primary.desired,
            running: primary.running,
        }),
        Standing::RolledBack { reason, to } => {
            let to = revision(&to);
            let what =
                format!("the new deployment of {label} failed, and ECS went back to {to}{}", why(reason));
            Err(CloudError::new(Kind::Failed, what).state(runs).next(request.events()))
        }
        Standing::Failed { reason } => {
            let what = format!("the new deployment of {label} failed{}", why(reason));
            let next = format!("docuthinker rollback {} --service {label}", request.stack);
            Err(CloudError::new(Kind::Failed, what).state(runs).next(next))
        }
        Standing::Replaced { by } => {
            let what = format!("something else changed {label} meanwhile: {by}");
            Err(CloudError::new(Kind::Blocked, what).state(runs).next(request.events()))
        }
    })
}

/// It was given up before anything was ordered.
fn untouched(request: &RolloutRequest, stop: Stop) -> CloudError {
    let label = &request.label;
    match stop {
        Stop::Interrupted => CloudError::new(Kind::Interrupted, "interrupted; nothing was changed"),
        Stop::TimedOut => CloudError::new(Kind::TimedOut, "the time was up; nothing was changed"),
        Stop::Gone => CloudError::new(Kind::Blocked, format!("ECS has no service {label} any more")),
        Stop::Unanswered(failure) => failure.into_error().state("nothing was changed"),
    }
}

/// It was given up while nobody knows whether the order arrived.
fn uncertain(request: &RolloutRequest, stop: Stop) -> CloudError {
    let label = &request.label;
    let error = match stop {
        Stop::Interrupted => CloudError::new(Kind::Interrupted, "interrupted while the order had no answer"),
        Stop::TimedOut => CloudError::new(Kind::TimedOut, "the time was up before the order was answered"),
        Stop::Gone => CloudError::new(Kind::Blocked, format!("ECS has no service {label} any more")),
        Stop::Unanswered(failure) => failure.into_error(),
    };
    error.state(format!("whether ECS took the order to change {label} is not known")).next(request.events())
}

/// It was given up after it was ordered.
fn left(request: &RolloutRequest, stop: Stop) -> CloudError {
    let label = &request.label;
    let goes_on = format!("the deployment of {label} goes on in AWS");
    let error = match stop {
        Stop::Interrupted => CloudError::new(Kind::Interrupted, "interrupted"),
        Stop::TimedOut => {
            CloudError::new(Kind::TimedOut, format!("{label} was not done when the time was up"))
        }
        Stop::Gone => {
            return CloudError::new(Kind::Failed, format!("{label} was deleted meanwhile"));
        }
        Stop::Unanswered(failure) => failure.into_error(),
    };
    error.state(goes_on).next(request.events())
}

fn refused(failure: ApiFailure) -> CloudError {
    failure.into_error().state("nothing was changed")
}
