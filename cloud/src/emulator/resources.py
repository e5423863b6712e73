"""Resource types that ministack lacks, and attributes that it leaves out.

Two kinds: those that other services of the emulator show afterwards (an EIP, a NAT gateway, a rule of a security
group), and mere records, which only have an identity and attributes. Attribute names are CloudFormation's
("Return values" of each type in the CloudFormation resource reference).
"""

import random

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, ecs, iam, secretsmanager, waf
from ministack.services.cloudformation import provisioners

HANDLERS = provisioners._RESOURCE_HANDLERS


def new_id(prefix):
    return prefix + "".join(random.choices("0123456789abcdef", k=17))


def arn(service, resource, region=None):
    region = get_region() if region is None else region
    return f"arn:aws:{service}:{region}:{get_account_id()}:{resource}"


def add(resource_type, create, delete=None, update=None):
    """Registers a type, unless the emulator has it. Without `update` a change replaces the resource."""

    def replace(physical_id, old, new, stack_name, logical_id=None):
        if delete:
            delete(physical_id, old)
        return create(logical_id, new, stack_name)

    HANDLERS.setdefault(
        resource_type,
        {
            "create": create,
            "delete": delete or (lambda physical_id, properties: None),
            "update": update or replace,
            "update_with_logical_id": True,
        },
    )


def extend(resource_type, attributes=None, properties=None):
    """Adds or corrects attributes of, and corrects properties given to, a type that the emulator has."""
    handler = HANDLERS[resource_type]
    create, update = handler["create"], handler.get("update")
    correct = properties or (lambda given: given)

    def with_more(result, given):
        physical_id, known = result
        more = attributes(physical_id, given) if attributes else {}
        return physical_id, {**known, **more}

    def extended_create(logical_id, given, stack_name):
        given = correct(given)
        return with_more(create(logical_id, given, stack_name), given)

    def extended_update(physical_id, old, new, *rest):
        old, new = correct(old), correct(new)
        return with_more(update(physical_id, old, new, *rest), new)

    handler["create"] = extended_create
    if update:
        handler["update"] = extended_update


# Network.


def vpc_attributes(vpc_id, given):
    return {
        "CidrBlock": given.get("CidrBlock", ""),
        "CidrBlockAssociations": [vpc_id.replace("vpc-", "vpc-cidr-assoc-")],
        "Ipv6CidrBlocks": [],
        "DefaultSecurityGroup": ec2._vpcs[vpc_id]["DefaultSecurityGroupId"],
        "DefaultNetworkAcl": ec2._vpcs[vpc_id]["DefaultNetworkAclId"],
        "VpcId": vpc_id,
    }


def subnet_attributes(subnet_id, given):
    return {
        "CidrBlock": given.get("CidrBlock", ""),
        "VpcId": given.get("VpcId", ""),
        "NetworkAclAssociationId": subnet_id.replace("subnet-", "aclassoc-"),
        "Ipv6CidrBlocks": [],
    }


def eip_create(logical_id, given, stack_name):
    allocation, address = new_id("eipalloc-"), "52." + ".".join(str(random.randint(1, 250)) for _ in range(3))
    ec2._addresses[allocation] = {
        "AllocationId": allocation,
        "PublicIp": address,
        "Domain": given.get("Domain", "vpc"),
        "AssociationId": None,
        "InstanceId": None,
        "NetworkInterfaceId": None,
        "PrivateIpAddress": None,
    }
    provisioners._ec2_apply_tags(allocation, given)
    return address, {"AllocationId": allocation, "PublicIp": address}


def eip_update(address, old, new, stack_name, logical_id=None):
    for allocation, record in ec2._addresses.items():
        if record["PublicIp"] == address:
            provisioners._ec2_apply_tags(allocation, new, old)
            return address, {"AllocationId": allocation, "PublicIp": address}
    return eip_create(logical_id, new, stack_name)


def eip_delete(address, given):
    for allocation in [key for key, record in ec2._addresses.items() if record["PublicIp"] == address]:
        del ec2._addresses[allocation]
        ec2._tags.pop(allocation, None)


def nat_create(logical_id, given, stack_name):
    subnet = ec2._subnets.get(given["SubnetId"])
    if subnet is None:
        raise ValueError(f"The subnet ID '{given['SubnetId']}' does not exist")
    gateway = new_id("nat-")
    ec2._nat_gateways[gateway] = {
        "NatGatewayId": gateway,
        "SubnetId": given["SubnetId"],
        "VpcId": subnet["VpcId"],
        "AllocationId": given.get("AllocationId"),
        "ConnectivityType": given.get("ConnectivityType", "public"),
        "State": "available",
        "CreateTime": ec2._now_ts(),
        "Tags": given.get("Tags", []),
    }
    provisioners._ec2_apply_tags(gateway, given)
    return gateway, {"NatGatewayId": gateway}


def nat_update(gateway, old, new, stack_name, logical_id=None):
    provisioners._ec2_apply_tags(gateway, new, old)
    return gateway, {"NatGatewayId": gateway}


