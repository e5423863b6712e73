"""Resource types of which the emulator only keeps a record, and attributes that it leaves out of its own.

Attribute names are CloudFormation's ("Return values" of each type in the CloudFormation resource reference). In the
patterns `{id}` is a random identity, `{name}` the resource's name, `{ref}` what `Ref` gives, `{path}` the same without a
slash at its beginning, `{Property}` a property, and a key with a colon begins an ARN: `{service:resource/}`, or
`{service::resource/}` without a region.
"""

import random

from ministack.core.responses import get_account_id, get_region

# `Ref` gives the name.
NAMED = "{name}"
# The addresses of a cache; nothing answers there.
ENDPOINTS = {
    "Endpoint.Address": "{name}.cache.invalid",
    "Endpoint.Port": "6379",
    "ReaderEndpoint.Address": "{name}.cache.invalid",
    "ReaderEndpoint.Port": "6380",
}

# Of types that the emulator has.
MORE_ATTRIBUTES = {
    "AWS::CertificateManager::Certificate": {"CertificateArn": "{ref}"},
    "AWS::CloudFront::CachePolicy": {"LastModifiedTime": "2026-01-01T00:00:00Z"},
    "AWS::CloudFront::Function": {"Stage": "LIVE"},
    "AWS::CloudFront::OriginRequestPolicy": {"LastModifiedTime": "2026-01-01T00:00:00Z"},
    "AWS::CloudFront::ResponseHeadersPolicy": {"LastModifiedTime": "2026-01-01T00:00:00Z"},
    "AWS::CodeBuild::Project": {"Id": "{ref}"},
    "AWS::DocDB::DBCluster": {"Id": "{ref}"},
    "AWS::DocDB::DBInstance": {"Id": "{ref}"},
    "AWS::EC2::Route": {"CidrBlock": "{DestinationCidrBlock}"},
    "AWS::EC2::SecurityGroup": {"Id": "{ref}"},
    "AWS::EC2::SubnetRouteTableAssociation": {"Id": "{ref}"},
    "AWS::EC2::VPCEndpoint": {"CreationTimestamp": "2026-01-01T00:00:00Z"},
    "AWS::EC2::VPCGatewayAttachment": {"AttachmentType": "IGW"},
    "AWS::ECS::TaskDefinition": {"TaskDefinitionArn": "{ref}"},
    "AWS::EFS::MountTarget": {"Id": "{ref}"},
    "AWS::ElasticLoadBalancingV2::ListenerRule": {"IsDefault": "false"},
    "AWS::ElastiCache::ReplicationGroup": {
        "ConfigurationEndPoint.Address": "{ref}.cache.invalid",
        "ConfigurationEndPoint.Port": "6379",
        "EffectiveDurability": "default",
    },
    "AWS::Events::Rule": {"RuleName": "{ref}"},
    "AWS::IAM::ManagedPolicy": {
        "AttachmentCount": "0",
        "CreateDate": "2026-01-01T00:00:00Z",
        "DefaultVersionId": "v1",
        "IsAttachable": "true",
        "PermissionsBoundaryUsageCount": "0",
        "UpdateDate": "2026-01-01T00:00:00Z",
    },
    "AWS::S3::Bucket": {"DualStackDomainName": "{ref}.s3.dualstack.{region}.amazonaws.com"},
    "AWS::SSM::Parameter": {"Arn": "{ssm:parameter/}{path}"},
}

