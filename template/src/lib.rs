//! A CloudFormation template as a value: reading, writing, references, facts, checks and differences.

pub mod document;
pub mod node;
pub mod path;
mod write;

pub use document::{Output, Parameter, Resource, Template};
pub use node::{Function, Map, Node, Number};
pub use path::{Path, Position, Step};
