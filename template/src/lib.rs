//! A CloudFormation template as a value: reading, writing, references, facts, checks and differences.

pub mod document;
#[cfg(test)]
mod arbitrary;
mod nearest;
pub mod node;
pub mod path;
pub mod read;
mod write;

pub use document::{Output, Parameter, Resource, Template};
pub use node::{Function, Map, Node, Number};
pub use path::{Path, Position, Step};
pub use read::{Document, Positions, ReadError, ReadErrors};
