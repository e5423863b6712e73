//! How soon the engine sees an ending, how often it asks, how many stacks it bears at once, and what memory a long wait
//! takes: against the scripted endpoint with AWS's times, sped up.
//!
//! `cargo xtask bench --deploy` runs it. Times are in seconds of AWS: those of the machine, times the speed; so what this
//! machine itself needs counts as many times more than it would.

#![expect(clippy::print_stdout, reason = "the figures are the result")]
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a measurement may stop at the first surprise")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType};
use cloud::{Cancel, ConnectOptions, Connection, Decision, DeployRequest, Keys, Progress, deploy_stack};
use endpoint::{Endpoint, Scenario};
use serde_json::{Map, Value, json};

/// How many times faster than AWS the endpoint plays, and we ask. More, and a build without optimizations measures itself.
const SPEED: u32 = 8;
/// The same for how soon an ending is seen, where every millisecond of this machine counts.
const SLOW_SPEED: u32 = 1;
/// The same for the wait of three hours.
const LONG_SPEED: u32 = 150;

// One thread for us, as the command has, and one for each endpoint.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tokio::task::LocalSet::new().run_until(Box::pin(measure())).await
}

async fn measure() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--wait-for") {
        wait_for(&arguments[at + 1]).await;
        return ExitCode::SUCCESS;
    }
    let held = [endings().await, calls().await, side_by_side().await, memory()];
    if held.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "does NOT hold" }
}

/// From the stack's last event to the end of the deployment.
async fn endings() -> bool {
    const RUNS: u64 = 24;
    let mut running = tokio::task::JoinSet::new();
    for seed in 0..RUNS {
        // The services take otherwise long in each run, so that an ending comes at any moment of a pause.
        let takes = Duration::from_millis(60_000 + 731 * seed);
        running.spawn_local(async move {
            let scenario = realistic().speed(f64::from(SLOW_SPEED)).seed(seed);
            let balancer = Duration::from_secs(20);
            let scenario =
                scenario.takes("Service1", takes).takes("Service2", takes).takes("Balancer", balancer);
            let endpoint = Endpoint::start_blocking(scenario);
            let connection = connect(&endpoint, SLOW_SPEED).await;
            let last = Cell::new(0);
            let listen = |news: Progress| {
                if let Progress::Resource(event) = news {
                    last.set(last.get().max(event.time.0));
                }
            };
            deploy(&connection, "S", &template(100), listen).await;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            now.saturating_sub(Duration::from_millis(last.get().unsigned_abs())) * SLOW_SPEED
        });
    }
    let mut delays = running.join_all().await;
    delays.sort_unstable();
    let (median, longest) = (delays[delays.len() / 2], delays[delays.len() - 1]);
    let holds = median <= Duration::from_millis(2500);
    println!(
        "last event to exit, {RUNS} creations of 100 resources: median {median:.2?}, longest {longest:.2?} \
         (limit 2.5 s for the median: {})",
        verdict(holds)
    );
    holds
}

/// Our calls for a deployment of 100 resources, and those of a client that keeps the CDK's intervals.
async fn calls() -> bool {
    let ours = Endpoint::start_blocking(realistic());
    let connection = connect(&ours, SPEED).await;
    let began = Instant::now();
    deploy(&connection, "S", &template(100), |_| {}).await;
    let took = began.elapsed() * SPEED;
    let theirs = Endpoint::start_blocking(realistic());
    as_the_cdk_asks(&theirs).await;
    let (mine, other) = (counted(&ours), counted(&theirs));
    let (sum, other_sum) = (mine.values().sum::<usize>(), other.values().sum::<usize>());
    #[expect(clippy::cast_precision_loss, reason = "a few hundred calls")]
    let ratio = sum as f64 / other_sum as f64;
    let holds = ratio <= 0.5;
    println!("calls for a creation of 100 resources ({took:.0?}): {sum}, in the CDK's pattern {other_sum}");
    println!("  ours:  {mine:?}\n  CDK's: {other:?}");
    println!("  ratio {ratio:.2} (limit 0.5: {})", verdict(holds));
    holds
}

/// A hundred stacks in one run, where AWS allows a few calls of each kind a second.
async fn side_by_side() -> bool {
    const STACKS: usize = 100;
    let rate = f64::from(SPEED);
    let endpoint = Endpoint::start_blocking(
        realistic()
            .speed(rate)
            .rate_limit("*", 5.0 * rate, 20.0)
            .rate_limit("CreateChangeSet", rate, 5.0)
            .rate_limit("ExecuteChangeSet", rate, 5.0),
    );
    let connection = connect(&endpoint, SPEED).await;
    let mut running = tokio::task::JoinSet::new();
    let began = Instant::now();
    for number in 0..STACKS {
        let connection = connection.clone();
        running.spawn_local(async move {
            let throttled = Cell::new(0_usize);
            let listen = |news: Progress| {
                if matches!(news, Progress::Throttled { .. }) {
                    throttled.set(throttled.get() + 1);
                }
            };
            deploy(&connection, &format!("S{number}"), &template(5), listen).await;
            throttled.get()
        });
    }
    let throttled: usize = running.join_all().await.into_iter().sum();
    let done = endpoint.stacks().iter().filter(|stack| stack.status == "CREATE_COMPLETE").count();
    let sets = endpoint.count("CreateChangeSet");
    println!(
        "{STACKS} stacks side by side: {done} are CREATE_COMPLETE after {:.0?}, {throttled} questions and {} orders for \
         a change set were throttled on the way ({})",
        began.elapsed() * SPEED,
        sets - STACKS,
        verdict(done == STACKS)
    );
    done == STACKS
}

