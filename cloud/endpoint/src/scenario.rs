//! The script of a test: what there is at the start, how long things take, and what goes wrong.

mod parts;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;

use crate::faults::Fault;
use crate::iam::Denial;
use crate::json_services::ecr::Ecr;
use crate::json_services::secrets::Given;
use crate::json_services::{JsonAnswer, JsonScript};
use crate::rollouts::RolloutScript;
use crate::running::Running;

pub(crate) use parts::{Drift, InitialStack, Outcome, Phase, Script};

/// What the endpoint shall be and do. Start with [`Scenario::new`], then say what differs from the defaults.
#[derive(Debug)]
pub struct Scenario {
    pub(crate) account: String,
    pub(crate) accounts: BTreeMap<String, String>,
    pub(crate) region: String,
    pub(crate) stacks: Vec<InitialStack>,
    pub(crate) nested: BTreeMap<String, String>,
    /// The policies of stacks, by their names.
    pub(crate) policies: BTreeMap<String, String>,
    pub(crate) buckets: Vec<String>,
    pub(crate) scripts: Vec<Script>,
    pub(crate) invalid: Vec<(String, String)>,
    pub(crate) failing_sets: Vec<(String, String)>,
    pub(crate) nested_sets: bool,
    pub(crate) faults: Vec<Fault>,
    pub(crate) json: Vec<JsonScript>,
    pub(crate) physical_ids: BTreeMap<String, String>,
    pub(crate) replaced: BTreeSet<String>,
    pub(crate) foreign: Vec<(String, Duration)>,
    pub(crate) delay: Duration,
    pub(crate) delays: BTreeMap<String, Duration>,
    pub(crate) change_set_delay: Duration,
    pub(crate) start_delay: Duration,
    pub(crate) pages: RangeInclusive<usize>,
    pub(crate) speed: f64,
    pub(crate) manual: bool,
    pub(crate) skew_seconds: i64,
    pub(crate) seed: u64,
    pub(crate) rollback_keeps_token: bool,
    pub(crate) mfa: Option<String>,
    pub(crate) rate_limits: BTreeMap<String, (f64, f64)>,
    pub(crate) drifts: Vec<(String, Drift)>,
    pub(crate) detection_delay: Duration,
    pub(crate) failed_detection: Option<String>,
    pub(crate) detections: Vec<(String, Duration)>,
    pub(crate) ecr: Ecr,
    pub(crate) secrets: BTreeMap<String, Given>,
    pub(crate) rollouts: RolloutScript,
    pub(crate) running: Running,
    pub(crate) denials: Vec<Denial>,
    /// By code.
    pub(crate) quotas: BTreeMap<String, f64>,
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario {
            account: "123456789012".to_owned(),
            accounts: BTreeMap::new(),
            region: "us-east-1".to_owned(),
            stacks: Vec::new(),
            nested: BTreeMap::new(),
            policies: BTreeMap::new(),
            buckets: Vec::new(),
            scripts: Vec::new(),
            invalid: Vec::new(),
            failing_sets: Vec::new(),
            nested_sets: true,
            faults: Vec::new(),
            json: Vec::new(),
            physical_ids: BTreeMap::new(),
            replaced: BTreeSet::new(),
            foreign: Vec::new(),
            delay: Duration::from_millis(50),
            delays: BTreeMap::new(),
            change_set_delay: Duration::from_millis(20),
            start_delay: Duration::ZERO,
            pages: 2..=5,
            speed: 1.0,
            manual: false,
            skew_seconds: 0,
            seed: 1,
            rollback_keeps_token: true,
            mfa: None,
            rate_limits: BTreeMap::new(),
            drifts: Vec::new(),
            detection_delay: Duration::from_millis(20),
            failed_detection: None,
            detections: Vec::new(),
            ecr: Ecr::default(),
            secrets: BTreeMap::new(),
            rollouts: RolloutScript::default(),
            running: Running::default(),
            denials: Vec::new(),
            quotas: BTreeMap::new(),
        }
    }
}

impl Scenario {
    /// An empty account `123456789012` in which everything works: each resource takes 50 ms, a change set 20 ms, and
    /// lists come in pages of 2 to 5 items.
    pub fn new() -> Scenario {
        Scenario::default()
    }

    /// A stack that is there from the start, with a history that led to `status` (for example `UPDATE_COMPLETE`).
    pub fn stack(mut self, name: &str, template: &str, status: &str) -> Scenario {
        self.stacks.push(InitialStack {
            name: name.to_owned(),
            template: template.to_owned(),
            status: status.to_owned(),
            region: None,
            protected: false,
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
        });
        self
    }

