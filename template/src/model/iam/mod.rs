//! IAM in a template: policies, their statements, and what a role may do.

mod access;
mod pattern;

pub use access::Access;
pub use pattern::{Answer, action_matches, resource_matches};

use crate::model::{Item, Model, Target, Text, Value};

/// A policy document and what it is attached to.
#[derive(Debug, Clone)]
pub struct Policy<'m> {
    /// The resource whose property it is.
    pub item: Item<'m>,
    /// What the policy is attached to.
    pub kind: PolicyKind,
    /// The document.
    pub document: Value<'m>,
}

/// What a policy is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// To users, groups and roles: what they may do.
    Identity,
    /// To a role: who may assume it.
    Trust,
    /// To another resource: who may do what with it.
    Resource,
}

/// One statement of a policy document.
#[derive(Debug, Clone)]
pub struct Statement<'m> {
    /// The entry of `Statement`.
    pub value: Value<'m>,
}

/// Where policy documents stand: the type, the list around it if there is one, the property.
const PLACES: [(&str, Option<&str>, &str, PolicyKind); 17] = [
    ("AWS::IAM::Role", None, "AssumeRolePolicyDocument", PolicyKind::Trust),
    ("AWS::IAM::Role", Some("Policies"), "PolicyDocument", PolicyKind::Identity),
    ("AWS::IAM::User", Some("Policies"), "PolicyDocument", PolicyKind::Identity),
    ("AWS::IAM::Group", Some("Policies"), "PolicyDocument", PolicyKind::Identity),
    ("AWS::IAM::Policy", None, "PolicyDocument", PolicyKind::Identity),
    ("AWS::IAM::ManagedPolicy", None, "PolicyDocument", PolicyKind::Identity),
    ("AWS::IAM::RolePolicy", None, "PolicyDocument", PolicyKind::Identity),
    ("AWS::IAM::UserPolicy", None, "PolicyDocument", PolicyKind::Identity),
    ("AWS::IAM::GroupPolicy", None, "PolicyDocument", PolicyKind::Identity),
    ("AWS::S3::BucketPolicy", None, "PolicyDocument", PolicyKind::Resource),
    ("AWS::SQS::QueuePolicy", None, "PolicyDocument", PolicyKind::Resource),
    ("AWS::SNS::TopicPolicy", None, "PolicyDocument", PolicyKind::Resource),
    ("AWS::SecretsManager::ResourcePolicy", None, "ResourcePolicy", PolicyKind::Resource),
    ("AWS::KMS::Key", None, "KeyPolicy", PolicyKind::Resource),
    ("AWS::ECR::Repository", None, "RepositoryPolicyText", PolicyKind::Resource),
    ("AWS::EFS::FileSystem", None, "FileSystemPolicy", PolicyKind::Resource),
    ("AWS::Backup::BackupVault", None, "AccessPolicy", PolicyKind::Resource),
];

impl<'m> Model<'m> {
    /// Every policy document of the template, as far as it is known.
    pub fn policies(&'m self) -> Vec<Policy<'m>> {
        let places = PLACES.iter().flat_map(|(type_name, list, property, kind)| {
            self.of_type(type_name).flat_map(move |item| {
                let documents = documents(item, *list, property).into_iter();
                documents.map(move |document| Policy { item, kind: *kind, document })
            })
        });
        places.filter(|policy| policy.document.is_known()).collect()
    }
}

/// The documents at a place of a resource, those among them that are not known.
fn documents<'m>(item: Item<'m>, list: Option<&'m str>, property: &'m str) -> Vec<Value<'m>> {
    let all = match list {
        None => item.get(property),
        Some(list) => {
            let lists = item.get(list).into_iter();
            let items = lists.flat_map(|list| list.items().unwrap_or_else(|| vec![list]));
            items.flat_map(|entry| entry.get(property)).collect()
        }
    };
    all.into_iter().filter(|document| !document.is_absent()).collect()
}

impl<'m> Policy<'m> {
    /// Its statements, as far as they are known.
    pub fn statements(&self) -> Vec<Statement<'m>> {
        statements(&self.document).0
    }
}

/// The statements of a document, and whether these are all.
fn statements<'m>(document: &Value<'m>) -> (Vec<Statement<'m>>, bool) {
    // A document that is given as text is not looked into.
    let mut all_known = document.is_mapping();
    let mut known = Vec::new();
    for list in document.get("Statement") {
        let Some(items) = list.items() else {
            all_known = false;
            continue;
        };
        for value in items {
            all_known &= value.is_mapping();
            known.push(Statement { value });
        }
    }
    known.retain(|statement| statement.value.is_mapping());
    (known, all_known)
}

