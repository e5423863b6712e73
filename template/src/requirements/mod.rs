//! What a template needs to exist outside of it before it is deployed, and which names it needs to be free.
//!
//! ```
//! use template::requirements::{Known, Needed, requirements};
//!
//! let text = r#"
//! Resources:
//!   Task:
//!     Type: AWS::ECS::TaskDefinition
//!     Properties:
//!       RequiresCompatibilities: [FARGATE]
//!       ContainerDefinitions:
//!         - {Name: web, Image: !Sub "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/web:v1"}
//! "#;
//! let template = template::Template::parse(text, "web.yaml").expect("it is well-formed").template;
//! let known = Known { region: "eu-west-1", account: "111122223333", stack: "Web", ..Known::default() };
//! let all = requirements(&template, &known);
//! let Needed::Image(image) = &all[0].needed else { panic!("{all:?}") };
//! assert_eq!(image.uri, "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:v1");
//! assert_eq!(image.architecture, Some("amd64"));
//! ```

mod added;
mod images;
mod names;
mod networks;
mod secrets;
mod settle;
mod zones;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::document::Template;
use crate::model::{Model, Value};
use crate::path::Path;

pub use added::{Added, added};
pub use images::{Image, Version, registry_image};
pub use names::FIXED_NAMES;
pub use secrets::{Secret, SecretVariable, made_secrets, secret_variables};

/// What is known of a deployment besides its template.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The region.
    pub region: &'a str,
    /// The twelve digits of the account.
    pub account: &'a str,
    /// The stack's name.
    pub stack: &'a str,
    /// The values given for parameters.
    pub parameters: &'a BTreeMap<String, String>,
    /// The parameters of the deployed stack: one that is given no value keeps the value it has, which is not known.
    pub kept: &'a [String],
    /// The exports of the account and region, by name.
    pub exports: &'a BTreeMap<String, String>,
    /// What the deployed stack has already: names or ids in AWS by logical ID.
    pub deployed: &'a BTreeMap<String, String>,
    /// The names of secrets that other stacks make first, in the same account and region.
    pub made_before: &'a BTreeSet<String>,
}

static NOTHING: BTreeMap<String, String> = BTreeMap::new();
static NO_NAMES: BTreeSet<String> = BTreeSet::new();

impl Default for Known<'_> {
    fn default() -> Self {
        Known {
            region: "",
            account: "",
            stack: "",
            parameters: &NOTHING,
            kept: &[],
            exports: &NOTHING,
            deployed: &NOTHING,
            made_before: &NO_NAMES,
        }
    }
}

/// Something that must be so before the template can be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// What must be so.
    pub needed: Needed,
    /// Where the template says so; never empty.
    pub places: Vec<Place>,
    /// Whether the deployment fails without it. A service that starts no task yet needs no image yet.
    pub vital: bool,
}

/// A property of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The logical ID of the resource.
    pub resource: String,
    /// The way to the property.
    pub path: Path,
}

/// What must be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needed {
    /// There is this image in ECR.
    Image(Image),
    /// There is this image in a repository that the same template makes first: it cannot be there in time.
    ImageInNewRepository {
        /// The logical ID of the repository.
        repository: String,
        /// The image, with `${…}` for what is not known.
        image: String,
    },
    /// There is this secret, with a value.
    Secret(Secret),
    /// There is this certificate, and it is issued.
    Certificate {
        /// The certificate's ARN.
        arn: String,
        /// The region that it must be in.
        region: String,
    },
    /// There is this hosted zone.
    HostedZone {
        /// Its id, without `/hostedzone/`.
        id: String,
    },
    /// There is this VPC.
    Vpc {
        /// Its id.
        id: String,
    },
    /// There is this subnet.
    Subnet {
        /// Its id.
        id: String,
        /// The VPC that it must be in: the only one that the template names.
        vpc: Option<String>,
    },
    /// There is nothing yet that is named so.
    FreeName {
        /// The type of the resource that is to have the name.
        type_name: String,
        /// The name.
        name: String,
    },
}

/// What the template needs outside of it, in the template's order. Nothing is said about what cannot be known before
/// the deployment: parameters that keep their value, imports of stacks that are not deployed, what a macro makes.
pub fn requirements(template: &Template, known: &Known<'_>) -> Vec<Requirement> {
    if template.has_macros() {
        return Vec::new();
    }
    let settled = settle::settled(template, known);
    let model = Model::new(&settled).in_region(Some(known.region));
    let mut found = Found(Vec::new());
    images::collect(&model, known, &mut found);
    secrets::collect(&model, known, &mut found);
    zones::collect(&model, known, &mut found);
    networks::collect(&model, &mut found);
    names::collect(&model, known, &mut found);
    found.0
}

/// The names of the exports that the template imports, as far as they are plain text.
pub fn imports(template: &Template, known: &Known<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let nothing = Known { exports: &NOTHING, ..*known };
    let settled = settle::settled(template, &nothing);
    crate::visit::calls(&settled, &mut |path, function, argument| {
        let of_resource = path.to_string().starts_with("Resources.");
        if function == crate::Function::ImportValue && of_resource {
            names.extend(argument.as_str().map(str::to_owned));
        }
    });
    names
}

/// The partition of a region. Source: [ARNs][aws] in the IAM user guide.
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// What `AWS::URLSuffix` is. Source: [Pseudo parameters][aws] in the CloudFormation template reference.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
fn url_suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// What was found so far.
struct Found(Vec<Requirement>);

impl Found {
    /// Adds a requirement, or another place of one that is there.
    fn add(&mut self, needed: Needed, place: Place, vital: bool) {
        if let Some(known) = self.0.iter_mut().find(|known| known.needed.merges(&needed)) {
            if let (Needed::Secret(known), Needed::Secret(more)) = (&mut known.needed, needed) {
                known.keys.extend(more.keys);
            }
            if !known.places.contains(&place) {
                known.places.push(place);
            }
            known.vital |= vital;
            return;
        }
        self.0.push(Requirement { needed, places: vec![place], vital });
    }
}

impl Needed {
    /// Whether it is the same as another one, perhaps with more keys.
    fn merges(&self, other: &Needed) -> bool {
        match (self, other) {
            (Needed::Secret(one), Needed::Secret(other)) => one.is_same(other),
            _ => self == other,
        }
    }
}

/// The text of a value that is there for sure, and where it stands.
fn sure(value: &Value<'_>, resource: &str) -> Option<(String, Place)> {
    let text = value.text().filter(|_| value.world().is_any())?;
    Some((text, Place { resource: resource.to_owned(), path: value.path() }))
}
