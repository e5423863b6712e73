//! Unit prices: list prices in US dollars, each with where it was read and how sure that is.
//!
//! No figure here was read from AWS's own price list; AWS's pages hold. Infracost's figures are what its tests expect
//! of the price list (`internal/providers/terraform/aws/testdata/*/*.golden`), and are of the date that is given.

use serde::Serialize;

/// How sure a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Grade {
    /// Read from a tool's tests that were written from AWS's price list.
    A,
    /// Several public pages of 2025 and 2026 agree.
    B,
    /// One public page.
    C,
    /// Not confirmed.
    U,
}

impl Grade {
    /// Whether a figure of this grade is told as an estimate.
    pub fn is_estimate(self) -> bool {
        self >= Grade::C
    }
}

/// A region whose prices are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Region {
    /// `us-east-1`.
    UsEast1,
    /// `us-west-2`. Wherever its figures were found they are those of `us-east-1`, and the others are taken to be.
    UsWest2,
}

impl Region {
    /// All of them.
    pub const ALL: [Region; 2] = [Region::UsEast1, Region::UsWest2];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Region::UsEast1 => "us-east-1",
            Region::UsWest2 => "us-west-2",
        }
    }

    /// The region with this name, if its prices are known.
    pub fn named(name: &str) -> Option<Region> {
        Region::ALL.into_iter().find(|region| region.name() == name)
    }
}

/// A unit price.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Price {
    /// In billionths of a dollar.
    pub(super) nanos: u64,
    pub(super) unit: &'static str,
    /// AWS's own name in a bill, without the region in front; empty where it was not found.
    pub(super) usage_type: &'static str,
    pub(super) grade: Grade,
    /// The year, or the year and month, that the figure is of.
    pub(super) date: &'static str,
    pub(super) source: &'static str,
}

macro_rules! prices {
    ($($name:ident = $nanos:literal $unit:literal $usage:literal $grade:ident $date:literal $source:literal;)*) => {
        $(pub(super) static $name: Price = Price {
            nanos: $nanos,
            unit: $unit,
            usage_type: $usage,
            grade: Grade::$grade,
            date: $date,
            source: $source,
        };)*
        #[cfg(test)]
        static ALL: &[&Price] = &[$(&$name),*];
    };
}

