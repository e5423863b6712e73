//! How often a deployment of a hundred resources asks, and how soon it sees the end, on a clock that the test turns.

use super::*;
use crate::engine::fake::{STACK, event};
use crate::engine::machine::{Machine, Next};
use crate::engine::progress::ResourceEvent;

/// What a call takes to AWS and back.
const CALL: Duration = Duration::from_millis(150);
/// As many events as AWS tells at once.
const PAGE: usize = 100;

/// A stack that is being created: what happens when, since the execution.
struct Timeline {
    events: Vec<(Duration, ResourceEvent)>,
    executed: Option<Duration>,
    now: Duration,
    calls: usize,
}

/// How a deployment went.
struct Went {
    calls: usize,
    /// From the execution to the last event.
    ran: Duration,
    /// From the last event to the end of the deployment.
    told_after: Duration,
    /// How many events the engine keeps.
    kept: usize,
}

impl Timeline {
    /// A hundred resources: small ones in half a minute, a load balancer, then two services that take `services`.
    fn new(services: Duration) -> Timeline {
        Timeline::with(97, services)
    }

    /// The same with so many small resources.
    fn with(small: u64, services: Duration) -> Timeline {
        let seconds = Duration::from_secs;
        let mut timeline = Timeline { events: Vec::new(), executed: None, now: Duration::ZERO, calls: 0 };
        timeline.add(seconds(0), "S", "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS");
        for number in 0..small {
            let begin = Duration::from_millis(500 + 200 * number);
            timeline.resource(&format!("Small{number}"), "AWS::CloudWatch::Alarm", begin, begin + seconds(8));
        }
        let balancer = (seconds(20), seconds(170));
        timeline.resource("Balancer", "AWS::ElasticLoadBalancingV2::LoadBalancer", balancer.0, balancer.1);
        for id in ["One", "Two"] {
            timeline.resource(id, "AWS::ECS::Service", balancer.1 + seconds(1), balancer.1 + services);
        }
        timeline.add(
            balancer.1 + services + seconds(1),
            "S",
            "AWS::CloudFormation::Stack",
            "CREATE_COMPLETE",
        );
        timeline.events.sort_by_key(|(at, _)| *at);
        timeline
    }

    fn resource(&mut self, id: &str, kind: &str, begin: Duration, end: Duration) {
        for (at, status) in
            [(begin, "CREATE_IN_PROGRESS"), (begin, "CREATE_IN_PROGRESS"), (end, "CREATE_COMPLETE")]
        {
            self.add(at, id, kind, status);
        }
    }

    fn add(&mut self, at: Duration, id: &str, kind: &str, status: &str) {
        let number = self.events.len();
        let time = Timestamp(CREATED + 1 + i64::try_from(at.as_millis()).unwrap());
        let physical_id = if id == "S" { STACK.to_owned() } else { format!("physical-{id}") };
        let event = ResourceEvent {
            id: format!("{number}"),
            time,
            resource_type: kind.to_owned(),
            physical_id: Some(physical_id),
            ..event(number, id, status, "")
        };
        self.events.push((at, event));
    }

    fn ran(&self) -> Duration {
        self.events.last().unwrap().0
    }

    /// The events so far, newest first.
    fn so_far(&self) -> Vec<ResourceEvent> {
        let Some(executed) = self.executed else { return Vec::new() };
        let passed = self.now.saturating_sub(executed);
        self.events.iter().rev().filter(|(at, _)| *at <= passed).map(|(_, event)| event.clone()).collect()
    }

    fn stack(&self) -> Option<crate::engine::request::StackDescription> {
        let status =
            self.so_far().iter().find(|event| event.logical_id == "S").map(|event| event.status.clone());
        let announced = self.calls > 2;
        status.or_else(|| announced.then(|| "REVIEW_IN_PROGRESS".to_owned())).map(|status| stack(&status))
    }

    /// Deploys; `dice` stands for chance.
    fn run(mut self, dice: f64) -> Went {
        let mut machine = plan(|_| {});
        let mut fake = Fake::new(None);
        let mut seen = Observation::Begin;
        let mut told = 0;
        loop {
            let moment = Moment { elapsed: self.now, dice, cancelled: false };
            let turn = machine.step(moment, seen);
            told += turn.say.iter().filter(|news| matches!(news, Progress::Resource(_))).count();
            machine = turn.machine;
            let action = match turn.next {
                Next::Do(action) => action,
                Next::End(result) => {
                    result.unwrap();
                    let ran = self.ran();
                    let told_after = self.now.saturating_sub(self.executed.unwrap() + ran);
                    return Went { calls: self.calls, ran, told_after, kept: told };
                }
            };
            if let Action::Sleep(pause) = action {
                self.now += pause;
                seen = Observation::Slept;
                continue;
            }
            if !matches!(action, Action::Ask(_)) {
                self.now += CALL;
                // What is asked of ECS has no counterpart.
                self.calls += usize::from(!matches!(action, Action::LookAtServices(_)));
            }
            seen = match action {
                Action::DescribeStack(_) => Observation::Stack(Ok(self.stack())),
                Action::Events(_) => Observation::Events(Ok(self.pages(&machine))),
                Action::LookAtServices(_) => Observation::Services(Ok(Vec::new())),
                Action::Execute { .. } => {
                    self.executed = Some(self.now);
                    Observation::Done(Ok(()))
                }
                action => fake.done(&action),
            };
        }
    }

    fn pages(&mut self, machine: &Deploy) -> Vec<ResourceEvent> {
        let all = self.so_far();
        let mut told = Vec::new();
        for page in all.chunks(PAGE) {
            told.extend_from_slice(page);
            if told.len() == all.len() || !machine.wants_older(&told, page) {
                break;
            }
            self.now += CALL;
            self.calls += 1;
        }
        told
    }
}

/// The calls of the CDK for a creation that takes this long: the change set and then the stack every five seconds, the
/// events every two, and the two orders.
fn calls_of_the_cdk(ran: Duration) -> usize {
    let every = |seconds: u64| usize::try_from(ran.as_secs() / seconds).unwrap() + 1;
    2 + 2 + every(5) + every(2)
}

#[test]
fn half_of_the_calls_of_the_cdk_are_enough() {
    for services in [60, 120, 300] {
        let went = Timeline::new(Duration::from_secs(services)).run(0.5);
        let theirs = calls_of_the_cdk(went.ran);
        assert!(went.calls * 2 <= theirs, "{} calls in {:?}, the CDK's {theirs}", went.calls, went.ran);
    }
}

#[test]
fn the_end_is_told_within_two_and_a_half_seconds_in_the_middle() {
    let mut delays: Vec<Duration> = (0..40_u32)
        .map(|number| {
            let services = Duration::from_millis(60_000 + 731 * u64::from(number));
            Timeline::new(services).run(f64::from(number % 10) / 10.0).told_after
        })
        .collect();
    delays.sort_unstable();
    assert!(delays[20] <= Duration::from_millis(2500), "the median is {:?}", delays[20]);
    assert!(delays[39] <= Duration::from_secs(8), "the longest is {:?}", delays[39]);
}

#[test]
fn a_wait_of_three_hours_keeps_nothing_but_the_events() {
    let went = Timeline::with(7, Duration::from_hours(3)).run(0.5);
    assert_eq!(went.kept, 2 + 10 * 3, "each event is told once");
    assert!(went.calls < 4000, "{}", went.calls);
}
