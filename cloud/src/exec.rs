//! A command in a running container (ECS Exec): the order for it, and what the Session Manager plugin is given.

use std::fmt;

use serde_json::json;

use crate::connect::Connection;
use crate::error::{CloudError, Kind};
use crate::failure::ApiFailure;
use crate::services::{RunningContainer, RunningTask, ServiceRef};

/// The variable that newer plugins read the session from, as the [AWS CLI][cli] hands it over: what stands in arguments
/// can be read by everybody on the machine.
///
/// [cli]: https://github.com/aws/aws-cli/blob/develop/awscli/customizations/sessionmanager.py
pub const SESSION_VARIABLE: &str = "AWS_SSM_START_SESSION_RESPONSE";

/// The last version of the plugin that cannot read the session from a variable; from the same place.
const LAST_WITHOUT_VARIABLE: [u64; 4] = [1, 2, 497, 0];

/// A session with a container that the plugin can take over. Shown without its token.
pub struct ExecSession {
    /// The session: id, address and token, as JSON. Secret.
    pub session: String,
    /// What the session was asked for, as JSON; the plugin asks with it again when the line breaks.
    pub request: String,
    /// The region.
    pub region: String,
    /// The address of Systems Manager.
    pub endpoint: String,
}

impl fmt::Debug for ExecSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecSession")
            .field("request", &self.request)
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Drop for ExecSession {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.session);
    }
}

/// Starts `command` in a container of a running task, with a terminal.
///
/// # Errors
///
/// AWS refused it, or its answer is not whole.
pub async fn execute_command(
    connection: &Connection,
    service: &ServiceRef,
    task: &RunningTask,
    container: &RunningContainer,
    command: &str,
) -> Result<ExecSession, CloudError> {
    let call = connection
        .ecs()
        .execute_command()
        .cluster(&service.cluster)
        .task(&task.arn)
        .container(&container.name)
        .command(command)
        .interactive(true);
    let answer =
        call.send().await.map_err(|error| ApiFailure::of("ecs:ExecuteCommand", &error).into_error())?;
    let parts = answer
        .session()
        .and_then(|session| Some((session.session_id()?, session.stream_url()?, session.token_value()?)));
    let Some((id, stream, token)) = parts else {
        let half = "half an answer to ecs:ExecuteCommand: it has no session";
        return Err(CloudError::new(Kind::Unreachable, half).next("run the same command again"));
    };
    let session = json!({ "SessionId": id, "StreamUrl": stream, "TokenValue": token }).to_string();
    let runtime = container.runtime.as_deref().unwrap_or_default();
    let target = format!("ecs:{}_{}_{runtime}", service.cluster, task.id());
    let region = connection.identity().region.clone();
    Ok(ExecSession {
        session,
        request: json!({ "Target": target }).to_string(),
        endpoint: connection.endpoint().map_or_else(|| systems_manager(&region), str::to_owned),
        region,
    })
}

/// The address of Systems Manager in a region.
///
/// Source: [its endpoints][aws]; those of China have a domain of their own.
///
/// [aws]: https://docs.aws.amazon.com/general/latest/gr/ssm.html
fn systems_manager(region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://ssm.{region}.{domain}")
}

/// Whether a plugin of this version, as it tells it, reads the session from [`SESSION_VARIABLE`]. What is no version is
/// taken for an old one, as the AWS CLI does.
pub fn plugin_reads_variable(version: &str) -> bool {
    let parts: Option<Vec<u64>> = version.trim().split('.').map(|part| part.parse().ok()).collect();
    let Some(mut parts) = parts.filter(|parts| parts.len() <= 4) else { return false };
    parts.resize(4, 0);
    parts.as_slice() > LAST_WITHOUT_VARIABLE.as_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_newer_plugins_read_the_session_from_a_variable() {
        for new in ["1.2.497.1", "1.2.553.0\n", "1.3", "2"] {
            assert!(plugin_reads_variable(new), "{new}");
        }
        for old in ["1.2.497.0", "1.2.463.0", "1.2", "", "unknown", "1.2.553.0.1", "-1"] {
            assert!(!plugin_reads_variable(old), "{old}");
        }
    }

    // S1
    #[test]
    fn a_session_is_shown_without_its_token() {
        let session = ExecSession {
            session: r#"{"TokenValue":"canary"}"#.to_owned(),
            request: "{}".to_owned(),
            region: "eu-west-1".to_owned(),
            endpoint: systems_manager("eu-west-1"),
        };
        assert!(!format!("{session:?}").contains("canary"));
        assert_eq!(session.endpoint, "https://ssm.eu-west-1.amazonaws.com");
        assert_eq!(systems_manager("cn-north-1"), "https://ssm.cn-north-1.amazonaws.com.cn");
    }
}
