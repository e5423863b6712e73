//! What happens in AWS, shown while it happens: as a tree that is drawn again and again where that can be, as plain lines
//! elsewhere, as lines of JSON for programs.
//!
//! A [`View`] shows all stacks of a run; each has a [`Monitor`], which the engine's callbacks talk to.

mod lines;
mod picture;
mod render;
mod screen;
mod tree;
mod words;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use cloud::{ChangeSet, Progress, ResourceEvent};
use serde_json::json;
use tokio::time::MissedTickBehavior;

use self::picture::{Course, Picture};
use crate::printer::{Printer, Shown};
use crate::problem::Problem;

pub(crate) use self::picture::Subject;
pub(crate) use self::screen::Screen;
pub(crate) use self::words::time_text;

/// How often the picture is drawn again; its clocks show seconds.
const TICK: Duration = Duration::from_secs(1);
/// After how much silence plain lines give a sign of life by themselves. The engine gives one after 20 s while an operation
/// runs; this is for what comes before and after.
const SILENCE: Duration = Duration::from_secs(30);

/// Shows the progress of all stacks of a run.
///
/// The callbacks of the engine share it and never run at the same time; hence the cell.
pub(crate) struct View<'a> {
    inner: RefCell<Inner<'a>>,
}

/// Shows the progress of one stack.
pub(crate) struct Monitor<'a> {
    view: Rc<View<'a>>,
    stack: usize,
}

/// While it lives, only its stack speaks; what the others say is kept until it is dropped.
pub(crate) struct Floor<'m, 'a>(&'m Monitor<'a>);

struct Inner<'a> {
    printer: &'a mut Printer,
    shown: Shown,
    screen: Screen,
    pictures: Vec<Picture>,
    /// The stack that has the floor.
    floor: Option<usize>,
    /// Whether somebody is typing.
    paused: bool,
    /// What was said meanwhile.
    kept: Vec<Said>,
    clock: Instant,
    /// When something was last said, by that clock.
    spoke: Duration,
    /// What was last said of each service, so that only news is told.
    services: BTreeMap<(usize, String), Vec<String>>,
}

/// Something for stderr.
enum Said {
    Line(String),
    /// Also with `--quiet`.
    Asked(String),
    Json(serde_json::Value),
    Problem(Problem),
}

impl<'a> View<'a> {
    /// A view of stacks that have not begun.
    pub(crate) fn new(printer: &'a mut Printer, stacks: Vec<Subject>) -> Rc<View<'a>> {
        let inner = Inner {
            shown: printer.shows_progress(),
            printer,
            screen: Screen::new(),
            services: BTreeMap::new(),
            pictures: Picture::all(stacks),
            floor: None,
            paused: false,
            kept: Vec::new(),
            clock: Instant::now(),
            spoke: Duration::ZERO,
        };
        Rc::new(View { inner: RefCell::new(inner) })
    }

    /// The stack at this place begins.
    pub(crate) fn monitor(self: &Rc<Self>, stack: usize) -> Monitor<'a> {
        let mut inner = self.inner.borrow_mut();
        let now = inner.now();
        inner.pictures[stack].begin(now);
        inner.draw();
        Monitor { view: Rc::clone(self), stack }
    }

    /// Waits for `work`, and keeps the clocks on the screen going.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut clock = tokio::time::interval(TICK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = clock.tick() => self.inner.borrow_mut().tick(),
            }
        }
    }
}

impl<'a> Monitor<'a> {
    /// A monitor for the only stack, called `stack`, that writes through `printer`.
    pub(crate) fn new(stack: &str, printer: &'a mut Printer) -> Monitor<'a> {
        let subject = Subject { name: stack.to_owned(), ..Subject::default() };
        View::new(printer, vec![subject]).monitor(0)
    }

    /// Waits for `work`, and keeps the clocks on the screen going.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        self.view.during(work).await
    }

    /// The stack's place among those of the run.
    pub(crate) fn place(&self) -> usize {
        self.stack
    }

    /// What the stack is called among those of the run.
    pub(crate) fn label(&self) -> String {
        self.view.inner.borrow().pictures[self.stack].label.clone()
    }

    /// Whether other stacks are deployed in the same run.
    pub(crate) fn is_one_of_several(&self) -> bool {
        self.view.inner.borrow().several()
    }

    /// Shows what happened.
    pub(crate) fn see(&self, progress: Progress) {
        self.view.inner.borrow_mut().see(self.stack, progress);
    }

    /// Shows in the tree what is done to a resource past CloudFormation, which tells nothing of it.
    pub(crate) fn draw(&self, event: &ResourceEvent) {
        let mut inner = self.view.inner.borrow_mut();
        let now = inner.now();
        inner.pictures[self.stack].see(&Progress::Resource(event.clone()), now);
        inner.draw();
    }

    /// Notes what is about to be changed, so that the tree knows the whole.
    pub(crate) fn plan(&self, set: &ChangeSet) {
        let mut inner = self.view.inner.borrow_mut();
        inner.pictures[self.stack].plan(set);
        inner.draw();
    }

