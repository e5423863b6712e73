//! The rules of what every template must be: names, references, properties, functions.
//!
//! Each is checked in several places of this folder; the rules of one subject stand with their check.

use crate::check::rule::{Rule, rule};

rule! {
    /// A reference to a name that nothing has.
    pub(super) UNKNOWN_TARGET = "DT001" Error;
}

rule! {
    /// Resources or conditions that need one another in a circle.
    pub(super) CYCLE = "DT002" Error;
}

rule! {
    /// More or longer than CloudFormation allows.
    pub(super) LIMIT = "DT003" Error;
}

rule! {
    /// A resource type that does not exist.
    pub(super) UNKNOWN_TYPE = "DT004" Error;
}

rule! {
    /// A property that the type does not have.
    pub(super) UNKNOWN_PROPERTY = "DT005" Error;
}

rule! {
    /// A property that must be given.
    pub(super) MISSING_PROPERTY = "DT006" Error;
}

rule! {
    /// A value of another kind than the property takes.
    pub(super) WRONG_KIND = "DT007" Error;
}

rule! {
    /// A value that is not one of those allowed.
    pub(super) NOT_ALLOWED = "DT008" Error;
}

rule! {
    /// Text that does not have the form that it must have.
    pub(super) WRONG_FORM = "DT009" Error;
}

rule! {
    /// A number that is too small or too large.
    pub(super) OUT_OF_RANGE = "DT010" Error;
}

rule! {
    /// Text that is too short or too long.
    pub(super) WRONG_LENGTH = "DT011" Error;
}

rule! {
    /// Too few or too many items or entries, or items that are equal where they must differ.
    pub(super) WRONG_COUNT = "DT012" Error;
}

rule! {
    /// A property that only AWS sets.
    pub(super) READ_ONLY = "DT013" Error;
}

rule! {
    /// An attribute that the type does not have.
    pub(super) UNKNOWN_ATTRIBUTE = "DT014" Error;
}

rule! {
    /// A logical ID or parameter name with other characters than letters and digits.
    pub(super) BAD_NAME = "DT015" Error;
}

rule! {
    /// A template without resources or of an unknown version.
    pub(super) BAD_TEMPLATE = "DT016" Error;
}

rule! {
    /// A reference that is not possible where it stands.
    pub(super) MISPLACED_REFERENCE = "DT017" Error;
}

rule! {
    /// A function that does not exist, or with arguments that it does not take.
    pub(super) BAD_FUNCTION = "DT018" Error;
}

rule! {
    /// Properties that do not go together, or of which one is wanted.
    pub(super) TOGETHER = "DT019" Error;
}

rule! {
    /// A parameter, mapping or output that contradicts itself.
    pub(super) BAD_DECLARATION = "DT020" Error;
}

rule! {
    /// A value that `DeletionPolicy` or `UpdateReplacePolicy` does not take.
    pub(super) BAD_POLICY = "DT021" Error;
}

rule! {
    /// A property or type that should not be used any more.
    pub(super) DEPRECATED = "DT022" Warning;
}

rule! {
    /// A parameter, mapping or condition that nothing uses.
    pub(super) UNUSED = "DT023" Warning;
}

rule! {
    /// Text with `${Name}` in it, outside of `Fn::Sub`.
    pub(super) MISSING_SUB = "DT024" Warning;
}

/// Every rule of this file.
pub(super) static ALL: &[&Rule] = &[
    &UNKNOWN_TARGET,
    &CYCLE,
    &LIMIT,
    &UNKNOWN_TYPE,
    &UNKNOWN_PROPERTY,
    &MISSING_PROPERTY,
    &WRONG_KIND,
    &NOT_ALLOWED,
    &WRONG_FORM,
    &OUT_OF_RANGE,
    &WRONG_LENGTH,
    &WRONG_COUNT,
    &READ_ONLY,
    &UNKNOWN_ATTRIBUTE,
    &BAD_NAME,
    &BAD_TEMPLATE,
    &MISPLACED_REFERENCE,
    &BAD_FUNCTION,
    &TOGETHER,
    &BAD_DECLARATION,
    &BAD_POLICY,
    &DEPRECATED,
    &UNUSED,
    &MISSING_SUB,
];
