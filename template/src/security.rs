//! What a new template allows that the old one did not: permissions, trust, policies of resources, open ports, ways to
//! the internet, what is public, and what no longer guards the front door.
//!
//! Compared by meaning: neither the order of statements, actions and rules matters, nor whether a value is alone or in
//! a list, nor how an action is capitalized; what a wildcard or a wider block already allowed is not new. A `Deny` or a
//! condition that goes is a broadening. What only AWS can tell (a parameter, an import) is compared as it is written;
//! where it differs, the change [cannot be judged](SecurityChange::judged) and is told as well.
//!
//! ```
//! # fn main() -> Result<(), template::ReadErrors> {
//! use template::{Template, security};
//!
//! let template = |cidr: &str| {
//!     let rule = format!("{{IpProtocol: tcp, FromPort: 8080, ToPort: 8080, CidrIp: {cidr}}}");
//!     let group = format!("{{GroupDescription: web, SecurityGroupIngress: [{rule}]}}");
//!     let text = format!("Resources:\n  Web: {{Type: AWS::EC2::SecurityGroup, Properties: {group}}}\n");
//!     Template::parse(&text, "web.yaml").map(|document| document.template)
//! };
//! let (private, public) = (template("10.0.0.0/8")?, template("0.0.0.0/0")?);
//! let changes = security::broadening(&private, &public);
//! assert_eq!(changes[0].what, "`Web` is now open to 0.0.0.0/0 on port 8080");
//! assert_eq!(security::broadening(&public, &private), []);
//! # Ok(())
//! # }
//! ```

mod acl;
mod assignments;
mod budget;
mod covered;
mod flow;
mod grants;
mod guards;
mod manifold;
mod network;
mod partly;
mod public;
mod remains;
mod routes;
mod sides;
mod statement;
mod symbol;
#[cfg(test)]
mod tests;
mod told;

use indexmap::IndexSet;

use serde::Serialize;

use crate::document::Template;
use symbol::{Symbols, redefined};

/// Something that a deployment would allow and that was not allowed before.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityChange {
    /// The logical ID of the resource that says so in the new template; where something goes, in the old one.
    pub id: String,
    /// What kind of access it gives.
    pub kind: SecurityKind,
    /// The change in a sentence, without a period.
    pub what: String,
    /// Whether it is for everybody, or for everything of a service.
    pub wide: bool,
    /// Whether it is known to broaden; false if it changes and only AWS can tell what comes of it.
    pub judged: bool,
}

/// What kind of access a change gives. The dangerous ones come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SecurityKind {
    /// Reachable by everybody: a public address, a public bucket, a route to an internet gateway.
    Public,
    /// A security group or a network ACL lets in more, or what guards the front door less than before: a web ACL, a
    /// sign-in, encryption.
    Ingress,
    /// A role, user or group may do more, or has access to another account; a container may; a key is made; what is
    /// done is no longer recorded.
    Permission,
    /// A role may be assumed by more.
    Trust,
    /// The policy of a resource (a key, bucket, queue, secret) lets more in.
    ResourcePolicy,
    /// A security group or a network ACL lets out more.
    Egress,
}

/// How a change is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tense {
    /// It is so now, and was not.
    Now,
    /// It was so, and is not any more.
    NoLonger,
}

impl Tense {
    /// One of two ways to say something.
    fn say<'a>(self, now: &'a str, no_longer: &'a str) -> &'a str {
        match self {
            Tense::Now => now,
            Tense::NoLonger => no_longer,
        }
    }
}

/// What `new` allows and `old` did not, in the order of kinds and then of the template.
pub fn broadening(old: &Template, new: &Template) -> Vec<SecurityChange> {
    with_both(old, new, |before, after| compare(before, after, Tense::Now))
}

/// What [`broadening`] says, and what `old` allowed and `new` does not, as far as that is known, in the order of kinds
/// and then of the old template. What resources allowed that are gone themselves is left out: nobody can use it.
pub fn broadening_and_narrowing(
    old: &Template,
    new: &Template,
) -> (Vec<SecurityChange>, Vec<SecurityChange>) {
    let remains = |change: &SecurityChange| {
        let type_name = old.resources.get(&change.id).map_or("", |resource| &resource.type_name);
        new.resources.contains_key(&change.id) || is_for_another(type_name)
    };
    with_both(old, new, |before, after| {
        let mut narrower = compare(after, before, Tense::NoLonger);
        narrower.retain(|change| change.judged && remains(change));
        (compare(before, after, Tense::Now), narrower)
    })
}

/// Whether a resource of this type only says who may do or reach what with others.
fn is_for_another(type_name: &str) -> bool {
    acl::is_for_another(type_name)
        || assignments::is_for_another(type_name)
        || grants::is_for_another(type_name)
        || guards::is_for_another(type_name)
        || network::is_for_another(type_name)
        || routes::is_for_another(type_name)
}

