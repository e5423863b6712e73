//! Why resources fail, by CloudFormation's reason. The more special rows come before the more general.

use super::explain::Known;

const TROUBLE: &str = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html";
const BREAKER: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html";
const ALARMS: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html";
const EXPORTS: &str =
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html";
const CERTIFICATE: &str =
    "https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-DNS-validation.html";
const INTERFACES: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html";

const SERVICE: &str =
    "aws ecs describe-services --cluster {cluster} --services {service} --query 'services[].events[:10]'";

/// All rows, in the order in which they are asked.
pub(crate) const TABLE: &[Known] = &[
    Known {
        id: "hook",
        any: &[&["hook(s) failed"], &["hook failed with message"], &["hook failed"]],
        cause: "a rule of this account (a CloudFormation hook) forbids the resource as it is",
        advice: "change the resource as the rule wants, or ask whoever owns the rule",
        command: "aws cloudformation list-hook-results",
        source: "https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/hooks-view-invocations.html",
    },
    Known {
        id: "circuit-breaker",
        any: &[&["circuit breaker"]],
        cause: "the new tasks kept failing, so ECS gave the deployment up",
        advice: "the tasks that stopped say why",
        command: SERVICE,
        source: BREAKER,
    },
    Known {
        id: "deployment-alarm",
        any: &[&["alarm", "deployment failed"], &["alarm detected"], &["alarm state"]],
        cause: "an alarm of the deployment went off: the new tasks use too much CPU or memory, or answer with errors",
        advice: "look at the alarm; give the task more CPU or memory, or let the service scale",
        command: "aws cloudwatch describe-alarms --state-value ALARM",
        source: ALARMS,
    },
    Known {
        id: "service-linked-role",
        any: &[&["service linked role"], &["service-linked role"]],
        cause: "the account has not the role with which the service acts in it",
        advice: "create it once, then run the same command again",
        command: "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html",
    },
    Known {
        id: "target-group-unattached",
        any: &[&["does not have an associated load balancer"]],
        cause: "the service was made before a listener forwards to its target group",
        advice: "let the service depend on the listener",
        command: "docuthinker validate",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshoot-service-load-balancers.html",
    },
    Known {
        id: "access-denied",
        any: &[
            &["not authorized to perform"],
            &["accessdenied"],
            &["access denied"],
            &["unauthorizedoperation"],
            &["not authorized"],
        ],
        cause: "whoever deploys lacks the permission {action} on {resource}",
        advice: "ask for it; this command lists everything that the stack needs",
        command: "docuthinker iam-policy",
        source: TROUBLE,
    },
    Known {
        id: "secret-being-deleted",
        any: &[&["already scheduled for deletion"], &["scheduled for deletion", "secret"]],
        cause: "a secret of this name was deleted lately and keeps the name until its recovery window ends",
        advice: "bring it back and import it, or delete it for good",
        command: "aws secretsmanager restore-secret --secret-id {physical}",
        source: "https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_restore-secret.html",
    },
    Known {
        id: "name-taken",
        any: &[
            &["already exists"],
            &["alreadyexists"],
            &["alreadyowned"],
            &["already in use by"],
            &["duplicate", "name"],
        ],
        cause: "something of this name exists already; perhaps an earlier stack retained it",
        advice: "give the resource another name, delete the one that exists, or import it into the stack \
                 (`aws cloudformation create-change-set --import-existing-resources`)",
        command: "aws cloudformation describe-stack-resources --physical-resource-id {physical}",
        source: TROUBLE,
    },
    Known {
        id: "export-in-use",
        any: &[
            &["export", "cannot be deleted as it is in use"],
            &["export", "cannot be updated as it is in use"],
            &["cannot delete export"],
            &["cannot update export"],
        ],
        cause: "another stack imports the value {export}",
        advice: "deploy the importing stacks without it first",
        command: "aws cloudformation list-imports --export-name {export}",
        source: EXPORTS,
    },
    Known {
        id: "export-missing",
        any: &[&["no export named"]],
        cause: "the stack that exports this value is not deployed here, or no longer exports it",
        advice: "deploy that stack first",
        command: "aws cloudformation list-exports",
        source: EXPORTS,
    },
    Known {
        id: "certificate",
        any: &[
            &["certificate", "validation"],
            &["certificatenotfound"],
            &["unsupportedcertificate"],
            &["certificate", "not valid"],
            &["certificate", "fully-qualified"],
            &["caa error"],
        ],
        cause: "the certificate is not issued: its DNS record is missing, or it is in another region",
        advice: "set the CNAME that it asks for in the domain's zone, and use one of the load balancer's region",
        command: "aws acm describe-certificate --certificate-arn {physical} --query \
                  'Certificate.DomainValidationOptions'",
        source: CERTIFICATE,
    },
    Known {
        id: "bucket-not-empty",
        any: &[&["bucket", "not empty"], &["bucketnotempty"]],
        cause: "the bucket still holds objects, and S3 deletes only empty ones",
        advice: "empty it with its old versions, or keep it: `docuthinker destroy --stack-name {stack} --retain {id}`",
        command: "aws s3 rm s3://{physical} --recursive",
        source: TROUBLE,
    },
    Known {
        id: "repository-not-empty",
        any: &[
            &["repository", "contains images"],
            &["repositorynotempty"],
            &["repository", "cannot be deleted"],
        ],
        cause: "the repository still holds images",
        advice: "delete it with them, or keep it: `docuthinker destroy --stack-name {stack} --retain {id}`",
        command: "aws ecr delete-repository --force --repository-name {physical}",
        source: TROUBLE,
    },
    Known {
        id: "deletion-protected",
        any: &[&["deletion protection"], &["deletionprotection"], &["deletion_protection"]],
        cause: "the resource is protected from deletion",
        advice: "switch the protection off in the settings and deploy, then delete it",
        command: "docuthinker diff {stack}",
        source: TROUBLE,
    },
    Known {
        id: "in-use",
        any: &[
            &["dependencyviolation"],
            &["has a dependent object"],
            &["has dependencies and cannot be deleted"],
            &["network interface", "in use"],
            &["currently in use"],
            &["resource is in use"],
            &["resourceinuse"],
            &["mapped public address"],
        ],
        cause: "something else still uses the resource, often a network interface of a task or a load balancer",
        advice: "find its user and delete that first; interfaces of stopped tasks go by themselves after some minutes",
        command: "aws ec2 describe-network-interfaces --filters Name=group-id,Values={physical}",
        source: INTERFACES,
    },
    Known {
        id: "no-capacity",
        any: &[&["capacity is unavailable"], &["insufficient capacity"], &["insufficientinstancecapacity"]],
        cause: "AWS has no capacity of this kind in this zone now",
        advice: "use more zones, or FARGATE instead of FARGATE_SPOT, or try again later",
        command: SERVICE,
        source: TROUBLE,
    },
    Known {
        id: "throttled",
        any: &[&["rate exceeded"], &["throttling"], &["too many requests"], &["toomanyrequests"]],
        cause: "AWS got too many requests at once from this account",
        advice: "run the same command again, with fewer stacks at a time",
        command: "docuthinker deploy {stack}",
        source: TROUBLE,
    },
    Known {
        id: "limit",
        any: &[
            &["limitexceeded"],
            &["limit exceeded"],
            &["limit", "reached"],
            &["maximum number of"],
            &["quota"],
            &["exceeded the limit"],
        ],
        cause: "a quota of the account is used up",
        advice: "delete what is no longer needed, or ask for a higher quota",
        command: "aws service-quotas list-service-quotas --service-code SERVICE",
        source: TROUBLE,
    },
    Known {
        id: "service-not-stable",
        any: &[
            &["aws::ecs::service", "did not stabilize"],
            &["ecs", "notstabilized"],
            &["service", "did not stabilize"],
        ],
        cause: "the service did not get its tasks to run and stay healthy in time",
        advice: "the tasks that stopped, and the service's events, say why",
        command: SERVICE,
        source: BREAKER,
    },
    Known {
        id: "not-stable",
        any: &[
            &["did not stabilize"],
            &["notstabilized"],
            &["exceeded attempts to wait"],
            &["timed out waiting"],
        ],
        cause: "the resource was not ready in the time that CloudFormation waits",
        advice: "look at it in its own service; if it became ready later, run the same command again",
        command: "docuthinker events {stack}",
        source: TROUBLE,
    },
    Known {
        id: "health-check",
        any: &[&["health check"], &["unhealthy"]],
        cause: "the health check fails: nothing answers 200 on its port and path",
        advice: "let the program answer there, compare the ports, and look at the security groups",
        command: SERVICE,
        source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-unhealthy-event-messages.html",
    },
    Known {
        id: "property",
        any: &[
            &["model validation failed"],
            &["properties validation failed"],
            &["encountered unsupported property"],
            &["extraneous key"],
            &["required key"],
        ],
        cause: "a property is missing, unknown, or has a value that the resource does not take",
        advice: "correct it at its construct; the check finds most of these before a deployment",
        command: "docuthinker validate",
        source: TROUBLE,
    },
    Known {
        id: "not-found",
        any: &[&["notfound"], &["not found"], &["does not exist"]],
        cause: "something that the resource refers to does not exist",
        advice: "create it first, or correct its name or ARN",
        command: "docuthinker validate",
        source: TROUBLE,
    },
];
