//! What runs beside the stacks: tasks, targets of load balancers, alarms, and what containers wrote.

use serde_json::Value;

use crate::live_tail::Script;
use crate::scenario::Scenario;

/// What a test says of it. All of it can be changed while the endpoint runs.
#[derive(Debug, Default)]
pub(crate) struct Running {
    /// The logical id of a service, and a task of it in ECS's form.
    pub(crate) tasks: Vec<(String, Value)>,
    /// The logical id of a target group, and a target.
    pub(crate) targets: Vec<(String, Target)>,
    /// The name of an alarm, its state and the reason.
    pub(crate) alarms: Vec<(String, String, String)>,
    /// The name of a service, that of a metric, and its values, oldest first.
    pub(crate) metrics: Vec<(String, String, Vec<f64>)>,
    /// The cluster and the name of a service, and what Application Auto Scaling did to it, in AWS's form.
    pub(crate) scaled: Vec<(String, Value)>,
    /// What was written, in the order in which it came in.
    pub(crate) log: Vec<Line>,
    /// How live tails of it go, if there are any.
    pub(crate) tail: Option<Script>,
}

/// A registered target.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) reason: Option<(String, String)>,
}

/// Something that a container wrote.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) group: String,
    pub(crate) stream: String,
    /// In milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) message: String,
}

impl Scenario {
    /// The service with this logical id has a task. `task` is ECS's form of it; what is left out is that of a healthy task
    /// that runs (`id` is the last part of its ARN). As soon as a service has tasks, they are its counts. With `us-west-2/Id`
    /// only the service of that region is meant; the same holds for targets.
    pub fn task(mut self, service: &str, task: Value) -> Scenario {
        self.running.tasks.push((service.to_owned(), task));
        self
    }

    /// The target group with this logical id has a target in this state (`healthy`, `unhealthy`, …), and AWS's code and words
    /// for the reason.
    pub fn target(mut self, group: &str, id: &str, state: &str, reason: Option<(&str, &str)>) -> Scenario {
        let reason = reason.map(|(code, words)| (code.to_owned(), words.to_owned()));
        let target = Target { id: id.to_owned(), state: state.to_owned(), reason };
        self.running.targets.push((group.to_owned(), target));
        self
    }

    /// The alarm with this name is in this state (`OK`, `ALARM`, `INSUFFICIENT_DATA`); what is said last counts. Alarms of
    /// stacks are `OK` by default.
    pub fn alarm(mut self, name: &str, state: &str, reason: &str) -> Scenario {
        self.running.alarms.push((name.to_owned(), state.to_owned(), reason.to_owned()));
        self
    }

    /// The service with this name has these values of a metric, such as `CPUUtilization`, oldest first; whatever statistic is
    /// asked for.
    pub fn metric(mut self, service: &str, name: &str, values: &[f64]) -> Scenario {
        self.running.metrics.push((service.to_owned(), name.to_owned(), values.to_vec()));
        self
    }

    /// There are live tails: an update has `most` events at most, and a session ends after so many updates.
    pub fn live_tail(mut self, most: usize, updates: usize) -> Scenario {
        self.running.tail = Some(Script { most, updates });
        self
    }

    /// A container wrote something into a log stream, at a time in milliseconds since 1970.
    pub fn log(mut self, group: &str, stream: &str, at: i64, message: &str) -> Scenario {
        let (group, stream, message) = (group.to_owned(), stream.to_owned(), message.to_owned());
        self.running.log.push(Line { group, stream, at, message });
        self
    }
}
