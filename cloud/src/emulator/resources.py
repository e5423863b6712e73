"""Resource types that ministack lacks, and attributes that it leaves out.

Here are those that other services of the emulator show afterwards (an EIP, a NAT gateway, a rule of a security group);
mere records, which only have an identity and attributes, are in records.py.
"""

import random

import records
from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, ecs, iam, secretsmanager, waf
from ministack.services.cloudformation import drift, provisioners

HANDLERS = provisioners._RESOURCE_HANDLERS


def new_id(prefix):
    return prefix + "".join(random.choices("0123456789abcdef", k=17))


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


def extend(resource_type, attributes=None, properties=None, ref=None):
    """Corrects a type that the emulator has: adds attributes, changes the properties it is given, or what `Ref` gives."""
    handler = HANDLERS[resource_type]
    create, update = handler["create"], handler.get("update")
    correct = properties or (lambda given: given)

    def with_more(result, given):
        physical_id, known = result
        more = attributes(physical_id, given) if attributes else {}
        return ref(given) if ref else physical_id, {**known, **more}

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
        "AvailabilityZoneId": ec2._subnets[subnet_id]["AvailabilityZoneId"],
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


def nat_attributes(gateway):
    return {"NatGatewayId": gateway, "EniId": gateway.replace("nat-", "eni-")}


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
    return gateway, nat_attributes(gateway)


def nat_update(gateway, old, new, stack_name, logical_id=None):
    provisioners._ec2_apply_tags(gateway, new, old)
    return gateway, nat_attributes(gateway)


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


def tags_update(identity, old, new, stack_name, logical_id=None):
    """What can be changed without replacing the resource is its tags."""
    provisioners._ec2_apply_tags(identity, new, old)
    return identity, {"Id": identity}


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
    add("AWS::EC2::EIP", eip_create, eip_delete, eip_update)
    add("AWS::EC2::NatGateway", nat_create, lambda gateway, _: ec2._nat_gateways.pop(gateway, None), nat_update)
    for kind, direction in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
        add(f"AWS::EC2::SecurityGroup{kind}", rule_create(direction), rule_delete(direction))
    add("AWS::EC2::FlowLog", flow_log_create, lambda identity, _: ec2._flow_logs.pop(identity, None), tags_update)
    add("AWS::EC2::NetworkAcl", network_acl_create, lambda identity, _: ec2._network_acls.pop(identity, None), tags_update)


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


def secrets_in_words_of_ecs(given):
    """ECS has other capitals than CloudFormation; ministack forgets those within a container's secrets."""

    def corrected(container):
        secrets = [{key[0].lower() + key[1:]: value for key, value in item.items()} for item in container["Secrets"]]
        return {**container, "Secrets": secrets}

    containers = given.get("ContainerDefinitions", [])
    return {**given, "ContainerDefinitions": [corrected(one) if "Secrets" in one else one for one in containers]}


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


def one_metric(given):
    """The emulator knows alarms on one metric; of an expression it keeps the first metric that is part of it."""
    queries = given.get("Metrics") or []
    metric = next((query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query), None)
    if metric is None:
        return given
    rest = {key: value for key, value in given.items() if key != "Metrics"}
    return {"Threshold": 0, **rest, **metric}


# The hosted zones of load balancers' names, where it is not that of us-east-1, which the emulator gives everywhere.
# Source: "Elastic Load Balancing endpoints and quotas" in the AWS General Reference.
LOAD_BALANCER_ZONES = {
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-west-1": "Z32O12XQLNTSW2",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
}


def load_balancer_attributes(load_balancer, given):
    zone = LOAD_BALANCER_ZONES.get(get_region())
    return {"CanonicalHostedZoneID": zone} if zone else {}


# Drift: what the emulator does not read, or looks for by another name than the one it knows.


def secret_as_it_is(arn, given):
    name, _ = secretsmanager._resolve(arn)
    return drift._read_secret(name, given) if name else None


def service_as_it_is(arn, given):
    for service in ecs._services.values():
        if service["serviceArn"] == arn and service["status"] != "INACTIVE":
            return {"DesiredCount": service["desiredCount"]}
    return None


def register_drift():
    _, of_secrets = drift._DRIFT_READERS["AWS::SecretsManager::Secret"]
    drift._DRIFT_READERS["AWS::SecretsManager::Secret"] = secret_as_it_is, of_secrets
    drift._DRIFT_READERS.setdefault("AWS::ECS::Service", (service_as_it_is, frozenset({"DesiredCount"})))


def register_services():
    refer_to_secrets_by_arn()
    extend("AWS::S3::BucketPolicy", ref=lambda given: given["Bucket"])
    extend("AWS::ElasticLoadBalancingV2::LoadBalancer", load_balancer_attributes)
    extend("AWS::ElasticLoadBalancingV2::TargetGroup", lambda group, given: {"LoadBalancerArns": []})
    extend("AWS::WAFv2::WebACL", web_acl_attributes)
    extend("AWS::ECS::TaskDefinition", properties=secrets_in_words_of_ecs)
    extend("AWS::ECS::Service", properties=whole_number_of_tasks)
    extend("AWS::CloudWatch::Alarm", properties=one_metric)
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


def register():
    register_network()
    register_services()
    register_drift()
    for resource_type, patterns in records.MORE_ATTRIBUTES.items():
        extend(resource_type, records.attributes_by(patterns))
    for resource_type, (ref, patterns) in records.RECORDS.items():
        add(resource_type, *records.handlers(resource_type, ref, patterns))
