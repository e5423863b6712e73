//! A team's own rules in files, written for AWS CloudFormation Guard.

#[cfg(feature = "guard")]
mod with_guard;
#[cfg(not(feature = "guard"))]
mod without_guard;

#[cfg(feature = "guard")]
pub(crate) use with_guard::Rules;
#[cfg(not(feature = "guard"))]
pub(crate) use without_guard::Rules;
