//! Guard's records of an evaluation, and the clauses in them that do not hold.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use template::Path;

use super::place;
use super::worker::one_line;
use super::{Finding, Mistake, RulesFile};

/// A clause that does not hold.
pub(super) struct Clause {
    rule: String,
    /// What the rule's author says.
    message: Option<String>,
    /// What Guard saw.
    fact: String,
    /// Where in the template: `/Resources/Service/Properties`.
    path: String,
    /// Line and column of the block around the clause.
    block: Option<(u32, u32)>,
}

impl Clause {
    /// The clause as the user sees it; `template` is what Guard was given.
    pub(super) fn finding(self, file: &RulesFile, template: &Value) -> Finding {
        let position = place::in_rules(&file.text, &self.rule, self.message.as_deref(), self.block);
        Finding {
            message: self.message.as_deref().map_or_else(|| self.fact.clone(), one_line),
            fact: self.fact,
            path: place::in_template(&self.path, template).unwrap_or_else(Path::new),
            rule: self.rule,
            file: file.name.clone(),
            position,
        }
    }
}

/// The clauses that do not hold, in Guard's order.
pub(super) fn failed_clauses(answer: &str, file: &RulesFile) -> Result<Vec<Clause>, Mistake> {
    let root: Record = serde_json::from_str(answer)
        .map_err(|error| file.mistake(format!("Guard's answer cannot be read: {error}"), None))?;
    let mut clauses = vec![];
    for rule in &root.children {
        if let Some(Container::RuleCheck(named)) = &rule.container
            && named.status == Status::Fail
        {
            let name = named.name.rsplit('/').next().unwrap_or_default();
            let at = At { rule: name, block: None };
            let found = failed_in(&rule.children, at);
            // A rule that fails without a record of why is still a finding.
            let silent = || vec![at.clause(None, named.message.as_deref(), "the rule does not hold", "")];
            clauses.extend(if found.is_empty() { silent() } else { found });
        }
    }
    Ok(clauses)
}

/// Where the reader of the records is in the rules.
#[derive(Clone, Copy)]
struct At<'a> {
    rule: &'a str,
    block: Option<(u32, u32)>,
}

impl At<'_> {
    /// Guard's own explanation, if there is one, is better than what we say.
    fn clause(self, message: Option<&str>, explained: Option<&str>, fact: &str, path: &str) -> Clause {
        Clause {
            rule: self.rule.to_owned(),
            message: message.filter(|text| !text.trim().is_empty()).map(str::to_owned),
            fact: one_line(explained.unwrap_or(fact)),
            path: path.to_owned(),
            block: self.block,
        }
    }
}

fn failed_in(records: &[Record], at: At<'_>) -> Vec<Clause> {
    records.iter().flat_map(|record| failed(record, at)).collect()
}

/// What does not hold in one record. Conditions and filters may fail: the rule then does not apply.
fn failed(record: &Record, at: At<'_>) -> Vec<Clause> {
    let at = At { block: place::block(&record.context).or(at.block), ..at };
    match &record.container {
        Some(
            Container::BlockGuardCheck(block)
            | Container::GuardClauseBlockCheck(block)
            | Container::WhenCheck(block)
            | Container::TypeCheck(TypeCheck { block }),
        ) if block.status == Status::Fail => {
            let found = failed_in(&record.children, at);
            if found.is_empty() {
                let fact = "the clause selects nothing that it could hold for";
                return vec![at.clause(None, block.message.as_deref(), fact, "")];
            }
            // `some`: one of many would have been enough, so together they are one finding.
            if block.at_least_one_matches { one_of(found) } else { found }
        }
        Some(Container::Disjunction(block)) if block.status == Status::Fail => {
            let found = failed_in(&record.children, at);
            if found.is_empty() {
                return vec![at.clause(None, block.message.as_deref(), "none of the alternatives holds", "")];
            }
            one_of(found)
        }
        // A rule with parameters, called by this one.
        Some(
            Container::RuleCheck(Named { status: Status::Fail, .. }) | Container::TypeBlock(Status::Fail),
        ) => failed_in(&record.children, at),
        Some(Container::ClauseValueCheck(check)) => value_check(check, record, at).into_iter().collect(),
        _ => vec![],
    }
}

/// Alternatives of which none holds, as one clause.
fn one_of(clauses: Vec<Clause>) -> Vec<Clause> {
    let path = place::common(clauses.iter().map(|clause| clause.path.as_str()));
    let mut messages: Vec<String> = vec![];
    let mut facts: Vec<String> = vec![];
    for clause in &clauses {
        if let Some(message) = &clause.message
            && !messages.contains(message)
        {
            messages.push(message.clone());
        }
        if !facts.contains(&clause.fact) {
            facts.push(clause.fact.clone());
        }
    }
    let message = (!messages.is_empty()).then(|| messages.join(", or "));
    let fact = one_line(&facts.join("; "));
    let first = clauses.into_iter().next();
    first.map(|first| Clause { message, fact, path, ..first }).into_iter().collect()
}

/// One value that was held against a clause, if it failed.
fn value_check(check: &ValueCheck, record: &Record, at: At<'_>) -> Option<Clause> {
    let clause = record.context.trim();
    // What a filter on `keys` left out is recorded as a failure without a clause, and is none.
    if clause.is_empty() {
        return None;
    }
    Some(match check {
        ValueCheck::Success => return None,
        ValueCheck::Unary(Unary { value, comparison }) => {
            return compared(value, comparison, &[], clause, at);
        }
        ValueCheck::Comparison(Comparison { value, comparison, to }) => {
            return compared(value, comparison, to.as_slice(), clause, at);
        }
        ValueCheck::InComparison(InComparison { value, comparison, to }) => {
            return compared(value, comparison, to, clause, at);
        }
        ValueCheck::NoValueForEmptyCheck(message) => {
            at.clause(message.as_deref(), None, &format!("`{clause}` does not hold"), "")
        }
        ValueCheck::DependentRule(rule) => {
            let fact = format!("what this rule says of the rule `{}` does not hold", rule.rule);
            at.clause(rule.custom_message.as_deref(), None, &fact, "")
        }
        ValueCheck::MissingBlockValue(value) => {
            return compared(value, &(String::new(), false), &[], clause, at);
        }
    })
}

