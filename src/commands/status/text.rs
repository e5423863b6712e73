//! The screen: lines that are read without colours, for any number of columns.

use std::fmt::Write as _;
use std::time::Duration;

use cloud::{Alarm, RunningTask, ServiceDeployment, Timestamp, Usage, Used};
use unicode_width::UnicodeWidthStr;

use super::look::tasks;
use super::view::{Image, NotDeployed, Operation, Service, Stack, Status, Targets, Told};
use crate::aws::time_text;
use crate::commands::events_text::date;
use crate::printer::wrapped;
use crate::problem::Printable;

/// How wide the column of names is.
const NAMES: usize = 9;
/// How many targets or alarms that are not well are shown one by one.
const SHOWN: usize = 8;

/// How much of a digest is shown: `sha256:` and 12 digits.
pub(in crate::commands) const SHORT: usize = 19;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Well,
    /// Not well: `!`.
    Bad,
    /// Not known: `?`.
    Unknown,
}

/// One line of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    /// Which stack, and which service of it.
    pub(super) place: String,
    /// What it is about; the lines that follow with the same name belong together.
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) mark: Mark,
}

impl Fact {
    /// The fact as a line by itself.
    pub(super) fn line(&self) -> String {
        format!("{}{}: {}: {}", self.mark.sign(), self.place, self.name, Printable(&self.text))
    }
}

impl Mark {
    const fn sign(self) -> &'static str {
        match self {
            Mark::Well => "  ",
            Mark::Bad => "! ",
            Mark::Unknown => "? ",
        }
    }
}

impl Stack {
    /// Whether all of it is known and well.
    pub(super) fn is_well(&self) -> bool {
        self.facts().iter().all(|(_, fact)| fact.mark == Mark::Well)
    }

    /// What there is to say, with how deep it stands.
    fn facts(&self) -> Vec<(usize, Fact)> {
        let mut facts = Facts { place: self.name.clone(), depth: 1, all: Vec::new() };
        let since = self.changed.map(|time| format!(" since {}", date(time))).unwrap_or_default();
        let reason = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let mark = if is_steady(&self.state) { Mark::Well } else { Mark::Bad };
        facts.add(mark, "state", format!("{}{since}{reason}", self.state));
        facts.told("changes", &self.deployments, |facts, operations| {
            for operation in operations {
                facts.add(Mark::Well, "changes", operation.text());
            }
        });
        facts.told("services", &self.services, |facts, services| {
            for service in services {
                facts.place = format!("{} {}", self.name, service.name);
                facts.depth = 2;
                service.facts(facts);
            }
            (facts.place, facts.depth) = (self.name.clone(), 1);
        });
        facts.told("alarms", &self.alarms, |facts, alarms| alarm_facts(facts, alarms));
        for address in &self.addresses {
            facts.add(Mark::Well, "address", format!("{} {}", address.name, address.url));
        }
        facts.all
    }
}

/// Facts that are being put together.
struct Facts {
    place: String,
    depth: usize,
    all: Vec<(usize, Fact)>,
}

impl Facts {
    fn add(&mut self, mark: Mark, name: &'static str, text: String) {
        self.all.push((self.depth, Fact { place: self.place.clone(), name, text, mark }));
    }

    fn told<T>(&mut self, name: &'static str, told: &Told<T>, known: impl FnOnce(&mut Facts, &T)) {
        match told {
            Told::Known(value) => known(self, value),
            Told::Unknown { unknown } => self.add(Mark::Unknown, name, format!("not known: {unknown}")),
        }
    }
}

/// Whether a stack's state is one in which nothing runs and nothing failed.
pub(in crate::commands) fn is_steady(state: &str) -> bool {
    matches!(state, "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE")
}

impl Operation {
    fn text(&self) -> String {
        let took = self.ended.and_then(|ended| u64::try_from(ended.0 - self.began.0).ok());
        let took = took.map(|took| format!(", took {}", time_text(std::time::Duration::from_millis(took))));
        let (took, kind) = (took.unwrap_or_default(), &self.kind);
        format!("{} {kind} {}{took} ({})", date(self.began), self.outcome.text(), self.id)
    }
}

