//! The rules of what every template must be: names, references, properties, functions.
//!
//! Each of them is checked in several places of this folder. The rules about one subject stand with their lints.

use crate::check::rule::{Rule, rule};

rule! {
    /// A reference to a name that nothing has.
    ///
    /// `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::If`, `Fn::FindInMap`, `DependsOn` or `Condition` names something that the
    /// template does not declare, often because of a typing error or a resource that was renamed. CloudFormation
    /// refuses the template ("Unresolved resource dependencies").
    ///
    /// Name a resource, parameter, condition or mapping of the template. In `Fn::Sub`, text that should stay as it is
    /// is written `${!Name}`.
    ///
    /// Source: [Intrinsic function reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html).
    pub(super) UNKNOWN_TARGET = "DT001" Error;
}

rule! {
    /// Resources or conditions that need one another in a circle.
    ///
    /// Each reference makes CloudFormation create its target first; in a circle nothing can be first, and the template
    /// is refused ("Circular dependency between resources").
    ///
    /// Break the circle at one reference. Of two security groups that name each other, move the rules out into
    /// resources of their own (`AWS::EC2::SecurityGroupIngress` and `AWS::EC2::SecurityGroupEgress`), which come after
    /// both groups. Elsewhere, a fixed name or an ARN put together with `!Sub` takes the place of one reference.
    ///
    /// Source: [Troubleshooting: circular dependencies](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html).
    pub(super) CYCLE = "DT002" Error;
}

rule! {
    /// More or longer than CloudFormation allows.
    ///
    /// A template holds at most 500 resources, 200 parameters, 200 outputs and 200 mappings, names of at most 255
    /// characters, a description of at most 1,024 bytes, and is at most 1 MB. One more, and it is refused.
    ///
    /// Split the stack: a part that changes seldom (network, repositories, data) is the best to become a stack of its own.
    ///
    /// Source: [CloudFormation quotas](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html).
    pub(super) LIMIT = "DT003" Error;
}

rule! {
    /// A resource type that does not exist.
    ///
    /// CloudFormation refuses the template ("Unrecognized resource types"). Types are spelt as AWS spells them, upper
    /// and lower case included. Private types and modules (`Company::Service::Thing`) and `Custom::…` are not looked at.
    ///
    /// Source: [Resource type reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
    pub(super) UNKNOWN_TYPE = "DT004" Error;
}

rule! {
    /// A property that the type does not have.
    ///
    /// CloudFormation refuses the resource ("extraneous key is not permitted" or "Encountered unsupported property"),
    /// often only when its turn comes, with half of the stack made and to be rolled back.
    ///
    /// Source: [Resource type reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
    pub(super) UNKNOWN_PROPERTY = "DT005" Error;
}

rule! {
    /// A property that must be given is missing.
    ///
    /// The resource cannot be made without it. In a branch of `Fn::If`, `AWS::NoValue` counts as missing.
    ///
    /// Source: [Resource type reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
    pub(super) MISSING_PROPERTY = "DT006" Error;
}

rule! {
    /// A value of another kind than the property takes.
    ///
    /// For example text where a list belongs. CloudFormation turns numbers and booleans into text and back; nothing
    /// else becomes something else.
    ///
    /// Source: [Resource type reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
    pub(super) WRONG_KIND = "DT007" Error;
}

rule! {
    /// A value that is not one of those allowed.
    ///
    /// AWS takes only the values of a list here, and refuses the resource otherwise. The list is that of the resource
    /// type's own schema; if AWS has added to it since, allow the finding with that reason.
    ///
    /// Source: [Resource type reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
    pub(super) NOT_ALLOWED = "DT008" Error;
}

rule! {
    /// Text that does not have the form that it must have.
    ///
    /// Names, ARNs, ids, blocks of addresses and dates have forms that the type's schema gives as a pattern, or the page of
    /// the service in words; AWS refuses the resource if the text does not match. Text put together by `!Sub` is looked at
    /// if all of it is known.
    ///
    /// Source: [Resource type reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
    pub(super) WRONG_FORM = "DT009" Error;
}

rule! {
    /// A number that is too small or too large.
    ///
    /// AWS refuses the resource with a number outside of the range.
    ///
    /// Source: [Resource type reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
    pub(super) OUT_OF_RANGE = "DT010" Error;
}

rule! {
    /// Text that is too short or too long.
    ///
    /// AWS counts characters and refuses the resource. Of generated names, leave out the name: CloudFormation makes one
    /// that fits and is unique.
    ///
    /// Source: [Resource type reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
    pub(super) WRONG_LENGTH = "DT011" Error;
}

rule! {
    /// Too few or too many items, or items that are equal.
    ///
    /// AWS refuses a list with fewer or more items than it takes, and one with the same item twice where each may be
    /// there only once.
    ///
    /// Source: [Resource type reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
    pub(super) WRONG_COUNT = "DT012" Error;
}

rule! {
    /// A property that only AWS sets.
    ///
    /// It is an attribute of the finished resource, such as its ARN. CloudFormation refuses a template that gives it
    /// ("Encountered read-only properties").
    ///
    /// Remove it; where another resource needs the value, read it with `!GetAtt`.
    ///
    /// Source: [Resource type schema: readOnlyProperties](https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
    pub(super) READ_ONLY = "DT013" Error;
}

