//! The steps of running operations: what happens when, and what it changes.

use serde_json::Value;

use crate::clock::Micros;
use crate::nesting;
use crate::play;
use crate::state::{Before, Event, Hook, Operation, Resource, Stack, Validation};
use crate::template::Template;
use crate::world::World;

/// The shortest time between two things that happen one after the other: a millisecond.
pub(crate) const TICK: Micros = 1000;

/// A step of an operation.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// A nested stack comes into being.
    NewStack(Box<Stack>),
    /// An operation begins on a stack, which shall become as the template says.
    Begin { stack: String, kind: &'static str, token: Option<String>, target: Option<Box<Template>> },
    /// A resource gets another status.
    Resource {
        stack: String,
        logical: String,
        becomes: Becomes,
        status: &'static str,
        reason: Option<String>,
    },
    /// A hook stops a resource.
    Hooked { stack: String, logical: String, status: &'static str, hook: Hook },
    /// A stack gets another status.
    Status { stack: String, status: &'static str, reason: Option<String> },
    /// What is under way in a stack and those nested in it is cancelled.
    CancelRunning { stack: String },
    /// CloudFormation rolls back by itself.
    RollBack { stack: String },
    /// A stack has its old template again.
    Restore { stack: String },
    /// What an update left over is deleted.
    CleanUp { stack: String },
    /// The operation of a stack has ended.
    End { stack: String, failed: bool },
    /// A change set gets on.
    ChangeSet { stack: String, set: String, done: bool },
    /// A change set that was deleted with those of nested stacks goes, or is gone.
    SetGoes { stack: String, set: String, gone: bool },
    /// Something of another operation.
    Foreign { stack: String, event: Box<Event> },
}

/// What a step makes of a resource.
#[derive(Debug, Clone)]
pub(crate) enum Becomes {
    /// What it was.
    Same,
    /// A new one, not there yet.
    New { kind: String, definition: Value },
    /// Something that is about to change.
    Touched,
    /// Something in the account.
    Physical(String),
    /// What the new template says.
    Defined(Value),
    /// What it was before the operation.
    Restored,
    /// Nothing.
    Gone,
    /// Not itself, but the one with this physical id, which it has replaced; it may be gone with this step.
    Old { physical: String, kind: String, gone: bool },
}

impl World {
    /// Everything that has happened by now.
    pub(crate) fn catch_up(&mut self) {
        self.play_on();
        self.watch_rollouts();
    }

    fn play_on(&mut self) {
        let now = self.clock.now();
        while let Some(entry) = self.steps.first_entry() {
            let (at, _) = *entry.key();
            if at > now {
                return;
            }
            let (_, effect) = entry.remove();
            self.apply(at, effect);
            self.remember(at);
        }
    }

    fn apply(&mut self, at: Micros, effect: Effect) {
        match effect {
            Effect::NewStack(stack) => self.stacks.push(*stack),
            Effect::Begin { stack, kind, token, target } => {
                self.begin(&stack, kind, token, at);
                if let (Some(target), Some(stack)) = (target, self.stack_mut(&stack)) {
                    stack.stable = std::mem::replace(&mut stack.template, *target);
                }
            }
            Effect::Resource {
                stack,
                logical,
                becomes: Becomes::Old { physical, kind, gone },
                status,
                reason,
            } => {
                if let Some(stack) = self.stack_mut(&stack).filter(|_| gone) {
                    stack.obsolete.retain(|old| old.physical.as_ref() != Some(&physical));
                }
                self.tell(&stack, &logical, &physical, &kind, status, reason, at);
            }
            Effect::Resource { stack, logical, becomes, status, reason } => {
                let given_up = matches!(becomes, Becomes::Gone) && status == "DELETE_FAILED";
                self.change_resource(&stack, &logical, becomes, at);
                let reason = self.with_cause(&stack, &logical, reason);
                self.tell_resource(&stack, &logical, status, reason, at);
                if let Some(stack) = self.stack_mut(&stack).filter(|_| given_up) {
                    stack.resources.remove(&logical);
                }
            }
            Effect::Hooked { stack, logical, status, hook } => {
                let reason = format!("The following hook(s) failed: [{}]", hook.name);
                self.tell_resource(&stack, &logical, status, Some(reason), at);
                if let Some(stack) = self.stack_mut(&stack)
                    && let Some(event) = stack.events.last_mut()
                {
                    event.hook = Some(hook.clone());
                    let mut error = event.clone();
                    error.kind = "HOOK_INVOCATION_ERROR";
                    error.id = format!("{}-hook", error.id);
                    stack.events.push(error);
                }
                self.hook_results.push((stack, logical, at, hook));
            }
            Effect::Status { stack, status, reason } => {
                let untold = reason.is_none() && status.ends_with("_FAILED");
                let failures = || self.stack(&stack).map(play::forward::failure_text);
                let reason = if untold { failures() } else { reason };
                self.tell_stack(&stack, status, reason, at);
            }
            Effect::CancelRunning { stack } => self.cancel_running(&stack, at),
            Effect::RollBack { stack } => {
                let token = self.stack(&stack).and_then(|stack| stack.operation()?.token.clone());
                let token = token.filter(|_| self.scenario.rollback_keeps_token);
                play::backward::roll_back(self, &stack, "ROLLBACK", token, &[], None, at);
            }
            Effect::Restore { stack } => {
                if let Some(stack) = self.stack_mut(&stack) {
                    stack.template = stack.stable.clone();
                }
            }
            Effect::CleanUp { stack } => play::backward::clean_up(self, &stack, at),
            Effect::End { stack, failed } => self.end(&stack, failed, at),
            Effect::ChangeSet { stack, set, done } => self.advance_set(&stack, &set, done),
            Effect::SetGoes { stack, set, gone } => nesting::go(self, &stack, &set, gone, at),
            Effect::Foreign { stack, mut event } => {
                event.at = at;
                event.serial = self.next_serial();
                event.id = format!("{}-{}-{:08x}", event.logical, event.status, event.serial);
                if let Some(stack) = self.stack_mut(&stack) {
                    stack.events.push(*event);
                }
            }
        }
    }

    /// A nested stack's resource says why the nested stack failed, which is known only when it does.
    fn with_cause(&self, stack: &str, logical: &str, reason: Option<String>) -> Option<String> {
        let reason = reason?;
        if !reason.starts_with("Embedded stack") || !reason.ends_with(": ") {
            return Some(reason);
        }
        let nested = self.stack(stack)?.resources.get(logical)?.physical.clone()?;
        Some(reason + &self.stack(&nested).map(play::forward::failure_text).unwrap_or_default())
    }

    /// Begins an operation on one stack.
    pub(crate) fn begin(&mut self, stack: &str, kind: &'static str, token: Option<String>, at: Micros) {
        let id = self.uuid();
        if let Some(stack) = self.stack_mut(stack) {
            // What was running is over: a rollback follows an operation that failed.
            for operation in stack.operations.iter_mut().filter(|operation| operation.ended.is_none()) {
                operation.ended = Some(at);
                operation.failed = true;
            }
            stack.operations.push(Operation { id, kind, token, ended: None, failed: false });
        }
    }

    fn end(&mut self, stack: &str, failed: bool, at: Micros) {
        let Some(stack) = self.stack_mut(stack) else { return };
        if let Some(operation) = stack.operations.iter_mut().rev().find(|operation| operation.ended.is_none())
        {
            operation.ended = Some(at);
            operation.failed = failed;
        }
        let executed = stack.sets.iter_mut().find(|set| set.execution == "EXECUTE_IN_PROGRESS");
        if let Some(set) = executed {
            let good = ["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&stack.status.as_str());
            if good { "EXECUTE_COMPLETE" } else { "EXECUTE_FAILED" }.clone_into(&mut set.execution);
        }
        if failed || stack.status.ends_with("_FAILED") {
            return;
        }
        if ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"].contains(&stack.status.as_str())
        {
            stack.resources.retain(|_, resource| resource.exists());
            stack.stable = stack.template.clone();
        }
        for resource in stack.resources.values_mut() {
            resource.before = None;
        }
    }

    fn change_resource(&mut self, stack: &str, logical: &str, becomes: Becomes, at: Micros) {
        let Some(stack) = self.stack_mut(stack) else { return };
        if let Becomes::New { kind, definition } = becomes {
            let mut resource = Resource::new(logical, &kind, definition, at);
            resource.touch();
            stack.resources.insert(logical.to_owned(), resource);
            return;
        }
        let Some(resource) = stack.resources.get_mut(logical) else { return };
        match becomes {
            Becomes::Same | Becomes::New { .. } | Becomes::Old { .. } => {}
            Becomes::Touched => resource.touch(),
            Becomes::Physical(physical) => {
                if resource.exists() && resource.physical.as_ref() != Some(&physical) {
                    stack.obsolete.push(resource.clone());
                }
                resource.physical = Some(physical);
            }
            Becomes::Defined(definition) => resource.definition = definition,
            Becomes::Restored => {
                let Some(before) = resource.before.clone() else { return };
                stack.obsolete.retain(|old| old.physical != before.physical);
                if resource.physical != before.physical {
                    stack.obsolete.push(resource.clone());
                }
                resource.physical.clone_from(&before.physical);
                resource.definition = before.definition.clone();
                resource.before = Some(Before { restored: true, ..before });
            }
            Becomes::Gone => "DELETE_COMPLETE".clone_into(&mut resource.status),
        }
    }

    /// Everything that is under way in the stack, and below it, fails as cancelled.
    fn cancel_running(&mut self, stack: &str, at: Micros) {
        let Some(found) = self.stack(stack) else { return };
        let running: Vec<_> = found
            .resources
            .values()
            .filter(|resource| resource.status.ends_with("_IN_PROGRESS"))
            .map(|resource| {
                (
                    resource.logical.clone(),
                    resource.status.clone(),
                    resource.physical.clone(),
                    resource.is_stack(),
                )
            })
            .collect();
        for (logical, status, physical, is_stack) in running {
            let (failed, what) = if status.starts_with("CREATE") {
                ("CREATE_FAILED", "creation")
            } else {
                ("UPDATE_FAILED", "update")
            };
            if let Some(nested) = physical.filter(|_| is_stack) {
                self.cancel_running(&nested, at);
                let reason = Some(format!("Resource {what} cancelled"));
                self.tell_stack(&nested, failed, reason, at);
            }
            self.tell_resource(stack, &logical, failed, Some(format!("Resource {what} cancelled")), at);
        }
    }

    /// Gives a stack another status, and says so.
    pub(crate) fn tell_stack(&mut self, id: &str, status: &str, reason: Option<String>, at: Micros) {
        let Some(stack) = self.stack_mut(id) else { return };
        status.clone_into(&mut stack.status);
        stack.reason.clone_from(&reason);
        match status {
            "UPDATE_IN_PROGRESS" | "UPDATE_ROLLBACK_IN_PROGRESS" => stack.updated = Some(at),
            "DELETE_COMPLETE" => {
                stack.deleted = Some(at);
                stack.sets.clear();
            }
            _ => {}
        }
        let (name, id) = (stack.name.clone(), stack.id.clone());
        self.tell(&id, &name, &id, "AWS::CloudFormation::Stack", status, reason, at);
    }

    fn tell_resource(
        &mut self,
        stack: &str,
        logical: &str,
        status: &str,
        reason: Option<String>,
        at: Micros,
    ) {
        let Some(found) = self.stack_mut(stack) else { return };
        let Some(resource) = found.resources.get_mut(logical) else { return };
        status.clone_into(&mut resource.status);
        resource.reason.clone_from(&reason);
        resource.at = at;
        let (physical, kind) = (resource.physical.clone().unwrap_or_default(), resource.kind.clone());
        self.tell(stack, logical, &physical, &kind, status, reason, at);
    }

    /// Adds an event to the history of a stack.
    #[expect(clippy::too_many_arguments, reason = "these are the fields of an event")]
    pub(crate) fn tell(
        &mut self,
        stack: &str,
        logical: &str,
        physical: &str,
        kind: &str,
        status: &str,
        reason: Option<String>,
        at: Micros,
    ) {
        let serial = self.next_serial();
        let Some(stack) = self.stack_mut(stack) else { return };
        let operation = stack.operation().cloned();
        stack.events.push(Event {
            serial,
            id: format!("{logical}-{status}-{serial:08x}"),
            kind: "STACK_EVENT",
            at,
            logical: logical.to_owned(),
            physical: physical.to_owned(),
            resource_type: kind.to_owned(),
            status: status.to_owned(),
            reason,
            operation: operation.as_ref().map(|operation| operation.id.clone()).unwrap_or_default(),
            operation_kind: operation.as_ref().map_or("CREATE_STACK", |operation| operation.kind),
            token: operation.and_then(|operation| operation.token),
            hook: None,
            validation: None,
        });
    }

    /// A change set that was ordered is being made, or is ready.
    pub(crate) fn advance_set(&mut self, stack: &str, set: &str, done: bool) {
        let Some(mut set) = self.stack(stack).and_then(|stack| stack.set(set)).cloned() else { return };
        if set.execution == "OBSOLETE" || set.status.starts_with("DELETE_") {
            return;
        }
        "CREATE_IN_PROGRESS".clone_into(&mut set.status);
        let failed = if done { nesting::finish(self, &set) } else { nesting::begin(self, stack, &set) };
        let Some(found) = self.stack(stack).cloned() else { return };
        if done {
            set.changes = nesting::changes(self, &found, &set);
            let same_rest = set.template.section("Outputs") == found.template.section("Outputs")
                && set.tags == found.tags
                && set.template.parameters == found.template.parameters;
            let invalid = self.invalid(&set.template);
            let (status, reason, execution) = if !invalid.is_empty() {
                let text = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. \
                            To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.";
                ("FAILED", Some(text.to_owned()), "UNAVAILABLE")
            } else if let Some(reason) = failed {
                ("FAILED", Some(reason), "UNAVAILABLE")
            } else if set.changes.is_empty() && same_rest && !set.creates {
                let text = "The submitted information didn't contain changes. \
                            Submit different information to create a change set.";
                ("FAILED", Some(text.to_owned()), "UNAVAILABLE")
            } else if set.parent.is_some() {
                let text = "Only executable from the root change set.";
                ("CREATE_COMPLETE", Some(text.to_owned()), "UNAVAILABLE")
            } else {
                ("CREATE_COMPLETE", None, "AVAILABLE")
            };
            status.clone_into(&mut set.status);
            execution.clone_into(&mut set.execution);
            set.reason = reason;
            self.tell_invalid(stack, &set.operation, set.token.as_ref(), invalid);
        }
        if let Some(place) = self.stack_mut(stack).and_then(|stack| stack.set_mut(&set.id)) {
            *place = set;
        }
    }

    fn invalid(&self, template: &Template) -> Vec<(String, String, String)> {
        let all = self.scenario.invalid.iter();
        all.filter_map(|(logical, reason)| {
            let kind = crate::changes::kind(template.resource(logical)?);
            Some((logical.clone(), kind, reason.clone()))
        })
        .collect()
    }

    fn tell_invalid(
        &mut self,
        stack: &str,
        operation: &str,
        token: Option<&String>,
        invalid: Vec<(String, String, String)>,
    ) {
        let at = self.clock.now();
        for (logical, kind, reason) in invalid {
            self.tell(stack, &logical, "", &kind, "", None, at);
            let Some(event) = self.stack_mut(stack).and_then(|stack| stack.events.last_mut()) else { return };
            event.kind = "VALIDATION_ERROR";
            operation.clone_into(&mut event.operation);
            event.operation_kind = "CREATE_CHANGESET";
            event.token = token.cloned();
            event.validation = Some(Validation {
                name: "NAME_CONFLICT_VALIDATION".to_owned(),
                reason,
                path: format!("/Resources/{logical}"),
            });
        }
    }
}
