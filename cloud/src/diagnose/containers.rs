//! Why containers do not start, and what their logs say. Rows come in the order in which they are asked: the more special before the more general.

use super::explain::Known;

const STOPPED: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html";
const PULL: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html";
const INIT: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html";
const MEMORY: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/out-of-memory.html";
const START_ERROR: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cannot-start-container.html";
const SPOT: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html";
const ARCHITECTURE: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-arm64.html";
const SECRETS: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html";
const DESCRIBE: &str = "aws ecs describe-tasks --cluster {cluster} --tasks {task}";
const DEFINITION: &str = "aws ecs describe-task-definition --task-definition {definition}";

/// By what ECS says before the container runs, or of what it cannot do without.
pub(crate) const START: &[Known] = &[
    Known {
        id: "image-architecture",
        any: &[
            &["cannotpullcontainer", "does not contain descriptor matching platform"],
            &["no matching manifest for"],
            &["exec format error"],
        ],
        cause: "the image is built for another processor architecture than the tasks",
        advice: "build it for the tasks' architecture (`docker buildx build --platform linux/amd64` or `linux/arm64`), \
                 or set the tasks' `cpu_architecture`",
        command: DEFINITION,
        source: ARCHITECTURE,
    },
    Known {
        id: "image-pull-timeout",
        any: &[
            &["cannotpullcontainer", "i/o timeout"],
            &["cannotpullcontainer", "context deadline exceeded"],
            &["cannotpullcontainer", "request canceled while waiting"],
            &["cannotpullcontainer", "connection refused"],
            &["cannotpullcontainer", "no such host"],
        ],
        cause: "the task cannot reach the registry: its subnet has no way out",
        advice: "give the subnet a NAT gateway or VPC endpoints for `ecr.api`, `ecr.dkr` and S3, and let the security \
                 group reach them on port 443",
        command: DESCRIBE,
        source: PULL,
    },
    Known {
        id: "image-pull-denied",
        any: &[
            &["cannotpullcontainer", "403 forbidden"],
            &["cannotpullcontainer", "not authorized"],
            &["cannotpullcontainer", "accessdenied"],
            &["cannotpullcontainer", "no basic auth credentials"],
        ],
        cause: "the task's execution role may not pull the image",
        advice: "allow it `ecr:GetAuthorizationToken`, `ecr:BatchGetImage` and `ecr:GetDownloadUrlForLayer`, and look \
                 whether the repository is in another account or region",
        command: "aws ecr get-repository-policy --repository-name {repository}",
        source: PULL,
    },
    Known {
        id: "image-rate-limit",
        any: &[&["cannotpullcontainer", "toomanyrequests"], &["cannotpullcontainer", "pull rate limit"]],
        cause: "the public registry refuses so many pulls",
        advice: "copy the image to an ECR repository, or use an ECR pull-through cache",
        command: "aws ecr describe-pull-through-cache-rules",
        source: PULL,
    },
    Known {
        id: "image-not-found",
        any: &[
            &["cannotpullcontainer", "not found"],
            &["cannotpullcontainer", "manifest unknown"],
            &["cannotpullcontainer", "does not exist"],
            &["cannotpullcontainer", "pull access denied"],
        ],
        cause: "the image does not exist: its tag or digest was not pushed, or the repository has another name",
        advice: "push it, or set the tag that exists",
        command: "aws ecr describe-images --repository-name {repository} --query 'imageDetails[].imageTags'",
        source: PULL,
    },
    Known {
        id: "image-too-large",
        any: &[&["cannotpullcontainer", "no space left on device"]],
        cause: "the image does not fit the task's disk",
        advice: "make the image smaller, or give the task more ephemeral storage",
        command: DEFINITION,
        source: PULL,
    },
    Known {
        id: "image-pull",
        any: &[&["cannotpullcontainer"], &["cannotpullimage"]],
        cause: "the image could not be pulled",
        advice: "look whether its tag exists, whether the execution role may pull it, and whether the subnet reaches the \
                 registry (NAT gateway, or VPC endpoints for ECR)",
        command: "aws ecr describe-images --repository-name {repository}",
        source: PULL,
    },
    Known {
        id: "secret-denied",
        any: &[
            &["secretsmanager:getsecretvalue", "not authorized"],
            &["unable to retrieve secret", "accessdenied"],
            &["unable to fetch secrets", "accessdenied"],
            &["kms:decrypt", "not authorized"],
        ],
        cause: "the task's execution role may not read the secret",
        advice: "allow it `secretsmanager:GetSecretValue` on the secret's ARN, and `kms:Decrypt` if the secret has a key \
                 of its own",
        command: "aws secretsmanager get-resource-policy --secret-id {secret}",
        source: SECRETS,
    },
    Known {
        id: "secret-key-missing",
        any: &[&["did not contain json key"], &["invalid character", "retrieve secret"]],
        cause: "the secret's value has no such JSON key",
        advice: "put the key into the secret's JSON, or name one in the task definition that is there",
        command: "aws secretsmanager describe-secret --secret-id {secret}",
        source: SECRETS,
    },
    Known {
        id: "secret-not-found",
        any: &[
            &["can't find the specified secret"],
            &["retrieve secret", "resourcenotfound"],
            &["fetch secret", "resourcenotfound"],
            &["fetching secret", "not found"],
            &["marked for deletion", "secret"],
        ],
        cause: "the secret does not exist in this region, or it has no value",
        advice: "create it, or correct its ARN in the task definition (the six random characters at its end belong to it)",
        command: "aws secretsmanager describe-secret --secret-id {secret}",
        source: SECRETS,
    },
    Known {
        id: "startup-timeout",
        any: &[
            &["resourceinitializationerror", "i/o timeout"],
            &["resourceinitializationerror", "context deadline exceeded"],
            &["resourceinitializationerror", "requesterror: send request failed"],
            &["resourceinitializationerror", "no such host"],
            &["resourceinitializationerror", "request canceled"],
            &["resourceinitializationerror", "timed out"],
        ],
        cause: "the task cannot reach Secrets Manager, ECR or CloudWatch Logs: its subnet has no way out",
        advice: "give the subnet a NAT gateway or VPC endpoints for `secretsmanager`, `ecr.api`, `ecr.dkr`, `logs` and S3, \
                 let the security group reach them on port 443, and leave DNS switched on in the VPC",
        command: DESCRIBE,
        source: INIT,
    },
    Known {
        id: "startup-log-group",
        any: &[
            &["resourceinitializationerror", "log group does not exist"],
            &["failed to validate logger args"],
        ],
        cause: "the container's log group does not exist, or may not be written to",
        advice: "create the log group before the service, and allow the execution role `logs:CreateLogStream` and \
                 `logs:PutLogEvents`",
        command: DEFINITION,
        source: INIT,
    },
    Known {
        id: "startup-efs",
        any: &[&["resourceinitializationerror", "efs"], &["failed to invoke efs utils"]],
        cause: "the task cannot mount the file system",
        advice: "look for a mount target in the task's zone, port 2049 open between the two security groups, and the \
                 task role's `elasticfilesystem:ClientMount`",
        command: "aws efs describe-mount-targets --file-system-id FILE_SYSTEM",
        source: INIT,
    },
    Known {
        id: "secrets",
        any: &[&["unable to fetch secrets"], &["unable to pull secrets"], &["unable to retrieve secret"]],
        cause: "the task could not load its secrets",
        advice: "look whether the secret exists, its ARN in the task definition is right, the execution role may \
                 `secretsmanager:GetSecretValue`, and the subnet reaches Secrets Manager (NAT gateway or VPC endpoint)",
        command: "aws secretsmanager describe-secret --secret-id {secret}",
        source: INIT,
    },
    Known {
        id: "startup-denied",
        any: &[
            &["resourceinitializationerror", "accessdenied"],
            &["resourceinitializationerror", "not authorized"],
            &["unable to assume the role"],
        ],
        cause: "the task's execution role lacks a permission, or ECS may not take it",
        advice: "allow the role what the message names; its trust policy must name ecs-tasks.amazonaws.com",
        command: DEFINITION,
        source: INIT,
    },
    Known {
        id: "startup",
        any: &[&["resourceinitializationerror"]],
        cause: "what the task needs before its containers start could not be prepared",
        advice: "the message names it: secrets, registry, log group, file system or network",
        command: DESCRIBE,
        source: INIT,
    },
    Known {
        id: "out-of-memory",
        any: &[&["outofmemory"], &["killed due to memory usage"]],
        cause: "the container used more memory than it may, and was killed",
        advice: "give the task more memory (the setting `memory` of the service), or find what uses so much",
        command: "aws cloudwatch get-metric-statistics --namespace AWS/ECS --metric-name MemoryUtilization \
                  --dimensions Name=ClusterName,Value={cluster} Name=ServiceName,Value=SERVICE --statistics Maximum \
                  --period 300 --start-time START --end-time END",
        source: MEMORY,
    },
    Known {
        id: "port-conflict",
        any: &[&["port is already allocated"], &["address already in use"]],
        cause: "two processes want the same port",
        advice: "give each container of the task a port of its own; they share one network",
        command: DEFINITION,
        source: START_ERROR,
    },
    Known {
        id: "command-not-found",
        any: &[
            &["executable file not found"],
            &["cannotstartcontainer", "no such file or directory"],
            &["cannotstartcontainer", "permission denied"],
        ],
        cause: "the container's command is not in the image, or may not be executed",
        advice: "correct `command` or `entryPoint`, or the file's mode and line ends in the image",
        command: DEFINITION,
        source: START_ERROR,
    },
    Known {
        id: "container-start",
        any: &[&["cannotstartcontainer"], &["containerruntimeerror"], &["containerruntimetimeout"]],
        cause: "the container could not be started",
        advice: "the message says why; the image can be tried with `docker run`",
        command: DESCRIBE,
        source: START_ERROR,
    },
    Known {
        id: "no-capacity",
        any: &[
            &["capacity is unavailable at this time"],
            &["capacityunavailable"],
            &["spot", "interrupt"],
            &["spotinterruption"],
            &["no capacity"],
        ],
        cause: "AWS has no capacity for the task in this zone, or took a spot task back",
        advice: "run a base of tasks on FARGATE instead of FARGATE_SPOT, use more zones, or try again later",
        command: "aws ecs describe-services --cluster {cluster} --services SERVICE",
        source: SPOT,
    },
    Known {
        id: "network-interface",
        any: &[&["unexpected eni"], &["timeout waiting for network interface"], &["eni", "provisioning"]],
        cause: "the task got no network interface",
        advice: "look for free addresses in the subnet, and for the quota of network interfaces",
        command: "aws ec2 describe-subnets --query 'Subnets[].[SubnetId,AvailableIpAddressCount]'",
        source: STOPPED,
    },
];