# Of types that it lacks: what `Ref` gives, and the attributes.
RECORDS = {
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        "{ResourceId}|{ScalableDimension}|{ServiceNamespace}",
        {"Id": "{ref}"},
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (
        "{autoscaling:scalingPolicy:}{id}:policyName/{PolicyName}",
        {"Arn": "{ref}"},
    ),
    "AWS::Backup::BackupSelection": (
        "{id}|{BackupPlanId}",
        {"SelectionId": "{id}", "BackupPlanId": "{BackupPlanId}", "Id": "{ref}"},
    ),
    "AWS::Budgets::Budget": (
        NAMED,
        {"Id": "{ref}"},
    ),
    "AWS::CE::AnomalyMonitor": ("{ce:anomalymonitor/}{id}", {"MonitorArn": "{ref}"}),
    "AWS::CE::AnomalySubscription": ("{ce:anomalysubscription/}{id}", {"SubscriptionArn": "{ref}"}),
    "AWS::CloudFront::KeyGroup": ("{id}", {"Id": "{ref}"}),
    "AWS::CloudFront::PublicKey": ("{id}", {"Id": "{ref}"}),
    "AWS::CloudTrail::Trail": (NAMED, {"Arn": "{cloudtrail:trail/}{name}"}),
    "AWS::CloudWatch::AnomalyDetector": ("{id}", {"Id": "{ref}"}),
    "AWS::CloudWatch::CompositeAlarm": (NAMED, {"Arn": "{cloudwatch:alarm:}{name}"}),
    "AWS::CloudWatch::MetricStream": (NAMED, {"Arn": "{cloudwatch:metric-stream/}{name}", "State": "running"}),
    "AWS::CodeConnections::Connection": (
        "{codeconnections:connection/}{id}",
        {"ConnectionArn": "{ref}", "ConnectionStatus": "PENDING", "OwnerAccountId": "{account}"},
    ),
    "AWS::CodePipeline::Pipeline": (
        NAMED,
        {"Version": "1", "Arn": "{codepipeline:}{name}"},
    ),
    "AWS::CodePipeline::Webhook": ("{codepipeline:webhook:}{name}", {"Url": "https://webhooks.invalid/{id}"}),
    "AWS::CodeStarConnections::Connection": (
        "{codestar-connections:connection/}{id}",
        {"ConnectionArn": "{ref}", "ConnectionStatus": "PENDING"},
    ),
    "AWS::Config::ConfigRule": (NAMED, {"Arn": "{config:config-rule/}{id}", "ConfigRuleId": "{id}"}),
    "AWS::EC2::EgressOnlyInternetGateway": ("eigw-{id}", {"Id": "{ref}"}),
    "AWS::EC2::NetworkAclEntry": ("{id}", {"Id": "{ref}"}),
    "AWS::EC2::PrefixList": ("pl-{id}", {"PrefixListId": "{ref}", "Arn": "{ec2:prefix-list/}pl-{id}"}),
    "AWS::EC2::SubnetNetworkAclAssociation": ("aclassoc-{id}", {"AssociationId": "{ref}"}),
    "AWS::EC2::VPCCidrBlock": ("vpc-cidr-assoc-{id}", {"Id": "{ref}"}),
    "AWS::ECR::PullThroughCacheRule": ("{EcrRepositoryPrefix}", {}),
    "AWS::ECR::RegistryPolicy": ("{account}", {"RegistryId": "{account}"}),
    "AWS::ECR::RegistryScanningConfiguration": ("{account}", {"RegistryId": "{account}"}),
    "AWS::ECR::ReplicationConfiguration": ("{account}", {"RegistryId": "{account}"}),
    "AWS::ECS::CapacityProvider": (NAMED, {}),
    "AWS::ElastiCache::ServerlessCache": (
        NAMED,
        {
            "ARN": "{elasticache:serverlesscache:}{name}",
            "CreateTime": "2026-01-01T00:00:00Z",
            "FullEngineVersion": "8.0",
            "Status": "available",
            **ENDPOINTS,
        },
    ),
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": ("{id}", {"Id": "{ref}"}),
    "AWS::GuardDuty::Detector": ("{id}", {"Id": "{ref}"}),
    "AWS::IAM::Group": (NAMED, {"Arn": "{iam::group/}{name}"}),
    "AWS::IAM::OIDCProvider": ("{iam::oidc-provider/}{id}", {"Arn": "{ref}"}),
    "AWS::IAM::ServiceLinkedRole": ("AWSServiceRole-{id}", {"RoleName": "{ref}"}),
    "AWS::KMS::ReplicaKey": (
        "mrk-{id}",
        {"KeyId": "{ref}", "Arn": "{kms:key/}mrk-{id}"},
    ),
    "AWS::Logs::AccountPolicy": ("{account}|{PolicyType}|{PolicyName}", {"AccountId": "{account}"}),
    "AWS::Logs::Delivery": ("{id}", {"DeliveryId": "{id}", "Arn": "{logs:delivery:}{id}"}),
    "AWS::Logs::DeliveryDestination": (NAMED, {"Arn": "{logs:delivery-destination:}{name}"}),
    "AWS::Logs::DeliverySource": (NAMED, {"Arn": "{logs:delivery-source:}{name}"}),
    "AWS::Logs::QueryDefinition": ("{id}", {"QueryDefinitionId": "{ref}"}),
    "AWS::Neptune::DBCluster": (
        NAMED,
        {
            "ClusterResourceId": "cluster-{id}",
            "Port": "8182",
            "Endpoint": "{name}.cluster.invalid",
            "ReadEndpoint": "{name}.cluster-ro.invalid",
        },
    ),
    "AWS::Neptune::DBClusterParameterGroup": (NAMED, {}),
    "AWS::Neptune::DBInstance": (
        NAMED,
        {"Port": "8182", "Endpoint": "{name}.invalid"},
    ),
    "AWS::Neptune::DBParameterGroup": (
        NAMED,
        {},
    ),
    "AWS::Neptune::DBSubnetGroup": (
        NAMED,
        {},
    ),
    "AWS::Route53::HealthCheck": ("{id}", {"HealthCheckId": "{ref}"}),
    "AWS::Route53::RecordSetGroup": ("{id}", {"Id": "{ref}"}),
    "AWS::SecretsManager::RotationSchedule": ("{SecretId}", {"Id": "{ref}"}),
    "AWS::SSM::Document": (NAMED, {}),
    "AWS::Synthetics::Canary": (NAMED, {"Id": "{id}", "State": "READY"}),
    "AWS::WAFv2::IPSet": ("{name}|{id}|{Scope}", {"Arn": "{wafv2:regional/ipset/}{name}/{id}", "Id": "{id}"}),
    "AWS::WAFv2::LoggingConfiguration": ("{ResourceArn}", {"ManagedByFirewallManager": "false"}),
    "AWS::WAFv2::RegexPatternSet": (
        "{name}|{id}|{Scope}",
        {"Arn": "{wafv2:regional/regexpatternset/}{name}/{id}", "Id": "{id}"},
    ),
    "AWS::WAFv2::RuleGroup": ("{name}|{id}|{Scope}", {"Arn": "{wafv2:regional/rulegroup/}{name}/{id}", "Id": "{id}"}),
    "AWS::XRay::Group": ("{xray:group/}{name}", {"GroupARN": "{ref}"}),
    "AWS::XRay::SamplingRule": ("{xray:sampling-rule/}{name}", {"RuleARN": "{ref}"}),
}
# The property that names a resource, where it is not simply `<LastPartOfType>Name` or `<LastPartOfType>Identifier`.
NAME_PROPERTIES = ("AlarmName", "Name", "TrailName")
# What a record's `{id}` was, by what `Ref` gave; an update keeps it.
IDENTITIES = {}


