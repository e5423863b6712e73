//! Several deployments at once, against the emulator.

use std::cell::RefCell;

use cloud::{Cancel, Decision, DeployRequest, Progress};
use serde_json::{Value, json};
use tokio::task::{JoinSet, LocalSet};

use crate::emulator::Emulated;

fn topic(id: &str, display_name: &str) -> Value {
    let properties = json!({ "DisplayName": display_name });
    json!({ "Resources": { id: { "Type": "AWS::SNS::Topic", "Properties": properties } } })
}

// C1
#[tokio::test]
async fn of_two_deployments_of_one_stack_whoever_answers_last_changes_nothing() {
    let aws = Emulated::start().await;
    aws.deploy("t", &topic("T", "before")).await.unwrap();
    let slow = DeployRequest::new("t", topic("T", "slow").to_string());
    let quick = DeployRequest::new("t", topic("T", "quick").to_string());
    let overtaken = RefCell::new(None);
    // While the slow one's question waits for its answer, the quick one asks, is answered and ends.
    let approve = async |_| {
        let (result, _, asked) = aws.deploy_request(&quick).await;
        *overtaken.borrow_mut() = Some((result, asked.len()));
        Decision::Approve
    };
    let late = cloud::deploy_stack(&aws.connection, &slow, approve, |_| {}, &Cancel::never()).await;
    let (first, questions) = overtaken.into_inner().unwrap();
    assert_eq!((first.unwrap().status.as_str(), questions), ("UPDATE_COMPLETE", 1));
    let late = late.unwrap_err();
    assert_eq!(late.exit_code(), 4, "{late:?}");
    assert!(late.report().next.is_some(), "{late:?}");
    let deployed = cloud::deployed_template(&aws.connection, "t").await.unwrap().unwrap();
    assert!(deployed.contains("quick"), "{deployed}");
    let again = aws.deploy_request(&slow).await.0.unwrap();
    assert_eq!((again.changed, again.status.as_str()), (true, "UPDATE_COMPLETE"), "nothing is in its way");
}

#[tokio::test]
async fn of_a_hundred_stacks_in_one_run_each_ends_as_it_would_alone() {
    const STACKS: usize = 100;
    const BROKEN: &str = "s50";
    let aws = Emulated::start().await;
    aws.inject(&json!({ "create:Broken": "no topic for you" }));
    let mut running = JoinSet::new();
    LocalSet::new()
        .run_until(async {
            for number in 0..STACKS {
                let (connection, name) = (aws.connection.clone(), format!("s{number}"));
                let id = if name == BROKEN { "Broken" } else { "Topic" };
                running.spawn_local(async move {
                    let request = DeployRequest::new(&name, topic(id, &name).to_string());
                    let foreign = RefCell::new(Vec::new());
                    let listen = |news| match news {
                        Progress::Resource(event) if ![id, &name].contains(&event.logical_id.as_str()) => {
                            foreign.borrow_mut().push(event);
                        }
                        _ => {}
                    };
                    let yes = async |_| Decision::Approve;
                    let result =
                        cloud::deploy_stack(&connection, &request, yes, listen, &Cancel::never()).await;
                    assert_eq!(foreign.into_inner(), [], "{name} is told of others' resources");
                    (name, result)
                });
            }
            while let Some(ended) = running.join_next().await {
                let (name, result) = ended.unwrap();
                match result {
                    Ok(outcome) => assert_eq!(outcome.status, "CREATE_COMPLETE", "{name}"),
                    Err(error) => {
                        assert_eq!((name.as_str(), error.exit_code()), (BROKEN, 1), "{error:?}");
                        assert!(error.to_string().contains("no topic for you"), "{error}");
                    }
                }
            }
        })
        .await;
    let stacks = cloud::list_stacks(&aws.connection).await.unwrap();
    let complete = stacks.iter().filter(|stack| stack.status == "CREATE_COMPLETE").count();
    assert_eq!((stacks.len(), complete), (STACKS, STACKS - 1));
    assert_eq!(aws.status(BROKEN).await.as_deref(), Some("ROLLBACK_COMPLETE"));
}