def rule_create(direction):
    def create(logical_id, given, stack_name):
        group = ec2._security_groups.get(given["GroupId"])
        if group is None:
            raise ValueError(f"The security group '{given['GroupId']}' does not exist")
        (rule,) = provisioners._ec2_sg_permissions([given])
        group.setdefault(direction, []).append(rule)
        identity = new_id("sgr-")
        return identity, {"Id": identity}

    return create


def rule_delete(direction):
    def delete(identity, given):
        group = ec2._security_groups.get(given.get("GroupId"))
        (rule,) = provisioners._ec2_sg_permissions([given])
        if group and rule in group.get(direction, []):
            group[direction].remove(rule)

    return delete


def flow_log_create(logical_id, given, stack_name):
    identity = new_id("fl-")
    ec2._flow_logs[identity] = {
        "FlowLogId": identity,
        "ResourceId": given["ResourceId"],
        "ResourceType": given["ResourceType"],
        "TrafficType": given.get("TrafficType", "ALL"),
        "LogDestinationType": given.get("LogDestinationType", "cloud-watch-logs"),
        "LogDestination": given.get("LogGroupName") or given.get("LogDestination"),
        "FlowLogStatus": "ACTIVE",
        "CreationTime": ec2._now_ts(),
    }
    return identity, {"Id": identity}


def network_acl_create(logical_id, given, stack_name):
    identity = new_id("acl-")
    ec2._network_acls[identity] = {
        "NetworkAclId": identity,
        "VpcId": given["VpcId"],
        "IsDefault": False,
        "Entries": [],
        "Associations": [],
        "Tags": [],
        "OwnerId": get_account_id(),
    }
    provisioners._ec2_apply_tags(identity, given)
    return identity, {"Id": identity}


def register_network():
    extend("AWS::EC2::VPC", vpc_attributes)
    extend("AWS::EC2::Subnet", subnet_attributes)
    extend("AWS::EC2::SecurityGroup", lambda group, given: {"Id": group})
    extend("AWS::EC2::SubnetRouteTableAssociation", lambda association, given: {"Id": association})
    add("AWS::EC2::EIP", eip_create, eip_delete, eip_update)
    add("AWS::EC2::NatGateway", nat_create, lambda gateway, _: ec2._nat_gateways.pop(gateway, None), nat_update)
    for kind, direction in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
        add(f"AWS::EC2::SecurityGroup{kind}", rule_create(direction), rule_delete(direction))
    add("AWS::EC2::FlowLog", flow_log_create, lambda identity, _: ec2._flow_logs.pop(identity, None))
    add("AWS::EC2::NetworkAcl", network_acl_create, lambda identity, _: ec2._network_acls.pop(identity, None))


# Containers, permissions, secrets, web ACLs.


def secret_name(secret):
    """`Ref` of a secret is its ARN; ministack calls it by its name, which the ARN ends with, and six characters."""
    return secret.split(":secret:", 1)[1][:-7] if secret.startswith("arn:") else secret


def refer_to_secrets_by_arn():
    handler = HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def by_arn(result):
        _, attributes = result
        return attributes["Arn"], attributes

    handler["create"] = lambda *given: by_arn(create(*given))
    handler["update"] = lambda secret, *given: by_arn(update(secret_name(secret), *given))
    handler["delete"] = lambda secret, given: delete(secret_name(secret), given)


def whole_number_of_tasks(given):
    """ECS wants a number; a template's parameter brings a text."""
    return {**given, "DesiredCount": int(given["DesiredCount"])} if "DesiredCount" in given else given


def providers_create(logical_id, given, stack_name):
    cluster = ecs._clusters.get(given["Cluster"].rsplit("/", 1)[-1])
    if cluster is None:
        raise ValueError(f"Cluster not found: {given['Cluster']}")
    strategy = given.get("DefaultCapacityProviderStrategy", [])
    cluster["capacityProviders"] = given.get("CapacityProviders", [])
    cluster["defaultCapacityProviderStrategy"] = [
        {key[0].lower() + key[1:]: value for key, value in item.items()} for item in strategy
    ]
    return given["Cluster"], {}


def role_policy_create(logical_id, given, stack_name):
    role = iam._roles.get(given["RoleName"])
    if role is None:
        raise ValueError(f"The role with name {given['RoleName']} cannot be found.")
    role.setdefault("InlinePolicies", {})[given["PolicyName"]] = given.get("PolicyDocument", {})
    return f"{given['PolicyName']}|{given['RoleName']}", {}


def role_policy_delete(identity, given):
    role = iam._roles.get(given.get("RoleName"))
    if role:
        role.get("InlinePolicies", {}).pop(given.get("PolicyName"), None)


def secret_policy_create(logical_id, given, stack_name):
    secretsmanager._resource_policies[given["SecretId"]] = given.get("ResourcePolicy", {})
    return given["SecretId"], {"Id": given["SecretId"]}


def web_acl_association_create(logical_id, given, stack_name):
    waf._associations[given["ResourceArn"]] = given["WebACLArn"]
    return f"{given['ResourceArn']}|{given['WebACLArn']}", {}


def web_acl_attributes(web_acl, given):
    name = web_acl.split("|", 1)[0]
    return {"Capacity": "1", "LabelNamespace": f"awswaf:{get_account_id()}:webacl:{name}:"}


