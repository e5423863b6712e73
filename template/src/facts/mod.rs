//! Facts about every AWS resource type: its properties, what changing them does, what `Ref` and `Fn::GetAtt`
//! return, which permissions it needs. And about every IAM action: that it exists, and to which resources it can be
//! narrowed.
//!
//! [`resource`] looks a type up by name, [`iam_action`] an action; only what is asked for is read. The facts come from
//! two published sources, joined by `cargo xtask codegen`; `NOTICE` names them. Where the sources disagree on
//! whether a change replaces a resource, the answer is [`Update::MayReplace`].
//!
//! ```
//! use template::facts::{self, Update};
//!
//! let vpc = facts::resource("AWS::EC2::VPC").expect("the type exists");
//! assert_eq!(vpc.update(&["CidrBlock"]), Update::Replaces);
//! assert!(vpc.properties().property("CidrBlok").is_none());
//! assert_eq!(facts::nearest("AWS::EC2::Vpc"), Some("AWS::EC2::VPC"));
//! ```

mod iam;
mod later;
mod resource;
mod schema;
mod stored;
mod table;

use crate::nearest::Letters;

pub use iam::{
    IamAction, IamActionFacts, IamService, iam_action, iam_covers, iam_service, iam_service_names,
};
pub use later::Later;
pub use resource::{
    Attribute, Handler, Handlers, Place, Reference, ReferenceKind, Replacement, ResourceFacts, TagFacts,
    TagShape, Update,
};
pub use schema::{Bounds, Choice, ChoiceRule, Identifier, Kind, Kinds, PropertyRule, Scalar, Schema};

/// The type whose facts stand for every `Custom::…` type.
const CUSTOM: &str = "AWS::CloudFormation::CustomResource";

/// The names of all known resource types, sorted.
pub fn type_names() -> impl ExactSizeIterator<Item = &'static str> {
    table::type_names()
}

/// The facts about the resource type `type_name`, or `None` if it is not known.
///
/// A `Custom::…` type has the facts of `AWS::CloudFormation::CustomResource`. The first call for a type
/// reads it; the facts are kept for the next.
pub fn resource(type_name: &str) -> Option<&'static ResourceFacts> {
    let name = if type_name.starts_with("Custom::") { CUSTOM } else { type_name };
    table::facts(table::find(name)?)
}

/// The known type whose name is closest to `name`, for a hint; `None` if none is close.
pub fn nearest(name: &str) -> Option<&'static str> {
    let wanted = name.to_ascii_lowercase();
    // A third of the letters may be wrong: enough for `AWS::ECS::TaskDef`, not for another service.
    let limit = (wanted.len() / 3).max(2);
    let letters = Letters::of(&wanted);
    type_names()
        .map(|known| (known.to_ascii_lowercase(), known))
        .filter(|(lower, _)| letters.least_distance(lower) <= limit)
        .map(|(lower, known)| (strsim::osa_distance(&wanted, &lower), known))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, known)| known)
}

/// The names of the regions that [`ResourceFacts::is_in_region`] knows.
pub fn regions() -> impl Iterator<Item = &'static str> {
    table::regions()
}

#[doc(hidden)]
pub use table::write::{assemble, encode};

#[cfg(test)]
mod tests;
