//! Web access control lists of AWS WAF, and what they protect.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::graph::Element;
use crate::model::network::pointing_at;
use crate::model::{Item, Model, Target, Value, World};

pub(super) static LINTS: &[Lint] =
    &[Lint { rule: &SCOPE, check: scope }, Lint { rule: &PROTECTS_NOTHING, check: protects_nothing }];

rule! {
    /// A web ACL of the wrong scope.
    ///
    /// A web ACL with the scope `CLOUDFRONT` protects CloudFront distributions and apps of Amplify; one with the scope
    /// `REGIONAL` protects load balancers, APIs and user pools of its region, and no distribution. AWS WAF refuses
    /// anything else (`WAFInvalidParameterException`), and makes web ACLs for CloudFront only in us-east-1.
    ///
    /// For a load balancer set `Scope: REGIONAL`. A distribution names its web ACL itself, in
    /// `DistributionConfig.WebACLId`, and not by a `WebACLAssociation`.
    ///
    /// Source: [AWS::WAFv2::WebACL](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webacl.html),
    /// [AWS::WAFv2::WebACLAssociation](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webaclassociation.html).
    pub(super) SCOPE = "DT092" Error;
}

rule! {
    /// A web ACL that protects nothing.
    ///
    /// Nothing in the template uses the web ACL: it costs its monthly fee, its rules never see a request, and whoever
    /// reads the template believes that the load balancer is protected.
    ///
    /// Add a `WebACLAssociation` with the ARN of the load balancer or API, or name the web ACL in the distribution's
    /// `WebACLId`. If another stack uses it, give its ARN to that in an output.
    ///
    /// Source: [AWS::WAFv2::WebACLAssociation](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webaclassociation.html).
    pub(super) PROTECTS_NOTHING = "DT093" Warning;
}

/// Whether it is an app of Amplify, whose web ACLs are those of CloudFront, or may be one.
///
/// Source: [Firewall support for Amplify hosted sites](https://docs.aws.amazon.com/amplify/latest/userguide/amplify-waf-configuration.html).
fn is_amplify(resource: &Value<'_>) -> bool {
    resource.texts().iter().any(|text| {
        let of_amplify = |target: Target<'_>| target.item.type_name().starts_with("AWS::Amplify::");
        text.targets().any(of_amplify) || text.to_string().contains(":amplify:") || text.has_unknown()
    })
}

fn scope(model: &Model<'_>, found: &mut Findings) {
    for association in model.of_type("AWS::WAFv2::WebACLAssociation") {
        let is_global = association.get("ResourceArn").iter().any(is_amplify);
        for acl in association.get("WebACLArn") {
            if !is_global && is_of(&acl, "CLOUDFRONT", ":global/webacl/") {
                found
                    .at(&acl, "a web ACL with the scope CLOUDFRONT is associated with something in a region")
                    .hint("set the `Scope` of the web ACL to REGIONAL");
            }
        }
        for resource in association.get("ResourceArn") {
            for text in resource.texts() {
                let mut targets = text.targets();
                if let Some(target) = targets.find(|target| target.item.is("AWS::CloudFront::Distribution")) {
                    let id = target.item.id();
                    found
                        .at(
                            &resource,
                            format!("the distribution `{id}` cannot be protected by an association"),
                        )
                        .hint("name the web ACL in `DistributionConfig.WebACLId`");
                }
            }
        }
    }
    for distribution in model.of_type("AWS::CloudFront::Distribution") {
        for acl in distribution.get("DistributionConfig.WebACLId") {
            if is_of(&acl, "REGIONAL", ":regional/webacl/") {
                found
                    .at(&acl, "a web ACL with the scope REGIONAL does not protect a CloudFront distribution")
                    .hint("set the `Scope` of the web ACL to CLOUDFRONT, and make it in us-east-1");
            }
        }
    }
    outside_of_us_east_1(model, found);
}

fn outside_of_us_east_1(model: &Model<'_>, found: &mut Findings) {
    let Some(region) = model.region().filter(|region| *region != "us-east-1" && !region.starts_with("cn-"))
    else {
        return;
    };
    for scope in model.of_type("AWS::WAFv2::WebACL").flat_map(|acl| acl.get("Scope")) {
        if scope.is_text("CLOUDFRONT") {
            found
                .at(&scope, format!("a web ACL for CloudFront cannot be made in {region}"))
                .hint("make it in a stack in us-east-1");
        }
    }
}

/// Whether the value names a web ACL of this scope: one of the template, or one whose ARN says so.
fn is_of(acl: &Value<'_>, scope: &str, infix: &str) -> bool {
    match acl.target() {
        Some(target) if target.item.is("AWS::WAFv2::WebACL") => {
            let mut scopes = target.item.get("Scope").into_iter();
            scopes.any(|known| known.is_text(scope) && known.world().meets(acl.world()))
        }
        Some(_) => false,
        None => {
            let is_arn = |text: &str| text.starts_with("arn:") && text.contains(infix);
            acl.texts().iter().any(|text| is_arn(&text.to_string()))
        }
    }
}

