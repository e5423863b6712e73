//! What a reviewer asks first: who may do what, who reaches what, which secrets.

use serde::Serialize;

use crate::path::Path;
use crate::security::{SecurityChange, SecurityKind};

/// What a reviewer asks first. (What becomes of data is in [`Changes::losses`](super::Changes::losses).)
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// Who may do what: permissions, trust, policies of resources.
    pub access: Side,
    /// Who reaches what: security groups, what is public.
    pub network: Side,
    /// Which secrets are made, lost, and read by whom.
    pub secrets: Vec<SecretChange>,
}

/// What becomes possible, and what no longer is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// What is possible now and was not before, the dangerous first.
    pub broader: Vec<SecurityChange>,
    /// What was possible before and is not any more. (An `id` may be one of the old template.)
    pub narrower: Vec<SecurityChange>,
}

/// A change that concerns a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretChange {
    /// The logical ID of the secret, or of the resource that reads it.
    pub id: String,
    /// What happens.
    pub what: SecretEvent,
    /// The secret as it is written: `${Keys}`, `${Keys}:OPENAI_API_KEY::`, an ARN, a name.
    pub secret: String,
    /// Where it stands, for readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
}

/// What happens to a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SecretEvent {
    /// It is removed.
    Removed,
    /// It is replaced, or may be: its value is a new one.
    Replaced,
    /// It is the same secret and gets a new value.
    NewValue,
    /// It is changed, and its value stays.
    Changed,
    /// It is made.
    Added,
    /// Something reads it that did not.
    Read,
    /// Something no longer reads it.
    NoLongerRead,
    /// A parameter no longer has `NoEcho`.
    Unmasked,
}

impl Review {
    /// Whether something becomes possible that was not.
    pub fn broadens(&self) -> bool {
        !self.access.broader.is_empty() || !self.network.broader.is_empty()
    }
}

impl Review {
    /// What becomes possible, and what no longer is.
    pub(super) fn add(&mut self, (broader, narrower): (Vec<SecurityChange>, Vec<SecurityChange>)) {
        for change in broader {
            self.side(change.kind).broader.push(change);
        }
        for change in narrower {
            self.side(change.kind).narrower.push(change);
        }
    }

    fn side(&mut self, kind: SecurityKind) -> &mut Side {
        match kind {
            SecurityKind::Public | SecurityKind::Ingress | SecurityKind::Egress => &mut self.network,
            SecurityKind::Permission | SecurityKind::Trust | SecurityKind::ResourcePolicy => &mut self.access,
        }
    }
}
