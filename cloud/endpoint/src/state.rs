//! What the scripted AWS has: stacks, their resources, change sets and events.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::changes::Change;
use crate::clock::Micros;
use crate::template::Template;

/// A stack, live or deleted.
#[derive(Debug, Clone)]
pub(crate) struct Stack {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) created: Micros,
    pub(crate) updated: Option<Micros>,
    pub(crate) deleted: Option<Micros>,
    /// What it is, or is becoming.
    pub(crate) template: Template,
    /// What it was before the running operation, and is again after a rollback.
    pub(crate) stable: Template,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) capabilities: Vec<String>,
    pub(crate) role: Option<String>,
    pub(crate) protected: bool,
    pub(crate) keeps_failures: bool,
    pub(crate) parent: Option<String>,
    pub(crate) root: String,
    /// The logical ids from the root stack down to this one; empty for a root.
    pub(crate) path: String,
    pub(crate) resources: BTreeMap<String, Resource>,
    /// Resources that were replaced and are not yet deleted.
    pub(crate) obsolete: Vec<Resource>,
    pub(crate) sets: Vec<ChangeSet>,
    /// Oldest first.
    pub(crate) events: Vec<Event>,
    /// Oldest first; the last one may be running.
    pub(crate) operations: Vec<Operation>,
    /// Tokens of orders that were carried out; the same order again has no effect.
    pub(crate) tokens: Vec<(String, String)>,
}

/// A resource of a stack.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) logical: String,
    pub(crate) kind: String,
    pub(crate) physical: Option<String>,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) at: Micros,
    pub(crate) definition: Value,
    /// What it was when the running operation first touched it.
    pub(crate) before: Option<Before>,
}

/// A resource before an operation.
#[derive(Debug, Clone)]
pub(crate) struct Before {
    pub(crate) existed: bool,
    pub(crate) physical: Option<String>,
    pub(crate) definition: Value,
    /// Whether a rollback has made it so again.
    pub(crate) restored: bool,
}

/// One operation on a stack.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    /// `CREATE_STACK`, `UPDATE_STACK`, `DELETE_STACK`, `ROLLBACK`, `CONTINUE_ROLLBACK` or `CREATE_CHANGESET`.
    pub(crate) kind: &'static str,
    pub(crate) token: Option<String>,
    pub(crate) ended: Option<Micros>,
    pub(crate) failed: bool,
}

/// A change set.
#[derive(Debug, Clone)]
pub(crate) struct ChangeSet {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) token: Option<String>,
    pub(crate) creates: bool,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) execution: String,
    pub(crate) created: Micros,
    pub(crate) template: Template,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) capabilities: Vec<String>,
    pub(crate) role: Option<String>,
    pub(crate) changes: Vec<Change>,
    pub(crate) operation: String,
    pub(crate) executed_with: Option<String>,
    /// Whether it goes into nested stacks.
    pub(crate) nests: bool,
    /// The ARN of the change set of the stack that its stack is nested in.
    pub(crate) parent: Option<String>,
}

/// One event of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) serial: u64,
    pub(crate) id: String,
    /// `STACK_EVENT`, `VALIDATION_ERROR`, …: only the first kind appears in `DescribeStackEvents`.
    pub(crate) kind: &'static str,
    pub(crate) at: Micros,
    pub(crate) logical: String,
    pub(crate) physical: String,
    pub(crate) resource_type: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) operation: String,
    pub(crate) operation_kind: &'static str,
    pub(crate) token: Option<String>,
    pub(crate) hook: Option<Hook>,
    pub(crate) validation: Option<Validation>,
}

/// What a hook says of a resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hook {
    pub(crate) invocation: String,
    pub(crate) name: String,
    pub(crate) reason: String,
}

/// What early validation says of a resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Validation {
    pub(crate) name: String,
    pub(crate) reason: String,
    pub(crate) path: String,
}

