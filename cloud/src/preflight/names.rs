//! Names that must be free.

use super::Check;
use crate::connect::Connection;
use crate::control;
use crate::failure::ApiFailure;

/// Whether the name is free. What exists under it is not part of the stack: the caller asks only for resources that
/// the stack does not have.
pub(super) async fn look(connection: &Connection, type_name: &str, name: &str) -> Check {
    let what = format!("the name {name} ({type_name})");
    if type_name == "AWS::SecretsManager::Secret" {
        return secret(connection, name).await;
    }
    match control::resource(&connection.cloudcontrol(), type_name, name).await {
        Ok(Some(_)) => taken(type_name, name),
        Ok(None) => Check::ok(format!("{what} is free")),
        Err(failure) => Check::unanswered(&what, &failure),
    }
}

fn taken(type_name: &str, name: &str) -> Check {
    Check::missing(
        format!("there is an {type_name} named {name} already, which is not part of the stack"),
        "take it into the stack (`aws cloudformation create-change-set --import-existing-resources`), delete it, or \
         choose another name",
    )
}

/// A secret is known to Cloud Control by its ARN only, and keeps its name while it is scheduled for deletion.
///
/// Source: [DeleteSecret][aws] in the Secrets Manager API reference.
///
/// [aws]: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
async fn secret(connection: &Connection, name: &str) -> Check {
    let what = format!("the name {name} (AWS::SecretsManager::Secret)");
    match connection.secrets().describe_secret().secret_id(name).send().await {
        Ok(answer) if answer.deleted_date().is_some() => Check::missing(
            format!("the secret {name} is scheduled for deletion, and keeps its name until then"),
            format!("aws secretsmanager restore-secret --secret-id {name}, then take it into the stack"),
        ),
        Ok(_) => taken("AWS::SecretsManager::Secret", name),
        Err(error) => {
            let failure = ApiFailure::of("secretsmanager:DescribeSecret", &error);
            if failure.is_absent() {
                Check::ok(format!("{what} is free"))
            } else {
                Check::unanswered(&what, &failure)
            }
        }
    }
}
