//! The actions of CloudFormation and STS, one function each.

mod change_sets;
pub(crate) mod drift;
mod events;
mod hooks;
mod identity;
mod operations;
mod stacks;

use crate::request::{Answer, Refusal, Request};
use crate::world::{Caller, World};

/// Whether an action changes nothing, so that its answer may be of an earlier state.
pub(crate) fn only_reads(action: &str) -> bool {
    ["Describe", "List", "Get"].iter().any(|start| action.starts_with(start))
}

/// Answers a request of the Query protocol.
pub(crate) fn answer(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let action = match request.action.as_str() {
        "DescribeStacks" => stacks::describe,
        "ListStacks" => stacks::list,
        "ListStackResources" => stacks::list_resources,
        "DescribeStackResources" => stacks::describe_resources,
        "GetStackPolicy" => stacks::policy,
        "GetTemplate" => stacks::template,
        "GetTemplateSummary" => stacks::summary,
        "ListExports" => stacks::exports,
        "ListImports" => stacks::imports,
        "DescribeStackEvents" => events::of_stack,
        "DescribeEvents" => events::of_operation,
        "CreateChangeSet" => change_sets::create,
        "DescribeChangeSet" => change_sets::describe,
        "ListChangeSets" => change_sets::list,
        "DeleteChangeSet" => change_sets::delete,
        "ExecuteChangeSet" => change_sets::execute,
        "DeleteStack" => operations::delete,
        "CancelUpdateStack" => operations::cancel,
        "RollbackStack" => operations::roll_back,
        "ContinueUpdateRollback" => operations::continue_rollback,
        "UpdateTerminationProtection" => operations::protect,
        "DetectStackDrift" => drift::detect,
        "DescribeStackDriftDetectionStatus" => drift::status,
        "DescribeStackResourceDrifts" => drift::resources,
        "GetHookResult" => hooks::get,
        "ListHookResults" => hooks::list,
        "GetCallerIdentity" => identity::caller,
        "AssumeRole" => identity::assume_role,
        other => {
            let text = format!("Could not find operation {other} for version 2010-05-15");
            return Err(Refusal::new(400, "InvalidAction", text));
        }
    };
    action(world, caller, request)
}

/// One page of `items`: the tokens say how many came before. Gives back the page and the next token.
fn page<T>(world: &mut World, request: &Request, items: Vec<T>) -> Result<(Vec<T>, Option<String>), Refusal> {
    let begin = match request.parameter("NextToken") {
        None => 0,
        Some(token) => token
            .strip_prefix("from-")
            .and_then(|number| number.parse::<usize>().ok())
            .ok_or_else(|| Refusal::validation("The specified pagination token is invalid"))?,
    };
    let size = world.page();
    let more = items.len() > begin + size;
    let items = items.into_iter().skip(begin).take(size).collect();
    Ok((items, more.then(|| format!("from-{}", begin + size))))
}
