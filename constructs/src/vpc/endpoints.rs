//! What a VPC can be given: endpoints of AWS services, and a record of its traffic.

use crate::declare::aws;
use crate::iam::{Role, Statement};
use crate::key::Key;
use crate::l1::ec2;
use crate::log_group::LogGroup;
use crate::resource::Handle;
use crate::scope::{RemovalPolicy, Scope};
use crate::security_group::{Egress, SecurityGroup};
use crate::units::Retention;
use crate::{port, sub};

use super::{TierKind, Vpc};

/// An AWS service that a VPC can reach without the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointService {
    /// The ECR API.
    EcrApi,
    /// The registry that images are pulled from.
    EcrDkr,
    /// CloudWatch Logs.
    Logs,
    /// Secrets Manager.
    SecretsManager,
    /// The channel that ECS Exec opens.
    SsmMessages,
}

impl EndpointService {
    /// All of them.
    pub const ALL: [EndpointService; 5] = [
        EndpointService::EcrApi,
        EndpointService::EcrDkr,
        EndpointService::Logs,
        EndpointService::SecretsManager,
        EndpointService::SsmMessages,
    ];

    /// The service's part of the endpoint's name, and the id of the construct.
    ///
    /// Source: [AWS services that integrate with AWS PrivateLink][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
    fn names(self) -> (&'static str, &'static str) {
        match self {
            EndpointService::EcrApi => ("ecr.api", "EcrApiEndpoint"),
            EndpointService::EcrDkr => ("ecr.dkr", "EcrDkrEndpoint"),
            EndpointService::Logs => ("logs", "LogsEndpoint"),
            EndpointService::SecretsManager => ("secretsmanager", "SecretsManagerEndpoint"),
            EndpointService::SsmMessages => ("ssmmessages", "SsmMessagesEndpoint"),
        }
    }
}

impl Vpc {
    /// Routes traffic to S3 past the NAT gateways. A gateway endpoint costs nothing.
    #[track_caller]
    pub fn add_s3_endpoint(&self, s: &mut Scope<'_>, id: &str) -> Handle<ec2::VpcEndpoint> {
        let endpoint = ec2::VpcEndpoint {
            vpc_id: Some(self.id()),
            vpc_endpoint_type: Some("Gateway".into()),
            service_name: Some(sub!("com.amazonaws.{}.s3", aws::region())),
            route_table_ids: Some(self.route_tables.iter().copied().collect()),
            ..Default::default()
        };
        s.add(id, endpoint)
    }

    /// Puts an interface endpoint for each service into the private subnets, or the isolated or public
    /// ones where there are no private ones; whoever is in the VPC may use it.
    #[track_caller]
    pub fn add_interface_endpoints(
        &self,
        s: &mut Scope<'_>,
        id: &str,
        services: impl IntoIterator<Item = EndpointService>,
    ) {
        let kind = self.first_tier([TierKind::Private, TierKind::Isolated, TierKind::Public]);
        let mut s = s.scope(id);
        let Some(cidr) = self.cidr else {
            s.error(
                "DC035",
                "interface endpoints need the addresses of the VPC, which are not known of an existing one",
            )
            .hint("make the endpoints where the VPC is made");
            return;
        };
        let group = SecurityGroup::named("SecurityGroup")
            .vpc(self)
            .description("interface endpoints of AWS services")
            .egress(Egress::Connected)
            .build(&mut s);
        group.allow_from(&mut s, cidr, port!(443), "the VPC calls AWS services");
        for service in services {
            let (name, id) = service.names();
            let endpoint = ec2::VpcEndpoint {
                vpc_id: Some(self.id()),
                vpc_endpoint_type: Some("Interface".into()),
                service_name: Some(sub!("com.amazonaws.{}.{}", aws::region(), name)),
                subnet_ids: Some(self.subnets(kind)),
                security_group_ids: Some([group.id()].into()),
                private_dns_enabled: Some(true.into()),
                ..Default::default()
            };
            s.add(id, endpoint);
        }
    }

    /// Records all traffic of the VPC in a log group, with a role that can write there and nowhere else. A `key`
    /// must let CloudWatch Logs use it for groups whose names begin with the stack's.
    ///
    /// Source: [IAM role for publishing flow logs to CloudWatch Logs][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    #[track_caller]
    pub fn add_flow_log(
        &self,
        s: &mut Scope<'_>,
        id: &str,
        retention: Retention,
        removal_policy: RemovalPolicy,
        key: Option<Key>,
    ) {
        let resource = self.id.text();
        let mut inner = s.scope(id);
        let group = LogGroup::named("LogGroup")
            .retention(retention)
            .maybe_key(key)
            .removal_policy(removal_policy)
            .build(&mut inner);
        let role = Role::named("Role").assumed_by("vpc-flow-logs.amazonaws.com").build(&mut inner);
        let actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"];
        role.allow(&mut inner, "Logs", Statement::allow(actions).on(group.arn()));
        let flow_log = ec2::FlowLog {
            resource_id: Some(resource),
            resource_type: Some("VPC".into()),
            traffic_type: Some("ALL".into()),
            log_destination_type: Some("cloud-watch-logs".into()),
            log_group_name: Some(group.name()),
            deliver_logs_permission_arn: Some(role.arn()),
            ..Default::default()
        };
        s.add(id, flow_log);
    }
}
