//! `events` and `diagnose` against a server that knows one stack.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::project::{Outcome, Project};

const STACK: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/Shop/1";
const INNER: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/Shop-Inner-X/2";

/// Answers each request by its body, in a thread that ends with the test.
fn serve(answer: fn(&str) -> (u16, String)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = reply(stream, answer);
        }
    });
    address
}

fn reply(mut stream: TcpStream, answer: fn(&str) -> (u16, String)) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (status, text) = answer(&String::from_utf8_lossy(&body));
    write!(
        stream,
        "HTTP/1.1 {status} -\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    )
}

fn result(action: &str, inside: &str) -> (u16, String) {
    (200, format!("<{action}Response><{action}Result>{inside}</{action}Result></{action}Response>"))
}

/// One event of a stack.
fn event(
    stack: &str,
    time: &str,
    id: &str,
    kind: &str,
    status: &str,
    reason: &str,
    operation: &str,
) -> String {
    let physical = match id {
        "Shop" => STACK,
        "Inner" | "Shop-Inner-X" => INNER,
        _ => id,
    };
    format!(
        "<member><EventId>{time}-{id}-{status}</EventId><StackId>{stack}</StackId><OperationId>{operation}</OperationId>\
         <LogicalResourceId>{id}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId>\
         <ResourceType>{kind}</ResourceType><ResourceStatus>{status}</ResourceStatus>\
         <ResourceStatusReason>{reason}</ResourceStatusReason><Timestamp>2026-01-01T{time}Z</Timestamp></member>"
    )
}