    /// Shows what a question is about, which nobody can do without.
    pub(crate) fn show_always(&self, text: &str) {
        self.view.inner.borrow_mut().say(self.stack, Said::Asked(text.trim_end().to_owned()));
    }

    /// Says what was done, or shows what does not pass by, such as a change set.
    pub(crate) fn say(&self, text: &str) {
        self.view.inner.borrow_mut().say(self.stack, Said::Line(text.trim_end().to_owned()));
    }

    /// Shows a problem that does not stop the stack.
    pub(crate) fn problem(&self, problem: Problem) {
        self.view.inner.borrow_mut().say(self.stack, Said::Problem(problem));
    }

    /// Whether programs read what is said.
    pub(crate) fn is_for_programs(&self) -> bool {
        self.view.inner.borrow().printer.messages_are_json()
    }

    /// Shows a question as data, where programs read.
    pub(crate) fn show_data(&self, data: &serde_json::Value) {
        if self.is_for_programs() {
            let name = self.view.inner.borrow().pictures[self.stack].subject.name.clone();
            let line = serde_json::json!({ "version": 1, "stack": name, "asked": data });
            self.view.inner.borrow_mut().say(self.stack, Said::Json(line));
        }
    }

    /// Asks the others to be silent until the answer is dropped, because this stack has a question.
    pub(crate) fn take_the_floor(&self) -> Floor<'_, 'a> {
        self.view.inner.borrow_mut().floor = Some(self.stack);
        Floor(self)
    }

    /// Takes the picture away, so that a question can be read and answered.
    pub(crate) fn pause(&self) {
        let mut inner = self.view.inner.borrow_mut();
        inner.paused = true;
        inner.pictures[self.stack].course = Course::Asking;
        inner.screen.clear();
    }

    /// Brings the picture back.
    pub(crate) fn resume(&self) {
        self.view.inner.borrow_mut().resume(self.stack);
    }

    /// The operation has ended, or is no longer followed: leaves on the screen how it stands.
    pub(crate) fn settle(&self) {
        self.view.inner.borrow_mut().settle(self.stack);
    }
}

impl Drop for Monitor<'_> {
    fn drop(&mut self) {
        self.settle();
    }
}

impl Drop for Floor<'_, '_> {
    /// Also when the question was given up, because somebody wants to stop.
    fn drop(&mut self) {
        let mut inner = self.0.view.inner.borrow_mut();
        inner.floor = None;
        inner.resume(self.0.stack);
        for said in std::mem::take(&mut inner.kept) {
            inner.say(self.0.stack, said);
        }
    }
}

