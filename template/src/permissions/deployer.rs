//! Which actions, on which resources.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Named, STACKS, is_other_kind};
use super::passed::{self, LINKED, Passed};
use super::policy::{Conditions, Policy, Statement};
use super::{Deployment, OWN_CALLS, Scope, looks, uses};
use crate::document::Resource;
use crate::facts::{self, IamActionFacts};
use crate::limits::Delivery;

/// Services that are in no region, or in one that the stack is not in.
///
/// Source: [the key `aws:RequestedRegion`][aws] in the IAM user guide.
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
const GLOBAL: [&str; 9] =
    ["billing", "budgets", "cloudfront", "iam", "organizations", "payments", "route53", "sts", "support"];

const ONLY_ALL: &str = "these actions take no resource";
const SERVICE: &str = "AWS::ECS::Service";
const NOT_KNOWN: &str = "the facts do not tell what these actions can be narrowed to";

/// The policy that lets somebody deploy, update and destroy the stacks, and see what happens to them.
pub fn deployer_policy(deployments: &[Deployment<'_>]) -> Policy {
    let mut grants = Grants { deployments, by_action: BTreeMap::new(), unknown: BTreeSet::new() };
    let mut passed = Passed::new();
    for deployment in deployments {
        grants.own_calls(deployment);
        for (id, resource) in &deployment.template.resources {
            grants.resource(resource, deployment, &mut passed);
            grants.unknown.extend(uses::unseen(id, resource, deployment));
        }
        if deployment.template.has_macros() || deployment.template.has_loops() {
            grants
                .unknown
                .insert(format!("{}: a macro makes resources that are not seen here", deployment.stack));
        }
    }
    let mut policy = grants.policy();
    policy.statements.extend(pass_role(passed));
    policy
}

/// What is allowed, by action: the resources, the conditions, and why on all resources if so.
struct Grants<'a> {
    deployments: &'a [Deployment<'a>],
    by_action: BTreeMap<String, Grant>,
    unknown: BTreeSet<String>,
}

#[derive(Default)]
struct Grant {
    resources: BTreeSet<String>,
    conditions: Conditions,
    reason: Option<&'static str>,
}