impl Service {
    fn facts(&self, facts: &mut Facts) {
        self.count_facts(facts);
        for deployment in &self.rollout {
            facts.add(rollout_mark(deployment), "rollout", rollout_text(deployment));
        }
        if let Some(tasks) = &self.tasks {
            facts.told("task", tasks, |facts, tasks| {
                for task in tasks {
                    facts.add(task_mark(task), "task", task_text(task));
                }
            });
        }
        facts.told("health", &self.targets, |facts, groups| health_facts(facts, groups));
        facts.told("image", &self.images, |facts, images| {
            for image in images {
                image.facts(facts);
            }
        });
        facts.told("secrets", &self.newer_secrets, |facts, secrets| {
            for secret in secrets {
                let text = format!(
                    "{} changed {}, {} older: `docuthinker redeploy {}`",
                    secret.variable,
                    date(secret.changed),
                    if secret.tasks == 1 {
                        "1 task is".to_owned()
                    } else {
                        format!("{} are", tasks(secret.tasks))
                    },
                    self.name
                );
                facts.add(Mark::Bad, "secrets", text);
            }
        });
        if let Some(usage) = &self.usage {
            facts.told("usage", usage, |facts, usage| facts.add(Mark::Well, "usage", usage_text(usage)));
        }
        let said = self.message.as_ref().filter(|message| !message.message.contains("steady state"));
        if let Some(message) = said {
            let time = message.time.map(|time| format!("{} ", date(time))).unwrap_or_default();
            facts.add(Mark::Well, "ECS says", format!("{time}{}", message.message));
        }
    }

    fn count_facts(&self, facts: &mut Facts) {
        let count = &self.count;
        let pending = if count.pending > 0 { format!(" ({} pending)", count.pending) } else { String::new() };
        let declared = match count.declared {
            _ if count.autoscaled => format!(", set by autoscaling{}", count.bound()),
            Some(declared) if declared != count.desired => format!("; the stack declares {declared}"),
            _ => String::new(),
        };
        let status = if self.status == "ACTIVE" { String::new() } else { format!(", {}", self.status) };
        let well = count.running >= count.desired && self.status == "ACTIVE" && !count.is_drifted();
        let text = format!("{} of {} running{pending}{declared}{status}", count.running, count.desired);
        facts.add(if well { Mark::Well } else { Mark::Bad }, "tasks", text);
    }
}

/// A task that begins or ends is no sign of trouble.
fn task_mark(task: &RunningTask) -> Mark {
    if task.health == "UNHEALTHY" { Mark::Bad } else { Mark::Well }
}

fn task_text(task: &RunningTask) -> String {
    let since = task.started.map(|time| format!(" since {}", date(time))).unwrap_or_default();
    // Without checks of its own, a task has no health.
    let health = if task.health == "UNKNOWN" { String::new() } else { format!(", {}", task.health) };
    let revision = task.task_definition.rsplit('/').next().unwrap_or_default();
    let address = task.address.as_ref().map(|address| format!(", {address}")).unwrap_or_default();
    // Those of AWS say again what is said already.
    let tags = task.tags.iter().filter(|(name, _)| !name.starts_with("aws:"));
    let tags: Vec<String> = tags.map(|(name, value)| format!("{name}={value}")).collect();
    let tags = if tags.is_empty() { String::new() } else { format!(" [{}]", tags.join(", ")) };
    format!("{} {}{health}{since}, {revision}{address}{tags}", task.id(), task.status)
}

fn rollout_mark(deployment: &ServiceDeployment) -> Mark {
    let over = deployment.rollout.as_deref().is_none_or(|rollout| rollout == "COMPLETED");
    if over && deployment.failed == 0 && deployment.status == "PRIMARY" { Mark::Well } else { Mark::Bad }
}

