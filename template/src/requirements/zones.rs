//! Certificates and hosted zones.

use super::{Found, Known, Needed, partition, sure};
use crate::model::{Item, Model, Value};

pub(super) fn collect(model: &Model<'_>, known: &Known<'_>, found: &mut Found) {
    for (type_name, path) in [
        ("AWS::ElasticLoadBalancingV2::Listener", "Certificates"),
        ("AWS::ElasticLoadBalancingV2::ListenerCertificate", "Certificates"),
    ] {
        for item in model.of_type(type_name) {
            for entry in items(item, path) {
                certificate(&entry.get("CertificateArn"), item, known.region, found);
            }
        }
    }
    for item in model.of_type("AWS::CloudFront::Distribution") {
        let values = item.get("DistributionConfig.ViewerCertificate.AcmCertificateArn");
        // Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
        let region = if partition(known.region) == "aws" { "us-east-1" } else { known.region };
        certificate(&values, item, region, found);
    }
    for type_name in ["AWS::Route53::RecordSet", "AWS::Route53::RecordSetGroup"] {
        for item in model.of_type(type_name) {
            zone(&item.get("HostedZoneId"), item, found);
            for record in items(item, "RecordSets") {
                zone(&record.get("HostedZoneId"), item, found);
            }
        }
    }
    for item in model.of_type("AWS::CertificateManager::Certificate") {
        for option in items(item, "DomainValidationOptions") {
            zone(&option.get("HostedZoneId"), item, found);
        }
    }
}

fn items<'m>(item: Item<'m>, path: &'m str) -> Vec<Value<'m>> {
    item.get(path).iter().filter_map(Value::items).flatten().collect()
}

/// A certificate of ACM; those of IAM have another service in their ARN.
fn certificate(values: &[Value<'_>], item: Item<'_>, region: &str, found: &mut Found) {
    for (arn, place) in values.iter().filter_map(|value| sure(value, item.id())) {
        if arn.split(':').nth(2) == Some("acm") {
            found.add(Needed::Certificate { arn, region: region.to_owned() }, place, true);
        }
    }
}

fn zone(values: &[Value<'_>], item: Item<'_>, found: &mut Found) {
    for (id, place) in values.iter().filter_map(|value| sure(value, item.id())) {
        let id = id.strip_prefix("/hostedzone/").unwrap_or(&id).to_owned();
        found.add(Needed::HostedZone { id }, place, true);
    }
}
