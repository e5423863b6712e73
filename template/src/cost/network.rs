//! Load balancers, ways out of the network, and public addresses.

use super::money::{Amount, Band};
use super::prices;
use super::sheet::{Group, Sheet, Use};
use super::view::Thing;
use crate::model::network::Endpoint;

const ONE: Band<Amount> =
    Band { least: Amount::whole(1), expected: Amount::whole(1), most: Amount::whole(1) };

/// Prices a load balancer: its hours, its capacity units, and the addresses of its nodes.
pub(super) fn load_balancer(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    let kind = match thing.text("Type") {
        Ok(kind) => kind.unwrap_or_else(|| "application".to_owned()),
        Err(why) => return sheet.not_priced(thing, why),
    };
    let (name, hour, unit, units) = match kind.as_str() {
        "application" => ("application", &prices::ALB_HOUR, &prices::ALB_LCU, "LCU, application"),
        "network" => ("network", &prices::NLB_HOUR, &prices::NLB_LCU, "LCU, network"),
        other => return sheet.not_priced(thing, format!("no price is known here for `{other}`")),
    };
    sheet.add_hours(thing, Group::LoadBalancing, name, hour, ONE);
    let used = sheet.assume("lcu");
    sheet.add_hours(thing, Group::LoadBalancing, units, unit, Band::same(used));
    match thing.is("Scheme", "internal", false) {
        Ok(true) => {}
        Ok(false) => nodes(thing, sheet),
        Err(why) => sheet.not_priced(thing, format!("public addresses: {why}")),
    }
    sheet.uses(thing, Use::CrossZone);
}

/// A load balancer has a node, and each node a public address, in every subnet.
fn nodes(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    sheet.uses(thing, Use::Out);
    let count = || -> Result<u64, String> {
        if thing.is("IpAddressType", "dualstack-without-public-ipv4", false)? {
            return Ok(0);
        }
        let mut count = thing.count("Subnets")?;
        for mapping in thing.items("SubnetMappings")? {
            let address = thing.below(&mapping, "AllocationId")?;
            // An address of its own is billed as such.
            let own = address.and_then(|address| address.target());
            count += u64::from(!own.is_some_and(|target| target.item.is("AWS::EC2::EIP")));
        }
        Ok(count)
    };
    match count() {
        Ok(count) => {
            let number = Band::same(Amount::whole(count));
            sheet.add_hours(thing, Group::Addresses, "addresses", &prices::ADDRESS_HOUR, number);
        }
        Err(why) => sheet.not_priced(thing, format!("public addresses: {why}")),
    }
}

/// Prices a NAT gateway: its hours, what goes through it, and its address unless that is a resource of its own.
pub(super) fn nat_gateway(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    match thing.is("AvailabilityMode", "regional", false) {
        Ok(false) => {}
        Ok(true) => return sheet.not_priced(thing, "it is billed for each zone that it comes to be in"),
        Err(why) => return sheet.not_priced(thing, why),
    }
    sheet.add_hours(thing, Group::Nat, "gateways", &prices::NAT_HOUR, ONE);
    sheet.uses(thing, Use::Nat);
    match thing.is("ConnectivityType", "private", false) {
        Ok(true) => {}
        Ok(false) => {
            let address = thing.value("AllocationId").ok().flatten().and_then(|address| address.target());
            if !address.is_some_and(|target| target.item.is("AWS::EC2::EIP")) {
                sheet.add_hours(thing, Group::Addresses, "addresses", &prices::ADDRESS_HOUR, ONE);
            }
            sheet.uses(thing, Use::Out);
        }
        Err(why) => sheet.not_priced(thing, format!("public address: {why}")),
    }
}

/// Prices a public address, which costs the same whether it is used or not.
pub(super) fn address(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    sheet.add_hours(thing, Group::Addresses, "addresses", &prices::ADDRESS_HOUR, ONE);
}

/// Prices an endpoint: those for gateways are free, the others are billed for each subnet.
pub(super) fn endpoint(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    let kind = match thing.text("VpcEndpointType") {
        Ok(kind) => kind.unwrap_or_else(|| "Gateway".to_owned()),
        Err(why) => return sheet.not_priced(thing, why),
    };
    match kind.as_str() {
        "Gateway" => sheet.free("AWS::EC2::VPCEndpoint"),
        "Interface" => match thing.count("SubnetIds") {
            Ok(0) => sheet.not_priced(thing, "it says no subnets, and is billed for each"),
            Ok(subnets) => {
                let service = Endpoint(thing.item).service().unwrap_or_else(|| thing.item.id().to_owned());
                let number = Band::same(Amount::whole(subnets));
                sheet.add_hours(thing, Group::Endpoints, &service, &prices::ENDPOINT_HOUR, number);
                sheet.uses(thing, Use::Endpoint);
            }
            Err(why) => sheet.not_priced(thing, why),
        },
        other => sheet.not_priced(thing, format!("no price is known here for `{other}`")),
    }
}
