//! Why tasks are stopped: checks that fail, exit codes, and who stopped them.

use super::explain::Known;

const STOPPED: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html";
const MEMORY: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/out-of-memory.html";
const START_ERROR: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cannot-start-container.html";
const UNHEALTHY: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-unhealthy-event-messages.html";
const ARCHITECTURE: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-arm64.html";
const DESCRIBE: &str = "aws ecs describe-tasks --cluster {cluster} --tasks {task}";
const DEFINITION: &str = "aws ecs describe-task-definition --task-definition {definition}";

/// By what ECS says of health.
pub(crate) const HEALTH: &[Known] = &[
    Known {
        id: "health-check-path",
        any: &[
            &["failed with these codes: [404]"],
            &["failed with these codes: [403]"],
            &["failed with these codes: [30"],
        ],
        cause: "the service answers on its port, but not on the path of the health check",
        advice: "let the program answer 200 there, or set the health check's path to one that does",
        command: "aws elbv2 describe-target-groups --query 'TargetGroups[].[TargetGroupName,HealthCheckPath,Matcher]'",
        source: UNHEALTHY,
    },
    Known {
        id: "health-check-timeout",
        any: &[&["request timed out"], &["request timeout"], &["target.timeout"]],
        cause: "the load balancer gets no answer in time: the port is another one, the security group is closed, or the \
                program is too busy (CPU)",
        advice: "compare the container's port with the target group's, let the load balancer's security group in, and \
                 look at the CPU utilization",
        command: "aws elbv2 describe-target-health --target-group-arn TARGET_GROUP",
        source: UNHEALTHY,
    },
    Known {
        id: "health-check-container",
        any: &[&["failed container health checks"], &["container health check", "fail"]],
        cause: "the command of the container's own health check fails",
        advice: "look whether the image has what the command needs (`curl` often is not there), whether the port is \
                 right, and whether the start period is long enough",
        command: DEFINITION,
        source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html",
    },
    Known {
        id: "health-check",
        any: &[
            &["failed elb health checks"],
            &["health checks failed"],
            &["is unhealthy in"],
            &["unhealthy"],
        ],
        cause: "the load balancer's health check fails: nothing answers 200 on its port and path",
        advice: "let the program answer there, compare the container's port with the target group's, look at the \
                 security groups, and give a program that starts slowly a longer grace period",
        command: "aws elbv2 describe-target-health --target-group-arn TARGET_GROUP",
        source: UNHEALTHY,
    },
];

/// By the exit code of the container that ended the task.
pub(crate) const EXIT_CODES: &[Known] = &[
    Known {
        id: "exit-1",
        any: &[&["1"]],
        cause: "the program of container {container} ended with an error of its own (exit code 1)",
        advice: "its last lines say why; often an environment variable or a secret is missing or wrong",
        command: DESCRIBE,
        source: STOPPED,
    },
    Known {
        id: "exit-126",
        any: &[&["126"]],
        cause: "the command of container {container} may not be executed (exit code 126)",
        advice: "make the file executable in the image (`chmod +x`), and look at its first line",
        command: DEFINITION,
        source: START_ERROR,
    },
    Known {
        id: "exit-127",
        any: &[&["127"]],
        cause: "the command of container {container} is not in the image (exit code 127)",
        advice: "correct `command` or `entryPoint`, or install the program in the image",
        command: DEFINITION,
        source: START_ERROR,
    },
    Known {
        id: "exit-134",
        any: &[&["134"]],
        cause: "the program of container {container} gave up by itself (exit code 134, SIGABRT), often without memory",
        advice: "its last lines say why; if it is memory, give the task more",
        command: DESCRIBE,
        source: STOPPED,
    },
    Known {
        id: "exit-137",
        any: &[&["137"]],
        cause: "container {container} was killed (exit code 137, SIGKILL): it used more memory than it may, or did not \
                end in time when it was asked to",
        advice: "give the task more memory, or let the program end on SIGTERM within its stop timeout",
        command: DESCRIBE,
        source: MEMORY,
    },
    Known {
        id: "exit-139",
        any: &[&["139"]],
        cause: "the program of container {container} crashed (exit code 139, SIGSEGV)",
        advice: "try the image with `docker run`; a library for another architecture does this, too",
        command: DESCRIBE,
        source: STOPPED,
    },
    Known {
        id: "exit-143",
        any: &[&["143"]],
        cause: "container {container} was asked to end (exit code 143, SIGTERM): by a health check, a deployment or a \
                rollback",
        advice: "this is an effect: look at the service's events for who asked",
        command: "aws ecs describe-services --cluster {cluster} --services SERVICE --query 'services[].events[:5]'",
        source: STOPPED,
    },
    Known {
        id: "exit-255",
        any: &[&["255"]],
        cause: "container {container} could not be run or ended with an unusual error (exit code 255)",
        advice: "without any log line, the image is often for another architecture",
        command: DEFINITION,
        source: ARCHITECTURE,
    },
    Known {
        id: "exit-0",
        any: &[&["0"]],
        cause: "the program of container {container} came to its end (exit code 0), where a service should stay",
        advice: "start the server in the foreground",
        command: DEFINITION,
        source: STOPPED,
    },
];

/// By what ECS says of the stop, if nothing above tells more.
pub(crate) const STOP: &[Known] = &[
    Known {
        id: "container-exited",
        any: &[&["essential container in task exited"]],
        cause: "container {container}, which the task cannot do without, ended (exit code {code})",
        advice: "its last lines say why; in a running task, `docuthinker exec` opens a shell",
        command: DESCRIBE,
        source: STOPPED,
    },
    Known {
        id: "scaling",
        any: &[&["scaling activity initiated"]],
        cause: "the service stopped the task: it was one too many, or its deployment was undone",
        advice: "this is an effect: look at the service's events",
        command: "aws ecs describe-services --cluster {cluster} --services SERVICE --query 'services[].events[:5]'",
        source: STOPPED,
    },
];
