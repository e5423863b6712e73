//! Whom the policies of a template allow what, gathered by the role, user, group or resource that they are for.

use std::collections::BTreeMap;

use super::sides::{Part, Side};
use super::statement::{Beyond, Budget, Conditions, Statement};
use super::symbol::{Symbols, When, reference, shown, target};
use super::{SecurityChange, SecurityKind, Tense, listed};
use crate::document::Resource;
use crate::node::{Function, Map, Node};

/// What is known of the access to one thing.
#[derive(Debug, Default)]
struct Grants {
    /// The logical ID of the resource that says it; the first of several.
    id: String,
    statements: Vec<Statement>,
    /// Policies that are named by ARN, and groups of a user.
    attached: Vec<(When, String)>,
    /// Documents that only AWS knows.
    unknown: Vec<String>,
    /// The permissions boundary.
    boundary: Option<String>,
    /// Whether AWS allows everything because there is no policy; that is new only where there was one.
    implied: bool,
}

type Key = (SecurityKind, String);

/// All grants of one template.
pub(super) struct Gathered<'t> {
    symbols: &'t Symbols<'t>,
    all: BTreeMap<Key, Grants>,
    /// Roles, users and groups by the name that they are given.
    named: BTreeMap<String, String>,
}

/// The properties that hold a policy as text or as a mapping; mappings are found under any name.
const DOCUMENTS: [&str; 11] = [
    "PolicyDocument",
    "AssumeRolePolicyDocument",
    "KeyPolicy",
    "RepositoryPolicyText",
    "PolicyText",
    "FileSystemPolicy",
    "ResourcePolicy",
    "AccessPolicy",
    "AccessPolicies",
    "InlinePolicy",
    "RegistryPolicy",
];

/// What the policy of a resource is for, where that is another resource.
const SUBJECTS: [(&str, &str); 9] = [
    ("AWS::S3::BucketPolicy", "Bucket"),
    ("AWS::SQS::QueuePolicy", "Queues"),
    ("AWS::SQS::QueueInlinePolicy", "Queue"),
    ("AWS::SNS::TopicPolicy", "Topics"),
    ("AWS::SNS::TopicInlinePolicy", "TopicArn"),
    ("AWS::SecretsManager::ResourcePolicy", "SecretId"),
    ("AWS::Kinesis::ResourcePolicy", "ResourceArn"),
    ("AWS::Lambda::Permission", "FunctionName"),
    ("AWS::Events::EventBusPolicy", "EventBusName"),
];

/// Whom a policy of IAM is attached to.
const HOLDERS: [(&str, &[&str]); 5] = [
    ("AWS::IAM::Policy", &["Roles", "Users", "Groups"]),
    ("AWS::IAM::ManagedPolicy", &["Roles", "Users", "Groups"]),
    ("AWS::IAM::RolePolicy", &["RoleName"]),
    ("AWS::IAM::UserPolicy", &["UserName"]),
    ("AWS::IAM::GroupPolicy", &["GroupName"]),
];

/// Properties that give rights without being a policy.
const GIVING: [&str; 6] =
    ["Groups", "ManagedPolicies", "ManagedPolicyArns", "PermissionsBoundary", "Policies", "Principal"];

/// The type that adds users to a group.
const ADDITION: &str = "AWS::IAM::UserToGroupAddition";

/// Whether a property says who may do what.
pub(super) fn decides(type_name: &str, property: &str) -> bool {
    let own = match type_name {
        "AWS::Lambda::Permission" => true,
        ADDITION => ["GroupName", "Users"].contains(&property),
        _ => {
            let holds = |(holder, lists): &(&str, &[&str])| *holder == type_name && lists.contains(&property);
            SUBJECTS.contains(&(type_name, property)) || HOLDERS.iter().any(holds)
        }
    };
    own || DOCUMENTS.contains(&property) || GIVING.contains(&property)
}