fn rollout_text(deployment: &ServiceDeployment) -> String {
    let rollout = deployment.rollout.as_deref().unwrap_or("no state");
    let since = deployment.created.map(|time| format!(" since {}", date(time))).unwrap_or_default();
    let definition = deployment.task_definition.rsplit('/').next().unwrap_or_default();
    let failed = match deployment.failed {
        0 => String::new(),
        failed => format!(", {failed} failed to start"),
    };
    let reason = deployment.rollout_reason.as_ref().filter(|_| rollout != "COMPLETED");
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{} {rollout}{since}, {definition}{failed}{reason} ({})", deployment.status, deployment.id)
}

/// What a service uses: how it went, the mean and the most.
fn usage_text(usage: &Usage) -> String {
    let words = |used: &Option<Used>| match used {
        None => "not measured".to_owned(),
        Some(used) => {
            let line: String = used.parts.iter().map(|part| bar(*part)).collect();
            format!("{line} {:.0} % on average, {:.0} % at most", used.average, used.most)
        }
    };
    let during = time_text(Duration::from_secs(usage.seconds));
    format!("CPU {}; memory {}; during {during}", words(&usage.cpu), words(&usage.memory))
}

/// A part of 100 percent, as high as it is.
fn bar(percent: f64) -> char {
    let bars = [(12.5, '▁'), (25.0, '▂'), (37.5, '▃'), (50.0, '▄'), (62.5, '▅'), (75.0, '▆'), (87.5, '▇')];
    bars.into_iter().find(|(below, _)| percent < *below).map_or('█', |(_, bar)| bar)
}

fn health_facts(facts: &mut Facts, groups: &[Targets]) {
    for group in groups {
        // Targets that are taken away are no sign of trouble.
        let here = group.targets.iter().filter(|target| target.state != "draining");
        let (healthy, others): (Vec<_>, Vec<_>) = here.partition(|target| target.state == "healthy");
        let all = healthy.len() + others.len();
        let mark = if others.is_empty() && all > 0 { Mark::Well } else { Mark::Bad };
        // An own name in `targetgroup/NAME/ID`.
        let name = group.target_group.split('/').nth(1).unwrap_or(&group.target_group);
        let text = match all {
            0 => format!("no targets in {name}"),
            all => format!("{} of {all} healthy in {name}", healthy.len()),
        };
        facts.add(mark, "health", text);
        for target in others.iter().take(SHOWN) {
            let port = target.port.map(|port| format!(":{port}")).unwrap_or_default();
            let reason = target.reason.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            let words = target.description.as_ref().map(|words| format!(": {words}")).unwrap_or_default();
            facts.add(
                Mark::Bad,
                "health",
                format!("{}{port} {}{words}{reason}", target.target, target.state),
            );
        }
        more(facts, "health", others.len());
    }
}

/// Says how many are left out.
fn more(facts: &mut Facts, name: &'static str, all: usize) {
    if all > SHOWN {
        facts.add(Mark::Bad, name, format!("and {} more", all - SHOWN));
    }
}

impl Image {
    fn facts(&self, facts: &mut Facts) {
        let declared = self.declared.as_deref().unwrap_or("no image");
        facts.add(Mark::Well, "image", format!("{} {declared}", self.container));
        for running in &self.running {
            if let Some(digest) = running.digest.as_deref().filter(|digest| !declared.ends_with(*digest)) {
                let of_digest = if declared.contains('@') { ", declared by another digest" } else { "" };
                let (short, tasks) = (digest.get(..SHORT).unwrap_or(digest), tasks(running.tasks));
                facts.add(Mark::Well, "image", format!("runs {short} in {tasks}{of_digest}"));
            }
        }
        for drift in &self.drift {
            facts.add(Mark::Bad, "image", format!("not as declared: {drift}"));
        }
        if let Some(setting) = self.setting.as_ref().filter(|setting| !setting.deployed) {
            let text = format!("{} is {}: not deployed yet", setting.name, setting.value);
            facts.add(Mark::Well, "image", text);
        }
    }
}

