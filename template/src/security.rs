//! What a new template allows that the old one did not: permissions, trust, policies of resources, open ports, and
//! what is public.
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

mod grants;
mod network;
mod public;
mod sides;
mod statement;
mod symbol;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::document::Template;
use symbol::{Symbols, redefined};

/// Something that a deployment would allow and that was not allowed before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SecurityKind {
    /// Reachable by everybody: a public address, a public bucket.
    Public,
    /// A security group lets in more.
    Ingress,
    /// A role, user or group may do more.
    Permission,
    /// A role may be assumed by more.
    Trust,
    /// The policy of a resource (a key, bucket, queue, secret) lets more in.
    ResourcePolicy,
    /// A security group lets out more.
    Egress,
}

/// What `new` allows and `old` did not, in the order of kinds and then of the template.
pub fn broadening(old: &Template, new: &Template) -> Vec<SecurityChange> {
    let redefined = redefined(old, new);
    let before = Symbols::new(old, &redefined, "before");
    let after = Symbols::new(new, &redefined, "after");
    let mut changes = grants::broadening(&before, &after);
    changes.extend(network::broadening(&before, &after));
    changes.extend(public::broadening(&before, &after));
    let place = |change: &SecurityChange| new.resources.get_index_of(&change.id).unwrap_or(usize::MAX);
    changes.sort_by_cached_key(|change| (change.kind, place(change)));
    changes.dedup();
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
    grants::decides(type_name, property) || network::decides(property) || public::decides(type_name, property)
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
