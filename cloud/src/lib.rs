//! The only code that talks to AWS: the deploy engine and what it needs, and the emulator that stands in for AWS.
//!
//! A template is text here; this crate knows nothing of constructs. It prints nothing: what happens is handed to the
//! caller as [`Progress`], what failed as [`CloudError`] with the exit code of the command's contract.
//!
//! ```no_run
//! # async fn example() -> Result<(), cloud::CloudError> {
//! use cloud::{Cancel, ConnectOptions, Connection, Decision, DeployRequest, deploy_stack};
//!
//! let connection = Connection::open(ConnectOptions::default()).await?;
//! let request = DeployRequest::new("Topics", r#"{"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}"#);
//! let approve = async |_question| Decision::Approve;
//! let outcome = deploy_stack(&connection, &request, approve, |news| drop(news), &Cancel::never()).await?;
//! assert!(outcome.leftovers.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! Start at [`Connection::open`], then [`deploy_stack`]. The decisions of a deployment are in `engine::deploy`, a pure
//! step function; `engine::runtime` carries out what it asks for.

mod bootstrap;
mod cause;
mod clock;
mod connect;
mod control;
mod diagnose;
mod drift;
pub mod emulator;
mod engine;
mod error;
mod exec;
mod failure;
mod health;
mod history;
mod images;
mod inventory;
mod log_events;
mod network;
mod pacer;
pub mod preflight;
mod rollout;
mod scaling;
pub mod secrets;
mod services;
mod stacks;
mod template_body;
mod text;
mod together;

pub use bootstrap::{BOOTSTRAP_STACK, Bootstrapped, bootstrap, bootstrap_template};
pub use connect::{
    ConnectOptions, Connection, Identity, Keys, Mfa, MfaAnswer, MfaRequest, Origin, OtherEndpoint,
};
pub use diagnose::{
    Check, Detail, Diagnosis, Explanation, Verdict, Waiting, diagnose, explain, explain_change_set,
    explain_report, explain_task,
};
pub use drift::{
    DriftListener, DriftNews, DriftRequest, PropertyDrift, ResourceDrift, StackDrift, Unchecked, drift,
    drifts,
};
pub use engine::cancel::{Cancel, CancelHandle};
pub use engine::operate::{Goal, OperateOutcome, OperateRequest};
pub use engine::progress::{Phase, Progress, ResourceEvent, Timestamp};
pub use engine::request::{
    Capability, Change, ChangeDetail, ChangeSet, Decision, DeployOutcome, DeployRequest, DestroyOutcome,
    DestroyRequest, NestedStack, OnInterrupt, OnTimeout, Output, Question, StackDescription, StackResource,
};
pub use engine::{
    Blocker, Hold, Obstacles, Preview, deploy_stack, destroy_stack, estimate, obstacle_of_stack,
    obstacles_of_exports, obstacles_to_deletion, operate_stack, preview_stack, resources_of,
};
pub use error::{CloudError, Kind, Report};
pub use exec::{ExecSession, SESSION_VARIABLE, execute_command, plugin_reads_variable};
pub use health::{
    Alarm, Answer, LoadBalancer, TargetHealth, Usage, Used, addresses_of, alarms, call_address,
    call_address_at, load_balancer, target_health, usage,
};
pub use history::{History, Outcome, PastOperation, Reach, history, typical_duration};
pub use images::{
    Findings, FoundImage, ImageName, RegistryLogin, RepositoryState, Sought, StoredImage, find_image,
    image_findings, registry_login, repository, stored_images,
};
pub use inventory::{Inventory, inventory};
pub use log_events::{LiveTail, LogEvent, LogQuery, LogReader, Tailed};
pub use network::{Evidence, Lead, Subnet, Tier, Vpc, VpcNetwork, vpc_network, vpcs};
pub use rollout::{
    Deployments, Ending, MadeBy, NumberedDeployment, PastRollout, RecordedImage, RolledOut, RolloutChange,
    RolloutRequest, deployments, roll_out,
};
pub use scaling::{NotScaled, ScalingActivities, ScalingActivity, scaling_activities};
pub use services::{
    ConsoleLink, ContainerDefinition, LogPlace, LogSource, RunningContainer, RunningTask, Service,
    ServiceDeployment, ServiceEvent, ServiceRef, ServiceState, StoppedContainer, StoppedTask, TargetGroupUse,
    TaskDefinition, console_links, running_tasks, service_details, stopped_tasks, task_definition,
};
pub use stacks::{
    DeployedStack, Export, StackSummary, change_set_template, deployed_stack, deployed_template, describe,
    describe_outputs, importers_of, list_exports, list_stacks, processed_template,
    set_termination_protection, stack_policy,
};
pub use text::{sha256, stack_name};