def new_identity():
    return "".join(random.choices("0123456789abcdef", k=17))


def name_of(resource_type, logical_id, given, stack_name):
    own = resource_type.rsplit(":", 1)[1]
    for key in (own + "Name", own + "Identifier", *NAME_PROPERTIES):
        if key in given:
            return given[key]
    return given.get("Budget", {}).get("BudgetName") or f"{stack_name}-{logical_id}"


def beginning_of_arn(key):
    service, resource = key.split(":", 1)
    region = get_region()
    if resource.startswith(":"):
        region, resource = "", resource[1:]
    return f"arn:aws:{service}:{region}:{get_account_id()}:{resource}"


def filled(pattern, values):
    """Replaces each `{key}`; the values themselves are taken as they are."""
    parts = []
    while "{" in pattern:
        before, rest = pattern.split("{", 1)
        key, pattern = rest.split("}", 1)
        parts += [before, beginning_of_arn(key) if ":" in key else str(values.get(key, ""))]
    return "".join(parts) + pattern


def attributes_by(patterns):
    """The attributes of a resource that the emulator made."""

    def attributes(ref, given):
        values = {**given, "ref": ref, "path": ref.lstrip("/"), "region": get_region(), "account": get_account_id()}
        return {key: filled(pattern, values) for key, pattern in patterns.items()}

    return attributes


def handlers(resource_type, ref, patterns):
    """How to create, delete and update a record."""

    def describe(identity, logical_id, given, stack_name):
        name = name_of(resource_type, logical_id, given, stack_name)
        values = {**given, "id": identity, "name": name, "account": get_account_id()}
        values["ref"] = filled(ref, values)
        IDENTITIES[values["ref"]] = identity
        return values["ref"], {key: filled(pattern, values) for key, pattern in patterns.items()}

    def create(logical_id, given, stack_name):
        return describe(new_identity(), logical_id, given, stack_name)

    def update(physical_id, old, new, stack_name, logical_id=None):
        return describe(IDENTITIES.get(physical_id, new_identity()), logical_id, new, stack_name)

    def delete(physical_id, given):
        IDENTITIES.pop(physical_id, None)

    return create, delete, update