impl Inner<'_> {
    fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    fn several(&self) -> bool {
        self.pictures.len() > 1
    }

    fn see(&mut self, stack: usize, progress: Progress) {
        let now = self.now();
        let progress = &self.without_secrets(progress);
        self.pictures[stack].see(progress, now);
        let picture = &self.pictures[stack];
        let said: Vec<Said> = match self.shown {
            Shown::Json => {
                let Subject { name, region, .. } = &picture.subject;
                let line = json!({ "version": 1, "stack": name, "region": region, "progress": progress });
                vec![Said::Json(line)]
            }
            Shown::Live => lines::lasting_lines(picture, progress).into_iter().map(Said::Line).collect(),
            Shown::Plain => {
                let mut told = lines::lines(picture, progress, now);
                if let Progress::Service(state) = progress
                    && self.services.insert((stack, state.logical_id.clone()), told.clone()).as_ref()
                        == Some(&told)
                {
                    told.clear();
                }
                told.into_iter().map(|line| Said::Line(self.prefixed(stack, progress, line))).collect()
            }
        };
        let silent = said.is_empty();
        for said in said {
            self.say(stack, said);
        }
        if silent {
            self.draw();
        }
    }

    /// The tree shows a text only as far as there is room: so what it must not show is taken out first, as a whole. What
    /// is not in the tree is left to the printer.
    fn without_secrets(&self, mut progress: Progress) -> Progress {
        let hide = |text: &mut String| {
            if let Cow::Owned(shown) = self.printer.without_secrets(text) {
                *text = shown;
            }
        };
        match &mut progress {
            Progress::Resource(event) => event.reason.iter_mut().for_each(hide),
            Progress::Unreachable { what, .. } => hide(what),
            Progress::Service(state) => {
                for deployment in &mut state.deployments {
                    hide(&mut deployment.task_definition);
                    deployment.rollout_reason.iter_mut().for_each(hide);
                }
            }
            _ => {}
        }
        progress
    }

    /// With several stacks each line says whose it is.
    fn prefixed(&self, stack: usize, progress: &Progress, line: String) -> String {
        let of_the_stack = matches!(
            progress,
            Progress::Phase { .. } | Progress::Heartbeat { .. } | Progress::Expected { .. }
        );
        let of_the_stack =
            of_the_stack || matches!(progress, Progress::Throttled { .. } | Progress::Unreachable { .. });
        if !self.several() || of_the_stack {
            return line;
        }
        format!("{}  {line}", self.pictures[stack].label)
    }

    fn say(&mut self, stack: usize, said: Said) {
        if self.floor.is_some_and(|speaker| speaker != stack) {
            return self.kept.push(said);
        }
        self.spoke = self.now();
        self.screen.clear();
        match said {
            Said::Line(line) => self.printer.status(&line),
            Said::Asked(text) => self.printer.asked(&text),
            Said::Json(value) => self.printer.line_json(&value),
            Said::Problem(problem) => self.printer.problem(&problem),
        }
        self.draw();
    }

    fn draw(&mut self) {
        if self.shown != Shown::Live || self.paused {
            return;
        }
        let (width, height) = self.screen.room();
        let lines = self.tree(width, height);
        self.screen.draw(&lines);
    }

    /// The picture of all stacks, in as many columns and lines.
    fn tree(&self, width: usize, height: usize) -> Vec<String> {
        let mut lines = render::render(&self.pictures, width, height, self.now());
        if !self.printer.colours_progress() {
            for line in &mut lines {
                *line = anstream::adapter::strip_str(line).to_string();
            }
        }
        lines
    }

    fn tick(&mut self) {
        self.draw();
        let now = self.now();
        if self.shown != Shown::Plain || self.paused || now.saturating_sub(self.spoke) < SILENCE {
            return;
        }
        let running = |stack: &usize| self.pictures[*stack].course == Course::Running;
        let running: Vec<usize> = (0..self.pictures.len()).filter(running).collect();
        for stack in running {
            self.say(stack, Said::Line(lines::sign_of_life(&self.pictures[stack], now)));
        }
    }

    fn resume(&mut self, stack: usize) {
        if self.pictures[stack].course == Course::Asking {
            self.pictures[stack].course = Course::Running;
        }
        self.paused = false;
        self.draw();
    }

    fn settle(&mut self, stack: usize) {
        if matches!(self.pictures[stack].course, Course::Ended(_)) {
            return;
        }
        let now = self.now();
        self.pictures[stack].end(now);
        let alone = !self.several();
        if self.shown == Shown::Live && self.pictures[stack].has_moved() {
            for line in render::ended(&self.pictures[stack], alone, now) {
                self.say(stack, Said::Line(line));
            }
        }
        self.draw();
    }
}

impl Drop for Inner<'_> {
    fn drop(&mut self) {
        self.screen.clear();
    }
}

#[cfg(test)]
mod secrets;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cloud::{Phase, Timestamp};
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_kind_of_line_is_in_the_documentation_and_no_other() {
        let documentation = include_str!("../../../docs/progress.md");
        let (_, table) = documentation.split_once("| the object has |").unwrap();
        let (table, _) = table.split_once("\n\n").unwrap();
        let told: BTreeSet<&str> =
            table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let sources = [
            include_str!("mod.rs"),
            include_str!("../../printer.rs"),
            include_str!("../../commands/destroy.rs"),
        ];
        // A kind is the last key of an object that is written in one line.
        let kinds = sources.iter().flat_map(|source| source.lines()).filter_map(|line| {
            let (_, object) = line.split_once("{ \"version\": 1, ")?;
            let (before, _) = object.rsplit_once("\":")?;
            before.rsplit('"').next()
        });
        let mut written: BTreeSet<&str> = kinds.collect();
        written.insert("exit");
        assert_eq!(told, written);
    }

    #[test]
    fn every_event_is_in_the_documentation_of_the_json_lines() {
        let events = [
            Progress::Phase { phase: Phase::CleaningUp },
            Progress::Throttled { retry_in: TICK },
            Progress::Unreachable { what: String::new(), retry_in: TICK },
            Progress::Heartbeat { elapsed: TICK, in_progress: vec![] },
            Progress::Expected { total: TICK, operations: 1 },
            Progress::Repeats { logical_id: String::new(), reason: String::new(), times: 3 },
            Progress::Note { text: String::new() },
            Progress::TaskStopped(cloud::StoppedTask {
                service: String::new(),
                deployment: None,
                logical_id: String::new(),
                task: String::new(),
                task_definition: String::new(),
                stopped: Some(Timestamp(0)),
                code: Some(String::new()),
                reason: Some(String::new()),
                containers: vec![],
            }),
        ];
        let documentation = include_str!("../../../docs/progress.md");
        for event in events {
            let Value::Object(fields) = serde_json::to_value(&event).unwrap() else { panic!("{event:?}") };
            let name = fields["event"].as_str().unwrap();
            // Another table of the page has words of the same name.
            let rows = documentation.lines().filter(|line| line.starts_with(&format!("| `{name}` |")));
            let tells = |row: &str| {
                let mut told = fields.keys().filter(|field| *field != "event");
                told.all(|field| row.contains(&format!("`{field}`")))
            };
            assert!(rows.into_iter().any(tells), "{name}: {fields:?}");
        }
    }
}
