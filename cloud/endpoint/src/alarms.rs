//! CloudWatch, as far as it is asked: the states of alarms, and metrics. It speaks CBOR over HTTP.
//!
//! Source: [Smithy RPC v2 CBOR](https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html).

use ciborium::Value as Cbor;
use serde_json::Value;

use crate::request::{Refusal, Request};
use crate::world::{Caller, World};

/// The content type and the value of `smithy-protocol`.
pub(crate) const CONTENT: &str = "application/cbor";
pub(crate) const PROTOCOL: &str = "rpc-v2-cbor";

/// A CBOR body as JSON, without what JSON has no word for.
pub(crate) fn read(body: &[u8]) -> Value {
    ciborium::from_reader::<Cbor, _>(body).map_or(Value::Null, json)
}

fn json(value: Cbor) -> Value {
    match value {
        Cbor::Bool(bool) => bool.into(),
        Cbor::Integer(number) => i64::try_from(number).map_or(Value::Null, Value::from),
        Cbor::Float(number) => number.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Array(items) => items.into_iter().map(json).collect(),
        Cbor::Map(items) => {
            let named =
                items.into_iter().filter_map(|(name, value)| Some((name.into_text().ok()?, json(value))));
            Value::Object(named.collect())
        }
        Cbor::Tag(_, value) => json(*value),
        _ => Value::Null,
    }
}

/// The body of an answer.
pub(crate) fn answer(world: &World, caller: &Caller, request: &Request) -> Result<Vec<u8>, Refusal> {
    if request.action == "GetMetricData" {
        return Ok(metrics(world, request));
    }
    if request.action != "DescribeAlarms" {
        return Err(Refusal::new(400, "UnknownOperationException", "there is no such operation here"));
    }
    let names = request.body["AlarmNames"].as_array().cloned().unwrap_or_default();
    let types = request.body["AlarmTypes"].as_array().cloned().unwrap_or_default();
    // Without a word on types, only metric alarms are told.
    let asked =
        |word: &str| types.iter().any(|one| *one == word) || (types.is_empty() && word == "MetricAlarm");
    let (metric, composite) = (asked("MetricAlarm"), asked("CompositeAlarm"));
    let (mut alarms, mut composites) = (Vec::new(), Vec::new());
    for name in names.iter().filter_map(Value::as_str) {
        match kind(world, caller, name) {
            Some("AWS::CloudWatch::Alarm") if metric => alarms.push(alarm(world, name)),
            Some("AWS::CloudWatch::CompositeAlarm") if composite => composites.push(alarm(world, name)),
            _ => {}
        }
    }
    let lists = [("MetricAlarms", alarms), ("CompositeAlarms", composites)];
    let map = lists.map(|(name, list)| (text(name), Cbor::Array(list)));
    Ok(write(&Cbor::Map(map.into())))
}

/// The values of the metrics that are asked for.
fn metrics(world: &World, request: &Request) -> Vec<u8> {
    let queries = request.body["MetricDataQueries"].as_array().into_iter().flatten();
    let results = queries.map(|query| {
        let metric = &query["MetricStat"]["Metric"];
        let dimensions = metric["Dimensions"].as_array().into_iter().flatten();
        let service =
            dimensions.filter(|one| one["Name"] == "ServiceName").find_map(|one| one["Value"].as_str());
        let known = world.scenario.running.metrics.iter();
        let known =
            known.filter(|(of, name, _)| Some(of.as_str()) == service && metric["MetricName"] == **name);
        let values: Vec<Cbor> =
            known.flat_map(|(_, _, values)| values).map(|value| Cbor::Float(*value)).collect();
        let id = query["Id"].as_str().unwrap_or_default();
        Cbor::Map(vec![(text("Id"), text(id)), (text("Values"), Cbor::Array(values))])
    });
    write(&Cbor::Map(vec![(text("MetricDataResults"), Cbor::Array(results.collect()))]))
}

/// The body of an error.
pub(crate) fn error(code: &str, message: &str) -> Vec<u8> {
    write(&Cbor::Map(vec![(text("__type"), text(code)), (text("message"), text(message))]))
}

fn write(value: &Cbor) -> Vec<u8> {
    let mut body = Vec::new();
    // Writing into memory does not fail.
    let _ = ciborium::into_writer(value, &mut body);
    body
}

fn text(text: &str) -> Cbor {
    Cbor::Text(text.to_owned())
}

/// The type of the alarm with this name, if a stack has one.
fn kind<'a>(world: &'a World, caller: &Caller, name: &str) -> Option<&'a str> {
    let here = world.stacks.iter().filter(|stack| stack.region == caller.region && !stack.is_deleted());
    let mut resources = here.flat_map(|stack| stack.resources.values());
    resources.find(|one| one.physical.as_deref() == Some(name)).map(|one| one.kind.as_str())
}

fn alarm(world: &World, name: &str) -> Cbor {
    let said = world.scenario.running.alarms.iter().rev().find(|(of, _, _)| of == name);
    let (state, reason) = said.map_or(("OK", ""), |(_, state, reason)| (state.as_str(), reason.as_str()));
    // Timestamps have the tag 1.
    let since = Cbor::Tag(1, Box::new(Cbor::Float(1_767_225_600.5)));
    Cbor::Map(vec![
        (text("AlarmName"), text(name)),
        (text("StateValue"), text(state)),
        (text("StateReason"), text(reason)),
        (text("StateUpdatedTimestamp"), since),
    ])
}
