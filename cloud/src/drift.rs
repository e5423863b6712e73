//! Whether a stack's resources are as its template has them: CloudFormation's drift detection, and what it found.
//!
//! Start at [`drift`]. Nothing of a resource is changed; CloudFormation reads each of them in the caller's name. What the
//! differences mean is not decided here.

mod ask;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::connect::Connection;
use crate::engine::api;
use crate::engine::request::{StackDescription, StackResource};
use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class};
use crate::stacks::{describe, processed_template};
use crate::text::stack_name;
use crate::together::together;
use ask::Standing;
use watch::Watch;

/// How many nested stacks are looked into.
const MOST_NESTED: usize = 200;

/// One stack to look at.
#[derive(Debug, Clone)]
pub struct DriftRequest {
    /// Where it is.
    pub connection: Connection,
    /// Its name or ARN.
    pub stack: String,
    /// How long to wait for CloudFormation in all; detection takes minutes on a large stack.
    pub timeout: Duration,
}

/// What happens meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DriftNews {
    /// Somebody else's detection runs on this stack; ours begins when it has ended.
    Waiting(String),
    /// CloudFormation looks at the resources of this stack.
    Looking(String),
}

/// Hears what happens.
pub type DriftListener = Arc<dyn Fn(DriftNews) + Send + Sync>;

/// What drift detection found in one stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackDrift {
    /// The stack's name.
    pub name: String,
    /// The stack's ARN.
    pub stack_id: String,
    /// The stack in which this one is nested, by name.
    pub parent: Option<String>,
    /// The names of its parameters.
    pub parameters: Vec<String>,
    /// The template after macros, JSON or YAML; none if it may not be read.
    pub template: Option<String>,
    /// Every resource by logical id, with its name or ARN.
    pub physical_ids: BTreeMap<String, String>,
    /// The resources that differ, by logical id.
    pub drifted: Vec<ResourceDrift>,
    /// How many resources are as they should be.
    pub in_sync: usize,
    /// The resources that were not compared.
    pub unchecked: Vec<Unchecked>,
    /// What of the detection failed, in AWS's words; none if all that can be compared was.
    pub failure: Option<String>,
    /// What else could not be read, and why.
    pub notes: Vec<String>,
}

/// A resource that is not as its template has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceDrift {
    /// The logical id.
    pub logical_id: String,
    /// Its name or ARN.
    pub physical_id: Option<String>,
    /// For example `AWS::SNS::Topic`.
    pub resource_type: String,
    /// Whether it is gone; otherwise it was changed.
    pub deleted: bool,
    /// All properties that were compared, as the template has them: JSON.
    pub expected: Option<String>,
    /// The same as they are: JSON.
    pub actual: Option<String>,
    /// The properties that differ.
    pub differences: Vec<PropertyDrift>,
}

/// A property that is not as its template has it. The values may be secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyDrift {
    /// The way to it, for example `/Tags/0/Value`.
    pub path: String,
    /// The value by the template, `null` for none; a mapping or a list is JSON.
    pub expected: Option<String>,
    /// The value as it is.
    pub actual: Option<String>,
}

/// A resource that was not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchecked {
    /// The logical id.
    pub logical_id: String,
    /// For example `AWS::CloudFormation::WaitCondition`.
    pub resource_type: String,
    /// Why CloudFormation could not look at it; none if it does not support the type.
    pub reason: Option<String>,
}

/// Asks CloudFormation how the stack's resources, and those of stacks nested in it, differ from their templates: the
/// stack first. `None` if there is no such stack.
///
/// Throttling, trouble with the network and somebody else's detection only take time. Whoever wants to stop drops this;
/// the detection then goes on in AWS and changes nothing.
///
/// # Errors
///
/// [`Kind::Blocked`] if the stack is in a state in which there is no detection, or somebody else's does not end;
/// [`Kind::TimedOut`] after the request's time; [`Kind::Credentials`] without a permission; otherwise if AWS cannot be
/// asked. What goes wrong with a nested stack is a failure of the stack's own [`StackDrift`].
pub async fn drift(
    request: &DriftRequest,
    listener: &DriftListener,
) -> Result<Option<Vec<StackDrift>>, CloudError> {
    let Some(stack) = describe(&request.connection, &request.stack).await? else { return Ok(None) };
    if stack.status == "REVIEW_IN_PROGRESS" {
        // A change set announced it, and nothing of it exists.
        return Ok(None);
    }
    let mut watch = Watch::new(&request.connection, request.timeout);
    let (root, mut inner) = look(&request.connection, &stack, None, &mut watch, listener).await?;
    let mut found = vec![root];
    while !inner.is_empty() {
        let places = MOST_NESTED.saturating_sub(found.len() - 1);
        for skipped in inner.split_off(inner.len().min(places)) {
            fail(&mut found[0], &skipped.0, "more than 200 stacks are nested");
        }
        let names: Vec<String> = inner.iter().map(|(stack, _)| stack.clone()).collect();
        let looks = inner.drain(..).map(|(stack, parent)| {
            let (connection, listener) = (request.connection.clone(), Arc::clone(listener));
            let left = watch.left();
            async move { nested(&connection, &stack, parent, left, &listener).await }
        });
        for (name, answer) in names.iter().zip(together(looks.collect::<Vec<_>>()).await) {
            match answer.unwrap_or_else(|| Err(CloudError::bug("a look for drift broke off"))) {
                Ok((stack, deeper)) => {
                    found.push(stack);
                    inner.extend(deeper);
                }
                Err(error) => fail(&mut found[0], name, &error.to_string()),
            }
        }
    }
    Ok(Some(found))
}

