//! The whole state of the scripted AWS, and how things in it are found and named.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

use crate::actions::drift::Detection;
use crate::clock::{Clock, Micros};
use crate::effects::Effect;
use crate::json_services::secrets::Secrets;
use crate::request::{Refusal, Request};
use crate::rollouts::Rollouts;
use crate::s3::Objects;
use crate::scenario::{Outcome, Phase, Scenario, Script};
use crate::state::{Hook, Resource, Stack};

/// How many earlier states are kept for stale answers.
const REMEMBERED: usize = 2000;

/// Everything there is.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) clock: Clock,
    pub(crate) dice: fastrand::Rng,
    pub(crate) stacks: Vec<Stack>,
    /// What will happen, in order of time.
    pub(crate) steps: BTreeMap<(Micros, u64), (String, Effect)>,
    pub(crate) objects: Objects,
    pub(crate) secrets: Secrets,
    /// Revisions of task definitions, and deployments of services.
    pub(crate) rollouts: Rollouts,
    /// Who has the access keys that `AssumeRole` gave out: account and ARN.
    pub(crate) sessions: BTreeMap<String, (String, String)>,
    /// Stack, logical id, time and words of the hooks that failed.
    pub(crate) hook_results: Vec<(String, String, Micros, Hook)>,
    /// Looks for drift, oldest first.
    pub(crate) detections: Vec<Detection>,
    /// Earlier states, oldest first; kept only if a fault needs them.
    pub(crate) earlier: VecDeque<(Micros, Vec<Stack>)>,
    pub(crate) remembers: bool,
    serial: u64,
}

/// Who asks, and where.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) region: String,
}

impl World {
    pub(crate) fn new(mut scenario: Scenario) -> World {
        let clock = Clock::new(scenario.skew_seconds, scenario.speed, scenario.manual);
        let initial = std::mem::take(&mut scenario.stacks);
        let mut world = World {
            clock,
            dice: fastrand::Rng::with_seed(scenario.seed),
            stacks: Vec::new(),
            steps: BTreeMap::new(),
            objects: Objects::new(std::mem::take(&mut scenario.buckets)),
            secrets: Secrets::default(),
            rollouts: Rollouts::default(),
            sessions: BTreeMap::new(),
            hook_results: Vec::new(),
            detections: Vec::new(),
            earlier: VecDeque::new(),
            remembers: false,
            serial: 0,
            scenario,
        };
        for stack in initial {
            crate::history::settle(&mut world, &stack);
        }
        world
    }

    pub(crate) fn caller(&self, request: &Request) -> Caller {
        let own = || {
            let account = self.scenario.accounts.get(&request.access_key).unwrap_or(&self.scenario.account);
            (account.clone(), format!("arn:aws:iam::{account}:user/tester"))
        };
        let (account, arn) = self.sessions.get(&request.access_key).cloned().unwrap_or_else(own);
        let region =
            if request.region.is_empty() { self.scenario.region.clone() } else { request.region.clone() };
        Caller { account, arn, region }
    }

    pub(crate) fn stack(&self, id: &str) -> Option<&Stack> {
        self.stacks.iter().find(|stack| stack.id == id)
    }

    pub(crate) fn stack_mut(&mut self, id: &str) -> Option<&mut Stack> {
        self.stacks.iter_mut().find(|stack| stack.id == id)
    }

    /// The stack with this ARN, or the live one with this name.
    pub(crate) fn find(&self, caller: &Caller, name: &str) -> Option<&Stack> {
        let here = |stack: &&Stack| stack.region == caller.region && stack.account == caller.account;
        self.stacks
            .iter()
            .filter(here)
            .find(|stack| stack.id == name || (stack.name == name && !stack.is_deleted()))
    }

    /// The same, or CloudFormation's words for its absence.
    pub(crate) fn found(&self, caller: &Caller, name: &str) -> Result<&Stack, Refusal> {
        self.find(caller, name).ok_or_else(|| Refusal::validation(format!("Stack [{name}] does not exist")))
    }

    pub(crate) fn schedule(&mut self, root: &str, at: Micros, effect: Effect) {
        let serial = self.next_serial();
        self.steps.insert((at, serial), (root.to_owned(), effect));
    }

    /// Forgets what was going to happen to a stack and those nested in it.
    pub(crate) fn call_off(&mut self, root: &str) {
        self.steps.retain(|_, (of, effect)| {
            of != root || matches!(effect, Effect::ChangeSet { .. } | Effect::SetGoes { .. })
        });
    }

    pub(crate) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Keeps the state as it is now, for stale answers.
    pub(crate) fn remember(&mut self, at: Micros) {
        if self.remembers {
            self.earlier.push_back((at, self.stacks.clone()));
            if self.earlier.len() > REMEMBERED {
                self.earlier.pop_front();
            }
        }
    }

