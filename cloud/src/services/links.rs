//! Pages of the AWS console about a stopped task.

use serde::Serialize;

use super::{Arn, ServiceRef, StoppedTask};

/// A page of the AWS console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsoleLink {
    /// What it shows, for example `task` or `log of web`.
    pub subject: String,
    /// Its address.
    pub url: String,
}

/// Where the console shows the task, its service, its cluster, and the whole logs of its containers. Empty in partitions
/// whose console we do not know.
///
/// The console keeps a stopped task for about an hour; the logs stay as long as their group does. The address of a log
/// stream is not documented; [this][stream] is how the console writes it.
///
/// [stream]: https://github.com/aws/aws-sdk-js/issues/3818
pub fn console_links(task: &StoppedTask) -> Vec<ConsoleLink> {
    let Some(arn) = Arn::parse(&task.task) else {
        return Vec::new();
    };
    let Some(console) = console(arn.partition) else {
        return Vec::new();
    };
    let mut links = Vec::new();
    let mut link = |subject: String, url: String| links.push(ConsoleLink { subject, url });
    let ecs = |path: String| {
        let region = arn.region;
        format!("https://{region}.{console}/ecs/v2/clusters/{path}?region={region}")
    };
    if let Some((cluster, id)) = arn.resource.strip_prefix("task/").and_then(|rest| rest.split_once('/')) {
        link("task".to_owned(), ecs(format!("{cluster}/tasks/{id}")));
    }
    if let Some(service) = ServiceRef::of(&task.logical_id, &task.service) {
        link("service".to_owned(), ecs(format!("{}/services/{}/health", service.cluster, service.name)));
        link("cluster".to_owned(), ecs(format!("{}/services", service.cluster)));
    }
    for container in &task.containers {
        if let Some(log) = &container.log_source {
            let (region, group, stream) = (&log.region, fragment(&log.group), fragment(&log.stream));
            let url = format!(
                "https://{region}.{console}/cloudwatch/home?region={region}\
                 #logsV2:log-groups/log-group/{group}/log-events/{stream}"
            );
            link(format!("log of {}", container.name), url);
        }
    }
    links
}

/// The console's domain in a partition, below the region's name. Sources: the [endpoints of the console][aws], and
/// [China's][china].
///
/// [aws]: https://docs.aws.amazon.com/general/latest/gr/mgmt-console.html
/// [china]: https://docs.amazonaws.cn/AmazonECS/latest/developerguide/stop-service-deployment.html
fn console(partition: &str) -> Option<&'static str> {
    match partition {
        "aws" => Some("console.aws.amazon.com"),
        "aws-cn" => Some("console.amazonaws.cn"),
        "aws-us-gov" => Some("console.amazonaws-us-gov.com"),
        _ => None,
    }
}

/// A name in the fragment of the console's address: encoded twice, with `$` for the outer percent sign.
fn fragment(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encode = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("$25{byte:02X}") };
    name.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::samples::{container, task};
    use crate::services::{LogSource, StoppedTask};

    fn in_partition(partition: &str, region: &str) -> StoppedTask {
        let mut stopped = task(1, "Essential container in task exited");
        let moved =
            |arn: &str| arn.replace("arn:aws:ecs:us-east-1:", &format!("arn:{partition}:ecs:{region}:"));
        (stopped.task, stopped.service) = (moved(&stopped.task), moved(&stopped.service));
        let mut web = container("web", Some(1));
        web.log_source =
            Some(LogSource { region: region.into(), group: "/ecs/api".into(), stream: "web/web/1".into() });
        stopped.containers = vec![web];
        stopped
    }

    // L7
    #[test]
    fn a_failure_leads_to_the_pages_about_it() {
        let links = console_links(&in_partition("aws", "eu-west-1"));
        let shown: Vec<_> = links.iter().map(|link| format!("{}: {}", link.subject, link.url)).collect();
        assert_eq!(
            shown,
            [
                "task: https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/main/tasks/\
                 00000000000000000000000000000001?region=eu-west-1",
                "service: https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/main/services/api/health\
                 ?region=eu-west-1",
                "cluster: https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/main/services?region=eu-west-1",
                "log of web: https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1\
                 #logsV2:log-groups/log-group/$252Fecs$252Fapi/log-events/web$252Fweb$252F1",
            ]
        );
    }

    #[test]
    fn each_partition_has_its_own_console() {
        let china = console_links(&in_partition("aws-cn", "cn-north-1"));
        assert!(china.iter().all(|link| link.url.starts_with("https://cn-north-1.console.amazonaws.cn/")));
        let gov = console_links(&in_partition("aws-us-gov", "us-gov-west-1"));
        assert!(
            gov.iter()
                .all(|link| link.url.starts_with("https://us-gov-west-1.console.amazonaws-us-gov.com/"))
        );
        assert_eq!((china.len(), gov.len()), (4, 4));
        assert_eq!(console_links(&in_partition("aws-iso", "us-iso-east-1")), []);
    }
}
