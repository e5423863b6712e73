//! Rules by which a service deletes what is old: more of them, or sooner.

use super::GivenUpKind::{Data, Protection};
use super::{Found, Sides, Value, value};
use crate::diff::canon::canon_text;
use crate::diff::context::Context;
use crate::diff::texts::json_of;
use crate::document::Resource;
use crate::node::{Map, Node};

/// A rule that deletes.
struct Expiry {
    /// Its place in the list of rules.
    at: usize,
    /// What it is for; empty for all there is.
    scope: String,
    /// What it counts, and deletes more of the less this is.
    number: u64,
    of: Of,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Objects of a bucket, after so many days.
    Objects,
    /// Versions that others took the place of, after so many days.
    Noncurrent,
    /// Images, by the rule's own count.
    Images,
}

impl Expiry {
    /// Whether the other rule deletes all that this one does, as soon.
    fn is_in(&self, other: &Expiry) -> bool {
        let wide = other.scope.is_empty() || other.scope == self.scope;
        other.of == self.of && wide && other.number <= self.number
    }
}

impl Sides<'_> {
    /// What is deleted by rules that are new, or stricter.
    pub(super) fn expiries(self) -> Vec<Found> {
        match self.new.type_name.as_str() {
            "AWS::S3::Bucket" => self.objects(),
            "AWS::ECR::Repository" => self.images().into_iter().collect(),
            "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" => self.items().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// A lifecycle is for the objects that are there as well as for new ones.
    ///
    /// Source: [Expiring objects][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
    fn objects(self) -> Vec<Found> {
        let [Some(old), Some(new)] = [self.old, self.new].map(of_bucket) else { return Vec::new() };
        let versions = matches!(
            value(self.new, &["VersioningConfiguration", "Status"]),
            Value::Plain(node) if node.as_str() == Some("Enabled")
        );
        let more = new.iter().filter(|rule| !old.iter().any(|other| rule.is_in(other)));
        let mut found: Vec<Found> = Vec::new();
        for rule in more {
            let older = match rule.number {
                0 => String::new(),
                1 => " older than 1 day".to_owned(),
                days => format!(" older than {days} days"),
            };
            let some = if rule.scope.is_empty() { "" } else { " that the rule is for" };
            let (kind, what) = match rule.of {
                Of::Objects if versions => {
                    (Protection, format!("objects{older}{some} get a delete marker; their versions stay"))
                }
                Of::Noncurrent => (Data, format!("noncurrent versions{older}{some} are deleted")),
                Of::Objects | Of::Images => (Data, format!("objects{older}{some} are deleted")),
            };
            let at = rule.at.to_string();
            found.push(Found::at(kind, what, &["LifecycleConfiguration", "Rules", &at]));
        }
        found
    }

    /// Source: [Lifecycle policies][aws], which act within 24 hours.
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lp_creation.html
    fn images(self) -> Option<Found> {
        let [old, new] = [self.old, self.new].map(of_repository);
        let (old, new) = (old?, new?);
        let more = new.iter().any(|rule| !old.iter().any(|other| rule.is_in(other)));
        let what = "more images are expired, within 24 hours";
        more.then(|| Found::at(Data, what, &["LifecyclePolicy", "LifecyclePolicyText"]))
    }

    /// Source: [Time to Live][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
    fn items(self) -> Option<Found> {
        let attribute = |resource: &Resource| match value(resource, &["TimeToLiveSpecification"]) {
            Value::Plain(Node::Map(map)) => {
                let on = map.get("Enabled").and_then(Node::scalar_text).is_some_and(|text| text == "true");
                let name = map.get("AttributeName").and_then(Node::as_str).unwrap_or_default();
                Some(on.then(|| name.to_owned()))
            }
            Value::Open => None,
            Value::Absent | Value::Plain(_) => Some(None),
        };
        let (before, after) = (attribute(self.old)?, attribute(self.new)??);
        let what = format!("items whose `{after}` is a time in the past are deleted");
        (before.as_ref() != Some(&after)).then(|| Found::at(Data, what, &["TimeToLiveSpecification"]))
    }
}

/// What limits a rule of a bucket to some of its objects.
const SCOPE: [&str; 4] = ["Prefix", "TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"];

/// The rules of a bucket; `None` if only AWS knows them.
fn of_bucket(bucket: &Resource) -> Option<Vec<Expiry>> {
    let rules = match value(bucket, &["LifecycleConfiguration", "Rules"]) {
        Value::Absent => return Some(Vec::new()),
        Value::Plain(Node::List(rules)) => rules,
        Value::Plain(_) | Value::Open => return None,
    };
    let mut all = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let Some(map) = rule.as_map().filter(|map| text(map, "Status").as_deref() == Some("Enabled")) else {
            continue;
        };
        let parts = SCOPE.iter().filter_map(|name| {
            let node = map.get(name).filter(|node| node.as_str() != Some(""))?;
            Some(format!("{name}={}\n", canon_text(node, Context::default())))
        });
        let scope: String = parts.collect();
        let days = |name: &str| text(map, name).and_then(|text| text.parse().ok());
        let on_a_date = map.contains_key("ExpirationDate").then_some(0);
        let nested = map.get("NoncurrentVersionExpiration").and_then(Node::as_map);
        let noncurrent = nested.and_then(|map| text(map, "NoncurrentDays")?.parse().ok());
        let objects = days("ExpirationInDays").or(on_a_date).map(|number| (Of::Objects, number));
        let versions = noncurrent.or_else(|| days("NoncurrentVersionExpirationInDays"));
        let both = objects.into_iter().chain(versions.map(|number| (Of::Noncurrent, number)));
        all.extend(both.map(|(of, number)| Expiry { at, scope: scope.clone(), number, of }));
    }
    Some(all)
}

/// The rules of a repository that expire images; `None` if only AWS knows them.
fn of_repository(repository: &Resource) -> Option<Vec<Expiry>> {
    let policy = match value(repository, &["LifecyclePolicy", "LifecyclePolicyText"]) {
        Value::Absent => return Some(Vec::new()),
        Value::Plain(node) => json_of(&node)?,
        Value::Open => return None,
    };
    let rules = policy.as_map()?.get("rules")?.as_list()?;
    let expiry = |(at, rule): (usize, &Node)| {
        let rule = rule.as_map()?;
        let action = rule.get("action")?.as_map()?;
        let mut selection = rule.get("selection")?.as_map()?.clone();
        let number = text(&selection, "countNumber")?.parse().ok()?;
        selection.shift_remove("countNumber");
        selection.sort_keys();
        let scope = canon_text(&Node::Map(selection), Context::json());
        (text(action, "type")? == "expire").then_some(Expiry { at, scope, number, of: Of::Images })
    };
    Some(rules.iter().enumerate().filter_map(expiry).collect())
}

fn text(map: &Map, name: &str) -> Option<String> {
    Some(map.get(name)?.scalar_text()?.into_owned())
}