    /// The stack named last is in `region`. Default: `us-east-1`, which is also the region of unsigned requests.
    pub fn in_region(mut self, region: &str) -> Scenario {
        if let Some(stack) = self.stacks.last_mut() {
            stack.region = Some(region.to_owned());
        }
        self
    }

    /// The stack named last was made with this parameter.
    pub fn with_parameter(mut self, name: &str, value: &str) -> Scenario {
        if let Some(stack) = self.stacks.last_mut() {
            stack.parameters.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// The stack named last has this policy.
    pub fn with_policy(mut self, policy: &str) -> Scenario {
        if let Some(stack) = self.stacks.last() {
            self.policies.insert(stack.name.clone(), policy.to_owned());
        }
        self
    }

    /// The stack named last has this tag.
    pub fn with_tag(mut self, key: &str, value: &str) -> Scenario {
        if let Some(stack) = self.stacks.last_mut() {
            stack.tags.insert(key.to_owned(), value.to_owned());
        }
        self
    }

    /// The stack named last is protected against deletion.
    pub fn protected(mut self) -> Scenario {
        if let Some(stack) = self.stacks.last_mut() {
            stack.protected = true;
        }
        self
    }

    /// The template of every nested stack whose logical id this is. Without one, what its `TemplateURL` names counts.
    pub fn nested(mut self, logical_id: &str, template: &str) -> Scenario {
        self.nested.insert(logical_id.to_owned(), template.to_owned());
        self
    }

    /// A bucket that exists.
    pub fn bucket(mut self, name: &str) -> Scenario {
        self.buckets.push(name.to_owned());
        self
    }

    /// Everything takes about as long as in AWS, and pages are as large: for measurements, best with [`Scenario::speed`].
    pub fn realistic(mut self) -> Scenario {
        const SECONDS: [(&str, u64); 7] = [
            ("AWS::ECS::Service", 120),
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", 150),
            ("AWS::EC2::NatGateway", 100),
            ("AWS::CertificateManager::Certificate", 90),
            ("AWS::CloudFront::Distribution", 240),
            ("AWS::EFS::MountTarget", 90),
            ("AWS::IAM::Role", 17),
        ];
        for (kind, seconds) in SECONDS {
            self.delays.insert(kind.to_owned(), Duration::from_secs(seconds));
        }
        self.delay = Duration::from_secs(4);
        self.change_set_delay = Duration::from_secs(5);
        self.start_delay = Duration::from_millis(500);
        self.pages(100..=100)
    }

    fn script(mut self, id: &str, phase: Phase, outcome: Outcome, left: Option<usize>) -> Scenario {
        self.scripts.push(Script { id: id.to_owned(), phase, outcome, left });
        self
    }

    /// The creation or update of this resource fails, every time. The id is a logical one, or a path through nested
    /// stacks (`Nested/Service`), or begins with a stack's name (`S/Service`); the same holds for the other scripts.
    pub fn fail(self, id: &str, reason: &str) -> Scenario {
        self.script(id, Phase::Forward, Outcome::Fails(reason.to_owned()), None)
    }

    /// The same, only the first time.
    pub fn fail_once(self, id: &str, reason: &str) -> Scenario {
        self.script(id, Phase::Forward, Outcome::Fails(reason.to_owned()), Some(1))
    }

    /// A hook of this name stops the creation or update of this resource.
    pub fn fail_hook(self, id: &str, hook: &str, reason: &str) -> Scenario {
        self.script(id, Phase::Forward, Outcome::Hooked(hook.to_owned(), reason.to_owned()), None)
    }

    /// Change sets with this resource fail in early validation.
    pub fn fail_validation(mut self, id: &str, reason: &str) -> Scenario {
        self.invalid.push((id.to_owned(), reason.to_owned()));
        self
    }

    /// The change set of this nested stack fails, and with it that of the root stack. The id is the logical one, or a path
    /// through nested stacks.
    pub fn fail_nested_change_set(mut self, id: &str, reason: &str) -> Scenario {
        self.failing_sets.push((id.to_owned(), reason.to_owned()));
        self
    }

    /// Change sets do not go into nested stacks, whatever is asked for.
    pub fn without_nested_change_sets(mut self) -> Scenario {
        self.nested_sets = false;
        self
    }

    /// The creation or update of this resource never ends.
    pub fn hang(self, id: &str) -> Scenario {
        self.script(id, Phase::Forward, Outcome::Hangs, None)
    }

    /// The creation or update of this resource takes this long.
    pub fn takes(self, id: &str, time: Duration) -> Scenario {
        self.script(id, Phase::Forward, Outcome::Takes(time), None)
    }

    /// Rolling back the update of this resource fails: `UPDATE_ROLLBACK_FAILED`.
    pub fn fail_rollback(self, id: &str, reason: &str) -> Scenario {
        self.script(id, Phase::Rollback, Outcome::Fails(reason.to_owned()), None)
    }

    /// The same, only the first time.
    pub fn fail_rollback_once(self, id: &str, reason: &str) -> Scenario {
        self.script(id, Phase::Rollback, Outcome::Fails(reason.to_owned()), Some(1))
    }

    /// Rolling back this resource takes this long.
    pub fn rollback_takes(self, id: &str, time: Duration) -> Scenario {
        self.script(id, Phase::Rollback, Outcome::Takes(time), None)
    }

    /// An update cannot delete what it removes or replaces here: `DELETE_FAILED` for the resource, and the stack is
    /// `UPDATE_COMPLETE` all the same.
    pub fn fail_cleanup(self, id: &str, reason: &str) -> Scenario {
        self.script(id, Phase::CleanUp, Outcome::Fails(reason.to_owned()), None)
    }

    /// Deleting this resource with its stack fails: `DELETE_FAILED`, and `ROLLBACK_FAILED` while a creation is rolled back.
    pub fn fail_delete(self, id: &str, reason: &str) -> Scenario {
        self.script(id, Phase::Delete, Outcome::Fails(reason.to_owned()), None)
    }

    /// Deleting this resource with its stack takes this long.
    pub fn delete_takes(self, id: &str, time: Duration) -> Scenario {
        self.script(id, Phase::Delete, Outcome::Takes(time), None)
    }

    /// Deleting this resource with its stack never ends.
    pub fn hang_delete(self, id: &str) -> Scenario {
        self.script(id, Phase::Delete, Outcome::Hangs, None)
    }

    /// This resource is replaced whenever it is modified. Task definitions, and resources whose name changes, always are.
    pub fn replaces(mut self, id: &str) -> Scenario {
        self.replaced.insert(id.to_owned());
        self
    }

    /// The physical id of every resource with this logical id, instead of one in the form that its type has; with
    /// `us-west-2/Id`, only of those in that region.
    pub fn physical_id(mut self, logical_id: &str, physical_id: &str) -> Scenario {
        self.physical_ids.insert(logical_id.to_owned(), physical_id.to_owned());
        self
    }

    /// This long after a stack of this name begins to be created or updated, an event of another operation appears in its
    /// history.
    pub fn foreign_event(mut self, stack: &str, after: Duration) -> Scenario {
        self.foreign.push((stack.to_owned(), after));
        self
    }

    /// How long work on one resource takes. Default: 50 ms.
    pub fn delay(mut self, delay: Duration) -> Scenario {
        self.delay = delay;
        self
    }

    /// How long work on one resource of this type takes.
    pub fn delay_of(mut self, resource_type: &str, delay: Duration) -> Scenario {
        self.delays.insert(resource_type.to_owned(), delay);
        self
    }

    /// How long a change set takes to be ready. Default: 20 ms.
    pub fn change_set_delay(mut self, delay: Duration) -> Scenario {
        self.change_set_delay = delay;
        self
    }

    /// How long after `ExecuteChangeSet` and the like the stack still looks as before. Default: not at all.
    pub fn start_delay(mut self, delay: Duration) -> Scenario {
        self.start_delay = delay;
        self
    }

    /// How many items a page of a list holds; each page has another size in these bounds. Default: 2 to 5.
    pub fn pages(mut self, sizes: RangeInclusive<usize>) -> Scenario {
        self.pages = sizes;
        self
    }

    /// Divides every delay. Timestamps stay those of the clock. Default: 1.
    pub fn speed(mut self, speed: f64) -> Scenario {
        self.speed = speed.max(0.001);
        self
    }

    /// The clock stands still until [`crate::Endpoint::advance`] turns it.
    pub fn manual_clock(mut self) -> Scenario {
        self.manual = true;
        self
    }

    /// The endpoint's clock is this far ahead of the machine's (behind, if negative). Requests that are dated more than
    /// five minutes off are refused, as by AWS; without a skew no date is looked at.
    pub fn skew(mut self, seconds: i64) -> Scenario {
        self.skew_seconds = seconds;
        self
    }

    /// The seed of everything that is random. Default: 1.
    pub fn seed(mut self, seed: u64) -> Scenario {
        self.seed = seed;
        self
    }

    /// The events of a rollback that CloudFormation starts by itself have no client request token. Default: they have that
    /// of the order that failed. Their operation id is their own either way.
    pub fn rollback_without_token(mut self) -> Scenario {
        self.rollback_keeps_token = false;
        self
    }

    /// The account of requests. Default: `123456789012`.
    pub fn account(mut self, account: &str) -> Scenario {
        account.clone_into(&mut self.account);
        self
    }

    /// The account of requests that are signed with this access key id.
    pub fn account_of(mut self, access_key: &str, account: &str) -> Scenario {
        self.accounts.insert(access_key.to_owned(), account.to_owned());
        self
    }

    /// `AssumeRole` wants a serial number and this code.
    pub fn mfa(mut self, code: &str) -> Scenario {
        self.mfa = Some(code.to_owned());
        self
    }

    fn drift(mut self, id: &str, drift: Drift) -> Scenario {
        self.drifts.push((id.to_owned(), drift));
        self
    }

    /// Drift detection finds that a property of this resource, by logical id or `Stack/Id`, is another one; `None` where
    /// it is not there. Values are texts, mappings and lists JSON.
    pub fn drifted(self, id: &str, path: &str, expected: Option<&str>, actual: Option<&str>) -> Scenario {
        let (expected, actual) = (expected.map(str::to_owned), actual.map(str::to_owned));
        self.drift(id, Drift::Differs { path: path.to_owned(), expected, actual })
    }

    /// All properties that drift detection compared for this resource. Default: it tells only the differences.
    pub fn compared(self, id: &str, expected: &Value, actual: &Value) -> Scenario {
        self.drift(id, Drift::Properties(expected.to_string(), actual.to_string()))
    }

    /// Drift detection finds this resource deleted.
    pub fn drifted_away(self, id: &str) -> Scenario {
        self.drift(id, Drift::Deleted)
    }

    /// Drift detection cannot look at this resource for a reason, which makes no failure of the whole.
    pub fn undetected(self, id: &str, reason: &str) -> Scenario {
        self.drift(id, Drift::Unknown(reason.to_owned()))
    }

    /// This resource is of a type that drift detection does not support.
    pub fn undetectable(self, id: &str) -> Scenario {
        self.drift(id, Drift::Unsupported)
    }

    /// How long drift detection takes. Default: 20 ms.
    pub fn detection_delay(mut self, delay: Duration) -> Scenario {
        self.detection_delay = delay;
        self
    }

    /// Every drift detection fails for this reason, after it has looked at what it could.
    pub fn fail_detection(mut self, reason: &str) -> Scenario {
        self.failed_detection = Some(reason.to_owned());
        self
    }

    /// Somebody else's drift detection runs on the stack of this name from the start, for this long; what is said last
    /// counts.
    pub fn detecting(mut self, stack: &str, time: Duration) -> Scenario {
        self.detections.push((stack.to_owned(), time));
        self
    }

    /// How long a deployment of a service, or another number of its tasks, takes that was ordered from ECS itself. Default: 50 ms.
    pub fn rollout_delay(mut self, delay: Duration) -> Scenario {
        self.rollouts.delay = delay;
        self
    }

    /// Deployments of this service, by logical id or name, that are ordered from ECS itself fail for this reason after their
    /// time, and ECS goes back to the one before.
    pub fn fail_rollout(mut self, service: &str, reason: &str) -> Scenario {
        self.rollouts.failing.push((service.to_owned(), reason.to_owned(), None));
        self
    }

    /// Deployments of this service that are ordered from ECS itself never end.
    pub fn hang_rollout(self, service: &str) -> Scenario {
        self.hang_rollout_after(service, 0)
    }

    /// As [`Scenario::hang_rollout`], but for the first so many.
    pub fn hang_rollout_after(mut self, service: &str, complete: usize) -> Scenario {
        self.rollouts.hanging.push((service.to_owned(), complete));
        self
    }

    /// Limits the calls of an action, or with `*` of each action, per account and region: `rate` a second, `burst` at once.
    /// Default: no limit.
    pub fn rate_limit(mut self, action: &str, rate: f64, burst: f64) -> Scenario {
        self.rate_limits.insert(action.to_owned(), (rate, burst));
        self
    }

    /// Something that goes wrong.
    pub fn fault(mut self, fault: Fault) -> Scenario {
        self.faults.push(fault);
        self
    }

    /// Answers a call of a JSON service, for example `DescribeServices` or, where two services have the same,
    /// `secretsmanager.GetSecretValue`. The closure sees the request's body; `None` leaves it to the next one that was
    /// registered, and at last to the default.
    pub fn answer(
        mut self,
        target: &str,
        answer: impl FnMut(&Value) -> Option<JsonAnswer> + Send + 'static,
    ) -> Scenario {
        self.json.push(JsonScript::new(target, answer));
        self
    }
}