prices! {
    FARGATE_VCPU = 40_480_000 "vCPU-h" "Fargate-vCPU-Hours:perCPU" A "2025-07" "Infracost's tests";
    FARGATE_GB = 4_445_000 "GB-h" "Fargate-GB-Hours" A "2025-07" "Infracost's tests";
    FARGATE_ARM_VCPU = 32_380_000 "vCPU-h" "Fargate-ARM-vCPU-Hours:perCPU" B "2025" "vantage.sh and copies of the price list in tests";
    FARGATE_ARM_GB = 3_560_000 "GB-h" "Fargate-ARM-GB-Hours" B "2025" "vantage.sh and copies of the price list in tests";
    FARGATE_STORAGE = 111_000 "GB-h" "Fargate-EphemeralStorage-GB-Hours" B "2025" "vantage.sh and copies of the price list in tests";
    ALB_HOUR = 22_500_000 "h" "LoadBalancerUsage" A "2024-07" "Infracost's tests";
    ALB_LCU = 8_000_000 "LCU-h" "LCUUsage" A "2024-07" "Infracost's tests";
    NLB_HOUR = 22_500_000 "h" "LoadBalancerUsage" B "2025" "clustercost.com, awsnegotiations.com";
    NLB_LCU = 6_000_000 "NLCU-h" "LCUUsage" C "2026-05" "awsnegotiations.com";
    NAT_HOUR = 45_000_000 "h" "NatGateway-Hours" A "2024-07" "Infracost's tests";
    NAT_GB = 45_000_000 "GB" "NatGateway-Bytes" A "2024-07" "Infracost's tests";
    ADDRESS_HOUR = 5_000_000 "h" "PublicIPv4:InUseAddress" B "2025" "AWS's announcement for February 2024, and copies of the price list in tests";
    LOG_GB = 500_000_000 "GB" "DataProcessing-Bytes" A "2024-07" "Infracost's tests";
    LOG_RARE_GB = 250_000_000 "GB" "" C "2025" "one public page";
    LOG_STORED = 30_000_000 "GB" "TimedStorage-ByteHrs" A "2024-07" "Infracost's tests";
    VENDED_GB = 500_000_000 "GB" "" U "2025" "public pages that call it vended logs; the figure is that of other logs";
    VENDED_S3_GB = 250_000_000 "GB" "" U "2025" "one public page";
    ALARM = 100_000_000 "each" "AlarmMonitorUsage" A "2024-07" "Infracost's tests";
    ALARM_FAST = 300_000_000 "each" "" A "2024-07" "Infracost's tests";
    ALARM_COMPOSITE = 500_000_000 "each" "" U "2024-07" "not confirmed";
    DASHBOARD = 3_000_000_000 "each" "" A "2024-07" "Infracost's tests";
    INSIGHTS = 300_000_000 "each" "" U "2025" "the price of a custom metric; how many there are is not confirmed";
    INSIGHTS_ENHANCED = 70_000_000 "each" "" U "2026" "fortem.dev; how many metrics there are is not confirmed";
    ECR_GB = 100_000_000 "GB" "TimedStorage-ByteHrs" A "2024-07" "Infracost's tests";
    SECRET = 400_000_000 "each" "" A "2024-07" "Infracost's tests";
    SECRET_CALLS = 50_000_000 "10k" "" A "2024-07" "Infracost's tests";
    KEY = 1_000_000_000 "each" "" A "2024-07" "Infracost's tests";
    KEY_CALLS = 30_000_000 "10k" "" A "2024-07" "Infracost's tests";
    EFS_GB = 300_000_000 "GB" "" A "2024-07" "Infracost's tests";
    EFS_ONE_ZONE_GB = 160_000_000 "GB" "" A "2024-07" "Infracost's tests";
    WEB_ACL = 5_000_000_000 "each" "" A "2024-07" "Infracost's tests";
    WAF_RULE = 1_000_000_000 "each" "" A "2024-07" "Infracost's tests";
    WAF_REQUESTS = 600_000_000 "million" "" A "2024-07" "Infracost's tests";
    ENDPOINT_HOUR = 10_000_000 "h" "VpcEndpoint-Hours" A "2024-10" "Infracost's tests";
    ENDPOINT_GB = 10_000_000 "GB" "" A "2024-10" "Infracost's tests";
    ZONE = 500_000_000 "each" "" A "2024-07" "Infracost's tests";
    DNS_QUERIES = 400_000_000 "million" "" A "2024-07" "Infracost's tests";
    HEALTH_CHECK = 500_000_000 "each" "" A "2024-07" "Infracost's tests";
    HEALTH_CHECK_FEATURE = 1_000_000_000 "each" "" A "2024-07" "Infracost's tests";
    HEALTH_CHECK_OUTSIDE = 750_000_000 "each" "" A "2024-07" "Infracost's tests";
    HEALTH_CHECK_OUTSIDE_FEATURE = 2_000_000_000 "each" "" A "2024-07" "Infracost's tests";
    CDN_GB = 85_000_000 "GB" "" A "2024-07" "Infracost's tests";
    CDN_REQUESTS = 10_000_000 "10k" "" A "2024-07" "Infracost's tests";
    OUT_GB = 90_000_000 "GB" "DataTransfer-Out-Bytes" A "2024-07" "Infracost's tests";
    OUT_GB_2 = 85_000_000 "GB" "DataTransfer-Out-Bytes" A "2024-07" "Infracost's tests";
    OUT_GB_3 = 70_000_000 "GB" "DataTransfer-Out-Bytes" A "2024-07" "Infracost's tests";
    OUT_GB_4 = 50_000_000 "GB" "DataTransfer-Out-Bytes" A "2024-07" "Infracost's tests";
    CROSS_ZONE_GB = 10_000_000 "GB" "DataTransfer-Regional-Bytes" A "2024-07" "Infracost's tests";
}

/// What Fargate Spot costs of the price on demand, in hundredths: nobody knows before, since it follows supply. AWS and
/// those who write of it tell of 50 to 70 % off (fortem.dev, tomgregory.com); 70 % is a ceiling and no promise.
pub(super) const SPOT_PERCENT: super::Band<u64> = super::Band { least: 30, expected: 40, most: 50 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_unit_a_date_and_a_source() {
        for price in ALL {
            assert!(price.nanos > 0 && !price.unit.is_empty(), "{price:?}");
            assert!(price.date.starts_with("202") && !price.source.is_empty(), "{price:?}");
        }
        assert_eq!(Region::named("us-west-2"), Some(Region::UsWest2));
        assert_eq!(Region::named("eu-west-1"), None);
    }
}
