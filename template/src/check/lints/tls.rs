//! Which TLS is spoken, and whether the certificate for it can be had.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::{Item, Model, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &OLD_TLS, check: old_tls },
    Lint { rule: &NEVER_VALIDATED, check: never_validated },
    Lint { rule: &CLOUDFRONT_CERTIFICATE, check: cloudfront_certificate },
];

rule! {
    /// A TLS policy that lets TLS 1.0 or 1.1 in.
    ///
    /// Both versions are deprecated (RFC 8996) and fail every audit. Nobody has to ask for them: a listener that
    /// CloudFormation makes without an `SslPolicy` gets `ELBSecurityPolicy-2016-08`, which has them, not the policy
    /// that the console would choose.
    ///
    /// For a load balancer take `ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09` or `ELBSecurityPolicy-TLS13-1-2-2021-06`,
    /// for CloudFront `TLSv1.2_2021` or newer, for API Gateway `TLS_1_2`.
    ///
    /// Source: [security policies of application](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html)
    /// and [network load balancers](https://docs.aws.amazon.com/elasticloadbalancing/latest/network/describe-ssl-policies.html),
    /// [of CloudFront](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html).
    pub(super) OLD_TLS = "DT081" Warning;
}

rule! {
    /// A certificate that waits for a DNS record nobody makes.
    ///
    /// CloudFormation makes the validation record only in a hosted zone that it is told of. Without one the stack
    /// stands at `CREATE_IN_PROGRESS` until somebody copies the record from the stack's events into the zone by hand,
    /// and gives up after hours.
    ///
    /// Name the zone for each domain: `DomainValidationOptions: [{DomainName: …, HostedZoneId: …}]`. Where the zone is
    /// in another account or with another provider, make the certificate outside of the stack and give its ARN.
    ///
    /// Source: [AWS::CertificateManager::Certificate](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-certificatemanager-certificate.html).
    pub(super) NEVER_VALIDATED = "DT108" Warning;
}

rule! {
    /// A CloudFront certificate outside of us-east-1.
    ///
    /// CloudFront only takes certificates of ACM in US East (N. Virginia), wherever the stack is: it refuses the
    /// distribution with `InvalidViewerCertificate`.
    ///
    /// Make the certificate in a stack of its own in us-east-1, and give its ARN to this one.
    ///
    /// Source: [Requirements for certificates](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html#https-requirements-aws-region).
    pub(super) CLOUDFRONT_CERTIFICATE = "DT109" Error;
}

/// What CloudFormation gives to a listener that names no policy.
const DEFAULT_POLICY: &str = "ELBSecurityPolicy-2016-08";

/// Policies with TLS 1.0 or 1.1 of [application][a] and [network][n] load balancers.
///
/// [a]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
/// [n]: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/describe-ssl-policies.html
const OLD_POLICIES: &[&str] = &[
    DEFAULT_POLICY,
    "ELBSecurityPolicy-2015-05",
    "ELBSecurityPolicy-FS-1-1-2019-08",
    "ELBSecurityPolicy-FS-2018-06",
    "ELBSecurityPolicy-TLS-1-0-2015-04",
    "ELBSecurityPolicy-TLS-1-1-2017-01",
    "ELBSecurityPolicy-TLS13-1-0-2021-06",
    "ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-0-FIPS-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-0-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-1-2021-06",
    "ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04",
];

/// Other properties that choose the oldest version: type, property, old values, what to take.
const OTHERS: &[(&str, &str, &[&str], &str)] = &[
    (
        "AWS::CloudFront::Distribution",
        "DistributionConfig.ViewerCertificate.MinimumProtocolVersion",
        &["SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016"],
        "`TLSv1.2_2021` or newer",
    ),
    ("AWS::ApiGateway::DomainName", "SecurityPolicy", &["TLS_1_0"], "`TLS_1_2`"),
    (
        "AWS::OpenSearchService::Domain",
        "DomainEndpointOptions.TLSSecurityPolicy",
        &["Policy-Min-TLS-1-0-2019-07"],
        "`Policy-Min-TLS-1-2-2019-07` or newer",
    ),
];

fn old_tls(model: &Model<'_>, found: &mut Findings) {
    for listener in model.listeners() {
        let protocols = listener.0.get("Protocol");
        let secure = |policy: &Value<'_>| {
            let mut known = protocols.iter().filter(|protocol| protocol.world().meets(policy.world()));
            known.any(|protocol| protocol.is_text("HTTPS") || protocol.is_text("TLS"))
        };
        for policy in listener.0.get("SslPolicy").iter().filter(|policy| secure(policy)) {
            let message = match policy.text() {
                Some(name) if OLD_POLICIES.contains(&name.as_str()) => {
                    format!("the policy `{name}` lets TLS 1.0 or 1.1 in")
                }
                None if policy.is_absent() => {
                    format!("without an `SslPolicy` it is `{DEFAULT_POLICY}`, which lets TLS 1.0 in")
                }
                _ => continue,
            };
            found.at(policy, message).hint("take `ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09`");
        }
    }
    for (type_name, property, old, better) in OTHERS {
        for value in model.of_type(type_name).flat_map(|item| item.get(property)) {
            if let Some(name) = value.text().filter(|name| old.contains(&name.as_str())) {
                found
                    .at(&value, format!("`{name}` lets versions of TLS before 1.2 in"))
                    .hint(format!("take {better}"));
            }
        }
    }
}

