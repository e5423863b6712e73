//! Certificates, validated by records that are put into a hosted zone.

use bon::bon;

use crate::domain_name::DomainName;
use crate::l1::acm::certificate::DomainValidationOption;
use crate::l1::{acm, route53};
use crate::resource::{Arn, Handle};
use crate::scope::Scope;
use crate::value::Value;

/// The characters of the first name, which becomes the certificate's common name.
///
/// Source: [ACM certificate characteristics and limitations][aws].
///
/// [aws]: https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
const COMMON_NAME: usize = 64;

/// An `AWS::CertificateManager::Certificate` that ACM validates and renews by itself.
///
/// CloudFormation puts the records that prove who owns the names into the hosted zone, and waits until ACM has seen
/// them; without the zone a deployment would wait for somebody to do so by hand.
#[derive(Debug, Clone, Copy)]
pub struct Certificate {
    /// The certificate itself, for what this construct has no word for.
    pub resource: Handle<acm::Certificate>,
}

#[bon]
impl Certificate {
    /// Starts the certificate `id`; `build(s)` adds it to the scope.
    ///
    /// It serves load balancers of the stack's region; CloudFront takes certificates of us-east-1 only.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name that the certificate is for, 64 characters at most.
        domain_name: &DomainName,
        /// Other names that it is for. ACM allows 10 in all, unless AWS raises the account's quota.
        #[builder(default, with = FromIterator::from_iter)]
        alternative_names: Vec<DomainName>,
        /// The public hosted zone that holds all these names.
        #[builder(into)]
        hosted_zone: Value<route53::HostedZoneId>,
    ) -> Certificate {
        let mut names = vec![domain_name.clone()];
        let mut inner = s.scope(id);
        if domain_name.as_str().len() > COMMON_NAME {
            let length = domain_name.as_str().len();
            inner
                .error("DC111", format!("the certificate's first name has {length} characters"))
                .property("domain_name")
                .hint("put a name of 64 characters or less first, and this one among the others");
        }
        for name in alternative_names {
            if names.contains(&name) {
                inner
                    .error("DC112", format!("the certificate is for `{name}` twice"))
                    .property("alternative_names")
                    .hint("name it once");
            } else {
                names.push(name);
            }
        }
        let validation = validated(&names).map(|name| DomainValidationOption {
            domain_name: Some(name.into()),
            hosted_zone_id: Some(hosted_zone.clone()),
            ..Default::default()
        });
        let properties = acm::Certificate {
            domain_name: Some(domain_name.into()),
            domain_validation_options: Some(validation.collect()),
            subject_alternative_names: (names.len() > 1).then(|| names[1..].iter().collect()),
            validation_method: Some("DNS".into()),
            ..Default::default()
        };
        Certificate { resource: s.add(id, properties) }
    }
}

/// The names that need a record. A wildcard has the same record as the name that it is below of, and writing one
/// record twice fails.
///
/// Source: [DNS validation][aws].
///
/// [aws]: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
fn validated(names: &[DomainName]) -> impl Iterator<Item = &DomainName> {
    let has = |base: &str| names.iter().any(|name| name.as_str() == base);
    names.iter().filter(move |name| !name.wildcard_of().is_some_and(has))
}

impl Certificate {
    /// The certificate's ARN, known once it is issued.
    #[must_use]
    pub fn arn(self) -> Value<Arn<acm::Certificate>> {
        self.resource.reference()
    }
}