/// A template, and all that it allows.
struct Allowed<'t> {
    symbols: &'t Symbols<'t>,
    grants: grants::Gathered<'t>,
    assignments: assignments::Assignments,
    rules: network::Rules,
    acls: acl::Acls<'t>,
    routes: routes::Routes<'t>,
}

impl<'t> Allowed<'t> {
    fn of(symbols: &'t Symbols<'t>) -> Allowed<'t> {
        Allowed {
            symbols,
            grants: grants::Gathered::of(symbols),
            assignments: assignments::Assignments::of(symbols),
            rules: network::Rules::of(symbols),
            acls: acl::Acls::of(symbols),
            routes: routes::Routes::of(symbols),
        }
    }
}

fn with_both<T: Default>(
    old: &Template,
    new: &Template,
    compare: impl FnOnce(&Allowed<'_>, &Allowed<'_>) -> T,
) -> T {
    // Nothing else says who may do what.
    let same = old.resources == new.resources && old.conditions == new.conditions;
    if same && old.mappings == new.mappings {
        return T::default();
    }
    let redefined = redefined(old, new);
    let before = Symbols::new(old, &redefined, "before");
    let after = Symbols::new(new, &redefined, "after");
    compare(&Allowed::of(&before), &Allowed::of(&after))
}

/// What the second allows and the first does not.
fn compare(before: &Allowed<'_>, after: &Allowed<'_>, tense: Tense) -> Vec<SecurityChange> {
    let mut changes = told::broadening(&before.grants, &after.grants, tense);
    changes.extend(assignments::broadening(&before.assignments, &after.assignments, tense));
    changes.extend(network::broadening(&before.rules, &after.rules, tense));
    changes.extend(acl::broadening(&before.acls, &after.acls, tense));
    changes.extend(routes::broadening(&before.routes, &after.routes, tense));
    changes.extend(public::broadening(before.symbols, after.symbols, tense));
    changes.extend(guards::broadening(before.symbols, after.symbols, tense));
    let resources = &after.symbols.template.resources;
    let place = |change: &SecurityChange| resources.get_index_of(&change.id).unwrap_or(usize::MAX);
    changes.sort_by_cached_key(|change| (change.kind, place(change)));
    let mut told = IndexSet::new();
    changes.retain(|change| told.insert(change.clone()));
    changes
}

/// Whether a property of a type says who may do or reach what, so that another value of it may allow more. What it holds
/// is not looked at: that is for where the templates do not show it, because a parameter does.
///
/// ```
/// use template::security::may_broaden;
///
/// assert!(may_broaden("AWS::KMS::Key", "KeyPolicy"));
/// assert!(!may_broaden("AWS::KMS::Key", "Description"));
/// ```
pub fn may_broaden(type_name: &str, property: &str) -> bool {
    acl::is_for_another(type_name)
        || assignments::is_for_another(type_name)
        || grants::decides(type_name, property)
        || guards::decides(type_name, property)
        || network::decides(property)
        || public::decides(type_name, property)
        || routes::decides(type_name, property)
}

/// Whether resources of a type are there to say who may do or reach what, so that a new or changed one may allow more
/// whatever is in it. For where no template shows it, because a macro makes it.
///
/// ```
/// use template::security::{may_deny, may_grant};
///
/// assert!(may_grant("AWS::EC2::NetworkAclEntry") && may_deny("AWS::EC2::NetworkAclEntry"));
/// assert!(may_grant("AWS::EC2::Route") && !may_deny("AWS::EC2::Route"));
/// assert!(!may_grant("AWS::EC2::RouteTable"));
/// assert!(!may_grant("AWS::AutoScaling::ScalingPolicy"));
/// ```
pub fn may_grant(type_name: &str) -> bool {
    is_for_another(type_name)
        || grants::is_policy(type_name)
        || type_name.starts_with("AWS::IAM::")
        || type_name.starts_with("AWS::EC2::SecurityGroup")
        || ["AWS::EC2::VPCGatewayAttachment", "AWS::SSO::PermissionSet"].contains(&type_name)
}

/// Whether resources of a type may forbid something, so that more is allowed without one: a policy with a `Deny`, an
/// entry of a network ACL, or the choice of one (without it, a subnet has the default one, which lets all through), or
/// of a web ACL.
pub fn may_deny(type_name: &str) -> bool {
    grants::is_policy(type_name) || acl::is_for_another(type_name) || guards::is_for_another(type_name)
}

/// The first of what still is so, in words, each with whether it is so only under a condition.
fn still(all: impl ExactSizeIterator<Item = (String, bool)>) -> String {
    const MOST: usize = 3;
    let more = all.len().saturating_sub(MOST);
    let text = |(words, conditional)| if conditional { words + " (under a condition)" } else { words };
    let mut texts: Vec<String> = all.take(MOST).map(text).collect();
    texts.extend((more > 0).then(|| format!("{more} more")));
    texts.join(" and ")
}

/// Names in a list, each marked as code; of many only the first.
fn listed(names: &[String]) -> String {
    const MOST: usize = 4;
    let mut text: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    if names.len() > MOST {
        text.push(format!("{} more", names.len() - MOST));
    }
    match text.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}
