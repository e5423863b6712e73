//! Certificates: whether they are issued, and what is missing until they are.

use aws_sdk_acm::types::{CertificateDetail, CertificateStatus, DomainStatus};
use serde::Serialize;

use super::{Check, Lack};
use crate::connect::Connection;
use crate::engine::progress::{ResourceEvent, Timestamp};
use crate::error::CloudError;
use crate::failure::ApiFailure;
use crate::stacks::timestamp;
use crate::text::clean;

/// A DNS record that proves who owns a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DnsRecord {
    /// Its name, for example `_3a1b.example.com.`.
    pub name: String,
    /// `CNAME`.
    pub kind: String,
    /// What it points to, for example `_4c2d.acm-validations.aws.`.
    pub value: String,
}

/// `_3a1b.example.com. CNAME _4c2d.acm-validations.aws.`
impl std::fmt::Display for DnsRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.name, self.kind, self.value)
    }
}

/// The records that must be in DNS before ACM issues the certificate; empty once it has them, or if it is validated
/// in another way. ACM knows them some seconds after the certificate is asked for.
///
/// Source: [DNS validation][aws] in the ACM user guide.
///
/// [aws]: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn certificate_records(connection: &Connection, arn: &str) -> Result<Vec<DnsRecord>, CloudError> {
    match described(connection, arn).await {
        Ok(Some(certificate)) => Ok(missing_records(&certificate)),
        Ok(None) => Ok(Vec::new()),
        Err(failure) => Err(failure.into_error()),
    }
}

/// How it is with a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// In ACM's words: `ISSUED`, `PENDING_VALIDATION`, `EXPIRED`, …
    pub status: String,
    /// Until when it is valid, once it is issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// The certificate with this ARN; `None` if there is none.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn certificate(connection: &Connection, arn: &str) -> Result<Option<Certificate>, CloudError> {
    let found = described(connection, arn).await.map_err(ApiFailure::into_error)?;
    Ok(found.map(|found| Certificate {
        status: found.status().map(|status| clean(status.as_str())).unwrap_or_default(),
        expires: found.not_after().and_then(timestamp),
    }))
}

/// The certificates that are being made, by what the events of their stack say, oldest first: the logical id and the
/// ARN. CloudFormation waits for each until it is issued.
pub fn awaited_certificates(events: &[ResourceEvent]) -> Vec<(String, String)> {
    let mut awaited: Vec<(String, String)> = Vec::new();
    for event in events.iter().filter(|event| is_certificate(event)) {
        awaited.retain(|(id, _)| *id != event.logical_id);
        let arn = event.physical_id.as_ref().filter(|id| id.starts_with("arn:"));
        if let Some(arn) = arn.filter(|_| event.status == "CREATE_IN_PROGRESS") {
            awaited.push((event.logical_id.clone(), arn.clone()));
        }
    }
    awaited
}

fn is_certificate(event: &ResourceEvent) -> bool {
    event.resource_type == "AWS::CertificateManager::Certificate"
}

/// Whether nothing has come after this event but more of the same.
fn is_awaited(event: &ResourceEvent, events: &[ResourceEvent]) -> bool {
    let last = events.iter().rfind(|other| is_certificate(other) && other.logical_id == event.logical_id);
    last.is_some_and(|last| last.status == "CREATE_IN_PROGRESS")
}

/// The records that CloudFormation itself tells in an event of a certificate:
/// `Content of DNS Record is: {Name: …,Type: CNAME,Value: …}`. They cost no call, and no permission.
///
/// Source: [DNS validation in CloudFormation][aws], which says that the record is in the stack's events.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-certificatemanager-certificate.html
pub fn records_in_events(events: &[ResourceEvent]) -> Vec<(String, DnsRecord)> {
    let mut records = Vec::new();
    for event in events.iter().filter(|event| is_certificate(event) && is_awaited(event, events)) {
        let Some(record) = event.reason.as_deref().and_then(record_in) else { continue };
        let one = (event.logical_id.clone(), record);
        if !records.contains(&one) {
            records.push(one);
        }
    }
    records
}

fn record_in(reason: &str) -> Option<DnsRecord> {
    let (_, inside) = reason.split_once("Content of DNS Record is: {")?;
    let (inside, _) = inside.split_once('}')?;
    let field = |name: &str| {
        let mut fields = inside.split(',').filter_map(|field| field.trim().split_once(':'));
        fields.find(|(key, _)| *key == name).map(|(_, value)| clean(value))
    };
    Some(DnsRecord { name: field("Name")?, kind: field("Type")?, value: field("Value")? })
}

/// A certificate must be issued, in the region and in the account of what uses it.
///
/// Source: [DescribeCertificate][aws] in the ACM API reference.
///
/// [aws]: https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
pub(super) async fn look(connection: &Connection, arn: &str, region: &str) -> Check {
    let what = format!("the certificate {arn}");
    let ask_there =
        format!("aws acm request-certificate --domain-name DOMAIN --validation-method DNS --region {region}");
    let parts: Vec<&str> = arn.split(':').collect();
    let [_, _, _, its_region, its_account, _] = parts.as_slice() else {
        return Check::missing(format!("`{arn}` is no ARN of a certificate"), "correct the ARN");
    };
    if *its_region != region {
        return Check::missing(format!("{what} is in {its_region}, and must be in {region}"), ask_there);
    }
    let account = &connection.identity().account;
    if its_account != account {
        let what = format!("{what} belongs to account {its_account}, and must belong to {account}");
        return Check::missing(what, ask_there);
    }
    match described(connection, arn).await {
        Ok(Some(certificate)) => judged(&what, arn, region, &certificate),
        Ok(None) => Check::missing(
            format!("{what} is not there"),
            format!("aws acm list-certificates --region {region}, and correct the ARN"),
        ),
        Err(failure) => Check::unanswered(&what, &failure),
    }
}

