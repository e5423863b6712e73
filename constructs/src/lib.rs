//! Typed building blocks for AWS: Vpc, Alb, FargateService, Secret, LogGroup and their kin.

pub mod declare;
pub mod diagnostic;
pub mod l1;
pub mod resource;
pub mod scope;
pub mod synth;
pub mod text;
pub mod units;
pub mod value;

pub use declare::{Condition, ConditionExpression, Mapping, Parameter, aws};
pub use diagnostic::{Diagnostic, Severity, SourceLine};
pub use resource::{Arn, Handle, Resource, Tags};
pub use scope::{App, RemovalPolicy, Scope, Stack, StackOptions};
pub use synth::{Assembly, Origin, SynthesizedStack};
pub use units::{Cidr, FargateSize, Port, Retention, UnitError};
pub use value::{Json, List, Tag, Value};
