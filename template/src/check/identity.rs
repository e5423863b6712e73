//! What a reference gives, against what the property wants to be told: an ARN, a name, an id, and of which type.

use crate::check::rule::{Rule, rule};
use crate::check::value::id_prefixes;
use crate::check::{Checker, shown};
use crate::facts::{self, Identifier, Place, ReferenceKind, ResourceFacts};
use crate::model::{Target, Value};
use crate::path::Path;

rule! {
    /// A reference that gives another identifier than is wanted.
    ///
    /// `Ref` gives the name of one type, the ARN or id of another, and each property wants one of them: a role's ARN and
    /// not its name, a subnet's id and not that of its network. AWS refuses the resource when its turn comes ("is not a
    /// valid ARN", "The subnet ID … does not exist"), or worse, a policy with a name for a resource matches nothing.
    ///
    /// Read the attribute that is wanted, mostly `!GetAtt Resource.Arn`, or refer to a resource of the right type.
    ///
    /// Source: [Ref](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ref.html).
    pub(super) WRONG_IDENTIFIER = "DT028" Error;
}

rule! {
    /// A resource type that the region does not offer.
    ///
    /// New types and some services come to regions one after the other. CloudFormation refuses the template there
    /// ("Unrecognized resource types"). Which regions have a type is as of the day of the tool's facts; if AWS has added
    /// it since, allow the finding with that reason.
    ///
    /// Source: [Resource type availability](https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-types.html).
    pub(super) NOT_IN_REGION = "DT027" Error;
}

rule! {
    /// A reference to a resource that may not exist.
    ///
    /// The resource is only made where its condition holds, and the reference is also evaluated where it does not.
    /// CloudFormation then refuses the template ("Unresolved resource dependencies").
    ///
    /// Put the reference into `!If` with the same condition, or give the same `Condition` to the resource or output that
    /// holds it. Conditions are taken apart: one that says "A and B" is known to include A.
    ///
    /// Source: [Condition functions](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html).
    pub(super) MAY_NOT_EXIST = "DT029" Error;
}

/// Every rule of this file.
pub(super) static ALL: &[&Rule] = &[&NOT_IN_REGION, &WRONG_IDENTIFIER, &MAY_NOT_EXIST];

/// Something that looks like an ARN to every pattern for one.
const AN_ARN: &str = "arn:aws:service:us-east-1:123456789012:thing/name";

/// What a reference gives.
struct Given {
    /// Whether it is an ARN; otherwise it is a name or an id.
    is_arn: bool,
    /// The type of what it names, if that is known: an attribute may name another resource.
    type_name: Option<&'static str>,
}

impl Checker<'_> {
    /// Whether the region has the type, if the region is known.
    pub(super) fn offered(&mut self, id: &str, facts: &ResourceFacts) {
        let Some(region) = self.model.region() else { return };
        if facts.is_in_region(region) == Some(false) {
            let message = format!("{} is not offered in {}", facts.type_name, shown(region));
            let hint =
                Some("deploy to another region, or leave the resource out there by a condition".to_owned());
            self.find(&NOT_IN_REGION, &Checker::resource_path(id, "Type"), message, hint);
        }
    }

    /// References out of outputs to resources that may not exist.
    pub(super) fn outputs_exist(&mut self) {
        for (name, output) in &self.template.outputs {
            let any = self.model.any_world();
            let world = output.condition.as_ref().map_or(Some(any.clone()), |name| any.assume(name, true));
            let Some(world) = world else { continue };
            let path = Path::of(["Outputs", name, "Value"]);
            for value in self.model.values(&output.value, &world) {
                self.exists(&path, &value);
            }
        }
    }

    /// Whether what a value refers to exists wherever the value is there.
    pub(super) fn exists(&mut self, path: &Path, value: &Value<'_>) {
        for text in value.texts() {
            for target in text.targets() {
                let Some(condition) = &target.item.resource().condition else { continue };
                if text.world.assume(condition, false).is_none() {
                    continue;
                }
                let id = target.item.id();
                let message =
                    format!("`{id}` does not exist where its condition `{}` does not hold", shown(condition));
                let hint =
                    Some(format!("write `!If [{condition}, …, !Ref AWS::NoValue]` around the reference"));
                if self.findings.last().is_none_or(|last| last.path != *path || last.message != message) {
                    self.find(&MAY_NOT_EXIST, path, message, hint);
                }
            }
        }
    }

    /// A reference to a resource at a place that names something of AWS.
    pub(super) fn identity(&mut self, path: &Path, target: Target<'_>, place: Place<'static>) {
        let names = place.names();
        let type_name = target.item.type_name();
        // What the serverless transform makes of a type has other identifiers.
        if names.is_empty() || type_name.starts_with("AWS::Serverless::") {
            return;
        }
        let Some(given) = given(target) else { return };
        let wants_arn = names.iter().all(Identifier::is_arn);
        let wants_type = given.type_name.is_none_or(|of| names.iter().any(|name| name.type_name == of));
        if !wants_type {
            if id_prefixes(place).is_some() || is_role(names) {
                let wanted = names.first().map_or("", |name| name.type_name);
                let message = format!("this takes an {wanted}, but `{target}` is of an {type_name}");
                self.find(&WRONG_IDENTIFIER, path, message, None);
            }
        } else if wants_arn && !given.is_arn && given.type_name.is_some() {
            let hint =
                arn_of(target).map(|attribute| format!("write `!GetAtt {}.{attribute}`", target.item.id()));
            let message = format!("this takes an ARN, but `{target}` is a name or an id");
            self.find(&WRONG_IDENTIFIER, path, message, hint);
        } else if given.is_arn && !names.iter().any(Identifier::is_arn) && !self.takes_arn(place) {
            let hint = ref_is_no_arn(target).then(|| format!("write `!Ref {}`", target.item.id()));
            let message = format!("this takes a name or an id, but `{target}` is an ARN");
            self.find(&WRONG_IDENTIFIER, path, message, hint);
        }
    }

    /// Whether a place that wants names takes ARNs too, as many do; if its form is not known, it may.
    fn takes_arn(&mut self, place: Place<'static>) -> bool {
        let schema = place.schema();
        id_prefixes(place).is_none() && schema.pattern.is_none_or(|pattern| self.matches(pattern, AN_ARN))
    }
}

