//! Cloud Control, which knows any resource by its CloudFormation type.

use aws_sdk_cloudcontrol::Client;
use serde_json::Value;

use crate::failure::ApiFailure;

/// The properties of a resource; `None` if there is none with this id.
///
/// Source: [GetResource][aws] in the Cloud Control API reference. It asks the resource's service in the caller's name, and
/// so needs the permissions of that service too.
///
/// [aws]: https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_GetResource.html
pub(crate) async fn resource(
    client: &Client,
    type_name: &str,
    id: &str,
) -> Result<Option<Value>, ApiFailure> {
    match client.get_resource().type_name(type_name).identifier(id).send().await {
        Ok(answer) => {
            let told = answer.resource_description().and_then(|one| one.properties());
            Ok(Some(properties(told)))
        }
        Err(error) => {
            let failure = ApiFailure::of("cloudformation:GetResource", &error);
            if failure.is_absent() { Ok(None) } else { Err(failure) }
        }
    }
}

/// Properties as Cloud Control writes them.
pub(crate) fn properties(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
