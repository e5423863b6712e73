//! A scripted AWS for tests: it behaves like CloudFormation, and misbehaves as a test wants.
//!
//! It listens on this machine, speaks plain HTTP, checks no signature, and depends on no SDK. Its `README.md` describes how
//! it behaves, with sources.
//!
//! ```
//! use endpoint::{Endpoint, Fault, Scenario, Wrong};
//!
//! let template = r#"{"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}"#;
//! let scenario = Scenario::new()
//!     .stack("S", template, "UPDATE_COMPLETE")
//!     .fail("Topic", "the name is taken")
//!     .fault(Fault::new(Wrong::Throttled).on("DescribeStacks").times(2));
//! let endpoint = Endpoint::start_blocking(scenario);
//! assert!(endpoint.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(endpoint.stack("S").unwrap().status, "UPDATE_COMPLETE");
//! ```

mod actions;
mod alarms;
mod changes;
mod clock;
mod effects;
mod faults;
mod history;
mod iam;
mod json_services;
mod limiter;
mod line;
mod live_tail;
mod load_balancing;
mod nesting;
mod play;
mod read;
mod request;
mod rollouts;
mod running;
mod s3;
mod scenario;
mod server;
mod state;
mod template;
mod view;
mod world;
mod xml;

use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use tokio::sync::oneshot;

pub use faults::{Fault, Wrong};
pub use json_services::JsonAnswer;
pub use json_services::secrets::SecretVersion;
pub use request::Request;
pub use scenario::Scenario;
pub use view::{ChangeSetView, EventView, ResourceView, StackView};

use server::Shared;

/// A running endpoint; it ends when it is dropped.
#[derive(Debug)]
pub struct Endpoint {
    shared: Arc<Shared>,
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Endpoint {
    /// Starts an endpoint on the runtime of the caller, at a free port.
    ///
    /// # Panics
    ///
    /// If there is no free port, or a template of the scenario is none.
    #[expect(clippy::unused_async, reason = "it needs a runtime, as an async function has")]
    pub async fn start(scenario: Scenario) -> Endpoint {
        let (listener, port) = listen();
        let shared = Arc::new(Shared::new(scenario));
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(serve(listener, shared.clone(), stopped));
        Endpoint { shared, port, stop: Some(stop), thread: None }
    }

    /// Starts an endpoint in a thread with a runtime of its own, for tests that are not async or that start processes.
    ///
    /// # Panics
    ///
    /// As [`Endpoint::start`].
    pub fn start_blocking(scenario: Scenario) -> Endpoint {
        let (listener, port) = listen();
        let shared = Arc::new(Shared::new(scenario));
        let (stop, stopped) = oneshot::channel();
        let served = shared.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be built").block_on(serve(listener, served, stopped));
        });
        Endpoint { shared, port, stop: Some(stop), thread: Some(thread) }
    }

    /// The address, without a slash at the end: the value for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All requests so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.clone()
    }

    /// The requests of one action.
    pub fn requests_of(&self, action: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.action == action).collect()
    }

    /// How many requests of one action there were.
    pub fn count(&self, action: &str) -> usize {
        self.shared.lock().requests.iter().filter(|request| request.action == action).count()
    }

    /// Waits until there were that many requests of an action; `false` if that takes longer than `patience`. Blocks the
    /// thread, so it is not for an endpoint that runs on the caller's own runtime.
    pub fn wait_for(&self, action: &str, count: usize, patience: Duration) -> bool {
        self.wait_until(patience, |endpoint| endpoint.count(action) >= count)
    }

    /// Waits until something is true; otherwise as [`Endpoint::wait_for`].
    pub fn wait_until(&self, patience: Duration, holds: impl Fn(&Endpoint) -> bool) -> bool {
        let began = Instant::now();
        while !holds(self) {
            if began.elapsed() > patience {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// The stack with this ARN, or the newest with this name, as it is now.
    pub fn stack(&self, name: &str) -> Option<StackView> {
        self.stacks().into_iter().rfind(|stack| stack.id == name || stack.name == name)
    }

    /// All stacks, with the nested and the deleted ones, oldest first.
    pub fn stacks(&self) -> Vec<StackView> {
        let mut inner = self.shared.lock();
        inner.world.catch_up();
        inner.world.stacks.iter().map(view::stack).collect()
    }

    /// Turns a manual clock.
    pub fn advance(&self, by: Duration) {
        let mut inner = self.shared.lock();
        inner.world.clock.advance(by);
        inner.world.catch_up();
    }

    /// Changes the script while it plays: what it says then holds for everything that begins later. Stacks, the clock and
    /// buckets are only read at the start.
    pub fn change(&self, change: impl FnOnce(Scenario) -> Scenario) {
        let mut inner = self.shared.lock();
        let scenario = std::mem::take(&mut inner.world.scenario);
        inner.world.scenario = change(scenario);
        let looks_back = inner.world.scenario.faults.iter().any(Fault::looks_back);
        inner.world.remembers |= looks_back;
    }

    /// Forgets all that was scripted for a resource.
    pub fn heal(&self, id: &str) {
        self.change(|mut scenario| {
            scenario.scripts.retain(|script| script.id != id);
            scenario.invalid.retain(|(logical, _)| logical != id);
            scenario
        });
    }

    /// Ends all faults.
    pub fn end_faults(&self) {
        self.change(|mut scenario| {
            scenario.faults.clear();
            scenario
        });
    }

    /// Somebody else updates the stack to this template, now and past all faults.
    ///
    /// # Panics
    ///
    /// If there is no such stack, or the template is none.
    pub fn update_by_somebody_else(&self, stack: &str, template: &str) {
        let id = self.stack(stack).expect("the stack exists").id;
        let mut inner = self.shared.lock();
        let world = &mut inner.world;
        let template = template::Template::read(template, &std::collections::BTreeMap::new());
        let template = template.map_err(|refusal| refusal.message).expect("a template");
        let at = world.clock.now();
        if let Some(stack) = world.stack_mut(&id) {
            for set in &mut stack.sets {
                "OBSOLETE".clone_into(&mut set.execution);
            }
        }
        play::forward::execute(world, &id, &template, Some("somebody-elses-token".to_owned()), at);
        world.catch_up();
    }

    /// Stores an object, and makes its bucket if there is none.
    pub fn put_object(&self, bucket: &str, key: &str, body: impl Into<Vec<u8>>) {
        self.shared.lock().world.objects.put(bucket, key, body.into());
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.set_nonblocking(true).expect("a socket can be made non-blocking");
    let port = listener.local_addr().expect("the socket is bound").port();
    (listener, port)
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, stopped: oneshot::Receiver<()>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime takes sockets");
    let app = Router::new().fallback(server::answer).with_state(shared);
    let app = app.into_make_service_with_connect_info::<line::Scissors>();
    tokio::select! {
        _ = axum::serve(line::Lines(listener), app) => {}
        _ = stopped => {}
    }
}