fn never_validated(model: &Model<'_>, found: &mut Findings) {
    for certificate in model.of_type("AWS::CertificateManager::Certificate") {
        let options = certificate.get("DomainValidationOptions");
        // Whoever leaves the zone out where there is a choice knows why.
        if options.iter().any(has_zone) {
            continue;
        }
        for method in certificate.get("ValidationMethod").iter().filter(|method| method.is_text("DNS")) {
            if is_issued_by_amazon(certificate, method) {
                found
                    .at(method, "nothing makes the DNS record that this certificate waits for")
                    .hint("name the `HostedZoneId` in `DomainValidationOptions`");
            }
        }
    }
}

/// Whether a zone is named, or may be.
fn has_zone(options: &Value<'_>) -> bool {
    let Some(items) = options.items() else { return true };
    let zones = items.iter().map(|item| item.get("HostedZoneId")).collect::<Vec<_>>();
    zones.iter().flatten().any(|zone| !zone.is_absent())
}

/// Whether Amazon issues the certificate: a private authority asks for no proof.
fn is_issued_by_amazon(certificate: Item<'_>, method: &Value<'_>) -> bool {
    let authority = certificate.get("CertificateAuthorityArn");
    authority.iter().any(|authority| authority.is_absent() && authority.world().meets(method.world()))
}

fn cloudfront_certificate(model: &Model<'_>, found: &mut Findings) {
    for distribution in model.of_type("AWS::CloudFront::Distribution") {
        for arn in distribution.get("DistributionConfig.ViewerCertificate.AcmCertificateArn") {
            let made = arn.target().filter(|target| target.item.is("AWS::CertificateManager::Certificate"));
            let region = match made {
                Some(_) => model.region().map(str::to_owned),
                None => arn.texts().iter().find_map(|text| region_of(text.start())),
            };
            // China has a CloudFront and certificates of its own.
            if let Some(region) = region.filter(|region| region != "us-east-1" && !region.starts_with("cn-"))
            {
                found
                    .at(&arn, format!("the certificate of a CloudFront distribution is in {region}"))
                    .hint("make the certificate in us-east-1");
            }
        }
    }
}

/// The region in `arn:aws:acm:region:…`.
fn region_of(arn: &str) -> Option<String> {
    let mut parts = arn.split(':');
    let is_certificate = parts.next() == Some("arn") && parts.nth(1) == Some("acm");
    // The last part may go on in what is not known.
    let (region, rest) = (parts.next()?, parts.next());
    (is_certificate && !region.is_empty() && rest.is_some()).then(|| region.to_owned())
}

#[cfg(test)]
mod tests {
    use super::region_of;
    use crate::Template;
    use crate::check::lints::testing::codes;
    use crate::model::Model;

    #[test]
    fn a_region_is_read_from_the_arn_of_a_certificate() {
        assert_eq!(region_of("arn:aws:acm:eu-west-1:").as_deref(), Some("eu-west-1"));
        assert_eq!(region_of("arn:aws:acm:eu-w"), None);
        assert_eq!(region_of("arn:aws:iam::1:server-certificate/a"), None);
    }

    #[test]
    fn a_certificate_of_the_stack_is_in_its_region() {
        let text = "
Resources:
  Certificate: {Type: AWS::CertificateManager::Certificate, Properties: {DomainName: example.com}}
  Distribution:
    Type: AWS::CloudFront::Distribution
    Properties: {DistributionConfig: {ViewerCertificate: {AcmCertificateArn: !Ref Certificate}}}
";
        let document = Template::parse(text, "t.yaml").unwrap();
        let count = |region| {
            let model = Model::new(&document.template).in_region(region);
            super::LINTS[2].findings(&model).len()
        };
        assert_eq!((count(Some("eu-west-1")), count(Some("us-east-1")), count(None)), (1, 0, 0));
    }

    #[test]
    fn a_listener_without_a_policy_has_the_oldest() {
        let listener = |protocol: &str| {
            codes(&format!(
                "Resources: {{L: {{Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {{LoadBalancerArn: a, \
                 Protocol: {protocol}, Certificates: [{{CertificateArn: c}}], DefaultActions: []}}}}}}"
            ))
        };
        assert!(listener("HTTPS").contains(&"DT081".to_owned()));
        assert!(listener("TLS").contains(&"DT081".to_owned()));
        assert!(!listener("TCP").contains(&"DT081".to_owned()));
    }

    #[test]
    fn whoever_can_name_a_zone_may_leave_it_out() {
        let text = "
Parameters: {Zone: {Type: String}}
Conditions: {HasZone: !Not [!Equals [!Ref Zone, '']]}
Resources:
  Certificate:
    Type: AWS::CertificateManager::Certificate
    Properties:
      DomainName: example.com
      ValidationMethod: DNS
      DomainValidationOptions:
        !If [HasZone, [{DomainName: example.com, HostedZoneId: !Ref Zone}], !Ref 'AWS::NoValue']
";
        assert!(!codes(text).contains(&"DT108".to_owned()));
    }
}
