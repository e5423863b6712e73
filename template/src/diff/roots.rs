//! What causes the changes of a deployment, each with all that follows from it.

use serde::Serialize;

use super::{Action, Consequence, Fate};
use crate::graph::Element;
use crate::path::Path;

/// A cause of changes: a resource whose own properties change, or a parameter, mapping or condition that becomes
/// another; and everything that follows from it through references, to the end.
///
/// "`Vpc.CidrBlock` changed: replaces the VPC and 47 resources that depend on it" is `paths`, `consequence`, and
/// [`Root::replaced`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Root {
    /// What changes.
    pub cause: Element,
    /// The type, if it is a resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// Whether it is added, removed or changed.
    pub action: Action,
    /// What its own change does to it; `None` for what is no resource, is added or removed, or is not touched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consequence: Option<Consequence>,
    /// The paths of its differences that do that.
    pub paths: Vec<Path>,
    /// What follows, as a tree written row by row: each after what it follows, one deeper.
    pub followers: Vec<Follower>,
    /// The outputs whose values change with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<FollowingOutput>,
}

/// A resource to which something happens because of a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Follower {
    /// The logical ID.
    pub id: String,
    /// Its type.
    pub type_name: String,
    /// Changed; or added or removed, if it follows because its condition begins or ceases to hold.
    pub action: Action,
    /// What happens to it because of this root. (One that goes with its condition counts as replaced, one that comes as
    /// updated.)
    pub consequence: Consequence,
    /// What becomes of the old one, if it is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fate: Option<Fate>,
    /// Whether it holds data.
    pub stateful: bool,
    /// How far it is from the root: 1 if it refers to it.
    pub depth: usize,
    /// What it follows: the root, or a follower above.
    pub from: Element,
    /// The reference through which it follows: `Resources.Subnet.Properties.VpcId`.
    pub path: Path,
    /// The attribute that it refers to; `None` for `Ref`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// The condition through which it follows a parameter or mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Whether it has differences of its own as well, none graver.
    pub changed: bool,
    /// Whether a root before this one does the same or more to it. A view that names each resource once leaves it out.
    pub repeated: bool,
}

/// An output whose value becomes another because of a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FollowingOutput {
    /// Its name.
    pub name: String,
    /// Whether other stacks may import it: an export that is imported cannot change.
    pub exported: bool,
    /// What it refers to.
    pub from: Element,
    /// Where the reference stands.
    pub path: Path,
    /// Whether the value certainly becomes another.
    pub certain: bool,
}

impl Root {
    /// How many of its followers have this consequence.
    pub fn count(&self, consequence: Consequence) -> usize {
        self.followers.iter().filter(|follower| follower.consequence == consequence).count()
    }

    /// How many resources are certainly replaced because of it, itself left out.
    pub fn replaced(&self) -> usize {
        self.count(Consequence::Replaces)
    }

    /// The followers from the root to `id`, which is the last of them; empty if it does not follow.
    pub fn chain(&self, id: &str) -> Vec<&Follower> {
        let Some(at) = self.followers.iter().position(|follower| follower.id == id) else {
            return Vec::new();
        };
        let mut chain = vec![&self.followers[at]];
        // What a follower follows is the nearest one before it that is less deep.
        for follower in self.followers[..at].iter().rev() {
            if chain.last().is_some_and(|last| follower.depth < last.depth) {
                chain.push(follower);
            }
        }
        chain.reverse();
        chain
    }
}
