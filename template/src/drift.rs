//! What of the differences that CloudFormation's drift detection tells is drift, and what is meant to be so.
//!
//! CloudFormation compares each property that a template gives with what the service says of the resource. Some
//! services change such a property because they were asked to: autoscaling moves a count, a deployment moves the
//! weights of target groups. Others give the same value back in another form. Each of these has a [`Reason`]; what has
//! none was changed by hand.
//!
//! ```
//! # fn main() -> Result<(), template::ReadErrors> {
//! use std::collections::BTreeMap;
//! use template::drift::{Difference, Drifted, Ground, Reason};
//!
//! let text = "
//! Resources:
//!   Service: {Type: AWS::ECS::Service, Properties: {DesiredCount: 2, PropagateTags: SERVICE}}
//!   Target:
//!     Type: AWS::ApplicationAutoScaling::ScalableTarget
//!     Properties: {ScalableDimension: 'ecs:service:DesiredCount', ResourceId: !Sub 'service/main/${Service.Name}'}
//! ";
//! let template = template::Template::parse(text, "t.yaml")?.template;
//! let physical = BTreeMap::new();
//! let ground = Ground::new(&template, &physical);
//! let differences = vec![
//!     Difference::new("/DesiredCount", Some("2"), Some("5")),
//!     Difference::new("/PropagateTags", Some("SERVICE"), Some("NONE")),
//! ];
//! let judged = ground.judge(&Drifted::new("Service", "AWS::ECS::Service", differences));
//! assert_eq!(judged[0].left_out, Some(Reason::Autoscaled));
//! assert_eq!(judged[1].left_out, None);
//! # Ok(())
//! # }
//! ```

mod conceal;
mod pointer;
mod scaled;
mod shifted;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use crate::diff::same_below;
use crate::document::Template;
use crate::model::Model;
use crate::node::{Map, Node};
use crate::path::Step;
use pointer::{at, place, steps};

/// One difference, as CloudFormation tells it.
///
/// Source: [PropertyDifference][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_PropertyDifference.html
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The way to the property, for example `/Tags/0/Value`.
    pub path: String,
    /// The value by the template; none if the service has one and the template has not.
    pub expected: Option<Node>,
    /// The value in AWS; none if it is gone.
    pub actual: Option<Node>,
}

/// A resource with differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drifted {
    id: String,
    type_name: String,
    expected: Option<Node>,
    actual: Option<Node>,
    differences: Vec<Difference>,
}

/// Why a difference is not drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Autoscaling moves the value, and it is within the bounds that the template gives.
    Autoscaled,
    /// A schedule of the template moves the value.
    Scheduled,
    /// A deployment of ECS shifts requests from one target group of a service to the other.
    ShiftedByEcs,
    /// Deployments of the service are made outside of CloudFormation, by `CodeDeploy` or by a program of the user.
    DeployedOutside,
    /// AWS installs minor versions of the engine, as the template has it.
    MinorVersion,
    /// The template does not give this property.
    NotInTemplate,
    /// The service does not give back what is its default.
    Default,
    /// The values are the same, written in another way or in another order.
    Same,
}

impl Reason {
    /// The name for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Reason::Autoscaled => "autoscaled",
            Reason::Scheduled => "scheduled",
            Reason::ShiftedByEcs => "shifted-by-ecs",
            Reason::DeployedOutside => "deployed-outside",
            Reason::MinorVersion => "minor-version",
            Reason::NotInTemplate => "not-in-template",
            Reason::Default => "default",
            Reason::Same => "same",
        }
    }
}

/// In words that go on after `left out: `.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Autoscaled => "autoscaling moves it",
            Reason::Scheduled => "a schedule moves it",
            Reason::ShiftedByEcs => "ECS shifts requests between the target groups of the service",
            Reason::DeployedOutside => "the service is deployed outside of CloudFormation",
            Reason::MinorVersion => "AWS installs minor versions",
            Reason::NotInTemplate => "the template does not give it",
            Reason::Default => "the service does not tell its default",
            Reason::Same => "the same, written in another way",
        })
    }
}

/// A difference, and what it means. Secrets are not in its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The property with items by their names, for example `Tags[Owner].Value`.
    pub place: String,
    /// The value by the template, secrets as stars.
    pub expected: Option<Node>,
    /// The value in AWS, secrets as stars.
    pub actual: Option<Node>,
    /// Why it is not drift; none if it is.
    pub left_out: Option<Reason>,
    /// The secrets that are not shown, so that they can be kept out of everything else that is written.
    pub secrets: Vec<String>,
}

impl Difference {
    /// A difference with the texts of AWS: a text as it stands, a mapping or a list as JSON, `null` for nothing.
    pub fn new(path: &str, expected: Option<&str>, actual: Option<&str>) -> Difference {
        Difference {
            path: path.to_owned(),
            expected: expected.and_then(value),
            actual: actual.and_then(value),
        }
    }
}

/// A value that AWS tells as text.
fn value(text: &str) -> Option<Node> {
    match text {
        "null" => None,
        text if text.starts_with(['{', '[']) => {
            let json = serde_json::from_str(text).map(Node::plain);
            Some(json.unwrap_or_else(|_| Node::from(text)))
        }
        text => Some(Node::from(text)),
    }
}

impl Drifted {
    /// The resource with this logical ID.
    pub fn new(id: &str, type_name: &str, differences: Vec<Difference>) -> Drifted {
        Drifted {
            id: id.to_owned(),
            type_name: type_name.to_owned(),
            expected: None,
            actual: None,
            differences,
        }
    }

    /// With all the properties that were compared, each side as AWS tells it: one JSON text.
    #[must_use]
    pub fn with_properties(mut self, expected: Option<&str>, actual: Option<&str>) -> Drifted {
        let map = |text: &str| value(text).filter(|node| node.as_map().is_some());
        self.expected = expected.and_then(map);
        self.actual = actual.and_then(map);
        self
    }
}

