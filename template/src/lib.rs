//! A CloudFormation template as a value: reading, writing, references, facts, checks and differences.
//!
//! Everything here is a pure function: no file, no clock, no environment, no AWS. The same template gives the same
//! bytes and the same findings.
//!
//! - [`Template`] with its [`Resource`]s, [`Parameter`]s and [`Output`]s holds [`Node`]s: plain values, and calls
//!   of intrinsic functions told apart from them.
//! - [`Template::parse`] reads YAML with short tags or JSON into a [`Document`]: the template, and the
//!   [`Position`] of each of its values. Mistakes come all at once as [`ReadErrors`].
//! - [`Template::to_yaml`], [`Template::to_json`] and [`Template::to_json_minified`] write.
//! - [`Template::graph`] tells what refers to what: unknown targets, cycles, order.
//! - [`facts`] knows every AWS resource type: properties, attributes, what a change does.
//! - [`Document::check`] and [`Template::check`] report what is wrong as [`Finding`]s with stable codes.
//! - [`diff()`] compares two templates and tells which resources would be replaced.
//! - [`drift`] tells which differences between a template and what exists are drift.
//! - [`requirements`] tells what must exist outside of a template before it is deployed.
//! - [`security::broadening`] tells what a new template allows that the old one did not.
//! - [`permissions`] computes the least IAM policy of who deploys.
//! - [`cost`](mod@cost) tells what a month of a stack costs, from list prices and what is assumed of its use.
//! - [`Template::capabilities`] and [`limits`] tell what a deployment must acknowledge, and how large it may be.
//!
//! ```
//! # fn main() -> Result<(), template::ReadErrors> {
//! use template::{Severity, Template};
//!
//! let text = r#"
//! Resources:
//!   Topic:
//!     Type: AWS::SNS::Topic
//!     Properties:
//!       TopicName: !Sub "${AWS::StackName}-alarms"
//!   Subscription:
//!     Type: AWS::SNS::Subscription
//!     Properties:
//!       TopicArn: !Ref Topik
//!       Protocol: email
//! "#;
//! let document = Template::parse(text, "alarms.yaml")?;
//! let findings = document.check();
//! assert_eq!(findings[0].severity(), Severity::Error);
//! assert_eq!(findings[0].message, "there is no resource or parameter `Topik`");
//! assert_eq!(findings[0].hint.as_deref(), Some("did you mean `Topic`?"));
//!
//! let repaired = Template::parse(&text.replace("Topik", "Topic"), "alarms.yaml")?.template;
//! assert!(repaired.check().is_empty());
//! assert_eq!(repaired.graph().order().as_deref(), Ok(["Topic", "Subscription"].as_slice()));
//! assert!(repaired.to_yaml().contains("TopicName: !Sub ${AWS::StackName}-alarms\n"));
//! # Ok(())
//! # }
//! ```

#[cfg(test)]
mod arbitrary;
mod beside;
mod bound;
pub mod capabilities;
pub mod check;
pub mod cost;
pub mod destructive;
pub mod diff;
pub mod document;
pub mod drift;
pub mod facts;
pub mod graph;
pub mod limits;
mod loops;
mod map;
pub mod model;
mod nearest;
pub mod node;
pub mod path;
pub mod permissions;
pub mod read;
pub mod requirements;
pub mod security;
pub mod stateful;
mod visit;
mod write;

pub use beside::beside;
pub use capabilities::Capability;
pub use check::{Allowance, Check, Finding, Lint, Rule, Severity};
pub use diff::{Action, Change, Changes, Consequence, Fate, ResourceChange, diff, diff_with};
pub use document::{Output, Parameter, Resource, Template};
pub use graph::{Cycle, Edge, Element, Graph, Reference};
pub use limits::Delivery;
pub use model::Model;
pub use node::{Function, Map, Node, Number};
pub use path::{Path, Position, Step};
pub use read::{Document, Positions, ReadError, ReadErrors};