def bucket_attributes(bucket, given):
    return {"DualStackDomainName": f"{bucket}.s3.dualstack.{get_region()}.amazonaws.com"}


def register_services():
    refer_to_secrets_by_arn()
    extend("AWS::CloudFront::Function", lambda function, given: {"Stage": "LIVE"})
    extend("AWS::EFS::MountTarget", lambda target, given: {"Id": target})
    extend("AWS::ElasticLoadBalancingV2::ListenerRule", lambda rule, given: {"IsDefault": "false"})
    extend("AWS::ElasticLoadBalancingV2::TargetGroup", lambda group, given: {"LoadBalancerArns": []})
    extend("AWS::S3::Bucket", bucket_attributes)
    extend("AWS::WAFv2::WebACL", web_acl_attributes)
    extend("AWS::ECS::Service", properties=whole_number_of_tasks)
    extend("AWS::ECS::TaskDefinition", lambda definition, given: {"TaskDefinitionArn": definition})
    add("AWS::ECS::ClusterCapacityProviderAssociations", providers_create)
    add("AWS::IAM::RolePolicy", role_policy_create, role_policy_delete)
    add(
        "AWS::SecretsManager::ResourcePolicy",
        secret_policy_create,
        lambda secret, _: secretsmanager._resource_policies.pop(secret, None),
    )
    add(
        "AWS::WAFv2::WebACLAssociation",
        web_acl_association_create,
        lambda _, given: waf._associations.pop(given.get("ResourceArn"), None),
    )


# Mere records: type, what `Ref` gives, attributes. In the texts `{id}` is a random identity and `{Name}` a property.

NAMED = "{name}"
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
    "AWS::Budgets::Budget": (NAMED, {}),
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
        {"ConnectionArn": "{ref}", "ConnectionStatus": "PENDING"},
    ),
    "AWS::CodePipeline::Pipeline": (NAMED, {"Version": "1"}),
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
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": ("{id}", {"Id": "{ref}"}),
    "AWS::GuardDuty::Detector": ("{id}", {"Id": "{ref}"}),
    "AWS::IAM::Group": (NAMED, {"Arn": "{iam::group/}{name}"}),
    "AWS::IAM::OIDCProvider": ("{iam::oidc-provider/}{id}", {"Arn": "{ref}"}),
    "AWS::IAM::ServiceLinkedRole": ("AWSServiceRole-{id}", {"RoleName": "{ref}"}),
    "AWS::Logs::AccountPolicy": ("{account}|{PolicyType}|{PolicyName}", {"AccountId": "{account}"}),
    "AWS::Logs::Delivery": ("{id}", {"DeliveryId": "{id}", "Arn": "{logs:delivery:}{id}"}),
    "AWS::Logs::DeliveryDestination": (NAMED, {"Arn": "{logs:delivery-destination:}{name}"}),
    "AWS::Logs::DeliverySource": (NAMED, {"Arn": "{logs:delivery-source:}{name}"}),
    "AWS::Logs::QueryDefinition": ("{id}", {"QueryDefinitionId": "{ref}"}),
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
# The property that names a resource, where it is not simply `<LastPartOfType>Name`.
NAME_PROPERTIES = {"Name", "TrailName", "AlarmName"}


def record_name(resource_type, logical_id, given, stack_name):
    own = resource_type.rsplit(":", 1)[1] + "Name"
    for key in (own, *sorted(NAME_PROPERTIES)):
        if key in given:
            return given[key]
    return given.get("Budget", {}).get("BudgetName") or f"{stack_name}-{logical_id}"


def filled(pattern, values):
    """Replaces `{key}`; a key with a colon stands for the beginning of an ARN, `{service:resource/}`."""
    text = pattern
    while "{" in text:
        before, rest = text.split("{", 1)
        key, after = rest.split("}", 1)
        if ":" in key:
            service, resource = key.split(":", 1)
            value = arn(service, resource[1:], "") if resource.startswith(":") else arn(service, resource)
        else:
            value = str(values.get(key, ""))
        text = before + value + after
    return text


def register_record(resource_type, ref, attributes):
    def describe(identity, logical_id, given, stack_name):
        name = record_name(resource_type, logical_id, given, stack_name)
        values = {**given, "id": identity, "name": name, "account": get_account_id()}
        values["ref"] = filled(ref, values)
        known = {key: filled(pattern, values) for key, pattern in attributes.items()}
        IDENTITIES[values["ref"]] = identity
        return values["ref"], known

    def create(logical_id, given, stack_name):
        return describe(new_id(""), logical_id, given, stack_name)

    def update(physical_id, old, new, stack_name, logical_id=None):
        return describe(IDENTITIES.get(physical_id, new_id("")), logical_id, new, stack_name)

    add(resource_type, create, lambda physical_id, _: IDENTITIES.pop(physical_id, None), update)


# What a record's `{id}` was, by what `Ref` gave; an update keeps it.
IDENTITIES = {}


def register():
    register_network()
    register_services()
    for resource_type, (ref, attributes) in RECORDS.items():
        register_record(resource_type, ref, attributes)
