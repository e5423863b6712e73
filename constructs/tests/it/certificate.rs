//! Certificates that are validated in a hosted zone.

use constructs::{Certificate, DomainName, Value};
use insta::assert_snapshot;

use crate::{diagnostics, resource, template};

fn name(text: &str) -> DomainName {
    DomainName::new(text).expect("a domain name")
}

#[test]
fn a_certificate_is_validated_in_its_zone_one_record_each() {
    // R187, R188
    let yaml = resource("Certificate", |s| {
        Certificate::named("Certificate")
            .domain_name(&name("api.docuthinker.ai"))
            .alternative_names([name("*.api.docuthinker.ai"), name("docuthinker.ai")])
            .hosted_zone(Value::known("Z0123456789"))
            .build(s);
    });
    assert_snapshot!(yaml, @r#"
    Certificate:
      Type: AWS::CertificateManager::Certificate
      Properties:
        DomainName: api.docuthinker.ai
        DomainValidationOptions:
          - DomainName: api.docuthinker.ai
            HostedZoneId: Z0123456789
          - DomainName: docuthinker.ai
            HostedZoneId: Z0123456789
        SubjectAlternativeNames:
          - "*.api.docuthinker.ai"
          - docuthinker.ai
        ValidationMethod: DNS
    "#);
}

#[test]
fn a_certificate_of_one_name_names_no_others() {
    let template = template(|s| {
        Certificate::named("Certificate")
            .domain_name(&name("api.docuthinker.ai"))
            .hosted_zone(Value::known("Z0123456789"))
            .build(s);
    });
    assert!(!template.resources["Certificate"].properties.contains_key("SubjectAlternativeNames"));
}

#[test]
fn names_that_a_certificate_cannot_have_are_refused() {
    let long = format!("{}.docuthinker.ai", "a".repeat(60));
    let found = diagnostics(|s| {
        Certificate::named("Certificate")
            .domain_name(&name(&long))
            .alternative_names([name("docuthinker.ai"), name("DocuThinker.ai")])
            .hosted_zone(Value::known("Z0123456789"))
            .build(s);
    });
    assert_snapshot!(found, @"
    error[DC111]: the certificate's first name has 75 characters
      at Test/Certificate.domain_name (constructs/tests/it/certificate.rs:)

    hint: put a name of 64 characters or less first, and this one among the others

    error[DC112]: the certificate is for `docuthinker.ai` twice
      at Test/Certificate.alternative_names (constructs/tests/it/certificate.rs:)

    hint: name it once
    ");
}
