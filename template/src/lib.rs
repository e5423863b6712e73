//! A CloudFormation template as a value: reading, writing, references, facts, checks and differences.

#[cfg(test)]
mod arbitrary;
pub mod capabilities;
pub mod check;
pub mod document;
pub mod facts;
pub mod graph;
pub mod limits;
mod nearest;
pub mod node;
pub mod path;
pub mod read;
mod visit;
mod write;

pub use capabilities::Capability;
pub use check::{Code, Finding, Severity};
pub use document::{Output, Parameter, Resource, Template};
pub use graph::{Cycle, Edge, Element, Graph, Reference};
pub use limits::Delivery;
pub use node::{Function, Map, Node, Number};
pub use path::{Path, Position, Step};
pub use read::{Document, Positions, ReadError, ReadErrors};
