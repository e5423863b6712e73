//! A CloudFormation template as a value: reading, writing, references, facts, checks and differences.

pub mod document;
pub mod facts;
pub mod node;

pub use document::{Output, Parameter, Resource, Template};
pub use node::{Function, Map, Node, Number};
