//! Whom the policies of a template allow what, gathered by the role, user, group or resource that they are for.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::SecurityKind;
use super::sides::{Part, Side};
use super::statement::{Conditions, Statement};
use super::symbol::{Symbols, When, reference, target};
use crate::document::Resource;
use crate::node::{Function, Map, Node};

/// What is known of the access to one thing.
#[derive(Debug, Default)]
pub(super) struct Grants {
    /// The logical ID of the resource that says it; the first of several.
    pub(super) id: String,
    pub(super) statements: Vec<Statement>,
    /// Policies that are named by ARN, and groups of a user.
    pub(super) attached: Vec<(When, String)>,
    /// Documents that only AWS knows.
    pub(super) unknown: Vec<String>,
    /// What stands for documents that are too many to be looked into.
    pub(super) uncounted: Vec<u64>,
    /// The permissions boundary.
    pub(super) boundary: Option<String>,
    /// Whether AWS allows everything because there is no policy; that is new only where there was one.
    pub(super) implied: bool,
}

type Key = (SecurityKind, String);

/// All grants of one template.
pub(super) struct Gathered<'t> {
    pub(super) symbols: &'t Symbols<'t>,
    pub(super) all: BTreeMap<Key, Grants>,
    /// Roles, users and groups by the name that they are given.
    named: BTreeMap<String, String>,
    /// What the managed policies of the template say, by their logical IDs.
    managed: BTreeMap<&'t str, Rc<Documents>>,
    /// How many statements there are.
    count: usize,
}

/// The most statements of one template; a policy may be for many, and each of them has all its statements.
const MOST_STATEMENTS: usize = 40_000;

/// What the documents of one resource say.
#[derive(Default)]
struct Documents {
    /// Whether there is any. One without statements allows nothing, which is not the same as none.
    any: bool,
    statements: Vec<Statement>,
    /// What only AWS knows.
    unknown: Vec<String>,
    digest: OnceCell<u64>,
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
        let (all, named, managed) = Default::default();
        let mut gathered = Gathered { symbols, all, named, managed, count: 0 };
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