/// What is known of a deployed stack.
#[derive(Debug)]
pub struct Ground<'t> {
    template: &'t Template,
    model: Model<'t>,
    /// The names or ARNs of its resources by logical ID.
    physical: &'t BTreeMap<String, String>,
}

impl<'t> Ground<'t> {
    /// A stack with its deployed template, after macros, and the names or ARNs of its resources by logical ID.
    pub fn new(template: &'t Template, physical: &'t BTreeMap<String, String>) -> Ground<'t> {
        Ground { template, model: Model::new(template), physical }
    }

    /// What each difference of a resource means, in their order.
    pub fn judge(&self, drifted: &Drifted) -> Vec<Judged> {
        let judge = |difference: &Difference| {
            let steps = steps(&difference.path);
            let mut secrets = Vec::new();
            let mut shown = |side: Option<&Node>, value: Option<&Node>| {
                let seen = conceal::Seen { ground: self, drifted, side, steps: &steps };
                value.map(|value| seen.shown(value, &mut secrets))
            };
            Judged {
                expected: shown(drifted.expected.as_ref(), difference.expected.as_ref()),
                actual: shown(drifted.actual.as_ref(), difference.actual.as_ref()),
                place: place(&steps, drifted.expected.as_ref(), drifted.actual.as_ref()),
                left_out: self.reason(drifted, difference, &steps),
                secrets,
            }
        };
        drifted.differences.iter().map(judge).collect()
    }

    fn reason(&self, drifted: &Drifted, difference: &Difference, steps: &[Step<'_>]) -> Option<Reason> {
        if is_same(drifted, difference, steps) {
            return Some(Reason::Same);
        }
        if is_untold_default(drifted, difference, steps) {
            return Some(Reason::Default);
        }
        if self.is_not_given(drifted, steps) {
            return Some(Reason::NotInTemplate);
        }
        scaled::reason(self, drifted, difference, steps)
            .or_else(|| shifted::reason(self, drifted, difference, steps))
            .or_else(|| self.is_minor_version(drifted, difference, steps).then_some(Reason::MinorVersion))
    }

    /// The properties of the resource in the template.
    fn given(&self, id: &str) -> Option<&'t Map> {
        self.template.resources.get(id).map(|resource| &resource.properties)
    }

    /// Only what a template gives is compared; so this happens only where the template is not the one that was compared.
    fn is_not_given(&self, drifted: &Drifted, steps: &[Step<'_>]) -> bool {
        let (Some(given), Some(Step::Key(first))) = (self.given(&drifted.id), steps.first()) else {
            return false;
        };
        self.model.is_closed()
            && !given.contains_key(first)
            && !given.keys().any(|key| key.starts_with("Fn::"))
    }

    /// Source: [Upgrading the engine version][aws]: minor versions are installed unless the instance says otherwise.
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html
    fn is_minor_version(&self, drifted: &Drifted, difference: &Difference, steps: &[Step<'_>]) -> bool {
        let is_engine = matches!(drifted.type_name.as_str(), "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster");
        if !is_engine || *steps != [Step::Key("EngineVersion")] {
            return false;
        }
        let wanted = self.model.resource(&drifted.id).map(|item| item.get("AutoMinorVersionUpgrade"));
        let refused = wanted.iter().flatten().any(|value| value.boolean() == Some(false));
        let text = |node: &Option<Node>| node.as_ref().and_then(Node::as_str).map(str::to_owned);
        let (Some(expected), Some(actual)) = (text(&difference.expected), text(&difference.actual)) else {
            return false;
        };
        // `15` means any 15; of `15.3` only the last part may grow.
        actual.strip_prefix(&expected).is_some_and(|rest| rest.starts_with('.'))
            || (!refused && is_later_patch(&expected, &actual))
    }
}

fn is_later_patch(expected: &str, actual: &str) -> bool {
    let (Some((line, old)), Some((same_line, new))) = (expected.rsplit_once('.'), actual.rsplit_once('.'))
    else {
        return false;
    };
    let number = |text: &str| text.parse::<u32>().ok();
    line == same_line && number(old).zip(number(new)).is_some_and(|(old, new)| old < new)
}

/// Whether the values are the same in what they mean: here, or in the list or policy around them.
fn is_same(drifted: &Drifted, difference: &Difference, steps: &[Step<'_>]) -> bool {
    if let (Some(expected), None) = (&difference.expected, &difference.actual)
        && is_nothing(expected)
    {
        return true;
    }
    let value = difference.expected.as_ref().zip(difference.actual.as_ref());
    let whole = drifted.expected.as_ref().zip(drifted.actual.as_ref());
    same_below(&drifted.type_name, whole, value, steps)
}

/// Many services give an empty value back as none.
fn is_nothing(node: &Node) -> bool {
    match node {
        Node::Null => true,
        Node::String(text) => text.is_empty(),
        Node::List(items) => items.is_empty(),
        Node::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// ECS does not tell a service's controller where it is ECS itself.
///
/// Source: [a report of it][issue].
///
/// [issue]: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1259
fn is_untold_default(drifted: &Drifted, difference: &Difference, steps: &[Step<'_>]) -> bool {
    let Some(expected) = difference.expected.as_ref().filter(|_| difference.actual.is_none()) else {
        return false;
    };
    let kind = match steps {
        [Step::Key("DeploymentController")] => at(expected, &[Step::Key("Type")]),
        [Step::Key("DeploymentController"), Step::Key("Type")] => Some(expected),
        _ => None,
    };
    drifted.type_name == "AWS::ECS::Service" && kind.and_then(Node::as_str) == Some("ECS")
}
