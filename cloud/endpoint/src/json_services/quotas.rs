//! Service Quotas: AWS's own values, unless a test says that the account has others.

use serde_json::{Value, json};

use super::JsonAnswer;
use crate::request::Request;
use crate::scenario::Scenario;
use crate::world::World;

/// Quotas that everybody has: service, code, name, AWS's value. That of Fargate is lower in new accounts.
const DEFAULTS: [(&str, &str, &str, f64); 6] = [
    ("vpc", "L-F678F1CE", "VPCs per Region", 5.0),
    ("vpc", "L-A4707A72", "Internet gateways per Region", 5.0),
    ("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5.0),
    ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5.0),
    ("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50.0),
    ("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count", 4000.0),
];

impl Scenario {
    /// The account's own value of the quota with this code. Default: none, so that AWS's value holds.
    pub fn quota(mut self, code: &str, value: f64) -> Scenario {
        self.quotas.insert(code.to_owned(), value);
        self
    }
}

pub(super) fn answer(world: &World, request: &Request) -> JsonAnswer {
    let text = |name: &str| request.body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (service, code) = (text("ServiceCode"), text("QuotaCode"));
    let known = DEFAULTS.iter().find(|known| (known.0, known.1) == (service, code));
    let own = world.scenario.quotas.get(code);
    let value = match request.action.as_str() {
        "GetServiceQuota" => own.copied(),
        "GetAWSDefaultServiceQuota" => known.map(|known| known.3),
        _ => None,
    };
    let (Some((.., name, _)), Some(value)) = (known, value) else {
        let words = "The request failed because the specified quota doesn't exist.";
        return JsonAnswer::error("NoSuchResourceException", words);
    };
    json!({ "Quota": {
        "ServiceCode": service, "QuotaCode": code, "QuotaName": name, "Value": value, "Unit": "None",
        "Adjustable": true, "GlobalQuota": false,
    } })
    .into()
}
