//! Typed building blocks for AWS: Vpc, Alb, FargateService, Secret, LogGroup and their kin.

pub mod l1;
pub mod resource;
pub mod value;

pub use resource::{Arn, Handle, Resource, Tags};
pub use value::{Json, List, Tag, Value};