fn alarm_facts(facts: &mut Facts, alarms: &[Alarm]) {
    if alarms.is_empty() {
        return;
    }
    let count = |state: &str| alarms.iter().filter(|alarm| alarm.state == state).count();
    let counts = ["OK", "ALARM", "INSUFFICIENT_DATA"].map(|state| (count(state), state));
    let counts = counts.iter().filter(|(number, _)| *number > 0);
    let text: Vec<String> = counts.map(|(number, state)| format!("{number} {state}")).collect();
    let mark = if count("ALARM") > 0 { Mark::Bad } else { Mark::Well };
    facts.add(mark, "alarms", text.join(", "));
    let ringing: Vec<&Alarm> = alarms.iter().filter(|alarm| alarm.state == "ALARM").collect();
    for alarm in ringing.iter().take(SHOWN) {
        let since = alarm.since.map(|time: Timestamp| format!(" since {}", date(time))).unwrap_or_default();
        let reason = alarm.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        facts.add(Mark::Bad, "alarms", format!("{}{since}{reason}", alarm.name));
    }
    more(facts, "alarms", ringing.len());
}

/// All lines, each by itself: for telling what changed.
pub(super) fn facts(status: &Status) -> Vec<Fact> {
    let facts = status.stacks.iter().flat_map(super::view::Stack::facts).map(|(_, fact)| fact);
    facts.chain(status.not_deployed.iter().map(NotDeployed::fact)).collect()
}

impl NotDeployed {
    fn fact(&self) -> Fact {
        Fact { place: self.name.clone(), name: "state", text: "not deployed".to_owned(), mark: Mark::Well }
    }
}

/// The screen, with lines of at most so many columns if the number is given. `told` completes the commands that texts name,
/// before their lines are broken.
pub(super) fn screen(status: &Status, columns: Option<usize>, told: &dyn Fn(&str) -> String) -> String {
    let mut text = String::new();
    for stack in &status.stacks {
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "{} in {}", Printable(&stack.name), Printable(&stack.region));
        let mut place = stack.name.clone();
        let mut name = "";
        for (depth, fact) in stack.facts() {
            if fact.place != place {
                if let Some(service) = fact.place.strip_prefix(&format!("{} ", stack.name)) {
                    let _ = writeln!(text, "  {}", Printable(service));
                }
                (place, name) = (fact.place.clone(), "");
            }
            let shown = if fact.name == name { "" } else { fact.name };
            let indent = depth * 2;
            let before = format!("{}{:indent$}{shown:NAMES$} ", fact.mark.sign(), "", indent = indent - 2);
            let at = before.width();
            let line = wrapped(at, at, &Printable(&told(&fact.text)).to_string(), columns);
            let _ = writeln!(text, "{}", format!("{before}{line}").trim_end());
            name = fact.name;
        }
    }
    for (at, stack) in status.not_deployed.iter().enumerate() {
        let before = if at == 0 && !status.stacks.is_empty() { "\n" } else { "" };
        let line = format!("{} in {}: not deployed", Printable(&stack.name), Printable(&stack.region));
        let _ = writeln!(text, "{before}{}", wrapped(0, 2, &line, columns));
    }
    let _ = writeln!(text, "\n{}", summary(status));
    text
}

/// In a few words, how all of it is.
pub(super) fn summary(status: &Status) -> String {
    let deployed = deployed_words(status);
    match status.not_deployed.len() {
        0 => deployed,
        1 => format!("{deployed}; 1 stack is not deployed"),
        number => format!("{deployed}; {number} stacks are not deployed"),
    }
}

fn deployed_words(status: &Status) -> String {
    let all = facts(status);
    let count = |mark| all.iter().filter(|fact| fact.mark == mark).count();
    match (count(Mark::Bad), count(Mark::Unknown)) {
        (0, 0) => "all is well".to_owned(),
        (bad, 0) => format!("not all is well: {bad} marked with !"),
        (0, unknown) => format!("not all is known: {unknown} marked with ?"),
        (bad, unknown) => format!("not all is well: {bad} marked with !, {unknown} not known (?)"),
    }
}

#[cfg(test)]
pub(super) mod tests;