fn given(target: Target<'_>) -> Option<Given> {
    let facts = facts::resource(target.item.type_name())?;
    if facts.type_name == "AWS::CloudFormation::CustomResource"
        || facts.type_name == "AWS::CloudFormation::Stack"
    {
        return None;
    }
    let Some(name) = target.attribute else {
        let is_arn = match facts.reference.kind {
            ReferenceKind::Arn => true,
            ReferenceKind::Name | ReferenceKind::Id => false,
            ReferenceKind::Other => return None,
        };
        return Some(Given { is_arn, type_name: Some(facts.type_name) });
    };
    let attribute = facts.attribute(name)?;
    let named = facts.properties().property(name).map_or(&[][..], Place::names);
    let itself =
        facts.reference.parts.contains(&name) || facts.primary_identifier.contains(&name) || name == "Arn";
    let type_name = named.first().map(|name| name.type_name).or(itself.then_some(facts.type_name));
    Some(Given { is_arn: attribute.is_arn, type_name })
}

fn is_role(names: &[Identifier]) -> bool {
    names.iter().all(|name| name.type_name == "AWS::IAM::Role" && name.is_arn())
}

/// The attribute with the ARN of a resource.
fn arn_of(target: Target<'_>) -> Option<&'static str> {
    let facts = facts::resource(target.item.type_name())?;
    let arns = || facts.attributes.iter().filter(|(_, attribute)| attribute.is_arn).map(|(name, _)| *name);
    arns().find(|name| *name == "Arn").or_else(|| arns().find(|name| name.ends_with("Arn")))
}

fn ref_is_no_arn(target: Target<'_>) -> bool {
    facts::resource(target.item.type_name()).is_some_and(|facts| facts.reference.kind != ReferenceKind::Arn)
}

#[cfg(test)]
mod tests {
    use crate::document::Template;

    #[test]
    fn what_the_region_leaves_out_is_not_looked_at() {
        // An instance that stands in for NAT gateways where there are none, and a type that not every region has.
        let text = "
Conditions:
  InGov: !Equals [!Ref AWS::Region, us-gov-west-1]
  HasRunner: !Equals [!Ref AWS::Region, eu-west-1]
Resources:
  Group: {Type: 'AWS::EC2::SecurityGroup', Condition: InGov, Properties: {GroupDescription: g}}
  Instance:
    Type: AWS::EC2::Instance
    Condition: InGov
    Properties: {ImageId: ami-0a1b2c3d, SecurityGroupIds: [!Ref Group]}
  Runner:
    Type: AWS::AppRunner::Service
    Condition: HasRunner
    Properties: {SourceConfiguration: {ImageRepository: {ImageIdentifier: 'public.ecr.aws/x/y:1', ImageRepositoryType: ECR_PUBLIC}}}
Outputs:
  Id: {Value: !Ref Group}
";
        let template = Template::parse(text, "t.yaml").unwrap();
        let found = |region| {
            let found = template.template.check_in(Some(region)).into_iter();
            found.filter(|one| one.code() < "DT030").map(|one| one.message).collect::<Vec<_>>()
        };
        let output = "`Group` does not exist where its condition `InGov` does not hold";
        assert_eq!(found("eu-south-1"), [output]);
        assert_eq!(found("us-gov-west-1"), [""; 0]);
        assert_eq!(found("eu-west-1"), [output]);
        let everywhere = text.replace("    Condition: HasRunner\n", "");
        let found = Template::parse(&everywhere, "t.yaml").unwrap().template.check_in(Some("eu-south-1"));
        assert!(found.iter().any(|one| one.code() == "DT027"), "{found:?}");
    }
}