/// As [`drift`], for several stacks at the same time; the answers are in the order of the requests.
pub async fn drifts(
    requests: Vec<DriftRequest>,
    listener: &DriftListener,
) -> Vec<Result<Option<Vec<StackDrift>>, CloudError>> {
    let ask = |request: DriftRequest| {
        let listener = Arc::clone(listener);
        async move { drift(&request, &listener).await }
    };
    let answers = together(requests.into_iter().map(ask).collect::<Vec<_>>()).await;
    let bug = || Err(CloudError::bug("a look for drift broke off"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(bug)).collect()
}

/// A stack that is nested: its ARN, and the name of the one around it.
type Nested = (String, Option<String>);

fn fail(root: &mut StackDrift, nested: &str, why: &str) {
    let text = format!("the nested stack {} was not compared: {why}", stack_name(nested));
    root.failure = Some(root.failure.take().map_or(text.clone(), |before| format!("{before}; {text}")));
}

async fn nested(
    connection: &Connection,
    stack: &str,
    parent: Option<String>,
    left: Duration,
    listener: &DriftListener,
) -> Result<(StackDrift, Vec<Nested>), CloudError> {
    let known = describe(connection, stack).await?;
    let known = known.ok_or_else(|| CloudError::new(Kind::Blocked, "it does not exist any more"))?;
    look(connection, &known, parent, &mut Watch::new(connection, left), listener).await
}

/// One stack, and the stacks nested in it.
async fn look(
    connection: &Connection,
    stack: &StackDescription,
    parent: Option<String>,
    watch: &mut Watch,
    listener: &DriftListener,
) -> Result<(StackDrift, Vec<Nested>), CloudError> {
    if stack.status.ends_with("_IN_PROGRESS") || stack.status == "DELETE_COMPLETE" {
        return Err(refused(stack, "nothing is compared while a stack is in this state"));
    }
    let detected = detect(connection, stack, watch, listener).await?;
    let compared = watch.all_of(connection, &stack.stack_id, detected.drifted).await?;
    let told = compared.drifted.len();
    let missing = detected.drifted.filter(|counted| *counted > told);
    let missing =
        missing.map(|counted| format!("{counted} resources differ, and CloudFormation tells of {told}"));
    let failure = detected.failure.or(missing);
    let mut notes = Vec::new();
    let resources = match api::list_resources(connection, &stack.stack_id).await {
        Ok(resources) => resources,
        Err(failure) => {
            notes.push(format!("the resources of {} could not be listed: {}", stack.name, failure.message));
            Vec::new()
        }
    };
    let template = match processed_template(connection, &stack.stack_id).await {
        Ok(template) => template,
        Err(error) => {
            notes.push(format!("the template of {} could not be read: {error}", stack.name));
            None
        }
    };
    let is_stack = |resource: &&StackResource| resource.resource_type == "AWS::CloudFormation::Stack";
    let nested = resources.iter().filter(is_stack).filter_map(|resource| resource.physical_id.clone());
    let nested = nested.map(|arn| (arn, Some(stack.name.clone()))).collect();
    let found = StackDrift { parent, template, failure, notes, ..compared.of(stack, &resources) };
    Ok((found, nested))
}

/// How a detection ended.
#[derive(Debug)]
struct Detected {
    /// Why some of it failed.
    failure: Option<String>,
    /// How many resources differ, if CloudFormation counted them.
    drifted: Option<usize>,
}

/// Runs one detection to its end.
async fn detect(
    connection: &Connection,
    stack: &StackDescription,
    watch: &mut Watch,
    listener: &DriftListener,
) -> Result<Detected, CloudError> {
    let mut waiting = false;
    let id = loop {
        match ask::detect(connection, &stack.stack_id).await {
            Ok(id) => break id,
            Err(failure) if is_running(&failure) => {
                if !waiting {
                    listener(DriftNews::Waiting(stack.name.clone()));
                }
                waiting = true;
                watch.pause(|| still_running(&stack.name)).await?;
            }
            Err(failure) if failure.passes() => watch.failed(&failure).await?,
            Err(failure) => return Err(not_begun(stack, failure)),
        }
    };
    listener(DriftNews::Looking(stack.name.clone()));
    loop {
        match ask::status(connection, &id).await {
            Ok(Standing { status, drifted, .. }) if status == "DETECTION_COMPLETE" => {
                return Ok(Detected { failure: None, drifted });
            }
            Ok(Standing { status, drifted, reason }) if status == "DETECTION_FAILED" => {
                let failure = Some(reason.unwrap_or_else(|| "no reason given".to_owned()));
                return Ok(Detected { failure, drifted });
            }
            // Another word is none that is known to be an end.
            Ok(_) => watch.pause(|| too_slow(&stack.name)).await?,
            Err(failure) if failure.passes() => watch.failed(&failure).await?,
            Err(failure) => return Err(failure.into_error()),
        }
    }
}

/// Whether a detection runs already; only the message tells.
fn is_running(failure: &ApiFailure) -> bool {
    failure.message.contains("already in progress")
}

fn not_begun(stack: &StackDescription, failure: ApiFailure) -> CloudError {
    const UNKNOWN: [&str; 4] =
        ["InvalidAction", "UnknownOperationException", "NotImplemented", "UnsupportedOperation"];
    if failure.code.as_deref().is_some_and(|code| UNKNOWN.contains(&code)) {
        let what = format!("there is no drift detection at this endpoint: {}", failure.message);
        return CloudError::new(Kind::Failed, what)
            .next("ask AWS itself, without `--endpoint-url` or `--local`");
    }
    match failure.class {
        Class::Rejected => refused(stack, &failure.message),
        Class::Denied => failure.into_error().next(
            "ask for cloudformation:DetectStackDrift and cloudformation:DetectStackResourceDrift, and for reading \
             every resource of the stack; `docuthinker iam-policy` has them all",
        ),
        _ => failure.into_error(),
    }
}

/// AWS takes the order for a stack in these states.
///
/// Source: [drift detection][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
fn refused(stack: &StackDescription, why: &str) -> CloudError {
    let StackDescription { name, status, .. } = stack;
    let next = if status.ends_with("_IN_PROGRESS") {
        format!("docuthinker watch {name}")
    } else {
        format!("docuthinker diagnose {name}")
    };
    CloudError::new(Kind::Blocked, format!("{name} cannot be compared with what exists: {why}"))
        .state(format!(
            "{name} is {status}; drift is detected in CREATE_COMPLETE, UPDATE_COMPLETE, UPDATE_ROLLBACK_COMPLETE and \
             UPDATE_ROLLBACK_FAILED"
        ))
        .next(next)
        .with(|report| {
            report.stack = Some(name.clone());
            report.status = Some(status.clone());
        })
}

fn still_running(name: &str) -> CloudError {
    CloudError::new(Kind::Blocked, format!("somebody else's drift detection on {name} has not ended"))
        .state("that detection goes on in AWS; it changes nothing")
        .next("run the same command again later, or with a longer `--timeout`")
}

fn too_slow(name: &str) -> CloudError {
    CloudError::new(
        Kind::TimedOut,
        format!("CloudFormation has not looked at all resources of {name} in time"),
    )
    .state("the detection goes on in AWS; it changes nothing")
    .next("run the same command again, with a longer `--timeout`")
}

/// The answers about all resources of a stack.
#[derive(Debug, Default)]
struct Compared {
    drifted: Vec<ResourceDrift>,
    in_sync: Vec<String>,
    unknown: Vec<Unchecked>,
}

impl Compared {
    /// What was found of the stack that has these resources.
    fn of(mut self, stack: &StackDescription, resources: &[StackResource]) -> StackDrift {
        let told = |id: &str| {
            self.in_sync.iter().any(|known| known == id)
                || self.drifted.iter().any(|known| known.logical_id == id)
                || self.unknown.iter().any(|known| known.logical_id == id)
        };
        let is_stack = |resource: &StackResource| resource.resource_type == "AWS::CloudFormation::Stack";
        let left_out = resources.iter().filter(|resource| !told(&resource.logical_id) && !is_stack(resource));
        let left_out: Vec<Unchecked> = left_out
            .map(|resource| Unchecked {
                logical_id: resource.logical_id.clone(),
                resource_type: resource.resource_type.clone(),
                reason: None,
            })
            .collect();
        self.unknown.extend(left_out);
        self.drifted.sort_by(|a, b| a.logical_id.cmp(&b.logical_id));
        self.unknown.sort_by(|a, b| a.logical_id.cmp(&b.logical_id));
        let physical = |resource: &StackResource| {
            Some((resource.logical_id.clone(), resource.physical_id.clone().filter(|id| !id.is_empty())?))
        };
        StackDrift {
            name: stack.name.clone(),
            stack_id: stack.stack_id.clone(),
            parent: None,
            parameters: stack.parameters.clone(),
            template: None,
            physical_ids: resources.iter().filter_map(physical).collect(),
            drifted: self.drifted,
            in_sync: self.in_sync.len(),
            unchecked: self.unknown,
            failure: None,
            notes: Vec::new(),
        }
    }
}
