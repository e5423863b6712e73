//! The network, understood.

use std::str::FromStr;

use constructs::{Cidr, EndpointService, Nat, Tier, TierKind, Value, Vpc, cidr};

use crate::settings::{Endpoint, NatMode, NetworkMode, NetworkSettings, Settings};

use super::Reader;

/// The network, understood.
#[derive(Debug, Clone)]
pub enum NetworkPlan {
    /// One that exists.
    Existing(Vpc),
    /// One of our own.
    Own {
        /// Its addresses.
        cidr: Cidr,
        /// Its subnets.
        tiers: Vec<Tier>,
        /// The letters of its zones.
        zones: Vec<char>,
        /// The way out of private subnets.
        nat: Nat,
        /// Services with an interface endpoint.
        endpoints: Vec<EndpointService>,
        /// Whether its traffic is recorded.
        flow_logs: bool,
        /// Whether network ACLs stand before its subnets.
        network_acls: bool,
    },
}

impl Reader<'_> {
    pub(super) fn network(&mut self, settings: &Settings) -> NetworkPlan {
        let network = &settings.network;
        let public = network.mode == NetworkMode::Public;
        if let Some(existing) = &network.existing {
            let missing = !public && existing.private_subnets.is_empty();
            self.refuse_if(
                missing,
                "network.existing.private_subnets",
                "`network.mode` is private, but the existing network has no private subnets",
                "name them, or set `network.mode` to public",
            );
            self.refuse_if(
                !network.interface_endpoints.is_empty(),
                "network.interface_endpoints",
                "endpoints are asked for, but the network exists already",
                "make the endpoints where the network is made, or leave `network.existing` out",
            );
            self.refuse_if(
                network.network_acls,
                "network.network_acls",
                "`network.network_acls` is on, but `network.existing` names a network that has its own",
                "make the network ACLs where the network is made, or leave `network.existing` out",
            );
            self.only_for_our_own(network);
            let ids = |ids: &[String]| ids.iter().map(Value::known).collect::<Vec<_>>();
            let mut tiers = vec![(TierKind::Public, ids(&existing.public_subnets))];
            if !public {
                tiers.push((TierKind::Private, ids(&existing.private_subnets)));
            }
            return NetworkPlan::Existing(Vpc::existing(Value::known(&existing.vpc_id), tiers));
        }
        self.ways_out(network, public);
        let mut tiers = vec![Tier::public(self.blocks("network.public_subnets", &network.public_subnets))];
        if !public {
            tiers.push(Tier::private(self.blocks("network.private_subnets", &network.private_subnets)));
        }
        NetworkPlan::Own {
            cidr: self.unit("network.cidr", Cidr::from_str(&network.cidr), cidr!("10.0.0.0/16")),
            tiers,
            zones: network.zones.clone(),
            nat: match network.nat {
                _ if public => Nat::None,
                NatMode::PerZone => Nat::PerZone,
                NatMode::Single => Nat::Single,
                NatMode::None => Nat::None,
            },
            endpoints: network
                .interface_endpoints
                .iter()
                .map(|endpoint| endpoint_service(*endpoint))
                .collect(),
            flow_logs: network.flow_logs,
            network_acls: network.network_acls,
        }
    }

    /// What a network that exists has already would be set without effect. The ways out `per_zone` and `single` are
    /// not refused, nor is what `flow_logs` says: built-in environments set these for whatever network there is.
    fn only_for_our_own(&mut self, network: &NetworkSettings) {
        let usual = NetworkSettings::default();
        for (key, set) in [
            ("network.cidr", network.cidr != usual.cidr),
            ("network.zones", network.zones != usual.zones),
            ("network.public_subnets", network.public_subnets != usual.public_subnets),
            ("network.private_subnets", network.private_subnets != usual.private_subnets),
            ("network.nat", network.nat == NatMode::None),
        ] {
            let message =
                format_args!("`{key}` is set, but `network.existing` names a network that has its own");
            let hint = "set it where the network is made, or leave `network.existing` out";
            self.refuse_if(set, key, message, hint);
        }
    }

    /// Zones are letters, each once; and tasks must reach what they start with.
    fn ways_out(&mut self, network: &NetworkSettings, public: bool) {
        let zones = &network.zones;
        let letters = zones.iter().all(char::is_ascii_lowercase);
        let once = zones.iter().enumerate().all(|(at, zone)| !zones[..at].contains(zone));
        let hint = "name the letters that end the zones' names, each once: [a, b]";
        let written: String = zones.iter().map(char::to_string).collect::<Vec<_>>().join(", ");
        self.refuse_if(!letters || !once, "network.zones", format_args!("[{written}] are no zones"), hint);
        let needed = [Endpoint::EcrApi, Endpoint::EcrDkr, Endpoint::Logs, Endpoint::SecretsManager];
        let reached = needed.iter().all(|endpoint| network.interface_endpoints.contains(endpoint));
        self.refuse_if(
            !public && network.nat == NatMode::None && !reached,
            "network.nat",
            "without NAT gateways and endpoints no task can pull its image or read its secrets",
            "choose `single`, or add the endpoints ecr_api, ecr_dkr, logs and secrets_manager",
        );
    }

    /// The blocks that can be read; each of the others is reported.
    fn blocks(&mut self, key: &str, texts: &[String]) -> Vec<Cidr> {
        let mut blocks = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            match Cidr::from_str(text) {
                Ok(block) => blocks.push(block),
                Err(error) => {
                    self.app.refuse_setting(&format!("{key}[{index}]"), error.to_string(), error.hint());
                }
            }
        }
        blocks
    }
}

fn endpoint_service(endpoint: Endpoint) -> EndpointService {
    match endpoint {
        Endpoint::EcrApi => EndpointService::EcrApi,
        Endpoint::EcrDkr => EndpointService::EcrDkr,
        Endpoint::Logs => EndpointService::Logs,
        Endpoint::SecretsManager => EndpointService::SecretsManager,
        Endpoint::SsmMessages => EndpointService::SsmMessages,
    }
}