    pub(crate) fn uuid(&mut self) -> String {
        let (one, other) = (self.dice.u64(..), self.dice.u64(..));
        let part = |number: u64, from: u32, digits: usize| {
            let text = format!("{:016x}", number.rotate_left(from));
            text[..digits].to_owned()
        };
        format!(
            "{}-{}-4{}-a{}-{}",
            part(one, 0, 8),
            part(one, 32, 4),
            part(one, 48, 3),
            part(other, 0, 3),
            part(other, 16, 12)
        )
    }

    pub(crate) fn new_stack_id(&mut self, name: &str, region: &str, account: &str) -> String {
        format!("arn:aws:cloudformation:{region}:{account}:stack/{name}/{}", self.uuid())
    }

    /// A new physical id, in the form that the type has.
    pub(crate) fn physical_id(&mut self, stack: &Stack, logical: &str, definition: &Value) -> String {
        let given = &self.scenario.physical_ids;
        if let Some(id) = stack.names(logical).iter().find_map(|name| given.get(name)) {
            return id.clone();
        }
        let kind = crate::changes::kind(definition);
        let arn = |service: &str, rest: &str| {
            format!("arn:aws:{service}:{}:{}:{rest}", stack.region, stack.account)
        };
        let property = |name: &str| {
            definition.get("Properties").and_then(|all| all.get(name)).map(|value| stack.value(value))
        };
        let serial = self.next_serial();
        let random = format!("{}-{logical}-{:012X}", stack.name, self.dice.u64(..) >> 16);
        let named = |name: &str| property(name).unwrap_or_else(|| random.clone());
        match kind.as_str() {
            "AWS::ECS::TaskDefinition" => {
                let family = arn("ecs", &format!("task-definition/{}", named("Family")));
                format!("{family}:{}", self.rollouts.next_revision(&family))
            }
            "AWS::ECS::Service" => {
                let cluster = property("Cluster").unwrap_or_else(|| "default".to_owned());
                let cluster = cluster.rsplit('/').next().unwrap_or("default");
                arn("ecs", &format!("service/{cluster}/{}", named("ServiceName")))
            }
            "AWS::ECS::Cluster" => named("ClusterName"),
            "AWS::SNS::Topic" => arn("sns", &named("TopicName")),
            "AWS::SecretsManager::Secret" => {
                arn("secretsmanager", &format!("secret:{}-{serial:06x}", named("Name")))
            }
            "AWS::S3::Bucket" => named("BucketName").to_lowercase(),
            "AWS::Logs::LogGroup" => named("LogGroupName"),
            "AWS::ECR::Repository" => named("RepositoryName").to_lowercase(),
            "AWS::IAM::Role" => named("RoleName"),
            "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => named("AlarmName"),
            "AWS::ElasticLoadBalancingV2::TargetGroup" => {
                arn("elasticloadbalancing", &format!("targetgroup/{}/{serial:016x}", named("Name")))
            }
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
                arn("elasticloadbalancing", &format!("loadbalancer/app/{}/{serial:016x}", named("Name")))
            }
            "AWS::EFS::FileSystem" => format!("fs-{serial:017x}"),
            "AWS::EC2::SecurityGroup" => format!("sg-{serial:017x}"),
            "AWS::EC2::Subnet" => format!("subnet-{serial:017x}"),
            "AWS::EC2::VPC" => format!("vpc-{serial:017x}"),
            _ => random,
        }
    }

    /// What the test wants to happen to a resource in this phase; one that holds for a number of times is used up.
    pub(crate) fn script(&mut self, stack: &Stack, logical: &str, phase: Phase) -> Option<Outcome> {
        let path =
            if stack.path.is_empty() { logical.to_owned() } else { format!("{}/{logical}", stack.path) };
        let named = format!("{}/{logical}", stack.name);
        let applies = |script: &&mut Script| {
            script.phase == phase
                && script.left != Some(0)
                && (script.id == logical || script.id == path || script.id == named)
        };
        let script = self.scenario.scripts.iter_mut().find(applies)?;
        if let Some(left) = &mut script.left {
            *left -= 1;
        }
        Some(script.outcome.clone())
    }

    /// How long work on a resource takes unless the test says otherwise.
    pub(crate) fn usual(&self, kind: &str) -> Duration {
        self.scenario.delays.get(kind).copied().unwrap_or(self.scenario.delay)
    }

    /// The template of a nested stack: what the test gave for its logical id, or what its URL has.
    pub(crate) fn nested_template(&self, stack: &Stack, resource: &Resource) -> String {
        if let Some(text) = self.scenario.nested.get(&resource.logical) {
            return text.clone();
        }
        let url = resource.definition.get("Properties").and_then(|all| all.get("TemplateURL"));
        let text = url.and_then(|url| self.objects.of_url(&stack.value(url)));
        text.unwrap_or_else(|| {
            r#"{"Resources":{"Nothing":{"Type":"AWS::CloudFormation::WaitConditionHandle"}}}"#.to_owned()
        })
    }

    /// How many items the next page holds.
    pub(crate) fn page(&mut self) -> usize {
        let pages = self.scenario.pages.clone();
        self.dice.usize(pages)
    }
}
