//! What is reviewed by hand: which types get a struct, and where the sources do not say what a value names.
//!
//! A type is written as Rust writes it (`ec2::VpcId`, `Arn<iam::Role>`, `String`). An entry that no longer
//! applies is an error, so that these tables cannot go stale.

/// The types of one CloudFormation namespace.
pub(crate) struct Service {
    /// The part of the type name between `AWS::` and the resource, for example `EC2`.
    pub(crate) namespace: &'static str,
    /// The module, for example `ec2`.
    pub(crate) module: &'static str,
    /// The resources' names.
    pub(crate) resources: &'static [&'static str],
}

const fn service(
    namespace: &'static str,
    module: &'static str,
    resources: &'static [&'static str],
) -> Service {
    Service { namespace, module, resources }
}

/// Every type that gets a struct: what an architecture on ECS needs.
pub(crate) const SERVICES: &[Service] = &[
    service(
        "EC2",
        "ec2",
        &[
            "EIP",
            "FlowLog",
            "InternetGateway",
            "NatGateway",
            "NetworkAcl",
            "NetworkAclEntry",
            "Route",
            "RouteTable",
            "SecurityGroup",
            "SecurityGroupEgress",
            "SecurityGroupIngress",
            "Subnet",
            "SubnetNetworkAclAssociation",
            "SubnetRouteTableAssociation",
            "VPC",
            "VPCEndpoint",
            "VPCGatewayAttachment",
        ],
    ),
    service("ECS", "ecs", &["Cluster", "ClusterCapacityProviderAssociations", "Service", "TaskDefinition"]),
    service(
        "ElasticLoadBalancingV2",
        "elbv2",
        &["Listener", "ListenerCertificate", "ListenerRule", "LoadBalancer", "TargetGroup"],
    ),
    service("IAM", "iam", &["ManagedPolicy", "Policy", "Role"]),
    service("Logs", "logs", &["LogGroup", "MetricFilter", "ResourcePolicy", "SubscriptionFilter"]),
    service("SecretsManager", "secretsmanager", &["ResourcePolicy", "RotationSchedule", "Secret"]),
    service("ECR", "ecr", &["ReplicationConfiguration", "Repository"]),
    service("CloudWatch", "cloudwatch", &["Alarm", "CompositeAlarm", "Dashboard"]),
    service("ApplicationAutoScaling", "application_autoscaling", &["ScalableTarget", "ScalingPolicy"]),
    service("EFS", "efs", &["AccessPoint", "FileSystem", "MountTarget"]),
    service("WAFv2", "wafv2", &["IPSet", "LoggingConfiguration", "WebACL", "WebACLAssociation"]),
    service("KMS", "kms", &["Alias", "Key", "ReplicaKey"]),
    service("Route53", "route53", &["HealthCheck", "HostedZone", "RecordSet", "RecordSetGroup"]),
    service(
        "CloudFront",
        "cloudfront",
        &[
            "CachePolicy",
            "Distribution",
            "Function",
            "OriginAccessControl",
            "OriginRequestPolicy",
            "ResponseHeadersPolicy",
        ],
    ),
    service("CertificateManager", "acm", &["Certificate"]),
    service("SNS", "sns", &["Subscription", "Topic", "TopicPolicy"]),
    service("S3", "s3", &["Bucket", "BucketPolicy"]),
    service("Backup", "backup", &["BackupPlan", "BackupSelection", "BackupVault"]),
    service("Budgets", "budgets", &["Budget"]),
    service("SSM", "ssm", &["Parameter"]),
    service("Events", "events", &["Rule"]),
    service("CodeBuild", "codebuild", &["Project"]),
    service("CodePipeline", "codepipeline", &["Pipeline"]),
    service("CodeConnections", "codeconnections", &["Connection"]),
    service("DocDB", "docdb", &["DBCluster", "DBInstance", "DBSubnetGroup"]),
    service("ElastiCache", "elasticache", &["ReplicationGroup", "ServerlessCache", "SubnetGroup"]),
    service("Neptune", "neptune", &["DBCluster", "DBInstance", "DBSubnetGroup"]),
    service("SQS", "sqs", &["Queue"]),
];

