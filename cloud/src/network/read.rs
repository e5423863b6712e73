//! What Cloud Control is asked, and what is done where it does not answer.

use aws_sdk_cloudcontrol::Client;
use aws_sdk_cloudcontrol::config::retry::RetryConfig;
use serde_json::Value;

use super::evidence::{Lead, Routing};
use super::{Subnet, Vpc, parse};
use crate::connect::{ATTEMPTS, Connection};
use crate::control::{properties, resource};
use crate::error::CloudError;
use crate::failure::{ApiFailure, Class};
use crate::text::{clean, denied_action};
use crate::together::together;

/// How many pages of a list are read at most; a page has up to 100 resources.
const PAGES: usize = 100;

/// A type of resource, and what Cloud Control asks of EC2 for it, in the caller's name: without these permissions it says
/// no though its own are there.
///
/// Source: the handlers in each type's schema, for example [AWS::EC2::VPC][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    asks: &'static [&'static str],
}

const VPC: Kind = Kind {
    name: "AWS::EC2::VPC",
    asks: &[
        "ec2:DescribeVpcs",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeNetworkAcls",
    ],
};
const SUBNET: Kind =
    Kind { name: "AWS::EC2::Subnet", asks: &["ec2:DescribeSubnets", "ec2:DescribeNetworkAcls"] };
const ROUTE_TABLE: Kind = Kind { name: "AWS::EC2::RouteTable", asks: &["ec2:DescribeRouteTables"] };
const ROUTE: Kind = Kind { name: "AWS::EC2::Route", asks: &["ec2:DescribeRouteTables"] };
const ASSOCIATION: Kind =
    Kind { name: "AWS::EC2::SubnetRouteTableAssociation", asks: &["ec2:DescribeRouteTables"] };
const ATTACHMENT: Kind = Kind {
    name: "AWS::EC2::VPCGatewayAttachment",
    asks: &["ec2:DescribeInternetGateways", "ec2:DescribeVpnGateways"],
};

/// Everything of a type: what is told of each by its id.
#[derive(Default)]
struct All {
    found: Vec<(String, Value)>,
    /// Why this may not be everything.
    unread: Option<String>,
}

/// A client that tries again more often than others where AWS throttles: a network is read in dozens of questions.
pub(super) struct Reader {
    client: Client,
}

impl Reader {
    pub(super) fn of(connection: &Connection) -> Reader {
        let config = connection.config_in(&connection.identity().region);
        let retry = RetryConfig::standard().with_max_attempts(ATTEMPTS);
        let config = aws_sdk_cloudcontrol::config::Builder::from(&config).retry_config(retry).build();
        Reader { client: Client::from_conf(config) }
    }

    /// The VPCs by id.
    pub(super) async fn vpcs(&self) -> Result<Vec<Vpc>, CloudError> {
        let all = self.all(VPC, "CidrBlock").await?;
        let mut vpcs: Vec<Vpc> = all.found.iter().map(|(id, told)| parse::vpc(id, told)).collect();
        vpcs.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(vpcs)
    }

    /// The VPC with this id. It is looked for among all: what is said of an id that has not its form differs.
    pub(super) async fn vpc(&self, id: &str) -> Result<Option<Vpc>, CloudError> {
        let listed = self.list(VPC).await.map_err(|failure| refused(failure, VPC))?;
        if listed.iter().all(|(known, _)| known != id) {
            return Ok(None);
        }
        let told = resource(&self.client, VPC.name, id).await.map_err(|failure| refused(failure, VPC))?;
        Ok(told.map(|told| parse::vpc(id, &told)))
    }

    /// The subnets by zone and id.
    pub(super) async fn subnets(&self) -> Result<Vec<Subnet>, CloudError> {
        let all = self.all(SUBNET, "VpcId").await?;
        let mut subnets: Vec<Subnet> =
            all.found.iter().filter_map(|(id, told)| parse::subnet(id, told)).collect();
        subnets.sort_by(|a, b| (&a.zone, &a.id).cmp(&(&b.zone, &b.id)));
        Ok(subnets)
    }

    /// The route tables of a VPC, and which subnets they are associated with.
    pub(super) async fn routing(&self, vpc: &str) -> Result<Routing, CloudError> {
        let all = self.all_or_why(ROUTE_TABLE, "VpcId").await?;
        let of_vpc = |told: &Value| parse::text(told, "VpcId").as_deref() == Some(vpc);
        let ids: Vec<String> =
            all.found.into_iter().filter(|(_, told)| of_vpc(told)).map(|(id, _)| id).collect();
        let mut routing = Routing { tables_unread: all.unread, ..Routing::default() };
        let leads = self.leads(&ids).await?;
        routing.tables = ids.into_iter().zip(leads).collect();
        self.detach(vpc, &mut routing).await?;
        let associations = self.all_or_why(ASSOCIATION, "RouteTableId").await?;
        for (_, told) in &associations.found {
            if let (Some(subnet), Some(table)) =
                (parse::text(told, "SubnetId"), parse::text(told, "RouteTableId"))
            {
                routing.associations.insert(subnet, table);
            }
        }
        routing.associations_unread = associations.unread;
        Ok(routing)
    }

