//! Policy documents of IAM, which the schemas of resource types only know as "some object".
//!
//! Source: [Grammar of the IAM JSON policy language][aws] in the IAM user guide.
//!
//! [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

use crate::check::properties::{is_absent, is_dynamic};
use crate::check::{Checker, basics, choose_one_of, did_you_mean, shown};
use crate::nearest::nearest;
use crate::node::{Function, Map, Node};
use crate::path::Path;

/// The properties that hold a policy document.
const PROPERTIES: [&str; 6] = [
    "AssumeRolePolicyDocument",
    "PolicyDocument",
    "KeyPolicy",
    "RepositoryPolicyText",
    "FileSystemPolicy",
    "ResourcePolicy",
];

const DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];

const STATEMENT: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

const PRINCIPALS: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];

/// What a policy is attached to, which decides whether it names a principal or a resource.
#[derive(Clone, Copy, PartialEq)]
enum Attached {
    /// To an identity, which is the principal.
    Identity,
    /// To a role, which is the resource that is assumed.
    Trust,
    /// To another resource.
    Resource,
}

impl Checker<'_> {
    /// A property that may hold a policy document.
    pub(super) fn policy(&mut self, path: &mut Path, type_name: &str, key: &str, node: &Node) {
        if !PROPERTIES.contains(&key) {
            return;
        }
        let attached = match key {
            "AssumeRolePolicyDocument" => Attached::Trust,
            _ if type_name.starts_with("AWS::IAM::") => Attached::Identity,
            _ => Attached::Resource,
        };
        self.each(path, node, &mut |checker, path, node| {
            if let Node::Map(document) = node {
                checker.document(path, document, attached);
            }
        });
    }

    /// Every value that may be meant: both of `Fn::If`, and nothing that is not known.
    fn each(&mut self, path: &mut Path, node: &Node, look: &mut dyn FnMut(&mut Self, &mut Path, &Node)) {
        match node {
            Node::Call(Function::If, argument) => {
                path.push_key(Function::If.key());
                for (at, branch) in argument.as_list().unwrap_or_default().iter().enumerate().skip(1) {
                    path.push_index(at);
                    self.each(path, branch, look);
                    path.pop();
                }
                path.pop();
            }
            Node::Call(..) => {}
            other => look(self, path, other),
        }
    }

    /// Each item of a list, or the one value.
    fn items(&mut self, path: &mut Path, node: &Node, look: &mut dyn FnMut(&mut Self, &mut Path, &Node)) {
        self.each(path, node, &mut |checker, path, node| match node {
            Node::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    path.push_index(at);
                    checker.each(path, item, look);
                    path.pop();
                }
            }
            one => look(checker, path, one),
        });
    }

    fn document(&mut self, path: &mut Path, document: &Map, attached: Attached) {
        self.keys(path, document, &DOCUMENT);
        if let Some(Node::String(version)) = document.get("Version")
            && !["2012-10-17", "2008-10-17"].contains(&version.as_str())
        {
            let message = format!("there is no version `{}` of the policy language", shown(version));
            self.find(
                &basics::NOT_ALLOWED,
                &path.key("Version"),
                message,
                Some("write \"2012-10-17\"".to_owned()),
            );
        }
        let Some(statements) = document.get("Statement") else {
            return self.find(&basics::MISSING_PROPERTY, path, "a policy needs `Statement`", None);
        };
        path.push_key("Statement");
        self.items(path, statements, &mut |checker, path, statement| match statement {
            Node::Map(statement) => checker.statement(path, statement, attached),
            other => {
                let message = format!("a statement is a mapping, but this is {}", other.kind());
                checker.find(&basics::WRONG_KIND, path, message, None);
            }
        });
        path.pop();
    }

    fn statement(&mut self, path: &mut Path, statement: &Map, attached: Attached) {
        self.keys(path, statement, &STATEMENT);
        self.one_of_two(path, statement, "Action", true);
        self.one_of_two(path, statement, "Resource", attached == Attached::Identity);
        self.one_of_two(path, statement, "Principal", attached == Attached::Trust);
        self.out_of_place(path, statement, attached);
        match statement.get("Effect") {
            None => self.find(&basics::MISSING_PROPERTY, path, "a statement needs `Effect`", None),
            Some(Node::Call(..)) => {}
            Some(effect) if matches!(effect.as_str(), Some("Allow" | "Deny")) => {}
            Some(effect) => {
                let found = effect
                    .scalar_text()
                    .map_or(effect.kind().to_owned(), |text| format!("`{}`", shown(&text)));
                let message = format!("{found} is no effect");
                self.find(
                    &basics::NOT_ALLOWED,
                    &path.key("Effect"),
                    message,
                    choose_one_of(["Allow", "Deny"].into_iter()),
                );
            }
        }
        for key in ["Action", "NotAction"] {
            self.texts(
                path,
                statement,
                key,
                &|text| text == "*" || text.contains(':'),
                "for example `s3:GetObject`",
            );
        }
        for key in ["Resource", "NotResource"] {
            self.texts(
                path,
                statement,
                key,
                &|text| text == "*" || text.starts_with("arn:"),
                "write an ARN, or `*`",
            );
        }
        self.principals(path, statement);
        self.conditions(path, statement);
    }

    /// The keys of a part of a policy.
    fn keys(&mut self, path: &Path, map: &Map, known: &[&'static str]) {
        for key in map.keys().filter(|key| !known.contains(&key.as_str()) && !key.starts_with("Fn::")) {
            let hint = did_you_mean(nearest(key, known.iter().copied()))
                .or_else(|| choose_one_of(known.iter().copied()));
            self.find(
                &basics::UNKNOWN_PROPERTY,
                &path.key(key),
                format!("a policy has no `{}` here", shown(key)),
                hint,
            );
        }
    }

    /// `Action` or `NotAction`, but not both; one of them if it is needed.
    fn one_of_two(&mut self, path: &Path, statement: &Map, key: &str, needed: bool) {
        let negated = format!("Not{key}");
        let there = |key: &str| statement.get(key).is_some_and(|node| !is_absent(node));
        if there(key) && there(&negated) {
            let message = format!("a statement has either `{key}` or `{negated}`");
            self.find(&basics::TOGETHER, path, message, None);
        } else if needed && !there(key) && !there(&negated) {
            self.find(&basics::MISSING_PROPERTY, path, format!("this statement needs `{key}`"), None);
        }
    }

    fn out_of_place(&mut self, path: &Path, statement: &Map, attached: Attached) {
        let (keys, reason) = match attached {
            Attached::Identity => {
                (["Principal", "NotPrincipal"], "the identity that has the policy is the principal")
            }
            Attached::Trust => (["Resource", "NotResource"], "the role that has the policy is the resource"),
            Attached::Resource => return,
        };
        for key in keys.into_iter().filter(|key| statement.contains_key(key)) {
            let message = format!("`{key}` cannot be given here: {reason}");
            self.find(&basics::TOGETHER, &path.key(key), message, Some("remove it".to_owned()));
        }
    }

    /// Text, or a list of it, that must have a form.
    fn texts(
        &mut self,
        path: &mut Path,
        statement: &Map,
        key: &str,
        fits: &dyn Fn(&str) -> bool,
        hint: &str,
    ) {
        let Some(node) = statement.get(key) else { return };
        path.push_key(key);
        self.items(path, node, &mut |checker, path, item| match item {
            Node::String(text) if fits(text) || is_dynamic(text) => {}
            Node::String(text) => {
                let message = format!("`{}` does not have the form of `{key}`", shown(text));
                checker.find(&basics::WRONG_FORM, path, message, Some(hint.to_owned()));
            }
            other => {
                let message = format!("`{key}` is text, but this is {}", other.kind());
                checker.find(&basics::WRONG_KIND, path, message, Some(hint.to_owned()));
            }
        });
        path.pop();
    }

    fn principals(&mut self, path: &mut Path, statement: &Map) {
        for key in ["Principal", "NotPrincipal"] {
            let Some(node) = statement.get(key) else { continue };
            path.push_key(key);
            self.each(path, node, &mut |checker, path, principal| match principal {
                Node::Map(map) => checker.keys(path, map, &PRINCIPALS),
                Node::String(text) if text == "*" => {}
                other => {
                    let found = other
                        .scalar_text()
                        .map_or(other.kind().to_owned(), |text| format!("`{}`", shown(&text)));
                    let message = format!("a principal is a mapping or `*`, but this is {found}");
                    let hint = Some("for example `Service: ecs-tasks.amazonaws.com`".to_owned());
                    checker.find(&basics::WRONG_KIND, path, message, hint);
                }
            });
            path.pop();
        }
    }

    /// Operators, keys, values.
    fn conditions(&mut self, path: &mut Path, statement: &Map) {
        let Some(node) = statement.get("Condition") else { return };
        path.push_key("Condition");
        self.each(path, node, &mut |checker, path, operators| {
            let Node::Map(operators) = operators else {
                let message =
                    format!("a condition is a mapping of operators, but this is {}", operators.kind());
                return checker.find(&basics::WRONG_KIND, path, message, None);
            };
            for (operator, keys) in operators {
                path.push_key(operator);
                checker.each(path, keys, &mut |checker, path, keys| {
                    if !matches!(keys, Node::Map(_)) {
                        let message = format!(
                            "`{}` takes a mapping of keys, but this is {}",
                            shown(operator),
                            keys.kind()
                        );
                        checker.find(&basics::WRONG_KIND, path, message, None);
                    }
                });
                path.pop();
            }
        });
        path.pop();
    }
}