/// What `Ref` returns, where its identifier's name does not tell. Source: "Return values" on each type's page
/// in the CloudFormation template reference.
pub(crate) const REFERENCES: &[(&str, &str)] = &[
    ("AWS::ApplicationAutoScaling::ScalableTarget", "application_autoscaling::ScalableTargetId"),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "Arn<application_autoscaling::ScalingPolicy>"),
    ("AWS::Budgets::Budget", "budgets::BudgetName"),
    ("AWS::EC2::Route", "ec2::RouteId"),
    ("AWS::EC2::VPCGatewayAttachment", "ec2::VpcGatewayAttachmentId"),
    ("AWS::ECS::ClusterCapacityProviderAssociations", "ecs::ClusterName"),
    ("AWS::Events::Rule", "events::RuleName"),
    ("AWS::KMS::ReplicaKey", "kms::KeyId"),
    ("AWS::Logs::MetricFilter", "logs::MetricFilterName"),
    ("AWS::Logs::SubscriptionFilter", "logs::SubscriptionFilterName"),
    ("AWS::S3::BucketPolicy", "s3::BucketName"),
    ("AWS::SecretsManager::ResourcePolicy", "Arn<secretsmanager::Secret>"),
    ("AWS::SecretsManager::RotationSchedule", "Arn<secretsmanager::Secret>"),
    ("AWS::SecretsManager::Secret", "Arn<secretsmanager::Secret>"),
    ("AWS::WAFv2::IPSet", "wafv2::IpSetNameIdScope"),
    ("AWS::WAFv2::LoggingConfiguration", "Arn<wafv2::WebAcl>"),
    ("AWS::WAFv2::WebACL", "wafv2::WebAclNameIdScope"),
    ("AWS::WAFv2::WebACLAssociation", "wafv2::WebAclAssociationId"),
];

/// What an attribute names, where neither `Ref` nor a property of the same name tells.
pub(crate) const ATTRIBUTES: &[(&str, &str)] = &[
    ("AWS::EC2::EIP.AllocationId", "ec2::AllocationId"),
    ("AWS::EC2::NatGateway.RouteTableId", "ec2::RouteTableId"),
    ("AWS::EC2::SecurityGroup.GroupId", "ec2::SecurityGroupId"),
    ("AWS::EC2::VPC.DefaultNetworkAcl", "ec2::NetworkAclId"),
    ("AWS::EC2::VPC.DefaultSecurityGroup", "ec2::SecurityGroupId"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer.CanonicalHostedZoneID", "route53::HostedZoneId"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup.LoadBalancerArns", "Arn<elbv2::LoadBalancer>"),
    ("AWS::KMS::ReplicaKey.Arn", "Arn<kms::Key>"),
    ("AWS::SQS::Queue.QueueName", "sqs::QueueName"),
    ("AWS::SNS::Topic.TopicName", "sns::TopicName"),
];