fn protects_nothing(model: &Model<'_>, found: &mut Findings) {
    if !model.is_closed() {
        return;
    }
    for acl in model.of_type("AWS::WAFv2::WebACL") {
        if !is_used(acl) {
            found
                .at(&acl, format!("nothing is protected by the web ACL `{}`", acl.id()))
                .hint("associate it with a load balancer or API, or name it in a distribution");
        } else if let Some(case) = unused_where(acl) {
            let (id, case) = (acl.id(), case.shown());
            found.at(&acl, format!("nothing is protected by the web ACL `{id}` where {case}")).hint(
                "give the web ACL the condition of what it is associated by, or associate it in every case",
            );
        }
    }
}

/// What only watches a web ACL.
const WATCHING: &[&str] =
    &["AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::WAFv2::LoggingConfiguration"];

/// A case in which the web ACL is there and none of its associations, if it is used by these alone.
fn unused_where(acl: Item<'_>) -> Option<World<'_>> {
    const ASSOCIATION: &str = "AWS::WAFv2::WebACLAssociation";
    let model = acl.model();
    let other = model.referrers(acl.id()).any(|edge| match &edge.from {
        Element::Resource(id) => model
            .resource(id)
            .is_none_or(|item| !item.is(ASSOCIATION) && !WATCHING.contains(&item.type_name()) && item != acl),
        _ => true,
    });
    let associations = pointing_at(acl, ASSOCIATION, "WebACLArn");
    let worlds: Vec<_> = associations.iter().map(|(_, arn)| arn.world().clone()).collect();
    if other || worlds.is_empty() { None } else { acl.world().gap(&worlds) }
}

/// Whether anything refers to the web ACL that does not only watch it.
fn is_used(acl: Item<'_>) -> bool {
    let model = acl.model();
    model.referrers(acl.id()).any(|edge| match &edge.from {
        Element::Resource(id) => {
            model.resource(id).is_none_or(|item| item != acl && !WATCHING.contains(&item.type_name()))
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use crate::Template;
    use crate::check::lints::testing::{codes, shown};
    use crate::model::Model;

    #[test]
    fn a_web_acl_for_cloudfront_is_made_in_us_east_1() {
        let text = "
Resources:
  Acl:
    Type: AWS::WAFv2::WebACL
    Properties: {Scope: CLOUDFRONT}
";
        let document = Template::parse(text, "t.yaml").unwrap();
        let messages = |region| {
            let model = Model::new(&document.template).in_region(region);
            super::LINTS[0].findings(&model).into_iter().map(|finding| finding.message).collect::<Vec<_>>()
        };
        assert_eq!(messages(Some("eu-west-1")), ["a web ACL for CloudFront cannot be made in eu-west-1"]);
        assert!(messages(Some("us-east-1")).is_empty() && messages(None).is_empty());
    }

    #[test]
    fn a_web_acl_protects_something_in_every_case() {
        let found = |acl: &str| {
            let text = format!(
                "
Parameters: {{Stage: {{Type: String, Default: prod}}}}
Conditions: {{IsProd: !Equals [!Ref Stage, prod]}}
Resources:
  Acl: {{Type: AWS::WAFv2::WebACL, {acl}Properties: {{Scope: REGIONAL}}}}
  To:
    Type: AWS::WAFv2::WebACLAssociation
    Condition: IsProd
    Properties: {{WebACLArn: !GetAtt Acl.Arn, ResourceArn: !ImportValue alb}}
"
            );
            shown(&text, "DT093")
        };
        assert_eq!(
            found(""),
            "DT093 nothing is protected by the web ACL `Acl` where `Stage` is not `prod` at Resources.Acl\n"
        );
        assert_eq!(found("Condition: IsProd, "), "");
    }

    #[test]
    fn a_distribution_names_its_web_acl_itself() {
        let text = |properties: &str, arn: &str| {
            format!(
                "
Resources:
  Acl: {{Type: AWS::WAFv2::WebACL, Properties: {{Scope: REGIONAL}}}}
  Edge: {{Type: AWS::CloudFront::Distribution, Properties: {{DistributionConfig: {{{properties}}}}}}}
  To: {{Type: AWS::WAFv2::WebACLAssociation, Properties: {{WebACLArn: !GetAtt Acl.Arn, ResourceArn: {arn}}}}}
"
            )
        };
        let count = |text: &str| codes(text).iter().filter(|code| *code == "DT092").count();
        let edge = "!Sub 'arn:aws:cloudfront::${AWS::AccountId}:distribution/${Edge}'";
        assert_eq!(count(&text("", edge)), 1);
        assert_eq!(count(&text("WebACLId: !GetAtt Acl.Arn", "!ImportValue Alb")), 1);
        let regional = "'arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/a/1'";
        assert_eq!(count(&text(&format!("WebACLId: {regional}"), "!ImportValue Alb")), 1);
        assert_eq!(
            count(&text(
                &format!("WebACLId: {}", regional.replace("regional", "global")),
                "!ImportValue Alb"
            )),
            0
        );
    }
}