/// The memory of a process that waits for three hours.
fn memory() -> bool {
    let speed = f64::from(LONG_SPEED);
    let endpoint = Endpoint::start_blocking(realistic().speed(speed).hang("Service1"));
    let mut waiting = Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["--wait-for", &endpoint.url()])
        .spawn()
        .expect("this program starts again");
    let hour = Duration::from_hours(1) / LONG_SPEED;
    let mut resident = Vec::new();
    for _ in 0..3 {
        std::thread::sleep(hour);
        resident.extend(resident_kib(waiting.id()));
    }
    let _ = waiting.kill();
    let _ = waiting.wait();
    let [first, .., last] = resident[..] else {
        println!("memory over three hours: not measured, since this system has no /proc");
        return true;
    };
    let holds = last <= first + first / 20 + 512;
    println!(
        "memory over a wait of three hours ({} questions for events): {resident:?} KiB after each hour ({})",
        endpoint.count("DescribeStackEvents"),
        verdict(holds)
    );
    holds
}

/// The process of [`memory`]: follows a deployment until it is ended.
async fn wait_for(url: &str) {
    let connection =
        Connection::open(options(url.to_owned(), LONG_SPEED)).await.expect("the endpoint answers");
    deploy(&connection, "S", &template(100), |_| {}).await;
}

fn resident_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

fn realistic() -> Scenario {
    Scenario::new().realistic().speed(f64::from(SPEED))
}

fn options(url: String, speed: u32) -> ConnectOptions {
    ConnectOptions {
        region: Some("us-east-1".into()),
        endpoint_url: Some(url),
        keys: Some(Keys {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "not-a-secret".into(),
            session_token: None,
        }),
        aws_pace: Some(speed),
        ..ConnectOptions::default()
    }
}

async fn connect(endpoint: &Endpoint, speed: u32) -> Connection {
    Connection::open(options(endpoint.url(), speed)).await.expect("the endpoint answers")
}

async fn deploy(connection: &Connection, stack: &str, template: &str, listen: impl FnMut(Progress)) {
    let request = DeployRequest::new(stack, template);
    let approve = async |_| Decision::Approve;
    let deployed = deploy_stack(connection, &request, approve, listen, &Cancel::never()).await;
    deployed.unwrap_or_else(|error| panic!("{stack}: {error:?}"));
}

/// A stack of so many resources, as a service has them: a few that take minutes, many that take seconds.
fn template(resources: usize) -> String {
    let resource = |kind: &str, after: &[&str]| json!({ "Type": kind, "DependsOn": after });
    let slow = [
        ("Vpc", resource("AWS::EC2::VPC", &[])),
        ("Role", resource("AWS::IAM::Role", &[])),
        ("Balancer", resource("AWS::ElasticLoadBalancingV2::LoadBalancer", &["Vpc"])),
        ("Service1", resource("AWS::ECS::Service", &["Balancer", "Role"])),
        ("Service2", resource("AWS::ECS::Service", &["Balancer", "Role"])),
    ];
    let all = slow.into_iter().map(|(id, resource)| (id.to_owned(), resource));
    let alarms = (0..).map(|number| (format!("Alarm{number}"), resource("AWS::CloudWatch::Alarm", &["Vpc"])));
    let all: Map<String, Value> = all.chain(alarms).take(resources).collect();
    json!({ "Resources": all }).to_string()
}

/// How often each action of CloudFormation was called.
fn counted(endpoint: &Endpoint) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in endpoint.requests().iter().filter(|request| request.service == "cloudformation") {
        *counts.entry(request.action.clone()).or_default() += 1;
    }
    counts
}

/// The same deployment with the CDK's intervals: change set and stack every five seconds, events every two.
async fn as_the_cdk_asks(endpoint: &Endpoint) {
    let every = |seconds: u64| tokio::time::interval(Duration::from_secs(seconds) / SPEED);
    let config = aws_sdk_cloudformation::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_cloudformation::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_cloudformation::config::Credentials::new(
            "AKID", "none", None, None, "bench",
        ))
        .endpoint_url(endpoint.url())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let client = Client::from_conf(config);
    let create = client.create_change_set().stack_name("S").change_set_name("cdk-deploy-change-set");
    let create = create.capabilities(Capability::CapabilityNamedIam).change_set_type(ChangeSetType::Create);
    create.template_body(template(100)).send().await.unwrap();
    let mut tick = every(5);
    loop {
        tick.tick().await;
        let set = client.describe_change_set().stack_name("S").change_set_name("cdk-deploy-change-set");
        if set.send().await.unwrap().status().unwrap().as_str() == "CREATE_COMPLETE" {
            break;
        }
    }
    let execute = client.execute_change_set().stack_name("S").change_set_name("cdk-deploy-change-set");
    execute.send().await.unwrap();
    let (mut stack, mut events) = (every(5), every(2));
    loop {
        tokio::select! {
            _ = events.tick() => drop(client.describe_stack_events().stack_name("S").send().await.unwrap()),
            _ = stack.tick() => {
                let stacks = client.describe_stacks().stack_name("S").send().await.unwrap();
                if stacks.stacks()[0].stack_status().unwrap().as_str() == "CREATE_COMPLETE" {
                    return;
                }
            }
        }
    }
}