    /// Where the default routes of these tables lead, in their order.
    async fn leads(&self, tables: &[String]) -> Result<Vec<Lead>, CloudError> {
        let routes: Vec<String> = tables.iter().map(|table| format!("{table}|0.0.0.0/0")).collect();
        let mut leads = Vec::new();
        for answer in self.each(ROUTE, &routes).await {
            leads.push(match answer {
                Ok(Some(route)) => parse::lead(&route),
                Ok(None) => Lead::Nowhere,
                Err(failure) => Lead::Unread(unless_it_ends(failure, ROUTE)?),
            });
        }
        Ok(leads)
    }

    /// A route stays when its internet gateway is detached, and leads nowhere then.
    async fn detach(&self, vpc: &str, routing: &mut Routing) -> Result<(), CloudError> {
        if !routing.tables.values().any(|lead| matches!(lead, Lead::Internet(_))) {
            return Ok(());
        }
        let id = format!("IGW|{vpc}");
        let attached = match resource(&self.client, ATTACHMENT.name, &id).await {
            Ok(told) => told.as_ref().and_then(|told| parse::text(told, "InternetGatewayId")),
            // The route is what tells the tier; the attachment could only have contradicted it.
            Err(failure) => return unless_it_ends(failure, ATTACHMENT).map(drop),
        };
        for lead in routing.tables.values_mut() {
            if let Lead::Internet(gateway) = lead
                && attached.as_ref() != Some(gateway)
            {
                *lead = Lead::Detached(gateway.clone());
            }
        }
        Ok(())
    }

    /// Everything of a type, with at least the property `needed` of each: what a list tells is up to each type.
    ///
    /// Source: [Discovering resources][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-list.html
    async fn all(&self, kind: Kind, needed: &str) -> Result<All, CloudError> {
        let listed = self.list(kind).await.map_err(|failure| refused(failure, kind))?;
        self.completed(kind, needed, listed).await
    }

    /// As [`Reader::all`], for what may be missing.
    async fn all_or_why(&self, kind: Kind, needed: &str) -> Result<All, CloudError> {
        match self.list(kind).await {
            Ok(listed) => self.completed(kind, needed, listed).await,
            Err(failure) => Ok(All { unread: Some(unless_it_ends(failure, kind)?), ..All::default() }),
        }
    }

    async fn completed(
        &self,
        kind: Kind,
        needed: &str,
        listed: Vec<(String, Value)>,
    ) -> Result<All, CloudError> {
        let told = |(_, told): &(String, Value)| told.get(needed).is_some();
        let (found, rest): (Vec<_>, Vec<_>) = listed.into_iter().partition(told);
        let mut all = All { found, unread: None };
        let ids: Vec<String> = rest.into_iter().map(|(id, _)| id).collect();
        for (id, answer) in ids.iter().zip(self.each(kind, &ids).await) {
            match answer {
                Ok(Some(told)) => all.found.push((id.clone(), told)),
                // It went away meanwhile.
                Ok(None) => {}
                Err(failure) => all.unread = Some(unless_it_ends(failure, kind)?),
            }
        }
        Ok(all)
    }

    /// The answers to a question for each of these ids, in their order.
    async fn each(&self, kind: Kind, ids: &[String]) -> Vec<Result<Option<Value>, ApiFailure>> {
        let questions = ids.iter().map(|id| {
            let (client, id) = (self.client.clone(), id.clone());
            async move { resource(&client, kind.name, &id).await }
        });
        let lost = || Err(ApiFailure::network("cloudformation:GetResource", "it was not asked"));
        let answers = together(questions.collect::<Vec<_>>()).await;
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }

    async fn list(&self, kind: Kind) -> Result<Vec<(String, Value)>, ApiFailure> {
        let (mut listed, mut token) = (Vec::new(), None);
        for _ in 0..PAGES {
            let call = self.client.list_resources().type_name(kind.name).set_next_token(token);
            let page =
                call.send().await.map_err(|error| ApiFailure::of("cloudformation:ListResources", &error))?;
            for one in page.resource_descriptions() {
                let Some(id) = one.identifier() else { continue };
                listed.push((clean(id), properties(one.properties())));
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        Ok(listed)
    }
}

/// Why something could not be read, if it is what AWS says of this one resource; all else ends the look.
fn unless_it_ends(failure: ApiFailure, kind: Kind) -> Result<String, CloudError> {
    if failure.class == Class::Rejected { Ok(failure.message) } else { Err(refused(failure, kind)) }
}

/// The failure with the permissions that reading this type takes: the action that AWS names, or else all of them.
fn refused(failure: ApiFailure, kind: Kind) -> CloudError {
    if failure.class != Class::Denied {
        return failure.into_error().state("nothing was changed in AWS");
    }
    let next = match denied_action(&failure.message) {
        Some(action) => format!("ask for the permission {action}"),
        None => format!(
            "ask for the permissions {} and, beneath it for {}, {}",
            failure.action,
            kind.name,
            kind.asks.join(", ")
        ),
    };
    failure.into_error().state("nothing was changed in AWS").next(next)
}
