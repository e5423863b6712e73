//! What no template says: how much is used. Each has a default, which is told where it is used.

use std::collections::BTreeMap;

use serde::Serialize;

use super::money::Amount;

/// Something that is assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumption {
    /// What it is called when it is set.
    pub name: &'static str,
    /// What is assumed where nobody says otherwise.
    pub default: u32,
    /// What it is, with its unit.
    pub what: &'static str,
}

const fn assumption(name: &'static str, default: u32, what: &'static str) -> Assumption {
    Assumption { name, default, what }
}

/// Everything that can be assumed, for a month and all stacks together.
pub const ASSUMPTIONS: [Assumption; 21] = [
    assumption("scaling_percent", 0, "% of the way from the fewest tasks of autoscaling to the most"),
    assumption("lcu", 2, "capacity units (LCU) of each load balancer, on average"),
    assumption("nat_gb", 100, "GB through NAT gateways"),
    assumption("out_gb", 100, "GB out to the internet"),
    assumption("free_out_gb", 100, "GB out that are free, once in an account"),
    assumption("cross_zone_gb", 0, "GB between zones"),
    assumption("log_gb", 10, "GB that the services log"),
    assumption("flow_log_gb", 5, "GB of flow logs"),
    assumption("waf_log_gb", 1, "GB that the firewall logs"),
    assumption("ecr_gb", 20, "GB of images"),
    assumption("efs_gb", 10, "GB in file systems"),
    assumption("secret_calls", 0, "times that a secret is read"),
    assumption("kms_requests", 0, "times that a key is used"),
    assumption("requests_millions", 1, "million requests that the firewall or CloudFront sees"),
    assumption("endpoint_gb", 0, "GB through interface endpoints"),
    assumption("dns_queries_millions", 0, "million DNS queries; those for aliases are free"),
    assumption("cdn_gb", 100, "GB out of CloudFront"),
    assumption("free_cdn_gb", 1024, "GB out of CloudFront that are free, once in an account"),
    assumption("free_cdn_requests_millions", 10, "million requests to CloudFront that are free"),
    assumption("free_dashboards", 0, "dashboards that are free, of three in an account"),
    assumption("insights_metrics", 0, "metrics of Container Insights; 0: counted"),
];

/// How much is used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    set: BTreeMap<&'static str, Amount>,
}

/// Why something that is said of the usage cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageError {
    /// There is no such name.
    Unknown,
    /// It is no number, or not one that it can be.
    NotANumber,
}

/// Something that was assumed in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assumed {
    /// What it is called when it is set.
    pub name: &'static str,
    /// How much.
    pub value: Amount,
    /// Whether somebody said so, and it is not the default.
    pub given: bool,
    /// What it is, with its unit.
    pub what: &'static str,
}

impl Usage {
    /// Says how much is used of what is called `name`: a decimal number.
    ///
    /// # Errors
    ///
    /// [`UsageError`] if there is no such name, or `text` is no such number.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), UsageError> {
        let known = ASSUMPTIONS.iter().find(|known| known.name == name).ok_or(UsageError::Unknown)?;
        let amount = Amount::parse(text).ok_or(UsageError::NotANumber)?;
        if name == "scaling_percent" && amount > Amount::whole(100) {
            return Err(UsageError::NotANumber);
        }
        self.set.insert(known.name, amount);
        Ok(())
    }

    pub(super) fn put(&mut self, name: &'static str, amount: Amount) {
        self.set.insert(name, amount);
    }

    pub(super) fn get(&self, name: &str) -> Amount {
        let default = || ASSUMPTIONS.iter().find(|known| known.name == name).map(|known| known.default);
        let given = self.set.get(name).copied();
        given.unwrap_or_else(|| Amount::whole(default().unwrap_or(0).into()))
    }

    pub(super) fn assumed(&self, assumption: &Assumption) -> Assumed {
        Assumed {
            name: assumption.name,
            value: self.get(assumption.name),
            given: self.set.contains_key(assumption.name),
            what: assumption.what,
        }
    }
}
