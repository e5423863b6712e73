//! A policy document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// The most characters of a managed policy, white space not counted.
///
/// Source: [IAM quotas][aws] in the IAM user guide.
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
pub const MANAGED_POLICY_CHARACTERS: usize = 6144;

/// Operators, each with its keys and their values.
pub(super) type Conditions = BTreeMap<&'static str, BTreeMap<&'static str, BTreeSet<String>>>;

/// What a policy allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its statements, sorted.
    pub statements: Vec<Statement>,
    /// What its reader must know: what could not be told, and what was left out.
    pub notes: Vec<String>,
}

/// Some actions on some resources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// Its name, unique in the policy.
    pub sid: String,
    /// The actions, sorted.
    pub actions: BTreeSet<String>,
    /// The resources, sorted.
    pub resources: BTreeSet<String>,
    pub(super) conditions: Conditions,
    /// Why it is on all resources, if it is.
    pub reason: Option<&'static str>,
}

impl Policy {
    /// The document as JSON, indented.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.to_value())
    }

    /// The document as a value.
    pub fn to_value(&self) -> Value {
        let statements: Vec<Value> = self.statements.iter().map(Statement::to_value).collect();
        json!({ "Version": "2012-10-17", "Statement": statements })
    }

    /// How many characters it has, as IAM counts them.
    pub fn characters(&self) -> usize {
        self.to_value().to_string().chars().count()
    }

    /// The policy in as few documents as fit into a managed policy each. The first takes the notes.
    ///
    /// A statement that alone is too large is divided by its actions.
    pub fn parts(&self) -> Vec<Policy> {
        let mut parts: Vec<Policy> = vec![Policy { statements: vec![], notes: self.notes.clone() }];
        let mut waiting: Vec<Statement> = self.statements.iter().rev().cloned().collect();
        while let Some(statement) = waiting.pop() {
            let mut with = parts.last().cloned().unwrap_or_default();
            with.statements.push(statement.clone());
            let alone = with.statements.len() == 1;
            if with.characters() <= MANAGED_POLICY_CHARACTERS || (alone && statement.actions.len() == 1) {
                parts.pop();
                parts.push(with);
            } else if alone {
                waiting.extend(statement.halves());
            } else {
                parts.push(Policy::default());
                waiting.push(statement);
            }
        }
        parts
    }
}

impl Statement {
    /// A value for each key of its conditions, with which they hold; for a look at what a policy decides.
    pub fn context(&self) -> BTreeMap<&'static str, &str> {
        let keys = self.conditions.values().flatten();
        keys.filter_map(|(key, values)| Some((*key, values.first()?.as_str()))).collect()
    }

    fn to_value(&self) -> Value {
        let mut value = json!({
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": one_or_all(&self.actions),
            "Resource": one_or_all(&self.resources),
        });
        if !self.conditions.is_empty() {
            let keys = |keys: &BTreeMap<&str, BTreeSet<String>>| -> Value {
                keys.iter().map(|(key, values)| ((*key).to_owned(), one_or_all(values))).collect()
            };
            let operators = self.conditions.iter().map(|(operator, of)| ((*operator).to_owned(), keys(of)));
            value["Condition"] = operators.collect();
        }
        value
    }

    /// The statement in two, the first of which comes last.
    fn halves(&self) -> [Statement; 2] {
        let middle = self.actions.len() / 2;
        let half = |actions: BTreeSet<String>, name| Statement {
            sid: format!("{}{name}", self.sid),
            actions,
            ..self.clone()
        };
        let first = self.actions.iter().take(middle).cloned().collect();
        let second = self.actions.iter().skip(middle).cloned().collect();
        [half(second, "B"), half(first, "A")]
    }
}

fn one_or_all(values: &BTreeSet<String>) -> Value {
    match values.first() {
        Some(one) if values.len() == 1 => json!(one),
        _ => json!(values),
    }
}
