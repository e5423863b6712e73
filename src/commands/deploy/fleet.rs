//! All stacks of a run: side by side where nothing stands between them, and none begins after the first failure.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use cloud::Connection;

use super::Plan;
use super::one::{self, Deployed, Run};
use super::schedule::{Because, State, dependencies, schedule};
use super::summary::{End, Row};
use crate::aws::View;
use crate::exit::Exit;
use crate::problem::{Failure, Result};

/// A stack and where it goes.
pub(super) struct Member {
    pub(super) plan: Plan,
    pub(super) connection: Connection,
}

/// How the run stands.
struct Board {
    names: Vec<(String, String)>,
    states: Vec<State>,
    ends: Vec<Option<(Duration, End)>>,
    stop: Option<Because>,
}

/// Deploys all `members`, at most `limit` at a time, and tells how each ended. Never ends before those that were begun.
pub(super) async fn deploy(
    members: Vec<Member>,
    limit: usize,
    run: &Run<'_>,
    view: &Rc<View<'_>>,
) -> Vec<Row> {
    let after = {
        let named: Vec<_> =
            members.iter().map(|member| (member.plan.name.as_str(), member.plan.depends_on())).collect();
        dependencies(&named)
    };
    let mut board = Board::new(&members);
    let mut members: Vec<Option<Member>> = members.into_iter().map(Some).collect();
    let mut running: Vec<Pin<Box<_>>> = Vec::new();
    loop {
        if run.cancel.is_cancelled() {
            board.stop.get_or_insert(Because::Interrupted);
        }
        let turn = schedule(&after, &board.states, board.stop, limit);
        for (stack, because) in turn.skip {
            board.skip(stack, because);
        }
        for stack in turn.start {
            board.states[stack] = State::Running;
            running.extend(members[stack].take().map(|member| Box::pin(begin(stack, member, run, view))));
        }
        let Some((stack, took, result)) = first_of(&mut running).await else { break };
        board.end(stack, took, result, run);
    }
    board.rows()
}

/// Waits for whichever ends first, and takes it out; nothing if there is none.
///
/// All are looked at whenever one has news, which costs nothing beside a question to AWS.
async fn first_of<F: Future>(running: &mut Vec<Pin<Box<F>>>) -> Option<F::Output> {
    if running.is_empty() {
        return None;
    }
    let (at, output) = poll_fn(|context| {
        for (at, future) in running.iter_mut().enumerate() {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready((at, output));
            }
        }
        Poll::Pending
    })
    .await;
    drop(running.swap_remove(at));
    Some(output)
}

async fn begin(
    stack: usize,
    member: Member,
    run: &Run<'_>,
    view: &Rc<View<'_>>,
) -> (usize, Duration, Result<Deployed>) {
    let began = Instant::now();
    let monitor = view.monitor(stack);
    let mut result = Box::pin(one::deploy(member.plan, &member.connection, run, &monitor)).await;
    if let Err(failure) = &mut result
        && monitor.is_one_of_several()
    {
        monitor.say(&format!(
            "{} is not deployed (exit code {}); why is told at the end",
            monitor.label(),
            failure.exit.code()
        ));
        name_the_stack(failure, &monitor.label());
    }
    (stack, began.elapsed(), result)
}

/// Among several stacks, a failure that names none must say whose it is.
fn name_the_stack(failure: &mut Failure, label: &str) {
    let Some(problem) = failure.problems.last_mut() else { return };
    if problem.at.is_empty() && !problem.message.contains(label) {
        problem.at.push(label.to_owned());
    }
}

impl Board {
    fn new(members: &[Member]) -> Board {
        let name = |member: &Member| (member.plan.name.clone(), member.connection.identity().region.clone());
        Board {
            names: members.iter().map(name).collect(),
            states: vec![State::Waiting; members.len()],
            ends: members.iter().map(|_| None).collect(),
            stop: None,
        }
    }

    fn skip(&mut self, stack: usize, because: Because) {
        self.states[stack] = State::Skipped;
        self.ends[stack] = Some((Duration::ZERO, End::Skipped(self.reason(because))));
    }

    fn end(&mut self, stack: usize, took: Duration, result: Result<Deployed>, run: &Run<'_>) {
        let (state, end) = match result {
            Ok(deployed) => (State::Done, End::Deployed(deployed)),
            Err(_) if run.desk.has_turned_away(stack) => {
                let because = self.stop.unwrap_or(Because::Interrupted);
                (State::Skipped, End::Skipped(self.reason(because)))
            }
            Err(failure) => (State::Failed, End::Failed(failure)),
        };
        let failed = match &end {
            End::Failed(failure) => Some(because(stack, failure)),
            _ => None,
        };
        self.states[stack] = state;
        self.ends[stack] = Some((took, end));
        if let Some(because) = failed {
            let because = *self.stop.get_or_insert(because);
            run.desk.close(self.reason(because));
        }
    }

    /// In words; the region only where the name alone would not do.
    fn reason(&self, because: Because) -> String {
        match because {
            Because::Interrupted => "interrupted before it began".to_owned(),
            Because::Failed(stack) => {
                let (name, region) = &self.names[stack];
                let alone = self.names.iter().filter(|(other, _)| other == name).count() == 1;
                let place = if alone { String::new() } else { format!(" in {region}") };
                let failed =
                    matches!(&self.ends[stack], Some((_, End::Failed(it))) if it.exit == Exit::Failed);
                let how = if failed { "failed" } else { "was not deployed" };
                format!("because {name}{place} {how}")
            }
        }
    }

    fn rows(self) -> Vec<Row> {
        // A stack without an end waited for itself, which synthesis refuses.
        let end = |end: Option<(Duration, End)>| {
            end.unwrap_or_else(|| (Duration::ZERO, End::Skipped("because it waits for itself".to_owned())))
        };
        let row = |((name, region), (took, end))| Row { name, region, took, end };
        self.names.into_iter().zip(self.ends.into_iter().map(end)).map(row).collect()
    }
}

fn because(stack: usize, failure: &Failure) -> Because {
    if failure.exit == Exit::Interrupted { Because::Interrupted } else { Because::Failed(stack) }
}