/// Types without a policy that let everybody do everything who reaches them, and the property of the policy.
///
/// Source: [endpoint policies][vpc], [file system policies][efs].
///
/// [vpc]: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
/// [efs]: https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
const OPEN_WITHOUT: [(&str, &str); 2] =
    [("AWS::EC2::VPCEndpoint", "PolicyDocument"), ("AWS::EFS::FileSystem", "FileSystemPolicy")];

impl<'t> Gathered<'t> {
    pub(super) fn of(symbols: &'t Symbols<'t>) -> Gathered<'t> {
        let mut gathered = Gathered { symbols, all: BTreeMap::new(), named: BTreeMap::new() };
        for (id, resource) in &symbols.template.resources {
            for name in ["RoleName", "UserName", "GroupName"] {
                if matches!(
                    resource.type_name.as_str(),
                    "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group"
                ) && let Some(name) = resource.properties.get(name)
                {
                    gathered.named.insert(symbols.text(name), reference(id));
                }
            }
        }
        for (id, resource) in &symbols.template.resources {
            gathered.resource(id, resource);
        }
        gathered
    }

    fn resource(&mut self, id: &str, resource: &Resource) {
        let when = self.symbols.existence(resource);
        let type_name = resource.type_name.as_str();
        if let Some((_, lists)) = HOLDERS.iter().find(|(holder, _)| *holder == type_name) {
            for holder in self.holders(id, resource, lists) {
                self.document(
                    (SecurityKind::Permission, holder),
                    id,
                    resource.properties.get("PolicyDocument"),
                    &when,
                );
            }
            return;
        }
        match type_name {
            "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" | "AWS::SSO::PermissionSet" => {
                self.identity(id, resource, &when);
            }
            "AWS::Lambda::Permission" => self.lambda(id, resource, &when),
            ADDITION => self.addition(id, resource, &when),
            _ => {
                for subject in self.subjects(id, resource) {
                    let key = (SecurityKind::ResourcePolicy, subject);
                    self.open_without(&key, id, resource, &when);
                    for (name, node) in &resource.properties {
                        self.find(&key, id, name, node, &when);
                    }
                    // The one statement of an event bus stands among the properties.
                    if resource.properties.get("Statement").is_some_and(is_statements) {
                        self.map(key, id, &resource.properties, &when);
                    }
                }
            }
        }
    }

    fn grants(&mut self, key: Key, id: &str) -> &mut Grants {
        self.all.entry(key).or_insert_with(|| Grants { id: id.to_owned(), ..Grants::default() })
    }

    /// Whom a policy is attached to; itself, if nobody.
    fn holders(&self, id: &str, resource: &Resource, lists: &[&str]) -> Vec<String> {
        let texts =
            lists.iter().flat_map(|list| self.symbols.texts(resource.properties.get(*list), &When::new()));
        let known = |name: String| self.named.get(&name).cloned().unwrap_or(name);
        let holders: Vec<String> = texts.map(|(_, text)| known(text)).collect();
        if holders.is_empty() { vec![reference(id)] } else { holders }
    }

    /// What the policy of a resource is for: the bucket of a bucket policy, or the resource itself.
    fn subjects(&self, id: &str, resource: &Resource) -> Vec<String> {
        let property = SUBJECTS.iter().find(|(type_name, _)| *type_name == resource.type_name);
        let node = property.and_then(|(_, property)| resource.properties.get(*property));
        let subject = |text: String| target(&text, self.symbols.template).map(reference).unwrap_or(text);
        let texts: Vec<String> =
            self.symbols.texts(node, &When::new()).into_iter().map(|(_, text)| subject(text)).collect();
        if texts.is_empty() { vec![reference(id)] } else { texts }
    }

    fn identity(&mut self, id: &str, resource: &Resource, when: &When) {
        let properties = &resource.properties;
        let key = (SecurityKind::Permission, reference(id));
        self.grants(key.clone(), id).boundary =
            properties.get("PermissionsBoundary").map(|node| self.symbols.text(node));
        for (when, entry) in self.symbols.items(properties.get("Policies"), when) {
            match entry {
                Node::Map(entry) => self.document(key.clone(), id, entry.get("PolicyDocument"), &when),
                unknown => self.document(key.clone(), id, Some(unknown), &when),
            }
        }
        self.document(key.clone(), id, properties.get("InlinePolicy"), when);
        let lists = ["ManagedPolicyArns", "ManagedPolicies", "Groups"];
        for (when, arn) in lists.iter().flat_map(|list| self.symbols.texts(properties.get(*list), when)) {
            let ours = target(&arn, self.symbols.template);
            let policy = ours.and_then(|id| self.symbols.template.resources.get(id));
            match policy.filter(|policy| policy.type_name == "AWS::IAM::ManagedPolicy") {
                Some(policy) => {
                    let node = policy.properties.get("PolicyDocument");
                    self.document(key.clone(), id, node, &when);
                }
                None => self.grants(key.clone(), id).attached.push((when, arn)),
            }
        }
        let trust = (SecurityKind::Trust, reference(id));
        self.document(trust, id, properties.get("AssumeRolePolicyDocument"), when);
    }

    /// Users that are added to a group have what it has.
    fn addition(&mut self, id: &str, resource: &Resource, when: &When) {
        let groups = self.symbols.texts(resource.properties.get("GroupName"), when);
        for user in self.holders(id, resource, &["Users"]) {
            let key = (SecurityKind::Permission, user);
            self.grants(key, id).attached.extend(groups.iter().cloned());
        }
    }

    /// A permission of Lambda, which is a statement in other words.
    fn lambda(&mut self, id: &str, resource: &Resource, when: &When) {
        let text = |name: &str| resource.properties.get(name).map(|node| self.symbols.text(node));
        let mut conditions = Conditions::default();
        for name in
            ["SourceArn", "SourceAccount", "PrincipalOrgID", "EventSourceToken", "FunctionUrlAuthType"]
        {
            if let Some(value) = text(name) {
                conditions.add("StringEquals", name, value);
            }
        }
        let principal = text("Principal").unwrap_or_default();
        let kind = if principal.contains(".amazonaws.com") { "Service" } else { "AWS" };
        let statement = Statement {
            allow: true,
            when: when.clone(),
            principals: Side::one(Part::Principal, format!("{kind}:{principal}")),
            actions: Side::one(Part::Action, text("Action").unwrap_or_default()),
            resources: Side::all(Part::Resource),
            conditions,
        };
        for subject in self.subjects(id, resource) {
            self.grants((SecurityKind::ResourcePolicy, subject), id).statements.push(statement.clone());
        }
    }

    fn open_without(&mut self, key: &Key, id: &str, resource: &Resource, when: &When) {
        let open = OPEN_WITHOUT.iter().find(|(type_name, _)| *type_name == resource.type_name);
        if open.is_none_or(|(_, property)| resource.properties.contains_key(*property)) {
            return;
        }
        let everything = Statement {
            allow: true,
            when: when.clone(),
            principals: Side::all(Part::Principal),
            actions: Side::all(Part::Action),
            resources: Side::all(Part::Resource),
            conditions: Conditions::default(),
        };
        let grants = self.grants(key.clone(), id);
        grants.implied = true;
        grants.statements.push(everything);
    }

    /// Looks for policies at any depth of a property.
    fn find(&mut self, key: &Key, id: &str, name: &str, node: &Node, when: &When) {
        if DOCUMENTS.contains(&name) {
            return self.document(key.clone(), id, Some(node), when);
        }
        match node {
            Node::Map(map) if map.get("Statement").is_some_and(is_statements) => {
                self.map(key.clone(), id, map, when);
            }
            Node::Map(map) => map.iter().for_each(|(name, node)| self.find(key, id, name, node, when)),
            Node::List(items) => items.iter().for_each(|item| self.find(key, id, "", item, when)),
            Node::Call(Function::If, _) => {
                for (when, branch) in self.symbols.branches(node, when) {
                    // One that cannot be told apart is the node itself.
                    if !std::ptr::eq(branch, node) {
                        self.find(key, id, "", branch, &when);
                    }
                }
            }
            _ => {}
        }
    }

    /// A policy document: a mapping, or JSON in a text.
    fn document(&mut self, key: Key, id: &str, node: Option<&Node>, when: &When) {
        let Some(node) = node else { return };
        for (when, node) in self.symbols.branches(node, when) {
            if let Node::Map(map) = node {
                self.map(key.clone(), id, map, &when);
                continue;
            }
            let text = self.symbols.text(node);
            match serde_json::from_str(&text).ok().map(Node::plain) {
                Some(Node::Map(map)) => self.map(key.clone(), id, &map, &when),
                _ => self.grants(key.clone(), id).unknown.push(text),
            }
        }
    }

    fn map(&mut self, key: Key, id: &str, document: &Map, when: &When) {
        // The grants are there even if the document is empty: then nothing is allowed.
        let mut statements = Vec::new();
        let mut unknown = Vec::new();
        for (when, entry) in self.symbols.items(document.get("Statement"), when) {
            match entry {
                Node::Map(map) if !map.contains_key("Fn::Transform") => {
                    statements.extend(Statement::of(map, &when, self.symbols));
                }
                other => unknown.push(self.symbols.text(other)),
            }
        }
        let grants = self.grants(key, id);
        grants.statements.extend(statements);
        grants.unknown.extend(unknown);
    }
}