impl Grants<'_> {
    fn own_calls(&mut self, deployment: &Deployment<'_>) {
        let large = Delivery::of(deployment.template.to_json_minified().len()) != Delivery::Inline;
        let stack = format!(
            "arn:${{Partition}}:cloudformation:${{Region}}:${{Account}}:stack/{}/*",
            deployment.stack
        );
        let mut stacks = Named::of(STACKS).map(|nested| nested.arns(deployment)).unwrap_or_default();
        stacks.push(deployment.filled(&stack));
        let bucket = "arn:${Partition}:s3:::docuthinker-templates-${Account}-${Region}/templates/*";
        let has_services =
            deployment.template.resources.values().any(|resource| resource.type_name == SERVICE);
        for (action, scope) in OWN_CALLS {
            match scope {
                Scope::Stacks => self.allow(action, stacks.clone()),
                Scope::TemplateBucket if large => self.allow(action, [deployment.filled(bucket)]),
                Scope::Region => self.everywhere(action, ONLY_ALL, deployment),
                Scope::Services if has_services => self.allow_action(action, SERVICE, None, deployment),
                Scope::Look { form, types } if deployment.has(types) && *form == "*" => {
                    self.everywhere(action, ONLY_ALL, deployment);
                }
                Scope::Look { form, types } if deployment.has(types) => {
                    self.allow(action, [deployment.filled(form)]);
                }
                Scope::Repositories => self.allow(action, looks::repositories(deployment, self.deployments)),
                Scope::Secrets => self.allow(action, looks::secrets(deployment, self.deployments)),
                Scope::Certificates => self.allow(action, looks::certificates(deployment)),
                Scope::Services
                | Scope::TemplateBucket
                | Scope::Look { .. }
                | Scope::Withheld
                | Scope::Nothing => {}
            }
        }
    }

    fn resource(&mut self, resource: &Resource, deployment: &Deployment<'_>, passed: &mut Passed) {
        let type_name = resource.type_name.as_str();
        let needed = needed(type_name);
        if needed.is_empty()
            && type_name.starts_with("AWS::")
            && !type_name.starts_with("AWS::CloudFormation::")
            && !type_name.ends_with("::MODULE")
        {
            self.unknown.insert(format!("what `{type_name}` needs is not known; add it by hand"));
        }
        if type_name.starts_with("Custom::") || type_name == "AWS::CloudFormation::CustomResource" {
            for (action, arn) in uses::provider(resource, deployment) {
                self.allow(action, [arn]);
            }
        }
        for action in needed {
            match action.as_str() {
                "iam:PassRole" => passed::collect(resource, deployment, passed),
                "iam:CreateServiceLinkedRole" => self.linked_role(type_name, deployment),
                _ => self.allow_action(&action, type_name, Some(resource), deployment),
            }
        }
    }

    /// Allows an action, in all its names if it is a pattern, for a resource of the type: if it is known, only for
    /// what it has.
    fn allow_action(
        &mut self,
        action: &str,
        type_name: &str,
        resource: Option<&Resource>,
        deployment: &Deployment<'_>,
    ) {
        let Some((prefix, name)) = action.split_once(':') else { return };
        let Some(service) = facts::iam_service(prefix) else { return };
        for action in service.matches(name) {
            let name = format!("{}:{}", service.prefix, action.name);
            if resource.is_some_and(|resource| !uses::uses(resource, &name, deployment)) {
                continue;
            }
            let forms = forms(action, type_name);
            let Some(form) = forms.first() else {
                self.everywhere(&name, ONLY_ALL, deployment);
                continue;
            };
            if *form == "*" {
                self.everywhere(&name, NOT_KNOWN, deployment);
                continue;
            }
            for form in forms.iter().filter(|form| !is_other_kind(form, self.deployments)) {
                if resource.is_some_and(|resource| !uses::means(resource, form, deployment)) {
                    continue;
                }
                if let Some(named) = resource.and_then(|it| uses::principals(it, form, deployment)) {
                    self.allow(&name, named);
                    continue;
                }
                let known = Named::of(form).map(|named| self.arns(named)).unwrap_or_default();
                if known.is_empty() {
                    self.allow(&name, [deployment.filled(form)]);
                } else {
                    self.allow(&name, known);
                }
            }
        }
    }

    fn arns(&self, named: &Named) -> Vec<String> {
        self.deployments.iter().flat_map(|deployment| named.arns(deployment)).collect()
    }

    fn linked_role(&mut self, type_name: &str, deployment: &Deployment<'_>) {
        let name = "iam:CreateServiceLinkedRole";
        let services =
            LINKED.iter().find(|(prefix, _)| type_name.starts_with(prefix)).map(|(_, services)| *services);
        // What is not known may be any service, which as a pattern takes in the others.
        let services = services.unwrap_or(&["*.amazonaws.com"]);
        let roles = services.iter().map(|service| format!("role/aws-service-role/{service}/*"));
        let roles =
            roles.map(|role| deployment.filled(&format!("arn:${{Partition}}:iam::${{Account}}:{role}")));
        self.allow(name, roles);
        let Some(grant) = self.by_action.get_mut(name) else { return };
        let services = services.iter().map(|service| (*service).to_owned());
        grant
            .conditions
            .entry("StringLike")
            .or_default()
            .entry("iam:AWSServiceName")
            .or_default()
            .extend(services);
    }

    fn everywhere(&mut self, action: &str, reason: &'static str, deployment: &Deployment<'_>) {
        self.allow(action, ["*".to_owned()]);
        let Some(grant) = self.by_action.get_mut(action) else { return };
        grant.reason = Some(reason);
        let prefix = action.split_once(':').map_or("", |(prefix, _)| prefix);
        // If one of the stacks may be anywhere, so may its calls.
        let anywhere = self.deployments.iter().any(|deployment| deployment.region.is_none());
        if let Some(region) = deployment.region.filter(|_| !anywhere && !GLOBAL.contains(&prefix)) {
            let regions = grant.conditions.entry("StringEquals").or_default();
            regions.entry("aws:RequestedRegion").or_default().insert(region.to_owned());
        }
    }

    fn allow(&mut self, action: &str, resources: impl IntoIterator<Item = String>) {
        let mut resources = resources.into_iter().peekable();
        if resources.peek().is_some() {
            self.by_action.entry(action.to_owned()).or_default().resources.extend(resources);
        }
    }

    fn policy(self) -> Policy {
        let mut together: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for (action, grant) in self.by_action {
            let service = action.split_once(':').map_or("", |(prefix, _)| prefix).to_owned();
            let resources = without_covered(grant.resources);
            let reason = grant.reason.filter(|_| resources.contains("*"));
            let key = (service, resources, grant.conditions, reason);
            together.entry(key).or_default().insert(action);
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut statements = Vec::new();
        for ((service, resources, conditions, reason), actions) in together {
            let count = counts.entry(service.clone()).or_default();
            *count += 1;
            let number = if *count == 1 { String::new() } else { count.to_string() };
            let sid = format!("{}{number}", pascal(&service));
            statements.push(Statement { sid, actions, resources, conditions, reason });
        }
        Policy { statements, notes: self.unknown.into_iter().collect() }
    }
}