fn judged(what: &str, arn: &str, region: &str, certificate: &CertificateDetail) -> Check {
    let again = format!(
        "ask for a new one and put its ARN into the configuration: aws acm request-certificate --region {region}"
    );
    let Some(status) = certificate.status() else {
        return Check::unknown(what, "ACM tells no status of it");
    };
    match status {
        CertificateStatus::Issued => Check::ok(format!("{what} is issued")),
        CertificateStatus::PendingValidation => {
            let records = missing_records(certificate);
            let validation = Lack::Validation(arn.to_owned());
            let wait =
                format!("aws acm wait certificate-validated --certificate-arn {arn} --region {region}");
            if records.is_empty() {
                return Check::missing(format!("{what} is not validated yet"), wait).lacking(validation);
            }
            let records: Vec<String> = records.iter().map(ToString::to_string).collect();
            Check::missing(
                format!(
                    "{what} waits for {} in DNS: {}",
                    records_in_words(records.len()),
                    records.join("; ")
                ),
                format!("add what is missing in DNS, then: {wait}"),
            )
            .lacking(validation)
        }
        other => {
            let why = certificate.failure_reason().map(|why| format!(" ({})", clean(why.as_str())));
            let check = Check::missing(
                format!("{what} is {}{}", clean(other.as_str()), why.unwrap_or_default()),
                again,
            );
            // A state that nobody knows yet is no end.
            if is_end(other) { check } else { check.lacking(Lack::Validation(arn.to_owned())) }
        }
    }
}

/// Whether ACM does nothing more for a certificate in this state.
///
/// Source: [CertificateDetail][aws] in the ACM API reference.
///
/// [aws]: https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html
fn is_end(status: &CertificateStatus) -> bool {
    matches!(
        status,
        CertificateStatus::Expired
            | CertificateStatus::Failed
            | CertificateStatus::Inactive
            | CertificateStatus::Revoked
            | CertificateStatus::ValidationTimedOut
    )
}

fn records_in_words(number: usize) -> String {
    if number == 1 { "a record".to_owned() } else { format!("{number} records") }
}

/// The records of the domains that are not validated, each once: a wildcard has the same as its domain.
fn missing_records(certificate: &CertificateDetail) -> Vec<DnsRecord> {
    let mut records = Vec::new();
    for domain in certificate.domain_validation_options() {
        if domain.validation_status() == Some(&DomainStatus::Success) {
            continue;
        }
        let Some(record) = domain.resource_record() else { continue };
        let record = DnsRecord {
            name: clean(record.name()),
            kind: clean(record.r#type().as_str()),
            value: clean(record.value()),
        };
        if !records.contains(&record) {
            records.push(record);
        }
    }
    records
}

/// What ACM says of a certificate, in the region that its ARN names; `None` if there is none.
async fn described(connection: &Connection, arn: &str) -> Result<Option<CertificateDetail>, ApiFailure> {
    let region = arn.split(':').nth(3).filter(|region| !region.is_empty());
    let region = region.unwrap_or(&connection.identity().region);
    let client = aws_sdk_acm::Client::new(&connection.config_in(region));
    match client.describe_certificate().certificate_arn(arn).send().await {
        Ok(answer) => Ok(answer.certificate),
        Err(error) => {
            let failure = ApiFailure::of("acm:DescribeCertificate", &error);
            if failure.is_absent() { Ok(None) } else { Err(failure) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, physical: &str, status: &str, reason: &str) -> ResourceEvent {
        ResourceEvent {
            id: String::new(),
            stack_id: String::new(),
            time: Timestamp(0),
            logical_id: id.into(),
            physical_id: Some(physical.into()),
            resource_type: "AWS::CertificateManager::Certificate".into(),
            status: status.into(),
            reason: Some(reason.into()),
            operation_id: None,
            token: None,
        }
    }

    // L24
    #[test]
    fn the_events_of_a_stack_tell_which_certificates_wait_and_for_what() {
        let arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1";
        let content =
            "Content of DNS Record is: {Name: _a.a.example.,Type: CNAME,Value: _v.acm-validations.aws.}";
        let mut events = vec![
            event("Mine", "", "CREATE_IN_PROGRESS", ""),
            event("Mine", arn, "CREATE_IN_PROGRESS", content),
            event("Mine", arn, "CREATE_IN_PROGRESS", content),
            event("Other", arn, "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ];
        let awaited = [("Mine", arn), ("Other", arn)].map(|(id, arn)| (id.to_owned(), arn.to_owned()));
        assert_eq!(awaited_certificates(&events), awaited);
        let records = records_in_events(&events);
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!(records[0].0, "Mine");
        assert_eq!(records[0].1.to_string(), "_a.a.example. CNAME _v.acm-validations.aws.");
        events.push(event("Mine", arn, "CREATE_COMPLETE", ""));
        assert_eq!(awaited_certificates(&events), awaited[1..]);
        assert!(records_in_events(&events).is_empty());
    }
}