/// What a property wants, where the sources do not say it or say something that is not so.
pub(crate) const PROPERTIES: &[(&str, &str)] = &[
    // The sources name a type here, but any text may stand in its place.
    (
        "AWS::ApplicationAutoScaling::ScalingPolicy.ScalingTargetId",
        "application_autoscaling::ScalableTargetId",
    ),
    ("AWS::CloudFront::Distribution/DefaultCacheBehavior.TargetOriginId", "String"),
    ("AWS::CloudFront::Distribution/Origin.Id", "String"),
    ("AWS::CloudWatch::Alarm.OKActions", "String"),
    ("AWS::CloudWatch::Alarm.InsufficientDataActions", "String"),
    ("AWS::CloudWatch::CompositeAlarm.AlarmActions", "String"),
    ("AWS::CloudWatch::CompositeAlarm.OKActions", "String"),
    ("AWS::EC2::SecurityGroup/Ingress.SourceSecurityGroupName", "String"),
    ("AWS::EC2::SecurityGroupIngress.GroupName", "String"),
    ("AWS::ECR::ReplicationConfiguration/RepositoryFilter.Filter", "String"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer/LoadBalancerAttribute.Value", "String"),
    ("AWS::Route53::HealthCheck/HealthCheckConfig.IPAddress", "String"),
    // Several types may stand here; these are the ones that this library makes.
    ("AWS::EC2::Route.GatewayId", "ec2::InternetGatewayId"),
    ("AWS::ElasticLoadBalancingV2::Listener/Certificate.CertificateArn", "Arn<acm::Certificate>"),
    ("AWS::KMS::Alias.TargetKeyId", "kms::KeyId"),
    // The sources say only that these are text.
    ("AWS::ApplicationAutoScaling::ScalingPolicy/PredefinedMetricSpecification.ResourceLabel", "String"),
    ("AWS::CertificateManager::Certificate/DomainValidationOption.HostedZoneId", "route53::HostedZoneId"),
    ("AWS::CloudFront::Distribution/ViewerCertificate.AcmCertificateArn", "Arn<acm::Certificate>"),
    ("AWS::DocDB::DBCluster.DBSubnetGroupName", "docdb::DbSubnetGroupName"),
    ("AWS::DocDB::DBCluster.MasterUserSecretKmsKeyId", "Arn<kms::Key>"),
    ("AWS::DocDB::DBInstance.DBClusterIdentifier", "docdb::DbClusterId"),
    ("AWS::DocDB::DBSubnetGroup.SubnetIds", "ec2::SubnetId"),
    ("AWS::EC2::NatGateway.SecondaryAllocationIds", "ec2::AllocationId"),
    ("AWS::EC2::NatGateway/AvailabilityZoneAddress.AllocationIds", "ec2::AllocationId"),
    ("AWS::EC2::NetworkAclEntry.NetworkAclId", "ec2::NetworkAclId"),
    ("AWS::EC2::Route.VpcEndpointId", "ec2::VpcEndpointId"),
    ("AWS::EC2::SecurityGroupEgress.DestinationSecurityGroupId", "ec2::SecurityGroupId"),
    ("AWS::EC2::SecurityGroupEgress.GroupId", "ec2::SecurityGroupId"),
    ("AWS::EC2::SecurityGroupIngress.GroupId", "ec2::SecurityGroupId"),
    ("AWS::EC2::SecurityGroupIngress.SourceSecurityGroupId", "ec2::SecurityGroupId"),
    ("AWS::EC2::VPCEndpoint.SecurityGroupIds", "ec2::SecurityGroupId"),
    ("AWS::ECS::Cluster/ManagedStorageConfiguration.FargateEphemeralStorageKmsKeyId", "Arn<kms::Key>"),
    ("AWS::ECS::Service/AdvancedConfiguration.AlternateTargetGroupArn", "Arn<elbv2::TargetGroup>"),
    ("AWS::ECS::Service/AdvancedConfiguration.ProductionListenerRule", "Arn<elbv2::ListenerRule>"),
    ("AWS::ECS::Service/AdvancedConfiguration.TestListenerRule", "Arn<elbv2::ListenerRule>"),
    ("AWS::ECS::TaskDefinition/RepositoryCredentials.CredentialsParameter", "Arn<secretsmanager::Secret>"),
    ("AWS::ECS::TaskDefinition/Secret.ValueFrom", "Arn<secretsmanager::Secret>"),
    ("AWS::EFS::FileSystem/ReplicationDestination.FileSystemId", "efs::FileSystemId"),
    ("AWS::ElastiCache::ReplicationGroup.CacheSubnetGroupName", "elasticache::CacheSubnetGroupName"),
    ("AWS::ElastiCache::ReplicationGroup.NotificationTopicArn", "Arn<sns::Topic>"),
    ("AWS::ElasticLoadBalancingV2::ListenerCertificate.ListenerArn", "Arn<elbv2::Listener>"),
    ("AWS::ElasticLoadBalancingV2::ListenerCertificate/Certificate.CertificateArn", "Arn<acm::Certificate>"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer/SubnetMapping.AllocationId", "ec2::AllocationId"),
    ("AWS::IAM::Policy.Roles", "iam::RoleName"),
    ("AWS::KMS::ReplicaKey.PrimaryKeyArn", "Arn<kms::Key>"),
    ("AWS::Neptune::DBCluster.DBSubnetGroupName", "neptune::DbSubnetGroupName"),
    ("AWS::Neptune::DBInstance.DBClusterIdentifier", "neptune::DbClusterIdentifier"),
    ("AWS::Neptune::DBInstance.DBSubnetGroupName", "neptune::DbSubnetGroupName"),
    ("AWS::Neptune::DBSubnetGroup.SubnetIds", "ec2::SubnetId"),
    ("AWS::Route53::RecordSet.HealthCheckId", "route53::HealthCheckId"),
    ("AWS::Route53::RecordSet.HostedZoneId", "route53::HostedZoneId"),
    ("AWS::Route53::RecordSet/AliasTarget.HostedZoneId", "route53::HostedZoneId"),
    ("AWS::Route53::RecordSetGroup.HostedZoneId", "route53::HostedZoneId"),
    ("AWS::Route53::RecordSetGroup/AliasTarget.HostedZoneId", "route53::HostedZoneId"),
    ("AWS::Route53::RecordSetGroup/RecordSet.HealthCheckId", "route53::HealthCheckId"),
    ("AWS::Route53::RecordSetGroup/RecordSet.HostedZoneId", "route53::HostedZoneId"),
    ("AWS::SecretsManager::RotationSchedule.SecretId", "Arn<secretsmanager::Secret>"),
    (
        "AWS::SecretsManager::RotationSchedule/HostedRotationLambda.MasterSecretArn",
        "Arn<secretsmanager::Secret>",
    ),
    ("AWS::SecretsManager::RotationSchedule/HostedRotationLambda.MasterSecretKmsKeyArn", "Arn<kms::Key>"),
    (
        "AWS::SecretsManager::RotationSchedule/HostedRotationLambda.SuperuserSecretArn",
        "Arn<secretsmanager::Secret>",
    ),
    ("AWS::SecretsManager::RotationSchedule/HostedRotationLambda.SuperuserSecretKmsKeyArn", "Arn<kms::Key>"),
    ("AWS::SNS::TopicPolicy.Topics", "Arn<sns::Topic>"),
    ("AWS::WAFv2::WebACL/IPSetReferenceStatement.Arn", "Arn<wafv2::IpSet>"),
    ("AWS::WAFv2::WebACLAssociation.WebACLArn", "Arn<wafv2::WebAcl>"),
];
