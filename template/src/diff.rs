//! What is different between two templates, and what deploying the difference does.
//!
//! ```
//! # fn main() -> Result<(), template::ReadErrors> {
//! use template::{Consequence, Template};
//!
//! let template = |cidr: &str| {
//!     let text = format!("
//! Resources:
//!   Vpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: {cidr}}}}}
//!   Group: {{Type: AWS::EC2::SecurityGroup, Properties: {{GroupDescription: web, VpcId: !Ref Vpc}}}}
//! ");
//!     Template::parse(&text, "vpc.yaml").map(|document| document.template)
//! };
//! let changes = template::diff(&template("10.0.0.0/16")?, &template("10.1.0.0/16")?);
//! let root = &changes.roots[0];
//! assert_eq!(root.consequence, Some(Consequence::Replaces));
//! assert_eq!(root.paths[0].to_string(), "Resources.Vpc.Properties.CidrBlock");
//! assert_eq!(root.followers[0].id, "Group");
//! assert_eq!(root.followers[0].consequence, Consequence::Replaces);
//! # Ok(())
//! # }
//! ```
//!
//! # The shape
//!
//! [`Changes`] is one value from which every view is drawn:
//!
//! | field | what | key to the rest |
//! |---|---|---|
//! | [`refusals`](Changes::refusals) | what CloudFormation refuses | logical ID |
//! | [`losses`](Changes::losses) | data that goes, or leaves the stack | logical ID, cause |
//! | [`given_up`](Changes::given_up) | data and protection that resources which stay give up | logical ID, path |
//! | [`roots`](Changes::roots) | causes with the tree of what follows from each, the gravest first | logical IDs |
//! | [`rolls`](Changes::rolls) | services that start their tasks anew | logical ID |
//! | [`task_counts`](Changes::task_counts) | services with another number of tasks | logical ID |
//! | [`renames`](Changes::renames) | pairs of a removed and an added resource | both logical IDs |
//! | [`review`](Changes::review) | access, network, secrets | logical IDs |
//! | [`resources`](Changes::resources) | all that happens to each resource, in the template's order | logical ID |
//! | [`values`](Changes::values) | parameters with another value | name |
//! | [`sections`](Changes::sections) | all other sections | path |
//! | [`unseen`](Changes::unseen) | what the templates do not show | logical IDs |
//!
//! Every resource with differences of its own is the cause of one root, or a follower of one that does at least as
//! much to it. A view goes through `roots`, leaves out followers that are
//! [`repeated`](Follower::repeated), and looks details up with [`Changes::resource`]; one that folds writes the root
//! and its counts, one that unfolds writes the followers by [`depth`](Follower::depth), or [`Root::chain`] for one.
//!
//! # What is the same
//!
//! Values are compared by what CloudFormation makes of them: long and short forms of functions, texts put together
//! by `Fn::Sub` or `Fn::Join`, numbers and booleans as text, the order of mappings, of `DependsOn` and of lists that are
//! sets, JSON within texts, IAM policies by what their statements say.

mod assemble;
mod below;
mod canon;
mod change;
mod compare;
mod context;
mod counts;
mod documented;
mod elements;
mod fate;
mod given;
mod identity;
mod influence;
mod items;
pub(crate) mod known;
mod lists;
mod losses;
mod names;
mod order;
mod policies;
mod refusals;
mod renames;
mod resource;
mod review;
mod rolls;
mod roots;
mod secrets;
mod sections;
mod sets;
mod spread;
#[cfg(test)]
mod tests;
mod texts;
mod tree;
mod unrolled;
mod unseen;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use below::same_below;
pub use change::{Action, Carried, Change, Changes, Consequence, Fate, Options, ResourceChange, ValueChange};
pub use counts::{TaskCount, Wanted};
pub(crate) use fate::{in_truth, policy_of_removed, policy_of_replaced};
pub use given::{GivenUp, GivenUpKind};
pub(crate) use items::name as item_name;
pub use losses::Loss;
pub use refusals::Refusal;
pub use renames::Rename;
pub use review::{Review, SecretChange, SecretEvent, Side};
pub use rolls::{Roll, Scaled};
pub use roots::{Follower, FollowingOutput, Root};
pub use unrolled::unrolled;
pub use unseen::Unseen;

use crate::beside::beside;
use crate::document::Template;
use crate::path::Step;
use crate::security;
use assemble::assemble;
use elements::Elements;

/// The values of parameters by name, as CloudFormation takes them: lists as texts with commas.
pub type Values = BTreeMap<String, String>;

/// Compares two templates by what they mean, each with the defaults of its parameters.
pub fn diff(old: &Template, new: &Template) -> Changes {
    diff_with(old, new, &Options::default())
}

/// Compares two templates with the values of their parameters.
pub fn diff_with(old: &Template, new: &Template, options: &Options) -> Changes {
    let security = || security::broadening_and_narrowing(old, new);
    let (mut security, mut changes) = beside(security, || without_security(old, new, options));
    // What is the same under another logical ID allows nothing new.
    if let Some(old) = renames::renamed_template(old, &changes.renames) {
        security = security::broadening_and_narrowing(&old, new);
    }
    changes.review.add(security);
    changes
}

/// All but who may do and reach what, which needs nothing of the rest.
fn without_security(old: &Template, new: &Template, options: &Options) -> Changes {
    let graph = new.graph();
    let edges = graph.edges();
    let elements = Elements::new(old, new, options, edges);
    let (mut resources, roots) = assemble(old, new, &elements, edges);
    names::taken_names(old, new, &mut resources);
    let renames = renames::renames(old, new, edges, &resources);
    let sections = sections::sections(old, new);
    Changes {
        refusals: refusals::refusals(&resources),
        losses: losses::losses(old, &resources, &roots, &renames),
        given_up: given::given_up(old, new, &resources, elements.assumed()),
        rolls: rolls::rolls(new, edges, &resources, elements.new_values()),
        task_counts: counts::counts(old, new, edges, &resources, &elements),
        review: Review { secrets: secrets::secrets(old, new, &resources), ..Review::default() },
        exports: exports(old, &sections, &roots),
        unseen: unseen::unseen(old, new, &resources, &sections),
        sections,
        values: elements.values,
        roots,
        renames,
        resources,
    }
}

/// The exported outputs of the old template that go, or whose value or export becomes another.
fn exports(old: &Template, sections: &[Change], roots: &[Root]) -> Vec<String> {
    let written = sections.iter().filter_map(|change| {
        let mut steps = change.path.steps();
        match (steps.next(), steps.next(), steps.next()) {
            (Some(Step::Key("Outputs")), _, Some(Step::Key("Description" | "Condition"))) => None,
            (Some(Step::Key("Outputs")), Some(Step::Key(name)), _) => Some(name),
            _ => None,
        }
    });
    let follow = roots.iter().flat_map(|root| &root.outputs).map(|output| output.name.as_str());
    let changed: BTreeSet<&str> = written.chain(follow).collect();
    let exported = old.outputs.iter().filter(|(_, output)| output.export.is_some());
    exported.map(|(name, _)| name).filter(|name| changed.contains(name.as_str())).cloned().collect()
}