/// A comparison that failed: what is there, or what is missing.
fn compared(
    value: &Compared,
    (operator, not): &(String, bool),
    to: &[Query],
    clause: &str,
    at: At<'_>,
) -> Option<Clause> {
    if value.status != Status::Fail {
        return None;
    }
    let message = value.custom_message.as_deref();
    let (fact, path) = match &value.from {
        Query::UnResolved(missing) => {
            (format!("there is no `{}`", missing.remaining_query.trim()), &missing.traversed_to.path)
        }
        // Of two queries Guard gives what only one of them selects, twice.
        Query::Resolved(there) if to.iter().any(|to| to.path() == Some(&there.path)) => {
            (format!("`{clause}` does not hold"), &there.path)
        }
        Query::Resolved(there) | Query::Literal(there) => {
            let wanted = wanted(operator, *not, to);
            (format!("{} does not satisfy `{wanted}`", shown(&there.value)), &there.path)
        }
    };
    Some(at.clause(message, None, &fact, path))
}

/// The right side of a clause in Guard's own words: `!= "public"`.
fn wanted(operator: &str, not: bool, to: &[Query]) -> String {
    let sign = match (operator, not) {
        ("Eq", false) => "==",
        ("Eq", true) => "!=",
        ("Lt", _) => "<",
        ("Le", _) => "<=",
        ("Gt", _) => ">",
        ("Ge", _) => ">=",
        ("In", _) => "in",
        ("Exists", _) => "exists",
        ("Empty", _) => "empty",
        ("IsString", _) => "is_string",
        ("IsList", _) => "is_list",
        ("IsMap", _) => "is_struct",
        ("IsBool", _) => "is_bool",
        ("IsInt", _) => "is_int",
        ("IsFloat", _) => "is_float",
        ("IsNull", _) => "is_null",
        (other, _) => other,
    };
    let bang = if not && operator != "Eq" { "!" } else { "" };
    let values: Vec<String> = to.iter().map(query_text).collect();
    format!("{bang}{sign} {}", values.join(", ")).trim().to_owned()
}

fn query_text(query: &Query) -> String {
    match query {
        // Guard gives a regular expression as text between slashes.
        Query::Resolved(there) | Query::Literal(there) => match &there.value {
            Value::String(text) if text.len() > 1 && text.starts_with('/') && text.ends_with('/') => {
                text.clone()
            }
            value => short(value),
        },
        Query::UnResolved(missing) => missing.remaining_query.clone(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "this object".to_owned(),
        value => format!("`{}`", short(value)),
    }
}

/// The value as JSON, not longer than a line.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

// What `cfn-guard` writes with `verbose`, as far as we read it.

#[derive(Deserialize)]
struct Record {
    context: String,
    container: Option<Container>,
    children: Vec<Record>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Pass,
    Fail,
    Skip,
}

#[derive(Deserialize)]
enum Container {
    FileCheck(IgnoredAny),
    RuleCheck(Named),
    RuleCondition(IgnoredAny),
    TypeCheck(TypeCheck),
    TypeCondition(IgnoredAny),
    TypeBlock(Status),
    Filter(IgnoredAny),
    WhenCheck(Block),
    WhenCondition(IgnoredAny),
    Disjunction(Block),
    BlockGuardCheck(Block),
    GuardClauseBlockCheck(Block),
    ClauseValueCheck(ValueCheck),
}

#[derive(Deserialize)]
struct Named {
    name: String,
    status: Status,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Block {
    at_least_one_matches: bool,
    status: Status,
    message: Option<String>,
}

#[derive(Deserialize)]
struct TypeCheck {
    block: Block,
}

#[derive(Deserialize)]
enum ValueCheck {
    Success,
    Comparison(Comparison),
    InComparison(InComparison),
    Unary(Unary),
    NoValueForEmptyCheck(Option<String>),
    DependentRule(DependentRule),
    MissingBlockValue(Compared),
}

#[derive(Deserialize)]
struct Compared {
    from: Query,
    custom_message: Option<String>,
    status: Status,
}

#[derive(Deserialize)]
struct Unary {
    value: Compared,
    comparison: (String, bool),
}

#[derive(Deserialize)]
struct Comparison {
    #[serde(flatten)]
    value: Compared,
    comparison: (String, bool),
    to: Option<Query>,
}

#[derive(Deserialize)]
struct InComparison {
    #[serde(flatten)]
    value: Compared,
    comparison: (String, bool),
    to: Vec<Query>,
}

#[derive(Deserialize)]
struct DependentRule {
    rule: String,
    custom_message: Option<String>,
}

#[derive(Deserialize)]
enum Query {
    Literal(There),
    Resolved(There),
    UnResolved(Missing),
}

impl Query {
    /// Where the value stands in the template.
    fn path(&self) -> Option<&str> {
        match self {
            Query::Resolved(there) if !there.path.is_empty() => Some(&there.path),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct There {
    path: String,
    value: Value,
}

#[derive(Deserialize)]
struct Missing {
    traversed_to: Traversed,
    remaining_query: String,
}

#[derive(Deserialize)]
struct Traversed {
    path: String,
}