    fn resource(&mut self, id: &'t str, resource: &'t Resource) {
        let when = self.symbols.existence(resource);
        let type_name = resource.type_name.as_str();
        if let Some((_, lists)) = HOLDERS.iter().find(|(holder, _)| *holder == type_name) {
            let says = self.document(resource.properties.get("PolicyDocument"));
            for holder in self.holders(id, resource, lists) {
                self.add((SecurityKind::Permission, holder), id, &says, &when);
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
                let mut says = Documents::default();
                for (name, node) in &resource.properties {
                    self.find(name, node, &When::new(), &mut says);
                }
                // The one statement of an event bus stands among the properties.
                if resource.properties.get("Statement").is_some_and(is_statements) {
                    self.map(&resource.properties, &When::new(), &mut says);
                }
                for subject in self.subjects(id, resource) {
                    let key = (SecurityKind::ResourcePolicy, subject);
                    self.open_without(&key, id, resource, &when);
                    self.add(key, id, &says, &when);
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
            lists.iter().flat_map(|list| self.symbols.texts(resource.properties.get(list), &When::new()));
        let known = |name: String| self.named.get(&name).cloned().unwrap_or(name);
        let holders: Vec<String> = texts.map(|(_, text)| known(text)).collect();
        if holders.is_empty() { vec![reference(id)] } else { holders }
    }

    /// What the policy of a resource is for: the bucket of a bucket policy, or the resource itself.
    fn subjects(&self, id: &str, resource: &Resource) -> Vec<String> {
        let property = SUBJECTS.iter().find(|(type_name, _)| *type_name == resource.type_name);
        let node = property.and_then(|(_, property)| resource.properties.get(property));
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
            let node = match entry {
                Node::Map(entry) => entry.get("PolicyDocument"),
                unknown => Some(unknown),
            };
            self.add(key.clone(), id, &self.document(node), &when);
        }
        self.add(key.clone(), id, &self.document(properties.get("InlinePolicy")), when);
        let lists = ["ManagedPolicyArns", "ManagedPolicies", "Groups"];
        for (when, arn) in lists.iter().flat_map(|list| self.symbols.texts(properties.get(list), when)) {
            match self.managed(&arn) {
                Some(says) => self.add(key.clone(), id, &says, &when),
                None => self.grants(key.clone(), id).attached.push((when, arn)),
            }
        }
        let trust = (SecurityKind::Trust, reference(id));
        self.add(trust, id, &self.document(properties.get("AssumeRolePolicyDocument")), when);
    }

    /// What a managed policy says, if it is a resource of the template.
    fn managed(&mut self, arn: &str) -> Option<Rc<Documents>> {
        let id = target(arn, self.symbols.template)?;
        if let Some(known) = self.managed.get(id) {
            return Some(Rc::clone(known));
        }
        let policy = self.symbols.template.resources.get(id)?;
        let node = policy.properties.get("PolicyDocument");
        let says = (policy.type_name == "AWS::IAM::ManagedPolicy").then(|| Rc::new(self.document(node)))?;
        self.managed.insert(id, Rc::clone(&says));
        Some(says)
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
        if open.is_none_or(|(_, property)| resource.properties.contains_key(property)) {
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

    /// Adds what documents say to the grants of one.
    fn add(&mut self, key: Key, id: &str, says: &Documents, when: &When) {
        if !says.any {
            return;
        }
        self.count += says.statements.len();
        let too_many = self.count > MOST_STATEMENTS;
        let grants = self.grants(key, id);
        grants.unknown.extend(says.unknown.iter().cloned());
        if too_many {
            grants.uncounted.push(says.digest());
            return;
        }
        grants.statements.extend(says.statements.iter().map(|statement| {
            let mut statement = statement.clone();
            statement.when.extend(when.iter().cloned());
            statement
        }));
    }

    /// Looks for policies at any depth of a property.
    fn find(&self, name: &str, node: &Node, when: &When, says: &mut Documents) {
        if DOCUMENTS.contains(&name) {
            return self.read(node, when, says);
        }
        match node {
            Node::Map(map) if map.get("Statement").is_some_and(is_statements) => self.map(map, when, says),
            Node::Map(map) => map.iter().for_each(|(name, node)| self.find(name, node, when, says)),
            Node::List(items) => items.iter().for_each(|item| self.find("", item, when, says)),
            Node::Call(Function::If, _) => {
                for (when, branch) in self.symbols.branches(node, when) {
                    // One that cannot be told apart is the node itself.
                    if !std::ptr::eq(branch, node) {
                        self.find("", branch, &when, says);
                    }
                }
            }
            _ => {}
        }
    }

    fn document(&self, node: Option<&Node>) -> Documents {
        let mut says = Documents::default();
        if let Some(node) = node {
            self.read(node, &When::new(), &mut says);
        }
        says
    }

    /// A policy document: a mapping, or JSON in a text.
    fn read(&self, node: &Node, when: &When, says: &mut Documents) {
        for (when, node) in self.symbols.branches(node, when) {
            if let Node::Map(map) = node {
                self.map(map, &when, says);
                continue;
            }
            let text = self.symbols.text(node);
            if let Some(Node::Map(map)) = serde_json::from_str(&text).ok().map(Node::plain) {
                self.map(&map, &when, says);
            } else {
                says.any = true;
                says.unknown.push(text);
            }
        }
    }

    fn map(&self, document: &Map, when: &When, says: &mut Documents) {
        says.any = true;
        for (when, entry) in self.symbols.items(document.get("Statement"), when) {
            match entry {
                Node::Map(map) if !map.contains_key("Fn::Transform") => {
                    says.statements.extend(Statement::of(map, &when, self.symbols));
                }
                other => says.unknown.push(self.symbols.text(other)),
            }
        }
    }
}

impl Documents {
    /// A number that is another if they say something else.
    fn digest(&self) -> u64 {
        *self.digest.get_or_init(|| {
            let mut hasher = DefaultHasher::new();
            self.statements.hash(&mut hasher);
            hasher.finish()
        })
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

/// Types that are called policies and say of nobody what he may do or reach.
pub(super) const NO_ACCESS: [&str; 15] = [
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::AutoScaling::ScalingPolicy",
    "AWS::Batch::SchedulingPolicy",
    "AWS::Bedrock::AutomatedReasoningPolicy",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::ContinuousDeploymentPolicy",
    "AWS::CloudFront::OriginRequestPolicy",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::DLM::LifecyclePolicy",
    "AWS::EC2::TransitGatewayMeteringPolicy",
    "AWS::ImageBuilder::LifecyclePolicy",
    "AWS::Logs::StorageTierPolicy",
    "AWS::OpenSearchServerless::LifecyclePolicy",
    "AWS::ResilienceHub::ResiliencyPolicy",
    "AWS::Route53::TrafficPolicy",
];

/// Whether resources of a type are policies of access. A policy that nobody here knows is taken for one.
pub(super) fn is_policy(type_name: &str) -> bool {
    type_name.ends_with("Policy") && !NO_ACCESS.contains(&type_name)
}