/// All permissions that the handler of the type needs.
fn needed(type_name: &str) -> BTreeSet<String> {
    let Some(facts) = facts::resource(type_name) else { return BTreeSet::new() };
    let handlers = &facts.handlers;
    let each = [&handlers.create, &handlers.read, &handlers.update, &handlers.delete];
    let all = each.into_iter().flat_map(|handler| &handler.permissions).chain(&handlers.tag);
    let needed: BTreeSet<String> = all.map(|action| (*action).to_owned()).collect();
    if needed.is_empty() { by_name(type_name) } else { needed }
}

/// How actions that work on a resource begin.
const VERBS: [&str; 8] = ["Create", "Delete", "Update", "Modify", "Describe", "Get", "BatchGet", "List"];

/// The actions that work on a type without a handler, by their names: of `AWS::CodeBuild::Project` those like
/// `codebuild:CreateProject`.
fn by_name(type_name: &str) -> BTreeSet<String> {
    let mut parts = type_name.split("::").skip(1);
    let (Some(service), Some(name)) = (parts.next(), parts.next()) else { return BTreeSet::new() };
    // These two are databases of RDS to IAM.
    let prefix = if ["DocDB", "Neptune"].contains(&service) { "rds" } else { service };
    let Some(service) = facts::iam_service(prefix) else { return BTreeSet::new() };
    let wanted: Vec<String> =
        VERBS.iter().flat_map(|verb| [format!("{verb}{name}"), format!("{verb}{name}s")]).collect();
    let tags = [
        "AddTagsToResource",
        "RemoveTagsFromResource",
        "ListTagsForResource",
        "TagResource",
        "UntagResource",
    ];
    let is = |action: &str, wanted: &str| action.eq_ignore_ascii_case(wanted);
    let main = service.actions().filter(|action| wanted.iter().any(|wanted| is(action.name, wanted)));
    let found: BTreeSet<String> = main.map(|action| format!("{}:{}", service.prefix, action.name)).collect();
    if found.is_empty() {
        return found;
    }
    let tags = service.actions().filter(|action| tags.iter().any(|tag| is(action.name, tag)));
    let pass = ["iam:PassRole".to_owned(), "iam:CreateServiceLinkedRole".to_owned()];
    found
        .into_iter()
        .chain(tags.map(|action| format!("{}:{}", service.prefix, action.name)))
        .chain(pass)
        .collect()
}

/// The forms of ARN for the action. What tags a resource need reach only those of its own type.
fn forms(action: IamActionFacts, type_name: &str) -> Vec<&'static str> {
    let all: Vec<&'static str> = action.arns().collect();
    if !action.name.to_ascii_lowercase().contains("tag") {
        return all;
    }
    let own: Vec<&'static str> = all.iter().copied().filter(|form| is_own(form, type_name)).collect();
    if own.is_empty() { all } else { own }
}

/// Resources whose ARN calls them otherwise than their type.
const CALLED: [(&str, &str); 6] = [
    ("AWS::EC2::EIP", "elastic-ip"),
    ("AWS::EC2::FlowLog", "vpc-flow-log"),
    ("AWS::KMS::Key", "key"),
    ("AWS::EC2::NetworkAcl", "network-acl"),
    ("AWS::DocDB::DBInstance", "db"),
    ("AWS::Neptune::DBInstance", "db"),
];

fn is_own(form: &str, type_name: &str) -> bool {
    if Named::of(form).is_some_and(|named| named.makes(type_name)) {
        return true;
    }
    let name = type_name.rsplit("::").next().unwrap_or_default();
    let called = form.splitn(6, ':').nth(5).and_then(|resource| resource.split(['/', ':', '*']).next());
    let called = called.unwrap_or_default();
    called.replace('-', "").eq_ignore_ascii_case(name) || CALLED.contains(&(type_name, called))
}

/// The resources without those that a pattern among them covers.
fn without_covered(resources: BTreeSet<String>) -> BTreeSet<String> {
    let covered = |resource: &String| {
        resources.iter().any(|other| other != resource && facts::iam_covers(other, resource))
    };
    resources.iter().filter(|resource| !covered(resource)).cloned().collect()
}

fn pass_role(passed: Passed) -> impl Iterator<Item = Statement> {
    passed.into_iter().filter(|(_, roles)| !roles.is_empty()).map(|(services, resources)| {
        let mut names: Vec<String> =
            services.iter().map(|service| pascal(service.split('.').next().unwrap_or_default())).collect();
        names.sort_unstable();
        let mut conditions = Conditions::new();
        if !services.is_empty() {
            conditions.entry("StringEquals").or_default().insert("iam:PassedToService", services);
        }
        let sid =
            if names.is_empty() { "PassRole".to_owned() } else { format!("PassRoleTo{}", names.join("And")) };
        let actions = BTreeSet::from(["iam:PassRole".to_owned()]);
        Statement { sid, actions, resources: without_covered(resources), conditions, reason: None }
    })
}

/// `ecs-tasks` as `EcsTasks`: a Sid has letters and digits only.
fn pascal(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        })
        .collect()
}
