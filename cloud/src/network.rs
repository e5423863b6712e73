//! A network that exists: VPCs, their subnets, and where the default routes of these lead.
//!
//! Cloud Control reads all of it, so that no SDK of EC2 is needed. What it does not tell (which route table is a VPC's main
//! one, whether a VPC is the default one) is not guessed: see [`Evidence`].

mod evidence;
mod parse;
mod read;

pub use evidence::{Evidence, Lead, Tier};

use crate::connect::Connection;
use crate::error::CloudError;
use evidence::evidence;
use read::Reader;

/// A VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpc {
    /// Its id.
    pub id: String,
    /// Its first block of IPv4 addresses.
    pub block: Option<String>,
    /// Its tag `Name`.
    pub name: Option<String>,
    /// Whether names are resolved in it.
    pub dns_support: Option<bool>,
    /// Whether what is in it has names.
    pub dns_hostnames: Option<bool>,
}

impl Vpc {
    /// Whether its block is that of every default VPC; other VPCs may have it too, and nothing else tells them apart here.
    ///
    /// Source: [Default VPC components][aws] in the VPC user guide.
    ///
    /// [aws]: https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
    pub fn has_the_default_block(&self) -> bool {
        self.block.as_deref() == Some("172.31.0.0/16")
    }
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// The id of its VPC.
    pub vpc: String,
    /// The name of its zone: `us-east-1a`.
    pub zone: Option<String>,
    /// Its block of IPv4 addresses.
    pub block: Option<String>,
    /// Its tag `Name`.
    pub name: Option<String>,
    /// Whether what starts in it gets a public address by itself.
    pub maps_public_addresses: Option<bool>,
    /// Whether it has no IPv4 addresses.
    pub ipv6_only: bool,
}

/// A VPC with its subnets, by zone and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VpcNetwork {
    /// The VPC.
    pub vpc: Vpc,
    /// Its subnets, and what tells their tiers.
    pub subnets: Vec<(Subnet, Evidence)>,
}

/// The VPCs of the region, by id, and all subnets, by zone and id.
///
/// # Errors
///
/// AWS cannot be asked, or does not allow it.
pub async fn vpcs(connection: &Connection) -> Result<(Vec<Vpc>, Vec<Subnet>), CloudError> {
    let reader = Reader::of(connection);
    Ok((reader.vpcs().await?, reader.subnets().await?))
}

/// A VPC and where the default routes of its subnets lead; `None` if there is none with this id.
///
/// # Errors
///
/// AWS cannot be asked, or does not allow it.
pub async fn vpc_network(connection: &Connection, id: &str) -> Result<Option<VpcNetwork>, CloudError> {
    let reader = Reader::of(connection);
    let Some(vpc) = reader.vpc(id).await? else { return Ok(None) };
    let mut subnets = reader.subnets().await?;
    subnets.retain(|subnet| subnet.vpc == vpc.id);
    let routing = reader.routing(&vpc.id).await?;
    let told = |subnet: Subnet| {
        let evidence = evidence(&subnet.id, &routing);
        (subnet, evidence)
    };
    Ok(Some(VpcNetwork { vpc, subnets: subnets.into_iter().map(told).collect() }))
}
