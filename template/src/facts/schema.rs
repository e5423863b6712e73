//! What a property may hold.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a value at one place of a resource may be.
///
/// The texts are those of the embedded table.
///
/// Everything that is not said is not restricted. A function call (`Ref`, `Fn::Sub`, …) may stand anywhere;
/// these facts are about the value it evaluates to.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts; enums would only rename true and false"
)]
pub struct Schema {
    /// The kinds of value; empty if any is allowed.
    pub kinds: Kinds,
    /// The only values allowed; empty if not listed.
    pub allowed: Vec<Scalar>,
    /// Whether upper and lower case in `allowed` do not matter.
    pub ignore_case: bool,
    /// The regular expression that the text must match somewhere. It always compiles with the `regex` crate.
    pub pattern: Option<&'static str>,
    /// A format with a name: `date-time`, `json`, `ipv4-network`, `ipv6-network`, `int64`, `double`, …
    pub format: Option<&'static str>,
    /// What the text names, if it names something of AWS: the value is one of these identifiers.
    pub names: Vec<Identifier>,
    /// What AWS assumes if the property is absent, where the sources know it.
    pub default: Option<Scalar>,
    /// How many characters text has.
    pub length: Bounds<u64>,
    /// The range of a number.
    pub range: Bounds<f64>,
    /// How many items a list has.
    pub count: Bounds<u64>,
    /// How many entries a map has.
    pub size: Bounds<u64>,
    /// Whether no two items of the list may be equal.
    pub unique: bool,
    /// Whether the order of the list's items matters; if not, a list in another order is no difference.
    pub ordered: bool,
    #[doc(hidden)]
    pub items: Option<Box<Schema>>,
    /// Sorted by name.
    #[doc(hidden)]
    pub properties: Vec<(&'static str, Schema)>,
    #[doc(hidden)]
    pub entries: Vec<(&'static str, Schema)>,
    /// Whether properties that are not named here are accepted.
    pub open: bool,
    /// The properties that must be given.
    pub required: Vec<&'static str>,
    /// Conditions on which properties are given together.
    pub rules: Vec<PropertyRule>,
    #[doc(hidden)]
    pub choices: Vec<Choice>,
    /// The shared schema, by its place in the type's list, that says everything here but `names` and `default`.
    #[doc(hidden)]
    pub definition: Option<u16>,
}

/// Nothing is restricted.
impl Default for Schema {
    fn default() -> Schema {
        Schema {
            kinds: Kinds::default(),
            allowed: Vec::new(),
            ignore_case: false,
            pattern: None,
            format: None,
            names: Vec::new(),
            default: None,
            length: Bounds::default(),
            range: Bounds::default(),
            count: Bounds::default(),
            size: Bounds::default(),
            unique: false,
            ordered: true,
            items: None,
            properties: Vec::new(),
            entries: Vec::new(),
            open: true,
            required: Vec::new(),
            rules: Vec::new(),
            choices: Vec::new(),
            definition: None,
        }
    }
}

/// One kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Text.
    String,
    /// A whole number. CloudFormation also takes it as text.
    Integer,
    /// A number. CloudFormation also takes it as text.
    Number,
    /// `true` or `false`. CloudFormation also takes it as text.
    Boolean,
    /// A mapping.
    Object,
    /// A list.
    List,
}

impl Kind {
    const ALL: [Kind; 6] =
        [Kind::String, Kind::Integer, Kind::Number, Kind::Boolean, Kind::Object, Kind::List];

    /// The word for it in messages.
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Boolean => "boolean",
            Kind::Object => "object",
            Kind::List => "list",
        }
    }
}

/// A set of kinds of value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kinds(u8);

impl Kinds {
    /// Whether `kind` is in the set.
    pub fn contains(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// Whether the set is empty, which means that any kind is allowed.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds in the set.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Kinds {
        Kinds(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u8))
    }
}

/// For messages: `string`, or `string or object`.
impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("any value");
        }
        for (at, kind) in self.iter().enumerate() {
            let separator = if at == 0 { "" } else { " or " };
            write!(f, "{separator}{}", kind.name())?;
        }
        Ok(())
    }
}

/// A value that is not a list or a map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    /// Text.
    String(&'static str),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// `true` or `false`.
    Boolean(bool),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::String(text) => f.write_str(text),
            Scalar::Integer(number) => number.fmt(f),
            Scalar::Number(number) => number.fmt(f),
            Scalar::Boolean(value) => value.fmt(f),
        }
    }
}

/// The least and the most, both included; absent where there is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds<T> {
    /// The least.
    pub min: Option<T>,
    /// The most.
    pub max: Option<T>,
}

impl<T: PartialOrd> Bounds<T> {
    /// Whether `value` is within.
    pub fn contain(&self, value: &T) -> bool {
        self.min.as_ref().is_none_or(|min| value >= min) && self.max.as_ref().is_none_or(|max| value <= max)
    }
}

/// An identifier of a resource, for example the `Arn` of an `AWS::IAM::Role`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identifier {
    /// The resource type, for example `AWS::IAM::Role`.
    pub type_name: &'static str,
    /// `Arn`, `Id`, `Name`, or the name of a property or attribute of the type.
    pub property: &'static str,
}

impl Identifier {
    /// Whether it is an ARN.
    pub fn is_arn(&self) -> bool {
        self.property.to_ascii_lowercase().ends_with("arn")
    }
}

/// A condition on which of an object's properties are given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PropertyRule {
    /// Exactly one of these.
    ExactlyOne(Vec<&'static str>),
    /// At least one of these.
    AtLeastOne(Vec<&'static str>),
    /// If the first is given, so must be the others.
    Requires(&'static str, Vec<&'static str>),
    /// If the first is given, the others must not be.
    Excludes(&'static str, Vec<&'static str>),
    /// No two items of the list have the same values of these properties.
    UniqueBy(Vec<&'static str>),
}

/// Alternatives, each a schema of its own. One that only has `required` says which properties go together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Choice {
    /// How many of them must hold.
    pub rule: ChoiceRule,
    #[doc(hidden)]
    pub of: Vec<Schema>,
}

/// How many alternatives must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChoiceRule {
    /// Exactly one.
    OneOf,
    /// At least one.
    AnyOf,
    /// All.
    AllOf,
}