/// By a line at the end of a container's log.
pub(crate) const LOG: &[Known] = &[
    Known {
        id: "image-architecture",
        any: &[&["exec format error"]],
        cause: "the image is built for another processor architecture than the tasks",
        advice: "build it for the tasks' architecture (`docker buildx build --platform linux/amd64` or `linux/arm64`), \
                 or set the tasks' `cpu_architecture`",
        command: DEFINITION,
        source: ARCHITECTURE,
    },
    Known {
        id: "port-conflict",
        any: &[&["eaddrinuse"], &["address already in use"]],
        cause: "the port that the program listens on is taken by another process of the task",
        advice: "give each container of the task a port of its own; they share one network",
        command: DEFINITION,
        source: START_ERROR,
    },
    Known {
        id: "port-privileged",
        any: &[&["eacces", "listen"], &["permission denied", "bind"]],
        cause: "the program may not listen on its port: those below 1024 belong to root",
        advice: "listen on a higher port and map that one",
        command: DEFINITION,
        source: START_ERROR,
    },
    Known {
        id: "out-of-memory",
        any: &[&["heap out of memory"], &["outofmemoryerror"], &["memoryerror"], &["cannot allocate memory"]],
        cause: "the program ran out of memory",
        advice: "give the task more memory (the setting `memory` of the service), or find what uses so much",
        command: DEFINITION,
        source: MEMORY,
    },
    Known {
        id: "environment-variable-missing",
        any: &[
            &["environment variable", "missing"],
            &["environment variable", "not set"],
            &["environment variable", "required"],
            &["environment variable", "undefined"],
            &["env var", "missing"],
            &["env var", "not set"],
            &["missing required env"],
            &["missing environment"],
            &["keyerror: '"],
            &["field required", "settings"],
        ],
        cause: "the program misses an environment variable",
        advice: "add it to the container's `environment`, or to its `secrets` if it is one",
        command: DEFINITION,
        source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/taskdef-envfiles.html",
    },
    Known {
        id: "module-not-found",
        any: &[&["cannot find module"], &["modulenotfounderror"], &["importerror: "]],
        cause: "the program is not whole: a module is not in the image",
        advice: "build the image with all that the program needs, and try it with `docker run`",
        command: DEFINITION,
        source: STOPPED,
    },
    Known {
        id: "dependency-unreachable",
        any: &[
            &["econnrefused"],
            &["etimedout"],
            &["enotfound"],
            &["connection refused"],
            &["mongoserverselectionerror"],
        ],
        cause: "the program cannot reach what it needs, for example its database",
        advice: "look at the address in its settings, the security groups, and whether the other side lets the NAT \
                 gateway's address in",
        command: DEFINITION,
        source: STOPPED,
    },
    Known {
        id: "credential-refused",
        any: &[
            &["authentication failed"],
            &["invalid api key"],
            &["incorrect api key"],
            &["invalid_api_key"],
        ],
        cause: "another service does not take the program's credential: the secret has a wrong value",
        advice: "put the right value into the secret, then start new tasks",
        command: "aws ecs update-service --cluster {cluster} --service SERVICE --force-new-deployment",
        source: SECRETS,
    },
];