rule! {
    /// An attribute that the type does not have.
    ///
    /// `Fn::GetAtt` and `${Resource.Attribute}` read attributes of the finished resource; upper and lower case matter
    /// (`DNSName`, not `DnsName`). CloudFormation refuses the template.
    ///
    /// Source: [Fn::GetAtt](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getatt.html).
    pub(super) UNKNOWN_ATTRIBUTE = "DT014" Error;
}

rule! {
    /// A name with other characters than letters and digits.
    ///
    /// Logical IDs and the names of parameters and outputs are letters and digits only, and no two things of a template
    /// share one. CloudFormation refuses the template ("Template format error").
    ///
    /// Source: [Resources section](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html).
    pub(super) BAD_NAME = "DT015" Error;
}

rule! {
    /// A template without resources, or of an unknown version.
    ///
    /// CloudFormation wants at least one resource, and knows one version: `2010-09-09`.
    ///
    /// Source: [Template sections](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html).
    pub(super) BAD_TEMPLATE = "DT016" Error;
}

rule! {
    /// A reference that is not possible where it stands.
    ///
    /// Conditions, mappings, the names of exports and the keys of `Fn::FindInMap` are evaluated before any resource exists;
    /// they can refer to parameters and pseudo parameters only.
    ///
    /// Source: [Conditions section](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html),
    /// [Outputs section](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html).
    pub(super) MISPLACED_REFERENCE = "DT017" Error;
}

rule! {
    /// A function that does not exist, or with arguments that it does not take.
    ///
    /// CloudFormation refuses the template ("Template error: every `Fn::Join` object requires two parameters"). A function
    /// call is a mapping with one key; beside other keys it is not evaluated. `Fn::ForEach` needs the transform
    /// `AWS::LanguageExtensions`.
    ///
    /// Source: [Intrinsic function reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html).
    pub(super) BAD_FUNCTION = "DT018" Error;
}

rule! {
    /// Properties that do not go together, or of which one is wanted.
    ///
    /// AWS takes exactly one of some properties, or a property only with or without another, and refuses the resource
    /// otherwise. Properties that depend on a condition are judged together as they can occur.
    ///
    /// Source: [Resource type reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
    pub(super) TOGETHER = "DT019" Error;
}

rule! {
    /// A parameter, mapping or output that contradicts itself.
    ///
    /// A default that is not among the allowed values or breaks another of the parameter's constraints (its length, range,
    /// pattern or kind of id), a parameter type that does not exist, a mapping without its two levels of keys, an output
    /// that is no text, or two outputs with one export name.
    ///
    /// Source: [Parameters section](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html).
    pub(super) BAD_DECLARATION = "DT020" Error;
}

rule! {
    /// A value that `DeletionPolicy` or `UpdateReplacePolicy` does not take.
    ///
    /// `DeletionPolicy` is `Delete`, `Retain`, `RetainExceptOnCreate` or `Snapshot`; `UpdateReplacePolicy` is `Delete`,
    /// `Retain` or `Snapshot`. A misspelt one would lose data if CloudFormation took it; it refuses the template.
    ///
    /// Source: [DeletionPolicy](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html),
    /// [UpdateReplacePolicy](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html).
    pub(super) BAD_POLICY = "DT021" Error;
}

rule! {
    /// A property or type that should not be used any more.
    ///
    /// AWS has announced its end, or replaced it by another. It works today; a new resource should not begin with it.
    ///
    /// Source: [Resource type reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
    pub(super) DEPRECATED = "DT022" Warning;
}

rule! {
    /// A parameter, mapping, condition or variable that nothing uses.
    ///
    /// Whoever deploys is asked for a value that changes nothing, or believes that a condition is at work. Often a
    /// resource that used it was removed, or a name in a `!Ref` or in the text of a `!Sub` is wrong.
    ///
    /// Source: [Parameters section](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html).
    pub(super) UNUSED = "DT023" Warning;
}

rule! {
    /// Text with `${Name}` in it, outside of `Fn::Sub`.
    ///
    /// Plain text stays as it is: the resource gets the characters `${…}`. Only names that the template knows are
    /// reported, and not where the text belongs to a shell or a state machine.
    ///
    /// Put `!Sub` before the text.
    ///
    /// Source: [Fn::Sub](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html).
    pub(super) MISSING_SUB = "DT024" Warning;
}

rule! {
    /// What is no part of a template, or is missing from one.
    ///
    /// A section or attribute that does not exist, a resource without `Type`, an output without `Value`, a list where
    /// a mapping belongs, a key that stands there twice. CloudFormation refuses the template ("Template format error",
    /// "Invalid template property or properties"), or takes one of two values without a word.
    ///
    /// What is near to a name that exists is taken for it, and all the rest is checked as well.
    ///
    /// Source: [Template sections](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html).
    pub(super) NO_TEMPLATE = "DT141" Error;
}

/// The code of mistakes of form.
pub(crate) fn code_of_form() -> &'static str {
    NO_TEMPLATE.code
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
    &NO_TEMPLATE,
];