fn is_statements(node: &Node) -> bool {
    let is_one = |node: &Node| node.as_map().is_some_and(|map| map.contains_key("Effect"));
    is_one(node) || node.as_list().is_some_and(|items| items.iter().any(is_one))
}

/// Whether a resource of this type only says what another may do, or who may do something with another.
pub(super) fn is_for_another(type_name: &str) -> bool {
    HOLDERS.iter().any(|(known, _)| *known == type_name)
        || SUBJECTS.iter().any(|(known, _)| *known == type_name)
}

/// What the policies of the second template allow and those of the first do not.
pub(super) fn broadening(old: &Gathered<'_>, new: &Gathered<'_>, tense: Tense) -> Vec<SecurityChange> {
    let (before, after) = (old.symbols, new.symbols);
    let budget = Budget::default();
    let mut changes = Vec::new();
    for (key, grants) in &new.all {
        let known = old.all.get(key);
        if grants.implied && known.is_none() {
            continue;
        }
        let none = Grants::default();
        let told = Told { kind: key.0, subject: shown(&key.1), id: &grants.id, tense };
        told.more(known.unwrap_or(&none), grants, &budget, &mut changes);
        if let Some(known) = known {
            told.boundary(known, grants, &mut changes);
        }
    }
    for (key, grants) in &old.all {
        // What is gone needs nobody to keep others out.
        let gone =
            target(&key.1, before.template).is_some_and(|id| !after.template.resources.contains_key(id));
        if gone {
            continue;
        }
        let left: &[Statement] =
            new.all.get(key).map(|grants| grants.statements.as_slice()).unwrap_or_default();
        let told = Told { kind: key.0, subject: shown(&key.1), id: &grants.id, tense };
        for statement in grants.statements.iter().filter(|statement| !statement.allow) {
            let lost = statement.beyond(left, &budget);
            changes.extend(lost.map(|lost| told.no_longer_denied(statement, &lost)));
        }
    }
    changes
}

