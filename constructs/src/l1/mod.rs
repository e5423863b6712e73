//! Generated (placeholder until the generator runs).
#[allow(missing_docs)]
pub mod ec2 { pub enum VpcId {} pub enum SubnetId {} }
