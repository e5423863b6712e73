//! Application Auto Scaling: what it did to services, which is what a test says.
//!
//! Source: [DescribeScalingActivities](https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html).

use serde_json::{Value, json};

use super::{JsonAnswer, not_found};
use crate::request::Request;
use crate::scenario::Scenario;
use crate::world::World;

impl Scenario {
    /// Application Auto Scaling did something to this service, `CLUSTER/NAME`. `activity` is AWS's form of it; what is left
    /// out is that of one that succeeded. With `NotScaledReasons` it is told only to who asks for such.
    pub fn scaled(mut self, service: &str, activity: Value) -> Scenario {
        self.running.scaled.push((service.to_owned(), activity));
        self
    }
}

pub(super) fn answer(world: &mut World, request: &Request) -> JsonAnswer {
    if request.action != "DescribeScalingActivities" {
        return not_found();
    }
    let text = |name: &str| request.body.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("ServiceNamespace") != "ecs" {
        return JsonAnswer::error("ValidationException", "there are services of ECS only");
    }
    let all = request.body.get("IncludeNotScaledActivities").and_then(Value::as_bool) == Some(true);
    let wanted = text("ResourceId");
    let known = world.scenario.running.scaled.iter().enumerate();
    let mut found: Vec<Value> = known
        .filter(|(_, (service, _))| format!("service/{service}") == wanted)
        .filter(|(_, (_, activity))| all || activity.get("NotScaledReasons").is_none())
        .map(|(number, (_, activity))| completed(number, wanted, activity))
        .collect();
    let time = |activity: &Value| activity["StartTime"].as_f64().unwrap_or_default();
    found.sort_by(|one, other| time(other).total_cmp(&time(one)));
    let begin: usize = text("NextToken").parse().unwrap_or_default();
    let end = (begin + world.page()).min(found.len());
    let next = (end < found.len()).then(|| end.to_string());
    json!({ "ScalingActivities": found[begin.min(end)..end], "NextToken": next }).into()
}

fn completed(number: usize, resource: &str, activity: &Value) -> Value {
    let mut whole = json!({
        "ActivityId": format!("00000000-0000-4000-8000-{number:012}"),
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": "ecs:service:DesiredCount",
        "Description": "Setting desired count to 1.",
        "Cause": "minimum capacity was set to 1",
        "StatusCode": "Successful",
    });
    if let (Some(whole), Some(activity)) = (whole.as_object_mut(), activity.as_object()) {
        whole.extend(activity.clone());
    }
    whole
}