/// A stack that was created and whose update failed in a nested stack.
fn failed_update(body: &str) -> (u16, String) {
    const KIND: &str = "AWS::CloudFormation::Stack";
    let (create, update, back) = ("aaaa1111-create", "bbbb2222-update", "cccc3333-rollback");
    if body.contains("Action=GetCallerIdentity") {
        result(
            "GetCallerIdentity",
            "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/u</Arn>",
        )
    } else if body.contains("Action=DescribeStacks") && body.contains("Nothing") {
        let error = "<Code>ValidationError</Code><Message>Stack with id Nothing does not exist</Message>";
        (400, format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
    } else if body.contains("Action=DescribeStacks") {
        let stack = format!(
            "<StackName>Shop</StackName><StackId>{STACK}</StackId><StackStatus>UPDATE_ROLLBACK_COMPLETE</StackStatus>\
             <CreationTime>2026-01-01T09:00:00Z</CreationTime>"
        );
        result("DescribeStacks", &format!("<Stacks><member>{stack}</member></Stacks>"))
    } else if body.contains("Action=DescribeStackEvents") && body.contains("Shop-Inner-X") {
        let events = [
            event(
                INNER,
                "10:00:04",
                "Queue",
                "AWS::SQS::Queue",
                "CREATE_FAILED",
                "jobs already exists",
                "dddd",
            ),
            event(INNER, "10:00:03", "Shop-Inner-X", KIND, "UPDATE_IN_PROGRESS", "", "dddd"),
        ];
        result("DescribeStackEvents", &format!("<StackEvents>{}</StackEvents>", events.concat()))
    } else if body.contains("Action=DescribeStackEvents") {
        let events = [
            event(STACK, "10:01:10", "Shop", KIND, "UPDATE_ROLLBACK_COMPLETE", "", back),
            event(STACK, "10:00:07", "Shop", KIND, "UPDATE_ROLLBACK_IN_PROGRESS", "failed: [Inner]", back),
            event(
                STACK,
                "10:00:06",
                "Topic",
                "AWS::SNS::Topic",
                "UPDATE_FAILED",
                "Resource update cancelled",
                update,
            ),
            event(
                STACK,
                "10:00:05",
                "Inner",
                KIND,
                "UPDATE_FAILED",
                "Embedded stack was not successfully updated",
                update,
            ),
            event(STACK, "10:00:02", "Inner", KIND, "UPDATE_IN_PROGRESS", "", update),
            event(STACK, "10:00:00", "Shop", KIND, "UPDATE_IN_PROGRESS", "User Initiated", update),
            event(STACK, "09:00:42", "Shop", KIND, "CREATE_COMPLETE", "", create),
            event(STACK, "09:00:00", "Shop", KIND, "CREATE_IN_PROGRESS", "User Initiated", create),
        ];
        result("DescribeStackEvents", &format!("<StackEvents>{}</StackEvents>", events.concat()))
    } else {
        result("DescribeEvents", "<OperationEvents/>")
    }
}

fn run(arguments: &[&str]) -> Outcome {
    let address = serve(failed_update);
    let ends = ["--endpoint-url", &address, "--region", "us-east-1"];
    let mut outcome = Project::new().run(arguments.iter().chain(&ends));
    outcome.stdout = outcome.stdout.replace(&address, "[AWS]");
    outcome
}

#[test]
fn events_lists_the_operations_and_tells_the_newest() {
    insta::assert_snapshot!(run(&["events", "Shop"]).success(), @r#"
    operation  kind    began (UTC)          took    outcome      cause
    bbbb2222   UPDATE  2026-01-01 10:00:00  1m 10s  rolled back  Queue: jobs already exists
    aaaa1111   CREATE  2026-01-01 09:00:00  42s     succeeded

    UPDATE bbbb2222-update of Shop: rolled back
    began 2026-01-01 10:00:00 UTC, took 1m 10s
    with cccc3333-rollback, its rollback
      10:00:00  UPDATE_IN_PROGRESS           Shop  User Initiated
      10:00:02  UPDATE_IN_PROGRESS           Inner (AWS::CloudFormation::Stack)
        10:00:03  UPDATE_IN_PROGRESS           Shop-Inner-X
        10:00:04  CREATE_FAILED                Queue (AWS::SQS::Queue)  jobs already exists
      10:00:05  UPDATE_FAILED                Inner (AWS::CloudFormation::Stack)  Embedded stack was not successfully updated
      10:00:06  UPDATE_FAILED                Topic (AWS::SNS::Topic)  Resource update cancelled
      10:00:07  UPDATE_ROLLBACK_IN_PROGRESS  Shop  failed: [Inner]
      10:01:10  UPDATE_ROLLBACK_COMPLETE     Shop
    1 failure; first Queue (AWS::SQS::Queue): CREATE_FAILED: jobs already exists
    "#);
}

#[test]
fn an_operation_is_told_by_the_beginning_of_its_id_also_by_that_of_its_rollback() {
    let create = run(&["events", "Shop", "--operation", "aaaa"]).success();
    assert!(create.starts_with("CREATE aaaa1111-create of Shop: succeeded\n"), "{create}");
    let update = run(&["events", "Shop", "--operation", "cccc"]).success();
    assert!(update.starts_with("UPDATE bbbb2222-update of Shop: rolled back\n"), "{update}");
    let unknown = run(&["events", "Shop", "--operation", "zz"]);
    assert_eq!(unknown.code, Some(2), "{unknown}");
    assert!(unknown.stderr.contains("bbbb2222-update (UPDATE), aaaa1111-create (CREATE)"), "{unknown}");
}

#[test]
fn programs_get_every_operation_with_its_events() {
    let shown = run(&["events", STACK, "--output", "json"]).json();
    assert_eq!(shown["operations"][0]["ids"][1], "cccc3333-rollback");
    assert_eq!(shown["operations"][0]["outcome"], "rolled-back");
    assert_eq!(shown["operations"][0]["events"].as_array().unwrap().len(), 8);
    let shown = run(&["diagnose", "Shop", "--output", "json"]).json();
    assert_eq!(shown["verdict"], "failed");
    assert_eq!(shown["explanation"]["id"], "name-taken");
}

// L7, L8
#[test]
fn diagnose_explains_the_last_failure() {
    insta::assert_snapshot!(run(&["diagnose", "Shop"]).success(), @r#"
    Shop is UPDATE_ROLLBACK_COMPLETE: as it was before the update
    its last operation failed
    last: UPDATE bbbb2222-update, began 2026-01-01 10:00:00 UTC, took 1m 10s, rolled back

    first failure:
      2026-01-01 10:00:04  CREATE_FAILED  Queue (AWS::SQS::Queue)
      jobs already exists

    explanation:
      why: something of this name exists already; perhaps an earlier stack retained it
      do:  give the resource another name, delete the one that exists, or import it into the stack (`aws cloudformation create-change-set --import-existing-resources`)
      try: aws cloudformation describe-stack-resources --physical-resource-id Queue
      see: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html

    next: correct the cause, then run `docuthinker --region us-east-1 --endpoint-url [AWS] deploy Shop`
    "#);
}

#[test]
fn a_stack_that_does_not_exist_blocks() {
    let outcome = run(&["diagnose", "Nothing"]);
    assert_eq!(outcome.code, Some(3), "{outcome}");
    assert!(outcome.stderr.contains("Nothing is not deployed"), "{outcome}");
}