impl Stack {
    /// A stack without anything in it.
    pub(crate) fn new(id: &str, name: &str, region: &str, account: &str, at: Micros) -> Stack {
        Stack {
            id: id.to_owned(),
            name: name.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            status: "REVIEW_IN_PROGRESS".to_owned(),
            reason: None,
            created: at,
            updated: None,
            deleted: None,
            template: Template::empty(),
            stable: Template::empty(),
            tags: BTreeMap::new(),
            capabilities: Vec::new(),
            role: None,
            protected: false,
            keeps_failures: false,
            parent: None,
            root: id.to_owned(),
            path: String::new(),
            resources: BTreeMap::new(),
            obsolete: Vec::new(),
            sets: Vec::new(),
            events: Vec::new(),
            operations: Vec::new(),
            tokens: Vec::new(),
        }
    }

    /// How a test may call a resource of this stack: with the region, `us-west-2/Id`, which goes first, or without.
    pub(crate) fn names(&self, logical: &str) -> [String; 2] {
        [format!("{}/{logical}", self.region), logical.to_owned()]
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }

    /// Whether its first creation has not succeeded.
    pub(crate) fn is_being_created(&self) -> bool {
        self.stable.text.is_empty()
    }

    /// The physical id of a resource, or of the stack for the pseudo parameters.
    pub(crate) fn id_of(&self, logical: &str) -> Option<String> {
        match logical {
            "AWS::StackId" => Some(self.id.clone()),
            "AWS::StackName" => Some(self.name.clone()),
            "AWS::Region" => Some(self.region.clone()),
            "AWS::AccountId" => Some(self.account.clone()),
            "AWS::Partition" => Some("aws".to_owned()),
            "AWS::URLSuffix" => Some("amazonaws.com".to_owned()),
            _ => self.resources.get(logical)?.physical.clone(),
        }
    }

    /// A value of its template.
    pub(crate) fn value(&self, value: &Value) -> String {
        self.template.value(value, &|id| self.id_of(id))
    }

    /// The exports of its template: name and value.
    pub(crate) fn exports(&self) -> Vec<(String, String)> {
        let outputs = self.template.section("Outputs").into_iter().flatten();
        let exported = outputs.filter_map(|(_, output)| {
            let name = output.get("Export")?.get("Name")?;
            Some((self.value(name), self.value(output.get("Value")?)))
        });
        exported.collect()
    }

    /// The change set with this name or ARN.
    pub(crate) fn set(&self, name: &str) -> Option<&ChangeSet> {
        self.sets.iter().find(|set| set.id == name || set.name == name)
    }

    pub(crate) fn set_mut(&mut self, name: &str) -> Option<&mut ChangeSet> {
        self.sets.iter_mut().find(|set| set.id == name || set.name == name)
    }

    /// The operation that runs, or ran last.
    pub(crate) fn operation(&self) -> Option<&Operation> {
        self.operations.iter().rev().find(|operation| operation.kind != "CREATE_CHANGESET")
    }
}

impl Resource {
    pub(crate) fn new(logical: &str, kind: &str, definition: Value, at: Micros) -> Resource {
        Resource {
            logical: logical.to_owned(),
            kind: kind.to_owned(),
            physical: None,
            status: String::new(),
            reason: None,
            at,
            definition,
            before: None,
        }
    }

    /// Whether there is something in the account.
    pub(crate) fn exists(&self) -> bool {
        self.physical.is_some() && !matches!(self.status.as_str(), "DELETE_COMPLETE" | "DELETE_SKIPPED")
    }

    /// Remembers what it is, before an operation changes it.
    pub(crate) fn touch(&mut self) {
        if self.before.is_none() {
            self.before = Some(Before {
                existed: self.exists(),
                physical: self.physical.clone(),
                definition: self.definition.clone(),
                restored: false,
            });
        }
    }

    /// One of its policies, `Delete` if it has none.
    pub(crate) fn policy(&self, name: &str) -> &str {
        self.definition.get(name).and_then(Value::as_str).unwrap_or("Delete")
    }

    pub(crate) fn is_stack(&self) -> bool {
        self.kind == "AWS::CloudFormation::Stack"
    }
}