impl<'m> Statement<'m> {
    /// Whether it allows something; one that may be either does not.
    pub fn allows(&self) -> bool {
        self.value.get("Effect").iter().all(|effect| effect.is_text("Allow"))
    }

    /// Whether it only holds under a condition.
    pub fn has_condition(&self) -> bool {
        self.value.get("Condition").iter().any(|condition| match condition.entries() {
            Some(entries) => !entries.is_empty(),
            None => !condition.is_absent(),
        })
    }

    /// The values of `Action`, `Resource` or another list; `None` if not all of them are known.
    pub fn list(&self, key: &'m str) -> Option<Vec<Value<'m>>> {
        let mut all = Vec::new();
        for list in self.value.get(key) {
            all.extend(list.items()?);
        }
        Some(all)
    }

    /// The values of a list that are known.
    pub fn known(&self, key: &'m str) -> Vec<Value<'m>> {
        self.value.get(key).iter().filter_map(Value::items).flatten().collect()
    }

    /// The actions that are known.
    pub fn actions(&self) -> Vec<(String, Value<'m>)> {
        let actions = self.known("Action").into_iter();
        actions.filter_map(|value| Some((value.text()?, value))).collect()
    }

    /// The resources, if all are known as texts.
    pub fn resources(&self) -> Option<Vec<(Text<'m>, Value<'m>)>> {
        let mut all = Vec::new();
        for value in self.list("Resource")? {
            let texts = value.texts();
            if texts.is_empty() {
                return None;
            }
            all.extend(texts.into_iter().map(|text| (text, value.clone())));
        }
        Some(all)
    }

    /// Whether `Action` has this action, perhaps by a wildcard. `NotAction` is not looked at.
    pub fn has_action(&self, action: &str) -> bool {
        self.actions().iter().any(|(pattern, _)| action_matches(pattern, action))
    }

    /// The principals of one kind (`AWS`, `Service`, …) that are known, `*` alone among those of `AWS`.
    pub fn principals(&self, kind: &'m str) -> Vec<Value<'m>> {
        let mut all = Vec::new();
        for principal in self.value.get("Principal") {
            if principal.is_text("*") {
                if kind == "AWS" {
                    all.push(principal);
                }
            } else {
                all.extend(principal.get(kind).iter().filter_map(Value::items).flatten());
            }
        }
        all
    }

    /// Whether it is for everybody; if so, where it says that.
    pub fn everybody(&self) -> Option<Value<'m>> {
        self.principals("AWS").into_iter().find(|principal| principal.is_text("*"))
    }

    /// Whether it may be for the service `name` (`logs` of `logs.eu-west-1.amazonaws.com`): by its name, by a
    /// wildcard, or by something that is not known.
    pub fn may_be_for_service(&self, name: &str) -> bool {
        let principals = self.value.get("Principal");
        if principals
            .iter()
            .any(|principal| principal.is_text("*") || (!principal.is_absent() && !principal.is_mapping()))
            || !self.value.get("NotPrincipal").iter().all(Value::is_absent)
        {
            return true;
        }
        let everybody = self.everybody().is_some();
        let services = self.value.get("Principal").into_iter().flat_map(|principal| principal.get("Service"));
        let mut named = services.flat_map(|list| list.items().unwrap_or_else(|| vec![list]));
        everybody || named.any(|service| names_service(&service, name))
    }
}

/// Whether a principal is the service, or it is not known which it is.
fn names_service(principal: &Value<'_>, name: &str) -> bool {
    let texts = principal.texts();
    let is_it = |text: &Text<'_>| {
        let start = text.start();
        let rest = start.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with('.'));
        rest.is_some() || (start.len() <= name.len() && text.literal().is_none() && name.starts_with(start))
    };
    texts.is_empty() || texts.iter().any(is_it)
}

/// The role of the template that a value names: `!GetAtt Role.Arn`, `!Ref Role`, or an ARN that ends in one.
pub fn role<'m>(value: &Value<'m>) -> Option<Item<'m>> {
    let is_role = |target: Target<'m>| target.item.is("AWS::IAM::Role").then_some(target.item);
    value.target().and_then(is_role).or_else(|| {
        let texts = value.texts();
        let mut targets = texts.iter().flat_map(Text::targets);
        targets.find_map(is_role)
    })
}