/// How changes of one thing are told.
struct Told<'a> {
    kind: SecurityKind,
    subject: String,
    id: &'a str,
    tense: Tense,
}

impl Told<'_> {
    fn change(&self, what: String, wide: bool, judged: bool) -> SecurityChange {
        SecurityChange { id: self.id.to_owned(), kind: self.kind, what, wide, judged }
    }

    fn more(&self, old: &Grants, new: &Grants, budget: &Budget, changes: &mut Vec<SecurityChange>) {
        for statement in new.statements.iter().filter(|statement| statement.allow) {
            let beyond = statement.beyond(&old.statements, budget);
            changes.extend(beyond.map(|beyond| self.allowed(statement, &beyond)));
        }
        for (when, arn) in &new.attached {
            if !old.attached.iter().any(|(known, other)| other == arn && known.is_subset(when)) {
                let name = shown(arn);
                let wide = name.ends_with("FullAccess") || name.ends_with("/AdministratorAccess");
                let has = self.tense.say("now has", "no longer has");
                let what = format!("`{}` {has} the policy or group `{name}`", self.subject);
                changes.push(self.change(what, wide || name.ends_with("/PowerUserAccess"), true));
            }
        }
        if new.unknown.iter().any(|text| !old.unknown.contains(text)) {
            let what = format!("a policy of `{}` changes, and only AWS knows what it says", self.subject);
            changes.push(self.change(what, false, false));
        }
    }

    fn boundary(&self, old: &Grants, new: &Grants, changes: &mut Vec<SecurityChange>) {
        let subject = &self.subject;
        match (&old.boundary, &new.boundary) {
            (Some(_), None) => {
                let is = self.tense.say("is no longer", "is now");
                let what = format!("`{subject}` {is} held back by a permissions boundary");
                changes.push(self.change(what, true, true));
            }
            (Some(before), Some(after)) if before != after => {
                let what = format!("the permissions boundary of `{subject}` becomes `{}`", shown(after));
                changes.push(self.change(what, false, false));
            }
            _ => {}
        }
    }

    fn allowed(&self, statement: &Statement, beyond: &Beyond) -> SecurityChange {
        let subject = &self.subject;
        if beyond.too_much {
            let what = format!("the policies of `{subject}` change, and are too large to be compared");
            return self.change(what, false, false);
        }
        let (actions, resources) = (listed(&beyond.actions), listed(&beyond.resources));
        let who = listed(&beyond.principals).replace("`everybody`", "everybody");
        let condition = match (beyond.only_conditions, statement.conditions.0.is_empty()) {
            (true, _) if self.tense == Tense::NoLonger => ", except under another condition",
            (true, true) if statement.when.is_empty() => ", without the condition that it had",
            (true, _) => ", under another condition",
            (false, false) => ", under a condition",
            (false, true) => "",
        };
        let when = self.tense.say("now", "no longer");
        let what = match self.kind {
            SecurityKind::Trust => format!("`{subject}` may {when} be assumed by {who}{condition}"),
            SecurityKind::ResourcePolicy => {
                let lets = self.tense.say("now lets", "no longer lets");
                format!("`{subject}` {lets} {who} do {actions}{condition}")
            }
            _ => format!("`{subject}` may {when} do {actions} on {resources}{condition}"),
        };
        let of_resource = self.kind != SecurityKind::Permission;
        self.change(what, statement.is_wide(of_resource), true)
    }

    fn no_longer_denied(&self, statement: &Statement, lost: &Beyond) -> SecurityChange {
        let subject = &self.subject;
        if lost.too_much {
            let what = format!("the policies of `{subject}` change, and are too large to be compared");
            return self.change(what, false, false);
        }
        let (actions, resources) = (listed(&lost.actions), listed(&lost.resources));
        let fewer = match (self.tense, lost.only_conditions) {
            (Tense::Now, true) => "denied only under another condition",
            (Tense::Now, false) => "no longer denied",
            (Tense::NoLonger, true) => "now denied under more conditions",
            (Tense::NoLonger, false) => "now denied",
        };
        let who = listed(&lost.principals).replace("`everybody`", "everybody");
        let what = if self.kind == SecurityKind::Permission {
            format!("`{subject}` is {fewer} {actions} on {resources}")
        } else {
            format!("on `{subject}`, {actions} is {fewer} to {who}")
        };
        self.change(what, statement.is_wide(true), true)
    }
}
